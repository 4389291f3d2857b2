package oauth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ory/fosite"
	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// Client is a program that may ask people to let it act for them.
type Client struct {
	bun.BaseModel `bun:"table:oauth_clients,alias:oc"`

	ID      string `bun:"id,pk"`
	Version int64  `bun:"version"`
	// Secret is what is kept of it, nil for programs that cannot keep one.
	Secret         *string `bun:"secret"`
	Name           string  `bun:"name"`
	Description    string  `bun:"description"`
	OwnerID        *string `bun:"owner_id"`
	OrganizationID *string `bun:"organization_id"`
	Image          *string `bun:"image"`
	ImageThumbnail *string `bun:"image_thumbnail"`
	RedirectURIs   db.JSON `bun:"redirect_uris"`
	Scopes         db.JSON `bun:"scopes"`
	GrantTypes     db.JSON `bun:"grant_types"`
	Confidential   bool    `bun:"confidential"`
	// Internal programs are the site's own: nobody is asked.
	Internal   bool    `bun:"internal"`
	CreatedAt  db.Time `bun:"created_at"`
	DisabledAt db.Time `bun:"disabled_at"`
}

// Redirects are the addresses that browsers may be sent back to.
func (c *Client) Redirects() []string { return c.redirects() }

func (c *Client) redirects() []string { return decoded(c.RedirectURIs) }

// ScopeList is what the program may ask for.
func (c *Client) ScopeList() []string { return c.scopes() }

func (c *Client) scopes() []string { return decoded(c.Scopes) }

// Grants are the ways in which the program gets tokens.
func (c *Client) Grants() []string { return decoded(c.GrantTypes) }

// decoded reads a list that was written by this package; a damaged one lets
// nothing through.
func decoded(stored db.JSON) []string {
	list, err := scopesOf(stored)
	if err != nil {
		return nil
	}
	return list
}

func scopesOf(stored db.JSON) (list []string, err error) {
	err = json.Unmarshal(stored, &list)
	return list, err
}

// union adds what a list lacks.
func union(list, more []string) []string {
	for _, one := range more {
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}

// known is a client as the library sees it.
type known struct {
	Client
	// extra are addresses that a wildcard of the client stands for.
	extra []string
}

func (k *known) GetID() string { return k.ID }
func (k *known) GetHashedSecret() []byte {
	if k.Secret == nil {
		return nil
	}
	return []byte(*k.Secret)
}
func (k *known) GetRedirectURIs() []string {
	exact := slices.DeleteFunc(k.redirects(), func(address string) bool { return strings.Contains(address, "*") })
	return append(exact, k.extra...)
}
func (k *known) GetGrantTypes() fosite.Arguments {
	return append(fosite.Arguments(k.Grants()), "refresh_token")
}
func (k *known) GetResponseTypes() fosite.Arguments { return fosite.Arguments{"code"} }
func (k *known) GetScopes() fosite.Arguments        { return k.scopes() }
func (k *known) IsPublic() bool                     { return !k.Confidential }
func (k *known) GetAudience() fosite.Arguments      { return nil }

// errNoClient is also the answer for a program that was taken away.
var errNoClient = fault.New(fault.NotFound, "Program not found")

// client reads a program that may act.
func (s *Server) client(ctx context.Context, read bun.IDB, id string) (*Client, error) {
	var rows []Client
	err := read.NewSelect().Model(&rows).Where("id = ?", id).Where("disabled_at IS NULL").Scan(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(rows) == 0:
		return nil, errNoClient
	}
	return &rows[0], nil
}

func (s *Server) byIDs(ctx context.Context, ids []string) (map[string]Client, error) {
	by := make(map[string]Client, len(ids))
	if len(ids) == 0 {
		return by, nil
	}
	var rows []Client
	err := s.db.Read().NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx)
	for _, row := range rows {
		by[row.ID] = row
	}
	return by, err
}

// ClientInput is what may be said of a program; what is left out stays.
type ClientInput struct {
	Name, Description account.Opt[string]
	RedirectURIs      account.Opt[[]string]
	// Scopes are among those that Scopes lists; GrantTypes among GrantTypes.
	Scopes, GrantTypes account.Opt[[]string]
	// Confidential programs keep a secret: those that run on a server.
	// Organization shares the program with its administrators. Both are said
	// once.
	Confidential account.Opt[bool]
	Organization account.Opt[string]
	// Internal is for administrators of the platform.
	Internal account.Opt[bool]
}

// Scopes are what programs may ask for; GrantTypes are how they get tokens,
// besides renewing them.
var (
	Scopes     = []string{account.ScopeDefault, account.ScopeAdmin, account.ScopeWrite, account.ScopeRead}
	GrantTypes = []string{"authorization_code", "client_credentials"}
)

// The bounds of a program.
const (
	maxName        = 255
	maxDescription = 5000
	maxRedirects   = 20
	maxRedirect    = 2000
	maxClients     = 100
)

// mine tells whether the viewer manages a program.
func mine(v account.Viewer, c *Client) bool {
	return v.Admin() || c.OwnerID != nil && *c.OwnerID == v.UserID() || c.OrganizationID != nil && v.MayManage(*c.OrganizationID)
}

// drawSecret draws a secret and what is kept of it.
func (s *Server) drawSecret(ctx context.Context) (plain, kept string, err error) {
	var raw [32]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", "", err
	}
	plain = "grenier_secret_" + base64.RawURLEncoding.EncodeToString(raw[:])
	hash, err := secrets{s.key}.Hash(ctx, []byte(plain))
	return plain, string(hash), err
}

// CreateClient registers a program of the viewer, and of an organisation that
// they administer when they name one. The secret, "" for programs that keep
// none, is shown once.
func (s *Server) CreateClient(ctx context.Context, v account.Viewer, in ClientInput) (client *Client, secret string, err error) {
	if err := account.MayChangeAccount(v); err != nil {
		return nil, "", err
	}
	owner := v.UserID()
	client = &Client{
		ID: db.NewID(), Version: 1, OwnerID: &owner, Confidential: in.Confidential.Value, CreatedAt: db.Now(),
		Scopes: db.JSON(`["default"]`), GrantTypes: db.JSON(`["authorization_code"]`), RedirectURIs: db.JSON(`[]`),
	}
	if organization := in.Organization.Value; organization != "" {
		if !v.MayManage(organization) {
			return nil, "", fault.At("You administer no such organization.", "organization")
		}
		client.OrganizationID = &organization
	}
	in.Name.Set = true
	if err := s.apply(v, client, in); err != nil {
		return nil, "", err
	}
	if client.Confidential {
		var kept string
		if secret, kept, err = s.drawSecret(ctx); err != nil {
			return nil, "", err
		}
		client.Secret = &kept
	}
	err = s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		count, err := tx.NewSelect().Model((*Client)(nil)).Where("owner_id = ?", owner).Where("disabled_at IS NULL").Count(ctx)
		if err != nil {
			return err
		}
		if count >= maxClients {
			return fault.Newf(fault.Invalid, "You have %d programs already: remove those that are not used first.", count)
		}
		if _, err := tx.NewInsert().Model(client).Exec(ctx); err != nil {
			return err
		}
		return record(ctx, tx, v, client, "created", nil)
	})
	return client, secret, err
}

func record(ctx context.Context, tx *event.Tx, v account.Viewer, c *Client, what string, difference history.Difference) error {
	owner := ""
	if c.OrganizationID != nil {
		owner = *c.OrganizationID
	} else if c.OwnerID != nil {
		owner = *c.OwnerID
	}
	return v.Record(ctx, tx, account.Change{What: what, Kind: "oauth_client", ID: c.ID, Owner: owner, Version: c.Version, Difference: difference})
}

// apply checks what is said of a program and takes it over.
func (s *Server) apply(v account.Viewer, c *Client, in ClientInput) error {
	var wrong []error
	refuse := func(text string, path ...any) { wrong = append(wrong, fault.At(text, path...)) }
	if in.Name.Set {
		c.Name = strings.TrimSpace(in.Name.Value)
		if text := wrongText(c.Name, maxName); text != "" {
			refuse(text, "name")
		}
		if c.Name == "" {
			refuse("This field is required.", "name")
		}
	}
	if in.Description.Set {
		c.Description = strings.TrimSpace(in.Description.Value)
		if text := wrongText(c.Description, maxDescription); text != "" {
			refuse(text, "description")
		}
	}
	if in.Internal.Set && in.Internal.Value != c.Internal {
		if !v.Admin() {
			refuse("Only administrators of the platform make programs that ask nobody.", "internal")
		}
		c.Internal = in.Internal.Value
	}
	set := func(target *db.JSON, given account.Opt[[]string], name string, check func(string) string, most int) {
		if !given.Set {
			return
		}
		if len(given.Value) > most {
			refuse("These are too many.", name)
			return
		}
		for i, one := range given.Value {
			if text := check(one); text != "" {
				refuse(text, name, i)
			}
		}
		list, err := db.JSONOf(slices.Compact(slices.Clone(append([]string{}, given.Value...))))
		if err != nil {
			wrong = append(wrong, err)
		}
		*target = list
	}
	set(&c.RedirectURIs, in.RedirectURIs, "redirect_uris", s.wrongRedirect, maxRedirects)
	set(&c.Scopes, in.Scopes, "scopes", oneOf(Scopes), len(Scopes))
	set(&c.GrantTypes, in.GrantTypes, "grant_types", oneOf(GrantTypes), len(GrantTypes))
	if err := fault.Collect(wrong...); err != nil {
		return err
	}
	switch grants := c.Grants(); {
	case len(grants) == 0:
		refuse("A program gets its tokens in at least one way.", "grant_types")
	case slices.Contains(grants, "client_credentials") && !c.Confidential:
		refuse("Only programs that keep a secret get tokens by it.", "grant_types")
	case slices.Contains(grants, "authorization_code") && len(c.redirects()) == 0:
		refuse("Give at least one address that browsers come back to.", "redirect_uris")
	}
	if len(c.scopes()) == 0 {
		refuse("A program asks for at least one scope.", "scopes")
	}
	return fault.Collect(wrong...)
}

func wrongText(text string, most int) string {
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' }):
		return "Control characters are not allowed."
	case utf8.RuneCountInString(text) > most:
		return "This is too long."
	}
	return ""
}

func oneOf(allowed []string) func(string) string {
	return func(one string) string {
		if slices.Contains(allowed, one) {
			return ""
		}
		return "Expected one of " + strings.Join(allowed, ", ") + "."
	}
}

// privateScheme is the form of the schemes that programs on a device register
// for themselves: the name of a host turned around (RFC 8252, section 7.1).
var privateScheme = regexp.MustCompile(`^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+$`)

// wrongRedirect tells what is wrong with an address that browsers come back to.
func (s *Server) wrongRedirect(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || len(address) > maxRedirect || strings.ContainsAny(address, " \\\r\n\t\x00"):
		return "This is no address."
	case u.Fragment != "" || strings.Contains(address, "#"), u.User != nil:
		return "The address must have neither a fragment nor a name in it."
	case strings.Contains(address, "*") && !s.options.Wildcards:
		return "Asterisks are not allowed here: give each address."
	case strings.Contains(u.Scheme, "*") || strings.Count(address, "*") > 2 || strings.Contains(u.RawQuery, "*") || wideHost(u.Hostname()):
		return "An asterisk stands for one label of the host below a domain of yours, or for one part of the path."
	case privateScheme.MatchString(u.Scheme):
		return ""
	case u.Host == "":
		return "Expected an address such as https://example.org/callback."
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return ""
	}
	return "The address must begin with https://, or lead to the person's own machine."
}

// wideHost tells whether an asterisk would stand for hosts of others.
func wideHost(host string) bool {
	if !strings.Contains(host, "*") {
		return false
	}
	_, rest, ok := strings.Cut(host, ".")
	return !ok || strings.Contains(rest, "*") || !strings.Contains(rest, ".")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// matchesWildcard tells whether an address is one that a pattern stands for. An
// asterisk stands for one label of the host, or for a part of one segment of
// the path: never for another host.
func matchesWildcard(pattern, address string) bool {
	p, err := url.Parse(pattern)
	if err != nil {
		return false
	}
	a, err := url.Parse(address)
	if err != nil || a.User != nil || a.Fragment != "" || strings.ContainsAny(address, "*\\ \t\r\n") {
		return false
	}
	return p.Scheme == a.Scheme && p.RawQuery == a.RawQuery && p.Port() == a.Port() &&
		matchesParts(p.Hostname(), a.Hostname(), `[a-zA-Z0-9-]+`) && matchesParts(p.EscapedPath(), a.EscapedPath(), `[a-zA-Z0-9._~-]+`) &&
		!slices.Contains(strings.Split(a.EscapedPath(), "/"), "..")
}

func matchesParts(pattern, text, star string) bool {
	parts := strings.Split(pattern, "*")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	matched, err := regexp.MatchString("^(?:"+strings.Join(parts, star)+")$", text)
	return err == nil && matched
}
