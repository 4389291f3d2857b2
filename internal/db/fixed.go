package db

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/uptrace/bun"
)

// handle is the handle for single reads; on SQLite it keeps the prepared form
// of queries whose text never changes, since half of a small read there is the
// parsing of its text.
type handle struct {
	*bun.DB
	owner    *DB
	prepared sync.Map // text to *statement
}

type statement struct {
	once sync.Once
	stmt *sql.Stmt
	err  error
}

// ScanFixed runs a query of fixed text with arguments ?1, ?2 … (texts and
// numbers alone) and scans its rows. It is the way of hot reads; within a write
// it does the same as any query.
func ScanFixed(ctx context.Context, read bun.IDB, dest any, query string, args ...any) error {
	r, ok := read.(*handle)
	if !ok || r.owner.postgres {
		return read.NewRaw(fromZero(query, len(args)), args...).Scan(ctx, dest)
	}
	return r.scan(ctx, dest, query, args)
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

func (r *handle) scan(ctx context.Context, dest any, query string, args []any) error {
	kept, _ := r.prepared.LoadOrStore(query, &statement{})
	s := kept.(*statement)
	s.once.Do(func() { s.stmt, s.err = r.DB.DB.PrepareContext(context.WithoutCancel(ctx), query) })
	if s.err != nil {
		r.prepared.Delete(query)
		return s.err
	}
	started := time.Now()
	rows, err := s.stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	err = r.DB.ScanRows(ctx, rows, dest)
	for _, fn := range r.owner.watchers {
		fn(ctx, query, time.Since(started))
	}
	return err
}
