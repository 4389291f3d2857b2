package catalog

import (
	"context"

	"grenier/internal/account"
	"grenier/internal/event"
)

// countOwned counts a dataset in or out of the public datasets of an owner, by
// the difference, and tells that the owner changed. It is left for the end of the
// write: an owner that publishes a lot is the row that writes wait for.
func countOwned(tx *event.Tx, v account.Viewer, d *Dataset, owner account.Owner, by int64) {
	kind, id := KindOrganization, owner.Organization
	if id == "" {
		kind, id = KindUser, owner.User
	}
	if id == "" {
		return
	}
	tx.Last(func(ctx context.Context) error {
		table, sums := counterTables[kind], ""
		if kind == KindOrganization && (d.Followers != 0 || d.Reuses != 0) {
			// Locked before it is counted, so that of two writes at once the
			// later one counts what the earlier one did.
			if err := lock(ctx, tx.Tx, table, id); err != nil {
				return err
			}
			sums = organizationSums
		}
		var rows []versioned
		err := tx.NewRaw("UPDATE "+table+" AS x SET datasets = datasets + ?, "+sums+"version = version + 1 WHERE x.id = ? RETURNING id, version",
			by, id).Scan(ctx, &rows)
		if err != nil || len(rows) == 0 {
			return err
		}
		actorKind, actor := v.Actor()
		tx.Emit(event.Event{
			Kind: kind + ".counted", ObjectKind: kind, Object: id, Owner: id, ActorKind: actorKind, Actor: actor, Version: rows[0].Version,
			SeenBefore: true, SeenAfter: true,
		})
		return nil
	})
}

// organizationSums are the sums over public datasets that organisations keep
// besides.
const organizationSums = `
	dataset_followers = (SELECT coalesce(sum(d.followers), 0) FROM datasets d WHERE d.organization_id = x.id AND d.visible IS TRUE),
	dataset_reuses = (SELECT coalesce(sum(d.reuses), 0) FROM datasets d WHERE d.organization_id = x.id AND d.visible IS TRUE), `
