package portal

import (
	"slices"
	"strconv"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/i18n"
	"grenier/internal/search"
)

// facet is a filter of a search with the values that one can choose: the
// template part "facet" draws it.
type facet struct {
	// Name is the argument, Label its name for people.
	Name, Label string
	// Multiple lets several values be chosen.
	Multiple bool
	// Basic facets are open; the others are folded unless a value is chosen.
	Basic bool
	// Chosen is how many values are chosen; Reset leads to the page without them.
	Chosen int
	Reset  string
	// All counts the results without this filter, for the choice of no value.
	All int
	// Values are the most frequent ones and those chosen, More the next ones.
	Values, More []facetValue
	// Add is the argument by which another value is typed in, AddLabel and
	// AddHelp what the field says; empty for none.
	Add, AddLabel, AddHelp string
	// Dates are fields for days, for periods.
	Dates []dateField
}

// facetValue is a value of a facet. Counted is false when the number is unknown.
type facetValue struct {
	Value, Label string
	Count        int
	Counted      bool
	Chosen       bool
}

// dateField is a field for a day.
type dateField struct{ Name, Label, Value string }

// facetShown is how many values a facet shows before the others are unfolded.
const facetShown = 10

// facetsOf are the facets to count for a search.
func (a *asking) facetsOf(v *visit) []search.Facet {
	var facets []search.Facet
	for i := range a.kind.filters {
		f := &a.kind.filters[i]
		if f.column == "" {
			continue
		}
		counted := search.Facet{Field: f.column, Own: f.own, Limit: search.MaxBuckets}
		if f.name == updatedFilter.name {
			counted.Ranges = search.UpdateRanges(v.now)
		}
		facets = append(facets, counted)
	}
	return facets
}

// facets are the filters of a page with the counts that the index gave.
func (v *visit) facets(a *asking, names *valueNames, counts []search.FacetCounts, total int) []facet {
	var facets []facet
	for i := range a.kind.filters {
		f := &a.kind.filters[i]
		if f.name == "temporal_coverage" {
			facets = append(facets, v.coverageFacet(a))
		}
		if f.column == "" || len(counts) == 0 {
			continue
		}
		one := v.facet(a, f, names, counts[0], total)
		counts = counts[1:]
		if len(one.Values) > 0 || one.Add != "" {
			facets = append(facets, one)
		}
	}
	return facets
}

func (v *visit) facet(a *asking, f *searchFilter, names *valueNames, counts search.FacetCounts, total int) facet {
	chosen := a.chosen[f.name]
	one := facet{
		Name: f.name, Label: v.say.T("facet." + f.name), Multiple: f.repeat, Basic: f.basic, Chosen: len(chosen), All: counts.All,
	}
	if len(chosen) > 0 {
		one.Reset = v.without(a, f.name, "")
	}
	if f.add != "" {
		one.Add, one.AddLabel, one.AddHelp = f.add, v.say.T("facet.add-"+f.add), v.say.T("facet.help-"+f.add)
	}
	var rest []facetValue
	for _, bucket := range counts.Buckets {
		value, label := bucket.Value, ""
		if f.name == ownerFilter.name {
			value, label, _ = strings.Cut(bucket.Value, "|")
			names.organizations[value] = label
		}
		is := slices.Contains(chosen, value)
		if bucket.Count == 0 && !is {
			continue
		}
		if label == "" {
			label = names.label(f, value)
		}
		item := facetValue{Value: value, Label: label, Count: bucket.Count, Counted: true, Chosen: is}
		if len(one.Values) < facetShown || is {
			one.Values = append(one.Values, item)
		} else {
			rest = append(rest, item)
		}
	}
	one.More = rest
	for _, value := range chosen {
		if !slices.ContainsFunc(one.Values, func(known facetValue) bool { return known.Value == value }) {
			one.Values = append(one.Values, facetValue{
				Value: value, Label: names.label(f, value), Chosen: true, Count: total, Counted: !f.repeat,
			})
		}
	}
	if f.name == "geozone" {
		names.tellApart(one.Values, one.More)
	}
	return one
}

func (v *visit) coverageFacet(a *asking) facet {
	one := facet{Name: "temporal_coverage", Label: v.say.T("facet.temporal_coverage")}
	var from, to string
	if chosen := a.chosen[one.Name]; len(chosen) > 0 {
		from, to, _ = catalog.DayRange(chosen[0])
		one.Chosen, one.Reset = 1, v.without(a, one.Name, "")
	}
	one.Dates = []dateField{
		{"coverage_start", v.say.T("facet.coverage-start"), from}, {"coverage_end", v.say.T("facet.coverage-end"), to},
	}
	return one
}

// valueNames knows how values of filters are called.
type valueNames struct {
	v *visit
	// licenses, organizations, topics and people are names by identifier.
	licenses, organizations, topics, people map[string]string
}

// names reads the names that the chosen values and the results need.
func (v *visit) names(a *asking) (*valueNames, error) {
	n := &valueNames{v: v, licenses: map[string]string{}, organizations: map[string]string{}, topics: map[string]string{}, people: map[string]string{}}
	ctx := v.Context()
	if a.kind.kind == search.Dataset {
		licenses, err := v.p.Catalog.Licenses(ctx)
		if err != nil {
			return nil, err
		}
		for i := range licenses {
			n.licenses[licenses[i].ID] = v.licenseTitle(&licenses[i])
		}
	}
	if ids := a.chosen[ownerFilter.name]; len(ids) > 0 {
		organizations, err := v.p.Organizations.ByIDs(ctx, ids)
		if err != nil {
			return nil, err
		}
		for i := range organizations {
			n.organizations[organizations[i].ID] = organizations[i].Name
		}
	}
	if ids := a.chosen["topic"]; len(ids) > 0 && a.kind.kind != search.Reuse {
		topics, err := v.p.Catalog.TopicsByIDs(ctx, account.Nobody, ids)
		if err != nil {
			return nil, err
		}
		for i := range topics {
			n.topics[topics[i].ID] = topics[i].Name
		}
	}
	for _, id := range a.chosen[personFilter.name] {
		person, err := v.p.People.Get(ctx, account.Nobody, id)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		n.people[person.ID] = person.FullName()
	}
	return n, nil
}

// label is the name of a value; a value without a name is its own.
func (n *valueNames) label(f *searchFilter, value string) string {
	label := ""
	switch {
	case f.labels != "":
		return i18n.Label(f.labels, value, n.v.lang)
	case f.flag:
		if yes, err := strconv.ParseBool(value); err == nil && yes {
			return n.v.say.T("facet.yes")
		} else if err == nil {
			return n.v.say.T("facet.no")
		}
	}
	switch f.name {
	case "last_update_range":
		if id := "facet." + value; slices.Contains([]string{"last_30_days", "last_12_months", "last_3_years"}, value) {
			label = n.v.say.T(id)
		}
	case "temporal_coverage":
		if from, to, ok := catalog.DayRange(value); ok {
			label = n.v.say.Date(from) + " – " + n.v.say.Date(to)
		}
	case "license":
		if label = n.licenses[value]; label == "" && value == catalog.LicenseNotSpecified {
			label = n.v.say.T("dataset.no-license")
		}
	case "organization":
		label = n.organizations[value]
	case "owner":
		label = n.people[value]
	case "topic":
		label = n.topics[value]
	case "badge":
		label = i18n.Label(i18n.DatasetBadge, value, n.v.lang)
	case "geozone":
		if zone, ok := n.v.p.Zones.Get(value); ok {
			label = zone.Name
		}
	case "format":
		label = formatLabel(value)
	}
	if label == "" {
		return value
	}
	return label
}

// tellApart adds the level to zones that have the same name.
func (n *valueNames) tellApart(lists ...[]facetValue) {
	seen := map[string]int{}
	for _, list := range lists {
		for _, item := range list {
			seen[item.Label]++
		}
	}
	for _, list := range lists {
		for i := range list {
			if zone, ok := n.v.p.Zones.Get(list[i].Value); ok && seen[list[i].Label] > 1 {
				list[i].Label += " – " + i18n.Label(i18n.Granularity, zone.Level, n.v.lang)
			}
		}
	}
}
