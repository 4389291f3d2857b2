package intake

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
)

// input is one file, opened and recognised.
type input struct {
	name string
	kind string
	size int64
	read atomic.Int64
	// source is a path, or contents that the program carries.
	path     string
	contents []byte

	closers []io.Closer
	rows    rowSource
	reader  rowReader
	dump    dump
	header  []string
}

// rawRow is a row before it is understood: the cells of a CSV row, the text of
// a JSON object, or why it could not be read.
type rawRow struct {
	csvRow
	object []byte
	// place is where an object lies in its file, when it has no line.
	place  string
	broken *rowError
}

func (r *rawRow) size() int {
	size := len(r.object)
	for _, cell := range r.cells {
		size += len(cell)
	}
	return size
}

// rowSource gives the rows of a file one by one, then io.EOF.
type rowSource func() (rawRow, error)

// countingReader counts what is read of a file.
type countingReader struct {
	io.Reader
	count *atomic.Int64
}

func (r countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.count.Add(int64(n))
	return n, err
}

// errUnknownForm is why a file is not taken at all.
var errUnknownForm = errors.New("this is none of the files that can be imported: a CSV dump of datasets, resources, organizations, reuses or dataservices (known by its header), API answers one JSON object a line, or apis.json")

// open opens a file and finds out what it is.
func (in *input) open(with reading) error {
	in.read.Store(0)
	var source io.Reader = bytes.NewReader(in.contents)
	in.size = int64(len(in.contents))
	if in.path != "" {
		file, err := os.Open(in.path)
		if err != nil {
			return err
		}
		in.closers = append(in.closers, file)
		info, err := file.Stat()
		if err != nil {
			return err
		}
		source, in.size = file, info.Size()
	}
	plain, err := in.unpack(countingReader{source, &in.read})
	if err != nil {
		return err
	}
	return in.recognise(plain, with)
}

// unpack looks through gzip, known by its first bytes, and drops a byte order
// mark.
func (in *input) unpack(source io.Reader) (*bufio.Reader, error) {
	reader := bufio.NewReaderSize(source, 64<<10)
	if magic, _ := reader.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(reader)
		if err != nil {
			return nil, fmt.Errorf("%s: the compression is broken: %w", in.name, err)
		}
		in.closers = append(in.closers, unpacked)
		reader = bufio.NewReaderSize(unpacked, 64<<10)
	}
	if mark, _ := reader.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		if _, err := reader.Discard(3); err != nil {
			return nil, err
		}
	}
	return reader, nil
}

func (in *input) close() {
	for i := len(in.closers) - 1; i >= 0; i-- {
		in.closers[i].Close()
	}
	in.closers = nil
}

func (in *input) recognise(reader *bufio.Reader, with reading) error {
	start, err := reader.Peek(4 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", in.name, err)
	}
	start = bytes.TrimLeft(start, " \t\r\n")
	if len(start) > 0 && (start[0] == '{' || start[0] == '[') {
		return in.recogniseJSON(reader)
	}
	rows := newCSVReader(reader, delimiterOf(start))
	header, err := rows.next()
	if err != nil {
		return fmt.Errorf("%s: %w", in.name, errUnknownForm)
	}
	var known bool
	if in.dump, known = dumpOf(header.cells); !known {
		return fmt.Errorf("%s: %w", in.name, errUnknownForm)
	}
	rows.want = len(header.cells)
	in.kind, in.header = in.dump.kind, header.cells
	in.rows = func() (rawRow, error) {
		row, err := rows.next()
		var broken *rowError
		if errors.As(err, &broken) {
			return rawRow{csvRow: csvRow{line: broken.line}, broken: broken}, nil
		}
		return rawRow{csvRow: row}, err
	}
	in.reader, err = in.dump.open(header.cells, with)
	return err
}

// recogniseJSON tells one object a line from one document over many lines.
func (in *input) recogniseJSON(reader *bufio.Reader) error {
	first, err := readLine(reader)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", in.name, err)
	}
	trimmed := bytes.TrimSpace(first)
	var keys map[string]json.RawMessage
	whole := json.Unmarshal(trimmed, &keys) == nil
	opens := len(trimmed) > 0 && bytes.IndexByte([]byte("{[,"), trimmed[len(trimmed)-1]) >= 0
	_, facts := keys["apis"]
	if facts || !whole && opens {
		in.kind = kindAPIs
		in.rows = documentRowsOf(io.MultiReader(bytes.NewReader(first), reader))
		return nil
	}
	in.kind = kindObjects
	in.rows = lineRowsOf(first, err, reader)
	return nil
}

// errLongLine is why a JSON line cannot be read.
var errLongLine = fmt.Errorf("the line is longer than %d MB", maxRecord>>20)

// readLine reads one line with its end; one that is too long is read over.
func readLine(reader *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := reader.ReadSlice('\n')
		if len(line)+len(part) > maxRecord {
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = reader.ReadSlice('\n')
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
			return nil, errLongLine
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// lineRowsOf gives one object a line; empty lines are passed over.
func lineRowsOf(first []byte, err error, reader *bufio.Reader) rowSource {
	number := 0
	return func() (rawRow, error) {
		for {
			line := first
			if number > 0 {
				if err != nil {
					return rawRow{}, err
				}
				line, err = readLine(reader)
			}
			number++
			if errors.Is(err, errLongLine) {
				err = nil
				return rawRow{csvRow: csvRow{line: number}, broken: &rowError{line: number, reason: errLongLine.Error()}}, nil
			}
			if trimmed := bytes.TrimSpace(line); len(trimmed) > 0 {
				return rawRow{csvRow: csvRow{line: number}, object: trimmed}, nil
			}
		}
	}
}

// newlines remembers where the lines of a text begin.
type newlines struct {
	io.Reader
	at []int64
	n  int64
}

func (l *newlines) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.at = append(l.at, l.n+int64(i))
		}
	}
	l.n += int64(n)
	return n, err
}

// lineAt is the line of a place in the text, and forgets the lines before it.
func (l *newlines) lineAt(offset int64, passed *int) int {
	for len(l.at) > 0 && l.at[0] < offset {
		l.at = l.at[1:]
		*passed++
	}
	return *passed + 1
}

// documentRowsOf gives the objects of the list "apis" of one JSON document.
func documentRowsOf(source io.Reader) rowSource {
	lines := &newlines{Reader: source}
	decoder := json.NewDecoder(lines)
	passed, place := 0, 0
	begun := false
	fail := func(err error) (rawRow, error) {
		line := lines.lineAt(decoder.InputOffset(), &passed)
		decoder = nil
		return rawRow{csvRow: csvRow{line: line}, broken: &rowError{line: line, reason: "the JSON is broken from here on: " + err.Error()}}, nil
	}
	return func() (rawRow, error) {
		if decoder == nil {
			return rawRow{}, io.EOF
		}
		if !begun {
			if err := seekList(decoder, "apis"); err != nil {
				return fail(err)
			}
			begun = true
		}
		if !decoder.More() {
			return rawRow{}, io.EOF
		}
		var object json.RawMessage
		if err := decoder.Decode(&object); err != nil {
			return fail(err)
		}
		line := lines.lineAt(decoder.InputOffset()-int64(len(object))+1, &passed)
		place++
		return rawRow{csvRow: csvRow{line: line}, object: object, place: fmt.Sprintf("apis[%d]", place-1)}, nil
	}
}

// seekList reads up to the first element of the list that a key of the outer
// object holds.
func seekList(decoder *json.Decoder, key string) error {
	opening, err := decoder.Token()
	if err != nil {
		return err
	}
	if opening != json.Delim('{') {
		return fmt.Errorf("an object with the key %q was expected", key)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		if name == key {
			opening, err := decoder.Token()
			if err == nil && opening != json.Delim('[') {
				err = fmt.Errorf("%q is not a list", key)
			}
			return err
		}
		var skipped json.RawMessage
		if err := decoder.Decode(&skipped); err != nil {
			return err
		}
	}
	return fmt.Errorf("there is no key %q", key)
}

// namedInputs are the files of an import.
func namedInputs(files []string) []*input {
	inputs := make([]*input, len(files))
	for i, file := range files {
		inputs[i] = &input{name: filepath.Base(file), path: file}
	}
	return inputs
}
