package dump

import (
	"context"
	"io"
)

// pipe carries batches of lines from who reads the database to who writes to
// the client, so that both work at once. Two buffers go round: a reader that is
// ahead waits, holding nothing but its buffer.
type pipe struct {
	full, free chan []byte
	err        error
	lines      cells
	begun      bool // something was sent
}

// Rows are read in batches of firstBatch at the start, so that the first byte
// leaves early, then of batchRows; a batch also ends at batchBytes. Where the
// catalogue chooses what is read, it gives scopeRows identifiers at a time.
const (
	firstBatch = 32
	batchRows  = 1000
	scopeRows  = 500
	batchBytes = 2 << 20
)

func newPipe() *pipe {
	p := &pipe{full: make(chan []byte), free: make(chan []byte, 2)}
	p.free <- nil
	p.free <- nil
	p.lines.buf = <-p.free
	return p
}

func (p *pipe) header(names []string) {
	for i, name := range names {
		p.lines.next(i)
		p.lines.text(name)
	}
	p.lines.end()
}

// send hands the lines gathered so far to the writer and goes on with an empty
// buffer.
func (p *pipe) send(ctx context.Context) error {
	select {
	case p.full <- p.lines.buf:
		p.begun = true
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case buf := <-p.free:
		p.lines.buf = buf[:0]
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close ends the lines; err is why they end too early, if they do.
func (p *pipe) close(err error) {
	if err == nil && len(p.lines.buf) > 0 {
		p.full <- p.lines.buf
	}
	p.err = err
	close(p.full)
}

// drain writes what comes until the end. When the writer fails, stop is called
// and the reader's end waited for.
func (p *pipe) drain(w io.Writer, stop func()) error {
	var failed error
	for buf := range p.full {
		if failed == nil {
			if _, failed = w.Write(buf); failed != nil {
				stop()
			}
		}
		p.free <- buf
	}
	if failed != nil {
		return failed
	}
	return p.err
}
