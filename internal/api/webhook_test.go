package api_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// receiver takes what webhooks send, and checks the signature as a receiver does.
type receiver struct {
	*httptest.Server
	t  *testing.T
	mu sync.Mutex
	// secret is what the signature is checked by; status is answered.
	secret string
	status int
	got    []received
}

type received struct {
	ID, Type string
	Signed   bool
	Body     string
	Data     struct {
		Webhook string
		Changes []changeLine
	}
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t, status: 204}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		r.t.Error(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	got := received{ID: q.Header.Get("Webhook-Id"), Body: string(body)}
	if err := json.Unmarshal(body, &got); err != nil {
		r.t.Errorf("%s: %v", body, err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.secret, "whsec_"))
	if err != nil {
		r.t.Error(err)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", got.ID, q.Header.Get("Webhook-Timestamp"), body)
	got.Signed = q.Header.Get("Webhook-Signature") == "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil))
	r.got = append(r.got, got)
	w.WriteHeader(r.status)
	fmt.Fprint(w, "thank you")
}

// answer sets what is answered and forgets what came.
func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status, r.got = status, nil
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// until waits for something to come true.
func until(t *testing.T, what string, fn func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !fn(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: never", what)
		}
	}
}

// TestWebhook makes a webhook of an organisation and goes through what becomes of it: changes, tests, failures, a
// stop with a letter, and sending again.
func TestWebhook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := apitest.New(t, d)
		ada, token := s.User("ada@example.org", false)
		ed, edToken := s.User("ed@example.org", false)
		town := s.Organization("Ville", account.NewMember{UserID: ada, Role: account.RoleAdmin}, account.NewMember{UserID: ed, Role: account.RoleEditor})
		key := []string{"X-API-KEY", token}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var work sync.WaitGroup
		work.Go(func() { s.Log.FollowSingle(ctx, s.Webhooks.Follower(), "node", func(err error) { t.Error(err) }) })
		if err := s.Jobs.Start(ctx); err != nil {
			t.Fatal(err)
		}
		defer func() {
			stop()
			work.Wait()
			_ = s.Jobs.Stop(context.Background())
		}()
		r := newReceiver(t)
		made := must(t, s.Do("POST", "/api/2/webhooks/", map[string]any{
			"url": r.URL + "/in", "name": "Copy", "organization": town, "kinds": []string{"dataset.created", "dataset.updated", "dataset.withdrawn"},
		}, key...), 201).JSON(t).(map[string]any)
		r.secret = made["secret"].(string)
		id := made["id"].(string)
		path := "/api/2/webhooks/" + id + "/"
		if made["watched_organization"] != town || made["active"] != true || len(r.secret) < 40 {
			t.Errorf("made %v", made)
		}
		if shown := must(t, s.Get(path, key...), 200); strings.Contains(string(shown.Body), "secret") {
			t.Errorf("the secret is shown again: %s", shown.Body)
		}
		must(t, s.Get(path, "X-API-KEY", edToken), 404)
		tried := must(t, s.Do("POST", path+"test/", nil, key...), 200).JSON(t).(map[string]any)
		if tried["state"] != "accepted" || tried["status"] != 204.0 || len(r.all()) != 1 || !r.all()[0].Signed || r.all()[0].Type != "webhook.test" {
			t.Errorf("a test: %v, received %+v", tried, r.all())
		}
		r.answer(204)
		dataset := func(title string, private bool) string {
			return must(t, s.Do("POST", "/api/1/datasets/", map[string]any{
				"title": title, "description": "d", "frequency": "unknown", "organization": town, "private": private,
			}, key...), 201).JSON(t).(map[string]any)["id"].(string)
		}
		secretSet, openSet := dataset("Secret", true), dataset("Open", false)
		until(t, "the change comes", func() bool { return len(r.all()) > 0 })
		got := r.all()[0]
		if !got.Signed || got.Type != "catalog.changed" || got.Data.Webhook != id || len(got.Data.Changes) != 1 || got.Data.Changes[0].Object.ID != openSet ||
			got.Data.Changes[0].Object.URI != apitest.Base+"/api/1/datasets/"+openSet+"/" {
			t.Errorf("received %+v", got)
		}
		checkReplay(t, s, r, path, key, got)
		checkStop(t, s, r, path, key, dataset)
		for _, g := range r.all() {
			if strings.Contains(g.Body, secretSet) {
				t.Errorf("a private dataset was sent: %s", g.Body)
			}
		}
		must(t, s.Do("DELETE", path, nil, key...), 204)
		must(t, s.Get(path, key...), 404)
	})
}

// checkReplay sends a delivery again, by another secret.
func checkReplay(t *testing.T, s *apitest.Server, r *receiver, path string, key []string, got received) {
	one := must(t, s.Get(path+"deliveries/"+got.ID+"/", key...), 200).JSON(t).(map[string]any)
	if one["state"] != "accepted" || one["answer"] != "" || dig(one, "body.data.webhook") != got.Data.Webhook || one["attempts"] != 1.0 {
		t.Errorf("the delivery: %v", one)
	}
	r.answer(200)
	secret := must(t, s.Do("POST", path+"secret/", nil, key...), 200).JSON(t).(map[string]any)["secret"].(string)
	if secret == r.secret {
		t.Error("the secret stayed")
	}
	r.mu.Lock()
	r.secret = secret
	r.mu.Unlock()
	again := must(t, s.Do("POST", path+"deliveries/"+got.ID+"/replay/", nil, key...), 201).JSON(t).(map[string]any)
	until(t, "it comes again", func() bool { return len(r.all()) > 0 })
	if g := r.all()[0]; g.Body != got.Body || g.ID != again["id"] || again["again_of"] != got.ID || !g.Signed {
		t.Errorf("sent again: %+v, %v", g, again)
	}
	must(t, s.Do("POST", path+"deliveries/"+db.NewUUID()+"/replay/", nil, key...), 404)
}

// checkStop lets deliveries fail until the webhook is stopped, switches it on, and lets the receiver end it.
func checkStop(t *testing.T, s *apitest.Server, r *receiver, path string, key []string, dataset func(string, bool) string) {
	state := func() map[string]any { return must(t, s.Get(path, key...), 200).JSON(t).(map[string]any) }
	r.answer(500)
	dataset("Refused", false)
	until(t, "the webhook stops", func() bool { return state()["active"] == false })
	if is := state(); is["stopped_reason"] != "failing" || is["failures"] != 20.0 {
		t.Errorf("after failures: %v", is)
	}
	tries := r.all()
	if len(tries) != 20 || slices.ContainsFunc(tries, func(g received) bool { return g.ID != tries[0].ID || !g.Signed }) {
		t.Errorf("%d tries", len(tries))
	}
	letters := s.Letters()
	if len(letters) != 1 || !strings.Contains(letters[0].Subject, "webhook") || !strings.Contains(letters[0].Link, "/admin/organizations/") {
		t.Errorf("letters: %+v", letters)
	}
	dataset("Missed", false)
	r.answer(410)
	must(t, s.Do("PATCH", path, map[string]any{"active": true}, key...), 200)
	dataset("Unwanted", false)
	until(t, "the webhook ends", func() bool { return state()["active"] == false })
	if is := state(); is["stopped_reason"] != "gone" || len(r.all()) != 1 {
		t.Errorf("after 410: %v, %d tries", is, len(r.all()))
	}
	list := must(t, s.Get(path+"deliveries/", key...), 200).JSON(t).(map[string]any)
	if first := dig(list, "data.0").(map[string]any); first["state"] != "failed" || first["status"] != 410.0 || first["answer"] != "thank you" {
		t.Errorf("the log: %v", first)
	}
}

// TestWebhookRefused asks for webhooks that may not be.
func TestWebhookRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := apitest.New(t, d)
		ada, token := s.User("ada@example.org", false)
		_, eve := s.User("eve@example.org", false)
		town := s.Organization("Ville", account.NewMember{UserID: ada, Role: account.RoleAdmin})
		good := "https://example.org/hook"
		for _, c := range []struct {
			token  string
			body   map[string]any
			status int
			text   string
		}{
			{"", map[string]any{"url": good}, 401, ""},
			{eve, map[string]any{"url": good, "organization": town}, 403, "You do not have the permission to modify that object."},
			{token, map[string]any{}, 400, "Give the address that changes are sent to."},
			{token, map[string]any{"url": "ftp://example.org/"}, 400, "url"},
			{token, map[string]any{"url": "http://10.1.2.3/"}, 400, "url"},
			{token, map[string]any{"url": "https://user:pass@example.org/"}, 400, "url"},
			{token, map[string]any{"url": "https://example.org/" + strings.Repeat("x", 1000)}, 400, "at most 1000"},
			{token, map[string]any{"url": good, "kinds": []string{"dataset", "user"}}, 400, "Unknown kind"},
			{token, map[string]any{"url": good, "kinds": "dataset"}, 400, "kinds"},
			{token, map[string]any{"url": good, "name": strings.Repeat("x", 101)}, 400, "at most 100"},
			{token, map[string]any{"url": good, "watched_organization": "town"}, 400, "identifier"},
			{token, map[string]any{"url": good, "tag": strings.Repeat("x", 101)}, 400, "at most 100"},
		} {
			var headers []string
			if c.token != "" {
				headers = []string{"X-API-KEY", c.token}
			}
			if answer := s.Do("POST", "/api/2/webhooks/", c.body, headers...); answer.Status != c.status || !strings.Contains(string(answer.Body), c.text) {
				t.Errorf("%v answered %d %s, not %d %s", c.body, answer.Status, answer.Body, c.status, c.text)
			}
		}
		for n := range 11 {
			want := 201
			if n == 10 {
				want = 400
			}
			must(t, s.Do("POST", "/api/2/webhooks/", map[string]any{"url": good}, "X-API-KEY", token), want)
		}
	})
}
