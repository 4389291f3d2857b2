package portal

import (
	"html/template"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
)

// adminOrganizationFigures are the numbers of an organisation.
type adminOrganizationFigures struct {
	Tiles []figure
	// Charts are its counters of the last twelve months, with their tables.
	Charts []template.HTML
	// Top are the datasets that are seen most.
	Top listing
	// Files are lists of what it publishes, for spreadsheets.
	Files []Link
}

// topDatasets is how many datasets a page of figures lists.
const topDatasets = 10

func (p *Portal) showAdminFigures(v *visit, in adminOrganizationArgs) error {
	o, err := v.inside(in.ID, account.SeeInside)
	if err != nil {
		return err
	}
	content := adminOrganizationFigures{Tiles: v.organizationTiles(o), Charts: v.organizationCharts(o)}
	if content.Top, err = v.topDatasets(o); err != nil {
		return err
	}
	for _, name := range organizationFiles {
		label := v.say.T("organization.csv-" + strings.TrimSuffix(name, ".csv"))
		content.Files = append(content.Files, Link{label, "/api/1/organizations/" + o.ID + "/" + name})
	}
	d := v.organizationAdminDraft(o, "organization-figures", v.say.T("admin.menu-figures"), "/figures")
	d.lead, d.data = v.say.T("admin-organization.figures-lead"), content
	return v.showAdmin(d)
}

// topDatasets lists the datasets of an organisation that are seen most.
func (v *visit) topDatasets(o *account.Organization) (listing, error) {
	top := listing{
		ID: "top", Caption: v.say.T("admin-organization.top"),
		Columns: []listColumn{
			{Label: v.say.T("admin-organization.column-dataset")}, {Label: v.say.T("admin-organization.column-views"), Number: true},
			{Label: v.say.T("admin-organization.column-reuses"), Number: true}, {Label: v.say.T("admin-organization.column-followers"), Number: true},
		},
		Empty: emptyState{Icon: "chart", Title: v.say.T("admin-organization.no-figures"), Text: v.say.T("admin-organization.no-figures-text")},
	}
	ids, _, err := v.p.Catalog.DatasetIDs(v.Context(), account.Nobody, catalog.DatasetFilter{Organization: o.ID, Sort: "-views"}, catalog.Page{Limit: topDatasets})
	if err != nil || len(ids) == 0 {
		return top, err
	}
	rows, err := v.p.Catalog.DatasetsByIDs(v.Context(), account.Nobody, ids, catalog.Parts{})
	for i := range rows {
		d := &rows[i]
		title := linkCell(d.Title, v.publicPage(catalog.KindDataset, d.Slug), "")
		title.Lang = v.contentLang()
		top.Rows = append(top.Rows, listRow{Cells: []listCell{title, numberCell(d.Views), numberCell(d.Reuses), numberCell(d.Followers)}})
	}
	top.Total = len(top.Rows)
	return top, err
}
