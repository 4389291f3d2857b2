// Package theme gives pages their look and words: templates, messages, menus,
// home blocks and static files, the program's own ones overlaid file by file
// by a theme pack. It holds no Go code of a pack and runs none.
package theme

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"grenier/internal/i18n"
)

// Functions makes the functions of the templates for a language.
type Functions func(t *Theme, printer *i18n.Printer) template.FuncMap

// Options are what a theme is made of.
type Options struct {
	// Base are the program's own files: templates/, texts/, pages/, menus.yaml and home.yaml.
	Base fs.FS
	// Functions are the functions of the templates.
	Functions Functions
	// Language is the site's own, in which a message is shown that a page's
	// language does not have.
	Language string
	// Zone is the time zone of the dates shown.
	Zone *time.Location
	// Version is the program's version, which packs may ask for.
	Version string
	// Tokens is the style sheet of the program's own tokens.
	Tokens string
}

// Theme is a look. It does not change; a pack that changed is read into a new
// one.
type Theme struct {
	// About is what theme.yaml of the pack says; zero for the program's own look.
	About    About
	Messages *i18n.Messages
	Menus    Menus
	Home     []Block

	o       Options
	base    fs.FS
	pack    *Pack   // nil without a pack
	blocks  []block // what the pack redefines of the shared parts
	assets  map[string]Asset
	hash    string
	parts   []string // templates shared by all pages
	pages   []string
	own     *i18n.Messages // of the program alone, nil without a pack
	sets    sync.Map       // setKey → *compiled
	printer sync.Map       // language → *i18n.Printer
}

// Base reads the program's own look.
func Base(o Options) (*Theme, error) {
	t := &Theme{o: o, base: o.Base}
	return t, t.read()
}

// Overlay reads a pack over the program's own look.
func Overlay(o Options, pack *Pack) (*Theme, error) {
	t := &Theme{o: o, base: o.Base, pack: pack}
	return t, t.read()
}

// read reads everything but the templates of single pages, which are compiled
// when first shown.
func (t *Theme) read() error {
	if err := t.readAbout(); err != nil {
		return err
	}
	if err := t.readMessages(); err != nil {
		return err
	}
	if err := t.readMenus(); err != nil {
		return err
	}
	if err := t.readHome(); err != nil {
		return err
	}
	if err := t.readAssets(); err != nil {
		return err
	}
	return t.listTemplates()
}

func (t *Theme) readMessages() error {
	texts, err := fs.Sub(t.base, "texts")
	if err != nil {
		return err
	}
	if t.Messages, err = i18n.ReadMessages(texts); err != nil || t.pack == nil {
		return err
	}
	t.own = t.Messages
	words, err := t.packMessages()
	if err != nil || words == nil {
		return err
	}
	if _, err := i18n.ReadMessages(words); err != nil {
		return fmt.Errorf("i18n/%s", strings.TrimPrefix(err.Error(), "messages: "))
	}
	t.Messages, err = i18n.ReadMessages(texts, words)
	return err
}

// packMessages is the folder of messages of the pack, nil for none.
func (t *Theme) packMessages() (fs.FS, error) {
	if !exists(t.pack, "i18n") {
		return nil, nil
	}
	return fs.Sub(t.pack, "i18n")
}

// Languages are those that the pages have words in.
func (t *Theme) Languages() []string { return t.Messages.Languages() }

// Printer writes for readers of a language.
func (t *Theme) Printer(lang string) *i18n.Printer {
	if p, ok := t.printer.Load(lang); ok {
		return p.(*i18n.Printer)
	}
	p, _ := t.printer.LoadOrStore(lang, t.Messages.Printer(lang, t.o.Language, t.o.Zone))
	return p.(*i18n.Printer)
}

// open gives a file of the pack when it has it, else the program's own.
func (t *Theme) open(name string) ([]byte, error) {
	if t.pack != nil {
		content, err := t.pack.ReadFile(name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return content, err
		}
	}
	return fs.ReadFile(t.base, name)
}

// layers are the program's own files and the pack.
func (t *Theme) layers() []fs.FS {
	if t.pack == nil {
		return []fs.FS{t.base}
	}
	return []fs.FS{t.base, t.pack}
}

func exists(files fs.FS, name string) bool {
	_, err := fs.Stat(files, name)
	return err == nil
}

// listTemplates finds the templates: the shared parts, one a page, and the
// blocks and slots that the pack redefines.
func (t *Theme) listTemplates() error {
	t.parts = []string{layoutFile}
	seen := map[string]bool{}
	var blocks []string
	for _, layer := range t.layers() {
		names, err := walk(layer, "templates", "partials")
		if err != nil {
			return err
		}
		for _, name := range names {
			if seen[name] {
				continue
			}
			seen[name] = true
			switch {
			case strings.HasSuffix(name, ".block.html"), strings.HasPrefix(name, "partials/"):
				blocks = append(blocks, name)
			case !strings.HasSuffix(name, ".html"):
			case strings.HasPrefix(name, "templates/pages/"):
				t.pages = append(t.pages, strings.TrimSuffix(strings.TrimPrefix(name, "templates/pages/"), ".html"))
			case strings.HasPrefix(name, "templates/parts/"):
				t.parts = append(t.parts, name)
			case name != layoutFile:
				return fmt.Errorf("%s: there is no such template to override; pages are in templates/pages, parts in templates/parts, single blocks in templates/NAME.block.html", name)
			}
		}
	}
	sort.Strings(t.pages)
	if len(blocks) == 0 {
		return nil
	}
	return t.readBlocks(blocks)
}

// Pages are the names of the pages that have a template.
func (t *Theme) Pages() []string { return slices.Clone(t.pages) }

func walk(files fs.FS, roots ...string) ([]string, error) {
	var names []string
	for _, root := range roots {
		if !exists(files, root) {
			continue
		}
		err := fs.WalkDir(files, root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if !entry.IsDir() {
				names = append(names, name)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	sort.Strings(names)
	return names, nil
}

// fingerprint names a content in addresses that may be kept for ever.
func fingerprint(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:6])
}
