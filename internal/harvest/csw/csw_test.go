package csw

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"grenier/internal/harvest"
	"grenier/internal/harvest/harvesttest"
	"grenier/internal/text"
)

// filesAt serves a file of testdata for each position that is asked for: the first
// for position 1, and so on; it remembers the documents that asked.
func filesAt(t *testing.T, asked *[]string, files map[string]string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		document, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if asked != nil {
			*asked = append(*asked, r.Method+" "+r.Header.Get("Content-Type")+" "+string(document))
		}
		for position, name := range files {
			if strings.Contains(string(document), `startPosition="`+position+`"`) {
				body, err := os.ReadFile("testdata/" + name)
				if err != nil {
					t.Error(err)
				}
				_, _ = w.Write(body)
				return
			}
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func datasets(t *testing.T, b harvest.Backend, s *httptest.Server, path string) (map[string]harvest.Line, []harvest.Line, error) {
	t.Helper()
	lines, err := harvesttest.Collect(t, b, harvesttest.Request(s, path))
	found := map[string]harvest.Line{}
	for _, l := range lines {
		if l.T == harvest.LineDataset {
			found[l.RemoteID] = l
		}
	}
	return found, lines, err
}

func slugs(tags []string) string {
	var all []string
	for _, tag := range tags {
		all = append(all, text.Slug(tag))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

func extraOf(extras map[string]any, name string) []string {
	members, _ := extras["dcat"].(map[string]any)
	values, _ := members[name].([]string)
	return values
}

func TestGeoNetworkDCAT(t *testing.T) {
	var asked []string
	s := filesAt(t, &asked, map[string]string{"1": "geonetwork-dcat-page-1.xml", "3": "geonetwork-dcat-page-3.xml", "5": "geonetwork-dcat-page-5.xml"})
	found, _, err := datasets(t, NewDCAT(), s, "/csw")
	if err != nil || len(found) != 6 || len(asked) != 3 {
		t.Fatalf("%d datasets by %d requests, %v", len(found), len(asked), err)
	}
	d := found["https://www.geo2france.fr/insee/partmenage5ans"].Dataset
	if got := slugs(d.Tags); got != "donnee-ouverte hauts-de-france insee institut-national-de-la-statistique-et-des-etudes-economiques logement menage population" {
		t.Errorf("the tags are %s", got)
	}
	last := d.Resources[len(d.Resources)-1]
	if len(d.Resources) != 5 || d.Harvest.IssuedAt != "2020-09-22" || last.Title != "rectangles_200m_menage_erbm" || last.Format != "ogc:wms" || last.Type != "" || last.URL != "https://www.geo2france.fr/geoserver/insee/ows" {
		t.Errorf("%d resources, issued %s, %+v", len(d.Resources), d.Harvest.IssuedAt, last)
	}
	if d.Contacts[0] != (harvest.Contact{Name: "Géo2France", Email: "contact@geo2france.fr", Role: "contact"}) {
		t.Errorf("the contact is %+v", d.Contacts[0])
	}
	said := fmt.Sprint(found["0ae299e7-10d6-4290-944e-c6c62e2aeabf"].Dataset.Contacts)
	if said != "[{Odema odema@cerdd.org  contact} {Géo2France contact@geo2france.fr  contact} {Odema odema@cerdd.org  publisher} {Géo2France contact@geo2france.fr  publisher}]" {
		t.Errorf("the contacts are %s", said)
	}
}

func TestGeoNetworkISO(t *testing.T) {
	s := filesAt(t, nil, map[string]string{"1": "geonetwork-iso19139-page-1.xml", "3": "geonetwork-iso19139-page-3.xml", "5": "geonetwork-iso19139-page-5.xml"})
	found, _, err := datasets(t, NewISO(), s, "/csw")
	if err != nil || len(found) != 6 {
		t.Fatalf("%d datasets, %v", len(found), err)
	}
	d := found["http://catalogue.geo-ide.developpement-durable.gouv.fr/fr-120066022-orphan-residentifier-140d31c6-643d-42a9-85df-2737a118e144"].Dataset
	if got := slugs(d.Tags); got != "amenagement-urbanisme-zonages-planification cartigny document-durbanisme donnees-ouvertes inspire plu usage-des-sols" {
		t.Errorf("the tags are %s", got)
	}
	shape := fmt.Sprintf("%s", d.Spatial.Geometry)
	if !strings.Contains(shape, "[[3.28133559,50.48188019],[1.31279111,50.48188019],[1.31279111,49.38547516],[3.28133559,49.38547516],[3.28133559,50.48188019]]") {
		t.Errorf("it lies at %s", shape)
	}
	got := fmt.Sprint(d.Title, d.Harvest.IssuedAt, d.Harvest.CreatedAt, d.Contacts, len(extraOf(d.Extras, "rights")), len(extraOf(d.Extras, "license")), len(extraOf(d.Extras, "accessRights")))
	if got != "Plan local d'urbanisme de la commune de Cartigny2017-10-072013-03-08[{DDTM 80 (Direction Départementale des Territoires et de la Mer de la Somme) ddtm-sap-bsig@somme.gouv.fr  contact}] 6 0 0" {
		t.Errorf("it is %s", got)
	}
	if r := d.Resources[0]; len(d.Resources) != 1 || r.Title != "Téléchargement direct du lot et des documents associés" || r.Type != "" || r.Format != "mapinfo tab" {
		t.Errorf("%d resources, %+v", len(d.Resources), r)
	}
}

func TestGeoIDE(t *testing.T) {
	found, _, err := datasets(t, NewISO(), filesAt(t, nil, map[string]string{"1": "geoide-iso19139-single-dataset.xml"}), "/csw")
	if err != nil || len(found) != 1 {
		t.Fatalf("%d datasets, %v", len(found), err)
	}
	for _, l := range found {
		if l.Dataset.Title != "Plan local d'urbanisme de la commune de Combles" || len(l.Dataset.Resources) != 6 || len(l.Dataset.Rights) != 6 || !slices.Contains(l.Dataset.Tags, "inspire") ||
			!strings.Contains(strings.Join(l.Dataset.License, " "), "http://www.data.gouv.fr/Licence-Ouverte-Open-Licence") {
			t.Errorf("%s: %d resources, rights %q", l.Dataset.Title, len(l.Dataset.Resources), l.Dataset.Rights)
		}
		for _, r := range l.Dataset.Resources {
			if !slices.Equal(extraOf(r.Extras, "rights"), l.Dataset.Rights) {
				t.Errorf("%s has the rights %q", r.Title, extraOf(r.Extras, "rights"))
			}
		}
	}
	found, _, err = datasets(t, NewISO(), filesAt(t, nil, map[string]string{"1": "geoide-csw-ddt24.xml"}), "/csw")
	if err != nil || len(found) != 4 {
		t.Fatalf("%d datasets, %v", len(found), err)
	}
	for id, l := range found {
		if len(l.Dataset.Resources) != 6 {
			t.Errorf("%s has %d resources", id, len(l.Dataset.Resources))
		}
	}
}

// What is asked is what the protocol's profile of ISO metadata understands.
func TestRequest(t *testing.T) {
	for schema, request := range map[string]func() (harvest.Backend, map[string]bool){
		"http://www.w3.org/ns/dcat#":       func() (harvest.Backend, map[string]bool) { return NewDCAT(), nil },
		"http://data.europa.eu/930/":       func() (harvest.Backend, map[string]bool) { return NewDCAT(), map[string]bool{"geodcatap": true} },
		"http://www.isotc211.org/2005/gmd": func() (harvest.Backend, map[string]bool) { return NewISO(), nil },
	} {
		var asked []string
		s := filesAt(t, &asked, map[string]string{"1": "csw-comment-child.xml"})
		b, features := request()
		r := harvesttest.Request(s, "/csw")
		r.Source.Config.Features = features
		if _, err := harvesttest.Collect(t, b, r); err != nil || len(asked) != 1 {
			t.Fatalf("%q, %v", asked, err)
		}
		for _, part := range []string{
			"POST application/xml <?xml", `service="CSW" version="2.0.2" outputFormat="application/xml" resultType="results" startPosition="1" maxRecords="25" outputSchema="` + schema + `"`,
			`<csw:Query typeNames="gmd:MD_Metadata"><csw:ElementSetName>full</csw:ElementSetName><csw:Constraint version="1.1.0"><ogc:Filter><ogc:Or><ogc:PropertyIsEqualTo><ogc:PropertyName>apiso:type</ogc:PropertyName><ogc:Literal>dataset</ogc:Literal>`,
			"<ogc:PropertyName>apiso:identifier</ogc:PropertyName><ogc:SortOrder>ASC</ogc:SortOrder>",
		} {
			if !strings.Contains(asked[0], part) {
				t.Errorf("%s is not in %s", part, asked[0])
			}
		}
	}
}

func TestPoison(t *testing.T) {
	for _, c := range []struct {
		file     string
		datasets int
		fails    string
	}{
		{"csw-bad-lang-tag.xml", 2, ""}, {"csw-comment-child.xml", 1, ""}, {"csw-external-entity.xml", 1, ""}, {"csw-loop-nextrecord.xml", 1, ""}, {"csw-missing-nextrecord.xml", 1, ""},
		{"csw-exception.xml", 0, "Failed to query CSW: MissingParameterValue request: Mandatory parameter request was not specified"},
	} {
		s := filesAt(t, nil, map[string]string{"1": c.file, "2": c.file})
		found, lines, err := datasets(t, NewDCAT(), s, "/")
		failed := ""
		if err != nil {
			failed = err.Error()
		}
		if len(found) != c.datasets || (c.fails == "") != (err == nil) || !strings.Contains(failed, c.fails) || err == nil && !lines[len(lines)-1].Complete {
			t.Errorf("%s: %d datasets, %v", c.file, len(found), err)
		}
		if title := found["https://example.com/test/"]; title.Dataset != nil && title.Dataset.Title != "test" {
			t.Errorf("the title is %q", title.Dataset.Title)
		}
		if bad := found["https://example.com/item1/"]; c.file == "csw-bad-lang-tag.xml" && (bad.Dataset.Title != "invalid xml:lang" || !strings.Contains(fmt.Sprint(bad.Logs), "no language tag")) {
			t.Errorf("%q with %v", bad.Dataset.Title, bad.Logs)
		}
	}
}

// A record that is no RDF fails alone, and its source is told to administrators;
// an answer that is something else fails the job.
func TestBadRecords(t *testing.T) {
	const head = `<csw:GetRecordsResponse xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"><csw:SearchResults numberOfRecordsMatched="2" nextRecord="0">`
	const good = `<d:Dataset xmlns:d="http://www.w3.org/ns/dcat#" xmlns:t="http://purl.org/dc/terms/"><t:identifier>1</t:identifier><t:title>T</t:title></d:Dataset>`
	for _, c := range []struct{ name, body, fails string }{
		{"not RDF", head + `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:li/></rdf:RDF>` + good + `</csw:SearchResults></csw:GetRecordsResponse>`, ""},
		{"Dublin Core", head + `<csw:Record><x/></csw:Record>` + good + `</csw:SearchResults></csw:GetRecordsResponse>`, ""},
		{"no results", `<csw:GetRecordsResponse xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"/>`, "has no csw:SearchResults"},
		{"a page for people", "<!DOCTYPE html><html><br></html>", "cannot be read"}, {"no XML", "Not found", "is no XML"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, c.body) }))
		found, lines, err := datasets(t, NewDCAT(), s, "/")
		s.Close()
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		at := slices.IndexFunc(lines, func(l harvest.Line) bool { return l.T == harvest.LineError })
		if err != nil || len(found) != 1 || at < 0 || lines[at].RemoteID != "" || !strings.HasPrefix(lines[at].Details, "<") {
			t.Errorf("%s: %+v, %v", c.name, lines, err)
		}
	}
}

// Portals fail in many ways, and all that can be had of them is had.
func TestDifficultPortals(t *testing.T) {
	for _, c := range []struct {
		name    string
		options harvesttest.Options
		want    int
		lost    int
	}{
		{"a plain one", harvesttest.Options{Datasets: 60}, 60, 0}, {"one of small pages", harvesttest.Options{Datasets: 60, PageSize: 7}, 60, 0},
		{"one that does not say what is next", harvesttest.Options{Datasets: 60, NoNextRecord: true}, 60, 0}, {"one that says the same is next", harvesttest.Options{Datasets: 60, Loop: true}, 60, 0},
		{"one that takes no documents", harvesttest.Options{Datasets: 60, NoPost: true}, 60, 0}, {"one that cannot sort", harvesttest.Options{Datasets: 60, NoSort: true}, 60, 0},
		{"one with a record that breaks it", harvesttest.Options{Datasets: 60, Poison: 31}, 59, 1}, {"one whose first record breaks it", harvesttest.Options{Datasets: 30, Poison: 1}, 29, 1},
		{"one whose last record breaks it", harvesttest.Options{Datasets: 30, Poison: 30}, 29, 1}, {"one without end", harvesttest.Options{Datasets: 30, Endless: true}, 30, 0},
	} {
		for _, b := range []Backend{NewDCAT(), NewISO()} {
			t.Run(c.name+" by "+b.Describe().ID, func(t *testing.T) {
				s := httptest.NewServer(harvesttest.New(c.options))
				defer s.Close()
				found, lines, err := datasets(t, b, s, "/csw")
				lost := 0
				for _, l := range lines {
					if l.T == harvest.LineError {
						lost++
					}
				}
				if err != nil || len(found) != c.want || lost != c.lost {
					t.Errorf("%d datasets and %d lost, %v; want %d and %d", len(found), lost, err, c.want, c.lost)
				}
			})
		}
	}
}

// A run goes on from any of its checkpoints.
func TestResume(t *testing.T) {
	s := httptest.NewServer(harvesttest.New(harvesttest.Options{Datasets: 60}))
	defer s.Close()
	request := harvesttest.Request(s, "/csw")
	lines, err := harvesttest.Collect(t, NewISO(), request)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if l.T != harvest.LineCheckpoint {
			continue
		}
		request.Cursor = l.Cursor
		rest, err := harvesttest.Collect(t, NewISO(), request)
		count := 0
		for _, l := range rest {
			if l.T == harvest.LineDataset {
				count++
			}
		}
		if err != nil || l.Done+count != 60 {
			t.Errorf("%d after %d, %v", count, l.Done, err)
		}
	}
}
