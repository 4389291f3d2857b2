package catalog

import (
	"context"
	"encoding/json"

	"github.com/uptrace/bun"

	"grenier/internal/db"
)

// SiteID is the identifier of the one site of a catalogue.
const SiteID = "default"

// FeedSize is how many entries feeds show unless the site says otherwise.
const FeedSize = 20

// Site is the portal itself: its title, what its home page shows.
type Site struct {
	bun.BaseModel `bun:"table:sites,alias:s"`

	ID       string  `bun:"id,pk"`
	Version  int64   `bun:"version"`
	Title    string  `bun:"title"`
	Keywords db.JSON `bun:"keywords"`
	FeedSize int64   `bun:"feed_size"`
	// Metrics holds the counters that cannot be counted in the catalogue:
	// visits and downloads by month.
	Metrics           db.JSON `bun:"metrics"`
	DatasetsBlocs     db.JSON `bun:"datasets_blocs"`
	ReusesBlocs       db.JSON `bun:"reuses_blocs"`
	DataservicesBlocs db.JSON `bun:"dataservices_blocs"`
}

// SiteDefaults are what a site starts with.
type SiteDefaults struct {
	Title    string
	Keywords []string
}

// Site returns the site; the first call makes it from the defaults.
func (s *Store) Site(ctx context.Context, settings SiteDefaults) (*Site, error) {
	site, err := siteRow(ctx, s.db.Read())
	if site != nil || err != nil {
		return site, err
	}
	keywords, err := db.JSONOf(append([]string{}, settings.Keywords...))
	if err != nil {
		return nil, err
	}
	none := db.JSON("[]")
	site = &Site{
		ID: SiteID, Version: 1, Title: settings.Title, Keywords: keywords, FeedSize: FeedSize, Metrics: db.JSON("{}"),
		DatasetsBlocs: none, ReusesBlocs: none, DataservicesBlocs: none,
	}
	err = s.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.NewInsert().Model(site).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
			return err
		}
		site, err = siteRow(ctx, tx)
		return err
	})
	return site, err
}

// Words are the keywords of the site.
func (site *Site) Words() ([]string, error) {
	words := []string{}
	err := json.Unmarshal(site.Keywords, &words)
	return words, err
}

// siteRow returns the site, nil when nobody has made it.
func siteRow(ctx context.Context, read bun.IDB) (*Site, error) {
	var rows []Site
	err := read.NewSelect().Model(&rows).Where("id = ?", SiteID).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}
