package catalog

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
)

// Attention counts what of an owner's datasets waits for somebody's hand.
// Archived and deleted ones wait for nobody.
type Attention struct {
	// Late were not updated as their frequency promises.
	Late int
	// Unavailable have a file that the last check could not reach.
	Unavailable int
}

// Attention counts what waits among the datasets of an owner at a moment, in one
// query. The caller has checked that the viewer may know.
func (s *Store) Attention(ctx context.Context, owner account.Owner, now time.Time) (Attention, error) {
	late, args := lateCondition(now)
	column, id := "d.organization_id", owner.Organization
	if id == "" {
		column, id = "d.owner_id", owner.User
	}
	var found Attention
	err := s.db.Read().NewRaw("SELECT COALESCE(SUM(CASE WHEN "+late+" THEN 1 ELSE 0 END), 0) AS late, "+
		"COALESCE(SUM(CASE WHEN "+unavailable+" THEN 1 ELSE 0 END), 0) AS unavailable "+
		"FROM datasets d WHERE "+column+" = ? AND "+attended, append(args, id)...).Scan(ctx, &found)
	return found, err
}

const (
	// attended is the SQL condition of the datasets, as d, that wait for somebody's
	// hand at all.
	attended = "d.deleted_at IS NULL AND d.archived_at IS NULL"
	// unavailable is that of those with a file that the last check could not reach.
	unavailable = "d.all_available = FALSE"
)

// lateCondition is the SQL condition of the datasets, as d, that are late at a
// moment, as Quality tells it: by more than a day.
func lateCondition(now time.Time) (condition string, args []any) {
	var either []string
	for _, one := range lateConditions(now) {
		either = append(either, one.sql)
		args = append(args, one.args...)
	}
	return "(" + strings.Join(either, " OR ") + ")", args
}

// lateConditions are the parts of lateCondition, by the delay that a frequency
// gives: no dataset meets two of them.
func lateConditions(now time.Time) []condition {
	byDelay := map[time.Duration][]string{}
	for frequency, delay := range frequencyDelays {
		if delay > 0 {
			byDelay[delay] = append(byDelay[delay], frequency)
		}
	}
	var parts []condition
	for _, delay := range slices.Sorted(maps.Keys(byDelay)) {
		slices.Sort(byDelay[delay])
		parts = append(parts, condition{"(d.frequency IN (?) AND d.last_update < ?)", []any{bun.List(byDelay[delay]), db.TimeOf(now.Add(-delay - day))}})
	}
	return parts
}

// AssignedObject is an object that a partial editor may edit.
type AssignedObject struct {
	account.Subject
	Title string
}

// AssignedTo returns what a partial editor of an organisation may edit, by
// title, in one query. The caller has checked that the viewer may know.
func (s *Store) AssignedTo(ctx context.Context, organization, user string) ([]AssignedObject, error) {
	var parts []string
	var args []any
	for _, kind := range []string{KindDataset, KindReuse, KindDataservice} {
		parts = append(parts, "SELECT a.object_kind, a.object_id, x.title FROM assignments a JOIN ? x ON x.id = a.object_id "+
			"WHERE a.organization_id = ? AND a.user_id = ? AND a.object_kind = ?")
		args = append(args, bun.Ident(movable[kind].table), organization, user, kind)
	}
	var rows []AssignedObject
	err := s.db.Read().NewRaw("SELECT * FROM ("+strings.Join(parts, " UNION ALL ")+") AS o ORDER BY title, object_id", args...).Scan(ctx, &rows)
	return rows, err
}
