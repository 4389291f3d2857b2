// Package db opens SQLite or PostgreSQL behind one code path: transactions,
// migrations, identifiers, times. It knows no subject.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
	"modernc.org/sqlite"
)

// Options say which database to open.
type Options struct {
	// URL is a postgres:// address; empty means SQLite in Dir.
	URL string
	// Dir is the data folder that holds grenier.db.
	Dir string
	// Readers bounds the connections that read; 0 means 4.
	Readers int
	// Sync is SQLite's synchronous setting: FULL (default) survives a loss
	// of power, NORMAL only a crash of the process.
	Sync string
}

// DB is one open database. Reads go to many connections; on SQLite writes take
// turns on one.
type DB struct {
	read, write *bun.DB
	// fixed reads like read and keeps prepared queries.
	fixed    *handle
	watchers []func(ctx context.Context, query string, took time.Duration)
	postgres bool
	options  Options
	lanes    lanes
	waited   atomic.Int64
	writes   atomic.Int64
}

// watchers is how many bells may watch the database, each on a connection kept
// for it.
const watchers = 2

// SQLiteFile is the name of the database file in the data folder.
const SQLiteFile = "grenier.db"

// Open opens the database and brings its schema up to date.
func Open(ctx context.Context, options Options) (*DB, error) {
	if options.Readers <= 0 {
		options.Readers = 4
	}
	d := &DB{options: options, postgres: options.URL != ""}
	var err error
	if d.postgres {
		err = d.openPostgres()
	} else {
		err = d.openSQLite()
	}
	if err != nil {
		return nil, err
	}
	d.fixed = d.newHandle()
	if err := d.migrate(ctx); err != nil {
		d.Close()
		return nil, d.startFault(err)
	}
	return d, nil
}

// sqliteDSN builds the connection string once: the driver reorders pragmas
// that are given twice, and busy_timeout must come first.
func sqliteDSN(path string, writer bool, syncMode string) string {
	pragmas := []string{
		"busy_timeout(15000)", "journal_mode(WAL)", "synchronous(" + syncMode + ")",
		"foreign_keys(1)", "mmap_size(4294967296)", "temp_store(MEMORY)", "journal_size_limit(67108864)",
	}
	mode := ""
	if writer {
		pragmas = append(pragmas, "cache_size(-32768)")
		mode = "&_txlock=immediate"
	} else {
		pragmas = append(pragmas, "cache_size(-4096)", "query_only(1)")
	}
	return "file:" + uriPath.Replace(path) + "?_pragma=" + strings.Join(pragmas, "&_pragma=") + mode
}

// uriPath escapes what would end the path in a file: address.
var uriPath = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")

func (d *DB) openSQLite() error {
	if err := os.MkdirAll(d.options.Dir, 0o750); err != nil {
		return fmt.Errorf("the data folder cannot be made: %w", err)
	}
	if d.options.Sync == "" {
		d.options.Sync = "FULL"
	}
	path := filepath.Join(d.options.Dir, SQLiteFile)
	writer, err := sql.Open("sqlite", sqliteDSN(path, true, d.options.Sync))
	if err != nil {
		return err
	}
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", sqliteDSN(path, false, d.options.Sync))
	if err != nil {
		return err
	}
	connections := d.options.Readers + watchers
	reader.SetMaxOpenConns(connections)
	reader.SetMaxIdleConns(connections)
	d.write = bun.NewDB(writer, sqlitedialect.New(), bun.WithDiscardUnknownColumns())
	d.read = bun.NewDB(reader, sqlitedialect.New(), bun.WithDiscardUnknownColumns())
	return nil
}

func (d *DB) openPostgres() error {
	config, err := pgx.ParseConfig(d.options.URL)
	if err != nil {
		return errors.New("the database address cannot be read: expected postgres://user:password@host:port/name")
	}
	// bun writes arguments into the text of a query, so that a cache of
	// prepared statements only costs a second round trip.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["application_name"] = "grenier"
	// A node that vanished in the middle of a write must not hold up the
	// others until its connection is given up, which takes hours.
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "300000"
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	pool := stdlib.OpenDB(*config)
	connections := max(16, d.options.Readers*2)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	d.write = bun.NewDB(pool, pgdialect.New(), bun.WithDiscardUnknownColumns())
	d.read = d.write
	return nil
}

// Close closes every connection.
func (d *DB) Close() error {
	err := d.write.Close()
	if d.read != d.write {
		err = errors.Join(err, d.read.Close())
	}
	return err
}

// Postgres tells which engine is behind.
func (d *DB) Postgres() bool { return d.postgres }

// URL is the address of the PostgreSQL database, empty on SQLite.
func (d *DB) URL() string { return d.options.URL }

// Path is the file of the SQLite database, empty on PostgreSQL.
func (d *DB) Path() string {
	if d.postgres {
		return ""
	}
	return filepath.Join(d.options.Dir, SQLiteFile)
}

// Read returns the handle for single reads. What must agree goes in Snapshot.
func (d *DB) Read() bun.IDB { return d.fixed }

// Snapshot runs fn on one consistent state of the database.
func (d *DB) Snapshot(ctx context.Context, fn func(ctx context.Context, tx bun.IDB) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if d.postgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	return d.read.RunInTx(ctx, options, func(ctx context.Context, tx bun.Tx) error { return fn(ctx, tx) })
}

// Tx is an open write. A subject passes it on and never reaches for the DB
// inside a write: on SQLite that would wait for itself.
type Tx struct {
	bun.Tx
	postgres bool
	last     []func(ctx context.Context) error
	after    []func()
	// queued are the statements that wait to be sent, see Queue; gen writes
	// their text.
	queued []byte
	gen    schema.QueryGen
	owner  *DB
}

// Postgres tells which engine is behind.
func (tx *Tx) Postgres() bool { return tx.postgres }

// Last registers work done as the last statements before the commit, in the
// order of registration; it may register more.
func (tx *Tx) Last(fn func(ctx context.Context) error) { tx.last = append(tx.last, fn) }

// After registers work done once the commit has succeeded and before Write
// returns; it may write again.
func (tx *Tx) After(fn func()) { tx.after = append(tx.after, fn) }

// Write runs fn in one transaction. An error rolls everything back and is
// returned; on PostgreSQL a deadlock or a serialization failure is tried again,
// so fn must be able to run twice.
func (d *DB) Write(ctx context.Context, lane Lane, fn func(ctx context.Context, tx *Tx) error) error {
	after, err := d.commit(ctx, lane, fn)
	if err != nil {
		return err
	}
	for _, done := range after {
		done()
	}
	return nil
}

// commit runs fn in its turn and returns what to do after the commit, once the
// turn is given back.
func (d *DB) commit(ctx context.Context, lane Lane, fn func(ctx context.Context, tx *Tx) error) ([]func(), error) {
	if !d.postgres {
		started := time.Now()
		if err := d.lanes.enter(ctx, lane); err != nil {
			return nil, err
		}
		d.waited.Add(int64(time.Since(started)))
		defer d.lanes.leave()
	}
	d.writes.Add(1)
	for attempt := 1; ; attempt++ {
		after, err := d.attempt(ctx, fn)
		if err == nil || attempt >= 4 || !isTransient(err) || ctx.Err() != nil {
			return after, roomFault(err)
		}
		pause(ctx, time.Duration(attempt)*10*time.Millisecond)
	}
}

func (d *DB) attempt(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) ([]func(), error) {
	var after []func()
	err := d.write.RunInTx(ctx, nil, func(ctx context.Context, inner bun.Tx) error {
		tx := &Tx{Tx: inner, postgres: d.postgres, gen: d.write.QueryGen(), owner: d}
		if err := fn(ctx, tx); err != nil {
			return err
		}
		for i := 0; i < len(tx.last); i++ {
			if err := tx.last[i](ctx); err != nil {
				return err
			}
		}
		after = tx.after
		return tx.flush(ctx)
	})
	return after, err
}

// Waits returns how many writes ran and how long they waited for their turn.
func (d *DB) Waits() (writes int64, waited time.Duration) {
	return d.writes.Load(), time.Duration(d.waited.Load())
}

// IsUnique tells whether an error is a violated unique key.
func IsUnique(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == 2067 || lite.Code() == 1555
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505"
}

// isTransient tells whether PostgreSQL gave up a transaction that may succeed
// when tried again: a deadlock, a serialization failure, a prepared statement of
// tables that were changed meanwhile.
func isTransient(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001" || outlived(err))
}

// Optimize renews the statistics by which the database plans its queries. It
// is worth its seconds after a large import, and once a day.
func (d *DB) Optimize(ctx context.Context) error {
	if d.postgres {
		_, err := d.write.NewRaw("ANALYZE").Exec(ctx)
		return err
	}
	return d.Write(ctx, Background, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.NewRaw("PRAGMA analysis_limit = 2000").Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("ANALYZE").Exec(ctx)
		return err
	})
}
