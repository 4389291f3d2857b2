package search

import (
	"fmt"
	"strings"
)

// part is an unchanging index of documents of one kind, its rows in the order of their ids. It reads its bytes in
// place, from memory or from a mapped snapshot.
type part struct {
	kind Kind
	n    int
	// file keeps the snapshot mapped as long as the part is used; nil in memory.
	file *mapping

	ids, titles, descriptions, sortNames stringColumn

	words      stringColumn
	wordCounts []uint32
	wordStarts []uint64
	postings   []byte

	titleRows, titleWords     []uint32
	tagRows, tagKeys          []uint32
	acronymRows, acronymKeys  []uint32
	titleKeys, initialKeys    []uint32
	priors                    []float32
	views, reuses, followers  []int64
	flags                     []uint8
	starts, ends              []int32
	surfaces, owners          *keywordColumn
	expansions, expandedNames *keywordColumn
	surfacePriors             []float32
	// deletions are pairs of the hash of a surface word with one letter left out, and the word's number, ascending.
	deletions []uint64

	facets  map[string]*keywordColumn
	numbers map[string][]int64
}

// readPart makes a part of the sections of its kind.
func readPart(kind Kind, s sections, file *mapping) (*part, error) {
	p := &part{kind: kind, file: file, facets: map[string]*keywordColumn{}, numbers: map[string][]int64{}}
	r := sectionReader{s: s, at: kind.String() + "/"}
	p.ids = r.strings("ids", -1)
	p.n = p.ids.len()
	n := p.n
	p.titles, p.descriptions, p.sortNames = r.strings("titles", n), r.strings("descriptions", n), r.strings("sortnames", n)
	p.words = r.strings("words", -1)
	p.wordCounts = take[uint32](&r, "words.counts", p.words.len())
	p.wordStarts = take[uint64](&r, "words.starts", p.words.len()+1)
	p.postings = take[uint8](&r, "postings", -1)
	p.titleRows, p.titleWords = take[uint32](&r, "title.rows", n+1), take[uint32](&r, "title.words", -1)
	p.tagRows, p.tagKeys = take[uint32](&r, "tagkeys.rows", n+1), take[uint32](&r, "tagkeys.keys", -1)
	p.acronymRows, p.acronymKeys = take[uint32](&r, "acronymkeys.rows", n+1), take[uint32](&r, "acronymkeys.keys", -1)
	p.titleKeys, p.initialKeys = take[uint32](&r, "titlekeys", n), take[uint32](&r, "initialkeys", n)
	p.priors = take[float32](&r, "priors", n)
	p.views, p.reuses, p.followers = take[int64](&r, "views", n), take[int64](&r, "reuses", n), take[int64](&r, "followers", n)
	p.flags = take[uint8](&r, "flags", n)
	p.starts, p.ends = take[int32](&r, "starts", n), take[int32](&r, "ends", n)
	p.surfaces, p.owners = r.keywords(surfaceColumn, n), r.keywords(ownerColumn, n)
	p.expansions, p.expandedNames = r.keywords(expansionColumn, n), r.keywords(expandedColumn, n)
	for name := range s {
		if field, ok := strings.CutPrefix(name, r.at+facetPrefix); ok {
			if field, ok = strings.CutSuffix(field, ".rows"); ok {
				p.facets[field] = r.keywords(facetPrefix+field, n)
			}
		} else if field, ok := strings.CutPrefix(name, r.at+numberPrefix); ok {
			p.numbers[field] = take[int64](&r, numberPrefix+field, n)
		}
	}
	if _, ok := s[r.at+"surface.priors"]; ok {
		p.surfacePriors = take[float32](&r, "surface.priors", p.surfaces.values.len())
		p.deletions = take[uint64](&r, "surface.deletions", -1)
	}
	if r.err != nil {
		return nil, fmt.Errorf("%s index: %w", kind, r.err)
	}
	return p, nil
}

// sectionReader reads sections and keeps the first error.
type sectionReader struct {
	s   sections
	at  string
	err error
}

func (r *sectionReader) strings(name string, want int) stringColumn {
	c, err := readStrings(r.s, r.at+name, want)
	r.keep(err)
	return c
}

func (r *sectionReader) keywords(name string, n int) *keywordColumn {
	c, err := readKeywords(r.s, r.at+name, n)
	r.keep(err)
	return c
}

func (r *sectionReader) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

func take[T number](r *sectionReader, name string, want int) []T {
	list, err := numbersOf[T](r.s, r.at+name, want)
	r.keep(err)
	return list
}

// rowOf gives the row of a document.
func (p *part) rowOf(id string) (int, bool) { return p.ids.find(id) }

// open gives a cursor over the postings of a word by its number.
func (p *part) open(word int) cursor {
	return openCursor(p.postings[p.wordStarts[word]:p.wordStarts[word+1]])
}

// titleOf gives the numbers of the words of a row's title.
func (p *part) titleOf(row uint32) []uint32 {
	return p.titleWords[p.titleRows[row]:p.titleRows[row+1]]
}

func (p *part) tagsOf(row uint32) []uint32 { return p.tagKeys[p.tagRows[row]:p.tagRows[row+1]] }

func (p *part) acronymsOf(row uint32) []uint32 {
	return p.acronymKeys[p.acronymRows[row]:p.acronymRows[row+1]]
}

// complete computes what a part in memory was not given: only the parts of a snapshot carry it.
func (p *part) complete() {
	if p.surfacePriors == nil {
		p.surfacePriors = surfacePriors(p.surfaces, p.priors)
		p.deletions = deletionsOf(&p.surfaces.values)
	}
}

// surfacePriors gives for each surface word the best prior of a document that has it.
func surfacePriors(surfaces *keywordColumn, priors []float32) []float32 {
	best := make([]float32, surfaces.values.len())
	for row, prior := range priors {
		for _, word := range surfaces.of(row) {
			best[word] = max(best[word], prior)
		}
	}
	return best
}
