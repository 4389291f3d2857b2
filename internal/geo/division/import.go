package division

import (
	"context"
	"fmt"

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
// otherwise, and shows them in it. Zones that the folder no longer has stay: what was published
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

func save(ctx context.Context, log *event.Log, zones []geo.Zone) error {
	err := log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
		if err := geo.Save(ctx, tx, zones...); err != nil {
			return err
		}
		tx.Emit(event.Event{
			Kind: ZonesChanged, ObjectKind: "zones", Object: "division", ActorKind: "system", Actor: "import", SeenBefore: true, SeenAfter: true,
		})
		return nil
	})
	if err != nil {
		return fmt.Errorf("the zones cannot be saved: %w", err)
	}
	return nil
}
