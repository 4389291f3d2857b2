package catalog

import "context"

// ZoneDatasets returns references of datasets that the public finds and that
// cover exactly this zone, the latest first.
func (s *Store) ZoneDatasets(ctx context.Context, zone string, size int) ([]DatasetRef, error) {
	var rows []DatasetRef
	err := s.db.Read().NewRaw(`SELECT d.id, d.title, d.acronym, d.slug FROM object_zones z JOIN datasets d ON d.id = z.object_id
		WHERE z.zone = ? AND z.kind = ? AND d.visible = TRUE ORDER BY d.created_internal DESC, d.id DESC LIMIT ?`,
		zone, KindDataset, size).Scan(ctx, &rows)
	return rows, err
}

// CountByZone counts the datasets that the public finds by the zones that they
// cover exactly; zones without dataset are absent. Counts may be some seconds
// old. The map is shared: never change it.
func (s *Store) CountByZone(ctx context.Context) (map[string]int64, error) {
	return s.zoneCounts.get(ctx, s.countByZone)
}

func (s *Store) countByZone(ctx context.Context) (map[string]int64, error) {
	var rows []struct {
		Zone     string
		Datasets int64
	}
	err := s.db.Read().NewRaw(`SELECT z.zone AS zone, count(*) AS datasets FROM object_zones z JOIN datasets d ON d.id = z.object_id
		WHERE z.kind = ? AND d.visible = TRUE GROUP BY z.zone`, KindDataset).Scan(ctx, &rows)
	counts := make(map[string]int64, len(rows))
	for _, row := range rows {
		counts[row.Zone] = row.Datasets
	}
	return counts, err
}
