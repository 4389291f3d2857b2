package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/harvest"
)

// texts are the texts of a list, sorted.
func texts(list any) string {
	var all []string
	values, _ := list.([]any)
	for _, value := range values {
		all = append(all, fmt.Sprint(value))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// contacts are names, addresses and roles of contact points, sorted.
func contacts(object any) string {
	var all []any
	points, _ := dig(object, "contact_points").([]any)
	for _, c := range points {
		all = append(all, fmt.Sprint("{", dig(c, "name"), " ", dig(c, "email"), " ", dig(c, "role"), "}"))
	}
	return texts(all)
}

// TestRealPortalsInRDF harvests what portals of other makers publish in RDF.
func TestRealPortalsInRDF(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newRealPortals(t, d)
		h, _ := p.dcat("dcat/testdata/udata/evian.json", 0)
		h.ended("done done:8")
		h.says("https://www.arcgis.com/home/item.html?id=f6565516d1354383b25793e630cf3f2b&sublayer=5", want{
			"spatial.geom": map[string]any{"type": "MultiPolygon", "coordinates": []any{[]any{[]any{
				[]any{6.5735, 46.3912}, []any{6.6069, 46.3912}, []any{6.6069, 46.4028}, []any{6.5735, 46.4028}, []any{6.5735, 46.3912},
			}}}},
		})
		h, _ = p.dcat("dcat/testdata/udata/paged-collection-1.jsonld", 0)
		h.ended("done done:4")
		h, _ = p.dcat("dcat/testdata/udata/udata.xml", 0)
		h.ended("done done:3")
		const vanves = "https://vanves-seineouest.opendatasoft.com/explore/dataset/bureau-de-vote-vanves/"
		h.says(vanves, want{
			"title": "Bureaux de vote - Vanves", "resources.#": 4, "harvest.remote_url": vanves, "harvest.uri": vanves, "harvest.remote_id": vanves,
			"harvest.issued_at": "2019-04-19T12:21:56+00:00", "harvest.modified_at": "2019-04-19T12:21:56+00:00", "created_at": "2019-04-19T12:21:56+00:00",
		})
		for remote, service := range h.services {
			h.says(remote, want{"harvest.issued_at": "2024-07-12T00:03:38.764000+00:00"})
			given := p.ask(p.admin, "GET", "/api/1/datasets/?dataservice="+fmt.Sprint(dig(service, "id")), 200, nil)
			if dig(given, "total") != 2.0 {
				t.Errorf("the service gives %v datasets", dig(given, "total"))
			}
		}
		h, _ = p.dcat("dcat/testdata/udata/datara--5a26b0f6-0ccf-46ad-ac58-734054b91977.rdf.xml", 0)
		for _, dataset := range h.datasets {
			if got := fmt.Sprint(dig(dataset, "contact_points.0.name"), " ", dig(dataset, "contact_points.0.email"), " ", dig(dataset, "contact_points.0.role"), "|", dig(dataset, "contact_points.1.name"), " ", dig(dataset, "contact_points.1.email"), " ", dig(dataset, "contact_points.1.role")); got != "IGN sav.bd@ign.fr rightsHolder|Administrateur de Données (Direction Régionale de l’Environnement de l’Aménagement et du Logement d'Auvergne-Rhône-Alpes (DREAL Auvergne-Rhône-Alpes)) sig.dreal-ara@developpement-durable.gouv.fr user" {
				t.Errorf("the contacts are %s", got)
			}
		}
		h, _ = p.dcat("dcat/testdata/udata/sig.oreme.rdf", 0)
		h.ended("done done:1")
		h.says("0437a976-cff1-4fa6-807a-c23006df2f8f", want{"frequency": "irregular", "tags+": []any{"gravi", "geodesy"}, "license": "fr-lo", "resources.#": 1})
		h, _ = p.dcat("dcat/testdata/udata-history/ckan.ttl", 0)
		resources := 0
		for _, dataset := range h.datasets {
			list, _ := dig(dataset, "resources").([]any)
			resources += len(list)
		}
		if len(h.datasets) != 100 || resources != 137 { // of 140 distributions three have the address of another
			t.Errorf("%d datasets, %d resources", len(h.datasets), resources)
		}
	})
}

// csw harvests a catalogue service whose answers at positions are files.
func (p *realPortals) csw(backend string, files map[string]string) *harvested {
	p.answer = func(w http.ResponseWriter, r *http.Request) {
		document, err := io.ReadAll(r.Body)
		if err != nil {
			p.t.Error(err)
		}
		for position, name := range files {
			if strings.Contains(string(document), `startPosition="`+position+`"`) {
				p.file(w, "csw/testdata/"+name)
				return
			}
		}
		http.NotFound(w, r)
	}
	return p.runs(p.accepted(backend, "/csw", harvest.Config{}), 0)
}

// TestRealCatalogueServices harvests catalogue services.
func TestRealCatalogueServices(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newRealPortals(t, d)
		h := p.csw("csw-dcat", map[string]string{"1": "geonetwork-dcat-page-1.xml", "3": "geonetwork-dcat-page-3.xml", "5": "geonetwork-dcat-page-5.xml"})
		h.ended("done done:6")
		const ages = "https://www.geo2france.fr/insee/partmenage5ans"
		h.says(ages, want{
			"harvest.issued_at": "2020-09-22T00:00:00+00:00", "resources.#": 5,
			"tags": []any{"donnee-ouverte", "hauts-de-france", "insee", "institut-national-de-la-statistique-et-des-etudes-economiques", "logement", "menage", "population"},
		})
		h.resource(ages, "rectangles_200m_menage_erbm", want{"format": "ogc:wms", "type": "main", "url": "https://www.geo2france.fr/geoserver/insee/ows"})
		if got := contacts(h.datasets["0ae299e7-10d6-4290-944e-c6c62e2aeabf"]); got != "{Géo2France contact@geo2france.fr contact} {Géo2France contact@geo2france.fr publisher} {Odema odema@cerdd.org contact} {Odema odema@cerdd.org publisher}" {
			t.Errorf("the contacts are %s", got)
		}
		h = p.csw("csw-iso-19139", map[string]string{"1": "geonetwork-iso19139-page-1.xml", "3": "geonetwork-iso19139-page-3.xml", "5": "geonetwork-iso19139-page-5.xml"})
		h.ended("done done:6")
		const plan = "http://catalogue.geo-ide.developpement-durable.gouv.fr/fr-120066022-orphan-residentifier-140d31c6-643d-42a9-85df-2737a118e144"
		h.says(plan, want{
			"title": "Plan local d'urbanisme de la commune de Cartigny", "harvest.issued_at": "2017-10-07T00:00:00+00:00", "harvest.created_at": "2013-03-08T00:00:00+00:00",
			"tags":                 []any{"amenagement-urbanisme-zonages-planification", "cartigny", "document-durbanisme", "donnees-ouvertes", "inspire", "plu", "usage-des-sols"},
			"extras.dcat.rights.#": 6, "extras.dcat.license": nil, "extras.dcat.accessRights": nil, "access_type": "restricted",
			"access_type_reason_category": "confidentiality_of_commercial_or_industrial_information", "resources.#": 1, "license": "notspecified",
			"spatial.geom.coordinates.0.0": []any{[]any{3.28133559, 50.48188019}, []any{1.31279111, 50.48188019}, []any{1.31279111, 49.38547516}, []any{3.28133559, 49.38547516}, []any{3.28133559, 50.48188019}},
		})
		h.resource(plan, "Téléchargement direct du lot et des documents associés", want{"type": "main", "format": "mapinfo tab"})
		if got := contacts(h.datasets[plan]); got != "{DDTM 80 (Direction Départementale des Territoires et de la Mer de la Somme) ddtm-sap-bsig@somme.gouv.fr contact}" {
			t.Errorf("the contacts are %s", got)
		}
	})
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newRealPortals(t, d)
		h := p.csw("csw-iso-19139", map[string]string{"1": "geoide-iso19139-single-dataset.xml"})
		h.ended("done done:1")
		for remote, dataset := range h.datasets {
			h.says(remote, want{"title": "Plan local d'urbanisme de la commune de Combles", "license": "fr-lo", "access_type": "open", "tags+": []any{"inspire"}, "resources.#": 6, "extras.dcat.rights.#": 6})
			rights := dig(dataset, "extras.dcat.rights")
			for i := range 6 {
				h.says(remote, want{fmt.Sprintf("resources.%d.extras.dcat.rights", i): rights})
			}
		}
	})
}

// TestPoisonedPortals harvests documents that are broken on purpose: each job ends as it
// should, and what is whole in them is there.
func TestPoisonedPortals(t *testing.T) {
	for name, wanted := range map[string]string{
		"rdf-latin1.xml": "done done:1", "rdf-utf16.xml": "done done:1", "rdf-control-char.xml": "done done:1", "hydra-self-loop.jsonld": "done done:1", "rdf-truncated.xml": "failed done:1",
		"turtle-unbound-prefix.ttl": "failed", "turtle-slash-in-local-name.ttl": "failed", "jsonld-remote-context.jsonld": "failed", "rdf-billion-laughs.xml": "failed",
		"rdf-duplicate-identifier.xml": "done-errors done:1 failed:1", "rdf-no-identifier-no-title.xml": "done skipped:2",
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := newRealPortals(t, dbtest.SQLite(t)).dcat("dcat/testdata/poison/"+name, 0)
			h.ended(wanted)
			if errors := fmt.Sprint(dig(h.job, "errors")); strings.HasPrefix(wanted, "failed") != strings.Contains(errors, "message") {
				t.Errorf("the job says %s", errors)
			}
		})
	}
	for name, wanted := range map[string]string{
		"csw-external-entity.xml": "done done:1", "csw-bad-lang-tag.xml": "done done:2", "csw-comment-child.xml": "done done:1", "csw-exception.xml": "failed",
		"csw-loop-nextrecord.xml": "done done:1", "csw-missing-nextrecord.xml": "done done:1",
	} {
		t.Run(name, func(t *testing.T) {
			h := newRealPortals(t, dbtest.SQLite(t)).csw("csw-dcat", map[string]string{"1": name, "2": name})
			h.ended(wanted)
			if name == "csw-external-entity.xml" {
				h.says("https://example.com/test/", want{"title": "test"})
			}
		})
	}
}

// recorded is an exchange with a real portal, and what the reference stored of it.
type recorded struct {
	Exchange struct {
		Request  struct{ Method, URL string }
		Response struct {
			Headers  map[string]string
			Body     string
			BodyFile string `json:"body_file"`
		}
	}
	Job struct {
		Status string
		Items  []struct {
			RemoteID string `json:"remote_id"`
			Status   string
		}
	}
	Datasets, Dataservices []map[string]any
}

// TestRecordedPortals replays exchanges with real portals and compares what they bring
// with what the reference stored.
func TestRecordedPortals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newRealPortals(t, d)
		for name, backend := range map[string]string{"capatlantique": "dcat", "geo-ide": "csw-iso-19139"} {
			raw, err := os.ReadFile("testdata/harvest/" + name + ".json")
			var r recorded
			if err == nil {
				err = json.Unmarshal(raw, &r)
			}
			if err != nil {
				t.Fatal(err)
			}
			h := p.replay(backend, &r)
			if dig(h.job, "status") != r.Job.Status {
				t.Errorf("%s: the job is %v", name, dig(h.job, "status"))
			}
			ids := map[string]string{}
			for _, stored := range r.Datasets {
				remote := dig(stored, "harvest.remote_id").(string)
				ids[fmt.Sprint(dig(stored, "id"))] = remote
				h.sameAsStored(remote, stored, backend)
			}
			for _, stored := range r.Dataservices {
				h.sameService(dig(stored, "harvest.remote_id").(string), stored, ids)
			}
			if len(h.datasets) != len(r.Datasets) || len(h.services) != len(r.Dataservices) {
				t.Errorf("%s: %d datasets and %d services", name, len(h.datasets), len(h.services))
			}
		}
	})
}

// replay harvests a portal that gives a recorded answer to the recorded request.
func (p *realPortals) replay(backend string, r *recorded) *harvested {
	p.t.Helper()
	address, err := url.Parse(r.Exchange.Request.URL)
	if err != nil {
		p.t.Fatal(err)
	}
	p.answer = func(w http.ResponseWriter, got *http.Request) {
		if got.Method != r.Exchange.Request.Method || got.URL.RequestURI() != address.RequestURI() {
			p.t.Errorf("%s %s was asked", got.Method, got.URL)
		}
		for key, value := range r.Exchange.Response.Headers {
			w.Header().Set(key, value)
		}
		body := []byte(r.Exchange.Response.Body)
		if name := r.Exchange.Response.BodyFile; name != "" {
			if body, err = os.ReadFile(path.Join(backendFiles, name)); err != nil {
				p.t.Error(err)
			}
		}
		_, _ = w.Write(body)
	}
	return p.runs(p.accepted(backend, address.RequestURI(), harvest.Config{}), 0)
}

// stored is a moment as the reference stored it, as the API writes it.
func storedMoment(text any) any {
	moment, ok := text.(string)
	if !ok {
		return nil
	}
	moment = strings.Replace(moment, " ", "T", 1)
	return moment + "+00:00"
}

func (h *harvested) sameAsStored(remote string, stored map[string]any, backend string) {
	h.t.Helper()
	issued := storedMoment(dig(stored, "harvest.created_at"))
	wanted := want{
		"title": dig(stored, "title"), "slug": dig(stored, "slug"), "private": false, "spatial.geom": dig(stored, "spatial.geom"), "harvest.backend": dig(stored, "harvest.backend"),
		"harvest.remote_url": dig(stored, "harvest.remote_url"), "harvest.uri": dig(stored, "harvest.uri"), "harvest.dct_identifier": dig(stored, "harvest.dct_identifier"),
		"harvest.modified_at": storedMoment(dig(stored, "harvest.modified_at")), "tags+": dig(stored, "tags"), "extras.dcat.provenance": dig(stored, "extras.dcat.provenance"), "created_at": issued,
	}
	resources := dig(stored, "resources").([]any)
	wanted["resources.#"] = len(resources)
	if backend == "dcat" {
		wanted["extras.dcat.license"], wanted["extras.dcat.rights"] = dig(stored, "extras.dcat.license"), dig(stored, "extras.dcat.rights")
		wanted["tags"], wanted["description"] = dig(stored, "tags"), dig(stored, "description")
	}
	h.says(remote, wanted)
	for _, r := range resources {
		member := want{"url": dig(r, "url"), "type": dig(r, "type"), "filetype": "remote", "harvest.issued_at": storedMoment(dig(r, "harvest.created_at")), "harvest.modified_at": storedMoment(dig(r, "harvest.modified_at"))}
		if dig(r, "type") == "main" {
			member["format"], member["mime"] = dig(r, "format"), dig(r, "mime")
		}
		if backend == "dcat" {
			member["extras"] = dig(r, "extras")
		}
		h.resource(remote, dig(r, "title").(string), member)
	}
}

func (h *harvested) sameService(remote string, stored map[string]any, ids map[string]string) {
	h.t.Helper()
	wanted := want{
		"harvest.remote_url": dig(stored, "harvest.remote_url"), "harvest.uri": dig(stored, "harvest.uri"), "harvest.backend": dig(stored, "harvest.backend"),
	}
	for _, member := range []string{"title", "slug", "description", "base_api_url", "machine_documentation_url", "tags"} {
		wanted[member] = dig(stored, member)
	}
	h.says(remote, wanted)
	given := fmt.Sprint(h.ask(h.admin, "GET", "/api/1/datasets/?dataservice="+fmt.Sprint(dig(h.services[remote], "id")), 200, nil))
	for _, id := range dig(stored, "datasets").([]any) {
		if here := fmt.Sprint(dig(h.datasets[ids[id.(string)]], "id")); !strings.Contains(given, here) {
			h.t.Errorf("the service does not give %s", here)
		}
	}
}
