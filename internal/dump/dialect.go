package dump

import (
	"strconv"
	"strings"

	"grenier/internal/db"
)

// The dialect of the files: UTF-8 without a mark, cells separated by
// semicolons, lines ended by CR LF. Text, dates and empty cells are quoted;
// numbers, True and False are not. Moments are ISO 8601 in UTC without an
// offset, with microseconds only when there are some.

// dialectVersion changes when cells of unchanged rows would look different.
const dialectVersion = 1

// cells writes lines of cells into a buffer.
type cells struct{ buf []byte }

// column is one column of a kind of dump: its name and how it is written.
type column[R any] struct {
	name  string
	write func(*cells, *R)
}

func namesOf[R any](columns []column[R]) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

func writeLine[R any](c *cells, columns []column[R], row *R) {
	for i := range columns {
		c.next(i)
		columns[i].write(c, row)
	}
	c.end()
}

// next begins the cell at a place in the line.
func (c *cells) next(place int) {
	if place > 0 {
		c.buf = append(c.buf, ';')
	}
}

func (c *cells) end() { c.buf = append(c.buf, '\r', '\n') }

// empty is the cell of what is unknown.
func (c *cells) empty() { c.buf = append(c.buf, '"', '"') }

func (c *cells) text(s string) {
	c.buf = append(c.buf, '"')
	c.inner(s)
	c.buf = append(c.buf, '"')
}

// inner appends a part of a quoted cell.
func (c *cells) inner(s string) {
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			c.buf = append(c.buf, s...)
			return
		}
		c.buf = append(c.buf, s[:i+1]...)
		c.buf = append(c.buf, '"')
		s = s[i+1:]
	}
}

// joined is text put together of parts.
func (c *cells) joined(parts ...string) {
	c.buf = append(c.buf, '"')
	for _, part := range parts {
		c.inner(part)
	}
	c.buf = append(c.buf, '"')
}

func (c *cells) integer(n int64) { c.buf = strconv.AppendInt(c.buf, n, 10) }

// number is an integer that may be unknown.
func (c *cells) number(n number) {
	if !n.known {
		c.empty()
		return
	}
	c.integer(n.value)
}

// decimal is a number that always shows a fraction: 99.0.
func (c *cells) decimal(f decimal) {
	if !f.known {
		c.empty()
		return
	}
	from := len(c.buf)
	c.buf = strconv.AppendFloat(c.buf, f.value, 'f', -1, 64)
	if strings.IndexByte(string(c.buf[from:]), '.') < 0 {
		c.buf = append(c.buf, ".0"...)
	}
}

func (c *cells) boolean(b bool) {
	if b {
		c.buf = append(c.buf, "True"...)
		return
	}
	c.buf = append(c.buf, "False"...)
}

// truth is True or False that may be unknown.
func (c *cells) truth(t truth) {
	if !t.known {
		c.empty()
		return
	}
	c.boolean(t.value)
}

func (c *cells) moment(t db.Time) {
	if t.IsZero() {
		c.empty()
		return
	}
	c.buf = append(c.buf, '"')
	c.buf = t.UTC().AppendFormat(c.buf, "2006-01-02T15:04:05")
	if micros := t.Nanosecond() / 1000; micros > 0 {
		c.buf = append(c.buf, ".000000"...)
		for at := len(c.buf) - 1; micros > 0; at, micros = at-1, micros/10 {
			c.buf[at] = '0' + byte(micros%10)
		}
	}
	c.buf = append(c.buf, '"')
}

// since is the moment of a state, or False while it is not so.
func (c *cells) since(t db.Time) {
	if t.IsZero() {
		c.boolean(false)
		return
	}
	c.moment(t)
}

// months is a JSON object of counts in the form {'2025-01': 0, '2025-02': 3},
// or the number 0 when they were never computed.
func (c *cells) months(object string) {
	if object == "" {
		c.integer(0)
		return
	}
	c.buf = append(c.buf, '"')
	for i := range len(object) {
		switch b := object[i]; b {
		case '"':
			c.buf = append(c.buf, '\'')
		case ' ', '\n', '\t', '\r':
		case ':', ',':
			c.buf = append(c.buf, b, ' ')
		default:
			c.buf = append(c.buf, b)
		}
	}
	c.buf = append(c.buf, '"')
}
