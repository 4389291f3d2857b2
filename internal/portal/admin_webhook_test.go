package portal

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/fetch"
	"grenier/internal/job"
	"grenier/internal/limit"
	"grenier/internal/outbox"
)

// hookTown is a town whose people have webhooks, and a receiver of theirs.
type hookTown struct {
	*town
	// receiver answers with status, 200 while it is 0.
	receiver string
	status   atomic.Int64
}

func newHookTown(t *testing.T) *hookTown {
	t.Helper()
	s := &hookTown{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if status := s.status.Load(); status != 0 {
			w.WriteHeader(int(status))
		}
		fmt.Fprint(w, "taken <b>here</b>")
	}))
	t.Cleanup(server.Close)
	s.receiver = server.URL + "/in"
	d := dbtest.SQLite(t)
	jobs := job.NewRunner(d, job.Options{Location: time.UTC})
	s.town = newTownOn(t, d, func(deps *Deps) {
		deps.Webhooks = outbox.NewWebhooks(event.NewLog(d), outbox.Options{
			Secret: []byte("secret of the tests"), Client: fetch.New(fetch.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}),
			Jobs: jobs, Rates: limit.NewRates(d), Base: "https://data.example.org",
		})
		outbox.Register(jobs, func() *outbox.Webhooks { return deps.Webhooks })
	})
	return s
}

var (
	shownSecret = regexp.MustCompile(`whsec_[A-Za-z0-9+/]+=*`)
	shownHook   = regexp.MustCompile(`/webhooks/([0-9a-f]{24})"`)
)

// make makes a webhook on a page, and returns its page and its secret.
func (s *hookTown) make(list, session string, form url.Values) (page, secret string) {
	s.t.Helper()
	body := s.sends(list, session, form, http.StatusOK, "will never be shown again")
	secret = shownSecret.FindString(html.UnescapeString(body))
	found := shownHook.FindStringSubmatch(body)
	if secret == "" || found == nil {
		s.t.Fatalf("no secret or no address in %s", mainOf(body))
	}
	return list + "/" + found[1], secret
}

// TestPagesOfWebhooks makes a webhook of a person and one of an organisation on their pages, tries, reads, repeats,
// switches and removes them, as a browser without scripts does.
func TestPagesOfWebhooks(t *testing.T) {
	s := newHookTown(t)
	for _, one := range []struct{ list, home string }{{"/en/admin/me/webhooks", "/en/admin"}, {s.home + "/webhooks", s.home}} {
		s.page(one.list, s.byAdmin, 200, "No webhook yet", `name="url"`, `href="/en/developers"`)
		page, secret := s.make(one.list, s.byAdmin, url.Values{"url": {s.receiver}, "name": {"Copy <b>"}, "kinds": {"dataset", "reuse"}, "tag": {"velo"}})
		hook := page[strings.LastIndex(page, "/")+1:]
		s.page(one.list, s.byAdmin, 200, "Copy &lt;b&gt;", s.receiver, "Never", "!"+secret, "!whsec_")
		s.page(page, s.byAdmin, 200, "Nothing was sent yet", "!whsec_", `value="velo"`)

		s.sends(page+"/test", s.byAdmin, nil, 303, page+"?done=admin-webhook.done-tested")
		s.status.Store(503)
		s.sends(page+"/test", s.byAdmin, nil, 303, page+"?done=admin-webhook.done-refused")
		s.status.Store(0)
		body := s.page(page, s.byAdmin, 200, "HTTP 503", "HTTP 200", "taken &lt;b&gt;here", "accepted", "failed", "Send again")
		messages := regexp.MustCompile(regexp.QuoteMeta(page)+`/messages/([0-9a-f-]{36})`).FindAllStringSubmatch(body, -1)
		if len(messages) != 2 {
			t.Fatalf("%d messages are linked: %s", len(messages), mainOf(body))
		}
		s.page(messages[0][0], s.byAdmin, 200, "webhook.test", "HTTP 503", messages[0][1], "taken &lt;b&gt;here", `href="`+page+`"`)
		s.page(page+"/messages/"+db.NewUUID(), s.byAdmin, 404)

		s.sends(page+"/replay", s.byAdmin, url.Values{"delivery": {messages[0][1]}}, 303, page+"?done=admin-webhook.done-replayed")
		body = s.page(page, s.byAdmin, 200, "waiting")
		again := regexp.MustCompile(regexp.QuoteMeta(page) + `/messages/([0-9a-f-]{36})`).FindStringSubmatch(body)
		s.page(again[0], s.byAdmin, 200, "waiting", messages[0][0], "Next try")

		s.sends(page+"/switch", s.byAdmin, url.Values{"active": {""}}, 303, page+"?done=admin-webhook.done-off")
		s.page(page, s.byAdmin, 200, "Switched off by somebody", "Switch on", "Not sent: the webhook was switched off")
		s.sends(page+"/replay", s.byAdmin, url.Values{"delivery": {messages[0][1]}}, 400, "This webhook is off")
		s.sends(page+"/switch", s.byAdmin, url.Values{"active": {"true"}}, 303, page+"?done=admin-webhook.done-on")

		version := regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(s.page(page, s.byAdmin, 200))
		if version == nil {
			t.Fatal("the form says no version")
		}
		settings := url.Values{"form": {"webhook"}, "version": {version[1]}, "url": {s.receiver}, "name": {"Renamed"}, "kinds": {"post"}, "everybody": {"true"}}
		s.sends(page, s.byAdmin, settings, 303, page+"?done=admin-webhook.done-saved")
		s.page(page, s.byAdmin, 200, "Renamed", "!Copy &lt;b&gt;", `!value="velo"`)
		settings.Set("name", "Too late")
		s.sends(page, s.byAdmin, settings, 412, "Too late")
		viewer, err := account.ViewerOf(context.Background(), s.d.Read(), s.admin.ID)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := s.portal.Webhooks.Get(context.Background(), viewer, hook)
		if err != nil || kept.Watched != nil || !slices.Equal(kept.KindList(), []string{"post"}) || kept.Tag != nil {
			t.Errorf("kept %+v, %v", kept, err)
		}

		other := s.sends(page+"/secret", s.byAdmin, nil, 200, "whsec_", "!"+secret)
		s.page(page, s.byAdmin, 200, "!whsec_")
		if got := shownSecret.FindString(html.UnescapeString(other)); got == "" || got == secret {
			t.Errorf("another secret is %q", got)
		}
		s.sends(page+"/remove", s.byAdmin, nil, 303, one.list+"?done=admin-webhook.done-removed")
		s.page(page, s.byAdmin, 404)
		s.page(one.list, s.byAdmin, 200, "No webhook yet")
	}
}

// TestPagesOfWebhooksRefuse fills the form in with what may not be: it comes back with what was written and says why.
func TestPagesOfWebhooksRefuse(t *testing.T) {
	s := newHookTown(t)
	const list = "/en/admin/me/webhooks"
	for name, c := range map[string]struct {
		form url.Values
		text string
	}{
		"no address":     {url.Values{"url": {""}}, "Give the address that receives the changes"},
		"no web address": {url.Values{"url": {"ftp://example.org/x"}}, `value="ftp://example.org/x"`},
		"not public":     {url.Values{"url": {"http://10.0.0.1/x"}}, `value="http://10.0.0.1/x"`},
		"long name":      {url.Values{"url": {s.receiver}, "name": {strings.Repeat("n", 101)}}, "100 characters at most"},
		"long tag":       {url.Values{"url": {s.receiver}, "tag": {strings.Repeat("t", 101)}}, "100 characters at most"},
		"no such kind":   {url.Values{"url": {s.receiver}, "kinds": {"person"}}, "Choose among the kinds"},
	} {
		body := s.sends(list, s.byAdmin, c.form, 400, c.text, `aria-invalid="true"`)
		if strings.Contains(body, "whsec_") {
			t.Errorf("%s: a secret is shown", name)
		}
	}
	s.page(list, s.byAdmin, 200, "No webhook yet")
	for range 10 {
		s.make(list, s.byAdmin, url.Values{"url": {s.receiver}})
	}
	s.sends(list, s.byAdmin, url.Values{"url": {s.receiver}}, 400, "remove what is not used first")
}

// TestPagesOfWebhooksAreForTheirPeople asks for the pages of others.
func TestPagesOfWebhooksAreForTheirPeople(t *testing.T) {
	s := newHookTown(t)
	town, _ := s.make(s.home+"/webhooks", s.byAdmin, url.Values{"url": {s.receiver}, "name": {"Town's copy"}})
	own, _ := s.make("/en/admin/me/webhooks", s.byAdmin, url.Values{"url": {s.receiver}, "name": {"Own copy"}})
	s.sends(own+"/test", s.byAdmin, nil, 303)
	message := regexp.MustCompile(regexp.QuoteMeta(own) + `/messages/[0-9a-f-]{36}`).FindString(s.page(own, s.byAdmin, 200))
	for _, one := range []struct {
		page              string
		editor, eve, root int
	}{
		{s.home + "/webhooks", 403, 403, 200}, {town, 403, 403, 200}, {own, 404, 404, 404}, {message, 404, 404, 404}, {message + "0", 404, 404, 404},
	} {
		s.page(one.page, "", 302)
		s.page(one.page, s.byEd, one.editor, "!Own copy", "!Town's copy")
		s.page(one.page, s.byEve, one.eve, "!Own copy", "!Town's copy")
		s.page(one.page, s.byRoot, one.root)
	}
	for _, what := range []string{"", "/test", "/switch", "/secret", "/remove", "/replay"} {
		for page, status := range map[string]int{town: 403, own: 404} {
			s.sends(page+what, s.byEve, url.Values{"url": {s.receiver}, "active": {""}}, status, "!whsec_")
			s.sends(page+what, "", url.Values{"url": {s.receiver}}, 303, "/login")
		}
	}
	s.sends(s.home+"/webhooks", s.byEd, url.Values{"url": {s.receiver}}, 403, "!whsec_")
	s.page(town, s.byAdmin, 200, "Nothing was sent yet")
	// A webhook is not reached by the pages of another owner.
	s.page(s.home+"/webhooks"+own[strings.LastIndex(own, "/"):], s.byAdmin, 404)
	s.page("/en/admin/me/webhooks"+town[strings.LastIndex(town, "/"):], s.byAdmin, 404)
}

// TestMessagesComeByPages sees that all that was sent can be reached.
func TestMessagesComeByPages(t *testing.T) {
	s := newHookTown(t)
	page, _ := s.make("/en/admin/me/webhooks", s.byAdmin, url.Values{"url": {s.receiver}})
	hook := page[strings.LastIndex(page, "/")+1:]
	err := s.d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		for i := range 45 {
			at := db.TimeOf(time.Now().Add(-time.Duration(i) * time.Minute))
			if _, err := tx.NewRaw(`INSERT INTO deliveries (id, webhook_id, kind, state, body, changes, last_seq, attempts, created_at)
				VALUES (?, ?, 'changes', 'accepted', '{}', ?, ?, 1, ?)`, db.NewUUID(), hook, i+2, i, at).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	linked := map[string]bool{}
	for n := 1; n <= 3; n++ {
		body := s.page(fmt.Sprintf("%s?page=%d", page, n), s.byAdmin, 200, "?page=2")
		for _, found := range regexp.MustCompile(`/messages/[0-9a-f-]{36}`).FindAllString(body, -1) {
			linked[found] = true
		}
	}
	if len(linked) != 45 {
		t.Errorf("%d of 45 messages can be reached", len(linked))
	}
}
