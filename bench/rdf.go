package main

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"grenier/internal/rdf"
)

// parseBar is how many triples are read in a second on one core, at least.
const parseBar = 150_000

// measureRDF measures the readers of linked data on a page of a catalogue, on
// one core. What they need is compared to the page itself.
func (o options) measureRDF(ctx context.Context, r *report) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, format := range []struct {
		name string
		rdf.Format
	}{{"Turtle", rdf.Turtle}, {"RDF/XML", rdf.RDFXML}, {"N-Triples", rdf.NTriples}} {
		page, triples, err := cataloguePage(format.Format)
		if err != nil {
			return err
		}
		var speeds []float64
		for range max(3, o.rounds) {
			if err := ctx.Err(); err != nil {
				return err
			}
			begin := time.Now()
			if err := readPage(page, format.Format, func(rdf.Quad) error { return nil }); err != nil {
				return err
			}
			speeds = append(speeds, float64(triples)/time.Since(begin).Seconds())
		}
		slices.Sort(speeds)
		speed := speeds[len(speeds)/2]
		held, err := heldBy(page, format.Format)
		if err != nil {
			return err
		}
		r.add("parse of "+format.name+", one core", "≥ 150,000 triples/s; memory ≤ the page",
			fmt.Sprintf("%.0f triples/s; %.1f MB for a page of %.1f MB", speed, float64(held)/1e6, float64(len(page))/1e6),
			"–", speed >= parseBar && held <= len(page))
	}
	return nil
}

func readPage(page []byte, format rdf.Format, fn func(rdf.Quad) error) error {
	return rdf.Read(rdf.Source{Reader: bytes.NewReader(page), Format: format}, fn)
}

// heldBy is the most memory that is in use while a page is read, beyond what
// was before.
func heldBy(page []byte, format rdf.Format) (int, error) {
	var m runtime.MemStats
	used := func() int {
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before, most, n := used(), 0, 0
	err := readPage(page, format, func(rdf.Quad) error {
		if n++; n%20_000 == 0 {
			most = max(most, used()-before)
		}
		return nil
	})
	return most, err
}

// cataloguePage is a page of datasets as catalogues publish them, and how many
// triples it has.
func cataloguePage(format rdf.Format) (page []byte, triples int, err error) {
	const (
		dcat, dct = "http://www.w3.org/ns/dcat#", "http://purl.org/dc/terms/"
		datasets  = 10_000
	)
	var document bytes.Buffer
	w, err := rdf.NewWriter(&document, format, rdf.Style{Prefixes: []rdf.Prefix{
		{Name: "dcat", IRI: dcat}, {Name: "dct", IRI: dct}, {Name: "rdf", IRI: rdf.RDF}}})
	if err != nil {
		return nil, 0, err
	}
	for n := range datasets {
		dataset := rdf.NewIRI(fmt.Sprintf("https://data.example.org/datasets/%d", n))
		file := rdf.NewIRI(fmt.Sprintf("https://data.example.org/datasets/%d#csv", n))
		for _, q := range []rdf.Quad{
			rdf.Triple(dataset, rdf.Type, rdf.NewIRI(dcat+"Dataset")),
			rdf.Triple(dataset, dct+"title", rdf.NewText(fmt.Sprintf("Équipements sportifs de la commune %d", n), "fr")),
			rdf.Triple(dataset, dct+"description", rdf.NewText("Liste des équipements.\n\nMise à jour « chaque mois ».", "fr")),
			rdf.Triple(dataset, dct+"issued", rdf.NewTyped("2024-01-02T03:04:05", rdf.XSD+"dateTime")),
			rdf.Triple(dataset, dcat+"keyword", rdf.NewString("sport")),
			rdf.Triple(dataset, dcat+"keyword", rdf.NewString(fmt.Sprint("commune ", n))),
			rdf.Triple(dataset, dcat+"distribution", file),
			rdf.Triple(file, rdf.Type, rdf.NewIRI(dcat+"Distribution")),
			rdf.Triple(file, dct+"title", rdf.NewString("equipements.csv")),
			rdf.Triple(file, dcat+"downloadURL", rdf.NewIRI(fmt.Sprintf("https://static.example.org/%d/equipements.csv", n))),
		} {
			triples++
			if err := w.Write(q); err != nil {
				return nil, 0, err
			}
		}
	}
	err = w.Close()
	return document.Bytes(), triples, err
}
