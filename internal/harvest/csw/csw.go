// Package csw harvests catalogue services of the OGC (CSW 2.0.2): records in RDF with
// the words of DCAT, or in ISO 19139 and ISO 19115-3, which are mapped to the same
// words.
package csw

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"

	"grenier/internal/fault"
	"grenier/internal/harvest"
	"grenier/internal/harvest/dcat"
)

// featureGeoDCAT asks for records in GeoDCAT-AP.
const featureGeoDCAT = "geodcatap"

// Schemas of records.
const (
	schemaDCAT    = "http://www.w3.org/ns/dcat#"
	schemaGeoDCAT = "http://data.europa.eu/930/"
	schemaISO     = "http://www.isotc211.org/2005/gmd"
)

// Backend reads catalogue services.
type Backend struct{ iso bool }

// NewDCAT returns the backend of records in RDF.
func NewDCAT() Backend { return Backend{} }

// NewISO returns the backend of records in ISO 19139.
func NewISO() Backend { return Backend{iso: true} }

// Describe implements harvest.Backend.
func (b Backend) Describe() harvest.Description {
	d := harvest.Description{
		ID: "csw-dcat", Label: "CSW-DCAT", Filters: []harvest.FilterKind{}, ExtraConfigs: []harvest.ExtraKind{dcat.PrefixKind}, Resumable: true,
		Features: []harvest.FeatureKind{{Key: featureGeoDCAT, Label: "GeoDCAT-AP", Description: "Request GeoDCAT-AP from the CSW endpoint (must be supported by the server)."}},
	}
	if b.iso {
		d.ID, d.Label, d.Features = "csw-iso-19139", "CSW-ISO-19139", []harvest.FeatureKind{}
	}
	return d
}

// Bounds of a harvest.
const (
	pageSize   = 25
	maxBody    = 64 << 20 // bytes of an answer
	largeBody  = 20 << 20 // above, fewer records are asked for
	maxPages   = 200_000
	maxWaiting = 200 // services that a cursor names
	maxFailed  = 3   // records in a row that cannot be had, before the job fails
)

// cursor is where a run goes on.
type cursor struct {
	// Start is the position of the next record, from 1, 0 after the last; Page
	// counts the answers, Matched is how many records the portal says it has.
	Start   int `json:"start"`
	Page    int `json:"page"`
	Matched int `json:"matched,omitempty"`
	// Form is how the portal wants to be asked.
	Form form `json:"form"`
	// Services are the positions of services that wait for datasets of later pages.
	Services []int `json:"services,omitempty"`
}

// form is how a portal wants to be asked.
type form struct {
	Get      bool `json:"get,omitempty"`
	Unsorted bool `json:"unsorted,omitempty"`
	All      bool `json:"all,omitempty"` // without a filter of kinds
}

// Harvest implements harvest.Backend.
func (b Backend) Harvest(ctx context.Context, r harvest.Request, emit func(harvest.Line) error) error {
	at := cursor{Start: 1}
	if r.Cursor != "" {
		if err := json.Unmarshal([]byte(r.Cursor), &at); err != nil {
			return fault.Wrap(err, fault.Invalid, "The place to go on from cannot be read: start the harvest again.")
		}
	}
	w := &walk{
		Converter: dcat.Converter{Prefix: dcat.PrefixOf(r.Source.Config), Language: r.Language, Now: r.Now},
		cursor:    at, request: r, emit: emit, iso: b.iso, again: at.Services, size: pageSize, schema: schemaDCAT,
	}
	switch {
	case b.iso:
		w.schema = schemaISO
	case r.Source.Config.Feature(featureGeoDCAT, false):
		w.schema = schemaGeoDCAT
	}
	if r.MaxItems > 0 {
		w.size = min(w.size, r.MaxItems)
	}
	w.full = w.size
	defer w.services.Close()
	return w.run(ctx)
}

// walk reads the answers of a catalogue service.
type walk struct {
	dcat.Converter
	cursor
	request harvest.Request
	emit    func(harvest.Line) error
	iso     bool
	schema  string

	size, full int            // records that are asked for at once, and at most
	read       int            // answers that held records
	failed     int            // records in a row that could not be had
	lost       []harvest.Line // that tell of them, once others could
	started    bool
	partial    bool
	done       int
	last       [32]byte // the sum of the records of the answer before
	services   dcat.Waiting
	again      []int
}

func (w *walk) run(ctx context.Context) error {
	for asked := 0; w.Start > 0; asked++ {
		if asked == maxPages {
			w.partial = true
			if err := w.log("warning", fmt.Sprintf("The portal gave more than %d pages: the rest was not read.", maxPages)); err != nil {
				return err
			}
			break
		}
		moved, err := w.step(ctx)
		if err != nil {
			return err
		}
		if moved && len(w.Services) <= maxWaiting {
			if err := w.checkpoint(); err != nil {
				return err
			}
		}
	}
	for _, l := range w.lost {
		if err := w.tell(l); err != nil {
			return err
		}
	}
	if err := w.readAgain(ctx); err != nil {
		return err
	}
	if err := w.services.Each(w.tell); err != nil {
		return err
	}
	return w.emit(harvest.Line{T: harvest.LineEnd, Complete: !w.partial})
}

// readAgain tells the services that waited when the run was interrupted.
func (w *walk) readAgain(ctx context.Context) error {
	for _, position := range w.again {
		got, err := w.ask(ctx, position, 1)
		if err != nil {
			return err
		}
		for _, l := range got.lines {
			if l.T == harvest.LineDataservice {
				if err := w.tell(l); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// step asks once and tells what came, or changes how it asks. It tells whether it
// came further.
func (w *walk) step(ctx context.Context) (bool, error) {
	got, err := w.ask(ctx, w.Start, w.size)
	if err == nil {
		return true, w.take(got)
	}
	if ctx.Err() != nil {
		return false, err
	}
	known := w.refused(err)
	switch {
	case known == nil:
		return false, err
	case known.methodNotAllowed && !w.Form.Get:
		w.Form.Get = true
	case known.exception && w.read == 0 && w.size == w.full && !w.Form.Unsorted:
		w.Form.Unsorted = true
	case known.exception && w.read == 0 && w.size == w.full && !w.Form.All:
		w.Form.All = true
	case w.size > 1:
		if w.read == 0 && w.size == w.full {
			w.Form.Unsorted, w.Form.All = false, false // it was not for these
		}
		w.size /= 2
	default:
		return false, w.skip(known)
	}
	return false, nil
}

// skip tells that the record at the present place cannot be had and passes it.
func (w *walk) skip(why *refusal) error {
	w.failed++
	if w.failed >= maxFailed || w.read == 0 && w.failed == 2 {
		return why.fault()
	}
	w.lost = append(w.lost, harvest.Line{T: harvest.LineError, Message: fmt.Sprintf("Record %d cannot be had: %s", w.Start, why.text)})
	w.partial = w.partial || !why.exception
	w.Start++
	if w.Matched > 0 && w.Start > w.Matched {
		w.Start = 0
	}
	return nil
}

// take tells the records of an answer and moves on.
func (w *walk) take(got *answer) error {
	if err := w.start(got); err != nil {
		return err
	}
	if got.held > 0 {
		sum := sha256.Sum256([]byte(strings.Join(got.names, "\x00")))
		if sum == w.last && w.read > 0 {
			w.partial = w.partial || w.Start <= w.Matched && w.Matched > got.held
			w.Start = 0
			return w.log("warning", "The portal gave the same records again: reading stopped.")
		}
		w.last = sum
		w.read++
		w.failed = 0
	}
	page := w.Page
	for _, l := range append(w.lost, got.lines...) {
		l.Page = &page
		if l.T == harvest.LineDataservice && len(l.Dataservice.Datasets) > 0 {
			w.Services = append(w.Services, w.Start+got.at[l.RemoteID])
			if err := w.services.Add(l); err != nil {
				return err
			}
			continue
		}
		if err := w.tell(l); err != nil {
			return err
		}
	}
	w.lost = nil
	if got.bytes > largeBody {
		w.full = max(1, w.size/2)
	}
	w.size = min(w.full, w.size*2)
	w.Page++
	w.Matched = got.matched
	w.Start = got.following(w.Start)
	return nil
}

// start tells how many records are to come, once.
func (w *walk) start(got *answer) error {
	if w.started {
		return nil
	}
	w.started = true
	l := harvest.Line{T: harvest.LineStart, Format: "xml"}
	if got.matched > 0 {
		l.Total = &got.matched
	}
	return w.emit(l)
}

func (w *walk) tell(l harvest.Line) error {
	w.done++
	return w.emit(l)
}

func (w *walk) log(level, message string) error {
	return w.emit(harvest.Line{T: harvest.LineLog, Level: level, Message: message})
}

func (w *walk) checkpoint() error {
	text, err := json.Marshal(w.cursor)
	if err != nil {
		return err
	}
	return w.emit(harvest.Line{T: harvest.LineCheckpoint, Cursor: string(text), Done: w.done})
}
