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
	// What is created, updated, deleted, resource.added …; empty in rows from
	// before it was kept.
	What string `bun:"what"`
	// Owner is the organisation or person the object belonged to.
	Owner string `bun:"owner"`
	// Person is who acted, also by a token; empty for the program's own work.
	Person string `bun:"person"`
	// Visible tells whether the public could see the object before or after.
	Visible bool `bun:"visible"`
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

// Write is an open write: a *db.Tx, or what holds one.
type Write interface {
	NewInsert() *bun.InsertQuery
	Queue(ctx context.Context, query db.Statement) error
}

// Record adds versions within the write that made them.
func Record(ctx context.Context, tx Write, changes ...Change) error {
	for len(changes) > 0 {
		part := changes[:min(batch, len(changes))]
		changes = changes[len(part):]
		if err := tx.Queue(ctx, tx.NewInsert().Model(&part)); err != nil {
			return fmt.Errorf("history: record: %w", err)
		}
	}
	return nil
}

// Later tells whether an object has a version after the given one.
func Later(ctx context.Context, read bun.IDB, object string, version int64) (bool, error) {
	var found []int64
	err := read.NewRaw("SELECT version FROM history WHERE object = ? AND version > ? LIMIT 1", object, version).Scan(ctx, &found)
	return len(found) > 0, err
}
