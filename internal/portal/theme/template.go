package theme

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"path"
	"strings"
	"sync"
	"text/template/parse"
	"time"
)

// setKey names the templates of one page in one language, whose functions speak
// that language.
type setKey struct{ lang, page string }

type compiled struct {
	once sync.Once
	set  *template.Template
	err  error
}

const (
	// MaxPage bounds what a template may write, in bytes.
	MaxPage = 4 << 20
	// MaxTime bounds the execution of a template.
	MaxTime = 3 * time.Second
)

// Execute draws a page in a language. The data is what the templates read as
// their dot. Errors tell the template's file and line.
func (t *Theme) Execute(lang, page string, data any) ([]byte, error) {
	return t.execute(lang, page, "layout", data)
}

// Part draws one named block of a page, without the layout.
func (t *Theme) Part(lang, page, block string, data any) ([]byte, error) {
	return t.execute(lang, page, block, data)
}

func (t *Theme) execute(lang, page, block string, data any) ([]byte, error) {
	set, err := t.set(lang, page)
	if err != nil {
		return nil, err
	}
	out := &bounded{until: time.Now().Add(MaxTime)}
	if err := set.ExecuteTemplate(out, block, data); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// bounded is a page being written; it refuses what is too long or takes too
// long.
type bounded struct {
	bytes.Buffer
	until time.Time
}

var (
	errTooLong = fmt.Errorf("the page is larger than %d MB", MaxPage>>20)
	errTooSlow = fmt.Errorf("the page takes longer than %s", MaxTime)
)

func (b *bounded) Write(p []byte) (int, error) {
	switch {
	case b.Len()+len(p) > MaxPage:
		return 0, errTooLong
	case time.Now().After(b.until):
		return 0, errTooSlow
	}
	return b.Buffer.Write(p)
}

func (t *Theme) set(lang, page string) (*template.Template, error) {
	value, ok := t.sets.Load(setKey{lang, page})
	if !ok {
		value, _ = t.sets.LoadOrStore(setKey{lang, page}, &compiled{})
	}
	c := value.(*compiled)
	c.once.Do(func() { c.set, c.err = t.compile(lang, page) })
	return c.set, c.err
}

// compile parses the parts, the page, and what the pack redefines, in this
// order: later definitions win.
func (t *Theme) compile(lang, page string) (*template.Template, error) {
	set := template.New("page").Funcs(t.o.Functions(t, t.Printer(lang)))
	for _, name := range t.parts {
		if err := t.parse(set, name, name); err != nil {
			return nil, err
		}
	}
	if err := t.parse(set, "templates/pages/"+page+".html", "templates/pages/"+page+".html"); err != nil {
		return nil, err
	}
	for _, name := range t.blocks {
		block := strings.TrimSuffix(path.Base(name), ".block.html")
		if strings.HasPrefix(name, "partials/slots/") {
			block = "slot-" + strings.TrimSuffix(path.Base(name), ".html")
		}
		if err := t.parse(set, name, block); err != nil {
			return nil, err
		}
	}
	for _, one := range set.Templates() {
		if one.Tree != nil {
			boundRanges(one.Tree.Root)
		}
	}
	return set, nil
}

// parse adds a file to a set. A file of definitions alone defines no template
// of its own name.
func (t *Theme) parse(set *template.Template, file, name string) error {
	content, err := t.open(file)
	if err != nil {
		return err
	}
	if _, err := set.New(name).Parse(string(content)); err != nil {
		var failed *template.Error
		if errors.As(err, &failed) {
			return failed
		}
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// boundRanges puts an empty text at the start of each loop's body: it is
// written at each turn, where the bounds of the writer end a loop that writes
// nothing itself.
func boundRanges(node parse.Node) {
	switch n := node.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			boundRanges(child)
		}
	case *parse.RangeNode:
		beat := &parse.TextNode{NodeType: parse.NodeText, Pos: n.Pos}
		n.List.Nodes = append([]parse.Node{beat}, n.List.Nodes...)
		boundRanges(n.List)
		boundRanges(n.ElseList)
	case *parse.IfNode:
		boundRanges(n.List)
		boundRanges(n.ElseList)
	case *parse.WithNode:
		boundRanges(n.List)
		boundRanges(n.ElseList)
	}
}
