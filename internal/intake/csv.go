package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxRecord bounds a row of a CSV file and a line of a JSON file, in bytes.
const maxRecord = 64 << 20

// csvRow is one row of a CSV file.
type csvRow struct {
	// line is where the row starts, counted from 1.
	line  int
	cells []string
}

// lineOf is the line in which a cell starts.
func (r csvRow) lineOf(cell int) int {
	line := r.line
	for _, before := range r.cells[:min(cell, len(r.cells))] {
		line += strings.Count(before, "\n")
	}
	return line
}

// rowError is why a row cannot be read; the next one can.
type rowError struct {
	line, column int
	reason       string
}

func (e *rowError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.line, e.column, e.reason)
}

// csvReader reads rows as RFC 4180 describes them, with any delimiter. Unlike
// encoding/csv it keeps carriage returns inside quoted cells, so that a text
// comes back to the letter, and after a broken row it goes on with the next
// line that starts as the rows of a catalogue do: with an identifier.
type csvReader struct {
	in        io.Reader
	delimiter byte
	// want is how many cells a row must have; 0 takes any number.
	want       int
	buffer     []byte
	start, end int // of what is not read yet
	line       int
	eof        bool
	err        error
	cells      []span
	plain      []byte
}

// span is a cell in the buffer; doubled when it holds doubled quotes.
type span struct {
	from, to int
	doubled  bool
}

const firstBuffer = 256 << 10

func newCSVReader(in io.Reader, delimiter byte) *csvReader {
	return &csvReader{in: in, delimiter: delimiter, buffer: make([]byte, firstBuffer), line: 1}
}

// fill reads until the buffer is full, doubling it when nothing in it can go,
// and tells whether anything came.
func (r *csvReader) fill() bool {
	if r.eof || r.err != nil {
		return false
	}
	copy(r.buffer, r.buffer[r.start:r.end])
	r.end -= r.start
	r.start = 0
	if r.end == len(r.buffer) {
		if len(r.buffer) >= maxRecord {
			return false
		}
		r.buffer = append(r.buffer, make([]byte, len(r.buffer))...)
	}
	n, err := io.ReadFull(r.in, r.buffer[r.end:])
	r.end += n
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		r.eof = true
	case err != nil:
		r.err = err
	}
	return n > 0
}

// errMore asks for more bytes; the row is then scanned again from its start.
var errMore = errors.New("more")

// next returns the next row, a *rowError for a broken one, or io.EOF. Empty
// lines are passed over.
func (r *csvReader) next() (csvRow, error) {
	for {
		if r.start == r.end && !r.fill() {
			if r.err != nil {
				return csvRow{}, r.err
			}
			return csvRow{}, io.EOF
		}
		size, err := r.scan(r.buffer[r.start:r.end], r.eof)
		switch {
		case err == errMore && (r.fill() || r.eof):
			continue
		case err == errMore && r.err != nil:
			return csvRow{}, r.err
		case err == errMore:
			return csvRow{}, r.skip(fmt.Sprintf("the row is longer than %d MB", maxRecord>>20))
		case err != nil:
			return csvRow{}, r.skip(err.Error())
		}
		if row, err, ok := r.take(size); ok {
			return row, err
		}
	}
}

// take leaves the scanned row behind and returns it; false for an empty line.
func (r *csvReader) take(size int) (csvRow, error, bool) {
	raw := r.buffer[r.start : r.start+size]
	empty := len(r.cells) == 1 && r.cells[0].from == r.cells[0].to && r.cells[0].from == 0
	if !empty && r.want > 0 && len(r.cells) != r.want {
		reason := fmt.Sprintf("%d cells instead of %d", len(r.cells), r.want)
		if r.swallowed(raw) {
			return csvRow{}, r.skip(reason), true
		}
		err := &rowError{line: r.line, column: min(len(r.cells), r.want), reason: reason}
		r.leave(raw)
		return csvRow{}, err, true
	}
	row := csvRow{line: r.line}
	if !empty {
		row.cells = r.texts()
	}
	r.leave(raw)
	return row, nil, !empty
}

func (r *csvReader) leave(raw []byte) {
	r.line += bytes.Count(raw, []byte{'\n'})
	r.start += len(raw)
}

var (
	errQuoteAfter = errors.New("a quoted cell goes on after its closing quote: a quote inside is not doubled, or one is missing")
	errOpen       = errors.New("a quoted cell is never closed")
)

// scan finds the cells of the row at the start of text and returns its size
// with the line end. last tells that no more text follows.
func (r *csvReader) scan(text []byte, last bool) (int, error) {
	r.cells = r.cells[:0]
	for at := 0; ; at++ {
		var cell span
		var err error
		if at < len(text) && text[at] == '"' {
			cell, at, err = scanQuoted(text, at+1, last)
		} else {
			cell, at, err = r.scanBare(text, at, last)
		}
		r.cells = append(r.cells, cell)
		if err != nil {
			return 0, err
		}
		if at < len(text) && text[at] == r.delimiter {
			continue
		}
		return lineEnd(text, at, last)
	}
}

// lineEnd returns the size of a row whose last cell ends at a place.
func lineEnd(text []byte, at int, last bool) (int, error) {
	rest := text[at:]
	switch {
	case len(rest) == 0 && last:
		return at, nil
	case len(rest) == 0, len(rest) == 1 && rest[0] == '\r' && !last:
		return 0, errMore
	case rest[0] == '\n', len(rest) == 1 && rest[0] == '\r':
		return at + 1, nil
	case rest[0] == '\r' && rest[1] == '\n':
		return at + 2, nil
	}
	return 0, errQuoteAfter
}

// scanBare reads a cell without quotes, up to what ends it.
func (r *csvReader) scanBare(text []byte, at int, last bool) (span, int, error) {
	cell := span{from: at}
	for at < len(text) && text[at] != r.delimiter && text[at] != '\n' {
		at++
	}
	if at == len(text) && !last {
		return cell, 0, errMore
	}
	cell.to = at
	ends := at == len(text) || text[at] == '\n'
	if ends && cell.to > cell.from && text[cell.to-1] == '\r' {
		cell.to--
	}
	return cell, at, nil
}

// scanQuoted reads a cell from behind its opening quote to behind its closing
// one.
func scanQuoted(text []byte, at int, last bool) (span, int, error) {
	cell := span{from: at}
	for {
		quote := bytes.IndexByte(text[at:], '"')
		if quote < 0 {
			if last {
				return cell, 0, errOpen
			}
			return cell, 0, errMore
		}
		at += quote
		if at+1 == len(text) && !last {
			return cell, 0, errMore
		}
		if at+1 < len(text) && text[at+1] == '"' {
			cell.doubled = true
			at += 2
			continue
		}
		cell.to = at
		return cell, at + 1, nil
	}
}

// texts copies the cells of the scanned row out of the buffer, in one piece.
func (r *csvReader) texts() []string {
	text := r.buffer[r.start:r.end]
	r.plain = r.plain[:0]
	for i, cell := range r.cells {
		from := len(r.plain)
		rest := text[cell.from:cell.to]
		for cell.doubled {
			quote := bytes.IndexByte(rest, '"')
			if quote < 0 {
				break
			}
			r.plain = append(r.plain, rest[:quote+1]...)
			rest = rest[quote+2:]
		}
		r.plain = append(r.plain, rest...)
		r.cells[i] = span{from: from, to: len(r.plain)}
	}
	whole := string(r.plain)
	cells := make([]string, len(r.cells))
	for i, cell := range r.cells {
		cells[i] = whole[cell.from:cell.to]
	}
	return cells
}

// skip leaves a broken row behind, up to the next line that starts as a row,
// and returns why it was left.
func (r *csvReader) skip(reason string) error {
	broken := &rowError{line: r.line, column: max(1, len(r.cells)), reason: reason}
	for {
		cut := bytes.IndexByte(r.buffer[r.start:r.end], '\n')
		if cut < 0 {
			r.start = r.end
			if !r.fill() {
				return broken
			}
			continue
		}
		r.line++
		r.start += cut + 1
		if r.end-r.start < idCell {
			r.fill()
		}
		if r.start == r.end || startsRow(r.buffer[r.start:r.end], r.delimiter) {
			return broken
		}
	}
}

// swallowed tells whether a row of the wrong size holds a line that starts as
// a row of its own: a missing quote has joined them.
func (r *csvReader) swallowed(raw []byte) bool {
	for {
		cut := bytes.IndexByte(raw, '\n')
		if cut < 0 {
			return false
		}
		raw = raw[cut+1:]
		if startsRow(raw, r.delimiter) {
			return true
		}
	}
}

// idCell is the size of a quoted identifier with its delimiter.
const idCell = 24 + 3

// startsRow tells whether text begins with an identifier of 24 hexadecimal
// digits, quoted or not, alone in its cell.
func startsRow(text []byte, delimiter byte) bool {
	quoted := bytes.HasPrefix(text, []byte{'"'})
	if quoted {
		text = text[1:]
	}
	if len(text) < 24+1 {
		return false
	}
	for _, c := range text[:24] {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	if quoted {
		return text[24] == '"' && (len(text) == 25 || text[25] == delimiter)
	}
	return text[24] == delimiter
}
