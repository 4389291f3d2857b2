package tabular

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/transform"

	"grenier/internal/fault"
)

// Bounds of a slice: bytes of the table that are read, bytes of one row, rows
// that are given.
const (
	sliceBytes = 4 << 30
	sliceRow   = 1 << 20
	sliceRows  = 200_000
)

// Slice reads a delimited text, compressed by gzip or not, row by row and hands
// on the names of its columns, then the rows whose column holds one of the
// values: capitals, blanks around and zeros in front aside. It stops at the
// first error of put. A table without the column is NotFound; what is no
// table is told as by Peek. Memory is bounded by one row.
func Slice(ctx context.Context, in io.Reader, column string, values []string, put func(row []string) error) error {
	text, comma, err := opened(in)
	if err != nil {
		return err
	}
	leashed := &leash{in: text, most: sliceRow}
	rows := csv.NewReader(leashed)
	rows.Comma, rows.LazyQuotes, rows.FieldsPerRecord, rows.ReuseRecord = comma, true, -1, true
	head, err := rows.Read()
	if err != nil {
		return trouble(NotTable, err)
	}
	at := slices.IndexFunc(head, func(name string) bool { return strings.EqualFold(strings.TrimSpace(name), column) })
	if at < 0 {
		return fault.New(fault.NotFound, "The table has no column named "+column+".")
	}
	wanted := make(map[string]bool, len(values))
	for _, value := range values {
		wanted[sliceKey(value)] = true
	}
	if err := put(head); err != nil {
		return err
	}
	for given := 0; given < sliceRows; {
		if err := ctx.Err(); err != nil {
			return err
		}
		leashed.most = rows.InputOffset() + sliceRow
		row, err := rows.Read()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return trouble(NotTable, err)
		case at >= len(row) || !wanted[sliceKey(row[at])]:
			continue
		}
		given++
		if err := put(row); err != nil {
			return err
		}
	}
	return nil
}

// sliceKey is what values are compared by: spreadsheets take the zeros in front
// of codes away.
func sliceKey(value string) string {
	return strings.TrimLeft(strings.ToUpper(strings.TrimSpace(value)), "0")
}

// opened is the text of a table as UTF-8, with what parts its cells.
func opened(in io.Reader) (io.Reader, rune, error) {
	raw := bufio.NewReaderSize(in, enoughBytes)
	if mark, _ := raw.Peek(2); bytes.Equal(mark, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(raw)
		if err != nil {
			return nil, 0, trouble(Archive, err)
		}
		raw = bufio.NewReaderSize(unpacked, enoughBytes)
	}
	sample, err := raw.Peek(enoughBytes)
	if err != nil && err != io.EOF {
		return nil, 0, err
	}
	whole := err == io.EOF
	if reason := notText(sample); reason != "" {
		return nil, 0, trouble(reason, nil)
	}
	head, encoding := decode(sample, whole)
	if reason := notTable(head); reason != "" {
		return nil, 0, trouble(reason, nil)
	}
	comma := rune(',')
	if d := sniff(head); d.delimiter != 0 {
		comma = rune(d.delimiter)
	}
	text := io.Reader(io.LimitReader(raw, sliceBytes))
	for _, one := range singleBytes {
		if one.name == encoding {
			return transform.NewReader(text, one.table.NewDecoder()), comma, nil
		}
	}
	if encoding != "utf-8" {
		return nil, 0, trouble(Binary, nil)
	}
	if bytes.HasPrefix(sample, []byte{0xef, 0xbb, 0xbf}) {
		if _, err := raw.Discard(3); err != nil {
			return nil, 0, err
		}
	}
	return text, comma, nil
}

// errLongRow tells of a row beyond sense: a quotation mark that nothing closes.
var errLongRow = errors.New("a row is too long")

// leash lets a reader come so far and no further: most moves on with the rows.
type leash struct {
	in         io.Reader
	read, most int64
}

// Read implements io.Reader.
func (l *leash) Read(into []byte) (int, error) {
	if l.read > l.most {
		return 0, errLongRow
	}
	n, err := l.in.Read(into)
	l.read += int64(n)
	return n, err
}
