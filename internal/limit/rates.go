package limit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"sync"
	"time"

	"grenier/internal/db"
	"grenier/internal/fault"
)

// Rule says how often something may be tried within a window of time, and what
// whoever tries more often is told.
type Rule struct {
	Name   string
	Most   int64
	Within time.Duration
	Text   string
}

// The rules of accounts.
var (
	LoginByNetwork = Rule{"login.network", 10, 10 * time.Minute, "Too many attempts to log in came from your network. Wait some minutes, then try again."}
	LoginByAccount = Rule{"login.account", 10, 10 * time.Minute, "Too many attempts to log in to this account. Wait some minutes, then try again, or reset the password."}
	Register       = Rule{"register.network", 5, time.Hour, "Too many accounts were asked for from your network. Try again in an hour."}
	ResetByNetwork = Rule{"reset.network", 5, time.Hour, "Too many letters were asked for from your network. Try again in an hour."}
	ResetByAddress = Rule{"reset.address", 3, time.Hour, "Too many letters were asked for this address. Look among those that came, or try again in an hour."}
	// A town invites whom it works with as often as it likes; 30 stops a flood.
	InviteByAddress = Rule{"invitation.address", 30, time.Hour, ResetByAddress.Text}
	FailedToken     = Rule{"token.network", 30, 10 * time.Minute, "Too many requests with tokens that do not work came from your network. Check the token, then try again in some minutes."}
	SecondFactor    = Rule{"factor.account", 5, 10 * time.Minute, "Too many codes were tried for this account. Wait some minutes, then try again."}
)

// Rates count what is tried, in the database, so that all nodes count together.
type Rates struct {
	db *db.DB

	mu      sync.Mutex
	refused map[key]refusal
}

type key struct{ rule, subject string }

// refusal is remembered so that a flood of attempts does not become a flood of
// writes.
type refusal struct{ forget, until time.Time }

const (
	// refusalTime is how long a refusal is given from memory: not longer, since
	// an attempt that was in order is given back.
	refusalTime = 5 * time.Second
	// maxRefusals bounds the memory of refusals.
	maxRefusals = 10_000
)

// NewRates returns the rates of a database.
func NewRates(d *db.DB) *Rates { return &Rates{db: d, refused: make(map[key]refusal)} }

// Network names the network of a client as a subject: an IPv6 client is its
// /64, where hosts have addresses at will.
func Network(client netip.Addr) string { return clientNetwork(client).String() }

// Take counts an attempt and refuses it with TooMany and the time to wait when
// there were too many. A nil Rates refuses nothing.
func (r *Rates) Take(ctx context.Context, rule Rule, subject string) error {
	if r == nil {
		return nil
	}
	k := key{rule.Name, digest(subject)}
	if until, ok := r.remembered(k); ok {
		return rule.refuse(until)
	}
	count, until, err := r.count(ctx, rule, k)
	if err != nil || count <= rule.Most {
		return err
	}
	r.remember(k, until)
	return rule.refuse(until)
}

// GiveBack takes back an attempt that turned out to be in order.
func (r *Rates) GiveBack(ctx context.Context, rule Rule, subject string) error {
	if r == nil {
		return nil
	}
	k := key{rule.Name, digest(subject)}
	r.mu.Lock()
	delete(r.refused, k)
	r.mu.Unlock()
	return r.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("UPDATE rates SET count = count - 1 WHERE name = ? AND subject = ? AND count > 0", k.rule, k.subject).Exec(ctx)
		return err
	})
}

// count raises the counter of a window, or begins the next one, in one
// statement.
func (r *Rates) count(ctx context.Context, rule Rule, k key) (count int64, until time.Time, err error) {
	var row struct {
		Count int64
		Until db.Time
	}
	err = r.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		now := db.Now()
		return tx.NewRaw(`INSERT INTO rates (name, subject, since, until, count) VALUES (?, ?, ?, ?, 1)
			ON CONFLICT (name, subject) DO UPDATE SET
				count = CASE WHEN rates.until <= EXCLUDED.since THEN 1 ELSE rates.count + 1 END,
				since = CASE WHEN rates.until <= EXCLUDED.since THEN EXCLUDED.since ELSE rates.since END,
				until = CASE WHEN rates.until <= EXCLUDED.since THEN EXCLUDED.until ELSE rates.until END
			RETURNING count, until`, k.rule, k.subject, now, db.TimeOf(now.Add(rule.Within))).Scan(ctx, &row)
	})
	return row.Count, row.Until.Time, err
}

func (rule Rule) refuse(until time.Time) error {
	return fault.New(fault.TooMany, rule.Text).After(max(time.Until(until), time.Second))
}

func (r *Rates) remembered(k key) (until time.Time, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.refused[k]
	if ok && !time.Now().Before(known.forget) {
		delete(r.refused, k)
		ok = false
	}
	return known.until, ok
}

func (r *Rates) remember(k key, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.refused) >= maxRefusals {
		clear(r.refused)
	}
	forget := time.Now().Add(refusalTime)
	if until.Before(forget) {
		forget = until
	}
	r.refused[k] = refusal{forget, until}
}

// Prune removes the counters whose window has passed.
func (r *Rates) Prune(ctx context.Context) (removed int64, err error) {
	err = r.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		result, err := tx.NewRaw("DELETE FROM rates WHERE until < ?", db.Now()).Exec(ctx)
		if err != nil {
			return err
		}
		removed, err = result.RowsAffected()
		return err
	})
	return removed, err
}

// digest keeps addresses of people out of the table.
func digest(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
