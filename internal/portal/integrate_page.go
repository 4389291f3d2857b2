package portal

import (
	"grenier/internal/dump"
)

const (
	// snippetScript loads the cards of oembed.js.
	snippetScript = `<script data-udata="BASE/" src="BASE/oembed.js" async defer></script>`
	// libraryScript loads the elements of the library.
	libraryScript = `<script type="module" src="BASE/static/udata.mjs"></script>`
	// cardHeight and listHeight are those of frames here, in pixels.
	cardHeight, listHeight = 260, 700
)

func (v *visit) integrateDataset(shown integrateExamples) []integrateSection {
	html := func(text string) integrateSample { return v.fill(shown, "html", "HTML", text) }
	paste := v.integratePart("dataset", "paste", 2, html("<div data-udata-dataset=\"DATASET\"></div>\n"+snippetScript))
	if shown.live {
		paste.Frame = liveFrame{"/embeds/datasets/" + shown.dataset + "?lang=" + v.lang, shown.title, cardHeight}
	}
	return []integrateSection{
		paste,
		v.integratePart("dataset", "old", 2, html(`<div data-udata-dataset-id="DATASET"></div>
<script src="BASE/static/widgets.js" id="udata" async defer onload="udataScript.loadDatasets()"></script>`)),
		v.integratePart("dataset", "frame", 1, v.fill(shown, "html", "HTML",
			`<iframe src="BASE/embeds/datasets/DATASET?lang=LANG" title="`+v.say.T("integrate.frame-title")+`" width="100%" height="260" frameborder="0" loading="lazy"></iframe>`)),
		v.integratePart("dataset", "oembed", 1, v.fill(shown, "sh", "curl", `curl -fsS --get "BASE/api/1/oembed" --data-urlencode "url=PAGE"`)),
		v.integratePart("dataset", "policy", 1, v.fill(shown, "header", "HTTP", "Content-Security-Policy: script-src BASE; connect-src BASE; img-src BASE; frame-src BASE")),
	}
}

func (v *visit) integrateOrganization(shown integrateExamples) []integrateSection {
	html := func(text string) integrateSample { return v.fill(shown, "html", "HTML", text) }
	territory := v.integratePart("organization", "territory", 2, html(`<div data-udata-territory="TERRITORY"></div>
<script src="BASE/static/widgets.js" id="udata" async defer onload="udataScript.loadTerritory({withSearch: true})"></script>`))
	territory.Head = developersRow{"data-udata-territory", v.say.T("help.meaning")}
	for _, place := range shown.places {
		territory.Rows = append(territory.Rows, integrateRow{place.ref, codeMarked(v.say.T("integrate.place-"+place.level, "name", place.name))})
	}
	territory.Links = []Link{{v.say.T("integrate.territories"), v.path("/territories")}}
	search := v.integratePart("organization", "search", 1, html("<div data-udata-search-dataset=\"ORGANIZATION\"></div>\n"+snippetScript))
	if shown.live {
		search.Frame = liveFrame{"/embeds/search-datasets/" + shown.organization + "?per_page=3&lang=" + v.lang, shown.name, listHeight}
	}
	return []integrateSection{
		v.integratePart("organization", "datasets", 2, html(`<div data-udata-organization="ORGANIZATION"></div>
<script src="BASE/static/widgets.js" id="udata" async defer onload="udataScript.loadOrganization({withSearch: true})"></script>`)),
		territory, search,
	}
}

// libraryElements are the elements that the page of the library names.
var libraryElements = []string{"dataset", "organization", "reuse", "dataservice", "topic", "territory", "search", "resource", "chart", "map"}

func (v *visit) integrateLibrary(shown integrateExamples) []integrateSection {
	html := func(text string) integrateSample { return v.fill(shown, "html", "HTML", text) }
	start := v.integratePart("library", "start", 2, html(libraryScript+"\n"+`<udata-dataset ref="DATASET"><a href="PAGE">`+v.say.T("integrate.see-dataset")+`</a></udata-dataset>`))
	search := v.integratePart("library", "search", 1, html(libraryScript+"\n"+`<udata-search organization="ORGANIZATION" facets="tag format" page-size="3"></udata-search>`))
	template := v.integratePart("library", "template", 2, html(libraryScript+`
<udata-dataset ref="DATASET" mode="light">
  <template>
    <p><a data-attr-href="page">{{title}}</a></p>
    <p data-if="organization">{{organization.name}} – {{last_modified | date:long}}</p>
    <ul><li data-each="tags">{{.}}</li></ul>
  </template>
</udata-dataset>`))
	if shown.live {
		start.Element = liveElement{"dataset", shown.dataset, shown.title, shown.page}
		search.Element = liveElement{"search", shown.organization, shown.name, v.path("/organizations/" + shown.organization)}
		template.Element = liveElement{"template", shown.dataset, shown.title, shown.page}
	}
	elements := v.integratePart("library", "elements", 1)
	elements.Head = developersRow{v.say.T("integrate.element"), v.say.T("help.meaning")}
	for _, name := range libraryElements {
		elements.Rows = append(elements.Rows, integrateRow{"<udata-" + name + ">", codeMarked(v.say.T("integrate.element-" + name))})
	}
	style := v.integratePart("library", "style", 1, html(libraryScript+`
<style>
  udata-dataset { --udata-accent: light-dark(#7a2e8e, #d9a6e6); --udata-radius: 0; --udata-font: Georgia, serif; }
  udata-dataset::part(title) { font-style: italic; }
</style>
<udata-dataset ref="DATASET"></udata-dataset>`))
	if shown.live {
		style.Element = liveElement{"style", shown.dataset, shown.title, shown.page}
	}
	events := v.integratePart("library", "events", 1, html(libraryScript+`
<udata-search organization="ORGANIZATION" page-size="3"></udata-search>
<p id="chosen" role="status"></p>
<script>
  document.addEventListener("udata:select", (event) => {
    event.preventDefault();
    document.querySelector("#chosen").textContent = event.detail.title;
  });
</script>`))
	events.Head = developersRow{v.say.T("integrate.event"), v.say.T("help.meaning")}
	for _, event := range []struct{ prefix, name string }{{"udata:", "ready"}, {"udata:", "error"}, {"udata:", "select"}, {"udata:", "change"}, {"udataset:", "loaded"}} {
		events.Rows = append(events.Rows, integrateRow{event.prefix + event.name, codeMarked(v.say.T("integrate.event-" + event.name))})
	}
	return []integrateSection{
		start, elements, search, template, style, events,
		v.integratePart("library", "program", 1, html(`<ul id="list"></ul>
<script type="module">
  import { api } from "BASE/static/udata.mjs";

  for await (const dataset of api("BASE").datasets({ organization: "ORGANIZATION", page_size: 5 })) {
    const link = Object.assign(document.createElement("a"), { href: dataset.page, textContent: dataset.title });
    document.querySelector("#list").appendChild(document.createElement("li")).append(link);
    if (document.querySelectorAll("#list li").length === 5) break;
  }
</script>`)),
		v.integratePart("library", "older", 1, html(`<div class="uData-data" data-organizations="ORGANIZATION" data-page_size="5"></div>
<script src="BASE/static/udata.js"></script>`)),
	}
}

// linkedFormats are the endings of linked data with the media types and names of
// their formats.
var linkedFormats = []integrateRow{
	{"ttl", "Turtle – application/x-turtle, text/turtle"}, {"xml", "RDF/XML – application/rdf+xml"}, {"jsonld", "JSON-LD – application/ld+json"},
	{"nt", "N-Triples – application/n-triples"}, {"trig", "TriG – application/trig"},
}

func (v *visit) integrateLinkedData(shown integrateExamples) []integrateSection {
	curl := func(text string) integrateSample { return v.fill(shown, "sh", "curl", text) }
	catalogue := v.integratePart("linked-data", "catalogue", 2, curl(`curl -fsS "BASE/api/1/site/catalog.ttl?page_size=20"`))
	catalogue.Head, catalogue.Rows = developersRow{v.say.T("integrate.ending"), v.say.T("integrate.format")}, linkedFormats
	return []integrateSection{
		catalogue,
		v.integratePart("linked-data", "objects", 1, curl(`curl -fsS "BASE/api/1/datasets/DATASET/rdf.jsonld"

curl -fsS "BASE/api/1/organizations/ORGANIZATION/catalog.ttl"`)),
		v.integratePart("linked-data", "ask", 1, curl(`curl -fsSL -H 'Accept: text/turtle' "BASE/api/1/datasets/DATASET/rdf"`)),
		v.integratePart("linked-data", "whole", 1, curl(`curl -fsS --compressed -o catalog.nt "BASE/exports/catalog.nt"`)),
		v.integratePart("linked-data", "harvest", 1, v.fill(shown, "address", "DCAT", `BASE/api/1/site/catalog`)),
	}
}

func (v *visit) integrateFeeds(shown integrateExamples) []integrateSection {
	curl := func(text string) integrateSample { return v.fill(shown, "sh", "curl", text) }
	every := v.integratePart("feeds", "every", 2, curl(`curl -fsS "BASEPREFIX/datasets/recent.atom"

curl -fsS "BASEPREFIX/datasets/recent.rss"`))
	for _, kind := range feedKinds {
		every.Links = append(every.Links, Link{v.say.T("help.feed-" + kind), v.feedPath(kind, dump.Atom, nil)})
	}
	search := v.integratePart("feeds", "search", 1, curl(`curl -fsS "BASEPREFIX/datasets/recent.atom?organization=ORGANIZATION"

curl -fsS --get "BASEPREFIX/datasets/recent.rss" --data-urlencode "tag=KEYWORD" --data-urlencode "sort=last_update"

curl -fsS "BASEPREFIX/datasets/recent.atom?geozone=fr:departement:13"`))
	search.Links = []Link{{v.say.T("nav.feeds"), v.path("/feeds")}}
	return []integrateSection{
		every, search,
		v.integratePart("feeds", "read", 1, v.fill(shown, "python", "Python", `import urllib.request
import xml.etree.ElementTree as ElementTree

with urllib.request.urlopen("BASEPREFIX/datasets/recent.rss", timeout=30) as answer:
    channel = ElementTree.parse(answer).find("channel")
for item in channel.iter("item"):
    print(item.findtext("title"), item.findtext("link"))`)),
		v.integratePart("feeds", "find", 1, v.fill(shown, "head", "HTML", `<link rel="alternate" type="application/atom+xml" href="BASEPREFIX/datasets/recent.atom?organization=ORGANIZATION">`)),
		v.integratePart("feeds", "browser", 1, curl(`curl -fsS "BASEPREFIX/opensearch.xml"

curl -fsS --get "BASEPREFIX/suggest/opensearch" --data-urlencode "q=KEYWORD"`)),
		v.integratePart("feeds", "delay", 1),
	}
}

func (v *visit) integrateChanges(shown integrateExamples) []integrateSection {
	follow := v.integratePart("changes", "follow", 3, v.fill(shown, "sh", "curl", `curl -fsS "BASE/api/2/changes?limit=5"

curl -fsS "BASE/api/2/changes?after=now&wait=2&kind=dataset&organization=ORGANIZATION"`),
		v.fill(shown, "python", "Python", `import json
import urllib.request

with urllib.request.urlopen("BASE/api/2/changes?limit=5", timeout=90) as answer:
    for line in answer:
        change = json.loads(line)
        print(change["kind"], change["object"]["id"])
    print("next time: after =", answer.headers["X-Next-Position"])`))
	webhooks := v.integratePart("changes", "webhooks", 2, v.fill(shown, "sh", "curl", `curl -fsS -X POST "BASE/api/2/webhooks/" \
  -H "X-API-KEY: $TOKEN" -H 'Content-Type: application/json' \
  -d '{"url": "https://example.org/changes", "kinds": ["dataset"]}'`),
		v.fill(shown, "verify", "Python", `import base64
import hashlib
import hmac
import time


def genuine(secret, headers, body):
    """Tells whether a delivery comes from this site, and came just now."""
    moment = headers["webhook-timestamp"]
    signed = f"{headers['webhook-id']}.{moment}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = headers["webhook-signature"].split()
    return abs(time.time() - int(moment)) < 300 and any(hmac.compare_digest(wanted, one) for one in given)`))
	webhooks.Links = []Link{{v.say.T("integrate.my-webhooks"), v.path("/admin/me/webhooks")}}
	return []integrateSection{
		follow,
		v.integratePart("changes", "stream", 1, v.fill(shown, "html", "HTML", `<pre id="changes"></pre>
<script>
  const stream = new EventSource("BASE/api/2/changes/stream?after=now&kind=dataset");
  for (const what of ["created", "updated", "withdrawn"]) {
    stream.addEventListener("dataset." + what, (event) => document.querySelector("#changes").append(event.data, "\n"));
  }
</script>`)),
		v.integratePart("changes", "start", 1, v.fill(shown, "sh", "curl", `curl -fsS --compressed -o catalogue.jsonl "BASE/api/2/changes/start"`)),
		webhooks,
	}
}

func (v *visit) integrateAPI(shown integrateExamples) []integrateSection {
	sample := func(runs, label, text string) integrateSample { return v.fill(shown, runs, label, text) }
	more := v.integratePart("api", "more", 1)
	more.Links = []Link{
		{v.say.T("nav.developers"), v.path("/developers")}, {v.say.T("nav.api"), "/apidoc/"}, {v.say.T("nav.exports"), v.path("/exports")},
	}
	return []integrateSection{
		v.integratePart("api", "search", 1,
			sample("sh", "curl", `curl -fsS --get "BASE/api/2/datasets/search/" --data-urlencode "q=KEYWORD" --data-urlencode "page_size=5"`),
			sample("python", "Python", `import json
import urllib.parse
import urllib.request

query = urllib.parse.urlencode({"q": "KEYWORD", "page_size": 5})
with urllib.request.urlopen("BASE/api/2/datasets/search/?" + query, timeout=30) as answer:
    page = json.load(answer)
for dataset in page["data"]:
    print(dataset["title"], dataset["page"])`),
			sample("js", "JavaScript", `const url = new URL("BASE/api/2/datasets/search/");
url.search = new URLSearchParams({ q: "KEYWORD", page_size: 5 });

const answer = await fetch(url);
if (!answer.ok) throw new Error(answer.statusText);
for (const dataset of (await answer.json()).data) console.log(dataset.title, dataset.page);`)),
		v.integratePart("api", "files", 1,
			sample("sh", "curl", `curl -fsS "BASE/api/1/datasets/DATASET/"`),
			sample("python", "Python", `import json
import urllib.request

with urllib.request.urlopen("BASE/api/1/datasets/DATASET/", timeout=30) as answer:
    dataset = json.load(answer)
for resource in dataset["resources"]:
    print(resource["title"], resource["format"], resource["latest"])`)),
		v.integratePart("api", "pages", 1, sample("js", "JavaScript", `let url = "BASE/api/1/organizations/ORGANIZATION/datasets/?page_size=20";
while (url) {
  const page = await (await fetch(url)).json();
  for (const dataset of page.data) console.log(dataset.id, dataset.title);
  url = page.next_page;
}`)),
		v.integratePart("api", "write", 1, sample("sh", "curl", `curl -fsS -X POST "BASE/api/1/datasets/" \
  -H "X-API-KEY: $TOKEN" -H 'Content-Type: application/json' \
  -d '{"title": "Trees of the town", "description": "Every tree, measured.", "private": true}'`)),
		more,
	}
}
