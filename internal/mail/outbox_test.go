package mail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fetch/peertest"
	"grenier/internal/i18n"
	"grenier/internal/job"
	"grenier/internal/mail"
)

// room is a mail room over a database, whose jobs run.
type room struct {
	*mail.Outbox
	t    *testing.T
	db   *db.DB
	jobs *job.Runner
}

func open(t *testing.T, d *db.DB, carrier mail.Carrier) *room {
	t.Helper()
	r := &room{t: t, db: d}
	r.jobs = job.NewRunner(d, job.Options{Logger: slog.New(slog.DiscardHandler), Poll: 50 * time.Millisecond})
	for _, kind := range mail.Jobs(func() *mail.Outbox { return r.Outbox }) {
		r.jobs.Register(kind)
	}
	var err error
	r.Outbox, err = mail.NewOutbox(d, r.jobs, mail.Options{
		Site: mail.Site{Base: "https://data.example.org", Title: "Données & co", Language: "fr"}, Carrier: carrier,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *room) start() {
	r.t.Helper()
	if err := r.jobs.Start(context.Background()); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.jobs.Stop(ctx); err != nil {
			r.t.Error(err)
		}
	})
}

func (r *room) post(letters ...mail.Letter) {
	r.t.Helper()
	err := r.db.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error { return r.Post(ctx, tx, letters...) })
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) mails() []mail.Mail {
	r.t.Helper()
	mails, total, err := r.List(context.Background(), mail.Page{Limit: 100})
	if err != nil || total != len(mails) {
		r.t.Fatal(total, err)
	}
	return mails
}

// until waits for something to become true.
func until(t *testing.T, what string, true func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !true(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}

func TestMailsLeaveAfterTheCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		peer := peertest.Start(t, "smtp.mjs")
		r := open(t, d, server(t, mail.SMTPOptions{URL: fmt.Sprintf("smtp://127.0.0.1:%d", peer.Port)}))
		r.start()
		regret := errors.New("the write is taken back")
		err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
			if err := r.Post(ctx, tx, mail.Letter{Kind: "nothing", To: "never@example.org"}); err != nil {
				return err
			}
			return regret
		})
		if !errors.Is(err, regret) {
			t.Fatal(err)
		}
		r.post(mail.Letter{Kind: "something", To: "ann@example.org", Button: "/admin/", Quote: "A <b>bold</b> word"})
		var got taken
		peer.Next(&got)
		if got.To[0] != "ann@example.org" || !peer.Silent(100*time.Millisecond) {
			t.Errorf("got %+v, or a mail of a write that did not happen", got)
		}
		until(t, "the mail is noted as sent", func() bool { m := r.mails(); return len(m) == 1 && !m[0].SentAt.IsZero() && m[0].Failure == nil })
	})
}

func TestFailuresAreKeptAndTriedAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		peer := peertest.Start(t, "smtp.mjs", "--fail", "451", "--times", "1")
		r := open(t, d, server(t, mail.SMTPOptions{URL: fmt.Sprintf("smtp://127.0.0.1:%d", peer.Port)}))
		r.start()
		r.post(mail.Letter{Kind: "something", To: "ann@example.org"})
		var refused struct{ Code int }
		if peer.Next(&refused); refused.Code != 451 {
			t.Fatalf("got %+v", refused)
		}
		until(t, "the failure is noted", func() bool { m := r.mails(); return m[0].Failure != nil && strings.Contains(*m[0].Failure, "451") })
		var got taken
		peer.Next(&got)
		until(t, "the second attempt is noted", func() bool { m := r.mails(); return !m[0].SentAt.IsZero() && m[0].Failure == nil })
	})
}

func TestRefusedMailsAreGivenUp(t *testing.T) {
	peer := peertest.Start(t, "smtp.mjs", "--fail", "550")
	r := open(t, dbtest.SQLite(t), server(t, mail.SMTPOptions{URL: fmt.Sprintf("smtp://127.0.0.1:%d", peer.Port)}))
	r.start()
	r.post(mail.Letter{Kind: "something", To: "nobody@example.org"})
	until(t, "the job has failed", func() bool {
		jobs, _, err := r.jobs.List(context.Background(), job.Filter{Kind: mail.SendKind, State: job.Failed, Limit: 10})
		return err == nil && len(jobs) == 1 && jobs[0].Attempt == 1
	})
	if m := r.mails(); m[0].Failure == nil || !m[0].SentAt.IsZero() {
		t.Errorf("got %+v", m[0])
	}
}

// counter counts what it carries.
type counter struct {
	mu      sync.Mutex
	carried []string
}

func (c *counter) Carry(_ context.Context, m *mail.Mail) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.carried = append(c.carried, m.ID)
	return nil
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.carried)
}

// A job that runs again after its mail was sent sends nothing, as after a crash
// between the note and the end of the job.
func TestSentMailsAreNotSentAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := &counter{}
		r := open(t, d, c)
		r.post(mail.Letter{Kind: "something", To: "ann@example.org"}, mail.Letter{Kind: "something", To: "bob@example.org"})
		sent := r.mails()[0].ID
		err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewRaw("UPDATE mails SET sent_at = ? WHERE id = ?", db.Now(), sent).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		r.start()
		until(t, "both jobs are done", func() bool {
			done, _, err := r.jobs.List(context.Background(), job.Filter{Kind: mail.SendKind, State: job.Done, Limit: 10})
			return err == nil && len(done) == 2
		})
		if c.count() != 1 || c.carried[0] == sent {
			t.Errorf("carried %v, sent before was %s", c.carried, sent)
		}
	})
}

func TestOldMailsAreRemoved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := open(t, d, &counter{})
		r.post(mail.Letter{Kind: "something", To: "old@example.org"}, mail.Letter{Kind: "something", To: "new@example.org"})
		err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewRaw("UPDATE mails SET created_at = ? WHERE recipient = 'old@example.org'", db.TimeOf(time.Now().Add(-mail.Kept-time.Hour))).Exec(ctx)
			if err != nil {
				return err
			}
			_, _, err = r.jobs.Enqueue(ctx, tx, job.New{Kind: "mail.prune"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		r.start()
		until(t, "the old mail is gone", func() bool { return len(r.mails()) == 1 })
		if m := r.mails(); m[0].Recipient != "new@example.org" {
			t.Errorf("kept %s", m[0].Recipient)
		}
	})
}

func TestLettersSayNothingOfTheirOwn(t *testing.T) {
	r := open(t, dbtest.SQLite(t), &counter{})
	ctx := mail.OnSite(context.Background(), mail.Site{Base: "https://other.example.org", Title: "Autre\r\nBcc: x@example.org", Language: "en"})
	err := r.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		return r.Post(ctx, tx, mail.Letter{
			Kind: "something", To: "ann@example.org", Button: "javascript:alert(1)", Quote: "<script>alert(1)</script>\n" + strings.Repeat("é", 500),
		}, mail.Letter{Kind: "something", To: "bob@example.org", Button: "/login"})
	})
	if err != nil {
		t.Fatal(err)
	}
	mails := r.mails()
	slices.SortFunc(mails, func(a, b mail.Mail) int { return strings.Compare(a.Recipient, b.Recipient) })
	hostile := mails[0]
	for _, bad := range []string{"<script>", "href=\"javascript"} {
		if strings.Contains(hostile.HTML, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if strings.Contains(hostile.Plain, "\nBcc") || strings.Count(hostile.Plain, "é") > 200 {
		t.Errorf("the text is %q", hostile.Plain)
	}
	if mails[1].Link != "https://other.example.org/login" || !strings.Contains(mails[1].Plain, "https://other.example.org/login\n") ||
		!strings.Contains(mails[1].HTML, `href="https://other.example.org/login"`) || !strings.Contains(mails[1].HTML, `<html lang="en">`) {
		t.Errorf("got %+v", mails[1])
	}
}

func TestJournalTellsTheLink(t *testing.T) {
	var log bytes.Buffer
	j := mail.Journal{Log: slog.New(slog.NewTextHandler(&log, nil))}
	if err := j.Carry(context.Background(), &mail.Mail{Recipient: "ann@example.org", Subject: "Welcome", Link: "https://data.example.org/confirm/abc"}); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"level=INFO", "ann@example.org", "Welcome", "https://data.example.org/confirm/abc"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("%q is missing in %q", part, log.String())
		}
	}
}

// languages are those that letters are written in.
var languages = []string{"de", "en", "es", "fr", "it", "pt"}

// Every text of letters is there in each language, with the same blanks and
// with typographic quotes, and every letter has a subject and a body.
func TestLettersAreWrittenInEveryLanguage(t *testing.T) {
	messages, err := i18n.ReadMessages(mail.Texts())
	if err != nil {
		t.Fatal(err)
	}
	if got := messages.Languages(); !slices.Equal(got, languages) {
		t.Fatalf("the languages are %v, not %v", got, languages)
	}
	var everything []string
	for _, lang := range languages {
		everything = append(everything, messages.Keys(lang)...)
	}
	slices.Sort(everything)
	everything = slices.Compact(everything)
	if len(everything) < 3 {
		t.Fatalf("only %d texts were found", len(everything))
	}
	for _, id := range everything {
		checkLanguages(t, messages, id)
		checkPart(t, everything, id)
	}
}

// checkLanguages compares one text between the languages.
func checkLanguages(t *testing.T, messages *i18n.Messages, id string) {
	t.Helper()
	blanks := messages.Arguments("fr", id)
	for _, lang := range languages {
		if _, found := slices.BinarySearch(messages.Keys(lang), id); !found {
			t.Errorf("%s lacks %s", lang, id)
			continue
		}
		if got := messages.Arguments(lang, id); !slices.Equal(got, blanks) {
			t.Errorf("%s: the blanks are %v in %s, %v in French", id, got, lang, blanks)
		}
		text := messages.Printer(lang, lang, nil).T(id)
		if strings.TrimSpace(text) == "" || strings.ContainsAny(text, `"'`) {
			t.Errorf("%s in %s is empty or has quotes of a typewriter: %q", id, lang, text)
		}
	}
}

// checkPart sees that a text is a part of a letter which has the others.
func checkPart(t *testing.T, everything []string, id string) {
	t.Helper()
	letter, ours := strings.CutPrefix(id, "mail.")
	if !ours {
		return
	}
	dot := strings.LastIndexByte(letter, '.')
	if dot < 0 || !slices.Contains([]string{"subject", "body", "button"}, letter[dot+1:]) {
		t.Errorf("%s is no subject, body or button", id)
		return
	}
	for _, wanted := range []string{"subject", "body"} {
		if !slices.Contains(everything, "mail."+letter[:dot]+"."+wanted) {
			t.Errorf("the letter %s has no %s", letter[:dot], wanted)
		}
	}
}
