package api

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/harvest"
	"grenier/internal/web"
)

// HarvestSourceWrite is what may be written of a source; members that are left
// out stay as they are, unknown ones are ignored.
type HarvestSourceWrite struct {
	Active       web.Opt[bool]               `json:"active"`
	Autoarchive  web.Opt[bool]               `json:"autoarchive"`
	Backend      web.Opt[string]             `json:"backend"`
	Config       web.Opt[json.RawMessage]    `json:"config"`
	Deleted      web.Opt[Day]                `json:"deleted"`
	Description  web.Opt[string]             `json:"description"`
	Frequency    web.Opt[string]             `json:"frequency"`
	Name         web.Opt[string]             `json:"name"`
	Options      web.Opt[json.RawMessage]    `json:"options"`
	Organization web.Opt[Reference]          `json:"organization"`
	Owner        web.Opt[Reference]          `json:"owner"`
	Secrets      web.Opt[map[string]*string] `json:"secrets"`
	URL          web.Opt[string]             `json:"url"`
}

func (b HarvestSourceWrite) input() harvest.SourceInput {
	return harvest.SourceInput{
		Name: opt(b.Name, same), Description: opt(b.Description, same), URL: opt(b.URL, same), Backend: opt(b.Backend, same), Config: opt(b.Config, same),
		Options: opt(b.Options, same), Secrets: opt(b.Secrets, harvestSecrets), Active: opt(b.Active, same), Autoarchive: opt(b.Autoarchive, same),
		Frequency: opt(b.Frequency, same), Organization: opt(b.Organization, referenced), Owner: opt(b.Owner, referenced),
		Deleted: opt(b.Deleted, func(d Day) db.Time { return db.TimeOf(d.Time) }),
	}
}

// harvestSecrets turns a null into what forgets a secret.
func harvestSecrets(given map[string]*string) map[string]string {
	secrets := make(map[string]string, len(given))
	for name, value := range given {
		if secrets[name] = ""; value != nil {
			secrets[name] = *value
		}
	}
	return secrets
}

// HarvestValidationWrite is what an administrator decides of a source.
type HarvestValidationWrite struct {
	Comment web.Opt[string] `json:"comment"`
	State   string          `json:"state"`
}

func (a *API) harvestWriteRoutes() {
	tags := []string{"harvest"}
	doc := func(summary string) web.Doc { return web.Doc{Summary: summary, Tags: tags, Auth: web.User} }
	create := doc("Create a harvest source")
	create.Creates, create.Status = true, http.StatusCreated
	create.Description = "It waits for an administrator of the platform to accept it. Beside config, options hold what is asked of the harvest itself " +
		"(protected_fields, on_vanish, grace_days, delete_missing_resources, relink, interval_ms, parallel, max_hours), and secrets what only the portal may know: they are never shown again."
	web.Post[HarvestSource](a.v1, "/harvest/sources/", create, a.createHarvestSource)
	web.Put[HarvestSource](a.v1, "/harvest/source/{source}/", doc("Update a harvest source"), a.updateHarvestSource)
	web.Delete[web.None](a.v1, "/harvest/source/{source}/", doc("Delete a harvest source"), a.deleteHarvestSource)
	validate := doc("Accept or refuse a harvest source")
	validate.Auth = web.Admin
	validate.Description = "One that is accepted runs at once, and then by its schedule. To refuse one needs a comment."
	web.Post[HarvestSource](a.v1, "/harvest/source/{source}/validate/", validate, a.validateHarvestSource)
	web.Post[HarvestSource, web.None, web.None](a.v1, "/harvest/source/{source}/run/", doc("Run a harvest source now"), a.runHarvestSource)
	schedule := doc("Choose when a harvest source runs")
	schedule.Auth, schedule.Consumes = web.Admin, []string{"application/json", "text/plain"}
	schedule.Description = "Five fields, minute, hour, day of the month, month and day of the week, as a JSON string or as text: \"0 0 * * *\"."
	web.Post[HarvestSource, web.None, web.Raw](a.v1, "/harvest/source/{source}/schedule/", schedule, a.scheduleHarvestSource)
	unschedule := doc("Let a harvest source run no more by itself")
	unschedule.Auth = web.Admin
	web.Delete[web.None](a.v1, "/harvest/source/{source}/schedule/", unschedule, a.unscheduleHarvestSource)
	web.Post[HarvestJob, web.None, web.None](a.v1, "/harvest/job/{job}/stop/", doc("Stop a harvest job"), a.stopHarvestJob)
	confirm := doc("Confirm that what a harvest source no longer lists is gone")
	confirm.Description = "When a source lists far less than at its last good run, nothing is archived until this, or until it does so once more."
	web.Post[HarvestJob, web.None, web.None](a.v1, "/harvest/source/{source}/confirm/", confirm, a.confirmHarvestSource)
	compare := doc("Compare the whole of a harvest source with the catalogue")
	compare.Status = http.StatusCreated
	compare.Description = "In the background, writing nothing but the report: the items of the job that is answered tell what each record would come to."
	web.Post[HarvestJob, web.None, web.None](a.v1, "/harvest/source/{source}/preview/", compare, a.compareHarvestSource)
}

func (a *API) createHarvestSource(c *web.Call, _ web.None, body HarvestSourceWrite) error {
	source, err := a.Harvests.CreateSource(c.Context(), viewer(c), body.input())
	if err != nil {
		return err
	}
	return a.sendHarvestSource(c, http.StatusCreated, source)
}

// onHarvestSource answers with what a write made of the source that the path names.
func (a *API) onHarvestSource(c *web.Call, write func(id string) (*harvest.Source, error)) error {
	id, done, err := a.resolvedSource(c)
	if done || err != nil {
		return err
	}
	source, err := write(id)
	if err != nil {
		return err
	}
	return a.sendHarvestSource(c, http.StatusOK, source)
}

func (a *API) updateHarvestSource(c *web.Call, _ web.None, body HarvestSourceWrite) error {
	return a.onHarvestSource(c, func(id string) (*harvest.Source, error) {
		return a.Harvests.UpdateSource(c.Context(), viewer(c), id, body.input())
	})
}

func (a *API) deleteHarvestSource(c *web.Call, _ web.None) error {
	id, done, err := a.resolvedSource(c)
	if done || err != nil {
		return err
	}
	if err := a.Harvests.DeleteSource(c.Context(), viewer(c), id); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) validateHarvestSource(c *web.Call, _ web.None, body HarvestValidationWrite) error {
	return a.onHarvestSource(c, func(id string) (*harvest.Source, error) {
		return a.Harvests.ValidateSource(c.Context(), viewer(c), id, harvest.Validation(body.State), body.Comment.Value)
	})
}

func (a *API) runHarvestSource(c *web.Call, _ web.None, _ web.None) error {
	return a.onHarvestSource(c, func(id string) (*harvest.Source, error) {
		if _, err := a.Harvests.RunSource(c.Context(), viewer(c), id); err != nil {
			return nil, err
		}
		return a.Harvests.Source(c.Context(), id)
	})
}

// maxScheduleBody bounds the body of a schedule, in bytes.
const maxScheduleBody = 4096

func (a *API) scheduleHarvestSource(c *web.Call, _ web.None, _ web.Raw) error {
	raw, err := io.ReadAll(io.LimitReader(c.R.Body, maxScheduleBody+1))
	switch {
	case err != nil:
		return fault.Wrap(err, fault.Invalid, "The body could not be read.")
	case len(raw) > maxScheduleBody:
		return fault.New(fault.TooLarge, "A schedule is a line of five fields.")
	}
	cron, err := scheduleOf(raw)
	if err != nil {
		return err
	}
	return a.onHarvestSource(c, func(id string) (*harvest.Source, error) {
		return a.Harvests.Schedule(c.Context(), viewer(c), id, cron)
	})
}

// scheduleOf reads a schedule from a body: a JSON string, or the text itself.
func scheduleOf(raw []byte) (string, error) {
	text := strings.TrimSpace(string(raw))
	if !strings.HasPrefix(text, `"`) {
		return text, nil
	}
	var cron string
	if err := json.Unmarshal([]byte(text), &cron); err != nil {
		return "", fault.Wrap(err, fault.Invalid, "This is no JSON string: send a schedule as \"0 0 * * *\".")
	}
	return cron, nil
}

func (a *API) unscheduleHarvestSource(c *web.Call, _ web.None) error {
	id, done, err := a.resolvedSource(c)
	if done || err != nil {
		return err
	}
	if _, err := a.Harvests.Unschedule(c.Context(), viewer(c), id); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) stopHarvestJob(c *web.Call, _ web.None, _ web.None) error {
	job, err := a.Harvests.StopJob(c.Context(), viewer(c), c.Param("job"))
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, harvestJob(job, viewer(c).Admin()))
}

// startedHarvest answers with the job that a call for the source that the path
// names made.
func (a *API) startedHarvest(c *web.Call, status int, start func(id string) (*harvest.Job, error)) error {
	id, done, err := a.resolvedSource(c)
	if done || err != nil {
		return err
	}
	job, err := start(id)
	if err != nil {
		return err
	}
	return send(c, status, harvestJob(job, viewer(c).Admin()))
}

func (a *API) confirmHarvestSource(c *web.Call, _ web.None, _ web.None) error {
	return a.startedHarvest(c, http.StatusOK, func(id string) (*harvest.Job, error) {
		return a.Harvests.ConfirmShrunk(c.Context(), viewer(c), id)
	})
}

func (a *API) compareHarvestSource(c *web.Call, _ web.None, _ web.None) error {
	return a.startedHarvest(c, http.StatusCreated, func(id string) (*harvest.Job, error) {
		return a.Harvests.StartPreview(c.Context(), viewer(c), id)
	})
}
