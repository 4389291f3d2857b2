package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/text"
)

// PostRecord is a post with all that it is about.
type PostRecord struct {
	Post     `bun:",extend"`
	ReuseIDs []string `bun:"-"`
}

// postFields are what inputs say of a post. The place of a field is stored: add
// at the end.
var postFields = bulkFields[PostRecord]{
	plain("name", func(p *PostRecord) []any { return []any{&p.Name} }),
	plain("slug", func(p *PostRecord) []any { return []any{&p.Slug} }),
	plain("headline", func(p *PostRecord) []any { return []any{&p.Headline} }),
	plain("owner", func(p *PostRecord) []any { return []any{&p.OwnerID} }),
	plain("image", func(p *PostRecord) []any { return []any{&p.ImageURL, &p.Image, &p.ImageThumbnail} }),
	plain("credit", func(p *PostRecord) []any { return []any{&p.CreditTo, &p.CreditURL} }),
	plain("kind", func(p *PostRecord) []any { return []any{&p.Kind} }),
	plain("content", func(p *PostRecord) []any { return []any{&p.BodyType, &p.Content, &p.Blocs} }),
	plain("published", func(p *PostRecord) []any { return []any{&p.PublishedAt} }),
	plain("created_at", func(p *PostRecord) []any { return []any{&p.CreatedAt} }),
	plain("last_modified", func(p *PostRecord) []any { return []any{&p.ModifiedAt} }),
	plain("tags", func(p *PostRecord) []any { return []any{&p.Tags} }),
	plain("datasets", func(p *PostRecord) []any { return []any{&p.DatasetIDs} }),
	plain("reuses", func(p *PostRecord) []any { return []any{&p.ReuseIDs} }),
}

// PostFields returns the set of the fields of posts with these names.
func PostFields(names ...string) FieldSet { return postFields.set(names...) }

var bulkPosts = &bulkKind[PostRecord]{
	kind: KindPost, table: "posts", modified: "modified_at", fields: postFields,
	ready: func(*PostRecord) {},
	common: func(p *PostRecord) bulkCommon {
		var owner account.Owner
		if p.OwnerID != nil {
			owner.User = *p.OwnerID
		}
		return bulkCommon{
			id: &p.ID, slug: &p.Slug, version: &p.Version, modified: &p.ModifiedAt, named: p.Name, owner: owner, public: !p.PublishedAt.IsZero(),
		}
	},
	load: loadPosts,
	complete: func(p *PostRecord, from *provenance, _ FieldSet) {
		p.NameFold = text.Fold(p.Name)
		if p.Kind == "" {
			p.Kind = PostKinds[0]
		}
		if p.BodyType == "" {
			p.BodyType = "markdown"
		}
		if p.Blocs == nil {
			p.Blocs = db.JSON("[]")
		}
		completeMoments(from, PostFields("created_at"), PostFields("last_modified"), p.ID, &p.CreatedAt, &p.ModifiedAt)
	},
	cells:  func(_ *PostRecord, sources string) (db.JSON, error) { return sourceCells(sources) },
	beside: writeBesidePosts,
}

func loadPosts(ctx context.Context, tx bun.IDB, ids []string) ([]PostRecord, error) {
	var rows []PostRecord
	if err := tx.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	lists, err := attributes(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	datasets, err := postDatasets.all(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	reuses, err := postReuses.all(ctx, tx, ids)
	for i := range rows {
		id := rows[i].ID
		rows[i].Tags, rows[i].DatasetIDs, rows[i].ReuseIDs = attributesOf(lists, id).Tags, datasets[id], reuses[id]
	}
	return rows, err
}

func writeBesidePosts(ctx context.Context, tx *event.Tx, changes []*bulkChange[PostRecord]) error {
	var lists attributeRows
	datasets, reuses := linkRows{relation: postDatasets}, linkRows{relation: postReuses}
	for _, change := range changes {
		p := &change.object
		lists.add(change.created, KindPost, p.ID, &Attributes{Tags: p.Tags}, attributeSet{tags: change.changed&PostFields("tags") != 0})
		if change.changed&PostFields("datasets") != 0 {
			datasets.add(change.created, p.ID, p.DatasetIDs)
		}
		if change.changed&PostFields("reuses") != 0 {
			reuses.add(change.created, p.ID, p.ReuseIDs)
		}
	}
	if err := lists.write(ctx, tx); err != nil {
		return err
	}
	if err := datasets.write(ctx, tx); err != nil {
		return err
	}
	return reuses.write(ctx, tx)
}

// BulkPosts writes what inputs say of posts.
func BulkPosts(ctx context.Context, tx *event.Tx, inputs []Input[PostRecord]) ([]Outcome, error) {
	return bulkPosts.put(ctx, tx, inputs)
}

// JudgePosts tells what BulkPosts would do.
func JudgePosts(ctx context.Context, read bun.IDB, inputs []Input[PostRecord]) ([]Outcome, error) {
	return bulkPosts.judge(ctx, read, inputs)
}
