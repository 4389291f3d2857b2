package main

import (
	"errors"
	"fmt"

	"grenier/internal/app"
	"grenier/internal/portal"
	"grenier/internal/portal/theme"
	"grenier/ui"
)

type themeCommand struct {
	Check themeCheck `cmd:"" help:"Look a theme pack through before a server wears it."`
}

type themeCheck struct {
	Pack string `arg:"" placeholder:"DIR|ZIP" help:"Theme pack: a folder or a zip file; see docs/theming.md."`
	JSON bool   `name:"json" help:"Print JSON instead of lines."`
}

// Run draws every page with the pack, prints what its author should know, and
// fails when a fault was found.
func (c *themeCheck) Run(p *program) error {
	findings, err := portal.CheckTheme(portal.Deps{
		Version: app.Version, Language: p.settings.Language, Languages: p.settings.Languages, Zone: p.settings.Location(),
		Front: ui.Portal(), Manifest: ui.Manifest(),
	}, c.Pack)
	if err != nil {
		return err
	}
	faults := 0
	for _, found := range findings {
		if found.Fault {
			faults++
		}
	}
	if err := c.print(p, findings, faults); err != nil {
		return err
	}
	switch faults {
	case 0:
		return nil
	case 1:
		return errors.New("the theme pack has a fault")
	}
	return fmt.Errorf("the theme pack has %d faults", faults)
}

func (c *themeCheck) print(p *program, findings []theme.Finding, faults int) error {
	if c.JSON {
		return printTable(p, true, findings)
	}
	for _, found := range findings {
		kind := "note"
		if found.Fault {
			kind = "fault"
		}
		if _, err := fmt.Fprintf(p.out, "%-5s  %s\n", kind, found); err != nil {
			return err
		}
	}
	if faults > 0 {
		return nil
	}
	_, err := fmt.Fprintln(p.out, "the theme pack can be worn: grenier serve --theme "+c.Pack)
	return err
}
