package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
)

// Session is a browser in which a person is signed in. Only a keyed hash of
// what the browser holds is kept.
type Session struct {
	bun.BaseModel `bun:"table:sessions,alias:se"`

	ID     string `bun:"id,pk"`
	Hash   string `bun:"hash"`
	UserID string `bun:"user_id"`
	// Stamp is that of the person at the login: another one ends the session.
	Stamp     string  `bun:"stamp"`
	CreatedAt db.Time `bun:"created_at"`
	// SeenAt is the last use, to some minutes.
	SeenAt    db.Time `bun:"seen_at"`
	ExpiresAt db.Time `bun:"expires_at"`
	// VerifiedAt is when the person last proved who they are.
	VerifiedAt db.Time `bun:"verified_at"`
	// Lasting sessions outlive the browser's.
	Lasting bool `bun:"lasting"`
	// Agent and Address are the program and the network address at the login.
	Agent   string `bun:"agent"`
	Address string `bun:"address"`
	// Provider is the issuer that signed the person in, "" for a password;
	// ProviderToken is what it wants at the logout.
	Provider      string `bun:"provider"`
	ProviderToken string `bun:"provider_token"`
}

// SessionDetails are what is noted of a login.
type SessionDetails struct {
	Agent, Address          string
	Lasting                 bool
	Provider, ProviderToken string
}

// Sessions keeps who is signed in.
type Sessions struct {
	db     *db.DB
	secret []byte
	time   time.Duration

	mu   sync.Mutex
	seen map[string]db.Time
}

// The times of sessions.
const (
	// sessionTime is how long a session lasts unused when no rule says so.
	sessionTime = 14 * 24 * time.Hour
	// seenEvery is how often a use is written down at most.
	seenEvery = 5 * time.Minute
	// freshTime is how long a proof of who it is holds for what is sensitive.
	freshTime = 25 * time.Hour
)

// NewSessions returns the sessions of a database; secret is the key of their
// hashes, unused is how long a session lasts without being used (0: 14 days).
func NewSessions(d *db.DB, secret []byte, unused time.Duration) *Sessions {
	if unused <= 0 {
		unused = sessionTime
	}
	return &Sessions{db: d, secret: derivedKey(secret, "session"), time: unused, seen: make(map[string]db.Time)}
}

// derivedKey makes a key of its own for a purpose.
func derivedKey(secret []byte, purpose string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("grenier: " + purpose))
	return mac.Sum(nil)
}

// hash is what is kept of a session's text.
func (s *Sessions) hash(plain string) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(plain))
	return hex.EncodeToString(mac.Sum(nil))
}

// drawSession draws the text that a browser holds: 256 bits.
func drawSession() (string, error) {
	var raw [32]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(raw[:]), nil
}

// Start opens a session of a person who has just proved who they are, and
// returns what the browser holds. Whoever calls has checked that the person may
// enter: see Writer.Enter.
func (s *Sessions) Start(ctx context.Context, user *User, details SessionDetails) (plain string, session *Session, err error) {
	err = s.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		plain, session, err = s.start(ctx, tx, user, details)
		return err
	})
	return plain, session, err
}

// start is Start within a write.
func (s *Sessions) start(ctx context.Context, tx *db.Tx, user *User, details SessionDetails) (string, *Session, error) {
	plain, err := drawSession()
	if err != nil {
		return "", nil, err
	}
	now := db.Now()
	session := &Session{
		ID: db.NewID(), Hash: s.hash(plain), UserID: user.ID, Stamp: user.Stamp, CreatedAt: now, SeenAt: now,
		ExpiresAt: db.TimeOf(now.Add(s.time)), VerifiedAt: now, Lasting: details.Lasting, Agent: cutText(details.Agent, 255),
		Address: details.Address, Provider: details.Provider, ProviderToken: details.ProviderToken,
	}
	if _, err := tx.NewInsert().Model(session).Exec(ctx); err != nil {
		return "", nil, err
	}
	return plain, session, nil
}

// maxSessionText bounds what is looked up as a session, in bytes.
const maxSessionText = 128

// Viewer returns who comes with a session: Nobody when there is none such, when
// it has expired, or when the person may not enter any more.
func (s *Sessions) Viewer(ctx context.Context, plain string) (Viewer, error) {
	if plain == "" || len(plain) > maxSessionText {
		return Nobody, nil
	}
	var rows []struct {
		SessionID      string
		SessionSeen    db.Time
		SessionExpires db.Time
		SessionStamp   string
		person         `bun:",extend"`
	}
	err := db.ScanFixed(ctx, s.db.Read(), &rows, `SELECT se.id AS session_id, se.seen_at AS session_seen, se.expires_at AS session_expires,
		se.stamp AS session_stamp, `+personColumns+` FROM sessions se JOIN users u ON u.id = se.user_id WHERE se.hash = ?1`, s.hash(plain))
	if err != nil || len(rows) == 0 {
		return Nobody, err
	}
	row, now := &rows[0], time.Now()
	if !row.SessionExpires.After(now) || !mayEnter(&row.User) || row.Stamp != row.SessionStamp {
		return Nobody, nil
	}
	viewer, err := row.viewer(ctx, s.db.Read())
	if err != nil {
		return Nobody, err
	}
	viewer.Session = row.SessionID
	if now.Sub(row.SessionSeen.Time) >= seenEvery {
		s.note(row.SessionID, db.TimeOf(now))
	}
	return viewer, nil
}

// mayEnter tells whether an account is open to its person.
func mayEnter(user *User) bool {
	return user != nil && user.Active && user.DeletedAt.IsZero() && !user.ConfirmedAt.IsZero()
}

// note remembers a use until Flush: a row a call would make every read a write.
func (s *Sessions) note(id string, at db.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[id] = at
}

// Flush writes down the uses noted since the last call, from which sessions
// last anew.
func (s *Sessions) Flush(ctx context.Context) error {
	s.mu.Lock()
	seen := s.seen
	s.seen = make(map[string]db.Time)
	s.mu.Unlock()
	if len(seen) == 0 {
		return nil
	}
	return s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		for id, at := range seen {
			_, err := tx.NewRaw("UPDATE sessions SET seen_at = ?0, expires_at = ?1 WHERE id = ?2 AND seen_at < ?0", at, db.TimeOf(at.Add(s.time)), id).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Get returns the session that the viewer comes with, nil when they come by
// other means.
func (s *Sessions) Get(ctx context.Context, v Viewer) (*Session, error) {
	if v.Session == "" {
		return nil, nil
	}
	var sessions []Session
	err := s.db.Read().NewSelect().Model(&sessions).Where("id = ?", v.Session).Scan(ctx)
	if err != nil || len(sessions) == 0 {
		return nil, err
	}
	return &sessions[0], nil
}

// List returns the open sessions of the viewer, the last used first.
func (s *Sessions) List(ctx context.Context, v Viewer) ([]Session, error) {
	if err := MayChangeAccount(v); err != nil {
		return nil, err
	}
	var sessions []Session
	err := s.db.Read().NewSelect().Model(&sessions).Where("user_id = ?", v.User.ID).Where("stamp = ?", v.User.Stamp).
		Where("expires_at > ?", db.Now()).OrderExpr("seen_at DESC, id DESC").Limit(maxSessions).Scan(ctx)
	return sessions, err
}

// maxSessions bounds the sessions shown.
const maxSessions = 200

// Revoke ends one session of the viewer: not found for those of others.
func (s *Sessions) Revoke(ctx context.Context, v Viewer, id string) error {
	if err := MayChangeAccount(v); err != nil {
		return err
	}
	return s.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		result, err := tx.NewRaw("DELETE FROM sessions WHERE id = ? AND user_id = ?", id, v.User.ID).Exec(ctx)
		if err != nil {
			return err
		}
		ended, err := result.RowsAffected()
		switch {
		case err != nil:
			return err
		case ended == 0:
			return fault.New(fault.NotFound, "Session not found")
		}
		return event.Claim(ctx, tx, "session", id)
	})
}

// RevokeOthers ends the viewer's sessions but the one they come with, and tells
// how many.
func (s *Sessions) RevokeOthers(ctx context.Context, v Viewer) (int64, error) {
	if err := MayChangeAccount(v); err != nil {
		return 0, err
	}
	return s.end(ctx, "user_id = ? AND id <> ?", v.User.ID, v.Session)
}

// RevokeAll ends every session of the viewer, also the one they come with.
func (s *Sessions) RevokeAll(ctx context.Context, v Viewer) (int64, error) {
	if err := MayChangeAccount(v); err != nil {
		return 0, err
	}
	return s.end(ctx, "user_id = ?", v.User.ID)
}

// Logout ends the session that the viewer comes with, if any, and returns it as
// it was.
func (s *Sessions) Logout(ctx context.Context, v Viewer) (*Session, error) {
	session, err := s.Get(ctx, v)
	if err != nil || session == nil {
		return nil, err
	}
	_, err = s.end(ctx, "id = ?", session.ID)
	return session, err
}

func (s *Sessions) end(ctx context.Context, where string, args ...any) (ended int64, err error) {
	err = s.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		result, err := tx.NewRaw("DELETE FROM sessions WHERE "+where, args...).Exec(ctx)
		if err != nil {
			return err
		}
		ended, err = result.RowsAffected()
		return err
	})
	return ended, err
}

// Renew gives the viewer's session another text, since what it may has changed:
// one that somebody saw before is worth nothing afterwards. With proved the
// person has just shown who they are.
func (s *Sessions) Renew(ctx context.Context, v Viewer, proved bool) (plain string, err error) {
	err = s.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		plain, err = s.renew(ctx, tx, v.Session, "", proved)
		return err
	})
	return plain, err
}

// renew is Renew within a write; with a stamp the session lives on under it.
func (s *Sessions) renew(ctx context.Context, tx *db.Tx, id, stamp string, proved bool) (string, error) {
	plain, err := drawSession()
	if err != nil {
		return "", err
	}
	update := tx.NewUpdate().Table("sessions").Set("hash = ?", s.hash(plain)).Where("id = ?", id)
	if stamp != "" {
		update = update.Set("stamp = ?", stamp)
	}
	if proved {
		update = update.Set("verified_at = ?", db.Now())
	}
	result, err := update.Exec(ctx)
	if err != nil {
		return "", err
	}
	if changed, err := result.RowsAffected(); err != nil || changed == 0 {
		return "", errSignIn
	}
	return plain, nil
}

// ErrVerify answers what is sensitive when the person proved who they are too
// long ago; see Writer.Verify.
var ErrVerify = fault.New(fault.Forbidden, "Confirm that it is you first: give your password again.")

// errSignIn answers what only somebody signed in may.
var errSignIn = fault.New(fault.Unauthorized, "Log in first.")

// Fresh refuses with ErrVerify when the viewer's session saw no proof of who it
// is for 25 hours, and whoever comes without a session.
func (s *Sessions) Fresh(ctx context.Context, v Viewer) error {
	if err := inSession(v); err != nil {
		return err
	}
	session, err := s.Get(ctx, v)
	switch {
	case err != nil:
		return err
	case session == nil:
		return errSignIn
	case time.Since(session.VerifiedAt.Time) > freshTime:
		return ErrVerify
	}
	return nil
}

// inSession refuses whoever comes by other means than a session.
func inSession(v Viewer) error {
	switch {
	case v.User == nil:
		return errSignIn
	case v.Session == "":
		return fault.New(fault.Forbidden, "This is done in a session: log in with your password, an API key is not enough.")
	}
	return nil
}

// errKey answers a key that is for less than the account.
var errKey = fault.New(fault.Forbidden, "This API key may not change the account: use one that may do everything (scope admin), or log in.")

// errKeyAdmin answers a key of an administrator that is for less than administration.
var errKeyAdmin = fault.New(fault.Forbidden, "This API key may not administer the site: use one that may do everything (scope admin), or log in.")

// NotAdministrator is the answer to who does not administer the platform. An
// administrator whose key may not is told that it is the key; others read text.
func NotAdministrator(v Viewer, text string) error {
	if v.KeyAlone() {
		return errKeyAdmin
	}
	return fault.New(fault.Forbidden, text)
}

// MayChangeAccount refuses whoever does not act with all rights of a person.
func MayChangeAccount(v Viewer) error {
	switch {
	case v.User == nil:
		return errSignIn
	case !v.Whole():
		return errKey
	}
	return nil
}

// Form is a token that a page of a session sends with its changes, as clients
// written for the reference expect. It is worth nothing in another session.
func (s *Sessions) Form(v Viewer) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte("form " + v.Session))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// CheckForm tells whether a token is that of the viewer's session.
func (s *Sessions) CheckForm(v Viewer, token string) bool {
	return hmac.Equal([]byte(s.Form(v)), []byte(token))
}

// Prune removes the sessions that have expired.
func (s *Sessions) Prune(ctx context.Context) (removed int64, err error) {
	err = s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		result, err := tx.NewRaw("DELETE FROM sessions WHERE expires_at < ?", db.Now()).Exec(ctx)
		if err != nil {
			return err
		}
		removed, err = result.RowsAffected()
		return err
	})
	return removed, err
}

// cutText shortens a text to so many bytes of valid characters.
func cutText(text string, most int) string {
	if len(text) > most {
		text = text[:most]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
}
