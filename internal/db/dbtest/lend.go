package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
)

// Databases of PostgreSQL are lent to one test after the other, emptied in
// between: making one anew costs more than most tests do. Test processes share
// them. Who has one holds an advisory lock on its name, which ends with the
// process, however that ends.

const (
	// lendClass sets the locks of lent databases apart from all others.
	lendClass = 0x6c656e64
	// maxLent bounds how many databases are lent at once.
	maxLent = 64
	// maxLentSize is the size in bytes from which a database is rather made anew
	// than emptied; a fresh one has some 10 MB.
	maxLentSize = 24 << 20
)

// lend returns the name of a database with the schema of a template and without
// rows, which is this test's until its end.
func lend(t testing.TB, server, template string) string {
	t.Helper()
	ctx := context.Background()
	pool, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() }) // with it goes the lock
	desk, err := pool.Conn(ctx)
	if err != nil {
		t.Fatalf("the PostgreSQL server of %s cannot be reached: %v", Env, err)
	}
	t.Cleanup(func() { desk.Close() })
	for n := range maxLent {
		name := fmt.Sprintf("%s_lent_%d", template, n)
		var mine bool
		if err := desk.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1, hashtext($2))", lendClass, name).Scan(&mine); err != nil {
			t.Fatal(err)
		}
		if !mine {
			continue
		}
		if err := prepare(ctx, desk, server, template, name); err != nil {
			t.Fatalf("prepare the database %s: %v", name, err)
		}
		return name
	}
	t.Fatalf("%d tests use a PostgreSQL database at the same time", maxLent)
	return ""
}

// prepare empties a database, or makes it anew when that would not do.
func prepare(ctx context.Context, desk *sql.Conn, server, template, name string) error {
	var schema string
	err := desk.QueryRowContext(ctx, "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = $1 AND pg_database_size(oid) < $2",
		name, maxLentSize).Scan(&schema)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if schema != "" {
		if _, err := desk.ExecContext(ctx, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", name); err != nil {
			return err
		}
		if is, err := within(ctx, server, name, schemaOf); err == nil && is == schema {
			_, err = within(ctx, server, name, empty)
			return err
		}
	}
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + name + " WITH (FORCE)", "CREATE DATABASE " + name + " TEMPLATE " + template} {
		if _, err := desk.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if schema, err = within(ctx, server, name, schemaOf); err != nil {
		return err
	}
	_, err = desk.ExecContext(ctx, "COMMENT ON DATABASE "+name+" IS '"+schema+"'")
	return err
}

// within asks something over one connection to a database.
func within(ctx context.Context, server, name string, ask func(context.Context, *sql.Conn) (string, error)) (string, error) {
	address, err := named(server, name)
	if err != nil {
		return "", err
	}
	pool, err := sql.Open("pgx", address)
	if err != nil {
		return "", err
	}
	defer pool.Close()
	conn, err := pool.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return ask(ctx, conn)
}

// empty deletes the rows of every table but those that migrations write, starts
// every sequence again, and gives the pages back, so that rows stand in the order
// of their writing as in a new database. It returns the tables that were in use.
func empty(ctx context.Context, conn *sql.Conn) (used string, err error) {
	if _, err := conn.ExecContext(ctx, emptyTables); err != nil {
		return "", err
	}
	if err := conn.QueryRowContext(ctx, "SELECT current_setting('dbtest.used')").Scan(&used); err != nil || used == "" {
		return "", err
	}
	_, err = conn.ExecContext(ctx, "VACUUM "+used)
	return used, err
}

// emptyTables leaves the names of the tables that were in use in a setting.
const emptyTables = `
DO $$
DECLARE
	name text;
	held boolean;
	used text[] := '{}';
BEGIN
	SET session_replication_role = replica; -- no check of references
	FOR name IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('goose_db_version', 'compatibility') LOOP
		EXECUTE 'SELECT EXISTS (SELECT FROM ' || name || ')' INTO held;
		IF held THEN
			EXECUTE 'DELETE FROM ' || name;
		END IF;
		IF held OR pg_relation_size(name::regclass) > 0 THEN
			used := used || name;
		END IF;
	END LOOP;
	PERFORM setval(c.oid, s.start_value, false) FROM pg_class c JOIN pg_sequences s ON s.sequencename = c.relname AND s.schemaname = 'public' WHERE c.relkind = 'S';
	PERFORM set_config('dbtest.used', array_to_string(used, ', '), false);
END $$`

const schemaSum = `
SELECT md5(string_agg(line, E'\n' ORDER BY line)) FROM (
	SELECT concat_ws(' ', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull) AS line
		FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
		WHERE c.relnamespace = 'public'::regnamespace AND attnum > 0
	UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
	UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, contype) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
	UNION ALL SELECT concat_ws(' ', 'applied', version_id, is_applied) FROM goose_db_version
	UNION ALL SELECT concat_ws(' ', 'compatible', migration, oldest) FROM compatibility
) lines`

// schemaOf is a sum of a schema: columns, indexes, constraints, and the rows that
// migrations write.
func schemaOf(ctx context.Context, conn *sql.Conn) (sum string, err error) {
	err = conn.QueryRowContext(ctx, schemaSum).Scan(&sum)
	return sum, err
}
