package geo

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/uptrace/bun"

	"grenier/internal/geo/shape"
)

// ContourRow is the contour of a zone in the database, in the form of
// shape.Encode.
type ContourRow struct {
	bun.BaseModel `bun:"table:contours,alias:contour"`

	Zone  string `bun:"zone,pk"`
	Shape []byte `bun:"shape"`
}

// SaveContours adds contours to the database, or replaces those of the same
// zones. The caller lets directories see them by Directory.Refresh once the
// transaction has been committed.
func SaveContours(ctx context.Context, db bun.IDB, rows ...ContourRow) error {
	for len(rows) > 0 {
		part := rows[:min(batch, len(rows))]
		rows = rows[len(part):]
		_, err := db.NewInsert().Model(&part).On("CONFLICT (zone) DO UPDATE").Set("shape = EXCLUDED.shape").Exec(ctx)
		if err != nil {
			return fmt.Errorf("contours cannot be saved: %w", err)
		}
	}
	return nil
}

// ReadContours reads the contours that the database has of some zones.
func ReadContours(ctx context.Context, db bun.IDB, zones []string) (map[string][]byte, error) {
	found := make(map[string][]byte, len(zones))
	for len(zones) > 0 {
		part := zones[:min(batch, len(zones))]
		zones = zones[len(part):]
		var rows []ContourRow
		if err := db.NewSelect().Model(&rows).Where("zone IN (?)", bun.List(part)).Scan(ctx); err != nil {
			return nil, fmt.Errorf("contours cannot be read: %w", err)
		}
		for _, row := range rows {
			found[row.Zone] = row.Shape
		}
	}
	return found, nil
}

// shelf keeps what was made of contours as long as the zones stay as they are:
// the contours put together from those of smaller zones, and maps.
type shelf struct {
	db       bun.IDB // nil when there are only the built-in contours
	joint    kept[shape.Shape]
	locators kept[string]
}

// keptAtMost is how many things of a kind are kept; a contour weighs 100 KB at
// most, a map 3 KB.
const keptAtMost = 128

// kept are things by name, made from one state of the zones.
type kept[T any] struct {
	mu     sync.Mutex
	of     *overlay
	things map[string]T
}

func (k *kept[T]) get(now *overlay, name string) (T, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of != now {
		var none T
		return none, false
	}
	thing, ok := k.things[name]
	return thing, ok
}

func (k *kept[T]) put(now *overlay, name string, thing T) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of != now || len(k.things) >= keptAtMost {
		k.of, k.things = now, make(map[string]T, keptAtMost)
	}
	k.things[name] = thing
}

// Contour returns the contour of a zone as a MultiPolygon of GeoJSON: the one
// that was imported, else one put together from the zones below it, else the
// light one of the program. id may have any form that Resolve understands. It
// is false when no contour is known.
func (d *Directory) Contour(ctx context.Context, id string) (geojson []byte, ok bool, err error) {
	zone, ok := d.Resolve(id)
	if !ok {
		return nil, false, nil
	}
	found, err := d.Contours(ctx, []string{zone.ID})
	if err != nil || len(found[zone.ID]) == 0 {
		return nil, false, err
	}
	return found[zone.ID].GeoJSON(), true, nil
}

// Contours returns the contours of those of the zones that have one; see
// Contour. The shapes are shared: never write into them.
func (d *Directory) Contours(ctx context.Context, ids []string) (map[string]shape.Shape, error) {
	return d.contours(ctx, ids, true)
}

// ImportedContours are those that were imported, or were put together from
// imported ones alone: fit to be handed on as data, while the light ones of the
// program serve to draw.
func (d *Directory) ImportedContours(ctx context.Context, ids []string) (map[string]shape.Shape, error) {
	return d.contours(ctx, ids, false)
}

// HasImportedContour tells whether ImportedContours has the contour of a zone.
func (d *Directory) HasImportedContour(ctx context.Context, id string) (bool, error) {
	found, err := d.ImportedContours(ctx, []string{id})
	return len(found[id]) > 0, err
}

func (d *Directory) contours(ctx context.Context, ids []string, light bool) (map[string]shape.Shape, error) {
	found, err := d.ownContours(ctx, ids, light)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if _, known := found[id]; known {
			continue
		}
		contour, err := d.derivedContour(ctx, id, light)
		if err != nil {
			return nil, err
		}
		if len(contour) > 0 {
			found[id] = contour
		}
	}
	return found, nil
}

// ownContours are the imported ones and, when light ones do, those of
// départements.
func (d *Directory) ownContours(ctx context.Context, ids []string, light bool) (map[string]shape.Shape, error) {
	found := make(map[string]shape.Shape, len(ids))
	if d.shelf.db != nil {
		rows, err := ReadContours(ctx, d.shelf.db, ids)
		if err != nil {
			return nil, err
		}
		for zone, packed := range rows {
			if found[zone], err = shape.Decode(packed); err != nil {
				return nil, fmt.Errorf("the contour of %s: %w", zone, err)
			}
		}
	}
	for _, id := range ids {
		if !light || found[id] != nil || !strings.HasPrefix(id, "fr:departement:") {
			continue
		}
		if contour, ok := outlineOf()[id]; ok {
			found[id] = contour
		}
	}
	return found, nil
}

// partLevels are the levels whose zones, put together, make those of another.
var partLevels = map[string]string{
	"fr:region": "fr:departement", "fr:epci": "fr:commune", "fr:arrondissement": "fr:commune",
}

// derivedContour puts a contour together; nil when that cannot be done.
func (d *Directory) derivedContour(ctx context.Context, id string, light bool) (shape.Shape, error) {
	level := d.levelOf(id)
	key := fmt.Sprint(id, light)
	now := d.above.Load()
	if contour, ok := d.shelf.joint.get(now, key); ok {
		return contour, nil
	}
	var contour shape.Shape
	var err error
	switch part := partLevels[level]; {
	case part != "":
		contour, err = d.joinParts(ctx, id, part, light)
	case light && strings.HasPrefix(level, "country"):
		contour = d.lightContour(id)
	default:
		return nil, nil
	}
	if err == nil {
		d.shelf.joint.put(now, key, contour)
	}
	return contour, err
}

func (d *Directory) levelOf(id string) string {
	if found, ok := d.find(id); ok {
		return found.layer.level(found.index)
	}
	return ""
}

// Contours that were put together are simplified from so many points on, by so
// many degrees (50 m).
const (
	manyPoints     = 3000
	jointTolerance = 0.0005
)

// joinParts dissolves the contours of the parts of a zone. All of them must be
// known: a contour with pieces missing would mislead.
func (d *Directory) joinParts(ctx context.Context, id, level string, light bool) (shape.Shape, error) {
	var ids []string
	for _, zone := range d.Children(id, level) {
		if zone.Kind == KindOrdinary {
			ids = append(ids, zone.ID)
		}
	}
	parts, err := d.ownContours(ctx, ids, light)
	if err != nil || len(ids) == 0 || len(parts) < len(ids) {
		return nil, err
	}
	var shapes []shape.Shape
	for _, part := range ids {
		shapes = append(shapes, parts[part])
	}
	joint := shape.Dissolve(shapes...)
	if joint.Points() > manyPoints {
		joint = joint.Simplified(jointTolerance)
	}
	return joint, nil
}

// lightContour is that of a country, of a part of France or of a group of
// countries, made of light contours; nil for the world.
func (d *Directory) lightContour(id string) shape.Shape {
	if id == world {
		return nil
	}
	var shapes []shape.Shape
	for part := range maps.Keys(d.within(id)) {
		if light, ok := outlineOf()[part]; ok {
			shapes = append(shapes, light)
		}
	}
	if len(shapes) == 0 {
		return outlineOf()[id]
	}
	return shape.Dissolve(shapes...)
}

// within are the countries of a group, or the départements of a part of France.
func (d *Directory) within(id string) map[string]bool {
	found := map[string]bool{}
	for _, level := range []string{"country", "country-subset", "fr:region", "fr:departement"} {
		for _, zone := range d.Children(id, level) {
			if level == "fr:departement" || level == "country" {
				found[zone.ID] = true
				continue
			}
			maps.Copy(found, d.within(zone.ID))
		}
	}
	return found
}

// BackgroundGeoJSON are the light contours of the départements as a
// FeatureCollection, the background of maps of France.
var BackgroundGeoJSON = sync.OnceValue(func() []byte {
	out := []byte(`{"type":"FeatureCollection","features":[`)
	for i, one := range departementOutlines() {
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, `{"type":"Feature","id":%q,"properties":{},"geometry":%s}`, one.Zone, one.Shape.GeoJSON())
	}
	return append(out, "]}"...)
})
