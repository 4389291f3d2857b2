package rdf_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"grenier/internal/rdf"
)

// catalogPage is a page of a catalogue in Turtle: many datasets as portals
// write them.
func catalogPage(datasets int) []byte {
	var b bytes.Buffer
	b.WriteString("@prefix dcat: <http://www.w3.org/ns/dcat#> .\n@prefix dct: <http://purl.org/dc/terms/> .\n" +
		"@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .\n@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n\n")
	for n := range datasets {
		fmt.Fprintf(&b, `<https://data.example.org/datasets/%[1]d> a dcat:Dataset ;
    dct:title "Équipements sportifs de la commune %[1]d"@fr ;
    dct:description """Liste des équipements sportifs.

Mise à jour \"chaque mois\"."""@fr ;
    dct:issued "2024-01-02T03:04:05"^^xsd:dateTime ;
    dcat:keyword "sport", "équipement", "commune %[1]d" ;
    dcat:contactPoint [ a vcard:Kind ; vcard:fn "Service des sports" ; vcard:hasEmail <mailto:sports@example.org> ] ;
    dcat:distribution <https://data.example.org/datasets/%[1]d#csv> .

<https://data.example.org/datasets/%[1]d#csv> a dcat:Distribution ;
    dct:title "equipements.csv" ;
    dcat:byteSize %[1]d ;
    dcat:downloadURL <https://static.example.org/files/%[1]d/equipements.csv> .

`, n)
	}
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	g := rdftestGraph(b, catalogPage(2000))
	for _, format := range []rdf.Format{rdf.Turtle, rdf.NTriples, rdf.RDFXML, rdf.JSONLD} {
		document := encode(b, g, format)
		b.Run(string(format), func(b *testing.B) {
			b.SetBytes(int64(len(document)))
			b.ReportAllocs()
			triples := 0
			for b.Loop() {
				err := rdf.Read(rdf.Source{Reader: bytes.NewReader(document), Format: format}, func(rdf.Quad) error {
					triples++
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(triples)/b.Elapsed().Seconds(), "triples/s")
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	g := rdftestGraph(b, catalogPage(2000))
	for _, format := range []rdf.Format{rdf.Turtle, rdf.NTriples, rdf.RDFXML, rdf.JSONLD} {
		b.Run(string(format), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				encodeTo(b, io.Discard, g, format)
			}
			b.ReportMetric(float64(b.N*g.Len())/b.Elapsed().Seconds(), "triples/s")
		})
	}
}

func rdftestGraph(b *testing.B, document []byte) *rdf.Graph {
	b.Helper()
	g := rdf.NewGraph()
	if err := rdf.Read(rdf.Source{Reader: bytes.NewReader(document), Format: rdf.Turtle}, g.Add); err != nil {
		b.Fatal(err)
	}
	return g
}

func encode(b *testing.B, g *rdf.Graph, format rdf.Format) []byte {
	b.Helper()
	var out bytes.Buffer
	encodeTo(b, &out, g, format)
	return out.Bytes()
}

func encodeTo(b *testing.B, out io.Writer, g *rdf.Graph, format rdf.Format) {
	b.Helper()
	w, err := rdf.NewWriter(out, format, rdf.Style{Prefixes: []rdf.Prefix{
		{Name: "dcat", IRI: "http://www.w3.org/ns/dcat#"}, {Name: "dct", IRI: "http://purl.org/dc/terms/"},
		{Name: "vcard", IRI: "http://www.w3.org/2006/vcard/ns#"}, {Name: "xsd", IRI: rdf.XSD},
	}})
	if err != nil {
		b.Fatal(err)
	}
	for _, q := range g.Quads() {
		if err := w.Write(q); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}
