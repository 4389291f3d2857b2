package portal

import (
	"bytes"
	"context"
	"net/url"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/i18n"
)

// adminReuseContents are the types of Page.Data of the pages that reuses are
// kept on, and of the lists that all kinds share.
var adminReuseContents = map[string]any{"admin/kept": adminKept{}, "admin/reuse": adminReuse{}}

// adminReuse is the page that a reuse is changed on.
type adminReuse struct {
	// Form asks for what is told of it; it has no ID where nothing can be changed.
	Form formView
	// Picture is the address of its picture, Image the form that replaces it.
	Picture string
	Image   formView
	Danger  dangerZone
}

// adminReuseNewArgs say what a new reuse begins with.
type adminReuseNewArgs struct {
	Organization string `query:"organization"`
	// Dataset and Dataservice name what it is made with.
	Dataset     string `query:"dataset"`
	Dataservice string `query:"dataservice"`
}

// adminReuseRoutes declare the pages that reuses are kept on.
func (p *Portal) adminReuseRoutes(t *table) {
	p.keptRoutes(t, p.reuseSort())
	adminPage(t, "/admin/reuses/new", p.showNewReuse)
	form(t, "/admin/reuses/new", "POST /api/1/reuses/", p.createReuse)
	adminPage(t, "/admin/reuses/{id}", p.showAdminReuse)
	form(t, "/admin/reuses/{id}", "PUT /api/1/reuses/{reuse}/", p.saveAdminReuse)
	pictureForm(t, "/admin/reuses/{id}/image", "POST /api/1/reuses/{reuse}/image/", p.saveReuseImage)
}

// reuseSort is how reuses are kept.
func (p *Portal) reuseSort() *keptSort {
	return &keptSort{
		kind: catalog.KindReuse, base: "reuses", menu: "admin.menu-reuses", icon: "reuse", name: "admin-topic.is-reuse", class: "Reuse", archives: true, restores: true,
		update: "PUT /api/1/reuses/{reuse}/", remove: "DELETE /api/1/reuses/{reuse}/", feature: "/api/1/reuses/{reuse}/featured/",
		find: p.Catalog.ResolveReuse,
		read: func(v *visit, id string) (*keptObject, error) {
			r, err := p.Catalog.Reuse(v.Context(), v.viewer, id)
			if err != nil {
				return nil, err
			}
			return keptReuse(r), nil
		},
		change: func(ctx context.Context, v *visit, id string, c keptChange) error {
			_, err := p.Catalog.UpdateReuse(ctx, v.viewer, id, catalog.ReuseInput{Private: c.privateOpt(), Archived: c.archivedOpt(), Deleted: c.deletedOpt()})
			return err
		},
		drop: func(ctx context.Context, v *visit, id string, notice bool) error {
			return p.Catalog.DeleteReuse(ctx, v.viewer, id, notice)
		},
		show:  func(v *visit, id string) error { return p.showAdminReuse(v, adminObjectArgs{id}) },
		sorts: []string{"-created", "title", "datasets", "views", "last_modified"},
		columns: func(l *lister) []listColumn {
			return []listColumn{
				l.column("admin-kept.title", "title"), l.column("admin-kept.state", ""), l.number("admin-reuse.datasets", "datasets"),
				l.number("admin-kept.views", "views"), l.column("admin-kept.updated", "last_modified"),
			}
		},
		rows:  func(v *visit, ids []string) ([]listRow, error) { return v.reuseRows(ids) },
		empty: "admin-reuse.empty", emptyText: "admin-reuse.empty-text", create: "/admin/reuses/new", createLabel: "admin-reuse.new",
	}
}

func keptReuse(r *catalog.Reuse) *keptObject {
	return &keptObject{
		ID: r.ID, Slug: r.Slug, Title: r.Title, Version: r.Version, Owner: r.OwnedBy(), Private: r.Private, Featured: r.Featured != nil && *r.Featured,
		ArchivedAt: r.ArchivedAt, DeletedAt: r.DeletedAt,
	}
}

func (v *visit) reuseRows(ids []string) ([]listRow, error) {
	reuses, err := v.p.Catalog.ReusesByIDs(v.Context(), v.viewer, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]listRow, len(reuses))
	for i := range reuses {
		r := &reuses[i]
		title := linkCell(r.Title, v.path("/admin/reuses/"+r.ID), i18n.Label(i18n.ReuseType, r.Type, v.lang)+" · "+r.OwnerName())
		title.Lang = v.contentLang()
		rows[i] = listRow{Value: r.ID, Cells: []listCell{
			title, badgeCell(v.keptBadges(keptReuse(r))...), numberCell(r.DatasetCount), numberCell(r.Views), momentOrNot(r.ModifiedAt),
		}}
	}
	return rows, nil
}

// reuseFields ask for what is told of a reuse.
func (v *visit) reuseFields(f *formDraft, r *catalog.Reuse) error {
	f.group("admin-reuse.describe", "")
	f.text("title", "admin-reuse.title", r.Title).most(catalog.TitleMax).require().help("admin-reuse.title-help")
	f.link("url", "admin-reuse.url", r.URL).require().help("admin-reuse.url-help")
	choose := option{Label: v.say.T("admin-kept.choose")}
	f.choose("type", "admin-reuse.type", r.Type, append([]option{choose}, v.labels(i18n.ReuseType)...)).require()
	f.choose("topic", "admin-reuse.topic", r.Topic, append([]option{choose}, v.labels(i18n.ReuseTopic)...)).require()
	f.markdown("description", "admin-reuse.description", r.Description).most(catalog.DescriptionMax).require().help("admin-reuse.description-help")
	f.tags("tags", "admin-kept.tags", r.Tags).help("admin-kept.tags-help")

	f.group("admin-reuse.made-with", "admin-reuse.made-with-help")
	datasets, err := v.chosenObjects(catalog.KindDataset, "datasets", r.DatasetIDs)
	if err != nil {
		return err
	}
	f.picks("datasets", "admin-reuse.datasets", "datasets", datasets...).help("admin-kept.pick-help")
	var ids []string
	for i := range r.Dataservices {
		ids = append(ids, r.Dataservices[i].ID)
	}
	services, err := v.chosenObjects(catalog.KindDataservice, "dataservices", ids)
	f.picks("dataservices", "admin-reuse.dataservices", "dataservices", services...)
	return err
}

// reuseInput reads what reuseFields asked.
func (v *visit) reuseInput(sent *posted) (catalog.ReuseInput, error) {
	in := catalog.ReuseInput{
		Title: catalog.Some(sent.text("title")), URL: catalog.Some(sent.text("url")), Type: catalog.Some(sent.text("type")),
		Topic: catalog.Some(sent.text("topic")), Description: catalog.Some(sent.text("description")), Tags: catalog.Some(sent.list("tags")),
	}
	datasets, err := v.identified(sent, catalog.KindDataset, "datasets")
	if err != nil {
		return in, err
	}
	services, err := v.identified(sent, catalog.KindDataservice, "dataservices")
	in.Datasets, in.Dataservices = catalog.Some(datasets), catalog.Some(services)
	return in, err
}

func (p *Portal) showNewReuse(v *visit, in adminReuseNewArgs) error {
	f := v.form("reuse", "/admin/reuses/new").submit("admin-reuse.create", "check").cancel("/admin/me/reuses")
	s, err := v.publisherField(f, in.Organization)
	if err != nil {
		return err
	}
	blank := &catalog.Reuse{DatasetIDs: v.given(in.Dataset)}
	for _, id := range v.given(in.Dataservice) {
		blank.Dataservices = append(blank.Dataservices, catalog.DataserviceRef{ID: id})
	}
	if err := v.reuseFields(f, blank); err != nil {
		return err
	}
	f.group("admin-kept.publication", "")
	f.check("private", "admin-kept.private", false).help("admin-kept.private-help")
	return v.showAdmin(adminDraft{
		name: "reuse", title: v.say.T("admin-reuse.new"), path: "/admin/reuses/new", scope: s, icon: "reuse", lead: v.say.T("admin-reuse.new-lead"),
		data: adminReuse{Form: f.view()},
	})
}

// given is the identifier that an argument holds, if any.
func (v *visit) given(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

func (p *Portal) createReuse(v *visit, in adminReuseNewArgs, sent *posted) error {
	input, err := v.reuseInput(sent)
	if err != nil {
		return err
	}
	input.Private, input.Organization = catalog.Some(sent.checked("private")), publisherOf(sent)
	made, err := p.Catalog.CreateReuse(sent.Context(), v.viewer, input)
	if err != nil {
		in.Organization = sent.text("organization")
		return sent.again(err, func() error { return p.showNewReuse(v, in) })
	}
	return sent.done("/admin/reuses/"+made.ID, "admin-reuse.done-created")
}

func (p *Portal) showAdminReuse(v *visit, in adminObjectArgs) error {
	k := p.reuseSort()
	id, done, err := v.keptObject(k, in.ID, "")
	if done || err != nil {
		return err
	}
	r, err := p.Catalog.Reuse(v.Context(), v.viewer, id)
	if err != nil {
		return err
	}
	o := keptReuse(r)
	if err := v.editable(o); err != nil {
		return err
	}
	content := adminReuse{Danger: v.keptDanger(k, o)}
	if o.DeletedAt.IsZero() {
		f := v.form("reuse", k.path(id)).version(r.Version)
		if err := v.reuseFields(f, r); err != nil {
			return err
		}
		content.Form = f.view()
		content.Picture = picturePath("reuses", id, "200")
		content.Image = v.imageForm(k.path(id)+"/image", "admin-reuse.image-help")
	}
	return v.showAdmin(v.keptDraft(k, o, "reuse", content))
}

// imageForm asks for a picture.
func (v *visit) imageForm(path, help string) formView {
	f := v.form("image", path).submit("admin-kept.image-send", "upload").light()
	f.file("file", "admin-kept.image", "image/png,image/jpeg,image/webp").help(help)
	return f.view()
}

func (p *Portal) saveAdminReuse(v *visit, in adminObjectArgs, sent *posted) error {
	input, err := v.reuseInput(sent)
	if err == nil {
		_, err = p.Catalog.UpdateReuse(sent.Context(), v.viewer, in.ID, input)
	}
	if err != nil {
		return sent.again(err, func() error { return p.showAdminReuse(v, in) })
	}
	return sent.done("/admin/reuses/"+url.PathEscape(in.ID), "admin-kept.done-saved")
}

func (p *Portal) saveReuseImage(v *visit, in adminObjectArgs, sent *posted, picture *bytes.Reader) error {
	err := v.savePicture(sent, catalog.KindReuse, in.ID, picture)
	if err != nil {
		return sent.again(pictureRefusal(err), func() error { return p.showAdminReuse(v, in) })
	}
	return sent.done("/admin/reuses/"+url.PathEscape(in.ID), "admin-kept.done-image")
}

// savePicture makes what was sent the picture of an object.
func (v *visit) savePicture(sent *posted, kind, id string, picture *bytes.Reader) error {
	if v.p.Files == nil || picture.Len() == 0 {
		return fault.At("Choose a picture first.", "file")
	}
	ctx := sent.Context()
	if err := v.p.Files.PreparePicture(ctx, v.viewer, kind, id); err != nil {
		return err
	}
	drawn, err := v.p.Files.Picture(ctx, v.viewer, kind, picture, nil)
	if err != nil {
		return err
	}
	return v.p.Catalog.SetImage(ctx, v.viewer, kind, id, drawn)
}
