package catalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/fault"
	"grenier/internal/geo"
)

// TerritoryItem is one of the data of a territory: a dataset of the catalogue
// that covers it, or data that are offered for every territory of its level.
type TerritoryItem struct {
	// Dataset is set for a dataset, Offer for what is offered.
	Dataset *DatasetRef
	Offer   *TerritoryOffer
	// Address is where the offered data are: an absolute address, or a path of
	// this site.
	Address string
}

// TerritoryListing says what a list of the data of a territory holds.
type TerritoryListing struct {
	// Offers brings what is offered for the level in, OffersFirst before
	// everything else; else it stands after the datasets of the organizations of
	// the territory.
	Offers, OffersFirst bool
	// Size bounds the list; it must be positive.
	Size int
}

// TerritoryItems returns the data of a territory in this order: the datasets
// of the organizations that are attached to it, what is offered for its level,
// the other datasets that cover exactly this zone; datasets of one group the
// latest first. Only what the public finds is there.
func (s *Store) TerritoryItems(ctx context.Context, zone geo.Zone, l TerritoryListing) ([]TerritoryItem, error) {
	rows, err := s.territoryRows(ctx, zone.ID, Page{Limit: l.Size})
	if err != nil {
		return nil, err
	}
	var offers []TerritoryItem
	if l.Offers || l.OffersFirst {
		if offers, err = s.TerritoryOffers(ctx, zone); err != nil {
			return nil, err
		}
	}
	items := make([]TerritoryItem, 0, len(rows)+len(offers))
	told := false
	for i := range rows {
		if !told && (l.OffersFirst || rows[i].Rank > 0) {
			items, told = append(items, offers...), true
		}
		items = append(items, TerritoryItem{Dataset: &rows[i].DatasetRef})
	}
	if !told {
		items = append(items, offers...)
	}
	return items[:min(len(items), l.Size)], nil
}

// territoryRow is a dataset of a territory; Rank is 0 when its organization is
// attached there.
type territoryRow struct {
	DatasetRef
	Rank int
}

// territoryDatasets selects the datasets that cover a zone or whose
// organization is attached to it.
const territoryDatasets = `d.visible = TRUE AND d.id IN (
		SELECT z.object_id FROM object_zones z WHERE z.zone = ? AND z.kind = ?
		UNION SELECT own.id FROM organizations attached JOIN datasets own ON own.organization_id = attached.id
			WHERE attached.zone = ? AND attached.deleted_at IS NULL)`

func (s *Store) territoryRows(ctx context.Context, zone string, p Page) ([]territoryRow, error) {
	var rows []territoryRow
	err := s.db.Read().NewRaw(`SELECT d.id, d.title, d.acronym, d.slug,
			CASE WHEN o.zone = ? AND o.deleted_at IS NULL THEN 0 ELSE 1 END AS rank
		FROM datasets d LEFT JOIN organizations o ON o.id = d.organization_id WHERE `+territoryDatasets+`
		ORDER BY rank, d.created_internal DESC, d.id DESC LIMIT ? OFFSET ?`,
		zone, zone, KindDataset, zone, p.Limit, p.Offset).Scan(ctx, &rows)
	return rows, err
}

// TerritoryDatasetIDs returns the identifiers of a page of the datasets of a
// territory, in the order of TerritoryItems, and their number.
func (s *Store) TerritoryDatasetIDs(ctx context.Context, zone string, p Page) ([]string, int, error) {
	rows, err := s.territoryRows(ctx, zone, p)
	if err != nil {
		return nil, 0, err
	}
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	if len(ids) > 0 && len(ids) < p.Limit {
		return ids, p.Offset + len(ids), nil
	}
	var total int
	err = s.db.Read().NewRaw("SELECT count(*) FROM datasets d WHERE "+territoryDatasets, zone, KindDataset, zone).Scan(ctx, &total)
	return ids, total, err
}

// TerritoryOrganizations returns the identifiers of the organizations that are
// attached to a zone, those with most datasets first, and their number.
func (s *Store) TerritoryOrganizations(ctx context.Context, zone string, p Page) ([]string, int, error) {
	const attached = "zone = ? AND deleted_at IS NULL"
	read := s.db.Read()
	var ids []string
	err := read.NewSelect().Table("organizations").Column("id").Where(attached, zone).
		OrderExpr("datasets DESC, name_fold, id").Limit(int64(p.Limit)).Offset(int64(p.Offset)).Scan(ctx, &ids)
	if err != nil || p.Offset+len(ids) < p.Limit {
		return ids, p.Offset + len(ids), err
	}
	total, err := read.NewSelect().Table("organizations").Where(attached, zone).Count(ctx)
	return ids, int(total), err
}

// TerritoryOffers returns what is offered for the level of a zone and is there
// for this one, by order.
func (s *Store) TerritoryOffers(ctx context.Context, zone geo.Zone) ([]TerritoryItem, error) {
	var items []TerritoryItem
	for i := range s.rules.TerritoryOffers {
		offer := &s.rules.TerritoryOffers[i]
		if !offer.concerns(zone) {
			continue
		}
		if offer.Needs == needsContour {
			drawn, err := s.zones.HasImportedContour(ctx, zone.ID)
			if err != nil {
				return nil, err
			}
			if !drawn {
				continue
			}
		}
		items = append(items, TerritoryItem{Offer: offer, Address: offer.address(s.zones, zone)})
	}
	return items, nil
}

// TerritoryOffer finds what a reference of an embedded card names: a zone in
// any of the forms that geo.ParseID understands and the identifier of what is offered there, joined
// by a dash or a colon: fr-town-13004-population_com,
// fr:commune:13004@latest:population_com, fr/town/13004-population_com. Its refusals are those of the
// reference platform.
func (s *Store) TerritoryOffer(ctx context.Context, reference string) (geo.Zone, TerritoryItem, error) {
	var none TerritoryItem
	separators := strings.Count(reference, "-") + strings.Count(reference, ":") + strings.Count(reference, "/")
	if separators < 2 || strings.IndexAny(reference, "-:") <= 0 {
		return geo.Zone{}, none, fault.New(fault.Invalid, "Invalid territory ID.")
	}
	zone, named, ok := s.splitOffer(reference)
	if !ok {
		return geo.Zone{}, none, fault.New(fault.Invalid, "Unknown territory identifier.")
	}
	offers, err := s.TerritoryOffers(ctx, zone)
	if err != nil {
		return zone, none, err
	}
	if len(offers) == 0 && !s.offersFor(zone) {
		return zone, none, fault.New(fault.Invalid, "Unknown kind of territory.")
	}
	for _, item := range offers {
		if item.Offer.ID == named {
			return zone, item, nil
		}
	}
	return zone, none, fault.New(fault.Invalid, "Unknown territory dataset id.")
}

// splitOffer reads the zone of a reference and the rest of it. The last colon
// parts them where that leaves a zone, else the last dash.
func (s *Store) splitOffer(reference string) (geo.Zone, string, bool) {
	for _, separator := range []string{":", "-"} {
		at := strings.LastIndex(reference, separator)
		if at <= 0 {
			continue
		}
		if zone, ok := s.zones.Resolve(reference[:at]); ok {
			return zone, reference[at+1:], true
		}
	}
	return geo.Zone{}, "", false
}

// offersFor tells whether anything is offered for every zone of a level.
func (s *Store) offersFor(zone geo.Zone) bool {
	for i := range s.rules.TerritoryOffers {
		if s.rules.TerritoryOffers[i].Needs == "" && s.rules.TerritoryOffers[i].concerns(zone) {
			return true
		}
	}
	return false
}

// TerritoryProducers returns the organizations that offers name, by the names
// they give; one that is unknown or deleted is absent.
func (s *Store) TerritoryProducers(ctx context.Context, items []TerritoryItem) (map[string]*account.OrganizationRef, error) {
	var named []string
	for _, item := range items {
		if item.Offer != nil && item.Offer.Organization != "" {
			named = append(named, item.Offer.Organization)
		}
	}
	if len(named) == 0 {
		return nil, nil
	}
	var rows []struct{ ID, Slug string }
	read := s.db.Read()
	err := read.NewRaw("SELECT id, slug FROM organizations WHERE deleted_at IS NULL AND (id IN (?) OR slug IN (?))",
		bun.List(named), bun.List(named)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("the producers of what is offered cannot be read: %w", err)
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	refs, err := account.OrganizationRefs(ctx, read, ids)
	if err != nil {
		return nil, err
	}
	producers := make(map[string]*account.OrganizationRef, len(rows))
	for _, row := range rows {
		producers[row.ID], producers[row.Slug] = refs[row.ID], refs[row.ID]
	}
	return producers, nil
}
