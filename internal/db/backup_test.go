package db_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

func setting(t *testing.T, d *db.DB, names ...string) {
	t.Helper()
	err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		for _, name := range names {
			if _, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES (?, ?)", name, strings.Repeat("x", 500)).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func settings(t *testing.T, d *db.DB, condition string) (count int) {
	t.Helper()
	if err := d.Read().NewRaw("SELECT count(*) FROM settings WHERE "+condition).Scan(context.Background(), &count); err != nil {
		t.Fatal(err)
	}
	return count
}

func TestBackupDuringWrites(t *testing.T) {
	for _, name := range []string{"grenier.backup", "grenier.tar"} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			d := dbtest.SQLite(t)
			for i := range 40 {
				names := make([]string, 200)
				for j := range names {
					names[j] = fmt.Sprintf("before-%d-%d", i, j)
				}
				setting(t, d, names...)
			}
			var stop atomic.Bool
			var writing sync.WaitGroup
			var slowest time.Duration
			written := 0
			writing.Go(func() {
				for ; !stop.Load(); written++ {
					started := time.Now()
					setting(t, d, fmt.Sprintf("left-%d", written), fmt.Sprintf("right-%d", written))
					slowest = max(slowest, time.Since(started))
				}
			})
			time.Sleep(30 * time.Millisecond)
			path := filepath.Join(t.TempDir(), name)
			var last, total int64
			manifest, err := d.Backup(ctx, path, db.BackupOptions{Program: "1.2.3", Progress: func(_ string, done, all int64) { last, total = done, all }})
			time.Sleep(30 * time.Millisecond)
			stop.Store(true)
			writing.Wait()
			if err != nil {
				t.Fatal(err)
			}
			if last == 0 || last != total {
				t.Errorf("the progress ended at %d of %d bytes", last, total)
			}
			if slowest > time.Second {
				t.Errorf("a write beside the backup took %v", slowest)
			}
			t.Logf("%d writes beside, the slowest %v, archive of %d bytes", written, slowest, manifest.Parts[0].Size)
			if left, err := filepath.Glob(path + ".*"); err != nil || len(left) > 0 {
				t.Errorf("the backup left %v", left)
			}
			dir := t.TempDir()
			restored, err := db.Restore(ctx, path, dir, db.RestoreOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if restored.Aside != "" || restored.Manifest.Program != "1.2.3" {
				t.Errorf("the restore tells %+v", restored)
			}
			copied := dbtest.Open(t, db.Options{Dir: dir})
			if count := settings(t, copied, "name LIKE 'before-%'"); count != 8000 {
				t.Errorf("%d of 8000 rows written before the backup came back", count)
			}
			left, right := settings(t, copied, "name LIKE 'left-%'"), settings(t, copied, "name LIKE 'right-%'")
			if left != right || left == 0 || left >= written {
				t.Errorf("of %d writes beside the backup, %d left and %d right halves came back", written, left, right)
			}
			if missing := settings(t, copied, fmt.Sprintf("name LIKE 'left-%%' AND CAST(substr(name, 6) AS INTEGER) >= %d", left)); missing != 0 {
				t.Errorf("the copy has holes: %d later writes", missing)
			}
		})
	}
}

func TestRestoreReplacesAndKeepsAside(t *testing.T) {
	ctx := context.Background()
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "b.tar.zst")
	d := dbtest.Open(t, db.Options{Dir: dir})
	setting(t, d, "saved")
	if _, err := d.Backup(ctx, path, db.BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Backup(ctx, path, db.BackupOptions{}); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("a second backup of the same name is answered with %v", err)
	}
	setting(t, d, "later")
	d.Close()
	snapshot := filepath.Join(dir, "search", "snapshot")
	if err := errors.Join(os.MkdirAll(filepath.Dir(snapshot), 0o750), os.WriteFile(snapshot, []byte("old"), 0o640)); err != nil {
		t.Fatal(err)
	}
	restored, err := db.Restore(ctx, path, dir, db.RestoreOptions{Derived: []string{"search"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(snapshot); !errors.Is(err, os.ErrNotExist) {
		t.Error("the old search snapshot is still there")
	}
	now := dbtest.Open(t, db.Options{Dir: dir})
	if settings(t, now, "name = 'saved'") != 1 || settings(t, now, "name = 'later'") != 0 {
		t.Error("the database is not the one that was saved")
	}
	old := dbtest.Open(t, db.Options{Dir: restored.Aside})
	if settings(t, old, "name IN ('saved', 'later')") != 2 {
		t.Error("the replaced database was not kept whole")
	}
}

// sound returns an archive of a small database, as bytes, not compressed.
func sound(t *testing.T) []byte {
	t.Helper()
	d := dbtest.SQLite(t)
	setting(t, d, "saved")
	path := filepath.Join(t.TempDir(), "b.tar")
	if _, err := d.Backup(context.Background(), path, db.BackupOptions{Program: "9.9"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// forged returns an archive with any manifest and database.
func forged(t *testing.T, database []byte, change func(*db.Manifest)) []byte {
	t.Helper()
	sum := sha256.Sum256(database)
	manifest := db.Manifest{Format: "grenier-backup", FormatVersion: 1, Program: "9.9", Schema: 1,
		Parts: []db.Part{{Name: "grenier.db", Size: int64(len(database)), SHA256: hex.EncodeToString(sum[:])}}}
	if change != nil {
		change(&manifest)
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	for name, content := range map[string][]byte{"manifest.json": text} {
		err = errors.Join(err, archive.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o600}))
		_, failure := archive.Write(content)
		err = errors.Join(err, failure)
	}
	err = errors.Join(err, archive.WriteHeader(&tar.Header{Name: manifest.Parts[0].Name, Size: int64(len(database)), Mode: 0o600}))
	_, failure := archive.Write(database)
	if err := errors.Join(err, failure, archive.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// file returns the bytes of a database after a change.
func file(t *testing.T, change func(d *db.DB)) []byte {
	t.Helper()
	dir := t.TempDir()
	d := dbtest.Open(t, db.Options{Dir: dir})
	change(d)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, db.SQLiteFile))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRestoreRefuses(t *testing.T) {
	whole := sound(t)
	flip := func(at int) []byte {
		text := bytes.Clone(whole)
		text[at] ^= 0x10
		return text
	}
	newer := file(t, func(d *db.DB) { raiseSchema(t, d, 99, 99) })
	plain := file(t, func(*db.DB) {})
	broken := file(t, func(d *db.DB) {
		for i := range 300 {
			setting(t, d, fmt.Sprint("row", i))
		}
	})
	copy(broken[len(broken)-4096*3:], bytes.Repeat([]byte{0xff}, 4096*2))
	for _, test := range []struct {
		name    string
		archive []byte
		kind    error
		says    string
	}{
		{"text", []byte("hello"), db.ErrBadArchive, "not a backup"},
		{"empty", nil, db.ErrBadArchive, "not a backup"},
		{"a bare database", plain, db.ErrBadArchive, "not a backup"},
		{"cut short", whole[:len(whole)/2], db.ErrBadArchive, "damaged"},
		{"one bit of the database turned", flip(len(whole) / 2), db.ErrBadArchive, "not the one that was saved"},
		{"one bit of the manifest turned", flip(512 + 20), db.ErrBadArchive, ""},
		{"cut within Zstandard", []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0}, db.ErrBadArchive, "not a backup"},
		{"a foreign database", forged(t, []byte("not a database at all"), nil), db.ErrBadArchive, "not a database of Grenier"},
		{"a broken database", forged(t, broken, nil), db.ErrBadArchive, "damaged"},
		{"a newer schema", forged(t, newer, nil), db.ErrNewerSchema, "99"},
		{"a newer form", forged(t, plain, func(m *db.Manifest) { m.FormatVersion = 2 }), db.ErrBadArchive, "newer version"},
		{"a path that leads out", forged(t, plain, func(m *db.Manifest) { m.Parts[0].Name = "../grenier.db" }), db.ErrBadArchive, "exactly one database"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, path := t.TempDir(), filepath.Join(t.TempDir(), "archive")
			d := dbtest.Open(t, db.Options{Dir: dir})
			setting(t, d, "present")
			d.Close()
			if err := os.WriteFile(path, test.archive, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := db.Restore(context.Background(), path, dir, db.RestoreOptions{})
			if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("the answer is %v, want one that says %q", err, test.says)
			}
			again := dbtest.Open(t, db.Options{Dir: dir})
			if settings(t, again, "name = 'present'") != 1 {
				t.Error("a refused restore changed the database")
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*incoming*")); len(left) > 0 {
				t.Errorf("a refused restore left %v", left)
			}
		})
	}
	t.Run("the sound one is taken", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "archive")
		if err := os.WriteFile(path, forged(t, plain, nil), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Restore(context.Background(), path, t.TempDir(), db.RestoreOptions{}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRestoreRefusesBesideOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.tar")
	if err := os.WriteFile(path, sound(t), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	lock, err := db.LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Restore(context.Background(), path, dir, db.RestoreOptions{}); !errors.Is(err, db.ErrInUse) {
		t.Errorf("a restore beside a server is answered with %v", err)
	}
	lock.Release()
	command := dbtest.Open(t, db.Options{Dir: dir})
	setting(t, command, "present")
	if _, err := db.Restore(context.Background(), path, dir, db.RestoreOptions{}); !errors.Is(err, db.ErrInUse) {
		t.Errorf("a restore beside a command is answered with %v", err)
	}
	if settings(t, command, "name = 'present'") != 1 {
		t.Error("the refused restore changed the database")
	}
}

func TestDamagedDatabaseIsReplaced(t *testing.T) {
	path, dir := filepath.Join(t.TempDir(), "b.tar"), t.TempDir()
	if err := os.WriteFile(path, sound(t), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"grenier.db": "ruined", "grenier.db-wal": "ruined too"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	restored, err := db.Restore(context.Background(), path, dir, db.RestoreOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(restored.Aside, "grenier.db")); err != nil || string(text) != "ruined" {
		t.Errorf("the ruined database was not kept: %q %v", text, err)
	}
	if settings(t, dbtest.Open(t, db.Options{Dir: dir}), "name = 'saved'") != 1 {
		t.Error("the saved database is not there")
	}
}

func TestPostgresSaysWhichTool(t *testing.T) {
	if _, err := dbtest.Postgres(t).Backup(context.Background(), filepath.Join(t.TempDir(), "x"), db.BackupOptions{}); err == nil || !strings.Contains(err.Error(), "pg_dump") {
		t.Errorf("a backup of PostgreSQL is answered with %v", err)
	}
}
