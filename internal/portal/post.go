package portal

import (
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/dump"
	"grenier/internal/text"
	"grenier/internal/web"
)

// postContents are the types of Page.Data by the names of the pages here.
var postContents = map[string]any{"posts": postsPage{}, "post": postPage{}}

// postRoutes declare the pages of posts.
func (p *Portal) postRoutes(t *table) {
	page(t, "/posts", p.showPosts)
	page(t, "/posts/{id}", p.showPost)
}

// postsPage is the list of the news.
type postsPage struct {
	// Kinds are the sorts of posts to choose from.
	Kinds []tab
	Cards []card
	Pager pager
	// Feed is the Atom feed of the news.
	Feed string
}

// postPage is an article or a page of the site.
type postPage struct {
	ID, Title string
	// Long tells that the title takes many lines.
	Long bool
	// Lang is the language of its texts when it is not the page's.
	Lang     string
	Headline string
	// News tells an article from a page; Draft that it is not published.
	News, Draft        bool
	Author             *producer
	Published, Updated time.Time
	// Image is the address of its picture, with who made it.
	Image  string
	Credit Item
	// HTML is the content; Blocs is that of composed posts.
	HTML  template.HTML
	Cut   bool
	Blocs []bloc
	Tags  []Link
	Share shareLinks
	// Shelves are the datasets and reuses that it speaks of.
	Shelves []cardShelf
	// Keeping is what who may change it finds there; empty for others.
	Keeping keeping
}

// postsShown is how many posts a page of the list shows.
const postsShown = 12

type postsArgs struct {
	Kind string `query:"kind"`
	Page string `query:"page"`
}

func (p *Portal) showPosts(v *visit, in postsArgs) error {
	kind, number := "", pageOf(in.Page)
	for _, known := range catalog.PostKinds {
		if in.Kind == known {
			kind = known
		}
	}
	address := func(kind string, number int) string {
		args := url.Values{}
		if kind != "" {
			args.Set("kind", kind)
		}
		if number > 1 {
			args.Set("page", strconv.Itoa(number))
		}
		return withQuery(v.path("/posts"), args.Encode())
	}
	ids, total, err := p.Catalog.PostIDs(v.Context(), account.Nobody, catalog.PostFilter{Kind: kind},
		catalog.Page{Offset: (number - 1) * postsShown, Limit: postsShown})
	if err != nil {
		return err
	}
	posts, err := p.Catalog.PostsByIDs(v.Context(), account.Nobody, ids)
	if err != nil {
		return err
	}
	content := postsPage{Cards: v.postCards(posts), Feed: v.feedPath("posts", dump.Atom, nil)}
	content.Pager = newPager(total, postsShown, number, func(page int) string { return address(kind, page) })
	content.Kinds = []tab{{v.say.T("post.kind-all"), address("", 1), -1, kind == ""}}
	for _, known := range catalog.PostKinds {
		content.Kinds = append(content.Kinds, tab{v.say.T("post.kind-" + known), address(known, 1), -1, kind == known})
	}
	args := url.Values{}
	if kind != "" {
		args.Set("kind", kind)
	}
	if number > 1 {
		args.Set("page", strconv.Itoa(number))
	}
	return v.show(draft{
		name: "posts", title: v.say.T("nav.posts"), description: v.say.T("post.lead"), path: "/posts", args: args, lasting: true,
		crumbs: []Link{{v.say.T("site.home"), v.path("/")}, {Label: v.say.T("nav.posts")}},
		feeds:  v.feedLinks(v.say.T("post.feed"), "posts", nil), data: content, keys: cardKinds(catalog.KindPost),
	})
}

func (p *Portal) postKind() objectKind {
	return objectKind{catalog.KindPost, "posts", p.Catalog.ResolvePost, true}
}

func (p *Portal) showPost(v *visit, in objectArgs) error {
	id, done, err := v.object(p.postKind(), in.Key, "")
	if done || err != nil {
		return err
	}
	post, err := p.Catalog.Post(v.Context(), v.viewer, id)
	if err != nil {
		return err
	}
	path := "/posts/" + url.PathEscape(post.Slug)
	content := postPage{
		ID: post.ID, Title: post.Name, Long: isLong(post.Name), Lang: v.contentLang(), Headline: deref(post.Headline), News: post.Kind == "news",
		Draft: post.PublishedAt.IsZero(), Author: v.producer(&catalog.Owned{Owner: post.Owner}), Published: post.PublishedAt.Time,
		Updated: post.ModifiedAt.Time, Tags: v.keywords(post.Tags), Share: v.shareOf(post.Name, v.Site.Base+v.path(path)),
	}
	content.Keeping = v.keepingPost(post)
	if post.Image != nil || post.ImageURL != nil {
		content.Image = picturePath("posts", post.ID, coverSize)
		content.Credit = Item{Label: deref(post.CreditTo), URL: linkable(deref(post.CreditURL)), External: true}
	}
	if err := v.postBody(post, &content); err != nil {
		return err
	}
	if content.Shelves, err = v.postShelves(post); err != nil {
		return err
	}
	description := text.Excerpt(content.Headline, summaryLength)
	if description == "" {
		description = text.Excerpt(deref(post.Content), summaryLength)
	}
	return v.show(draft{
		name: "post", title: post.Name, description: description, path: path, kind: "article", noIndex: content.Draft,
		image: v.sharePicture("posts", post.ID), crumbs: v.trail("nav.posts", "/posts", Link{Label: shortTitle(post.Name)}),
		linked: postJSONLD(v.linkedSite(), post), siblings: []Sibling{v.document("posts", post.ID)},
		feeds: v.feedLinks(v.say.T("post.feed"), "posts", nil), data: content,
		keys: append(append([]web.Key{web.Object(catalog.KindPost, post.ID)}, ownerKeys(account.Owner{User: deref(post.OwnerID)})...),
			cardKinds(catalog.KindDataset, catalog.KindReuse, catalog.KindDataservice)...),
	})
}

// postBody reads the content of a post in its form: Markdown, HTML or blocs.
func (v *visit) postBody(post *catalog.Post, content *postPage) (err error) {
	source := deref(post.Content)
	switch post.BodyType {
	case "blocs":
		content.Blocs, err = v.blocs(post.Blocs)
		return err
	case "html":
		source = oneHTMLBlock(source)
	}
	rendered, cut := text.HTML(source, text.Rendering{Limit: text.MaxLimit, Embeds: true, TableLabel: v.say.T("common.table")})
	content.Cut = cut
	content.HTML, err = v.embedHTML(rendered)
	return err
}

// oneHTMLBlock makes Markdown read a source as HTML throughout: an HTML block
// goes on until an empty line (CommonMark 0.31, section 4.6), so there is none.
func oneHTMLBlock(source string) string {
	var b strings.Builder
	b.WriteString("<div>\n")
	for line := range strings.Lines(source) {
		if strings.TrimSpace(line) != "" {
			b.WriteString(strings.TrimRight(line, "\r\n"))
			b.WriteByte('\n')
		}
	}
	b.WriteString("</div>\n")
	return b.String()
}

// postShelves are what a post speaks of.
func (v *visit) postShelves(post *catalog.Post) ([]cardShelf, error) {
	var shelves []cardShelf
	datasets, _, err := v.cardsByIDs(catalog.KindDataset, post.DatasetIDs[:min(len(post.DatasetIDs), mostUsed)])
	if err != nil {
		return nil, err
	}
	if len(datasets) > 0 {
		shelves = append(shelves, cardShelf{ID: "datasets", Title: v.say.T("post.datasets", "count", len(datasets)), Cards: datasets})
	}
	var ids []string
	for _, r := range post.Reuses[:min(len(post.Reuses), mostUsed)] {
		ids = append(ids, r.ID)
	}
	reuses, _, err := v.cardsByIDs(catalog.KindReuse, ids)
	if err != nil {
		return nil, err
	}
	if len(reuses) > 0 {
		shelves = append(shelves, cardShelf{ID: "reuses", Title: v.say.T("post.reuses", "count", len(reuses)), Cards: reuses})
	}
	return shelves, nil
}
