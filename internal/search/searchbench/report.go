package searchbench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"grenier/internal/search"
)

// Options say what to measure.
type Options struct {
	// Catalog is a CSV export of the catalogue, Organizations a file of API answers about organisations; both may be
	// packed (.gz), the second may be missing.
	Catalog, Organizations string
	// Questions and OrganizationQuestions are files as Questions reads them; the second may be missing.
	Questions, OrganizationQuestions string
	// Directory is where the index is built.
	Directory string
	// Rounds is how often each question is timed.
	Rounds int
}

// Report is what was measured.
type Report struct {
	Documents map[search.Kind]int
	// Build is the time to read the catalogue and to build the index, Open that to open it again.
	Build, Open   time.Duration
	SnapshotBytes int64
	// BuildMemory is the highest anonymous resident memory of the process while building.
	BuildMemory int64
	// IdleMemory and BusyMemory are the anonymous resident memory of the process with the index opened, before and
	// after searching; 0 where the system does not tell.
	IdleMemory, BusyMemory int64

	AsTyped, OneError, Unfinished, ByOrganization Score
	Search, MixedSearch, Suggest                  Latency
	// Update is the time to change one dataset, SearchAfter that of the first search after it.
	Update, SearchAfter Latency
}

// Run builds the index of a catalogue and measures it.
func Run(o Options) (*Report, error) {
	path := filepath.Join(o.Directory, "search.idx")
	r := &Report{}
	started := time.Now()
	watch := watchMemory()
	some, err := build(path, o)
	r.Build, r.BuildMemory = time.Since(started), watch()
	if err != nil {
		return nil, err
	}
	questions, err := Questions(o.Questions)
	if err != nil {
		return nil, err
	}
	debug.FreeOSMemory()
	started = time.Now()
	engine, err := search.Open(path)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	r.Open = time.Since(started)
	if info, err := os.Stat(path); err == nil {
		r.SnapshotBytes = info.Size()
	}
	r.Documents = engine.Stats().Documents
	debug.FreeOSMemory()
	r.IdleMemory = AnonymousMemory()

	wrong, unfinished := Misspelt(questions, 5, 1), Unfinished(questions)
	mixed := slices.Concat(questions, Misspelt(questions, 1, 1), unfinished)
	r.Search = MeasureSearch(engine, questions, o.Rounds)
	r.MixedSearch = MeasureSearch(engine, mixed, o.Rounds)
	r.Suggest = MeasureSuggest(engine, questions)
	r.BusyMemory = AnonymousMemory()
	r.AsTyped = Evaluate(engine, search.Dataset, questions)
	r.OneError = Evaluate(engine, search.Dataset, wrong)
	r.Unfinished = Evaluate(engine, search.Dataset, unfinished)
	if o.OrganizationQuestions != "" {
		questions, err := Questions(o.OrganizationQuestions)
		if err != nil {
			return nil, err
		}
		r.ByOrganization = Evaluate(engine, search.Organization, questions)
	}
	return r, measureUpdates(r, engine, some)
}

// build builds the index, and gives some of the datasets.
func build(path string, o Options) (some []search.Document, err error) {
	b := search.New(path).Rebuild()
	defer b.Cancel()
	organizations := NewOrganizations()
	seen := 0
	err = EachDataset(o.Catalog, func(d search.Document) error {
		organizations.Add(&d)
		if seen++; seen%50 == 0 && len(some) < 500 {
			some = append(some, d)
		}
		return b.Add(d)
	})
	if err != nil {
		return nil, err
	}
	if o.Organizations != "" {
		if err := organizations.Complete(o.Organizations); err != nil {
			return nil, err
		}
	}
	for _, d := range organizations.Documents() {
		if err := b.Add(d); err != nil {
			return nil, err
		}
	}
	return some, b.Finish(1)
}

// measureUpdates changes datasets one by one, and searches for each.
func measureUpdates(r *Report, engine *search.Engine, documents []search.Document) error {
	var updates, searches []time.Duration
	for i, d := range documents {
		word := fmt.Sprintf("nouveaute%d", i)
		d.Title += " " + word
		started := time.Now()
		if err := engine.Apply([]search.Document{d}, nil); err != nil {
			return err
		}
		updates = append(updates, time.Since(started))
		started = time.Now()
		result := engine.Search(search.Query{Kind: search.Dataset, Text: word, Limit: 20})
		searches = append(searches, time.Since(started))
		if result.Total == 0 || result.Hits[0].ID != d.ID {
			return fmt.Errorf("searchbench: the change of %s is not found by the next search", d.ID)
		}
	}
	r.Update, r.SearchAfter = latencyOf(updates), latencyOf(searches)
	return nil
}

// String gives the report as lines of text.
func (r *Report) String() string {
	var b strings.Builder
	line := func(name string, value any) { fmt.Fprintf(&b, "%-28s %v\n", name, value) }
	line("documents", r.Documents)
	line("read and built in", r.Build.Round(time.Millisecond))
	line("opened in", r.Open.Round(time.Millisecond))
	line("snapshot", fmt.Sprintf("%d MB", r.SnapshotBytes>>20))
	line("anonymous memory, building", fmt.Sprintf("%d MB", r.BuildMemory>>20))
	line("anonymous memory, idle", fmt.Sprintf("%d MB", r.IdleMemory>>20))
	line("anonymous memory, searching", fmt.Sprintf("%d MB", r.BusyMemory>>20))
	line("search as typed", r.Search)
	line("search, errors and all", r.MixedSearch)
	line("suggestions", r.Suggest)
	line("one change", r.Update)
	line("first search after it", r.SearchAfter)
	line("ranking as typed", r.AsTyped)
	line("ranking with one error", r.OneError)
	line("ranking of unfinished words", r.Unfinished)
	line("ranking of organisations", r.ByOrganization)
	return b.String()
}
