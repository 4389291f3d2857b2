package portal

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

func TestPostIsWritten(t *testing.T) {
	s := newKeptSite(t)
	s.page(s.ada, "/en/admin/posts/new", 403)
	s.page(s.ada, "/en/admin/site/posts", 403)
	if got := s.ask("/en/admin/posts/new", s.ada, url.Values{"name": {"x"}, "kind": {"news"}, "body_type": {"blocs"}}); got.Code != http.StatusForbidden {
		t.Errorf("not an administrator: %d", got.Code)
	}
	led := s.posts(s.root, "/en/admin/posts/new", url.Values{"name": {"Bonjour"}, "kind": {"news"}, "body_type": {"markdown"}, "content": {"**Texte**"}})
	content, _, _ := strings.Cut(led, "?")
	post := strings.TrimSuffix(content, "/content")
	s.page(s.root, content, 200, "**Texte**")
	s.posts(s.root, content, url.Values{"content": {"Autre"}})
	if got := s.ask(content, s.root, url.Values{"form": {"post-content"}, "content": {""}}); got.Code != http.StatusBadRequest {
		t.Errorf("an empty text: %d", got.Code)
	}
	s.posts(s.root, post, url.Values{"name": {"Bonjour"}, "kind": {"page"}, "datasets": {s.data.ID}, "headline": {"Un mot"}})
	s.page(s.root, post, 200, "Comptages", "Un mot")
	s.posts(s.root, post+"/publish", url.Values{})
	s.page(s.root, "/en/admin/site/posts?state=public&q=bonjour", 200, post)
	s.posts(s.root, post+"/unpublish", url.Values{})
	s.page(s.root, "/en/admin/site/posts?state=draft", 200, post)
	s.posts(s.root, post+"/manner", url.Values{"body_type": {"html"}})
	s.page(s.root, content, 200, "Preview")
	s.posts(s.root, post+"/delete", url.Values{"form": {"delete"}, "typed": {"Bonjour"}})
	s.page(s.root, post, 404)
}

var blocLinks = regexp.MustCompile(`/en/admin/posts/[0-9a-f]{24}/content/blocs/[0-9a-f-]{36}`)

// TestBlocs composes a page of every class of blocs, moves, nests and removes them.
func TestBlocs(t *testing.T) {
	s := newKeptSite(t)
	led := s.posts(s.root, "/en/admin/posts/new", url.Values{"name": {"Composé"}, "kind": {"page"}, "body_type": {"blocs"}})
	content, _, _ := strings.Cut(led, "?")
	add := content + "/new-bloc"
	s.page(s.root, content, 200, "The page is empty")
	s.page(s.root, add+"?class=HeroBloc", 200, `name="color"`)
	s.page(s.root, add+"?class=Nonsense", 404)
	s.page(s.ada, add+"?class=HeroBloc", 403)
	for _, form := range []url.Values{
		{"class": {"HeroBloc"}, "title": {"Bienvenue <script>"}, "color": {"green"}, "main_link_title": {"Voir"}, "main_link_url": {"/datasets"}},
		{"class": {"MarkdownBloc"}, "content": {"Du *texte*"}},
		{"class": {"DatasetsListBloc"}, "title": {"Données"}, "datasets": {s.data.ID}},
		{"class": {"LinksListBloc"}, "title": {"Liens"}, "links.0.title": {""}, "links.0.url": {""}, "links.1.title": {"Un"}, "links.1.url": {"https://example.org"}},
		{"class": {"AccordionListBloc"}, "items.0.title": {"Premier"}, "items.1.title": {""}, "items.2.title": {"Second"}},
	} {
		s.posts(s.root, add, form)
	}
	wrong := s.ask(add, s.root, url.Values{
		"class": {"LinksListBloc"}, "title": {""}, "links.0.title": {""}, "links.0.url": {""}, "links.1.title": {"Un"}, "links.1.url": {"javascript:alert(1)"},
	})
	body := wrong.Body.String()
	if wrong.Code != http.StatusBadRequest || !strings.Contains(body, "#bloc-title") || !strings.Contains(body, "#bloc-links-1-url") {
		t.Errorf("a bloc without title: %d\n%s", wrong.Code, summaryOf(wrong))
	}
	body = s.page(s.root, content, 200, "Bienvenue &lt;script&gt;", "Premier", "Second", "Comptages")
	if strings.Contains(body, "Bienvenue <script>") {
		t.Error("a title is not escaped")
	}
	into := regexp.MustCompile(`into=([0-9a-f-]{36}:1)`).FindStringSubmatch(body)
	s.posts(s.root, add, url.Values{"class": {"MarkdownBloc"}, "content": {"Dans le second"}, "into": {into[1]}})
	if got := s.ask(add, s.root, url.Values{"class": {"HeroBloc"}, "title": {"x"}, "into": {into[1]}}); got.Code != http.StatusBadRequest {
		t.Errorf("a hero in a fold: %d", got.Code)
	}
	body = s.page(s.root, content, 200, "Dans le second")
	links := blocLinks.FindAllString(body, -1)
	hero := links[0]
	s.posts(s.root, hero+"/move", url.Values{"by": {"1"}})
	body = s.page(s.root, content, 200)
	if blocLinks.FindString(body) == hero {
		t.Error("the first bloc has not moved")
	}
	nested := links[len(links)-1]
	s.page(s.root, nested, 200, "Dans le second")
	s.posts(s.root, nested, url.Values{"content": {"Changé"}})
	s.page(s.root, content, 200, "Changé")
	s.posts(s.root, nested+"/remove", url.Values{})
	if body = s.page(s.root, content, 200); strings.Contains(body, "Changé") {
		t.Error("the nested bloc is still there")
	}
	s.page(s.root, nested, 404)
	stale := s.ask(hero+"/remove", s.root, url.Values{"version": {"1"}})
	if stale.Code != http.StatusPreconditionFailed {
		t.Errorf("a stale removal: %d", stale.Code)
	}
}
