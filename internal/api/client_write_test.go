package api_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// sending is a write as a published client sends it: the trailing slash, the
// members and the names of fields are the client's.
type sending struct {
	name, as, method, path string
	// body is sent as JSON, form as multipart. Names in angle brackets stand for
	// what an earlier answer was kept as.
	body any
	form []field
	// whole sends the object back as it was read at read (the same path when
	// empty), with body put over it.
	whole bool
	read  string
	// status is what the client waits for, want what it reads in the answer.
	status int
	want   map[string]any
	// keep names the identifier of the answer.
	keep string
}

// replay sends what a client sends, in order.
func (w *world) replay(t *testing.T, kept map[string]string, all []sending) {
	t.Helper()
	for _, c := range all {
		name := c.as + " " + c.method + " " + c.path + " " + c.name
		headers := []string{"X-API-KEY", map[string]string{"editor": w.editor, "admin": w.admin, "stranger": w.stranger}[c.as]}
		path, body := filled(c.path, kept), any(nil)
		switch {
		case c.whole:
			body = w.merged(t, filled(cmp.Or(c.read, c.path), kept), c.body, kept, headers)
		case c.form != nil:
			encoded, contentType := form(t, c.form...)
			body, headers = encoded, append(headers, "Content-Type", contentType)
		case c.body != nil:
			body = asJSON(t, c.body, kept)
		}
		answer := follow(w.Server, c.method, path, body, headers...)
		if answer.Status != c.status {
			t.Fatalf("%s answered %d, want %d: %.400s", name, answer.Status, c.status, answer.Body)
		}
		if c.keep != "" {
			kept[c.keep] = dig(answer.JSON(t), "id").(string)
		}
		for place, want := range c.want {
			if text, ok := want.(string); ok {
				want = filled(text, kept)
			}
			if got := dig(answer.JSON(t), place); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s is %v, want %v", name, place, got, want)
			}
		}
	}
}

// filled puts identifiers in the place of their names.
func filled(text string, kept map[string]string) string {
	for name, id := range kept {
		text = strings.ReplaceAll(text, "<"+name+">", id)
	}
	return text
}

// asJSON is a body with identifiers in the place of their names. Angle brackets
// are escaped in JSON.
func asJSON(t *testing.T, body any, kept map[string]string) string {
	t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(encoded))
	return filled(text, kept)
}

// merged is an object as it was read, with other members put over it.
func (w *world) merged(t *testing.T, path string, over any, kept map[string]string, headers []string) string {
	t.Helper()
	answer := follow(w.Server, http.MethodGet, path, nil, headers...)
	if answer.Status != http.StatusOK {
		t.Fatalf("reading %s answered %d: %.300s", path, answer.Status, answer.Body)
	}
	read := answer.JSON(t).(map[string]any)
	if over != nil {
		var changes map[string]any
		if err := json.Unmarshal([]byte(asJSON(t, over, kept)), &changes); err != nil {
			t.Fatal(err)
		}
		maps.Copy(read, changes)
	}
	return asJSON(t, read, nil)
}

// TestWritesOfThePythonClient are the requests of the library of data.gouv.fr.
func TestWritesOfThePythonClient(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		file := []field{fileField("essai.csv", "a;b\n1;2\n")}
		kept := map[string]string{"town": w.organization}
		w.replay(t, kept, []sending{
			{"organization", "editor", "POST", "/api/1/organizations/", object{"name": "Office", "description": "d"}, nil, false, "", 201, object{"members.0.role": "admin"}, "office"},
			{"organization", "editor", "PUT", "/api/1/organizations/<office>/", object{"acronym": "OF"}, nil, false, "", 200, object{"name": "Office", "acronym": "OF"}, ""},
			{"organization extras", "editor", "PUT", "/api/2/organizations/<office>/extras/", object{"a": 1, "b": nil}, nil, false, "", 200, object{"a": 1.0}, ""},
			{"dataset", "editor", "POST", "/api/1/datasets/", object{"title": "Jeu", "description": "d", "organization": "<office>"}, nil, false, "", 201, object{"organization.id": "<office>", "resources": []any{}}, "set"},
			{"dataset", "editor", "PUT", "/api/1/datasets/<set>/", object{"description": "e"}, nil, false, "", 200, object{"title": "Jeu", "description": "e", "organization.id": "<office>"}, ""},
			{"remote", "editor", "POST", "/api/1/datasets/<set>/resources/", object{"title": "z", "url": "https://example.org/z.csv", "filetype": "remote", "type": "main"}, nil, false, "", 201, object{"filetype": "remote"}, "remote"},
			{"static", "editor", "POST", "/api/1/datasets/<set>/upload/", nil, file, false, "", 201, object{"success": true, "title": "essai.csv"}, "static"},
			{"static", "editor", "PUT", "/api/1/datasets/<set>/resources/<static>/", object{"title": "a", "type": "main"}, nil, false, "", 200, object{"title": "a", "filetype": "file", "format": "csv"}, ""},
			{"replaced", "editor", "POST", "/api/1/datasets/<set>/resources/<static>/upload/", nil, file, false, "", 200, object{"id": "<static>", "success": true}, ""},
			{"sorted", "editor", "PUT", "/api/1/datasets/<set>/resources/", []object{{"id": "<remote>"}, {"id": "<static>"}}, nil, false, "", 200, object{"0.id": "<remote>", "1.id": "<static>"}, ""},
			{"community", "stranger", "POST", "/api/1/datasets/community_resources/", object{"title": "c", "url": "https://example.org/c.csv", "filetype": "remote", "type": "main", "dataset": object{"class": "Dataset", "id": "<set>"}}, nil, false, "", 201, object{"dataset.id": "<set>"}, "extra"},
			{"community", "stranger", "POST", "/api/1/datasets/<set>/upload/community/", nil, file, false, "", 201, object{"success": true}, "sent"},
			{"community", "stranger", "PUT", "/api/1/datasets/community_resources/<sent>/", object{"title": "d", "type": "main"}, nil, false, "", 200, object{"title": "d"}, ""},
			{"resource extras", "editor", "PUT", "/api/2/datasets/<set>/resources/<remote>/extras/", object{"k": "v"}, nil, false, "", 200, object{"k": "v"}, ""},
			{"topic", "editor", "POST", "/api/2/topics/", object{"name": "Thème", "description": "d", "tags": []string{"x"}, "organization": "<office>", "elements": []object{{"title": "e", "element": object{"class": "Dataset", "id": "<set>"}}}}, nil, false, "", 201, object{"elements.total": 1.0, "organization.id": "<office>"}, "topic"},
			{"topic", "editor", "PUT", "/api/2/topics/<topic>/", object{"description": "z"}, nil, false, "", 200, object{"name": "Thème", "elements.total": 1.0}, ""},
			{"", "editor", "DELETE", "/api/1/datasets/<set>/resources/<remote>/", nil, nil, false, "", 204, nil, ""},
			{"", "stranger", "DELETE", "/api/1/datasets/community_resources/<extra>/", nil, nil, false, "", 204, nil, ""},
			{"", "editor", "DELETE", "/api/2/topics/<topic>/", nil, nil, false, "", 204, nil, ""},
			{"", "editor", "DELETE", "/api/1/datasets/<set>/", nil, nil, false, "", 204, nil, ""},
			{"", "editor", "DELETE", "/api/1/organizations/<office>/", nil, nil, false, "", 204, nil, ""},
		})
	})
}

// TestWritesOfCatalogueConnectors are the requests of data-fair, which sends
// whole objects back and no slash at the end, and of transport.data.gouv.fr.
func TestWritesOfCatalogueConnectors(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	kept := map[string]string{"town": w.organization}
	w.replay(t, kept, []sending{
		{"resources without filetype", "editor", "POST", "/api/1/datasets/", object{
			"title": "DF", "description": "d", "description_short": "s", "private": false, "organization": object{"id": "<town>"}, "license": "lov2", "frequency": "daily",
			"resources": []object{{"title": "Page", "description": "x", "url": "https://example.org/a", "format": "fichier", "mime": "text/csv", "extras": object{"datafairEmbed": "map"}}},
			"extras":    object{"datafairOrigin": "https://example.org"}, "temporal_coverage": object{"start": "2020-01-01T00:00:00.000Z", "end": "2020-12-31T00:00:00.000Z"},
			"spatial": object{"zones": []string{"fr:commune:13055"}, "granularity": "fr:commune"},
		}, nil, false, "", 201, object{"resources.0.filetype": "remote", "temporal_coverage.end": "2020-12-31", "organization.id": "<town>", "resources.0.extras.datafairEmbed": "map"}, "set"},
		{"back", "editor", "PUT", "/api/1/datasets/<set>", object{"title": "DF2", "harvest": object{"backend": "x"}, "deleted": nil}, nil, true, "", 200, object{"title": "DF2", "harvest": nil, "resources.0.title": "Page", "frequency": "daily"}, ""},
		{"away", "editor", "DELETE", "/api/1/datasets/<set>", nil, nil, false, "", 204, nil, ""},
		{"brought back", "editor", "PUT", "/api/1/datasets/<set>", object{"deleted": nil}, nil, true, "", 200, object{"deleted": nil, "title": "DF2"}, ""},
		{"added", "editor", "POST", "/api/1/datasets/<set>/resources/", object{"title": "n", "url": "https://example.org/c", "format": "csv", "mime": "text/csv", "filetype": "remote", "type": "main", "filesize": 3}, nil, false, "", 201, object{"filesize": 3.0}, "table"},
		{"merged", "editor", "PUT", "/api/1/datasets/<set>/resources/<table>/", object{"url": "https://example.org/gtfs.zip", "format": "GTFS", "title": "GTFS", "filetype": "remote", "mime": "application/zip"}, nil, true, "", 200, object{"format": "gtfs", "title": "GTFS", "id": "<table>"}, ""},
		{"file without slash", "editor", "POST", "/api/1/datasets/<set>/upload", nil, []field{value("size", "4"), fileField("a.csv", "a;b\n")}, false, "", 201, object{"success": true}, "file"},
		{"removed", "editor", "DELETE", "/api/1/datasets/<set>/resources/<table>", nil, nil, false, "", 204, nil, ""},
		{"api", "editor", "POST", "/api/1/dataservices/", object{"title": "S", "description": "d", "base_api_url": "https://example.org/api", "organization": object{"id": "<town>"}, "datasets": []string{"<set>"}, "format": "REST"}, nil, false, "", 201, object{"datasets.total": 1.0}, "api"},
		{"api back", "editor", "PATCH", "/api/1/dataservices/<api>/", object{"title": "S2"}, nil, true, "", 200, object{"title": "S2", "datasets.total": 1.0}, ""},
		{"api away", "editor", "DELETE", "/api/1/dataservices/<api>/", nil, nil, false, "", 204, nil, ""},
	})
}

// TestWritesOfFrontEnds are the requests of cdata and of udata-front-kit.
func TestWritesOfFrontEnds(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	kept := map[string]string{"town": w.organization, "set": w.public, "editor": w.editorID}
	chunk := func(index int, content string) []field {
		return []field{value("uuid", "0b2a4d3e"), value("filename", "gros.csv"), value("partindex", fmt.Sprint(index)), value("partbyteoffset", fmt.Sprint(index*4)),
			value("totalparts", "2"), value("chunksize", fmt.Sprint(len(content))), {"file", "blob", content}}
	}
	w.replay(t, kept, []sending{
		{"form", "editor", "PUT", "/api/1/datasets/<set>?lang=fr", object{
			"title": "C", "description": "d", "tags": []string{"velo"}, "frequency": "monthly", "license": "lov2", "organization": object{"class": "Organization", "id": "<town>"}, "contact_points": []any{},
			"spatial": nil, "temporal_coverage": nil, "access_type": "open", "private": false, "archived": nil, "access_audiences": []any{}, "acronym": "", "description_short": "",
		}, nil, false, "", 200, object{"spatial": nil, "temporal_coverage": nil, "frequency": "monthly"}, ""},
		{"first part", "editor", "POST", "/api/1/datasets/<set>/upload/", nil, chunk(0, "a;b\n"), false, "", 200, object{"success": true, "error": nil, "message": ""}, ""},
		{"last part", "editor", "POST", "/api/1/datasets/<set>/upload/", nil, chunk(1, "1;2"), false, "", 200, object{"success": true}, ""},
		{"end", "editor", "POST", "/api/1/datasets/<set>/upload/", nil, chunk(0, "")[:6], false, "", 201, object{"success": true, "filesize": 7.0}, "file"},
		{"file", "editor", "PUT", "/api/1/datasets/<set>/resources/<file>/", object{"filetype": "file", "title": "Gros", "type": "main", "description": "", "schema": nil, "checksum": nil}, nil, false, "", 200, object{"title": "Gros", "checksum.type": "sha1", "schema": nil}, ""},
		{"featured", "admin", "POST", "/api/1/datasets/<set>/featured", nil, nil, false, "", 200, object{"featured": true}, ""},
		{"badge", "admin", "POST", "/api/1/datasets/<set>/badges/", object{"kind": "hvd"}, nil, false, "", 201, object{"kind": "hvd"}, ""},
		{"member's role", "admin", "PUT", "/api/1/organizations/<town>/member/<editor>", object{"role": "admin"}, nil, false, "", 200, object{"role": "admin"}, ""},
		{"organization back", "editor", "PUT", "/api/1/organizations/<town>", nil, nil, true, "", 200, object{"id": "<town>"}, ""},
		{"me back", "editor", "PUT", "/api/1/me", nil, nil, true, "", 200, object{"id": "<editor>"}, ""},
		{"contact of a whole organization", "editor", "POST", "/api/1/contacts", object{"name": "x", "email": "", "contact_form": "https://example.org/f", "role": "contact", "organization": object{"class": "Organization", "id": "<town>", "name": "x"}}, nil, false, "", 201, object{"email": nil, "organization.id": "<town>"}, "contact"},
		{"contact back", "editor", "PUT", "/api/1/contacts/<contact>/", object{"name": "y"}, nil, true, "", 200, object{"name": "y"}, ""},
		{"reuse", "editor", "POST", "/api/1/reuses/", object{"title": "R", "description": "d", "type": "api", "topic": "health", "url": "https://example.org/r", "datasets": []string{"<set>"}, "organization": "<town>"}, nil, false, "", 201, object{"datasets.0.id": "<set>"}, "reuse"},
		{"reuse back", "editor", "PUT", "/api/1/reuses/<reuse>/", object{"title": "R2"}, nil, true, "", 200, object{"title": "R2", "datasets.0.id": "<set>"}, ""},
		{"post", "admin", "POST", "/api/1/posts/", object{"name": "n", "headline": "h", "content": "c", "body_type": "markdown", "kind": "news", "tags": []any{}, "datasets": []string{"<set>"}}, nil, false, "", 201, object{"published": nil}, "post"},
		{"post published", "admin", "POST", "/api/1/posts/<post>/publish", nil, nil, false, "", 200, object{"id": "<post>"}, ""},
		{"post back", "admin", "PUT", "/api/1/posts/<post>/", object{"name": "m"}, nil, true, "", 200, object{"name": "m", "datasets.0.id": "<set>"}, ""},
		{"chart", "editor", "POST", "/api/1/visualizations/", object{"title": "V", "description": "d", "x_axis": object{"column_x": "a", "type": "discrete"}, "series": []object{{"type": "line", "column_y": "b", "resource_id": "<file>"}}}, nil, false, "", 201, object{"series.0.column_y": "b"}, "chart"},
		{"chart back", "editor", "PATCH", "/api/1/visualizations/<chart>/", object{"title": "V2"}, nil, true, "", 200, object{"title": "V2", "series.0.resource_id": "<file>"}, ""},
		{"site back", "admin", "PATCH", "/api/1/site/", nil, nil, true, "", 200, nil, ""},
		{"topic without slash", "editor", "POST", "/api/2/topics", object{
			"name": "T", "description": "d", "tags": []string{"x"}, "organization": object{"class": "Organization", "id": "<town>"}, "private": true, "spatial": nil, "extras": object{"u": object{"group": "x"}},
			"elements": []object{{"title": "a", "description": nil, "tags": []any{}, "extras": object{"u": object{}}, "element": object{"class": "Dataset", "id": "<set>"}}, {"title": "b", "element": nil}},
		}, nil, false, "", 201, object{"elements.total": 2.0}, "topic"},
		{"topic back", "editor", "PUT", "/api/2/topics/<topic>/", object{"description": "z"}, nil, true, "", 200, object{"elements.total": 2.0, "private": true}, ""},
		{"elements", "editor", "POST", "/api/2/topics/<topic>/elements/", []object{{"title": "c"}}, nil, false, "", 201, object{"0.title": "c"}, ""},
	})
}

// TestWritesOfTheAnalyser are the requests of hydra, by an account that
// administers the site.
func TestWritesOfTheAnalyser(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	id := dig(w.Get("/api/1/datasets/"+w.public+"/").JSON(t), "resources.0.id").(string)
	w.replay(t, map[string]string{"set": w.public, "file": id}, []sending{
		{"", "admin", "PUT", "/api/2/datasets/<set>/resources/<file>/extras/", object{
			"check:available": true, "check:date": "2026-01-01T00:00:00.123456+00:00", "check:error": nil, "check:id": 12, "check:status": 200, "check:timeout": false,
			"check:headers:content-type": "text/csv", "check:headers:content-length": 12, "check:cors:status": 200, "analysis:checksum": "ab", "analysis:mime-type": "text/csv",
			"analysis:parsing:parsing_table": "t1", "analysis:parsing:error": nil, "analysis:parsing:ogc_metadata": nil, "analysis:last-modified-detection": "computed-from-checksum",
		}, nil, false, "", 200, object{"check:available": true, "check:error": nil, "analysis:parsing:parsing_table": "t1"}, ""},
		{"reset", "admin", "PUT", "/api/2/datasets/<set>/resources/<file>/extras/", object{"analysis:parsing:parsing_table": nil, "check:id": 13}, nil, false, "", 200, object{"analysis:parsing:parsing_table": nil, "check:id": 13.0}, ""},
		{"", "editor", "DELETE", "/api/1/datasets/<set>/", nil, nil, false, "", 204, nil, ""},
		{"gone", "admin", "PUT", "/api/2/datasets/<set>/resources/<file>/extras/", object{"check:id": 14}, nil, false, "", 410, nil, ""},
	})
}
