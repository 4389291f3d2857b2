package portal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// apiValue is a value of a JSON or YAML document. Its methods work on nil too,
// which is what is missing.
type apiValue struct {
	form apiForm
	// text is that of a text, number or truth value, as it stands.
	text string
	// names are the members of an object, in the order of the document.
	names   []string
	members map[string]*apiValue
	items   []*apiValue
}

type apiForm byte

const (
	apiNothing apiForm = iota
	apiObject
	apiList
	apiText
	apiOther // number, truth value
)

// Bounds of a document.
const (
	mostAPIValues = 600_000
	deepestAPI    = 100
	// mostYAMLSigns bounds a document of YAML before it is read: its reader
	// builds all of the document, hundreds of bytes for a value of two.
	mostYAMLSigns = 1_000_000
)

var (
	errAPITooDeep = errors.New("the description nests too deeply")
	errAPITooMany = errors.New("the description holds too many values")
)

// readAPIValue reads JSON or YAML. Aliases of YAML share their value, so that a
// small document stays small.
func readAPIValue(document []byte) (*apiValue, error) {
	document = bytes.TrimPrefix(document, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(document) {
		document = bytes.ToValidUTF8(document, []byte("\uFFFD"))
	}
	r := &apiReader{left: mostAPIValues}
	trimmed := bytes.TrimLeft(document, " \t\r\n")
	if len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') {
		decoder := json.NewDecoder(bytes.NewReader(trimmed))
		decoder.UseNumber()
		v, err := r.json(decoder, 0)
		if err == nil || trimmed[0] == '[' || errors.Is(err, errAPITooDeep) || errors.Is(err, errAPITooMany) {
			return v, err
		}
		r.left = mostAPIValues // YAML in its flow style begins alike
	}
	if yamlSigns(document) > mostYAMLSigns {
		return nil, errAPITooMany
	}
	var root yaml.Node
	if err := yaml.Unmarshal(document, &root); err != nil {
		return nil, fmt.Errorf("it is neither JSON nor YAML: %w", err)
	}
	r.made = map[*yaml.Node]*apiValue{}
	return r.yaml(&root, 0)
}

// yamlSigns counts the signs that begin or part the values of YAML: there are
// hardly more values than such signs.
func yamlSigns(document []byte) (signs int) {
	for _, c := range document {
		switch c {
		case '\n', '\r', ',', ':', '[', '{', '?', '-':
			signs++
		}
	}
	return signs
}

type apiReader struct {
	left int
	made map[*yaml.Node]*apiValue
}

func (r *apiReader) take(depth int) error {
	if r.left--; r.left < 0 {
		return errAPITooMany
	}
	if depth > deepestAPI {
		return errAPITooDeep
	}
	return nil
}

func (r *apiReader) json(d *json.Decoder, depth int) (*apiValue, error) {
	if err := r.take(depth); err != nil {
		return nil, err
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return r.jsonObject(d, depth)
		}
		v := &apiValue{form: apiList}
		for d.More() {
			item, err := r.json(d, depth+1)
			if err != nil {
				return nil, err
			}
			v.items = append(v.items, item)
		}
		_, err := d.Token()
		return v, err
	case string:
		return &apiValue{form: apiText, text: t}, nil
	case json.Number:
		return &apiValue{form: apiOther, text: t.String()}, nil
	case bool:
		return &apiValue{form: apiOther, text: strconv.FormatBool(t)}, nil
	}
	return &apiValue{}, nil
}

func (r *apiReader) jsonObject(d *json.Decoder, depth int) (*apiValue, error) {
	v := &apiValue{form: apiObject, members: map[string]*apiValue{}}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := token.(string)
		if !ok {
			return nil, io.ErrUnexpectedEOF
		}
		member, err := r.json(d, depth+1)
		if err != nil {
			return nil, err
		}
		v.set(name, member)
	}
	_, err := d.Token()
	return v, err
}

func (r *apiReader) yaml(n *yaml.Node, depth int) (*apiValue, error) {
	if made, ok := r.made[n]; ok {
		return made, nil
	}
	if err := r.take(depth); err != nil {
		return nil, err
	}
	v := &apiValue{}
	r.made[n] = v // an alias of what holds it is nothing, or a circle that readers of schemas know
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) > 0 {
			return r.yaml(n.Content[0], depth+1)
		}
	case yaml.AliasNode:
		if n.Alias != nil {
			return r.yaml(n.Alias, depth+1)
		}
	case yaml.MappingNode:
		v.form, v.members = apiObject, map[string]*apiValue{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			member, err := r.yaml(n.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			v.set(n.Content[i].Value, member)
		}
	case yaml.SequenceNode:
		v.form = apiList
		for _, one := range n.Content {
			item, err := r.yaml(one, depth+1)
			if err != nil {
				return nil, err
			}
			v.items = append(v.items, item)
		}
	case yaml.ScalarNode:
		switch n.ShortTag() {
		case "!!null":
		case "!!int", "!!float", "!!bool":
			v.form, v.text = apiOther, n.Value
		default:
			v.form, v.text = apiText, n.Value
		}
	}
	return v, nil
}

func (v *apiValue) set(name string, member *apiValue) {
	if _, known := v.members[name]; !known {
		v.names = append(v.names, name)
	}
	v.members[name] = member
}

// get is a member of an object, nil when there is none.
func (v *apiValue) get(name string) *apiValue {
	if v == nil {
		return nil
	}
	return v.members[name]
}

// str is a text, number or truth value as it stands, empty for anything else.
func (v *apiValue) str() string {
	if v == nil {
		return ""
	}
	return v.text
}

func (v *apiValue) is(form apiForm) bool { return v != nil && v.form == form }

// yes tells whether a value is true.
func (v *apiValue) yes() bool { return v.str() == "true" && v.form == apiOther }

// list are the items of a list.
func (v *apiValue) list() []*apiValue {
	if v == nil {
		return nil
	}
	return v.items
}

// keys are the names of the members of an object.
func (v *apiValue) keys() []string {
	if v == nil {
		return nil
	}
	return v.names
}

// mostHops bounds a chain of references.
const mostHops = 20

// resolve follows the references of a value within its document (JSON
// Reference): nil for what leads nowhere or to another document.
func (v *apiValue) resolve(root *apiValue) *apiValue {
	for range mostHops {
		ref := v.get("$ref")
		if !ref.is(apiText) {
			return v
		}
		if v = root.pointed(ref.str()); v == nil {
			return nil
		}
	}
	return nil
}

// pointed is what a reference such as #/components/schemas/Pet names (RFC 6901).
func (v *apiValue) pointed(ref string) *apiValue {
	path, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil
	}
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	if path == "" {
		return v
	}
	for _, part := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		if v.is(apiList) {
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(v.items) {
				return nil
			}
			v = v.items[i]
			continue
		}
		if v = v.get(part); v == nil {
			return nil
		}
	}
	return v
}

// appendJSON writes a value as indented JSON, cut off beyond some depth and
// length.
func (v *apiValue) appendJSON(b []byte, indent string, depth int) []byte {
	const most = 8000
	if v == nil || depth == 0 || len(b) > most {
		return append(b, "null"...)
	}
	inner := indent + "  "
	switch v.form {
	case apiObject:
		if len(v.names) == 0 {
			return append(b, "{}"...)
		}
		b = append(b, '{')
		for i, name := range v.names {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(append(b, '\n'), inner...), quoted(name)...)
			b = v.members[name].appendJSON(append(b, ": "...), inner, depth-1)
			if len(b) > most {
				break
			}
		}
		return append(append(append(b, '\n'), indent...), '}')
	case apiList:
		if len(v.items) == 0 {
			return append(b, "[]"...)
		}
		b = append(b, '[')
		for i, item := range v.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.appendJSON(append(append(b, '\n'), inner...), inner, depth-1)
			if len(b) > most {
				break
			}
		}
		return append(append(append(b, '\n'), indent...), ']')
	case apiText:
		return append(b, quoted(v.text)...)
	case apiOther:
		return append(b, v.text...)
	}
	return append(b, "null"...)
}

// quoted writes a text as JSON.
func quoted(text string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		return []byte(`""`)
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
