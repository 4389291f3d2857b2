package account

import (
	"context"
	"regexp"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/text"
)

// FreeSlug returns the first slug of base, base-1, base-2 … that no object of
// the table has, deleted ones included, and takes it over where it is a former
// slug of another object of the kind. An empty base becomes the kind. The write
// that calls it inserts the slug: on PostgreSQL another write that wants the
// same base waits for its end.
func FreeSlug(ctx context.Context, tx *db.Tx, table, kind, base string) (string, error) {
	return slugFor(ctx, tx, table, kind, base, "")
}

// MoveSlug gives an object the slug that its new name asks for and keeps the old
// one as a former slug, which still leads to the object. It returns the new
// slug, which is the old one when that still fits; the caller writes it.
func MoveSlug(ctx context.Context, tx *db.Tx, table, kind, id, old, base string) (string, error) {
	slug, err := slugFor(ctx, tx, table, kind, base, id)
	if err != nil || slug == old {
		return slug, err
	}
	return slug, tx.Queue(ctx, tx.NewRaw(`INSERT INTO slugs (kind, slug, object_id, at) VALUES (?, ?, ?, ?)
		ON CONFLICT (kind, slug) DO UPDATE SET object_id = EXCLUDED.object_id, at = EXCLUDED.at`, kind, old, id, db.Now()))
}

// slugFor is FreeSlug for an object that may keep the slug it has.
func slugFor(ctx context.Context, tx *db.Tx, table, kind, base, id string) (string, error) {
	if base == "" {
		base = kind
	}
	if tx.Postgres() {
		stem := numbering.ReplaceAllString(base, "")
		if _, err := tx.NewRaw("SELECT pg_advisory_xact_lock(hashtext(?), hashtext(?))", "slugs of "+table, stem[:min(len(stem), slugLock)]).Exec(ctx); err != nil {
			return "", err
		}
	}
	slug, err := firstFree(ctx, tx, table, base, id)
	if err != nil {
		return "", err
	}
	return slug, tx.Queue(ctx, tx.NewRaw("DELETE FROM slugs WHERE kind = ? AND slug = ?", kind, slug))
}

// numbering is what keeps slugs of one name apart; slugs that differ in it
// alone are handed out one write at a time.
var numbering = regexp.MustCompile(`(-[0-9]+)+$`)

// slugLock is the part of a slug that writes wait for: longer ones may be
// shortened by their number.
const slugLock = text.SlugMax - 16

// firstFree tries ever larger runs of numbers, so that the thousandth object
// of a name costs few queries.
func firstFree(ctx context.Context, tx *db.Tx, table, base, id string) (string, error) {
	for first, count := 0, 1; ; first, count = first+count, min(count*8, 4096) {
		candidates := make([]string, count)
		for i := range candidates {
			candidates[i] = text.NumberedSlug(base, first+i)
		}
		var used []string
		var err error
		if count == 1 {
			err = db.ScanFixed(ctx, tx, &used, "SELECT slug FROM "+table+" WHERE slug = ?1 AND id <> ?2", base, id)
		} else {
			err = tx.NewRaw("SELECT slug FROM ? WHERE slug IN (?) AND id <> ?", bun.Ident(table), bun.List(candidates), id).Scan(ctx, &used)
		}
		if err != nil {
			return "", err
		}
		taken := make(map[string]bool, len(used))
		for _, slug := range used {
			taken[slug] = true
		}
		for _, slug := range candidates {
			if !taken[slug] {
				return slug, nil
			}
		}
	}
}
