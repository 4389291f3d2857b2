package api

import (
	"encoding/json"
	"net/http"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/web"
)

// PostBase are the members of a post that need no other object.
type PostBase struct {
	Blocs          []Bloc           `json:"blocs" mask:"hidden"`
	BodyType       string           `json:"body_type"`
	Content        *string          `json:"content"`
	CreatedAt      Moment           `json:"created_at"`
	CreditTo       *string          `json:"credit_to"`
	CreditURL      *string          `json:"credit_url"`
	Headline       *string          `json:"headline"`
	ID             string           `json:"id"`
	Image          *string          `json:"image"`
	ImageThumbnail *string          `json:"image_thumbnail"`
	ImageURL       *string          `json:"image_url"`
	Kind           string           `json:"kind"`
	LastModified   Moment           `json:"last_modified"`
	Name           string           `json:"name"`
	Owner          *UserReference   `json:"owner"`
	Page           *string          `json:"page"`
	Published      Moment           `json:"published"`
	Reuses         []ReuseReference `json:"reuses"`
	Slug           string           `json:"slug"`
	Tags           []string         `json:"tags"`
	URI            string           `json:"uri"`
}

// Post is an article or a page of the site.
type Post struct {
	PostBase
	Datasets []Dataset `json:"datasets"`
}

// renderedPost is a Post whose datasets are rendered already.
type renderedPost struct {
	PostBase
	Datasets []json.RawMessage `json:"datasets"`
}

func postBase(p *catalog.Post, blocs []Bloc) PostBase {
	base := PostBase{
		Blocs: list(blocs), BodyType: p.BodyType, Content: p.Content, CreatedAt: moment(p.CreatedAt), CreditTo: p.CreditTo,
		CreditURL: p.CreditURL, Headline: p.Headline, ID: p.ID, Image: picture(p.Image), ImageThumbnail: picture(p.ImageThumbnail), ImageURL: p.ImageURL,
		Kind: p.Kind, LastModified: moment(p.ModifiedAt), Name: p.Name, Owner: userReference(p.Owner), Page: linkTo("/posts/" + p.Slug),
		Published: moment(p.PublishedAt), Reuses: make([]ReuseReference, len(p.Reuses)), Slug: p.Slug, Tags: list(p.Tags),
		URI: link("/api/1/posts/" + p.Slug + "/"),
	}
	for i := range p.Reuses {
		base.Reuses[i] = reuseReference(&p.Reuses[i])
	}
	return base
}

// posts renders posts; path is where they stand in the answer.
func (a *API) posts(c *web.Call, rows []catalog.Post, f form, path ...string) ([][]byte, error) {
	var ids []string
	for i := range rows {
		ids = append(ids, rows[i].DatasetIDs...)
	}
	datasets, err := a.embeddedDatasets(c, ids, f, append(path, "datasets")...)
	if err != nil {
		return nil, err
	}
	blocs := make([][]Bloc, len(rows))
	if c.Wants(append(path, "blocs")...) {
		stored := make([]db.JSON, len(rows))
		for i := range rows {
			stored[i] = rows[i].Blocs
		}
		if blocs, err = a.blocs(c, stored...); err != nil {
			return nil, err
		}
	}
	items := make([][]byte, len(rows))
	for i := range rows {
		items[i], err = render(renderedPost{PostBase: postBase(&rows[i], blocs[i]), Datasets: among(datasets, rows[i].DatasetIDs)})
		if err != nil {
			return nil, err
		}
	}
	return items, nil
}

// sendPosts answers with a page of posts. extra holds further members of the
// envelope, rendered.
func (a *API) sendPosts(c *web.Call, p web.Paging, ids []string, total int, extra string) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	rows, err := a.Catalog.PostsByIDs(c.Context(), f.viewer, ids)
	if err != nil {
		return err
	}
	items, err := a.posts(c, rows, f, "data")
	if err != nil {
		return err
	}
	keepPosts(c)
	return c.Send(http.StatusOK, web.AppendPage(nil, c, p, items, total, extra))
}

// keepPosts names what posts are made from.
func keepPosts(c *web.Call) {
	keepFor(c, catalog.KindPost)
	keepReuses(c)
	c.Keep(now().Add(blocsHold))
}

func (a *API) postRoutes() {
	tags := []string{"posts"}
	web.Get[web.Page[Post]](a.v1, "/posts/", web.Doc{Summary: "List posts", Tags: tags, Keep: true}, a.listPosts)
	web.Get[Post](a.v1, "/posts/{post}/", web.Doc{Summary: "Read a post", Tags: tags, Keep: true, Hidden: []string{}}, a.getPost)
}

type postArgs struct {
	web.Paging
	Query  string `query:"q" help:"The search query"`
	Sort   string `query:"sort" sort:"created_at,modified,name,headline,published,created,last_modified" help:"The field (and direction) on which sorting apply"`
	Kind   string `query:"kind" enum:"news,page" help:"The kind of posts"`
	Drafts bool   `query:"with_drafts" truthy:"any" help:"With posts that are not published, for administrators"`
}

func (a *API) listPosts(c *web.Call, q postArgs) error {
	ids, total, err := a.Catalog.PostIDs(c.Context(), viewer(c), catalog.PostFilter{
		Query: q.Query, Sort: q.Sort, Kind: q.Kind, Drafts: q.Drafts,
	}, window(q.Paging))
	if err != nil {
		return err
	}
	if err := web.PastEnd(q.Paging, len(ids)); err != nil {
		return err
	}
	return a.sendPosts(c, q.Paging, ids, total, "")
}

func (a *API) getPost(c *web.Call, _ web.None) error {
	id, done, err := a.resolved(c, "post", catalog.KindPost, a.Catalog.ResolvePost)
	if done || err != nil {
		return err
	}
	f, err := a.form(c)
	if err != nil {
		return err
	}
	found, err := a.Catalog.Post(c.Context(), f.viewer, id)
	if err != nil {
		return err
	}
	items, err := a.posts(c, []catalog.Post{*found}, f)
	if err != nil {
		return err
	}
	c.Keep(time.Time{}, web.Object(catalog.KindPost, id))
	keepPosts(c)
	c.Versioned(found.Version)
	return c.Send(http.StatusOK, items[0])
}
