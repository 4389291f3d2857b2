package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/event"
)

// BulkLicenses adds the licences that are not there yet and returns how many
// they were.
func BulkLicenses(ctx context.Context, tx *event.Tx, licenses []License) (int64, error) {
	return addMissing(ctx, tx, "licenses", licenses, func(l *License) string { return l.ID })
}

// BulkContacts adds the contact points that are not there yet and returns how
// many they were. Their owners must be there.
func BulkContacts(ctx context.Context, tx *event.Tx, contacts []ContactPoint) (int64, error) {
	return addMissing(ctx, tx, "contact_points", contacts, func(c *ContactPoint) string { return c.ID })
}

// addMissing inserts the rows whose identifiers a table does not have.
func addMissing[T any](ctx context.Context, tx *event.Tx, table string, rows []T, id func(*T) string) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = id(&rows[i])
	}
	var there []string
	if err := tx.NewRaw("SELECT id FROM ? WHERE id IN (?)", bun.Ident(table), bun.List(ids)).Scan(ctx, &there); err != nil {
		return 0, err
	}
	known := make(map[string]bool, len(there))
	for _, id := range there {
		known[id] = true
	}
	var missing []*T
	for i := range rows {
		if !known[ids[i]] {
			known[ids[i]] = true
			missing = append(missing, &rows[i])
		}
	}
	return int64(len(missing)), insertAll(ctx, tx, missing)
}

// NamedOrganization is an organisation and its name.
type NamedOrganization struct{ ID, Name string }

// OrganizationNames returns the names of all organisations that are not
// deleted, the oldest first.
func OrganizationNames(ctx context.Context, read bun.IDB) ([]NamedOrganization, error) {
	var rows []NamedOrganization
	err := read.NewRaw("SELECT id, name FROM organizations WHERE deleted_at IS NULL ORDER BY created_at, id").Scan(ctx, &rows)
	return rows, err
}
