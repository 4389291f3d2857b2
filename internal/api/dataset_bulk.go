package api

import (
	"net/http"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// TagsEdit adds tags to those of a dataset and takes others away.
type TagsEdit struct {
	Add    []string `json:"add"`
	Remove []string `json:"remove"`
}

// DatasetsWrite is a change of many datasets alike; members that are left out
// stay as they are.
type DatasetsWrite struct {
	ContactPoints web.Opt[[]Reference] `json:"contact_points"`
	Frequency     web.Opt[Reference]   `json:"frequency"`
	IDs           web.Opt[[]string]    `json:"ids"`
	License       web.Opt[Reference]   `json:"license"`
	Private       web.Opt[bool]        `json:"private"`
	// Tags replaces the tags, TagsEdit changes them.
	Tags     web.Opt[Tags]     `json:"tags"`
	TagsEdit web.Opt[TagsEdit] `json:"tags_edit"`
}

// UnmarshalJSON blames each wrong member by its name.
func (b *DatasetsWrite) UnmarshalJSON(text []byte) error { return web.UnmarshalMembers(text, b) }

// EditedDataset is what became of one dataset: 200, or the status and the text
// with which its own update would have been refused.
type EditedDataset struct {
	ID      string  `json:"id"`
	Message *string `json:"message"`
	Status  int     `json:"status"`
}

func (a *API) editDatasets(c *web.Call, _ web.None, body DatasetsWrite) error {
	results, err := a.Catalog.EditDatasets(c.Context(), viewer(c), body.IDs.Value, catalog.DatasetsEdit{
		AddTags: body.TagsEdit.Value.Add, RemoveTags: body.TagsEdit.Value.Remove, Tags: opt(body.Tags, func(t Tags) []string { return t }),
		License: opt(body.License, referenced), ContactPoints: opt(body.ContactPoints, texts), Frequency: opt(body.Frequency, referenced),
		Private: opt(body.Private, same),
	})
	if err != nil {
		return err
	}
	answer := make([]EditedDataset, len(results))
	for i, result := range results {
		answer[i] = EditedDataset{ID: result.ID, Status: http.StatusOK}
		if result.Err != nil {
			e := fault.Of(result.Err)
			text := e.SafeText()
			answer[i].Status, answer[i].Message = web.StatusOf(e.Code), &text
		}
	}
	return send(c, http.StatusOK, answer)
}

// Schedule is when a private dataset is to be published, null for never.
type Schedule struct {
	At Moment `json:"publish_at"`
}

// ScheduleWrite plans a publication.
type ScheduleWrite struct {
	At web.Opt[Day] `json:"at"`
}

// UnmarshalJSON blames each wrong member by its name.
func (b *ScheduleWrite) UnmarshalJSON(text []byte) error { return web.UnmarshalMembers(text, b) }

func (a *API) getSchedule(c *web.Call, _ web.None) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	return a.sendSchedule(c, id)
}

func (a *API) sendSchedule(c *web.Call, id string) error {
	at, err := a.Catalog.Schedule(c.Context(), viewer(c), id)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, Schedule{At: moment(at)})
}

func (a *API) putSchedule(c *web.Call, _ web.None, body ScheduleWrite) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	if body.At.Value.IsZero() {
		return fault.At("Say when: a date such as 2026-01-31T12:00:00+01:00.", "at")
	}
	if err := a.Catalog.ScheduleDataset(c.Context(), viewer(c), id, body.At.Value.Time); err != nil {
		return err
	}
	return a.sendSchedule(c, id)
}

func (a *API) deleteSchedule(c *web.Call, _ web.None) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.ScheduleDataset(c.Context(), viewer(c), id, time.Time{}); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}
