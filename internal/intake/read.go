package intake

import (
	"context"
	"errors"
	"io"
	"strconv"
	"sync"
)

// Bounds of what is on its way between reading and writing.
const (
	// chunkRows is how many rows one transaction writes.
	chunkRows = 500
	// chunkBytes ends a chunk of long rows early.
	chunkBytes = 4 << 20
	// chunksAhead is how many chunks are read or understood ahead of the
	// one that is written.
	chunksAhead = 3
	parsers     = 2
)

// chunk is some rows of a file on their way: raw, then understood.
type chunk struct {
	raw      []rawRow
	rows     []said
	refusals []Refusal
	done     chan struct{}
}

// readChunks reads a file and understands its rows on several processors, and
// calls fn with the chunks in their order. Memory is bounded by chunksAhead.
func (in *input) readChunks(ctx context.Context, with reading, fn func(*chunk) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ordered, work := make(chan *chunk, chunksAhead), make(chan *chunk, chunksAhead)
	var failure error
	var running sync.WaitGroup
	running.Go(func() {
		defer close(ordered)
		defer close(work)
		failure = in.cut(ctx, ordered, work)
	})
	for range parsers {
		running.Go(func() {
			for c := range work {
				in.understand(c, with)
				close(c.done)
			}
		})
	}
	var err error
	for c := range ordered {
		if err != nil {
			continue
		}
		<-c.done
		if err = ctx.Err(); err == nil {
			err = fn(c)
		}
		if err != nil {
			cancel()
		}
	}
	running.Wait()
	if err == nil {
		err = failure
	}
	return err
}

// cut reads the rows of a file into chunks.
func (in *input) cut(ctx context.Context, ordered, work chan<- *chunk) error {
	send := func(c *chunk) error {
		for _, to := range []chan<- *chunk{work, ordered} {
			select {
			case to <- c:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}
	c, size := &chunk{done: make(chan struct{})}, 0
	for {
		row, err := in.rows()
		if errors.Is(err, io.EOF) {
			return send(c)
		}
		if err != nil {
			return err
		}
		c.raw = append(c.raw, row)
		if size += row.size(); len(c.raw) >= chunkRows || size >= chunkBytes {
			if err := send(c); err != nil {
				return err
			}
			c, size = &chunk{done: make(chan struct{})}, 0
		}
	}
}

// understand reads what the rows of a chunk say.
func (in *input) understand(c *chunk, with reading) {
	for i := range c.raw {
		row := &c.raw[i]
		if row.broken != nil {
			column := ""
			if row.broken.column > 0 {
				column = strconv.Itoa(row.broken.column)
			}
			c.refusals = append(c.refusals, Refusal{File: in.name, Line: row.broken.line, Column: column, Reason: row.broken.reason})
			continue
		}
		said, err := in.say(row, with)
		if err == nil {
			said.line = row.line
			c.rows = append(c.rows, said)
			continue
		}
		refusal := Refusal{File: in.name, Line: row.line, Reason: err.Error()}
		var cell *cellError
		if errors.As(err, &cell) {
			refusal.Column, refusal.Reason = row.place+cell.column, cell.reason
			if row.place != "" && cell.column != "" {
				refusal.Column = row.place + "." + cell.column
			}
			if cell.cell >= 0 {
				refusal.Line = row.lineOf(cell.cell)
			}
		}
		c.refusals = append(c.refusals, refusal)
	}
}

// say reads what one row says.
func (in *input) say(row *rawRow, with reading) (said, error) {
	if row.object == nil {
		return in.reader.read(row.cells)
	}
	o, err := parseObject(row.object)
	if err != nil {
		return said{}, err
	}
	hash := hashOf(string(row.object))
	if in.kind == kindAPIs {
		return readAPI(o, hash, with)
	}
	read := readerOf(o)
	if read == nil {
		return said{}, &cellError{cell: -1, reason: "the object is no dataset, organization, reuse, dataservice, topic or post"}
	}
	return read(o, hash, with)
}

// readerOf finds out what an API answer is about, by the keys that no other
// kind has.
func readerOf(o *object) func(*object, uint64, reading) (said, error) {
	any := func(keys ...string) bool {
		for _, key := range keys {
			if o.has(key) {
				return true
			}
		}
		return false
	}
	switch {
	case any("base_api_url", "machine_documentation_url", "metadata_modified_at"):
		return readDataservice
	case any("title") && any("frequency", "resources", "temporal_coverage", "harvest"):
		return readDataset
	case any("title") && any("topic", "datasets") && any("url"):
		return readReuse
	case any("name") && any("headline", "body_type", "credit_to"):
		return readPost
	case any("name") && any("elements", "color"):
		return readTopic
	case any("name") && any("members", "acronym", "badges", "business_number_id"):
		return readOrganization
	}
	return nil
}
