package catalog

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/i18n"
)

// ContactInput is what people write of a contact point. What is left out stays
// as it is.
type ContactInput struct {
	Name        Opt[string]
	Email       Opt[string]
	ContactForm Opt[string]
	Role        Opt[string]
	// Organization and Owner say whom a new contact point belongs to.
	Organization Opt[string]
	Owner        Opt[string]
}

// contactNameMax bounds the name of a contact point, in characters.
const contactNameMax = 255

// roleOfContact is the role that needs a way to be reached.
const roleOfContact = "contact"

// applyContact changes a contact point as the input says.
func (s *Store) applyContact(p *ContactPoint, in ContactInput) error {
	c := s.checks()
	before := p.Name
	if c.text(in.Name, contactNameMax, &p.Name, "name"); p.Name != before && account.HoldsURL(p.Name) {
		c.at("URLs not allowed in this field.", "name")
	}
	c.contactEmail(in.Email, p)
	c.maybeAddress(in.ContactForm, &p.ContactForm, "contact_form")
	c.choice(in.Role, i18n.IDs(i18n.ContactRole), &p.Role, "role")
	if p.Role == roleOfContact && p.Email == nil && p.ContactForm == nil && c.collect() == nil {
		c.at("At least an email or a contact form is required for a contact point", "email")
	}
	return c.collect()
}

func (c *checks) contactEmail(in Opt[string], p *ContactPoint) {
	value := strings.TrimSpace(in.Value)
	switch {
	case !in.Set || p.Email != nil && *p.Email == value:
	case value == "":
		p.Email = nil
	default:
		if wrong := account.WrongEmail(value); wrong != "" {
			c.at(wrong, "email")
			return
		}
		p.Email = &value
	}
}

// CreateContact makes a contact point, or finds the one of the same owner that
// says the same: created is false then. It belongs to the organisation that is
// named, of which the viewer must be a member, else to the viewer.
func (s *Store) CreateContact(ctx context.Context, v account.Viewer, in ContactInput) (point *ContactPoint, created bool, err error) {
	if err := named(v, "create a contact point"); err != nil {
		return nil, false, err
	}
	owner, err := newOwner(v, in.Organization, in.Owner)
	if err != nil {
		return nil, false, err
	}
	need(&in.Name, &in.Role)
	made := ContactPoint{ID: db.NewID(), Version: 1, CreatedAt: db.Now()}
	made.OrganizationID, made.OwnerID = optional(owner.Organization), optional(owner.User)
	if err := s.applyContact(&made, in); err != nil {
		return nil, false, err
	}
	id := made.ID
	err = s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		if err := knownOwner(ctx, tx.Tx, owner); err != nil {
			return err
		}
		same, err := sameContact(ctx, tx, &made)
		if err != nil {
			return err
		}
		if created = same == ""; !created {
			id = same
			return nil
		}
		id = made.ID
		if _, err := tx.NewInsert().Model(&made).Exec(ctx); err != nil {
			return err
		}
		return v.Record(ctx, tx, account.Change{What: "created", Kind: KindContact, ID: id, Owner: owner.Ref(), Version: 1, After: true})
	})
	if err != nil {
		return nil, false, err
	}
	point, err = s.ContactPoint(ctx, id)
	return point, created, err
}

// sameContact finds another contact point that says the same for the same
// owner; "" when there is none. Writes for one owner take turns.
func sameContact(ctx context.Context, tx *event.Tx, p *ContactPoint) (string, error) {
	kind, owner := kindOf(p.OwnedBy())
	if err := lock(ctx, tx.Tx, counterTables[kind], owner); err != nil {
		return "", err
	}
	query := tx.NewSelect().Model((*ContactPoint)(nil)).Column("id").Where("id <> ?", p.ID).Where("name = ?", p.Name).Where("role = ?", p.Role)
	for column, value := range map[string]*string{
		"email": p.Email, "contact_form": p.ContactForm, "organization_id": p.OrganizationID, "owner_id": p.OwnerID,
	} {
		if value == nil {
			query = query.Where("? IS NULL", bun.Ident(column))
		} else {
			query = query.Where("? = ?", bun.Ident(column), *value)
		}
	}
	var ids []string
	if err := query.OrderExpr("created_at, id").Limit(1).Scan(ctx, &ids); err != nil || len(ids) == 0 {
		return "", err
	}
	return ids[0], nil
}

// changeContact loads a contact point for a write of who may.
func (s *Store) changeContact(ctx context.Context, v account.Viewer, id string, fn func(context.Context, *event.Tx, *ContactPoint) error) error {
	if err := named(v, "change a contact point"); err != nil {
		return err
	}
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		if err := lock(ctx, tx.Tx, "contact_points", id); err != nil {
			return err
		}
		var rows []ContactPoint
		if err := tx.NewSelect().Model(&rows).Where("id = ?", id).Scan(ctx); err != nil {
			return err
		}
		if len(rows) == 0 {
			return fault.New(fault.NotFound, "Contact point not found")
		}
		if !v.May(account.EditContact, rows[0].OwnedBy(), id) {
			return fault.New(fault.Forbidden, "You do not have the permission to modify that object.")
		}
		return fn(ctx, tx, &rows[0])
	})
}

// UpdateContact changes what the input holds of a contact point. Its owner may,
// and the administrators and editors of its organisation.
func (s *Store) UpdateContact(ctx context.Context, v account.Viewer, id string, in ContactInput) (*ContactPoint, error) {
	err := s.changeContact(ctx, v, id, func(ctx context.Context, tx *event.Tx, p *ContactPoint) error {
		if _, err := objectOwner.keptOwner(v, p.OwnedBy(), in.Organization, in.Owner); err != nil {
			return err
		}
		before := *p
		if err := s.applyContact(p, in); err != nil {
			return err
		}
		difference := contactDifference(&before, p)
		if len(difference) == 0 {
			return nil
		}
		same, err := sameContact(ctx, tx, p)
		if err != nil {
			return err
		}
		if same != "" {
			return fault.New(fault.Invalid, "An existing contact point already exists with these informations.")
		}
		p.Version++
		if _, err := tx.NewUpdate().Model(p).WherePK().Column("version", "name", "email", "contact_form", "role").Exec(ctx); err != nil {
			return err
		}
		return v.Record(ctx, tx, account.Change{
			What: "updated", Kind: KindContact, ID: id, Owner: p.OwnedBy().Ref(), Version: p.Version, Before: true, After: true, Difference: difference,
		})
	})
	if err != nil {
		return nil, err
	}
	return s.ContactPoint(ctx, id)
}

func contactDifference(before, after *ContactPoint) history.Difference {
	old := []field{{"name", before.Name}, {"email", before.Email}, {"contact_form", before.ContactForm}, {"role", before.Role}}
	return differenceOf(old, []field{{"name", after.Name}, {"email", after.Email}, {"contact_form", after.ContactForm}, {"role", after.Role}})
}

// DeleteContact removes a contact point, also from the objects that named it.
// Its owner may, and the administrators and editors of its organisation.
func (s *Store) DeleteContact(ctx context.Context, v account.Viewer, id string) error {
	return s.changeContact(ctx, v, id, func(ctx context.Context, tx *event.Tx, p *ContactPoint) error {
		var datasets []string
		err := tx.NewRaw("SELECT d.id FROM object_contacts c JOIN datasets d ON d.id = c.object_id WHERE c.contact_id = ? ORDER BY d.id", id).Scan(ctx, &datasets)
		if err != nil {
			return err
		}
		if _, err := tx.NewDelete().Model(p).WherePK().Exec(ctx); err != nil {
			return err
		}
		err = v.Record(ctx, tx, account.Change{
			What: "deleted", Kind: KindContact, ID: id, Owner: p.OwnedBy().Ref(), Version: p.Version + 1, Before: true,
		})
		if err != nil {
			return err
		}
		return s.forgottenContact(ctx, tx, v, datasets)
	})
}

// forgottenContact counts the contact points of the datasets that lost one.
func (s *Store) forgottenContact(ctx context.Context, tx *event.Tx, v account.Viewer, datasets []string) error {
	for batch := range slices.Chunk(datasets, 500) {
		if err := lock(ctx, tx.Tx, "datasets", batch...); err != nil {
			return err
		}
		var rows []versioned
		err := tx.NewRaw(`UPDATE datasets AS x SET contacts = (SELECT count(*) FROM object_contacts c WHERE c.object_id = x.id), version = version + 1
			WHERE x.id IN (?) RETURNING id, version`, bun.List(batch)).Scan(ctx, &rows)
		if err != nil {
			return err
		}
		if err := tellCounted(ctx, tx, v, KindDataset, rows); err != nil {
			return err
		}
	}
	return nil
}
