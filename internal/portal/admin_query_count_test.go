package portal

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
)

// constantAdminPages are the first page and the lists of the administration; ORG
// stands for an organisation, SITE marks those of the site's administrators.
var constantAdminPages = []string{
	"/admin", "/admin/me/datasets", "/admin/me/bin", "/admin/me/activity", "/admin/transfers",
	"ORG/", "ORG/datasets", "ORG/datasets?q=jeu&sort=title", "ORG/datasets?state=draft", "ORG/reuses", "ORG/dataservices", "ORG/members", "ORG/bin", "ORG/activity", "ORG/figures",
	"SITE/", "SITE/datasets", "SITE/datasets?q=jeu", "SITE/datasets?sort=views", "SITE/reuses", "SITE/dataservices", "SITE/topics", "SITE/posts", "SITE/organizations",
	"SITE/users", "SITE/bin", "SITE/activity",
}

// TestAdminQueryCounts holds that a page of the administration takes no more
// queries with thirty of everything than with seven, for an editor and for an
// administrator of the site.
func TestAdminQueryCounts(t *testing.T) {
	small, large := adminQueriesOf(t, 7), adminQueriesOf(t, 30)
	for page, count := range large {
		if small[page] < count {
			t.Errorf("%s takes %d queries with 7 of everything and %d with 30", page, small[page], count)
		}
		if count > mostQueries {
			t.Errorf("%s takes %d queries, at most %d wanted", page, count, mostQueries)
		}
	}
	if len(large) < len(constantAdminPages) {
		t.Errorf("only %d pages were counted", len(large))
	}
}

func adminQueriesOf(t *testing.T, n int) map[string]int64 {
	t.Helper()
	s := newTown(t)
	s.fill(n)
	counts := map[string]int64{}
	for who, session := range map[string]string{"editor": s.byEd, "administrator": s.byRoot} {
		for _, page := range constantAdminPages {
			if strings.HasPrefix(page, "SITE") && session != s.byRoot {
				continue
			}
			target := strings.NewReplacer("ORG", "/admin/organizations/"+s.o.ID, "SITE", "/admin/site").Replace(page)
			if !s.portal.showsAdmin(strings.SplitN(target, "?", 2)[0]) {
				continue
			}
			for range 2 { // the first one reads what all share for a while
				before := s.queries.Load()
				if got := s.ask(target, session, nil); got.Code != http.StatusOK {
					t.Fatalf("%s answered %d to the %s: %.300s", page, got.Code, who, mainOf(got.Body.String()))
				}
				counts[who+" "+page] = s.queries.Load() - before
			}
		}
	}
	return counts
}

// fill puts n of everything into the organisation, and n organisations of n people
// beside it.
func (s *town) fill(n int) {
	s.t.Helper()
	ctx, system := context.Background(), account.System("tests")
	ok := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	store, org := s.portal.Catalog, catalog.Some(s.o.ID)
	for i := range n {
		number := fmt.Sprint(i)
		for _, state := range []string{"public", "draft", "deleted"} {
			made, err := store.CreateDataset(ctx, account.Viewer{User: s.editor, Memberships: map[string]account.Role{s.o.ID: account.RoleEditor}}, catalog.DatasetInput{
				Title: catalog.Some("Jeu " + state + number), Description: catalog.Some("d"), Organization: org, Private: catalog.Some(state == "draft"),
				Tags:      catalog.Some([]string{"mot-" + number}),
				Resources: catalog.Some([]catalog.ResourceInput{{Title: catalog.Some("a"), URL: catalog.Some("https://example.org/a.csv")}}),
			})
			ok(err)
			_, err = store.UpdateDataset(ctx, system, made.ID, catalog.DatasetInput{Description: catalog.Some("e"), Private: catalog.Some(state == "draft")})
			ok(err)
			if state == "deleted" {
				ok(store.DeleteDataset(ctx, system, made.ID, false))
			}
		}
		_, err := store.CreateReuse(ctx, system, catalog.ReuseInput{
			Title: catalog.Some("Usage " + number), Description: catalog.Some("x"), Type: catalog.Some("application"), Topic: catalog.Some("others"),
			URL: catalog.Some("https://example.org/" + number), Organization: org,
		})
		ok(err)
		user, err := s.accounts.CreateUser(ctx, system, account.NewUser{Email: "membre" + number + "@example.org", FirstName: "Membre", LastName: number})
		ok(err)
		_, err = s.accounts.CreateOrganization(ctx, system, account.NewOrganization{
			Name: "Commune " + number, Description: "x", Members: []account.NewMember{{UserID: s.editor.ID, Role: account.RoleEditor}, {UserID: user.ID, Role: account.RoleAdmin}},
		})
		ok(err)
		ok(s.d.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewInsert().Model(&account.Member{OrganizationID: s.o.ID, UserID: user.ID, Role: account.RoleEditor, Since: db.Now(), Position: int64(i + 10)}).Exec(ctx)
			return err
		}))
	}
}
