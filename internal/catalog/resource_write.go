package catalog

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/i18n"
	"grenier/internal/text"
)

// ResourceInput is what is written of a resource. What is left out stays as it
// is.
type ResourceInput struct {
	// ID names a resource of the dataset; empty for a new one.
	ID          string
	Title       Opt[string]
	Description Opt[string]
	Type        Opt[string]
	Filetype    Opt[string]
	Format      Opt[string]
	Mime        Opt[string]
	URL         Opt[string]
	Filesize    Opt[int64]
	Extras      Opt[json.RawMessage]
}

// applyResource changes a resource as the input says. path leads to it within
// the input.
func applyResource(wrong *refusals, r *Resource, in ResourceInput, path ...any) {
	at := func(name string) []any { return append(slices.Clone(path), name) }
	wrong.line(in.Title, TitleMax, &r.Title, at("title")...)
	wrong.optional(in.Description, DescriptionMax, &r.Description, at("description")...)
	wrong.oneOf(in.Type, i18n.ResourceType, &r.Type, at("type")...)
	wrong.extras(in.Extras, &r.Extras, at("extras")...)
	if in.Filetype.Set && !i18n.Has(i18n.FileType, in.Filetype.Value) {
		wrong.at("Not a valid choice. Choose one of: file, remote.", at("filetype")...)
	}
	if r.Filetype == "remote" {
		if in.URL.Set {
			wrong.address(in.URL.Value, &r.URL, at("url")...)
		}
		lower := in.Format
		lower.Value = strings.ToLower(lower.Value)
		wrong.optional(lower, 255, &r.Format, at("format")...)
		wrong.optional(in.Mime, 255, &r.Mime, at("mime")...)
		if in.Filesize.Set {
			r.Filesize = nil
			switch size := in.Filesize.Value; {
			case in.Filesize.Null:
			case size < 0:
				wrong.at("A size is a number of bytes, 0 or more.", at("filesize")...)
			default:
				r.Filesize = &size
			}
		}
	}
	r.TitleFold = text.Fold(r.Title)
	derive(r)
}

// derive reads what the analysis wrote into the extras.
func derive(r *Resource) {
	var known struct {
		Available *bool  `json:"check:available"`
		Table     any    `json:"analysis:parsing:parsing_table"`
		Modified  string `json:"analysis:last-modified-at"`
	}
	r.Available, r.Preview, r.AnalysedModifiedAt = nil, false, db.Time{}
	if len(r.Extras) == 0 || json.Unmarshal(r.Extras, &known) != nil {
		return
	}
	r.Available, r.Preview = known.Available, known.Table != nil
	r.AnalysedModifiedAt = parseMoment(known.Modified)
}

// newResource makes a resource out of an input; its title and address are
// required.
func newResource(wrong *refusals, in ResourceInput, dataset string, rank int64, now db.Time, path ...any) Resource {
	r := Resource{
		ID: db.NewUUID(), Version: 1, DatasetID: &dataset, Rank: rank, Filetype: "remote", Type: "other",
		CreatedInternal: now, ModifiedInternal: now,
	}
	in.Title.Set, in.URL.Set = true, true
	applyResource(wrong, &r, in, path...)
	return r
}

// newResources makes the resources of a new dataset, in the order given.
func newResources(inputs []ResourceInput, dataset string, now db.Time) ([]Resource, error) {
	var wrong refusals
	resources := make([]Resource, len(inputs))
	for i, in := range inputs {
		resources[i] = newResource(&wrong, in, dataset, int64(i)*rankGap, now, "resources", i)
	}
	return resources, wrong.collect()
}

const resourceBatch = 200

func insertResources(ctx context.Context, tx *db.Tx, resources []Resource) error {
	for part := range slices.Chunk(resources, resourceBatch) {
		if _, err := tx.NewInsert().Model(&part).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// formatsOf are the distinct formats of resources, in order.
func formatsOf(resources []Resource) []string {
	var formats []string
	for i := range resources {
		if format := resources[i].Format; format != nil && !slices.Contains(formats, *format) {
			formats = append(formats, *format)
		}
	}
	return formats
}

func writeFormats(ctx context.Context, tx *db.Tx, dataset string, formats []string) error {
	for position, format := range formats {
		_, err := tx.NewRaw("INSERT INTO formats (dataset_id, format, position) VALUES (?, ?, ?)", dataset, format, position).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// summarise computes what a dataset's row says of its resources.
func summarise(d *Dataset, resources []Resource) {
	d.ResourceCount, d.MainResources, d.OpenFormat, d.AllAvailable, d.Documented = int64(len(resources)), 0, false, true, false
	var newest db.Time
	for i := range resources {
		r := &resources[i]
		if r.Type == "main" {
			d.MainResources++
		}
		d.OpenFormat = d.OpenFormat || r.Format != nil && IsOpenFormat(*r.Format)
		d.AllAvailable = d.AllAvailable && !(r.Filetype == "remote" && r.Available != nil && !*r.Available)
		d.Documented = d.Documented || r.Type == "documentation" || r.Description != nil && *r.Description != ""
		if modified := r.ModifiedAt(db.Now().Time); modified.After(newest.Time) {
			newest = modified
		}
	}
	if !newest.IsZero() && (d.Harvest == nil || d.Harvest.ModifiedAt.IsZero()) {
		d.LastUpdate = newest
	}
}

// resummarise computes it from the rows, by queries that do not carry the
// resources here.
func resummarise(ctx context.Context, tx *db.Tx, d *Dataset) error {
	d.resourcesWritten = true
	var sums []struct {
		Total, Main, Open, Unavailable, Documented int64
		Newest                                     db.Time
	}
	now := db.Now()
	err := tx.NewRaw(`SELECT count(*) AS total,
		coalesce(sum(CASE WHEN type = 'main' THEN 1 ELSE 0 END), 0) AS main,
		coalesce(sum(CASE WHEN format IS NOT NULL AND format NOT IN ('pdf', 'doc', 'docx', 'word', 'xls', 'excel', 'xlsx', '') THEN 1 ELSE 0 END), 0) AS open,
		coalesce(sum(CASE WHEN filetype = 'remote' AND available = FALSE THEN 1 ELSE 0 END), 0) AS unavailable,
		coalesce(sum(CASE WHEN type = 'documentation' OR (description IS NOT NULL AND description <> '') THEN 1 ELSE 0 END), 0) AS documented,
		max(CASE WHEN harvest_modified_at IS NOT NULL AND harvest_modified_at < ?1 THEN harvest_modified_at
			WHEN filetype = 'remote' AND analysed_modified_at IS NOT NULL THEN analysed_modified_at ELSE modified_internal END) AS newest
		FROM resources WHERE dataset_id = ?0 AND community = FALSE`, d.ID, now).Scan(ctx, &sums)
	if err != nil {
		return err
	}
	sum := sums[0]
	d.ResourceCount, d.MainResources, d.OpenFormat = sum.Total, sum.Main, sum.Open > 0
	d.AllAvailable, d.Documented = sum.Unavailable == 0, sum.Documented > 0
	if !sum.Newest.IsZero() && (d.Harvest == nil || d.Harvest.ModifiedAt.IsZero()) {
		d.LastUpdate = sum.Newest
	}
	var formats []string
	err = tx.NewRaw(`SELECT format FROM resources WHERE dataset_id = ? AND community = FALSE AND format IS NOT NULL
		GROUP BY format ORDER BY min(rank), format`, d.ID).Scan(ctx, &formats)
	if err != nil {
		return err
	}
	var stored []string
	if err := tx.NewRaw("SELECT format FROM formats WHERE dataset_id = ? ORDER BY position", d.ID).Scan(ctx, &stored); err != nil {
		return err
	}
	if slices.Equal(formats, stored) {
		return nil
	}
	if _, err := tx.NewRaw("DELETE FROM formats WHERE dataset_id = ?", d.ID).Exec(ctx); err != nil {
		return err
	}
	return writeFormats(ctx, tx, d.ID, formats)
}

// replaceResources makes the given list the dataset's: known identifiers are
// updated, others added, missing ones removed.
func replaceResources(ctx context.Context, tx *db.Tx, d *Dataset, inputs []ResourceInput) (history.Difference, error) {
	var rows []Resource
	err := tx.NewSelect().Model(&rows).Where("dataset_id = ? AND community = FALSE", d.ID).OrderExpr("rank, id").Scan(ctx)
	if err != nil {
		return nil, err
	}
	difference := history.Difference{}
	known := make(map[string]*Resource, len(rows))
	for i := range rows {
		known[rows[i].ID] = &rows[i]
	}
	now := db.Now()
	var wrong refusals
	var fresh []Resource
	kept := make(map[string]bool)
	for i, in := range inputs {
		if in.ID != "" && !db.IsUUID(in.ID) {
			wrong.at("Not a valid UUID.", "resources", i, "id")
			continue
		}
		r := known[in.ID]
		if r == nil || kept[in.ID] {
			fresh = append(fresh, newResource(&wrong, in, d.ID, int64(i)*rankGap, now, "resources", i))
			continue
		}
		kept[in.ID] = true
		old := *r
		applyResource(&wrong, r, in, "resources", i)
		r.Rank = int64(i) * rankGap
		if sameResource(&old, r) {
			continue
		}
		maps.Copy(difference, resourceDifference(&old, r))
		r.Version++
		r.ModifiedInternal = now
		if _, err := tx.NewUpdate().Model(r).WherePK().Exec(ctx); err != nil {
			return nil, err
		}
	}
	if err := wrong.collect(); err != nil {
		return nil, err
	}
	for id, r := range known {
		if !kept[id] {
			maps.Copy(difference, removed(r))
			if _, err := tx.NewRaw("DELETE FROM resources WHERE id = ?", id).Exec(ctx); err != nil {
				return nil, err
			}
		}
	}
	for i := range fresh {
		difference["resource/"+fresh[i].ID] = [2]any{nil, fresh[i].Title}
	}
	if err := insertResources(ctx, tx, fresh); err != nil {
		return nil, err
	}
	return difference, resummarise(ctx, tx, d)
}

func sameResource(a, b *Resource) bool {
	return a.Rank == b.Rank && len(resourceDifference(a, b)) == 0
}

func resourceDifference(before, after *Resource) history.Difference {
	difference := history.Difference{}
	compare := func(name string, old, new any, same bool) {
		if !same {
			difference["resource/"+after.ID+"/"+name] = [2]any{old, new}
		}
	}
	compare("title", before.Title, after.Title, before.Title == after.Title)
	compare("url", before.URL, after.URL, before.URL == after.URL)
	compare("type", before.Type, after.Type, before.Type == after.Type)
	compare("description", before.Description, after.Description, equalText(before.Description, after.Description))
	compare("format", before.Format, after.Format, equalText(before.Format, after.Format))
	compare("mime", before.Mime, after.Mime, equalText(before.Mime, after.Mime))
	compare("extras", before.Extras, after.Extras, string(before.Extras) == string(after.Extras))
	same := before.Filesize == after.Filesize || before.Filesize != nil && after.Filesize != nil && *before.Filesize == *after.Filesize
	compare("filesize", before.Filesize, after.Filesize, same)
	return difference
}

// changeResources runs a change of a dataset's resources and saves what follows
// from it in the dataset's row.
func (s *Store) changeResources(ctx context.Context, v account.Viewer, dataset, what string,
	fn func(ctx context.Context, tx *event.Tx, d *Dataset) (history.Difference, error)) error {
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := s.editable(ctx, tx.Tx, v, dataset, false)
		if err != nil {
			return err
		}
		before := *d
		difference, err := fn(ctx, tx, d)
		if err != nil {
			return err
		}
		if err := resummarise(ctx, tx.Tx, d); err != nil {
			return err
		}
		return s.saveDataset(ctx, tx, v, &before, d, what, difference)
	})
}

// AddResource puts a new remote resource before the others.
func (s *Store) AddResource(ctx context.Context, v account.Viewer, dataset string, in ResourceInput) (*Resource, error) {
	if in.Filetype.Value != "remote" {
		return nil, fault.New(fault.Invalid, "This endpoint only supports remote resources")
	}
	var added Resource
	err := s.changeResources(ctx, v, dataset, "resource.added", func(ctx context.Context, tx *event.Tx, d *Dataset) (history.Difference, error) {
		var first []int64
		err := tx.NewRaw("SELECT rank FROM resources WHERE dataset_id = ? AND community = FALSE ORDER BY rank LIMIT 1", d.ID).Scan(ctx, &first)
		if err != nil {
			return nil, err
		}
		rank := int64(0)
		if len(first) > 0 {
			rank = first[0] - rankGap
		}
		var wrong refusals
		added = newResource(&wrong, in, d.ID, rank, db.Now())
		if err := wrong.collect(); err != nil {
			return nil, err
		}
		return history.Difference{"resource/" + added.ID: {nil, added.Title}}, insertResources(ctx, tx.Tx, []Resource{added})
	})
	return &added, err
}

// UpdateResource changes what the input holds of a resource.
func (s *Store) UpdateResource(ctx context.Context, v account.Viewer, dataset, id string, in ResourceInput) (*Resource, error) {
	var changed *Resource
	err := s.changeResources(ctx, v, dataset, "resource.updated", func(ctx context.Context, tx *event.Tx, d *Dataset) (history.Difference, error) {
		r, err := resourceRow(ctx, tx, d.ID, id)
		if err != nil {
			return nil, err
		}
		if in.Filetype.Set && !in.Filetype.Null && in.Filetype.Value != r.Filetype {
			return nil, fault.At("Cannot modify filetype after creation", "filetype")
		}
		before := *r
		var wrong refusals
		applyResource(&wrong, r, in)
		if err := wrong.collect(); err != nil {
			return nil, err
		}
		r.Version++
		r.ModifiedInternal = db.Now()
		changed = r
		_, err = tx.NewUpdate().Model(r).WherePK().Exec(ctx)
		return resourceDifference(&before, r), err
	})
	return changed, err
}

// RemoveResource takes a resource away for good.
func (s *Store) RemoveResource(ctx context.Context, v account.Viewer, dataset, id string) error {
	return s.changeResources(ctx, v, dataset, "resource.deleted", func(ctx context.Context, tx *event.Tx, d *Dataset) (history.Difference, error) {
		r, err := resourceRow(ctx, tx, d.ID, id)
		if err != nil {
			return nil, err
		}
		_, err = tx.NewRaw("DELETE FROM resources WHERE id = ?", id).Exec(ctx)
		return removed(r), err
	})
}

func resourceRow(ctx context.Context, tx *event.Tx, dataset, id string) (*Resource, error) {
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
