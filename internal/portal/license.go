package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/search"
	"grenier/internal/web"
)

// licensesPage are the licences that data may have.
type licensesPage struct{ Licenses []licenseCard }

// licenseCard is one licence.
type licenseCard struct {
	ID, Title, URL string
	// Text says in a few words what the licence lets one do.
	Text string
	// Source is where its words are to be read, elsewhere.
	Source string
	// Flags are what it is meant for.
	Flags []badge
	// Datasets is how many datasets have it; Search leads to them.
	Datasets int64
	Search   string
}

// licensePage is one licence with the datasets most seen.
type licensePage struct {
	License licenseCard
	// Rules are what it allows and asks for.
	Rules []licenseRule
	Shelf cardShelf
}

// licenseRule is what a licence says of one matter. Tone is success, warning or
// info.
type licenseRule struct{ Label, Tone, Icon string }

func (p *Portal) licenseRoutes(t *table) {
	page(t, "/licenses", p.showLicenses)
	page(t, "/licenses/{id}", p.showLicense)
}

// licenseKeys name what the pages of licences are made of.
func licenseKeys() []web.Key {
	return []web.Key{web.Epoch("license"), web.Epoch("search/dataset"), web.Epoch(catalog.KindDataset)}
}

// explained are the licences with an explanation among the messages.
var explained = []string{
	"lov2", "fr-lo", "odc-odbl", "odc-by", "odc-pddl", "cc-by", "cc-by-sa", "cc-zero", "other-at", "other-open", "other-pd", "notspecified",
}

// builtinTitles are the titles of the licences that every installation starts
// with.
var builtinTitles = sync.OnceValue(func() map[string]string {
	licenses, err := catalog.BuiltinLicenses()
	if err != nil {
		panic("portal: " + err.Error())
	}
	titles := make(map[string]string, len(licenses))
	for _, l := range licenses {
		titles[l.ID] = l.Title
	}
	return titles
})

// entitled are the built-in licences with a title among the messages; those of
// the others are names, which all languages share.
var entitled = []string{"cc-by", "cc-by-sa", "other-at", "other-open", "other-pd"}

// licenseTitle is the title of a licence in the language of the page. One that
// the site has named itself keeps that name.
func (v *visit) licenseTitle(l *catalog.License) string {
	switch {
	case l.Title != builtinTitles()[l.ID]:
		return l.Title
	case l.ID == catalog.LicenseNotSpecified:
		return v.say.T("dataset.no-license")
	case slices.Contains(entitled, l.ID):
		return v.say.T("license.title-" + l.ID)
	}
	return l.Title
}

// licenseFlags are what licences are marked with, by the messages that explain
// it.
var licenseFlags = map[string]badge{
	"okd_compliant": {"license.flag-open", "success", "check"}, "domain_data": {"license.flag-data", "info", "dataset"},
	"domain_content": {"license.flag-content", "", "text"}, "domain_software": {"license.flag-software", "", "code"},
}

// licenseRules are what the known licences allow and ask for, by message.
var licenseRules = map[string][]licenseRule{
	"lov2": attributionRules, "fr-lo": attributionRules, "odc-by": attributionRules, "cc-by": attributionRules, "other-at": attributionRules,
	"odc-odbl": shareAlikeRules, "cc-by-sa": shareAlikeRules,
	"odc-pddl": freeRules, "cc-zero": freeRules, "other-pd": freeRules,
}

var (
	freeRules        = []licenseRule{{"license.rule-use", "success", "check"}, {"license.rule-free", "success", "check"}}
	attributionRules = []licenseRule{{"license.rule-use", "success", "check"}, {"license.rule-attribution", "info", "quote"}}
	shareAlikeRules  = append(slices.Clone(attributionRules), licenseRule{"license.rule-share-alike", "warning", "refresh"})
)

func (v *visit) licenseCard(l *catalog.License, counts map[string]int64) licenseCard {
	c := licenseCard{
		ID: l.ID, Title: v.licenseTitle(l), URL: v.path("/licenses/" + url.PathEscape(l.ID)), Source: linkable(deref(l.URL)), Datasets: counts[l.ID],
		Search: v.path("/datasets/search?license=" + url.QueryEscape(l.ID)),
	}
	if slices.Contains(explained, l.ID) {
		c.Text = v.say.T("license.text-" + l.ID)
	}
	var flags []string
	decoded(l.Flags, &flags)
	for _, name := range []string{"okd_compliant", "domain_data", "domain_content", "domain_software"} {
		if slices.Contains(flags, name) {
			flag := licenseFlags[name]
			flag.Label = v.say.T(flag.Label)
			c.Flags = append(c.Flags, flag)
		}
	}
	return c
}

// licenseCounts counts the datasets by licence, as the index knows them.
func (v *visit) licenseCounts() (map[string]int64, error) {
	found, err := v.p.Search.Search(search.Query{Kind: search.Dataset, Facets: []search.Facet{{Field: "license"}}})
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	for _, facet := range found.Facets {
		for _, bucket := range facet.Buckets {
			counts[bucket.Value] = int64(bucket.Count)
		}
	}
	return counts, nil
}

func (p *Portal) showLicenses(v *visit, _ web.None) error {
	all, err := p.Catalog.Licenses(v.Context())
	if err != nil {
		return err
	}
	counts, err := v.licenseCounts()
	if err != nil {
		return err
	}
	var content licensesPage
	for i := range all {
		content.Licenses = append(content.Licenses, v.licenseCard(&all[i], counts))
	}
	slices.SortStableFunc(content.Licenses, func(a, b licenseCard) int { return int(b.Datasets - a.Datasets) })
	return v.show(draft{
		name: "licenses", title: v.say.T("nav.licenses"), description: v.say.T("license.lead"), path: "/licenses", data: content,
		crumbs:   []Link{{v.say.T("site.home"), v.path("/")}, {Label: v.say.T("nav.licenses")}},
		siblings: []Sibling{{"application/json", v.say.T("common.as-json"), "/api/1/datasets/licenses/"}}, keys: licenseKeys(),
	})
}

// licenseNamed is a licence by its identifier; nil for none, and for one that
// nobody knows.
func (v *visit) licenseNamed(id string) (*catalog.License, error) {
	if id == "" || id == catalog.LicenseNotSpecified {
		return nil, nil
	}
	all, err := v.p.Catalog.Licenses(v.Context())
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].ID == id {
			return &all[i], nil
		}
	}
	return nil, nil
}

// licenseShown is how many datasets the page of a licence shows.
const licenseShown = 6

func (p *Portal) showLicense(v *visit, in objectArgs) error {
	all, err := p.Catalog.Licenses(v.Context())
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(l catalog.License) bool { return l.ID == in.Key })
	if strings.HasSuffix(in.Key, ".json") && at < 0 { // the API has licences in one list
		return v.Redirect(http.StatusFound, "/api/1/datasets/licenses/")
	}
	if at < 0 {
		return fault.New(fault.NotFound, "There is no such license.")
	}
	found, err := p.Search.Search(search.Query{
		Kind: search.Dataset, Filters: []search.Filter{{Field: "license", Values: []string{all[at].ID}}},
		Sort: search.Sort{Field: "views", Descending: true}, Limit: licenseShown,
	})
	if err != nil {
		return err
	}
	content := licensePage{License: v.licenseCard(&all[at], map[string]int64{all[at].ID: int64(found.Total)})}
	for _, rule := range licenseRules[all[at].ID] {
		rule.Label = v.say.T(rule.Label)
		content.Rules = append(content.Rules, rule)
	}
	cards, _, err := v.cardsByIDs(catalog.KindDataset, hitIDs(found))
	if err != nil {
		return err
	}
	if len(cards) > 0 {
		content.Shelf = cardShelf{
			ID: "datasets", Title: v.say.T("license.datasets", "count", found.Total), Cards: cards,
			More: Link{v.say.T("common.see-all"), content.License.Search},
		}
	}
	return v.show(draft{
		name: "license", title: content.License.Title, description: content.License.Text, path: "/licenses/" + url.PathEscape(all[at].ID),
		crumbs: v.trail("nav.licenses", "/licenses", Link{Label: shortTitle(content.License.Title)}), data: content, keys: licenseKeys(),
	})
}
