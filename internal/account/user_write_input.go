package account

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/i18n"
	"grenier/internal/text"
)

// UserInput is what people write of themselves, and administrators of others.
// What is left out stays as it is; null and blank texts take away what may be
// missing.
type UserInput struct {
	FirstName, LastName Opt[string]
	Website, About      Opt[string]
	// Language is that of letters; null is the site's.
	Language Opt[string]

	// Email, Roles and Active are for administrators alone: a person changes
	// their own address by a letter to it.
	Email  Opt[string]
	Roles  Opt[[]string]
	Active Opt[bool]
}

// RoleOfAdmins is the role of the platform's administrators, the only one.
const RoleOfAdmins = "admin"

// maxAbout bounds what people tell about themselves, in characters.
const maxAbout = 20_000

// applyUser changes a person as the input says.
func (w *Writer) applyUser(u *User, in UserInput) error {
	var wrong fieldErrors
	wrong.personName(in.FirstName, &u.FirstName, "first_name")
	wrong.personName(in.LastName, &u.LastName, "last_name")
	w.address(&wrong, in.Website, &u.Website, "website")
	wrong.optionalText(in.About, maxAbout, &u.About, "about")
	if in.Language.Set {
		language := strings.ToLower(strings.TrimSpace(in.Language.Value))
		if language != "" && !slices.Contains(i18n.Languages, language) {
			wrong.add("Unknown language: expected one of "+strings.Join(i18n.Languages, ", ")+".", "prefered_language")
		}
		u.Language = nonEmpty(language)
	}
	wrong.userEmail(in.Email, &u.Email)
	if in.Roles.Set {
		u.Admin = false
		for _, role := range in.Roles.Value {
			if role != RoleOfAdmins {
				wrong.add("The role "+role+" does not exist", "roles")
				continue
			}
			u.Admin = true
		}
	}
	if active, ok := in.Active.Get(); ok {
		u.Active = active
	}
	u.NameFold = text.Fold(u.FullName())
	return wrong.collect()
}

// personName reads a first or last name; the one that a person has already may
// stay.
func (f *fieldErrors) personName(in Opt[string], into *string, path ...any) {
	name := norm.NFC.String(strings.TrimSpace(in.Value))
	if !in.Set || name == *into && name != "" {
		return
	}
	if wrong := wrongPersonName(name); wrong != "" {
		f.add(wrong, path...)
		return
	}
	*into = name
}

// userEmail reads an address in its normal form. People whom an import named have
// none, and may stay without.
func (f *fieldErrors) userEmail(in Opt[string], into **string) {
	if !in.Set || *into != nil && **into == in.Value || *into == nil && in.Null {
		return
	}
	email, wrong := normalEmail(in.Value)
	if wrong != "" {
		f.add(wrong, "email")
		return
	}
	*into = &email
}

// MakeUser makes a confirmed account without a password, which its person sets
// by a letter to their address. Administrators may. Address and names are
// required.
func (w *Writer) MakeUser(ctx context.Context, v Viewer, in UserInput) (*User, error) {
	if !v.Admin() {
		return nil, NotAdministrator(v, "Only administrators create accounts.")
	}
	in.Email.Set, in.FirstName.Set, in.LastName.Set = true, true, true
	in.Email.Null = false
	made := User{Active: true}
	if err := w.applyUser(&made, in); err != nil {
		return nil, err
	}
	return w.createUser(ctx, v, made)
}

// UpdateUser changes what the input holds of a person and keeps the rest. The
// person may, without what is for administrators alone, and administrators may.
// Their slug stays.
func (w *Writer) UpdateUser(ctx context.Context, v Viewer, id string, in UserInput) (*User, error) {
	switch {
	case v.Anonymous():
		return nil, fault.New(fault.Unauthorized, "Log in to change an account.")
	case v.Admin():
	case v.UserID() != id, in.Email.Set, in.Roles.Set, in.Active.Set:
		return nil, errForbidden
	case !v.Whole():
		return nil, errKey
	}
	var user *User
	err := w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		var err error
		if user, err = lockUser(ctx, tx, "id = ?", id); err != nil {
			return err
		}
		if err := stillThere(user); err != nil {
			return err
		}
		before := *user
		if err := w.applyUser(user, in); err != nil {
			return err
		}
		difference := userDifference(&before, user)
		if len(difference) == 0 {
			return nil
		}
		if err := w.changedUser(ctx, tx, v, &before, user); err != nil {
			return err
		}
		return saveUser(ctx, tx, v, user, before.Active, "updated", difference)
	})
	if db.IsUnique(err) {
		return nil, emailTaken
	}
	return user, err
}

// changedUser sees to what changes of an account cause beside it: the platform
// keeps an administrator, and who is shut out is out at once; who gets other
// rights logs in anew.
func (w *Writer) changedUser(ctx context.Context, tx *event.Tx, v Viewer, before, user *User) error {
	if before.Admin && before.Active && !(user.Admin && user.Active) && v.Origin != "system" {
		var others int
		err := tx.NewRaw("SELECT count(*) FROM users WHERE admin = TRUE AND active = TRUE AND deleted_at IS NULL AND id <> ?", user.ID).Scan(ctx, &others)
		if err != nil {
			return err
		}
		if others == 0 {
			return fault.New(fault.Invalid, "The platform needs an administrator: make somebody else one first.")
		}
	}
	if before.Active && !user.Active || before.Admin != user.Admin {
		_, err := w.restamp(ctx, tx, user, "")
		return err
	}
	return nil
}

// userDifference compares what can be written of a person; addresses are only
// said to have changed, for history outlives accounts.
func userDifference(before, after *User) history.Difference {
	difference := history.Difference{}
	compare := func(name string, old, new any, same bool) {
		if !same {
			difference[name] = [2]any{old, new}
		}
	}
	hide := func(name string, same bool) { compare(name, nil, nil, same) }
	hide("first_name", before.FirstName == after.FirstName)
	hide("last_name", before.LastName == after.LastName)
	hide("about", sameText(before.About, after.About))
	hide("website", sameText(before.Website, after.Website))
	hide("email", sameText(before.Email, after.Email))
	compare("language", before.Language, after.Language, sameText(before.Language, after.Language))
	compare("admin", before.Admin, after.Admin, before.Admin == after.Admin)
	compare("active", before.Active, after.Active, before.Active == after.Active)
	return difference
}
