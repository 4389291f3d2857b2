package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/limit"
)

// A link in a letter proves that whoever follows it reads the letters of an
// address. It is kept nowhere: it names the person, when it ends, and holds a
// signature over these and over the state of the account that it changes, so
// that it dies with its first use and with any other change of that state.

// linkPurpose is what a link is for.
type linkPurpose string

const (
	linkConfirm linkPurpose = "confirm"
	linkReset   linkPurpose = "reset"
	linkAddress linkPurpose = "address"
)

// How long links hold.
const (
	confirmTime = 48 * time.Hour
	resetTime   = 24 * time.Hour
)

// The refusals of links.
var (
	ErrLinkInvalid = fault.New(fault.Invalid, "This link is not valid, or was used before. Ask for another one.")
	ErrLinkExpired = fault.New(fault.Invalid, "This link has expired. Another one was sent to you.")
)

// linkState is what of an account a link depends on.
func linkState(purpose linkPurpose, user *User) string {
	state := user.ID + "\x00" + user.Stamp
	if user.Email != nil {
		state += "\x00" + *user.Email
	}
	if purpose != linkAddress && user.Password != nil {
		state += "\x00" + *user.Password
	}
	return state
}

// link makes the text of a link; extra is what else it says.
func (w *Writer) link(purpose linkPurpose, user *User, extra string, valid time.Duration) string {
	payload := user.ID + "." + strconv.FormatInt(time.Now().Add(valid).Unix(), 36) + "." + base64.RawURLEncoding.EncodeToString([]byte(extra))
	return payload + "." + w.linkSignature(purpose, payload, user)
}

func (w *Writer) linkSignature(purpose linkPurpose, payload string, user *User) string {
	mac := hmac.New(sha256.New, derivedKey(w.deps.Secret, "link "+string(purpose)))
	mac.Write([]byte(payload + "\x00" + linkState(purpose, user)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// linkClaim is a link taken apart, of which nothing is proved yet.
type linkClaim struct {
	user, extra        string
	until              time.Time
	payload, signature string
}

// maxLink bounds the text of a link, in bytes.
const maxLink = 1024

func parseLink(text string) (linkClaim, error) {
	parts := strings.Split(text, ".")
	if len(text) > maxLink || len(parts) != 4 || !db.IsID(parts[0]) {
		return linkClaim{}, ErrLinkInvalid
	}
	until, errUntil := strconv.ParseInt(parts[1], 36, 64)
	extra, errExtra := base64.RawURLEncoding.DecodeString(parts[2])
	if errUntil != nil || errExtra != nil {
		return linkClaim{}, ErrLinkInvalid
	}
	return linkClaim{
		user: parts[0], extra: string(extra), until: time.Unix(until, 0),
		payload: strings.Join(parts[:3], "."), signature: parts[3],
	}, nil
}

// takeLink takes a link apart. One that comes too late is replaced by a letter,
// of which only some are sent.
func (w *Writer) takeLink(ctx context.Context, text string) (linkClaim, error) {
	claim, err := parseLink(text)
	if err == nil && time.Now().After(claim.until) {
		err = w.deps.Rates.Take(ctx, limit.ResetByAddress, claim.user)
	}
	return claim, err
}

// checkLink tells whether a link is of this purpose and of the person as they
// are: ErrLinkInvalid, or ErrLinkExpired for one that would be valid.
func (w *Writer) checkLink(purpose linkPurpose, claim linkClaim, user *User) error {
	if user == nil || !user.DeletedAt.IsZero() || !user.Active || user.Email == nil {
		return ErrLinkInvalid
	}
	if !hmac.Equal([]byte(claim.signature), []byte(w.linkSignature(purpose, claim.payload, user))) {
		return ErrLinkInvalid
	}
	if time.Now().After(claim.until) {
		return ErrLinkExpired
	}
	return nil
}
