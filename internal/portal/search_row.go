package portal

import (
	"context"
	"html/template"
	"net/url"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/i18n"
	"grenier/internal/image"
	"grenier/internal/search"
	"grenier/internal/text"
	"grenier/internal/web"
)

// result is a row of a search: the template part "result" draws it.
type result struct {
	// ID is unique in the page.
	ID    string
	Title template.HTML
	URL   string
	// Lang is the language of title and excerpt when it may differ from the
	// page's.
	Lang string
	// Kicker is what the object is, Icon its picture; empty for datasets.
	Kicker, Icon string
	// Owner publishes it.
	Owner resultOwner
	// Logo is the address of a picture; Initials and Shade (1 to 5) make a
	// monogram where there is none.
	Logo     string
	Initials string
	Shade    int
	// Certified tells of an organisation that it is certified itself.
	Certified bool
	Excerpt   template.HTML
	Badges    []resultBadge
	Formats   []resultFormat
	// MoreFormats is how many formats are not shown.
	MoreFormats int
	// Updated is the last update, zero when unknown.
	Updated time.Time
	License string
	Facts   []cardFact
	// Quality is the score of a dataset, nil for other objects.
	Quality  *resultQuality
	Counters []resultCounter
}

type resultOwner struct {
	Name, URL string
	Certified bool
}

// resultBadge is a small mark; Tone is success, warning, danger, info or empty.
type resultBadge struct{ Label, Tone, Icon string }

// resultFormat is a format of files with its family.
type resultFormat struct{ Name, Family string }

// resultQuality is the share of the criteria met.
type resultQuality struct {
	Met, Of int
	Score   float64
}

// resultCounter counts something; Label is short, for a narrow column, Name says
// it in full.
type resultCounter struct {
	Label, Name string
	Count       int64
}

// formatsShown is how many formats a row shows.
const formatsShown = 4

// rows are the results of hits, in their order; keys are what they were made
// from. Those that have just been hidden are left out.
func (v *visit) rows(kind search.Kind, hits []search.Hit, names *valueNames) ([]result, []web.Key, error) {
	if len(hits) == 0 {
		return nil, nil, nil
	}
	ids := make([]string, len(hits))
	byID := make(map[string]*search.Hit, len(hits))
	keys := make([]web.Key, 0, 2*len(hits))
	for i := range hits {
		ids[i] = hits[i].ID
		byID[hits[i].ID] = &hits[i]
		keys = append(keys, web.Object(kind.String(), hits[i].ID))
	}
	b := &rowBuilder{visit: v, hits: byID, names: names}
	var err error
	ctx := v.Context()
	switch kind {
	case search.Dataset:
		err = b.datasets(ctx, ids)
	case search.Reuse:
		err = b.reuses(ctx, ids)
	case search.Dataservice:
		err = b.dataservices(ctx, ids)
	case search.Organization:
		err = b.organizations(ctx, ids)
	case search.Topic:
		err = b.topics(ctx, ids)
	case search.Post:
		err = b.posts(ctx, ids)
	}
	return b.rows, append(keys, b.keys...), err
}

// rowBuilder makes rows out of hits and objects.
type rowBuilder struct {
	*visit
	hits  map[string]*search.Hit
	names *valueNames
	rows  []result
	keys  []web.Key
}

// row begins the row of an object: the words of the question are marked.
func (b *rowBuilder) row(folder, id, slug string, owned *catalog.Owned) result {
	hit := b.hits[id]
	row := result{
		ID: "r-" + id, Title: template.HTML(hit.Title.HTML()), URL: b.path("/" + folder + "/" + url.PathEscape(slug)),
		Lang: b.contentLang(), Excerpt: template.HTML(hit.Snippet.HTML()), Shade: shade(id), Initials: image.Initials(hit.Title.Text),
	}
	if owned == nil {
		return row
	}
	row.Owner.Name = owned.OwnerName()
	switch {
	case owned.Organization != nil:
		o := owned.Organization
		row.Owner.URL, row.Owner.Certified = b.path("/organizations/"+url.PathEscape(o.Slug)), o.Certified
		row.Logo, row.Initials, row.Shade = organizationLogo(o.ID, o.Logo), image.Initials(row.Owner.Name), shade(o.ID)
		b.keys = append(b.keys, web.Object(catalog.KindOrganization, o.ID))
	case owned.Owner != nil:
		row.Owner.URL = b.path("/users/" + url.PathEscape(owned.Owner.Slug))
		row.Initials, row.Shade = image.Initials(row.Owner.Name), shade(owned.Owner.ID)
		b.keys = append(b.keys, web.Object(catalog.KindUser, owned.Owner.ID))
	}
	return row
}

// acronym is what follows a title: nothing when the title has it already.
func acronym(title string, acronym *string) template.HTML {
	if acronym == nil || *acronym == "" || strings.Contains(strings.ToLower(title), strings.ToLower(*acronym)) {
		return ""
	}
	return template.HTML(" (" + template.HTMLEscapeString(*acronym) + ")")
}

func (b *rowBuilder) counter(id string, count int64) resultCounter {
	return resultCounter{b.say.T("search.counter-" + id), b.say.T("search.name-" + id), count}
}

func moment(t db.Time) time.Time { return t.Time }

// access tells who may use something.
func (b *rowBuilder) access(kind string) resultBadge {
	tone, icon := "warning", "lock"
	if kind == "open" {
		tone, icon = "success", "check"
	}
	return resultBadge{i18n.Label(i18n.AccessType, kind, b.lang), tone, icon}
}

func (b *rowBuilder) datasets(ctx context.Context, ids []string) error {
	datasets, err := b.p.Catalog.DatasetsByIDs(ctx, account.Nobody, ids, catalog.Parts{})
	if err != nil {
		return err
	}
	formats, err := b.p.Catalog.FormatsOf(ctx, ids)
	if err != nil {
		return err
	}
	for i := range datasets {
		b.rows = append(b.rows, b.dataset(&datasets[i], formats[datasets[i].ID]))
	}
	return nil
}

func (b *rowBuilder) dataset(d *catalog.Dataset, formats []string) result {
	row := b.row("datasets", d.ID, d.Slug, &d.Owned)
	row.Title += acronym(d.Title, d.Acronym)
	if d.DescriptionShort != nil && *d.DescriptionShort != "" && len(b.hits[d.ID].Snippet.Marks) == 0 {
		row.Excerpt = template.HTML(template.HTMLEscapeString(text.Excerpt(*d.DescriptionShort, 2*excerptLength)))
	}
	row.Updated = moment(d.LastUpdate)
	for _, format := range formats[:min(len(formats), formatsShown)] {
		row.Formats = append(row.Formats, resultFormat{formatLabel(format), catalog.FormatFamily(format)})
	}
	row.MoreFormats = max(0, len(formats)-formatsShown)
	if d.License != nil {
		row.License = b.names.licenses[*d.License]
	}
	if d.AccessType != "open" {
		row.Badges = append(row.Badges, b.access(d.AccessType))
	}
	for _, badge := range d.Badges {
		row.Badges = append(row.Badges, resultBadge{Label: i18n.Label(i18n.DatasetBadge, badge, b.lang), Tone: "info"})
	}
	quality := d.Quality(b.now, b.p.QualityDescriptionLength)
	row.Quality = &resultQuality{Met: int(quality.Score*qualityCriteria + 0.5), Of: qualityCriteria, Score: quality.Score}
	var downloads int64
	if d.Downloads != nil {
		downloads = *d.Downloads
	}
	row.Counters = []resultCounter{
		b.counter("views", d.Views), b.counter("downloads", downloads), b.counter("reuses", d.Reuses), b.counter("followers", d.Followers),
	}
	return row
}

// qualityCriteria is the number of criteria of the quality of a dataset.
const qualityCriteria = 9

func (b *rowBuilder) reuses(ctx context.Context, ids []string) error {
	reuses, err := b.p.Catalog.ReusesByIDs(ctx, account.Nobody, ids)
	for i := range reuses {
		r := &reuses[i]
		row := b.row("reuses", r.ID, r.Slug, &r.Owned)
		row.Kicker, row.Icon = i18n.Label(i18n.ReuseType, r.Type, b.lang), "reuse"
		row.Updated = moment(r.ModifiedAt)
		if !r.ArchivedAt.IsZero() {
			row.Badges = append(row.Badges, resultBadge{b.say.T("search.archived"), "warning", "archive"})
		}
		if r.Topic != "" {
			row.Facts = append(row.Facts, cardFact{Icon: "topic", Text: i18n.Label(i18n.ReuseTopic, r.Topic, b.lang)})
		}
		row.Facts = append(row.Facts, cardFact{Icon: "dataset", Text: b.say.T("common.datasets", "count", r.DatasetCount)})
		row.Counters = []resultCounter{b.counter("views", r.Views), b.counter("followers", r.Followers)}
		b.rows = append(b.rows, row)
	}
	return err
}

func (b *rowBuilder) dataservices(ctx context.Context, ids []string) error {
	services, err := b.p.Catalog.DataservicesByIDs(ctx, account.Nobody, ids)
	for i := range services {
		s := &services[i]
		row := b.row("dataservices", s.ID, s.Slug, &s.Owned)
		row.Kicker, row.Icon = b.say.T("search.one-dataservices"), "api"
		row.Updated = moment(s.ModifiedAt)
		row.Badges = append(row.Badges, b.access(s.AccessType))
		if s.DatasetCount > 0 {
			row.Facts = append(row.Facts, cardFact{Icon: "dataset", Text: b.say.T("common.datasets", "count", s.DatasetCount)})
		}
		row.Counters = []resultCounter{b.counter("views", s.Views), b.counter("reuses", s.Reuses), b.counter("followers", s.Followers)}
		b.rows = append(b.rows, row)
	}
	return err
}

func (b *rowBuilder) organizations(ctx context.Context, ids []string) error {
	organizations, err := b.p.Organizations.ByIDs(ctx, ids)
	for i := range organizations {
		o := &organizations[i]
		if !o.DeletedAt.IsZero() {
			continue
		}
		row := b.row("organizations", o.ID, o.Slug, nil)
		row.Logo, row.Initials, row.Certified = organizationLogo(o.ID, o.Logo), image.Initials(o.Name), o.Certified
		row.Title += acronym(o.Name, o.Acronym)
		for _, badge := range o.Badges {
			if badge != "certified" {
				row.Kicker, row.Icon = i18n.Label(i18n.OrganizationBadge, badge, b.lang), "building"
				break
			}
		}
		row.Facts = []cardFact{{Icon: "dataset", Text: b.say.T("common.datasets", "count", o.Datasets)}}
		if o.Reuses > 0 {
			row.Facts = append(row.Facts, cardFact{Icon: "reuse", Text: b.say.T("common.reuses", "count", o.Reuses)})
		}
		if o.Dataservices > 0 {
			row.Facts = append(row.Facts, cardFact{Icon: "api", Text: b.say.T("search.found-dataservices", "count", o.Dataservices)})
		}
		row.Counters = []resultCounter{b.counter("views", o.Views), b.counter("followers", o.Followers)}
		b.rows = append(b.rows, row)
	}
	return err
}

func (b *rowBuilder) topics(ctx context.Context, ids []string) error {
	topics, err := b.p.Catalog.TopicsByIDs(ctx, account.Nobody, ids)
	for i := range topics {
		topic := &topics[i]
		row := b.row("topics", topic.ID, topic.Slug, &topic.Owned)
		row.Updated = moment(topic.ModifiedAt)
		row.Facts = []cardFact{{Icon: "list", Text: b.say.T("common.elements", "count", topic.ElementCount)}}
		b.rows = append(b.rows, row)
	}
	return err
}

func (b *rowBuilder) posts(ctx context.Context, ids []string) error {
	posts, err := b.p.Catalog.PostsByIDs(ctx, account.Nobody, ids)
	for i := range posts {
		row := b.row("posts", posts[i].ID, posts[i].Slug, nil)
		row.Initials = ""
		row.Kicker, row.Icon = b.say.Date(posts[i].PublishedAt), "post"
		b.rows = append(b.rows, row)
	}
	return err
}
