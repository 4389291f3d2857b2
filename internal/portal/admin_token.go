package portal

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// adminTokenContents are the types of Page.Data of the pages of one's tokens.
var adminTokenContents = map[string]any{"admin/me-tokens": meTokens{}, "admin/me-token-made": meTokenMade{}}

func (p *Portal) adminTokenRoutes(t *table) {
	if p.Tokens == nil {
		return
	}
	adminPage(t, tokensPath, p.showMyTokens)
	form(t, tokensPath, "POST /api/1/me/api_tokens/", p.createMyToken)
	form(t, tokensPath+"/{token}/revoke", "DELETE /api/1/me/api_tokens/{token}/", p.revokeMyToken)
}

// meTokens are the tokens with which programs act for somebody.
type meTokens struct {
	// Docs leads to the description of the API.
	Docs string
	List listing
	Form formView
}

// meTokenMade shows a token that was made, which nobody sees again.
type meTokenMade struct {
	// Plain is the token, Name what it is called.
	Plain, Name string
	// Rights say what it may, Until when it ends.
	Rights []string
	Until  string
	// Host is the address of the site, for the example of a call.
	Host string
	// Next leads back.
	Next string
}

func (p *Portal) showMyTokens(v *visit, _ web.None) error {
	if _, err := v.me(); err != nil {
		return err
	}
	tokens, err := p.Tokens.List(v.Context(), v.viewer.UserID())
	if err != nil {
		return err
	}
	agents, err := p.Tokens.Agents(v.Context(), tokens)
	if err != nil {
		return err
	}
	names, err := v.tokenNames(tokens)
	if err != nil {
		return err
	}
	organizations, err := v.ownOrganizations("")
	if err != nil {
		return err
	}
	return v.showAdmin(adminDraft{
		name: "me-tokens", title: v.say.T("admin-token.title"), path: tokensPath, scope: scopeMe, icon: "key", lead: v.say.T("admin-token.lead"),
		data: meTokens{Docs: v.path("/developers"), List: v.tokenList(tokens, agents, names), Form: v.tokenForm(organizations)},
	})
}

// The choices of the form of a token; those that name an object take its
// identifier from another field.
const (
	tokenForOrganization = "organization"
	tokenForDataset      = "dataset"
)

// tokenDays are the times after which a token may end, in days; nothing for
// never.
var tokenDays = []string{"30", "90", "365", ""}

func (v *visit) tokenForm(organizations []account.Organization) formView {
	f := v.form("token", tokensPath).light().submit("admin-token.create", "plus")
	f.text("name", "admin-token.name", "").most(255).help("admin-token.name-help").require()
	scopes := []option{
		{Value: account.ScopeAdmin, Label: v.say.T("admin-token.scope-admin"), Help: v.say.T("admin-token.scope-admin-help")},
		{Value: account.ScopeWrite, Label: v.say.T("admin-token.scope-write"), Help: v.say.T("admin-token.scope-write-help")},
		{Value: account.ScopeRead, Label: v.say.T("admin-token.scope-read"), Help: v.say.T("admin-token.scope-read-help")},
	}
	if len(organizations) > 0 {
		scopes = append(scopes, option{Value: tokenForOrganization, Label: v.say.T("admin-token.scope-organization"), Help: v.say.T("admin-token.scope-organization-help")})
	}
	scopes = append(scopes, option{Value: tokenForDataset, Label: v.say.T("admin-token.scope-dataset"), Help: v.say.T("admin-token.scope-dataset-help")})
	f.radio("scopes", "admin-token.scopes", account.ScopeWrite, scopes)
	if len(organizations) > 0 {
		options := []option{{Label: v.say.T("admin-token.choose")}}
		for i := range organizations {
			options = append(options, option{Value: organizations[i].ID, Label: organizations[i].Name})
		}
		f.choose(tokenForOrganization, "admin-token.organization", "", options).help("admin-token.organization-help")
	}
	f.pick(tokenForDataset, "admin-token.dataset", "datasets").help("admin-token.dataset-help")
	var ends []option
	for _, days := range tokenDays {
		label := v.say.T("admin-token.never")
		if n, err := strconv.Atoi(days); err == nil {
			label = v.say.T("admin-token.days", "count", n)
		}
		if days == "365" {
			label = v.say.T("admin-token.year")
		}
		ends = append(ends, option{Value: days, Label: label})
	}
	f.radio("expires_at", "admin-token.expires", "90", ends).help("admin-token.expires-help")
	return f.view()
}

func (p *Portal) createMyToken(v *visit, in web.None, sent *posted) error {
	given, err := p.newToken(v, sent)
	var token *account.Token
	var plain string
	if err == nil {
		token, plain, err = p.Tokens.Issue(sent.Context(), v.viewer, given, p.Catalog)
	}
	if err != nil {
		return sent.again(err, func() error { return p.showMyTokens(v, in) })
	}
	names, err := v.tokenNames([]account.Token{*token})
	if err != nil {
		return err
	}
	return v.showAdmin(adminDraft{
		name: "me-token-made", title: v.say.T("admin-token.made"), path: tokensPath, scope: scopeMe, icon: "key",
		crumbs: []Link{{v.say.T("admin-token.title"), v.path(tokensPath)}},
		data: meTokenMade{
			Plain: plain, Name: v.tokenName(token), Rights: v.tokenRights(token, names), Until: v.tokenEnd(token), Host: v.Site.Base, Next: v.path(tokensPath),
		},
	})
}

// newToken reads what is asked of a token.
func (p *Portal) newToken(v *visit, sent *posted) (account.NewToken, error) {
	given := account.NewToken{Name: sent.text("name")}
	if given.Name == "" {
		return given, fault.At("This field is required.", "name")
	}
	switch choice := sent.text("scopes"); choice {
	case "":
		return given, fault.At("This field is required.", "scopes")
	case tokenForOrganization:
		id := sent.text(tokenForOrganization)
		if id == "" {
			return given, fault.At("This field is required.", tokenForOrganization)
		}
		given.Scopes = []string{account.ScopeOrganization + id}
	case tokenForDataset:
		key := sent.id(tokenForDataset)
		if key == "" {
			return given, fault.At("This field is required.", tokenForDataset)
		}
		found, err := p.Catalog.ResolveDataset(v.Context(), key)
		if fault.Is(err, fault.NotFound) {
			return given, fault.At("There is no such dataset.", tokenForDataset)
		}
		if err != nil {
			return given, err
		}
		given.Scopes = []string{account.ScopeDataset + found.ID}
	default:
		given.Scopes = []string{choice}
	}
	days := sent.text("expires_at")
	if days == "" {
		return given, nil
	}
	n, err := strconv.Atoi(days)
	if err != nil || !slices.Contains(tokenDays, days) {
		return given, fault.At("Choose one of the times.", "expires_at")
	}
	given.ExpiresAt = v.now.AddDate(0, 0, n).UTC().Format(time.RFC3339)
	return given, nil
}

// myTokenArgs name one of one's tokens.
type myTokenArgs struct {
	Token string `path:"token"`
}

func (p *Portal) revokeMyToken(v *visit, in myTokenArgs, sent *posted) error {
	if err := p.Tokens.Withdraw(sent.Context(), v.viewer, in.Token); err != nil {
		return sent.again(err, func() error { return p.showMyTokens(v, web.None{}) })
	}
	return sent.done(tokensPath, "admin-token.done-revoked")
}

// tokenList shows tokens; names are those of the objects that they are for.
func (v *visit) tokenList(tokens []account.Token, agents map[string][]string, names map[string]string) listing {
	column := func(name string) listColumn { return listColumn{Label: v.say.T("admin-token.column-" + name)} }
	list := listing{
		ID: "tokens", Caption: v.say.T("admin-token.list"),
		Columns: []listColumn{column("name"), column("rights"), column("until"), column("used"), column("revoke")}, Total: len(tokens),
		Empty: emptyState{Icon: "key", Title: v.say.T("admin-token.none"), Text: v.say.T("admin-token.none-text")},
	}
	for i := range tokens {
		t := &tokens[i]
		name := textCell(v.tokenName(t))
		name.Detail = t.Prefix + "…"
		revoke := v.button(tokensPath+"/"+url.PathEscape(t.ID)+"/revoke", "admin-token.revoke", "trash")
		revoke.Small, revoke.Of = true, v.tokenName(t)
		list.Rows = append(list.Rows, listRow{Cells: []listCell{
			name, textCell(strings.Join(v.tokenRights(t, names), ", ")), v.tokenUntil(t), v.tokenUse(t, agents[t.ID]), buttonCell(revoke),
		}})
	}
	return list
}

// tokenName is how a token is called.
func (v *visit) tokenName(t *account.Token) string {
	if t.Name != nil && *t.Name != "" {
		return *t.Name
	}
	return v.say.T("admin-token.nameless")
}

// tokenEnd says when a token ends.
func (v *visit) tokenEnd(t *account.Token) string {
	if t.ExpiresAt.IsZero() {
		return v.say.T("admin-token.never")
	}
	return v.say.T("admin-me.until", "date", v.say.Date(t.ExpiresAt))
}

func (v *visit) tokenUntil(t *account.Token) listCell {
	cell := textCell(v.tokenEnd(t))
	switch {
	case t.ExpiresAt.IsZero():
	case t.ExpiresAt.Before(v.now):
		cell.Badges = []badge{{v.say.T("admin-token.expired"), "danger", "close"}}
	case t.ExpiresAt.Sub(v.now) < tokenSoon:
		cell.Badges = []badge{{v.say.T("admin-token.soon"), "warning", "clock"}}
	}
	return cell
}

// seenPrograms is how many programs of a token are named.
const seenPrograms = 3

// tokenUse says when and with which programs a token was used.
func (v *visit) tokenUse(t *account.Token, agents []string) listCell {
	if t.LastUsedAt.IsZero() {
		return textCell(v.say.T("admin-token.unused"))
	}
	cell := listCell{Text: v.say.Ago(t.LastUsedAt, v.now)}
	var names []string
	for _, agent := range agents[:min(len(agents), seenPrograms)] {
		names = append(names, shortTitle(agent))
	}
	cell.Detail = strings.Join(names, ", ")
	if more := len(agents) - seenPrograms; more > 0 {
		cell.Detail += " + " + v.say.Number(more)
	}
	return cell
}

// tokenNames are the names of the organisations and datasets that tokens are
// for, by identifier, in two queries.
func (v *visit) tokenNames(tokens []account.Token) (map[string]string, error) {
	var organizations, datasets []string
	for i := range tokens {
		scopes, err := tokens[i].ScopesOf()
		if err != nil {
			return nil, err
		}
		for _, scope := range scopes {
			if id, ok := strings.CutPrefix(scope, account.ScopeOrganization); ok {
				organizations = append(organizations, id)
			}
			if id, ok := strings.CutPrefix(scope, account.ScopeDataset); ok {
				datasets = append(datasets, id)
			}
		}
	}
	names := map[string]string{}
	if len(organizations) > 0 {
		rows, err := v.p.Organizations.ByIDs(v.Context(), organizations)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			names[rows[i].ID] = rows[i].Name
		}
	}
	if len(datasets) > 0 {
		rows, err := v.p.Catalog.DatasetsByIDs(v.Context(), v.viewer, datasets, catalog.Parts{})
		if err != nil {
			return nil, err
		}
		for i := range rows {
			names[rows[i].ID] = rows[i].Title
		}
	}
	return names, nil
}

// tokenRights say in words what a token may.
func (v *visit) tokenRights(t *account.Token, names map[string]string) []string {
	scopes, err := t.ScopesOf()
	if err != nil || len(scopes) == 0 {
		scopes = []string{account.ScopeAdmin}
	}
	var rights []string
	for _, scope := range scopes {
		kind, id, narrow := strings.Cut(scope, ":")
		switch {
		case narrow && names[id] != "":
			rights = append(rights, v.say.T("admin-token.only", "name", names[id]))
		case narrow:
			rights = append(rights, v.say.T("admin-token.only", "name", kind+" "+id))
		default:
			rights = append(rights, v.rightOf(scope))
		}
	}
	return rights
}
