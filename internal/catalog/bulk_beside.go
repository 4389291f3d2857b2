package catalog

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/event"
)

// What stands beside the rows of objects of any kind, written for many objects
// in few statements.

type tagRow struct {
	bun.BaseModel `bun:"table:tags"`

	ObjectID string `bun:"object_id"`
	Tag      string `bun:"tag"`
	Kind     string `bun:"kind"`
	Position int64  `bun:"position"`
}

type badgeRow struct {
	bun.BaseModel `bun:"table:badges"`

	ObjectID  string  `bun:"object_id"`
	Badge     string  `bun:"badge"`
	Kind      string  `bun:"kind"`
	CreatedAt db.Time `bun:"created_at"`
	CreatedBy *string `bun:"created_by"`
	Position  int64   `bun:"position"`
}

type zoneRow struct {
	bun.BaseModel `bun:"table:object_zones"`

	ObjectID string `bun:"object_id"`
	Zone     string `bun:"zone"`
	Kind     string `bun:"kind"`
	Position int64  `bun:"position"`
}

type objectContactRow struct {
	bun.BaseModel `bun:"table:object_contacts"`

	ObjectID  string `bun:"object_id"`
	ContactID string `bun:"contact_id"`
	Position  int64  `bun:"position"`
}

// attributeSet says which of the small lists of an object changed.
type attributeSet struct{ tags, badges, zones, contacts bool }

// attributeRows collects the small lists of objects. A list holds a value once,
// at its first place.
type attributeRows struct {
	tags     []*tagRow
	badges   []*badgeRow
	zones    []*zoneRow
	contacts []*objectContactRow

	staleTags, staleBadges, staleZones, staleContacts []string
}

func (r *attributeRows) add(created bool, kind, id string, lists *Attributes, which attributeSet) {
	stale := func(list *[]string) {
		if !created {
			*list = append(*list, id)
		}
	}
	if which.tags {
		stale(&r.staleTags)
		eachOnce(lists.Tags, func(i int64, tag string) {
			r.tags = append(r.tags, &tagRow{ObjectID: id, Tag: tag, Kind: kind, Position: i})
		})
	}
	if which.badges {
		stale(&r.staleBadges)
		eachOnce(lists.Badges, func(i int64, badge string) {
			r.badges = append(r.badges, &badgeRow{ObjectID: id, Badge: badge, Kind: kind, Position: i})
		})
	}
	if which.zones {
		stale(&r.staleZones)
		eachOnce(lists.Zones, func(i int64, zone string) {
			r.zones = append(r.zones, &zoneRow{ObjectID: id, Zone: zone, Kind: kind, Position: i})
		})
	}
	if which.contacts {
		stale(&r.staleContacts)
		eachOnce(lists.Contacts, func(i int64, contact string) {
			r.contacts = append(r.contacts, &objectContactRow{ObjectID: id, ContactID: contact, Position: i})
		})
	}
}

// eachOnce calls fn with the values of a list that are not empty and did not
// come before.
func eachOnce(list []string, fn func(position int64, value string)) {
	for i, value := range list {
		if value != "" && !slices.Contains(list[:i], value) {
			fn(int64(i), value)
		}
	}
}

func (r *attributeRows) write(ctx context.Context, tx *event.Tx) error {
	for _, stale := range []struct {
		table string
		ids   []string
	}{{"tags", r.staleTags}, {"badges", r.staleBadges}, {"object_zones", r.staleZones}, {"object_contacts", r.staleContacts}} {
		if err := deleteOf(ctx, tx, stale.table, "object_id", stale.ids); err != nil {
			return err
		}
	}
	if err := insertAll(ctx, tx, r.tags); err != nil {
		return err
	}
	if err := insertAll(ctx, tx, r.badges); err != nil {
		return err
	}
	if err := insertAll(ctx, tx, r.zones); err != nil {
		return err
	}
	return insertAll(ctx, tx, r.contacts)
}

// documentRow is a JSON document beside an object; nil removes it.
type documentRow struct {
	kind, id string
	document db.JSON
	created  bool
}

type documentRows []documentRow

func (r *documentRows) add(created bool, kind, id string, document db.JSON) {
	if created && document == nil {
		return
	}
	*r = append(*r, documentRow{kind, id, document, created})
}

func writeDocuments(ctx context.Context, tx *event.Tx, table, column string, rows []documentRow) error {
	var stale []string
	var values []any
	var marks []byte
	for _, row := range rows {
		if !row.created {
			stale = append(stale, row.id)
		}
		if row.document != nil {
			marks = append(marks, "(?, ?, ?),"...)
			values = append(values, row.id, row.kind, row.document)
		}
	}
	if err := deleteOf(ctx, tx, table, "object_id", stale); err != nil {
		return err
	}
	if len(values) == 0 {
		return nil
	}
	_, err := tx.NewRaw("INSERT INTO "+table+" (object_id, kind, "+column+") VALUES "+string(marks[:len(marks)-1]), values...).Exec(ctx)
	return err
}

// harvestRows collects where objects come from.
type harvestRows struct {
	rows  []*Harvest
	stale []string
}

func (r *harvestRows) add(created bool, kind, id string, h *Harvest) {
	if !created {
		r.stale = append(r.stale, id)
	}
	row := *h
	row.ObjectID, row.Kind = id, kind
	if row != (Harvest{ObjectID: id, Kind: kind}) {
		r.rows = append(r.rows, &row)
	}
}

func (r *harvestRows) write(ctx context.Context, tx *event.Tx) error {
	if err := deleteOf(ctx, tx, "harvests", "object_id", r.stale); err != nil {
		return err
	}
	return insertAll(ctx, tx, r.rows)
}

type formatRow struct {
	bun.BaseModel `bun:"table:formats"`

	DatasetID string `bun:"dataset_id"`
	Format    string `bun:"format"`
	Position  int64  `bun:"position"`
}

// formatRows collects the formats of datasets: of their resources, or as given
// when no resource is known.
type formatRows struct {
	rows  []*formatRow
	stale []string
}

func (r *formatRows) add(created bool, d *Dataset) {
	if !created {
		r.stale = append(r.stale, d.ID)
	}
	formats := d.Given.Formats
	if d.ResourceCount > 0 {
		formats = givenFormatsOf(d.Resources)
	}
	eachOnce(formats, func(i int64, format string) {
		r.rows = append(r.rows, &formatRow{DatasetID: d.ID, Format: format, Position: i})
	})
}

func (r *formatRows) write(ctx context.Context, tx *event.Tx) error {
	if err := deleteOf(ctx, tx, "formats", "dataset_id", r.stale); err != nil {
		return err
	}
	return insertAll(ctx, tx, r.rows)
}
