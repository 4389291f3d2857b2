package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// ContactPoint is whom to ask about an object.
type ContactPoint struct {
	bun.BaseModel `bun:"table:contact_points,alias:cp"`

	ID      string `bun:"id,pk"`
	Version int64  `bun:"version"`
	Owned
	Name        string  `bun:"name"`
	Email       *string `bun:"email"`
	ContactForm *string `bun:"contact_form"`
	Role        string  `bun:"role"`
	CreatedAt   db.Time `bun:"created_at"`
}

// contactsByID loads contact points with their owners.
func contactsByID(ctx context.Context, read bun.IDB, ids []string) (map[string]*ContactPoint, error) {
	points := make(map[string]*ContactPoint, len(ids))
	if len(ids) == 0 {
		return points, nil
	}
	var rows []ContactPoint
	if err := read.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	if err := completeContacts(ctx, read, rows); err != nil {
		return nil, err
	}
	for i := range rows {
		points[rows[i].ID] = &rows[i]
	}
	return points, nil
}

func completeContacts(ctx context.Context, read bun.IDB, rows []ContactPoint) error {
	owned := make([]account.Owner, len(rows))
	for i := range rows {
		owned[i] = rows[i].OwnedBy()
	}
	from, err := loadOwners(ctx, read, owned)
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].attach(from)
	}
	return nil
}

// ContactPoint returns one contact point.
func (s *Store) ContactPoint(ctx context.Context, id string) (*ContactPoint, error) {
	points, err := contactsByID(ctx, s.db.Read(), []string{id})
	if err != nil {
		return nil, err
	}
	if points[id] == nil {
		return nil, fault.New(fault.NotFound, "Contact point not found")
	}
	return points[id], nil
}

// ContactNames returns the names of contact points by their identifiers; those
// that are gone are left out.
func (s *Store) ContactNames(ctx context.Context, ids []string) (map[string]string, error) {
	names := make(map[string]string, len(ids))
	if len(ids) == 0 {
		return names, nil
	}
	var rows []struct{ ID, Name string }
	err := s.db.Read().NewRaw("SELECT id, name FROM contact_points WHERE id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	for _, row := range rows {
		names[row.ID] = row.Name
	}
	return names, err
}

// ContactPoints returns a page of the contact points of an owner, and their
// number.
func (s *Store) ContactPoints(ctx context.Context, owner account.Owner, p Page) ([]ContactPoint, int, error) {
	l := listing{table: "contact_points", alias: "cp", order: "cp.created_at DESC"}
	if owner.Organization != "" {
		l.and("cp.organization_id = ?", owner.Organization)
	} else {
		l.and("cp.owner_id = ?", owner.User)
	}
	ids, total, err := l.page(ctx, s.db, p)
	if err != nil {
		return nil, 0, err
	}
	points, err := contactsByID(ctx, s.db.Read(), ids)
	if err != nil {
		return nil, 0, err
	}
	var rows []ContactPoint
	for _, id := range ids {
		if points[id] != nil {
			rows = append(rows, *points[id])
		}
	}
	return rows, total, nil
}

// SuggestContacts returns the contact points of an organisation whose name,
// address or form holds the text, in any case.
func (s *Store) SuggestContacts(ctx context.Context, organization, q string, size int) ([]ContactPoint, error) {
	var rows []ContactPoint
	pattern := "%" + db.LikeEscape(q) + "%"
	err := s.db.Read().NewSelect().Model(&rows).Where("organization_id = ?", organization).
		Where("lower(name) LIKE lower(?0) ESCAPE '!' OR lower(email) LIKE lower(?0) ESCAPE '!' OR lower(contact_form) LIKE lower(?0) ESCAPE '!'", pattern).
		OrderExpr("name, id").Limit(int64(size)).Scan(ctx)
	if err != nil {
		return nil, err
	}
	return rows, completeContacts(ctx, s.db.Read(), rows)
}
