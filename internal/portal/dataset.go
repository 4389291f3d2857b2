package portal

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/i18n"
	"grenier/internal/text"
	"grenier/internal/web"
)

// datasetContents are the types of Page.Data by the names of the pages here.
var datasetContents = map[string]any{
	"dataset": datasetPage{}, "dataset-uses": datasetUses{}, "dataset-community": datasetCommunity{},
	"dataset-informations": datasetInformations{}, "dataset-bundle": bundleRefusal{}, "explore": explorePage{},
	"explore-examples": exploreExamples{},
}

// The tabs of a dataset, by the last part of their addresses.
const (
	tabFiles        = ""
	tabUses         = "reuses_and_dataservices"
	tabCommunity    = "community-resources"
	tabInformations = "informations"
)

// datasetRoutes declare the pages of a dataset and its files.
func (p *Portal) datasetRoutes(t *table) {
	page(t, "/datasets/{dataset}", p.showDataset)
	page(t, "/datasets/{dataset}/"+tabUses, p.showDatasetUses)
	page(t, "/datasets/{dataset}/"+tabCommunity, p.showDatasetCommunity)
	page(t, "/datasets/{dataset}/"+tabInformations, p.showDatasetInformations)
	p.datasetForms(t.root)
	p.bundleRoutes(t)
	p.exploreRoutes(t)
}

// datasetForms declare other forms of a dataset, the same in all languages.
func (p *Portal) datasetForms(root *web.Table) {
	web.Get[web.Raw](root, "/datasets/{dataset}/description.txt", web.Doc{}, p.serveDescription)
	web.Get[web.Raw](root, "/datasets/{dataset}/cite.bib", web.Doc{}, p.serveBibTeX)
	web.Get[web.Raw](root, "/datasets/{dataset}/cite.ris", web.Doc{}, p.serveRIS)
	web.Get[web.Raw](root, "/datasets/{dataset}/coverage.geojson", web.Doc{}, p.serveCoverage)
}

// datasetHead is what all pages of a dataset show of it.
type datasetHead struct {
	ID, Title, Acronym string
	// Long tells that the title takes many lines.
	Long bool
	// URL is the path of its first page, Address its lasting absolute address.
	URL, Address string
	// Lang is the language of its texts when it is not the page's.
	Lang string
	// Badges say what it is known for, States what state it is in.
	Badges, States []badge
	Archived       time.Time
	Deleted        time.Time
	Private        bool
	// Access is nil for data that are open to everybody.
	Access           *datasetAccess
	Producer         *producer
	License          *datasetLicense
	Created, Updated time.Time
	Tabs             []tab
	// Parts names the tabs, for old addresses that lead to one.
	Parts string
	Share shareLinks
	Cite  citation
	// Keeping is what who may change it finds there; empty for others.
	Keeping keeping
}

// badge is a short label. Tone is success, warning, danger, info or nothing.
type badge struct{ Label, Tone, Icon string }

// tab is a page of an object.
type tab struct {
	Label, URL string
	// Count is negative where nothing is counted.
	Count   int64
	Current bool
}

// producer is who publishes: an organisation or a person.
type producer struct {
	Name, URL, Logo string
	Certified       bool
	// Person tells a person from an organisation.
	Person bool
	Badges []string
}

// datasetLicense says what may be done with the data.
type datasetLicense struct {
	ID, Title string
	// URL is the text of the licence, elsewhere.
	URL string
}

// datasetAccess says who may have data that are not open, and why.
type datasetAccess struct {
	Type, Label string
	// Category is the legal ground, Definition what the law says, Reason what
	// the producer adds.
	Category, Definition, Reason string
	// RequestURL is where to ask for the data.
	RequestURL string
	Audiences  []audience
}

// audience is who may ask for data, and on which condition.
type audience struct{ Label, Condition string }

func (p *Portal) datasetKind() objectKind {
	return objectKind{catalog.KindDataset, "datasets", p.Catalog.ResolveDataset, true}
}

// datasetOf reads the dataset that an address names. done tells that the
// answer was given: the way to another address. tail is what follows the
// dataset in the address, with its slash.
func (p *Portal) datasetOf(c *web.Call, path func(string) string, key, tail string) (d *catalog.Dataset, done bool, err error) {
	id, done, err := p.resolve(c, path, p.datasetKind(), key, tail)
	if fault.Is(err, fault.NotFound) {
		if location, status, ok := p.Moved(c.Site, c.R.URL); ok {
			return nil, true, c.Redirect(status, location) // a feed, say, whose address looks like that of a dataset
		}
	}
	if done || err != nil {
		return nil, done, err
	}
	d, err = p.Catalog.Dataset(c.Context(), web.ViewerOf[account.Viewer](c), id, catalog.Parts{})
	return d, false, err
}

// dataset reads the dataset of a page; see datasetOf.
func (v *visit) dataset(key, tail string) (*catalog.Dataset, bool, error) {
	return v.p.datasetOf(v.Call, v.path, key, tail)
}

// datasetPath is the path of a tab of a dataset in the site's own language.
func datasetPath(d *catalog.Dataset, tab string) string {
	path := "/datasets/" + url.PathEscape(d.Slug)
	if tab != tabFiles {
		path += "/" + tab
	}
	return path
}

// longTitle is the number of characters from which a title is drawn smaller.
const longTitle = 120

// head gives what all pages of a dataset show.
func (v *visit) head(d *catalog.Dataset, current string) (datasetHead, error) {
	h := datasetHead{
		ID: d.ID, Title: d.Title, Long: isLong(d.Title), URL: v.path(datasetPath(d, tabFiles)),
		Address: v.Site.Base + datasetPath(d, tabFiles), Lang: v.contentLang(), Archived: d.ArchivedAt.Time, Deleted: d.DeletedAt.Time,
		Private: d.Private, Access: v.access(d), Producer: v.producer(&d.Owned), Created: d.CreatedAt.Time, Updated: d.LastUpdate.Time,
		Badges: v.datasetBadges(d), States: v.datasetStates(d), Tabs: v.datasetTabs(d, current),
		Parts: strings.Join([]string{tabUses, tabCommunity, tabInformations, tabActivity}, " "),
	}
	if d.Acronym != nil && *d.Acronym != d.Title {
		h.Acronym = *d.Acronym
	}
	h.Share, h.Cite = v.shareOf(d.Title, h.Address), v.citation(d)
	h.Share.Embed = v.embedOf(embedded{"dataset", "datasets", d.ID, d.Title, datasetPath(d, tabFiles)}, isPublic(d))
	h.Keeping = v.keepingOwned("datasets", d.ID, d.OwnedBy(), d.Private, !d.DeletedAt.IsZero())
	var err error
	h.License, err = v.licenseOf(d)
	return h, err
}

func (v *visit) datasetTabs(d *catalog.Dataset, current string) []tab {
	tabs := []tab{
		{Label: v.say.T("dataset.tab-files"), Count: d.ResourceTotal()},
		{Label: v.say.T("dataset.tab-uses"), Count: d.Reuses + d.Dataservices},
		{Label: v.say.T("dataset.tab-community"), Count: d.CommunityCount},
		{Label: v.say.T("dataset.tab-informations"), Count: -1},
		{Label: v.say.T("activity.title"), Count: -1},
	}
	for i, name := range []string{tabFiles, tabUses, tabCommunity, tabInformations, tabActivity} {
		tabs[i].URL, tabs[i].Current = v.path(datasetPath(d, name)), name == current
	}
	return tabs
}

func (v *visit) datasetBadges(d *catalog.Dataset) []badge {
	badges := make([]badge, 0, len(d.Badges))
	for _, id := range d.Badges {
		badges = append(badges, badge{Label: i18n.Label(i18n.DatasetBadge, id, v.lang), Tone: "info"})
	}
	return badges
}

// datasetStates are what sets a dataset apart from those that all may find.
func (v *visit) datasetStates(d *catalog.Dataset) []badge {
	states := v.states(datasetStates, d.Private, d.ArchivedAt.Time, d.DeletedAt.Time)
	if d.AccessType != "" && d.AccessType != openAccess {
		states = append(states, badge{i18n.Label(i18n.AccessType, d.AccessType, v.lang), "warning", "key"})
	}
	return states
}

// openAccess is the type of access of data that everybody may have.
const openAccess = "open"

// access tells who may have the data, nil when everybody may.
func (v *visit) access(d *catalog.Dataset) *datasetAccess {
	if d.AccessType == "" || d.AccessType == openAccess {
		return nil
	}
	a := &datasetAccess{Type: d.AccessType, Label: i18n.Label(i18n.AccessType, d.AccessType, v.lang), Reason: deref(d.AccessTypeReason)}
	if category := deref(d.AccessTypeReasonCategory); category != "" {
		a.Category = i18n.Label(i18n.ReasonCategory, category, v.lang)
		if definition := i18n.Label(i18n.ReasonDefinition, category, v.lang); definition != category {
			a.Definition = definition
		}
	}
	a.RequestURL = linkable(deref(d.AuthorizationRequestURL))
	a.Audiences = v.audiences(d.AccessAudiences)
	return a
}

func (v *visit) audiences(stored db.JSON) []audience {
	var given []struct{ Role, Condition string }
	if !decoded(stored, &given) {
		return nil
	}
	list := make([]audience, 0, len(given))
	for _, one := range given {
		list = append(list, audience{
			Label:     i18n.Label(i18n.AccessAudience, one.Role, v.lang),
			Condition: i18n.Label(i18n.AccessCondition, one.Condition, v.lang),
		})
	}
	return list
}

// producer tells who publishes an object, nil when nobody is known.
func (v *visit) producer(owned *catalog.Owned) *producer {
	switch {
	case owned.Organization != nil:
		o := owned.Organization
		who := &producer{
			Name: o.Name, URL: v.path("/organizations/" + url.PathEscape(o.Slug)), Logo: picturePath("organizations", o.ID, logoSize),
			Certified: o.Certified,
		}
		for _, id := range o.Badges {
			if id != "certified" {
				who.Badges = append(who.Badges, i18n.Label(i18n.OrganizationBadge, id, v.lang))
			}
		}
		return who
	case owned.Owner != nil:
		u := owned.Owner
		return &producer{Name: u.FullName(), URL: v.path("/users/" + url.PathEscape(u.Slug)), Logo: picturePath("users", u.ID, logoSize), Person: true}
	}
	return nil
}

// licenseOf is the licence of a dataset, nil when it says none.
func (v *visit) licenseOf(d *catalog.Dataset) (*datasetLicense, error) {
	id := deref(d.License)
	if id == "" || id == catalog.LicenseNotSpecified {
		return nil, nil
	}
	known, err := v.licenseNamed(id)
	if err != nil {
		return nil, err
	}
	if known == nil {
		return &datasetLicense{ID: id, Title: id}, nil
	}
	return &datasetLicense{ID: id, Title: v.licenseTitle(known), URL: linkable(deref(known.URL))}, nil
}

// datasetKeys name what the pages of a dataset are made of.
func datasetKeys(d *catalog.Dataset) []web.Key {
	keys := append([]web.Key{web.Object(catalog.KindDataset, d.ID)}, ownerKeys(d.OwnedBy())...)
	for i := range d.ContactPoints {
		keys = append(keys, web.Object(catalog.KindContact, d.ContactPoints[i].ID))
		keys = append(keys, ownerKeys(d.ContactPoints[i].OwnedBy())...)
	}
	return keys
}

// datasetDraft begins a page of a dataset.
func (v *visit) datasetDraft(d *catalog.Dataset, name, tab string, args url.Values) draft {
	title := d.Title
	crumbs := []Link{{v.say.T("site.home"), v.path("/")}, {v.say.T("nav.datasets"), v.path("/datasets/search")}}
	if tab == tabFiles {
		crumbs = append(crumbs, Link{Label: shortTitle(d.Title)})
	} else {
		label := v.say.T("dataset.title-" + tab)
		title = v.say.T("dataset.title-part", "part", label, "title", d.Title)
		crumbs = append(crumbs, Link{shortTitle(d.Title), v.path(datasetPath(d, tabFiles))}, Link{Label: label})
	}
	return draft{
		name: name, title: title, description: datasetSummary(d), path: datasetPath(d, tab), args: args,
		noIndex: !d.Visible, image: v.Site.Base + "/share/datasets/" + d.ID + ".png", crumbs: crumbs, keys: datasetKeys(d),
		siblings: append(append(linkedForms("/api/1/datasets/"+d.ID+"/rdf"), []Sibling{
			{"application/json", v.say.T("dataset.as-json"), "/api/1/datasets/" + d.ID + "/"},
			{"application/x-bibtex", "BibTeX", datasetPath(d, "cite.bib")},
			{"application/x-research-info-systems", "RIS", datasetPath(d, "cite.ris")},
		}...), v.oembedSibling(datasetPath(d, tabFiles), d.Title, isPublic(d))...),
	}
}

// isPublic tells whether everybody may read a dataset.
func isPublic(d *catalog.Dataset) bool { return !d.Private && d.DeletedAt.IsZero() }

// shortTitle is a title as the trail of links shows it.
func shortTitle(title string) string {
	const most = 60
	runes := []rune(title)
	if len(runes) <= most {
		return title
	}
	return strings.TrimSpace(string(runes[:most-1])) + "…"
}

// summaryLength is how much of a description others show of a page, in
// characters.
const summaryLength = 160

func datasetSummary(d *catalog.Dataset) string {
	if short := deref(d.DescriptionShort); short != "" {
		return text.Excerpt(short, summaryLength)
	}
	return text.Excerpt(d.Description, summaryLength)
}

// serveDescription answers with a description as its author wrote it, whole.
func (p *Portal) serveDescription(c *web.Call, a datasetArgs) error {
	d, done, err := p.datasetOf(c, same, a.Key, "/description.txt")
	if done || err != nil {
		return err
	}
	c.W.Header()["X-Content-Type-Options"] = []string{"nosniff"}
	return c.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(strings.ToValidUTF8(d.Description, "\uFFFD")))
}
