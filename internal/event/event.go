// Package event is the log of what happened: a row per change, written in the
// transaction of the change, read forward by whatever reacts to it.
package event

import (
	"strings"

	"grenier/internal/db"
)

// Event is one change of one object. It holds identifiers only, never names or
// texts, so that erasing a person touches no event.
type Event struct {
	// Seq is the position in the log; it grows in the order of commits and
	// may have gaps.
	Seq int64
	At  db.Time
	// Kind is what happened: "dataset.created", "dataset.updated" …
	Kind string
	// ObjectKind and Object name what changed.
	ObjectKind, Object string
	// Owner is the organisation or the person the object belongs to.
	Owner string
	// ActorKind is person, token, source or system; Actor its identifier.
	ActorKind, Actor string
	// Version is the object's version after the change.
	Version int64
	// SeenBefore and SeenAfter tell whether the public could see the object.
	SeenBefore, SeenAfter bool
	// Fields are the names of the changed fields.
	Fields []string
}

// Withdrawn tells whether the public lost the object by this change.
func (e Event) Withdrawn() bool { return e.SeenBefore && !e.SeenAfter }

// row is an Event as the database keeps it.
type row struct {
	Seq        int64
	At         db.Time
	Kind       string
	ObjectKind string
	Object     string
	Owner      string
	ActorKind  string
	Actor      string
	Version    int64
	SeenBefore bool
	SeenAfter  bool
	Fields     string
}

func (r row) event() Event {
	e := Event{
		Seq: r.Seq, At: r.At, Kind: r.Kind, ObjectKind: r.ObjectKind, Object: r.Object, Owner: r.Owner,
		ActorKind: r.ActorKind, Actor: r.Actor, Version: r.Version, SeenBefore: r.SeenBefore, SeenAfter: r.SeenAfter,
	}
	if r.Fields != "" {
		e.Fields = strings.Split(r.Fields, ",")
	}
	return e
}
