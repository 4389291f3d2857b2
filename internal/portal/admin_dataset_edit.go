package portal

import (
	"net/url"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
)

// adminDatasetEdit is the first page of a dataset's administration.
type adminDatasetEdit struct {
	Form formView
	// Tiles are its figures.
	Tiles      []figure
	Quality    adminQuality
	QualityURL string
	// Publish leads to the page that publishes a draft; empty for others.
	Publish string
	// At is when it is to be published.
	At time.Time
	// Unschedule ends that plan; it has no action when there is none.
	Unschedule button
	// State are the buttons that archive it, hide it, and undo both.
	State []stateChange
	// Restore brings it back; it has no action unless it was deleted.
	Restore button
	Deleted time.Time
	// Transfer leads to the page that offers it to others; empty for who may not.
	Transfer string
	// Pending are the offers that wait for an answer.
	Pending []pendingTransfer
	// Curation is what administrators of the site decide; nothing for others.
	Curation *adminCuration
	Danger   dangerZone
}

// stateChange is a button with what it does.
type stateChange struct {
	Title, Text string
	Button      button
}

// pendingTransfer is an offer of the dataset to somebody.
type pendingTransfer struct {
	To, Comment string
	Asked       time.Time
}

// adminCuration is what administrators of the site decide of a dataset.
type adminCuration struct {
	Feature button
	// Badges are those that it has, each with the button that takes it.
	Badges []button
	Give   formView
}

// editForm is the identifier of the form of a dataset.
const editForm = "dataset"

func (p *Portal) showAdminDataset(v *visit, in adminDatasetArgs) error {
	d, done, err := v.keptDataset(in.ID, "")
	if done || err != nil {
		return err
	}
	planned, err := v.planned(d)
	if err != nil {
		return err
	}
	content := adminDatasetEdit{
		Tiles: v.datasetTiles(d), Quality: v.keptQuality(d, editForm), QualityURL: v.path(adminDatasetPath(d.ID, "quality")), At: planned, Deleted: d.DeletedAt.Time,
	}
	if !d.DeletedAt.IsZero() {
		content.Restore = v.button(adminDatasetPath(d.ID, "restore"), "publish.restore", "refresh")
		content.Restore.Tone, content.Restore.Version = "primary", d.Version
		return v.showAdmin(v.datasetFrame(d, "dataset", adminTabMetadata, planned, content))
	}
	if content.Form, err = v.datasetForm(d); err != nil {
		return err
	}
	if d.Private {
		content.Publish = v.path(adminDatasetPath(d.ID, "publish"))
	}
	if !planned.IsZero() {
		content.Unschedule = v.button(adminDatasetPath(d.ID, "unschedule"), "publish.unschedule", "close")
	}
	if err := v.datasetDecisions(d, &content); err != nil {
		return err
	}
	return v.showAdmin(v.datasetFrame(d, "dataset", adminTabMetadata, planned, content))
}

func (v *visit) datasetTiles(d *catalog.Dataset) []figure {
	downloads := int64(0)
	if d.Downloads != nil {
		downloads = *d.Downloads
	}
	return []figure{
		{Label: v.say.T("dataset.views"), Count: d.Views}, {Label: v.say.T("dataset.downloads"), Count: downloads},
		{Label: v.say.T("dataset.followers"), Count: d.Followers},
		{Label: v.say.T("dataset.uses-reuses"), Count: d.Reuses, URL: v.path(datasetPath(d, tabUses))},
	}
}

// datasetForm asks for all that may be written of a dataset.
func (v *visit) datasetForm(d *catalog.Dataset) (formView, error) {
	licenses, err := v.licenseOptions()
	if err != nil {
		return formView{}, err
	}
	contacts, err := v.contactOptions(d.OwnedBy(), d.ContactPoints)
	if err != nil {
		return formView{}, err
	}
	f := v.form(editForm, adminDatasetPath(d.ID, "")).version(d.Version).submit("form.save", "check")
	fields := &datasetFields{v: v, f: f, d: d}
	fields.describe()
	fields.more()
	fields.find()
	fields.license(licenses)
	fields.when()
	f.date("frequency_date", "publish.next", dateText(d.FrequencyDate)).help("publish.next-help")
	fields.where()
	fields.access()
	f.group("publish.contacts", "publish.contacts-help")
	f.hidden("contacts", "true")
	if len(contacts) > 0 {
		f.checks("contact_points", "publish.contact-points", d.Contacts, contacts)
	}
	return f.view(), nil
}

func (p *Portal) saveAdminDataset(v *visit, in adminDatasetArgs, sent *posted) error {
	d, _, err := v.keptDataset(in.ID, "")
	if err != nil {
		return err
	}
	next := v.datasetInput(sent, d)
	next.Private = catalog.Some(d.Private) // decided by buttons of its own
	if err := v.datasetFaults(sent, d, next); err != nil {
		return sent.again(err, func() error { return p.showAdminDataset(v, in) })
	}
	if _, err := p.Catalog.UpdateDataset(sent.Context(), v.viewer, d.ID, next); err != nil {
		return sent.again(err, func() error { return p.showAdminDataset(v, in) })
	}
	return sent.done(adminDatasetPath(d.ID, ""), "publish.done-saved")
}

// datasetDecisions add what may be decided of a dataset besides its description.
func (v *visit) datasetDecisions(d *catalog.Dataset, content *adminDatasetEdit) error {
	change := func(tail, name, icon, value string) {
		b := v.button(adminDatasetPath(d.ID, tail), "publish."+name, icon, "to", value)
		b.Version = d.Version
		content.State = append(content.State, stateChange{v.say.T("publish." + name + "-title"), v.say.T("publish." + name + "-text"), b})
	}
	if d.Private {
		change("visibility", "make-public", "eye", "public")
	} else {
		change("visibility", "make-private", "lock", "private")
	}
	if d.ArchivedAt.IsZero() {
		change("archive", "archive", "archive", "archived")
	} else {
		change("archive", "unarchive", "refresh", "active")
	}
	if v.viewer.May(account.AskTransfer, d.OwnedBy(), d.ID) {
		if err := v.transferOf(d, content); err != nil {
			return err
		}
	}
	if v.viewer.May(account.Curate, d.OwnedBy(), d.ID) {
		content.Curation = v.curationOf(d)
	}
	f := v.form("delete", adminDatasetPath(d.ID, "delete")).version(d.Version).typed(d.Title).titled("publish.delete", "publish.delete-text").submit("publish.delete", "trash")
	if v.viewer.Admin() {
		f.check("send_legal_notice", "publish.notice", false).help("publish.notice-help")
	}
	content.Danger = dangerZone{Forms: []formView{f.view()}}
	return nil
}

// mostPending bounds the offers that are shown.
const mostPending = 20

func (v *visit) transferOf(d *catalog.Dataset, content *adminDatasetEdit) error {
	pending, _, err := v.p.Catalog.Transfers(v.Context(), v.viewer, catalog.TransferFilter{Subject: d.ID, Status: catalog.TransferPending, Limit: mostPending})
	if err != nil {
		return err
	}
	for i := range pending {
		content.Pending = append(content.Pending, pendingTransfer{pending[i].Recipient.Name(), pending[i].Comment, pending[i].CreatedAt.Time})
	}
	if v.p.showsAdmin("/admin/transfers/new") {
		content.Transfer = v.path("/admin/transfers/new?class=Dataset&id=" + url.QueryEscape(d.ID))
	}
	return nil
}
