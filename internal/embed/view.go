package embed

import (
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"strconv"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/text"
	"grenier/internal/web"
)

// viewArgs are the wishes about a file that is shown, not only told of.
type viewArgs struct {
	// Tab is data, chart or map; others are as if unsaid.
	Tab string `query:"tab"`
	// Columns are the columns to show, with commas between them; ColumnFilters keep
	// rows: column=value, with commas between them.
	Columns       string `query:"columns"`
	ColumnFilters string `query:"filters"`
}

// view is an element of the library with what is told where scripts do not run.
type view struct {
	*card
	// As is how the element shows a file; Columns and Filters are its attributes.
	As, Columns, Filters string
	tab                  string
}

// viewTabs are how the element calls what addresses ask for.
var viewTabs = map[string]string{"data": "table", "table": "table", "chart": "chart", "map": "map"}

// mostColumns bounds the columns and filters that are handed on, in bytes.
const mostColumns = 1000

// viewOf is the element that shows a chart, or a file as it is asked for; nil where
// a card tells of it.
func viewOf(made *card, asked viewArgs) *view {
	as := viewTabs[asked.Tab]
	if made.Kind != "chart" && (made.Kind != "resource" || as == "") {
		return nil
	}
	v := &view{card: made}
	if made.Kind == "resource" {
		v.As, v.tab = as, asked.Tab
		if len(asked.Columns) <= mostColumns {
			v.Columns = strings.ToValidUTF8(asked.Columns, "")
		}
		if len(asked.ColumnFilters) <= mostColumns {
			v.Filters = strings.ToValidUTF8(asked.ColumnFilters, "")
		}
	}
	return v
}

// hosts are the other sites that the files of the element lie on, for its policy.
func (v *view) hosts() string {
	var b strings.Builder
	known := map[string]bool{}
	for _, file := range v.Files {
		u, err := url.Parse(file.address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || !plainHost(u.Host) {
			continue
		}
		if origin := u.Scheme + "://" + u.Host; !known[origin] {
			known[origin] = true
			b.WriteString(" " + origin)
		}
	}
	return b.String()
}

// plainHost tells whether a host may stand in a policy as it is written.
func plainHost(host string) bool {
	for _, r := range host {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != ':' {
			return false
		}
	}
	return host != ""
}

// address is that of the framed page with the element.
func (v *view) address(site *web.Site, lang, usual string) string {
	args := url.Values{}
	for name, value := range map[string]string{"tab": v.tab, "columns": v.Columns, "filters": v.Filters} {
		if value != "" {
			args.Set(name, value)
		}
	}
	if lang != usual {
		args.Set("lang", lang)
	}
	path := site.Base + "/embeds/" + v.Kind + "s/" + url.PathEscape(v.ID)
	if len(args) == 0 {
		return path
	}
	return path + "?" + args.Encode()
}

// viewHeight is the room that an element takes in pages of others until it tells.
const viewHeight = 480

// framed is the answer of oEmbed for what is shown by an element: a frame.
func (e *Embed) framed(site *web.Site, v *view, lang string, width, height pixels) OEmbed {
	address := v.address(site, e.printer(lang).Lang(), e.Language)
	frame := `<iframe src="` + html.EscapeString(address) + `" title="` + html.EscapeString(v.Title) + `" width="` +
		strconv.Itoa(width.within(cardWidth)) + `" height="` + strconv.Itoa(height.within(viewHeight)) + `" loading="lazy"></iframe>`
	answer := e.rich(site, v.card, frame, width, height)
	answer.Height, answer.MaxHeight = height.within(viewHeight), viewHeight
	return answer
}

// mostDrawn bounds the files of a chart that are told of: the library draws no more.
const mostDrawn = 6

// chart is the card of a chart of columns of files.
func (m *maker) chart(key string) (*card, error) {
	found, err := m.e.Catalog.ResolveChart(m.ctx, key)
	if err != nil {
		return nil, err
	}
	c, err := m.e.Catalog.Chart(m.ctx, account.Nobody, found.ID)
	if err != nil {
		return nil, err
	}
	made := &card{
		Kind: "chart", ID: c.ID, Title: c.Title, Short: cut(c.Title, shortTitle), Share: m.site.Base + "/share/site.png", Kicker: m.say.T("embed.kind-chart"),
		Text: text.Excerpt(c.Description, textLength), Brief: text.Excerpt(c.Description, briefText), keys: []web.Key{web.Object(catalog.KindChart, c.ID)},
	}
	m.by(made, &c.Owned)
	made.Picture = made.pictureOfAuthor(m)
	if made.URL = m.page("/"); made.Author != nil {
		made.URL = made.Author.URL
	}
	if err := m.draws(made, c); err != nil {
		return nil, err
	}
	made.tell("updated", m.updated(c.ModifiedAt.Time))
	return made, nil
}

// draws tells what a chart draws. The address of a chart is that of the first file
// that everybody may read; of others nothing is said.
func (m *maker) draws(made *card, c *catalog.Chart) error {
	var axis catalog.ChartAxis
	var series []catalog.ChartSeries
	if err := errors.Join(json.Unmarshal(c.XAxis, &axis), json.Unmarshal(c.Series, &series)); err != nil {
		return fault.Wrap(err, fault.Internal, "")
	}
	var columns []string
	seen := map[string]bool{}
	for _, one := range series[:min(len(series), mostDrawn)] {
		if one.ColumnY != nil && *one.ColumnY != "" {
			columns = append(columns, *one.ColumnY)
		}
		if seen[one.ResourceID] {
			continue
		}
		seen[one.ResourceID] = true
		if err := m.drawsFile(made, one.ResourceID); err != nil {
			return err
		}
	}
	if axis.ColumnX != "" {
		made.tell("axis", m.say.T("embed.chart-axis", "column", axis.ColumnX))
	}
	if len(columns) > 0 {
		made.tell("series", m.say.T("embed.chart-series", "columns", strings.Join(columns, ", ")))
	}
	if len(made.Files) > 0 {
		made.URL = made.Files[0].URL
	}
	return nil
}

// drawsFile adds a file that a chart draws, unless it is not for everybody.
func (m *maker) drawsFile(made *card, id string) error {
	file, err := m.resource(id)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		made.keys = append(made.keys, web.Epoch(catalog.KindDataset)) // it may come
		return nil
	}
	if err != nil {
		return err
	}
	made.keys = append(made.keys, file.keys...)
	made.Files = append(made.Files, file.Files...)
	return nil
}
