package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// filter says what to keep of a JSON value. A nil filter keeps everything. Filters of types that hold
// themselves may lead back to themselves.
type filter struct {
	members map[string]*filter  // kept, each through its own filter
	rest    bool                // members not named are kept whole
	drop    map[string]struct{} // but these
	strict  bool                // a person asked for members: a scalar here is an error
}

// defaultFilter hides what only a mask brings. hidden replaces the type's own list of the answer, or
// of the items when the answer is a page.
func (s *shape) defaultFilter(hidden []string, paged bool) *filter {
	memo := map[*shape]*filter{}
	if hidden == nil {
		return s.plain(memo)
	}
	if !paged {
		return s.hiding(hidden, memo)
	}
	f := s.hiding(nil, memo)
	data := s.members["data"]
	if data == nil {
		return f
	}
	if f == nil {
		f = &filter{rest: true, members: map[string]*filter{}}
	}
	f.members["data"] = data.hiding(hidden, memo)
	return f
}

// plain is the default filter of a shape, nil when nothing below it is hidden.
func (s *shape) plain(memo map[*shape]*filter) *filter {
	if s.kind != shapeObject || !s.hides(map[*shape]bool{}) {
		return nil
	}
	if f, ok := memo[s]; ok {
		return f
	}
	f := &filter{}
	memo[s] = f
	*f = *s.hiding(s.hidden, memo)
	return f
}

// hiding builds the filter of a shape with other hidden members than its own.
func (s *shape) hiding(hidden []string, memo map[*shape]*filter) *filter {
	f := &filter{rest: true, members: map[string]*filter{}, drop: map[string]struct{}{}}
	for name, m := range s.members {
		if inner := m.plain(memo); inner != nil {
			f.members[name] = inner
		}
	}
	for _, name := range hidden {
		f.drop[name] = struct{}{}
		delete(f.members, name)
	}
	return f
}

// hides tells whether this shape or one below hides anything.
func (s *shape) hides(seen map[*shape]bool) bool {
	if seen[s] {
		return false
	}
	seen[s] = true
	if len(s.hidden) > 0 {
		return true
	}
	for _, m := range s.members {
		if m.hides(seen) {
			return true
		}
	}
	return false
}

// masked builds the filter of a mask over a shape; base is the default filter at this place. A mask
// inside a scalar is an error; a name that the shape does not have is passed over.
func (s *shape) masked(m *mask, base *filter) (*filter, error) {
	f := &filter{members: make(map[string]*filter, len(m.members)), rest: m.all, strict: true}
	if m.all {
		for name, below := range s.members {
			if inner := base.below(name, below); inner != nil {
				f.members[name] = inner
			}
		}
	}
	for name, sub := range m.members {
		below := s.members[name]
		if below == nil {
			if s.kind == shapeObject {
				continue
			}
			below = freeShape
		}
		inner := base.below(name, below)
		if sub != nil {
			if below.kind == shapeScalar {
				return nil, errMaskModel
			}
			var err error
			if inner, err = below.masked(sub, inner); err != nil {
				return nil, err
			}
		}
		f.members[name] = inner
	}
	return f, nil
}

var freeShape = &shape{kind: shapeFree}

// below is the default filter of a member: the one its surroundings give it, or its own.
func (f *filter) below(name string, s *shape) *filter {
	if f != nil && f.members[name] != nil {
		return f.members[name]
	}
	return s.plain(map[*shape]*filter{})
}

// member finds what to do with a member: keep tells whether it stays, inner how.
func (f *filter) member(name string) (inner *filter, keep bool) {
	if inner, ok := f.members[name]; ok {
		return inner, true
	}
	if !f.rest {
		return nil, false
	}
	_, dropped := f.drop[name]
	return nil, !dropped
}

func (f *filter) wants(path []string) bool {
	for _, name := range path {
		if f == nil {
			return true
		}
		inner, keep := f.member(name)
		if !keep {
			return false
		}
		f = inner
	}
	return true
}

// apply appends what the filter keeps of a whole JSON text to dst.
func (f *filter) apply(dst, text []byte) ([]byte, error) {
	if f == nil {
		return append(dst, text...), nil
	}
	if dst == nil {
		dst = make([]byte, 0, len(text))
	}
	w := filterWriter{buf: dst}
	w.value(f)
	if err := w.scan(text); err != nil {
		return nil, err
	}
	if err := w.end(); err != nil {
		return nil, err
	}
	return w.buf, nil
}

// filterWriter filters JSON that comes in parts of any size, by one pass over its bytes. Its input is
// our own rendering: it checks no more of the grammar than it needs to stay in step.
type filterWriter struct {
	w     io.Writer // nil: everything stays in buf
	buf   []byte
	state scanState
	stack []scanFrame // open objects and lists that are filtered
	next  *filter     // of the value to come
	skip  bool        // the value to come, or at hand, is left out
	depth int         // of brackets inside a value that is passed whole
	quote bool        // inside a string of such a value
	slash bool        // after a backslash
	key   []byte      // the member's name, as written
}

type scanFrame struct {
	filter *filter
	list   bool
	filled bool // something was written
}

type scanState int

const (
	atValue  scanState = iota // before a value
	inWhole                   // inside a value that is copied or left out whole
	inScalar                  // inside a number or literal
	atMember                  // before a name, comma or closing bracket of an object
	inName                    // inside a name
	atColon                   // after a name
	atItem                    // before a value, comma or closing bracket of a list
	atEnd                     // after the whole value
)

var errNotJSON = errors.New("web: a mask was applied to what is not whole JSON")

func newFilterWriter(w io.Writer, f *filter) *filterWriter {
	fw := &filterWriter{w: w}
	fw.value(f)
	return fw
}

// Write filters the next part and passes on what stays of it.
func (w *filterWriter) Write(p []byte) (int, error) {
	if err := w.scan(p); err != nil {
		return 0, err
	}
	if len(w.buf) > 0 {
		if _, err := w.w.Write(w.buf); err != nil {
			return 0, err
		}
		w.buf = w.buf[:0]
	}
	return len(p), nil
}

// end checks that the value came whole.
func (w *filterWriter) end() error {
	if len(w.stack) > 0 || (w.state != atEnd && w.state != inScalar) {
		return errNotJSON
	}
	return nil
}

func (w *filterWriter) value(f *filter) { w.state, w.next, w.skip = atValue, f, false }

func (w *filterWriter) scan(p []byte) error {
	for i := 0; i < len(p); {
		switch w.state {
		case inWhole:
			i = w.whole(p, i)
			continue
		case inScalar:
			i = w.scalar(p, i)
			continue
		case inName:
			i = w.name(p, i)
			continue
		}
		c := p[i]
		i++
		if c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			continue
		}
		again, err := w.step(c)
		if err != nil {
			return err
		}
		if again {
			i--
		}
	}
	return nil
}

// step takes one character between values; again asks for the same one once more.
func (w *filterWriter) step(c byte) (again bool, err error) {
	switch w.state {
	case atValue:
		return w.open(c)
	case atColon:
		if c != ':' {
			return false, errNotJSON
		}
		w.choose()
	case atMember:
		switch c {
		case '"':
			w.key, w.state = w.key[:0], inName
		case ',':
		case '}':
			w.buf = append(w.buf, '}')
			w.pop()
		default:
			return false, errNotJSON
		}
	case atItem:
		top := &w.stack[len(w.stack)-1]
		switch c {
		case ',':
		case ']':
			w.buf = append(w.buf, ']')
			w.pop()
		default:
			if top.filled {
				w.buf = append(w.buf, ',')
			}
			top.filled = true
			w.value(top.filter)
			return true, nil
		}
	case atEnd:
		return false, errNotJSON
	}
	return false, nil
}

// open begins a value by its first character.
func (w *filterWriter) open(c byte) (again bool, err error) {
	filtered := w.next != nil && !w.skip
	switch {
	case c == '{' && filtered:
		w.buf = append(w.buf, '{')
		w.stack = append(w.stack, scanFrame{filter: w.next})
		w.state = atMember
	case c == '[' && filtered:
		w.buf = append(w.buf, '[')
		w.stack = append(w.stack, scanFrame{filter: w.next, list: true})
		w.state = atItem
	case c == '{' || c == '[' || c == '"':
		if filtered && w.next.strict {
			return false, errMaskModel
		}
		w.state, w.depth, w.quote, w.slash = inWhole, 0, false, false
		return true, nil
	case c == '}' || c == ']' || c == ',' || c == ':':
		return false, errNotJSON
	default:
		if filtered && w.next.strict && c != 'n' {
			return false, errMaskModel
		}
		w.state = inScalar
		return true, nil
	}
	return false, nil
}

// choose decides about a member by its name and writes the name when it stays.
func (w *filterWriter) choose() {
	top := &w.stack[len(w.stack)-1]
	inner, keep := top.filter.member(w.keyText())
	w.value(inner)
	w.skip = !keep
	if !keep {
		return
	}
	if top.filled {
		w.buf = append(w.buf, ',')
	}
	top.filled = true
	w.buf = append(append(append(w.buf, '"'), w.key...), '"', ':')
}

func (w *filterWriter) keyText() string {
	if bytes.IndexByte(w.key, '\\') < 0 {
		return string(w.key)
	}
	var name string
	quoted := append(append([]byte{'"'}, w.key...), '"')
	if err := json.Unmarshal(quoted, &name); err != nil {
		return string(w.key)
	}
	return name
}

// whole passes over a string, object or list to its end.
func (w *filterWriter) whole(p []byte, from int) int {
	i := from
	done := false
	for i < len(p) && !done {
		c := p[i]
		i++
		switch {
		case w.slash:
			w.slash = false
		case w.quote:
			switch c {
			case '\\':
				w.slash = true
			case '"':
				w.quote = false
				done = w.depth == 0
			}
		case c == '"':
			w.quote = true
		case c == '{' || c == '[':
			w.depth++
		case c == '}' || c == ']':
			w.depth--
			done = w.depth == 0
		}
	}
	w.pass(p[from:i])
	if done {
		w.after()
	}
	return i
}

// scalar passes over a number or literal up to the character that ends it.
func (w *filterWriter) scalar(p []byte, from int) int {
	i := from
	for i < len(p) {
		switch p[i] {
		case ',', '}', ']', ' ', '\n', '\t', '\r':
			w.pass(p[from:i])
			w.after()
			return i
		}
		i++
	}
	w.pass(p[from:i])
	return i
}

// name collects a member's name up to its closing quote.
func (w *filterWriter) name(p []byte, from int) int {
	for i := from; i < len(p); i++ {
		switch {
		case w.slash:
			w.slash = false
		case p[i] == '\\':
			w.slash = true
		case p[i] == '"':
			w.key = append(w.key, p[from:i]...)
			w.state = atColon
			return i + 1
		}
	}
	w.key = append(w.key, p[from:]...)
	return len(p)
}

func (w *filterWriter) pass(p []byte) {
	if !w.skip {
		w.buf = append(w.buf, p...)
	}
}

// after goes back to what surrounds a value that ended.
func (w *filterWriter) after() {
	w.skip = false
	switch {
	case len(w.stack) == 0:
		w.state = atEnd
	case w.stack[len(w.stack)-1].list:
		w.state = atItem
	default:
		w.state = atMember
	}
}

func (w *filterWriter) pop() {
	w.stack = w.stack[:len(w.stack)-1]
	w.after()
}
