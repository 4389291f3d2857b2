package verify

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/event"
)

// fixBatch bounds the cases that one transaction mends.
const fixBatch = 200

// fix mends the wrong rows, a batch of cases at a time.
func (r rule) fix(ctx context.Context, deps Deps) error {
	for {
		var ids []string
		err := deps.DB.Read().NewRaw("SELECT DISTINCT x."+r.id+" FROM "+r.table+" AS x WHERE "+r.wrong+" ORDER BY 1 LIMIT ?", fixBatch).Scan(ctx, &ids)
		if err != nil || len(ids) == 0 {
			return err
		}
		var mended int64
		err = deps.Log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
			mended, err = r.mendCases(ctx, tx, ids)
			return err
		})
		if err != nil || mended == 0 {
			return err
		}
	}
}

// mendCases mends what is still wrong, and tells the log whose face changed.
func (r rule) mendCases(ctx context.Context, tx *event.Tx, ids []string) (int64, error) {
	before, err := facesOf(ctx, tx, r.changed, ids)
	if err != nil {
		return 0, err
	}
	where := " WHERE x." + r.id + " IN (?) AND (" + r.wrong + ")"
	statement := r.update
	switch {
	case r.remove:
		statement = "DELETE FROM " + r.table + " AS x" + where
	case r.set != "":
		statement = "UPDATE " + r.table + " AS x SET " + r.set + where
	}
	result, err := tx.NewRaw(statement, bun.List(ids)).Exec(ctx)
	if err != nil {
		return 0, err
	}
	mended, err := result.RowsAffected()
	if err != nil || mended == 0 || r.changed == "" {
		return mended, err
	}
	return mended, tell(ctx, tx, r.changed, ids, before)
}

// face is what the log says of an object.
type face struct {
	ID, Owner string
	Version   int64
	Seen      bool
}

// faces are, by kind, the table, the owner and whether the public sees it.
var faces = map[string]struct{ table, owner, seen string }{
	"dataset":      {"datasets", "COALESCE(organization_id, owner_id, '')", "visible"},
	"reuse":        {"reuses", "COALESCE(organization_id, owner_id, '')", "visible"},
	"dataservice":  {"dataservices", "COALESCE(organization_id, owner_id, '')", "visible"},
	"chart":        {"charts", "COALESCE(organization_id, owner_id, '')", "visible"},
	"topic":        {"topics", "COALESCE(organization_id, owner_id, '')", "private IS NULL OR private = FALSE"},
	"post":         {"posts", "COALESCE(owner_id, '')", "published_at IS NOT NULL"},
	"organization": {"organizations", "id", "deleted_at IS NULL"},
}

func facesOf(ctx context.Context, tx *event.Tx, kind string, ids []string) (map[string]face, error) {
	of, known := faces[kind]
	if !known {
		return nil, nil
	}
	var rows []face
	err := tx.NewRaw("SELECT id, "+of.owner+" AS owner, version, ("+of.seen+") AS seen FROM "+of.table+" WHERE id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	byID := make(map[string]face, len(rows))
	for _, row := range rows {
		byID[row.ID] = row
	}
	return byID, err
}

// tell raises the versions of objects that were mended, and appends an event
// for each, so that the index and kept answers follow.
func tell(ctx context.Context, tx *event.Tx, kind string, ids []string, before map[string]face) error {
	if _, err := tx.NewRaw("UPDATE "+faces[kind].table+" SET version = version + 1 WHERE id IN (?)", bun.List(ids)).Exec(ctx); err != nil {
		return err
	}
	after, err := facesOf(ctx, tx, kind, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		now := after[id]
		tx.Emit(event.Event{
			Kind: kind + ".mended", ObjectKind: kind, Object: id, Owner: now.Owner, ActorKind: "system", Actor: "check",
			Version: now.Version, SeenBefore: before[id].Seen, SeenAfter: now.Seen,
		})
	}
	return nil
}
