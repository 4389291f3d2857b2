package api_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"grenier/internal/api/apitest"
	"grenier/internal/db/dbtest"
)

// TestReadersOfOneAddress holds that one client leaves places for others, and gets its own back when it lets go.
func TestReadersOfOneAddress(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	p.Changes.Begin(0)
	for range 8 {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/api/2/changes?after=now", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", "text/event-stream")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("a reader was answered %d", response.StatusCode)
		}
	}
	for _, path := range []string{"/api/2/changes", "/api/2/changes?wait=60"} {
		if answer := p.Get(path); answer.Status != http.StatusTooManyRequests || answer.Header.Get("Retry-After") == "" {
			t.Errorf("%s of one who has all their readers was answered %d %s", path, answer.Status, answer.Body)
		}
	}
	stop()
	var answer apitest.Answer
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if answer = p.Get("/api/2/changes"); answer.Status == http.StatusOK {
			return
		}
	}
	t.Errorf("the places never came back: %d %s", answer.Status, answer.Body)
}
