package check

import (
	"net/http"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/fetch"
)

func answer(status int, headers ...string) *fetch.Probed {
	got := &fetch.Probed{Status: status, Header: http.Header{}, Length: -1}
	for i := 0; i+1 < len(headers); i += 2 {
		got.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Content-Length" {
			n := int64(0)
			for _, digit := range headers[i+1] {
				n = n*10 + int64(digit-'0')
			}
			got.Length = n
		}
	}
	return got
}

func TestTellsEnough(t *testing.T) {
	for _, row := range []struct {
		name string
		got  *fetch.Probed
		err  error
		want bool
	}{
		{"length", answer(200, "Content-Length", "10"), nil, true},
		{"date", answer(200, "Last-Modified", "x"), nil, true},
		{"neither", answer(200), nil, false},
		{"long page", answer(200, "Content-Type", "text/html; charset=utf-8", "Content-Length", "4096"), nil, true},
		{"short page", answer(200, "Content-Type", "Text/HTML", "Content-Length", "4095"), nil, false},
		{"page without length", answer(200, "Content-Type", "text/html", "Last-Modified", "x"), nil, false},
		{"method not allowed", answer(405), nil, false},
		{"missing", answer(404, "Content-Length", "10"), nil, false},
		{"asked too often", answer(429), nil, true},
		{"late", nil, &fetch.Failure{Reason: fetch.Timeout}, false},
		{"broken", nil, &fetch.Failure{Reason: fetch.Broken}, false},
		{"nobody there", nil, &fetch.Failure{Reason: fetch.Unreachable}, true},
		{"inside", nil, &fetch.Failure{Reason: fetch.Refused}, true},
	} {
		if got := tellsEnough(row.got, row.err); got != row.want {
			t.Errorf("%s: %t", row.name, got)
		}
	}
}

func TestRestAsked(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	late := answer(429)
	late.RetryAfter = 2 * time.Hour
	busy := answer(503)
	busy.RetryAfter = time.Second
	for _, row := range []struct {
		name string
		got  *fetch.Probed
		want time.Duration
	}{
		{"fine", answer(200), 0},
		{"too often", answer(429), 24 * time.Hour},
		{"too often, says how long", late, 2 * time.Hour},
		{"busy for a second", busy, time.Minute},
		{"unavailable", answer(503), 0},
		{"used up", answer(200, "X-RateLimit-Remaining", "0"), 24 * time.Hour},
		{"used up, begins again", answer(200, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "600"), 10 * time.Minute},
		{"used up, until a moment", answer(200, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1772326800"), time.Hour},
		{"a tenth left", answer(200, "X-RateLimit-Remaining", "10", "X-RateLimit-Limit", "100", "X-RateLimit-Reset", "60"), time.Minute},
		{"more left", answer(200, "X-RateLimit-Remaining", "11", "X-RateLimit-Limit", "100"), 0},
		{"no limit", answer(200, "X-RateLimit-Remaining", "0", "X-RateLimit-Limit", "-1"), 0},
		{"nothing allowed", answer(200, "X-RateLimit-Remaining", "5", "X-RateLimit-Limit", "0"), 24 * time.Hour},
		{"nonsense", answer(200, "X-RateLimit-Remaining", "many"), 0},
	} {
		if got, _ := restAsked(row.got, now); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

func TestResultOf(t *testing.T) {
	text := func(b *bool) string {
		switch {
		case b == nil:
			return "null"
		case *b:
			return "true"
		}
		return "false"
	}
	for _, row := range []struct {
		got       *fetch.Probed
		err       error
		available string
		timeout   bool
	}{
		{answer(200), nil, "true", false},
		{answer(301), nil, "true", false},
		{answer(399), nil, "true", false},
		{answer(400), nil, "false", false},
		{answer(404), nil, "false", false},
		{answer(429), nil, "null", false},
		{answer(500), nil, "false", false},
		{nil, &fetch.Failure{Reason: fetch.Timeout}, "false", true},
		{nil, &fetch.Failure{Reason: fetch.Unreachable}, "false", false},
	} {
		r := resultOf(row.got, row.err)
		if text(r.Available) != row.available || r.Timeout != row.timeout || (r.Error == "") != (row.available == "true") {
			t.Errorf("%+v, %v: %+v", row.got, row.err, r)
		}
	}
}

// TestPauses follows a file through its life.
func TestPauses(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	yes, no := true, false
	found := Result{Status: 200, Available: &yes, Length: 10, Type: "text/csv"}
	longer, missing, limited := found, Result{Status: 404, Available: &no, Length: -1}, Result{Status: 429, Length: -1, Rest: 20 * time.Hour}
	longer.Length = 11
	old := found
	old.LastModified = "Sat, 28 Feb 2026 12:00:00 GMT"
	c, at := &Check{}, begin
	for i, step := range []struct {
		r       Result
		after   time.Duration // since the check before
		changed bool
		pause   time.Duration
	}{
		{found, 0, true, 12 * hour},
		{found, 12 * hour, false, 12 * hour},
		{found, 12 * hour, false, 24 * hour},
		{found, 24 * hour, false, 168 * hour},
		{longer, 168 * hour, true, 12 * hour},
		{missing, 12 * hour, true, 10 * time.Minute},
		{missing, 10 * time.Minute, false, 30 * time.Minute},
		{missing, 30 * time.Minute, false, 90 * time.Minute},
		{missing, 90 * time.Minute, false, 270 * time.Minute},
		{missing, 270 * time.Minute, false, 12 * hour},
		{missing, 12 * hour, false, 24 * hour},
		{missing, 24 * hour, false, 168 * hour},
		{limited, 168 * hour, true, 20 * hour},
		{found, 20 * hour, true, 12 * hour},
		{old, 12 * hour, false, 720 * hour},
		{found, 720 * hour, false, 720 * hour},
	} {
		at = at.Add(step.after)
		step.r.At = db.TimeOf(at)
		changed := c.take(step.r)
		if pause := c.DueAt.Sub(at); changed != step.changed || pause != step.pause {
			t.Errorf("step %d: changed %t, next after %s; want %t, %s", i, changed, pause, step.changed, step.pause)
		}
	}
}

func TestHostOf(t *testing.T) {
	r := Rules{Skip: []string{"geo.example.org", "format=shp"}}
	for address, want := range map[string]string{
		"https://Data.Example.org:8443/a": "data.example.org", "http://[::1]/a": "::1", "ftp://example.org/a": "", "": "", "a b": "",
		"https://geo.example.org/a": "", "https://example.org/?format=shp": "", " https://example.org/ ": "example.org", "mailto:a@example.org": "",
	} {
		if got := r.hostOf(address); got != want {
			t.Errorf("%q asks %q, want %q", address, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, text := range []string{"a\x00b", "\xff", string(make([]byte, 5000)), "é"} {
		if got := cut(text); len(got) > maxHeader {
			t.Errorf("%q becomes %q", text, got)
		}
	}
	if got := cut(" a\x00b\xff "); got != "ab\uFFFD" {
		t.Errorf("%q", got)
	}
}
