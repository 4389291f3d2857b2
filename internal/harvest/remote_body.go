package harvest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
)

// inMemory is how much of a body is kept in memory; the rest goes to a temporary
// file.
const inMemory = 1 << 20

// counted counts the bytes of a body.
type counted struct {
	io.ReadCloser
	bytes *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

// direct gives the host's turn back at the end of a body.
type direct struct {
	io.ReadCloser
	done func()
	once sync.Once
}

func (d *direct) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	if err != nil {
		d.once.Do(d.done)
	}
	return n, err
}

func (d *direct) Close() error {
	err := d.ReadCloser.Close()
	d.once.Do(d.done)
	return err
}

// kept is a body that was read whole, or as far as it came: then end is why it
// broke off.
type kept struct {
	head []byte
	tail *spoolFile // nil when all is in the head
	size int64
	end  error
	in   io.Reader
}

// spoolFile is closed by the last of those who read it.
type spoolFile struct {
	*os.File
	readers atomic.Int32
}

// spool reads a body to its end. Where it breaks off, both what came and the error
// are returned.
func spool(body io.Reader) (*kept, error) {
	var head bytes.Buffer
	_, err := io.CopyN(&head, body, inMemory)
	k := &kept{head: head.Bytes(), size: int64(head.Len())}
	if err == nil {
		err = k.spill(body)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	k.end = err
	k.rewind()
	return k, err
}

// spill keeps the rest of a body in a file that has no name any more.
func (k *kept) spill(body io.Reader) error {
	file, err := os.CreateTemp("", "grenier-harvest-")
	if err != nil {
		return err
	}
	k.tail = &spoolFile{File: file}
	k.tail.readers.Store(1)
	if err := os.Remove(file.Name()); err != nil {
		return err
	}
	n, err := io.Copy(file, body)
	k.size += n
	return err
}

// share gives the same body to another reader, who closes it too.
func (k *kept) share() *kept {
	if k.tail != nil {
		k.tail.readers.Add(1)
	}
	other := &kept{head: k.head, tail: k.tail, size: k.size, end: k.end}
	other.rewind()
	return other
}

func (k *kept) rewind() {
	k.in = bytes.NewReader(k.head)
	if k.tail != nil {
		k.in = io.MultiReader(k.in, io.NewSectionReader(k.tail, 0, 1<<62))
	}
}

// Read gives the body, and at the end of what came why it is not the whole.
func (k *kept) Read(p []byte) (int, error) {
	n, err := k.in.Read(p)
	if err == io.EOF && k.end != nil {
		err = k.end
	}
	return n, err
}

// Seek goes back to the beginning, and nowhere else.
func (k *kept) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekStart {
		return 0, errors.ErrUnsupported
	}
	k.rewind()
	return 0, nil
}

func (k *kept) Close() error {
	tail := k.tail
	if k.tail = nil; tail == nil || tail.readers.Add(-1) > 0 {
		return nil
	}
	return tail.Close()
}
