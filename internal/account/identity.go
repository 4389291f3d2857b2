package account

import (
	"context"
	"strings"

	"github.com/uptrace/bun"
	"golang.org/x/text/unicode/norm"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/text"
)

// MayEnter tells whether an account is open to its person: active, confirmed
// and not closed.
func MayEnter(user *User) bool { return mayEnter(user) }

// Identity is who somebody is at a provider, which has proved it.
type Identity struct {
	// Issuer and Subject name the person there, for ever.
	Issuer, Subject string
	Email           string
	// Proven tells that the provider has checked that the address is theirs.
	Proven              bool
	FirstName, LastName string
}

// identity links an account to who its person is at a provider.
type identity struct {
	bun.BaseModel `bun:"table:identities,alias:i"`

	Issuer    string  `bun:"issuer,pk"`
	Subject   string  `bun:"subject,pk"`
	UserID    string  `bun:"user_id"`
	CreatedAt db.Time `bun:"created_at"`
}

// ErrUnproven answers somebody whom no account is linked to, and whose address
// the provider does not vouch for.
var ErrUnproven = fault.New(fault.Invalid, "The service that you log in with does not say that your address is yours. Confirm it there, or log in here with a password.")

// Identify returns the account of somebody whom a provider knows: the one linked
// to them before, else the one that has their proven address, which is linked
// now, else a new one, confirmed, unless unwelcome says why none is made. Whoever
// calls lets them in: see Enter.
func (w *Writer) Identify(ctx context.Context, who Identity, unwelcome error) (user *User, err error) {
	if who.Issuer == "" || who.Subject == "" {
		return nil, fault.New(fault.BadGateway, "The service that you log in with does not say who you are.")
	}
	err = w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		user, err = lockUser(ctx, tx, "id IN (SELECT user_id FROM identities WHERE issuer = ? AND subject = ?)", who.Issuer, who.Subject)
		if err != nil || user != nil {
			return err
		}
		email, wrong := normalEmail(who.Email)
		if wrong != "" || !who.Proven {
			return ErrUnproven
		}
		if user, err = lockUser(ctx, tx, "email = ?", email); err != nil {
			return err
		}
		switch {
		case user == nil && unwelcome != nil:
			return unwelcome
		case user == nil:
			user, err = newIdentified(ctx, tx, who, email)
		case !user.Active || !user.DeletedAt.IsZero():
			return ErrClosed
		case user.ConfirmedAt.IsZero():
			err = w.takeOver(ctx, tx, user, who)
		}
		if err != nil {
			return err
		}
		_, err = tx.NewInsert().Model(&identity{Issuer: who.Issuer, Subject: who.Subject, UserID: user.ID, CreatedAt: db.Now()}).Exec(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return user, nil
}

// names are those of a person, or what stands for them.
func (who Identity) names(email string) (first, last string) {
	first, last = norm.NFC.String(strings.TrimSpace(who.FirstName)), norm.NFC.String(strings.TrimSpace(who.LastName))
	local, _, _ := strings.Cut(email, "@")
	if wrongPersonName(first) != "" {
		first = strings.Join(strings.FieldsFunc(local, func(r rune) bool { return r == '.' || r == '_' || r == '+' }), " ")
	}
	if wrongPersonName(last) != "" {
		last = "-"
	}
	return first, last
}

// newIdentified makes the account of somebody who has none.
func newIdentified(ctx context.Context, tx *event.Tx, who Identity, email string) (*User, error) {
	first, last := who.names(email)
	now := db.Now()
	user := &User{
		ID: db.NewID(), Version: 1, Email: &email, FirstName: first, LastName: last, NameFold: text.Fold(first + " " + last),
		Active: true, CreatedAt: now, ModifiedAt: now, ConfirmedAt: now,
	}
	return user, insertUser(ctx, tx, asPerson(user), user)
}

// takeOver gives an account that nobody has confirmed to whom the provider says
// the address belongs to. What whoever made it set is worth nothing: they may
// not have been the same.
func (w *Writer) takeOver(ctx context.Context, tx *event.Tx, user *User, who Identity) error {
	user.FirstName, user.LastName = who.names(*user.Email)
	user.NameFold = text.Fold(user.FullName())
	user.Password, user.SecondFactor, user.ConfirmedAt = nil, nil, db.Now()
	if _, err := w.restamp(ctx, tx, user, ""); err != nil {
		return err
	}
	return saveUser(ctx, tx, asPerson(user), user, true, "updated", history.Difference{"confirmed": {false, true}, "password": {nil, nil}})
}
