package harvest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"grenier/internal/fault"
	"grenier/internal/fetch"
)

const (
	firstPause = time.Second
	maxPause   = time.Minute
	// maxAsked is how long a portal may ask to wait within a job.
	maxAsked = 15 * time.Minute
	// maxSuspension bounds how far away a portal may put the next request.
	maxSuspension = 7 * 24 * time.Hour
)

// Wait is the error of a portal that asks to be left alone for longer than a job
// waits. The job is to be suspended, and to go on at Until.
type Wait struct {
	Until time.Time
	// Host is the host that asks.
	Host string
	// Err is what it answered.
	Err error
}

// Error says until when.
func (w *Wait) Error() string {
	return fmt.Sprintf("harvest: %s asks to wait until %s", w.Host, w.Until.UTC().Format(time.RFC3339))
}

// Unwrap gives the same as a fault.
func (w *Wait) Unwrap() error {
	return fault.Wrap(w.Err, fault.Unavailable, fmt.Sprintf("%s asks to wait until %s.", w.Host, w.Until.UTC().Format(time.RFC3339)))
}

// Clock is the time of a way to a portal. The zero value is the real one.
type Clock struct {
	*Times
}

// Times replace the real ones.
type Times struct {
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
}

func (c Clock) now() time.Time {
	if c.Times != nil {
		return c.Now()
	}
	return time.Now()
}

// sleep waits; its error is why it ended early.
func (c Clock) sleep(ctx context.Context, d time.Duration) error {
	if c.Times != nil {
		return c.Sleep(ctx, d)
	}
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// refusal is an answer that is not a success.
type refusal struct {
	status int
	url    string
	// asked is how long the portal asks to wait, 0 when it does not say.
	asked time.Duration
	// limited tells that it speaks of a limit of requests.
	limited bool
}

func newRefusal(a *Answer, url string, now time.Time) *refusal {
	f := &refusal{status: a.Status, url: url}
	start := make([]byte, 64<<10)
	n, _ := io.ReadFull(a.Body, start)
	if again, ok := a.Body.(io.Seeker); ok {
		_, _ = again.Seek(0, io.SeekStart)
	}
	start = start[:n]
	f.limited = a.Status == http.StatusTooManyRequests || a.Status == http.StatusForbidden && speaksOfLimit(a.Header, start)
	if f.limited || a.Status >= 500 {
		f.asked = askedWait(a.Header, start, now)
	}
	return f
}

// Error is what the reference's users know such answers by.
func (f *refusal) Error() string {
	side := "Client"
	if f.status >= 500 {
		side = "Server"
	}
	return fmt.Sprintf("%d %s Error: %s for url: %s", f.status, side, http.StatusText(f.status), shown(f.url))
}

func (f *refusal) fault() *fault.Error {
	return fault.Wrap(&fetch.Failure{Reason: fetch.Status, Status: f.status, Host: hostOf(f.url), RetryAfter: f.asked},
		fault.BadGateway, f.Error()).After(f.asked)
}

// mayPass tells whether the same request may succeed later.
func (f *refusal) mayPass() bool {
	switch f.status {
	case 408, 425, 429, 500, 502, 503, 504:
		return true
	}
	return f.limited
}

// speaksOfLimit tells a portal that is asked too often from one that refuses.
func speaksOfLimit(h http.Header, body []byte) bool {
	if h.Get("Retry-After") != "" || h.Get("X-RateLimit-Remaining") == "0" {
		return true
	}
	text := strings.ToLower(string(body))
	for _, words := range []string{"rate limit", "rate-limit", "ratelimit", "too many requests", "quota exceeded", "throttl"} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// askedWait is how long an answer asks to wait: by Retry-After (RFC 9110, section
// 10.2.3), by X-RateLimit-Reset or, as Opendatasoft does, by reset_time in its body.
func askedWait(h http.Header, body []byte, now time.Time) time.Duration {
	until, ok := moment(h.Get("Retry-After"), now)
	if !ok {
		until, ok = moment(h.Get("X-RateLimit-Reset"), now)
	}
	if !ok {
		var told struct {
			ResetTime string `json:"reset_time"`
		}
		if json.Unmarshal(body, &told) == nil {
			until, ok = moment(told.ResetTime, now)
		}
	}
	if !ok {
		return 0
	}
	return min(max(0, until.Sub(now)), maxSuspension)
}

// moment reads a moment as servers write it: seconds from now, seconds or
// milliseconds since 1970, or a date.
func moment(text string, now time.Time) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && n < 1e15 {
		switch {
		case n > 1e11:
			return time.UnixMilli(int64(n)), true
		case n > 1e9:
			return time.Unix(int64(n), 0), true
		}
		return now.Add(time.Duration(min(n, maxSuspension.Seconds()) * float64(time.Second))), true
	}
	if at, err := http.ParseTime(text); err == nil {
		return at, true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05-07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// judge tells whether to ask again, and after which pause; wait is set when the
// portal wants a longer one.
func (r *Remote) judge(ctx context.Context, err error, try int) (pause time.Duration, again bool, wait *Wait) {
	if ctx.Err() != nil {
		return 0, false, nil
	}
	asked := time.Duration(0)
	var status *refusal
	if errors.As(err, &status) {
		if !status.mayPass() {
			return 0, false, nil
		}
		asked = status.asked
	} else if !connectionFailed(err) {
		return 0, false, nil
	}
	if asked > maxAsked {
		return 0, false, &Wait{Until: r.o.Clock.now().Add(asked), Host: hostOf(status.url), Err: status}
	}
	if try >= maxTries {
		return 0, false, nil
	}
	pause = pauseBefore(try, rand.Float64())
	if asked > 0 {
		pause = max(asked, pause)
		r.pacer.hold(status.url, asked)
	}
	return pause, true, nil
}

// pauseBefore is the pause before asking again: 1 s, 2 s, 4 s … of which chance, from 0
// to 1, takes or adds up to one half, and at most a minute.
func pauseBefore(try int, chance float64) time.Duration {
	pause := firstPause << min(try, 10)
	return min(maxPause, time.Duration(float64(pause)*(0.5+chance)))
}

// connectionFailed tells whether a request failed on the way. A host that has no
// name does not get one within a minute.
func connectionFailed(err error) bool {
	why := fetch.Why(err)
	if why == nil {
		return false
	}
	var name *net.DNSError
	if errors.As(why.Err, &name) && name.IsNotFound {
		return false
	}
	switch why.Reason {
	case fetch.Unreachable, fetch.Timeout, fetch.Broken:
		return true
	}
	return false
}

// told is an error in a sentence for people.
func told(err error) string {
	text := err.Error()
	var known *fault.Error
	if errors.As(err, &known) {
		text = known.SafeText()
	}
	return strings.TrimSuffix(text, ".") + "."
}
