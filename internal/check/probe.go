package check

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/fetch"
)

// Result is what one check found.
type Result struct {
	At db.Time
	// Status is the answer's, 0 when none came.
	Status int
	// Available is nil when the host only asked to be left alone.
	Available *bool
	Timeout   bool
	Error     string
	// Length is -1 when it was not told.
	Length                   int64
	Type, ETag, LastModified string
	// CORS is nil when browsers on other sites may not read the file.
	CORS *CORS
	// Rest is how long the host asked to be left alone, 0 when it did not; Why
	// says how it did.
	Rest time.Duration
	Why  string
}

// CORS is what a host answers to a browser that asks, for a page of this site,
// whether it may read a file (the preflight request of the Fetch standard).
type CORS struct {
	Status           int     `json:"status"`
	AllowOrigin      *string `json:"allow-origin"`
	AllowMethods     *string `json:"allow-methods"`
	AllowHeaders     *string `json:"allow-headers"`
	ExposeHeaders    *string `json:"expose-headers"`
	MaxAge           *string `json:"max-age"`
	AllowCredentials *string `json:"allow-credentials"`
}

// smallPage is the length below which a page of HTML is rather an excuse than a
// file.
const smallPage = 4096

// ask finds out whether a file is there, by its head alone: HEAD first, GET when
// the answer to HEAD says too little, then OPTIONS.
func (s *Store) ask(ctx context.Context, address string) Result {
	got, err := s.probe(ctx, http.MethodHead, address)
	if !tellsEnough(got, err) {
		got, err = s.probe(ctx, http.MethodGet, address)
	}
	r := resultOf(got, err)
	if r.Available != nil && *r.Available && s.deps.Rules.Origin != "" && ctx.Err() == nil {
		r.CORS = s.askCORS(ctx, got.URL)
	}
	return r
}

func (s *Store) probe(ctx context.Context, method, address string) (*fetch.Probed, error) {
	timeout := s.deps.Rules.Timeout
	if method == http.MethodGet {
		timeout *= 2
	}
	return s.deps.Client.Probe(ctx, address, fetch.Probe{Method: method, Agent: s.deps.Rules.Agent, Timeout: timeout})
}

// tellsEnough tells whether the answer to HEAD needs no GET: it is a good one, or
// another request would be of no use or unkind.
func tellsEnough(got *fetch.Probed, err error) bool {
	if err != nil {
		switch fetch.Why(err).Reason {
		case fetch.Timeout, fetch.Broken:
			return false
		}
		return true
	}
	if got.Status == http.StatusTooManyRequests {
		return true
	}
	if got.Status < 200 || got.Status > 399 {
		return false
	}
	known := got.Length >= 0 && got.Header.Get("Content-Length") != ""
	if strings.HasPrefix(strings.ToLower(got.Header.Get("Content-Type")), "text/html") {
		return known && got.Length >= smallPage
	}
	return known || got.Header.Get("Last-Modified") != ""
}

// resultOf reads an answer or its lack.
func resultOf(got *fetch.Probed, err error) Result {
	r := Result{At: db.Now(), Length: -1}
	available := false
	if err != nil {
		r.Error, r.Timeout, r.Available = cmp.Or(fault.Of(err).SafeText(), "The file cannot be reached."), fetch.Why(err).Reason == fetch.Timeout, &available
		return r
	}
	r.Status = got.Status
	r.Rest, r.Why = restAsked(got, r.At.Time)
	if got.Status == http.StatusTooManyRequests {
		r.Error = "The remote server is asked too often (answer 429)."
		return r
	}
	available = got.Status >= 200 && got.Status <= 399
	r.Available = &available
	if !available {
		r.Error = http.StatusText(got.Status)
		if r.Error == "" {
			r.Error = "Answer " + strconv.Itoa(got.Status)
		}
		return r
	}
	if got.Header.Get("Content-Length") != "" {
		r.Length = got.Length
	}
	r.Type, r.ETag, r.LastModified = header(got, "Content-Type"), header(got, "ETag"), header(got, "Last-Modified")
	return r
}

// maxHeader is how much of a header is kept.
const maxHeader = 300

// header is a header of an answer as text that a database takes.
func header(got *fetch.Probed, name string) string {
	return cut(got.Header.Get(name))
}

// cut makes a foreign text fit to be kept.
func cut(text string) string {
	text = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", ""))
	if len(text) > maxHeader {
		text = strings.ToValidUTF8(text[:maxHeader], "")
	}
	return text
}

const (
	// restDefault is for how long a host that has had enough is left alone when
	// it does not say itself.
	restDefault = 24 * time.Hour
	restMin     = time.Minute
	restMax     = 24 * time.Hour
)

// restAsked tells for how long a host wants to be left alone: it answers 429, or
// what it counts of our requests (X-RateLimit-Limit and -Remaining) is almost
// used up.
func restAsked(got *fetch.Probed, now time.Time) (time.Duration, string) {
	if got.Status == http.StatusTooManyRequests || got.Status == http.StatusServiceUnavailable && got.RetryAfter > 0 {
		return bounded(got.RetryAfter), "answer " + strconv.Itoa(got.Status)
	}
	remaining, told := rate(got.Header, "X-RateLimit-Remaining")
	if !told {
		return 0, ""
	}
	limit, limited := rate(got.Header, "X-RateLimit-Limit")
	if limited && limit < 0 { // none
		return 0, ""
	}
	if remaining <= 0 || limited && (limit == 0 || remaining/limit <= 0.1) {
		return bounded(resetIn(got.Header, now)), "x-ratelimit-remaining " + got.Header.Get("X-RateLimit-Remaining")
	}
	return 0, ""
}

func rate(h http.Header, name string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(h.Get(name)), 64)
	return n, err == nil
}

// resetIn reads X-RateLimit-Reset: seconds from now, or a moment in seconds since
// 1970.
func resetIn(h http.Header, now time.Time) time.Duration {
	seconds, told := rate(h, "X-RateLimit-Reset")
	if !told || seconds <= 0 || seconds > 1<<40 {
		return 0
	}
	if seconds > 1e9 {
		return time.Unix(int64(seconds), 0).Sub(now)
	}
	return time.Duration(seconds) * time.Second
}

func bounded(rest time.Duration) time.Duration {
	if rest <= 0 {
		return restDefault
	}
	return min(max(rest, restMin), restMax)
}

// askCORS asks as a browser does before a page of this site reads a file with
// headers of its own.
func (s *Store) askCORS(ctx context.Context, address string) *CORS {
	got, err := s.deps.Client.Probe(ctx, address, fetch.Probe{
		Method: http.MethodOptions, Agent: s.deps.Rules.Agent, Timeout: s.deps.Rules.Timeout, Stay: true,
		Header: http.Header{
			"Origin":                         {s.deps.Rules.Origin},
			"Access-Control-Request-Method":  {http.MethodGet},
			"Access-Control-Request-Headers": {"authorization, content-type"},
		},
	})
	if err != nil || got.Status < 200 || got.Status > 399 {
		return nil
	}
	text := func(name string) *string {
		if value := header(got, "Access-Control-"+name); value != "" {
			return &value
		}
		return nil
	}
	return &CORS{
		Status: got.Status, AllowOrigin: text("Allow-Origin"), AllowMethods: text("Allow-Methods"), AllowHeaders: text("Allow-Headers"),
		ExposeHeaders: text("Expose-Headers"), MaxAge: text("Max-Age"), AllowCredentials: text("Allow-Credentials"),
	}
}

// extras are what clients read in the extras of a resource. All keys of a check
// are among them; those that have nothing to say are null.
func (c *Check) extras() map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	put := func(key string, value any) {
		text, err := json.Marshal(value)
		if err != nil {
			text = []byte("null")
		}
		all["check:"+key] = text
	}
	put("id", c.Number())
	put("available", c.Available)
	put("status", c.Status)
	put("timeout", c.Timeout)
	put("date", c.CheckedAt.Format("2006-01-02T15:04:05.000000-07:00"))
	put("error", c.Error)
	put("headers:content-type", c.ContentType)
	put("headers:content-length", c.ContentLength)
	cors := c.corsOf()
	if cors == nil {
		cors = &CORS{}
	}
	put("cors:status", nonZero(cors.Status))
	put("cors:error", nil)
	put("cors:allow-origin", cors.AllowOrigin)
	put("cors:allow-methods", cors.AllowMethods)
	put("cors:allow-headers", cors.AllowHeaders)
	put("cors:expose-headers", cors.ExposeHeaders)
	put("cors:max-age", cors.MaxAge)
	put("cors:allow-credentials", cors.AllowCredentials)
	return all
}

// corsOf is what browsers are told; nil when they may not read the file.
func (c *Check) corsOf() *CORS {
	var cors CORS
	if len(c.CORS) == 0 || json.Unmarshal(c.CORS, &cors) != nil {
		return nil
	}
	return &cors
}

func nonZero(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}
