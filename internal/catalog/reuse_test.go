package catalog

import (
	"context"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
)

func TestReuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := newShelf(t, d)
		ada, eve := s.user("ada"), s.user("eve")
		org := s.organization("town", ada)
		s.badge(KindOrganization, org.ID, "public-service")
		open := s.dataset("open", nil)
		hidden := s.dataset("hidden", func(d *Dataset) { d.Private, d.OrganizationID = true, &org.ID })
		api := s.dataservice("api", nil)

		plain := s.reuse("plain", func(r *Reuse) {
			r.OwnerID, r.Followers, r.Views, r.Topic, r.Title = &eve.ID, 3, 1, "others", "Zébra"
		}, open, hidden)
		ofTown := s.reuse("of-town", func(r *Reuse) {
			r.OrganizationID, r.Featured, r.Followers, r.Views, r.Type, r.Title = &org.ID, boolean(true), 1, 5, "api", "Ânes"
		}, hidden)
		s.exec("INSERT INTO reuse_dataservices (reuse_id, dataservice_id, position) VALUES (?, ?, 0)", plain.ID, api.ID)
		alone := s.reuse("alone", func(r *Reuse) { r.ArchivedAt = db.Now() })
		s.reuse("private", func(r *Reuse) { r.Private, r.OrganizationID = true, &org.ID }, open)
		s.reuse("deleted", func(r *Reuse) { r.DeletedAt, r.OwnerID = db.Now(), &eve.ID }, open)
		s.reuse("both", func(r *Reuse) { r.Private, r.DeletedAt, r.OwnerID = true, db.Now(), &eve.ID }, open)
		s.tag(KindReuse, plain.ID, "bike", "town")
		s.tag(KindReuse, ofTown.ID, "bike")
		s.exec("INSERT INTO extras (object_id, kind, extras) VALUES (?, 'reuse', ?)", plain.ID, `{"a":1}`)
		s.exec("INSERT INTO slugs (kind, slug, object_id, at) VALUES ('reuse', 'former', ?, 0)", plain.ID)
		s.found[KindReuse] = []string{ofTown.ID, plain.ID, "000000000000000000000000"}

		member, owner := s.as(ada), s.as(eve)
		for _, c := range []struct {
			what  string
			v     account.Viewer
			f     ReuseFilter
			shown []string
		}{
			{"anonymous, newest first", account.Nobody, ReuseFilter{}, []string{"alone", "of-town", "plain"}},
			{"a member of the organisation", member, ReuseFilter{}, []string{"private", "alone", "of-town", "plain"}},
			{"an owner sees what is deleted", owner, ReuseFilter{}, []string{"both", "deleted", "alone", "of-town", "plain"}},
			{"an administrator", platformAdmin, ReuseFilter{}, []string{"both", "deleted", "private", "alone", "of-town", "plain"}},
			{"by relevance", account.Nobody, ReuseFilter{Query: "x"}, []string{"of-town", "plain"}},
			{"query and order", account.Nobody, ReuseFilter{Query: "x", Sort: "-followers"}, []string{"plain", "of-town"}},
			{"title", account.Nobody, ReuseFilter{Sort: "title"}, []string{"alone", "of-town", "plain"}},
			{"views", account.Nobody, ReuseFilter{Sort: "-views"}, []string{"of-town", "plain", "alone"}},
			{"datasets", account.Nobody, ReuseFilter{Sort: "datasets"}, []string{"alone", "of-town", "plain"}},
			{"created", account.Nobody, ReuseFilter{Sort: "created"}, []string{"plain", "of-town", "alone"}},
			{"type", account.Nobody, ReuseFilter{Type: "api"}, []string{"of-town"}},
			{"topic", account.Nobody, ReuseFilter{Topic: "others"}, []string{"plain"}},
			{"dataset", account.Nobody, ReuseFilter{Dataset: open.ID}, []string{"plain"}},
			{"dataservice", account.Nobody, ReuseFilter{Dataservice: api.ID}, []string{"plain"}},
			{"tag", account.Nobody, ReuseFilter{Tags: []string{"bike"}}, []string{"of-town", "plain"}},
			{"tags", account.Nobody, ReuseFilter{Tags: []string{"bike", "town"}}, []string{"plain"}},
			{"featured", account.Nobody, ReuseFilter{Featured: boolean(true)}, []string{"of-town"}},
			{"not featured", account.Nobody, ReuseFilter{Featured: boolean(false)}, []string{"alone", "plain"}},
			{"private ones of nobody", account.Nobody, ReuseFilter{Private: boolean(true)}, nil},
			{"private ones of a member", member, ReuseFilter{Private: boolean(true)}, []string{"private"}},
			{"owner", account.Nobody, ReuseFilter{Owner: eve.ID}, []string{"plain"}},
			{"organisation", account.Nobody, ReuseFilter{Organization: org.ID}, []string{"of-town"}},
			{"badge", account.Nobody, ReuseFilter{OrganizationBadge: "public-service"}, []string{"of-town"}},
			{"other badge", account.Nobody, ReuseFilter{OrganizationBadge: "company"}, nil},
		} {
			ids, total, err := s.store.ReuseIDs(ctx, c.v, c.f, everything)
			s.ok(err)
			s.same(c.what, s.names("reuses", ids), c.shown)
			if total != len(c.shown) {
				t.Errorf("%s: total %d, want %d", c.what, total, len(c.shown))
			}
		}

		ids, total, err := s.store.ReuseIDs(ctx, account.Nobody, ReuseFilter{}, Page{Offset: 1, Limit: 1})
		s.ok(err)
		s.same("second page", s.names("reuses", ids), []string{"of-town"})
		if total != 3 {
			t.Errorf("total %d, want 3", total)
		}

		var walked []string
		s.ok(s.store.EachReuseID(ctx, account.Nobody, ReuseFilter{}, 2, func(batch []string) error {
			walked = append(walked, batch...)
			return nil
		}))
		s.same("walk", s.names("reuses", walked), []string{"plain", "of-town", "alone"})

		rows, err := s.store.ReusesByIDs(ctx, account.Nobody, []string{alone.ID, plain.ID, ofTown.ID})
		s.ok(err)
		if len(rows) != 3 || rows[1].Owner == nil || rows[1].Owner.Slug != "eve" || rows[2].Organization.Name != "Org town" {
			t.Fatalf("owners are missing: %+v", rows)
		}
		s.same("tags", rows[1].Tags, []string{"bike", "town"})
		s.same("links that nobody may read are left out", rows[1].DatasetIDs, []string{open.ID})
		if len(rows[1].Dataservices) != 1 || rows[1].Dataservices[0].Slug != "api" || string(rows[1].Extras) != `{"a":1}` {
			t.Errorf("dataservices %v, extras %s", rows[1].Dataservices, rows[1].Extras)
		}
		rows, err = s.store.ReusesByIDs(ctx, member, []string{plain.ID})
		s.ok(err)
		s.same("links that a member may read", rows[0].DatasetIDs, []string{open.ID, hidden.ID})

		for slug, want := range map[string]map[string]fault.Code{
			"plain":   {"nobody": "", "eve": "", "ada": "", "admin": ""},
			"private": {"nobody": fault.NotFound, "eve": fault.NotFound, "ada": "", "admin": ""},
			"deleted": {"nobody": fault.Gone, "eve": "", "ada": fault.Gone, "admin": ""},
			"both":    {"nobody": fault.NotFound, "eve": "", "ada": fault.NotFound, "admin": ""},
		} {
			found, err := s.store.ResolveReuse(ctx, slug)
			s.ok(err)
			for who, v := range map[string]account.Viewer{"nobody": account.Nobody, "eve": owner, "ada": member, "admin": platformAdmin} {
				_, err := s.store.Reuse(ctx, v, found.ID)
				texts := map[fault.Code]string{fault.NotFound: "Reuse not found", fault.Gone: "This reuse has been deleted"}
				s.refused(slug+" read by "+who, err, want[who], texts[want[who]])
			}
		}
		former, err := s.store.ResolveReuse(ctx, "former")
		s.ok(err)
		if former.ID != plain.ID || former.Moved != "former" || former.Slug != "plain" {
			t.Errorf("a former slug leads to %+v", former)
		}
		_, err = s.store.ResolveReuse(ctx, "nothing")
		s.refused("unknown", err, fault.NotFound, "Reuse not found")

		refs, err := s.store.ReuseRefs(ctx, append(ids, alone.ID, plain.ID, s.reuse("late", func(r *Reuse) { r.Private = true }).ID))
		s.ok(err)
		if len(refs) != 2 || refs[0].Slug != "of-town" || refs[1].Slug != "plain" {
			t.Errorf("suggestions: %v", refs)
		}
	})
}

func TestDataservices(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := newShelf(t, d)
		ada, eve := s.user("ada"), s.user("eve")
		org := s.organization("town", ada)
		set := s.dataset("set", nil)
		point := &ContactPoint{ID: "5f00000000000000000000c1", Version: 1, Name: "Desk", Role: "contact", CreatedAt: db.Now()}
		point.OrganizationID = &org.ID
		s.insert(point)

		first := s.dataservice("first", func(d *Dataservice) {
			d.OrganizationID, d.BaseAPIURL, d.Views, d.AccessType = &org.ID, optional("https://b.example.org"), 9, "restricted"
			d.Featured = boolean(true)
		}, set)
		second := s.dataservice("second", func(d *Dataservice) { d.OwnerID, d.BaseAPIURL = &eve.ID, optional("https://a.example.org") })
		s.dataservice("archived", func(d *Dataservice) { d.ArchivedAt, d.OrganizationID = db.Now(), &org.ID })
		s.dataservice("private", func(d *Dataservice) { d.Private, d.OwnerID = true, &eve.ID })
		s.dataservice("deleted", func(d *Dataservice) { d.DeletedAt, d.OwnerID = db.Now(), &eve.ID })
		s.exec("INSERT INTO object_contacts (object_id, contact_id, position) VALUES (?, ?, 0)", first.ID, point.ID)
		s.insert(&Harvest{ObjectID: first.ID, Kind: KindDataservice, Backend: optional("DCAT"), LastUpdate: db.TimeOf(start)})
		s.tag(KindDataservice, first.ID, "bike")
		reuse := s.reuse("reuse", nil, set)
		s.exec("INSERT INTO reuse_dataservices (reuse_id, dataservice_id, position) VALUES (?, ?, 0)", reuse.ID, second.ID)
		topic := s.topic("topic", nil)
		s.element(topic, 0, "", KindDataservice, second.ID)
		s.found[KindDataservice] = []string{first.ID, second.ID}
		member, owner := s.as(ada), s.as(eve)

		for _, c := range []struct {
			what  string
			v     account.Viewer
			f     DataserviceFilter
			shown []string
		}{
			{"anonymous", account.Nobody, DataserviceFilter{}, []string{"second", "first"}},
			{"member", member, DataserviceFilter{}, []string{"archived", "second", "first"}},
			{"owner", owner, DataserviceFilter{}, []string{"deleted", "private", "second", "first"}},
			{"administrator", platformAdmin, DataserviceFilter{}, []string{"deleted", "private", "archived", "second", "first"}},
			{"relevance", account.Nobody, DataserviceFilter{Query: "x"}, []string{"first", "second"}},
			{"base_api_url", account.Nobody, DataserviceFilter{Sort: "base_api_url"}, []string{"second", "first"}},
			{"views", account.Nobody, DataserviceFilter{Sort: "-views"}, []string{"first", "second"}},
			{"title", account.Nobody, DataserviceFilter{Sort: "-title"}, []string{"second", "first"}},
			{"tag", account.Nobody, DataserviceFilter{Tags: []string{"bike"}}, []string{"first"}},
			{"access type", account.Nobody, DataserviceFilter{AccessType: "restricted"}, []string{"first"}},
			{"featured", account.Nobody, DataserviceFilter{Featured: boolean(false)}, []string{"second"}},
			{"owner filter", account.Nobody, DataserviceFilter{Owner: eve.ID}, []string{"second"}},
			{"organisation", account.Nobody, DataserviceFilter{Organization: org.ID}, []string{"first"}},
			{"dataset", account.Nobody, DataserviceFilter{Dataset: set.ID}, []string{"first"}},
			{"contact point", account.Nobody, DataserviceFilter{ContactPoint: point.ID}, []string{"first"}},
			{"topic", account.Nobody, DataserviceFilter{Topic: topic.ID}, []string{"second"}},
			{"reuse", account.Nobody, DataserviceFilter{Reuse: reuse.ID}, []string{"second"}},
			{"badge", account.Nobody, DataserviceFilter{OrganizationBadge: "certified"}, nil},
		} {
			ids, total, err := s.store.DataserviceIDs(ctx, c.v, c.f, everything)
			s.ok(err)
			s.same(c.what, s.names("dataservices", ids), c.shown)
			if total != len(c.shown) {
				t.Errorf("%s: total %d", c.what, total)
			}
		}

		one, err := s.store.Dataservice(ctx, account.Nobody, first.ID)
		s.ok(err)
		if one.Harvest == nil || *one.Harvest.Backend != "DCAT" || len(one.ContactPoints) != 1 || one.ContactPoints[0].Organization.Slug != "town" {
			t.Errorf("harvest %v, contact points %v", one.Harvest, one.ContactPoints)
		}
		for slug, codes := range map[string][3]fault.Code{
			"private": {fault.NotFound, fault.NotFound, ""}, "deleted": {fault.Gone, fault.Gone, ""}, "archived": {"", "", ""},
		} {
			found, err := s.store.ResolveDataservice(ctx, slug)
			s.ok(err)
			for i, v := range []account.Viewer{account.Nobody, member, owner} {
				_, err := s.store.Dataservice(ctx, v, found.ID)
				s.refused(slug, err, codes[i], map[fault.Code]string{
					fault.NotFound: "Dataservice not found", fault.Gone: "Dataservice has been deleted",
				}[codes[i]])
			}
		}
	})
}

func TestMine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := newShelf(t, d)
		ada, eve := s.user("ada"), s.user("eve")
		org, other := s.organization("town", ada), s.organization("gone", ada)
		s.exec("UPDATE organizations SET deleted_at = 1 WHERE id = ?", other.ID)
		s.exec("UPDATE organizations SET datasets = 4, followers = 7 WHERE id = ?", org.ID)
		mine := s.dataset("mine", func(d *Dataset) { d.OwnerID, d.Private, d.Title = &ada.ID, true, "Été" })
		ours := s.dataset("ours", func(d *Dataset) { d.OrganizationID, d.DeletedAt = &org.ID, db.Now() })
		visible := s.dataset("visible", func(d *Dataset) { d.OrganizationID = &org.ID })
		s.dataset("hers", func(d *Dataset) { d.OwnerID = &eve.ID })
		s.dataset("secret", func(d *Dataset) { d.OrganizationID, d.Private = &org.ID, true })
		for i, available := range []*bool{boolean(true), boolean(true), boolean(false), nil} {
			s.insert(&Resource{
				ID: db.NewUUID(), Version: 1, DatasetID: &visible.ID, Rank: int64(i), Title: "r", Filetype: "remote", Type: "main",
				URL: "https://example.org", CreatedInternal: db.Now(), ModifiedInternal: db.Now(), Available: available,
			})
		}
		community := &Resource{
			ID: db.NewUUID(), Version: 1, DatasetID: &visible.ID, Community: true, Title: "Added", TitleFold: "added", Filetype: "remote",
			Type: "main", URL: "https://example.org", CreatedInternal: db.Now(), ModifiedInternal: db.Now(),
		}
		community.OwnerID = &ada.ID
		s.insert(community)
		s.reuse("my-reuse", func(r *Reuse) { r.OwnerID = &ada.ID }, mine)
		s.reuse("our-reuse", func(r *Reuse) { r.OrganizationID, r.Private = &org.ID, true }, mine)
		viewer := s.as(ada)

		ids, err := s.store.MyDatasetIDs(ctx, viewer, Belongings{})
		s.ok(err)
		s.same("mine", s.names("datasets", ids), []string{"mine"})
		ids, err = s.store.MyDatasetIDs(ctx, viewer, Belongings{WithOrganizations: true})
		s.ok(err)
		s.same("ours", s.names("datasets", ids), []string{"secret", "visible", "ours", "mine"})
		ids, err = s.store.MyDatasetIDs(ctx, viewer, Belongings{WithOrganizations: true, Title: "ETE"})
		s.ok(err)
		s.same("by title", s.names("datasets", ids), []string{"mine"})
		ids, err = s.store.MyReuseIDs(ctx, viewer, Belongings{WithOrganizations: true})
		s.ok(err)
		s.same("reuses", s.names("reuses", ids), []string{"our-reuse", "my-reuse"})
		rows, err := s.store.MyCommunityResources(ctx, viewer, Belongings{WithOrganizations: true, Title: "add"})
		s.ok(err)
		if len(rows) != 1 || rows[0].Dataset.Slug != "visible" || rows[0].Owner.Slug != "ada" {
			t.Errorf("community resources: %+v", rows)
		}

		standing, err := s.store.Standing(ctx, viewer)
		s.ok(err)
		if want := (Standing{ResourcesAvailability: 66.67, OrganizationDatasets: 4, OrganizationFollowers: 7}); standing != want {
			t.Errorf("standing %+v, want %+v", standing, want)
		}
		standing, err = s.store.Standing(ctx, s.as(eve))
		s.ok(err)
		if want := (Standing{ResourcesAvailability: 100}); standing != want {
			t.Errorf("standing of nobody's member %+v, want %+v", standing, want)
		}

		memberships, err := s.store.MembershipsOf(ctx, []string{ada.ID, eve.ID})
		s.ok(err)
		if len(memberships[ada.ID]) != 1 || memberships[ada.ID][0].Slug != "town" || memberships[eve.ID] != nil {
			t.Errorf("memberships: %v", memberships)
		}

		for _, c := range []struct {
			v     account.Viewer
			shown []string
		}{
			{account.Nobody, []string{"visible"}}, {s.as(eve), []string{"visible"}}, {viewer, []string{"secret", "visible", "ours"}},
		} {
			ids, total, err := s.store.OrganizationDatasetIDs(ctx, c.v, org.ID, "", everything)
			s.ok(err)
			s.same("of the organisation", s.names("datasets", ids), c.shown)
			if total != len(c.shown) {
				t.Errorf("total %d", total)
			}
		}
		ids, err = s.store.OrganizationReuseIDs(ctx, account.Nobody, org.ID)
		s.ok(err)
		s.same("private reuses", ids, nil)
		ids, err = s.store.OrganizationReuseIDs(ctx, viewer, org.ID)
		s.ok(err)
		s.same("reuses of the organisation", s.names("reuses", ids), []string{"our-reuse"})

		s.insert(&Assignment{ID: db.NewID(), UserID: eve.ID, OrganizationID: org.ID, ObjectKind: KindDataset, ObjectID: ours.ID, CreatedAt: db.TimeOf(start)})
		reuse, err := s.store.ResolveReuse(ctx, "our-reuse")
		s.ok(err)
		s.insert(&Assignment{ID: db.NewID(), UserID: eve.ID, OrganizationID: org.ID, ObjectKind: KindReuse, ObjectID: reuse.ID, CreatedAt: db.TimeOf(start.Add(time.Hour))})
		assignments, err := s.store.Assignments(ctx, org.ID)
		s.ok(err)
		if len(assignments) != 2 || assignments[0].Reuse != nil || assignments[1].Reuse.Slug != "our-reuse" || assignments[0].User.Slug != "eve" {
			t.Errorf("assignments: %+v", assignments)
		}
	})
}
