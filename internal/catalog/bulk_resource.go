package catalog

import (
	"context"
	"reflect"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/event"
	"grenier/internal/text"
)

// sameResources tells whether two states of a dataset list the same resources
// in the same order, versions aside.
func sameResources(a, b *Dataset) bool {
	return slices.EqualFunc(a.Resources, b.Resources, sameGivenResource)
}

func sameGivenResource(a, b Resource) bool {
	for _, r := range []*Resource{&a, &b} {
		r.Version, r.Rank, r.TitleFold, r.DatasetID = 0, 0, "", nil
		r.keepSource(&Resource{})
	}
	return reflect.DeepEqual(a, b)
}

// resourceIDs is what history keeps of a list of resources.
func resourceIDs(d *Dataset) any {
	ids := make([]string, len(d.Resources))
	for i := range d.Resources {
		ids[i] = d.Resources[i].ID
	}
	return ids
}

// givenFormatsOf are the distinct formats of resources, in their order.
func givenFormatsOf(resources []Resource) []string {
	var formats []string
	seen := make(map[string]bool)
	for i := range resources {
		if format := resources[i].Format; format != nil && *format != "" && !seen[*format] {
			seen[*format] = true
			formats = append(formats, *format)
		}
	}
	return formats
}

// moreResources puts the resources that are there before those of an input.
func moreResources(there, in *Dataset) {
	added := make(map[string]bool, len(in.Resources))
	for i := range in.Resources {
		added[in.Resources[i].ID] = true
	}
	all := slices.DeleteFunc(slices.Clone(there.Resources), func(r Resource) bool { return added[r.ID] })
	in.Resources = append(all, in.Resources...)
}

// countResources brings what a dataset knows of its resources in step with
// their list. When it was last updated is as given.
func (d *Dataset) countResources() {
	given := d.LastUpdate
	summarise(d, d.Resources)
	d.LastUpdate = given
}

// resourceLists writes the resources of changed datasets.
type resourceLists struct {
	// there are the rows that those datasets have, and those that have the
	// identifier of a resource of theirs, wherever they are.
	there map[string]*Resource
	// replaced are the datasets whose rows give way to a new list.
	replaced map[string]bool
}

// prepare reads what is there and settles whose a resource is that several
// datasets list: an identifier stands for one resource on the whole platform.
// The dataset that knows the younger state has it; the others do without.
func (l *resourceLists) prepare(ctx context.Context, tx *event.Tx, changes []*bulkChange[Dataset]) error {
	var datasets, ids []string
	l.replaced = map[string]bool{}
	for _, change := range changes {
		if change.changed&datasetResources == 0 {
			continue
		}
		if !change.created {
			datasets = append(datasets, change.object.ID)
			l.replaced[change.object.ID] = true
		}
		for i := range change.object.Resources {
			ids = append(ids, change.object.Resources[i].ID)
		}
	}
	l.there = map[string]*Resource{}
	if len(datasets) == 0 && len(ids) == 0 {
		return nil
	}
	if err := l.read(ctx, tx, datasets, ids); err != nil {
		return err
	}
	holders := make(map[string]*Resource, len(ids))
	for id, row := range l.there {
		if row.Community || !l.replaced[*row.DatasetID] {
			holders[id] = row
		}
	}
	owned := make(map[string]string, len(ids))
	for _, change := range changes {
		if change.changed&datasetResources == 0 {
			continue
		}
		for i := range change.object.Resources {
			resource := &change.object.Resources[i]
			if holder := holders[resource.ID]; holder == nil || resource.ModifiedInternal.After(holder.ModifiedInternal.Time) {
				holders[resource.ID], owned[resource.ID] = resource, change.object.ID
			}
		}
	}
	for _, change := range changes {
		if change.changed&datasetResources != 0 {
			change.object.Resources = ownResources(&change.object, owned)
		}
	}
	return nil
}

// ownResources drops the resources that are another dataset's, and those listed
// twice.
func ownResources(d *Dataset, owned map[string]string) []Resource {
	listed := make(map[string]bool, len(d.Resources))
	return slices.DeleteFunc(d.Resources, func(r Resource) bool {
		drop := owned[r.ID] != d.ID || listed[r.ID]
		listed[r.ID] = true
		return drop
	})
}

// readAtOnce is how many resources are looked for in one query.
const readAtOnce = 5000

func (l *resourceLists) read(ctx context.Context, tx *event.Tx, datasets, ids []string) error {
	for first := true; first || len(ids) > 0; first = false {
		part := ids[:min(readAtOnce, len(ids))]
		ids = ids[len(part):]
		var rows []Resource
		err := tx.NewSelect().Model(&rows).Where("(dataset_id IN (?) AND community = FALSE) OR id IN (?)",
			bun.List(datasets), bun.List(part)).Scan(ctx)
		if err != nil {
			return err
		}
		datasets = nil
		for i := range rows {
			l.there[rows[i].ID] = &rows[i]
		}
	}
	return nil
}

// write brings the resources that differ into the database, and only them.
func (l *resourceLists) write(ctx context.Context, tx *event.Tx, changes []*bulkChange[Dataset]) error {
	kept := make(map[string]bool)
	var added, altered []*Resource
	for _, change := range changes {
		if change.changed&datasetResources == 0 {
			continue
		}
		for i := range change.object.Resources {
			resource := &change.object.Resources[i]
			resource.DatasetID, resource.Rank, resource.TitleFold = &change.object.ID, int64(i)*rankGap, text.Fold(resource.Title)
			kept[resource.ID] = true
			former, known := l.there[resource.ID]
			if known {
				resource.keepSource(former)
			}
			switch {
			case !known:
				resource.Version = 1
				added = append(added, resource)
			case !sameGivenResource(*former, *resource) || former.Rank != resource.Rank || *former.DatasetID != *resource.DatasetID:
				resource.Version = former.Version + 1
				altered = append(altered, resource)
			}
		}
	}
	var removed []string
	for id, row := range l.there {
		if !kept[id] && !row.Community && l.replaced[*row.DatasetID] {
			removed = append(removed, id)
		}
	}
	if err := deleteOf(ctx, tx, "resources", "id", removed); err != nil {
		return err
	}
	if err := insertAll(ctx, tx, added); err != nil {
		return err
	}
	return replaceAll(ctx, tx, altered)
}
