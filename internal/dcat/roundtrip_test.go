package dcat

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/geo"
	"grenier/internal/rdf"
	"grenier/internal/rdf/rdftest"
)

const base = "https://data.example.org"

var zones = geo.NewDirectory()

// testSite is the site of the tests.
func testSite() *Site {
	url := "https://www.etalab.gouv.fr/licence-ouverte-open-licence"
	return &Site{
		Base: base, Title: "Test", Language: "fr", Zones: zones,
		FileURL: func(address string) string {
			if strings.HasPrefix(address, "/s/") {
				return base + address
			}
			return address
		},
		Licenses: map[string]catalog.License{
			"lov2": {ID: "lov2", Title: "Licence Ouverte", URL: &url}, "other-open": {ID: "other-open", Title: "Other (Open)"},
		},
	}
}

// formats are those that documents are written and read in.
var formats = []rdf.Format{rdf.Turtle, rdf.TriG, rdf.NTriples, rdf.NQuads, rdf.RDFXML, rdf.JSONLD}

// describe is the graph of a record and of services.
func describe(t *rapid.T, record *Record, services []Service) *rdf.Graph {
	g := rdf.NewGraph()
	d := NewDocument(g.Add)
	if _, err := d.Dataset(record, ""); err != nil {
		t.Fatal(err)
	}
	listed := Catalog{URI: base + "/catalog", Title: "Test", Language: "fr", Publisher: Agent{Name: "Test"}}
	for i := range services {
		node, err := d.Service(&services[i], "")
		if err != nil {
			t.Fatal(err)
		}
		listed.Services = append(listed.Services, node)
	}
	if err := d.Catalog(&listed); err != nil {
		t.Fatal(err)
	}
	return g
}

func written(t *rapid.T, g *rdf.Graph, format rdf.Format) []byte {
	var b bytes.Buffer
	w, err := rdf.NewWriter(&b, format, Style(base))
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
	return b.Bytes()
}

func read(t *rapid.T, document []byte, format rdf.Format) *rdf.Graph {
	g := rdf.NewGraph()
	err := rdf.Read(rdf.Source{Reader: bytes.NewReader(document), Format: format, Base: base + "/doc", Context: ownContext}, g.Add)
	if err != nil {
		t.Fatalf("%s: %v\n%s", format, err, document)
	}
	return g
}

// ownContext knows the context of the site.
func ownContext(address string) *rdf.Context {
	if address == base+ContextPath {
		return Context(base)
	}
	return nil
}

// TestOutInOut describes random datasets, reads the description back through
// every format, and describes what was read: neither the records nor the graphs
// differ.
func TestOutInOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, services := drawDataset(t), drawServices(t)
		site := testSite()
		record := site.Record(&d, services)
		var served []Service
		for i := range services {
			served = append(served, site.Service(&services[i], Served{URIs: []string{record.URI}, Tags: d.Tags}))
		}
		out := describe(t, &record, served)
		want := Read(out, Reading{Language: "fr"})
		if len(want.Records) != 1 || len(want.Services) != len(served) {
			t.Fatalf("%d datasets and %d services were read", len(want.Records), len(want.Services))
		}
		if diff := difference(settled(record), settled(want.Records[0])); diff != "" {
			t.Fatalf("what was read is not what was written:\n%s", diff)
		}
		for _, format := range formats {
			document := written(t, out, format)
			in := read(t, document, format)
			if !rdftest.Isomorphic(in, out) {
				t.Fatalf("%s does not say what was written:\n%s", format, document)
			}
			got := Read(in, Reading{Language: "fr"})
			if diff := difference(settled(want.Records[0]), settled(got.Records[0])); diff != "" {
				t.Fatalf("%s: %s", format, diff)
			}
			for i := range got.Services {
				got.Services[i].ServesIDs = nil
			}
			if again := describe(t, &got.Records[0], got.Services); !rdftest.Isomorphic(again, out) {
				t.Fatalf("%s: the second description is not the first", format)
			}
		}
	})
}

// difference tells how two records differ, "" when they do not.
func difference(a, b Record) string {
	first, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		return err.Error()
	}
	second, err := json.MarshalIndent(b, "", " ")
	if err != nil {
		return err.Error()
	}
	lines, others := strings.Split(string(first), "\n"), strings.Split(string(second), "\n")
	for i := range lines {
		if i >= len(others) || lines[i] != others[i] {
			return fmt.Sprintf("line %d of\n%s\nis not that of\n%s", i+1, first, second)
		}
	}
	return ""
}

// settled puts a record in the form in which it is read: values without order
// in one order, texts and addresses as formats hold them.
func settled(r Record) Record {
	address := func(s *string) {
		iri, ok := absolute(*s)
		if *s = iri; !ok {
			*s = ""
		}
	}
	text := func(all ...*string) {
		for _, s := range all {
			*s = plain(*s)
		}
	}
	sorted := func(list []string) []string {
		list = slices.Clone(list)
		for i := range list {
			list[i] = plain(list[i])
		}
		slices.Sort(list)
		if list = slices.Compact(list); len(list) == 0 {
			return nil
		}
		return list
	}
	text(&r.Title, &r.Description, &r.Acronym, &r.Identifier)
	address(&r.LandingPage)
	r.Keywords, r.Rights = sorted(r.Keywords), sorted(r.Rights)
	r.Others = slices.Clone(r.Others)
	r.Agents = settledAgents(r.Agents)
	r.Places = slices.Clone(r.Places)
	slices.SortFunc(r.Places, func(a, b Place) int { return cmp.Compare(a.URI, b.URI) })
	r.Places = slices.Compact(r.Places)
	r.Standards = settledStandards(r.Standards)
	r.Distributions = slices.Clone(r.Distributions)
	for i := range r.Distributions {
		d := &r.Distributions[i]
		text(&d.Title, &d.Description, &d.Format, &d.MediaType)
		address(&d.DownloadURL)
		address(&d.AccessURL)
		d.Rights = sorted(d.Rights)
		if d.Standard != nil {
			d.Standard = &settledStandards([]Standard{*d.Standard})[0]
		}
		if d.Service != nil {
			service := *d.Service
			if service.URI != "" {
				service = Service{URI: service.URI}
			}
			text(&service.Title)
			address(&service.EndpointURL)
			address(&service.EndpointDescription)
			service.Rights, service.Agents = sorted(service.Rights), settledAgents(service.Agents)
			d.Service = &service
		}
	}
	slices.SortFunc(r.Distributions, func(a, b Distribution) int {
		return cmp.Or(cmp.Compare(a.URI, b.URI), cmp.Compare(a.AccessURL, b.AccessURL), cmp.Compare(a.Title, b.Title), strings.Compare(fmt.Sprint(a.Service), fmt.Sprint(b.Service)))
	})
	return r
}

func settledStandards(all []Standard) []Standard {
	all = slices.Clone(all)
	for i := range all {
		all[i].Name, all[i].Version = plain(all[i].Name), plain(all[i].Version)
		iri, _ := absolute(all[i].URI)
		all[i].URI = iri
	}
	return all
}

func settledAgents(all []Agent) []Agent {
	all = slices.Clone(all)
	for i := range all {
		a := &all[i]
		a.Name, a.Acronym = plain(a.Name), plain(a.Acronym)
		iri, _ := absolute(a.Page)
		a.Page = iri
	}
	slices.SortFunc(all, func(a, b Agent) int {
		return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Email, b.Email), cmp.Compare(a.Page, b.Page), cmp.Compare(a.URI, b.URI))
	})
	return slices.Compact(all)
}

// Generators of what the catalogue holds.

var (
	drawText    = rapid.StringOfN(rapid.RuneFrom([]rune("abcZéßñ日😀 <>&\"'\\{}|^`\n\t\r;,.:#@_-\u0001\u200b")), 1, 40, -1)
	drawWord    = rapid.StringMatching(`[a-zà-ü]{1,12}`)
	drawAddress = rapid.SampledFrom([]string{
		"https://example.org/data.csv", "http://example.org/a b?c=d&e=<f>#g", "https://example.org/é/ü?q=日本", "ftp://files.example.org/x",
		"www.example.org/no-scheme", "not an address", "https://example.org/%zz/100%", "/s/resources/file.csv", "http://", "",
		"https://geo.example.org/wms?request=GetCapabilities&service=WMS", "mailto:someone@example.org", "javascript:alert(1)",
	})
	drawMoment = rapid.Custom(func(t *rapid.T) db.Time {
		return db.TimeOf(time.UnixMicro(rapid.Int64Range(0, 1_900_000_000_000_000).Draw(t, "µs")).UTC())
	})
)

// maybe draws a value or none.
func maybe[T any](t *rapid.T, g *rapid.Generator[T], label string) *T {
	if rapid.Bool().Draw(t, "has "+label) {
		v := g.Draw(t, label)
		return &v
	}
	return nil
}

func oneOf[T any](values ...T) *rapid.Generator[T] { return rapid.SampledFrom(values) }

func drawDataset(t *rapid.T) catalog.Dataset {
	d := catalog.Dataset{
		ID: "5f0000000000000000000001", Slug: "un-jeu", Title: drawText.Draw(t, "title"), Description: drawText.Draw(t, "description"),
		Acronym: maybe(t, drawWord, "acronym"), CreatedAt: drawMoment.Draw(t, "created"), ModifiedAt: drawMoment.Draw(t, "modified"),
		AccessType: oneOf("open", "open_with_account", "restricted").Draw(t, "access"), License: maybe(t, oneOf("lov2", "other-open", "unknown"), "license"),
		SchemaName: maybe(t, drawWord, "schema"), SchemaURL: maybe(t, oneOf("https://schema.example.org/dataset", "none"), "schema url"), Owned: drawOwner(t),
		ContactPoints: drawContacts(t),
	}
	frequencies := make([]string, len(frequencyNames))
	for i, f := range frequencyNames {
		frequencies[i] = f.id
	}
	d.Frequency = maybe(t, oneOf(frequencies...), "frequency")
	if rapid.Bool().Draw(t, "restricted for a reason") {
		d.AccessTypeReasonCategory = maybe(t, oneOf("course_of_justice_or_fair_trial", "protection_of_environment"), "reason")
	}
	if d.AccessType != "restricted" {
		d.AccessTypeReasonCategory = nil
	}
	d.Tags = rapid.SliceOfNDistinct(oneOf("eau", "air", "hvd", "mobilite", "statistiques", "geospatiales"), 0, 5, rapid.ID[string]).Draw(t, "tags")
	if rapid.Bool().Draw(t, "hvd") {
		d.Badges = []string{"hvd"}
	}
	if rapid.Bool().Draw(t, "temporal") {
		start := drawMoment.Draw(t, "start").Format(time.DateOnly)
		d.TemporalStart = &start
		if rapid.Bool().Draw(t, "closed") {
			end := drawMoment.Draw(t, "end").Format(time.DateOnly)
			d.TemporalEnd = &end
		}
	}
	d.Zones = rapid.SliceOfNDistinct(oneOf("fr:commune:13055", "country:fr", "fr:region:93", "fr:unknown:1"), 0, 3, rapid.ID[string]).Draw(t, "zones")
	d.Geometry = db.JSON(oneOf("", `{"type":"MultiPolygon","coordinates":[[[[1,2],[3,2],[3,4.5],[1,2]]],[[[159,-25],[212,-11],[212,-25],[159,-25]]]]}`,
		`{"type":"Polygon","coordinates":[[[1,2],[3,2],[3,4],[1,2]]]}`, `{"type":"Point","coordinates":[1,2]}`, `{"broken`,
		`{"type":"Polygon","coordinates":[[[1,2],[3,2]]]}`).Draw(t, "geometry"))
	if rapid.Bool().Draw(t, "harvested") {
		d.Harvest = &catalog.Harvest{
			URI: maybe(t, drawAddress, "uri"), RemoteURL: maybe(t, drawAddress, "remote url"), DctIdentifier: maybe(t, drawWord, "identifier"),
			CreatedAt: drawMoment.Draw(t, "h created"), ModifiedAt: drawMoment.Draw(t, "h modified"),
		}
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "resources") {
		d.Resources = append(d.Resources, drawResource(t, i))
	}
	return d
}

func drawOwner(t *rapid.T) catalog.Owned {
	switch rapid.IntRange(0, 2).Draw(t, "owner") {
	case 1:
		return catalog.Owned{Organization: &account.OrganizationRef{ID: "5f00000000000000000000aa", Slug: "ville", Name: drawText.Draw(t, "organization"), Acronym: maybe(t, drawWord, "organization acronym")}}
	case 2:
		return catalog.Owned{Owner: &account.UserRef{ID: "5f00000000000000000000bb", Slug: "ada", FirstName: drawWord.Draw(t, "first name"), LastName: "Lovelace"}}
	}
	return catalog.Owned{}
}

func drawContacts(t *rapid.T) []catalog.ContactPoint {
	var points []catalog.ContactPoint
	for i := range rapid.IntRange(0, 3).Draw(t, "contacts") {
		points = append(points, catalog.ContactPoint{
			ID: oneOf("", fmt.Sprintf("5f00000000000000000%05d", i)).Draw(t, "contact id"), Name: drawText.Draw(t, "contact"), Email: maybe(t, oneOf("a+b@example.org", "nom.prénom@example.org", "100%25@example.org"), "email"),
			ContactForm: maybe(t, drawAddress, "form"), Role: rapid.SampledFrom(roles).Draw(t, "role").name,
		})
	}
	return points
}

func drawResource(t *rapid.T, i int) catalog.Resource {
	return catalog.Resource{
		ID: fmt.Sprintf("00000000-0000-0000-0000-%012d", i), Title: drawText.Draw(t, "resource"), Description: maybe(t, drawText, "resource description"),
		URL: drawAddress.Draw(t, "url"), Format: maybe(t, oneOf("csv", "CSV ", "shp", "wms", "ogc:wfs", "zip (csv)", "xyz"), "format"),
		Mime:     maybe(t, oneOf("text/csv", "application/vnd.ms-excel", "Text/HTML; charset=utf-8", "odd"), "mime"),
		Type:     oneOf("main", "documentation", "update", "api", "code", "other").Draw(t, "type"),
		Filesize: maybe(t, rapid.Int64Range(-1, 1<<40), "filesize"), ChecksumType: maybe(t, oneOf("sha1", "sha256", "md5", "crc"), "checksum"),
		ChecksumValue:   maybe(t, oneOf("da39a3ee5e6b4b0d3255bfef95601890afd80709", "not hex", "ABC"), "sum"),
		CreatedInternal: drawMoment.Draw(t, "r created"), ModifiedInternal: drawMoment.Draw(t, "r modified"),
		SchemaName: maybe(t, drawWord, "r schema"), SchemaVersion: maybe(t, oneOf("1.0.0"), "r version"),
		SchemaURL: maybe(t, oneOf(fmt.Sprintf("https://schema.example.org/a b/%d", i), "none"), "r schema url"),
	}
}

func drawServices(t *rapid.T) []catalog.Dataservice {
	if !rapid.Bool().Draw(t, "service") {
		return nil
	}
	return []catalog.Dataservice{{
		ID: "5f00000000000000000000cc", Slug: "une-api", Title: drawText.Draw(t, "service title"), Description: drawText.Draw(t, "service description"),
		BaseAPIURL: maybe(t, drawAddress, "base"), MachineDocumentationURL: maybe(t, drawAddress, "documentation"), TechnicalDocumentationURL: maybe(t, drawAddress, "technical"), AccessType: "open",
		CreatedAt: drawMoment.Draw(t, "s created"), ModifiedAt: drawMoment.Draw(t, "s modified"), Owned: drawOwner(t),
		License: maybe(t, oneOf("lov2", "other-open"), "s license"), Attributes: catalog.Attributes{Tags: []string{"eau"}, Badges: []string{"hvd"}},
	}}
}
