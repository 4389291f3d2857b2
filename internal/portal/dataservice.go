package portal

import (
	"net/url"
	"strings"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/i18n"
	"grenier/internal/text"
	"grenier/internal/web"
)

// dataserviceContents are the types of Page.Data by the names of the pages here.
var dataserviceContents = map[string]any{"dataservice": dataservicePage{}, "dataservice-openapi": openAPIPage{}}

// dataserviceRoutes declare the pages of APIs.
func (p *Portal) dataserviceRoutes(t *table) {
	page(t, "/dataservices/{id}", p.showDataservice)
	slowPage(t, "/dataservices/{id}/openapi", openAPIPatience, p.showOpenAPI)
}

// dataserviceHead is what all pages of an API show of it.
type dataserviceHead struct {
	ID, Title, Acronym string
	// Long tells that the title takes many lines.
	Long bool
	// Lang is the language of its texts when it is not the page's.
	Lang string
	// Badges say what it is known for, States what sets it apart.
	Badges, States []badge
	Access         dataserviceAccess
	Producer       *producer
	Tabs           []tab
	Share          shareLinks
	// Keeping is what who may change it finds there; empty for others.
	Keeping keeping
}

// dataserviceAccess says who may use an API.
type dataserviceAccess struct {
	// Open tells that everybody may, without asking anyone.
	Open  bool
	Label string
	// Title says it in a sentence.
	Title string
	// Category is the legal ground of a restriction, Definition what the law
	// says, Reason what the producer adds.
	Category, Definition, Reason string
	// RequestURL is where to ask for access.
	RequestURL string
	Audiences  []audience
}

// dataservicePage is an API.
type dataservicePage struct {
	Head dataserviceHead
	// BaseURL is what the addresses of all its operations begin with.
	BaseURL string
	Format  string
	// RateLimiting says how often one may ask; RateLimitingURL explains it.
	RateLimiting, RateLimitingURL string
	// Availability is the promised share of time, written in percent.
	Availability, AvailabilityURL string
	License                       Link
	// Documents are where the API is explained.
	Documents []Item
	Contacts  []contactCard
	// Curl is a command that calls the API.
	Curl             string
	Prose            prose
	Figures          []figure
	Tags             []Link
	Created, Updated time.Time
	// Shelves are the datasets that it gives, and reuses of it.
	Shelves []cardShelf
}

// contactCard is whom to ask. URL is a page or a mail address.
type contactCard struct{ Name, Role, URL, Label string }

func (p *Portal) dataserviceKind() objectKind {
	return objectKind{catalog.KindDataservice, "dataservices", p.Catalog.ResolveDataservice, true}
}

// dataservice reads the API of a page; done tells that the answer was given.
func (v *visit) dataservice(key, tail string) (s *catalog.Dataservice, done bool, err error) {
	id, done, err := v.object(v.p.dataserviceKind(), key, tail)
	if done || err != nil {
		return nil, done, err
	}
	s, err = v.p.Catalog.Dataservice(v.Context(), v.viewer, id)
	return s, false, err
}

func dataservicePath(s *catalog.Dataservice, tail string) string {
	return "/dataservices/" + url.PathEscape(s.Slug) + tail
}

const openAPITail = "/openapi"

func (v *visit) dataserviceHead(s *catalog.Dataservice, tail string) dataserviceHead {
	h := dataserviceHead{
		ID: s.ID, Title: s.Title, Long: isLong(s.Title), Lang: v.contentLang(), States: v.states(commonStates, s.Private, s.ArchivedAt.Time, s.DeletedAt.Time),
		Access: v.dataserviceAccess(s), Producer: v.producer(&s.Owned), Share: v.shareOf(s.Title, v.Site.Base+v.path(dataservicePath(s, ""))),
	}
	h.Share.Embed = v.embedOf(embedded{"dataservice", "dataservices", s.ID, s.Title, dataservicePath(s, "")}, !s.Private && s.DeletedAt.IsZero())
	h.Keeping = v.keepingOwned("dataservices", s.ID, s.OwnedBy(), s.Private, !s.DeletedAt.IsZero())
	if acronym := deref(s.Acronym); acronym != s.Title {
		h.Acronym = acronym
	}
	for _, id := range s.Badges {
		h.Badges = append(h.Badges, badge{Label: i18n.Label(i18n.DataserviceBadge, id, v.lang), Tone: "info"})
	}
	if linkable(deref(s.MachineDocumentationURL)) != "" {
		h.Tabs = []tab{
			{v.say.T("dataservice.tab-information"), v.path(dataservicePath(s, "")), -1, tail == ""},
			{v.say.T("dataservice.tab-openapi"), v.path(dataservicePath(s, openAPITail)), -1, tail == openAPITail},
		}
	}
	return h
}

func (v *visit) dataserviceAccess(s *catalog.Dataservice) dataserviceAccess {
	a := dataserviceAccess{
		Open: s.AccessType == "" || s.AccessType == openAccess, Reason: deref(s.AccessTypeReason),
		RequestURL: linkable(deref(s.AuthorizationRequestURL)), Audiences: v.audiences(s.AccessAudiences),
	}
	a.Label = v.say.T("common.access-open")
	if !a.Open {
		a.Title = v.say.T("dataservice.restricted")
		if s.AccessType == "open_with_account" {
			a.Title = v.say.T("dataservice.needs-account")
		}
		a.Label = i18n.Label(i18n.AccessType, s.AccessType, v.lang)
	}
	if category := deref(s.AccessTypeReasonCategory); category != "" {
		a.Category = i18n.Label(i18n.ReasonCategory, category, v.lang)
		if definition := i18n.Label(i18n.ReasonDefinition, category, v.lang); definition != category && definition != a.Category {
			a.Definition = definition
		}
	}
	return a
}

// dataserviceDraft begins a page of an API.
func (v *visit) dataserviceDraft(s *catalog.Dataservice, name, tail string) draft {
	title, parts := s.Title, []Link{{Label: shortTitle(s.Title)}}
	if tail != "" {
		label := v.say.T("dataservice.tab-openapi")
		title = v.say.T("common.title-part", "part", label, "title", s.Title)
		parts = []Link{{shortTitle(s.Title), v.path(dataservicePath(s, ""))}, {Label: label}}
	}
	return draft{
		name: name, title: title, description: text.Excerpt(s.Description, summaryLength), path: dataservicePath(s, tail), noIndex: !s.Visible,
		image: v.sharePicture("dataservices", s.ID), crumbs: v.trail("nav.dataservices", "/dataservices/search", parts...),
		siblings: append(append(linkedForms("/api/1/dataservices/"+s.ID+"/rdf"), v.document("dataservices", s.ID)),
			v.oembedSibling(dataservicePath(s, ""), s.Title, !s.Private && s.DeletedAt.IsZero())...),
		keys: append([]web.Key{web.Object(catalog.KindDataservice, s.ID)}, ownerKeys(s.OwnedBy())...),
	}
}

func (p *Portal) showDataservice(v *visit, in objectArgs) error {
	s, done, err := v.dataservice(in.Key, "")
	if done || err != nil {
		return err
	}
	content := dataservicePage{
		Head: v.dataserviceHead(s, ""), BaseURL: linkable(deref(s.BaseAPIURL)), Format: deref(s.Format), RateLimiting: deref(s.RateLimiting),
		RateLimitingURL: linkable(deref(s.RateLimitingURL)), AvailabilityURL: linkable(deref(s.AvailabilityURL)), Contacts: v.contactCards(s.ContactPoints),
		Documents: v.documents(s), Prose: v.prose(s.Description), Tags: v.keywords(s.Tags), Created: s.CreatedAt.Time, Updated: s.ModifiedAt.Time,
		Figures: v.countFigures(counted{"datasets", s.DatasetCount}, counted{"reuses", s.Reuses}, counted{"followers", s.Followers}, counted{"views", s.Views}),
	}
	if s.Availability != nil {
		content.Availability = v.percentage(*s.Availability)
	}
	if content.BaseURL != "" {
		content.Curl = "curl -L " + shellWord(content.BaseURL)
	}
	found, err := v.licenseNamed(deref(s.License))
	if err != nil {
		return err
	}
	if found != nil {
		content.License = Link{v.licenseTitle(found), v.path("/licenses/" + url.PathEscape(found.ID))}
	}
	if content.Shelves, err = v.dataserviceShelves(s); err != nil {
		return err
	}
	d := v.dataserviceDraft(s, "dataservice", "")
	d.linked, d.data = dataserviceJSONLD(v.linkedSite(), s, found), content
	d.keys = append(d.keys, cardKinds(catalog.KindDataset, catalog.KindReuse, catalog.KindContact, "license")...)
	return v.show(d)
}

// dataserviceShown bounds the cards of each shelf.
const dataserviceShown = 9

func (v *visit) dataserviceShelves(s *catalog.Dataservice) ([]cardShelf, error) {
	var shelves []cardShelf
	datasets, total, err := v.datasetShelf(catalog.DatasetFilter{Dataservice: s.ID, Sort: "-views"}, dataserviceShown)
	if err != nil {
		return nil, err
	}
	if len(datasets) > 0 {
		shelves = append(shelves, cardShelf{ID: "datasets", Title: v.say.T("dataservice.datasets", "count", total), Cards: datasets})
	}
	reuses, total, err := v.reuseShelf(catalog.ReuseFilter{Dataservice: s.ID, Sort: "-views"}, dataserviceShown)
	if err != nil {
		return nil, err
	}
	if len(reuses) > 0 {
		shelves = append(shelves, cardShelf{ID: "reuses", Title: v.say.T("dataservice.reuses", "count", total), Cards: reuses})
	}
	return shelves, nil
}

// documents are where an API is explained.
func (v *visit) documents(s *catalog.Dataservice) []Item {
	var items []Item
	for _, one := range []struct {
		address    *string
		name, icon string
	}{
		{s.TechnicalDocumentationURL, "technical", "code"}, {s.BusinessDocumentationURL, "business", "book"},
		{s.MachineDocumentationURL, "machine", "json"},
	} {
		if address := linkable(deref(one.address)); address != "" {
			items = append(items, Item{Label: v.say.T("dataservice.document-" + one.name), URL: address, Icon: one.icon, External: true})
		}
	}
	return items
}

// contactCards are whom to ask. A contact point is there to be written to: its
// address shows.
func (v *visit) contactCards(points []catalog.ContactPoint) []contactCard {
	cards := make([]contactCard, 0, len(points))
	for i := range points {
		c := contactCard{Name: points[i].Name, Role: i18n.Label(i18n.ContactRole, points[i].Role, v.lang)}
		if form := linkable(deref(points[i].ContactForm)); form != "" {
			c.URL, c.Label = form, v.say.T("dataservice.contact-form")
		} else if mail := deref(points[i].Email); strings.Count(mail, "@") == 1 && !strings.ContainsAny(mail, " \t\r\n?&") {
			c.URL, c.Label = "mailto:"+mail, mail
		}
		cards = append(cards, c)
	}
	return cards
}

// percentage writes a number of hundredths with the decimals that it has, two
// at most.
func (v *visit) percentage(hundredths float64) string {
	digits := 0
	for digits < 2 && hundredths*float64(pow10(digits)) != float64(int64(hundredths*float64(pow10(digits)))) {
		digits++
	}
	return v.say.T("dataservice.percent", "number", v.say.Decimal(hundredths, digits))
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

// shellWord quotes a word for a POSIX shell.
func shellWord(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
