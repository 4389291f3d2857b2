package dcat

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"grenier/internal/catalog"
	"grenier/internal/fetch/peertest"
	"grenier/internal/rdf"
)

// validate tells what of documents the shapes of files find wrong.
func validate(t *testing.T, shapes string, documents ...*rdf.Graph) [][]string {
	t.Helper()
	args := []string{"--shapes", shapes}
	for i, g := range documents {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.nt", i))
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w, err := rdf.NewWriter(file, rdf.NTriples, rdf.Style{})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range g.Quads() {
			if err := w.Write(q); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	peer := peertest.Start(t, "shacl.mjs", args...)
	wrong := make([][]string, len(documents))
	for i, g := range documents {
		var report struct {
			Size     int
			Conforms bool
			Wrong    []string
		}
		peer.Next(&report)
		if report.Size != g.Len() || report.Conforms != (len(report.Wrong) == 0) {
			t.Fatalf("the validator read %d of %d things", report.Size, g.Len())
		}
		wrong[i] = report.Wrong
	}
	return wrong
}

// page describes datasets and the services that give them as a page of a
// catalogue.
func page(t *testing.T, datasets []catalog.Dataset, services []catalog.Dataservice) *rdf.Graph {
	t.Helper()
	g := rdf.NewGraph()
	d := NewDocument(g.Add)
	site := testSite()
	whole := Catalog{
		URI: base + "/api/1/site/catalog", Title: "Test", Description: "Test", Language: "fr", Homepage: base + "/",
		Publisher: Agent{URI: base + "/#publisher", Kind: AnOrganization, Name: "Test"}, Page: &PageOf{URI: base + "/api/1/site/catalog.nt?page=1", Total: len(datasets)},
	}
	for i := range datasets {
		record := site.Record(&datasets[i], services)
		node, err := d.Dataset(&record, site.DatasetPage(datasets[i].ID))
		if err != nil {
			t.Fatal(err)
		}
		whole.Datasets = append(whole.Datasets, node)
	}
	for i := range services {
		service := site.Service(&services[i], Served{URIs: []string{whole.Datasets[0].Value}, Tags: []string{"mobilite"}})
		node, err := d.Service(&service, "")
		if err != nil {
			t.Fatal(err)
		}
		whole.Services = append(whole.Services, node)
	}
	if err := d.Catalog(&whole); err != nil {
		t.Fatal(err)
	}
	return g
}

// TestPagesConformToDCATAP validates pages of random datasets against DCAT-AP
// 3.0.1, all of its shapes.
func TestPagesConformToDCATAP(t *testing.T) {
	drawn := rapid.Custom(drawDataset)
	var pages []*rdf.Graph
	for n := range 3 {
		var datasets []catalog.Dataset
		for i := range 40 {
			d := drawn.Example(100*n + i)
			d.ID = fmt.Sprintf("5f%022d", i)
			if d.Harvest != nil {
				d.Harvest.URI = nil
			}
			for j := range d.ContactPoints {
				d.ContactPoints[j].ID = fmt.Sprintf("5f00000000000000%04d%04d", i, j)
			}
			for j := range d.Resources {
				d.Resources[j].ID = fmt.Sprintf("00000000-0000-0000-%04d-%012d", i, j)
			}
			datasets = append(datasets, d)
		}
		services := rapid.Custom(drawServices).Example(n)
		address := "https://api.example.org/v1"
		for i := range services {
			services[i].BaseAPIURL = &address
		}
		pages = append(pages, page(t, datasets, services))
	}
	for i, wrong := range validate(t, "dcat-ap-3.0.1-SHACL.ttl", pages...) {
		if len(wrong) > 0 {
			t.Errorf("page %d:\n%s", i, strings.Join(wrong, "\n"))
		}
	}
}

// TestHighValueConforms validates a high-value dataset with its service against
// the shapes for those, which want a contact, a licence and documentation.
func TestHighValueConforms(t *testing.T) {
	d, service := highValue()
	for _, wrong := range validate(t, "dcat-ap-3.0.1-SHACL.ttl,dcat-ap-3.0.0-hvd-SHACL.ttl", page(t, []catalog.Dataset{d}, []catalog.Dataservice{service})) {
		if len(wrong) > 0 {
			t.Errorf("wrong:\n%s", strings.Join(wrong, "\n"))
		}
	}
}

// highValue is a high-value dataset described as the law wants, with a service
// that gives it.
func highValue() (catalog.Dataset, catalog.Dataservice) {
	pointer := func(s string) *string { return &s }
	contact := []catalog.ContactPoint{{Name: "Service des données", Email: pointer("donnees@example.org"), ContactForm: pointer("https://example.org/contact"), Role: roleContact}}
	d := catalog.Dataset{
		ID: "5f0000000000000000000001", Slug: "arrets", Title: "Arrêts", Description: "Les arrêts de la ville.", AccessType: "open", License: pointer("lov2"),
		Frequency: pointer("weekly"), Attributes: catalog.Attributes{Tags: []string{"hvd", "mobilite"}, Badges: []string{"hvd"}}, ContactPoints: contact,
		Resources: []catalog.Resource{{ID: "00000000-0000-0000-0000-000000000001", Title: "arrets.csv", URL: "https://example.org/arrets.csv", Format: pointer("csv")}},
	}
	service := catalog.Dataservice{
		ID: "5f00000000000000000000cc", Slug: "api-arrets", Title: "API des arrêts", Description: "Les arrêts.", BaseAPIURL: pointer("https://api.example.org/arrets"),
		MachineDocumentationURL: pointer("https://api.example.org/openapi.json"), TechnicalDocumentationURL: pointer("https://api.example.org/docs"), AccessType: "open", License: pointer("lov2"),
		Attributes: catalog.Attributes{Tags: []string{"mobilite"}, Badges: []string{"hvd"}}, ContactPoints: contact,
	}
	return d, service
}
