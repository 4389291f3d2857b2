package catalog

import (
	"context"
	"fmt"
	"reflect"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/history"
	"grenier/internal/text"
)

// Input is what an import says of one object.
type Input[T any] struct {
	Object T
	Source Source
	// More makes a list add to what is there, whatever the source: it goes
	// on with a list that an earlier input began.
	More bool
}

// Outcome is what an input did.
type Outcome int

// The outcomes.
const (
	// Unchanged: all that the input says was known, or is known better.
	Unchanged Outcome = iota
	Created
	Updated
)

// importer is who the log names for what an import writes.
var importer = account.System("import")

// bulkCommon are the columns that every kind has.
type bulkCommon struct {
	id, slug *string
	version  *int64
	// modified is the moment of the last change made here.
	modified *db.Time
	// named is what a slug is made from when no input gives one.
	named string
	owner account.Owner
	// public tells whether everybody may read the object.
	public bool
}

// bulkKind is how objects of a kind are written many at a time.
type bulkKind[T any] struct {
	kind, table string
	// modified is the column of the moment of the last change made here.
	modified string
	fields   bulkFields[T]
	// ready makes the parts of an object that are behind pointers.
	ready  func(*T)
	common func(*T) bulkCommon
	// load reads objects with all that fields speak of.
	load func(ctx context.Context, tx bun.IDB, ids []string) ([]T, error)
	// more puts what is there before what an input adds to it.
	more func(there, in *T)
	// complete works out what follows from the fields; changed are those
	// that differ from the row.
	complete func(t *T, from *provenance, changed FieldSet)
	// cells is what is kept in given besides the provenance; nil for
	// nothing.
	cells func(t *T, sources string) (db.JSON, error)
	// prepare, when set, settles what depends on other objects, before
	// complete.
	prepare func(ctx context.Context, tx *event.Tx, changes []*bulkChange[T]) error
	// beside writes what stands in other tables.
	beside func(ctx context.Context, tx *event.Tx, changes []*bulkChange[T]) error
}

// bulkChange is an object on its way into the database.
type bulkChange[T any] struct {
	object     T
	from       provenance
	created    bool
	changed    FieldSet
	difference history.Difference
	// retold tells that better inputs are known although no value changed.
	retold     bool
	seenBefore bool
	formerSlug string
	// otherSlugs are those that inputs believed less gave.
	otherSlugs []string
}

// stored is what is known of an object before its row is read.
type stored struct {
	ID         string
	ModifiedAt db.Time
	Cells      db.JSON
}

// put writes the inputs in their order. On PostgreSQL imports take turns.
func (k *bulkKind[T]) put(ctx context.Context, tx *event.Tx, inputs []Input[T]) ([]Outcome, error) {
	outcomes := make([]Outcome, len(inputs))
	if len(inputs) == 0 {
		return outcomes, nil
	}
	changes, err := k.begin(ctx, tx, inputs)
	if err != nil {
		return nil, fmt.Errorf("%s: read what is there: %w", k.table, err)
	}
	var order []*bulkChange[T]
	for i := range inputs {
		id := *k.common(&inputs[i].Object).id
		change, known := changes[id]
		switch {
		case known && change == nil:
			continue
		case known:
			if k.merge(change, &inputs[i]) {
				outcomes[i] = Updated
			}
		default:
			change = &bulkChange[T]{object: inputs[i].Object, created: true, changed: inputs[i].Source.Fields}
			k.ready(&change.object)
			change.from.give(inputs[i].Source, inputs[i].Source.Fields)
			changes[id] = change
			outcomes[i] = Created
		}
		if change.touched() {
			order = appendOnce(order, change)
		}
	}
	if err := k.write(ctx, tx, order); err != nil {
		return nil, fmt.Errorf("%s: %w", k.table, err)
	}
	return outcomes, nil
}

func (c *bulkChange[T]) touched() bool { return c.created || c.changed != 0 || c.retold }

func appendOnce[T comparable](list []T, one T) []T {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == one {
			return list
		}
	}
	return append(list, one)
}

// begin loads the objects that inputs may change. An object that is there and
// to which no input adds anything is nil.
func (k *bulkKind[T]) begin(ctx context.Context, tx *event.Tx, inputs []Input[T]) (map[string]*bulkChange[T], error) {
	ids := make([]string, len(inputs))
	for i := range inputs {
		ids[i] = *k.common(&inputs[i].Object).id
	}
	known, err := k.known(ctx, tx, ids, tx.Postgres())
	if err != nil {
		return nil, err
	}
	changes := make(map[string]*bulkChange[T], len(inputs))
	for id := range known {
		changes[id] = nil
	}
	var wanted []string
	for i := range inputs {
		if from, ok := known[ids[i]]; ok && (inputs[i].More || from.take(inputs[i].Source) != 0) {
			wanted = append(wanted, ids[i])
		}
	}
	if len(wanted) == 0 {
		return changes, nil
	}
	objects, err := k.load(ctx, tx, wanted)
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		change := &bulkChange[T]{object: object}
		k.ready(&change.object)
		common := k.common(&change.object)
		change.from, change.seenBefore, change.formerSlug = *known[*common.id], common.public, *common.slug
		changes[*common.id] = change
	}
	return changes, nil
}

// known returns the provenance of the objects that are there. lock keeps others
// from changing them before the import has; SQLite has one writer anyway.
func (k *bulkKind[T]) known(ctx context.Context, read bun.IDB, ids []string, lock bool) (map[string]*provenance, error) {
	query := "SELECT t.id AS id, t." + k.modified + " AS modified_at, g.cells AS cells FROM " + k.table +
		" t LEFT JOIN given g ON g.object_id = t.id WHERE t.id IN (?)"
	if lock {
		query += " ORDER BY t.id FOR NO KEY UPDATE OF t"
	}
	var rows []stored
	err := read.NewRaw(query, bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	known := make(map[string]*provenance, len(rows))
	for _, row := range rows {
		from, err := provenanceIn(row.Cells)
		if err != nil {
			return nil, err
		}
		from.changedHere(row.ModifiedAt, k.fields.all())
		known[row.ID] = &from
	}
	return known, nil
}

// judge tells what inputs would do, without writing.
func (k *bulkKind[T]) judge(ctx context.Context, read bun.IDB, inputs []Input[T]) ([]Outcome, error) {
	ids := make([]string, len(inputs))
	for i := range inputs {
		ids[i] = *k.common(&inputs[i].Object).id
	}
	known, err := k.known(ctx, read, ids, false)
	if err != nil {
		return nil, err
	}
	outcomes := make([]Outcome, len(inputs))
	for i := range inputs {
		from, ok := known[ids[i]]
		switch {
		case !ok:
			outcomes[i] = Created
			known[ids[i]] = &provenance{sources: []Source{inputs[i].Source}}
		case inputs[i].More:
		case from.take(inputs[i].Source) != 0:
			outcomes[i] = Updated
			from.give(inputs[i].Source, from.take(inputs[i].Source))
		}
	}
	return outcomes, nil
}

// merge takes from an input what it knows better, and tells whether that
// changed anything.
func (k *bulkKind[T]) merge(change *bulkChange[T], in *Input[T]) bool {
	k.ready(&in.Object)
	take := change.from.take(in.Source)
	if in.More {
		k.more(&change.object, &in.Object)
		in.Source, take = change.from.goOn(in.Source), in.Source.Fields
	}
	altered := false
	k.fields.each(in.Source.Fields, func(field *bulkField[T], bit FieldSet) {
		switch {
		case take&bit == 0 && field.name == "slug":
			change.otherSlugs = append(change.otherSlugs, *k.common(&in.Object).slug)
		case take&bit != 0 && !field.equal(&change.object, &in.Object):
			change.set(field, bit, &in.Object)
			altered = true
		}
	})
	if take != 0 && (altered || !in.More) {
		change.from.give(in.Source, take)
		change.retold = true
	}
	return altered
}

// set copies a field from another state of the object and notes the difference.
func (c *bulkChange[T]) set(field *bulkField[T], bit FieldSet, from *T) {
	if !c.created {
		if c.difference == nil {
			c.difference = history.Difference{}
		}
		before := field.value(&c.object)
		if earlier, ok := c.difference[field.name]; ok {
			before = earlier[0]
		}
		c.difference[field.name] = [2]any{before, field.value(from)}
	}
	field.copy(&c.object, from)
	c.changed |= bit
}

// leaveBin forgets what the bin holds whole of objects that an input brings again.
func (k *bulkKind[T]) leaveBin(ctx context.Context, tx *event.Tx, created []*T) error {
	if k.kind != KindTopic && k.kind != KindPost {
		return nil
	}
	ids := make([]string, len(created))
	for i := range created {
		ids[i] = *k.common(created[i]).id
	}
	return deleteOf(ctx, tx, "bin", "id", ids)
}

// write brings changes into the database, with their versions, history and
// events.
func (k *bulkKind[T]) write(ctx context.Context, tx *event.Tx, changes []*bulkChange[T]) error {
	if len(changes) == 0 {
		return nil
	}
	var created, updated []*T
	var claims []*slugClaim
	for _, change := range changes {
		common := k.common(&change.object)
		if change.created || change.changed&k.fields.set("slug") != 0 {
			claims = append(claims, k.claim(change, common))
		}
	}
	if err := k.settleSlugs(ctx, tx, claims); err != nil {
		return err
	}
	if k.prepare != nil {
		if err := k.prepare(ctx, tx, changes); err != nil {
			return err
		}
	}
	for _, change := range changes {
		k.complete(&change.object, &change.from, change.changed)
		common := k.common(&change.object)
		change.from.written = microOf(*common.modified)
		switch {
		case change.created:
			*common.version = 1
			created = append(created, &change.object)
		case change.changed != 0:
			*common.version++
			updated = append(updated, &change.object)
		}
	}
	if err := k.leaveBin(ctx, tx, created); err != nil {
		return err
	}
	if err := insertAll(ctx, tx, created); err != nil {
		return err
	}
	if err := replaceAll(ctx, tx, updated); err != nil {
		return err
	}
	if err := k.rememberSlugs(ctx, tx, changes); err != nil {
		return err
	}
	if err := k.beside(ctx, tx, changes); err != nil {
		return err
	}
	if err := k.keepGiven(ctx, tx, changes); err != nil {
		return err
	}
	return k.record(ctx, tx, changes)
}

// givenRow is a row of the table given.
type givenRow struct {
	bun.BaseModel `bun:"table:given"`

	ObjectID   string  `bun:"object_id,pk"`
	Kind       string  `bun:"kind"`
	ModifiedAt db.Time `bun:"modified_at"`
	Cells      db.JSON `bun:"cells"`
}

func (k *bulkKind[T]) keepGiven(ctx context.Context, tx *event.Tx, changes []*bulkChange[T]) error {
	rows := make([]*givenRow, 0, len(changes))
	var stale []string
	for _, change := range changes {
		common := k.common(&change.object)
		cells, err := k.cells(&change.object, change.from.text())
		if err != nil {
			return err
		}
		rows = append(rows, &givenRow{ObjectID: *common.id, Kind: k.kind, ModifiedAt: change.from.newest(), Cells: cells})
		if !change.created {
			stale = append(stale, *common.id)
		}
	}
	if err := deleteOf(ctx, tx, "given", "object_id", stale); err != nil {
		return err
	}
	return insertAll(ctx, tx, rows)
}

// record adds the versions and the events of changes. Better knowledge of where
// a value comes from is neither.
func (k *bulkKind[T]) record(ctx context.Context, tx *event.Tx, changes []*bulkChange[T]) error {
	now := db.Now()
	actorKind, actor := importer.Actor()
	var versions []history.Change
	for _, change := range changes {
		if !change.created && change.changed == 0 {
			continue
		}
		common := k.common(&change.object)
		happened := event.Event{
			At: now, Kind: k.kind + ".created", ObjectKind: k.kind, Object: *common.id, Owner: common.owner.Ref(),
			ActorKind: actorKind, Actor: actor, Version: *common.version, SeenBefore: change.seenBefore, SeenAfter: common.public,
		}
		version := history.Change{
			Object: *common.id, Version: *common.version, ObjectKind: k.kind, At: now, ActorKind: actorKind, Actor: actor,
			What: "created", Owner: common.owner.Ref(), Visible: change.seenBefore || common.public,
		}
		if !change.created {
			happened.Kind, version.What = k.kind+".updated", "updated"
			k.fields.each(change.changed, func(field *bulkField[T], _ FieldSet) {
				happened.Fields = append(happened.Fields, field.name)
			})
			var err error
			if version.Difference, err = change.difference.Encode(); err != nil {
				return err
			}
		}
		tx.Emit(happened)
		versions = append(versions, version)
		if k.kind == KindDataset && change.seenBefore != common.public && !change.created {
			if err := tellCommunity(ctx, tx, importer, common.public, *common.id); err != nil {
				return err
			}
		}
	}
	return history.Record(ctx, tx, versions...)
}

// rowsOfStatement is how many rows one statement writes.
const rowsOfStatement = 200

// insertAll adds rows, many in a statement.
func insertAll[T any](ctx context.Context, tx bun.IDB, rows []*T) error {
	for len(rows) > 0 {
		part := rows[:min(rowsOfStatement, len(rows))]
		rows = rows[len(part):]
		if _, err := tx.NewInsert().Model(&part).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// replaceAll writes rows over those with the same identifiers.
func replaceAll[T any](ctx context.Context, tx *event.Tx, rows []*T) error {
	for len(rows) > 0 {
		part := rows[:min(rowsOfStatement, len(rows))]
		rows = rows[len(part):]
		insert := tx.NewInsert().Model(&part).On("CONFLICT (id) DO UPDATE")
		for _, field := range tx.Dialect().Tables().Get(reflect.TypeFor[T]()).Fields {
			if field.Name != "id" {
				insert = insert.Set("? = EXCLUDED.?", bun.Ident(field.Name), bun.Ident(field.Name))
			}
		}
		if _, err := insert.Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// deleteOf removes the rows of a table that belong to objects.
func deleteOf(ctx context.Context, tx bun.IDB, table, column string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.NewRaw("DELETE FROM ? WHERE ? IN (?)", bun.Ident(table), bun.Ident(column), bun.List(ids)).Exec(ctx)
	return err
}

// claim is what an object asks for as its slug.
func (k *bulkKind[T]) claim(change *bulkChange[T], common bulkCommon) *slugClaim {
	claim := &slugClaim{id: *common.id, slug: common.slug, former: change.formerSlug}
	if claim.source, claim.given = change.from.of(k.fields.set("slug")); claim.given && *common.slug != "" {
		return claim
	}
	claim.given = false
	if *common.slug == "" {
		*common.slug = text.Slug(common.named)
	}
	if *common.slug == "" {
		*common.slug = *common.id
	}
	return claim
}
