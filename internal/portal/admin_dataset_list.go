package portal

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// adminDatasets is a list of datasets for who keeps them.
type adminDatasets struct {
	List listing
	// Results say what became of each dataset of a common change that could not
	// be changed.
	Results []bulkResult
	// Changed is how many of them were.
	Changed int
}

// bulkResult is a dataset that a common change left as it was.
type bulkResult struct{ Title, URL, Reason string }

// adminDatasetsArgs are the arguments of a list of datasets.
type adminDatasetsArgs struct {
	listArgs
	State string `query:"state"`
}

// organizationDatasetsArgs are those of the list of an organisation.
type organizationDatasetsArgs struct {
	adminDatasetsArgs
	ID string `path:"id"`
}

// ownedList is whose datasets a page lists.
type ownedList struct {
	owner account.Owner
	scope scope
	path  string
}

func (p *Portal) showMyDatasets(v *visit, in adminDatasetsArgs) error {
	return v.showDatasetList(ownedList{account.Owner{User: v.viewer.UserID()}, scopeMe, "/admin/me/datasets"}, in)
}

func (p *Portal) showOrganizationKeptDatasets(v *visit, in organizationDatasetsArgs) error {
	found, err := p.Organizations.Resolve(v.Context(), in.ID)
	if err != nil {
		return err
	}
	if found.ID != in.ID && v.posted == nil {
		return v.Redirect(302, withQuery(v.path(organizationDatasetsPath(found.ID)), v.R.URL.RawQuery))
	}
	owner := account.Owner{Organization: found.ID}
	if !v.viewer.May(account.SeeInside, owner, "") {
		return fault.New(fault.Forbidden, "Only members of the organization may see this page.")
	}
	return v.showDatasetList(ownedList{owner, scopeOf(found.ID), organizationDatasetsPath(found.ID)}, in.adminDatasetsArgs)
}

func (p *Portal) showSiteDatasets(v *visit, in adminDatasetsArgs) error {
	return v.showDatasetList(ownedList{account.Owner{}, scopeSite, "/admin/site/datasets"}, in)
}

// keptSorts are the orders of these lists, the first by itself.
var keptSorts = []string{"-created", "title", "last_update", "views"}

// showDatasetList shows a list of datasets.
func (v *visit) showDatasetList(of ownedList, in adminDatasetsArgs) error {
	l := v.lister(of.path, in.listArgs, keptSorts, "state")
	filter := catalog.KeptFilter{Owner: of.owner, Title: l.Query, State: l.args.Get("state"), Sort: l.Sort}
	ids, total, err := v.p.Catalog.KeptDatasets(v.Context(), v.viewer, filter, catalog.Page{Offset: l.offset(), Limit: l.Size})
	if err != nil {
		return err
	}
	rows, err := v.p.Catalog.DatasetsByIDs(v.Context(), v.viewer, ids, catalog.Parts{})
	if err != nil {
		return err
	}
	planned, err := v.p.Catalog.SchedulesOf(v.Context(), ids)
	if err != nil {
		return err
	}
	content := adminDatasets{List: listing{
		ID: "datasets", Caption: v.say.T("publish.list"), Search: l.search("publish.search"),
		Filters: []listFilter{l.filter("publish.state", "state", v.stateOptions())},
		Columns: []listColumn{
			l.column("publish.title", "title"), l.column("publish.state", ""), l.column("quality.title", ""), l.number("publish.column-files", ""),
			l.number("dataset.views", "views"), l.column("dataset.last-update", "last_update"),
		},
		Total: total, Pager: l.pager(total), Sizes: l.sizes(total), CSV: v.keptCSV(of.owner), Empty: v.noDatasets(of, l),
	}}
	for i := range rows {
		content.List.Rows = append(content.List.Rows, v.keptRow(&rows[i], planned[rows[i].ID].Time, of))
	}
	content.List.Tick, content.List.Ticked = l.tick(), l.Ticked
	if content.List.Bulk, err = v.bulkForm(of, filter, total); err != nil {
		return err
	}
	if v.posted != nil {
		content.Results, content.Changed = v.posted.results, v.posted.changed
	}
	draft := adminDraft{
		name: "datasets", title: v.say.T("admin.menu-datasets"), path: of.path, scope: of.scope, icon: "dataset", data: content,
	}
	if !v.p.closed(v.viewer) && of.scope.kind != "site" {
		draft.actions = []AdminAction{{v.say.T("admin.new-dataset"), v.newDatasetPath(of.owner), "upload", "primary"}}
	}
	return v.showAdmin(draft)
}

// newDatasetPath begins a publication for an owner.
func (v *visit) newDatasetPath(of account.Owner) string {
	path := v.path("/admin/datasets/new")
	if of.Organization != "" {
		path += "?organization=" + url.QueryEscape(of.Organization)
	}
	return path
}

// keptFilters are the words for the states that lists are narrowed by.
var keptFilters = map[string]string{
	catalog.KeptPublic: "publish.filter-public", catalog.KeptDraft: "publish.filter-draft", catalog.KeptScheduled: "publish.filter-scheduled",
	catalog.KeptArchived: "publish.filter-archived", catalog.KeptLate: "publish.filter-late", catalog.KeptUnavailable: "publish.filter-unavailable",
	catalog.KeptDeleted: "publish.filter-deleted",
}

func (v *visit) stateOptions() []option {
	options := []option{{Label: v.say.T("publish.filter-all")}}
	for _, state := range catalog.KeptStates {
		options = append(options, option{Value: state, Label: v.say.T(keptFilters[state])})
	}
	return options
}

// keptCSV is the address of the public datasets of an owner as a file.
func (v *visit) keptCSV(of account.Owner) string {
	switch {
	case of.Organization != "":
		return "/datasets.csv?organization=" + url.QueryEscape(of.Organization)
	case of.User != "":
		return "/datasets.csv?owner=" + url.QueryEscape(of.User)
	}
	return "/datasets.csv"
}

func (v *visit) noDatasets(of ownedList, l *lister) emptyState {
	if l.Query != "" || l.args.Get("state") != "" {
		return emptyState{"search", v.say.T("publish.none-found"), v.say.T("publish.none-found-text"), []AdminAction{{v.say.T("publish.filter-all"), l.path, "", ""}}}
	}
	empty := emptyState{"dataset", v.say.T("publish.none"), v.say.T("publish.none-text"), nil}
	if !v.p.closed(v.viewer) {
		empty.Actions = []AdminAction{{v.say.T("admin.new-dataset"), v.newDatasetPath(of.owner), "upload", "primary"}}
	}
	return empty
}

// keptRow is a line of these lists.
func (v *visit) keptRow(d *catalog.Dataset, planned time.Time, of ownedList) listRow {
	target := v.path(adminDatasetPath(d.ID, ""))
	edits := v.viewer.MayEdit(d.OwnedBy(), d.ID)
	if !edits {
		target = v.publicPage(catalog.KindDataset, d.Slug)
	}
	detail := ""
	if of.scope.kind == "site" {
		if who := v.producer(&d.Owned); who != nil {
			detail = who.Name
		}
	}
	name := linkCell(d.Title, target, detail)
	name.Lang = v.contentLang()
	states := v.keptStates(d, planned)
	q := d.Quality(v.now, v.p.QualityDescriptionLength)
	if d.DeletedAt.IsZero() && d.ArchivedAt.IsZero() && q.UpdateInTime != nil && !*q.UpdateInTime {
		states = append(states, badge{v.say.T("publish.state-late"), "warning", "clock"})
	}
	if q.AllAvailable != nil && !*q.AllAvailable {
		states = append(states, badge{v.say.T("publish.state-unavailable"), "danger", "error"})
	}
	row := listRow{Cells: []listCell{
		name, badgeCell(states...), {Meter: &q.Score}, numberCell(d.ResourceTotal()), numberCell(d.Views), momentCell(d.LastUpdate.Time),
	}}
	if edits && d.DeletedAt.IsZero() {
		row.Value = d.ID
	}
	return row
}

// keep is the choice that changes nothing, in a form for several datasets.
const keep = "-"

// bulkForm changes the datasets that are ticked, or all that the filter of the
// list lets through when the page does not show them all.
func (v *visit) bulkForm(of ownedList, filter catalog.KeptFilter, total int) (*formView, error) {
	licenses, err := v.licenseOptions()
	if err != nil {
		return nil, err
	}
	unchanged := option{Value: keep, Label: v.say.T("publish.bulk-keep")}
	f := v.form("bulk", "/admin/datasets/bulk").titled("publish.bulk", "").submit("publish.bulk-submit", "check").light()
	f.hidden("list", of.path)
	f.tags("tags_edit.add", "publish.bulk-add", nil)
	f.tags("tags_edit.remove", "publish.bulk-remove", nil)
	f.choose("license", "publish.license", keep, append([]option{unchanged}, licenses...))
	if of.owner != (account.Owner{}) {
		contacts, err := v.contactOptions(of.owner, nil)
		if err != nil {
			return nil, err
		}
		if len(contacts) > 0 {
			choices := append([]option{unchanged, {Label: v.say.T("publish.bulk-no-contact")}}, contacts...)
			f.choose("contact_points", "publish.contact-point", keep, choices)
		}
	}
	if total > listSizes[0] && total <= catalog.MaxBulk && filter.State != catalog.KeptDeleted {
		f.hidden("q", filter.Title)
		f.hidden("state", filter.State)
		f.hidden("total", strconv.Itoa(total))
		f.check("everything", " "+v.say.T("publish.bulk-everything", "count", total), false)
	}
	view := f.view()
	return &view, nil
}

// listed are all datasets of the list that a form was on, as many as it counted.
func (p *Portal) listed(v *visit, sent *posted) ([]string, error) {
	owner := account.Owner{User: v.viewer.UserID()}
	switch path := p.listPath(sent.text("list")); {
	case path == "/admin/site/datasets":
		owner = account.Owner{}
	case path != "/admin/me/datasets":
		owner = account.Owner{Organization: strings.Split(path, "/")[3]}
	}
	filter := catalog.KeptFilter{Owner: owner, Title: wordsOf(sent.text("q")), State: sent.text("state")}
	ids, total, err := p.Catalog.KeptDatasets(v.Context(), v.viewer, filter, catalog.Page{Limit: catalog.MaxBulk})
	if err == nil && strconv.Itoa(total) != sent.text("total") {
		err = fault.New(fault.Conflict, "The list has changed meanwhile: look at it again before changing everything.")
	}
	return ids, err
}

// editManyDatasets changes the datasets that were ticked alike.
func (p *Portal) editManyDatasets(v *visit, _ web.None, sent *posted) error {
	edit := catalog.DatasetsEdit{AddTags: sent.list("tags_edit.add"), RemoveTags: sent.list("tags_edit.remove")}
	if sent.has("license") && sent.text("license") != keep {
		edit.License = catalog.Some(sent.text("license"))
	}
	if sent.has("contact_points") && sent.text("contact_points") != keep {
		edit.ContactPoints = catalog.Some(sent.texts("contact_points"))
	}
	again := func() error { return p.showListAgain(v, sent.text("list")) }
	chosen, err := sent.texts("id"), error(nil)
	if sent.checked("everything") {
		if chosen, err = p.listed(v, sent); err != nil {
			return sent.again(err, again)
		}
	}
	results, err := p.Catalog.EditDatasets(sent.Context(), v.viewer, chosen, edit)
	if err != nil {
		return sent.again(err, again)
	}
	failed := make(map[string]error)
	var ids []string
	for _, one := range results {
		if one.Err != nil {
			failed[one.ID] = one.Err
			ids = append(ids, one.ID)
		}
	}
	if len(failed) == 0 {
		return sent.done(p.listPath(sent.text("list")), "publish.done-bulk")
	}
	rows, err := p.Catalog.DatasetsByIDs(v.Context(), v.viewer, ids, catalog.Parts{})
	if err != nil {
		return err
	}
	for i := range rows {
		known := fault.Of(failed[rows[i].ID])
		reason := v.refusal(known.SafeText())
		if len(known.Fields) > 0 {
			reason = v.refusal(known.Fields[0].Text)
		}
		sent.results = append(sent.results, bulkResult{rows[i].Title, v.path(adminDatasetPath(rows[i].ID, "")), reason})
	}
	sent.changed = len(results) - len(failed)
	return again()
}

// listPath is one of the lists of datasets, the own one for anything else.
func (p *Portal) listPath(path string) string {
	if fits("/admin/organizations/{id}/datasets", path) || path == "/admin/site/datasets" {
		return path
	}
	return "/admin/me/datasets"
}

// showListAgain shows the list that a form for several datasets was on.
func (p *Portal) showListAgain(v *visit, path string) error {
	path = p.listPath(path)
	switch {
	case path == "/admin/me/datasets":
		return p.showMyDatasets(v, adminDatasetsArgs{})
	case path == "/admin/site/datasets" && v.viewer.Admin():
		return p.showSiteDatasets(v, adminDatasetsArgs{})
	case path == "/admin/site/datasets":
		return fault.New(fault.Forbidden, "Only administrators of the site may see this page.")
	}
	return p.showOrganizationKeptDatasets(v, organizationDatasetsArgs{ID: strings.Split(path, "/")[3]})
}
