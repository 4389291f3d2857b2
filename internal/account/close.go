package account

import (
	"context"
	"crypto/rand"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/text"
)

// Closing says how an administrator closes an account.
type Closing struct {
	// NoMail writes no letter. LegalNotice writes that the account broke the
	// rules in place of the usual one.
	NoMail, LegalNotice bool
}

// The letters of a closed account.
const (
	closedLetter   = "account.closed"
	noticeLetter   = "account.closed_notice"
	inactiveLetter = "account.closed_inactive"
)

// anonymous is what stands in place of the names of a closed account.
const anonymous = "DELETED"

// CloseMine closes the viewer's account: what they published stays, without
// their name. It cannot be undone. In a session the viewer must have proved who
// they are within a day.
func (w *Writer) CloseMine(ctx context.Context, v Viewer) error {
	if err := MayChangeAccount(v); err != nil {
		return err
	}
	if v.Session != "" {
		if err := w.deps.Sessions.Fresh(ctx, v); err != nil {
			return err
		}
	}
	return w.close(ctx, v, v.User.ID, closedLetter)
}

// CloseUser closes the account of somebody else, as CloseMine does.
// Administrators may; Gone when it is closed already.
func (w *Writer) CloseUser(ctx context.Context, v Viewer, id string, how Closing) error {
	if !v.Admin() {
		return NotAdministrator(v, "Only administrators close the accounts of others.")
	}
	if id == v.UserID() {
		return fault.New(fault.Forbidden, "You cannot delete yourself with this API. Use the \"me\" API instead.")
	}
	letter := closedLetter
	switch {
	case how.LegalNotice:
		letter = noticeLetter
	case how.NoMail:
		letter = ""
	}
	return w.close(ctx, v, id, letter)
}

// close anonymises an account in one write.
func (w *Writer) close(ctx context.Context, v Viewer, id, letter string) error {
	return w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		user, err := lockUser(ctx, tx, "id = ?", id)
		if err != nil {
			return err
		}
		if err := stillThere(user); err != nil {
			return err
		}
		farewell := letterTo(user, letter)
		if err := closeUser(ctx, tx, v, user); err != nil {
			return err
		}
		if err := closeLinks(ctx, tx, v, id); err != nil {
			return err
		}
		if letter == "" || farewell.To == "" {
			return nil
		}
		farewell.UserID = "" // the letter is no part of an account any more
		return w.post(ctx, tx.Tx, farewell)
	})
}

// closeUser takes what names a person out of the account and of its history.
func closeUser(ctx context.Context, tx *event.Tx, v Viewer, user *User) error {
	was := user.Active
	email := user.ID + "@deleted"
	user.Email, user.Slug, user.Password, user.Active, user.Admin = &email, "deleted-"+user.ID, nil, false, false
	user.FirstName, user.LastName, user.NameFold = anonymous, anonymous, text.Fold(anonymous+" "+anonymous)
	user.Avatar, user.AvatarThumbnail, user.Website, user.About, user.Language = nil, nil, nil, nil, nil
	user.SecondFactor, user.SecondFactorAt, user.SecondFactorStep = nil, db.Time{}, 0
	user.Stamp, user.DeletedAt, user.Following = rand.Text(), db.Now(), 0
	if err := saveUser(ctx, tx, v, user, was, "deleted", history.Difference{"deleted": {nil, user.DeletedAt}}); err != nil {
		return err
	}
	_, err := tx.NewRaw("UPDATE history SET difference = NULL WHERE object = ? AND version < ?", user.ID, user.Version).Exec(ctx)
	return err
}

// closings are the rows that go with an account: ?0 is the person, ?1 the
// moment.
var closings = []string{
	"UPDATE files SET ended_at = ?1 WHERE object_kind = 'user' AND object_id = ?0 AND ended_at IS NULL",
	"UPDATE tokens SET revoked_at = ?1 WHERE user_id = ?0 AND revoked_at IS NULL",
	"DELETE FROM sessions WHERE user_id = ?0",
	"DELETE FROM recovery_codes WHERE user_id = ?0",
	"DELETE FROM identities WHERE user_id = ?0",
	"DELETE FROM oauth_grants WHERE user_id = ?0",
	"DELETE FROM membership_requests WHERE user_id = ?0",
	"DELETE FROM mails WHERE user_id = ?0 AND sent_at IS NOT NULL",
	"DELETE FROM slugs WHERE object_id = ?0",
}

// closeLinks undoes what ties a person to others.
func closeLinks(ctx context.Context, tx *event.Tx, v Viewer, id string) error {
	for _, query := range closings {
		if _, err := tx.NewRaw(query, id, db.Now()).Exec(ctx); err != nil {
			return err
		}
	}
	if err := leaveAll(ctx, tx, v, id); err != nil {
		return err
	}
	if err := unfollowAll(ctx, tx, id); err != nil {
		return err
	}
	return dropContacts(ctx, tx, id)
}

// leaveAll takes a person out of their organisations, also as the last
// administrator: those of the platform go on.
func leaveAll(ctx context.Context, tx *event.Tx, v Viewer, id string) error {
	var members []Member
	if err := tx.NewSelect().Model(&members).Where("user_id = ?", id).OrderExpr("organization_id").Scan(ctx); err != nil {
		return err
	}
	if _, err := tx.NewRaw("DELETE FROM assignments WHERE user_id = ?", id).Exec(ctx); err != nil {
		return err
	}
	for i := range members {
		o, err := lockOrganization(ctx, tx.Tx, v, members[i].OrganizationID, true)
		if err != nil {
			return err
		}
		if _, err := tx.NewDelete().Model(&members[i]).WherePK().Exec(ctx); err != nil {
			return err
		}
		if err := saveMembers(ctx, tx, v, o, roleOf(&members[i]), nil); err != nil {
			return err
		}
	}
	return nil
}

// followed are the tables of what can be followed, by kind.
var followed = map[string]string{
	"dataset": "datasets", "reuse": "reuses", "organization": "organizations", "user": "users", "dataservice": "dataservices",
}

// unfollowAll ends what a person follows and who follows them.
func unfollowAll(ctx context.Context, tx *event.Tx, id string) error {
	var follows []struct{ ObjectKind, ObjectID, FollowerID string }
	err := tx.NewRaw("SELECT object_kind, object_id, follower_id FROM follows WHERE (follower_id = ?0 OR object_id = ?0) AND until IS NULL", id).Scan(ctx, &follows)
	if err != nil {
		return err
	}
	if _, err := tx.NewRaw("DELETE FROM follows WHERE follower_id = ?0 OR object_id = ?0", id).Exec(ctx); err != nil {
		return err
	}
	for _, f := range follows {
		if f.FollowerID != id {
			_, err = tx.NewRaw("UPDATE users SET following = following - 1 WHERE id = ? AND following > 0", f.FollowerID).Exec(ctx)
		} else if table := followed[f.ObjectKind]; table != "" {
			_, err = tx.NewRaw("UPDATE "+table+" SET followers = followers - 1 WHERE id = ? AND followers > 0", f.ObjectID).Exec(ctx)
		}
		if err == nil && f.FollowerID == id && f.ObjectKind == "dataset" {
			_, err = tx.NewRaw(`UPDATE organizations SET dataset_followers = dataset_followers - 1 WHERE dataset_followers > 0 AND id =
				(SELECT organization_id FROM datasets WHERE id = ? AND visible = TRUE)`, f.ObjectID).Exec(ctx)
		}
		if err != nil {
			return err
		}
	}
	_, err = tx.NewRaw("UPDATE users SET followers = 0 WHERE id = ?", id).Exec(ctx)
	return err
}

// dropContacts removes the contact points of a person from what names them.
func dropContacts(ctx context.Context, tx *event.Tx, id string) error {
	const theirs = "(SELECT id FROM contact_points WHERE owner_id = ?)"
	var objects []string
	if err := tx.NewRaw("SELECT DISTINCT object_id FROM object_contacts WHERE contact_id IN "+theirs, id).Scan(ctx, &objects); err != nil {
		return err
	}
	for _, query := range []string{"DELETE FROM object_contacts WHERE contact_id IN " + theirs, "DELETE FROM contact_points WHERE owner_id = ?"} {
		if _, err := tx.NewRaw(query, id).Exec(ctx); err != nil {
			return err
		}
	}
	for _, object := range objects {
		if err := tellWithoutContact(ctx, tx, object); err != nil {
			return err
		}
	}
	return nil
}

// tellWithoutContact counts the contact points of an object again and tells the
// log, so that nothing shows them any more. The object's own version stays.
func tellWithoutContact(ctx context.Context, tx *event.Tx, object string) error {
	for kind, table := range map[string]string{"dataset": "datasets", "dataservice": "dataservices"} {
		var rows []struct {
			Version int64
			Visible bool
		}
		if err := tx.NewRaw("SELECT version, visible FROM "+table+" WHERE id = ?", object).Scan(ctx, &rows); err != nil {
			return err
		}
		if len(rows) == 0 {
			continue
		}
		if kind == "dataset" {
			_, err := tx.NewRaw("UPDATE datasets SET contacts = (SELECT count(*) FROM object_contacts c WHERE c.object_id = datasets.id) WHERE id = ?", object).Exec(ctx)
			if err != nil {
				return err
			}
		}
		tx.Emit(event.Event{
			At: db.Now(), Kind: kind + ".updated", ObjectKind: kind, Object: object, ActorKind: "system", Actor: "accounts",
			Version: rows[0].Version, SeenBefore: rows[0].Visible, SeenAfter: rows[0].Visible, Fields: []string{"contact_points"},
		})
	}
	return nil
}
