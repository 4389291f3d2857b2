package portal

import (
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"grenier/internal/fault"
	"grenier/internal/portal/theme"
	"grenier/internal/text"
	"grenier/internal/web"
)

// wordContents are the types of Page.Data by the names of the pages here.
var wordContents = map[string]any{"word": word{}}

// word is the content of a page of words.
type word struct {
	// Title is the page's title, in the language of the text.
	Title string
	// Content is the text, rendered.
	Content template.HTML
	// Lang is the language of the text when it is not the page's.
	Lang string
	// Default tells that the text is the program's own: whoever runs the site
	// should write theirs.
	Default bool
}

// wordRoutes declare the pages of words: legal notice, terms, privacy, accessibility.
func (p *Portal) wordRoutes(t *table) { page(t, "/pages/*", p.showWord) }

func (p *Portal) showWord(v *visit, _ web.None) error {
	name := v.Param("*")
	source, lang, ok := p.wordText(v.theme, v.lang, name)
	if !ok {
		return fault.New(fault.NotFound, "There is no such page.")
	}
	title, source := splitTitle(source)
	rendered, _ := text.HTML(v.filled(source), text.Rendering{Heading: 2, Limit: text.MaxLimit, TableLabel: v.say.T("common.table")})
	content := word{Title: plainFilled(v, title), Content: template.HTML(rendered), Default: p.ownWord(v.theme, lang, name)}
	if content.Title == "" {
		content.Title = name
	}
	if lang != v.lang {
		content.Lang = lang
	}
	return v.show(draft{
		name: "word", title: content.Title, description: text.Excerpt(v.filled(source), excerptLength), path: "/pages/" + name,
		crumbs: []Link{{v.say.T("site.home"), v.path("/")}, {Label: content.Title}}, data: content,
	})
}

// wordText finds a page of words in a language, or else in the site's own.
func (p *Portal) wordText(look *theme.Theme, lang, name string) (source, found string, ok bool) {
	for _, lang := range []string{lang, p.Language, "en"} {
		if source, ok := look.Text(lang, name); ok {
			return source, lang, true
		}
	}
	return "", "", false
}

// ownWord tells whether a page of words is the program's own.
func (p *Portal) ownWord(look *theme.Theme, lang, name string) bool {
	worn, _ := look.Text(lang, name)
	own, ok := p.look.base.Text(lang, name)
	return ok && own == worn
}

// splitTitle takes the title off a text: that of the front matter, or the first
// heading.
func splitTitle(source string) (title, rest string) {
	source = strings.TrimPrefix(strings.ReplaceAll(source, "\r\n", "\n"), "\uFEFF")
	if matter, ok := strings.CutPrefix(source, "---\n"); ok {
		if head, body, ok := strings.Cut(matter, "\n---\n"); ok {
			title, source = frontTitle(head), body
		}
	}
	source = strings.TrimLeft(source, "\n")
	if first, body, _ := strings.Cut(source, "\n"); strings.HasPrefix(first, "# ") {
		if title == "" {
			title = strings.TrimSpace(strings.TrimPrefix(first, "# "))
		}
		source = strings.TrimLeft(body, "\n")
	}
	return title, source
}

// frontTitle reads the line of the title in a front matter.
func frontTitle(matter string) string {
	for line := range strings.Lines(matter) {
		if value, ok := strings.CutPrefix(line, "title:"); ok {
			value = strings.TrimSpace(value)
			if unquoted, err := strconv.Unquote(value); err == nil {
				return unquoted
			}
			return strings.Trim(value, "'")
		}
	}
	return ""
}

// filled is a Markdown text with what the site is in the place of {site}, {url}
// and {contact}; {prefix} stands for what paths in the page's language begin
// with.
func (v *visit) filled(source string) string {
	return strings.NewReplacer(
		"{site}", literal(v.siteTitle()),
		"{url}", literal(v.Site.Base),
		"{contact}", v.contactMarkdown(),
		"{prefix}", strings.TrimSuffix(v.path("/"), "/"),
	).Replace(source)
}

// plainFilled is filled for a title.
func plainFilled(v *visit, title string) string {
	return strings.NewReplacer("{site}", v.siteTitle(), "{url}", v.Site.Base).Replace(title)
}

// contactMarkdown is a link to whom to write to, or words that say that nobody
// was named.
func (v *visit) contactMarkdown() string {
	address := contactAddress(v.contact())
	if address == "" {
		return literal(v.say.T("legal.no-contact"))
	}
	label := v.contact()
	if !strings.Contains(label, "@") {
		label = v.say.T("legal.contact-page")
	}
	return "[" + literal(label) + "](" + literal(address) + ")"
}

// contactAddress is the address of a link to whom to write to: a mail address
// or a page of http or https. It is empty for what is neither.
func contactAddress(contact string) string {
	contact = strings.TrimSpace(contact)
	u, err := url.Parse(contact)
	switch {
	case err != nil || contact == "":
		return ""
	case u.Scheme == "https" || u.Scheme == "http" || u.Scheme == "mailto":
		return contact
	case u.Scheme == "" && strings.HasPrefix(contact, "/"):
		return contact
	case strings.Contains(contact, "@") && !strings.ContainsAny(contact, " <>?&"):
		return "mailto:" + contact
	}
	return ""
}

// literal writes a text so that Markdown and HTML read it as it is: whatever is
// no letter and no digit as a character reference.
func literal(words string) string {
	var b strings.Builder
	for _, r := range words {
		if r < 0x80 && r != ' ' && !isWordByte(byte(r)) {
			b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// wordLinks are links to all pages of words that a theme has in a language or
// in the site's own, by name, with their titles.
func (v *visit) wordLinks() []Link {
	names := append(v.theme.Texts(v.lang), v.theme.Texts(v.p.Language)...)
	slices.Sort(names)
	var links []Link
	for _, name := range slices.Compact(names) {
		source, _, ok := v.p.wordText(v.theme, v.lang, name)
		if !ok {
			continue
		}
		title, _ := splitTitle(source)
		if title = plainFilled(v, title); title == "" {
			title = name
		}
		links = append(links, Link{title, v.path("/pages/" + name)})
	}
	return links
}
