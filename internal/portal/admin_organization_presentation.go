package portal

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// adminOrganizationPresentation is the page that an organisation composes.
type adminOrganizationPresentation struct {
	Form formView
	// Others counts the blocs that are no texts: they stay where they are.
	Others int
}

// blocsField is the member of the API that holds the blocs of a page.
const blocsField = "presentation_blocs"

func (p *Portal) showAdminPresentation(v *visit, in adminOrganizationArgs) error {
	o, err := v.inside(in.ID, account.Manage)
	if err != nil {
		return err
	}
	blocs, err := catalog.Blocs(o.PresentationBlocs)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "The presentation of this organization cannot be read.")
	}
	content := adminOrganizationPresentation{}
	path := organizationAdmin(o.ID, "/profile/presentation")
	f := v.form("presentation", path).version(o.Version).cancel(organizationAdmin(o.ID, "/profile"))
	f.group("admin-organization.presentation-publish", "")
	f.check("published", "admin-organization.presentation-published", !o.PresentationBlocsPublishedAt.IsZero()).help("admin-organization.presentation-published-help")
	number := 0
	for i, one := range blocs {
		if one.Class != catalog.BlocMarkdown {
			content.Others++
			continue
		}
		number++
		f.group(" "+v.say.T("admin-organization.presentation-text", "number", number), "")
		f.blocFields(i, deref(one.Title), deref(one.Content))
	}
	f.group("admin-organization.presentation-new", "admin-organization.presentation-new-help")
	f.blocFields(len(blocs), "", "")
	content.Form = f.view()
	d := v.organizationAdminDraft(o, "organization-presentation", v.say.T("admin-organization.presentation"), "/profile/presentation")
	d.lead, d.public = v.say.T("admin-organization.presentation-lead"), v.publicPage(catalog.KindOrganization, o.Slug)
	d.tabs, d.data = v.profileTabs(o, "/presentation"), content
	return v.showAdmin(d)
}

// blocFields ask for the text at a place of a page.
func (f *formDraft) blocFields(place int, title, content string) {
	name := blocsField + "." + strconv.Itoa(place)
	f.text(name+".title", "admin-organization.presentation-title", title).most(350)
	f.markdown(name+".content", "admin-organization.presentation-content", content).rows(8)
}

func (p *Portal) saveAdminPresentation(v *visit, in adminOrganizationArgs, sent *posted) error {
	o, err := v.inside(in.ID, account.Manage)
	if err != nil {
		return err
	}
	input, places, err := presentationInput(o, sent)
	if err == nil {
		_, err = p.Accounts.UpdateOrganization(sent.Context(), v.viewer, o.ID, input)
	}
	if err != nil {
		return sent.again(replaced(err, places), func() error { return p.showAdminPresentation(v, in) })
	}
	return sent.done(organizationAdmin(o.ID, "/profile/presentation"), "admin-organization.done-presentation")
}

// presentationInput makes the page of an organisation out of its present one and
// the texts that were sent: empty ones go. places tell at which place of the
// form each bloc stands.
func presentationInput(o *account.Organization, sent *posted) (in account.OrganizationInput, places []int, err error) {
	present, err := catalog.Blocs(o.PresentationBlocs)
	if err != nil {
		return in, nil, err
	}
	blocs := make([]catalog.Bloc, 0, len(present)+1)
	for i, one := range append(present, catalog.Bloc{ID: db.NewUUID(), Class: catalog.BlocMarkdown}) {
		name := blocsField + "." + strconv.Itoa(i)
		if one.Class == catalog.BlocMarkdown {
			title, content := sent.text(name+".title"), sent.text(name+".content")
			if title == "" && content == "" {
				continue
			}
			one.Title, one.Content = &title, &content
		}
		blocs, places = append(blocs, one), append(places, i)
	}
	text, err := json.Marshal(blocs)
	in.PresentationBlocs = account.Some(json.RawMessage(text))
	switch published := sent.checked("published"); {
	case published && o.PresentationBlocsPublishedAt.IsZero():
		in.PresentationBlocsPublishedAt = account.Some(time.Now())
	case !published:
		in.PresentationBlocsPublishedAt = account.Opt[time.Time]{Set: true, Null: true}
	}
	return in, places, err
}

// replaced leads the faults of blocs to the places of the form that they come
// from.
func replaced(err error, places []int) error {
	known := fault.Of(err)
	if len(known.Fields) == 0 {
		return err
	}
	moved := *known
	moved.Fields = slices.Clone(known.Fields)
	for i, field := range moved.Fields {
		if len(field.Path) < 2 || field.Path[0] != blocsField {
			continue
		}
		if at, ok := field.Path[1].(int); ok && at >= 0 && at < len(places) {
			moved.Fields[i].Path = slices.Clone(field.Path)
			moved.Fields[i].Path[1] = places[at]
		}
	}
	return &moved
}
