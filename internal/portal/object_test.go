package portal

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/web"
)

// webCall is a request of nobody in particular.
func webCall() *web.Call {
	return &web.Call{
		W: httptest.NewRecorder(), R: httptest.NewRequest(http.MethodGet, "/", nil),
		Site: &web.Site{Base: "https://data.example.org", Title: "Valmont", Language: "fr"},
	}
}

// counting serves a document and counts who asks.
func counting(t *testing.T, asked *int, document []byte) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		*asked++
		_, _ = w.Write(document)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/openapi.json"
}

func (s *site) organization(n int, name string, change func(*account.Organization)) *account.Organization {
	s.t.Helper()
	o := &account.Organization{
		ID: fmt.Sprintf("%024x", 0xa000+n), Version: 1, Slug: fmt.Sprintf("organization-%d", n), Name: name, NameFold: strings.ToLower(name),
		CreatedAt: db.Now(), ModifiedAt: db.Now(),
	}
	if change != nil {
		change(o)
	}
	s.insert(o)
	return o
}

func (s *site) reuse(n int, title string, change func(*catalog.Reuse)) *catalog.Reuse {
	s.t.Helper()
	r := &catalog.Reuse{
		ID: fmt.Sprintf("%024x", 0xb000+n), Version: 1, Slug: fmt.Sprintf("reuse-%d", n), Title: title, TitleFold: strings.ToLower(title), Type: "application",
		Topic: "others", URL: "https://www.exemple.fr/carte", URLHash: fmt.Sprint(n), Visible: true, Views: int64(n), CreatedAt: db.Now(), ModifiedAt: db.Now(),
	}
	if change != nil {
		change(r)
	}
	s.insert(r)
	return r
}

func (s *site) dataservice(n int, title string, change func(*catalog.Dataservice)) *catalog.Dataservice {
	s.t.Helper()
	d := &catalog.Dataservice{
		ID: fmt.Sprintf("%024x", 0xc000+n), Version: 1, Slug: fmt.Sprintf("api-%d", n), Title: title, TitleFold: strings.ToLower(title), AccessType: "open",
		Visible: true, CreatedAt: db.Now(), ModifiedAt: db.Now(),
	}
	if change != nil {
		change(d)
	}
	s.insert(d)
	return d
}

func (s *site) person(n int, change func(*account.User)) *account.User {
	s.t.Helper()
	u := &account.User{
		ID: fmt.Sprintf("%024x", 0xd000+n), Version: 1, Slug: fmt.Sprintf("person-%d", n), FirstName: "Ada", LastName: fmt.Sprintf("Roche %d", n), NameFold: "ada roche",
		Email: ptr(fmt.Sprintf("ada%d@secret.example.org", n)), Active: true, CreatedAt: db.Now(), ModifiedAt: db.Now(),
	}
	if change != nil {
		change(u)
	}
	s.insert(u)
	return u
}

func TestObjectAddresses(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	gone := db.Now()
	o := s.organization(1, "Ville", nil)
	s.organization(2, "Partie", func(o *account.Organization) { o.DeletedAt = gone })
	r := s.reuse(1, "Carte", nil)
	s.reuse(2, "Cachée", func(r *catalog.Reuse) { r.Private, r.Visible = true, false })
	s.reuse(3, "Partie", func(r *catalog.Reuse) { r.DeletedAt, r.Visible = gone, false })
	a := s.dataservice(1, "API", nil)
	s.dataservice(2, "Cachée", func(d *catalog.Dataservice) { d.Private, d.Visible = true, false })
	s.dataservice(3, "Partie", func(d *catalog.Dataservice) { d.DeletedAt, d.Visible = gone, false })
	u := s.person(1, nil)
	s.person(2, func(u *account.User) { u.Active = false })
	s.person(3, func(u *account.User) { u.DeletedAt = gone })
	topic := &catalog.Topic{ID: fmt.Sprintf("%024x", 0xe001), Version: 1, Slug: "theme-1", Name: "Thème", NameFold: "theme", CreatedAt: gone, ModifiedAt: gone}
	hidden := &catalog.Topic{ID: fmt.Sprintf("%024x", 0xe002), Version: 1, Slug: "theme-2", Name: "Caché", NameFold: "cache", Private: some(true), CreatedAt: gone, ModifiedAt: gone}
	post := &catalog.Post{ID: fmt.Sprintf("%024x", 0xf001), Version: 1, Slug: "article-1", Name: "Article", NameFold: "article", Kind: "news", BodyType: "markdown", Blocs: db.JSON("[]"), PublishedAt: gone, CreatedAt: gone, ModifiedAt: gone}
	unpublished := &catalog.Post{ID: fmt.Sprintf("%024x", 0xf002), Version: 1, Slug: "article-2", Name: "Brouillon", NameFold: "brouillon", Kind: "news", BodyType: "markdown", Blocs: db.JSON("[]"), CreatedAt: gone, ModifiedAt: gone}
	s.insert(topic, hidden, post, unpublished)
	for _, one := range []struct{ kind, slug, id string }{
		{"organization", "ville-ancienne", o.ID}, {"reuse", "carte-ancienne", r.ID}, {"reuse", "cachee-ancienne", fmt.Sprintf("%024x", 0xb002)},
		{"dataservice", "api-ancienne", a.ID}, {"topic", "theme-ancien", topic.ID}, {"post", "article-ancien", post.ID},
	} {
		s.exec("INSERT INTO slugs (kind, slug, object_id, at) VALUES (?, ?, ?, 0)", one.kind, one.slug, one.id)
	}
	for _, path := range []string{
		"/organizations/organization-1", "/organizations/" + o.ID, "/organizations/organization-1/datasets", "/organizations/organization-1/dataservices",
		"/organizations/organization-1/reuses", "/organizations/organization-1/information", "/reuses/reuse-1", "/reuses/" + r.ID,
		"/dataservices/api-1", "/dataservices/" + a.ID, "/users/" + u.Slug, "/users/" + u.ID, "/topics/theme-1", "/posts", "/posts/article-1",
		"/tags", "/licenses",
	} {
		for _, prefix := range []string{"", "/en"} {
			s.shows(prefix+path, `<h1`)
		}
	}
	for path, status := range map[string]int{
		"/organizations/organization-2": 410, "/organizations/none": 404, "/reuses/reuse-2": 404, "/reuses/reuse-3": 410, "/reuses/cachee-ancienne": 404,
		"/dataservices/api-2": 404, "/dataservices/api-3": 410, "/dataservices/api-2/openapi": 404, "/users/person-2": 410, "/users/person-3": 410,
		"/users/none": 404, "/topics/theme-2": 404, "/topics/none": 404, "/posts/article-2": 404, "/posts/none": 404, "/tags/none": 404,
		"/licenses/none": 404, "/organizations/%3Cscript%3E": 404, "/organizations/none/search": 404, "/topics/theme-2/datasets": 404,
	} {
		if got := s.get(path).Code; got != status {
			t.Errorf("%s: %d, want %d", path, got, status)
		}
	}
	for path, location := range map[string]string{
		"/organizations/ville-ancienne?sort=popular":             "308 /organizations/organization-1?sort=popular",
		"/en/organizations/ville-ancienne/datasets":              "308 /en/organizations/organization-1/datasets",
		"/reuses/carte-ancienne":                                 "308 /reuses/reuse-1",
		"/dataservices/api-ancienne/openapi?page=2":              "308 /dataservices/api-1/openapi?page=2",
		"/topics/theme-ancien":                                   "308 /topics/theme-1",
		"/en/posts/article-ancien":                               "308 /en/posts/article-1",
		"/organizations/organization-1.json":                     "302 /api/1/organizations/organization-1/",
		"/reuses/reuse-1.json":                                   "302 /api/1/reuses/reuse-1/",
		"/dataservices/api-1.json":                               "302 /api/1/dataservices/api-1/",
		"/topics/theme-1.json":                                   "302 /api/2/topics/theme-1/",
		"/posts/article-1.json":                                  "302 /api/1/posts/article-1/",
		"/users/person-1.json":                                   "302 /api/1/users/person-1/",
		"/organizations/organization-1/datasets.csv":             "302 /api/1/organizations/organization-1/datasets.csv",
		"/organizations/organization-1/search?q=eau+potable&x=1": "302 /datasets/search?organization=" + o.ID + "&q=eau+potable",
		"/en/topics/theme-1/datasets":                            "301 /en/topics/theme-1#datasets",
		"/tags/Qualité":                                          "308 /tags/qualite",
	} {
		w := s.get(strings.ReplaceAll(path, "é", "%C3%A9"))
		if got := fmt.Sprint(w.Code, " ", w.Header().Get("Location")); got != location {
			t.Errorf("%s: %s, want %s", path, got, location)
		}
	}
}

func TestHostileObjects(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	bad := ptr(`javascript:alert("x")`)
	o := s.organization(1, hostile, func(o *account.Organization) {
		o.Description, o.URL, o.Acronym, o.BusinessNumberID = hostile+"<img src=x onerror=alert(1)>", bad, ptr(hostile), ptr(hostile)
	})
	s.reuse(1, hostile, func(r *catalog.Reuse) {
		r.OrganizationID, r.Description, r.URL, r.Type, r.Topic = &o.ID, hostile, *bad, hostile, hostile
	})
	s.dataservice(1, hostile, func(d *catalog.Dataservice) {
		d.BaseAPIURL, d.RateLimiting, d.RateLimitingURL, d.MachineDocumentationURL, d.Format = bad, ptr(hostile), bad, bad, ptr(hostile)
		d.AccessType, d.AuthorizationRequestURL, d.AccessTypeReason, d.AccessAudiences = "restricted", bad, ptr(hostile), db.JSON(`[{"role":"<script>alert(\"x\")</script>"}]`)
	})
	s.person(1, func(u *account.User) { u.FirstName, u.About, u.Website = hostile, ptr(hostile), bad })
	now := db.Now()
	s.insert(
		&catalog.Topic{ID: fmt.Sprintf("%024x", 0xe001), Version: 1, Slug: "theme-1", Name: hostile, NameFold: "x", Description: ptr(hostile), CreatedAt: now, ModifiedAt: now},
		&catalog.Post{ID: fmt.Sprintf("%024x", 0xf001), Version: 1, Slug: "article-1", Name: hostile, NameFold: "x", Headline: ptr(hostile), Kind: "news", BodyType: "html", Blocs: db.JSON("[]"),
			Content: ptr(hostile + "\n\n    <p onclick=alert(1)>Texte</p>"), ImageURL: bad, CreditTo: ptr(hostile), CreditURL: bad, PublishedAt: now, CreatedAt: now, ModifiedAt: now})
	for _, path := range []string{
		"/organizations/organization-1", "/organizations/organization-1/information", "/reuses/reuse-1", "/dataservices/api-1", "/users/person-1",
		"/topics/theme-1", "/posts", "/posts/article-1", "/tags?q=" + "%3Cscript%3Ealert(%22x%22)%3C/script%3E",
		"/posts?kind=%3Cscript%3E&page=-1", "/posts?page=99999999999999999999", "/topics/theme-1?datasets=x&reuses=-9&notes=500",
		"/organizations/organization-1?sort=%27%22%3E",
	} {
		body := s.shows(path)
		if i := strings.Index(body, "javascript:"); i >= 0 {
			t.Log(path, body[max(0, i-150):i+50])
		}
		hides(t, body, `<script>alert("x")`, "javascript:", "onerror", "onclick", "secret.example.org")
	}
}
