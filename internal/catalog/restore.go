package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/text"
)

// keptFields are those that restoring a version leaves alone: they say who sees
// an object and whom it belongs to, which have procedures of their own.
var keptFields = map[string]bool{
	"private": true, "archived": true, "archived_at": true, "deleted": true, "deleted_at": true, "publish_at": true, "published": true,
	"organization": true, "owner": true, "slug": true, "featured": true, "badges": true,
}

// restoreInto fills an input with former values: each field's goes to the member
// of its name. Fields that the input does not have stay as they are.
func restoreInto(in any, former map[string]json.RawMessage) error {
	members := map[string]reflect.Value{}
	value := reflect.ValueOf(in).Elem()
	for i := range value.NumField() {
		members[memberName(value.Type().Field(i).Name)] = value.Field(i)
	}
	for name, text := range former {
		member, ok := members[memberName(name)]
		if keptFields[name] || !ok || member.Kind() != reflect.Struct || !member.FieldByName("Set").IsValid() {
			continue
		}
		member.FieldByName("Set").SetBool(true)
		if len(text) == 0 || string(text) == "null" {
			member.FieldByName("Null").SetBool(true)
			continue
		}
		if err := json.Unmarshal(text, member.FieldByName("Value").Addr().Interface()); err != nil {
			return fmt.Errorf("catalog: former value of %s: %w", name, err)
		}
	}
	return nil
}

// memberName makes names of fields and of members comparable.
func memberName(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// Restorer brings former versions and deleted objects back, by the writes of the
// rooms that hold them.
type Restorer struct {
	Store    *Store
	Accounts *account.Writer
}

// RestoreVersion gives an object the values that it had in a former version, as a
// write of the viewer that history calls restored. Who sees it and whom it
// belongs to stay as they are. Who may change it may.
func (r Restorer) RestoreVersion(ctx context.Context, v account.Viewer, kind, id string, version int64) (*Subject, error) {
	read := r.Store.db.Read()
	subject, err := historied(ctx, read, v, kind, id)
	if err != nil {
		return nil, err
	}
	if !subject.DeletedAt.IsZero() {
		return nil, fault.New(fault.Gone, "This object has been deleted: bring it back first.")
	}
	change, err := history.Get(ctx, read, id, version)
	if err != nil {
		return nil, err
	}
	if change.ObjectKind != kind {
		return nil, fault.New(fault.NotFound, "This object has no such version.")
	}
	values, err := history.Back(ctx, read, id, version)
	if err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, fault.New(fault.Invalid, "The object has these values already.")
	}
	if err := r.restore(account.Restoring(ctx), v, kind, id, values); err != nil {
		return nil, err
	}
	found, err := subjects(ctx, read, map[string][]string{kind: {id}})
	if err == nil && found[id] == nil {
		err = fault.New(fault.NotFound, "Object not found")
	}
	return found[id], err
}

// restore writes former values by the object's own write.
func (r Restorer) restore(ctx context.Context, v account.Viewer, kind, id string, values map[string]json.RawMessage) error {
	s := r.Store
	switch kind {
	case KindDataset:
		return s.restoreDataset(ctx, v, id, values)
	case KindReuse:
		return restoreBy(ctx, v, id, values, s.UpdateReuse)
	case KindDataservice:
		return restoreBy(ctx, v, id, values, s.UpdateDataservice)
	case KindTopic:
		return restoreBy(ctx, v, id, values, s.UpdateTopic)
	case KindPost:
		return restoreBy(ctx, v, id, values, s.UpdatePost)
	case KindContact:
		return restoreBy(ctx, v, id, values, s.UpdateContact)
	case KindChart:
		return restoreBy(ctx, v, id, values, s.UpdateChart)
	case KindOrganization:
		return restoreBy(ctx, v, id, values, r.Accounts.UpdateOrganization)
	}
	return fault.New(fault.NotImplemented, "Versions of this kind of object are kept, but cannot be restored.")
}

// restoreBy gives an object former values by its own update.
func restoreBy[In, Out any](ctx context.Context, v account.Viewer, id string, values map[string]json.RawMessage,
	update func(context.Context, account.Viewer, string, In) (Out, error)) error {
	var in In
	if err := restoreInto(&in, values); err != nil {
		return err
	}
	_, err := update(ctx, v, id, in)
	return err
}

// restoreDataset gives a dataset former values, and its resources theirs.
func (s *Store) restoreDataset(ctx context.Context, v account.Viewer, id string, values map[string]json.RawMessage) error {
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := s.editable(ctx, tx.Tx, v, id, false)
		if err != nil {
			return err
		}
		before := *d
		if err := formerDataset(ctx, tx, d, values); err != nil {
			return err
		}
		difference, err := restoreResources(ctx, tx, d, values)
		if err != nil {
			return err
		}
		if len(difference) > 0 {
			if err := resummarise(ctx, tx.Tx, d); err != nil {
				return err
			}
		}
		return s.saveDataset(ctx, tx, v, &before, d, "restored", difference)
	})
}

// formerDataset gives a dataset its former values. They were accepted once, so
// they need no check but for what they name: a licence and contact points that
// are gone stay away.
func formerDataset(ctx context.Context, tx *event.Tx, d *Dataset, values map[string]json.RawMessage) error {
	into := map[string]any{"tags": &d.Tags, "zones": &d.Zones, "contact_points": &d.Contacts, "extras": &d.Extras, "geom": &d.Geometry}
	eachColumn(reflect.ValueOf(d).Elem(), func(name string, value reflect.Value) { into[name] = value.Addr().Interface() })
	if err := formerColumns(into, values); err != nil {
		return err
	}
	if d.License != nil {
		known, err := idsOf(ctx, tx, "SELECT id FROM licenses WHERE id = ?", *d.License)
		if err != nil {
			return err
		}
		if len(known) == 0 {
			d.License = nil
		}
	}
	if len(d.Contacts) > 0 {
		known, err := idsOf(ctx, tx, "SELECT id FROM contact_points WHERE id IN (?)", bun.List(d.Contacts))
		if err != nil {
			return err
		}
		d.Contacts = slices.DeleteFunc(d.Contacts, func(id string) bool { return !slices.Contains(known, id) })
	}
	d.TitleFold, d.DescriptionLength = text.Fold(d.Title), int64(utf8.RuneCountInString(d.Description))
	d.HasSpatial = len(d.Zones) > 0 || len(d.Geometry) > 0 || d.Granularity != nil
	d.ContactCount = int64(len(d.Contacts))
	return nil
}

// formerColumns decodes former values into the members that hold them; nothing
// is what an absent one had.
func formerColumns(into map[string]any, values map[string]json.RawMessage) error {
	for name, former := range values {
		target, known := into[name]
		if !known || keptFields[name] {
			continue
		}
		reflect.ValueOf(target).Elem().SetZero()
		if len(former) == 0 || string(former) == "null" {
			continue
		}
		if err := json.Unmarshal(former, target); err != nil {
			return fmt.Errorf("catalog: former value of %s: %w", name, err)
		}
	}
	return nil
}

func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
