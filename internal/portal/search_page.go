package portal

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"grenier/internal/web"
)

// searchPage is the content of a search among the objects of a kind.
type searchPage struct {
	// Kind is the kind in the plural: datasets, dataservices, reuses,
	// organizations or topics. Icon is its picture.
	Kind, Icon string
	// Action is where the form leads, Query what is looked for.
	Action, Query string
	// Heading is the title of the page, Found says how much was found.
	Heading, Found string
	Total          int
	// DidYouMean are words that find clearly more, empty for none.
	DidYouMean Link
	Kinds      []searchKindLink
	Facets     []facet
	// Chips are the filters in force, Reset leads to the search without them.
	Chips []searchChip
	Reset string
	Sorts []searchSort
	// Hidden are filters in force that no facet shows, Fields everything that is
	// asked but the order.
	Hidden, Fields []searchField
	Results        []result
	Pager          pager
	// Forms are other forms of the same search.
	Forms []searchForm
	// Support leads to the page for help.
	Support string
}

// searchKindLink leads to the same search among another kind.
type searchKindLink struct {
	Name, Label, URL string
	Count            int
	Current          bool
}

// searchChip is a filter in force; URL leads to the search without it.
type searchChip struct{ Label, URL string }

// searchSort is an order of the results.
type searchSort struct {
	Value, Label string
	Chosen       bool
}

// searchField is an argument that a form sends without showing it.
type searchField struct{ Name, Value string }

// searchForm is another form of a search; Kind is csv, json, atom or rss.
type searchForm struct{ Kind, Label, URL, Type string }

func (p *Portal) showSearch(v *visit, kind *searchKind) error {
	a := v.asked(kind)
	q := a.query(v.now)
	q.Offset, q.Limit, q.Highlight, q.Facets = (a.page-1)*pageSize, pageSize, true, a.facetsOf(v)
	found, err := p.Search.Search(q)
	if err != nil {
		return err
	}
	if last := min(pagesOf(found.Total, pageSize), lastPage); a.page > last {
		return v.Redirect(http.StatusFound, v.pageAddress(a, last))
	}
	names, err := v.names(a)
	if err != nil {
		return err
	}
	content := searchPage{
		Kind: kind.name, Icon: kind.icon, Action: v.path(kind.path), Query: a.words, Heading: v.say.T(kind.message("title")),
		Found: v.say.T(kind.message("found"), "count", found.Total), Total: found.Total, Sorts: v.sorts(a), Support: v.path("/support"),
		Pager: newPager(found.Total, pageSize, a.page, func(page int) string { return v.pageAddress(a, page) }),
		Reset: v.address(kind.path, wordsArg(a.words)),
	}
	if found.DidYouMean != "" {
		args := a.args()
		args.Set("q", found.DidYouMean)
		content.DidYouMean = Link{found.DidYouMean, v.address(kind.path, args)}
	}
	content.Fields = a.fields()
	content.Facets = v.facets(a, names, found.Facets, found.Total)
	content.Chips, content.Hidden = v.chips(a, names)
	if content.Kinds, err = p.kindLinks(v, a, found.Total); err != nil {
		return err
	}
	keys := allSearchKeys()
	var made []web.Key
	if content.Results, made, err = v.rows(kind.kind, found.Hits, names); err != nil {
		return err
	}
	if found.Total > 0 {
		content.Forms = v.forms(a)
	}
	return v.show(p.searchDraft(v, a, content, append(keys, made...)))
}

// searchDraft says of a search what the frame needs.
func (p *Portal) searchDraft(v *visit, a *asking, content searchPage, keys []web.Key) draft {
	args := a.args()
	narrowed := len(args) > 0
	if a.page > 1 {
		args.Set("page", strconv.Itoa(a.page))
	}
	d := draft{
		name: "search", title: v.searchTitle(a), description: v.say.T(a.kind.message("about")), path: a.kind.path, args: args, lasting: true,
		noIndex: narrowed, query: a.words, data: content, keys: keys, until: nextMidnight(v.now),
		crumbs: []Link{{v.say.T("site.home"), v.path("/")}},
	}
	if landing := "/" + a.kind.name; landing != a.kind.path {
		d.crumbs = append(d.crumbs, Link{v.say.T("search.kind-" + a.kind.name), v.path(landing)}, Link{v.say.T("search.crumb"), ""})
	} else {
		d.crumbs = append(d.crumbs, Link{v.say.T("search.kind-" + a.kind.name), ""})
	}
	for _, form := range content.Forms {
		if form.Kind == "csv" || form.Kind == "json" {
			d.siblings = append(d.siblings, Sibling{form.Type, form.Label, form.URL})
		}
	}
	d.feeds = v.feeds(a, d.title)
	return d
}

// nextMidnight is when the periods of the last update move.
func nextMidnight(at time.Time) time.Time { return at.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1) }

// searchTitle tells searches apart in tabs and histories.
func (v *visit) searchTitle(a *asking) string {
	title := v.say.T(a.kind.message("title"))
	if a.words != "" {
		title = v.say.T("search.title-words", "words", a.words, "kind", v.say.T("search.kind-"+a.kind.name))
	}
	if a.page > 1 {
		title = v.say.T("search.title-page", "title", title, "page", a.page)
	}
	return title
}

// kindLinks are the counts of the same search among every kind.
func (p *Portal) kindLinks(v *visit, a *asking, total int) ([]searchKindLink, error) {
	links := make([]searchKindLink, 0, len(searchKinds))
	for _, kind := range searchKinds {
		b := a.elsewhere(kind)
		link := searchKindLink{
			Name: kind.name, Label: v.say.T("search.kind-" + kind.name), URL: v.address(kind.path, b.args()), Count: total, Current: kind == a.kind,
		}
		if !link.Current {
			found, err := p.Search.Search(b.query(v.now))
			if err != nil {
				return nil, err
			}
			link.Count = found.Total
		}
		links = append(links, link)
	}
	return links, nil
}

// chips are the filters in force, and those that no facet shows.
func (v *visit) chips(a *asking, names *valueNames) ([]searchChip, []searchField) {
	var chips []searchChip
	var hidden []searchField
	for i := range a.kind.filters {
		f := &a.kind.filters[i]
		for _, value := range a.chosen[f.name] {
			label := v.say.T("search.chip", "filter", v.say.T("facet."+f.name), "value", names.label(f, value))
			chips = append(chips, searchChip{label, v.without(a, f.name, value)})
			if f.column == "" && f.name != "temporal_coverage" {
				hidden = append(hidden, searchField{f.name, value})
			}
		}
	}
	return chips, hidden
}

func (v *visit) sorts(a *asking) []searchSort {
	sorts := make([]searchSort, len(a.kind.sorts))
	for i, sort := range a.kind.sorts {
		id := strings.TrimPrefix(sort, "-")
		if id == "" {
			id = "relevance"
		}
		sorts[i] = searchSort{sort, v.say.T("search.sort-" + id), sort == a.sort}
	}
	return sorts
}

// fields are the arguments but the order, for a form that changes it alone.
func (a *asking) fields() []searchField {
	var fields []searchField
	if a.words != "" {
		fields = append(fields, searchField{"q", a.words})
	}
	for i := range a.kind.filters {
		name := a.kind.filters[i].name
		for _, value := range a.chosen[name] {
			fields = append(fields, searchField{name, value})
		}
	}
	return fields
}
