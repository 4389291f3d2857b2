package portal

import (
	"cmp"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/text"
)

// datasetPage is the first page of a dataset: what it is, and its files.
type datasetPage struct {
	Dataset     datasetHead
	Description description
	Files       datasetFiles
	Quality     quality
	Figures     datasetFigures
	Contacts    []datasetContact
	Frequency   string
	// NextUpdate is when the next update is promised, zero when none is; Late
	// tells that it should have come.
	NextUpdate time.Time
	Late       bool
	Tags       []Link
	// MoreTags counts the tags that are not shown.
	MoreTags int
	Harvest  *datasetHarvest
}

// description is a long text in Markdown.
type description struct {
	// Begin is the beginning of a text that is folded, empty for a short one.
	Begin template.HTML
	// Whole is the text, up to a limit; Cut tells that more follows at URL.
	Whole template.HTML
	Cut   bool
	URL   string
	// Length counts the characters of the whole text.
	Length int64
}

// datasetFiles are the files of a dataset by their types.
type datasetFiles struct {
	// Total counts all files. Announced counts files that another catalogue
	// speaks of and that were never listed here.
	Total, Announced int64
	// Searchable shows the field to search among the titles; Query is what it
	// holds, Action where it leads.
	Searchable    bool
	Query, Action string
	// Only is the type that the page shows alone; All leads to all of them.
	Only, All string
	Groups    []fileGroup
	// Asked is the file that the address names; Lost tells that the dataset
	// has no such file.
	Asked *datasetFile
	Lost  bool
	// Zip is the address of all files in one archive, empty where it is not
	// offered.
	Zip string
	// rows are the resources shown.
	rows []catalog.Resource
}

// fileGroup are files of a type, or those found by a search.
type fileGroup struct {
	// Type is main, documentation, update, api, code or other; empty for what
	// a search found.
	Type, Label string
	Count       int
	Files       []datasetFile
	Pager       pager
}

// datasetFigures tell how much a dataset is used.
type datasetFigures struct {
	Views, Reuses, Followers int64
	// Downloads is nil where they are not counted.
	Downloads *int64
}

// datasetContact is whom to ask about a dataset.
type datasetContact struct {
	Role, Name, Email, Form string
}

// datasetHarvest says where the description of a dataset was taken from.
type datasetHarvest struct {
	// Source names the harvest that brought it, empty when it is not known.
	Source string
	// Domain is the other portal's name; URL the page there, empty when it is
	// not known.
	Domain, URL string
}

// filesPerPage is how many files of a type a page shows; searchFrom is the
// number of files from which there is a field to search among them.
const (
	filesPerPage = 6
	searchFrom   = 12
	// fewFiles are read at once, whatever their types.
	fewFiles = 60
)

// fileTypes are the types of files in the order of pages.
var fileTypes = []string{"main", "documentation", "update", "api", "code", "other"}

type datasetArgs struct {
	Key      string `path:"dataset"`
	Page     string `query:"page"`
	Type     string `query:"type"`
	Query    string `query:"q"`
	Resource string `query:"resource_id"`
}

func (p *Portal) showDataset(v *visit, a datasetArgs) error {
	d, done, err := v.dataset(a.Key, "")
	if done || err != nil {
		return err
	}
	content, err := v.datasetPage(d, a)
	if err != nil {
		return err
	}
	if content.Files.Lost {
		community := datasetCommunity{}
		if err := v.askedCommunity(d, a.Resource, &community); err != nil {
			return err
		}
		if community.Asked != nil { // it is on another tab
			return v.to(http.StatusFound, datasetPath(d, tabCommunity))
		}
	}
	page := v.datasetDraft(d, "dataset", tabFiles, a.kept())
	page.data = content
	page.until = content.Quality.until
	page.noIndex = page.noIndex || len(page.args) > 0
	page.linked = v.datasetLinked(d, content)
	return v.show(page)
}

// kept are the arguments that stay in the links to other languages.
func (a datasetArgs) kept() url.Values {
	args := url.Values{}
	for name, value := range map[string]string{"page": a.Page, "type": a.Type, "q": a.Query, "resource_id": a.Resource} {
		if value = wordsOf(value); value != "" {
			args.Set(name, value)
		}
	}
	return args
}

func (v *visit) datasetPage(d *catalog.Dataset, a datasetArgs) (datasetPage, error) {
	head, err := v.head(d, tabFiles)
	if err != nil {
		return datasetPage{}, err
	}
	list, err := v.files(d, a)
	if err != nil {
		return datasetPage{}, err
	}
	content := datasetPage{
		Dataset: head, Description: v.description(d), Files: list, Quality: v.quality(d), Contacts: v.contacts(d),
		Figures:   datasetFigures{Views: d.Views, Reuses: d.Reuses, Followers: d.Followers, Downloads: d.Downloads},
		Frequency: v.frequency(d),
	}
	if content.Harvest, err = v.harvestOf(d); err != nil {
		return datasetPage{}, err
	}
	content.NextUpdate, content.Late = v.nextUpdate(d)
	content.Tags = v.keywords(d.Tags[:min(len(d.Tags), shownTags)])
	content.MoreTags = len(d.Tags) - len(content.Tags)
	return content, nil
}

// datasetLinked is the JSON-LD of a dataset with the files that its page shows.
func (v *visit) datasetLinked(d *catalog.Dataset, content datasetPage) []byte {
	if !d.Visible {
		return nil
	}
	shown := *d
	shown.Resources = content.Files.rows
	about := linkedDataset{}
	if l := content.Dataset.License; l != nil && l.URL != "" {
		about.license = &catalog.License{ID: l.ID, Title: l.Title, URL: &l.URL}
	}
	for _, id := range d.Zones {
		if zone, ok := v.p.Zones.Get(id); ok {
			about.zones = append(about.zones, zone.Name)
		}
	}
	return datasetJSONLD(v.linkedSite(), &shown, about)
}

// Lengths of descriptions, in characters: what is shown at all, from which
// length a text is folded, and how much of a folded one is seen.
const (
	descriptionShown  = 20_000
	descriptionFolded = 1_500
	descriptionBegin  = 700
)

func (v *visit) description(d *catalog.Dataset) description {
	out := description{URL: datasetPath(d, "description.txt"), Length: d.DescriptionLength}
	shape := text.Rendering{Limit: descriptionShown, Heading: 3, TableLabel: v.say.T("common.table")}
	whole, cut := text.HTML(d.Description, shape)
	out.Whole, out.Cut = template.HTML(whole), cut
	if d.DescriptionLength > descriptionFolded || len(d.Description) > 4*descriptionFolded {
		shape.Limit = descriptionBegin
		begin, _ := text.HTML(d.Description, shape)
		out.Begin = template.HTML(begin)
	}
	return out
}

// files reads the files that a page shows: in constant memory and with a
// bounded number of queries, however many there are.
func (v *visit) files(d *catalog.Dataset, a datasetArgs) (datasetFiles, error) {
	path := v.path(datasetPath(d, tabFiles))
	list := datasetFiles{
		Total: d.ResourceCount, Searchable: d.ResourceCount >= searchFrom, Action: path, All: path,
		Announced: d.ResourceTotal() - d.ResourceCount,
	}
	var err error
	if list.Zip, err = v.zipPath(d); err != nil {
		return list, err
	}
	if err := v.askedFile(d, a.Resource, &list); err != nil || d.ResourceCount == 0 {
		return list, err
	}
	switch query := wordsOf(a.Query); {
	case query != "" && list.Searchable:
		list.Query = query
		err = v.foundFiles(d, a, &list)
	case slices.Contains(fileTypes, a.Type):
		list.Only = a.Type
		err = v.onlyFiles(d, a, &list)
	default:
		err = v.firstFiles(d, &list)
	}
	if list.Asked != nil {
		list.without(list.Asked.ID)
	}
	return list, err
}

// askedFile reads the file that the address names, wherever it stands.
func (v *visit) askedFile(d *catalog.Dataset, id string, list *datasetFiles) error {
	if id = strings.TrimSpace(id); id == "" {
		return nil
	}
	list.Lost = true
	if !db.IsUUID(id) {
		return nil
	}
	resource, err := v.p.Catalog.ResourceOf(v.Context(), v.viewer, d.ID, id)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	asked := v.file(d, resource)
	asked.Open = true
	list.Asked, list.Lost = &asked, false
	return nil
}

// without leaves out a file that is shown elsewhere on the page.
func (f *datasetFiles) without(id string) {
	for i := range f.Groups {
		f.Groups[i].Files = slices.DeleteFunc(f.Groups[i].Files, func(one datasetFile) bool { return one.ID == id })
	}
}

// foundFiles shows the files whose titles hold what was searched for.
func (v *visit) foundFiles(d *catalog.Dataset, a datasetArgs, list *datasetFiles) error {
	group := fileGroup{Label: v.say.T("resource.found")}
	err := v.fillGroup(d, list, &group, catalog.ResourceFilter{Title: list.Query}, a.Page, url.Values{"q": {list.Query}})
	list.Groups = []fileGroup{group}
	return err
}

// onlyFiles shows the files of one type.
func (v *visit) onlyFiles(d *catalog.Dataset, a datasetArgs, list *datasetFiles) error {
	group := fileGroup{Type: a.Type, Label: v.say.T("resource.type-" + a.Type)}
	err := v.fillGroup(d, list, &group, catalog.ResourceFilter{Type: a.Type}, a.Page, url.Values{"type": {a.Type}})
	list.Groups = []fileGroup{group}
	return err
}

// fillGroup reads a page of a group. A page beyond the last is the last.
func (v *visit) fillGroup(d *catalog.Dataset, list *datasetFiles, group *fileGroup, f catalog.ResourceFilter, page string, args url.Values) error {
	wanted := filePage(page)
	for {
		f.Page = catalog.Page{Offset: (wanted - 1) * filesPerPage, Limit: filesPerPage}
		rows, total, err := v.p.Catalog.ResourcesOf(v.Context(), v.viewer, d.ID, f)
		if err != nil {
			return err
		}
		last := pagesOf(total, filesPerPage)
		if wanted > last {
			wanted = last
			continue
		}
		group.Count, group.Files = total, v.fileList(d, rows)
		list.rows = append(list.rows, rows...)
		group.Pager = pagerThrough(wanted, last, func(n int) string { return pageAddress(v.path(datasetPath(d, tabFiles)), args, n) })
		group.Pager.Label = v.say.T("resource.pages", "group", group.Label)
		return nil
	}
}

// mostFilePages bounds the number of a page: more files than any dataset has.
const mostFilePages = 1_000_000

// filePage reads the number of a page of files; what is none is the first.
func filePage(arg string) int {
	n, err := strconv.Atoi(strings.TrimSpace(arg))
	if err != nil || n < 1 {
		return 1
	}
	return min(n, mostFilePages)
}

// pageAddress is the address of a page of a list.
func pageAddress(path string, args url.Values, page int) string {
	args = maps.Clone(args)
	if page > 1 {
		if args == nil {
			args = url.Values{}
		}
		args.Set("page", strconv.Itoa(page))
	}
	return withQuery(path, args.Encode())
}

// firstFiles shows the first files of each type. The first files of the dataset
// are read at once; only the types that stand too far behind are asked for.
func (v *visit) firstFiles(d *catalog.Dataset, list *datasetFiles) error {
	rows, _, err := v.p.Catalog.ResourcesOf(v.Context(), v.viewer, d.ID, catalog.ResourceFilter{Page: catalog.Page{Limit: fewFiles}})
	if err != nil {
		return err
	}
	counts := make(map[string]int)
	byType := make(map[string][]catalog.Resource)
	for _, row := range rows {
		byType[row.Type] = append(byType[row.Type], row)
		counts[row.Type]++
	}
	if len(rows) == fewFiles {
		if counts, err = v.p.Catalog.ResourceTypes(v.Context(), d.ID); err != nil {
			return err
		}
	}
	for _, kind := range typesOf(counts) {
		of := byType[kind]
		if len(of) < min(counts[kind], filesPerPage) {
			f := catalog.ResourceFilter{Type: kind, Page: catalog.Page{Limit: filesPerPage}}
			if of, _, err = v.p.Catalog.ResourcesOf(v.Context(), v.viewer, d.ID, f); err != nil {
				return err
			}
		}
		of = of[:min(len(of), filesPerPage)]
		group := v.group(d, kind, counts[kind])
		group.Files = v.fileList(d, of)
		list.rows, list.Groups = append(list.rows, of...), append(list.Groups, group)
	}
	return nil
}

// group begins the first page of a type.
func (v *visit) group(d *catalog.Dataset, kind string, count int) fileGroup {
	label := v.say.T("resource.type-other")
	if slices.Contains(fileTypes, kind) {
		label = v.say.T("resource.type-" + kind)
	}
	args := url.Values{"type": {kind}}
	group := fileGroup{
		Type: kind, Label: label, Count: count,
		Pager: pagerThrough(1, pagesOf(count, filesPerPage), func(n int) string { return pageAddress(v.path(datasetPath(d, tabFiles)), args, n) }),
	}
	group.Pager.Label = v.say.T("resource.pages", "group", label)
	return group
}

// typesOf are the types that files have, in the order of pages.
func typesOf[T any](files map[string]T) []string {
	rank := func(kind string) int {
		if at := slices.Index(fileTypes, kind); at >= 0 {
			return at
		}
		return len(fileTypes)
	}
	return slices.SortedFunc(maps.Keys(files), func(a, b string) int { return cmp.Or(rank(a)-rank(b), strings.Compare(a, b)) })
}

// shownTags is how many keywords stand beside the files.
const shownTags = 20
