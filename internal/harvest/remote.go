package harvest

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"grenier/internal/fetch"
)

// Remote is the way of one job to its portal: polite, bounded, counted. Its errors
// are faults with a text for people.
type Remote struct {
	client *fetch.Client
	pacer  *Pacer
	o      RemoteOptions

	requests, retries, bytes atomic.Int64
}

// RemoteOptions say how a job asks its portal.
type RemoteOptions struct {
	// Interval replaces the pause between starts of requests to one host when it
	// is not 0; Parallel is how many run at once, 1 when it is 0.
	Interval time.Duration
	Parallel int
	// Log takes remarks on the job; nil for none.
	Log func(Log)
	// Pages remembers pages that may be asked for conditionally; nil for none.
	Pages Pages
}

// Pages remembers the pages of a source from one job to the next.
type Pages interface {
	// Kept returns what was remembered of a page; nil when nothing was.
	Kept(ctx context.Context, address string) (*KeptPage, error)
	// Keep remembers a page.
	Keep(ctx context.Context, p KeptPage) error
}

// KeptPage is a page as it was read by an earlier job.
type KeptPage struct {
	Address string
	// ETag and LastModified are what the portal said of it (RFC 9110, section 8.8).
	ETag, LastModified string
	// Next is the address of the page after it, "" for the last one.
	Next string
	// Records are the records that it held.
	Records []KeptRecord
}

// KeptRecord names a record of a page.
type KeptRecord struct {
	Kind     string `json:"k,omitempty"` // "" for a dataset
	RemoteID string `json:"id"`
}

// Want says what is wanted of an address.
type Want struct {
	// Accept is the Accept header.
	Accept string
	Header http.Header
	// MaxBytes bounds the body after decompression; MaxBody when 0.
	MaxBytes int64
	// ContentType and Body make it a POST, which is sent again like a GET: it asks
	// and changes nothing.
	ContentType string
	Body        []byte
	// Kept asks for the page only when it is no longer this one.
	Kept *KeptPage
	// AnyStatus returns every answer; otherwise only 2xx (and 304 to a
	// conditional request) is a success.
	AnyStatus bool
}

// MaxBody is the largest body that is read, after decompression.
const MaxBody = 1 << 30

// Answer is what an address gave.
type Answer struct {
	// URL is the address that answered, after redirects.
	URL    string
	Status int
	Header http.Header
	// NotModified tells that the page is still the one that was kept.
	NotModified bool
	// Body is read by the caller, who closes it.
	Body io.ReadCloser
}

// NewRemote returns the way to a portal.
func NewRemote(client *fetch.Client, pacer *Pacer, o RemoteOptions) *Remote {
	return &Remote{client: client, pacer: pacer, o: o}
}

// Ask sends one request and gives its answer.
func (r *Remote) Ask(ctx context.Context, address string, w Want) (*Answer, error) {
	done, err := r.pacer.Wait(ctx, address, r.o.Interval, r.o.Parallel)
	if err != nil {
		return nil, err
	}
	defer done()
	r.requests.Add(1)
	limit := w.MaxBytes
	if limit == 0 {
		limit = MaxBody
	}
	got, err := r.client.Get(ctx, address, fetch.Request{Accept: w.Accept, Header: w.Header, MaxBytes: limit, AnyStatus: w.AnyStatus, Timeout: 15 * time.Minute})
	if err != nil {
		return nil, err
	}
	return &Answer{URL: got.URL, Status: got.Status, Header: got.Header, Body: got.Body}, nil
}

// Kept returns what was remembered of a page; nil when nothing was.
func (r *Remote) Kept(ctx context.Context, address string) (*KeptPage, error) {
	if r.o.Pages == nil {
		return nil, nil
	}
	return r.o.Pages.Kept(ctx, address)
}

// Keep remembers a page that was read to its end, for the next job to ask for it
// conditionally.
func (r *Remote) Keep(ctx context.Context, p KeptPage) error {
	if r.o.Pages == nil || p.ETag == "" && p.LastModified == "" {
		return nil
	}
	return r.o.Pages.Keep(ctx, p)
}

// Log remarks on the job.
func (r *Remote) Log(level, message string) {
	if r.o.Log != nil {
		r.o.Log(Log{Level: level, Message: message})
	}
}

// Traffic is what a job asked of its portal so far.
type Traffic struct{ Requests, Retries, Bytes int64 }

// Traffic tells what was asked so far.
func (r *Remote) Traffic() Traffic {
	return Traffic{Requests: r.requests.Load(), Retries: r.retries.Load(), Bytes: r.bytes.Load()}
}

// Pacer lets the requests to one host start one after the other, whichever
// sources they are for.
type Pacer struct {
	pause time.Duration
	mu    sync.Mutex
	hosts map[string]*lane
}

// lane is the queue of a host.
type lane struct {
	next    time.Time
	running int
}

// NewPacer returns a pacer with a pause between starts.
func NewPacer(pause time.Duration) *Pacer {
	return &Pacer{pause: pause, hosts: make(map[string]*lane)}
}

// Wait waits for the turn of a request; done ends it.
func (p *Pacer) Wait(ctx context.Context, address string, pause time.Duration, parallel int) (done func(), err error) {
	p.mu.Lock()
	host := hostOf(address)
	l := p.hosts[host]
	if l == nil {
		l = &lane{}
		p.hosts[host] = l
	}
	if pause == 0 {
		pause = p.pause
	}
	now := time.Now()
	start := now
	if l.next.After(now) {
		start = l.next
	}
	l.next = start.Add(pause)
	p.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-time.After(time.Until(start)):
		return func() {}, nil
	}
}
