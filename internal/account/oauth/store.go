package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/fault"
)

// The kinds of grants.
const (
	kindCode    = "code"
	kindProof   = "proof"
	kindAccess  = "access"
	kindRefresh = "refresh"
)

// grant is something given to a program: only the signature of it is kept, a
// keyed hash.
type grant struct {
	bun.BaseModel `bun:"table:oauth_grants,alias:og"`

	Kind      string `bun:"kind,pk"`
	Signature string `bun:"signature,pk"`
	// Request is what everything that follows from one consent shares.
	Request     string  `bun:"request"`
	ClientID    string  `bun:"client_id"`
	UserID      string  `bun:"user_id"`
	Scopes      db.JSON `bun:"scopes"`
	Form        string  `bun:"form"`
	Session     db.JSON `bun:"session"`
	RequestedAt db.Time `bun:"requested_at"`
	ExpiresAt   db.Time `bun:"expires_at"`
	LastUsedAt  db.Time `bun:"last_used_at"`
	Active      bool    `bun:"active"`
}

// unit is a write in whose course the library asks the store. The library turns
// errors into answers: those of the database are noted here, so that the write
// is taken back.
type unit struct {
	tx     *db.Tx
	broken error
}

type unitKey struct{}

type redirectKey struct{}

// withRedirect notes the address that a request names, for wildcards.
func withRedirect(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, redirectKey{}, address)
}

// write runs what the library does in one transaction.
func (s *Server) write(ctx context.Context, fn func(context.Context) error) error {
	return s.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		u := &unit{tx: tx}
		err := fn(context.WithValue(ctx, unitKey{}, u))
		if u.broken != nil {
			return u.broken
		}
		return err
	})
}

// broken notes an error of the database and hands it on.
func (s *Server) broken(ctx context.Context, err error) error {
	if u, ok := ctx.Value(unitKey{}).(*unit); ok && u.broken == nil && err != nil {
		u.broken = err
	}
	return err
}

// reader reads within the write, if there is one.
func (s *Server) reader(ctx context.Context) bun.IDB {
	if u, ok := ctx.Value(unitKey{}).(*unit); ok {
		return u.tx
	}
	return s.db.Read()
}

// store keeps what the library gives.
type store struct{ *Server }

var (
	_ oauth2.CoreStorage            = (*store)(nil)
	_ oauth2.TokenRevocationStorage = (*store)(nil)
	_ fosite.Storage                = (*store)(nil)
)

// GetClient returns a program that may ask.
func (s *store) GetClient(ctx context.Context, id string) (fosite.Client, error) {
	client, err := s.client(ctx, s.reader(ctx), id)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, fosite.ErrNotFound
	case err != nil:
		return nil, s.broken(ctx, err)
	}
	k := &known{Client: *client}
	asked, _ := ctx.Value(redirectKey{}).(string)
	for _, address := range client.redirects() {
		if s.options.Wildcards && strings.Contains(address, "*") && matchesWildcard(address, asked) {
			k.extra = append(k.extra, asked)
		}
	}
	return k, nil
}

// ClientAssertionJWTValid refuses: programs prove who they are by a secret.
func (*store) ClientAssertionJWTValid(context.Context, string) error { return fosite.ErrNotFound }

// SetClientAssertionJWT refuses: see ClientAssertionJWTValid.
func (*store) SetClientAssertionJWT(context.Context, string, time.Time) error {
	return fosite.ErrNotFound
}

// tokenTypes are the library's names for when a kind ends.
var tokenTypes = map[string]fosite.TokenType{
	kindCode: fosite.AuthorizeCode, kindProof: fosite.AuthorizeCode, kindAccess: fosite.AccessToken, kindRefresh: fosite.RefreshToken,
}

func (s *store) create(ctx context.Context, kind, signature string, r fosite.Requester) error {
	u, ok := ctx.Value(unitKey{}).(*unit)
	if !ok {
		return errors.New("oauth: given outside a write")
	}
	session, err := json.Marshal(r.GetSession())
	if err != nil {
		return s.broken(ctx, err)
	}
	granted := []string(r.GetGrantedScopes())
	scopes, err := json.Marshal(granted)
	if err != nil {
		return s.broken(ctx, err)
	}
	expires := r.GetSession().GetExpiresAt(tokenTypes[kind])
	if expires.IsZero() {
		expires = time.Now().Add(CodeTime)
	}
	row := &grant{
		Kind: kind, Signature: signature, Request: r.GetID(), ClientID: r.GetClient().GetID(), UserID: r.GetSession().GetSubject(),
		Scopes: scopes, Form: r.GetRequestForm().Encode(), Session: session, RequestedAt: db.TimeOf(r.GetRequestedAt()),
		ExpiresAt: db.TimeOf(expires), Active: true,
	}
	_, err = u.tx.NewInsert().Model(row).Exec(ctx)
	return s.broken(ctx, err)
}

// get reads what was given; ended is the library's error for what works no
// longer, which comes with the request.
func (s *store) get(ctx context.Context, kind, signature string, session fosite.Session, ended error) (fosite.Requester, error) {
	var rows []grant
	query := s.reader(ctx).NewSelect().Model(&rows).Where("kind = ?", kind).Where("signature = ?", signature)
	if u, ok := ctx.Value(unitKey{}).(*unit); ok && u.tx.Postgres() {
		query = query.For("UPDATE") // of two that come at once, the second sees what the first did
	}
	if err := query.Scan(ctx); err != nil {
		return nil, s.broken(ctx, err)
	}
	if len(rows) == 0 || signature == "" {
		return nil, fosite.ErrNotFound
	}
	row := rows[0]
	client, err := s.GetClient(ctx, row.ClientID)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(row.Form)
	if err != nil {
		return nil, s.broken(ctx, fmt.Errorf("oauth: the form of a grant is damaged: %w", err))
	}
	if session == nil {
		session = &fosite.DefaultSession{}
	}
	if err := json.Unmarshal(row.Session, session); err != nil {
		return nil, s.broken(ctx, fmt.Errorf("oauth: the session of a grant is damaged: %w", err))
	}
	var scopes []string
	if err := json.Unmarshal(row.Scopes, &scopes); err != nil {
		return nil, s.broken(ctx, fmt.Errorf("oauth: the scopes of a grant are damaged: %w", err))
	}
	r := &fosite.Request{
		ID: row.Request, RequestedAt: row.RequestedAt.UTC(), Client: client, RequestedScope: scopes, GrantedScope: scopes, Form: form, Session: session,
	}
	if !row.Active {
		return r, ended
	}
	return r, nil
}

func (s *store) end(ctx context.Context, kind, where, value string) error {
	u, ok := ctx.Value(unitKey{}).(*unit)
	if !ok {
		return errors.New("oauth: ended outside a write")
	}
	_, err := u.tx.NewUpdate().Model((*grant)(nil)).Set("active = ?", false).Where("kind = ?", kind).Where("? = ?", bun.Ident(where), value).Exec(ctx)
	return s.broken(ctx, err)
}

func (s *store) CreateAuthorizeCodeSession(ctx context.Context, signature string, r fosite.Requester) error {
	return s.create(ctx, kindCode, signature, r)
}

func (s *store) GetAuthorizeCodeSession(ctx context.Context, signature string, session fosite.Session) (fosite.Requester, error) {
	return s.get(ctx, kindCode, signature, session, fosite.ErrInvalidatedAuthorizeCode)
}

func (s *store) InvalidateAuthorizeCodeSession(ctx context.Context, signature string) error {
	return s.end(ctx, kindCode, "signature", signature)
}

func (s *store) CreatePKCERequestSession(ctx context.Context, signature string, r fosite.Requester) error {
	return s.create(ctx, kindProof, signature, r)
}

func (s *store) GetPKCERequestSession(ctx context.Context, signature string, _ fosite.Session) (fosite.Requester, error) {
	return s.get(ctx, kindProof, signature, nil, fosite.ErrNotFound)
}

// DeletePKCERequestSession keeps the proof as long as its code, which works once
// alone: a wrong proof followed by none must not pass.
func (s *store) DeletePKCERequestSession(context.Context, string) error { return nil }

func (s *store) CreateAccessTokenSession(ctx context.Context, signature string, r fosite.Requester) error {
	return s.create(ctx, kindAccess, signature, r)
}

func (s *store) GetAccessTokenSession(ctx context.Context, signature string, session fosite.Session) (fosite.Requester, error) {
	return s.get(ctx, kindAccess, signature, session, fosite.ErrInactiveToken)
}

func (s *store) DeleteAccessTokenSession(ctx context.Context, signature string) error {
	return s.end(ctx, kindAccess, "signature", signature)
}

func (s *store) CreateRefreshTokenSession(ctx context.Context, signature, _ string, r fosite.Requester) error {
	return s.create(ctx, kindRefresh, signature, r)
}

func (s *store) GetRefreshTokenSession(ctx context.Context, signature string, session fosite.Session) (fosite.Requester, error) {
	return s.get(ctx, kindRefresh, signature, session, fosite.ErrInactiveToken)
}

func (s *store) DeleteRefreshTokenSession(ctx context.Context, signature string) error {
	return s.end(ctx, kindRefresh, "signature", signature)
}

// RotateRefreshToken ends a refresh token that was used, with the access token
// that came with it.
func (s *store) RotateRefreshToken(ctx context.Context, request, signature string) error {
	if err := s.end(ctx, kindRefresh, "signature", signature); err != nil {
		return err
	}
	return s.RevokeAccessToken(ctx, request)
}

func (s *store) RevokeRefreshToken(ctx context.Context, request string) error {
	return s.end(ctx, kindRefresh, "request", request)
}

func (s *store) RevokeAccessToken(ctx context.Context, request string) error {
	return s.end(ctx, kindAccess, "request", request)
}
