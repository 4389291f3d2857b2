package portal

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/search"
	"grenier/internal/search/feed"
)

// mostQueries bounds the queries of any page.
const mostQueries = 60

// constantPages are one page of each type, on the site that populate fills.
var constantPages = []string{
	"/", "/search?q=jeu", "/datasets/search", "/datasets/search?q=jeu&tag=mot-1&sort=-views", "/reuses/search", "/dataservices/search", "/organizations", "/topics",
	"/datasets", "/reuses", "/dataservices", "/suggest?q=jeu",
	"/datasets/dataset-1", "/datasets/dataset-1?q=fichier", "/datasets/dataset-1?type=main", "/datasets/dataset-1/reuses_and_dataservices",
	"/datasets/dataset-1/community-resources", "/datasets/dataset-1/informations",
	"/organizations/organization-1", "/organizations/organization-1/datasets", "/organizations/organization-1/dataservices",
	"/organizations/organization-1/reuses", "/organizations/organization-1/information", "/organizations/organization-2",
	"/reuses/reuse-1", "/dataservices/api-1", "/topics/theme-1", "/posts", "/posts/article-1", "/users/person-1",
	"/tags", "/tags/mot-1", "/licenses", "/licenses/licence-1", "/explore", "/exports", "/feeds", "/developers", "/dashboard", "/support", "/sitemap",
	"/pages/legal/mentions",
}

// TestQueryCounts holds that a page takes no more queries on a catalogue with
// thirty of everything than on one with seven, which is more than a group of cards shows.
func TestQueryCounts(t *testing.T) {
	small, large := queriesOf(t, 7), queriesOf(t, 30)
	for _, page := range constantPages {
		if small[page] < large[page] {
			t.Errorf("%s takes %d queries with 7 of everything and %d with 30", page, small[page], large[page])
		}
		if large[page] > mostQueries {
			t.Errorf("%s takes %d queries, at most %d wanted", page, large[page], mostQueries)
		}
	}
}

// queriesOf counts the queries of each page on a catalogue with n of everything.
// What all visits share for a while is read before.
func queriesOf(t *testing.T, n int) map[string]int64 {
	t.Helper()
	var count atomic.Int64
	d := dbtest.SQLite(t)
	d.Watch(func(context.Context, string, time.Duration) { count.Add(1) })
	s := &searched{engine: search.New(filepath.Join(t.TempDir(), "x.index"))}
	s.site = newSite(t, d, func(deps *Deps) { deps.Search = feed.Match{Engine: s.engine, Ready: func() error { return nil }} })
	s.populate(n)
	s.index()
	counts := make(map[string]int64, len(constantPages))
	for _, page := range constantPages {
		for range 2 {
			before := count.Load()
			if w := s.get(page); w.Code != http.StatusOK {
				t.Fatalf("%s answered %d: %s", page, w.Code, w.Body)
			}
			counts[page] = count.Load() - before
		}
	}
	return counts
}

// populate inserts n of everything; the first of each kind is tied to all others.
func (s *searched) populate(n int) {
	s.t.Helper()
	total := int64(n)
	s.dataset(0, "Jeu sans rien", nil)
	for i := 1; i <= n; i++ {
		s.license(fmt.Sprintf("licence-%d", i), fmt.Sprintf("Licence %d", i))
		u := s.person(i, nil)
		o := s.organization(i, fmt.Sprintf("Jeu de ville %d", i), func(o *account.Organization) {
			o.Datasets, o.Reuses, o.Dataservices = total, total, total
		})
		first, member := fmt.Sprintf("%024x", 0xa001), fmt.Sprintf("%024x", 0xd001)
		s.insert(&account.Member{OrganizationID: o.ID, UserID: member, Role: account.RoleEditor, Since: db.Now()})
		if i > 1 {
			s.insert(&account.Member{OrganizationID: first, UserID: u.ID, Role: account.RoleEditor, Since: db.Now()})
		}
		s.populateObjects(i, total, first, member)
	}
	blocs := `[{"class":"DatasetsListBloc","id":"1","title":"Jeux","datasets":["` + fmt.Sprintf("%024x", 1)
	for i := 2; i <= n; i++ {
		blocs += `","` + fmt.Sprintf("%024x", i)
	}
	s.exec("UPDATE organizations SET presentation_blocs = ?, presentation_blocs_published_at = 1 WHERE slug = 'organization-2'", blocs+`"]}]`)
}

// populateObjects inserts the objects with a number and their ties.
func (s *searched) populateObjects(i int, total int64, organization, owner string) {
	now, number := db.Now(), fmt.Sprint(i)
	theirs := func(owned *catalog.Owned) { owned.OrganizationID, owned.OwnerID = &organization, &owner }
	d := s.dataset(i, "Jeu de données "+number, func(d *catalog.Dataset) {
		theirs(&d.Owned)
		d.License, d.ResourceCount, d.Reuses, d.Dataservices, d.CommunityCount = ptr("licence-1"), max(total, searchFrom), total, total, total
	})
	r := s.reuse(i, "Jeu de cartes "+number, func(r *catalog.Reuse) { theirs(&r.Owned); r.DatasetCount = total })
	api := s.dataservice(i, "Jeu d’appels "+number, func(a *catalog.Dataservice) { theirs(&a.Owned); a.DatasetCount = total })
	topic := &catalog.Topic{ID: fmt.Sprintf("%024x", 0xe000+i), Version: 1, Slug: "theme-" + number, Name: "Jeu de thèmes " + number, NameFold: "jeu", CreatedAt: now, ModifiedAt: now}
	post := &catalog.Post{ID: fmt.Sprintf("%024x", 0xf000+i), Version: 1, Slug: "article-" + number, Name: "Jeu d’articles " + number, NameFold: "jeu", Kind: "news",
		BodyType: "markdown", Blocs: db.JSON("[]"), PublishedAt: now, CreatedAt: now, ModifiedAt: now}
	s.insert(topic, post)
	dataset1, reuse1, api1 := fmt.Sprintf("%024x", 1), fmt.Sprintf("%024x", 0xb001), fmt.Sprintf("%024x", 0xc001)
	for j, tie := range []struct{ table, from, to, a, b string }{
		{"reuse_datasets", "reuse_id", "dataset_id", reuse1, d.ID}, {"reuse_datasets", "reuse_id", "dataset_id", r.ID, dataset1},
		{"reuse_dataservices", "reuse_id", "dataservice_id", reuse1, api.ID}, {"reuse_dataservices", "reuse_id", "dataservice_id", r.ID, api1},
		{"dataservice_datasets", "dataservice_id", "dataset_id", api1, d.ID}, {"dataservice_datasets", "dataservice_id", "dataset_id", api.ID, dataset1},
		{"post_datasets", "post_id", "dataset_id", fmt.Sprintf("%024x", 0xf001), d.ID}, {"post_reuses", "post_id", "reuse_id", fmt.Sprintf("%024x", 0xf001), r.ID},
	} {
		if i == 1 && j%2 == 1 && tie.a != fmt.Sprintf("%024x", 0xf001) {
			continue // the first is tied to itself already
		}
		s.exec("INSERT INTO "+tie.table+" ("+tie.from+", "+tie.to+", position) VALUES (?, ?, ?)", tie.a, tie.b, i)
	}
	for j, kind := range []string{catalog.KindDataset, catalog.KindReuse, catalog.KindDataservice} {
		element := []string{d.ID, r.ID, api.ID}[j]
		s.insert(&catalog.Element{ID: resourceID(10*i + j), TopicID: fmt.Sprintf("%024x", 0xe001), Position: int64(10*i + j), ElementKind: &kind, ElementID: &element})
	}
	first := &catalog.Dataset{ID: dataset1}
	s.file(first, i, "Fichier "+number, nil)
	s.file(first, 1000+i, "Fichier d’autrui "+number, func(r *catalog.Resource) { r.Community = true })
	s.exec("INSERT INTO tags (object_id, kind, tag, position) VALUES (?, 'dataset', ?, 0), (?, 'reuse', 'mot-1', 0)", dataset1, "mot-"+number, r.ID)
	if i > 1 {
		s.exec("INSERT INTO tags (object_id, kind, tag, position) VALUES (?, 'dataset', 'mot-1', 0)", d.ID)
	}
	s.exec("INSERT INTO formats (dataset_id, format, position) VALUES (?, ?, ?)", dataset1, "f"+number, i)
}
