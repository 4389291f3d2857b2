package api_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/embed"
	pages "grenier/internal/portal"
	"grenier/internal/web"
)

// hostileText breaks out of every place of a page in which a text may stand: elements, attributes, titles, fields, scripts,
// comments, styles, templates. What becomes of it is looked for by its marks, the element zqxtag and the function zqxss.
const hostileText = `Zqx "'><zqxtag onclick=zqxss()></title></textarea></script></style></select></noscript>--><script>zqxss()</script>` +
	"`<img src=x onerror=zqxss()>${zqxss()}{{zqxss}}]]><svg onload=zqxss()>\\\"; zqxss() //"

// hostileMarkdown is the same with what Markdown makes of it.
const hostileMarkdown = hostileText + "\n\n[a](javascript:zqxss()) ![b](javascript:zqxss()) [c](JaVaScRiPt&#58;zqxss()) <javascript:zqxss()> [d](data:text/html,<script>zqxss()</script>)\n\n" +
	"<a href=\"java&#9;script:zqxss()\" onclick=\"zqxss()\" style=\"background:url(javascript:zqxss())\">e</a> <iframe srcdoc=\"<script>zqxss()</script>\"></iframe>\n\n" +
	"[f]: vbscript:zqxss() \"'><zqxtag>\"\n\n[f] <math><mtext><zqxtag></mtext></math> <form action=javascript:zqxss()><button>g</button></form>\n\n```<zqxtag>\n<zqxtag>\n```\n\n| <zqxtag> |\n|---|\n| [h](javascript:zqxss()) |\n"

// hostileURLs are addresses that run something, or leave the attribute in which they stand.
var hostileURLs = []string{
	"javascript:zqxss()", " \x01JaVa\tScRiPt:zqxss()", `https://example.org/"onmouseover="zqxss()"><zqxtag>`,
}

// hostileColumns are the texts that people write, by table: plain ones, Markdown, addresses.
var hostileColumns = map[string][3][]string{
	"users":          {{"first_name", "last_name"}, {"about"}, {"website", "avatar", "avatar_thumbnail"}},
	"organizations":  {{"name", "acronym"}, {"description"}, {"url", "image_url", "logo", "logo_thumbnail"}},
	"datasets":       {{"title", "acronym", "access_type_reason", "schema_name", "schema_version"}, {"description", "description_short"}, {"authorization_request_url", "schema_url"}},
	"resources":      {{"title", "format", "mime", "schema_name", "checksum_value"}, {"description"}, {"url", "harvest_uri", "schema_url"}},
	"reuses":         {{"title"}, {"description"}, {"url", "image", "image_thumbnail"}},
	"dataservices":   {{"title", "acronym", "rate_limiting", "access_type_reason"}, {"description"}, {"base_api_url", "machine_documentation_url", "technical_documentation_url", "business_documentation_url", "rate_limiting_url", "availability_url", "authorization_request_url"}},
	"topics":         {{"name"}, {"description"}, nil},
	"topic_elements": {{"title"}, {"description"}, nil},
	"posts":          {{"name", "credit_to"}, {"headline", "content"}, {"image_url", "image", "image_thumbnail", "credit_url"}},
	"contact_points": {{"name", "email"}, nil, {"contact_form"}},
	"licenses":       {{"title", "maintainer"}, nil, {"url"}},
	"charts":         {{"title"}, {"description"}, {"image", "image_thumbnail"}},
	"members":        {{"label"}, nil, nil},
	"oauth_clients":  {{"name"}, {"description"}, {"image", "image_thumbnail"}},
	"uploads":        {{"filename"}, nil, nil},
	"harvests":       {{"backend", "domain", "remote_id"}, nil, {"remote_url", "source_url", "uri"}},
}

// spoil writes hostile texts into everything that people write.
func (v *vault) spoil(address string) {
	for table, columns := range hostileColumns {
		for kind, text := range []string{hostileText, hostileMarkdown, address} {
			for _, column := range columns[kind] {
				v.exec("UPDATE "+table+" SET "+column+" = ?", text)
			}
		}
	}
	v.exec("UPDATE tags SET tag = ? WHERE tag <> 'velo'", `"'><zqxtag onclick=zqxss()>`)
	v.exec("UPDATE formats SET format = ?", `"'><zqxtag>`)
	v.exec("UPDATE extras SET extras = ?", db.JSON(marshal(v.t, map[string]any{hostileText: hostileText, "u": address})))
	v.exec("UPDATE history SET difference = ?", db.JSON(marshal(v.t, map[string]any{"title": []any{hostileText, hostileMarkdown}, hostileText: []any{address, 1}})))
	text, link := hostileMarkdown, address
	blocs := []catalog.Bloc{
		{ID: "m", Class: "MarkdownBloc", Title: &text, Subtitle: &text, Content: &text},
		{ID: "h", Class: "HeroBloc", Title: &text, Description: &text, Color: &text, MainLinkURL: &link, MainLinkTitle: &text},
		{ID: "l", Class: "LinksListBloc", Title: &text, Paragraph: &text, MainLinkURL: &link, MainLinkTitle: &text, Links: []catalog.BlocLink{{Title: text, Color: &text, URL: &link}}},
		{ID: "a", Class: "AccordionListBloc", Title: &text, Description: &text, Items: []catalog.AccordionItem{{Title: text, Content: []catalog.Bloc{{ID: "c", Class: "LinksListBloc", Title: &text, Links: []catalog.BlocLink{{Title: text, URL: &link}}}}}}},
		{ID: "d", Class: "DatasetsListBloc", Title: &text, Subtitle: &text, Datasets: []string{v.ids["open"]}},
	}
	stored := db.JSON(marshal(v.t, blocs))
	v.exec("UPDATE posts SET blocs = ?", stored)
	v.exec("UPDATE sites SET title = ?, datasets_blocs = ?, reuses_blocs = ?, dataservices_blocs = ?", hostileText, stored, stored, stored)
	v.exec("UPDATE organizations SET presentation_blocs = ?", stored)
	for _, table := range []string{"users", "organizations", "topics", "posts"} {
		v.exec("UPDATE " + table + " SET name_fold = 'zqx'")
	}
}

func marshal(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// linking are the attributes that lead somewhere or load something.
var linking = []string{"href", "src", "action", "formaction", "data", "poster", "xlink:href", "srcset", "cite", "background", "content", "ping", "manifest"}

// runs tells what an attribute would run; "" for nothing.
func runs(a html.Attribute) string {
	key := strings.ToLower(a.Key)
	value := strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, a.Val))
	switch {
	case strings.HasPrefix(key, "on") || strings.Contains(key, "zqx"):
		return "the attribute " + a.Key
	case key == "style" && strings.Contains(value, "zqx"), key == "srcdoc":
		return "the " + key + " " + a.Val
	case slices.Contains(linking, key):
		for _, scheme := range []string{"javascript:", "vbscript:", "data:text", "data:application"} {
			if strings.HasPrefix(value, scheme) || key == "content" && strings.Contains(value, "url="+scheme) {
				return "the " + key + " " + a.Val
			}
		}
	}
	return ""
}

// hostileHTML tells what of a page, or a part of one, would run; "" for nothing.
func hostileHTML(page string) string {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return err.Error()
	}
	for n := range root.Descendants() {
		switch {
		case n.Type == html.CommentNode && strings.Contains(n.Data, "zqx"):
			return "a comment " + n.Data
		case n.Type != html.ElementNode:
			continue
		case strings.Contains(n.Data, "zqx"):
			return "the element " + n.Data
		}
		for _, a := range n.Attr {
			if found := runs(a); found != "" {
				return fmt.Sprintf("%s of <%s>", found, n.Data)
			}
		}
		if n.Data != "script" && n.Data != "style" && n.Data != "template" || n.FirstChild == nil {
			continue
		}
		text := n.FirstChild.Data
		typed := slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "type" && strings.HasSuffix(a.Val, "json") })
		if strings.Contains(text, "<zqx") || strings.Contains(text, "<script") || strings.Contains(text, "<!--") || !typed && strings.Contains(text, "zqx") {
			return fmt.Sprintf("in <%s>: %.200s", n.Data, text)
		}
	}
	return ""
}

// hostileXML tells what of a feed or a map of the site would run: in its elements, and in the pages that its texts are.
func hostileXML(document []byte) string {
	for decoder := xml.NewDecoder(bytes.NewReader(document)); ; {
		token, err := decoder.Token()
		if err == io.EOF {
			return ""
		}
		if err != nil {
			return err.Error()
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if strings.Contains(start.Name.Local, "zqx") {
			return "the element " + start.Name.Local
		}
		rich := false
		for _, a := range start.Attr {
			if found := runs(html.Attribute{Key: a.Name.Local, Val: a.Value}); found != "" {
				return found + " of <" + start.Name.Local + ">"
			}
			rich = rich || a.Name.Local == "type" && a.Value == "html"
		}
		if rich {
			var text string
			if err := decoder.DecodeElement(&text, &start); err != nil {
				return err.Error()
			}
			if found := hostileHTML(text); found != "" {
				return found
			}
		}
	}
}

// judge looks at an answer as a browser would. typed counts the kinds of answers looked at.
func judge(t *testing.T, ask string, header http.Header, body []byte, typed map[string]int) {
	t.Helper()
	media, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	found := ""
	switch {
	case media == "text/html", media == "application/xhtml+xml":
		found = hostileHTML(string(body))
		if !strings.Contains(header.Get("Content-Security-Policy"), "default-src") && !strings.Contains(header.Get("Content-Security-Policy"), "frame-ancestors") {
			found += " without a policy"
		}
	case strings.HasSuffix(media, "xml"):
		found = hostileXML(body)
	case header.Get("X-Content-Type-Options") != "nosniff" && len(body) > 0:
		found = "a body that browsers may take for a page"
	}
	typed[media]++
	if found != "" {
		t.Errorf("%s (%s): %s", ask, media, found)
	}
	for name, values := range header {
		if slices.ContainsFunc(values, func(value string) bool { return strings.ContainsAny(value, "\r\n") }) || strings.Contains(strings.ToLower(name), "zqx") {
			t.Errorf("%s: a header was made by a text: %q", ask, name)
		}
	}
	if to := header.Get("Location"); to != "" {
		if found := runs(html.Attribute{Key: "href", Val: to}); found != "" {
			t.Errorf("%s leads to %s", ask, to)
		}
	}
}

// newHouse serves all pages over the catalogue of a vault, those of the administration too, as somebody sees them who
// is signed in.
func newHouse(v *vault) *pageSite {
	v.t.Helper()
	faces, err := pages.New(pages.Deps{
		Catalog: v.Catalog, Files: v.Files, Organizations: account.NewOrganizations(v.DB, v.Found), People: account.NewPeople(v.DB), Zones: v.Zones,
		Search: v.Found, Versions: v.Versions, Version: "test", Language: "fr", Languages: []string{"fr", "en"}, QualityDescriptionLength: 100,
		Pictures: v.t.TempDir(), Accounts: v.Accounts, Sessions: v.Sessions, Tokens: v.Tokens, Programs: v.OAuth, Jobs: v.Jobs,
	})
	if err != nil {
		v.t.Fatal(err)
	}
	site := &pageSite{Server: v.Server, table: web.NewTable("", web.Info{}), embeds: web.NewTable("/api/1", web.Info{})}
	faces.Routes(site.table)
	cards, err := embed.New(embed.Deps{
		Catalog: v.Catalog, Organizations: account.NewOrganizations(v.DB, v.Found), Zones: v.Zones, Search: v.Found, Language: "fr", Languages: []string{"fr", "en"},
	})
	if err != nil {
		v.t.Fatal(err)
	}
	cards.Routes(site.table, site.embeds)
	site.handler, err = web.NewHandler(web.Options{
		Sites:        web.OneSite(web.Site{Base: apitest.Base, Title: hostileText, Language: "fr", Languages: []string{"fr", "en"}}),
		Authenticate: v.Authenticate, Versions: v.Versions, ErrorPage: faces.ErrorPage, Moved: faces.Moved, Log: slog.New(slog.DiscardHandler),
	}, site.table, site.embeds)
	if err != nil {
		v.t.Fatal(err)
	}
	return site
}

var anyVariable = regexp.MustCompile(`\{[a-z]+\}|\*`)

// inside are addresses of pages behind the login: each variable stands for each of the vault's objects that the part of
// the address before it names, or for all of them.
func (v *vault) inside(template string) []string {
	names := v.objectNames(false)
	all := []string{v.ids["open"], v.ids["open-reuse"], v.ids["open-api"], v.ids["open-topic"], v.ids["open-post"], v.ids["open-chart"], v.town, v.ids["ada"], v.resources[0], "1", "101"}
	names["charts"], names["visualizations"], names["members"] = []string{v.ids["open-chart"]}, []string{v.ids["open-chart"]}, []string{v.ids["ed"]}
	names["users"] = []string{v.ids["ada"], v.eve}
	paths := []string{template}
	for _, variable := range anyVariable.FindAllString(template, -1) {
		var filled []string
		for _, path := range paths {
			before, after, _ := strings.Cut(path, variable)
			parts := strings.Split(strings.Trim(before, "/"), "/")
			values := names[parts[len(parts)-1]]
			switch {
			case variable == "{kind}":
				values = []string{"dataset", "reuse", "dataservice", "topic", "organization", "post", "chart", "datasets", "organizations"}
			case len(values) == 0:
				values = all
			}
			for _, value := range values {
				filled = append(filled, before+value+after)
			}
		}
		paths = filled
	}
	return paths
}

// TestHostileTextsStayTexts writes hostile texts into everything that people write, past the checks of what is written,
// and asks every page, every answer of the API, every feed, as everybody: nothing of them ever runs.
func TestHostileTextsStayTexts(t *testing.T) {
	v := newVault(t, dbtest.SQLite(t))
	v.keeps(&secret{kind: "dataset", owner: "town", id: v.ids["open"], word: "open"})
	v.exec("INSERT INTO contact_points (id, version, name, email, contact_form, role, organization_id, created_at) VALUES (?, 1, 'x', 'x', 'x', 'contact', ?, 1)", v.ids["contact"], v.town)
	v.settle()
	typed, shown := map[string]int{}, 0
	for round, address := range hostileURLs {
		v.spoil(address)
		v.Versions = web.NewVersions()
		site := newHouse(v)
		var asks []string
		for _, template := range site.templates() {
			switch {
			case strings.HasPrefix(template, "/admin"), strings.Contains(template, "/oauth/"), strings.Contains(template, "{token}"):
				asks = append(asks, v.inside(template)...)
			default:
				asks = append(asks, v.objectNames(false).paths(t, template)...)
			}
		}
		if round == 0 {
			asks = append(asks, site.hostileAsks(v)...)
		}
		for _, viewer := range []string{"", "ada", "admin"} {
			if viewer != "admin" && round > 0 {
				continue
			}
			for _, ask := range asks {
				w := site.read(strings.ReplaceAll(ask, " ", "%20"), v.tokens[viewer])
				if w.Code >= 500 && w.Code != http.StatusNotImplemented && w.Code != http.StatusServiceUnavailable {
					t.Errorf("%q %s answered %d: %.200s", viewer, ask, w.Code, w.Body)
				}
				judge(t, ask, w.Header(), w.Body.Bytes(), typed)
				shown += strings.Count(w.Body.String(), "zqxtag")
			}
		}
		variables, arguments := v.publicValues()
		for _, w := range v.ways() {
			for _, ask := range w.asks(t, variables, arguments) {
				if round > 0 && strings.Contains(ask, "?") {
					continue
				}
				answer := v.Get(ask, append(v.as("admin"), "Accept", "text/html,*/*")...)
				judge(t, ask, answer.Header, answer.Body, typed)
			}
		}
	}
	if shown < 500 || typed["text/html"] < 300 || typed["application/atom+xml"] < 4 || typed["application/json"] < 100 {
		t.Errorf("too little was looked at: %d times the text, %v", shown, typed)
	}
}

// hostileAsks are pages asked for with hostile arguments.
func (s *pageSite) hostileAsks(v *vault) []string {
	var all []string
	for _, template := range s.templates() {
		if strings.ContainsAny(template, "{*") {
			continue
		}
		for _, name := range []string{"q", "next", "tag", "sort", "flash", "organization", "license", "page", "lang", "email", "code", "error", "client_id", "state"} {
			all = append(all, template+"?"+url.Values{name: {hostileText}}.Encode())
		}
	}
	return all
}

// TestHostileTextsInLetters writes letters whose every blank is filled with hostile texts.
func TestHostileTextsInLetters(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	_, err := p.Catalog.Site(t.Context(), catalog.SiteDefaults{Title: "Test"})
	if err != nil {
		t.Fatal(err)
	}
	p.exec("UPDATE users SET first_name = ?, last_name = ?", hostileText, hostileText)
	p.exec("UPDATE organizations SET name = ?", hostileText)
	p.exec("UPDATE datasets SET title = ?", hostileText)
	p.exec("DELETE FROM membership_requests")
	p.exec("DELETE FROM transfers")
	for _, ask := range []struct {
		path, as string
		body     any
	}{
		{"/api/1/transfer/", "ada", map[string]any{"subject": map[string]any{"class": "Dataset", "id": p.ids["open"]},
			"recipient": map[string]any{"class": "User", "id": p.eve}, "comment": hostileMarkdown}},
		{"/api/1/organizations/" + p.town + "/membership/", "eve", map[string]any{"comment": hostileMarkdown}},
	} {
		if answer := p.Do(http.MethodPost, ask.path, ask.body, "X-API-KEY", p.token(ask.as)); answer.Status >= 300 {
			t.Errorf("%s answered %d %s", ask.path, answer.Status, answer.Body)
		}
	}
	letters := p.Letters()
	if len(letters) < 2 {
		t.Fatalf("%d letters were written", len(letters))
	}
	seen := 0
	for _, l := range letters {
		if found := hostileHTML(l.HTML); found != "" {
			t.Errorf("the letter %s: %s", l.Kind, found)
		}
		if strings.ContainsAny(l.Subject, "\r\n\x00") || strings.ContainsAny(l.Recipient, "\r\n") {
			t.Errorf("the letter %s has a subject %q to %q", l.Kind, l.Subject, l.Recipient)
		}
		seen += strings.Count(l.HTML, "zqxtag")
	}
	if seen < 2 {
		t.Errorf("the letters show the texts %d times", seen)
	}
}
