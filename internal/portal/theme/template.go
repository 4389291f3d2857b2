package theme

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"text/template/parse"
	"time"
)

// setKey names the templates of one page in one language, whose functions speak
// that language; without a page, those that all pages share.
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

// bounded is a page being written; it refuses what is too long, takes too long
// or never ends to call itself.
type bounded struct {
	bytes.Buffer
	until  time.Time
	writes int
}

var (
	errTooLong = fmt.Errorf("the page is larger than %d MB", MaxPage>>20)
	// ErrTooSlow is the error of a template that takes longer than MaxTime.
	ErrTooSlow = fmt.Errorf("the page takes longer than %s", MaxTime)
	errTooDeep = errors.New("templates show each other without end")
)

const (
	// maxDepth bounds the functions of Go that wait for each other while a page
	// is drawn: some five for each template within another.
	maxDepth = 4000
	// depthEvery is how many writes pass between two looks at the depth; a look
	// takes as long as some hundred of them.
	depthEvery = 512
)

// tooDeep tells whether more functions wait for each other than maxDepth.
func tooDeep() bool {
	var deepest [1]uintptr
	return runtime.Callers(maxDepth, deepest[:]) > 0
}

func (b *bounded) Write(p []byte) (int, error) {
	b.writes++
	switch {
	case b.Len()+len(p) > MaxPage:
		return 0, errTooLong
	case b.writes%depthEvery == 0 && tooDeep():
		return 0, errTooDeep
	case time.Now().After(b.until):
		return 0, ErrTooSlow
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

// layoutFile is the template around all pages.
const layoutFile = "templates/layout.html"

// pageFile is the template of a page.
func pageFile(page string) string { return "templates/pages/" + page + ".html" }

// shared are all parts in a language; pages copy those that they show, it is never
// executed.
func (t *Theme) shared(lang string) (*template.Template, error) {
	key := setKey{lang: lang}
	value, ok := t.sets.Load(key)
	if !ok {
		value, _ = t.sets.LoadOrStore(key, &compiled{})
	}
	c := value.(*compiled)
	c.once.Do(func() {
		c.set = template.New("page").Funcs(t.functions(lang))
		for _, name := range t.parts {
			if c.err = t.parse(c.set, name); c.err != nil {
				return
			}
		}
	})
	return c.set, c.err
}

// compile parses the parts that the page shows, the page, and what the pack
// redefines, in this order: later definitions win.
func (t *Theme) compile(lang, page string) (*template.Template, error) {
	set, err := t.parted(lang, page)
	if err != nil {
		return nil, err
	}
	if err := t.parse(set, pageFile(page)); err != nil {
		return nil, err
	}
	for _, b := range t.blocks {
		if err := t.redefine(set, b); err != nil {
			return nil, err
		}
	}
	for _, one := range set.Templates() {
		if one.Tree != nil {
			beat(one.Tree.Root)
		}
	}
	return set, nil
}

// parted is a set of the parts that a page and what the pack redefines lead to.
// A copy of all parts for each page would cost most of the time and memory that
// pages take.
func (t *Theme) parted(lang, page string) (*template.Template, error) {
	shared, err := t.shared(lang)
	if err != nil {
		return nil, err
	}
	named := []string{"layout"}
	files := []string{pageFile(page)}
	for _, b := range t.blocks {
		named, files = append(named, b.name), append(files, b.file)
	}
	for _, file := range files {
		trees, err := t.trees(file)
		if err != nil {
			return nil, err
		}
		for name, tree := range trees {
			named = leadsTo(append(named, name), tree)
		}
	}
	set := template.New("page").Funcs(t.functions(lang))
	for len(named) > 0 {
		name := named[len(named)-1]
		named = named[:len(named)-1]
		part := shared.Lookup(name)
		if part == nil || part.Tree == nil || set.Lookup(name) != nil {
			continue
		}
		if _, err := set.AddParseTree(name, part.Tree.Copy()); err != nil {
			return nil, err
		}
		named = leadsTo(named, part.Tree)
	}
	return set, nil
}

// leadsTo adds the names of the templates that a template shows.
func leadsTo(named []string, tree *parse.Tree) []string {
	each(tree.Root, func(node parse.Node) {
		if shown, ok := node.(*parse.TemplateNode); ok {
			named = append(named, shown.Name)
		}
	})
	return named
}

// functions are those of the templates; what they write is bounded in packs.
func (t *Theme) functions(lang string) template.FuncMap {
	functions := t.o.Functions(t, t.Printer(lang))
	if t.pack == nil {
		return functions
	}
	return boundFunctions(functions)
}

// FunctionNames are the names of the functions of templates, sorted.
func (t *Theme) FunctionNames() []string {
	return slices.Sorted(maps.Keys(t.functions(t.o.Language)))
}

// parse adds a file to a set. A file of definitions alone defines no template
// of its own name.
func (t *Theme) parse(set *template.Template, file string) error {
	content, err := t.open(file)
	if err != nil {
		return err
	}
	if _, err := set.New(file).Parse(string(content)); err != nil {
		return fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "template: "))
	}
	return nil
}

// beat puts an empty text at the start of each template, branch and loop's body:
// it is written at each turn, where the bounds of the writer end what
// writes nothing itself.
func beat(list *parse.ListNode) {
	if list == nil {
		return
	}
	for _, child := range list.Nodes {
		switch n := child.(type) {
		case *parse.RangeNode:
			beat(n.List)
			beat(n.ElseList)
		case *parse.IfNode:
			beat(n.List)
			beat(n.ElseList)
		case *parse.WithNode:
			beat(n.List)
			beat(n.ElseList)
		}
	}
	list.Nodes = append([]parse.Node{&parse.TextNode{NodeType: parse.NodeText, Pos: list.Pos}}, list.Nodes...)
}
