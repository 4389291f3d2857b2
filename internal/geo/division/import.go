package division

import (
	"context"
	"fmt"
	"slices"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/geo"
)

// ZonesChanged is the kind of the event which says that zones of the database
// were added or changed, so that directories in memory read them again.
const ZonesChanged = "zones.updated"

// Summary is what an import did.
type Summary struct{ Read, Added, Changed int }

// batch is how many zones one transaction writes: few enough that nobody waits.
const batch = 500

// Import saves the zones of a folder that the directory does not know, or knows
// otherwise, and shows them in it. What a zone was known by goes on leading to
// it: its former codes, its name when that has changed; so does the code of a commune that has
// joined another. Zones that the folder no longer has stay: what was published
// about them still names them. A second import changes nothing. progress may be nil.
func Import(ctx context.Context, log *event.Log, known *geo.Directory, dir string, progress func(done, total int)) (Summary, error) {
	zones, err := Read(dir)
	if err != nil {
		return Summary{}, err
	}
	if _, err := Name(zones); err != nil {
		return Summary{}, err
	}
	summary := Summary{Read: len(zones)}
	var news []geo.Zone
	for _, zone := range zones {
		present, ok := known.Get(zone.ID)
		if ok {
			zone = remembering(zone, present)
		}
		switch {
		case !ok:
			summary.Added++
		case geo.EncodeLine(present) == geo.EncodeLine(zone):
			continue
		default:
			summary.Changed++
		}
		news = append(news, zone)
	}
	for done := 0; done < len(news); done += batch {
		if progress != nil {
			progress(done, len(news))
		}
		part := news[done:min(done+batch, len(news))]
		if err := save(ctx, log, part); err != nil {
			return summary, err
		}
		known.Add(part...)
	}
	return summary, nil
}

// remembering is a zone of a newer edition with what only the present one knows:
// former codes, other names, a changed name, and where it lies.
func remembering(zone, present geo.Zone) geo.Zone {
	for _, id := range present.Former {
		if !slices.Contains(zone.Former, id) {
			zone.Former = append(zone.Former, id)
		}
	}
	for _, name := range append(slices.Clone(present.Aliases), present.Name) {
		if name != zone.Name && !slices.Contains(zone.Aliases, name) {
			zone.Aliases = append(zone.Aliases, name)
		}
	}
	if len(zone.PostalCodes) == 0 {
		zone.PostalCodes = present.PostalCodes
	}
	if zone.Extent == nil {
		zone.Extent = present.Extent
	}
	return zone
}

func save(ctx context.Context, log *event.Log, zones []geo.Zone) error {
	err := log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
		if err := geo.Save(ctx, tx, zones...); err != nil {
			return err
		}
		tx.Emit(event.Event{
			Kind: ZonesChanged, ObjectKind: geo.ObjectKind, Object: "division", ActorKind: "system", Actor: "import", SeenBefore: true, SeenAfter: true,
		})
		return nil
	})
	if err != nil {
		return fmt.Errorf("the zones cannot be saved: %w", err)
	}
	return nil
}
