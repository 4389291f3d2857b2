package account

import (
	"context"

	"grenier/internal/blob"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// Picture is a picture in its sizes, kept and not yet anybody's.
type Picture struct {
	// Image and Thumbnail are the addresses that objects show, on the site.
	Image, Thumbnail string
	// Files are the rows of all its sizes.
	Files []blob.File
}

// Place makes a picture that of an object, within the write that shows it; the
// one before ends.
func (p Picture) Place(ctx context.Context, tx *db.Tx, kind, id string) error {
	if _, err := tx.NewRaw("UPDATE files SET ended_at = ? WHERE object_id = ? AND ended_at IS NULL", db.Now(), id).Exec(ctx); err != nil {
		return err
	}
	for i := range p.Files {
		p.Files[i].ObjectKind, p.Files[i].ObjectID = kind, id
	}
	return blob.Insert(ctx, tx, p.Files...)
}

// SetLogo gives an organisation its logo. Its administrators may.
func (w *Writer) SetLogo(ctx context.Context, v Viewer, id string, p Picture) error {
	return w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		o, err := lockOrganization(ctx, tx.Tx, v, id, false)
		if err != nil {
			return err
		}
		if !v.MayManage(id) {
			return errForbidden
		}
		if err := p.Place(ctx, tx.Tx, "organization", id); err != nil {
			return err
		}
		difference := history.Difference{"logo": {o.Logo, p.Image}}
		o.Version, o.ModifiedAt, o.Logo, o.LogoThumbnail = o.Version+1, db.Now(), &p.Image, &p.Thumbnail
		if _, err := tx.NewUpdate().Model(o).WherePK().Column("version", "modified_at", "logo", "logo_thumbnail").Exec(ctx); err != nil {
			return err
		}
		return v.Record(ctx, tx, Change{
			What: "updated", Kind: "organization", ID: id, Owner: id, Version: o.Version, Before: true, After: true, Difference: difference,
		})
	})
}

// SetAvatar gives a person their portrait. The person and administrators may.
func (w *Writer) SetAvatar(ctx context.Context, v Viewer, id string, p Picture) error {
	if err := MaySetAvatar(v, id); err != nil {
		return err
	}
	return w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		u, err := lockUser(ctx, tx, "id = ?", id)
		if err != nil {
			return err
		}
		if err := stillThere(u); err != nil {
			return err
		}
		if err := p.Place(ctx, tx.Tx, "user", id); err != nil {
			return err
		}
		u.Version, u.ModifiedAt, u.Avatar, u.AvatarThumbnail = u.Version+1, db.Now(), &p.Image, &p.Thumbnail
		if _, err := tx.NewUpdate().Model(u).WherePK().Column("version", "modified_at", "avatar", "avatar_thumbnail").Exec(ctx); err != nil {
			return err
		}
		// History outlives accounts: it says that the portrait changed, not to what.
		return v.Record(ctx, tx, Change{
			What: "updated", Kind: "user", ID: id, Owner: id, Version: u.Version, Before: u.Active, After: u.Active,
			Difference: history.Difference{"avatar": {nil, nil}},
		})
	})
}

// MaySetAvatar refuses who may not change a person's portrait.
func MaySetAvatar(v Viewer, id string) error {
	switch {
	case v.Anonymous():
		return fault.New(fault.Unauthorized, "Log in to change an account.")
	case v.Admin():
		return nil
	case v.UserID() != id:
		return errForbidden
	case !v.Whole():
		return errKey
	}
	return nil
}
