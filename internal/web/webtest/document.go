// Package webtest holds what tests of faces share: checking answers against what the routes declare.
package webtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"grenier/internal/web"
)

// Document holds the OpenAPI document of some tables, made strict: an answer with members that its
// declared type does not have is wrong.
type Document struct {
	compiler *jsonschema.Compiler
	paths    map[string]any
}

const documentURL = "https://document.test/openapi.json"

// NewDocument reads the document of the tables.
func NewDocument(t testing.TB, tables ...*web.Table) *Document {
	t.Helper()
	raw := web.OpenAPI(web.Info{Title: "test", Version: "0"}, tables...)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	root := doc.(map[string]any)
	for _, s := range root["components"].(map[string]any)["schemas"].(map[string]any) {
		makeStrict(s)
	}
	d := &Document{compiler: jsonschema.NewCompiler(), paths: root["paths"].(map[string]any)}
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(documentURL, doc); err != nil {
		t.Fatal(err)
	}
	return d
}

// makeStrict closes objects that declare their members.
func makeStrict(v any) {
	s, ok := v.(map[string]any)
	if !ok {
		return
	}
	members, declared := s["properties"].(map[string]any)
	if declared && s["additionalProperties"] == nil {
		s["additionalProperties"] = false
	}
	for _, m := range members {
		makeStrict(m)
	}
	makeStrict(s["items"])
	makeStrict(s["additionalProperties"])
	for _, name := range []string{"anyOf", "allOf", "oneOf"} {
		list, _ := s[name].([]any)
		for _, inner := range list {
			makeStrict(inner)
		}
	}
}

// CheckAnswer fails the test when a body is not what the route declares for the status. path is the
// template: /api/1/datasets/{dataset}/.
func (d *Document) CheckAnswer(t testing.TB, method, path string, status int, body []byte) {
	t.Helper()
	if err := d.Validate(method, path, status, body); err != nil {
		t.Errorf("%s %s, %d: %v", method, path, status, err)
	}
}

// Validate is CheckAnswer with the reason as an error.
func (d *Document) Validate(method, path string, status int, body []byte) error {
	method = strings.ToLower(method)
	code := fmt.Sprint(status)
	operation, ok := dig(d.paths, path, method)
	if !ok {
		return fmt.Errorf("the document has no such operation")
	}
	response, ok := dig(operation, "responses", code)
	if !ok {
		return fmt.Errorf("the status is not documented")
	}
	if _, ok := dig(response, "content", "application/json"); !ok {
		if len(body) > 0 && json.Valid(body) {
			return fmt.Errorf("a JSON body came where none is documented")
		}
		return nil
	}
	schema, err := d.compiler.Compile(documentURL + "#" + pointer("paths", path, method, "responses", code, "content", "application/json", "schema"))
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	return schema.Validate(value)
}

func dig(v any, names ...string) (any, bool) {
	for _, n := range names {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = m[n]; !ok {
			return nil, false
		}
	}
	return v, true
}

// pointer writes a JSON pointer (RFC 6901) as a URL fragment.
func pointer(names ...string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D", "%", "%25")
	var b strings.Builder
	for _, n := range names {
		b.WriteByte('/')
		b.WriteString(escape.Replace(n))
	}
	return b.String()
}
