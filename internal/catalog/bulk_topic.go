package catalog

import (
	"context"
	"reflect"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/text"
)

// TopicRecord is a topic with its elements.
type TopicRecord struct {
	Topic    `bun:",extend"`
	Elements []Element `bun:"-"`
}

// topicFields are what inputs say of a topic. The place of a field is stored:
// add at the end.
var topicFields = bulkFields[TopicRecord]{
	plain("name", func(t *TopicRecord) []any { return []any{&t.Name} }),
	plain("slug", func(t *TopicRecord) []any { return []any{&t.Slug} }),
	plain("owner", func(t *TopicRecord) []any { return []any{&t.OrganizationID, &t.OwnerID} }),
	plain("description", func(t *TopicRecord) []any { return []any{&t.Description} }),
	plain("tags", func(t *TopicRecord) []any { return []any{&t.Tags} }),
	plain("color", func(t *TopicRecord) []any { return []any{&t.Color} }),
	plain("featured", func(t *TopicRecord) []any { return []any{&t.Featured} }),
	plain("private", func(t *TopicRecord) []any { return []any{&t.Private} }),
	plain("spatial", func(t *TopicRecord) []any { return []any{&t.Granularity, &t.Zones, &t.Geometry} }),
	plain("created_at", func(t *TopicRecord) []any { return []any{&t.CreatedAt} }),
	plain("last_modified", func(t *TopicRecord) []any { return []any{&t.ModifiedAt} }),
	plain("extras", func(t *TopicRecord) []any { return []any{&t.Extras} }),
	{name: "elements", parts: func(t *TopicRecord) []any { return []any{&t.Elements} }, same: sameElements, shown: elementIDs},
}

// TopicFields returns the set of the fields of topics with these names.
func TopicFields(names ...string) FieldSet { return topicFields.set(names...) }

func sameElements(a, b *TopicRecord) bool {
	return slices.EqualFunc(a.Elements, b.Elements, func(a, b Element) bool {
		for _, e := range []*Element{&a, &b} {
			e.TopicID, e.Position, e.TitleFold = "", 0, ""
		}
		return reflect.DeepEqual(a, b)
	})
}

func elementIDs(t *TopicRecord) any {
	ids := make([]string, len(t.Elements))
	for i := range t.Elements {
		ids[i] = t.Elements[i].ID
	}
	return ids
}

var bulkTopics = &bulkKind[TopicRecord]{
	kind: KindTopic, table: "topics", modified: "modified_at", fields: topicFields,
	ready: func(*TopicRecord) {},
	common: func(t *TopicRecord) bulkCommon {
		return bulkCommon{
			id: &t.ID, slug: &t.Slug, version: &t.Version, modified: &t.ModifiedAt, named: t.Name, owner: t.OwnedBy(), public: !t.isPrivate(),
		}
	},
	load: loadTopics,
	complete: func(t *TopicRecord, from *provenance, _ FieldSet) {
		t.NameFold, t.HasSpatial = text.Fold(t.Name), t.Granularity != nil || len(t.Zones) > 0 || t.Geometry != nil
		completeMoments(from, TopicFields("created_at"), TopicFields("last_modified"), t.ID, &t.CreatedAt, &t.ModifiedAt)
	},
	cells:  func(_ *TopicRecord, sources string) (db.JSON, error) { return sourceCells(sources) },
	beside: writeBesideTopics,
}

func loadTopics(ctx context.Context, tx bun.IDB, ids []string) ([]TopicRecord, error) {
	var rows []TopicRecord
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
	shapes, err := shapesOf(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	elements, err := elementsOf(ctx, tx, ids)
	for i := range rows {
		id := rows[i].ID
		rows[i].Attributes, rows[i].Extras, rows[i].Geometry, rows[i].Elements = attributesOf(lists, id), extras[id], shapes[id], elements[id]
	}
	return rows, err
}

// elementsOf loads the elements of topics with their tags and extras.
func elementsOf(ctx context.Context, tx bun.IDB, topics []string) (map[string][]Element, error) {
	var rows []Element
	err := tx.NewSelect().Model(&rows).Where("topic_id IN (?)", bun.List(topics)).OrderExpr("topic_id, position").Scan(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	lists, err := attributes(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	extras, err := extrasOf(ctx, tx, ids)
	elements := make(map[string][]Element)
	for _, row := range rows {
		row.Tags, row.Extras = attributesOf(lists, row.ID).Tags, extras[row.ID]
		elements[row.TopicID] = append(elements[row.TopicID], row)
	}
	return elements, err
}

func writeBesideTopics(ctx context.Context, tx *event.Tx, changes []*bulkChange[TopicRecord]) error {
	rows := besideRows{}
	var elements []*Element
	var stale []string
	for _, change := range changes {
		t := &change.object
		rows.lists.add(change.created, KindTopic, t.ID, &t.Attributes, attributeSet{
			tags: change.changed&TopicFields("tags") != 0, zones: change.changed&TopicFields("spatial") != 0,
		})
		if change.changed&TopicFields("extras") != 0 {
			rows.extras.add(change.created, KindTopic, t.ID, t.Extras)
		}
		if change.changed&TopicFields("spatial") != 0 {
			rows.shapes.add(change.created, KindTopic, t.ID, t.Geometry)
		}
		if change.changed&TopicFields("elements") == 0 {
			continue
		}
		if !change.created {
			stale = append(stale, t.ID)
		}
		for i := range t.Elements {
			e := &t.Elements[i]
			e.TopicID, e.Position, e.TitleFold = t.ID, int64(i), ""
			if e.Title != nil {
				e.TitleFold = text.Fold(*e.Title)
			}
			elements = append(elements, e)
			rows.lists.add(false, KindElement, e.ID, &Attributes{Tags: e.Tags}, attributeSet{tags: true})
			rows.extras.add(false, KindElement, e.ID, e.Extras)
		}
	}
	if err := deleteOf(ctx, tx, "topic_elements", "topic_id", stale); err != nil {
		return err
	}
	if err := insertAll(ctx, tx, elements); err != nil {
		return err
	}
	return rows.write(ctx, tx)
}

// BulkTopics writes what inputs say of topics.
func BulkTopics(ctx context.Context, tx *event.Tx, inputs []Input[TopicRecord]) ([]Outcome, error) {
	return bulkTopics.put(ctx, tx, inputs)
}

// JudgeTopics tells what BulkTopics would do.
func JudgeTopics(ctx context.Context, read bun.IDB, inputs []Input[TopicRecord]) ([]Outcome, error) {
	return bulkTopics.judge(ctx, read, inputs)
}
