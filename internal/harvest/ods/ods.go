// Package ods harvests portals of Opendatasoft: by the Explore API 2.1, and older
// ones by the Search API 1.
package ods

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"grenier/internal/fault"
	"grenier/internal/fetch"
	"grenier/internal/harvest"
)

const (
	featureInspire   = "inspire"
	featureFederated = "federated"
)

// Backend reads portals.
type Backend struct{}

// New returns the backend.
func New() Backend { return Backend{} }

// Describe implements harvest.Backend.
func (Backend) Describe() harvest.Description {
	return harvest.Description{
		ID: "ods", Label: "OpenDataSoft", ExtraConfigs: []harvest.ExtraKind{},
		Filters: []harvest.FilterKind{
			{Key: "tags", Label: "Tag", Type: "string", Description: "An ODS keyword"},
			{Key: "publisher", Label: "Publisher", Type: "string", Description: "An ODS publisher name"},
		},
		Features: []harvest.FeatureKind{
			{Key: featureInspire, Label: "Harvest INSPIRE", Description: "Whether this harvester should import datasets coming from INSPIRE"},
			{Key: featureFederated, Label: "Harvest federated datasets", Description: "Whether datasets that the portal shows for another one are taken too"},
		},
		Resumable: true,
	}
}

// portal is one run on one portal.
type portal struct {
	harvest.Request
	base    string // the portal's address, without a slash at its end
	emit    func(harvest.Line) error
	done    int
	whole   bool
	told    error
	started bool
	// parquet tells whether the portal exports that, nil before it was asked.
	parquet *bool
}

// Harvest implements harvest.Backend. The Explore API is asked first; the Search
// API where the portal does not know it.
func (Backend) Harvest(ctx context.Context, r harvest.Request, emit func(harvest.Line) error) error {
	p := &portal{Request: r, base: baseOf(r.Source.URL), emit: emit, whole: true}
	err := p.harvest(ctx)
	if err != nil {
		return err
	}
	return p.tell(harvest.Line{T: harvest.LineEnd, Complete: p.whole})
}

func (p *portal) harvest(ctx context.Context) error {
	if start, ok := p.cursor("v1:"); ok {
		return p.searchAll(ctx, start)
	}
	start, _ := p.cursor("v2:")
	err := p.explore(ctx, start)
	if err == nil || p.told != nil || p.started || ctx.Err() != nil || !unknownAPI(err) {
		return err
	}
	p.Remote.Log("info", "The portal has no Explore API 2.1: it is read by the Search API 1.")
	return p.searchAll(ctx, 0)
}

// cursor is the number of a cursor of one API.
func (p *portal) cursor(api string) (int, bool) {
	text, ok := strings.CutPrefix(p.Cursor, api)
	start, err := strconv.Atoi(text)
	return max(start, 0), ok && err == nil
}

var errNotODS = errors.New("ods: not a reply of this API")

// unknownAPI tells a portal that has not the API from one that fails.
func unknownAPI(err error) bool {
	if errors.Is(err, errNotODS) {
		return true
	}
	why := fetch.Why(err)
	return why != nil && why.Reason == fetch.Status && (why.Status == 404 || why.Status == 400 || why.Status == 405 || why.Status == 410 || why.Status == 501)
}

// baseOf is the portal's address without what people copy along with it.
func baseOf(source string) string {
	base := strings.TrimSuffix(harvest.Below(source, ""), "/")
	for _, page := range []string{"/explore", "/api/explore/v2.1", "/api/explore/v2.0", "/api/datasets/1.0"} {
		base = strings.TrimSuffix(base, page)
	}
	return strings.TrimSuffix(base, "/")
}

func (p *portal) tell(l harvest.Line) error {
	if err := p.emit(l); err != nil {
		p.told = err
		return err
	}
	return nil
}

func (p *portal) start(total int) error {
	if p.started {
		return nil
	}
	p.started = true
	return p.tell(harvest.Line{T: harvest.LineStart, Format: "ods", Total: &total})
}

func (p *portal) checkpoint(cursor string) error {
	return p.tell(harvest.Line{T: harvest.LineCheckpoint, Cursor: cursor, Done: p.done})
}

// want is how the portal is asked.
func (p *portal) want() harvest.Want {
	w := harvest.Want{Accept: "application/json"}
	if key := p.key(); key != "" {
		w.Header = http.Header{"Authorization": {"Apikey " + key}}
	}
	return w
}

func (p *portal) key() string {
	if key := p.Source.Secrets["apikey"]; key != "" {
		return key
	}
	var key string
	_ = json.Unmarshal(p.Source.Config.Other["apikey"], &key) // of sources that were taken over; others have none
	return key
}

// record tells one dataset as either API gives it.
func (p *portal) record(raw json.RawMessage, read func(*portal, json.RawMessage) harvest.Line) error {
	p.done++
	return p.tell(read(p, raw))
}

func broken(err error, what string) error {
	return fault.Wrap(errors.Join(errNotODS, err), fault.BadGateway, what)
}
