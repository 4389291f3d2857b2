package mail

import (
	"embed"
	"html/template"
	"strings"

	"grenier/internal/db"
)

// maxQuote bounds what is quoted of others, maxArgument what fills a blank, in
// characters.
const (
	maxQuote    = 200
	maxArgument = 300
)

//go:embed letter.html
var layouts embed.FS

// layout is the form of every letter.
var layout = template.Must(template.ParseFS(layouts, "letter.html"))

// sheet is what a letter says, before it is set as text and as a page.
type sheet struct {
	Language, Title, Subject string
	// Home is the address of the site.
	Home       string
	Paragraphs [][]string
	// Label and Link are those of the button, empty without one.
	Label, Link string
	// Help tells what to do when the button does not work.
	Help string
	// Quote is what somebody else wrote, By what is said before it.
	Quote []string
	By    string
	Foot  string
}

// compose writes a letter in the words of its reader.
func (o *Outbox) compose(site Site, l Letter) (*Mail, error) {
	lang := l.Language
	if lang == "" {
		lang = site.Language
	}
	say := o.messages.Printer(lang, site.Language, nil)
	title := oneLine(site.Title)
	args := []any{"site", title, "name", oneLine(l.Name)}
	for _, arg := range l.Args {
		if text, ok := arg.(string); ok {
			arg = cut(oneLine(text), maxArgument) // what others wrote adds no paragraph
		}
		args = append(args, arg)
	}
	key := "mail." + l.Kind
	s := sheet{
		Language: lang, Title: title, Subject: oneLine(say.T(key+".subject", args...)), Home: site.Base,
		Foot: say.T("letter.foot", "site", title, "address", l.To),
	}
	for paragraph := range strings.SplitSeq(strings.TrimSpace(say.T(key+".body", args...)), "\n\n") {
		s.Paragraphs = append(s.Paragraphs, strings.Split(paragraph, "\n"))
	}
	if l.Button != "" {
		s.Link = l.Button
		if strings.HasPrefix(s.Link, "/") {
			s.Link = site.Base + s.Link
		}
		s.Label, s.Help = say.T(key+".button", args...), say.T("letter.button")
	}
	if quote := cut(l.Quote, maxQuote); quote != "" {
		s.By, s.Quote = say.T("letter.quote"), strings.Split(quote, "\n")
	}
	m := &Mail{
		ID: db.NewID(), Kind: l.Kind, Recipient: l.To, Language: lang, Subject: s.Subject, Plain: s.plain(), Link: s.Link, CreatedAt: db.Now(),
	}
	if l.UserID != "" {
		m.UserID = &l.UserID
	}
	var page strings.Builder
	err := layout.Execute(&page, s)
	m.HTML = page.String()
	return m, err
}

// plain sets the letter as text.
func (s sheet) plain() string {
	var parts []string
	for _, lines := range s.Paragraphs {
		parts = append(parts, strings.Join(lines, "\n"))
	}
	if s.Quote != nil {
		parts = append(parts, s.By+"\n> "+strings.Join(s.Quote, "\n> "))
	}
	if s.Link != "" {
		parts = append(parts, s.Label+"\n"+s.Link)
	}
	// The line "-- " begins a signature (RFC 3676, section 4.3).
	return strings.Join(parts, "\n\n") + "\n\n-- \n" + s.Title + "\n" + s.Home + "\n" + s.Foot + "\n"
}

// oneLine keeps a text from adding headers.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// cut shortens a text to so many characters.
func cut(text string, most int) string {
	runes := []rune(strings.TrimSpace(strings.ReplaceAll(text, "\r", "")))
	if len(runes) <= most {
		return string(runes)
	}
	return strings.TrimSpace(string(runes[:most-1])) + "…"
}
