package portal

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"grenier/internal/catalog"
	"grenier/internal/search"
	"grenier/internal/text"
)

// searchArgs are the arguments of the search pages; the ones that a kind does
// not have are left aside. They are read by name from the filters of the kind.
type searchArgs struct {
	Words             []string `query:"q"`
	Sort              []string `query:"sort"`
	Page              []string `query:"page"`
	Tag               []string `query:"tag"`
	Badge             []string `query:"badge"`
	Organization      []string `query:"organization"`
	OrganizationBadge []string `query:"organization_badge"`
	OrganizationName  []string `query:"organization_name"`
	Owner             []string `query:"owner"`
	License           []string `query:"license"`
	Geozone           []string `query:"geozone"`
	Place             []string `query:"place"`
	Granularity       []string `query:"granularity"`
	Format            []string `query:"format"`
	FormatFamily      []string `query:"format_family"`
	Schema            []string `query:"schema"`
	Coverage          []string `query:"temporal_coverage"`
	CoverageStart     []string `query:"coverage_start"`
	CoverageEnd       []string `query:"coverage_end"`
	Featured          []string `query:"featured"`
	Archived          []string `query:"archived"`
	Restricted        []string `query:"is_restricted"`
	Topic             []string `query:"topic"`
	Type              []string `query:"type"`
	AccessType        []string `query:"access_type"`
	ProducerType      []string `query:"producer_type"`
	LastUpdateRange   []string `query:"last_update_range"`
}

// asking is what a search page is asked, in normal form.
type asking struct {
	kind  *searchKind
	words string
	// chosen are the values of the filters that have some.
	chosen map[string][]string
	sort   string
	page   int
}

const (
	// pageSize is the number of results on a page.
	pageSize = 20
	// mostValues bounds the values of one filter.
	mostValues = 20
)

// asked reads what a search of a kind is asked. Unknown orders are left out;
// unknown values of filters stay, find nothing, and can be taken away.
func (v *visit) asked(kind *searchKind) *asking {
	a := &asking{kind: kind, words: wordsOf(firstArg(v.Args("q"))), chosen: map[string][]string{}, page: pageOf(firstArg(v.Args("page")))}
	for i := range kind.filters {
		f := &kind.filters[i]
		values := v.valuesOf(f)
		if len(values) > 1 && !f.repeat {
			values = values[:1]
		}
		if len(values) > 0 {
			a.chosen[f.name] = values
		}
	}
	if sort := firstArg(v.Args("sort")); slices.Contains(kind.sorts, sort) {
		a.sort = sort
	}
	return a
}

func firstArg(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// valuesOf are the values of a filter: trimmed, without repetition, bounded.
func (v *visit) valuesOf(f *searchFilter) []string {
	given := v.Args(f.name)
	switch f.name {
	case "geozone":
		given = append(v.zonesTyped(), given...)
	case "temporal_coverage":
		given = append(given, coverageTyped(firstArg(v.Args("coverage_start")), firstArg(v.Args("coverage_end"))))
	}
	var values []string
	for _, value := range given {
		value = strings.Map(printableWords, wordsOf(value))
		if f.name == "tag" {
			value = text.Slug(value)
		}
		if value != "" && !slices.Contains(values, value) && len(values) < mostValues {
			values = append(values, value)
		}
	}
	if f.repeat {
		slices.Sort(values)
	}
	return values
}

func printableWords(r rune) rune {
	if unicode.IsControl(r) {
		return -1
	}
	return r
}

// zonesTyped are the zones that the name in the argument "place" means: the most
// probable one, or the name itself when no zone is called so.
func (v *visit) zonesTyped() []string {
	place := wordsOf(firstArg(v.Args("place")))
	if place == "" {
		return nil
	}
	if zone, ok := v.p.Zones.Get(place); ok {
		return []string{zone.ID}
	}
	if zone, _, ok := v.p.Zones.ByName(place); ok {
		return []string{zone.ID}
	}
	if zones := v.p.Zones.Suggest(place, 1); len(zones) > 0 {
		return []string{zones[0].ID}
	}
	return []string{place}
}

// coverageTyped is the value of temporal_coverage for two days, one of which may
// be missing.
func coverageTyped(from, to string) string {
	from, to = strings.TrimSpace(from), strings.TrimSpace(to)
	switch {
	case from == "" && to == "":
		return ""
	case from == "":
		from = to
	case to == "":
		to = from
	}
	return from + "-" + to
}

// query is the question for the index.
func (a *asking) query(now time.Time) search.Query {
	q := search.Query{Kind: a.kind.kind, Text: a.words}
	for i := range a.kind.filters {
		f := &a.kind.filters[i]
		values := a.chosen[f.name]
		switch {
		case len(values) == 0:
		case f.flag:
			a.flag(&q, f.name, values[0])
		case f.name == "last_update_range":
			if !q.NarrowUpdated(values[0], now) {
				q.KeepNothing()
			}
		case f.name == "temporal_coverage":
			from, to, ok := catalog.DayRange(values[0])
			if !ok {
				q.KeepNothing()
				break
			}
			q.Coverage = search.CoverageOf(from, to)
		default:
			q.Narrow(f.name, values...)
		}
	}
	q.SortBy(a.sort)
	return q
}

func (a *asking) flag(q *search.Query, name, value string) {
	yes, err := strconv.ParseBool(value)
	switch {
	case err != nil:
		q.KeepNothing()
	case name == "featured":
		q.Featured = &yes
	case name == "archived":
		q.Archived = &yes
	case len(a.chosen["access_type"]) == 0:
		q.NarrowRestricted(yes)
	}
}

// args are the arguments in normal form, the page left out.
func (a *asking) args() url.Values {
	args := url.Values{}
	for name, values := range a.chosen {
		args[name] = values
	}
	if a.words != "" {
		args.Set("q", a.words)
	}
	if a.sort != "" {
		args.Set("sort", a.sort)
	}
	return args
}

// address is the path and query of the page with other arguments.
func (v *visit) address(path string, args url.Values) string {
	if len(args) == 0 {
		return v.path(path)
	}
	return v.path(path) + "?" + args.Encode()
}

// pageAddress is the address of a page of the results.
func (v *visit) pageAddress(a *asking, page int) string {
	args := a.args()
	if page > 1 {
		args.Set("page", strconv.Itoa(page))
	}
	return v.address(a.kind.path, args)
}

// without is the address of the search without a value of a filter, or without
// the filter when the value is empty.
func (v *visit) without(a *asking, name, value string) string {
	args := a.args()
	kept := slices.DeleteFunc(slices.Clone(args[name]), func(one string) bool { return value == "" || one == value })
	if args[name] = kept; len(kept) == 0 {
		args.Del(name)
	}
	return v.address(a.kind.path, args)
}

// elsewhere is the same question about another kind, with the filters that both
// have.
func (a *asking) elsewhere(kind *searchKind) *asking {
	if kind == a.kind {
		return a
	}
	b := &asking{kind: kind, words: a.words, chosen: map[string][]string{}, page: 1}
	for name, values := range a.chosen {
		if f := kind.filter(name); f != nil && f.shared {
			b.chosen[name] = values
		}
	}
	return b
}
