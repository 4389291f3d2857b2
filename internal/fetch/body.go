package fetch

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// body is an answer's body under its limits.
type body struct {
	ctx     context.Context
	target  *url.URL
	wire    *wire
	in      io.Reader // decoded
	left    int64
	limit   int64
	cut     bool
	ratio   int64
	release func()
	err     error
}

// ratioFree is how many bytes a body may hold before its ratio of decompression counts.
const ratioFree = 16 << 20

// bounded wraps the body of an answer: stall, decoding, limit of size. The size is that of what is
// read, -1 when unknown.
func (c *Client) bounded(ctx context.Context, target *url.URL, resp *http.Response, r Request, release func()) (*body, int64, error) {
	b := &body{ctx: ctx, target: target, left: r.MaxBytes, limit: r.MaxBytes, cut: r.Cut, ratio: r.Ratio}
	size := resp.ContentLength
	coding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding")))
	b.wire = &wire{in: resp.Body, stall: c.stall}
	// The turn ends with the body, and at the latest with the time of the request: a caller who
	// forgets to close does not hold it for ever.
	b.release = sync.OnceFunc(release)
	stop := context.AfterFunc(ctx, b.release)
	b.release = both(stop, b.release)
	switch coding {
	case "", "identity":
		b.in = b.wire
	case "gzip", "x-gzip":
		size = -1
		b.in = &gunzip{wire: bufio.NewReader(&capped{b.wire, r.MaxBytes + r.MaxBytes/256 + 64<<10})}
	case "deflate":
		size = -1
		b.in = &inflate{wire: bufio.NewReader(&capped{b.wire, r.MaxBytes + r.MaxBytes/256 + 64<<10})}
	default:
		return nil, 0, &Failure{Reason: Broken, Host: target.Host, Err: errors.New("content coding that was not asked for: " + coding)}
	}
	if size > r.MaxBytes && !r.Cut {
		return nil, 0, &Failure{Reason: TooBig, Host: target.Host, Limit: r.MaxBytes}
	}
	return b, size, nil
}

func both(stop func() bool, release func()) func() {
	return func() {
		stop()
		release()
	}
}

// Read reads at most the limit. What the server announced and did not send is a Broken fault.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if b.left == 0 {
		return 0, b.end()
	}
	n, err := b.in.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil {
		b.err = b.told(err)
	}
	if read := b.limit - b.left; b.ratio > 0 && read > ratioFree && read/b.ratio > b.wire.read {
		b.err = b.told(&Failure{Reason: TooBig, Host: b.target.Host, Limit: b.ratio * b.wire.read})
		return 0, b.err
	}
	if n > 0 {
		return n, nil // the error, if any, comes with the next call
	}
	return 0, b.err
}

// end tells a body that fits exactly from one that is longer.
func (b *body) end() error {
	b.err = io.EOF
	if b.cut {
		return b.err
	}
	var one [1]byte
	n, err := io.ReadFull(b.in, one[:])
	switch {
	case n > 0:
		b.err = b.told(&Failure{Reason: TooBig, Host: b.target.Host, Limit: b.limit})
	case err != io.EOF:
		b.err = b.told(err)
	}
	return b.err
}

func (b *body) told(err error) error {
	if err == io.EOF {
		return err
	}
	if errors.Is(err, errTooMuch) {
		err = &Failure{Reason: TooBig, Host: b.target.Host, Limit: b.limit}
	}
	return failure(b.ctx, b.target, err)
}

// Close ends the transfer and gives back the host's turn.
func (b *body) Close() error {
	err := b.wire.Close()
	b.release()
	if b.err == nil {
		b.err = (&Failure{Reason: Cancelled, Host: b.target.Host, Err: errors.New("read after close")}).fault()
	}
	return err
}

// wire reads from the connection and gives up when no byte comes for too long.
type wire struct {
	in    io.ReadCloser
	stall time.Duration
	read  int64 // bytes so far, as they were sent

	mu      sync.Mutex
	stalled bool
}

func (w *wire) Read(p []byte) (int, error) {
	timer := time.AfterFunc(w.stall, func() {
		w.mu.Lock()
		w.stalled = true
		w.mu.Unlock()
		_ = w.in.Close() // ends the Read below, whose error is told
	})
	n, err := w.in.Read(p)
	timer.Stop()
	w.read += int64(n)
	if err != nil && err != io.EOF {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.stalled {
			err = errStall
		}
	}
	return n, err
}

func (w *wire) Close() error { return w.in.Close() }

// errTooMuch ends a compressed body that is longer than its contents may be: gzip adds less than one
// byte in 256, unless it is made of empty members without end.
var errTooMuch = errors.New("fetch: more compressed bytes than the limit of the contents")

type capped struct {
	in   io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooMuch
	}
	n, err := c.in.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// gunzip opens the gzip stream at the first read, so that an empty body is empty.
type gunzip struct {
	wire *bufio.Reader
	zip  *gzip.Reader
}

func (g *gunzip) Read(p []byte) (int, error) {
	if g.zip == nil {
		if _, err := g.wire.Peek(1); err != nil {
			return 0, err
		}
		zip, err := gzip.NewReader(g.wire)
		if err != nil {
			return 0, err
		}
		g.zip = zip
	}
	return g.zip.Read(p)
}

// inflate opens a body of the coding deflate at the first read. It should be the zlib format (RFC 9110, section
// 8.4.1.2), and is the bare one with some servers.
type inflate struct {
	wire *bufio.Reader
	zip  io.Reader
}

func (d *inflate) Read(p []byte) (int, error) {
	if d.zip == nil {
		head, err := d.wire.Peek(2)
		if len(head) == 0 {
			return 0, err
		}
		if len(head) == 2 && head[0]&0x0f == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
			zip, err := zlib.NewReader(d.wire)
			if err != nil {
				return 0, err
			}
			d.zip = zip
		} else {
			d.zip = flate.NewReader(d.wire)
		}
	}
	return d.zip.Read(p)
}
