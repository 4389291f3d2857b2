package db

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"
)

// handle is the handle for single reads; it keeps the prepared form of queries
// whose text never changes, since half of a small read is the parsing and the
// planning of its text.
type handle struct {
	*bun.DB
	owner    *DB
	prepared *preparations
}

func (d *DB) newHandle() *handle {
	return &handle{DB: d.read, owner: d, prepared: &preparations{pool: d.read, postgres: d.postgres}}
}

// preparations are the prepared statements of a pool of connections.
type preparations struct {
	pool     *bun.DB
	postgres bool
	// kept maps texts to *statement.
	kept sync.Map
}

type statement struct {
	once  sync.Once
	ready atomic.Bool
	stmt  *sql.Stmt
	err   error
}

// of returns the prepared form of a text.
func (p *preparations) of(ctx context.Context, query string) (*sql.Stmt, error) {
	kept, _ := p.kept.LoadOrStore(query, &statement{})
	s := kept.(*statement)
	s.once.Do(func() {
		text := query
		if p.postgres {
			text = strings.ReplaceAll(query, "?", "$")
		}
		s.stmt, s.err = p.pool.DB.PrepareContext(context.WithoutCancel(ctx), text)
		s.ready.Store(s.err == nil)
	})
	if s.err != nil {
		p.kept.Delete(query)
	}
	return s.stmt, s.err
}

// ready returns the prepared form of a text, nil as long as there is none.
func (p *preparations) ready(query string) *sql.Stmt {
	if kept, ok := p.kept.Load(query); ok && kept.(*statement).ready.Load() {
		return kept.(*statement).stmt
	}
	return nil
}

// ScanFixed runs a query of fixed text with arguments ?1, ?2 … (texts and
// numbers alone) and scans its rows. It is the way of hot reads, also within a
// write.
func ScanFixed(ctx context.Context, read bun.IDB, dest any, query string, args ...any) error {
	switch r := read.(type) {
	case *handle:
		stmt, err := r.prepared.of(ctx, query)
		if err != nil {
			return err
		}
		err = r.owner.scan(ctx, stmt, dest, query, args)
		if !outlived(err) {
			return err
		}
		r.prepared.kept.Delete(query)
	case *Tx:
		if stmt := r.prepared(query); stmt != nil {
			if err := r.flush(ctx); err != nil {
				return err
			}
			err := r.owner.scan(ctx, r.StmtContext(ctx, stmt), dest, query, args)
			if outlived(err) { // the write is tried again
				r.owner.fixed.prepared.kept.Delete(query)
			}
			return err
		}
	}
	return read.NewRaw(fromZero(query, len(args)), args...).Scan(ctx, dest)
}

// prepared returns the prepared form of a text on PostgreSQL, nil when there is
// none. Then it is made once the write has given its connection back: a write
// that waited for a second one could wait for its like.
func (tx *Tx) prepared(query string) *sql.Stmt {
	if !tx.postgres {
		return nil
	}
	kept := tx.owner.fixed.prepared
	stmt := kept.ready(query)
	if stmt == nil {
		tx.After(func() { _, _ = kept.of(context.Background(), query) })
	}
	return stmt
}

// ScanByIDs runs a query that holds "IN (?0)" for some identifiers and scans its
// rows. One identifier is the hot case.
func ScanByIDs(ctx context.Context, read bun.IDB, dest any, query string, ids []string) error {
	if len(ids) == 1 {
		return ScanFixed(ctx, read, dest, strings.ReplaceAll(query, "IN (?0)", "= ?1"), ids[0])
	}
	return read.NewRaw(query, bun.List(ids)).Scan(ctx, dest)
}

// fromZero numbers the arguments as bun does.
func fromZero(query string, count int) string {
	for n := 1; n <= count; n++ {
		query = strings.ReplaceAll(query, "?"+strconv.Itoa(n), "?"+strconv.Itoa(n-1))
	}
	return query
}

// scan runs a prepared query and scans its rows.
func (d *DB) scan(ctx context.Context, stmt *sql.Stmt, dest any, query string, args []any) error {
	started := time.Now()
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	err = d.read.ScanRows(ctx, rows, dest)
	for _, fn := range d.watchers {
		fn(ctx, query, time.Since(started))
	}
	return err
}

// outlived tells whether PostgreSQL refuses a prepared statement because the
// tables it reads were changed, as a newer node does when it starts: only the
// text still fits.
func outlived(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "0A000"
}
