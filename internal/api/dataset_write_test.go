package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"grenier/internal/account"
	"grenier/internal/api"
	"grenier/internal/api/apitest"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fetch"
)

// refusal is a write that must be refused, and what it is refused with: want maps
// places in the answer to texts, a text that ends with … to its beginning.
type refusal struct {
	name, method, path, token string
	body                      any
	status                    int
	want                      map[string]string
}

// at is a refusal about one member.
func at(place, text string) map[string]string { return map[string]string{"errors." + place: text} }

func message(text string) map[string]string { return map[string]string{"message": text} }

func (w *world) refuses(t *testing.T, c refusal) {
	t.Helper()
	var headers []string
	if c.token != "" {
		headers = []string{"X-API-KEY", c.token}
	}
	answer := w.Do(c.method, c.path, c.body, headers...)
	if answer.Status != c.status {
		t.Errorf("%s answered %d, want %d: %.300s", c.name, answer.Status, c.status, answer.Body)
		return
	}
	tree := answer.JSON(t)
	for place, text := range c.want {
		got, _ := dig(tree, place).(string)
		beginning, open := strings.CutSuffix(text, "…")
		if got != text && !(open && strings.HasPrefix(got, beginning)) {
			t.Errorf("%s: %s is %q, want %q in %.400s", c.name, place, got, text, answer.Body)
		}
	}
}

const noMember = "This field is required."

// TestWritesAreRefusedWithReasons is the table of what the writes of datasets,
// resources and community resources do not take.
func TestWritesAreRefusedWithReasons(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.Catalog.Provide(catalog.Deps{CheckURL: fetch.New(fetch.Options{}).CheckURL})
		dataset := "/api/1/datasets/" + w.public + "/"
		second := "/api/2/datasets/" + w.public + "/"
		resource := dig(w.Get(dataset).JSON(t), "resources.0.id").(string)
		other := dig(w.Get(dataset).JSON(t), "resources.1.id").(string)
		community := w.community(t, w.stranger, nil)
		const posted, put = http.MethodPost, http.MethodPut
		long := func(n int) string { return strings.Repeat("é", n) }
		// Members of a dataset, refused alike at creation and update.
		for _, c := range []struct {
			name string
			body map[string]any
			want map[string]string
		}{
			{"blank title", map[string]any{"title": "  "}, at("title.0", noMember)},
			{"null title", map[string]any{"title": nil}, at("title.0", noMember)},
			{"long title", map[string]any{"title": long(351)}, at("title.0", "Field cannot be longer than 350 characters.")},
			{"title of a number", map[string]any{"title": 5}, at("title.0", "This must be text, not number.")},
			{"title of an object", map[string]any{"title": map[string]any{}}, at("title.0", "This must be text, not object.")},
			{"title with control characters", map[string]any{"title": "a\u0007b"}, at("title.0", "Control characters are not allowed.")},
			{"blank description", map[string]any{"description": "\n"}, at("description.0", noMember)},
			{"long description", map[string]any{"description": long(100_001)}, at("description.0", "Field cannot be longer than 100000 characters.")},
			{"long short description", map[string]any{"description_short": long(201)}, at("description_short.0", "Field cannot be longer than 200 characters.")},
			{"long acronym", map[string]any{"acronym": long(129)}, at("acronym.0", "Field cannot be longer than 128 characters.")},
			{"short tag", map[string]any{"tags": "ab"}, at("tags.0", `Tag "ab" must be between 3 and 96 characters long.`)},
			{"long tag", map[string]any{"tags": []string{strings.Repeat("a", 97)}}, at("tags.0", `Tag "aaa…`)},
			{"tags of numbers", map[string]any{"tags": []int{1}}, at("tags.0", "This must be a list of texts, or one text with commas.")},
			{"many tags", map[string]any{"tags": strings.Repeat("abc,", 501)}, at("tags.0", "At most 500 tags.")},
			{"frequency", map[string]any{"frequency": "now"}, at("frequency.0", "Unknown frequency…")},
			{"frequency date", map[string]any{"frequency_date": "tomorrow"}, at("frequency_date.0", "Not a date…")},
			{"frequency date of a number", map[string]any{"frequency_date": 2026}, at("frequency_date.0", "This must be text, not number.")},
			{"archived", map[string]any{"archived": "2026-13-01"}, at("archived.0", "Not a date…")},
			{"archived true", map[string]any{"archived": true}, at("archived.0", "This must be text, not bool.")},
			{"private as text", map[string]any{"private": "maybe"}, at("private.0", "This must be true or false, not string.")},
			{"temporal", map[string]any{"temporal_coverage": "always"}, at("temporal_coverage.0", "The coverage must have days: YYYY-MM-DD.")},
			{"temporal days", map[string]any{"temporal_coverage": map[string]any{"start": "2020-02-31"}}, at("temporal_coverage.0", "The coverage must have days: YYYY-MM-DD.")},
			{"temporal without start", map[string]any{"temporal_coverage": map[string]any{"end": "2020-02-01"}}, at("temporal_coverage.0", "The coverage must have days: YYYY-MM-DD.")},
			{"temporal list", map[string]any{"temporal_coverage": []int{1}}, at("temporal_coverage.0", "This must be an object with start and end…")},
			{"zone", map[string]any{"spatial": map[string]any{"zones": []string{"fr:commune:00000", "x"}}}, at("spatial.zones.0", "Unknown geoid(s): fr:commune:00000, x")},
			{"zones and shape", map[string]any{"spatial": map[string]any{"zones": []string{"fr:commune:13055"}, "geom": map[string]any{"type": "Point"}}}, at("spatial.0", "Give zones or a geometry, not both.")},
			{"granularity", map[string]any{"spatial": map[string]any{"granularity": "street"}}, at("spatial.granularity.0", "Unknown granularity…")},
			{"a point", map[string]any{"spatial": map[string]any{"geom": map[string]any{"type": "Point", "coordinates": []int{1, 2}}}}, at("spatial.geom.0", "The geometry must be…")},
			{"a shape off the Earth", map[string]any{"spatial": map[string]any{"geom": map[string]any{"type": "Polygon", "coordinates": [][][]int{{{0, 0}, {500, 0}, {0, 9}, {0, 0}}}}}}, at("spatial.geom.0", "The geometry must be…")},
			{"spatial text", map[string]any{"spatial": "fr:commune:13055"}, at("spatial.0", "This must be an object, not string.")},
			{"zones text", map[string]any{"spatial": map[string]any{"zones": "x"}}, at("spatial.zones.0", "This must be a list, not string.")},
			{"access type", map[string]any{"access_type": "secret"}, at("access_type.0", "Not a valid choice. Choose one of: open, open_with_account, restricted.")},
			{"audience role", map[string]any{"access_audiences": []any{map[string]any{"role": "me", "condition": "yes"}}}, at("access_audiences.0.role.0", "Not a valid choice…")},
			{"audience condition", map[string]any{"access_audiences": []any{map[string]any{"role": "private", "condition": "perhaps"}}}, at("access_audiences.0.condition.0", "Not a valid choice…")},
			{"audience twice", map[string]any{"access_audiences": []any{map[string]any{"role": "private", "condition": "yes"}, map[string]any{"role": "private", "condition": "no"}}}, at("access_audiences.0", "You can only set one condition for a given access audience role")},
			{"request address", map[string]any{"authorization_request_url": "nowhere"}, at("authorization_request_url.0", `Invalid URL "nowhere": give the whole address…`)},
			{"reason category", map[string]any{"access_type_reason_category": "because"}, at("access_type_reason_category.0", "Not a valid choice…")},
			{"extras list", map[string]any{"extras": []int{1}}, at("extras.0", "Expecting a JSON object.")},
			{"extras null", map[string]any{"extras": map[string]any{"a": nil}}, at("extras.a", "Value should be…")},
			{"custom extras", map[string]any{"extras": map[string]any{"custom:Projet": "x"}}, at("extras.custom:Projet", "Dataset's organization did not define the requested custom metadata.")},
			{"contact point", map[string]any{"contact_points": []string{db.NewID()}}, at("contact_points.0", "Wrong contact point id or contact point ownership mismatch")},
			{"contact points as text", map[string]any{"contact_points": "x"}, at("contact_points.0", "This must be a list, not string.")},
			{"resources text", map[string]any{"resources": "x"}, at("resources.0", "This must be a list, not string.")},
			{"resource text", map[string]any{"resources": []any{"x"}}, at("resources.0.0", "This must be an object, not string.")},
			{"resource identifier", map[string]any{"resources": []any{map[string]any{"id": "1", "title": "a", "url": "https://example.org/"}}}, at("resources.0.id.0", "Not a valid UUID.")},
			{"resource without address", map[string]any{"resources": []any{map[string]any{"title": "a"}}}, at("resources.0.url.0", noMember)},
			{"second resource without title", map[string]any{"resources": []any{map[string]any{"title": "a", "url": "https://example.org/"}, map[string]any{"url": "https://example.org/"}}}, at("resources.1.title.0", noMember)},
			{"resource size as text", map[string]any{"resources": []any{map[string]any{"title": "a", "url": "https://example.org/", "filesize": "big"}}}, at("resources.0.filesize.0", "This must be a whole number, not string.")},
			{"two at once", map[string]any{"title": "", "frequency": "now"}, map[string]string{"errors.title.0": noMember, "errors.frequency.0": "Unknown frequency…"}},
		} {
			w.refuses(t, refusal{"update: " + c.name, put, dataset, w.editor, c.body, 400, c.want})
			whole := written("Refusé", map[string]any{"organization": w.organization})
			for name, value := range c.body {
				whole[name] = value
			}
			w.refuses(t, refusal{"creation: " + c.name, posted, "/api/1/datasets/", w.editor, whole, 400, c.want})
		}
		// Members of a resource.
		remote := func(more map[string]any) map[string]any {
			body := map[string]any{"title": "a", "url": "https://example.org/a", "filetype": "remote"}
			for name, value := range more {
				body[name] = value
			}
			return body
		}
		for _, c := range []struct {
			name string
			body map[string]any
			want map[string]string
		}{
			{"blank title", map[string]any{"title": ""}, at("title.0", noMember)},
			{"long title", map[string]any{"title": long(351)}, at("title.0", "Field cannot be longer than 350 characters.")},
			{"blank address", map[string]any{"url": " "}, at("url.0", noMember)},
			{"scheme", map[string]any{"url": "javascript://example.org/%0aalert(1)"}, at("url.0", `Invalid URL "javascript://example.org/%0aalert(1)": Invalid scheme javascript`)},
			{"no host", map[string]any{"url": "https:///a.csv"}, at("url.0", `Invalid URL "https:///a.csv": give…`)},
			{"data address", map[string]any{"url": "data:text/csv,a"}, at("url.0", `Invalid URL "data:text/csv,a": give…`)},
			{"credentials", map[string]any{"url": "https://me:secret@example.org/"}, at("url.0", `Invalid URL "https://me:secret@example.org/": Credentials in URL are not allowed`)},
			{"unknown domain", map[string]any{"url": "https://files.intranet/a"}, at("url.0", `Invalid URL "https://files.intranet/a": Invalid TLD intranet`)},
			{"no domain", map[string]any{"url": "https://files/a"}, at("url.0", `Invalid URL "https://files/a": Invalid TLD files`)},
			{"this machine", map[string]any{"url": "http://localhost:8080/a"}, at("url.0", `Invalid URL "http://localhost:8080/a": is a local or private URL`)},
			{"loopback", map[string]any{"url": "http://127.0.0.1/a"}, at("url.0", `Invalid URL "http://127.0.0.1/a": is a local or private URL`)},
			{"loopback in parts", map[string]any{"url": "http://0x7f.1/a"}, at("url.0", `Invalid URL "http://0x7f.1/a": is a local or private URL`)},
			{"loopback of six", map[string]any{"url": "http://[::1]/a"}, at("url.0", `Invalid URL "http://[::1]/a": is a local or private URL`)},
			{"private network", map[string]any{"url": "ftp://10.1.2.3/a"}, at("url.0", `Invalid URL "ftp://10.1.2.3/a": is a local or private URL`)},
			{"cloud metadata", map[string]any{"url": "http://169.254.169.254/latest"}, at("url.0", `Invalid URL "http://169.254.169.254/latest": is a local or private URL`)},
			{"long address", map[string]any{"url": "https://example.org/" + strings.Repeat("a", 5000)}, at("url.0", `Invalid URL "https://example.org/aaa…`)},
			{"type", map[string]any{"type": "thing"}, at("type.0", "Not a valid choice. Choose one of: main, documentation, update, api, code, other.")},
			{"negative size", map[string]any{"filesize": -1}, at("filesize.0", "A size is a number of bytes, 0 or more.")},
			{"size of a fraction", map[string]any{"filesize": 1.5}, at("filesize.0", "This must be a whole number, not number 1.5.")},
			{"long format", map[string]any{"format": long(256)}, at("format.0", "Field cannot be longer than 255 characters.")},
			{"checksum type", map[string]any{"checksum": map[string]any{"type": "rot13", "value": "x"}}, at("checksum.type.0", "Not a valid choice. Choose one of: sha1, sha2, sha256, md5, crc.")},
			{"checksum without value", map[string]any{"checksum": map[string]any{"type": "md5"}}, at("checksum.value.0", noMember)},
			{"schema version alone", map[string]any{"schema": map[string]any{"version": "1.0"}}, at("schema.version.0", "A schema must contains a name or an URL when a version is provided.")},
			{"schema address", map[string]any{"schema": map[string]any{"url": "x"}}, at("schema.url.0", `Invalid URL "x": give…`)},
			{"availability", map[string]any{"extras": map[string]any{"check:available": "yes"}}, at("extras.check:available", "Value should be true or false.")},
			{"status of a check", map[string]any{"extras": map[string]any{"check:status": 200.5}}, at("extras.check:status", "Value should be a whole number.")},
			{"date of a check", map[string]any{"extras": map[string]any{"check:date": "yesterday"}}, at("extras.check:date", "Value should be a date.")},
		} {
			w.refuses(t, refusal{"resource: " + c.name, put, dataset + "resources/" + resource + "/", w.editor, c.body, 400, c.want})
			w.refuses(t, refusal{"new resource: " + c.name, posted, dataset + "resources/", w.editor, remote(c.body), 400, c.want})
			more := remote(c.body)
			more["dataset"] = w.public
			w.refuses(t, refusal{"community resource: " + c.name, posted, "/api/1/datasets/community_resources/", w.stranger, more, 400, c.want})
		}
		const forbidden, unknownRow = "You do not have the permission to modify that object.", "Resource does not exist"
		const refusedOwner = "Cannot change owner after creation. Please use transfer feature."
		both := []string{other, resource}
		for _, c := range []refusal{
			{"nobody creates", posted, "/api/1/datasets/", "", written("x", nil), 401, nil},
			{"nobody updates", put, dataset, "", map[string]any{"title": "y"}, 401, nil},
			{"nobody adds", posted, dataset + "resources/", "", remote(nil), 401, nil},
			{"no body", posted, "/api/1/datasets/", w.editor, "", 400, nil},
			{"no JSON", posted, "/api/1/datasets/", w.editor, "{", 400, nil},
			{"a list", posted, "/api/1/datasets/", w.editor, "[]", 400, at("request", "expecting a JSON object")},
			{"a text", put, dataset, w.editor, `"x"`, 400, at("request", "expecting a JSON object")},
			{"too deep", put, dataset, w.editor, strings.Repeat(`{"extras":`, 200) + "1" + strings.Repeat("}", 200), 400, message("The body is nested more than 100 levels deep.")},
			{"no title", posted, "/api/1/datasets/", w.editor, map[string]any{"description": "d"}, 400, at("title.0", noMember)},
			{"no description", posted, "/api/1/datasets/", w.editor, map[string]any{"title": "t"}, 400, at("description.0", noMember)},
			{"foreign organisation", posted, "/api/1/datasets/", w.stranger, written("x", map[string]any{"organization": w.organization}), 400, at("organization.0", "Permission denied for this organization")},
			{"foreign owner", posted, "/api/1/datasets/", w.stranger, written("x", map[string]any{"owner": w.editorID}), 400, at("owner.0", "You can only set yourself as owner")},
			{"organisation of a number", posted, "/api/1/datasets/", w.editor, written("x", map[string]any{"organization": 12}), 400, at("organization.0", "This must be an identifier, or an object with its id.")},
			{"unknown organisation", posted, "/api/1/datasets/", w.admin, written("x", map[string]any{"organization": db.NewID()}), 400, at("organization.0", "Unknown identifier…")},
			{"other organisation later", put, dataset, w.editor, map[string]any{"organization": db.NewID()}, 400, at("organization.0", refusedOwner)},
			{"other owner later", put, dataset, w.editor, map[string]any{"owner": w.editorID}, 400, at("owner.0", refusedOwner)},
			{"custom extras of a person", posted, "/api/1/datasets/", w.stranger, written("x", map[string]any{"extras": map[string]any{"custom:a": 1}}), 400, at("extras.custom:a", "Custom metadata need an organization that has defined them.")},
			{"stranger updates", put, dataset, w.stranger, map[string]any{"title": "y"}, 403, message(forbidden)},
			{"stranger deletes", http.MethodDelete, dataset, w.stranger, nil, 403, message(forbidden)},
			{"stranger adds", posted, dataset + "resources/", w.stranger, remote(nil), 403, message(forbidden)},
			{"stranger reorders", put, dataset + "resources/", w.stranger, both, 403, message(forbidden)},
			{"stranger removes", http.MethodDelete, dataset + "resources/" + resource + "/", w.stranger, nil, 403, message(forbidden)},
			{"stranger's extras", put, second + "extras/", w.stranger, map[string]any{"a": 1}, 403, message(forbidden)},
			{"stranger's resource extras", put, second + "resources/" + resource + "/extras/", w.stranger, map[string]any{"a": 1}, 403, message(forbidden)},
			{"hidden", put, "/api/1/datasets/" + w.private + "/", w.stranger, map[string]any{"title": "y"}, 404, message("Dataset not found")},
			{"unknown", put, "/api/1/datasets/" + db.NewID() + "/", w.editor, map[string]any{"title": "y"}, 404, nil},
			{"deleted", put, "/api/1/datasets/" + w.deleted + "/", w.editor, map[string]any{"title": "y"}, 410, message("Dataset has been deleted")},
			{"deleted with a date", put, "/api/1/datasets/" + w.deleted + "/", w.editor, map[string]any{"deleted": "2024-01-01"}, 410, message("Dataset has been deleted")},
			{"deleted twice", http.MethodDelete, "/api/1/datasets/" + w.deleted + "/", w.editor, nil, 410, message("Dataset has been deleted")},
			{"resource of a deleted one", posted, "/api/1/datasets/" + w.deleted + "/resources/", w.editor, remote(nil), 410, message("Dataset has been deleted")},
			{"extras of a deleted one", put, "/api/2/datasets/" + w.deleted + "/extras/", w.editor, map[string]any{"a": 1}, 410, message("Dataset has been deleted")},
			{"file by JSON", posted, dataset + "resources/", w.editor, remote(map[string]any{"filetype": "file"}), 400, message("This endpoint only supports remote resources")},
			{"no filetype", posted, dataset + "resources/", w.editor, map[string]any{"title": "a", "url": "https://example.org/"}, 400, message("This endpoint only supports remote resources")},
			{"other filetype", put, dataset + "resources/" + resource + "/", w.editor, map[string]any{"filetype": "file"}, 400, at("filetype.0", "Cannot modify filetype after creation")},
			{"no filetype at all", put, dataset + "resources/" + resource + "/", w.editor, map[string]any{"filetype": "disk"}, 400, at("filetype.0", "Not a valid choice. Choose one of: file, remote.")},
			{"unknown resource", put, dataset + "resources/" + db.NewUUID() + "/", w.editor, map[string]any{"title": "a"}, 404, message(unknownRow)},
			{"no UUID", put, dataset + "resources/x/", w.editor, map[string]any{"title": "a"}, 404, message(unknownRow)},
			{"remove an unknown resource", http.MethodDelete, dataset + "resources/" + db.NewUUID() + "/", w.editor, nil, 404, message(unknownRow)},
			{"too few in order", put, dataset + "resources/", w.editor, both[:1], 400, message("All resources must be reordered, you provided 1 out of 2")},
			{"no id in order", put, dataset + "resources/", w.editor, []any{map[string]any{"title": "a"}, resource}, 400, message("Each resource must have an 'id' field")},
			{"unknown in order", put, dataset + "resources/", w.editor, []any{db.NewUUID(), resource}, 400, message("Resource ids must match existing ones in dataset, ie: {'" + resource + "', '" + other + "'}")},
			{"twice in order", put, dataset + "resources/", w.editor, []any{resource, resource}, 400, message("Resource ids must match existing ones in dataset…")},
			{"wrong in order", put, dataset + "resources/", w.editor, []any{map[string]any{"id": other, "type": "x"}, resource}, 400, nil},
			{"order as an object", put, dataset + "resources/", w.editor, map[string]any{}, 400, nil},
			{"extras as a list", put, second + "extras/", w.editor, []int{1}, 400, message("Wrong payload format, dict expected")},
			{"keys as an object", http.MethodDelete, second + "extras/", w.editor, map[string]any{"a": 1}, 400, message("Wrong payload format, list expected")},
			{"keys of numbers", http.MethodDelete, second + "extras/", w.editor, []int{1}, 400, message("Wrong payload format, list expected")},
			{"resource extras as a text", put, second + "resources/" + resource + "/extras/", w.editor, `"a"`, 400, message("Wrong payload format, dict expected")},
			{"unknown key of a resource", http.MethodDelete, second + "resources/" + resource + "/extras/", w.editor, []string{"a"}, 404, message("Key not found in existing extras")},
			{"typed extras", put, second + "resources/" + resource + "/extras/", w.editor, map[string]any{"check:available": 1}, 400, nil},
			{"community without dataset", posted, "/api/1/datasets/community_resources/", w.stranger, remote(nil), 400, at("dataset", "A dataset identifier is required")},
			{"community of a file", posted, "/api/1/datasets/community_resources/", w.stranger, remote(map[string]any{"dataset": w.public, "filetype": "file"}), 400, message("This endpoint only supports remote resources")},
			{"community on an unknown dataset", posted, "/api/1/datasets/community_resources/", w.stranger, remote(map[string]any{"dataset": db.NewID()}), 400, at("dataset.0", "Unknown dataset…")},
			{"community on a hidden dataset", posted, "/api/1/datasets/community_resources/", w.stranger, remote(map[string]any{"dataset": w.private}), 400, at("dataset.0", "Unknown dataset…")},
			{"community on a deleted dataset", posted, "/api/1/datasets/community_resources/", w.editor, remote(map[string]any{"dataset": w.deleted}), 400, at("dataset.0", "Unknown dataset…")},
			{"community for others", posted, "/api/1/datasets/community_resources/", w.stranger, remote(map[string]any{"dataset": w.public, "organization": w.organization}), 400, at("organization.0", "Permission denied for this organization")},
			{"nobody's community", posted, "/api/1/datasets/community_resources/", "", remote(map[string]any{"dataset": w.public}), 401, nil},
			{"others' community", put, "/api/1/datasets/community_resources/" + community + "/", w.editor, map[string]any{"title": "b"}, 403, message(forbidden)},
			{"others' community removed", http.MethodDelete, "/api/1/datasets/community_resources/" + community + "/", w.editor, nil, 403, message(forbidden)},
			{"community without its dataset", put, "/api/1/datasets/community_resources/" + community + "/", w.stranger, map[string]any{"dataset": nil}, 400, at("dataset", "A dataset identifier is required")},
			{"community to others", put, "/api/1/datasets/community_resources/" + community + "/", w.stranger, map[string]any{"owner": w.editorID}, 400, at("owner.0", refusedOwner)},
			{"unknown community", put, "/api/1/datasets/community_resources/" + resource + "/", w.editor, map[string]any{"title": "b"}, 404, message("Community resource does not exist")},
			{"schedule in the past", put, "/api/2/datasets/" + w.private + "/schedule/", w.editor, map[string]any{"at": "2020-01-01"}, 400, at("at", "Choose a moment that is to come, within five years.")},
			{"schedule without a moment", put, "/api/2/datasets/" + w.private + "/schedule/", w.editor, map[string]any{}, 400, at("at", "Say when…")},
			{"schedule nonsense", put, "/api/2/datasets/" + w.private + "/schedule/", w.editor, map[string]any{"at": "soon"}, 400, at("at", "Not a date…")},
			{"schedule of others", put, "/api/2/datasets/" + w.private + "/schedule/", w.stranger, map[string]any{"at": "2027-11-01"}, 404, nil},
			{"schedule of a public one", put, second + "schedule/", w.editor, map[string]any{"at": "2027-11-01"}, 400, at("at", "This dataset is public already.")},
			{"bulk of nothing", http.MethodPatch, "/api/2/datasets/", w.editor, map[string]any{"license": "lov2"}, 400, at("ids", "Name the datasets to change.")},
			{"bulk without a change", http.MethodPatch, "/api/2/datasets/", w.editor, map[string]any{"ids": []string{w.public}}, 400, message("Say what to change…")},
			{"bulk of too many", http.MethodPatch, "/api/2/datasets/", w.editor, map[string]any{"ids": make([]string, 501), "license": "lov2"}, 400, at("ids", "At most 500 datasets at once.")},
			{"bulk by nobody", http.MethodPatch, "/api/2/datasets/", "", map[string]any{"ids": []string{w.public}, "license": "lov2"}, 401, nil},
		} {
			w.refuses(t, c)
		}
		if after := w.Get(dataset).JSON(t); dig(after, "title") != "Comptages vélo" || len(dig(after, "resources").([]any)) != 2 {
			t.Error("a refused write changed the dataset")
		}
		if total := dig(w.Get("/api/1/datasets/", "X-API-KEY", w.admin).JSON(t), "total"); total != 4.0 {
			t.Errorf("refused writes left %v datasets", total)
		}
	})
}

// community adds a community resource and returns its identifier.
func (w *world) community(t *testing.T, token string, more map[string]any) string {
	t.Helper()
	body := map[string]any{
		"title": "Carte", "url": "https://example.org/carte", "filetype": "remote", "type": "main", "dataset": map[string]any{"class": "Dataset", "id": w.public},
	}
	for name, value := range more {
		body[name] = value
	}
	answer := w.Do(http.MethodPost, "/api/1/datasets/community_resources/", body, "X-API-KEY", token)
	if answer.Status != http.StatusCreated {
		t.Fatalf("adding a community resource answered %d: %s", answer.Status, answer.Body)
	}
	return dig(answer.JSON(t), "id").(string)
}

// ok writes and expects success.
func (w *world) ok(t *testing.T, status int, method, path, token string, body any, headers ...string) apitest.Answer {
	t.Helper()
	answer := w.Do(method, path, body, append(headers, "X-API-KEY", token)...)
	if answer.Status != status {
		t.Fatalf("%s %s answered %d, want %d: %.400s", method, path, answer.Status, status, answer.Body)
	}
	return answer
}

// TestEveryMemberOfADataset writes every member in every form and reads it back.
func TestEveryMemberOfADataset(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		path := "/api/1/datasets/" + w.public + "/"
		for _, c := range []struct {
			name string
			body map[string]any
			want map[string]any
		}{
			{"texts", map[string]any{"acronym": " CV ", "description_short": "court", "title": "Comptages vélo"}, map[string]any{"acronym": "CV", "description_short": "court", "tags.0": "mobilite", "temporal_coverage.start": "2020-01-01"}},
			{"none", map[string]any{"acronym": nil, "description_short": ""}, map[string]any{"acronym": nil, "description_short": nil}},
			{"tags in one text", map[string]any{"tags": "Vélo, Eau,vélo"}, map[string]any{"tags.0": "eau", "tags.1": "velo", "tags.2": nil}},
			{"former frequency", map[string]any{"frequency": "fortnighly", "frequency_date": "2027-01-01T10:00:00+01:00"}, map[string]any{"frequency": "biweekly", "frequency_date": "2027-01-01T09:00:00+00:00"}},
			{"frequency as an object", map[string]any{"frequency": map[string]any{"id": "annual", "label": "Annuelle"}}, map[string]any{"frequency": "annual"}},
			{"no frequency", map[string]any{"frequency": nil, "frequency_date": nil}, map[string]any{"frequency": "unknown", "frequency_date": nil}},
			{"unknown licence", map[string]any{"license": "mine"}, map[string]any{"license": "notspecified", "quality.license": false}},
			{"licence shown for none", map[string]any{"license": "notspecified"}, map[string]any{"license": "notspecified", "quality.license": false}},
			{"licence", map[string]any{"license": "lov2"}, map[string]any{"license": "lov2", "quality.license": true}},
			{"restricted", map[string]any{
				"access_type": "restricted", "access_audiences": []any{map[string]any{"role": "private", "condition": "no"}, map[string]any{"role": "company_and_association", "condition": "under_condition"}},
				"authorization_request_url": "https://example.org/demande", "access_type_reason_category": "confidentiality_of_personal_data", "access_type_reason": "Secret",
			}, map[string]any{
				"access_type": "restricted", "license": "notspecified", "access_audiences.0.role": "private", "access_audiences.1.condition": "under_condition",
				"authorization_request_url": "https://example.org/demande", "access_type_reason_category": "confidentiality_of_personal_data", "access_type_reason": "Secret",
			}},
			{"licence while restricted", map[string]any{"license": "lov2"}, map[string]any{"license": "notspecified"}},
			{"open again", map[string]any{"access_type": "open", "access_audiences": []any{}, "access_type_reason": nil, "access_type_reason_category": nil, "authorization_request_url": nil}, map[string]any{"access_type": "open", "access_audiences.0": nil, "access_type_reason": nil}},
			{"period as text", map[string]any{"temporal_coverage": "2021-12-31 - 2021-01-01"}, map[string]any{"temporal_coverage.start": "2021-01-01", "temporal_coverage.end": "2021-12-31"}},
			{"period with times", map[string]any{"temporal_coverage": map[string]any{"start": "2022-03-01T00:00:00.000Z", "end": nil}}, map[string]any{"temporal_coverage.start": "2022-03-01", "temporal_coverage.end": nil}},
			{"no period", map[string]any{"temporal_coverage": nil}, map[string]any{"temporal_coverage": nil}},
			{"zones as objects", map[string]any{"spatial": map[string]any{"zones": []any{map[string]any{"id": "fr:commune:13055", "name": "Marseille"}}, "granularity": map[string]any{"id": "poi", "name": "POI"}}}, map[string]any{"spatial.zones.0": "fr:commune:13055", "spatial.granularity": "poi"}},
			{"shape", map[string]any{"spatial": map[string]any{"geom": map[string]any{"type": "MultiPolygon", "coordinates": [][][][]float64{{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}}}}}, map[string]any{"spatial.geom.type": "MultiPolygon", "spatial.zones.0": nil, "spatial.granularity": "other"}},
			{"no place", map[string]any{"spatial": nil}, map[string]any{"spatial": nil, "quality.spatial": false}},
			{"extras", map[string]any{"extras": map[string]any{"a": 1, "b": []any{"x"}, "c": map[string]any{"d": true}}}, map[string]any{"extras.a": 1.0, "extras.b.0": "x", "extras.c.d": true}},
			{"other extras", map[string]any{"extras": map[string]any{"e": "f"}}, map[string]any{"extras.a": nil, "extras.e": "f"}},
			{"archived", map[string]any{"archived": "2026-01-31T08:00:00"}, map[string]any{"archived": "2026-01-31T08:00:00+00:00"}},
			{"not archived", map[string]any{"archived": nil}, map[string]any{"archived": nil}},
			{"private", map[string]any{"private": true}, map[string]any{"private": true}},
			{"kept by null organisation", map[string]any{"private": true, "organization": nil, "owner": nil}, map[string]any{"organization.id": w.organization, "owner": nil}},
			{"resources in short", map[string]any{"private": false, "resources": []any{map[string]any{"title": "a", "url": "https://example.org/a.csv", "checksum": map[string]any{"value": "abc"}, "schema": map[string]any{"name": "etalab/irve", "version": "2.0"}}}}, map[string]any{
				"resources.0.filetype": "remote", "resources.0.type": "other", "resources.1": nil, "resources.0.checksum.type": "sha1", "resources.0.schema.name": "etalab/irve",
			}},
		} {
			answer := w.ok(t, 200, http.MethodPut, path, w.editor, c.body)
			for _, tree := range []any{answer.JSON(t), w.Get(path, "X-API-KEY", w.editor).JSON(t)} {
				for place, want := range c.want {
					if got := dig(tree, place); got != want {
						t.Errorf("%s: %s is %v, want %v", c.name, place, got, want)
					}
				}
			}
		}
	})
}

// TestOmittedPrivateIsTold: a dataset that becomes public because nobody said
// that it stays private says so.
func TestOmittedPrivateIsTold(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	path := "/api/1/datasets/" + w.private + "/"
	if answer := w.ok(t, 200, http.MethodPut, path, w.editor, map[string]any{"acronym": "x", "private": true}); answer.Header.Get("X-Notice") != "" {
		t.Error("a dataset that stays private has a notice")
	}
	answer := w.ok(t, 200, http.MethodPut, path, w.editor, map[string]any{"acronym": "y"})
	if !strings.Contains(answer.Header.Get("X-Notice"), "public") || dig(answer.JSON(t), "private") != false {
		t.Errorf("the answer says %q", answer.Header.Get("X-Notice"))
	}
	if answer := w.ok(t, 200, http.MethodPut, path, w.editor, map[string]any{"acronym": "z"}); answer.Header.Get("X-Notice") != "" {
		t.Error("a public dataset has a notice")
	}
}

// TestSendingBackWhatWasRead is what clients do: the whole object, with members
// that only answers have, at addresses without a slash at the end.
func TestSendingBackWhatWasRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		path := "/api/1/datasets/" + w.public + "/"
		w.ok(t, 200, http.MethodPut, path, w.editor, map[string]any{"extras": map[string]any{"b": 1.0, "a": "x"}, "license": nil, "frequency": nil})
		for _, full := range []string{"", "True"} {
			headers := []string{}
			if full != "" {
				headers = append(headers, "X-Get-Datasets-Full-Objects", full)
			}
			before := w.Get(path, headers...).JSON(t).(map[string]any)
			answer := follow(w.Server, http.MethodPut, strings.TrimSuffix(path, "/"), before, "X-API-KEY", w.editor)
			if answer.Status != http.StatusOK {
				t.Fatalf("sending back what was read answered %d: %s", answer.Status, answer.Body)
			}
			after := w.Get(path, headers...).JSON(t).(map[string]any)
			for _, tree := range []map[string]any{before, after} {
				delete(tree, "last_modified")
				delete(tree["internal"].(map[string]any), "last_modified_internal")
			}
			if !reflect.DeepEqual(before, after) {
				t.Errorf("sending back what was read changed %v into %v", before, after)
			}
		}
		resource := dig(w.Get(path).JSON(t), "resources.1").(map[string]any)
		answer := follow(w.Server, http.MethodPut, path+"resources/"+resource["id"].(string), resource, "X-API-KEY", w.editor)
		if answer.Status != http.StatusOK || dig(answer.JSON(t), "url") != resource["url"] || dig(answer.JSON(t), "type") != resource["type"] {
			t.Errorf("sending back a resource answered %d: %s", answer.Status, answer.Body)
		}
		w.ok(t, 204, http.MethodDelete, path, w.editor, nil)
		gone := w.Get(path, "X-API-KEY", w.editor).JSON(t).(map[string]any)
		gone["deleted"] = nil
		if answer := w.ok(t, 200, http.MethodPut, path, w.editor, gone); dig(answer.JSON(t), "deleted") != nil || len(dig(answer.JSON(t), "resources").([]any)) != 2 {
			t.Errorf("restoring by the whole object answered %s", answer.Body)
		}
	})
}

// TestExtrasOfBoth are the calls of clients and of the analysis of files.
func TestExtrasOfBoth(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		path := "/api/1/datasets/" + w.public + "/"
		before := w.Get(path).JSON(t)
		id := dig(before, "resources.0.id").(string)
		for _, extras := range []string{"/api/2/datasets/" + w.public + "/extras/", "/api/2/datasets/" + w.public + "/resources/" + id + "/extras/"} {
			for _, c := range []struct{ send, want string }{
				{`{"a": 1}`, `{"a":1}`}, {`{"a": null, "b": 2}`, `{"b":2}`}, {`{"c": {"d": [1]}, "x": null}`, `{"b":2,"c":{"d":[1]}}`},
			} {
				if answer := w.ok(t, 200, http.MethodPut, extras, w.editor, c.send); string(answer.Body) != c.want {
					t.Errorf("%s with %s gives %s, want %s", extras, c.send, answer.Body, c.want)
				}
			}
			w.ok(t, 204, http.MethodDelete, extras, w.editor, `["b"]`)
			if answer := w.Get(extras); string(answer.Body) != `{"c":{"d":[1]}}` {
				t.Errorf("%s holds %s", extras, answer.Body)
			}
		}
		w.ok(t, 204, http.MethodDelete, "/api/2/datasets/"+w.public+"/extras/", w.editor, `["unknown"]`)
		var rows int64
		count := func() int64 {
			if err := d.Read().NewRaw("SELECT count(*) FROM history").Scan(t.Context(), &rows); err != nil {
				t.Fatal(err)
			}
			return rows
		}
		history := count()
		w.ok(t, 200, http.MethodPut, "/api/2/datasets/"+w.public+"/resources/"+id+"/extras/", w.admin,
			map[string]any{"check:available": false, "check:status": 404, "check:date": "2026-01-01T00:00:00", "analysis:last-modified-at": "2030-01-01T00:00:00", "analysis:error": nil})
		after := w.Get(path).JSON(t)
		if count() != history {
			t.Error("what the analysis writes is a version of its own")
		}
		if dig(after, "internal.last_modified_internal") != dig(before, "internal.last_modified_internal") || dig(after, "last_modified") != dig(before, "last_modified") {
			t.Error("extras move the last change")
		}
		if dig(after, "quality.all_resources_available") != false || dig(after, "last_update") != "2030-01-01T00:00:00+00:00" {
			t.Errorf("the analysis leaves availability %v and last update %v", dig(after, "quality.all_resources_available"), dig(after, "last_update"))
		}
	})
}

// TestDefinedExtras: an organisation defines which extras its datasets may have
// below custom:, and of what type.
func TestDefinedExtras(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		defined := []map[string]any{
			{"title": "couleur", "description": "d", "type": "choice", "choices": []string{"bleu", "vert"}}, {"title": "rang", "description": "d", "type": "int"},
			{"title": "poids", "description": "d", "type": "float"}, {"title": "relu", "description": "d", "type": "bool"},
			{"title": "jour", "description": "d", "type": "date"}, {"title": "note", "description": "d", "type": "str"},
		}
		w.ok(t, 200, http.MethodPut, "/api/2/organizations/"+w.organization+"/extras/", w.admin, map[string]any{"custom": defined})
		path := "/api/1/datasets/" + w.public + "/"
		right := map[string]any{"custom:couleur": "bleu", "custom:rang": 2, "custom:poids": 1.5, "custom:relu": true, "custom:jour": "2026-01-31", "custom:note": "x"}
		w.ok(t, 200, http.MethodPut, path, w.editor, map[string]any{"extras": right})
		w.ok(t, 201, http.MethodPost, "/api/1/datasets/", w.editor, written("x", map[string]any{"organization": w.organization, "extras": map[string]any{"custom:couleur": "vert"}}))
		w.ok(t, 200, http.MethodPut, "/api/2/datasets/"+w.public+"/extras/", w.editor, map[string]any{"custom:rang": 4, "libre": "x"})
		for key, value := range map[string]any{"couleur": "rouge", "rang": 1.5, "poids": "1", "relu": "oui", "jour": "demain", "note": 1, "autre": "x"} {
			w.refuses(t, refusal{key, http.MethodPut, path, w.editor, map[string]any{"extras": map[string]any{"custom:" + key: value}}, 400, at("extras.custom:"+key, "…")})
		}
	})
}

// TestTwoEditorsLoseNothing: of two who read the same, the second to write is
// told, at every address of the dataset; what clients send unasked goes through.
func TestTwoEditorsLoseNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &world{Server: apitest.NewKeeping(t, d, 1<<20)}
		w.editorID, w.editor = w.User("editor@example.org", false)
		w.public = create(w.Server, w.editor, written("Comptages vélo", nil))
		path, second := "/api/1/datasets/"+w.public+"/", "/api/2/datasets/"+w.public+"/"
		id := dig(w.Get(path).JSON(t), "resources.0.id").(string)
		one := path + "resources/" + id + "/"
		stale := func(what, etag, method, address string, body any) {
			t.Helper()
			if answer := w.Do(method, address, body, "X-API-KEY", w.editor, "If-Match", etag); answer.Status != http.StatusPreconditionFailed {
				t.Errorf("%s with %s answered %d: %.200s", what, etag, answer.Status, answer.Body)
			}
		}
		for _, read := range []string{path, second, one} {
			for _, headers := range [][]string{nil, {"X-API-KEY", w.editor}} {
				w.Get(read, headers...) // the second answer is a kept one
				etag := w.Get(read, headers...).Header.Get("ETag")
				w.ok(t, 200, http.MethodPut, path, w.editor, map[string]any{"acronym": etag}, "If-Match", etag)
				stale("an update", etag, http.MethodPut, path, map[string]any{"acronym": "lost"})
				stale("a resource", etag, http.MethodPut, one, map[string]any{"title": "lost"})
				stale("an addition", etag, http.MethodPost, path+"resources/", map[string]any{"title": "a", "url": "https://example.org/", "filetype": "remote"})
				stale("extras", etag, http.MethodPut, second+"extras/", map[string]any{"lost": etag})
				stale("a deletion", etag, http.MethodDelete, path, nil)
				stale("a removal", etag, http.MethodDelete, one, nil)
			}
		}
		answer := w.ok(t, 200, http.MethodPut, one, w.editor, map[string]any{"title": "b"})
		w.ok(t, 200, http.MethodPut, path, w.editor, map[string]any{"acronym": "again"}, "If-Match", answer.Header.Get("ETag"))
		// Counters and the analysis of files disturb no editor.
		etag := w.Get(path).Header.Get("ETag")
		w.ok(t, 200, http.MethodPut, second+"resources/"+id+"/extras/", w.editor, map[string]any{"check:status": 200})
		w.ok(t, 200, http.MethodPut, path, w.editor, map[string]any{"acronym": "undisturbed"}, "If-Match", etag)
		// Of many at once exactly one wins.
		etag = w.Get(path).Header.Get("ETag")
		var won sync.Map
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				answer := w.Do(http.MethodPut, path, map[string]any{"acronym": fmt.Sprint(i)}, "X-API-KEY", w.editor, "If-Match", etag)
				won.Store(i, answer.Status)
			}()
		}
		wg.Wait()
		statuses := map[int]int{}
		won.Range(func(_, status any) bool { statuses[status.(int)]++; return true })
		if statuses[200] != 1 || statuses[412] != 7 {
			t.Errorf("eight editors at once: %v", statuses)
		}
	})
}

// TestCommunityResources: everybody adds to what everybody reads, and changes
// their own.
func TestCommunityResources(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		list := "/api/1/datasets/community_resources/"
		mine := w.community(t, w.stranger, nil)
		theirs := w.community(t, w.editor, map[string]any{"organization": w.organization, "title": "De la ville"})
		if tree := w.Get("/api/2/datasets/" + w.public + "/").JSON(t); dig(tree, "community_resources.total") != 2.0 {
			t.Errorf("the dataset counts %v", dig(tree, "community_resources"))
		}
		whole := w.Get(list+mine+"/", "X-API-KEY", w.stranger).JSON(t).(map[string]any)
		if dig(whole, "dataset.id") != w.public || dig(whole, "permissions.edit") != true || dig(whole, "owner.first_name") != "stranger" {
			t.Errorf("a community resource is %v", whole)
		}
		whole["title"], whole["description"] = "Carte des vélos", "Une carte"
		if answer := w.ok(t, 200, http.MethodPut, list+mine+"/", w.stranger, whole); dig(answer.JSON(t), "title") != "Carte des vélos" || dig(answer.JSON(t), "dataset.id") != w.public {
			t.Errorf("the update answered %s", answer.Body)
		}
		w.ok(t, 200, http.MethodPut, list+theirs+"/", w.editor, map[string]any{"dataset": w.archived})
		w.ok(t, 200, http.MethodPut, list+mine+"/", w.admin, map[string]any{"title": "Par l'administrateur"})
		w.ok(t, 204, http.MethodDelete, list+mine+"/", w.stranger, nil)
		if answer := w.Get(list + mine + "/"); answer.Status != http.StatusNotFound {
			t.Errorf("a removed community resource answered %d", answer.Status)
		}
		if tree := w.Get("/api/2/datasets/" + w.public + "/").JSON(t); dig(tree, "community_resources.total") != 0.0 {
			t.Errorf("the dataset counts %v", dig(tree, "community_resources"))
		}
		if tree := w.Get(list + "?dataset=" + w.archived).JSON(t); dig(tree, "data.0.id") != theirs {
			t.Errorf("the moved one is not found: %v", tree)
		}
	})
}

// TestReorderedResources: by identifiers or objects, with changes on the way.
func TestReorderedResources(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		path := "/api/1/datasets/" + w.public + "/"
		ids := func() (ids []any) {
			for _, r := range w.Get(path).JSON(t).(map[string]any)["resources"].([]any) {
				ids = append(ids, r.(map[string]any)["id"])
			}
			return ids
		}
		first := ids()
		turned := []any{map[string]any{"id": first[1], "title": "Notice"}, first[0]}
		answer := w.ok(t, 200, http.MethodPut, path+"resources/", w.editor, turned)
		if tree := answer.JSON(t); dig(tree, "0.title") != "Notice" || dig(tree, "1.id") != first[0] {
			t.Errorf("reordering answered %s", answer.Body)
		}
		if now := ids(); now[0] != first[1] || now[1] != first[0] {
			t.Errorf("the order is %v", now)
		}
	})
}

// TestManyDatasetsAtOnce edits what it may and tells of each.
func TestManyDatasetsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		own := create(w.Server, w.stranger, written("À moi", nil))
		edit := map[string]any{
			"ids": []string{w.public, w.private, w.deleted, own, "nothing", w.public}, "license": "odc-odbl",
			"tags_edit": map[string]any{"add": []string{"Nouveau"}, "remove": []string{"velo"}},
		}
		tree := w.ok(t, 200, http.MethodPatch, "/api/2/datasets/", w.editor, edit).JSON(t)
		for i, status := range []float64{200, 200, 410, 403, 404} {
			if got := dig(tree, fmt.Sprintf("%d.status", i)); got != status {
				t.Errorf("item %d is %v, want %v: %v", i, got, status, tree)
			}
		}
		if len(tree.([]any)) != 5 {
			t.Errorf("%d results", len(tree.([]any)))
		}
		for _, id := range []string{w.public, w.private} {
			got := w.Get("/api/1/datasets/"+id+"/", "X-API-KEY", w.editor).JSON(t)
			if dig(got, "license") != "odc-odbl" || dig(got, "tags.0") != "mobilite" || dig(got, "tags.1") != "nouveau" || dig(got, "tags.2") != nil || dig(got, "private") != (id == w.private) {
				t.Errorf("%v is %v with tags %v", id, dig(got, "license"), dig(got, "tags"))
			}
		}
		tree = w.ok(t, 200, http.MethodPatch, "/api/2/datasets/", w.editor, map[string]any{"ids": []string{w.public}, "tags": []string{"ab"}}).JSON(t)
		if dig(tree, "0.status") != 400.0 || !strings.Contains(fmt.Sprint(dig(tree, "0.message")), "between 3 and 96") {
			t.Errorf("a wrong tag gives %v", tree)
		}
	})
}

// TestAdministratorsGiveDatasets: they alone change the owner at once, and the
// counters follow.
func TestAdministratorsGiveDatasets(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		other := w.Organization("Région", account.NewMember{UserID: w.editorID, Role: account.RoleAdmin})
		answer := w.ok(t, 200, http.MethodPut, "/api/1/datasets/"+w.public+"/", w.admin, map[string]any{"organization": other})
		if dig(answer.JSON(t), "organization.id") != other || dig(answer.JSON(t), "owner") != nil {
			t.Errorf("the dataset belongs to %v", dig(answer.JSON(t), "organization"))
		}
		answer = w.ok(t, 200, http.MethodPut, "/api/1/datasets/"+w.public+"/", w.admin, map[string]any{"owner": map[string]any{"class": "User", "id": w.editorID}})
		if dig(answer.JSON(t), "owner.id") != w.editorID || dig(answer.JSON(t), "organization") != nil {
			t.Errorf("the dataset belongs to %v", dig(answer.JSON(t), "owner"))
		}
		wrong, err := w.Catalog.CheckCounters(t.Context())
		if err != nil || len(wrong) > 0 {
			t.Errorf("counters: %v (%v)", wrong, err)
		}
	})
}

// FuzzDatasetWrite reads bodies of anybody: it ends, and what it took in it takes
// in again.
func FuzzDatasetWrite(f *testing.F) {
	for _, seed := range []string{
		`{"title":"a","description":"b","tags":"x,y","resources":[{"title":"a","url":"https://example.org/","filesize":1}]}`,
		`{"temporal_coverage":{"start":"2020-01-01","end":null},"spatial":{"zones":["a",{"id":"b"}],"geom":null},"organization":{"id":"x"}}`,
		`{"archived":"2020","deleted":null,"private":true,"extras":{"a":[1,{"b":null}]},"access_audiences":[{"role":"private","condition":"yes"}]}`,
		`{"resources":[{"checksum":{"type":"md5","value":"x"},"schema":{"name":"a","version":"1"}}],"contact_points":["a",{"id":"b"}]}`,
		`{"title":5,"tags":[1],"resources":{"a":1},"frequency_date":"x"}`, `[]`, `null`, `{"title":null`, `{"resources":[null,[]]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var first, second api.DatasetWrite
		err := json.Unmarshal(text, &first)
		if again := json.Unmarshal(text, &second); (err == nil) != (again == nil) || err == nil && !reflect.DeepEqual(first, second) {
			t.Fatalf("the same body is read in two ways: %v, %v", err, again)
		}
		if err != nil {
			return
		}
		var members map[string]json.RawMessage
		if json.Unmarshal(text, &members) != nil && !bytes.Equal(bytes.TrimSpace(text), []byte("null")) {
			t.Fatalf("%q is taken for an object", text)
		}
		if title, sent := members["title"]; sent != first.Title.Set {
			t.Fatalf("the title %s was sent: %t, seen: %t", title, sent, first.Title.Set)
		}
	})
}
