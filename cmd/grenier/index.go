package main

import (
	"context"

	"grenier/internal/app"
)

type indexCommand struct {
	Rebuild indexRebuild `cmd:"" help:"Build the search index from the rows again."`
}

type indexRebuild struct{}

func (c *indexRebuild) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(a *app.App) error {
		bar := p.progress().Start("Search index", "documents", 0)
		defer bar.End()
		return a.RebuildIndex(ctx, func(done int) { bar.Set(int64(done)) })
	})
}
