package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/web/webtest"
)

// listedObjects asks for references and gives the objects that came.
func listedObjects(t *testing.T, s *apitest.Server, references string) []map[string]any {
	t.Helper()
	answer := s.Get("/api/2/objects/?references=" + references)
	var objects []map[string]any
	if err := json.Unmarshal(answer.Body, &objects); err != nil || answer.Status != http.StatusOK {
		t.Fatalf("%s answers %d: %s", references, answer.Status, answer.Body)
	}
	return objects
}

func TestObjectsComeInTheirOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		references := []string{
			"reuse-carte-velo", "dataset-" + p.ids["open"], "organization-" + p.town, "dataservice-" + p.ids["api-compteurs"],
			"topic-" + p.ids["mobilite-douce"], "territory-fr:commune:13004", "dataset-" + p.ids["open"], "dataset-no-such-thing", "territory-fr:commune:99999", "nothing", "cat-1",
			"dataset-" + p.ids["secret"],
		}
		p.check(t, webtest.NewDocument(t, p.Tables...), ask{path: "/api/2/objects/?references=dataset-{open},topic-{mobilite-douce},cat-1"})
		objects := listedObjects(t, p.Server, strings.Join(references, ","))
		if len(objects) != len(references) {
			t.Fatalf("%d objects came for %d references", len(objects), len(references))
		}
		for i, want := range []string{p.ids["carte-velo"], p.ids["open"], p.town, p.ids["api-compteurs"], p.ids["mobilite-douce"], "fr:commune:13004", p.ids["open"]} {
			if objects[i]["id"] != want {
				t.Errorf("%s gives %v, want %s", references[i], objects[i]["id"], want)
			}
		}
		if name := objects[5]["name"]; name != "Arles" {
			t.Errorf("the territory is called %v", name)
		}
		for i, status := range []float64{404, 404, 400, 400, 404} {
			reason, _ := objects[7+i]["error"].(map[string]any)
			if reason["status"] != status || objects[7+i]["reference"] != references[7+i] {
				t.Errorf("%s gives %v, want status %v", references[7+i], objects[7+i], status)
			}
		}
	})
}

func TestObjectsTakeFewQuestions(t *testing.T) {
	s := newWorld(t, dbtest.SQLite(t))
	many := strings.TrimSuffix(strings.Repeat("dataset-"+s.public+",", 51), ",")
	if answer := s.Get("/api/2/objects/?references=" + many); answer.Status != http.StatusBadRequest || !strings.Contains(string(answer.Body), "At most 50") {
		t.Errorf("51 references answer %d: %s", answer.Status, answer.Body)
	}
	if answer := s.Get("/api/2/objects/"); answer.Status != http.StatusBadRequest || !strings.Contains(string(answer.Body), "references") {
		t.Errorf("no references answer %d: %s", answer.Status, answer.Body)
	}
	answer := s.Get("/api/2/objects/?references=dataset-" + s.public)
	if origin := answer.Header.Get("Access-Control-Allow-Origin"); origin != "*" {
		t.Errorf("pages of other sites may not read it: %q", origin)
	}
	if !strings.Contains(string(answer.Body), fmt.Sprintf(`"id":%q`, s.public)) {
		t.Errorf("the dataset is not there: %s", answer.Body)
	}
}
