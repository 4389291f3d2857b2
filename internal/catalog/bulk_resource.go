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

// writeResources brings the resources of changed datasets into the database:
// those that differ, and only them.
func writeResources(ctx context.Context, tx *event.Tx, changes []*bulkChange[Dataset]) error {
	var datasets, ids []string
	for _, change := range changes {
		if change.changed&datasetResources == 0 {
			continue
		}
		if !change.created {
			datasets = append(datasets, change.object.ID)
		}
		for i := range change.object.Resources {
			ids = append(ids, change.object.Resources[i].ID)
		}
	}
	if len(datasets) == 0 && len(ids) == 0 {
		return nil
	}
	there, err := resourcesThere(ctx, tx, datasets, ids)
	if err != nil {
		return err
	}
	kept := make(map[string]bool, len(ids))
	var added, altered []*Resource
	for _, change := range changes {
		if change.changed&datasetResources == 0 {
			continue
		}
		for i := range change.object.Resources {
			resource := &change.object.Resources[i]
			resource.DatasetID, resource.Rank, resource.TitleFold = &change.object.ID, int64(i)*rankGap, text.Fold(resource.Title)
			kept[resource.ID] = true
			former, known := there[resource.ID]
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
	for id, resource := range there {
		if !kept[id] && slices.Contains(datasets, *resource.DatasetID) {
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

// resourcesThere returns the rows of the resources of datasets, and those that
// have one of the identifiers, wherever they are.
func resourcesThere(ctx context.Context, tx *event.Tx, datasets, ids []string) (map[string]*Resource, error) {
	there := make(map[string]*Resource)
	for from := 0; from == 0 || from < len(ids); from += 5000 {
		var rows []Resource
		err := tx.NewSelect().Model(&rows).Where("(dataset_id IN (?) AND community = FALSE) OR id IN (?)",
			bun.List(datasets), bun.List(ids[min(from, len(ids)):min(from+5000, len(ids))])).Scan(ctx)
		if err != nil {
			return nil, err
		}
		datasets = nil
		for i := range rows {
			there[rows[i].ID] = &rows[i]
		}
	}
	return there, nil
}
