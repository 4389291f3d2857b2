package api

import (
	"encoding/json"
	"errors"
	"net/http"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/harvest"
	"grenier/internal/web"
)

// HarvestJob is one run of a source.
type HarvestJob struct {
	Created Moment                 `json:"created"`
	Ended   Moment                 `json:"ended"`
	Errors  []HarvestError         `json:"errors"`
	ID      string                 `json:"id"`
	Items   HarvestItemsLink       `json:"items"`
	Report  HarvestReport          `json:"report"`
	Source  HarvestSourceReference `json:"source"`
	Started Moment                 `json:"started"`
	Status  string                 `json:"status"`
}

// HarvestReport says more of a run than the reference does: its own state, what
// its records came to, and what it asked of the portal.
type HarvestReport struct {
	BytesRead   int64   `json:"bytes_read"`
	Changed     int64   `json:"changed"`
	Complete    bool    `json:"complete"`
	Conflicts   int64   `json:"conflicts"`
	CreatedNew  int64   `json:"created"`
	Phase       *string `json:"phase"`
	Preview     bool    `json:"preview"`
	Reason      string  `json:"reason"`
	Requests    int64   `json:"requests"`
	ResumeAt    Moment  `json:"resume_at"`
	Resumed     int64   `json:"resumed"`
	Retries     int64   `json:"retries"`
	State       string  `json:"state"`
	StopAsked   bool    `json:"stop_asked"`
	TotalToCome *int64  `json:"announced"`
	Unchanged   int64   `json:"unchanged"`
}

// HarvestSourceReference names a source; the last job of a source names none.
type HarvestSourceReference struct {
	Class string  `json:"class"`
	ID    *string `json:"id"`
}

// HarvestItemsLink leads to the items of a job, with their numbers. Its address
// is relative, as in the reference.
type HarvestItemsLink struct {
	ByStatus HarvestByStatus `json:"by_status"`
	ByType   HarvestByType   `json:"by_type"`
	Href     string          `json:"href"`
	Rel      string          `json:"rel"`
	Total    int64           `json:"total"`
	Type     string          `json:"type"`
}

// HarvestByStatus counts items by their status.
type HarvestByStatus struct {
	Archived int64 `json:"archived"`
	Done     int64 `json:"done"`
	Failed   int64 `json:"failed"`
	Pending  int64 `json:"pending"`
	Skipped  int64 `json:"skipped"`
	Started  int64 `json:"started"`
}

// HarvestByType counts items by what they are.
type HarvestByType struct {
	Dataservice int64 `json:"dataservice"`
	Dataset     int64 `json:"dataset"`
}

// HarvestError is an error of a job or of an item; details are for
// administrators of the platform.
type HarvestError struct {
	CreatedAt Moment  `json:"created_at"`
	Details   *string `json:"details"`
	Message   string  `json:"message"`
}

// HarvestItem is what a record of a job came to.
type HarvestItem struct {
	Args        []string              `json:"args"`
	Created     Moment                `json:"created"`
	Dataservice *DataserviceReference `json:"dataservice"`
	Dataset     *DatasetReference     `json:"dataset"`
	Difference  json.RawMessage       `json:"difference"`
	Ended       Moment                `json:"ended"`
	Errors      []HarvestError        `json:"errors"`
	Kwargs      map[string]int64      `json:"kwargs"`
	Logs        []HarvestLogLine      `json:"logs"`
	Outcome     string                `json:"outcome"`
	RemoteID    *string               `json:"remote_id"`
	RemoteURL   *string               `json:"remote_url"`
	Started     Moment                `json:"started"`
	Status      string                `json:"status"`
}

// HarvestLogLine is a remark on a record.
type HarvestLogLine struct {
	Level   string `json:"level"`
	Message string `json:"message"`
}

// HarvestLog is a remark on a job.
type HarvestLog struct {
	CreatedAt Moment `json:"created_at"`
	Level     string `json:"level"`
	Message   string `json:"message"`
}

// harvestErrors are the errors of a job or an item, with their details for those
// who may know them.
func harvestErrors(troubles []harvest.Trouble, details bool) []HarvestError {
	errors := make([]HarvestError, len(troubles))
	for i, t := range troubles {
		errors[i] = HarvestError{CreatedAt: moment(t.CreatedAt), Message: t.Message}
		if details {
			errors[i].Details = filled(t.Details)
		}
	}
	return errors
}

// unknownToClients are the states of jobs that clients do not know: they are told
// that the job failed, and why.
var unknownToClients = map[harvest.Status]string{
	harvest.Cancelled: "The job was stopped before its end.",
	harvest.Suspended: "The portal asked to be left alone for a while: the job goes on later.",
}

func harvestJob(j *harvest.Job, details bool) HarvestJob {
	shown := HarvestJob{
		Created: moment(j.CreatedAt), Ended: moment(j.EndedAt), Errors: harvestErrors(j.Troubles(), details), ID: j.ID,
		Items: HarvestItemsLink{
			ByStatus: HarvestByStatus{Archived: j.ItemsArchived, Done: j.ItemsDone, Failed: j.ItemsFailed, Skipped: j.ItemsSkipped},
			ByType:   HarvestByType{Dataservice: j.Dataservices, Dataset: j.Datasets},
			Href:     "/api/1/harvest/job/" + j.ID + "/items/", Rel: "subsection", Total: j.Items, Type: "GET",
		},
		Report: HarvestReport{
			BytesRead: j.Bytes, Changed: j.Changed, Complete: j.Complete, Conflicts: j.Conflicts, CreatedNew: j.Created, Phase: filled(j.Phase),
			Preview: j.Preview, Reason: j.Reason, Requests: j.Requests, ResumeAt: moment(j.ResumeAt), Resumed: j.Resumed, Retries: j.Retries,
			State: string(j.Status), StopAsked: j.StopAsked, TotalToCome: j.Total, Unchanged: j.Unchanged,
		},
		Source: HarvestSourceReference{Class: "HarvestSource", ID: &j.SourceID}, Started: moment(j.StartedAt), Status: string(j.Status),
	}
	if why, ok := unknownToClients[j.Status]; ok {
		at := j.EndedAt
		if at.IsZero() {
			at = db.Now()
		}
		shown.Status = string(harvest.Failed)
		shown.Errors = append(shown.Errors, HarvestError{CreatedAt: moment(at), Message: why})
	}
	return shown
}

// harvestClass is the class of a harvested object, by its kind.
func harvestClass(kind string) string {
	if kind == catalog.KindDataservice {
		return "Dataservice"
	}
	return "Dataset"
}

func harvestedPath(kind, slug string) string {
	if kind == catalog.KindDataservice {
		return "/api/1/dataservices/" + slug + "/"
	}
	return "/api/1/datasets/" + slug + "/"
}

// harvestedIDs are the identifiers of the objects of some items.
func harvestedIDs(items []harvest.Item) []string {
	var ids []string
	for i := range items {
		if items[i].ObjectID != nil {
			ids = append(ids, *items[i].ObjectID)
		}
	}
	return ids
}

// harvestItem shows an item with its object, when the caller may read that.
func harvestItem(i *harvest.Item, objects map[string]harvest.Object, details bool) HarvestItem {
	shown := HarvestItem{
		Args: []string{}, Created: moment(i.CreatedAt), Difference: json.RawMessage("null"), Ended: moment(i.EndedAt), Errors: harvestErrors(i.Troubles(), details),
		Kwargs: map[string]int64{}, Logs: []HarvestLogLine{}, Outcome: string(i.Outcome), RemoteID: i.RemoteID, RemoteURL: i.RemoteURL,
		Started: moment(i.StartedAt), Status: string(i.Status),
	}
	for _, line := range i.LogLines() {
		shown.Logs = append(shown.Logs, HarvestLogLine(line))
	}
	if i.Page != nil {
		shown.Kwargs["page_number"] = *i.Page
	}
	if i.ObjectID == nil {
		return shown
	}
	o, ok := objects[*i.ObjectID]
	if !ok {
		return shown
	}
	if len(i.Difference) > 0 {
		shown.Difference = json.RawMessage(i.Difference)
	}
	if i.Kind == catalog.KindDataservice {
		reference := dataserviceReference(&catalog.DataserviceRef{ID: o.ID, Title: o.Title, Slug: o.Slug})
		shown.Dataservice = &reference
	} else {
		shown.Dataset = datasetReference(&catalog.DatasetRef{ID: o.ID, Title: o.Title, Slug: o.Slug, Acronym: o.Acronym})
	}
	return shown
}

func (a *API) listHarvestJobs(c *web.Call, q web.Paging) error {
	id, done, err := a.resolvedSource(c)
	if done || err != nil {
		return err
	}
	jobs, total, err := a.Harvests.Jobs(c.Context(), id, false, window(q))
	if err != nil {
		return err
	}
	if err := web.PastEnd(q, len(jobs)); err != nil {
		return err
	}
	items := make([]HarvestJob, len(jobs))
	for i := range jobs {
		items[i] = harvestJob(&jobs[i], viewer(c).Admin())
	}
	return sendPage(c, q, items, total, "")
}

func (a *API) getHarvestJob(c *web.Call, _ web.None) error {
	job, err := a.Harvests.Job(c.Context(), viewer(c), c.Param("job"))
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, harvestJob(job, viewer(c).Admin()))
}

type harvestItemArgs struct {
	web.Paging
	Status  string `query:"status" enum:"pending,started,done,failed,skipped,archived" help:"The status of the items"`
	Outcome string `query:"outcome" enum:"new,changed,unchanged,vanished,refused,skipped,conflict" help:"What the records came to"`
	Kind    string `query:"kind" enum:"dataset,dataservice" help:"What the records are"`
	Query   string `query:"q" help:"Part of a title, an identifier or an address"`
}

func (a *API) listHarvestItems(c *web.Call, q harvestItemArgs) error {
	v := viewer(c)
	job, err := a.Harvests.Job(c.Context(), v, c.Param("job"))
	if err != nil {
		return err
	}
	f := harvest.ItemFilter{Status: harvest.ItemStatus(q.Status), Outcome: harvest.Outcome(q.Outcome), Kind: q.Kind, Query: q.Query}
	rows, total, err := a.Harvests.Items(c.Context(), job.ID, f, window(q.Paging))
	if err != nil {
		return err
	}
	if err := web.PastEnd(q.Paging, len(rows)); err != nil {
		return err
	}
	objects, err := a.Harvests.Objects(c.Context(), v, harvestedIDs(rows))
	if err != nil {
		return err
	}
	items := make([]HarvestItem, len(rows))
	for i := range rows {
		items[i] = harvestItem(&rows[i], objects, v.Admin())
	}
	return sendPage(c, q.Paging, items, total, "")
}

type harvestLogArgs struct {
	web.Paging
	Level string `query:"level" enum:"debug,info,warning,error" help:"How grave the remarks are"`
}

func (a *API) listHarvestLogs(c *web.Call, q harvestLogArgs) error {
	job, err := a.Harvests.Job(c.Context(), viewer(c), c.Param("job"))
	if err != nil {
		return err
	}
	logs, total, err := a.Harvests.JobLogs(c.Context(), job.ID, q.Level, window(q.Paging))
	if err != nil {
		return err
	}
	if err := web.PastEnd(q.Paging, len(logs)); err != nil {
		return err
	}
	items := make([]HarvestLog, len(logs))
	for i, l := range logs {
		items[i] = HarvestLog{CreatedAt: moment(l.At), Level: l.Level, Message: l.Message}
	}
	return sendPage(c, q.Paging, items, total, "")
}

// HarvestConflict is a record of a source that belongs to something else here.
type HarvestConflict struct {
	Claimant *HarvestNameable `json:"claimant"`
	Class    string           `json:"class"`
	FirstAt  Moment           `json:"first_at"`
	Holder   *HarvestNameable `json:"holder"`
	ID       *string          `json:"id"`
	Job      string           `json:"job"`
	LastAt   Moment           `json:"last_at"`
	Reason   string           `json:"reason"`
	RemoteID string           `json:"remote_id"`
	Title    *string          `json:"title"`
	URI      *string          `json:"uri"`
}

func (a *API) listHarvestConflicts(c *web.Call, q web.Paging) error {
	id, done, err := a.resolvedSource(c)
	if done || err != nil {
		return err
	}
	conflicts, total, err := a.Harvests.Conflicts(c.Context(), viewer(c), id, window(q))
	if err != nil {
		return err
	}
	if err := web.PastEnd(q, len(conflicts)); err != nil {
		return err
	}
	items := make([]HarvestConflict, len(conflicts))
	for i, f := range conflicts {
		items[i] = HarvestConflict{
			Claimant: harvestNameable(f.Claimant, f.ClaimantName), Class: harvestClass(f.Kind), FirstAt: moment(f.FirstAt), Holder: harvestNameable(f.Holder, f.HolderName),
			ID: filled(f.Object), Job: f.Job, LastAt: moment(f.LastAt), Reason: f.Reason, RemoteID: f.RemoteID, Title: filled(f.Title),
		}
		if f.Object != "" {
			items[i].URI = linkTo(harvestedPath(f.Kind, f.Slug))
		}
	}
	return sendPage(c, q, items, total, "")
}

// auditMedia is the media type of compressed archives.
const auditMedia = "application/zstd"

func (a *API) readHarvestAudit(c *web.Call, _ web.None) error {
	job := c.Param("job")
	kept, err := a.Harvests.OpenAudit(c.Context(), viewer(c), job)
	if err != nil {
		return err
	}
	w := &dumpWriter{call: c, name: "harvest-" + job + ".tar.zst", media: auditMedia}
	if c.R.Method != http.MethodHead {
		err = kept.Copy(c.Context(), w.begin())
	}
	return errors.Join(err, kept.Close(), w.begin().Close())
}
