package api

import (
	"net/http"
	"net/url"

	"grenier/internal/account"
	"grenier/internal/account/sso"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// ssoRoutes let people log in with a provider; their paths are those that
// clients of the reference know.
func (a *API) ssoRoutes() {
	doc := func(summary string) web.Doc {
		return web.Doc{
			Summary: summary, Tags: []string{"session"}, People: true, Produces: []string{"text/html"},
			Statuses: map[int]string{302: "To the provider, or back to the site"},
		}
	}
	web.Get[web.Raw](a.v1, "/proconnect/login/", doc("Log in with the OpenID Connect provider"), a.beginSSO)
	web.Get[web.Raw](a.v1, "/proconnect/auth", doc("Come back from the provider"), a.endSSO)
	web.Get[web.Raw](a.v1, "/proconnect/logout_oauth", doc("Log out here and at the provider"), a.logoutSSO)
	web.Get[web.Raw](a.v1, "/proconnect/logout", doc("Come back from the logout at the provider"), a.loggedOutSSO)
}

// tripCookie holds a login on its way to the provider and back.
const tripCookie = "grenier_sso"

// errNoProvider answers where no provider is set.
var errNoProvider = fault.New(fault.NotFound, "No service to log in with is set up here.")

type ssoArgs struct {
	Next string `query:"next" help:"The path to go on to"`
}

// ssoBack is the address that the provider sends browsers back to, which it
// must know.
func ssoBack(c *web.Call) string { return c.URL("/api/1/proconnect/auth") }

func (a *API) beginSSO(c *web.Call, q ssoArgs) error {
	if a.SSO == nil {
		return errNoProvider
	}
	address, held, err := a.SSO.Login(c.Context(), ssoBack(c), q.Next)
	if err != nil {
		return err
	}
	c.SetCookie(tripCookie, held, sso.LoginTime)
	c.W.Header().Set("Cache-Control", "no-store")
	return c.Redirect(http.StatusFound, address)
}

func (a *API) endSSO(c *web.Call, _ web.None) error {
	if a.SSO == nil {
		return errNoProvider
	}
	held := c.Cookie(tripCookie)
	c.SetCookie(tripCookie, "", -1) // one answer alone belongs to a login
	c.W.Header().Set("Cache-Control", "no-store")
	arrival, err := a.SSO.Arrive(c.Context(), ssoBack(c), c.R.URL.Query(), held)
	if err != nil {
		return err
	}
	user, err := a.Accounts.Identify(c.Context(), arrival.Identity, c.MayCreate())
	if err != nil {
		return err
	}
	entry, err := a.Accounts.Enter(c.Context(), user, account.SessionDetails{
		Agent: c.R.UserAgent(), Address: c.Peer.Addr.String(), Provider: arrival.Identity.Issuer, ProviderToken: arrival.Token,
	}, viewer(c).Session)
	if err != nil {
		return err
	}
	a.entered(c, entry)
	next := ""
	if arrival.Next != "/" {
		next = "?next=" + url.QueryEscape(arrival.Next)
	}
	switch {
	case entry.Need == account.NeedCode:
		return c.Redirect(http.StatusFound, c.URL("/login/code"+next))
	case entry.Need == account.NeedFactor:
		return c.Redirect(http.StatusFound, c.URL("/login/second-factor"+next))
	case next != "":
		return c.Redirect(http.StatusFound, c.URL(arrival.Next))
	}
	return flash(c, "connected")
}

func (a *API) logoutSSO(c *web.Call, _ web.None) error {
	if a.SSO == nil {
		return errNoProvider
	}
	if ledFromElsewhere(c) {
		return c.Redirect(http.StatusFound, c.URL("/"))
	}
	session, err := a.Sessions.Logout(c.Context(), viewer(c))
	if err != nil {
		return err
	}
	c.ClearSession()
	if session != nil && session.Provider != "" && a.ProviderLogout != nil {
		// The session is over here, whatever the provider answers.
		if address, err := a.ProviderLogout(c.Context(), session); err == nil && address != "" {
			return c.Redirect(http.StatusFound, address)
		}
	}
	return flash(c, "logout")
}

type ssoReturn struct {
	State string `query:"state" help:"What the logout began with"`
}

func (a *API) loggedOutSSO(c *web.Call, q ssoReturn) error {
	if a.SSO == nil {
		return errNoProvider
	}
	if err := a.SSO.LoggedOut(q.State); err != nil {
		return err
	}
	return flash(c, "logout")
}
