package api_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/embed"
	"grenier/internal/event"
	pages "grenier/internal/portal"
	"grenier/internal/web"
)

// pageSite serves the pages for people over the catalogue of a server.
type pageSite struct {
	*apitest.Server
	table *web.Table
	// embeds are the routes of the API that give cards for other sites.
	embeds *web.Table
	// handler keeps answers when the site was made so.
	handler http.Handler
}

// newPageSite serves the pages with so many bytes of kept answers. Its memory
// is its own: nothing that it read before is there again.
func newPageSite(s *apitest.Server, bytes uint64) *pageSite {
	s.T.Helper()
	faces, err := pages.New(pages.Deps{
		Catalog: s.Catalog, Organizations: account.NewOrganizations(s.DB, s.Found), People: account.NewPeople(s.DB), Zones: s.Zones, Search: s.Found,
		Versions: s.Versions, Version: "test", Language: "fr", Languages: []string{"fr", "en"}, QualityDescriptionLength: 100, Pictures: s.T.TempDir(),
		Accounts: s.Accounts, Sessions: s.Sessions, Tokens: s.Tokens, Programs: s.OAuth, Jobs: s.Jobs,
	})
	if err != nil {
		s.T.Fatal(err)
	}
	site := &pageSite{Server: s, table: web.NewTable("", web.Info{}), embeds: web.NewTable("/api/1", web.Info{})}
	faces.Routes(site.table)
	cards, err := embed.New(embed.Deps{
		Catalog: s.Catalog, Organizations: account.NewOrganizations(s.DB, s.Found), Zones: s.Zones, Search: s.Found, Language: "fr", Languages: []string{"fr", "en"},
	})
	if err != nil {
		s.T.Fatal(err)
	}
	cards.Routes(site.table, site.embeds)
	site.handler, err = web.NewHandler(web.Options{
		Sites:        web.OneSite(web.Site{Base: apitest.Base, Title: "Test", Language: "fr", Languages: []string{"fr", "en"}}),
		Authenticate: s.Authenticate, Kept: web.NewKept(s.Versions, bytes), Versions: s.Versions, ErrorPage: faces.ErrorPage, Moved: faces.Moved,
		Log: slog.New(slog.DiscardHandler),
	}, site.table, site.embeds)
	if err != nil {
		s.T.Fatal(err)
	}
	return site
}

// read asks for a page as a browser does, with the token of somebody or none.
func (s *pageSite) read(target, token string) *httptest.ResponseRecorder {
	s.T.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.RemoteAddr = "203.0.113.7:1234"
	r.Header.Set("Accept", "text/html")
	r.Header.Set("X-Request-Id", "constant")
	if token != "" {
		r.Header.Set("X-Api-Key", token)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// templates are the declared paths of pages, each in one language.
func (s *pageSite) templates() []string {
	var all []string
	for _, route := range slices.Concat(s.table.Routes(), s.embeds.Routes()) {
		if route.Path != "/en" && !strings.HasPrefix(route.Path, "/en/") {
			all = append(all, route.Path)
		}
	}
	return all
}

// objectNames are the names under which hidden and public objects are asked for,
// by the first parts of their addresses.
type objectNames map[string][]string

func (v *vault) objectNames(secret bool) objectNames {
	names := objectNames{
		"datasets": {v.ids["open"], "open-of-eve"}, "reuses": {v.ids["open-reuse"]}, "dataservices": {v.ids["open-api"]}, "topics": {v.ids["open-topic"]},
		"posts": {v.ids["open-post"]}, "organizations": {v.town}, "users": {v.eve}, "tags": {"velo"}, "licenses": {"lov2"}, "files": v.resources[:4],
		"visualizations": {v.ids["open-chart"]},
	}
	if !secret {
		return names
	}
	names["files"] = v.resources
	for n, s := range v.secrets {
		names[s.kind+"s"] = append(names[s.kind+"s"], s.id, s.word, strings.ToUpper(s.word), fmt.Sprintf("former-%d", n), s.id+".json")
		names["tags"] = append(names["tags"], s.word+"-tag")
	}
	return names
}

var pathVariable = regexp.MustCompile(`\{([a-z]+)\}|\*`)

// paths are the paths of a template with every name of its variable. A variable
// that the test does not know is an error: tell it here by what names it is asked for.
func (names objectNames) paths(t *testing.T, template string) []string {
	first, _, _ := strings.Cut(strings.TrimPrefix(template, "/"), "/")
	values := map[string][]string{
		"{dataset}": names["datasets"], "{resource}": names["files"], "{id}": names[first], "{level}": {"country"}, "{code}": {"fr"}, "{slug}": {"France"},
		"{hash}": {"x"}, "{token}": {"x"}, "*": {"legal/cgu", "x"},
	}
	switch first {
	case "admin": // people who may not see them read nothing there
		kind, _, _ := strings.Cut(strings.TrimPrefix(template, "/admin/"), "/")
		values["{id}"] = names[kind]
		values["{user}"] = names["users"]
		if kind == "history" || kind == "bin" {
			values["{kind}"], values["{id}"], values["{version}"] = []string{"dataset"}, names["datasets"], []string{"1"}
		}
		for _, variable := range pathVariable.FindAllString(template, -1) {
			if len(values[variable]) == 0 {
				values[variable] = []string{"x"}
			}
		}
	case "pictures", "share": // of every kind of object
		var all []string
		for _, kind := range []string{"datasets", "reuses", "dataservices", "topics", "posts", "organizations", "users"} {
			for _, name := range names[kind] {
				all = append(all, strings.NewReplacer("{kind}", kind, "{id}", name, "{size}", "100", "{file}", name+".png").Replace(template))
			}
		}
		return all
	case "embeds": // cards of every kind, and lists of organizations
		var all []string
		if !strings.Contains(template, "{") {
			return []string{template}
		}
		for _, file := range names["files"] {
			all = append(all, "/embeds/resources/"+file)
		}
		for _, kind := range []string{"datasets", "reuses", "dataservices", "topics", "organizations", "posts", "visualizations"} {
			for _, name := range names[kind] {
				all = append(all, "/embeds/"+kind+"/"+name)
			}
		}
		for _, kind := range []string{"search-datasets", "search-dataservices", "list-reuses"} {
			for _, name := range names["organizations"] {
				all = append(all, "/embeds/"+kind+"/"+name)
			}
		}
		return all
	case "static":
		values["{file}"] = []string{"widgets.js"}
	case "assets":
		values["{file}"] = []string{"main.css"}
	case "sitemaps":
		values["{file}"] = []string{"pages.xml", "datasets-1.xml", "reuses-1.xml", "organizations-1.xml", "dataservices-1.xml", "topics-1.xml", "posts-1.xml"}
	}
	all := []string{template}
	for _, variable := range pathVariable.FindAllString(template, -1) {
		if len(values[variable]) == 0 {
			t.Fatalf("%s: the test knows no name for %s", template, variable)
		}
		var filled []string
		for _, path := range all {
			for _, value := range values[variable] {
				filled = append(filled, strings.Replace(path, variable, url.PathEscape(value), 1))
			}
		}
		all = filled
	}
	return all
}

// pageArguments are the arguments that pages read, by template.
func (v *vault) pageArguments(secret bool) map[string]url.Values {
	words := []string{"jeu", "carte velo", "api", "fichier", "zqx"}
	found := url.Values{"q": words, "tag": {"velo"}, "organization": {v.town}, "owner": {v.eve}, "format": {"csv"}, "sort": {"-created"}, "page": {"1", "2"}}
	files := url.Values{"resource_id": v.resources[:4], "type": {"main"}, "q": {"fichier"}}
	if secret {
		files["resource_id"] = v.resources
		for _, s := range v.secrets {
			found["q"] = append(found["q"], s.word)
			found["tag"] = append(found["tag"], s.word+"-tag")
		}
	}
	arguments := map[string]url.Values{
		"/suggest": {"q": found["q"], "type": {"datasets", "reuses", "dataservices", "topics", "posts", "organizations"}}, "/search": {"q": found["q"]},
		"/tags": {"q": {"v", "zqx"}}, "/posts": {"kind": {"news", "page"}}, "/topics": found, "/organizations": found,
		"/organizations/{id}": {"sort": {"popular"}}, "/organizations/{id}/datasets": {"sort": {"popular"}}, "/organizations/{id}/search": {"q": {"zqx"}},
		"/datasets/{dataset}": files, "/datasets/{dataset}/community-resources": files, "/topics/{id}": {"datasets": {"1", "2"}},
		"/explore/{dataset}": {"resource_id": files["resource_id"], "part": {"preview"}}, "/explore/{dataset}/image": {"resource_id": files["resource_id"]}, "/explore/{dataset}/document.pdf": {"resource_id": files["resource_id"]},
		"/explore/{dataset}/data.geojson": {"resource_id": files["resource_id"]},
		"/embeds/search": {
			"q": found["q"], "tag": found["tag"], "organization": {v.town}, "type": {"datasets", "dataservices", "reuses", "organizations", "topics"}, "page": {"2"},
		},
		"/embeds/{kind}/{key}": {"q": found["q"], "tag": found["tag"], "lang": {"en"}, "tab": {"data"}},
	}
	for template, one := range v.cardArguments(secret) {
		arguments[template], arguments[template+"/"] = one, one
	}
	for _, kind := range []string{"datasets", "reuses", "dataservices"} {
		arguments["/"+kind], arguments["/"+kind+"/search"] = found, found
	}
	return arguments
}

// cardArguments are those by which cards are asked for in the API, by template.
func (v *vault) cardArguments(secret bool) map[string]url.Values {
	addresses, references := []string{}, []string{}
	for kind, names := range v.objectNames(secret) {
		for _, name := range names {
			addresses = append(addresses, apitest.Base+"/"+kind+"/"+name, apitest.Base+"/api/1/"+kind+"/"+name+"/")
			if kind == "files" {
				addresses = append(addresses, apitest.Base+"/embeds/resources/"+name+"?tab=chart", apitest.Base+"/datasets/open-of-eve?resource_id="+name)
			}
			if kind == "datasets" {
				references = append(references, "dataset-"+name)
			}
		}
	}
	return map[string]url.Values{
		"/api/1/oembed": {"url": addresses}, "/nuxt-api/oembed": {"url": {apitest.Base + "/datasets/open-of-eve"}},
		"/api/1/oembeds": {"references": references},
	}
}

// cardLists ask for the cards of many objects of all kinds at once.
func (v *vault) cardLists(secret bool) []string {
	var references, asks []string
	names := v.objectNames(secret)
	for _, kind := range slices.Sorted(maps.Keys(names)) {
		for _, name := range names[kind] {
			switch kind {
			case "files":
				kind = "resources"
			case "visualizations":
				kind = "charts"
			}
			references = append(references, strings.TrimSuffix(kind, "s")+"-"+name)
		}
	}
	for part := range slices.Chunk(references, 50) {
		asks = append(asks, "/api/1/oembeds/?partial=1&form=card&references="+strings.Join(part, ","))
	}
	return asks
}

// sharedWay tells of the ways out that show the same to everybody.
func sharedWay(ask string) bool {
	for _, way := range []string{"/embeds/", "/api/1/oembed", "/nuxt-api/oembed", "/static/", "/oembed.js"} {
		if strings.HasPrefix(ask, way) {
			return true
		}
	}
	return false
}

// asks are all requests for pages, bare and with each value of each argument.
func (s *pageSite) asks(v *vault, secret bool) []string {
	names, arguments := v.objectNames(secret), v.pageArguments(secret)
	all := v.cardLists(secret)
	for _, template := range s.templates() {
		for _, path := range names.paths(v.t, template) {
			all = append(all, path)
			for _, name := range slices.Sorted(maps.Keys(arguments[template])) {
				for _, value := range arguments[template][name] {
					all = append(all, path+"?"+url.Values{name: {value}}.Encode())
				}
			}
		}
	}
	return all
}

// saidIn is what an address says, its words set apart.
func saidIn(ask string) string {
	if plain, err := url.QueryUnescape(ask); err == nil {
		ask = plain
	}
	return strings.NewReplacer(".", "/", "-", "/").Replace(ask)
}

// clockWords are what an answer says of the moment it was made.
var clockWords = regexp.MustCompile(`time=20[0-9A-Z%.-]+`)

func answered(w *httptest.ResponseRecorder) string {
	return fmt.Sprint(w.Code, " ", w.Header().Get("Location"), " ", w.Header().Get("Content-Disposition"), " ", clockWords.ReplaceAllString(w.Body.String(), ""))
}

// TestPagesHideWhatIsHidden walks state × viewer × every page: none holds a word
// or an identifier of what the viewer may not read, and no picture shows it.
func TestPagesHideWhatIsHidden(t *testing.T) {
	v := newVault(t, dbtest.SQLite(t))
	v.hide()
	v.settle()
	site := newPageSite(v.Server, 0)
	asks := site.asks(v, true)
	shown := map[string]bool{}
	for _, viewer := range vaultViewers {
		for _, ask := range asks {
			if viewer != "" && viewer != "eve" && (viewer != "pat" || sharedWay(ask)) && strings.Contains(ask, "?") {
				continue
			}
			w := site.read(ask, v.tokens[viewer])
			if w.Code >= 500 && w.Code != http.StatusNotImplemented {
				t.Fatalf("%q %s answered %d: %s", viewer, ask, w.Code, w.Body)
			}
			if viewer != "" && w.Code == http.StatusOK {
				if kept := w.Header().Get("Cache-Control"); !strings.Contains(kept, "private") && !strings.Contains(kept, "no-store") && !strings.Contains(kept, "immutable") && !sharedWay(ask) {
					t.Errorf("%q %s may be kept by others: %q", viewer, ask, kept)
				}
			}
			text := without(answered(w), saidIn(ask))
			for _, s := range slices.Concat(v.secrets, v.community) {
				drawn := w.Code == http.StatusOK && (strings.HasPrefix(ask, "/pictures/") || strings.HasPrefix(ask, "/share/")) && strings.Contains(strings.ToLower(ask), s.id)
				if drawn && !s.readBy(viewer) {
					t.Errorf("%q sees a picture of a %s %s of %s by %s", viewer, s.state, s.kind, s.owner, ask)
				}
				for _, part := range append([]string{s.word, s.id}, s.inner...) {
					if !strings.Contains(text, part) {
						continue
					}
					if !s.readBy(viewer) {
						t.Errorf("%q reads of a %s %s of %s by %s: %.300s", viewer, s.state, s.kind, s.owner, ask, text[max(0, strings.Index(text, part)-150):])
					}
					shown[viewer+" "+s.word] = true
				}
			}
		}
	}
	for _, s := range v.secrets {
		for _, reader := range vaultViewers {
			if s.kind == "visualization" {
				continue // charts have no page
			}
			if s.mustShow(reader) && !shown[reader+" "+s.word] {
				t.Errorf("%s does not see a page of a %s %s of %s", reader, s.state, s.kind, s.owner)
			}
		}
	}
	t.Logf("%d addresses, %d viewers", len(asks), len(vaultViewers))
}

// TestHiddenObjectsChangeNoPage asks for every page, adds hidden objects that
// everything names, and gets the same pages: no number, suggestion, facet or link
// shows to outsiders that they are there.
func TestHiddenObjectsChangeNoPage(t *testing.T) {
	v := newVault(t, dbtest.SQLite(t))
	v.settle()
	read := func() map[string]string {
		site, answers := newPageSite(v.Server, 0), map[string]string{}
		for _, ask := range site.asks(v, false) {
			for _, viewer := range []string{"", "sam"} {
				answers[viewer+" "+ask] = answered(site.read(ask, v.tokens[viewer]))
			}
		}
		return answers
	}
	before := read()
	v.hide()
	v.settle()
	after := read()
	if len(before) < 200 {
		t.Errorf("only %d requests were made", len(before))
	}
	for ask, was := range before {
		if is := after[ask]; is != was {
			t.Errorf("%s changes with hidden objects: %s", ask, firstDifference(was, is))
		}
	}
}

// change writes something and tells the log that an object of a kind changed.
type change struct {
	name string
	make func(*vault)
}

// told changes rows of an object and tells the log of it, as its writer will.
func told(kind, object, query string, args ...any) func(*vault) {
	return func(v *vault) {
		id, args := v.ids[object], slices.Clone(args)
		for i, arg := range args {
			if arg == "ID" {
				args[i] = id
			}
		}
		err := v.Log.Write(v.t.Context(), db.People, func(ctx context.Context, tx *event.Tx) error {
			if _, err := tx.NewRaw(query, args...).Exec(ctx); err != nil {
				return err
			}
			tx.Emit(event.Event{At: db.Now(), Kind: kind + ".updated", ObjectKind: kind, Object: id, ActorKind: "system", Actor: "test", Version: 2, SeenAfter: true})
			return nil
		})
		if err != nil {
			v.t.Fatalf("%s: %v", query, err)
		}
	}
}

func (v *vault) write(method, path string, body any) {
	if answer := v.Do(method, path, body, v.as("admin")...); answer.Status >= 300 {
		v.t.Fatalf("%s %s answered %d: %s", method, path, answer.Status, answer.Body)
	}
}

var changes = []change{
	{"an organization is renamed", told("organization", "town", "UPDATE organizations SET name = 'Zqxnew' WHERE id = ?", "ID")},
	{"an organization is certified", told("organization", "town", "UPDATE organizations SET certified = ? WHERE id = ?", true, "ID")},
	{"a person is renamed", told("user", "eve", "UPDATE users SET first_name = 'Zqxnew' WHERE id = ?", "ID")},
	{"a member is renamed", told("user", "ada", "UPDATE users SET last_name = 'Zqxnew' WHERE id = ?", "ID")},
	{"a reuse is renamed", told("reuse", "open-reuse", "UPDATE reuses SET title = 'Zqxnew' WHERE id = ?", "ID")},
	{"an API is renamed", told("dataservice", "open-api", "UPDATE dataservices SET title = 'Zqxnew' WHERE id = ?", "ID")},
	{"a topic is renamed", told("topic", "open-topic", "UPDATE topics SET name = 'Zqxnew' WHERE id = ?", "ID")},
	{"a post is renamed", told("post", "open-post", "UPDATE posts SET name = 'Zqxnew' WHERE id = ?", "ID")},
	{"a licence is renamed", told("license", "lov2", "UPDATE licenses SET title = 'Zqxnew' WHERE id = 'lov2'")},
	{"a dataset is renamed", func(v *vault) {
		v.write(http.MethodPut, "/api/1/datasets/"+v.ids["open"]+"/", map[string]any{"title": "Zqxnew", "license": "lov2", "tags": []string{"velo", "zqxnew"}})
	}},
	{"a file is added", func(v *vault) {
		v.write(http.MethodPost, "/api/1/datasets/"+v.ids["open"]+"/resources/", map[string]any{
			"title": "Zqxfile", "url": "https://example.org/zqxfile.csv", "format": "csv", "filetype": "remote", "type": "main"})
	}},
	{"a dataset is made", func(v *vault) {
		v.write(http.MethodPost, "/api/1/datasets/", map[string]any{"title": "Zqxmade", "description": "Zqxmade", "organization": v.town})
	}},
	{"a reuse is hidden", told("reuse", "open-reuse", "UPDATE reuses SET private = ?, visible = ? WHERE id = ?", true, false, "ID")},
	{"a topic is hidden", told("topic", "open-topic", "UPDATE topics SET private = ? WHERE id = ?", true, "ID")},
	{"a post is withdrawn", told("post", "open-post", "UPDATE posts SET published_at = NULL WHERE id = ?", "ID")},
	{"an API is deleted", told("dataservice", "open-api", "UPDATE dataservices SET deleted_at = 1, visible = ? WHERE id = ?", false, "ID")},
	{"a dataset is hidden", func(v *vault) {
		v.write(http.MethodPut, "/api/1/datasets/"+v.ids["open"]+"/", map[string]any{"private": true})
	}},
	{"a topic is made public", told("topic", "open-topic", "UPDATE topics SET private = ? WHERE id = ?", false, "ID")},
	{"a topic is deleted", func(v *vault) { v.bin("topic", v.ids["open-topic"]) }},
	{"a topic is brought back", func(v *vault) { v.write(http.MethodPost, "/api/2/bin/topic/"+v.ids["open-topic"]+"/restore/", nil) }},
	{"a post is published", told("post", "open-post", "UPDATE posts SET published_at = 1 WHERE id = ?", "ID")},
	{"a post is deleted", func(v *vault) { v.bin("post", v.ids["open-post"]) }},
	{"a post is brought back", func(v *vault) { v.write(http.MethodPost, "/api/2/bin/post/"+v.ids["open-post"]+"/restore/", nil) }},
	{"a community resource is deleted", func(v *vault) { v.bin("community_resource", v.resources[3]) }},
	{"a community resource is brought back", func(v *vault) {
		v.write(http.MethodPost, "/api/2/bin/community_resource/"+v.resources[3]+"/restore/", nil)
	}},
	{"a dataset is deleted", func(v *vault) { v.write(http.MethodDelete, "/api/1/datasets/"+v.ids["open-of-eve"]+"/", nil) }},
	{"an organization is deleted", told("organization", "town", "UPDATE organizations SET deleted_at = 1 WHERE id = ?", "ID")},
	{"a person is deleted", told("user", "eve", "UPDATE users SET deleted_at = 1 WHERE id = ?", "ID")},
}

// TestKeptPagesFall keeps every page, changes something, and asks again at
// once: each page is as one that is made anew.
func TestKeptPagesFall(t *testing.T) {
	v := newVault(t, dbtest.SQLite(t))
	v.ids["lov2"] = "lov2"
	v.settle()
	for _, c := range changes {
		v.Versions = web.NewVersions() // lists fall at once at their first change, then once a second
		kept := newPageSite(v.Server, 64<<20)
		asks := kept.bare(v)
		before := map[string]string{}
		for range 2 {
			for _, ask := range asks {
				before[ask] = answered(kept.read(ask, ""))
			}
		}
		c.make(v)
		fresh, moved := newPageSite(v.Server, 0), 0
		for _, ask := range asks {
			was, is := answered(kept.read(ask, "")), answered(fresh.read(ask, ""))
			if uncounted(ask, was) != uncounted(ask, is) {
				t.Errorf("%s: %s shows the former state: %s", c.name, ask, firstDifference(was, is))
			}
			if is != before[ask] {
				moved++
			}
		}
		if moved == 0 {
			t.Errorf("no page shows that %s", c.name)
		}
		v.settle()
	}
}

// counting are the pages that tell numbers of the whole catalogue, or name what
// is most frequent in it as an example, as it was counted some seconds before; they are shown again for some seconds only.
var counting = regexp.MustCompile(`^/(tags|exports|feeds|integrate|sitemap|dashboard)`)

// totals are the numbers of the whole catalogue on the first page, which are
// counted again each second at most, and behind readers where that takes long.
var totals = regexp.MustCompile(`(?s)<dl class="figures">.*?</dl>|placeholder="[^"]*"`)

// uncounted is an answer without the numbers of the whole catalogue.
func uncounted(ask, answer string) string {
	if ask == "/" || ask == "/en" {
		return totals.ReplaceAllString(answer, "")
	}
	return answer
}

// bare are the requests for pages whose arguments do not matter.
func (s *pageSite) bare(v *vault) []string {
	var all []string
	for _, ask := range s.asks(v, false) {
		if !strings.Contains(ask, "?") && !strings.HasPrefix(ask, "/share/") && !counting.MatchString(ask) {
			all = append(all, ask)
		}
	}
	return append(all, "/datasets/search?q=jeu", "/search?q=jeu", "/organizations?q=valmont", "/suggest?q=jeu", "/en", "/en/datasets/open-of-eve")
}
