// Package csvlist harvests a list of datasets in a file: a table with a header,
// one line for a dataset or for each of its resources. The CSV exports of this
// catalogue, and of data.gouv.fr, are such tables.
package csvlist

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"grenier/internal/fault"
	"grenier/internal/harvest"
)

// The further settings of sources.
const (
	extraColumns   = "columns"
	extraDelimiter = "delimiter"
	extraEncoding  = "encoding"
)

// Backend reads tables.
type Backend struct{}

// New returns the backend.
func New() Backend { return Backend{} }

// Describe implements harvest.Backend.
func (Backend) Describe() harvest.Description {
	filter := func(key, label, description string) harvest.FilterKind {
		return harvest.FilterKind{Key: key, Label: label, Type: "string", Description: description}
	}
	return harvest.Description{
		ID: "csv", Label: "CSV", Features: []harvest.FeatureKind{},
		Filters: []harvest.FilterKind{
			filter("organization", "Organization", "Name or identifier in the column of the organization"),
			filter("tag", "Tag", "A tag"),
			filter("license", "License", "The license as the file writes it"),
		},
		ExtraConfigs: []harvest.ExtraKind{
			{Key: extraColumns, Label: "Columns", Description: "Names of columns that are not the usual ones, as title=Name of the data; url=Link", Default: ""},
			{Key: extraDelimiter, Label: "Delimiter", Description: "What is between the cells: ; , | or tab; found out by default", Default: ""},
			{Key: extraEncoding, Label: "Encoding", Description: "Encoding of the file, as windows-1252; found out by default", Default: ""},
		},
	}
}

// maxRecord bounds a line of the table, in bytes.
const maxRecord = 64 << 20

// Harvest implements harvest.Backend.
func (Backend) Harvest(ctx context.Context, r harvest.Request, emit func(harvest.Line) error) error {
	if err := emit(harvest.Line{T: harvest.LineStart, Format: "csv"}); err != nil {
		return err
	}
	address := r.Source.URL
	remembered, err := r.Remote.Kept(ctx, address)
	if err != nil {
		return err
	}
	answer, err := r.Remote.Ask(ctx, address, harvest.Want{Accept: "text/csv, text/tab-separated-values, text/plain, */*;q=0.1", Kept: remembered})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.NotModified && remembered != nil {
		for _, record := range remembered.Records {
			if err := emit(harvest.Line{T: harvest.LineUnchanged, RemoteID: record.RemoteID}); err != nil {
				return err
			}
		}
		return emit(harvest.Line{T: harvest.LineEnd, Complete: true})
	}
	in, err := decoded(answer.Body, r.Source.Config.Extra(extraEncoding), answer.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	t := &table{longest: maxRecord, emit: emit, config: r.Source.Config, clean: true, seen: make(map[string]int)}
	if err := t.read(in); err != nil {
		return err
	}
	if t.clean {
		page := harvest.KeptPage{Address: address, ETag: answer.Header.Get("ETag"), LastModified: answer.Header.Get("Last-Modified"), Records: t.records}
		if err := r.Remote.Keep(ctx, page); err != nil {
			return err
		}
	}
	return emit(harvest.Line{T: harvest.LineEnd, Complete: true})
}

// sample is how much of a file is looked at to find out how it is written.
const sample = 64 << 10

// decoded gives the text of a file in UTF-8: by the encoding that the source
// names, the file's byte order mark, or the type of the answer; else UTF-8 where
// it is that, and windows-1252 where not.
func decoded(body io.Reader, named, contentType string) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(body, sample)
	start, err := in.Peek(sample)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if page := bytes.ToLower(bytes.TrimSpace(start[:min(len(start), 200)])); bytes.HasPrefix(page, []byte("<!doctype")) || bytes.HasPrefix(page, []byte("<html")) {
		return nil, fault.New(fault.BadGateway, "The address gave a page of HTML, not a table.")
	}
	fallback := unicode.UTF8
	if !utf8.Valid(whole(start)) {
		fallback = charmap.Windows1252
	}
	if named == "" && fallback != unicode.UTF8 {
		if _, parameters, err := mime.ParseMediaType(contentType); err == nil {
			named = parameters["charset"]
			if strings.EqualFold(named, "utf-8") {
				named = "" // it is not
			}
		}
	} else if named != "" {
		if _, err := htmlindex.Get(named); err != nil {
			return nil, fault.Newf(fault.Invalid, "There is no encoding %q.", named)
		}
	}
	if known, err := htmlindex.Get(named); err == nil {
		fallback = known
	}
	return bufio.NewReaderSize(transform.NewReader(in, unicode.BOMOverride(fallback.NewDecoder())), sample), nil
}

// whole leaves out a character that is cut at the end of a sample.
func whole(start []byte) []byte {
	for back := 1; back < utf8.UTFMax && back <= len(start); back++ {
		if at := len(start) - back; utf8.RuneStart(start[at]) {
			if !utf8.FullRune(start[at:]) {
				return start[:at]
			}
			break
		}
	}
	return start
}

// delimiters are looked for in the header, the likeliest first.
const delimiters = ";,\t|"

// delimiterOf finds what is between the cells of a header.
func delimiterOf(config string, in *bufio.Reader) (rune, error) {
	switch strings.ToLower(strings.TrimSpace(config)) {
	case "":
		start, err := in.Peek(sample / 4)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return 0, err
		}
		header, _, _ := strings.Cut(string(start), "\n")
		found, most := ',', 0
		for _, delimiter := range delimiters {
			if n := strings.Count(header, string(delimiter)); n > most {
				found, most = delimiter, n
			}
		}
		return found, nil
	case "tab", `\t`:
		return '\t', nil
	case ";", ",", "|":
		return rune(config[0]), nil
	}
	return 0, fault.Newf(fault.Invalid, "The delimiter must be ; , | or tab, not %q.", config)
}

// bounded fails when a line is too long.
type bounded struct {
	in   io.Reader
	left int64
}

// errLong is the answer of a reader whose bound is reached.
var errLong = errors.New("a line is too long")

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLong
	}
	n, err := b.in.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// table is the reading of one file.
type table struct {
	longest int64 // of the lines, in bytes
	emit    func(harvest.Line) error
	config  harvest.Config
	columns columns
	now     *group
	seen    map[string]int // the line of the first mention of a dataset, by identifier
	records []harvest.KeptRecord
	clean   bool // no line failed
}

// read tells what the file holds.
func (t *table) read(in *bufio.Reader) error {
	delimiter, err := delimiterOf(t.config.Extra(extraDelimiter), in)
	if err != nil {
		return err
	}
	limit := &bounded{in: in, left: t.longest}
	rows := csv.NewReader(limit)
	rows.Comma, rows.LazyQuotes, rows.FieldsPerRecord, rows.ReuseRecord = delimiter, true, -1, true
	header, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return fault.New(fault.BadGateway, "The file is empty.")
	}
	if err != nil {
		return tell(err)
	}
	if t.columns, err = columnsOf(header, t.config.Extra(extraColumns)); err != nil {
		return err
	}
	for {
		limit.left = t.longest
		cells, err := rows.Read()
		var parse *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return t.flush()
		case errors.As(err, &parse) && !errors.Is(err, errLong):
			t.clean = false
			err = t.emit(harvest.Line{T: harvest.LineError, RemoteID: fmt.Sprintf("line %d", parse.StartLine), Message: "The line cannot be read: " + parse.Err.Error() + "."})
		case err != nil:
			return tell(err)
		default:
			line, _ := rows.FieldPos(0)
			err = t.row(row{t.columns, cells, line})
		}
		if err != nil {
			return err
		}
	}
}

func tell(err error) error {
	if errors.Is(err, errLong) {
		return fault.Wrap(err, fault.BadGateway, fmt.Sprintf("A line of the file is longer than %d MB: is a quotation mark missing?", maxRecord>>20))
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	return fault.Wrap(err, fault.BadGateway, fmt.Sprintf("The file cannot be read to its end: %s.", err))
}

// row takes one line of the file: of the dataset of the line before, or of
// another one.
func (t *table) row(r row) error {
	if r.empty() {
		return nil
	}
	id := r.identifier()
	if t.now != nil && id != "" && id == t.now.id {
		t.now.add(r)
		return nil
	}
	if err := t.flush(); err != nil {
		return err
	}
	if first, ok := t.seen[id]; ok && id != "" {
		t.clean = false
		return t.emit(harvest.Line{T: harvest.LineError, RemoteID: id, Message: fmt.Sprintf(
			"Line %d: the lines of a dataset must follow each other, and this one was on line %d already.", r.line, first)})
	}
	t.seen[id] = r.line
	t.now = newGroup(id, r)
	return nil
}

// flush tells the dataset whose lines have ended.
func (t *table) flush() error {
	g := t.now
	t.now = nil
	if g == nil || g.hidden || !takes(t.config.Filters, g) {
		return nil
	}
	line := g.tell()
	if line.T == harvest.LineDataset && g.id != "" {
		t.records = append(t.records, harvest.KeptRecord{RemoteID: g.id})
	} else {
		t.clean = false
	}
	return t.emit(line)
}

// takes applies the filters of the source: of those of one key that include, one
// must match; of those that exclude, none.
func takes(filters []harvest.Filter, g *group) bool {
	included := make(map[string]bool)
	for _, f := range filters {
		matches := g.has(f.Key, fmt.Sprint(f.Value))
		if f.Exclude() {
			if matches {
				return false
			}
			continue
		}
		included[f.Key] = included[f.Key] || matches
	}
	for _, matched := range included {
		if !matched {
			return false
		}
	}
	return true
}
