package dcat

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sync/semaphore"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/geo"
	"grenier/internal/rdf"
)

// Mapping names how objects are described: it changes when the description of
// unchanged rows would look different.
const Mapping = "dcat-2"

// Exporter describes the objects of a database.
type Exporter struct {
	db    *db.DB
	store *catalog.Store
	zones *geo.Directory
	log   *slog.Logger
	room  *semaphore.Weighted
}

// maxAtOnce is how many datasets are described at once, in all documents that
// are held whole together: a thousand take about 80 MB. Documents wait for each
// other beyond it.
const maxAtOnce = 2000

// resourcesPerDataset is how many resources weigh as much as a dataset.
const resourcesPerDataset = 10

// New returns the exporter of a database; log is told of what cannot be
// described and is left out.
func New(d *db.DB, store *catalog.Store, zones *geo.Directory, log *slog.Logger) *Exporter {
	return &Exporter{db: d, store: store, zones: zones, log: log, room: semaphore.NewWeighted(maxAtOnce)}
}

// enter waits until so many datasets may be described; leave makes room for
// others.
func (e *Exporter) enter(ctx context.Context, datasets int) (leave func(), err error) {
	weight := int64(min(max(datasets, 1), maxAtOnce))
	if err := e.room.Acquire(ctx, weight); err != nil {
		return nil, err
	}
	return func() { e.room.Release(weight) }, nil
}

// Portal is where a description is published.
type Portal struct {
	// Base is the address of the site without a slash at its end.
	Base string
	// Title is the site's name.
	Title string
	// Language is the site's, a code of ISO 639-1.
	Language string
	// FileURL completes the addresses of hosted files.
	FileURL func(address string) string
}

// site joins what is known of the portal with what descriptions refer to.
func (e *Exporter) site(ctx context.Context, p Portal) (*Site, error) {
	licenses, err := e.store.Licenses(ctx)
	if err != nil {
		return nil, err
	}
	s := &Site{
		Base: p.Base, Title: p.Title, Language: p.Language, FileURL: p.FileURL, Zones: e.zones,
		Licenses: make(map[string]catalog.License, len(licenses)),
	}
	for _, license := range licenses {
		s.Licenses[license.ID] = license
	}
	return s, nil
}

// Style is how documents of a site are written.
func Style(base string) rdf.Style { return rdf.Style{Prefixes: Prefixes, Context: Context(base)} }

// Shown is what a document was made from.
type Shown struct {
	// Datasets and Services are identifiers.
	Datasets, Services []string
	// Modified is the latest change of one of them.
	Modified time.Time
}

func (s *Shown) note(ids *[]string, id string, at db.Time) {
	*ids = append(*ids, id)
	if at.After(s.Modified) {
		s.Modified = at.Time
	}
}

// Dataset writes the document of one dataset as the viewer may read it: not
// found when it is private, gone when it was deleted.
func (e *Exporter) Dataset(ctx context.Context, w io.Writer, f rdf.Format, p Portal, v account.Viewer, id string) (Shown, error) {
	d, err := e.store.Dataset(ctx, v, id, catalog.Parts{Resources: true})
	if err != nil {
		return Shown{}, err
	}
	leave, err := e.enter(ctx, 1+len(d.Resources)/resourcesPerDataset)
	if err != nil {
		return Shown{}, err
	}
	defer leave()
	return e.write(ctx, w, f, p, func(b *book) error {
		if err := b.addServices(ctx, []catalog.Dataset{*d}, nil, onlyHVD); err != nil {
			return err
		}
		return b.addDatasets([]catalog.Dataset{*d})
	})
}

// Service writes the document of one service as the viewer may read it.
func (e *Exporter) Service(ctx context.Context, w io.Writer, f rdf.Format, p Portal, v account.Viewer, id string) (Shown, error) {
	d, err := e.store.Dataservice(ctx, v, id)
	if err != nil {
		return Shown{}, err
	}
	return e.write(ctx, w, f, p, func(b *book) error { return b.describeServices(ctx, []catalog.Dataservice{*d}) })
}

// Listing is a page of a catalogue to be written.
type Listing struct {
	// Catalog says what the catalogue is; its lists and the total are filled
	// in.
	Catalog
	Filter catalog.DatasetFilter
	// Number is that of the page, from 1, and Size how many datasets it has.
	Number, Size int
	// Loose adds to the first page the services that give no dataset: those
	// of the filter's organisation, or all.
	Loose bool
}

// Page writes a page of a catalogue of what everybody finds: datasets, and the
// services that give one of them. around tells the addresses of the pages when
// the total is known. A page beyond the last one is not found.
func (e *Exporter) Page(ctx context.Context, w io.Writer, f rdf.Format, p Portal, l Listing, around func(total int) PageOf) (Shown, error) {
	offset := min(l.Number-1, (1<<31)/l.Size) * l.Size
	ids, total, err := e.store.DatasetIDs(ctx, account.Nobody, l.Filter, catalog.Page{Offset: offset, Limit: l.Size})
	if err != nil {
		return Shown{}, err
	}
	if len(ids) == 0 && l.Number > 1 {
		return Shown{}, fault.New(fault.NotFound, "The catalogue has no page of this number.")
	}
	leave, err := e.enter(ctx, len(ids))
	if err != nil {
		return Shown{}, err
	}
	defer leave()
	page := around(total)
	page.Total = total
	l.Catalog.Page = &page
	return e.write(ctx, w, f, p, func(b *book) error {
		datasets, err := b.load(ctx, ids)
		if err != nil {
			return err
		}
		var loose []string
		if l.Loose && l.Number == 1 {
			if loose, err = e.looseServices(ctx, l.Filter.Organization); err != nil {
				return err
			}
		}
		if err := b.addServices(ctx, datasets, loose, allServices); err != nil {
			return err
		}
		if err := b.addDatasets(datasets); err != nil {
			return err
		}
		l.Datasets, l.Services = b.datasetNodes, b.serviceNodes
		return b.first(&l.Catalog)
	})
}

// write makes a document: what fill adds to a book, in a format.
func (e *Exporter) write(ctx context.Context, w io.Writer, f rdf.Format, p Portal, fill func(*book) error) (Shown, error) {
	site, err := e.site(ctx, p)
	if err != nil {
		return Shown{}, err
	}
	b := newBook(e, site)
	if err := fill(b); err != nil {
		return Shown{}, err
	}
	out, err := rdf.NewWriter(w, f, Style(p.Base))
	if err != nil {
		return Shown{}, err
	}
	quads := append(b.head, b.quads...)
	if f == rdf.JSONLD {
		quads = together(quads)
	}
	for _, q := range quads {
		if err := out.Write(q); err != nil {
			return Shown{}, err
		}
	}
	return b.shown, out.Close()
}

// together puts the quads of each subject one after the other, each once: a
// writer that writes what it is given then makes one object of them, as readers
// expect who take JSON-LD for JSON.
func together(quads []rdf.Quad) []rdf.Quad {
	g := rdf.NewGraph()
	for _, q := range quads {
		_ = g.Add(q) // its error is always nil
	}
	sorted := make([]rdf.Quad, 0, g.Len())
	met := make(map[rdf.Term]bool)
	for _, q := range g.Quads() {
		if !met[q.Subject] {
			met[q.Subject] = true
			sorted = append(sorted, g.About(q.Subject)...)
		}
	}
	return sorted
}

// book is a document with the objects that it is made from.
type book struct {
	*Exporter
	site *Site
	doc  *Document

	head, quads                []rdf.Quad
	datasetNodes, serviceNodes []rdf.Term
	shown                      Shown
	// highValue are the high-value services by the dataset that they give.
	highValue map[string][]catalog.Dataservice
}

func newBook(e *Exporter, site *Site) *book {
	b := &book{Exporter: e, site: site, highValue: map[string][]catalog.Dataservice{}}
	b.doc = NewDocument(func(q rdf.Quad) error {
		b.quads = append(b.quads, q)
		return nil
	})
	return b
}

// first puts the description of the catalogue before all others.
func (b *book) first(c *Catalog) error {
	rest := b.quads
	b.quads = nil
	err := b.doc.Catalog(c)
	b.head, b.quads = b.quads, rest
	return err
}

// load reads datasets. When they cannot be read together they are read one by
// one, and those that cannot are left out.
func (b *book) load(ctx context.Context, ids []string) ([]catalog.Dataset, error) {
	parts := catalog.Parts{Resources: true}
	datasets, err := b.store.DatasetsByIDs(ctx, account.Nobody, ids, parts)
	if err == nil || ctx.Err() != nil {
		return datasets, err
	}
	datasets = nil
	for _, id := range ids {
		one, failed := b.store.DatasetsByIDs(ctx, account.Nobody, []string{id}, parts)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if failed != nil {
			b.log.Warn("a dataset cannot be read and is left out of linked data", "dataset", id, "cause", failed)
		}
		datasets = append(datasets, one...)
	}
	if len(datasets) == 0 {
		return nil, err // not one dataset, but the database
	}
	return datasets, nil
}

func (b *book) addDatasets(datasets []catalog.Dataset) error {
	for i := range datasets {
		d := &datasets[i]
		node, err := b.addDataset(d)
		switch {
		case errors.Is(err, ErrRecord):
			b.log.Warn("a dataset is left out of linked data", "dataset", d.ID, "cause", err)
		case err != nil:
			return err
		default:
			b.datasetNodes = append(b.datasetNodes, node)
			b.shown.note(&b.shown.Datasets, d.ID, d.ModifiedInternal)
		}
	}
	return nil
}

func (b *book) addDataset(d *catalog.Dataset) (rdf.Term, error) {
	var record Record
	if err := b.doc.attempt("dataset "+d.ID, func() { record = b.site.Record(d, b.highValue[d.ID]) }); err != nil {
		return rdf.Term{}, err
	}
	return b.doc.Dataset(&record, b.site.DatasetPage(d.ID))
}
