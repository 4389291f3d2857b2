package db

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// Queue leaves a statement, whose result nobody needs, to be sent together with
// what follows it in the write: over a network most of a small statement is the
// way there and back. Statements keep their order, so that every later one sees
// what a queued one did; its error comes with the statement that it is sent
// with, or with the end of the write. On SQLite, where there is no way to save,
// it runs at once.
//
// The query must come from NewRaw, NewInsert, NewUpdate or NewDelete of tx.
func (tx *Tx) Queue(ctx context.Context, query Statement) error {
	if !tx.postgres {
		_, err := query.Exec(ctx)
		return err
	}
	text, err := query.AppendQuery(tx.gen, nil)
	if err != nil {
		return err
	}
	tx.queued = append(append(tx.queued, text...), ";\n"...)
	if len(tx.queued) > maxQueued {
		return tx.flush(ctx)
	}
	return nil
}

// maxQueued bounds the texts that wait, in bytes.
const maxQueued = 256 << 10

// Statement is a query of bun that changes rows.
type Statement interface {
	AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error)
	Exec(ctx context.Context, dest ...any) (sql.Result, error)
}

// flush sends what is queued.
func (tx *Tx) flush(ctx context.Context) error {
	if len(tx.queued) == 0 {
		return nil
	}
	queued := tx.takeQueued()
	_, err := tx.Tx.ExecContext(ctx, queued)
	return err
}

func (tx *Tx) takeQueued() string {
	queued := string(tx.queued)
	tx.queued = tx.queued[:0]
	return queued
}

// follow is the connection of a write's statements: each goes after what was
// queued before it.
type follow struct{ tx *Tx }

// ExecContext implements bun.IConn: the queue and the statement travel in one
// message, whose result is that of the statement.
func (f follow) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if len(args) > 0 { // such a message holds one statement
		if err := f.tx.flush(ctx); err != nil {
			return nil, err
		}
		return f.tx.Tx.Tx.ExecContext(ctx, query, args...)
	}
	return f.tx.Tx.Tx.ExecContext(ctx, f.tx.takeQueued()+query)
}

// QueryContext implements bun.IConn.
func (f follow) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := f.tx.flush(ctx); err != nil {
		return nil, err
	}
	return f.tx.Tx.Tx.QueryContext(ctx, query, args...)
}

// QueryRowContext implements bun.IConn.
func (f follow) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	// A row tells the error of its own query alone. When the queue has failed,
	// that is the one of a transaction that was aborted.
	_ = f.tx.flush(ctx)
	return f.tx.Tx.Tx.QueryRowContext(ctx, query, args...)
}

// NewRaw is bun's, after what is queued; so are the following.
func (tx *Tx) NewRaw(query string, args ...any) *bun.RawQuery {
	return tx.Tx.NewRaw(query, args...).Conn(follow{tx})
}

// NewSelect is bun's.
func (tx *Tx) NewSelect() *bun.SelectQuery { return tx.Tx.NewSelect().Conn(follow{tx}) }

// NewInsert is bun's.
func (tx *Tx) NewInsert() *bun.InsertQuery { return tx.Tx.NewInsert().Conn(follow{tx}) }

// NewUpdate is bun's.
func (tx *Tx) NewUpdate() *bun.UpdateQuery { return tx.Tx.NewUpdate().Conn(follow{tx}) }

// NewDelete is bun's.
func (tx *Tx) NewDelete() *bun.DeleteQuery { return tx.Tx.NewDelete().Conn(follow{tx}) }
