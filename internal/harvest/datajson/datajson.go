// Package datajson harvests catalogues in the form of Project Open Data, which
// DCAT-US 1.1 describes: the data.json of DKAN, Socrata, ArcGIS Hub and many
// others. They are read as plain JSON, a record at a time.
package datajson

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"grenier/internal/fault"
	"grenier/internal/harvest"
	"grenier/internal/harvest/jsonlist"
)

// featurePrivate takes records that are not for the public.
const featurePrivate = "non_public"

// maxPages bounds the pages of a catalogue.
const maxPages = 100_000

// Backend reads data.json files.
type Backend struct{}

// New returns the backend.
func New() Backend { return Backend{} }

// Describe implements harvest.Backend.
func (Backend) Describe() harvest.Description {
	return harvest.Description{
		ID: "datajson", Label: "data.json", Filters: []harvest.FilterKind{}, ExtraConfigs: []harvest.ExtraKind{},
		Features: []harvest.FeatureKind{{
			Key: featurePrivate, Label: "Non-public records",
			Description: "Also harvest records whose access level is not public; by default they are skipped.",
		}},
		Resumable: true,
	}
}

// Harvest implements harvest.Backend.
func (Backend) Harvest(ctx context.Context, r harvest.Request, emit func(harvest.Line) error) error {
	w := &walk{request: r, emit: emit, private: r.Source.Config.Feature(featurePrivate, false), seen: make(map[string]bool)}
	if err := emit(harvest.Line{T: harvest.LineStart, Format: "data.json"}); err != nil {
		return err
	}
	address := r.Source.URL
	if r.Cursor != "" {
		address = r.Cursor
	}
	for address != "" {
		if w.seen[address] {
			return fault.Newf(fault.BadGateway, "The catalogue names %s as its next page, which was read already.", address)
		}
		if len(w.seen) == maxPages {
			return fault.Newf(fault.BadGateway, "The catalogue has more than %d pages.", maxPages)
		}
		w.seen[address] = true
		next, err := w.page(ctx, address)
		if err != nil {
			return err
		}
		if next != "" {
			if err := emit(harvest.Line{T: harvest.LineCheckpoint, Cursor: next, Done: w.records}); err != nil {
				return err
			}
		}
		address = next
	}
	return emit(harvest.Line{T: harvest.LineEnd, Complete: true})
}

// walk is one harvest.
type walk struct {
	request harvest.Request
	emit    func(harvest.Line) error
	private bool
	seen    map[string]bool // addresses of pages
	records int
}

// page tells the records of one page and returns the address of the next.
func (w *walk) page(ctx context.Context, address string) (next string, err error) {
	kept, err := w.request.Remote.Kept(ctx, address)
	if err != nil {
		return "", err
	}
	answer, err := w.request.Remote.Ask(ctx, address, harvest.Want{Accept: "application/json, */*;q=0.1", Kept: kept})
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.NotModified && kept != nil {
		return kept.Next, w.unchanged(kept)
	}
	page := harvest.KeptPage{Address: address, ETag: answer.Header.Get("ETag"), LastModified: answer.Header.Get("Last-Modified")}
	number, clean := len(w.seen)-1, true
	before := w.records
	others, found, err := jsonlist.Read(harvest.UTF8(answer.Body, answer.Header.Get("Content-Type"), w.request.Remote.Log), "dataset", func(raw json.RawMessage) error {
		w.records++
		line := w.record(raw, w.records)
		line.Page = &number
		switch {
		case line.T == harvest.LineDataset && line.RemoteID != "":
			page.Records = append(page.Records, harvest.KeptRecord{RemoteID: line.RemoteID})
		case line.T != harvest.LineSkip:
			clean = false // it is told again by the next job
		}
		return w.emit(line)
	})
	if err != nil {
		return "", err
	}
	if !found {
		return "", fault.New(fault.BadGateway, `The address gave JSON that is no data.json catalogue: it has no list "dataset".`)
	}
	if w.records > before {
		page.Next = nextPage(answer.URL, answer.Header.Values("Link"), others)
	}
	if clean {
		err = w.request.Remote.Keep(ctx, page)
	}
	return page.Next, err
}

// unchanged tells the records of a page that is as it was.
func (w *walk) unchanged(kept *harvest.KeptPage) error {
	for _, record := range kept.Records {
		w.records++
		if err := w.emit(harvest.Line{T: harvest.LineUnchanged, RemoteID: record.RemoteID}); err != nil {
			return err
		}
	}
	return nil
}

// linkNext finds the next page in a Link header (RFC 8288).
var linkNext = regexp.MustCompile(`<([^>]*)>[^<]*;\s*rel="?next"?`)

// nextPage is the address of the page after one, "" for the last: what the
// header Link says, or a member of the catalogue.
func nextPage(from string, links []string, members map[string]json.RawMessage) string {
	for _, link := range links {
		if found := linkNext.FindStringSubmatch(link); found != nil {
			return resolve(from, found[1])
		}
	}
	for _, name := range []string{"next", "nextPage", "next_page", "hydra:next"} {
		if next := addressOf(members[name]); next != "" {
			return resolve(from, next)
		}
	}
	var nested map[string]json.RawMessage
	if json.Unmarshal(members["links"], &nested) == nil {
		if next := addressOf(nested["next"]); next != "" {
			return resolve(from, next)
		}
	}
	return ""
}

// addressOf reads an address that is a text, or the member of an object.
func addressOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var object struct {
		ID   string `json:"@id"`
		Href string `json:"href"`
	}
	_ = json.Unmarshal(raw, &object) // else there is none
	if object.Href != "" {
		return object.Href
	}
	return object.ID
}

func resolve(from, to string) string {
	base, err := url.Parse(from)
	if err != nil {
		return to
	}
	u, err := base.Parse(strings.TrimSpace(to))
	if err != nil {
		return ""
	}
	return u.String()
}

// record makes a line of a record, the nth of the catalogue.
func (w *walk) record(raw json.RawMessage, n int) harvest.Line {
	var m members
	if err := json.Unmarshal(raw, &m); err != nil || m == nil {
		return failed(fmt.Sprintf("dataset %d", n), "The record is not an object.")
	}
	id, ok := m.identifier()
	if !ok {
		return failed(string(m.raw("identifier")), "The identifier must be a text, not a list or an object.")
	}
	if id == "" {
		return harvest.Line{T: harvest.LineDataset, Dataset: &harvest.Dataset{Title: m.text("title")}}
	}
	if level := m.text("accessLevel"); level != "" && !strings.EqualFold(level, "public") && !w.private {
		return harvest.Line{T: harvest.LineSkip, RemoteID: id, Reason: fmt.Sprintf("The access level is %q, not public", level)}
	}
	if m.text("title") == "" {
		return failed(id, "The record has no title.")
	}
	line := harvest.Line{T: harvest.LineDataset, RemoteID: id, RemoteURL: m.page(id)}
	line.Dataset, line.Logs = dataset(m, id)
	return line
}

func failed(id, message string) harvest.Line {
	if len(id) > 200 {
		id = strings.ToValidUTF8(id[:200], "") + "…"
	}
	return harvest.Line{T: harvest.LineError, RemoteID: id, Message: message}
}
