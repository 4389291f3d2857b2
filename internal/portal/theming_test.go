package portal

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"grenier/internal/db/dbtest"
	"grenier/internal/i18n"
	"grenier/ui"
)

var updateDocs = flag.Bool("update-theming", false, "write docs/theming-reference.md again")

// fence is a file in a guide: ```yaml theme.yaml.
var fence = regexp.MustCompile("(?ms)^```[a-z]+ ([a-zA-Z0-9/._-]+)\n(.*?)^```$")

// TestThemingGuide makes a pack of all files that the guide shows, and checks it
// as the guide tells to.
func TestThemingGuide(t *testing.T) {
	guide, err := os.ReadFile("../../docs/theming.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, found := range fence.FindAllStringSubmatch(string(guide), -1) {
		shown[found[1]] = found[2]
	}
	if len(shown) < 15 {
		t.Fatalf("the guide shows %d files", len(shown))
	}
	for name, folder := range map[string]string{"folder": pack(t, shown), "zip": zipped(t, shown)} {
		if found := checked(t, folder); len(found) > 0 {
			t.Errorf("the pack of the guide as a %s is told:\n%s", name, lines(found))
		}
	}
	s := newSite(t, dbtest.SQLite(t), func(d *Deps) { d.Theme = pack(t, shown) })
	for path, word := range map[string]string{
		"/": "Valmont en données", "/en": "Valmont in data", "/nl": "Projecten", "/pages/town": "La ville", "/en/pages/town": "The town",
	} {
		if got := s.get(path); !strings.Contains(got.Body.String(), word) {
			t.Errorf("%s, %d, lacks %q", path, got.Code, word)
		}
	}
}

// TestThemingReference holds the page of reference against the program.
func TestThemingReference(t *testing.T) {
	const file = "../../docs/theming-reference.md"
	want := reference(t)
	if *updateDocs {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || string(got) != want {
		t.Errorf("docs/theming-reference.md is not what the program has (%v); write it again: go test ./internal/portal -run TestThemingReference -update-theming", err)
	}
}

// reference is the page of reference for authors of packs.
func reference(t *testing.T) string {
	var b strings.Builder
	b.WriteString("# What theme packs build on\n\nWritten by the program from its own sources; see [Re-dress the portal](theming.md) for how to use it.\n")
	writeTokens(&b)
	writeTemplates(t, &b)
	writeFunctions(t, &b)
	writeMessages(t, &b)
	writeContract(t, &b)
	return b.String()
}

var tokenLine = regexp.MustCompile(`(?m)^  (--gr-[a-z0-9-]+): (.+);$`)

func writeTokens(b *strings.Builder) {
	light, rest, _ := strings.Cut(ui.Tokens(), "@media (prefers-color-scheme: dark)")
	_, chosen, _ := strings.Cut(rest, `:root[data-theme="dark"]`)
	dark := map[string]string{}
	for _, found := range tokenLine.FindAllStringSubmatch(chosen, -1) {
		dark[found[1]] = found[2]
	}
	b.WriteString("\n## Tokens\n\n| token | light | dark |\n|---|---|---|\n")
	for _, found := range tokenLine.FindAllStringSubmatch(light, -1) {
		value := dark[found[1]]
		if value != "" {
			value = "`" + value + "`"
		}
		fmt.Fprintf(b, "| `%s` | `%s` | %s |\n", found[1], found[2], value)
	}
}

func writeTemplates(t *testing.T, b *strings.Builder) {
	look := newSite(t, dbtest.SQLite(t), nil).portal.look.base
	slots, err := look.Slots()
	if err != nil {
		t.Fatal(err)
	}
	b.WriteString("\n## Slots\n\nPlaces for `partials/slots/NAME.html`; the dot is the page.\n\n| slot | in |\n|---|---|\n")
	where := blocksByName(t)
	for _, slot := range slots {
		fmt.Fprintf(b, "| `%s` | `%s` |\n", slot, strings.Join(where["slot-"+slot], "`, `"))
	}
	b.WriteString("\n## Templates\n\nFiles of `templates/` that a pack may override, with the blocks in them that `templates/NAME.block.html` replaces one by one.\n\n| file | blocks |\n|---|---|\n")
	byFile := map[string][]string{}
	for name, files := range where {
		for _, file := range files {
			if byFile[file] == nil {
				byFile[file] = []string{}
			}
			if name != "main" && name != "layout" && !strings.HasPrefix(name, "slot-") {
				byFile[file] = append(byFile[file], "`"+name+"`")
			}
		}
	}
	for _, file := range slices.Sorted(maps.Keys(byFile)) {
		slices.Sort(byFile[file])
		fmt.Fprintf(b, "| `%s` | %s |\n", file, strings.Join(byFile[file], " "))
	}
}

var defines = regexp.MustCompile(`\{\{-? *(?:define|block) "([^"]+)"`)

// blocksByName are the files below templates/ that define each block.
func blocksByName(t *testing.T) map[string][]string {
	found := map[string][]string{}
	err := fs.WalkDir(files, "templates", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".html" {
			return err
		}
		content, err := fs.ReadFile(files, name)
		for _, one := range defines.FindAllStringSubmatch(string(content), -1) {
			if file := strings.TrimPrefix(name, "templates/"); !slices.Contains(found[one[1]], file) {
				found[one[1]] = append(found[one[1]], file)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// calls tell what the functions of templates do.
var calls = map[string]string{
	"t":        "`t \"nav.reuses\"`, `t \"common.files\" \"count\" .Files`: a message; the argument `count` chooses the plural form",
	"number":   "`number .Count`: 12 345 as the language writes it",
	"compact":  "`compact .Views`: 1,2 k",
	"decimal":  "`decimal .Share 2`: 0,25",
	"percent":  "`percent .Score`: a share as 63 %",
	"size":     "`size .Bytes`: 3,2 Mo",
	"date":     "`date .Updated`: 16 janvier 2026",
	"datetime": "`datetime .Updated`: 16 janvier 2026 à 11:30",
	"month":    "`month \"2026-01\"`: janvier 2026",
	"ago":      "`ago .Updated`: il y a 3 jours",
	"path":     "`path \"/datasets/search\"`: a path of the site in the page's language",
	"asset":    "`asset \"img/flags.svg\"`: the address of a file of `static/`, or of the program",
	"icon":     "`icon \"download\"`, `icon \"arrow-right\" \"flip\"`: a picture for the eye alone; classes may follow",
	"host":     "`host .URL`: the server's name in an address",
	"dict":     "`dict \"Text\" .A \"Lang\" .B`: several values for a part",
	"list":     "`list \"a\" \"b\"`: a list",
	"join":     "`join .Names \", \"`: texts in one",
	"add":      "`add $i 1`: a sum",
}

func writeFunctions(t *testing.T, b *strings.Builder) {
	p := newSite(t, dbtest.SQLite(t), nil).portal
	b.WriteString("\n## Functions\n\nBesides [those of Go's templates](https://pkg.go.dev/text/template#hdr-Functions).\n\n| function | |\n|---|---|\n")
	for _, name := range p.look.base.FunctionNames() {
		if calls[name] == "" {
			t.Errorf("the function %s is not told in calls", name)
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", name, calls[name])
	}
}

func writeMessages(t *testing.T, b *strings.Builder) {
	texts, err := fs.Sub(files, "texts")
	if err != nil {
		t.Fatal(err)
	}
	messages, err := i18n.ReadMessages(texts)
	if err != nil {
		t.Fatal(err)
	}
	areas := map[string]int{}
	for _, id := range messages.Keys("en") {
		area, _, _ := strings.Cut(id, ".")
		areas[area]++
	}
	b.WriteString("\n## Messages\n\nThe words of `internal/portal/texts/LANGUAGE/AREA.json`; their names begin with the area.\n\n| area | for instance |\n|---|---|\n")
	for _, area := range slices.Sorted(maps.Keys(areas)) {
		for _, id := range messages.Keys("en") {
			if strings.HasPrefix(id, area+".") && len(messages.Arguments("en", id)) == 0 {
				fmt.Fprintf(b, "| `%s` | `%s`: %s |\n", area, id, cell(messages.Printer("en", "en", nil).T(id)))
				break
			}
		}
	}
}

// cell is a text in a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

// writeContract writes the types that templates see with the comments of their
// sources.
func writeContract(t *testing.T, b *strings.Builder) {
	comments := fieldComments(t)
	b.WriteString("\n## Data\n\nEach page is a `Page`; its `.Data` is the type of the page's name:\n\n| page | `.Data` |\n|---|---|\n")
	all := contents()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		of := reflect.TypeOf(all[name]).Name()
		fmt.Fprintf(b, "| `%s` | [%s](#%s) |\n", name, of, strings.ToLower(of))
	}
	for _, one := range contractTypes() {
		fmt.Fprintf(b, "\n### %s\n", one.Name())
		if said := comments[one.String()]; said != "" {
			fmt.Fprintf(b, "\n%s\n", said)
		}
		b.WriteString("\n| field | type | |\n|---|---|---|\n")
		for i := range one.NumField() {
			field := one.Field(i)
			if field.IsExported() {
				fmt.Fprintf(b, "| `%s` | %s | %s |\n", field.Name, typeName(field.Type), cell(comments[one.String()+"."+field.Name]))
			}
		}
	}
}

// typeName names a type for those who write templates.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem()) + ", or nothing"
	case reflect.Slice:
		return "list of " + typeName(t.Elem())
	case reflect.Map:
		return "map to " + typeName(t.Elem())
	case reflect.Interface:
		return "any"
	case reflect.Bool:
		return "yes or no"
	case reflect.String:
		return cmp.Or(map[string]string{"template.HTML": "HTML", "template.JS": "script", "template.URL": "address"}[t.String()], "text")
	case reflect.Struct:
		switch t.String() {
		case "time.Time", "db.Time":
			return "moment"
		}
		if slices.Contains(contractTypes(), t) {
			return "[" + t.Name() + "](#" + strings.ToLower(t.Name()) + ")"
		}
		return t.String()
	}
	if t.String() == "db.Time" {
		return "moment"
	}
	return "number"
}

// fieldComments reads the comments of types ("portal.home") and of their fields
// ("portal.home.Empty") from the sources of the packages they are in.
func fieldComments(t *testing.T) map[string]string {
	folders := map[string]bool{}
	for _, one := range contractTypes() {
		folders[strings.TrimPrefix(one.PkgPath(), "grenier/internal/")] = true
	}
	comments := map[string]string{}
	for folder := range folders {
		names, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(folder), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if !strings.HasSuffix(name, "_test.go") {
				readComments(t, name, comments)
			}
		}
	}
	return comments
}

func readComments(t *testing.T, name string, comments map[string]string) {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, declaration := range file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range group.Specs {
			one, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			of := file.Name.Name + "." + one.Name.Name
			comments[of] = strings.Join(strings.Fields(cmp.Or(one.Doc.Text(), group.Doc.Text())), " ")
			if body, ok := one.Type.(*ast.StructType); ok {
				for _, field := range body.Fields.List {
					for _, named := range field.Names {
						comments[of+"."+named.Name] = cmp.Or(field.Doc.Text(), field.Comment.Text())
					}
				}
			}
		}
	}
}
