package portal

import (
	"net/url"
	"slices"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/i18n"
	"grenier/internal/text"
	"grenier/internal/web"
)

// reuseContents are the types of Page.Data by the names of the pages here.
var reuseContents = map[string]any{"reuse": reusePage{}}

// reuseRoutes declare the pages of reuses.
func (p *Portal) reuseRoutes(t *table) { page(t, "/reuses/{id}", p.showReuse) }

// reusePage is something made with data.
type reusePage struct {
	ID, Title string
	// Long tells that the title takes many lines.
	Long bool
	// Lang is the language of its texts when it is not the page's.
	Lang string
	// States say what sets it apart from those that all may find.
	States []badge
	// Type and Topic are what it is and what it is about; TopicURL leads to
	// reuses about the same.
	Type, Topic, TypeURL, TopicURL string
	// Image is the address of its picture; empty when it has none.
	Image    string
	Producer *producer
	// URL is the reuse itself, elsewhere; empty when its address is not one of
	// the web.
	URL              string
	Prose            prose
	Figures          []figure
	Tags             []Link
	Created, Updated time.Time
	Share            shareLinks
	// Shelves are the datasets and the APIs it is made with, and reuses like it.
	Shelves []cardShelf
	// Keeping is what who may change it finds there; empty for others.
	Keeping keeping
}

// Bounds of the page of a reuse.
const (
	mostUsed    = 48
	mostRelated = 3
)

func (p *Portal) reuseKind() objectKind {
	return objectKind{catalog.KindReuse, "reuses", p.Catalog.ResolveReuse, true}
}

func (p *Portal) showReuse(v *visit, in objectArgs) error {
	id, done, err := v.object(p.reuseKind(), in.Key, "")
	if done || err != nil {
		return err
	}
	r, err := p.Catalog.Reuse(v.Context(), v.viewer, id)
	if err != nil {
		return err
	}
	path := "/reuses/" + url.PathEscape(r.Slug)
	content := reusePage{
		ID: r.ID, Title: r.Title, Long: isLong(r.Title), Lang: v.contentLang(), States: v.states(commonStates, r.Private, r.ArchivedAt.Time, r.DeletedAt.Time),
		Type: i18n.Label(i18n.ReuseType, r.Type, v.lang), TypeURL: v.path("/reuses/search?type=" + url.QueryEscape(r.Type)),
		Producer: v.producer(&r.Owned), URL: linkable(r.URL), Prose: v.prose(r.Description),
		Tags: v.keywords(r.Tags), Created: r.CreatedAt.Time, Updated: r.ModifiedAt.Time, Share: v.shareOf(r.Title, v.Site.Base+v.path(path)),
		Figures: v.countFigures(counted{"datasets", r.DatasetCount}, counted{"dataservices", int64(len(r.Dataservices))}, counted{"followers", r.Followers},
			counted{"views", r.Views}),
	}
	public := !r.Private && r.DeletedAt.IsZero()
	content.Share.Embed = v.embedOf(embedded{"reuse", "reuses", r.ID, r.Title, path}, public)
	content.Keeping = v.keepingOwned("reuses", r.ID, r.OwnedBy(), r.Private, !r.DeletedAt.IsZero())
	if deref(r.Image) != "" {
		content.Image = picturePath("reuses", r.ID, coverSize)
	}
	if r.Topic != "" {
		content.Topic = i18n.Label(i18n.ReuseTopic, r.Topic, v.lang)
		content.TopicURL = v.path("/reuses/search?topic=" + url.QueryEscape(r.Topic))
	}
	datasets, err := p.Catalog.DatasetsByIDs(v.Context(), v.viewer, r.DatasetIDs[:min(len(r.DatasetIDs), mostUsed)], catalog.Parts{})
	if err != nil {
		return err
	}
	if content.Shelves, err = v.reuseShelves(r, datasets); err != nil {
		return err
	}
	return v.show(draft{
		name: "reuse", title: r.Title, description: text.Excerpt(r.Description, summaryLength), path: path,
		noIndex: !public, image: v.sharePicture("reuses", r.ID), kind: "article",
		crumbs: v.trail("nav.reuses", "/reuses/search", Link{Label: shortTitle(r.Title)}),
		linked: reuseJSONLD(v.linkedSite(), r, datasets), data: content,
		siblings: append([]Sibling{v.document("reuses", r.ID)}, v.oembedSibling(path, r.Title, public)...),
		keys: append(append([]web.Key{web.Object(catalog.KindReuse, r.ID)}, ownerKeys(r.OwnedBy())...),
			cardKinds(catalog.KindDataset, catalog.KindDataservice, catalog.KindReuse)...),
	})
}

// reuseShelves are what a reuse is made with, and reuses like it.
func (v *visit) reuseShelves(r *catalog.Reuse, datasets []catalog.Dataset) ([]cardShelf, error) {
	var shelves []cardShelf
	if len(datasets) > 0 {
		shelves = append(shelves, cardShelf{ID: "datasets", Title: v.say.T("reuse.datasets", "count", len(r.DatasetIDs)), Cards: v.datasetCards(datasets)})
	}
	if len(r.Dataservices) > 0 {
		ids := make([]string, 0, len(r.Dataservices))
		for _, one := range r.Dataservices[:min(len(r.Dataservices), mostUsed)] {
			ids = append(ids, one.ID)
		}
		rows, err := v.p.Catalog.DataservicesByIDs(v.Context(), v.viewer, ids)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			shelves = append(shelves, cardShelf{ID: "dataservices", Title: v.say.T("reuse.dataservices", "count", len(rows)), Cards: v.dataserviceCards(rows)})
		}
	}
	related, err := v.relatedReuses(r)
	if err != nil {
		return nil, err
	}
	if len(related) > 0 {
		shelves = append(shelves, cardShelf{ID: "related", Title: v.say.T("reuse.related"), Cards: related})
	}
	return shelves, nil
}

// relatedReuses are other reuses of the first dataset, then of the same topic.
func (v *visit) relatedReuses(r *catalog.Reuse) ([]card, error) {
	var filters []catalog.ReuseFilter
	if len(r.DatasetIDs) > 0 {
		filters = append(filters, catalog.ReuseFilter{Dataset: r.DatasetIDs[0], Sort: "-views"})
	}
	if r.Topic != "" {
		filters = append(filters, catalog.ReuseFilter{Topic: r.Topic, Sort: "-views"})
	}
	var related []string
	for _, f := range filters {
		if len(related) == mostRelated {
			break
		}
		ids, _, err := v.p.Catalog.ReuseIDs(v.Context(), account.Nobody, f, catalog.Page{Limit: 2*mostRelated + 1})
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if id != r.ID && len(related) < mostRelated && !slices.Contains(related, id) {
				related = append(related, id)
			}
		}
	}
	rows, err := v.p.Catalog.ReusesByIDs(v.Context(), account.Nobody, related)
	return v.reuseCards(rows), err
}
