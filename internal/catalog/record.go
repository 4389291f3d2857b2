package catalog

import (
	"context"
	"slices"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/history"
)

// change is what a write did to one object, for the log and for history.
type change struct {
	// what is created, updated, deleted …; kind and id name the object.
	what, kind, id string
	owner          account.Owner
	version        int64
	// before and after tell whether the public could see it.
	before, after bool
	difference    history.Difference
}

// record appends the change to the log and to history, within its write.
func record(ctx context.Context, tx *event.Tx, v account.Viewer, c change) error {
	difference, err := c.difference.Encode()
	if err != nil {
		return err
	}
	actorKind, actor := v.Actor()
	now := db.Now()
	fields := c.difference.Fields()
	slices.Sort(fields)
	tx.Emit(event.Event{
		At: now, Kind: c.kind + "." + c.what, ObjectKind: c.kind, Object: c.id, Owner: c.owner.Ref(), ActorKind: actorKind,
		Actor: actor, Version: c.version, SeenBefore: c.before, SeenAfter: c.after, Fields: fields,
	})
	return history.Record(ctx, tx, history.Change{
		Object: c.id, Version: c.version, ObjectKind: c.kind, At: now, ActorKind: actorKind, Actor: actor, Difference: difference,
	})
}
