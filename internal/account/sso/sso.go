// Package sso lets people log in with an OpenID Connect provider, such as
// ProConnect. The provider is named by the operator, so that its addresses are
// asked without the guard that addresses written by users go through: by a
// client of its own, bounded in time and size.
package sso

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"grenier/internal/account"
	"grenier/internal/fault"
)

// Options are the settings of a provider.
type Options struct {
	Issuer, ClientID, ClientSecret string
	Scopes                         []string
	// Parameters go with the request for a login, as acr_values=eidas1.
	Parameters []string
	// Trusted takes the addresses that the provider gives as proven although
	// it does not say so.
	Trusted bool
	// Secret keys what browsers hold on their way.
	Secret []byte
}

// Provider is one OpenID Connect provider.
type Provider struct {
	o    Options
	key  []byte
	http *http.Client

	mu    sync.Mutex
	found *oidc.Provider
	tried time.Time
	end   string
}

// The bounds of what is asked of a provider, and of a login on its way.
const (
	askWithin  = 10 * time.Second
	maxAnswer  = 1 << 20
	loginTime  = 10 * time.Minute
	retryAfter = 5 * time.Second
)

// New returns a provider; nothing is asked of it yet.
func New(o Options) *Provider {
	mac := hmac.New(sha256.New, o.Secret)
	mac.Write([]byte("grenier: single sign-on"))
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout, transport.MaxResponseHeaderBytes = askWithin, 64<<10
	return &Provider{o: o, key: mac.Sum(nil), http: &http.Client{Timeout: askWithin, Transport: bounded{transport}}}
}

// bounded cuts answers that are too long.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.next.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	}
	return answer, err
}

func (p *Provider) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.http)
}

// provider reads what the provider says of itself, once it can be reached.
func (p *Provider) provider(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	unreachable := fault.New(fault.BadGateway, "The service to log in with cannot be reached. Try again in a moment.")
	if time.Since(p.tried) < retryAfter {
		return nil, unreachable.After(retryAfter)
	}
	found, err := oidc.NewProvider(p.context(context.WithoutCancel(ctx)), p.o.Issuer)
	if err != nil {
		p.tried = time.Now()
		return nil, unreachable.Because(err)
	}
	var more struct {
		End string `json:"end_session_endpoint"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, unreachable.Because(err)
	}
	p.found, p.end = found, more.End
	return found, nil
}

func (p *Provider) config(found *oidc.Provider, back string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.o.ClientID, ClientSecret: p.o.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: back, Scopes: p.o.Scopes,
	}
}

// trip is a login on its way, which the browser holds.
type trip struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Next     string `json:"x"`
	Until    int64  `json:"u"`
}

// LoginTime is how long a login may take, and so what the browser holds.
const LoginTime = loginTime

// Login begins a login that comes back to an address of this site, and then goes
// on to next, a path of it. It returns where the browser goes, and what it
// holds meanwhile.
func (p *Provider) Login(ctx context.Context, back, next string) (address, held string, err error) {
	found, err := p.provider(ctx)
	if err != nil {
		return "", "", err
	}
	t := trip{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: Local(next), Until: time.Now().Add(loginTime).Unix()}
	options := []oauth2.AuthCodeOption{oidc.Nonce(t.Nonce), oauth2.S256ChallengeOption(t.Verifier)}
	for _, parameter := range p.o.Parameters {
		name, value, _ := strings.Cut(parameter, "=")
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	held, err = p.seal(t)
	return p.config(found, back).AuthCodeURL(t.State, options...), held, err
}

// Local keeps an address that leads to this site, a path, and gives "/" for any
// other.
func Local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") ||
		strings.ContainsAny(next, "\\\r\n\t") || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	return next
}

// Arrival is somebody who came back from the provider.
type Arrival struct {
	Identity account.Identity
	// Token is what the provider wants at the logout.
	Token string
	Next  string
}

// The refusals of a login.
var (
	errTrip   = fault.New(fault.Invalid, "This login was begun elsewhere, or too long ago. Begin again.")
	errForged = fault.New(fault.BadGateway, "What the service to log in with answered cannot be trusted, so nobody was logged in. Try again, and tell the administrators of this site if it lasts.")
)

// Arrive ends a login: query is what the provider gave the browser, held what
// Login gave it.
func (p *Provider) Arrive(ctx context.Context, back string, query url.Values, held string) (*Arrival, error) {
	t, err := p.open(held)
	if err != nil || !hmac.Equal([]byte(t.State), []byte(query.Get("state"))) {
		return nil, errTrip
	}
	if query.Get("error") != "" {
		return nil, fault.New(fault.Invalid, "The service to log in with did not log you in.").Because(fmt.Errorf("sso: %.200q: %.500q", query.Get("error"), query.Get("error_description")))
	}
	if from := query.Get("iss"); from != "" && from != p.o.Issuer { // RFC 9207
		return nil, errForged.Because(fmt.Errorf("sso: the answer comes from %.200q", from))
	}
	found, err := p.provider(ctx)
	if err != nil {
		return nil, err
	}
	ctx = p.context(ctx)
	token, err := p.config(found, back).Exchange(ctx, query.Get("code"), oauth2.VerifierOption(t.Verifier))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "The service to log in with does not confirm this login. Begin again.")
	}
	raw, _ := token.Extra("id_token").(string)
	proof, err := found.VerifierContext(ctx, &oidc.Config{ClientID: p.o.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, errForged.Because(err)
	}
	if !hmac.Equal([]byte(proof.Nonce), []byte(t.Nonce)) {
		return nil, errForged.Because(errors.New("sso: the nonce is another one's"))
	}
	claims, err := p.claims(ctx, found, proof, token)
	if err != nil {
		return nil, errForged.Because(err)
	}
	return &Arrival{Identity: claims.identity(p.o), Token: raw, Next: t.Next}, nil
}

// claims are what a provider says of a person.
type claims struct {
	Issuer     string   `json:"iss"`
	Audience   audience `json:"aud"`
	Subject    string   `json:"sub"`
	Email      string   `json:"email"`
	Verified   truth    `json:"email_verified"`
	GivenName  string   `json:"given_name"`
	UsualName  string   `json:"usual_name"`
	FamilyName string   `json:"family_name"`
}

// audience is one name or several.
type audience []string

func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}

// truth is true, or the text "true" that some providers send.
type truth bool

func (t *truth) UnmarshalJSON(text []byte) error {
	*t = string(text) == "true" || string(text) == `"true"`
	return nil
}

// claims asks who the person is: as JSON, or as a token that the provider has
// signed. It must be who the proof of the login names.
func (p *Provider) claims(ctx context.Context, found *oidc.Provider, proof *oidc.IDToken, token *oauth2.Token) (*claims, error) {
	var said claims
	if err := proof.Claims(&said); err != nil {
		return nil, err
	}
	if found.UserInfoEndpoint() == "" {
		return &said, nil
	}
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, err
	}
	var more claims
	if err := info.Claims(&more); err != nil {
		return nil, err
	}
	switch {
	case more.Subject != proof.Subject:
		return nil, errors.New("sso: the login is of one person, the information of another")
	case more.Issuer != "" && more.Issuer != p.o.Issuer:
		return nil, fmt.Errorf("sso: the information was signed by %.200q", more.Issuer)
	case more.Audience != nil && !contains(more.Audience, p.o.ClientID):
		return nil, errors.New("sso: the information is for somebody else")
	}
	if more.Email == "" {
		more.Email, more.Verified = said.Email, said.Verified
	}
	return &more, nil
}

func contains(list []string, one string) bool {
	for _, item := range list {
		if item == one {
			return true
		}
	}
	return false
}

func (c *claims) identity(o Options) account.Identity {
	last := c.UsualName
	if last == "" {
		last = c.FamilyName
	}
	return account.Identity{
		Issuer: o.Issuer, Subject: c.Subject, Email: c.Email, Proven: bool(c.Verified) || o.Trusted, FirstName: c.GivenName, LastName: last,
	}
}

// Logout gives the address at which a session ends at the provider, from which
// the browser comes back here; "" when the provider has none.
func (p *Provider) Logout(ctx context.Context, token, back string) (string, error) {
	if _, err := p.provider(ctx); err != nil {
		return "", err
	}
	end, err := url.Parse(p.end)
	if err != nil || p.end == "" {
		return "", err
	}
	state, err := p.seal(trip{State: rand.Text(), Until: time.Now().Add(loginTime).Unix()})
	if err != nil {
		return "", err
	}
	query := end.Query()
	query.Set("id_token_hint", token)
	query.Set("post_logout_redirect_uri", back)
	query.Set("client_id", p.o.ClientID)
	query.Set("state", state)
	end.RawQuery = query.Encode()
	return end.String(), nil
}

// LoggedOut refuses a return from the provider that Logout did not begin.
func (p *Provider) LoggedOut(state string) error {
	if t, err := p.open(state); err != nil || t.Verifier != "" {
		return fault.New(fault.Unauthorized, "This logout was begun elsewhere, or too long ago.")
	}
	return nil
}

// seal signs what a browser holds, open checks it.
func (p *Provider) seal(t trip) (string, error) {
	text, err := json.Marshal(t)
	return base64.RawURLEncoding.EncodeToString(append(p.sum(text), text...)), err
}

func (p *Provider) open(held string) (*trip, error) {
	raw, err := base64.RawURLEncoding.DecodeString(held)
	if err != nil || len(raw) < sha256.Size || !hmac.Equal(raw[:sha256.Size], p.sum(raw[sha256.Size:])) {
		return nil, errTrip
	}
	var t trip
	if err := json.Unmarshal(raw[sha256.Size:], &t); err != nil || time.Now().Unix() > t.Until {
		return nil, errTrip
	}
	return &t, nil
}

func (p *Provider) sum(text []byte) []byte {
	mac := hmac.New(sha256.New, p.key)
	mac.Write(text)
	return mac.Sum(nil)
}
