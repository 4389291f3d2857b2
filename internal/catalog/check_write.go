package catalog

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
)

// CheckedResource is what a check of its availability says of a remote resource.
type CheckedResource struct {
	Dataset, Resource string
	// URL is the address that was asked. What is said of another one than the
	// resource has now is dropped.
	URL string
	// Extras are merged into those of the resource; null takes one away.
	Extras map[string]json.RawMessage
}

// PutChecks writes what checks say into the extras of resources, and what follows
// from it for the quality of their datasets. No moment of a last change moves and
// history keeps no version; each dataset that differs tells the log once. It takes
// a constant number of queries besides one statement for each row that changes.
func (s *Store) PutChecks(ctx context.Context, tx *event.Tx, v account.Viewer, checks []CheckedResource) error {
	if len(checks) == 0 {
		return nil
	}
	byDataset := map[string][]CheckedResource{}
	resources := make([]string, 0, len(checks))
	for _, c := range checks {
		byDataset[c.Dataset] = append(byDataset[c.Dataset], c)
		resources = append(resources, c.Resource)
	}
	ids := slices.Sorted(maps.Keys(byDataset))
	if err := lock(ctx, tx.Tx, "datasets", ids...); err != nil {
		return err
	}
	datasets, err := datasetRows(ctx, tx, ids)
	if err != nil {
		return err
	}
	var rows []Resource
	err = tx.NewSelect().Model(&rows).Where("id IN (?) AND community = FALSE AND filetype = 'remote'", bun.List(resources)).Scan(ctx)
	if err != nil {
		return err
	}
	byID := make(map[string]*Resource, len(rows))
	for i := range rows {
		byID[rows[i].ID] = &rows[i]
	}
	for i := range datasets {
		if err := s.putChecksOf(ctx, tx, v, &datasets[i], byDataset[datasets[i].ID], byID); err != nil {
			return err
		}
	}
	return nil
}

// putChecksOf writes the checks of the resources of one dataset.
func (s *Store) putChecksOf(ctx context.Context, tx *event.Tx, v account.Viewer, d *Dataset, checks []CheckedResource, byID map[string]*Resource) error {
	before := *d
	changed, lost, healed := false, false, false
	for _, c := range checks {
		r := byID[c.Resource]
		if r == nil || r.URL != c.URL || r.DatasetID == nil || *r.DatasetID != d.ID {
			continue
		}
		old := *r
		merged, err := mergedExtras(r.Extras, c.Extras)
		if err != nil {
			return err
		}
		if r.Extras, err = db.JSONOf(merged); err != nil {
			return err
		}
		if string(orEmpty(old.Extras)) == string(r.Extras) {
			continue
		}
		derive(r)
		r.Version++
		if err := db.UpdateChanged(ctx, tx.Tx, &old, r); err != nil {
			return err
		}
		changed = true
		lost = lost || r.unavailable()
		healed = healed || old.unavailable() && !r.unavailable()
	}
	if !changed {
		return nil
	}
	switch {
	case lost:
		d.AllAvailable = false
	case healed && !d.AllAvailable:
		missing, err := anyResource(ctx, tx.Tx, d.ID, unavailableResource)
		if err != nil {
			return err
		}
		d.AllAvailable = !missing
	}
	d.Version++
	if err := db.UpdateChanged(ctx, tx.Tx, &before, d); err != nil {
		return err
	}
	if d.Given != nil && d.AllAvailable != before.AllAvailable {
		// The score that an import printed is the one of before.
		if err := s.saveBeside(ctx, tx.Tx, &before, d); err != nil {
			return err
		}
	}
	emitCounted(tx, v, d.ID, d.OwnedBy(), d.Version, d.Visible)
	return nil
}

// EditableResource is a resource of a dataset that somebody may change, and the
// identifier of the dataset.
func (s *Store) EditableResource(ctx context.Context, v account.Viewer, dataset, id string) (string, *Resource, error) {
	rows, err := datasetRows(ctx, s.db.Read(), []string{dataset})
	if err != nil {
		return "", nil, err
	}
	if len(rows) == 0 {
		return "", nil, fault.New(fault.NotFound, missing[KindDataset])
	}
	d := &rows[0]
	if err := changeable(v, state{KindDataset, d.ID, d.OwnedBy(), d.Private, d.DeletedAt}, false); err != nil {
		return "", nil, err
	}
	var found []Resource
	err = s.db.Read().NewSelect().Model(&found).Where("id = ? AND dataset_id = ? AND community = FALSE", id, d.ID).Scan(ctx)
	if err == nil && len(found) == 0 {
		err = fault.New(fault.NotFound, "Resource does not exist")
	}
	if err != nil {
		return "", nil, err
	}
	return d.ID, &found[0], nil
}

// CheckListener is told, within the write, that somebody wrote the result of a
// check of their own into the extras of a resource; told are all its extras.
type CheckListener func(ctx context.Context, tx *event.Tx, r *Resource, told map[string]json.RawMessage) error

// OnChecked lets one listener know of the checks of others. Call it before the
// first write.
func (s *Store) OnChecked(listener CheckListener) { s.checked = listener }

// toldChecks tells the listener of what somebody wrote about a resource.
func (s *Store) toldChecks(ctx context.Context, tx *event.Tx, old, r *Resource) error {
	if s.checked == nil || r.Filetype != "remote" {
		return nil
	}
	before, after := checkExtras(old.Extras), checkExtras(r.Extras)
	if maps.EqualFunc(before, after, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
		return nil
	}
	return s.checked(ctx, tx, r, after)
}

// checkExtras are the extras that checks of availability write.
func checkExtras(extras db.JSON) map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	if len(extras) > 0 && json.Unmarshal(extras, &all) != nil {
		return nil
	}
	maps.DeleteFunc(all, func(key string, _ json.RawMessage) bool { return !strings.HasPrefix(key, "check:") })
	return all
}
