package api

import (
	"encoding/json"
	"net/http"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/web"
)

// Topic gathers datasets, reuses and dataservices about one matter.
type Topic struct {
	Color        *int64                 `json:"color"`
	CreatedAt    Moment                 `json:"created_at"`
	Description  *string                `json:"description"`
	Elements     Link                   `json:"elements"`
	Extras       json.RawMessage        `json:"extras"`
	Featured     bool                   `json:"featured"`
	ID           string                 `json:"id"`
	LastModified Moment                 `json:"last_modified"`
	Name         string                 `json:"name"`
	Organization *OrganizationReference `json:"organization"`
	Owner        *UserReference         `json:"owner"`
	Private      *bool                  `json:"private"`
	Slug         string                 `json:"slug"`
	Spatial      *SpatialCoverage       `json:"spatial"`
	Tags         []string               `json:"tags"`
	URI          string                 `json:"uri"`
}

// TopicElement is one thing that a topic gathers.
type TopicElement struct {
	Description *string           `json:"description"`
	Element     *ElementReference `json:"element"`
	Extras      json.RawMessage   `json:"extras"`
	ID          string            `json:"id"`
	Tags        []string          `json:"tags"`
	Title       *string           `json:"title"`
}

// ElementReference names an object by its class and identifier alone.
type ElementReference struct {
	Class string `json:"class"`
	ID    string `json:"id"`
}

func (a *API) topic(t *catalog.Topic, f form) Topic {
	return Topic{
		Color: t.Color, CreatedAt: moment(t.CreatedAt), Description: t.Description,
		Elements: subsection("/api/2/topics/"+t.ID+"/elements/?page=1&page_size=20", t.ElementCount), Extras: object(t.Extras),
		Featured: t.Featured, ID: t.ID, LastModified: moment(t.ModifiedAt), Name: t.Name,
		Organization: organizationReference(f.viewer, t.Organization), Owner: userReference(t.Owner), Private: t.Private, Slug: t.Slug,
		Spatial: a.spatial(t.HasSpatial, t.Granularity, t.Zones, t.Geometry, f), Tags: list(t.Tags),
		URI: link("/api/2/topics/" + t.Slug + "/"),
	}
}

func topicElement(e *catalog.Element) TopicElement {
	answer := TopicElement{Description: e.Description, Extras: object(e.Extras), ID: e.ID, Tags: list(e.Tags), Title: e.Title}
	if e.ElementKind != nil && e.ElementID != nil {
		answer.Element = &ElementReference{Class: classes[*e.ElementKind], ID: *e.ElementID}
	}
	return answer
}

// sendTopics answers with a page of topics. extra holds further members of the
// envelope, rendered.
func (a *API) sendTopics(c *web.Call, p web.Paging, ids []string, total int, extra string) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	rows, err := a.Catalog.TopicsByIDs(c.Context(), f.viewer, ids)
	if err != nil {
		return err
	}
	all := make([]Topic, len(rows))
	for i := range rows {
		all[i] = a.topic(&rows[i], f)
	}
	keepTopics(c)
	return sendPage(c, p, all, total, extra)
}

// keepTopics names what topics are made from.
func keepTopics(c *web.Call) {
	keepFor(c, catalog.KindTopic, catalog.KindOrganization, catalog.KindUser)
	keepElements(c)
}

// keepElements names what decides which elements are shown.
func keepElements(c *web.Call) {
	keepFor(c, catalog.KindDataset, catalog.KindReuse, catalog.KindDataservice)
}

func (a *API) topicRoutes() {
	tags := []string{"topics"}
	web.Get[web.Page[Topic]](a.v2, "/topics/", web.Doc{Summary: "List topics", Tags: tags, Keep: true}, a.listTopics)
	web.Get[Topic](a.v2, "/topics/{topic}/", web.Doc{Summary: "Read a topic", Tags: tags, Keep: true}, a.getTopic)
	web.Get[web.Page[TopicElement]](a.v2, "/topics/{topic}/elements/", web.Doc{Summary: "List the elements of a topic", Tags: tags, Keep: true}, a.listElements)
	web.Get[web.Page[Topic]](a.v2, "/me/org_topics/", web.Doc{Summary: "List my topics and those of my organizations", Tags: []string{"me"}, Auth: web.User}, a.listMyTopics)
}

type topicArgs struct {
	web.Paging
	Query        string   `query:"q" help:"The search query"`
	Sort         string   `query:"sort" sort:"name,created,last_modified" help:"The field (and direction) on which sorting apply"`
	Private      *bool    `query:"private" help:"Private topics only, which needs somebody logged in, or none"`
	Tags         []string `query:"tag" help:"The tags that must all be there"`
	Geozone      string   `query:"geozone" help:"A zone identifier"`
	Granularity  string   `query:"granularity" help:"A spatial granularity"`
	Organization string   `query:"organization" oid:"Organization arg must be an identifier" help:"An organization identifier"`
	Owner        string   `query:"owner" oid:"Owner arg must be an identifier" help:"A user identifier"`
	Featured     *bool    `query:"featured" help:"Featured topics only, or none"`
	Dataset      string   `query:"dataset" oid:"Dataset arg must be an identifier" help:"The identifier of a dataset in the topic"`
	Reuse        string   `query:"reuse" oid:"Reuse arg must be an identifier" help:"The identifier of a reuse in the topic"`
	Dataservice  string   `query:"dataservice" oid:"Dataservice arg must be an identifier" help:"The identifier of a dataservice in the topic"`
}

func (a *API) listTopics(c *web.Call, q topicArgs) error { return a.topicPage(c, q, false) }

func (a *API) listMyTopics(c *web.Call, q topicArgs) error { return a.topicPage(c, q, true) }

func (a *API) topicPage(c *web.Call, q topicArgs, mine bool) error {
	f := catalog.TopicFilter{
		Query: q.Query, Sort: q.Sort, Mine: mine, Tags: q.Tags, Private: q.Private, Featured: q.Featured, Geozone: q.Geozone,
		Granularity: q.Granularity, Organization: q.Organization, Owner: q.Owner, Dataset: q.Dataset, Reuse: q.Reuse,
		Dataservice: q.Dataservice,
	}
	err := a.askable(c, viewer(c), map[string]*string{
		catalog.KindDataset: &f.Dataset, catalog.KindReuse: &f.Reuse, catalog.KindDataservice: &f.Dataservice,
	})
	if err != nil {
		return err
	}
	ids, total, err := a.Catalog.TopicIDs(c.Context(), viewer(c), f, window(q.Paging))
	if err != nil {
		return err
	}
	if err := web.PastEnd(q.Paging, len(ids)); err != nil {
		return err
	}
	return a.sendTopics(c, q.Paging, ids, total, "")
}

func (a *API) getTopic(c *web.Call, _ web.None) error {
	id, done, err := a.resolved(c, "topic", catalog.KindTopic, a.Catalog.ResolveTopic)
	if done || err != nil {
		return err
	}
	f, err := a.form(c)
	if err != nil {
		return err
	}
	found, err := a.Catalog.Topic(c.Context(), f.viewer, id)
	if err != nil {
		return err
	}
	c.Keep(time.Time{}, web.Object(catalog.KindTopic, id))
	keepTopics(c)
	c.Versioned(found.Version)
	return send(c, http.StatusOK, a.topic(found, f))
}

type elementArgs struct {
	web.Paging
	Class string   `query:"class" enum:"Dataset,Reuse,Dataservice,None" help:"The class of the elements, None for those without object"`
	Query string   `query:"q" help:"Words of the title or the description"`
	Tags  []string `query:"tag" help:"The tags that must all be there"`
}

// kindsOfClasses turns the class of a reference into a kind.
var kindsOfClasses = map[string]string{
	"Dataset": catalog.KindDataset, "Reuse": catalog.KindReuse, "Dataservice": catalog.KindDataservice, "None": catalog.WithoutElement,
}

func (a *API) listElements(c *web.Call, q elementArgs) error {
	id, done, err := a.resolved(c, "topic", catalog.KindTopic, a.Catalog.ResolveTopic)
	if done || err != nil {
		return err
	}
	rows, total, err := a.Catalog.Elements(c.Context(), viewer(c), id, catalog.ElementFilter{
		Class: kindsOfClasses[q.Class], Query: q.Query, Tags: q.Tags, Page: window(q.Paging),
	})
	if err != nil {
		return err
	}
	if err := web.PastEnd(q.Paging, len(rows)); err != nil {
		return err
	}
	all := make([]TopicElement, len(rows))
	for i := range rows {
		all[i] = topicElement(&rows[i])
	}
	keepFor(c, catalog.KindTopic)
	keepElements(c)
	return sendPage(c, q.Paging, all, total, "")
}
