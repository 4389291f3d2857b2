// Package harvesttest runs backends against servers of tests.
package harvesttest

import (
	"context"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"grenier/internal/fetch"
	"grenier/internal/harvest"
)

// Now is the present of requests made here.
var Now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// Request is a request for what a server gives at a path.
func Request(s *httptest.Server, path string) harvest.Request {
	client := fetch.New(fetch.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}})
	return harvest.Request{
		Job: "000000000000000000000001", Language: "fr", Now: Now,
		Source: harvest.Target{ID: "000000000000000000000002", Name: "Source of a test", URL: s.URL + path},
		Remote: harvest.NewRemote(client, harvest.NewPacer(0), harvest.RemoteOptions{Source: s.URL + path, Clock: hurried}),
	}
}

// hurried is a clock on which pauses take no time.
var hurried = harvest.Clock{Times: &harvest.Times{
	Now:   time.Now,
	Sleep: func(ctx context.Context, _ time.Duration) error { return context.Cause(ctx) },
}}

// Collect returns all lines of a harvest.
func Collect(t *testing.T, b harvest.Backend, r harvest.Request) ([]harvest.Line, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var lines []harvest.Line
	err := b.Harvest(ctx, r, func(l harvest.Line) error {
		lines = append(lines, l)
		return nil
	})
	return lines, err
}
