package catalog

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
)

// Mismatch is a stored counter that is not what the rows say.
type Mismatch struct {
	Kind, ID, Counter string
	Stored, Counted   int64
}

func (m Mismatch) String() string {
	return fmt.Sprintf("%s %s: %s is %d and should be %d", m.Kind, m.ID, m.Counter, m.Stored, m.Counted)
}

// checkedCounter is a counter of a kind of object that rows can tell. One that
// imports give may be larger than what rows tell: it counts what never came.
type checkedCounter struct {
	kind, table string
	counter
	given bool
}

// sums are counters that only imports and nightly checks set.
var sums = []checkedCounter{
	{KindDataset, "datasets", counter{"resources", "SELECT count(*) FROM resources r WHERE r.dataset_id = x.id AND r.community = FALSE"}, false},
	{KindOrganization, "organizations", counter{"dataset_followers", "SELECT coalesce(sum(d.followers), 0) FROM datasets d WHERE d.organization_id = x.id AND d.visible IS TRUE"}, false},
	{KindOrganization, "organizations", counter{"dataset_reuses", "SELECT coalesce(sum(d.reuses), 0) FROM datasets d WHERE d.organization_id = x.id AND d.visible IS TRUE"}, false},
}

// givenCounters are those that imports give.
var givenCounters = map[string][]string{
	KindDataset: {"reuses", "dataservices", "followers"}, KindReuse: {"followers"}, KindDataservice: {"reuses", "followers"},
	KindOrganization: {"followers"},
}

// checkedCounters lists every counter, those first that others are counted
// from.
func checkedCounters() []checkedCounter {
	var all []checkedCounter
	for _, kind := range []string{KindReuse, KindDataservice, KindDataset, KindOrganization, KindUser} {
		for _, c := range counters[counterTables[kind]] {
			all = append(all, checkedCounter{kind, counterTables[kind], c, slices.Contains(givenCounters[kind], c.column)})
		}
		for _, c := range sums {
			if c.kind == kind {
				all = append(all, c)
			}
		}
	}
	return all
}

// wrong returns the objects whose counter is not right.
func (c checkedCounter) wrong(ctx context.Context, read bun.IDB) ([]Mismatch, error) {
	condition := "stored <> counted"
	if c.given {
		condition = "(stored < counted OR stored > counted AND NOT EXISTS (SELECT 1 FROM given g WHERE g.object_id = id))"
	}
	var found []Mismatch
	err := read.NewRaw("SELECT ? AS kind, id, ? AS counter, stored, counted FROM (SELECT x.id AS id, x."+c.column+" AS stored, ("+c.query+
		") AS counted FROM "+c.table+" x) AS c WHERE "+condition+" ORDER BY id", c.kind, c.column).Scan(ctx, &found)
	if err != nil {
		return nil, fmt.Errorf("count %s of %s: %w", c.column, c.table, err)
	}
	return found, nil
}

// CheckCounters returns every stored counter that is not what the rows say.
func (s *Store) CheckCounters(ctx context.Context) ([]Mismatch, error) {
	var all []Mismatch
	err := s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		all = nil
		for _, c := range checkedCounters() {
			found, err := c.wrong(ctx, read)
			if err != nil {
				return err
			}
			all = append(all, found...)
		}
		return nil
	})
	return all, err
}

// recountBatch is how many objects one write mends.
const recountBatch = 500

// RecountAll mends every counter that is not what the rows say, with an event
// for each object, and returns how many counters were mended. It looks for them
// without holding anybody up.
func (s *Store) RecountAll(ctx context.Context) (int64, error) {
	var mended int64
	for _, c := range checkedCounters() {
		found, err := c.wrong(ctx, s.db.Read())
		if err != nil {
			return mended, err
		}
		for batch := range slices.Chunk(found, recountBatch) {
			if err := s.recount(ctx, c, batch); err != nil {
				return mended, err
			}
			mended += int64(len(batch))
		}
	}
	return mended, nil
}

// recount sets a counter of some objects to what the rows say now.
func (s *Store) recount(ctx context.Context, c checkedCounter, batch []Mismatch) error {
	ids := make([]string, len(batch))
	for i := range batch {
		ids[i] = batch[i].ID
	}
	return s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
		var versions []struct {
			ID      string
			Version int64
		}
		err := tx.NewRaw("UPDATE "+c.table+" AS x SET "+c.column+" = ("+c.query+"), version = version + 1 WHERE x.id IN (?) RETURNING id, version",
			bun.List(ids)).Scan(ctx, &versions)
		if err != nil {
			return err
		}
		if c.kind == KindReuse && c.column == "datasets" {
			if _, err := tx.NewRaw("UPDATE reuses SET visible = (private = FALSE AND deleted_at IS NULL AND datasets > 0) WHERE id IN (?)", bun.List(ids)).Exec(ctx); err != nil {
				return err
			}
		}
		public, err := publicOf(ctx, tx, c, ids)
		if err != nil {
			return err
		}
		actorKind, actor := account.System("recount").Actor()
		for _, row := range versions {
			tx.Emit(event.Event{
				Kind: c.kind + ".updated", ObjectKind: c.kind, Object: row.ID, Owner: public[row.ID].owner, ActorKind: actorKind, Actor: actor,
				Version: row.Version, SeenBefore: public[row.ID].public, SeenAfter: public[row.ID].public, Fields: []string{c.column},
			})
		}
		return nil
	})
}

// standing is whose an object is and whether everybody may read it.
type standing struct {
	owner  string
	public bool
}

// standings says it of the kinds that have counters.
var standings = map[string]string{
	KindDataset:      "SELECT id, coalesce(organization_id, owner_id, '') AS owner, (private = FALSE AND deleted_at IS NULL) AS public FROM datasets WHERE id IN (?)",
	KindReuse:        "SELECT id, coalesce(organization_id, owner_id, '') AS owner, (private = FALSE AND deleted_at IS NULL) AS public FROM reuses WHERE id IN (?)",
	KindDataservice:  "SELECT id, coalesce(organization_id, owner_id, '') AS owner, (private = FALSE AND deleted_at IS NULL) AS public FROM dataservices WHERE id IN (?)",
	KindOrganization: "SELECT id, id AS owner, (deleted_at IS NULL) AS public FROM organizations WHERE id IN (?)",
	KindUser:         "SELECT id, id AS owner, (active = TRUE AND deleted_at IS NULL) AS public FROM users WHERE id IN (?)",
}

func publicOf(ctx context.Context, tx *event.Tx, c checkedCounter, ids []string) (map[string]standing, error) {
	var rows []struct {
		ID, Owner string
		Public    bool
	}
	if err := tx.NewRaw(standings[c.kind], bun.List(ids)).Scan(ctx, &rows); err != nil {
		return nil, err
	}
	found := make(map[string]standing, len(rows))
	for _, row := range rows {
		found[row.ID] = standing{row.Owner, row.Public}
	}
	return found, nil
}
