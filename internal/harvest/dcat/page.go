package dcat

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	words "grenier/internal/dcat"
	"grenier/internal/fault"
	"grenier/internal/harvest"
	"grenier/internal/rdf"
)

// page is a page of a catalogue that was read: its triples in memory, or in a store
// on disk when they are many.
type page struct {
	format    rdf.Format
	header    http.Header
	unchanged bool // since an earlier run; nothing else is known then
	next      string
	total     int
	sum       [32]byte
	logs      []string // what was passed over in reading
	// broken is why not all of the page could be read; what was read before is whole.
	broken error

	told  words.Description // of a page in memory
	store *store            // of another
}

func (p *page) close() {
	if p.store != nil {
		p.store.close()
	}
}

// maxLogs bounds what is told of a page that was passed over.
const maxLogs = 20

// maxInMemory is how many triples of a page are held in memory.
var maxInMemory = 150_000

// read asks for a page and reads its triples.
func (w *walk) read(ctx context.Context, address string, kept *harvest.KeptPage) (*page, error) {
	answer, err := w.request.Remote.Ask(ctx, address, harvest.Want{Accept: accept, Kept: kept})
	if err != nil {
		return nil, err
	}
	if answer.NotModified {
		return &page{unchanged: true}, nil
	}
	defer func() { _ = answer.Body.Close() }()
	sum := sha256.New()
	cut := &endsWell{in: answer.Body}
	in := bufio.NewReader(io.TeeReader(cut, sum))
	head, _ := in.Peek(2048)
	contentType := answer.Header.Get("Content-Type")
	format, err := formatOf(contentType, answer.URL, head)
	if err != nil {
		return nil, err
	}
	p := &page{format: format, header: answer.Header}
	c := &collector{Converter: w.Converter, graph: rdf.NewGraph()}
	err = rdf.Read(rdf.Source{
		Reader: decoded(in, format, contentType), Format: format, Base: answer.URL, Context: contextAt, Document: w.document(ctx), Lenient: p.pass,
	}, c.add)
	if _, rest := io.Copy(io.Discard, in); err == nil {
		err = rest
	}
	if cut.err != nil {
		err = errors.Join(err, cut.err)
	}
	if err := p.settle(err, c, cut.err); err != nil {
		c.close()
		return nil, err
	}
	sum.Sum(p.sum[:0])
	if p.next == "" {
		p.next = linkedNext(answer.Header.Values("Link"))
	}
	if p.next = nextOf(answer.URL, p.next); p.next == address || p.next == answer.URL {
		p.next = ""
	}
	return p, nil
}

// endsWell ends a document that was cut short as if it ended there, and keeps why.
type endsWell struct {
	in  io.Reader
	err error
}

func (e *endsWell) Read(b []byte) (int, error) {
	n, err := e.in.Read(b)
	if err != nil && err != io.EOF {
		e.err, err = err, io.EOF
	}
	return n, err
}

// pass remembers what was passed over.
func (p *page) pass(e *rdf.Error) {
	if len(p.logs) < maxLogs {
		p.logs = append(p.logs, e.Error())
	} else if len(p.logs) == maxLogs {
		p.logs = append(p.logs, "and more")
	}
}

// settle makes of what was collected a page. An error of RDF/XML leaves what came
// before it, but for what was being described; one of another format, or one that
// is not of the document, is returned.
func (p *page) settle(err error, c *collector, cut error) error {
	var broken *rdf.Error
	if err != nil {
		if !errors.As(err, &broken) || p.format != rdf.RDFXML {
			return readingFailed(err, cut)
		}
		p.broken = readingFailed(broken, cut)
		c.forget(broken.Open)
	}
	if c.store != nil {
		if err := c.store.finish(); err != nil {
			return err
		}
		p.store = c.store
		p.next, p.total = c.store.paging(c.Converter)
		return nil
	}
	p.told = words.Read(c.graph, c.reading())
	p.next, p.total = p.told.Next, p.told.Total
	return nil
}

// readingFailed says why a page could not be read.
func readingFailed(err, cut error) error {
	if cut != nil {
		return fault.Wrap(cut, fault.BadGateway, "The page was cut short: "+fault.Of(cut).Text)
	}
	var broken *rdf.Error
	if errors.As(err, &broken) {
		return fault.Wrap(err, fault.BadGateway, "The page cannot be read: "+broken.Error())
	}
	return err
}

// datasets tells the lines of the datasets of a page.
func (p *page) datasets(ctx context.Context, c Converter, fn func(harvest.Line) error) error {
	if p.store != nil {
		return p.store.datasets(ctx, c, func(r words.Record) error { return fn(c.Dataset(r)) })
	}
	for _, r := range p.told.Records {
		if err := fn(c.Dataset(r)); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// services tells the lines of the services of a page.
func (p *page) services(ctx context.Context, c Converter, fn func(harvest.Line) error) error {
	if p.store != nil {
		return p.store.services(ctx, c, func(s words.Service) error { return fn(c.Dataservice(s)) })
	}
	for _, s := range p.told.Services {
		if err := fn(c.Dataservice(s)); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// contextAt gives the JSON-LD contexts of catalogues of this kind, which serve them
// all at one path.
func contextAt(address string) *rdf.Context {
	base, ok := strings.CutSuffix(address, words.ContextPath)
	if !ok {
		return nil
	}
	return words.Context(base)
}

// maxContext bounds a context that is fetched, and maxContexts how many are.
const (
	maxContext  = 1 << 20
	maxContexts = 20
)

// document fetches contexts of JSON-LD where the source lets it, each once a run.
func (w *walk) document(ctx context.Context) func(string) []byte {
	if !w.request.Source.RemoteContexts {
		return nil
	}
	if w.contexts == nil {
		w.contexts = map[string][]byte{}
	}
	return func(address string) []byte {
		text, known := w.contexts[address]
		if known || len(w.contexts) == maxContexts {
			return text
		}
		answer, err := w.request.Remote.Ask(ctx, address, harvest.Want{Accept: "application/ld+json, application/json", MaxBytes: maxContext})
		if err == nil {
			text, err = io.ReadAll(answer.Body)
			_ = answer.Body.Close()
		}
		if err != nil {
			w.request.Remote.Log("warning", fmt.Sprintf("The context %s cannot be fetched: %s", address, fault.Of(err).Text))
			text = nil
		}
		w.contexts[address] = text
		return text
	}
}
