package portal

import (
	"regexp"
	"strings"
	"testing"

	"grenier/internal/catalog"
	"grenier/internal/db"
)

// keptPages are public pages by where their objects are changed.
func (s *keptSite) keptPages() map[string]string {
	s.t.Helper()
	owner := &s.user.ID
	d := s.dataset(2, "Puits", func(d *catalog.Dataset) { d.OwnerID, d.ResourceCount = owner, 1 })
	r := s.reuse(1, "Carte", func(r *catalog.Reuse) { r.OwnerID = owner })
	a := s.dataservice(1, "API", func(a *catalog.Dataservice) { a.OwnerID = owner })
	topic := &catalog.Topic{ID: "65a000000000000000000010", Version: 1, Slug: "theme", Name: "Thème", NameFold: "theme", CreatedAt: db.Now(), ModifiedAt: db.Now()}
	topic.OwnerID = owner
	s.insert(topic)
	file := s.file(d, 1, "Liste", nil)
	added := s.file(s.data, 2, "Liste des autres", func(r *catalog.Resource) { r.Community, r.OwnerID = true, owner })
	return map[string]string{
		"/en/datasets/" + d.Slug: "/en/admin/datasets/" + d.ID + `"`, "/en/datasets/" + d.Slug + "/activity": "/en/admin/datasets/" + d.ID + `"`,
		"/en/datasets/" + d.Slug + "/": "/en/admin/datasets/" + d.ID + "/files/" + file.ID,
		"/en/reuses/" + r.Slug:         "/en/admin/reuses/" + r.ID, "/en/dataservices/" + a.Slug: "/en/admin/dataservices/" + a.ID,
		"/en/topics/" + topic.Slug: "/en/admin/topics/" + topic.ID, "/en/users/" + s.user.Slug: "/en/admin/me/profile",
		"/en/datasets/" + s.data.Slug + "/community-resources": "/en/admin/community-resources/" + added.ID,
	}
}

// TestPublicPagesLeadToTheAdministration walks over public pages: who may change
// the object is led to where that is done, and an answer kept for everybody never
// holds the way.
func TestPublicPagesLeadToTheAdministration(t *testing.T) {
	s := newKeptSite(t)
	for page, edit := range s.keptPages() {
		page = strings.TrimSuffix(page, "/")
		for _, session := range []string{"", s.ada, "", s.other, ""} {
			got := s.ask(page, session, nil)
			if got.Code != 200 {
				t.Fatalf("%s: %d", page, got.Code)
			}
			way := regexp.MustCompile(`class="button (primary|quiet)" href="` + regexp.QuoteMeta(edit))
			if found := way.MatchString(got.Body.String()); found != (session == s.ada) {
				t.Errorf("%s: owner %v, way to %s %v", page, session == s.ada, edit, found)
			}
		}
	}
	post := &catalog.Post{
		ID: "65a000000000000000000011", Version: 1, Slug: "article", Name: "Article", NameFold: "article", Kind: "news", BodyType: "markdown", Blocs: db.JSON("[]"),
		PublishedAt: db.Now(), CreatedAt: db.Now(), ModifiedAt: db.Now(),
	}
	s.insert(post)
	for _, session := range []string{"", s.root, s.ada, ""} {
		body := s.page(session, "/en/posts/article", 200)
		if found := strings.Contains(body, `href="/en/admin/posts/`+post.ID+`"`); found != (session == s.root) {
			t.Errorf("the post: administrator %v, way %v", session == s.root, found)
		}
	}
}

// TestDraftsSayWhoSeesThem looks at the public pages of drafts: they are no dead
// ends for who keeps them, and absent for others.
func TestDraftsSayWhoSeesThem(t *testing.T) {
	s := newKeptSite(t)
	owner := &s.user.ID
	d := s.dataset(2, "Puits", func(d *catalog.Dataset) { d.OwnerID, d.Private, d.Visible = owner, true, false })
	r := s.reuse(1, "Carte", func(r *catalog.Reuse) { r.OwnerID, r.Private, r.Visible = owner, true, false })
	post := &catalog.Post{
		ID: "65a000000000000000000011", Version: 1, Slug: "article", Name: "Article", NameFold: "article", Kind: "news", BodyType: "markdown", Blocs: db.JSON("[]"),
		CreatedAt: db.Now(), ModifiedAt: db.Now(),
	}
	s.insert(post)
	s.page("", "/en/datasets/"+d.Slug, 404)
	s.page(s.ada, "/en/datasets/"+d.Slug, 200, "Draft – visible to you alone", `href="/en/admin/datasets/`+d.ID+`/publish"`, `href="/en/admin/datasets/`+d.ID+`"`)
	s.page(s.ada, "/en/reuses/"+r.Slug, 200, "Draft – visible to you alone", `action="/en/admin/reuses/`+r.ID+`/visibility"`)
	s.page(s.root, "/en/reuses/"+r.Slug, 200, "visible to its author")
	s.page(s.root, "/en/posts/article", 200, "visible to the site’s administrators", `action="/en/admin/posts/`+post.ID+`/publish"`)
	s.posts(s.ada, "/en/admin/reuses/"+r.ID+"/visibility", map[string][]string{"private": {"false"}})
	if body := s.page(s.ada, "/en/reuses/"+r.Slug, 200); strings.Contains(body, "draft-band") {
		t.Error("a public page says that it is a draft")
	}
	for path, preview := range map[string]bool{"/en/admin/datasets/" + d.ID: true, "/en/admin/reuses/" + r.ID: false} {
		body := s.page(s.ada, path, 200)
		if strings.Contains(body, "Preview</a>") != preview || strings.Contains(body, "Public page</a>") == preview {
			t.Errorf("%s: a preview is not a public page", path)
		}
	}
}
