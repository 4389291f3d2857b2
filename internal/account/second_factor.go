package account

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"image/png"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/limit"
)

// The second factor: codes of six digits by time (RFC 6238), of steps of thirty
// seconds. The one before and the one after pass, each once.
const (
	factorStep     = 30 * time.Second
	factorSlack    = 1
	recoveryCount  = 10
	recoveryDigits = 10
	qrSize         = 220
)

// FactorSetup is what a person needs to set a second factor up.
type FactorSetup struct {
	// Secret is what an application takes by hand, URI what it takes by a
	// picture, which Picture is, as an address data:image/png.
	Secret, URI, Picture string
	// Issuer and Account name it in the application.
	Issuer, Account string
	// State is given back with the first code, within ten minutes.
	State string
}

// factorSetup draws a secret for a person and shows it.
func (w *Writer) factorSetup(user *User, issuer string) (*FactorSetup, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: strings.ReplaceAll(issuer, ":", " "), AccountName: *user.Email})
	if err != nil {
		return nil, err
	}
	picture, err := key.Image(qrSize, qrSize)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return nil, err
	}
	return &FactorSetup{
		Secret: key.Secret(), URI: key.URL(), Issuer: key.Issuer(), Account: key.AccountName(),
		Picture: "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()),
	}, nil
}

// StartFactor begins to set a second factor up for the viewer, who proved who
// they are within a day; issuer is the name of the site. Nothing changes until
// ConfirmFactor.
func (w *Writer) StartFactor(ctx context.Context, v Viewer, issuer string) (*FactorSetup, error) {
	if err := w.deps.Sessions.Fresh(ctx, v); err != nil {
		return nil, err
	}
	setup, err := w.factorSetup(v.User, issuer)
	if err != nil {
		return nil, err
	}
	setup.State, err = w.seal(factorPurpose, step{User: v.User.ID, Stamp: v.User.Stamp, Secret: setup.Secret, Until: time.Now().Add(stepTime).Unix()})
	return setup, err
}

const factorPurpose = "second factor"

// ConfirmFactor sets the second factor up that StartFactor began, with the
// first code of the application. It returns the recovery codes, shown this
// once, and the new text of the session; other sessions end.
func (w *Writer) ConfirmFactor(ctx context.Context, v Viewer, state, code string) (codes []string, plain string, err error) {
	if err := w.deps.Sessions.Fresh(ctx, v); err != nil {
		return nil, "", err
	}
	var s step
	if err := w.open(factorPurpose, state, &s); err != nil {
		return nil, "", err
	}
	if s.User != v.User.ID || s.Stamp != v.User.Stamp || time.Now().Unix() > s.Until {
		return nil, "", errSealed
	}
	passed, err := w.firstCode(ctx, v.User, s.Secret, code)
	if err != nil {
		return nil, "", err
	}
	err = w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		codes, plain, err = w.keepFactor(ctx, tx, v, s.Stamp, s.Secret, passed, v.Session)
		return err
	})
	return codes, plain, err
}

// firstCode checks the code with which a set-up ends and returns its step.
func (w *Writer) firstCode(ctx context.Context, user *User, secret, code string) (int64, error) {
	if err := w.deps.Rates.Take(ctx, limit.SecondFactor, user.ID); err != nil {
		return 0, err
	}
	passed, ok := stepOf(secret, code, time.Now())
	if !ok {
		return 0, errCode
	}
	return passed, w.deps.Rates.GiveBack(ctx, limit.SecondFactor, user.ID)
}

// keepFactor writes a second factor down with fresh recovery codes. The session
// kept lives on, all others end.
func (w *Writer) keepFactor(ctx context.Context, tx *event.Tx, v Viewer, stamp, secret string, passed int64, kept string) (codes []string, plain string, err error) {
	sealed, err := w.seal("totp", secret)
	if err != nil {
		return nil, "", err
	}
	user, err := lockUser(ctx, tx, "id = ?", v.User.ID)
	if err != nil {
		return nil, "", err
	}
	if user == nil || user.Stamp != stamp {
		return nil, "", errSealed
	}
	if plain, err = w.restamp(ctx, tx, user, kept); err != nil {
		return nil, "", err
	}
	user.SecondFactor, user.SecondFactorAt, user.SecondFactorStep = &sealed, db.Now(), passed
	if codes, err = w.drawCodes(ctx, tx, user.ID); err != nil {
		return nil, "", err
	}
	if err := saveUser(ctx, tx, v, user, user.Active, "updated", history.Difference{"second_factor": {nil, nil}}); err != nil {
		return nil, "", err
	}
	*v.User = *user
	return codes, plain, w.post(ctx, tx.Tx, letterTo(user, "account.factor_set"))
}

// errCode answers a code that is wrong or was used before.
var errCode = fault.At("Invalid code", "code")

// stepOf finds the step of time that a code is of.
func stepOf(secret, code string, now time.Time) (passed int64, ok bool) {
	code = plainCode(code)
	present := now.Unix() / int64(factorStep/time.Second)
	for at := present - factorSlack; at <= present+factorSlack; at++ {
		expected, err := hotp.GenerateCodeCustom(secret, uint64(at), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && hmac.Equal([]byte(expected), []byte(code)) {
			passed, ok = at, true
		}
	}
	return passed, ok
}

// useCode takes a code of a person's second factor, once.
func (w *Writer) useCode(ctx context.Context, user *User, code string) error {
	return w.tryCode(ctx, user, func() error { return w.codeUsed(ctx, user, code) })
}

// tryCode bounds the tries of codes.
func (w *Writer) tryCode(ctx context.Context, user *User, use func() error) error {
	if err := w.deps.Rates.Take(ctx, limit.SecondFactor, user.ID); err != nil {
		return err
	}
	if err := use(); err != nil {
		return err
	}
	return w.deps.Rates.GiveBack(ctx, limit.SecondFactor, user.ID)
}

func (w *Writer) codeUsed(ctx context.Context, user *User, code string) error {
	if user.SecondFactor == nil {
		return errCode
	}
	var secret string
	if err := w.open("totp", *user.SecondFactor, &secret); err != nil {
		return fault.Wrap(err, fault.Internal, "The second factor of this account cannot be read. Ask the administrators of this site.")
	}
	passed, ok := stepOf(secret, code, time.Now())
	if !ok {
		return errCode
	}
	return w.once(ctx, "UPDATE users SET totp_step = ?0 WHERE id = ?1 AND totp_step < ?0", passed, user.ID)
}

// once runs an update that changes a row the first time alone.
func (w *Writer) once(ctx context.Context, query string, args ...any) error {
	return w.log.DB().Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		result, err := tx.NewRaw(query, args...).Exec(ctx)
		if err != nil {
			return err
		}
		changed, err := result.RowsAffected()
		if err == nil && changed == 0 {
			err = errCode
		}
		return err
	})
}

// plainCode is a code without what people set between its characters.
func plainCode(code string) string { return strings.NewReplacer(" ", "", "-", "").Replace(code) }

// useRecovery takes a recovery code of a person, once.
func (w *Writer) useRecovery(ctx context.Context, user *User, code string) error {
	return w.tryCode(ctx, user, func() error {
		return w.once(ctx, "UPDATE recovery_codes SET used_at = ? WHERE user_id = ? AND hash = ? AND used_at IS NULL",
			db.Now(), user.ID, w.codeHash(user.ID, code))
	})
}

// codeHash is what is kept of a recovery code.
func (w *Writer) codeHash(user, code string) string {
	code = strings.ToUpper(plainCode(code))
	mac := hmac.New(sha256.New, derivedKey(w.deps.Secret, "recovery codes"))
	mac.Write([]byte(user + " " + code))
	return hex.EncodeToString(mac.Sum(nil))
}

// drawCodes gives a person ten recovery codes in place of those they had.
func (w *Writer) drawCodes(ctx context.Context, tx *event.Tx, user string) ([]string, error) {
	if _, err := tx.NewRaw("DELETE FROM recovery_codes WHERE user_id = ?", user).Exec(ctx); err != nil {
		return nil, err
	}
	codes := make([]string, recoveryCount)
	for i := range codes {
		drawn := rand.Text()[:recoveryDigits]
		codes[i] = drawn[:recoveryDigits/2] + "-" + drawn[recoveryDigits/2:]
		if _, err := tx.NewRaw("INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)", user, w.codeHash(user, codes[i])).Exec(ctx); err != nil {
			return nil, err
		}
	}
	slices.Sort(codes)
	return codes, nil
}

// RecoveryCodes gives the viewer new recovery codes, shown this once: the
// former ones are worth nothing any more.
func (w *Writer) RecoveryCodes(ctx context.Context, v Viewer) (codes []string, err error) {
	if err := w.deps.Sessions.Fresh(ctx, v); err != nil {
		return nil, err
	}
	if v.User.SecondFactor == nil {
		return nil, errNoFactor
	}
	err = w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		codes, err = w.drawCodes(ctx, tx, v.User.ID)
		return err
	})
	return codes, err
}

var errNoFactor = fault.New(fault.Conflict, "This account has no second factor.")

// FactorState is what a person sees of their second factor.
type FactorState struct {
	// Set is when it was set up, zero without one.
	Set db.Time
	// Codes is how many recovery codes are left.
	Codes int
	// Demanded tells that this site wants one of the person.
	Demanded bool
}

// Factor tells the viewer about their second factor.
func (w *Writer) Factor(ctx context.Context, v Viewer) (FactorState, error) {
	if v.User == nil {
		return FactorState{}, errSignIn
	}
	state := FactorState{Set: v.User.SecondFactorAt, Demanded: w.demandsFactor(v.User)}
	err := w.log.DB().Read().NewRaw("SELECT count(*) FROM recovery_codes WHERE user_id = ? AND used_at IS NULL", v.User.ID).Scan(ctx, &state.Codes)
	return state, err
}

// RemoveFactor ends the viewer's second factor, who gives their password or, as
// code, one of the application or a recovery code: that the session is open is
// not enough. It returns the new text of the session; other sessions end.
func (w *Writer) RemoveFactor(ctx context.Context, v Viewer, password, code string) (plain string, err error) {
	if err := inSession(v); err != nil {
		return "", err
	}
	switch {
	case w.demandsFactor(v.User):
		return "", fault.New(fault.Conflict, "This site asks for a second factor: set another one up instead of removing it.")
	case v.User.SecondFactor == nil:
		return "", errNoFactor
	case password == "" && code == "":
		return "", fault.At("Give your password, or a code of your second factor.", "password")
	case password != "":
		err = w.provePassword(ctx, v.User, password)
	case len(plainCode(code)) == recoveryDigits:
		err = w.useRecovery(ctx, v.User, code)
	default:
		err = w.useCode(ctx, v.User, code)
	}
	if err != nil {
		return "", err
	}
	return w.removeFactor(ctx, v, v.User.ID, v.Session)
}

// UnsetFactor ends the second factor of somebody who has lost it. All their
// sessions end. Administrators may.
func (w *Writer) UnsetFactor(ctx context.Context, v Viewer, id string) error {
	if !v.Admin() {
		return NotAdministrator(v, "Only administrators unset the second factor of others.")
	}
	_, err := w.removeFactor(ctx, v, id, "")
	return err
}

func (w *Writer) removeFactor(ctx context.Context, v Viewer, id, kept string) (plain string, err error) {
	err = w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		user, err := lockUser(ctx, tx, "id = ?", id)
		if err != nil {
			return err
		}
		if err := stillThere(user); err != nil {
			return err
		}
		if user.SecondFactor == nil {
			return errNoFactor
		}
		if plain, err = w.restamp(ctx, tx, user, kept); err != nil {
			return err
		}
		user.SecondFactor, user.SecondFactorAt, user.SecondFactorStep = nil, db.Time{}, 0
		if _, err := tx.NewRaw("DELETE FROM recovery_codes WHERE user_id = ?", id).Exec(ctx); err != nil {
			return err
		}
		if err := saveUser(ctx, tx, v, user, user.Active, "updated", history.Difference{"second_factor": {nil, nil}}); err != nil {
			return err
		}
		if user.Email == nil {
			return nil
		}
		return w.post(ctx, tx.Tx, letterTo(user, "account.factor_removed"))
	})
	return plain, err
}
