package api_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/harvest"
	"grenier/internal/web"
)

// The walk asks every route that names an object as everybody, with the object in
// every state, and every route that makes one, and compares the status with the
// table of rights. A route without a row fails.

// walker is somebody who asks.
type walker string

const (
	visitor   walker = "visitor"
	stranger  walker = "any user"
	owner     walker = "owner"
	partial   walker = "partial editor"
	assigned  walker = "assigned partial editor"
	editor    walker = "editor"
	manager   walker = "administrator of the organization"
	sysadmin  walker = "administrator of the platform"
	reader    walker = "token that only reads, of the organization's administrator"
	townToken walker = "token for the organization, of its administrator"
	elsewhere walker = "token for another organization, of the organization's administrator"
	oneToken  walker = "token for one dataset, of the organization's administrator"
)

var walkers = []walker{visitor, stranger, owner, partial, assigned, editor, manager, sysadmin, reader, townToken, elsewhere, oneToken}

// rights is the table of who may do what with an object, written down once more:
// the reference's documented one. Administrators of the platform may everything,
// tokens at most what their person may.
var rights = map[account.Action][]walker{
	account.ReadHidden: {owner, partial, assigned, editor, manager, reader, townToken, oneToken},
	account.Edit:       {owner, assigned, editor, manager, townToken, oneToken},
	account.Curate:     {},
	account.AskTransfer: {
		owner, manager, townToken, oneToken,
	},
	account.EditCommunity: {owner, editor, manager, townToken},
	account.EditContact:   {owner, editor, manager, townToken},
	account.Manage:        {manager, townToken},
	account.Join:          {stranger, owner, partial, assigned, editor, manager, townToken},
	account.CreateOwn:     {stranger, owner, partial, assigned, editor, manager}, // no token for some objects alone: it is the person's own
	account.SeeInside:     {partial, assigned, editor, manager, reader, townToken},
	account.Harvest:       {owner, manager, townToken},
	account.PreviewHarvest: {
		owner, editor, manager, townToken,
	},
	account.Schedule:   {},
	account.Administer: {},
}

// may tells whether somebody may do something with an object of the walk.
func (w walker) may(a account.Action, on target) bool {
	if w == sysadmin {
		return true
	}
	if w == assigned && !on.assignable() {
		w = partial
	}
	if w == oneToken && on.kind != catalog.KindDataset {
		w = elsewhere
	}
	if w == owner && on.personal == "" {
		w = stranger
	}
	if on.personal != "" && w != owner && a != account.CreateOwn {
		return false
	}
	return slices.Contains(rights[a], w)
}

// target is an object of the walk.
type target struct {
	kind, state string
	// personal is the person it belongs to; empty when it is the organisation's.
	personal string
	ids      map[string]string
}

func (o target) assignable() bool {
	return slices.Contains([]string{catalog.KindDataset, catalog.KindReuse, catalog.KindDataservice}, o.kind)
}

// states are those that objects of a kind may be in.
var states = map[string][]string{
	catalog.KindDataset:      {"public", "private", "deleted", "archived", "scheduled", "private and deleted"},
	catalog.KindReuse:        {"public", "private", "deleted", "archived"},
	catalog.KindDataservice:  {"public", "private", "deleted", "archived"},
	catalog.KindTopic:        {"public", "private", "binned"},
	catalog.KindOrganization: {"public", "deleted"},
	catalog.KindPost:         {"public", "private", "binned"},
	catalog.KindContact:      {"public"},
	catalog.KindCommunity:    {"public", "binned"},
	"chart":                  {"public", "private", "deleted"},
	harvest.KindSource:       {"public", "deleted"},
}

// hiddenStatus is with which status an object in a state is kept from who may not
// read it; 0 when everybody may.
func (o target) hiddenStatus() int {
	switch o.state {
	case "private", "scheduled", "private and deleted":
		return http.StatusNotFound
	case "deleted":
		return http.StatusGone
	}
	return 0
}

// walkRow says what a route asks of the object that its path names.
type walkRow struct {
	// on is the kind of the object; empty for routes that concern no object, or
	// the caller alone.
	on string
	// does is the right that it asks for; empty to read what is shown.
	does account.Action
	// open answers also of objects that are hidden: the reference's documented
	// way, or since the answer says nothing of them.
	open bool
	// gone tells that the route works on a deleted object too.
	gone bool
	// body is sent; what it asks is refused or harmless. Without one, bodies are {}.
	body any
	// path replaces the template, with <names> of identifiers.
	path string
	// account marks what tokens that are narrowed, or only read, may not do.
	account bool
	// harmful is asked by those alone who are to be refused.
	harmful bool
	// foreign names something of somebody else, which is there for nobody who asks.
	foreign bool
	// only are those for whom it is there after all.
	only []walker
	// makes something by what the body says: a token that only reads is refused,
	// before or after the body is looked at.
	makes bool
	// shut tells that nobody reads it of a deleted object.
	shut bool
	// ends tells that nothing is told of a deleted object, even to read.
	ends bool
	// session marks what no token does, only a person who has logged in.
	session bool
	// absent tells that what the path names beside the object is not there.
	absent bool
}

// passed tells whether a status says that the rights were there.
func passed(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone, http.StatusLocked:
		return false
	}
	return status < 500
}

// narrow are the walkers whose token may less than its person.
var narrow = []walker{reader, townToken, elsewhere, oneToken}

// wanted are the statuses of which somebody is to get one; none stands for any
// that says that the rights were there.
func (row walkRow) wanted(route *web.Route, w walker, o target) []int {
	switch {
	case route.Auth != web.Anyone && w == visitor:
		return []int{http.StatusUnauthorized}
	case route.Auth == web.Admin && w != sysadmin, row.account && slices.Contains(narrow, w):
		return []int{http.StatusForbidden}
	case row.session:
		return []int{http.StatusForbidden, http.StatusUnauthorized}
	case slices.Contains(row.only, w):
		return nil
	case row.makes && w == reader:
		return []int{http.StatusForbidden, http.StatusBadRequest}
	case row.foreign && (w == reader || len(row.only) > 0 && route.Method != http.MethodGet):
		return []int{http.StatusNotFound, http.StatusForbidden}
	case row.foreign:
		return []int{http.StatusNotFound}
	case row.on == "":
		return nil
	}
	if o.state == "binned" { // not there for anybody, but in the bin
		if row.does == account.Administer && !w.may(row.does, o) {
			return []int{http.StatusForbidden}
		}
		return []int{http.StatusNotFound}
	}
	hidden := o.hiddenStatus()
	safe := route.Method == http.MethodGet
	switch {
	case hidden != 0 && row.shut:
		return []int{hidden}
	case hidden != 0 && !row.open && !o.seenBy(w):
		if o.kind == catalog.KindOrganization && row.does != "" {
			return []int{hidden, http.StatusForbidden} // that it was deleted is no secret
		}
		return []int{hidden}
	case row.does == "":
		return nil
	case (!safe || row.ends) && !row.gone && strings.Contains(o.state, "deleted"):
		if !w.may(row.does, o) {
			return []int{http.StatusGone, http.StatusForbidden}
		}
		return []int{http.StatusGone}
	case !w.may(row.does, o):
		return []int{http.StatusForbidden}
	case row.absent:
		return []int{http.StatusNotFound}
	}
	return nil
}

// seenBy tells whether somebody sees the object although it is hidden.
func (o target) seenBy(w walker) bool {
	switch o.kind {
	case catalog.KindOrganization:
		return w.may(account.SeeInside, o)
	case catalog.KindPost:
		return w == sysadmin
	}
	return w.may(account.ReadHidden, o)
}

// walk is the world of the walk.
type walk struct {
	*portal
	tokens map[walker]string
	other  string
	count  int
}

func newWalk(t *testing.T, d *db.DB) *walk {
	w := &walk{portal: newPortal(t, d), tokens: map[walker]string{}}
	people := map[walker]string{}
	for name, who := range map[string]walker{"stan": stranger, "olga": owner, "paul": partial, "anna": assigned, "edith": editor, "mona": manager, "root2": sysadmin} {
		people[who], w.tokens[who] = w.User(name+"@example.org", who == sysadmin)
		w.ids[name] = people[who]
	}
	w.town = w.Organization("Walked", account.NewMember{UserID: people[manager], Role: account.RoleAdmin}, account.NewMember{UserID: people[editor], Role: account.RoleEditor},
		account.NewMember{UserID: people[partial], Role: account.RolePartialEditor}, account.NewMember{UserID: people[assigned], Role: account.RolePartialEditor})
	w.other = w.Organization("Elsewhere", account.NewMember{UserID: people[manager], Role: account.RoleAdmin})
	w.ids["walked"], w.ids["other"] = w.town, w.other
	w.ids["ned"], _ = w.User("ned@example.org", false)
	w.foreign()
	for who, scopes := range map[walker][]string{reader: {account.ScopeRead}, townToken: {account.ScopeOrganization + w.town}, elsewhere: {account.ScopeOrganization + w.other}} {
		w.tokens[who] = w.scoped(people[manager], scopes)
	}
	return w
}

// foreign makes what paths name besides objects: things of eve, who does not walk.
func (w *walk) foreign() {
	for name, value := range map[string]string{
		"user": w.ids["ned"], "identifier": "somebody", "size": "32", "ids": "country:fr", "level": "country", "session": db.NewID(), "client": db.NewID(),
		"webhook": db.NewID(), "delivery": db.NewUUID(),
		"transfer": db.NewID(), "id": "tests.nothing", "token": db.NewID(), "uuid": db.NewUUID(), "provider": "none",
	} {
		w.ids[name] = value
	}
	w.exec("INSERT INTO tokens (id, user_id, hash, prefix, scopes, created_at) VALUES (?, ?, 'x', 'x', '[]', 1)", w.ids["token"], w.eve)
	w.exec(`INSERT INTO sessions (id, hash, user_id, created_at, seen_at, expires_at, lasting, agent, address, provider, provider_token, stamp)
		VALUES (?, 'x', ?, 1, 1, 9000000000000000, ?, '', '', '', '', '')`, w.ids["session"], w.eve, false)
	w.exec(`INSERT INTO oauth_clients (id, version, name, description, owner_id, redirect_uris, scopes, grant_types, confidential, internal, created_at)
		VALUES (?, 1, 'c', '', ?, '[]', '[]', '[]', ?, ?, 1)`, w.ids["client"], w.eve, false, false)
	w.exec(`INSERT INTO webhooks (id, version, owner_id, name, url, secret, kinds, active, failures, since, created_at, modified_at)
		VALUES (?, 1, ?, 'w', 'https://example.org/', 'x', '[]', ?, 0, 0, 1, 1)`, w.ids["webhook"], w.eve, true)
	w.exec(`INSERT INTO transfers (id, object_kind, object_id, owner_kind, owner_id, recipient_kind, recipient_id, comment, status, created_at)
		VALUES (?, 'dataset', ?, 'user', ?, 'organization', ?, '', 'pending', 1)`, w.ids["transfer"], w.ids["mine"], w.eve, w.town)
}

func (w *walk) scoped(person string, scopes []string) string {
	w.t.Helper()
	_, token, err := w.Tokens.Create(context.Background(), person, "walk", scopes, db.Time{})
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// place makes an object of a kind in a state, of the organisation or a person,
// with what paths name besides.
func (w *walk) place(kind, state, personal string) target {
	w.t.Helper()
	w.count++
	slug := fmt.Sprintf("walked-%s-%d", strings.ReplaceAll(kind, "_", "-"), w.count)
	private := strings.HasPrefix(state, "private") || state == "scheduled"
	deletedAt, archivedAt := db.Time{}, db.Time{}
	if strings.HasSuffix(state, "deleted") {
		deletedAt = db.Now()
	}
	if state == "archived" {
		archivedAt = made(3)
	}
	var organization, person *string
	if personal == "" {
		organization = &w.town
	} else {
		person = &personal
	}
	o := target{kind: kind, state: state, personal: personal, ids: map[string]string{}}
	switch kind {
	case catalog.KindDataset:
		id := w.dataset(1, slug, func(d *catalog.Dataset) {
			d.OrganizationID, d.OwnerID, d.Private, d.DeletedAt, d.ArchivedAt, d.ResourceCount = organization, person, private, deletedAt, archivedAt, 1
		})
		r := &catalog.Resource{
			ID: db.NewUUID(), Version: 1, DatasetID: &id, Title: "r", TitleFold: "r", Filetype: "remote", Type: "main", URL: "https://example.org/" + slug,
			CreatedInternal: made(1), ModifiedInternal: made(1),
		}
		w.put(catalog.KindResource, slug+"-r", r.ID, true, r)
		o.ids["uuid"] = r.ID
		if state == "scheduled" {
			w.exec("UPDATE datasets SET publish_at = ? WHERE id = ?", db.Now().UnixMicro()+3600e6, id)
		}
	case catalog.KindReuse:
		w.reuse(1, slug, func(r *catalog.Reuse) {
			r.OrganizationID, r.OwnerID, r.Private, r.DeletedAt, r.ArchivedAt = organization, person, private, deletedAt, archivedAt
		}, w.ids["open"])
	case catalog.KindDataservice:
		w.dataservice(1, slug, func(s *catalog.Dataservice) {
			s.OrganizationID, s.OwnerID, s.Private, s.DeletedAt, s.ArchivedAt = organization, person, private, deletedAt, archivedAt
		})
	case catalog.KindTopic:
		w.topic(1, slug, func(t *catalog.Topic) {
			t.OrganizationID, t.OwnerID = organization, person
			if private {
				t.Private = &private
			}
		})
		element := &catalog.Element{ID: db.NewUUID(), TopicID: w.ids[slug], Title: pointer("e"), TitleFold: "e"}
		w.put("topic", slug, w.ids[slug], !private, element)
		o.ids["element"] = element.ID
	case catalog.KindPost:
		w.post(1, slug, func(p *catalog.Post) {
			if !private {
				p.PublishedAt = made(1)
			}
		})
	case catalog.KindContact:
		c := &catalog.ContactPoint{ID: db.NewID(), Version: 1, Name: slug, Email: pointer("c@example.org"), Role: "contact", CreatedAt: made(1)}
		c.OrganizationID, c.OwnerID = organization, person
		w.put(kind, slug, c.ID, true, c)
	case catalog.KindCommunity:
		open := w.ids["open"]
		r := &catalog.Resource{
			ID: db.NewUUID(), Version: 1, DatasetID: &open, Community: true, Title: "c", TitleFold: "c", Filetype: "remote", Type: "main", URL: "https://example.org/" + slug,
			CreatedInternal: made(1), ModifiedInternal: made(1),
		}
		r.OrganizationID, r.OwnerID = organization, person
		w.put(kind, slug, r.ID, true, r)
		o.ids["uuid"] = r.ID
	case catalog.KindOrganization:
		w.ids[slug] = w.town
		deleted := any(nil)
		if !deletedAt.IsZero() {
			deleted = deletedAt
		}
		w.exec("UPDATE organizations SET deleted_at = ? WHERE id = ?", deleted, w.town)
		w.exec("DELETE FROM members WHERE organization_id = ? AND user_id = ?", w.town, w.ids["ned"])
		w.exec("INSERT INTO members (organization_id, user_id, role, position) VALUES (?, ?, 'partial_editor', 9)", w.town, w.ids["ned"])
		w.exec("DELETE FROM membership_requests WHERE organization_id = ?", w.town)
		o.ids["uuid"] = db.NewUUID()
		w.exec(`INSERT INTO membership_requests (id, organization_id, user_id, kind, status, role, comment, created_at)
			VALUES (?, ?, ?, 'request', 'pending', 'editor', '', 1)`, o.ids["uuid"], w.town, w.eve)
	case "chart":
		w.ids[slug] = db.NewID()
		var gone any
		if !deletedAt.IsZero() {
			gone = deletedAt
		}
		w.exec(`INSERT INTO charts (id, version, slug, organization_id, owner_id, title, title_fold, description, private, visible, x_axis, y_axis, series, views, created_at, modified_at, deleted_at)
			VALUES (?, 1, ?, ?, ?, ?, ?, 'd', ?, ?, '{"column_x":"a","sort_x_by":"axis_x","sort_x_direction":"asc","type":"discrete"}', '{}', '[]', 0, 1, 1, ?)`,
			w.ids[slug], slug, organization, person, slug, slug, private, state == "public", gone)
	case harvest.KindSource:
		w.ids[slug], o.ids["job"] = db.NewID(), db.NewID()
		var gone any
		if !deletedAt.IsZero() {
			gone = deletedAt
		}
		w.exec(`INSERT INTO harvest_sources (id, version, slug, name, name_fold, description, url, domain, backend, config, options, organization_id, owner_id,
			frequency, active, autoarchive, validation, created_at, modified_at, deleted_at, last_good_total, failures)
			VALUES (?, 1, ?, ?, ?, '', 'https://portal.example.org/', 'portal.example.org', 'ckan', '{}', '{}', ?, ?, 'manual', ?, ?, 'pending', 1, 1, ?, 0, 0)`,
			w.ids[slug], slug, slug, slug, organization, person, true, true, gone)
		w.harvestJob(o.ids["job"], w.ids[slug], "initialized")
	default:
		w.t.Fatalf("the walk cannot make a %s", kind)
	}
	o.ids["it"] = w.ids[slug]
	if state == "binned" {
		w.bin(kind, o.ids["it"])
	}
	if o.assignable() && personal == "" {
		w.exec("INSERT INTO assignments (id, user_id, organization_id, object_kind, object_id, created_at) VALUES (?, ?, ?, ?, ?, 0)",
			db.NewID(), w.ids["anna"], w.town, kind, o.ids["it"])
	}
	return o
}

// address is the path of a route for an object.
func (w *walk) address(route *web.Route, row walkRow, o target) string {
	path := row.path
	if path == "" {
		path = route.Path
		for first := true; strings.Contains(path, "{"); first = false {
			before, rest, _ := strings.Cut(path, "{")
			name, after, _ := strings.Cut(rest, "}")
			value := o.ids[name]
			if value == "" && first {
				value = o.ids["it"]
			}
			if value == "" {
				value = w.ids[name]
			}
			if value == "" {
				w.t.Fatalf("%s %s: nothing stands for {%s}", route.Method, route.Path, name)
			}
			path = before + value + after
		}
	}
	for name, id := range o.ids {
		path = strings.ReplaceAll(path, "<"+name+">", id)
	}
	return strings.ReplaceAll(w.fill(path), "<kind>", o.kind)
}

// ask sends the request of a row as somebody.
func (w *walk) ask(route *web.Route, row walkRow, who walker, o target) apitest.Answer {
	w.t.Helper()
	var headers []string
	token := w.tokens[who]
	if who == oneToken {
		id := w.ids["open"]
		if o.kind == catalog.KindDataset {
			id = o.ids["it"]
		}
		token = w.scoped(w.ids["mona"], []string{account.ScopeDataset + id})
	}
	if token != "" {
		headers = []string{"X-API-KEY", token}
	}
	var body any
	if route.Method != http.MethodGet && (route.Method != http.MethodDelete || row.body != nil) {
		if body = row.body; body == nil {
			body = map[string]any{}
		}
		if text, ok := body.(string); ok {
			body = w.fill(text)
		}
	}
	return w.Do(route.Method, w.address(route, row, o), body, headers...)
}

// try asks a route as everybody about one object, made anew when an answer changed
// it.
func (w *walk) try(route *web.Route, row walkRow, state, personal string) {
	w.t.Helper()
	o := target{ids: map[string]string{}}
	if row.on != "" {
		o = w.place(row.on, state, personal)
	}
	for _, who := range walkers {
		if personal == "" && who == owner && row.on != "" || personal != "" && !slices.Contains([]walker{visitor, stranger, owner, manager, sysadmin, elsewhere}, who) {
			continue
		}
		want := row.wanted(route, who, o)
		if row.harmful && want == nil {
			continue
		}
		got := w.ask(route, row, who, o)
		if want == nil && !passed(got.Status) || want != nil && !slices.Contains(want, got.Status) {
			w.t.Errorf("%s %s, %s %s (of a person: %t), asked by %s: %d, not %v: %.200s",
				route.Method, route.Path, state, row.on, personal != "", who, got.Status, want, got.Body)
		}
		if got.Status < 300 && route.Method != http.MethodGet && row.on != "" {
			o = w.place(row.on, state, personal)
		}
	}
	if row.on == catalog.KindOrganization {
		w.exec("UPDATE organizations SET deleted_at = NULL WHERE id = ?", w.town)
	}
}

// TestPermissions walks over everybody, every route and every state.
func TestPermissions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if d.Postgres() {
			return // what is asked of the database is the same on both engines, and tested on both elsewhere
		}
		w := newWalk(t, d)
		used := map[string]bool{}
		for _, table := range w.Tables {
			for _, route := range table.Routes() {
				name := route.Method + " " + route.Path
				row, known := walkRows[name]
				used[name] = true
				if !known && (walkFree(route) || route.Summary == "") {
					continue
				}
				if !known {
					t.Errorf("the walk has no row for %s: add one to walkRows", name)
					continue
				}
				if row.on == "" {
					w.try(route, row, "", "")
					continue
				}
				for _, state := range states[row.on] {
					w.try(route, row, state, "")
					if row.on != catalog.KindOrganization && row.on != catalog.KindPost {
						w.try(route, row, state, w.ids["olga"])
					}
				}
			}
		}
		for name := range maps.Keys(walkRows) {
			if !used[name] {
				t.Errorf("%s is no route any more: take its row away", name)
			}
		}
	})
}

// walkFree are the routes that read what everybody may, in lists and vocabularies
// that name no object; leak_test.go walks what they show.
func walkFree(route *web.Route) bool {
	return route.Method == http.MethodGet && route.Auth == web.Anyone && !strings.Contains(route.Path, "{")
}

// creations are the bodies with which everybody tries to publish: <as> is whom
// for, the organisation or nobody in particular.
var creations = []struct{ path, body string }{
	{"/api/1/datasets/", `{"title": "Made", "description": "Text."<as>}`},
	{"/api/1/reuses/", `{"title": "Made", "description": "Text.", "type": "api", "topic": "health", "url": "https://example.org/<n>"<as>}`},
	{"/api/1/dataservices/", `{"title": "Made", "description": "Text."<as>}`},
	{"/api/2/topics/", `{"name": "Made", "description": "Text.", "tags": ["made"]<as>}`},
	{"/api/1/contacts/", `{"name": "Made <n>", "email": "made@example.org", "role": "contact"<as>}`},
	{"/api/1/datasets/community_resources/", `{"title": "Made", "filetype": "remote", "type": "main", "url": "https://example.org/<n>", "dataset": "<open>"<as>}`},
}

// TestWhoPublishes has everybody publish as themselves, as their organisation and
// as somebody else.
func TestWhoPublishes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWalk(t, d)
		w.tokens[oneToken] = w.scoped(w.ids["mona"], []string{account.ScopeDataset + w.ids["open"]})
		for _, c := range creations {
			for as, allowed := range map[string][]walker{
				"":                             {stranger, owner, partial, assigned, editor, manager, sysadmin},
				`, "organization": "<walked>"`: {partial, assigned, editor, manager, sysadmin, townToken},
				`, "owner": "<eve>"`:           {sysadmin},
			} {
				for _, who := range walkers {
					w.count++
					body := w.fill(strings.ReplaceAll(strings.ReplaceAll(c.body, "<as>", as), "<n>", fmt.Sprint(w.count)))
					var headers []string
					if token := w.tokens[who]; token != "" {
						headers = []string{"X-API-KEY", token}
					}
					got := w.Do(http.MethodPost, c.path, body, headers...)
					if may := slices.Contains(allowed, who); may != (got.Status == http.StatusCreated) {
						t.Errorf("%s with %q by %s answers %d, allowed: %t: %.200s", c.path, as, who, got.Status, may, got.Body)
					}
				}
			}
		}
	})
}
