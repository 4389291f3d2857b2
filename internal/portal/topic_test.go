package portal

import (
	"fmt"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/text"
)

func TestTopicGroupsItsElements(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	now := db.Now()
	topic := &catalog.Topic{ID: fmt.Sprintf("%024x", 0xe001), Version: 1, Slug: "theme-1", Name: "Se déplacer", NameFold: "x", Description: ptr("Vélos et *trains*."), CreatedAt: now, ModifiedAt: now}
	s.insert(topic)
	add := func(n int, kind, id, title, description string) {
		e := &catalog.Element{ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), TopicID: topic.ID, Position: int64(n), TitleFold: title}
		if kind != "" {
			e.ElementKind, e.ElementID = &kind, &id
		}
		if title != "" {
			e.Title = &title
		}
		if description != "" {
			e.Description = &description
		}
		s.insert(e)
	}
	for i := 1; i <= topicShown+1; i++ {
		d := s.dataset(i, fmt.Sprintf("Données n° %d.", i), nil)
		add(i, "dataset", d.ID, "", map[bool]string{true: "Dit par la thématique"}[i == 1])
	}
	hidden := s.dataset(100, "Cachées", func(d *catalog.Dataset) { d.Private, d.Visible = true, false })
	add(100, "dataset", hidden.ID, "", "")
	add(101, "reuse", s.reuse(1, "Carte", nil).ID, "", "")
	add(102, "", "", "À lire aussi", "Un [lien](https://exemple.fr)")
	body := s.shows("/topics/theme-1", "<em>trains</em>", "13 jeux de données", "Données n° 12.", "Dit par la thématique", "Une réutilisation", "Carte", "À lire aussi",
		`href="https://exemple.fr"`, "/topics/theme-1?datasets=2#datasets", `id="datasets"`)
	hides(t, body, "Données n° 13.", "Cachées", "API des")
	second := s.shows("/en/topics/theme-1?datasets=2", "Données n° 13.", "13 datasets", "À lire aussi", `content="noindex"`)
	hides(t, second, "Données n° 12.")
	s.shows("/topics/theme-1?datasets=99&reuses=4", "Données n° 13.", "Carte")
	s.insert(&catalog.Topic{ID: fmt.Sprintf("%024x", 0xe002), Version: 1, Slug: "theme-2", Name: "Vide", NameFold: "x", CreatedAt: now, ModifiedAt: now})
	s.shows("/topics/theme-2", "encore vide")
}

func TestPostsInAllForms(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	d := s.dataset(1, "Arbres", nil)
	post := func(n int, change func(*catalog.Post)) {
		p := &catalog.Post{ID: fmt.Sprintf("%024x", 0xf000+n), Version: 1, Slug: fmt.Sprintf("article-%d", n), Name: fmt.Sprintf("Article n° %d.", n), NameFold: "x", Kind: "news",
			BodyType: "markdown", Blocs: db.JSON("[]"), PublishedAt: db.Now(), CreatedAt: db.Now(), ModifiedAt: db.Now()}
		change(p)
		s.insert(p)
	}
	post(1, func(p *catalog.Post) {
		p.Content, p.ImageURL, p.CreditTo = ptr("## Un *titre*"), ptr("https://elsewhere.example.org/i.png"), ptr("Jo Duval")
	})
	post(2, func(p *catalog.Post) {
		p.BodyType, p.Content = "html", ptr("<p>Avant</p>\n\n      <p onclick=\"x\">Un _mot_ <b>gras</b></p>\n<script>alert(1)</script>")
	})
	post(3, func(p *catalog.Post) {
		p.Kind, p.BodyType, p.Blocs = "page", "blocs", db.JSON(`[{"class":"DatasetsListBloc","id":"1","title":"Sélection","datasets":["`+d.ID+`"]}]`)
	})
	post(4, func(p *catalog.Post) { p.PublishedAt = db.Time{} })
	s.exec("INSERT INTO post_datasets (post_id, dataset_id, position) VALUES (?, ?, 0)", fmt.Sprintf("%024x", 0xf001), d.ID)
	first := s.shows("/posts/article-1", "<em>titre</em>", "/pictures/posts/", "Jo Duval", "Le jeu de données dont parle", "Arbres", `content="article"`)
	hides(t, first, `src="https:`)
	second := s.shows("/posts/article-2", "<p>Avant</p>", "_mot_", "<b>gras</b>")
	hides(t, second, "onclick", "<script>alert", "<pre>")
	s.shows("/posts/article-3", "Sélection", "Arbres")
	list := s.shows("/posts", "Article n° 1.", "Article n° 3.", "/posts/recent.atom")
	hides(t, list, "Article n° 4.")
	hides(t, s.shows("/posts?kind=page", "Article n° 3."), "Article n° 1.")
	hides(t, s.shows("/en/posts?page=50", "No news yet"), "Article")
}

func TestPersonPage(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	o := s.organization(1, "Ville de Valmont", nil)
	u := s.person(1, func(u *account.User) { u.About, u.Following, u.Datasets = ptr("Je **cartographie**."), 3, 1 })
	s.insert(&account.Member{OrganizationID: o.ID, UserID: u.ID, Role: account.RoleAdmin, Since: db.Now()})
	s.dataset(1, "Sentiers", func(d *catalog.Dataset) { d.OwnerID = &u.ID })
	s.dataset(2, "Cachés", func(d *catalog.Dataset) { d.OwnerID, d.Private, d.Visible = &u.ID, true, false })
	body := s.shows("/users/person-1", "<h1>Ada Roche 1</h1>", "<strong>cartographie</strong>", "Ville de Valmont", "Sentiers", "abonnements")
	hides(t, body, "secret.example.org", "Cachés", `content="noindex"`)
	s.person(2, nil)
	s.shows("/en/users/person-2", "has not published anything", `content="noindex"`)
}

func TestTagsAndLicenses(t *testing.T) {
	s := searchStock(t)
	s.license("lov2", "Licence Ouverte 2.0")
	s.license("maison", "Licence maison")
	s.dataset(40, "Arbres de Valmont", func(d *catalog.Dataset) { d.License = ptr("lov2") })
	for i, tag := range []string{"arbre", "arbuste", "eau", "2024"} {
		s.exec("INSERT INTO tags (object_id, tag, kind, position) VALUES (?, ?, 'dataset', ?)", fmt.Sprintf("%024x", 40), tag, i)
	}
	s.index()
	s.shows("/tags", "/tags/arbre", "/tags/eau", `id="letter-a"`, `id="other"`)
	hides(t, s.shows("/tags?q=Arb", "arbuste"), "/tags/eau\"")
	s.shows("/en/tags?q=zzz", "No keyword")
	s.shows("/tags/arbre", "Un jeu de données", "Arbres de Valmont", "/datasets/search?tag=arbre", "recent.atom?tag=arbre")
	s.shows("/licenses", "Licence Ouverte 2.0", "Licence maison", "en citant la source", "1 jeu de données")
	s.shows("/licenses/lov2", "Arbres de Valmont", "Citez la source", "license.example.org", "/datasets/search?license=lov2")
	hides(t, s.shows("/en/licenses/maison", "Licence maison"), "What the licence says")
}

// The built-in licences have titles in the language of the page, unless the site
// has named them itself.
func TestTitlesOfLicenses(t *testing.T) {
	s := searchStock(t)
	s.license("notspecified", "License Not Specified")
	s.license("other-at", "Other (Attribution)")
	s.license("other-open", "Licence de Valmont")
	s.license("odc-by", "Open Data Commons Attribution License")
	s.dataset(40, "Arbres de Valmont", func(d *catalog.Dataset) { d.License = ptr("other-at") })
	s.dataset(41, "Bancs de Valmont", func(d *catalog.Dataset) { d.License = ptr("other-open") })
	s.index()
	for _, path := range []string{"/licenses", "/feeds", "/sitemap"} {
		hides(t, s.shows(path, "Licence non indiquée", "Autre licence (citer la source)", "Licence de Valmont", "Open Data Commons Attribution License"),
			"License Not Specified", "Other (Attribution)")
		hides(t, s.shows("/en"+path, "Licence not specified", "Other licence (attribution)", "Licence de Valmont"), "License Not Specified", "Other (Attribution)")
	}
	for _, path := range []string{"/licenses/other-at", "/datasets/dataset-40", "/datasets/dataset-40/informations", "/datasets/search?license=other-at"} {
		hides(t, s.shows(path, "Autre licence (citer la source)"), "Other (Attribution)")
	}
	hides(t, s.shows("/licenses/notspecified", "Licence non indiquée"), "License Not Specified")
	s.shows("/datasets/search?q=bancs", "Licence de Valmont")
}

// Every title among the messages is that of a built-in licence.
func TestEntitledLicensesAreBuiltIn(t *testing.T) {
	for _, id := range append([]string{catalog.LicenseNotSpecified}, entitled...) {
		if builtinTitles()[id] == "" {
			t.Errorf("no installation starts with the licence %s", id)
		}
	}
}

func TestHTMLStaysOneBlock(t *testing.T) {
	source := oneHTMLBlock("<ul>\n\n        <li>un</li>\r\n\r\n    <li>*deux*</li></ul>")
	rendered, _ := text.HTML(source, text.Rendering{})
	if want := "<li>*deux*</li>"; !strings.Contains(rendered, want) || strings.Contains(rendered, "<pre>") {
		t.Errorf("%q", rendered)
	}
}
