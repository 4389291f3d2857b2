package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/fetch"
	"grenier/internal/job"
	"grenier/internal/mail"
)

// The names of the work.
const (
	jobDeliver = "webhooks.deliver"
	jobPrune   = "webhooks.prune"
)

// sender is who acts when nobody does.
var sender = account.System("webhooks")

// AtOnce is how many deliveries are on their way at once on a node. A runner has more room than that: deliveries wait
// for receivers of anybody, and other work may not wait for those.
const AtOnce = 8

// lateTurn is the priority of deliveries to webhooks that failed last, and of further tries: receivers that take their
// time let those go first that do not.
const lateTurn = 150

// Register gives a runner the work of webhooks, which get is to return once it runs.
func Register(runner *job.Runner, get func() *Webhooks) {
	runner.Register(job.Kind{Name: jobDeliver, Limit: AtOnce, Timeout: time.Minute, Work: func(ctx context.Context, run *job.Run) error {
		var args struct{ Delivery string }
		if err := run.Decode(&args); err != nil {
			return err
		}
		return get().deliver(ctx, args.Delivery)
	}})
	runner.Register(job.Kind{Name: jobPrune, Schedule: "@daily", Limit: 1, Work: func(ctx context.Context, _ *job.Run) error {
		return get().Prune(ctx, time.Now())
	}})
}

// message is the body of a delivery, in the form of the Standard Webhooks specification.
type message struct {
	Type      string      `json:"type"`
	Timestamp string      `json:"timestamp"`
	Data      messageData `json:"data"`
}

type messageData struct {
	Webhook string            `json:"webhook"`
	Changes []json.RawMessage `json:"changes"`
}

// The types of messages.
const (
	typeChanges = "catalog.changed"
	typeTest    = "webhook.test"
)

// newDelivery writes changes down for a webhook.
func (w *Webhooks) newDelivery(h *Webhook, kind string, changes []*Change) (*Delivery, error) {
	now := db.Now()
	m := message{Type: typeChanges, Timestamp: now.UTC().Format(TimeLayout), Data: messageData{Webhook: h.ID, Changes: []json.RawMessage{}}}
	if kind == DeliverTest {
		m.Type = typeTest
	}
	d := &Delivery{ID: db.NewUUID(), WebhookID: h.ID, Kind: kind, State: Waiting, Changes: int64(len(changes)), CreatedAt: now, NextAt: now, late: h.Failures > 0}
	for _, c := range changes {
		line := strings.ReplaceAll(string(c.AppendJSON(nil, Position{Seq: c.Seq})), base, w.options.Base)
		m.Data.Changes = append(m.Data.Changes, json.RawMessage(line))
		d.LastSeq = c.Seq
	}
	body, err := json.Marshal(m)
	d.Body = string(body)
	return d, err
}

// schedule lets a delivery be tried after a while.
func (w *Webhooks) schedule(ctx context.Context, tx *db.Tx, d *Delivery, after time.Duration) error {
	what := job.New{Kind: jobDeliver, Args: map[string]string{"delivery": d.ID}, Unique: fmt.Sprintf("%s/%d", d.ID, d.Attempts), Delay: after}
	if d.late || d.Attempts > 0 {
		what.Priority = lateTurn
	}
	_, _, err := w.options.Jobs.Enqueue(ctx, tx, what)
	return err
}

// deliver tries a delivery that waits, and settles what becomes of it.
func (w *Webhooks) deliver(ctx context.Context, id string) error {
	var rows []Delivery
	read := w.log.DB().Read()
	if err := read.NewSelect().Model(&rows).Where("id = ?", id).Where("state = ?", Waiting).Scan(ctx); err != nil || len(rows) == 0 {
		return err
	}
	d := &rows[0]
	var hooks []Webhook
	if err := read.NewSelect().Model(&hooks).Where("id = ?", d.WebhookID).Scan(ctx); err != nil || len(hooks) == 0 {
		return err
	}
	h := &hooks[0]
	if !h.Active && d.Kind != DeliverTest {
		return w.log.DB().Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error { return endWaiting(ctx, tx, h.ID) })
	}
	if err := w.send(ctx, h, d); err != nil {
		return err
	}
	return w.settle(ctx, h, d)
}

// send tries once, and notes in the delivery what came of it. It fails only when nothing was tried.
func (w *Webhooks) send(ctx context.Context, h *Webhook, d *Delivery) error {
	secret, err := w.unsealed(h.ID, h.Secret)
	if err != nil {
		return err
	}
	now := time.Now()
	signature, err := Sign(secret, d.ID, now, []byte(d.Body))
	if err != nil {
		return err
	}
	d.Attempts, d.TriedAt, d.Status, d.Error, d.Answer = d.Attempts+1, db.TimeOf(now), nil, nil, nil
	answer, err := w.options.Client.Post(ctx, h.URL, "application/json", []byte(d.Body), fetch.Request{
		Timeout: sendWithin, MaxBytes: maxBody, Header: http.Header{
			"Webhook-Id": {d.ID}, "Webhook-Timestamp": {strconv.FormatInt(now.Unix(), 10)}, "Webhook-Signature": {signature},
		},
	})
	if ctx.Err() != nil {
		return ctx.Err() // the node stops: this was no try
	}
	if err == nil {
		var body []byte
		body, err = io.ReadAll(answer.Body)
		_ = answer.Body.Close() // what was read is enough
		status, text := int64(answer.Status), excerpt(body)
		d.Status, d.Answer = &status, &text
	}
	took := time.Since(now).Milliseconds()
	d.Took = &took
	if d.Status == nil {
		reason := string(fetch.Broken)
		if why := fetch.Why(err); why != nil {
			reason = string(why.Reason)
		}
		d.Error = &reason
	}
	return nil
}

// excerpt is the beginning of an answer as text.
func excerpt(body []byte) string {
	text := []rune(strings.ToValidUTF8(strings.ReplaceAll(string(body), "\x00", ""), "\uFFFD"))
	return string(text[:min(len(text), maxAnswer)])
}

func (d *Delivery) accepted() bool { return d.Status != nil && *d.Status >= 200 && *d.Status < 300 }

// settle writes down what came of a try: done, to be tried again, or given up, by which the webhook may be stopped.
func (w *Webhooks) settle(ctx context.Context, h *Webhook, d *Delivery) error {
	again := time.Duration(0)
	stop := ""
	switch {
	case d.accepted():
		d.State = Accepted
	case d.Kind == DeliverTest:
		d.State = Failed
	case d.Status != nil && *d.Status == http.StatusGone:
		d.State, stop = Failed, StoppedGone
	case d.Attempts >= attempts:
		d.State, stop = Failed, StoppedFailing
	default:
		again = w.options.Pause(d.Attempts)
	}
	d.NextAt = db.Time{}
	if d.State == Waiting {
		d.NextAt = db.TimeOf(time.Now().Add(again))
	}
	return w.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
		result, err := tx.NewUpdate().Model(d).Column("state", "attempts", "status", "error", "answer", "took", "tried_at", "next_at").
			Where("id = ?", d.ID).Where("state = ?", Waiting).Where("attempts = ?", d.Attempts-1).Exec(ctx)
		if err != nil {
			return err
		}
		if kept, err := result.RowsAffected(); err != nil || kept == 0 {
			return err // another try of the same was quicker
		}
		if err := count(ctx, tx, h.ID, d); err != nil {
			return err
		}
		if d.State == Waiting {
			return w.schedule(ctx, tx.Tx, d, again)
		}
		if stop == "" {
			return nil
		}
		return w.stopIn(ctx, tx, h.ID, stop, d)
	})
}

// count notes a try in its webhook.
func count(ctx context.Context, tx *event.Tx, hook string, d *Delivery) error {
	query := "UPDATE webhooks SET failures = failures + 1 WHERE id = ?"
	args := []any{hook}
	if d.accepted() {
		query, args = "UPDATE webhooks SET failures = 0, accepted_at = ? WHERE id = ?", []any{d.TriedAt, hook}
	} else if d.Kind == DeliverTest {
		return nil
	}
	_, err := tx.NewRaw(query, args...).Exec(ctx)
	return err
}

// stopIn stops a webhook that is active, unless it has accepted something since the delivery was made, and writes to
// its people. d is nil when no delivery is the cause.
func (w *Webhooks) stopIn(ctx context.Context, tx *event.Tx, id, why string, d *Delivery) error {
	if err := lockHook(ctx, tx, id); err != nil {
		return err
	}
	var hooks []Webhook
	if err := tx.NewSelect().Model(&hooks).Where("id = ?", id).Where("active = TRUE").Scan(ctx); err != nil || len(hooks) == 0 {
		return err
	}
	h := &hooks[0]
	if why == StoppedFailing && h.AcceptedAt.After(d.CreatedAt.Time) {
		return nil
	}
	before := *h
	h.Active, h.StoppedAt, h.StoppedWhy = false, db.Now(), &why
	h.Version++
	h.ModifiedAt = h.StoppedAt
	if _, err := tx.NewUpdate().Model(h).WherePK().Exec(ctx); err != nil {
		return err
	}
	if err := endWaiting(ctx, tx.Tx, id); err != nil {
		return err
	}
	if err := h.record(ctx, tx, sender, "updated", differenceOf(&before, h)); err != nil {
		return err
	}
	return w.tell(ctx, tx.Tx, h)
}

// endWaiting gives up what waits to be sent to a webhook.
func endWaiting(ctx context.Context, tx *db.Tx, hook string) error {
	_, err := tx.NewRaw("UPDATE deliveries SET state = ?, next_at = NULL, error = coalesce(error, 'stopped') WHERE webhook_id = ? AND state = ?",
		Failed, hook, Waiting).Exec(ctx)
	return err
}

// tell writes to the people of a webhook that it was stopped.
func (w *Webhooks) tell(ctx context.Context, tx *db.Tx, h *Webhook) error {
	if w.options.Mail == nil {
		return nil
	}
	people, err := account.Correspondents(ctx, tx, h.OwnedBy())
	if err != nil {
		return err
	}
	letters := make([]mail.Letter, len(people))
	for i := range people {
		letters[i] = people[i].LetterTo(mail.Letter{
			Kind: "webhook." + *h.StoppedWhy, Args: []any{"webhook", h.Label(), "address", h.URL}, Button: h.Page(),
		})
	}
	return w.options.Mail.Post(ctx, tx, letters...)
}

// Label is the name of the webhook, or its address when it has none.
func (h *Webhook) Label() string {
	if h.Name != "" {
		return h.Name
	}
	return h.URL
}

// Page is the path of the page that manages the webhook.
func (h *Webhook) Page() string {
	if h.OrganizationID != nil {
		return "/admin/organizations/" + *h.OrganizationID + "/webhooks/" + h.ID
	}
	return "/admin/me/webhooks/" + h.ID
}

// Test sends a webhook a message without changes and returns what came of it. It is tried once, at once, also
// while the webhook is stopped.
func (w *Webhooks) Test(ctx context.Context, v account.Viewer, id string) (*Delivery, error) {
	h, err := w.Get(ctx, v, id)
	if err != nil {
		return nil, err
	}
	if err := w.options.Rates.Take(ctx, TestRule, h.OwnedBy().Ref()); err != nil {
		return nil, err
	}
	d, err := w.newDelivery(h, DeliverTest, nil)
	if err != nil {
		return nil, err
	}
	err = w.log.DB().Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewInsert().Model(d).Exec(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := w.send(ctx, h, d); err != nil {
		return nil, err
	}
	return d, w.settle(ctx, h, d)
}

// Replay sends what a delivery held once more, as a delivery of its own.
func (w *Webhooks) Replay(ctx context.Context, v account.Viewer, hook, id string) (*Delivery, error) {
	h, err := w.Get(ctx, v, hook)
	if err != nil {
		return nil, err
	}
	if err := w.options.Rates.Take(ctx, ReplayRule, h.OwnedBy().Ref()); err != nil {
		return nil, err
	}
	var again *Delivery
	err = w.log.DB().Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		h, err := w.get(ctx, tx, v, hook)
		if err != nil {
			return err
		}
		d, err := delivery(ctx, tx, hook, id)
		if err != nil {
			return err
		}
		if !h.Active {
			return fault.New(fault.Invalid, "This webhook is switched off: switch it on, then send again.")
		}
		if waiting, err := waitingOf(ctx, tx, hook); err != nil || waiting >= maxWaiting {
			if err == nil {
				err = fault.New(fault.Invalid, "Too many deliveries of this webhook wait already.")
			}
			return err
		}
		now := db.Now()
		again = &Delivery{
			ID: db.NewUUID(), WebhookID: hook, Kind: d.Kind, State: Waiting, Body: d.Body, Changes: d.Changes, LastSeq: d.LastSeq,
			AgainOf: &d.ID, CreatedAt: now, NextAt: now, late: h.Failures > 0,
		}
		if _, err := tx.NewInsert().Model(again).Exec(ctx); err != nil {
			return err
		}
		return w.schedule(ctx, tx, again, 0)
	})
	return again, err
}

func waitingOf(ctx context.Context, read bun.IDB, hook string) (n int64, err error) {
	err = read.NewRaw("SELECT count(*) FROM deliveries WHERE webhook_id = ? AND state = ?", hook, Waiting).Scan(ctx, &n)
	return n, err
}
