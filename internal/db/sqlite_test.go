package db_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

func TestPragmasReadBack(t *testing.T) {
	d := dbtest.Open(t, db.Options{Dir: t.TempDir()})
	ctx := context.Background()
	read := func(conn bun.IDB, name string) string {
		var value string
		if err := conn.NewRaw("PRAGMA ?", bun.Ident(name)).Scan(ctx, &value); err != nil {
			t.Fatalf("PRAGMA %s: %v", name, err)
		}
		return value
	}
	// synchronous 2 is FULL: a commit is on the disk when it is acknowledged.
	both := map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "15000"}
	check := func(who string, conn bun.IDB, more map[string]string) {
		for _, wanted := range []map[string]string{both, more} {
			for name, want := range wanted {
				if got := read(conn, name); got != want {
					t.Errorf("%s has %s = %s, want %s", who, name, got, want)
				}
			}
		}
	}
	check("a reader", d.Read(), map[string]string{"query_only": "1"})
	err := d.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		check("the writer", tx, map[string]string{"query_only": "0"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestReadersCannotWrite(t *testing.T) {
	d := dbtest.SQLite(t)
	if _, err := d.Read().NewRaw("INSERT INTO settings (name, value) VALUES ('a', 'b')").Exec(context.Background()); err == nil {
		t.Fatal("a reading connection wrote")
	}
}

func TestForeignKeysAreHeld(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewRaw("INSERT INTO members (organization_id, user_id, role, position) VALUES ('none', 'none', 'admin', 0)").Exec(ctx)
			return err
		})
		if err == nil {
			t.Fatal("a member of no organisation was accepted")
		}
	})
}

func TestAwkwardFolderNames(t *testing.T) {
	for _, name := range []string{"a b", "50%41", "what?_pragma=query_only(1)", "#1", "données"} {
		dir := filepath.Join(t.TempDir(), name)
		d := dbtest.Open(t, db.Options{Dir: dir})
		if info, err := os.Stat(d.Path()); err != nil || info.Size() == 0 {
			t.Errorf("the database of the folder %q is not where it should be: %v", name, err)
		}
	}
}

// TestLibcMatchesDriver: the driver works only with the version of libc that it
// was translated with.
func TestLibcMatchesDriver(t *testing.T) {
	output, err := exec.Command("go", "list", "-m", "-json", "modernc.org/sqlite", "modernc.org/libc").Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := make(map[string]struct{ Version, GoMod string })
	for decoder := json.NewDecoder(strings.NewReader(string(output))); decoder.More(); {
		var module struct{ Path, Version, GoMod string }
		if err := decoder.Decode(&module); err != nil {
			t.Fatal(err)
		}
		modules[module.Path] = struct{ Version, GoMod string }{module.Version, module.GoMod}
	}
	text, err := os.ReadFile(modules["modernc.org/sqlite"].GoMod)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("modernc.org/libc %s\n", modules["modernc.org/libc"].Version); !strings.Contains(string(text), want) {
		t.Errorf("this module builds with %s, which is not the version in the SQLite driver's go.mod", strings.TrimSpace(want))
	}
}
