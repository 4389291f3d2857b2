package fetch

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Probe is a request for the head of an answer, by any method.
type Probe struct {
	// Method is HEAD, GET or OPTIONS.
	Method string
	// Header holds further headers, as in Request.
	Header http.Header
	// Agent takes the place of the client's User-Agent; "" for the client's own.
	Agent string
	// Timeout bounds it with its redirections; DefaultTimeout when 0.
	Timeout time.Duration
	// Stay takes a redirection for the answer.
	Stay bool
}

// Probed is the head of an answer.
type Probed struct {
	Status int
	Header http.Header
	// URL is the address that answered, after redirections.
	URL string
	// Length is the Content-Length, -1 when it was not told.
	Length int64
	// RetryAfter is how long the server asks to wait; 0 when it did not say.
	RetryAfter time.Duration
}

// Probe asks for the head of an answer, whatever its status, and leaves the body
// where it is. Each address is judged as in Get. Its errors are faults that carry
// a *Failure (Why).
func (c *Client) Probe(ctx context.Context, raw string, p Probe) (*Probed, error) {
	if c.localOnly {
		return nil, (&Failure{Reason: Off}).fault()
	}
	target, err := c.check(raw)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, or(p.Timeout, DefaultTimeout), errWhole)
	defer cancel()
	origin := target
	for hop := 0; ; hop++ {
		resp, err := c.probe(ctx, target, p, sameOrigin(origin, target))
		if err != nil {
			return nil, failure(ctx, target, err)
		}
		next, err := redirect(resp)
		if p.Stay || err != nil || next == "" {
			// A redirection that leads nowhere is an answer as well.
			return &Probed{
				Status: resp.StatusCode, Header: resp.Header, URL: target.String(), Length: resp.ContentLength, RetryAfter: waitAsked(resp.Header),
			}, nil
		}
		if hop == maxRedirects {
			return nil, (&Failure{Reason: Redirects, Host: target.Host}).fault()
		}
		to, err := target.Parse(next)
		if err != nil {
			return nil, (&Failure{Reason: NotWeb, Host: target.Host, Err: err}).fault()
		}
		if err := c.guard.url(to); err != nil {
			return nil, err.fault()
		}
		target = to
	}
}

// probe sends one request and closes its answer.
func (c *Client) probe(ctx context.Context, target *url.URL, p Probe, own bool) (*http.Response, error) {
	release, err := c.slots.take(ctx, target.Hostname())
	if err != nil {
		return nil, err
	}
	defer release()
	req, err := http.NewRequestWithContext(ctx, p.Method, target.String(), nil)
	if err != nil {
		return nil, &Failure{Reason: NotWeb, Host: target.Host, Err: err}
	}
	req.Header = c.header(Request{Header: p.Header, Identity: true}, own)
	if p.Agent != "" {
		req.Header.Set("User-Agent", p.Agent)
	}
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	return resp, resp.Body.Close()
}
