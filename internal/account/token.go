package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
)

// TokenPrefix begins every token made here, so that one found in a file is
// known for what it is.
const TokenPrefix = "udata_"

// Token lets a program act as a person. Only a keyed hash of it is kept.
type Token struct {
	bun.BaseModel `bun:"table:tokens,alias:t"`

	ID         string  `bun:"id,pk"`
	UserID     string  `bun:"user_id"`
	Hash       string  `bun:"hash"`
	Prefix     string  `bun:"prefix"`
	Name       *string `bun:"name"`
	Scopes     db.JSON `bun:"scopes"`
	CreatedAt  db.Time `bun:"created_at"`
	LastUsedAt db.Time `bun:"last_used_at"`
	RevokedAt  db.Time `bun:"revoked_at"`
	ExpiresAt  db.Time `bun:"expires_at"`
}

// Tokens makes and checks tokens.
type Tokens struct {
	db     *db.DB
	secret []byte

	mu   sync.Mutex
	used map[string]use
}

// use is what is noted of a token's use until it is written down.
type use struct {
	at     db.Time
	agents map[string]bool
}

// NewTokens returns the tokens of a database; secret is the key of their
// hashes.
func NewTokens(d *db.DB, secret []byte) *Tokens {
	return &Tokens{db: d, secret: secret, used: make(map[string]use)}
}

func (s *Tokens) hash(plain string) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(plain))
	return hex.EncodeToString(mac.Sum(nil))
}

// Create makes a token for a person and returns it with its plain text, which
// is shown once and kept nowhere.
func (s *Tokens) Create(ctx context.Context, userID, name string, scopes []string, expires db.Time) (*Token, string, error) {
	var raw [48]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return nil, "", err
	}
	plain := TokenPrefix + base64.RawURLEncoding.EncodeToString(raw[:])
	if len(scopes) == 0 {
		scopes = []string{"admin"}
	}
	encoded, err := db.JSONOf(scopes)
	if err != nil {
		return nil, "", err
	}
	token := &Token{
		ID: db.NewID(), UserID: userID, Hash: s.hash(plain), Prefix: plain[:len(TokenPrefix)+8],
		Scopes: encoded, CreatedAt: db.Now(), ExpiresAt: expires,
	}
	if name != "" {
		token.Name = &name
	}
	err = s.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		if err := event.Claim(ctx, tx, "token", token.ID); err != nil {
			return err
		}
		_, err := tx.NewInsert().Model(token).Exec(ctx)
		return err
	})
	return token, plain, err
}

// List returns the tokens of a person that are not revoked, newest first.
func (s *Tokens) List(ctx context.Context, userID string) ([]Token, error) {
	var tokens []Token
	err := s.db.Read().NewSelect().Model(&tokens).Where("user_id = ?", userID).Where("revoked_at IS NULL").
		OrderExpr("created_at DESC, id DESC").Scan(ctx)
	return tokens, err
}

// Revoke ends a token of a person.
func (s *Tokens) Revoke(ctx context.Context, userID, id string) error {
	return s.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		var tokens []Token
		if err := tx.NewSelect().Model(&tokens).Where("id = ? AND user_id = ?", id, userID).Scan(ctx); err != nil {
			return err
		}
		switch {
		case len(tokens) == 0:
			return fault.New(fault.NotFound, "Token not found")
		case !tokens[0].RevokedAt.IsZero():
			return fault.New(fault.Gone, "Token already revoked")
		}
		if err := event.Claim(ctx, tx, "token", id); err != nil {
			return err
		}
		_, err := tx.NewRaw("UPDATE tokens SET revoked_at = ? WHERE id = ?", db.Now(), id).Exec(ctx)
		return err
	})
}

// maxAgents bounds the distinct programs noted for one token.
const maxAgents = 20

// Viewer returns who comes with a token: unauthorised with the reason when the
// token is unknown, revoked or expired, or its person inactive.
func (s *Tokens) Viewer(ctx context.Context, plain, agent string) (Viewer, error) {
	var rows []struct {
		TokenID      string
		TokenScopes  db.JSON
		TokenRevoked db.Time
		TokenExpires db.Time
		person       `bun:",extend"`
	}
	err := db.ScanFixed(ctx, s.db.Read(), &rows, `SELECT t.id AS token_id, t.scopes AS token_scopes, t.revoked_at AS token_revoked,
		t.expires_at AS token_expires, `+personColumns+` FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.hash = ?1`, s.hash(plain))
	if err != nil {
		return Nobody, err
	}
	refused := func(text string) (Viewer, error) { return Nobody, fault.New(fault.Unauthorized, text) }
	if len(rows) == 0 {
		return refused("Invalid API token")
	}
	row := &rows[0]
	switch {
	case !row.TokenRevoked.IsZero():
		return refused("Revoked API token")
	case !row.TokenExpires.IsZero() && row.TokenExpires.Before(time.Now()):
		return refused("Expired API token")
	case !row.Active || !row.DeletedAt.IsZero():
		return refused("Inactive user")
	}
	viewer, err := row.viewer(ctx, s.db.Read())
	if err != nil {
		return Nobody, err
	}
	token := Token{ID: row.TokenID, Scopes: row.TokenScopes}
	viewer.Token = token.ID
	if viewer.Scopes, err = token.ScopesOf(); err != nil {
		return Nobody, err
	}
	s.note(token.ID, agent)
	return viewer, nil
}

// note remembers a use in memory: a row a call would make every read a write.
func (s *Tokens) note(id, agent string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	noted := s.used[id]
	noted.at = db.Now()
	if agent = cutText(agent, 255); agent != "" && len(noted.agents) < maxAgents {
		if noted.agents == nil {
			noted.agents = make(map[string]bool)
		}
		noted.agents[agent] = true
	}
	s.used[id] = noted
}

// Flush writes down the uses noted since the last call.
func (s *Tokens) Flush(ctx context.Context) error {
	s.mu.Lock()
	noted := s.used
	s.used = make(map[string]use)
	s.mu.Unlock()
	if len(noted) == 0 {
		return nil
	}
	return s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		for id, use := range noted {
			if _, err := tx.NewRaw("UPDATE tokens SET last_used_at = ? WHERE id = ?", use.at, id).Exec(ctx); err != nil {
				return err
			}
			for agent := range use.agents {
				_, err := tx.NewRaw(`INSERT INTO token_agents (token_id, agent)
					SELECT ?0, ?1 WHERE (SELECT count(*) FROM token_agents WHERE token_id = ?0) < ?2
					AND EXISTS (SELECT 1 FROM tokens WHERE id = ?0) ON CONFLICT DO NOTHING`, id, agent, maxAgents).Exec(ctx)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Agents returns the programs seen with tokens, by token.
func (s *Tokens) Agents(ctx context.Context, tokens []Token) (map[string][]string, error) {
	agents := make(map[string][]string)
	if len(tokens) == 0 {
		return agents, nil
	}
	ids := make([]string, len(tokens))
	for i, token := range tokens {
		ids[i] = token.ID
	}
	var rows []struct{ TokenID, Agent string }
	err := s.db.Read().NewRaw("SELECT token_id, agent FROM token_agents WHERE token_id IN (?) ORDER BY agent", bun.List(ids)).Scan(ctx, &rows)
	for _, row := range rows {
		agents[row.TokenID] = append(agents[row.TokenID], row.Agent)
	}
	return agents, err
}
