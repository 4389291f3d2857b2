package ods

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"grenier/internal/harvest"
)

const (
	maxTags  = 1000
	maxFiles = 10_000
	// maxShapes is how many records a portal exports as a shapefile.
	maxShapes = 50_000
)

// metas are what a portal says of a dataset, by name. Values are texts, numbers, lists of them, or null.
type metas map[string]json.RawMessage

// texts are the texts of a value.
func (m metas) texts(key string) []string {
	var one any
	if json.Unmarshal(m[key], &one) != nil {
		return nil
	}
	list, ok := one.([]any)
	if !ok {
		list = []any{one}
	}
	var texts []string
	for _, value := range list {
		switch value := value.(type) {
		case string:
			if value = strings.TrimSpace(value); value != "" {
				texts = append(texts, value)
			}
		case float64, bool:
			texts = append(texts, fmt.Sprint(value))
		}
	}
	return texts
}

// text is the first text of a value.
func (m metas) text(key string) string {
	if texts := m.texts(key); len(texts) > 0 {
		return texts[0]
	}
	return ""
}

// number is a value that is a number, 0 for what is none.
func (m metas) number(key string) float64 {
	var n float64
	_ = json.Unmarshal(m[key], &n)
	return n
}

// told tells whether there is anything but nulls.
func (m metas) told() bool {
	for key := range m {
		if len(m.texts(key)) > 0 {
			return true
		}
	}
	return false
}

// file is one that a dataset has besides its records.
type file struct{ ID, URL, Title, Description, Mimetype string }

type field struct{ Name, Label, Type, Description string }

// lenient is a list whose broken elements are left out.
type lenient[T any] []T

// UnmarshalJSON never fails.
func (l *lenient[T]) UnmarshalJSON(raw []byte) error {
	var elements []json.RawMessage
	_ = json.Unmarshal(raw, &elements)
	for _, element := range elements {
		var one T
		if json.Unmarshal(element, &one) == nil && len(*l) < maxFiles {
			*l = append(*l, one)
		}
	}
	return nil
}

// entry is a dataset as either API gives it.
type entry struct {
	OldID       string          `json:"datasetid"`
	ID          string          `json:"dataset_id"`
	HasRecords  bool            `json:"has_records"`
	Features    lenient[string] `json:"features"`
	Attachments lenient[file]   `json:"attachments"`
	Exports     lenient[file]   `json:"alternative_exports"`
	Fields      lenient[field]  `json:"fields"`
	Metas       metas           `json:"metas"`
	Interop     metas           `json:"interop_metas"`
}

// geo tells whether the records have a place.
func (e *entry) geo() bool { return slices.Contains(e.Features, "geo") }

// part are the values of one of the kinds in which the Explore API sorts them.
func (e *entry) part(name string) metas {
	var m metas
	_ = json.Unmarshal(e.Metas[name], &m)
	return m
}

// licenses are the names of licences that portals give by default.
var licenses = map[string]string{
	"open database license (odbl)":   "odc-odbl",
	"licence ouverte (etalab)":       "fr-lo",
	"licence ouverte / open licence": "fr-lo",
	"licence ouverte":                "fr-lo",
	"open licence":                   "fr-lo",
	"licence ouverte v2.0 (etalab)":  "lov2",
	"licence ouverte v2.0":           "lov2",
	"cc by-sa":                       "cc-by-sa",
	"public domain":                  "other-pd",
}

// licenseOf are the candidates for the licence of a dataset, the surest first.
func licenseOf(texts ...string) (candidates []string) {
	for _, text := range texts {
		if id := licenses[strings.ToLower(text)]; id != "" {
			candidates = append(candidates, id)
		}
		if text != "" {
			candidates = append(candidates, text)
		}
	}
	return candidates
}

// tagsOf are the keywords and the themes; a theme may be several, between commas.
func tagsOf(m metas) []string {
	tags := m.texts("keyword")
	for _, theme := range m.texts("theme") {
		for one := range strings.SplitSeq(theme, ",") {
			if one = strings.ToLower(strings.TrimSpace(one)); one != "" {
				tags = append(tags, one)
			}
		}
	}
	return tags[:min(len(tags), maxTags)]
}

// judge tells why a dataset is left out; "" when it is taken.
func (p *portal) judge(e *entry, id string, inspire metas) string {
	switch {
	case !e.HasRecords && len(e.Attachments) == 0 && len(e.Exports) == 0:
		return "Dataset " + id + " has no record"
	case inspire != nil && !p.Source.Config.Feature(featureInspire, false):
		return "Dataset " + id + " has INSPIRE metadata"
	}
	return ""
}

// page is the page of a dataset for people.
func (p *portal) page(id string) string {
	return p.base + "/explore/dataset/" + url.PathEscape(id) + "/"
}

// searchLine makes a line of what the Search API gives.
func (p *portal) searchLine(raw json.RawMessage) harvest.Line {
	var e entry
	if json.Unmarshal(raw, &e) != nil || e.OldID == "" {
		return harvest.Line{T: harvest.LineError, Message: "A dataset of the portal has no identifier, or is none."}
	}
	id := e.OldID
	var inspire metas
	if raw, ok := e.Interop["inspire"]; ok {
		inspire = metas{"inspire": raw}
	}
	if reason := p.judge(&e, id, inspire); reason != "" {
		return harvest.Line{T: harvest.LineSkip, RemoteID: id, RemoteURL: p.page(id), Reason: reason}
	}
	m := e.Metas
	d := &harvest.Dataset{
		Title: m.text("title"), Name: id, Description: m.text("description"), DescriptionFormat: "html",
		Tags: tagsOf(m), License: licenseOf(m.text("license")), Harvest: harvest.Origin{ModifiedAt: m.text("modified")},
	}
	if references := m.text("references"); references != "" {
		d.Extras = map[string]any{"ods:references": references}
	}
	d.Resources = p.searchResources(&e, m)
	return harvest.Line{T: harvest.LineDataset, RemoteID: id, RemoteURL: p.page(id), Dataset: d}
}

// exploreLine makes a line of what the Explore API gives.
func (p *portal) exploreLine(raw json.RawMessage) harvest.Line {
	var e entry
	if json.Unmarshal(raw, &e) != nil || e.ID == "" {
		return harvest.Line{T: harvest.LineError, Message: "A dataset of the portal has no identifier, or is none."}
	}
	m, of := e.part("default"), e.part("dcat")
	remote := p.page(e.ID)
	inspire := e.part("inspire")
	if !inspire.told() {
		inspire = nil
	}
	reason := p.judge(&e, e.ID, inspire)
	if domain, federated := m.federation(e.ID); reason == "" && federated && !p.Source.Config.Feature(featureFederated, false) {
		reason = "Dataset " + e.ID + " is that of another portal: " + domain
	}
	if reason != "" {
		return harvest.Line{T: harvest.LineSkip, RemoteID: remote, RemoteURL: remote, Reason: reason}
	}
	modified := m.text("data_processed")
	if modified == "" {
		modified = m.text("modified")
	}
	d := &harvest.Dataset{
		Title: m.text("title"), Name: e.ID, Description: m.text("description"), DescriptionFormat: "html",
		Tags: tagsOf(m), License: licenseOf(m.text("license_url"), m.text("license")), Frequency: of.text("accrualperiodicity"),
		Harvest: harvest.Origin{URI: remote, CreatedAt: of.text("created"), IssuedAt: of.text("issued"), ModifiedAt: modified},
	}
	if name, email := of.text("contact_name"), of.text("contact_email"); name != "" || email != "" {
		d.Contacts = []harvest.Contact{{Name: name, Email: email, Role: "contact"}}
	}
	if start, end, ok := strings.Cut(of.text("temporal"), "/"); ok {
		d.Temporal = &harvest.Period{Start: strings.TrimSpace(start), End: strings.TrimSpace(end)}
	}
	if references := m.text("references"); references != "" {
		d.Extras = map[string]any{"ods:references": references}
	}
	d.Resources = p.exploreResources(&e, m, modified)
	return harvest.Line{T: harvest.LineDataset, RemoteID: remote, RemoteURL: remote, Dataset: d}
}

// federation is the portal whose dataset another one shows.
func (m metas) federation(id string) (domain string, federated bool) {
	if domain = m.text("source_domain_address"); domain == "" {
		domain = m.text("source_domain")
	}
	if _, at, ok := strings.Cut(id, "@"); ok && domain == "" {
		domain = at
	}
	return domain, domain != "" || m.text("federated") == "true"
}
