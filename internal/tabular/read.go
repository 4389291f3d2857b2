// Package tabular reads tables.
//
// For now it looks at remote files in passing: the first rows of a CSV, the list of a zip archive, the
// beginning of a text, a small GeoJSON. Nothing is kept; time, bytes, rows, columns and depth are bounded.
package tabular

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"time"

	"grenier/internal/fetch"
)

// Getter fetches a remote file; *fetch.Client is one.
type Getter interface {
	Get(ctx context.Context, url string, r fetch.Request) (*fetch.Response, error)
}

// Times that an interactive look may take.
const (
	lookTime   = 8 * time.Second
	enoughTime = 2 * time.Second // after which enoughBytes are enough
)

// enoughBytes hold the first rows of almost any table.
const enoughBytes = 64 << 10

// part is the beginning of a remote file, decompressed.
type part struct {
	data []byte
	// whole says that the end of the file was reached.
	whole bool
	// size is that of the remote file in bytes, as it is stored there; -1 when unknown.
	size int64
	// gzip says that the file itself is compressed.
	gzip bool
	// url is the address that answered; header what it said.
	url    string
	header http.Header
}

// begin reads the beginning of a remote file, at most limit bytes. A server that is slow, or breaks
// off, after it gave something gives a part that is not whole.
func begin(ctx context.Context, get Getter, url string, limit int64) (*part, error) {
	resp, err := get.Get(ctx, url, fetch.Request{
		MaxBytes: limit, Cut: true, Timeout: lookTime, Identity: true,
	})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	p := &part{size: resp.Total(), url: resp.URL, header: resp.Header}
	p.data, p.whole, err = readSome(resp.Body, limit)
	if err != nil {
		return nil, err
	}
	p.whole = p.whole || p.size == int64(len(p.data))
	if p.whole && p.size < 0 {
		p.size = int64(len(p.data))
	}
	if bytes.HasPrefix(p.data, []byte{0x1f, 0x8b}) {
		p.gunzip(limit)
	}
	return p, nil
}

// readSome reads up to limit bytes, fewer from a slow server, and tells whether that was all.
func readSome(in io.Reader, limit int64) (data []byte, whole bool, err error) {
	var b bytes.Buffer
	started := time.Now()
	for {
		n, err := io.CopyN(&b, in, min(16<<10, limit-int64(b.Len())))
		switch {
		case err == io.EOF:
			return b.Bytes(), true, nil
		case err != nil && b.Len() == 0:
			return nil, false, err
		case err != nil || n == 0 || int64(b.Len()) >= limit:
			return b.Bytes(), false, nil
		case b.Len() >= enoughBytes && time.Since(started) > enoughTime:
			return b.Bytes(), false, nil
		}
	}
}

// gunzip replaces compressed data by its contents, at most limit bytes. Data that is not what it
// seems stays as it is, to be judged as binary.
func (p *part) gunzip(limit int64) {
	zip, err := gzip.NewReader(bytes.NewReader(p.data))
	if err != nil {
		return
	}
	data, err := io.ReadAll(io.LimitReader(zip, limit+1))
	if len(data) == 0 && err != nil {
		return
	}
	p.gzip = true
	p.whole = p.whole && err == nil && int64(len(data)) <= limit
	p.data = data[:min(int64(len(data)), limit)]
}
