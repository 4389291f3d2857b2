package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"time"

	"grenier/internal/account"
	"grenier/internal/blob"
	"grenier/internal/config"
	"grenier/internal/fetch"
	"grenier/internal/harvest"
	"grenier/internal/harvest/ckan"
	"grenier/internal/harvest/csvlist"
	"grenier/internal/harvest/csw"
	"grenier/internal/harvest/datajson"
	"grenier/internal/harvest/dcat"
	"grenier/internal/harvest/external"
	"grenier/internal/harvest/maaf"
	"grenier/internal/harvest/ods"
	"grenier/internal/harvest/udata"
)

// backends are the kinds of portals that this program reads and that the
// settings allow.
func (a *App) backends() []harvest.Backend {
	all := []harvest.Backend{
		ckan.New(), ckan.NewDKAN(), ods.New(), maaf.New(),
		dcat.New(), csw.NewDCAT(), csw.NewISO(),
		datajson.New(), udata.New(), csvlist.New(),
	}
	all = slices.DeleteFunc(all, func(b harvest.Backend) bool { return !a.Settings.Harvests(b.Describe().ID) })
	return append(all, a.plugins()...)
}

// plugins are the harvesters outside of this program that the file of settings
// names. None of them is started before it is needed.
func (a *App) plugins() []harvest.Backend {
	var all []harvest.Backend
	for _, plugin := range a.Settings.Harvesters {
		all = append(all, a.Plugin(plugin))
	}
	return all
}

// Plugin is the backend of a plug-in.
func (a *App) Plugin(plugin config.Harvester) *external.Backend {
	hidden := []string{a.Settings.Data}
	if a.Settings.File != "" {
		hidden = append(hidden, a.Settings.File)
	}
	return external.New(plugin, external.Options{Hidden: hidden, Version: Version, Site: a.Settings.BaseURL})
}

// warnOfPlugins tells what plug-ins are not kept from on this system.
func (a *App) warnOfPlugins() {
	for _, plugin := range a.Settings.Harvesters {
		for _, text := range external.Unconfined(plugin) {
			a.Log.Warn("a harvest plug-in is not confined", "plugin", plugin.ID, "cause", text)
		}
	}
}

// portalClient asks portals, which may take their time. verify is how their
// certificates are judged; nil for as usual.
func (a *App) portalClient(verify *tls.Config) *fetch.Client {
	return fetch.New(fetch.Options{
		Allow: a.Settings.FetchAllow, Version: Version, Site: a.Settings.BaseURL, TLSConfig: verify,
		PerHost: 4, Dial: 10 * time.Second, TLS: 10 * time.Second, FirstByte: time.Minute, Stall: time.Minute,
	})
}

const (
	// auditFolder is where the answers of portals are kept, below the data folder or
	// beside the hosted files.
	auditFolder = "harvests"
	// auditReserve is how many times the space is left free for their sake that uploads
	// leave: they are of less use than what people upload.
	auditReserve = 2
)

// assembleHarvests builds what keeps remote portals in step.
func (a *App) assembleHarvests() error {
	secret, err := account.Secret(context.Background(), a.DB, "harvests")
	if err != nil {
		return fmt.Errorf("the secret of the harvests cannot be read: %w", err)
	}
	s := a.Settings
	audit, err := blob.OpenBeside(s.Blob, s.Data, auditFolder, auditReserve*int64(s.MinFreeSpace))
	if err != nil {
		return fmt.Errorf("the answers of portals cannot be kept: %w", err)
	}
	a.Harvests = harvest.New(a.Events, harvest.Deps{
		Catalog: a.Catalog, Zones: a.Zones, Client: a.portalClient(nil), Insecure: a.portalClient(&tls.Config{InsecureSkipVerify: true}), Jobs: a.Jobs, Mail: a.Mail, Rates: a.Rates, Secret: secret,
		Backends: a.backends(), Schemas: a.schemas, Audit: audit,
		Rules: harvest.Rules{
			ManualRun: s.HarvestManualRun, PreviewItems: s.HarvestPreviewItems, MaxItems: s.HarvestMaxItems, DefaultSchedule: s.HarvestDefaultSchedule,
			JobRetention: s.HarvestJobRetention, AuditMost: int64(s.HarvestAuditMax), AuditRetention: s.HarvestAuditRetention, GraceDays: s.HarvestGraceDays, ValidationContact: s.HarvestValidationContact,
			Pace: s.HarvestPoliteness, Language: s.Language, Location: s.Location(),
		},
	})
	return nil
}
