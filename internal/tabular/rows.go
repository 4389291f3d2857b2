package tabular

import (
	"strings"
)

// rows reads a delimited text row by row, as RFC 4180 describes it and as it is written all the same:
// a quote inside a quoted cell that is not doubled stays a quote, also after a backslash; a quoted
// cell that never ends is no quoted cell.
type rows struct {
	text      string
	delimiter byte // 0: one column
	at        int
	// open says that the last row was still going on where the text ends.
	open bool
	// unclosed counts quotes that never end: after some, no quote is tried any more. lost is where
	// the last of them stands.
	unclosed, lost int
}

// maxUnclosed bounds how often the end of a quoted cell is looked for in vain.
const maxUnclosed = 8

// maxQuoted bounds a quoted cell in bytes: beyond, its quote is taken as one that never ends.
const maxQuoted = 256 << 10

// next gives the cells of the next row; a blank line is one empty cell.
func (r *rows) next() ([]string, bool) {
	if r.at >= len(r.text) {
		return nil, false
	}
	var cells []string
	for {
		cell, more := r.cell()
		cells = append(cells, cell)
		if !more {
			return cells, true
		}
	}
}

// cell reads one cell and what ends it; more says that another one follows in the row.
func (r *rows) cell() (cell string, more bool) {
	start := r.at
	for start < len(r.text) && r.text[start] == ' ' {
		start++
	}
	if start < len(r.text) && r.text[start] == '"' && r.unclosed < maxUnclosed {
		if cell, end, ok := r.quoted(start + 1); ok {
			r.at = end
			return cell, r.end()
		}
		r.unclosed++
		r.lost = start
	}
	from := r.at
	for r.at < len(r.text) && r.text[r.at] != '\n' && (r.delimiter == 0 || r.text[r.at] != r.delimiter) {
		r.at++
	}
	return strings.TrimSuffix(r.text[from:r.at], "\r"), r.end()
}

// end steps over what ends a cell.
func (r *rows) end() (more bool) {
	if r.at >= len(r.text) {
		r.open = true
		return false
	}
	more = r.text[r.at] != '\n'
	r.at++
	return more
}

// quoted reads a quoted cell whose opening quote stands before from. end is where the cell ends.
func (r *rows) quoted(from int) (cell string, end int, ok bool) {
	var b strings.Builder
	for i := from; i < len(r.text) && i-from < maxQuoted; i++ {
		if r.text[i] != '"' {
			continue
		}
		if i+1 < len(r.text) && r.text[i+1] == '"' {
			b.WriteString(r.text[from : i+1])
			i++
			from = i + 1
			continue
		}
		if after, closes := r.closing(i + 1); closes {
			b.WriteString(r.text[from:i])
			return b.String(), after, true
		}
		b.WriteString(strings.TrimSuffix(r.text[from:i], `\`))
		from = i
	}
	return "", 0, false
}

// closing tells whether a quote before at closes its cell: blanks aside, the delimiter, the end of
// the line or of the text follows.
func (r *rows) closing(at int) (end int, ok bool) {
	for at < len(r.text) && r.text[at] == ' ' {
		at++
	}
	switch {
	case at >= len(r.text), r.text[at] == '\n':
		return at, true
	case r.delimiter != 0 && r.text[at] == r.delimiter:
		return at, true
	case r.text[at] == '\r' && (at+1 == len(r.text) || r.text[at+1] == '\n'):
		return min(at+1, len(r.text)), true
	}
	return 0, false
}
