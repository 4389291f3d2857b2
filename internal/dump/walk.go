package dump

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"
)

// field pairs an expression of a SELECT with where its value goes.
type field struct {
	expression string
	into       sql.Scanner
}

// condition is a part of a WHERE clause with its arguments.
type condition struct {
	sql  string
	args []any
}

// source says how the rows of a kind are read.
type source[R any] struct {
	columns []column[R]
	// fields name what is selected into a row.
	fields func(*R) []field
	// table holds the rows, as alias; joins are the tables beside it, chosen
	// those of them that conditions speak of.
	table, alias, joins, chosen string
	// order are the columns that order the rows, unique together, the
	// identifier last. key are the columns of an index in that order, by
	// which a walk goes on after a row.
	order []string
	key   string
	after func(*R) []any
	// complete works out what the columns show beyond what was read; nil
	// when there is nothing.
	complete func(*run, *R) error
}

// walk writes all rows that meet the conditions, in the order of the key.
func (s *source[R]) walk(ctx context.Context, r *run, where []condition) error {
	w := &walker[R]{source: s, run: r, where: where}
	fields := s.fields(&w.row)
	expressions := make([]string, len(fields))
	for i, f := range fields {
		expressions[i] = f.expression
		w.into = append(w.into, f.into)
	}
	w.expressions = strings.Join(expressions, ", ")
	for {
		limit := batchRows
		if !r.pipe.begun {
			limit = firstBatch
		}
		more, err := w.batch(ctx, limit)
		if err != nil || !more {
			return err
		}
		if err := r.pipe.send(ctx); err != nil {
			return err
		}
	}
}

// walker is a walk under way.
type walker[R any] struct {
	*source[R]
	run         *run
	where       []condition
	expressions string
	row         R
	into        []any
	begun       bool
}

// batch reads and writes the next rows, at most limit of them; more tells
// whether there may be others.
func (w *walker[R]) batch(ctx context.Context, limit int) (more bool, err error) {
	rows, err := w.query(ctx, limit)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	lines := &w.run.pipe.lines
	read := 0
	for rows.Next() {
		if err := rows.Scan(w.into...); err != nil {
			return false, err
		}
		w.begun = true
		read++
		if w.complete != nil {
			if err := w.complete(w.run, &w.row); err != nil {
				return false, err
			}
		}
		writeLine(lines, w.columns, &w.row)
		if len(lines.buf) >= batchBytes {
			return true, nil
		}
	}
	return read == limit, rows.Err()
}

// query first chooses the rows of the batch, in order, and then puts them
// together. Both engines so see how few rows they have to look up beside:
// PostgreSQL would else read whole tables to merge them. And SQLite, which knows
// that chosen rows are in order, has no texts to sort.
func (w *walker[R]) query(ctx context.Context, limit int) (*sql.Rows, error) {
	where := w.where
	if w.begun {
		where = append(where[:len(where):len(where)], condition{"(" + w.key + ") > (?)", []any{bun.List(w.after(&w.row))}})
	}
	conditions := make([]string, len(where))
	var args []any
	for i, c := range where {
		conditions[i] = c.sql
		args = append(args, c.args...)
	}
	chosen, ordered := make([]string, len(w.order)), make([]string, len(w.order))
	for i, column := range w.order {
		ordered[i] = fmt.Sprintf("batch.k%d", i)
		chosen[i] = fmt.Sprintf("%s AS k%d", column, i)
	}
	last := len(w.order) - 1
	query := "SELECT " + w.expressions + " FROM (SELECT " + strings.Join(chosen, ", ") + " FROM " + w.table + " " + w.alias + " " + w.chosen +
		" WHERE " + strings.Join(conditions, " AND ") + " ORDER BY " + strings.Join(w.order, ", ") + " LIMIT ?) AS batch" +
		" CROSS JOIN " + w.table + " " + w.alias + " " + w.joins +
		" WHERE " + w.order[last] + " = " + ordered[last] + " ORDER BY " + strings.Join(ordered, ", ")
	return w.run.db.Read().QueryContext(ctx, query, append(args, limit)...)
}
