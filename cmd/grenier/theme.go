package main

import (
	"errors"
	"fmt"
	"os"

	"grenier/internal/app"
	"grenier/internal/portal"
	"grenier/internal/portal/theme"
	"grenier/ui"
)

type themeCommand struct {
	Check themeCheck `cmd:"" help:"Look a theme pack through before a server wears it."`
	Base  themeBase  `cmd:"" help:"Write the program's own templates, words, menus and icons into a folder, to copy from."`
}

type themeBase struct {
	Folder string `arg:"" help:"Folder to make; it must not exist yet."`
}

// Run writes what a theme pack may override.
func (c *themeBase) Run(p *program) error {
	if _, err := os.Lstat(c.Folder); err == nil {
		return fmt.Errorf("%s is there already; name a folder that is not", c.Folder)
	}
	if err := portal.CopyBase(c.Folder, ui.Portal(), ui.Manifest()); err != nil {
		return fmt.Errorf("the program's own look cannot be written: %w", err)
	}
	_, err := fmt.Fprintf(p.out, "templates, texts (i18n in a pack), pages, menus.yaml, home.yaml and icons.txt are in %s\n", c.Folder)
	return err
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
