package portal

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/i18n"
)

// datasetFields describe a dataset in a form. Where a proposal stands in for what
// nobody said yet, the field says so.
type datasetFields struct {
	v    *visit
	f    *formDraft
	d    *catalog.Dataset
	made *proposal // nil when nothing is proposed
}

// offer is the stored value, or the proposed one with a mark.
func (b *datasetFields) offer(stored, proposed string, add func(value string) *fieldDraft) *fieldDraft {
	if stored != "" || proposed == "" {
		return add(stored)
	}
	return add(proposed).proposed(b.made.from())
}

// proposals are those of the page, or none.
func (b *datasetFields) proposals() *proposal {
	if b.made == nil {
		return &proposal{}
	}
	return b.made
}

// describe asks for title and description.
func (b *datasetFields) describe() {
	b.f.group("publish.describe", "")
	title := b.f.text("title", "publish.title", b.d.Title).most(catalog.TitleMax).require().help("publish.title-help")
	description := b.d.Description
	if b.made != nil && b.v.unwritten(description) {
		description = b.v.skeleton(b.made, b.d)
		if b.made.titled {
			title.proposed(b.made.from())
		}
	}
	field := b.f.markdown("description", "publish.description", description).most(catalog.DescriptionMax).require().help("publish.description-help")
	if description != b.d.Description && description != "" {
		from := b.made.from()
		if len(b.made.tables) == 0 {
			from = proposedByProducer
		}
		field.proposed(from)
	}
}

// unwritten tells whether a description is the one that drafts begin with.
func (v *visit) unwritten(description string) bool {
	for _, lang := range v.p.Languages {
		if description == v.theme.Printer(lang).T("publish.draft-description") {
			return true
		}
	}
	return false
}

// more asks for the names that the first page does without.
func (b *datasetFields) more() {
	b.f.text("acronym", "publish.acronym", deref(b.d.Acronym)).most(catalog.AcronymMax)
	b.f.area("description_short", "publish.short", deref(b.d.DescriptionShort)).most(catalog.DescriptionShortMax).rows(2).help("publish.short-help")
}

// find asks for what makes the dataset found: tags, licence.
func (b *datasetFields) find() {
	b.f.group("publish.find", "")
	tags := b.d.Tags
	proposed := len(tags) == 0 && len(b.proposals().Tags) > 0
	if proposed {
		tags = b.proposals().Tags
	}
	field := b.f.tags("tags", "publish.tags", tags).help("publish.tags-help")
	if proposed {
		field.proposed(b.made.from())
	}
}

// license asks for the licence.
func (b *datasetFields) license(licenses []option) {
	value := deref(b.d.License)
	usual := value == "" && b.proposals().License != ""
	if usual {
		value = b.proposals().License
	}
	field := b.f.choose("license", "publish.license", value, licenses).help("publish.license-help")
	if usual {
		field.proposed("publish.proposed-license")
	}
}

// when asks for the frequency and the period.
func (b *datasetFields) when() {
	b.f.group("publish.when", "")
	frequency := deref(b.d.Frequency)
	if frequency == catalog.FrequencyUnknown {
		frequency = ""
	}
	b.offer(frequency, b.proposals().Frequency, func(value string) *fieldDraft {
		return b.f.choose("frequency", "publish.frequency", value, b.v.frequencies()).help("publish.frequency-help")
	})
	start, end := deref(b.d.TemporalStart), deref(b.d.TemporalEnd)
	made := b.proposals()
	if start != "" {
		made = &proposal{}
	}
	b.offer(start, made.Start, func(value string) *fieldDraft { return b.f.date("temporal_coverage.start", "publish.start", value) })
	b.offer(end, made.End, func(value string) *fieldDraft { return b.f.date("temporal_coverage.end", "publish.end", value) })
}

// frequencies are those that may be chosen, none first.
func (v *visit) frequencies() []option {
	options := []option{{Label: v.say.T("publish.frequency-none")}}
	for _, id := range i18n.IDs(i18n.Frequency) {
		if id != catalog.FrequencyUnknown {
			options = append(options, option{Value: id, Label: i18n.Label(i18n.Frequency, id, v.lang)})
		}
	}
	return options
}

// maxChosenZones bounds the zones that a form names one by one.
const maxChosenZones = 200

// zonesField is the member of the API that holds the zones of a coverage.
const zonesField = "spatial.zones"

// where asks for the territory.
func (b *datasetFields) where() {
	b.f.group("publish.where", "")
	zones := b.d.Zones
	proposed := !b.d.HasSpatial && len(b.proposals().Zones) > 0
	if proposed {
		zones = b.proposals().Zones
	}
	help := "publish.zones-help"
	if b.d.Geometry != nil {
		help = "publish.zones-shape"
	}
	field := b.f.picks(zonesField, "publish.zones", "zones", b.v.zoneOptions(zones[:min(len(zones), maxChosenZones)])...).help(help)
	if proposed && b.made.ofProducer {
		field.proposed(proposedByProducer)
	} else if proposed {
		field.proposed(b.made.from())
	}
	b.f.askHomonyms(zonesField)
	stored := deref(b.d.Granularity)
	b.offer(stored, b.proposals().Granularity, func(value string) *fieldDraft {
		return b.f.choose("spatial.granularity", "publish.granularity", value, b.v.granularities()).help("publish.granularity-help")
	})
}

// zoneOptions are zones by their names.
func (v *visit) zoneOptions(ids []string) []option {
	options := make([]option, 0, len(ids))
	for _, id := range ids {
		label := id
		if zone, ok := v.p.Zones.Get(id); ok {
			label = v.zoneLabel(zone)
		}
		options = append(options, option{Value: id, Label: label})
	}
	return options
}

func (v *visit) granularities() []option {
	options := []option{{Label: v.say.T("publish.granularity-none")}}
	for _, id := range i18n.IDs(i18n.Granularity) {
		options = append(options, option{Value: id, Label: i18n.Label(i18n.Granularity, id, v.lang)})
	}
	return options
}

// administrationLicenses are those that French administrations may choose without
// asking (code des relations entre le public et l'administration, article
// D323-2-1).
var administrationLicenses = []string{"lov2", "odc-odbl"}

// licenseOptions are the licences, grouped by who may choose them.
func (v *visit) licenseOptions() ([]option, error) {
	licenses, err := v.p.Catalog.Licenses(v.Context())
	if err != nil {
		return nil, err
	}
	options := []option{{Label: v.say.T("publish.license-none")}}
	for _, administrations := range []bool{true, false} {
		group := v.say.T("publish.licenses-all")
		if administrations {
			group = v.say.T("publish.licenses-administrations")
		}
		for i := range licenses {
			l := &licenses[i]
			if l.ID != catalog.LicenseNotSpecified && slices.Contains(administrationLicenses, l.ID) == administrations {
				options = append(options, option{Value: l.ID, Label: v.licenseTitle(l), Group: group})
			}
		}
	}
	return options, nil
}

// access asks who may have the data, and why not everybody.
func (b *datasetFields) access() {
	b.f.group("publish.access", "publish.access-help")
	b.f.radio("access_type", "publish.access-type", b.d.AccessType, b.v.labels(i18n.AccessType))
	reasons := append([]option{{Label: b.v.say.T("publish.reason-none")}}, b.v.labels(i18n.ReasonCategory)...)
	b.f.choose("access_type_reason_category", "publish.reason-category", deref(b.d.AccessTypeReasonCategory), reasons)
	b.f.area("access_type_reason", "publish.reason", deref(b.d.AccessTypeReason)).rows(3)
	b.f.link("authorization_request_url", "publish.request-url", deref(b.d.AuthorizationRequestURL)).help("publish.request-url-help")
	conditions := append([]option{{Label: b.v.say.T("publish.audience-none")}}, b.v.labels(i18n.AccessCondition)...)
	var audiences []catalog.AudienceInput
	decoded(b.d.AccessAudiences, &audiences)
	for _, role := range i18n.IDs(i18n.AccessAudience) {
		current := ""
		for _, one := range audiences {
			if one.Role == role {
				current = one.Condition
			}
		}
		b.f.choose("access_audiences."+role, " "+i18n.Label(i18n.AccessAudience, role, b.v.lang), current, conditions)
	}
}

// labels are the values of a kind with their words.
func (v *visit) labels(kind i18n.Kind) []option {
	var options []option
	for _, id := range i18n.IDs(kind) {
		options = append(options, option{Value: id, Label: i18n.Label(kind, id, v.lang)})
	}
	return options
}

// mostContacts bounds the contact points to choose among.
const mostContacts = 50

// contactOptions are the contact points of an owner, and those that the dataset
// has.
func (v *visit) contactOptions(owner account.Owner, has []catalog.ContactPoint) ([]option, error) {
	points, _, err := v.p.Catalog.ContactPoints(v.Context(), owner, catalog.Page{Limit: mostContacts})
	if err != nil {
		return nil, err
	}
	for i := range has {
		if !slices.ContainsFunc(points, func(p catalog.ContactPoint) bool { return p.ID == has[i].ID }) {
			points = append(points, has[i])
		}
	}
	options := make([]option, 0, len(points))
	for i := range points {
		p := &points[i]
		detail := i18n.Label(i18n.ContactRole, p.Role, v.lang)
		if mail := deref(p.Email); mail != "" {
			detail += ", " + mail
		}
		options = append(options, option{Value: p.ID, Label: p.Name, Help: detail})
	}
	return options, nil
}

// datasetInput is what a form says of a dataset: what it has no field for stays.
func (v *visit) datasetInput(sent *posted, d *catalog.Dataset) catalog.DatasetInput {
	var in catalog.DatasetInput
	texts := func(name string, into *catalog.Opt[string]) {
		if sent.has(name) {
			*into = catalog.Some(sent.text(name))
		}
	}
	texts("title", &in.Title)
	texts("description", &in.Description)
	texts("acronym", &in.Acronym)
	texts("description_short", &in.DescriptionShort)
	texts("frequency", &in.Frequency)
	texts("license", &in.License)
	texts("access_type", &in.AccessType)
	texts("access_type_reason_category", &in.ReasonCategory)
	texts("access_type_reason", &in.Reason)
	texts("authorization_request_url", &in.AuthorizationRequestURL)
	if sent.has("tags") {
		in.Tags = catalog.Some(sent.list("tags"))
	}
	if sent.has("temporal_coverage.start") {
		in.TemporalCoverage = catalog.Some(catalog.TemporalInput{Start: sent.text("temporal_coverage.start"), End: sent.text("temporal_coverage.end")})
	}
	if sent.has("spatial.zones") {
		in.Spatial = v.spatialOf(sent, d)
	}
	if sent.has("access_type") {
		audiences := []catalog.AudienceInput{}
		for _, role := range i18n.IDs(i18n.AccessAudience) {
			if condition := sent.text("access_audiences." + role); condition != "" {
				audiences = append(audiences, catalog.AudienceInput{Role: role, Condition: condition})
			}
		}
		in.AccessAudiences = catalog.Some(audiences)
	}
	if sent.has("frequency_date") {
		in.FrequencyDate = catalog.Opt[time.Time]{Set: true, Null: sent.text("frequency_date") == ""}
		in.FrequencyDate.Value, _ = catalog.ParseMoment(sent.text("frequency_date"))
	}
	if sent.has("contacts") {
		in.ContactPoints = catalog.Some(sent.texts("contact_points"))
	}
	return in
}

// datasetFaults are all faults of a form of a dataset, together: those that it has
// by itself, and with them, and those given, what the subject finds. The subject
// is asked alone when there are others: its write finds the rest. nil when there
// are none but its own.
func (v *visit) datasetFaults(sent *posted, d *catalog.Dataset, next catalog.DatasetInput, given ...error) error {
	days := fault.Collect(dayFault(sent, "temporal_coverage.start"), dayFault(sent, "temporal_coverage.end"), openPeriod(sent), periodFault(sent))
	update := dayFault(sent, "frequency_date")
	own := fault.Collect(append([]error{days, update, v.homonyms(sent, zonesField)}, given...)...)
	if own == nil {
		return nil
	}
	if days != nil {
		next.TemporalCoverage = catalog.Opt[catalog.TemporalInput]{}
	}
	if update != nil {
		next.FrequencyDate = catalog.Opt[time.Time]{}
	}
	return fault.Collect(v.p.Catalog.JudgeDataset(v.Context(), v.viewer, d.ID, next), own)
}

// wholeDay is how a day is typed, in the order of machines or of people.
var wholeDay = regexp.MustCompile(`^(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-]\d{4})$`)

// dayFault refuses what is no day in a field: one that the calendar does not have
// is told from what is none at all.
func dayFault(sent *posted, name string) error {
	typed := sent.text(name)
	if _, ok := catalog.ParseMoment(typed); ok || typed == "" {
		return nil
	}
	if wholeDay.MatchString(typed) && !onCalendar(typed) {
		return fault.At("This date does not exist.", name)
	}
	return fault.At("Value should be a date.", name)
}

// onCalendar tells whether there is a day as typed, in one of the orders.
func onCalendar(typed string) bool {
	typed = strings.NewReplacer("/", "-", ".", "-").Replace(typed)
	for _, order := range []string{"2006-1-2", "2-1-2006", "1-2-2006"} {
		if _, err := time.Parse(order, typed); err == nil {
			return true
		}
	}
	return false
}

// openPeriod refuses a period with an end alone.
func openPeriod(sent *posted) error {
	if sent.text("temporal_coverage.start") == "" && sent.text("temporal_coverage.end") != "" {
		return fault.At("The coverage must have days: YYYY-MM-DD.", "temporal_coverage.start")
	}
	return nil
}

// periodFault refuses a period that ends before it starts: the API lets its ends
// change places, but who typed them is asked.
func periodFault(sent *posted) error {
	start, startErr := time.Parse(time.DateOnly, sent.text("temporal_coverage.start"))
	end, endErr := time.Parse(time.DateOnly, sent.text("temporal_coverage.end"))
	if startErr == nil && endErr == nil && end.Before(start) {
		return fault.At("The end comes before the start.", "temporal_coverage.end")
	}
	return nil
}

// spatialOf is the coverage of a form. A shape, and zones beyond those that the
// form names, stay while no other zone is chosen.
func (v *visit) spatialOf(sent *posted, d *catalog.Dataset) catalog.Opt[catalog.SpatialInput] {
	given := catalog.SpatialInput{Zones: v.zoneIDs(sent, zonesField), Granularity: sent.text("spatial.granularity")}
	if len(d.Zones) > maxChosenZones {
		given.Zones = append(given.Zones, d.Zones[maxChosenZones:]...)
	}
	if len(given.Zones) == 0 && d.Geometry != nil {
		given.Geometry = json.RawMessage(d.Geometry)
	}
	if len(given.Zones) == 0 && given.Geometry == nil && (given.Granularity == "" || given.Granularity == "other") {
		return catalog.Opt[catalog.SpatialInput]{Set: true, Null: true}
	}
	return catalog.Some(given)
}

// imagined is the dataset as it would be with what a form holds, as far as its
// quality depends on it; nothing is written.
func (v *visit) imagined(d *catalog.Dataset, sent *posted) *catalog.Dataset {
	next := *d
	given := func(name string, into **string) {
		if !sent.has(name) {
			return
		}
		*into = nil
		if value := sent.text(name); value != "" {
			*into = &value
		}
	}
	given("license", &next.License)
	given("frequency", &next.Frequency)
	given("temporal_coverage.start", &next.TemporalStart)
	if sent.has("access_type") {
		next.AccessType = sent.text("access_type")
	}
	if next.AccessType != openAccess {
		next.License = nil
	}
	if sent.has("description") {
		next.DescriptionLength = int64(len([]rune(sent.text("description"))))
	}
	if sent.has("spatial.zones") {
		covered := v.spatialOf(sent, d)
		next.HasSpatial = !covered.Null
	}
	if next.ResourceCount == 0 {
		next.LastUpdate = db.Now()
	}
	return &next
}
