// Package harvesttest is a made-up portal that speaks as real ones do: the action
// API of CKAN, DCAT catalogues in pages of RDF, CSW. It multiplies ten real records
// to as many as a test asks for, lets some change and vanish from one round to
// the next, and fails in the ways in which real portals fail.
//
//	/ckan/api/3/action/…        package_search, package_list, package_show, status_show
//	/dcat/catalog.{xml,rdf,ttl,nt,jsonld}?page=N   and /dcat/catalog by its Accept header
//	/csw                        GetRecords by POST and by GET, ISO 19139 and DCAT
//	/files/…                    the files that its records name
//	/control                    its options, to read and to change
package harvesttest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say what the portal holds and how it answers. All may be changed while
// it serves.
type Options struct {
	// Name tells the identifiers of one portal from those of another ("p").
	Name string
	// Datasets is how many records there are, Resources how many files each has.
	Datasets, Resources int
	// BigAt is the index of one dataset with BigResources files; none when
	// BigResources is 0.
	BigAt, BigResources int
	// PageSize is how many records are on a page (100); clients that ask for
	// fewer get fewer.
	PageSize int
	// Round counts the states of the portal. In each round after the first, the
	// share Changed of records has another text, and the share Removed, growing
	// with each round, is gone. Shares are thousandths.
	Round, Changed, Removed int
	// Address is where the portal is reached, for links to itself; that of the
	// request when empty. Files is the address before those of resources:
	// "https://files.example.org" when empty.
	Address, Files string
	// ETags answers conditional requests.
	ETags bool
	// OldPaging writes hydra:PagedCollection, Endless never ends paging (each page
	// beyond the last is the last), Loop makes each page name itself as next.
	OldPaging, Endless, Loop bool
	// NoNextRecord leaves out nextRecord, NoPost answers 405 to POST, NoSort
	// answers an exception to requests that are sorted, all of CSW.
	NoNextRecord, NoPost, NoSort bool
	// Poison is the index (from 1) of a CSW record that makes every page with it
	// an exception; 0 for none.
	Poison int
	// NoSearch makes CKAN refuse package_search.
	NoSearch bool
	// Faults disturb answers; the first that matches does.
	Faults []Fault

	// listed are the indexes of the records that there are, in order.
	listed []int
	// turns are when each round began.
	turns []time.Time
}

// Fault disturbs some answers.
type Fault struct {
	// Path is a part of the addresses that it concerns, query included; "" for all.
	Path string
	// After is how many matching requests pass before, Times how many are
	// disturbed (0 for all), Every that only each n-th is (0 for each).
	After, Times, Every int
	// Status answers so instead (with RetryAfter when that is set).
	Status     int
	RetryAfter string
	// Delay waits before, as long as the client does.
	Delay time.Duration
	// Cut ends the body after so many bytes although more were announced.
	Cut int
	// ContentType is told instead of the right one.
	ContentType string
	// HTML answers a page for people with status 200.
	HTML bool
	// Location redirects there.
	Location string
}

// Portal is an http.Handler.
type Portal struct {
	mu      sync.Mutex
	options Options
	met     []int // by fault: how many requests matched

	requests, running, most atomic.Int64
	paths                   map[string]int // guarded by mu
	starts                  []time.Time    // guarded by mu, the first maxStarts
}

const maxStarts = 100_000

// New returns a portal.
func New(o Options) *Portal {
	p := &Portal{paths: map[string]int{}}
	p.Set(func(set *Options) { *set = o })
	return p
}

// Set changes the options.
func (p *Portal) Set(change func(*Options)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.options)
	p.options.Name = cmp.Or(p.options.Name, "p")
	p.options.PageSize = cmp.Or(p.options.PageSize, 100)
	p.options.Files = cmp.Or(p.options.Files, "https://files.example.org")
	p.options.listed = p.options.Listed()
	for len(p.options.turns) < p.options.Round {
		p.options.turns = append(p.options.turns[:len(p.options.turns):len(p.options.turns)], time.Now().UTC().Truncate(time.Second))
	}
	p.options.turns = p.options.turns[:p.options.Round]
	p.met = make([]int, len(p.options.Faults))
}

// Options are those of now.
func (p *Portal) Options() Options {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.options
}

// Traffic is what the portal was asked.
type Traffic struct {
	// Requests is how many there were, Most how many ran at once.
	Requests, Most int64
	// Paths counts them by path.
	Paths map[string]int
	// Starts are when they came.
	Starts []time.Time `json:"-"`
}

// Traffic tells what the portal was asked since the last Forget.
func (p *Portal) Traffic() Traffic {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := Traffic{Requests: p.requests.Load(), Most: p.most.Load(), Paths: map[string]int{}, Starts: append([]time.Time(nil), p.starts...)}
	for path, n := range p.paths {
		t.Paths[path] = n
	}
	return t
}

// Forget counts from zero again.
func (p *Portal) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests.Store(0)
	p.most.Store(0)
	p.paths, p.starts, p.met = map[string]int{}, nil, make([]int, len(p.options.Faults))
}

// ServeHTTP answers as a portal does.
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/control" {
		p.control(w, r)
		return
	}
	p.requests.Add(1)
	running := p.running.Add(1)
	defer p.running.Add(-1)
	p.mu.Lock()
	p.most.Store(max(p.most.Load(), running))
	p.paths[r.URL.Path]++
	if len(p.starts) < maxStarts {
		p.starts = append(p.starts, time.Now())
	}
	o := p.options
	fault := p.faultOf(r)
	p.mu.Unlock()
	if o.Address == "" {
		o.Address = "http://" + r.Host
	}
	if fault != nil {
		if w = fault.disturb(w, r); w == nil {
			return
		}
	}
	answer(w, r, o)
}

func answer(w http.ResponseWriter, r *http.Request, o Options) {
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, "/ckan/"):
		o.ckan(w, r)
	case strings.HasPrefix(path, "/dcat/"):
		o.dcat(w, r)
	case path == "/csw":
		o.csw(w, r)
	case strings.HasPrefix(path, "/files/"):
		o.file(w, r)
	default:
		http.NotFound(w, r)
	}
}

// control shows the options and takes others.
func (p *Portal) control(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		changed := p.Options()
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&changed); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		p.Set(func(o *Options) { *o = changed })
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(struct {
		Options Options
		Traffic Traffic
	}{p.Options(), p.Traffic()})
}

// file answers for a file of a record: a few bytes of CSV.
func (o Options) file(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/csv")
	w.Header().Set("Last-Modified", "Fri, 29 Mar 2019 10:48:26 GMT")
	http.ServeContent(w, r, "", time.Date(2019, 3, 29, 10, 48, 26, 0, time.UTC), strings.NewReader("date;amount\n2019-03-29;12\n"))
}

// fresh tells whether the client has what it asks for, and has then answered so.
func (o Options) fresh(w http.ResponseWriter, r *http.Request) bool {
	if !o.ETags {
		return false
	}
	sum := fnv.New64a()
	fmt.Fprint(sum, r.URL.RequestURI(), o.Round, o.Datasets, o.Resources, o.Changed, o.Removed)
	tag := fmt.Sprintf("%q", fmt.Sprintf("%x", sum.Sum64()))
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") != tag {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}
