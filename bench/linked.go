package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"grenier/internal/dcat"
	"grenier/internal/rdf"
)

// linkedForms are the formats that a page of the catalogue is measured in.
var linkedForms = []struct{ name, extension string }{{"Turtle", "ttl"}, {"RDF/XML", "xml"}, {"JSON-LD", "jsonld"}}

// measureLinked measures the catalogue as linked data: pages of 100 datasets
// from memory and from rows, and the whole as one stream.
func (o options) measureLinked(ctx context.Context, r *report) error {
	p, _, err := o.serve(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	var works []keptWork
	for _, form := range linkedForms {
		works = append(works, keptWork{"a catalogue page of 100 datasets as " + form.name + ", kept", "/api/1/site/catalog." + form.extension, 0.40})
	}
	if err := o.compareKept(ctx, r, p.address, works); err != nil {
		return err
	}
	for _, form := range linkedForms {
		took, err := pagesFromRows(p.address, form.extension)
		if err != nil {
			return err
		}
		r.add("the same from rows, "+form.name, "≤ 60 ms", fmt.Sprintf("%.0f ms", took), "–", took <= 60)
	}
	for _, form := range linkedForms {
		took, datasets, err := pageReadBack(p.address, form.extension)
		if err != nil {
			return err
		}
		r.add("the same read back to records, "+form.name, "every dataset", fmt.Sprintf("%.0f ms, %d datasets", took, datasets), "–", datasets == 100)
	}
	return o.measureWhole(p, r)
}

// pagesFromRows is the median time of pages that nobody asked for before, in
// milliseconds: each has a size of its own.
func pagesFromRows(address, extension string) (float64, error) {
	var times []float64
	for size := 90; size <= 110; size++ {
		began := time.Now()
		if _, err := fetch(address, fmt.Sprintf("/api/1/site/catalog.%s?page_size=%d", extension, size)); err != nil {
			return 0, err
		}
		times = append(times, time.Since(began).Seconds()*1000)
	}
	return median(times), nil
}

// pageReadBack is how long the page of a catalogue takes to become records
// again, in milliseconds, and how many datasets it holds.
func pageReadBack(address, extension string) (float64, int, error) {
	page, err := fetch(address, "/api/1/site/catalog."+extension)
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	graph := rdf.NewGraph()
	source := rdf.Source{Reader: bytes.NewReader(page), Format: rdf.Format(extension), Context: ourContext}
	if err := rdf.Read(source, graph.Add); err != nil {
		return 0, 0, err
	}
	read := dcat.Read(graph, dcat.Reading{Language: "fr", Now: began})
	return time.Since(began).Seconds() * 1000, len(read.Records), nil
}

// ourContext is the context that the pages name.
func ourContext(address string) *rdf.Context {
	base, ours := strings.CutSuffix(address, dcat.ContextPath)
	if !ours {
		return nil
	}
	return dcat.Context(base)
}

// measureWhole measures the stream of the whole catalogue.
func (o options) measureWhole(p *process, r *report) error {
	before := p.anonymous()
	p.peak.Store(0)
	_, whole, length, err := timed(p.address, "/exports/catalog.nt")
	if err != nil {
		return err
	}
	growth := max(0, p.peak.Load()-before)
	r.add("the whole catalogue as N-Triples", "≤ 60 s, memory growth ≤ 100 MB",
		fmt.Sprintf("%.1f s (%d MB), +%d MB", whole.Seconds(), length>>20, growth>>20), "–", whole <= time.Minute && growth <= 100<<20)
	return nil
}
