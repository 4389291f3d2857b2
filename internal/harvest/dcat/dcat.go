// Package dcat harvests catalogues that describe themselves in RDF with the words
// of DCAT: a document, or pages of one that name the next by Hydra or by the header
// Link. What is said of a dataset in RDF becomes a line here, also for portals
// that answer catalogue services (CSW).
package dcat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"grenier/internal/fault"
	"grenier/internal/harvest"
)

// maxPages bounds the pages of a catalogue.
const maxPages = 10_000

// prefixKey is the setting that says where the pages of records are.
const prefixKey = "remote_url_prefix"

// PrefixKind is the setting that says where the pages of records are.
var PrefixKind = harvest.ExtraKind{
	Key: prefixKey, Label: "Remote URL prefix", Default: "",
	Description: "Start of the addresses of the records' pages. Followed by the identifier of a record in its catalogue, it replaces the address that the record itself tells.",
}

// Backend reads catalogues in RDF.
type Backend struct{}

// New returns the backend.
func New() Backend { return Backend{} }

// Describe implements harvest.Backend.
func (Backend) Describe() harvest.Description {
	return harvest.Description{
		ID: "dcat", Label: "DCAT", Filters: []harvest.FilterKind{}, Features: []harvest.FeatureKind{},
		ExtraConfigs: []harvest.ExtraKind{PrefixKind}, Resumable: true,
	}
}

// cursor is where a run goes on.
type cursor struct {
	// Next is the address of the next page, "" after the last one, and Page its number.
	Next string `json:"next"`
	Page int    `json:"page"`
	// Services are the addresses of pages some of whose services wait for datasets
	// of later pages.
	Services []string `json:"services,omitempty"`
	// Partial tells that some of what came before was not read.
	Partial bool `json:"partial,omitempty"`
}

// maxWaiting is how many pages a cursor names; with more, a run that is interrupted
// goes on from an earlier place.
const maxWaiting = 200

// Harvest implements harvest.Backend.
func (Backend) Harvest(ctx context.Context, r harvest.Request, emit func(harvest.Line) error) error {
	at := cursor{Next: r.Source.URL}
	if r.Cursor != "" {
		if err := json.Unmarshal([]byte(r.Cursor), &at); err != nil {
			return fault.Wrap(err, fault.Invalid, "The place to go on from cannot be read: start the harvest again.")
		}
	}
	w := &walk{
		request: r, emit: emit, cursor: at, again: at.Services, visited: map[string]bool{},
		Converter: Converter{Prefix: PrefixOf(r.Source.Config), Language: r.Language, Now: r.Now},
	}
	defer w.services.Close()
	return w.run(ctx)
}

// PrefixOf is where the pages of a source's records are; "" when it does not say.
func PrefixOf(c harvest.Config) string {
	if prefix := c.Extra(prefixKey); prefix != "" {
		return prefix
	}
	var prefix string
	_ = json.Unmarshal(c.Other[prefixKey], &prefix) // another value is no address
	return prefix
}

// walk reads the pages of a catalogue.
type walk struct {
	Converter
	cursor
	request harvest.Request
	emit    func(harvest.Line) error
	visited map[string]bool // pages that were read, by address
	last    [32]byte        // the sum of the page before
	done    int             // records that were told
	started bool
	// services are those that wait for datasets of later pages; again are pages of an
	// interrupted run whose services are read a second time.
	services Waiting
	again    []string
	contexts map[string][]byte // that were fetched, by address
}

func (w *walk) run(ctx context.Context) error {
	first := w.Page
	for w.Next != "" && !w.visited[w.Next] {
		if w.Page-first == maxPages || w.Page >= maxPages {
			w.Partial = true
			if err := w.trouble(fmt.Sprintf("The catalogue has more than %d pages: the rest was not read.", maxPages)); err != nil {
				return err
			}
			break
		}
		w.visited[w.Next] = true
		if err := w.page(ctx, w.Next); err != nil {
			return err
		}
		if len(w.Services) > maxWaiting {
			continue
		}
		if err := w.checkpoint(); err != nil {
			return err
		}
	}
	for _, address := range w.again {
		if err := w.servicesOf(ctx, address); err != nil {
			return err
		}
	}
	if err := w.services.Each(w.tell); err != nil {
		return err
	}
	return w.emit(harvest.Line{T: harvest.LineEnd, Complete: !w.Partial})
}

// checkpoint says where to go on.
func (w *walk) checkpoint() error {
	text, err := json.Marshal(w.cursor)
	if err != nil {
		return err
	}
	return w.emit(harvest.Line{T: harvest.LineCheckpoint, Cursor: string(text), Done: w.done})
}

// trouble tells of what concerns the job.
func (w *walk) trouble(message string) error {
	return w.emit(harvest.Line{T: harvest.LineError, Message: message})
}

// tell emits the line of a record.
func (w *walk) tell(l harvest.Line) error {
	w.done++
	return w.emit(l)
}

// page reads a page, tells its records and moves on to the next.
func (w *walk) page(ctx context.Context, address string) error {
	var kept *harvest.KeptPage
	if !w.request.Dry {
		var err error
		if kept, err = w.request.Remote.Kept(ctx, address); err != nil {
			return err
		}
	}
	p, err := w.read(ctx, address, kept)
	if err != nil {
		return w.onPage(address, err)
	}
	defer p.close()
	switch {
	case p.unchanged:
		err = w.unchanged(kept)
	case p.sum == w.last:
		w.Partial = true
		err = w.emit(harvest.Line{T: harvest.LineLog, Level: "warning", Message: "Page " + address + " is the same as the one before: reading stopped."})
		w.Next = ""
		return err
	default:
		err = w.tellPage(ctx, address, p)
	}
	if err == nil && p.broken != nil {
		err = w.onPage(address, p.broken)
	}
	return err
}

// onPage says which page an error is of, unless it is the first.
func (w *walk) onPage(address string, err error) error {
	var known *fault.Error
	if address == w.request.Source.URL || !errors.As(err, &known) {
		return err
	}
	return fault.Wrap(err, known.Code, "Page "+address+": "+known.Text)
}

// start tells the format once the first page is known.
func (w *walk) start(p *page) error {
	if w.started {
		return nil
	}
	w.started = true
	l := harvest.Line{T: harvest.LineStart, Format: string(p.format)}
	if p.total > 0 {
		l.Total = &p.total
	}
	return w.emit(l)
}

// unchanged tells the records of a page that is as it was.
func (w *walk) unchanged(kept *harvest.KeptPage) error {
	for _, record := range kept.Records {
		if err := w.tell(harvest.Line{T: harvest.LineUnchanged, Kind: record.Kind, RemoteID: record.RemoteID}); err != nil {
			return err
		}
	}
	w.Next = kept.Next
	w.Page++
	return nil
}

// tellPage tells the records of a page that was read.
func (w *walk) tellPage(ctx context.Context, address string, p *page) error {
	if err := w.start(p); err != nil {
		return err
	}
	number := w.Page
	keep := harvest.KeptPage{Address: address, ETag: p.header.Get("ETag"), LastModified: p.header.Get("Last-Modified")}
	whole := p.broken == nil
	send := func(l harvest.Line) error {
		l.Page = &number
		switch l.T {
		case harvest.LineDataset:
			keep.Records = append(keep.Records, harvest.KeptRecord{RemoteID: l.RemoteID})
		case harvest.LineDataservice:
			keep.Records = append(keep.Records, harvest.KeptRecord{Kind: "dataservice", RemoteID: l.RemoteID})
		default:
			whole = false // what is wrong is to be told each time
		}
		return w.tell(l)
	}
	for _, message := range p.logs {
		if err := w.emit(harvest.Line{T: harvest.LineLog, Level: "warning", Message: "Page " + address + ": " + message}); err != nil {
			return err
		}
	}
	here := map[string]bool{}
	err := p.datasets(ctx, w.Converter, func(l harvest.Line) error {
		here[l.RemoteID] = true
		if l.Dataset != nil && l.Dataset.Harvest.URI != "" {
			here[l.Dataset.Harvest.URI] = true
		}
		return send(l)
	})
	if err != nil {
		return err
	}
	next := p.next
	waits := false
	err = p.services(ctx, w.Converter, func(l harvest.Line) error {
		if next == "" || served(l, here) {
			return send(l)
		}
		waits = true
		l.Page = &number
		return w.services.Add(l)
	})
	if err != nil {
		return err
	}
	if waits {
		whole = false // nobody would tell its services
		w.Services = append(w.Services, address)
	}
	w.last, w.Next = p.sum, next
	w.Page++
	if !whole || w.request.Dry {
		return nil
	}
	keep.Next = next
	return w.request.Remote.Keep(ctx, keep)
}

// served tells whether all datasets of a service are among those that were told.
func served(l harvest.Line, told map[string]bool) bool {
	if l.Dataservice == nil {
		return true
	}
	for _, name := range l.Dataservice.Datasets {
		if !told[name] {
			return false
		}
	}
	return true
}

// servicesOf tells the services of a page whose datasets were told before the run
// was interrupted. Those that did not wait then are the same again.
func (w *walk) servicesOf(ctx context.Context, address string) error {
	p, err := w.read(ctx, address, nil)
	if err != nil {
		return err
	}
	defer p.close()
	return p.services(ctx, w.Converter, w.tell)
}

// nextOf completes the address of the next page. What has another scheme than
// pages have is none.
func nextOf(base, next string) string {
	if next == "" {
		return ""
	}
	from, err := url.Parse(base)
	if err != nil {
		return ""
	}
	to, err := from.Parse(next)
	if err != nil || to.Scheme != "http" && to.Scheme != "https" {
		return ""
	}
	to.Fragment = ""
	return to.String()
}
