package searchbench

import (
	"os"
	"path/filepath"
	"runtime/debug"
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
	path := filepath.Join(t.TempDir(), "search.idx")
	engine := search.New(path)
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
	mixed := append(append(append([]Question{}, questions...), Misspelt(questions, 1, 1)...), Unfinished(questions)...)
	t.Logf("search as typed: %v", MeasureSearch(engine, questions, 20))
	t.Logf("search, mixed: %v", MeasureSearch(engine, mixed, 10))
	t.Logf("suggest: %v", MeasureSuggest(engine, questions))
	engine = nil
	started = time.Now()
	engine, err = search.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("opened in %v", time.Since(started))
	debug.FreeOSMemory()
	t.Logf("anonymous memory idle: %d MB", AnonymousMemory()>>20)
	MeasureSearch(engine, mixed, 3)
	t.Logf("anonymous memory after searches: %d MB", AnonymousMemory()>>20)
	if info, err := os.Stat(path); err == nil {
		t.Logf("snapshot: %d MB", info.Size()>>20)
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
