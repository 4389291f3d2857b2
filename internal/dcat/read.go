package dcat

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"grenier/internal/rdf"
)

// Reading says how a graph is read.
type Reading struct {
	// Language is that of texts that are taken where there are several, a
	// code of ISO 639-1.
	Language string
	// Now is the moment after which nothing can have been modified.
	Now time.Time
}

// Description is what a graph says.
type Description struct {
	// Records are its datasets, in the order of the document. Those without a
	// title or an identifier are among them, but for those that are only
	// mentioned as what a service gives.
	Records []Record
	// Services are its services, but for those that only give access to a
	// distribution.
	Services []Service
	// Next is the address of the next page, empty for the last one.
	Next string
	// Total is how many members a collection of several pages says it has; 0 when
	// it does not.
	Total int
}

// Read tells what a graph says of datasets and services.
func Read(g *rdf.Graph, how Reading) Description {
	r := reader{Graph: g, Reading: how, access: map[rdf.Term]*Service{}, areas: map[string]json.RawMessage{}, room: maxAreas}
	var found Description
	for _, node := range r.datasets() {
		found.Records = append(found.Records, r.dataset(node))
	}
	for _, node := range g.Subjects(rdf.Type, rdf.NewIRI(nsDCAT+"DataService")) {
		if len(g.Subjects(nsDCAT+"accessService", node)) == 0 || len(g.Subjects(nsDCAT+"service", node)) > 0 {
			found.Services = append(found.Services, r.service(node))
		}
	}
	found.Next = r.next()
	found.Total = r.total()
	return found
}

// reader reads descriptions from a graph.
type reader struct {
	*rdf.Graph
	Reading
	// access are the services that give access to distributions, areas the
	// geometries by the nodes that they were read from: many share one.
	access map[rdf.Term]*Service
	areas  map[string]json.RawMessage
	room   int // bytes of shapes that are still read
}

// maxAreas bounds the shapes that are read from one graph, in bytes; those that
// many datasets share count once.
const maxAreas = 256 << 20

// datasets are the nodes of datasets and series, each once.
func (r *reader) datasets() []rdf.Term {
	var nodes []rdf.Term
	seen := map[rdf.Term]bool{}
	for _, class := range []string{"Dataset", "DatasetSeries"} {
		for _, node := range r.Subjects(rdf.Type, rdf.NewIRI(nsDCAT+class)) {
			if !seen[node] && !r.mentioned(node) {
				nodes = append(nodes, node)
			}
			seen[node] = true
		}
	}
	return nodes
}

// mentioned tells whether a dataset is only pointed at, to be described
// elsewhere.
func (r *reader) mentioned(node rdf.Term) bool {
	if _, titled := r.Object(node, nsDCT+"title"); titled || len(r.Subjects(nsDCAT+"dataset", node)) > 0 {
		return false
	}
	return len(r.Subjects(nsDCAT+"servesDataset", node)) > 0 || len(r.Subjects(nsDCT+"hasPart", node)) > 0
}

// next is the address of the next page by hydra, its present form or the former;
// a page that says it comes after itself is the last one.
func (r *reader) next() string {
	for _, form := range [][2]string{{"PartialCollectionView", "next"}, {"PagedCollection", "nextPage"}} {
		for _, node := range r.Subjects(rdf.Type, rdf.NewIRI(nsHydra+form[0])) {
			if address := r.address(node, nsHydra+form[1]); address != "" && address != node.Value {
				return address
			}
		}
	}
	return ""
}

// total is the size of a collection by hydra.
func (r *reader) total() int {
	for _, class := range []string{"PagedCollection", "Collection"} {
		for _, node := range r.Subjects(rdf.Type, rdf.NewIRI(nsHydra+class)) {
			if total, err := strconv.Atoi(r.text(node, nsHydra+"totalItems")); err == nil && total > 0 {
				return total
			}
		}
	}
	return 0
}

// text is the text of the first of some predicates that has one: that in the
// language of reading, or a variant of it, else the first.
func (r *reader) text(s rdf.Term, predicates ...string) string {
	for _, predicate := range predicates {
		first, found := "", false
		for _, o := range r.Objects(s, predicate) {
			if o.Kind != rdf.Literal {
				continue
			}
			if r.Language != "" && (o.Lang == r.Language || strings.HasPrefix(o.Lang, r.Language+"-")) {
				return o.Value
			}
			if !found {
				first, found = o.Value, true
			}
		}
		if found {
			return first
		}
	}
	return ""
}

// texts are the literals of a predicate.
func (r *reader) texts(s rdf.Term, predicate string) []string {
	var all []string
	for _, o := range r.Objects(s, predicate) {
		if o.Kind == rdf.Literal {
			all = append(all, o.Value)
		}
	}
	return all
}

// address is the first IRI or text of some predicates.
func (r *reader) address(s rdf.Term, predicates ...string) string {
	for _, predicate := range predicates {
		for _, o := range r.Objects(s, predicate) {
			if o.Kind != rdf.Blank && strings.TrimSpace(o.Value) != "" {
				return strings.TrimSpace(o.Value)
			}
		}
	}
	return ""
}

// said is what a value says: a text, the label of a node, or its IRI.
func (r *reader) said(o rdf.Term) string {
	if o.Kind == rdf.Literal {
		return o.Value
	}
	if label := r.text(o, nsRDFS+"label", nsDCT+"description"); label != "" {
		return label
	}
	if o.Kind == rdf.IRI {
		return o.Value
	}
	return ""
}

// statements are what the values of a predicate say, each once.
func (r *reader) statements(s rdf.Term, predicate string) []string {
	var all []string
	seen := map[string]bool{}
	for _, o := range r.Objects(s, predicate) {
		if said := r.said(o); said != "" && !seen[said] {
			seen[said] = true
			all = append(all, said)
		}
	}
	return all
}

// momentLayouts are the forms in which dates and times are met.
var momentLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999", "2006-01-02", "2006-01-02Z07:00", "2006/01/02", "2006-01", "2006", time.RFC1123, time.RFC1123Z,
	"January 2, 2006", "January 2 2006", "Jan 2, 2006", "2 January 2006", "2 Jan 2006", "02/01/2006",
}

// momentOf reads a date and time; one without a zone is in UTC.
func momentOf(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	for _, layout := range momentLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC().Truncate(time.Microsecond), at.Year() > 0 && at.Year() < 10_000
		}
	}
	return time.Time{}, false
}

// MomentOf reads a date and time in one of the many forms that are met; one without
// a zone is in UTC. ok is false for what is none.
func MomentOf(text string) (at time.Time, ok bool) { return momentOf(text) }

// PeriodOf is the time between two dates, either of which may be missing; nil for
// none.
func PeriodOf(start, end string) *Period {
	p := Period{dayOf(start, false), dayOf(end, true)}
	if p == (Period{}) {
		return nil
	}
	return &p
}

// moment is the first date of a predicate that can be read.
func (r *reader) moment(s rdf.Term, predicate string) time.Time {
	for _, text := range r.texts(s, predicate) {
		if at, ok := momentOf(text); ok {
			return at
		}
	}
	return time.Time{}
}

// modified is when something changed: never later than now.
func (r *reader) modified(s rdf.Term) time.Time {
	at := r.moment(s, nsDCT+"modified")
	if !r.Now.IsZero() && at.After(r.Now) {
		return time.Time{}
	}
	return at
}

// uriOf is the IRI of a node, empty for a blank one.
func uriOf(node rdf.Term) string {
	if node.Kind == rdf.IRI {
		return node.Value
	}
	return ""
}
