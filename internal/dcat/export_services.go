package dcat

import (
	"context"
	"errors"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/catalog"
)

// maxServed is how many datasets a service may give and still name them: one
// that gives most of a catalogue says so better in its description.
const maxServed = 1000

// given is a service and a dataset that it gives.
type given struct{ DataserviceID, DatasetID string }

// which tells which services of datasets are described.
type which bool

const (
	allServices which = false
	onlyHVD     which = true
)

// addServices describes the services that give one of some datasets, and
// others by their identifiers.
func (b *book) addServices(ctx context.Context, datasets []catalog.Dataset, others []string, w which) error {
	ids := make([]string, 0, len(datasets))
	for i := range datasets {
		if w == allServices || slices.Contains(datasets[i].Badges, badgeHVD) {
			ids = append(ids, datasets[i].ID)
		}
	}
	links, err := b.giving(ctx, ids)
	if err != nil {
		return err
	}
	wanted := slices.Clone(others)
	for _, link := range links {
		wanted = append(wanted, link.DataserviceID)
	}
	slices.Sort(wanted)
	services, err := b.store.DataservicesByIDs(ctx, account.Nobody, slices.Compact(wanted))
	if err != nil {
		return err
	}
	byID := make(map[string]*catalog.Dataservice, len(services))
	kept := services[:0:0]
	for i := range services {
		highValue := slices.Contains(services[i].Badges, badgeHVD)
		if highValue {
			byID[services[i].ID] = &services[i]
		}
		if w == allServices || highValue {
			kept = append(kept, services[i])
		}
	}
	for _, link := range links {
		if service := byID[link.DataserviceID]; service != nil {
			b.highValue[link.DatasetID] = append(b.highValue[link.DatasetID], *service)
		}
	}
	return b.describeServices(ctx, kept)
}

func (b *book) describeServices(ctx context.Context, services []catalog.Dataservice) error {
	served, err := b.served(ctx, services)
	if err != nil {
		return err
	}
	for i := range services {
		d := &services[i]
		var described Service
		err := b.doc.attempt("dataservice "+d.ID, func() { described = b.site.Service(d, served[d.ID]) })
		if err == nil {
			node, failed := b.doc.Service(&described, b.site.ServicePage(d.ID))
			if err = failed; err == nil {
				b.serviceNodes = append(b.serviceNodes, node)
				b.shown.note(&b.shown.Services, d.ID, d.ModifiedAt)
			}
		}
		if errors.Is(err, ErrRecord) {
			b.log.Warn("a dataservice is left out of linked data", "dataservice", d.ID, "cause", err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// giving are the services that everybody finds and that give one of some
// datasets.
func (e *Exporter) giving(ctx context.Context, datasets []string) ([]given, error) {
	if len(datasets) == 0 {
		return nil, nil
	}
	var links []given
	err := e.db.Read().NewRaw(`SELECT l.dataservice_id, l.dataset_id FROM dataservice_datasets l JOIN dataservices s ON s.id = l.dataservice_id
		WHERE l.dataset_id IN (?) AND s.visible = TRUE ORDER BY l.dataset_id, l.dataservice_id`, bun.List(datasets)).Scan(ctx, &links)
	return links, err
}

// maxLoose bounds the services of a first page that give no dataset.
const maxLoose = 5000

// looseServices are the services that everybody finds and that give no dataset
// that everybody may read; those of one organisation, or all.
func (e *Exporter) looseServices(ctx context.Context, organization string) ([]string, error) {
	query := e.db.Read().NewSelect().TableExpr("dataservices AS s").ColumnExpr("s.id").Where("s.visible = TRUE").
		Where("NOT EXISTS (SELECT 1 FROM dataservice_datasets l JOIN datasets d ON d.id = l.dataset_id WHERE l.dataservice_id = s.id AND d.visible = TRUE)")
	if organization != "" {
		query = query.Where("s.organization_id = ?", organization)
	}
	var ids []string
	err := query.OrderExpr("s.id").Limit(maxLoose).Scan(ctx, &ids)
	return ids, err
}

// served are the datasets that services give, as far as everybody finds them.
func (b *book) served(ctx context.Context, services []catalog.Dataservice) (map[string]Served, error) {
	all := map[string]Served{}
	var ids, highValue []string
	for i := range services {
		if slices.Contains(services[i].Badges, badgeHVD) {
			highValue = append(highValue, services[i].ID)
		}
		if n := services[i].DatasetCount; n > 0 && n <= maxServed {
			ids = append(ids, services[i].ID)
		}
	}
	if err := b.servedURIs(ctx, ids, all); err != nil {
		return nil, err
	}
	return all, b.servedTags(ctx, highValue, all)
}

func (b *book) servedURIs(ctx context.Context, services []string, all map[string]Served) error {
	if len(services) == 0 {
		return nil
	}
	var rows []struct {
		DataserviceID, ID string
		URI               *string
	}
	err := b.db.Read().NewRaw(`SELECT l.dataservice_id, d.id, h.uri FROM dataservice_datasets l JOIN datasets d ON d.id = l.dataset_id
		LEFT JOIN harvests h ON h.object_id = d.id WHERE l.dataservice_id IN (?) AND d.visible = TRUE ORDER BY l.dataservice_id, l.position, d.id`,
		bun.List(services)).Scan(ctx, &rows)
	for _, row := range rows {
		given := all[row.DataserviceID]
		given.URIs = append(given.URIs, b.site.named(value(row.URI), b.site.DatasetPage(row.ID)))
		all[row.DataserviceID] = given
	}
	return err
}

// servedTags are the tags of categories of the high-value datasets that
// services give.
func (b *book) servedTags(ctx context.Context, services []string, all map[string]Served) error {
	if len(services) == 0 {
		return nil
	}
	tags := make([]string, len(Categories))
	for i, c := range Categories {
		tags[i] = c.Tag()
	}
	var rows []struct{ DataserviceID, Tag string }
	err := b.db.Read().NewRaw(`SELECT DISTINCT l.dataservice_id, t.tag FROM dataservice_datasets l JOIN datasets d ON d.id = l.dataset_id
		JOIN badges g ON g.object_id = d.id AND g.kind = 'dataset' AND g.badge = ?0 JOIN tags t ON t.object_id = d.id AND t.kind = 'dataset'
		WHERE l.dataservice_id IN (?1) AND t.tag IN (?2) AND d.visible = TRUE`, badgeHVD, bun.List(services), bun.List(tags)).Scan(ctx, &rows)
	for _, row := range rows {
		given := all[row.DataserviceID]
		given.Tags = append(given.Tags, row.Tag)
		all[row.DataserviceID] = given
	}
	return err
}
