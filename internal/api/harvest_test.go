package api_test

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/web/webtest"
)

const (
	harvestSources = "/api/1/harvest/sources/"
	harvestKeys    = "active,advice,autoarchive,backend,config,created_at,deleted,description,failures,failing_since,id,last_job,last_modified,name,next_run,options," +
		"organization,owner,permissions,schedule,secrets_set,shrunk_job,slug,url,validation"
	harvestJobKeys  = "created,ended,errors,id,items,report,source,started,status"
	harvestItemKeys = "args,created,dataservice,dataset,difference,ended,errors,kwargs,logs,outcome,remote_id,remote_url,started,status"
)

// harvestJob writes a job of a source in a state.
func (p *portal) harvestJob(id, source, status string) {
	p.exec(`INSERT INTO harvest_jobs (id, source_id, preview, status, phase, reason, created_at, stop_asked, resumed, digest, items, datasets, dataservices, done, failed, skipped,
		archived, created, changed, unchanged, conflicts, requests, retries, bytes, complete, cursor_items, lapses) VALUES (?, ?, ?, ?, '', 'hand', 1, ?, 0, '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?, 0, 0)`,
		id, source, false, status, false, false)
}

// harvestWorld is an organisation and people around its sources.
type harvestWorld struct {
	*apitest.Server
	document                    *webtest.Document
	t                           *testing.T
	admin, manager, editor, eve string
	adminID, managerID, org     string
}

func newHarvestWorld(t *testing.T, d *db.DB) *harvestWorld {
	w := &harvestWorld{Server: apitest.New(t, d), t: t}
	w.document = webtest.NewDocument(t, w.Tables...)
	w.adminID, w.admin = w.User("admin@example.org", true)
	w.managerID, w.manager = w.User("manager@example.org", false)
	editor, token := w.User("editor@example.org", false)
	w.editor = token
	_, w.eve = w.User("eve@example.org", false)
	w.org = w.Organization("Valmont", account.NewMember{UserID: w.managerID, Role: account.RoleAdmin}, account.NewMember{UserID: editor, Role: account.RoleEditor})
	return w
}

// ask sends a request as somebody and gives the answer, whose status must be that.
func (w *harvestWorld) ask(token, method, path string, status int, body any) any {
	w.t.Helper()
	var key []string
	if token != "" {
		key = []string{"X-API-KEY", token}
	}
	a := w.Do(method, path, body, key...)
	if a.Status != status {
		w.t.Fatalf("%s %s answers %d, want %d: %.400s", method, path, a.Status, status, a.Body)
	}
	if len(a.Body) == 0 {
		return nil
	}
	if template, _, _ := strings.Cut(path, "?"); status < 300 {
		w.document.CheckAnswer(w.t, method, w.Template(template), status, a.Body)
	}
	return a.JSON(w.t)
}

// harvestSays compares parts of an answer with what is wanted.
func harvestSays(t *testing.T, tree any, wanted want) {
	t.Helper()
	for path, value := range wanted {
		if strings.HasSuffix(path, "keys") {
			value = sortedKeys(value.(string))
		}
		if got, ok := reach(tree, path); !ok || !reflect.DeepEqual(got, value) {
			t.Errorf("%s is %v, want %v", path, got, value)
		}
	}
}

// source makes a source of the organisation for the titles in its path.
func (w *harvestWorld) source(titles string) string {
	w.t.Helper()
	made := w.ask(w.manager, "POST", harvestSources, 201, map[string]any{"name": "Portail de Valmont", "url": "https://portal.example.org/" + titles, "backend": "ckan", "organization": w.org})
	return dig(made, "id").(string)
}

// run lets the jobs that wait run.
func (w *harvestWorld) run(job string) {
	w.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	if err := w.Harvests.Run(ctx, job, nil); err != nil {
		w.t.Fatal(err)
	}
}

// letters are the subjects of the letters posted so far.
func (w *harvestWorld) subjects() string {
	var subjects []string
	for _, letter := range w.Letters() {
		subjects = append(subjects, letter.Subject)
	}
	return strings.Join(subjects, "\n")
}

// A source from its making to its deletion.
func TestHarvestSource(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newHarvestWorld(t, d)
		body := map[string]any{
			"name": "Portail de Valmont", "url": "https://portal.example.org/a,b,broken", "backend": "ckan", "organization": w.org, "description": "Tout",
			"config":  map[string]any{"filters": []any{map[string]any{"key": "tags", "value": "eau"}}, "apikey": "hidden-key", "custom": 7},
			"secrets": map[string]any{"password": "hidden-word"}, "options": map[string]any{"protected_fields": []any{"title"}, "grace_days": 3},
		}
		made := w.ask(w.manager, "POST", harvestSources, 201, body)
		id := dig(made, "id").(string)
		harvestSays(t, made, want{
			"keys": harvestKeys, "slug": "portail-de-valmont", "validation.state": "pending", "schedule": nil, "organization.id": w.org, "owner": nil, "active": true,
			"config.custom": 7.0, "secrets_set": []any{"apikey", "password"}, "options.grace_days": 3.0, "last_job": nil,
			"permissions.edit": true, "permissions.run": false, "permissions.validate": false, "permissions.preview": true,
		})
		path := "/api/1/harvest/source/" + id + "/"
		if key, ok := reach(made, "config.apikey"); ok {
			t.Errorf("the configuration shows the key %v", key)
		}
		seen := w.Do("GET", path, nil)
		if strings.Contains(string(seen.Body), "hidden") {
			t.Errorf("a secret is shown: %s", seen.Body)
		}
		harvestSays(t, seen.JSON(t), want{"secrets_set": nil, "permissions.edit": false})
		if !strings.Contains(w.subjects(), "Portail de Valmont") {
			t.Errorf("the letters are %q", w.subjects())
		}

		// Renamed: the former slug leads to it. A partial write keeps the rest.
		harvestSays(t, w.ask(w.manager, "PUT", path, 200, map[string]any{"name": "Autre portail", "organization": w.org}), want{"slug": "autre-portail", "description": "Tout", "options.grace_days": 3.0})
		if a := w.Do("GET", "/api/1/harvest/source/portail-de-valmont/", nil); a.Status != http.StatusPermanentRedirect || !strings.HasSuffix(a.Header.Get("Location"), "/autre-portail/") {
			t.Errorf("the former slug answers %d %s", a.Status, a.Header.Get("Location"))
		}
		harvestSays(t, w.ask("", "GET", harvestSources+"?q=AUTRE&organization="+w.org, 200, nil), want{"total": 1.0, "data.0.id": id})
		harvestSays(t, w.ask("", "GET", harvestSources+"?q=nothing", 200, nil), want{"total": 0.0})

		// Accepted: scheduled in the night, and run at once.
		accepted := w.ask(w.admin, "POST", path+"validate/", 200, map[string]any{"state": "accepted", "comment": "Bien"})
		harvestSays(t, accepted, want{"validation.state": "accepted", "validation.comment": "Bien", "validation.by.id": w.adminID, "schedule": "0 0 * * *", "last_job.source.class": "NoneType"})
		next, err := time.Parse(time.RFC3339, dig(accepted, "next_run").(string))
		if err != nil || next.UTC().Hour() >= 6 || !next.After(time.Now()) {
			t.Errorf("the next run is at %v, %v", next, err)
		}
		jobs := w.ask("", "GET", path+"jobs/", 200, nil)
		job := dig(jobs, "data.0.id").(string)
		harvestSays(t, jobs, want{"total": 1.0, "data.0.status": "initialized", "data.0.keys": harvestJobKeys})
		w.run(job)
		done := w.ask("", "GET", "/api/1/harvest/job/"+job+"/", 200, nil)
		harvestSays(t, done, want{
			"status": "done-errors", "items.href": "/api/1/harvest/job/" + job + "/items/", "items.total": 3.0, "items.by_status.done": 2.0, "items.by_status.failed": 1.0,
			"items.by_type.dataset": 3.0, "report.created": 2.0, "source.id": id, "source.class": "HarvestSource",
		})
		items := w.ask("", "GET", "/api/1/harvest/job/"+job+"/items/?status=done", 200, nil)
		harvestSays(t, items, want{"total": 2.0, "data.0.keys": harvestItemKeys, "data.0.remote_id": "a", "data.0.dataset.class": "Dataset", "data.0.dataset.title": "a", "data.0.outcome": "new"})
		harvestSays(t, w.ask("", "GET", "/api/1/harvest/job/"+job+"/items/?outcome=refused", 200, nil), want{"total": 1.0, "data.0.errors.0.message": "This record is broken.", "data.0.errors.0.details": nil})
		harvestSays(t, w.ask(w.admin, "GET", "/api/1/harvest/job/"+job+"/items/?status=failed", 200, nil), want{"data.0.errors.0.details": "line 7"})
		w.ask("", "GET", "/api/1/harvest/job/"+job+"/items/?status=lost", 400, nil)
		w.ask("", "GET", "/api/1/harvest/job/"+job+"/items/?page=2", 404, nil)
		w.ask("", "GET", "/api/1/harvest/job/"+job+"/logs/", 200, nil)
		dataset := dig(items, "data.0.dataset.id").(string)
		harvestSays(t, w.ask("", "GET", "/api/1/datasets/"+dataset+"/", 200, nil), want{
			"harvest.source_id": id, "harvest.remote_id": "a", "harvest.domain": "portal.example.org", "harvest.backend": "CKAN", "organization.id": w.org,
		})
		harvestSays(t, w.ask("", "GET", "/api/1/harvest/lookup/?url=https://portal.example.org/a", 200, nil), want{"#": 1.0, "0.id": dataset, "0.source.id": id, "0.item.status": "done", "0.job": job})
		harvestSays(t, w.ask("", "GET", "/api/1/harvest/lookup/?url=broken", 200, nil), want{"#": 1.0, "0.id": nil, "0.item.errors.0.message": "This record is broken."})

		// What became private is no longer told of by reports.
		w.ask(w.manager, "PUT", "/api/1/datasets/"+dataset+"/", 200, map[string]any{"title": "a", "description": "d", "frequency": "unknown", "private": true})
		harvestSays(t, w.ask(w.eve, "GET", "/api/1/harvest/job/"+job+"/items/?status=done", 200, nil), want{"data.0.dataset": nil, "data.1.dataset.title": "b"})
		harvestSays(t, w.ask(w.manager, "GET", "/api/1/harvest/job/"+job+"/items/?status=done", 200, nil), want{"data.0.dataset.id": dataset})
		harvestSays(t, w.ask(w.eve, "GET", "/api/1/harvest/lookup/?url=https://portal.example.org/a", 200, nil), want{"0.id": nil, "0.title": nil})

		// Schedules.
		harvestSays(t, w.ask(w.admin, "POST", path+"schedule/", 200, "30 2 * * sunday"), want{"schedule": "30 2 * * sunday"})
		w.ask(w.admin, "DELETE", path+"schedule/", 204, nil)
		harvestSays(t, w.ask(w.admin, "DELETE", path+"schedule/", 400, nil), want{"message": "Harvester Autre portail is not scheduled"})
		harvestSays(t, w.ask(w.admin, "POST", path+"run/", 200, nil), want{"id": id})
		waiting := dig(w.ask("", "GET", path+"jobs/", 200, nil), "data.0.id").(string)
		harvestSays(t, w.ask(w.manager, "POST", "/api/1/harvest/job/"+waiting+"/stop/", 200, nil), want{"status": "failed", "report.state": "cancelled"})
		harvestSays(t, w.ask(w.manager, "POST", "/api/1/harvest/job/"+waiting+"/stop/", 400, nil), want{"message": "This job has ended already."})

		// Refused: it runs no more.
		w.ask(w.admin, "POST", path+"validate/", 200, map[string]any{"state": "refused", "comment": "Non"})
		w.ask(w.admin, "POST", path+"run/", 400, nil)

		// Deleted, and brought back.
		w.ask(w.manager, "DELETE", path, 204, nil)
		w.ask(w.manager, "DELETE", path, 410, nil)
		harvestSays(t, w.ask("", "GET", harvestSources, 200, nil), want{"total": 0.0})
		harvestSays(t, w.ask("", "GET", harvestSources+"?deleted=false", 200, nil), want{"total": 1.0})
		harvestSays(t, w.ask("", "GET", path, 200, nil), want{"id": id})
		harvestSays(t, w.ask(w.manager, "PUT", path, 200, map[string]any{"deleted": nil}), want{"deleted": nil})
	})
}

// Every refusal of what people send.
func TestHarvestRefusals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newHarvestWorld(t, d)
		id := w.source("a")
		path := "/api/1/harvest/source/" + id + "/"
		good := func(changes map[string]any) map[string]any {
			body := map[string]any{"name": "n", "url": "https://portal.example.org/", "backend": "ckan"}
			for name, value := range changes {
				body[name] = value
			}
			return body
		}
		config := func(c any) map[string]any { return good(map[string]any{"config": c}) }
		options := func(o any) map[string]any { return good(map[string]any{"options": o}) }
		filter := func(key string, value any) map[string]any {
			return config(map[string]any{"filters": []any{map[string]any{"key": key, "value": value}}})
		}
		for name, row := range map[string]struct {
			token, method, path string
			body                any
			status              int
			field, text         string
		}{
			"nobody":              {"", "POST", harvestSources, good(nil), 401, "", ""},
			"of another":          {w.eve, "POST", harvestSources, good(map[string]any{"owner": w.managerID}), 400, "owner", "You can only set yourself as owner"},
			"of an organisation":  {w.eve, "POST", harvestSources, good(map[string]any{"organization": w.org}), 403, "", ""},
			"by an editor":        {w.editor, "POST", harvestSources, good(map[string]any{"organization": w.org}), 403, "", ""},
			"of nobody known":     {w.admin, "POST", harvestSources, good(map[string]any{"organization": db.NewID()}), 400, "organization", "Unknown identifier"},
			"without name":        {w.eve, "POST", harvestSources, good(map[string]any{"name": " "}), 400, "name", "Field is required"},
			"long name":           {w.eve, "POST", harvestSources, good(map[string]any{"name": strings.Repeat("x", 256)}), 400, "name", "longer than 255"},
			"without address":     {w.eve, "POST", harvestSources, map[string]any{"name": "n", "backend": "ckan"}, 400, "url", "Field is required"},
			"private address":     {w.eve, "POST", harvestSources, good(map[string]any{"url": "http://10.0.0.1/"}), 400, "url", "Invalid URL"},
			"file":                {w.eve, "POST", harvestSources, good(map[string]any{"url": "file:///etc/passwd"}), 400, "url", "Invalid URL"},
			"credentials":         {w.eve, "POST", harvestSources, good(map[string]any{"url": "https://a:b@portal.example.org/"}), 400, "url", "Credentials"},
			"without backend":     {w.eve, "POST", harvestSources, map[string]any{"name": "n", "url": "https://portal.example.org/"}, 400, "backend", "Field is required"},
			"unknown backend":     {w.eve, "POST", harvestSources, good(map[string]any{"backend": "gopher"}), 400, "backend", `Unknown backend "gopher"`},
			"no object":           {w.eve, "POST", harvestSources, config([]any{}), 400, "config", "The configuration should be a dictionary"},
			"unknown filter":      {w.eve, "POST", harvestSources, filter("colour", "red"), 400, "config", `Unknown filter key "colour" for "ckan" backend`},
			"number for text":     {w.eve, "POST", harvestSources, filter("tags", 1), 400, "config", `"tags" filter should be of type "string"`},
			"text for number":     {w.eve, "POST", harvestSources, filter("year", "x"), 400, "config", `"year" filter should be of type "integer"`},
			"no day":              {w.eve, "POST", harvestSources, filter("since", "2024-13-01"), 400, "config", `"since" filter should be of type "date"`},
			"without value":       {w.eve, "POST", harvestSources, config(map[string]any{"filters": []any{map[string]any{"key": "tags"}}}), 400, "config", "A field should have both key and value properties"},
			"filter type":         {w.eve, "POST", harvestSources, config(map[string]any{"filters": []any{map[string]any{"key": "tags", "value": "x", "type": "maybe"}}}), 400, "config", "include or exclude"},
			"filters no list":     {w.eve, "POST", harvestSources, config(map[string]any{"filters": "x"}), 400, "config", "list"},
			"unknown feature":     {w.eve, "POST", harvestSources, config(map[string]any{"features": map[string]any{"fly": true}}), 400, "config", `Unknown feature "fly" for "ckan" backend`},
			"feature no boolean":  {w.eve, "POST", harvestSources, config(map[string]any{"features": map[string]any{"geodcatap": "yes"}}), 400, "config", "A feature should be a boolean"},
			"unknown extra":       {w.eve, "POST", harvestSources, config(map[string]any{"extra_configs": []any{map[string]any{"key": "x", "value": "y"}}}), 400, "config", `Unknown extra config key "x"`},
			"unknown option":      {w.eve, "POST", harvestSources, options(map[string]any{"speed": 9}), 400, "options", "unknown"},
			"unknown protection":  {w.eve, "POST", harvestSources, options(map[string]any{"protected_fields": []any{"slug"}}), 400, "options", "Unknown field"},
			"unknown policy":      {w.eve, "POST", harvestSources, options(map[string]any{"on_vanish": "burn"}), 400, "options", "archive, delete, keep"},
			"grace":               {w.eve, "POST", harvestSources, options(map[string]any{"grace_days": 1000}), 400, "options", "between 0 and 365"},
			"parallel":            {w.eve, "POST", harvestSources, options(map[string]any{"parallel": 9}), 400, "options", "between 0 and 4"},
			"certificates":        {w.eve, "POST", harvestSources, options(map[string]any{"insecure_tls": true}), 400, "options", "Only administrators"},
			"secret name":         {w.eve, "POST", harvestSources, good(map[string]any{"secrets": map[string]any{"A B": "x"}}), 400, "secrets", "name of a secret"},
			"other organisation":  {w.manager, "PUT", path, map[string]any{"organization": db.NewID()}, 400, "organization", "Cannot modify organization after creation"},
			"known later":         {w.manager, "PUT", path, map[string]any{"backend": "gopher"}, 400, "backend", "Unknown backend"},
			"write of a stranger": {w.eve, "PUT", path, map[string]any{"name": "x"}, 403, "", ""},
			"write of an editor":  {w.editor, "PUT", path, map[string]any{"name": "x"}, 403, "", ""},
			"not there":           {w.eve, "PUT", "/api/1/harvest/source/nowhere/", map[string]any{}, 404, "", "Harvest source not found"},
			"unknown state":       {w.admin, "POST", path + "validate/", map[string]any{"state": "pending"}, 400, "state", "accepted, refused"},
			"no comment":          {w.admin, "POST", path + "validate/", map[string]any{"state": "refused"}, 400, "comment", "Field is required"},
			"validated by owner":  {w.manager, "POST", path + "validate/", map[string]any{"state": "accepted"}, 403, "", ""},
			"run by owner":        {w.manager, "POST", path + "run/", nil, 400, "", "Cannot run source manually."},
			"run unvalidated":     {w.admin, "POST", path + "run/", nil, 400, "", "Source is not validated."},
			"no schedule":         {w.admin, "POST", path + "schedule/", "at noon", 400, "schedule", "This is no schedule"},
			"never":               {w.admin, "POST", path + "schedule/", "0 0 31 2 *", 400, "schedule", "never comes"},
			"shorthand":           {w.admin, "POST", path + "schedule/", "@every 1s", 400, "schedule", "This is no schedule"},
			"nothing shrunk":      {w.manager, "POST", path + "confirm/", nil, 400, "", "Nothing of this source waits"},
			"no job":              {w.admin, "POST", "/api/1/harvest/job/" + db.NewID() + "/stop/", nil, 404, "", "Harvest job not found"},
			"half a preview":      {w.eve, "POST", "/api/1/harvest/source/preview/", map[string]any{"name": "n"}, 400, "url", "Field is required"},
		} {
			answer := w.ask(row.token, row.method, row.path, row.status, row.body)
			said, _ := dig(answer, "message").(string)
			if row.field != "" {
				if field, ok := dig(answer, "errors."+row.field).(string); ok {
					said = field
				} else if dig(answer, "errors."+row.field) == nil {
					t.Errorf("%s: no error of %s: %v", name, row.field, answer)
				}
			}
			if !strings.Contains(said, row.text) {
				t.Errorf("%s: %q does not say %q: %v", name, said, row.text, answer)
			}
		}
		harvestSays(t, w.ask(w.admin, "PUT", path, 200, map[string]any{"options": map[string]any{"insecure_tls": true}}), want{"options.insecure_tls": true})
	})
}

// Secrets are for the server that they were given for, and hidden however they are called.
func TestHarvestSecretsStayWithTheirHost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newHarvestWorld(t, d)
		path := "/api/1/harvest/source/" + w.source("a") + "/"
		harvestSays(t, w.ask(w.manager, "PUT", path, 200, map[string]any{"secrets": map[string]any{"apikey": "k", "token": "t"}}), want{"secrets_set": []any{"apikey", "token"}})
		harvestSays(t, w.ask(w.manager, "PUT", path, 200, map[string]any{"url": "https://portal.example.org/elsewhere", "secrets": map[string]any{"token": nil}}), want{"secrets_set": []any{"apikey"}})
		for _, thief := range []string{"https://thief.example.org/", "https://portal.example.org:8443/", "http://portal.example.org/"} {
			harvestSays(t, w.ask(w.manager, "PUT", path, 200, map[string]any{"url": "https://portal.example.org/", "secrets": map[string]any{"apikey": "k"}}), want{"secrets_set": []any{"apikey"}})
			harvestSays(t, w.ask(w.manager, "PUT", path, 200, map[string]any{"url": thief}), want{"secrets_set": []any{}})
		}
		hidden := map[string]any{"X-API-Key": "hidden", "access_token": "hidden", "adminPassword": "hidden", "secret": map[string]any{"a": "hidden"}, "keywords": "shown"}
		made := w.ask(w.manager, "PUT", path, 200, map[string]any{"config": hidden})
		harvestSays(t, made, want{"config.keywords": "shown", "secrets_set": []any{"access_token", "adminpassword", "x-api-key"}})
		if seen := w.Do("GET", path, nil); strings.Contains(string(seen.Body), `"hidden"`) {
			t.Errorf("a secret is shown: %s", seen.Body)
		}
	})
}

// A preview stores nothing and shows whole objects.
func TestHarvestPreview(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newHarvestWorld(t, d)
		body := map[string]any{"name": "n", "url": "https://portal.example.org/a,broken", "backend": "ckan"}
		shown := want{
			"items.0.status": "done", "items.0.outcome": "new", "items.0.dataset.title": "a", "items.0.dataset.uri": nil, "items.0.dataset.page": nil,
			"items.1.status": "failed", "items.1.errors.0.message": "This record is broken.", "items.1.dataset": nil, "errors": []any{},
		}
		harvestSays(t, w.ask(w.eve, "POST", "/api/1/harvest/source/preview/", 200, body), shown)
		path := "/api/1/harvest/source/" + w.source("a,broken") + "/"
		harvestSays(t, w.ask(w.editor, "GET", path+"preview/", 200, nil), shown)
		w.ask(w.eve, "GET", path+"preview/", 403, nil)
		for _, table := range []string{"harvest_jobs", "harvest_items", "datasets", "harvests"} {
			var count int
			if err := d.Read().NewRaw("SELECT count(*) FROM "+table).Scan(context.Background(), &count); err != nil || count != 0 {
				t.Errorf("%s has %d rows, %v", table, count, err)
			}
		}

		// The whole of it, in the background, for those who may preview.
		job := w.ask(w.editor, "POST", path+"preview/", 201, nil)
		id := dig(job, "id").(string)
		harvestSays(t, job, want{"report.preview": true, "status": "initialized"})
		w.run(id)
		harvestSays(t, w.ask(w.editor, "GET", "/api/1/harvest/job/"+id+"/items/", 200, nil), want{"total": 2.0, "data.0.outcome": "new"})
		w.ask(w.eve, "GET", "/api/1/harvest/job/"+id+"/", 404, nil)
		w.ask("", "GET", "/api/1/harvest/job/"+id+"/items/", 404, nil)
		harvestSays(t, w.ask("", "GET", path+"jobs/", 200, nil), want{"total": 0.0})
	})
}

// Both sides see a record that belongs to something else.
func TestHarvestConflicts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newHarvestWorld(t, d)
		first, second := w.source("a"), w.source("b")
		dataset := db.NewID()
		insert := func(query string, args ...any) {
			if err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.NewRaw(query, args...).Exec(ctx)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		insert("INSERT INTO harvests (object_id, kind, source_id, remote_id) VALUES (?, 'dataset', ?, 'x')", dataset, first)
		insert(`INSERT INTO harvest_conflicts (object_id, source_id, remote_id, kind, reason, job_id, first_at, last_at) VALUES (?, ?, 'x', 'dataset', 'Item has another owner', ?, 1, 2)`,
			dataset, second, db.NewID())
		for _, id := range []string{first, second} {
			harvestSays(t, w.ask("", "GET", "/api/1/harvest/source/"+id+"/conflicts/", 200, nil), want{
				"total": 1.0, "data.0.claimant.id": second, "data.0.holder.id": first, "data.0.remote_id": "x", "data.0.id": nil,
			})
		}
		w.ask("", "GET", "/api/1/harvest/source/"+first+"/conflicts/?page=2", 404, nil)
	})
}
