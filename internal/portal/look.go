package portal

import (
	"context"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"grenier/internal/i18n"
	"grenier/internal/portal/theme"
	"grenier/ui"
)

// look is what the site wears: the program's own theme, and the pack over it.
type look struct {
	p       *Portal
	base    *theme.Theme
	worn    atomic.Pointer[theme.Theme]
	stamped string
}

// newLook reads the theme. A pack that is broken is told and left out.
func newLook(p *Portal) (*look, error) {
	l := &look{p: p}
	var err error
	if l.base, err = theme.Base(p.themeOptions()); err != nil {
		return nil, fmt.Errorf("the program's own theme: %w", err)
	}
	l.worn.Store(l.base)
	if p.Theme != "" {
		l.stamped = stamp(p.Theme)
		l.wear()
	}
	return l, nil
}

func (p *Portal) themeOptions() theme.Options {
	return theme.Options{
		Base: files, Language: p.Language, Zone: p.Zone, Version: p.Version, Tokens: ui.Tokens(),
		Functions: func(t *theme.Theme, printer *i18n.Printer) template.FuncMap { return p.functions(t, printer) },
	}
}

func (l *look) theme() *theme.Theme { return l.worn.Load() }

// brought are the languages that only the pack has words in.
func (l *look) brought() []string {
	known := l.base.Languages()
	return slices.DeleteFunc(l.theme().Languages(), func(lang string) bool { return slices.Contains(known, lang) })
}

// wear reads the pack and puts it on, or the program's own look when it is
// broken.
func (l *look) wear() {
	worn, findings, err := l.p.readPack(l.p.Theme)
	for _, finding := range findings {
		l.p.Log.Warn("theme pack", "pack", l.p.Theme, "finding", finding.String())
	}
	if err != nil {
		l.p.Log.Error("the theme pack is broken; the site wears the program's own look", "pack", l.p.Theme, "cause", err)
		worn = l.base
	} else {
		l.p.Log.Info("theme pack", "name", worn.About.Name, "version", worn.About.Version)
	}
	l.worn.Store(worn)
	if l.p.Kept != nil {
		l.p.Kept.Clear()
	}
}

// readPack reads a pack and tries each of its pages. An error is a pack that
// cannot be worn; findings are what its author should know.
func (p *Portal) readPack(path string) (*theme.Theme, []theme.Finding, error) {
	pack, err := theme.OpenPack(path)
	if err != nil {
		return nil, nil, err
	}
	worn, err := theme.Overlay(p.themeOptions(), pack)
	if err != nil {
		return nil, nil, err
	}
	findings, err := p.try(worn)
	return worn, findings, err
}

// watchEvery is how often the pack is looked at in development.
const watchEvery = 500 * time.Millisecond

// watch reads the pack again when one of its files changed.
func (l *look) watch(ctx context.Context) {
	if !l.p.Dev || l.p.Theme == "" {
		return
	}
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if now := stamp(l.p.Theme); now != l.stamped {
				l.stamped = now
				l.wear()
			}
		}
	}
}

// stamp tells apart states of a pack by the times and sizes of its files.
func stamp(path string) string {
	var b strings.Builder
	note := func(name string, info fs.FileInfo) {
		fmt.Fprintf(&b, "%s %d %d\n", name, info.Size(), info.ModTime().UnixNano())
	}
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	note(path, info)
	if !info.IsDir() {
		return b.String()
	}
	_ = fs.WalkDir(os.DirFS(path), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // it went away meanwhile: the next look tells
		}
		if info, err := entry.Info(); err == nil && !entry.IsDir() {
			note(name, info)
		}
		return nil
	})
	return b.String()
}
