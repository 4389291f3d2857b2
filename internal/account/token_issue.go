package account

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"grenier/internal/db"
	"grenier/internal/fault"
)

// NewToken is what a person asks of a token.
type NewToken struct {
	Name string
	// Scopes narrow what it may, all rights of the person when empty: see
	// CheckScopes.
	Scopes []string
	// ExpiresAt is a moment of ISO 8601, in UTC when it names no zone; "" for
	// a token that lasts.
	ExpiresAt string
}

// Reader tells who may read what subjects above this one hold; the catalogue is
// one.
type Reader interface {
	// Readable refuses an object that the viewer may not read.
	Readable(ctx context.Context, v Viewer, kind, id string) error
}

// maxTokens bounds the tokens of a person that work.
const maxTokens = 100

// Issue makes a token for the viewer, who acts with all rights of a person, and
// returns it with its plain text, which is shown once and kept nowhere. Scopes
// that name an object must name one that the person sees.
func (s *Tokens) Issue(ctx context.Context, v Viewer, given NewToken, seen Reader) (*Token, string, error) {
	if err := MayChangeAccount(v); err != nil {
		return nil, "", err
	}
	expires, err := tokenExpiry(given.ExpiresAt, time.Now())
	if err != nil {
		return nil, "", err
	}
	name := strings.TrimSpace(given.Name)
	var wrong fieldErrors
	wrong.add(wrongText(name, false, maxName), "name")
	if err := wrong.collect(); err != nil {
		return nil, "", err
	}
	if err := CheckScopes(given.Scopes); err != nil {
		return nil, "", err
	}
	if err := s.checkReach(ctx, v, given.Scopes, seen); err != nil {
		return nil, "", err
	}
	count, err := s.db.Read().NewSelect().Model((*Token)(nil)).Where("user_id = ?", v.UserID()).Where("revoked_at IS NULL").
		Where("expires_at IS NULL OR expires_at > ?", db.Now()).Count(ctx)
	switch {
	case err != nil:
		return nil, "", err
	case count >= maxTokens:
		return nil, "", fault.Newf(fault.Invalid, "You have %d tokens already: revoke those that are not used first.", count)
	}
	scopes := slices.Clone(given.Scopes)
	slices.Sort(scopes)
	return s.Create(ctx, v.UserID(), name, slices.Compact(scopes), expires)
}

// tokenExpiry reads until when a token is asked for.
func tokenExpiry(given string, now time.Time) (db.Time, error) {
	if given == "" {
		return db.Time{}, nil
	}
	at, ok := isoMoment(given)
	switch {
	case !ok:
		return db.Time{}, fault.New(fault.Invalid, "Invalid expires_at format")
	case !at.After(now):
		return db.Time{}, fault.New(fault.Invalid, "expires_at must be in the future")
	}
	return db.TimeOf(at), nil
}

// isoLayouts are the forms of a moment: the extended ones of ISO 8601.
var isoLayouts = []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05.999999999"}

// isoMoment reads a moment strictly; without a zone it is in UTC.
func isoMoment(given string) (time.Time, bool) {
	if len(given) > 40 || !utf8.ValidString(given) {
		return time.Time{}, false
	}
	if len(given) > 10 && given[10] == ' ' {
		given = given[:10] + "T" + given[11:]
	}
	for _, layout := range isoLayouts {
		for _, zone := range []string{"", "Z07:00"} {
			if zone != "" && layout == isoLayouts[0] {
				continue
			}
			if at, err := time.Parse(layout+zone, given); err == nil {
				return at.UTC(), true
			}
		}
	}
	return time.Time{}, false
}

// checkReach refuses scopes that name what the person does not see: whether it
// is there or hidden is not told.
func (s *Tokens) checkReach(ctx context.Context, v Viewer, scopes []string, seen Reader) error {
	for i, scope := range scopes {
		if id, ok := strings.CutPrefix(scope, ScopeOrganization); ok {
			there, err := s.db.Read().NewSelect().Table("organizations").Where("id = ?", id).Where("deleted_at IS NULL").Exists(ctx)
			if err != nil {
				return err
			}
			if !there {
				return fault.At("There is no such organization.", "scopes", i)
			}
		}
		id, ok := strings.CutPrefix(scope, ScopeDataset)
		if !ok {
			continue
		}
		err := seen.Readable(ctx, v, "dataset", id)
		switch {
		case fault.Is(err, fault.NotFound), fault.Is(err, fault.Gone), fault.Is(err, fault.Forbidden):
			return fault.At("There is no such dataset.", "scopes", i)
		case err != nil:
			return err
		}
	}
	return nil
}

// Withdraw ends a token of the viewer, who acts with all rights of a person:
// not found for those of others, gone when it was done before.
func (s *Tokens) Withdraw(ctx context.Context, v Viewer, id string) error {
	if err := MayChangeAccount(v); err != nil {
		return err
	}
	return s.Revoke(ctx, v.UserID(), id)
}

// ScopesOf are those of a token, which its viewer carries.
func (t *Token) ScopesOf() ([]string, error) {
	var scopes []string
	if len(t.Scopes) == 0 {
		return nil, nil
	}
	return scopes, json.Unmarshal(t.Scopes, &scopes)
}
