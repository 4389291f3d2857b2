package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"grenier/internal/fault"
)

// The texts of the contract that clients may know.
const (
	textArguments    = "Input payload validation failed"
	textNotFound     = "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again."
	textMethod       = "The method is not allowed for the requested URL."
	textUnauthorized = "The server could not verify that you are authorized to access the URL requested. You either supplied the wrong credentials (e.g. a bad password), or your browser doesn't understand how to supply the credentials required."
	textForbidden    = "You do not have the permission to modify that object."
	textKeyAlone     = "This API key may not administer the site: use one that may do everything (scope admin), or log in."
	textInternal     = "The server met an error that it did not expect. Name the id of this request when you report it."
	textTimeout      = "This took too long and was given up. Ask for less, or try again later."
)

// codeSlowBody is a body that arrived too slowly: a matter of HTTP alone.
const codeSlowBody fault.Code = "slow_body"

// statuses is the one table from codes to statuses.
var statuses = map[fault.Code]int{
	fault.Invalid:        http.StatusBadRequest,
	fault.Unauthorized:   http.StatusUnauthorized,
	fault.Forbidden:      http.StatusForbidden,
	fault.NotFound:       http.StatusNotFound,
	codeSlowBody:         http.StatusRequestTimeout,
	fault.Conflict:       http.StatusConflict,
	fault.Gone:           http.StatusGone,
	fault.Stale:          http.StatusPreconditionFailed,
	fault.TooLarge:       http.StatusRequestEntityTooLarge,
	fault.Unsupported:    http.StatusUnsupportedMediaType,
	fault.ReadOnly:       http.StatusLocked,
	fault.TooMany:        http.StatusTooManyRequests,
	fault.Full:           http.StatusInsufficientStorage,
	fault.Internal:       http.StatusInternalServerError,
	fault.NotImplemented: http.StatusNotImplemented,
	fault.BadGateway:     http.StatusBadGateway,
	fault.Unavailable:    http.StatusServiceUnavailable,
	fault.Timeout:        http.StatusServiceUnavailable,
}

// texts stand in when a fault has none of its own.
var texts = map[int]string{
	http.StatusBadRequest:          "The request cannot be understood.",
	http.StatusUnauthorized:        textUnauthorized,
	http.StatusForbidden:           textForbidden,
	http.StatusNotFound:            textNotFound,
	http.StatusInternalServerError: textInternal,
	http.StatusServiceUnavailable:  "The server cannot answer now. Try again later.",
}

// StatusOf is the status that a fault's code is answered with.
func StatusOf(code fault.Code) int {
	if s, ok := statuses[code]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// asFault finds the fault in an error and names the errors of time.
func asFault(err error) *fault.Error {
	var known *fault.Error
	if !errors.As(err, &known) {
		if errors.Is(err, context.DeadlineExceeded) {
			return fault.Wrap(err, fault.Timeout, textTimeout)
		}
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return fault.Of(bodyFault(err))
		}
	}
	return fault.Of(err)
}

// fail answers with an error. What was sent already cannot be taken back: the connection is cut, so
// that the client sees that the answer is not whole.
func (h *Handler) fail(x *exchange, family Family, err error) {
	e := asFault(err)
	status := StatusOf(e.Code)
	if x.ctx.Err() != nil {
		h.o.Log.LogAttrs(x.r.Context(), slog.LevelDebug, "the client went away", slog.String("request", x.id), slog.String("error", err.Error()))
		x.gone = true
	} else if status >= 500 {
		h.o.Log.LogAttrs(x.r.Context(), slog.LevelError, "a request failed", slog.String("request", x.id), slog.String("route", x.routeName()),
			slog.String("code", string(e.Code)), slog.String("error", err.Error()))
	}
	if x.committed {
		panic(http.ErrAbortHandler)
	}
	x.hearOut()
	x.setStatusHeaders(status, e.Retry)
	text := e.SafeText()
	if text == "" {
		text = texts[status]
	}
	if x.wantsPage(status) {
		h.page(x, status, text)
		return
	}
	x.sendJSON(status, errorBody(family, e, text))
}

// hearOutMost bounds the rest of a body that is read before a refusal.
const hearOutMost = 32 << 20

// hearOut reads the rest of a body of bounded length, within the pace of bodies: who still sends when the
// connection ends learns that it was cut and not why they were refused (RFC 9112, section 9.6). Who waits to be
// asked for the body, or sends more, is not kept.
func (x *exchange) hearOut() {
	if x.route == nil || x.r.Body == nil || x.r.ContentLength <= 0 || x.r.ContentLength > hearOutMost || x.r.Header["Expect"] != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, x.r.Body, hearOutMost) // what cannot be read is not waited for
}

// wantsPage tells whether an error is shown as a page: by the routes of pages unless the caller prefers
// JSON, elsewhere to browsers that look for what is not there.
func (x *exchange) wantsPage(status int) bool {
	html, json := preferences(x.r.Header)
	if x.route != nil && x.route.People {
		return html >= json
	}
	return status == http.StatusNotFound && html > json
}

// setStatusHeaders sets the headers that go with certain statuses.
func (x *exchange) setStatusHeaders(status int, retry time.Duration) {
	hdr := x.Header()
	for _, name := range []string{"Etag", "Last-Modified", "Content-Encoding", "Content-Length", "Content-Disposition"} {
		hdr.Del(name)
	}
	hdr["Cache-Control"] = []string{"no-store"}
	if status == http.StatusUnauthorized {
		hdr["Www-Authenticate"] = []string{`Bearer realm="uData"`}
	}
	if status >= 500 {
		hdr["X-Sentry-Id"] = []string{x.id}
	}
	if retry > 0 {
		hdr["Retry-After"] = []string{strconv.Itoa(int(math.Ceil(retry.Seconds())))}
	}
}

// errorBody renders an error in its family.
func errorBody(family Family, e *fault.Error, text string) []byte {
	body := map[string]any{}
	if len(e.Fields) > 0 {
		body["errors"] = fieldTree(family, e.Fields)
	}
	if len(e.Fields) == 0 || family != Form || e.Text == textArguments {
		body["message"] = text
	}
	return mustJSON(body)
}

// fieldTree nests the texts by their paths: objects for names, lists for positions.
func fieldTree(family Family, fields []fault.Field) any {
	root := &treeNode{}
	for _, f := range fields {
		at := root
		for _, step := range f.Path {
			at = at.step(step)
		}
		at.texts = append(at.texts, f.Text)
		at.bare = at.bare || f.Bare || family != Form
	}
	return root.value()
}

type treeNode struct {
	names map[string]*treeNode
	items []*treeNode
	texts []string
	bare  bool
}

// maxTreeItems bounds the length of a list of errors, whatever position is blamed.
const maxTreeItems = 1000

func (n *treeNode) step(step any) *treeNode {
	if i, ok := step.(int); ok {
		i = min(max(i, 0), maxTreeItems)
		for len(n.items) <= i {
			n.items = append(n.items, &treeNode{})
		}
		return n.items[i]
	}
	if n.names == nil {
		n.names = map[string]*treeNode{}
	}
	name, _ := step.(string)
	if n.names[name] == nil {
		n.names[name] = &treeNode{}
	}
	return n.names[name]
}

func (n *treeNode) value() any {
	switch {
	case n.items != nil:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.value()
		}
		return list
	case len(n.texts) > 0 && n.bare:
		return n.texts[0]
	case len(n.texts) > 0:
		return n.texts
	}
	object := make(map[string]any, len(n.names))
	for name, inner := range n.names {
		object[name] = inner.value()
	}
	return object
}

// mustJSON renders what is always renderable: maps, lists and texts.
func mustJSON(v any) []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

// preferences are how much Accept likes text/html and JSON, from 0 to 1.
func preferences(h http.Header) (html, json float64) {
	for _, v := range h["Accept"] {
		for one := range strings.SplitSeq(v, ",") {
			name, params, has := strings.Cut(one, ";")
			q := 1.0
			if has {
				q = quality(params)
			}
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "text/html":
				html = max(html, q)
			case "application/json", "application/*":
				json = max(json, q)
			}
		}
	}
	return html, json
}
