package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"grenier/internal/app"
	"grenier/internal/db"
	"grenier/internal/geo/division"
	"grenier/internal/intake"
)

type importCommand struct {
	Catalog importCatalog `cmd:"" help:"Bring in the CSV dumps, JSON lines or apis.json of another catalogue."`
	Geo     importGeo     `cmd:"" help:"Bring in an administrative division newer than the built-in one."`
}

type importCatalog struct {
	Files  []string `arg:"" name:"file" help:"Files, compressed by gzip or not; what they hold is recognised by their content."`
	DryRun bool     `help:"Read, check and count, and write nothing."`
	Report string   `placeholder:"FILE" help:"Write every refused row to a CSV file."`
}

func (c *importCatalog) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(a *app.App) (err error) {
		options := intake.Options{DryRun: c.DryRun}
		if c.Report != "" {
			report, err := os.Create(c.Report)
			if err != nil {
				return fmt.Errorf("the report cannot be written: %w", err)
			}
			defer func() { err = errors.Join(err, report.Close()) }()
			options.Report = report
		}
		bars := stages{out: p.progress()}
		defer bars.end()
		options.Progress = func(now intake.Progress) {
			if now.Stage != "" {
				bars.tell(now.Stage, now.Read, now.Total)
				return
			}
			bars.tell("import", now.Read, now.Total)
		}
		summary, err := intake.New(a.Events, a.Catalog, a.Zones).Import(ctx, c.Files, options)
		bars.end()
		if err == nil || summary.Changed() {
			summary.Write(p.out)
		}
		if err != nil || c.DryRun || !summary.Changed() {
			return err
		}
		return p.afterImport(ctx, a)
	})
}

// afterImport renews what the database knows of its tables, and brings the
// search index up to date, unless a server does that already.
func (p *program) afterImport(ctx context.Context, a *app.App) error {
	if err := a.DB.Optimize(ctx); err != nil {
		return err
	}
	lock, err := db.LockDir(p.settings.Data)
	if errors.Is(err, db.ErrInUse) {
		fmt.Fprintln(p.out, "the running server brings the search index up to date")
		return nil
	}
	if err != nil {
		return err
	}
	bar := p.progress().Start("search index", "documents", 0)
	err = a.UpdateIndex(ctx, func(done int) { bar.Set(int64(done)) })
	bar.End()
	return errors.Join(err, lock.Release())
}

type importGeo struct {
	Folder string `arg:"" help:"Folder of the npm package @etalab/decoupage-administratif and of communes-centre-bbox, each file as NAME.json.gz or NAME.json; contours as LEVEL-contours-YEAR.geojson.gz, when it has any."`
}

func (c *importGeo) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(a *app.App) error {
		bar := p.progress().Start("zones", "zones", 0)
		summary, err := division.Import(ctx, a.Events, a.Zones, c.Folder, func(done, total int) {
			bar.Total(int64(total))
			bar.Set(int64(done))
		})
		bar.End()
		if err != nil {
			return err
		}
		fmt.Fprintf(p.out, "%d zones read: %d added, %d changed\n", summary.Read, summary.Added, summary.Changed)
		return p.importContours(ctx, a, c.Folder)
	})
}

// importContours brings in the contours of the zones, when the folder has any.
func (p *program) importContours(ctx context.Context, a *app.App, folder string) error {
	bars := stages{out: p.progress()}
	contours, err := division.ImportContours(ctx, a.Events, a.Zones, folder, bars.tell)
	if bars.bar != nil {
		bars.end()
	}
	if err != nil || contours.Read == 0 {
		return err
	}
	_, err = fmt.Fprintf(p.out, "%d contours read: %d added, %d changed, %d of no known zone\n",
		contours.Read, contours.Added, contours.Changed, contours.Unknown)
	return err
}
