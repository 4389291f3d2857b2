package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"grenier/internal/app"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/harvest"
	"grenier/internal/history"
)

// jobRow is a job in a table and in JSON.
type jobRow struct {
	ID        string            `json:"id"`
	Source    string            `json:"source"`
	Preview   bool              `json:"preview"`
	Status    string            `json:"status"`
	Reason    string            `json:"reason"`
	Created   *string           `json:"created"`
	Started   *string           `json:"started"`
	Ended     *string           `json:"ended"`
	Complete  bool              `json:"complete"`
	Items     int64             `json:"items"`
	New       int64             `json:"new"`
	Changed   int64             `json:"changed"`
	Unchanged int64             `json:"unchanged"`
	Failed    int64             `json:"failed"`
	Skipped   int64             `json:"skipped"`
	Archived  int64             `json:"archived"`
	Conflicts int64             `json:"conflicts"`
	Requests  int64             `json:"requests"`
	Retries   int64             `json:"retries"`
	Bytes     int64             `json:"bytes"`
	Errors    []harvest.Trouble `json:"errors"`
	Outcomes  map[string]int    `json:"outcomes,omitempty"`
	started   string
}

func rowOfJob(j *harvest.Job) jobRow {
	return jobRow{
		ID: j.ID, Source: j.SourceID, Preview: j.Preview, Status: string(j.Status), Reason: j.Reason, Created: moment(j.CreatedAt), Started: moment(j.StartedAt), Ended: moment(j.EndedAt),
		Complete: j.Complete, Items: j.Items, New: j.Created, Changed: j.Changed, Unchanged: j.Unchanged, Failed: j.ItemsFailed, Skipped: j.ItemsSkipped, Archived: j.ItemsArchived,
		Conflicts: j.Conflicts, Requests: j.Requests, Retries: j.Retries, Bytes: j.Bytes, Errors: j.Troubles(), started: minute(j.StartedAt),
	}
}

// outcomeMeaning says what becomes of records of an outcome.
var outcomeMeaning = map[harvest.Outcome]string{
	harvest.OutcomeNew: "to be added", harvest.OutcomeChanged: "to be changed", harvest.OutcomeUnchanged: "as they are",
	harvest.OutcomeVanished: "no longer on the portal", harvest.OutcomeRefused: "cannot be taken", harvest.OutcomeSkipped: "left out", harvest.OutcomeConflict: "belong to somebody else here",
}

type harvestPreview struct {
	tableFlag
	Source  string `arg:"" help:"Identifier or slug of the source."`
	Outcome string `placeholder:"NAME" enum:",new,changed,unchanged,vanished,refused,skipped,conflict" default:"" help:"List the records of one outcome only."`
	All     bool   `help:"List all records, the unchanged ones too, however many."`
}

func (c *harvestPreview) Run(ctx context.Context, p *program) error {
	return p.source(ctx, c.Source, func(a *app.App, src *harvest.Source) error {
		job, err := a.Harvests.StartPreview(ctx, operator, src.ID)
		if err != nil {
			return err
		}
		if job, err = p.follow(ctx, a, job.ID, src.Name); err != nil {
			return err
		}
		if c.JSON {
			return p.printReport(ctx, a, job)
		}
		if err := p.printOutcomes(ctx, a, job); err != nil {
			return err
		}
		return errors.Join(c.printItems(ctx, p, a, job.ID), p.verdict(job))
	})
}

// maxPreviewed bounds the records that a preview lists unless all are asked for.
const maxPreviewed = 50

// printItems prints what came of the records that would not stay as they are.
func (c *harvestPreview) printItems(ctx context.Context, p *program, a *app.App, id string) error {
	listed, more := 0, 0
	err := a.Harvests.EachItem(ctx, id, harvest.ItemFilter{Outcome: harvest.Outcome(c.Outcome)}, func(item *harvest.Item) error {
		switch {
		case item.Outcome == harvest.OutcomeUnchanged && !c.All && c.Outcome == "":
			return nil
		case listed == maxPreviewed && !c.All:
			more++
			return nil
		}
		listed++
		return p.printItem(item)
	})
	if more > 0 {
		fmt.Fprintf(p.out, "\n… and %d more. List them with: grenier harvest items %s\n", more, id)
	}
	return err
}

// printOutcomes prints how many records came to each outcome.
func (p *program) printOutcomes(ctx context.Context, a *app.App, job *harvest.Job) error {
	counts, err := a.Harvests.OutcomeCounts(ctx, job.ID)
	if err != nil {
		return err
	}
	// Records that are as they were need no item of their own.
	counts[harvest.OutcomeUnchanged] = max(counts[harvest.OutcomeUnchanged], int(job.Unchanged))
	return printTable(p, false, harvest.Outcomes,
		column[harvest.Outcome]{"outcome", func(o harvest.Outcome) string { return string(o) }},
		column[harvest.Outcome]{"records", func(o harvest.Outcome) string { return fmt.Sprint(counts[o]) }},
		column[harvest.Outcome]{"meaning", func(o harvest.Outcome) string { return outcomeMeaning[o] }},
	)
}

// printItem prints what a record came to, with its difference.
func (p *program) printItem(item *harvest.Item) error {
	if _, err := fmt.Fprintf(p.out, "\n%-9s %s  %s\n", item.Outcome, orDash(item.RemoteID), orBlank(item.Title)); err != nil {
		return err
	}
	for _, trouble := range item.Troubles() {
		fmt.Fprintf(p.out, "  ! %s\n", oneLine(trouble.Message))
	}
	changes := item.Changes()
	if item.Outcome != harvest.OutcomeNew {
		for _, field := range slices.Sorted(maps.Keys(changes)) {
			fmt.Fprintf(p.out, "  %s: %s → %s\n", field, shortJSON(changes[field][0]), shortJSON(changes[field][1]))
		}
	}
	for _, log := range item.LogLines() {
		fmt.Fprintf(p.out, "  (%s) %s\n", log.Level, oneLine(log.Message))
	}
	return nil
}

// itemRow is a record of a job in JSON.
type itemRow struct {
	Outcome    string             `json:"outcome"`
	Status     string             `json:"status"`
	Kind       string             `json:"kind"`
	RemoteID   *string            `json:"remote_id"`
	RemoteURL  *string            `json:"remote_url"`
	Object     *string            `json:"object"`
	Title      *string            `json:"title"`
	Errors     []harvest.Trouble  `json:"errors"`
	Logs       []harvest.Log      `json:"logs"`
	Difference history.Difference `json:"difference,omitempty"`
}

func rowOfItem(i *harvest.Item) itemRow {
	return itemRow{
		Outcome: string(i.Outcome), Status: string(i.Status), Kind: i.Kind, RemoteID: i.RemoteID, RemoteURL: i.RemoteURL, Object: i.ObjectID, Title: i.Title,
		Errors: i.Troubles(), Logs: i.LogLines(), Difference: i.Changes(),
	}
}

// printReport prints a job with all its items as JSON.
func (p *program) printReport(ctx context.Context, a *app.App, job *harvest.Job) error {
	row := rowOfJob(job)
	counts, err := a.Harvests.OutcomeCounts(ctx, job.ID)
	if err != nil {
		return err
	}
	row.Outcomes = make(map[string]int)
	for _, outcome := range harvest.Outcomes {
		row.Outcomes[string(outcome)] = counts[outcome]
	}
	return writeReport(p.out, row, func(add func(itemRow) error) error {
		return a.Harvests.EachItem(ctx, job.ID, harvest.ItemFilter{}, func(item *harvest.Item) error { return add(rowOfItem(item)) })
	})
}

// writeReport writes a job as JSON, with its records one after the other: they may be
// too many for the memory.
func writeReport(out io.Writer, row jobRow, records func(add func(itemRow) error) error) error {
	w := bufio.NewWriter(out)
	head, err := json.MarshalIndent(row, "", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s,\n  \"records\": [", bytes.TrimSuffix(head, []byte("\n}")))
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("    ", "  ")
	between, end := "\n    ", "]\n}\n"
	err = records(func(row itemRow) error {
		text.Reset()
		if err := encoder.Encode(row); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, "%s%s", between, bytes.TrimSuffix(text.Bytes(), []byte("\n")))
		between, end = ",\n    ", "\n  ]\n}\n"
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprint(w, end)
	return w.Flush()
}

// follow runs a job here, or watches it where another process has it, with a bar.
// When it is interrupted it says how to go on.
func (p *program) follow(ctx context.Context, a *app.App, id, name string) (*harvest.Job, error) {
	bar := p.progress().Start(name, "records", 0)
	err := a.Harvests.Run(ctx, id, func(now harvest.Progress) {
		if now.Total != nil {
			bar.Total(*now.Total)
		}
		bar.Set(now.Items)
	})
	bar.End()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("interrupted; what was written is kept: a running server goes on with it, or `grenier harvest resume %s`", id)
	}
	if err != nil {
		return nil, err
	}
	return a.Harvests.Job(ctx, operator, id)
}

// verdict is the error of a job that did not end well; its message is in the job.
func (p *program) verdict(job *harvest.Job) error {
	troubles := job.Troubles()
	for _, trouble := range troubles {
		fmt.Fprintln(p.err, "grenier: "+oneLine(trouble.Message))
	}
	switch job.Status {
	case harvest.Failed:
		return errors.New("the harvest failed")
	case harvest.Cancelled:
		return errors.New("the harvest was stopped")
	case harvest.Suspended:
		return fmt.Errorf("the portal asks to wait: the harvest goes on at %s UTC", minute(job.ResumeAt))
	}
	return nil
}

type harvestRun struct {
	tableFlag
	Source string `arg:"" help:"Identifier or slug of the source."`
}

func (c *harvestRun) Run(ctx context.Context, p *program) error {
	return p.source(ctx, c.Source, func(a *app.App, src *harvest.Source) error {
		job, err := a.Harvests.RunSource(ctx, operator, src.ID)
		if err != nil {
			return err
		}
		return p.finish(ctx, a, job.ID, src.Name, c.JSON)
	})
}

// finish follows a job to its end and prints what it came to.
func (p *program) finish(ctx context.Context, a *app.App, id, name string, asJSON bool) error {
	job, err := p.follow(ctx, a, id, name)
	if err != nil {
		return err
	}
	if asJSON {
		err = p.printReport(ctx, a, job)
	} else {
		p.printJob(job)
	}
	if job.Created+job.Changed+job.ItemsArchived > 0 && !job.Preview {
		err = errors.Join(err, p.afterHarvest(ctx, a, asJSON))
	}
	return errors.Join(err, p.verdict(job))
}

// afterHarvest brings the search index up to date, unless a server does.
func (p *program) afterHarvest(ctx context.Context, a *app.App, quietly bool) error {
	if quietly {
		out := p.out
		p.out = p.err
		defer func() { p.out = out }()
	}
	return p.afterImport(ctx, a)
}

func (p *program) printJob(job *harvest.Job) {
	fmt.Fprintf(p.out, "job %s: %s; %d records: %d new, %d changed, %d unchanged, %d failed, %d skipped, %d archived, %d in conflict; %d requests\n",
		job.ID, job.Status, job.Items, job.Created, job.Changed, job.Unchanged, job.ItemsFailed, job.ItemsSkipped, job.ItemsArchived, job.Conflicts, job.Requests)
}

type harvestLaunch struct {
	Source string `arg:"" help:"Identifier or slug of the source."`
}

func (c *harvestLaunch) Run(ctx context.Context, p *program) error {
	return p.source(ctx, c.Source, func(a *app.App, src *harvest.Source) error {
		job, err := a.Harvests.RunSource(ctx, operator, src.ID)
		if err == nil {
			fmt.Fprintln(p.out, job.ID)
		}
		return err
	})
}

type harvestStop struct {
	Job string `arg:"" help:"Identifier of the job, or of its source."`
}

func (c *harvestStop) Run(ctx context.Context, p *program) error {
	return p.withExisting(ctx, func(a *app.App) error {
		job, err := p.jobOf(ctx, a, c.Job)
		if err != nil {
			return err
		}
		_, err = a.Harvests.StopJob(ctx, operator, job.ID)
		return err
	})
}

// jobOf finds a job by its identifier, or the last one of a source.
func (p *program) jobOf(ctx context.Context, a *app.App, key string) (*harvest.Job, error) {
	job, err := a.Harvests.Job(ctx, operator, key)
	if !fault.Is(err, fault.NotFound) {
		return job, err
	}
	found, missing := a.Harvests.ResolveSource(ctx, key)
	if missing != nil {
		return nil, err
	}
	jobs, _, err := a.Harvests.Jobs(ctx, found.ID, false, catalog.Page{Limit: 1})
	if err == nil && len(jobs) == 0 {
		err = fault.New(fault.NotFound, "This source has no jobs yet.")
	}
	if err != nil {
		return nil, err
	}
	return &jobs[0], nil
}

type harvestResume struct {
	tableFlag
	Job string `arg:"" help:"Identifier of the job, or of its source."`
}

func (c *harvestResume) Run(ctx context.Context, p *program) error {
	return p.withExisting(ctx, func(a *app.App) error {
		job, err := p.jobOf(ctx, a, c.Job)
		if err != nil {
			return err
		}
		if job.Status.Over() {
			return errOver(job.Status)
		}
		src, err := a.Harvests.Source(ctx, job.SourceID)
		if err != nil {
			return err
		}
		return p.finish(ctx, a, job.ID, src.Name, c.JSON)
	})
}

type harvestJobs struct {
	tableFlag
	Source   string `arg:"" help:"Identifier or slug of the source."`
	Previews bool   `help:"Previews instead of runs."`
	Last     int    `short:"n" default:"20" placeholder:"N" help:"How many, the newest first."`
}

func (c *harvestJobs) Run(ctx context.Context, p *program) error {
	return p.source(ctx, c.Source, func(a *app.App, src *harvest.Source) error {
		jobs, _, err := a.Harvests.Jobs(ctx, src.ID, c.Previews, catalog.Page{Limit: min(max(c.Last, 1), 10_000)})
		if err != nil {
			return err
		}
		rows := make([]jobRow, len(jobs))
		for i := range jobs {
			rows[i] = rowOfJob(&jobs[i])
		}
		count := func(title string, value func(jobRow) int64) column[jobRow] {
			return column[jobRow]{title, func(r jobRow) string { return fmt.Sprint(value(r)) }}
		}
		return printTable(p, c.JSON, rows,
			column[jobRow]{"id", func(r jobRow) string { return r.ID }},
			column[jobRow]{"started", func(r jobRow) string { return r.started }},
			column[jobRow]{"status", func(r jobRow) string { return r.Status }},
			count("records", func(r jobRow) int64 { return r.Items }),
			count("new", func(r jobRow) int64 { return r.New }), count("changed", func(r jobRow) int64 { return r.Changed }),
			count("unchanged", func(r jobRow) int64 { return r.Unchanged }), count("failed", func(r jobRow) int64 { return r.Failed }),
			count("archived", func(r jobRow) int64 { return r.Archived }),
		)
	})
}

type harvestJob struct {
	tableFlag
	Job string `arg:"" help:"Identifier of the job, or of its source for the last one."`
}

func (c *harvestJob) Run(ctx context.Context, p *program) error {
	return p.withExisting(ctx, func(a *app.App) error {
		job, err := p.jobOf(ctx, a, c.Job)
		if err != nil {
			return err
		}
		if c.JSON {
			return p.printReport(ctx, a, job)
		}
		p.printJob(job)
		for _, trouble := range job.Troubles() {
			fmt.Fprintf(p.out, "! %s\n", oneLine(trouble.Message))
			if trouble.Details != "" {
				fmt.Fprintf(p.out, "  %s\n", oneLine(trouble.Details))
			}
		}
		return p.printOutcomes(ctx, a, job)
	})
}

type harvestItems struct {
	tableFlag
	Job     string `arg:"" help:"Identifier of the job, or of its source for the last one."`
	Status  string `placeholder:"NAME" enum:",done,failed,skipped,archived" default:"" help:"Only those of a status."`
	Outcome string `placeholder:"NAME" enum:",new,changed,unchanged,vanished,refused,skipped,conflict" default:"" help:"Only those of an outcome."`
	Query   string `short:"q" placeholder:"WORDS" help:"Words of titles, identifiers or addresses."`
}

func (c *harvestItems) Run(ctx context.Context, p *program) error {
	return p.withExisting(ctx, func(a *app.App) error {
		job, err := p.jobOf(ctx, a, c.Job)
		if err != nil {
			return err
		}
		var rows []itemRow
		filter := harvest.ItemFilter{Status: harvest.ItemStatus(c.Status), Outcome: harvest.Outcome(c.Outcome), Query: c.Query}
		err = a.Harvests.EachItem(ctx, job.ID, filter, func(item *harvest.Item) error {
			rows = append(rows, rowOfItem(item))
			return nil
		})
		if err != nil {
			return err
		}
		return printTable(p, c.JSON, rows,
			column[itemRow]{"outcome", func(r itemRow) string { return r.Outcome }},
			column[itemRow]{"remote id", func(r itemRow) string { return orDash(r.RemoteID) }},
			column[itemRow]{"title", func(r itemRow) string { return orDash(r.Title) }},
			column[itemRow]{"object", func(r itemRow) string { return orDash(r.Object) }},
			column[itemRow]{"why", func(r itemRow) string {
				if len(r.Errors) > 0 {
					return oneLine(r.Errors[0].Message)
				}
				return ""
			}},
		)
	})
}

type harvestLog struct {
	tableFlag
	Job   string `arg:"" help:"Identifier of the job, or of its source for the last one."`
	Level string `placeholder:"NAME" enum:",debug,info,warning,error" default:"" help:"Only remarks of a level."`
}

// logRow is a remark in a table.
type logRow struct {
	At      *string `json:"at"`
	Level   string  `json:"level"`
	Message string  `json:"message"`
}

func (c *harvestLog) Run(ctx context.Context, p *program) error {
	return p.withExisting(ctx, func(a *app.App) error {
		job, err := p.jobOf(ctx, a, c.Job)
		if err != nil {
			return err
		}
		var rows []logRow
		for offset := 0; ; offset += listPage {
			logs, _, err := a.Harvests.JobLogs(ctx, job.ID, c.Level, catalog.Page{Limit: listPage, Offset: offset})
			if err != nil {
				return err
			}
			for _, log := range logs {
				rows = append(rows, logRow{moment(log.At), log.Level, log.Message})
			}
			if len(logs) < listPage {
				break
			}
		}
		return printTable(p, c.JSON, rows,
			column[logRow]{"at", func(r logRow) string { return orDash(r.At) }},
			column[logRow]{"level", func(r logRow) string { return r.Level }},
			column[logRow]{"message", func(r logRow) string { return oneLine(r.Message) }},
		)
	})
}

type harvestDiff struct {
	tableFlag
	Before string `arg:"" help:"Identifier of a job."`
	After  string `arg:"" help:"Identifier of a later job."`
}

// diffRow is a record whose outcome differs between two jobs.
type diffRow struct {
	RemoteID string `json:"remote_id"`
	Title    string `json:"title"`
	Before   string `json:"before"`
	After    string `json:"after"`
}

func (c *harvestDiff) Run(ctx context.Context, p *program) error {
	return p.withExisting(ctx, func(a *app.App) error {
		rows := make(map[string]*diffRow)
		take := func(id string, set func(*diffRow, string)) error {
			job, err := a.Harvests.Job(ctx, operator, id)
			if err != nil {
				return err
			}
			return a.Harvests.EachItem(ctx, job.ID, harvest.ItemFilter{}, func(item *harvest.Item) error {
				key := item.Kind + " " + orBlank(item.RemoteID)
				if rows[key] == nil {
					rows[key] = &diffRow{RemoteID: orBlank(item.RemoteID), Title: orBlank(item.Title), Before: "-", After: "-"}
				}
				set(rows[key], string(item.Outcome))
				return nil
			})
		}
		if err := take(c.Before, func(r *diffRow, outcome string) { r.Before = outcome }); err != nil {
			return err
		}
		if err := take(c.After, func(r *diffRow, outcome string) { r.After = outcome }); err != nil {
			return err
		}
		var list []diffRow
		for _, key := range slices.Sorted(maps.Keys(rows)) {
			if row := rows[key]; row.Before != row.After {
				list = append(list, *row)
			}
		}
		slices.SortStableFunc(list, func(x, y diffRow) int { return cmp.Compare(x.After, y.After) })
		return printTable(p, c.JSON, list,
			column[diffRow]{"before", func(r diffRow) string { return r.Before }},
			column[diffRow]{"after", func(r diffRow) string { return r.After }},
			column[diffRow]{"remote id", func(r diffRow) string { return r.RemoteID }},
			column[diffRow]{"title", func(r diffRow) string { return r.Title }},
		)
	})
}

// maxShown bounds a value in a report, in characters.
const maxShown = 100

// shortJSON shows a value of a difference in one line.
func shortJSON(value any) string {
	if value == nil {
		return "nothing"
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	if text := []rune(string(raw)); len(text) > maxShown {
		return string(text[:maxShown]) + "…"
	}
	return string(raw)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func orBlank(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
