package portal

import (
	"grenier/internal/catalog"
)

// adminDatasetCommunity lists what others added to a dataset.
type adminDatasetCommunity struct{ List listing }

func (p *Portal) showAdminDatasetCommunity(v *visit, in adminFilesArgs) error {
	d, done, err := v.keptDataset(in.ID, adminTabCommunity)
	if done || err != nil {
		return err
	}
	l := v.lister(adminDatasetPath(d.ID, adminTabCommunity), in.listArgs, []string{"-created", "title"})
	rows, total, err := p.Catalog.CommunityResources(v.Context(), v.viewer, catalog.CommunityFilter{
		Dataset: d.ID, Sort: l.Sort, Page: catalog.Page{Offset: l.offset(), Limit: l.Size},
	})
	if err != nil {
		return err
	}
	planned, err := v.planned(d)
	if err != nil {
		return err
	}
	content := adminDatasetCommunity{List: listing{
		ID: "community", Caption: v.say.T("publish.community"), Total: total, Pager: l.pager(total), Sizes: l.sizes(total),
		Columns: []listColumn{l.column("publish.file-title", "title"), l.column("publish.community-by", ""), l.column("publish.format", ""), l.column("publish.community-added", "created")},
		Empty:   emptyState{"users", v.say.T("dataset.no-community"), v.say.T("publish.no-community-text"), nil},
	}}
	for i := range rows {
		f := v.file(d, &rows[i])
		by := listCell{}
		if who := v.producer(&rows[i].Owned); who != nil {
			by = linkCell(who.Name, who.URL, "")
		}
		name := linkCell(f.Title, v.path(datasetPath(d, tabCommunity))+"?resource_id="+f.ID, f.Label)
		name.Lang = f.Lang
		content.List.Rows = append(content.List.Rows, listRow{Cells: []listCell{name, by, textCell(f.Format), momentCell(f.Created)}})
	}
	return v.showAdmin(v.datasetFrame(d, "dataset-community", adminTabCommunity, planned, content))
}
