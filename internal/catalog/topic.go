package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// KindElement is the kind under which the tags and extras of the elements of
// topics are kept.
const KindElement = "topic_element"

// Topic gathers datasets, reuses and dataservices about one matter.
type Topic struct {
	bun.BaseModel `bun:"table:topics,alias:t"`

	ID      string `bun:"id,pk"`
	Version int64  `bun:"version"`
	Slug    string `bun:"slug"`
	Owned
	Name        string  `bun:"name"`
	NameFold    string  `bun:"name_fold"`
	Description *string `bun:"description"`
	Color       *int64  `bun:"color"`
	Featured    bool    `bun:"featured"`
	// Private is nil when nobody said, which is public.
	Private     *bool   `bun:"private"`
	Granularity *string `bun:"granularity"`
	HasSpatial  bool    `bun:"has_spatial"`
	CreatedAt   db.Time `bun:"created_at"`
	ModifiedAt  db.Time `bun:"modified_at"`

	// Loaded besides the row.
	Attributes   `bun:"-"`
	Extras       db.JSON `bun:"-"`
	Geometry     db.JSON `bun:"-"`
	ElementCount int64   `bun:"-"`
}

// Element is one thing that a topic gathers: a title, an object of the
// catalogue, or both.
type Element struct {
	bun.BaseModel `bun:"table:topic_elements,alias:te"`

	ID          string  `bun:"id,pk"`
	TopicID     string  `bun:"topic_id"`
	Position    int64   `bun:"position"`
	Title       *string `bun:"title"`
	TitleFold   string  `bun:"title_fold"`
	Description *string `bun:"description"`
	// ElementKind and ElementID name the object, nil when there is none.
	ElementKind *string `bun:"element_kind"`
	ElementID   *string `bun:"element_id"`

	// Loaded besides the row.
	Tags   []string `bun:"-"`
	Extras db.JSON  `bun:"-"`
}

// ResolveTopic finds a topic by what an address says: identifier, slug, former
// slug.
func (s *Store) ResolveTopic(ctx context.Context, key string) (*account.Resolved, error) {
	return s.resolve(ctx, "topics", KindTopic, key)
}

// Topic returns one topic; a private one is not found by others than its owner.
func (s *Store) Topic(ctx context.Context, v account.Viewer, id string) (*Topic, error) {
	topics, err := s.TopicsByIDs(ctx, v, []string{id})
	return only(topics, err, func() error { return fault.New(fault.NotFound, "Topic not found") })
}

func (t *Topic) isPrivate() bool { return t.Private != nil && *t.Private }

// TopicsByIDs returns topics in the order of their identifiers, in a constant
// number of queries. One that became private since its identifier was listed is
// left out for who may not read it.
func (s *Store) TopicsByIDs(ctx context.Context, v account.Viewer, ids []string) ([]Topic, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	read := s.db.Read()
	topics, err := readableRows(ctx, read, ids, func(t *Topic) string { return t.ID }, func(t Topic) bool { return t.isPrivate() && !v.MayRead(t.OwnedBy(), t.ID) })
	if err != nil {
		return nil, err
	}
	return topics, completeTopics(ctx, read, v, topics)
}

// completeTopics adds owners, tags, zones, shapes, extras and the number of
// elements that the viewer may see.
func completeTopics(ctx context.Context, read bun.IDB, v account.Viewer, topics []Topic) error {
	ids := make([]string, len(topics))
	owned := make([]account.Owner, len(topics))
	for i := range topics {
		ids[i], owned[i] = topics[i].ID, topics[i].OwnedBy()
	}
	lists, err := attributes(ctx, read, ids)
	if err != nil {
		return err
	}
	extras, err := extrasOf(ctx, read, ids)
	if err != nil {
		return err
	}
	shapes, err := shapesOf(ctx, read, ids)
	if err != nil {
		return err
	}
	counts, err := elementCounts(ctx, read, v, ids)
	if err != nil {
		return err
	}
	from, err := loadOwners(ctx, read, owned)
	if err != nil {
		return err
	}
	for i := range topics {
		t := &topics[i]
		t.attach(from)
		t.Attributes, t.Extras, t.Geometry, t.ElementCount = attributesOf(lists, t.ID), extras[t.ID], shapes[t.ID], counts[t.ID]
	}
	return nil
}

// listedElements keeps, of elements under the alias te, those whose object is not
// hidden from the viewer.
func listedElements(v account.Viewer) (condition string, args []any) {
	if v.Admin() {
		return "TRUE", nil
	}
	condition = "te.element_id IS NULL"
	for _, far := range []struct{ kind, table string }{{KindDataset, "datasets"}, {KindReuse, "reuses"}, {KindDataservice, "dataservices"}} {
		listed, more := v.Listed("x", "(x.private = FALSE AND x.deleted_at IS NULL)")
		condition += " OR te.element_kind = '" + far.kind + "' AND NOT EXISTS (SELECT 1 FROM " + far.table +
			" x WHERE x.id = te.element_id AND (" + listed + ") IS NOT TRUE)"
		args = append(args, more...)
	}
	return "(" + condition + ")", args
}

func elementCounts(ctx context.Context, read bun.IDB, v account.Viewer, topics []string) (map[string]int64, error) {
	counts := make(map[string]int64, len(topics))
	if len(topics) == 0 {
		return counts, nil
	}
	var rows []struct {
		TopicID  string
		Elements int64
	}
	listed, args := listedElements(v)
	err := read.NewRaw("SELECT te.topic_id, count(*) AS elements FROM topic_elements te WHERE te.topic_id IN (?) AND "+listed+" GROUP BY te.topic_id",
		append([]any{bun.List(topics)}, args...)...).Scan(ctx, &rows)
	for _, row := range rows {
		counts[row.TopicID] = row.Elements
	}
	return counts, err
}

// TopicFilter narrows a list of topics; empty members do not.
type TopicFilter struct {
	Query string
	// Sort is name, created or last_modified, with "-" for descending.
	// Empty: by relevance when there is a query, else -created.
	Sort string
	// Mine keeps what belongs to the viewer or to their organisations.
	Mine         bool
	Tags         []string
	Private      *bool
	Featured     *bool
	Geozone      string
	Granularity  string
	Organization string
	Owner        string
	// Dataset, Reuse and Dataservice keep the topics that hold the object.
	Dataset, Reuse, Dataservice string
}

var topicSorts = map[string]string{"name": "t.name_fold", "created": "t.created_at", "last_modified": "t.modified_at"}

// publicTopic is what lists show to everybody.
const publicTopic = "COALESCE(t.private, FALSE) = FALSE"

// TopicIDs returns the identifiers of a page of the topics that a list shows to
// the viewer, and their number. Asking for private ones needs somebody in
// particular.
func (s *Store) TopicIDs(ctx context.Context, v account.Viewer, f TopicFilter, p Page) ([]string, int, error) {
	l, err := s.topicListing(ctx, v, f)
	if err != nil {
		return nil, 0, err
	}
	return l.page(ctx, s.db, p)
}

func (s *Store) topicListing(ctx context.Context, v account.Viewer, f TopicFilter) (*listing, error) {
	l := &listing{table: "topics", alias: "t"}
	if f.Query == "" || f.Sort != "" {
		l.order = db.OrderBy(f.Sort, "-created", topicSorts)
	}
	listed, args := v.Listed("t", publicTopic)
	l.and(listed, args...)
	if f.Mine {
		l.mine(v)
	}
	if f.Private != nil {
		if *f.Private && v.Anonymous() {
			return nil, fault.New(fault.Unauthorized, "Log in to list private topics.")
		}
		l.and("COALESCE(t.private, FALSE) = ?", *f.Private)
	}
	if f.Featured != nil {
		l.and("t.featured = ?", *f.Featured)
	}
	l.equal("granularity", f.Granularity)
	l.equal("organization_id", f.Organization)
	l.equal("owner_id", f.Owner)
	l.taggedWith(f.Tags, KindTopic)
	l.among("SELECT object_id FROM object_zones WHERE zone = ? AND kind = 'topic'", f.Geozone)
	for kind, id := range map[string]string{KindDataset: f.Dataset, KindReuse: f.Reuse, KindDataservice: f.Dataservice} {
		l.among("SELECT topic_id FROM topic_elements WHERE element_kind = '"+kind+"' AND element_id = ?", id)
	}
	return l, s.matching(ctx, l, KindTopic, f.Query)
}

// WithoutElement is the class that keeps the elements of a topic that name no
// object.
const WithoutElement = "none"

// ElementFilter narrows the elements of a topic; empty members do not.
type ElementFilter struct {
	// Class is a kind of objects, or WithoutElement.
	Class string
	// Query holds words, each of which is in the title, whatever its
	// capitals and accents, or in the description without accents.
	Query string
	Tags  []string
	Page
}

// Elements returns a page of the elements of a topic, in order, and their
// number. Those whose object is hidden from the viewer are left out.
func (s *Store) Elements(ctx context.Context, v account.Viewer, topic string, f ElementFilter) ([]Element, int, error) {
	if err := s.Readable(ctx, v, KindTopic, topic); err != nil {
		return nil, 0, err
	}
	l := listing{table: "topic_elements", alias: "te", order: "te.position"}
	l.equal("topic_id", topic)
	listed, args := listedElements(v)
	l.and(listed, args...)
	if f.Class == WithoutElement {
		l.and("te.element_id IS NULL")
	} else {
		l.equal("element_kind", f.Class)
	}
	for _, word := range account.Words(f.Query) {
		l.and("(te.title_fold LIKE ?0 ESCAPE '!' OR lower(te.description) LIKE ?0 ESCAPE '!')", contains(word))
	}
	l.taggedWith(f.Tags, KindElement)
	ids, total, err := l.page(ctx, s.db, f.Page)
	if err != nil {
		return nil, 0, err
	}
	elements, err := s.elementsByIDs(ctx, ids)
	return elements, total, err
}

func (s *Store) elementsByIDs(ctx context.Context, ids []string) ([]Element, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	read := s.db.Read()
	var elements []Element
	if err := read.NewSelect().Model(&elements).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	lists, err := attributes(ctx, read, ids)
	if err != nil {
		return nil, err
	}
	extras, err := extrasOf(ctx, read, ids)
	if err != nil {
		return nil, err
	}
	elements = inOrder(elements, ids, func(e *Element) string { return e.ID })
	for i := range elements {
		elements[i].Tags, elements[i].Extras = attributesOf(lists, elements[i].ID).Tags, extras[elements[i].ID]
	}
	return elements, nil
}
