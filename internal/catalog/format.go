package catalog

import (
	"context"

	"grenier/internal/db"
)

// FormatsOf returns the formats of the files of datasets, in one query.
func (s *Store) FormatsOf(ctx context.Context, datasets []string) (map[string][]string, error) {
	formats := make(map[string][]string, len(datasets))
	if len(datasets) == 0 {
		return formats, nil
	}
	var rows []struct{ DatasetID, Format string }
	err := db.ScanByIDs(ctx, s.db.Read(), &rows,
		"SELECT dataset_id, format FROM formats WHERE dataset_id IN (?0) ORDER BY dataset_id, position", datasets)
	for _, row := range rows {
		formats[row.DatasetID] = append(formats[row.DatasetID], row.Format)
	}
	return formats, err
}
