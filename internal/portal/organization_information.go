package portal

import (
	"html/template"
	"strconv"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/i18n"
	"grenier/internal/image"
)

// organizationInformation is what is known of an organisation.
type organizationInformation struct {
	Head organizationHead
	// Prose is its whole description.
	Prose prose
	// Charts are its statistics of the last twelve months, with their tables.
	Charts  []template.HTML
	Members []organizationMember
	// OtherMembers counts those that the page does not list.
	OtherMembers     int64
	Created, Updated time.Time
	// Zone is the territory that it is the authority of.
	Zone Link
	// Business is its number in the register of businesses.
	Business businessNumber
	// Files are lists of what it publishes, for spreadsheets.
	Files []Link
}

// organizationMember is a person of an organisation.
type organizationMember struct {
	Name, URL, Role, Initials string
	Shade                     int
}

// businessNumber is the number of an organisation in a register. URL is its page
// there, empty for numbers of unknown form.
type businessNumber struct{ Number, URL string }

func (p *Portal) showOrganizationInformation(v *visit, in objectArgs) error {
	o, done, err := v.organization(in.Key, "/"+organizationAbout)
	if done || err != nil {
		return err
	}
	content := organizationInformation{
		Head: v.organizationHead(o, organizationAbout), Prose: v.prose(o.Description), Charts: v.organizationCharts(o),
		Created: o.CreatedAt.Time, Updated: o.ModifiedAt.Time, Zone: v.zoneLink(deref(o.Zone)), Business: businessOf(deref(o.BusinessNumberID)),
	}
	content.Prose.Excerpt = ""
	content.Members, content.OtherMembers = v.organizationMembers(o)
	for _, name := range organizationFiles {
		label := v.say.T("organization.csv-" + strings.TrimSuffix(name, ".csv"))
		content.Files = append(content.Files, Link{label, organizationPath(o, name)})
	}
	d := v.organizationDraft(o, "organization-information", organizationAbout)
	d.data, d.keys = content, append(d.keys, cardKinds(catalog.KindUser)...)
	return v.show(d)
}

// mostMembers bounds the people that a page lists.
const mostMembers = 60

// organizationMembers lists the people of an organisation, as everybody may
// know them: by name and role.
func (v *visit) organizationMembers(o *account.Organization) (members []organizationMember, others int64) {
	for _, m := range o.Members {
		if m.User == nil || !m.User.Active || !m.User.DeletedAt.IsZero() {
			continue
		}
		if len(members) == mostMembers {
			others++
			continue
		}
		name := m.User.FullName()
		members = append(members, organizationMember{
			Name: name, URL: v.path("/users/" + m.User.Slug), Role: i18n.Label(i18n.OrganizationRole, string(m.Role), v.lang),
			Initials: image.Initials(name), Shade: shade(m.User.ID),
		})
	}
	return members, others
}

// zoneLink leads to the page of a territory.
func (v *visit) zoneLink(id string) Link {
	if id == "" {
		return Link{}
	}
	zone, ok := v.p.Zones.Get(id)
	if !ok {
		return Link{Label: id}
	}
	return Link{zone.Name, v.path(zone.Path())}
}

// businessOf reads a number of the French register of businesses: SIREN (9
// digits) or SIRET (14 digits).
func businessOf(number string) businessNumber {
	digits := strings.Map(func(r rune) rune {
		if r == ' ' || r == '\u00a0' {
			return -1
		}
		return r
	}, number)
	if _, err := strconv.ParseUint(digits, 10, 64); err == nil {
		switch len(digits) {
		case 9:
			return businessNumber{digits, "https://annuaire-entreprises.data.gouv.fr/entreprise/" + digits}
		case 14:
			return businessNumber{digits, "https://annuaire-entreprises.data.gouv.fr/etablissement/" + digits}
		}
	}
	return businessNumber{Number: number}
}

// organizationMetrics are the counters by month that charts show, in order.
var organizationMetrics = []string{
	"datasets", "dataservices", "reuses", "datasets_followers", "datasets_reuses", "reuses_followers",
}

// organizationCharts draw the counters of the last twelve months, as far as
// they are known.
func (v *visit) organizationCharts(o *account.Organization) []template.HTML {
	known := fields(o.ByMonths)
	var charts []template.HTML
	for _, metric := range organizationMetrics {
		counts := monthCounts(db.JSON(known[metric+"_by_months"]))
		title := v.say.T("organization.chart-" + strings.ReplaceAll(metric, "_", "-"))
		if chart := v.monthChart("chart-"+strings.ReplaceAll(metric, "_", "-"), title, counts); chart != "" {
			charts = append(charts, chart)
		}
	}
	return charts
}
