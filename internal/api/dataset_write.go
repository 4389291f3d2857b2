package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"grenier/internal/catalog"
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
	err := json.Unmarshal(text, &object)
	*r = Reference(object.ID)
	return err
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
	return json.Unmarshal(text, (*[]string)(t))
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
	if !ok {
		return &time.ParseError{Value: value, Message: ": not a date such as 2026-01-31 or 2026-01-31T12:00:00+01:00"}
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
		Start string  `json:"start"`
		End   *string `json:"end"`
	}
	err := json.Unmarshal(text, &days)
	t.Start = days.Start
	if days.End != nil {
		t.End = *days.End
	}
	return err
}

// JSONSchema documents both forms.
func (TemporalWrite) JSONSchema() map[string]any { return map[string]any{} }

// SpatialWrite is a coverage: zones or a shape.
type SpatialWrite struct {
	Geom        json.RawMessage `json:"geom"`
	Granularity *string         `json:"granularity"`
	Zones       []Reference     `json:"zones"`
}

// DatasetWrite is what may be written of a dataset; members that are left out
// stay as they are, unknown ones are ignored.
type DatasetWrite struct {
	AccessType       web.Opt[string]          `json:"access_type"`
	Acronym          web.Opt[string]          `json:"acronym"`
	Archived         web.Opt[Day]             `json:"archived"`
	Deleted          web.Opt[Day]             `json:"deleted"`
	Description      web.Opt[string]          `json:"description"`
	DescriptionShort web.Opt[string]          `json:"description_short"`
	Extras           web.Opt[json.RawMessage] `json:"extras"`
	Frequency        web.Opt[string]          `json:"frequency"`
	FrequencyDate    web.Opt[Day]             `json:"frequency_date"`
	License          web.Opt[string]          `json:"license"`
	Organization     web.Opt[Reference]       `json:"organization"`
	Owner            web.Opt[Reference]       `json:"owner"`
	Private          web.Opt[bool]            `json:"private"`
	Resources        web.Opt[[]ResourceWrite] `json:"resources"`
	Spatial          web.Opt[SpatialWrite]    `json:"spatial"`
	Tags             web.Opt[Tags]            `json:"tags"`
	TemporalCoverage web.Opt[TemporalWrite]   `json:"temporal_coverage"`
	Title            web.Opt[string]          `json:"title"`
}

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

func (b DatasetWrite) input() catalog.DatasetInput {
	return catalog.DatasetInput{
		Title: opt(b.Title, same), Acronym: opt(b.Acronym, same), Description: opt(b.Description, same),
		DescriptionShort: opt(b.DescriptionShort, same), Tags: opt(b.Tags, func(t Tags) []string { return t }),
		Frequency: opt(b.Frequency, same), FrequencyDate: opt(b.FrequencyDate, dayTime), License: opt(b.License, same),
		Private: opt(b.Private, same), Archived: opt(b.Archived, dayTime), Deleted: opt(b.Deleted, dayTime),
		Extras: opt(b.Extras, same), AccessType: opt(b.AccessType, same),
		TemporalCoverage: opt(b.TemporalCoverage, func(t TemporalWrite) catalog.TemporalInput { return catalog.TemporalInput(t) }),
		Spatial:          opt(b.Spatial, spatialInput),
		Organization:     opt(b.Organization, referenced), Owner: opt(b.Owner, referenced),
		Resources: opt(b.Resources, func(list []ResourceWrite) []catalog.ResourceInput {
			inputs := make([]catalog.ResourceInput, len(list))
			for i, item := range list {
				inputs[i] = item.input()
			}
			return inputs
		}),
	}
}

func spatialInput(s SpatialWrite) catalog.SpatialInput {
	in := catalog.SpatialInput{Geometry: s.Geom}
	if s.Granularity != nil {
		in.Granularity = *s.Granularity
	}
	for _, zone := range s.Zones {
		in.Zones = append(in.Zones, string(zone))
	}
	return in
}

// ResourceWrite is what may be written of a resource.
type ResourceWrite struct {
	Description web.Opt[string]          `json:"description"`
	Extras      web.Opt[json.RawMessage] `json:"extras"`
	Filesize    web.Opt[int64]           `json:"filesize"`
	Filetype    web.Opt[string]          `json:"filetype"`
	Format      web.Opt[string]          `json:"format"`
	ID          web.Opt[string]          `json:"id"`
	Mime        web.Opt[string]          `json:"mime"`
	Title       web.Opt[string]          `json:"title"`
	Type        web.Opt[string]          `json:"type"`
	URL         web.Opt[string]          `json:"url"`
}

func (b ResourceWrite) input() catalog.ResourceInput {
	return catalog.ResourceInput{
		ID: b.ID.Value, Title: opt(b.Title, same), Description: opt(b.Description, same), Type: opt(b.Type, same),
		Filetype: opt(b.Filetype, same), Format: opt(b.Format, same), Mime: opt(b.Mime, same), URL: opt(b.URL, same),
		Filesize: opt(b.Filesize, same), Extras: opt(b.Extras, same),
	}
}

func (a *API) datasetWriteRoutes() {
	tags := []string{"datasets"}
	web.Post[Dataset](a.v1, "/datasets/", web.Doc{Summary: "Create a dataset", Tags: tags, Auth: web.User, Family: web.Form, Creates: true, Status: http.StatusCreated}, a.createDataset)
	web.Put[Dataset](a.v1, "/datasets/{dataset}/", web.Doc{Summary: "Update a dataset", Tags: tags, Auth: web.User, Family: web.Form}, a.updateDataset)
	web.Delete[web.None](a.v1, "/datasets/{dataset}/", web.Doc{Summary: "Delete a dataset", Tags: tags, Auth: web.User, Status: http.StatusNoContent}, a.deleteDataset)
	web.Post[Resource](a.v1, "/datasets/{dataset}/resources/", web.Doc{Summary: "Add a remote resource", Tags: tags, Auth: web.User, Family: web.Form, Status: http.StatusCreated}, a.addResource)
	web.Put[Resource](a.v1, "/datasets/{dataset}/resources/{uuid}/", web.Doc{Summary: "Update a resource", Tags: tags, Auth: web.User, Family: web.Form}, a.updateResource)
	web.Delete[web.None](a.v1, "/datasets/{dataset}/resources/{uuid}/", web.Doc{Summary: "Remove a resource", Tags: tags, Auth: web.User, Status: http.StatusNoContent}, a.removeResource)
}

func (a *API) createDataset(c *web.Call, _ web.None, body DatasetWrite) error {
	dataset, err := a.Catalog.CreateDataset(c.Context(), viewer(c), body.input())
	if err != nil {
		return err
	}
	return a.sendDataset(c, http.StatusCreated, dataset)
}

func (a *API) updateDataset(c *web.Call, _ web.None, body DatasetWrite) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	dataset, err := a.Catalog.UpdateDataset(c.Context(), viewer(c), id, body.input())
	if err != nil {
		return err
	}
	return a.sendDataset(c, http.StatusOK, dataset)
}

func (a *API) sendDataset(c *web.Call, status int, d *catalog.Dataset) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	return send(c, status, a.dataset(d, f))
}

func (a *API) deleteDataset(c *web.Call, _ web.None) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.DeleteDataset(c.Context(), viewer(c), id); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) addResource(c *web.Call, _ web.None, body ResourceWrite) error {
	dataset, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	resource, err := a.Catalog.AddResource(c.Context(), viewer(c), dataset, body.input())
	if err != nil {
		return err
	}
	return send(c, http.StatusCreated, a.resource(resource, now()))
}

func (a *API) updateResource(c *web.Call, _ web.None, body ResourceWrite) error {
	dataset, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	id, err := resourceID(c)
	if err != nil {
		return err
	}
	resource, err := a.Catalog.UpdateResource(c.Context(), viewer(c), dataset, id, body.input())
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, a.resource(resource, now()))
}

func (a *API) removeResource(c *web.Call, _ web.None) error {
	dataset, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	id, err := resourceID(c)
	if err != nil {
		return err
	}
	if err := a.Catalog.RemoveResource(c.Context(), viewer(c), dataset, id); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}
