package search

import (
	"html"
	"strings"
)

// MaxWindow bounds Offset + Limit of a query: hits beyond it are never returned, though they are counted.
const MaxWindow = 10_000

// MaxBuckets is the largest number of buckets of a facet.
const MaxBuckets = 50

// Query asks for documents of one kind.
type Query struct {
	Kind Kind
	// Text is what the person typed, of any length and content. Empty text matches everything.
	Text string
	// Filters, Ranges, Featured, Archived and Coverage must all hold.
	Filters []Filter
	Ranges  []Range
	// Featured and Archived keep the documents with that value; nil keeps both.
	Featured, Archived *bool
	// Coverage keeps the documents whose temporal coverage contains this one (yyyymmdd numbers, both needed).
	Coverage *Coverage
	// Sort orders the hits; the zero value is by relevance. Equal documents are ordered by relevance, then by id.
	Sort Sort
	// Offset and Limit cut the page out of the ordered hits.
	Offset, Limit int
	// Facets are counted over the documents that match the text and all filters except the facet's own.
	Facets []Facet
	// Highlight asks for the title and a piece of the description with the found words marked.
	Highlight bool
}

// Filter keeps the documents which have one of the values in the column Field, or with All every one of them.
// Without values it keeps everything.
type Filter struct {
	Field  string
	Values []string
	All    bool
}

// Range keeps the documents whose number Field lies between Min and Max, both included. A nil bound is open.
type Range struct {
	Field    string
	Min, Max *int64
}

// Coverage is a period: first and last day as yyyymmdd numbers.
type Coverage struct{ Start, End int32 }

// Sort is the column to sort by: a name of Document.Numbers, or "name".
type Sort struct {
	Field      string
	Descending bool
}

// Facet asks for the counts of the values of a column.
type Facet struct {
	// Field is the column counted: a keyword column, or a number column when Ranges is given.
	Field string
	// Own is the filter or range field which this facet leaves out; empty means Field.
	Own string
	// Ranges makes one bucket per range, in the order given, whatever its count.
	Ranges []NamedRange
	// Limit is the largest number of buckets, at most MaxBuckets; 0 means MaxBuckets.
	Limit int
}

// NamedRange is one bucket of a facet over numbers. A nil bound is open.
type NamedRange struct {
	Name     string
	Min, Max *int64
}

// Result is the answer to a Query.
type Result struct {
	// Total counts every match, also those outside the page.
	Total int
	Hits  []Hit
	// Facets answer Query.Facets, in the same order.
	Facets []FacetCounts
	// DidYouMean is the text the person probably meant, empty when the question seems right as it is. The hits of
	// that text are already part of the answer.
	DidYouMean string
}

// Hit is one document found.
type Hit struct {
	Kind  Kind
	ID    string
	Score float64
	// Title is always filled; Snippet only when highlighting was asked for.
	Title   Marked
	Snippet Marked
}

// FacetCounts are the counted values of one column.
type FacetCounts struct {
	Field string
	// All is the number of matches when the facet's own filter is left out.
	All     int
	Buckets []Bucket
}

// Bucket is one value and its number of matches.
type Bucket struct {
	Value string
	Count int
}

// Marked is plain text with the found words marked.
type Marked struct {
	Text string
	// Marks are pairs of byte offsets into Text, ascending, not overlapping.
	Marks [][2]int
}

// HTML gives the text escaped, with the found words in mark elements.
func (m Marked) HTML() string {
	var b strings.Builder
	at := 0
	for _, mark := range m.Marks {
		b.WriteString(html.EscapeString(m.Text[at:mark[0]]))
		b.WriteString("<mark>")
		b.WriteString(html.EscapeString(m.Text[mark[0]:mark[1]]))
		b.WriteString("</mark>")
		at = mark[1]
	}
	b.WriteString(html.EscapeString(m.Text[at:]))
	return b.String()
}

// SuggestQuery asks for objects while a person is typing.
type SuggestQuery struct {
	Kinds []Kind
	// Text is what has been typed so far: its last word is taken as unfinished.
	Text  string
	Limit int
	// Filters and Archived as in Query; a filter on a column that a kind lacks keeps nothing of that kind.
	Filters  []Filter
	Archived *bool
}
