package catalog

import (
	"context"
	"strings"
)

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

// FirstResources returns the first resources of each dataset, at most so many,
// in one query. Who asks has read the datasets; there are some dozens at most.
func (s *Store) FirstResources(ctx context.Context, datasets []string, each int) (map[string][]Resource, error) {
	first := make(map[string][]Resource, len(datasets))
	if len(datasets) == 0 {
		return first, nil
	}
	parts, args := make([]string, 0, len(datasets)), make([]any, 0, 2*len(datasets))
	for _, id := range datasets {
		parts = append(parts, "SELECT * FROM (SELECT r.* FROM resources AS r WHERE r.dataset_id = ? AND r.community = FALSE ORDER BY r.rank, r.id LIMIT ?) AS x")
		args = append(args, id, each)
	}
	var rows []Resource
	err := s.db.Read().NewRaw(strings.Join(parts, " UNION ALL "), args...).Scan(ctx, &rows)
	for i := range rows {
		first[*rows[i].DatasetID] = append(first[*rows[i].DatasetID], rows[i])
	}
	return first, err
}
