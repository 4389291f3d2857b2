package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/search"
	"grenier/internal/tabular"
	"grenier/internal/web"
)

// explorePage shows what is inside the files of a dataset.
type explorePage struct {
	// DatasetTitle and DatasetURL lead back; Lang is the language of titles
	// when it is not the page's.
	DatasetTitle, DatasetURL, Lang string
	// Files are the first files that can be looked into; More counts others.
	Files []exploreFile
	More  int
	// File is the one that is shown, nil when there is none to show.
	File    *datasetFile
	Preview preview
}

// exploreFile is a file to look into.
type exploreFile struct {
	Title, URL, Format, Family string
	Current                    bool
}

// preview is what is seen of a file. Only the part that Kind names is set.
type preview struct {
	// Kind is table, text, map, archive, image or pdf; none when Problem says
	// why nothing is seen.
	Kind string
	// ID is that of the file, Title its name, Download where it is had.
	ID, Title, Download string
	// Size is that of the remote file in bytes, 0 when it is not known.
	Size    int64
	Table   *previewTable
	Text    *textPreview
	Map     *previewMap
	Archive *previewArchive
	Image   *previewImage
	// PDF is the address of the document on this site.
	PDF string
	// Problem says why nothing is seen.
	Problem string
}

// previewTable is the beginning of a table.
type previewTable struct {
	Columns []previewColumn
	Rows    [][]string
	// MoreColumns counts columns that are not shown.
	MoreColumns int
	// Total is the number of rows when Whole; else how many were looked at.
	Total int
	Whole bool
	// Encoding and Delimiter tell how the file is written.
	Encoding, Delimiter string
	Uneven              int
}

// previewColumn is a column and the sort of its values.
type previewColumn struct {
	Name, Kind string
	Number     bool
}

// textPreview is the beginning of a text.
type textPreview struct {
	Text, Kind string
	Whole      bool
}

// previewMap is GeoJSON on a map, with the table of its first features.
type previewMap struct {
	URL, BBox          string
	Count, Skipped     int
	Columns            []string
	Rows               [][]string
	Tiles, Attribution string
}

// previewArchive is the list of an archive.
type previewArchive struct {
	Entries []archiveEntry
	Total   int64
	// More tells that not all entries are listed.
	More bool
}

// archiveEntry is a file in an archive.
type archiveEntry struct {
	Name      string
	Size      int64
	Modified  time.Time
	Folder    bool
	Encrypted bool
}

// previewImage is a picture, drawn again by the server.
type previewImage struct {
	URL           string
	Width, Height int
}

// exploreExamples are datasets worth looking into.
type exploreExamples struct{ Cards []card }

// explorer serves the pages of what is inside files.
type explorer struct {
	p *Portal
	l *looker
}

func (p *Portal) exploreRoutes(t *table) {
	e := &explorer{p: p, l: newLooker(p.Fetch)}
	page(t, "/explore", p.showExamples)
	slowPage(t, "/explore/{dataset}", lookTime+lookWait+5*time.Second, e.show)
	doc := web.Doc{Timeout: lookTime + lookWait + 5*time.Second}
	web.Get[web.Raw](t.root, "/explore/{dataset}/data.geojson", doc, e.serveFeatures)
	web.Get[web.Raw](t.root, "/explore/{dataset}/image", doc, e.serveImage)
	web.Get[web.Raw](t.root, "/explore/{dataset}/document.pdf", doc, e.servePDF)
}

// explorePath is the path of the explorer of a dataset.
func explorePath(d *catalog.Dataset) string { return "/explore/" + url.PathEscape(d.Slug) }

type exploreArgs struct {
	Key      string `path:"dataset"`
	Resource string `query:"resource_id"`
	Part     string `query:"part"`
}

// show shows what is inside a file: a page, or the content alone for who asks
// for this part.
func (e *explorer) show(v *visit, a exploreArgs) error {
	d, done, err := e.dataset(v.Call, v.path, a.Key, "")
	if done || err != nil {
		return err
	}
	content, resource, err := e.content(v, d, a)
	if err != nil {
		return err
	}
	if resource != nil {
		if content.Preview, err = e.preview(v, d, resource); err != nil {
			return err
		}
	}
	if a.Part == "preview" {
		return e.part(v, d, content)
	}
	crumbs := []Link{{v.say.T("site.home"), v.path("/")}, {v.say.T("nav.datasets"), v.path("/datasets/search")}}
	crumbs = append(crumbs, Link{shortTitle(d.Title), content.DatasetURL}, Link{Label: v.say.T("resource.explore")})
	args := url.Values{}
	if resource != nil {
		args.Set("resource_id", resource.ID)
	}
	return v.show(draft{
		name: "explore", title: v.say.T("dataset.title-part", "part", v.say.T("resource.explore"), "title", d.Title), path: explorePath(d), args: args,
		canonical: datasetPath(d, tabFiles), noIndex: true, crumbs: crumbs, data: content, transient: true,
	})
}

// dataset reads the dataset whose files are explored.
func (e *explorer) dataset(c *web.Call, path func(string) string, key, tail string) (*catalog.Dataset, bool, error) {
	kind := objectKind{catalog.KindDataset, "explore", e.p.Catalog.ResolveDataset, false}
	id, done, err := e.p.resolve(c, path, kind, key, tail)
	if done || err != nil {
		return nil, done, err
	}
	d, err := e.p.Catalog.Dataset(c.Context(), web.ViewerOf[account.Viewer](c), id, catalog.Parts{})
	return d, false, err
}

// listedFiles is how many files the list beside a preview is chosen among.
const listedFiles = 30

// content lists the files that can be looked into and chooses the one to show:
// that which the address names, else the first.
func (e *explorer) content(v *visit, d *catalog.Dataset, a exploreArgs) (explorePage, *catalog.Resource, error) {
	content := explorePage{DatasetTitle: d.Title, DatasetURL: v.path(datasetPath(d, tabFiles)), Lang: v.contentLang()}
	var chosen *catalog.Resource
	if a.Resource != "" {
		resource, err := e.resource(v.Call, d, a.Resource)
		if err != nil {
			return content, nil, err
		}
		chosen = resource
	}
	rows, total, err := e.p.Catalog.ResourcesOf(v.Context(), v.viewer, d.ID, catalog.ResourceFilter{Page: catalog.Page{Limit: listedFiles}})
	if err != nil {
		return content, nil, err
	}
	slices.SortStableFunc(rows, func(a, b catalog.Resource) int { return lookRank(&a) - lookRank(&b) })
	for i := range rows {
		if lookOf(&rows[i]) == lookNone {
			continue
		}
		if chosen == nil {
			chosen = &rows[i]
		}
		format := strings.ToLower(deref(rows[i].Format))
		content.Files = append(content.Files, exploreFile{
			Title: rows[i].Title, URL: withQuery(v.path(explorePath(d)), "resource_id="+rows[i].ID), Format: formatLabel(format),
			Family: catalog.FormatFamily(format), Current: rows[i].ID == chosen.ID,
		})
	}
	content.More = max(0, total-len(rows))
	if chosen != nil {
		shown := v.file(d, chosen)
		content.File = &shown
	}
	return content, chosen, nil
}

// lookRank puts main files first.
func lookRank(r *catalog.Resource) int {
	if r.Type == "main" {
		return 0
	}
	return 1
}

// resource reads a resource of the dataset, or one that others added to it.
func (e *explorer) resource(c *web.Call, d *catalog.Dataset, id string) (*catalog.Resource, error) {
	lost := fault.New(fault.NotFound, "Resource not found")
	if !db.IsUUID(id) {
		return nil, lost
	}
	r, err := e.p.Catalog.Resource(c.Context(), web.ViewerOf[account.Viewer](c), id)
	if err != nil {
		return nil, err
	}
	if deref(r.DatasetID) != d.ID {
		return nil, lost
	}
	return r, nil
}

// seen looks into a resource. nil tells that the site does not look into files
// elsewhere.
func (e *explorer) seen(c *web.Call, d *catalog.Dataset, r *catalog.Resource) (*sight, error) {
	if !e.p.Fetch.Reaches(r.URL) {
		return &sight{reason: "off"}, nil
	}
	return e.l.look(c.Context(), r, !d.Private && d.DeletedAt.IsZero())
}

func (e *explorer) preview(v *visit, d *catalog.Dataset, r *catalog.Resource) (preview, error) {
	p := preview{ID: r.ID, Title: r.Title, Download: "/datasets/r/" + r.ID, Size: fileSize(r)}
	seen, err := e.seen(v.Call, d, r)
	if err != nil {
		return p, err
	}
	query := "resource_id=" + r.ID
	switch {
	case seen.reason != "":
		p.Kind, p.Problem = "none", v.problem(seen, r)
	case seen.table != nil:
		p.Kind, p.Table, p.Size = "table", v.previewTable(seen.table), max(p.Size, seen.table.Size)
	case seen.text != nil:
		p.Kind, p.Text, p.Size = "text", previewText(seen.text), max(p.Size, seen.text.Size)
	case seen.features != nil:
		p.Kind, p.Map, p.Size = "map", v.previewMap(seen.features, withQuery(explorePath(d)+"/data.geojson", query)), max(p.Size, seen.features.Size)
	case seen.archive != nil:
		p.Kind, p.Archive, p.Size = "archive", archivePreview(seen.archive), max(p.Size, seen.archive.Size)
	case seen.picture != nil:
		p.Kind, p.Image = "image", &previewImage{withQuery(explorePath(d)+"/image", query), seen.picture.Width, seen.picture.Height}
	case seen.pdf != nil:
		p.Kind, p.PDF, p.Size = "pdf", withQuery(explorePath(d)+"/document.pdf", query), int64(len(seen.pdf))
	}
	return p, nil
}

// problem says why nothing is seen of a file, and what to do.
func (v *visit) problem(seen *sight, r *catalog.Resource) string {
	if seen.reason == "no-preview" && strings.EqualFold(deref(r.Format), "pdf") {
		return v.say.T("resource.why-pdf")
	}
	return v.why(seen.reason, seen.status, seen.limit)
}

func (v *visit) previewTable(t *tabular.Table) *previewTable {
	out := &previewTable{
		Rows: t.Rows, MoreColumns: t.MoreColumns, Total: t.Read, Whole: t.Whole, Encoding: t.Encoding, Uneven: t.Uneven,
		Delimiter: map[string]string{"\t": v.say.T("resource.tab"), " ": v.say.T("resource.space")}[t.Delimiter],
	}
	if out.Delimiter == "" {
		out.Delimiter = t.Delimiter
	}
	for i, column := range t.Columns {
		name := column.Name
		if name == "" {
			name = v.say.T("resource.column", "number", strconv.Itoa(i+1))
		}
		out.Columns = append(out.Columns, previewColumn{
			Name: name, Kind: v.say.T("resource.kind-" + string(column.Kind)), Number: column.Kind == tabular.Integer || column.Kind == tabular.Decimal,
		})
	}
	return out
}

func previewText(t *tabular.Excerpt) *textPreview {
	out := &textPreview{Text: t.Text, Kind: t.Kind, Whole: t.Whole}
	if runes := []rune(t.Text); len(runes) > previewLength {
		out.Text, out.Whole = string(runes[:previewLength]), false
	}
	return out
}

func (v *visit) previewMap(m *mapped, address string) *previewMap {
	out := &previewMap{
		URL: address, Count: m.Count, Skipped: m.Skipped, Columns: m.columns, Rows: m.rows, Tiles: v.p.MapTiles, Attribution: v.p.MapAttribution,
	}
	sides := make([]string, 0, len(m.Box))
	for _, side := range m.Box {
		sides = append(sides, strconv.FormatFloat(side, 'f', 6, 64))
	}
	out.BBox = strings.Join(sides, ",")
	return out
}

func archivePreview(list *tabular.ZipList) *previewArchive {
	out := &previewArchive{Total: list.Total}
	for _, entry := range list.Entries[:min(len(list.Entries), previewEntries)] {
		out.Entries = append(out.Entries, archiveEntry{entry.Name, entry.Size, entry.Modified, entry.Folder, entry.Encrypted})
	}
	out.More = out.Total > int64(len(out.Entries))
	return out
}

// part answers with the preview alone, to be put into a page.
func (e *explorer) part(v *visit, d *catalog.Dataset, content explorePage) error {
	body, err := v.part("explore", "preview", content.Preview)
	if err != nil {
		return err
	}
	h := v.W.Header()
	h["X-Robots-Tag"] = []string{"noindex"}
	v.p.head(h, v.lang)
	h["Cache-Control"] = freshness(v.Call, d)
	return v.Blob(http.StatusOK, "text/html; charset=utf-8", body)
}

// freshness says how long others may keep what was seen of a file: a while
// what everybody may read, not at all what only some may.
func freshness(c *web.Call, d *catalog.Dataset) []string {
	if c.Caller.Known || d.Private || !d.DeletedAt.IsZero() {
		return []string{"private, no-store"}
	}
	return []string{"public, max-age=300"}
}

// serveFeatures answers with the features of a file, for the map of its
// preview.
func (e *explorer) serveFeatures(c *web.Call, a exploreArgs) error {
	seen, done, err := e.named(c, a, "/data.geojson")
	if done || err != nil {
		return err
	}
	if seen.features == nil {
		return fault.New(fault.NotFound, "There is nothing to draw of this file.")
	}
	return c.Blob(http.StatusOK, "application/geo+json", seen.features.JSON)
}

// serveImage answers with a picture drawn again from that of a file.
func (e *explorer) serveImage(c *web.Call, a exploreArgs) error {
	seen, done, err := e.named(c, a, "/image")
	if done || err != nil {
		return err
	}
	if seen.picture == nil {
		return fault.New(fault.NotFound, "There is no picture to show of this file.")
	}
	return c.Blob(http.StatusOK, seen.picture.Type, seen.picture.Body)
}

// servePDF answers with the PDF document of a file, for the browser's own
// viewer within the page.
func (e *explorer) servePDF(c *web.Call, a exploreArgs) error {
	seen, done, err := e.named(c, a, "/document.pdf")
	if done || err != nil {
		return err
	}
	if seen.pdf == nil {
		return fault.New(fault.NotFound, "There is no PDF document to show of this file.")
	}
	h := c.W.Header()
	h["Content-Security-Policy"] = []string{"frame-ancestors 'self'"} // a stricter one keeps browsers' viewers from working
	h["Content-Disposition"] = []string{"inline"}
	return c.Blob(http.StatusOK, "application/pdf", seen.pdf)
}

// named looks into the file that an address names.
func (e *explorer) named(c *web.Call, a exploreArgs, tail string) (*sight, bool, error) {
	d, done, err := e.dataset(c, same, a.Key, tail)
	if done || err != nil {
		return nil, done, err
	}
	r, err := e.resource(c, d, a.Resource)
	if err != nil {
		return nil, false, err
	}
	h := c.W.Header()
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["X-Robots-Tag"] = []string{"noindex"}
	h["Content-Security-Policy"] = []string{"default-src 'none'"}
	h["Cache-Control"] = freshness(c, d)
	seen, err := e.seen(c, d, r)
	return seen, false, err
}

// The first page of the explorer shows so many examples, found among so many
// of the most visited datasets by their first files.
const (
	exampleCount = 12
	exampleAmong = 36
	exampleFiles = 6
)

// showExamples shows popular datasets with tables to look into.
func (p *Portal) showExamples(v *visit, _ web.None) error {
	ids, err := p.topDatasets(v.Context(), "views", exampleAmong)
	if err != nil {
		return err
	}
	popular, err := p.Catalog.DatasetsByIDs(v.Context(), account.Nobody, ids, catalog.Parts{})
	if err != nil {
		return err
	}
	tables, err := p.withTables(v, popular)
	if err != nil {
		return err
	}
	cards := v.datasetCards(tables)
	for i := range cards {
		cards[i].URL = v.path(explorePath(&tables[i]))
	}
	return v.show(draft{
		name: "explore-examples", title: v.say.T("resource.examples"), description: v.say.T("resource.examples-lead"), path: "/explore",
		crumbs: []Link{{v.say.T("site.home"), v.path("/")}, {Label: v.say.T("resource.examples")}},
		data:   exploreExamples{Cards: cards}, keys: []web.Key{web.Epoch(catalog.KindDataset), searchKey(search.Dataset)},
	})
}

// withTables keeps the first datasets that have a table among their first files.
func (p *Portal) withTables(v *visit, datasets []catalog.Dataset) ([]catalog.Dataset, error) {
	ids := make([]string, 0, len(datasets))
	for i := range datasets {
		ids = append(ids, datasets[i].ID)
	}
	first, err := p.Catalog.FirstResources(v.Context(), ids, exampleFiles)
	if err != nil {
		return nil, err
	}
	var kept []catalog.Dataset
	for i := range datasets {
		if len(kept) == exampleCount {
			break
		}
		if slices.ContainsFunc(first[datasets[i].ID], func(r catalog.Resource) bool { return lookOf(&r) == lookTable }) {
			kept = append(kept, datasets[i])
		}
	}
	return kept, nil
}
