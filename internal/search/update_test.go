package search

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

var vocabulary = strings.Fields(`école écoles association associations eau air forêt budget commune communes région
	département sirene cadastre transport gare vélo vélos numérique santé publique hôpital base registre annuaire
	national nationale français foncière valeurs demandes équipement le la des de du`)

// randomDocument makes a document whose fields are drawn from a small vocabulary.
func randomDocument(random *rand.Rand) Document {
	words := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = vocabulary[random.IntN(len(vocabulary))]
		}
		return strings.Join(list, " ")
	}
	d := Document{
		Kind: Dataset, ID: fmt.Sprintf("%03d", random.IntN(150)), Title: words(1 + random.IntN(6)), Description: words(random.IntN(25)),
		Tags: []string{words(1), words(2)}, Owner: words(2), Organization: fmt.Sprint("org", random.IntN(6)),
		Popularity: Popularity{Views: int64(random.IntN(1000)), Followers: int64(random.IntN(10)), Reuses: int64(random.IntN(5))},
		Featured:   random.IntN(10) == 0, Archived: random.IntN(6) == 0,
		Numbers: map[string]int64{"created": int64(random.IntN(50))},
	}
	if random.IntN(4) == 0 {
		d.Description += " répertoire national des associations (RNA) de France"
		d.Acronyms = []string{"ABC"}
	}
	if random.IntN(3) == 0 {
		d.Numbers["views"] = d.Popularity.Views
	}
	switch random.IntN(12) {
	case 0:
		d.Kind, d.ID = Organization, fmt.Sprint("org", random.IntN(6))
	case 1:
		d.Kind = Reuse
	}
	d.Facets = map[string][]string{"tag": d.Tags}
	if random.IntN(50) == 0 {
		d.Facets["rare"] = []string{"value"}
	}
	return d
}

// questions asks an engine about everything an update can disturb.
func questions(e *Engine) []any {
	var answers []any
	for _, kind := range []Kind{Dataset, Organization, Reuse} {
		for _, text := range []string{"", "école", "budget commune", "rna", "associatoin", "cadas", "org", "valeurs foncières région", "abc"} {
			answers = append(answers, e.Search(Query{
				Kind: kind, Text: text, Limit: 30, Archived: ptr(false), Highlight: true,
				Facets: []Facet{{Field: "tag"}, {Field: "rare"}}, Filters: []Filter{{Field: "tag", Values: nil}},
			}), e.Suggest(SuggestQuery{Kinds: []Kind{kind}, Text: text, Limit: 5}))
		}
		answers = append(answers, e.Search(Query{Kind: kind, Sort: Sort{"created", true}, Limit: 200}), e.Search(Query{Kind: kind, Sort: Sort{"name", false}, Limit: 200}))
	}
	return answers
}

// An index after random changes and a checkpoint answers as one built afresh, and as one opened from its file.
func TestUpdatesEqualFreshBuild(t *testing.T) {
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 9))
		e := newEngine(t)
		current := map[Ref]Document{}
		for step := range 60 {
			var upserts []Document
			var deletions []Ref
			for range random.IntN(6) {
				upserts = append(upserts, randomDocument(random))
			}
			for ref := range current {
				if random.IntN(20) == 0 {
					deletions = append(deletions, ref)
				}
			}
			if err := e.Apply(upserts, deletions); err != nil {
				t.Fatal(err)
			}
			for _, d := range upserts {
				current[Ref{d.Kind, d.ID}] = d
			}
			for _, ref := range deletions {
				delete(current, ref)
			}
			if step%23 == 22 {
				if err := e.Checkpoint(int64(step)); err != nil {
					t.Fatal(err)
				}
			}
			checkPresence(t, e, current)
		}
		if err := e.Checkpoint(1234); err != nil {
			t.Fatal(err)
		}
		fresh := newEngine(t)
		b := fresh.Rebuild()
		for _, d := range current {
			old := d
			old.Title = "une version plus ancienne"
			if err := b.Add(old); err != nil {
				t.Fatal(err)
			}
			if random.IntN(10) == 0 {
				if err := b.putAside(); err != nil {
					t.Fatal(err)
				}
			}
			if err := b.Add(d); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Finish(1234); err != nil {
			t.Fatal(err)
		}
		opened, err := Open(e.path)
		if err != nil {
			t.Fatal(err)
		}
		if e.Position() != 1234 || opened.Position() != 1234 || fresh.Position() != 1234 {
			t.Errorf("positions %d, %d, %d", e.Position(), opened.Position(), fresh.Position())
		}
		want := questions(fresh)
		sameAnswers(t, "after updates", questions(e), want)
		sameAnswers(t, "opened", questions(opened), want)
		if stats := e.Stats(); stats.Pending != 0 || stats.Removed != 0 {
			t.Errorf("after a checkpoint: %+v", stats)
		}
	}
}

func sameAnswers(t *testing.T, when string, got, want []any) {
	t.Helper()
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("%s, answer %d is\n%+v\nwant\n%+v", when, i, got[i], want[i])
		}
	}
}

// checkPresence compares what is found with what should be there.
func checkPresence(t *testing.T, e *Engine, current map[Ref]Document) {
	t.Helper()
	for _, kind := range []Kind{Dataset, Organization, Reuse} {
		count := 0
		for ref := range current {
			if ref.Kind == kind {
				count++
			}
		}
		hits := e.Search(Query{Kind: kind, Limit: MaxWindow}).Hits
		if len(hits) != count || e.Stats().Documents[kind] != count {
			t.Fatalf("%d %ss are found, %d counted, %d are there", len(hits), kind, e.Stats().Documents[kind], count)
		}
		for _, hit := range hits {
			if d, ok := current[Ref{kind, hit.ID}]; !ok || d.Title != hit.Title.Text {
				t.Fatalf("%s %s is found with the title %q, it has %q", kind, hit.ID, hit.Title.Text, d.Title)
			}
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	e := newEngine(t, Document{Kind: Dataset, ID: "a", Title: "eau"})
	long := strings.Repeat("x", 300)
	for _, d := range []Document{
		{ID: "b"}, {Kind: 77, ID: "b"}, {Kind: Dataset}, {Kind: Dataset, ID: long},
		{Kind: Dataset, ID: "b", Facets: map[string][]string{long: {"x"}}}, {Kind: Dataset, ID: "b", Numbers: map[string]int64{long: 1}},
	} {
		if err := e.Apply([]Document{{Kind: Dataset, ID: "c"}, d}, []Ref{{Dataset, "a"}}); err == nil {
			t.Errorf("%.80v was taken", d)
		}
		if err := e.Rebuild().Add(d); err == nil {
			t.Errorf("%.80v was taken by the builder", d)
		}
	}
	if got := ids(e, Query{}); len(got) != 1 || got[0] != "a" {
		t.Errorf("after refused changes: %q", got)
	}
	if err := e.Apply(nil, []Ref{{Dataset, "unknown"}, {99, "a"}}); err != nil {
		t.Errorf("removing what is not there: %v", err)
	}
	huge := Document{Kind: Dataset, ID: "h", Title: strings.Repeat("é", 9000), Description: strings.Repeat("mot ", 90_000)}
	for i := range 5000 {
		huge.Tags = append(huge.Tags, fmt.Sprint("tag", i))
	}
	huge.Facets = map[string][]string{"tag": huge.Tags}
	if err := e.Apply([]Document{huge}, nil); err != nil {
		t.Fatal(err)
	}
	if title := e.Search(Query{Kind: Dataset, Text: "mot", Limit: 1}).Hits[0].Title.Text; len(title) > maxTitle || strings.Contains(title, "\ufffd") {
		t.Errorf("a title of %d bytes is kept", len(title))
	}
}

func TestOpenRefusesUnusableSnapshots(t *testing.T) {
	e := newEngine(t, library()...)
	if _, err := Open(e.path); !errors.Is(err, ErrNoSnapshot) {
		t.Errorf("without a file: %v", err)
	}
	if err := e.Checkpoint(5); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(e.path)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "broken.idx")
	tryOpen := func(what string, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); !errors.Is(err, ErrUnusableSnapshot) {
			t.Errorf("%s: %v, want an unusable snapshot", what, err)
		}
	}
	tryOpen("empty", nil)
	tryOpen("short", []byte("GrSx"))
	tryOpen("cut", good[:len(good)/2])
	tryOpen("longer", append(bytes.Clone(good), 0))
	tryOpen("not ours", bytes.Repeat([]byte("no index "), 1000))
	random := rand.New(rand.NewPCG(5, 5))
	for range 40 {
		bad := bytes.Clone(good)
		bad[random.IntN(len(bad))] ^= 1 << random.IntN(8)
		tryOpen("one bit changed", bad)
	}
	other := rewriteVersion(good, snapshotVersion+1)
	tryOpen("other version", other)
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "version") {
		t.Errorf("the error of another version is %v", err)
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if opened, err := Open(path); err != nil || opened.Position() != 5 {
		t.Errorf("the good file: %v", err)
	}
}

// rewriteVersion gives a snapshot with another version and the right checksum.
func rewriteVersion(good []byte, version byte) []byte {
	var b memoryBuffer
	w := newSectionWriter(&b)
	w.out.Write(good[:len(good)-12])
	w.out.Write([]byte{version, 0, 0, 0})
	w.out.Flush()
	sum := w.crc.Sum32()
	return append(b.bytes, byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24), 'G', 'r', 'S', 'x')
}

func TestLeftoversAreRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "search.idx")
	old, fresh := path+".new-1", path+".new-2"
	for _, name := range []string{old, fresh} {
		if err := os.WriteFile(name, []byte("unfinished"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	yesterday := time.Now().Add(-24 * time.Hour)
	if err := os.Chtimes(old, yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	New(path)
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Error("a file left by a killed program is still there")
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Error("the file of a program that may still run was removed")
	}
}

func TestCheckpointFailureKeepsServing(t *testing.T) {
	e := New(filepath.Join(t.TempDir(), "missing", "search.idx"))
	if err := e.Apply(library(), nil); err != nil {
		t.Fatal(err)
	}
	if err := e.Checkpoint(1); err == nil {
		t.Fatal("a checkpoint into a folder that does not exist succeeds")
	}
	if got := ids(e, Query{Text: "rna"}); len(got) == 0 || got[0] != "rna" {
		t.Errorf("after a failed checkpoint: %q", got)
	}
	if err := e.Apply([]Document{{Kind: Dataset, ID: "new", Title: "nouveauté"}}, nil); err != nil {
		t.Fatal(err)
	}
	if got := ids(e, Query{Text: "nouveaute"}); len(got) != 1 {
		t.Errorf("after a failed checkpoint, a change: %q", got)
	}
}

// Searches, changes and checkpoints go on at once; a document applied is seen by the next search.
func TestConcurrency(t *testing.T) {
	e := newEngine(t, library()...)
	stop := make(chan struct{})
	var readers, checkpoints sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				result := e.Search(Query{Kind: Dataset, Text: "budget commune", Limit: 60, Highlight: true, Facets: []Facet{{Field: "tag"}}})
				if result.Total < 40 {
					t.Errorf("only %d documents are found while others change", result.Total)
					return
				}
				e.Suggest(SuggestQuery{Kinds: []Kind{Dataset, Organization}, Text: "sir", Limit: 5})
			}
		})
	}
	checkpoints.Go(func() {
		for i := range int64(8) {
			if err := e.Checkpoint(i); err != nil {
				t.Error(err)
			}
		}
	})
	random := rand.New(rand.NewPCG(7, 7))
	for i := range 150 {
		word := fmt.Sprintf("mot%d", i)
		upserts := []Document{{Kind: Dataset, ID: "changing", Title: word}, randomDocument(random)}
		if err := e.Apply(upserts, []Ref{{Dataset, fmt.Sprint(random.IntN(150))}}); err != nil {
			t.Fatal(err)
		}
		if got := ids(e, Query{Text: word}); len(got) != 1 || got[0] != "changing" {
			t.Fatalf("right after being applied, %s finds %q", word, got)
		}
		if got := ids(e, Query{Text: fmt.Sprintf("mot%d", i-1)}); len(got) > 0 && got[0] == "changing" && e.Search(Query{Kind: Dataset, Text: word, Limit: 1}).Total != 1 {
			t.Fatalf("the older version is found as well: %q", got)
		}
	}
	checkpoints.Wait()
	close(stop)
	readers.Wait()
	if err := e.Checkpoint(99); err != nil {
		t.Fatal(err)
	}
	opened, err := Open(e.path)
	if err != nil {
		t.Fatal(err)
	}
	sameAnswers(t, "after changes during checkpoints", questions(opened), questions(e))
}

func TestCloseForgets(t *testing.T) {
	e := newEngine(t, library()...)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ids(e, Query{Text: "rna"}); len(got) != 0 {
		t.Errorf("after Close: %q", got)
	}
}
