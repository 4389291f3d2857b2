package account

import (
	"context"
	"crypto/rand"
	"strings"

	"golang.org/x/text/unicode/norm"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/text"
)

// NewUser is what a person's account is made from.
type NewUser struct {
	Email, FirstName, LastName string
	// Password is in clear; without one the person cannot log in until one
	// is set.
	Password string
	Admin    bool
}

// CreateUser makes a confirmed account, with a password or without. Administrators
// may. Invalid with every member that is wrong; Invalid on email when another
// account has the address.
func (w *Writer) CreateUser(ctx context.Context, v Viewer, given NewUser) (*User, error) {
	if !v.Admin() {
		return nil, NotAdministrator(v, "Only administrators create accounts.")
	}
	email, first, last, err := checkNewUser(given)
	if err != nil {
		return nil, err
	}
	user := User{Email: &email, FirstName: first, LastName: last, Active: true, Admin: given.Admin}
	if given.Password != "" {
		encoded, err := w.hashes.hash(ctx, given.Password)
		if err != nil {
			return nil, err
		}
		user.Password = &encoded
	}
	return w.createUser(ctx, v, user)
}

// createUser writes a confirmed account.
func (w *Writer) createUser(ctx context.Context, v Viewer, made User) (*User, error) {
	var user *User
	err := w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		fresh, now := made, db.Now()
		user = &fresh
		user.ID, user.Version, user.NameFold = db.NewID(), 1, text.Fold(made.FullName())
		user.CreatedAt, user.ModifiedAt, user.ConfirmedAt = now, now, now
		return insertUser(ctx, tx, v, user)
	})
	if db.IsUnique(err) {
		return nil, emailTaken
	}
	return user, err
}

var emailTaken = fault.At("This email address is already used by another account.", "email")

func checkNewUser(given NewUser) (email, first, last string, err error) {
	var wrong fieldErrors
	email, text := normalEmail(given.Email)
	wrong.add(text, "email")
	first, last = norm.NFC.String(strings.TrimSpace(given.FirstName)), norm.NFC.String(strings.TrimSpace(given.LastName))
	wrong.add(wrongPersonName(first), "first_name")
	wrong.add(wrongPersonName(last), "last_name")
	if given.Password != "" {
		if err := checkPassword(normalPassword(given.Password)); err != nil {
			wrong = append(wrong, err)
		}
	}
	return email, first, last, wrong.collect()
}

// insertUser writes an account; when it is confirmed the invitations of its
// address are the person's.
func insertUser(ctx context.Context, tx *event.Tx, v Viewer, user *User) error {
	taken, err := tx.NewSelect().Model((*User)(nil)).Where("email = ?", *user.Email).Exists(ctx)
	if err != nil {
		return err
	}
	if taken {
		return emailTaken
	}
	user.Slug, err = FreeSlug(ctx, tx.Tx, "users", "user", text.Slug(user.FullName()))
	if err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(user).Exec(ctx); err != nil {
		return err
	}
	return v.Record(ctx, tx, Change{What: "created", Kind: "user", ID: user.ID, Owner: user.ID, Version: user.Version, After: true})
}

// SetPassword gives a person another password. The person and administrators
// may.
func (w *Writer) SetPassword(ctx context.Context, v Viewer, id, password string) error {
	if !v.Admin() && (id == "" || v.UserID() != id) {
		return fault.New(fault.Forbidden, "Only the person and administrators set a password.")
	}
	encoded, err := w.hashes.hash(ctx, password)
	if err != nil {
		return err
	}
	return w.updateUser(ctx, v, id, func(user *User) history.Difference {
		user.Password, user.Stamp = &encoded, rand.Text()
		if !user.PasswordRotationDemanded.IsZero() {
			user.PasswordRotationDemanded, user.PasswordRotationPerformed = db.Time{}, db.Now()
		}
		return history.Difference{"password": {nil, nil}} // that it changed, never to what
	})
}

// SetAdmin makes a person an administrator of the platform, or no longer.
// Administrators may.
func (w *Writer) SetAdmin(ctx context.Context, v Viewer, id string, admin bool) error {
	if !v.Admin() {
		return NotAdministrator(v, "Only administrators name administrators.")
	}
	return w.updateUser(ctx, v, id, func(user *User) history.Difference {
		if user.Admin == admin {
			return nil
		}
		difference := history.Difference{"admin": {user.Admin, admin}}
		user.Admin, user.Stamp = admin, rand.Text()
		return difference
	})
}

// SetActive lets a person in, or shuts them out with all their tokens.
// Administrators may.
func (w *Writer) SetActive(ctx context.Context, v Viewer, id string, active bool) error {
	if !v.Admin() {
		return NotAdministrator(v, "Only administrators disable accounts.")
	}
	return w.updateUser(ctx, v, id, func(user *User) history.Difference {
		if user.Active == active {
			return nil
		}
		difference := history.Difference{"active": {user.Active, active}}
		user.Active, user.Stamp = active, rand.Text()
		return difference
	})
}

// updateUser changes one person; an empty difference writes nothing. Another
// stamp ends their sessions.
func (w *Writer) updateUser(ctx context.Context, v Viewer, id string, apply func(*User) history.Difference) error {
	return w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		var users []User
		query := tx.NewSelect().Model(&users).Where("id = ?", id)
		if tx.Postgres() {
			query = query.For("UPDATE")
		}
		if err := query.Scan(ctx); err != nil {
			return err
		}
		if len(users) == 0 {
			return fault.New(fault.NotFound, "User not found")
		}
		user := &users[0]
		if !user.DeletedAt.IsZero() {
			return fault.New(fault.Gone, "User has been deleted")
		}
		before, stamp := user.Active, user.Stamp
		difference := apply(user)
		if len(difference) == 0 {
			return nil
		}
		user.Version++
		user.ModifiedAt = db.Now()
		_, err := tx.NewUpdate().Model(user).WherePK().
			Column("version", "modified_at", "password", "password_rotation_demanded", "password_rotation_performed", "admin", "active", "stamp").Exec(ctx)
		if err != nil {
			return err
		}
		if user.Stamp != stamp {
			if _, err := tx.NewRaw("DELETE FROM sessions WHERE user_id = ?", id).Exec(ctx); err != nil {
				return err
			}
		}
		return v.Record(ctx, tx, Change{
			What: "updated", Kind: "user", ID: id, Owner: id, Version: user.Version, Before: before, After: user.Active, Difference: difference,
		})
	})
}

// ByEmail returns the person whose account has an address, whatever its case.
// Administrators may ask.
func (p *People) ByEmail(ctx context.Context, v Viewer, email string) (*User, error) {
	if !v.Admin() {
		return nil, NotAdministrator(v, "Only administrators look up addresses.")
	}
	normal, wrong := normalEmail(email)
	if wrong != "" {
		return nil, fault.At(wrong, "email")
	}
	var users []User
	if err := p.db.Read().NewSelect().Model(&users).Where("email = ?", normal).Scan(ctx); err != nil {
		return nil, err
	}
	if len(users) == 0 {
		return nil, fault.Newf(fault.NotFound, "No account has the address %s.", normal)
	}
	return &users[0], nil
}

// Accounts returns people who have an address, by its order, after a given one:
// "" for the first page. Administrators may ask.
func (p *People) Accounts(ctx context.Context, v Viewer, after string, limit int) ([]User, error) {
	if !v.Admin() {
		return nil, NotAdministrator(v, "Only administrators list accounts.")
	}
	var users []User
	err := p.db.Read().NewSelect().Model(&users).Where("email IS NOT NULL").Where("deleted_at IS NULL").
		Where("id > ?", after).OrderExpr("id").Limit(int64(limit)).Scan(ctx)
	return users, err
}
