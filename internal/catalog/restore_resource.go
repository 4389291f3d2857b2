package catalog

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/history"
	"grenier/internal/text"
)

// recorded is the whole row of a resource as history keeps it, by the names of
// its columns, so that a removed one can come back. Columns without a value are
// left out.
func recorded(r *Resource) map[string]any {
	row := map[string]any{}
	eachColumn(reflect.ValueOf(r).Elem(), func(name string, value reflect.Value) {
		if !value.IsZero() {
			row[name] = value.Interface()
		}
	})
	return row
}

// eachColumn calls fn with the columns of a row's struct and of those that it
// embeds.
func eachColumn(row reflect.Value, fn func(name string, value reflect.Value)) {
	for i := range row.NumField() {
		field := row.Type().Field(i)
		tag, tagged := field.Tag.Lookup("bun")
		name, _, _ := strings.Cut(tag, ",")
		switch {
		case field.Anonymous && !tagged:
			eachColumn(row.Field(i), fn)
		case field.Anonymous || name == "" || name == "-":
		default:
			fn(name, row.Field(i))
		}
	}
}

// fromRecord makes the row again.
func fromRecord(record json.RawMessage) (Resource, error) {
	var r Resource
	columns := map[string]json.RawMessage{}
	err := json.Unmarshal(record, &columns)
	eachColumn(reflect.ValueOf(&r).Elem(), func(name string, value reflect.Value) {
		if text, ok := columns[name]; ok && err == nil {
			err = json.Unmarshal(text, value.Addr().Interface())
		}
	})
	return r, err
}

// removed is what history keeps of a resource that is taken away.
func removed(r *Resource) history.Difference {
	return history.Difference{"resource/" + r.ID: {recorded(r), nil}}
}

// restoreResources gives the resources of a dataset their former values and
// brings back those that were removed since; those that were added since stay.
func restoreResources(ctx context.Context, tx *event.Tx, d *Dataset, former map[string]json.RawMessage) (history.Difference, error) {
	rows, fields := map[string]json.RawMessage{}, map[string]map[string]json.RawMessage{}
	for name, value := range former {
		rest, ok := strings.CutPrefix(name, "resource/")
		if !ok {
			continue
		}
		id, field, nested := strings.Cut(rest, "/")
		switch {
		case nested && fields[id] == nil:
			fields[id] = map[string]json.RawMessage{field: value}
		case nested:
			fields[id][field] = value
		case isRecord(value):
			rows[id] = value
		}
	}
	difference := history.Difference{}
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		r, err := fromRecord(rows[id])
		if err != nil {
			return nil, err
		}
		if r.ID != id || r.DatasetID == nil || *r.DatasetID != d.ID {
			continue
		}
		found, err := tx.NewSelect().Model((*Resource)(nil)).Where("id = ?", id).Exists(ctx)
		if err != nil {
			return nil, err
		}
		kept, err := fileKept(ctx, tx, r.ID, r.Filetype, r.URL)
		if err != nil {
			return nil, err
		}
		if found || !kept {
			continue
		}
		if _, err := tx.NewInsert().Model(&r).Exec(ctx); err != nil {
			return nil, err
		}
		difference["resource/"+id] = [2]any{nil, r.Title}
	}
	for _, id := range slices.Sorted(maps.Keys(fields)) {
		changed, err := restoreResource(ctx, tx, d, id, fields[id])
		if err != nil {
			return nil, err
		}
		maps.Copy(difference, changed)
	}
	return difference, nil
}

// isRecord tells a row from the title that older history kept of a removed
// resource, which cannot come back.
func isRecord(value json.RawMessage) bool { return len(value) > 0 && value[0] == '{' }

// restoreResource gives one resource its former values; one that is gone stays
// gone.
func restoreResource(ctx context.Context, tx *event.Tx, d *Dataset, id string, former map[string]json.RawMessage) (history.Difference, error) {
	var rows []Resource
	err := tx.NewSelect().Model(&rows).Where("id = ? AND dataset_id = ? AND community = FALSE", id, d.ID).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	r := &rows[0]
	before := *r
	address := r.URL
	if text, ok := former["url"]; ok {
		if err := json.Unmarshal(text, &address); err != nil {
			return nil, err
		}
	}
	kept, err := fileKept(ctx, tx, r.ID, r.Filetype, address)
	if err != nil {
		return nil, err
	}
	into := map[string]any{}
	eachColumn(reflect.ValueOf(r).Elem(), func(name string, value reflect.Value) {
		if kept || !ofFile[name] {
			into[name] = value.Addr().Interface()
		}
	})
	if err := formerColumns(into, former); err != nil {
		return nil, err
	}
	r.TitleFold = text.Fold(r.Title)
	derive(r)
	difference := resourceDifference(&before, r)
	if len(difference) == 0 {
		return nil, nil
	}
	r.Version++
	r.ModifiedInternal = db.Now()
	_, err = tx.NewUpdate().Model(r).WherePK().Exec(ctx)
	return difference, err
}

// fileKept tells whether what a resource leads to can still be had: of files that
// are hosted here, those that the sweep has not removed yet. It keeps them from
// then on.
func fileKept(ctx context.Context, tx *event.Tx, resource, filetype, address string) (bool, error) {
	if filetype == "remote" || !Hosted(address) {
		return true, nil
	}
	var files []string
	err := tx.NewRaw("UPDATE files SET ended_at = NULL WHERE object_id = ? AND '/s/' || storage || '/' || path = ? RETURNING id", resource, address).Scan(ctx, &files)
	return len(files) > 0, err
}

// ofFile are the columns that describe a hosted file: they change with it alone.
var ofFile = map[string]bool{"url": true, "format": true, "mime": true, "filesize": true, "checksum_type": true, "checksum_value": true}
