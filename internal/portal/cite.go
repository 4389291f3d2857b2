package portal

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"grenier/internal/catalog"
	"grenier/internal/text"
	"grenier/internal/web"
)

// citation is how to name a dataset as a source.
type citation struct {
	Text, BibTeX string
	// BibTeXURL and RISURL are the addresses of these forms.
	BibTeXURL, RISURL string
}

// shareLinks is how to pass a page on, without anybody else's help.
type shareLinks struct {
	// URL is the address to give away, Mail what opens a letter with it.
	URL, Mail string
	// Embed is how other pages show what the page is about; nil where they cannot.
	Embed *embedOffer
}

func (v *visit) shareOf(title, address string) shareLinks {
	escape := func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
	return shareLinks{URL: address, Mail: "mailto:?subject=" + escape(oneLine(title)) + "&body=" + escape(oneLine(title)+"\n\n"+address)}
}

func (v *visit) citation(d *catalog.Dataset) citation {
	s := sourceOf(d, v.siteTitle(), v.Site.Base)
	words := s.title + ". " + s.portal + ". " + s.address
	if s.author != "" {
		words = s.author + " (" + s.year + "). " + words
	}
	return citation{
		Text:      words + ". " + v.say.T("share.read-on", "date", v.say.Date(v.now)),
		BibTeX:    s.bibTeX(),
		BibTeXURL: datasetPath(d, "cite.bib"), RISURL: datasetPath(d, "cite.ris"),
	}
}

// citedSource is what a citation says of a dataset, each on one line.
type citedSource struct {
	id, author, title, portal, address, year, date, summary string
	keywords                                                []string
}

func sourceOf(d *catalog.Dataset, portal, base string) citedSource {
	return citedSource{
		id: d.ID, author: oneLine(d.OwnerName()), title: oneLine(d.Title), portal: oneLine(portal), address: base + datasetPath(d, tabFiles),
		year: strconv.Itoa(d.LastUpdate.UTC().Year()), date: d.LastUpdate.UTC().Format("2006-01-02"),
		summary: oneLine(text.Excerpt(d.Description, 500)), keywords: d.Tags,
	}
}

// oneLine puts a text on one line: what ends a line elsewhere begins no other
// field.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// texEscapes are the letters that TeX gives a meaning.
var texEscapes = strings.NewReplacer(
	`\`, `\textbackslash{}`, `{`, `\{`, `}`, `\}`, `$`, `\$`, `&`, `\&`, `%`, `\%`, `#`, `\#`, `_`, `\_`, `~`, `\textasciitilde{}`, `^`, `\textasciicircum{}`,
)

// bibTeX writes the source as an entry of BibTeX.
func (s citedSource) bibTeX() string {
	var b strings.Builder
	b.WriteString("@misc{" + s.id)
	field := func(name, value string) {
		if value != "" {
			b.WriteString(",\n  " + name + " = {" + value + "}")
		}
	}
	if s.author != "" {
		field("author", "{"+texEscapes.Replace(s.author)+"}")
	}
	field("title", "{"+texEscapes.Replace(s.title)+"}")
	field("year", s.year)
	field("publisher", texEscapes.Replace(s.portal))
	field("url", s.address)
	b.WriteString("\n}\n")
	return b.String()
}

// ris writes the source in the format of Research Information Systems.
func (s citedSource) ris() string {
	var b strings.Builder
	field := func(tag, value string) {
		if value != "" {
			b.WriteString(tag + "  - " + value + "\r\n")
		}
	}
	field("TY", "DATA")
	field("TI", s.title)
	field("AU", s.author)
	field("PB", s.portal)
	field("PY", s.year)
	field("DA", strings.ReplaceAll(s.date, "-", "/"))
	field("AB", s.summary)
	for _, keyword := range s.keywords {
		field("KW", oneLine(keyword))
	}
	field("ID", s.id)
	field("UR", s.address)
	b.WriteString("ER  - \r\n")
	return b.String()
}

func (p *Portal) serveBibTeX(c *web.Call, a datasetArgs) error {
	return p.serveCitation(c, a, "cite.bib", "application/x-bibtex; charset=utf-8", citedSource.bibTeX)
}

func (p *Portal) serveRIS(c *web.Call, a datasetArgs) error {
	return p.serveCitation(c, a, "cite.ris", "application/x-research-info-systems; charset=utf-8", citedSource.ris)
}

func (p *Portal) serveCitation(c *web.Call, a datasetArgs, name, kind string, write func(citedSource) string) error {
	d, done, err := p.datasetOf(c, same, a.Key, "/"+name)
	if done || err != nil {
		return err
	}
	portal := c.Site.Title
	if title := p.look.theme().About.Title[p.Language]; title != "" {
		portal = title
	}
	c.W.Header()["Content-Disposition"] = []string{`attachment; filename="` + d.ID + name[strings.LastIndexByte(name, '.'):] + `"`}
	c.W.Header()["X-Content-Type-Options"] = []string{"nosniff"}
	return c.Blob(http.StatusOK, kind, []byte(write(sourceOf(d, portal, c.Site.Base))))
}
