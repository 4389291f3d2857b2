package api_test

import (
	"strings"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// TestRefusedObjects: what writes of reuses, dataservices, topics, posts, charts,
// badges and the site refuse, with the status and what is said of which member.
func TestRefusedObjects(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	with := func(body, members string) string { return strings.Replace(body, "{", "{"+members+",", 1) }
	less := func(body, from, to string) string { return strings.Replace(body, from, to, 1) }
	const foreign = "5f0c1a2b3c4d5e6f7a8b9c0d"
	cases := []struct {
		as, method, path, body string
		status                 int
		member, text           string
	}{
		{"eve", "POST", "/api/1/reuses/", `{}`, 400, "errors.title", "Field is required"},
		{"eve", "POST", "/api/1/reuses/", `{"title":"   "}`, 400, "errors.title", "Field is required"},
		{"eve", "POST", "/api/1/reuses/", `[]`, 400, "message", "The body must be a JSON object."},
		{"eve", "POST", "/api/1/reuses/", `{`, 400, "message", ""},
		{"eve", "POST", "/api/1/reuses/", less(reuseBody, `"application"`, `"game"`), 400, "errors.type", "Value must be one of (api, application, idea, news_article, paper, post, visualization, hardware)"},
		{"eve", "POST", "/api/1/reuses/", less(reuseBody, `"transport_and_mobility"`, `"cats"`), 400, "errors.topic", ""},
		{"eve", "POST", "/api/1/reuses/", less(reuseBody, `"https://pistes.example.org/"`, `"pistes"`), 400, "errors.url", ""},
		{"eve", "POST", "/api/1/reuses/", less(reuseBody, `"https://pistes.example.org/"`, `"javascript:alert(1)"`), 400, "errors.url", ""},
		{"eve", "POST", "/api/1/reuses/", less(reuseBody, `"https://pistes.example.org/"`, `"https://u:p@example.org/"`), 400, "errors.url", ""},
		{"eve", "POST", "/api/1/reuses/", less(reuseBody, `"https://pistes.example.org/"`, `"https://example.org/carte-velo-x`+long(5000)+`"`), 400, "errors.url", ""},
		{"eve", "POST", "/api/1/reuses/", less(reuseBody, `"Carte des pistes"`, `"`+long(351)+`"`), 400, "errors.title", "Field cannot be longer than 350 characters."},
		{"eve", "POST", "/api/1/reuses/", less(reuseBody, `"Où rouler."`, `"`+long(100_001)+`"`), 400, "errors.description", "Field cannot be longer than 100000 characters."},
		{"eve", "POST", "/api/1/reuses/", less(reuseBody, `"Vélo"`, `"ab"`), 400, "errors.tags", ""},
		{"eve", "POST", "/api/1/reuses/", less(reuseBody, `"<open>"`, `"`+foreign+`"`), 400, "errors.datasets", "Unknown reference '" + foreign + "'"},
		{"eve", "POST", "/api/1/reuses/", less(reuseBody, `"<open>"`, `"<secret>"`), 400, "errors.datasets", "Unknown reference '<secret>'"},
		{"eve", "POST", "/api/1/reuses/", less(reuseBody, `"<api-compteurs>"`, `"none"`), 400, "errors.dataservices", "Unknown reference 'none'"},
		{"eve", "POST", "/api/1/reuses/", with(reuseBody, `"organization":"<town>"`), 400, "errors.organization", "Permission denied for this organization"},
		{"eve", "POST", "/api/1/reuses/", with(reuseBody, `"owner":"<ada>"`), 400, "errors.owner", "You can only set yourself as owner"},
		{"eve", "POST", "/api/1/reuses/", with(reuseBody, `"extras":[1]`), 400, "errors.extras", ""},
		{"eve", "POST", "/api/1/reuses/", with(reuseBody, `"private":"yes"`), 400, "errors.private", ""},
		{"eve", "POST", "/api/1/reuses/", with(reuseBody, `"archived":"someday"`), 400, "message", ""},
		{"eve", "PUT", "/api/1/reuses/<carte-velo>/", `{"owner":"<ada>"}`, 400, "errors.owner", "Cannot modify owner after creation"},
		{"eve", "PUT", "/api/1/reuses/<carte-velo>/", `{"organization":"<town>"}`, 400, "errors.organization", "Cannot modify organization after creation"},
		{"eve", "PUT", "/api/1/reuses/<carte-velo>/", `{"type":null}`, 400, "errors.type", "Field is required"},
		{"eve", "POST", "/api/1/reuses/<carte-velo>/datasets/", `{}`, 400, "message", "Expect a dataset identifier"},
		{"eve", "POST", "/api/1/reuses/<carte-velo>/datasets/", `{"id":5}`, 400, "message", "Expect a dataset identifier"},
		{"eve", "POST", "/api/1/reuses/<carte-velo>/datasets/", `{"id":"none"}`, 404, "message", "Dataset not found"},
		{"eve", "POST", "/api/1/reuses/<carte-velo>/dataservices/", `{"id":null}`, 400, "message", "Expect a dataservice identifier"},
		{"eve", "POST", "/api/1/reuses/<carte-secrete>/datasets/", `{"id":"<mine>"}`, 404, "message", "Reuse not found"},

		{"ada", "POST", "/api/1/dataservices/", `{}`, 400, "errors.title", "Field is required"},
		{"ada", "POST", "/api/1/dataservices/", less(serviceBody, `"lov2"`, `"x"`), 400, "errors.license", "Unknown reference 'x'"},
		{"ada", "POST", "/api/1/dataservices/", less(serviceBody, "99.5", "101"), 400, "errors.availability", "This must be a percentage, from 0 to 100."},
		{"ada", "POST", "/api/1/dataservices/", less(serviceBody, "99.5", "-1"), 400, "errors.availability", ""},
		{"ada", "POST", "/api/1/dataservices/", less(serviceBody, "99.5", `"all"`), 400, "errors.availability", ""},
		{"ada", "POST", "/api/1/dataservices/", less(serviceBody, `"REST"`, `"SOAP"`), 400, "errors.format", "Value must be one of (REST, WMS, WSL)"},
		{"ada", "POST", "/api/1/dataservices/", less(serviceBody, `"https://api.example.org/arrets"`, `"api"`), 400, "errors.base_api_url", ""},
		{"ada", "POST", "/api/1/dataservices/", with(serviceBody, `"access_type":"secret"`), 400, "errors.access_type", ""},
		{"ada", "POST", "/api/1/dataservices/", with(serviceBody, `"access_audiences":[{"role":"cats","condition":"no"}]`), 400, "errors.access_audiences", ""},
		{"ada", "POST", "/api/1/dataservices/", with(serviceBody, `"contact_points":["<contact of eve>"]`), 400, "errors.contact_points", ""},
		{"ada", "POST", "/api/1/dataservices/", with(serviceBody, `"acronym":"`+long(129)+`"`), 400, "errors.acronym", ""},
		{"ada", "POST", "/api/1/dataservices/", with(serviceBody, `"datasets":5`), 400, "message", "Expecting a list of identifiers."},
		{"ada", "POST", "/api/1/dataservices/<api-compteurs>/datasets/", `{}`, 400, "message", "Expecting a list"},
		{"ada", "POST", "/api/1/dataservices/<api-compteurs>/datasets/", `["a"]`, 400, "message", "Expecting a list of dicts with id attribute"},
		{"ada", "POST", "/api/1/dataservices/<api-compteurs>/datasets/", `[{"id":"a"}]`, 400, "message", "Malformed object id(s) in request"},
		{"ada", "DELETE", "/api/1/dataservices/<api-compteurs>/datasets/<mine>/", "", 404, "message", ""},

		{"eve", "POST", "/api/2/topics/", `{}`, 400, "errors.name", "Field is required"},
		{"eve", "POST", "/api/2/topics/", with(topicBody, `"color":"red"`), 400, "", ""},
		{"eve", "POST", "/api/2/topics/", `{"name":"x","spatial":{"zones":["nowhere"]}}`, 400, "errors.spatial.zones", "Unknown geoid(s): nowhere"},
		{"eve", "POST", "/api/2/topics/", `{"name":"x","tags":["` + long(256) + `"]}`, 400, "errors.tags", ""},
		{"eve", "POST", "/api/2/topics/", `{"name":"x","elements":[{}]}`, 400, "errors.elements.0.element", "A topic element must have a title or an element."},
		{"eve", "POST", "/api/2/topics/", `{"name":"x","elements":[{"element":{"class":"Post","id":"<news>"}}]}`, 400, "errors.elements.0.element", "Unknown class: expected Dataset, Reuse or Dataservice."},
		{"eve", "POST", "/api/2/topics/", `{"name":"x","elements":[{"element":{"class":"Dataset","id":"<secret>"}}]}`, 400, "errors.elements.0.element", "Unknown reference '<secret>'"},
		{"eve", "POST", "/api/2/topics/", `{"name":"x","elements":{}}`, 400, "message", "Expecting a list"},
		{"ada", "POST", "/api/2/topics/<mobilite-douce>/elements/", `{}`, 400, "message", "Expecting a list"},
		{"ada", "POST", "/api/2/topics/<mobilite-douce>/elements/", `[{"title":"` + long(351) + `"}]`, 400, "errors.0.title.0", ""},
		{"ada", "PUT", "/api/2/topics/<topic-secret>/", `{"name":"x"}`, 404, "message", "Topic not found"},

		{"admin", "POST", "/api/1/posts/", `{}`, 400, "errors.name", "Field is required"},
		{"admin", "POST", "/api/1/posts/", `{"name":"x"}`, 400, "errors.content", "Field is required"},
		{"admin", "POST", "/api/1/posts/", `{"name":"` + long(256) + `","content":"x"}`, 400, "errors.name", ""},
		{"admin", "POST", "/api/1/posts/", `{"name":"x","content":"x","kind":"poem"}`, 400, "errors.kind", "Value must be one of (news, page)"},
		{"admin", "POST", "/api/1/posts/", `{"name":"x","content":"x","body_type":"pdf"}`, 400, "errors.body_type", ""},
		{"admin", "POST", "/api/1/posts/", `{"name":"x","body_type":"blocs","blocs":{}}`, 400, "errors.blocs", ""},
		{"admin", "POST", "/api/1/posts/", `{"name":"x","body_type":"blocs","blocs":[5]}`, 400, "errors.blocs.0", ""},
		{"admin", "POST", "/api/1/posts/", `{"name":"x","body_type":"blocs","blocs":[{"class":"CatBloc"}]}`, 400, "errors.blocs.0.class", "Unknown or misplaced class of bloc: CatBloc"},
		{"admin", "POST", "/api/1/posts/", `{"name":"x","body_type":"blocs","blocs":[{"class":"HeroBloc"}]}`, 400, "errors.blocs.0.title", "Field is required"},
		{"admin", "POST", "/api/1/posts/", `{"name":"x","body_type":"blocs","blocs":[{"class":"HeroBloc","title":"x","color":"pink"}]}`, 400, "errors.blocs.0.color", ""},
		{"admin", "POST", "/api/1/posts/", `{"name":"x","body_type":"blocs","blocs":[{"class":"MarkdownBloc"}]}`, 400, "errors.blocs.0.content", "Field is required"},
		{"admin", "POST", "/api/1/posts/", `{"name":"x","body_type":"blocs","blocs":[{"class":"AccordionListBloc","items":[{"title":"a","content":[{"class":"HeroBloc","title":"x"}]}]}]}`, 400, "errors.blocs.0.items.0.content.0.class", ""},
		{"admin", "POST", "/api/1/posts/", `{"name":"x","body_type":"blocs","blocs":[{"class":"LinksListBloc","title":"x","links":[{"title":"y","url":"javascript:x"}]}]}`, 400, "errors.blocs.0.links.0.url", ""},
		{"admin", "POST", "/api/1/posts/", `{"name":"x","body_type":"blocs","blocs":[{"class":"DatasetsListBloc","title":"x","datasets":["none"]}]}`, 400, "errors.blocs.0.datasets", "Unknown reference 'none'"},

		{"eve", "POST", "/api/1/visualizations/", `{}`, 400, "errors.x_axis", "Field is required"},
		{"eve", "POST", "/api/1/visualizations/", less(chartBody, `"discrete"`, `"round"`), 400, "errors.x_axis.type", "Value must be one of (discrete, continuous)"},
		{"eve", "POST", "/api/1/visualizations/", less(chartBody, `"6f0c1a2b-3c4d-4e6f-8a8b-9c0d1e2f3a4b"`, `"x"`), 400, "errors.series.0.resource_id", "This must be the identifier of a resource."},
		{"eve", "POST", "/api/1/visualizations/", less(chartBody, `"sum"`, `"median"`), 400, "errors.series.0.aggregate_y", ""},
		{"eve", "POST", "/api/1/visualizations/", less(chartBody, `"exact"`, `"like"`), 400, "errors.series.0.filters.filters.0.condition", ""},
		{"eve", "POST", "/api/1/visualizations/", less(chartBody, `"AndFilters"`, `"OrFilters"`), 400, "errors.series.0.filters._cls", "Unknown class: expected Filter or AndFilters."},
		{"eve", "POST", "/api/1/visualizations/", with(chartBody, `"organization":"<town>"`), 400, "errors.organization", "Permission denied for this organization"},

		{"admin", "PATCH", "/api/1/site/", `{"title":null}`, 400, "errors.title", "Field is required"},
		{"admin", "PATCH", "/api/1/site/", `{"feed_size":0}`, 400, "errors.feed_size", "This must be between 1 and 500."},
		{"admin", "PATCH", "/api/1/site/", `{"datasets_blocs":[{"class":"x"}]}`, 400, "errors.datasets_blocs.0.class", ""},
		{"admin", "PATCH", "/api/2/site/settings/", `{"language":"xx"}`, 400, "errors.language", "Unknown language."},
		{"admin", "PATCH", "/api/2/site/settings/", `{"contact":"somebody"}`, 400, "errors.contact", ""},
		{"admin", "PATCH", "/api/2/site/settings/", `{"banner":{"french":"x"}}`, 400, "errors.banner", ""},
		{"admin", "POST", "/api/1/datasets/<open>/badges/", `{"kind":"certified"}`, 400, "errors.kind", "Unknown badge. See /api/1/datasets/badges/ for the list."},
		{"admin", "POST", "/api/1/datasets/<open>/badges/", `{}`, 400, "errors.kind", ""},
		{"admin", "POST", "/api/1/datasets/<deleted>/badges/", `{"kind":"hvd"}`, 410, "message", "Dataset has been deleted"},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWriting(t, d)
		var before, after int64
		count := func(into *int64) {
			if err := d.Read().NewRaw("SELECT count(*) FROM history").Scan(t.Context(), into); err != nil {
				t.Fatal(err)
			}
		}
		count(&before)
		for _, c := range cases {
			var body any
			if c.method != "DELETE" {
				body = c.body
			}
			answer := w.ask(c.as, c.method, c.path, body, c.status)
			if c.member == "" || answer.Status != c.status {
				continue
			}
			got, ok := reach(answer.JSON(t), c.member)
			if !ok || c.text != "" && got != w.fill(c.text) {
				t.Errorf("%s %s %.80s: %s is %v, want %q in %.300s", c.method, c.path, c.body, c.member, got, c.text, answer.Body)
			}
		}
		if count(&after); after != before {
			t.Errorf("refused writes left %d versions", after-before)
		}
	})
}
