package account

import (
	"context"
	"strings"

	"grenier/internal/db"
	"grenier/internal/fault"
)

// Find returns a token by its identifier, by the beginning of its text that
// lists show, or by its whole text, as one found in a public place.
// Administrators may.
func (s *Tokens) Find(ctx context.Context, v Viewer, given string) (*Token, error) {
	if !v.Admin() {
		return nil, NotAdministrator(v, "Only administrators look up tokens.")
	}
	given = strings.TrimSpace(given)
	shown := given[:min(len(given), len(TokenPrefix)+8)]
	var tokens []Token
	err := s.db.Read().NewSelect().Model(&tokens).Where("id = ?", given).WhereOr("hash = ?", s.hash(given)).
		WhereOr("prefix = ? AND ?", shown, shown == given).Limit(2).Scan(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(tokens) == 0:
		return nil, fault.New(fault.NotFound, "Token not found: give its identifier, which `grenier token list` shows.")
	case len(tokens) > 1:
		return nil, fault.New(fault.Conflict, "Several tokens begin like this: give the identifier, which `grenier token list` shows.")
	}
	return &tokens[0], nil
}

// All returns the tokens of everybody that are not revoked, newest first, at
// most limit. Administrators may.
func (s *Tokens) All(ctx context.Context, v Viewer, limit int) ([]Token, error) {
	if !v.Admin() {
		return nil, NotAdministrator(v, "Only administrators list the tokens of others.")
	}
	var tokens []Token
	err := s.db.Read().NewSelect().Model(&tokens).Where("revoked_at IS NULL").
		OrderExpr("created_at DESC, id DESC").Limit(int64(limit)).Scan(ctx)
	return tokens, err
}

// Expired tells whether a token no longer works at a moment.
func (t *Token) Expired(now db.Time) bool {
	return !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(now.Time)
}
