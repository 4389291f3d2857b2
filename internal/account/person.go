package account

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/db"
)

// person is a row of users with the memberships, so that one query tells who
// comes with a request: nothing of it is kept, what was taken away is gone with
// the next request, on every node.
type person struct {
	User  `bun:",extend"`
	Roles string `bun:"roles"`
}

// personColumns are the columns of a person; u are the users.
const personColumns = `u.*, coalesce((SELECT string_agg(m.organization_id || ' ' || m.role, ',') FROM members m WHERE m.user_id = u.id), '') AS roles`

// ViewerOf loads a person with memberships and assignments; User is nil when
// there is no such person.
func ViewerOf(ctx context.Context, read bun.IDB, userID string) (Viewer, error) {
	var rows []person
	err := db.ScanFixed(ctx, read, &rows, "SELECT "+personColumns+" FROM users u WHERE u.id = ?1", userID)
	if err != nil || len(rows) == 0 {
		return Nobody, err
	}
	return rows[0].viewer(ctx, read)
}

// viewer is the person as who asks.
func (p *person) viewer(ctx context.Context, read bun.IDB) (Viewer, error) {
	viewer := Viewer{User: &p.User, Memberships: make(map[string]Role)}
	partial := false
	for membership := range strings.SplitSeq(p.Roles, ",") {
		if organization, role, ok := strings.Cut(membership, " "); ok {
			viewer.Memberships[organization] = Role(role)
			partial = partial || Role(role) == RolePartialEditor
		}
	}
	if !partial {
		return viewer, nil
	}
	var assigned []string
	if err := read.NewRaw("SELECT object_id FROM assignments WHERE user_id = ?", p.ID).Scan(ctx, &assigned); err != nil {
		return Nobody, err
	}
	viewer.Assigned = make(map[string]bool, len(assigned))
	for _, id := range assigned {
		viewer.Assigned[id] = true
	}
	return viewer, nil
}
