package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"grenier/internal/fault"
)

// Caller is who calls, as the program's authenticator found.
type Caller struct {
	// Viewer is the subject's own value, handed on untouched; see ViewerOf.
	Viewer any
	// Known is true for a signed-in person or token.
	Known bool
	// Admin is true for an administrator of the platform.
	Admin bool
	// KeyAlone is true for an administrator whose key may not administer.
	KeyAlone bool
}

// Authenticator finds the caller of a request. For nobody it returns the viewer that stands for nobody.
// An error (a fault) refuses the request, also on routes open to anyone: a bad key is a 401.
type Authenticator func(r *http.Request, session string) (Caller, error)

// Call is one request on its way through a route, and the means to answer it. A route answers once: by
// JSON, Send, Blob, Empty, Redirect, a Stream, or by returning an error before anything was sent.
type Call struct {
	W      http.ResponseWriter
	R      *http.Request
	Route  *Route
	Site   *Site
	Peer   Peer
	Caller Caller
	// Lang is the language of labels and messages in the answer.
	Lang string
	// ID is the request's id, the same that the answer and the logs carry.
	ID string
	// AsOf is the moment before anything was read for this answer; see Versions.
	AsOf uint64

	h      *Handler
	x      *exchange
	query  []arg
	filter *filter
	keep   *keeping
	// version is that of the object shown, 0 when the route did not say.
	version int64
	// retry takes the answer of a request that may be repeated.
	retry *retried
}

// keeping is what a route said about an answer that may be kept.
type keeping struct {
	key    keptKey
	flight *flight
	keys   []Key
	until  time.Time
	said   bool // the route said that the answer may be kept
	done   bool // it was
}

// ViewerOf gives the subject's own value for the caller; its zero value when there is another type.
func ViewerOf[V any](c *Call) V {
	v, _ := c.Caller.Viewer.(V)
	return v
}

// Context is the request's context: it ends with the connection, the route's time or the program.
func (c *Call) Context() context.Context { return c.R.Context() }

// Param is a variable of the path, decoded.
func (c *Call) Param(name string) string {
	v := chi.URLParam(c.R, name)
	if c.R.URL.RawPath == "" {
		return v
	}
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}

// Args are all values of a query argument, in order, whether declared or not.
func (c *Call) Args(name string) []string {
	var values []string
	for _, a := range c.query {
		if a.name == name {
			values = append(values, a.value)
		}
	}
	return values
}

// URL makes an absolute address of this site from a path.
func (c *Call) URL(path string) string { return c.Site.Base + path }

// Wants tells whether the answer will show the member at this path of names, after the caller's mask
// and the default one: c.Wants("data", "community_resources") on a page. Lists are looked through.
func (c *Call) Wants(path ...string) bool { return c.filter.wants(path) }

// Keep lets this answer be kept for other anonymous callers, under a route declared with Doc.Keep:
// it was made from these keys, and holds until then (zero: as long as no key is raised). Calls add up.
// It has no effect for a known caller or an answer that turns out not to be a 200.
func (c *Call) Keep(until time.Time, keys ...Key) {
	k := c.keep
	if k == nil {
		return
	}
	k.said = true
	k.keys = append(k.keys, keys...)
	if !until.IsZero() && (k.until.IsZero() || until.Before(k.until)) {
		k.until = until
	}
}

// JSON answers with a value. The mask applies to a success.
func (c *Call) JSON(status int, v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fault.Wrap(err, fault.Internal, "")
	}
	return c.Send(status, bytes.TrimSuffix(buf.Bytes(), []byte("\n")))
}

// Send answers with rendered JSON. Bytes 0x00 in it stand for the site's address (see Complete). The
// mask applies to a success. Send does not hold on to the bytes.
func (c *Call) Send(status int, body []byte) error {
	if status < 300 && c.filter != nil {
		masked, err := c.filter.apply(nil, body)
		if err != nil {
			return err
		}
		body = masked
	}
	return c.answer(status, jsonType, body)
}

// Blob answers with whole bytes of another media type. Bytes 0x00 are left as they are.
func (c *Call) Blob(status int, contentType string, body []byte) error {
	return c.answer(status, []string{contentType}, body)
}

// answer sends whole bytes, with an ETag when they may be asked again, and keeps them if it may.
func (c *Call) answer(status int, contentType []string, body []byte) error {
	isJSON := &contentType[0] == &jsonType[0]
	if isJSON && bytes.IndexByte(body, 0) >= 0 {
		body = c.Site.Complete(make([]byte, 0, len(body)+len(body)/8), body)
	}
	asked := c.R.Method == http.MethodGet || c.R.Method == http.MethodHead
	if !asked || status != http.StatusOK {
		if c.version > 0 && status < 300 {
			sum := newAnswer(contentType, body, nil)
			c.W.Header()["Etag"] = []string{etagOf(c.version, sum.etag[0])}
		}
		c.sendOnce(status, contentType, body)
		return nil
	}
	mayKeep := c.mayKeep(len(body))
	if mayKeep {
		body = bytes.Clone(body)
	}
	a := newAnswer(contentType, body, c.x.ResponseWriter.Header())
	a.etag[0] = etagOf(c.version, a.etag[0])
	if control := c.private(); control != nil {
		a.cacheControl = control
	}
	if mayKeep {
		a.route, a.asOf = c.Route, c.AsOf
		a.setDeps(c.keep.keys, c.keep.until)
		c.h.kept.put(c.keep.key, a)
		c.keep.done = true
	}
	a.serve(c.x, c.R, c.x.encoding)
	return nil
}

// mayKeep tells whether this answer is one that all anonymous callers may see again.
func (c *Call) mayKeep(size int) bool {
	if c.keep == nil || !c.keep.said || size > c.h.kept.maxAnswer || c.Caller.Known {
		return false
	}
	return c.x.Header()["Set-Cookie"] == nil
}

// private is the Cache-Control of answers that are for the caller alone; nil for those that are for everybody.
func (c *Call) private() []string {
	switch {
	case c.Route != nil && c.Route.NoStore:
		return noStore
	case c.Caller.Known:
		return privateControl
	}
	return nil
}

// sendOnce sends whole bytes that are neither asked again nor kept; the exchange compresses them.
func (c *Call) sendOnce(status int, contentType []string, body []byte) {
	c.keepRetried(status, body)
	h := c.W.Header()
	h["Content-Type"] = contentType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	if control := c.private(); control != nil {
		h["Cache-Control"] = control
	}
	c.W.WriteHeader(status)
	_, _ = c.W.Write(body) // a client that went away is seen in the log
}

// Empty answers without content.
func (c *Call) Empty(status int) error {
	c.keepRetried(status, nil)
	c.W.WriteHeader(status)
	return nil
}

// errNowhere answers in place of a redirection to what is no place.
var errNowhere = fault.New(fault.NotFound, "The address that was written here leads nowhere: it is no address of the web.")

// leadsNowhere tells of addresses that run something in place of leading somewhere, and of those that no header
// can hold (RFC 9110, section 5.5).
func leadsNowhere(location string) bool {
	if strings.ContainsFunc(location, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return true
	}
	scheme, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(location)), ":")
	return scheme == "javascript" || scheme == "vbscript" || scheme == "data"
}

// Redirect answers with a Location as it is given: absolute, or relative for the slugs. It is not found when a
// person wrote an address that leads nowhere.
func (c *Call) Redirect(status int, location string) error {
	if leadsNowhere(location) {
		return errNowhere
	}
	h := c.W.Header()
	h["Location"] = []string{location}
	control := c.private()
	switch { // permanent ones may be kept without a word (RFC 9110, section 15.1)
	case control != nil:
		h["Cache-Control"] = control
	case h["Cache-Control"] == nil:
		h["Cache-Control"] = revalidate
	}
	c.W.WriteHeader(status)
	return nil
}

// ToSlug answers 308 to the same route under the object's present slug. The Location is relative and
// drops the query, as the reference does. name is the path variable that holds the slug.
func (c *Call) ToSlug(name, slug string) error {
	return c.Redirect(http.StatusPermanentRedirect, c.PathWith(name, slug))
}

// PathWith is the path of this request with one variable replaced, escaped.
func (c *Call) PathWith(name, value string) string {
	path := c.Route.Path
	for _, n := range pathNames(path) {
		v := value
		if n != name {
			v = c.Param(n)
		}
		path = replaceVariable(path, n, url.PathEscape(v))
	}
	return path
}

// NotModified answers 304 when the caller already has what the validators name, and otherwise sets
// them for the answer to come. Either may be empty. etag is quoted: `"v1"` or `W/"v1"`.
func (c *Call) NotModified(etag string, modified time.Time) bool {
	h := c.W.Header()
	if etag != "" {
		h["Etag"] = []string{weak(etag)}
	}
	if !modified.IsZero() {
		h["Last-Modified"] = []string{modified.UTC().Format(http.TimeFormat)}
	}
	if c.R.Method != http.MethodGet && c.R.Method != http.MethodHead {
		return false
	}
	if !unchanged(c.R.Header, etag, modified) {
		return false
	}
	c.W.WriteHeader(http.StatusNotModified)
	return true
}

// unchanged applies RFC 9110 §13.2.2: If-None-Match wins over If-Modified-Since.
func unchanged(h http.Header, etag string, modified time.Time) bool {
	if inm, ok := h["If-None-Match"]; ok {
		return etag != "" && matchesETag(inm, etag)
	}
	since, err := http.ParseTime(h.Get("If-Modified-Since"))
	return err == nil && !modified.IsZero() && !modified.Truncate(time.Second).After(since)
}
