package searchbench

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestSample holds the ranking and the speed on the sample to what they are known to reach.
func TestSample(t *testing.T) {
	r, err := Run(Options{
		Catalog: filepath.Join("testdata", "datasets.csv.gz"), Questions: filepath.Join("testdata", "questions.csv"),
		Directory: t.TempDir(), Rounds: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%v", r)
	for _, c := range []struct {
		name  string
		score Score
		least float64
	}{{"as typed", r.AsTyped, .95}, {"with one error", r.OneError, .9}, {"unfinished", r.Unfinished, .8}} {
		if c.score.Questions < 20 || c.score.MRR < c.least {
			t.Errorf("%s: %v, MRR should be at least %v", c.name, c.score, c.least)
		}
		for _, m := range c.score.Missed {
			t.Logf("%s: %q came at %d", c.name, m.Text, m.Rank)
		}
	}
	if r.Search.Median > 20*time.Millisecond {
		t.Errorf("a search takes %v", r.Search.Median)
	}
}

// TestCatalog holds the ranking on the whole catalogue to what the project promises. It measures when CATALOG names its
// CSV export and QUERIES the folder of the real questions; ORGANIZATIONS may name a file of API answers.
func TestCatalog(t *testing.T) {
	catalog, queries := os.Getenv("CATALOG"), os.Getenv("QUERIES")
	if catalog == "" || queries == "" {
		return
	}
	r, err := Run(Options{
		Catalog: catalog, Organizations: os.Getenv("ORGANIZATIONS"), Questions: filepath.Join(queries, "queries.csv"),
		OrganizationQuestions: filepath.Join(queries, "queries-organizations.csv"), Directory: t.TempDir(), Rounds: 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%v", r)
	for _, c := range []struct {
		name  string
		score Score
		least float64
	}{{"as typed", r.AsTyped, .88}, {"with one error", r.OneError, .86}, {"unfinished", r.Unfinished, .80}, {"organisations", r.ByOrganization, .85}} {
		if c.score.MRR < c.least {
			t.Errorf("%s: %v, MRR should be at least %v", c.name, c.score, c.least)
		}
		for _, m := range c.score.Missed {
			t.Logf("%s: %q came at %d", c.name, m.Text, m.Rank)
		}
	}
}
