package portal

import (
	"bytes"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/text"
	"grenier/internal/web"
)

// home is what the first page shows.
type home struct {
	words    map[string]string
	Lang     string
	Others   []string // the languages that the page can be read in besides
	Title    string
	Version  string
	Style    template.CSS
	Counts   []count
	Datasets []datasetCard
	Dumps    []dumpLink
	Empty    bool
}

// T gives the words of the page's language.
func (h home) T(name string) string { return h.words[name] }

// In gives words of another language: how it calls itself.
func (h home) In(lang, name string) string { return texts()[lang][name] }

type count struct {
	Name  string // of the words that say what is counted
	Value string
	One   bool
}

type datasetCard struct {
	Title, Owner, Excerpt, Document string
	Resources, Views                string
	OneResource                     bool
}

type dumpLink struct{ Name, Path string }

// dumps are the files that hold the whole catalogue, by the name of the words
// that say what is in each.
var dumps = []dumpLink{
	{"datasets", "/datasets.csv"}, {"resources", "/resources.csv"}, {"organizations", "/organizations.csv"},
	{"reuses", "/reuses.csv"}, {"dataservices", "/dataservices.csv"}, {"tags", "/tags.csv"},
}

// cards is how many datasets the page shows.
const cards = 6

// excerptLength is how much of a description a card shows, in characters.
const excerptLength = 150

// keptFor bounds how long a page is shown again; a change of the catalogue
// ends it sooner. The counters move by themselves, without one.
const keptFor = 10 * time.Second

// keptPage names a page kept: its bytes depend on nothing else.
type keptPage struct{ title, lang string }

type keptBody struct {
	body  []byte
	asOf  uint64
	until time.Time
}

func (p *Portal) showHome(c *web.Call, _ web.None) error {
	wish := ""
	if wishes := c.Args("lang"); len(wishes) > 0 {
		wish = wishes[0]
	}
	lang := speak(c.Site.Language, wish, c.R.Header.Get("Accept-Language"))
	body, err := p.homeBody(c, lang)
	if err != nil {
		return err
	}
	header := c.W.Header()
	header["Content-Security-Policy"] = p.policy
	header["Content-Language"] = []string{lang}
	header.Add("Vary", "Accept-Language")
	return c.Blob(http.StatusOK, "text/html; charset=utf-8", body)
}

// homeKeys are the kinds whose changes the page shows.
var homeKeys = []web.Key{
	web.Epoch(catalog.KindDataset), web.Epoch(catalog.KindOrganization), web.Epoch(catalog.KindReuse), web.Epoch(catalog.KindDataservice),
}

// homeBody returns the page, the one made before as long as it holds. One
// reader makes it anew, others wait.
func (p *Portal) homeBody(c *web.Call, lang string) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := keptPage{c.Site.Title, lang}
	if k := p.kept[key]; k != nil && time.Now().Before(k.until) && p.Versions.Holds(k.asOf, homeKeys) {
		return k.body, nil
	}
	asOf := p.Versions.Now()
	page, err := p.readHome(c.Context(), c.Site.Title, lang)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := p.home.Execute(&b, page); err != nil {
		return nil, err
	}
	p.kept[key] = &keptBody{body: b.Bytes(), asOf: asOf, until: time.Now().Add(keptFor)}
	return b.Bytes(), nil
}

func (p *Portal) readHome(ctx context.Context, title, lang string) (*home, error) {
	metrics, err := p.Catalog.SiteMetrics(ctx)
	if err != nil {
		return nil, err
	}
	datasets, err := p.popular(ctx)
	if err != nil {
		return nil, err
	}
	page := &home{
		words: texts()[lang], Lang: lang, Title: title, Version: p.Version, Style: p.style, Dumps: dumps, Empty: metrics.Datasets == 0,
	}
	for _, other := range languages {
		if other != lang {
			page.Others = append(page.Others, other)
		}
	}
	for _, c := range []struct {
		name  string
		value int64
	}{
		{"datasets", metrics.Datasets}, {"resources", metrics.Resources}, {"organizations", metrics.Organizations},
		{"reuses", metrics.Reuses}, {"dataservices", metrics.Dataservices},
	} {
		if c.value > 0 || page.Empty {
			page.Counts = append(page.Counts, count{c.name, number(lang, c.value), c.value == 1})
		}
	}
	for i := range datasets {
		page.Datasets = append(page.Datasets, card(&datasets[i], lang))
	}
	return page, nil
}

// popular are the datasets that are seen most.
func (p *Portal) popular(ctx context.Context) ([]catalog.Dataset, error) {
	ids, _, err := p.Catalog.DatasetIDs(ctx, account.Nobody, catalog.DatasetFilter{Sort: "-views"}, catalog.Page{Limit: cards})
	if err != nil {
		return nil, err
	}
	return p.Catalog.DatasetsByIDs(ctx, account.Nobody, ids, catalog.Parts{})
}

func card(d *catalog.Dataset, lang string) datasetCard {
	c := datasetCard{
		Title: d.Title, Document: documentPath("datasets", d.Slug), Resources: number(lang, d.ResourceTotal()),
		OneResource: d.ResourceTotal() == 1, Views: number(lang, d.Views),
	}
	switch {
	case d.Organization != nil:
		c.Owner = d.Organization.Name
	case d.Owner != nil:
		c.Owner = strings.TrimSpace(d.Owner.FirstName + " " + d.Owner.LastName)
	}
	if d.DescriptionShort != nil && *d.DescriptionShort != "" {
		c.Excerpt = excerpt(*d.DescriptionShort)
	} else {
		c.Excerpt = excerpt(d.Description)
	}
	return c
}

// excerpt is the beginning of a description as plain text, cut between words.
func excerpt(description string) string {
	plain := text.Plain(description, 8*excerptLength)
	if utf8.RuneCountInString(plain) <= excerptLength {
		return plain
	}
	short := string([]rune(plain)[:excerptLength])
	if end := strings.LastIndexByte(short, ' '); end > 0 {
		short = short[:end]
	}
	return strings.TrimRight(short, " ,;:.–-") + "…"
}

// documentPath is where the API gives an object.
func documentPath(kind, key string) string {
	return "/api/1/" + kind + "/" + url.PathEscape(key) + "/"
}
