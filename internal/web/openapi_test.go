package web

import (
	"encoding/json"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-openapi/loads"
	"github.com/go-openapi/strfmt"
	"github.com/go-openapi/validate"
)

type pair[A, B any] struct {
	First  A `json:"first"`
	Second B `json:"second"`
}

type named struct {
	At     moment          `json:"at"`
	Raw    json.RawMessage `json:"raw"`
	Maybe  Opt[string]     `json:"maybe"`
	Link   *string         `json:"link" format:"uri" doc:"Where"`
	Choice *string         `json:"choice" enum:"a,b"`
}

func (named) SchemaName() string { return "Resource" }

type moment struct{}

func (moment) JSONSchema() Schema {
	return Schema{"type": []string{"string", "null"}, "format": "date-time", "examples": []any{"2024-01-01T00:00:00+00:00"}}
}

func documentedTables() []*Table {
	var seen listArgs
	v1 := testTable(&seen)
	Get[[]house](v1, "/houses/{id}/near/", Doc{Summary: "Near"}, func(*Call, struct {
		ID string `path:"id" help:"The house"`
	}) error {
		return nil
	})
	Post[pair[house, map[string]pair[person, int]], None, Raw](v1, "/houses/{house}/photo/",
		Doc{Summary: "Photo", Consumes: []string{"multipart/form-data"}, Auth: User, Statuses: map[int]string{415: "Not a photo", 302: "Elsewhere"}}, func(*Call, None, Raw) error { return nil })
	Put[None, None, []houseBody](v1, "/houses/{house}/near/", Doc{Summary: "Order"}, func(*Call, None, []houseBody) error { return nil })
	Get[Raw](v1, "/hidden/", Doc{}, func(*Call, None) error { return nil })
	v2 := NewTable("/api/2", Info{Title: "Second", Version: "2"})
	Get[Page[named]](v2, "/houses/", Doc{Summary: "List"}, func(*Call, Paging) error { return nil })
	Get[Raw](v2, "/houses/r/{id}", Doc{Summary: "Go there", Status: 302}, func(*Call, None) error { return nil })
	return []*Table{v1, v2}
}

func TestOpenAPIIsValid(t *testing.T) {
	raw := OpenAPI(Info{Title: "All", Version: "1"}, documentedTables()...)
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(loader.Context); err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	for path, method := range map[string]string{"/api/1/houses/": "POST", "/api/1/houses/{id}/near/": "PUT", "/api/2/houses/r/{id}": "GET"} {
		if item := doc.Paths.Value(path); item == nil || item.GetOperation(method) == nil {
			t.Errorf("%s %s is missing", method, path)
		}
	}
	if doc.Paths.Value("/api/1/hidden/") != nil {
		t.Error("a route without summary is documented")
	}
}

func TestSwaggerIsValid(t *testing.T) {
	for i, table := range documentedTables() {
		raw := Swagger(table)
		doc, err := loads.Analyzed(raw, "2.0")
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Spec(doc, strfmt.Default); err != nil {
			t.Fatalf("%v\n%s", err, raw)
		}
		spec := doc.Spec()
		if spec.BasePath != table.Base || spec.SecurityDefinitions["apikey"].Name != "X-API-KEY" {
			t.Errorf("base path %q, security %v", spec.BasePath, spec.SecurityDefinitions)
		}
		if i == 1 {
			if _, ok := spec.Definitions["ResourcePage"]; !ok {
				t.Errorf("no ResourcePage among %d definitions", len(spec.Definitions))
			}
		}
	}
}

func TestSchemas(t *testing.T) {
	tables := documentedTables()
	var doc struct {
		Paths      map[string]map[string]any
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(OpenAPI(Info{Title: "All"}, tables...), &doc); err != nil {
		t.Fatal(err)
	}
	var swagger struct{ Definitions map[string]any }
	if err := json.Unmarshal(Swagger(tables[0]), &swagger); err != nil {
		t.Fatal(err)
	}
	render := func(v any) string { return string(mustJSON(v)) }
	sameJSON(t, render(doc.Components.Schemas["Person"]), `{"type":"object","required":["name","friend","Friends"],"properties":{
		"name":{"type":"string"},"friend":{"anyOf":[{"$ref":"#/components/schemas/Person"},{"type":"null"}]},
		"Friends":{"type":"array","items":{"$ref":"#/components/schemas/Person"}}}}`)
	sameJSON(t, render(swagger.Definitions["Person"]), `{"type":"object","required":["name","friend","Friends"],"properties":{
		"name":{"type":"string"},"friend":{"allOf":[{"$ref":"#/definitions/Person"}],"x-nullable":true},
		"Friends":{"type":"array","items":{"$ref":"#/definitions/Person"}}}}`)
	sameJSON(t, render(doc.Components.Schemas["Resource"]), `{"type":"object","required":["at","raw","link","choice"],"properties":{
		"at":{"type":["string","null"],"format":"date-time","examples":["2024-01-01T00:00:00+00:00"]},"raw":{},"maybe":{"type":["string","null"]},
		"link":{"type":["string","null"],"format":"uri","description":"Where"},"choice":{"type":["string","null"],"enum":["a","b",null]}}}`)
	for _, name := range []string{"House", "HousePage", "Room", "HouseBody", "PersonIntPair", "ResourcePage", "Error"} {
		if doc.Components.Schemas[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
	list := render(doc.Paths["/api/1/houses/"]["get"])
	for _, part := range []string{`"default":20`, `"name":"X-Fields"`, `"explode":true`, `"enum":["title","-title","created","-created"]`, `"pattern":"^[0-9a-fA-F]{24}$"`} {
		if !strings.Contains(list, part) {
			t.Errorf("%s is missing in %s", part, list)
		}
	}
	if required := render(doc.Components.Schemas["House"]); strings.Contains(required, `"note"`) && !strings.Contains(required, `"required":["id","name","rooms","owner","extras","kind"]`) {
		t.Errorf("members without omitempty that are always shown are required: %s", required)
	}
}

func TestNamesOfTypes(t *testing.T) {
	for in, want := range map[string]string{
		"dataset": "Dataset", "Page[grenier/internal/api.Dataset]": "DatasetPage",
		"Pair[github.com/a/b.X,grenier/c.Page[int]]": "XIntPagePair", "Page[*grenier/api.T]": "TPage",
	} {
		if got := plainName(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	s := newSchemas()
	s.taken["Room"] = reflect.TypeFor[person]()
	if name := s.define(reflect.TypeFor[room]()); name != "WebRoom" {
		t.Errorf("a taken name: %s", name)
	}
}

func TestServedDocuments(t *testing.T) {
	tables := documentedTables()
	root := NewTable("", Info{})
	ServeOpenAPI(root, "/api/openapi.json", Info{Title: "All", Version: "1"}, tables...)
	ServeSwagger(tables[0], "/swagger.json")
	assets := fstest.MapFS{"swagger-ui-bundle.js": {Data: []byte("bundle")}, "swagger-ui.css": {Data: []byte("css")}, "secret.txt": {Data: []byte("x")}}
	ServeAPIDoc(root, "/apidoc", "/api/openapi.json", assets)
	h := newTestHandler(t, testOptions(), append(tables, root)...)
	cases := []struct {
		target string
		status int
		part   string
	}{
		{"/api/openapi.json", 200, `"openapi":"3.1.0"`},
		{"/api/1/swagger.json", 200, `"swagger":"2.0"`},
		{"/apidoc", 308, ""},
		{"/apidoc/", 200, `data-document="https://portal.test/api/openapi.json"`},
		{"/apidoc/swagger-ui-bundle.js", 200, "bundle"},
		{"/apidoc/start.js", 200, "SwaggerUIBundle"},
		{"/apidoc/secret.txt", 404, ""},
		{"/apidoc/none.js", 404, ""},
		{"/apidoc/..%2Fx.js", 404, ""},
	}
	for _, c := range cases {
		w := ask(h, "GET", c.target, "")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.part) {
			t.Errorf("%s: %d %.200s", c.target, w.Code, w.Body)
		}
	}
	var none fs.FS
	bare := NewTable("", Info{})
	ServeAPIDoc(bare, "/apidoc", "/api/openapi.json", none)
	if w := ask(newTestHandler(t, testOptions(), bare), "GET", "/apidoc/", ""); w.Code != 200 || strings.Contains(w.Body.String(), "<script") {
		t.Errorf("without assets: %d %s", w.Code, w.Body)
	}
}
