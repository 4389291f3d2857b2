package app

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"grenier/internal/catalog"
	"grenier/internal/portal"
	"grenier/internal/web"
)

// chosen are the settings that administrators chose in the pages; none while
// they cannot be read.
func (a *App) chosen() *catalog.SiteSettings {
	settings, err := a.Catalog.SiteSettings(context.Background())
	if err != nil {
		a.Log.Warn("the settings of the site cannot be read", "cause", err)
		return &catalog.SiteSettings{}
	}
	return settings
}

// readOnly tells whether creation is closed now: as administrators chose, else
// as the program was started.
func (a *App) readOnly() bool {
	if chosen := a.chosen().ReadOnly; chosen != nil {
		return *chosen
	}
	return a.Settings.ReadOnlyMode
}

// registration tells whether people may make their account now.
func (a *App) registration() bool {
	if chosen := a.chosen().Registration; chosen != nil {
		return *chosen
	}
	return a.Settings.Registration
}

// takeUp takes up what administrators chose that holds from a start to the next:
// the language of the site, whom to write to.
func (a *App) takeUp() {
	s := a.Settings
	a.started = portal.Started{
		Title: s.SiteTitle, Language: s.Language, Contact: s.Contact, Keywords: s.SiteKeywords, Registration: s.Registration, ReadOnly: s.ReadOnlyMode,
	}
	chosen := a.chosen()
	if chosen.Language != "" {
		a.Settings.Language = chosen.Language
		if !slices.Contains(a.Settings.Languages, chosen.Language) {
			a.Settings.Languages = append([]string{chosen.Language}, a.Settings.Languages...)
		}
	}
	if chosen.Contact != "" {
		a.Settings.Contact = chosen.Contact
	}
}

// titledSites gives sites the title that administrators chose. Another title
// makes another site, so that no answer that was kept shows the former one.
func (a *App) titledSites(sites web.Sites) web.Sites {
	type titled struct {
		settings *catalog.SiteSettings
		sites    sync.Map // *web.Site → *web.Site
	}
	var present atomic.Pointer[titled]
	return func(p web.Peer) *web.Site {
		site, settings := sites(p), a.chosen()
		if settings.Title == "" || settings.Title == site.Title {
			return site
		}
		known := present.Load()
		if known == nil || known.settings != settings {
			known = &titled{settings: settings}
			present.Store(known)
		}
		if found, ok := known.sites.Load(site); ok {
			return found.(*web.Site)
		}
		named := *site
		named.Title = settings.Title
		found, _ := known.sites.LoadOrStore(site, &named)
		return found.(*web.Site)
	}
}
