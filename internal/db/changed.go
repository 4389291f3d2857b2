package db

import (
	"context"
	"reflect"
)

// UpdateChanged writes the columns in which two states of one row differ, and
// nothing when they are alike: an index is only touched when what it holds
// changes. The statement is queued. T is a model of bun with a primary key.
func UpdateChanged[T any](ctx context.Context, tx *Tx, before, after *T) error {
	table := tx.Dialect().Tables().Get(reflect.TypeFor[T]())
	old, young := reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem()
	var columns []string
	for _, field := range table.DataFields {
		if !reflect.DeepEqual(field.Value(old).Interface(), field.Value(young).Interface()) {
			columns = append(columns, field.Name)
		}
	}
	if len(columns) == 0 {
		return nil
	}
	return tx.Queue(ctx, tx.NewUpdate().Model(after).Column(columns...).WherePK())
}
