package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/history"
)

// Former tells what restoring a version of an object would change: for each
// field the value that it has now and the one that it had then. Who sees the
// object and whom it belongs to stay, as do files that were added since. For who
// may change the object.
func (s *Store) Former(ctx context.Context, v account.Viewer, kind, id string, version int64) (map[string][2]json.RawMessage, error) {
	since, err := s.Since(ctx, v, kind, id, version)
	if err != nil {
		return nil, err
	}
	return Restorable(since), nil
}

// Since returns, for each field of an object that has changed since a version,
// the value that it had then and the one that it has now. For who may change the
// object.
func (s *Store) Since(ctx context.Context, v account.Viewer, kind, id string, version int64) (map[string][2]json.RawMessage, error) {
	if _, err := s.Version(ctx, v, kind, id, version); err != nil {
		return nil, err
	}
	return history.Since(ctx, s.db.Read(), id, version)
}

// Restorable keeps of what changed since a version, then and now, what restoring
// it changes, now and then.
func Restorable(since map[string][2]json.RawMessage) map[string][2]json.RawMessage {
	changes := map[string][2]json.RawMessage{}
	for name, values := range since {
		then, now := values[0], values[1]
		if keptFields[name] || bytes.Equal(absent(then), absent(now)) {
			continue
		}
		if rest, ok := strings.CutPrefix(name, "resource/"); ok {
			resource, _, nested := strings.Cut(rest, "/")
			if !nested && !isRecord(then) || nested && added(since["resource/"+resource]) {
				continue
			}
		}
		changes[name] = [2]json.RawMessage{now, then}
	}
	return changes
}

// FileRank is the place of a file among those of its dataset.
type FileRank struct {
	ID, Title string
	Rank      int64
}

// FileRanks returns the files of a dataset in their order. Who asks may read it.
func (s *Store) FileRanks(ctx context.Context, dataset string) ([]FileRank, error) {
	var rows []FileRank
	err := s.db.Read().NewRaw("SELECT id, title, rank FROM resources WHERE dataset_id = ? AND community = FALSE ORDER BY rank, id LIMIT ?",
		dataset, mostFileRanks).Scan(ctx, &rows)
	return rows, err
}

// mostFileRanks bounds the files whose order is told.
const mostFileRanks = 2_000

// added tells whether a resource was added: it had no value before.
func added(values [2]json.RawMessage) bool {
	return len(values[1]) > 0 && len(absent(values[0])) == 0
}

// absent makes null and no value at all equal.
func absent(value json.RawMessage) json.RawMessage {
	if string(value) == "null" {
		return nil
	}
	return value
}

// FileTitles returns the titles of resources by identifier; those that are gone
// are absent. Who asks may read their dataset.
func (s *Store) FileTitles(ctx context.Context, ids []string) (map[string]string, error) {
	titles := make(map[string]string, len(ids))
	if len(ids) == 0 {
		return titles, nil
	}
	var rows []struct{ ID, Title string }
	err := s.db.Read().NewRaw("SELECT id, title FROM resources WHERE id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	for _, row := range rows {
		titles[row.ID] = row.Title
	}
	return titles, err
}
