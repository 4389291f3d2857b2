package intake

import (
	"slices"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/geo"
)

// Kinds of files.
const (
	kindOrganizations = "organizations"
	kindDatasets      = "datasets"
	kindResources     = "resources"
	kindDataservices  = "dataservices"
	kindReuses        = "reuses"
	kindTopics        = "topics"
	kindPosts         = "posts"
	kindObjects       = "API objects"
	kindAPIs          = "API facts"
)

// kindOrder is the order in which files are read: what others refer to comes
// first, so that little is made from its name only to be completed later.
var kindOrder = []string{
	kindOrganizations, kindDatasets, kindObjects, kindResources, kindDataservices, kindAPIs, kindReuses, kindTopics, kindPosts,
}

// reading is what reading rows needs to know.
type reading struct {
	zones *geo.Directory
	book  *licenseBook
	// producers are the identifiers of organisations by the folded words of
	// their names.
	producers map[string]string
}

// rowReader reads the rows of one dump.
type rowReader interface {
	// read returns what a row says, or a *cellError.
	read(cells []string) (said, error)
}

// dump is a kind of CSV dump.
type dump struct {
	kind string
	// marks are columns that no other dump has.
	marks []string
	open  func(header []string, with reading) (rowReader, error)
}

var dumps = []dump{
	{kindResources, []string{"dataset.id", "id", "title", "url"}, openResources},
	{kindDatasets, []string{"id", "title", "resources_count"}, openDatasets},
	{kindReuses, []string{"id", "title", "remote_url"}, openReuses},
	{kindDataservices, []string{"id", "title", "base_api_url"}, openDataservices},
	{kindOrganizations, []string{"id", "name", "members_count"}, openOrganizations},
}

// dumpOf recognises a dump by its header.
func dumpOf(header []string) (dump, bool) {
	for _, d := range dumps {
		if !slices.ContainsFunc(d.marks, func(mark string) bool { return !slices.Contains(header, mark) }) {
			return d, true
		}
	}
	return dump{}, false
}

// delimiterOf finds the delimiter of a header: the reference's is a semicolon.
func delimiterOf(header []byte) byte {
	line, _, _ := strings.Cut(string(header), "\n")
	if strings.Count(line, ";") >= strings.Count(line, ",") {
		return ';'
	}
	return ','
}

// tableReader reads the rows of a dump by a table of its columns. Columns that
// the table does not have are passed over.
type tableReader[D any] struct {
	names   []string
	columns []column[D]
	fields  catalog.FieldSet
	header  hash
	// draft makes a row's draft, finish completes it and tells what it says.
	draft  func() *D
	said   func(*D) *said
	finish func(d *D, hash uint64, fields catalog.FieldSet) error
}

func newTable[D any](header []string, columns map[string]column[D], set func(...string) catalog.FieldSet) *tableReader[D] {
	t := &tableReader[D]{names: header, columns: make([]column[D], len(header)), header: newHash()}
	for i, name := range header {
		known, ok := columns[name]
		if !ok || slices.Contains(header[:i], name) {
			continue
		}
		t.header = t.header.add(name)
		t.columns[i] = known
		if known.field != "" {
			t.fields |= set(known.field)
		}
	}
	return t
}

func (t *tableReader[D]) read(cells []string) (said, error) {
	draft := t.draft()
	h := t.header
	cleaned := false
	for i, cell := range cells {
		set := t.columns[i].set
		if set == nil {
			continue
		}
		cell, changed := storable(cell)
		cleaned = cleaned || changed
		h = h.add(cell)
		if err := set(draft, cell); err != nil {
			return said{}, &cellError{column: t.names[i], cell: i, reason: err.Error()}
		}
	}
	if cleaned {
		t.said(draft).note(notText)
	}
	if err := t.finish(draft, uint64(h), t.fields); err != nil {
		return said{}, err
	}
	return *t.said(draft), nil
}

func openDatasets(header []string, with reading) (rowReader, error) {
	t := newTable(header, datasetColumns, catalog.DatasetFields)
	// A dump holds public datasets that are not deleted, and says no more of
	// either.
	t.fields |= catalog.DatasetFields("private", "deleted")
	t.draft = func() *datasetDraft {
		return &datasetDraft{book: with.book, Dataset: catalog.Dataset{Harvest: &catalog.Harvest{}, Given: &catalog.GivenDataset{}}}
	}
	t.said = func(d *datasetDraft) *said { return &d.said }
	t.finish = func(d *datasetDraft, hash uint64, fields catalog.FieldSet) error {
		d.LastUpdate = d.ModifiedAt
		d.finish(with.zones, catalog.FormDump)
		d.datasets = []catalog.Input[catalog.Dataset]{{
			Object: d.Dataset,
			Source: catalog.Source{At: atOf(d.ModifiedAt), Form: catalog.FormDump, Weight: d.Views, Hash: hash, Fields: fields},
		}}
		return nil
	}
	return t, nil
}
