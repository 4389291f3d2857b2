package account

import (
	"context"
	"slices"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// Change is what a write did to one object, for the log and for history.
type Change struct {
	// What is created, updated, deleted …; Kind and ID name the object.
	What, Kind, ID string
	// Owner is the identifier of whom the object belongs to, "" for nobody;
	// people and organisations belong to themselves.
	Owner   string
	Version int64
	// Before and After tell whether the public could see it.
	Before, After bool
	Difference    history.Difference
}

// Record appends what the viewer changed to the log and to history, within its
// write.
func (v Viewer) Record(ctx context.Context, tx *event.Tx, c Change) error {
	if err := unchanged(ctx, tx, c); err != nil {
		return err
	}
	c.What = whatOf(ctx, c.What)
	difference, err := c.Difference.Encode()
	if err != nil {
		return err
	}
	actorKind, actor := v.Actor()
	now := db.Now()
	fields := c.Difference.Fields()
	slices.Sort(fields)
	tx.Emit(event.Event{
		At: now, Kind: c.Kind + "." + c.What, ObjectKind: c.Kind, Object: c.ID, Owner: c.Owner, ActorKind: actorKind,
		Actor: actor, Version: c.Version, SeenBefore: c.Before, SeenAfter: c.After, Fields: fields,
	})
	return history.Record(ctx, tx, history.Change{
		Object: c.ID, Version: c.Version, ObjectKind: c.Kind, At: now, ActorKind: actorKind, Actor: actor, Difference: difference,
		What: c.What, Owner: c.Owner, Person: v.UserID(), Visible: c.Before || c.After,
	})
}

// unchanged refuses a write that counts on a version of its first object when
// history has a later one.
func unchanged(ctx context.Context, tx *event.Tx, c Change) error {
	expected, ok := tx.TakeExpected()
	if !ok {
		return nil
	}
	later, err := history.Later(ctx, tx, c.ID, expected)
	if err == nil && later {
		err = fault.New(fault.Stale, "Somebody has changed this since you read it. Read it again, then repeat your change.")
	}
	return err
}
