package csw

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"grenier/internal/dcat"
	"grenier/internal/rdf"
)

// iso maps a record of ISO 19139, or of ISO 19115-3, whose elements are the same but
// for a few names, to the words of DCAT. Namespaces are not looked at.
type iso struct {
	root     *rdf.Element
	id       *rdf.Element // what identifies the resource
	citation *rdf.Element
	language string // that is wanted
	main     string // that of the record
	now      time.Time
	locales  map[string]string // languages by the names that texts use for them
}

// none stands for an element that is not there: nothing is in it.
var none = &rdf.Element{}

func newISO(root *rdf.Element, language string, now time.Time) *iso {
	m := &iso{root: root, language: language, now: now, locales: map[string]string{}}
	m.id = first(root, "identificationInfo/*")
	m.citation = first(m.id, "citation/*")
	m.main = alpha2(codeOf(first(root, "language/LanguageCode", "defaultLocale/PT_Locale/language/LanguageCode", "language/CharacterString")))
	for _, locale := range all(root, "locale/PT_Locale", "otherLocale/PT_Locale") {
		m.locales[locale.Attr("id")] = alpha2(codeOf(first(locale, "languageCode/LanguageCode", "language/LanguageCode")))
	}
	return m
}

// all are the elements at the ends of some paths, in order; a step "*" is any.
func all(e *rdf.Element, paths ...string) []*rdf.Element {
	var found []*rdf.Element
	for _, path := range paths {
		at := []*rdf.Element{e}
		for step := range strings.SplitSeq(path, "/") {
			var next []*rdf.Element
			for _, each := range at {
				for _, child := range each.Children {
					if step == "*" || child.Local == step {
						next = append(next, child)
					}
				}
			}
			at = next
		}
		found = append(found, at...)
	}
	return found
}

// first is the first of all; an empty element when there is none.
func first(e *rdf.Element, paths ...string) *rdf.Element {
	for _, path := range paths {
		if found := all(e, path); len(found) > 0 {
			return found[0]
		}
	}
	return none
}

// codeOf is the value of an entry of a code list.
func codeOf(e *rdf.Element) string {
	return cmp.Or(strings.TrimSpace(e.Attr("codeListValue")), strings.TrimSpace(e.Text))
}

// plain is the text of an element itself: of its character string, or its anchor.
func plain(e *rdf.Element) string {
	for _, child := range e.Children {
		switch child.Local {
		case "CharacterString", "Anchor", "URL", "Date", "DateTime", "Decimal", "Real", "Integer", "LocalName", "MimeFileType", "FileName":
			if text := strings.TrimSpace(child.Text); text != "" {
				return text
			}
		}
	}
	return ""
}

// anchor is where the anchor of an element leads; "" where it is a text.
func anchor(e *rdf.Element) string {
	if a := first(e, "Anchor"); a != none {
		return strings.TrimSpace(a.Attr("href"))
	}
	return ""
}

// variants are the texts of an element in other languages.
func variants(e *rdf.Element) []*rdf.Element {
	return all(e, "PT_FreeText/textGroup/LocalisedCharacterString")
}

// languageOf is the language of a variant.
func (m *iso) languageOf(variant *rdf.Element) string {
	name := strings.TrimPrefix(variant.Attr("locale"), "#")
	if language, ok := m.locales[name]; ok && language != "" {
		return language
	}
	return alpha2(strings.ToLower(strings.TrimPrefix(name, "locale-")))
}

// text is the text of an element in the language that is wanted, else its own, else
// one in another language.
func (m *iso) text(e *rdf.Element) string {
	own := plain(e)
	if own != "" && m.main == m.language {
		return own
	}
	other := ""
	for _, variant := range variants(e) {
		said := strings.TrimSpace(variant.Text)
		if said != "" && m.languageOf(variant) == m.language {
			return said
		}
		other = cmp.Or(other, said)
	}
	return cmp.Or(own, other)
}

// texts are the texts of an element in all languages, each once.
func (m *iso) texts(e *rdf.Element) []string {
	said := []string{plain(e)}
	for _, variant := range variants(e) {
		said = append(said, strings.TrimSpace(variant.Text))
	}
	slices.Sort(said[1:])
	return slices.DeleteFunc(slices.Compact(said), func(s string) bool { return s == "" })
}

// kind is what is described: dataset, series, service …
func (m *iso) kind() string {
	kind := codeOf(first(m.root, "hierarchyLevel/MD_ScopeCode", "metadataScope/MD_MetadataScope/resourceScope/MD_ScopeCode"))
	if kind == "" && m.id.Local == "SV_ServiceIdentification" {
		return "service"
	}
	return kind
}

func isHTTP(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// identity is the identifier of what is described and its IRI where it has one.
func (m *iso) identity() (id, iri string) {
	for _, each := range all(m.citation, "identifier/*") {
		code, space := first(each, "code"), plain(first(each, "codeSpace"))
		said := plain(code)
		if said == "" {
			continue
		}
		link := anchor(code)
		for _, candidate := range []string{space + said, said, link} {
			if iri == "" && isHTTP(candidate) {
				iri = candidate
			}
		}
		if id == "" {
			switch {
			case first(code, "Anchor") != none, space == "":
				id = said
			case strings.HasSuffix(space, "/"):
				id = space + said
			default:
				id = space + "/" + said
			}
		}
	}
	return id, iri
}

// recordID identifies the record itself.
func (m *iso) recordID() string {
	if id := plain(first(m.root, "fileIdentifier")); id != "" {
		return id
	}
	identifier := first(m.root, "metadataIdentifier/MD_Identifier")
	if plain(first(identifier, "codeSpace")) == "urn:uuid" {
		return plain(first(identifier, "code"))
	}
	return strings.TrimPrefix(plain(first(identifier, "code")), "urn:uuid:")
}

// date is the date of the citation of a kind.
func (m *iso) date(kind string) time.Time {
	for _, each := range all(m.citation, "date/CI_Date") {
		if codeOf(first(each, "dateType/CI_DateTypeCode")) != kind {
			continue
		}
		if at, ok := dcat.MomentOf(plain(first(each, "date"))); ok {
			return at
		}
	}
	return time.Time{}
}

// modified is the date of the last revision, never later than now.
func (m *iso) modified() time.Time {
	at := m.date("revision")
	if at.After(m.now) {
		return time.Time{}
	}
	return at
}

// roleNames are the roles of contacts by those of ISO, in the order in which they
// are told.
var roleNames = [][2]string{
	{"pointOfContact", "contact"}, {"author", "creator"}, {"publisher", "publisher"}, {"owner", "rightsHolder"}, {"custodian", "custodian"},
	{"distributor", "distributor"}, {"originator", "originator"}, {"principalInvestigator", "principalInvestigator"}, {"processor", "processor"},
	{"resourceProvider", "resourceProvider"}, {"user", "user"},
}

// agents are those with a part in the resource.
func (m *iso) agents() []dcat.Agent {
	var found []dcat.Agent
	for _, role := range roleNames {
		for _, party := range all(m.id, "pointOfContact/CI_ResponsibleParty", "pointOfContact/CI_Responsibility") {
			if codeOf(first(party, "role/CI_RoleCode")) == role[0] {
				if a := m.agent(party, role[1]); a.Name != "" || a.Email != "" || a.Page != "" {
					found = append(found, a)
				}
			}
		}
	}
	return found
}

func (m *iso) agent(party *rdf.Element, role string) dcat.Agent {
	person := m.text(first(party, "individualName", "party/CI_Individual/name", "party/CI_Organisation/individual/CI_Individual/name"))
	organization := m.text(first(party, "organisationName", "party/CI_Organisation/name"))
	a := dcat.Agent{Role: role, Name: person}
	switch {
	case person == "" || person == organization:
		a.Name = organization
	case organization != "":
		a.Name = person + " (" + organization + ")"
	}
	contact := first(party, "contactInfo/CI_Contact", "party/*/contactInfo/CI_Contact", "party/CI_Organisation/individual/CI_Individual/contactInfo/CI_Contact")
	a.Email = plain(first(contact, "address/CI_Address/electronicMailAddress"))
	if role == "contact" {
		a.Page = plain(first(contact, "onlineResource/CI_OnlineResource/linkage"))
	}
	return a
}

// frequencies are those of the catalogue by those of ISO.
var frequencies = map[string]string{
	"continual": "severalTimesADay", "daily": "daily", "weekly": "weekly", "fortnightly": "biweekly", "semimonthly": "semimonthly", "monthly": "monthly",
	"quarterly": "quarterly", "biannually": "semiannual", "annually": "annual", "biennially": "biennial", "periodic": "other", "asNeeded": "punctual",
	"irregular": "irregular", "notPlanned": "notPlanned", "unknown": "unknown",
}

// thesauri whose keywords are themes of INSPIRE.
const inspireTitle = "gemet - inspire themes, version 1.0"

var inspireSchemes = []string{"http://inspire.ec.europa.eu/theme", "http://www.eionet.europa.eu/gemet/inspire_themes"}

// IRIs that keywords lead to.
const (
	hvdLaw          = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
	hvdCategories   = "http://data.europa.eu/bna/"
	hvdThesaurus    = hvdCategories + "asd487ae75"
	serviceCategory = "http://inspire.ec.europa.eu/metadata-codelist/SpatialDataServiceCategory/"
)

// subjects are what a record says that its resource is about.
type subjects struct {
	keywords, themes, categories []string
	hvd, inspire                 bool
}

func (m *iso) subjects() subjects {
	var s subjects
	for _, group := range all(m.id, "descriptiveKeywords/MD_Keywords") {
		title := first(group, "thesaurusName/*/title")
		inspire := strings.ToLower(plain(title)) == inspireTitle || slices.Contains(inspireSchemes, strings.TrimRight(anchor(title), "/"))
		for _, keyword := range all(group, "keyword") {
			link := anchor(keyword)
			s.inspire = s.inspire || inspire && len(m.texts(keyword)) > 0
			switch code, category := strings.CutPrefix(link, hvdCategories); {
			case link == hvdLaw:
				s.hvd = true
			case category && isCategory(code):
				s.hvd = true
				s.categories = append(s.categories, code)
			case anchor(title) == hvdThesaurus:
				s.hvd = true
			case strings.HasPrefix(link, serviceCategory):
			case isHTTP(link):
				s.inspire = s.inspire || strings.HasPrefix(link, inspireSchemes[0])
				s.themes = append(s.themes, m.texts(keyword)...)
			default:
				s.keywords = append(s.keywords, m.texts(keyword)...)
			}
		}
	}
	return s
}

func isCategory(code string) bool {
	return slices.ContainsFunc(dcat.Categories, func(c dcat.Category) bool { return c.Code == code })
}

// constraints are what a record says of access and use.
type constraints struct{ rights, access, licenses []string }

func (m *iso) constraints() constraints {
	var c constraints
	for _, block := range all(m.id, "resourceConstraints/*") {
		use, access := first(block, "useConstraints") != none, first(block, "accessConstraints") != none
		for _, limitation := range all(block, "useLimitation") {
			c.add(limitation, m.text(limitation), true, false)
		}
		for _, other := range all(block, "otherConstraints") {
			c.add(other, m.text(other), use, access)
		}
	}
	return c
}

// add notes a statement: an anchor by where it leads, a text as it is.
func (c *constraints) add(e *rdf.Element, said string, use, access bool) {
	link := anchor(e)
	switch {
	case link == "" && said != "" && (use || access):
		c.rights = append(c.rights, said)
	case link != "":
		if use {
			c.licenses = append(c.licenses, link)
		}
		if access {
			c.access = append(c.access, link)
		}
	}
}

// provenance is the lineage.
func (m *iso) provenance() []string {
	var said []string
	for _, statement := range all(m.root, "dataQualityInfo/*/lineage/*/statement", "resourceLineage/*/statement") {
		if text := m.text(statement); text != "" {
			said = append(said, text)
		}
	}
	return said
}

// standards are the specifications that the resource was found to follow.
func (m *iso) standards() []dcat.Standard {
	var found []dcat.Standard
	for _, result := range all(m.root, "dataQualityInfo/*/report/*/result/DQ_ConformanceResult") {
		if strings.TrimSpace(first(result, "pass/Boolean").Text) != "true" {
			continue
		}
		specification := first(result, "specification")
		title := first(specification, "*/title")
		if iri := cmp.Or(anchor(title), strings.TrimSpace(specification.Attr("href"))); iri != "" {
			found = append(found, dcat.Standard{URI: iri, Name: m.text(title)})
		}
	}
	return found
}

// languages are the IRIs of the languages of the data.
func (m *iso) languages() []string {
	var found []string
	for _, e := range all(m.id, "language/LanguageCode", "defaultLocale/PT_Locale/language/LanguageCode") {
		if code := codeOf(e); len(code) == 3 {
			found = append(found, "http://publications.europa.eu/resource/authority/language/"+strings.ToUpper(code))
		}
	}
	return found
}

// dataset is what the record says of a dataset or a series.
func (m *iso) dataset() dcat.Record {
	id, iri := m.identity()
	about, said := m.subjects(), m.constraints()
	r := dcat.Record{
		URI: iri, Identifier: id, RecordID: m.recordID(), Title: m.text(first(m.citation, "title")), Description: m.text(first(m.id, "abstract")),
		CreatedAt: m.date("creation"), IssuedAt: m.date("publication"), ModifiedAt: m.modified(),
		Keywords: about.keywords, Themes: about.themes, HVD: about.hvd, HVDCategories: about.categories, Inspire: about.inspire,
		Frequency: frequencies[codeOf(first(m.id, "resourceMaintenance/*/maintenanceAndUpdateFrequency/MD_MaintenanceFrequencyCode"))],
		Rights:    said.rights, AccessRights: said.access, Licenses: said.licenses, Provenance: m.provenance(), Agents: m.agents(),
		Temporal: m.period(), Geometry: m.geometry(), Resolution: m.resolution(), Standards: m.standards(),
		Languages: m.languages(),
	}
	links := m.links()
	r.LandingPage = links.landing()
	for _, link := range links {
		if d, ok := m.distribution(link); ok {
			d.Rights, d.AccessRights, d.Licenses = said.rights, said.access, said.licenses
			r.Distributions = append(r.Distributions, d)
		}
	}
	return r
}

// service is what the record says of a service.
func (m *iso) service() dcat.Service {
	id, iri := m.identity()
	about, said := m.subjects(), m.constraints()
	s := dcat.Service{
		URI: iri, Identifier: id, RecordID: m.recordID(), Title: m.text(first(m.citation, "title")), Description: m.text(first(m.id, "abstract")),
		CreatedAt: m.date("creation"), IssuedAt: m.date("publication"), ModifiedAt: m.modified(), Agents: m.agents(),
		Keywords: about.keywords, Themes: about.themes, HVD: about.hvd, HVDCategories: about.categories,
		Rights: said.rights, AccessRights: said.access, Licenses: said.licenses,
	}
	links := m.links()
	s.LandingPage = links.landing()
	s.EndpointDescription = m.endpoint(links)
	s.EndpointURL, _, _ = strings.Cut(s.EndpointDescription, "?")
	for _, coupled := range all(m.id, "operatesOn") {
		m.serve(&s, coupled)
	}
	return s
}

// endpoint is the address of a service: that of its capabilities where it is told,
// else the first one.
func (m *iso) endpoint(links links) string {
	var addresses []string
	for _, link := range links {
		addresses = append(addresses, link.url)
	}
	for _, point := range all(m.id, "containsOperations/SV_OperationMetadata/connectPoint/CI_OnlineResource/linkage") {
		addresses = append(addresses, plain(point))
	}
	addresses = slices.DeleteFunc(addresses, func(s string) bool { return s == "" })
	if at := slices.IndexFunc(addresses, asksCapabilities); at >= 0 {
		return addresses[at]
	}
	if len(addresses) > 0 {
		return addresses[0]
	}
	return ""
}

// serve notes a dataset that a service gives.
func (m *iso) serve(s *dcat.Service, coupled *rdf.Element) {
	code := first(coupled, "MD_DataIdentification/citation/*/identifier/*/code", "*/code", "code")
	name := strings.TrimSpace(coupled.Attr("uriref"))
	if name == "" {
		name = plain(first(coupled, "*/codeSpace", "MD_DataIdentification/citation/*/identifier/*/codeSpace")) + plain(code)
	}
	name = cmp.Or(name, strings.TrimSpace(coupled.Attr("uuidref")), strings.TrimSpace(coupled.Attr("href")))
	switch {
	case name == "":
	case isHTTP(name):
		s.Serves = append(s.Serves, name)
	default:
		s.ServesIDs = append(s.ServesIDs, name)
	}
}

// asksCapabilities tells whether an address asks a service what it can do.
func asksCapabilities(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return strings.Contains(strings.ToLower(address), "request=getcapabilities")
	}
	return strings.Contains(strings.ToLower(u.RawQuery), "request=getcapabilities")
}
