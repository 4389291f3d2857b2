package portal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"grenier/internal/db/dbtest"
)

// neverInForms are the files whose refusals no form of a page shows, and why.
var neverInForms = map[string]string{
	"account/oauth/server.go":    "answers to programs",
	"web/call.go":                "an address that leads nowhere: the error page",
	"web/answer.go":              "headers of answers",
	"web/args.go":                "arguments of the API; pages read theirs leniently",
	"web/body.go":                "JSON bodies: pages post forms",
	"web/cors.go":                "headers of answers",
	"web/errors.go":              "statuses without a form: the error page has words of its own",
	"web/expect.go":              "the header If-Match of the API",
	"web/mask.go":                "the masks of the API",
	"web/members.go":             "JSON bodies: pages post forms",
	"web/metrics.go":             "descriptions of measures",
	"web/openapi.go":             "the description of the API",
	"web/query.go":               "refused before a page is asked: the error page",
	"web/retry.go":               "the header Idempotency-Key of the API",
	"event/retry.go":             "the header Idempotency-Key of the API",
	"account/export.go":          "a text of the file that a person takes away",
	"account/token_find.go":      "commands of the program",
	"catalog/dataset_list.go":    "arguments of lists; pages read theirs leniently",
	"catalog/territory.go":       "references of cards in pages of other sites",
	"account/directory.go":       "a page of administrators alone; others meet the error page",
	"outbox/position.go":         "the change feed, which programs read",
	"outbox/feed.go":             "the change feed, which programs read",
	"fetch/bundle.go":            "a text within an archive",
	"fetch/failure.go":           "said by the pages of files, not by a form",
	"portal/search_form.go":      "the machine form of the search",
	"catalog/harvest_apply.go":   "remarks on records of a harvest, shown as they are",
	"catalog/harvest_contact.go": "remarks on records of a harvest, shown as they are",
	"catalog/harvest_vanish.go":  "remarks on records of a harvest, shown as they are",
	"blob/s3.go":                 "a file that tries whether a shelf can be written",
	"portal/check.go":            "the check of a theme, for its author",
	"check/figures.go":           "arguments of the API",
	"check/probe.go":             "what a host answered, kept as it is for programs",
	"check/run.go":               "what a host answered, kept as it is for programs",
}

// refusalPackages are those whose errors a form may have to say.
var refusalPackages = []string{"account", "account/oauth", "account/sso", "blob", "catalog", "check", "event", "history", "image", "job", "limit", "outbox", "web"}

// harvestRefusals are the files of harvesting whose errors a form may have to say;
// the others remark on records and portals.
var harvestRefusals = []string{
	"harvest/source_write.go", "harvest/source_write_config.go", "harvest/validate.go", "harvest/schedule.go", "harvest/lookup.go", "harvest/job_list.go",
	"harvest/source_list.go",
}

// TestEveryRefusalIsSaid walks the source of the subjects: whatever sentence they
// may refuse with is said in the language of the page.
func TestEveryRefusalIsSaid(t *testing.T) {
	v := frenchVisit(t)
	seen := 0
	for _, dir := range append(slices.Clone(refusalPackages), "harvest", "portal") {
		for _, one := range refusalsIn(t, dir) {
			seen++
			if neverInForms[one.file] != "" || dir == "harvest" && !slices.Contains(harvestRefusals, one.file) {
				continue
			}
			words, known := v.refusalOf(one.text)
			switch {
			case !known:
				t.Errorf("%s:%d: no words for %q: add it to refusalWords or refusalPatterns", one.file, one.line, one.text)
			case strings.HasPrefix(words, "form.") || strings.HasPrefix(words, "admin-"):
				t.Errorf("%s:%d: the message %s is missing", one.file, one.line, words)
			case strings.Contains(words, "{"):
				t.Errorf("%s:%d: %q leaves a value open: %s", one.file, one.line, one.text, words)
			}
		}
	}
	if seen < 400 {
		t.Errorf("only %d refusals were found in the source: the walk is blind", seen)
	}
}

// sourceText is a sentence in the source; what it names is filled in.
type sourceText struct {
	file string
	line int
	text string
}

// refusalsIn finds the sentences of a package, and whatever is handed to fault.
func refusalsIn(t *testing.T, dir string) []sourceText {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(dir), "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of %s: %v", dir, err)
	}
	var found []sourceText
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		w := &refusalWalk{sentences: dir != "portal"}
		ast.Inspect(tree, w.look)
		for pos, text := range w.found {
			at := set.Position(pos)
			found = append(found, sourceText{dir + "/" + filepath.Base(name), at.Line, text})
		}
	}
	return found
}

// refusalWalk gathers the texts of a file by their places.
type refusalWalk struct {
	// sentences takes all sentences, not only those in a call of fault.
	sentences bool
	found     map[token.Pos]string
}

// notRefusals are calls whose texts people never see as refusals.
var notRefusals = regexp.MustCompile(`^(fmt\.Errorf|errors\.New|slog\.\w+|log\.\w+|.*\.(NewRaw|Where|WhereOr|OrderExpr|ColumnExpr|Set|Join|On|Exec|Info|Warn|Error|Debug|Log))$`)

// sentence is the form of what is said to people; queries are none.
var (
	sentence = regexp.MustCompile(`^[A-Z][A-Za-z']*[ .,]`)
	query    = regexp.MustCompile(`^(SELECT|INSERT|UPDATE|DELETE|EXISTS|COALESCE|CAST|WITH|CONFLICT|NO KEY|NOT EXISTS|FROM|WHERE|VALUES)\b`)
)

func (w *refusalWalk) look(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ImportSpec, *ast.StructType:
		return false
	case *ast.CallExpr:
		name := callee(n.Fun)
		if text := textOfFault(name, n.Args); text != nil {
			w.take(text, true)
		}
		if notRefusals.MatchString(name) {
			return false
		}
	case *ast.BinaryExpr:
		if w.sentences && w.take(n, false) {
			return false
		}
	case *ast.BasicLit:
		if w.sentences {
			w.take(n, false)
		}
	}
	return true
}

// take keeps a text; any that is handed to fault, else sentences alone. A format
// is filled.
func (w *refusalWalk) take(e ast.Expr, any bool) bool {
	text, literal := filled(e)
	if !literal || !any && (!sentence.MatchString(text) || query.MatchString(text)) || text == "" {
		return false
	}
	if w.found == nil {
		w.found = map[token.Pos]string{}
	}
	w.found[e.Pos()] = text
	return true
}

// textOfFault is the argument of a call of package fault that people read.
func textOfFault(name string, args []ast.Expr) ast.Expr {
	at, known := map[string]int{"fault.At": 0, "fault.New": 1, "fault.Newf": 1, "fault.Wrap": 2}[name]
	if !known || len(args) <= at {
		return nil
	}
	if code := callee(args[max(0, at-1)]); at > 0 && slices.Contains(pagesOfTheirOwn, code) {
		return nil // posted.again shows no form then
	}
	return args[at]
}

// pagesOfTheirOwn are the codes that a form is not shown again for.
var pagesOfTheirOwn = []string{
	"fault.NotFound", "fault.Gone", "fault.Internal", "fault.Timeout", "fault.Unavailable", "fault.NotImplemented", "fault.BadGateway",
}

func callee(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return callee(e.X) + "." + e.Sel.Name
	case *ast.CallExpr:
		return callee(e.Fun)
	}
	return ""
}

// verb is a place in a format.
var verb = regexp.MustCompile(`%[dsqv]`)

// filled is a text as it may read at run time; literal tells that a part of it
// stands in the source.
func filled(e ast.Expr) (text string, literal bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(e.Value)
		if err != nil {
			return "", false
		}
		return verb.ReplaceAllStringFunc(text, func(v string) string { return map[string]string{"%d": "7", "%s": "x", "%q": `"x"`, "%v": "x"}[v] }), true
	case *ast.BinaryExpr:
		left, a := filled(e.X)
		right, b := filled(e.Y)
		return left + right, e.Op == token.ADD && (a || b)
	case *ast.ParenExpr:
		return filled(e.X)
	case *ast.CallExpr:
		if callee(e.Fun) == "fmt.Sprintf" && len(e.Args) > 0 {
			return filled(e.Args[0])
		}
		if strings.HasPrefix(callee(e.Fun), "strconv.") {
			return "7", false
		}
	}
	return "x", false
}

// TestRefusalsNameWhatWasGiven: values of a text of a subject come into the words.
func TestRefusalsNameWhatWasGiven(t *testing.T) {
	v := frenchVisit(t)
	for text, wanted := range map[string]string{
		`Tag "ab" must be between 3 and 96 characters long.`:                      "«\u00a0ab\u00a0»",
		"Unknown geoid(s): fr:commune:1, xx":                                      "fr:commune:1, xx",
		"This file is larger than 104857600 bytes, the most that is taken here.":  "Mo",
		"At most 1,000 objects can be assigned to one person.":                    "1000",
		`Invalid URL "http://127.0.0.1/": is a local or private URL`:              "http://127.0.0.1/",
		"Unknown reference 'nobody'":                                              "nobody",
		"This was never said by any subject, and no page may show it in English.": v.say.T("form.fault-other"),
	} {
		if words := v.refusal(text); !strings.Contains(words, wanted) {
			t.Errorf("%q is said as %q, without %q", text, words, wanted)
		}
	}
}

// TestNeverInFormsIsTrue: each exception is a file that exists.
func TestNeverInFormsIsTrue(t *testing.T) {
	for name, why := range neverInForms {
		found, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(name)))
		if err != nil || len(found) != 1 || why == "" {
			t.Errorf("%s: %v, %v, %q", name, found, err, why)
		}
	}
}

// frenchVisit is a visit that only speaks.
func frenchVisit(t *testing.T) *visit {
	t.Helper()
	return &visit{lang: "fr", say: newSite(t, dbtest.SQLite(t), nil).portal.look.theme().Printer("fr")}
}
