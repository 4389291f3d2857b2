package account

import (
	"context"
	"crypto/rand"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/mail"
)

// userByEmail returns the account of an address in its normal form, nil when
// there is none.
func (w *Writer) userByEmail(ctx context.Context, email string) (*User, error) {
	var users []User
	err := w.log.DB().Read().NewSelect().Model(&users).Where("email = ?", email).Scan(ctx)
	if err != nil || len(users) == 0 {
		return nil, err
	}
	return &users[0], nil
}

// userByID is userByEmail for an identifier.
func (w *Writer) userByID(ctx context.Context, id string) (*User, error) {
	var users []User
	err := w.log.DB().Read().NewSelect().Model(&users).Where("id = ?", id).Scan(ctx)
	if err != nil || len(users) == 0 {
		return nil, err
	}
	return &users[0], nil
}

// lockUser reads a person within a write; other writes of theirs wait. nil when
// there is none.
func lockUser(ctx context.Context, tx *event.Tx, where string, args ...any) (*User, error) {
	var users []User
	query := tx.NewSelect().Model(&users).Where(where, args...)
	if tx.Postgres() {
		query = query.For("UPDATE")
	}
	if err := query.Scan(ctx); err != nil || len(users) == 0 {
		return nil, err
	}
	return &users[0], nil
}

// userColumns are what a change of an account writes.
var userColumns = []string{
	"version", "slug", "email", "password", "first_name", "last_name", "name_fold", "active", "admin", "avatar", "avatar_thumbnail",
	"website", "about", "language", "modified_at", "confirmed_at", "password_rotation_demanded", "password_rotation_performed",
	"deleted_at", "stamp", "totp_secret", "totp_at", "totp_step", "inactivity_told_at", "following",
}

// saveUser writes a person that lockUser gave, as the viewer changed them; was
// tells whether the public saw them before.
func saveUser(ctx context.Context, tx *event.Tx, v Viewer, user *User, was bool, what string, difference history.Difference) error {
	user.Version++
	user.ModifiedAt = db.Now()
	if _, err := tx.NewUpdate().Model(user).WherePK().Column(userColumns...).Exec(ctx); err != nil {
		return err
	}
	return v.Record(ctx, tx, Change{
		What: what, Kind: "user", ID: user.ID, Owner: user.ID, Version: user.Version, Before: was,
		After: user.Active && user.DeletedAt.IsZero(), Difference: difference,
	})
}

// asPerson is the viewer of a person who acts by a link of a letter.
func asPerson(user *User) Viewer { return Viewer{User: user} }

// restamp ends every session and link of a person but the session kept, which
// lives on under the new stamp and another text: "" to keep none.
func (w *Writer) restamp(ctx context.Context, tx *event.Tx, user *User, kept string) (plain string, err error) {
	user.Stamp = rand.Text()
	if _, err := tx.NewRaw("DELETE FROM sessions WHERE user_id = ? AND id <> ?", user.ID, kept).Exec(ctx); err != nil {
		return "", err
	}
	if kept == "" || w.deps.Sessions == nil {
		return "", nil
	}
	return w.deps.Sessions.renew(ctx, tx.Tx, kept, user.Stamp, true)
}

// letterTo begins a letter to a person.
func letterTo(user *User, kind string, args ...any) mail.Letter {
	letter := mail.Letter{Kind: kind, Name: user.FullName(), UserID: user.ID, Args: args}
	if user.Email != nil {
		letter.To = *user.Email
	}
	if user.Language != nil {
		letter.Language = *user.Language
	}
	return letter
}

// stillThere refuses an account that is gone or shut.
func stillThere(user *User) error {
	switch {
	case user == nil:
		return fault.New(fault.NotFound, "User not found")
	case !user.DeletedAt.IsZero():
		return fault.New(fault.Gone, "User has been deleted")
	}
	return nil
}
