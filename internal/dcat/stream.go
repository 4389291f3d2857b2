package dcat

import (
	"context"
	"io"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/rdf"
)

// streamBatch is how many datasets a stream reads at a time.
const streamBatch = 100

// Stream writes the whole catalogue of what everybody finds as N-Triples, in
// the order of identifiers, in constant memory whatever its length: datasets a
// batch at a time, then the services. Nothing is locked meanwhile: each batch
// shows the state of the moment at which it was read.
func (e *Exporter) Stream(ctx context.Context, w io.Writer, p Portal, c Catalog) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	site, err := e.site(ctx, p)
	if err != nil {
		return err
	}
	out, err := rdf.NewWriter(w, rdf.NTriples, rdf.Style{})
	if err != nil {
		return err
	}
	s := &stream{book: newBook(e, site), out: out, catalog: rdf.NewIRI(encoded(c.URI))}
	s.doc = NewDocument(out.Write)
	if err := s.doc.Catalog(&c); err != nil {
		return err
	}
	batches, failed := e.batches(ctx, s.book)
	for batch := range batches {
		if err := s.datasets(ctx, batch); err != nil {
			return err
		}
	}
	if err := <-failed; err != nil {
		return err
	}
	if err := s.services(ctx); err != nil {
		return err
	}
	return out.Close()
}

// batches reads the datasets of a catalogue, one batch ahead of the reader.
func (e *Exporter) batches(ctx context.Context, b *book) (<-chan []catalog.Dataset, <-chan error) {
	batches, failed := make(chan []catalog.Dataset), make(chan error, 1)
	go func() {
		defer close(batches)
		failed <- e.store.EachDatasetID(ctx, account.Nobody, catalog.DatasetFilter{}, streamBatch, func(ids []string) error {
			datasets, err := b.load(ctx, ids)
			if err != nil {
				return err
			}
			select {
			case batches <- datasets:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	return batches, failed
}

// stream writes a book as it is filled.
type stream struct {
	*book
	out     rdf.Writer
	catalog rdf.Term
}

func (s *stream) datasets(ctx context.Context, batch []catalog.Dataset) error {
	if err := s.highValueOf(ctx, batch); err != nil {
		return err
	}
	if err := s.addDatasets(batch); err != nil {
		return err
	}
	clear(s.highValue)
	return s.list()
}

// highValueOf finds the high-value services of datasets, without describing
// them.
func (s *stream) highValueOf(ctx context.Context, batch []catalog.Dataset) error {
	silent := newBook(s.Exporter, s.site)
	if err := silent.addServices(ctx, batch, nil, onlyHVD); err != nil {
		return err
	}
	s.highValue = silent.highValue
	return nil
}

func (s *stream) services(ctx context.Context) error {
	return s.store.EachDataserviceID(ctx, account.Nobody, catalog.DataserviceFilter{}, streamBatch, func(ids []string) error {
		services, err := s.store.DataservicesByIDs(ctx, account.Nobody, ids)
		if err != nil {
			return err
		}
		if err := s.describeServices(ctx, services); err != nil {
			return err
		}
		return s.list()
	})
}

// list names what was described as part of the catalogue, and forgets it.
func (s *stream) list() error {
	for _, part := range []struct {
		predicate string
		nodes     []rdf.Term
	}{{nsDCAT + "dataset", s.datasetNodes}, {nsDCAT + "service", s.serviceNodes}} {
		for _, node := range part.nodes {
			if err := s.out.Write(rdf.Triple(s.catalog, part.predicate, node)); err != nil {
				return err
			}
		}
	}
	s.datasetNodes, s.serviceNodes, s.shown = s.datasetNodes[:0], s.serviceNodes[:0], Shown{}
	return nil
}
