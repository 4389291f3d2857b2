// Package udata harvests other catalogues of this kind by their API: udata, as
// data.gouv.fr runs it, or another Grenier. See docs/harvesting.md for what
// becomes of each member.
package udata

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"grenier/internal/fault"
	"grenier/internal/fetch"
	"grenier/internal/harvest"
	"grenier/internal/harvest/jsonlist"
)

// The switches of sources.
const (
	// featureHarvested takes what the portal itself harvested elsewhere.
	featureHarvested = "harvested"
	// featureServices takes dataservices too.
	featureServices = "dataservices"
)

// Bounds of a harvest.
const (
	pageSize = 100
	maxPages = 100_000
)

// Backend reads the API of udata.
type Backend struct{}

// New returns the backend.
func New() Backend { return Backend{} }

// Describe implements harvest.Backend.
func (Backend) Describe() harvest.Description {
	text := func(key, label, description string) harvest.FilterKind {
		return harvest.FilterKind{Key: key, Label: label, Type: "string", Description: description}
	}
	return harvest.Description{
		ID: "udata", Label: "udata", ExtraConfigs: []harvest.ExtraKind{},
		Filters: []harvest.FilterKind{
			text("organization", "Organization", "Identifier or slug of an organization of the portal"),
			text("tag", "Tag", "A tag; several must all be there"),
			text("badge", "Badge", "Kind of a badge, as hvd, inspire or spd"),
			text("license", "License", "Identifier of a license"),
			text("format", "Format", "Format of a file, as csv"),
			text("geozone", "Zone", "Identifier of a zone, as fr:departement:05"),
			text("domain", "Origin", "Host that the portal harvested a dataset from"),
		},
		Features: []harvest.FeatureKind{
			{Key: featureHarvested, Label: "Harvested data", Description: "Also take what the portal harvested elsewhere", Default: true},
			{Key: featureServices, Label: "Dataservices", Description: "Also take dataservices", Default: true},
		},
		Resumable: true,
	}
}

// Harvest implements harvest.Backend.
func (Backend) Harvest(ctx context.Context, r harvest.Request, emit func(harvest.Line) error) error {
	base, query, err := rootOf(r.Source.URL)
	if err != nil {
		return err
	}
	w := &walk{request: r, emit: emit, base: base, query: query, filters: sieveOf(r.Source.Config.Filters), seen: make(map[string]bool)}
	w.harvested = r.Source.Config.Feature(featureHarvested, true)
	lists, err := w.lists(ctx)
	if err != nil {
		return err
	}
	if lists, err = w.announce(ctx, lists); err != nil {
		return err
	}
	from, err := placeOf(r.Cursor)
	if err != nil {
		return err
	}
	for i := from.List; i < len(lists); i++ {
		page := 1
		if i == from.List {
			page = max(from.Page, 1)
		}
		if err := w.list(ctx, lists, i, page); err != nil {
			return err
		}
	}
	return emit(harvest.Line{T: harvest.LineEnd, Complete: true})
}

// rootOf is the address under which the API of a portal lies, of the address of
// the portal, of its API or of a list of its datasets; query holds the conditions
// of such a list.
func rootOf(address string) (base string, query url.Values, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", nil, fault.Newf(fault.Invalid, "The address %q of the source is not one of a portal.", address)
	}
	query = u.Query()
	for _, name := range []string{"page", "page_size", "sort"} {
		query.Del(name)
	}
	for _, part := range []string{"/api/1", "/api/2"} {
		if before, _, ok := strings.Cut(u.Path+"/", part+"/"); ok {
			u.Path = before
		}
	}
	u.Path, u.RawPath, u.RawQuery, u.Fragment = strings.TrimRight(u.Path, "/"), "", "", ""
	return u.String(), query, nil
}

// place is where to go on: in which list and on which page of it.
type place struct {
	List int `json:"list"`
	Page int `json:"page"`
}

func placeOf(cursor string) (p place, err error) {
	if cursor == "" {
		return p, nil
	}
	if err := json.Unmarshal([]byte(cursor), &p); err != nil || p.List < 0 {
		return p, fault.Newf(fault.Invalid, "The place %q to go on from cannot be read: start the job anew.", cursor)
	}
	return p, nil
}

// walk is one harvest.
type walk struct {
	request   harvest.Request
	emit      func(harvest.Line) error
	base      string
	query     url.Values // of the source's address
	filters   sieve
	harvested bool
	seen      map[string]bool // identifiers
	records   int
}

// list is a list of the API to be read from its first page to its last.
type list struct {
	kind  string // dataset or dataservice
	query url.Values
}

// mask asks for the members that are mapped, and no others (X-Fields).
var masks = map[string]string{
	"dataset": `data{id,uri,page,slug,title,acronym,description,tags,license,frequency,temporal_coverage,spatial,contact_points,schema,` +
		`access_type,access_type_reason,access_type_reason_category,authorization_request_url,private,archived,deleted,extras,harvest,badges,` +
		`created_at,last_modified,last_update,organization{id,slug,name,acronym,page},owner{id,slug,first_name,last_name,page},` +
		`resources{id,title,description,url,latest,type,format,mime,filesize,checksum,schema,extras,harvest,created_at,last_modified}},next_page,total`,
	"dataservice": `data{id,self_api_url,self_web_url,slug,title,acronym,description,tags,license,base_api_url,machine_documentation_url,` +
		`technical_documentation_url,business_documentation_url,authorization_request_url,rate_limiting,rate_limiting_url,availability,availability_url,format,` +
		`access_type,access_type_reason,access_type_reason_category,contact_points,datasets,private,archived_at,deleted_at,extras,harvest,` +
		`created_at,metadata_modified_at,organization{id,slug,name,acronym,page},owner{id,slug,first_name,last_name,page}},next_page,total`,
}

// lists are what to read: one list for each organization that is asked for, of
// datasets first.
func (w *walk) lists(ctx context.Context) ([]list, error) {
	organizations, err := w.organizations(ctx)
	if err != nil {
		return nil, err
	}
	kinds := []string{"dataset"}
	if w.request.Source.Config.Feature(featureServices, true) && !w.filters.datasetsOnly() {
		kinds = append(kinds, "dataservice")
	}
	var lists []list
	for _, kind := range kinds {
		for _, organization := range organizations {
			query := url.Values{}
			for name, values := range w.query {
				query[name] = values
			}
			w.filters.ask(kind, query)
			if organization != "" {
				query.Set("organization", organization)
			}
			lists = append(lists, list{kind, query})
		}
	}
	return lists, nil
}

// organizations are the identifiers of those that are asked for; one empty one
// for all.
func (w *walk) organizations(ctx context.Context) ([]string, error) {
	var ids []string
	for _, name := range w.filters.wanted("organization") {
		var found struct {
			ID string `json:"id"`
		}
		address := w.base + "/api/1/organizations/" + url.PathEscape(name) + "/"
		if err := w.get(ctx, address, "id", &found); err != nil {
			return nil, fault.Wrap(err, fault.BadGateway, fmt.Sprintf("The organization %q of the filter cannot be found on the portal: %s", name, fault.Of(err).SafeText()))
		}
		if found.ID != "" && !slices.Contains(ids, found.ID) {
			ids = append(ids, found.ID)
		}
	}
	if ids == nil {
		ids = []string{""}
	}
	return ids, nil
}

// maxAnswer bounds the answers that are read whole, in bytes.
const maxAnswer = 16 << 20

// get reads a small answer.
func (w *walk) get(ctx context.Context, address, mask string, into any) error {
	answer, err := w.request.Remote.Ask(ctx, address, harvest.Want{Accept: "application/json", Header: fields(mask), MaxBytes: maxAnswer})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		return fault.Wrap(err, fault.BadGateway, fmt.Sprintf("The portal does not answer as udata does: %s gave no JSON.", address))
	}
	return nil
}

func fields(mask string) map[string][]string { return map[string][]string{"X-Fields": {mask}} }

// list reads the pages of a list, from one of them on.
func (w *walk) list(ctx context.Context, lists []list, i, page int) error {
	for l := lists[i]; ; page++ {
		if page > maxPages {
			return fault.Newf(fault.BadGateway, "The portal lists more than %d pages.", maxPages)
		}
		more, err := w.page(ctx, l, page)
		if err != nil {
			return err
		}
		next := place{i, page + 1}
		if !more {
			next = place{i + 1, 1}
		}
		if err := w.checkpoint(next); err != nil || !more {
			return err
		}
	}
}

func (w *walk) checkpoint(at place) error {
	cursor, err := json.Marshal(at)
	if err != nil {
		return err
	}
	return w.emit(harvest.Line{T: harvest.LineCheckpoint, Cursor: string(cursor), Done: w.records})
}

// page reads one page and tells whether there is another.
func (w *walk) page(ctx context.Context, l list, number int) (more bool, err error) {
	answer, err := w.request.Remote.Ask(ctx, w.address(l, number, pageSize), harvest.Want{Accept: "application/json", Header: fields(masks[l.kind])})
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	count, fresh := 0, 0
	others, found, err := jsonlist.Read(answer.Body, "data", func(raw json.RawMessage) error {
		count++
		known, err := w.record(ctx, l.kind, raw, number)
		if !known {
			fresh++
		}
		return err
	})
	switch {
	case err != nil:
		return false, err
	case !found:
		return false, fault.New(fault.BadGateway, `The portal does not answer as udata does: there is no list "data".`)
	case count > 0 && fresh == 0:
		return false, fault.Newf(fault.BadGateway, "Page %d of the portal holds nothing that was not on the pages before it: its paging does not end.", number)
	}
	return count > 0 && another(others), nil
}

// another tells whether a page names a next one.
func another(members map[string]json.RawMessage) bool {
	next := strings.TrimSpace(string(members["next_page"]))
	return next != "" && next != "null" && next != `""`
}

// address is that of a page of a list. Pages are asked for by their number: what
// portals behind a proxy say of their next page may lead nowhere.
func (w *walk) address(l list, number, size int) string {
	query := url.Values{"page": {strconv.Itoa(number)}, "page_size": {strconv.Itoa(size)}, "sort": {"created"}}
	for name, values := range l.query {
		query[name] = values
	}
	return w.base + "/api/1/" + l.kind + "s/?" + query.Encode()
}

// absent tells whether a portal has no such address.
func absent(err error) bool {
	why := fetch.Why(err)
	return why != nil && why.Status == http.StatusNotFound
}

// announce tells how many records are to come. It returns the lists that the
// portal has: older ones know no dataservices.
func (w *walk) announce(ctx context.Context, lists []list) ([]list, error) {
	total, known := 0, lists[:0]
	for _, l := range lists {
		var answer struct {
			Total *int `json:"total"`
		}
		err := w.get(ctx, w.address(l, 1, 1), "total", &answer)
		switch {
		case l.kind == "dataservice" && absent(err):
			w.request.Remote.Log("info", "The portal has no dataservices.")
			continue
		case err != nil:
			return nil, err
		case answer.Total == nil:
			return nil, fault.New(fault.BadGateway, `The portal does not answer as udata does: its list has no "total".`)
		}
		total += *answer.Total
		known = append(known, l)
	}
	return known, w.emit(harvest.Line{T: harvest.LineStart, Total: &total, Format: "udata"})
}
