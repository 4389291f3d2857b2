package theme

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/template/parse"
)

// Findings looks a pack through without drawing it: colours that are hard to
// read, messages that nobody shows, files that nobody reads, what browsers
// would refuse to load. It is empty without a pack.
func (t *Theme) Findings() []Finding {
	if t.pack == nil {
		return nil
	}
	var findings []Finding
	for _, name := range t.pack.ignored {
		findings = append(findings, Finding{File: name, Text: "nobody reads this" + instead(name, append(slices.Clone(packFiles), packFolders...))})
	}
	findings = append(findings, t.colourFindings()...)
	findings = append(findings, t.messageFindings()...)
	findings = append(findings, t.templateFindings()...)
	findings = append(findings, t.styleFindings()...)
	findings = append(findings, t.menuFindings()...)
	return findings
}

// ownMessages are the identifiers of the program's messages, sorted.
func (t *Theme) ownMessages() []string {
	known := map[string]bool{}
	for _, lang := range t.own.Languages() {
		for _, id := range t.own.Keys(lang) {
			known[id] = true
		}
	}
	return slices.Sorted(maps.Keys(known))
}

// messageFindings compares the messages of the pack with those of the program.
func (t *Theme) messageFindings() []Finding {
	words, err := t.packMessages()
	if err != nil || words == nil {
		return nil
	}
	var findings []Finding
	known, shown := t.ownMessages(), t.constants("t")
	entries, err := t.pack.ReadDir("i18n")
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		names := []string{"i18n/" + entry.Name()}
		lang, isFile := strings.CutSuffix(entry.Name(), ".json")
		if entry.IsDir() {
			names = nil
			inside, _ := t.pack.ReadDir("i18n/" + entry.Name()) // listed above
			for _, file := range inside {
				names = append(names, "i18n/"+lang+"/"+file.Name())
			}
		} else if !isFile {
			findings = append(findings, Finding{File: names[0], Text: "nobody reads this; messages are in files named after a language: i18n/fr.json"})
			continue
		}
		for _, id := range t.Messages.Keys(lang) {
			file, line := t.messageAt(names, id)
			if file == "" {
				continue
			}
			if _, ok := slices.BinarySearch(known, id); ok {
				findings = append(findings, t.argumentFindings(lang, id, file, line)...)
			} else if !shown[id] {
				findings = append(findings, Finding{File: file, Line: line, Text: fmt.Sprintf("nobody shows the message %q%s", id, instead(id, known))})
			}
		}
		if !slices.Contains(t.own.Languages(), lang) && !slices.Contains(t.Messages.Keys(lang), "site.language") {
			findings = append(findings, Finding{File: names[0], Text: `the language has no name; give it one in its own words by the message "site.language"`})
		}
	}
	return findings
}

// messageAt finds where files of the pack give a message.
func (t *Theme) messageAt(files []string, id string) (file string, line int) {
	quoted := regexp.MustCompile(`"` + regexp.QuoteMeta(id) + `"\s*:`)
	for _, file := range files {
		if at := quoted.FindIndex(t.pack.files[file]); at != nil {
			return file, 1 + bytes.Count(t.pack.files[file][:at[0]], []byte("\n"))
		}
	}
	return "", 0
}

// argumentFindings compares what a message of the pack shows in braces with
// what the program's own shows.
func (t *Theme) argumentFindings(lang, id, file string, line int) []Finding {
	known := map[string]bool{}
	everywhere := map[string]int{}
	languages := 0
	for _, own := range t.own.Languages() {
		if !slices.Contains(t.own.Keys(own), id) {
			continue
		}
		languages++
		for _, name := range t.own.Arguments(own, id) {
			known[name] = true
			everywhere[name]++
		}
	}
	given := t.Messages.Arguments(lang, id)
	names := slices.Sorted(maps.Keys(known))
	var findings []Finding
	for _, name := range given {
		if !known[name] {
			text := fmt.Sprintf("the message %q has nothing to put in {%s}", id, name)
			if len(names) > 0 {
				text += "; there is {" + strings.Join(names, "}, {") + "}"
			}
			findings = append(findings, Finding{File: file, Line: line, Text: text})
		}
	}
	for _, name := range names {
		if everywhere[name] == languages && !slices.Contains(given, name) {
			findings = append(findings, Finding{File: file, Line: line, Text: fmt.Sprintf("the message %q does not show {%s}", id, name)})
		}
	}
	return findings
}

// use is a function of templates called with a constant text.
type use struct {
	file, value string
	line        int
}

// uses finds the calls of a function whose first argument is a constant text,
// in the templates of the pack.
func (t *Theme) uses(function string) []use {
	var found []use
	for _, file := range t.ownTemplates() {
		trees, err := t.trees(file)
		if err != nil {
			continue // told when the page is drawn
		}
		for _, name := range slices.Sorted(maps.Keys(trees)) {
			each(trees[name].Root, func(node parse.Node) {
				command, ok := node.(*parse.CommandNode)
				if !ok || len(command.Args) < 2 {
					return
				}
				called, isName := command.Args[0].(*parse.IdentifierNode)
				text, isText := command.Args[1].(*parse.StringNode)
				if isName && isText && called.Ident == function {
					found = append(found, use{file, text.Text, 1 + bytes.Count(t.pack.files[file][:min(int(text.Pos), len(t.pack.files[file]))], []byte("\n"))})
				}
			})
		}
	}
	return found
}

// constants are the constant texts that a function is called with.
func (t *Theme) constants(function string) map[string]bool {
	values := map[string]bool{}
	for _, use := range t.uses(function) {
		values[use.value] = true
	}
	return values
}

// Uses gives the places where templates of the pack call a function with a
// constant text, each with that text.
func (t *Theme) Uses(function string) []Finding {
	if t.pack == nil {
		return nil
	}
	var found []Finding
	for _, use := range t.uses(function) {
		found = append(found, Finding{File: use.file, Line: use.line, Text: use.value})
	}
	return found
}

// ownTemplates are the template files of the pack.
func (t *Theme) ownTemplates() []string {
	var files []string
	for name := range t.pack.files {
		if strings.HasSuffix(name, ".html") && (strings.HasPrefix(name, "templates/") || strings.HasPrefix(name, slots)) {
			files = append(files, name)
		}
	}
	slices.Sort(files)
	return files
}

// refused are what the policy of the pages keeps browsers from doing.
var refused = []struct {
	found *regexp.Regexp
	text  string
}{
	{regexp.MustCompile(`(?i)<script\b[^>]*>\s*[^<\s]`), "browsers do not run scripts within pages here; put it in a file of static/ and load it by <script type=\"module\" src=…>"},
	{regexp.MustCompile(`(?i)<[a-z][^<>]*\son[a-z]+\s*=`), "browsers do not run handlers in attributes here; put a script in static/"},
	{regexp.MustCompile(`(?i)<[a-z][^<>]*\sstyle\s*=`), "browsers leave style attributes out here; give the element a class and put the rule in style.css"},
	{regexp.MustCompile(`(?i)<style\b`), "browsers leave <style> out here; put the rules in style.css"},
	{regexp.MustCompile(`(?i)<(?:img|script|iframe|source|video|audio|embed|object)\b[^<>]*\ssrc\s*=\s*["']?(?:https?:)?//`), "browsers load nothing from other servers here; put the file in static/"},
	{regexp.MustCompile(`(?i)<link\b[^<>]*stylesheet[^<>]*\shref\s*=\s*["']?(?:https?:)?//`), "browsers load nothing from other servers here; put the file in static/"},
}

// templateFindings looks for messages that are not there, and for what
// browsers refuse.
func (t *Theme) templateFindings() []Finding {
	var findings []Finding
	all := map[string]bool{}
	for _, lang := range t.Messages.Languages() {
		for _, id := range t.Messages.Keys(lang) {
			all[id] = true
		}
	}
	names := slices.Sorted(maps.Keys(all))
	for _, use := range t.uses("t") {
		if !all[use.value] {
			findings = append(findings, Finding{File: use.file, Line: use.line, Fault: true, Text: fmt.Sprintf("there is no message %q%s", use.value, instead(use.value, names))})
		}
	}
	for _, file := range t.ownTemplates() {
		content := t.pack.files[file]
		for _, one := range refused {
			for _, at := range one.found.FindAllIndex(content, 20) {
				findings = append(findings, Finding{File: file, Line: 1 + bytes.Count(content[:at[0]], []byte("\n")), Text: one.text})
			}
		}
	}
	return findings
}

var loaded = regexp.MustCompile(`(?i)(?:@import\s+(?:url\(\s*)?|url\(\s*)(?:"([^"]*)"|'([^']*)'|([^"')\s;]+))`)

// styleFindings looks for what style sheets load from elsewhere or in vain.
func (t *Theme) styleFindings() []Finding {
	var findings []Finding
	for _, file := range slices.Sorted(maps.Keys(t.pack.files)) {
		if path.Ext(file) != ".css" {
			continue
		}
		sheet := withoutComments(string(t.pack.files[file]))
		for _, at := range loaded.FindAllStringSubmatchIndex(sheet, 200) {
			address := ""
			for group := 2; group < len(at); group += 2 {
				if at[group] >= 0 {
					address = sheet[at[group]:at[group+1]]
				}
			}
			if text := t.wrongAddress(file, address); text != "" {
				findings = append(findings, Finding{File: file, Line: 1 + strings.Count(sheet[:at[0]], "\n"), Text: text})
			}
		}
	}
	return findings
}

// wrongAddress tells what is wrong with an address in a style sheet.
func (t *Theme) wrongAddress(file, address string) string {
	if strings.HasPrefix(address, "data:") || strings.HasPrefix(address, "#") {
		return ""
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return fmt.Sprintf("%q is not an address", address)
	case u.Host != "" || u.Scheme != "":
		return fmt.Sprintf("browsers load nothing from other servers here (%s); put the file in static/ and name it relative to this one", u.Host)
	case strings.HasPrefix(u.Path, "/"):
		return "" // a file of the site
	}
	target := path.Join(path.Dir(strings.TrimPrefix(file, "static/")), u.Path)
	if _, ok := t.assets[target]; !ok {
		return fmt.Sprintf("there is no file static/%s", target)
	}
	return ""
}

// menuFindings looks for links without words or aim.
func (t *Theme) menuFindings() []Finding {
	var findings []Finding
	known := t.ownMessages()
	for _, entry := range t.Entries() {
		switch {
		case entry.Text == "" && len(entry.Label) == 0:
			findings = append(findings, Finding{File: entry.File, Fault: true, Text: fmt.Sprintf("%s: a link has no words; give it a label by language, or the text of a message", entry.Where)})
		case entry.Text != "" && !slices.Contains(known, entry.Text) && t.Printer(t.o.Language).T(entry.Text) == entry.Text:
			findings = append(findings, Finding{File: entry.File, Fault: true, Text: fmt.Sprintf("%s: there is no message %q%s", entry.Where, entry.Text, instead(entry.Text, known))})
		case !entry.Column && (entry.Path == "") == (entry.URL == ""):
			findings = append(findings, Finding{File: entry.File, Fault: true, Text: fmt.Sprintf("%s: a link has either a path of the site or a url", entry.Where)})
		}
	}
	return findings
}

// Placed is a link of a menu or of the first page, with where the pack says it.
type Placed struct {
	Entry
	File, Where string
	// Column tells that it is the title of a column, which leads nowhere.
	Column bool
}

// Entries are the links that the pack brings.
func (t *Theme) Entries() []Placed {
	var all []Placed
	if t.pack == nil {
		return nil
	}
	add := func(file, where string, entries []Entry) {
		for i, entry := range entries {
			all = append(all, Placed{entry, file, fmt.Sprintf("%s, link %d", where, i+1), false})
		}
	}
	if exists(t.pack, "menus.yaml") {
		add("menus.yaml", "header", t.Menus.Header)
		add("menus.yaml", "legal", t.Menus.Legal)
		add("menus.yaml", "social", t.Menus.Social)
		for i, column := range t.Menus.Footer {
			where := fmt.Sprintf("footer, column %d", i+1)
			all = append(all, Placed{Entry{Text: column.Text, Label: column.Label}, "menus.yaml", where, true})
			add("menus.yaml", where, column.Entries)
		}
	}
	if exists(t.pack, "home.yaml") {
		for i, block := range t.Home {
			add("home.yaml", fmt.Sprintf("block %d", i+1), block.Links)
		}
	}
	return all
}
