package account

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/db"
)

// The states by which administrators look for people.
const (
	PeopleActive      = "active"
	PeopleAdmins      = "admins"
	PeopleDisabled    = "disabled"
	PeopleUnconfirmed = "unconfirmed"
	PeopleFactor      = "factor"
	PeopleClosed      = "closed"
)

// peopleStates are their conditions; "" is everybody whose account is not closed.
var peopleStates = map[string]string{
	"":                "deleted_at IS NULL",
	PeopleActive:      "deleted_at IS NULL AND active = TRUE AND confirmed_at IS NOT NULL",
	PeopleAdmins:      "deleted_at IS NULL AND admin = TRUE",
	PeopleFactor:      "deleted_at IS NULL AND totp_secret IS NOT NULL",
	PeopleUnconfirmed: "deleted_at IS NULL AND active = TRUE AND confirmed_at IS NULL",
	PeopleDisabled:    "deleted_at IS NULL AND active = FALSE",
	PeopleClosed:      "deleted_at IS NOT NULL",
}

// DirectoryFilter narrows the list of people for administrators; empty members do
// not.
type DirectoryFilter struct {
	// Query are words that the name holds, or a part of the address.
	Query string
	// State is one of those above.
	State string
	// Sort is last_name, created, last_login, datasets or followers, with "-" for
	// descending; anything else is -created.
	Sort          string
	Offset, Limit int
}

var directorySorts = map[string]string{
	"last_name": "last_name", "created": "created_at", "last_login": "COALESCE(last_login_at, 0)", "datasets": "datasets", "followers": "followers",
}

// Directory returns a page of people with their addresses, and how many there
// are. Administrators may ask.
func (p *People) Directory(ctx context.Context, v Viewer, f DirectoryFilter) (users []User, total int, err error) {
	if !v.Admin() {
		return nil, 0, NotAdministrator(v, "Only administrators list accounts.")
	}
	condition := peopleStates[f.State]
	if condition == "" {
		condition = peopleStates[""]
	}
	err = p.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		users = nil
		query := read.NewSelect().Model(&users).Where(condition)
		query = called(query, f.Query)
		count, err := query.Clone().Count(ctx)
		if total = int(count); err != nil || count == 0 || f.Limit <= 0 {
			return err
		}
		return query.OrderExpr(db.OrderBy(f.Sort, "-created", directorySorts) + ", id DESC").Limit(int64(f.Limit)).Offset(int64(f.Offset)).Scan(ctx)
	})
	return users, total, err
}

// called narrows a query of people to those whose name holds each word of a
// text, or whose address holds the text.
func called(query *bun.SelectQuery, words string) *bun.SelectQuery {
	folded := Words(words)
	if len(folded) == 0 {
		return query
	}
	return query.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.WhereGroup(" OR ", func(q *bun.SelectQuery) *bun.SelectQuery {
			for _, word := range folded {
				q = q.Where("name_fold LIKE ? ESCAPE '!'", "%"+db.LikeEscape(word)+"%")
			}
			return q
		})
		return q.WhereOr("email LIKE ? ESCAPE '!'", "%"+db.LikeEscape(strings.ToLower(strings.TrimSpace(words)))+"%")
	})
}

// Refs returns the references of people by identifier; unknown ones are absent.
func (p *People) Refs(ctx context.Context, ids []string) (map[string]*UserRef, error) {
	return UserRefs(ctx, p.db.Read(), ids)
}
