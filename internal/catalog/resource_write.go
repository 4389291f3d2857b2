package catalog

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

const resourceBatch = 200

// maxResources bounds the resources of a dataset.
const maxResources = 100_000

func insertResources(ctx context.Context, tx *db.Tx, resources []Resource) error {
	for part := range slices.Chunk(resources, resourceBatch) {
		if err := tx.Queue(ctx, tx.NewInsert().Model(&part)); err != nil {
			return err
		}
	}
	return nil
}

// changeResource runs a change of one resource of a dataset and saves what
// follows from it in the dataset's row. fn returns the resource before and after,
// nil for one that is new or gone.
func (s *Store) changeResource(ctx context.Context, v account.Viewer, dataset, what string,
	fn func(ctx context.Context, tx *event.Tx, d *Dataset) (before, after *Resource, err error)) (*Dataset, error) {
	var changed *Dataset
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := s.editableHead(ctx, tx.Tx, v, dataset, false)
		if err != nil {
			return err
		}
		before := *d
		old, young, err := fn(ctx, tx, d)
		if err != nil {
			return err
		}
		if err := summariseChange(ctx, tx.Tx, d, old, young); err != nil {
			return err
		}
		changed = d
		return s.saveDataset(ctx, tx, v, &before, d, what, changeOf(old, young))
	})
	return changed, err
}

// changeOf is what history keeps of a change of one resource.
func changeOf(old, young *Resource) history.Difference {
	switch {
	case old == nil:
		return history.Difference{"resource/" + young.ID: {nil, young.Title}}
	case young == nil:
		return removed(old)
	}
	return resourceDifference(old, young)
}

// AddResource puts a new remote resource before the others.
func (s *Store) AddResource(ctx context.Context, v account.Viewer, dataset string, in ResourceInput) (*Resource, error) {
	checks := s.checking(ctx, in)
	var added Resource
	d, err := s.changeResource(ctx, v, dataset, "resource.added", func(ctx context.Context, tx *event.Tx, d *Dataset) (*Resource, *Resource, error) {
		if in.Filetype.Value != "remote" {
			return nil, nil, fault.New(fault.Invalid, "This endpoint only supports remote resources")
		}
		rank, err := s.firstRank(ctx, tx.Tx, d)
		if err != nil {
			return nil, nil, err
		}
		wrong := checks
		added = newResource(&wrong, in, d.ID, rank, db.Now())
		if err := wrong.collect(); err != nil {
			return nil, nil, err
		}
		return nil, &added, insertResources(ctx, tx.Tx, []Resource{added})
	})
	if err != nil {
		return nil, err
	}
	added.DatasetVersion = d.Version
	return &added, nil
}

// firstRank is the rank of a resource that goes before all others of a dataset.
func (s *Store) firstRank(ctx context.Context, tx *db.Tx, d *Dataset) (int64, error) {
	if d.ResourceCount >= maxResources {
		return 0, fault.Newf(fault.Invalid, "A dataset has at most %d resources.", maxResources)
	}
	var first []int64
	err := tx.NewRaw("SELECT rank FROM resources WHERE dataset_id = ? AND community = FALSE ORDER BY rank LIMIT 1", d.ID).Scan(ctx, &first)
	if err != nil || len(first) == 0 {
		return 0, err
	}
	return first[0] - rankGap, nil
}

// UpdateResource changes what the input holds of a resource.
func (s *Store) UpdateResource(ctx context.Context, v account.Viewer, dataset, id string, in ResourceInput) (*Resource, error) {
	checks := s.checking(ctx, in)
	var changed *Resource
	d, err := s.changeResource(ctx, v, dataset, "resource.updated", func(ctx context.Context, tx *event.Tx, d *Dataset) (*Resource, *Resource, error) {
		r, err := resourceRow(ctx, tx.Tx, d.ID, id)
		if err != nil {
			return nil, nil, err
		}
		before, wrong := *r, checks
		applyResource(&wrong, r, in)
		if err := wrong.collect(); err != nil {
			return nil, nil, err
		}
		r.Version++
		r.ModifiedInternal = db.Now()
		changed = r
		return &before, r, db.UpdateChanged(ctx, tx.Tx, &before, r)
	})
	if err != nil {
		return nil, err
	}
	changed.DatasetVersion = d.Version
	return changed, nil
}

// RemoveResource takes a resource away for good.
func (s *Store) RemoveResource(ctx context.Context, v account.Viewer, dataset, id string) error {
	_, err := s.changeResource(ctx, v, dataset, "resource.deleted", func(ctx context.Context, tx *event.Tx, d *Dataset) (*Resource, *Resource, error) {
		r, err := resourceRow(ctx, tx.Tx, d.ID, id)
		if err != nil {
			return nil, nil, err
		}
		return r, nil, s.deleteResources(ctx, tx, []string{id})
	})
	return err
}

// deleteResources removes rows of resources; files that they held here end with
// them.
func (s *Store) deleteResources(ctx context.Context, tx *event.Tx, ids []string) error {
	for part := range slices.Chunk(ids, resourceBatch) {
		if _, err := tx.NewRaw("DELETE FROM resources WHERE id IN (?)", bun.List(part)).Exec(ctx); err != nil {
			return err
		}
		if err := s.endFilesOf(ctx, tx, part...); err != nil {
			return err
		}
	}
	return nil
}

func resourceRow(ctx context.Context, tx *db.Tx, dataset, id string) (*Resource, error) {
	var rows []Resource
	err := tx.NewSelect().Model(&rows).Where("id = ? AND dataset_id = ? AND community = FALSE", id, dataset).Scan(ctx)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.NotFound, "Resource does not exist")
	}
	return &rows[0], nil
}
