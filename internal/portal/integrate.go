package portal

import (
	"html/template"
	"regexp"
	"slices"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/web"
)

// integrateContents are the types of Page.Data by the names of the pages here.
var integrateContents = map[string]any{"integrate": integration{}}

// integration is the content of a page about one way to use the site from
// elsewhere.
type integration struct {
	Lead     string
	Sections []integrateSection
	// Pages are all ways, in the order of the effort that they take; Current is
	// this page's path, empty for the one that leads to them.
	Pages   []integratePage
	Current string
	// Library is the address of the script that the live elements need, empty for
	// none.
	Library string
}

// integratePage leads to a page about one way.
type integratePage struct{ Title, Text, Path string }

// integrateSection is a part of such a page: words, what to copy, and what comes
// of it.
type integrateSection struct {
	// ID is unique in the page.
	ID, Title string
	Texts     []template.HTML
	Samples   []integrateSample
	// Rows are names with what they mean, Head names their columns.
	Rows  []integrateRow
	Head  developersRow
	Frame liveFrame
	// Element is a live element of the library.
	Element liveElement
	Links   []Link
}

// integrateRow is a name with what it means.
type integrateRow struct {
	Name string
	Text template.HTML
}

// integrateSample is something to copy.
type integrateSample struct {
	sample
	// Runs tells what it is for: html, sh, python, js, header.
	Runs string
}

// liveFrame is a page of the site as others frame it; empty for none.
type liveFrame struct {
	URL, Title string
	Height     int
}

// liveElement is an element of the library at work: a dataset, or a search among
// those of an organisation; empty for none.
type liveElement struct{ Kind, Ref, Name, Page string }

// integrateRoutes declare the pages for those who use the site from elsewhere.
func (p *Portal) integrateRoutes(t *table) {
	page(t, "/integrate", p.showIntegrate)
	for _, level := range integrateLevels {
		page(t, "/integrate/"+level.name, func(v *visit, _ web.None) error { return p.showIntegrateLevel(v, level) })
	}
}

// integrateLevel is one way.
type integrateLevel struct {
	name string
	// sections make the parts of the page out of objects of this catalogue.
	sections func(*visit, integrateExamples) []integrateSection
}

// integrateLevels are all ways, the least effort first.
var integrateLevels = []integrateLevel{
	{"dataset", (*visit).integrateDataset},
	{"organization", (*visit).integrateOrganization},
	{"library", (*visit).integrateLibrary},
	{"linked-data", (*visit).integrateLinkedData},
	{"feeds", (*visit).integrateFeeds},
	{"changes", (*visit).integrateChanges},
	{"api", (*visit).integrateAPI},
}

// integratePages lead to all ways.
func (v *visit) integratePages() []integratePage {
	var pages []integratePage
	for _, level := range integrateLevels {
		pages = append(pages, integratePage{
			v.say.T("integrate." + level.name), v.say.T("integrate." + level.name + "-lead"), v.path("/integrate/" + level.name),
		})
	}
	return pages
}

func (p *Portal) showIntegrate(v *visit, _ web.None) error {
	return v.show(draft{
		name: "integrate", title: v.say.T("nav.integrate"), description: v.say.T("integrate.lead"), path: "/integrate",
		crumbs: v.helpTrail("nav.integrate"), data: integration{Lead: v.say.T("integrate.lead"), Pages: v.integratePages()},
	})
}

func (p *Portal) showIntegrateLevel(v *visit, level integrateLevel) error {
	shown, err := p.integrateExamples(v)
	if err != nil {
		return err
	}
	if shown.places, err = v.integratePlaces(); err != nil {
		return err
	}
	title, lead := v.say.T("integrate."+level.name), v.say.T("integrate."+level.name+"-lead")
	content := integration{Lead: lead, Sections: level.sections(v, shown), Pages: v.integratePages(), Current: v.path("/integrate/" + level.name)}
	if slices.ContainsFunc(content.Sections, func(s integrateSection) bool { return s.Element.Kind != "" }) {
		content.Library = "/static/udata.mjs"
	}
	return v.show(draft{
		name: "integrate", title: title, description: lead, path: "/integrate/" + level.name, data: content,
		crumbs: []Link{{v.say.T("site.home"), v.path("/")}, {v.say.T("nav.integrate"), v.path("/integrate")}, {Label: title}},
		keys:   cardKinds(catalog.KindDataset, catalog.KindOrganization), until: v.now.Add(countsHold),
	})
}

// integrateExamples are objects of this catalogue that the examples name; words
// in capitals stand for what an empty one lacks.
type integrateExamples struct {
	// dataset and organization are identifiers; live tells whether they are some.
	dataset, title, page string
	organization, name   string
	tag                  string
	live                 bool
	// places are territories of the three levels that older pages name.
	places []integratePlace
}

// integratePlace is a territory as older pages write it, with its name.
type integratePlace struct{ level, ref, name string }

// territory is the first place.
func (shown integrateExamples) territory() string {
	if len(shown.places) == 0 {
		return "fr-town-13004"
	}
	return shown.places[0].ref
}

// integratePlaces finds the town, the county and the region that most datasets
// cover; where none does, those of the snippets that are found on the web.
func (v *visit) integratePlaces() ([]integratePlace, error) {
	counts, err := v.p.Catalog.CountByZone(v.Context())
	if err != nil {
		return nil, err
	}
	var places []integratePlace
	for _, one := range []struct{ level, known, usual string }{
		{"town", "fr:commune:", "13004"}, {"county", "fr:departement:", "13"}, {"region", "fr:region:", "93"},
	} {
		best, most := one.usual, counts[one.known+one.usual]
		for id, count := range counts {
			code, ok := strings.CutPrefix(id, one.known)
			if ok && (count > most || count == most && count > 0 && best != one.usual && code < best) {
				best, most = code, count
			}
		}
		if zone, ok := v.p.Zones.Get(one.known + best); ok {
			places = append(places, integratePlace{one.level, "fr-" + one.level + "-" + best, zone.Name})
		}
	}
	return places, nil
}

// integrateExamples finds the most seen dataset of the organisation that has most
// of them.
func (p *Portal) integrateExamples(v *visit) (integrateExamples, error) {
	shown := integrateExamples{dataset: "DATASET", organization: "ORGANIZATION", tag: "TAG", page: v.Site.Base + "/datasets/DATASET"}
	found, _, err := p.examples(v)
	if err != nil {
		return shown, err
	}
	if found.tag != "" {
		shown.tag = found.tag
	}
	if found.organization != "" {
		shown.organization, shown.name = found.organization, found.name
	}
	ids, _, err := p.Catalog.DatasetIDs(v.Context(), account.Nobody, catalog.DatasetFilter{Organization: found.organization, Sort: "-views"}, catalog.Page{Limit: 1})
	if err != nil || len(ids) == 0 {
		return shown, err
	}
	datasets, err := p.Catalog.DatasetsByIDs(v.Context(), account.Nobody, ids, catalog.Parts{})
	if err != nil || len(datasets) == 0 {
		return shown, err
	}
	d := &datasets[0]
	shown.dataset, shown.title, shown.page, shown.live = d.ID, d.Title, v.Site.Base+v.path("/datasets/"+d.Slug), true
	return shown, nil
}

// integratePart begins a section of a page: its title and its paragraphs.
func (v *visit) integratePart(page, id string, texts int, samples ...integrateSample) integrateSection {
	s := integrateSection{ID: id, Title: v.say.T("integrate." + page + "-" + id), Samples: samples}
	for _, letter := range []string{"a", "b", "c"}[:texts] {
		s.Texts = append(s.Texts, codeMarked(v.say.T("integrate."+page+"-"+id+"-"+letter)))
	}
	return s
}

// codeMarked is a text for people, where what programs read stands between
// backquotes.
func codeMarked(text string) template.HTML {
	return template.HTML(betweenBackquotes.ReplaceAllString(template.HTMLEscapeString(text), "<code>$1</code>"))
}

var betweenBackquotes = regexp.MustCompile("`([^`]+)`")

// fill puts the site's address and the objects of examples into a piece of
// program.
func (v *visit) fill(shown integrateExamples, runs, label, text string) integrateSample {
	replaced := strings.NewReplacer(
		"BASE", v.Site.Base, "DATASET", shown.dataset, "ORGANIZATION", shown.organization, "PAGE", shown.page, "LANG", v.lang, "KEYWORD", shown.tag,
		"TERRITORY", shown.territory(), "PREFIX", prefixed(v.p.Language, v.lang, ""),
	).Replace(text)
	return integrateSample{sample{Label: label, Text: replaced}, runs}
}
