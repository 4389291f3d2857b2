package portal

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/i18n"
)

// adminDataserviceContents are the types of Page.Data of the pages that APIs are
// kept on.
var adminDataserviceContents = map[string]any{"admin/dataservice": adminDataservice{}, "admin/dataservice-datasets": adminDataserviceDatasets{}}

// adminDataservice is the page that an API is changed on.
type adminDataservice struct {
	// Form asks for what is told of it; it has no ID where nothing can be changed.
	Form   formView
	Danger dangerZone
}

// adminDataserviceDatasets are the datasets that an API gives.
type adminDataserviceDatasets struct {
	List listing
	// Add links more of them.
	Add formView
}

// adminNewArgs say whom a new object is published for.
type adminNewArgs struct {
	Organization string `query:"organization"`
	Dataset      string `query:"dataset"`
}

// adminDataserviceRoutes declare the pages that APIs are kept on.
func (p *Portal) adminDataserviceRoutes(t *table) {
	p.keptRoutes(t, p.dataserviceSort())
	adminPage(t, "/admin/dataservices/new", p.showNewDataservice)
	form(t, "/admin/dataservices/new", "POST /api/1/dataservices/", p.createDataservice)
	const one = "/admin/dataservices/{id}"
	adminPage(t, one, p.showAdminDataservice)
	form(t, one, "PATCH /api/1/dataservices/{dataservice}/", p.saveAdminDataservice)
	adminPage(t, one+"/datasets", p.showDataserviceDatasets)
	form(t, one+"/datasets", "POST /api/1/dataservices/{dataservice}/datasets/", p.linkDataservice)
	form(t, one+"/datasets/remove", "DELETE /api/1/dataservices/{dataservice}/datasets/{dataset}/", p.unlinkDataservice)
}

// dataserviceSort is how APIs are kept.
func (p *Portal) dataserviceSort() *keptSort {
	return &keptSort{
		kind: catalog.KindDataservice, base: "dataservices", menu: "admin.menu-dataservices", icon: "service", name: "admin-topic.is-dataservice", class: "Dataservice", archives: true, restores: true,
		update: "PATCH /api/1/dataservices/{dataservice}/", remove: "DELETE /api/1/dataservices/{dataservice}/",
		feature: "/api/1/dataservices/{dataservice}/featured/", find: p.Catalog.ResolveDataservice,
		read: func(v *visit, id string) (*keptObject, error) {
			d, err := p.Catalog.Dataservice(v.Context(), v.viewer, id)
			if err != nil {
				return nil, err
			}
			return keptDataservice(d), nil
		},
		change: func(ctx context.Context, v *visit, id string, c keptChange) error {
			in := catalog.DataserviceInput{Private: c.privateOpt(), Archived: c.archivedOpt(), Deleted: c.deletedOpt()}
			_, err := p.Catalog.UpdateDataservice(ctx, v.viewer, id, in)
			return err
		},
		drop: func(ctx context.Context, v *visit, id string, notice bool) error {
			return p.Catalog.DeleteDataservice(ctx, v.viewer, id, notice)
		},
		show:  func(v *visit, id string) error { return p.showAdminDataservice(v, adminObjectArgs{id}) },
		sorts: []string{"-created", "title", "views", "followers", "last_modified"},
		columns: func(l *lister) []listColumn {
			return []listColumn{
				l.column("admin-kept.title", "title"), l.column("admin-kept.state", ""), l.number("admin-reuse.datasets", ""),
				l.number("admin-kept.views", "views"), l.column("admin-kept.updated", "last_modified"),
			}
		},
		rows:  func(v *visit, ids []string) ([]listRow, error) { return v.dataserviceRows(ids) },
		empty: "admin-dataservice.empty", emptyText: "admin-dataservice.empty-text", create: "/admin/dataservices/new", createLabel: "admin-dataservice.new",
	}
}

func keptDataservice(d *catalog.Dataservice) *keptObject {
	return &keptObject{
		ID: d.ID, Slug: d.Slug, Title: d.Title, Version: d.Version, Owner: d.OwnedBy(), Private: d.Private, Featured: d.Featured != nil && *d.Featured,
		ArchivedAt: d.ArchivedAt, DeletedAt: d.DeletedAt,
	}
}

func (v *visit) dataserviceRows(ids []string) ([]listRow, error) {
	services, err := v.p.Catalog.DataservicesByIDs(v.Context(), v.viewer, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]listRow, len(services))
	for i := range services {
		d := &services[i]
		title := linkCell(d.Title, v.path("/admin/dataservices/"+d.ID), d.OwnerName())
		title.Lang = v.contentLang()
		badges := v.keptBadges(keptDataservice(d))
		if d.AccessType != openAccess {
			badges = append(badges, badge{i18n.Label(i18n.AccessType, d.AccessType, v.lang), "warning", "key"})
		}
		rows[i] = listRow{Value: d.ID, Cells: []listCell{
			title, badgeCell(badges...), numberCell(d.DatasetCount), numberCell(d.Views), momentOrNot(d.ModifiedAt),
		}}
	}
	return rows, nil
}

// dataserviceFields ask for what is told of an API. owner is whose contact points
// may be chosen, nobody's to choose none.
func (v *visit) dataserviceFields(f *formDraft, d *catalog.Dataservice, owner account.Owner) error {
	f.group("admin-dataservice.describe", "")
	f.text("title", "admin-dataservice.title", d.Title).most(catalog.TitleMax).require().help("admin-dataservice.title-help")
	f.text("acronym", "admin-dataservice.acronym", deref(d.Acronym)).most(catalog.AcronymMax)
	f.markdown("description", "admin-dataservice.description", d.Description).most(catalog.DescriptionMax).help("admin-dataservice.description-help")
	f.tags("tags", "admin-kept.tags", d.Tags).help("admin-kept.tags-help")

	f.group("admin-dataservice.reach", "admin-dataservice.reach-help")
	f.link("base_api_url", "admin-dataservice.base", deref(d.BaseAPIURL)).help("admin-dataservice.base-help")
	f.link("machine_documentation_url", "admin-dataservice.machine", deref(d.MachineDocumentationURL)).help("admin-dataservice.machine-help")
	f.link("technical_documentation_url", "admin-dataservice.technical", deref(d.TechnicalDocumentationURL))
	f.link("business_documentation_url", "admin-dataservice.business", deref(d.BusinessDocumentationURL)).help("admin-dataservice.business-help")
	formats := []option{{Label: v.say.T("admin-kept.choose")}}
	for _, format := range catalog.DataserviceFormats {
		formats = append(formats, option{Value: format, Label: format})
	}
	f.choose("format", "admin-dataservice.format", deref(d.Format), formats)

	access := catalog.Dataset{
		AccessType: d.AccessType, AccessAudiences: d.AccessAudiences, AuthorizationRequestURL: d.AuthorizationRequestURL,
		AccessTypeReasonCategory: d.AccessTypeReasonCategory, AccessTypeReason: d.AccessTypeReason,
	}
	(&datasetFields{v: v, f: f, d: &access}).access()
	licenses, err := v.licenseOptions()
	if err != nil {
		return err
	}
	f.choose("license", "admin-dataservice.license", deref(d.License), licenses)

	f.group("admin-dataservice.service", "")
	f.area("rate_limiting", "admin-dataservice.rate", deref(d.RateLimiting)).rows(2).help("admin-dataservice.rate-help")
	f.link("rate_limiting_url", "admin-dataservice.rate-url", deref(d.RateLimitingURL))
	availability := ""
	if d.Availability != nil {
		availability = strconv.FormatFloat(*d.Availability, 'f', -1, 64)
	}
	field := f.number("availability", "admin-dataservice.availability", availability).help("admin-dataservice.availability-help")
	field.Mode = "decimal"
	f.link("availability_url", "admin-dataservice.availability-url", deref(d.AvailabilityURL))
	return v.contactField(f, d, owner)
}

// contactField asks whom to write to.
func (v *visit) contactField(f *formDraft, d *catalog.Dataservice, owner account.Owner) error {
	if owner == (account.Owner{}) {
		return nil
	}
	contacts, err := v.contactOptions(owner, d.ContactPoints)
	if err != nil || len(contacts) == 0 {
		return err
	}
	f.hidden("contacts", "true")
	f.checks("contact_points", "admin-dataservice.contacts", d.Contacts, contacts)
	return nil
}

// dataserviceInput reads what dataserviceFields asked.
func (v *visit) dataserviceInput(sent *posted) (in catalog.DataserviceInput, err error) {
	for name, into := range map[string]*catalog.Opt[string]{
		"title": &in.Title, "acronym": &in.Acronym, "description": &in.Description, "base_api_url": &in.BaseAPIURL,
		"machine_documentation_url": &in.MachineDocumentationURL, "technical_documentation_url": &in.TechnicalDocumentationURL,
		"business_documentation_url": &in.BusinessDocumentationURL, "format": &in.Format, "license": &in.License, "rate_limiting": &in.RateLimiting,
		"rate_limiting_url": &in.RateLimitingURL, "availability_url": &in.AvailabilityURL,
	} {
		if sent.has(name) {
			*into = catalog.Some(sent.text(name))
		}
	}
	access := v.datasetInput(sent, &catalog.Dataset{})
	in.AccessType, in.AccessAudiences, in.AuthorizationRequestURL = access.AccessType, access.AccessAudiences, access.AuthorizationRequestURL
	in.AccessTypeReasonCategory, in.AccessTypeReason = access.ReasonCategory, access.Reason
	if sent.has("tags") {
		in.Tags = catalog.Some(sent.list("tags"))
	}
	if sent.has("contacts") {
		in.ContactPoints = catalog.Some(sent.texts("contact_points"))
	}
	if sent.has("availability") {
		in.Availability, err = percentOf(sent.text("availability"), "availability")
	}
	return in, err
}

// percentOf reads a number, with a comma or a point; nothing is none.
func percentOf(text, name string) (catalog.Opt[float64], error) {
	if text == "" {
		return catalog.Opt[float64]{Set: true, Null: true}, nil
	}
	number, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(strings.TrimSuffix(text, "%")), ",", ".", 1), 64)
	if err != nil {
		return catalog.Opt[float64]{}, fault.At(notANumber, name)
	}
	return catalog.Some(number), nil
}

// notANumber refuses what is typed where a number is asked for.
const notANumber = "This must be a number."

func (p *Portal) showNewDataservice(v *visit, in adminNewArgs) error {
	f := v.form("dataservice", "/admin/dataservices/new").submit("admin-dataservice.create", "check").cancel("/admin/me/dataservices")
	s, err := v.publisherField(f, in.Organization)
	if err != nil {
		return err
	}
	if err := v.dataserviceFields(f, &catalog.Dataservice{AccessType: openAccess}, account.Owner{}); err != nil {
		return err
	}
	f.group("admin-dataservice.gives", "")
	datasets, err := v.chosenObjects(catalog.KindDataset, "datasets", v.given(in.Dataset))
	if err != nil {
		return err
	}
	f.picks("datasets", "admin-dataservice.datasets", "datasets", datasets...).help("admin-kept.pick-help")
	f.group("admin-kept.publication", "")
	f.check("private", "admin-kept.private", false).help("admin-kept.private-help")
	return v.showAdmin(adminDraft{
		name: "dataservice", title: v.say.T("admin-dataservice.new"), path: "/admin/dataservices/new", scope: s, icon: "service",
		lead: v.say.T("admin-dataservice.new-lead"), data: adminDataservice{Form: f.view()},
	})
}

func (p *Portal) createDataservice(v *visit, in adminNewArgs, sent *posted) error {
	made, err := func() (*catalog.Dataservice, error) {
		input, err := v.dataserviceInput(sent)
		if err != nil {
			return nil, err
		}
		datasets, err := v.identified(sent, catalog.KindDataset, "datasets")
		if err != nil {
			return nil, err
		}
		input.Datasets, input.Private, input.Organization = catalog.Some(datasets), catalog.Some(sent.checked("private")), publisherOf(sent)
		return p.Catalog.CreateDataservice(sent.Context(), v.viewer, input)
	}()
	if err != nil {
		in.Organization = sent.text("organization")
		return sent.again(err, func() error { return p.showNewDataservice(v, in) })
	}
	return sent.done("/admin/dataservices/"+made.ID, "admin-dataservice.done-created")
}

// adminDataserviceOf reads an API for who may change it.
func (v *visit) adminDataserviceOf(k *keptSort, key, tail string) (d *catalog.Dataservice, done bool, err error) {
	id, done, err := v.keptObject(k, key, tail)
	if done || err != nil {
		return nil, done, err
	}
	if d, err = v.p.Catalog.Dataservice(v.Context(), v.viewer, id); err != nil {
		return nil, false, err
	}
	return d, false, v.editable(keptDataservice(d))
}

// adminDataserviceDraft begins a page of an API with its tabs.
func (v *visit) adminDataserviceDraft(k *keptSort, d *catalog.Dataservice, name, tail string, data any) adminDraft {
	draft := v.keptDraft(k, keptDataservice(d), name, data)
	draft.path += tail
	if d.DeletedAt.IsZero() {
		draft.tabs = v.tabsOf(k.kind, d.ID, tail, map[string]int64{"/datasets": d.DatasetCount})
	}
	return draft
}

func (p *Portal) showAdminDataservice(v *visit, in adminObjectArgs) error {
	k := p.dataserviceSort()
	d, done, err := v.adminDataserviceOf(k, in.ID, "")
	if done || err != nil {
		return err
	}
	content := adminDataservice{Danger: v.keptDanger(k, keptDataservice(d))}
	if d.DeletedAt.IsZero() {
		f := v.form("dataservice", k.path(d.ID)).version(d.Version)
		if err := v.dataserviceFields(f, d, d.OwnedBy()); err != nil {
			return err
		}
		content.Form = f.view()
	}
	return v.showAdmin(v.adminDataserviceDraft(k, d, "dataservice", "", content))
}

func (p *Portal) saveAdminDataservice(v *visit, in adminObjectArgs, sent *posted) error {
	input, err := v.dataserviceInput(sent)
	if err == nil {
		_, err = p.Catalog.UpdateDataservice(sent.Context(), v.viewer, in.ID, input)
	}
	if err != nil {
		return sent.again(err, func() error { return p.showAdminDataservice(v, in) })
	}
	return sent.done("/admin/dataservices/"+url.PathEscape(in.ID), "admin-kept.done-saved")
}

// adminLinkedArgs name an object and a page of what it is linked to.
type adminLinkedArgs struct {
	ID   string `path:"id"`
	Page string `query:"page"`
}

func (p *Portal) showDataserviceDatasets(v *visit, in adminLinkedArgs) error {
	k := p.dataserviceSort()
	d, done, err := v.adminDataserviceOf(k, in.ID, "/datasets")
	if done || err != nil {
		return err
	}
	path := k.path(d.ID) + "/datasets"
	l := v.lister(path, listArgs{Page: in.Page}, nil)
	ids, total, err := p.Catalog.DatasetIDs(v.Context(), v.viewer, catalog.DatasetFilter{Dataservice: d.ID}, catalog.Page{Offset: l.offset(), Limit: l.Size})
	if err != nil {
		return err
	}
	datasets, err := p.Catalog.DatasetsByIDs(v.Context(), v.viewer, ids, catalog.Parts{})
	if err != nil {
		return err
	}
	list := listing{
		ID: "datasets", Caption: v.say.T("admin-reuse.datasets"), Columns: []listColumn{l.column("admin-kept.title", ""), l.column("admin-kept.owner", ""), l.column("admin-kept.actions", "")},
		Total: total, Pager: l.pager(total), Sizes: l.sizes(total), Empty: emptyState{"dataset", v.say.T("admin-dataservice.no-dataset"), v.say.T("admin-dataservice.no-dataset-text"), nil},
	}
	for i := range datasets {
		title := linkCell(datasets[i].Title, v.path("/datasets/"+datasets[i].Slug), "")
		title.Lang = v.contentLang()
		remove := v.button(path+"/remove", "admin-kept.unlink", "close", "dataset", datasets[i].ID)
		remove.Small, remove.Of, remove.Tone = true, datasets[i].Title, "quiet"
		list.Rows = append(list.Rows, listRow{Cells: []listCell{title, textCell(datasets[i].OwnerName()), buttonCell(remove)}})
	}
	f := v.form("link", path).titled("", "").submit("admin-kept.link", "plus").light()
	f.group("admin-dataservice.add", "")
	chosen, err := v.chosenObjects(catalog.KindDataset, "datasets", nil)
	if err != nil {
		return err
	}
	f.picks("datasets", "admin-dataservice.datasets", "datasets", chosen...).help("admin-kept.pick-help")
	return v.showAdmin(v.adminDataserviceDraft(k, d, "dataservice-datasets", "/datasets", adminDataserviceDatasets{list, f.view()}))
}

func (p *Portal) linkDataservice(v *visit, in adminLinkedArgs, sent *posted) error {
	datasets, err := v.identified(sent, catalog.KindDataset, "datasets")
	if err == nil && len(datasets) == 0 {
		err = fault.At("This field is required.", "datasets")
	}
	if err == nil {
		_, err = p.Catalog.LinkDataservice(sent.Context(), v.viewer, in.ID, datasets)
	}
	if err != nil {
		return sent.again(err, func() error { return p.showDataserviceDatasets(v, in) })
	}
	return sent.done("/admin/dataservices/"+url.PathEscape(in.ID)+"/datasets", "admin-kept.done-linked")
}

func (p *Portal) unlinkDataservice(v *visit, in adminLinkedArgs, sent *posted) error {
	if err := p.Catalog.UnlinkDataservice(sent.Context(), v.viewer, in.ID, sent.id("dataset")); err != nil {
		return sent.again(err, func() error { return p.showDataserviceDatasets(v, in) })
	}
	return sent.done("/admin/dataservices/"+url.PathEscape(in.ID)+"/datasets", "admin-kept.done-unlinked")
}
