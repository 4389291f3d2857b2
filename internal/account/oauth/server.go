// Package oauth lets people have programs act for them, without giving these
// their password: the authorization server of OAuth 2.0 (RFC 6749) with proof
// keys (RFC 7636), revocation (RFC 7009) and metadata (RFC 8414). The protocol
// is that of a library; what is kept, who may and for how long is decided here.
package oauth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/handler/pkce"
	enigma "github.com/ory/fosite/token/hmac"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
)

// How long what is given works.
const (
	CodeTime   = 100 * time.Second
	AccessTime = 30 * 24 * time.Hour
	// RefreshTime is counted from the same moment: a refresh token works for
	// as long again as its access token.
	RefreshTime = 2 * AccessTime
)

// Options are the settings of the server.
type Options struct {
	// Wildcards lets the addresses of clients hold asterisks.
	Wildcards bool
}

// Server answers programs that want to act for people.
type Server struct {
	db       *db.DB
	log      *event.Log
	key      []byte
	options  Options
	provider *fosite.Fosite
	strategy *strategy

	mu   sync.Mutex
	used map[string]db.Time
}

// New returns the server of a database; secret is the key of what it gives.
func New(d *db.DB, log *event.Log, secret []byte, o Options) *Server {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("grenier: oauth2"))
	s := &Server{db: d, log: log, key: mac.Sum(nil), options: o, used: make(map[string]db.Time)}
	config := &fosite.Config{
		AccessTokenLifespan: AccessTime, RefreshTokenLifespan: RefreshTime, AuthorizeCodeLifespan: CodeTime,
		GlobalSecret: s.key, TokenEntropy: 32, EnforcePKCEForPublicClients: true,
		RefreshTokenScopes:  []string{}, // refresh tokens are always given
		MinParameterEntropy: 1,          // a state is the client's own affair: proof keys bind codes
		ScopeStrategy:       fosite.ExactScopeStrategy, ClientSecretsHasher: secrets{s.key},
	}
	s.strategy = &strategy{oauth2.NewHMACSHAStrategyUnPrefixed(&enigma.HMACStrategy{Config: config}, config)}
	rows := &store{s}
	code := &oauth2.AuthorizeExplicitGrantHandler{
		AccessTokenStrategy: s.strategy, RefreshTokenStrategy: s.strategy, AuthorizeCodeStrategy: s.strategy,
		CoreStorage: rows, TokenRevocationStorage: rows, Config: config,
	}
	proof := &pkce.Handler{AuthorizeCodeStrategy: s.strategy, Storage: rows, Config: config}
	config.AuthorizeEndpointHandlers = fosite.AuthorizeEndpointHandlers{code, proof}
	config.TokenEndpointHandlers = fosite.TokenEndpointHandlers{
		code, proof,
		&oauth2.RefreshTokenGrantHandler{
			AccessTokenStrategy: s.strategy, RefreshTokenStrategy: s.strategy, TokenRevocationStorage: rows, Config: config,
		},
		&oauth2.ClientCredentialsGrantHandler{
			HandleHelper: &oauth2.HandleHelper{AccessTokenStrategy: s.strategy, AccessTokenStorage: rows, Config: config}, Config: config,
		},
	}
	config.RevocationHandlers = fosite.RevocationHandlers{
		&oauth2.TokenRevocationHandler{TokenRevocationStorage: rows, RefreshTokenStrategy: s.strategy, AccessTokenStrategy: s.strategy},
	}
	s.provider = &fosite.Fosite{Store: rows, Config: config}
	return s
}

// secrets compares the secrets of clients with what is kept of them.
type secrets struct{ key []byte }

// Hash is what is kept of a secret. Secrets are drawn, with 256 bits: a slow
// hash would protect nothing more.
func (s secrets) Hash(_ context.Context, secret []byte) ([]byte, error) {
	mac := hmac.New(sha256.New, s.key)
	mac.Write(secret)
	return []byte(hex.EncodeToString(mac.Sum(nil))), nil
}

// Compare refuses a secret that is another.
func (s secrets) Compare(ctx context.Context, kept, secret []byte) error {
	given, err := s.Hash(ctx, secret)
	if err == nil && !hmac.Equal(kept, given) {
		err = errors.New("oauth: wrong secret")
	}
	return err
}

// Refusal is what a program did wrong on the way of a browser.
type Refusal struct {
	// Code and Text are those of RFC 6749, section 4.1.2.1.
	Code, Text string
	// Location leads back to the program, "" when nothing shows that the
	// address is its: then the person is told, and stays here.
	Location string
}

func (r *Refusal) Error() string { return r.Code + ": " + r.Text }

// Request is a program that asks a person to let it act.
type Request struct {
	Client Client
	// Scopes are what it wants; Target is where the browser goes on to.
	Scopes []string
	Target string
	asked  fosite.AuthorizeRequester
}

// noState stands for the state of a request that has none, which the library
// asks for and RFC 6749 does not.
const noState = "none given"

// Read reads the request of a browser that a program sent here. A *Refusal says
// what is wrong with it.
func (s *Server) Read(ctx context.Context, r *http.Request) (*Request, error) {
	if err := r.ParseForm(); err != nil {
		return nil, &Refusal{Code: "invalid_request", Text: "The request cannot be read."}
	}
	if r.Form.Get("state") == "" {
		r.Form.Set("state", noState)
	}
	ctx = withRedirect(ctx, r.Form.Get("redirect_uri"))
	if id := r.Form.Get("client_id"); id != "" {
		if _, err := s.client(ctx, s.db.Read(), id); err != nil {
			if fault.Is(err, fault.NotFound) {
				return nil, &Refusal{Code: "invalid_client", Text: "No program is known here by this client_id."}
			}
			return nil, err
		}
	}
	asked, err := s.provider.NewAuthorizeRequest(ctx, r)
	if err != nil {
		return nil, s.refuse(ctx, asked, err)
	}
	row := asked.GetClient().(*known).Client
	scopes, err := scopesAsked(row, asked.GetRequestedScopes())
	if err != nil {
		return nil, s.refuse(ctx, asked, fosite.ErrInvalidScope)
	}
	asked.SetRequestedScopes(scopes)
	return &Request{Client: row, Scopes: scopes, Target: asked.GetRedirectURI().String(), asked: asked}, nil
}

// scopesAsked are the scopes of a request: those of the client when it names
// none, since a request without scopes asks for something.
func scopesAsked(c Client, asked []string) ([]string, error) {
	allowed := c.scopes()
	if len(asked) > 0 {
		return slices.Clone(asked), nil
	}
	if slices.Contains(allowed, account.ScopeDefault) {
		return []string{account.ScopeDefault}, nil
	}
	if len(allowed) == 0 {
		return nil, errors.New("oauth: the client may ask for nothing")
	}
	return allowed, nil
}

// refuse says what is wrong with a request, and whether its program may be told.
func (s *Server) refuse(ctx context.Context, asked fosite.AuthorizeRequester, cause error) error {
	told := fosite.ErrorToRFC6749Error(cause)
	if told.CodeField >= http.StatusInternalServerError {
		return cause
	}
	r := &Refusal{Code: told.ErrorField, Text: told.GetDescription()}
	if asked == nil || !asked.IsRedirectURIValid() {
		if asked != nil && asked.GetRequestForm().Get("redirect_uri") != "" {
			r.Text = "Redirect URI " + asked.GetRequestForm().Get("redirect_uri") + " is not supported by client."
		}
		return r
	}
	query := url.Values{"error": {r.Code}, "error_description": {r.Text}, "state": {asked.GetState()}}
	r.Location = locationOf(*asked.GetRedirectURI(), query)
	return r
}

// Decline tells the program that the person does not want; the result is where
// the browser goes on to.
func (s *Server) Decline(ctx context.Context, r *Request) string {
	var refusal *Refusal
	if errors.As(s.refuse(ctx, r.asked, fosite.ErrAccessDenied.WithHint("The person declined.")), &refusal) {
		return refusal.Location
	}
	return ""
}

// Grant lets the program act for the viewer, who came by a session; the result
// is where the browser goes on to.
func (s *Server) Grant(ctx context.Context, v account.Viewer, r *Request) (location string, err error) {
	if v.User == nil || v.Session == "" {
		return "", fault.New(fault.Unauthorized, "Log in first.")
	}
	err = s.write(ctx, func(ctx context.Context) error {
		session := &fosite.DefaultSession{Subject: v.User.ID, Username: v.User.ID}
		for _, scope := range r.Scopes {
			r.asked.GrantScope(scope)
		}
		answer, err := s.provider.NewAuthorizeResponse(ctx, r.asked, session)
		if err != nil {
			return s.refuse(ctx, r.asked, err)
		}
		location = locationOf(*r.asked.GetRedirectURI(), answer.GetParameters())
		return nil
	})
	return location, err
}

// locationOf adds parameters to an address.
func locationOf(target url.URL, parameters url.Values) string {
	query := target.Query()
	for name, values := range parameters {
		if name != "state" || values[0] != noState {
			query[name] = values
		}
	}
	target.RawQuery = query.Encode()
	return target.String()
}

// Answer is what the token endpoint says.
type Answer func(w http.ResponseWriter)

// Token answers a program that exchanges a code, renews a token or comes with
// its own name (RFC 6749, sections 4.1.3, 6 and 4.4). What the request revokes
// stays revoked though it is refused.
func (s *Server) Token(ctx context.Context, r *http.Request) (Answer, error) {
	var answer Answer
	err := s.write(ctx, func(ctx context.Context) error {
		asked, err := s.exchange(ctx, r)
		var given fosite.AccessResponder
		if err == nil {
			given, err = s.provider.NewAccessResponse(ctx, asked)
		}
		if err != nil {
			answer = func(w http.ResponseWriter) {
				if fosite.ErrorToRFC6749Error(err).CodeField == http.StatusUnauthorized {
					w.Header().Set("WWW-Authenticate", `Basic realm="uData"`)
				}
				s.provider.WriteAccessError(ctx, w, asked, err)
			}
			return nil
		}
		given.SetTokenType("Bearer")
		answer = func(w http.ResponseWriter) { s.provider.WriteAccessResponse(ctx, w, asked, given) }
		return nil
	})
	return answer, err
}

// exchange reads the request of a program and checks the rules that are ours.
func (s *Server) exchange(ctx context.Context, r *http.Request) (fosite.AccessRequester, error) {
	asked, err := s.provider.NewAccessRequest(ctx, r, &fosite.DefaultSession{})
	if err != nil {
		return asked, err
	}
	client := asked.GetClient().(*known)
	session := asked.GetSession().(*fosite.DefaultSession)
	if asked.GetGrantTypes().ExactOne(string(fosite.GrantTypeClientCredentials)) {
		if client.OwnerID == nil {
			return asked, fosite.ErrUnauthorizedClient.WithHint("Nobody owns this program.")
		}
		scopes, err := scopesAsked(client.Client, asked.GetRequestedScopes())
		if err != nil {
			return asked, fosite.ErrInvalidScope
		}
		asked.SetRequestedScopes(scopes)
		for _, scope := range scopes {
			asked.GrantScope(scope)
		}
		session.Subject, session.Username = *client.OwnerID, *client.OwnerID
	}
	person, err := account.ViewerOf(ctx, s.reader(ctx), session.Subject)
	if err != nil {
		return asked, s.broken(ctx, err)
	}
	if !account.MayEnter(person.User) {
		return asked, fosite.ErrInvalidGrant.WithHint("The account of the person is closed.")
	}
	return asked, nil
}

// Revoke ends what was given to a program, by one of its tokens (RFC 7009). A
// token that is unknown or ended is no error.
func (s *Server) Revoke(ctx context.Context, r *http.Request) (Answer, error) {
	var answer Answer
	err := s.write(ctx, func(ctx context.Context) error {
		err := s.provider.NewRevocationRequest(ctx, r)
		answer = func(w http.ResponseWriter) {
			if err == nil {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Cache-Control", "no-store")
				fmt.Fprint(w, "{}")
				return
			}
			s.provider.WriteRevocationResponse(ctx, w, err)
		}
		return nil
	})
	return answer, err
}
