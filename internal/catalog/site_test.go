package catalog

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

func TestSite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := newShelf(t, d)
		site, err := s.store.Site(ctx, SiteDefaults{Title: "Portal", Keywords: []string{"a", "b"}})
		s.ok(err)
		words, err := site.Words()
		s.ok(err)
		s.same("keywords", words, []string{"a", "b"})
		again, err := s.store.Site(ctx, SiteDefaults{Title: "Another"})
		s.ok(err)
		if again.Title != "Portal" || again.ID != "default" || again.FeedSize != 20 || again.Version != 1 {
			t.Errorf("the site is %+v", again)
		}

		s.exec("UPDATE sites SET metrics = ?", `{"datasets_visits_by_months":{"2024-03":7,"1999-01":1}}`)
		site, err = s.store.Site(ctx, SiteDefaults{})
		s.ok(err)
		visits, err := site.Counted("datasets_visits_by_months", time.Date(2024, 3, 9, 0, 0, 0, 0, time.UTC))
		s.ok(err)
		if len(visits) != MonthsCounted || visits["2024-03"] != 7 || visits["2023-03"] != 0 {
			t.Errorf("visits: %v", visits)
		}
	})
}

func TestMonths(t *testing.T) {
	for at, want := range map[time.Time][2]string{
		time.Date(2024, 1, 31, 23, 0, 0, 0, time.UTC):                                 {"2023-01", "2024-01"},
		time.Date(2024, 3, 31, 12, 0, 0, 0, time.UTC):                                 {"2023-03", "2024-03"},
		time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC):                                  {"2023-02", "2024-02"},
		time.Date(2024, 2, 1, 0, 30, 0, 0, time.FixedZone("an hour east", 60*60)):     {"2023-01", "2024-01"},
		time.Date(2023, 12, 31, 23, 30, 0, 0, time.FixedZone("an hour west", -60*60)): {"2023-01", "2024-01"},
	} {
		months := Months(at)
		if len(months) != 13 || months[0] != want[0] || months[12] != want[1] || !slices.IsSorted(months) {
			t.Errorf("%s: %v, want from %s to %s", at, months, want[0], want[1])
		}
	}
}

func TestSiteMetrics(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := newShelf(t, d)
		ada, eve := s.user("ada"), s.user("eve")
		s.exec("UPDATE users SET confirmed_at = NULL WHERE id = ?", eve.ID)
		org, gone := s.organization("town"), s.organization("gone")
		s.badge(KindOrganization, org.ID, "public-service")
		s.badge(KindOrganization, gone.ID, "public-service")
		s.exec("UPDATE organizations SET datasets = 5, reuses = 6, followers = 7 WHERE id = ?", org.ID)
		s.exec("UPDATE organizations SET datasets = 50, deleted_at = 1 WHERE id = ?", gone.ID)
		at := func(year int, month time.Month, day int) db.Time {
			return db.TimeOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
		}
		set := s.dataset("set", func(d *Dataset) { d.Followers, d.Reuses, d.ResourceCount, d.CreatedInternal = 3, 2, 4, at(2025, 5, 1) })
		s.dataset("old", func(d *Dataset) { d.ResourceCount, d.CreatedInternal = 1, at(2024, 5, 1) })
		s.dataset("older", func(d *Dataset) { d.CreatedInternal = at(2024, 4, 30) })
		s.dataset("hidden", func(d *Dataset) {
			d.Private, d.Followers, d.ResourceCount, d.CreatedInternal = true, 99, 99, at(2025, 5, 2)
		})
		s.reuse("reuse", func(r *Reuse) { r.Followers, r.CreatedAt = 8, at(2025, 4, 30) }, set)
		s.reuse("without dataset", func(r *Reuse) { r.Followers = 80 })
		s.dataservice("api", nil)
		s.follow(KindDataset, set.ID, ada, false)
		s.follow(KindDataset, set.ID, eve, true)

		m, err := s.store.ComputeSiteMetrics(ctx, time.Date(2025, 5, 20, 12, 0, 0, 0, time.UTC))
		s.ok(err)
		want := SiteMetrics{
			MaxDatasetFollowers: 3, MaxDatasetReuses: 2, MaxReuseDatasets: 1, MaxReuseFollowers: 8, MaxOrgFollowers: 7, MaxOrgReuses: 6,
			MaxOrgDatasets: 5, Datasets: 3, Resources: 5, Reuses: 1, Dataservices: 1, Organizations: 1, PublicServices: 1, Users: 1, Followers: 1,
		}
		months := map[string]MonthCounts{"datasets": m.DatasetsByMonths, "reuses": m.ReusesByMonths, "organizations": m.OrganizationsByMonths, "users": m.UsersByMonths}
		for name, counts := range months {
			if keys := slices.Sorted(maps.Keys(counts)); len(keys) != 13 || keys[0] != "2024-05" || keys[12] != "2025-05" {
				t.Errorf("%s by months: %v", name, keys)
			}
		}
		if m.DatasetsByMonths["2025-05"] != 1 || m.DatasetsByMonths["2024-05"] != 1 || m.ReusesByMonths["2025-04"] != 1 || m.ReusesByMonths["2025-05"] != 0 {
			t.Errorf("by months: %v, %v", m.DatasetsByMonths, m.ReusesByMonths)
		}
		m.DatasetsByMonths, m.ReusesByMonths, m.OrganizationsByMonths, m.UsersByMonths = nil, nil, nil, nil
		if got, expected := m.totals(), want.totals(); got != expected {
			t.Errorf("totals: got %v, want %v", got, expected)
		}
	})
}

// totals are the numbers of the metrics that are one number each.
func (m SiteMetrics) totals() [15]int64 {
	return [15]int64{
		m.MaxDatasetFollowers, m.MaxDatasetReuses, m.MaxReuseDatasets, m.MaxReuseFollowers, m.MaxOrgFollowers, m.MaxOrgReuses,
		m.MaxOrgDatasets, m.Datasets, m.Resources, m.Reuses, m.Dataservices, m.Organizations, m.PublicServices, m.Users, m.Followers,
	}
}

func TestTags(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := newShelf(t, d)
		one, two := s.dataset("one", nil), s.dataset("two", nil)
		hidden := s.dataset("hidden", func(d *Dataset) { d.Private = true })
		reuse := s.reuse("reuse", nil, one)
		api := s.dataservice("api", nil)
		s.tag(KindDataset, one.ID, "transport", "transport-public", "velo")
		s.tag(KindDataset, two.ID, "transport-public")
		s.tag(KindDataset, hidden.ID, "transport-secret")
		s.tag(KindReuse, reuse.ID, "transport")
		s.tag(KindDataservice, api.ID, "transport-api")

		counts, err := s.store.TagCounts(ctx)
		s.ok(err)
		want := []TagCount{{"transport", 1, 1}, {"transport-public", 2, 0}, {"velo", 1, 0}}
		if !slices.Equal(counts, want) {
			t.Errorf("counts %v, want %v", counts, want)
		}
		for _, c := range []struct {
			q    string
			size int
			want []string
		}{
			{"Trânsport", 8, []string{"transport", "transport-public"}},
			{"public", 8, []string{"transport-public"}},
			{"o", 2, []string{"transport", "transport-public"}},
			{"secret", 8, nil},
		} {
			found, err := s.store.SuggestTags(ctx, c.q, c.size)
			s.ok(err)
			s.same(c.q, found, c.want)
		}
	})
}

func TestFollowers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := newShelf(t, d)
		ada, eve, bob := s.user("ada"), s.user("eve"), s.user("bob")
		set := s.dataset("set", nil)
		s.follow(KindDataset, set.ID, eve, false)
		s.follow(KindDataset, set.ID, ada, false)
		s.follow(KindDataset, set.ID, bob, true)
		follows, total, err := s.store.Followers(ctx, set.ID, "", everything)
		s.ok(err)
		if total != 2 || len(follows) != 2 || follows[0].Follower.Slug != "eve" || follows[1].Follower.Slug != "ada" {
			t.Errorf("followers: %d, %+v", total, follows)
		}
		follows, total, err = s.store.Followers(ctx, set.ID, ada.ID, everything)
		s.ok(err)
		if total != 1 || follows[0].FollowerID != ada.ID {
			t.Errorf("one follower: %d, %+v", total, follows)
		}
		if _, total, err = s.store.Followers(ctx, set.ID, bob.ID, everything); total != 0 || err != nil {
			t.Errorf("who left follows still: %d, %v", total, err)
		}
	})
}

func TestZones(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := newShelf(t, d)
		for slug, private := range map[string]bool{"a": false, "b": true} {
			set := s.dataset(slug, func(d *Dataset) { d.Private = private })
			s.exec("INSERT INTO object_zones (object_id, zone, kind, position) VALUES (?, 'fr:commune:13055', 'dataset', 0)", set.ID)
		}
		rows, err := s.store.ZoneDatasets(ctx, "fr:commune:13055", 25)
		s.ok(err)
		if len(rows) != 1 || rows[0].Slug != "a" {
			t.Errorf("datasets of the zone: %v", rows)
		}
		counts, err := s.store.CountByZone(ctx)
		s.ok(err)
		if want := map[string]int64{"fr:commune:13055": 1}; !maps.Equal(counts, want) {
			t.Errorf("counts %v, want %v", counts, want)
		}
	})
}

func TestCounters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := newShelf(t, d)
		ada := s.user("ada")
		org := s.organization("town", ada)
		set := s.dataset("set", func(d *Dataset) { d.OrganizationID = &org.ID })
		s.dataset("secret", func(d *Dataset) { d.OrganizationID, d.Private = &org.ID, true })
		reuse := s.reuse("reuse", func(r *Reuse) { r.OwnerID, r.DatasetCount = &ada.ID, 1 }, set)
		s.reuse("secret", func(r *Reuse) { r.Private = true }, set)
		api := s.dataservice("api", nil, set)
		s.exec("INSERT INTO reuse_dataservices (reuse_id, dataservice_id, position) VALUES (?, ?, 0)", reuse.ID, api.ID)
		s.follow(KindDataset, set.ID, ada, false)
		s.follow(KindOrganization, org.ID, ada, true)
		for kind, object := range map[string]struct {
			id   string
			want map[string]int64
		}{
			KindDataset:      {set.ID, map[string]int64{"reuses": 1, "dataservices": 1, "followers": 1, "contacts": 0}},
			KindReuse:        {reuse.ID, map[string]int64{"datasets": 1, "followers": 0}},
			KindDataservice:  {api.ID, map[string]int64{"datasets": 1, "reuses": 1, "followers": 0}},
			KindOrganization: {org.ID, map[string]int64{"datasets": 1, "reuses": 0, "dataservices": 0, "members": 1, "followers": 0}},
			KindUser:         {ada.ID, map[string]int64{"datasets": 0, "reuses": 1, "dataservices": 0, "following": 1, "followers": 0}},
		} {
			table := counterTables[kind]
			got := map[string]int64{}
			for _, c := range counters[table] {
				var counted int64
				s.ok(s.d.Read().NewRaw("SELECT ("+c.query+") FROM "+table+" x WHERE x.id = ?", object.id).Scan(ctx, &counted))
				got[c.column] = counted
			}
			if !maps.Equal(got, object.want) {
				t.Errorf("%s: counted %v, want %v", kind, got, object.want)
			}
		}
	})
}

func TestFresh(t *testing.T) {
	ctx := context.Background()
	var f fresh[int]
	made := 0
	count := func(context.Context) (int, error) { made++; return made, nil }
	for range 3 {
		if value, err := f.get(ctx, count); value != 1 || err != nil {
			t.Fatalf("got %d, %v; want the kept 1", value, err)
		}
	}
	f.until = time.Now().Add(-time.Second)
	if _, err := f.get(ctx, func(context.Context) (int, error) { return 0, errors.New("no") }); err == nil {
		t.Error("an error was hidden")
	}
	f.computing.Lock()
	if value, err := f.get(ctx, count); value != 1 || err != nil {
		t.Errorf("while another computes: got %d, %v; want the former 1", value, err)
	}
	f.computing.Unlock()
	if value, err := f.get(ctx, count); value != 2 || err != nil {
		t.Errorf("after its time: got %d, %v; want 2", value, err)
	}
}

func TestBlocs(t *testing.T) {
	blocs, err := Blocs(db.JSON(`[{"id":"1","class":"DatasetsListBloc","title":"T","datasets":["a"]},
		{"id":"2","class":"AccordionListBloc","items":[{"title":"I","content":[{"id":"3","class":"ReusesListBloc","title":"R","reuses":["b"]}]}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	EachBloc(blocs, func(b *Bloc) { seen = append(seen, b.ID+b.Class) })
	if want := []string{"1DatasetsListBloc", "2AccordionListBloc", "3ReusesListBloc"}; !slices.Equal(seen, want) {
		t.Errorf("seen %v, want %v", seen, want)
	}
	if none, err := Blocs(nil); none != nil || err != nil {
		t.Errorf("nothing stored: %v, %v", none, err)
	}
}
