package udata

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"grenier/internal/fault"
	"grenier/internal/harvest"
)

// remote is an object of a portal as its API shows it. Members of datasets,
// dataservices and resources are together: their names do not clash.
type remote struct {
	ID          string         `json:"id"`
	Slug        string         `json:"slug"`
	Title       string         `json:"title"`
	Acronym     string         `json:"acronym"`
	Description string         `json:"description"`
	Tags        []string       `json:"tags"`
	License     string         `json:"license"`
	Frequency   string         `json:"frequency"`
	Page        string         `json:"page"`
	SelfWebURL  string         `json:"self_web_url"`
	Private     bool           `json:"private"`
	Archived    string         `json:"archived"`
	ArchivedAt  string         `json:"archived_at"`
	Deleted     string         `json:"deleted"`
	DeletedAt   string         `json:"deleted_at"`
	Extras      map[string]any `json:"extras"`
	Contacts    []contact      `json:"contact_points"`
	Schema      *schema        `json:"schema"`
	Resources   []resource     `json:"resources"`
	Badges      []struct {
		Kind string `json:"kind"`
	} `json:"badges"`
	Temporal *struct {
		Start string `json:"start"`
		End   string `json:"end"`
	} `json:"temporal_coverage"`
	Spatial *struct {
		Geom        any   `json:"geom"`
		Zones       []any `json:"zones"`
		Granularity any   `json:"granularity"`
	} `json:"spatial"`
	Harvest map[string]any `json:"harvest"`

	AccessType     string `json:"access_type"`
	AccessReason   string `json:"access_type_reason"`
	AccessCategory string `json:"access_type_reason_category"`
	AccessRequest  string `json:"authorization_request_url"`

	CreatedAt  string         `json:"created_at"`
	LastUpdate string         `json:"last_update"`
	ModifiedAt string         `json:"last_modified"`
	MetadataAt string         `json:"metadata_modified_at"`
	Owned      map[string]any `json:"organization"`
	Owner      map[string]any `json:"owner"`

	BaseAPIURL      string `json:"base_api_url"`
	MachineURL      string `json:"machine_documentation_url"`
	TechnicalURL    string `json:"technical_documentation_url"`
	BusinessURL     string `json:"business_documentation_url"`
	RateLimiting    any    `json:"rate_limiting"`
	RateLimitingURL any    `json:"rate_limiting_url"`
	Availability    any    `json:"availability"`
	AvailabilityURL any    `json:"availability_url"`
	Format          string `json:"format"`
	Datasets        any    `json:"datasets"`
}

type contact struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	Form  string `json:"contact_form"`
	Role  string `json:"role"`
}

type schema struct {
	URL     string `json:"url"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

func (s *schema) line() *harvest.Schema {
	if s == nil || *s == (schema{}) {
		return nil
	}
	return &harvest.Schema{URL: s.URL, Name: s.Name, Version: s.Version}
}

type resource struct {
	ID          string            `json:"id"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	URL         string            `json:"url"`
	Latest      string            `json:"latest"`
	Type        string            `json:"type"`
	Format      string            `json:"format"`
	Mime        string            `json:"mime"`
	Filesize    *float64          `json:"filesize"`
	Checksum    *harvest.Checksum `json:"checksum"`
	Schema      *schema           `json:"schema"`
	Extras      map[string]any    `json:"extras"`
	CreatedAt   string            `json:"created_at"`
	ModifiedAt  string            `json:"last_modified"`
}

// record tells one object; known says that it was told before, on another page or
// for another list.
func (w *walk) record(ctx context.Context, kind string, raw json.RawMessage, page int) (known bool, err error) {
	var o remote
	var logs []harvest.Log
	if err := json.Unmarshal(raw, &o); err != nil {
		var mistyped *json.UnmarshalTypeError
		if !errors.As(err, &mistyped) || mistyped.Field == "" {
			w.records++
			return false, w.emit(harvest.Line{T: harvest.LineError, Kind: kind, RemoteID: kind + " " + strconv.Itoa(w.records), Message: "The record is not an object."})
		}
		logs = append(logs, harvest.Log{Level: "warning", Message: fmt.Sprintf("The member %s is not of the type that it has in udata, and is left out.", mistyped.Field)})
	}
	if o.ID != "" {
		if w.seen[o.ID] {
			return true, nil
		}
		w.seen[o.ID] = true
	}
	w.records++
	if o.Private || o.Archived+o.ArchivedAt+o.Deleted+o.DeletedAt != "" || !w.harvested && o.isHarvested() || !w.filters.takes(kind, o.traits()) {
		return false, nil
	}
	line := harvest.Line{T: harvest.LineType(kind), RemoteURL: w.pageOf(kind, &o), Page: &page, Logs: logs}
	if o.ID != "" {
		line.RemoteID = w.remoteID(kind, o.ID)
	}
	if o.Title == "" && o.ID != "" {
		return false, w.emit(harvest.Line{T: harvest.LineError, Kind: kind, RemoteID: line.RemoteID, Message: "The record has no title."})
	}
	if kind == "dataset" {
		line.Dataset = w.dataset(&o)
	} else if line.Dataservice, err = w.dataservice(ctx, &o); err != nil {
		return false, err
	}
	return false, w.emit(line)
}

// remoteID names an object by the address of its identifier, which stays when
// its slug changes.
func (w *walk) remoteID(kind, id string) string {
	return w.base + "/api/1/" + kind + "s/" + url.PathEscape(id) + "/"
}

func (w *walk) pageOf(kind string, o *remote) string {
	switch {
	case o.Page != "":
		return o.Page
	case o.SelfWebURL != "":
		return o.SelfWebURL
	}
	return w.base + "/" + kind + "s/" + url.PathEscape(o.Slug) + "/"
}

// isHarvested tells whether the portal has the object from elsewhere.
func (o *remote) isHarvested() bool {
	for _, name := range []string{"backend", "source_id", "remote_id", "domain"} {
		if text, _ := o.Harvest[name].(string); text != "" {
			return true
		}
	}
	return false
}

func (o *remote) traits() traits {
	t := traits{"tag": o.Tags, "license": {o.License}, "geozone": o.zones()}
	for _, name := range []string{"id", "slug"} {
		if text, ok := o.Owned[name].(string); ok {
			t["organization"] = append(t["organization"], text)
		}
	}
	if domain, ok := o.Harvest["domain"].(string); ok {
		t["domain"] = []string{domain}
	}
	for _, badge := range o.Badges {
		t["badge"] = append(t["badge"], badge.Kind)
	}
	for _, r := range o.Resources {
		t["format"] = append(t["format"], r.Format)
	}
	return t
}

// zones are identifiers, which some answers give inside of objects.
func (o *remote) zones() []string {
	if o.Spatial == nil {
		return nil
	}
	var ids []string
	for _, zone := range o.Spatial.Zones {
		if id := identifierOf(zone); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

func identifierOf(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case map[string]any:
		id, _ := value["id"].(string)
		return id
	}
	return ""
}

// dataset maps a dataset.
func (w *walk) dataset(o *remote) *harvest.Dataset {
	d := &harvest.Dataset{
		Title: o.Title, Acronym: o.Acronym, Name: o.Slug, Description: o.Description, DescriptionFormat: "markdown", Tags: o.Tags,
		License: licenses(o.License), Frequency: o.Frequency, Contacts: contacts(o.Contacts), Schema: o.Schema.line(),
		AccessRights: o.accessRights(), AccessType: o.AccessType, Extras: o.extras(), Harvest: o.origin(w.remoteID("dataset", o.ID)),
		Resources: make([]harvest.Resource, len(o.Resources)),
	}
	if o.Temporal != nil && o.Temporal.Start+o.Temporal.End != "" {
		d.Temporal = &harvest.Period{Start: o.Temporal.Start, End: o.Temporal.End}
	}
	if zones := o.zones(); o.Spatial != nil && (len(zones) > 0 || o.Spatial.Geom != nil || o.Spatial.Granularity != nil) {
		d.Spatial = &harvest.Spatial{Geometry: o.Spatial.Geom, Zones: zones, Granularity: identifierOf(o.Spatial.Granularity)}
	}
	for i := range o.Resources {
		d.Resources[i] = o.Resources[i].line()
	}
	return d
}

// unspecified is the identifier of no license.
const unspecified = "notspecified"

func licenses(id string) []string {
	if id == "" || id == unspecified {
		return nil
	}
	return []string{id}
}

func contacts(all []contact) []harvest.Contact {
	lines := make([]harvest.Contact, len(all))
	for i, c := range all {
		lines[i] = harvest.Contact{Name: c.Name, Email: c.Email, Form: c.Form, Role: c.Role}
	}
	return lines
}

func (r *resource) line() harvest.Resource {
	line := harvest.Resource{
		RemoteID: r.ID, Title: r.Title, Description: r.Description, DescriptionFormat: "markdown", URL: r.URL, Type: r.Type, Format: r.Format,
		Mime: r.Mime, Checksum: r.Checksum, Schema: r.Schema.line(), Extras: foreign(r.Extras),
		Harvest: harvest.Origin{URI: r.Latest, IssuedAt: r.CreatedAt, ModifiedAt: r.ModifiedAt},
	}
	if r.Filesize != nil && *r.Filesize >= 0 && *r.Filesize < 1<<53 {
		size := int64(*r.Filesize)
		line.Filesize = &size
	}
	if r.Checksum != nil && r.Checksum.Value == "" {
		line.Checksum = nil
	}
	return line
}

// internal are the beginnings of extras that a portal computes for itself; they
// change without the data and say nothing here.
var internal = []string{"analysis:", "check:", "harvest:", "recommendations", "validation-report:", "udata"}

// foreign leaves out internal extras.
func foreign(extras map[string]any) map[string]any {
	kept := make(map[string]any, len(extras))
	for key, value := range extras {
		if !slices.ContainsFunc(internal, func(start string) bool { return strings.HasPrefix(key, start) }) {
			kept[key] = value
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// extras are those of the object, and below "udata" what has no place of its own
// here: who publishes it there, and where that portal has it from.
func (o *remote) extras() map[string]any {
	there := map[string]any{"id": o.ID, "slug": o.Slug}
	for name, value := range map[string]any{
		"access_type_reason": o.AccessReason, "authorization_request_url": o.AccessRequest, "format": o.Format,
	} {
		if value != nil && value != "" {
			there[name] = value
		}
	}
	if len(o.Owned) > 0 {
		there["organization"] = reference(o.Owned)
	} else if len(o.Owner) > 0 {
		there["owner"] = reference(o.Owner)
	}
	if len(o.Badges) > 0 {
		kinds := make([]string, len(o.Badges))
		for i, badge := range o.Badges {
			kinds[i] = badge.Kind
		}
		there["badges"] = kinds
	}
	if o.isHarvested() {
		origin := maps.Clone(o.Harvest)
		maps.DeleteFunc(origin, func(name string, value any) bool { return value == nil || name == "last_update" })
		there["harvest"] = origin
	}
	extras := foreign(o.Extras)
	if extras == nil {
		extras = make(map[string]any, 1)
	}
	extras["udata"] = there
	return extras
}

// reference is what names an owner.
func reference(owner map[string]any) map[string]any {
	named := make(map[string]any, 5)
	for _, member := range []string{"id", "slug", "name", "acronym", "first_name", "last_name", "page"} {
		if value := owner[member]; value != nil {
			named[member] = value
		}
	}
	return named
}

// limitation is the code list of limits to public access (INSPIRE Directive,
// article 13).
const limitation = "http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/INSPIRE_Directive_Article13_1"

// limitations are the reasons of restricted access by their letters.
var limitations = []string{
	"confidentiality_of_proceedings_of_public_authorities", "international_relations_public_security_or_national_defence",
	"course_of_justice_or_fair_trial", "confidentiality_of_commercial_or_industrial_information", "intellectual_property_rights",
	"confidentiality_of_personal_data", "protection_of_voluntary_information_suppliers", "protection_of_environment",
}

func (o *remote) accessRights() []string {
	if i := slices.Index(limitations, o.AccessCategory); i >= 0 {
		return []string{limitation + string(rune('a'+i))}
	}
	return nil
}

// origin is the history of the object: where the portal itself has it from, what
// its own origin says.
func (o *remote) origin(uri string) harvest.Origin {
	said := func(name string) string { text, _ := o.Harvest[name].(string); return text }
	h := harvest.Origin{URI: uri, DctIdentifier: said("dct_identifier"), CreatedAt: said("created_at"), IssuedAt: said("issued_at"), ModifiedAt: said("modified_at")}
	if h.IssuedAt == "" {
		h.IssuedAt = o.CreatedAt
	}
	for _, at := range []string{o.LastUpdate, o.ModifiedAt, o.MetadataAt} {
		if h.ModifiedAt == "" {
			h.ModifiedAt = at
		}
	}
	return h
}

// dataservice maps a dataservice, and asks for the datasets that it gives.
func (w *walk) dataservice(ctx context.Context, o *remote) (*harvest.Dataservice, error) {
	datasets, err := w.datasetsOf(ctx, o)
	if err != nil {
		return nil, err
	}
	return &harvest.Dataservice{
		Title: o.Title, Description: o.Description, DescriptionFormat: "markdown", BaseAPIURL: o.BaseAPIURL,
		MachineDocumentationURL: o.MachineURL, TechnicalDocumentationURL: o.TechnicalURL, BusinessDocumentationURL: o.BusinessURL,
		License: licenses(o.License), AccessRights: o.accessRights(), Tags: o.Tags, Contacts: contacts(o.Contacts), Datasets: datasets,
		AccessType: o.AccessType, AuthorizationRequestURL: o.AccessRequest, RateLimiting: textOf(o.RateLimiting), RateLimitingURL: textOf(o.RateLimitingURL),
		Availability: numberOf(o.Availability), AvailabilityURL: textOf(o.AvailabilityURL),
		Extras: o.extras(), Harvest: o.origin(w.remoteID("dataservice", o.ID)),
	}, nil
}

// textOf is a text, "" for another value.
func textOf(value any) string {
	text, _ := value.(string)
	return text
}

// numberOf is a number, nil for another value.
func numberOf(value any) *float64 {
	if number, ok := value.(float64); ok {
		return &number
	}
	return nil
}

// datasetsOf are the remote identifiers of the datasets of a dataservice: the
// API lists them, or gives a link to the list.
func (w *walk) datasetsOf(ctx context.Context, o *remote) ([]string, error) {
	var ids []string
	switch given := o.Datasets.(type) {
	case []any:
		for _, one := range given {
			if id := identifierOf(one); id != "" {
				ids = append(ids, w.remoteID("dataset", id))
			}
		}
		return ids, nil
	case map[string]any:
		if total, ok := given["total"].(float64); ok && total == 0 {
			return nil, nil
		}
	default:
		return nil, nil
	}
	query := url.Values{"dataservice": {o.ID}}
	for page := 1; page <= maxPages; page++ {
		var answer struct {
			Data []struct {
				ID string `json:"id"`
			} `json:"data"`
			Next *string `json:"next_page"`
		}
		if err := w.get(ctx, w.address(list{"dataset", query}, page, pageSize), "data{id},next_page", &answer); err != nil {
			return nil, err
		}
		before := len(ids)
		for _, one := range answer.Data {
			if id := w.remoteID("dataset", one.ID); !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		if answer.Next == nil || *answer.Next == "" || len(ids) == before {
			return ids, nil
		}
	}
	return nil, fault.Newf(fault.BadGateway, "The portal lists more than %d pages of datasets of one dataservice.", maxPages)
}
