package portal

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/job"
	"grenier/internal/search"
)

var sitePages = []string{
	"/admin/site/settings", "/admin/site/edito/home", "/admin/site/edito/datasets", "/admin/site/edito/dataservices", "/admin/site/edito/reuses",
	"/admin/site/edito/reuses/new-bloc?class=MarkdownBloc", "/admin/site/users", "/admin/site/users/new", "/admin/site/organizations", "/admin/site/jobs",
	"/admin/site/jobs/plans/catalog.purge", "/admin/site/activity", "/admin/site/bin",
}

func TestSitePagesAreForAdministrators(t *testing.T) {
	w := newWorkshop(t)
	for _, page := range append(sitePages, "/admin/site/users/"+w.ada.ID) {
		if got := w.ask(page, "", nil); got.Code != http.StatusFound || !strings.HasPrefix(got.Header().Get("Location"), "/login?next=") {
			t.Errorf("%s: %d to %q for nobody", page, got.Code, got.Header().Get("Location"))
		}
		if got := w.ask(page, w.adaKey, nil); got.Code != http.StatusForbidden {
			t.Errorf("%s: %d for people", page, got.Code)
		}
		w.shows(page, w.rootKey, []string{"<h1>"})
		w.shows("/en"+page, w.rootKey, []string{"<h1>"})
	}
	for _, path := range []string{
		"/admin/site/settings", "/admin/site/edito/home", "/admin/site/edito/featured", "/admin/site/edito/featured/" + w.datasetID + "/remove", "/admin/site/users/new",
		"/admin/site/users/" + w.ada.ID, "/admin/site/users/" + w.ada.ID + "/password", "/admin/site/users/" + w.root.ID + "/close",
		"/admin/site/jobs/plans/catalog.purge", "/admin/site/jobs/plans/catalog.purge/run", "/admin/site/jobs/1/cancel", "/admin/site/jobs/1/retry", "/admin/site/jobs/now",
	} {
		form := url.Values{"email": {"x@example.org"}, "first_name": {"X"}, "last_name": {"Y"}, "do": {"hide"}, "block": {"hero"}, "title": {"Mine"}, "dataset": {w.datasetID}, "typed": {"Ada Grain"}}
		if got := w.ask(path, w.adaKey, form); got.Code != http.StatusForbidden {
			t.Errorf("%s answers %d to people", path, got.Code)
		}
	}
}

func TestSettingsAreDrawn(t *testing.T) {
	w := newWorkshop(t)
	form := url.Values{
		"title": {"Grain"}, "tagline.en": {"Data <b>of</b> Valmont"}, "banner.en": {"Closed **today** <script>x</script>"}, "banner.fr": {""}, "contact": {"team@example.org"},
		"language": {""}, "registration": {"false"}, "read_only": {""},
	}
	w.posts("/en/admin/site/settings", w.rootKey, "/en/admin/site/settings?done=admin-site.done-saved", form)
	w.shows("/en", "", []string{"Grain", "Data &lt;b&gt;of&lt;/b&gt; Valmont", "Closed <strong>today</strong>", "site-banner"}, "<script>x")
	w.shows("/", "", nil, "site-banner")
	form.Set("contact", "nonsense")
	form.Set("title", "Kept <i>typed</i>")
	wrong := w.ask("/en/admin/site/settings", w.rootKey, form)
	if body := wrong.Body.String(); wrong.Code != http.StatusBadRequest || !strings.Contains(body, "Kept &lt;i&gt;typed") || !strings.Contains(body, `href="#settings-contact"`) {
		t.Errorf("%d without what was typed or what is wrong", wrong.Code)
	}
	form.Set("contact", "")
	form.Set("version", "1")
	if stale := w.ask("/en/admin/site/settings", w.rootKey, form); stale.Code != http.StatusPreconditionFailed {
		t.Errorf("a stale form answers %d", stale.Code)
	}
}

// TestSettingsShowTheLanguagesInUse: the site's own language stands first, with
// those that have a text; the others wait in a fold.
func TestSettingsShowTheLanguagesInUse(t *testing.T) {
	w := newWorkshop(t)
	at := func(part string) int {
		t.Helper()
		i := strings.Index(w.ask("/en/admin/site/settings", w.rootKey, nil).Body.String(), part)
		if i < 0 {
			t.Errorf("the page does not hold %s", part)
		}
		return i
	}
	own, other, fold := `name="tagline.`+w.portal.Language+`"`, `name="tagline.en"`, "<summary>Other languages</summary>"
	if !(at(own) < at(fold) && at(fold) < at(other)) {
		t.Error("another language without a text is not in the fold")
	}
	w.posts("/en/admin/site/settings", w.rootKey, "/en/admin/site/settings?done=admin-site.done-saved", url.Values{"tagline.en": {"Data of Valmont"}})
	if !(at(own) < at(other) && at(other) < strings.Index(w.ask("/en/admin/site/settings", w.rootKey, nil).Body.String(), `name="language"`)) {
		t.Error("a language with a text is in the fold")
	}
	wrong := w.ask("/en/admin/site/settings", w.rootKey, url.Values{"banner.en": {strings.Repeat("a", 2001)}}).Body.String()
	if !strings.Contains(wrong, `<details class="more" open>`) {
		t.Error("a refused text stands in a closed fold")
	}
}

// manyFound tells of many objects without one of them.
type manyFound struct{ noSearch }

func (manyFound) Search(q search.Query) (search.Result, error) {
	return search.Result{Total: 99, Facets: make([]search.FacetCounts, len(q.Facets))}, nil
}

// TestLandingsAreComposed: blocs are added, moved, changed and removed on the
// pages that open a kind, and readers see them in place of the usual cards.
func TestLandingsAreComposed(t *testing.T) {
	w := newWorkshop(t)
	w.portal.Search = manyFound{}
	for _, kind := range []string{"datasets", "dataservices", "reuses"} {
		edit, page := "/en/admin/site/edito/"+kind, "/en/"+kind
		add := func(class string, fields url.Values) *httptest.ResponseRecorder {
			fields.Set("class", class)
			return w.ask(edit+"/new-bloc", w.rootKey, fields)
		}
		w.shows(edit, w.rootKey, []string{`href="/en/admin/site/edito/home"`, `aria-current="page"`, `href="/en/` + kind + `"`})
		if got := add("HeroBloc", url.Values{"title": {"Look <b>here</b>"}}); location(got) != edit {
			t.Fatalf("%s: %d to %q", kind, got.Code, location(got))
		}
		add("DatasetsListBloc", url.Values{"title": {"Chosen ones"}, "datasets": {w.datasetID}})
		w.shows(page, "", []string{"Look &lt;b&gt;here&lt;/b&gt;", "Chosen ones", `href="/en/datasets/`, `name="q"`}, `id="popular"`, `id="recent"`)
		if got := add("HeroBloc", url.Values{"title": {""}, "description": {"kept words"}}); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "kept words") || !strings.Contains(got.Body.String(), `href="#bloc-title"`) {
			t.Errorf("%s: a bloc without a title answers %d", kind, got.Code)
		}
		if got := add("NoBloc", url.Values{"title": {"x"}}); got.Code < 400 || got.Code >= 500 {
			t.Errorf("%s: an unknown class answers %d", kind, got.Code)
		}
		site, err := w.portal.Catalog.Site(t.Context(), catalog.SiteDefaults{})
		if err != nil {
			t.Fatal(err)
		}
		stored := map[string]db.JSON{"datasets": site.DatasetsBlocs, "dataservices": site.DataservicesBlocs, "reuses": site.ReusesBlocs}[kind]
		blocs, err := catalog.Blocs(stored)
		if err != nil || len(blocs) != 2 {
			t.Fatalf("%s: %d blocs, %v", kind, len(blocs), err)
		}
		one := edit + "/blocs/" + blocs[0].ID
		w.posts(one+"/move", w.rootKey, edit+"?done=admin-bloc.done-moved", url.Values{"by": {"1"}})
		if body := w.ask(page, "", nil).Body.String(); strings.Index(body, "Chosen ones") > strings.Index(body, "Look &lt;b&gt;") {
			t.Errorf("%s: the bloc did not move", kind)
		}
		w.posts(one, w.rootKey, edit+"?done=admin-bloc.done-saved", url.Values{"title": {"Look again"}})
		w.shows(page, "", []string{"Look again"})
		if got := w.ask(one+"/remove", w.adaKey, url.Values{}); got.Code != http.StatusForbidden {
			t.Errorf("%s: people remove blocs: %d", kind, got.Code)
		}
		w.posts(one+"/remove", w.rootKey, edit+"?done=admin-bloc.done-removed", url.Values{})
		w.posts(edit+"/blocs/"+blocs[1].ID+"/remove", w.rootKey, edit+"?done=admin-bloc.done-removed", url.Values{})
		w.shows(page, "", nil, "Look again", "Chosen ones")
	}
}

func TestHomeFollowsItsOrder(t *testing.T) {
	w := newWorkshop(t)
	at := func(part string) int { return strings.Index(w.ask("/en", "", nil).Body.String(), part) }
	w.posts("/admin/site/edito/featured", w.rootKey, "/admin/site/edito/home?done=admin-site.done-home", url.Values{"dataset": {"https://data.example.org/datasets/" + w.dataset.Slug}})
	if got := w.ask("/en/admin/site/edito/featured", w.rootKey, url.Values{"dataset": {"nonesuch"}}); got.Code != http.StatusBadRequest {
		t.Errorf("an unknown dataset: %d", got.Code)
	}
	if at(`"block-featured"`) < at(`"block-figures"`) {
		t.Error("the featured dataset is not after the figures")
	}
	w.posts("/admin/site/edito/home", w.rootKey, "/admin/site/edito/home?done=admin-site.done-home", url.Values{"block": {"featured"}, "do": {"up"}})
	if at(`"block-featured"`) < 0 || at(`"block-featured"`) > at(`"block-figures"`) {
		t.Error("the featured dataset did not move")
	}
	w.posts("/admin/site/edito/home", w.rootKey, "/admin/site/edito/home?done=admin-site.done-home", url.Values{"block": {"featured"}, "do": {"hide"}})
	if at(`"block-featured"`) >= 0 {
		t.Error("the hidden block shows")
	}
	for _, form := range []url.Values{{"block": {"nonesuch"}, "do": {"show"}}, {"do": {"reset"}}} {
		w.posts("/admin/site/edito/home", w.rootKey, "/admin/site/edito/home?done=admin-site.done-home", form)
	}
	if at(`"block-featured"`) < 0 {
		t.Error("the order of the theme is not back")
	}
}

func TestPeopleAreAdministered(t *testing.T) {
	w := newWorkshop(t)
	path := "/en/admin/site/users/"
	w.shows("/en/admin/site/users?q=ada@example", w.rootKey, []string{"ada@example.org"}, "root@example.org")
	w.shows("/en/admin/site/users?state=admins", w.rootKey, []string{"root@example.org"}, "ada@example.org")
	w.shows("/en/admin/site/users?q=%25&state=nonsense&sort=x&page=999", w.rootKey, []string{"Nobody matches"})
	w.shows(path+w.ada.ID, w.rootKey, []string{"ada@example.org", ">Wells</a>", "Demand a new password"}, "Remove the second factor")
	taken := w.ask(path+"new", w.rootKey, url.Values{"email": {"ada@example.org"}, "first_name": {"<b>New</b>"}, "last_name": {"One"}})
	if body := taken.Body.String(); taken.Code != http.StatusBadRequest || !strings.Contains(body, `href="#person-email"`) || !strings.Contains(body, "&lt;b&gt;New") {
		t.Errorf("a taken address: %d", taken.Code)
	}
	saved := w.ask(path+w.ada.ID, w.rootKey, url.Values{"email": {"ada@example.org"}, "first_name": {"Ada"}, "last_name": {"Byron"}, "admin": {"true"}, "active": {"true"}})
	u, err := w.portal.People.Get(t.Context(), w.rootView, w.ada.ID)
	if err != nil || saved.Code != http.StatusSeeOther || u.LastName != "Byron" || !u.Admin || !u.Active {
		t.Errorf("%d, %v: %+v", saved.Code, err, u)
	}
	w.posts(path+w.ada.ID+"/password", w.rootKey, path+w.ada.ID+"?done=admin-user.done-rotation", url.Values{})
	w.shows(path+w.ada.ID, w.rootKey, []string{"Must change the password"})
	if got := w.ask(path+w.ada.ID+"/close", w.rootKey, url.Values{"form": {"close"}, "typed": {"nonsense"}}); got.Code != http.StatusBadRequest {
		t.Errorf("closing without the name: %d", got.Code)
	}
	w.posts(path+w.ada.ID+"/close", w.rootKey, "/en/admin/site/users?done=admin-user.done-closed", url.Values{"form": {"close"}, "typed": {"ada byron"}, "letter": {"none"}})
	w.shows(path+w.ada.ID, w.rootKey, []string{"Closed"}, "ada@example.org", "Demand a new password")
}

func TestBadgesAreGivenAndTaken(t *testing.T) {
	w := newWorkshop(t)
	o, err := w.accounts.CreateOrganization(t.Context(), account.System("tests"), account.NewOrganization{Name: "Valmont <b>"})
	if err != nil {
		t.Fatal(err)
	}
	path := "/en/admin/site/organizations/" + o.ID
	w.shows("/en/admin/site/organizations", w.rootKey, []string{"Valmont &lt;b&gt;", "Certify"})
	w.posts(path+"/certify", w.rootKey, "/en/admin/site/organizations?done=admin-user.done-badges", url.Values{})
	w.shows("/en/admin/site/organizations?badge=certified", w.rootKey, []string{"Valmont", "Take the certification"})
	w.posts(path, w.rootKey, path+"?done=admin-user.done-badges", url.Values{"kind": {"public-service", "certified"}})
	got, err := w.portal.Organizations.Get(t.Context(), w.rootView, o.ID)
	if err != nil || !got.PublicService || !got.Certified {
		t.Errorf("%v: %+v", err, got)
	}
	w.posts(path, w.rootKey, path+"?done=admin-user.done-badges", url.Values{})
	if got, err = w.portal.Organizations.Get(t.Context(), w.rootView, o.ID); err != nil || len(got.Badges) > 0 {
		t.Errorf("%v: %v", err, got.Badges)
	}
	if refused := w.ask(path, w.adaKey, url.Values{"kind": {"certified"}}); refused.Code != http.StatusForbidden {
		t.Errorf("people give badges: %d", refused.Code)
	}
	w.shows("/en/organizations/"+o.ID+"/activity", "", []string{"changed the badges"}, "Valmont <b>")
	w.shows("/en"+historyPath(catalog.KindOrganization, o.ID), w.rootKey, []string{"<ins>"})
}

func TestJobs(t *testing.T) {
	w := newWorkshop(t)
	w.shows("/en/admin/site/jobs", w.rootKey, []string{"Emptying the bin", "Every day at 03:40", "0 jobs run."})
	w.posts("/en/admin/site/jobs/plans/catalog.purge/run", w.rootKey, "/en/admin/site/jobs?done=admin-job.done-started", url.Values{})
	jobs, _, err := w.portal.Jobs.List(t.Context(), job.Filter{Limit: 5})
	if err != nil || len(jobs) != 1 {
		t.Fatal(jobs, err)
	}
	if now := w.ask("/en/admin/site/jobs/now", w.rootKey, url.Values{}); !strings.Contains(now.Body.String(), "One job waits.") {
		t.Errorf("%d: %s", now.Code, now.Body)
	}
	w.posts("/en/admin/site/jobs/1/cancel", w.rootKey, "/en/admin/site/jobs?done=admin-job.done-cancelled", url.Values{})
	w.posts("/en/admin/site/jobs/1/cancel", w.rootKey, "/en/admin/site/jobs?done=admin-job.done-over", url.Values{})
	w.posts("/en/admin/site/jobs/1/retry", w.rootKey, "/en/admin/site/jobs?done=admin-job.done-retried", url.Values{})
	if got := w.ask("/en/admin/site/jobs/x/retry", w.rootKey, url.Values{}); got.Code != http.StatusNotFound {
		t.Errorf("no number: %d", got.Code)
	}
	plan := "/en/admin/site/jobs/plans/catalog.purge"
	wrong := w.ask(plan, w.rootKey, url.Values{"crontab": {"each <day>"}})
	if body := wrong.Body.String(); wrong.Code != http.StatusBadRequest || !strings.Contains(body, `href="#plan-crontab"`) || !strings.Contains(body, "each &lt;day&gt;") {
		t.Errorf("a wrong schedule: %d", wrong.Code)
	}
	w.posts(plan, w.rootKey, "/en/admin/site/jobs?done=admin-job.done-saved", url.Values{"crontab": {"@hourly"}, "enabled": {"true"}})
	w.shows("/en/admin/site/jobs", w.rootKey, []string{"Every hour", "Chosen here"})
	w.posts(plan+"/switch", w.rootKey, "/en/admin/site/jobs?done=admin-job.done-saved", url.Values{"enabled": {"false"}})
	w.shows("/en/admin/site/jobs", w.rootKey, []string{"Turn on"})
}
