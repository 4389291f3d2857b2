package portal

import (
	"html/template"
	"strconv"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
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

// zoneLink leads to the datasets about a territory.
func (v *visit) zoneLink(id string) Link {
	if id == "" {
		return Link{}
	}
	zone, ok := v.p.Zones.Get(id)
	if !ok {
		return Link{Label: id}
	}
	return Link{zone.Name, v.path("/datasets/search?geozone=" + zone.ID)}
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
		var counts catalog.MonthCounts
		if !decoded([]byte(known[metric+"_by_months"]), &counts) {
			continue
		}
		title := v.say.T("organization.chart-" + strings.ReplaceAll(metric, "_", "-"))
		if chart := v.monthChart("chart-"+strings.ReplaceAll(metric, "_", "-"), title, counts); chart != "" {
			charts = append(charts, chart)
		}
	}
	return charts
}

// monthsShown is how many months charts show.
const monthsShown = 12

// monthChart draws a counter of the last twelve months; nothing when there was
// nothing to count.
func (v *visit) monthChart(id, title string, counts catalog.MonthCounts) template.HTML {
	months := catalog.Months(v.now)
	months = months[len(months)-monthsShown:]
	chart := Chart{
		ID: id, Title: title, Series: []ChartSeries{{Name: title}},
		Number: func(f float64) string { return v.say.Number(int64(f)) },
		Short:  func(f float64) string { return v.say.Compact(int64(f)) },
		Words:  ChartWords{Marks: v.say.T("common.month"), Numbers: v.say.T("common.see-numbers"), Empty: v.say.T("common.no-number"), Gap: "–"},
	}
	sum := int64(0)
	for _, month := range months {
		chart.Marks = append(chart.Marks, ChartMark{v.say.Month(month), month[5:] + "/" + month[2:4]})
		chart.Series[0].Values = append(chart.Series[0].Values, float64(counts[month]))
		sum += counts[month]
	}
	if sum == 0 {
		return ""
	}
	return chart.Figure()
}
