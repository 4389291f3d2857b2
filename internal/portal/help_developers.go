package portal

import (
	"strings"

	"grenier/internal/web"
)

// developers is the content of the page for people who write programs.
type developers struct {
	// Base is the address that all calls begin with.
	Base string
	// Sections are the chapters, in order.
	Sections []developersSection
	// References are the documents of the API.
	References []Link
}

// developersSection is a chapter.
type developersSection struct {
	// ID is unique in the page.
	ID, Title string
	// Texts are its paragraphs.
	Texts   []string
	Samples []sample
	// Rows are facts in two columns: what is met, and what it means.
	Rows  []developersRow
	Links []Link
}

// developersRow is a line of a table: a status, an argument.
type developersRow struct{ Name, Text string }

// statusesTold are those that the page explains.
var statusesTold = []string{"400", "401", "403", "404", "410", "413", "423", "429", "5xx"}

func (p *Portal) showDevelopers(v *visit, _ web.None) error {
	section := func(id string, texts int, samples ...sample) developersSection {
		s := developersSection{ID: id, Title: v.say.T("help.dev-" + id), Samples: samples}
		for _, letter := range []string{"a", "b", "c"}[:texts] {
			s.Texts = append(s.Texts, v.say.T("help.dev-"+id+"-"+letter, "url", v.Site.Base))
		}
		return s
	}
	errors := section("errors", 2)
	for _, status := range statusesTold {
		errors.Rows = append(errors.Rows, developersRow{status, v.say.T("help.dev-status-" + status)})
	}
	dumps := section("dumps", 2)
	dumps.Links = []Link{{v.say.T("nav.exports"), v.path("/exports")}, {v.say.T("nav.feeds"), v.path("/feeds")}}
	content := developers{Base: v.Site.Base, Sections: []developersSection{
		section("start", 2, v.programs(startPrograms)...),
		section("pages", 2, v.programs(pagePrograms)...),
		section("fields", 2, v.programs(fieldPrograms)...),
		section("search", 2, v.programs(searchPrograms)...),
		section("files", 2, v.programs(filePrograms)...),
		dumps,
		section("tokens", 3, v.programs(tokenPrograms)...),
		errors,
		section("limits", 3),
		section("move", 3, v.programs(movePrograms)...),
	}}
	content.References = []Link{
		{v.say.T("nav.integrate"), v.path("/integrate")},
		{v.say.T("help.dev-console"), "/apidoc/"}, {v.say.T("help.openapi"), "/api/openapi.json"}, {v.say.T("help.swagger-1"), "/api/1/swagger.json"},
		{v.say.T("help.swagger-2"), "/api/2/swagger.json"}, {v.say.T("nav.exports"), v.path("/exports")}, {v.say.T("nav.feeds"), v.path("/feeds")},
	}
	return v.show(draft{
		name: "developers", title: v.say.T("nav.developers"), description: v.say.T("help.dev-lead"), path: "/developers",
		crumbs: v.helpTrail("nav.developers"), data: content,
		siblings: []Sibling{{"application/vnd.oai.openapi+json", v.say.T("help.openapi"), "/api/openapi.json"}},
	})
}

// program is a piece of program with the name of its language; BASE stands for
// the site's address.
type program struct{ label, text string }

// programs are samples for this site.
func (v *visit) programs(programs []program) []sample {
	samples := make([]sample, 0, len(programs))
	for _, one := range programs {
		samples = append(samples, sample{Label: one.label, Text: strings.ReplaceAll(one.text, "BASE", v.Site.Base)})
	}
	return samples
}

var startPrograms = []program{
	{"curl", `curl -fsSL "BASE/api/1/datasets/?q=budget&page_size=5"`},
	{"Python", `import requests

answer = requests.get(
    "BASE/api/1/datasets/",
    params={"q": "budget", "page_size": 5},
    timeout=30,
)
answer.raise_for_status()
for dataset in answer.json()["data"]:
    print(dataset["title"], dataset["page"])`},
	{"R", `library(jsonlite)

answer <- fromJSON("BASE/api/1/datasets/?q=budget&page_size=5")
answer$data[, c("title", "page")]`},
	{"JavaScript", `const url = new URL("BASE/api/1/datasets/");
url.search = new URLSearchParams({ q: "budget", page_size: 5 });

const answer = await fetch(url);
if (!answer.ok) throw new Error(answer.statusText);
for (const dataset of (await answer.json()).data) console.log(dataset.title, dataset.page);`},
}

var pagePrograms = []program{
	{"Python", `import requests

url = "BASE/api/1/organizations/?page_size=100"
while url:
    page = requests.get(url, timeout=30).json()
    for organization in page["data"]:
        print(organization["name"])
    url = page["next_page"]`},
}

var fieldPrograms = []program{
	{"curl", `curl -fsS -H 'X-Fields: data{id,title,organization{name},metrics{views}},total' \
  "BASE/api/1/datasets/?sort=-views&page_size=10"`},
}

var searchPrograms = []program{
	{"curl", `curl -fsS "BASE/api/2/datasets/search/?q=budget&format=csv&page_size=5"

curl -fsS "BASE/api/1/datasets/suggest/?q=budg&size=5"`},
}

var filePrograms = []program{
	{"curl", `# DATASET: its id or its slug; RESOURCE: the id of one of its files
curl -fsS "BASE/api/1/datasets/DATASET/"
curl -fL -O -J "BASE/datasets/r/RESOURCE"`},
	{"Python", `import pandas

table = pandas.read_csv("BASE/datasets/r/RESOURCE", sep=None, engine="python")`},
}

var tokenPrograms = []program{
	{"curl", `curl -fsS -H "X-API-KEY: $TOKEN" "BASE/api/1/me/"

curl -fsS -X POST "BASE/api/1/datasets/" \
  -H "X-API-KEY: $TOKEN" -H 'Content-Type: application/json' \
  -d '{"title": "Trees of the town", "description": "Every tree, measured."}'`},
}

var movePrograms = []program{
	{"sed", `sed -i 's#https://www\.data\.gouv\.fr/#BASE/#g' my_script.py`},
}
