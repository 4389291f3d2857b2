package api

import (
	"encoding/json"
	"net/http"

	"grenier/internal/catalog"
	"grenier/internal/web"
)

// SiteWrite is what may be written of the site; members that are left out stay
// as they are, unknown ones are ignored.
type SiteWrite struct {
	DataservicesBlocs web.Opt[json.RawMessage] `json:"dataservices_blocs"`
	DatasetsBlocs     web.Opt[json.RawMessage] `json:"datasets_blocs"`
	FeedSize          web.Opt[int64]           `json:"feed_size"`
	Keywords          web.Opt[Tags]            `json:"keywords"`
	ReusesBlocs       web.Opt[json.RawMessage] `json:"reuses_blocs"`
	Title             web.Opt[string]          `json:"title"`
}

// SiteSettings are what administrators choose for the site; null or empty is
// what the program was started with.
type SiteSettings struct {
	Banner       map[string]string `json:"banner"`
	Contact      *string           `json:"contact"`
	Home         []string          `json:"home"`
	Language     *string           `json:"language"`
	ReadOnly     *bool             `json:"read_only"`
	Registration *bool             `json:"registration"`
	Tagline      map[string]string `json:"tagline"`
	Title        *string           `json:"title"`
}

// SiteSettingsWrite is what may be written of the settings; members that are
// left out stay as they are, null takes back what was chosen.
type SiteSettingsWrite struct {
	Banner       web.Opt[map[string]string] `json:"banner"`
	Contact      web.Opt[string]            `json:"contact"`
	Home         web.Opt[[]string]          `json:"home"`
	Language     web.Opt[string]            `json:"language"`
	ReadOnly     web.Opt[bool]              `json:"read_only"`
	Registration web.Opt[bool]              `json:"registration"`
	Tagline      web.Opt[map[string]string] `json:"tagline"`
	Title        web.Opt[string]            `json:"title"`
}

func (a *API) siteWriteRoutes() {
	tags := []string{"site"}
	web.Patch[Site](a.v1, "/site/", web.Doc{Summary: "Update the site", Tags: tags, Auth: web.Admin}, a.updateSite)
	web.Get[SiteSettings](a.v2, "/site/settings/", web.Doc{Summary: "Read the settings of the site", Tags: tags, Auth: web.Admin}, a.getSiteSettings)
	web.Patch[SiteSettings](a.v2, "/site/settings/", web.Doc{Summary: "Update the settings of the site", Tags: tags, Auth: web.Admin}, a.updateSiteSettings)
}

// siteDefaults are what the site document starts with.
func (a *API) siteDefaults(c *web.Call) catalog.SiteDefaults {
	return catalog.SiteDefaults{Title: c.Site.Title, Keywords: a.SiteKeywords}
}

func (a *API) updateSite(c *web.Call, _ web.None, body SiteWrite) error {
	_, err := a.Catalog.UpdateSite(c.Context(), viewer(c), a.siteDefaults(c), catalog.SiteInput{
		Title: opt(body.Title, same), Keywords: opt(body.Keywords, tagWords), FeedSize: opt(body.FeedSize, same),
		DatasetsBlocs: opt(body.DatasetsBlocs, same), ReusesBlocs: opt(body.ReusesBlocs, same), DataservicesBlocs: opt(body.DataservicesBlocs, same),
	})
	if err != nil {
		return err
	}
	return a.getSite(c, web.None{})
}

func (a *API) getSiteSettings(c *web.Call, _ web.None) error {
	settings, err := a.Catalog.SiteSettings(c.Context())
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, siteSettings(settings))
}

func (a *API) updateSiteSettings(c *web.Call, _ web.None, body SiteSettingsWrite) error {
	settings, err := a.Catalog.UpdateSiteSettings(c.Context(), viewer(c), a.siteDefaults(c), catalog.SiteSettingsInput{
		Title: opt(body.Title, same), Language: opt(body.Language, same), Contact: opt(body.Contact, same), Tagline: opt(body.Tagline, same),
		Banner: opt(body.Banner, same), Registration: opt(body.Registration, same), ReadOnly: opt(body.ReadOnly, same), Home: opt(body.Home, same),
	})
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, siteSettings(settings))
}

func siteSettings(s *catalog.SiteSettings) SiteSettings {
	texts := func(stored map[string]string) map[string]string {
		if stored == nil {
			return map[string]string{}
		}
		return stored
	}
	some := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	return SiteSettings{
		Banner: texts(s.Banner), Contact: some(s.Contact), Home: list(s.Home), Language: some(s.Language), ReadOnly: s.ReadOnly,
		Registration: s.Registration, Tagline: texts(s.Tagline), Title: some(s.Title),
	}
}
