package fetch

import (
	"bytes"
	"context"
	"net/http"
	"strings"
)

// Post sends a body to an address, once and to no other: a redirection is an answer like any other, whose body is
// not read on. Of the Request it follows Header, Timeout and MaxBytes; the answer is cut there, and every status
// is an answer. Its errors are faults that carry a *Failure (Why).
func (c *Client) Post(ctx context.Context, raw, contentType string, body []byte, r Request) (*Response, error) {
	target, err := c.check(raw)
	if err != nil {
		return nil, err
	}
	if r.MaxBytes <= 0 {
		r.MaxBytes = DefaultMaxBytes
	}
	r.AnyStatus, r.Cut, r.Retries = true, true, 0
	ctx, cancel := context.WithTimeoutCause(ctx, or(r.Timeout, DefaultTimeout), errWhole)
	release, err := c.slots.take(ctx, strings.ToLower(target.Hostname()))
	if err != nil {
		err = failure(ctx, target, err)
		cancel()
		return nil, err
	}
	done := func() { release(); cancel() }
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		done()
		return nil, (&Failure{Reason: NotWeb, Host: target.Host, Err: err}).fault()
	}
	req.Header = c.header(r, true)
	req.Header.Set("Content-Type", contentType)
	resp, err := c.transport.RoundTrip(req)
	if err == nil {
		var answer *Response
		if answer, err = c.answer(ctx, target, resp, r, release); err == nil {
			answer.Body = &onClose{answer.Body, done}
			return answer, nil
		}
	}
	err = failure(ctx, target, err)
	done()
	return nil, err
}
