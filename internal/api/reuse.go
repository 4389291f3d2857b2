package api

import (
	"encoding/json"
	"net/http"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/i18n"
	"grenier/internal/search"
	"grenier/internal/web"
)

// ReuseBase are the members that both versions of the API show alike.
type ReuseBase struct {
	Archived       Moment                 `json:"archived"`
	Badges         []Badge                `json:"badges"`
	CreatedAt      Moment                 `json:"created_at"`
	Deleted        Moment                 `json:"deleted"`
	Description    string                 `json:"description"`
	Extras         json.RawMessage        `json:"extras"`
	Featured       *bool                  `json:"featured"`
	ID             string                 `json:"id"`
	Image          *string                `json:"image"`
	ImageThumbnail *string                `json:"image_thumbnail"`
	LastModified   Moment                 `json:"last_modified"`
	Metrics        ReuseMetrics           `json:"metrics"`
	Organization   *OrganizationReference `json:"organization"`
	Owner          *UserReference         `json:"owner"`
	Page           *string                `json:"page"`
	Permissions    Permissions            `json:"permissions"`
	Private        bool                   `json:"private"`
	Slug           string                 `json:"slug"`
	Tags           []string               `json:"tags"`
	Title          string                 `json:"title"`
	Topic          string                 `json:"topic"`
	Type           string                 `json:"type"`
	URI            string                 `json:"uri"`
	URL            string                 `json:"url"`
}

// Reuse is something made with data, as version 1 shows it: with the datasets
// themselves.
type Reuse struct {
	ReuseBase
	Dataservices []DataserviceReference `json:"dataservices"`
	Datasets     []Dataset              `json:"datasets"`
}

// renderedReuse is a Reuse whose datasets are rendered already.
type renderedReuse struct {
	ReuseBase
	Dataservices []DataserviceReference `json:"dataservices"`
	Datasets     []json.RawMessage      `json:"datasets"`
}

// ReuseV2 is a reuse with links to what it is made with, as version 2 shows it.
type ReuseV2 struct {
	ReuseBase
	Dataservices Link `json:"dataservices"`
	Datasets     Link `json:"datasets"`
}

// ReuseMetrics are the counters of a reuse.
type ReuseMetrics struct {
	Datasets          int64           `json:"datasets"`
	Discussions       int64           `json:"discussions"`
	DiscussionsOpen   int64           `json:"discussions_open"`
	Followers         int64           `json:"followers"`
	FollowersByMonths json.RawMessage `json:"followers_by_months"`
	Views             int64           `json:"views"`
}

// ReuseReference is a reuse inside another object.
type ReuseReference struct {
	Class          string  `json:"class"`
	ID             string  `json:"id"`
	Image          *string `json:"image"`
	ImageThumbnail *string `json:"image_thumbnail"`
	Page           *string `json:"page"`
	Title          string  `json:"title"`
	URI            string  `json:"uri"`
}

func reuseReference(r *catalog.ReuseRef) ReuseReference {
	return ReuseReference{
		Class: "Reuse", ID: r.ID, Image: picture(r.Image), ImageThumbnail: picture(r.ImageThumbnail), Page: linkTo("/reuses/" + r.Slug), Title: r.Title,
		URI: link("/api/1/reuses/" + r.Slug + "/"),
	}
}

func reuseBase(r *catalog.Reuse, f form) ReuseBase {
	return ReuseBase{
		Archived: moment(r.ArchivedAt), Badges: badges(r.Badges), CreatedAt: moment(r.CreatedAt), Deleted: moment(r.DeletedAt),
		Description: r.Description, Extras: object(r.Extras), Featured: r.Featured, ID: r.ID, Image: picture(r.Image),
		ImageThumbnail: picture(r.ImageThumbnail), LastModified: moment(r.ModifiedAt), Metrics: ReuseMetrics{
			Datasets: r.DatasetCount, Discussions: r.Discussions, DiscussionsOpen: r.DiscussionsOpen, Followers: r.Followers,
			FollowersByMonths: byMonths(r.FollowersByMonths), Views: r.Views,
		},
		Organization: organizationReference(f.viewer, r.Organization), Owner: userReference(r.Owner), Page: linkTo("/reuses/" + r.Slug),
		Permissions: permissions(f.viewer, r.OwnedBy(), r.ID), Private: r.Private, Slug: r.Slug, Tags: list(r.Tags), Title: r.Title,
		Topic: r.Topic, Type: r.Type, URI: link("/api/1/reuses/" + r.Slug + "/"), URL: r.URL,
	}
}

func reuseV2(r *catalog.Reuse, f form) ReuseV2 {
	return ReuseV2{
		ReuseBase:    reuseBase(r, f),
		Dataservices: subsection("/api/1/dataservices/?reuse="+r.ID+"&page=1&page_size=50", int64(len(r.Dataservices))),
		Datasets:     subsection("/api/2/datasets/?reuse="+r.ID+"&page=1&page_size=50", r.DatasetCount),
	}
}

// reuses renders reuses as version 1 shows them; path is where they stand in
// the answer.
func (a *API) reuses(c *web.Call, rows []catalog.Reuse, f form, path ...string) ([][]byte, error) {
	var ids []string
	for i := range rows {
		ids = append(ids, rows[i].DatasetIDs...)
	}
	datasets, err := a.embeddedDatasets(c, ids, f, append(path, "datasets")...)
	if err != nil {
		return nil, err
	}
	items := make([][]byte, len(rows))
	for i := range rows {
		reuse := renderedReuse{
			ReuseBase: reuseBase(&rows[i], f), Datasets: among(datasets, rows[i].DatasetIDs),
			Dataservices: make([]DataserviceReference, len(rows[i].Dataservices)),
		}
		for j := range rows[i].Dataservices {
			reuse.Dataservices[j] = dataserviceReference(&rows[i].Dataservices[j])
		}
		if items[i], err = render(reuse); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// streamReuses answers with reuses as version 1 shows them, unpaged.
func (a *API) streamReuses(c *web.Call, ids []string) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	return streamList(c, ids, func(batch []string) ([][]byte, error) {
		rows, err := a.Catalog.ReusesByIDs(c.Context(), f.viewer, batch)
		if err != nil {
			return nil, err
		}
		return a.reuses(c, rows, f)
	})
}

// sendReuses answers with a page of reuses. extra holds further members of the
// envelope, rendered.
func (a *API) sendReuses(c *web.Call, p web.Paging, ids []string, total, version int, extra string) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	rows, err := a.Catalog.ReusesByIDs(c.Context(), f.viewer, ids)
	if err != nil {
		return err
	}
	keepReuses(c)
	if version == v2 {
		all := make([]ReuseV2, len(rows))
		for i := range rows {
			all[i] = reuseV2(&rows[i], f)
		}
		return sendPage(c, p, all, total, extra)
	}
	items, err := a.reuses(c, rows, f, "data")
	if err != nil {
		return err
	}
	return c.Send(http.StatusOK, web.AppendPage(nil, c, p, items, total, extra))
}

// keepReuses names what reuses are made from.
func keepReuses(c *web.Call) {
	keepFor(c, catalog.KindReuse, catalog.KindDataset, catalog.KindDataservice, catalog.KindOrganization, catalog.KindUser, catalog.KindContact)
}

func (a *API) reuseRoutes() {
	tags := []string{"reuses"}
	web.Get[web.Page[Reuse]](a.v1, "/reuses/", web.Doc{Summary: "List reuses", Tags: tags, Keep: true}, a.listReuses)
	web.Get[Reuse](a.v1, "/reuses/{reuse}/", web.Doc{Summary: "Read a reuse", Tags: tags, Keep: true}, a.getReuse)
	web.Get[map[string]string](a.v1, "/reuses/badges/", web.Doc{Summary: "List the badges of reuses", Tags: tags, NoMask: true}, a.listReuseBadges)
	web.Get[[]ReuseSuggestion](a.v1, "/reuses/suggest/", web.Doc{Summary: "Suggest reuses", Tags: tags}, a.suggestReuses)
	web.Get[[]Label](a.v1, "/reuses/types/", web.Doc{Summary: "List the types of reuses", Tags: tags, Keep: true}, a.listReuseTypes)
	web.Get[[]Label](a.v1, "/reuses/topics/", web.Doc{Summary: "List the subjects of reuses", Tags: tags, Keep: true}, a.listReuseTopics)
	web.Get[web.Page[ReuseV2]](a.v2, "/reuses/", web.Doc{Summary: "List reuses", Tags: tags, Keep: true}, a.listReusesV2)
}

type reuseArgs struct {
	web.Paging
	Query             string   `query:"q" help:"The search query"`
	Sort              string   `query:"sort" sort:"datasets,followers,views,title,created,last_modified" help:"The field (and direction) on which sorting apply"`
	Type              string   `query:"type" enum:"api,application,idea,news_article,paper,post,visualization,hardware" help:"The type of the reuse"`
	Topic             string   `query:"topic" enum:"health,transport_and_mobility,housing_and_development,food_and_agriculture,culture_and_recreation,economy_and_business,environment_and_energy,work_and_training,politics_and_public_life,safety_and_security,education_and_research,society_and_demography,law_and_justice,open_data_tools,others" help:"The subject of the reuse"`
	Dataset           string   `query:"dataset" oid:"\x60dataset\x60 must be an identifier" help:"The identifier of a dataset it is made with"`
	Dataservice       string   `query:"dataservice" oid:"\x60dataservice\x60 must be an identifier" help:"The identifier of a dataservice it is made with"`
	Tags              []string `query:"tag" help:"The tags that must all be there"`
	Private           *bool    `query:"private" help:"Private reuses only, or none"`
	Featured          *bool    `query:"featured" help:"Featured reuses only, or none"`
	Owner             string   `query:"owner" oid:"\x60owner\x60 must be an identifier" help:"A user identifier"`
	Organization      string   `query:"organization" oid:"\x60organization\x60 must be an identifier" help:"An organization identifier"`
	OrganizationBadge string   `query:"organization_badge" enum:"public-service,certified,association,company,local-authority" help:"A badge of the organization"`
}

func (q reuseArgs) filter(c *web.Call, a *API, v account.Viewer) (catalog.ReuseFilter, error) {
	f := catalog.ReuseFilter{
		Query: q.Query, Sort: q.Sort, Type: q.Type, Topic: q.Topic, Dataset: q.Dataset, Dataservice: q.Dataservice, Tags: q.Tags,
		Private: q.Private, Featured: q.Featured, Owner: q.Owner, Organization: q.Organization, OrganizationBadge: q.OrganizationBadge,
	}
	return f, a.askable(c, v, map[string]*string{catalog.KindDataset: &f.Dataset, catalog.KindDataservice: &f.Dataservice})
}

func (a *API) listReuses(c *web.Call, q reuseArgs) error { return a.reusePage(c, q, v1) }

func (a *API) listReusesV2(c *web.Call, q reuseArgs) error { return a.reusePage(c, q, v2) }

func (a *API) reusePage(c *web.Call, q reuseArgs, version int) error {
	f, err := q.filter(c, a, viewer(c))
	if err != nil {
		return err
	}
	ids, total, err := a.Catalog.ReuseIDs(c.Context(), viewer(c), f, window(q.Paging))
	if err != nil {
		return err
	}
	if err := web.PastEnd(q.Paging, len(ids)); err != nil {
		return err
	}
	return a.sendReuses(c, q.Paging, ids, total, version, "")
}

func (a *API) getReuse(c *web.Call, _ web.None) error {
	id, done, err := a.resolved(c, "reuse", catalog.KindReuse, a.Catalog.ResolveReuse)
	if done || err != nil {
		return err
	}
	f, err := a.form(c)
	if err != nil {
		return err
	}
	reuse, err := a.Catalog.Reuse(c.Context(), f.viewer, id)
	if err != nil {
		return err
	}
	items, err := a.reuses(c, []catalog.Reuse{*reuse}, f)
	if err != nil {
		return err
	}
	c.Keep(time.Time{}, web.Object(catalog.KindReuse, id))
	keepReuses(c)
	c.Versioned(reuse.Version)
	return c.Send(http.StatusOK, items[0])
}

// listReuseBadges is empty: no badge of reuses is defined.
func (a *API) listReuseBadges(c *web.Call, _ web.None) error {
	return send(c, http.StatusOK, map[string]string{})
}

// ReuseSuggestion is a reuse offered while somebody types.
type ReuseSuggestion struct {
	ID       string  `json:"id"`
	ImageURL *string `json:"image_url"`
	Page     *string `json:"page"`
	Slug     string  `json:"slug"`
	Title    string  `json:"title"`
}

func (a *API) suggestReuses(c *web.Call, q suggestArgs) error {
	ids, err := a.suggested(search.Reuse, q)
	if err != nil {
		return err
	}
	rows, err := a.Catalog.ReuseRefs(c.Context(), ids)
	if err != nil {
		return err
	}
	all := make([]ReuseSuggestion, len(rows))
	for i, r := range rows {
		all[i] = ReuseSuggestion{ID: r.ID, ImageURL: picture(r.ImageThumbnail), Page: linkTo("/reuses/" + r.Slug), Slug: r.Slug, Title: r.Title}
	}
	return send(c, http.StatusOK, all)
}

func (a *API) listReuseTypes(c *web.Call, _ web.None) error {
	return sendLabels(c, i18n.ReuseType)
}

func (a *API) listReuseTopics(c *web.Call, _ web.None) error {
	return sendLabels(c, i18n.ReuseTopic)
}
