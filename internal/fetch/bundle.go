package fetch

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"

	"grenier/internal/fault"
)

// Entry is a remote file of a bundle.
type Entry struct {
	// Name is how the file should be called; the last part of the address when empty.
	Name string
	URL  string
	// Size is what the catalogue says, in bytes; 0 when unknown. A file that cannot fit is not begun.
	Size int64
	// Modified is the date of the file in the archive; none when zero.
	Modified time.Time
}

// Note is a text that the caller puts in a bundle.
type Note struct{ Name, Text string }

// Missing is a file that is not, or not wholly, in a bundle.
type Missing struct {
	Entry
	// Stored is the name in the archive.
	Stored string
	// Partial says that the beginning of the file is there.
	Partial bool
	// Err is a fault; Why tells its reason.
	Err error
}

// BundleLimits bound a bundle. Zero values are the defaults.
type BundleLimits struct {
	Total   int64         // bytes of all files; 5 GB
	File    int64         // bytes of one file; Total
	Files   int           // number of files; 1,000
	Timeout time.Duration // for one file, the pace of the reader included; 30 minutes
}

// Names and defaults of bundles.
const (
	ErrorsName = "ERRORS.txt"

	defaultBundleBytes = 5_000_000_000
	defaultBundleFiles = 1000
	defaultBundleTime  = 30 * time.Minute
)

// Bundle writes a zip archive of remote files to w, one fetched after the other and none held: memory
// does not grow with their size. Notes come first. A file that cannot be fetched, or not wholly, is
// told in ERRORS.txt at the end, written by report; in English when report is nil. The error is that
// of w or of the context alone.
func (c *Client) Bundle(ctx context.Context, w io.Writer, entries []Entry, l BundleLimits, report func([]Missing) string, notes ...Note) error {
	b := newBundle(c, w, l)
	for _, note := range notes {
		if err := b.text(note.Name, note.Text); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if err := b.add(ctx, e); err != nil {
			return err
		}
	}
	if len(b.missing) > 0 {
		if report == nil {
			report = plainReport
		}
		if err := b.text(ErrorsName, report(b.missing)); err != nil {
			return err
		}
	}
	return b.zip.Close()
}

// bundle is an archive being written.
type bundle struct {
	client  *Client
	zip     *zip.Writer
	names   *Names
	limits  BundleLimits
	left    int64 // bytes
	files   int   // begun
	missing []Missing
}

func newBundle(c *Client, w io.Writer, l BundleLimits) *bundle {
	if l.Total <= 0 {
		l.Total = defaultBundleBytes
	}
	if l.File <= 0 {
		l.File = l.Total
	}
	l.Files, l.Timeout = or(l.Files, defaultBundleFiles), or(l.Timeout, defaultBundleTime)
	b := &bundle{client: c, zip: zip.NewWriter(w), names: NewNames(ErrorsName), limits: l, left: l.Total}
	b.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	return b
}

func (b *bundle) text(name, text string) error {
	if name != ErrorsName {
		name = b.names.Unique(name)
	}
	w, err := b.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

// add fetches a file into the archive. What is wrong with the file is kept for the report; an error
// ends the bundle.
func (b *bundle) add(ctx context.Context, e Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if strings.TrimSpace(e.Name) == "" {
		e.Name = lastPart(e.URL)
	}
	m := Missing{Entry: e, Stored: b.names.Unique(e.Name)}
	room := min(b.left, b.limits.File)
	if b.files >= b.limits.Files || room <= 0 || e.Size > room {
		m.Err = (&Failure{Reason: TooBig, Limit: room, Err: errors.New("no room left in the bundle")}).fault()
		b.missing = append(b.missing, m)
		return nil
	}
	resp, err := b.client.Get(ctx, e.URL, Request{
		MaxBytes: room, Timeout: b.limits.Timeout, Retries: 1, Identity: true, bulk: true,
	})
	if err != nil {
		m.Err = err
		b.missing = append(b.missing, m)
		return ctx.Err()
	}
	defer resp.Body.Close()
	b.files++
	return b.copy(ctx, m, resp)
}

func (b *bundle) copy(ctx context.Context, m Missing, resp *Response) error {
	w, err := b.zip.CreateHeader(&zip.FileHeader{Name: m.Stored, Method: method(m.Stored), Modified: m.Modified})
	if err != nil {
		return err
	}
	source := &source{in: resp.Body}
	n, err := io.Copy(w, source)
	b.left -= n
	switch {
	case source.err != nil:
		m.Err, m.Partial = source.err, true
		b.missing = append(b.missing, m)
		if err := ctx.Err(); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	return b.zip.Flush()
}

// source keeps the error of reading apart from that of writing.
type source struct {
	in  io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.in.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// compressed are the endings of files that deflate does not make smaller.
var compressed = map[string]bool{
	".zip": true, ".gz": true, ".tgz": true, ".bz2": true, ".xz": true, ".zst": true, ".7z": true, ".rar": true, ".br": true,
	".png": true, ".jpg": true, ".jpeg": true, ".webp": true, ".gif": true, ".avif": true, ".mp3": true, ".mp4": true,
	".ogg": true, ".webm": true, ".pdf": true, ".parquet": true, ".xlsx": true, ".docx": true, ".pptx": true, ".ods": true,
	".odt": true, ".odp": true, ".kmz": true, ".pmtiles": true, ".jar": true, ".epub": true,
}

func method(name string) uint16 {
	if compressed[strings.ToLower(path.Ext(name))] {
		return zip.Store
	}
	return zip.Deflate
}

func plainReport(missing []Missing) string {
	var s strings.Builder
	s.WriteString("Some files could not be fetched when this archive was made.\r\n")
	for _, m := range missing {
		state := "missing"
		if m.Partial {
			state = "incomplete"
		}
		fmt.Fprintf(&s, "\r\n%s (%s)\r\n%s\r\n%s\r\n", m.Stored, state, m.URL, fault.Of(m.Err).SafeText())
	}
	return s.String()
}
