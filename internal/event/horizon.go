package event

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"grenier/internal/db"
)

// Horizon is the newest position of which an event that the public could see was removed from the log: who has
// read what is seen up to it has missed nothing, who stands before it may have. It is 0 while the log is whole. Ask it after the events, or in
// one snapshot with them.
func (l *Log) Horizon(ctx context.Context, read bun.IDB) (int64, error) {
	var horizon []int64
	err := read.NewRaw("SELECT seq FROM event_horizon").Scan(ctx, &horizon)
	if err != nil || len(horizon) == 0 {
		return 0, err
	}
	return horizon[0], nil
}

// raiseHorizon notes that events up to a position may be missing.
func raiseHorizon(ctx context.Context, tx *db.Tx, seq int64) error {
	if _, err := tx.NewRaw("DELETE FROM event_horizon WHERE seq < ?", seq).Exec(ctx); err != nil {
		return err
	}
	_, err := tx.NewRaw("INSERT INTO event_horizon (seq) SELECT CAST(? AS BIGINT) WHERE NOT EXISTS (SELECT 1 FROM event_horizon)", seq).Exec(ctx)
	return err
}

// Seen returns up to limit events after a position, in order, of objects of some kinds that the public could
// see before or after.
func (l *Log) Seen(ctx context.Context, read bun.IDB, after int64, kinds []string, limit int) ([]Event, error) {
	var rows []row
	err := read.NewRaw(`SELECT seq, at, kind, object_kind, object, owner, actor_kind, actor, version, seen_before, seen_after, fields
		FROM events WHERE seq > ? AND (seen_before = TRUE OR seen_after = TRUE) AND object_kind IN (?) ORDER BY seq LIMIT ?`,
		after, bun.List(kinds), limit).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("event: read after %d: %w", after, err)
	}
	return eventsOf(rows), nil
}

// SeenHead is the position of the newest event that Seen would return; 0 when there is none.
func (l *Log) SeenHead(ctx context.Context, read bun.IDB, kinds []string) (int64, error) {
	var head []int64
	err := read.NewRaw("SELECT seq FROM events WHERE (seen_before = TRUE OR seen_after = TRUE) AND object_kind IN (?) ORDER BY seq DESC LIMIT 1",
		bun.List(kinds)).Scan(ctx, &head)
	if err != nil || len(head) == 0 {
		return 0, err
	}
	return head[0], nil
}

func eventsOf(rows []row) []Event {
	events := make([]Event, len(rows))
	for i, r := range rows {
		events[i] = r.event()
	}
	return events
}
