package portal

import (
	"grenier/internal/i18n"
	"grenier/internal/search"
)

// searchKind is a kind of object that people search: what the page is called in
// addresses and messages, how it can be narrowed and ordered.
type searchKind struct {
	kind search.Kind
	// name is in the plural, as in addresses.
	name string
	// path is the search page, icon its picture.
	path, icon string
	// filters are in the order in which people use them.
	filters []searchFilter
	// sorts are the orders offered, the first of which is by relevance.
	sorts []string
	// csv and feed are the arguments that the CSV file and the feeds understand
	// beside q; nil when there is no such form, everything when they hold "*".
	csv, feed []string
}

// searchFilter is an argument that narrows a search.
type searchFilter struct {
	name string
	// column is what the facet counts, empty for a filter without a facet; own
	// is the filter that the facet leaves out when it is another column.
	column, own string
	// repeat lets several values be chosen.
	repeat bool
	// basic filters are open, the others folded.
	basic bool
	// labels are the names of the values.
	labels i18n.Kind
	// add is the argument by which a value is typed in, empty for none.
	add string
	// shared filters stay when another kind is looked at.
	shared bool
	// flag is true or false.
	flag bool
}

// noFilter is the own filter of a facet that counts what is left after all
// filters, since its values narrow one another.
const noFilter = "-"

// Filters that several kinds have.
var (
	updatedFilter  = searchFilter{name: "last_update_range", column: "last_update", basic: true, shared: true}
	accessFilter   = searchFilter{name: "access_type", column: "access_type", basic: true, labels: i18n.AccessType, shared: true}
	producerFilter = searchFilter{name: "producer_type", column: "producer_type", basic: true, labels: i18n.ProducerType, shared: true}
	tagFilter      = searchFilter{name: "tag", column: "tag", own: noFilter, repeat: true, basic: true, add: "tag", shared: true}
	ownerFilter    = searchFilter{name: "organization", column: "organization_id_with_name", own: "organization", shared: true}
	badgedFilter   = searchFilter{name: "organization_badge", column: "organization_badge", labels: i18n.OrganizationBadge, shared: true}
	personFilter   = searchFilter{name: "owner"}
	featuredFilter = searchFilter{name: "featured", flag: true}
	archivedFilter = searchFilter{name: "archived", flag: true}
)

// searchKinds are the kinds in the order of the switch.
var searchKinds = []*searchKind{
	{
		kind: search.Dataset, name: "datasets", path: "/datasets/search", icon: "dataset",
		filters: []searchFilter{
			{name: "format_family", column: "format_family", basic: true, labels: i18n.FormatFamily},
			tagFilter, updatedFilter, accessFilter, producerFilter,
			{name: "badge", column: "badge", basic: true, labels: i18n.DatasetBadge},
			{name: "format", column: "format", repeat: true},
			ownerFilter,
			{name: "geozone", column: "geozone", add: "place"},
			{name: "granularity", column: "granularity", repeat: true, labels: i18n.Granularity},
			{name: "license", column: "license"},
			{name: "schema", column: "schema", repeat: true},
			badgedFilter,
			{name: "temporal_coverage"}, featuredFilter, {name: "topic"}, personFilter, {name: "organization_name"},
		},
		sorts: []string{"", "-last_update", "-created", "-views", "-reuses", "-followers"},
		csv:   []string{"*"}, feed: []string{"*"},
	},
	{
		kind: search.Dataservice, name: "dataservices", path: "/dataservices/search", icon: "api",
		filters: []searchFilter{
			accessFilter, updatedFilter, producerFilter, tagFilter, ownerFilter,
			featuredFilter, archivedFilter, {name: "is_restricted", flag: true}, {name: "topic"},
		},
		sorts: []string{"", "-created", "-views", "-followers"},
		csv:   []string{"tag", "organization", "access_type", "featured", "topic"},
		feed:  []string{"tag", "organization", "access_type", "featured", "topic", "last_update_range", "producer_type", "is_restricted"},
	},
	{
		kind: search.Reuse, name: "reuses", path: "/reuses/search", icon: "reuse",
		filters: []searchFilter{
			{name: "topic", column: "topic", basic: true, labels: i18n.ReuseTopic},
			{name: "type", column: "type", basic: true, labels: i18n.ReuseType},
			updatedFilter, producerFilter, tagFilter, ownerFilter, badgedFilter,
			{name: "badge"}, featuredFilter, archivedFilter, personFilter,
		},
		sorts: []string{"", "-created", "-views", "-datasets", "-followers"},
		csv:   []string{"type", "topic", "tag", "organization", "organization_badge", "featured", "owner"},
		feed: []string{
			"type", "topic", "tag", "organization", "organization_badge", "featured", "owner", "last_update_range", "producer_type", "badge",
		},
	},
	{
		kind: search.Organization, name: "organizations", path: "/organizations", icon: "building",
		filters: []searchFilter{
			producerFilter,
			{name: "badge", column: "badge", labels: i18n.OrganizationBadge},
		},
		sorts: []string{"", "-datasets", "-reuses", "-followers", "-created"},
		csv:   []string{"badge"}, feed: []string{"*"},
	},
	{
		kind: search.Topic, name: "topics", path: "/topics", icon: "topic",
		filters: []searchFilter{updatedFilter, producerFilter, tagFilter, ownerFilter, featuredFilter},
		sorts:   []string{"", "-last_modified", "-created", "name"},
		feed:    []string{"*"},
	},
}

// kindNamed gives the kind of a name in the singular or plural, nil when there
// is none.
func kindNamed(name string) *searchKind {
	for _, k := range searchKinds {
		if name == k.name || name == k.kind.String() {
			return k
		}
	}
	return nil
}

func (k *searchKind) filter(name string) *searchFilter {
	for i := range k.filters {
		if k.filters[i].name == name {
			return &k.filters[i]
		}
	}
	return nil
}

// message is the identifier of a message about the kind.
func (k *searchKind) message(what string) string { return "search." + what + "-" + k.name }
