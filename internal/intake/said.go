package intake

import (
	"cmp"
	"encoding/json"
	"fmt"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/geo"
	"grenier/internal/text"
)

// said is what one row says: of one object of the kind of its file, and of
// others that it names.
type said struct {
	line          int
	datasets      []catalog.Input[catalog.Dataset]
	organizations []catalog.Input[account.Organization]
	reuses        []catalog.Input[catalog.ReuseRecord]
	dataservices  []catalog.Input[catalog.DataserviceRecord]
	topics        []catalog.Input[catalog.TopicRecord]
	posts         []catalog.Input[catalog.PostRecord]

	namedOrganizations []catalog.Input[account.Organization]
	namedPeople        []catalog.Input[account.User]
	licenses           []catalog.License
	zones              []geo.Zone
	contacts           []catalog.ContactPoint

	// beyond are the kinds of what is kept beyond the limits.
	beyond []string
}

func (s *said) note(kind string) { s.beyond = append(s.beyond, kind) }

// cellError is why a row cannot be read: one cell of it.
type cellError struct {
	column string
	// cell is the place of the cell in a CSV row, -1 when there is none.
	cell   int
	reason string
}

func (e *cellError) Error() string { return e.column + ": " + e.reason }

// Kinds of what is kept beyond the limits of writing.
const (
	longTitle          = "title longer than 350 characters"
	longDescription    = "description longer than 100000 characters"
	noDescription      = "empty description"
	longShort          = "short description longer than 200 characters"
	longAcronym        = "acronym longer than 128 characters"
	oddTagLength       = "tag shorter than 3 or longer than 96 characters"
	emptyTag           = "empty tag"
	oddDate            = "date before 1900 or in the future"
	swappedCoverage    = "temporal coverage without start or that ends before it"
	unknownFrequency   = "unknown frequency"
	unknownLicense     = "unknown licence, made from its label"
	unknownGranularity = "unknown granularity"
	unknownZone        = "unknown zone, made from its name"
	uncertainZone      = "name of several zones, the largest taken"
	noOwner            = "neither organisation nor person owns it"
	twoOwners          = "both an organisation and a person own it, the organisation wins"
	notText            = "text that is not UTF-8 or holds NUL, replaced"
	unknownValue       = "value outside of its list"
	noType             = "resource without type, taken as main"
	formerMetrics      = "counters that no longer exist, left out"
	apart              = "resources of a dataset that are not together in the file"
)

// hash is FNV-1a, of 64 bits: cheap, and stable between versions of the
// program.
type hash uint64

const (
	firstHash hash = 14695981039346656037
	primeHash hash = 1099511628211
	// mapping is part of the hash of every input: raise it when rows are
	// understood better than before, so that they are read again.
	mapping = "1"
)

func newHash() hash { return firstHash.add(mapping) }

// add mixes in a text and its end.
func (h hash) add(text string) hash {
	for i := range len(text) {
		h = (h ^ hash(text[i])) * primeHash
	}
	return (h ^ 0xff) * primeHash
}

func hashOf(texts ...string) uint64 {
	h := newHash()
	for _, text := range texts {
		h = h.add(text)
	}
	return uint64(h)
}

// atOf is the moment of a source; unknown when there is none.
func atOf(moment db.Time) int64 {
	if moment.IsZero() {
		return catalog.UnknownAt
	}
	return moment.UnixMicro()
}

// checkID refuses what is no identifier of an object.
func checkID(id string) error {
	switch {
	case id == "":
		return fmt.Errorf("there is no identifier")
	case !db.IsID(id):
		return fmt.Errorf("%q is not an identifier of 24 hexadecimal digits", clip(id))
	}
	return nil
}

// nameOrganization notes an organisation that a row names, as known at a
// moment.
func (s *said) nameOrganization(o account.Organization, fields catalog.FieldSet, form catalog.Form, at int64) {
	if o.Name == "" {
		// Until something tells its name, its identifier stands for it.
		o.Name, form, at = o.ID, catalog.FormMention, catalog.UnknownAt
		fields |= catalog.OrganizationFields("name")
	}
	h := newHash()
	for _, part := range []string{o.Name, o.Slug, deref(o.Acronym), deref(o.Logo), deref(o.LogoThumbnail)} {
		h = h.add(part)
	}
	for _, badge := range o.Badges {
		h = h.add(badge)
	}
	s.namedOrganizations = append(s.namedOrganizations, catalog.Input[account.Organization]{
		Object: o, Source: catalog.Source{At: at, Form: form, Hash: uint64(h), Fields: fields},
	})
}

// namePerson notes a person that a row names. A slug alone gives names that
// anything else replaces.
func (s *said) namePerson(u account.User, fields catalog.FieldSet, form catalog.Form, at int64) {
	slug := catalog.UserFields("slug")
	names := catalog.UserFields("first_name", "last_name", "active")
	if fields&names == 0 {
		made := account.User{ID: u.ID}
		made.FirstName, made.LastName, made.Active = namesOfSlug(cmp.Or(u.Slug, u.ID))
		s.namedPeople = append(s.namedPeople, catalog.Input[account.User]{
			Object: made, Source: catalog.Source{At: catalog.UnknownAt, Form: catalog.FormMention, Hash: hashOf(u.Slug), Fields: names},
		})
		if fields&slug == 0 {
			return
		}
	}
	s.namedPeople = append(s.namedPeople, catalog.Input[account.User]{
		Object: u, Source: catalog.Source{
			At: at, Form: form, Hash: hashOf(u.Slug, u.FirstName, u.LastName, deref(u.Avatar), deref(u.AvatarThumbnail)), Fields: fields,
		},
	})
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// licenseBook finds licences by what inputs call them.
type licenseBook struct {
	ids    map[string]string // identifier → title
	titles map[string]string // title as is → identifier
	folded map[string]string // folded title or alternate → identifier
}

func newLicenseBook(licenses []catalog.License) (*licenseBook, error) {
	book := &licenseBook{ids: map[string]string{}, titles: map[string]string{}, folded: map[string]string{}}
	for _, license := range licenses {
		alternates, err := stringsOf(license.AlternateTitles)
		if err != nil {
			return nil, fmt.Errorf("the other titles of the licence %s: %w", license.ID, err)
		}
		book.ids[license.ID] = license.Title
		book.titles[license.Title] = license.ID
		for _, title := range append([]string{license.Title}, alternates...) {
			if folded := text.JoinWords(title); book.folded[folded] == "" {
				book.folded[folded] = license.ID
			}
		}
	}
	return book, nil
}

// stringsOf decodes a list of texts.
func stringsOf(document db.JSON) ([]string, error) {
	if len(document) == 0 {
		return nil, nil
	}
	var list []string
	err := json.Unmarshal(document, &list)
	return list, err
}

// byLabel finds a licence by its label. label is nil when the licence's title
// is the same to the letter. An unknown one is made from its label.
func (b *licenseBook) byLabel(given string, s *said) (id, label *string) {
	if given == "" {
		return nil, nil
	}
	if id, ok := b.titles[given]; ok {
		return &id, nil
	}
	if id, ok := b.folded[text.JoinWords(given)]; ok {
		return &id, &given
	}
	if _, ok := b.ids[given]; ok {
		return &given, &given
	}
	made := text.Slug(given)
	if made == "" || b.ids[made] != "" {
		made = fmt.Sprintf("licence-%x", hashOf(given))
	}
	s.makeLicense(made, given)
	return &made, nil
}

// byID takes the identifier of a licence; an unknown one is made.
func (b *licenseBook) byID(id string, s *said) *string {
	if id == "" {
		return nil
	}
	if _, ok := b.ids[id]; !ok {
		s.makeLicense(id, id)
	}
	return &id
}

func (s *said) makeLicense(id, title string) {
	none := db.JSON("[]")
	s.note(unknownLicense)
	s.licenses = append(s.licenses, catalog.License{
		ID: id, Title: title, Flags: none, AlternateURLs: none, AlternateTitles: none, Position: madePosition,
	})
}

// madePosition puts licences that rows named behind those of the program.
const madePosition = 1000

// zonesOfCell finds the zones that a cell of names means; unknown ones are made
// from their names.
func (s *said) zonesOfCell(zones *geo.Directory, cell string, hint geo.Hint) []string {
	if cell == "" {
		return nil
	}
	var ids []string
	for _, match := range zones.ResolveCell(cell, hint) {
		zone := match.Zone
		if !match.Known {
			var ok bool
			if zone, ok = geo.Named(match.Name); !ok {
				continue
			}
			s.zones = append(s.zones, zone)
			s.note(unknownZone)
		}
		if match.Ambiguous {
			s.note(uncertainZone)
		}
		ids = append(ids, zone.ID)
	}
	return distinct(ids)
}

// zonesOfIDs finds zones by identifiers of any form; unknown ones are made.
func (s *said) zonesOfIDs(zones *geo.Directory, given []string) []string {
	var ids []string
	for _, id := range given {
		zone, ok := zones.Resolve(id)
		if !ok {
			level, code, ok := geo.ParseID(id)
			if !ok {
				level, code = geo.Other, text.Slug(id)
			}
			if code == "" {
				continue
			}
			zone = geo.Zone{ID: level + ":" + code, Level: level, Code: code, Name: code, Kind: geo.KindNamed}
			s.zones = append(s.zones, zone)
			s.note(unknownZone)
		}
		ids = append(ids, zone.ID)
	}
	return distinct(ids)
}

func distinct(list []string) []string {
	seen := make(map[string]bool, len(list))
	var once []string
	for _, one := range list {
		if !seen[one] {
			seen[one] = true
			once = append(once, one)
		}
	}
	return once
}
