package catalog

import (
	"context"
	"errors"
	"time"

	"grenier/internal/blob"
	"grenier/internal/db"
)

// referred is the condition of files (as f) that an object refers to: a resource
// by their address, other objects by the part of the name that all sizes of a
// picture share.
const referred = `(
	EXISTS (SELECT 1 FROM resources o WHERE o.id = f.object_id AND o.url = '/s/' || f.storage || '/' || f.path)
	OR EXISTS (SELECT 1 FROM organizations o WHERE o.id = f.object_id AND o.logo LIKE ` + pictured + `)
	OR EXISTS (SELECT 1 FROM users o WHERE o.id = f.object_id AND o.avatar LIKE ` + pictured + `)
	OR EXISTS (SELECT 1 FROM reuses o WHERE o.id = f.object_id AND o.image LIKE ` + pictured + `)
	OR EXISTS (SELECT 1 FROM posts o WHERE o.id = f.object_id AND o.image LIKE ` + pictured + `)
	OR EXISTS (SELECT 1 FROM charts o WHERE o.id = f.object_id AND o.image LIKE ` + pictured + `)
	OR EXISTS (SELECT 1 FROM oauth_clients o WHERE o.id = f.object_id AND o.image LIKE ` + pictured + `))`

// binned is the condition of files (as f) that ended when what they belong to was
// put into the bin: they stay until it is purged.
const binned = "EXISTS (SELECT 1 FROM bin o WHERE o.id = f.object_id AND o.deleted_at <= f.ended_at)"

// pictured is the pattern of the addresses of a picture, whose name is two hex
// digits, a slash and thirty more.
const pictured = `'/s/' || f.storage || '/' || substr(f.path, 1, 33) || '%'`

// Swept is what a sweep removed.
type Swept struct {
	// Ended counts files that nothing refers to any more, Files those removed
	// for good, Blobs the bytes.
	Ended, Files, Blobs int
}

// Sweep ends the files that nothing refers to, takes back those that something
// refers to again, removes those that ended longer ago than the bin keeps them,
// and the bytes that no file has had for two days.
func (f *Files) Sweep(ctx context.Context) (swept Swept, err error) {
	now := time.Now()
	for _, step := range []struct {
		count     *int
		condition string
		change    string
		args      []any
	}{
		{&swept.Ended, "f.ended_at IS NULL AND NOT " + referred, "UPDATE files SET ended_at = ?0", []any{db.TimeOf(now)}},
		{new(int), "f.ended_at IS NOT NULL AND " + referred, "UPDATE files SET ended_at = NULL", nil},
		{&swept.Files, "f.ended_at < ?0 AND NOT " + binned, "DELETE FROM files", []any{db.TimeOf(now.Add(-f.rules.BinRetention))}},
	} {
		if *step.count, err = f.sweepFiles(ctx, step.change, step.condition, step.args); err != nil {
			return swept, err
		}
	}
	swept.Blobs, err = f.shelf.Sweep(ctx, now)
	return swept, err
}

// sweepBatch bounds the files that one write of a sweep changes.
const sweepBatch = 200

func (f *Files) sweepFiles(ctx context.Context, change, condition string, args []any) (count int, err error) {
	for {
		var changed int64
		err := f.store.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
			result, err := tx.NewRaw(change+" WHERE id IN (SELECT f.id FROM files f WHERE "+condition+" LIMIT 200)", args...).Exec(ctx)
			if err != nil {
				return err
			}
			changed, err = result.RowsAffected()
			return err
		})
		count += int(changed)
		if err != nil || changed < sweepBatch {
			return count, err
		}
	}
}

// SweepUploads forgets uploads that nobody has gone on with for the time that
// they are kept, and parts that belong to none. It returns how many there were.
func (f *Files) SweepUploads(ctx context.Context) (removed int, err error) {
	limit := time.Now().Add(-f.rules.UploadRetention)
	for {
		var ids []string
		err := f.store.db.Read().NewRaw("SELECT id FROM uploads WHERE touched_at < ? ORDER BY touched_at LIMIT ?", db.TimeOf(limit), sweepBatch).Scan(ctx, &ids)
		if err != nil {
			return removed, err
		}
		for _, id := range ids {
			if err := f.dropUpload(ctx, id, limit); err != nil {
				return removed, err
			}
			removed++
		}
		if len(ids) < sweepBatch {
			break
		}
	}
	stray, err := f.strayStages(ctx, limit)
	for _, stage := range stray {
		err = errors.Join(err, f.shelf.Store().Drop(ctx, stage))
	}
	return removed + len(stray), err
}

func (f *Files) dropUpload(ctx context.Context, id string, limit time.Time) error {
	if err := f.shelf.Store().Drop(ctx, id); err != nil {
		return err
	}
	return f.store.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("DELETE FROM uploads WHERE id = ? AND touched_at < ?", id, db.TimeOf(limit)).Exec(ctx)
		return err
	})
}

// strayStages are the parts in the store, older than a moment, that no upload
// has.
func (f *Files) strayStages(ctx context.Context, limit time.Time) ([]string, error) {
	var stray []string
	after := ""
	for {
		stages, err := f.shelf.Store().Stages(ctx, after, sweepBatch)
		if err != nil {
			return nil, err
		}
		for _, stage := range stages {
			if stage.Modified.After(limit) {
				continue
			}
			known, err := f.store.db.Read().NewSelect().Model((*Upload)(nil)).Where("id = ?", stage.Key).Exists(ctx)
			if err != nil {
				return nil, err
			}
			if !known {
				stray = append(stray, stage.Key)
			}
		}
		if len(stages) < sweepBatch {
			return stray, nil
		}
		after = stages[len(stages)-1].Key
	}
}

// straysAfter is how old what no row knows must be: the row of what is being
// written is there before the bytes, but a restored database may be behind.
const straysAfter = 48 * time.Hour

// Examine compares the rows of files with the store: the addresses of files
// whose bytes are not there, and the names of bytes and uploads that no row
// knows.
func (f *Files) Examine(ctx context.Context) (lost, stray []string, err error) {
	if lost, err = f.lost(ctx); err != nil {
		return nil, nil, err
	}
	err = f.eachStray(ctx, time.Now().Add(-straysAfter), func(key string) error {
		stray = append(stray, key)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	stages, err := f.strayStages(ctx, time.Now().Add(-straysAfter))
	return lost, append(stray, stages...), err
}

// lost are the files whose bytes are not there.
func (f *Files) lost(ctx context.Context) ([]string, error) {
	var paths []string
	after := ""
	for {
		var rows []blob.File
		err := f.store.db.Read().NewSelect().Model(&rows).Where("id > ?", after).OrderExpr("id").Limit(sweepBatch).Scan(ctx)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			info, err := f.shelf.Store().Stat(ctx, rows[i].SHA256)
			switch {
			case errors.Is(err, blob.ErrNotFound), err == nil && info.Size != rows[i].Size:
				paths = append(paths, rows[i].Address())
			case err != nil:
				return nil, err
			}
		}
		if len(rows) < sweepBatch {
			return paths, nil
		}
		after = rows[len(rows)-1].ID
	}
}

func (f *Files) eachStray(ctx context.Context, limit time.Time, fn func(key string) error) error {
	after := ""
	for {
		kept, err := f.shelf.Store().List(ctx, "", after, sweepBatch)
		if err != nil {
			return err
		}
		for _, info := range kept {
			if info.Modified.After(limit) {
				continue
			}
			var known []string
			err := f.store.db.Read().NewRaw("SELECT sha256 FROM blobs WHERE sha256 = ?", info.Key).Scan(ctx, &known)
			if err == nil && len(known) == 0 {
				err = fn(info.Key)
			}
			if err != nil {
				return err
			}
		}
		if len(kept) < sweepBatch {
			return nil
		}
		after = kept[len(kept)-1].Key
	}
}

// Mend removes the bytes that no row knows and the uploads that none has, and
// sweeps.
func (f *Files) Mend(ctx context.Context) error {
	err := f.eachStray(ctx, time.Now().Add(-straysAfter), func(key string) error { return f.shelf.Store().Delete(ctx, key) })
	if err != nil {
		return err
	}
	if _, err := f.SweepUploads(ctx); err != nil {
		return err
	}
	_, err = f.Sweep(ctx)
	return err
}
