package catalog

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/db"
)

// formatsOf are the distinct formats of resources, in order.
func formatsOf(resources []Resource) []string {
	var formats []string
	listed := map[string]bool{}
	for i := range resources {
		if format := resources[i].Format; format != nil && !listed[*format] {
			listed[*format] = true
			formats = append(formats, *format)
		}
	}
	return formats
}

func writeFormats(ctx context.Context, tx *db.Tx, dataset string, formats []string) error {
	position := 0
	for part := range slices.Chunk(formats, resourceBatch) {
		rows := make([]any, len(part))
		for i, format := range part {
			rows[i] = bun.List([]any{dataset, format, position})
			position++
		}
		query := "INSERT INTO formats (dataset_id, format, position) VALUES " + strings.TrimSuffix(strings.Repeat("(?), ", len(rows)), ", ")
		if err := tx.Queue(ctx, tx.NewRaw(query, rows...)); err != nil {
			return err
		}
	}
	return nil
}

// What a resource says for the dataset's quality.

func (r *Resource) main() bool { return r.Type == "main" }

func (r *Resource) open() bool { return r.Format != nil && IsOpenFormat(*r.Format) }

func (r *Resource) unavailable() bool {
	return r.Filetype == "remote" && r.Available != nil && !*r.Available
}

func (r *Resource) documented() bool {
	return r.Type == "documentation" || r.Description != nil && *r.Description != ""
}

// The same for databases.
const (
	openResource        = "format NOT IN ('pdf', 'doc', 'docx', 'word', 'xls', 'excel', 'xlsx', '')"
	unavailableResource = "filetype = 'remote' AND available = FALSE"
	documentedResource  = "(type = 'documentation' OR description <> '')"
	resourceModified    = `(CASE WHEN harvest_modified_at IS NOT NULL THEN harvest_modified_at
    WHEN filetype = 'remote' AND analysed_modified_at IS NOT NULL THEN analysed_modified_at ELSE modified_internal END)`
	ofDataset = "FROM resources WHERE dataset_id = ?0 AND community = FALSE"
)

// summarise computes what a dataset's row says of its resources.
func summarise(d *Dataset, resources []Resource) {
	d.ResourceCount, d.MainResources, d.OpenFormat, d.AllAvailable, d.Documented = int64(len(resources)), 0, false, true, false
	var newest db.Time
	for i := range resources {
		r := &resources[i]
		if r.main() {
			d.MainResources++
		}
		d.OpenFormat = d.OpenFormat || r.open()
		d.AllAvailable = d.AllAvailable && !r.unavailable()
		d.Documented = d.Documented || r.documented()
		if modified := r.ModifiedAt(db.Now().Time); modified.After(newest.Time) {
			newest = modified
		}
	}
	d.updatedBy(newest)
}

// updatedBy dates the last update by the newest resource, unless the dataset's
// origin does.
func (d *Dataset) updatedBy(newest db.Time) {
	if !newest.IsZero() && (d.Harvest == nil || d.Harvest.ModifiedAt.IsZero()) {
		d.LastUpdate = newest
	}
}

// resummarise computes it from the rows, by queries that do not carry the
// resources here.
func resummarise(ctx context.Context, tx *db.Tx, d *Dataset) error {
	d.resourcesWritten = true
	var sums []struct {
		Total, Main                   int64
		Open, Unavailable, Documented int64
	}
	count := func(condition string) string {
		return "coalesce(sum(CASE WHEN " + condition + " THEN 1 ELSE 0 END), 0)"
	}
	err := tx.NewRaw("SELECT count(*) AS total, "+count("type = 'main'")+" AS main, "+count(openResource)+" AS open, "+
		count(unavailableResource)+" AS unavailable, "+count(documentedResource)+" AS documented "+ofDataset, d.ID).Scan(ctx, &sums)
	if err != nil {
		return err
	}
	sum := sums[0]
	d.ResourceCount, d.MainResources, d.OpenFormat = sum.Total, sum.Main, sum.Open > 0
	d.AllAvailable, d.Documented = sum.Unavailable == 0, sum.Documented > 0
	if err := dateByNewest(ctx, tx, d); err != nil {
		return err
	}
	return orderFormats(ctx, tx, d.ID)
}

// summariseChange brings it in step with a change of one resource that the rows
// hold already, at the same cost in a dataset of any size: before is nil for a
// new one, after for one that is gone. Only when the last resource that had
// something loses it, the others are looked at.
func summariseChange(ctx context.Context, tx *db.Tx, d *Dataset, before, after *Resource) error {
	if d.Given != nil && !d.Given.settled() {
		return resummarise(ctx, tx, d)
	}
	d.resourcesWritten = true
	said := func(r *Resource, what func(*Resource) bool) bool { return r != nil && what(r) }
	d.ResourceCount += one(after != nil) - one(before != nil)
	d.MainResources += one(said(after, (*Resource).main)) - one(said(before, (*Resource).main))
	someUnavailable := !d.AllAvailable
	for _, flag := range []struct {
		any       *bool
		what      func(*Resource) bool
		condition string
	}{
		{&d.OpenFormat, (*Resource).open, openResource}, {&someUnavailable, (*Resource).unavailable, unavailableResource},
		{&d.Documented, (*Resource).documented, documentedResource},
	} {
		switch {
		case said(after, flag.what):
			*flag.any = true
		case *flag.any && said(before, flag.what):
			var err error
			if *flag.any, err = anyResource(ctx, tx, d.ID, flag.condition); err != nil {
				return err
			}
		}
	}
	d.AllAvailable = !someUnavailable
	if err := dateByNewest(ctx, tx, d); err != nil {
		return err
	}
	if before != nil && after != nil && equalText(before.Format, after.Format) && before.Rank == after.Rank {
		return nil
	}
	if (before == nil || before.Format == nil) && (after == nil || after.Format == nil) {
		return nil
	}
	return orderFormats(ctx, tx, d.ID)
}

func one(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// settled tells whether nothing that an import gave stands for rows of
// resources any more.
func (g *GivenDataset) settled() bool {
	return g.Resources == nil && g.MainResources == nil && len(g.Formats) == 0 && g.QualityScore == ""
}

func anyResource(ctx context.Context, tx *db.Tx, dataset, condition string) (bool, error) {
	var found []string
	err := tx.NewRaw("SELECT id "+ofDataset+" AND "+condition+" LIMIT 1", dataset).Scan(ctx, &found)
	return len(found) > 0, err
}

// dateByNewest dates the last update of a dataset by its newest resource, found
// by an index. What an origin dates into the future counts by what is known here.
func dateByNewest(ctx context.Context, tx *db.Tx, d *Dataset) error {
	if d.ResourceCount == 0 {
		return nil
	}
	var rows []struct{ Newest db.Time }
	err := tx.NewRaw("SELECT newest FROM (SELECT "+resourceModified+" AS newest "+ofDataset+
		" AND (harvest_modified_at IS NULL OR harvest_modified_at < ?1) ORDER BY "+resourceModified+" DESC LIMIT 1) AS past UNION ALL "+
		"SELECT max(CASE WHEN filetype = 'remote' AND analysed_modified_at IS NOT NULL THEN analysed_modified_at ELSE modified_internal END) "+
		ofDataset+" AND "+resourceModified+" >= ?1 AND harvest_modified_at >= ?1", d.ID, db.Now()).Scan(ctx, &rows)
	if err != nil {
		return err
	}
	var newest db.Time
	for _, row := range rows {
		if row.Newest.After(newest.Time) {
			newest = row.Newest
		}
	}
	d.updatedBy(newest)
	return nil
}

// orderFormats keeps the formats of a dataset in the order in which its
// resources have them.
func orderFormats(ctx context.Context, tx *db.Tx, dataset string) error {
	var formats, stored []string
	err := tx.NewRaw("SELECT format "+ofDataset+" AND format IS NOT NULL GROUP BY format ORDER BY min(rank), format", dataset).Scan(ctx, &formats)
	if err != nil {
		return err
	}
	if err := tx.NewRaw("SELECT format FROM formats WHERE dataset_id = ? ORDER BY position", dataset).Scan(ctx, &stored); err != nil {
		return err
	}
	if slices.Equal(formats, stored) {
		return nil
	}
	if _, err := tx.NewRaw("DELETE FROM formats WHERE dataset_id = ?", dataset).Exec(ctx); err != nil {
		return err
	}
	return writeFormats(ctx, tx, dataset, formats)
}
