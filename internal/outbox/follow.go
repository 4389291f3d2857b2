package outbox

import (
	"context"
	"slices"
	"time"

	"grenier/internal/db"
	"grenier/internal/event"
)

// living are the webhooks that are active and whose owner is there.
const living = `w.active = TRUE AND (w.organization_id IS NULL OR EXISTS (SELECT 1 FROM organizations o WHERE o.id = w.organization_id AND o.deleted_at IS NULL))
	AND (w.owner_id IS NULL OR EXISTS (SELECT 1 FROM users u WHERE u.id = w.owner_id AND u.active = TRUE AND u.deleted_at IS NULL))`

// followerName is that of the position in the log, for good.
const followerName = "webhooks"

// Follower gives webhooks what changes: one node at a time, so that each change is sent once.
func (w *Webhooks) Follower() event.Single {
	return event.Single{Name: followerName, Prepare: w.prepare}
}

// prepare finds what is to be sent to whom.
func (w *Webhooks) prepare(ctx context.Context, events []event.Event) (func(context.Context, *db.Tx) error, error) {
	if !slices.ContainsFunc(events, func(e event.Event) bool { return (e.SeenBefore || e.SeenAfter) && slices.Contains(Kinds, e.ObjectKind) }) {
		return nil, nil
	}
	read := w.log.DB().Read()
	var hooks []Webhook
	if err := read.NewSelect().Model(&hooks).Where(living).OrderExpr("w.id").Scan(ctx); err != nil || len(hooks) == 0 {
		return nil, err
	}
	changes, err := changesOf(ctx, read, events)
	if err != nil {
		return nil, err
	}
	var all []*Delivery
	for i := range hooks {
		more, err := w.deliveriesOf(ctx, &hooks[i], changes)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return func(ctx context.Context, tx *db.Tx) error {
		for _, d := range all {
			// A webhook that was removed meanwhile is sent nothing.
			result, err := tx.NewRaw(`INSERT INTO deliveries (id, webhook_id, kind, state, body, changes, last_seq, attempts, created_at, next_at)
				SELECT ?, id, ?, ?, ?, ?, ?, 0, ?, ? FROM webhooks WHERE id = ? AND active = TRUE`,
				d.ID, d.Kind, d.State, d.Body, d.Changes, d.LastSeq, d.CreatedAt, d.NextAt, d.WebhookID).Exec(ctx)
			if err != nil {
				return err
			}
			if made, err := result.RowsAffected(); err != nil || made == 0 {
				if err != nil {
					return err
				}
				continue
			}
			if err := w.schedule(ctx, tx, d, 0); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// deliveriesOf writes the changes that concern a webhook down, so many in each delivery. One to which too much waits
// to be sent already is stopped.
func (w *Webhooks) deliveriesOf(ctx context.Context, h *Webhook, changes []*Change) ([]*Delivery, error) {
	filter := h.filter()
	var told []*Change
	for _, c := range changes {
		if c.Seq <= h.Since {
			continue
		}
		passed, err := filter.apply(c)
		if err != nil {
			return nil, err
		}
		if passed != nil {
			told = append(told, passed)
		}
	}
	if len(told) == 0 {
		return nil, nil
	}
	waiting, err := waitingOf(ctx, w.log.DB().Read(), h.ID)
	if err != nil {
		return nil, err
	}
	if waiting >= maxWaiting {
		return nil, w.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
			return w.stopIn(ctx, tx, h.ID, StoppedBehind, nil)
		})
	}
	var all []*Delivery
	for part := range slices.Chunk(told, perSending) {
		d, err := w.newDelivery(h, DeliverChanges, part)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// pruneMost bounds the rows that are removed at a time.
const pruneMost = 500

// Prune forgets what was sent long ago, and webhooks whose owner is gone for good.
func (w *Webhooks) Prune(ctx context.Context, now time.Time) error {
	err := w.pruneBy(ctx, `DELETE FROM webhooks WHERE id IN (SELECT w.id FROM webhooks w WHERE w.created_at < ?0 AND
		(w.organization_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM organizations o WHERE o.id = w.organization_id)
		OR w.owner_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = w.owner_id AND u.deleted_at IS NULL)) LIMIT ?1)`, db.TimeOf(now))
	if err != nil {
		return err
	}
	return w.pruneBy(ctx, "DELETE FROM deliveries WHERE id IN (SELECT d.id FROM deliveries d WHERE d.created_at < ?0 AND d.state <> 'waiting' LIMIT ?1)",
		db.TimeOf(now.AddDate(0, 0, -keepSent)))
}

// pruneBy runs a query that removes rows from before a moment, some at a time.
func (w *Webhooks) pruneBy(ctx context.Context, query string, before db.Time) error {
	for removed := int64(pruneMost); removed == pruneMost; {
		err := w.log.DB().Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
			result, err := tx.NewRaw(query, before, pruneMost).Exec(ctx)
			if err != nil {
				return err
			}
			removed, err = result.RowsAffected()
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
