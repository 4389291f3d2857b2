package app

import (
	"context"
	"fmt"
	"net/url"

	"grenier/internal/account"
	"grenier/internal/account/oauth"
	"grenier/internal/account/sso"
	"grenier/internal/job"
	"grenier/internal/mail"
	"grenier/internal/portal"
)

// assembleOAuth builds what programs that act for people ask, and the provider
// that people log in with.
func (a *App) assembleOAuth(secret []byte) {
	if s := a.Settings; s.OIDCIssuer != "" {
		a.SSO = sso.New(sso.Options{
			Issuer: s.OIDCIssuer, ClientID: s.OIDCClientID, ClientSecret: s.OIDCClientSecret, Scopes: s.OIDCScopes,
			Parameters: s.OIDCParameters, Trusted: s.OIDCTrusted, Secret: secret,
		})
	}
	a.OAuth = oauth.New(a.DB, a.Events, secret, oauth.Options{Wildcards: a.Settings.OAuthWildcards})
}

// offerProvider puts the provider on the page to log in on, and lets the way out
// lead there.
func (a *App) offerProvider(deps *portal.Deps) {
	issuer, err := url.Parse(a.Settings.OIDCIssuer)
	if a.SSO == nil || err != nil {
		return
	}
	deps.Provider, deps.ProviderPath = a.Settings.OIDCName, "/api/1/proconnect/login/"
	deps.ProviderOrigin, deps.ProviderLogout = issuer.Scheme+"://"+issuer.Host, a.providerLogout()
}

// registerOAuthJobs registers the removal of what has ended.
func (a *App) registerOAuthJobs(runner *job.Runner) {
	runner.Register(job.Kind{Name: "oauth.prune", Schedule: "@daily", Limit: 1, Work: func(ctx context.Context, run *job.Run) error {
		removed, err := a.OAuth.Prune(ctx)
		run.Progress(100, fmt.Sprintf("%d grants removed", removed))
		return err
	}})
}

// providerLogout gives the address at which a session ends at the provider; nil
// without a provider.
func (a *App) providerLogout() func(context.Context, *account.Session) (string, error) {
	if a.SSO == nil {
		return nil
	}
	return func(ctx context.Context, session *account.Session) (string, error) {
		if session.Provider != a.Settings.OIDCIssuer {
			return "", nil
		}
		return a.SSO.Logout(ctx, session.ProviderToken, mail.SiteOf(ctx, a.site()).Base+"/api/1/proconnect/logout")
	}
}
