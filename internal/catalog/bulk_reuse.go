package catalog

import (
	"context"
	"crypto/sha1"
	"encoding/hex"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/text"
)

// ReuseRecord is a reuse with all that it is made with.
type ReuseRecord struct {
	Reuse          `bun:",extend"`
	DataserviceIDs []string `bun:"-"`
}

// reuseFields are what inputs say of a reuse. The place of a field is stored:
// add at the end.
var reuseFields = bulkFields[ReuseRecord]{
	plain("title", func(r *ReuseRecord) []any { return []any{&r.Title} }),
	plain("slug", func(r *ReuseRecord) []any { return []any{&r.Slug} }),
	plain("owner", func(r *ReuseRecord) []any { return []any{&r.OrganizationID, &r.OwnerID} }),
	plain("type", func(r *ReuseRecord) []any { return []any{&r.Type} }),
	plain("topic", func(r *ReuseRecord) []any { return []any{&r.Topic} }),
	plain("url", func(r *ReuseRecord) []any { return []any{&r.URL} }),
	plain("description", func(r *ReuseRecord) []any { return []any{&r.Description} }),
	plain("image", func(r *ReuseRecord) []any { return []any{&r.Image, &r.ImageThumbnail} }),
	plain("private", func(r *ReuseRecord) []any { return []any{&r.Private} }),
	plain("featured", func(r *ReuseRecord) []any { return []any{&r.Featured} }),
	plain("created_at", func(r *ReuseRecord) []any { return []any{&r.CreatedAt} }),
	plain("last_modified", func(r *ReuseRecord) []any { return []any{&r.ModifiedAt} }),
	plain("archived", func(r *ReuseRecord) []any { return []any{&r.ArchivedAt} }),
	plain("deleted", func(r *ReuseRecord) []any { return []any{&r.DeletedAt} }),
	plain("tags", func(r *ReuseRecord) []any { return []any{&r.Tags} }),
	plain("badges", func(r *ReuseRecord) []any { return []any{&r.Badges} }),
	plain("extras", func(r *ReuseRecord) []any { return []any{&r.Extras} }),
	plain("datasets", func(r *ReuseRecord) []any { return []any{&r.DatasetIDs} }),
	plain("dataservices", func(r *ReuseRecord) []any { return []any{&r.DataserviceIDs} }),
	plain("discussions", func(r *ReuseRecord) []any { return []any{&r.Discussions} }),
	plain("discussions_open", func(r *ReuseRecord) []any { return []any{&r.DiscussionsOpen} }),
	plain("followers", func(r *ReuseRecord) []any { return []any{&r.Followers} }),
	plain("followers_by_months", func(r *ReuseRecord) []any { return []any{&r.FollowersByMonths} }),
	plain("views", func(r *ReuseRecord) []any { return []any{&r.Views} }),
}

// ReuseFields returns the set of the fields of reuses with these names.
func ReuseFields(names ...string) FieldSet { return reuseFields.set(names...) }

var bulkReuses = &bulkKind[ReuseRecord]{
	kind: KindReuse, table: "reuses", modified: "modified_at", fields: reuseFields,
	ready: func(*ReuseRecord) {},
	common: func(r *ReuseRecord) bulkCommon {
		return bulkCommon{
			id: &r.ID, slug: &r.Slug, version: &r.Version, modified: &r.ModifiedAt, named: r.Title, owner: r.OwnedBy(),
			public: !r.Private && r.DeletedAt.IsZero(),
		}
	},
	load: loadReuses,
	complete: func(r *ReuseRecord, from *provenance, _ FieldSet) {
		sum := sha1.Sum([]byte(r.URL))
		r.TitleFold, r.URLHash, r.DatasetCount = text.Fold(r.Title), hex.EncodeToString(sum[:]), int64(len(r.DatasetIDs))
		completeMoments(from, ReuseFields("created_at"), ReuseFields("last_modified"), r.ID, &r.CreatedAt, &r.ModifiedAt)
		r.computeVisible()
	},
	cells:  func(_ *ReuseRecord, sources string) (db.JSON, error) { return sourceCells(sources) },
	beside: writeBesideReuses,
}

// completeMoments fills the dates that no input gave.
func completeMoments(from *provenance, created, modified FieldSet, id string, createdAt, modifiedAt *db.Time) {
	if !from.has(created) || createdAt.IsZero() {
		*createdAt = db.IDTime(id)
	}
	if !from.has(modified) || modifiedAt.IsZero() {
		*modifiedAt = *createdAt
	}
}

func loadReuses(ctx context.Context, tx bun.IDB, ids []string) ([]ReuseRecord, error) {
	var rows []ReuseRecord
	if err := tx.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	lists, err := attributes(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	extras, err := extrasOf(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	datasets, err := reuseDatasets.all(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	dataservices, err := reuseDataservices.all(ctx, tx, ids)
	for i := range rows {
		id := rows[i].ID
		rows[i].Attributes, rows[i].Extras = attributesOf(lists, id), extras[id]
		rows[i].DatasetIDs, rows[i].DataserviceIDs = datasets[id], dataservices[id]
	}
	return rows, err
}

func writeBesideReuses(ctx context.Context, tx *event.Tx, changes []*bulkChange[ReuseRecord]) error {
	rows := besideRows{}
	datasets, dataservices := linkRows{relation: reuseDatasets}, linkRows{relation: reuseDataservices}
	for _, change := range changes {
		r := &change.object
		rows.lists.add(change.created, KindReuse, r.ID, &r.Attributes, attributeSet{
			tags: change.changed&ReuseFields("tags") != 0, badges: change.changed&ReuseFields("badges") != 0,
		})
		if change.changed&ReuseFields("extras") != 0 {
			rows.extras.add(change.created, KindReuse, r.ID, r.Extras)
		}
		if change.changed&ReuseFields("datasets") != 0 {
			datasets.add(change.created, r.ID, r.DatasetIDs)
		}
		if change.changed&ReuseFields("dataservices") != 0 {
			dataservices.add(change.created, r.ID, r.DataserviceIDs)
		}
	}
	if err := rows.write(ctx, tx); err != nil {
		return err
	}
	if err := datasets.write(ctx, tx); err != nil {
		return err
	}
	return dataservices.write(ctx, tx)
}

// BulkReuses writes what inputs say of reuses.
func BulkReuses(ctx context.Context, tx *event.Tx, inputs []Input[ReuseRecord]) ([]Outcome, error) {
	return bulkReuses.put(ctx, tx, inputs)
}

// JudgeReuses tells what BulkReuses would do.
func JudgeReuses(ctx context.Context, read bun.IDB, inputs []Input[ReuseRecord]) ([]Outcome, error) {
	return bulkReuses.judge(ctx, read, inputs)
}
