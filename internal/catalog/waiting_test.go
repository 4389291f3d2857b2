package catalog

import (
	"context"
	"slices"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// waitingTitle lists the titles of the first datasets.
func waitingTitles(list WaitingList) (titles []string) {
	for _, d := range list.First {
		titles = append(titles, d.Title)
	}
	return titles
}

func TestWaiting(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d)
		ctx, now := context.Background(), start.AddDate(2, 0, 0)
		ada, eve := s.user("ada"), s.user("eve")
		mine, assigned, other := s.organization("mine", ada), s.organization("assigned"), s.organization("other", eve)
		s.insert(&account.Member{OrganizationID: assigned.ID, UserID: ada.ID, Role: account.RolePartialEditor, Since: db.Now()})
		daily, yearly, unknown := "daily", "annual", FrequencyUnknown
		make := func(title string, owner any, change func(*Dataset)) *Dataset {
			return s.dataset(title, func(d *Dataset) {
				d.AllAvailable, d.LastUpdate = true, db.TimeOf(now.AddDate(0, 0, -400))
				switch o := owner.(type) {
				case *account.Organization:
					d.OrganizationID = &o.ID
				case *account.User:
					d.OwnerID = &o.ID
				}
				change(d)
			})
		}
		make("yearly late", mine, func(d *Dataset) { d.Frequency = &yearly })
		make("daily late", mine, func(d *Dataset) { d.Frequency = &daily })
		make("no promise", mine, func(d *Dataset) { d.Frequency = &unknown })
		make("in time", mine, func(d *Dataset) { d.Frequency, d.LastUpdate = &daily, db.TimeOf(now.Add(-36*time.Hour)) })
		make("gone", mine, func(d *Dataset) { d.Frequency, d.DeletedAt = &daily, db.TimeOf(now) })
		make("archived", mine, func(d *Dataset) { d.Frequency, d.ArchivedAt, d.AllAvailable = &daily, db.TimeOf(now), false })
		make("own late", ada, func(d *Dataset) { d.Frequency, d.LastUpdate = &daily, db.TimeOf(now.AddDate(0, 0, -10)) })
		make("own unavailable", ada, func(d *Dataset) { d.AllAvailable = false })
		shared := make("assigned unavailable", assigned, func(d *Dataset) { d.AllAvailable, d.LastUpdate = false, db.TimeOf(now) })
		make("not assigned", assigned, func(d *Dataset) { d.AllAvailable, d.Frequency = false, &daily })
		make("foreign", other, func(d *Dataset) { d.AllAvailable, d.Frequency = false, &daily })
		planned := make("planned", mine, func(d *Dataset) { d.Private = true })
		s.exec("UPDATE datasets SET publish_at = ? WHERE id = ?", db.TimeOf(now.AddDate(0, 1, 0)), planned.ID)
		s.exec("INSERT INTO assignments (id, organization_id, user_id, object_kind, object_id, created_at) VALUES ('a', ?, ?, 'dataset', ?, 0)", assigned.ID, ada.ID, shared.ID)

		viewer, err := account.ViewerOf(ctx, d.Read(), ada.ID)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.store.Waiting(ctx, viewer, now, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name  string
			list  WaitingList
			count int
			first []string
		}{
			{"late", got.Late, 3, []string{"daily late", "yearly late"}},
			{"unavailable", got.Unavailable, 2, []string{"assigned unavailable", "own unavailable"}},
			{"scheduled", got.Scheduled, 1, []string{"planned"}},
		} {
			if titles := waitingTitles(c.list); c.list.Count != c.count || len(titles) != len(c.first) || titles[0] != c.first[0] || titles[len(titles)-1] != c.first[len(c.first)-1] {
				t.Errorf("%s: %d, first %q; want %d, %q", c.name, c.list.Count, titles, c.count, c.first)
			}
		}
		if owners := got.Late.Owners; len(owners) != 2 || owners[0] != (WaitingOwner{account.Owner{Organization: mine.ID}, 2}) || owners[1].Owner.User != ada.ID {
			t.Errorf("late by owner: %+v", owners)
		}
		if at := got.Scheduled.First[0].At; !at.Equal(now.AddDate(0, 1, 0)) {
			t.Errorf("planned for %s", at)
		}
		for _, owner := range []account.Owner{{Organization: mine.ID}, {Organization: other.ID}, {User: ada.ID}} {
			found, err := s.store.Attention(ctx, owner, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			for state, count := range map[string]int{KeptLate: found.Late, KeptUnavailable: found.Unavailable} {
				if _, listed, err := s.store.KeptDatasets(ctx, account.System("test"), KeptFilter{Owner: owner, State: state}, Page{Limit: 1}); err != nil || listed != count {
					t.Errorf("%+v: %d %s are counted, %d listed, %v", owner, count, state, listed, err)
				}
			}
		}
		for _, sort := range []string{"", "created", "-created", "title", "-views"} {
			everybodys := KeptFilter{State: KeptLate, Sort: sort}
			whole, total, err := s.store.KeptDatasets(ctx, account.System("test"), everybodys, Page{Limit: 10})
			if err != nil || total != 6 || len(whole) != 6 { // by today's clock "in time" is late too
				t.Errorf("%q: %d datasets of the site are late, %v, want 6 (%v)", sort, total, whole, err)
			}
			rest, _, err := s.store.KeptDatasets(ctx, account.System("test"), everybodys, Page{Offset: 3, Limit: 10})
			if err != nil || !slices.Equal(rest, whole[3:]) {
				t.Errorf("%q: behind the third are %v, want %v (%v)", sort, rest, whole[3:], err)
			}
		}
		if got, err := s.store.Waiting(ctx, account.Nobody, now, 2); err != nil || got.Late.Count != 0 {
			t.Errorf("nobody: %+v, %v", got, err)
		}
	})
}
