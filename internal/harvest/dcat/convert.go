package dcat

import (
	"cmp"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	words "grenier/internal/dcat"
	"grenier/internal/harvest"
)

// Converter makes lines of what RDF, or another form with the same words, says of
// datasets and services.
type Converter struct {
	// Prefix is where the pages of records are; "" when they tell it themselves.
	Prefix string
	// Language is the site's, a code of ISO 639-1.
	Language string
	// Now is the moment after which nothing can have been modified.
	Now time.Time
}

// Roles and tags that rules speak of.
const (
	roleContact = "contact"
	tagHVD      = "hvd"
	tagInspire  = "inspire"
)

// Dataset is the line of a dataset. One that cannot be a record is skipped.
func (c Converter) Dataset(r words.Record) harvest.Line {
	id := strings.TrimSpace(r.Identifier)
	page := c.pageOf(r.RecordID, r.LandingPage, r.URI)
	switch {
	case id == "":
		return harvest.Line{T: harvest.LineSkip, RemoteURL: page, Reason: "missing identifier"}
	case strings.TrimSpace(r.Title) == "":
		return harvest.Line{T: harvest.LineSkip, RemoteID: id, RemoteURL: page, Reason: "missing title on dataset"}
	}
	out := &harvest.Dataset{
		Title: r.Title, Acronym: r.Acronym, Description: r.Description, Tags: tagsOf(r.Keywords, r.Themes, r.HVD, r.HVDCategories, r.Inspire),
		Frequency: r.Frequency, Contacts: contactsOf(r.Agents), Schema: schemaOf(r.Standards), Spatial: spatialOf(&r),
		Harvest: harvest.Origin{URI: r.URI, DctIdentifier: id, CreatedAt: stamp(r.CreatedAt), IssuedAt: stamp(r.IssuedAt), ModifiedAt: stamp(r.ModifiedAt)},
	}
	if r.Temporal != nil {
		out.Temporal = &harvest.Period{Start: r.Temporal.Start, End: r.Temporal.End}
	}
	for i := range r.Distributions {
		if resource, ok := c.resource(&r.Distributions[i]); ok {
			out.Resources = append(out.Resources, resource)
		}
	}
	forms := notParts(r.Distributions)
	out.AccessRights = ownOrShared(r.AccessRights, forms, func(d words.Distribution) []string { return d.AccessRights })
	out.Rights = ownOrShared(r.Rights, forms, func(d words.Distribution) []string { return d.Rights })
	licenses := ownOrShared(r.Licenses, forms, func(d words.Distribution) []string { return d.Licenses })
	out.License = slices.Concat(licenses, out.Rights)
	for _, form := range forms {
		out.License = append(out.License, form.Licenses...)
	}
	out.License = unique(out.License)
	out.Extras = extras(said{"accessRights": out.AccessRights, "rights": out.Rights, "license": licenses, "provenance": r.Provenance,
		"conformsTo": ignoredStandards(r.Standards), "language": r.Languages, "inSeries": r.Series, "identifier": notations(r.Others)}, r.Resolution, r.LandingPage, page)
	return harvest.Line{T: harvest.LineDataset, RemoteID: id, RemoteURL: page, Dataset: out, Logs: conformity(&r)}
}

// Dataservice is the line of a service. One that cannot be a record is skipped.
func (c Converter) Dataservice(s words.Service) harvest.Line {
	const kind = "dataservice"
	id := strings.TrimSpace(s.Identifier)
	page := c.pageOf(s.RecordID, s.LandingPage, s.URI)
	switch {
	case id == "":
		return harvest.Line{T: harvest.LineSkip, Kind: kind, RemoteURL: page, Reason: "missing identifier"}
	case strings.TrimSpace(s.Title) == "":
		return harvest.Line{T: harvest.LineSkip, Kind: kind, RemoteID: id, RemoteURL: page, Reason: "missing title on dataservice"}
	}
	out := &harvest.Dataservice{
		Title: s.Title, Description: s.Description, BaseAPIURL: s.EndpointURL, MachineDocumentationURL: s.EndpointDescription,
		License: s.Licenses, AccessRights: s.AccessRights, Rights: s.Rights, Tags: tagsOf(s.Keywords, s.Themes, s.HVD, s.HVDCategories, false),
		Contacts: contactsOf(s.Agents), Datasets: unique(slices.Concat(s.ServesIDs, s.Serves)),
		Extras:  extras(said{"accessRights": s.AccessRights, "rights": s.Rights, "license": s.Licenses}, "", "", ""),
		Harvest: harvest.Origin{URI: s.URI, DctIdentifier: id, CreatedAt: stamp(s.CreatedAt), IssuedAt: stamp(s.IssuedAt), ModifiedAt: stamp(s.ModifiedAt)},
	}
	if len(s.Documentation) > 0 {
		out.TechnicalDocumentationURL = s.Documentation[0]
	}
	l := harvest.Line{T: harvest.LineDataservice, RemoteID: id, RemoteURL: page, Dataservice: out}
	if s.EndpointURL == "" {
		l.Logs = append(l.Logs, warning("dcat:endpointURL is missing"))
	}
	return l
}

// pageOf is the page of a record for people: below the prefix where the source has
// one, else its landing page, else its own IRI.
func (c Converter) pageOf(record, landing, uri string) string {
	if c.Prefix != "" && record != "" {
		return strings.TrimRight(c.Prefix, "/") + "/" + record
	}
	for _, address := range []string{landing, uri} {
		if isURL(address) {
			return address
		}
	}
	return ""
}

// isURL tells whether an address leads somewhere on the public web by its form: a
// scheme of files or pages, and the name of a host within a domain, or its number.
func isURL(address string) bool {
	u, err := url.Parse(address)
	if err != nil || strings.ContainsAny(address, " \t\r\n") {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https", "ftp", "ftps":
	default:
		return false
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	dot := strings.LastIndexByte(strings.TrimSuffix(host, "."), '.')
	return dot > 0 && len(host)-dot > 2 && !strings.ContainsAny(host[dot+1:], "0123456789_") || strings.Contains(host, ".xn--")
}

// stamp writes a moment as the shortest that says it: a day where it begins one.
func stamp(at time.Time) string {
	switch {
	case at.IsZero():
		return ""
	case at.Equal(at.Truncate(24 * time.Hour)):
		return at.Format(time.DateOnly)
	}
	return at.Format(time.RFC3339Nano)
}

func tagsOf(keywords, themes []string, hvd bool, categories []string, inspire bool) []string {
	tags := slices.Concat(keywords, themes)
	for _, category := range words.Categories {
		if slices.Contains(categories, category.Code) {
			tags = append(tags, category.Label)
		}
	}
	if hvd {
		tags = append(tags, tagHVD)
	}
	if inspire {
		tags = append(tags, tagInspire)
	}
	return unique(tags)
}

func contactsOf(agents []words.Agent) []harvest.Contact {
	var all []harvest.Contact
	for _, a := range agents {
		one := harvest.Contact{Name: strings.TrimSpace(a.Name), Email: a.Email, Role: a.Role}
		if a.Role == roleContact {
			one.Form = a.Page
		}
		if (one.Name != "" || one.Email != "" || one.Form != "") && !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}

// notSchemas begin the IRIs of what data follows that tells nothing of its fields:
// systems of coordinates and laws.
var notSchemas = []string{"www.opengis.net/def/crs", "inspire.ec.europa.eu/glossary/SpatialReferenceSystem", "data.europa.eu/eli/reg", "inspire.ec.europa.eu/id/citation/ir", "inspire.ec.europa.eu/id/document/"}

func isSchema(s words.Standard) bool {
	_, bare, found := strings.Cut(s.URI, "://")
	return !found || !slices.ContainsFunc(notSchemas, func(start string) bool { return strings.HasPrefix(bare, start) })
}

// schemaOf is the first schema among what data follows, one of a known catalogue of
// schemas before others.
func schemaOf(standards []words.Standard) *harvest.Schema {
	var found *harvest.Schema
	for _, s := range standards {
		if !isSchema(s) || s.URI == "" && s.Name == "" {
			continue
		}
		one := &harvest.Schema{URL: s.URI, Name: s.Name, Version: s.Version}
		if strings.Contains(s.URI, "schema.data.gouv.fr") {
			return one
		}
		found = cmp.Or(found, one)
	}
	return found
}

func ignoredStandards(standards []words.Standard) []string {
	var all []string
	for _, s := range standards {
		if !isSchema(s) {
			all = append(all, s.URI)
		}
	}
	return all
}

func notations(ids []words.Identifier) []string {
	var all []string
	for _, id := range ids {
		all = append(all, id.Notation)
	}
	return all
}

// spatialOf is where a dataset lies: its shape, or the territories that its places
// name.
func spatialOf(r *words.Record) *harvest.Spatial {
	if r.Geometry != nil {
		return &harvest.Spatial{Geometry: r.Geometry}
	}
	var zones []string
	for _, place := range r.Places {
		if zone := zoneOf(place); zone != "" && !slices.Contains(zones, zone) {
			zones = append(zones, zone)
		}
	}
	if zones == nil {
		return nil
	}
	return &harvest.Spatial{Zones: zones}
}

// said is what is said by member of the extras.
type said map[string][]string

// extras are those of a dataset or service; nil for none.
func extras(s said, resolution, landing, page string) map[string]any {
	members := map[string]any{}
	for name, values := range s {
		if values = unique(values); len(values) > 0 {
			members[name] = values
		}
	}
	if resolution != "" {
		members["spatial_resolution"] = resolution
	}
	if landing != "" && landing != page {
		members["landingPage"] = landing
	}
	if len(members) == 0 {
		return nil
	}
	return map[string]any{"dcat": members}
}

func notParts(all []words.Distribution) []words.Distribution {
	return slices.DeleteFunc(slices.Clone(all), func(d words.Distribution) bool { return d.Part })
}

// ownOrShared is what a dataset says itself, else what all its distributions say.
func ownOrShared(own []string, forms []words.Distribution, of func(words.Distribution) []string) []string {
	if len(own) > 0 || len(forms) == 0 {
		return unique(own)
	}
	shared := unique(of(forms[0]))
	for _, form := range forms[1:] {
		other := unique(of(form))
		if len(other) != len(shared) || slices.ContainsFunc(other, func(s string) bool { return !slices.Contains(shared, s) }) {
			return nil
		}
	}
	return shared
}

// unique leaves out what is empty or came before.
func unique(all []string) []string {
	seen := make(map[string]bool, len(all))
	var kept []string
	for _, s := range all {
		if s = strings.TrimSpace(s); s != "" && !seen[s] {
			seen[s] = true
			kept = append(kept, s)
		}
	}
	return kept
}

// resource is the file or address of a distribution; none without an address.
func (c Converter) resource(d *words.Distribution) (harvest.Resource, bool) {
	address := strings.TrimSpace(d.URL())
	if address == "" {
		return harvest.Resource{}, false
	}
	out := harvest.Resource{
		Title: d.Title, Description: d.Description, URL: address, Type: d.Type, Mime: d.MediaType, Filesize: d.ByteSize, Format: formatName(d),
		Extras:  extras(said{"accessRights": d.AccessRights, "rights": d.Rights, "license": d.Licenses}, "", "", ""),
		Harvest: harvest.Origin{URI: d.URI, DctIdentifier: strings.TrimSpace(d.Identifier), IssuedAt: stamp(d.IssuedAt), ModifiedAt: stamp(d.ModifiedAt)},
	}
	switch {
	case d.Part:
		out.Type = "other"
	case d.Service != nil && d.Type == "":
		out.Type = "api"
	}
	if d.Standard != nil {
		out.Schema = schemaOf([]words.Standard{*d.Standard})
	}
	if sum := d.Checksum; sum != nil && slices.Contains([]string{"md5", "sha1", "sha256"}, sum.Type) {
		out.Checksum = &harvest.Checksum{Type: sum.Type, Value: sum.Value}
	}
	return out, true
}

// formatName is the format of a distribution: the protocol of its service, else what
// it says.
func formatName(d *words.Distribution) string {
	return cmp.Or(d.Protocol(), d.Format)
}

func warning(message string) harvest.Log {
	return harvest.Log{Level: "warning", Message: "DCAT-AP 3: " + message}
}

// conformity tells where a dataset is not as DCAT-AP 3 asks. Nothing is refused
// for it.
func conformity(r *words.Record) []harvest.Log {
	var logs []harvest.Log
	if strings.TrimSpace(r.Description) == "" {
		logs = append(logs, warning("dct:description is missing"))
	}
	publishers, bare := 0, 0
	for _, a := range r.Agents {
		if a.Role == "publisher" {
			publishers++
		}
	}
	if publishers > 1 {
		logs = append(logs, warning("there is more than one dct:publisher"))
	}
	if len(r.AccessRights) > 1 {
		logs = append(logs, warning("there is more than one dct:accessRights"))
	}
	for _, d := range r.Distributions {
		if !d.Part && d.AccessURL == "" {
			bare++
		}
	}
	if bare > 0 {
		logs = append(logs, warning("dcat:accessURL is missing on a distribution"))
	}
	return logs
}
