package portal

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"grenier/internal/i18n"
)

// complete are the languages that people write first: the others follow them.
var complete = []string{"fr", "en"}

// integerCategories are the plural categories that integers have by CLDR.
var integerCategories = map[string][]string{
	"fr": {"many", "one", "other"}, "es": {"many", "one", "other"}, "pt": {"many", "one", "other"}, "it": {"many", "one", "other"},
	"en": {"one", "other"}, "de": {"one", "other"},
}

// answered are messages that are named after what other programs answer, and
// after kinds of work, which register themselves elsewhere (a test of theirs
// holds that each has its words): their identifiers are put together.
var answered = []string{"error.", "admin-job.kind-", "admin-job.text-"}

// wording is a message as its file gives it: forms by plural category, the
// single one of a message without plurals under "".
type wording struct {
	file  string
	forms map[string]string
}

// wordings reads the messages of the program's languages.
func wordings(t *testing.T) map[string]map[string]wording {
	t.Helper()
	all := map[string]map[string]wording{}
	for _, lang := range i18n.Languages {
		all[lang] = map[string]wording{}
		names, err := fs.Glob(files, "texts/"+lang+"/*.json")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			content, err := files.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var read map[string]json.RawMessage
			if err := json.Unmarshal(content, &read); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for id, raw := range read {
				w := wording{file: name, forms: map[string]string{}}
				var single string
				if json.Unmarshal(raw, &single) == nil {
					w.forms[""] = single
				} else if err := json.Unmarshal(raw, &w.forms); err != nil {
					t.Fatalf("%s: %s: %v", name, id, err)
				}
				all[lang][id] = w
			}
		}
	}
	return all
}

// mention is a place that names a message, or several when a part of the
// identifier is only known when the program runs.
type mention struct {
	where, text string
	// pattern is nil for a whole identifier. Its groups are the unknown parts.
	pattern *regexp.Regexp
}

// mentions collects those of one source after another.
type mentions struct {
	t *testing.T
	// begins tells whether a text begins like the identifier of a message.
	begins *regexp.Regexp
	found  []mention
	// words are the texts in the program that the unknown parts may stand for.
	words map[string]bool
}

func newMentions(t *testing.T, texts map[string]wording) *mentions {
	areas := map[string]bool{}
	for id := range texts {
		area, _, _ := strings.Cut(id, ".")
		areas[regexp.QuoteMeta(area)] = true
	}
	m := &mentions{t: t, begins: regexp.MustCompile(`^(?:` + strings.Join(slices.Sorted(maps.Keys(areas)), "|") + `)\.[a-z0-9_-]*$`), words: map[string]bool{}}
	m.ofTemplates()
	m.ofProgram()
	m.ofMenus()
	m.ofScripts()
	return m
}

// bareWord brings the values that the program gets identifiers from into the
// form that they have there: views.csv, -views and too_big become views and too-big.
func bareWord(word string) string {
	return strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(word, "-"), ".csv"), "_", "-")
}

// add notes a mention made of texts; an empty one stands for an unknown part.
func (m *mentions) add(where string, parts ...string) {
	if len(parts) == 1 {
		m.found = append(m.found, mention{where: where, text: parts[0]})
		return
	}
	var text, pattern strings.Builder
	for _, part := range parts {
		if part == "" {
			text.WriteString("…")
			pattern.WriteString("(.+)")
			continue
		}
		text.WriteString(part)
		pattern.WriteString(regexp.QuoteMeta(part))
	}
	m.found = append(m.found, mention{where, text.String(), regexp.MustCompile("^" + pattern.String() + "$")})
}

var (
	action      = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	quotedText  = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
	printed     = regexp.MustCompile(`\bprint ((?:"[^"]*"|[.$][\w.]*|[ ])+)`)
	printedPart = regexp.MustCompile(`"([^"]*)"|[.$][\w.]*`)
	called      = regexp.MustCompile(`\bt "([^"]*)"`)
)

// ofTemplates finds t "id", t (print "id-" .Kind) and identifiers handed on.
func (m *mentions) ofTemplates() {
	err := fs.WalkDir(files, "templates", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".html") {
			return err
		}
		content, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		for _, code := range action.FindAllString(string(content), -1) {
			code = printed.ReplaceAllStringFunc(code, func(call string) string {
				var parts []string
				for _, part := range printedPart.FindAllStringSubmatch(call, -1) {
					parts = append(parts, part[1])
				}
				if len(parts) > 1 && m.begins.MatchString(parts[0]) {
					m.add(name, parts...)
					return ""
				}
				return call
			})
			for _, call := range called.FindAllStringSubmatch(code, -1) {
				m.add(name, call[1])
			}
			for _, text := range quotedText.FindAllStringSubmatch(code, -1) {
				m.words[bareWord(text[1])] = true
				if m.begins.MatchString(text[1]) {
					m.add(name, text[1])
				}
			}
		}
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
}

// ofProgram finds the texts in the code that are identifiers, or begin like one.
func (m *mentions) ofProgram() {
	names, err := filepath.Glob("*.go")
	if err != nil {
		m.t.Fatal(err)
	}
	// The reasons for which a remote file cannot be shown name messages too, as
	// do the states of what people keep.
	for _, others := range []string{"../fetch/*.go", "../tabular/*.go", "../catalog/kept.go"} {
		more, err := filepath.Glob(others)
		if err != nil || len(more) == 0 {
			m.t.Fatal(others, more, err)
		}
		names = append(names, more...)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		places := token.NewFileSet()
		parsed, err := parser.ParseFile(places, name, nil, parser.SkipObjectResolution)
		if err != nil {
			m.t.Fatal(err)
		}
		m.ofCode(places, parsed)
	}
}

func (m *mentions) ofCode(places *token.FileSet, root ast.Node) {
	ast.Inspect(root, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.CallExpr:
			// What T is called with is an identifier, however it looks.
			if callee, ok := n.Fun.(*ast.SelectorExpr); ok && callee.Sel.Name == "T" && len(n.Args) > 0 {
				terms := termsOf(n.Args[0])
				if text, ok := constant(terms[0]); ok && len(terms) == 1 && !m.begins.MatchString(text) {
					m.add(places.Position(n.Pos()).String(), text)
				}
				// T(area + ".deleted")
				if text, ok := constant(terms[min(1, len(terms)-1)]); ok && len(terms) == 2 && strings.HasPrefix(text, ".") {
					m.add(places.Position(n.Pos()).String(), "", text)
				}
			}
		case *ast.BasicLit:
			if text, ok := constant(n); ok {
				m.words[bareWord(text)] = true
				if m.begins.MatchString(text) && !strings.HasSuffix(text, ".") {
					m.add(places.Position(n.Pos()).String(), text)
				}
			}
		case *ast.BinaryExpr:
			return m.ofSum(places, n)
		}
		return true
	})
}

// ofSum looks at "id-" + one.name + "-text"; it tells whether the parts remain
// to be looked at one by one.
func (m *mentions) ofSum(places *token.FileSet, sum *ast.BinaryExpr) bool {
	terms := termsOf(sum)
	first, ok := constant(terms[0])
	if sum.Op != token.ADD || !ok || !m.begins.MatchString(first) {
		return true
	}
	parts := make([]string, len(terms))
	for i, term := range terms {
		if text, ok := constant(term); ok {
			parts[i] = text
		} else {
			m.ofCode(places, term)
		}
	}
	m.add(places.Position(sum.Pos()).String(), parts...)
	return false
}

func termsOf(e ast.Expr) []ast.Expr {
	if sum, ok := e.(*ast.BinaryExpr); ok && sum.Op == token.ADD {
		return append(termsOf(sum.X), termsOf(sum.Y)...)
	}
	return []ast.Expr{e}
}

func constant(e ast.Expr) (string, bool) {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(literal.Value)
	return text, err == nil
}

// ofMenus finds the texts of the menus and the kinds of blocks of the home page.
func (m *mentions) ofMenus() {
	for _, name := range []string{"menus.yaml", "home.yaml"} {
		content, err := files.ReadFile(name)
		if err != nil {
			m.t.Fatal(err)
		}
		var root yaml.Node
		if err := yaml.Unmarshal(content, &root); err != nil {
			m.t.Fatal(err)
		}
		m.ofYAML(name, &root)
	}
}

func (m *mentions) ofYAML(file string, node *yaml.Node) {
	if node.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(node.Content); i += 2 {
			name, value := node.Content[i].Value, node.Content[i+1]
			if value.Kind == yaml.ScalarNode && name == "text" {
				m.add(fmt.Sprintf("%s:%d", file, value.Line), value.Value)
			}
			m.words[bareWord(value.Value)] = true
		}
	}
	for _, child := range node.Content {
		m.ofYAML(file, child)
	}
}

var (
	textNames = regexp.MustCompile(`(?s)export type TextName =(.*?);`)
	toolNames = regexp.MustCompile(`(?s)export type ToolName =(.*?);`)
	textName  = regexp.MustCompile(`"([^"]+)"`)
)

// ofScripts finds the names that scripts know their messages by.
func (m *mentions) ofScripts() {
	const name = "../../ui/src/texts.ts"
	source, err := os.ReadFile(name)
	if err != nil {
		m.t.Fatal(err)
	}
	for prefix, names := range map[string]*regexp.Regexp{"script.": textNames, "tool.": toolNames} {
		union := names.FindSubmatch(source)
		if union == nil {
			m.t.Fatalf("%s has no type that %s is", name, names)
		}
		for _, one := range textName.FindAllSubmatch(union[1], -1) {
			m.add(name, prefix+string(one[1]))
		}
	}
}

// names tells whether a mention means a message.
func (m *mentions) names(one mention, id string) bool {
	if one.pattern == nil {
		return one.text == id
	}
	for _, prefix := range answered {
		if strings.HasPrefix(one.text, prefix) && strings.HasPrefix(id, prefix) {
			return true
		}
	}
	parts := one.pattern.FindStringSubmatch(id)
	for _, part := range parts[min(1, len(parts)):] {
		if !m.words[bareWord(part)] {
			return false
		}
	}
	return parts != nil
}

// tell fails the test with everything that is wrong, at once.
func tell(t *testing.T, what string, wrong []string) {
	t.Helper()
	if len(wrong) > 0 {
		slices.Sort(wrong)
		wrong = slices.Compact(wrong)
		t.Errorf("%d %s:\n%s", len(wrong), what, strings.Join(wrong, "\n"))
	}
}

func TestEveryMessageNamedIsThere(t *testing.T) {
	all := wordings(t)
	sources := newMentions(t, all["fr"])
	if len(sources.found) < 500 {
		t.Fatalf("only %d places name a message: the sources are not read", len(sources.found))
	}
	for _, lang := range complete {
		var missing []string
		for _, one := range sources.found {
			known := func(id string) bool { return sources.names(one, id) }
			if _, there := all[lang][one.text]; !there && !slices.ContainsFunc(slices.Collect(maps.Keys(all[lang])), known) {
				missing = append(missing, one.text+"  named by "+one.where)
			}
		}
		tell(t, "messages that "+lang+" lacks", missing)
	}
}

func TestEveryMessageIsNamed(t *testing.T) {
	all := wordings(t)
	sources := newMentions(t, all["fr"])
	for _, lang := range complete {
		var idle []string
		for id, text := range all[lang] {
			if !slices.ContainsFunc(sources.found, func(one mention) bool { return sources.names(one, id) }) {
				idle = append(idle, text.file+": "+id)
			}
		}
		tell(t, "messages of "+lang+" that nothing shows", idle)
	}
}

func TestLanguagesSayTheSame(t *testing.T) {
	all := wordings(t)
	everything := map[string]bool{}
	for _, texts := range all {
		for id := range texts {
			everything[id] = true
		}
	}
	for _, lang := range i18n.Languages {
		var wrong []string
		for id := range everything {
			text, there := all[lang][id]
			if !there {
				wrong = append(wrong, id+": missing")
				continue
			}
			if want := filepath.Join("texts", lang, strings.Split(id, ".")[0]+".json"); text.file != want {
				wrong = append(wrong, id+": is in "+text.file+", not in "+want)
			}
			wrong = append(wrong, compareForms(id, lang, text, all["fr"][id])...)
		}
		tell(t, "faults in "+lang, wrong)
	}
}

var braces = regexp.MustCompile(`\{([a-z0-9_]+)\}`)

// argumentsOf are the names in braces of a text, sorted.
func argumentsOf(text string) []string {
	names := map[string]bool{}
	for _, found := range braces.FindAllStringSubmatch(text, -1) {
		names[found[1]] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// compareForms compares a message with the French one: plural or not, the
// plural categories of its language, the same arguments. The form for one may
// say the number in words.
func compareForms(id, lang string, text, french wording) (wrong []string) {
	if french.forms == nil {
		return nil // told as missing
	}
	_, single := text.forms[""]
	if _, frenchSingle := french.forms[""]; single != frenchSingle {
		return []string{id + ": has plurals in French or in this language, not in both"}
	}
	wanted := argumentsOf(french.forms["other"] + french.forms[""])
	if got := slices.Sorted(maps.Keys(text.forms)); !single && !slices.Equal(got, integerCategories[lang]) {
		wrong = append(wrong, fmt.Sprintf("%s: has the plural forms %v, not %v", id, got, integerCategories[lang]))
	}
	for category, form := range text.forms {
		got := argumentsOf(form)
		if category == "one" && !slices.Contains(got, "count") && slices.Contains(wanted, "count") {
			got = append(got, "count")
			slices.Sort(got)
		}
		if !slices.Equal(got, wanted) {
			wrong = append(wrong, fmt.Sprintf("%s: %s has the arguments %v, not %v", id, category, got, wanted))
		}
	}
	return wrong
}

// typography are what texts must not hold, by language; "" is for all.
var typography = map[string]map[string]*regexp.Regexp{
	"": {
		"empty":                  regexp.MustCompile(`^\s*$`),
		"space at an end":        regexp.MustCompile(`^[\s\x{a0}\x{202f}]|[\s\x{a0}\x{202f}]$`),
		"two spaces":             regexp.MustCompile(`[ \x{a0}\x{202f}]{2}`),
		"straight apostrophe":    regexp.MustCompile(`'`),
		"straight quotation":     regexp.MustCompile(`"`),
		"three dots, not “…”":    regexp.MustCompile(`\.\.\.`),
		"space before , or .":    regexp.MustCompile(`[ \x{a0}\x{202f}](?:,|\.(?:$|\s))`),
		"something to be done":   regexp.MustCompile(`TODO|FIXME|XXX`),
		"decomposed or odd sign": regexp.MustCompile(`[\x{300}-\x{36f}\x{fffd}\x{200b}]`),
	},
	"fr": {
		"no narrow or unbreakable space before ; : ! ? »": regexp.MustCompile(`[^\x{a0}\x{202f}][;!?»]|[^\x{a0}\x{202f}]:(?:$|[^/])`),
		"no narrow or unbreakable space after «":          regexp.MustCompile(`«(?:$|[^\x{a0}\x{202f}])`),
		"English quotation":                               regexp.MustCompile(`[“”]`),
	},
	"en": {"space before ; : ! ?": regexp.MustCompile(`[ \x{a0}\x{202f}][;:!?]`)},
	"es": {"space before ; : ! ?": regexp.MustCompile(`[ \x{a0}\x{202f}][;:!?]`), "question that is not opened": regexp.MustCompile(`^[^¿]*\?`)},
	"pt": {"space before ; : ! ?": regexp.MustCompile(`[ \x{a0}\x{202f}][;:!?]`)},
	"de": {
		"space before ; : ! ?":          regexp.MustCompile(`[ \x{a0}\x{202f}][;:!?]`),
		"no unbreakable space before …": regexp.MustCompile(`[^\x{a0}]…`),
		"quotation of another language": regexp.MustCompile(`[”«»]`),
	},
	"it": {"space before ; : ! ?": regexp.MustCompile(`[ \x{a0}\x{202f}][;:!?]`)},
}

func TestTextsAreWellSet(t *testing.T) {
	for lang, texts := range wordings(t) {
		var wrong []string
		for id, text := range texts {
			for _, form := range text.forms {
				for _, rules := range []map[string]*regexp.Regexp{typography[""], typography[lang]} {
					for fault, pattern := range rules {
						if pattern.MatchString(form) {
							wrong = append(wrong, fmt.Sprintf("%s: %s: %q", id, fault, form))
						}
					}
				}
			}
		}
		tell(t, "texts of "+lang+" to set better", wrong)
	}
}
