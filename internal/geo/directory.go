package geo

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/uptrace/bun"
)

// Directory answers questions about zones from memory: the built-in ones and,
// above them, those of the database. It is safe for concurrent use; readers
// never wait.
type Directory struct {
	base  *layer
	above atomic.Pointer[overlay]
	write sync.Mutex // one change at a time
	shelf shelf
}

// overlay are the zones of the database: added or changed.
type overlay struct {
	rows     map[string]Row // by identifier
	layer    *layer
	replaced map[string]bool // lower-case identifiers whose zones of the base must not show
}

// NewDirectory returns a directory of the built-in zones alone.
func NewDirectory() *Directory {
	d := &Directory{base: builtin()}
	d.above.Store(newOverlay(d.base, nil))
	return d
}

// Load returns a directory of the built-in zones and those of the database. It
// goes on reading contours from it.
func Load(ctx context.Context, db bun.IDB) (*Directory, error) {
	d := NewDirectory()
	d.shelf.db = db
	return d, d.Refresh(ctx, db)
}

// Refresh reads the zones of the database again.
func (d *Directory) Refresh(ctx context.Context, db bun.IDB) error {
	d.write.Lock()
	defer d.write.Unlock()
	rows, err := readRows(ctx, db)
	if err != nil {
		return err
	}
	byID := make(map[string]Row, len(rows))
	for _, row := range rows {
		byID[row.ID] = row
	}
	d.above.Store(newOverlay(d.base, byID))
	return nil
}

// Add shows zones that have just been saved, without reading them back.
func (d *Directory) Add(zones ...Zone) {
	d.write.Lock()
	defer d.write.Unlock()
	old := d.above.Load().rows
	byID := make(map[string]Row, len(old)+len(zones))
	for id, row := range old {
		byID[id] = row
	}
	for _, zone := range zones {
		byID[zone.ID] = RowOf(zone)
	}
	d.above.Store(newOverlay(d.base, byID))
}

func newOverlay(base *layer, rows map[string]Row) *overlay {
	o := &overlay{rows: rows, replaced: map[string]bool{}}
	ids := make([]string, 0, len(rows))
	for id := range rows {
		ids = append(ids, id)
		o.replaced[strings.ToLower(id)] = true
	}
	o.join(base)
	slices.SortFunc(ids, func(a, b string) int {
		if order := LevelRank(rows[a].Level) - LevelRank(rows[b].Level); order != 0 {
			return order
		}
		return strings.Compare(a, b)
	})
	builder := newLayerBuilder(len(rows), 64*len(rows))
	for _, id := range ids {
		builder.add(rows[id].packed())
	}
	o.layer = builder.build()
	return o
}

// join hides the zones of the base that have become part of a zone of the
// database since: a commune that joined another. Their identifiers lead to the
// present zone. Delegated communes go on beside the one that they are part of.
func (o *overlay) join(base *layer) {
	for id, row := range o.rows {
		known := ""
		if index, ok := base.find(strings.ToLower(id)); ok {
			known = "," + base.slice(base.records[index].former) + ","
		}
		for former := range strings.SplitSeq(row.Former, ",") {
			index, ok := base.find(strings.ToLower(former))
			if !ok || former == "" || base.id(index) != former || strings.Contains(known, ","+former+",") {
				continue
			}
			if _, both := o.rows[former]; !both && base.kinds[base.records[index].kind] == KindOrdinary {
				o.replaced[strings.ToLower(former)] = true
			}
		}
	}
}

// replaces tells whether a record of the base must not show.
func (o *overlay) replaces(base *layer, index int32) bool {
	return len(o.replaced) > 0 && o.replaced[strings.ToLower(base.id(index))]
}

// place is where a zone is kept.
type place struct {
	layer *layer
	index int32
}

func (p place) zone() Zone { return p.layer.zone(p.index) }

// find looks an identifier up, capitals aside; former identifiers lead to the
// zone of today.
func (d *Directory) find(id string) (place, bool) {
	key := strings.ToLower(id)
	above := d.above.Load()
	if index, ok := above.layer.find(key); ok {
		return place{above.layer, index}, true
	}
	index, ok := d.base.find(key)
	if !ok || above.replaces(d.base, index) {
		return place{}, false
	}
	return place{d.base, index}, true
}

// Get returns the zone with exactly this identifier.
func (d *Directory) Get(id string) (Zone, bool) {
	found, ok := d.find(id)
	if !ok || found.layer.id(found.index) != id {
		return Zone{}, false
	}
	return found.zone(), true
}

// Resolve returns the zone that a text stands for: an identifier in any form
// that ParseID understands, present or former. The identifier of the zone may
// differ from the text.
func (d *Directory) Resolve(text string) (Zone, bool) {
	level, code, ok := ParseID(text)
	if !ok {
		return Zone{}, false
	}
	found, ok := d.find(level + ":" + code)
	if !ok {
		return Zone{}, false
	}
	return found.zone(), true
}

// visible goes through the records of both layers that show.
func (d *Directory) visible() iter.Seq[place] {
	above := d.above.Load()
	return func(yield func(place) bool) {
		for index := range d.base.records {
			if above.replaces(d.base, int32(index)) {
				continue
			}
			if !yield(place{d.base, int32(index)}) {
				return
			}
		}
		for index := range above.layer.records {
			if !yield(place{above.layer, int32(index)}) {
				return
			}
		}
	}
}

// Len counts the zones.
func (d *Directory) Len() int {
	count := 0
	for range d.visible() {
		count++
	}
	return count
}

// All goes through every zone, the built-in ones first.
func (d *Directory) All() iter.Seq[Zone] {
	return func(yield func(Zone) bool) {
		for at := range d.visible() {
			if !yield(at.zone()) {
				return
			}
		}
	}
}

// InLevel goes through the zones of one level: the built-in ones by code, then
// those of the database by code.
func (d *Directory) InLevel(level string) iter.Seq[Zone] {
	return func(yield func(Zone) bool) {
		for at := range d.visible() {
			if at.layer.level(at.index) == level && !yield(at.zone()) {
				return
			}
		}
	}
}

// Parents returns the smallest zones that hold the given one.
func (d *Directory) Parents(id string) []Zone {
	found, ok := d.find(id)
	if !ok {
		return nil
	}
	var parents []Zone
	for _, parent := range found.zone().Parents {
		if at, ok := d.find(parent); ok {
			parents = append(parents, at.zone())
		}
	}
	return parents
}

// maxDepth bounds the walk up, should rows name each other as parents.
const maxDepth = 16

// Ancestors returns every zone that holds the given one, nearest first, each
// once.
func (d *Directory) Ancestors(id string) []Zone {
	var ancestors []Zone
	seen := map[string]bool{id: true}
	ring := d.Parents(id)
	for depth := 0; len(ring) > 0 && depth < maxDepth; depth++ {
		var next []Zone
		for _, zone := range ring {
			if seen[zone.ID] {
				continue
			}
			seen[zone.ID] = true
			ancestors = append(ancestors, zone)
			next = append(next, d.Parents(zone.ID)...)
		}
		ring = next
	}
	return ancestors
}

// Children returns the zones whose parents include the given one, in the order
// of All; level keeps one level only, empty keeps all.
func (d *Directory) Children(id, level string) []Zone {
	above := d.above.Load()
	var children []Zone
	for _, l := range []*layer{d.base, above.layer} {
		for _, index := range l.below()[id] {
			if level != "" && l.level(index) != level {
				continue
			}
			if l == d.base && above.replaces(l, index) {
				continue
			}
			children = append(children, l.zone(index))
		}
	}
	return children
}
