package check

import (
	"context"
	"encoding/json"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
)

// told takes over what a checker outside this program wrote into the extras of a
// resource, so that the next check of its own comes when it would after one of
// its own.
func (s *Store) told(ctx context.Context, tx *event.Tx, r *catalog.Resource, told map[string]json.RawMessage) error {
	var rows []Check
	err := tx.NewSelect().Model(&rows).Where("resource_id = ?", r.ID).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return err
	}
	c := &rows[0]
	if c.URL != r.URL {
		return nil // the follower makes it due at once
	}
	result := Result{At: db.Now(), Length: -1}
	for key, to := range map[string]any{
		"check:status": &result.Status, "check:available": &result.Available, "check:timeout": &result.Timeout, "check:error": &result.Error,
		"check:headers:content-length": &result.Length, "check:headers:content-type": &result.Type,
	} {
		if text := told[key]; len(text) > 0 {
			_ = json.Unmarshal(text, to) // another form than this program's says nothing to it
		}
	}
	result.Error, result.Type = cut(result.Error), cut(result.Type)
	if len(c.CORS) > 0 {
		result.CORS = c.corsOf()
	}
	c.take(result)
	if err := saveCheck(ctx, tx.Tx, c); err != nil {
		return err
	}
	return s.bringForward(ctx, tx.Tx, c.Host, c.DueAt)
}

// bringForward lets a host have its turn at a moment, unless it has it earlier or
// rests.
func (s *Store) bringForward(ctx context.Context, tx *db.Tx, host string, due db.Time) error {
	return tx.Queue(ctx, tx.NewRaw(`UPDATE check_hosts SET turn_at = ?0 WHERE host = ?1 AND (turn_at IS NULL OR turn_at > ?0)
		AND (rest_until IS NULL OR rest_until <= ?0)`, due, host))
}
