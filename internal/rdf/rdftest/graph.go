package rdftest

import (
	"io"
	"slices"
	"strings"
	"testing"

	"grenier/internal/rdf"
)

// maxTold bounds how many quads of a difference are told.
const maxTold = 20

// Read reads a document as a graph; the test fails when it cannot be read.
func Read(t testing.TB, document io.Reader, format rdf.Format, base string) *rdf.Graph {
	t.Helper()
	g := rdf.NewGraph()
	if err := rdf.Read(rdf.Source{Reader: document, Format: format, Base: base}, g.Add); err != nil {
		t.Fatalf("reading %s: %v", format, err)
	}
	return g
}

// Write writes a graph as a document.
func Write(t testing.TB, g *rdf.Graph, format rdf.Format, style rdf.Style) string {
	t.Helper()
	var document strings.Builder
	w, err := rdf.NewWriter(&document, format, style)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range g.Quads() {
		if err := w.Write(q); err != nil {
			t.Fatalf("writing %s: %v", format, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatalf("writing %s: %v", format, err)
	}
	return document.String()
}

// Same fails the test, telling the quads that differ, unless two graphs are
// isomorphic.
func Same(t testing.TB, got, want *rdf.Graph) {
	t.Helper()
	if Isomorphic(got, want) {
		return
	}
	gotLines, wantLines := lines(t, got), lines(t, want)
	t.Errorf("the graphs differ: %d quads, want %d\nonly in what came:\n%s\nonly in what is wanted:\n%s",
		got.Len(), want.Len(), beyond(gotLines, wantLines), beyond(wantLines, gotLines))
}

// lines are the quads of a graph as sorted lines of N-Quads.
func lines(t testing.TB, g *rdf.Graph) []string {
	t.Helper()
	all := strings.SplitAfter(Write(t, g, rdf.NQuads, rdf.Style{}), "\n")
	slices.Sort(all)
	return all
}

// beyond are the lines of one graph that the other lacks, the labels of blank
// nodes taken as they are.
func beyond(of, other []string) string {
	var out []string
	for _, line := range of {
		if _, found := slices.BinarySearch(other, line); !found {
			out = append(out, line)
		}
	}
	if len(out) > maxTold {
		out = append(out[:maxTold], "…\n")
	}
	return strings.Join(out, "")
}
