package portal

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/blob"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/limit"
)

// town is an organisation with an administrator, an editor, and an outsider.
type town struct {
	*signedSite
	o                     *account.Organization
	admin, editor, eve    *account.User
	byAdmin, byEd, byEve  string
	byRoot                string
	home, members, public string
	// queries counts those of the database.
	queries atomic.Int64
}

func newTown(t *testing.T) *town {
	t.Helper()
	return newTownOn(t, dbtest.SQLite(t), nil)
}

// newTownOn is newTown over a database; change may set the portal's dependencies.
func newTownOn(t *testing.T, d *db.DB, change func(*Deps)) *town {
	t.Helper()
	s := &town{signedSite: newSignedSiteOn(t, d, change)}
	store, err := blob.OpenFolder(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	s.portal.Files = catalog.NewFiles(s.portal.Catalog, blob.NewShelf(s.d, store), catalog.FileRules{})
	s.accounts = account.NewWriter(event.NewLog(s.d)).With(account.Deps{
		Secret: []byte("secret of the tests"), Sessions: s.sessions, Rates: limit.NewRates(s.d), Blocs: s.portal.Catalog, Rules: account.Rules{SIRET: true},
	})
	s.portal.Accounts = s.accounts
	s.d.Watch(func(context.Context, string, time.Duration) { s.queries.Add(1) })
	s.admin, s.byAdmin = s.person("ada@example.org", false)
	s.editor, s.byEd = s.person("ed@example.org", false)
	s.eve, s.byEve = s.person("eve@example.org", false)
	_, s.byRoot = s.person("root@example.org", true)
	o, err := s.accounts.CreateOrganization(context.Background(), account.System("tests"), account.NewOrganization{
		Name: "Ville de <b>Valmont</b>", Description: "Une ville.",
		Members: []account.NewMember{{UserID: s.admin.ID, Role: account.RoleAdmin}, {UserID: s.editor.ID, Role: account.RoleEditor}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.o, s.home, s.members, s.public = o, "/en/admin/organizations/"+o.ID, "/en/admin/organizations/"+o.ID+"/members", "/en/organizations/"+o.Slug
	return s
}

// page asks for a page and wants a status and texts in it; texts after "!" must
// be missing.
func (s *town) page(target, session string, status int, texts ...string) string {
	s.t.Helper()
	got := s.ask(target, session, nil)
	return s.look(target, got, status, texts...)
}

// sends posts a form and wants a status: a redirection to a page that begins
// with a path, or texts in the page.
func (s *town) sends(target, session string, form url.Values, status int, texts ...string) string {
	s.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	return s.look(target, s.ask(target, session, form), status, texts...)
}

func (s *town) look(target string, got *httptest.ResponseRecorder, status int, texts ...string) string {
	s.t.Helper()
	body := got.Body.String()
	if got.Code != status {
		s.t.Fatalf("%s: %d, want %d: %.600s", target, got.Code, status, mainOf(body))
	}
	if status >= 300 && status < 400 {
		body = got.Header().Get("Location")
	}
	for _, text := range texts {
		if missing, ok := strings.CutPrefix(text, "!"); ok == strings.Contains(body, missing) {
			s.t.Errorf("%s: %q in the page is %v: %.1500s", target, missing, ok, mainOf(body))
		}
	}
	return body
}

// mainOf is what a page says in its middle.
func mainOf(body string) string {
	if _, after, ok := strings.Cut(body, `class="admin-body"`); ok {
		return after
	}
	return body
}

func TestOrganizationPagesAreForItsMembers(t *testing.T) {
	s := newTown(t)
	for _, one := range []struct {
		path                     string
		admin, editor, eve, root int
	}{
		{"", 200, 200, 403, 200}, {"/profile", 200, 302, 403, 200}, {"/profile/contacts", 200, 200, 403, 200}, {"/profile/presentation", 200, 403, 403, 200},
		{"/figures", 200, 200, 403, 200}, {"/members", 200, 200, 403, 200}, {"/members/requests", 200, 403, 403, 200},
		{"/members/invitations", 200, 403, 403, 200}, {"/members/invite", 200, 403, 403, 200}, {"/members/" + s.editor.ID, 200, 403, 403, 200},
		{"/members/" + s.eve.ID, 404, 403, 403, 404}, {"/members/requests/" + db.NewUUID(), 404, 403, 403, 404}, {"/join", 200, 200, 200, 200},
	} {
		for _, who := range []struct {
			session string
			want    int
		}{{"", 302}, {s.byAdmin, one.admin}, {s.byEd, one.editor}, {s.byEve, one.eve}, {s.byRoot, one.root}} {
			body := s.page(s.home+one.path, who.session, who.want)
			if strings.Contains(body, "<b>Valmont") {
				t.Errorf("%s does not escape the name", one.path)
			}
		}
	}
	s.page("/en/admin/organizations/"+s.o.Slug, s.byAdmin, 200, "Ville de &lt;b&gt;Valmont")
	s.page("/en/admin/organizations/nowhere", s.byAdmin, 404)
	s.sends(s.home+"/profile", s.byEve, url.Values{"name": {"X"}, "description": {"Y"}}, 403)
	for _, path := range []string{"/profile", "/zone", "/delete", "/restore", "/members/leave", "/members/invite", "/members/" + s.editor.ID + "/remove"} {
		r := httptest.NewRequest(http.MethodPost, s.home+path, strings.NewReader("name=X"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: s.byAdmin})
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden {
			t.Errorf("%s takes the form of another site: %d", path, w.Code)
		}
	}
}

func TestOrganizationIsCreated(t *testing.T) {
	s := newTown(t)
	s.page("/en/admin/organizations/new", s.byEve, 200, "SIRET number", "check digit", `name="business_number_id"`)
	s.sends("/en/admin/organizations/new", s.byEve, url.Values{"name": {"Le <Verger>"}, "description": {""}, "url": {"nowhere"}}, 400,
		`value="Le &lt;Verger&gt;"`, `href="#organization-description"`, `href="#organization-url"`, "it begins with https", "This field is required")
	to := s.sends("/en/admin/organizations/new", s.byEve, url.Values{
		"name": {"Le Verger"}, "acronym": {"LV"}, "description": {"Des pommes."}, "url": {"https://verger.example.org"}, "business_number_id": {"130 025 265 00013"},
	}, 303, "/profile?done=admin-organization.done-created")
	home, _, _ := strings.Cut(to, "/profile")
	s.page(to, s.byEve, 200, "The organization is created", `value="13002526500013"`, `value="LV"`, "Des pommes.")
	s.page(home, s.byEve, 200, "Add a logo", "Invite somebody")
	s.page(home, s.byAdmin, 403)
}

func TestOrganizationProfile(t *testing.T) {
	s := newTown(t)
	page := s.page(s.home+"/profile", s.byAdmin, 200, `action="`+s.home+`/logo"`, `enctype="multipart/form-data"`, `src="/api/1/organizations/`+s.o.ID+`/logo/"`, "!Send the legal notice")
	s.page(s.home+"/profile", s.byRoot, 200, "Send the legal notice")
	version := between(t, page, `name="version" value="`, `"`)
	saved := url.Values{"name": {"Valmont"}, "description": {"Une **ville**."}, "version": {version}}
	s.sends(s.home+"/profile", s.byAdmin, saved, 303, "done-saved")
	stale := s.sends(s.home+"/profile", s.byAdmin, url.Values{"name": {"Autre"}, "description": {"Une ville."}, "version": {version}}, 412,
		"Somebody changed this in the meantime", `value="Autre"`, "Valmont")
	again := url.Values{"name": {"Autre"}, "description": {"Une ville."}, "version": {between(t, stale, `name="version" value="`, `"`)}}
	s.sends(s.home+"/profile", s.byAdmin, again, 303)

	s.sends(s.home+"/zone", s.byAdmin, url.Values{"zone": {"nowhere"}}, 400, "This territory is unknown", `value="nowhere"`)
	s.sends(s.home+"/delete", s.byAdmin, url.Values{"typed": {"other"}}, 400, "Type the name to confirm")
	s.sends(s.home+"/delete", s.byAdmin, url.Values{"typed": {"autre"}}, 303, "done-deleted")
	s.page(s.home, s.byAdmin, 200, "is deleted", `action="`+s.home+`/restore"`)
	s.page(s.home, s.byEd, 200, "is deleted", "!/restore")
	s.page(s.home, s.byEve, 410)
	s.sends(s.home+"/restore", s.byAdmin, nil, 303, "done-restored")
	s.page(s.home, s.byAdmin, 200, "!is deleted")
}

func between(t *testing.T, text, before, after string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, before)
	found, _, ok2 := strings.Cut(rest, after)
	if !ok || !ok2 {
		t.Fatalf("nothing between %q and %q", before, after)
	}
	return found
}

func TestOrganizationLogo(t *testing.T) {
	s := newTown(t)
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 20, 20))); err != nil {
		t.Fatal(err)
	}
	send := func(session string, content []byte) *httptest.ResponseRecorder {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		if err := form.WriteField("form", "logo"); err != nil {
			t.Fatal(err)
		}
		if content != nil {
			part, err := form.CreateFormFile("file", "logo.png")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := part.Write(content); err != nil {
				t.Fatal(err)
			}
		}
		if err := form.Close(); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, s.home+"/logo", &body)
		r.Header.Set("Content-Type", form.FormDataContentType())
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: session})
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w
	}
	s.look("logo", send(s.byAdmin, nil), 400, "Choose a picture first")
	s.look("logo", send(s.byAdmin, []byte("<svg>")), 400, "neither PNG")
	s.look("logo", send(s.byAdmin, bytes.Repeat([]byte("x"), 12<<20)), 400, "weighs too much: 10 MB at most", `id="logo-file-error"`)
	s.look("logo", send(s.byAdmin, giantPicture), 400, "too many pixels: 40 million at most", `id="logo-file-error"`)
	s.look("logo", send(s.byEd, picture.Bytes()), 403)
	s.look("logo", send("", picture.Bytes()), 303, "/login")
	s.look("logo", send(s.byAdmin, picture.Bytes()), 303, "done-logo")
	s.page(s.home, s.byAdmin, 200, "!Add a logo")
	s.sends(s.home+"/logo", s.byAdmin, url.Values{"file": {"x"}}, 415)
}

func TestOrganizationPresentationIsWritten(t *testing.T) {
	s := newTown(t)
	path := s.home + "/profile/presentation"
	s.sends(path, s.byAdmin, url.Values{"presentation_blocs.0.title": {"Sans contenu"}}, 400, `id="presentation-presentation-blocs-0-content"`, `aria-invalid="true"`, `value="Sans contenu"`)
	s.sends(path, s.byAdmin, url.Values{"presentation_blocs.0.title": {"Un"}, "presentation_blocs.0.content": {"# Bonjour <script>"}, "published": {"true"}}, 303)
	s.sends(path, s.byAdmin, url.Values{
		"presentation_blocs.0.title": {"Un"}, "presentation_blocs.0.content": {"Bonjour"}, "presentation_blocs.1.title": {"Deux"}, "presentation_blocs.1.content": {"Au revoir"}, "published": {"true"},
	}, 303, "done-presentation")
	s.page(path, s.byAdmin, 200, `value="Un"`, `value="Deux"`, `name="presentation_blocs.2.title"`, "Text 2")
	s.page(s.public, "", 200, "Bonjour", "Au revoir")
	s.sends(path, s.byAdmin, url.Values{"presentation_blocs.1.title": {"Deux"}, "presentation_blocs.1.content": {"Au revoir"}}, 303)
	s.page(path, s.byAdmin, 200, `!value="Un"`, `name="presentation_blocs.0.title"`)
	s.page(s.public, "", 200, "!Au revoir")
}

func TestOrganizationHomeTellsWhatWaits(t *testing.T) {
	s := newTown(t)
	year := time.Now().Add(-400 * 24 * time.Hour)
	owned := func(change func(*catalog.Dataset)) func(*catalog.Dataset) {
		return func(d *catalog.Dataset) {
			d.OrganizationID, d.AllAvailable = &s.o.ID, true
			change(d)
		}
	}
	s.dataset(1, "En retard", owned(func(d *catalog.Dataset) { d.Frequency, d.LastUpdate = ptr("annual"), db.TimeOf(year) }))
	s.dataset(2, "À l’heure", owned(func(d *catalog.Dataset) { d.Frequency, d.LastUpdate = ptr("biennial"), db.TimeOf(year) }))
	s.dataset(3, "Cassé", owned(func(d *catalog.Dataset) { d.ResourceCount, d.MainResources, d.AllAvailable = 2, 2, false }))
	s.dataset(4, "Archivé", owned(func(d *catalog.Dataset) {
		d.Frequency, d.LastUpdate, d.ArchivedAt = ptr("annual"), db.TimeOf(year), db.Now()
	}))
	s.dataset(5, "Supprimé", owned(func(d *catalog.Dataset) {
		d.Frequency, d.LastUpdate, d.DeletedAt, d.Visible = ptr("annual"), db.TimeOf(year), db.Now(), false
	}))
	for i := range 2 {
		user, session := s.person(fmt.Sprintf("asks%d@example.org", i), false)
		_ = user
		s.sends(s.home+"/join", session, url.Values{"comment": {"Bonjour"}}, 303)
	}
	s.page(s.home, s.byAdmin, 200, "A dataset is late", "A dataset has an unavailable file", "2 people ask to join", "Cassé")
	s.page(s.home, s.byEd, 200, "A dataset is late", "!ask to join", "!Invite somebody")
	s.page(s.home+"/figures", s.byEd, 200, "The datasets seen most", "En retard", "/api/1/organizations/"+s.o.ID+"/datasets.csv")
}

func TestContacts(t *testing.T) {
	s := newTown(t)
	path := s.home + "/profile/contacts"
	s.page(path, s.byEd, 200, "No contact yet", `action="`+path+`"`)
	s.sends(path, s.byEd, url.Values{"name": {"Le service"}, "role": {"contact"}}, 400, "An address or a form is needed", `value="Le service"`)
	s.sends(path, s.byEd, url.Values{"name": {"Le <service>"}, "role": {"contact"}, "email": {"donnees@example.org"}}, 303, "done-added")
	page := s.page(path, s.byEd, 200, "Le &lt;service&gt;", "donnees@example.org")
	one := path + "/" + between(t, page, `href="`+path+"/", `"`)
	s.page(one, s.byEve, 403)
	s.page(one, s.byEd, 200, `value="donnees@example.org"`)
	s.sends(one, s.byEd, url.Values{"name": {"L’accueil"}, "role": {"contact"}, "contact_form": {"https://example.org/ecrire"}}, 303, "done-saved")
	s.page(path, s.byEd, 200, "L’accueil", "example.org")
	s.sends(one+"/delete", s.byEve, nil, 403)
	s.sends(one+"/delete", s.byEd, nil, 303, "done-deleted")
	s.page(one, s.byEd, 404)
}

// A second organisation of a name is made after a warning alone.
func TestSameNameOfOrganizations(t *testing.T) {
	s := newTown(t)
	const path = "/en/admin/organizations/new"
	form := url.Values{"name": {"  " + strings.ToUpper(s.o.Name) + " "}, "description": {"Another one."}}
	body := s.sends(path, s.byEve, form, 409, "An organization has this name already", "data-focus", s.public, s.home+"/join", `name="same_name"`, "Another one.")
	if strings.Contains(body, "<B>VALMONT") {
		t.Error("the name is not escaped")
	}
	form.Set("same_name", "Another name")
	s.sends(path, s.byEve, form, 409, "Create all the same")
	form.Set("same_name", strings.ToUpper(s.o.Name))
	s.sends(path, s.byEve, form, 303, "/en/admin/organizations/")
	s.sends(path, s.byEve, url.Values{"name": {"Ville de Grain"}, "description": {"x"}}, 303, "/en/admin/organizations/")
}

// giantPicture is the beginning of a PNG picture of 20,000 by 20,000 pixels.
var giantPicture = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x4e\x20\x00\x00\x4e\x20\x08\x06\x00\x00\x00\xe3\x70\x46\x39")
