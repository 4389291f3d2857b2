package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// exchange is one request and the writing of its answer: it notes what was sent, compresses on the
// fly what is worth it, and gives slow routes more time as long as bytes flow.
type exchange struct {
	http.ResponseWriter
	h    *Handler
	r    *http.Request
	site *Site
	peer Peer
	id   string

	ctx       context.Context // of the connection: it ends when the client goes away
	route     *Route
	encoding  coding // what the client takes
	status    int
	written   int64
	committed bool
	gone      bool // the client went away
	comp      compressor
	noBody    bool
	extended  time.Time
}

// errNoBody ends the writing of an answer to HEAD early; it is no failure.
var errNoBody = errors.New("web: a HEAD has no body")

func (x *exchange) routeName() string {
	if x.route == nil {
		return "none"
	}
	return x.route.Path
}

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// WriteHeader commits the status and headers, and decides how the body will be encoded.
func (x *exchange) WriteHeader(status int) {
	if x.committed {
		return
	}
	if status >= 100 && status < 200 {
		x.ResponseWriter.WriteHeader(status)
		return
	}
	x.committed, x.status = true, status
	hdr := x.ResponseWriter.Header()
	if hdr["X-Content-Type-Options"] == nil {
		hdr["X-Content-Type-Options"] = noSniff
	}
	if hdr["Referrer-Policy"] == nil {
		hdr["Referrer-Policy"] = referrerPolicy
	}
	x.noBody = x.r.Method == http.MethodHead || status == http.StatusNoContent || status == http.StatusNotModified
	x.noteWrite(status)
	if x.shouldCompress(status, hdr) {
		hdr.Del("Content-Length")
		hdr["Content-Encoding"] = encodingValue[x.encoding]
		if etag := hdr["Etag"]; etag != nil {
			hdr["Etag"] = []string{weak(etag[0])}
		}
		if !x.noBody {
			x.comp = newCompressor(x.encoding, countingWriter{x})
		}
	}
	x.extend()
	x.ResponseWriter.WriteHeader(status)
}

// noteWrite lets whoever has written see their change in lists at once, before they get the answer.
func (x *exchange) noteWrite(status int) {
	if !safe(x.r.Method) && status < 400 && x.h.kept != nil {
		x.h.kept.Wrote(x.peer.Addr)
	}
}

func (x *exchange) shouldCompress(status int, hdr http.Header) bool {
	if x.encoding == identity || status < 200 || status == http.StatusNoContent ||
		status == http.StatusNotModified || status == http.StatusPartialContent || hdr["Content-Encoding"] != nil {
		return false
	}
	if length := hdr["Content-Length"]; length != nil {
		if n, err := strconv.Atoi(length[0]); err == nil && n < minCompressed {
			return false
		}
	}
	t := hdr["Content-Type"]
	return t != nil && compressible(t[0])
}

// Write sends a part of the body.
func (x *exchange) Write(p []byte) (int, error) {
	if !x.committed {
		if x.ResponseWriter.Header()["Content-Type"] == nil {
			x.ResponseWriter.Header()["Content-Type"] = []string{http.DetectContentType(p)}
		}
		x.WriteHeader(http.StatusOK)
	}
	if x.noBody {
		return 0, errNoBody
	}
	x.extend()
	if x.comp != nil {
		return x.comp.Write(p)
	}
	return countingWriter{x}.Write(p)
}

// countingWriter counts what goes to the connection.
type countingWriter struct{ x *exchange }

func (c countingWriter) Write(p []byte) (int, error) {
	n, err := c.x.ResponseWriter.Write(p)
	c.x.written += int64(n)
	return n, err
}

// Flush sends what was written so far.
func (x *exchange) Flush() {
	if !x.committed {
		x.WriteHeader(http.StatusOK)
	}
	x.extend()
	if x.comp != nil {
		_ = x.comp.Flush() // the next write fails too and is seen
	}
	_ = http.NewResponseController(x.ResponseWriter).Flush() // not every writer can
}

// extend gives a slow route another while, at most once a second.
func (x *exchange) extend() {
	if x.route == nil || !x.route.Slow {
		return
	}
	now := time.Now()
	if now.Sub(x.extended) < time.Second {
		return
	}
	x.extended = now
	_ = http.NewResponseController(x.ResponseWriter).SetWriteDeadline(now.Add(x.h.o.Stall)) // not every writer can
}

// finish ends the compressed stream.
func (x *exchange) finish() {
	if x.comp == nil {
		return
	}
	x.extend()
	if err := x.comp.Close(); err != nil {
		x.gone = true
	}
	x.comp = nil
}

// sendJSON sends a whole small answer.
func (x *exchange) sendJSON(status int, body []byte) {
	hdr := x.Header()
	hdr["Content-Type"] = jsonType
	hdr["Content-Length"] = []string{strconv.Itoa(len(body))}
	x.WriteHeader(status)
	_, _ = x.Write(body) // a client that went away is seen in the log
}

// Stream writes a long answer part by part, with the caller's mask applied when it is JSON. Bytes 0x00
// are not replaced: use Complete. Nothing of it is kept.
type Stream struct {
	x      *exchange
	filter *filterWriter
	buf    []byte
	begun  bool
}

const streamBuffer = 32 << 10

// Stream begins a long answer. Close it at the end; an error returned by the route after the begin
// cuts the connection, so that nobody takes a part for the whole.
func (c *Call) Stream(status int, contentType string) *Stream {
	c.h.land(c)
	hdr := c.W.Header()
	hdr["Content-Type"] = []string{contentType}
	if c.version > 0 { // for If-Match alone: what flows is not compared
		hdr["Etag"] = []string{etagOf(c.version, `W/"flow"`)}
	}
	if c.Caller.Known {
		hdr["Cache-Control"] = privateControl
	} else if hdr["Cache-Control"] == nil {
		hdr["Cache-Control"] = revalidate
	}
	s := &Stream{x: c.x, buf: make([]byte, 0, streamBuffer)}
	if c.filter != nil && compareType(contentType, "application/json") {
		s.filter = newFilterWriter((*streamBuffered)(s), c.filter)
	}
	c.W.WriteHeader(status)
	return s
}

// Write adds a part. An answer to HEAD ends at its first write: return the error.
func (s *Stream) Write(p []byte) (int, error) {
	if s.x.noBody {
		return 0, errNoBody
	}
	if s.filter != nil {
		return s.filter.Write(p)
	}
	return (*streamBuffered)(s).Write(p)
}

// Close sends the rest.
func (s *Stream) Close() error {
	if s.x.noBody {
		return nil
	}
	if s.filter != nil {
		if err := s.filter.end(); err != nil {
			return err
		}
	}
	return (*streamBuffered)(s).flush()
}

// streamBuffered is the Stream below its filter.
type streamBuffered Stream

func (s *streamBuffered) Write(p []byte) (int, error) {
	if len(s.buf)+len(p) <= cap(s.buf) {
		s.buf = append(s.buf, p...)
		return len(p), nil
	}
	if err := s.flush(); err != nil {
		return 0, err
	}
	if len(p) < streamBuffer {
		s.buf = append(s.buf, p...)
		return len(p), nil
	}
	return s.send(p)
}

func (s *streamBuffered) flush() error {
	if len(s.buf) == 0 {
		return nil
	}
	_, err := s.send(s.buf)
	s.buf = s.buf[:0]
	return err
}

// send hands on a part; the first one goes out at once, whatever the compressor holds.
func (s *streamBuffered) send(p []byte) (int, error) {
	n, err := s.x.Write(p)
	if err == nil && !s.begun {
		s.begun = true
		s.x.Flush()
	}
	return n, err
}

var _ io.WriteCloser = (*Stream)(nil)
