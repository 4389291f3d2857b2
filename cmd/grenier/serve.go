package main

import (
	"context"
	"errors"
	"fmt"

	"grenier/internal/app"
	"grenier/internal/db"
)

type serveCommand struct{}

func (c *serveCommand) Run(ctx context.Context, p *program) error {
	return p.serve(ctx, func(*app.App) error { return nil })
}

// serve holds the data folder, opens the platform, prepares it and serves until
// it is told to stop.
func (p *program) serve(ctx context.Context, prepare func(*app.App) error) error {
	lock, err := db.LockDir(p.settings.Data)
	if err != nil {
		return err
	}
	err = p.with(ctx, func(a *app.App) error {
		if err := prepare(a); err != nil {
			return err
		}
		return a.Serve(ctx, func(address string) { p.announce(ctx, a, address) })
	})
	return errors.Join(err, lock.Release())
}

// announce says where the platform listens.
func (p *program) announce(ctx context.Context, a *app.App, address string) {
	scheme := "http"
	if p.settings.TLS != "" {
		scheme = "https"
	}
	a.Log.Info("serving", "address", fmt.Sprintf("%s://%s", scheme, address), "version", app.Version)
	p.announceSetup(ctx, a, fmt.Sprintf("%s://%s", scheme, address))
}

// announceSetup prints the link by which a site without an administrator is set
// up.
func (p *program) announceSetup(ctx context.Context, a *app.App, base string) {
	if !p.settings.HasRole("web") {
		return
	}
	link, err := a.SetupLink(ctx, base)
	switch {
	case err != nil:
		a.Log.Warn("the link that sets the site up cannot be made", "cause", err)
	case link != "":
		fmt.Fprintf(p.out, "This site has no administrator yet. Set it up by this link, which works once:\n%s\n", link)
	}
}
