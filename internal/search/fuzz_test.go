package search

import (
	"sync"
	"testing"
	"unicode/utf8"
)

var fuzzEngine = sync.OnceValue(func() *Engine {
	e := New("unused.idx")
	documents := library()
	documents = append(documents, Document{Kind: Organization, ID: "insee", Title: "Institut national de la statistique (Insee)"})
	if err := e.Apply(documents, nil); err != nil {
		panic(err)
	}
	return e
})

// Any question is answered without panic, with hits and marks that hold together.
func FuzzSearch(f *testing.F) {
	for _, question := range []string{"", "sirene", "répertoire national des associations (RNA)", "l'école d'été", "\x00\xff", "a b c d e f g h", ".*+?[](){}", "valeurs fonci", "Île-de-France"} {
		f.Add(question, int16(0), int16(20))
	}
	f.Fuzz(func(t *testing.T, question string, offset, limit int16) {
		e := fuzzEngine()
		for _, kind := range []Kind{Dataset, Organization} {
			result := e.Search(Query{Kind: kind, Text: question, Offset: int(offset), Limit: int(limit), Highlight: true, Facets: []Facet{{Field: "tag"}}})
			if len(result.Hits) > result.Total || len(result.Hits) > max(0, int(limit)) {
				t.Fatalf("%d hits of %d, %d asked for", len(result.Hits), result.Total, limit)
			}
			for i, hit := range result.Hits {
				if i > 0 && hit.Score > result.Hits[i-1].Score || hit.Score != hit.Score {
					t.Fatalf("hit %d has the score %v after %v", i, hit.Score, result.Hits[max(0, i-1)].Score)
				}
				for _, marked := range []Marked{hit.Title, hit.Snippet} {
					if !utf8.ValidString(marked.HTML()) {
						t.Fatalf("marks cut a character of %q: %v", marked.Text, marked.Marks)
					}
				}
			}
		}
		e.Suggest(SuggestQuery{Kinds: []Kind{Dataset, Organization}, Text: question, Limit: int(limit)})
	})
}

// A damaged directory is refused or read, never a reason to fall.
func FuzzReadSections(f *testing.F) {
	var b memoryBuffer
	w := newSectionWriter(&b)
	newSortedPart(Dataset, []*Document{{Kind: Dataset, ID: "a", Title: "eau"}}).write(w)
	if err := w.finish(7); err != nil {
		f.Fatal(err)
	}
	f.Add(b.aligned())
	f.Add([]byte("GrSx"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, _, err := readSections(data)
		if err != nil {
			return
		}
		for name, section := range s {
			if len(section) > len(data) {
				t.Fatalf("section %q is larger than the file", name)
			}
		}
	})
}
