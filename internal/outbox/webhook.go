package outbox

import (
	"context"
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/fetch"
	"grenier/internal/job"
	"grenier/internal/limit"
)

// KindWebhook names webhooks in the log and in history.
const KindWebhook = "webhook"

// Why a webhook was stopped.
const (
	// StoppedFailing: a delivery was given up, and none was accepted since it was made.
	StoppedFailing = "failing"
	// StoppedGone: the receiver answered 410, which asks to be left alone.
	StoppedGone = "gone"
	// StoppedBehind: too many deliveries wait.
	StoppedBehind = "behind"
	// StoppedByHand: somebody switched it off.
	StoppedByHand = "paused"
)

// Webhook is an address that is sent what changes.
type Webhook struct {
	bun.BaseModel `bun:"table:webhooks,alias:w"`

	ID             string  `bun:"id,pk"`
	Version        int64   `bun:"version"`
	OrganizationID *string `bun:"organization_id"`
	OwnerID        *string `bun:"owner_id"`
	Name           string  `bun:"name"`
	URL            string  `bun:"url"`
	// Secret is sealed.
	Secret string  `bun:"secret"`
	Kinds  db.JSON `bun:"kinds"`
	// Watched is the organisation whose objects it is told of; nil for those of everybody.
	Watched *string `bun:"watched"`
	Tag     *string `bun:"tag"`
	Active  bool    `bun:"active"`
	// StoppedAt and StoppedWhy tell when and why it is not active.
	StoppedAt  db.Time `bun:"stopped_at"`
	StoppedWhy *string `bun:"stopped_why"`
	// Failures are the tries that failed since the last that was accepted, at AcceptedAt.
	Failures   int64   `bun:"failures"`
	AcceptedAt db.Time `bun:"accepted_at"`
	// Since is the position of the log behind which it is told of changes.
	Since      int64   `bun:"since"`
	CreatedBy  *string `bun:"created_by"`
	CreatedAt  db.Time `bun:"created_at"`
	ModifiedAt db.Time `bun:"modified_at"`
}

// OwnedBy is whom the webhook belongs to.
func (w *Webhook) OwnedBy() account.Owner {
	var o account.Owner
	if w.OrganizationID != nil {
		o.Organization = *w.OrganizationID
	} else if w.OwnerID != nil {
		o.User = *w.OwnerID
	}
	return o
}

// KindList are the kinds of objects or changes that it is told of; none is all.
func (w *Webhook) KindList() []string {
	var kinds []string
	if json.Unmarshal(w.Kinds, &kinds) != nil {
		return nil
	}
	return kinds
}

func (w *Webhook) filter() Filter {
	f := Filter{Kinds: w.KindList()}
	if w.Watched != nil {
		f.Organization = *w.Watched
	}
	if w.Tag != nil {
		f.Tag = *w.Tag
	}
	return f
}

// The bounds of webhooks.
const (
	maxHooks   = 10     // of one owner
	maxActive  = 2000   // of all
	maxWaiting = 500    // deliveries of one webhook
	perSending = 100    // changes in one delivery
	keepSent   = 30     // days
	maxBody    = 16_000 // bytes of an answer that are read, of which
	maxAnswer  = 1000   // characters are kept
	sendWithin = 10 * time.Second
)

// attempts are how often a delivery is tried, with pauses that double from seconds to an hour: about nine hours.
const attempts = 20

// backoff is the pause after a try, of which n were made.
func backoff(n int64) time.Duration { return min(time.Hour, 2*time.Second<<min(n-1, 12)) }

// TestRule bounds the tests of webhooks.
var TestRule = limit.Rule{Name: "webhook.test", Most: 20, Within: 10 * time.Minute, Text: "Too many tests of webhooks were asked for. Wait some minutes, then try again."}

// ReplayRule bounds what is sent once more.
var ReplayRule = limit.Rule{Name: "webhook.replay", Most: 100, Within: 10 * time.Minute, Text: "Too much was sent once more. Wait some minutes, then try again."}

// Options are what webhooks need besides the database.
type Options struct {
	// Secret seals the secrets of webhooks.
	Secret []byte
	// Client carries deliveries; it guards which addresses are reached.
	Client *fetch.Client
	// Jobs does the work; Register must have been called on it.
	Jobs *job.Runner
	// Mail takes letters to those whose webhook was stopped; nil writes none.
	Mail account.Poster
	// Rates bounds tests; nil bounds none.
	Rates *limit.Rates
	// Base is the site's address, without a slash at its end.
	Base string
	// Pause replaces the pauses between tries; nil for the usual ones.
	Pause func(tries int64) time.Duration
}

// Webhooks keep and serve webhooks.
type Webhooks struct {
	log     *event.Log
	options Options
}

// NewWebhooks returns the webhooks of a log's database.
func NewWebhooks(log *event.Log, options Options) *Webhooks {
	if options.Pause == nil {
		options.Pause = backoff
	}
	return &Webhooks{log: log, options: options}
}

// errNoHook is also the answer for those of others.
var errNoHook = fault.New(fault.NotFound, "Webhook not found")

// mayHook refuses who may not have webhooks of an owner.
func mayHook(v account.Viewer, o account.Owner) bool { return v.May(account.EditWebhooks, o, "") }

// List returns the webhooks of an owner, oldest first. NotFound for organisations whose webhooks the viewer may
// not see.
func (w *Webhooks) List(ctx context.Context, v account.Viewer, o account.Owner) ([]Webhook, error) {
	if v.Anonymous() {
		return nil, fault.New(fault.Unauthorized, "Log in to see webhooks.")
	}
	if !mayHook(v, o) {
		return nil, fault.New(fault.Forbidden, "You do not have the permission to see the webhooks of that owner.")
	}
	var hooks []Webhook
	query := w.log.DB().Read().NewSelect().Model(&hooks)
	if o.Organization != "" {
		query = query.Where("organization_id = ?", o.Organization)
	} else {
		query = query.Where("owner_id = ?", o.User)
	}
	err := query.OrderExpr("created_at, id").Scan(ctx)
	return hooks, err
}

// Get returns a webhook to who may change it; NotFound to all others.
func (w *Webhooks) Get(ctx context.Context, v account.Viewer, id string) (*Webhook, error) {
	return w.get(ctx, w.log.DB().Read(), v, id)
}

func (w *Webhooks) get(ctx context.Context, read bun.IDB, v account.Viewer, id string) (*Webhook, error) {
	if v.Anonymous() {
		return nil, fault.New(fault.Unauthorized, "Log in to see webhooks.")
	}
	var hooks []Webhook
	if err := read.NewSelect().Model(&hooks).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, err
	}
	if len(hooks) == 0 || !mayHook(v, hooks[0].OwnedBy()) {
		return nil, errNoHook
	}
	return &hooks[0], nil
}

// Delivery is what was sent, or waits to be sent, to a webhook.
type Delivery struct {
	bun.BaseModel `bun:"table:deliveries,alias:d"`

	// ID is also told to the receiver: the same in every try.
	ID        string `bun:"id,pk"`
	WebhookID string `bun:"webhook_id"`
	// Kind is DeliverChanges or DeliverTest.
	Kind  string `bun:"kind"`
	State string `bun:"state"`
	Body  string `bun:"body"`
	// Changes are how many it tells of, LastSeq is the position of the last.
	Changes int64 `bun:"changes"`
	LastSeq int64 `bun:"last_seq"`
	// Attempts are the tries made; Status, Answer and Took (milliseconds) are of the last one, Error says why
	// there was no answer.
	Attempts int64   `bun:"attempts"`
	Status   *int64  `bun:"status"`
	Error    *string `bun:"error"`
	Answer   *string `bun:"answer"`
	Took     *int64  `bun:"took"`
	// AgainOf is the delivery that this one repeats.
	AgainOf   *string `bun:"again_of"`
	CreatedAt db.Time `bun:"created_at"`
	TriedAt   db.Time `bun:"tried_at"`
	NextAt    db.Time `bun:"next_at"`

	late bool // the webhook failed last
}

// What is delivered, and where it stands.
const (
	DeliverChanges = "changes"
	DeliverTest    = "test"

	Waiting  = "waiting"
	Accepted = "accepted"
	Failed   = "failed"
)

// Deliveries returns a page of what was sent to a webhook, the latest first, and how many there are.
func (w *Webhooks) Deliveries(ctx context.Context, v account.Viewer, id string, page catalog.Page) (all []Delivery, total int, err error) {
	if _, err := w.Get(ctx, v, id); err != nil {
		return nil, 0, err
	}
	query := w.log.DB().Read().NewSelect().Model(&all).Where("webhook_id = ?", id)
	count, err := query.Clone().Count(ctx)
	if err != nil {
		return nil, 0, err
	}
	err = query.OrderExpr("created_at DESC, id DESC").Limit(int64(page.Limit)).Offset(int64(page.Offset)).Scan(ctx)
	return all, int(count), err
}

// Delivery returns one.
func (w *Webhooks) Delivery(ctx context.Context, v account.Viewer, hook, id string) (*Delivery, error) {
	if _, err := w.Get(ctx, v, hook); err != nil {
		return nil, err
	}
	return delivery(ctx, w.log.DB().Read(), hook, id)
}

func delivery(ctx context.Context, read bun.IDB, hook, id string) (*Delivery, error) {
	var all []Delivery
	if err := read.NewSelect().Model(&all).Where("id = ?", id).Where("webhook_id = ?", hook).Scan(ctx); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "Delivery not found")
	}
	return &all[0], nil
}
