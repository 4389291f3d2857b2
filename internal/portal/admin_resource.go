package portal

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/i18n"
)

// adminDatasetFiles are the files of a dataset for who keeps them.
type adminDatasetFiles struct {
	Files []adminFile
	// Total counts all files, Found those that the search shows.
	Total, Found int64
	Search       *listSearch
	Query        string
	Pager        pager
	// Order takes a new order by scripts; empty where the list shows a search.
	Order string
	// Upload takes files by scripts, Add by a form, Remote an address; Here is
	// this page.
	Upload, Here string
	Add, Remote  formView
}

// adminFile is a line of that list.
type adminFile struct {
	ID, Title string
	// URL is the page of the file, Detail what is known of it in a few words.
	URL    string
	Format string
	Icon   string
	Label  string
	Size   int64
	Hosted bool
	// Place is its place among all files, from 1.
	Place  int64
	Badges []badge
	// Moves put it first, up, down, last.
	Moves []button
	Lang  string
}

// adminFilesSize is how many files a page lists.
const adminFilesSize = 50

// adminFilesArgs are the arguments of the list of files.
type adminFilesArgs struct {
	listArgs
	ID string `path:"id"`
}

func (p *Portal) adminResourceRoutes(t *table) {
	const one = "/admin/datasets/{id}/files"
	adminPage(t, one, p.showAdminFiles)
	fileForm(t, one+"/upload", "POST /api/1/datasets/{dataset}/upload/", p.uploadFiles)
	form(t, one+"/remote", "POST /api/1/datasets/{dataset}/resources/", p.addRemoteFile)
	form(t, one+"/order", "PUT /api/1/datasets/{dataset}/resources/", p.orderFiles)
	form(t, one+"/move", "PUT /api/1/datasets/{dataset}/resources/", p.moveFile)
	adminPage(t, one+"/{rid}", p.showAdminResource)
	form(t, one+"/{rid}", "PUT /api/1/datasets/{dataset}/resources/{uuid}/", p.saveResource)
	fileForm(t, one+"/{rid}/replace", "POST /api/1/datasets/{dataset}/resources/{uuid}/upload/", p.replaceFile)
	form(t, one+"/{rid}/delete", "DELETE /api/1/datasets/{dataset}/resources/{uuid}/", p.deleteResource)
	p.adminCheckRoutes(t)
}

func (p *Portal) showAdminFiles(v *visit, in adminFilesArgs) error {
	d, done, err := v.keptDataset(in.ID, adminTabFiles)
	if done || err != nil {
		return err
	}
	path := adminDatasetPath(d.ID, adminTabFiles)
	l := v.lister(path, in.listArgs, nil)
	offset := (l.Page - 1) * adminFilesSize
	rows, found, err := p.Catalog.ResourcesOf(v.Context(), v.viewer, d.ID, catalog.ResourceFilter{
		Title: l.Query, Page: catalog.Page{Offset: offset, Limit: adminFilesSize},
	})
	if err != nil {
		return err
	}
	planned, err := v.planned(d)
	if err != nil {
		return err
	}
	content := adminDatasetFiles{
		Files: v.adminFiles(d, rows), Total: d.ResourceCount, Found: int64(found), Query: l.Query, Here: v.path(path),
		Pager: newPager(found, adminFilesSize, l.Page, func(page int) string {
			if page == 1 {
				return l.path + queryOf(l.args)
			}
			return l.with("page", strconv.Itoa(page))
		}),
	}
	if d.ResourceCount > adminFilesSize || l.Query != "" {
		content.Search = l.search("resource.search")
	}
	if l.Query == "" && d.DeletedAt.IsZero() {
		for i := range content.Files {
			v.movable(d, &content.Files[i], int64(offset+i+1), l.Page)
		}
		content.Order = v.path(path + "/order")
	}
	if d.DeletedAt.IsZero() {
		content.Upload, content.Add = v.addFilesForm(d, adminTabFiles)
		f := v.form("remote", path+"/remote").submit("publish.add-address", "plus").light()
		f.link("url", "publish.address", "").require().help("publish.address-help")
		f.text("title", "publish.file-title", "").most(catalog.TitleMax).help("publish.file-title-optional")
		content.Remote = f.view()
	}
	frame := v.datasetFrame(d, "dataset-files", adminTabFiles, planned, content)
	frame.notices = append(frame.notices, v.refusedNotices()...)
	return v.showAdmin(frame)
}

// adminFiles are files as lists of the administration show them.
func (v *visit) adminFiles(d *catalog.Dataset, rows []catalog.Resource) []adminFile {
	files := make([]adminFile, 0, len(rows))
	for i, f := range v.fileList(d, rows) {
		one := adminFile{
			ID: f.ID, Title: f.Title, URL: v.path(adminDatasetPath(d.ID, adminTabFiles) + "/" + f.ID), Format: f.Format, Icon: f.Icon, Label: f.Label,
			Size: f.Size, Hosted: rows[i].Filetype == "file", Lang: f.Lang,
		}
		if f.Availability.State == "unavailable" {
			one.Badges = append(one.Badges, badge{v.say.T("resource.unavailable"), "danger", "error"})
		}
		if f.Schema != nil && f.Schema.State == "invalid" {
			one.Badges = append(one.Badges, badge{v.say.T("resource.schema-invalid"), "warning", "warning"})
		}
		files = append(files, one)
	}
	return files
}

// movable gives a file the buttons that change its place.
func (v *visit) movable(d *catalog.Dataset, f *adminFile, place int64, page int) {
	f.Place = place
	for _, move := range []struct{ to, icon string }{{"first", "to-top"}, {"up", "arrow-up"}, {"down", "arrow-down"}, {"last", "to-bottom"}} {
		b := v.button(adminDatasetPath(d.ID, adminTabFiles)+"/move", "publish.move-"+move.to, move.icon, "id", f.ID, "to", move.to, "page", strconv.Itoa(page))
		b.Small, b.Of = true, f.Title
		b.Dead = place == 1 && (move.to == "first" || move.to == "up") || place == d.ResourceCount && (move.to == "down" || move.to == "last")
		f.Moves = append(f.Moves, b)
	}
}

// addFilesForm takes more files: the address for scripts, the form for browsers
// without; both lead back to a page of the dataset.
func (v *visit) addFilesForm(d *catalog.Dataset, back string) (upload string, add formView) {
	if v.p.Files == nil {
		return "", formView{}
	}
	f := v.form("add", adminDatasetPath(d.ID, adminTabFiles)+"/upload").submit("publish.send-files", "upload").light()
	f.hidden("back", back)
	f.file("file", "publish.files", "").Several = true
	return "/api/1/datasets/" + d.ID + "/upload/", f.view()
}

// uploadFiles adds files to a dataset.
func (p *Portal) uploadFiles(v *visit, in adminDatasetArgs, sent *sentFiles) error {
	d, _, err := v.keptDataset(in.ID, adminTabFiles)
	if err != nil {
		return err
	}
	count := 0
	err = sent.each(func(name string, body io.Reader) error {
		count++
		return sent.refuse(name, v.addFile(v.Context(), d.ID, name, body))
	})
	switch {
	case err != nil:
	case count == 0:
		err = fault.At("This field is required.", "file")
	case len(sent.refused) == count:
		err, sent.refused = fault.Collect(sent.refused...), nil
	case len(sent.refused) > 0: // others were kept
		return p.showAfterFiles(v, sent.posted, d.ID)
	}
	if err != nil {
		return sent.again(err, func() error { return p.showAfterFiles(v, sent.posted, d.ID) })
	}
	return sent.done(adminDatasetPath(d.ID, backOf(sent.posted)), "publish.done-files")
}

// backOf is the page that files were sent from.
func backOf(sent *posted) string {
	if sent.text("back") == "publish" {
		return "publish"
	}
	return adminTabFiles
}

func (p *Portal) showAfterFiles(v *visit, sent *posted, id string) error {
	if backOf(sent) == "publish" {
		return p.showPublishDataset(v, adminDatasetArgs{ID: id})
	}
	return p.showAdminFiles(v, adminFilesArgs{ID: id})
}

// addRemoteFile adds the address of a file that lies elsewhere.
func (p *Portal) addRemoteFile(v *visit, in adminFilesArgs, sent *posted) error {
	d, _, err := v.keptDataset(in.ID, adminTabFiles)
	if err != nil {
		return err
	}
	file := v.remoteFile(sent.text("url"))
	if title := sent.text("title"); title != "" {
		file.Title = catalog.Some(title)
	}
	added, err := p.Catalog.AddResource(sent.Context(), v.viewer, d.ID, file)
	if err != nil {
		return sent.again(err, func() error { return p.showAdminFiles(v, in) })
	}
	return sent.done(adminDatasetPath(d.ID, adminTabFiles)+"/"+added.ID, "publish.done-address")
}

// orderFiles puts files in another order: those that are named take the places
// that they have together, the others stay.
func (p *Portal) orderFiles(v *visit, in adminDatasetArgs, sent *posted) error {
	return p.reorder(v, in, sent, func(order []string) ([]string, error) {
		wanted := sent.texts("id")
		named := make(map[string]bool, len(wanted))
		for _, id := range wanted {
			named[id] = true
		}
		next := 0
		for i, id := range order {
			if named[id] && next < len(wanted) {
				order[i] = wanted[next]
				next++
			}
		}
		if next != len(wanted) || len(named) != len(wanted) {
			return nil, fault.New(fault.Conflict, "The files have changed meanwhile. Load the page again.")
		}
		return order, nil
	})
}

// moveFile puts one file elsewhere: first, up, down, last, or at a place.
func (p *Portal) moveFile(v *visit, in adminDatasetArgs, sent *posted) error {
	return p.reorder(v, in, sent, func(order []string) ([]string, error) {
		id := sent.text("id")
		from := slices.Index(order, id)
		if from < 0 {
			return nil, fault.New(fault.NotFound, "Resource does not exist")
		}
		to := from
		switch sent.text("to") {
		case "first":
			to = 0
		case "up":
			to = from - 1
		case "down":
			to = from + 1
		case "last":
			to = len(order) - 1
		default:
			place, ok := sent.whole("to")
			if !ok {
				return nil, fault.At("A place is a whole number, from 1.", "to")
			}
			to = int(place) - 1
		}
		to = max(0, min(to, len(order)-1))
		order = slices.Delete(order, from, from+1)
		return slices.Insert(order, to, id), nil
	})
}

// reorder writes the order that change makes of the present one.
func (p *Portal) reorder(v *visit, in adminDatasetArgs, sent *posted, change func([]string) ([]string, error)) error {
	d, _, err := v.keptDataset(in.ID, adminTabFiles)
	if err != nil {
		return err
	}
	order, err := p.Catalog.ResourceOrder(v.Context(), v.viewer, d.ID)
	if err != nil {
		return err
	}
	before := slices.Clone(order)
	if order, err = change(order); err == nil && !slices.Equal(before, order) {
		err = p.Catalog.OrderResources(sent.Context(), v.viewer, d.ID, order)
	}
	switch {
	case err != nil && v.PrefersJSON():
		return err
	case err != nil:
		return sent.again(err, func() error { return p.showAdminFiles(v, adminFilesArgs{ID: d.ID}) })
	case v.PrefersJSON():
		return v.JSON(http.StatusOK, struct{}{})
	}
	path := adminDatasetPath(d.ID, adminTabFiles)
	if page := pageOf(sent.text("page")); page > 1 {
		path += "?page=" + strconv.Itoa(page)
	}
	return sent.done(path, "publish.done-order")
}

// resourcePath is the path of a file in the administration.
func resourcePath(dataset, id string) string {
	return adminDatasetPath(dataset, adminTabFiles) + "/" + url.PathEscape(id)
}

// resourceTypes are the natures of files.
func (v *visit) resourceTypes() []option { return v.labels(i18n.ResourceType) }
