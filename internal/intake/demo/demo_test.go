package demo_test

import (
	"context"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/geo"
	"grenier/internal/intake"
	"grenier/internal/intake/demo"
)

func TestSampleComesInWhole(t *testing.T) {
	d := dbtest.SQLite(t)
	ctx := context.Background()
	log := event.NewLog(d)
	zones := geo.NewDirectory()
	store := catalog.New(log, zones, nil, catalog.Rules{})
	importer := intake.New(log, store, zones)
	summary, err := demo.Load(ctx, importer)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("loaded in %s", summary.Elapsed)
	if refused := summary.Refused(); refused != 0 {
		t.Errorf("%d rows were refused: %v", refused, summary.Refusals)
	}
	for table, least := range map[string]int{
		"datasets": 1500, "resources": 2200, "organizations": 400, "dataservices": 176 - 6, "reuses": 6, "topics": 3, "topic_elements": 14, "posts": 3,
	} {
		var rows int
		if err := d.Read().NewRaw("SELECT count(*) FROM ?", bun.Ident(table)).Scan(ctx, &rows); err != nil {
			t.Fatal(err)
		}
		if rows < least {
			t.Errorf("%d rows in %s, want %d at least", rows, table, least)
		}
	}
	holdTogether(t, d)
	if mismatches, err := store.CheckCounters(ctx); err != nil || len(mismatches) > 0 {
		t.Errorf("counters are wrong: %v %v", mismatches[:min(5, len(mismatches))], err)
	}
	again, err := demo.Load(ctx, importer)
	if err != nil {
		t.Fatal(err)
	}
	if again.Changed() {
		t.Errorf("a second load changed something: %+v", again.Files)
	}
}

// holdTogether checks that what the examples name is in the sample, and that
// they say what they are.
func holdTogether(t *testing.T, d *db.DB) {
	t.Helper()
	ctx := context.Background()
	for what, query := range map[string]string{
		"datasets of reuses":      "SELECT l.dataset_id FROM reuse_datasets l LEFT JOIN datasets d ON d.id = l.dataset_id WHERE d.id IS NULL",
		"datasets of posts":       "SELECT l.dataset_id FROM post_datasets l LEFT JOIN datasets d ON d.id = l.dataset_id WHERE d.id IS NULL",
		"reuses of posts":         "SELECT l.reuse_id FROM post_reuses l LEFT JOIN reuses d ON d.id = l.reuse_id WHERE d.id IS NULL",
		"datasets of topics":      "SELECT e.element_id FROM topic_elements e LEFT JOIN datasets d ON d.id = e.element_id WHERE e.element_kind = 'dataset' AND d.id IS NULL",
		"reuses of topics":        "SELECT e.element_id FROM topic_elements e LEFT JOIN reuses d ON d.id = e.element_id WHERE e.element_kind = 'reuse' AND d.id IS NULL",
		"people among members":    "SELECT user_id FROM members",
		"invisible reuses":        "SELECT id FROM reuses WHERE visible = FALSE",
		"datasets without a date": "SELECT id FROM datasets WHERE last_update IS NULL OR created_at IS NULL",
	} {
		var found []string
		if err := d.Read().NewRaw(query).Scan(ctx, &found); err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 {
			t.Errorf("%s: %v", what, found)
		}
	}
	for _, table := range []struct{ name, column string }{{"reuses", "title"}, {"topics", "name"}, {"posts", "name"}} {
		var titles []string
		if err := d.Read().NewRaw("SELECT ? FROM ?", bun.Ident(table.column), bun.Ident(table.name)).Scan(ctx, &titles); err != nil {
			t.Fatal(err)
		}
		for _, title := range titles {
			if !strings.HasPrefix(title, "Exemple : ") {
				t.Errorf("%q in %s does not say that it is an example", title, table.name)
			}
		}
	}
}
