package mail

import (
	"html"
	"strings"

	"grenier/internal/db"
)

// maxQuote bounds what is quoted of others, in characters.
const maxQuote = 200

// compose writes a letter in the words of its reader.
func (o *Outbox) compose(site Site, l Letter) (*Mail, error) {
	lang := l.Language
	if lang == "" {
		lang = site.Language
	}
	say := o.messages.Printer(lang, site.Language, nil)
	args := append([]any{"site", site.Title, "name", l.Name}, l.Args...)
	key := "mail." + l.Kind
	m := &Mail{ID: db.NewID(), Kind: l.Kind, Recipient: l.To, Language: lang, Subject: oneLine(say.T(key+".subject", args...)), CreatedAt: db.Now()}
	if l.UserID != "" {
		m.UserID = &l.UserID
	}
	var plain, page strings.Builder
	for paragraph := range strings.SplitSeq(say.T(key+".body", args...), "\n\n") {
		plain.WriteString(paragraph + "\n\n")
		page.WriteString("<p>" + strings.ReplaceAll(html.EscapeString(paragraph), "\n", "<br>") + "</p>\n")
	}
	if quote := cut(l.Quote, maxQuote); quote != "" {
		plain.WriteString("> " + strings.ReplaceAll(quote, "\n", "\n> ") + "\n\n")
		page.WriteString("<blockquote>" + html.EscapeString(quote) + "</blockquote>\n")
	}
	if l.Button != "" {
		address := l.Button
		if strings.HasPrefix(address, "/") {
			address = site.Base + address
		}
		label := say.T(key+".button", args...)
		plain.WriteString(label + ": " + address + "\n\n")
		page.WriteString(`<p><a href="` + html.EscapeString(address) + `">` + html.EscapeString(label) + "</a></p>\n")
	}
	m.Plain, m.HTML = strings.TrimSpace(plain.String())+"\n", page.String()
	return m, nil
}

// oneLine keeps a subject from adding headers.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// cut shortens a text to so many characters.
func cut(text string, most int) string {
	runes := []rune(strings.TrimSpace(text))
	if len(runes) <= most {
		return string(runes)
	}
	return strings.TrimSpace(string(runes[:most-1])) + "…"
}
