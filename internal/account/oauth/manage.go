package oauth

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// Page is a part of a list.
type Page struct{ Offset, Limit int }

// Clients lists the programs that the viewer manages, by name, and their number:
// theirs, those of the organisations they administer, and with everybody all
// there are, for administrators of the platform.
func (s *Server) Clients(ctx context.Context, v account.Viewer, everybody bool, page Page) (clients []Client, total int, err error) {
	if err := account.MayChangeAccount(v); err != nil {
		return nil, 0, err
	}
	if everybody && !v.Admin() {
		return nil, 0, account.NotAdministrator(v, "Only administrators list the programs of others.")
	}
	err = s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		query := read.NewSelect().Model(&clients).Where("oc.disabled_at IS NULL")
		if !everybody {
			query = query.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
				q = q.Where("oc.owner_id = ?", v.UserID())
				if managed := managedBy(v); len(managed) > 0 {
					q = q.WhereOr("oc.organization_id IN (?)", bun.List(managed))
				}
				return q
			})
		}
		count, err := query.Clone().Count(ctx)
		if err != nil {
			return err
		}
		total = int(count)
		return query.OrderExpr("oc.name, oc.id").Limit(int64(page.Limit)).Offset(int64(page.Offset)).Scan(ctx)
	})
	return clients, total, err
}

// managedBy are the organisations that the viewer administers.
func managedBy(v account.Viewer) []string {
	return slices.DeleteFunc(v.Organizations(), func(id string) bool { return v.Memberships[id] != account.RoleAdmin })
}

// Client returns a program that the viewer manages.
func (s *Server) Client(ctx context.Context, v account.Viewer, id string) (*Client, error) {
	if err := account.MayChangeAccount(v); err != nil {
		return nil, err
	}
	client, err := s.client(ctx, s.db.Read(), id)
	if err == nil && !mine(v, client) {
		return nil, errNoClient
	}
	return client, err
}

// change changes a program that the viewer manages; what is the event's.
func (s *Server) change(ctx context.Context, v account.Viewer, id, what string, apply func(context.Context, *event.Tx, *Client) (history.Difference, error)) (*Client, error) {
	if err := account.MayChangeAccount(v); err != nil {
		return nil, err
	}
	var changed *Client
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		var rows []Client
		query := tx.NewSelect().Model(&rows).Where("id = ?", id).Where("disabled_at IS NULL")
		if tx.Postgres() {
			query = query.For("UPDATE")
		}
		if err := query.Scan(ctx); err != nil {
			return err
		}
		if len(rows) == 0 || !mine(v, &rows[0]) {
			return errNoClient
		}
		changed = &rows[0]
		difference, err := apply(ctx, tx, changed)
		if err != nil || len(difference) == 0 {
			return err
		}
		changed.Version++
		if _, err := tx.NewUpdate().Model(changed).WherePK().Exec(ctx); err != nil {
			return err
		}
		return record(ctx, tx, v, changed, what, difference)
	})
	return changed, err
}

// UpdateClient changes what is said of a program.
func (s *Server) UpdateClient(ctx context.Context, v account.Viewer, id string, in ClientInput) (*Client, error) {
	return s.change(ctx, v, id, "updated", func(_ context.Context, _ *event.Tx, c *Client) (history.Difference, error) {
		before := *c
		if in.Confidential.Set && in.Confidential.Value != c.Confidential {
			return nil, fault.At("This is said once: register another program.", "confidential")
		}
		if in.Organization.Set && (c.OrganizationID == nil) != (in.Organization.Value == "") ||
			in.Organization.Value != "" && c.OrganizationID != nil && *c.OrganizationID != in.Organization.Value {
			return nil, fault.At("This is said once: register another program.", "organization")
		}
		if err := s.apply(v, c, in); err != nil {
			return nil, err
		}
		difference := history.Difference{}
		for name, pair := range map[string][2]any{
			"name": {before.Name, c.Name}, "description": {before.Description, c.Description}, "internal": {before.Internal, c.Internal},
			"redirect_uris": {before.RedirectURIs, c.RedirectURIs}, "scopes": {before.Scopes, c.Scopes}, "grant_types": {before.GrantTypes, c.GrantTypes},
		} {
			if !same(pair) {
				difference[name] = pair
			}
		}
		return difference, nil
	})
}

func same(pair [2]any) bool {
	a, isList := pair[0].(db.JSON)
	b, _ := pair[1].(db.JSON)
	if isList {
		return string(a) == string(b)
	}
	return pair[0] == pair[1]
}

// SetImage gives a program that the viewer manages its picture.
func (s *Server) SetImage(ctx context.Context, v account.Viewer, id string, p account.Picture) error {
	_, err := s.change(ctx, v, id, "updated", func(ctx context.Context, tx *event.Tx, c *Client) (history.Difference, error) {
		difference := history.Difference{"image": {c.Image, p.Image}}
		c.Image, c.ImageThumbnail = &p.Image, &p.Thumbnail
		return difference, p.Place(ctx, tx.Tx, "oauth_client", c.ID)
	})
	return err
}

// RotateSecret gives a program another secret, shown once; the one before works
// no longer.
func (s *Server) RotateSecret(ctx context.Context, v account.Viewer, id string) (secret string, err error) {
	_, err = s.change(ctx, v, id, "updated", func(ctx context.Context, _ *event.Tx, c *Client) (history.Difference, error) {
		if !c.Confidential {
			return nil, fault.New(fault.Invalid, "This program keeps no secret.")
		}
		plain, kept, err := s.drawSecret(ctx)
		secret, c.Secret = plain, &kept
		return history.Difference{"secret": {nil, nil}}, err // that it changed, never to what
	})
	return secret, err
}

// RemoveClient takes a program away with its picture, and ends everything that
// people let it do.
func (s *Server) RemoveClient(ctx context.Context, v account.Viewer, id string) error {
	_, err := s.change(ctx, v, id, "deleted", func(ctx context.Context, tx *event.Tx, c *Client) (history.Difference, error) {
		c.DisabledAt = db.Now()
		if err := (account.Picture{}).Place(ctx, tx.Tx, "oauth_client", c.ID); err != nil {
			return nil, err
		}
		c.Image, c.ImageThumbnail = nil, nil
		_, err := tx.NewUpdate().Model((*grant)(nil)).Set("active = ?", false).Where("client_id = ?", c.ID).Exec(ctx)
		return history.Difference{"disabled": {nil, c.DisabledAt}}, err
	})
	return err
}
