package main

import (
	"context"
	"fmt"

	"grenier/internal/app"
	"grenier/internal/db"
	"grenier/internal/progress"
)

type backupCommand struct {
	File string `arg:"" help:"File to write, as grenier-2026-01-31.tar.zst."`
}

func (c *backupCommand) Run(ctx context.Context, p *program) error {
	return p.withExisting(ctx, func(a *app.App) error {
		stages := stages{out: p.progress()}
		defer stages.end()
		made, err := a.DB.Backup(ctx, c.File, db.BackupOptions{Program: app.Version, Progress: stages.tell})
		if err == nil {
			stages.end()
			fmt.Fprintf(p.out, "%s: %d bytes of database, schema %d\n", c.File, made.Parts[0].Size, made.Schema)
		}
		return err
	})
}

type restoreCommand struct {
	File string `arg:"" help:"Backup to read."`
}

// Run replaces the database of the data folder; the server must be stopped. The
// former database is kept beside it.
func (c *restoreCommand) Run(ctx context.Context, p *program) error {
	if p.settings.Database != "" {
		return db.ErrUsePgDump
	}
	stages := stages{out: p.progress()}
	defer stages.end()
	restored, err := db.Restore(ctx, c.File, p.settings.Data, db.RestoreOptions{Derived: []string{"index"}, Progress: stages.tell})
	if err != nil {
		return err
	}
	stages.end()
	fmt.Fprintf(p.out, "restored the state of %s, schema %d\n", restored.Manifest.CreatedAt.Format("2006-01-02 15:04:05 UTC"), restored.Manifest.Schema)
	if restored.Aside != "" {
		fmt.Fprintf(p.out, "the former database is kept in %s; remove it once all is well\n", restored.Aside)
	}
	return nil
}

// stages shows one bar after the other, for work that tells its stage.
type stages struct {
	out  progress.Output
	name string
	bar  *progress.Bar
}

func (s *stages) tell(stage string, done, total int64) {
	if stage != s.name {
		s.end()
		s.name, s.bar = stage, s.out.Start(stage, "bytes", total)
	}
	s.bar.Total(total)
	s.bar.Set(done)
}

func (s *stages) end() { s.bar.End() }
