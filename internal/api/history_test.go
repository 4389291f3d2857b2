package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/job"
	"grenier/internal/verify"
)

// writing does a request as somebody and wants a status.
func (p *portal) writing(who, method, path string, body any, status int, headers ...string) any {
	p.t.Helper()
	if token := p.token(who); token != "" {
		headers = append(headers, "X-API-KEY", token)
	}
	answer := p.Do(method, p.fill(path), body, headers...)
	if answer.Status != status {
		p.t.Fatalf("%s %s as %q answers %d, not %d: %.400s", method, path, who, answer.Status, status, answer.Body)
	}
	if len(answer.Body) == 0 {
		return nil
	}
	return answer.JSON(p.t)
}

// TestVersionsAndRestore changes a dataset and its resources, reads what history
// keeps, and goes back.
func TestVersionsAndRestore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		body := map[string]any{
			"title": "First", "description": "Long enough.", "tags": []string{"one-tag"}, "private": false, "frequency": "daily",
			"resources": []any{map[string]any{"title": "a.csv", "url": "https://example.org/a.csv", "type": "main", "filetype": "remote", "format": "csv"}},
		}
		made := p.writing("eve", "POST", "/api/1/datasets/", body, http.StatusCreated)
		id, resource := historyAt(made, "id").(string), historyAt(made, "resources.0.id").(string)
		p.ids["it"], p.ids["its"] = id, resource
		p.writing("eve", "PUT", "/api/1/datasets/<it>/", map[string]any{"title": "Second", "tags": []string{"two-tag"}, "private": false, "frequency": "weekly", "temporal_coverage": map[string]any{"start": "2020-01-01", "end": "2020-12-31"}}, http.StatusOK)
		p.writing("eve", "PUT", "/api/1/datasets/<it>/resources/<its>/", map[string]any{"title": "b.csv", "description": "Now told"}, http.StatusOK)
		p.writing("eve", "DELETE", "/api/1/datasets/<it>/resources/<its>/", nil, http.StatusNoContent)

		page := p.writing("eve", "GET", "/api/2/history/dataset/<it>/", nil, http.StatusOK)
		for path, value := range map[string]any{
			"total": 4.0, "data.0.version": 4.0, "data.0.key": "dataset:resource:deleted", "data.3.key": "dataset:created", "data.3.changes.#": 0.0,
			"data.2.difference.title.before": "First", "data.2.difference.title.after": "Second", "data.0.actor.kind": "token", "data.0.actor.user.id": p.eve,
			"data.1.key": "dataset:resource:updated",
		} {
			if got := historyAt(page, path); got != value {
				t.Errorf("%s is %v, not %v", path, got, value)
			}
		}
		if got := historyAt(p.writing("eve", "GET", "/api/2/history/dataset/<it>/2/", nil, http.StatusOK), "changes.0"); got != "frequency" {
			t.Errorf("the second version changed %v first", got)
		}
		for path, who := range map[string]map[string]int{
			"/api/2/history/dataset/<it>/": {"": 401, "ada": 403, "admin": 200}, "/api/2/history/dataset/<it>/9/": {"eve": 404}, "/api/2/history/dataset/<it>/x/": {"eve": 404},
			"/api/2/history/nonsense/<it>/": {"eve": 404}, "/api/2/history/reuse/<it>/": {"eve": 404}, "/api/2/history/dataset/<secret>/": {"eve": 404, "ada": 200},
			"/api/2/history/dataset/<deleted>/": {"eve": 410, "ada": 200},
		} {
			for name, status := range who {
				p.writing(name, "GET", path, nil, status)
			}
		}
		p.writing("ada", "POST", "/api/2/history/dataset/<it>/1/restore/", nil, http.StatusForbidden)
		p.writing("eve", "POST", "/api/2/history/dataset/<it>/4/restore/", nil, http.StatusBadRequest)
		p.writing("eve", "POST", "/api/2/history/dataset/<it>/1/restore/", nil, http.StatusOK)
		back := p.writing("", "GET", "/api/1/datasets/<it>/", nil, http.StatusOK)
		for path, value := range map[string]any{
			"title": "First", "frequency": "daily", "tags.#": 1.0, "tags.0": "one-tag", "temporal_coverage": nil, "resources.#": 1.0,
			"resources.0.id": resource, "resources.0.title": "a.csv", "resources.0.description": nil, "resources.0.format": "csv",
		} {
			if got := historyAt(back, path); got != value {
				t.Errorf("after the restore, %s is %v, not %v", path, got, value)
			}
		}
		if got := historyAt(p.writing("eve", "GET", "/api/2/history/dataset/<it>/", nil, http.StatusOK), "data.0.key"); got != "dataset:updated" {
			t.Errorf("the restore is called %v", got)
		}
		var what string
		if err := d.Read().NewRaw("SELECT what FROM history WHERE object = ? ORDER BY version DESC LIMIT 1", id).Scan(context.Background(), &what); err != nil || what != "restored" {
			t.Errorf("history calls the restore %q, %v", what, err)
		}
		p.writing("eve", "POST", "/api/2/history/dataset/<it>/2/restore/", nil, http.StatusOK)
		if got := historyAt(p.writing("", "GET", "/api/1/datasets/<it>/", nil, http.StatusOK), "temporal_coverage.start"); got == nil {
			t.Error("the period of the second version did not come back")
		}
	})
}

// TestActivity reads who did what, and what it hides.
func TestActivity(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		p.exec("DELETE FROM history")
		for name, private := range map[string]bool{"seen": false, "unseen": true} {
			made := p.writing("ada", "POST", "/api/1/datasets/", map[string]any{"title": "Data " + name, "description": "Some.", "private": private, "organization": p.town}, http.StatusCreated)
			p.ids[name] = historyAt(made, "id").(string)
			p.writing("ada", "PUT", "/api/1/datasets/<"+name+">/", map[string]any{"title": "Data again " + name, "private": private}, http.StatusOK)
		}
		all := p.writing("", "GET", "/api/1/activity/?lang=en", nil, http.StatusOK)
		for path, value := range map[string]any{
			"total": 2.0, "data.#": 2.0, "data.0.keys": "actor,changes,created_at,extras,icon,key,label,organization,related_to,related_to_id,related_to_kind,related_to_url",
			"data.0.key": "dataset:updated", "data.0.label": "updated a dataset", "data.0.related_to": "Data again seen", "data.0.related_to_kind": "Dataset",
			"data.0.related_to_url": "https://data.example.org/datasets/data-again-seen", "data.0.changes.#": 2.0, "data.0.actor.id": p.ada, "data.0.organization.id": p.town, "data.1.key": "dataset:created",
		} {
			if got := historyAt(all, path); got != value {
				t.Errorf("%s is %v, not %v", path, got, value)
			}
		}
		for query, want := range map[string][2]float64{
			"": {2, 2}, "?user=<ada>": {2, 2}, "?user=<eve>": {0, 0}, "?organization=<town>": {2, 2}, "?related_to=<seen>": {2, 2}, "?related_to=<unseen>": {0, 0}, "?page_size=1": {2, 1},
		} {
			got := p.writing("", "GET", "/api/1/activity/"+query, nil, http.StatusOK)
			if historyAt(got, "total") != want[0] || historyAt(got, "data.#") != want[1] {
				t.Errorf("%s gives %v of %v, not %v", query, historyAt(got, "data.#"), historyAt(got, "total"), want)
			}
		}
		if got := historyAt(p.writing("ada", "GET", "/api/1/activity/", nil, http.StatusOK), "data.#"); got != 4.0 {
			t.Errorf("a member sees %v lines of 4", got)
		}
		p.writing("ada", "DELETE", "/api/1/datasets/<seen>/", nil, http.StatusNoContent)
		if got := p.writing("", "GET", "/api/1/activity/", nil, http.StatusOK); historyAt(got, "data.#") != 0.0 || historyAt(got, "total") != 0.0 {
			t.Errorf("everybody sees lines of a deleted dataset: %v", got)
		}
		p.writing("", "GET", "/api/1/activity/?related_to=nonsense", nil, http.StatusBadRequest)
	})
}

// TestBin deletes, looks into the bin and brings back.
func TestBin(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		p.exec("UPDATE datasets SET deleted_at = NULL")
		p.exec("UPDATE reuses SET deleted_at = NULL")
		p.exec("UPDATE dataservices SET deleted_at = NULL")
		p.writing("ada", "DELETE", "/api/1/datasets/<open>/", nil, http.StatusNoContent)
		p.writing("ada", "DELETE", "/api/1/datasets/<secret>/", nil, http.StatusNoContent)
		p.writing("eve", "DELETE", "/api/1/datasets/<mine>/", nil, http.StatusNoContent)
		for who, count := range map[string]float64{"ada": 2, "eve": 1, "admin": 4} {
			if got := historyAt(p.writing(who, "GET", "/api/2/bin/", nil, http.StatusOK), "total"); got != count {
				t.Errorf("%s has %v in the bin, not %v", who, got, count)
			}
		}
		p.writing("", "GET", "/api/2/bin/", nil, http.StatusUnauthorized)
		mine := p.writing("eve", "GET", "/api/2/bin/?kind=dataset", nil, http.StatusOK)
		if historyAt(mine, "data.0.id") != p.ids["mine"] || historyAt(mine, "data.0.deleted_by.id") != p.eve || historyAt(mine, "data.0.class") != "Dataset" {
			t.Errorf("the bin of eve: %v", mine)
		}
		if got := historyAt(p.writing("ada", "GET", "/api/2/bin/?organization=<town>", nil, http.StatusOK), "total"); got != 2.0 {
			t.Errorf("%v of the town are in the bin", got)
		}
		p.writing("", "POST", "/api/2/bin/dataset/<mine>/restore/", nil, http.StatusUnauthorized)
		p.writing("ada", "POST", "/api/2/bin/dataset/<mine>/restore/", nil, http.StatusGone)
		p.writing("eve", "POST", "/api/2/bin/dataset/<secret>/restore/", nil, http.StatusNotFound)
		p.writing("eve", "POST", "/api/2/bin/topic/<mine>/restore/", nil, http.StatusNotFound)
		p.writing("eve", "POST", "/api/2/bin/dataset/<mine>/restore/", nil, http.StatusOK)
		p.writing("eve", "POST", "/api/2/bin/dataset/<mine>/restore/", nil, http.StatusBadRequest)
		p.writing("", "GET", "/api/1/datasets/<mine>/", nil, http.StatusOK)
		p.writing("ada", "POST", "/api/2/bin/dataset/<secret>/restore/", nil, http.StatusOK)
		p.writing("", "GET", "/api/1/datasets/<secret>/", nil, http.StatusNotFound)
	})
}

// TestRepeatedRequests sends requests with a key of their own again.
func TestRepeatedRequests(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		body := map[string]any{"title": "Once", "description": "Only."}
		const path = "/api/1/datasets/"
		send := func(token, key string, body any) (int, string, http.Header) {
			a := p.Do("POST", path, body, "X-API-KEY", token, "Idempotency-Key", key)
			return a.Status, string(a.Body), a.Header
		}
		var group sync.WaitGroup
		made := make([]int, 8)
		for i := range made {
			group.Go(func() {
				for made[i] = http.StatusConflict; made[i] == http.StatusConflict; {
					var header http.Header
					made[i], _, header = send(p.eveToken, "together", body)
					if made[i] == http.StatusConflict && header.Get("Retry-After") == "" {
						t.Error("a 409 without Retry-After")
						return
					}
				}
			})
		}
		group.Wait()
		var count int
		if err := d.Read().NewRaw("SELECT count(*) FROM datasets WHERE title = 'Once'").Scan(context.Background(), &count); err != nil || count != 1 {
			t.Fatalf("8 requests with one key made %d datasets, %v (statuses %v)", count, err, made)
		}
		status, first, header := send(p.eveToken, "together", body)
		if status != http.StatusCreated || header.Get("Idempotency-Replayed") != "true" || !strings.Contains(first, `"Once"`) {
			t.Errorf("a repeated request answers %d %v %.100s", status, header, first)
		}
		if status, text, _ := send(p.eveToken, "together", map[string]any{"title": "Other", "description": "Only."}); status != http.StatusConflict {
			t.Errorf("the key with another body answers %d %s", status, text)
		}
		if status, _, header := send(p.adaToken, "together", body); status != http.StatusCreated || header.Get("Idempotency-Replayed") != "" {
			t.Errorf("the same key of somebody else answers %d", status)
		}
		if status, _, _ := send(p.eveToken, "with space", body); status != http.StatusBadRequest {
			t.Errorf("a wrong key answers %d", status)
		}
		if status, _, _ := send(p.eveToken, strings.Repeat("k", 256), body); status != http.StatusBadRequest {
			t.Errorf("a long key answers %d", status)
		}
		for range 2 { // a refusal is not kept
			if status, _, header := send(p.eveToken, "refused", map[string]any{"title": ""}); status != http.StatusBadRequest || header.Get("Idempotency-Replayed") != "" {
				t.Errorf("a refused request answers %d", status)
			}
		}
		if status, _, _ := send(p.eveToken, "refused", map[string]any{"title": "Mended", "description": "Now."}); status != http.StatusCreated {
			t.Errorf("a mended request under the same key answers %d", status)
		}
		// The answer was lost: what was made is named.
		p.exec("UPDATE retries SET status = NULL, body = NULL, at = at - 60000000 WHERE key = 'together'")
		_, lost, _ := send(p.eveToken, "together", body)
		var named, whole struct {
			ID, URI string
		}
		if err := json.Unmarshal([]byte(lost), &named); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(first), &whole); err != nil || named.ID != whole.ID || !strings.HasSuffix(named.URI, "/api/1/datasets/"+whole.ID+"/") {
			t.Errorf("a lost answer is %s", lost)
		}
		removal := "/api/1/datasets/" + whole.ID + "/"
		for range 2 {
			if a := p.Do("DELETE", removal, nil, "X-API-KEY", p.eveToken, "Idempotency-Key", "gone"); a.Status != http.StatusNoContent {
				t.Errorf("a repeated deletion answers %d", a.Status)
			}
		}
	})
}

// TestWorkers reads and changes schedules, and goes through the runs of work.
func TestWorkers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		list := p.writing("admin", "GET", "/api/1/workers/jobs/", nil, http.StatusOK)
		var mine any
		for _, one := range list.([]any) {
			if historyAt(one, "id") == "tests.nothing" {
				mine = one
			}
		}
		if historyAt(mine, "crontab.hour") != "0" || historyAt(mine, "enabled") != true || historyAt(mine, "interval") != nil {
			t.Errorf("the schedule is %v", mine)
		}
		for _, refused := range []any{
			map[string]any{}, map[string]any{"task": "tests.nothing"}, map[string]any{"task": "nothing", "crontab": map[string]any{"minute": "1"}},
			map[string]any{"task": "tests.nothing", "crontab": map[string]any{"minute": "1"}, "interval": map[string]any{"every": 1, "period": "days"}},
			map[string]any{"task": "tests.nothing", "crontab": map[string]any{"minute": "61"}}, map[string]any{"task": "tests.nothing", "crontab": map[string]any{"minute": "1 1 1 1 1"}},
			map[string]any{"task": "tests.nothing", "interval": map[string]any{"every": 0, "period": "days"}}, map[string]any{"task": "tests.nothing", "interval": map[string]any{"every": 1, "period": "years"}},
			map[string]any{"task": "tests.nothing", "interval": map[string]any{"every": 5, "period": "seconds"}},
			map[string]any{"task": "tests.nothing", "crontab": map[string]any{"minute": "0", "hour": "0", "day_of_month": "31", "month_of_year": "2"}},
		} {
			p.writing("admin", "POST", "/api/1/workers/jobs/", refused, http.StatusBadRequest)
		}
		made := p.writing("admin", "POST", "/api/1/workers/jobs/", map[string]any{"name": "x", "task": "tests.nothing", "interval": map[string]any{"every": 10, "period": "minutes"}}, http.StatusCreated)
		if historyAt(made, "interval.every") != 10.0 || historyAt(made, "interval.period") != "minutes" || historyAt(made, "crontab") != nil {
			t.Errorf("the chosen schedule is %v", made)
		}
		changed := p.writing("admin", "PUT", "/api/1/workers/jobs/tests.nothing/", map[string]any{"enabled": false, "crontab": map[string]any{"minute": "5", "hour": "3"}}, http.StatusOK)
		if historyAt(changed, "enabled") != false || historyAt(changed, "schedule") != "5 3 * * *" {
			t.Errorf("the changed schedule is %v", changed)
		}
		p.writing("admin", "DELETE", "/api/1/workers/jobs/tests.nothing/", nil, http.StatusNoContent)
		if got := p.writing("admin", "GET", "/api/1/workers/jobs/tests.nothing/", nil, http.StatusOK); historyAt(got, "schedule") != "@daily" || historyAt(got, "enabled") != true {
			t.Errorf("the schedule given back is %v", got)
		}
		p.writing("admin", "GET", "/api/1/workers/jobs/unknown/", nil, http.StatusNotFound)
		p.writing("admin", "POST", "/api/2/jobs/", map[string]any{"kind": "unknown"}, http.StatusBadRequest)
		run := p.writing("admin", "POST", "/api/2/jobs/", map[string]any{"kind": "tests.nothing"}, http.StatusCreated)
		again := p.writing("admin", "POST", "/api/2/jobs/", map[string]any{"kind": "tests.nothing"}, http.StatusCreated)
		p.ids["run"] = historyAt(run, "id").(string)
		if historyAt(run, "state") != "ready" || historyAt(again, "id") != historyAt(run, "id") {
			t.Errorf("the run is %v, the second %v", run, again)
		}
		if got := p.writing("admin", "GET", "/api/1/workers/tasks/<run>/", nil, http.StatusOK); historyAt(got, "status") != "PENDING" {
			t.Errorf("the task is %v", got)
		}
		p.writing("admin", "POST", "/api/2/jobs/<run>/retry/", nil, http.StatusNotFound)
		if got := p.writing("admin", "POST", "/api/2/jobs/<run>/cancel/", nil, http.StatusOK); historyAt(got, "state") != string(job.Cancelled) {
			t.Errorf("the cancelled run is %v", got)
		}
		if got := p.writing("admin", "POST", "/api/2/jobs/<run>/retry/", nil, http.StatusOK); historyAt(got, "state") != string(job.Ready) {
			t.Errorf("the run tried again is %v", got)
		}
		if got := p.writing("admin", "GET", "/api/2/jobs/?kind=tests.nothing&state=ready", nil, http.StatusOK); historyAt(got, "total") != 1.0 || historyAt(got, "data.0.id") != p.ids["run"] {
			t.Errorf("the list of runs is %v", got)
		}
		p.writing("admin", "GET", "/api/2/jobs/x/", nil, http.StatusNotFound)
		p.writing("admin", "GET", "/api/2/jobs/?state=odd", nil, http.StatusBadRequest)
	})
}

// TestPurge removes for good what was deleted long ago, with all that stands
// beside it, and nothing else.
func TestPurge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		ctx := context.Background()
		day := int64(86400e6)
		old := db.Now().UnixMicro() - 31*day
		p.writing("eve", "DELETE", "/api/1/datasets/<mine>/", nil, http.StatusNoContent) // young
		for _, table := range []string{"datasets", "reuses", "dataservices", "organizations"} {
			p.exec("UPDATE "+table+" SET deleted_at = NULL WHERE id <> ?", p.ids["mine"])
		}
		p.exec("UPDATE users SET following = (SELECT count(*) FROM follows f WHERE f.follower_id = users.id AND until IS NULL)")
		for _, name := range []string{"open", "carte-velo", "api-compteurs", "town"} {
			for _, table := range []string{"datasets", "reuses", "dataservices", "organizations"} {
				p.exec("UPDATE "+table+" SET deleted_at = ? WHERE id = ?", old, p.ids[name])
			}
		}
		purged, err := p.Catalog.Purge(ctx, nil)
		if err != nil || purged != 4 {
			t.Fatalf("%d objects were purged, %v", purged, err)
		}
		for table, column := range map[string]string{
			"tags": "object_id", "object_zones": "object_id", "follows": "object_id", "assignments": "object_id", "slugs": "object_id", "badges": "object_id",
			"object_contacts": "object_id", "reuse_datasets": "dataset_id", "reuse_dataservices": "reuse_id", "dataservice_datasets": "dataset_id", "resources": "dataset_id",
			"topic_elements": "element_id", "history": "object", "members": "organization_id", "datasets": "organization_id", "topics": "organization_id",
			"contact_points": "organization_id", "post_datasets": "dataset_id",
		} {
			for _, name := range []string{"open", "carte-velo", "api-compteurs", "town"} {
				var count int
				if err := d.Read().NewRaw(fmt.Sprintf("SELECT count(*) FROM %s WHERE %s = ?", table, column), p.ids[name]).Scan(ctx, &count); err != nil || count > 0 {
					t.Errorf("%d rows of %s still name %s, %v", count, table, name, err)
				}
			}
		}
		for _, name := range []string{"secret", "archived"} {
			var owner *string
			if err := d.Read().NewRaw("SELECT organization_id FROM datasets WHERE id = ?", p.ids[name]).Scan(ctx, &owner); err != nil || owner != nil {
				t.Errorf("the dataset %s of a purged organization: %v, %v", name, owner, err)
			}
		}
		p.writing("", "GET", "/api/1/datasets/<open>/", nil, http.StatusNotFound)
		p.writing("", "GET", "/api/1/datasets/<mine>/", nil, http.StatusGone)
		var following, counted int
		if err := d.Read().NewRaw("SELECT following, (SELECT count(*) FROM follows WHERE follower_id = users.id) FROM users WHERE id = ?", p.eve).Scan(ctx, &following, &counted); err != nil || following != counted {
			t.Errorf("eve follows %d of %d, %v", following, counted, err)
		}
		findings, err := verify.Verify(ctx, verify.Deps{DB: d, Log: p.Log}, verify.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range findings {
			if orphaned[finding.Check] {
				t.Errorf("after the purge: %s: %s %v", finding.Check, finding.Text, finding.Examples)
			}
		}
		if purged, err := p.Catalog.Purge(ctx, nil); err != nil || purged != 0 {
			t.Errorf("a second run purged %d, %v", purged, err)
		}
		if _, err := p.Accounts.CreateOrganization(ctx, account.System("test"), account.NewOrganization{Name: "Ville de Valmont", Description: "Again."}); err != nil {
			t.Errorf("the name of a purged organization is not free: %v", err)
		}
	})
}

// historyAt follows a path through JSON; nil when it leads nowhere.
func historyAt(tree any, path string) any {
	value, _ := reach(tree, path)
	return value
}

// orphaned are the checks for rows that hang on objects which are gone.
var orphaned = map[string]bool{
	"tags": true, "badges": true, "object_zones": true, "extras": true, "harvests": true, "coverages": true, "given": true, "slugs": true, "follows": true,
	"assignments": true, "former names": true, "contacts": true, "resources": true, "topic elements": true, "reuse datasets": true, "dataservice datasets": true,
	"post datasets": true, "post reuses": true, "reuse dataservices": true,
}

// historyAsks are requests about what changed, what was deleted and the work in
// the background.
var historyAsks = []ask{
	{path: "/api/1/activity/?related_to=<town>&lang=en", want: want{
		"total": 1.0, "data.0.key": "organization:created", "data.0.related_to_kind": "Organization", "data.0.actor": nil, "data.0.icon": "fa fa-plus",
	}},
	{path: "/api/1/activity/?user=x", status: bad},
	{path: "/api/2/history/organization/<town>/", as: "ada", want: want{"total": 1.0, "data.0.keys": "actor,changes,created_at,difference,key,version", "data.0.actor.kind": "system"}},
	{path: "/api/2/history/organization/<town>/1/", as: "ada", want: want{"version": 1.0, "difference.keys": ""}},
	{path: "/api/2/history/organization/<town>/7/", as: "ada", status: notFound},
	{path: "/api/2/bin/", as: "ada", want: want{"data.0.keys": "class,deleted_at,deleted_by,id,kind,organization,purged_at,title"}},
	{path: "/api/2/bin/?kind=odd", as: "ada", status: bad},
	{path: "/api/1/workers/jobs/", as: "admin", want: want{"3.id": "tests.nothing"}},
	{path: "/api/1/workers/jobs/schedulables/", as: "admin", want: want{"3": "tests.nothing"}},
	{path: "/api/1/workers/jobs/tests.nothing/", as: "admin", want: want{
		"keys": "args,crontab,description,enabled,id,interval,kwargs,last_run_at,last_run_id,name,next_run_at,schedule,task", "crontab.keys": "day_of_month,day_of_week,hour,minute,month_of_year",
	}},
	{path: "/api/1/workers/tasks/<run>/", as: "admin", want: want{"keys": "exc,id,result,status,traceback", "status": "PENDING"}},
	{path: "/api/2/jobs/?kind=tests.nothing", as: "admin", want: want{"total": 1.0}},
	{path: "/api/2/jobs/<run>/", as: "admin", want: want{"state": "ready", "kind": "tests.nothing"}},
}

// TestRestoreOfEveryKind changes an object of each other kind and goes back.
func TestRestoreOfEveryKind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		for _, one := range []struct {
			kind, method, path, binPath string
			made, changed, want         map[string]any
		}{
			{"reuse", "PUT", "/api/1/reuses/", "reuse", map[string]any{
				"title": "One", "description": "Text.", "type": "api", "topic": "health", "url": "https://example.org/one", "tags": []string{"first"}, "datasets": []string{"<open>"},
			}, map[string]any{"title": "Two", "tags": []string{}, "datasets": []string{}, "type": "paper"},
				map[string]any{"title": "One", "type": "api", "tags.0": "first", "datasets.#": 1.0}},
			{"dataservice", "PATCH", "/api/1/dataservices/", "dataservice", map[string]any{
				"title": "One", "description": "Text.", "base_api_url": "https://api.example.org/one", "tags": []string{"first"}, "availability": 99.5,
			}, map[string]any{"title": "Two", "base_api_url": nil, "tags": nil, "availability": nil},
				map[string]any{"title": "One", "base_api_url": "https://api.example.org/one", "availability": 99.5}},
			{"topic", "PUT", "/api/2/topics/", "", map[string]any{"name": "One", "description": "Text.", "tags": []string{"first"}},
				map[string]any{"name": "Two", "description": "Other.", "tags": []string{"second"}}, map[string]any{"name": "One", "description": "Text.", "tags.0": "first"}},
			{"organization", "PUT", "/api/1/organizations/", "organization", map[string]any{"name": "One", "description": "Text.", "acronym": "O"},
				map[string]any{"name": "Two", "acronym": nil}, map[string]any{"name": "One", "acronym": "O"}},
			{"contact_point", "PUT", "/api/1/contacts/", "", map[string]any{"name": "One", "email": "one@example.org", "role": "contact"},
				map[string]any{"name": "Two"}, map[string]any{"name": "One"}},
		} {
			made := p.writing("eve", "POST", one.path, p.filled(one.made), http.StatusCreated)
			id := historyAt(made, "id").(string)
			p.writing("eve", one.method, one.path+id+"/", one.changed, http.StatusOK)
			p.writing("eve", "POST", "/api/2/history/"+one.kind+"/"+id+"/1/restore/", nil, http.StatusOK)
			back := p.writing("eve", "GET", one.path+id+"/", nil, http.StatusOK)
			for path, value := range one.want {
				if got := historyAt(back, path); got != value {
					t.Errorf("%s: after the restore, %s is %v, not %v", one.kind, path, got, value)
				}
			}
			if one.binPath == "" {
				continue
			}
			p.writing("eve", "DELETE", one.path+id+"/", nil, http.StatusNoContent)
			p.writing("eve", "POST", "/api/2/bin/"+one.binPath+"/"+id+"/restore/", nil, http.StatusOK)
			p.writing("", "GET", one.path+id+"/", nil, http.StatusOK)
		}
	})
}

// filled puts identifiers into a body.
func (p *portal) filled(body any) string {
	p.t.Helper()
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		p.t.Fatal(err)
	}
	return p.fill(text.String())
}
