package rdf

import (
	"io"
	"strconv"
	"strings"
)

// Element is an element of a document of XML with what it holds. Comments and
// processing instructions are left out.
type Element struct {
	// Space is the namespace of its name.
	Space, Local string
	Attrs        []Attribute
	Children     []*Element
	// Text is what it holds before its first child, Tail what follows its own end
	// inside its parent.
	Text, Tail string
}

// Attribute is an attribute of an element; declarations of namespaces are none.
type Attribute struct{ Space, Local, Value string }

// Attr is the value of the attribute of a name in no namespace or any.
func (e *Element) Attr(local string) string {
	for _, a := range e.Attrs {
		if a.Local == local {
			return a.Value
		}
	}
	return ""
}

// maxElements is how many elements are held at once.
const maxElements = 1 << 20

// ReadElements reads a document of XML in pieces. For each element that begins
// outside of a piece, whole says whether it is one: fn is then given the element
// with all that it holds, else the element alone before what is inside it.
// Internal entities are expanded within bounds; nothing external is fetched.
// Characters that XML forbids are left out, and told to passed.
func ReadElements(in io.Reader, passed func(*Error), whole func(*Element) bool, fn func(*Element) error) error {
	x, err := newXMLScanner(in, passed)
	if err != nil {
		return err
	}
	for {
		if err := x.next(); err != nil || x.kind == xmlEOF {
			return err
		}
		if x.kind != xmlStart {
			continue
		}
		e := x.element()
		if whole(e) {
			if err := x.fillElement(e); err != nil {
				return err
			}
		}
		if err := fn(e); err != nil {
			return err
		}
	}
}

// element is the element that begins, without what it holds.
func (x *xmlScanner) element() *Element {
	e := &Element{Space: x.name.space, Local: x.name.local}
	for _, a := range x.attrs {
		e.Attrs = append(e.Attrs, Attribute{a.name.space, a.name.local, string(a.value)})
	}
	return e
}

// fillElement reads what the element that has just begun holds.
func (x *xmlScanner) fillElement(root *Element) error {
	open := []*Element{root}
	var text []byte
	into := &root.Text // what text belongs to
	for count := 1; len(open) > 0; {
		if err := x.next(); err != nil {
			return err
		}
		parent := open[len(open)-1]
		if x.kind == xmlStart || x.kind == xmlEnd {
			*into, text = string(text), text[:0]
		}
		switch x.kind {
		case xmlStart:
			if count++; count > maxElements {
				return x.fail("a part of the document has more than %d elements", maxElements)
			}
			child := x.element()
			parent.Children = append(parent.Children, child)
			open, into = append(open, child), &child.Text
		case xmlEnd:
			open, into = open[:len(open)-1], &parent.Tail
		case xmlText:
			if text = append(text, x.text...); len(text) > maxLiteral {
				return x.fail("a text is longer than %d bytes", maxLiteral)
			}
		}
	}
	return nil
}

// XML writes an element as a document of its own.
func (e *Element) XML() string {
	var w elementWriter
	w.write(e, map[string]string{xmlSpace: "xml"})
	return w.String()
}

// elementWriter writes elements, the namespaces declared where they are first met.
type elementWriter struct {
	strings.Builder
	names int
}

func (w *elementWriter) write(e *Element, known map[string]string) {
	own := known
	var declared []string
	prefix := func(space string) string {
		if space == "" {
			return ""
		}
		name, ok := own[space]
		if !ok {
			if len(declared) == 0 {
				own = make(map[string]string, len(known)+2)
				for space, name := range known {
					own[space] = name
				}
			}
			w.names++
			name = "n" + strconv.Itoa(w.names)
			own[space] = name
			declared = append(declared, space)
		}
		return name + ":"
	}
	name := prefix(e.Space) + e.Local
	attrs := make([]string, len(e.Attrs))
	for i, a := range e.Attrs {
		attrs[i] = prefix(a.Space) + a.Local
	}
	w.WriteString("<" + name)
	for _, space := range declared {
		w.WriteString(` xmlns:` + own[space] + `="` + string(appendXMLLegal(nil, space, true)) + `"`)
	}
	for i, a := range e.Attrs {
		w.WriteString(" " + attrs[i] + `="` + string(appendXMLLegal(nil, a.Value, true)) + `"`)
	}
	if e.Text == "" && len(e.Children) == 0 {
		w.WriteString("/>")
		return
	}
	w.WriteString(">" + string(appendXMLLegal(nil, e.Text, false)))
	for _, child := range e.Children {
		w.write(child, own)
		w.WriteString(string(appendXMLLegal(nil, child.Tail, false)))
	}
	w.WriteString("</" + name + ">")
}
