package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// writing sends requests to a portal as somebody and follows what they change.
type writing struct{ *portal }

func (w writing) ask(as, method, path string, body any, status int) apitest.Answer {
	w.t.Helper()
	var headers []string
	if as != "" {
		headers = []string{"X-API-KEY", w.token(as)}
	}
	if text, ok := body.(string); ok {
		body = w.fill(text)
	}
	answer := w.Do(method, w.fill(path), body, headers...)
	if answer.Status != status {
		w.t.Errorf("%s %s by %q answered %d, want %d: %.400s", method, path, as, answer.Status, status, answer.Body)
	}
	return answer
}

// shows checks members of an answer.
func (w writing) shows(answer apitest.Answer, wanted want) apitest.Answer {
	w.t.Helper()
	tree := answer.JSON(w.t)
	for path, value := range wanted {
		got, ok := reach(tree, path)
		if text, is := value.(string); is {
			value = w.fill(text)
		}
		if !ok || got != value {
			w.t.Errorf("%s is %v, want %v in %.600s", path, got, value, answer.Body)
		}
	}
	return answer
}

// counters asks whether every stored counter is what the rows say.
func (w writing) counters() {
	w.t.Helper()
	wrong, err := w.Catalog.CheckCounters(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, mismatch := range wrong {
		w.t.Error(mismatch)
	}
}

func newWriting(t *testing.T, d *db.DB) writing {
	w := writing{newPortal(t, d)}
	if _, err := w.Catalog.RecountAll(context.Background()); err != nil {
		t.Fatal(err)
	}
	return w
}

const (
	reuseBody = `{"title":"Carte des pistes","description":"Où rouler.","type":"application","topic":"transport_and_mobility",
		"url":"https://pistes.example.org/","tags":["Vélo","vélo","Pistes"],"datasets":["<open>",{"id":"<mine>"}],"dataservices":["<api-compteurs>"]}`
	serviceBody = `{"title":"API Arrêts","base_api_url":"https://api.example.org/arrets","format":"REST","availability":99.5,"license":"lov2",
		"datasets":["<open>"],"tags":"bus,arrets"}`
	topicBody = `{"name":"Énergie","description":"Tout.","tags":["Univers Énergie"],"color":3,"spatial":{"granularity":"other","zones":[]},
		"elements":[{"element":{"class":"Dataset","id":"<open>"},"tags":["a b"]},{"title":"À venir"}]}`
	postBody  = `{"name":"Nouveauté","content":"Texte","headline":"Court","tags":["Actu"],"datasets":["<open>"],"reuses":["<carte-velo>"]}`
	chartBody = `{"title":"Passages","description":"Par jour","x_axis":{"column_x":"jour","type":"discrete","sort_x_by":"axis_x","sort_x_direction":"asc"},
		"series":[{"type":"line","column_y":"n","aggregate_y":"sum","resource_id":"6f0c1a2b-3c4d-4e6f-8a8b-9c0d1e2f3a4b",
		"filters":{"_cls":"AndFilters","filters":[{"_cls":"Filter","column":"ville","condition":"exact","value":"Valmont"}]}}]}`
)

func TestReusesAreWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWriting(t, d)
		made := w.shows(w.ask("eve", "POST", "/api/1/reuses/", reuseBody, 201), want{
			"slug": "carte-des-pistes", "owner.id": "<eve>", "organization": nil, "tags.#": 2.0, "datasets.#": 2.0, "dataservices.0.id": "<api-compteurs>",
			"metrics.datasets": 2.0, "permissions.edit": true, "private": false, "featured": nil,
		})
		w.ids["r"] = dig(made.JSON(t), "id").(string)
		w.shows(w.ask("", "GET", "/api/1/datasets/<open>/", nil, 200), want{"metrics.reuses": 2.0})
		w.shows(w.ask("", "GET", "/api/1/users/<eve>/", nil, 200), want{"metrics.reuses": 2.0})
		w.counters()

		w.shows(w.ask("ada", "POST", "/api/1/reuses/", reuseBody, 400), want{"errors.url": "This URL is already registered", "message": "This URL is already registered"})
		w.ask("ada", "PUT", "/api/1/reuses/<r>/", `{"title":"x"}`, 403)
		w.ask("", "PUT", "/api/1/reuses/<r>/", `{"title":"x"}`, 401)
		w.shows(w.ask("eve", "PUT", "/api/1/reuses/<r>/", `{"title":"Autre titre","description":null}`, 400), want{"errors.description": "Field is required"})
		w.shows(w.ask("eve", "PUT", "/api/1/reuses/<r>/", `{"title":"Autre titre","tags":null,"unknown":1}`, 200), want{
			"slug": "autre-titre", "tags.#": 0.0, "datasets.#": 2.0, "url": "https://pistes.example.org/",
		})
		moved := w.ask("", "GET", "/api/1/reuses/carte-des-pistes/", nil, 308)
		if to := moved.Header.Get("Location"); to != "/api/1/reuses/autre-titre/" {
			t.Errorf("the former slug leads to %q", to)
		}
		back := w.ask("eve", "GET", "/api/1/reuses/<r>/", nil, 200)
		w.ask("eve", "PUT", "/api/1/reuses/<r>/", string(back.Body), 200)

		w.shows(w.ask("eve", "PUT", "/api/1/reuses/<r>/", `{"datasets":["<mine>"]}`, 200), want{"datasets.#": 1.0})
		w.ask("eve", "POST", "/api/1/reuses/<r>/datasets/", `{"id":"<mine>"}`, 200)
		w.shows(w.ask("eve", "POST", "/api/1/reuses/<r>/datasets/", `{"id":"<open>"}`, 201), want{"datasets.#": 2.0})
		w.ask("eve", "POST", "/api/1/reuses/<r>/datasets/", `{"id":"<secret>"}`, 404)
		w.ask("eve", "POST", "/api/1/reuses/<r>/dataservices/", `{"id":"<api-compteurs>"}`, 200)
		w.ask("eve", "POST", "/api/1/reuses/<r>/dataservices/", `{"id":"<api-secrete>"}`, 201)
		w.counters()

		w.ask("eve", "DELETE", "/api/1/datasets/<mine>/", nil, 204)
		w.shows(w.ask("", "GET", "/api/1/reuses/<r>/", nil, 200), want{"datasets.#": 1.0, "metrics.datasets": 1.0})
		w.ask("eve", "PUT", "/api/1/reuses/<r>/", `{"private":true}`, 200)
		w.ask("", "GET", "/api/1/reuses/<r>/", nil, 404)
		w.ask("ada", "PUT", "/api/1/reuses/<r>/", `{"title":"x"}`, 404)
		w.counters()
		w.ask("eve", "PUT", "/api/1/reuses/<r>/", `{"private":false}`, 200)
		w.ask("eve", "DELETE", "/api/1/reuses/<r>/", nil, 204)
		w.shows(w.ask("", "GET", "/api/1/reuses/<r>/", nil, 410), want{"message": "This reuse has been deleted"})
		w.ask("eve", "DELETE", "/api/1/reuses/<r>/", nil, 410)
		w.ask("eve", "PUT", "/api/1/reuses/<r>/", `{"title":"x"}`, 410)
		w.counters()
		w.shows(w.ask("eve", "PUT", "/api/1/reuses/<r>/", `{"deleted":null}`, 200), want{"deleted": nil})
		w.counters()

		w.shows(w.ask("admin", "PUT", "/api/1/reuses/<r>/", `{"organization":"<town>"}`, 200), want{"organization.id": "<town>", "owner": nil})
		w.ask("ada", "PUT", "/api/1/reuses/<r>/", `{"description":"Par la ville."}`, 200)
		w.ask("eve", "PUT", "/api/1/reuses/<r>/", `{"description":"y"}`, 403)
		w.counters()
	})
}

func TestDataservicesAreWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWriting(t, d)
		made := w.shows(w.ask("ada", "POST", "/api/1/dataservices/", strings.Replace(serviceBody, "{", `{"organization":"<town>","access_audiences":[{"role":"private","condition":"no"}],`, 1), 201), want{
			"slug": "api-arrets", "organization.id": "<town>", "datasets.total": 1.0, "access_audiences.#": 0.0, "license": "lov2", "availability": 99.5, "format": "REST",
			"description": "", "tags.0": "arrets",
		})
		w.ids["s"] = dig(made.JSON(t), "id").(string)
		w.shows(w.ask("", "GET", "/api/1/organizations/<town>/", nil, 200), want{"metrics.dataservices": 2.0})
		w.shows(w.ask("", "GET", "/api/1/datasets/<open>/", nil, 200), want{"metrics.dataservices": 2.0})
		w.counters()
		w.ask("ada", "PUT", "/api/1/dataservices/<s>/", `{"title":"x"}`, 405)
		w.shows(w.ask("ada", "PATCH", "/api/1/dataservices/<s>/", `{"access_type":"restricted","access_audiences":[{"role":"private","condition":"no"}],"contact_points":["<contact>"]}`, 200), want{
			"access_audiences.0.role": "private", "contact_points.0.id": "<contact>", "title": "API Arrêts",
		})
		whole := w.ask("ada", "GET", "/api/1/dataservices/<s>/", nil, 200)
		w.shows(w.ask("ada", "PATCH", "/api/1/dataservices/<s>/", string(whole.Body), 200), want{"datasets.total": 1.0, "access_audiences.#": 1.0})
		w.shows(w.ask("ada", "PATCH", "/api/1/dataservices/<s>/", `{"license":"x"}`, 400), want{"errors.license": "Unknown reference 'x'"})
		w.shows(w.ask("ada", "POST", "/api/1/dataservices/<s>/datasets/", `[{"id":"<mine>"},{"id":"<open>"},{"id":"000000000000000000000000"}]`, 201), want{"datasets.total": 2.0})
		w.counters()
		w.ask("ada", "DELETE", "/api/1/dataservices/<s>/datasets/<mine>/", nil, 204)
		w.ask("ada", "DELETE", "/api/1/dataservices/<s>/datasets/<mine>/", nil, 404)
		w.ask("eve", "DELETE", "/api/1/dataservices/<s>/datasets/<open>/", nil, 403)
		w.ask("ada", "DELETE", "/api/1/dataservices/<s>/", nil, 204)
		w.ask("ada", "PATCH", "/api/1/dataservices/<s>/", `{"title":"x"}`, 410)
		w.ask("ada", "POST", "/api/1/dataservices/<s>/datasets/", `[]`, 410)
		w.ask("eve", "PATCH", "/api/1/dataservices/<s>/", `{"deleted_at":null}`, 403)
		w.counters()
		w.shows(w.ask("ada", "PATCH", "/api/1/dataservices/<s>/", `{"deleted_at":null,"archived_at":"2026-01-01"}`, 200), want{"deleted_at": nil, "archived_at": "2026-01-01T00:00:00+00:00"})
		w.counters()
	})
}

func TestTopicsAreWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWriting(t, d)
		made := w.shows(w.ask("eve", "POST", "/api/2/topics/", topicBody, 201), want{
			"slug": "energie", "elements.total": 2.0, "tags.0": "Univers Énergie", "color": 3.0, "private": nil, "owner.id": "<eve>",
		})
		w.ids["t"] = dig(made.JSON(t), "id").(string)
		facet := func(n float64) {
			t.Helper()
			w.Index()
			w.shows(w.ask("", "GET", "/api/2/datasets/search/?topic=<t>", nil, 200), want{"total": n})
		}
		facet(1)
		added := w.shows(w.ask("eve", "POST", "/api/2/topics/<t>/elements/", `[{"element":{"class":"Dataset","id":"<mine>"}},{"title":"Trois","description":"d","extras":{"k":1}}]`, 201), want{
			"#": 2.0, "0.element.id": "<mine>", "1.extras.k": 1.0, "1.element": nil,
		})
		w.ids["e"], w.ids["e2"] = dig(added.JSON(t), "0.id").(string), dig(added.JSON(t), "1.id").(string)
		facet(2)
		w.shows(w.ask("eve", "POST", "/api/2/topics/<t>/elements/", `[{"title":"ok"},{"element":{"class":"Dataset","id":"none"}},{}]`, 400), want{
			"errors.1.element.0": "Unknown reference 'none'", "errors.2.element.0": "A topic element must have a title or an element.", "errors.0.keys": "",
		})
		w.shows(w.ask("eve", "PUT", "/api/2/topics/<t>/elements/<e2>/", `{"title":"Quatre"}`, 200), want{"title": "Quatre", "description": "d"})
		w.ask("eve", "PUT", "/api/2/topics/<mobilite-douce>/elements/<e2>/", `{"title":"x"}`, 403)
		w.ask("eve", "PUT", "/api/2/topics/<t>/elements/none/", `{"title":"x"}`, 404)
		w.shows(w.ask("", "GET", "/api/2/topics/<t>/elements/", nil, 200), want{"total": 4.0, "data.2.id": "<e>", "data.3.title": "Quatre"})
		w.ask("eve", "DELETE", "/api/2/topics/<t>/elements/<e>/", nil, 204)
		facet(1)
		back := w.ask("eve", "GET", "/api/2/topics/<t>/", nil, 200)
		w.shows(w.ask("eve", "PUT", "/api/2/topics/<t>/", string(back.Body), 200), want{"elements.total": 3.0})
		w.ask("ada", "PUT", "/api/2/topics/<t>/", `{"name":"x"}`, 403)
		w.shows(w.ask("eve", "PUT", "/api/2/topics/<t>/", `{"private":true,"name":"Privé"}`, 200), want{"private": true, "slug": "prive"})
		facet(0)
		w.ask("ada", "PUT", "/api/2/topics/<t>/", `{"name":"x"}`, 404)
		w.shows(w.ask("eve", "PUT", "/api/2/topics/<t>/", `{"private":null,"elements":[{"element":{"class":"Reuse","id":"<carte-velo>"}}]}`, 200), want{"elements.total": 1.0})
		w.ask("eve", "DELETE", "/api/2/topics/<t>/elements/", nil, 204)
		w.shows(w.ask("", "GET", "/api/2/topics/<t>/elements/", nil, 200), want{"total": 0.0})
		w.ask("ada", "DELETE", "/api/2/topics/<t>/", nil, 403)
		w.ask("eve", "DELETE", "/api/2/topics/<t>/", nil, 204)
		w.ask("", "GET", "/api/2/topics/<t>/", nil, 404)
		w.ask("eve", "DELETE", "/api/2/topics/<t>/", nil, 404)
	})
}

func TestPostsAndTheSiteAreWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWriting(t, d)
		made := w.shows(w.ask("admin", "POST", "/api/1/posts/", postBody, 201), want{
			"slug": "nouveaute", "published": nil, "kind": "news", "body_type": "markdown", "datasets.0.id": "<open>", "reuses.0.id": "<carte-velo>", "owner.id": "<admin>",
		})
		w.ids["p"] = dig(made.JSON(t), "id").(string)
		w.ask("eve", "POST", "/api/1/posts/", postBody, 403)
		w.ask("", "POST", "/api/1/posts/", postBody, 401)
		w.ask("", "GET", "/api/1/posts/<p>/", nil, 404)
		published := w.ask("admin", "POST", "/api/1/posts/<p>/publish/", nil, 200)
		if dig(published.JSON(t), "published") == nil {
			t.Error("the post has no date of publication")
		}
		w.shows(w.ask("", "GET", "/api/1/posts/<p>/", nil, 200), want{"name": "Nouveauté"})
		blocs := `{"body_type":"blocs","kind":"page","blocs":[{"class":"DatasetsListBloc","title":"Données","datasets":["<open>",{"id":"<mine>"}]},
			{"class":"AccordionListBloc","items":[{"title":"Pli","content":[{"class":"MarkdownBloc","content":"x"}]}]},
			{"class":"LinksListBloc","title":"Liens","links":[{"title":"Ici","url":"/datasets"}]},{"class":"HeroBloc","title":"H","color":"green"}]}`
		w.shows(w.ask("admin", "PUT", "/api/1/posts/<p>/", blocs, 200), want{
			"blocs.#": 4.0, "blocs.0.datasets.#": 2.0, "blocs.1.items.0.content.0.content": "x", "blocs.2.links.0.url": "/datasets", "blocs.3.color": "green",
		})
		whole := w.ask("admin", "GET", "/api/1/posts/<p>/", nil, 200)
		first := dig(whole.JSON(t), "blocs.0.id")
		w.shows(w.ask("admin", "PUT", "/api/1/posts/<p>/", string(whole.Body), 200), want{"blocs.0.id": first, "blocs.0.datasets.#": 2.0})
		w.shows(w.ask("admin", "DELETE", "/api/1/posts/<p>/publish/", nil, 200), want{"published": nil})
		w.ask("eve", "DELETE", "/api/1/posts/<p>/", nil, 403)
		w.ask("admin", "DELETE", "/api/1/posts/<p>/", nil, 204)
		w.ask("admin", "GET", "/api/1/posts/<p>/", nil, 404)

		w.ask("eve", "PATCH", "/api/1/site/", `{"title":"x"}`, 403)
		site := w.Do("PATCH", "/api/1/site/", w.fill(`{"title":"Portail","keywords":["a","b"],"feed_size":30,
			"datasets_blocs":[{"class":"DatasetsListBloc","title":"À la une","datasets":["<open>"]}]}`), "X-API-KEY", w.adminToken, "X-Fields", "*")
		w.shows(site, want{"title": "Portail", "keywords.1": "b", "feed_size": 30.0, "datasets_blocs.0.datasets.0.id": "<open>"})
		w.shows(w.ask("", "GET", "/api/1/site/home/datasets/", nil, 200), want{"#": 1.0, "0.id": "<open>"})
		w.shows(w.ask("admin", "GET", "/api/2/site/settings/", nil, 200), want{"title": "Portail", "read_only": nil, "home.#": 0.0})
		w.ask("eve", "GET", "/api/2/site/settings/", nil, 403)
		w.shows(w.ask("admin", "PATCH", "/api/2/site/settings/", `{"title":"Grenier de Valmont","banner":{"fr":"Panne"},"registration":false,"home":["hero","recent"],"contact":"a@example.org"}`, 200), want{
			"banner.fr": "Panne", "registration": false, "home.1": "recent", "contact": "a@example.org",
		})
		w.shows(w.ask("", "GET", "/api/1/site/", nil, 200), want{"title": "Grenier de Valmont"})
		w.shows(w.ask("admin", "PATCH", "/api/2/site/settings/", `{"registration":null,"banner":null,"title":null}`, 200), want{"registration": nil, "banner.keys": "", "title": nil})
	})
}

func TestChartsAreWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWriting(t, d)
		made := w.shows(w.ask("ada", "POST", "/api/1/visualizations/", strings.Replace(chartBody, "{", `{"organization":{"id":"<town>"},`, 1), 201), want{
			"slug": "passages-1", "organization.id": "<town>", "series.0.filters.class": "AndFilters", "series.0.filters.filters.0.value": "Valmont",
			"y_axis.min": nil, "x_axis.column_x": "jour", "metrics.views": 0.0, "permissions.edit": true, "deleted_at": nil,
		})
		w.ids["c"] = dig(made.JSON(t), "id").(string)
		w.shows(w.ask("", "GET", "/api/1/visualizations/", nil, 200), want{"total": 2.0, "data.0.id": "<c>"})
		whole := w.ask("", "GET", "/api/1/visualizations/<c>/", nil, 200)
		w.shows(w.ask("ada", "PATCH", "/api/1/visualizations/<c>/", string(whole.Body), 200), want{"series.0.filters.class": "AndFilters"})
		w.shows(w.ask("ada", "PATCH", "/api/1/visualizations/<c>/", `{"private":true,"y_axis":{"min":1,"max":5,"unit":"km","unit_position":"suffix"}}`, 200), want{"y_axis.max": 5.0, "private": true})
		w.ask("", "GET", "/api/1/visualizations/<c>/", nil, 404)
		w.shows(w.ask("", "GET", "/api/1/visualizations/", nil, 200), want{"total": 1.0})
		w.ask("eve", "PATCH", "/api/1/visualizations/<c>/", `{"title":"x"}`, 404)
		w.ask("ada", "PATCH", "/api/1/visualizations/<c>/", `{"private":false}`, 200)
		w.ask("eve", "PATCH", "/api/1/visualizations/<c>/", `{"title":"x"}`, 403)
		w.ask("ada", "DELETE", "/api/1/visualizations/<c>/", nil, 204)
		w.ask("", "GET", "/api/1/visualizations/<c>/", nil, 410)
		w.ask("ada", "PATCH", "/api/1/visualizations/<c>/", `{"title":"x"}`, 410)
		w.ask("ada", "PATCH", "/api/1/visualizations/<c>/", `{"deleted_at":null}`, 200)
	})
}

func TestBadgesAndFeatured(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWriting(t, d)
		w.ask("ada", "POST", "/api/1/datasets/<open>/badges/", `{"kind":"hvd"}`, 403)
		w.shows(w.ask("admin", "POST", "/api/1/datasets/<open>/badges/", `{"kind":"hvd"}`, 201), want{"kind": "hvd"})
		w.ask("admin", "POST", "/api/1/datasets/<open>/badges/", `{"kind":"hvd"}`, 200)
		w.ask("admin", "POST", "/api/1/datasets/<open>/badges/", `{"kind":"inspire"}`, 201)
		w.ask("admin", "POST", "/api/1/datasets/<open>/badges/", `{"kind":"none"}`, 400)
		w.shows(w.ask("", "GET", "/api/1/datasets/<open>/", nil, 200), want{"badges.0.kind": "inspire", "badges.1.kind": "hvd"})
		w.ask("admin", "DELETE", "/api/1/datasets/<open>/badges/hvd/", nil, 204)
		w.shows(w.ask("admin", "DELETE", "/api/1/datasets/<open>/badges/hvd/", nil, 404), want{"message": "Badge does not exists"})
		w.ask("admin", "POST", "/api/1/organizations/<town>/badges/", `{"kind":"certified"}`, 201)
		w.ask("admin", "DELETE", "/api/1/organizations/<town>/badges/certified/", nil, 204)
		w.ask("admin", "POST", "/api/1/reuses/<carte-velo>/badges/", `{"kind":"hvd"}`, 400)
		w.ask("admin", "DELETE", "/api/1/reuses/<carte-velo>/badges/hvd/", nil, 404)
		for path, id := range map[string]string{
			"/api/1/datasets/": "<mine>", "/api/1/reuses/": "<carte-velo>", "/api/1/dataservices/": "<api-compteurs>", "/api/2/topics/": "<mobilite-douce>",
		} {
			w.ask("ada", "POST", path+id+"/featured/", nil, 403)
			w.shows(w.ask("admin", "POST", path+id+"/featured/", nil, 200), want{"featured": true, "id": id})
			w.shows(w.ask("admin", "DELETE", path+id+"/featured/", nil, 200), want{"featured": false})
			w.shows(w.ask("", "GET", path+id+"/", nil, 200), want{"featured": false})
		}
		w.ask("admin", "POST", "/api/1/reuses/<carte-morte>/featured/", nil, 410)
	})
}

// TestPartialEditorsMakeTheirOwn: who may edit what is assigned to them alone is
// assigned what they make, and nothing else.
func TestPartialEditorsMakeTheirOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWriting(t, d)
		pat, token := w.User("pat@example.org", false)
		w.exec("INSERT INTO members (organization_id, user_id, role, since, position) VALUES (?, ?, ?, ?, 5)", w.town, pat, account.RolePartialEditor, made(1))
		key := []string{"X-API-KEY", token}
		for _, c := range []struct{ create, change, method, body string }{
			{"/api/1/reuses/", "/api/1/reuses/", "PUT", reuseBody}, {"/api/1/dataservices/", "/api/1/dataservices/", "PATCH", serviceBody},
		} {
			body := w.fill(strings.Replace(c.body, "{", `{"organization":"<town>",`, 1))
			answer := w.Do("POST", c.create, body, key...)
			if answer.Status != 201 {
				t.Fatalf("%s answered %d: %s", c.create, answer.Status, answer.Body)
			}
			id := dig(answer.JSON(t), "id").(string)
			if again := w.Do(c.method, c.change+id+"/", `{"description":"changed"}`, key...); again.Status != 200 {
				t.Errorf("%s of what a partial editor made answered %d: %s", c.change, again.Status, again.Body)
			}
		}
		if other := w.Do("PATCH", w.fill("/api/1/dataservices/<api-compteurs>/"), `{"description":"x"}`, key...); other.Status != 403 {
			t.Errorf("a partial editor changes what is not assigned: %d", other.Status)
		}
		if shown := w.Do("GET", w.fill("/api/1/reuses/<carte-secrete>/"), nil, key...); shown.Status != 200 {
			t.Errorf("a partial editor does not read what is private of their organisation: %d", shown.Status)
		}
	})
}

// TestTwoEditors: who counts on a version loses nothing silently.
func TestTwoEditorsOfObjects(t *testing.T) {
	w := newWriting(t, dbtest.SQLite(t))
	for _, c := range []struct{ as, method, path, body string }{
		{"eve", "PUT", "/api/1/reuses/<carte-velo>/", `{"description":"a %d"}`}, {"ada", "PATCH", "/api/1/dataservices/<api-compteurs>/", `{"description":"a %d"}`},
		{"ada", "PUT", "/api/2/topics/<mobilite-douce>/", `{"description":"a %d"}`}, {"admin", "PUT", "/api/1/posts/<news>/", `{"headline":"a %d"}`},
	} {
		read := w.ask(c.as, "GET", c.path, nil, 200).Header.Get("Etag")
		if read == "" {
			t.Fatalf("%s has no ETag", c.path)
		}
		send := func(n int) int {
			return w.Do(c.method, w.fill(c.path), fmt.Sprintf(c.body, n), "X-API-KEY", w.token(c.as), "If-Match", read).Status
		}
		if first := send(1); first != http.StatusOK {
			t.Errorf("%s with the version that was read answered %d", c.path, first)
		}
		if second := send(2); second != http.StatusPreconditionFailed {
			t.Errorf("%s with a former version answered %d", c.path, second)
		}
	}
}

// TestWritesAreSeenAtOnce: answers that were kept for everybody show a write as
// soon as it was answered.
func TestWritesAreSeenAtOnce(t *testing.T) {
	d := dbtest.SQLite(t)
	w := writing{newPortalOn(t, apitest.NewKeeping(t, d, 8<<20))}
	seen := func(path, member string, value any) {
		t.Helper()
		for range 2 {
			w.shows(w.ask("", "GET", path, nil, 200), want{member: value})
		}
	}
	seen("/api/1/reuses/<carte-velo>/", "description", "Une carte.")
	w.ask("eve", "PUT", "/api/1/reuses/<carte-velo>/", `{"description":"Neuve."}`, 200)
	seen("/api/1/reuses/<carte-velo>/", "description", "Neuve.")
	seen("/api/1/dataservices/<api-compteurs>/", "acronym", nil)
	w.ask("ada", "PATCH", "/api/1/dataservices/<api-compteurs>/", `{"acronym":"AC"}`, 200)
	seen("/api/1/dataservices/<api-compteurs>/", "acronym", "AC")
	seen("/api/1/datasets/<mine>/", "metrics.reuses", 0.0)
	w.ask("eve", "POST", "/api/1/reuses/<carte-velo>/datasets/", `{"id":"<mine>"}`, 201)
	seen("/api/1/datasets/<mine>/", "metrics.reuses", 1.0)
	seen("/api/2/topics/<mobilite-douce>/", "elements.total", 3.0)
	w.ask("ada", "POST", "/api/2/topics/<mobilite-douce>/elements/", `[{"title":"x"}]`, 201)
	seen("/api/2/topics/<mobilite-douce>/", "elements.total", 4.0)
	seen("/api/1/posts/<news>/", "headline", nil)
	w.ask("admin", "PUT", "/api/1/posts/<news>/", `{"headline":"h"}`, 200)
	seen("/api/1/posts/<news>/", "headline", "h")
	seen("/api/1/datasets/<mine>/", "badges.#", 0.0)
	w.ask("admin", "POST", "/api/1/datasets/<mine>/badges/", `{"kind":"spd"}`, 201)
	seen("/api/1/datasets/<mine>/", "badges.#", 1.0)
	w.ask("eve", "DELETE", "/api/1/reuses/<carte-velo>/", nil, 204)
	w.ask("", "GET", "/api/1/reuses/<carte-velo>/", nil, 410)
	seen("/api/1/datasets/<mine>/", "metrics.reuses", 0.0)
}
