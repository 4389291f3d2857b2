package harvest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/geo"
	"grenier/internal/i18n"
)

// mappingVersion goes into the hash of each record: another one makes all records
// be written again. Raise it when the mapping of unchanged records changes.
const mappingVersion = "1"

// Mapper makes of what portals tell what the catalogue keeps: licences of their
// names, slugs of tags, Markdown of HTML, moments of dates. It asks nobody: all
// that it needs is in the tables that it holds. It may be used by several at once.
type Mapper struct {
	licenses   *licenseTable
	zonesKnown *geo.Directory
	schemas    map[string]catalog.SchemaInput // by address
	language   string
	now        time.Time
	// tables sums up what mapped records depend on besides themselves.
	tables string
}

// Tables are what a Mapper knows of the catalogue.
type Tables struct {
	Licenses []catalog.License
	// Zones is nil where no territory is known.
	Zones *geo.Directory
	// Schemas may be nil.
	Schemas []catalog.CatalogSchema
	// Language is the site's, a code of ISO 639-1.
	Language string
	// Now is the moment after which nothing can have been modified.
	Now time.Time
}

// NewMapper returns a mapper.
func NewMapper(t Tables) *Mapper {
	m := &Mapper{licenses: newLicenseTable(t.Licenses), zonesKnown: t.Zones, language: t.Language, now: t.Now, schemas: map[string]catalog.SchemaInput{}}
	for _, schema := range t.Schemas {
		if schema.SchemaURL != nil {
			m.schemas[*schema.SchemaURL] = catalog.SchemaInput{Name: schema.Name, Version: "latest"}
		}
		for _, version := range schema.Versions {
			m.schemas[version.SchemaURL] = catalog.SchemaInput{Name: schema.Name, Version: version.Name}
		}
	}
	sum := sha256.New()
	_ = json.NewEncoder(sum).Encode([]any{mappingVersion, t.Language, t.Licenses, m.schemas}) // a hash takes all
	m.tables = hex.EncodeToString(sum.Sum(nil)[:8])
	return m
}

// mapping is a record on its way through a mapper.
type mapping struct {
	mapper *Mapper
	logs   []Log
}

// maxMappingLogs bounds the remarks on one record.
const maxMappingLogs = 100

func (m *mapping) log(level, format string, args ...any) {
	if len(m.logs) < maxMappingLogs {
		m.logs = append(m.logs, Log{Level: level, Message: fmt.Sprintf(format, args...)})
	}
}

// cut shortens what is repeated in a remark.
func cut(s string) string {
	s, _ = shortened(cleanLine(s), 80)
	return s
}

// Dataset maps a record of a dataset. ID, Missing and Keep are left to the caller,
// as is Harvest.Backend. The logs tell what was left out; the error is why the
// record cannot be taken at all: it has no identifier or no title.
func (m *Mapper) Dataset(l Line, s *Source) (catalog.HarvestedDataset, []Log, error) {
	var out catalog.HarvestedDataset
	if l.Dataset == nil {
		return out, nil, fault.New(fault.Invalid, "The record says nothing: it has no data.")
	}
	told, w := l.Dataset, &mapping{mapper: m}
	title, err := w.titled(l.RemoteID, told.Title)
	if err != nil {
		return out, w.logs, err
	}
	out.Owner, out.Slug = s.OwnedBy(), cleanLine(told.Name)
	out.Input.Title = catalog.Some(title)
	if description := cleanDescription(told.Description, told.DescriptionFormat); description != "" {
		out.Input.Description = catalog.Some(description)
	}
	out.Input.Tags = catalog.Some(w.tags(told.Tags))
	if acronym := cleanLine(told.Acronym); acronym != "" {
		acronym, _ = shortened(acronym, catalog.AcronymMax)
		out.Input.Acronym = catalog.Some(acronym)
	}
	if id, ok := m.licenses.guess(slices.Concat(told.License, told.Rights)...); ok {
		out.Input.License = catalog.Some(id)
	}
	w.dataset(told, &out)
	out.Contacts = w.contacts(told.Contacts)
	out.Resources = w.resources(told.Resources)
	out.ResourcesWhole = told.ResourcesWhole
	out.Harvest = w.origin(l, told.Harvest, s)
	return out, w.logs, nil
}

// dataset maps the members that a record may leave out.
func (w *mapping) dataset(told *Dataset, out *catalog.HarvestedDataset) {
	if told.Frequency != "" {
		if id, ok := FrequencyOf(told.Frequency); ok {
			out.Input.Frequency = catalog.Some(id)
		} else {
			w.log("warning", "The frequency %q is not known: it is left out.", cut(told.Frequency))
		}
	}
	if told.Temporal != nil && (told.Temporal.Start != "" || told.Temporal.End != "") {
		if covered, ok := period(*told.Temporal); ok {
			out.Input.TemporalCoverage = catalog.Some(covered)
		} else {
			w.log("warning", "The coverage in time from %q to %q cannot be read: it is left out.", cut(told.Temporal.Start), cut(told.Temporal.End))
		}
	}
	if covered, ok := w.spatial(told.Spatial); ok {
		out.Input.Spatial = catalog.Some(covered)
	}
	if schema, ok := w.schema(told.Schema); ok {
		out.Schema = catalog.Some(schema)
	}
	kind, category := accessOf(told.AccessType, told.AccessRights, told.Rights)
	if kind != "" {
		out.Input.AccessType = catalog.Some(kind)
	}
	if category != "" {
		out.Input.ReasonCategory = catalog.Some(category)
	}
	if told.Private != nil {
		out.Input.Private = catalog.Some(*told.Private)
	}
	if extras := w.extras(told.Extras); extras != nil {
		out.Input.Extras = catalog.Some(extras)
	}
}

// titled judges what a record cannot do without.
func (w *mapping) titled(remoteID, told string) (string, error) {
	if cleanLine(remoteID) == "" {
		return "", fault.New(fault.Invalid, "missing identifier")
	}
	title := cleanLine(told)
	if title == "" {
		return "", fault.New(fault.Invalid, "missing title")
	}
	title, long := shortened(title, catalog.TitleMax)
	if long {
		w.log("warning", "The title is longer than %d characters: it is cut.", catalog.TitleMax)
	}
	return title, nil
}

func (w *mapping) tags(told []string) []string {
	tags, dropped := cleanTags(told)
	if dropped > 0 {
		w.log("warning", "Only the first %d tags are kept: %d are left out.", catalog.MaxHarvestedTags, dropped)
	}
	return tags
}

// contacts maps whom to ask; nil when nobody is told.
func (w *mapping) contacts(told []Contact) []catalog.HarvestedContact {
	var contacts []catalog.HarvestedContact
	for _, one := range told {
		role := one.Role
		if role == "" {
			role = "contact"
		}
		if !i18n.Has(i18n.ContactRole, role) {
			w.log("warning", "The role %q of a contact point is not known: it is left out.", cut(role))
			continue
		}
		contact := catalog.HarvestedContact{Name: cleanLine(one.Name), Email: emailIn(one.Email), Role: role}
		if form := webAddress(one.Form); catalog.IsWebAddress(form) {
			contact.Form = form
		}
		if contact.Name == "" {
			w.log("warning", "A contact point without name is left out.")
			continue
		}
		contacts = append(contacts, contact)
	}
	return contacts
}

// schema maps what data conforms to: a schema of the catalogue of schemas by its
// name, another by its address.
func (w *mapping) schema(told *Schema) (catalog.SchemaInput, bool) {
	if told == nil {
		return catalog.SchemaInput{}, false
	}
	schema := catalog.SchemaInput{Name: cleanLine(told.Name), Version: cleanLine(told.Version), URL: cleanLine(told.URL)}
	if known, ok := w.mapper.schemas[schema.URL]; ok {
		return known, true
	}
	if schema.URL != "" && !catalog.IsWebAddress(schema.URL) {
		w.log("warning", "The address %q of a schema is none: it is left out.", cut(schema.URL))
		schema.URL = ""
	}
	schema.Name, _ = shortened(schema.Name, 255)
	schema.Version, _ = shortened(schema.Version, 255)
	if schema.URL == "" && schema.Name == "" {
		return schema, false
	}
	return schema, true
}

// origin maps what the portal says of the record's own history.
func (w *mapping) origin(l Line, told Origin, s *Source) catalog.Harvest {
	h := catalog.Harvest{
		RemoteID: textOrNone(cleanLine(l.RemoteID)), URI: w.name("uri", told.URI), DctIdentifier: w.name("dct_identifier", told.DctIdentifier),
		SourceID: &s.ID, Domain: textOrNone(s.Domain), LastUpdate: db.TimeOf(w.mapper.now),
		CreatedAt: w.moment("created_at", told.CreatedAt), IssuedAt: w.moment("issued_at", told.IssuedAt), ModifiedAt: w.past("modified_at", told.ModifiedAt),
	}
	if address := cleanText(l.RemoteURL); catalog.IsWebAddress(address) {
		h.RemoteURL = &address
	}
	return h
}

// name is another name of a record; nil for one that is too long to be kept.
func (w *mapping) name(member, told string) *string {
	told = cleanLine(told)
	if len(told) > maxIdentifier {
		w.log("warning", "The %s is longer than %d bytes: it is left out.", member, maxIdentifier)
		return nil
	}
	return textOrNone(told)
}

func textOrNone(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// moment reads a date; one that cannot be read is none.
func (w *mapping) moment(member, told string) db.Time {
	told = cleanLine(told)
	if told == "" {
		return db.Time{}
	}
	moment, _, ok := readDate(told)
	if !ok {
		w.log("warning", "The date %q of %s cannot be read: it is left out.", cut(told), member)
		return db.Time{}
	}
	return db.TimeOf(moment)
}

// past is moment for what cannot be to come.
func (w *mapping) past(member, told string) db.Time {
	moment := w.moment(member, told)
	if moment.After(w.mapper.now) {
		w.log("warning", "The date %q of %s is yet to come: it is left out.", cut(told), member)
		return db.Time{}
	}
	return moment
}

// Bounds of extras: their number and bytes in all, and those of a key.
const (
	maxMappedExtras     = 400
	maxMappedExtrasSize = 400 << 10
	maxMappedKey        = 255
)

// extras maps a free dictionary; nil when nothing is told.
func (w *mapping) extras(told map[string]any) json.RawMessage {
	if len(told) == 0 {
		return nil
	}
	kept := make(map[string]json.RawMessage, len(told))
	keys := make([]string, 0, len(told))
	for key := range told {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	size := 0
	for _, key := range keys {
		raw, err := json.Marshal(cleanValue(told[key], 0))
		name := cleanLine(key)
		switch {
		case err != nil || name == "" || len(name) > maxMappedKey:
			w.log("warning", "The extra %q cannot be kept: it is left out.", cut(key))
		case len(kept) >= maxMappedExtras || size+len(raw)+len(name) > maxMappedExtrasSize:
			w.log("warning", "The extras are too many or too long: %q is left out.", cut(key))
		default:
			kept[name] = raw
			size += len(raw) + len(name)
		}
	}
	raw, err := json.Marshal(kept)
	if err != nil {
		return nil
	}
	return raw
}

// cleanValue cleans the texts of a value.
func cleanValue(value any, depth int) any {
	switch v := value.(type) {
	case string:
		return cleanText(v)
	case []string:
		clean := make([]string, len(v))
		for i := range v {
			clean[i] = cleanText(v[i])
		}
		return clean
	case []any:
		clean := make([]any, 0, len(v))
		for _, one := range v {
			if depth < 16 {
				clean = append(clean, cleanValue(one, depth+1))
			}
		}
		return clean
	case map[string]any:
		clean := make(map[string]any, len(v))
		for key, one := range v {
			if depth < 16 {
				clean[cleanText(key)] = cleanValue(one, depth+1)
			}
		}
		return clean
	}
	return value
}

// Hash sums up a record as far as the mapping looks at it: as long as it is the
// same, the record need not be mapped. That is what the portal says it is (Line.Hash)
// where it does.
func (m *Mapper) Hash(l Line) string {
	sum := sha256.New()
	sum.Write([]byte(m.tables))
	if l.Hash != "" {
		sum.Write([]byte(l.Hash))
		return hex.EncodeToString(sum.Sum(nil)[:16])
	}
	encoder := json.NewEncoder(sum)
	if err := encoder.Encode([]any{l.RemoteURL, l.Dataset, l.Dataservice}); err != nil {
		return "" // what cannot be summed up is looked at each time
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}
