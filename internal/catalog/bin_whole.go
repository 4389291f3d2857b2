package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// binRow is a deleted topic, post or community resource. These leave their tables
// when they are deleted, so that nothing which reads those can show them; what
// they were is kept whole, to make the same object of it again. Former slugs,
// followers and assignments stay where they are, and the files are kept, ended.
type binRow struct {
	bun.BaseModel `bun:"table:bin"`

	ID      string `bun:"id,pk"`
	Kind    string `bun:"kind"`
	Version int64  `bun:"version"`
	Title   string `bun:"title"`
	Slug    string `bun:"slug"`
	// OrganizationID and OwnerID are whose it is; a post is the platform's.
	OrganizationID *string `bun:"organization_id"`
	OwnerID        *string `bun:"owner_id"`
	// DatasetID is the dataset of a community resource.
	DatasetID *string `bun:"dataset_id"`
	// Private is whether the public could not read it.
	Private   bool    `bun:"private"`
	DeletedAt db.Time `bun:"deleted_at"`
	Content   db.JSON `bun:"content"`
}

// keepWhole puts a deleted object into the bin, within the write that deletes it,
// and ends its files.
func (s *Store) keepWhole(ctx context.Context, tx *event.Tx, row *binRow, object any) error {
	var content bytes.Buffer
	encoder := json.NewEncoder(&content)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(object); err != nil {
		return err
	}
	row.Content = content.Bytes()
	if _, err := tx.NewInsert().Model(row).Exec(ctx); err != nil {
		return err
	}
	return s.endFilesOf(ctx, tx, row.ID)
}

// bringWhole makes an object again of what the bin holds of it.
func (s *Store) bringWhole(ctx context.Context, v account.Viewer, subject *Subject) error {
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		if err := lock(ctx, tx.Tx, "bin", subject.ID); err != nil {
			return err
		}
		var rows []binRow
		if err := tx.NewSelect().Model(&rows).Where("id = ? AND kind = ?", subject.ID, subject.Kind).Scan(ctx); err != nil {
			return err
		}
		if len(rows) == 0 {
			return fault.New(fault.NotFound, "Object not found")
		}
		row := &rows[0]
		if err := forget(ctx, tx.Tx, "bin", "id", row.ID); err != nil {
			return err
		}
		row.Version++
		var err error
		switch row.Kind {
		case KindTopic:
			err = row.remakeTopic(ctx, tx, v)
		case KindPost:
			err = row.remakePost(ctx, tx, v)
		case KindCommunity:
			err = row.remakeCommunity(ctx, tx, v)
		}
		if err != nil {
			return err
		}
		_, err = tx.NewRaw("UPDATE files SET ended_at = NULL WHERE object_id = ? AND ended_at >= ?", row.ID, row.DeletedAt).Exec(ctx)
		return err
	})
}

// alive is the difference of a deletion that ends.
func (row *binRow) alive() history.Difference {
	return history.Difference{"deleted": {row.DeletedAt.Ptr(), nil}}
}

// dead is the difference of a deletion.
func (row *binRow) dead() history.Difference {
	return history.Difference{"deleted": {nil, row.DeletedAt.Ptr()}}
}

// remakeTopic inserts the topic with its elements; those whose object has been
// purged meanwhile name none any more.
func (row *binRow) remakeTopic(ctx context.Context, tx *event.Tx, v account.Viewer) error {
	var kept TopicRecord
	if err := json.Unmarshal(row.Content, &kept); err != nil {
		return err
	}
	t := &topicWrite{Topic: kept.Topic, elements: kept.Elements, gathered: true}
	t.Version, t.ModifiedAt, t.OrganizationID, t.OwnerID = row.Version, db.Now(), row.OrganizationID, row.OwnerID
	t.Extras, t.Geometry = present(t.Extras), present(t.Geometry)
	for i := range t.elements {
		t.elements[i].Extras = present(t.elements[i].Extras)
	}
	if err := pullPurged(ctx, tx, t.elements); err != nil {
		return err
	}
	var err error
	if t.Slug, err = account.FreeSlug(ctx, tx.Tx, "topics", KindTopic, row.Slug); err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(&t.Topic).Exec(ctx); err != nil {
		return err
	}
	if err := t.besides().save(ctx, tx.Tx, KindTopic, t.ID, besides{}); err != nil {
		return err
	}
	if err := t.saveElements(ctx, tx, nil); err != nil {
		return err
	}
	if err := t.state().change(ctx, tx, v, "restored", t.Version, false, !t.isPrivate(), row.alive()); err != nil {
		return err
	}
	return regather(ctx, tx, v, nil, t)
}

// pullPurged takes objects that are gone out of the elements of a topic.
func pullPurged(ctx context.Context, tx *event.Tx, elements []Element) error {
	named := map[string][]string{}
	for i := range elements {
		if e := &elements[i]; e.ElementKind != nil && e.ElementID != nil {
			named[*e.ElementKind] = append(named[*e.ElementKind], *e.ElementID)
		}
	}
	there, err := notPurged(ctx, tx, named)
	for i := range elements {
		if e := &elements[i]; e.ElementID != nil && !there[*e.ElementID] {
			e.ElementKind, e.ElementID = nil, nil
		}
	}
	return err
}

// remakePost inserts the post with the links that lead somewhere.
func (row *binRow) remakePost(ctx context.Context, tx *event.Tx, v account.Viewer) error {
	var p PostRecord
	if err := json.Unmarshal(row.Content, &p); err != nil {
		return err
	}
	p.Version, p.ModifiedAt = row.Version, db.Now()
	blocs, err := Blocs(p.Blocs)
	if err != nil {
		return err
	}
	named := map[string][]string{KindDataset: slices.Clone(p.DatasetIDs), KindReuse: slices.Clone(p.ReuseIDs)}
	EachBloc(blocs, func(b *Bloc) {
		named[KindDataset], named[KindReuse] = append(named[KindDataset], b.Datasets...), append(named[KindReuse], b.Reuses...)
		named[KindDataservice] = append(named[KindDataservice], b.Dataservices...)
	})
	there, err := notPurged(ctx, tx, named)
	if err != nil {
		return err
	}
	gone, pulled := func(id string) bool { return !there[id] }, false
	EachBloc(blocs, func(b *Bloc) {
		for _, list := range []*[]string{&b.Datasets, &b.Reuses, &b.Dataservices} {
			pulled = pulled || slices.ContainsFunc(*list, gone)
			*list = slices.DeleteFunc(*list, gone)
		}
	})
	if pulled {
		if p.Blocs, err = db.JSONOf(blocs); err != nil {
			return err
		}
	}
	p.DatasetIDs, p.ReuseIDs = slices.DeleteFunc(p.DatasetIDs, gone), slices.DeleteFunc(p.ReuseIDs, gone)
	if p.Slug, err = account.FreeSlug(ctx, tx.Tx, "posts", KindPost, row.Slug); err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(&p.Post).Exec(ctx); err != nil {
		return err
	}
	if err := p.saveBeside(ctx, tx, &PostRecord{}); err != nil {
		return err
	}
	return p.state().change(ctx, tx, v, "restored", p.Version, false, p.public(), row.alive())
}

// remakeCommunity inserts the resource on its dataset, which must not be deleted.
func (row *binRow) remakeCommunity(ctx context.Context, tx *event.Tx, v account.Viewer) error {
	var r Resource
	if err := json.Unmarshal(row.Content, &r); err != nil {
		return err
	}
	if r.DatasetID != nil {
		there, err := idsOf(ctx, tx, "SELECT id FROM datasets WHERE id = ? AND deleted_at IS NULL", *r.DatasetID)
		if err != nil {
			return err
		}
		if len(there) == 0 {
			return fault.New(fault.Invalid, "The dataset of this resource is deleted: bring it back first.")
		}
	}
	r.Version, r.OrganizationID, r.OwnerID, r.Extras = row.Version, row.OrganizationID, row.OwnerID, present(r.Extras)
	if _, err := tx.NewInsert().Model(&r).Exec(ctx); err != nil {
		return err
	}
	return recordCommunity(ctx, tx, v, &r, "restored", row.alive())
}

// present is a document that was written into another: null is none.
func present(document db.JSON) db.JSON {
	if string(document) == "null" {
		return nil
	}
	return document
}

// notPurged are those of some objects, by kind, that have a row.
func notPurged(ctx context.Context, tx *event.Tx, named map[string][]string) (map[string]bool, error) {
	there := map[string]bool{}
	for _, kind := range []string{KindDataset, KindReuse, KindDataservice} {
		for batch := range slices.Chunk(named[kind], purgeBatch) {
			found, err := idsOf(ctx, tx, "SELECT id FROM "+counterTables[kind]+" WHERE id IN (?)", bun.List(batch))
			if err != nil {
				return nil, err
			}
			for _, id := range found {
				there[id] = true
			}
		}
	}
	return there, nil
}
