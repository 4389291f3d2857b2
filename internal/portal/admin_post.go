package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"html/template"
	"net/url"
	"slices"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// adminPostContents are the types of Page.Data of the pages that posts are
// written on.
var adminPostContents = map[string]any{"admin/post": adminPost{}, "admin/post-content": adminPostContent{}}

// adminPost is the page that the frame of a post is written on.
type adminPost struct {
	Form formView
	// Picture is the address of its picture, Image the form that replaces it.
	Picture string
	Image   formView
	Danger  dangerZone
}

// adminPostContent is the page that the body of a post is written on.
type adminPostContent struct {
	// Form asks for the text; it has no ID where the post is made of blocs.
	Form formView
	// Blocs are those of a composed post; Composed tells that it is one.
	Composed bool
	Blocs    blocListing
	// Preview is HTML as readers see it.
	Preview template.HTML
	// Manner changes how the body is written.
	Manner formView
}

// adminPostRoutes declare the pages that posts are written on.
func (p *Portal) adminPostRoutes(t *table) {
	adminPage(t, "/admin/site/posts", p.showAdminPosts)
	adminPage(t, "/admin/posts/new", p.showNewPost)
	form(t, "/admin/posts/new", "POST /api/1/posts/", p.createPost)
	const one = "/admin/posts/{id}"
	adminPage(t, one, p.showAdminPost)
	form(t, one, "PUT /api/1/posts/{post}/", p.saveAdminPost)
	pictureForm(t, one+"/image", "POST /api/1/posts/{post}/image/", p.savePostImage)
	form(t, one+"/publish", "POST /api/1/posts/{post}/publish/", p.publishPost)
	form(t, one+"/unpublish", "DELETE /api/1/posts/{post}/publish/", p.unpublishPost)
	form(t, one+"/delete", "DELETE /api/1/posts/{post}/", p.deletePost)
	adminPage(t, one+"/content", p.showPostContent)
	form(t, one+"/content", "PUT /api/1/posts/{post}/", p.savePostContent)
	form(t, one+"/manner", "PUT /api/1/posts/{post}/", p.savePostManner)
	blocRoutes(t, one+"/content", "PUT /api/1/posts/{post}/", blocOpener{
		open: p.openPostBlocs, list: func(v *visit, id string) error { return p.showPostContent(v, adminObjectArgs{id}) },
	})
}

func postPath(id string) string { return "/admin/posts/" + url.PathEscape(id) }

// writesPosts refuses who does not administer the site.
func (v *visit) writesPosts() error {
	if !v.viewer.Admin() {
		return fault.New(fault.Forbidden, "Only administrators of the site may see this page.")
	}
	return nil
}

// adminPostOf reads a post for an administrator.
func (v *visit) adminPostOf(key, tail string) (post *catalog.Post, done bool, err error) {
	if err := v.writesPosts(); err != nil {
		return nil, false, err
	}
	found, err := v.p.Catalog.ResolvePost(v.Context(), key)
	if err != nil {
		return nil, false, err
	}
	if found.ID != key && v.posted == nil {
		return nil, true, v.Redirect(302, v.path(postPath(found.ID)+tail))
	}
	post, err = v.p.Catalog.Post(v.Context(), v.viewer, found.ID)
	return post, false, err
}

// adminPostDraft begins a page of a post.
func (v *visit) adminPostDraft(post *catalog.Post, name, tail string, data any) adminDraft {
	path := postPath(post.ID)
	d := adminDraft{
		name: name, title: post.Name, path: path + tail, scope: scopeSite, kicker: "admin-post.kind-" + post.Kind, icon: "post", badges: []badge{v.postBadge(post)},
		public: v.publicPage(catalog.KindPost, post.Slug), crumbs: []Link{{v.say.T("admin.menu-posts"), v.path("/admin/site/posts")}}, data: data,
		tabs: v.tabsOf(catalog.KindPost, post.ID, tail, nil), preview: post.PublishedAt.IsZero(),
	}
	b := v.button(path+"/publish", "admin-kept.publish", "eye")
	b.Tone = "primary"
	if !post.PublishedAt.IsZero() {
		b = v.button(path+"/unpublish", "admin-post.unpublish", "lock")
	}
	d.buttons = []button{b}
	return d.failed(v)
}

func (v *visit) postBadge(post *catalog.Post) badge {
	if post.PublishedAt.IsZero() {
		return badge{v.say.T("admin-kept.state-draft"), "warning", "lock"}
	}
	return badge{v.say.T("admin-kept.state-public"), "success", "eye"}
}

func (p *Portal) showAdminPosts(v *visit, in keptArgs) error {
	return v.showKept(&keptSort{
		kind: catalog.KindPost, base: "posts", menu: "admin.menu-posts", icon: "post", sorts: []string{"-created", "name", "published", "modified"},
		columns: func(l *lister) []listColumn {
			return []listColumn{
				l.column("admin-kept.title", "name"), l.column("admin-kept.state", ""), l.column("admin-post.published", "published"),
				l.column("admin-kept.updated", "modified"),
			}
		},
		rows:  func(v *visit, ids []string) ([]listRow, error) { return v.postRows(ids) },
		empty: "admin-post.empty", emptyText: "admin-post.empty-text", create: "/admin/posts/new", createLabel: "admin-post.new",
	}, scopeSite, account.Owner{}, in)
}

func (v *visit) postRows(ids []string) ([]listRow, error) {
	posts, err := v.p.Catalog.PostsByIDs(v.Context(), v.viewer, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]listRow, len(posts))
	for i := range posts {
		post := &posts[i]
		name := linkCell(post.Name, v.path(postPath(post.ID)), v.say.T("admin-post.kind-"+post.Kind))
		name.Lang = v.contentLang()
		rows[i] = listRow{Value: post.ID, Cells: []listCell{name, badgeCell(v.postBadge(post)), momentOrNot(post.PublishedAt), momentOrNot(post.ModifiedAt)}}
	}
	return rows, nil
}

// postKinds and bodyTypes are what a post is, and how it is written.
func (v *visit) postKinds() []option {
	return []option{{Value: "news", Label: v.say.T("admin-post.kind-news")}, {Value: "page", Label: v.say.T("admin-post.kind-page")}}
}

func (v *visit) bodyTypes() []option {
	return []option{
		{Value: "markdown", Label: v.say.T("admin-post.body-markdown")}, {Value: "html", Label: v.say.T("admin-post.body-html")},
		{Value: "blocs", Label: v.say.T("admin-post.body-blocs")},
	}
}

// postFields ask for the frame of a post.
func (v *visit) postFields(f *formDraft, post *catalog.Post) {
	f.text("name", "admin-kept.title", post.Name).most(255).require()
	f.area("headline", "admin-post.headline", deref(post.Headline)).rows(3).help("admin-post.headline-help")
	f.radio("kind", "admin-post.kind", post.Kind, v.postKinds())
}

func (p *Portal) showNewPost(v *visit, _ web.None) error {
	if err := v.writesPosts(); err != nil {
		return err
	}
	f := v.form("post", "/admin/posts/new").submit("admin-post.create", "check").cancel("/admin/site/posts")
	v.postFields(f, &catalog.Post{Kind: catalog.PostKinds[0]})
	f.radio("body_type", "admin-post.body", "markdown", v.bodyTypes())
	f.markdown("content", "admin-post.content", "").help("admin-post.content-help")
	return v.showAdmin(adminDraft{
		name: "post", title: v.say.T("admin-post.new"), path: "/admin/posts/new", scope: scopeSite, icon: "post",
		crumbs: []Link{{v.say.T("admin.menu-posts"), v.path("/admin/site/posts")}}, data: adminPost{Form: f.view()},
	})
}

func (p *Portal) createPost(v *visit, in web.None, sent *posted) error {
	made, err := p.Catalog.CreatePost(sent.Context(), v.viewer, catalog.PostInput{
		Name: catalog.Some(sent.text("name")), Headline: catalog.Some(sent.text("headline")), Kind: catalog.Some(sent.text("kind")),
		BodyType: catalog.Some(sent.text("body_type")), Content: catalog.Some(sent.text("content")),
	})
	if err != nil {
		return sent.again(err, func() error { return p.showNewPost(v, in) })
	}
	return sent.done(postPath(made.ID)+"/content", "admin-post.done-created")
}

func (p *Portal) showAdminPost(v *visit, in adminObjectArgs) error {
	post, done, err := v.adminPostOf(in.ID, "")
	if done || err != nil {
		return err
	}
	path := postPath(post.ID)
	f := v.form("post", path).version(post.Version)
	v.postFields(f, post)
	f.tags("tags", "admin-kept.tags", post.Tags)
	if err := v.postLinks(f, post); err != nil {
		return err
	}
	f.group("admin-post.picture", "")
	f.link("image_url", "admin-post.image-url", deref(post.ImageURL)).help("admin-post.image-url-help")
	f.text("credit_to", "admin-post.credit", deref(post.CreditTo)).most(255)
	f.link("credit_url", "admin-post.credit-url", deref(post.CreditURL))
	content := adminPost{Form: f.view(), Picture: picturePath("posts", post.ID, "200"), Image: v.imageForm(path+"/image", "admin-post.image-help")}
	d := v.form("delete", path+"/delete").version(post.Version).titled("admin-kept.delete", "admin-kept.delete-text").submit("admin-kept.delete", "trash")
	content.Danger.Forms = []formView{d.typed(post.Name).view()}
	return v.showAdmin(v.adminPostDraft(post, "post", "", content))
}

// postLinks ask for what a post speaks of.
func (v *visit) postLinks(f *formDraft, post *catalog.Post) error {
	f.group("admin-post.about", "")
	datasets, err := v.chosenObjects(catalog.KindDataset, "datasets", post.DatasetIDs)
	if err != nil {
		return err
	}
	f.picks("datasets", "admin-topic.datasets", "datasets", datasets...)
	var ids []string
	for i := range post.Reuses {
		ids = append(ids, post.Reuses[i].ID)
	}
	reuses, err := v.chosenObjects(catalog.KindReuse, "reuses", ids)
	f.picks("reuses", "admin-topic.reuses", "reuses", reuses...)
	return err
}

func (p *Portal) saveAdminPost(v *visit, in adminObjectArgs, sent *posted) error {
	datasets, err := v.identified(sent, catalog.KindDataset, "datasets")
	if err != nil {
		return err
	}
	reuses, err := v.identified(sent, catalog.KindReuse, "reuses")
	if err != nil {
		return err
	}
	return p.writePost(v, in, sent, catalog.PostInput{
		Name: catalog.Some(sent.text("name")), Headline: catalog.Some(sent.text("headline")), Kind: catalog.Some(sent.text("kind")),
		Tags: catalog.Some(sent.list("tags")), Datasets: catalog.Some(datasets), Reuses: catalog.Some(reuses),
		ImageURL: catalog.Some(sent.text("image_url")), CreditTo: catalog.Some(sent.text("credit_to")), CreditURL: catalog.Some(sent.text("credit_url")),
	}, "", p.showAdminPost)
}

// writePost saves a part of a post, and leads to the page of it.
func (p *Portal) writePost(v *visit, in adminObjectArgs, sent *posted, input catalog.PostInput, tail string, show func(*visit, adminObjectArgs) error) error {
	if _, err := p.Catalog.UpdatePost(sent.Context(), v.viewer, in.ID, input); err != nil {
		return sent.again(err, func() error { return show(v, in) })
	}
	return sent.done(postPath(in.ID)+tail, "admin-kept.done-saved")
}

func (p *Portal) savePostImage(v *visit, in adminObjectArgs, sent *posted, picture *bytes.Reader) error {
	if err := v.savePicture(sent, catalog.KindPost, in.ID, picture); err != nil {
		return sent.again(pictureRefusal(err), func() error { return p.showAdminPost(v, in) })
	}
	return sent.done(postPath(in.ID), "admin-kept.done-image")
}

func (p *Portal) publishPost(v *visit, in adminObjectArgs, sent *posted) error {
	return p.setPublished(v, in, sent, true, "admin-kept.done-published")
}

func (p *Portal) unpublishPost(v *visit, in adminObjectArgs, sent *posted) error {
	return p.setPublished(v, in, sent, false, "admin-kept.done-private")
}

func (p *Portal) setPublished(v *visit, in adminObjectArgs, sent *posted, public bool, done string) error {
	if _, err := p.Catalog.PublishPost(sent.Context(), v.viewer, in.ID, public); err != nil {
		return sent.again(err, func() error { return p.showAdminPost(v, in) })
	}
	return sent.done(postPath(in.ID), done)
}

func (p *Portal) deletePost(v *visit, in adminObjectArgs, sent *posted) error {
	post, _, err := v.adminPostOf(in.ID, "")
	if err != nil {
		return err
	}
	if !sent.confirmed(post.Name) {
		err = errTyped
	} else {
		err = p.Catalog.DeletePost(sent.Context(), v.viewer, post.ID)
	}
	if err != nil {
		return sent.again(err, func() error { return p.showAdminPost(v, in) })
	}
	return sent.done("/admin/site/posts", "admin-kept.done-deleted")
}

func (p *Portal) showPostContent(v *visit, in adminObjectArgs) error {
	post, done, err := v.adminPostOf(in.ID, "/content")
	if done || err != nil {
		return err
	}
	path := postPath(post.ID)
	content := adminPostContent{}
	switch post.BodyType {
	case "blocs":
		e, err := p.postBlocs(v, post)
		if err != nil {
			return err
		}
		content.Composed = true
		if content.Blocs, err = v.blocListing(e); err != nil {
			return err
		}
	default:
		f := v.form("post-content", path+"/content").version(post.Version).submit("form.save", "check")
		if post.BodyType == "html" {
			f.area("content", "admin-post.html", deref(post.Content)).rows(20).require()
			shown := postPage{}
			if err := v.postBody(post, &shown); err != nil {
				return err
			}
			content.Preview = shown.HTML
		} else {
			f.markdown("content", "admin-post.content", deref(post.Content)).rows(20).require()
		}
		content.Form = f.view()
	}
	m := v.form("manner", path+"/manner").version(post.Version).submit("admin-post.change-body", "refresh").light()
	m.radio("body_type", "admin-post.body", post.BodyType, v.bodyTypes()).help("admin-post.body-help")
	content.Manner = m.view()
	return v.showAdmin(v.adminPostDraft(post, "post-content", "/content", content))
}

func (p *Portal) savePostContent(v *visit, in adminObjectArgs, sent *posted) error {
	return p.writePost(v, in, sent, catalog.PostInput{Content: catalog.Some(sent.text("content"))}, "/content", p.showPostContent)
}

// savePostManner changes how a post is written. One that has no text yet gets its
// name as one: a text may not be empty.
func (p *Portal) savePostManner(v *visit, in adminObjectArgs, sent *posted) error {
	post, _, err := v.adminPostOf(in.ID, "")
	if err != nil {
		return err
	}
	input := catalog.PostInput{BodyType: catalog.Some(sent.text("body_type"))}
	if post.Content == nil && sent.text("body_type") != "blocs" {
		input.Content = catalog.Some(post.Name)
	}
	return p.writePost(v, in, sent, input, "/content", p.showPostContent)
}

func (p *Portal) openPostBlocs(v *visit, id string) (*blocEditing, error) {
	if err := v.writesPosts(); err != nil {
		return nil, err
	}
	post, err := p.Catalog.Post(v.Context(), v.viewer, id)
	if err != nil {
		return nil, err
	}
	if post.BodyType != "blocs" {
		return nil, errNoBloc
	}
	return p.postBlocs(v, post)
}

// postBlocs is a composed post that is edited.
func (p *Portal) postBlocs(v *visit, post *catalog.Post) (*blocEditing, error) {
	blocs, err := catalog.Blocs(post.Blocs)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "The blocs of this post cannot be read.")
	}
	path := postPath(post.ID) + "/content"
	crumbs := []Link{{v.say.T("admin.menu-posts"), v.path("/admin/site/posts")}, {shortTitle(post.Name), v.path(path)}}
	return &blocEditing{
		path: path, member: "blocs", blocs: slices.Clone(blocs), version: post.Version,
		frame: adminDraft{scope: scopeSite, kicker: "admin-post.kind-" + post.Kind, public: v.publicPage(catalog.KindPost, post.Slug), preview: post.PublishedAt.IsZero(), crumbs: crumbs},
		save: func(ctx context.Context, blocs json.RawMessage) error {
			_, err := p.Catalog.UpdatePost(ctx, v.viewer, post.ID, catalog.PostInput{Blocs: catalog.Some(blocs)})
			return err
		},
	}, nil
}
