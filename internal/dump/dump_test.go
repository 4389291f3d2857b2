package dump

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func (w *world) whole(kind Kind) Dump {
	switch kind {
	case Datasets:
		return w.dumps.Datasets(DatasetFilter{})
	case Resources:
		return w.dumps.Resources(DatasetFilter{})
	case Organizations:
		return w.dumps.Organizations(OrganizationFilter{})
	case Reuses:
		return w.dumps.Reuses(ReuseFilter{})
	case Dataservices:
		return w.dumps.Dataservices(DataserviceFilter{})
	case Harvests:
		return w.dumps.Harvests()
	}
	return w.dumps.Tags()
}

// Every byte of every kind of file, on both engines.
func TestGolden(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.fill()
		for _, kind := range Kinds {
			file := filepath.Join("testdata", string(kind)+".csv")
			got := w.dump(w.whole(kind))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s: got\n%s\nwant\n%s", kind, got, want)
			}
		}
	})
}

func TestEmptyCatalogue(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		for _, kind := range Kinds {
			want := `"` + strings.Join(Columns(kind), `";"`) + "\"\r\n"
			if got := w.dump(w.whole(kind)); got != want {
				t.Errorf("%s: %q", kind, got)
			}
		}
	})
}

// What is private or deleted is in no file, whole or narrowed; what is
// archived is.
func TestHiddenObjects(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.fill()
		hidden := []string{id(3), id(4), "Secret", "Parti", "secret", id(103), id(303), id(304), id(403), id(404)}
		ofVille := catalog.DatasetFilter{Organization: id(101)}
		yes := true
		dumps := []Dump{
			w.dumps.Datasets(DatasetFilter{DatasetFilter: ofVille}), w.dumps.Resources(DatasetFilter{DatasetFilter: ofVille}),
			w.dumps.Datasets(DatasetFilter{DatasetFilter: catalog.DatasetFilter{Private: &yes}}),
			w.dumps.Datasets(DatasetFilter{DatasetFilter: catalog.DatasetFilter{Tags: []string{"secret"}}}),
			w.dumps.Reuses(ReuseFilter{Private: &yes}), w.dumps.Reuses(ReuseFilter{Dataset: id(3)}),
			w.dumps.Dataservices(DataserviceFilter{DataserviceFilter: catalog.DataserviceFilter{Organization: id(101)}}),
		}
		for _, kind := range Kinds {
			dumps = append(dumps, w.whole(kind))
		}
		for i, d := range dumps {
			got := w.dump(d)
			for _, secret := range hidden {
				if strings.Contains(got, secret) {
					t.Errorf("dump %d of %s shows %s:\n%s", i, d.Kind, secret, got)
				}
			}
		}
		for kind, archived := range map[Kind]string{Datasets: id(2), Reuses: id(302), Dataservices: id(402)} {
			if !slices.Contains(w.column(w.whole(kind), "id"), archived) {
				t.Errorf("%s: the archived one is missing", kind)
			}
		}
	})
}

func TestDatasetFilters(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.fill()
		yes, no := true, false
		of := func(f catalog.DatasetFilter) DatasetFilter { return DatasetFilter{DatasetFilter: f} }
		for name, c := range map[string]struct {
			filter DatasetFilter
			want   []int
		}{
			"nothing":            {DatasetFilter{}, []int{1, 2, 5, 6}},
			"visible":            {DatasetFilter{Visible: true}, []int{1, 5, 6}},
			"text":               {of(catalog.DatasetFilter{Query: "arbres"}), []int{1, 2}},
			"text unknown":       {of(catalog.DatasetFilter{Query: "rien"}), nil},
			"tag":                {of(catalog.DatasetFilter{Tags: []string{"arbre"}}), []int{1, 2, 5}},
			"tags":               {of(catalog.DatasetFilter{Tags: []string{"arbre", "bati"}}), []int{5}},
			"badge":              {of(catalog.DatasetFilter{Badge: "hvd"}), []int{1}},
			"organization":       {of(catalog.DatasetFilter{Organization: id(101)}), []int{1, 6}},
			"organization badge": {of(catalog.DatasetFilter{OrganizationBadge: "public-service"}), []int{1, 6}},
			"organization name":  {DatasetFilter{OrganizationName: "Métropole de Lyon"}, []int{5}},
			"owner":              {of(catalog.DatasetFilter{Owner: id(201)}), []int{2}},
			"license":            {of(catalog.DatasetFilter{License: "lov2"}), []int{1}},
			"zone":               {of(catalog.DatasetFilter{Geozone: "fr:commune:69123"}), []int{1}},
			"granularities":      {DatasetFilter{Granularities: []string{"country", "fr:commune"}}, []int{1, 5}},
			"formats":            {DatasetFilter{Formats: []string{"shp", "pdf"}}, []int{1, 6}},
			"schema":             {DatasetFilter{Schemas: []string{"etalab/arbres", "x"}}, []int{1}},
			"featured":           {of(catalog.DatasetFilter{Featured: &yes}), []int{1}},
			"not featured":       {of(catalog.DatasetFilter{Featured: &no}), []int{2, 5, 6}},
			"access":             {of(catalog.DatasetFilter{AccessType: "restricted"}), []int{5}},
			"covered":            {DatasetFilter{CoveredFrom: "2019-01-01", CoveredTo: "2024-12-31"}, []int{1}},
			"covered in part":    {DatasetFilter{CoveredFrom: "2018-12-31", CoveredTo: "2024-12-31"}, nil},
			"tabular":            {DatasetFilter{FormatFamily: "tabular"}, []int{1}},
			"documents":          {DatasetFilter{FormatFamily: "documents"}, []int{6}},
			"other formats":      {DatasetFilter{FormatFamily: "other"}, []int{2, 5}},
			"of a person":        {DatasetFilter{ProducerType: "user"}, []int{2}},
			"of the public":      {DatasetFilter{ProducerType: "public-service"}, []int{1, 6}},
			"of who knows":       {DatasetFilter{ProducerType: "not-specified"}, []int{5}},
			"recent":             {DatasetFilter{UpdatedSince: moment("2025-12-17T00:00:00")}, []int{1}},
			"both ways":          {DatasetFilter{DatasetFilter: catalog.DatasetFilter{Tags: []string{"arbre"}}, Visible: true}, []int{1, 5}},
		} {
			want := []string{}
			for _, n := range c.want {
				want = append(want, id(n))
			}
			if got := w.column(w.dumps.Datasets(c.filter), "id"); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
			of := slices.Compact(w.column(w.dumps.Resources(c.filter), "dataset.id"))
			want = slices.DeleteFunc(want, func(dataset string) bool { return dataset != id(1) && dataset != id(2) })
			if !slices.Equal(of, want) {
				t.Errorf("%s: resources of %v, want %v", name, of, want)
			}
		}
	})
}

func TestOtherFilters(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.fill()
		yes := true
		for name, c := range map[string]struct {
			dump Dump
			want []int
		}{
			"organisations":                {w.dumps.Organizations(OrganizationFilter{}), []int{101, 102}},
			"organisations by text":        {w.dumps.Organizations(OrganizationFilter{Query: "lyon"}), []int{102}},
			"organisations by lost text":   {w.dumps.Organizations(OrganizationFilter{Query: "nul"}), nil},
			"organisations by badge":       {w.dumps.Organizations(OrganizationFilter{Badge: "public-service"}), []int{101}},
			"organisations by name":        {w.dumps.Organizations(OrganizationFilter{Name: " MÉTROPOLE de lyon "}), []int{102}},
			"organisations by number":      {w.dumps.Organizations(OrganizationFilter{BusinessNumberID: "13002526500013"}), []int{101}},
			"reuses":                       {w.dumps.Reuses(ReuseFilter{}), []int{301, 302}},
			"reuses by text":               {w.dumps.Reuses(ReuseFilter{Query: "carte"}), []int{301}},
			"reuses by type":               {w.dumps.Reuses(ReuseFilter{Type: "api"}), nil},
			"reuses by topic":              {w.dumps.Reuses(ReuseFilter{Topic: "health"}), []int{301}},
			"reuses by dataset":            {w.dumps.Reuses(ReuseFilter{Dataset: id(5)}), []int{301}},
			"reuses by organisation":       {w.dumps.Reuses(ReuseFilter{Organization: id(101)}), []int{302}},
			"reuses by tags":               {w.dumps.Reuses(ReuseFilter{Tags: []string{"carte", "arbre"}}), []int{301}},
			"featured reuses":              {w.dumps.Reuses(ReuseFilter{Featured: &yes}), []int{301}},
			"dataservices":                 {w.dumps.Dataservices(DataserviceFilter{}), []int{401, 402}},
			"visible dataservices":         {w.dumps.Dataservices(DataserviceFilter{Visible: true}), []int{401}},
			"dataservices by text":         {w.dumps.Dataservices(DataserviceFilter{DataserviceFilter: catalog.DataserviceFilter{Query: "adresse"}}), []int{402}},
			"dataservices by dataset":      {w.dumps.Dataservices(DataserviceFilter{DataserviceFilter: catalog.DataserviceFilter{Dataset: id(1)}}), []int{401}},
			"dataservices by organisation": {w.dumps.Dataservices(DataserviceFilter{DataserviceFilter: catalog.DataserviceFilter{Organization: id(101)}}), []int{401}},
			"dataservices by owner":        {w.dumps.Dataservices(DataserviceFilter{DataserviceFilter: catalog.DataserviceFilter{Owner: id(201)}}), []int{402}},
		} {
			want := []string{}
			for _, n := range c.want {
				want = append(want, id(n))
			}
			if got := w.column(c.dump, "id"); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	})
}

// Rows come once each and in order, whatever the number of batches, the size
// of the rows and the resources of one dataset.
func TestManyBatches(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		const many = 2*batchRows + firstBatch + 7
		var datasets []*catalog.Dataset
		var resources []*catalog.Resource
		for n := range many {
			datasets = append(datasets, dataset(n, func(d *catalog.Dataset) {
				if n%500 == 3 {
					d.Description = strings.Repeat("x", batchBytes+n)
				}
			}))
			resources = append(resources, resource(n, 7, func(r *catalog.Resource) { r.Rank = int64(n / 3) }))
		}
		w.insert(&datasets, &resources)
		for name, f := range map[string]DatasetFilter{"whole": {}, "listed": {DatasetFilter: catalog.DatasetFilter{AccessType: "open"}}} {
			ids := w.column(w.dumps.Datasets(f), "id")
			if len(ids) != many || !slices.IsSorted(ids) || len(slices.Compact(ids)) != many {
				t.Errorf("%s: %d datasets, sorted: %v", name, len(ids), slices.IsSorted(ids))
			}
			ids = w.column(w.dumps.Resources(f), "id")
			if len(ids) != many || !slices.IsSorted(ids) || len(slices.Compact(ids)) != many {
				t.Errorf("%s: %d resources, sorted: %v", name, len(ids), slices.IsSorted(ids))
			}
		}
	})
}

func TestVersion(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.fill()
		version := func(d Dump, base string) (string, time.Time) {
			etag, modified, err := w.dumps.Version(context.Background(), d, base)
			if err != nil {
				t.Fatal(err)
			}
			return etag, modified
		}
		seen := map[string]string{}
		differs := func(name string, d Dump, base string) {
			t.Helper()
			etag, _ := version(d, base)
			if other, ok := seen[etag]; ok {
				t.Errorf("%s has the validator of %s", name, other)
			}
			if again, _ := version(d, base); again != etag || !strings.HasPrefix(etag, `W/"`) {
				t.Errorf("%s: %s, then %s", name, etag, again)
			}
			seen[etag] = name
		}
		differs("datasets without log", w.whole(Datasets), site)
		if _, modified := version(w.whole(Reuses), site); !modified.IsZero() {
			t.Errorf("a catalogue without events was modified at %v", modified)
		}
		w.happen(now)
		for _, kind := range Kinds {
			differs(string(kind), w.whole(kind), site)
		}
		differs("of another site", w.whole(Datasets), "https://autre.example.org")
		differs("narrowed", w.dumps.Datasets(DatasetFilter{Formats: []string{"csv"}}), site)
		differs("narrowed otherwise", w.dumps.Datasets(DatasetFilter{Schemas: []string{"csv"}}), site)
		if _, modified := version(w.whole(Reuses), site); !modified.Equal(now) {
			t.Errorf("modified at %v", modified)
		}
		w.happen(now.Add(time.Minute))
		differs("after a change", w.whole(Datasets), site)
		w.clock = now.Add(time.Hour)
		differs("an hour later", w.whole(Datasets), site)
		if _, modified := version(w.whole(Datasets), site); !modified.Equal(now.Truncate(time.Hour).Add(time.Hour)) {
			t.Errorf("scores were judged at %v", modified)
		}
		if etag, _ := version(w.dumps.Datasets(DatasetFilter{DatasetFilter: catalog.DatasetFilter{Query: "x"}}), site); etag != "" {
			t.Errorf("a text search has the validator %s", etag)
		}
	})
}

// The freshness in the score is that of the moment.
func TestScoreFollowsTime(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.fill()
		score := func() string { return w.table(w.whole(Datasets))[0]["quality_score"] }
		if got := score(); got != "0.89" {
			t.Errorf("on time: %s", got)
		}
		w.clock = now.AddDate(2, 0, 0)
		if got := score(); got != "0.78" {
			t.Errorf("late: %s", got)
		}
	})
}

// stalled is a client that reads a first part and then nothing.
type stalled struct {
	reached, gone chan struct{}
	n             int
}

func (s *stalled) Write(p []byte) (int, error) {
	if s.n++; s.n == 2 {
		close(s.reached)
		<-s.gone
	}
	if s.n >= 2 {
		return 0, errors.New("connection reset")
	}
	return len(p), nil
}

// A client that stops reading holds no connection of the database: others go
// on with the only one there is. When it goes away, the dump ends.
func TestStalledClient(t *testing.T) {
	d := dbtest.Open(t, db.Options{Dir: t.TempDir(), Sync: "NORMAL", Readers: 1})
	w := newWorld(t, d)
	var datasets []*catalog.Dataset
	for n := range 3 * batchRows {
		datasets = append(datasets, dataset(n, nil))
	}
	w.insert(&datasets)
	client := &stalled{reached: make(chan struct{}), gone: make(chan struct{})}
	ended := make(chan error)
	go func() { ended <- w.dumps.Write(context.Background(), client, w.whole(Datasets), site) }()
	<-client.reached
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	for range 5 {
		var count int
		if err := d.Read().NewRaw("SELECT count(*) FROM datasets").Scan(ctx, &count); err != nil || count != len(datasets) {
			t.Fatalf("%d datasets, %v", count, err)
		}
	}
	close(client.gone)
	select {
	case err := <-ended:
		if err == nil || err.Error() != "connection reset" {
			t.Errorf("ended with %v", err)
		}
	case <-ctx.Done():
		t.Fatal("the dump goes on without its client")
	}
}

// A failure of the database before the first row writes nothing; one in the
// middle is told.
func TestFailures(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.fill()
		gone, stop := context.WithCancel(context.Background())
		stop()
		for _, kind := range Kinds {
			var out strings.Builder
			if err := w.dumps.Write(gone, &out, w.whole(kind), site); err == nil || out.Len() > 0 {
				t.Errorf("%s: %d bytes, %v", kind, out.Len(), err)
			}
		}
		w.exec("UPDATE given SET cells = ?", "{broken")
		if err := w.dumps.Write(context.Background(), &strings.Builder{}, w.whole(Datasets), site); err == nil {
			t.Error("broken cells were passed over")
		}
	})
}

func ExampleFileName() {
	fmt.Println(FileName("datasets", time.Date(2026, 1, 16, 8, 5, 0, 0, time.UTC)))
	// Output: datasets-2026-01-16-08-05.csv
}
