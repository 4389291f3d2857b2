package event

import (
	"context"
	"errors"
	"fmt"
	"time"

	"grenier/internal/db"
)

// Single reacts to the log on one node at a time. Its position is kept in the database and moves in the
// transaction of its effect, so that each event takes effect once.
type Single struct {
	// Name is that of the position, for good.
	Name string
	// Prepare looks at events in order, outside any transaction, and returns what is to be written about
	// them; nil when they leave it cold. It may run twice for the same events.
	Prepare func(ctx context.Context, events []Event) (effect func(ctx context.Context, tx *db.Tx) error, err error)
}

const (
	// leaseTime is how long a node that gives no sign of life keeps a single follower.
	leaseTime = 15 * time.Second
	// leasePoll is how often others ask whether it is free.
	leasePoll = 5 * time.Second
	// idleMove is how often the position moves past events that had no effect.
	idleMove = 10 * time.Second
)

// errTaken says that another node has the follower.
var errTaken = errors.New("event: another node follows")

// FollowSingle runs a single follower until the context ends: on the node that holds its lease, while the
// others wait for it. A new one begins at the newest event. failed is told of errors, after which it goes on.
func (l *Log) FollowSingle(ctx context.Context, s Single, node string, failed func(error)) {
	pause := time.Second
	for ctx.Err() == nil {
		f := &holder{Single: s, log: l, node: node}
		err := f.take(ctx)
		if err == nil {
			pause = time.Second
			err = f.hold(ctx)
		}
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, errTaken):
			wait(ctx, nil, leasePoll)
		default:
			failed(fmt.Errorf("follower %s: %w", s.Name, err))
			wait(ctx, nil, pause)
			pause = min(pause*2, followPauseMax)
		}
	}
	l.letGo(context.WithoutCancel(ctx), s.Name, node)
}

// BeginSingle lets a single follower that has never run begin behind what this write sees of the log.
func (l *Log) BeginSingle(ctx context.Context, tx *Tx, name string) error {
	head, err := l.Head(ctx, tx)
	if err != nil {
		return err
	}
	return begin(ctx, tx.Tx, name, head)
}

func begin(ctx context.Context, tx *db.Tx, name string, position int64) error {
	_, err := tx.NewRaw("INSERT INTO followers (name, position, node, lease_until) VALUES (?, ?, '', 0) ON CONFLICT DO NOTHING", name, position).Exec(ctx)
	return err
}

// holder is a single follower while this node holds its lease.
type holder struct {
	Single
	log      *Log
	node     string
	position int64 // dealt with
	written  int64 // in the database
	moved    time.Time
	renewed  time.Time
}

// take takes the lease when nobody else has it; errTaken otherwise.
func (h *holder) take(ctx context.Context) error {
	head, err := h.log.Head(ctx, h.log.db.Read())
	if err != nil {
		return err
	}
	now := db.Now()
	var positions []int64
	err = h.log.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		positions = nil
		if err := begin(ctx, tx, h.Name, head); err != nil {
			return err
		}
		return tx.NewRaw("UPDATE followers SET node = ?, lease_until = ? WHERE name = ? AND (node = ? OR node = '' OR lease_until <= ?) RETURNING position",
			h.node, db.TimeOf(now.Add(leaseTime)), h.Name, h.node, now).Scan(ctx, &positions)
	})
	if err == nil && len(positions) == 0 {
		err = errTaken
	}
	if err != nil {
		return err
	}
	h.position, h.written, h.moved, h.renewed = positions[0], positions[0], now.Time, now.Time
	return nil
}

// hold follows until the lease is lost or something fails.
func (h *holder) hold(ctx context.Context) error {
	for ctx.Err() == nil {
		news := h.log.bell.News()
		events, err := h.log.Since(ctx, h.position, followBatch)
		if err != nil {
			return err
		}
		if err := h.step(ctx, events); err != nil {
			return err
		}
		switch len(events) {
		case 0:
			wait(ctx, news, followPoll)
		case followBatch: // behind
		default:
			wait(ctx, nil, gather)
		}
	}
	return nil
}

// step deals with events, and keeps position and lease in the database fresh.
func (h *holder) step(ctx context.Context, events []Event) error {
	var effect func(context.Context, *db.Tx) error
	if len(events) > 0 {
		var err error
		if effect, err = h.Prepare(ctx, events); err != nil {
			return err
		}
		h.position = events[len(events)-1].Seq
	}
	idle := h.position != h.written && time.Since(h.moved) >= idleMove
	if effect == nil && !idle && !h.due() {
		return nil
	}
	return h.move(ctx, effect)
}

// due tells whether the lease asks to be renewed. One process alone on its database needs no renewal.
func (h *holder) due() bool { return h.log.db.Postgres() && time.Since(h.renewed) >= leaseTime/3 }

// move writes the effect and the position together; errTaken when the lease is another's.
func (h *holder) move(ctx context.Context, effect func(context.Context, *db.Tx) error) error {
	now := db.Now()
	err := h.log.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		result, err := tx.NewRaw("UPDATE followers SET position = ?, lease_until = ? WHERE name = ? AND node = ? AND position = ?",
			h.position, db.TimeOf(now.Add(leaseTime)), h.Name, h.node, h.written).Exec(ctx)
		if err != nil {
			return err
		}
		if kept, err := result.RowsAffected(); err != nil || kept == 0 {
			if err == nil {
				err = errTaken
			}
			return err
		}
		if effect == nil {
			return nil
		}
		return effect(ctx, tx)
	})
	if err != nil {
		return err
	}
	h.written, h.moved, h.renewed = h.position, now.Time, now.Time
	return nil
}

// letGo gives the lease back, so that another node goes on at once.
func (l *Log) letGo(ctx context.Context, name, node string) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	// When this fails, the lease ends by itself.
	_ = l.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("UPDATE followers SET node = '' WHERE name = ? AND node = ?", name, node).Exec(ctx)
		return err
	})
}
