package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"grenier/internal/api/apitest"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/web"
)

// way is one declared GET route with its variables and arguments.
type way struct {
	template  string
	variables []string
	arguments []string
}

// ways are all declared ways out.
func (v *vault) ways() []way {
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
		}
	}
	if err := json.Unmarshal(web.OpenAPI(web.Info{Title: "test", Version: "0"}, v.Tables...), &document); err != nil {
		v.t.Fatal(err)
	}
	var all []way
	for _, template := range slices.Sorted(maps.Keys(document.Paths)) {
		operation, ok := document.Paths[template]["get"]
		if !ok {
			continue
		}
		w := way{template: template}
		for _, p := range operation.Parameters {
			switch p.In {
			case "path":
				w.variables = append(w.variables, p.Name)
			case "query":
				w.arguments = append(w.arguments, p.Name)
			}
		}
		all = append(all, w)
	}
	return all
}

// paths are the paths of a way with every combination of the values of its
// variables.
func (w way) paths(t *testing.T, values map[string][]string) []string {
	t.Helper()
	paths := []string{w.template}
	for _, name := range w.variables {
		if len(values[name]) == 0 {
			t.Fatalf("%s: the test knows no value of {%s}", w.template, name)
		}
		var filled []string
		for _, path := range paths {
			for _, value := range values[name] {
				filled = append(filled, strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value)))
			}
		}
		paths = filled
	}
	return paths
}

// asks are the paths of a way, bare and with each value of each of its
// arguments.
func (w way) asks(t *testing.T, variables, arguments map[string][]string) []string {
	var all []string
	for _, path := range w.paths(t, variables) {
		if !slices.Contains(w.arguments, "q") || strings.Contains(path, "/search/") || !strings.Contains(path, "suggest") {
			all = append(all, path)
		}
		for _, name := range w.arguments {
			for _, value := range arguments[name] {
				all = append(all, path+"?"+name+"="+url.QueryEscape(value))
			}
		}
	}
	return all
}

// publicValues are the variables and arguments by which public objects are
// asked for.
func (v *vault) publicValues() (variables, arguments map[string][]string) {
	variables = map[string][]string{
		"dataset": {v.ids["open"], "open-of-eve"}, "reuse": {v.ids["open-reuse"]}, "dataservice": {v.ids["open-api"]},
		"topic": {v.ids["open-topic"]}, "post": {v.ids["open-post"]}, "org": {v.town}, "user": {v.eve}, "uuid": v.resources[:4],
		"visualization": {v.ids["open-chart"], "open-chart"}, "kind": {"dataset", "organization"}, "version": {"1"}, "client": {db.NewID()}, "webhook": {db.NewID()}, "source": {db.NewID()}, "job": {db.NewID()}, "delivery": {db.NewUUID()}, "run": {"1"},
		"contact": {db.NewID()}, "transfer": {db.NewID()}, "ids": {"country:fr"}, "id": {"country:fr", v.ids["open"], v.town}, "level": {"country"}, "zone": {"country:fr"}, "file": {"ecoles_com.csv"}, "identifier": {"x"}, "size": {"8"}, "fmt": {"ttl", "jsonld"},
	}
	arguments = map[string][]string{
		"q": {"jeu", "carte velo", "api", "theme", "fichier", "velo", "zqx"}, "tag": {"velo"}, "geozone": {"country:fr"}, "format": {"csv"},
		"organization": {v.town}, "owner": {v.eve}, "dataset": {v.ids["open"]}, "reuse": {v.ids["open-reuse"]},
		"dataservice": {v.ids["open-api"]}, "topic": {v.ids["open-topic"]}, "featured": {"true"}, "page_size": {"1", "1000"},
		"related_to": {v.ids["open"], v.town}, "user": {v.eve, v.ids["ed"]}, "organization_badge": {"public-service"}, "sort": {"-created"}, "highlight": {"true"}, "private": {"true", "false"}, "with_drafts": {"1"}, "dynamic": {"1"},
	}
	return variables, arguments
}

func (v *vault) as(name string) []string {
	if name == "" {
		return nil
	}
	return []string{"X-API-KEY", v.tokens[name]}
}

// TestHiddenObjectsChangeNothing asks everything of a catalogue, adds hidden
// objects that everything names, and gets the same answers: no list, total,
// facet, counter, suggestion or dump shows to outsiders that they are there.
func TestHiddenObjectsChangeNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v := newVault(t, d)
		v.settle()
		variables, arguments := v.publicValues()
		read := func() map[string]string {
			counted, err := v.Catalog.ComputeSiteMetrics(t.Context(), made(0).Time)
			if err != nil {
				t.Fatal(err)
			}
			answers := map[string]string{"the site's counters": fmt.Sprint(counted)}
			for _, w := range v.ways() {
				for _, ask := range w.asks(t, variables, arguments) {
					for _, viewer := range []string{"", "sam"} {
						for _, mask := range []string{"", "*"} {
							answer := v.Get(ask, append(v.as(viewer), "X-Fields", mask, "X-Request-Id", "constant")...)
							answers[viewer+" "+ask+" "+mask] = fmt.Sprint(answer.Status, " ", withoutWithdrawn(ask, string(answer.Body)))
						}
					}
				}
			}
			return answers
		}
		before := read()
		v.hide()
		v.settle()
		after := read()
		if len(before) < 500 {
			t.Errorf("only %d requests were made", len(before))
		}
		for ask, was := range before {
			if is := after[ask]; is != was {
				t.Errorf("%s changes with hidden objects: %s", ask, firstDifference(was, is))
			}
		}
	})
}

// feedPath begins the addresses of the change feed, which tells of public objects that they were withdrawn.
const feedPath = "/api/2/changes"

var feedObject = regexp.MustCompile(`\.created","object":\{"class":"[A-Za-z]+","id":"([^"]+)"`)

// withoutWithdrawn leaves of an answer of the change feed the objects that are told to be there: some that were
// public are deleted, which is told, moves positions, and changes public objects that named them.
func withoutWithdrawn(ask, body string) string {
	if !strings.HasPrefix(ask, feedPath) {
		return body
	}
	there := map[string]bool{}
	for _, found := range feedObject.FindAllStringSubmatch(body, -1) {
		there[found[1]] = true
	}
	return fmt.Sprint(slices.Sorted(maps.Keys(there)))
}

func firstDifference(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	part := func(s string) string { return s[max(0, i-100):min(len(s), i+100)] }
	return part(a) + "\n  became " + part(b)
}

// secretValues are the variables and arguments by which secrets are asked for.
func (v *vault) secretValues() (variables, arguments map[string][]string) {
	variables, _ = v.publicValues()
	variables["uuid"], variables["transfer"] = slices.Concat(v.resources, v.uploads), v.offers
	variables["kind"], variables["client"] = []string{"dataset", "reuse", "dataservice", "topic", "post", "chart", "community_resource", "organization"}, v.clients
	arguments = map[string][]string{"q": {"zqx"}, "recipient": {v.town, v.eve}, "user": {v.eve, v.ids["ed"]}, "organization": {v.town}, "all": {"true"}}
	for n, s := range v.secrets {
		variables[s.kind] = append(variables[s.kind], s.id, s.word, strings.ToUpper(s.word), fmt.Sprintf("former-%d", n))
		arguments[s.kind] = append(arguments[s.kind], s.id)
		arguments["subject"] = append(arguments["subject"], s.id)
		arguments["related_to"] = append(arguments["related_to"], s.id)
		variables["id"] = append(variables["id"], s.id)
		arguments["q"] = append(arguments["q"], s.word)
		arguments["references"] = append(arguments["references"], s.kind+"-"+s.id, s.kind+"-"+s.word)
		arguments["tag"] = append(arguments["tag"], s.word+"-tag")
		arguments["schema"] = append(arguments["schema"], "schema/"+s.word)
	}
	return variables, arguments
}

// without leaves out what the request itself said.
func without(body, ask string) string {
	parts := strings.FieldsFunc(ask, func(r rune) bool { return strings.ContainsRune("/?=&", r) })
	slices.SortFunc(parts, func(a, b string) int { return len(b) - len(a) })
	for _, said := range parts {
		if len(said) > 3 {
			body = strings.ReplaceAll(body, said, "")
		}
	}
	return body
}

// TestNobodyReadsWhatIsHidden walks state × viewer × every way out: no answer,
// nor its header, holds a word or an identifier of what the viewer may not read.
func TestNobodyReadsWhatIsHidden(t *testing.T) {
	v := newVault(t, dbtest.SQLite(t))
	v.hide()
	v.settle()
	variables, arguments := v.secretValues()
	shown := map[string]bool{}
	requests := 0
	for _, viewer := range vaultViewers {
		for _, w := range v.ways() {
			asks := w.paths(t, variables)
			if viewer == "" || viewer == "eve" || viewer == "pat" {
				asks = w.asks(t, variables, arguments)
			}
			for _, ask := range asks {
				answer := v.Get(ask, append(v.as(viewer), "X-Fields", "*")...)
				requests++
				if answer.Status >= 500 {
					t.Fatalf("%s %s answered %d: %s", viewer, ask, answer.Status, answer.Body)
				}
				text := without(string(answer.Body)+" "+answer.Header.Get("Location")+" "+answer.Header.Get("Content-Disposition"), ask)
				for _, s := range slices.Concat(v.secrets, v.community) {
					for _, part := range append([]string{s.word, s.id}, s.inner...) {
						if !strings.Contains(text, part) || s.state == "deleted" && part == s.id && strings.HasPrefix(ask, feedPath) {
							continue // a withdrawal names what was public until then
						}
						if !s.readBy(viewer) {
							t.Fatalf("%q reads of a %s %s of %s by %s: %.300s", viewer, s.state, s.kind, s.owner, ask, text[max(0, strings.Index(text, part)-150):])
						}
						shown[viewer+" "+s.word] = true
					}
				}
			}
		}
	}
	for _, s := range slices.Concat(v.secrets, v.community) {
		for _, reader := range vaultViewers {
			if s.mustShow(reader) && !shown[reader+" "+s.word] {
				t.Errorf("%s does not read a %s %s of %s", reader, s.state, s.kind, s.owner)
			}
		}
	}
	t.Logf("%d requests", requests)
}

// TestPrivateIsAsUnknown asks by what names a secret and by what names nothing:
// outsiders cannot tell which is which. What was public and is deleted is gone.
func TestPrivateIsAsUnknown(t *testing.T) {
	v := newVault(t, dbtest.SQLite(t))
	v.hide()
	v.settle()
	compared := 0
	for n, s := range v.secrets {
		former := fmt.Sprintf("former-%d", n)
		for _, w := range v.ways() {
			variables, _ := v.publicValues()
			variables["uuid"] = append(variables["uuid"][:1:1], s.inner...)
			for _, known := range []string{s.id, s.word, strings.ToUpper(s.word), former} {
				unknown := map[string]string{s.id: db.NewID(), s.word: "unknown", strings.ToUpper(s.word): "UNKNOWN", former: "former-unknown"}[known]
				asks := map[string]string{}
				if slices.Contains(w.variables, s.kind) {
					variables[s.kind] = []string{known}
					for _, ask := range w.paths(t, variables) {
						asks[ask] = strings.ReplaceAll(ask, known, unknown)
					}
				}
				if slices.Contains(w.arguments, s.kind) && known == s.id && len(w.variables) == 0 {
					asks[w.template+"?"+s.kind+"="+known] = w.template + "?" + s.kind + "=" + unknown
				}
				for hidden, absent := range asks {
					got, want := v.Get(hidden, "X-Request-Id", "constant"), v.Get(absent, "X-Request-Id", "constant")
					compared++
					if !s.private() && len(w.variables) > 0 && want.Status != http.StatusUnauthorized {
						if got.Status != http.StatusGone {
							t.Errorf("%s of a deleted %s answered %d", hidden, s.kind, got.Status)
						}
						continue
					}
					if got.Status != want.Status || without(string(got.Body), hidden) != without(string(want.Body), absent) {
						t.Errorf("%s of a %s %s answered %d %.300s, but what is unknown answers %d %.300s", hidden, s.state, s.kind, got.Status, got.Body, want.Status, want.Body)
					}
				}
			}
		}
	}
	if compared < 300 {
		t.Errorf("only %d answers were compared", compared)
	}
	for _, s := range v.secrets {
		if s.kind != "dataset" || s.state != "private" {
			continue
		}
		for _, path := range []string{"/api/1/datasets/r/", "/api/2/datasets/resources/"} {
			tail := strings.Repeat("/", strings.Count(path, "resources"))
			got, want := v.Get(path+s.inner[0]+tail), v.Get(path+db.NewUUID()+tail)
			if got.Status != http.StatusNotFound || string(got.Body) != string(want.Body) {
				t.Errorf("a resource of a private dataset answers %s %s, an unknown one %s", path, got.Body, want.Body)
			}
		}
	}
}

// TestHiddenAtOnce hides a dataset while every answer that shows it is kept, and
// asks again at once.
func TestHiddenAtOnce(t *testing.T) {
	for _, hide := range []struct{ name, method string }{{"private", http.MethodPut}, {"deleted", http.MethodDelete}} {
		t.Run(hide.name, func(t *testing.T) {
			p := &portal{Server: apitest.NewKeeping(t, dbtest.SQLite(t), 32<<20), t: t, ids: map[string]string{}}
			p.eve, p.eveToken = p.User("eve@example.org", false)
			id := create(p.Server, p.eveToken, written("Zqx99w", nil))
			p.reuse(20, "map", func(r *catalog.Reuse) { r.OwnerID = &p.eve }, id)
			p.topic(40, "theme", func(t *catalog.Topic) { t.OwnerID = &p.eve })
			p.element0(id)
			bloc := fmt.Sprintf(`[{"id":"a","class":"DatasetsListBloc","title":"A","datasets":[%q]}]`, id)
			p.post(50, "page", func(o *catalog.Post) { o.PublishedAt, o.BodyType, o.Blocs = made(50), "blocs", db.JSON(bloc) })
			p.exec("INSERT INTO post_datasets (post_id, dataset_id, position) VALUES (?, ?, 0)", p.ids["page"], id)
			if _, err := p.Catalog.RecountAll(t.Context()); err != nil {
				t.Fatal(err)
			}
			p.Index()
			asks := []string{
				"/api/1/datasets/", "/api/2/datasets/", "/api/1/datasets/" + id + "/", "/api/2/datasets/" + id + "/", "/api/2/datasets/search/?q=zqx99w",
				"/api/1/reuses/", "/api/1/reuses/map/", "/api/1/posts/", "/api/1/posts/page/", "/api/2/topics/theme/elements/", "/datasets.csv",
				"/api/1/datasets/suggest/?q=zqx99w", "/api/2/datasets/" + id + "/resources/",
			}
			for range 2 {
				for _, ask := range asks {
					if answer := p.Get(ask); answer.Status != http.StatusOK || !strings.Contains(string(answer.Body), id) && !strings.Contains(string(answer.Body), "comptages.csv") {
						t.Fatalf("%s does not show the dataset: %d %s", ask, answer.Status, answer.Body)
					}
				}
			}
			var body any
			if hide.method == http.MethodPut {
				body = map[string]any{"private": true}
			}
			if answer := p.Do(hide.method, "/api/1/datasets/"+id+"/", body, "X-API-KEY", p.eveToken); answer.Status >= 300 {
				t.Fatalf("hiding answered %d: %s", answer.Status, answer.Body)
			}
			for _, ask := range asks {
				text := without(string(p.Get(ask).Body), ask)
				for _, word := range []string{id, "Zqx99w", "comptages.csv"} {
					if strings.Contains(text, word) {
						t.Errorf("%s still shows the hidden dataset: %s", ask, text)
					}
				}
			}
			if got := dig(p.Get("/api/1/reuses/map/").JSON(t), "metrics.datasets"); got != 0.0 {
				t.Errorf("a reuse counts %v datasets, of which none is public", got)
			}
			if wrong, err := p.Catalog.CheckCounters(t.Context()); err != nil || len(wrong) > 0 {
				t.Errorf("counters are out of step: %v %v", wrong, err)
			}
			p.Index()
			if got := dig(p.Get("/api/2/reuses/search/").JSON(t), "total"); got != 0.0 {
				t.Errorf("a reuse of no public dataset is found: %v", got)
			}
		})
	}
}

// element0 makes a dataset the only element of the topic "theme".
func (p *portal) element0(dataset string) {
	kind := "dataset"
	p.put("topic", "theme", p.ids["theme"], true, &catalog.Element{ID: db.NewID(), TopicID: p.ids["theme"], ElementKind: &kind, ElementID: &dataset})
}

// archivedShows are the ways that show archived datasets and dataservices to
// everybody: by their names, inside what is made with them, in the list of their
// organization and in whole dumps. Lists and searches leave them out; the change
// feed says of them by their identifiers alone that they were withdrawn.
var archivedShows = []string{
	"/api/1/dataservices/{dataservice}/",
	"/api/1/dataservices/{dataservice}/rdf.{fmt}",
	"/api/1/datasets/community_resources/",
	"/api/1/datasets/community_resources/{uuid}/",
	"/api/1/datasets/r/{uuid}",
	"/api/1/datasets/{dataset}/",
	"/api/1/datasets/{dataset}/rdf.{fmt}",
	"/api/1/datasets/{dataset}/resources/{uuid}/",
	"/api/1/organizations/{org}/datasets/",
	"/api/1/posts/",
	"/api/1/posts/{post}/",
	"/api/1/reuses/",
	"/api/1/reuses/{reuse}/",
	"/api/1/site/dataservices.csv",
	"/api/1/site/datasets.csv",
	"/api/1/site/home/reuses/",
	"/api/1/site/resources.csv",
	"/api/1/site/reuses.csv",
	"/api/2/changes",
	"/api/2/datasets/resources/{uuid}/",
	"/api/2/datasets/{dataset}/",
	"/api/2/datasets/{dataset}/extras/",
	"/api/2/datasets/{dataset}/resources/",
	"/api/2/datasets/{dataset}/resources/{uuid}/extras/",
	"/api/2/datasets/{dataset}/schemas/",
	"/api/2/posts/search/",
	"/api/2/topics/{topic}/elements/",
	"/dataservices.csv",
	"/datasets.csv",
	"/resources.csv",
	"/reuses.csv",
}

func TestWhereArchivedObjectsShow(t *testing.T) {
	v := newVault(t, dbtest.SQLite(t))
	dataset := v.dataset(70, "zqx70w", func(d *catalog.Dataset) {
		d.Owned, d.ArchivedAt, d.HasSpatial, d.ResourceCount = v.owned("town"), made(71), true, 1
	})
	inner := v.surround("dataset", dataset, "zqx70w")
	v.dataservice(71, "zqx71w", func(d *catalog.Dataservice) { d.Owned, d.ArchivedAt = v.owned("town"), made(71) })
	v.surround("dataservice", v.ids["zqx71w"], "zqx71w")
	v.exec("INSERT INTO reuse_datasets (reuse_id, dataset_id, position) VALUES (?, ?, 9)", v.ids["open-reuse"], dataset)
	v.exec("INSERT INTO post_datasets (post_id, dataset_id, position) VALUES (?, ?, 9)", v.ids["open-post"], dataset)
	v.element("open-topic", "dataset", dataset, "zqx70w")
	v.settle()
	variables, arguments := v.publicValues()
	variables["dataset"], variables["uuid"], variables["dataservice"] = []string{dataset}, inner, []string{v.ids["zqx71w"]}
	arguments["q"] = append(arguments["q"], "zqx70w", "zqx71w")
	arguments["tag"] = append(arguments["tag"], "zqx70w-tag")
	shown := map[string]bool{}
	for _, w := range v.ways() {
		for _, ask := range w.asks(t, variables, arguments) {
			answer := v.Get(ask, "X-Fields", "*")
			text := without(string(answer.Body)+" "+answer.Header.Get("Location"), ask)
			for _, word := range []string{"zqx70w", "zqx71w", "zqc70w", dataset, v.ids["zqx71w"]} {
				shown[w.template] = shown[w.template] || strings.Contains(text, word)
			}
		}
	}
	var ways []string
	for template, shows := range shown {
		if shows {
			ways = append(ways, template)
		}
	}
	slices.Sort(ways)
	if !slices.Equal(ways, archivedShows) {
		t.Errorf("archived objects show at\n%s\nand should at\n%s", strings.Join(ways, "\n"), strings.Join(archivedShows, "\n"))
	}
}

// TestWritesTellNothing tries to change hidden datasets: to outsiders they are
// as unknown ones, and deleted ones are gone.
func TestWritesTellNothing(t *testing.T) {
	v := newVault(t, dbtest.SQLite(t))
	v.hide()
	v.settle()
	body := map[string]any{"title": "x", "description": "x", "url": "https://example.org/x", "filetype": "remote"}
	for n, s := range v.secrets {
		if s.kind != "dataset" {
			continue
		}
		for _, name := range []string{s.id, s.word, fmt.Sprintf("former-%d", n)} {
			for _, c := range []struct{ method, tail string }{
				{http.MethodPut, ""}, {http.MethodDelete, ""}, {http.MethodPost, "resources/"}, {http.MethodPut, "resources/" + s.inner[0] + "/"},
				{http.MethodDelete, "resources/" + s.inner[0] + "/"},
			} {
				var sent any
				if c.method != http.MethodDelete {
					sent = body
				}
				answer := v.Do(c.method, "/api/1/datasets/"+name+"/"+c.tail, sent, v.as("sam")...)
				absent := v.Do(c.method, "/api/1/datasets/"+db.NewID()+"/"+c.tail, sent, v.as("sam")...)
				switch {
				case s.private() && (answer.Status != absent.Status || string(answer.Body) != string(absent.Body)):
					t.Errorf("%s %s of a private dataset answered %d %s, of an unknown one %d %s", c.method, c.tail, answer.Status, answer.Body, absent.Status, absent.Body)
				case !s.private() && answer.Status != http.StatusGone:
					t.Errorf("%s %s of a deleted dataset answered %d %s", c.method, c.tail, answer.Status, answer.Body)
				}
			}
		}
	}
}
