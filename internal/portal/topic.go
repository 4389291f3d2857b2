package portal

import (
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/text"
	"grenier/internal/web"
)

// topicContents are the types of Page.Data by the names of the pages here.
var topicContents = map[string]any{"topic": topicPage{}}

// topicRoutes declare the pages of topics.
func (p *Portal) topicRoutes(t *table) {
	page(t, "/topics/{id}", p.showTopic)
	for _, group := range topicGroups {
		page(t, "/topics/{id}/"+group.name, func(v *visit, in objectArgs) error { return p.leadToTopicPart(v, in, group.name) })
	}
}

// topicPage is a topic with what it gathers.
type topicPage struct {
	ID, Title string
	// Long tells that the title takes many lines.
	Long bool
	// Lang is the language of its texts when it is not the page's.
	Lang             string
	States           []badge
	Producer         *producer
	Prose            prose
	Count            int64
	Tags             []Link
	Created, Updated time.Time
	Share            shareLinks
	// Groups are its elements by what they are, empty groups left out.
	Groups []topicGroup
	// Keeping is what who may change it finds there; empty for others.
	Keeping keeping
}

// topicGroup is a page of the elements of one sort.
type topicGroup struct {
	// ID is datasets, dataservices, reuses or notes, also the anchor in the page.
	ID, Title string
	Cards     []card
	// Notes are elements that name no object.
	Notes []topicNote
	Pager pager
}

// topicNote is an element of words alone.
type topicNote struct {
	Title string
	HTML  template.HTML
}

// topicGroups are the sorts of elements, in the order of the page.
var topicGroups = []struct{ name, class string }{
	{"datasets", catalog.KindDataset}, {"dataservices", catalog.KindDataservice}, {"reuses", catalog.KindReuse}, {"notes", catalog.WithoutElement},
}

// topicShown is how many elements of a sort a page shows.
const topicShown = 12

// topicArgs are the pages of the groups.
type topicArgs struct {
	objectArgs
	Datasets     string `query:"datasets"`
	Dataservices string `query:"dataservices"`
	Reuses       string `query:"reuses"`
	Notes        string `query:"notes"`
}

// pages are the numbers of the pages asked for, by group.
func (in topicArgs) pages() map[string]int {
	return map[string]int{
		"datasets": pageOf(in.Datasets), "dataservices": pageOf(in.Dataservices), "reuses": pageOf(in.Reuses), "notes": pageOf(in.Notes),
	}
}

func (p *Portal) topicKind() objectKind {
	return objectKind{catalog.KindTopic, "topics", p.Catalog.ResolveTopic, true}
}

func topicPath(t *catalog.Topic) string { return "/topics/" + url.PathEscape(t.Slug) }

// leadToTopicPart leads the former pages of a topic's elements to their place
// in its page.
func (p *Portal) leadToTopicPart(v *visit, in objectArgs, group string) error {
	id, done, err := v.object(p.topicKind(), in.Key, "/"+group)
	if done || err != nil {
		return err
	}
	t, err := p.Catalog.Topic(v.Context(), v.viewer, id)
	if err != nil {
		return err
	}
	return v.Redirect(http.StatusMovedPermanently, v.path(topicPath(t))+"#"+group)
}

func (p *Portal) showTopic(v *visit, in topicArgs) error {
	id, done, err := v.object(p.topicKind(), in.Key, "")
	if done || err != nil {
		return err
	}
	t, err := p.Catalog.Topic(v.Context(), v.viewer, id)
	if err != nil {
		return err
	}
	private := t.Private != nil && *t.Private
	description := deref(t.Description)
	content := topicPage{
		ID: t.ID, Title: t.Name, Long: isLong(t.Name), Lang: v.contentLang(), States: v.states(commonStates, private, time.Time{}, time.Time{}),
		Producer: v.producer(&t.Owned), Prose: v.prose(description), Count: t.ElementCount, Tags: v.keywords(t.Tags),
		Created: t.CreatedAt.Time, Updated: t.ModifiedAt.Time, Share: v.shareOf(t.Name, v.Site.Base+v.path(topicPath(t))),
	}
	content.Share.Embed = v.embedOf(embedded{"topic", "topics", t.ID, t.Name, topicPath(t)}, !private)
	content.Keeping = v.keepingOwned("topics", t.ID, t.OwnedBy(), private, false)
	args := url.Values{}
	for name, number := range in.pages() {
		if number > 1 {
			args.Set(name, strconv.Itoa(number))
		}
	}
	for _, group := range topicGroups {
		shown, err := v.topicGroup(t, group.name, group.class, args)
		if err != nil {
			return err
		}
		if len(shown.Cards)+len(shown.Notes) > 0 {
			content.Groups = append(content.Groups, shown)
		}
	}
	var feeds []Sibling
	if !private {
		for _, kind := range []string{"datasets", "dataservices"} {
			title := v.say.T("common.title-part", "part", v.say.T("nav."+kind), "title", t.Name)
			feeds = append(feeds, v.feedLinks(title, kind, url.Values{"topic": {t.ID}})...)
		}
	}
	return v.show(draft{
		name: "topic", title: t.Name, description: text.Excerpt(description, summaryLength), path: topicPath(t), args: args,
		noIndex: private || len(args) > 0, image: v.sharePicture("topics", t.ID),
		crumbs:   v.trail("nav.topics", "/topics", Link{Label: shortTitle(t.Name)}),
		siblings: append([]Sibling{v.document("topics", t.ID)}, v.oembedSibling(topicPath(t), t.Name, !private)...), feeds: feeds, data: content,
		keys: append(append([]web.Key{web.Object(catalog.KindTopic, t.ID)}, ownerKeys(t.OwnedBy())...),
			cardKinds(catalog.KindTopic, catalog.KindDataset, catalog.KindDataservice, catalog.KindReuse)...),
	})
}

// topicGroup reads a page of the elements of one sort; args are the pages of all
// groups. A page beyond the last one is the last one.
func (v *visit) topicGroup(t *catalog.Topic, name, class string, args url.Values) (topicGroup, error) {
	number := pageOf(args.Get(name))
	filter := catalog.ElementFilter{Class: class, Page: catalog.Page{Offset: (number - 1) * topicShown, Limit: topicShown}}
	elements, total, err := v.p.Catalog.Elements(v.Context(), v.viewer, t.ID, filter)
	if err != nil {
		return topicGroup{}, err
	}
	if len(elements) == 0 && total > 0 {
		number = pagesOf(total, topicShown)
		filter.Offset = (number - 1) * topicShown
		if elements, total, err = v.p.Catalog.Elements(v.Context(), v.viewer, t.ID, filter); err != nil {
			return topicGroup{}, err
		}
	}
	group := topicGroup{ID: name, Title: v.say.T("topic."+name, "count", total)}
	group.Pager = newPager(total, topicShown, number, func(page int) string {
		others := maps.Clone(args)
		others.Del(name)
		if page > 1 {
			others.Set(name, strconv.Itoa(page))
		}
		return withQuery(v.path(topicPath(t)), others.Encode()) + "#" + name
	})
	group.Pager.Label = v.say.T("resource.pages", "group", group.Title)
	if class == catalog.WithoutElement {
		group.Notes = v.topicNotes(elements)
		return group, nil
	}
	group.Cards, err = v.elementCards(class, elements)
	return group, err
}

func (v *visit) topicNotes(elements []catalog.Element) []topicNote {
	var notes []topicNote
	for i := range elements {
		rendered, _ := text.HTML(deref(elements[i].Description), text.Rendering{Heading: 4, Breaks: true, TableLabel: v.say.T("common.table")})
		note := topicNote{Title: deref(elements[i].Title), HTML: template.HTML(rendered)}
		if note.Title != "" || note.HTML != "" {
			notes = append(notes, note)
		}
	}
	return notes
}

// elementCards shows the objects of elements. What the topic says of an object
// goes before what the object says of itself.
func (v *visit) elementCards(class string, elements []catalog.Element) ([]card, error) {
	ids := make([]string, 0, len(elements))
	said := make(map[string]*catalog.Element, len(elements))
	for i := range elements {
		if id := deref(elements[i].ElementID); id != "" && said[id] == nil {
			ids, said[id] = append(ids, id), &elements[i]
		}
	}
	cards, shown, err := v.cardsByIDs(class, ids)
	for i, id := range shown {
		if description := deref(said[id].Description); description != "" {
			cards[i].Text = text.Excerpt(description, excerptLength)
		}
	}
	return cards, err
}

// cardsByIDs shows objects of a kind that the viewer may see, with their
// identifiers.
func (v *visit) cardsByIDs(kind string, ids []string) (cards []card, shown []string, err error) {
	ctx := v.Context()
	switch kind {
	case catalog.KindDataset:
		rows, err := v.p.Catalog.DatasetsByIDs(ctx, v.viewer, ids, catalog.Parts{})
		for i := range rows {
			shown = append(shown, rows[i].ID)
		}
		return v.datasetCards(rows), shown, err
	case catalog.KindReuse:
		rows, err := v.p.Catalog.ReusesByIDs(ctx, v.viewer, ids)
		for i := range rows {
			shown = append(shown, rows[i].ID)
		}
		return v.reuseCards(rows), shown, err
	case catalog.KindDataservice:
		rows, err := v.p.Catalog.DataservicesByIDs(ctx, v.viewer, ids)
		for i := range rows {
			shown = append(shown, rows[i].ID)
		}
		return v.dataserviceCards(rows), shown, err
	}
	return nil, nil, nil
}
