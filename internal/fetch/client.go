// Package fetch is the one HTTP client for everything remote: files read in passing, portals that are
// harvested, pictures, checks of availability.
//
// It keeps three promises. It reaches public addresses alone: the address is judged when the
// connection is made, after the name was resolved and on every hop, so that neither a redirect nor a
// name that changes its address leads inside; proxies of the environment are not used. It is bounded:
// in time as a whole and without a byte, in size after decompression, in connections per host and in
// all. And every failure is a fault with a text for people and a Reason for programs.
package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Defaults of Options and Request.
const (
	DefaultPerHost  = 2
	DefaultTotal    = 32
	DefaultTimeout  = 30 * time.Second
	DefaultMaxBytes = 20 << 20

	maxRedirects = 5
	maxRetries   = 2
	maxHeaders   = 128 << 10
)

// Options say how a client behaves. The zero value reaches public addresses with the defaults.
type Options struct {
	// Allow are ranges that may be reached, on any port, although loopback, private or otherwise
	// not public. Multicast and the unspecified address stay refused.
	Allow []netip.Prefix
	// Version and Site make the User-Agent: Grenier/<version> (+<site>).
	Version, Site string
	// PerHost and Total bound the requests that run at once, their bodies included.
	PerHost, Total int
	// Dial bounds resolving and connecting, TLS the handshake, FirstByte the wait for an answer and
	// Stall the wait for the next bytes of a body.
	Dial, TLS, FirstByte, Stall time.Duration
	// Resolver resolves names; the system's when nil.
	Resolver *net.Resolver
	// TLSConfig adds authorities of the operator's own; nil for those of the system.
	TLSConfig *tls.Config
	// Local gives the files that this program keeps itself; nil when it keeps none.
	Local Local
	// LocalOnly leaves it at those: every other address is refused as Off.
	LocalOnly bool
}

// Client makes outgoing requests. It is safe for concurrent use.
type Client struct {
	guard     guard
	slots     *slots // of requests somebody waits for
	bulk      *slots // of bundles, which may be long: they do not stand in the way of the others
	agent     string
	stall     time.Duration
	transport *http.Transport
	kept      Local
	localOnly bool
}

// New makes a client.
func New(o Options) *Client {
	c := &Client{
		guard: newGuard(o.Allow),
		slots: newSlots(or(o.PerHost, DefaultPerHost), or(o.Total, DefaultTotal)),
		bulk:  newSlots(or(o.PerHost, DefaultPerHost), or(o.Total, DefaultTotal)),
		agent: userAgent(o.Version, o.Site),
		stall: or(o.Stall, 15*time.Second),
		kept:  o.Local,

		localOnly: o.LocalOnly,
	}
	dialer := &net.Dialer{Timeout: or(o.Dial, 5*time.Second), Resolver: o.Resolver, Control: c.guard.control}
	c.transport = &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        o.TLSConfig,
		TLSHandshakeTimeout:    or(o.TLS, 5*time.Second),
		ResponseHeaderTimeout:  or(o.FirstByte, 10*time.Second),
		MaxResponseHeaderBytes: maxHeaders,
		DisableCompression:     true, // gzip is asked for and undone here, under the limits
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           or(o.Total, DefaultTotal),
		MaxIdleConnsPerHost:    or(o.PerHost, DefaultPerHost),
		IdleConnTimeout:        30 * time.Second,
	}
	return c
}

func or[T int | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}

func userAgent(version, site string) string {
	clean := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r <= ' ' || r > '~' || r == '(' || r == ')' {
				return -1
			}
			return r
		}, s)
	}
	agent := "Grenier"
	if v := clean(version); v != "" {
		agent += "/" + v
	}
	if s := clean(site); s != "" {
		agent += " (+" + s + ")"
	}
	return agent
}

// agentFor says in a User-Agent what a request is for: grenier/1.0 (+https://site; harvest ckan).
func agentFor(agent, purpose string) string {
	agent = strings.ToLower(agent[:1]) + agent[1:]
	if rest, ok := strings.CutSuffix(agent, ")"); ok {
		return rest + "; " + purpose + ")"
	}
	return agent + " (" + purpose + ")"
}

// Request says what is wanted and what it may cost.
type Request struct {
	// Accept is the Accept header; "*/*" when empty.
	Accept string
	// Header holds further headers. They go to the origin of the address alone: after a redirect to
	// another one they are left out, but for the same host by https.
	Header http.Header
	// MaxBytes bounds the body after decompression; DefaultMaxBytes when 0. A longer body is a
	// TooBig fault: at once when its size is announced, else when it is reached.
	MaxBytes int64
	// Cut ends the body quietly at MaxBytes instead, to look at the beginning of a file of any size.
	Cut bool
	// Timeout bounds the whole request, waiting for its turn and the body included; DefaultTimeout when 0.
	Timeout time.Duration
	// Range asks for a part of the file; nil for all of it. The answer is 206 where the server
	// follows, and 200 with the whole file where it does not.
	Range *Range
	// Retries is how often a request is sent again after 429, 502, 503, 504 or a failed connection;
	// at most 2. Interactive previews leave it at 0.
	Retries int
	// AnyStatus returns every answer; otherwise only 2xx is a success.
	AnyStatus bool
	// Identity asks for the bytes without compression in transit, as a file is stored.
	Identity bool
	// Body, with its ContentType, makes the request a POST. Redirections keep the method and the body, except
	// 303, which asks for its address by GET (RFC 9110, section 15.4). Only what asks and changes nothing is
	// sent so: Post is for the rest.
	Body        []byte
	ContentType string
	// For is added to the User-Agent, to say what the request is for.
	For string
	// Ratio bounds how many times larger than what was sent a body of more than 16 MB may become by
	// decompression; 0 for no bound but MaxBytes.
	Ratio int64

	bulk bool
}

// Range is a part of a file in bytes. Last is inclusive; with First -1 it is a count from the end.
type Range struct{ First, Last int64 }

func (r Range) header() string {
	if r.First < 0 {
		return "bytes=-" + strconv.FormatInt(r.Last, 10)
	}
	return "bytes=" + strconv.FormatInt(r.First, 10) + "-" + strconv.FormatInt(r.Last, 10)
}

// Response is an answer. The caller closes its Body.
type Response struct {
	Status int
	Header http.Header
	// URL is the address that answered, after redirects. Moved tells that all of them were for good (301, 308).
	URL   string
	Moved bool
	// Size is the number of bytes of the body as it is read, before any cut; -1 when unknown.
	Size int64
	// Body holds at most MaxBytes. Its errors are faults.
	Body io.ReadCloser
}

// Total is the size of the whole file of which a 206 answer is a part (RFC 9110, section 14.4), or Size
// for any other answer; -1 when unknown.
func (r *Response) Total() int64 {
	if r.Status != http.StatusPartialContent {
		return r.Size
	}
	_, total, _ := strings.Cut(r.Header.Get("Content-Range"), "/")
	if n, err := strconv.ParseInt(strings.TrimSpace(total), 10, 64); err == nil && n >= 0 {
		return n
	}
	return -1
}

// Get fetches an address. Its errors, and those of the body, are faults that carry a *Failure (Why).
func (c *Client) Get(ctx context.Context, raw string, r Request) (*Response, error) {
	if r.MaxBytes <= 0 {
		r.MaxBytes = DefaultMaxBytes
	}
	if c.isLocal(raw) {
		return c.local(ctx, raw, r)
	}
	if c.localOnly {
		return nil, (&Failure{Reason: Off}).fault()
	}
	target, err := c.check(raw)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, or(r.Timeout, DefaultTimeout), errWhole)
	resp, err := c.try(ctx, target, r)
	if err != nil {
		err = failure(ctx, target, err)
		cancel()
		return nil, err
	}
	resp.Body = &onClose{resp.Body, cancel}
	return resp, nil
}

// try sends the request, again when that was asked for and the failure may pass.
func (c *Client) try(ctx context.Context, target *url.URL, r Request) (*Response, error) {
	if r.Retries <= 0 {
		return c.follow(ctx, target, r)
	}
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = 300 * time.Millisecond
	return backoff.Retry(ctx, func() (*Response, error) {
		resp, err := c.follow(ctx, target, r)
		if err == nil {
			return resp, nil
		}
		why := Why(failure(ctx, target, err))
		switch {
		case ctx.Err() != nil || !why.mayPass():
			return nil, backoff.Permanent(err)
		case why.RetryAfter > 0:
			return nil, retryAfter{err, backoff.RetryAfterError{Duration: why.RetryAfter}}
		}
		return nil, err
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(uint(min(r.Retries, maxRetries))+1),
		backoff.WithMaxElapsedTime(or(r.Timeout, DefaultTimeout)))
}

// retryAfter keeps the failure beside the pause that the server asked for.
type retryAfter struct {
	error
	wait backoff.RetryAfterError
}

func (e retryAfter) Unwrap() []error { return []error{e.error, &e.wait} }

// follow sends one request and goes after its redirects, judging each address.
func (c *Client) follow(ctx context.Context, target *url.URL, r Request) (*Response, error) {
	origin := target
	moved := true
	for hop := 0; ; hop++ {
		resp, release, err := c.once(ctx, target, r, sameOrigin(origin, target) || upgraded(origin, target))
		if err != nil {
			return nil, err
		}
		next, err := redirect(resp)
		if err != nil || next == "" {
			if err != nil {
				discard(resp, release)
				return nil, err
			}
			answer, err := c.answer(ctx, target, resp, r, release)
			if answer != nil {
				answer.Moved = moved && hop > 0
			}
			return answer, err
		}
		discard(resp, release)
		moved = moved && (resp.StatusCode == http.StatusMovedPermanently || resp.StatusCode == http.StatusPermanentRedirect)
		if resp.StatusCode == http.StatusSeeOther {
			r.Body = nil
		}
		if hop == maxRedirects {
			return nil, &Failure{Reason: Redirects, Host: target.Host}
		}
		to, err := target.Parse(next)
		if err != nil {
			return nil, &Failure{Reason: NotWeb, Host: target.Host, Err: err}
		}
		if err := c.guard.url(to); err != nil {
			return nil, err
		}
		target = to
	}
}

// once takes the host's turn and sends one request. The caller releases the turn.
func (c *Client) once(ctx context.Context, target *url.URL, r Request, own bool) (*http.Response, func(), error) {
	turns := c.slots
	if r.bulk {
		turns = c.bulk
	}
	release, err := turns.take(ctx, strings.ToLower(target.Hostname()))
	if err != nil {
		return nil, nil, err
	}
	req, err := r.request(ctx, target)
	if err != nil {
		release()
		return nil, nil, &Failure{Reason: NotWeb, Host: target.Host, Err: err}
	}
	req.Header = c.header(r, own)
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		release()
		return nil, nil, err
	}
	return resp, release, nil
}

// request is what is sent to an address: a GET, or a POST when there is a body.
func (r Request) request(ctx context.Context, target *url.URL) (*http.Request, error) {
	if r.Body == nil {
		return http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	}
	return http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(r.Body))
}

func (c *Client) header(r Request, own bool) http.Header {
	h := http.Header{}
	if own {
		for name, values := range r.Header {
			h[http.CanonicalHeaderKey(name)] = values
		}
	}
	h.Set("User-Agent", c.agent)
	if r.For != "" {
		h.Set("User-Agent", agentFor(c.agent, r.For))
	}
	if r.Body != nil {
		h.Set("Content-Type", r.ContentType)
	}
	h.Set("Accept", "*/*")
	if r.Accept != "" {
		h.Set("Accept", r.Accept)
	}
	h.Set("Accept-Encoding", "gzip")
	if r.Identity || r.Range != nil {
		h.Set("Accept-Encoding", "identity")
	}
	if r.Range != nil {
		h.Set("Range", r.Range.header())
	}
	return h
}

// redirect is where an answer sends the client; "" when it does not (RFC 9110, section 15.4).
func redirect(resp *http.Response) (string, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		to := resp.Header.Get("Location")
		if to == "" {
			return "", &Failure{Reason: Status, Status: resp.StatusCode, Host: resp.Request.URL.Host}
		}
		return to, nil
	}
	return "", nil
}

// discard reads a little of a body that nobody wants, so that the connection can serve again.
func discard(resp *http.Response, release func()) {
	// A connection that fails here is closed and costs nothing but itself.
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
	_ = resp.Body.Close()
	release()
}

// upgraded tells that b is the origin a by https.
func upgraded(a, b *url.URL) bool {
	return a.Scheme == "http" && b.Scheme == "https" && strings.EqualFold(a.Hostname(), b.Hostname()) &&
		(a.Port() == "" || a.Port() == "80") && (b.Port() == "" || b.Port() == "443")
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host)
}

// answer judges the status and puts the body under its limits.
func (c *Client) answer(ctx context.Context, target *url.URL, resp *http.Response, r Request, release func()) (*Response, error) {
	if !r.AnyStatus && (resp.StatusCode < 200 || resp.StatusCode > 299) {
		why := &Failure{Reason: Status, Status: resp.StatusCode, Host: target.Host, RetryAfter: waitAsked(resp.Header)}
		discard(resp, release)
		return nil, why
	}
	body, size, err := c.bounded(ctx, target, resp, r, release)
	if err != nil {
		_ = resp.Body.Close()
		release()
		return nil, err
	}
	return &Response{Status: resp.StatusCode, Header: resp.Header, URL: target.String(), Size: size, Body: body}, nil
}

// waitAsked reads Retry-After (RFC 9110, section 10.2.3); 0 when there is none.
func waitAsked(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(v); err == nil && seconds > 0 && seconds < 86400 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// onClose runs a function when a body is closed.
type onClose struct {
	io.ReadCloser
	then func()
}

func (b *onClose) Close() error {
	err := b.ReadCloser.Close()
	b.then()
	return err
}
