package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// ranksFor gives each place of a wanted order its rank. ranks are those that the
// resources have now in that order, nil for new ones. As many as possible keep
// theirs; the others go into the gaps between them, and all are spread anew only
// when a gap has no room left.
func ranksFor(ranks []*int64) []int64 {
	kept := ascending(ranks)
	wanted := make([]int64, len(ranks))
	for from := 0; from < len(ranks); {
		if kept[from] {
			wanted[from] = *ranks[from]
			from++
			continue
		}
		to := from
		for to < len(ranks) && !kept[to] {
			to++
		}
		if !fill(wanted, ranks, from, to) {
			for i := range wanted {
				wanted[i] = int64(i) * rankGap
			}
			return wanted
		}
		from = to
	}
	return wanted
}

// fill ranks the places from and before to between their neighbours, which keep
// theirs.
func fill(wanted []int64, ranks []*int64, from, to int) bool {
	count := int64(to - from)
	low, step := int64(-rankGap), int64(rankGap)
	switch {
	case from > 0 && to < len(ranks):
		low, step = wanted[from-1], (*ranks[to]-wanted[from-1])/(count+1)
	case from > 0:
		low = wanted[from-1]
	case to < len(ranks):
		low = *ranks[to] - (count+1)*rankGap
	}
	if step < 1 {
		return false
	}
	for i := from; i < to; i++ {
		wanted[i] = low + int64(i-from+1)*step
	}
	return true
}

// ascending marks a longest run of ranks that ascend already.
func ascending(ranks []*int64) []bool {
	var ends []int // positions of the smallest last rank of runs of each length
	before := make([]int, len(ranks))
	for i, rank := range ranks {
		if rank == nil {
			continue
		}
		length, _ := slices.BinarySearchFunc(ends, *rank, func(end int, r int64) int {
			switch last := *ranks[end]; {
			case last < r:
				return -1
			case last > r:
				return 1
			}
			return 0
		})
		before[i] = -1
		if length > 0 {
			before[i] = ends[length-1]
		}
		if length == len(ends) {
			ends = append(ends, i)
		} else {
			ends[length] = i
		}
	}
	kept := make([]bool, len(ranks))
	if len(ends) == 0 {
		return kept
	}
	for i := ends[len(ends)-1]; i >= 0; i = before[i] {
		kept[i] = true
	}
	return kept
}

// placed is a resource by its identifier and its place among the others.
type placed struct {
	ID   string
	Rank int64
}

// writeRanks writes the ranks that changed.
func writeRanks(ctx context.Context, tx *db.Tx, moved []placed) error {
	for part := range slices.Chunk(moved, resourceBatch) {
		values := make([]any, len(part))
		for i, row := range part {
			values[i] = bun.List([]any{row.ID, row.Rank})
		}
		query := "WITH moved (id, rank) AS (VALUES " + strings.TrimSuffix(strings.Repeat("(?), ", len(part)), ", ") +
			") UPDATE resources SET rank = moved.rank, version = version + 1 FROM moved WHERE resources.id = moved.id"
		if _, err := tx.NewRaw(query, values...).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ReorderResources puts the resources of a dataset in the order of the inputs,
// which must name each of them once, and changes what the inputs hold besides.
// Only resources that move or change are written.
func (s *Store) ReorderResources(ctx context.Context, v account.Viewer, dataset string, inputs []ResourceInput) ([]Resource, error) {
	checks := s.checking(ctx, inputs...)
	var rows []Resource
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := s.editableHead(ctx, tx.Tx, v, dataset, false)
		if err != nil {
			return err
		}
		if rows, err = allResources(ctx, tx, d.ID); err != nil {
			return err
		}
		if rows, err = inNamedOrder(rows, inputs); err != nil {
			return err
		}
		before, wrong := *d, checks
		difference, err := s.rewrite(ctx, tx, &wrong, d, rows, inputs)
		if err != nil {
			return err
		}
		if err := wrong.collect(); err != nil {
			return err
		}
		if err := resummarise(ctx, tx.Tx, d); err != nil {
			return err
		}
		return s.saveDataset(ctx, tx, v, &before, d, "updated", difference)
	})
	return rows, err
}

// OrderResources puts the resources of a dataset in the order of identifiers, which
// must name each of them once. It reads their ranks alone, and writes those that
// have to change: one for one that moves, whatever the number of the others.
func (s *Store) OrderResources(ctx context.Context, v account.Viewer, dataset string, ids []string) error {
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := s.editableHead(ctx, tx.Tx, v, dataset, false)
		if err != nil {
			return err
		}
		var there []placed
		err = tx.NewRaw("SELECT id, rank FROM resources WHERE dataset_id = ? AND community = FALSE ORDER BY rank, id", d.ID).Scan(ctx, &there)
		if err != nil {
			return err
		}
		rows := make(map[string]*placed, len(there))
		for i := range there {
			rows[there[i].ID] = &there[i]
		}
		ranks := make([]*int64, len(ids))
		for i, id := range ids {
			if row := rows[id]; row != nil {
				ranks[i] = &row.Rank
			}
			delete(rows, id) // one named twice is missing the second time
		}
		if len(ids) != len(there) || slices.Contains(ranks, nil) {
			return fault.New(fault.Conflict, "The files have changed meanwhile. Load the page again.")
		}
		var moved []placed
		difference := history.Difference{}
		for i, rank := range ranksFor(ranks) {
			if rank != *ranks[i] {
				moved = append(moved, placed{ids[i], rank})
				difference["resource/"+ids[i]+"/rank"] = [2]any{*ranks[i], rank}
			}
		}
		if len(moved) == 0 {
			return nil
		}
		if err := writeRanks(ctx, tx.Tx, moved); err != nil {
			return err
		}
		if err := orderFormats(ctx, tx.Tx, d.ID); err != nil {
			return err
		}
		before := *d
		d.resourcesWritten = true
		return s.saveDataset(ctx, tx, v, &before, d, "updated", difference)
	})
}

func allResources(ctx context.Context, tx *event.Tx, dataset string) ([]Resource, error) {
	var rows []Resource
	err := tx.NewSelect().Model(&rows).Where("dataset_id = ? AND community = FALSE", dataset).OrderExpr("rank, id").Scan(ctx)
	return rows, err
}

// namedInMessage bounds the identifiers that a refusal lists.
const namedInMessage = 100

// inNamedOrder puts rows in the order in which inputs name them.
func inNamedOrder(rows []Resource, inputs []ResourceInput) ([]Resource, error) {
	if len(inputs) != len(rows) {
		return nil, fault.Newf(fault.Invalid, "All resources must be reordered, you provided %d out of %d", len(inputs), len(rows))
	}
	at := make(map[string]int, len(rows))
	for i := range rows {
		at[rows[i].ID] = i
	}
	ordered := make([]Resource, len(rows))
	for i, in := range inputs {
		if in.ID == "" {
			return nil, fault.New(fault.Invalid, "Each resource must have an 'id' field")
		}
		from, there := at[strings.ToLower(in.ID)]
		if !there {
			return nil, fault.New(fault.Invalid, "Resource ids must match existing ones in dataset, ie: {"+idsForMessage(rows)+"}")
		}
		delete(at, rows[from].ID) // one named twice leaves another out
		ordered[i] = rows[from]
	}
	return ordered, nil
}

func idsForMessage(rows []Resource) string {
	var ids []string
	for i := range rows[:min(len(rows), namedInMessage)] {
		ids = append(ids, "'"+rows[i].ID+"'")
	}
	if len(rows) > namedInMessage {
		ids = append(ids, fmt.Sprintf("… and %d others", len(rows)-namedInMessage))
	}
	return strings.Join(ids, ", ")
}

// rewrite applies inputs to the rows of the same position and gives them the
// ranks of that order; it writes those that differ from before, and nothing when
// an input is wrong.
func (s *Store) rewrite(ctx context.Context, tx *event.Tx, wrong *refusals, d *Dataset, rows []Resource, inputs []ResourceInput) (history.Difference, error) {
	now := db.Now()
	ranks := make([]*int64, len(rows))
	old := slices.Clone(rows)
	for i := range rows {
		if rows[i].Version > 0 {
			ranks[i] = &old[i].Rank
			applyResource(wrong, &rows[i], inputs[i], "resources", i)
		}
	}
	if wrong.fault != nil || wrong.hindered != nil {
		return nil, nil
	}
	difference := history.Difference{}
	var fresh []Resource
	var moved []placed
	for i, rank := range ranksFor(ranks) {
		r := &rows[i]
		r.Rank = rank
		if r.Version == 0 {
			r.Version = 1
			fresh = append(fresh, *r)
			difference["resource/"+r.ID] = [2]any{nil, r.Title}
			continue
		}
		changes := resourceDifference(&old[i], r)
		if len(changes) == 0 {
			continue
		}
		for name, values := range changes {
			difference[name] = values
		}
		if len(changes) == 1 && old[i].Rank != r.Rank {
			r.Version++
			moved = append(moved, placed{r.ID, r.Rank})
			continue
		}
		r.Version++
		r.ModifiedInternal = now
		if err := db.UpdateChanged(ctx, tx.Tx, &old[i], r); err != nil {
			return nil, err
		}
	}
	if err := writeRanks(ctx, tx.Tx, moved); err != nil {
		return nil, err
	}
	return difference, insertResources(ctx, tx.Tx, fresh)
}

// replaceResources makes the given list the dataset's: known identifiers are
// updated, others added, missing ones removed. It returns what history keeps; what
// is wrong with the inputs is left for the caller to collect, and nothing is
// written then.
func (s *Store) replaceResources(ctx context.Context, tx *event.Tx, wrong *refusals, d *Dataset, inputs []ResourceInput) (history.Difference, error) {
	if !wrong.fewResources(len(inputs)) {
		return nil, nil
	}
	there, err := allResources(ctx, tx, d.ID)
	if err != nil {
		return nil, err
	}
	known := make(map[string]*Resource, len(there))
	for i := range there {
		known[there[i].ID] = &there[i]
	}
	now := db.Now()
	rows := make([]Resource, 0, len(inputs))
	for i, in := range inputs {
		if !wrong.identifier(in.ID, i) {
			continue
		}
		id := strings.ToLower(in.ID)
		if r := known[id]; r != nil {
			delete(known, id)
			rows = append(rows, *r)
			continue
		}
		fresh := newResource(wrong, in, d.ID, 0, now, "resources", i)
		fresh.Version = 0 // it has no row yet
		rows = append(rows, fresh)
	}
	if wrong.fault != nil {
		return nil, nil
	}
	difference, err := s.rewrite(ctx, tx, wrong, d, rows, inputs)
	if err != nil || difference == nil {
		return nil, err
	}
	var gone []string
	for id, r := range known {
		gone = append(gone, id)
		difference["resource/"+id] = [2]any{recorded(r), nil}
	}
	if err := s.deleteResources(ctx, tx, gone); err != nil {
		return nil, err
	}
	if len(difference) == 0 {
		return nil, nil
	}
	return difference, resummarise(ctx, tx.Tx, d)
}
