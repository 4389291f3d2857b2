// Package dbtest gives each test a fresh database on both engines.
package dbtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that creates and drops databases

	"grenier/internal/db"
	"grenier/internal/db/migrations"
)

// Env names the variable with the address of a PostgreSQL server on which the
// tests may create databases; `make test` starts one and sets it.
const Env = "GRENIER_TEST_POSTGRES"

// Each runs a test on SQLite and on PostgreSQL, each with an empty database
// whose schema is up to date.
func Each(t *testing.T, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// SQLite opens a fresh database in a temporary folder.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return Open(t, db.Options{Dir: t.TempDir(), Sync: "NORMAL"})
}

// Postgres opens a fresh database on the test server.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	return Open(t, db.Options{URL: PostgresURL(t)})
}

// Open opens a database and closes it with the test.
func Open(t testing.TB, options db.Options) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), options)
	if err != nil {
		t.Fatalf("open the database: %v", err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// PostgresURL returns the address of a database without rows that is the test's
// until its end. The schema is copied from a template, made once for each state
// of the migrations.
func PostgresURL(t testing.TB) string {
	t.Helper()
	server := serverURL(t)
	return withName(t, server, lend(t, server, templateOn(t, server)))
}

// EmptyPostgresURL creates a database without a schema, which is dropped with the
// test, and returns its address.
func EmptyPostgresURL(t testing.TB) string {
	t.Helper()
	server := serverURL(t)
	name := "grenier_" + db.NewID()
	execOn(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { execOn(t, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return withName(t, server, name)
}

func serverURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv(Env)
	if server == "" {
		t.Fatalf("%s is not set: run the tests by `make test`, or first `export %s=$(scripts/postgres start)`", Env, Env)
	}
	return server
}

var template struct {
	sync.Mutex
	name string
}

// templateLock makes the test processes that share a server take turns.
const templateLock = 0x6772656e74657374

// templateOn returns the name of a database with the schema. Test processes
// share it: it is named after the migrations, and renamed once complete.
func templateOn(t testing.TB, server string) string {
	t.Helper()
	template.Lock()
	defer template.Unlock()
	if template.name != "" {
		return template.name
	}
	name := "grenier_template_" + migrationsSum(t)
	ctx := context.Background()
	pool, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	conn, err := pool.Conn(ctx)
	if err != nil {
		t.Fatalf("the PostgreSQL server of %s cannot be reached: %v", Env, err)
	}
	defer conn.Close()
	run := func(statement string, args ...any) {
		if _, err := conn.ExecContext(ctx, statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	run("SELECT pg_advisory_lock($1)", int64(templateLock))
	var exists bool
	if err := conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil {
		t.Fatal(err)
	}
	if !exists {
		run("DROP DATABASE IF EXISTS " + name + "_new WITH (FORCE)")
		run("CREATE DATABASE " + name + "_new")
		d, err := db.Open(ctx, db.Options{URL: withName(t, server, name+"_new")})
		if err != nil {
			t.Fatalf("prepare the template database: %v", err)
		}
		d.Close()
		run("ALTER DATABASE " + name + "_new RENAME TO " + name)
	}
	run("SELECT pg_advisory_unlock($1)", int64(templateLock))
	template.name = name
	return name
}

func migrationsSum(t testing.TB) string {
	t.Helper()
	sum := sha256.New()
	err := fs.WalkDir(migrations.Files, "postgres", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(migrations.Files, path)
		fmt.Fprintln(sum, path, len(text))
		sum.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

func execOn(t testing.TB, server, statement string) {
	t.Helper()
	conn, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func withName(t testing.TB, server, name string) string {
	t.Helper()
	address, err := named(server, name)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// named is the address of a database of a server.
func named(server, name string) (string, error) {
	address, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	address.Path = "/" + name
	return address.String(), nil
}

// WithoutForeignKeys runs a statement on a SQLite database without the checks
// that hold references, to break it on purpose.
func WithoutForeignKeys(t testing.TB, d *db.DB, statement string) {
	t.Helper()
	pool, err := sql.Open("sqlite", "file:"+d.Path()+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(0)")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
