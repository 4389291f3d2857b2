package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// Reference names an object in a body: by its identifier alone, or by an object
// that holds it.
type Reference string

// UnmarshalJSON takes both forms.
func (r *Reference) UnmarshalJSON(text []byte) error {
	var id string
	if json.Unmarshal(text, &id) == nil {
		*r = Reference(id)
		return nil
	}
	var object struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(text, &object); err != nil {
		return fault.At("This must be an identifier, or an object with its id.")
	}
	*r = Reference(object.ID)
	return nil
}

// JSONSchema documents both forms.
func (Reference) JSONSchema() map[string]any { return map[string]any{} }

// Tags are a list of words, or one text with commas.
type Tags []string

// UnmarshalJSON takes both forms.
func (t *Tags) UnmarshalJSON(text []byte) error {
	var words string
	if json.Unmarshal(text, &words) == nil {
		*t = strings.Split(words, ",")
		return nil
	}
	if err := json.Unmarshal(text, (*[]string)(t)); err != nil {
		return fault.At("This must be a list of texts, or one text with commas.")
	}
	return nil
}

// JSONSchema documents both forms.
func (Tags) JSONSchema() map[string]any { return map[string]any{} }

// Day is a date in a body, with or without a time.
type Day struct{ time.Time }

// UnmarshalJSON reads any usual form of ISO 8601.
func (d *Day) UnmarshalJSON(text []byte) error {
	var value string
	if err := json.Unmarshal(text, &value); err != nil {
		return err
	}
	moment, ok := catalog.ParseMoment(value)
	if !ok || moment.Year() < 1 || moment.Year() > 9999 {
		return fault.At("Not a date: write it as 2026-01-31 or 2026-01-31T12:00:00+01:00.")
	}
	d.Time = moment
	return nil
}

// JSONSchema documents the date.
func (Day) JSONSchema() map[string]any {
	return map[string]any{"type": []any{"string", "null"}, "format": "date-time"}
}

// TemporalWrite is a period: two days, or one text with a dash between them.
type TemporalWrite catalog.TemporalInput

// UnmarshalJSON takes both forms.
func (t *TemporalWrite) UnmarshalJSON(text []byte) error {
	var line string
	if json.Unmarshal(text, &line) == nil {
		start, end, _ := strings.Cut(line, " - ")
		t.Start, t.End = strings.TrimSpace(start), strings.TrimSpace(end)
		return nil
	}
	var days struct {
		Start *string `json:"start"`
		End   *string `json:"end"`
	}
	if err := json.Unmarshal(text, &days); err != nil {
		return fault.At("This must be an object with start and end, or a text such as 2026-01-01 - 2026-12-31.")
	}
	*t = TemporalWrite{Start: textOr(days.Start), End: textOr(days.End)}
	return nil
}

func textOr(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// JSONSchema documents both forms.
func (TemporalWrite) JSONSchema() map[string]any { return map[string]any{} }

// SpatialWrite is a coverage: zones or a shape.
type SpatialWrite struct {
	Geom        web.Opt[json.RawMessage] `json:"geom"`
	Granularity web.Opt[Reference]       `json:"granularity"`
	Zones       web.Opt[[]Reference]     `json:"zones"`
}

// UnmarshalJSON blames each wrong member by its name.
func (s *SpatialWrite) UnmarshalJSON(text []byte) error { return web.UnmarshalMembers(text, s) }

// AudienceWrite says whether a kind of reader has access.
type AudienceWrite struct {
	Condition string `json:"condition"`
	Role      string `json:"role"`
}

// DatasetWrite is what may be written of a dataset; members that are left out
// stay as they are, unknown ones are ignored. What is shown as an object may be
// sent back as one.
type DatasetWrite struct {
	AccessAudiences web.Opt[[]AudienceWrite] `json:"access_audiences"`
	AccessType      web.Opt[string]          `json:"access_type"`
	Reason          web.Opt[string]          `json:"access_type_reason"`
	ReasonCategory  web.Opt[string]          `json:"access_type_reason_category"`
	Acronym         web.Opt[string]          `json:"acronym"`
	Archived        web.Opt[Day]             `json:"archived"`
	RequestURL      web.Opt[string]          `json:"authorization_request_url"`
	ContactPoints   web.Opt[[]Reference]     `json:"contact_points"`
	// Deleted brings a dataset back when it is null.
	Deleted          web.Opt[Day]             `json:"deleted"`
	Description      web.Opt[string]          `json:"description"`
	DescriptionShort web.Opt[string]          `json:"description_short"`
	Extras           web.Opt[json.RawMessage] `json:"extras"`
	Frequency        web.Opt[Reference]       `json:"frequency"`
	FrequencyDate    web.Opt[Day]             `json:"frequency_date"`
	License          web.Opt[Reference]       `json:"license"`
	Organization     web.Opt[Reference]       `json:"organization"`
	Owner            web.Opt[Reference]       `json:"owner"`
	Private          web.Opt[bool]            `json:"private"`
	Resources        web.Opt[ResourceList]    `json:"resources"`
	Spatial          web.Opt[SpatialWrite]    `json:"spatial"`
	Tags             web.Opt[Tags]            `json:"tags"`
	TemporalCoverage web.Opt[TemporalWrite]   `json:"temporal_coverage"`
	Title            web.Opt[string]          `json:"title"`
}

// UnmarshalJSON blames each wrong member by its name.
func (b *DatasetWrite) UnmarshalJSON(text []byte) error { return web.UnmarshalMembers(text, b) }

// opt hands a member of a body to the subject, converted.
func opt[T, U any](in web.Opt[T], convert func(T) U) catalog.Opt[U] {
	out := catalog.Opt[U]{Set: in.Set, Null: in.Null}
	if in.Set && !in.Null {
		out.Value = convert(in.Value)
	}
	return out
}

func same[T any](v T) T { return v }

func dayTime(d Day) time.Time { return d.Time }

func referenced(r Reference) string { return string(r) }

func texts(list []Reference) []string {
	ids := make([]string, len(list))
	for i, reference := range list {
		ids[i] = string(reference)
	}
	return ids
}

func (b DatasetWrite) input() catalog.DatasetInput {
	return catalog.DatasetInput{
		Title: opt(b.Title, same), Acronym: opt(b.Acronym, same), Description: opt(b.Description, same),
		DescriptionShort: opt(b.DescriptionShort, same), Tags: opt(b.Tags, func(t Tags) []string { return t }),
		Frequency: opt(b.Frequency, referenced), FrequencyDate: opt(b.FrequencyDate, dayTime), License: opt(b.License, referenced),
		Private: opt(b.Private, same), Archived: opt(b.Archived, dayTime), Deleted: opt(b.Deleted, dayTime),
		Extras: opt(b.Extras, same), AccessType: opt(b.AccessType, same), AuthorizationRequestURL: opt(b.RequestURL, same),
		ReasonCategory: opt(b.ReasonCategory, same), Reason: opt(b.Reason, same),
		AccessAudiences: opt(b.AccessAudiences, func(list []AudienceWrite) []catalog.AudienceInput {
			audiences := make([]catalog.AudienceInput, len(list))
			for i, item := range list {
				audiences[i] = catalog.AudienceInput{Role: item.Role, Condition: item.Condition}
			}
			return audiences
		}),
		TemporalCoverage: opt(b.TemporalCoverage, func(t TemporalWrite) catalog.TemporalInput { return catalog.TemporalInput(t) }),
		Spatial:          opt(b.Spatial, spatialInput), ContactPoints: opt(b.ContactPoints, texts),
		Organization: opt(b.Organization, referenced), Owner: opt(b.Owner, referenced), Resources: opt(b.Resources, ResourceList.inputs),
	}
}

func spatialInput(s SpatialWrite) catalog.SpatialInput {
	return catalog.SpatialInput{Geometry: s.Geom.Value, Granularity: string(s.Granularity.Value), Zones: texts(s.Zones.Value)}
}

func (a *API) datasetWriteRoutes() {
	tags := []string{"datasets"}
	web.Post[Dataset](a.v1, "/datasets/", web.Doc{Summary: "Create a dataset", Tags: tags, Auth: web.User, Family: web.Form, Creates: true, Status: http.StatusCreated}, a.createDataset)
	web.Put[Dataset](a.v1, "/datasets/{dataset}/", web.Doc{Summary: "Update a dataset", Tags: tags, Auth: web.User, Family: web.Form}, a.updateDataset)
	web.Delete[web.None](a.v1, "/datasets/{dataset}/", web.Doc{Summary: "Delete a dataset", Tags: tags, Auth: web.User, Status: http.StatusNoContent}, a.deleteDataset)
	web.Patch[[]EditedDataset](a.v2, "/datasets/", web.Doc{Summary: "Change many datasets alike", Tags: tags, Auth: web.User, NoMask: true}, a.editDatasets)
	web.Get[Schedule](a.v2, "/datasets/{dataset}/schedule/", web.Doc{Summary: "Read when a dataset is to be published", Tags: tags, Auth: web.User}, a.getSchedule)
	web.Put[Schedule](a.v2, "/datasets/{dataset}/schedule/", web.Doc{Summary: "Plan the publication of a private dataset", Tags: tags, Auth: web.User}, a.putSchedule)
	web.Delete[web.None](a.v2, "/datasets/{dataset}/schedule/", web.Doc{Summary: "Leave a dataset private", Tags: tags, Auth: web.User, Status: http.StatusNoContent}, a.deleteSchedule)
	web.Put[map[string]any](a.v2, "/datasets/{dataset}/extras/", web.Doc{Summary: "Add to the extras of a dataset", Tags: tags, Auth: web.User, NoMask: true}, a.putDatasetExtras)
	web.DeleteWith[web.None](a.v2, "/datasets/{dataset}/extras/", web.Doc{Summary: "Remove extras of a dataset", Tags: tags, Auth: web.User, Status: http.StatusNoContent}, a.deleteDatasetExtras)
	a.resourceWriteRoutes()
}

func (a *API) createDataset(c *web.Call, _ web.None, body DatasetWrite) error {
	dataset, err := a.Catalog.CreateDataset(c.Context(), viewer(c), body.input())
	if err != nil {
		return err
	}
	return a.sendDataset(c, http.StatusCreated, dataset)
}

// noticeHeader says to people what a write did that they may not have meant.
const noticeHeader = "X-Notice"

const noticePublished = "This update made the dataset public, because it did not say whether it is private: send \"private\": true to keep it so."

func (a *API) updateDataset(c *web.Call, _ web.None, body DatasetWrite) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	dataset, err := a.Catalog.UpdateDataset(c.Context(), viewer(c), id, body.input())
	if err != nil {
		return err
	}
	if dataset.Published {
		c.W.Header().Set(noticeHeader, noticePublished)
	}
	return a.sendDataset(c, http.StatusOK, dataset)
}

// sendDataset answers a write with the dataset, its resources a batch at a time
// when there are many.
func (a *API) sendDataset(c *web.Call, status int, d *catalog.Dataset) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	c.Versioned(d.Version)
	if !c.Wants("resources") {
		return send(c, status, a.dataset(d, f))
	}
	if d.ResourceCount >= streamFrom {
		d.Resources = nil // they come from their rows
		return a.streamDataset(c, status, d, f)
	}
	if err := a.Catalog.AttachResources(c.Context(), d); err != nil {
		return err
	}
	return send(c, status, a.dataset(d, f))
}

func (a *API) deleteDataset(c *web.Call, q noticeArgs) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.DeleteDataset(c.Context(), viewer(c), id, q.Notice); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}
