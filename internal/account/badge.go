package account

import (
	"context"
	"slices"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/i18n"
	"grenier/internal/mail"
)

// The badges that the flags of an organisation derive from.
const (
	badgeCertified     = "certified"
	badgePublicService = "public-service"
)

// OrganizationBadges are the badges that can be given to organisations: the
// known ones without those that the settings hide.
func (w *Writer) OrganizationBadges() []string {
	return slices.DeleteFunc(i18n.IDs(i18n.OrganizationBadge), func(badge string) bool {
		return slices.Contains(w.deps.Rules.HiddenBadges, badge)
	})
}

// GiveOrganizationBadge gives an organisation a badge and tells its members.
// created is false when it had the badge already. Administrators of the platform
// may.
func (w *Writer) GiveOrganizationBadge(ctx context.Context, v Viewer, organization, badge string) (created bool, err error) {
	if !v.Anonymous() && !slices.Contains(w.OrganizationBadges(), badge) && v.May(Curate, Owner{Organization: organization}, "") {
		return false, fault.At("Unknown badge for an organization.", "kind")
	}
	err = w.changeBadges(ctx, v, organization, func(ctx context.Context, tx *event.Tx, o *Organization, before []string) error {
		if created = !slices.Contains(before, badge); !created {
			return nil
		}
		_, err := tx.NewRaw(`INSERT INTO badges (object_id, badge, kind, created_at, created_by, position)
			VALUES (?, ?, 'organization', ?, ?, (SELECT COALESCE(max(b.position) + 1, 0) FROM badges b WHERE b.object_id = ?))`,
			organization, badge, db.Now(), nonEmpty(v.UserID()), organization).Exec(ctx)
		if err != nil {
			return err
		}
		return w.writeOfBadge(ctx, tx, o, badge)
	})
	return created, err
}

// writeOfBadge tells the members of an organisation that it has a badge.
func (w *Writer) writeOfBadge(ctx context.Context, tx *event.Tx, o *Organization, badge string) error {
	var people []User
	err := tx.NewSelect().Model(&people).Where(reachable).
		Where("u.id IN (SELECT m.user_id FROM members m WHERE m.organization_id = ?)", o.ID).OrderExpr("u.id").Scan(ctx)
	if err != nil {
		return err
	}
	for i := range people {
		lang := ""
		if people[i].Language != nil {
			lang = *people[i].Language
		}
		letter := mail.Letter{
			Kind: "organization.badge", Args: []any{"organization", o.Name, "badge", i18n.Label(i18n.OrganizationBadge, badge, lang)},
			Button: "/organizations/" + o.Slug,
		}
		if err := w.writeToPeople(ctx, tx, people[i:i+1], letter); err != nil {
			return err
		}
	}
	return nil
}

// TakeOrganizationBadge takes a badge from an organisation; not found when it
// does not have it. Administrators of the platform may.
func (w *Writer) TakeOrganizationBadge(ctx context.Context, v Viewer, organization, badge string) error {
	return w.changeBadges(ctx, v, organization, func(ctx context.Context, tx *event.Tx, _ *Organization, before []string) error {
		if !slices.Contains(before, badge) {
			return fault.New(fault.NotFound, "This organization does not have the badge.")
		}
		_, err := tx.NewRaw("DELETE FROM badges WHERE object_id = ? AND badge = ?", organization, badge).Exec(ctx)
		return err
	})
}

// changeBadges changes the badges of an organisation and the flags that derive
// from them: a public service is one that is certified.
func (w *Writer) changeBadges(ctx context.Context, v Viewer, organization string,
	change func(ctx context.Context, tx *event.Tx, o *Organization, before []string) error) error {
	return w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		o, err := lockOrganization(ctx, tx.Tx, v, organization, false)
		if err != nil {
			return err
		}
		if !v.May(Curate, Owner{Organization: organization}, "") {
			return errForbidden
		}
		before, err := Badges(ctx, tx, []string{organization})
		if err != nil {
			return err
		}
		if err := change(ctx, tx, o, before[organization]); err != nil {
			return err
		}
		after, err := Badges(ctx, tx, []string{organization})
		if err != nil || slices.Equal(before[organization], after[organization]) {
			return err
		}
		had := *o
		o.Badges = after[organization]
		o.Certified = slices.Contains(o.Badges, badgeCertified)
		o.PublicService = o.Certified && slices.Contains(o.Badges, badgePublicService)
		return saveOrganization(ctx, tx, v, &had, o, history.Difference{"badges": {before[organization], after[organization]}})
	})
}
