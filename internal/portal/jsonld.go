package portal

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/text"
)

// Bounds of the JSON-LD in pages, which search engines read inline.
const (
	linkedResources   = 20
	linkedExtras      = 50
	linkedDescription = 5000 // characters
)

// linkedContext is the vocabulary of all JSON-LD in pages, spelled as the
// reference does.
const linkedContext = "http://schema.org"

// linkedSite is the site as JSON-LD names it: base is its address without a
// slash at its end.
type linkedSite struct {
	base, title string
	// fileURL completes the addresses of hosted files.
	fileURL func(address string) string
}

// picture is the address of a picture, nil for none.
func (s linkedSite) picture(address *string) *string {
	if address == nil || s.fileURL == nil {
		return address
	}
	whole := s.fileURL(*address)
	return &whole
}

// linkedDataset is what JSON-LD says of a dataset besides what was read with it.
type linkedDataset struct {
	// license is nil when there is none or it is unknown.
	license *catalog.License
	// zones are the names of the zones that it covers.
	zones []string
	// variables are the names of the columns of its tables.
	variables []string
}

// ld is an object of JSON-LD. Members that say nothing are left out of it.
type ld map[string]any

// set adds a member unless it is empty.
func (o ld) set(name string, value any) {
	switch v := value.(type) {
	case nil:
	case string:
		if v != "" {
			o[name] = v
		}
	case *string:
		if v != nil && *v != "" {
			o[name] = *v
		}
	case db.Time:
		if !v.IsZero() {
			o[name] = v.UTC().Format("2006-01-02T15:04:05Z")
		}
	case []string:
		if len(v) > 0 {
			o[name] = v
		}
	case []ld:
		if len(v) > 0 {
			o[name] = v
		}
	case ld:
		if v != nil {
			o[name] = v
		}
	default:
		o[name] = value
	}
}

// bytes is the object as it stands in a script element: what could end the
// element or a line of a script is escaped.
func (o ld) bytes() []byte {
	plain, err := json.Marshal(o)
	if err != nil { // what objects are made of can all be written
		return nil
	}
	var safe bytes.Buffer
	json.HTMLEscape(&safe, plain)
	return safe.Bytes()
}

// homeJSONLD describes the site as a catalogue that can be searched.
func homeJSONLD(site linkedSite, description string, languages []string) []byte {
	o := ld{"@context": linkedContext, "@type": []string{"DataCatalog", "WebSite"}, "@id": site.base + "/", "url": site.base + "/"}
	o.set("name", site.title)
	o.set("description", linkedProse(description))
	o.set("inLanguage", languages)
	o["potentialAction"] = ld{
		"@type": "SearchAction", "query-input": "required name=search_term_string",
		"target": ld{"@type": "EntryPoint", "urlTemplate": site.base + "/datasets/search?q={search_term_string}"},
	}
	return o.bytes()
}

// catalogue is the site where an object of it is described.
func (s linkedSite) catalogue() ld {
	o := ld{"@type": "DataCatalog", "url": s.base + "/"}
	o.set("name", s.title)
	return o
}

func (s linkedSite) page(kind, slug string) string {
	return s.base + "/" + kind + "/" + url.PathEscape(slug)
}

// datasetJSONLD describes a dataset with its first resources.
func datasetJSONLD(site linkedSite, d *catalog.Dataset, x linkedDataset) []byte {
	o := ld{
		"@context": linkedContext, "@type": "Dataset", "@id": d.ID, "alternateName": d.Slug, "name": d.Title,
		"url": site.page("datasets", d.Slug), "includedInDataCatalog": site.catalogue(), "isAccessibleForFree": d.AccessType != "restricted",
	}
	o.set("identifier", linkedIdentifiers(d))
	o.set("dateCreated", d.CreatedAt)
	o.set("dateModified", d.LastUpdate)
	o.set("keywords", strings.Join(d.Tags, ","))
	o.set("description", linkedDatasetText(d))
	o.set("distribution", site.downloads(d.Resources))
	o.set("contributedDistribution", site.downloads(d.Community))
	o.set("extras", linkedProperties(d.Extras))
	o.set("temporalCoverage", linkedPeriod(d.TemporalStart, d.TemporalEnd))
	o.set("spatialCoverage", linkedPlaces(x.zones))
	o.set("variableMeasured", x.variables)
	if x.license != nil {
		o.set("license", x.license.URL)
	}
	if d.Harvest != nil {
		o.set("sameAs", linkedAddress(d.Harvest.RemoteURL))
	}
	if author := site.owner(&d.Owned); author != nil {
		o["author"], o["creator"], o["publisher"] = author, author, author
	}
	return o.bytes()
}

// linkedDatasetText is never empty where a title says something: search engines
// refuse datasets without a description.
func linkedDatasetText(d *catalog.Dataset) string {
	if described := linkedProse(d.Description); described != "" {
		return described
	}
	if d.DescriptionShort != nil && *d.DescriptionShort != "" {
		return linkedProse(*d.DescriptionShort)
	}
	return d.Title
}

// linkedProse is a description without its marks, cut to a bound.
func linkedProse(source string) string {
	plain := text.Plain(source, 8*linkedDescription)
	if runes := []rune(plain); len(runes) > linkedDescription {
		return string(runes[:linkedDescription-1]) + "…"
	}
	return plain
}

// linkedIdentifiers are the dataset's here and the one that it was harvested with.
func linkedIdentifiers(d *catalog.Dataset) []string {
	all := []string{d.ID}
	if d.Harvest != nil && d.Harvest.DctIdentifier != nil && *d.Harvest.DctIdentifier != "" && *d.Harvest.DctIdentifier != d.ID {
		all = append(all, *d.Harvest.DctIdentifier)
	}
	return all
}

// linkedPeriod is an interval of ISO 8601, open where a day is missing.
func linkedPeriod(start, end *string) string {
	from, to := linkedText(start), linkedText(end)
	if from == "" && to == "" {
		return ""
	}
	return cmp.Or(from, "..") + "/" + cmp.Or(to, "..")
}

// linkedText is a text that may be missing.
func linkedText(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func linkedPlaces(names []string) []ld {
	var all []ld
	for _, name := range names[:min(len(names), linkedResources)] {
		all = append(all, ld{"@type": "Place", "name": name})
	}
	return all
}

// linkedAddress is an address that leads to a page, else nothing.
func linkedAddress(address *string) string {
	if u, err := url.Parse(linkedText(address)); err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return *address
}

// linkedProperties are extras as schema.org writes them, the first by name.
func linkedProperties(extras db.JSON) []ld {
	var values map[string]json.RawMessage
	if len(extras) == 0 || json.Unmarshal(extras, &values) != nil {
		return nil
	}
	names := slices.Sorted(maps.Keys(values))
	var all []ld
	for _, name := range names[:min(len(names), linkedExtras)] {
		all = append(all, ld{"@type": "http://schema.org/PropertyValue", "name": name, "value": linkedValue(values[name])})
	}
	return all
}

// linkedValue is a JSON value that is no object or list; those become their text.
func linkedValue(raw json.RawMessage) any {
	if len(raw) > 0 && (raw[0] == '{' || raw[0] == '[') {
		return string(raw)
	}
	return raw
}

// downloads are the first resources.
func (s linkedSite) downloads(resources []catalog.Resource) []ld {
	var all []ld
	for i := range resources[:min(len(resources), linkedResources)] {
		r := &resources[i]
		stable := s.base + "/datasets/r/" + r.ID
		o := ld{"@type": "DataDownload", "@id": r.ID, "url": stable, "contentUrl": *s.picture(&r.URL)}
		o.set("name", cmp.Or(r.Title, linkedText(r.Format)))
		o.set("dateCreated", r.CreatedAt())
		o.set("dateModified", r.ModifiedInternal)
		o.set("extras", linkedProperties(r.Extras))
		o.set("encodingFormat", cmp.Or(linkedText(r.Mime), linkedText(r.Format)))
		o.set("fileFormat", r.Format)
		o.set("description", linkedProse(linkedText(r.Description)))
		if r.Filesize != nil {
			o["contentSize"] = *r.Filesize
		}
		if r.Views != nil {
			o["interactionStatistic"] = ld{
				"@type": "InteractionCounter", "interactionType": ld{"@type": "DownloadAction"}, "userInteractionCount": *r.Views,
			}
		}
		all = append(all, o)
	}
	return all
}

// owner is the organisation or person that publishes; nil when unknown.
func (s linkedSite) owner(owned *catalog.Owned) ld {
	switch {
	case owned.Organization != nil:
		r := owned.Organization
		o := ld{"@type": linkedOrganization(r.PublicService), "@id": r.ID, "alternateName": r.Slug, "name": r.Name, "url": s.page("organizations", r.Slug)}
		o.set("logo", s.picture(r.Logo))
		return o
	case owned.Owner != nil:
		return s.person(owned.Owner)
	}
	return nil
}

func (s linkedSite) person(u *account.UserRef) ld {
	o := ld{"@type": "Person", "@id": u.ID, "alternateName": u.Slug, "url": s.page("users", u.Slug)}
	o.set("name", u.FullName())
	o.set("image", s.picture(u.Avatar))
	return o
}

func linkedOrganization(publicService bool) string {
	if publicService {
		return "GovernmentOrganization"
	}
	return "Organization"
}

// organizationJSONLD describes an organisation.
func organizationJSONLD(site linkedSite, org *account.Organization) []byte {
	o := ld{
		"@context": linkedContext, "@type": linkedOrganization(org.PublicService), "@id": org.ID, "name": org.Name,
		"url": site.page("organizations", org.Slug),
	}
	names := []string{org.Slug}
	if acronym := linkedText(org.Acronym); acronym != "" {
		names = append(names, acronym)
	}
	o.set("alternateName", names)
	o.set("dateCreated", org.CreatedAt)
	o.set("dateModified", org.ModifiedAt)
	o.set("description", linkedProse(org.Description))
	o.set("logo", site.picture(org.Logo))
	o.set("sameAs", linkedAddress(org.URL))
	return o.bytes()
}

// reuseJSONLD describes a reuse and names the first of its datasets, given in
// any order.
func reuseJSONLD(site linkedSite, r *catalog.Reuse, datasets []catalog.Dataset) []byte {
	o := ld{
		"@context": linkedContext, "@type": "CreativeWork", "@id": r.ID, "alternateName": r.Slug, "name": r.Title,
		"url": site.page("reuses", r.Slug),
	}
	o.set("dateCreated", r.CreatedAt)
	o.set("dateModified", r.ModifiedAt)
	o.set("description", linkedProse(r.Description))
	o.set("keywords", strings.Join(r.Tags, ","))
	o.set("isBasedOnUrl", linkedAddress(&r.URL))
	o.set("image", site.picture(r.Image))
	o.set("author", site.owner(&r.Owned))
	o.set("isBasedOn", site.datasets(datasets))
	return o.bytes()
}

// datasets name the first of some datasets.
func (s linkedSite) datasets(datasets []catalog.Dataset) []ld {
	var all []ld
	for i := range datasets[:min(len(datasets), linkedResources)] {
		all = append(all, ld{"@type": "Dataset", "@id": datasets[i].ID, "name": datasets[i].Title, "url": s.page("datasets", datasets[i].Slug), "description": linkedDatasetText(&datasets[i])})
	}
	return all
}

// dataserviceJSONLD describes an API; license is nil when it has none.
func dataserviceJSONLD(site linkedSite, d *catalog.Dataservice, license *catalog.License) []byte {
	o := ld{
		"@context": linkedContext, "@type": "WebAPI", "@id": d.ID, "alternateName": d.Slug, "name": d.Title,
		"url": site.page("dataservices", d.Slug), "isAccessibleForFree": d.AccessType != "restricted",
	}
	o.set("dateCreated", d.CreatedAt)
	o.set("dateModified", d.ModifiedAt)
	o.set("description", linkedProse(d.Description))
	o.set("keywords", strings.Join(d.Tags, ","))
	o.set("documentation", slices.DeleteFunc([]string{
		linkedAddress(d.MachineDocumentationURL), linkedAddress(d.TechnicalDocumentationURL), linkedAddress(d.BusinessDocumentationURL),
	}, func(address string) bool { return address == "" }))
	if license != nil {
		o.set("license", license.URL)
	}
	if provider := site.owner(&d.Owned); provider != nil {
		o["provider"], o["author"] = provider, provider
	}
	return o.bytes()
}

// postJSONLD describes an article of the site.
func postJSONLD(site linkedSite, p *catalog.Post) []byte {
	publisher := ld{"@type": "Organization", "url": site.base + "/"}
	publisher.set("name", site.title)
	o := ld{
		"@context": linkedContext, "@type": "Article", "@id": p.ID, "headline": p.Name, "name": p.Name, "url": site.page("posts", p.Slug),
		"mainEntityOfPage": site.page("posts", p.Slug), "publisher": publisher, "author": publisher,
	}
	o.set("dateCreated", p.CreatedAt)
	o.set("datePublished", p.PublishedAt)
	o.set("dateModified", p.ModifiedAt)
	o.set("description", linkedProse(linkedText(p.Headline)))
	o.set("keywords", strings.Join(p.Tags, ","))
	o.set("image", cmp.Or(linkedText(p.Image), linkedAddress(p.ImageURL)))
	if p.Owner != nil {
		o["author"] = site.person(p.Owner)
	}
	return o.bytes()
}
