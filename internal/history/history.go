// Package history keeps the versions of every object: what changed, by whom,
// from what to what. Activity, audit and restore read it.
package history

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"grenier/internal/db"
)

// Change is one version of one object.
type Change struct {
	bun.BaseModel `bun:"table:history"`

	Object     string  `bun:"object"`
	Version    int64   `bun:"version"`
	ObjectKind string  `bun:"object_kind"`
	At         db.Time `bun:"at"`
	ActorKind  string  `bun:"actor_kind"`
	Actor      string  `bun:"actor"`
	// Difference maps a field to its old and new value; nil for a creation,
	// whose values are the object itself.
	Difference db.JSON `bun:"difference"`
}

// Difference maps a field's name to its value before and after.
type Difference map[string][2]any

// Fields lists the changed fields of a difference, in no order.
func (d Difference) Fields() []string {
	names := make([]string, 0, len(d))
	for name := range d {
		names = append(names, name)
	}
	return names
}

// Encode turns a difference into what a Change holds; nil when it is empty.
func (d Difference) Encode() (db.JSON, error) {
	if len(d) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(d)
	return text, err
}

const batch = 500

// Record adds versions within the write that made them.
func Record(ctx context.Context, tx bun.IDB, changes ...Change) error {
	for len(changes) > 0 {
		part := changes[:min(batch, len(changes))]
		changes = changes[len(part):]
		if _, err := tx.NewInsert().Model(&part).Exec(ctx); err != nil {
			return fmt.Errorf("history: record: %w", err)
		}
	}
	return nil
}
