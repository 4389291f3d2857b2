package dcat

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	words "grenier/internal/dcat"

	"grenier/internal/harvest"
	"grenier/internal/harvest/harvesttest"
)

func TestFlat(t *testing.T) {
	got := harvestOf(t, "/udata/flat.jsonld")
	for id, tags := range map[string]string{"1": "Tag 1|Tag 2|Tag 3|Tag 4|Theme 1|Theme 2", "2": "Tag 1|Tag 2|Tag 3", "3": "Tag 1|Tag 2"} {
		d := got.dataset(t, id)
		address := "http://data.test.org/datasets/" + id
		has(t, "tags", sorted(d.Tags), tags)
		has(t, "remote URL", got.datasets[id].RemoteURL, address)
		has(t, "URI", d.Harvest.URI, address)
		has(t, "issued", d.Harvest.IssuedAt[:10], "2016-12-14")
		has(t, "modified", d.Harvest.ModifiedAt[:10], "2016-12-14")
	}
	has(t, "resources of 1", len(got.dataset(t, "1").Resources), 2)
	has(t, "resources of 2", len(got.dataset(t, "2").Resources), 2)
	has(t, "resources of 3", len(got.dataset(t, "3").Resources), 1)
}

func TestBlankNodes(t *testing.T) {
	got := harvestOf(t, "/udata/bnodes.jsonld")
	for _, r := range got.dataset(t, "1").Resources {
		if r.Title == "Resource 1-1" {
			has(t, "resource", fmt.Sprint(r.Description, r.Format, r.Mime, r.Type), "A JSON resourcejsonapplication/json")
			return
		}
	}
	t.Error("Resource 1-1 is missing")
}

func TestBlankNodesXML(t *testing.T) {
	got := harvestOf(t, "/udata/bnodes.xml")
	const ring = `[[-6,51],[10,51],[10,40],[-6,40],[-6,51]]`
	two := got.dataset(t, "2")
	for _, polygon := range []string{ring, "[[4,45],[4,46],[4,46],[4,45],[4,45]]", "[[159,-25],[159,-11],[212,-11],[212,-25],[159,-25]]"} {
		if !strings.Contains(shape(t, two), "["+polygon+"]") {
			t.Errorf("the polygon %s is not in %s", polygon, shape(t, two))
		}
	}
	has(t, "polygons of 2", strings.Count(shape(t, two), "]]]"), 4-1)
	has(t, "shape of 1", shape(t, got.dataset(t, "1")), "")
	has(t, "shape of 3", shape(t, got.dataset(t, "3")), "")
	has(t, "tags of 1", sorted(got.dataset(t, "1").Tags), "Répartition des espèces|Tag 1|Tag 2|Tag 3|Tag 4|Theme 1|inspire")
	for _, tag := range []string{"Hydrographie", "inspire"} {
		if !strings.Contains(sorted(two.Tags), tag) {
			t.Errorf("%s is not a tag of 2: %v", tag, two.Tags)
		}
	}
	if strings.Contains(sorted(got.dataset(t, "3").Tags), "inspire") {
		t.Error("3 is of INSPIRE")
	}
	// A system of coordinates is no schema of fields: it is kept aside.
	has(t, "schema of 2", two.Schema, (*harvest.Schema)(nil))
	has(t, "conformity of 2", dcatExtras(two.Extras, "conformsTo"), "[http://inspire.ec.europa.eu/glossary/SpatialReferenceSystem]")
	for title, want := range map[string]string{"Resource 2-1": "Example Schema https://example.org/schema.json", "Resource 2-2": ""} {
		for _, r := range two.Resources {
			if r.Title == title {
				said := ""
				if r.Schema != nil {
					said = r.Schema.Name + " " + r.Schema.URL
				}
				has(t, "schema of "+title, said, want)
			}
		}
	}
	s := got.services["https://data.paris2024.org/api/explore/v2.1/"]
	if s.Dataservice == nil {
		t.Fatal("the service is missing")
	}
	has(t, "service", strings.Join([]string{s.Dataservice.Title, s.Dataservice.BaseAPIURL, s.Dataservice.MachineDocumentationURL, s.RemoteURL}, " "),
		"Explore API v2 https://data.paris2024.org/api/explore/v2.1/ https://data.paris2024.org/api/explore/v2.1/swagger.json https://data.paris2024.org/api/explore/v2.1/console")
	var served []string
	for _, name := range s.Dataservice.Datasets {
		served = append(served, name[strings.LastIndexByte(name, '/')+1:])
	}
	has(t, "datasets of the service", strings.Join(served, " "), "dataset-2 dataset-3")
}

func TestCatalog(t *testing.T) {
	got := harvestOf(t, "/udata/catalog.xml")
	three := got.dataset(t, "3")
	has(t, "issued", three.Harvest.IssuedAt[:10], "2016-12-14")
	has(t, "created", three.Harvest.CreatedAt[:10], "2016-12-12")
	has(t, "frequency", three.Frequency, "daily")
	has(t, "period", *three.Temporal, harvest.Period{Start: "2016-01-01", End: "2016-12-05"})
	has(t, "access rights", dcatExtras(three.Extras, "accessRights"), "[http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/INSPIRE_Directive_Article13_1e]")
	has(t, "provenance", dcatExtras(three.Extras, "provenance"), "[Description de la provenance des données du dataset 3]")
	has(t, "tags", sorted(three.Tags), "Observation de la terre et environnement|Tag 1|Tag 2|hvd")

	one := got.dataset(t, "1")
	has(t, "description", one.Description, "<h1>h1 title</h1><h2>h2 title</h2><b>and bold text</b>")
	has(t, "contact", one.Contacts[0], harvest.Contact{Name: "Organization contact", Email: "hello@its.me", Form: "https://data.support.com", Role: "contact"})
	has(t, "frequency", one.Frequency, "")
	has(t, "licence", one.License, "[Licence Ouverte Version 1.0]")
	byTitle := map[string]harvest.Resource{}
	for _, r := range one.Resources {
		byTitle[r.Title] = r
	}
	r := byTitle["Resource 1-1"]
	has(t, "1-1", fmt.Sprint(r.Format, r.Mime, *r.Filesize, r.Harvest.IssuedAt[:10], r.Harvest.ModifiedAt[:10]), "jsonapplication/json123232018-03-122018-03-14")
	has(t, "1-2", byTitle["Resource 1-2"].Format, "json")
	has(t, "1-3", byTitle["Resource 1-3"].Type+byTitle["Resource 1-3"].Description, "other")
	has(t, "1-4", byTitle["Resource 1-4"].Type+byTitle["Resource 1-4"].Format, "api")

	two := got.dataset(t, "2")
	has(t, "licence of 2", two.License, "[Licence Ouverte Version 2.0]")
	has(t, "rights of 2-2", dcatExtras(two.Resources[1].Extras, "rights"), "[Rights on nested resource]")
	four := got.dataset(t, "4")
	has(t, "access rights of 4", dcatExtras(four.Extras, "accessRights"), "<nil>")
	has(t, "access rights of 4-1", dcatExtras(four.Resources[0].Extras, "accessRights"), "[Access right 4 Access right 4-1]")
}

func TestOtherPortals(t *testing.T) {
	d := harvestOf(t, "/udata/evian.json").dataset(t, "https://www.arcgis.com/home/item.html?id=f6565516d1354383b25793e630cf3f2b&sublayer=5")
	has(t, "box", shape(t, d), `{"type":"MultiPolygon","coordinates":[[[[6.5735,46.3912],[6.6069,46.3912],[6.6069,46.4028],[6.5735,46.4028],[6.5735,46.3912]]]]}`)

	got := harvestOf(t, "/udata/udata.xml")
	const vanves = "https://vanves-seineouest.opendatasoft.com/explore/dataset/bureau-de-vote-vanves/"
	d = got.dataset(t, vanves)
	has(t, "title and resources", fmt.Sprint(d.Title, " ", len(d.Resources)), "Bureaux de vote - Vanves 4")
	has(t, "addresses", got.datasets[vanves].RemoteURL+" "+d.Harvest.URI, vanves+" "+vanves)
	has(t, "dates", d.Harvest.IssuedAt+" "+d.Harvest.ModifiedAt, "2019-04-19T12:21:56Z 2019-04-19T12:21:56Z")
	for _, s := range got.services {
		has(t, "service issued", s.Dataservice.Harvest.IssuedAt, "2024-07-12T00:03:38.764Z")
		for id := range got.datasets {
			if !strings.Contains(strings.Join(s.Dataservice.Datasets, " "), id) {
				t.Errorf("the service does not give %s", id)
			}
		}
	}

	d = harvestOf(t, "/udata/datara--5a26b0f6-0ccf-46ad-ac58-734054b91977.rdf.xml").dataset(t, "https://catalogue.open-datara.fr/geonetwork/srv/5a26b0f6-0ccf-46ad-ac58-734054b91977")
	has(t, "contacts", len(d.Contacts), 2)
	has(t, "first contact", d.Contacts[0], harvest.Contact{Name: "IGN", Email: "sav.bd@ign.fr", Role: "rightsHolder"})
	if c := d.Contacts[1]; c.Role != "user" || c.Email != "sig.dreal-ara@developpement-durable.gouv.fr" || !strings.HasPrefix(c.Name, "Administrateur de Données (Direction Régionale ") {
		t.Errorf("the second contact is %+v", c)
	}

	got = harvestOf(t, "/udata/sig.oreme.rdf")
	const id = "0437a976-cff1-4fa6-807a-c23006df2f8f"
	d = got.dataset(t, id)
	has(t, "frequency", d.Frequency, "irregular")
	for _, tag := range []string{"GRAVI", "geodesy"} {
		if !strings.Contains(strings.ToLower(sorted(d.Tags)), strings.ToLower(tag)[:4]) {
			t.Errorf("%s is not among %v", tag, d.Tags)
		}
	}
	if !strings.HasPrefix(d.Description, "Data from the 'National network") || got.datasets[id].RemoteURL != d.Harvest.URI || !strings.HasSuffix(d.Harvest.URI, "/metadata//datasets/"+id) {
		t.Errorf("it says %.60s, of %s and %s", d.Description, got.datasets[id].RemoteURL, d.Harvest.URI)
	}

	got = harvestOf(t, "/capatlantique.xml")
	d = got.dataset(t, "https://data.capatlantique.fr/explore/dataset/264400516_arretes_ccas_guerande/")
	has(t, "title", d.Title, "Arrêtés du CCAS de Guérande")
	has(t, "rights", dcatExtras(d.Extras, "rights"), "[https://www.etalab.gouv.fr/wp-content/uploads/2017/04/ETALAB-Licence-Ouverte-v2.0.pdf]")
	has(t, "format", d.Resources[0].Format+" "+d.Resources[0].Mime, "csv text/csv")
	has(t, "high value", sorted(harvestOf(t, "/dcat-ap/example-ms_catalogue_hvd.ttl").dataset(t, "https://data.exampleMS.gov/id/dataset/1T2p3o4B").Tags), "hvd")
}

// Broken documents end, and give what is whole in them.
func TestPoison(t *testing.T) {
	title := func(text string) func(*testing.T, told) {
		return func(t *testing.T, got told) {
			t.Helper()
			if got.err != nil || len(got.datasets) != 1 {
				t.Fatalf("%d datasets, %v", len(got.datasets), got.err)
			}
			for _, l := range got.datasets {
				has(t, "title", l.Dataset.Title, text)
			}
		}
	}
	fails := func(text string, datasets int) func(*testing.T, told) {
		return func(t *testing.T, got told) {
			t.Helper()
			if got.err == nil || !strings.Contains(got.err.Error(), text) || len(got.datasets) != datasets || got.complete {
				t.Errorf("%d datasets, complete %v, %v", len(got.datasets), got.complete, got.err)
			}
		}
	}
	for file, check := range map[string]func(*testing.T, told){
		"rdf-latin1.xml": title("Été à Nîmes"), "rdf-utf16.xml": title("Été à Nîmes"), "rdf-control-char.xml": title("badchar"), "hydra-self-loop.jsonld": title("Looping page"),
		"rdf-truncated.xml": fails("The page cannot be read", 1), "turtle-unbound-prefix.ttl": fails("line ", 0), "turtle-slash-in-local-name.ttl": fails("line ", 0),
		"jsonld-remote-context.jsonld": fails("no context is fetched", 0), "rdf-billion-laughs.xml": fails("stand for more than", 0),
		"rdf-duplicate-identifier.xml": func(t *testing.T, got told) {
			has(t, "lines with an identifier", strings.Count(fmt.Sprint(ids(got.lines)), "SAME"), 2) // the engine refuses the second
		},
		"rdf-no-identifier-no-title.xml": func(t *testing.T, got told) {
			has(t, "skipped", fmt.Sprint(len(got.skipped), got.skipped[0].Reason, "|", got.skipped[1].RemoteID, got.skipped[1].Reason), "2missing identifier|notitlemissing title on dataset")
		},
	} {
		t.Run(file, func(t *testing.T) { check(t, harvestOf(t, "/poison/"+file)) })
	}
}

func ids(lines []harvest.Line) []string {
	var all []string
	for _, l := range lines {
		all = append(all, l.RemoteID)
	}
	return all
}

// serve answers each path with what is said of it.
func serve(t *testing.T, pages map[string]func(http.ResponseWriter, *http.Request)) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func says(contentType, text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{contentType}
		_, _ = w.Write([]byte(text))
	}
}

const turtleOne = `<http://data.example.org/1> a <http://www.w3.org/ns/dcat#Dataset> ; <http://purl.org/dc/terms/identifier> "1" ; <http://purl.org/dc/terms/title> "One" .`

// How a page is written is told by its answer, by its beginning, by its ending.
func TestFormats(t *testing.T) {
	const xml = `<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Dataset xmlns:r="http://www.w3.org/ns/dcat#" xmlns:t="http://purl.org/dc/terms/"><t:identifier>1</t:identifier><t:title>One</t:title></r:Dataset></rdf:RDF>`
	const json = `{"@type":"http://www.w3.org/ns/dcat#Dataset","http://purl.org/dc/terms/identifier":"1","http://purl.org/dc/terms/title":"One"}`
	for _, c := range []struct{ name, path, media, text, fails string }{
		{"Turtle as told", "/c", "text/turtle; charset=utf-8", turtleOne, ""}, {"N3", "/c", "text/n3", turtleOne, ""},
		{"TriG", "/c", "application/trig", turtleOne, ""}, {"Turtle by its prefixes", "/c", "text/plain", "@prefix a: <http://a> .\n" + turtleOne, ""},
		{"Turtle by the ending", "/c.ttl", "application/octet-stream", "# c\n[] a <http://a> .\n" + turtleOne, ""},
		{"RDF/XML as JSON", "/c", "application/json", xml, ""}, {"RDF/XML as Turtle", "/c", "text/turtle", xml, ""}, {"RDF/XML as a text", "/c", "text/plain", xml, ""}, {"RDF/XML as XML", "/c", "text/xml", xml, ""},
		{"RDF/XML of no type", "/c", "", xml, ""}, {"JSON-LD as told", "/c", "application/ld+json", json, ""}, {"JSON-LD as XML", "/c.xml", "application/xml", json, ""}, {"JSON-LD as a text", "/c", "text/plain", "\uFEFF" + json, ""},
		{"N-Triples", "/c", "application/octet-stream", strings.ReplaceAll(strings.ReplaceAll(turtleOne, " ;", " .\n<http://data.example.org/1>"), " a ", " <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "), ""},
		{"a page for people", "/c", "text/html", "<!DOCTYPE html><html><body>Login</body></html>", `Unsupported mime type "text/html"`},
		{"a page for people as XML", "/c", "application/rdf+xml", "<html><body>Login</body></html>", `Unsupported mime type "text/html"`},
		{"a picture", "/c.ttl", "image/png", "\x89PNG", `Unsupported mime type "image/png"`}, {"who knows", "/c", "", "What is this?", "Unable to detect format from extension or mime type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, map[string]func(http.ResponseWriter, *http.Request){c.path: says(c.media, c.text)})
			got := toldBy(harvesttest.Collect(t, New(), harvesttest.Request(s, c.path)))
			if c.fails == "" && (got.err != nil || len(got.datasets) != 1) || c.fails != "" && (got.err == nil || !strings.Contains(got.err.Error(), c.fails)) {
				t.Errorf("%d datasets, %v", len(got.datasets), got.err)
			}
		})
	}
}

// Pages follow one another by a header too, relative addresses and redirects
// included, and loops end.
func TestPaging(t *testing.T) {
	page := func(link, id string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", link)
			says("text/turtle", strings.ReplaceAll(turtleOne, `"1"`, `"`+id+`"`))(w, r)
		}
	}
	s := serve(t, map[string]func(http.ResponseWriter, *http.Request){
		"/old":  func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/in/1", http.StatusFound) },
		"/in/1": page(`<../x>; rel="first", <2?a=1,2>; title="b, c"; rel="prev next"`, "1"), "/in/2": page(`</in/3>; rel=next`, "2"), "/in/3": page(`<2?a=1,2>; rel=next`, "3"),
	})
	got := toldBy(harvesttest.Collect(t, New(), harvesttest.Request(s, "/old")))
	if got.err != nil || len(got.datasets) != 3 || !got.complete || *got.datasets["3"].Page != 2 {
		t.Errorf("%v, complete %v, %v", ids(got.lines), got.complete, got.err)
	}
}

// A run that was interrupted goes on from its last checkpoint and tells the rest,
// and the services that waited.
func TestResume(t *testing.T) {
	const service = ` <http://data.example.org/s> a <http://www.w3.org/ns/dcat#DataService> ; <http://purl.org/dc/terms/identifier> "s" ; <http://purl.org/dc/terms/title> "S" ; <http://www.w3.org/ns/dcat#servesDataset> <http://data.example.org/2> .`
	first := says("text/turtle", turtleOne+service)
	s := serve(t, map[string]func(http.ResponseWriter, *http.Request){
		"/1": func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Link", "</2>; rel=next"); first(w, r) },
		"/2": says("text/turtle", strings.NewReplacer("org/1", "org/2", `"1"`, `"2"`).Replace(turtleOne)),
	})
	request := harvesttest.Request(s, "/1")
	lines, err := harvesttest.Collect(t, New(), request)
	if err != nil || !strings.Contains(fmt.Sprint(ids(lines)), "1  2  s ") {
		t.Fatalf("%q, %v", ids(lines), err)
	}
	for _, l := range lines {
		if l.T == harvest.LineCheckpoint {
			request.Cursor = l.Cursor
			break
		}
	}
	lines, err = harvesttest.Collect(t, New(), request)
	if err != nil || strings.TrimSpace(strings.Join(ids(lines), " ")) != "2  s" {
		t.Errorf("%q, %v", ids(lines), err)
	}
}

// The pages of records are below the prefix of the source where records are told.
func TestRemotePrefix(t *testing.T) {
	for _, c := range []struct{ record, want string }{
		{`[] <http://xmlns.com/foaf/0.1/primaryTopic> <http://data.example.org/1> ; <http://purl.org/dc/terms/identifier> "urn:uuid:7"^^<http://www.w3.org/2001/XMLSchema#anyURI> .`, "https://portal.example.org/r/7"},
		{`<http://data.example.org/1> <http://xmlns.com/foaf/0.1/isPrimaryTopicOf> [ <http://purl.org/dc/terms/identifier> "urn:uuid:8" ] .`, "https://portal.example.org/r/urn:uuid:8"},
		{``, "http://data.example.org/1"},
	} {
		s := serve(t, map[string]func(http.ResponseWriter, *http.Request){"/c": says("text/turtle", turtleOne+c.record)})
		request := harvesttest.Request(s, "/c")
		request.Source.Config.Extras = []harvest.Extra{{Key: "remote_url_prefix", Value: "https://portal.example.org/r/"}}
		has(t, "page", toldBy(harvesttest.Collect(t, New(), request)).datasets["1"].RemoteURL, c.want)
	}
}

func TestIsURL(t *testing.T) {
	for address, want := range map[string]bool{
		"https://data.example.org/a?b#c": true, "ftp://example.org": true, "http://192.0.2.1:8080/x": true, "http://[2001:db8::1]/": true, "http://données.example.fr/": true,
		"http://localhost:8080/a": false, "http://host/a": false, "urn:uuid:1": false, "http://example.org/a b": false, "file:///base/data": false, "": false, "http://catalogue.e2/": false,
	} {
		if isURL(address) != want {
			t.Errorf("%q: %v", address, !want)
		}
	}
}

func TestZones(t *testing.T) {
	for iri, want := range map[string]string{
		"http://publications.europa.eu/resource/authority/country/FRA": "country:fr", "http://id.insee.fr/geo/commune/35238": "fr:commune:35238", "http://id.insee.fr/geo/departement/2A": "fr:departement:2A",
		"https://sws.geonames.org/3017382/": "country:fr", "http://id.insee.fr/geo/pays/france": "country:fr", "http://publications.europa.eu/resource/authority/country/XXX": "", "http://wuEurope.com/": "",
	} {
		has(t, iri, zoneByIRI(iri), want)
	}
	for place, want := range map[words.Place]string{
		{URI: "https://data.example.org/api/1/spatial/zone/fr:commune:35238/", Identifier: "fr:commune:35238"}: "fr:commune:35238",
		{URI: "http://example.org/drom", Identifier: "country-subset:fr:drom"}:                                 "country-subset:fr:drom",
		{URI: "http://id.insee.fr/geo/commune/35238", Identifier: "35238"}:                                     "fr:commune:35238",
		{Identifier: "urn:place:1"}: "",
	} {
		has(t, place.Identifier, zoneOf(place), want)
	}
}

// Whatever a page holds, reading it ends, and datasets have identifiers and titles;
// in memory and on disk they are the same.
func FuzzPage(f *testing.F) {
	f.Add("text/turtle", turtleOne)
	f.Add("application/ld+json", `{"@type":"http://www.w3.org/ns/dcat#Dataset","http://purl.org/dc/terms/identifier":"1"}`)
	f.Fuzz(func(t *testing.T, media, text string) {
		if len(text) > 1<<12 || strings.ContainsAny(media, "\r\n") {
			return
		}
		s := httptest.NewServer(http.HandlerFunc(says(media, text)))
		defer s.Close()
		lines, _ := harvesttest.Collect(t, New(), harvesttest.Request(s, "/c"))
		for _, l := range lines {
			if l.T == harvest.LineDataset && (l.RemoteID == "" || l.Dataset.Title == "") {
				t.Errorf("%+v", l)
			}
		}
	})
}
