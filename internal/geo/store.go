package geo

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"
)

// ObjectKind is that of the events which tell that zones or contours of the
// database were added or changed; what was made from zones falls with it.
const ObjectKind = "zones"

// Row is a zone of the database: one that was added, or that replaces the
// built-in zone of the same identifier.
type Row struct {
	bun.BaseModel `bun:"table:zones,alias:zone"`

	ID          string `bun:"id,pk"`
	Level       string `bun:"level"`
	Code        string `bun:"code"`
	Name        string `bun:"name"`
	Kind        string `bun:"kind"`
	URI         string `bun:"uri"`
	Population  int64  `bun:"population"`
	Parents     string `bun:"parents"`      // identifiers joined by commas
	Aliases     string `bun:"aliases"`      // names joined by |
	PostalCodes string `bun:"postal_codes"` // joined by commas
	Former      string `bun:"former"`       // identifiers joined by commas
	Extent      string `bun:"extent"`       // lon,lat,west,south,east,north or nothing
}

// RowOf returns the row that keeps a zone.
func RowOf(zone Zone) Row {
	return Row{
		ID: zone.ID, Level: zone.Level, Code: zone.Code, Name: zone.Name, Kind: string(zone.Kind), URI: zone.URI,
		Population: zone.Population, Parents: strings.Join(zone.Parents, ","), Aliases: strings.Join(zone.Aliases, "|"),
		PostalCodes: strings.Join(zone.PostalCodes, ","), Former: strings.Join(zone.Former, ","), Extent: zone.Extent.text(-1),
	}
}

// packed reads a row; an extent that cannot be read counts as unknown.
func (r Row) packed() packed {
	extent, err := parseExtent(r.Extent)
	if err != nil {
		extent = nil
	}
	return packed{
		level: r.Level, code: r.Code, name: r.Name, uri: r.URI, kind: Kind(r.Kind), population: r.Population,
		parents: r.Parents, aliases: r.Aliases, postal: r.PostalCodes, formerID: r.Former, extent: extent,
	}
}

// batch is how many rows one statement writes.
const batch = 500

// Save adds zones to the database, or replaces those with the same
// identifiers. The caller shows them by Directory.Add once the transaction has
// been committed.
func Save(ctx context.Context, db bun.IDB, zones ...Zone) error {
	rows := make([]Row, 0, len(zones))
	for _, zone := range zones {
		if err := zone.check(); err != nil {
			return err
		}
		rows = append(rows, RowOf(zone))
	}
	for len(rows) > 0 {
		part := rows[:min(batch, len(rows))]
		rows = rows[len(part):]
		insert := db.NewInsert().Model(&part).On("CONFLICT (id) DO UPDATE")
		for _, column := range []string{
			"level", "code", "name", "kind", "uri", "population", "parents", "aliases", "postal_codes",
			"former", "extent",
		} {
			insert = insert.Set("? = EXCLUDED.?", bun.Ident(column), bun.Ident(column))
		}
		if _, err := insert.Exec(ctx); err != nil {
			return fmt.Errorf("zones cannot be saved: %w", err)
		}
	}
	return nil
}

func readRows(ctx context.Context, db bun.IDB) ([]Row, error) {
	var rows []Row
	if err := db.NewSelect().Model(&rows).Order("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("zones cannot be read: %w", err)
	}
	return rows, nil
}

// check refuses what could not be read back as it is.
func (z Zone) check() error {
	if z.Level == "" || z.Code == "" || z.ID != z.Level+":"+z.Code {
		return fmt.Errorf("the zone %q is not made of its level %q and its code %q", z.ID, z.Level, z.Code)
	}
	if strings.TrimSpace(z.Name) == "" {
		return fmt.Errorf("the zone %s has no name", z.ID)
	}
	for _, alias := range z.Aliases {
		if alias == "" || strings.Contains(alias, "|") {
			return fmt.Errorf("the zone %s has %q among its other names", z.ID, alias)
		}
	}
	for _, list := range [][]string{z.Parents, z.PostalCodes, z.Former} {
		for _, one := range list {
			if one == "" || strings.Contains(one, ",") {
				return fmt.Errorf("the zone %s has %q among its parents, postal codes or former identifiers", z.ID, one)
			}
		}
	}
	return nil
}
