package account

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/text"
)

// slugsAtOnce is how many slugs are looked for in one query.
const slugsAtOnce = 2000

// FreeSlugs is FreeSlug for many new objects: the slugs come in the order of the
// bases, no two alike. The queries grow with how often a base is taken, not with the
// number of bases.
func FreeSlugs(ctx context.Context, tx *db.Tx, table, kind string, bases []string) ([]string, error) {
	if len(bases) == 0 {
		return nil, nil
	}
	bases = slices.Clone(bases)
	for i := range bases {
		if bases[i] == "" {
			bases[i] = kind
		}
	}
	if err := lockSlugs(ctx, tx, table, bases); err != nil {
		return nil, err
	}
	slugs, err := firstFreeOf(ctx, tx, table, bases)
	if err != nil {
		return nil, err
	}
	return slugs, tx.Queue(ctx, tx.NewRaw("DELETE FROM slugs WHERE kind = ? AND slug IN (?)", kind, bun.List(slugs)))
}

// lockSlugs keeps other writes from handing out numbers to the same bases.
func lockSlugs(ctx context.Context, tx *db.Tx, table string, bases []string) error {
	if !tx.Postgres() {
		return nil
	}
	rows := make([]any, len(bases))
	for i, base := range bases {
		stem := numbering.ReplaceAllString(base, "")
		rows[i] = bun.List([]any{stem[:min(len(stem), slugLock)]})
	}
	_, err := tx.NewRaw("SELECT pg_advisory_xact_lock(hashtext('slugs of "+table+"'), s.stem) FROM (SELECT DISTINCT hashtext(b.stem) AS stem FROM (VALUES "+
		strings.TrimSuffix(strings.Repeat("(?), ", len(rows)), ", ")+") AS b (stem) ORDER BY 1) AS s", rows...).Exec(ctx)
	return err
}

// firstFreeOf tries ever larger runs of numbers for the bases that are taken.
func firstFreeOf(ctx context.Context, tx *db.Tx, table string, bases []string) ([]string, error) {
	slugs := make([]string, len(bases))
	pending := make([]int, len(bases))
	for i := range bases {
		pending[i] = i
	}
	given := make(map[string]bool, len(bases))
	for first, count := 0, 1; len(pending) > 0; first, count = first+count, min(count*8, 4096) {
		candidates := make(map[string][]string)
		var wanted []string
		for _, i := range pending {
			if candidates[bases[i]] != nil {
				continue
			}
			run := make([]string, count)
			for n := range run {
				run[n] = text.NumberedSlug(bases[i], first+n)
			}
			candidates[bases[i]] = run
			wanted = append(wanted, run...)
		}
		for part := range slices.Chunk(wanted, slugsAtOnce) {
			var used []string
			if err := tx.NewRaw("SELECT slug FROM ? WHERE slug IN (?)", bun.Ident(table), bun.List(part)).Scan(ctx, &used); err != nil {
				return nil, err
			}
			for _, slug := range used {
				given[slug] = true
			}
		}
		var left []int
		for _, i := range pending {
			run := candidates[bases[i]]
			for len(run) > 0 && given[run[0]] {
				run = run[1:]
			}
			candidates[bases[i]] = run
			if len(run) == 0 {
				left = append(left, i)
				continue
			}
			slugs[i] = run[0]
			given[run[0]] = true
		}
		pending = left
	}
	return slugs, nil
}
