package e2e

import (
	"context"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"grenier/e2e/harness"
	"grenier/internal/blob"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/geo"
	"grenier/internal/verify"
)

// counted checks that everything was made once.
func counted(t *testing.T, d *db.DB, publishers []*publisher) {
	t.Helper()
	lives, tokens := 0, 0
	for _, p := range publishers {
		lives, tokens = lives+len(p.lives), tokens+p.tokens+1 // ben's
	}
	for _, of := range []struct {
		query  string
		wanted int
	}{
		{"SELECT count(*) FROM organizations", lives}, {"SELECT count(*) FROM datasets", lives}, {"SELECT count(*) FROM members", 2 * lives},
		{"SELECT count(*) FROM membership_requests", lives}, {"SELECT count(*) FROM membership_requests WHERE status = 'accepted'", lives},
		{"SELECT count(*) FROM transfers", lives}, {"SELECT count(*) FROM transfers WHERE status = 'accepted'", lives},
		{"SELECT count(*) FROM tokens WHERE revoked_at IS NULL", tokens},
		{"SELECT count(*) FROM resources r WHERE r.filetype = 'file' AND NOT EXISTS (SELECT 1 FROM files f WHERE f.object_id = r.id AND f.ended_at IS NULL)", 0},
		{"SELECT count(*) FROM files f WHERE f.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM resources r WHERE r.id = f.object_id)", 0},
	} {
		var count int
		if err := d.Read().NewRaw(of.query).Scan(context.Background(), &count); err != nil {
			t.Fatal(err)
		}
		if count != of.wanted {
			t.Errorf("%s: %d, want %d", of.query, count, of.wanted)
		}
	}
}

// nothingLeft lets the time pass for which unfinished, replaced and deleted
// things are kept, sweeps, and looks for bytes and rows that nothing needs.
func nothingLeft(t *testing.T, server *harness.Server, d *db.DB) {
	t.Helper()
	ctx := context.Background()
	folder := filepath.Join(server.Data, "files")
	store, err := blob.Open(server.Blob, folder, 0)
	if err != nil {
		t.Fatal(err)
	}
	log := event.NewLog(d)
	objects := catalog.New(log, geo.NewDirectory(), nil, catalog.Rules{BinRetention: time.Millisecond})
	files := catalog.NewFiles(objects, blob.NewShelf(d, store), catalog.FileRules{UploadRetention: time.Millisecond, BinRetention: time.Millisecond})
	err = d.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("UPDATE blobs SET written_at = written_at - ?", (72 * time.Hour).Microseconds()).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Millisecond)
	if _, err := objects.Purge(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := files.SweepUploads(ctx); err != nil {
		t.Fatal(err)
	}
	swept, err := files.Sweep(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if swept.Ended > 0 {
		t.Errorf("%d files were served that nothing refers to", swept.Ended)
	}
	t.Logf("swept: %+v", swept)
	findings, err := verify.Verify(ctx, verify.Deps{DB: d, Log: log, Files: files}, verify.Options{Fix: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Errorf("not sound: %s: %s", f.Check, f.Text)
	}
	onlyNeeded(t, d, store, server.Blob == "", folder)
}

// onlyNeeded checks that the store holds the bytes of files and nothing else.
func onlyNeeded(t *testing.T, d *db.DB, store blob.Store, inFolder bool, folder string) {
	t.Helper()
	ctx := context.Background()
	var wanted, kept []string
	if err := d.Read().NewRaw("SELECT DISTINCT sha256 FROM files ORDER BY 1").Scan(ctx, &wanted); err != nil {
		t.Fatal(err)
	}
	infos, err := store.List(ctx, "", "", 100_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range infos {
		kept = append(kept, info.Key)
	}
	if !slices.Equal(kept, wanted) {
		t.Errorf("the store keeps %d contents, the files need %d", len(kept), len(wanted))
	}
	stages, err := store.Stages(ctx, "", 1000)
	if err != nil || len(stages) > 0 {
		t.Errorf("uploads are left: %v, %v", stages, err)
	}
	if !inFolder {
		return
	}
	entries := 0
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
			entries++
		}
		return err
	})
	if err != nil || entries != len(kept) {
		t.Errorf("the folder has %d entries for %d contents, %v", entries, len(kept), err)
	}
}
