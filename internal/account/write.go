package account

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// Writer changes people and organisations: each call is one transaction with
// its event, its version and its row of history.
type Writer struct {
	log    *event.Log
	hashes hasher
}

// NewWriter returns the writer of the log's database.
func NewWriter(log *event.Log) *Writer { return &Writer{log: log, hashes: newHasher()} }

// change is what a write tells the log and the history about one object.
type change struct {
	what       string // created, updated
	kind, id   string
	version    int64
	before     bool // whether the public saw the object
	after      bool
	difference history.Difference
}

// tell records a change within its write. People and organisations belong to
// themselves.
func tell(ctx context.Context, tx *event.Tx, v Viewer, c change) error {
	difference, err := c.difference.Encode()
	if err != nil {
		return err
	}
	actorKind, actor := v.Actor()
	now := db.Now()
	fields := c.difference.Fields()
	slices.Sort(fields)
	tx.Emit(event.Event{
		At: now, Kind: c.kind + "." + c.what, ObjectKind: c.kind, Object: c.id, Owner: c.id, ActorKind: actorKind, Actor: actor,
		Version: c.version, SeenBefore: c.before, SeenAfter: c.after, Fields: fields,
	})
	return history.Record(ctx, tx, history.Change{
		Object: c.id, Version: c.version, ObjectKind: c.kind, At: now, ActorKind: actorKind, Actor: actor, Difference: difference,
	})
}

// maxName bounds names and addresses, in characters.
const maxName = 255

// wrongText tells what is wrong with a text of a person: "" when nothing is.
func wrongText(value string, required bool, most int) string {
	switch {
	case required && value == "":
		return "This field is required."
	case !utf8.ValidString(value):
		return "This is not valid UTF-8 text."
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' }):
		return "Control characters are not allowed."
	case most > 0 && utf8.RuneCountInString(value) > most:
		return "Field cannot be longer than " + strconv.Itoa(most) + " characters."
	}
	return ""
}

// fieldErrors gathers what is wrong with an input, a text for each member.
type fieldErrors []error

func (f *fieldErrors) add(text string, path ...any) {
	if text != "" {
		*f = append(*f, fault.At(text, path...))
	}
}

func (f fieldErrors) collect() error { return fault.Collect(f...) }
