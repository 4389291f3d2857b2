package embed

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/i18n"
	"grenier/internal/web"
)

// siteKey names the settings of the site, its name among them.
var siteKey = web.Object(catalog.KindSite, catalog.SiteID)

// styles are the style sheets, their indentation left out.
type styles struct {
	// legacy is that of the cards of the first generation, card that of the
	// others, page that of framed pages besides.
	legacy, card, page template.CSS
}

func readStyles() (styles, error) {
	var s styles
	for name, sheet := range map[string]*template.CSS{"legacy": &s.legacy, "card": &s.card, "page": &s.page} {
		content, err := files.ReadFile("styles/" + name + ".css")
		if err != nil {
			return s, fmt.Errorf("the styles of embeds: %w", err)
		}
		*sheet = template.CSS(compact(string(content)))
	}
	return s, nil
}

// added is the style sheet of the site's theme, written so that it stays within
// its element.
func (e *Embed) added() template.CSS {
	if e.Style == nil {
		return ""
	}
	return template.CSS(strings.ReplaceAll(strings.TrimSpace(e.Style()), "</", `<\/`))
}

// cardStyle is the style sheet of cards of today: the theme's own comes last.
func (e *Embed) cardStyle() template.CSS { return e.styles.card + e.added() }

// legacyStyle is that of the cards of the first generation, all of it in the
// layer that pages win over.
func (e *Embed) legacyStyle() template.CSS {
	if added := e.added(); added != "" {
		return e.styles.legacy + "@layer udata{" + added + "}"
	}
	return e.styles.legacy
}

// compact takes indentation, line ends and the blanks around signs out of a
// style sheet.
func compact(sheet string) string {
	var b strings.Builder
	for line := range strings.Lines(sheet) {
		b.WriteString(strings.TrimSpace(line))
	}
	return blanks.Replace(b.String())
}

var blanks = strings.NewReplacer(" {", "{", "{ ", "{", "; ", ";", " }", "}", ": ", ":", ", ", ",", ";}", "}", "; }", "}")

// drawn is what the templates of cards draw.
type drawn struct {
	*card
	Style template.CSS
	say   *i18n.Printer
	// Level is that of the heading: 1 where the card is the whole of a page, 2
	// in a list of them, 0 in pages of others.
	Level int
}

// T writes a message in the language of the card.
func (d drawn) T(id string, args ...any) string { return d.say.T(id, args...) }

// The forms of cards: those of the first generation, and those of today.
const (
	legacyForm = "legacy"
	cardForm   = "card"
)

// drawBare draws a card without its styles, for scripts that bring them.
func (e *Embed) drawBare(say *i18n.Printer, made *card) (string, error) {
	var b bytes.Buffer
	err := e.templates.ExecuteTemplate(&b, cardForm, drawn{card: made, say: say})
	return b.String(), err
}

// draw draws a card in one of its forms, its styles with it.
func (e *Embed) draw(form string, say *i18n.Printer, made *card) (string, error) {
	d := drawn{card: made, Style: e.cardStyle(), say: say}
	if form == legacyForm {
		d.Style = e.legacyStyle()
	}
	var b bytes.Buffer
	if err := e.templates.ExecuteTemplate(&b, form+"-whole", d); err != nil {
		return "", err
	}
	return b.String(), nil
}
