package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"time"

	"grenier/internal/account"
	"grenier/internal/fetch"
	"grenier/internal/harvest"
	"grenier/internal/harvest/datajson"
)

// backends are the kinds of portals that this program reads and that the
// settings allow.
func (a *App) backends() []harvest.Backend {
	all := []harvest.Backend{
		datajson.New(),
	}
	return slices.DeleteFunc(all, func(b harvest.Backend) bool { return !a.Settings.Harvests(b.Describe().ID) })
}

// portalClient asks portals, which may take their time. verify is how their
// certificates are judged; nil for as usual.
func (a *App) portalClient(verify *tls.Config) *fetch.Client {
	return fetch.New(fetch.Options{
		Allow: a.Settings.FetchAllow, Version: Version, Site: a.Settings.BaseURL, TLSConfig: verify,
		Dial: 10 * time.Second, TLS: 10 * time.Second, FirstByte: time.Minute, Stall: time.Minute,
	})
}

// assembleHarvests builds what keeps remote portals in step.
func (a *App) assembleHarvests() error {
	secret, err := account.Secret(context.Background(), a.DB, "harvests")
	if err != nil {
		return fmt.Errorf("the secret of the harvests cannot be read: %w", err)
	}
	s := a.Settings
	a.Harvests = harvest.New(a.Events, harvest.Deps{
		Catalog: a.Catalog, Zones: a.Zones, Client: a.portalClient(nil), Insecure: a.portalClient(&tls.Config{InsecureSkipVerify: true}), Jobs: a.Jobs, Mail: a.Mail, Rates: a.Rates, Secret: secret,
		Backends: a.backends(),
		Rules: harvest.Rules{
			ManualRun: s.HarvestManualRun, PreviewItems: s.HarvestPreviewItems, MaxItems: s.HarvestMaxItems, DefaultSchedule: s.HarvestDefaultSchedule,
			JobRetention: s.HarvestJobRetention, GraceDays: s.HarvestGraceDays, ValidationContact: s.HarvestValidationContact,
			Pace: s.HarvestPoliteness, Language: s.Language, Location: s.Location(),
		},
	})
	return nil
}
