package portal

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/text"
)

// adminDatasetNew is the page that a publication begins on.
type adminDatasetNew struct {
	// Form asks for files, or an address, or a title; Action is where the files
	// go.
	Form formView
	// Extensions are those of files that are taken, Most the bytes of one; 0
	// where no file is taken.
	Extensions []string
	Most       int64
}

type newDatasetArgs struct {
	Organization string `query:"organization"`
}

// roundSize is a limit in bytes as people say it: whole MiB and GiB are shown as
// the same number of MB and GB, which is a little less.
func roundSize(bytes int64) int64 {
	for _, unit := range []struct{ binary, decimal int64 }{{1 << 30, 1_000_000_000}, {1 << 20, 1_000_000}} {
		if bytes >= unit.binary && bytes%unit.binary == 0 {
			return bytes / unit.binary * unit.decimal
		}
	}
	return bytes
}

// shownExtensions are the usual ones, as an example.
var shownExtensions = []string{"csv", "geojson", "json", "xlsx", "ods", "parquet", "zip", "pdf"}

func (p *Portal) showNewDataset(v *visit, in newDatasetArgs) error {
	publishers, err := v.publishers()
	if err != nil {
		return err
	}
	if len(publishers) == 0 {
		return fault.New(fault.Forbidden, "You may not publish here.")
	}
	chosen := publishers[0].Value
	for _, one := range publishers {
		if one.Value == in.Organization && in.Organization != "" {
			chosen = one.Value
		}
	}
	f := v.form("draft", "/admin/datasets/new").submit("publish.begin", "arrow-right").cancel("/admin")
	f.radio("organization", "publish.producer", chosen, publishers)
	f.file("file", "publish.files", "").Several = true
	f.link("url", "publish.address", "").help("publish.address-help")
	f.text("title", "publish.title", "").most(catalog.TitleMax).help("publish.title-alone")
	content := adminDatasetNew{Form: f.view(), Extensions: shownExtensions}
	if p.Files != nil {
		content.Most = roundSize(p.Files.MaxUpload())
	}
	s := scopeMe
	if chosen != "" {
		s = scopeOf(chosen)
	}
	return v.showAdmin(adminDraft{
		name: "dataset-new", title: v.say.T("publish.new"), path: "/admin/datasets/new", scope: s, kicker: "dataset.kind", icon: "upload",
		lead: v.say.T("publish.new-lead"), data: content,
	})
}

// begunDraft answers a script that sends the files by itself.
type begunDraft struct {
	ID string `json:"id"`
	// Upload takes the files, Next is the page to go on with.
	Upload string `json:"upload"`
	Next   string `json:"next"`
}

// createDataset makes a private draft of what was chosen: of its files, of an
// address, or of a title alone.
func (p *Portal) createDataset(v *visit, in newDatasetArgs, sent *sentFiles) error {
	var made *catalog.Dataset
	err := sent.each(func(name string, body io.Reader) error {
		if _, err := v.acceptFile(name); err != nil {
			return sent.refuse(name, err)
		}
		if made == nil {
			var err error
			if made, err = v.beginDraft(sent.posted, titleOfFile(name)); err != nil {
				return err
			}
		}
		return sent.refuse(name, v.addFile(sent.Context(), made.ID, name, body))
	})
	switch {
	case err == nil && made == nil && len(sent.refused) > 0:
		err, sent.refused = fault.Collect(sent.refused...), nil
	case err == nil && made == nil:
		made, err = v.draftWithoutFiles(sent.posted)
	case err == nil:
		err = v.completeDraft(sent.posted, made)
	}
	switch {
	case made != nil && (err != nil || len(sent.refused) > 0): // something was refused behind others
		if err != nil {
			sent.refused = append(sent.refused, err)
		}
		return p.showPublishDataset(v, adminDatasetArgs{ID: made.ID})
	case err != nil && v.PrefersJSON():
		return v.refuseToScript(err)
	case err != nil:
		return sent.again(err, func() error { return p.showNewDataset(v, in) })
	case v.PrefersJSON():
		return v.JSON(http.StatusCreated, begunDraft{
			ID: made.ID, Upload: "/api/1/datasets/" + made.ID + "/upload/", Next: v.path(adminDatasetPath(made.ID, "publish")),
		})
	}
	return sent.done(adminDatasetPath(made.ID, "publish"), "")
}

// completeDraft adds what stands behind the files in the form.
func (v *visit) completeDraft(sent *posted, d *catalog.Dataset) error {
	if address := sent.text("url"); address != "" {
		if _, err := v.p.Catalog.AddResource(sent.Context(), v.viewer, d.ID, v.remoteFile(address)); err != nil {
			return err
		}
	}
	if title := sent.text("title"); title != "" && title != d.Title {
		_, err := v.changeDataset(sent.Context(), d, catalog.DatasetInput{Title: catalog.Some(title)})
		return err
	}
	return nil
}

// addFile adds a file to a dataset, under its own name as title.
func (v *visit) addFile(ctx context.Context, dataset, name string, body io.Reader) error {
	_, err := v.store(ctx, catalog.UploadTarget{Dataset: dataset}, name, body)
	return err
}

// draftWithoutFiles makes a draft of an address or of a title. A script that
// sends the files itself names the first of them.
func (v *visit) draftWithoutFiles(sent *posted) (*catalog.Dataset, error) {
	address := sent.text("url")
	switch {
	case sent.text("filename") != "":
		if _, err := v.acceptFile(sent.text("filename")); err != nil {
			return nil, notKept(sent.text("filename"), err)
		}
		return v.beginDraft(sent, titleOfFile(sent.text("filename")))
	case address != "":
		title := titleOfAddress(address)
		if title == "" {
			return nil, fault.At("Invalid URL: expected http:// or https:// and a host name.", "url")
		}
		return v.beginDraft(sent, title, v.remoteFile(address))
	case sent.text("title") != "":
		return v.beginDraft(sent, "")
	}
	return nil, fault.At("Drop files, give an address, or write a title.", "file")
}

// beginDraft makes a private dataset. What nobody has said yet is proposed on the
// next page.
func (v *visit) beginDraft(sent *posted, title string, files ...catalog.ResourceInput) (*catalog.Dataset, error) {
	if typed := sent.text("title"); typed != "" {
		title = typed
	}
	in := catalog.DatasetInput{
		Title: catalog.Some(title), Description: catalog.Some(v.say.T("publish.draft-description")), Private: catalog.Some(true),
	}
	if organization := sent.id("organization"); organization != "" {
		in.Organization = catalog.Some(organization)
	}
	if len(files) > 0 {
		in.Resources = catalog.Some(files)
	}
	return v.p.Catalog.CreateDataset(sent.Context(), v.viewer, in)
}

// remoteFile is a file that lies elsewhere, as its address tells of it.
func (v *visit) remoteFile(address string) catalog.ResourceInput {
	in := catalog.ResourceInput{
		Title: catalog.Some(titleOfAddress(address)), URL: catalog.Some(address), Filetype: catalog.Some("remote"), Type: catalog.Some("main"),
	}
	if format := formatOfAddress(address); format != "" {
		in.Format = catalog.Some(format)
	}
	return in
}

// maxProposedTitle bounds a title made of a file name, in characters.
const maxProposedTitle = 150

// titleOfFile makes a title of the name of a file: its ending goes, signs between
// words become spaces, the first letter is a capital.
func titleOfFile(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	for range 2 { // csv.gz
		if ending := path.Ext(name); len(ending) > 1 && len(ending) < 9 && len(ending) < len(name) && !strings.ContainsAny(ending, " ") && !digits(ending[1:]) {
			name = strings.TrimSuffix(name, ending)
		}
	}
	words := strings.FieldsFunc(name, func(c rune) bool { return c == '_' || c == '-' || c == '+' || c == ' ' || c == '.' })
	title := strings.Join(joinDates(words), " ")
	if title == "" {
		return name
	}
	first := []rune(title)
	title = strings.ToUpper(string(first[0])) + string(first[1:])
	return text.Excerpt(title, maxProposedTitle)
}

// joinDates puts the parts of days and months together again: 2026 01 31.
func joinDates(words []string) []string {
	var joined []string
	for i := 0; i < len(words); i++ {
		word := words[i]
		if _, ok := yearOf(word); ok {
			for n := 0; n < 2 && i+1 < len(words) && len(words[i+1]) == 2 && digits(words[i+1]); n++ {
				i++
				word += "-" + words[i]
			}
		}
		joined = append(joined, word)
	}
	return joined
}

func digits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// titleOfAddress makes a title of the last part of an address, or of its host; ""
// when it is no address of the web.
func titleOfAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	last := path.Base(u.Path)
	if last == "." || last == "/" || digits(last) {
		return u.Host
	}
	return titleOfFile(last)
}

// formatOfAddress is the format that the end of an address tells, "" for none.
func formatOfAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	ending := strings.TrimPrefix(strings.ToLower(path.Ext(u.Path)), ".")
	if ending == "gz" {
		if inner := strings.TrimPrefix(path.Ext(strings.TrimSuffix(strings.ToLower(u.Path), ".gz")), "."); inner != "" {
			ending = inner + ".gz"
		}
	}
	if len(ending) > 10 || strings.Trim(ending, "abcdefghijklmnopqrstuvwxyz0123456789.") != "" || digits(ending) {
		return ""
	}
	switch ending {
	case "php", "asp", "aspx", "jsp", "html", "htm", "do":
		return ""
	}
	return ending
}
