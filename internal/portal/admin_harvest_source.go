package portal

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/harvest"
	"grenier/internal/text"
)

// adminHarvester is a source: how it is, what to do next, what it did.
type adminHarvester struct {
	Address     string
	Description template.HTML
	Facts       []harvestFact
	// Steps are what to do next; none when all is well.
	Steps []harvestStep
	// Buttons run it, compare it and switch it.
	Buttons []button
	// Validate accepts or refuses it, for administrators while it waits.
	Validate *formView
	// Charts draw its last jobs, with tables.
	Charts []template.HTML
	// Jobs are its runs, the newest first; Preview is the newest whole preview.
	Jobs    listing
	Preview *harvestLink
}

// harvestFact is something that is known, by its name. URL may lead to more.
type harvestFact struct{ Name, Value, URL string }

// harvestStep is something to do about a source, with why.
type harvestStep struct {
	Tone, Icon, Title, Text string
	Actions                 []AdminAction
	Buttons                 []button
}

// harvestLink leads to a job.
type harvestLink struct {
	URL, Label string
	At         time.Time
	Badges     []badge
}

func (p *Portal) showHarvester(v *visit, in harvesterArgs) error {
	s, rights, err := v.harvesterOf(in.ID)
	if err != nil {
		return err
	}
	path := sourcePath(s.ID, "")
	l := v.lister(path, in.listArgs, nil)
	jobs, total, err := p.Harvests.Jobs(v.Context(), s.ID, false, catalog.Page{Offset: l.offset(), Limit: l.Size})
	if err != nil {
		return err
	}
	history, err := p.Harvests.History(v.Context(), s.ID, chartJobs)
	if err != nil {
		return err
	}
	var last *harvest.Job
	if len(history) > 0 {
		if last, err = p.Harvests.Job(v.Context(), v.viewer, history[len(history)-1].ID); err != nil {
			return err
		}
	}
	content := adminHarvester{
		Address: s.URL, Description: renderedDescription(v, s.Description), Charts: v.harvestCharts(history), Jobs: v.harvestJobs(jobs, total, l),
		Steps: v.harvesterSteps(s, rights, last), Buttons: v.harvesterButtons(s, rights),
	}
	if content.Facts, err = v.harvesterFacts(s); err != nil {
		return err
	}
	if rights.Preview {
		if content.Preview, err = v.latestPreview(s); err != nil {
			return err
		}
	}
	if rights.Validate && s.DeletedAt.IsZero() && s.Validation != harvest.Accepted {
		content.Validate = v.validateForm(s)
	}
	d := v.harvesterDraft(s, "harvester", s.Name, "")
	d.badges, d.tabs, d.data = v.sourceBadges(s, last), v.harvesterTabs(s, rights, ""), content
	return v.showAdmin(d.failed(v))
}

// renderedDescription is the description of a source for the page.
func renderedDescription(v *visit, description string) template.HTML {
	if strings.TrimSpace(description) == "" {
		return ""
	}
	rendered, _ := text.HTML(description, text.Rendering{Heading: 3, Breaks: true, TableLabel: v.say.T("common.table")})
	return template.HTML(rendered)
}

// latestPreview leads to the newest whole preview of a source; nil when there is none.
func (v *visit) latestPreview(s *harvest.Source) (*harvestLink, error) {
	job, err := v.p.Harvests.LatestPreview(v.Context(), s.ID)
	if err != nil || job == nil {
		return nil, err
	}
	return &harvestLink{v.path(harvestJobPath(s.ID, job.ID)), v.say.T("admin-harvest.report"), job.CreatedAt.Time, []badge{v.jobBadge(job.Status)}}, nil
}

// harvesterFacts are what is known of a source.
func (v *visit) harvesterFacts(s *harvest.Source) ([]harvestFact, error) {
	names, err := v.harvestOwners([]account.Owner{s.OwnedBy()})
	if err != nil {
		return nil, err
	}
	kind, _ := v.harvestKind(s.Backend, "")
	facts := []harvestFact{{v.say.T("admin-harvest.backend"), kind, ""}}
	if name := names[s.OwnedBy()]; name != "" {
		facts = append(facts, harvestFact{v.say.T("admin-harvest.column-owner"), name, ""})
	}
	schedule := v.say.T("admin-harvest.by-itself-never")
	if s.Schedule != nil {
		schedule = v.cronWords(*s.Schedule)
	}
	facts = append(facts, harvestFact{v.say.T("admin-job.schedule"), schedule, ""})
	if !s.NextRun.IsZero() && s.Active && s.Validation == harvest.Accepted {
		facts = append(facts, harvestFact{v.say.T("admin-harvest.column-next"), v.say.DateTime(s.NextRun), ""})
	}
	if s.LastGoodJob != nil {
		facts = append(facts, harvestFact{v.say.T("admin-harvest.last-good"), v.say.T("admin-harvest.records", "count", s.LastGoodTotal), v.path(harvestJobPath(s.ID, *s.LastGoodJob))})
	}
	options := s.OptionsOf()
	policy := options.OnVanish
	if policy == "" {
		if policy = harvest.KeepVanished; s.Autoarchive {
			policy = harvest.ArchiveVanished
		}
	}
	for _, one := range vanishChoices {
		if one.value == policy {
			facts = append(facts, harvestFact{v.say.T("admin-harvest.vanish"), v.say.T(one.label), ""})
		}
	}
	if len(options.ProtectedFields) > 0 {
		var fields []string
		for _, name := range options.ProtectedFields {
			fields = append(fields, v.protectedName(name))
		}
		facts = append(facts, harvestFact{v.say.T("admin-harvest.protected"), strings.Join(fields, ", "), ""})
	}
	return facts, nil
}

// protectedName names a field whose local edits a source keeps.
func (v *visit) protectedName(name string) string {
	if name == "temporal_coverage" {
		return v.say.T("admin-harvest.field-period")
	}
	return v.fieldName(name)
}

// harvesterSteps are what to do about a source, the most pressing first.
func (v *visit) harvesterSteps(s *harvest.Source, rights harvest.Rights, last *harvest.Job) []harvestStep {
	var steps []harvestStep
	step := func(tone, icon, title, text string, args ...any) *harvestStep {
		steps = append(steps, harvestStep{Tone: tone, Icon: icon, Title: v.say.T(title, args...), Text: v.say.T(text, args...)})
		return &steps[len(steps)-1]
	}
	if !s.DeletedAt.IsZero() {
		step("warning", "trash", "admin-harvest.step-deleted", "admin-harvest.step-deleted-text")
		return steps
	}
	if last != nil && !last.Status.Over() {
		step("info", "refresh", "admin-harvest.step-running", "admin-harvest.step-running-text").
			Actions = []AdminAction{{v.say.T("admin-harvest.follow"), v.path(harvestJobPath(s.ID, last.ID)), "eye", ""}}
	}
	if s.ShrunkJob != nil {
		one := step("warning", "warning", "admin-harvest.step-shrunk", "admin-harvest.step-shrunk-text", "count", s.LastGoodTotal)
		one.Actions = []AdminAction{{v.say.T("admin-harvest.see-job"), v.path(harvestJobPath(s.ID, *s.ShrunkJob)), "eye", ""}}
		if rights.Edit {
			one.Buttons = []button{v.button(sourcePath(s.ID, "/confirm"), "admin-harvest.confirm", "check")}
		}
	}
	switch s.Validation {
	case harvest.Pending:
		if !rights.Validate {
			step("info", "clock", "admin-harvest.step-pending", "admin-harvest.step-pending-text")
		}
	case harvest.Refused:
		one := step("danger", "close", "admin-harvest.step-refused", "admin-harvest.step-refused-text")
		if comment := deref(s.ValidationComment); comment != "" {
			one.Text = v.say.T("admin-harvest.refused-because", "comment", comment) + " " + one.Text
		}
	}
	v.healthSteps(s, rights, last, step)
	return steps
}

// healthSteps are what the last jobs of a source ask for.
func (v *visit) healthSteps(s *harvest.Source, rights harvest.Rights, last *harvest.Job, step func(tone, icon, title, text string, args ...any) *harvestStep) {
	settings := AdminAction{v.say.T("admin-harvest.tab-configuration"), v.path(sourcePath(s.ID, "/configuration")), "settings", ""}
	if advice := deref(s.Advice); advice != "" {
		one := step("info", "info", "admin-harvest.step-advice", "admin-harvest.step-advice-text")
		one.Text = advice
		if rights.Edit {
			one.Actions = []AdminAction{settings}
		}
	}
	if s.Failures > 0 {
		one := step("danger", "error", "admin-harvest.step-failing", "admin-harvest.step-failing-text", "count", s.Failures)
		if last != nil {
			if troubles := last.Troubles(); len(troubles) > 0 {
				one.Text = v.harvestTrouble(troubles[0].Message)
			}
			one.Actions = []AdminAction{{v.say.T("admin-harvest.see-job"), v.path(harvestJobPath(s.ID, last.ID)), "eye", ""}}
		}
		if rights.Edit {
			one.Actions = append(one.Actions, settings)
		}
	} else if last != nil && last.Status == harvest.DoneErrors && last.ItemsFailed > 0 {
		step("warning", "warning", "admin-harvest.step-errors", "admin-harvest.step-errors-text", "count", last.ItemsFailed).
			Actions = []AdminAction{{v.say.T("admin-harvest.see-failed"), v.path(harvestJobPath(s.ID, last.ID) + "?status=failed"), "eye", ""}}
	}
	if s.Validation == harvest.Accepted && s.Schedule == nil && s.Active {
		one := step("", "clock", "admin-harvest.step-unscheduled", "admin-harvest.step-unscheduled-text")
		if rights.Schedule {
			one.Actions = []AdminAction{{v.say.T("admin-harvest.tab-schedule"), v.path(sourcePath(s.ID, "/schedule")), "calendar", ""}}
		}
	}
	if !s.Active {
		step("", "close", "admin-harvest.step-paused", "admin-harvest.step-paused-text")
	}
}

// harvestTrouble cuts an error of a portal to what a page holds.
func (v *visit) harvestTrouble(message string) string { return cutText(message, maxJobError) }

// harvesterButtons are what may be done with a source now.
func (v *visit) harvesterButtons(s *harvest.Source, rights harvest.Rights) []button {
	if !s.DeletedAt.IsZero() {
		return nil
	}
	var buttons []button
	if rights.Run && s.Validation == harvest.Accepted && s.Active {
		run := v.button(sourcePath(s.ID, "/run"), "admin-harvest.run", "play")
		run.Tone = "primary"
		buttons = append(buttons, run)
	}
	if rights.Preview {
		buttons = append(buttons, v.button(sourcePath(s.ID, "/look"), "admin-harvest.look", "eye"), v.button(sourcePath(s.ID, "/compare"), "admin-harvest.compare", "list"))
	}
	if rights.Edit {
		turn := v.button(sourcePath(s.ID, "/switch"), "admin-harvest.pause", "close", "active", "")
		if !s.Active {
			turn = v.button(sourcePath(s.ID, "/switch"), "admin-harvest.resume", "play", "active", "true")
		}
		turn.Tone = "quiet"
		buttons = append(buttons, turn)
	}
	return buttons
}

// validateForm accepts or refuses a source.
func (v *visit) validateForm(s *harvest.Source) *formView {
	f := v.form("validate", sourcePath(s.ID, "/validate")).version(s.Version).light().submit("admin-harvest.validate-submit", "check")
	f.radio("state", "admin-harvest.validate", string(harvest.Accepted), []option{
		{Value: string(harvest.Accepted), Label: v.say.T("admin-harvest.accept"), Help: v.say.T("admin-harvest.accept-help")},
		{Value: string(harvest.Refused), Label: v.say.T("admin-harvest.refuse"), Help: v.say.T("admin-harvest.refuse-help")},
	})
	f.area("comment", "admin-harvest.comment", "").rows(3).most(5000).help("admin-harvest.comment-help")
	view := f.view()
	return &view
}

// harvestJobPath is the page of a job in the site's own language.
func harvestJobPath(source, job string) string { return sourcePath(source, "/jobs/"+job) }

// harvestJobs list jobs of a source.
func (v *visit) harvestJobs(jobs []harvest.Job, total int, l *lister) listing {
	list := listing{
		ID: "harvests", Caption: v.say.T("admin-harvest.jobs"), Total: total, Pager: l.pager(total), Sizes: l.sizes(total),
		Columns: []listColumn{
			l.column("admin-harvest.column-started", ""), l.column("admin-harvest.column-state", ""), l.column("admin-harvest.column-took", ""),
			l.number("admin-harvest.column-read", ""), l.number("admin-harvest.column-new", ""), l.number("admin-harvest.column-changed", ""),
			l.number("admin-harvest.column-archived", ""), l.number("admin-harvest.column-failed", ""),
		},
		Empty: emptyState{Icon: "harvest", Title: v.say.T("admin-harvest.jobs-none"), Text: v.say.T("admin-harvest.jobs-none-text")},
	}
	for i := range jobs {
		j := &jobs[i]
		list.Rows = append(list.Rows, listRow{Cells: []listCell{
			linkCell(v.say.DateTime(j.CreatedAt), v.path(harvestJobPath(j.SourceID, j.ID)), v.harvestWord(jobReasons, j.Reason)), badgeCell(v.jobBadge(j.Status)),
			textCell(v.jobTook(j)), numberCell(j.Items), numberCell(j.Created), numberCell(j.Changed), numberCell(j.ItemsArchived), numberCell(j.ItemsFailed),
		}})
	}
	return list
}

// jobTook says how long a job took, or takes.
func (v *visit) jobTook(j *harvest.Job) string {
	switch {
	case j.StartedAt.IsZero():
		return "–"
	case j.EndedAt.IsZero():
		return v.took(v.now.Sub(j.StartedAt.Time))
	}
	return v.took(j.EndedAt.Sub(j.StartedAt.Time))
}

// chartJobs is how many jobs the charts of a source draw.
const chartJobs = 20

// harvestCharts draw the last jobs of a source: what records came to, and how
// long the jobs took, when any took a second. Two jobs at least make a chart.
func (v *visit) harvestCharts(jobs []harvest.Job) []template.HTML {
	jobs = slices.DeleteFunc(slices.Clone(jobs), func(j harvest.Job) bool { return !j.Status.Over() || j.StartedAt.IsZero() })
	if len(jobs) < 2 {
		return nil
	}
	var marks []ChartMark
	for i := range jobs {
		at := jobs[i].StartedAt.In(v.p.Zone)
		marks = append(marks, ChartMark{v.say.DateTime(jobs[i].StartedAt), fmt.Sprintf("%02d/%02d", at.Day(), int(at.Month()))})
	}
	series := func(message string, value func(*harvest.Job) float64) ChartSeries {
		one := ChartSeries{Name: v.say.T(message)}
		for i := range jobs {
			one.Values = append(one.Values, value(&jobs[i]))
		}
		return one
	}
	words := ChartWords{Marks: v.say.T("admin-harvest.column-started"), Numbers: v.say.T("common.see-numbers"), Empty: v.say.T("common.no-number"), Gap: "–"}
	short := func(f float64) string { return v.say.Compact(int64(f)) }
	outcomes := Chart{
		ID: "chart-outcomes", Title: v.say.T("admin-harvest.chart-outcomes"), Marks: marks, Words: words, Short: short,
		Number: func(f float64) string { return v.say.Number(int64(f)) },
		Series: []ChartSeries{
			series("admin-harvest.column-new", func(j *harvest.Job) float64 { return float64(j.Created) }),
			series("admin-harvest.column-changed", func(j *harvest.Job) float64 { return float64(j.Changed) }),
			series("admin-harvest.column-archived", func(j *harvest.Job) float64 { return float64(j.ItemsArchived) }),
			series("admin-harvest.column-failed", func(j *harvest.Job) float64 { return float64(j.ItemsFailed) }),
		},
	}
	read := outcomes
	read.ID, read.Title, read.Form = "chart-read", v.say.T("admin-harvest.chart-read"), ChartLine
	read.Series = []ChartSeries{series("admin-harvest.column-read", func(j *harvest.Job) float64 { return float64(j.Items) })}
	took := outcomes
	took.ID, took.Title = "chart-took", v.say.T("admin-harvest.chart-took")
	took.Number = func(f float64) string { return v.took(time.Duration(f) * time.Second) }
	took.Short = took.Number
	took.Series = []ChartSeries{series("admin-harvest.column-took", func(j *harvest.Job) float64 { return math.Round(j.EndedAt.Sub(j.StartedAt.Time).Seconds()) })}
	figures := []template.HTML{outcomes.Figure(), read.Figure()}
	if slices.ContainsFunc(took.Series[0].Values, func(seconds float64) bool { return seconds > 0 }) {
		figures = append(figures, took.Figure())
	}
	return figures
}

func (p *Portal) validateHarvester(v *visit, in harvesterArgs, sent *posted) error {
	state := harvest.Validation(sent.text("state"))
	if _, err := p.Harvests.ValidateSource(sent.Context(), v.viewer, in.ID, state, sent.text("comment")); err != nil {
		return sent.again(err, func() error { return p.showHarvester(v, in) })
	}
	if state == harvest.Refused {
		return sent.done(sourcePath(in.ID, ""), "admin-harvest.done-refused")
	}
	return sent.done(sourcePath(in.ID, ""), "admin-harvest.done-accepted")
}

func (p *Portal) runHarvester(v *visit, in harvesterArgs, sent *posted) error {
	job, err := p.Harvests.RunSource(sent.Context(), v.viewer, in.ID)
	if err != nil {
		return sent.again(err, func() error { return p.showHarvester(v, in) })
	}
	return sent.done(harvestJobPath(in.ID, job.ID), "admin-harvest.done-queued")
}

func (p *Portal) compareHarvester(v *visit, in harvesterArgs, sent *posted) error {
	job, err := p.Harvests.StartPreview(sent.Context(), v.viewer, in.ID)
	if err != nil {
		return sent.again(err, func() error { return p.showHarvester(v, in) })
	}
	return sent.done(harvestJobPath(in.ID, job.ID), "admin-harvest.done-comparing")
}

func (p *Portal) switchHarvester(v *visit, in harvesterArgs, sent *posted) error {
	active, message := sent.checked("active"), "admin-harvest.done-paused"
	if active {
		message = "admin-harvest.done-resumed"
	}
	if _, err := p.Harvests.UpdateSource(sent.Context(), v.viewer, in.ID, harvest.SourceInput{Active: account.Some(active)}); err != nil {
		return sent.again(err, func() error { return p.showHarvester(v, in) })
	}
	return sent.done(sourcePath(in.ID, ""), message)
}

func (p *Portal) confirmHarvester(v *visit, in harvesterArgs, sent *posted) error {
	if _, err := p.Harvests.ConfirmShrunk(sent.Context(), v.viewer, in.ID); err != nil {
		return sent.again(err, func() error { return p.showHarvester(v, in) })
	}
	return sent.done(sourcePath(in.ID, ""), "admin-harvest.done-confirmed")
}
