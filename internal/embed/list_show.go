package embed

import (
	"net/url"
	"slices"
	"strconv"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/i18n"
	"grenier/internal/search"
)

// show makes the page of what was found.
func (a *asking) show(result search.Result) (*list, error) {
	l := &list{
		Action: a.action(), Words: a.q.Words,
		Total: a.say.T("embed.total-"+a.kind.name, "count", result.Total), Search: a.shown.Search,
		All: a.all(),
	}
	var err error
	if l.Cards, err = a.cards(result.Hits); err != nil {
		return nil, err
	}
	if a.shown.Filters {
		if l.Filters, err = a.choices(result.Facets); err != nil {
			return nil, err
		}
		for _, name := range a.kind.sorts {
			label := a.say.T("embed.sort-relevance")
			if name != "" {
				label = a.say.T("embed.sort" + name)
			}
			l.Sorts = append(l.Sorts, option{name, label, name == a.sort})
		}
	}
	l.Filtered = len(a.chosen) > 0 || a.sort != ""
	l.Kept = a.handedOn()
	a.turn(l, result.Total)
	return l, nil
}

// action is the address of the list.
func (a *asking) action() string {
	if a.q.Kind == "" {
		return a.site.Base + "/embeds/search"
	}
	return a.site.Base + "/embeds/" + a.q.Kind + "/" + url.PathEscape(a.q.Key)
}

// all is the address of the whole list on the site.
func (a *asking) all() string {
	path := "/" + a.kind.folder + "/search"
	switch {
	case a.kind.kind == search.Organization || a.kind.kind == search.Topic:
		path = "/" + a.kind.folder
	case a.organization != nil:
		path += "?organization=" + a.organization.ID
	}
	return a.page(path)
}

// turn adds the ways to the pages before and after.
func (a *asking) turn(l *list, total int) {
	pages := (min(total, search.MaxWindow) + a.size - 1) / a.size
	if pages < 2 {
		return
	}
	l.Position = a.say.T("embed.position", "page", strconv.Itoa(a.number), "pages", strconv.Itoa(pages))
	if a.number > 1 {
		l.Previous = a.address(l.Action, a.number-1)
	}
	if a.number < pages {
		l.Next = a.address(l.Action, a.number+1)
	}
}

// address is another page of the same question.
func (a *asking) address(action string, number int) string {
	args := url.Values{}
	for _, one := range a.handedOn() {
		args.Set(one.Name, one.Value)
	}
	for name, value := range a.chosen {
		args.Set(name, value)
	}
	if a.q.Words != "" {
		args.Set("q", a.q.Words)
	}
	if a.sort != "" {
		args.Set("sort", a.sort)
	}
	if number > 1 {
		args.Set("page", strconv.Itoa(number))
	}
	if len(args) == 0 {
		return action
	}
	return action + "?" + args.Encode()
}

// handedOn are the wishes about the look, and the filters that are not shown,
// which stay from page to page.
func (a *asking) handedOn() []field {
	var kept []field
	add := func(name, value string) {
		if value != "" && len(value) <= mostValue {
			kept = append(kept, field{name, value})
		}
	}
	add("theme", a.q.Theme)
	add("accent", a.q.Accent)
	add("lang", a.q.Lang)
	add("hide", a.q.Hide)
	add("per_page", a.q.PerPage)
	if a.q.Kind == "" {
		add("type", a.q.Type)
		add("organization", a.q.Organization)
	}
	if !a.shown.Filters {
		for _, name := range a.kind.filters {
			add(name, a.chosen[name])
		}
		add("sort", a.sort)
	}
	return kept
}

// cards are those of what was found, in its order.
func (a *asking) cards(hits []search.Hit) ([]drawn, error) {
	ids := make([]string, len(hits))
	for i, hit := range hits {
		ids[i] = hit.ID
	}
	var made []*card
	switch a.kind.kind {
	case search.Dataset:
		rows, err := a.e.Catalog.DatasetsByIDs(a.ctx, account.Nobody, ids, catalog.Parts{})
		if err != nil {
			return nil, err
		}
		for i := range rows {
			one, err := a.dataset(&rows[i])
			if err != nil {
				return nil, err
			}
			made = append(made, one)
		}
	case search.Dataservice:
		rows, err := a.e.Catalog.DataservicesByIDs(a.ctx, account.Nobody, ids)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			made = append(made, a.dataservice(&rows[i]))
		}
	case search.Organization:
		rows, err := a.e.Organizations.ByIDs(a.ctx, ids)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			made = append(made, a.maker.organization(&rows[i]))
		}
	case search.Topic:
		rows, err := a.e.Catalog.TopicsByIDs(a.ctx, account.Nobody, ids)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			made = append(made, a.topic(&rows[i]))
		}
	case search.Reuse:
		rows, err := a.e.Catalog.ReusesByIDs(a.ctx, account.Nobody, ids)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			made = append(made, a.reuse(&rows[i]))
		}
	}
	cards := make([]drawn, len(made))
	for i, one := range made {
		cards[i] = drawn{card: one, say: a.say, Level: 2}
	}
	return cards, nil
}

// choices are the filters with the values that something was found for, and the
// chosen one.
func (a *asking) choices(counts []search.FacetCounts) ([]choice, error) {
	var all []choice
	for _, name := range a.kind.filters {
		one := choice{Name: name, Label: a.say.T("embed.filter-" + name)}
		if name == "is_restricted" {
			for _, value := range []string{"false", "true"} {
				one.Options = append(one.Options, option{value, a.say.T("embed.restricted-" + value), a.chosen[name] == value})
			}
			all = append(all, one)
			continue
		}
		var values []string
		if at := slices.IndexFunc(counts, func(c search.FacetCounts) bool { return c.Field == name }); at >= 0 {
			for _, bucket := range counts[at].Buckets {
				if bucket.Count > 0 {
					values = append(values, bucket.Value)
				}
			}
		}
		if chosen := a.chosen[name]; chosen != "" && !slices.Contains(values, chosen) {
			values = append(values, chosen)
		}
		for _, value := range values {
			label, err := a.label(name, value)
			if err != nil {
				return nil, err
			}
			one.Options = append(one.Options, option{value, label, value == a.chosen[name]})
		}
		if len(one.Options) > 0 {
			all = append(all, one)
		}
	}
	return all, nil
}

// label is the name of a value of a filter.
func (a *asking) label(name, value string) (string, error) {
	switch name {
	case "license":
		return a.license(value)
	case "geozone":
		if zone, ok := a.e.Zones.Get(value); ok {
			return zone.Name, nil
		}
	case "badge":
		if a.kind.kind == search.Organization {
			return i18n.Label(i18n.OrganizationBadge, value, a.say.Lang()), nil
		}
		return i18n.Label(i18n.DatasetBadge, value, a.say.Lang()), nil
	case "granularity":
		return i18n.Label(i18n.Granularity, value, a.say.Lang()), nil
	}
	return value, nil
}
