package harvest

import (
	"context"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
)

// harvestedKinds are the kinds of objects that sources bring.
var harvestedKinds = []string{catalog.KindDataset, catalog.KindDataservice}

// administering refuses everybody but administrators of the platform.
func administering(v account.Viewer) error {
	switch {
	case v.Anonymous():
		return fault.New(fault.Unauthorized, "Log in to change this.")
	case !v.Admin():
		return errForbidden
	}
	return nil
}

// Attach ties datasets to records of portals: the next harvest updates them, and
// whatever was tied to the same record is detached. For administrators of the
// platform.
func (s *Store) Attach(ctx context.Context, v account.Viewer, attachments ...catalog.Attachment) error {
	if err := administering(v); err != nil {
		return err
	}
	return s.deps.Catalog.AttachHarvest(ctx, v, attachments...)
}

// Detach makes datasets or dataservices, by the kind, forget where they come
// from. For administrators of the platform.
func (s *Store) Detach(ctx context.Context, v account.Viewer, kind string, ids ...string) error {
	if err := administering(v); err != nil {
		return err
	}
	return s.deps.Catalog.DetachHarvest(ctx, v, kind, ids...)
}

// DetachSource does so for all that came from a source, and returns how many
// objects that were.
func (s *Store) DetachSource(ctx context.Context, v account.Viewer, id string) (detached int, err error) {
	if err := administering(v); err != nil {
		return 0, err
	}
	for _, kind := range harvestedKinds {
		ids, err := s.objectsFrom(ctx, kind, id)
		if err != nil {
			return detached, err
		}
		if err := s.deps.Catalog.DetachHarvest(ctx, v, kind, ids...); err != nil {
			return detached, err
		}
		detached += len(ids)
	}
	return detached, nil
}

// objectsFrom are the identifiers of all that came from a source.
func (s *Store) objectsFrom(ctx context.Context, kind, source string) ([]string, error) {
	var ids []string
	err := s.db.Read().NewRaw("SELECT object_id FROM harvests WHERE source_id = ? AND kind = ? ORDER BY object_id", source, kind).Scan(ctx, &ids)
	return ids, err
}

// cleanReason is what a cleaned dataset says of itself.
const cleanReason = "harvester-cleaned"

// Clean deletes all datasets of a source, which can be brought back from the bin,
// and returns how many; dataservices stay. For administrators of the platform.
func (s *Store) Clean(ctx context.Context, v account.Viewer, id string) (deleted int, err error) {
	if err := administering(v); err != nil {
		return 0, err
	}
	ids, err := s.objectsFrom(ctx, catalog.KindDataset, id)
	if err != nil {
		return 0, err
	}
	for len(ids) > 0 {
		part := ids[:min(len(ids), catalog.MaxHarvested)]
		ids = ids[len(part):]
		var gone int
		err := s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
			results, err := s.deps.Catalog.VanishHarvested(ctx, tx, v, catalog.KindDataset, part, string(DeleteVanished), cleanReason)
			gone = len(results)
			return err
		})
		if err != nil {
			return deleted, err
		}
		deleted += gone
	}
	return deleted, nil
}
