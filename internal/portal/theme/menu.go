package theme

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// About is what theme.yaml says of a pack.
type About struct {
	Name    string `yaml:"name"`
	Version string `yaml:"version"`
	// Extends names the look that the pack stands on: base.
	Extends string `yaml:"extends"`
	// Grenier is the least version of the program that the pack was written for:
	// ">=1.2".
	Grenier string `yaml:"grenier"`
	Licence string `yaml:"licence"`
	// AllowLowContrast accepts colours that are hard to read.
	AllowLowContrast bool `yaml:"allow_low_contrast"`
	// Tagline is shown under the site's title, by language.
	Tagline map[string]string `yaml:"tagline"`
	// Title replaces the site's title, by language.
	Title map[string]string `yaml:"title"`
}

// Menus are the links that all pages show.
type Menus struct {
	Header []Entry  `yaml:"header"`
	Footer []Column `yaml:"footer"`
	Legal  []Entry  `yaml:"legal"`
	Social []Entry  `yaml:"social"`
}

// Column is a column of the footer.
type Column struct {
	Text    string            `yaml:"text"`
	Label   map[string]string `yaml:"label"`
	Entries []Entry           `yaml:"entries"`
}

// Entry is a link of a menu.
type Entry struct {
	// Text is the name of a message; Label the words by language, which win.
	Text  string            `yaml:"text"`
	Label map[string]string `yaml:"label"`
	// Path is a page of the site, without the prefix of a language; URL any
	// other address.
	Path string `yaml:"path"`
	URL  string `yaml:"url"`
	Icon string `yaml:"icon"`
}

// Block is a part of the home page.
type Block struct {
	// Kind is hero, figures, featured, recent, popular, organizations, reuses, topics,
	// posts, links or markdown.
	Kind     string            `yaml:"block"`
	Title    map[string]string `yaml:"title"`
	Subtitle map[string]string `yaml:"subtitle"`
	Content  map[string]string `yaml:"content"`
	Links    []Entry           `yaml:"links"`
	// Count is how many objects are shown.
	Count int `yaml:"count"`
}

// Kinds of home blocks.
var blockKinds = map[string]bool{
	"hero": true, "figures": true, "featured": true, "recent": true, "popular": true, "organizations": true, "reuses": true,
	"topics": true, "posts": true, "links": true, "markdown": true,
}

func (t *Theme) readAbout() error {
	if t.pack == nil {
		return nil
	}
	content, err := t.pack.ReadFile("theme.yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("theme.yaml is missing: a pack says its name there")
	}
	if err != nil {
		return err
	}
	if err := decode("theme.yaml", content, &t.About); err != nil {
		return err
	}
	switch {
	case t.About.Name == "":
		return errors.New("theme.yaml: name is missing")
	case t.About.Extends != "" && t.About.Extends != "base":
		return fmt.Errorf("theme.yaml: extends %q: packs stand on base", t.About.Extends)
	}
	if err := fits(t.About.Grenier, t.o.Version); err != nil {
		return fmt.Errorf("theme.yaml: grenier: %w", err)
	}
	return nil
}

func (t *Theme) readMenus() error {
	content, err := t.open("menus.yaml")
	if err != nil {
		return err
	}
	if err := decode("menus.yaml", content, &t.Menus); err != nil {
		return err
	}
	if t.pack == nil || !exists(t.pack, "menus.yaml") {
		return nil
	}
	return t.fillMenus()
}

// fillMenus takes the menus that a pack leaves out from the program's own.
func (t *Theme) fillMenus() error {
	content, err := fs.ReadFile(t.base, "menus.yaml")
	if err != nil {
		return err
	}
	var own Menus
	if err := decode("menus.yaml", content, &own); err != nil {
		return err
	}
	if t.Menus.Header == nil {
		t.Menus.Header = own.Header
	}
	if t.Menus.Footer == nil {
		t.Menus.Footer = own.Footer
	}
	if t.Menus.Legal == nil {
		t.Menus.Legal = own.Legal
	}
	return nil
}

func (t *Theme) readHome() error {
	content, err := t.open("home.yaml")
	if err != nil {
		return err
	}
	var home struct {
		Blocks []Block `yaml:"blocks"`
	}
	if err := decode("home.yaml", content, &home); err != nil {
		return err
	}
	for i, block := range home.Blocks {
		switch {
		case !blockKinds[block.Kind]:
			kinds := slices.Sorted(maps.Keys(blockKinds))
			return fmt.Errorf("home.yaml: block %d: there is no kind of block %q%s; there is %s", i+1, block.Kind, instead(block.Kind, kinds), strings.Join(kinds, ", "))
		case block.Count < 0 || block.Count > 24:
			return fmt.Errorf("home.yaml: block %d: count must be from 0 to 24", i+1)
		}
	}
	t.Home = home.Blocks
	return nil
}

// decode reads YAML strictly: a name that nobody reads is an error that tells
// its line and the name that was probably meant.
func decode(name string, content []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	err := decoder.Decode(into)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	if found := unknownName.FindStringSubmatch(err.Error()); found != nil {
		names := yamlNames(reflect.TypeOf(into), nil)
		return fmt.Errorf("%s:%s: there is no %s here%s", name, found[1], found[2], instead(found[2], names))
	}
	if found := wrongLine.FindStringSubmatch(err.Error()); found != nil {
		return fmt.Errorf("%s:%s: this is no YAML: %s; look at the indentation, quotes and colons of this line and the one before", name, found[1], found[2])
	}
	return fmt.Errorf("%s: %w", name, err)
}

var (
	unknownName = regexp.MustCompile(`line (\d+): field (\S+) not found in type`)
	wrongLine   = regexp.MustCompile(`^yaml: line (\d+): (.+)`)
)

// yamlNames are the names that a type and those within it read from YAML.
func yamlNames(t reflect.Type, names []string) []string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return yamlNames(t.Elem(), names)
	case reflect.Struct:
		for i := range t.NumField() {
			if tag, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); tag != "" && !slices.Contains(names, tag) {
				names = yamlNames(t.Field(i).Type, append(names, tag))
			}
		}
	}
	return names
}
