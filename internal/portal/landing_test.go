package portal

import (
	"net/url"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/catalog"
)

// TestDeletingLeadsToTheListOfTheOwner deletes what an organisation keeps: the page
// that follows is the organisation's list, and says what was done.
func TestDeletingLeadsToTheListOfTheOwner(t *testing.T) {
	s := newKeptSite(t)
	o := s.signedSite.organization("compteurs", s.user, account.RoleAdmin)
	r := s.reuse(1, "Carte", func(r *catalog.Reuse) { r.OrganizationID = &o.ID })
	mine := s.reuse(2, "Autre carte", func(r *catalog.Reuse) { r.OwnerID = &s.user.ID })
	file := s.file(s.data, 1, "Par jour", func(f *catalog.Resource) { f.Community, f.OrganizationID = true, &o.ID })
	for path, want := range map[string]string{
		"/en/admin/reuses/" + r.ID: "/en/admin/organizations/" + o.ID + "/reuses", "/en/admin/reuses/" + mine.ID: "/en/admin/me/reuses",
		"/en/admin/community-resources/" + file.ID: "/en/admin/organizations/" + o.ID + "/community-resources",
	} {
		typed := map[string]string{r.ID: r.Title, mine.ID: mine.Title, file.ID: file.Title}[path[strings.LastIndex(path, "/")+1:]]
		led := s.posts(s.ada, path+"/delete", url.Values{typedField: {typed}, formField: {"delete"}})
		if led != want+"?done=admin-kept.done-deleted" {
			t.Errorf("%s leads to %s, want %s", path, led, want)
		}
		s.page(s.ada, led, 200, "notice success")
	}
}
