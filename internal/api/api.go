// Package api is the face that existing clients know: /api/1 and /api/2, with
// the quirks that they depend on, which live here and nowhere else. It turns a
// request into a call of a subject and the answer into JSON; it holds no rule.
// One file per object, named as in the subjects.
package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"time"

	"grenier/internal/account"
	"grenier/internal/account/oauth"
	"grenier/internal/account/sso"
	"grenier/internal/catalog"
	"grenier/internal/check"
	"grenier/internal/db"
	"grenier/internal/dcat"
	"grenier/internal/dump"
	"grenier/internal/geo"
	"grenier/internal/harvest"
	"grenier/internal/job"
	"grenier/internal/outbox"
	"grenier/internal/search/feed"
	"grenier/internal/web"
)

// Deps are the subjects behind the API.
type Deps struct {
	Catalog       *catalog.Store
	Files         *catalog.Files
	Organizations *account.Organizations
	People        *account.People
	Tokens        *account.Tokens
	Accounts      *account.Writer
	OAuth         *oauth.Server
	// SSO is the provider that people may log in with, nil for none.
	SSO      *sso.Provider
	Sessions *account.Sessions
	Zones    *geo.Directory
	Jobs     *job.Runner
	Dumps    *Dumps
	Feeds    *dump.Feeds
	// Linked describes the catalogue as linked data.
	Linked   *dcat.Exporter
	Changes  *Changes
	Webhooks *outbox.Webhooks
	Harvests *harvest.Store
	// Checks tell whether remote files are there; nil where nobody looks.
	Checks   *check.Store
	Search   feed.Match
	Versions *web.Versions
	Pieces   *web.Pieces
	// Consent shows the page that asks a person whether a program may act for
	// them; nil for a plain one.
	Consent func(c *web.Call, view ConsentView) error
	// ProviderLogout gives the address at which a session ends at the provider
	// that opened it, "" when it has none; nil without a provider.
	ProviderLogout func(context.Context, *account.Session) (string, error)
	// QualityDescriptionLength is the length from which a description
	// counts as good.
	QualityDescriptionLength int
	// ExploreURL is the address of the explorer of tables, without a slash
	// at its end; empty when there is none.
	ExploreURL string
	// SiteKeywords are those that the site document starts with.
	SiteKeywords []string
	// Version is the program's version, shown by the site document.
	Version string
}

// API holds the two tables of routes.
type API struct {
	Deps
	v1, v2 *web.Table
}

// New declares every route.
func New(deps Deps) *API {
	a := &API{Deps: deps}
	info := web.Info{Title: "Grenier", Version: deps.Version}
	info.Description = "The catalogue: datasets, reuses, APIs, organisations."
	a.v1 = web.NewTable("/api/1", info)
	a.v2 = web.NewTable("/api/2", info)
	a.datasetRoutes()
	a.datasetWriteRoutes()
	a.resourceRoutes()
	a.vocabularyRoutes()
	a.searchRoutes()
	a.organizationRoutes()
	a.userRoutes()
	a.meRoutes()
	a.reuseRoutes()
	a.dataserviceRoutes()
	a.topicRoutes()
	a.postRoutes()
	a.contactRoutes()
	a.followRoutes()
	a.tagRoutes()
	a.avatarRoutes()
	a.spatialRoutes()
	a.siteRoutes()
	a.accessTypeRoutes()
	a.dumpRoutes()
	a.feedRoutes()
	a.rdfRoutes()
	a.sessionRoutes()
	a.tokenRoutes()
	a.oauthRoutes()
	a.ssoRoutes()
	a.uploadRoutes()
	a.imageRoutes()
	a.communityRoutes()
	a.organizationWriteRoutes()
	a.membershipRoutes()
	a.transferRoutes()
	a.contactWriteRoutes()
	a.userWriteRoutes()
	a.reuseWriteRoutes()
	a.dataserviceWriteRoutes()
	a.topicWriteRoutes()
	a.postWriteRoutes()
	a.chartRoutes()
	a.siteWriteRoutes()
	a.badgeRoutes()
	a.objectRoutes()
	a.activityRoutes()
	a.historyRoutes()
	a.workerRoutes()
	a.changeRoutes()
	a.webhookRoutes()
	a.harvestRoutes()
	a.harvestWriteRoutes()
	a.checkRoutes()
	a.harvestPreviewRoutes()
	return a
}

// Tables are the routes of both versions.
func (a *API) Tables() (v1, v2 *web.Table) { return a.v1, a.v2 }

// viewer is who calls.
func viewer(c *web.Call) account.Viewer { return web.ViewerOf[account.Viewer](c) }

// siteMark stands for the site's base address in texts on their way to JSON;
// rendering turns it into the byte that package web completes. It cannot be
// guessed, so that no text of a user is taken for it.
var siteMark = func() string {
	var raw [8]byte
	if _, err := rand.Read(raw[:]); err != nil {
		panic(err)
	}
	return "\u2302" + hex.EncodeToString(raw[:]) + "\u2302"
}()

// render encodes a value, with 0x00 for the site's base address.
func render(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	text := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return bytes.ReplaceAll(text, []byte(siteMark), []byte{0}), nil
}

// send renders a value and answers with it.
func send(c *web.Call, status int, v any) error {
	body, err := render(v)
	if err != nil {
		return err
	}
	return c.Send(status, body)
}

// link is an address of this site, completed when sent.
func link(path string) string { return siteMark + path }

func linkTo(path string) *string {
	address := link(path)
	return &address
}

// Moment is a date and time in answers: ISO 8601 in UTC with the offset +00:00,
// microseconds only when there are some; null when there is none.
type Moment struct{ db.Time }

// MarshalJSON writes the moment.
func (m Moment) MarshalJSON() ([]byte, error) {
	if m.IsZero() {
		return []byte("null"), nil
	}
	layout := `"2006-01-02T15:04:05.000000+00:00"`
	if m.Nanosecond() == 0 {
		layout = `"2006-01-02T15:04:05+00:00"`
	}
	return m.AppendFormat(make([]byte, 0, len(layout)), layout), nil
}

// JSONSchema documents the moment.
func (Moment) JSONSchema() map[string]any {
	return map[string]any{"type": []any{"string", "null"}, "format": "date-time"}
}

func moment(t db.Time) Moment { return Moment{t} }

// Link leads to a list, with its length.
type Link struct {
	Href  string `json:"href"`
	Rel   string `json:"rel"`
	Total int64  `json:"total"`
	Type  string `json:"type"`
}

func subsection(path string, total int64) Link {
	return Link{Rel: "subsection", Href: link(path), Type: "GET", Total: total}
}

// list makes an empty list out of nothing, since clients expect one.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// object gives a stored JSON object, or an empty one.
func object(stored db.JSON) json.RawMessage {
	if len(stored) == 0 {
		return json.RawMessage("{}")
	}
	return json.RawMessage(stored)
}

// byMonths gives counts by month, or 0 when they were never computed.
func byMonths(stored db.JSON) json.RawMessage {
	if len(stored) == 0 {
		return json.RawMessage("0")
	}
	return json.RawMessage(stored)
}

// now is the moment against which freshness is judged.
func now() time.Time { return time.Now() }
