package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// kept are the fields that restoring a version leaves alone: they say who sees
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

// former reads a former value of a type.
func former[T any](values map[string]json.RawMessage, name string, present T) (T, error) {
	text, changed := values[name]
	if !changed {
		return present, nil
	}
	var value T
	if len(text) == 0 {
		return value, nil
	}
	err := json.Unmarshal(text, &value)
	return value, err
}


// RestoreVersion gives an object the values that it had in a former version, as a
// write of the viewer that history calls restored. Who sees it and whom it
// belongs to stay as they are. Who may change it may.
func (s *Store) RestoreVersion(ctx context.Context, v account.Viewer, kind, id string, version int64) (*Subject, error) {
	read := s.db.Read()
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
	if err := s.restore(account.Restoring(ctx), v, kind, id, values); err != nil {
		return nil, err
	}
	found, err := subjects(ctx, read, map[string][]string{kind: {id}})
	if err == nil && found[id] == nil {
		err = fault.New(fault.NotFound, "Object not found")
	}
	return found[id], err
}

// restore writes former values by the object's own write.
func (s *Store) restore(ctx context.Context, v account.Viewer, kind, id string, values map[string]json.RawMessage) error {
	switch kind {
	case KindDataset:
		return s.restoreDataset(ctx, v, id, values)
	}
	return fault.New(fault.NotImplemented, "Versions of this kind of object are kept, but cannot be restored.")
}

// restoreDataset gives a dataset former values, and its resources theirs.
func (s *Store) restoreDataset(ctx context.Context, v account.Viewer, id string, values map[string]json.RawMessage) error {
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := s.editable(ctx, tx.Tx, v, id, false)
		if err != nil {
			return err
		}
		before := *d
		in, err := formerDataset(d, values)
		if err != nil {
			return err
		}
		if err := s.apply(ctx, tx.Tx, d, in); err != nil {
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

// formerDataset is the input that gives a dataset its former values.
func formerDataset(d *Dataset, values map[string]json.RawMessage) (DatasetInput, error) {
	in := DatasetInput{}
	if err := restoreInto(&in, values); err != nil {
		return in, err
	}
	in.Private = Some(d.Private)
	start, err := former(values, "temporal_start", d.TemporalStart)
	if err != nil {
		return in, err
	}
	end, err := former(values, "temporal_end", d.TemporalEnd)
	if err != nil {
		return in, err
	}
	if start != nil {
		in.TemporalCoverage = Some(TemporalInput{Start: *start, End: textOf(end)})
	} else {
		in.TemporalCoverage = Opt[TemporalInput]{Set: true, Null: true}
	}
	if _, set := values["tags"]; !set {
		in.Tags = Some(d.Tags)
	}
	spatial := SpatialInput{}
	if spatial.Zones, err = former(values, "zones", d.Zones); err != nil {
		return in, err
	}
	granularity, err := former(values, "granularity", d.Granularity)
	if err != nil {
		return in, err
	}
	spatial.Granularity = textOf(granularity)
	if spatial.Geometry, err = former(values, "geom", json.RawMessage(d.Geometry)); err != nil {
		return in, err
	}
	if changed(values, "zones", "granularity", "geom") {
		in.Spatial = Some(spatial)
	}
	return in, nil
}

func changed(values map[string]json.RawMessage, names ...string) bool {
	for _, name := range names {
		if _, ok := values[name]; ok {
			return true
		}
	}
	return false
}

func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
