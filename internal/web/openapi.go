package web

import (
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// OpenAPI writes the document of all documented routes of some tables, in version 3.1.
func OpenAPI(info Info, tables ...*Table) []byte {
	d := newDocument()
	for _, t := range tables {
		for _, r := range t.routes {
			d.add(r, "")
		}
	}
	return mustJSON(map[string]any{
		"openapi": "3.1.0",
		"info":    infoOf(info),
		"paths":   d.paths,
		"components": map[string]any{
			"schemas": d.schemas.defs,
			"securitySchemes": map[string]any{
				"apikey": map[string]any{"type": "apiKey", "in": "header", "name": "X-API-KEY"},
				"bearer": map[string]any{"type": "http", "scheme": "bearer"},
			},
		},
	})
}

// Swagger writes the document of one table, in version 2.0.
func Swagger(t *Table) []byte {
	d := newDocument()
	for _, r := range t.routes {
		d.add(r, t.Base)
	}
	paths := map[string]any{}
	for path, item := range d.paths {
		operations := map[string]any{}
		for method, op := range item.(map[string]any) {
			operations[method] = swaggerOperation(op.(map[string]any))
		}
		paths[path] = operations
	}
	doc := map[string]any{
		"swagger":  "2.0",
		"info":     infoOf(t.Info),
		"basePath": t.Base,
		"consumes": []string{"application/json"},
		"produces": []string{"application/json"},
		"paths":    paths,
		"securityDefinitions": map[string]any{
			"apikey": map[string]any{"type": "apiKey", "in": "header", "name": "X-API-KEY"},
		},
		"definitions": toSwagger(d.schemas.defs),
	}
	if t.Base == "" {
		doc["basePath"] = "/"
	}
	return mustJSON(doc)
}

func infoOf(i Info) map[string]any {
	info := map[string]any{"title": i.Title, "version": i.Version}
	if i.Version == "" {
		info["version"] = "0"
	}
	if i.Description != "" {
		info["description"] = i.Description
	}
	return info
}

// document collects the operations of routes by path.
type document struct {
	schemas *schemas
	paths   map[string]any
	shapes  map[string]string // path without names of variables -> first template
	ids     map[string]int
}

func newDocument() *document {
	d := &document{schemas: newSchemas(), paths: map[string]any{}, shapes: map[string]string{}, ids: map[string]int{}}
	d.schemas.defs["Error"] = Schema{
		"type":        "object",
		"description": "What went wrong: a text, and by member of the input what is wrong with it.",
		"properties":  Schema{"message": Schema{"type": "string"}, "errors": Schema{"type": "object"}},
	}
	return d
}

// add documents a route below a base path; routes without summary are left out.
func (d *document) add(r *Route, base string) {
	if r.Summary == "" || strings.Contains(r.Path, "*") {
		return
	}
	path, params := d.pathOf(r, base)
	op := map[string]any{
		"operationId": d.id(r),
		"summary":     r.Summary,
		"parameters":  append(params, d.arguments(r)...),
		"responses":   d.responses(r),
	}
	if r.Description != "" {
		op["description"] = r.Description
	}
	if len(r.Tags) > 0 {
		op["tags"] = r.Tags
	}
	if r.Auth != Anyone {
		op["security"] = []any{map[string]any{"apikey": []any{}}}
	}
	if r.body != nil {
		op["requestBody"] = map[string]any{"required": true, "content": d.bodyContent(r)}
	}
	item, ok := d.paths[path].(map[string]any)
	if !ok {
		item = map[string]any{}
		d.paths[path] = item
	}
	item[strings.ToLower(r.Method)] = op
}

// pathOf gives the template and its parameters. Routes that differ by the names of variables alone are
// one path: the names of the first hold.
func (d *document) pathOf(r *Route, base string) (string, []any) {
	template := strings.TrimPrefix(r.Path, base)
	names := pathNames(template)
	shape := template
	for _, n := range names {
		shape = replaceVariable(shape, n, "{}")
	}
	first, ok := d.shapes[shape]
	if !ok {
		first = template
		for _, n := range names {
			first = replaceVariable(first, n, "{"+n+"}")
		}
		d.shapes[shape] = first
	}
	params := []any{}
	for i, name := range pathNames(first) {
		schema := Schema{"type": "string"}
		description := ""
		for _, spec := range r.args.path {
			if spec.name == names[i] {
				schema, description = spec.schema(d.schemas), spec.help
			}
		}
		p := map[string]any{"name": name, "in": "path", "required": true, "schema": schema}
		if description != "" {
			p["description"] = description
		}
		params = append(params, p)
	}
	return first, params
}

func (d *document) id(r *Route) string {
	id := r.ID
	if id == "" {
		words := strings.FieldsFunc(r.Path, func(c rune) bool { return strings.ContainsRune("/{}.-:", c) })
		id = strings.ToLower(r.Method) + "_" + strings.Join(words, "_")
	}
	if d.ids[id]++; d.ids[id] > 1 {
		return id + "_" + strconv.Itoa(d.ids[id])
	}
	return id
}

func (d *document) arguments(r *Route) []any {
	var params []any
	for _, a := range r.args.query {
		p := map[string]any{"name": a.name, "in": "query", "schema": a.schema(d.schemas)}
		if a.repeat {
			p["schema"] = Schema{"type": "array", "items": a.schema(d.schemas)}
			p["style"], p["explode"] = "form", true
		}
		if a.help != "" {
			p["description"] = a.help
		}
		if a.required {
			p["required"] = true
		}
		params = append(params, p)
	}
	if r.shape != nil && !r.NoMask && r.Method == http.MethodGet {
		params = append(params, map[string]any{"name": "X-Fields", "in": "header", "schema": Schema{"type": "string"},
			"description": "The wanted members of the answer, such as data{id,title},next_page"})
	}
	return params
}

// schema is that of one value of the argument.
func (a *argSpec) schema(s *schemas) Schema {
	schema := Schema{"type": "string"}
	switch {
	case a.parser:
		if own, ok := ownSchema(a.elem); ok && own["type"] != nil {
			schema = own
		}
	case a.truthy:
	default:
		schema = s.of(a.elem)
	}
	switch {
	case a.uuid != "":
		schema["format"] = "uuid"
	case a.oid != "":
		schema["pattern"] = "^[0-9a-fA-F]{24}$"
	case a.format != "":
		schema["format"] = a.format
	}
	if a.enum != nil {
		values := []any{}
		for _, v := range a.enum {
			values = append(values, v)
		}
		schema["enum"] = values
	}
	if a.min != nil {
		schema["minimum"] = *a.min
	}
	if a.max != nil {
		schema["maximum"] = *a.max
	}
	if a.hasDef && !a.repeat {
		if v, err := a.convert(a.def, 0); err == nil {
			schema["default"] = v.Interface()
		}
	}
	return schema
}

func (d *document) bodyContent(r *Route) map[string]any {
	if r.body != reflect.TypeFor[Raw]() {
		return map[string]any{"application/json": map[string]any{"schema": d.schemas.of(r.body)}}
	}
	content := map[string]any{}
	for _, media := range orDefault(r.Consumes, "application/octet-stream") {
		schema := Schema{"type": "string", "format": "binary"}
		if media == "multipart/form-data" {
			schema = Schema{"type": "object", "properties": Schema{"file": schema}}
		}
		content[media] = map[string]any{"schema": schema}
	}
	return content
}

func (d *document) responses(r *Route) map[string]any {
	responses := map[string]any{}
	status := r.successStatus()
	responses[strconv.Itoa(status)] = d.success(r, status)
	fail := func(status int, text string) {
		responses[strconv.Itoa(status)] = map[string]any{"description": text,
			"content": map[string]any{"application/json": map[string]any{"schema": Schema{"$ref": schemaPrefix + "Error"}}}}
	}
	if len(r.args.query) > 0 || r.body != nil {
		fail(http.StatusBadRequest, "The input breaks a rule.")
	}
	if r.Auth != Anyone {
		fail(http.StatusUnauthorized, "The caller is unknown.")
		fail(http.StatusForbidden, "The caller may not.")
	}
	if strings.Contains(r.Path, "{") {
		fail(http.StatusNotFound, "There is no such thing.")
	}
	if r.Creates {
		fail(http.StatusLocked, "Creation is closed for now.")
	}
	for status, text := range r.Statuses {
		if status < 400 {
			responses[strconv.Itoa(status)] = map[string]any{"description": text}
			continue
		}
		fail(status, text)
	}
	return responses
}

func (r *Route) successStatus() int {
	switch {
	case r.Status != 0:
		return r.Status
	case r.answer == nil:
		return http.StatusNoContent
	}
	return http.StatusOK
}

func (d *document) success(r *Route, status int) map[string]any {
	response := map[string]any{"description": http.StatusText(status)}
	switch {
	case r.answer == nil:
	case r.answer == reflect.TypeFor[Raw]():
		if status >= 300 {
			break
		}
		content := map[string]any{}
		for _, media := range orDefault(r.Produces, "application/octet-stream") {
			content[media] = map[string]any{"schema": Schema{"type": "string"}}
		}
		response["content"] = content
	default:
		response["content"] = map[string]any{"application/json": map[string]any{"schema": d.schemas.of(r.answer)}}
	}
	return response
}

func orDefault(list []string, one string) []string {
	if len(list) == 0 {
		return []string{one}
	}
	return list
}

// swaggerOperation turns an operation of 3.1 into one of 2.0.
func swaggerOperation(op map[string]any) map[string]any {
	out := map[string]any{}
	for _, name := range []string{"operationId", "summary", "description", "tags", "security"} {
		if v, ok := op[name]; ok {
			out[name] = v
		}
	}
	params := []any{}
	for _, p := range op["parameters"].([]any) {
		params = append(params, swaggerParameter(p.(map[string]any)))
	}
	if body, ok := op["requestBody"].(map[string]any); ok {
		params = append(params, swaggerBody(out, body["content"].(map[string]any))...)
	}
	out["parameters"] = params
	responses := map[string]any{}
	for status, r := range op["responses"].(map[string]any) {
		responses[status] = swaggerResponse(out, r.(map[string]any))
	}
	out["responses"] = responses
	return out
}

// swaggerParameter lifts the schema of a parameter into the parameter.
func swaggerParameter(p map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range p {
		if name != "schema" && name != "style" && name != "explode" {
			out[name] = v
		}
	}
	for name, v := range toSwagger(p["schema"]).(map[string]any) {
		if name != "x-nullable" {
			out[name] = v
		}
	}
	if out["type"] == nil {
		out["type"] = "string"
	}
	if out["type"] == "array" {
		out["collectionFormat"] = "multi"
	}
	return out
}

// swaggerBody gives the parameters that stand for a body.
func swaggerBody(op, content map[string]any) []any {
	if json, ok := content["application/json"].(map[string]any); ok {
		return []any{map[string]any{"name": "payload", "in": "body", "required": true, "schema": toSwagger(json["schema"])}}
	}
	op["consumes"] = sortedKeys(content)
	if _, ok := content["multipart/form-data"]; ok {
		return []any{map[string]any{"name": "file", "in": "formData", "type": "file"}}
	}
	return []any{map[string]any{"name": "payload", "in": "body", "required": true, "schema": map[string]any{"type": "string", "format": "binary"}}}
}

func swaggerResponse(op, r map[string]any) map[string]any {
	out := map[string]any{"description": r["description"]}
	content, _ := r["content"].(map[string]any)
	if json, ok := content["application/json"].(map[string]any); ok {
		out["schema"] = toSwagger(json["schema"])
	} else if len(content) > 0 {
		op["produces"] = sortedKeys(content)
		out["schema"] = map[string]any{"type": "file"}
	}
	return out
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// toSwagger turns schemas of 3.1 into those of 2.0: null becomes x-nullable, references move.
func toSwagger(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = toSwagger(v[i])
		}
		return out
	case map[string]any:
		return swaggerSchema(v)
	}
	return v
}

func swaggerSchema(s map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range s {
		out[name] = toSwagger(v)
	}
	if ref, ok := out["$ref"].(string); ok {
		return map[string]any{"$ref": "#/definitions/" + strings.TrimPrefix(ref, schemaPrefix)}
	}
	if types := typeList(out["type"]); types != nil {
		withoutNull := slices.DeleteFunc(slices.Clone(types), func(t string) bool { return t == "null" })
		delete(out, "type")
		if len(withoutNull) == 1 {
			out["type"] = withoutNull[0]
		}
		if len(withoutNull) < len(types) {
			out["x-nullable"] = true
		}
	}
	if options, ok := out["anyOf"].([]any); ok {
		delete(out, "anyOf")
		swaggerAnyOf(out, options)
	}
	if examples, ok := out["examples"].([]any); ok && len(examples) > 0 {
		delete(out, "examples")
		out["example"] = examples[0]
	}
	return out
}

// swaggerAnyOf keeps the one option beside null; of several, 2.0 can say nothing.
func swaggerAnyOf(out map[string]any, options []any) {
	var kept []any
	for _, o := range options {
		if m, ok := o.(map[string]any); ok && m["x-nullable"] == true && m["type"] == nil && len(m) == 1 {
			out["x-nullable"] = true
			continue
		}
		kept = append(kept, o)
	}
	if len(kept) == 1 {
		out["allOf"] = kept
	}
}

func typeList(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	case []any:
		var types []string
		for _, t := range v {
			if s, ok := t.(string); ok {
				types = append(types, s)
			}
		}
		return types
	}
	return nil
}
