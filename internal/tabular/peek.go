package tabular

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a look at a table. Zero values are the defaults.
type Limits struct {
	Bytes   int64 // read of the file, and again of what it unpacks to; 1 MiB
	Rows    int   // given back; 50
	Columns int   // given back; 200
	Cell    int   // letters of a cell and of a name; 300
}

func (l Limits) filled() Limits {
	l.Bytes = or(l.Bytes, 1<<20)
	l.Rows, l.Columns, l.Cell = or(l.Rows, 50), or(l.Columns, 200), or(l.Cell, 300)
	return l
}

func or[T int | int64](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}

// Column is a column of a table. Name is empty where the file gives none.
type Column struct {
	Name string
	Kind Kind
}

// Table is the beginning of a delimited text.
type Table struct {
	Columns []Column
	// MoreColumns is how many columns beyond the limit are left out.
	MoreColumns int
	// Rows have a cell for each of Columns; cells beyond the limit of letters end with "…".
	Rows [][]string
	// Read is how many rows were in the part that was read; they tell the kinds of columns.
	Read int
	// Whole says that the end of the file was reached, so that Read is the number of its rows.
	Whole bool
	// Uneven is how many of the rows read have more or fewer cells than the table has columns.
	Uneven int
	// Header says that the file names its columns; Skipped is how many rows stood before.
	Header  bool
	Skipped int
	// Encoding is the IANA name; Delimiter is "" for a single column.
	Encoding, Delimiter string
	// Gzip says that the file is compressed.
	Gzip bool
	// Size is that of the remote file in bytes, -1 when unknown; URL is the address that answered.
	Size int64
	URL  string
}

// Peek reads the first rows of a remote CSV in passing: its beginning alone, for a few seconds at
// most. Its errors are faults; Why tells the reason.
func Peek(ctx context.Context, get Getter, url string, l Limits) (*Table, error) {
	l = l.filled()
	p, err := begin(ctx, get, url, l.Bytes)
	if err != nil {
		return nil, err
	}
	t, err := parse(p.data, p.whole, l)
	if err != nil {
		return nil, err
	}
	t.Gzip, t.Size, t.URL = p.gzip, p.size, p.url
	return t, nil
}

// parse makes a table of the beginning of a file.
func parse(data []byte, whole bool, l Limits) (*Table, error) {
	if reason := notText(data); reason != "" {
		return nil, trouble(reason, nil)
	}
	text, encoding := decode(data, whole)
	if reason := notTable(text); reason != "" {
		return nil, trouble(reason, nil)
	}
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	d := sniff(text)
	if d.width <= 2 {
		if inner, innerDialect, ok := unwrapped(text); ok {
			text, d = inner, innerDialect
		}
	}
	all := read(text, d, whole)
	skipped := preamble(all, d.width)
	all = filled(all[skipped:])
	if len(all) == 0 {
		return nil, trouble(NotTable, nil)
	}
	t := build(all, d, l)
	t.Whole, t.Encoding, t.Skipped = whole, encoding, skipped
	if d.delimiter != 0 {
		t.Delimiter = string(rune(d.delimiter))
	}
	return t, nil
}

// read gives all rows. The last one of a part that is not whole may be cut, also within a quoted cell
// of several lines, so it is left out.
func read(text string, d dialect, whole bool) [][]string {
	r := rows{text: text, delimiter: d.delimiter}
	var all [][]string
	for {
		before := r.unclosed
		cells, ok := r.next()
		if !ok {
			break
		}
		if !whole && r.unclosed > before && len(text)-r.lost < maxQuoted && len(all) > 1 {
			return all
		}
		all = append(all, cells)
	}
	if !whole && r.open && len(all) > 1 {
		all = all[:len(all)-1]
	}
	return all
}

// filled leaves out rows without any value.
func filled(table [][]string) [][]string {
	kept := make([][]string, 0, len(table))
	for _, row := range table {
		for _, cell := range row {
			if strings.TrimSpace(cell) != "" {
				kept = append(kept, row)
				break
			}
		}
	}
	return kept
}

// unwrapped undoes what some spreadsheets do: each line of the file as one quoted cell.
func unwrapped(text string) (string, dialect, bool) {
	if !strings.HasPrefix(text, `"`) {
		return "", dialect{}, false
	}
	var b strings.Builder
	lines, wrapped := 0, 0
	for line := range strings.Lines(text) {
		lines++
		line = strings.TrimRight(line, ",;\t| \r\n")
		if len(line) > 1 && line[0] == '"' && line[len(line)-1] == '"' {
			wrapped++
			line = strings.ReplaceAll(line[1:len(line)-1], `""`, `"`)
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	d := sniff(b.String())
	return b.String(), d, wrapped*2 > lines && d.width > 2
}

// build makes the table of its rows, the header among them.
func build(all [][]string, d dialect, l Limits) *Table {
	// Delimiters at the end of every line make columns that are none.
	width := min(max(d.width, len(all[0])), lastUsed(all))
	t := &Table{}
	kinds := columnKinds(all[1:], width)
	t.Header = hasHeader(all[0], kinds)
	values := all
	if t.Header {
		values = all[1:]
	} else {
		kinds = columnKinds(all, width)
	}
	shown := min(width, l.Columns)
	t.MoreColumns = width - shown
	t.Columns = make([]Column, shown)
	for i := range t.Columns {
		t.Columns[i].Kind = kinds[i]
		if t.Header && i < len(all[0]) {
			t.Columns[i].Name = cut(strings.TrimSpace(all[0][i]), l.Cell)
		}
	}
	t.Read = len(values)
	for i, row := range values {
		if len(row) != len(all[0]) {
			t.Uneven++
		}
		if i < l.Rows {
			t.Rows = append(t.Rows, shape(row, shown, l.Cell))
		}
	}
	return t
}

// lastUsed is how many columns there are up to the last that has a value in any row.
func lastUsed(table [][]string) int {
	last := 1
	for _, row := range table {
		for i := len(row) - 1; i >= last; i-- {
			if strings.TrimSpace(row[i]) != "" {
				last = i + 1
			}
		}
	}
	return last
}

// shape gives a row so many cells.
func shape(row []string, width, letters int) []string {
	cells := make([]string, width)
	for i := range min(width, len(row)) {
		cells[i] = cut(strings.TrimSpace(row[i]), letters)
	}
	return cells
}

// cut shortens a text to so many letters, the last being "…".
func cut(s string, letters int) string {
	if len(s) <= letters || utf8.RuneCountInString(s) <= letters {
		return strings.Clone(s)
	}
	at := 0
	for range letters - 1 {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return s[:at] + "…"
}

// notText tells why bytes are no text; "" when they may be one.
func notText(data []byte) Reason {
	if len(data) == 0 {
		return Empty
	}
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("PK\x05\x06")):
		if office(data) {
			return Workbook
		}
		return Archive
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")): // compound file: .xls and its like
		return Workbook
	case bytes.HasPrefix(data, []byte("\x1f\x8b")), bytes.HasPrefix(data, []byte("7z\xbc\xaf\x27\x1c")),
		bytes.HasPrefix(data, []byte("Rar!\x1a\x07")), bytes.HasPrefix(data, []byte("BZh")) && len(data) > 10 && data[4] == '1' && data[5] == 'A',
		bytes.HasPrefix(data, []byte("\xfd7zXZ\x00")), bytes.HasPrefix(data, []byte("\x28\xb5\x2f\xfd")):
		return Archive
	}
	if _, name := wide(data); name != "" {
		return ""
	}
	if bytes.IndexByte(data, 0) >= 0 || bytes.HasPrefix(data, []byte("%PDF-")) {
		return Binary
	}
	controls := 0
	sample := data[:min(len(data), 4096)]
	for _, b := range sample {
		if b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\f' && b != 0x1a {
			controls++
		}
	}
	if controls*20 > len(sample) {
		return Binary
	}
	switch kind, _, _ := strings.Cut(http.DetectContentType(data), "/"); kind {
	case "image", "audio", "video", "font":
		return Binary
	}
	return ""
}

// office tells a workbook or another office document by the names at the beginning of its archive.
func office(data []byte) bool {
	head := data[:min(len(data), 4096)]
	for _, name := range []string{"[Content_Types].xml", "xl/", "_rels/.rels", "mimetypeapplication/vnd.oasis.opendocument", "docProps/"} {
		if bytes.Contains(head, []byte(name)) {
			return true
		}
	}
	return false
}

// notTable tells why a text is something else than a delimited one; "" when it may be one.
func notTable(text string) Reason {
	begin := strings.TrimLeftFunc(text[:min(len(text), 4096)], func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
	if begin == "" {
		if strings.TrimSpace(text) == "" {
			return Empty
		}
		return NotTable
	}
	switch kindOfText(begin) {
	case "html":
		return HTML
	case "xml":
		return XML
	case "json":
		return JSON
	}
	return ""
}

// kindOfText tells html, xml and json from other text by how it begins.
func kindOfText(begin string) string {
	lower := strings.ToLower(begin[:min(len(begin), 1024)])
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<body", "<script", "<title", "<meta "} {
		if strings.HasPrefix(lower, tag) {
			return "html"
		}
	}
	switch {
	case strings.HasPrefix(lower, "<?xml"), strings.HasPrefix(lower, "<!--"):
		if strings.Contains(lower, "<html") {
			return "html"
		}
		return "xml"
	case len(lower) > 1 && lower[0] == '<' && (lower[1] == '!' || 'a' <= lower[1] && lower[1] <= 'z') && strings.Contains(lower, ">"):
		return "xml"
	}
	if lower[0] == '{' || lower[0] == '[' {
		next := strings.TrimLeft(lower[1:], " \t\r\n")
		if next != "" && strings.ContainsRune(`"{[}]`, rune(next[0])) || lower[0] == '[' && next != "" && (digit(next[0]) || next[0] == '-') {
			return "json"
		}
	}
	return "text"
}
