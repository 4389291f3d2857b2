package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/history"
	"grenier/internal/text"
)

// slugClaim is an object that asks for a slug. A slug that an input gave goes
// before one made from a name, the one believed more before the other; who
// loses has a number behind it.
type slugClaim struct {
	id     string
	slug   *string
	given  bool
	source Source
	// former is the slug of the row, empty for a new object.
	former string
	// held tells that the claim is that of a row which is not being written.
	held bool
}

// before tells whether a claim goes before another to the same slug.
func (c *slugClaim) before(other *slugClaim) bool {
	switch {
	case c.given != other.given:
		return c.given
	case c.given:
		return c.source.compare(other.source) > 0
	}
	return c.held && !other.held
}

// settleSlugs gives each claim a slug that nobody else has, and moves those out
// of the way who have one that another was given.
func (k *bulkKind[T]) settleSlugs(ctx context.Context, tx *event.Tx, claims []*slugClaim) error {
	if len(claims) == 0 {
		return nil
	}
	holders, err := k.holders(ctx, tx, claims)
	if err != nil {
		return err
	}
	winners := make(map[string]*slugClaim, len(claims))
	var losers []*slugClaim
	for _, claim := range append(holders, claims...) {
		winner, contested := winners[*claim.slug]
		switch {
		case !contested:
			winners[*claim.slug] = claim
		case claim.before(winner):
			winners[*claim.slug] = claim
			losers = append(losers, winner)
		default:
			losers = append(losers, claim)
		}
	}
	for _, loser := range losers {
		if *loser.slug, err = k.freeSlug(ctx, tx, *loser.slug, winners); err != nil {
			return err
		}
		winners[*loser.slug] = loser
	}
	if err := k.park(ctx, tx, claims, losers); err != nil {
		return err
	}
	for _, loser := range losers {
		if loser.held {
			if err := k.displace(ctx, tx, loser); err != nil {
				return err
			}
		}
	}
	return nil
}

// holders returns the claims of rows that have the wanted slugs and are not
// among the claims.
func (k *bulkKind[T]) holders(ctx context.Context, tx *event.Tx, claims []*slugClaim) ([]*slugClaim, error) {
	wanted, ids := make([]string, len(claims)), make(map[string]bool, len(claims))
	for i, claim := range claims {
		wanted[i], ids[claim.id] = *claim.slug, true
	}
	var rows []struct {
		ID, Slug   string
		ModifiedAt db.Time
		Cells      db.JSON
	}
	err := tx.NewRaw("SELECT t.id AS id, t.slug AS slug, t."+k.modified+" AS modified_at, g.cells AS cells FROM "+k.table+
		" t LEFT JOIN given g ON g.object_id = t.id WHERE t.slug IN (?)", bun.List(wanted)).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	var holders []*slugClaim
	for _, row := range rows {
		if ids[row.ID] {
			continue
		}
		from, err := provenanceIn(row.Cells)
		if err != nil {
			return nil, err
		}
		from.changedHere(row.ModifiedAt, k.fields.all())
		claim := &slugClaim{id: row.ID, slug: &row.Slug, former: row.Slug, held: true}
		claim.source, claim.given = from.of(k.fields.set("slug"))
		holders = append(holders, claim)
	}
	return holders, nil
}

// freeSlug returns the first numbered form of a slug that nobody has.
func (k *bulkKind[T]) freeSlug(ctx context.Context, tx *event.Tx, base string, taken map[string]*slugClaim) (string, error) {
	const step = 50
	for from := 1; ; from += step {
		candidates := make([]string, step)
		for i := range candidates {
			candidates[i] = text.NumberedSlug(base, from+i)
		}
		var used []string
		err := tx.NewRaw("SELECT slug FROM "+k.table+" WHERE slug IN (?)", bun.List(candidates)).Scan(ctx, &used)
		if err != nil {
			return "", err
		}
		have := make(map[string]bool, len(used))
		for _, slug := range used {
			have[slug] = true
		}
		for _, candidate := range candidates {
			if !have[candidate] && taken[candidate] == nil {
				return candidate, nil
			}
		}
	}
}

// park takes their slugs from the rows that are about to have others, so that
// two may change theirs for each other's.
func (k *bulkKind[T]) park(ctx context.Context, tx *event.Tx, claims, losers []*slugClaim) error {
	var ids []string
	for _, claim := range claims {
		if claim.former != "" && claim.former != *claim.slug {
			ids = append(ids, claim.id)
		}
	}
	for _, loser := range losers {
		if loser.held {
			ids = append(ids, loser.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.NewRaw("UPDATE "+k.table+" SET slug = '~' || id WHERE id IN (?)", bun.List(ids)).Exec(ctx)
	return err
}

// displace writes the slug of a row that had to give up its own.
func (k *bulkKind[T]) displace(ctx context.Context, tx *event.Tx, loser *slugClaim) error {
	var version int64
	err := tx.NewRaw("UPDATE "+k.table+" SET slug = ?, version = version + 1 WHERE id = ? RETURNING version", *loser.slug, loser.id).
		Scan(ctx, &version)
	if err != nil {
		return err
	}
	objects, err := k.load(ctx, tx, []string{loser.id})
	if err != nil || len(objects) == 0 {
		return err
	}
	common := k.common(&objects[0])
	actorKind, actor := importer.Actor()
	tx.Emit(event.Event{
		Kind: k.kind + ".updated", ObjectKind: k.kind, Object: loser.id, Owner: common.owner.Ref(), ActorKind: actorKind, Actor: actor,
		Version: version, SeenBefore: common.public, SeenAfter: common.public, Fields: []string{"slug"},
	})
	difference, err := history.Difference{"slug": {loser.former, *loser.slug}}.Encode()
	if err != nil {
		return err
	}
	return history.Record(ctx, tx, history.Change{
		Object: loser.id, Version: version, ObjectKind: k.kind, At: db.Now(), ActorKind: actorKind, Actor: actor, Difference: difference,
	})
}

// formerSlug is a slug that an object had.
type formerSlug struct {
	bun.BaseModel `bun:"table:slugs"`

	Kind     string  `bun:"kind,pk"`
	Slug     string  `bun:"slug,pk"`
	ObjectID string  `bun:"object_id"`
	At       db.Time `bun:"at"`
}

// rememberSlugs keeps the slugs that objects had, so that their old addresses
// still lead to them, unless another object of the kind has the slug now. The
// rows are written.
func (k *bulkKind[T]) rememberSlugs(ctx context.Context, tx *event.Tx, changes []*bulkChange[T]) error {
	var rows []*formerSlug
	now := db.Now()
	seen := make(map[string]bool)
	touched := make([]string, 0, len(changes))
	for _, change := range changes {
		common := k.common(&change.object)
		touched = append(touched, *common.slug)
		for _, slug := range append(change.otherSlugs, change.formerSlug) {
			if slug != "" && slug != *common.slug && !seen[slug] {
				seen[slug] = true
				touched = append(touched, slug)
				rows = append(rows, &formerSlug{Kind: k.kind, Slug: slug, ObjectID: *common.id, At: now})
			}
		}
	}
	if len(rows) > 0 {
		if _, err := tx.NewInsert().Model(&rows).On("CONFLICT (kind, slug) DO NOTHING").Exec(ctx); err != nil {
			return err
		}
	}
	_, err := tx.NewRaw("DELETE FROM slugs WHERE kind = ?0 AND slug IN (?1) AND slug IN (SELECT slug FROM "+k.table+" WHERE slug IN (?1))",
		k.kind, bun.List(touched)).Exec(ctx)
	return err
}
