package browser_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"grenier/e2e/browser"
	"grenier/e2e/harness"
)

// office is a server on which a producer, who administers the site too, has
// something of every kind.
type office struct {
	*harness.Server
	ada *harness.Client

	organization, dataset, draft, deleted, resource, reuse, dataservice, topic, element, post, chart string
	community, contact, program, ben, request, transfer, webhook, message                            string
}

func newOffice(t *testing.T) *office {
	t.Helper()
	server := harness.Start(t, harness.Options{})
	o := &office{Server: server}
	token := func(name string, flags ...string) *harness.Client {
		email := strings.ToLower(name) + "@example.org"
		server.RunWith(t, handsPassword+"\n", append([]string{"user", "create", email, "--first-name", name, "--last-name", "Valmont", "--password-stdin"}, flags...)...)
		return server.Client(server.Run(t, "token", "create", email))
	}
	o.ada = token("Ada", "--admin")
	ben := token("Ben")
	o.fill(t)
	o.ben = o.made(t, ben, http.MethodGet, "/api/1/me/", nil)
	o.request = o.made(t, ben, http.MethodPost, "/api/1/organizations/"+o.organization+"/membership/", map[string]any{"comment": "Je tiens les comptages."})
	o.made(t, o.ada, http.MethodPost, "/api/1/organizations/"+o.organization+"/member/", map[string]any{"email": "cleo@example.org", "role": "editor", "comment": "Viens."})
	o.transfer = o.made(t, o.ada, http.MethodPost, "/api/1/transfer/", map[string]any{
		"subject": map[string]string{"class": "Reuse", "id": o.reuse}, "recipient": map[string]string{"class": "User", "id": o.ben}, "comment": "À toi.",
	})
	return o
}

// made sends a request that must go well, and gives the identifier in its answer.
func (o *office) made(t *testing.T, who *harness.Client, method, path string, body any) string {
	t.Helper()
	answer, err := who.Do(method, path, body)
	if err != nil || answer.Status >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %v %d %s", method, path, err, answer.Status, answer.Body)
	}
	var one struct{ ID string }
	if body := answer.Body; len(body) > 0 {
		if err := json.Unmarshal([]byte(strings.Trim(string(body), "[]")), &one); err != nil {
			t.Fatalf("%s %s: %v %s", method, path, err, body)
		}
	}
	return one.ID
}

// fill makes one object of each kind, with the long words that people write.
func (o *office) fill(t *testing.T) {
	t.Helper()
	post := func(path string, body map[string]any) string { return o.made(t, o.ada, http.MethodPost, path, body) }
	o.organization = post("/api/1/organizations/", map[string]any{"name": longName, "description": description})
	o.contact = post("/api/1/contacts/", map[string]any{"name": "Service des données", "email": "donnees@example.org", "role": "contact", "organization": o.organization})
	var files []any
	for i := range 12 {
		files = append(files, map[string]any{"title": fmt.Sprintf("Comptages du mois %02d", i), "url": fmt.Sprintf("https://example.org/%d.csv", i), "format": "csv", "filetype": "remote", "type": "main"})
	}
	files = append(files, map[string]any{"title": strings.Repeat("nom_de_fichier_sans_espace_", 8), "url": longWord, "format": "csv", "filetype": "remote", "type": "main"})
	var dataset made
	o.ada.MustDo(t, http.MethodPost, "/api/1/datasets/", map[string]any{
		"title": longTitle, "description": description, "organization": o.organization, "tags": []string{"velo", "comptages"}, "frequency": "daily",
		"resources": files, "private": false,
	}, http.StatusCreated, &dataset)
	o.dataset, o.resource = dataset.ID, dataset.Resources[0].ID
	o.draft = post("/api/1/datasets/", map[string]any{"title": "Brouillon", "description": "Rien encore.", "private": true, "organization": o.organization})
	o.deleted = post("/api/1/datasets/", map[string]any{"title": "De trop", "description": "Rien.", "organization": o.organization})
	o.made(t, o.ada, http.MethodDelete, "/api/1/datasets/"+o.deleted+"/", nil)
	o.reuse = post("/api/1/reuses/", map[string]any{"title": "Carte des comptages", "description": description, "url": "https://example.org/carte", "type": "visualization", "topic": "transport_and_mobility", "datasets": []any{map[string]string{"class": "Dataset", "id": o.dataset}}})
	o.dataservice = post("/api/1/dataservices/", map[string]any{"title": "API des comptages", "description": description, "base_api_url": "https://api.example.org/", "organization": o.organization, "datasets": []string{o.dataset}})
	o.topic = post("/api/2/topics/", map[string]any{"name": "Mobilités", "description": description, "tags": []string{"mobilite"}})
	o.element = o.made(t, o.ada, http.MethodPost, "/api/2/topics/"+o.topic+"/elements/", []any{map[string]any{"title": "Les comptages", "element": map[string]string{"class": "Dataset", "id": o.dataset}}})
	o.post = post("/api/1/posts/", map[string]any{"name": "Les vélos comptés", "headline": "Ce que disent les compteurs", "content": "Bonjour.", "body_type": "markdown", "datasets": []string{o.dataset}})
	o.community = post("/api/1/datasets/community_resources/", map[string]any{"title": "Par jour", "url": "https://example.org/jour.csv", "format": "csv", "filetype": "remote", "type": "other", "dataset": map[string]string{"class": "Dataset", "id": o.dataset}})
	o.chart = post("/api/1/visualizations/", map[string]any{"title": "Passages", "description": "Par mois.", "organization": o.organization,
		"x_axis": map[string]string{"column_x": "jour", "type": "discrete", "sort_x_by": "axis_x", "sort_x_direction": "asc"}, "y_axis": map[string]string{"label": "passages", "unit": "passages", "unit_position": "suffix"},
		"series": []any{map[string]string{"type": "line", "column_y": "passages", "aggregate_y": "sum", "resource_id": o.resource}},
	})
	o.program = post("/api/2/oauth/clients/", map[string]any{"name": "Comptoir", "redirect_uris": []string{"https://example.org/retour"}})
	post("/api/1/me/api_tokens/", map[string]any{"name": "Chargement de nuit"})
	o.webhook = post("/api/2/webhooks/", map[string]any{"url": "https://example.invalid/" + strings.Repeat("reception", 12), "name": "Copie du catalogue", "organization": o.organization, "kinds": []string{"dataset", "reuse.created"}})
	o.message = o.made(t, o.ada, http.MethodPost, "/api/2/webhooks/"+o.webhook+"/test/", nil)
}

// pages are all kinds of pages of the administration.
func (o *office) pages() []string {
	organization, dataset, topic, post := "/admin/organizations/"+o.organization, "/admin/datasets/"+o.dataset, "/admin/topics/"+o.topic, "/admin/posts/"+o.post
	pages := []string{
		organization, organization + "/profile", organization + "/profile/presentation", organization + "/profile/contacts",
		organization + "/profile/contacts/" + o.contact, organization + "/members", organization + "/members/invite", organization + "/members/invitations",
		organization + "/members/requests", organization + "/members/requests/" + o.request, organization + "/figures",
		organization + "/activity", organization + "/bin", "/admin/organizations/new",
		"/admin/datasets/new", "/admin/datasets/" + o.draft + "/publish", "/admin/datasets/" + o.draft, "/admin/datasets/" + o.deleted,
		dataset, dataset + "/files", dataset + "/files/" + o.resource, dataset + "/community",
		"/admin/reuses/new", "/admin/reuses/" + o.reuse, "/admin/dataservices/new", "/admin/dataservices/" + o.dataservice, "/admin/dataservices/" + o.dataservice + "/datasets",
		"/admin/topics/new", topic, topic + "/elements", topic + "/elements/" + o.element, "/admin/posts/new", post, post + "/content",
		"/admin/community-resources/new?dataset=" + o.dataset, "/admin/community-resources/" + o.community, "/admin/charts/new", "/admin/charts/" + o.chart,
		"/admin/transfers", "/admin/transfers/new?class=Dataset&id=" + o.dataset, "/admin/transfers/" + o.transfer,
		"/admin/history/dataset/" + o.dataset, "/admin/history/dataset/" + o.dataset + "/1",
		organization + "/webhooks", organization + "/webhooks/" + o.webhook, organization + "/webhooks/" + o.webhook + "/messages/" + o.message, "/admin/me/webhooks",
		"/admin/me/invitations", "/admin/me/activity", "/admin/me/bin", "/admin/me/programs/" + o.program,
		"/admin/site/settings", "/admin/site/edito/home", "/admin/site/edito/datasets", "/admin/site/edito/dataservices/new-bloc?class=AccordionListBloc", "/admin/site/edito/reuses", "/admin/site/organizations", "/admin/site/organizations/" + o.organization,
		"/admin/site/users", "/admin/site/users/new", "/admin/site/users/" + o.ben, "/admin/site/jobs", "/admin/site/activity", "/admin/site/bin", "/admin/site/posts",
	}
	for _, kind := range []string{"datasets", "reuses", "dataservices", "topics", "community-resources", "charts"} {
		pages = append(pages, "/admin/me/"+kind, organization+"/"+kind, "/admin/site/"+kind)
	}
	return pages
}

// TestPagesOfTheAdministration looks at every kind of page of the administration:
// accessible in both themes, without scrolling sideways, well formed. The small
// size looks at two pages of three on a small screen and at the others on a wide one.
func TestPagesOfTheAdministration(t *testing.T) {
	script, o := axe(t), newOffice(t)
	pages := o.pages()
	const shares = 2
	for share := range shares {
		t.Run(fmt.Sprint("share ", share), func(t *testing.T) {
			t.Parallel()
			ada := handsOf(t, o.Server, true)
			ada.login("ada@example.org", "/admin")
			for i := share; i < len(pages); i += shares {
				ada.See(browser.Look{})
				ada.Open(pages[i], http.StatusOK)
				ada.Settled()
				checkForm(named{t, pages[i]}, ada.Tab, "fr")
				looks := []browser.Look{{Width: 320, Height: 640}}
				switch wide := (browser.Look{Width: 1440}); {
				case soak():
					looks = append(looks, wide)
				case i/shares%3 == 0:
					looks = []browser.Look{wide}
				}
				checkLooks(named{t, pages[i]}, ada.Tab, script, looks)
			}
		})
	}
}

// named tells of a page with each error.
type named struct {
	testing.TB
	page string
}

func (n named) Errorf(format string, args ...any) {
	n.Helper()
	n.TB.Errorf(n.page+": "+format, args...)
}
