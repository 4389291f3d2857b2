// Package jsonlist reads a JSON document that is, or holds, a long list, one
// element at a time, so that a catalogue of any length takes the memory of its
// largest record.
package jsonlist

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"grenier/internal/fault"
)

// MaxElement bounds one element of the list, in bytes.
const MaxElement = 64 << 20

// maxMember bounds what is kept of a member beside the list, in bytes.
const maxMember = 64 << 10

// errLong is the answer of a reader whose bound is reached.
var errLong = errors.New("an element is too long")

// bounded fails when more than its bound was read since the last reset.
type bounded struct {
	in   io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLong
	}
	n, err := b.in.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

func (b *bounded) reset() { b.left = 2 * MaxElement }

// Read calls each for every element of the member named list of a JSON object,
// or of the list that the document is, in their order; an error of each ends it
// and is returned as it is. It returns the other members of the object that are
// short, and whether there was a list at all. A document that is not JSON is a
// fault which says where; elements before that place were given.
func Read(in io.Reader, list string, each func(json.RawMessage) error) (others map[string]json.RawMessage, found bool, err error) {
	buffered := bufio.NewReaderSize(in, 64<<10)
	if err := opening(buffered); err != nil {
		return nil, false, err
	}
	limit := &bounded{in: buffered}
	limit.reset()
	r := &reader{decoder: json.NewDecoder(limit), limit: limit, list: list, each: each, others: make(map[string]json.RawMessage)}
	err = r.document()
	return r.others, r.found, r.tell(err)
}

// opening passes over a byte order mark and tells a page for people from JSON.
func opening(in *bufio.Reader) error {
	start, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.Equal(start, []byte("\xEF\xBB\xBF")) {
		_, _ = in.Discard(3)
	}
	start, _ = in.Peek(512)
	start = bytes.TrimLeft(start, " \t\r\n")
	switch {
	case len(start) == 0:
		return fault.New(fault.BadGateway, "The address gave an empty document.")
	case start[0] == '<':
		return fault.New(fault.BadGateway, "The address gave a page of HTML or XML, not JSON.")
	}
	return nil
}

type reader struct {
	decoder *json.Decoder
	limit   *bounded
	list    string
	each    func(json.RawMessage) error
	others  map[string]json.RawMessage
	found   bool
	asked   error // of each
}

func (r *reader) document() error {
	token, err := r.decoder.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('['):
		return r.elements()
	case json.Delim('{'):
		return r.members()
	}
	return nil
}

func (r *reader) members() error {
	for r.decoder.More() {
		name, err := r.decoder.Token()
		if err != nil {
			return err
		}
		if name == r.list {
			token, err := r.decoder.Token()
			switch {
			case err != nil:
				return err
			case token == json.Delim('['):
				if err := r.elements(); err != nil {
					return err
				}
				continue
			case token == json.Delim('{'):
				return fmt.Errorf("the member %q is not a list", r.list)
			}
			continue
		}
		r.limit.reset()
		var value json.RawMessage
		if err := r.decoder.Decode(&value); err != nil {
			return err
		}
		if key, ok := name.(string); ok && len(value) <= maxMember && len(r.others) < 100 {
			r.others[key] = value
		}
	}
	_, err := r.decoder.Token()
	return err
}

func (r *reader) elements() error {
	r.found = true
	for r.decoder.More() {
		r.limit.reset()
		var element json.RawMessage
		if err := r.decoder.Decode(&element); err != nil {
			return err
		}
		if r.asked = r.each(element); r.asked != nil {
			return r.asked
		}
	}
	_, err := r.decoder.Token()
	return err
}

// tell gives an error of the document as a fault.
func (r *reader) tell(err error) error {
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case r.asked != nil:
		return r.asked
	case errors.Is(err, errLong):
		return fault.Wrap(err, fault.BadGateway, fmt.Sprintf("A record of the document is longer than %d MB.", MaxElement>>20))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fault.Wrap(err, fault.BadGateway, fmt.Sprintf("The document ends in its middle, after %d bytes.", r.decoder.InputOffset()))
	case errors.As(err, &syntax):
		return fault.Wrap(err, fault.BadGateway, fmt.Sprintf("The document is not JSON: %s, near byte %d.", strings.TrimPrefix(syntax.Error(), "json: "), r.decoder.InputOffset()))
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	return fault.Wrap(err, fault.BadGateway, fmt.Sprintf("The document cannot be read to its end: %s.", err))
}
