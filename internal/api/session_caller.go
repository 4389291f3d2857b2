package api

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"grenier/internal/account"
	"grenier/internal/fault"
	"grenier/internal/limit"
	"grenier/internal/web"
)

// SessionCookie is the name of the cookie that says who is signed in, without the prefix __Host- that it
// has where the site is reached by https.
const SessionCookie = "grenier_session"

// maxKey bounds what is looked up as a token, in bytes.
const maxKey = 4096

// Callers finds who sends a request: by the session of a browser, else by the
// token in the header X-API-KEY, else by that of OAuth2. A session that has ended is no session; a
// token that does not work is refused everywhere.
type Callers struct {
	Sessions *account.Sessions
	Tokens   *account.Tokens
	// Bearers knows the tokens of OAuth2, nil for none.
	Bearers Bearers
	// Rates bounds the tokens that do not work, by network; those that do are
	// not counted.
	Rates          *limit.Rates
	TrustedProxies []netip.Prefix
}

// Bearers finds who comes with an access token of OAuth2: nobody when it does
// not work.
type Bearers interface {
	Viewer(ctx context.Context, plain string) (account.Viewer, error)
}

// Caller finds the caller of a request; session is what a browser holds.
func (s Callers) Caller(r *http.Request, session string) (web.Caller, error) {
	if session != "" {
		viewer, err := s.Sessions.Viewer(r.Context(), session)
		if err != nil || viewer.User != nil {
			return known(viewer), err
		}
	}
	if key := r.Header.Get("X-API-KEY"); key != "" {
		viewer, err := s.token(r, key)
		if err != nil {
			return web.Caller{}, s.failed(r, err)
		}
		return known(viewer), nil
	}
	if plain, ok := bearer(r); ok && s.Bearers != nil {
		viewer, err := s.Bearers.Viewer(r.Context(), plain)
		if err != nil || viewer.User != nil {
			return known(viewer), err
		}
	}
	return web.Caller{Viewer: account.Nobody}, nil
}

// bearer is the token in the header Authorization (RFC 6750, section 2.1).
func bearer(r *http.Request) (plain string, ok bool) {
	scheme, plain, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(plain), ok && strings.EqualFold(scheme, "Bearer")
}

func known(viewer account.Viewer) web.Caller {
	return web.Caller{Viewer: viewer, Known: true, Admin: viewer.Admin(), KeyAlone: viewer.KeyAlone()}
}

func (s Callers) token(r *http.Request, key string) (account.Viewer, error) {
	if len(key) > maxKey {
		return account.Nobody, fault.New(fault.Unauthorized, "Invalid API token")
	}
	return s.Tokens.Viewer(r.Context(), key, r.UserAgent())
}

// failed counts a token that does not work; after too many the refusal is
// another.
func (s Callers) failed(r *http.Request, err error) error {
	if !fault.Is(err, fault.Unauthorized) {
		return err
	}
	network := limit.Network(web.PeerOf(r, s.TrustedProxies).Addr)
	limited := s.Rates.Take(r.Context(), limit.FailedToken, network)
	if fault.Is(limited, fault.TooMany) {
		return limited
	}
	return errors.Join(err, limited)
}
