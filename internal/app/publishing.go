package app

import (
	"context"
	"net/netip"
	"net/url"

	"grenier/internal/account"
	"grenier/internal/limit"
	"grenier/internal/mail"
	"grenier/internal/web"
)

// assemblePublishing builds what people publish with: accounts and mail.
func (a *App) assemblePublishing(secret []byte) error {
	carrier, err := a.carrier()
	if err != nil {
		return err
	}
	if a.Mail, err = mail.NewOutbox(a.DB, a.Jobs, mail.Options{Site: a.site(), Zone: a.Settings.Location(), Carrier: carrier}); err != nil {
		return err
	}
	a.Sessions = account.NewSessions(a.DB, secret, a.Settings.SessionTime)
	a.Rates = limit.NewRates(a.DB)
	a.Accounts = account.NewWriter(a.Events).With(account.Deps{
		Mail: a.Mail, Secret: secret, Sessions: a.Sessions, Rates: a.Rates, Blocs: a.Catalog, CheckURL: a.fetcher().CheckURL,
		Rules: a.accountRules(), Registration: a.registration,
	})
	a.assembleOAuth(secret)
	a.provideCatalog()
	return a.assembleWebhooks()
}

// site is the portal that letters speak of which no request causes.
func (a *App) site() mail.Site {
	base := a.Settings.BaseURL
	if base == "" {
		base = (&url.URL{Scheme: "http", Host: a.Settings.Listen}).String()
	}
	return mail.Site{Base: base, Title: a.Settings.SiteTitle, Language: a.Settings.Language}
}

func (a *App) accountRules() account.Rules {
	s := a.Settings
	return account.Rules{
		Registration: s.Registration, SecondFactor: s.SecondFactor, SessionTime: s.SessionTime, InactiveAfter: s.InactiveAfter,
		SIRET: s.OrganizationNumber == "siret", HiddenBadges: s.HiddenBadges, BinRetention: s.BinRetention,
	}
}

// onSite lets the letters that a request causes speak of the site it came to.
func (a *App) onSite(ctx context.Context, site *web.Site) context.Context {
	return mail.OnSite(ctx, mail.Site{Base: a.letterBase(site.Base), Title: site.Title, Language: site.Language})
}

// letterBase is where the links of letters lead. Whoever asks chooses the name that a request goes to
// (RFC 9110, section 7.2): unless the settings say which is the site's, a letter with a link that opens an
// account leads to no other than this machine or the address listened on.
func (a *App) letterBase(asked string) string {
	if a.Settings.BaseURL != "" || len(a.demo) > 0 { // the accounts of the demonstration are everybody's
		return asked
	}
	u, err := url.Parse(asked)
	if err != nil {
		return a.site().Base
	}
	address, err := netip.ParseAddr(u.Hostname())
	if u.Hostname() == "localhost" || err == nil && address.IsLoopback() || u.Host == a.Settings.Listen {
		return asked
	}
	return a.site().Base
}
