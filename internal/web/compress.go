package web

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// coding is a content coding of RFC 9110 §8.4.1.
type coding int

const (
	identity coding = iota
	gzipped
	zstded
)

// negotiate picks the coding a client likes best by its Accept-Encoding; zstd before gzip among equals.
func negotiate(values []string) coding {
	best, bestQ := identity, 0.0
	for _, v := range values {
		for v != "" {
			var one string
			one, v, _ = strings.Cut(v, ",")
			name, params, hasParams := strings.Cut(one, ";")
			enc := codingNamed(strings.TrimSpace(name))
			if enc == identity {
				continue
			}
			q := 1.0
			if hasParams {
				q = quality(params)
			}
			if q > bestQ || (q == bestQ && q > 0 && enc > best) {
				best, bestQ = enc, q
			}
		}
	}
	return best
}

func codingNamed(name string) coding {
	switch {
	case name == "gzip", strings.EqualFold(name, "gzip"), strings.EqualFold(name, "x-gzip"):
		return gzipped
	case name == "zstd", strings.EqualFold(name, "zstd"):
		return zstded
	}
	return identity
}

// quality reads the weight of RFC 9110 §12.4.2 out of parameters; 1 when there is none, 0 when broken.
func quality(params string) float64 {
	for params != "" {
		var one string
		one, params, _ = strings.Cut(params, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(one), "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || q < 0 || q > 1 {
				return 0
			}
			return q
		}
	}
	return 1
}

// compressible tells whether bytes of a media type get smaller by compressing.
func compressible(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	switch t {
	case "application/json", "application/javascript", "application/xml", "application/rdf+xml",
		"application/n-triples", "application/n-quads", "application/trig", "application/wasm",
		"application/x-ndjson", "application/manifest+json", "image/svg+xml", "font/ttf":
		return true
	}
	return strings.HasPrefix(t, "text/") && t != "text/event-stream" ||
		strings.HasSuffix(t, "+json") || strings.HasSuffix(t, "+xml")
}

const (
	wholeLevel  = 3 // of gzip, for answers that are kept or sent whole
	streamLevel = 2 // of gzip, for dumps made while they are sent
)

var (
	wholeGzip = sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(io.Discard, wholeLevel) // the level is valid
		return w
	}}
	streamGzip = sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(io.Discard, streamLevel)
		return w
	}}
	streamZstd = sync.Pool{New: func() any {
		w, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest),
			zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<19), zstd.WithLowerEncoderMem(true))
		return w
	}}
	wholeZstd = sync.OnceValue(func() *zstd.Encoder {
		w, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(2),
			zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
		return w
	})
)

// compressWhole gives a body in a coding.
func compressWhole(enc coding, body []byte) []byte {
	if enc == zstded {
		return bytes.Clone(wholeZstd().EncodeAll(body, nil))
	}
	var buf bytes.Buffer
	buf.Grow(len(body) / 3)
	w := wholeGzip.Get().(*gzip.Writer)
	w.Reset(&buf)
	_, _ = w.Write(body) // a buffer takes everything
	_ = w.Close()
	wholeGzip.Put(w)
	return bytes.Clone(buf.Bytes())
}

// compressor encodes a stream. Close ends it and gives it back to its pool.
type compressor interface {
	io.WriteCloser
	Flush() error
}

func newCompressor(enc coding, w io.Writer) compressor {
	if enc == zstded {
		z := streamZstd.Get().(*zstd.Encoder)
		z.Reset(w)
		return &pooledZstd{z}
	}
	z := streamGzip.Get().(*gzip.Writer)
	z.Reset(w)
	return &pooledGzip{z}
}

type pooledGzip struct{ *gzip.Writer }

func (p *pooledGzip) Close() error {
	err := p.Writer.Close()
	p.Reset(io.Discard)
	streamGzip.Put(p.Writer)
	return err
}

type pooledZstd struct{ *zstd.Encoder }

func (p *pooledZstd) Close() error {
	err := p.Encoder.Close()
	p.Reset(nil)
	streamZstd.Put(p.Encoder)
	return err
}
