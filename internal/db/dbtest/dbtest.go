// Package dbtest gives each test a fresh database on both engines.
package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that creates and drops databases

	"grenier/internal/db"
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

var template struct {
	sync.Mutex
	made string
}

// PostgresURL creates a database that is dropped with the test and returns its
// address. The schema is copied from a template made once a process.
func PostgresURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv(Env)
	if server == "" {
		t.Fatalf("%s is not set: run the tests by `make test`, or first `export %s=$(scripts/postgres start)`", Env, Env)
	}
	template.Lock()
	defer template.Unlock()
	if template.made == "" {
		name := fmt.Sprintf("grenier_template_%d", os.Getpid())
		execOn(t, server, "DROP DATABASE IF EXISTS "+name)
		execOn(t, server, "CREATE DATABASE "+name)
		d, err := db.Open(context.Background(), db.Options{URL: withName(t, server, name)})
		if err != nil {
			t.Fatalf("prepare the template database: %v", err)
		}
		d.Close()
		template.made = name
	}
	name := "grenier_" + strings.ToLower(db.NewID())
	execOn(t, server, "CREATE DATABASE "+name+" TEMPLATE "+template.made)
	t.Cleanup(func() { execOn(t, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return withName(t, server, name)
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
	address, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	address.Path = "/" + name
	return address.String()
}
