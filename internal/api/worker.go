package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"grenier/internal/fault"
	"grenier/internal/job"
	"grenier/internal/web"
)

// Crontab says when work runs, field by field.
type Crontab struct {
	DayOfMonth  string `json:"day_of_month"`
	DayOfWeek   string `json:"day_of_week"`
	Hour        string `json:"hour"`
	Minute      string `json:"minute"`
	MonthOfYear string `json:"month_of_year"`
}

// Interval says how often work runs.
type Interval struct {
	Every  int64  `json:"every"`
	Period string `json:"period"`
}

// Job is work that runs on a schedule.
type Job struct {
	Args        []string          `json:"args"`
	Crontab     *Crontab          `json:"crontab"`
	Description *string           `json:"description"`
	Enabled     bool              `json:"enabled"`
	ID          string            `json:"id"`
	Interval    *Interval         `json:"interval"`
	Kwargs      map[string]string `json:"kwargs"`
	LastRunAt   Moment            `json:"last_run_at"`
	LastRunID   *string           `json:"last_run_id"`
	Name        string            `json:"name"`
	NextRunAt   Moment            `json:"next_run_at"`
	Schedule    string            `json:"schedule"`
	Task        string            `json:"task"`
}

// JobWrite is what may be written of such work: exactly one of crontab and
// interval, and whether it runs at all.
type JobWrite struct {
	Crontab  web.Opt[Crontab]  `json:"crontab"`
	Enabled  web.Opt[bool]     `json:"enabled"`
	Interval web.Opt[Interval] `json:"interval"`
	Name     web.Opt[string]   `json:"name"`
	Task     web.Opt[string]   `json:"task"`
}

// Task is one run of work, in the words of the reference.
type Task struct {
	Exc       *string `json:"exc"`
	ID        string  `json:"id"`
	Result    *string `json:"result"`
	Status    string  `json:"status"`
	Traceback *string `json:"traceback"`
}

// JobRun is one run of work.
type JobRun struct {
	Attempt     int64   `json:"attempt"`
	CreatedAt   Moment  `json:"created_at"`
	Error       *string `json:"error"`
	FinishedAt  Moment  `json:"finished_at"`
	ID          string  `json:"id"`
	Kind        string  `json:"kind"`
	MaxAttempts int64   `json:"max_attempts"`
	Percent     *int64  `json:"percent"`
	Progress    *string `json:"progress"`
	RunAt       Moment  `json:"run_at"`
	State       string  `json:"state"`
}

// JobStart names work to run at once.
type JobStart struct {
	Kind string `json:"kind"`
}

type jobArgs struct {
	web.Paging
	Kind  string `query:"kind" help:"The kind of work"`
	State string `query:"state" enum:"ready,running,done,failed,cancelled" help:"Where it stands"`
}

// workerRoutes show the background work.
func (a *API) workerRoutes() {
	doc := func(summary string) web.Doc {
		return web.Doc{Summary: summary, Tags: []string{"workers"}, Auth: web.Admin}
	}
	created := doc("Choose when work runs")
	created.Status = http.StatusCreated
	created.Description = "Each task has one schedule: this replaces it. With crontab or interval, not both."
	started := doc("Run work at once")
	started.Status = http.StatusCreated
	web.Get[[]Job](a.v1, "/workers/jobs/", doc("List the scheduled work"), a.listPlans)
	web.Post[Job](a.v1, "/workers/jobs/", created, a.createPlan)
	web.Get[[]string](a.v1, "/workers/jobs/schedulables/", doc("List the work that can be scheduled"), a.listSchedulables)
	web.Get[Job](a.v1, "/workers/jobs/{id}/", doc("Read when work runs"), a.getPlan)
	web.Put[Job](a.v1, "/workers/jobs/{id}/", doc("Change when work runs"), a.updatePlan)
	web.Delete[web.None](a.v1, "/workers/jobs/{id}/", doc("Give work its own schedule back"), a.resetPlan)
	web.Get[Task](a.v1, "/workers/tasks/{id}/", doc("Read how a run of work went"), a.getTask)
	web.Get[web.Page[JobRun]](a.v2, "/jobs/", doc("List the runs of work"), a.listJobs)
	web.Post[JobRun](a.v2, "/jobs/", started, a.startJob)
	web.Get[JobRun](a.v2, "/jobs/{id}/", doc("Read a run of work"), a.getJob)
	web.Post[JobRun](a.v2, "/jobs/{id}/retry/", doc("Try failed work again"), a.retryJob)
	web.Post[JobRun](a.v2, "/jobs/{id}/cancel/", doc("End a run of work"), a.cancelJob)
}

// shorthands are the names of schedules.
var shorthands = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *",
	"@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

func plan(p *job.Plan) Job {
	shown := Job{
		Args: []string{}, Enabled: p.Enabled, ID: p.Kind, Kwargs: map[string]string{}, LastRunAt: moment(p.LastRun), Name: p.Kind,
		NextRunAt: moment(p.NextRun), Schedule: p.Schedule, Task: p.Kind,
	}
	if p.LastJob != 0 {
		id := strconv.FormatInt(p.LastJob, 10)
		shown.LastRunID = &id
	}
	text := p.Schedule
	if long, ok := shorthands[text]; ok {
		text = long
	}
	if every, ok := strings.CutPrefix(text, "@every "); ok {
		shown.Interval = interval(every)
	} else if fields := strings.Fields(text); len(fields) == 5 {
		shown.Crontab = &Crontab{Minute: fields[0], Hour: fields[1], DayOfMonth: fields[2], MonthOfYear: fields[3], DayOfWeek: fields[4]}
	}
	return shown
}

// periods are those of an interval, with their letter in a schedule.
var periods = []struct {
	name, letter string
	times        int64
}{{"days", "h", 24}, {"hours", "h", 1}, {"minutes", "m", 1}, {"seconds", "s", 1}}

func interval(every string) *Interval {
	for _, p := range periods {
		count, err := strconv.ParseInt(strings.TrimSuffix(every, p.letter), 10, 64)
		if err == nil && strings.HasSuffix(every, p.letter) && count%p.times == 0 {
			return &Interval{Every: count / p.times, Period: p.name}
		}
	}
	return nil
}

// schedule reads the one schedule of a body; nil when it has none.
func (b JobWrite) schedule() (*string, error) {
	switch {
	case b.Crontab.Set && !b.Crontab.Null && b.Interval.Set && !b.Interval.Null:
		return nil, fault.At("Give crontab or interval, not both.", "interval")
	case b.Crontab.Set && !b.Crontab.Null:
		c := b.Crontab.Value
		fields := []string{c.Minute, c.Hour, c.DayOfMonth, c.MonthOfYear, c.DayOfWeek}
		for i := range fields {
			if fields[i] = strings.TrimSpace(fields[i]); fields[i] == "" {
				fields[i] = "*"
			}
		}
		text := strings.Join(fields, " ")
		return &text, nil
	case b.Interval.Set && !b.Interval.Null:
		for _, p := range periods {
			if in := b.Interval.Value; p.name == in.Period && in.Every > 0 && in.Every <= maxInterval {
				text := fmt.Sprintf("@every %d%s", in.Every*p.times, p.letter)
				return &text, nil
			}
		}
		return nil, fault.At("Expected a number from 1 and a period: days, hours, minutes or seconds.", "interval")
	}
	return nil, nil
}

// maxInterval bounds the number of an interval.
const maxInterval = 100_000

func (a *API) listPlans(c *web.Call, _ web.None) error {
	plans, err := a.Jobs.Plans(c.Context())
	if err != nil {
		return err
	}
	all := make([]Job, len(plans))
	for i := range plans {
		all[i] = plan(&plans[i])
	}
	return send(c, http.StatusOK, all)
}

func (a *API) listSchedulables(c *web.Call, _ web.None) error {
	plans, err := a.Jobs.Plans(c.Context())
	if err != nil {
		return err
	}
	names := make([]string, len(plans))
	for i := range plans {
		names[i] = plans[i].Kind
	}
	return send(c, http.StatusOK, names)
}

func (a *API) sendPlan(c *web.Call, status int, kind string) error {
	found, err := a.Jobs.Plan(c.Context(), kind)
	if err != nil {
		return err
	}
	return send(c, status, plan(found))
}

func (a *API) getPlan(c *web.Call, _ web.None) error {
	return a.sendPlan(c, http.StatusOK, c.Param("id"))
}

func (a *API) createPlan(c *web.Call, _ web.None, body JobWrite) error {
	text, err := body.schedule()
	switch {
	case err != nil:
		return err
	case body.Task.Value == "":
		return fault.At("This field is required.", "task")
	case text == nil:
		return fault.At("Give crontab or interval.", "crontab")
	}
	if _, err := a.Jobs.Plan(c.Context(), body.Task.Value); err != nil {
		return fault.At("No work of this name can be scheduled.", "task").Because(err)
	}
	return a.setPlan(c, http.StatusCreated, body.Task.Value, text, body.Enabled)
}

func (a *API) updatePlan(c *web.Call, _ web.None, body JobWrite) error {
	text, err := body.schedule()
	if err != nil {
		return err
	}
	return a.setPlan(c, http.StatusOK, c.Param("id"), text, body.Enabled)
}

func (a *API) setPlan(c *web.Call, status int, kind string, text *string, enabled web.Opt[bool]) error {
	var on *bool
	if enabled.Set && !enabled.Null {
		on = &enabled.Value
	}
	if err := a.Jobs.SetPlan(c.Context(), kind, text, on); err != nil {
		return err
	}
	return a.sendPlan(c, status, kind)
}

func (a *API) resetPlan(c *web.Call, _ web.None) error {
	own, on := "", true
	if err := a.Jobs.SetPlan(c.Context(), c.Param("id"), &own, &on); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

// taskStatus are the states of jobs in the words of the reference.
var taskStatus = map[job.State]string{
	job.Ready: "PENDING", job.Running: "STARTED", job.Done: "SUCCESS", job.Failed: "FAILURE", job.Cancelled: "REVOKED",
}

// theJob finds the job that the path names.
func (a *API) theJob(c *web.Call) (*job.Job, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		id = 0
	}
	return a.Jobs.Get(c.Context(), id)
}

func (a *API) getTask(c *web.Call, _ web.None) error {
	found, err := a.theJob(c)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, Task{
		Exc: found.LastError, ID: strconv.FormatInt(found.ID, 10), Result: found.Progress, Status: taskStatus[found.State],
	})
}

func jobRun(j *job.Job) JobRun {
	return JobRun{
		Attempt: j.Attempt, CreatedAt: moment(j.CreatedAt), Error: j.LastError, FinishedAt: moment(j.FinishedAt), ID: strconv.FormatInt(j.ID, 10),
		Kind: j.Kind, MaxAttempts: j.MaxAttempts, Percent: j.Percent, Progress: j.Progress, RunAt: moment(j.RunAt), State: string(j.State),
	}
}

func (a *API) listJobs(c *web.Call, q jobArgs) error {
	jobs, total, err := a.Jobs.List(c.Context(), job.Filter{Kind: q.Kind, State: job.State(q.State), Offset: q.Offset(), Limit: q.PageSize})
	if err != nil {
		return err
	}
	all := make([]JobRun, len(jobs))
	for i := range jobs {
		all[i] = jobRun(&jobs[i])
	}
	return sendPage(c, q.Paging, all, total, "")
}

func (a *API) startJob(c *web.Call, _ web.None, body JobStart) error {
	started, err := a.Jobs.RunNow(c.Context(), body.Kind)
	if fault.Is(err, fault.NotFound) {
		return fault.At("No work of this name can be run at once.", "kind").Because(err)
	}
	if err != nil {
		return err
	}
	return send(c, http.StatusCreated, jobRun(started))
}

func (a *API) getJob(c *web.Call, _ web.None) error {
	found, err := a.theJob(c)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, jobRun(found))
}

func (a *API) retryJob(c *web.Call, _ web.None, _ web.None) error {
	return a.settleJob(c, a.Jobs.Retry)
}

func (a *API) cancelJob(c *web.Call, _ web.None, _ web.None) error {
	return a.settleJob(c, a.Jobs.Cancel)
}

// settleJob changes where a job stands and shows it.
func (a *API) settleJob(c *web.Call, change func(ctx context.Context, id int64) error) error {
	found, err := a.theJob(c)
	if err != nil {
		return err
	}
	if err := change(c.Context(), found.ID); err != nil {
		return err
	}
	return a.getJob(c, web.None{})
}
