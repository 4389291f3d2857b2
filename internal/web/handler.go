package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"

	"grenier/internal/fault"
)

// Options are what a Handler needs from the program, with their defaults in brackets.
type Options struct {
	// Sites finds the site of a request. Required.
	Sites Sites
	// Authenticate finds the caller. Required when a route asks for more than Anyone.
	Authenticate Authenticator
	// SessionCookie is the name of the cookie that makes a request personal: with it, kept answers are
	// not looked up.
	SessionCookie string
	// ReadOnly tells whether creation is closed to all but administrators, with this text.
	ReadOnly     func() bool
	ReadOnlyText string
	// ReadOnlyMore closes the routes marked CreatesMore too.
	ReadOnlyMore bool
	// TrustedOrigins may send credentials from other sites.
	TrustedOrigins []string
	// Expect puts the version that a write counts on (If-Match) into its context; nil ignores the header.
	Expect func(ctx context.Context, version int64) context.Context
	// Context adds what subjects ask of a request's context: the site that it came to.
	Context func(ctx context.Context, site *Site) context.Context
	// Retries remembers requests that carry an Idempotency-Key; nil ignores the header.
	Retries Retries
	// OpenPaths are the prefixes that answer preflights [/api/, /oauth/, /datasets/r/, /s/, /nuxt-api/].
	OpenPaths []string
	// TrustedProxies may say in headers whom they speak for.
	TrustedProxies []netip.Prefix
	// MaxBody bounds bodies in bytes unless a route says otherwise [32 MiB].
	MaxBody int64
	// MaxPageSize bounds page_size [10,000].
	MaxPageSize int
	// Timeout bounds the work of a route that does not say otherwise [30 s].
	Timeout time.Duration
	// Stall is how long a body or a long answer may stand still [30 s].
	Stall time.Duration
	// Kept keeps answers; nil keeps none.
	Kept *Kept
	// Versions is the clock that answers are dated by; that of Kept when nil.
	Versions *Versions
	// ErrorPage shows an error to people who read HTML; a plain page when nil.
	ErrorPage func(w http.ResponseWriter, r *http.Request, p Problem)
	// Moved tells the present address of a page that no route has (absolute, or a path), for GET alone.
	Moved func(site *Site, u *url.URL) (location string, status int, ok bool)
	// Log takes access and error records [slog.Default].
	Log *slog.Logger
	// Metrics takes the figures for Prometheus; none when nil.
	Metrics prometheus.Registerer
}

func (o Options) withDefaults() Options {
	if o.OpenPaths == nil {
		o.OpenPaths = []string{"/api/", "/oauth/", "/datasets/r/", "/s/", "/nuxt-api/"}
	}
	if o.MaxBody == 0 {
		o.MaxBody = 32 << 20
	}
	if o.MaxPageSize == 0 {
		o.MaxPageSize = 10_000
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Stall == 0 {
		o.Stall = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.ReadOnlyText == "" {
		o.ReadOnlyText = "Due to unusual activities, the creation of new content is currently disabled."
	}
	if o.Kept != nil && o.Kept.cache == nil {
		o.Kept = nil
	}
	if o.Kept != nil {
		o.Versions = o.Kept.versions
	}
	if o.Versions == nil {
		o.Versions = NewVersions()
	}
	if o.Authenticate == nil {
		o.Authenticate = func(*http.Request, string) (Caller, error) { return Caller{}, nil }
	}
	return o
}

// Handler serves tables of routes with everything around them.
type Handler struct {
	o        Options
	kept     *Kept
	mux      *chi.Mux
	apis     []string
	guess    *guesser
	metrics  *metrics
	inFlight atomic.Int64
}

// NewHandler puts tables together. It fails when an option is missing or two routes are the same.
func NewHandler(o Options, tables ...*Table) (*Handler, error) {
	if o.Sites == nil {
		return nil, errors.New("web: a handler needs to know its site")
	}
	h := &Handler{o: o.withDefaults(), mux: chi.NewMux()}
	h.kept = h.o.Kept
	h.metrics = newMetrics(o.Metrics, h)
	var documented []string
	taken := map[string]bool{}
	for _, t := range tables {
		if t.Base != "" {
			h.apis = append(h.apis, t.Base+"/")
		}
		for _, r := range t.routes {
			if name := r.Method + " " + r.Path; taken[name] {
				return nil, fmt.Errorf("web: %s is declared twice", name)
			} else {
				taken[name] = true
			}
			if r.Summary != "" {
				documented = append(documented, r.Path)
			}
			h.mount(r)
		}
	}
	h.guess = newGuesser(documented)
	h.mux.NotFound(h.unmatched)
	h.mux.MethodNotAllowed(h.unmatched)
	return h, nil
}

func (h *Handler) mount(r *Route) {
	route := *r
	route.meter = h.metrics.meter(r.Path)
	serve := func(w http.ResponseWriter, req *http.Request) { h.route(w.(*exchange), req, &route) }
	h.mux.MethodFunc(r.Method, r.Path, serve)
	if r.Method == http.MethodGet {
		h.mux.MethodFunc(http.MethodHead, r.Path, serve)
	}
}

// InFlight is the number of requests being answered.
func (h *Handler) InFlight() int64 { return h.inFlight.Load() }

// ServeHTTP answers a request: from the kept answers when one holds, else by the route.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	h.inFlight.Add(1)
	defer h.inFlight.Add(-1)
	peer := peerOf(r, h.o.TrustedProxies)
	site := h.o.Sites(peer)
	if h.kept != nil && h.impersonal(r) && h.serveKept(w, r, site, peer, start) {
		return
	}
	h.serve(w, r, site, peer, start)
}

// impersonal tells whether a request reads and carries nothing that says who asks.
func (h *Handler) impersonal(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	if r.Header["Authorization"] != nil || r.Header["X-Api-Key"] != nil {
		return false
	}
	for _, c := range r.Header["Cookie"] {
		if h.o.SessionCookie == "" || strings.Contains(c, h.o.SessionCookie+"=") {
			return false
		}
	}
	return true
}

// serveKept answers from memory when it can.
func (h *Handler) serveKept(w http.ResponseWriter, r *http.Request, site *Site, peer Peer, start time.Time) bool {
	key, ok := rawKey(r, site.Base)
	if !ok {
		return false
	}
	a := h.kept.find(key, peer.Addr, start)
	if a == nil {
		return false
	}
	h.kept.hits.Add(1)
	hdr := w.Header()
	id := requestID(r)
	hdr["X-Request-Id"] = id
	hdr["Referrer-Policy"] = referrerPolicy
	setOrigin(hdr, r.Header["Origin"], h.o.TrustedOrigins)
	if a.route.Public {
		openToAll(hdr)
	}
	enc := identity
	if accept := r.Header["Accept-Encoding"]; accept != nil {
		enc = negotiate(accept)
	}
	status := a.serve(w, r, enc)
	took := time.Since(start)
	a.route.meter.note(r.Method, status, took)
	if h.o.Log.Enabled(r.Context(), slog.LevelDebug) {
		h.o.Log.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("request", id[0]), slog.String("method", r.Method),
			slog.String("path", r.URL.Path), slog.Int("status", status), slog.Bool("kept", true), slog.Duration("took", took))
	}
	return true
}

// serve answers a request by its route, and notes and contains what happens on the way.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, site *Site, peer Peer, start time.Time) {
	id := requestID(r)
	x := &exchange{ResponseWriter: w, h: h, r: r, ctx: r.Context(), site: site, peer: peer, id: id[0]}
	w.Header()["X-Request-Id"] = id
	if accept := r.Header["Accept-Encoding"]; accept != nil {
		x.encoding = negotiate(accept)
	}
	defer h.account(x, start)
	defer h.contain(x)
	if r.Body != nil && r.Body != http.NoBody {
		// A body that no route reads is drained by the server: that may not last either.
		_ = http.NewResponseController(w).SetReadDeadline(start.Add(h.o.Stall)) // not every connection can
	}
	if h.crossOrigin(x) {
		return
	}
	h.mux.ServeHTTP(x, r)
	x.finish()
}

// contain turns a panic into a 500; after the begin of an answer it cuts the connection instead.
func (h *Handler) contain(x *exchange) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	h.o.Log.LogAttrs(x.r.Context(), slog.LevelError, "a request panicked", slog.String("request", x.id),
		slog.String("route", x.routeName()), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
	h.fail(x, Rules, fault.Wrap(fmt.Errorf("panic: %v", p), fault.Internal, ""))
}

// account writes the access record and the figures, also when the connection is being cut.
func (h *Handler) account(x *exchange, start time.Time) {
	took := time.Since(start)
	status := x.status
	if x.gone || status == 0 {
		status = 499 // the client went away, or nothing was answered
	}
	m := h.metrics.other
	if x.route != nil {
		m = x.route.meter
	}
	m.note(x.r.Method, status, took)
	h.o.Log.LogAttrs(x.r.Context(), slog.LevelInfo, "request", slog.String("request", x.id), slog.String("method", knownMethod(x.r.Method)),
		slog.String("path", x.shownPath()), slog.String("route", x.routeName()), slog.Int("status", status),
		slog.Int64("bytes", x.written), slog.Duration("took", took), slog.String("from", x.peer.Addr.String()))
}

// shownPath is the path as logs show it: the links of letters open accounts, so that only their form is
// written down.
func (x *exchange) shownPath() string {
	if x.route != nil && strings.Contains(x.route.Path, "{token}") {
		return x.route.Path
	}
	return shorten(x.r.URL.Path)
}

// route runs one matched route.
func (h *Handler) route(x *exchange, r *http.Request, route *Route) {
	x.route, x.r = route, r
	if badPath(r.URL) {
		h.fail(x, route.Family, fault.New(fault.NotFound, textNotFound))
		return
	}
	h.allowTime(x, route)
	if !route.Slow {
		ctx, cancel := context.WithTimeout(r.Context(), firstOf(route.Timeout, h.o.Timeout))
		defer cancel()
		r = r.WithContext(ctx)
		x.r = r
	}
	h.boundBody(x, r, route)
	if route.plain != nil {
		route.plain.ServeHTTP(x, r)
		return
	}
	c := &Call{W: x, R: r, Route: route, Site: x.site, Peer: x.peer, ID: x.id, AsOf: h.o.Versions.Now(), h: h, x: x}
	if err := h.call(c); err != nil && !errors.Is(err, errNoBody) {
		h.fail(x, route.Family, err)
	}
}

// allowTime lifts the server's bound on the sending of an answer for routes that take longer: slow ones
// get a new one with every part they send.
func (h *Handler) allowTime(x *exchange, route *Route) {
	var until time.Time
	switch {
	case route.Slow:
	case route.Timeout > h.o.Timeout:
		until = time.Now().Add(route.Timeout + h.o.Stall)
	default:
		return
	}
	_ = http.NewResponseController(x.ResponseWriter).SetWriteDeadline(until) // not every writer can
}

// call checks the caller, answers from memory or lets the route do it.
func (h *Handler) call(c *Call) (err error) {
	if h.o.Context != nil {
		c.R = c.R.WithContext(h.o.Context(c.R.Context(), c.Site))
	}
	if err := h.fromHere(c); err != nil {
		return err
	}
	if c.Route.Public {
		openToAll(c.W.Header())
	} else if c.Caller, err = h.o.Authenticate(c.R, c.session()); err != nil {
		return err
	}
	if err := h.admit(c); err != nil {
		return err
	}
	if err := h.expect(c); err != nil {
		return err
	}
	if c.query, err = parseQuery(c.R.URL.RawQuery); err != nil {
		return err
	}
	c.Lang = c.Site.Speak(c.first("lang"))
	if c.filter, err = c.Route.filterFor(c.R.Header); err != nil {
		return err
	}
	if c.Route.Keep && h.kept != nil && (c.Route.Public || h.impersonal(c.R)) {
		if key, ok := rawKey(c.R, c.Site.Base); ok {
			return h.callKept(c, key)
		}
	}
	return h.once(c)
}

// admit applies the route's class of callers and the read-only mode.
func (h *Handler) admit(c *Call) error {
	switch {
	case c.Route.Auth != Anyone && !c.Caller.Known:
		return fault.New(fault.Unauthorized, textUnauthorized)
	case c.Route.Auth == Admin && !c.Caller.Admin && c.Caller.KeyAlone:
		return fault.New(fault.Forbidden, textKeyAlone)
	case c.Route.Auth == Admin && !c.Caller.Admin:
		return fault.New(fault.Forbidden, textForbidden)
	case h.closed(c.Route):
		return c.MayCreate()
	}
	return nil
}

// MayCreate refuses what makes people or content while read-only mode lasts, to everybody but
// administrators: for routes that make something in some cases alone.
func (c *Call) MayCreate() error {
	if c.h.o.ReadOnly != nil && c.h.o.ReadOnly() && !c.Caller.Admin {
		return fault.New(fault.ReadOnly, c.h.o.ReadOnlyText)
	}
	return nil
}

// closed tells whether read-only mode closes a route.
func (h *Handler) closed(r *Route) bool { return r.Creates || r.CreatesMore && h.o.ReadOnlyMore }

// callKept looks under the address's normal spelling, and has one of several callers make the answer.
func (h *Handler) callKept(c *Call, raw keptKey) error {
	normal := normalKey(c, raw)
	if h.sendKept(c, raw, normal) {
		return nil
	}
	f := h.kept.join(c.R.Context(), normal)
	if f == nil {
		if err := c.R.Context().Err(); err != nil {
			return err
		}
		c.AsOf = h.o.Versions.Now()
		if h.sendKept(c, raw, normal) {
			return nil
		}
	}
	h.kept.misses.Add(1)
	c.keep = &keeping{key: normal, flight: f}
	defer h.land(c)
	err := c.Route.serve(c)
	if c.keep.done {
		h.kept.alias(raw, normal)
	}
	return err
}

// land ends the making of an answer that others wait for.
func (h *Handler) land(c *Call) {
	if c.keep != nil && c.keep.flight != nil {
		h.kept.land(c.keep.key, c.keep.flight)
		c.keep.flight = nil
	}
}

func (h *Handler) sendKept(c *Call, raw, normal keptKey) bool {
	a := h.kept.find(normal, c.Peer.Addr, time.Now())
	if a == nil {
		return false
	}
	h.kept.hits.Add(1)
	h.kept.alias(raw, normal)
	a.serve(c.x, c.R, c.x.encoding)
	return true
}

// filterFor builds the filter of a request: the route's default one, or that of the X-Fields header.
func (r *Route) filterFor(header http.Header) (*filter, error) {
	values := header["X-Fields"]
	if r.NoMask || r.shape == nil || len(values) == 0 || strings.TrimSpace(values[0]) == "" {
		return r.filter, nil
	}
	m, err := parseMask(values[0])
	if err != nil {
		return nil, err
	}
	return r.shape.masked(m, r.filter)
}

// first is the first value of an argument, "" when absent.
func (c *Call) first(name string) string {
	for _, a := range c.query {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

// boundBody bounds a body in bytes and in the time it may stand still.
func (h *Handler) boundBody(x *exchange, r *http.Request, route *Route) {
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	limit := h.o.MaxBody
	if route.MaxBody > 0 {
		limit = route.MaxBody
	}
	r.Body = &pacedBody{ReadCloser: http.MaxBytesReader(x.ResponseWriter, r.Body, limit),
		control: http.NewResponseController(x.ResponseWriter), stall: h.o.Stall}
}

// pacedBody reads a body that must not stand still, nor trickle: every part of pace bytes gets the same time.
type pacedBody struct {
	io.ReadCloser
	control  *http.ResponseController
	stall    time.Duration
	credited int64
	begun    bool
	read     int64
}

// pace is how much of a body must come in the time that it may stand still.
const pace = 64 << 10

func (b *pacedBody) Read(p []byte) (int, error) {
	if !b.begun || b.read-b.credited >= pace {
		b.begun, b.credited = true, b.read
		_ = b.control.SetReadDeadline(time.Now().Add(b.stall)) // not every connection can
	}
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if err == io.EOF {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

func firstOf(a, b time.Duration) time.Duration {
	if a > 0 {
		return a
	}
	return b
}

// maxRequestID bounds the ids that clients and proxies may hand in.
const maxRequestID = 64

// requestID takes over a sane X-Request-Id or makes one: 16 hex digits.
func requestID(r *http.Request) []string {
	if given := r.Header["X-Request-Id"]; len(given) == 1 && saneID(given[0]) {
		return given
	}
	const digits = "0123456789abcdef"
	var id [16]byte
	n := rand.Uint64()
	for i := range id {
		id[i] = digits[n&15]
		n >>= 4
	}
	return []string{string(id[:])}
}

func saneID(s string) bool {
	if s == "" || len(s) > maxRequestID {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !isHex(c) && !('g' <= c && c <= 'z' || 'G' <= c && c <= 'Z' || c == '-' || c == '_' || c == '.' || c == ':') {
			return false
		}
	}
	return true
}

// compareType tells whether a Content-Type is of a media type, parameters aside.
func compareType(contentType, media string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(t), media)
}
