package portal

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/catalog"
)

// keptSite is a site with people who keep things.
type keptSite struct {
	*signedSite
	ada, root, other string // sessions
	owner            account.Viewer
	user             *account.User
	data             *catalog.Dataset
}

func newKeptSite(t *testing.T) *keptSite {
	t.Helper()
	s := &keptSite{signedSite: newSignedSite(t, nil)}
	s.user, s.ada = s.person("ada@example.org", false)
	_, s.root = s.person("root@example.org", true)
	_, s.other = s.person("other@example.org", false)
	s.owner = account.Viewer{User: s.user}
	s.data = s.dataset(1, "Comptages", nil)
	return s
}

// posts sends a form and expects to be led to an address; it returns the address.
func (s *keptSite) posts(session, path string, form url.Values) string {
	s.t.Helper()
	got := s.ask(path, session, form)
	if got.Code != http.StatusSeeOther {
		s.t.Fatalf("%s: %d\n%s", path, got.Code, summaryOf(got))
	}
	return got.Header().Get("Location")
}

var summary = regexp.MustCompile(`(?s)<div class="notice (?:danger|warning)".*?</div></div>`)

func summaryOf(w *httptest.ResponseRecorder) string {
	return summary.FindString(w.Body.String())
}

func (s *keptSite) page(session, path string, status int, wanted ...string) string {
	s.t.Helper()
	got := s.ask(path, session, nil)
	body := got.Body.String()
	if got.Code != status {
		s.t.Fatalf("%s: %d, want %d\n%s", path, got.Code, status, summaryOf(got))
	}
	for _, want := range wanted {
		if !strings.Contains(body, want) {
			s.t.Errorf("%s lacks %q", path, want)
		}
	}
	return body
}

// newReuse posts the form of a new reuse and gives its identifier.
func (s *keptSite) newReuse(change func(url.Values)) string {
	s.t.Helper()
	form := url.Values{
		"title": {"Carte <b>des</b> vélos"}, "url": {"https://example.org/velos"}, "type": {"application"}, "topic": {"transport_and_mobility"},
		"description": {"Une carte."}, "tags": {"velo, carte"}, "datasets": {"https://data.example.org/datasets/" + s.data.Slug},
	}
	if change != nil {
		change(form)
	}
	led := s.posts(s.ada, "/en/admin/reuses/new", form)
	id, _, _ := strings.Cut(strings.TrimPrefix(led, "/en/admin/reuses/"), "?")
	return id
}

func TestReuseIsKept(t *testing.T) {
	s := newKeptSite(t)
	s.page(s.ada, "/en/admin/reuses/new?dataset="+s.data.ID, 200, "Comptages", s.data.ID)
	id := s.newReuse(nil)
	body := s.page(s.ada, "/en/admin/reuses/"+id, 200, "Carte &lt;b&gt;des&lt;/b&gt; vélos", "Comptages")
	if strings.Contains(body, "<b>des") {
		t.Error("the title is not escaped")
	}
	reuse, err := s.portal.Catalog.Reuse(context.Background(), s.owner, id)
	if err != nil || len(reuse.DatasetIDs) != 1 || reuse.DatasetIDs[0] != s.data.ID || len(reuse.Tags) != 2 {
		t.Fatalf("%+v, %v", reuse, err)
	}
	s.page(s.ada, "/en/admin/me/reuses", 200, "/en/admin/reuses/"+id)
	s.page(s.ada, "/en/admin/me/reuses?q=v%C3%A9los&state=public&sort=title", 200, "/en/admin/reuses/"+id)
	s.page(s.ada, "/en/admin/me/reuses?state=draft", 200, "Nothing matches")
	s.page(s.other, "/en/admin/me/reuses?state=nonsense&sort=%27%3B&page=-4", 200, "No reuse yet")
	s.page(s.other, "/en/admin/reuses/"+id, 403)
	s.page(s.other, "/en/admin/site/reuses", 403)
	s.page(s.root, "/en/admin/site/reuses", 200, "/en/admin/reuses/"+id)
	if got := s.ask("/en/admin/reuses/"+reuse.Slug, s.ada, nil); got.Code != http.StatusFound || got.Header().Get("Location") != "/en/admin/reuses/"+id {
		t.Errorf("the slug leads to %d %q", got.Code, got.Header().Get("Location"))
	}
	if got := s.ask("/admin/reuses/"+id, "", nil); got.Code != http.StatusFound || !strings.HasPrefix(got.Header().Get("Location"), "/login?next=") {
		t.Errorf("nobody gets %d %q", got.Code, got.Header().Get("Location"))
	}
}

func TestReuseRefusalsKeepWhatWasTyped(t *testing.T) {
	s := newKeptSite(t)
	got := s.ask("/en/admin/reuses/new", s.ada, url.Values{"title": {"Half"}, "url": {"nonsense"}, "datasets": {s.data.ID}})
	body := got.Body.String()
	if got.Code != http.StatusBadRequest {
		t.Fatalf("%d", got.Code)
	}
	for _, want := range []string{`value="Half"`, `value="nonsense"`, "#reuse-description", "#reuse-url", "#reuse-type", "Comptages"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	id := s.newReuse(nil)
	stale := s.ask("/en/admin/reuses/"+id, s.ada, url.Values{
		"version": {"1"}, "title": {"First"}, "url": {"https://example.org/velos"}, "type": {"application"}, "topic": {"others"}, "description": {"x"},
	})
	if stale.Code != http.StatusSeeOther {
		t.Fatalf("%d\n%s", stale.Code, summaryOf(stale))
	}
	stale = s.ask("/en/admin/reuses/"+id, s.ada, url.Values{
		"version": {"1"}, "title": {"Second"}, "url": {"https://example.org/velos"}, "type": {"application"}, "topic": {"others"}, "description": {"x"},
	})
	if body := stale.Body.String(); stale.Code != http.StatusPreconditionFailed || !strings.Contains(body, `value="Second"`) || !strings.Contains(body, "First") {
		t.Errorf("a stale save: %d", stale.Code)
	}
	foreign := s.ask("/en/admin/reuses/"+id, s.other, url.Values{"title": {"Mine"}})
	if foreign.Code != http.StatusForbidden {
		t.Errorf("somebody else: %d", foreign.Code)
	}
}

func TestStatesOfReuses(t *testing.T) {
	s := newKeptSite(t)
	id := s.newReuse(func(f url.Values) { f.Set("private", "true") })
	path := "/en/admin/reuses/" + id
	s.page(s.ada, path, 200, "Publish", "Private")
	s.page(s.other, path, 404)
	s.posts(s.ada, path+"/visibility", url.Values{"private": {"false"}})
	s.posts(s.ada, path+"/archive", url.Values{"archived": {"true"}})
	s.page(s.ada, path, 200, "Archived", "Unarchive")
	s.posts(s.ada, path+"/archive", url.Values{"archived": {"false"}})
	if got := s.ask(path+"/feature", s.ada, url.Values{}); got.Code != http.StatusForbidden {
		t.Errorf("an owner features: %d", got.Code)
	}
	s.posts(s.root, path+"/feature", url.Values{})
	s.page(s.root, path, 200, "Stop featuring")
	s.posts(s.root, path+"/unfeature", url.Values{})
	if got := s.ask(path+"/delete", s.ada, url.Values{"form": {"delete"}, "typed": {"something"}}); got.Code != http.StatusBadRequest {
		t.Errorf("deleted without its name: %d", got.Code)
	}
	s.posts(s.ada, path+"/delete", url.Values{"form": {"delete"}, "typed": {"Carte <b>des</b> vélos"}})
	s.page(s.ada, path, 200, "Bring back")
	s.page(s.ada, "/en/admin/me/reuses", 200, "No reuse yet")
	s.page(s.ada, "/en/admin/me/reuses?state=deleted", 200, path)
	s.posts(s.ada, path+"/restore", url.Values{})
	s.page(s.ada, path, 200, "Make private")
}

func TestDataserviceIsKept(t *testing.T) {
	s := newKeptSite(t)
	got := s.ask("/en/admin/dataservices/new", s.ada, url.Values{"title": {"Adresses"}, "availability": {"often"}, "access_type": {"open"}})
	if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), `value="often"`) {
		t.Fatalf("%d", got.Code)
	}
	led := s.posts(s.ada, "/en/admin/dataservices/new", url.Values{
		"title": {"Adresses"}, "base_api_url": {"https://api.example.org"}, "availability": {"99,5"}, "access_type": {"restricted"},
		"access_audiences.company": {"yes"}, "format": {"REST"}, "datasets": {s.data.ID}, "private": {"true"},
	})
	path, _, _ := strings.Cut(led, "?")
	s.page(s.ada, path, 200, `value="99.5"`, "https://api.example.org")
	s.page(s.ada, path+"/datasets", 200, "Comptages")
	s.posts(s.ada, path+"/datasets/remove", url.Values{"dataset": {s.data.ID}})
	s.page(s.ada, path+"/datasets", 200, "No dataset linked")
	if got := s.ask(path+"/datasets", s.ada, url.Values{"form": {"link"}, "datasets": {""}}); got.Code != http.StatusBadRequest {
		t.Errorf("nothing linked: %d", got.Code)
	}
	s.posts(s.ada, path+"/datasets", url.Values{"datasets": {s.data.ID}})
	s.posts(s.ada, path, url.Values{"title": {"Adresses"}, "availability": {""}, "access_type": {"open"}, "rate_limiting": {"10/s"}})
	s.page(s.ada, path, 200, "10/s")
	s.posts(s.ada, path+"/visibility", url.Values{"private": {"false"}})
	s.page(s.ada, "/en/admin/me/dataservices?state=public", 200, "Adresses")
	s.page(s.other, path, 403)
}

func TestTopicIsKept(t *testing.T) {
	s := newKeptSite(t)
	second := s.dataset(2, "Parkings", nil)
	led := s.posts(s.ada, "/en/admin/topics/new", url.Values{"name": {"Mobilité"}, "private": {"true"}, "tags": {"velo"}})
	elements, _, _ := strings.Cut(led, "?")
	if !strings.HasSuffix(elements, "/elements") {
		t.Fatalf("led to %s", led)
	}
	topic := strings.TrimSuffix(elements, "/elements")
	s.page(s.ada, elements, 200, "No element")
	s.posts(s.ada, elements, url.Values{"datasets": {s.data.ID + ", " + second.ID}})
	s.posts(s.ada, topic+"/write", url.Values{"title": {"Trottinettes <script>"}})
	if got := s.ask(topic+"/write", s.ada, url.Values{"form": {"write"}, "description": {"no title"}}); got.Code != http.StatusBadRequest {
		t.Errorf("an element of nothing: %d", got.Code)
	}
	unknown := s.ask(elements, s.ada, url.Values{"form": {"link-elements"}, "reuses": {"ffffffffffffffffffffffff"}})
	if unknown.Code != http.StatusBadRequest || !strings.Contains(unknown.Body.String(), "#link-elements-reuses") {
		t.Errorf("an unknown reuse: %d", unknown.Code)
	}
	order := func() string {
		body := s.page(s.ada, elements, 200)
		var found []string
		for _, hit := range regexp.MustCompile(`<th scope="row"><a href="[^"]*"[^>]*>([^<]*)`).FindAllStringSubmatch(body, -1) {
			found = append(found, hit[1])
		}
		return strings.Join(found, "|")
	}
	if got := order(); got != "Comptages|Parkings|Trottinettes &lt;script&gt;" {
		t.Fatalf("the order is %s", got)
	}
	body := s.page(s.ada, elements, 200)
	one := regexp.MustCompile(`/en/admin/topics/[0-9a-f]{24}/elements/[^"/]+`).FindAllString(body, -1)
	last := one[len(one)-1]
	s.posts(s.ada, last+"/move", url.Values{"place": {"1"}})
	if got := order(); got != "Trottinettes &lt;script&gt;|Comptages|Parkings" {
		t.Errorf("the order is %s", got)
	}
	s.page(s.ada, last, 200, "Place, from 1 to 3", `value="1"`)
	if got := s.ask(last+"/move", s.ada, url.Values{"form": {"place"}, "place": {"first"}}); got.Code != http.StatusBadRequest {
		t.Errorf("a place that is no number: %d", got.Code)
	}
	s.posts(s.ada, last, url.Values{"title": {"Scooters"}, "tags": {"a, b"}, "datasets": {""}, "reuses": {""}, "dataservices": {""}})
	s.posts(s.ada, last+"/remove", url.Values{})
	if got := order(); got != "Comptages|Parkings" {
		t.Errorf("the order is %s", got)
	}
	s.posts(s.ada, topic, url.Values{"name": {"Mobilités"}, "description": {"Tout."}})
	s.posts(s.ada, topic+"/clear", url.Values{"form": {"clear"}, "typed": {"Mobilités"}})
	s.page(s.ada, elements, 200, "No element")
	s.posts(s.ada, topic+"/delete", url.Values{"form": {"delete"}, "typed": {"mobilités"}})
	s.page(s.ada, topic, 404)
}
