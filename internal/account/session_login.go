package account

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/limit"
)

// From is where an attempt comes from.
type From struct {
	Address netip.Addr
	Agent   string
}

// Credentials are what somebody logs in with.
type Credentials struct {
	Email, Password string
	// Lasting asks for a session that outlives the browser's.
	Lasting bool
	From    From
	// Replaces is the session that the browser came with, which ends.
	Replaces string
}

// What is still needed before a session opens.
const (
	// NeedCode is a code of the second factor, or a recovery code.
	NeedCode = "code"
	// NeedFactor is to set a second factor up, as this site demands.
	NeedFactor = "factor"
)

// Entry is the outcome of a login: a session, or what is still needed for one.
type Entry struct {
	User *User
	// Session is open and Plain what the browser shall hold, when Need is "".
	Session *Session
	Plain   string
	// Need is "", NeedCode or NeedFactor; State is then what the browser gives
	// back with the next step, within ten minutes.
	Need, State string
	// Codes are the recovery codes drawn on the way, shown this once.
	Codes []string
}

// The refusals of a login.
var (
	ErrLogin       = fault.New(fault.Invalid, "Invalid email address or password.")
	ErrUnconfirmed = fault.New(fault.Invalid, "This address is not confirmed yet: follow the link in the letter that was sent to it, or ask for another one.")
	ErrClosed      = fault.New(fault.Invalid, "This account is disabled. Ask the administrators of this site.")
	ErrRotation    = fault.New(fault.Invalid, "Password must be changed for security reasons")
)

// evenTime is the least that a refusal takes which could tell whether an
// address has an account.
const evenTime = 250 * time.Millisecond

// evenly waits until so long after the start that it cannot be told what was
// found.
func evenly(ctx context.Context, start time.Time) {
	wait := time.NewTimer(time.Until(start.Add(evenTime)))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}

// Login lets a person in who gives their address and password: Invalid with
// ErrLogin when they are wrong, whichever of both, and after a right password
// with ErrUnconfirmed, ErrClosed or ErrRotation; TooMany after many attempts.
func (w *Writer) Login(ctx context.Context, given Credentials) (*Entry, error) {
	start := time.Now()
	email := strings.ToLower(strings.TrimSpace(given.Email))
	network := limit.Network(given.From.Address)
	if err := w.deps.Rates.Take(ctx, limit.LoginByNetwork, network); err != nil {
		return nil, err
	}
	if err := w.deps.Rates.Take(ctx, limit.LoginByAccount, email); err != nil {
		return nil, err
	}
	user, err := w.checkLogin(ctx, email, given.Password)
	if err != nil {
		if fault.Is(err, fault.Invalid) {
			evenly(ctx, start)
		}
		return nil, err
	}
	if err := w.deps.Rates.GiveBack(ctx, limit.LoginByNetwork, network); err != nil {
		return nil, err
	}
	if err := w.deps.Rates.GiveBack(ctx, limit.LoginByAccount, email); err != nil {
		return nil, err
	}
	return w.Enter(ctx, user, given.details(), given.Replaces)
}

func (c Credentials) details() SessionDetails {
	return SessionDetails{Agent: c.From.Agent, Address: c.From.text(), Lasting: c.Lasting}
}

// text is the address as sessions keep it.
func (f From) text() string {
	if !f.Address.IsValid() {
		return ""
	}
	return f.Address.String()
}

// checkLogin finds the account of an address whose password is right and which
// is open.
func (w *Writer) checkLogin(ctx context.Context, email, password string) (*User, error) {
	user, err := w.userByEmail(ctx, email)
	if err != nil {
		return nil, err
	}
	ok, err := w.checkPasswordOf(ctx, user, password)
	switch {
	case err != nil:
		return nil, err
	case !ok || !user.DeletedAt.IsZero():
		return nil, ErrLogin
	}
	return user, mayLogin(user)
}

// mayLogin says why a person whose password is right may not enter.
func mayLogin(user *User) error {
	switch {
	case !user.DeletedAt.IsZero(), !user.Active:
		return ErrClosed
	case user.ConfirmedAt.IsZero():
		return ErrUnconfirmed
	case !user.PasswordRotationDemanded.IsZero():
		return ErrRotation
	}
	return nil
}

// checkPasswordOf tells whether a password is that of a person, nil for nobody,
// and makes its hash anew when it is of an older form.
func (w *Writer) checkPasswordOf(ctx context.Context, user *User, password string) (bool, error) {
	var kept *string
	if user != nil {
		kept = user.Password
	}
	ok, weak, err := w.hashes.verify(ctx, kept, password)
	if err != nil || !ok || !weak {
		return ok, err
	}
	encoded, err := w.hashes.rehash(ctx, password)
	if err != nil {
		return false, err
	}
	// Not a change of the person's: no version, and only over the same hash.
	err = w.log.DB().Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("UPDATE users SET password = ? WHERE id = ? AND password = ?", encoded, user.ID, *kept).Exec(ctx)
		return err
	})
	user.Password = &encoded
	return true, err
}

// Enter lets a person in who has proved who they are by a password or by
// another provider: it opens a session, or says what is still needed. replaced
// is the session that the browser came with, "" for none. The refusals are
// those of Login.
func (w *Writer) Enter(ctx context.Context, user *User, details SessionDetails, replaced string) (*Entry, error) {
	if err := mayLogin(user); err != nil {
		return nil, err
	}
	need := ""
	switch {
	case user.SecondFactor != nil:
		need = NeedCode
	case w.demandsFactor(user):
		need = NeedFactor
	default:
		return w.openSession(ctx, user, details, replaced, nil)
	}
	state, err := w.seal(stepPurpose, step{
		User: user.ID, Stamp: user.Stamp, Need: need, Details: details, Replaces: replaced, Until: time.Now().Add(stepTime).Unix(),
	})
	return &Entry{User: user, Need: need, State: state}, err
}

// demandsFactor tells whether this site wants a second factor of a person.
func (w *Writer) demandsFactor(user *User) bool {
	switch w.deps.Rules.SecondFactor {
	case "everybody":
		return true
	case "admins":
		return user.Admin
	}
	return false
}

// step is a login on its way: the password was right.
type step struct {
	User     string         `json:"u"`
	Stamp    string         `json:"s"`
	Need     string         `json:"n"`
	Details  SessionDetails `json:"d"`
	Replaces string         `json:"r,omitempty"`
	Until    int64          `json:"e"`
	// Secret is that of a second factor being set up.
	Secret string `json:"k,omitempty"`
}

const (
	stepPurpose = "login"
	stepTime    = 10 * time.Minute
)

// openStep reads the state of a login and its person.
func (w *Writer) openStep(ctx context.Context, state, need string) (*step, *User, error) {
	var s step
	if err := w.open(stepPurpose, state, &s); err != nil {
		return nil, nil, err
	}
	if s.Need != need || time.Now().Unix() > s.Until {
		return nil, nil, errSealed
	}
	user, err := w.userByID(ctx, s.User)
	if err != nil {
		return nil, nil, err
	}
	if user == nil || user.Stamp != s.Stamp {
		return nil, nil, errSealed
	}
	return &s, user, mayLogin(user)
}

// StepOf tells what the state of a login still needs, and of whom: for the page
// that asks for it.
func (w *Writer) StepOf(ctx context.Context, state string) (need string, user *User, err error) {
	var s step
	if err := w.open(stepPurpose, state, &s); err != nil {
		return "", nil, err
	}
	_, user, err = w.openStep(ctx, state, s.Need)
	return s.Need, user, err
}

// openSession opens a session and notes the login. before runs in the same
// write, nil for nothing.
func (w *Writer) openSession(ctx context.Context, user *User, details SessionDetails, replaced string,
	before func(context.Context, *event.Tx) error) (*Entry, error) {
	entry := &Entry{User: user}
	err := w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		if before != nil {
			if err := before(ctx, tx); err != nil {
				return err
			}
		}
		result, err := tx.NewRaw(`UPDATE users SET last_login_at = ?, logins = logins + 1, inactivity_told_at = NULL
			WHERE id = ? AND stamp = ? AND active = TRUE AND deleted_at IS NULL`, db.Now(), user.ID, user.Stamp).Exec(ctx)
		if err != nil {
			return err
		}
		if entered, err := result.RowsAffected(); err != nil || entered == 0 {
			return errSealed
		}
		if _, err := tx.NewRaw("DELETE FROM sessions WHERE id = ?", replaced).Exec(ctx); err != nil {
			return err
		}
		entry.Plain, entry.Session, err = w.deps.Sessions.start(ctx, tx.Tx, user, details)
		return err
	})
	if err != nil {
		return nil, err
	}
	return entry, nil
}

// Verify takes a proof of who the viewer is, their password or a code of their
// second factor, so that they may do what is sensitive for a day. It returns
// the new text of the session.
func (w *Writer) Verify(ctx context.Context, v Viewer, password, code string) (plain string, err error) {
	if v.User == nil || v.Session == "" {
		return "", errSignIn
	}
	if code != "" && v.User.SecondFactor != nil {
		err = w.useCode(ctx, v.User, code)
	} else {
		err = w.provePassword(ctx, v.User, password)
	}
	if err != nil {
		return "", err
	}
	return w.deps.Sessions.Renew(ctx, v, true)
}

// errPassword answers a wrong password of somebody signed in.
var errPassword = fault.At("Invalid password", "password")

// provePassword refuses a wrong password of a person, and many of them.
func (w *Writer) provePassword(ctx context.Context, user *User, password string) error {
	subject := user.ID
	if err := w.deps.Rates.Take(ctx, limit.LoginByAccount, subject); err != nil {
		return err
	}
	ok, err := w.checkPasswordOf(ctx, user, password)
	switch {
	case err != nil:
		return err
	case !ok:
		return errPassword
	}
	return w.deps.Rates.GiveBack(ctx, limit.LoginByAccount, subject)
}
