package web

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"grenier/internal/fault"
)

// Arguments. The struct Q of a route declares them by tags; embedded structs count as their members:
//
//	Page   int      `query:"page" default:"1" min:"1" help:"The page to fetch"`
//	Sort   string   `query:"sort" sort:"title,created" help:"The field …"`   also takes -title, -created
//	Tags   []string `query:"tag" help:"…"`                                   repeated
//	Kind   string   `query:"kind" enum:"a,b"`
//	Org    string   `query:"organization" oid:"Organization arg must be an identifier"`
//	Flag   *bool    `query:"featured"`                                       nil when absent
//	Drafts bool     `query:"with_drafts" truthy:"any"`                       any text is true
//	Slug   string   `path:"dataset"`
//	ID     string   `path:"rid" uuid:"Resource does not exist"`              else 404 with this text
//
// Types: string, int, int64, float64, bool, any ArgParser, pointers and slices of these. Further tags:
// max, required:"true", format (documentation). An argument that is sent several times but declared
// once has the first value; every value is checked. Checking stops at the first error; identifiers
// (oid) are checked last.

// ArgParser is a type that reads its own argument. The error's text follows the argument's help text.
type ArgParser interface{ ParseArg(string) error }

type argSet struct {
	query []argSpec
	path  []argSpec
}

type argSpec struct {
	name, help       string
	index            []int
	elem             reflect.Type // below pointer and slice
	parser           bool
	pointer, repeat  bool
	truthy, required bool
	def              string
	hasDef           bool
	min, max         *int64
	enum             []string
	oid, uuid        string
	format           string
}

func (s *argSet) knows(name string) bool {
	return slices.ContainsFunc(s.query, func(a argSpec) bool { return a.name == name })
}

// compileArgs reads the declaration; names are the variables of the route's path.
func compileArgs(t reflect.Type, names []string) (*argSet, error) {
	s := &argSet{}
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("arguments must be a struct, not %s", t)
	}
	if err := s.collect(t, nil); err != nil {
		return nil, err
	}
	for _, p := range s.path {
		if !slices.Contains(names, p.name) {
			return nil, fmt.Errorf("%s: the path has no variable %q", t, p.name)
		}
	}
	return s, nil
}

func (s *argSet) collect(t reflect.Type, index []int) error {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(slices.Clone(index), i)
		query, isQuery := f.Tag.Lookup("query")
		path, isPath := f.Tag.Lookup("path")
		if f.Anonymous && !isQuery && f.Type.Kind() == reflect.Struct {
			if err := s.collect(f.Type, at); err != nil {
				return err
			}
			continue
		}
		if !isQuery && !isPath {
			continue
		}
		spec, err := newArgSpec(f, at)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", t, f.Name, err)
		}
		if isPath {
			spec.name = path
			s.path = append(s.path, spec)
		} else {
			spec.name = query
			s.query = append(s.query, spec)
		}
	}
	return nil
}

func newArgSpec(f reflect.StructField, at []int) (argSpec, error) {
	tag := f.Tag
	a := argSpec{index: at, help: tag.Get("help"), oid: tag.Get("oid"), uuid: tag.Get("uuid"), format: tag.Get("format"),
		truthy: tag.Get("truthy") == "any", required: tag.Get("required") == "true", elem: f.Type}
	a.def, a.hasDef = tag.Lookup("default")
	if a.elem.Kind() == reflect.Slice {
		a.repeat, a.elem = true, a.elem.Elem()
	} else if a.elem.Kind() == reflect.Pointer {
		a.pointer, a.elem = true, a.elem.Elem()
	}
	a.parser = reflect.PointerTo(a.elem).Implements(reflect.TypeFor[ArgParser]())
	if !a.parser {
		switch a.elem.Kind() {
		case reflect.String, reflect.Int, reflect.Int64, reflect.Float64, reflect.Bool:
		default:
			return a, fmt.Errorf("an argument cannot be %s", f.Type)
		}
	}
	if e := tag.Get("enum"); e != "" {
		a.enum = strings.Split(e, ",")
	}
	if keys := tag.Get("sort"); keys != "" {
		for k := range strings.SplitSeq(keys, ",") {
			a.enum = append(a.enum, k, "-"+k)
		}
		if a.help == "" {
			a.help = "The field (and direction) on which sorting apply"
		}
	}
	var err error
	if a.min, err = bound(tag.Get("min")); err == nil {
		a.max, err = bound(tag.Get("max"))
	}
	if err != nil {
		return a, err
	}
	if a.hasDef {
		if _, err := a.convert(a.def, 0); err != nil {
			return a, fmt.Errorf("default: %w", err)
		}
	}
	return a, nil
}

func bound(s string) (*int64, error) {
	if s == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return &n, err
}

// bind reads the arguments of the request into q, a pointer to the route's struct.
func (c *Call) bind(q any) error {
	v := reflect.ValueOf(q).Elem()
	for i := range c.Route.args.path {
		if err := c.Route.args.path[i].bindPath(c, v); err != nil {
			return err
		}
	}
	for i := range c.Route.args.query {
		if err := c.Route.args.query[i].bindQuery(c, v); err != nil {
			return err
		}
	}
	return c.checkOIDs(v)
}

func (a *argSpec) bindPath(c *Call, v reflect.Value) error {
	value := c.Param(a.name)
	if a.uuid != "" {
		if !isUUID(value) {
			return fault.New(fault.NotFound, a.uuid)
		}
		value = strings.ToLower(value)
	}
	converted, err := a.convert(value, 0)
	if err != nil {
		return fault.New(fault.NotFound, textNotFound)
	}
	v.FieldByIndex(a.index).Set(converted)
	return nil
}

func (a *argSpec) bindQuery(c *Call, v reflect.Value) error {
	field := v.FieldByIndex(a.index)
	cap64 := int64(0)
	if a.name == "page_size" {
		cap64 = int64(c.h.o.MaxPageSize)
	}
	found := false
	for _, sent := range c.query {
		if sent.name != a.name {
			continue
		}
		value, err := a.convert(sent.value, cap64)
		if err != nil {
			return a.refuse(err)
		}
		switch {
		case a.repeat:
			field.Set(reflect.Append(field, value))
		case !found:
			a.set(field, value)
		}
		found = true
	}
	if found {
		return nil
	}
	if a.required {
		return a.refuse(errMissing)
	}
	if a.hasDef {
		value, err := a.convert(a.def, 0)
		if err != nil {
			return err
		}
		a.set(field, value)
	}
	return nil
}

func (a *argSpec) set(field, value reflect.Value) {
	if a.pointer {
		p := reflect.New(a.elem)
		p.Elem().Set(value)
		field.Set(p)
		return
	}
	field.Set(value)
}

var errMissing = fmt.Errorf("Missing required parameter in the query string") //nolint:staticcheck // a text of the contract

// refuse makes the error of the contract: the help text, then the reason.
func (a *argSpec) refuse(reason error) error {
	text := reason.Error()
	var known *fault.Error
	if errors.As(reason, &known) {
		text = known.SafeText()
	}
	if a.help != "" {
		text = a.help + " " + text
	}
	return fault.New(fault.Invalid, textArguments).Bare(text, a.name)
}

// convert reads one value; cap64 is a further upper bound unless 0.
func (a *argSpec) convert(s string, cap64 int64) (reflect.Value, error) {
	v := reflect.New(a.elem).Elem()
	if a.enum != nil && !slices.Contains(a.enum, s) {
		return v, fmt.Errorf("The value '%s' is not a valid choice for '%s'.", shorten(s), a.name) //nolint:staticcheck // a text of the contract
	}
	if a.parser {
		return v, v.Addr().Interface().(ArgParser).ParseArg(s)
	}
	switch a.elem.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		b, err := a.parseBool(s)
		if err != nil {
			return v, err
		}
		v.SetBool(b)
	case reflect.Float64:
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return v, fmt.Errorf("%s is not a valid number", shorten(s))
		}
		v.SetFloat(f)
	default:
		n, err := a.parseInt(s, cap64)
		if err != nil {
			return v, err
		}
		v.SetInt(n)
	}
	return v, nil
}

func (a *argSpec) parseBool(s string) (bool, error) {
	if a.truthy {
		return s != "", nil
	}
	switch strings.ToLower(s) {
	case "true", "1", "on":
		return true, nil
	case "false", "0", "off", "":
		return false, nil
	}
	return false, fmt.Errorf("Invalid literal for boolean(): %s", shorten(s)) //nolint:staticcheck // a text of the contract
}

// parseInt reads a whole number. One beyond 64 bits is as good as the last number of its side.
func (a *argSpec) parseInt(s string, cap64 int64) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil && !isRange(err) {
		return 0, fmt.Errorf("%s is not a valid integer", shorten(s))
	}
	top := a.max
	if cap64 > 0 && (top == nil || cap64 < *top) {
		top = &cap64
	}
	switch {
	case a.min != nil && top != nil && (n < *a.min || n > *top) && (n >= 1 || *a.min != 1):
		return 0, fmt.Errorf("Invalid argument: %d. argument must be within the range %d - %d", n, *a.min, *top) //nolint:staticcheck // a text of the contract
	case a.min != nil && n < *a.min && *a.min == 1:
		return 0, fmt.Errorf("Invalid argument: %d. argument must be a positive integer", n) //nolint:staticcheck // a text of the contract
	case a.min != nil && n < *a.min && *a.min == 0:
		return 0, fmt.Errorf("Invalid argument: %d. argument must be a non-negative integer", n) //nolint:staticcheck // a text of the contract
	case a.min != nil && n < *a.min:
		return 0, fmt.Errorf("Invalid argument: %d. argument must be at least %d", n, *a.min) //nolint:staticcheck // a text of the contract
	case top != nil && n > *top:
		return 0, fmt.Errorf("Invalid argument: %d. argument must be at most %d", n, *top) //nolint:staticcheck // a text of the contract
	}
	return n, nil
}

// checkOIDs checks identifiers, after all other arguments were found right.
func (c *Call) checkOIDs(v reflect.Value) error {
	for i := range c.Route.args.query {
		a := &c.Route.args.query[i]
		if a.oid == "" {
			continue
		}
		for _, sent := range c.query {
			if sent.name == a.name && sent.value != "" && !isOID(sent.value) {
				return fault.New(fault.Invalid, a.oid)
			}
		}
	}
	return nil
}

func isRange(err error) bool {
	e, ok := err.(*strconv.NumError)
	return ok && e.Err == strconv.ErrRange
}

// isOID tells whether a text is an identifier of 24 hex digits.
func isOID(s string) bool {
	if len(s) != 24 {
		return false
	}
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}

// isUUID tells whether a text is a UUID in its usual form of 36 characters.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !isHex(s[i]) {
				return false
			}
		}
	}
	return true
}

// shorten keeps what an error repeats of the input short.
func shorten(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// badPath tells whether a request's path cannot name anything: NUL bytes or text that is not UTF-8.
func badPath(u *url.URL) bool { return !cleanText(u.Path) }

// replaceVariable puts a value in the place of {name} or {name:pattern} in a template.
func replaceVariable(path, name, value string) string {
	start := strings.Index(path, "{"+name+"}")
	if start < 0 {
		start = strings.Index(path, "{"+name+":")
	}
	if start < 0 {
		return path
	}
	end := strings.IndexByte(path[start:], '}')
	if end < 0 {
		return path
	}
	return path[:start] + value + path[start+end+1:]
}
