package web

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"
)

// Auth is who may call a route at all. Finer rights are the subject's.
type Auth int

// The classes of callers.
const (
	Anyone Auth = iota // no account needed
	User               // any signed-in person or token
	Admin              // an administrator of the platform
)

// Family is the form of a route's errors about input.
type Family int

// The families of errors.
const (
	// Rules: {"errors":{"field":"text"},"message":"text"}; a body that is not JSON is a 415.
	Rules Family = iota
	// Form: {"errors":{"field":["text"]}} without message; a body that is not JSON is a 400.
	Form
)

// None stands for no arguments, no body or no content in a route's types.
type None struct{}

// Raw stands for a body or an answer that is not JSON made from a Go type: the route reads c.R.Body or
// writes bytes by itself. Doc.Consumes and Doc.Produces name the media types.
type Raw struct{}

// Doc declares a route besides its types.
type Doc struct {
	// Summary is one line for the documentation. A route without summary is left out of it.
	Summary     string
	Description string
	// ID is the operation's identifier; made from method and path when empty.
	ID   string
	Tags []string

	Auth   Auth
	Family Family
	// People marks a route whose answers are pages: its errors are pages too, unless the caller
	// prefers JSON.
	People bool
	// Session marks a route that opens or changes a session: other sites may not call it from a browser.
	Session bool
	// Creates marks a route that read-only mode closes to everyone but administrators.
	Creates bool
	// CreatesMore marks one that read-only mode closes too when it is set to refuse more.
	CreatesMore bool
	// Status is that of a success, for the documentation; 0 is 200, or 204 when the answer is None.
	Status int
	// Statuses are further statuses to document with their meaning.
	Statuses map[int]string

	// Hidden are members of the answer (of each item, when the answer is a page) that only a mask
	// brings: it replaces the `mask:"hidden"` tags of the type.
	Hidden []string
	// NoMask leaves the X-Fields header without effect.
	NoMask bool

	// Keep lets answers to anonymous callers be kept in memory; the route names what they were made
	// from by Call.Keep.
	Keep bool
	// Public marks a route whose answers are the same for everybody: nobody is asked who they are, caches may
	// share them, and pages of every other site may read them, refusals included.
	Public bool
	// NoStore keeps the answers out of every cache, that of the browser included: pages for one person.
	NoStore bool
	// Slow marks a route that may take longer than others as long as bytes flow: dumps and uploads.
	Slow bool
	// Timeout bounds the work of the route; 0 is the handler's setting. Slow routes have none.
	Timeout time.Duration

	// MaxBody bounds the body in bytes; 0 is the handler's setting.
	MaxBody  int64
	Consumes []string
	Produces []string
}

// Info describes a table for the documents.
type Info struct {
	Title       string
	Version     string
	Description string
}

// Table holds the routes of one face below one base path.
type Table struct {
	Base   string
	Info   Info
	routes []*Route
}

// NewTable starts a table below a base path without a slash at its end: "/api/1", or "" for the root.
func NewTable(base string, info Info) *Table { return &Table{Base: base, Info: info} }

// Routes are the declared routes, in order.
func (t *Table) Routes() []*Route { return t.routes }

// Route is one declared method and path.
type Route struct {
	Doc
	Method string
	// Path is the whole template, base included: /api/1/datasets/{dataset}/.
	Path string

	table  *Table
	args   *argSet
	query  reflect.Type
	body   reflect.Type // nil when there is none
	answer reflect.Type // nil when there is none
	filter *filter      // the default mask, nil when nothing is hidden
	shape  *shape
	paged  bool
	serve  func(*Call) error
	plain  http.Handler // instead of serve
	meter  *meter
}

// Get declares a GET, and HEAD with it. O is the JSON type of the answer, Q the struct of arguments
// (see Arguments in args.go), both None or Raw where it fits:
//
//	web.Get[Page[Dataset]](table, "/datasets/", web.Doc{Summary: "List datasets"}, h.listDatasets)
func Get[O, Q any](t *Table, path string, d Doc, h func(*Call, Q) error) {
	add[O, Q, None](t, http.MethodGet, path, d, withArgs(h))
}

// Post declares a POST with arguments Q and body B (None when it reads none, Raw for other media).
func Post[O, Q, B any](t *Table, path string, d Doc, h func(*Call, Q, B) error) {
	add[O, Q, B](t, http.MethodPost, path, d, withBody(h))
}

// Put declares a PUT; see Post.
func Put[O, Q, B any](t *Table, path string, d Doc, h func(*Call, Q, B) error) {
	add[O, Q, B](t, http.MethodPut, path, d, withBody(h))
}

// Patch declares a PATCH; see Post.
func Patch[O, Q, B any](t *Table, path string, d Doc, h func(*Call, Q, B) error) {
	add[O, Q, B](t, http.MethodPatch, path, d, withBody(h))
}

// DeleteWith declares a DELETE that reads a body; see Post.
func DeleteWith[O, Q, B any](t *Table, path string, d Doc, h func(*Call, Q, B) error) {
	add[O, Q, B](t, http.MethodDelete, path, d, withBody(h))
}

// Delete declares a DELETE without a body.
func Delete[O, Q any](t *Table, path string, d Doc, h func(*Call, Q) error) {
	add[O, Q, None](t, http.MethodDelete, path, d, withArgs(h))
}

// Handle declares a route served by a plain handler: files, pages of other libraries. It gets the
// middlewares (compression, logs, limits, metrics) and no documentation.
func Handle(t *Table, method, path string, d Doc, h http.Handler) {
	d.Summary = ""
	r := newRoute[Raw, None, Raw](t, method, path, d)
	r.plain = h
	t.routes = append(t.routes, r)
}

func withArgs[Q any](h func(*Call, Q) error) func(*Call) error {
	return func(c *Call) error {
		var q Q
		if err := c.bind(&q); err != nil {
			return err
		}
		return h(c, q)
	}
}

func withBody[Q, B any](h func(*Call, Q, B) error) func(*Call) error {
	return func(c *Call) error {
		var q Q
		if err := c.bind(&q); err != nil {
			return err
		}
		var b B
		if err := c.readBody(&b); err != nil {
			return err
		}
		return h(c, q, b)
	}
}

func add[O, Q, B any](t *Table, method, path string, d Doc, serve func(*Call) error) {
	r := newRoute[O, Q, B](t, method, path, d)
	r.serve = serve
	t.routes = append(t.routes, r)
}

// newRoute checks the declaration; a wrong one is a mistake of the program and panics.
func newRoute[O, Q, B any](t *Table, method, path string, d Doc) *Route {
	r := &Route{Doc: d, Method: method, Path: t.Base + path, table: t}
	if !strings.HasPrefix(r.Path, "/") {
		panic(fmt.Sprintf("web: the path %q does not start with a slash", r.Path))
	}
	r.query = reflect.TypeFor[Q]()
	args, err := compileArgs(r.query, pathNames(r.Path))
	if err != nil {
		panic(fmt.Sprintf("web: %s %s: %v", method, r.Path, err))
	}
	r.args = args
	if b := reflect.TypeFor[B](); b != reflect.TypeFor[None]() {
		r.body = b
	}
	if o := reflect.TypeFor[O](); o != reflect.TypeFor[None]() {
		r.answer = o
	}
	if r.answer != nil && r.answer != reflect.TypeFor[Raw]() {
		r.shape = shapeOf(r.answer)
		r.paged = r.shape.members["next_page"] != nil
		r.filter = r.shape.defaultFilter(d.Hidden, r.paged)
	}
	return r
}

// pathNames are the names of a template's variables, in order.
func pathNames(path string) []string {
	var names []string
	for {
		_, rest, ok := strings.Cut(path, "{")
		if !ok {
			return names
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			return names
		}
		name, _, _ = strings.Cut(name, ":")
		names = append(names, name)
		path = after
	}
}
