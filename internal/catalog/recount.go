package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/event"
)

// countUses brings in step what is made with a dataset that became public or
// ceased to be: reuses and dataservices count their public datasets, and a reuse
// that has none left is no longer found.
func countUses(ctx context.Context, tx *event.Tx, v account.Viewer, dataset string) error {
	dataservices, err := idsOf(ctx, tx, "SELECT dataservice_id FROM dataservice_datasets WHERE dataset_id = ?", dataset)
	if err != nil {
		return err
	}
	if err := recountIn(ctx, tx, v, KindDataservice, "datasets", dataservices); err != nil {
		return err
	}
	reuses, err := idsOf(ctx, tx, "SELECT reuse_id FROM reuse_datasets WHERE dataset_id = ?", dataset)
	if err != nil {
		return err
	}
	if err := recountIn(ctx, tx, v, KindReuse, "datasets", reuses); err != nil || len(reuses) == 0 {
		return err
	}
	const seen = "(private = FALSE AND deleted_at IS NULL AND datasets > 0)"
	turned, err := idsOf(ctx, tx, "UPDATE reuses SET visible = "+seen+" WHERE id IN (?) AND visible <> "+seen+" RETURNING id", bun.List(reuses))
	if err != nil {
		return err
	}
	return countReuses(ctx, tx, v, turned)
}

// countReuses brings the counters in step that count reuses which came to be
// found, or ceased to be.
func countReuses(ctx context.Context, tx *event.Tx, v account.Viewer, reuses []string) error {
	if len(reuses) == 0 {
		return nil
	}
	for kind, query := range map[string]string{
		KindOrganization: "SELECT DISTINCT organization_id FROM reuses WHERE organization_id IS NOT NULL AND id IN (?)",
		KindUser:         "SELECT DISTINCT owner_id FROM reuses WHERE owner_id IS NOT NULL AND id IN (?)",
		KindDataset:      "SELECT DISTINCT dataset_id FROM reuse_datasets WHERE reuse_id IN (?)" + notGiven("dataset_id"),
		KindDataservice:  "SELECT DISTINCT dataservice_id FROM reuse_dataservices WHERE reuse_id IN (?)" + notGiven("dataservice_id"),
	} {
		ids, err := idsOf(ctx, tx, query, bun.List(reuses))
		if err != nil {
			return err
		}
		if err := recountIn(ctx, tx, v, kind, "reuses", ids); err != nil {
			return err
		}
	}
	return nil
}

// notGiven leaves out objects whose counters an import gave: these count what
// rows do not tell.
func notGiven(column string) string {
	return " AND NOT EXISTS (SELECT 1 FROM given g WHERE g.object_id = " + column + ")"
}

func idsOf(ctx context.Context, tx *event.Tx, query string, args ...any) ([]string, error) {
	var ids []string
	err := tx.NewRaw(query, args...).Scan(ctx, &ids)
	return ids, err
}

// recountIn sets one counter of objects of a kind from the rows it counts,
// within a write, and tells the log of them.
func recountIn(ctx context.Context, tx *event.Tx, v account.Viewer, kind, column string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	counting := checkedCounter{kind: kind, table: counterTables[kind]}
	for _, c := range counters[counting.table] {
		if c.column == column {
			counting.counter = c
		}
	}
	var versions []struct {
		ID      string
		Version int64
	}
	err := tx.NewRaw("UPDATE "+counting.table+" AS x SET "+column+" = ("+counting.query+"), version = version + 1 WHERE x.id IN (?) RETURNING id, version",
		bun.List(ids)).Scan(ctx, &versions)
	if err != nil {
		return err
	}
	public, err := publicOf(ctx, tx, counting, ids)
	if err != nil {
		return err
	}
	actorKind, actor := v.Actor()
	for _, row := range versions {
		tx.Emit(event.Event{
			Kind: kind + ".updated", ObjectKind: kind, Object: row.ID, Owner: public[row.ID].owner, ActorKind: actorKind, Actor: actor,
			Version: row.Version, SeenBefore: public[row.ID].public, SeenAfter: public[row.ID].public, Fields: []string{column},
		})
	}
	return nil
}
