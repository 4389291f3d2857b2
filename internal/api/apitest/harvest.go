package apitest

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"grenier/internal/blob"
	"grenier/internal/event"
	"grenier/internal/fetch"
	"grenier/internal/harvest"
	"grenier/internal/limit"
	"grenier/internal/mail"
)

// HarvestRules are those of the harvests of a Server; a test may change them
// before New.
var HarvestRules = harvest.Rules{PreviewTime: 5 * time.Second, Language: "fr", Location: time.UTC, AuditMost: 1 << 20}

// harvests serves sources of Backend.
func (s *Server) harvests(log *event.Log, secret []byte, letters *mail.Outbox, rates *limit.Rates, audit blob.Store, reachable []netip.Prefix) {
	client := fetch.New(fetch.Options{Allow: reachable})
	s.Harvests = harvest.New(log, harvest.Deps{
		Catalog: s.Catalog, Zones: s.Zones, Client: client, Insecure: client, Jobs: s.Jobs, Mail: letters, Rates: rates, Secret: secret,
		Backends: []harvest.Backend{Backend{}}, Rules: HarvestRules, Audit: audit,
	})
	harvest.Register(s.Jobs, func() *harvest.Store { return s.Harvests })
}

// Backend reads no portal: the path of a source's address holds the titles of its
// datasets, with commas between them. For the title ask:HOST it asks that host, and
// does nothing with the answer.
type Backend struct{}

// Describe implements harvest.Backend: the filters and features of CKAN and CSW.
func (Backend) Describe() harvest.Description {
	return harvest.Description{
		ID: "ckan", Label: "CKAN",
		Filters: []harvest.FilterKind{
			{Key: "organization", Label: "Organization", Type: "string"}, {Key: "tags", Label: "Tag", Type: "string"},
			{Key: "year", Label: "Year", Type: "integer"}, {Key: "since", Label: "Since", Type: "date"},
		},
		Features:     []harvest.FeatureKind{{Key: "geodcatap", Label: "GeoDCAT-AP"}},
		ExtraConfigs: []harvest.ExtraKind{{Key: "remote_url_prefix", Label: "Prefix", Default: ""}},
	}
}

// Harvest implements harvest.Backend.
func (Backend) Harvest(ctx context.Context, r harvest.Request, emit func(harvest.Line) error) error {
	_, path, _ := strings.Cut(strings.TrimPrefix(r.Source.URL, "https://"), "/")
	for _, title := range strings.Split(path, ",") {
		if title == "" {
			continue
		}
		if host, ok := strings.CutPrefix(title, "ask:"); ok {
			answer, err := r.Remote.Ask(ctx, "http://"+host+"/", harvest.Want{})
			if err != nil {
				return err
			}
			if err := answer.Body.Close(); err != nil {
				return err
			}
			continue
		}
		line := harvest.Line{T: harvest.LineDataset, RemoteID: title, RemoteURL: "https://portal.example.org/" + title, Dataset: &harvest.Dataset{Title: title, Description: "From a portal."}}
		if title == "broken" {
			line = harvest.Line{T: harvest.LineError, RemoteID: title, Message: "This record is broken.", Details: "line 7"}
		}
		if err := emit(line); err != nil {
			return err
		}
	}
	return emit(harvest.Line{T: harvest.LineEnd, Complete: true})
}
