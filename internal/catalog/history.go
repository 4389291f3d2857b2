package catalog

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// kindChart names charts in history.
const kindChart = "chart"

// subjectQueries load what lines about changes say of objects, by kind.
var subjectQueries = map[string]string{
	KindDataset:     "SELECT id, title, slug, organization_id, owner_id, private, deleted_at FROM datasets WHERE id IN (?)",
	KindReuse:       "SELECT id, title, slug, organization_id, owner_id, private, deleted_at FROM reuses WHERE id IN (?)",
	KindDataservice: "SELECT id, title, slug, organization_id, owner_id, private, deleted_at FROM dataservices WHERE id IN (?)",
	kindChart:       "SELECT id, title, slug, organization_id, owner_id, private, deleted_at FROM charts WHERE id IN (?)",
	KindTopic: "SELECT id, name AS title, slug, organization_id, owner_id, COALESCE(private, FALSE) AS private, NULL AS deleted_at FROM topics WHERE id IN (?0)" +
		wholeSubject + "'" + KindTopic + "' AND id IN (?0)",
	KindOrganization: "SELECT id, name AS title, slug, id AS organization_id, NULL AS owner_id, FALSE AS private, deleted_at FROM organizations WHERE id IN (?)",
	KindPost: "SELECT id, name AS title, slug, NULL AS organization_id, NULL AS owner_id, (published_at IS NULL) AS private, NULL AS deleted_at FROM posts WHERE id IN (?0)" +
		wholeSubject + "'" + KindPost + "' AND id IN (?0)",
	KindContact: "SELECT id, name AS title, id AS slug, organization_id, owner_id, FALSE AS private, NULL AS deleted_at FROM contact_points WHERE id IN (?)",
	KindCommunity: "SELECT id, title, id AS slug, organization_id, owner_id, FALSE AS private, NULL AS deleted_at FROM resources WHERE community = TRUE AND id IN (?0)" +
		wholeSubject + "'" + KindCommunity + "' AND id IN (?0)",
}

// wholeSubject loads the same of what the bin holds whole, of a kind.
const wholeSubject = " UNION ALL SELECT id, title, slug, organization_id, owner_id, private, deleted_at FROM bin WHERE kind = "

// Subject is an object as lines about its changes name it.
type Subject struct {
	ID, Kind, Title, Slug string
	Owner                 account.Owner
	Private               bool
	DeletedAt             db.Time
}

// Hidden tells whether the viewer may not read the object.
func (s *Subject) Hidden(v account.Viewer) bool {
	return hidden(v, s.Private, s.DeletedAt, s.Owner, s.ID)
}

// Editable tells whether the viewer may change the object, and so know its
// former values.
func (s *Subject) Editable(v account.Viewer) bool {
	switch s.Kind {
	case KindOrganization:
		return v.MayManage(s.ID)
	case KindPost:
		return v.May(account.Administer, account.Owner{}, "")
	case KindContact:
		return v.May(account.EditContact, s.Owner, s.ID)
	case KindCommunity:
		return v.May(account.EditCommunity, s.Owner, s.ID)
	}
	return v.MayEdit(s.Owner, s.ID)
}

// subjects loads objects of several kinds by identifier, in one query for each
// kind.
func subjects(ctx context.Context, read bun.IDB, ids map[string][]string) (map[string]*Subject, error) {
	found := map[string]*Subject{}
	for kind, some := range ids {
		query, known := subjectQueries[kind]
		if !known || len(some) == 0 {
			continue
		}
		var rows []struct {
			ID, Title, Slug         string
			OrganizationID, OwnerID *string
			Private                 bool
			DeletedAt               db.Time
		}
		if err := read.NewRaw(query, bun.List(some)).Scan(ctx, &rows); err != nil {
			return nil, err
		}
		for _, row := range rows {
			owned := Owned{OrganizationID: row.OrganizationID, OwnerID: row.OwnerID}
			found[row.ID] = &Subject{
				ID: row.ID, Kind: kind, Title: row.Title, Slug: row.Slug, Owner: owned.OwnedBy(), Private: row.Private, DeletedAt: row.DeletedAt,
			}
		}
	}
	return found, nil
}

// Line is one change with what a line about it shows.
type Line struct {
	history.Change
	Subject *Subject
	// Who is the person that acted, nil for the program's own work and for
	// harvest sources.
	Who *account.UserRef
	// For is the organisation that the object belonged to, nil when it was a
	// person's.
	For *account.OrganizationRef
}

// ActivityFilter narrows the activity; empty members do not.
type ActivityFilter struct {
	// Person is who acted, Organization whom the object belonged to, Object
	// what changed.
	Person, Organization, Object string
}

// activityKinds are the kinds of objects whose changes the activity tells.
var activityKinds = []string{KindDataset, KindReuse, KindDataservice, KindOrganization, KindTopic}

// unseen are the objects of the activity that the public may not read.
const unseen = `SELECT id FROM datasets WHERE private = TRUE OR deleted_at IS NOT NULL
	UNION ALL SELECT id FROM reuses WHERE private = TRUE OR deleted_at IS NOT NULL
	UNION ALL SELECT id FROM dataservices WHERE private = TRUE OR deleted_at IS NOT NULL
	UNION ALL SELECT id FROM topics WHERE private = TRUE
	UNION ALL SELECT id FROM bin
	UNION ALL SELECT id FROM organizations WHERE deleted_at IS NOT NULL`

// shownOnly keeps the changes that a viewer may read of, so that none of the
// others is counted: those of what is public, made while it was, and those of
// what the viewer and their organisations own. Administrators see all.
func shownOnly(v account.Viewer) func(*bun.SelectQuery) *bun.SelectQuery {
	if v.Admin() {
		return nil
	}
	owners := slices.DeleteFunc(v.Organizations(), func(id string) bool { return !v.MayRead(account.Owner{Organization: id}, "") })
	if mine := (account.Owner{User: v.UserID()}); mine.User != "" && v.MayRead(mine, "") {
		owners = append(owners, mine.User)
	}
	seen := "(visible = TRUE OR what = '') AND object NOT IN (" + unseen + ")"
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		if len(owners) == 0 {
			return q.Where(seen)
		}
		return q.Where("("+seen+" OR owner IN (?))", bun.List(owners))
	}
}

// Activity returns a page of what happened, the latest first, and how much did.
// What the viewer may not read is neither shown nor counted: objects that are
// hidden from them, and what happened while an object was.
func (s *Store) Activity(ctx context.Context, v account.Viewer, f ActivityFilter, p Page) ([]Line, int, error) {
	var lines []Line
	var total int
	err := s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		changes, count, err := history.List(ctx, read, history.Filter{
			Kinds: activityKinds, Person: f.Person, Owner: f.Organization, Object: f.Object, Only: shownOnly(v), Offset: p.Offset, Limit: p.Limit,
		})
		if err != nil {
			return err
		}
		total = count
		lines, err = told(ctx, read, changes)
		return err
	})
	shown := lines[:0]
	for _, line := range lines {
		if line.shownTo(v) {
			shown = append(shown, line)
		}
	}
	return shown, total, err
}

const (
	// recentBatch is how many changes Recent reads at once, recentMost how often
	// it does so for one page.
	recentBatch = 120
	recentMost  = 15
)

// Recent returns what happened from a place in the activity on, the latest first,
// and the place to go on from, nil at the end. It is Activity without a number:
// a page is full however much of it the viewer may not read. When a long stretch
// is hidden from them, a page may be short and still have a next one.
func (s *Store) Recent(ctx context.Context, v account.Viewer, f ActivityFilter, from *history.Position, limit int) (lines []Line, next *history.Position, err error) {
	filter := history.Filter{
		Kinds: activityKinds, Person: f.Person, Owner: f.Organization, Object: f.Object, Seen: v.Anonymous(), Telling: true, Limit: recentBatch,
	}
	err = s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		lines = nil
		next = from
		for range recentMost {
			changes, err := history.Earlier(ctx, read, filter, next)
			if err != nil {
				return err
			}
			some, err := told(ctx, read, changes)
			if err != nil {
				return err
			}
			for i := range some {
				if !some[i].shownTo(v) {
					continue
				}
				if len(lines) == limit {
					last := lines[limit-1].Position()
					next = &last
					return nil
				}
				lines = append(lines, some[i])
			}
			if len(changes) < recentBatch {
				next = nil
				return nil
			}
			next = &history.Position{At: changes[len(changes)-1].At}
			if f.Object != "" {
				next.Version = changes[len(changes)-1].Version
			}
		}
		return nil
	})
	return lines, next, err
}

// shownTo tells whether the viewer may read of the change: of objects that are
// hidden from them they may not, nor of what happened while an object was.
func (l *Line) shownTo(v account.Viewer) bool {
	return l.Subject != nil && !l.Subject.Hidden(v) && (l.Public() || v.MayRead(l.Subject.Owner, l.Object))
}

// told loads what lines about changes show, in a constant number of queries.
func told(ctx context.Context, read bun.IDB, changes []history.Change) ([]Line, error) {
	ids, people, owners := map[string][]string{}, []string{}, []string{}
	for i := range changes {
		c := &changes[i]
		ids[c.ObjectKind] = append(ids[c.ObjectKind], c.Object)
		people, owners = append(people, c.Person), append(owners, c.Owner)
	}
	found, err := subjects(ctx, read, ids)
	if err != nil {
		return nil, err
	}
	users, err := account.UserRefs(ctx, read, people)
	if err != nil {
		return nil, err
	}
	organizations, err := account.OrganizationRefs(ctx, read, owners)
	lines := make([]Line, len(changes))
	for i, c := range changes {
		lines[i] = Line{Change: c, Subject: found[c.Object], Who: users[c.Person]}
		if c.ObjectKind != KindOrganization {
			lines[i].For = organizations[c.Owner]
		}
	}
	return lines, err
}

// historied finds an object whose versions the viewer may read with their values:
// who may change it. Others learn no more than reading it tells them.
func historied(ctx context.Context, read bun.IDB, v account.Viewer, kind, id string) (*Subject, error) {
	if _, known := subjectQueries[kind]; !known {
		return nil, fault.New(fault.NotFound, "No versions are kept of this kind of object.")
	}
	if v.Anonymous() {
		return nil, fault.New(fault.Unauthorized, "Log in to see the versions of an object.")
	}
	found, err := subjects(ctx, read, map[string][]string{kind: {id}})
	if err != nil {
		return nil, err
	}
	subject := found[id]
	switch {
	case subject == nil || subject.Hidden(v) && subject.Private:
		return nil, fault.New(fault.NotFound, "Object not found")
	case subject.Hidden(v):
		return nil, fault.New(fault.Gone, "This object has been deleted")
	case !subject.Editable(v):
		return nil, fault.New(fault.Forbidden, "You do not have the permission to see the versions of that object.")
	}
	return subject, nil
}

// Versions returns a page of the versions of an object, the latest first, and
// their number, for who may change it. Versions that changed no value are left
// out, but for the first.
func (s *Store) Versions(ctx context.Context, v account.Viewer, kind, id string, p Page) ([]Line, int, error) {
	var lines []Line
	var total int
	err := s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		if _, err := historied(ctx, read, v, kind, id); err != nil {
			return err
		}
		changes, count, err := history.List(ctx, read, history.Filter{Kinds: []string{kind}, Object: id, Telling: true, Offset: p.Offset, Limit: p.Limit})
		if err != nil {
			return err
		}
		total = count
		lines, err = told(ctx, read, changes)
		return err
	})
	return lines, total, err
}

// VersionsAfter counts the versions that Versions lists before a version, for who
// may change the object.
func (s *Store) VersionsAfter(ctx context.Context, v account.Viewer, kind, id string, version int64) (int, error) {
	read := s.db.Read()
	if _, err := historied(ctx, read, v, kind, id); err != nil {
		return 0, err
	}
	_, count, err := history.List(ctx, read, history.Filter{Kinds: []string{kind}, Object: id, Telling: true, Only: func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("version > ?", version)
	}})
	return count, err
}

// Version returns one version of an object, for who may change it.
func (s *Store) Version(ctx context.Context, v account.Viewer, kind, id string, version int64) (*Line, error) {
	read := s.db.Read()
	if _, err := historied(ctx, read, v, kind, id); err != nil {
		return nil, err
	}
	change, err := history.Get(ctx, read, id, version)
	if err != nil {
		return nil, err
	}
	if change.ObjectKind != kind {
		return nil, fault.New(fault.NotFound, "This object has no such version.")
	}
	lines, err := told(ctx, read, []history.Change{*change})
	if err != nil {
		return nil, err
	}
	return &lines[0], nil
}
