package account

import (
	"context"
	"errors"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// AskReset sends a link that sets another password, valid for a day, where the
// address has an account. Nobody is told whether it has.
func (w *Writer) AskReset(ctx context.Context, email string, from From) error {
	return w.askByLetter(ctx, email, from, w.postReset)
}

func (w *Writer) postReset(ctx context.Context, tx *event.Tx, user *User) error {
	letter := letterTo(user, "account.reset")
	letter.Button = "/reset/" + w.link(linkReset, user, "", resetTime)
	return w.post(ctx, tx.Tx, letter)
}

// CheckReset tells whether a link of AskReset would still set a password: for
// the page that asks for it.
func (w *Writer) CheckReset(ctx context.Context, link string) error {
	claim, err := parseLink(link)
	if err != nil {
		return err
	}
	user, err := w.userByID(ctx, claim.user)
	if err != nil {
		return err
	}
	return w.checkLink(linkReset, claim, user)
}

// Reset sets the password of the person whom a link proves, once. All their
// sessions end; the address counts as confirmed, and a demanded change as done.
// ErrLinkInvalid; ErrLinkExpired, after which another one is on its way; Invalid
// with the rules that the password breaks.
func (w *Writer) Reset(ctx context.Context, link, password, confirmation string) error {
	if err := sameTwice(password, confirmation, "password_confirm"); err != nil {
		return err
	}
	if err := w.CheckReset(ctx, link); err != nil {
		if errors.Is(err, ErrLinkExpired) {
			return w.resetLate(ctx, link)
		}
		return err
	}
	encoded, err := w.hashes.hash(ctx, password)
	if err != nil {
		return err
	}
	claim, err := parseLink(link)
	if err != nil {
		return err
	}
	return w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		user, err := lockUser(ctx, tx, "id = ?", claim.user)
		if err != nil {
			return err
		}
		if err := w.checkLink(linkReset, claim, user); err != nil {
			return err
		}
		user.Password = &encoded
		if !user.PasswordRotationDemanded.IsZero() {
			user.PasswordRotationDemanded, user.PasswordRotationPerformed = db.Time{}, db.Now()
		}
		if user.ConfirmedAt.IsZero() {
			confirmUser(user)
		}
		_, err = w.savePassword(ctx, tx, asPerson(user), user, "", "account.reset_done")
		return err
	})
}

// resetLate sends another link in place of one that has expired.
func (w *Writer) resetLate(ctx context.Context, link string) error {
	claim, err := w.takeLink(ctx, link)
	if err != nil {
		return err
	}
	err = w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		user, err := lockUser(ctx, tx, "id = ?", claim.user)
		if err != nil {
			return err
		}
		if err := w.checkLink(linkReset, claim, user); !errors.Is(err, ErrLinkExpired) {
			return err
		}
		return w.postReset(ctx, tx, user)
	})
	if err == nil {
		err = ErrLinkExpired
	}
	return err
}

func sameTwice(given, again, name string) error {
	if given != again {
		return fault.At("Passwords do not match", name)
	}
	return nil
}

// savePassword writes a password down that user already holds: every session
// but the one kept ends, and the person is told.
func (w *Writer) savePassword(ctx context.Context, tx *event.Tx, v Viewer, user *User, kept, letter string) (plain string, err error) {
	if plain, err = w.restamp(ctx, tx, user, kept); err != nil {
		return "", err
	}
	// That it changed, never to what.
	if err := saveUser(ctx, tx, v, user, user.Active, "updated", history.Difference{"password": {nil, nil}}); err != nil {
		return "", err
	}
	if user.Email == nil {
		return plain, nil
	}
	return plain, w.post(ctx, tx.Tx, letterTo(user, letter))
}

// ChangePassword sets the viewer's password, who gives the present one; without
// one they must have proved who they are within a day. It returns the new text
// of the session; other sessions end. Invalid with the members that are wrong.
func (w *Writer) ChangePassword(ctx context.Context, v Viewer, present, password, confirmation string) (plain string, err error) {
	if err := MayChangeAccount(v); err != nil {
		return "", err
	}
	if err := sameTwice(password, confirmation, "new_password_confirm"); err != nil {
		return "", err
	}
	if err := newPasswordRules(password, present); err != nil {
		return "", err
	}
	if v.User.Password == nil {
		err = w.deps.Sessions.Fresh(ctx, v)
	} else {
		err = w.provePassword(ctx, v.User, present)
	}
	if err != nil {
		return "", err
	}
	encoded, err := w.hashes.hash(ctx, password)
	if err != nil {
		return "", err
	}
	before := v.User.Stamp
	err = w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		user, err := lockUser(ctx, tx, "id = ?", v.User.ID)
		if err != nil {
			return err
		}
		if user == nil || user.Stamp != before {
			return errSignIn
		}
		user.Password = &encoded
		plain, err = w.savePassword(ctx, tx, v, user, v.Session, "account.password_changed")
		return err
	})
	return plain, err
}

// newPasswordRules says what is wrong with a new password, under the name that
// forms give it.
func newPasswordRules(password, present string) error {
	if password == present {
		return fault.At("Your new password must be different than your previous password.", "new_password")
	}
	err := checkPassword(normalPassword(password))
	if err == nil {
		return nil
	}
	var all fieldErrors
	for _, field := range fault.Of(err).Fields {
		all.add(field.Text, "new_password")
	}
	return all.collect()
}

// DemandRotation shuts somebody out until they set another password by a link
// in a letter. Administrators may.
func (w *Writer) DemandRotation(ctx context.Context, v Viewer, id string) error {
	if !v.Admin() {
		return NotAdministrator(v, "Only administrators demand another password.")
	}
	return w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		user, err := lockUser(ctx, tx, "id = ?", id)
		if err != nil {
			return err
		}
		if err := stillThere(user); err != nil {
			return err
		}
		user.PasswordRotationDemanded = db.Now()
		if _, err := w.restamp(ctx, tx, user, ""); err != nil {
			return err
		}
		return saveUser(ctx, tx, v, user, user.Active, "updated", history.Difference{"password_rotation_demanded": {nil, user.PasswordRotationDemanded}})
	})
}

// ImportPassword gives somebody the hash that another system kept of their
// password: argon2id, bcrypt, or udata's. Administrators may.
func (w *Writer) ImportPassword(ctx context.Context, v Viewer, id, encoded string) error {
	if !v.Admin() {
		return NotAdministrator(v, "Only administrators import passwords.")
	}
	if _, err := parseHash(encoded); err != nil {
		return err
	}
	return w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		user, err := lockUser(ctx, tx, "id = ?", id)
		if err != nil {
			return err
		}
		if err := stillThere(user); err != nil {
			return err
		}
		user.Password = &encoded
		if _, err := w.restamp(ctx, tx, user, ""); err != nil {
			return err
		}
		return saveUser(ctx, tx, v, user, user.Active, "updated", history.Difference{"password": {nil, nil}})
	})
}
