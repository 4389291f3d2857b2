package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"grenier/internal/account"
	"grenier/internal/app"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/harvest"
)

type harvestCommand struct {
	Backends harvestBackends `cmd:"" help:"List the kinds of portals that can be harvested, with their filters and switches."`
	Sources  harvestSources  `cmd:"" help:"List the sources."`
	Create   harvestCreate   `cmd:"" help:"Create a source that waits for validation, and print its identifier."`
	Validate harvestValidate `cmd:"" help:"Accept a source, which then runs by itself, or refuse it."`
	Preview  harvestPreview  `cmd:"" help:"Compare the whole of a source with the catalogue, and write nothing."`
	Run      harvestRun      `cmd:"" help:"Harvest a source now and wait for its end."`
	Launch   harvestLaunch   `cmd:"" help:"Let the running server harvest a source."`
	Stop     harvestStop     `cmd:"" aliases:"cancel" help:"Stop a job; what it wrote stays."`
	Resume   harvestResume   `cmd:"" help:"Go on with a job that was interrupted."`
	Confirm  harvestConfirm  `cmd:"" help:"Say that what a source no longer lists is truly gone."`

	Schedule   harvestSchedule   `cmd:"" help:"Say when a source runs by itself."`
	Unschedule harvestUnschedule `cmd:"" help:"Let a source no longer run by itself."`

	Jobs      harvestJobs      `cmd:"" help:"List the jobs of a source."`
	Job       harvestJob       `cmd:"" help:"Show what a job came to."`
	Items     harvestItems     `cmd:"" help:"List the records of a job."`
	Log       harvestLog       `cmd:"" help:"Print the remarks on a job."`
	Diff      harvestDiff      `cmd:"" help:"Compare the records of two jobs."`
	LookUp    harvestLookUp    `cmd:"" name:"look-up" help:"Tell what happened to the record of an address."`
	Conflicts harvestConflicts `cmd:"" help:"List the records of a source that belong to somebody else here."`

	Attach              harvestAttach       `cmd:"" help:"Tie datasets to the records of a portal, by a CSV file."`
	Detach              harvestDetach       `cmd:"" help:"Let a dataset forget where it was harvested from."`
	DetachAllFromSource harvestDetachSource `cmd:"" help:"Let all that a source brought forget where it comes from."`

	Clean  harvestClean  `cmd:"" help:"Delete all datasets of a source."`
	Delete harvestDelete `cmd:"" help:"Delete a source; what it brought stays until the purge."`
	Purge  harvestPurge  `cmd:"" help:"Purge the deleted sources: what they brought is archived."`

	Doctor      harvestDoctor      `cmd:"" help:"Find out which backend can read an address."`
	CheckPlugin harvestCheckPlugin `cmd:"" help:"Check a harvester of your own against the contract."`
}

// source finds a source by its identifier or slug and runs fn with it.
func (p *program) source(ctx context.Context, key string, fn func(*app.App, *harvest.Source) error) error {
	return p.withExisting(ctx, func(a *app.App) error {
		found, err := a.Harvests.ResolveSource(ctx, key)
		if err != nil {
			return err
		}
		src, err := a.Harvests.Source(ctx, found.ID)
		if err != nil {
			return err
		}
		return fn(a, src)
	})
}

type harvestBackends struct{ tableFlag }

func (c *harvestBackends) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(a *app.App) error {
		keys := func(kinds ...string) string { return orDash(new(strings.Join(kinds, " "))) }
		return printTable(p, c.JSON, a.Harvests.Backends(),
			column[harvest.Description]{"id", func(d harvest.Description) string { return d.ID }},
			column[harvest.Description]{"label", func(d harvest.Description) string { return d.Label }},
			column[harvest.Description]{"filters", func(d harvest.Description) string {
				return keys(mapped(d.Filters, func(f harvest.FilterKind) string { return f.Key })...)
			}},
			column[harvest.Description]{"features", func(d harvest.Description) string {
				return keys(mapped(d.Features, func(f harvest.FeatureKind) string { return fmt.Sprintf("%s=%v", f.Key, f.Default) })...)
			}},
			column[harvest.Description]{"options", func(d harvest.Description) string {
				return keys(mapped(d.ExtraConfigs, func(e harvest.ExtraKind) string { return e.Key })...)
			}},
		)
	})
}

func mapped[T any](all []T, text func(T) string) []string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = text(one)
	}
	return texts
}

type harvestSources struct {
	tableFlag
	Scheduled bool   `short:"s" help:"Only those that run by themselves."`
	Query     string `short:"q" placeholder:"WORDS" help:"Words of names and addresses."`
	Deleted   bool   `help:"Deleted ones too."`
}

// sourceRow is a source in a table.
type sourceRow struct {
	ID         string  `json:"id"`
	Name       string  `json:"name"`
	Slug       string  `json:"slug"`
	Backend    string  `json:"backend"`
	URL        string  `json:"url"`
	Validation string  `json:"validation"`
	Active     bool    `json:"active"`
	Schedule   *string `json:"schedule"`
	NextRun    *string `json:"next_run"`
	LastStatus *string `json:"last_status"`
	Failures   int64   `json:"failures"`
	Shrunk     bool    `json:"waits_for_confirmation"`
}

func (c *harvestSources) Run(ctx context.Context, p *program) error {
	return p.withExisting(ctx, func(a *app.App) error {
		var rows []sourceRow
		filter := harvest.SourceFilter{Scheduled: c.Scheduled, Query: c.Query, Deleted: c.Deleted}
		for offset := 0; ; offset += listPage {
			sources, _, err := a.Harvests.Sources(ctx, filter, "name", catalog.Page{Limit: listPage, Offset: offset})
			if err != nil {
				return err
			}
			var ids []string
			for _, src := range sources {
				if src.LastJob != nil {
					ids = append(ids, *src.LastJob)
				}
			}
			last, err := a.Harvests.JobsByIDs(ctx, ids)
			if err != nil {
				return err
			}
			for i := range sources {
				rows = append(rows, rowOfSource(&sources[i], last))
			}
			if len(sources) < listPage {
				break
			}
		}
		return printTable(p, c.JSON, rows,
			column[sourceRow]{"id", func(r sourceRow) string { return r.ID }},
			column[sourceRow]{"name", func(r sourceRow) string { return r.Name + " [" + r.Slug + "]" }},
			column[sourceRow]{"backend", func(r sourceRow) string { return r.Backend }},
			column[sourceRow]{"validation", func(r sourceRow) string { return r.Validation }},
			column[sourceRow]{"schedule", func(r sourceRow) string {
				if r.Schedule == nil {
					return "not scheduled"
				}
				return *r.Schedule
			}},
			column[sourceRow]{"last job", func(r sourceRow) string { return orDash(r.LastStatus) }},
			column[sourceRow]{"failures", func(r sourceRow) string { return fmt.Sprint(r.Failures) }},
		)
	})
}

func rowOfSource(src *harvest.Source, last map[string]*harvest.Job) sourceRow {
	row := sourceRow{
		ID: src.ID, Name: src.Name, Slug: src.Slug, Backend: src.Backend, URL: src.URL, Validation: string(src.Validation), Active: src.Active,
		Schedule: src.Schedule, NextRun: moment(src.NextRun), Failures: src.Failures, Shrunk: src.ShrunkJob != nil,
	}
	if src.LastJob != nil && last[*src.LastJob] != nil {
		status := string(last[*src.LastJob].Status)
		row.LastStatus = &status
	}
	return row
}

type harvestCreate struct {
	Backend      string            `arg:"" help:"Kind of the portal; grenier harvest backends lists them."`
	URL          string            `arg:"" name:"url" help:"Address of the portal."`
	Name         string            `arg:"" help:"Name of the source."`
	Organization string            `short:"o" placeholder:"ID" help:"Identifier or slug of the organization that the data is to belong to."`
	User         string            `short:"u" placeholder:"EMAIL" help:"Person that the data is to belong to."`
	Frequency    string            `short:"f" default:"manual" enum:"manual,monthly,weekly,daily" hidden:"" help:"Kept for scripts of old; the schedule counts."`
	Description  string            `placeholder:"TEXT" help:"Description, in Markdown."`
	Filter       []string          `sep:"none" placeholder:"KEY=VALUE" help:"Keep only what matches; KEY!=VALUE leaves it out. Can be repeated."`
	Feature      []string          `placeholder:"KEY[=false]" help:"Set a switch of the backend. Can be repeated."`
	Extra        []string          `sep:"none" placeholder:"KEY=VALUE" help:"Further setting of the backend. Can be repeated."`
	Option       []string          `sep:"none" placeholder:"KEY=JSON" help:"Option of harvesting, as on_vanish=keep or grace_days=30; see docs/harvesting.md. Can be repeated."`
	Secret       map[string]string `mapsep:"none" placeholder:"KEY=VALUE" help:"What only the portal may know, as apikey=…; it is never shown again. Can be repeated."`
	NoArchive    bool              `help:"Leave alone what vanishes from the portal."`
}

func (c *harvestCreate) Run(ctx context.Context, p *program) error {
	if c.Organization != "" && c.User != "" {
		return usage("give either --organization or --user: what is harvested belongs to one of them")
	}
	return p.with(ctx, func(a *app.App) error {
		in, err := c.input(ctx, a)
		if err != nil {
			return err
		}
		src, err := a.Harvests.CreateSource(ctx, operator, in)
		if err == nil {
			fmt.Fprintln(p.out, src.ID)
		}
		return err
	})
}

func (c *harvestCreate) input(ctx context.Context, a *app.App) (in harvest.SourceInput, err error) {
	config, err := c.config(ctx, a)
	if err != nil {
		return in, err
	}
	options, err := optionsOf(c.Option)
	if err != nil {
		return in, err
	}
	in = harvest.SourceInput{
		Name: account.Some(c.Name), URL: account.Some(c.URL), Backend: account.Some(c.Backend), Description: account.Some(c.Description),
		Config: account.Some(config), Options: account.Some(options), Frequency: account.Some(c.Frequency), Autoarchive: account.Some(!c.NoArchive),
	}
	if len(c.Secret) > 0 {
		in.Secrets = account.Some(c.Secret)
	}
	switch {
	case c.Organization != "":
		found, err := a.Organizations.Resolve(ctx, c.Organization)
		if err != nil {
			return in, err
		}
		in.Organization = account.Some(found.ID)
	case c.User != "":
		user, err := a.People.ByEmail(ctx, operator, c.User)
		if err != nil {
			return in, err
		}
		in.Owner = account.Some(user.ID)
	}
	return in, nil
}

// config makes the configuration of a source, with values of the types that its
// backend asks for.
func (c *harvestCreate) config(ctx context.Context, a *app.App) (json.RawMessage, error) {
	about, ok := describedBackend(a, c.Backend)
	if !ok {
		return nil, usage("there is no backend %q; `grenier harvest backends` lists them", c.Backend)
	}
	config := harvest.Config{Filters: []harvest.Filter{}, Features: map[string]bool{}, Extras: []harvest.Extra{}}
	for _, text := range c.Filter {
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, usage("--filter: expected KEY=VALUE or KEY!=VALUE, not %q", text)
		}
		filter := harvest.Filter{Key: strings.TrimSuffix(key, "!"), Value: value}
		if strings.HasSuffix(key, "!") {
			filter.Type = "exclude"
		}
		if i := slices.IndexFunc(about.Filters, func(k harvest.FilterKind) bool { return k.Key == filter.Key }); i >= 0 {
			filter.Value = typed(value, about.Filters[i].Type)
		}
		config.Filters = append(config.Filters, filter)
	}
	for _, text := range c.Feature {
		key, value, given := strings.Cut(text, "=")
		if given && value != "true" && value != "false" {
			return nil, usage("--feature: expected KEY, KEY=true or KEY=false, not %q", text)
		}
		config.Features[key] = !given || value == "true"
	}
	for _, text := range c.Extra {
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, usage("--extra: expected KEY=VALUE, not %q", text)
		}
		config.Extras = append(config.Extras, harvest.Extra{Key: key, Value: value})
	}
	return json.Marshal(config)
}

// describedBackend is what a backend says of itself.
func describedBackend(a *app.App, id string) (harvest.Description, bool) {
	all := a.Harvests.Backends()
	i := slices.IndexFunc(all, func(d harvest.Description) bool { return d.ID == id })
	if i < 0 {
		return harvest.Description{}, false
	}
	return all[i], true
}

// typed is a value of a type of filters; one that cannot be that stays a text,
// which is then refused.
func typed(text, kind string) any {
	var value any
	if (kind == "integer" || kind == "boolean") && json.Unmarshal([]byte(text), &value) == nil {
		return value
	}
	return text
}

// optionsOf makes the options of a source. A value that is no JSON is a text.
func optionsOf(given []string) (json.RawMessage, error) {
	options := make(map[string]any, len(given))
	for _, text := range given {
		key, raw, ok := strings.Cut(text, "=")
		if !ok {
			return nil, usage("--option: expected KEY=VALUE, not %q", text)
		}
		var value any
		if json.Unmarshal([]byte(raw), &value) != nil {
			value = raw
		}
		if key == "protected_fields" {
			if fields, isText := value.(string); isText {
				value = strings.Split(fields, ",")
			}
		}
		options[key] = value
	}
	return json.Marshal(options)
}

type harvestValidate struct {
	Source  string `arg:"" help:"Identifier or slug of the source."`
	Refuse  bool   `help:"Refuse it; --comment says why."`
	Comment string `placeholder:"TEXT" help:"What those to whom it belongs are told."`
}

func (c *harvestValidate) Run(ctx context.Context, p *program) error {
	if c.Refuse && c.Comment == "" {
		return usage("--refuse: say why by --comment")
	}
	return p.source(ctx, c.Source, func(a *app.App, src *harvest.Source) error {
		state := harvest.Accepted
		if c.Refuse {
			state = harvest.Refused
		}
		src, err := a.Harvests.ValidateSource(ctx, operator, src.ID, state, c.Comment)
		if err != nil || c.Refuse {
			return err
		}
		_, err = fmt.Fprintf(p.out, "accepted; it runs by %q, and at once where a server runs (grenier harvest run %s does it here)\n", *src.Schedule, src.ID)
		return err
	})
}

type harvestSchedule struct {
	Source     string `arg:"" help:"Identifier or slug of the source."`
	Cron       string `arg:"" optional:"" help:"Five fields in one text: minute, hour, day of the month, month, day of the week."`
	Minute     string `short:"m" default:"*" placeholder:"FIELD" help:"Minute."`
	Hour       string `short:"H" default:"*" placeholder:"FIELD" help:"Hour."`
	DayOfWeek  string `short:"d" default:"*" placeholder:"FIELD" help:"Day of the week."`
	DayOfMonth string `short:"D" default:"*" placeholder:"FIELD" help:"Day of the month."`
	Month      string `short:"M" default:"*" placeholder:"FIELD" help:"Month."`
}

func (c *harvestSchedule) Run(ctx context.Context, p *program) error {
	cron := c.Cron
	if cron == "" {
		cron = strings.Join([]string{c.Minute, c.Hour, c.DayOfMonth, c.Month, c.DayOfWeek}, " ")
		if cron == "* * * * *" {
			return usage("say when: as `grenier harvest schedule %s \"0 4 * * *\"`", c.Source)
		}
	}
	return p.source(ctx, c.Source, func(a *app.App, src *harvest.Source) error {
		src, err := a.Harvests.Schedule(ctx, operator, src.ID, cron)
		if err == nil {
			fmt.Fprintf(p.out, "%s; next run %s UTC\n", *src.Schedule, minute(src.NextRun))
		}
		return err
	})
}

type harvestUnschedule struct {
	Source string `arg:"" help:"Identifier or slug of the source."`
}

func (c *harvestUnschedule) Run(ctx context.Context, p *program) error {
	return p.source(ctx, c.Source, func(a *app.App, src *harvest.Source) error {
		_, err := a.Harvests.Unschedule(ctx, operator, src.ID)
		return err
	})
}

type harvestConfirm struct {
	Source string `arg:"" help:"Identifier or slug of the source."`
}

func (c *harvestConfirm) Run(ctx context.Context, p *program) error {
	return p.source(ctx, c.Source, func(a *app.App, src *harvest.Source) error {
		job, err := a.Harvests.ConfirmShrunk(ctx, operator, src.ID)
		if err == nil {
			fmt.Fprintln(p.out, job.ID)
		}
		return err
	})
}

type harvestDelete struct {
	Source string `arg:"" help:"Identifier or slug of the source."`
}

func (c *harvestDelete) Run(ctx context.Context, p *program) error {
	return p.source(ctx, c.Source, func(a *app.App, src *harvest.Source) error {
		return a.Harvests.DeleteSource(ctx, operator, src.ID)
	})
}

type harvestPurge struct{}

func (c *harvestPurge) Run(ctx context.Context, p *program) error {
	return p.withExisting(ctx, func(a *app.App) error {
		purged, err := a.Harvests.PurgeSources(ctx)
		if err == nil {
			fmt.Fprintf(p.out, "%d sources purged\n", purged)
		}
		return err
	})
}

type harvestClean struct {
	Source string `arg:"" help:"Identifier or slug of the source."`
}

func (c *harvestClean) Run(ctx context.Context, p *program) error {
	return p.source(ctx, c.Source, func(a *app.App, src *harvest.Source) error {
		deleted, err := a.Harvests.Clean(ctx, operator, src.ID)
		if err == nil || deleted > 0 {
			fmt.Fprintf(p.out, "%d datasets deleted\n", deleted)
		}
		return err
	})
}

type harvestDetach struct {
	Dataset string `arg:"" help:"Identifier or slug of the dataset."`
}

func (c *harvestDetach) Run(ctx context.Context, p *program) error {
	return p.withExisting(ctx, func(a *app.App) error {
		found, err := a.Catalog.ResolveDataset(ctx, c.Dataset)
		if err != nil {
			return err
		}
		return a.Harvests.Detach(ctx, operator, catalog.KindDataset, found.ID)
	})
}

type harvestDetachSource struct {
	Source string `arg:"" help:"Identifier or slug of the source."`
}

func (c *harvestDetachSource) Run(ctx context.Context, p *program) error {
	return p.source(ctx, c.Source, func(a *app.App, src *harvest.Source) error {
		detached, err := a.Harvests.DetachSource(ctx, operator, src.ID)
		if err == nil || detached > 0 {
			fmt.Fprintf(p.out, "%d datasets and dataservices detached\n", detached)
		}
		return err
	})
}

// errOver tells that a job cannot go on.
func errOver(status harvest.Status) error {
	return fault.Newf(fault.Invalid, "The job is %s: only one that was interrupted goes on. Start another by grenier harvest run.", status)
}
