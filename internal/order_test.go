// Package internal holds the rooms of the program; its tests hold the order in which they may import each other.
package internal

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the module's path; rooms are the folders below its internal.
const module = "grenier"

// ground are the rooms that know no subject, in no order among themselves.
var ground = []string{
	"config", "db", "event", "history", "job", "blob", "mail", "i18n", "limit", "fetch", "text", "image", "web", "fault", "progress",
}

// subjects are the rooms that hold the rules, lowest first: each may import
// those before it.
var subjects = []string{
	"rdf", "geo", "account", "catalog", "search", "dcat", "dump", "intake", "community", "outbox", "harvest", "check", "tabular",
	"schema", "audience", "access", "address", "company", "verify",
}

// faces are the rooms that speak HTTP. They import no other face; only the
// program imports them.
var faces = []string{"api", "portal", "embed", "gateway"}

// assets are folders outside internal that rooms which show pages may import.
var assets = []string{"ui"}

// source is one Go file of the module.
type source struct {
	path    string // relative to the module's root, with slashes
	lines   int
	imports []string // packages of this module, without its path
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// sources reads every Go file of the module.
func sources(t *testing.T) []source {
	t.Helper()
	root := ".."
	var all []source
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if file != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		s, err := read(root, file)
		all = append(all, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d files were found below %s", len(all), root)
	}
	return all
}

func read(root, file string) (source, error) {
	rel, err := filepath.Rel(root, file)
	if err != nil {
		return source{}, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return source{}, err
	}
	s := source{path: filepath.ToSlash(rel), lines: bytes.Count(text, []byte("\n"))}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly)
	if err != nil {
		return s, err
	}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return s, err
		}
		if inside, ok := strings.CutPrefix(imported, module+"/"); ok {
			s.imports = append(s.imports, inside)
		}
	}
	return s, nil
}

// room is the room of a package below internal; "" elsewhere.
func room(pkg string) string {
	inside, ok := strings.CutPrefix(pkg, "internal/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(inside, "/")
	return name
}

// mayImport tells why one room must not import another; "" when it may.
func mayImport(from, to string) string {
	switch {
	case from == to || from == "app":
		return ""
	case to == "app":
		return "only the program imports internal/app"
	case slices.Contains(faces, to):
		return "only internal/app imports faces"
	case slices.Contains(ground, to):
		return ""
	case slices.Contains(ground, from):
		return "the ground knows no subject"
	}
	lower, upper := slices.Index(subjects, to), slices.Index(subjects, from)
	switch {
	case slices.Contains(faces, from), lower < upper:
		return ""
	}
	return "a subject imports only those before it"
}

func TestRoomsImportOnlyLowerRooms(t *testing.T) {
	for _, s := range sources(t) {
		from := room(path.Dir(s.path))
		for _, imported := range s.imports {
			to := room(imported)
			switch {
			case from == "" || slices.Contains(assets, imported):
				// Programs at the root (cmd, benchmarks, black-box tests) build on what they need.
			case to == "":
				t.Errorf("%s imports %s: a room imports only rooms and %v", s.path, imported, assets)
			case strings.HasSuffix(imported, "test") && !s.test() && !strings.HasSuffix(path.Dir(s.path), "test"):
				t.Errorf("%s imports %s: only tests do", s.path, imported)
			case s.test():
				// A test may look at its room from above, as its callers do.
			default:
				if why := mayImport(from, to); why != "" {
					t.Errorf("%s imports internal/%s: %s", s.path, to, why)
				}
			}
		}
	}
}

func TestOrderRefusesWhatTheDesignForbids(t *testing.T) {
	for _, c := range []struct {
		from, to string
		allowed  bool
	}{
		{"catalog", "account", true}, {"account", "catalog", false},
		{"search", "catalog", true}, {"catalog", "search", false},
		{"web", "catalog", false}, {"web", "fault", true}, {"api", "web", true},
		{"api", "dump", true}, {"portal", "api", false}, {"dump", "api", false},
		{"app", "api", true}, {"app", "portal", true}, {"api", "app", false},
		{"geo", "rdf", true}, {"rdf", "geo", false},
	} {
		if why := mayImport(c.from, c.to); (why == "") != c.allowed {
			t.Errorf("%s imports %s: allowed is %t, %q", c.from, c.to, !c.allowed, why)
		}
	}
}

func TestEveryRoomIsInTheDesign(t *testing.T) {
	known := slices.Concat(ground, subjects, faces, []string{"app"})
	told := map[string]bool{}
	for _, s := range sources(t) {
		if name := room(path.Dir(s.path)); name != "" && !slices.Contains(known, name) && !told[name] {
			told[name] = true
			t.Errorf("the room internal/%s has no place in the order: give it one in %s", name, "internal/order_test.go")
		}
	}
}

func TestNoPackageIsADrawer(t *testing.T) {
	drawers := []string{"utils", "util", "common", "models", "helpers", "helper", "misc", "shared", "lib", "types"}
	for _, s := range sources(t) {
		for _, folder := range strings.Split(path.Dir(s.path), "/") {
			if slices.Contains(drawers, folder) {
				t.Errorf("%s: a package is named by what it provides, not %q", s.path, folder)
			}
		}
	}
}

// A file near longLines asks to be two; beyond maxLines it is too long.
const (
	longLines = 600
	maxLines  = 800
)

func TestNoFileIsTooLong(t *testing.T) {
	for _, s := range sources(t) {
		switch {
		case s.lines > maxLines:
			t.Errorf("%s has %d lines, more than %d", s.path, s.lines, maxLines)
		case s.lines > longLines:
			t.Logf("%s has %d lines: it asks to be two", s.path, s.lines)
		}
	}
}
