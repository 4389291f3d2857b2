package portal

import (
	"slices"

	"grenier/internal/catalog"
	"grenier/internal/web"
)

// binArgs say which part of the bin is read.
type binArgs struct {
	listArgs
	Only string `query:"kind"`
}

// ownerBinArgs say whose bin is read.
type ownerBinArgs struct {
	binArgs
	ID string `path:"id"`
}

// binnedArgs name a deleted object.
type binnedArgs struct {
	Kind string `path:"kind"`
	ID   string `path:"id"`
}

// adminBin is what was deleted and can be brought back.
type adminBin struct{ List listing }

func (p *Portal) adminBinRoutes(t *table) {
	adminPage(t, "/admin/bin", func(v *visit, _ web.None) error { return v.to(302, "/admin/me/bin") })
	adminPage(t, "/admin/me/bin", p.showMyBin)
	adminPage(t, "/admin/organizations/{id}/bin", p.showOwnerBin)
	adminPage(t, "/admin/site/bin", p.showSiteBin)
	form(t, "/admin/bin/{kind}/{id}", "POST /api/2/bin/{kind}/{id}/restore/", p.bringBack)
}

func (p *Portal) showMyBin(v *visit, in binArgs) error {
	var f catalog.BinFilter // theirs, and those of their organisations
	if v.viewer.Admin() {
		f.Person = v.viewer.UserID()
	}
	return v.showBin(scopeMe, "/admin/me/bin", f, in)
}

func (p *Portal) showOwnerBin(v *visit, in ownerBinArgs) error {
	id, err := v.ownOrganization(in.ID)
	if err != nil {
		return err
	}
	return v.showBin(scopeOf(id), "/admin/organizations/"+id+"/bin", catalog.BinFilter{Organization: id}, in.binArgs)
}

func (p *Portal) showSiteBin(v *visit, in binArgs) error {
	return v.showBin(scopeSite, "/admin/site/bin", catalog.BinFilter{}, in)
}

// binKinds are the kinds that the bin holds.
var binKinds = []string{
	catalog.KindDataset, catalog.KindReuse, catalog.KindDataservice, catalog.KindTopic, catalog.KindPost, catalog.KindCommunity, catalog.KindChart,
	catalog.KindOrganization,
}

func (v *visit) showBin(of scope, path string, f catalog.BinFilter, in binArgs) error {
	l := v.lister(path, in.listArgs, nil, "kind")
	if slices.Contains(binKinds, in.Only) {
		f.Kind = in.Only
	}
	rows, total, err := v.p.Catalog.Bin(v.Context(), v.viewer, f, catalog.Page{Offset: l.offset(), Limit: l.Size})
	if err != nil {
		return err
	}
	kinds := []option{{Label: v.say.T("admin-history.all")}}
	for _, kind := range binKinds {
		kinds = append(kinds, option{Value: kind, Label: v.say.T("activity.kind-" + kindWord(kind))})
	}
	content := adminBin{List: listing{
		ID: "bin", Caption: v.say.T("admin.menu-bin"), Total: total, Pager: l.pager(total), Sizes: l.sizes(total),
		Filters: []listFilter{l.filter("admin-history.of-kind", "kind", kinds)},
		Columns: []listColumn{
			l.column("admin-history.column-title", ""), l.column("admin-history.column-deleted", ""), l.column("admin-history.column-by", ""),
			l.column("admin-history.column-left", ""), l.column("admin-history.column-action", ""),
		},
		Empty: emptyState{"trash", v.say.T("admin-history.bin-empty"), v.say.T("admin-history.bin-empty-text"), nil},
	}}
	if of == scopeMe && total == 0 {
		if content.List.Empty.Actions, err = v.otherBins(); err != nil {
			return err
		}
		if len(content.List.Empty.Actions) > 0 {
			content.List.Empty.Text = v.say.T("admin-history.bin-elsewhere")
		}
	}
	for i := range rows {
		content.List.Rows = append(content.List.Rows, v.binRow(&rows[i], path))
	}
	return v.showAdmin(adminDraft{
		name: "bin", title: v.say.T("admin.menu-bin"), path: path, scope: of, icon: "trash", data: content, lead: v.say.T("admin-history.bin-lead", "time", v.binTime()),
	})
}

// binTime says for how long the bin keeps what was deleted.
func (v *visit) binTime() string {
	return v.say.T("admin-token.days", "count", int(v.p.Catalog.BinRetention().Hours()/24))
}

// otherBins lead to the bins of the organizations of who looks.
func (v *visit) otherBins() ([]AdminAction, error) {
	const most = 8
	own, err := v.ownOrganizations("")
	if err != nil {
		return nil, err
	}
	var actions []AdminAction
	for i := range own[:min(len(own), most)] {
		actions = append(actions, AdminAction{Label: own[i].Name, URL: v.path(organizationAdmin(own[i].ID, "/bin")), Icon: "trash"})
	}
	return actions, nil
}

// binRow is a deleted object.
func (v *visit) binRow(b *catalog.Binned, path string) listRow {
	detail := v.say.T("activity.kind-" + kindWord(b.Kind))
	if b.Organization != nil {
		detail += " · " + b.Organization.Name
	}
	name := linkCell(b.Title, v.path(historyPath(b.Kind, b.ID)), detail)
	name.Lang = v.contentLang()
	by := ""
	if b.By != nil {
		by = b.By.FullName()
	}
	days := int(b.PurgedAt.Sub(v.now).Hours()/24) + 1
	left := badge{v.say.T("admin-history.days", "count", max(days, 0)), "", "clock"}
	if days <= 3 {
		left.Tone = "warning"
	}
	back := v.button("/admin/bin/"+b.Kind+"/"+b.ID, "admin-history.bring-back", "history", "list", path)
	back.Small, back.Of = true, b.Title
	return listRow{Cells: []listCell{name, momentCell(b.DeletedAt.Time), textCell(by), badgeCell(left), buttonCell(back)}}
}

func (p *Portal) bringBack(v *visit, in binnedArgs, sent *posted) error {
	back := "/admin/me/bin"
	if path := sent.text("list"); path == "/admin/site/bin" || fits("/admin/organizations/{id}/bin", path) {
		back = path
	}
	if _, err := p.restorer().BringBack(sent.Context(), v.viewer, in.Kind, in.ID); err != nil {
		return err
	}
	return sent.done(back, "admin-history.done-back")
}
