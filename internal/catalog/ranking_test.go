package catalog

import (
	"context"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

func TestMostDownloaded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d)
		downloaded := func(slug string, count int64, hidden bool) {
			s.dataset(slug, func(d *Dataset) {
				d.Downloads = &count
				if hidden {
					d.Private, d.Visible = true, false
				}
			})
		}
		downloaded("few", 3, false)
		downloaded("none", 0, false)
		downloaded("many", 900, false)
		downloaded("secret", 5000, true)
		s.dataset("never", nil)
		ids, err := s.store.MostDownloaded(context.Background(), 10)
		s.ok(err)
		s.same("most downloaded", s.names("datasets", ids), []string{"many", "few"})
		ids, err = s.store.MostDownloaded(context.Background(), 1)
		s.ok(err)
		s.same("the first", s.names("datasets", ids), []string{"many"})
	})
}

func TestFrequentTags(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d)
		s.tag("dataset", s.dataset("a", nil).ID, "bus", "velo")
		s.tag("dataset", s.dataset("b", nil).ID, "bus")
		tags, total, err := s.store.FrequentTags(context.Background(), 1)
		s.ok(err)
		if len(tags) != 1 || tags[0].Tag != "bus" || tags[0].Datasets != 2 || total != 2 {
			t.Errorf("%v of %d", tags, total)
		}
	})
}

// TestSiteCounters reads the counters of a site that nobody made, and does not
// make it: its settings are for the first who asks for the site.
func TestSiteCounters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := newShelf(t, d)
		blank, err := s.store.SiteCounters(ctx)
		s.ok(err)
		counts, err := blank.Counted("datasets_visits_by_months", db.Now().Time)
		s.ok(err)
		if len(counts) != MonthsCounted {
			t.Errorf("%v", counts)
		}
		site, err := s.store.Site(ctx, SiteDefaults{Title: "Portal", Keywords: []string{"a"}})
		s.ok(err)
		if words, err := site.Words(); err != nil || len(words) != 1 {
			t.Errorf("the site was made before its time: %v, %v", words, err)
		}
	})
}
