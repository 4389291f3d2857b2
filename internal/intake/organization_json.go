package intake

import (
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
)

var organizationKeys = map[string][]string{
	"name": {"name"}, "slug": {"slug"}, "acronym": {"acronym"}, "description": {"description"}, "url": {"url"},
	"image_url": {"image_url"}, "logo": {"logo"}, "business_number_id": {"business_number_id"}, "zone": {"zone"}, "badges": {"badges"},
	"created_at": {"created_at"}, "last_modified": {"last_modified"}, "deleted": {"deleted"}, "members": {"members"},
	"presentation_blocs": {"presentation_blocs"}, "extras": {"extras"},
}

// organizationMonths are the counters by month of an organisation.
var organizationMonths = []string{
	"dataservices_by_months", "datasets_by_months", "datasets_followers_by_months", "datasets_reuses_by_months", "reuses_by_months",
	"reuses_followers_by_months",
}

// readOrganization reads an organisation as the API shows it, of any age.
func readOrganization(o *object, hash uint64, with reading) (said, error) {
	var s said
	organization := account.Organization{
		ID: o.text("id"), Name: o.text("name"), Slug: o.text("slug"), Acronym: o.optional("acronym"), Description: o.text("description"),
		URL: o.optional("url"), ImageURL: o.optional("image_url"), Logo: o.optional("logo"), LogoThumbnail: o.optional("logo_thumbnail"),
		BusinessNumberID: o.optional("business_number_id"), Badges: o.badges("badges"), CreatedAt: o.time("created_at"),
		ModifiedAt: o.time("last_modified"), DeletedAt: o.time("deleted"), PresentationBlocs: o.document("presentation_blocs"),
		PresentationBlocsPublishedAt: o.time("presentation_blocs_published_at"), Extras: o.document("extras"),
	}
	o.checkReference("id", organization.ID)
	if strings.TrimSpace(organization.Name) == "" {
		o.fail("name", "there is no name")
	}
	if zones := s.zonesOfIDs(with.zones, nonEmpty(o.text("zone"))); len(zones) > 0 {
		organization.Zone = &zones[0]
	}
	organization.Members = s.readMembers(o, atOf(organization.ModifiedAt))
	fields := fieldsOf(o, organizationKeys, catalog.OrganizationFields)
	if metrics := o.object("metrics"); metrics != nil {
		organization.Followers, organization.Views = metrics.count("followers"), metrics.count("views")
		months := map[string]any{}
		for _, name := range organizationMonths {
			if counts := metrics.months(name); counts != nil {
				months[name] = counts
			}
		}
		if len(months) > 0 {
			organization.ByMonths = jsonOf(months)
			fields |= catalog.OrganizationFields("by_months")
		}
		fields |= fieldsOf(metrics, map[string][]string{"followers": {"followers"}, "views": {"views"}}, catalog.OrganizationFields)
	}
	if err := o.failure(); err != nil {
		return said{}, err
	}
	if strings.TrimSpace(organization.Description) == "" {
		s.note(noDescription)
	}
	form := catalog.FormFormerAPI
	if o.has("business_number_id") {
		form = catalog.FormAPI
	}
	s.organizations = []catalog.Input[account.Organization]{{
		Object: organization,
		Source: catalog.Source{At: atOf(organization.ModifiedAt), Form: form, Weight: organization.Views, Hash: hash, Fields: fields},
	}}
	return s, nil
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// readMembers reads the members of an organisation; whoever is named twice is a
// member once.
func (s *said) readMembers(o *object, at int64) []account.Member {
	var members []account.Member
	seen := make(map[string]bool)
	for _, member := range o.objects("members") {
		user := member.object("user")
		if user == nil || seen[user.text("id")] {
			continue
		}
		id := user.text("id")
		user.checkReference("id", id)
		seen[id] = true
		s.namePersonOf(user, catalog.FormFormerAPI, at)
		role := account.Role(member.text("role"))
		if role == "" {
			role = account.RoleEditor
		}
		members = append(members, account.Member{
			UserID: id, Role: role, Since: member.time("since"), Label: member.optional("label"),
		})
	}
	return members
}
