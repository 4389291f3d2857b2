package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/event"
)

// linkRows collects the links of objects, in their order.
type linkRows struct {
	relation
	values []any
	marks  []byte
	stale  []string
}

func (r *linkRows) add(created bool, id string, targets []string) {
	if !created {
		r.stale = append(r.stale, id)
	}
	eachOnce(targets, func(i int64, target string) {
		r.marks = append(r.marks, "(?, ?, ?),"...)
		r.values = append(r.values, id, target, i)
	})
}

func (r *linkRows) write(ctx context.Context, tx *event.Tx) error {
	if err := deleteOf(ctx, tx, r.table, r.from, r.stale); err != nil {
		return err
	}
	if len(r.values) == 0 {
		return nil
	}
	_, err := tx.NewRaw("INSERT INTO "+r.table+" ("+r.from+", "+r.to+", position) VALUES "+string(r.marks[:len(r.marks)-1]), r.values...).Exec(ctx)
	return err
}

// all returns every link of objects, whoever may see its end.
func (r relation) all(ctx context.Context, read bun.IDB, ids []string) (map[string][]string, error) {
	links := make(map[string][]string)
	if len(ids) == 0 {
		return links, nil
	}
	var rows []struct{ Source, Target string }
	err := read.NewRaw("SELECT "+r.from+" AS source, "+r.to+" AS target FROM "+r.table+" WHERE "+r.from+" IN (?) ORDER BY "+r.from+", position",
		bun.List(ids)).Scan(ctx, &rows)
	for _, row := range rows {
		links[row.Source] = append(links[row.Source], row.Target)
	}
	return links, err
}

var dataserviceDatasets = relation{
	table: "dataservice_datasets", from: "dataservice_id", to: "dataset_id", far: "datasets", public: "(x.private = FALSE AND x.deleted_at IS NULL)",
}

// besideRows collects what stands beside the rows of reuses, dataservices and
// topics.
type besideRows struct {
	lists          attributeRows
	extras, shapes documentRows
	harvests       harvestRows
}

func (r *besideRows) write(ctx context.Context, tx *event.Tx) error {
	if err := r.lists.write(ctx, tx); err != nil {
		return err
	}
	if err := writeDocuments(ctx, tx, "extras", "extras", r.extras); err != nil {
		return err
	}
	if err := writeDocuments(ctx, tx, "coverages", "geometry", r.shapes); err != nil {
		return err
	}
	return r.harvests.write(ctx, tx)
}
