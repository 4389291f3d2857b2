package catalog

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/history"
)

// purger is who removes for good what was deleted long ago.
var purger = account.System("purge")

const (
	// purgePage is how many objects are looked up at a time, purgeBatch how many
	// rows beside them one transaction removes.
	purgePage  = 100
	purgeBatch = 500
)

// Purge removes for good what was deleted longer ago than the bin keeps it, with
// all that stands beside it, in short transactions of the background lane; it may
// be stopped and begun again at any point. Objects of a purged organisation stay
// without an owner. progress may be nil.
func (s *Store) Purge(ctx context.Context, progress func(purged int)) (purged int, err error) {
	before := db.TimeOf(time.Now().Add(-s.rules.binRetention()))
	for _, t := range binTables {
		for after := ""; ; {
			var ids []string
			err := s.db.Read().NewRaw("SELECT id FROM "+t.table+" WHERE "+t.deleted()+" AND deleted_at < ? AND id > ? ORDER BY id LIMIT ?",
				before, after, purgePage).Scan(ctx, &ids)
			if err != nil {
				return purged, err
			}
			for _, id := range ids {
				if err := s.purge(ctx, t.kind, t.table, id, before); err != nil {
					return purged, err
				}
				if purged++; progress != nil {
					progress(purged)
				}
			}
			if len(ids) < purgePage {
				break
			}
			after = ids[len(ids)-1]
		}
	}
	return purged, nil
}

// purge removes one object: first what there may be much of, in transactions of
// its own, then the row with the rest.
func (s *Store) purge(ctx context.Context, kind, table, id string, before db.Time) error {
	var err error
	switch kind {
	case KindDataset:
		err = s.purgeResources(ctx, id)
	case KindOrganization:
		err = s.disown(ctx, id)
	}
	if err != nil {
		return err
	}
	return s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
		if err := lock(ctx, tx.Tx, table, id); err != nil {
			return err
		}
		var rows []versioned
		err := tx.NewRaw("SELECT id, version FROM "+table+" WHERE id = ? AND deleted_at < ?", id, before).Scan(ctx, &rows)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := s.purgeBeside(ctx, tx, kind, id); err != nil {
			return err
		}
		if _, err := tx.NewRaw("DELETE FROM "+table+" WHERE id = ?", id).Exec(ctx); err != nil {
			return err
		}
		actorKind, actor := purger.Actor()
		tx.Emit(event.Event{
			Kind: kind + ".purged", ObjectKind: kind, Object: id, ActorKind: actorKind, Actor: actor, Version: rows[0].Version + 1,
		})
		return nil
	})
}

// purgeResources removes the resources of a dataset, community ones and those in
// the bin included, some at a time.
func (s *Store) purgeResources(ctx context.Context, dataset string) error {
	for removed := purgeBatch; removed == purgeBatch; {
		err := s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
			ids, err := idsOf(ctx, tx, "SELECT id FROM (SELECT id FROM resources WHERE dataset_id = ?0 UNION ALL SELECT id FROM bin WHERE dataset_id = ?0) AS r ORDER BY id LIMIT ?1",
				dataset, purgeBatch)
			if removed = len(ids); err != nil || removed == 0 {
				return err
			}
			if err := s.endFilesOf(ctx, tx, ids...); err != nil {
				return err
			}
			if err := history.Drop(ctx, tx.Tx, ids); err != nil {
				return err
			}
			if err := forgetBesides(ctx, tx.Tx, ids...); err != nil {
				return err
			}
			if err := forget(ctx, tx.Tx, "bin", "id", ids...); err != nil {
				return err
			}
			return forget(ctx, tx.Tx, "resources", "id", ids...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// purgeBeside removes what stands beside a purged object: lists, links, follows,
// former addresses, assignments, transfers, versions; its files end, and elements
// of topics name it no longer.
func (s *Store) purgeBeside(ctx context.Context, tx *event.Tx, kind, id string) error {
	followers, err := idsOf(ctx, tx, "SELECT DISTINCT follower_id FROM follows WHERE object_id = ? AND until IS NULL", id)
	if err != nil {
		return err
	}
	if err := forgetBesides(ctx, tx.Tx, id); err != nil {
		return err
	}
	for _, beside := range []struct{ table, column string }{
		{"reuse_datasets", "dataset_id"}, {"dataservice_datasets", "dataset_id"}, {"post_datasets", "dataset_id"}, {"reuse_dataservices", "dataservice_id"},
		{"post_reuses", "reuse_id"}, {"membership_assignments", "object_id"}, {"transfers", "object_id"}, {"former_names", "object_id"},
	} {
		if err := forget(ctx, tx.Tx, beside.table, beside.column, id); err != nil {
			return err
		}
	}
	if kind == KindOrganization {
		if _, err := tx.NewRaw("DELETE FROM transfers WHERE owner_id = ?0 OR recipient_id = ?0", id).Exec(ctx); err != nil {
			return err
		}
	}
	topics, err := idsOf(ctx, tx, "UPDATE topic_elements SET element_kind = NULL, element_id = NULL WHERE element_id = ? RETURNING topic_id", id)
	if err != nil {
		return err
	}
	if err := tellTopics(ctx, tx, topics); err != nil {
		return err
	}
	if err := s.PullReferences(ctx, tx, purger, id); err != nil {
		return err
	}
	if err := s.endFilesOf(ctx, tx, id); err != nil {
		return err
	}
	if err := history.Drop(ctx, tx.Tx, []string{id}); err != nil {
		return err
	}
	for batch := range slices.Chunk(followers, purgeBatch) {
		if err := recountIn(ctx, tx, purger, KindUser, "following", batch); err != nil {
			return err
		}
	}
	return nil
}

// tellTopics tells the log of topics whose elements changed.
func tellTopics(ctx context.Context, tx *event.Tx, topics []string) error {
	if len(topics) == 0 {
		return nil
	}
	var rows []struct {
		ID, Owner string
		Version   int64
		Seen      bool
	}
	err := tx.NewRaw(`UPDATE topics SET version = version + 1 WHERE id IN (?)
		RETURNING id, COALESCE(organization_id, owner_id, '') AS owner, version, (private IS NULL OR private = FALSE) AS seen`, bun.List(topics)).Scan(ctx, &rows)
	actorKind, actor := purger.Actor()
	for _, row := range rows {
		tx.Emit(event.Event{
			Kind: "topic.counted", ObjectKind: KindTopic, Object: row.ID, Owner: row.Owner, ActorKind: actorKind, Actor: actor,
			Version: row.Version, SeenBefore: row.Seen, SeenAfter: row.Seen,
		})
	}
	return err
}

// disowned are the tables whose rows an organisation may own, with the condition
// under which the public sees a row.
var disowned = []struct{ kind, table, seen string }{
	{KindDataset, "datasets", "visible"}, {KindReuse, "reuses", "visible"}, {KindDataservice, "dataservices", "visible"}, {kindChart, "charts", "visible"},
	{KindTopic, "topics", "(private IS NULL OR private = FALSE)"}, {KindCommunity, "resources", "TRUE"}, {KindContact, "contact_points", "TRUE"},
	{"oauth_client", "oauth_clients", "FALSE"},
}

// disown takes a purged organisation off all that it owns, some rows at a time.
func (s *Store) disown(ctx context.Context, organization string) error {
	for _, owned := range disowned {
		for done := purgePage; done == purgePage; {
			err := s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
				var rows []struct {
					ID      string
					Version int64
					Seen    bool
				}
				err := tx.NewRaw("UPDATE "+owned.table+" SET organization_id = NULL, version = version + 1 WHERE id IN (SELECT id FROM "+owned.table+
					" WHERE organization_id = ? ORDER BY id LIMIT ?) RETURNING id, version, "+owned.seen+" AS seen", organization, purgePage).Scan(ctx, &rows)
				done = len(rows)
				for _, row := range rows {
					if err != nil {
						break
					}
					err = purger.Record(ctx, tx, account.Change{
						What: "updated", Kind: owned.kind, ID: row.ID, Version: row.Version, Before: row.Seen, After: row.Seen,
						Difference: history.Difference{"organization": {organization, nil}},
					})
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
		_, err := tx.NewRaw("UPDATE bin SET organization_id = NULL WHERE organization_id = ?", organization).Exec(ctx)
		return err
	})
}

// endFilesOf ends the files of objects that are deleted; their bytes are swept
// later.
func (s *Store) endFilesOf(ctx context.Context, tx *event.Tx, objects ...string) error {
	_, err := tx.NewRaw("UPDATE files SET ended_at = ? WHERE object_id IN (?) AND ended_at IS NULL", db.Now(), bun.List(objects)).Exec(ctx)
	return err
}
