package theme

import (
	"errors"
	"regexp"
	"strings"
	texttemplate "text/template"
	"text/template/parse"
	"time"
)

// missing are the errors of templates that ask for what no page has. Others, as
// an index out of range, come from branches that would not be taken.
var missing = regexp.MustCompile(`can't evaluate field|is not a (?:field|method)|wrong number of args|error calling (?:icon|dict|asset)`)

// TryBranches executes all branches of the templates of a page, one after the
// other whatever their conditions are, with data in which everything is filled
// in. It gives the error of a template of the pack that asks for a field that
// the page does not have.
func (t *Theme) TryBranches(lang, page string, data any) error {
	set, err := t.compile(lang, page)
	if err != nil {
		return err
	}
	trial := texttemplate.New("trial").Funcs(texttemplate.FuncMap(t.functions(lang)))
	for _, one := range set.Templates() {
		if one.Tree == nil {
			continue
		}
		tree := one.Tree.Copy()
		takeAll(tree.Root)
		if _, err := trial.AddParseTree(one.Name(), tree); err != nil {
			return err
		}
	}
	err = trial.ExecuteTemplate(&bounded{until: time.Now().Add(MaxTime)}, "layout", data)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errTooLong), errors.Is(err, ErrTooSlow), errors.Is(err, errTooDeep):
		return err
	case missing.MatchString(err.Error()) && t.blames(err):
		return err
	}
	return nil
}

// blames tells whether an error speaks of a file of the pack, or of any file
// when there is no pack.
func (t *Theme) blames(err error) bool {
	return t.pack == nil || exists(t.pack, Blame(err).File)
}

// takeAll replaces each condition by its branches, and lets loops and withs show
// what they show when there is nothing too.
func takeAll(list *parse.ListNode) {
	if list == nil {
		return
	}
	var nodes []parse.Node
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.BreakNode, *parse.ContinueNode:
		case *parse.IfNode:
			nodes = append(nodes, &parse.ActionNode{NodeType: parse.NodeAction, Pos: n.Pos, Line: n.Line, Pipe: n.Pipe})
			nodes = append(nodes, branches(n.List, n.ElseList)...)
		case *parse.WithNode:
			otherwise := n.ElseList
			n.ElseList = nil
			takeAll(n.List)
			nodes = append(nodes, n)
			nodes = append(nodes, branches(otherwise)...)
		case *parse.RangeNode:
			otherwise := n.ElseList
			n.ElseList = nil
			takeAll(n.List)
			nodes = append(nodes, n)
			nodes = append(nodes, branches(otherwise)...)
		default:
			nodes = append(nodes, node)
		}
	}
	list.Nodes = nodes
}

func branches(lists ...*parse.ListNode) []parse.Node {
	var nodes []parse.Node
	for _, list := range lists {
		if list != nil {
			takeAll(list)
			nodes = append(nodes, list)
		}
	}
	return nodes
}

// noField is what a template asked for in vain.
var noField = regexp.MustCompile(`can't evaluate field (\w+) in type (.+)$`)

// MissingField gives the field that an error misses, and the name of the type
// that does not have it.
func MissingField(err error) (field, of string, ok bool) {
	found := noField.FindStringSubmatch(strings.TrimSpace(err.Error()))
	if found == nil {
		return "", "", false
	}
	return found[1], strings.TrimLeft(found[2], "*[]"), true
}
