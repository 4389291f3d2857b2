package harvest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
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
	robots *robots

	mu    sync.Mutex
	moved string // guarded by mu

	requests, retries, bytes atomic.Int64
}

// RemoteOptions say how a job asks its portal.
type RemoteOptions struct {
	// Interval replaces the pause between starts of requests to one host when it
	// is not 0; Parallel is how many run at once, 1 when it is 0.
	Interval time.Duration
	Parallel int
	// Backend is the identifier of the backend, for the User-Agent.
	Backend string
	// Source is the address of the source, to tell when it moved for good.
	Source string
	// Robots honours the Crawl-delay of each host's robots.txt, unless there is an
	// Interval.
	Robots bool
	// Once asks nothing a second time: for somebody who waits for the answer.
	Once bool
	// Clock replaces time in tests; that of the pacer when it is zero.
	Clock Clock
	// Log takes remarks on the job; nil for none.
	Log func(Log)
	// Pages remembers pages that may be asked for conditionally; nil for none.
	Pages Pages

	// audit keeps what the portal answers; nil keeps nothing.
	audit *audit
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
	// Direct gives the body as it comes, for documents whose beginning may be
	// enough. Otherwise it is kept first, in memory or in a temporary file, so that
	// a slow reader does not hold the portal, and a body cut short is asked again.
	// The host is asked nothing else before the end or the Close of such a body.
	Direct bool
}

// MaxBody is the largest body that is read, after decompression.
const MaxBody = 1 << 30

const (
	maxTries     = 4       // after the first
	maxRatio     = 100     // of decompression
	maxErrorBody = 1 << 20 // of an answer that is not a success
)

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

	moved bool // for good
}

func (a *Answer) close() {
	if a != nil && a.Body != nil {
		_ = a.Body.Close()
	}
}

// NewRemote returns the way to a portal.
func NewRemote(client *fetch.Client, pacer *Pacer, o RemoteOptions) *Remote {
	if o.Clock == (Clock{}) {
		o.Clock = pacer.Clock
	}
	return &Remote{client: client, pacer: pacer, o: o, robots: newRobots()}
}

// Ask gives what an address answers. It waits for the host's turn, and asks again,
// up to four times, when the failure may pass: a connection that fails or breaks
// off, the answers 408, 425, 429, 500, 502, 503 and 504, a 403 that speaks of a
// limit of requests. A portal that asks to be left alone for longer than a quarter
// of an hour makes it a *Wait. An answer that was cut short in each attempt is
// given as far as it came: its body ends with the error.
func (r *Remote) Ask(ctx context.Context, address string, w Want) (*Answer, error) {
	for try := 0; ; try++ {
		answer, err := r.once(ctx, address, w)
		if answer != nil && err == nil {
			r.noteMove(address, answer)
			return answer, nil
		}
		pause, again, wait := r.judge(ctx, err, try)
		switch {
		case wait != nil:
			answer.close()
			return nil, wait
		case !again || r.o.Once:
			return r.lastWord(answer, err, w)
		}
		answer.close()
		r.retries.Add(1)
		r.Log("warning", fmt.Sprintf("%s: %s Asking again in %s (%d of %d).", shown(address), told(err), pause.Round(100*time.Millisecond), try+1, maxTries))
		if err := r.o.Clock.sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// lastWord is what comes of the last attempt: an answer where one was asked for
// whatever its status, or where a part of a body came; else the error.
func (r *Remote) lastWord(answer *Answer, err error, w Want) (*Answer, error) {
	var status *refusal
	if answer != nil && (w.AnyStatus && errors.As(err, &status) || connectionFailed(err)) {
		return answer, nil
	}
	answer.close()
	if errors.As(err, &status) {
		return nil, status.fault()
	}
	return nil, err
}

// once sends one request. With an error it may give the answer as well: the one
// that is not a success, or the one that was cut short.
func (r *Remote) once(ctx context.Context, address string, w Want) (*Answer, error) {
	done, err := r.pacer.Wait(ctx, address, r.interval(ctx, address), r.o.Parallel)
	if err != nil {
		return nil, err
	}
	r.requests.Add(1)
	got, err := r.client.Get(ctx, address, w.request(r.o.Backend))
	if err != nil {
		done()
		return nil, err
	}
	answer := &Answer{URL: got.URL, Status: got.Status, Header: got.Header, moved: got.Moved}
	body := &counted{ReadCloser: got.Body, bytes: &r.bytes}
	switch {
	case got.Status == http.StatusNotModified && w.Kept != nil:
		_ = body.Close()
		done()
		answer.NotModified, answer.Body = true, http.NoBody
		r.o.audit.keep(address, w, answer, nil)
		return answer, nil
	case got.Status < 200 || got.Status > 299:
		whole, _ := spool(io.LimitReader(body, maxErrorBody))
		_ = body.Close()
		done()
		answer.Body = whole
		r.o.audit.keep(address, w, answer, whole)
		return answer, newRefusal(answer, got.URL, r.o.Clock.now())
	case w.Direct:
		answer.Body = &direct{ReadCloser: r.o.audit.tee(address, w, answer, body), done: done}
		return answer, nil
	}
	whole, err := spool(body)
	_ = body.Close()
	done()
	answer.Body = whole
	r.o.audit.keep(address, w, answer, whole)
	return answer, err
}

// request is what the client is told of a wish.
func (w Want) request(backend string) fetch.Request {
	header := w.Header
	if w.Kept != nil {
		header = header.Clone()
		if header == nil {
			header = http.Header{}
		}
		if w.Kept.ETag != "" {
			header.Set("If-None-Match", w.Kept.ETag)
		}
		if w.Kept.LastModified != "" {
			header.Set("If-Modified-Since", w.Kept.LastModified)
		}
	}
	return fetch.Request{
		Accept: w.Accept, Header: header, MaxBytes: cmp.Or(w.MaxBytes, MaxBody), Ratio: maxRatio,
		ContentType: w.ContentType, Body: w.Body, AnyStatus: true, Timeout: 15 * time.Minute,
		For: strings.TrimSpace("harvest " + backend),
	}
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
