package portal

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/dump"
	"grenier/internal/web"
)

// openSearchType is the media type of descriptions of a search.
const openSearchType = "application/opensearchdescription+xml"

// openSearch describes the search of the site as OpenSearch 1.1 does: browsers
// and other programs learn from it to search here.
type openSearch struct {
	XMLName     xml.Name          `xml:"http://a9.com/-/spec/opensearch/1.1/ OpenSearchDescription"`
	ShortName   string            `xml:"ShortName"`
	Description string            `xml:"Description"`
	Contact     string            `xml:"Contact,omitempty"`
	URLs        []openSearchURL   `xml:"Url"`
	LongName    string            `xml:"LongName"`
	Image       openSearchImage   `xml:"Image"`
	Example     openSearchExample `xml:"Query"`
	Attribution string            `xml:"Attribution,omitempty"`
	Right       string            `xml:"SyndicationRight"`
	Adult       bool              `xml:"AdultContent"`
	Languages   []string          `xml:"Language"`
	Output      string            `xml:"OutputEncoding"`
	Input       string            `xml:"InputEncoding"`
}

type openSearchURL struct {
	Type     string `xml:"type,attr"`
	Rel      string `xml:"rel,attr,omitempty"`
	Template string `xml:"template,attr"`
}

type openSearchImage struct {
	Type    string `xml:"type,attr"`
	Address string `xml:",chardata"`
}

type openSearchExample struct {
	Role  string `xml:"role,attr"`
	Words string `xml:"searchTerms,attr"`
}

// The longest names that OpenSearch 1.1 allows, in characters.
const (
	openSearchShort = 16
	openSearchLong  = 48
	openSearchText  = 1024
)

// openSearchPath is where the description of the search is.
const openSearchPath = "/opensearch.xml"

// openSearchRoutes declare the description of the search, and the suggestions in
// the form that browsers ask for.
func (p *Portal) openSearchRoutes(t *table) {
	page(t, openSearchPath, p.describeSearch)
	page(t, "/suggest/opensearch", p.suggestTerms)
}

func (p *Portal) describeSearch(v *visit, _ web.None) error {
	title, base := v.siteTitle(), v.Site.Base
	terms := func(path string) string { return base + v.path(path) + "?q={searchTerms}" }
	text := v.tagline(v.siteSettings())
	if text == "" {
		text = title
	}
	contact := ""
	if address, ok := strings.CutPrefix(contactAddress(v.contact()), "mailto:"); ok {
		contact = address
	}
	description := openSearch{
		ShortName: cutTo(title, openSearchShort), LongName: cutTo(title, openSearchLong), Description: cutTo(text, openSearchText), Contact: contact,
		URLs: []openSearchURL{
			{"text/html", "results", terms("/search")},
			{"application/x-suggestions+json", "suggestions", terms("/suggest/opensearch")},
			{dump.Atom.Type(), "results", terms("/datasets/recent.atom")},
			{dump.RSS.Type(), "results", terms("/datasets/recent.rss")},
			{"application/json", "results", base + "/api/2/datasets/search/?q={searchTerms}"},
			{openSearchType, "self", base + v.path(openSearchPath)},
		},
		Image:   openSearchImage{"image/svg+xml", base + "/favicon.svg"},
		Example: openSearchExample{"example", v.say.T("help.words-example")},
		Right:   "open", Languages: []string{v.lang}, Output: "UTF-8", Input: "UTF-8",
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(description); err != nil {
		return err
	}
	v.Keep(v.now.Add(keptFor), siteKey)
	v.W.Header()["Content-Language"] = []string{v.lang}
	return v.Blob(http.StatusOK, openSearchType+"; charset=utf-8", b.Bytes())
}

// cutTo is a text on one line of at most so many characters.
func cutTo(text string, most int) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= most {
		return string(runes)
	}
	return strings.TrimSpace(string(runes[:most-1])) + "…"
}

type termArgs struct {
	Words []string `query:"q"`
}

// suggestTerms answers the address field of a browser: what was typed, and for
// each suggestion its title, what it is, and its address.
func (p *Portal) suggestTerms(v *visit, args termArgs) error {
	typed := firstArg(args.Words)
	titles, details, addresses := []string{}, []string{}, []string{}
	if words := wordsOf(typed); words != "" {
		found, err := p.suggestAll(v, nil, words)
		if err != nil {
			return err
		}
		for _, one := range found {
			titles, details, addresses = append(titles, one.Title), append(details, one.KindLabel), append(addresses, v.Site.Base+one.URL)
		}
	}
	body, err := json.Marshal([]any{typed, titles, details, addresses})
	if err != nil {
		return err
	}
	v.keepSuggestions()
	return v.Blob(http.StatusOK, "application/x-suggestions+json", body)
}

// keepSuggestions keeps suggestions together with what they were made from: what
// was found, and the counts shown beside it.
func (v *visit) keepSuggestions() {
	v.Keep(v.now.Add(countsHold), append(append(allSearchKeys(), web.Epoch(catalog.KindDataset)), *v.made...)...)
	v.W.Header()["Content-Language"] = []string{v.lang}
}
