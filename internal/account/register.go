package account

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/limit"
	"grenier/internal/text"
)

// Registration is what somebody makes their account from.
type Registration struct {
	Email, FirstName, LastName string
	Password, PasswordConfirm  string
	// Conditions tells that they were accepted.
	Conditions bool
	// Language is that of letters, "" for the site's.
	Language string
	From     From
}

// errRegistration answers where people do not make their accounts themselves.
var errRegistration = fault.New(fault.Forbidden, "Registration is closed on this site. Ask its administrators for an account.")

// RegistrationOpen tells whether people make their accounts themselves.
func (w *Writer) RegistrationOpen() bool {
	if w.deps.Registration != nil {
		return w.deps.Registration()
	}
	return w.deps.Rules.Registration
}

// Register makes an account that opens when its address is confirmed by the
// link in a letter, within two days. Whether the address has an account already
// is told to its owner alone, by another letter: the answer is the same. Invalid
// with every member that is wrong, TooMany after many attempts.
func (w *Writer) Register(ctx context.Context, given Registration) error {
	start := time.Now()
	if !w.RegistrationOpen() {
		return errRegistration
	}
	email, first, last, err := checkRegistration(given)
	if err != nil {
		return err
	}
	if err := w.deps.Rates.Take(ctx, limit.Register, limit.Network(given.From.Address)); err != nil {
		return err
	}
	password, err := w.hashes.hash(ctx, given.Password)
	if err != nil {
		return err
	}
	wish := &User{
		ID: db.NewID(), Version: 1, Email: &email, Password: &password, FirstName: first, LastName: last,
		NameFold: text.Fold(first + " " + last), Active: true, Stamp: rand.Text(),
	}
	if given.Language != "" {
		wish.Language = &given.Language
	}
	for range 2 { // the second time when another request made the account in between
		if err = w.register(ctx, wish); !db.IsUnique(err) && !errors.Is(err, emailTaken) {
			break
		}
	}
	evenly(ctx, start)
	return err
}

func checkRegistration(given Registration) (email, first, last string, err error) {
	email, first, last, err = checkNewUser(NewUser{Email: given.Email, FirstName: given.FirstName, LastName: given.LastName, Password: given.Password})
	var wrong fieldErrors
	if given.Password == "" {
		wrong.add("This field is required.", "password")
	}
	if given.PasswordConfirm != given.Password {
		wrong.add("Passwords do not match", "password_confirm")
	}
	if !given.Conditions {
		wrong.add("You must accept the conditions of use.", "accept_conditions")
	}
	return email, first, last, fault.Collect(err, wrong.collect())
}

// register writes an account down, or tells the owner of its address.
func (w *Writer) register(ctx context.Context, wish *User) error {
	return w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		owner, err := lockUser(ctx, tx, "email = ?", *wish.Email)
		switch {
		case err != nil:
			return err
		case owner == nil:
			return w.registerNew(ctx, tx, *wish)
		case owner.ConfirmedAt.IsZero() && owner.Active && owner.DeletedAt.IsZero():
			return w.registerAgain(ctx, tx, owner, wish)
		}
		letter := letterTo(owner, "account.known")
		letter.Button = "/login"
		return w.post(ctx, tx.Tx, letter)
	})
}

func (w *Writer) registerNew(ctx context.Context, tx *event.Tx, user User) error {
	user.CreatedAt = db.Now()
	user.ModifiedAt = user.CreatedAt
	if err := insertUser(ctx, tx, asPerson(&user), &user); err != nil {
		return err
	}
	return w.postConfirmation(ctx, tx, &user)
}

// registerAgain lets the last one who asks for an address that nobody has
// confirmed have it: the links of those before die.
func (w *Writer) registerAgain(ctx context.Context, tx *event.Tx, user, wish *User) error {
	user.Password, user.FirstName, user.LastName, user.NameFold = wish.Password, wish.FirstName, wish.LastName, wish.NameFold
	user.Language = wish.Language
	if _, err := w.restamp(ctx, tx, user, ""); err != nil {
		return err
	}
	difference := history.Difference{"first_name": {nil, nil}, "last_name": {nil, nil}, "password": {nil, nil}}
	if err := saveUser(ctx, tx, asPerson(user), user, true, "updated", difference); err != nil {
		return err
	}
	return w.postConfirmation(ctx, tx, user)
}

func (w *Writer) postConfirmation(ctx context.Context, tx *event.Tx, user *User) error {
	letter := letterTo(user, "account.confirm")
	letter.Button = "/confirm/" + w.link(linkConfirm, user, "", confirmTime)
	return w.post(ctx, tx.Tx, letter)
}

// AskConfirmation sends the link that confirms an address again, where there is
// an account that waits for it. Nobody is told whether there is.
func (w *Writer) AskConfirmation(ctx context.Context, email string, from From) error {
	return w.askByLetter(ctx, email, from, func(ctx context.Context, tx *event.Tx, user *User) error {
		if !user.ConfirmedAt.IsZero() {
			return nil
		}
		return w.postConfirmation(ctx, tx, user)
	})
}

// askByLetter writes to the open account of an address. It answers the same, in
// the same time, when there is none.
func (w *Writer) askByLetter(ctx context.Context, email string, from From, write func(context.Context, *event.Tx, *User) error) error {
	start := time.Now()
	email, wrong := normalEmail(email)
	if wrong != "" {
		return fault.At(wrong, "email")
	}
	if err := w.deps.Rates.Take(ctx, limit.ResetByNetwork, limit.Network(from.Address)); err != nil {
		return err
	}
	if err := w.deps.Rates.Take(ctx, limit.ResetByAddress, email); err != nil {
		return err
	}
	err := w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		user, err := lockUser(ctx, tx, "email = ?", email)
		if err != nil || user == nil || !user.Active || !user.DeletedAt.IsZero() {
			return err
		}
		return write(ctx, tx, user)
	})
	evenly(ctx, start)
	return err
}

// Confirm opens the account whose address a link proves. ErrLinkExpired when
// it came too late, after which another one is on its way; ErrLinkInvalid. A
// link that is followed twice changes nothing the second time.
func (w *Writer) Confirm(ctx context.Context, link string) error {
	claim, err := w.takeLink(ctx, link)
	if err != nil {
		return err
	}
	expired := false
	err = w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		user, err := lockUser(ctx, tx, "id = ?", claim.user)
		if err != nil {
			return err
		}
		err = w.checkLink(linkConfirm, claim, user)
		expired = errors.Is(err, ErrLinkExpired)
		switch {
		case err != nil && !expired:
			return err
		case !user.ConfirmedAt.IsZero():
			expired = false
			return nil
		case expired:
			return w.postConfirmation(ctx, tx, user)
		}
		confirmUser(user)
		return saveUser(ctx, tx, asPerson(user), user, true, "updated", history.Difference{"confirmed_at": {nil, user.ConfirmedAt}})
	})
	if err == nil && expired {
		return ErrLinkExpired
	}
	return err
}

// confirmUser notes that an address is its person's, who may now answer what
// waits for the address. The caller saves the person.
func confirmUser(user *User) { user.ConfirmedAt = db.Now() }
