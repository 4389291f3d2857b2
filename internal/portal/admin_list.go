package portal

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// listing is a table of the administration: the part "admin-list" draws it. On
// small screens each row becomes a card.
type listing struct {
	// ID is unique in the page; Caption names the table.
	ID, Caption string
	// Search is the field above it; nothing when the list cannot be searched.
	Search *listSearch
	// Filters are choices by links, each the states of one thing.
	Filters []listFilter
	Columns []listColumn
	Rows    []listRow
	// Total counts all entries, on all pages.
	Total int
	Pager pager
	// Sizes are the numbers of rows that a page may have; nothing for short lists.
	Sizes listFilter
	// Tick leads to the same page with every row ticked, or with none when Ticked;
	// empty where rows cannot be ticked.
	Tick   string
	Ticked bool
	// CSV is the address of the same list as a file; empty when there is none.
	CSV string
	// Empty is shown when there is nothing.
	Empty emptyState
	// Bulk is the form that acts on the rows that are ticked; nothing when none does.
	Bulk *formView
	// Sortable lets the rows be put in another order: the address that takes it.
	Sortable string
}

// listSearch is the search field of a list.
type listSearch struct {
	Action, Label, Query string
	// Hidden keep the other arguments of the list.
	Hidden []hiddenField
}

// listFilter is one choice above a list.
type listFilter struct {
	Label string
	Items []Item
}

// listColumn is a column. Sort is the address of the list in its order, empty
// when it has none; Sorted is ascending, descending or empty.
type listColumn struct {
	Label, Sort, Sorted string
	Number              bool
}

// listRow is a line. Value is what its tick box stands for in the form for
// several; it has none when empty.
type listRow struct {
	Value string
	Cells []listCell
}

// listCell is what a row says in a column: a link or a text with a line below
// it, badges, a number, a moment, buttons.
type listCell struct {
	Text, URL, Detail string
	// Lang is the language of the text when it may differ from the page's.
	Lang    string
	Badges  []badge
	Picture string
	// Number is shown when Counted.
	Number  int64
	Counted bool
	// Meter is a share from 0 to 1, drawn as a bar; nothing for none.
	Meter   *float64
	Moment  time.Time
	Actions []AdminAction
	Buttons []button
}

// emptyState is shown in place of what is not there.
type emptyState struct {
	Icon, Title, Text string
	Actions           []AdminAction
}

// listArgs are the arguments of lists: embed them in those of a page.
type listArgs struct {
	Q    string `query:"q"`
	Sort string `query:"sort"`
	Page string `query:"page"`
	Size string `query:"size"`
	Tick string `query:"tick"`
}

// listSizes are how many rows a page of a list may have; the first is that of no
// argument.
var listSizes = []int{20, 50, 100}

// tickAll is the argument of a list whose rows are all ticked.
const tickAll = "all"

// lister makes the addresses of one list: each link changes one argument and
// keeps the others.
type lister struct {
	v    *visit
	path string
	args url.Values
	// Query is what is searched for, Sort the order (name or -name), Page the
	// page, from 1.
	Query, Sort string
	Page        int
	// Size is how many rows a page has; Ticked tells that all are ticked.
	Size   int
	Ticked bool
}

// lister reads the arguments of a list at a path of the site. sorts are the
// orders that it has; the first is that of no argument. keep are the names of
// further arguments that links keep.
func (v *visit) lister(path string, in listArgs, sorts []string, keep ...string) *lister {
	l := &lister{v: v, path: v.path(path), args: url.Values{}, Query: wordsOf(in.Q), Page: pageOf(in.Page), Size: listSizes[0], Ticked: in.Tick == tickAll}
	for _, size := range listSizes[1:] {
		if in.Size == strconv.Itoa(size) {
			l.Size = size
			l.args.Set("size", in.Size)
		}
	}
	if len(sorts) > 0 {
		l.Sort = sorts[0]
		if slices.Contains(sorts, strings.TrimPrefix(in.Sort, "-")) || slices.Contains(sorts, in.Sort) {
			l.Sort = in.Sort
		}
		if l.Sort != sorts[0] {
			l.args.Set("sort", l.Sort)
		}
	}
	if l.Query != "" {
		l.args.Set("q", l.Query)
	}
	for _, name := range keep {
		if value := v.R.URL.Query().Get(name); value != "" && len(value) < 200 {
			l.args.Set(name, strings.ToValidUTF8(value, ""))
		}
	}
	return l
}

// Offset is the number of rows before the page.
func (l *lister) offset() int { return (l.Page - 1) * l.Size }

// with is the address of the list with another value of an argument, from its
// first page.
func (l *lister) with(name, value string) string {
	args := url.Values{}
	for key, values := range l.args {
		args[key] = values
	}
	if value == "" {
		args.Del(name)
	} else {
		args.Set(name, value)
	}
	return l.path + queryOf(args)
}

// search is the field for searching the list; label is a message.
func (l *lister) search(label string) *listSearch {
	s := &listSearch{Action: l.path, Label: l.v.say.T(label), Query: l.Query}
	for name, values := range l.args {
		if name != "q" {
			s.Hidden = append(s.Hidden, hiddenField{name, values[0]})
		}
	}
	slices.SortFunc(s.Hidden, func(a, b hiddenField) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// column is a column with a message as its label; sort is the name of its
// order, empty when the list has none.
func (l *lister) column(label, sort string) listColumn {
	c := listColumn{Label: l.v.say.T(label)}
	if sort == "" {
		return c
	}
	switch l.Sort {
	case sort:
		c.Sorted, c.Sort = "ascending", l.with("sort", "-"+sort)
	case "-" + sort:
		c.Sorted, c.Sort = "descending", l.with("sort", sort)
	default:
		c.Sort = l.with("sort", sort)
	}
	return c
}

// number is column for numbers, which are set to the right.
func (l *lister) number(label, sort string) listColumn {
	c := l.column(label, sort)
	c.Number = true
	return c
}

// filter is a choice among values of an argument; each value is an option, the
// first with an empty value for all.
func (l *lister) filter(label, name string, options []option) listFilter {
	f := listFilter{Label: l.v.say.T(label)}
	current := l.args.Get(name)
	for _, one := range options {
		f.Items = append(f.Items, Item{Label: one.Label, URL: l.with(name, one.Value), Current: one.Value == current})
	}
	return f
}

// pager leads through the pages of so many rows.
func (l *lister) pager(total int) pager {
	return newPager(total, l.Size, l.Page, func(page int) string {
		if page == 1 {
			return l.path + queryOf(l.args)
		}
		return l.with("page", strconv.Itoa(page))
	})
}

// sizes are the numbers of rows to choose from, where it makes a difference.
func (l *lister) sizes(total int) listFilter {
	if total <= listSizes[0] {
		return listFilter{}
	}
	f := listFilter{Label: l.v.say.T("admin.sizes")}
	for i, size := range listSizes {
		value := strconv.Itoa(size)
		if i == 0 {
			value = ""
		}
		f.Items = append(f.Items, Item{Label: l.v.say.Number(size), URL: l.with("size", value), Current: size == l.Size})
	}
	return f
}

// tick leads to the same page with every row ticked, or with none.
func (l *lister) tick() string {
	args := url.Values{}
	for key, values := range l.args {
		args[key] = values
	}
	if l.Page > 1 {
		args.Set("page", strconv.Itoa(l.Page))
	}
	if !l.Ticked {
		args.Set("tick", tickAll)
	}
	return l.path + queryOf(args)
}

// Cells.

func textCell(text string) listCell { return listCell{Text: text} }

// linkCell names a row and leads to it; detail is a line below.
func linkCell(text, address, detail string) listCell {
	return listCell{Text: text, URL: address, Detail: detail}
}

func numberCell(n int64) listCell           { return listCell{Number: n, Counted: true} }
func momentCell(t time.Time) listCell       { return listCell{Moment: t} }
func badgeCell(badges ...badge) listCell    { return listCell{Badges: badges} }
func buttonCell(buttons ...button) listCell { return listCell{Buttons: buttons} }

// dangerZone is what cannot be taken back easily, apart from the rest: the part
// "admin-danger" draws it.
type dangerZone struct {
	Forms []formView
}
