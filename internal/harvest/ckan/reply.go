package ckan

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"strings"

	"grenier/internal/fault"
	"grenier/internal/harvest"
)

const (
	// maxElement bounds one package, in bytes of JSON.
	maxElement = 64 << 20
	// maxDepth bounds how deep a package is nested.
	maxDepth   = 256
	maxMessage = 2000
)

var errLong = errors.New("a package is too long")

// action calls an action of the portal's API; result reads what it gives.
func (p *portal) action(ctx context.Context, name string, query url.Values, result func(*decoder) error) error {
	_, err := p.page(ctx, p.address(name, query), nil, result)
	return err
}

// address is that of an action.
func (p *portal) address(name string, query url.Values) string {
	address := harvest.Below(p.Source.URL, "api/3/action/"+name)
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return address
}

// page asks for what an address gives unless it is still the page that was kept;
// then result is not called.
func (p *portal) page(ctx context.Context, address string, kept *harvest.KeptPage, result func(*decoder) error) (*harvest.Answer, error) {
	answer, err := p.Remote.Ask(ctx, address, harvest.Want{Accept: "application/json", Header: p.header(), Kept: kept})
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.NotModified {
		return answer, nil
	}
	contentType := answer.Header.Get("Content-Type")
	body := bufio.NewReader(harvest.UTF8(answer.Body, contentType, p.Remote.Log))
	if err := judgeType(body, contentType, answer.URL); err != nil {
		return nil, err
	}
	err = readReply(body, result)
	if p.told != nil {
		return nil, p.told
	}
	return answer, err
}

// judgeType tells a reply from what portals answer instead.
func judgeType(body *bufio.Reader, contentType, address string) error {
	media, _, _ := mime.ParseMediaType(contentType)
	if media == "text/html" {
		return fault.Newf(fault.BadGateway, "Unknown Error: %s returned HTML", address)
	}
	start, _ := body.Peek(512)
	if media == "application/json" || bytes.HasPrefix(bytes.TrimSpace(start), []byte("{")) {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(body, maxMessage))
	if err != nil {
		return err
	}
	return fault.New(fault.BadGateway, strings.Trim(strings.TrimSpace(string(text)), `"`))
}

// decoder reads JSON a token at a time.
type decoder struct {
	json  *json.Decoder
	limit *bounded
}

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

func newDecoder(in io.Reader) *decoder {
	limit := &bounded{in: newNumbers(in), left: 2 * maxElement}
	return &decoder{json: json.NewDecoder(limit), limit: limit}
}

func (d *decoder) value(to any) error {
	d.limit.left = 2 * maxElement
	return d.json.Decode(to)
}

func (d *decoder) skip() error {
	var raw json.RawMessage
	return d.value(&raw)
}

// object reads an object; each reads the value of a key.
func (d *decoder) object(each func(key string) error) error {
	return d.inside('{', func() error {
		key, err := d.json.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		return each(name)
	})
}

// array reads a list.
func (d *decoder) array(each func(json.RawMessage) error) error {
	return d.inside('[', func() error {
		var raw json.RawMessage
		if err := d.value(&raw); err != nil {
			return err
		}
		return each(raw)
	})
}

func (d *decoder) inside(open json.Delim, each func() error) error {
	d.limit.left = 2 * maxElement
	token, err := d.json.Token()
	if err != nil {
		return err
	}
	if token != open {
		return fault.Newf(fault.BadGateway, "The portal's reply has something else where %q was to be.", open.String())
	}
	for d.json.More() {
		if err := each(); err != nil {
			return err
		}
	}
	_, err = d.json.Token()
	return err
}

// readReply reads what all actions answer, {"success": true, "result": …}.
func readReply(body io.Reader, result func(*decoder) error) error {
	in := newDecoder(body)
	success, given := false, false
	var failed json.RawMessage
	var inResult error
	err := in.object(func(key string) error {
		switch key {
		case "success":
			return in.value(&success)
		case "error":
			return in.value(&failed)
		case "result":
			given = true
			inResult = result(in)
			return inResult
		}
		return in.skip()
	})
	var known *fault.Error
	switch {
	case failed != nil, err == nil && !success:
		return fault.New(fault.BadGateway, errorText(failed))
	case err == nil && !given:
		return fault.New(fault.BadGateway, "The portal's reply has no result.")
	case err == nil, errors.As(err, &known):
		return err
	}
	return unreadable(err, in.json.InputOffset())
}

// unreadable says what is wrong with a reply that is not JSON.
func unreadable(err error, at int64) error {
	switch {
	case errors.Is(err, errLong):
		return fault.Wrap(err, fault.BadGateway, fmt.Sprintf("A package of the portal is longer than %d MB.", maxElement>>20))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fault.Wrap(err, fault.BadGateway, "The portal's reply ends in its middle.")
	}
	return fault.Wrap(err, fault.BadGateway, fmt.Sprintf("The portal's reply is not JSON: %s, near byte %d.", strings.TrimPrefix(err.Error(), "json: "), at))
}

// errorText is the text of an error as CKAN tells it: a text, or an object with a message
// and a type.
func errorText(raw json.RawMessage) string {
	var told map[string]json.RawMessage
	if json.Unmarshal(raw, &told) != nil {
		if text := words(raw); text != "" {
			return text
		}
		return "The portal says that the request failed, and not why."
	}
	text := words(told["message"])
	if text == "" {
		text = string(raw)
	}
	if kind := words(told["__type"]); kind != "" {
		text = kind + ": " + text
	}
	return text
}

// words is a text of JSON, or a number as it is written; "" for anything else.
func words(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil {
		return number.String()
	}
	return ""
}

// numbers lets NaN and Infinity, which Python writes and JSON has not, be null.
type numbers struct {
	in      *bufio.Reader
	quoted  bool
	escaped bool
	rest    []byte
}

func newNumbers(in io.Reader) *numbers { return &numbers{in: bufio.NewReaderSize(in, 64<<10)} }

func (n *numbers) Read(p []byte) (int, error) {
	done := copy(p, n.rest)
	n.rest = n.rest[done:]
	for done < len(p) {
		if done > 0 && n.in.Buffered() == 0 {
			return done, nil
		}
		b, err := n.in.ReadByte()
		if err != nil {
			if done > 0 {
				return done, nil // the error comes again
			}
			return 0, err
		}
		switch {
		case n.escaped:
			n.escaped = false
		case n.quoted:
			n.escaped, n.quoted = b == '\\', b != '"'
		case b == '"':
			n.quoted = true
		case b == 'N' && n.follows("aN"), b == 'I' && n.follows("nfinity"), b == '-' && n.follows("Infinity"):
			m := copy(p[done:], "null")
			n.rest = append(n.rest[:0], "null"[m:]...)
			done += m
			if len(n.rest) > 0 {
				return done, nil
			}
			continue
		}
		p[done] = b
		done++
	}
	return done, nil
}

// follows takes a word if it comes next.
func (n *numbers) follows(word string) bool {
	next, _ := n.in.Peek(len(word))
	if string(next) != word {
		return false
	}
	_, _ = n.in.Discard(len(word))
	return true
}

// tooDeep tells whether JSON is nested deeper than allowed.
func tooDeep(raw []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch b := raw[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case b == '}' || b == ']':
			depth--
		}
	}
	return false
}
