package searchbench

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"grenier/internal/search"
)

// TestEvaluateCatalog measures the whole catalogue: CATALOG is the path of its CSV export, QUERIES the folder of the
// questions, ORGANIZATIONS a file of API answers.
func TestEvaluateCatalog(t *testing.T) {
	catalog := os.Getenv("CATALOG")
	if catalog == "" {
		return
	}
	engine := search.New(filepath.Join(t.TempDir(), "search.idx"))
	started := time.Now()
	b := engine.Rebuild()
	organizations := NewOrganizations()
	if err := EachDataset(catalog, func(d search.Document) error {
		organizations.Add(&d)
		if os.Getenv("VISIBLE") != "" && d.Archived {
			return nil
		}
		return b.Add(d)
	}); err != nil {
		t.Fatal(err)
	}
	if path := os.Getenv("ORGANIZATIONS"); path != "" {
		if err := organizations.Complete(path); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range organizations.Documents() {
		if err := b.Add(d); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("read and analysed in %v", time.Since(started))
	if err := b.Finish(1); err != nil {
		t.Fatal(err)
	}
	t.Logf("built in %v: %+v", time.Since(started), engine.Stats())
	questions, err := Questions(filepath.Join(os.Getenv("QUERIES"), "queries.csv"))
	if err != nil {
		t.Fatal(err)
	}
	score := Evaluate(engine, search.Dataset, questions)
	t.Logf("as typed: %v", score)
	for _, m := range score.Missed {
		t.Logf("  %3d %q", m.Rank, m.Text)
	}
	t.Logf("one error: %v", Evaluate(engine, search.Dataset, Misspelt(questions, 5, 1)))
	t.Logf("unfinished: %v", Evaluate(engine, search.Dataset, Unfinished(questions)))
	questions, err = Questions(filepath.Join(os.Getenv("QUERIES"), "queries-organizations.csv"))
	if err != nil {
		t.Fatal(err)
	}
	score = Evaluate(engine, search.Organization, questions)
	t.Logf("organisations: %v", score)
	for _, m := range score.Missed {
		t.Logf("  %3d %q", m.Rank, m.Text)
	}
}
