package portal

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"grenier/internal/fault"
	"grenier/internal/job"
	"grenier/internal/web"
)

// adminJobContents are the types of Page.Data by the names of the pages here.
var adminJobContents = map[string]any{"admin/jobs": adminJobs{}, "admin/job-plan": adminJobPlan{}}

const (
	jobsPath = "/admin/site/jobs"
	// jobsNowPath gives what runs and waits alone.
	jobsNowPath = jobsPath + "/now"
)

// adminJobRoutes declare the pages of the work in the background.
func (p *Portal) adminJobRoutes(t *table) {
	adminPage(t, jobsPath, p.showJobs)
	fragment(t, jobsNowPath, p.showJobsNow)
	adminPage(t, jobsPath+"/plans/{kind}", p.showJobPlan)
	form(t, jobsPath+"/plans/{kind}", "PUT /api/1/workers/jobs/{id}/", p.saveJobPlan)
	form(t, jobsPath+"/plans/{kind}/run", "POST /api/2/jobs/", p.runJob)
	form(t, jobsPath+"/plans/{kind}/switch", "PUT /api/1/workers/jobs/{id}/", p.switchJob)
	form(t, jobsPath+"/{id}/retry", "POST /api/2/jobs/{id}/retry/", p.retryJob)
	form(t, jobsPath+"/{id}/cancel", "POST /api/2/jobs/{id}/cancel/", p.cancelJob)
}

// adminJobs is the work in the background.
type adminJobs struct {
	// Now is what runs and waits; Refresh gives it anew.
	Now     adminJobsNow
	Refresh string
	// Failed is what ended badly, Plans what runs by itself, Done the latest that
	// ended well.
	Failed []adminJob
	Plans  []adminPlan
	Done   []adminJob
	// MoreFailed counts failures that are not shown.
	MoreFailed int
}

// adminJobsNow is what runs and waits.
type adminJobsNow struct {
	Running, Waiting []adminJob
	// MoreWaiting counts what waits and is not shown.
	MoreWaiting int
	// Said sums it up, for those who hear the page.
	Said string
}

// adminJob is one piece of work.
type adminJob struct {
	ID          int64
	Label, Kind string
	// Text says what it does.
	Text string
	// Percent is how far it is, when Told; Progress says it in words.
	Percent  int64
	Told     bool
	Progress string
	// Error is why it failed last.
	Error string
	// Attempt counts how often it was tried, of Most.
	Attempt, Most int64
	// At is when it starts, started or ended.
	At    time.Time
	Again bool
	// Retry and Cancel are its buttons; the one that makes no sense has no address.
	Retry, Cancel button
}

// adminPlan is work that runs by itself.
type adminPlan struct {
	Label, Kind string
	// Text says what it does.
	Text string
	// Schedule is when it runs, in words or as it was written.
	Schedule string
	// Own tells that an administrator chose the schedule.
	Own     bool
	Enabled bool
	Next    time.Time
	Last    time.Time
	// Edit leads to its schedule.
	Edit        string
	Run, Switch button
}

// adminJobPlan changes when work runs by itself.
type adminJobPlan struct {
	Form formView
	// Kind is the name of the work in the API, Default its schedule without a
	// choice.
	Kind, Default string
}

// JobMessages are the messages that name a kind of work and say what it does.
func JobMessages(kind string) (label, text string) {
	name := strings.ReplaceAll(kind, ".", "-")
	return "admin-job.kind-" + name, "admin-job.text-" + name
}

// jobLabel names a kind of work; one without words is named as in the API.
func (v *visit) jobLabel(kind string) string {
	label, _ := JobMessages(kind)
	return v.wordsOr(label, kind)
}

// jobText says what a kind of work does; empty for kinds without words.
func (v *visit) jobText(kind string) string {
	_, text := JobMessages(kind)
	return v.wordsOr(text, "")
}

// wordsOr is a message, or something else where it has no words.
func (v *visit) wordsOr(message, otherwise string) string {
	if words := v.say.T(message); words != message {
		return words
	}
	return otherwise
}

// Bounds of what the page shows of each state.
const (
	jobsWaiting = 20
	jobsFailed  = 20
	jobsDone    = 10
	// maxJobError bounds an error that is shown, in characters.
	maxJobError = 1500
)

func (p *Portal) showJobs(v *visit, _ web.None) error {
	now, err := v.jobsNow()
	if err != nil {
		return err
	}
	content := adminJobs{Now: now, Refresh: v.path(jobsNowPath)}
	failed, total, err := p.Jobs.List(v.Context(), job.Filter{State: job.Failed, Limit: jobsFailed})
	if err != nil {
		return err
	}
	content.Failed, content.MoreFailed = v.jobs(failed), total-len(failed)
	done, _, err := p.Jobs.List(v.Context(), job.Filter{State: job.Done, Limit: jobsDone})
	if err != nil {
		return err
	}
	content.Done = v.jobs(done)
	plans, err := p.Jobs.Plans(v.Context())
	if err != nil {
		return err
	}
	for i := range plans {
		content.Plans = append(content.Plans, v.jobPlan(&plans[i]))
	}
	slices.SortStableFunc(content.Plans, func(a, b adminPlan) int { return strings.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)) })
	return v.showAdmin(adminDraft{
		name: "jobs", title: v.say.T("admin.menu-jobs"), path: jobsPath, scope: scopeSite, icon: "refresh", data: content, lead: v.say.T("admin-job.lead"),
		actions: []AdminAction{{v.say.T("admin-job.refresh"), v.path(jobsPath), "refresh", ""}},
	})
}

// jobsNow reads what runs and waits.
func (v *visit) jobsNow() (adminJobsNow, error) {
	running, _, err := v.p.Jobs.List(v.Context(), job.Filter{State: job.Running, Limit: 100})
	if err != nil {
		return adminJobsNow{}, err
	}
	waiting, total, err := v.p.Jobs.List(v.Context(), job.Filter{State: job.Ready, Limit: jobsWaiting})
	now := adminJobsNow{Running: v.jobs(running), Waiting: v.jobs(waiting), MoreWaiting: total - len(waiting)}
	now.Said = v.say.T("admin-job.running", "count", len(running)) + " " + v.say.T("admin-job.waiting", "count", total)
	return now, err
}

func (p *Portal) showJobsNow(v *visit, _ web.None, _ *posted) error {
	if !v.viewer.Admin() {
		return fault.New(fault.Forbidden, "Only administrators of the site may see this page.")
	}
	now, err := v.jobsNow()
	if err != nil {
		return err
	}
	return v.fragment("admin/jobs", "jobs-now", now)
}

// jobs show pieces of work.
func (v *visit) jobs(jobs []job.Job) []adminJob {
	shown := make([]adminJob, 0, len(jobs))
	for i := range jobs {
		j := &jobs[i]
		one := adminJob{
			ID: j.ID, Label: v.jobLabel(j.Kind), Kind: j.Kind, Text: v.jobText(j.Kind), Progress: deref(j.Progress), Error: cutText(deref(j.LastError), maxJobError),
			Attempt: j.Attempt, Most: j.MaxAttempts, At: j.RunAt.Time, Again: j.State == job.Ready && j.Attempt > 0,
		}
		if j.Percent != nil {
			one.Percent, one.Told = *j.Percent, true
		}
		if !j.FinishedAt.IsZero() {
			one.At = j.FinishedAt.Time
		}
		path := jobsPath + "/" + strconv.FormatInt(j.ID, 10)
		switch j.State {
		case job.Ready, job.Running:
			one.Cancel = v.button(path+"/cancel", "admin-job.cancel", "close")
			one.Cancel.Small, one.Cancel.Of = true, one.Label
		case job.Failed, job.Cancelled:
			one.Retry = v.button(path+"/retry", "admin-job.retry", "refresh")
			one.Retry.Small, one.Retry.Of = true, one.Label
		}
		shown = append(shown, one)
	}
	return shown
}

// jobPlan shows work that runs by itself.
func (v *visit) jobPlan(p *job.Plan) adminPlan {
	path := jobsPath + "/plans/" + p.Kind
	one := adminPlan{
		Label: v.jobLabel(p.Kind), Kind: p.Kind, Text: v.jobText(p.Kind), Schedule: v.scheduleWords(p.Schedule), Own: p.Schedule != p.Default, Enabled: p.Enabled,
		Next: p.NextRun.Time, Last: p.LastRun.Time, Edit: v.path(path), Run: v.button(path+"/run", "admin-job.run", "play"),
	}
	one.Run.Small, one.Run.Of = true, one.Label
	one.Switch = v.button(path+"/switch", "admin-job.turn-on", "play", "enabled", "true")
	if p.Enabled {
		one.Switch = v.button(path+"/switch", "admin-job.turn-off", "close", "enabled", "false")
	}
	one.Switch.Small, one.Switch.Of = true, one.Label
	return one
}

// scheduleWords says a schedule in words where that is simple.
func (v *visit) scheduleWords(schedule string) string {
	switch schedule {
	case "@hourly":
		return v.say.T("admin-job.hourly")
	case "@daily", "@midnight":
		return v.say.T("admin-job.daily", "time", "00:00")
	case "* * * * *":
		return v.say.T("admin-job.minutely")
	}
	parts := strings.Fields(schedule)
	if len(parts) != 5 || strings.Join(parts[2:], " ") != "* * *" {
		return schedule
	}
	minute, err := strconv.Atoi(parts[0])
	if err != nil || minute < 0 || minute > 59 {
		return schedule
	}
	two := func(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }
	if parts[1] == "*" {
		return v.say.T("admin-job.each-hour-at", "minute", two(minute))
	}
	hour, err := strconv.Atoi(parts[1])
	if err != nil || hour < 0 || hour > 23 {
		return schedule
	}
	return v.say.T("admin-job.daily", "time", two(hour)+":"+two(minute))
}

// jobArgs name a kind of work.
type jobArgs struct {
	Kind string `path:"kind"`
}

// jobRunArgs name one piece of work.
type jobRunArgs struct {
	ID string `path:"id"`
}

func (p *Portal) showJobPlan(v *visit, in jobArgs) error {
	plan, err := p.Jobs.Plan(v.Context(), in.Kind)
	if err != nil {
		return err
	}
	path := jobsPath + "/plans/" + plan.Kind
	chosen := ""
	if plan.Schedule != plan.Default {
		chosen = plan.Schedule
	}
	lead := v.scheduleWords(plan.Schedule)
	if text := v.jobText(plan.Kind); text != "" {
		lead = text
	}
	f := v.form("plan", path).cancel(jobsPath)
	f.text("crontab", "admin-job.schedule", chosen).most(100).example(plan.Default).help("admin-job.schedule-help")
	f.check("enabled", "admin-job.enabled", plan.Enabled)
	return v.showAdmin(adminDraft{
		name: "job-plan", title: v.jobLabel(plan.Kind), path: path, scope: scopeSite, icon: "clock", kicker: "admin-job.plan",
		crumbs: []Link{{v.say.T("admin.menu-jobs"), v.path(jobsPath)}}, data: adminJobPlan{f.view(), plan.Kind, plan.Default},
		lead: lead,
	})
}

func (p *Portal) saveJobPlan(v *visit, in jobArgs, sent *posted) error {
	schedule, enabled := sent.text("crontab"), sent.checked("enabled")
	if err := p.planned(v, in, &schedule, &enabled); err != nil {
		return sent.again(err, func() error { return p.showJobPlan(v, in) })
	}
	return sent.done(jobsPath, "admin-job.done-saved")
}

// planned changes when work runs by itself, for administrators.
func (p *Portal) planned(v *visit, in jobArgs, schedule *string, enabled *bool) error {
	if err := v.runsSite(); err != nil {
		return err
	}
	return p.Jobs.SetPlan(v.Context(), in.Kind, schedule, enabled)
}

// runsSite refuses who is no administrator of the site: the work in the
// background knows nothing of people.
func (v *visit) runsSite() error {
	if !v.viewer.Admin() {
		return fault.New(fault.Forbidden, "Only administrators of the site may do this.")
	}
	return nil
}

func (p *Portal) switchJob(v *visit, in jobArgs, sent *posted) error {
	enabled := sent.checked("enabled")
	if err := p.planned(v, in, nil, &enabled); err != nil {
		return err
	}
	return sent.done(jobsPath, "admin-job.done-saved")
}

func (p *Portal) runJob(v *visit, in jobArgs, sent *posted) error {
	if err := v.runsSite(); err != nil {
		return err
	}
	if _, err := p.Jobs.RunNow(v.Context(), in.Kind); err != nil {
		return err
	}
	return sent.done(jobsPath, "admin-job.done-started")
}

func (p *Portal) retryJob(v *visit, in jobRunArgs, sent *posted) error {
	return p.settled(v, in, sent, "admin-job.done-retried", func(id int64) error { return p.Jobs.Retry(v.Context(), id) })
}

func (p *Portal) cancelJob(v *visit, in jobRunArgs, sent *posted) error {
	return p.settled(v, in, sent, "admin-job.done-cancelled", func(id int64) error { return p.Jobs.Cancel(v.Context(), id) })
}

// settled changes where a piece of work stands. One that ended meanwhile needs
// nothing more: the list says how.
func (p *Portal) settled(v *visit, in jobRunArgs, sent *posted, message string, change func(int64) error) error {
	if err := v.runsSite(); err != nil {
		return err
	}
	id, err := strconv.ParseInt(in.ID, 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, "No such job is known: those that ended are forgotten after a while.")
	}
	switch err := change(id); {
	case fault.Is(err, fault.NotFound), fault.Is(err, fault.Conflict):
		return sent.done(jobsPath, "admin-job.done-over")
	case err != nil:
		return err
	}
	return sent.done(jobsPath, message)
}
