package portal

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"

	"grenier/internal/catalog"
	"grenier/internal/db/dbtest"
	"grenier/internal/fetch"
)

// describedAPI reads a document of the tests as the page shows it.
func describedAPI(t testing.TB, s *site, document []byte, number int) openAPIPage {
	t.Helper()
	address, err := url.Parse("https://docs.example.org/api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	read, err := readAPIDocument(document, address)
	if err != nil {
		t.Fatal(err)
	}
	var page openAPIPage
	v := s.portal.visit(webCall(), "fr")
	v.describe(&page, read, number, "/here")
	return page
}

func apiSample(t testing.TB, name string) []byte {
	t.Helper()
	document, err := os.ReadFile("testdata/openapi/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// operations are all operations on a page, by method and path.
func operations(page openAPIPage) map[string]apiOperation {
	all := map[string]apiOperation{}
	for _, group := range page.Groups {
		for _, o := range group.Operations {
			all[o.Method+" "+o.Path] = o
		}
	}
	return all
}

func TestSwagger2(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	page := describedAPI(t, s, apiSample(t, "petstore.json"), 1)
	if page.Dialect != "Swagger 2.0" || page.Count != 20 || page.Title != "Swagger Petstore" || len(page.Security) != 2 || len(page.Groups) != 3 {
		t.Fatalf("%s, %d operations, %q, %d, %d groups", page.Dialect, page.Count, page.Title, len(page.Security), len(page.Groups))
	}
	if len(page.Servers) != 1 || page.Servers[0].URL != "https://petstore.swagger.io/v2" {
		t.Errorf("servers: %v", page.Servers)
	}
	all := operations(page)
	add := all["POST /pet"]
	if len(add.Bodies) != 1 || add.Bodies[0].Type != "Pet" || len(add.Bodies[0].Fields) != 6 || len(add.Bodies[0].Fields[0].Fields) != 2 {
		t.Errorf("body of POST /pet: %+v", add.Bodies)
	}
	if !strings.HasPrefix(add.Curl, "curl -X POST 'https://petstore.swagger.io/v2/pet' \\\n  -H 'Content-Type: application/json' \\\n  -d '{") ||
		!strings.Contains(add.Curl, `"name": "doggie"`) {
		t.Errorf("POST /pet: %s", add.Curl)
	}
	find := all["GET /pet/findByStatus"]
	if len(find.Parameters) != 1 || find.Parameters[0].Type != "string[]" || !find.Parameters[0].Required || find.Responses[0].Contents[0].Type != "Pet[]" {
		t.Errorf("GET /pet/findByStatus: %+v %+v", find.Parameters, find.Responses)
	}
}

func TestOpenAPI3InYAML(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	page := describedAPI(t, s, apiSample(t, "lxkns.yaml"), 1)
	if page.Dialect != "OpenAPI 3.0.2" || page.Count != 3 || page.Servers[0].URL != "https://docs.example.org/api" {
		t.Errorf("%s, %d operations, %v", page.Dialect, page.Count, page.Servers)
	}
	if got := operations(page)["GET /processes"]; len(got.Responses) != 1 || len(got.Responses[0].Contents[0].Fields) == 0 {
		t.Errorf("GET /processes: %+v", got)
	}
	newer := describedAPI(t, s, apiSample(t, "refs31.yaml"), 1)
	if newer.Dialect != "OpenAPI 3.1.0" || newer.Count != 1 {
		t.Errorf("%s, %d operations", newer.Dialect, newer.Count)
	}
}

// depthOf is the number of levels of a tree of fields.
func depthOf(fields []apiField) int {
	deepest := 0
	for _, f := range fields {
		deepest = max(deepest, 1+depthOf(f.Fields))
	}
	return deepest
}

func TestSchemasInCircles(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	page := describedAPI(t, s, apiSample(t, "circles.yaml"), 1)
	if len(page.Servers) != 1 || page.Servers[0].URL != "https://api.example.org/v1" {
		t.Errorf("servers: %v", page.Servers)
	}
	if strings.Contains(string(page.About), "<script") {
		t.Errorf("a script goes through: %s", page.About)
	}
	get := operations(page)["GET /trees/{id}"]
	fields := get.Responses[0].Contents[0].Fields
	if depth := depthOf(fields); depth < 2 || depth > schemaDepth {
		t.Errorf("%d levels", depth)
	}
	if fields[0].Name != "name" || !fields[0].Required || fields[1].Type != "Tree" || !fields[1].More || fields[2].Type != "Tree[]" {
		t.Errorf("fields: %+v", fields[:3])
	}
	if !get.Deprecated || len(get.Parameters) != 3 || get.Parameters[0].Limits != "" || get.Parameters[2].Limits != "≥ 1" {
		t.Errorf("parameters: %+v", get.Parameters)
	}
	want := "curl --globoff 'https://api.example.org/v1/trees/42?fields={fields}' \\\n  -H 'Accept-Language: fr'"
	if get.Curl != want {
		t.Errorf("%s\nwant %s", get.Curl, want)
	}
	put := operations(page)["PUT /trees/{id}"]
	if len(put.Bodies) != 1 || put.Bodies[0].Media != "application/json, text/json" {
		t.Errorf("bodies: %+v", put.Bodies)
	}
}

func TestManyOperations(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	var b strings.Builder
	b.WriteString("openapi: 3.0.0\ninfo: {title: Many}\npaths:\n")
	for i := range mostOperations + 50 {
		fmt.Fprintf(&b, "  /p%d: {get: {tags: [t%d], responses: {\"200\": {description: ok}}}}\n", i, i%500)
	}
	page := describedAPI(t, s, []byte(b.String()), 1)
	if page.Count != mostOperations || len(page.Contents) != mostGroups || len(operations(page)) != operationsShown {
		t.Errorf("%d operations, %d groups, %d shown", page.Count, len(page.Contents), len(operations(page)))
	}
	last := describedAPI(t, s, []byte(b.String()), 9999)
	if last.Pager.Page != mostOperations/operationsShown || len(operations(last)) != operationsShown {
		t.Errorf("the last page is %d with %d operations", last.Pager.Page, len(operations(last)))
	}
}

func TestUnreadableDescriptions(t *testing.T) {
	for name, document := range map[string]string{
		"empty": "", "a page": "<!doctype html><title>Swagger UI</title>", "no description": `{"a":1}`, "a list": "[1]", "broken JSON": `{"openapi":"3.0.0",`,
		"deep JSON": `{"openapi":"3.0.0","paths":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + "}",
		"deep YAML": "openapi: 3.0.0\npaths: " + strings.Repeat("[", 500) + strings.Repeat("]", 500),
		"version 1": `{"swagger":"1.2"}`,
	} {
		if _, err := readAPIDocument([]byte(document), &url.URL{Scheme: "https", Host: "example.org"}); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

// aliases are billions of values in a few lines of YAML.
const aliases = `
swagger: "2.0"
a: &a [x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]
e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]
f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]
paths: {/x: {get: {parameters: [{name: p, in: body, schema: {example: *f}}]}}}
`

func TestAliasesStaySmall(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	page := describedAPI(t, s, []byte(aliases), 1)
	if curl := operations(page)["GET /x"].Curl; len(curl) > 20_000 {
		t.Errorf("the example is %d bytes long", len(curl))
	}
}

func TestManyValuesOfYAML(t *testing.T) {
	for _, one := range []string{"1,", "{a,b},", "[],", "? a,", "\n- ", "a: b\n"} {
		document := []byte("a: [" + strings.Repeat(one, openAPIBytes/len(one)))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := readAPIValue(document)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%q without end is read", one)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 300<<20 {
			t.Errorf("%q without end took %d MB", one, took>>20)
		}
	}
}

func TestOpenAPIPage(t *testing.T) {
	base, change := remote(t, map[string]string{"/circles.yaml": string(apiSample(t, "circles.yaml")), "/page.html": "<html>"})
	s := newSite(t, dbtest.SQLite(t), change)
	s.dataservice(1, "API des arbres", func(d *catalog.Dataservice) { d.MachineDocumentationURL = ptr(base + "/circles.yaml") })
	s.dataservice(2, "Sans description", nil)
	s.dataservice(3, "Page", func(d *catalog.Dataservice) { d.MachineDocumentationURL = ptr(base + "/page.html") })
	s.dataservice(4, "Perdue", func(d *catalog.Dataservice) { d.MachineDocumentationURL = ptr(base + "/lost.json") })
	s.dataservice(5, "Locale", func(d *catalog.Dataservice) { d.MachineDocumentationURL = ptr("file:///etc/passwd") })
	body := s.shows("/dataservices/api-1/openapi", "Cercles &lt;b&gt;&amp;&lt;/b&gt;", "/trees/{id}", "Un arbre", "Accept-Language", "Déconseillé", "curl --globoff", `aria-current="page"`)
	hides(t, body, "<script>alert", "javascript:")
	s.shows("/en/dataservices/api-1/openapi?page=99", "Operations", "required")
	s.shows("/dataservices/api-1", "/dataservices/api-1/openapi")
	hides(t, s.shows("/dataservices/api-2"), "/dataservices/api-2/openapi")
	s.shows("/dataservices/api-2/openapi", "n’a pas donné de description")
	s.shows("/dataservices/api-3/openapi", "n’est pas une description OpenAPI", base+"/page.html")
	s.shows("/dataservices/api-4/openapi", "répond par une erreur (404)")
	hides(t, s.shows("/dataservices/api-5/openapi", "n’a pas donné de description"), "file:///")
	if got := s.get("/dataservices/none/openapi").Code; got != http.StatusNotFound {
		t.Errorf("status %d", got)
	}
}

func TestDescriptionsAreReadOnce(t *testing.T) {
	asked := 0
	server := counting(t, &asked, apiSample(t, "petstore.json"))
	_, change := remote(t, nil)
	s := newSite(t, dbtest.SQLite(t), change)
	s.dataservice(1, "API", func(d *catalog.Dataservice) { d.MachineDocumentationURL = ptr(server) })
	for range 3 {
		s.shows("/dataservices/api-1/openapi", "Swagger Petstore")
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	shelf := newOpenAPIShelf(nil)
	for i := range 2 * openAPIKept {
		shelf.keep(fmt.Sprint(i), &openAPIEntry{size: 1 << 20})
	}
	if len(shelf.kept) > openAPIKept || shelf.bytes > openAPIKeptBytes {
		t.Errorf("%d documents, %d bytes", len(shelf.kept), shelf.bytes)
	}
}

func FuzzOpenAPI(f *testing.F) {
	for _, name := range []string{"petstore.json", "lxkns.yaml", "refs31.yaml", "circles.yaml"} {
		f.Add(apiSample(f, name))
	}
	f.Add([]byte(aliases))
	f.Add([]byte("swagger: '2.0'\npaths: &p {/a: *p, /b: {get: {parameters: [{in: body, name: x, schema: *p}]}}}"))
	var s *site
	d := dbtest.SQLite(f)
	address := &url.URL{Scheme: "https", Host: "docs.example.org", Path: "/openapi.json"}
	f.Fuzz(func(t *testing.T, document []byte) {
		read, err := readAPIDocument(document, address)
		if err != nil {
			return
		}
		if s == nil {
			s = newSite(t, d, nil)
		}
		var page openAPIPage
		s.portal.visit(webCall(), "fr").describe(&page, read, 1, "/here")
		if len(operations(page)) > operationsShown {
			t.Errorf("%d operations on a page", len(operations(page)))
		}
		for _, o := range operations(page) {
			if len(o.Curl) > 100_000 {
				t.Errorf("an example of %d bytes", len(o.Curl))
			}
		}
		for _, server := range page.Servers {
			if linkable(server.URL) == "" {
				t.Errorf("server %q", server.URL)
			}
		}
	})
}

// TestBreakingDescription: a description over which the reader panics is one
// that cannot be shown.
func TestBreakingDescription(t *testing.T) {
	asked := 0
	base := counting(t, &asked, []byte(`{"openapi": "3.1.0"}`))
	shelf := newOpenAPIShelf(fetch.New(fetch.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}))
	shelf.parse = func([]byte, *url.URL) (*apiDocument, error) { panic("out of bounds") }
	for range 2 {
		if document, err := shelf.read(t.Context(), base); err == nil || document != nil {
			t.Errorf("read as %v, %v", document, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked for %d times, once wanted", asked)
	}
}
