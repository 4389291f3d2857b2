package portal

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
)

// waitingCard is something that needs the person, with the first things concerned.
type waitingCard struct {
	// ID is unique in the page; Tone is warning, danger, info or empty.
	ID, Icon, Tone string
	Title, Text    string
	Lines          []waitingLine
	// Links lead to all of it, one for each owner.
	Links []AdminAction
}

// waitingLine is one of the first things concerned. Lang is the language of its
// text where it may differ from the page's.
type waitingLine struct {
	Text, URL, Lang string
	Detail          string
}

const (
	// waitingShown is how many things of a card are shown, mostOwners how many
	// owners it leads to.
	waitingShown = 3
	mostOwners   = 6
	// tokenSoon is how long before its end a token is told of.
	tokenSoon = 14 * 24 * time.Hour
)

// homeWaiting is what needs the person, in the order of what presses most. It
// takes a constant number of queries.
func (v *visit) homeWaiting(organizations []account.Organization) ([]waitingCard, error) {
	names := map[string]string{}
	for i := range organizations {
		names[organizations[i].ID] = organizations[i].Name
	}
	var cards []waitingCard
	for _, read := range []func(map[string]string) ([]waitingCard, error){
		v.waitingFactor, v.waitingInvitations, v.waitingTransfers, v.waitingRequests, v.waitingTokens, v.waitingDatasets, v.waitingHarvests,
	} {
		more, err := read(names)
		if err != nil {
			return nil, err
		}
		cards = append(cards, more...)
	}
	return cards, nil
}

// waitingFactor asks for the second factor that the site demands.
func (v *visit) waitingFactor(map[string]string) ([]waitingCard, error) {
	if v.p.Accounts == nil || v.viewer.User.SecondFactor != nil {
		return nil, nil
	}
	state, err := v.p.Accounts.Factor(v.Context(), v.viewer)
	if err != nil || !state.Demanded {
		return nil, err
	}
	return []waitingCard{{
		ID: "factor", Icon: "shield", Tone: "danger", Title: v.say.T("admin-me.wait-factor"), Text: v.say.T("admin-me.wait-factor-text"),
		Links: []AdminAction{{Label: v.say.T("admin-me.factor-start"), URL: v.path("/admin/me/security/factor"), Icon: "shield", Tone: "primary"}},
	}}, nil
}

// waitingInvitations are invitations of organisations.
func (v *visit) waitingInvitations(map[string]string) ([]waitingCard, error) {
	invitations, err := v.p.Organizations.Invitations(v.Context(), v.viewer)
	if err != nil || len(invitations) == 0 {
		return nil, err
	}
	c := waitingCard{
		ID: "invitations", Icon: "mail", Tone: "info", Title: v.say.T("admin-me.wait-invitations", "count", len(invitations)),
		Links: v.answersAt("admin-me.answer", "/admin/me/invitations", "/admin/invitations"),
	}
	for _, one := range invitations[:min(len(invitations), waitingShown)] {
		if one.Organization != nil {
			c.Lines = append(c.Lines, waitingLine{
				Text: one.Organization.Name, URL: v.publicPage(catalog.KindOrganization, one.Organization.Slug), Lang: v.contentLang(),
				Detail: v.say.Ago(one.CreatedAt, v.now),
			})
		}
	}
	return []waitingCard{c}, nil
}

// waitingTransfers are objects that others offer.
func (v *visit) waitingTransfers(map[string]string) ([]waitingCard, error) {
	transfers, total, err := v.p.Catalog.Transfers(v.Context(), v.viewer, catalog.TransferFilter{Incoming: true, Status: catalog.TransferPending, Limit: waitingShown})
	if err != nil || len(transfers) == 0 {
		return nil, err
	}
	c := waitingCard{
		ID: "transfers", Icon: "share", Tone: "info", Title: v.say.T("admin-me.wait-transfers", "count", total),
		Links: v.answersAt("admin-me.answer", "/admin/transfers", "/admin/me/transfers"),
	}
	for i := range transfers {
		t := &transfers[i]
		c.Lines = append(c.Lines, waitingLine{
			Text: cmp.Or(t.Title(), v.say.T("admin-me.untitled")), Lang: v.contentLang(), Detail: v.say.T("admin-me.from", "name", t.Owner.Name()),
		})
	}
	return []waitingCard{c}, nil
}

// answersAt is a link to the first of some pages that is there.
func (v *visit) answersAt(label string, paths ...string) []AdminAction {
	for _, path := range paths {
		if v.p.showsAdmin(path) {
			return []AdminAction{{Label: v.say.T(label), URL: v.path(path)}}
		}
	}
	return nil
}

// waitingRequests are people who ask to join one's organisations.
func (v *visit) waitingRequests(names map[string]string) ([]waitingCard, error) {
	rows, err := v.p.Organizations.WaitingRequests(v.Context(), v.viewer)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	total := 0
	c := waitingCard{ID: "requests", Icon: "users", Tone: "info"}
	for i, row := range rows {
		total += row.Count
		members := "/admin/organizations/" + url.PathEscape(row.OrganizationID) + "/members"
		if i < mostOwners && v.p.showsAdmin(members) {
			c.Links = append(c.Links, v.ownerLink(names[row.OrganizationID], members, row.Count))
		}
	}
	c.Title = v.say.T("admin-me.wait-requests", "count", total)
	return []waitingCard{c}, nil
}

// ownerLink leads to what waits at one owner.
func (v *visit) ownerLink(name, path string, count int) AdminAction {
	return AdminAction{Label: v.say.T("admin-me.owner", "name", name, "number", v.say.Number(count)), URL: v.path(path)}
}

// waitingTokens are one's tokens that end soon.
func (v *visit) waitingTokens(map[string]string) ([]waitingCard, error) {
	if v.p.Tokens == nil {
		return nil, nil
	}
	tokens, err := v.p.Tokens.List(v.Context(), v.viewer.UserID())
	if err != nil {
		return nil, err
	}
	tokens = slices.DeleteFunc(tokens, func(t account.Token) bool {
		return t.ExpiresAt.IsZero() || t.ExpiresAt.Before(v.now) || t.ExpiresAt.Sub(v.now) > tokenSoon
	})
	if len(tokens) == 0 {
		return nil, nil
	}
	slices.SortFunc(tokens, func(a, b account.Token) int { return a.ExpiresAt.Compare(b.ExpiresAt.Time) })
	c := waitingCard{
		ID: "tokens", Icon: "key", Tone: "warning", Title: v.say.T("admin-me.wait-tokens", "count", len(tokens)),
		Links: v.answersAt("admin-me.renew", "/admin/me/tokens"),
	}
	for i := range tokens[:min(len(tokens), waitingShown)] {
		c.Lines = append(c.Lines, waitingLine{Text: v.tokenName(&tokens[i]), Detail: v.say.T("admin-me.until", "date", v.say.Date(tokens[i].ExpiresAt))})
	}
	return []waitingCard{c}, nil
}

// waitingDatasets are datasets that are late, that have files that cannot be
// reached, or that are to be published.
func (v *visit) waitingDatasets(names map[string]string) ([]waitingCard, error) {
	waiting, err := v.p.Catalog.Waiting(v.Context(), v.viewer, v.now, waitingShown)
	if err != nil {
		return nil, err
	}
	var cards []waitingCard
	for _, one := range []struct {
		state, icon, tone string
		list              catalog.WaitingList
		detail            func(catalog.WaitingDataset) string
	}{
		{catalog.KeptUnavailable, "link", "warning", waiting.Unavailable, nil},
		{catalog.KeptLate, "clock", "warning", waiting.Late, func(d catalog.WaitingDataset) string {
			return v.say.T("common.updated", "ago", v.say.Ago(d.At, v.now))
		}},
		{catalog.KeptScheduled, "calendar", "", waiting.Scheduled, func(d catalog.WaitingDataset) string { return v.say.DateTime(d.At) }},
	} {
		if one.list.Count == 0 {
			continue
		}
		c := waitingCard{
			ID: "datasets-" + one.state, Icon: one.icon, Tone: one.tone, Title: v.say.T("admin-me.wait-"+one.state, "count", one.list.Count),
			Text: v.say.T("admin-me.wait-" + one.state + "-text"),
		}
		for _, d := range one.list.First {
			line := waitingLine{Text: d.Title, Lang: v.contentLang()}
			if path := "/admin/datasets/" + url.PathEscape(d.ID); v.p.showsAdmin(path) {
				line.URL = v.path(path)
			}
			var details []string
			if name := names[d.Owner.Organization]; name != "" {
				details = append(details, name)
			}
			if one.detail != nil {
				details = append(details, one.detail(d))
			}
			line.Detail = strings.Join(details, " · ")
			c.Lines = append(c.Lines, line)
		}
		if one.list.Count > len(one.list.First) {
			c.Links = v.waitingOwners(one.list, one.state, names)
		}
		cards = append(cards, c)
	}
	return cards, nil
}

// waitingOwners lead to the lists of those who have most of something.
func (v *visit) waitingOwners(list catalog.WaitingList, state string, names map[string]string) []AdminAction {
	var links []AdminAction
	for _, one := range list.Owners {
		path, name := "/admin/me/datasets", v.say.T("admin.scope-me")
		if one.Owner.Organization != "" {
			path, name = "/admin/organizations/"+url.PathEscape(one.Owner.Organization)+"/datasets", names[one.Owner.Organization]
		}
		if len(links) < mostOwners && name != "" && v.p.showsAdmin(path) {
			links = append(links, v.ownerLink(name, path+"?state="+state, one.Count))
		}
	}
	return links
}

// sparkline draws the last twelve months of a counter, for the eye alone, and
// adds them up. It is empty when there was nothing to count.
func (v *visit) sparkline(counts catalog.MonthCounts) (template.HTML, int64) {
	months := catalog.Months(v.now)
	months = months[len(months)-monthsShown:]
	var sum, most int64
	for _, month := range months {
		sum += max(counts[month], 0)
		most = max(most, counts[month])
	}
	if most == 0 {
		return "", 0
	}
	const width, height, room = 8, 32.0, 2
	var b strings.Builder
	b.WriteString(`<svg class="spark" viewBox="0 0 ` + coordinate(float64(len(months)*(width+room)-room)) + ` ` + coordinate(height) + `" aria-hidden="true" focusable="false">`)
	for i, month := range months {
		tall := max(1, (height-1)*float64(max(counts[month], 0))/float64(most))
		b.WriteString(`<rect x="` + coordinate(float64(i*(width+room))) + `" y="` + coordinate(height-tall) + `" width="` + coordinate(width) + `" height="` + coordinate(tall) + `" rx="1"/>`)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()), sum
}
