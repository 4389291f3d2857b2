package history

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/fault"
)

// Filter narrows a list of versions; empty members do not. At least the page is
// to be given.
type Filter struct {
	// Kinds are the kinds of objects.
	Kinds []string
	// Object, Owner and Person name what changed, whom it belonged to then,
	// and who changed it.
	Object, Owner, Person string
	// Seen keeps what the public could see when it happened.
	Seen bool
	// Telling leaves out versions that say nothing: writes that changed no value.
	Telling bool
	// Only narrows further, by what the caller knows of the objects.
	Only          func(*bun.SelectQuery) *bun.SelectQuery
	Offset, Limit int
}

func (f Filter) query(read bun.IDB) *bun.SelectQuery {
	query := read.NewSelect().Model((*Change)(nil))
	if len(f.Kinds) > 0 {
		query = query.Where("object_kind IN (?)", bun.List(f.Kinds))
	}
	for _, narrowed := range []struct{ column, value string }{{"object", f.Object}, {"owner", f.Owner}, {"person", f.Person}} {
		if narrowed.value != "" {
			query = query.Where(narrowed.column+" = ?", narrowed.value)
		}
	}
	if f.Seen {
		query = query.Where("(visible = TRUE OR what = '')")
	}
	if f.Telling {
		query = query.Where("(difference IS NOT NULL OR version = 1 OR what NOT IN ('', 'updated'))")
	}
	if f.Only != nil {
		query = f.Only(query)
	}
	return query
}

// Position is a place in a list of versions.
type Position struct {
	At db.Time
	// Object and Version name the version there; without an object the place is
	// before all of its moment.
	Object  string
	Version int64
}

// Position is the place of a version.
func (c *Change) Position() Position { return Position{c.At, c.Object, c.Version} }

// Earlier returns versions as List does, those after a place in the list; nil is
// its beginning. It counts nothing, and Offset says nothing.
func Earlier(ctx context.Context, read bun.IDB, f Filter, from *Position) ([]Change, error) {
	query, order := f.query(read), "at DESC, object, version DESC"
	if f.Object != "" {
		order = "version DESC" // a primary key gives it
	}
	switch {
	case from == nil:
	case f.Object != "":
		query = query.Where("version < ?", from.Version)
	case from.Object == "":
		query = query.Where("at < ?", from.At)
	default:
		query = query.Where("at <= ?", from.At).
			Where("(at < ?0 OR object > ?1 OR object = ?1 AND version < ?2)", from.At, from.Object, from.Version)
	}
	var changes []Change
	err := query.OrderExpr(order).Limit(int64(f.Limit)).Scan(ctx, &changes)
	return changes, err
}

// List returns a page of versions, the latest first, and how many there are.
// Limit bounds it.
func List(ctx context.Context, read bun.IDB, f Filter) (changes []Change, total int, err error) {
	count, err := f.query(read).Count(ctx)
	if err != nil || count == 0 || f.Limit <= 0 {
		return nil, int(count), err
	}
	order := "at DESC, object, version DESC"
	if f.Object != "" {
		order = "version DESC" // a primary key gives it
	}
	err = f.query(read).OrderExpr(order).Limit(int64(f.Limit)).Offset(int64(f.Offset)).Scan(ctx, &changes)
	return changes, int(count), err
}

// Get returns one version of an object; NotFound when there is none.
func Get(ctx context.Context, read bun.IDB, object string, version int64) (*Change, error) {
	var changes []Change
	err := read.NewSelect().Model(&changes).Where("object = ?", object).Where("version = ?", version).Scan(ctx)
	if err == nil && len(changes) == 0 {
		err = fault.New(fault.NotFound, "This object has no such version.")
	}
	if err != nil {
		return nil, err
	}
	return &changes[0], nil
}

// restoreMost bounds the versions that Back goes through.
const restoreMost = 5000

// Back goes from the present of an object back to a former version and returns,
// for each field that has changed since, the value that it had then.
func Back(ctx context.Context, read bun.IDB, object string, version int64) (map[string]json.RawMessage, error) {
	since, err := Since(ctx, read, object, version)
	if err != nil {
		return nil, err
	}
	former := make(map[string]json.RawMessage, len(since))
	for name, values := range since {
		former[name] = values[0]
	}
	return former, nil
}

// Since returns, for each field of an object that has changed since a former
// version, the value that it had then and the one that it has now.
func Since(ctx context.Context, read bun.IDB, object string, version int64) (map[string][2]json.RawMessage, error) {
	former := map[string][2]json.RawMessage{}
	for below, seen := int64(1)<<62, 0; ; {
		var changes []Change
		err := read.NewSelect().Model(&changes).Where("object = ?", object).Where("version > ?", version).Where("version < ?", below).
			OrderExpr("version DESC").Limit(batch).Scan(ctx)
		if err != nil {
			return nil, err
		}
		for _, change := range changes {
			fields, err := change.Fields()
			if err != nil {
				return nil, err
			}
			for name, values := range fields {
				if later, known := former[name]; known {
					values[1] = later[1]
				}
				former[name] = values
			}
			below = change.Version
		}
		if seen += len(changes); seen > restoreMost {
			return nil, fault.New(fault.Invalid, "Too much has changed since that version: choose a later one.")
		}
		if len(changes) < batch {
			return former, nil
		}
	}
}

// Fields decodes the difference: the value of each field before and after, as
// JSON. It is empty for a creation.
func (c *Change) Fields() (map[string][2]json.RawMessage, error) {
	fields := map[string][2]json.RawMessage{}
	if len(c.Difference) == 0 {
		return fields, nil
	}
	if err := json.Unmarshal(c.Difference, &fields); err != nil {
		return nil, fmt.Errorf("history: difference of %s, version %d: %w", c.Object, c.Version, err)
	}
	return fields, nil
}

// Key says what happened as the compatible API does: dataset:created,
// dataset:resource:added. What it has no word for is an update.
func (c *Change) Key() string {
	switch what := c.What; what {
	case "created", "deleted":
		return c.ObjectKind + ":" + what
	case "resource.added", "resource.updated", "resource.deleted", "element.created", "element.updated", "element.deleted":
		part, happened, _ := strings.Cut(what, ".")
		return c.ObjectKind + ":" + part + ":" + happened
	case "":
		if len(c.Difference) == 0 && c.Version == 1 {
			return c.ObjectKind + ":created"
		}
	}
	return c.ObjectKind + ":updated"
}

// Public tells whether the public could see the object before or after the
// change; versions from before that was kept were public.
func (c *Change) Public() bool { return c.Visible || c.What == "" }

// Drop removes all versions of objects that are purged.
func Drop(ctx context.Context, tx *db.Tx, objects []string) error {
	_, err := tx.NewRaw("DELETE FROM history WHERE object IN (?)", bun.List(objects)).Exec(ctx)
	return err
}
