package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// What published clients do and depend on, asked as they ask it.

// follow sends a request and follows redirections on the site as HTTP clients
// do: 308 with the same method and body.
func follow(s *apitest.Server, method, path string, body any, headers ...string) apitest.Answer {
	s.T.Helper()
	for range 5 {
		answer := s.Do(method, path, body, headers...)
		if answer.Status != http.StatusPermanentRedirect {
			return answer
		}
		path = strings.TrimPrefix(answer.Header.Get("Location"), apitest.Base)
	}
	s.T.Fatalf("%s leads nowhere", path)
	return apitest.Answer{}
}

// TestAddressesWithoutSlash: data-fair, cdata, R packages and others write no
// slash at the end, for any method.
func TestAddressesWithoutSlash(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	key := []string{"X-API-KEY", w.editor}
	for _, c := range []struct {
		method, path string
		body         any
		status       int
	}{
		{http.MethodGet, "/api/1/datasets?page_size=1&tag=velo", nil, 200},
		{http.MethodHead, "/api/1/datasets/" + w.public, nil, 200},
		{http.MethodGet, "/api/1/me", nil, 200},
		{http.MethodGet, "/api/1/me/org_datasets", nil, 200},
		{http.MethodGet, "/api/1/datasets/licenses", nil, 200},
		{http.MethodGet, "/api/2/datasets/search?q=velo", nil, 200},
		{http.MethodGet, "/api/1/spatial/zones/suggest?q=mars", nil, 200},
		{http.MethodPost, "/api/1/datasets", written("Sans barre", nil), 201},
		{http.MethodPut, "/api/1/datasets/" + w.public, map[string]any{"title": "Comptages vélo"}, 200},
		{http.MethodPost, "/api/1/datasets/" + w.public + "/resources", map[string]any{"title": "a", "url": "https://example.org/a.csv", "filetype": "remote"}, 201},
		{http.MethodDelete, "/api/1/datasets/" + w.archived, nil, 204},
	} {
		first := w.Do(c.method, c.path, c.body, key...)
		path, query, _ := strings.Cut(c.path, "?")
		want := apitest.Base + path + "/"
		if query != "" {
			want += "?" + query
		}
		if first.Status != http.StatusPermanentRedirect || first.Header.Get("Location") != want {
			t.Errorf("%s %s answered %d to %q, want 308 to %q", c.method, c.path, first.Status, first.Header.Get("Location"), want)
		}
		if answer := follow(w.Server, c.method, c.path, c.body, key...); answer.Status != c.status {
			t.Errorf("%s %s leads to %d, want %d: %.200s", c.method, c.path, answer.Status, c.status, answer.Body)
		}
	}
}

// TestBadKeyIsRefusedEverywhere: a key that is wrong is a 401 on public routes
// too, with a message, but for those that look at nobody's.
func TestBadKeyIsRefusedEverywhere(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	asked := 0
	for _, table := range p.Tables {
		for _, route := range table.Routes() {
			if route.Summary == "" {
				continue
			}
			asked++
			path := variable.ReplaceAllLiteralString(route.Path, "open")
			network := fmt.Sprintf("198.51.%d.%d", asked/250, asked%250+1) // each is let try a few times
			answer := p.Do(route.Method, path, nil, "x-api-key", "udata_wrong", "X-Forwarded-For", network)
			if route.Public { // nobody is asked who they are
				if answer.Status == unknown {
					t.Errorf("%s %s looks at a key", route.Method, path)
				}
				continue
			}
			if answer.Status != unknown || !route.People && dig(answer.JSON(t), "message") != "Invalid API token" {
				t.Errorf("%s %s answered %d %.200s", route.Method, path, answer.Status, answer.Body)
			}
			if answer.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s does not say how to authenticate", route.Method, path)
			}
			if bearer := p.Do(http.MethodGet, "/api/1/datasets/", nil, "Authorization", "Bearer expired"); bearer.Status != http.StatusOK {
				t.Fatalf("a token that has expired is %d on a public route", bearer.Status)
			}
		}
	}
}

// manyDatasets gives the portal so many more public datasets.
func manyDatasets(p *portal, n int) {
	for i := range n {
		p.dataset(100+i, fmt.Sprintf("serie-%03d", i), func(d *catalog.Dataset) { d.OrganizationID = &p.town })
	}
}

// TestFollowingNextPage: clients follow next_page blindly, to null.
func TestFollowingNextPage(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	manyDatasets(p, 43)
	p.Index()
	for _, c := range []struct {
		start, mask string
		items       int
	}{
		{"/api/1/datasets/?page_size=10", "data{id},next_page", 45},
		{"/api/1/datasets/?page_size=7&sort=-created&organization=" + p.town, "{data{id,title}, next_page}", 44},
		{"/api/2/datasets/?page_size=20&include_private=true&facets=x", "data{id},next_page,total", 45},
		{"/api/1/datasets/?tag=mobilite&tag=mobilite-douce&page_size=1", "data{id},next_page", 1},
		{"/api/2/datasets/search/?q=jeu&page_size=10", "data{id},next_page", 45},
		{"/api/1/organizations/" + p.town + "/datasets/?page_size=10&sort=created", "data{id},next_page", 45},
	} {
		seen := map[string]bool{}
		path := c.start
		for pages := 0; path != ""; pages++ {
			if pages > 50 {
				t.Fatalf("%s has no end", c.start)
			}
			tree := p.Get(path, "X-fields", c.mask).JSON(t).(map[string]any)
			for _, item := range tree["data"].([]any) {
				seen[item.(map[string]any)["id"].(string)] = true
			}
			next, more := tree["next_page"].(string)
			if !more {
				break
			}
			address, err := url.Parse(next)
			if err != nil || !strings.HasPrefix(next, apitest.Base+"/") {
				t.Fatalf("%s: the next page is %q", path, next)
			}
			before, err := url.Parse(path)
			if err != nil {
				t.Fatal(err)
			}
			for name, values := range before.Query() {
				if name != "page" && !slices.Equal(address.Query()[name], values) {
					t.Errorf("%s: the next page has %s=%v, want %v", path, name, address.Query()[name], values)
				}
			}
			path = strings.TrimPrefix(next, apitest.Base)
		}
		if len(seen) != c.items {
			t.Errorf("%s leads to %d items, want %d", c.start, len(seen), c.items)
		}
	}
	for _, path := range []string{"/api/1/datasets/?page_size=1000", "/api/1/datasets/?page_size=10000&q=", "/api/2/datasets/search/?page_size=1000"} {
		if tree := p.Get(path).JSON(t); dig(tree, "total") != 45.0 || len(dig(tree, "data").([]any)) != 45 || dig(tree, "next_page") != nil {
			t.Errorf("%s holds %d of %v", path, len(dig(tree, "data").([]any)), dig(tree, "total"))
		}
	}
}

// TestMasksOfClients are the masks that clients send, word for word.
func TestMasksOfClients(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	for _, c := range []struct{ path, as, mask, keys, at, inner string }{
		{"/api/1/datasets/open/followers/?page_size=500", "", "data{follower{id}}, next_page", "data,next_page", "data.0", "follower"},
		{"/api/1/datasets/", "", "data{id},next_page", "data,next_page", "data.0", "id"},
		{"/api/1/datasets/?page_size=1", "", "total", "total", "", ""},
		{"/api/1/datasets/open/", "", "resources{url,title}", "resources", "resources.0", "title,url"},
		{"/api/1/datasets/open/", "", "title,resources{id,url,title}", "resources,title", "resources.0", "id,title,url"},
		{"/api/1/datasets/open/", "", "organization,owner", "organization,owner", "organization", organizationReferenceKeys},
		{"/api/1/datasets/open/", "", "{metrics{views},quality{score}}", "metrics,quality", "quality", "score"},
		{"/api/1/datasets/open/", "", "resources{internal{last_modified_internal}}", "resources", "resources.0.internal", "last_modified_internal"},
		{"/api/1/datasets/open/", "", "extras,nothing,tags", "extras,tags", "", ""},
		{"/api/1/datasets/open/", "", "resources{id,extras,filesize,format,type,internal,preview_url,title}", "resources", "resources.0", "extras,filesize,format,id,internal,preview_url,title,type"},
		{"/api/1/organizations/ville-de-valmont/", "", "{logo_thumbnail,members{user{id}}}", "logo_thumbnail,members", "members.0.user", "id"},
		{"/api/1/organizations/ville-de-valmont/", "", "{presentation_blocs,presentation_blocs_published_at}", "presentation_blocs,presentation_blocs_published_at", "", ""},
		{"/api/1/organizations/ville-de-valmont/", "", "members", "members", "members.0", "label,role,since,user"},
		{"/api/1/me/", "ada", "avatar,avatar_thumbnail,first_name,id,last_name,organizations,page,id,uri,apikey,email", "avatar,avatar_thumbnail,email,first_name,id,last_name,organizations,page,uri", "organizations.0", organizationReferenceKeys},
		{"/api/1/site/", "", "{metrics{datasets}}", "metrics", "metrics", "datasets"},
	} {
		for _, header := range []string{"X-Fields", "X-fields", "x-fields"} {
			headers := []string{header, c.mask}
			if c.as != "" {
				headers = append(headers, "X-API-KEY", p.token(c.as))
			}
			tree := p.Get(c.path, headers...).JSON(t)
			if keys, _ := reach(tree, "keys"); keys != c.keys {
				t.Errorf("%s with %s: %s gives %v, want %s", c.path, header, c.mask, keys, c.keys)
			}
			if c.at == "" {
				continue
			}
			if keys, _ := reach(tree, c.at+".keys"); keys != c.inner {
				t.Errorf("%s with %s: %s gives %v at %s, want %s", c.path, header, c.mask, keys, c.at, c.inner)
			}
		}
	}
}

// keysInOrder are the names of an object as they come, at a path of names.
func keysInOrder(t *testing.T, body []byte, path ...string) []string {
	t.Helper()
	for _, name := range path {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(body, &object); err != nil {
			t.Fatal(err)
		}
		body = object[name]
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, token.(string))
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// TestOrderOfKeys: an R package reads the fourth metric and the sixth key of the
// organization of each dataset by position.
func TestOrderOfKeys(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	body := p.Get("/api/1/datasets/open/").Body
	for _, path := range []string{"metrics", "organization", "quality", "permissions", "internal", "spatial"} {
		if names := keysInOrder(t, body, path); !slices.IsSorted(names) || len(names) < 2 {
			t.Errorf("the keys of %s come as %v, not by the alphabet", path, names)
		}
	}
	if names := keysInOrder(t, body, "organization"); names[5] != "logo_thumbnail" {
		t.Errorf("the sixth key of an organization is %s of %v", names[5], names)
	}
	if names := keysInOrder(t, body, "metrics"); names[3] != "followers" {
		t.Errorf("the fourth metric is %s of %v", names[3], names)
	}
}

var moments = regexp.MustCompile(`"([a-z_]+)":"(\d{4}-\d\d-\d\dT[^"]*)"`)

// TestMomentsCompareAsText: a client compares the moments of changes as texts,
// and reads them by Python's fromisoformat.
func TestMomentsCompareAsText(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	form := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$`)
	body := string(w.Get("/api/1/datasets/?page_size=100", "X-API-KEY", w.admin).Body)
	found := moments.FindAllStringSubmatch(body, -1)
	if len(found) < 20 {
		t.Fatalf("only %d moments", len(found))
	}
	for _, m := range found {
		if !form.MatchString(m[2]) {
			t.Errorf("%s is %s", m[1], m[2])
		}
	}
	modified := func() string {
		return dig(w.Get("/api/1/datasets/"+w.public+"/").JSON(t), "internal.last_modified_internal").(string)
	}
	before := modified()
	if answer := w.Do(http.MethodPut, "/api/1/datasets/"+w.public+"/", map[string]any{"acronym": "CV"}, "X-API-KEY", w.editor); answer.Status != 200 {
		t.Fatalf("the update answered %d", answer.Status)
	}
	if after := modified(); after <= before {
		t.Errorf("%s does not sort after %s", after, before)
	}
}

// TestErrorsAreReadable: never HTML for who asks for JSON; a page for browsers
// when there is nothing.
func TestErrorsAreReadable(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	for _, c := range []struct {
		path   string
		status int
	}{
		{"/api/1/datasets/nothing/", 404}, {"/api/1/datasets/deleted/", 410}, {"/api/1/oups", 404}, {"/api/1/datasets/r/nothing", 404},
		{"/api/1/datasets/?page=0", 400}, {"/api/1/me/", 401}, {"/api/1/users/", 401}, {"/api/1/datasets/open/resources/", 405},
	} {
		for accept, html := range map[string]bool{
			"": false, "application/json": false, "*/*": false, "application/json, text/plain, */*": false,
			"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": c.status == 404, "text/html;q=0.4, application/json": false,
		} {
			answer := p.Get(c.path, "Accept", accept)
			media := answer.Header.Get("Content-Type")
			if answer.Status != c.status || strings.HasPrefix(media, "text/html") != html {
				t.Errorf("%s for %q answered %d in %s", c.path, accept, answer.Status, media)
			}
			if html {
				continue
			}
			if tree := answer.JSON(t).(map[string]any); tree["message"] == nil && tree["errors"] == nil {
				t.Errorf("%s answered %s", c.path, answer.Body)
			}
		}
	}
}

// TestOtherSites: pages of other sites read without credentials.
func TestOtherSites(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	for _, path := range []string{"/api/1/datasets/open/", "/api/1/datasets/nothing/", "/api/2/datasets/search/?q=x", "/api/1/datasets"} {
		answer := p.Get(path, "Origin", "https://blog.example.net")
		if answer.Header.Get("Access-Control-Allow-Origin") != "*" || answer.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s allows %q", path, answer.Header.Get("Access-Control-Allow-Origin"))
		}
		if !strings.Contains(strings.Join(answer.Header.Values("Vary"), ","), "Origin") {
			t.Errorf("%s varies by %v", path, answer.Header.Values("Vary"))
		}
	}
	preflight := p.Do(http.MethodOptions, "/api/1/datasets/open/", nil, "Origin", "https://blog.example.net",
		"Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "x-api-key, x-fields")
	if preflight.Status != 204 || !strings.Contains(preflight.Header.Get("Access-Control-Allow-Methods"), "PUT") ||
		!strings.Contains(strings.ToLower(preflight.Header.Get("Access-Control-Allow-Headers")), "x-fields") {
		t.Errorf("the preflight answered %d %v", preflight.Status, preflight.Header)
	}
}

// TestFilesOfResources: the most used address of all, with HEAD as analysers ask.
func TestFilesOfResources(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	id := dig(p.Get("/api/1/datasets/open/").JSON(t), "resources.0.id").(string)
	added := dig(p.Get("/api/1/datasets/community_resources/").JSON(t), "data.0.id").(string)
	for path, target := range map[string]string{
		"/api/1/datasets/r/" + id: "https://example.org/2024.csv", "/api/1/datasets/r/" + strings.ToUpper(id): "https://example.org/2024.csv",
		"/api/1/datasets/r/" + added: "https://example.org/graph", "/api/1/datasets/r/" + id + "?x=1": "https://example.org/2024.csv",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if answer := p.Do(method, path, nil); answer.Status != http.StatusFound || answer.Header.Get("Location") != target {
				t.Errorf("%s %s answered %d to %q", method, path, answer.Status, answer.Header.Get("Location"))
			}
		}
	}
	for _, path := range []string{"/api/1/datasets/r/" + db.NewUUID(), "/api/1/datasets/r/x"} {
		if answer := p.Get(path); answer.Status != notFound || dig(answer.JSON(t), "message") != "Resource not found" {
			t.Errorf("%s answered %d %s", path, answer.Status, answer.Body)
		}
	}
}

// TestOwnersInBodies: an organization is named by its identifier, by an object
// with it, or by the whole reference that was read.
func TestOwnersInBodies(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		reference := dig(w.Get("/api/1/datasets/"+w.public+"/").JSON(t), "organization")
		for i, organization := range []any{w.organization, map[string]any{"id": w.organization}, reference} {
			body := written(fmt.Sprintf("Propriété %d", i), map[string]any{
				"organization": organization, "uri": "x", "quality": map[string]any{"score": 1}, "permissions": map[string]any{"edit": true},
				"nothing": []any{1, map[string]any{"a": nil}}, "harvest": map[string]any{"backend": "CSW"}, "metrics": 3, "deleted": nil,
			})
			id := create(w.Server, w.editor, body)
			tree := w.Get("/api/1/datasets/" + id + "/").JSON(t)
			if dig(tree, "organization.id") != w.organization || dig(tree, "owner") != nil || dig(tree, "harvest") != nil {
				t.Errorf("%v gives the organization %v", organization, dig(tree, "organization.id"))
			}
		}
		mine := create(w.Server, w.editor, written("À moi", map[string]any{"resources": []any{
			map[string]any{"title": "sans type", "url": "https://example.org/a.csv"},
		}}))
		tree := w.Get("/api/1/datasets/" + mine + "/").JSON(t)
		if dig(tree, "owner.id") != w.editorID || dig(tree, "organization") != nil {
			t.Errorf("a dataset without organization is of %v", dig(tree, "owner.id"))
		}
		if dig(tree, "resources.0.filetype") == nil || dig(tree, "resources.0.type") == nil {
			t.Errorf("a resource without type is %v", dig(tree, "resources.0"))
		}
	})
}

// TestSearchesOfAssistants: the calls of the MCP server, which follows no
// redirection and reads these members.
func TestSearchesOfAssistants(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	for _, sort := range []string{"-created", "created", "-last_update", "reuses", "-followers", "views"} {
		tree := p.Get("/api/2/datasets/search/?q=jeu&page=1&page_size=100&sort=" + sort + "&last_update_range=last_3_years").JSON(t)
		if dig(tree, "total") != 2.0 {
			t.Errorf("sorted by %q: %v", sort, dig(tree, "total"))
		}
		for _, member := range []string{"id", "title", "description", "slug", "tags", "resources.total"} {
			if dig(tree, "data.0."+member) == nil {
				t.Errorf("a found dataset has no %s", member)
			}
		}
	}
	for path, status := range map[string]int{
		"/api/2/organizations/search/?q=valmont&name=x&business_number_id=1&badge=public-service": 200,
		"/api/2/organizations/search/?sort=name":                                                  400, "/api/2/dataservices/search/?q=api&page=1&page_size=20": 200,
		"/api/1/dataservices/api-compteurs/": 200, "/api/2/dataservices/api-compteurs/": 404, "/api/2/organizations/ville-de-valmont/": 404,
	} {
		if answer := p.Get(path); answer.Status != status {
			t.Errorf("%s answered %d, want %d", path, answer.Status, status)
		}
	}
}

// TestDocuments: both versions describe themselves by Swagger 2.0.
func TestDocuments(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	for base, definition := range map[string]string{"/api/1": "Dataset", "/api/2": "ResourcePage"} {
		answer := p.Get(base + "/swagger.json")
		tree := answer.JSON(t)
		if answer.Status != 200 || dig(tree, "swagger") == nil || dig(tree, "basePath") != base || dig(tree, "definitions."+definition) == nil {
			t.Errorf("%s describes itself by %.200s", base, answer.Body)
		}
		if schema, _ := dig(tree, "paths").(map[string]any)["/datasets/{dataset}/"]; schema == nil {
			t.Errorf("%s does not describe /datasets/{dataset}/", base)
		}
		if dig(tree, "securityDefinitions.apikey.name") != "X-API-KEY" {
			t.Errorf("%s does not tell the header of keys", base)
		}
	}
}

// TestLanguages: labels come in the language asked for, else in the site's; a
// language that nobody speaks is passed over.
func TestLanguages(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	for query, label := range map[string]string{"": "Quotidienne", "?lang=fr": "Quotidienne", "?lang=en": "Daily", "?lang=tlh": "Quotidienne", "?lang=": "Quotidienne"} {
		list := p.Get("/api/1/datasets/frequencies/" + query).JSON(t).([]any)
		at := slices.IndexFunc(list, func(item any) bool { return dig(item, "id") == "daily" })
		if at < 0 || dig(list[at], "label") != label {
			t.Errorf("%q calls daily %v, want %s", query, list[max(at, 0)], label)
		}
	}
	if answer := p.Get("/api/1/datasets/?lang=en&page_size=1").JSON(t); !strings.Contains(dig(answer, "next_page").(string), "lang=en") {
		t.Error("the next page forgets the language")
	}
}

// TestAskAgain: who has an answer is told that it still holds.
func TestAskAgain(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	for _, path := range []string{"/api/1/datasets/open/", "/api/1/datasets/", "/api/2/datasets/search/?q=jeu", "/api/1/organizations/ville-de-valmont/", "/datasets.csv"} {
		first := p.Get(path)
		again := p.Get(path, "If-None-Match", first.Header.Get("Etag"))
		if first.Status != 200 || first.Header.Get("Etag") == "" || again.Status != http.StatusNotModified || len(again.Body) > 0 {
			t.Errorf("%s answered %d with %q, then %d", path, first.Status, first.Header.Get("Etag"), again.Status)
		}
		if other := p.Get(path, "If-None-Match", first.Header.Get("Etag"), "X-API-KEY", p.adminToken); other.Status == http.StatusNotModified && path == "/api/1/datasets/" {
			t.Errorf("%s tells an administrator that what everybody sees still holds", path)
		}
	}
}

// TestNamesOfOneObject: identifiers, slugs, former slugs and other spellings
// lead to one object; gone, private and unknown ones are told apart.
func TestNamesOfOneObject(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	p.exec("INSERT INTO slugs (kind, slug, object_id, at) VALUES ('dataset', 'old-name', ?, 0)", p.ids["open"])
	p.User("renamed@example.org", false)
	for _, c := range []struct {
		path   string
		status int
		to     string
	}{
		{"/api/1/datasets/<open>/", 200, ""}, {"/api/1/datasets/open/", 200, ""}, {"/api/2/datasets/<open>/", 200, ""},
		{"/api/1/datasets/OPEN/", 308, "/api/1/datasets/open/"}, {"/api/1/datasets/old-name/", 308, "/api/1/datasets/open/"},
		{"/api/1/datasets/old-name/?lang=en&x=1", 308, "/api/1/datasets/open/"}, {"/api/2/datasets/old-name/resources/?page=2", 308, "/api/2/datasets/open/resources/"},
		{"/api/1/datasets/<secret>/", 404, ""}, {"/api/1/datasets/secret/", 404, ""}, {"/api/1/datasets/SECRET/", 404, ""},
		{"/api/1/datasets/<deleted>/", 410, ""}, {"/api/1/datasets/deleted/", 410, ""}, {"/api/1/datasets/archived/", 200, ""},
		{"/api/1/datasets/ffffffffffffffffffffffff/", 404, ""}, {"/api/1/organizations/nowhere/", 404, ""},
		{"/api/1/organizations/gone-office/", 410, ""}, {"/api/1/organizations/GONE%20OFFICE/", 410, ""},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			answer := p.Do(method, p.fill(c.path), nil)
			if answer.Status != c.status || answer.Header.Get("Location") != c.to {
				t.Errorf("%s %s answered %d to %q, want %d to %q", method, c.path, answer.Status, answer.Header.Get("Location"), c.status, c.to)
			}
		}
	}
}

// TestHomePageOfOldClients: the list of the home page's datasets, which later
// versions of the reference dropped.
func TestHomePageOfOldClients(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	tree := p.Get("/api/1/site/home/datasets/").JSON(t).([]any)
	if len(tree) != 1 || dig(tree[0], "slug") != "open" || dig(tree[0], "resources.0.title") != "2024.csv" {
		t.Errorf("the home page shows %v", tree)
	}
	p.exec("UPDATE sites SET datasets_blocs = ?", db.JSON(fmt.Sprintf(
		`[{"id":"a","class":"DatasetsListBloc","title":"A","datasets":[%q,%q,%q]}]`, p.ids["mine"], p.ids["secret"], p.ids["deleted"])))
	tree = p.Get("/api/1/site/home/datasets/").JSON(t).([]any)
	if len(tree) != 1 || dig(tree[0], "slug") != "mine" {
		t.Errorf("the home page shows %v", tree)
	}
}

// TestPartialEditors read everything of their organization and change what was
// assigned to them.
func TestPartialEditors(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	id, token := w.User("partial@example.org", false)
	err := w.DB.Write(t.Context(), db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("INSERT INTO members (organization_id, user_id, role, since, position) VALUES (?, ?, ?, 0, 9)",
			w.organization, id, string(account.RolePartialEditor)).Exec(ctx)
		if err == nil {
			_, err = tx.NewRaw("INSERT INTO assignments (id, user_id, organization_id, object_kind, object_id, created_at) VALUES (?, ?, ?, 'dataset', ?, 0)",
				db.NewID(), id, w.organization, w.public).Exec(ctx)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for dataset, edit := range map[string]bool{w.public: true, w.private: false, w.deleted: false, w.archived: false} {
		tree := w.Get("/api/1/datasets/"+dataset+"/", "X-API-KEY", token).JSON(t)
		if dig(tree, "permissions.edit") != edit || dig(tree, "permissions.delete") != edit {
			t.Errorf("a partial editor may edit %v: %v", dig(tree, "slug"), dig(tree, "permissions"))
		}
	}
	if answer := w.Do(http.MethodPut, "/api/1/datasets/"+w.private+"/", map[string]any{"title": "x", "private": true}, "X-API-KEY", token); answer.Status != denied {
		t.Errorf("a partial editor changes what was not assigned: %d", answer.Status)
	}
	if answer := w.Do(http.MethodPut, "/api/1/datasets/"+w.public+"/", map[string]any{"acronym": "x"}, "X-API-KEY", token); answer.Status != 200 {
		t.Errorf("a partial editor cannot change what was assigned: %d %s", answer.Status, answer.Body)
	}
}
