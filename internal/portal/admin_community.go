package portal

import (
	"io"
	"net/url"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/i18n"
)

// adminCommunityContents are the types of Page.Data of the pages that community
// resources are kept on.
var adminCommunityContents = map[string]any{"admin/community": adminCommunity{}}

// adminCommunity is the page that a community resource is added or changed on.
type adminCommunity struct {
	Form formView
	// Upload sends a file in place of an address, or a new version of the file;
	// it has no ID where none is taken. API is where scripts send it, Done the page
	// that follows.
	Upload    formView
	API, Done string
	Danger    dangerZone
}

// adminCommunityNewArgs say which dataset gets the file.
type adminCommunityNewArgs struct {
	Dataset      string `query:"dataset"`
	Organization string `query:"organization"`
}

// adminCommunityRoutes declare the pages that community resources are kept on.
func (p *Portal) adminCommunityRoutes(t *table) {
	p.keptLists(t, p.communitySort())
	const base = "/admin/community-resources"
	adminPage(t, base+"/new", p.showNewCommunity)
	form(t, base+"/new", "POST /api/1/datasets/community_resources/", p.createCommunity)
	fileForm(t, base+"/upload", "POST /api/1/datasets/{dataset}/upload/community/", p.uploadCommunity)
	adminPage(t, base+"/{id}", p.showAdminCommunity)
	form(t, base+"/{id}", "PUT /api/1/datasets/community_resources/{uuid}/", p.saveAdminCommunity)
	fileForm(t, base+"/{id}/file", "POST /api/1/datasets/community_resources/{uuid}/upload/", p.replaceCommunity)
	form(t, base+"/{id}/delete", "DELETE /api/1/datasets/community_resources/{uuid}/", p.deleteCommunity)
}

// communitySort is how community resources are kept.
func (p *Portal) communitySort() *keptSort {
	return &keptSort{
		kind: catalog.KindCommunity, base: "community-resources", menu: "admin.menu-community", icon: "users",
		sorts: []string{"-created", "title", "last_modified"},
		columns: func(l *lister) []listColumn {
			return []listColumn{
				l.column("admin-kept.title", "title"), l.column("admin-community.dataset", ""), l.column("admin-community.format", ""),
				l.column("admin-kept.updated", "last_modified"),
			}
		},
		rows:  func(v *visit, ids []string) ([]listRow, error) { return v.communityRows(ids) },
		empty: "admin-community.empty", emptyText: "admin-community.empty-text", create: "/admin/community-resources/new", createLabel: "admin-community.new",
	}
}

func communityPath(id string) string { return "/admin/community-resources/" + url.PathEscape(id) }

func (v *visit) communityRows(ids []string) ([]listRow, error) {
	resources, err := v.p.Catalog.CommunityByIDs(v.Context(), v.viewer, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]listRow, len(resources))
	for i := range resources {
		r := &resources[i]
		title := linkCell(r.Title, v.path(communityPath(r.ID)), r.OwnerName())
		title.Lang = v.contentLang()
		dataset := textCell("–")
		if r.Dataset != nil {
			dataset = linkCell(r.Dataset.Title, v.path("/datasets/"+url.PathEscape(r.Dataset.Slug)+"/"+tabCommunity), "")
			dataset.Lang = v.contentLang()
		}
		rows[i] = listRow{Value: r.ID, Cells: []listCell{title, dataset, textCell(deref(r.Format)), momentOrNot(r.ModifiedInternal)}}
	}
	return rows, nil
}

// communityFields ask for what is told of a community resource.
func (v *visit) communityFields(f *formDraft, r *catalog.Resource) error {
	var ids []string
	if r.DatasetID != nil {
		ids = []string{*r.DatasetID}
	}
	chosen, err := v.chosenObjects(catalog.KindDataset, "dataset", ids)
	if err != nil {
		return err
	}
	f.pick("dataset", "admin-community.dataset", "datasets", chosen...).require().help("admin-community.dataset-help")
	f.text("title", "admin-kept.title", r.Title).most(catalog.TitleMax).require()
	f.choose("type", "admin-community.type", r.Type, v.labels(i18n.ResourceType))
	f.markdown("description", "admin-topic.description", deref(r.Description)).most(catalog.DescriptionMax).rows(5)
	if r.Filetype == "remote" {
		f.link("url", "admin-community.url", r.URL).require().help("admin-community.url-help")
		f.text("format", "admin-community.format", deref(r.Format)).example("csv").help("admin-community.format-help")
	}
	return nil
}

// communityInput reads what communityFields asked.
func (v *visit) communityInput(sent *posted) (catalog.CommunityInput, error) {
	var in catalog.CommunityInput
	ids, err := v.identified(sent, catalog.KindDataset, "dataset")
	if len(ids) > 0 {
		in.Dataset = catalog.Some(ids[0])
	} else {
		in.Dataset = catalog.Some("")
	}
	for name, into := range map[string]*catalog.Opt[string]{
		"title": &in.Title, "type": &in.Type, "description": &in.Description, "url": &in.URL, "format": &in.Format,
	} {
		if sent.has(name) {
			*into = catalog.Some(sent.text(name))
		}
	}
	return in, err
}

func (p *Portal) showNewCommunity(v *visit, in adminCommunityNewArgs) error {
	f := v.form("community", "/admin/community-resources/new").submit("admin-community.create", "check").cancel("/admin/me/community-resources")
	s, err := v.publisherField(f, in.Organization)
	if err != nil {
		return err
	}
	blank := &catalog.Resource{Filetype: "remote", Type: "main"}
	content := adminCommunity{}
	if in.Dataset != "" {
		found, err := p.Catalog.ResolveDataset(v.Context(), in.Dataset)
		if err != nil {
			return err
		}
		if err := p.Catalog.Readable(v.Context(), v.viewer, catalog.KindDataset, found.ID); err != nil {
			return err
		}
		blank.DatasetID = &found.ID
		if p.Files != nil {
			u := v.form("upload", "/admin/community-resources/upload").submit("admin-community.send", "upload").light()
			u.hidden("dataset", found.ID)
			u.file("file", "admin-community.file", "").help("admin-community.file-help")
			content.Upload, content.API = u.view(), "/api/1/datasets/"+found.ID+"/upload/community/"
			content.Done = v.path("/admin/me/community-resources") + "?done=" + "admin-community.done-sent"
		}
	}
	f.group("admin-community.describe", "")
	if err := v.communityFields(f, blank); err != nil {
		return err
	}
	content.Form = f.view()
	return v.showAdmin(adminDraft{
		name: "community", title: v.say.T("admin-community.new"), path: "/admin/community-resources/new", scope: s, icon: "users",
		lead: v.say.T("admin-community.new-lead"), data: content,
	})
}

func (p *Portal) createCommunity(v *visit, in adminCommunityNewArgs, sent *posted) error {
	input, err := v.communityInput(sent)
	if err == nil {
		var made *catalog.Resource
		input.Filetype, input.Organization = catalog.Some("remote"), publisherOf(sent)
		if made, err = p.Catalog.AddCommunity(sent.Context(), v.viewer, input); err == nil {
			return sent.done(communityPath(made.ID), "admin-community.done-created")
		}
	}
	in.Organization = sent.text("organization")
	return sent.again(err, func() error { return p.showNewCommunity(v, in) })
}

// uploadCommunity adds a file that was sent without scripts.
func (p *Portal) uploadCommunity(v *visit, _ adminCommunityNewArgs, sent *sentFiles) error {
	var made *catalog.Resource
	err := sent.each(func(name string, body io.Reader) error {
		if made != nil {
			return fault.At("Choose one file.", "file")
		}
		stored, err := v.store(v.Context(), catalog.UploadTarget{Dataset: sent.text("dataset"), Community: true}, name, body)
		made = stored
		return err
	})
	if err == nil && made == nil {
		err = fault.At("This field is required.", "file")
	}
	if err != nil {
		return sent.again(err, func() error { return p.showNewCommunity(v, adminCommunityNewArgs{Dataset: sent.text("dataset")}) })
	}
	return sent.done(communityPath(made.ID), "admin-community.done-created")
}

// adminCommunityOf reads a community resource for who may change it.
func (v *visit) adminCommunityOf(id string) (*catalog.Resource, error) {
	r, err := v.p.Catalog.Resource(v.Context(), v.viewer, id)
	if err != nil {
		return nil, err
	}
	if !r.Community {
		return nil, fault.New(fault.NotFound, "Community resource does not exist")
	}
	if !v.viewer.May(account.EditCommunity, r.OwnedBy(), r.ID) {
		return nil, fault.New(fault.Forbidden, "You do not have the permission to modify that object.")
	}
	return r, nil
}

func (p *Portal) showAdminCommunity(v *visit, in adminObjectArgs) error {
	r, err := v.adminCommunityOf(in.ID)
	if err != nil {
		return err
	}
	path := communityPath(r.ID)
	f := v.form("community", path).version(r.Version)
	if err := v.communityFields(f, r); err != nil {
		return err
	}
	content := adminCommunity{Form: f.view()}
	if r.Filetype == "file" && p.Files != nil {
		u := v.form("upload", path+"/file").titled("", "").submit("admin-community.replace", "upload").light()
		u.file("file", "admin-community.replace", "").help("admin-community.replace-help")
		content.Upload, content.API = u.view(), "/api/1/datasets/community_resources/"+r.ID+"/upload/"+keepingTitle
		content.Done = v.path(path) + "?done=admin-kept.done-saved"
	}
	d := v.form("delete", path+"/delete").version(r.Version).titled("admin-kept.delete", "admin-kept.delete-text").submit("admin-kept.delete", "trash")
	content.Danger.Forms = []formView{d.typed(r.Title).view()}
	draft := adminDraft{
		name: "community", title: r.Title, path: path, scope: v.scopeOfOwner(r.OwnedBy()), icon: "users", kicker: "admin-community.kind",
		crumbs: []Link{v.keptList(p.communitySort(), r.OwnedBy())}, data: content, tabs: v.tabsOf(catalog.KindCommunity, r.ID, "", nil),
	}
	if r.Dataset != nil {
		draft.public = v.path("/datasets/" + url.PathEscape(r.Dataset.Slug) + "/" + tabCommunity)
	}
	return v.showAdmin(draft)
}

func (p *Portal) saveAdminCommunity(v *visit, in adminObjectArgs, sent *posted) error {
	input, err := v.communityInput(sent)
	if err == nil {
		_, err = p.Catalog.UpdateCommunity(sent.Context(), v.viewer, in.ID, input)
	}
	if err != nil {
		return sent.again(err, func() error { return p.showAdminCommunity(v, in) })
	}
	return sent.done(communityPath(in.ID), "admin-kept.done-saved")
}

// replaceCommunity takes a new version of a file without scripts.
func (p *Portal) replaceCommunity(v *visit, in adminObjectArgs, sent *sentFiles) error {
	taken := false
	err := sent.each(func(name string, body io.Reader) error {
		taken = true
		_, err := v.store(v.Context(), catalog.UploadTarget{Resource: in.ID, Community: true, KeepTitle: true}, name, body)
		return err
	})
	if err == nil && !taken {
		err = fault.At("This field is required.", "file")
	}
	if err != nil {
		return sent.again(err, func() error { return p.showAdminCommunity(v, in) })
	}
	return sent.done(communityPath(in.ID), "admin-kept.done-saved")
}

func (p *Portal) deleteCommunity(v *visit, in adminObjectArgs, sent *posted) error {
	r, err := v.adminCommunityOf(in.ID)
	if err != nil {
		return err
	}
	if !sent.confirmed(r.Title) {
		err = errTyped
	} else {
		err = p.Catalog.RemoveCommunity(sent.Context(), v.viewer, r.ID)
	}
	if err != nil {
		return sent.again(err, func() error { return p.showAdminCommunity(v, in) })
	}
	return sent.done(v.keptListPath(p.communitySort(), r.OwnedBy()), "admin-kept.done-deleted")
}
