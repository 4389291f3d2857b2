package portal

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/fault"
	"grenier/internal/harvest"
	"grenier/internal/web"
)

// describeHarvesterPath is the page on which a new source is described.
const describeHarvesterPath = newHarvesterPath + "/describe"

// newHarvesterRoutes declare the way to a new source: where it is and what kind
// of portal, then what is told of it, then what it would bring.
func (p *Portal) newHarvesterRoutes(t *table) {
	adminPage(t, newHarvesterPath, p.showNewHarvester)
	patientForm(t, newHarvesterPath, "POST /api/1/harvest/source/preview/", detectionTime+10*time.Second, p.beginHarvester)
	adminPage(t, describeHarvesterPath, p.showDescribeHarvester)
	patientForm(t, describeHarvesterPath, "POST /api/1/harvest/source/preview/", previewTime, p.describeHarvester)
}

// previewTime is how long a page may wait for a preview, which ends by itself
// before that.
const previewTime = 2 * time.Minute

// detectionTime is how long the kinds of portals are tried on an address.
const detectionTime = time.Minute

// detectedBackend is the choice to let the kind of a portal be found out.
const detectedBackend = "detect"

// wizardStep is a step on the way to a new source.
type wizardStep struct {
	Label string
	// Now tells that the page is this step, Done that it is past.
	Now, Done bool
}

// wizardSteps are the steps of which one is the page's, from 0.
func (v *visit) wizardSteps(now int) []wizardStep {
	var steps []wizardStep
	for i, label := range []string{"admin-harvest.wizard-where", "admin-harvest.wizard-describe", "admin-harvest.wizard-preview", "admin-harvest.wizard-finish"} {
		steps = append(steps, wizardStep{v.say.T(label), i == now, i < now})
	}
	return steps
}

// adminHarvesterNew asks where a new source is and what kind of portal.
type adminHarvesterNew struct {
	Steps []wizardStep
	Form  formView
}

// newHarvesterArgs are what the pages of a new source know already.
type newHarvesterArgs struct {
	URL          string `query:"url"`
	Backend      string `query:"backend"`
	Organization string `query:"organization"`
}

func (p *Portal) showNewHarvester(v *visit, in newHarvesterArgs) error {
	f := v.form("where", newHarvesterPath).light().submit("admin-harvest.continue", "arrow-right").cancel(myHarvestersPath)
	f.link("url", "admin-harvest.url", in.URL).require().most(2048).help("admin-harvest.url-help").example("https://data.example.org/")
	owners, err := v.harvesterOwners()
	if err != nil {
		return err
	}
	if len(owners) > 1 {
		f.radio("organization", "admin-harvest.owner", in.Organization, owners).help("admin-harvest.owner-help")
	}
	detect := option{Value: detectedBackend, Label: v.say.T("admin-harvest.detect"), Help: v.say.T("admin-harvest.detect-help")}
	f.radio("backend", "admin-harvest.backend", cmp.Or(in.Backend, detectedBackend), append([]option{detect}, v.backendChoices()...)).require().help("admin-harvest.backend-help")
	of := scopeMe
	if in.Organization != "" && v.viewer.May(account.Harvest, account.Owner{Organization: in.Organization}, "") {
		of = scopeOf(in.Organization)
	}
	return v.showAdmin(adminDraft{
		name: "harvester-new", title: v.say.T("admin-harvest.new"), path: newHarvesterPath, scope: of, icon: "harvest", kicker: "admin-harvest.kind",
		lead: v.say.T("admin-harvest.new-lead"), crumbs: []Link{{v.say.T("admin-harvest.title"), v.path(myHarvestersPath)}},
		data: adminHarvesterNew{v.wizardSteps(0), f.view()},
	})
}

// harvesterOwners are those to whom a new source may belong: the person, and
// the organisations that they administer.
func (v *visit) harvesterOwners() ([]option, error) {
	choices := []option{{Value: "", Label: v.say.T("admin-harvest.owner-me")}}
	organizations, err := v.ownOrganizations("")
	for i := range organizations {
		if v.viewer.May(account.Harvest, account.Owner{Organization: organizations[i].ID}, "") {
			choices = append(choices, option{Value: organizations[i].ID, Label: organizations[i].Name})
		}
	}
	return choices, err
}

// beginHarvester goes on to the description.
func (p *Portal) beginHarvester(v *visit, _ web.None, sent *posted) error {
	in := newHarvesterArgs{URL: sent.text("url"), Backend: sent.text("backend"), Organization: sent.text("organization")}
	var wrong []error
	if in.URL == "" {
		wrong = append(wrong, fault.At("Field is required", "url"))
	}
	if _, known := p.harvestBackend(in.Backend); !known && in.Backend != detectedBackend {
		wrong = append(wrong, fault.At("Field is required", "backend"))
	}
	err := fault.Collect(wrong...)
	if err == nil && in.Backend == detectedBackend {
		err = v.detectBackend(&in)
	}
	if err != nil {
		return sent.again(err, func() error { return p.showNewHarvester(v, in) })
	}
	args := url.Values{"url": {in.URL}, "backend": {in.Backend}}
	if in.Organization != "" {
		args.Set("organization", in.Organization)
	}
	return sent.done(describeHarvesterPath+"?"+args.Encode(), "")
}

// detectBackend finds out the kind of the portal at an address, and where under
// that address its catalogue is.
func (v *visit) detectBackend(in *newHarvesterArgs) error {
	ctx, cancel := context.WithTimeout(v.Context(), detectionTime)
	defer cancel()
	tried, err := v.p.Harvests.Detect(ctx, v.viewer, harvest.Detection{URL: in.URL, Owner: account.Owner{Organization: in.Organization}})
	if err != nil {
		if v.Context().Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return fault.At("No kind of portal reads this address.", "url")
		}
		return err
	}
	if len(tried) == 0 || !tried[0].Works {
		return fault.At("No kind of portal reads this address.", "url")
	}
	in.Backend, in.URL = tried[0].Backend, tried[0].URL
	return nil
}

// adminHarvesterDescribe asks what is told of a new source.
type adminHarvesterDescribe struct {
	Steps []wizardStep
	// Kind names the backend, About says what portals it reads.
	Kind, About string
	Form        formView
}

func (p *Portal) showDescribeHarvester(v *visit, in newHarvesterArgs) error {
	kind, known := p.harvestBackend(in.Backend)
	if !known {
		return v.Redirect(302, v.path(newHarvesterPath))
	}
	return v.describeHarvester(kind, in.Organization, &harvest.Source{URL: in.URL, Name: nameOfPortal(in.URL), Backend: kind.ID, Autoarchive: true})
}

// nameOfPortal is a name to begin with: the host.
func nameOfPortal(address string) string {
	if u, err := url.Parse(address); err == nil {
		return strings.TrimPrefix(u.Hostname(), "www.")
	}
	return ""
}

func (v *visit) describeHarvester(kind harvest.Description, organization string, s *harvest.Source) error {
	f := v.form("source", describeHarvesterPath).submit("admin-harvest.preview-submit", "eye").cancel(newHarvesterPath)
	f.hidden("backend", kind.ID)
	if organization != "" {
		f.hidden("organization", organization)
	}
	v.sourceFields(f, s, kind)
	of := scopeMe
	if organization != "" && v.viewer.May(account.Harvest, account.Owner{Organization: organization}, "") {
		of = scopeOf(organization)
	}
	content := adminHarvesterDescribe{Steps: v.wizardSteps(1), Form: f.view()}
	content.Kind, content.About = v.harvestKind(kind.ID, kind.Label)
	return v.showAdmin(adminDraft{
		name: "harvester-describe", title: v.say.T("admin-harvest.describe"), path: describeHarvesterPath, scope: of, icon: "harvest", kicker: "admin-harvest.kind",
		crumbs: []Link{{v.say.T("admin-harvest.title"), v.path(myHarvestersPath)}, {v.say.T("admin-harvest.new"), v.path(newHarvesterPath)}}, data: content,
	})
}

// describeHarvester shows what a source that was described would bring, goes back
// to its description, or makes it.
func (p *Portal) describeHarvester(v *visit, _ web.None, sent *posted) error {
	kind, known := p.harvestBackend(sent.text("backend"))
	if !known {
		return v.Redirect(303, v.path(newHarvesterPath))
	}
	organization := sent.text("organization")
	draft := &harvest.Source{URL: sent.text("url"), Name: sent.text("name"), Description: sent.text("description"), Backend: kind.ID, Autoarchive: true}
	again := func(err error) error {
		return sent.again(err, func() error { return v.describeHarvester(kind, organization, draft) })
	}
	in, err := v.sourceInput(sent, draft, kind)
	if err != nil {
		return again(err)
	}
	if organization != "" {
		in.Organization = account.Some(organization)
	}
	if sent.text("step") == "finish" {
		made, err := p.Harvests.CreateSource(sent.Context(), v.viewer, in)
		if err != nil {
			return again(err)
		}
		return sent.done(sourcePath(made.ID, ""), "admin-harvest.done-created")
	}
	draft, err = p.Harvests.Draft(v.Context(), v.viewer, in)
	if err != nil {
		draft = &harvest.Source{Backend: kind.ID}
		return again(err)
	}
	if sent.text("step") == "back" {
		return v.describeHarvester(kind, organization, draft)
	}
	content, err := v.lookAt(v.Context(), draft)
	if err != nil {
		return again(err)
	}
	content.Steps, content.Fields, content.Action = v.wizardSteps(2), sentAgain(sent), v.path(describeHarvesterPath)
	of := scopeMe
	if organization != "" {
		of = scopeOf(organization)
	}
	return v.showAdmin(adminDraft{
		name: "harvester-preview", title: v.say.T("admin-harvest.preview-of", "name", draft.Name), path: describeHarvesterPath, scope: of, icon: "harvest",
		kicker: "admin-harvest.kind", lead: v.say.T("admin-harvest.preview-lead"),
		crumbs: []Link{{v.say.T("admin-harvest.title"), v.path(myHarvestersPath)}, {v.say.T("admin-harvest.new"), v.path(newHarvesterPath)}}, data: content,
	})
}

// adminHarvesterPreview is what the first records of a source would become.
type adminHarvesterPreview struct {
	// Steps, Fields and Action are those of a new source, nothing for one that is there.
	Steps  []wizardStep
	Fields []hiddenField
	Action string
	// Said sums it up; Well tells that there are records and none failed.
	Said     string
	Well     bool
	Troubles []harvestTroubleShown
	Items    []harvestItem
	// Compare lets the whole of a source that is there be compared; Back leads to it.
	Compare button
	Back    string
}

// lookAtHarvester shows what the first records of a source would become now.
func (p *Portal) lookAtHarvester(v *visit, in harvesterArgs, sent *posted) error {
	s, rights, err := v.harvesterOf(in.ID)
	if err != nil {
		return err
	}
	if !rights.Preview {
		return fault.New(fault.Forbidden, "You do not have the permission to modify that object.")
	}
	content, err := v.lookAt(v.Context(), s)
	if err != nil {
		return sent.again(err, func() error { return p.showHarvester(v, in) })
	}
	content.Back = v.path(sourcePath(s.ID, ""))
	content.Compare = v.button(sourcePath(s.ID, "/compare"), "admin-harvest.compare", "list")
	d := v.harvesterDraft(s, "harvester-preview", v.say.T("admin-harvest.preview-of", "name", s.Name), "/look")
	d.lead, d.data = v.say.T("admin-harvest.preview-lead"), content
	return v.showAdmin(d)
}

// lookAt asks a portal for its first records and shows what they would become.
func (v *visit) lookAt(ctx context.Context, s *harvest.Source) (adminHarvesterPreview, error) {
	seen, err := v.p.Harvests.PreviewNow(ctx, v.viewer, s)
	if err != nil {
		return adminHarvesterPreview{}, err
	}
	content := adminHarvesterPreview{Troubles: v.harvestTroubles(seen.Job.Troubles())}
	failed := int64(0)
	for i := range seen.Items {
		item := &seen.Items[i].Item
		row := v.harvestItem(item, "", itemFields(item), nil)
		row.Page, row.Object = "", ""
		content.Items = append(content.Items, row)
		if item.Status == harvest.ItemFailed {
			failed++
		}
	}
	content.Well = len(content.Items) > 0 && failed == 0 && len(content.Troubles) == 0
	content.Said = v.say.T("admin-harvest.preview-said", "count", len(content.Items))
	if failed > 0 {
		content.Said += " " + v.say.T("admin-harvest.preview-failed", "count", failed)
	}
	return content, nil
}
