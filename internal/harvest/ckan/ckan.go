// Package ckan harvests portals made with CKAN, by version 3 of its action API, and
// those made with DKAN 1, which speaks the same with an accent of its own.
package ckan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"grenier/internal/fault"
	"grenier/internal/harvest"
)

const (
	// pageRows is how many packages are asked for at once. CKAN gives 1,000 at most.
	pageRows = 500
	idRows   = 1000
	// maxNames bounds a list of names.
	maxNames = 5_000_000
	// maxUnreached is how many packages in a row may fail on the way.
	maxUnreached = 3
)

// Backend reads portals.
type Backend struct{ dkan bool }

// New returns the backend of CKAN.
func New() Backend { return Backend{} }

// NewDKAN returns the backend of DKAN 1.
func NewDKAN() Backend { return Backend{dkan: true} }

// Describe implements harvest.Backend.
func (b Backend) Describe() harvest.Description {
	d := harvest.Description{
		ID: "ckan", Label: "CKAN", Features: []harvest.FeatureKind{}, ExtraConfigs: []harvest.ExtraKind{},
		Filters: []harvest.FilterKind{
			{Key: "organization", Label: "Organization", Type: "string", Description: "A CKAN Organization name"},
			{Key: "tags", Label: "Tag", Type: "string", Description: "A CKAN tag name"},
		},
		Incremental: true, Resumable: true,
	}
	if b.dkan {
		d.ID, d.Label, d.Filters, d.Incremental = "dkan", "DKAN", []harvest.FilterKind{}, false
	}
	return d
}

// Harvest implements harvest.Backend.
func (b Backend) Harvest(ctx context.Context, r harvest.Request, emit func(harvest.Line) error) error {
	p := &portal{Backend: b, Request: r, emit: emit, seen: make(map[string]bool)}
	return p.harvest(ctx)
}

// portal is one run on one portal.
type portal struct {
	Backend
	harvest.Request
	emit    func(harvest.Line) error
	seen    map[string]bool // identifiers
	started bool
	done    int
	// unreached are the packages in a row that failed on the way.
	unreached int
	// whole tells that nothing was left out so far.
	whole bool
	// told is an error of emit, which is nobody's fault but the engine's.
	told error
}

func (p *portal) tell(l harvest.Line) error {
	if err := p.emit(l); err != nil {
		p.told = err
		return err
	}
	return nil
}

func (p *portal) harvest(ctx context.Context) error {
	p.whole = true
	if err := p.list(ctx); err != nil {
		return err
	}
	return p.tell(harvest.Line{T: harvest.LineEnd, Complete: p.whole})
}

// list reads all packages: by the search, which gives them whole, or where there is none by
// their names.
func (p *portal) list(ctx context.Context) error {
	after, byName := strings.CutPrefix(p.Cursor, "name:")
	if p.dkan || byName {
		return p.listNames(ctx, after)
	}
	start := 0
	if text, ok := strings.CutPrefix(p.Cursor, "start:"); ok {
		start, _ = strconv.Atoi(text)
	}
	err := p.search(ctx, max(start, 0))
	var wait *harvest.Wait
	if err == nil || p.told != nil || p.done > 0 || start > 0 || ctx.Err() != nil || errors.As(err, &wait) {
		return err
	}
	p.Remote.Log("warning", "The portal cannot be searched, its packages are asked for one by one: "+fault.Of(err).SafeText())
	return p.listNames(ctx, "")
}

// search reads the pages of package_search.
func (p *portal) search(ctx context.Context, start int) error {
	rows := pageRows
	if p.MaxItems > 0 {
		rows = min(rows, p.MaxItems)
	}
	query := url.Values{"sort": {"id asc"}, "rows": {strconv.Itoa(rows)}}
	if fq := p.filterQuery(!p.Since.IsZero()); fq != "" {
		query.Set("fq", fq)
	}
	for {
		query.Set("start", strconv.Itoa(start))
		page, err := p.searchPage(ctx, query, start)
		if err != nil {
			return err
		}
		if start += page.results; page.results > 0 && page.fresh == 0 {
			p.whole = false
			return p.tell(harvest.Line{T: harvest.LineError, Message: "The portal gives the same page again and again: the listing was ended there."})
		}
		if err := p.tell(harvest.Line{T: harvest.LineCheckpoint, Cursor: "start:" + strconv.Itoa(start), Done: p.done}); err != nil {
			return err
		}
		if start >= page.count {
			break
		}
		if page.results == 0 {
			p.whole = false
			return p.tell(harvest.Line{T: harvest.LineError, Message: fmt.Sprintf("The portal says that it has %d packages and gave %d.", page.count, start)})
		}
	}
	if p.Since.IsZero() {
		return nil
	}
	return p.listUnchanged(ctx)
}

// page is what came of one page of a search.
type page struct {
	count   int
	results int // listed
	fresh   int // not listed before
	bare    []string
	ids     []harvest.KeptRecord
	broken  bool // a package has no identifier
}

// searchPage tells the packages of one page that begins at a place of the list.
func (p *portal) searchPage(ctx context.Context, query url.Values, start int) (page, error) {
	found := page{count: -1}
	before := len(p.seen)
	repeated := make(map[string]bool)
	address := p.address("package_search", query)
	kept, err := p.keptPage(ctx, address)
	if err != nil {
		return found, err
	}
	answer, err := p.page(ctx, address, kept, func(in *decoder) error {
		return in.object(func(key string) error {
			switch key {
			case "count":
				if err := in.value(&found.count); err != nil {
					return err
				}
				return p.start(found.count)
			case "results":
				return in.array(func(raw json.RawMessage) error {
					found.results++
					return p.listed(raw, &found, repeated)
				})
			}
			return in.skip()
		})
	})
	switch {
	case err != nil:
	case answer.NotModified:
		err = p.tellKept(kept, &found, start)
	case found.count < 0:
		err = fault.New(fault.BadGateway, "The portal's list of packages has no count.")
	}
	found.fresh += len(p.seen) - before
	for _, id := range found.bare {
		if err == nil {
			err = p.show(ctx, id)
		}
	}
	if err == nil && !answer.NotModified {
		err = p.keep(ctx, address, answer, &found, start)
	}
	return found, err
}

// keptPage is what an earlier run remembered of a page, when this one reads the
// whole portal.
func (p *portal) keptPage(ctx context.Context, address string) (*harvest.KeptPage, error) {
	if !p.Since.IsZero() {
		return nil, nil
	}
	return p.Remote.Kept(ctx, address)
}

// tellKept tells the packages of a page that is as it was.
func (p *portal) tellKept(kept *harvest.KeptPage, found *page, start int) error {
	found.results = len(kept.Records)
	found.count = start + found.results
	if kept.Next != "" {
		found.count++
	}
	for _, record := range kept.Records {
		if p.seen[record.RemoteID] {
			continue
		}
		p.seen[record.RemoteID] = true
		p.done++
		if err := p.tell(harvest.Line{T: harvest.LineUnchanged, RemoteID: record.RemoteID}); err != nil {
			return err
		}
	}
	return nil
}

// keep remembers a page.
func (p *portal) keep(ctx context.Context, address string, answer *harvest.Answer, found *page, start int) error {
	if found.broken || len(found.bare) > 0 || !p.Since.IsZero() {
		return nil
	}
	k := harvest.KeptPage{Address: address, ETag: answer.Header.Get("ETag"), LastModified: answer.Header.Get("Last-Modified"), Records: found.ids}
	if start+found.results < found.count {
		k.Next = "more"
	}
	return p.Remote.Keep(ctx, k)
}

// start says how much is to come, once.
func (p *portal) start(count int) error {
	if p.started || count < 0 {
		return nil
	}
	p.started = true
	l := harvest.Line{T: harvest.LineStart, Format: p.Describe().ID}
	if p.Since.IsZero() {
		l.Total = &count
	}
	return p.tell(l)
}

// listed tells a package of a page. One that a page before had is left out: records
// move from page to page while a portal changes. One without resources is asked for
// later.
func (p *portal) listed(raw json.RawMessage, found *page, now map[string]bool) error {
	var head struct {
		ID        json.RawMessage `json:"id"`
		Name      json.RawMessage `json:"name"`
		Resources json.RawMessage `json:"resources"`
	}
	if json.Unmarshal(raw, &head) != nil {
		found.broken = true
		p.done++
		return p.tell(harvest.Line{T: harvest.LineError, Message: "A package of the portal is not an object."})
	}
	id := words(head.ID)
	if id == "" {
		id = words(head.Name)
	}
	if id != "" {
		if p.seen[id] && !now[id] {
			return nil
		}
		p.seen[id], now[id] = true, true
		found.ids = append(found.ids, harvest.KeptRecord{RemoteID: id})
	} else {
		found.broken = true
		found.fresh++
	}
	if head.Resources == nil && id != "" {
		found.bare = append(found.bare, id)
		return nil
	}
	p.done++
	return p.tell(p.read(raw, id))
}

// listUnchanged tells which packages there are besides those that changed.
func (p *portal) listUnchanged(ctx context.Context) error {
	query := url.Values{"sort": {"id asc"}, "rows": {strconv.Itoa(idRows)}, "fl": {"id"}}
	if fq := p.filterQuery(false); fq != "" {
		query.Set("fq", fq)
	}
	for start, count := 0, 1; start < count; {
		query.Set("start", strconv.Itoa(start))
		results := 0
		err := p.action(ctx, "package_search", query, func(in *decoder) error {
			return in.object(func(key string) error {
				switch key {
				case "count":
					return in.value(&count)
				case "results":
					return in.array(func(raw json.RawMessage) error {
						results++
						return p.unchanged(raw)
					})
				}
				return in.skip()
			})
		})
		if err != nil {
			return err
		}
		if results == 0 && start < count {
			p.whole = false
			return nil
		}
		start += results
	}
	return nil
}

func (p *portal) unchanged(raw json.RawMessage) error {
	var head struct {
		ID json.RawMessage `json:"id"`
	}
	if json.Unmarshal(raw, &head) != nil {
		return nil
	}
	id := words(head.ID)
	if id == "" || p.seen[id] {
		return nil
	}
	p.seen[id] = true
	return p.tell(harvest.Line{T: harvest.LineUnchanged, RemoteID: id})
}

// filterQuery is the source's filters as Solr reads them. Values go as they are:
// whoever wants quotes types them.
func (p *portal) filterQuery(recent bool) string {
	var terms []string
	for _, f := range p.Source.Config.Filters {
		term := fmt.Sprintf("%s:%v", f.Key, f.Value)
		if f.Exclude() {
			term = "-" + term
		}
		terms = append(terms, term)
	}
	if recent {
		terms = append(terms, "metadata_modified:["+p.Since.Add(-time.Hour).UTC().Format("2006-01-02T15:04:05Z")+" TO *]")
	}
	return strings.Join(terms, " AND ")
}

// apiKey is the key that the portal knows the source by; "" for none.
func (p *portal) apiKey() string {
	if key := p.Source.Secrets["apikey"]; key != "" {
		return key
	}
	var key string
	_ = json.Unmarshal(p.Source.Config.Other["apikey"], &key) // of sources that were taken over; others have none
	return key
}

func (p *portal) header() http.Header {
	if key := p.apiKey(); key != "" {
		return http.Header{"Authorization": {key}}
	}
	return nil
}
