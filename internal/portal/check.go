package portal

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"grenier/internal/portal/theme"
	"grenier/internal/web"
)

// CheckTheme looks a theme pack through as a server would wear it, draws every
// page with it in the languages of the site and in those that the pack brings,
// and tells all that its author should know. The pack passes when no finding is a fault. Of the
// dependencies it reads the version, the languages and the front end.
func CheckTheme(deps Deps, pack string) ([]theme.Finding, error) {
	deps.Theme, deps.Dev = "", false
	p, err := dressed(deps)
	if err != nil {
		return nil, err
	}
	opened, err := theme.OpenPack(pack)
	if err != nil {
		return []theme.Finding{theme.Blame(err)}, nil
	}
	worn, err := theme.Overlay(p.themeOptions(), opened)
	if err != nil {
		return []theme.Finding{theme.Blame(err)}, nil
	}
	var findings []theme.Finding
	spoken := slices.DeleteFunc(worn.Languages(), func(lang string) bool {
		return slices.Contains(p.look.base.Languages(), lang) && !slices.Contains(p.Languages, lang)
	})
	for _, err := range p.tryAll(worn, spoken) {
		findings = append(findings, explain(worn, err))
	}
	findings = append(findings, worn.Findings()...)
	findings = append(findings, p.iconFindings(worn)...)
	return append(findings, p.pathFindings(worn)...), nil
}

// failure is a page that a theme cannot draw.
type failure struct {
	page string
	err  error
}

func (f *failure) Error() string { return strings.Join(strings.Fields(f.err.Error()), " ") }
func (f *failure) Unwrap() error { return f.err }

// tryAll draws every page of a theme in some languages with examples of its
// data, empty and full, and takes every branch once. The errors are told once
// each.
func (p *Portal) tryAll(worn *theme.Theme, languages []string) []error {
	names := worn.Pages()
	known := contents()
	for name := range known {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var failed []error
	told := map[string]bool{}
	for _, name := range names {
		content, ok := known[name]
		if !ok {
			failed = append(failed, theme.UnknownPage(name, slices.Sorted(maps.Keys(known))))
			continue
		}
		err := p.tryPage(worn, languages, name, content)
		if err != nil && !told[err.Error()] {
			told[err.Error()] = true
			failed = append(failed, &failure{name, err})
		}
		if errors.Is(err, theme.ErrTooSlow) {
			break // others would take as long
		}
	}
	return failed
}

// tryPage draws a page until it fails.
func (p *Portal) tryPage(worn *theme.Theme, languages []string, name string, content any) error {
	for _, lang := range languages {
		for _, full := range []bool{false, true} {
			page := examplePage(name, lang, content, full)
			if _, err := worn.Execute(lang, name, &page); err != nil {
				return err
			}
		}
	}
	page := examplePage(name, p.Language, content, true)
	return worn.TryBranches(p.Language, name, &page)
}

// examplePage is a page with examples of its content.
func examplePage(name, lang string, content any, full bool) Page {
	page := theme.Example(reflect.TypeFor[Page](), full).Interface().(Page)
	page.Name, page.Lang, page.Dir = name, lang, direction(lang)
	page.Data = theme.Example(reflect.TypeOf(content), full).Interface()
	return page
}

// askedField is the expression of a template that failed.
var askedField = regexp.MustCompile(`at <([^>]+)>: can't evaluate`)

// noFunction is a function that templates do not have.
var noFunction = regexp.MustCompile(`function "(\w+)" not defined`)

// explain makes a fault out of an error, with what could be meant.
func explain(worn *theme.Theme, err error) theme.Finding {
	finding := theme.Blame(err)
	if field, of, ok := theme.MissingField(err); ok {
		var page string
		var failed *failure
		if errors.As(err, &failed) {
			page = failed.page
		}
		fields := fieldsOf(of, page)
		finding.Text = fmt.Sprintf("there is no field %s here", field)
		if asked := askedField.FindStringSubmatch(err.Error()); asked != nil {
			finding.Text += ", for " + asked[1]
		}
		finding.Text += instead(field, fields)
		if len(fields) > 0 {
			finding.Text += "; there is " + strings.Join(fields, ", ")
		}
	}
	if found := noFunction.FindStringSubmatch(err.Error()); found != nil {
		finding.Text += instead(found[1], worn.FunctionNames())
	}
	return finding
}

// instead proposes the nearest of some names.
func instead(name string, names []string) string {
	if near := theme.Nearest(name, names); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// fieldsOf are the fields of a type of the contract by its name in errors; a
// page's data for a value of any type.
func fieldsOf(name, page string) []string {
	types := contractTypes()
	for _, t := range types {
		if t.String() == name {
			return fieldNames(t)
		}
	}
	if content, ok := contents()[page]; ok {
		return fieldNames(reflect.TypeOf(content))
	}
	return nil
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(t) {
		if field.IsExported() && !field.Anonymous {
			names = append(names, field.Name)
		}
	}
	slices.Sort(names)
	return names
}

// contractTypes are the types that templates see: Page, the data of each page,
// and all they are made of, in the order of the pages' names.
func contractTypes() []reflect.Type {
	var types []reflect.Type
	var visit func(t reflect.Type)
	visit = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			visit(t.Elem())
		case reflect.Struct:
			if slices.Contains(types, t) || !strings.HasPrefix(t.PkgPath(), "grenier/") || t.String() == "db.Time" {
				return
			}
			types = append(types, t)
			for i := range t.NumField() {
				if t.Field(i).IsExported() {
					visit(t.Field(i).Type)
				}
			}
		}
	}
	visit(reflect.TypeFor[Page]())
	all := contents()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		visit(reflect.TypeOf(all[name]))
	}
	return types
}

var symbol = regexp.MustCompile(`<symbol[^>]*\bid="([a-z0-9-]+)"`)

// icons are the names of the icons, none in a program built without the front
// end.
func (f *front) icons() []string {
	var names []string
	for _, found := range symbol.FindAllStringSubmatch(f.text("icons.svg"), -1) {
		names = append(names, found[1])
	}
	return names
}

// CopyBase writes what a theme pack may override into a folder that it makes:
// templates, texts, pages, menus.yaml and home.yaml of the program, and the names
// of its icons.
func CopyBase(folder string, built fs.FS, manifest map[string]string) error {
	f, err := readFront(built, manifest)
	if err != nil {
		return err
	}
	if err := os.CopyFS(folder, files); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "icons.txt"), []byte(strings.Join(f.icons(), "\n")+"\n"), 0o666)
}

// iconFindings looks for icons that the program does not have.
func (p *Portal) iconFindings(worn *theme.Theme) []theme.Finding {
	names := p.front.icons()
	if len(names) == 0 {
		return nil // built without the front end
	}
	var findings []theme.Finding
	for _, use := range worn.Uses("icon") {
		if !slices.Contains(names, use.Text) {
			use.Text, use.Fault = fmt.Sprintf("there is no icon %q%s", use.Text, instead(use.Text, names)), true
			findings = append(findings, use)
		}
	}
	for _, entry := range worn.Entries() {
		if entry.Icon != "" && !slices.Contains(names, entry.Icon) {
			findings = append(findings, theme.Finding{File: entry.File, Fault: true, Text: fmt.Sprintf("%s: there is no icon %q%s", entry.Where, entry.Icon, instead(entry.Icon, names))})
		}
	}
	return findings
}

// pathFindings looks for links that no page answers.
func (p *Portal) pathFindings(worn *theme.Theme) []theme.Finding {
	root := web.NewTable("", web.Info{})
	p.Routes(root)
	var findings []theme.Finding
	tell := func(file string, line int, where, path string) {
		if text := p.wrongPath(worn, root, path); text != "" {
			if where != "" {
				text = where + ": " + text
			}
			findings = append(findings, theme.Finding{File: file, Line: line, Text: text})
		}
	}
	for _, entry := range worn.Entries() {
		if entry.Path != "" {
			tell(entry.File, 0, entry.Where, entry.Path)
		}
	}
	for _, use := range worn.Uses("path") {
		tell(use.File, use.Line, "", use.Text)
	}
	return findings
}

// wrongPath tells what is wrong with a path of the site.
func (p *Portal) wrongPath(worn *theme.Theme, root *web.Table, path string) string {
	plain, _, _ := strings.Cut(path, "?")
	plain, _, _ = strings.Cut(plain, "#")
	if !strings.HasPrefix(plain, "/") {
		return fmt.Sprintf("the path %q does not begin with /; another site is a url", path)
	}
	if lang, _, _ := strings.Cut(plain[1:], "/"); slices.Contains(worn.Languages(), lang) {
		return fmt.Sprintf("the path %q names a language; leave it out, pages add their own", path)
	}
	if name, ok := strings.CutPrefix(plain, "/pages/"); ok {
		if _, found := worn.Text(p.Language, name); !found {
			if _, found := worn.Text("en", name); !found {
				return fmt.Sprintf("there is no page %s; write it as pages/%s/%s.md", plain, p.Language, name)
			}
		}
		return ""
	}
	if served(plain) {
		return ""
	}
	for _, route := range root.Routes() {
		if route.Method == "GET" && answers(route.Path, plain) {
			return ""
		}
	}
	return fmt.Sprintf("no page answers %q", path)
}

// answers tells whether a route answers a path.
func answers(route, path string) bool {
	pattern, pieces := strings.Split(strings.Trim(route, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	for i, part := range pattern {
		switch {
		case part == "*":
			return len(pieces) > i && pieces[i] != ""
		case i >= len(pieces):
			return false
		case strings.HasPrefix(part, "{") && pieces[i] != "":
		case part != pieces[i]:
			return false
		}
	}
	return len(pieces) == len(pattern)
}
