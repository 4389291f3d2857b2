package dcat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"grenier/internal/harvest"
	"grenier/internal/harvest/harvesttest"
)

// portal serves the files of a folder of testdata by their names, the address of the
// test catalogue standing for its own; it counts what it is asked.
type portal struct {
	*httptest.Server
	asked []string
	types map[string]string // media types by ending, "" for none
}

func newPortal(t *testing.T) *portal {
	t.Helper()
	p := &portal{types: map[string]string{".ttl": "text/turtle", ".n3": "text/n3", ".jsonld": "application/ld+json", ".json": "application/json", ".xml": "application/xml", ".rdf": "application/rdf+xml"}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked = append(p.asked, r.URL.String())
		name := r.URL.Path
		if page := r.URL.Query().Get("page"); page != "" {
			name = strings.Replace(name, "-1.", "-"+page+".", 1)
		}
		text, err := os.ReadFile("testdata" + path.Clean(name))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		here := p.URL + r.URL.Path
		text = []byte(strings.NewReplacer(
			"http://data.test.org/catalog.jsonld", here, "http://demo.ckan.org/catalog.ttl", here, "http://demo.ckan.org/catalog.n3", here, "http://demo.ckan.org/catalog.jsonld", here,
			`rdf:about="datasets/`, `rdf:about="http://data.test.org/datasets/`, `rdf:resource="datasets/`, `rdf:resource="http://data.test.org/datasets/`,
		).Replace(string(text)))
		w.Header().Set("Content-Type", p.types[path.Ext(name)])
		_, _ = w.Write(text)
	}))
	t.Cleanup(p.Close)
	return p
}

// told are the lines of a harvest by their kinds.
type told struct {
	lines              []harvest.Line
	datasets, services map[string]harvest.Line
	skipped            []harvest.Line
	complete           bool
	err                error
}

func toldBy(lines []harvest.Line, err error) told {
	all := told{lines: lines, err: err, datasets: map[string]harvest.Line{}, services: map[string]harvest.Line{}}
	for _, l := range lines {
		switch l.T {
		case harvest.LineDataset:
			all.datasets[l.RemoteID] = l
		case harvest.LineDataservice:
			all.services[l.RemoteID] = l
		case harvest.LineSkip:
			all.skipped = append(all.skipped, l)
		case harvest.LineEnd:
			all.complete = l.Complete
		}
	}
	return all
}

// harvestOf reads a file of testdata as a portal serves it.
func harvestOf(t *testing.T, name string) told {
	t.Helper()
	return toldBy(harvesttest.Collect(t, New(), harvesttest.Request(newPortal(t).Server, name)))
}

// dataset is the dataset of an identifier.
func (a told) dataset(t *testing.T, id string) *harvest.Dataset {
	t.Helper()
	if a.err != nil || a.datasets[id].Dataset == nil {
		t.Fatalf("dataset %s is not among %d, %v", id, len(a.datasets), a.err)
	}
	return a.datasets[id].Dataset
}

func has(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func dcatExtras(d map[string]any, name string) any {
	members, _ := d["dcat"].(map[string]any)
	return members[name]
}

func shape(t *testing.T, d *harvest.Dataset) string {
	t.Helper()
	if d.Spatial == nil || d.Spatial.Geometry == nil {
		return ""
	}
	text, err := json.Marshal(d.Spatial.Geometry)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each catalogue gives as many datasets, resources and services as it holds.
func TestCatalogues(t *testing.T) {
	for _, c := range []struct {
		file                          string
		datasets, resources, services int
	}{
		{"/udata/flat.jsonld", 3, 5, 0}, {"/udata/bnodes.jsonld", 3, 5, 0}, {"/udata/bnodes.xml", 3, 5, 1}, {"/udata/catalog.xml", 4, 9, 0},
		{"/udata/evian.json", 8, 34, 0}, {"/udata/paged-collection-1.jsonld", 4, 4, 0}, {"/udata/udata.xml", 2, 6, 1}, {"/udata/sig.oreme.rdf", 1, 1, 0},
		{"/udata/person.jsonld", 0, 0, 0}, {"/udata-history/ckan.ttl", 100, 140, 0}, {"/udata-history/ckan.n3", 100, 140, 0}, {"/udata-history/ckan.jsonld", 100, 140, 0},
		{"/ckanext-dcat/catalog.rdf", 2, 5, 0}, {"/ckanext-dcat/catalog_datasets_list.rdf", 2, 5, 0}, {"/ckanext-dcat/catalog_pod.jsonld", 0, 0, 0},
		{"/ckanext-dcat/dataset.rdf", 1, 1, 0}, {"/ckanext-dcat/dataset_afs.ttl", 1, 2, 0}, {"/ckanext-dcat/dataset_gob_es.ttl", 1, 1, 0},
		{"/ckanext-dcat/dataset_health_no_blank.ttl", 1, 0, 0}, {"/ckanext-dcat/dataset_multilingual.ttl", 1, 1, 0}, {"/ckanext-dcat/dataset_sweden.rdf", 0, 0, 0},
		{"/dcat-ap/example-ms_catalogue_hvd.ttl", 1, 1, 0}, {"/dcat-ap/example-ms_catalogue_hvd.jsonld", 1, 1, 0}, {"/capatlantique.xml", 1, 2, 1},
	} {
		t.Run(c.file, func(t *testing.T) {
			got := harvestOf(t, c.file)
			resources := 0
			for _, l := range got.datasets {
				resources += len(l.Dataset.Resources)
			}
			whole := !strings.Contains(c.file, "history") // whose second page is the first one again
			if got.err != nil || len(got.datasets) != c.datasets || resources != c.resources || len(got.services) != c.services || got.complete != whole {
				t.Errorf("%d datasets, %d resources, %d services, complete %v, %v; want %d, %d, %d", len(got.datasets), resources, len(got.services), got.complete, got.err, c.datasets, c.resources, c.services)
				for _, l := range got.skipped {
					t.Log(l.RemoteID, l.RemoteURL, l.Reason)
				}
			}
		})
	}
}

// A page that is too long for memory tells the same as one in memory.
func TestStore(t *testing.T) {
	defer func(n int) { maxInMemory = n }(maxInMemory)
	for _, file := range []string{"/udata/flat.jsonld", "/udata/bnodes.xml", "/udata/catalog.xml", "/udata/evian.json", "/udata/udata.xml", "/udata-history/ckan.ttl", "/ckanext-dcat/catalog.rdf",
		"/udata/datara--5a26b0f6-0ccf-46ad-ac58-734054b91977.rdf.xml", "/ckanext-dcat/dataset.rdf", "/udata/paged-collection-1.jsonld", "/poison/rdf-truncated.xml", "/capatlantique.xml"} {
		p := newPortal(t)
		request := harvesttest.Request(p.Server, file)
		maxInMemory = 150_000
		want, wantErr := harvesttest.Collect(t, New(), request)
		maxInMemory = 3
		got, err := harvesttest.Collect(t, New(), request)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) || len(got) != len(want) {
			t.Fatalf("%s: %d lines, %v; want %d, %v", file, len(got), err, len(want), wantErr)
		}
		for i := range want {
			if text, wanted := full(t, got[i]), full(t, want[i]); text != wanted {
				t.Errorf("%s: line %d is\n%s\nwant\n%s", file, i, text, wanted)
			}
		}
	}
}

func full(t *testing.T, l harvest.Line) string {
	t.Helper()
	text, err := json.Marshal(struct {
		harvest.Line
		D *harvest.Dataset
		S *harvest.Dataservice
	}{l, l.Dataset, l.Dataservice})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func sorted(tags []string) string {
	tags = slices.Clone(tags)
	slices.Sort(tags)
	return strings.Join(tags, "|")
}
