package portal

import (
	"io"
	"strconv"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// adminResource is the page of a file for who keeps it.
type adminResource struct {
	Form formView
	File datasetFile
	// Hosted tells that the file lies here.
	Hosted bool
	// Replace sends another file in its place; Upload does by scripts, and leads
	// to Here.
	Replace      formView
	Upload, Here string
	// Check tells whether a file that lies elsewhere is there; nil for others.
	Check  *formView
	Danger dangerZone
}

// keepingTitle has the API keep a title that somebody wrote when a file takes the
// place of another.
const keepingTitle = "?keep_title=true"

// fileOf reads a file of a dataset that the viewer keeps.
func (v *visit) fileOf(in adminFileArgs) (*catalog.Dataset, *catalog.Resource, bool, error) {
	d, done, err := v.keptDataset(in.ID, adminTabFiles+"/"+in.Resource)
	if done || err != nil {
		return nil, nil, done, err
	}
	if !db.IsUUID(in.Resource) {
		return nil, nil, false, fault.New(fault.NotFound, "Resource does not exist")
	}
	r, err := v.p.Catalog.ResourceOf(v.Context(), v.viewer, d.ID, strings.ToLower(in.Resource))
	return d, r, false, err
}

func (p *Portal) showAdminResource(v *visit, in adminFileArgs) error {
	d, r, done, err := v.fileOf(in)
	if done || err != nil {
		return err
	}
	planned, err := v.planned(d)
	if err != nil {
		return err
	}
	content := adminResource{File: v.file(d, r), Hosted: r.Filetype == "file", Here: v.path(resourcePath(d.ID, r.ID))}
	if content.Form, err = v.resourceForm(d, r); err != nil {
		return err
	}
	if content.Check, err = v.checkForm(d, r); err != nil {
		return err
	}
	if content.Hosted && p.Files != nil {
		f := v.form("replace", resourcePath(d.ID, r.ID)+"/replace").submit("publish.replace", "refresh").light()
		f.file("file", "publish.replace-file", "")
		content.Replace, content.Upload = f.view(), "/api/1/datasets/"+d.ID+"/resources/"+r.ID+"/upload/"+keepingTitle
	}
	f := v.form("delete", resourcePath(d.ID, r.ID)+"/delete").version(r.DatasetVersion).danger()
	f.titled("publish.delete-file", "publish.delete-file-text").submit("publish.delete-file", "trash")
	content.Danger = dangerZone{Forms: []formView{f.view()}}
	frame := v.datasetFrame(d, "resource", adminTabFiles, planned, content)
	frame.crumbs = append(frame.crumbs, Link{shortTitle(d.Title), v.path(adminDatasetPath(d.ID, ""))}, Link{v.say.T("publish.tab-files"), v.path(adminDatasetPath(d.ID, adminTabFiles))})
	frame.title, frame.path, frame.icon, frame.kicker = content.File.Title, resourcePath(d.ID, r.ID), "file", "publish.file-kind"
	return v.showAdmin(frame)
}

// wholeText is a number as the field of a form holds it.
func wholeText(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// checksumKinds are the ways to sum a file.
var checksumKinds = []string{"sha1", "sha2", "sha256", "md5", "crc"}

// resourceForm asks for what may be written of a file: what describes one that
// lies here is the file's own.
func (v *visit) resourceForm(d *catalog.Dataset, r *catalog.Resource) (formView, error) {
	schemas, err := v.schemaOptions(r)
	if err != nil {
		return formView{}, err
	}
	f := v.form("file", resourcePath(d.ID, r.ID)).version(r.DatasetVersion).submit("form.save", "check").cancel(adminDatasetPath(d.ID, adminTabFiles))
	f.group("publish.describe", "")
	f.text("title", "publish.file-title", r.Title).most(catalog.TitleMax).require()
	f.choose("type", "publish.file-type", r.Type, v.resourceTypes()).help("publish.file-type-help")
	f.markdown("description", "publish.description", deref(r.Description)).rows(5).help("publish.file-description-help")
	if r.Filetype != "file" {
		f.group("publish.file-technical", "")
		f.link("url", "publish.address", r.URL).require()
		f.text("format", "publish.format", deref(r.Format)).help("publish.format-help").most(255)
		f.text("mime", "publish.mime", deref(r.Mime)).most(255)
		f.number("filesize", "publish.size", wholeText(r.Filesize))
		var kinds []option
		for _, kind := range checksumKinds {
			kinds = append(kinds, option{Value: kind, Label: strings.ToUpper(kind)})
		}
		f.choose("checksum.type", "publish.checksum-type", deref(r.ChecksumType), kinds)
		f.text("checksum.value", "publish.checksum", deref(r.ChecksumValue)).most(255)
	}
	f.group("publish.schema-group", "publish.schema-help")
	if len(schemas) > 1 {
		f.choose("schema.name", "publish.schema", deref(r.SchemaName), schemas)
		f.text("schema.version", "publish.schema-version", deref(r.SchemaVersion)).most(255)
	} else if r.SchemaName != nil {
		f.hidden("schema.name", *r.SchemaName)
		f.hidden("schema.version", deref(r.SchemaVersion))
	}
	f.link("schema.url", "publish.schema-url", deref(r.SchemaURL))
	return f.view(), nil
}

// schemaOptions are the schemas of the catalogue that the site uses. A catalogue
// that does not answer leaves the one that the file names.
func (v *visit) schemaOptions(r *catalog.Resource) ([]option, error) {
	options := []option{{Label: v.say.T("publish.schema-none")}}
	schemas, err := v.p.Catalog.CatalogSchemas(v.Context())
	if err != nil && !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.BadGateway) {
		return nil, err
	}
	known := false
	for i := range schemas {
		s := &schemas[i]
		label := deref(s.Title)
		if label == "" {
			label = s.Name
		}
		known = known || s.Name == deref(r.SchemaName)
		options = append(options, option{Value: s.Name, Label: label})
	}
	if name := deref(r.SchemaName); name != "" && !known && len(schemas) > 0 {
		options = append(options, option{Value: name, Label: name})
	}
	return options, nil
}

func (p *Portal) saveResource(v *visit, in adminFileArgs, sent *posted) error {
	d, r, _, err := v.fileOf(in)
	if err != nil {
		return err
	}
	next := catalog.ResourceInput{
		Title: catalog.Some(sent.text("title")), Description: catalog.Some(sent.text("description")), Type: catalog.Some(sent.text("type")),
		Schema: catalog.Some(catalog.SchemaInput{Name: sent.text("schema.name"), Version: sent.text("schema.version"), URL: sent.text("schema.url")}),
	}
	if r.Filetype != "file" {
		if err := remoteInput(sent, &next); err != nil {
			return sent.again(err, func() error { return p.showAdminResource(v, in) })
		}
	}
	if _, err := p.Catalog.UpdateResource(sent.Context(), v.viewer, d.ID, r.ID, next); err != nil {
		return sent.again(err, func() error { return p.showAdminResource(v, in) })
	}
	return sent.done(resourcePath(d.ID, r.ID), "publish.done-saved")
}

// remoteInput reads what describes a file that lies elsewhere.
func remoteInput(sent *posted, next *catalog.ResourceInput) error {
	next.URL, next.Format, next.Mime = catalog.Some(sent.text("url")), catalog.Some(sent.text("format")), catalog.Some(sent.text("mime"))
	next.Filesize = catalog.Opt[int64]{Set: true, Null: true}
	if text := sent.text("filesize"); text != "" {
		size, ok := sent.whole("filesize")
		if !ok {
			return fault.At("A size is a number of bytes, 0 or more.", "filesize")
		}
		next.Filesize = catalog.Some(size)
	}
	next.Checksum = catalog.Opt[catalog.ChecksumInput]{Set: true, Null: true}
	if value := sent.text("checksum.value"); value != "" {
		next.Checksum = catalog.Some(catalog.ChecksumInput{Type: sent.text("checksum.type"), Value: value})
	}
	return nil
}

// replaceFile puts another file in the place of one that lies here.
func (p *Portal) replaceFile(v *visit, in adminFileArgs, sent *sentFiles) error {
	d, r, _, err := v.fileOf(in)
	if err != nil {
		return err
	}
	replaced := false
	err = sent.each(func(name string, body io.Reader) error {
		if replaced {
			return fault.At("Choose a single file.", "file")
		}
		replaced = true
		_, err := v.store(v.Context(), catalog.UploadTarget{Dataset: d.ID, Resource: r.ID, KeepTitle: true}, name, body)
		return err
	})
	if err == nil && !replaced {
		err = fault.At("This field is required.", "file")
	}
	if err != nil {
		return sent.again(err, func() error { return p.showAdminResource(v, in) })
	}
	return sent.done(resourcePath(d.ID, r.ID), "publish.done-replaced")
}

func (p *Portal) deleteResource(v *visit, in adminFileArgs, sent *posted) error {
	d, r, _, err := v.fileOf(in)
	if err != nil {
		return err
	}
	if err := p.Catalog.RemoveResource(sent.Context(), v.viewer, d.ID, r.ID); err != nil {
		return sent.again(err, func() error { return p.showAdminResource(v, in) })
	}
	return sent.done(adminDatasetPath(d.ID, adminTabFiles), "publish.done-file-deleted")
}
