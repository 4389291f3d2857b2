package catalog

import (
	"context"
	"slices"

	"grenier/internal/db"
)

// ranked bounds how many objects the rankings hold.
const ranked = 100

// MostDownloaded returns the identifiers of the public datasets whose files
// were downloaded most, at most limit (up to 100), the most first. Counts may
// be some seconds old.
func (s *Store) MostDownloaded(ctx context.Context, limit int) ([]string, error) {
	ids, err := s.downloaded.get(ctx, func(ctx context.Context) ([]string, error) {
		var ids []string
		err := s.db.Read().NewRaw(`SELECT id FROM datasets WHERE visible = TRUE AND downloads > 0
			ORDER BY downloads DESC, id LIMIT ?`, ranked).Scan(ctx, &ids)
		return ids, err
	})
	return slices.Clone(ids[:min(len(ids), limit)]), err
}

// FrequentTags returns the tags that most public datasets and reuses bear, at
// most limit, and how many tags there are. Counts may be some seconds old.
func (s *Store) FrequentTags(ctx context.Context, limit int) (tags []TagCount, total int, err error) {
	counts, err := s.KnownTags(ctx)
	return slices.Clone(counts[:min(len(counts), limit)]), len(counts), err
}

// SiteCounters returns the counters by month that the site was given, by the
// names of metrics (see Site.Counted); none when nobody has made the site,
// which this does not do.
func (s *Store) SiteCounters(ctx context.Context) (*Site, error) {
	site, err := siteRow(ctx, s.db.Read())
	if site == nil && err == nil {
		site = &Site{ID: SiteID, Metrics: db.JSON("{}")}
	}
	return site, err
}

// Warm counts what pages show of the whole catalogue, so that the first reader
// does not wait for it.
func (s *Store) Warm(ctx context.Context) error {
	if _, err := s.SiteMetrics(ctx); err != nil {
		return err
	}
	if _, err := s.KnownTags(ctx); err != nil {
		return err
	}
	_, err := s.MostDownloaded(ctx, ranked)
	return err
}
