package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/web/webtest"
)

// written is a dataset as a client writes it.
func written(title string, more map[string]any) map[string]any {
	body := map[string]any{
		"title": title, "description": "Description de " + title, "license": "lov2", "tags": []string{"mobilite", "velo"},
		"frequency": "annual", "temporal_coverage": map[string]any{"start": "2020-01-01", "end": "2020-12-31"},
		"spatial": map[string]any{"zones": []string{"fr:commune:13055"}, "granularity": "fr:commune"},
		"resources": []any{
			map[string]any{"title": "comptages.csv", "url": "https://example.org/comptages.csv", "format": "CSV", "filetype": "remote", "type": "main"},
			map[string]any{"title": "notice.pdf", "url": "https://example.org/notice.pdf", "format": "pdf", "filetype": "remote", "type": "documentation"},
		},
	}
	for key, value := range more {
		body[key] = value
	}
	return body
}

func create(s *apitest.Server, token string, body map[string]any) (id string) {
	s.T.Helper()
	answer := s.Do(http.MethodPost, "/api/1/datasets/", body, "X-API-KEY", token)
	if answer.Status != http.StatusCreated {
		s.T.Fatalf("creation answered %d: %s", answer.Status, answer.Body)
	}
	return answer.JSON(s.T).(map[string]any)["id"].(string)
}

// dig walks a decoded answer: "data.0.id".
func dig(tree any, path string) any {
	for _, step := range strings.Split(path, ".") {
		switch node := tree.(type) {
		case map[string]any:
			tree = node[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(node) {
				return nil
			}
			tree = node[i]
		default:
			return nil
		}
	}
	return tree
}

type world struct {
	*apitest.Server
	admin, editor, stranger                          string
	organization, public, private, deleted, archived string
	editorID                                         string
}

func newWorld(t *testing.T, d *db.DB) *world {
	w := &world{Server: apitest.New(t, d)}
	_, w.admin = w.User("admin@example.org", true)
	w.editorID, w.editor = w.User("editor@example.org", false)
	_, w.stranger = w.User("stranger@example.org", false)
	w.organization = w.Organization("Ville de Valmont", account.NewMember{UserID: w.editorID, Role: account.RoleEditor})
	of := map[string]any{"organization": w.organization}
	w.public = create(w.Server, w.editor, written("Comptages vélo", of))
	w.private = create(w.Server, w.editor, written("Brouillon des comptages", map[string]any{"organization": map[string]any{"id": w.organization}, "private": true}))
	w.deleted = create(w.Server, w.editor, written("Anciens comptages", of))
	w.archived = create(w.Server, w.editor, written("Archives des comptages", map[string]any{"organization": w.organization, "archived": "2024-01-01"}))
	if answer := w.Do(http.MethodDelete, "/api/1/datasets/"+w.deleted+"/", nil, "X-API-KEY", w.editor); answer.Status != http.StatusNoContent {
		t.Fatalf("deletion answered %d: %s", answer.Status, answer.Body)
	}
	w.Index()
	return w
}

func TestDatasetReading(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		document := webtest.NewDocument(t, w.Tables...)
		resource := dig(w.Get("/api/1/datasets/"+w.public+"/").JSON(t), "resources.0.id").(string)
		for _, c := range []struct {
			path   string
			token  string
			status int
			// want maps a place in the answer to its value.
			want map[string]any
		}{
			{"/api/1/datasets/comptages-velo/", "", 200, map[string]any{
				"title": "Comptages vélo", "slug": "comptages-velo", "license": "lov2", "frequency": "annual", "private": false,
				"temporal_coverage.start": "2020-01-01", "spatial.zones.0": "fr:commune:13055", "organization.name": "Ville de Valmont",
				"organization.class": "Organization", "owner": nil, "resources.0.format": "csv", "resources.1.type": "documentation",
				"uri": apitest.Base + "/api/1/datasets/comptages-velo/", "page": apitest.Base + "/datasets/comptages-velo",
				"metrics.views": 0.0, "quality.has_open_format": true, "harvest": nil, "permissions.edit": false,
			}},
			{"/api/1/datasets/comptages-velo/", w.editor, 200, map[string]any{"permissions.edit": true, "permissions.edit_resources": true}},
			{"/api/2/datasets/" + w.public + "/", "", 200, map[string]any{
				"resources.total": 2.0, "resources.rel": "subsection", "schema": nil,
				"resources.href":           apitest.Base + "/api/2/datasets/" + w.public + "/resources/?page=1&page_size=50",
				"community_resources.href": apitest.Base + "/api/1/datasets/community_resources/?dataset=" + w.public + "&page=1&page_size=50",
			}},
			{"/api/1/datasets/" + w.private + "/", "", 404, map[string]any{"message": "Dataset not found"}},
			{"/api/1/datasets/" + w.private + "/", w.stranger, 404, nil},
			{"/api/1/datasets/" + w.private + "/", w.editor, 200, map[string]any{"private": true}},
			{"/api/1/datasets/" + w.private + "/", w.admin, 200, nil},
			{"/api/1/datasets/" + w.deleted + "/", "", 410, map[string]any{"message": "Dataset has been deleted"}},
			{"/api/1/datasets/" + w.deleted + "/", w.editor, 200, nil},
			{"/api/1/datasets/" + w.archived + "/", "", 200, map[string]any{"archived": "2024-01-01T00:00:00+00:00"}},
			{"/api/1/datasets/unknown/", "", 404, nil},
			{"/api/1/datasets/comptages-velo/", "udata_wrong", 401, map[string]any{"message": "Invalid API token"}},
			{"/api/1/datasets/", "", 200, map[string]any{"total": 1.0, "data.0.id": w.public, "next_page": nil, "page": 1.0, "page_size": 20.0}},
			{"/api/1/datasets/", w.editor, 200, map[string]any{"total": 4.0}},
			{"/api/1/datasets/", w.stranger, 200, map[string]any{"total": 1.0}},
			{"/api/1/datasets/", w.admin, 200, map[string]any{"total": 4.0}},
			{"/api/1/datasets/?archived=true", "", 401, nil},
			{"/api/1/datasets/?archived=true", w.editor, 200, map[string]any{"total": 1.0, "data.0.id": w.archived}},
			{"/api/1/datasets/?private=1&deleted=off", w.editor, 200, map[string]any{"total": 1.0, "data.0.id": w.private}},
			{"/api/1/datasets/?tag=velo&tag=mobilite", "", 200, map[string]any{"total": 1.0}},
			{"/api/1/datasets/?tag=velo&tag=absent", "", 200, map[string]any{"total": 0.0}},
			{"/api/1/datasets/?license=unknown", "", 200, map[string]any{"total": 0.0}},
			{"/api/1/datasets/?license=lov2&granularity=fr:commune&geozone=fr:commune:13055&format=csv&access_type=open", "", 200, map[string]any{"total": 1.0}},
			{"/api/1/datasets/?temporal_coverage=2019-06-01-2020-06-01", "", 200, map[string]any{"total": 1.0}},
			{"/api/1/datasets/?temporal_coverage=2020-06-01-2020-07-01", "", 200, map[string]any{"total": 0.0}},
			{"/api/1/datasets/?temporal_coverage=2020", "", 400, nil},
			{"/api/1/datasets/?organization=" + w.organization, "", 200, map[string]any{"total": 1.0}},
			{"/api/1/datasets/?organization=ville-de-valmont", "", 400, map[string]any{"message": "Organization arg must be an identifier"}},
			{"/api/1/datasets/?topic=" + db.NewID() + "&reuse=" + db.NewID() + "&dataservice=" + db.NewID(), "", 200, map[string]any{"total": 1.0}},
			{"/api/1/datasets/?followed_by=" + w.editorID, "", 200, map[string]any{"total": 0.0}},
			{"/api/1/datasets/?featured=on", "", 200, map[string]any{"total": 0.0}},
			{"/api/1/datasets/?featured=maybe", "", 400, map[string]any{"message": "Input payload validation failed"}},
			{"/api/1/datasets/?sort=-title", "", 200, nil},
			{"/api/1/datasets/?sort=colour", "", 400, map[string]any{"message": "Input payload validation failed"}},
			{"/api/1/datasets/?page=0", "", 400, nil},
			{"/api/1/datasets/?page=2", "", 404, nil},
			{"/api/1/datasets/?page_size=100000000", "", 400, nil},
			{"/api/1/datasets/?q=comptage", "", 200, map[string]any{"total": 1.0, "data.0.id": w.public}},
			{"/api/1/datasets/?q=absent", "", 200, map[string]any{"total": 0.0}},
			{"/api/2/datasets/search/?q=velos", "", 200, map[string]any{"total": 1.0, "facets.format_family.0.name": "all"}},
			{"/api/2/datasets/search/?q=velos&highlight=true", "", 200, map[string]any{"highlights." + w.public + ".title": "Comptages <mark>vélo</mark>"}},
			{"/api/2/datasets/search/?page=5", "", 200, map[string]any{"total": 1.0}},
			{"/api/2/datasets/search/?page=1000&page_size=100", "", 400, nil},
			{"/api/2/datasets/search/?temporal_coverage=nonsense", "", 400, nil},
			{"/api/2/datasets/search/?last_update_range=last_30_days", "", 200, map[string]any{"total": 1.0}},
			{"/api/2/datasets/" + w.public + "/resources/?type=documentation", "", 200, map[string]any{"total": 1.0, "page_size": 50.0}},
			{"/api/2/datasets/" + w.public + "/resources/?q=NOTICE", "", 200, map[string]any{"total": 1.0, "data.0.title": "notice.pdf"}},
			{"/api/2/datasets/" + w.private + "/resources/", "", 404, nil},
			{"/api/2/datasets/resources/" + resource + "/", "", 200, map[string]any{"dataset_id": w.public, "resource.id": resource}},
			{"/api/2/datasets/resources/not-a-uuid/", "", 404, nil},
			{"/api/2/datasets/" + w.public + "/extras/", "", 200, nil},
			{"/api/2/datasets/" + w.public + "/schemas/", "", 200, nil},
			{"/api/1/datasets/" + w.public + "/resources/" + resource + "/", "", 200, map[string]any{"id": resource}},
			{"/api/1/datasets/" + w.public + "/resources/", "", 405, nil},
			{"/api/1/datasets/community_resources/", "", 200, map[string]any{"total": 0.0}},
			{"/api/1/datasets/suggest/?q=compt", "", 200, map[string]any{"0.id": w.public}},
			{"/api/1/datasets/suggest/", "", 400, nil},
			{"/api/1/datasets/suggest/formats/?q=geo", "", 200, map[string]any{"0.text": "geojson"}},
			{"/api/1/datasets/licenses/", "", 200, map[string]any{"4.id": "lov2"}},
			{"/api/1/datasets/frequencies/?lang=en", "", 200, map[string]any{"0.id": "continuous"}},
			{"/api/1/datasets/badges/", "", 200, nil},
			{"/api/1/datasets/extensions/", "", 200, map[string]any{"0": "7z"}},
			{"/api/1/datasets/resource_types/", "", 200, map[string]any{"0.id": "main"}},
			{"/api/1/datasets/schemas/", "", 200, nil},
		} {
			var headers []string
			if c.token != "" {
				headers = []string{"X-API-KEY", c.token}
			}
			answer := w.Get(c.path, headers...)
			if answer.Status != c.status {
				t.Errorf("%s answered %d, want %d: %.200s", c.path, answer.Status, c.status, answer.Body)
				continue
			}
			tree := answer.JSON(t)
			for path, want := range c.want {
				if got := dig(tree, path); got != want {
					t.Errorf("%s: %s is %v, want %v", c.path, path, got, want)
				}
			}
			if err := document.Validate(http.MethodGet, w.Template(c.path), answer.Status, answer.Body); answer.Status == http.StatusOK && err != nil {
				t.Errorf("%s does not match its declared type: %v", c.path, err)
			}
		}
	})
}

func TestResourceLeadsToItsAddress(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	resource := dig(w.Get("/api/1/datasets/"+w.public+"/").JSON(t), "resources.0.id").(string)
	hidden := dig(w.Get("/api/1/datasets/"+w.private+"/", "X-API-KEY", w.editor).JSON(t), "resources.0.id").(string)
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		answer := w.Do(method, "/api/1/datasets/r/"+resource, nil)
		if answer.Status != http.StatusFound || answer.Header.Get("Location") != "https://example.org/comptages.csv" {
			t.Errorf("%s answered %d, Location %q", method, answer.Status, answer.Header.Get("Location"))
		}
	}
	if answer := w.Get("/api/1/datasets/r/" + hidden); answer.Status != http.StatusNotFound {
		t.Errorf("a resource of a private dataset answered %d to nobody", answer.Status)
	}
	if answer := w.Get("/api/1/datasets/r/"+hidden, "X-API-KEY", w.editor); answer.Status != http.StatusFound {
		t.Errorf("a resource of a private dataset answered %d to its editor", answer.Status)
	}
}

func TestFormerSlugRedirects(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		answer := w.Do(http.MethodPut, "/api/1/datasets/"+w.public+"/", map[string]any{"title": "Passages de vélos"}, "X-API-KEY", w.editor)
		if answer.Status != http.StatusOK || dig(answer.JSON(t), "slug") != "passages-de-velos" {
			t.Fatalf("the update answered %d: %.300s", answer.Status, answer.Body)
		}
		for path, location := range map[string]string{
			"/api/1/datasets/comptages-velo/?lang=en": "/api/1/datasets/passages-de-velos/",
			"/api/1/datasets/Passages%20de%20vélos/":  "/api/1/datasets/passages-de-velos/",
			"/api/1/datasets/passages-de-velos":       "", // the slash: absolute
		} {
			answer := w.Get(path)
			got := answer.Header.Get("Location")
			if answer.Status != http.StatusPermanentRedirect || location != "" && got != location {
				t.Errorf("%s answered %d to %q, want 308 to %q", path, answer.Status, got, location)
			}
		}
	})
}

func TestMasks(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	for _, c := range []struct{ path, mask, want string }{
		{"/api/1/datasets/" + w.public + "/", "title,organization{name}", `{"organization":{"name":"Ville de Valmont"},"title":"Comptages vélo"}`},
		{"/api/1/datasets/", "data{title}, next_page", `{"data":[{"title":"Comptages vélo"}],"next_page":null}`},
		{"/api/1/datasets/" + w.public + "/", "{resources{format},unknown}", `{"resources":[{"format":"csv"},{"format":"pdf"}]}`},
	} {
		if answer := w.Get(c.path, "x-fields", c.mask); string(answer.Body) != c.want {
			t.Errorf("%s with %s answered %s, want %s", c.path, c.mask, answer.Body, c.want)
		}
	}
	if answer := w.Get("/api/1/datasets/"+w.public+"/", "X-Fields", "title{a}"); answer.Status != http.StatusBadRequest {
		t.Errorf("a mask on a text answered %d", answer.Status)
	}
	if tree := w.Get("/api/1/datasets/"+w.public+"/", "X-Fields", "*").JSON(t).(map[string]any); tree["community_resources"] == nil {
		t.Error("the mask * does not bring community_resources")
	}
	if tree := w.Get("/api/1/datasets/" + w.public + "/").JSON(t).(map[string]any); tree["community_resources"] != nil {
		t.Error("community_resources are shown without a mask")
	}
}

func TestFullObjects(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	tree := w.Get("/api/2/datasets/"+w.public+"/", "X-Get-Datasets-Full-Objects", "True").JSON(t)
	for path, want := range map[string]any{
		"license.title": "Licence Ouverte / Open Licence version 2.0", "frequency.id": "annual", "spatial.zones.0.name": "Marseille",
		"spatial.granularity.id": "fr:commune",
	} {
		if got := dig(tree, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
}

func TestRefusedWrites(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for _, c := range []struct {
			name, method, path, token string
			body                      any
			status                    int
			place                     string
		}{
			{"nobody", "POST", "/api/1/datasets/", "", written("x", nil), 401, "message"},
			{"no title", "POST", "/api/1/datasets/", w.editor, map[string]any{"description": "d"}, 400, "errors.title.0"},
			{"blank title", "POST", "/api/1/datasets/", w.editor, map[string]any{"title": "  ", "description": "d"}, 400, "errors.title.0"},
			{"long title", "POST", "/api/1/datasets/", w.editor, map[string]any{"title": strings.Repeat("é", 351), "description": "d"}, 400, "errors.title.0"},
			{"short tag", "POST", "/api/1/datasets/", w.editor, written("x", map[string]any{"tags": "ab"}), 400, "errors.tags.0"},
			{"frequency", "POST", "/api/1/datasets/", w.editor, written("x", map[string]any{"frequency": "now"}), 400, "errors.frequency.0"},
			{"zone", "POST", "/api/1/datasets/", w.editor, written("x", map[string]any{"spatial": map[string]any{"zones": []string{"fr:commune:00000"}}}), 400, "errors.spatial"},
			{"foreign organisation", "POST", "/api/1/datasets/", w.stranger, written("x", map[string]any{"organization": w.organization}), 400, "errors.organization.0"},
			{"resource without address", "POST", "/api/1/datasets/", w.editor, written("x", map[string]any{"resources": []any{map[string]any{"title": "a"}}}), 400, "errors.resources"},
			{"no JSON", "POST", "/api/1/datasets/", w.editor, "{", 400, ""},
			{"a list", "POST", "/api/1/datasets/", w.editor, "[]", 400, "errors.request"},
			{"stranger", "PUT", "/api/1/datasets/" + w.public + "/", w.stranger, map[string]any{"title": "y"}, 403, "message"},
			{"hidden", "PUT", "/api/1/datasets/" + w.private + "/", w.stranger, map[string]any{"title": "y"}, 404, "message"},
			{"deleted", "PUT", "/api/1/datasets/" + w.deleted + "/", w.editor, map[string]any{"title": "y"}, 410, "message"},
			{"deleted twice", "DELETE", "/api/1/datasets/" + w.deleted + "/", w.editor, nil, 410, "message"},
			{"file by JSON", "POST", "/api/1/datasets/" + w.public + "/resources/", w.editor, map[string]any{"title": "a", "url": "https://example.org/", "filetype": "file"}, 400, ""},
			{"unknown organisation", "POST", "/api/1/datasets/", w.admin, written("x", map[string]any{"organization": "IDENTIFIER"}), 400, "errors.organization.0"},
			{"unknown owner", "POST", "/api/1/datasets/", w.admin, written("x", map[string]any{"owner": map[string]any{"id": db.NewID()}}), 400, "errors.owner.0"},
			{"negative size", "PUT", "/api/1/datasets/" + w.public + "/", w.editor, map[string]any{"resources": []any{map[string]any{"title": "a", "url": "https://example.org/a", "filesize": -1}}}, 400, "errors.resources"},
			{"unknown resource", "PUT", "/api/1/datasets/" + w.public + "/resources/" + db.NewUUID() + "/", w.editor, map[string]any{"title": "a"}, 404, "message"},
		} {
			var headers []string
			if c.token != "" {
				headers = []string{"X-API-KEY", c.token}
			}
			answer := w.Do(c.method, c.path, c.body, headers...)
			if answer.Status != c.status {
				t.Errorf("%s answered %d, want %d: %.300s", c.name, answer.Status, c.status, answer.Body)
			} else if c.place != "" && dig(answer.JSON(t), c.place) == nil {
				t.Errorf("%s: nothing at %s in %s", c.name, c.place, answer.Body)
			}
		}
	})
}

func TestPartialUpdates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		path := "/api/1/datasets/" + w.public + "/"
		whole := w.Get(path).JSON(t).(map[string]any)
		answer := w.Do(http.MethodPut, path, whole, "X-API-KEY", w.editor)
		if answer.Status != http.StatusOK {
			t.Fatalf("sending back what was read answered %d: %s", answer.Status, answer.Body)
		}
		again := w.Get(path).JSON(t).(map[string]any)
		for key, before := range whole {
			switch key {
			case "last_modified", "last_update", "internal":
				continue
			}
			if fmt.Sprint(again[key]) != fmt.Sprint(before) {
				t.Errorf("%s changed from %v to %v by sending back what was read", key, before, again[key])
			}
		}
		first, second := dig(whole, "resources.0.id").(string), dig(whole, "resources.1.id").(string)
		added := w.Do(http.MethodPost, path+"resources/", map[string]any{"title": "new", "url": "https://example.org/n.geojson", "format": "geojson", "filetype": "remote"}, "X-API-KEY", w.editor)
		if added.Status != http.StatusCreated {
			t.Fatalf("adding a resource answered %d: %s", added.Status, added.Body)
		}
		if got := dig(w.Get(path).JSON(t), "resources.0.id"); got != dig(added.JSON(t), "id") {
			t.Errorf("a new resource is not the first, %v is", got)
		}
		if answer := w.Do(http.MethodPut, path+"resources/"+second+"/", map[string]any{"title": "Notice"}, "X-API-KEY", w.editor); answer.Status != http.StatusOK || dig(answer.JSON(t), "format") != "pdf" {
			t.Errorf("a partial update of a resource answered %d: %s", answer.Status, answer.Body)
		}
		if answer := w.Do(http.MethodDelete, path+"resources/"+first+"/", nil, "X-API-KEY", w.editor); answer.Status != http.StatusNoContent {
			t.Errorf("removing a resource answered %d", answer.Status)
		}
		if got := w.Get("/api/1/datasets/?format=csv").JSON(t); dig(got, "total") != 0.0 {
			t.Error("the dataset is still found by a format that it no longer has")
		}
		private := w.Do(http.MethodPut, "/api/1/datasets/"+w.private+"/", map[string]any{"title": "Publié"}, "X-API-KEY", w.editor)
		if dig(private.JSON(t), "private") != false {
			t.Error("an update without private does not publish the dataset")
		}
		if answer := w.Do(http.MethodPut, "/api/1/datasets/"+w.deleted+"/", map[string]any{"deleted": nil}, "X-API-KEY", w.editor); answer.Status != http.StatusOK {
			t.Errorf("bringing back a deleted dataset answered %d", answer.Status)
		}
	})
}
