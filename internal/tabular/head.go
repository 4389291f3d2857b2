package tabular

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"grenier/internal/fetch"
)

// Head is what the first bytes of a remote file tell.
type Head struct {
	// Type is the media type by content, "application/octet-stream" when unknown, whatever the
	// server says.
	Type string
	// Size is in bytes, -1 when unknown; Modified is zero when unknown.
	Size     int64
	Modified time.Time
	URL      string
}

// PeekHead tells what a remote file is by its first bytes. Its errors are faults; Why tells the reason.
func PeekHead(ctx context.Context, get Getter, url string) (*Head, error) {
	resp, err := get.Get(ctx, url, fetch.Request{MaxBytes: 4096, Cut: true, Timeout: lookTime, Identity: true})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, _, err := readSome(resp.Body, 4096)
	if err != nil {
		return nil, err
	}
	if len(data) == 0 {
		return nil, trouble(Empty, nil)
	}
	h := &Head{Type: mediaType(data), Size: resp.Total(), URL: resp.URL}
	if at, err := http.ParseTime(resp.Header.Get("Last-Modified")); err == nil {
		h.Modified = at
	}
	return h, nil
}

// magics are beginnings that the WHATWG sniffing rules do not know.
var magics = []struct{ begin, mediaType string }{
	{"II*\x00", "image/tiff"},
	{"MM\x00*", "image/tiff"},
	{"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"},
	{"PAR1", "application/vnd.apache.parquet"},
	{"SQLite format 3\x00", "application/vnd.sqlite3"},
}

// mediaType is the media type of a file by its first bytes.
func mediaType(data []byte) string {
	for _, m := range magics {
		if bytes.HasPrefix(data, []byte(m.begin)) {
			return m.mediaType
		}
	}
	if len(data) > 12 && string(data[4:8]) == "ftyp" && bytes.Contains(data[8:min(len(data), 40)], []byte("avif")) {
		return "image/avif"
	}
	if bytes.Contains(bytes.ToLower(data[:min(len(data), 1024)]), []byte("<svg")) && notText(data) == "" {
		if begin := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))); len(begin) > 0 && begin[0] == '<' {
			return "image/svg+xml"
		}
	}
	return http.DetectContentType(data)
}
