package api_test

import (
	"context"
	"sync"
	"testing"

	"grenier/internal/db/dbtest"
	"grenier/internal/job"
)

// TestFailingWebhooksLetOthersGoFirst looks at the turns that deliveries get: those of webhooks that failed come after
// those of the others.
func TestFailingWebhooksLetOthersGoFirst(t *testing.T) {
	s := newPortal(t, dbtest.SQLite(t))
	_, token := s.User("zoe@example.org", false)
	key := []string{"X-API-KEY", token}
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { s.Log.FollowSingle(ctx, s.Webhooks.Follower(), "node", func(err error) { t.Error(err) }) })
	defer func() { stop(); work.Wait() }()
	made := must(t, s.Do("POST", "/api/2/webhooks/", map[string]any{"url": "http://127.0.0.1:9/in"}, key...), 201).JSON(t).(map[string]any)
	turns := func(deliveries int) map[int64]int {
		counts := map[int64]int{}
		until(t, "the delivery waits", func() bool {
			jobs, total, err := s.Jobs.List(t.Context(), job.Filter{Kind: "webhooks.deliver", Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			clear(counts)
			for _, j := range jobs {
				counts[j.Priority]++
			}
			return total == deliveries
		})
		return counts
	}
	dataset := func(title string) {
		must(t, s.Do("POST", "/api/1/datasets/", map[string]any{"title": title, "description": "d", "frequency": "unknown"}, key...), 201)
	}
	dataset("First")
	if counts := turns(1); counts[100] != 1 {
		t.Errorf("a webhook that takes what it is sent has the turns %v", counts)
	}
	s.exec("UPDATE webhooks SET failures = 3 WHERE id = ?", made["id"])
	dataset("Second")
	if counts := turns(2); counts[100] != 1 || counts[150] != 1 {
		t.Errorf("beside a webhook that failed there are the turns %v", counts)
	}
}

// TestSendingAgainIsBounded asks for one delivery again and again.
func TestSendingAgainIsBounded(t *testing.T) {
	s := newPortal(t, dbtest.SQLite(t))
	_, token := s.User("zoe@example.org", false)
	key := []string{"X-API-KEY", token}
	made := must(t, s.Do("POST", "/api/2/webhooks/", map[string]any{"url": "http://127.0.0.1:9/in"}, key...), 201).JSON(t).(map[string]any)
	path := "/api/2/webhooks/" + made["id"].(string) + "/"
	tried := must(t, s.Do("POST", path+"test/", nil, key...), 200).JSON(t).(map[string]any)
	again := path + "deliveries/" + tried["id"].(string) + "/replay/"
	for range 100 {
		must(t, s.Do("POST", again, nil, key...), 201)
	}
	if answer := s.Do("POST", again, nil, key...); answer.Status != 429 || answer.Header.Get("Retry-After") == "" {
		t.Errorf("it was sent once more: %d %s", answer.Status, answer.Body)
	}
}
