package portal

import (
	"net/url"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/i18n"
	"grenier/internal/image"
	"grenier/internal/text"
)

// card shows an object in a grid: the template part "card" draws it.
type card struct {
	Title, URL string
	// Lang is the language of title and text when it may differ from the page's.
	Lang string
	// Kicker is a line above the title, with the picture named Icon.
	Kicker, Icon string
	// Text is one to three lines of plain text.
	Text string
	// Cover is the address of a wide picture, Logo that of a small one; Initials
	// and Shade (1 to 5) make a monogram where there is neither.
	Cover, Logo, Initials string
	Shade                 int
	Certified             bool
	Facts                 []cardFact
}

// cardFact is a small fact under a card. Label says what Text counts, for
// those who do not see the icon.
type cardFact struct{ Icon, Text, Label string }

// pictures are the sizes of covers and logos, in pixels.
const (
	coverSize = "400"
	logoSize  = "100"
)

// picturePath is where the picture of an object is served.
func picturePath(kind, id, size string) string {
	return "/pictures/" + kind + "/" + url.PathEscape(id) + "/" + size
}

// organizationLogo is where lists get the logo of an organization: empty, for a
// monogram, unless it was given to this site. Those that lie elsewhere are shown
// on the pages of their organization alone, so that a list asks for none of them.
func organizationLogo(id string, logo *string) string {
	if logo == nil || !catalog.Hosted(*logo) {
		return ""
	}
	return picturePath("organizations", id, logoSize)
}

// datasetCards shows datasets in a grid.
func (v *visit) datasetCards(datasets []catalog.Dataset) []card {
	cards := make([]card, 0, len(datasets))
	for i := range datasets {
		d := &datasets[i]
		v.madeFrom(catalog.KindDataset, d.ID, d.OwnedBy())
		summary := d.Description
		if d.DescriptionShort != nil && *d.DescriptionShort != "" {
			summary = *d.DescriptionShort
		}
		cards = append(cards, card{
			Title: d.Title, URL: v.path("/datasets/" + url.PathEscape(d.Slug)), Lang: v.contentLang(),
			Kicker: d.OwnerName(), Icon: "building", Certified: d.Organization != nil && d.Organization.Certified, Text: text.Excerpt(summary, excerptLength),
			Facts: []cardFact{
				{"file", v.say.T("common.files", "count", d.ResourceTotal()), ""},
				{"clock", v.say.T("common.updated", "ago", v.say.Ago(d.LastUpdate, v.now)), ""},
				{"eye", v.say.Compact(d.Views), v.say.T("common.views", "count", d.Views)},
			},
		})
	}
	return cards
}

// reuseCards shows reuses in a grid.
func (v *visit) reuseCards(reuses []catalog.Reuse) []card {
	cards := make([]card, 0, len(reuses))
	for i := range reuses {
		r := &reuses[i]
		v.madeFrom(catalog.KindReuse, r.ID, r.OwnedBy())
		cards = append(cards, card{
			Title: r.Title, URL: v.path("/reuses/" + url.PathEscape(r.Slug)), Lang: v.contentLang(),
			Kicker: i18n.Label(i18n.ReuseType, r.Type, v.lang), Icon: "reuse", Text: text.Excerpt(r.Description, excerptLength),
			Cover: picturePath("reuses", r.ID, coverSize),
			Facts: []cardFact{
				{"user", r.OwnerName(), ""},
				{"dataset", v.say.T("common.datasets", "count", r.DatasetCount), ""},
			},
		})
	}
	return cards
}

// dataserviceCards shows APIs in a grid.
func (v *visit) dataserviceCards(services []catalog.Dataservice) []card {
	cards := make([]card, 0, len(services))
	for i := range services {
		s := &services[i]
		v.madeFrom(catalog.KindDataservice, s.ID, s.OwnedBy())
		access := v.say.T("common.access-open")
		if s.AccessType != "open" {
			access = v.say.T("common.access-restricted")
		}
		cards = append(cards, card{
			Title: s.Title, URL: v.path("/dataservices/" + url.PathEscape(s.Slug)), Lang: v.contentLang(),
			Kicker: s.OwnerName(), Icon: "building", Certified: s.Organization != nil && s.Organization.Certified, Text: text.Excerpt(s.Description, excerptLength),
			Facts: []cardFact{{"lock", access, ""}, {"clock", v.say.T("common.updated", "ago", v.say.Ago(s.ModifiedAt, v.now)), ""}},
		})
	}
	return cards
}

// organizationCards shows organisations in a grid.
func (v *visit) organizationCards(organizations []account.Organization) []card {
	cards := make([]card, 0, len(organizations))
	for i := range organizations {
		o := &organizations[i]
		v.madeFrom(catalog.KindOrganization, o.ID, account.Owner{})
		cards = append(cards, card{
			Title: o.Name, URL: v.path("/organizations/" + url.PathEscape(o.Slug)), Lang: v.contentLang(), Icon: "building",
			Logo: organizationLogo(o.ID, o.Logo), Initials: image.Initials(o.Name), Shade: shade(o.ID), Certified: o.Certified,
			Text: text.Excerpt(o.Description, 100),
			Facts: []cardFact{
				{"dataset", v.say.T("common.datasets", "count", o.Datasets), ""},
			},
		})
		if o.Reuses > 0 {
			last := &cards[len(cards)-1]
			last.Facts = append(last.Facts, cardFact{"reuse", v.say.T("common.reuses", "count", o.Reuses), ""})
		}
	}
	return cards
}

// topicCards shows topics in a grid.
func (v *visit) topicCards(topics []catalog.Topic) []card {
	cards := make([]card, 0, len(topics))
	for i := range topics {
		topic := &topics[i]
		v.madeFrom(catalog.KindTopic, topic.ID, account.Owner{})
		description := ""
		if topic.Description != nil {
			description = *topic.Description
		}
		cards = append(cards, card{
			Title: topic.Name, URL: v.path("/topics/" + url.PathEscape(topic.Slug)), Lang: v.contentLang(), Icon: "topic",
			Text:  text.Excerpt(description, excerptLength),
			Facts: []cardFact{{"list", v.say.T("common.elements", "count", topic.ElementCount), ""}},
		})
	}
	return cards
}

// postCards shows news in a grid.
func (v *visit) postCards(posts []catalog.Post) []card {
	cards := make([]card, 0, len(posts))
	for i := range posts {
		post := &posts[i]
		v.madeFrom(catalog.KindPost, post.ID, account.Owner{})
		headline := ""
		if post.Headline != nil {
			headline = *post.Headline
		}
		one := card{
			Title: post.Name, URL: v.path("/posts/" + url.PathEscape(post.Slug)), Lang: v.contentLang(), Icon: "post",
			Text: text.Excerpt(headline, excerptLength), Kicker: v.say.Date(post.PublishedAt),
		}
		if post.Image != nil || post.ImageURL != nil {
			one.Cover = picturePath("posts", post.ID, coverSize)
		}
		cards = append(cards, one)
	}
	return cards
}

// contentLang is the language that objects are described in when it is not the
// page's: the site's own. It is empty on pages in that language.
func (v *visit) contentLang() string {
	if v.lang == v.p.Language {
		return ""
	}
	return v.p.Language
}
