package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path"
	"strings"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/harvest"
)

// resultOf is the result of a recorded reply of an action.
func (p *realPortals) resultOf(name string) json.RawMessage {
	p.t.Helper()
	text, err := os.ReadFile(backendFiles + "ckan/testdata/" + name)
	var reply struct{ Result json.RawMessage }
	if err == nil {
		err = json.Unmarshal(text, &reply)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return reply.Result
}

// actions answers the action API of a portal: its search where packages are given,
// else names and the packages of files.
func (p *realPortals) actions(packages []json.RawMessage, files map[string]string) {
	p.answer = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		say := func(result any) {
			if err := json.NewEncoder(w).Encode(map[string]any{"success": true, "result": result}); err != nil {
				p.t.Error(err)
			}
		}
		switch action := path.Base(r.URL.Path); {
		case action == "package_search" && packages != nil:
			say(map[string]any{"count": len(packages), "results": packages})
		case action == "package_list":
			var names []string
			for name := range files {
				names = append(names, name)
			}
			say(names)
		case action == "package_show":
			say(p.resultOf(files[r.URL.Query().Get("id")]))
		default:
			http.NotFound(w, r)
		}
	}
}

// TestRealActionPortals harvests portals of CKAN and DKAN.
func TestRealActionPortals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newRealPortals(t, d)
		one, two := p.resultOf("ckan-dataset-1.json"), p.resultOf("ckan-dataset-2.json")
		p.actions([]json.RawMessage{one, two}, nil)
		src := p.accepted("ckan", "/", harvest.Config{})
		h := p.runs(src, 0)
		h.ended("done done:2")
		remote := map[string]string{} // by name
		for _, raw := range []json.RawMessage{one, two} {
			var known struct{ ID, Name, Title string }
			if err := json.Unmarshal(raw, &known); err != nil {
				t.Fatal(err)
			}
			remote[known.Name] = known.ID
			h.says(known.ID, want{"title": known.Title, "slug": known.Name, "harvest.backend": "CKAN", "harvest.remote_id": known.ID})
		}
		first, second := remote["dataset-1"], remote["dataset-2"]
		h.says(first, want{"resources.#": 3})
		h.resource(first, "Resource 1", want{"format": "csv", "mime": "text/csv", "filetype": "remote", "type": "main"})
		h.resource(first, "adur.csv", want{"type": "main"}) // named by its file
		h.says(second, want{"resources.#": 1, "spatial.geom.type": "MultiPolygon"})
		before := dig(h.datasets[first], "resources")
		again := p.runs(src, 0)
		again.ended("done done:2")
		for i := range 3 {
			if id := fmt.Sprintf("%d.id", i); dig(before, id) != dig(again.datasets[first], "resources."+id) {
				t.Errorf("resource %d has another identifier", i)
			}
		}

		p.actions(nil, map[string]string{"french": "dkan-french-w-license.json"})
		h = p.runs(p.accepted("dkan", "/", harvest.Config{}), 0)
		h.ended("done done:1")
		const kan = "04be6288-696d-4331-850d-a144871a7e3a"
		h.says(kan, want{"harvest.created_at": "2019-12-10T09:23:00+00:00", "harvest.modified_at": nil, "resources.#": 2, "private": false})
		if formats := fmt.Sprint(dig(h.datasets[kan], "resources.0.format"), dig(h.datasets[kan], "resources.1.format")); !strings.Contains(formats, "xlsx") {
			t.Errorf("the formats are %s", formats)
		}
	})
}

// TestRealOpendatasoft harvests a portal of the Search API twice.
func TestRealOpendatasoft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newRealPortals(t, d)
		names := []string{"test-a", "test-b", "test-c", "test-shp-limit"}
		p.answer = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			switch rest, ok := strings.CutPrefix(r.URL.Path, "/api/datasets/1.0/"); {
			case !ok:
				http.NotFound(w, r)
			case rest == "search/":
				var list []map[string]string
				for _, name := range names {
					list = append(list, map[string]string{"datasetid": name})
				}
				_ = json.NewEncoder(w).Encode(map[string]any{"nhits": len(list), "datasets": list}) // somebody listens
			default:
				p.file(w, "ods/testdata/"+strings.TrimSuffix(rest, "/")+".json")
			}
		}
		src := p.accepted("ods", "", harvest.Config{})
		h := p.runs(src, 0)
		h.ended("done done:3 skipped:1")
		h.says("test-a", want{
			"license": "fr-lo", "tags": []any{"culture", "environment", "heritage", "keyword1", "keyword2"}, "resources.#": 2, "harvest.modified_at": "2015-04-09T10:28:45+00:00",
			"frequency": "unknown", "harvest.remote_url": nil, // this machine is no place for people
		})
		h.says("test-b", want{"tags": []any{"buildings", "equipment", "housing", "keyword1", "spatial-planning", "town-planning"}, "resources.#": 7})
		h.says("test-shp-limit", want{"resources.#": 3})
		again := p.runs(src, 0)
		again.ended("done done:3 skipped:1")
		for name, dataset := range h.datasets {
			list, _ := dig(dataset, "resources").([]any)
			for i := range list {
				if id := fmt.Sprintf("resources.%d.id", i); dig(dataset, id) != dig(again.datasets[name], id) {
					t.Errorf("%s: a resource has another identifier", name)
				}
			}
		}
	})
}

// TestFoldersOfAgriculture harvests folders with two descriptors.
func TestFoldersOfAgriculture(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newRealPortals(t, d)
		p.answer = func(w http.ResponseWriter, r *http.Request) {
			name := "maaf/testdata" + path.Clean(r.URL.Path)
			if strings.HasSuffix(r.URL.Path, "/") {
				name += "/index.html"
			}
			text, err := os.ReadFile(backendFiles + name)
			if err != nil {
				http.NotFound(w, r)
				return
			}
			_, _ = w.Write([]byte(strings.ReplaceAll(string(text), "https://fichiers-publics.agriculture.test", p.server.URL)))
		}
		h := p.runs(p.accepted("maaf", "/etalab/", harvest.Config{}), 0)
		h.ended("done done:2")
		const id = "MINAGRI-ALIM-EPHY-Exemple"
		h.says(id, want{"frequency": "monthly", "license": "fr-lo"})
		for _, key := range []string{"author", "author_email", "maintainer", "maintainer_email", "Quartier", "Source", "ETL"} {
			if text, _ := dig(h.datasets[id], "extras").(map[string]any)[key].(string); text == "" {
				t.Errorf("the extra %s is missing: %v", key, dig(h.datasets[id], "extras"))
			}
		}
	})
}
