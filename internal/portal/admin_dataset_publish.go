package portal

import (
	"time"

	"grenier/internal/catalog"
	"grenier/internal/fault"
)

// adminDatasetPublish is the page that turns a draft into a publication.
type adminDatasetPublish struct {
	Form formView
	// Files are the first ones of the draft; Total counts all.
	Files []adminFile
	Total int64
	// Upload takes more files by scripts, Add by a form.
	Upload, Here string
	Add          formView
	// FilesURL leads to all files.
	FilesURL string
	Quality  adminQuality
	// QualityURL answers the quality of what is typed.
	QualityURL string
	// At is when it is to be published, as its field holds it; Earliest is the
	// soonest moment, Zone the time zone of the site.
	At, Earliest, Zone string
	// AtWrong is what is wrong with the moment.
	AtWrong []string
	// Public tells that the dataset is public already.
	Public bool
}

// adminQuality is the quality of a dataset while it is described: each criterion
// leads to the field that mends it.
type adminQuality struct {
	quality
	// Targets are the identifiers of fields by criterion.
	Targets map[string]string
}

// qualityTargets are the fields that mend a criterion.
var qualityTargets = map[string]string{
	"description": "description", "license": "license", "frequency": "frequency", "in-time": "frequency", "temporal": "temporal_coverage.start", "spatial": "spatial.zones",
}

// keptQuality judges a dataset, with the fields of a form of this identifier.
func (v *visit) keptQuality(d *catalog.Dataset, form string) adminQuality {
	q := adminQuality{quality: v.quality(d), Targets: map[string]string{}}
	for id, field := range qualityTargets {
		q.Targets[id] = "#" + form + "-" + fieldID(field)
	}
	files := v.path(adminDatasetPath(d.ID, adminTabFiles))
	for _, id := range []string{"documentation", "format", "available"} {
		q.Targets[id] = files
	}
	return q
}

// draftForm is the identifier of the form of a draft.
const draftForm = "publish"

// shownFiles is how many files the page of a draft lists.
const shownFiles = 10

func (p *Portal) showPublishDataset(v *visit, in adminDatasetArgs) error {
	d, done, err := v.keptDataset(in.ID, "publish")
	if done || err != nil {
		return err
	}
	if !d.Private || !d.DeletedAt.IsZero() {
		return v.Redirect(302, v.path(adminDatasetPath(d.ID, "")))
	}
	rows, total, err := p.Catalog.ResourcesOf(v.Context(), v.viewer, d.ID, catalog.ResourceFilter{Page: catalog.Page{Limit: shownFiles}})
	if err != nil {
		return err
	}
	content, err := v.draftPage(d, rows, in)
	if err != nil {
		return err
	}
	content.Total = int64(total)
	planned, err := v.planned(d)
	if err != nil {
		return err
	}
	if content.At == "" {
		content.At = v.localTime(planned)
	}
	frame := v.datasetFrame(d, "dataset-publish", "publish", planned, content)
	// The button that saves and shows the page is the one way to its preview: it shows what was typed.
	frame.tabs, frame.lead, frame.public = nil, v.say.T("publish.draft-lead"), ""
	frame.notices = append(frame.notices, v.refusedNotices()...)
	return v.showAdmin(frame)
}

// draftPage is the page of a draft: its form with proposals, its quality.
func (v *visit) draftPage(d *catalog.Dataset, rows []catalog.Resource, in adminDatasetArgs) (adminDatasetPublish, error) {
	made, err := v.propose(d, rows)
	if err != nil {
		return adminDatasetPublish{}, err
	}
	licenses, err := v.licenseOptions()
	if err != nil {
		return adminDatasetPublish{}, err
	}
	f := v.form(draftForm, adminDatasetPath(d.ID, "publish")).version(d.Version)
	fields := &datasetFields{v: v, f: f, d: d, made: made}
	fields.describe()
	fields.find()
	fields.license(licenses)
	fields.when()
	fields.where()
	at := f.draws("at", "publish.at")
	content := adminDatasetPublish{
		Form: f.view(), Files: v.adminFiles(d, rows), Here: v.path(adminDatasetPath(d.ID, "publish")), FilesURL: v.path(adminDatasetPath(d.ID, adminTabFiles)),
		QualityURL: v.path(adminDatasetPath(d.ID, "quality")),
		Earliest:   v.localTime(v.now), Zone: v.p.Zone.String(), Public: !d.Private,
	}
	content.Upload, content.Add = v.addFilesForm(d, "publish")
	content.Quality = v.keptQuality(v.withForm(d, content.Form), draftForm)
	if f.sent != nil {
		content.At, content.AtWrong = f.sent.text("at"), at.Errors
	}
	return content, nil
}

// withForm is a dataset as it would be if the form were sent as it is shown,
// proposals included.
func (v *visit) withForm(d *catalog.Dataset, view formView) *catalog.Dataset {
	shown := &posted{v: v, values: map[string][]string{}}
	for _, group := range view.Groups {
		for i := range group.Fields {
			f := &group.Fields[i]
			value := f.Value
			for _, one := range f.Options {
				if one.Chosen {
					value = one.Value
				}
			}
			shown.values[f.Name] = []string{value}
		}
	}
	return v.imagined(d, shown)
}

// showDraftQuality judges what is typed, without saving it.
func (p *Portal) showDraftQuality(v *visit, in adminDatasetArgs, sent *posted) error {
	d, _, err := v.keptDataset(in.ID, "quality")
	if err != nil {
		return err
	}
	return v.fragment("admin/dataset-publish", "kept-quality", v.keptQuality(v.imagined(d, sent), sent.text(formField)))
}

// publishDataset saves a draft, and does with it what the button says: keep it,
// show it, plan its publication, publish it.
func (p *Portal) publishDataset(v *visit, in adminDatasetArgs, sent *posted) error {
	d, _, err := v.keptDataset(in.ID, "publish")
	if err != nil {
		return err
	}
	again := func(err error) error { return sent.again(err, func() error { return p.showPublishDataset(v, in) }) }
	next := v.datasetInput(sent, d)
	next.Private = catalog.Some(sent.text("do") != "publish")
	if !d.Private {
		return again(fault.At("This dataset is public already.", "title"))
	}
	var unwritten, badMoment error
	if v.unwritten(next.Description.Value) && sent.text("do") != "draft" {
		unwritten = fault.At("This field is required.", "description")
	}
	var at time.Time
	if sent.text("do") == "schedule" {
		at, badMoment = v.planMoment(sent)
	}
	if err := v.datasetFaults(sent, d, next, unwritten, badMoment); err != nil {
		return again(err)
	}
	if sent.text("do") == "schedule" {
		if err := v.plan(sent, d, next, at); err != nil {
			return again(err)
		}
		return sent.done(adminDatasetPath(d.ID, ""), "publish.done-scheduled")
	}
	saved, err := p.Catalog.UpdateDataset(sent.Context(), v.viewer, d.ID, next)
	if err != nil {
		return again(err)
	}
	switch sent.text("do") {
	case "publish":
		return sent.done(adminDatasetPath(d.ID, ""), "publish.done-published")
	case "preview":
		return sent.done("/datasets/"+saved.Slug, "")
	}
	return sent.done(adminDatasetPath(d.ID, "publish"), "publish.done-draft")
}

// planMoment reads the moment of a publication, which is to come.
func (v *visit) planMoment(sent *posted) (time.Time, error) {
	at, err := v.momentOf(sent.text("at"))
	if err == nil && !at.After(v.now) {
		err = fault.At("Choose a moment that is to come, within five years.", "at")
	}
	return at, err
}

// plan saves a draft and plans its publication.
func (v *visit) plan(sent *posted, d *catalog.Dataset, next catalog.DatasetInput, at time.Time) error {
	if _, err := v.p.Catalog.UpdateDataset(sent.Context(), v.viewer, d.ID, next); err != nil {
		return err
	}
	return v.p.Catalog.ScheduleDataset(v.Context(), v.viewer, d.ID, at)
}
