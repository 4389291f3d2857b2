package app

import (
	"cmp"

	"grenier/internal/api"
	"grenier/internal/portal"
	"grenier/internal/web"
)

// consentPage asks people on a page of the portal whether a program may act for
// them.
func consentPage(pages *portal.Portal) func(*web.Call, api.ConsentView) error {
	return func(c *web.Call, view api.ConsentView) error {
		return pages.Consent(c, portal.ConsentQuestion{
			Client: view.Name, Picture: view.Image, Maker: view.Owner, Description: view.Description, Scopes: view.Scopes, Host: view.Host,
			Redirect: cmp.Or(c.R.URL.Query().Get("redirect_uri"), "https://"+view.Host), Action: view.Action,
		})
	}
}
