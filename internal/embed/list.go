package embed

import (
	"strconv"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/search"
	"grenier/internal/web"
)

// searchArgs are the question of a framed search. They are read leniently: what
// makes no sense is as if unsaid.
type searchArgs struct {
	Words       string `query:"q"`
	Tag         string `query:"tag"`
	Format      string `query:"format"`
	License     string `query:"license"`
	Schema      string `query:"schema"`
	Geozone     string `query:"geozone"`
	Granularity string `query:"granularity"`
	Badge       string `query:"badge"`
	Restricted  string `query:"is_restricted"`
	Sort        string `query:"sort"`
	// Type and Organization narrow a search in the whole catalogue.
	Type         string `query:"type"`
	Organization string `query:"organization"`
	Page         string `query:"page"`
	PerPage      string `query:"per_page"`
}

// listKind is a list of objects: those of an organization, or all.
type listKind struct {
	name, folder string
	kind         search.Kind
	filters      []string
	sorts        []string
	// object is how the catalogue names the kind.
	object string
}

var (
	datasetList = listKind{"datasets", "datasets", search.Dataset, []string{"tag", "format", "license", "schema", "geozone", "granularity", "badge"},
		[]string{"", "-last_update", "-created", "-views", "-reuses", "-followers"}, catalog.KindDataset}
	dataserviceList = listKind{"dataservices", "dataservices", search.Dataservice, []string{"is_restricted"},
		[]string{"", "-created", "-views", "-followers"}, catalog.KindDataservice}
	reuseList = listKind{"reuses", "reuses", search.Reuse, nil, []string{"", "-created", "-views", "-datasets", "-followers"}, catalog.KindReuse}

	organizationList = listKind{"organizations", "organizations", search.Organization, []string{"badge"},
		[]string{"", "-datasets", "-reuses", "-followers", "-created"}, catalog.KindOrganization}
	topicList = listKind{"topics", "topics", search.Topic, []string{"tag"}, []string{"", "-last_modified", "-created"}, catalog.KindTopic}

	// searchKinds are those of a search in the whole catalogue, by its argument type.
	searchKinds = map[string]*listKind{
		"": &datasetList, "datasets": &datasetList, "dataservices": &dataserviceList, "reuses": &reuseList, "organizations": &organizationList, "topics": &topicList,
	}

	// listKinds are the lists by the first parts of their addresses.
	listKinds = map[string]*listKind{"search-datasets": &datasetList, "search-dataservices": &dataserviceList, "list-reuses": &reuseList}
)

// list is a page of objects.
type list struct {
	// Action is where the form leads; Words what was asked for.
	Action, Words string
	// Kept are the wishes that the form hands on.
	Kept    []field
	Filters []choice
	// Sorts are the orders to choose from.
	Sorts    []option
	Total    string
	Cards    []drawn
	Previous string
	Next     string
	Position string
	All      string
	// Search tells that the field for words is shown.
	Search bool
	// Filtered tells that a filter or an order is chosen.
	Filtered bool
}

// field is a hidden field of the form.
type field struct{ Name, Value string }

// choice is a filter with the values to choose from.
type choice struct {
	Name, Label string
	Options     []option
}

type option struct {
	Value, Label string
	Chosen       bool
}

// Bounds of a list.
const (
	perPage     = 10
	mostPerPage = 50
	mostWords   = 300
	mostValue   = 200
	mostOptions = 30
)

// list finds a page of the objects of the organization that the address names.
func (m *maker) list(kind *listKind, q pageArgs, f *framed) ([]web.Key, error) {
	found, err := m.e.Organizations.Resolve(m.ctx, q.Key)
	if err != nil {
		return nil, err
	}
	o, err := m.e.Organizations.Get(m.ctx, account.Nobody, found.ID)
	if err != nil {
		return nil, err
	}
	return m.found(kind, o, q, f)
}

// found shows what a question finds.
func (m *maker) found(kind *listKind, o *account.Organization, q pageArgs, f *framed) ([]web.Key, error) {
	a := &asking{maker: m, kind: kind, organization: o, q: q, shown: q.optionArgs.read()}
	a.read()
	result, err := m.e.Search.Search(a.query())
	if err != nil {
		return nil, err
	}
	keys := []web.Key{web.Epoch("search/" + kind.object), web.Epoch(kind.object), web.Epoch(catalog.KindOrganization)}
	f.Title = m.say.T("embed.search-" + kind.name)
	if o != nil {
		f.Title = m.say.T("embed.list-"+kind.name, "organization", o.Name)
		keys = append(keys, web.Object(catalog.KindOrganization, o.ID))
	}
	if f.List, err = a.show(result); err != nil {
		return nil, err
	}
	for i := range f.List.Cards {
		keys = append(keys, f.List.Cards[i].keys...)
	}
	return keys, nil
}

// search finds a page of the objects of the whole catalogue.
func (m *maker) search(q pageArgs, f *framed) ([]web.Key, error) {
	kind, ok := searchKinds[q.Type]
	if !ok {
		return nil, fault.New(fault.NotFound, "There is no such page.")
	}
	var owner *account.Organization
	if q.Organization != "" && len(q.Organization) <= mostValue {
		found, err := m.e.Organizations.Resolve(m.ctx, q.Organization)
		if err != nil {
			return nil, err
		}
		if owner, err = m.e.Organizations.Get(m.ctx, account.Nobody, found.ID); err != nil {
			return nil, err
		}
	}
	return m.found(kind, owner, q, f)
}

// asking is one question to a list.
type asking struct {
	*maker
	kind *listKind
	// organization is whose objects are listed, nil for all.
	organization *account.Organization
	q            pageArgs
	shown        options
	chosen       map[string]string
	sort         string
	number, size int
}

// read takes what makes sense of the arguments.
func (a *asking) read() {
	given := map[string]string{
		"tag": a.q.Tag, "format": a.q.Format, "license": a.q.License, "schema": a.q.Schema, "geozone": a.q.Geozone,
		"granularity": a.q.Granularity, "badge": a.q.Badge, "is_restricted": a.q.Restricted,
	}
	a.chosen = map[string]string{}
	for _, name := range a.kind.filters {
		if value := strings.TrimSpace(given[name]); value != "" && len(value) <= mostValue {
			a.chosen[name] = value
		}
	}
	for _, known := range a.kind.sorts {
		if a.q.Sort == known {
			a.sort = known
		}
	}
	a.q.Words = strings.TrimSpace(strings.ToValidUTF8(cut(a.q.Words, mostWords), ""))
	a.size = between(a.q.PerPage, 1, mostPerPage, perPage)
	a.number = between(a.q.Page, 1, search.MaxWindow/mostPerPage, 1)
}

// between reads a whole number within bounds, none for what is not one.
func between(given string, least, most, none int) int {
	n, err := strconv.Atoi(given)
	if err != nil {
		return none
	}
	return max(least, min(n, most))
}

// query is the question for the index.
func (a *asking) query() search.Query {
	q := search.Query{Kind: a.kind.kind, Text: a.q.Words, Offset: (a.number - 1) * a.size, Limit: a.size}
	if a.organization != nil {
		q.Narrow("organization", a.organization.ID)
	}
	for _, name := range a.kind.filters {
		value := a.chosen[name]
		switch {
		case value == "":
		case name == "is_restricted":
			restricted, err := strconv.ParseBool(value)
			if err != nil {
				delete(a.chosen, name)
				continue
			}
			q.NarrowRestricted(restricted)
		default:
			q.Narrow(name, value)
		}
		if name != "is_restricted" && a.shown.Filters {
			q.Facets = append(q.Facets, search.Facet{Field: name, Limit: mostOptions})
		}
	}
	sort := a.sort
	if sort == "" && q.Text == "" {
		sort = "-created"
	}
	q.SortBy(sort)
	return q
}
