package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"grenier/internal/catalog"
	"grenier/internal/fetch"
	"grenier/internal/image"
	"grenier/internal/tabular"
)

// lookKind is a way to look into a remote file.
type lookKind string

// The ways, and none.
const (
	lookNone    lookKind = ""
	lookTable   lookKind = "table"
	lookText    lookKind = "text"
	lookMap     lookKind = "map"
	lookArchive lookKind = "archive"
	lookImage   lookKind = "image"
	lookPDF     lookKind = "pdf"
)

var lookFormats = map[string]lookKind{
	"csv": lookTable, "tsv": lookTable, "csv.gz": lookTable, "geojson": lookMap, "json": lookText, "jsonl": lookText, "ndjson": lookText,
	"xml": lookText, "txt": lookText, "md": lookText, "rdf": lookText, "ttl": lookText, "n3": lookText, "kml": lookText, "gpx": lookText,
	"gml": lookText, "xsd": lookText, "yaml": lookText, "yml": lookText, "sql": lookText, "ics": lookText, "gtfs": lookArchive,
	"zip": lookArchive, "png": lookImage, "jpg": lookImage, "jpeg": lookImage, "gif": lookImage, "webp": lookImage, "pdf": lookPDF,
}

// lookOf chooses how to look into a resource, by its format or else by the end
// of its address.
func lookOf(r *catalog.Resource) lookKind {
	address := fetchable(r.URL)
	format := strings.ToLower(strings.TrimSpace(deref(r.Format)))
	if address == "" || opens(r, format) {
		return lookNone
	}
	before, _, _ := strings.Cut(address, "?")
	ending := strings.TrimPrefix(strings.ToLower(path.Ext(before)), ".")
	if ending == "zip" {
		return lookArchive // whatever is in it
	}
	if kind, ok := lookFormats[format]; ok {
		return kind
	}
	if format != "" && format != "other" {
		return lookNone
	}
	return lookFormats[ending]
}

// sight is what was seen of a remote file, in no language. Only one of its
// parts is set.
type sight struct {
	table    *tabular.Table
	text     *tabular.Excerpt
	features *mapped
	archive  *tabular.ZipList
	picture  *image.Picture
	pdf      []byte
	// reason is the code of why nothing is seen, status that of the answer,
	// limit the bytes that were allowed, for those reasons.
	reason string
	status int
	limit  int64
}

// mapped is GeoJSON for a map with the table of its first features.
type mapped struct {
	*tabular.Features
	columns []string
	rows    [][]string
}

// Bounds of what is looked at.
const (
	looksAtOnce = 8
	lookWait    = 5 * time.Second  // for one's turn
	lookTime    = 20 * time.Second // for all of it
	lookKept    = 10 * time.Minute
	lookFailed  = time.Minute // a failure is soon tried again
	looksWeight = 48 << 20    // bytes in memory

	previewRows    = 50
	previewColumns = 50
	previewLetters = 150
	previewLength  = 20_000
	previewEntries = 200
	previewPixels  = 1_200
)

// looker looks into remote files, few at a time, and remembers for a while
// what it saw of public ones.
type looker struct {
	get   *fetch.Client
	slots chan struct{}
	seen  *otter.Cache[string, *sight]
}

func newLooker(get *fetch.Client) *looker {
	return &looker{
		get: get, slots: make(chan struct{}, looksAtOnce),
		seen: otter.Must(&otter.Options[string, *sight]{
			MaximumWeight: looksWeight,
			Weigher:       func(key string, seen *sight) uint32 { return uint32(len(key) + seen.weight()) },
			ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, *sight]) time.Duration {
				if e.Value.reason != "" {
					return lookFailed
				}
				return lookKept
			}),
		}),
	}
}

// weight is about how many bytes a look takes in memory.
func (s *sight) weight() int {
	weight := 512
	if s.table != nil {
		for _, row := range s.table.Rows {
			for _, cell := range row {
				weight += len(cell) + 16
			}
		}
		weight += 100 * len(s.table.Columns)
	}
	if s.text != nil {
		weight += len(s.text.Text)
	}
	if s.features != nil {
		weight += len(s.features.JSON) + 200*len(s.features.rows)
	}
	if s.archive != nil {
		weight += 200 * len(s.archive.Entries)
	}
	if s.picture != nil {
		weight += len(s.picture.Body)
	}
	return weight + len(s.pdf)
}

// look tells what is in a resource. Callers who ask for the same public one
// wait for one answer; what only some may read is looked at anew for each.
func (l *looker) look(ctx context.Context, r *catalog.Resource, public bool) (*sight, error) {
	kind := lookOf(r)
	if !public {
		return l.fetch(ctx, kind, r.URL)
	}
	return l.seen.Get(ctx, string(kind)+" "+r.URL, otter.LoaderFunc[string, *sight](func(ctx context.Context, _ string) (*sight, error) {
		return l.fetch(context.WithoutCancel(ctx), kind, r.URL) // others wait for it too
	}))
}

func (l *looker) fetch(ctx context.Context, kind lookKind, address string) (*sight, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	timer := time.NewTimer(lookWait)
	defer timer.Stop()
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-timer.C:
		return &sight{reason: string(fetch.Busy)}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	seen := &sight{}
	var err error
	switch kind {
	case lookTable:
		seen.table, err = tabular.Peek(ctx, l.get, address, tabular.Limits{Rows: previewRows, Columns: previewColumns, Cell: previewLetters})
	case lookText:
		seen.text, err = tabular.PeekText(ctx, l.get, address)
	case lookMap:
		seen.features, err = l.features(ctx, address)
	case lookArchive:
		seen.archive, err = tabular.ListZip(ctx, l.get, address)
	case lookImage:
		seen.picture, err = l.picture(ctx, address)
	case lookPDF:
		if seen.pdf, err = l.pdf(ctx, address); seen.pdf == nil && err == nil {
			seen.reason = "no-preview" // it is none
		}
	default:
		seen.reason = "no-preview"
	}
	if err == nil {
		return seen, nil
	}
	return failedLook(err)
}

// failedLook makes a reason of an error that the remote file, or its server, is
// to blame for.
func failedLook(err error) (*sight, error) {
	reason := tabular.Why(err)
	if reason == "" {
		return nil, err
	}
	seen := &sight{reason: reason}
	if why := fetch.Why(err); why != nil {
		seen.status, seen.limit = why.Status, why.Limit
	}
	return seen, nil
}

func (l *looker) features(ctx context.Context, address string) (*mapped, error) {
	found, err := tabular.PeekGeoJSON(ctx, l.get, address)
	if err != nil {
		return nil, err
	}
	m := &mapped{Features: found}
	m.table()
	return m, nil
}

// table lists the properties of the first features.
func (m *mapped) table() {
	var collection struct {
		Features []struct {
			Properties map[string]json.RawMessage
		}
	}
	if json.Unmarshal(m.JSON, &collection) != nil {
		return
	}
	first := collection.Features[:min(len(collection.Features), previewRows)]
	names := make(map[string]bool)
	for _, feature := range first {
		for name := range feature.Properties {
			names[name] = true
		}
	}
	m.columns = slices.Sorted(maps.Keys(names))
	m.columns = m.columns[:min(len(m.columns), previewColumns)]
	for _, feature := range first {
		row := make([]string, len(m.columns))
		for i, name := range m.columns {
			if value := plainValue(feature.Properties[name]); value != "null" {
				row[i] = cutText(value, previewLetters)
			}
		}
		m.rows = append(m.rows, row)
	}
}

// picture fetches a picture and draws it again, without what else it may hold.
func (l *looker) picture(ctx context.Context, address string) (*image.Picture, error) {
	answer, err := l.get.Get(ctx, address, fetch.Request{MaxBytes: image.DefaultBytes, Accept: "image/webp, image/png, image/jpeg, image/gif"})
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }() // it is read, or given up
	var content bytes.Buffer
	if _, err := content.ReadFrom(answer.Body); err != nil {
		return nil, err
	}
	drawn, err := image.Resize(ctx, &content, image.Limits{}, previewPixels, previewPixels)
	if err != nil {
		return nil, &tabular.Trouble{Reason: notPicture, Err: err}
	}
	return drawn, nil
}

// pdfBytes bounds a PDF document that is shown, in bytes.
const pdfBytes = 10_000_000

// pdf fetches a PDF document; nil without an error when it is none.
func (l *looker) pdf(ctx context.Context, address string) ([]byte, error) {
	answer, err := l.get.Get(ctx, address, fetch.Request{MaxBytes: pdfBytes, Accept: "application/pdf"})
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }() // it is read, or given up
	var content bytes.Buffer
	if _, err := content.ReadFrom(answer.Body); err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(content.Bytes(), []byte("%PDF-")) {
		return nil, nil
	}
	return content.Bytes(), nil
}

// notPicture is the reason of a file that is no picture, or a damaged or huge one.
const notPicture tabular.Reason = "not_picture"
