package portal

import (
	"net/http"
	"net/url"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/dump"
	"grenier/internal/i18n"
	"grenier/internal/text"
	"grenier/internal/web"
)

// organizationContents are the types of Page.Data by the names of the pages here.
var organizationContents = map[string]any{
	"organization": organizationPage{}, "organization-presentation": organizationPresentation{},
	"organization-information": organizationInformation{},
}

// The tabs of an organisation, by the last part of their addresses.
const (
	organizationDatasets     = "datasets"
	organizationDataservices = "dataservices"
	organizationReuses       = "reuses"
	organizationAbout        = "information"
)

// organizationRoutes declare the pages of organizations.
func (p *Portal) organizationRoutes(t *table) {
	page(t, "/organizations/{id}", p.showOrganization)
	page(t, "/organizations/{id}/"+organizationDatasets, p.showOrganizationDatasets)
	page(t, "/organizations/{id}/"+organizationDataservices, p.showOrganizationDataservices)
	page(t, "/organizations/{id}/"+organizationReuses, p.showOrganizationReuses)
	page(t, "/organizations/{id}/"+organizationAbout, p.showOrganizationInformation)
	page(t, "/organizations/{id}/search", p.searchOrganization)
	for _, name := range organizationFiles {
		page(t, "/organizations/{id}/"+name, func(v *visit, in objectArgs) error {
			return v.Redirect(http.StatusFound, "/api/1/organizations/"+url.PathEscape(in.Key)+"/"+name)
		})
	}
}

// organizationFiles are the lists of what an organisation publishes, as CSV.
var organizationFiles = []string{"datasets.csv", "datasets-resources.csv", "dataservices.csv"}

// organizationHead is what all pages of an organisation show of it.
type organizationHead struct {
	ID, Name, Acronym string
	// Long tells that the name takes many lines.
	Long bool
	// URL is the path of its first page.
	URL string
	// Lang is the language of its texts when it is not the page's.
	Lang string
	// Logo is the address of its picture.
	Logo      string
	Certified bool
	Badges    []badge
	// Deleted tells members that nobody else sees it.
	Deleted bool
	// Website is its own site; empty when unknown.
	Website string
	Tabs    []tab
	Share   shareLinks
	// Feed is the Atom feed of its datasets.
	Feed string
	// Manage leads its members to its administration, Join those who are signed in
	// and no members to where they ask to become one; at most one is set.
	Manage, Join string
}

// organizationPage is what an organisation publishes of one kind.
type organizationPage struct {
	Head organizationHead
	// Kind is datasets, dataservices or reuses.
	Kind  string
	Prose prose
	// Figures are shown on the first page alone.
	Figures []figure
	// Search is where the field that searches in the organisation leads.
	Search string
	// Sorts are the orders in which the first objects can be shown.
	Sorts []tab
	Shelf cardShelf
	// Empty says that there is nothing of the kind.
	Empty string
}

// organizationPresentation is the page that an organisation composed.
type organizationPresentation struct {
	Head  organizationHead
	Prose prose
	Blocs []bloc
}

// organizationSorts are the orders of what an organisation publishes.
type organizationSorts struct {
	objectArgs
	Sort string `query:"sort"`
}

func (p *Portal) organizationKind() objectKind {
	return objectKind{catalog.KindOrganization, "organizations", p.Organizations.Resolve, true}
}

// organization reads the organisation of a page; done tells that the answer was
// given.
func (v *visit) organization(key, tail string) (o *account.Organization, done bool, err error) {
	id, done, err := v.object(v.p.organizationKind(), key, tail)
	if done || err != nil {
		return nil, done, err
	}
	o, err = v.p.Organizations.Get(v.Context(), v.viewer, id)
	return o, false, err
}

// organizationPath is the path of a tab in the site's own language.
func organizationPath(o *account.Organization, tail string) string {
	path := "/organizations/" + url.PathEscape(o.Slug)
	if tail != "" {
		path += "/" + tail
	}
	return path
}

// presents tells whether the organisation shows a page that it composed.
func presents(o *account.Organization) bool {
	return !o.PresentationBlocsPublishedAt.IsZero() && len(o.PresentationBlocs) > len("[]")
}

func (v *visit) organizationHead(o *account.Organization, current string) organizationHead {
	address := v.Site.Base + v.path(organizationPath(o, ""))
	h := organizationHead{
		ID: o.ID, Name: o.Name, Acronym: deref(o.Acronym), Long: isLong(o.Name), URL: v.path(organizationPath(o, "")), Lang: v.contentLang(),
		Logo: picturePath("organizations", o.ID, "200"), Certified: o.Certified, Deleted: !o.DeletedAt.IsZero(), Website: linkable(deref(o.URL)),
		Share: v.shareOf(o.Name, address), Feed: v.feedPath("datasets", dump.Atom, url.Values{"organization": {o.ID}}),
	}
	h.Share.Embed = v.embedOf(embedded{"organization", "organizations", o.ID, o.Name, organizationPath(o, "")}, o.DeletedAt.IsZero())
	if h.Acronym == o.Name {
		h.Acronym = ""
	}
	switch home := organizationHome(o.ID); {
	case v.viewer.User == nil:
	case v.viewer.May(account.SeeInside, account.Owner{Organization: o.ID}, ""):
		h.Manage = v.path(home)
	case o.DeletedAt.IsZero():
		h.Join = v.path(organizationAdmin(o.ID, "/join"))
	}
	for _, id := range o.Badges {
		if id == "certified" {
			h.Badges = append(h.Badges, badge{i18n.Label(i18n.OrganizationBadge, id, v.lang), "success", "certified"})
			continue
		}
		h.Badges = append(h.Badges, badge{Label: i18n.Label(i18n.OrganizationBadge, id, v.lang), Tone: "info"})
	}
	if presents(o) {
		h.Tabs = append(h.Tabs, tab{v.say.T("organization.tab-presentation"), h.URL, -1, current == ""})
	}
	for _, one := range []struct {
		name  string
		count int64
	}{
		{organizationDatasets, o.Datasets}, {organizationDataservices, o.Dataservices}, {organizationReuses, o.Reuses}, {organizationAbout, -1},
	} {
		t := tab{v.say.T("organization.tab-" + one.name), v.path(organizationPath(o, one.name)), one.count, current == one.name}
		if one.name == organizationDatasets && !presents(o) {
			t.URL = h.URL
		}
		h.Tabs = append(h.Tabs, t)
	}
	h.Tabs = append(h.Tabs, tab{v.say.T("activity.title"), v.path(organizationPath(o, tabActivity)), -1, current == tabActivity})
	return h
}

// organizationFeeds are what is new of an organisation: its datasets first, then
// its APIs and reuses.
func (v *visit) organizationFeeds(o *account.Organization) []Sibling {
	of := url.Values{"organization": {o.ID}}
	feeds := v.feedLinks(v.say.T("organization.feed", "name", o.Name), "datasets", of)
	for _, kind := range []string{organizationDataservices, organizationReuses} {
		title := v.say.T("common.title-part", "part", v.say.T("organization.tab-"+kind), "title", o.Name)
		feeds = append(feeds, v.feedLinks(title, kind, of)...)
	}
	return feeds
}

// organizationDraft begins a page of an organisation.
func (v *visit) organizationDraft(o *account.Organization, name, tail string) draft {
	title, last := o.Name, Link{Label: shortTitle(o.Name)}
	parts := []Link{last}
	if tail != "" {
		label := v.say.T("organization.tab-" + tail)
		title = v.say.T("common.title-part", "part", label, "title", o.Name)
		parts = []Link{{shortTitle(o.Name), v.path(organizationPath(o, ""))}, {Label: label}}
	}
	return draft{
		name: name, title: title, description: text.Excerpt(o.Description, summaryLength), path: organizationPath(o, tail),
		noIndex: !o.DeletedAt.IsZero(), image: v.sharePicture("organizations", o.ID),
		crumbs: v.trail("nav.organizations", "/organizations", parts...),
		feeds:  v.organizationFeeds(o),
		siblings: append(append(linkedForms("/api/1/organizations/"+o.ID+"/catalog"), []Sibling{
			v.document("organizations", o.ID),
			{"text/csv", v.say.T("organization.csv-datasets"), organizationPath(o, "datasets.csv")},
		}...), v.oembedSibling(organizationPath(o, ""), o.Name, o.DeletedAt.IsZero())...),
		keys: []web.Key{web.Object(catalog.KindOrganization, o.ID)},
	}
}

// showOrganization shows the page that the organisation composed, else its
// datasets.
func (p *Portal) showOrganization(v *visit, in organizationSorts) error {
	o, done, err := v.organization(in.Key, "")
	if done || err != nil {
		return err
	}
	if presents(o) {
		return v.showPresentation(o)
	}
	return v.showOrganizationDatasets(o, in.Sort, "")
}

func (v *visit) showPresentation(o *account.Organization) error {
	blocs, err := v.blocs(o.PresentationBlocs)
	if err != nil {
		return err
	}
	d := v.organizationDraft(o, "organization-presentation", "")
	d.linked = organizationJSONLD(v.linkedSite(), o)
	d.data = organizationPresentation{Head: v.organizationHead(o, ""), Prose: v.prose(o.Description), Blocs: blocs}
	d.keys = append(d.keys, cardKinds(catalog.KindDataset, catalog.KindReuse, catalog.KindDataservice)...)
	return v.show(d)
}

func (p *Portal) showOrganizationDatasets(v *visit, in organizationSorts) error {
	o, done, err := v.organization(in.Key, "/"+organizationDatasets)
	if done || err != nil {
		return err
	}
	return v.showOrganizationDatasets(o, in.Sort, organizationDatasets)
}

// organizationShown is how many objects a page of an organisation shows.
const organizationShown = 9

// showOrganizationDatasets shows the latest or the most seen datasets. tail is
// the page's own part of the path: datasets without a presentation are the first
// page.
func (v *visit) showOrganizationDatasets(o *account.Organization, sort, tail string) error {
	popular := sort == "popular"
	order := map[bool]string{true: "-views", false: "-last_update"}[popular]
	cards, total, err := v.datasetShelf(catalog.DatasetFilter{Organization: o.ID, Sort: order}, organizationShown)
	if err != nil {
		return err
	}
	content := v.organizationList(o, organizationDatasets, cards, total)
	own := v.path(organizationPath(o, tail))
	if total > organizationShown {
		content.Sorts = []tab{
			{v.say.T("organization.sort-latest"), own, -1, !popular}, {v.say.T("organization.sort-popular"), own + "?sort=popular", -1, popular},
		}
	}
	d := v.organizationDraft(o, "organization", tail)
	if tail == "" || !presents(o) {
		content.Prose, content.Figures = v.prose(o.Description), v.organizationFigures(o)
		d.linked = organizationJSONLD(v.linkedSite(), o)
		d.canonical = organizationPath(o, "")
	}
	if popular {
		d.args = url.Values{"sort": {"popular"}}
	}
	d.data, d.keys = content, append(d.keys, cardKinds(catalog.KindDataset)...)
	return v.show(d)
}

// organizationList is the content of a tab with objects of a kind.
func (v *visit) organizationList(o *account.Organization, kind string, cards []card, total int) organizationPage {
	search := v.path("/" + kind + "/search")
	content := organizationPage{Head: v.organizationHead(o, kind), Kind: kind}
	if len(cards) == 0 {
		content.Empty = v.say.T("organization.no-" + kind)
		return content
	}
	for i := range cards { // whose they are is told above
		cards[i].Kicker, cards[i].Certified = "", false
	}
	content.Search = search
	content.Shelf = cardShelf{ID: "list", Title: v.say.T("organization.tab-" + kind), Cards: cards}
	if total > len(cards) {
		content.Shelf.More = Link{v.say.T("organization.all-"+kind, "count", total), search + "?organization=" + o.ID}
	}
	return content
}

func (v *visit) organizationFigures(o *account.Organization) []figure {
	var figures []figure
	for _, one := range []struct {
		name  string
		count int64
		tail  string
	}{
		{"datasets", o.Datasets, organizationDatasets}, {"dataservices", o.Dataservices, organizationDataservices},
		{"reuses", o.Reuses, organizationReuses}, {"used", o.DatasetReuses, ""}, {"views", o.Views, ""},
	} {
		if one.count == 0 {
			continue
		}
		f := figure{Label: v.say.T("organization.figure-"+one.name, "count", one.count), Count: one.count}
		if one.tail != "" {
			f.URL = v.path(organizationPath(o, one.tail))
		}
		figures = append(figures, f)
	}
	return figures
}

func (p *Portal) showOrganizationDataservices(v *visit, in objectArgs) error {
	o, done, err := v.organization(in.Key, "/"+organizationDataservices)
	if done || err != nil {
		return err
	}
	cards, total, err := v.dataserviceShelf(catalog.DataserviceFilter{Organization: o.ID, Sort: "-views"}, organizationShown)
	if err != nil {
		return err
	}
	d := v.organizationDraft(o, "organization", organizationDataservices)
	d.data = v.organizationList(o, organizationDataservices, cards, total)
	d.keys = append(d.keys, cardKinds(catalog.KindDataservice)...)
	return v.show(d)
}

func (p *Portal) showOrganizationReuses(v *visit, in objectArgs) error {
	o, done, err := v.organization(in.Key, "/"+organizationReuses)
	if done || err != nil {
		return err
	}
	cards, total, err := v.reuseShelf(catalog.ReuseFilter{Organization: o.ID, Sort: "-created"}, organizationShown)
	if err != nil {
		return err
	}
	d := v.organizationDraft(o, "organization", organizationReuses)
	d.data = v.organizationList(o, organizationReuses, cards, total)
	d.keys = append(d.keys, cardKinds(catalog.KindReuse)...)
	return v.show(d)
}

// organizationQuestion is what somebody looks for in an organisation.
type organizationQuestion struct {
	objectArgs
	Query string `query:"q"`
}

// searchOrganization leads to the search among the datasets of an organisation.
func (p *Portal) searchOrganization(v *visit, in organizationQuestion) error {
	o, done, err := v.organization(in.Key, "/search")
	if done || err != nil {
		return err
	}
	args := url.Values{"organization": {o.ID}}
	if q := wordsOf(in.Query); q != "" {
		args.Set("q", q)
	}
	return v.Redirect(http.StatusFound, v.path("/datasets/search")+"?"+args.Encode())
}

// linkedSite is the site as JSON-LD names it.
func (v *visit) linkedSite() linkedSite {
	return linkedSite{v.Site.Base, v.siteTitle(), v.Site.FileURL}
}
