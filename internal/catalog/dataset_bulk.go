package catalog

import (
	"context"
	"fmt"
	"slices"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
)

// MaxBulk bounds the datasets that are edited at once.
const MaxBulk = 500

// DatasetsEdit is what is changed of many datasets alike. What is left out stays
// as it is.
type DatasetsEdit struct {
	// AddTags and RemoveTags change the tags of each, Tags replaces them.
	AddTags, RemoveTags []string
	Tags                Opt[[]string]
	License             Opt[string]
	ContactPoints       Opt[[]string]
	Frequency           Opt[string]
	Private             Opt[bool]
}

func (e DatasetsEdit) empty() bool {
	return len(e.AddTags)+len(e.RemoveTags) == 0 && !e.Tags.Set && !e.License.Set && !e.ContactPoints.Set && !e.Frequency.Set && !e.Private.Set
}

// Edited is what became of one dataset of a common edit: Err is why it stayed as
// it was.
type Edited struct {
	ID  string
	Err error
}

// EditDatasets changes datasets alike, each in a write of its own, and tells what
// became of each in the order of their identifiers: those that the viewer may not
// change stay as they are. The error is about the edit as a whole.
func (s *Store) EditDatasets(ctx context.Context, v account.Viewer, ids []string, edit DatasetsEdit) ([]Edited, error) {
	switch {
	case v.Anonymous():
		return nil, fault.New(fault.Unauthorized, "Log in to change datasets.")
	case len(ids) == 0:
		return nil, fault.At("Name the datasets to change.", "ids")
	case len(ids) > MaxBulk:
		return nil, fault.At(fmt.Sprintf("At most %d datasets at once.", MaxBulk), "ids")
	case edit.empty():
		return nil, fault.New(fault.Invalid, "Say what to change: tags, license, contact_points, frequency or private.")
	}
	results := make([]Edited, 0, len(ids))
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		err := s.editDataset(ctx, v, id, edit)
		if err != nil && fault.Of(err).Code == fault.Internal {
			return results, err
		}
		results = append(results, Edited{ID: id, Err: err})
	}
	return results, nil
}

func (s *Store) editDataset(ctx context.Context, v account.Viewer, id string, edit DatasetsEdit) error {
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := s.editable(ctx, tx.Tx, v, id, false)
		if err != nil {
			return err
		}
		before := *d
		in := DatasetInput{
			Tags: edit.Tags, License: edit.License, ContactPoints: edit.ContactPoints, Frequency: edit.Frequency, Private: edit.Private,
		}
		if len(edit.AddTags)+len(edit.RemoveTags) > 0 {
			in.Tags = Some(retagged(d.Tags, in.Tags, edit))
		}
		if err := s.apply(ctx, tx.Tx, d, in); err != nil {
			return err
		}
		if len(datasetDifference(&before, d)) == 0 {
			return nil
		}
		return s.saveDataset(ctx, tx, v, &before, d, "updated", nil)
	})
}

// retagged are the tags of a dataset after an edit.
func retagged(current []string, replaced Opt[[]string], edit DatasetsEdit) []string {
	tags := slices.Clone(current)
	if replaced.Set {
		tags = slices.Clone(replaced.Value)
	}
	tags = slices.DeleteFunc(tags, func(tag string) bool { return slices.Contains(edit.RemoveTags, tag) })
	return append(tags, edit.AddTags...)
}
