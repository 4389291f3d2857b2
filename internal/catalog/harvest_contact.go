package catalog

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/history"
	"grenier/internal/i18n"
)

// contactKey is what two contact points that are one have in common.
type contactKey struct {
	owner account.Owner
	HarvestedContact
}

// contactBook finds the contact points of a batch, and makes those that are not
// there.
type contactBook struct {
	wanted []contactKey
	known  map[contactKey]string
}

// want notes the contact points of an object, and tells which are none.
func (b *contactBook) want(owner account.Owner, contacts []HarvestedContact) (logs []string) {
	if owner == (account.Owner{}) {
		return nil
	}
	for _, contact := range contacts {
		if wrong := contact.wrong(); wrong != "" {
			logs = append(logs, "contact_points: "+wrong)
			continue
		}
		b.wanted = append(b.wanted, contactKey{owner, contact.tidied()})
	}
	return logs
}

func (c HarvestedContact) tidied() HarvestedContact {
	return HarvestedContact{Name: tidy(c.Name), Email: strings.TrimSpace(c.Email), Form: strings.TrimSpace(c.Form), Role: c.Role}
}

// wrong tells why a contact point cannot be one; "" when it can.
func (c HarvestedContact) wrong() string {
	c = c.tidied()
	var checks refusals
	switch {
	case c.Name == "":
		return "A contact point without name is left out."
	case wrongText(c.Name, contactNameMax) != "":
		return "A contact point is left out: " + wrongText(c.Name, contactNameMax)
	case account.HoldsURL(c.Name):
		return "The contact point " + clipped(c.Name) + " is left out: its name holds an address of the web."
	case c.Email != "" && account.WrongEmail(c.Email) != "":
		return "The contact point " + clipped(c.Name) + " is left out: " + account.WrongEmail(c.Email)
	case c.Form != "" && checks.wrongURL(c.Form) != "":
		return "The contact point " + clipped(c.Name) + " is left out: " + checks.wrongURL(c.Form)
	case !i18n.Has(i18n.ContactRole, c.Role):
		return "The contact point " + clipped(c.Name) + " is left out: its role is not known."
	case c.Role == roleOfContact && c.Email == "" && c.Form == "":
		return "The contact point " + clipped(c.Name) + " is left out: it has neither e-mail nor form."
	}
	return ""
}

// load finds those that are there, in one query.
func (b *contactBook) load(ctx context.Context, read bun.IDB) error {
	b.known = make(map[contactKey]string, len(b.wanted))
	if len(b.wanted) == 0 {
		return nil
	}
	var names, organizations, users []string
	for _, key := range b.wanted {
		names = append(names, key.Name)
		if key.owner.Organization != "" {
			organizations = append(organizations, key.owner.Organization)
		} else {
			users = append(users, key.owner.User)
		}
	}
	distinct := func(list []string) any {
		if len(list) == 0 {
			return bun.List([]string{""})
		}
		return bun.List(slices.Compact(slices.Sorted(slices.Values(list))))
	}
	var rows []ContactPoint
	err := read.NewSelect().Model(&rows).Where("(organization_id IN (?) OR owner_id IN (?))", distinct(organizations), distinct(users)).
		Where("name IN (?)", distinct(names)).OrderExpr("created_at, id").Scan(ctx)
	for i := range rows {
		if key := keyOf(&rows[i]); b.known[key] == "" {
			b.known[key] = rows[i].ID
		}
	}
	return err
}

func keyOf(p *ContactPoint) contactKey {
	return contactKey{p.OwnedBy(), HarvestedContact{Name: p.Name, Email: shown(p.Email, ""), Form: shown(p.ContactForm, ""), Role: p.Role}}
}

// insert makes those that are not there. Writes for one owner take turns.
func (b *contactBook) insert(ctx context.Context, tx *event.Tx, v account.Viewer) error {
	if b.complete() {
		return nil
	}
	if tx.Postgres() {
		owners := map[string][]string{}
		for _, key := range b.wanted {
			kind, id := kindOf(key.owner)
			owners[counterTables[kind]] = append(owners[counterTables[kind]], id)
		}
		for _, table := range []string{"organizations", "users"} {
			if err := lock(ctx, tx.Tx, table, owners[table]...); err != nil {
				return err
			}
		}
		if err := b.load(ctx, tx); err != nil {
			return err
		}
	}
	now := db.Now()
	var made []*ContactPoint
	for _, key := range b.wanted {
		if b.known[key] != "" {
			continue
		}
		point := &ContactPoint{
			ID: db.NewID(), Version: 1, Name: key.Name, Email: optional(key.Email), ContactForm: optional(key.Form), Role: key.Role, CreatedAt: now,
		}
		point.OrganizationID, point.OwnerID = optional(key.owner.Organization), optional(key.owner.User)
		b.known[key] = point.ID
		made = append(made, point)
	}
	if err := insertAll(ctx, tx, made); err != nil {
		return err
	}
	var told harvestRecord
	for _, point := range made {
		told.add(v, account.Change{What: "created", Kind: KindContact, ID: point.ID, Owner: point.OwnedBy().Ref(), Version: 1, After: true})
	}
	return told.write(ctx, tx)
}

func (b *contactBook) complete() bool {
	return !slices.ContainsFunc(b.wanted, func(key contactKey) bool { return b.known[key] == "" })
}

// points are the contact points of an object from now on: those that are told,
// each once, else the present ones.
func (b *contactBook) points(owner account.Owner, contacts []HarvestedContact, present []string) []string {
	var ids []string
	for _, contact := range contacts {
		if contact.wrong() != "" || len(ids) == maxDatasetContacts {
			continue
		}
		if id := b.known[contactKey{owner, contact.tidied()}]; id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return present
	}
	return ids
}

// harvestRecord collects the events and versions of a batch, to be written
// together.
type harvestRecord struct {
	events   []event.Event
	versions []history.Change
	err      error
}

func (r *harvestRecord) add(v account.Viewer, c account.Change) {
	difference, err := c.Difference.Encode()
	if err != nil {
		r.err = err
		return
	}
	kind, actor := v.Actor()
	now := db.Now()
	r.events = append(r.events, event.Event{
		At: now, Kind: c.Kind + "." + c.What, ObjectKind: c.Kind, Object: c.ID, Owner: c.Owner, ActorKind: kind, Actor: actor,
		Version: c.Version, SeenBefore: c.Before, SeenAfter: c.After, Fields: fieldsTold(c.Difference),
	})
	r.versions = append(r.versions, history.Change{
		Object: c.ID, Version: c.Version, ObjectKind: c.Kind, At: now, ActorKind: kind, Actor: actor, Difference: difference,
		What: c.What, Owner: c.Owner, Person: v.UserID(), Visible: c.Before || c.After,
	})
}

// manyResources is from how many fields of resources on an event names them all
// together.
const manyResources = 100

// fieldsTold are the fields that an event names.
func fieldsTold(difference history.Difference) []string {
	fields := difference.Fields()
	slices.Sort(fields)
	ofResource := func(field string) bool { return strings.HasPrefix(field, "resource/") }
	others := slices.DeleteFunc(slices.Clone(fields), ofResource)
	if len(fields)-len(others) <= manyResources {
		return fields
	}
	return append(others, "resources")
}

func (r *harvestRecord) write(ctx context.Context, tx *event.Tx) error {
	if r.err != nil {
		return r.err
	}
	for _, e := range r.events {
		tx.Emit(e)
	}
	return history.Record(ctx, tx, r.versions...)
}
