package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"grenier/internal/app"
	"grenier/internal/catalog"
	"grenier/internal/config"
	"grenier/internal/harvest"
	"grenier/internal/harvest/external"
)

type harvestAttach struct {
	Domain string `arg:"" help:"Host of the portal, as data.example.org."`
	File   string `arg:"" help:"CSV file with the columns local (identifier of a dataset here) and remote (identifier on the portal), with ; between them."`
}

// Run ties the datasets of the file, a part at a time.
func (c *harvestAttach) Run(ctx context.Context, p *program) error {
	file, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("the file cannot be read: %w", err)
	}
	defer file.Close()
	all, err := attachmentsOf(file, c.Domain)
	if err != nil {
		return err
	}
	return p.withExisting(ctx, func(a *app.App) error {
		for i := range all {
			found, err := a.Catalog.ResolveDataset(ctx, all[i].ID)
			if err != nil {
				return fmt.Errorf("the dataset %q of line %d is not here: nothing was attached", all[i].ID, i+2)
			}
			all[i].ID = found.ID
		}
		if err := a.Harvests.Attach(ctx, operator, all...); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p.out, "%d datasets attached\n", len(all))
		return err
	})
}

// attachmentsOf reads the file of the command.
func attachmentsOf(in io.Reader, domain string) ([]catalog.Attachment, error) {
	rows := csv.NewReader(in)
	rows.Comma, rows.FieldsPerRecord = ';', -1
	header, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	local, remote := slices.Index(header, "local"), slices.Index(header, "remote")
	if local < 0 || remote < 0 {
		return nil, errors.New("the first line of the file must name the columns local and remote, with ; between them")
	}
	var all []catalog.Attachment
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the file cannot be read: %w", err)
		}
		if len(row) <= max(local, remote) || row[local] == "" || row[remote] == "" {
			return nil, fmt.Errorf("line %d of the file lacks local or remote", len(all)+2)
		}
		all = append(all, catalog.Attachment{ID: row[local], Domain: domain, RemoteID: row[remote]})
	}
}

type harvestLookUp struct {
	tableFlag
	Remote string `arg:"" name:"url" help:"Address of the record on its portal, or its identifier there."`
}

// traceRow is what became of a record.
type traceRow struct {
	Source   string  `json:"source"`
	Kind     string  `json:"kind"`
	RemoteID string  `json:"remote_id"`
	Object   string  `json:"object"`
	Title    string  `json:"title"`
	Archived bool    `json:"archived"`
	LastSeen *string `json:"last_seen"`
	Outcome  string  `json:"outcome"`
	Why      string  `json:"why"`
}

func (c *harvestLookUp) Run(ctx context.Context, p *program) error {
	return p.withExisting(ctx, func(a *app.App) error {
		traces, err := a.Harvests.LookUp(ctx, operator, c.Remote)
		if err != nil {
			return err
		}
		rows := make([]traceRow, len(traces))
		for i, t := range traces {
			rows[i] = traceRow{Source: t.SourceName, Kind: t.Kind, RemoteID: t.RemoteID, Object: t.Object, Title: t.Title, Archived: t.Archived, LastSeen: moment(t.LastSeen)}
			if t.Item != nil {
				rows[i].Outcome = string(t.Item.Outcome)
				if troubles := t.Item.Troubles(); len(troubles) > 0 {
					rows[i].Why = oneLine(troubles[0].Message)
				}
			}
		}
		return printTable(p, c.JSON, rows,
			column[traceRow]{"source", func(r traceRow) string { return orDash(&r.Source) }},
			column[traceRow]{"remote id", func(r traceRow) string { return r.RemoteID }},
			column[traceRow]{"object", func(r traceRow) string { return orDash(&r.Object) }},
			column[traceRow]{"title", func(r traceRow) string { return r.Title }},
			column[traceRow]{"archived", func(r traceRow) string { return yes(r.Archived) }},
			column[traceRow]{"last seen", func(r traceRow) string { return orDash(r.LastSeen) }},
			column[traceRow]{"outcome", func(r traceRow) string { return r.Outcome }},
			column[traceRow]{"why", func(r traceRow) string { return r.Why }},
		)
	})
}

type harvestConflicts struct {
	tableFlag
	Source string `arg:"" help:"Identifier or slug of the source."`
}

// conflictRow is a conflict in a table.
type conflictRow struct {
	RemoteID string  `json:"remote_id"`
	Object   string  `json:"object"`
	Title    string  `json:"title"`
	Claimant string  `json:"claimant"`
	Holder   string  `json:"holder"`
	Reason   string  `json:"reason"`
	Last     *string `json:"last_at"`
}

func (c *harvestConflicts) Run(ctx context.Context, p *program) error {
	return p.source(ctx, c.Source, func(a *app.App, src *harvest.Source) error {
		var rows []conflictRow
		for offset := 0; ; offset += listPage {
			conflicts, _, err := a.Harvests.Conflicts(ctx, operator, src.ID, catalog.Page{Limit: listPage, Offset: offset})
			if err != nil {
				return err
			}
			for _, one := range conflicts {
				rows = append(rows, conflictRow{one.RemoteID, one.Object, one.Title, one.ClaimantName, one.HolderName, one.Reason, moment(one.LastAt)})
			}
			if len(conflicts) < listPage {
				break
			}
		}
		return printTable(p, c.JSON, rows,
			column[conflictRow]{"remote id", func(r conflictRow) string { return r.RemoteID }},
			column[conflictRow]{"object", func(r conflictRow) string { return r.Object }},
			column[conflictRow]{"title", func(r conflictRow) string { return r.Title }},
			column[conflictRow]{"listed by", func(r conflictRow) string { return orDash(&r.Claimant) }},
			column[conflictRow]{"kept by", func(r conflictRow) string { return orDash(&r.Holder) }},
			column[conflictRow]{"why", func(r conflictRow) string { return r.Reason }},
		)
	})
}

type harvestDoctor struct {
	tableFlag
	URL  string `arg:"" name:"url" help:"Address of a portal."`
	Full bool   `help:"Try every backend, also after one was found."`
}

func (c *harvestDoctor) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(a *app.App) error {
		bar := p.progress().Start("backends", "tries", int64(harvest.DetectionSteps()))
		rows, err := a.Harvests.Detect(ctx, operator, harvest.Detection{URL: c.URL, Full: c.Full, Tried: func() { bar.Add(1) }})
		bar.End()
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		err = printTable(p, c.JSON, rows,
			column[harvest.Attempt]{"backend", func(t harvest.Attempt) string { return t.Backend }},
			column[harvest.Attempt]{"works", func(t harvest.Attempt) string { return yes(t.Works) }},
			column[harvest.Attempt]{"url", func(t harvest.Attempt) string { return t.URL }},
			column[harvest.Attempt]{"records", func(t harvest.Attempt) string { return fmt.Sprint(t.Records) }},
			column[harvest.Attempt]{"why not", func(t harvest.Attempt) string { return oneLine(t.Why) }},
		)
		switch {
		case err != nil:
			return err
		case len(rows) == 0 || !rows[0].Works:
			return errors.New("no backend reads this address; docs/harvesting.md says how to write one")
		case !c.JSON:
			fmt.Fprintf(p.out, "\ngrenier harvest create %s %s NAME\n", rows[0].Backend, rows[0].URL)
		}
		return nil
	})
}

type harvestCheckPlugin struct {
	tableFlag
	Source   string        `placeholder:"URL" default:"https://portal.example.org/" help:"Address of the source that it is asked to harvest."`
	Filter   []string      `sep:"none" placeholder:"KEY=VALUE" help:"Filter of the source. Can be repeated."`
	Feature  []string      `placeholder:"KEY" help:"Switch of the source. Can be repeated."`
	Extra    []string      `sep:"none" placeholder:"KEY=VALUE" help:"Further setting of the source. Can be repeated."`
	MaxItems int           `default:"0" placeholder:"N" help:"After how many records the rest is of no use; 0 for all."`
	Secret   string        `placeholder:"SECRET" help:"What requests to an address are signed with."`
	Timeout  time.Duration `default:"10m" placeholder:"TIME" help:"How long it may take."`
	Read     []string      `placeholder:"DIR" help:"Further folders that the program may read."`
	Plugin   []string      `arg:"" passthrough:"" help:"Identifier of a plug-in in the file of settings, the address of an endpoint, or a program with its arguments."`
}

// maxFindings bounds what a check prints.
const maxFindings = 200

func (c *harvestCheckPlugin) Run(ctx context.Context, p *program) error {
	plugin, err := c.plugin(p.settings.Harvesters)
	if err != nil {
		return err
	}
	request, err := c.request()
	if err != nil {
		return err
	}
	hidden := []string{p.settings.Data}
	if p.settings.File != "" {
		hidden = append(hidden, p.settings.File)
	}
	backend := external.New(plugin, external.Options{Hidden: hidden, Version: app.Version, Site: p.settings.BaseURL})
	findings := []external.Finding{}
	checked, err := backend.Check(ctx, request, func(f external.Finding) {
		if len(findings) < maxFindings {
			findings = append(findings, f)
		}
	}, func(text string) { fmt.Fprintln(p.err, "plug-in: "+text) })
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(p.out).Encode(struct {
			external.Checked
			Findings []external.Finding `json:"findings"`
		}{checked, findings})
	} else {
		c.print(p, checked, findings)
	}
	if err == nil && checked.Wrong > 0 {
		err = fmt.Errorf("%d mistakes", checked.Wrong)
	}
	return err
}

func (c *harvestCheckPlugin) print(p *program, checked external.Checked, findings []external.Finding) {
	for _, f := range findings {
		kind, line := "advice", ""
		if f.Wrong {
			kind = "wrong"
		}
		if f.Line > 0 {
			line = fmt.Sprintf(" line %d:", f.Line)
		}
		fmt.Fprintf(p.out, "%s:%s %s\n", kind, line, oneLine(f.Message))
	}
	if len(findings) == maxFindings {
		fmt.Fprintln(p.out, "… and more")
	}
	fmt.Fprintf(p.out, "%s: %d lines, %d records, complete: %s\n", checked.About.Label, checked.Lines, checked.Records, yes(checked.Complete))
}

// plugin is the plug-in that the command names.
func (c *harvestCheckPlugin) plugin(declared []config.Harvester) (config.Harvester, error) {
	first := c.Plugin[0]
	if i := slices.IndexFunc(declared, func(h config.Harvester) bool { return h.ID == first }); i >= 0 && len(c.Plugin) == 1 {
		return declared[i], nil
	}
	h := config.Harvester{ID: "checked", Timeout: c.Timeout, IdleTimeout: 5 * time.Minute, MaxRSS: 1 << 30, Concurrency: 1, Sandbox: true, Read: c.Read}
	if strings.HasPrefix(first, "http://") || strings.HasPrefix(first, "https://") {
		h.Endpoint, h.Secret = first, c.Secret
		return h, nil
	}
	path, err := filepath.Abs(first)
	if err != nil {
		return h, err
	}
	h.Command = append([]string{path}, c.Plugin[1:]...)
	for i, argument := range h.Command[1:] {
		if _, err := os.Stat(argument); err == nil && !filepath.IsAbs(argument) {
			if h.Command[i+1], err = filepath.Abs(argument); err != nil {
				return h, err
			}
		}
	}
	return h, nil
}

// request is what the plug-in is asked to harvest.
func (c *harvestCheckPlugin) request() (harvest.Request, error) {
	r := harvest.Request{Job: "check", Dry: true, MaxItems: c.MaxItems, Language: "fr", Now: time.Now(), Source: harvest.Target{ID: "check", Name: "check", URL: c.Source}}
	for _, text := range c.Filter {
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return r, usage("--filter: expected KEY=VALUE, not %q", text)
		}
		filter := harvest.Filter{Key: strings.TrimSuffix(key, "!"), Value: value}
		if strings.HasSuffix(key, "!") {
			filter.Type = "exclude"
		}
		r.Source.Config.Filters = append(r.Source.Config.Filters, filter)
	}
	for _, key := range c.Feature {
		if r.Source.Config.Features == nil {
			r.Source.Config.Features = make(map[string]bool)
		}
		r.Source.Config.Features[key] = true
	}
	for _, text := range c.Extra {
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return r, usage("--extra: expected KEY=VALUE, not %q", text)
		}
		r.Source.Config.Extras = append(r.Source.Config.Extras, harvest.Extra{Key: key, Value: value})
	}
	return r, nil
}
