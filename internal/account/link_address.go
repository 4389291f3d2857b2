package account

import (
	"context"
	"errors"
	"time"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/limit"
)

// ErrAddressTaken answers a confirmed change to an address that another account
// has got meanwhile.
var ErrAddressTaken = fault.New(fault.Conflict, "This email address is already used by another account.")

// AskAddress begins to give the viewer's account another address, typed twice:
// it changes when the link in a letter to it is followed, within two days. The
// viewer must have proved who they are within a day. Whether the address has an
// account already is told to its owner alone.
func (w *Writer) AskAddress(ctx context.Context, v Viewer, address, again string) error {
	start := time.Now()
	if err := w.deps.Sessions.Fresh(ctx, v); err != nil {
		return err
	}
	email, wrong := normalEmail(address)
	if wrong != "" {
		return fault.At(wrong, "new_email")
	}
	if second, _ := normalEmail(again); second != email {
		return fault.At("Email does not match", "new_email_confirm")
	}
	if v.User.Email != nil && email == *v.User.Email {
		return fault.At("Your new address must be different than your previous one.", "new_email")
	}
	for _, subject := range []string{v.User.ID, email} {
		if err := w.deps.Rates.Take(ctx, limit.ResetByAddress, subject); err != nil {
			return err
		}
	}
	err := w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		user, err := lockUser(ctx, tx, "id = ?", v.User.ID)
		if err != nil {
			return err
		}
		if err := stillThere(user); err != nil {
			return err
		}
		owner, err := lockUser(ctx, tx, "email = ?", email)
		if err != nil {
			return err
		}
		// In both cases: whether this letter comes must not tell whose the address is.
		if user.Email != nil {
			if err := w.post(ctx, tx.Tx, letterTo(user, "account.address_asked", "address", email)); err != nil {
				return err
			}
		}
		if owner != nil {
			letter := letterTo(owner, "account.known")
			letter.Button = "/login"
			return w.post(ctx, tx.Tx, letter)
		}
		return w.postAddress(ctx, tx, user, email)
	})
	evenly(ctx, start)
	return err
}

func (w *Writer) postAddress(ctx context.Context, tx *event.Tx, user *User, email string) error {
	letter := letterTo(user, "account.address")
	letter.To = email
	letter.Button = "/confirm-change-email/" + w.link(linkAddress, user, email, confirmTime)
	return w.post(ctx, tx.Tx, letter)
}

// ConfirmAddress gives an account the address that a link of AskAddress proves.
// ErrLinkInvalid; ErrLinkExpired, after which another one is on its way;
// ErrAddressTaken.
func (w *Writer) ConfirmAddress(ctx context.Context, link string) error {
	claim, err := w.takeLink(ctx, link)
	if err != nil {
		return err
	}
	late := false
	err = w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		user, err := lockUser(ctx, tx, "id = ?", claim.user)
		if err != nil {
			return err
		}
		err = w.checkLink(linkAddress, claim, user)
		if late = errors.Is(err, ErrLinkExpired); late {
			return w.postAddress(ctx, tx, user, claim.extra)
		}
		if err != nil {
			return err
		}
		return w.moveAddress(ctx, tx, user, claim.extra)
	})
	switch {
	case db.IsUnique(err):
		return ErrAddressTaken
	case err == nil && late:
		return ErrLinkExpired
	}
	return err
}

func (w *Writer) moveAddress(ctx context.Context, tx *event.Tx, user *User, email string) error {
	taken, err := tx.NewSelect().Model((*User)(nil)).Where("email = ?", email).Exists(ctx)
	if err != nil {
		return err
	}
	if taken {
		return ErrAddressTaken
	}
	former := letterTo(user, "account.address_changed", "address", email)
	user.Email = &email
	confirmUser(user)
	// That it changed: addresses are kept in one place alone.
	if err := saveUser(ctx, tx, asPerson(user), user, user.Active, "updated", history.Difference{"email": {nil, nil}}); err != nil {
		return err
	}
	if former.To == "" {
		return nil
	}
	return w.post(ctx, tx.Tx, former)
}
