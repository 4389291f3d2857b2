package theme

import (
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"text/template/parse"
)

// block is a part that a pack redefines by a file of its own.
type block struct{ file, name string }

// slots are where packs may add to pages: partials/slots/NAME.html.
const slots = "partials/slots/"

// readBlocks names the parts that files of a pack redefine.
func (t *Theme) readBlocks(files []string) error {
	defined, err := t.defined()
	if err != nil {
		return err
	}
	for _, file := range files {
		name, err := blockName(file)
		if err != nil {
			return err
		}
		if !defined[name] {
			return t.unknownBlock(file, name, defined)
		}
		t.blocks = append(t.blocks, block{file, name})
	}
	return nil
}

// blockName is the name of the part that a file redefines.
func blockName(file string) (string, error) {
	base := path.Base(file)
	if path.Dir(file)+"/" == slots && strings.HasSuffix(base, ".html") {
		return "slot-" + strings.TrimSuffix(base, ".html"), nil
	}
	name, ok := strings.CutSuffix(base, ".block.html")
	switch {
	case !ok || strings.HasPrefix(file, "partials/"):
		return "", fmt.Errorf("%s: nobody reads this file; slots are files partials/slots/NAME.html", file)
	case path.Dir(file) != "templates":
		return "", fmt.Errorf("%s: single blocks lie directly in templates/", file)
	case name == "main":
		return "", fmt.Errorf("%s: each page has a block main of its own; override templates/pages/NAME.html instead", file)
	case name == "layout":
		return "", fmt.Errorf("%s: override %s instead", file, layoutFile)
	}
	return name, nil
}

func (t *Theme) unknownBlock(file, name string, defined map[string]bool) error {
	slot, isSlot := strings.CutPrefix(name, "slot-")
	if !isSlot {
		return fmt.Errorf("%s: there is no block %q%s", file, name, instead(name, slices.Sorted(maps.Keys(defined))))
	}
	known, err := t.Slots()
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: there is no slot %q; there are %s", file, slot, strings.Join(known, ", "))
}

// defined are the names of all parts: those of the shared files and those
// within pages, of the program and of the pack.
func (t *Theme) defined() (map[string]bool, error) {
	names := map[string]bool{}
	files := slices.Clone(t.parts)
	for _, page := range t.pages {
		files = append(files, pageFile(page))
	}
	for _, file := range files {
		for _, layer := range t.layers() {
			content, err := fs.ReadFile(layer, file)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			trees, err := parseFile(file, content)
			if err != nil {
				return nil, err
			}
			for name := range trees {
				if name != file {
					names[name] = true
				}
			}
		}
	}
	return names, nil
}

// Slots are the names of the places where packs may add to pages.
func (t *Theme) Slots() ([]string, error) {
	defined, err := t.defined()
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range defined {
		if slot, ok := strings.CutPrefix(name, "slot-"); ok {
			names = append(names, slot)
		}
	}
	slices.Sort(names)
	return names, nil
}

// trees parses a template file without its functions: the parts in it by name.
func (t *Theme) trees(file string) (map[string]*parse.Tree, error) {
	content, err := t.open(file)
	if err != nil {
		return nil, err
	}
	return parseFile(file, content)
}

func parseFile(file string, content []byte) (map[string]*parse.Tree, error) {
	tree := parse.New(file)
	tree.Mode = parse.SkipFuncCheck
	trees := map[string]*parse.Tree{}
	if _, err := tree.Parse(string(content), "", "", trees); err != nil {
		return nil, fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "template: "))
	}
	return trees, nil
}

// redefine puts a part of the pack in the place of that of the same name, on
// pages that have it. The file holds what the part shows, or its definition.
func (t *Theme) redefine(set *template.Template, b block) error {
	before := set.Lookup(b.name)
	if before == nil {
		return nil
	}
	tree := before.Tree
	if err := t.parse(set, b.file); err != nil {
		return err
	}
	if after := set.Lookup(b.name); after.Tree != tree {
		return nil
	}
	own := set.Lookup(b.file)
	if own == nil || own.Tree == nil {
		return fmt.Errorf("%s: it defines other blocks, and not %s", b.file, b.name)
	}
	_, err := set.AddParseTree(b.name, own.Tree)
	return err
}

// each visits the nodes of a template, commands and arguments included.
func each(node parse.Node, visit func(parse.Node)) {
	switch n := node.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			each(child, visit)
		}
		return
	case *parse.PipeNode:
		if n == nil {
			return
		}
		for _, command := range n.Cmds {
			each(command, visit)
		}
		return
	}
	visit(node)
	switch n := node.(type) {
	case *parse.ActionNode:
		each(n.Pipe, visit)
	case *parse.TemplateNode:
		each(n.Pipe, visit)
	case *parse.IfNode:
		eachBranch(&n.BranchNode, visit)
	case *parse.WithNode:
		eachBranch(&n.BranchNode, visit)
	case *parse.RangeNode:
		eachBranch(&n.BranchNode, visit)
	case *parse.CommandNode:
		for _, argument := range n.Args {
			each(argument, visit)
		}
	case *parse.ChainNode:
		each(n.Node, visit)
	}
}

func eachBranch(n *parse.BranchNode, visit func(parse.Node)) {
	each(n.Pipe, visit)
	each(n.List, visit)
	each(n.ElseList, visit)
}
