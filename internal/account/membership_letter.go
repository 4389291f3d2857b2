package account

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/event"
	"grenier/internal/mail"
)

// reachable are people who can be written to.
const reachable = "u.email IS NOT NULL AND u.active = TRUE AND u.deleted_at IS NULL"

// Correspondents are the people to whom letters about what somebody owns go: the
// person, or the administrators of the organisation; those who can be reached.
func Correspondents(ctx context.Context, read bun.IDB, o Owner) ([]User, error) {
	var people []User
	query := read.NewSelect().Model(&people).Where(reachable).OrderExpr("u.id")
	if o.Organization != "" {
		query = query.Where("u.id IN (SELECT m.user_id FROM members m WHERE m.organization_id = ? AND m.role = ?)", o.Organization, RoleAdmin)
	} else {
		query = query.Where("u.id = ?", o.User)
	}
	err := query.Scan(ctx)
	return people, err
}

// LetterTo is a letter addressed to a person, in their language.
func (u *User) LetterTo(l mail.Letter) mail.Letter {
	l.To, l.Name, l.UserID, l.Language = *u.Email, u.FullName(), u.ID, ""
	if u.Language != nil {
		l.Language = *u.Language
	}
	return l
}

// writeToPeople posts a letter to each of some people who can be reached.
func (w *Writer) writeToPeople(ctx context.Context, tx *event.Tx, people []User, l mail.Letter) error {
	letters := make([]mail.Letter, len(people))
	for i := range people {
		letters[i] = people[i].LetterTo(l)
	}
	return w.post(ctx, tx.Tx, letters...)
}

// writeToManagers posts a letter to the administrators of an organisation.
func (w *Writer) writeToManagers(ctx context.Context, tx *event.Tx, o *Organization, l mail.Letter) error {
	people, err := Correspondents(ctx, tx, Owner{Organization: o.ID})
	if err != nil {
		return err
	}
	return w.writeToPeople(ctx, tx, people, l)
}

// writeToUser posts a letter to a person, if they can be reached.
func (w *Writer) writeToUser(ctx context.Context, tx *event.Tx, id string, l mail.Letter) error {
	people, err := Correspondents(ctx, tx, Owner{User: id})
	if err != nil {
		return err
	}
	return w.writeToPeople(ctx, tx, people, l)
}

// membersPage is where the members of an organisation are managed.
func membersPage(o *Organization) string { return "/admin/organizations/" + o.ID + "/members" }
