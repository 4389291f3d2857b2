package embed

import (
	"context"
	"html/template"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/i18n"
	"grenier/internal/text"
	"grenier/internal/web"
)

// card is what an embed shows of an object, in the words of a reader. Its
// addresses are whole: the card stands in pages of other sites.
type card struct {
	// Kind is dataset, reuse, organization, dataservice, topic, territory, resource or chart.
	Kind, ID string
	// Title is whole, Short cut for the cards of the first generation.
	Title, Short string
	// URL is the page of the object, Share the picture that stands for it.
	URL, Share string
	// Kicker says what it is, Text what it is about; Brief is shorter.
	Kicker, Text, Brief string
	// Author is who publishes it, nil when nobody is known.
	Author *author
	// Picture is the address of a logo or picture, 0 to 100 pixels wide; Cover a wider one.
	Picture, Cover string
	Certified      bool
	Facts          []fact
	// License, Period, Place and Rhythm are what the cards of datasets of the
	// first generation say besides; empty when unknown.
	License, LicenseTitle, Period, Place, Rhythm string
	// Described is a longer text than Brief, rendered, of data of territories.
	Described template.HTML
	// Files are those that a chart draws, or the file itself.
	Files []cardFile
	keys  []web.Key
}

// cardFile is a file that a card is about: its page, and the address that it is
// read at.
type cardFile struct{ Title, URL, address string }

// author is who publishes an object.
type author struct{ Name, URL, Picture string }

// fact is a short fact of a card; Name is for styles.
type fact struct{ Name, Text string }

// Lengths of what cards show, in characters.
const (
	shortTitle = 80
	textLength = 180
	briefText  = 110
)

// maker makes the cards of one answer.
type maker struct {
	e    *Embed
	ctx  context.Context
	site *web.Site
	say  *i18n.Printer
	// licenses are read when a card first asks for one.
	licenses map[string]string
}

func (e *Embed) maker(c *web.Call, lang string) *maker {
	return &maker{e: e, ctx: c.Context(), site: c.Site, say: e.printer(lang)}
}

// page is the whole address of a page in the language of the reader.
func (m *maker) page(path string) string {
	if lang := m.say.Lang(); lang != m.e.Language {
		path = "/" + lang + path
	}
	return m.site.Base + path
}

func (m *maker) picture(kind, id, size string) string {
	return m.site.Base + "/pictures/" + kind + "/" + url.PathEscape(id) + "/" + size
}

// card makes the card of what an address names. Objects that are not for
// everybody are as unknown; deleted ones are gone.
func (m *maker) card(t target) (*card, error) {
	make, ok := map[string]func(*maker, string) (*card, error){
		"datasets": (*maker).datasetByKey, "reuses": (*maker).reuseByKey, "organizations": (*maker).organizationByKey,
		"dataservices": (*maker).dataserviceByKey, "topics": (*maker).topicByKey, "territories": (*maker).territory,
		"resources": (*maker).resource, "charts": (*maker).chart,
	}[t.kind]
	if !ok {
		return nil, fault.New(fault.NotFound, "There is no such card.")
	}
	return make(m, t.key)
}

func (m *maker) datasetByKey(key string) (*card, error) {
	found, err := m.e.Catalog.ResolveDataset(m.ctx, key)
	if err != nil {
		return nil, err
	}
	d, err := m.e.Catalog.Dataset(m.ctx, account.Nobody, found.ID, catalog.Parts{})
	if err != nil {
		return nil, err
	}
	return m.dataset(d)
}

func (m *maker) dataset(d *catalog.Dataset) (*card, error) {
	summary := d.Description
	if d.DescriptionShort != nil && *d.DescriptionShort != "" {
		summary = *d.DescriptionShort
	}
	made := m.begin("dataset", "datasets", d.ID, d.Slug, d.Title, summary)
	m.by(made, &d.Owned)
	made.Picture = made.pictureOfAuthor(m)
	made.Period, made.Place = m.period(d), m.place(d)
	if d.Frequency != nil && *d.Frequency != "unknown" {
		made.Rhythm = i18n.Label(i18n.Frequency, *d.Frequency, m.say.Lang())
	}
	if d.License != nil && *d.License != "" && *d.License != catalog.LicenseNotSpecified {
		title, err := m.license(*d.License)
		if err != nil {
			return nil, err
		}
		made.License, made.LicenseTitle = *d.License, title
	}
	made.count("files", d.ResourceTotal(), m)
	made.count("reuses", d.Reuses, m)
	made.count("followers", d.Followers, m)
	made.tell("updated", m.updated(d.LastUpdate.Time))
	made.tell("period", made.Period)
	made.tell("place", made.Place)
	return made, nil
}

func (m *maker) reuseByKey(key string) (*card, error) {
	found, err := m.e.Catalog.ResolveReuse(m.ctx, key)
	if err != nil {
		return nil, err
	}
	r, err := m.e.Catalog.Reuse(m.ctx, account.Nobody, found.ID)
	if err != nil {
		return nil, err
	}
	return m.reuse(r), nil
}

func (m *maker) reuse(r *catalog.Reuse) *card {
	made := m.begin("reuse", "reuses", r.ID, r.Slug, r.Title, r.Description)
	m.by(made, &r.Owned)
	made.Kicker = i18n.Label(i18n.ReuseType, r.Type, m.say.Lang())
	made.Picture, made.Cover = m.picture("reuses", r.ID, "100"), m.picture("reuses", r.ID, "400")
	made.count("datasets", r.DatasetCount, m)
	made.count("followers", r.Followers, m)
	made.tell("updated", m.updated(r.ModifiedAt.Time))
	return made
}

func (m *maker) organizationByKey(key string) (*card, error) {
	found, err := m.e.Organizations.Resolve(m.ctx, key)
	if err != nil {
		return nil, err
	}
	o, err := m.e.Organizations.Get(m.ctx, account.Nobody, found.ID)
	if err != nil {
		return nil, err
	}
	return m.organization(o), nil
}

func (m *maker) organization(o *account.Organization) *card {
	made := m.begin("organization", "organizations", o.ID, o.Slug, o.Name, o.Description)
	made.Certified, made.Picture = o.Certified, m.picture("organizations", o.ID, "100")
	made.count("datasets", o.Datasets, m)
	made.count("reuses", o.Reuses, m)
	made.count("followers", o.Followers, m)
	return made
}

func (m *maker) dataserviceByKey(key string) (*card, error) {
	found, err := m.e.Catalog.ResolveDataservice(m.ctx, key)
	if err != nil {
		return nil, err
	}
	s, err := m.e.Catalog.Dataservice(m.ctx, account.Nobody, found.ID)
	if err != nil {
		return nil, err
	}
	return m.dataservice(s), nil
}

func (m *maker) dataservice(s *catalog.Dataservice) *card {
	made := m.begin("dataservice", "dataservices", s.ID, s.Slug, s.Title, s.Description)
	m.by(made, &s.Owned)
	made.Picture = made.pictureOfAuthor(m)
	made.tell("access", i18n.Label(i18n.AccessType, s.AccessType, m.say.Lang()))
	made.count("datasets", s.DatasetCount, m)
	made.count("followers", s.Followers, m)
	made.tell("updated", m.updated(s.ModifiedAt.Time))
	return made
}

func (m *maker) topicByKey(key string) (*card, error) {
	found, err := m.e.Catalog.ResolveTopic(m.ctx, key)
	if err != nil {
		return nil, err
	}
	t, err := m.e.Catalog.Topic(m.ctx, account.Nobody, found.ID)
	if err != nil {
		return nil, err
	}
	return m.topic(t), nil
}

func (m *maker) topic(t *catalog.Topic) *card {
	summary := ""
	if t.Description != nil {
		summary = *t.Description
	}
	made := m.begin("topic", "topics", t.ID, t.Slug, t.Name, summary)
	m.by(made, &t.Owned)
	made.Picture = made.pictureOfAuthor(m)
	made.count("elements", t.ElementCount, m)
	return made
}

// resource is the card of a file: that of its dataset with the facts of the
// file.
func (m *maker) resource(id string) (*card, error) {
	r, err := m.e.Catalog.Resource(m.ctx, account.Nobody, id)
	if err != nil {
		return nil, err
	}
	if r.DatasetID == nil {
		return nil, fault.New(fault.NotFound, "Resource does not exist")
	}
	d, err := m.e.Catalog.Dataset(m.ctx, account.Nobody, *r.DatasetID, catalog.Parts{})
	if err != nil {
		return nil, err
	}
	summary, page := "", m.page("/datasets/"+url.PathEscape(d.Slug))
	if r.Description != nil {
		summary = *r.Description
	}
	if r.Community {
		page += "/community-resources"
	}
	made := &card{
		Kind: "resource", ID: r.ID, Title: r.Title, Short: cut(r.Title, shortTitle), URL: page + "?resource_id=" + url.QueryEscape(r.ID),
		Share: m.site.Base + "/share/datasets/" + url.PathEscape(d.ID) + ".png", Kicker: m.say.T("embed.file-of", "title", cut(d.Title, shortTitle)),
		Text: text.Excerpt(summary, textLength), Brief: text.Excerpt(summary, briefText), keys: []web.Key{web.Object(catalog.KindDataset, d.ID)},
	}
	m.by(made, &d.Owned)
	made.Picture = made.pictureOfAuthor(m)
	if r.Format != nil {
		made.tell("format", strings.ToUpper(*r.Format))
	}
	if r.Filesize != nil && *r.Filesize > 0 {
		made.tell("size", m.say.Size(*r.Filesize))
	}
	made.tell("updated", m.updated(r.ModifiedAt(time.Now()).Time))
	made.Files = []cardFile{{made.Title, made.URL, r.URL}}
	return made, nil
}

// begin makes a card of what all kinds have.
func (m *maker) begin(kind, folder, id, slug, title, summary string) *card {
	return &card{
		Kind: kind, ID: id, Title: title, Short: cut(title, shortTitle), URL: m.page("/" + folder + "/" + url.PathEscape(slug)),
		Share: m.site.Base + "/share/" + folder + "/" + url.PathEscape(id) + ".png", Kicker: m.say.T("embed.kind-" + kind),
		Text: text.Excerpt(summary, textLength), Brief: text.Excerpt(summary, briefText), keys: []web.Key{web.Object(kind, id)},
	}
}

// by adds who publishes the object.
func (m *maker) by(made *card, owned *catalog.Owned) {
	switch {
	case owned.Organization != nil:
		o := owned.Organization
		made.Author = &author{o.Name, m.page("/organizations/" + url.PathEscape(o.Slug)), m.picture("organizations", o.ID, "100")}
		made.Certified = o.Certified
		made.keys = append(made.keys, web.Object(catalog.KindOrganization, o.ID))
	case owned.Owner != nil:
		u := owned.Owner
		made.Author = &author{u.FullName(), m.page("/users/" + url.PathEscape(u.Slug)), m.picture("users", u.ID, "100")}
		made.keys = append(made.keys, web.Object(catalog.KindUser, u.ID))
	}
}

func (c *card) pictureOfAuthor(m *maker) string {
	if c.Author == nil {
		return m.site.Base + "/favicon.svg"
	}
	return c.Author.Picture
}

// count adds a number of things, unless there are none.
func (c *card) count(name string, number int64, m *maker) {
	if number > 0 {
		c.Facts = append(c.Facts, fact{name, m.say.T("embed."+name, "count", number)})
	}
}

func (c *card) tell(name, words string) {
	if words != "" {
		c.Facts = append(c.Facts, fact{name, words})
	}
}

func (m *maker) updated(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return m.say.T("embed.updated", "date", m.say.Date(at))
}

func (m *maker) period(d *catalog.Dataset) string {
	start, end := d.TemporalStart, d.TemporalEnd
	switch {
	case start != nil && end != nil:
		return m.say.T("embed.period-both", "start", m.say.Date(*start), "end", m.say.Date(*end))
	case start != nil:
		return m.say.T("embed.period-start", "start", m.say.Date(*start))
	case end != nil:
		return m.say.T("embed.period-end", "end", m.say.Date(*end))
	}
	return ""
}

// place says which territory a dataset is about: its zone when there is one,
// else how fine it is.
func (m *maker) place(d *catalog.Dataset) string {
	if len(d.Zones) == 1 {
		if zone, ok := m.e.Zones.Get(d.Zones[0]); ok {
			return zone.Name
		}
	}
	if d.Granularity != nil && *d.Granularity != "" {
		return i18n.Label(i18n.Granularity, *d.Granularity, m.say.Lang())
	}
	return ""
}

// license is the title of a licence, its identifier when it is unknown.
func (m *maker) license(id string) (string, error) {
	if m.licenses == nil {
		all, err := m.e.Catalog.Licenses(m.ctx)
		if err != nil {
			return "", err
		}
		m.licenses = make(map[string]string, len(all))
		for i := range all {
			m.licenses[all[i].ID] = all[i].Title
		}
	}
	if title := m.licenses[id]; title != "" {
		return title, nil
	}
	return id, nil
}

// cut shortens a text to so many characters; an ellipsis tells it.
func cut(words string, most int) string {
	if utf8.RuneCountInString(words) <= most {
		return words
	}
	return string([]rune(words)[:most-1]) + "…"
}
