package dcat

import (
	"bufio"
	"encoding/json"
	"os"

	"grenier/internal/harvest"
)

// Waiting holds services until all pages are read: the first in memory, the rest in
// a temporary file.
type Waiting struct {
	lines []harvest.Line
	file  *os.File
	out   *bufio.Writer
}

// inMemory is how many services wait in memory.
const inMemory = 1000

// waitingLine is a line with what the contract's JSON leaves out.
type waitingLine struct {
	harvest.Line
	Service *harvest.Dataservice `json:"service"`
}

// Add holds a service.
func (q *Waiting) Add(l harvest.Line) error {
	if len(q.lines) < inMemory {
		q.lines = append(q.lines, l)
		return nil
	}
	if q.file == nil {
		file, err := os.CreateTemp("", "grenier-harvest-")
		if err != nil {
			return err
		}
		q.file, q.out = file, bufio.NewWriter(file)
		if err := os.Remove(file.Name()); err != nil {
			return err
		}
	}
	return json.NewEncoder(q.out).Encode(waitingLine{l, l.Dataservice})
}

// Each gives all that waits, in the order in which it came.
func (q *Waiting) Each(fn func(harvest.Line) error) error {
	for _, l := range q.lines {
		if err := fn(l); err != nil {
			return err
		}
	}
	if q.file == nil {
		return nil
	}
	if err := q.out.Flush(); err != nil {
		return err
	}
	if _, err := q.file.Seek(0, 0); err != nil {
		return err
	}
	for in := json.NewDecoder(bufio.NewReader(q.file)); in.More(); {
		var l waitingLine
		if err := in.Decode(&l); err != nil {
			return err
		}
		l.Dataservice = l.Service
		if err := fn(l.Line); err != nil {
			return err
		}
	}
	return nil
}

// Close gives the file back.
func (q *Waiting) Close() {
	if q.file != nil {
		_ = q.file.Close()
	}
}
