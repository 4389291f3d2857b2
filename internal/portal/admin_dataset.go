package portal

import (
	"context"
	"net/url"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/i18n"
)

// adminDatasetContents are the types of Page.Data of the pages that datasets are
// published and kept on.
var adminDatasetContents = map[string]any{
	"admin/dataset-new": adminDatasetNew{}, "admin/dataset-publish": adminDatasetPublish{}, "admin/dataset": adminDatasetEdit{},
	"admin/dataset-files": adminDatasetFiles{}, "admin/dataset-community": adminDatasetCommunity{}, "admin/datasets": adminDatasets{},
	"admin/resource": adminResource{},
}

// adminDatasetArgs name a dataset, adminFileArgs a file of it.
type (
	adminDatasetArgs struct {
		ID string `path:"id"`
	}
	adminFileArgs struct {
		ID       string `path:"id"`
		Resource string `path:"rid"`
	}
)

// adminDatasetRoutes declare the pages that datasets are published and kept on.
func (p *Portal) adminDatasetRoutes(t *table) {
	adminPage(t, "/admin/me/datasets", p.showMyDatasets)
	adminPage(t, "/admin/organizations/{id}/datasets", p.showOrganizationKeptDatasets)
	adminPage(t, "/admin/site/datasets", p.showSiteDatasets)
	form(t, "/admin/datasets/bulk", "PATCH /api/2/datasets/", p.editManyDatasets)

	adminPage(t, "/admin/datasets/new", p.showNewDataset)
	fragment(t, "/admin/refusal", p.sayRefusal)
	fileForm(t, "/admin/datasets/new", "POST /api/1/datasets/", p.createDataset)

	const one = "/admin/datasets/{id}"
	adminPage(t, one, p.showAdminDataset)
	form(t, one, "PUT /api/1/datasets/{dataset}/", p.saveAdminDataset)
	adminPage(t, one+"/publish", p.showPublishDataset)
	form(t, one+"/publish", "PUT /api/1/datasets/{dataset}/", p.publishDataset)
	fragment(t, one+"/quality", p.showDraftQuality)
	form(t, one+"/schedule", "PUT /api/2/datasets/{dataset}/schedule/", p.scheduleDataset)
	form(t, one+"/unschedule", "DELETE /api/2/datasets/{dataset}/schedule/", p.unscheduleDataset)
	form(t, one+"/visibility", "PUT /api/1/datasets/{dataset}/", p.changeDatasetVisibility)
	form(t, one+"/archive", "PUT /api/1/datasets/{dataset}/", p.archiveDataset)
	form(t, one+"/restore", "PUT /api/1/datasets/{dataset}/", p.restoreDataset)
	form(t, one+"/delete", "DELETE /api/1/datasets/{dataset}/", p.deleteDataset)
	form(t, one+"/feature", "POST /api/1/datasets/{dataset}/featured/", p.featureDataset)
	form(t, one+"/unfeature", "DELETE /api/1/datasets/{dataset}/featured/", p.unfeatureDataset)
	form(t, one+"/badge", "POST /api/1/datasets/{dataset}/badges/", p.giveDatasetBadge)
	form(t, one+"/unbadge", "DELETE /api/1/datasets/{dataset}/badges/{kind}/", p.takeDatasetBadge)
	adminPage(t, one+"/community", p.showAdminDatasetCommunity)
	p.adminResourceRoutes(t)
}

// adminDatasetPath is the path of a page of a dataset's administration in the
// site's own language: "" for the first, "files", "publish".
func adminDatasetPath(id, tail string) string {
	path := "/admin/datasets/" + url.PathEscape(id)
	if tail != "" {
		path += "/" + tail
	}
	return path
}

// keptDataset reads the dataset that an address of the administration names, for
// who may change it. done tells that the answer was given: the way to the address
// by its identifier.
func (v *visit) keptDataset(key, tail string) (d *catalog.Dataset, done bool, err error) {
	found, err := v.p.Catalog.ResolveDataset(v.Context(), key)
	if err != nil {
		return nil, false, err
	}
	d, err = v.p.Catalog.Dataset(v.Context(), v.viewer, found.ID, catalog.Parts{})
	if err != nil {
		return nil, false, v.orHandedOver(err, found.ID)
	}
	if found.ID != key && v.posted == nil {
		return nil, true, v.Redirect(302, withQuery(v.path(adminDatasetPath(found.ID, tail)), v.R.URL.RawQuery))
	}
	if !v.viewer.MayEdit(d.OwnedBy(), d.ID) {
		return nil, false, v.orHandedOver(fault.New(fault.Forbidden, "You do not have the permission to modify that object."), d.ID)
	}
	return d, false, nil
}

// Tabs of the administration of a dataset.
const (
	adminTabMetadata  = ""
	adminTabFiles     = "files"
	adminTabCommunity = "community"
)

// datasetFrame begins a page of a dataset's administration.
func (v *visit) datasetFrame(d *catalog.Dataset, name, tail string, planned time.Time, data any) adminDraft {
	current := tail
	if current != "" && current != tailHistory {
		current = "/" + current
	}
	tabs := v.tabsOf(catalog.KindDataset, d.ID, current, map[string]int64{"/" + adminTabFiles: d.ResourceCount, "/" + adminTabCommunity: d.CommunityCount})
	draft := adminDraft{
		name: name, title: d.Title, path: adminDatasetPath(d.ID, tail), scope: v.scopeOfOwner(d.OwnedBy()), kicker: "dataset.kind", icon: "dataset",
		badges: v.keptStates(d, planned), tabs: tabs, crumbs: []Link{v.datasetsOf(d.OwnedBy())}, data: data,
	}
	if d.DeletedAt.IsZero() {
		draft.public, draft.preview = v.publicPage(catalog.KindDataset, d.Slug), d.Private
	}
	if d.DeletedAt.IsZero() && d.ResourceCount == 0 {
		draft.notices = append(draft.notices, Notice{"warning", "warning", v.say.T("publish.no-files")})
	}
	if came := v.harvestedFrom(d); came.URL != "" {
		draft.actions = append(draft.actions, came)
	}
	return draft.failed(v)
}

// datasetsOf leads to the list that a dataset is in.
func (v *visit) datasetsOf(o account.Owner) Link {
	path := "/admin/site/datasets"
	switch scope := v.scopeOfOwner(o); scope.kind {
	case "me":
		path = "/admin/me/datasets"
	case "organization":
		path = organizationDatasetsPath(scope.id)
	}
	return Link{v.say.T("admin.menu-datasets"), v.path(path)}
}

// keptStates are the states of a dataset as those who keep it see them.
func (v *visit) keptStates(d *catalog.Dataset, planned time.Time) []badge {
	var states []badge
	add := func(message, tone, icon string) { states = append(states, badge{v.say.T(message), tone, icon}) }
	switch {
	case !d.DeletedAt.IsZero():
		add("publish.state-deleted", "danger", "trash")
	case !d.ArchivedAt.IsZero():
		add("publish.state-archived", "warning", "archive")
	}
	switch {
	case d.Private && !planned.IsZero():
		add("publish.state-scheduled", "info", "clock")
	case d.Private:
		add("publish.state-draft", "warning", "lock")
	case len(states) == 0:
		add("publish.state-public", "success", "eye")
	}
	if d.AccessType != "" && d.AccessType != openAccess {
		states = append(states, badge{i18n.Label(i18n.AccessType, d.AccessType, v.lang), "warning", "key"})
	}
	if d.Featured {
		add("publish.state-featured", "info", "star")
	}
	return states
}

// planned is when a private dataset is to be published, zero for never.
func (v *visit) planned(d *catalog.Dataset) (time.Time, error) {
	if !d.Private || !d.DeletedAt.IsZero() {
		return time.Time{}, nil
	}
	at, err := v.p.Catalog.Schedule(v.Context(), v.viewer, d.ID)
	return at.Time, err
}

// changeDataset writes a dataset without publishing it by omission: what the input
// does not say of its privacy stays.
func (v *visit) changeDataset(ctx context.Context, d *catalog.Dataset, in catalog.DatasetInput) (*catalog.Dataset, error) {
	if !in.Private.Set {
		in.Private = catalog.Some(d.Private)
	}
	return v.p.Catalog.UpdateDataset(ctx, v.viewer, d.ID, in)
}

// publishers are whom somebody may publish for: themselves ("") and their
// organisations.
func (v *visit) publishers() ([]option, error) {
	organizations, err := v.ownOrganizations("")
	if err != nil {
		return nil, err
	}
	var options []option
	for i := range organizations {
		o := &organizations[i]
		if v.viewer.MayPublishAs(account.Owner{Organization: o.ID}) {
			options = append(options, option{Value: o.ID, Label: o.Name})
		}
	}
	if v.viewer.MayPublishAs(account.Owner{User: v.viewer.UserID()}) {
		options = append(options, option{Label: v.say.T("publish.as-me", "name", v.viewer.User.FullName())})
	}
	return options, nil
}

// localTime is a moment as the field of a form for a day and a time holds it, in
// the time zone of the site.
func (v *visit) localTime(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(v.p.Zone).Format(localTimeForm)
}

// localTimeForm is how such fields are sent (HTML, "local date and time").
const localTimeForm = "2006-01-02T15:04"

// momentOf reads a field for a day and a time.
func (v *visit) momentOf(text string) (time.Time, error) {
	for _, form := range []string{localTimeForm, localTimeForm + ":05"} {
		if at, err := time.ParseInLocation(form, text, v.p.Zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fault.At("Choose a day and a time.", "at")
}

// dateText is a day as the field of a form holds it.
func dateText(at db.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format(time.DateOnly)
}

// organizationDatasetsPath is the list of the datasets of an organisation.
func organizationDatasetsPath(id string) string {
	return "/admin/organizations/" + url.PathEscape(id) + "/datasets"
}
