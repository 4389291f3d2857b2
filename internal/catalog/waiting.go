package catalog

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
)

// Waiting is what waits for somebody among the datasets that they may change:
// theirs, those of their organisations, those assigned to them.
type Waiting struct {
	// Late were not updated as their frequency promises, the most overdue first.
	Late WaitingList
	// Unavailable have a file that the last check could not reach, the last
	// updated first.
	Unavailable WaitingList
	// Scheduled are private until a moment that was set, the next first.
	Scheduled WaitingList
}

// WaitingList counts datasets by their owner and shows the first.
type WaitingList struct {
	Count int
	// Owners are those of the datasets, those who have most first.
	Owners []WaitingOwner
	First  []WaitingDataset
}

// WaitingOwner is an owner of some of the datasets.
type WaitingOwner struct {
	Owner account.Owner
	Count int
}

// WaitingDataset is one of the first. At is its last update, or the moment when
// it is to be published.
type WaitingDataset struct {
	ID, Title string
	Owner     account.Owner
	At        db.Time
}

// The names of the lists in the queries.
const (
	waitingLate        = "late"
	waitingUnavailable = "unavailable"
	waitingScheduled   = "scheduled"
)

// Waiting tells what waits for the viewer at a moment: the numbers, and at most
// first datasets of each list. It takes three queries, whatever there is.
func (s *Store) Waiting(ctx context.Context, v account.Viewer, now time.Time, first int) (Waiting, error) {
	if v.User == nil {
		return Waiting{}, nil
	}
	var w Waiting
	q := waitingQuery{scopes: waitingScopes(v), now: now}
	if err := s.waitingCounts(ctx, &w, &q); err != nil {
		return Waiting{}, err
	}
	if w.Late.Count+w.Unavailable.Count+w.Scheduled.Count == 0 {
		return w, nil
	}
	return w, s.waitingFirst(ctx, &w, &q, first)
}

func (w *Waiting) list(name string) *WaitingList {
	switch name {
	case waitingLate:
		return &w.Late
	case waitingUnavailable:
		return &w.Unavailable
	}
	return &w.Scheduled
}

// waitingScope is a column of datasets and the values that are the viewer's.
type waitingScope struct {
	condition, organization, owner string
	args                           []any
}

// waitingScopes are the datasets that the viewer may change: each is in one
// scope alone, as a dataset has one owner.
func waitingScopes(v account.Viewer) []waitingScope {
	const none = "CAST(NULL AS TEXT)"
	scopes := []waitingScope{{"d.owner_id = ?", none, "d.owner_id", []any{v.UserID()}}}
	var whole []string
	for _, id := range v.Organizations() {
		if v.MayEdit(account.Owner{Organization: id}, "") {
			whole = append(whole, id)
		}
	}
	if len(whole) > 0 {
		scopes = append(scopes, waitingScope{"d.organization_id IN (?)", "d.organization_id", none, []any{bun.List(whole)}})
	}
	var assigned []string
	for id := range v.Assigned {
		assigned = append(assigned, id)
	}
	if len(assigned) > 0 {
		slices.Sort(assigned)
		scope := waitingScope{"d.id IN (?)", "d.organization_id", none, []any{bun.List(assigned)}}
		if len(whole) > 0 {
			scope.condition, scope.args = scope.condition+" AND d.organization_id NOT IN (?)", append(scope.args, bun.List(whole))
		}
		scopes = append(scopes, scope)
	}
	return scopes
}

// waitingQuery writes the queries over the scopes of a viewer.
type waitingQuery struct {
	scopes []waitingScope
	now    time.Time
}

// due is a table of the frequencies that promise an update and of the moment
// since which one is owed.
func (q *waitingQuery) due() (with string, args []any) {
	var rows []string
	for frequency, delay := range frequencyDelays {
		if delay > 0 {
			rows = append(rows, "('"+frequency+"', ?)")
		}
	}
	slices.Sort(rows)
	for _, row := range rows {
		frequency := strings.Split(row, "'")[1]
		args = append(args, db.TimeOf(q.now.Add(-frequencyDelays[frequency]-day)))
	}
	return "WITH due (frequency, since) AS (VALUES " + strings.Join(rows, ", ") + ") ", args
}

// lists are the conditions of the three lists; rank orders them.
var waitingLists = []struct{ name, from, where, at, rank string }{
	{
		waitingLate, "due CROSS JOIN datasets d",
		"d.frequency = due.frequency AND d.last_update < due.since AND " + attended, "d.last_update", "d.last_update - due.since",
	},
	{waitingUnavailable, "datasets d", unavailable + " AND " + attended, "d.last_update", "-d.last_update"},
	{waitingScheduled, "datasets d", "d.publish_at IS NOT NULL AND d.private = TRUE AND d.deleted_at IS NULL", "d.publish_at", "d.publish_at"},
}

// rows selects the rows of one list, in all scopes.
func (q *waitingQuery) rows(list int, columns func(s waitingScope) string) (query string, args []any) {
	l := waitingLists[list]
	parts := make([]string, len(q.scopes))
	for i, s := range q.scopes {
		parts[i] = "SELECT " + columns(s) + " FROM " + l.from + " WHERE " + s.condition + " AND " + l.where
		args = append(args, s.args...)
	}
	return strings.Join(parts, " UNION ALL "), args
}

// waitingCounts counts the three lists by owner.
func (s *Store) waitingCounts(ctx context.Context, w *Waiting, q *waitingQuery) error {
	with, args := q.due()
	var parts []string
	for i, l := range waitingLists {
		rows, more := q.rows(i, func(s waitingScope) string { return s.organization + " AS organization, " + s.owner + " AS person" })
		parts = append(parts, "SELECT '"+l.name+"' AS list, organization, person, count(*) AS count FROM ("+rows+") AS x"+l.name+" GROUP BY organization, person")
		args = append(args, more...)
	}
	var found []struct {
		List                 string
		Organization, Person *string
		Count                int
	}
	err := s.db.Read().NewRaw(with+"SELECT * FROM ("+strings.Join(parts, " UNION ALL ")+") AS counted ORDER BY list, count DESC, organization, person", args...).Scan(ctx, &found)
	for _, row := range found {
		list := w.list(row.List)
		list.Count += row.Count
		list.Owners = append(list.Owners, WaitingOwner{account.Owner{Organization: shown(row.Organization, ""), User: shown(row.Person, "")}, row.Count})
	}
	return err
}

// waitingFirst reads the first datasets of the three lists.
func (s *Store) waitingFirst(ctx context.Context, w *Waiting, q *waitingQuery, first int) error {
	with, args := q.due()
	var parts []string
	for i, l := range waitingLists {
		rows, more := q.rows(i, func(waitingScope) string { return "d.id, " + l.at + " AS at, " + l.rank + " AS place" })
		parts = append(parts, "SELECT * FROM (SELECT '"+l.name+"' AS list, id, at, place FROM ("+rows+") AS x"+l.name+" ORDER BY place, id LIMIT ?) AS y"+l.name)
		args = append(append(args, more...), first)
	}
	var found []struct {
		List  string
		ID    string
		At    db.Time
		Place int64
	}
	err := s.db.Read().NewRaw(with+"SELECT * FROM ("+strings.Join(parts, " UNION ALL ")+") AS first ORDER BY list, place, id", args...).Scan(ctx, &found)
	if err != nil {
		return err
	}
	ids := make([]string, len(found))
	for i, row := range found {
		ids[i] = row.ID
	}
	titles, err := s.waitingTitles(ctx, ids)
	for _, row := range found {
		if d, ok := titles[row.ID]; ok {
			d.At = row.At
			list := w.list(row.List)
			list.First = append(list.First, d)
		}
	}
	return err
}

func (s *Store) waitingTitles(ctx context.Context, ids []string) (map[string]WaitingDataset, error) {
	by := make(map[string]WaitingDataset, len(ids))
	if len(ids) == 0 {
		return by, nil
	}
	var rows []struct {
		ID, Title               string
		OrganizationID, OwnerID *string
	}
	err := s.db.Read().NewRaw("SELECT id, title, organization_id, owner_id FROM datasets WHERE id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	for _, row := range rows {
		owner := account.Owner{Organization: shown(row.OrganizationID, "")}
		if owner.Organization == "" {
			owner.User = shown(row.OwnerID, "")
		}
		by[row.ID] = WaitingDataset{ID: row.ID, Title: row.Title, Owner: owner}
	}
	return by, err
}
