package catalog

import (
	"context"
	"encoding/json"
	"strings"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/history"
)

// MergeDatasetExtras gives a dataset further extras and takes away those that
// are null; it returns them all. It leaves the moment of the last change alone.
func (s *Store) MergeDatasetExtras(ctx context.Context, v account.Viewer, id string, given json.RawMessage) (db.JSON, error) {
	in, err := account.ExtrasIn(given)
	if err != nil {
		return nil, err
	}
	return s.changeExtras(ctx, v, id, func(stored db.JSON) (json.RawMessage, error) { return mergedExtras(stored, in) })
}

// RemoveDatasetExtras takes extras away from a dataset; keys that it does not
// have are no matter.
func (s *Store) RemoveDatasetExtras(ctx context.Context, v account.Viewer, id string, given json.RawMessage) error {
	keys, err := account.ExtraNames(given)
	if err != nil {
		return err
	}
	_, err = s.changeExtras(ctx, v, id, func(stored db.JSON) (json.RawMessage, error) {
		left, _, err := withoutKeys(stored, keys)
		return left, err
	})
	return err
}

func (s *Store) changeExtras(ctx context.Context, v account.Viewer, id string, change func(db.JSON) (json.RawMessage, error)) (db.JSON, error) {
	var extras db.JSON
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := s.editable(ctx, tx.Tx, v, id, false)
		if err != nil {
			return err
		}
		before := *d
		given, err := change(d.Extras)
		if err != nil {
			return err
		}
		var wrong refusals
		if err := s.datasetExtras(ctx, tx.Tx, &wrong, d, Some(given)); err != nil {
			return err
		}
		if err := wrong.collect(); err != nil {
			return err
		}
		if extras = d.Extras; string(before.Extras) == string(d.Extras) {
			return nil
		}
		d.Version++
		if err := db.UpdateChanged(ctx, tx.Tx, &before, d); err != nil {
			return err
		}
		if err := s.saveBeside(ctx, tx.Tx, &before, d); err != nil {
			return err
		}
		return v.Record(ctx, tx, account.Change{
			What: "extras", Kind: KindDataset, ID: d.ID, Owner: d.OwnedBy().Ref(), Version: d.Version, Before: d.Visible, After: d.Visible,
			Difference: datasetDifference(&before, d),
		})
	})
	return extras, err
}

// MergeResourceExtras gives a resource further extras and takes away those that
// are null; it returns them all. The analysis of files calls it more often than
// everything else: it reads and writes no more than the rows of the resource and
// of its dataset, and leaves the moments of their last change alone. What it alone
// writes is no version that history keeps.
func (s *Store) MergeResourceExtras(ctx context.Context, v account.Viewer, dataset, id string, given json.RawMessage) (db.JSON, error) {
	in, err := account.ExtrasIn(given)
	if err != nil {
		return nil, err
	}
	return s.changeResourceExtras(ctx, v, dataset, id, analysed(in), func(stored db.JSON) (json.RawMessage, error) {
		return mergedExtras(stored, in)
	})
}

// RemoveResourceExtras takes extras away from a resource, which must have them
// all.
func (s *Store) RemoveResourceExtras(ctx context.Context, v account.Viewer, dataset, id string, given json.RawMessage) error {
	keys, err := account.ExtraNames(given)
	if err != nil {
		return err
	}
	_, err = s.changeResourceExtras(ctx, v, dataset, id, false, func(stored db.JSON) (json.RawMessage, error) {
		left, unknown, err := withoutKeys(stored, keys)
		if unknown != "" {
			return nil, errUnknownKey
		}
		return left, err
	})
	return err
}

// analysed tells whether all keys are of the analysis of files.
func analysed(in map[string]json.RawMessage) bool {
	for key := range in {
		if !strings.HasPrefix(key, "check:") && !strings.HasPrefix(key, "analysis:") {
			return false
		}
	}
	return true
}

func (s *Store) changeResourceExtras(ctx context.Context, v account.Viewer, dataset, id string, quiet bool,
	change func(db.JSON) (json.RawMessage, error)) (db.JSON, error) {
	var extras db.JSON
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := s.editableHead(ctx, tx.Tx, v, dataset, false)
		if err != nil {
			return err
		}
		r, err := resourceRow(ctx, tx.Tx, d.ID, id)
		if err != nil {
			return err
		}
		before, old := *d, *r
		given, err := change(r.Extras)
		if err != nil {
			return err
		}
		var wrong refusals
		wrong.extrasBy(Some(given), &r.Extras, checkedExtra, "extras")
		if err := wrong.collect(); err != nil {
			return err
		}
		if extras = r.Extras; string(old.Extras) == string(r.Extras) {
			return nil
		}
		derive(r)
		r.Version++
		d.Version++
		if err := db.UpdateChanged(ctx, tx.Tx, &old, r); err != nil {
			return err
		}
		if err := summariseChange(ctx, tx.Tx, d, &old, r); err != nil {
			return err
		}
		if err := db.UpdateChanged(ctx, tx.Tx, &before, d); err != nil {
			return err
		}
		if err := s.toldChecks(ctx, tx, &old, r); err != nil {
			return err
		}
		return tellExtras(ctx, tx, v, d, resourceDifference(&old, r), quiet)
	})
	return extras, err
}

func tellExtras(ctx context.Context, tx *event.Tx, v account.Viewer, d *Dataset, difference history.Difference, quiet bool) error {
	if quiet {
		emitCounted(tx, v, d.ID, d.OwnedBy(), d.Version, d.Visible)
		return nil
	}
	return v.Record(ctx, tx, account.Change{
		What: "extras", Kind: KindDataset, ID: d.ID, Owner: d.OwnedBy().Ref(), Version: d.Version, Before: d.Visible, After: d.Visible,
		Difference: difference,
	})
}
