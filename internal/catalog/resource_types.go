package catalog

import "context"

// ResourceTypes counts the resources of a dataset by their type: main,
// documentation and so on. Who asks has read the dataset.
func (s *Store) ResourceTypes(ctx context.Context, dataset string) (map[string]int, error) {
	var rows []struct {
		Type  string
		Files int
	}
	err := s.db.Read().NewRaw("SELECT type, count(*) AS files FROM resources WHERE dataset_id = ? AND community = FALSE GROUP BY type", dataset).
		Scan(ctx, &rows)
	counts := make(map[string]int, len(rows))
	for _, row := range rows {
		counts[row.Type] = row.Files
	}
	return counts, err
}

// ResourceBytes is the size of all resources of a dataset together, as far as
// sizes are known. Who asks has read the dataset.
func (s *Store) ResourceBytes(ctx context.Context, dataset string) (float64, error) {
	var bytes float64
	err := s.db.Read().NewRaw(`SELECT COALESCE(sum(CAST(filesize AS DOUBLE PRECISION)), 0.0) FROM resources
		WHERE dataset_id = ? AND community = FALSE`, dataset).Scan(ctx, &bytes)
	return bytes, err
}
