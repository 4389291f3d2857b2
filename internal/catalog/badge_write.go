package catalog

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/i18n"
)

// DatasetBadges are the badges that datasets may be given: all but those that
// the settings hide.
func (s *Store) DatasetBadges() []string {
	return slices.DeleteFunc(i18n.IDs(i18n.DatasetBadge), func(kind string) bool { return slices.Contains(s.rules.HiddenBadges, kind) })
}

// curatedTables are the tables of the objects that administrators of the
// platform mark.
var curatedTables = map[string]string{KindDataset: "datasets", KindReuse: "reuses", KindDataservice: "dataservices", KindTopic: "topics"}

// mark is an object that an administrator marks.
type mark struct {
	state
	version int64
	public  bool
}

// marked loads an object for a mark and refuses who may not give it.
func (s *Store) marked(ctx context.Context, tx *event.Tx, v account.Viewer, kind, id string) (*mark, error) {
	if v.Anonymous() {
		return nil, fault.New(fault.Unauthorized, "Log in as an administrator.")
	}
	if err := lock(ctx, tx.Tx, curatedTables[kind], id); err != nil {
		return nil, err
	}
	var rows []struct {
		OrganizationID, OwnerID *string
		Private                 bool
		DeletedAt               db.Time
	}
	if err := tx.NewRaw(hiding[kind], id).Scan(ctx, &rows); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.NotFound, missing[kind])
	}
	row := rows[0]
	owned := Owned{OrganizationID: row.OrganizationID, OwnerID: row.OwnerID}
	m := &mark{state: state{kind: kind, id: id, owner: owned.OwnedBy(), private: row.Private, deletedAt: row.DeletedAt}}
	m.public = !row.Private && row.DeletedAt.IsZero()
	switch {
	case m.private && !v.MayRead(m.owner, id):
		return nil, fault.New(fault.NotFound, missing[kind])
	case !m.deletedAt.IsZero():
		return nil, fault.New(fault.Gone, deleted[kind])
	case !v.May(account.Curate, m.owner, id):
		return nil, fault.New(fault.Forbidden, "You do not have the permission to modify that object.")
	}
	return m, nil
}

// record raises the version of a marked object and tells what changed. Marks
// leave the dates of objects alone.
func (m *mark) record(ctx context.Context, tx *event.Tx, v account.Viewer, difference history.Difference) error {
	err := tx.NewRaw("UPDATE ? SET version = version + 1 WHERE id = ? RETURNING version", bun.Ident(curatedTables[m.kind]), m.id).Scan(ctx, &m.version)
	if err != nil {
		return err
	}
	return m.change(ctx, tx, v, "updated", m.version, m.public, m.public, difference)
}

// Feature marks a dataset, a reuse, a dataservice or a topic as one to show
// first, or no longer.
func (s *Store) Feature(ctx context.Context, v account.Viewer, kind, id string, featured bool) error {
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		m, err := s.marked(ctx, tx, v, kind, id)
		if err != nil {
			return err
		}
		var before []bool
		table := bun.Ident(curatedTables[kind])
		if err := tx.NewRaw("SELECT COALESCE(featured, FALSE) FROM ? WHERE id = ?", table, id).Scan(ctx, &before); err != nil {
			return err
		}
		if len(before) > 0 && before[0] == featured {
			return nil
		}
		if _, err := tx.NewRaw("UPDATE ? SET featured = ? WHERE id = ?", table, featured, id).Exec(ctx); err != nil {
			return err
		}
		return m.record(ctx, tx, v, history.Difference{"featured": {!featured, featured}})
	})
}

// GiveDatasetBadge gives a dataset a badge. added is false when it has it
// already.
func (s *Store) GiveDatasetBadge(ctx context.Context, v account.Viewer, id, badge string) (added bool, err error) {
	err = s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		m, err := s.marked(ctx, tx, v, KindDataset, id)
		if err != nil {
			return err
		}
		has, err := badgesIn(ctx, tx, id)
		if err != nil {
			return err
		}
		if added = !slices.Contains(has, badge); !added {
			return nil
		}
		if !slices.Contains(s.DatasetBadges(), badge) {
			return fault.At("Unknown badge. See /api/1/datasets/badges/ for the list.", "kind")
		}
		return m.badge(ctx, tx, v, has, badge)
	})
	return added, err
}

// TakeDatasetBadge takes a badge from a dataset.
func (s *Store) TakeDatasetBadge(ctx context.Context, v account.Viewer, id, badge string) error {
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		m, err := s.marked(ctx, tx, v, KindDataset, id)
		if err != nil {
			return err
		}
		has, err := badgesIn(ctx, tx, id)
		if err != nil {
			return err
		}
		if !slices.Contains(has, badge) {
			return errNoBadge
		}
		return m.unbadge(ctx, tx, v, has, badge)
	})
}

// errNoBadge is what taking a badge that is not there answers.
var errNoBadge = fault.New(fault.NotFound, "Badge does not exists")

// badgesIn are the badges of an object, the newest first.
func badgesIn(ctx context.Context, tx *event.Tx, id string) ([]string, error) {
	return idsOf(ctx, tx, "SELECT badge FROM badges WHERE object_id = ? ORDER BY position, badge", id)
}

// badge gives a badge, before those that the object has.
func (m *mark) badge(ctx context.Context, tx *event.Tx, v account.Viewer, has []string, badge string) error {
	_, err := tx.NewRaw(`INSERT INTO badges (object_id, badge, kind, created_at, created_by, position)
		VALUES (?, ?, ?, ?, ?, (SELECT COALESCE(min(position), 1) - 1 FROM badges WHERE object_id = ?))`,
		m.id, badge, m.kind, db.Now(), optional(v.UserID()), m.id).Exec(ctx)
	if err != nil {
		return err
	}
	return m.record(ctx, tx, v, history.Difference{"badges": {nothing(has), append([]string{badge}, has...)}})
}

// unbadge takes a badge.
func (m *mark) unbadge(ctx context.Context, tx *event.Tx, v account.Viewer, has []string, badge string) error {
	if _, err := tx.NewRaw("DELETE FROM badges WHERE object_id = ? AND badge = ?", m.id, badge).Exec(ctx); err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(has), func(one string) bool { return one == badge })
	return m.record(ctx, tx, v, history.Difference{"badges": {nothing(has), nothing(left)}})
}

// badgeRules are the badges that follow tags: given to what is tagged so, as
// far as its organisation is trusted where that is asked, and taken when the tag
// is gone.
var badgeRules = []struct {
	kind, badge string
	trusted     bool
}{{KindDataset, "hvd", true}, {KindDataset, "inspire", false}, {KindDataservice, "hvd", true}}

// badgeBatch is how many objects one write of UpdateBadges marks.
const badgeBatch = 100

// UpdateBadges gives and takes the badges that follow tags, and returns how many
// it gave and took: hvd of datasets and dataservices of certified public
// services, inspire of datasets.
func (s *Store) UpdateBadges(ctx context.Context) (given, taken int, err error) {
	for _, rule := range badgeRules {
		table := curatedTables[rule.kind]
		tagged := "EXISTS (SELECT 1 FROM tags t WHERE t.object_id = x.id AND t.tag = '" + rule.badge + "' AND t.kind = '" + rule.kind + "')"
		badged := "EXISTS (SELECT 1 FROM badges b WHERE b.object_id = x.id AND b.badge = '" + rule.badge + "')"
		wanted := "SELECT x.id FROM " + table + " x WHERE x.deleted_at IS NULL AND " + tagged + " AND NOT " + badged
		if rule.trusted {
			for _, badge := range []string{"certified", "public-service"} {
				wanted += " AND EXISTS (SELECT 1 FROM badges o WHERE o.object_id = x.organization_id AND o.badge = '" + badge + "')"
			}
		}
		n, err := s.eachMark(ctx, wanted, rule.kind, func(ctx context.Context, tx *event.Tx, m *mark, has []string) error {
			return m.badge(ctx, tx, badger, has, rule.badge)
		})
		if given += n; err != nil {
			return given, taken, err
		}
		stale := "SELECT x.id FROM badges g JOIN " + table + " x ON x.id = g.object_id WHERE g.badge = '" + rule.badge + "' AND g.kind = '" + rule.kind +
			"' AND x.deleted_at IS NULL AND NOT " + tagged
		n, err = s.eachMark(ctx, stale, rule.kind, func(ctx context.Context, tx *event.Tx, m *mark, has []string) error {
			return m.unbadge(ctx, tx, badger, has, rule.badge)
		})
		if taken += n; err != nil {
			return given, taken, err
		}
	}
	return given, taken, nil
}

// badger is the viewer of UpdateBadges.
var badger = account.System("badges")

// eachMark marks the objects that a query names, some in each write; who was
// changed since the query is judged again by the next run.
func (s *Store) eachMark(ctx context.Context, query, kind string, change func(context.Context, *event.Tx, *mark, []string) error) (int, error) {
	var ids []string
	if err := s.db.Read().NewRaw(query+" ORDER BY x.id").Scan(ctx, &ids); err != nil {
		return 0, err
	}
	done := 0
	for batch := range slices.Chunk(ids, badgeBatch) {
		count := 0
		err := s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
			still, err := idsOf(ctx, tx, query+" AND x.id IN (?) ORDER BY x.id", bun.List(batch))
			if err != nil {
				return err
			}
			count = len(still)
			for _, id := range still {
				m, err := s.marked(ctx, tx, badger, kind, id)
				if err != nil {
					return err
				}
				has, err := badgesIn(ctx, tx, id)
				if err != nil {
					return err
				}
				if err := change(ctx, tx, m, has); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return done, err
		}
		done += count
	}
	return done, nil
}
