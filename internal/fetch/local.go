package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Local gives the files that this program keeps itself, which are read without a
// request. Whether the caller may is judged before.
type Local interface {
	// Local tells whether an address is that of a file kept here.
	Local(address string) bool
	// OpenLocal gives its size and media type, and what reads it from an offset
	// on (to its end when length is negative). The error is a fault.
	OpenLocal(ctx context.Context, address string) (LocalFile, error)
}

// LocalFile is a file kept here.
type LocalFile struct {
	Size int64
	Type string
	Read func(ctx context.Context, offset, length int64) (io.ReadCloser, error)
}

// local answers a request for a file kept here as its server would.
func (c *Client) local(ctx context.Context, address string, r Request) (*Response, error) {
	file, err := c.kept.OpenLocal(ctx, address)
	if err != nil {
		return nil, (&Failure{Reason: Status, Status: http.StatusNotFound, Err: err}).fault()
	}
	resp := &Response{Status: http.StatusOK, URL: address, Size: file.Size, Header: http.Header{"Content-Type": {file.Type}}}
	first := int64(0)
	if r.Range != nil && file.Size > 0 {
		last := min(r.Range.Last, file.Size-1)
		if first = r.Range.First; first < 0 {
			first, last = max(0, file.Size-r.Range.Last), file.Size-1
		}
		if first > last {
			return nil, (&Failure{Reason: Status, Status: http.StatusRequestedRangeNotSatisfiable}).fault()
		}
		resp.Status, resp.Size = http.StatusPartialContent, last-first+1
		resp.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, file.Size))
	}
	if resp.Size > r.MaxBytes && !r.Cut {
		return nil, (&Failure{Reason: TooBig, Limit: r.MaxBytes}).fault()
	}
	length := min(resp.Size, r.MaxBytes)
	ctx, cancel := context.WithTimeoutCause(ctx, or(r.Timeout, DefaultTimeout), errWhole)
	body, err := file.Read(ctx, first, length)
	if err != nil {
		cancel()
		return nil, (&Failure{Reason: Broken, Err: err}).fault()
	}
	resp.Body = &onClose{&localBody{ctx: ctx, in: body, left: length}, cancel}
	return resp, nil
}

// localBody makes faults of the errors of a file kept here.
type localBody struct {
	ctx  context.Context
	in   io.ReadCloser
	left int64
}

func (b *localBody) Read(p []byte) (int, error) {
	if err := context.Cause(b.ctx); err != nil {
		return 0, (&Failure{Reason: Timeout, Err: err}).fault()
	}
	n, err := b.in.Read(p)
	b.left -= int64(n)
	if err == io.EOF && b.left > 0 {
		err = errors.New("the file is shorter than it was")
	}
	if err != nil && err != io.EOF {
		err = (&Failure{Reason: Broken, Err: err}).fault()
	}
	return n, err
}

func (b *localBody) Close() error { return b.in.Close() }

// Reaches tells whether a client reads what is at an address, as far as its
// options say; none reads nothing.
func (c *Client) Reaches(address string) bool {
	return c != nil && (!c.localOnly || c.isLocal(address))
}

// isLocal tells whether a file kept here is meant.
func (c *Client) isLocal(address string) bool {
	return c.kept != nil && strings.HasPrefix(address, "/") && c.kept.Local(address)
}
