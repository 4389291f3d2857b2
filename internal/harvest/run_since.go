package harvest

import (
	"context"
	"time"

	"grenier/internal/db"
)

// wholeEach is how often a source is read whole although its backend could leave out
// what did not change.
const wholeEach = 7 * 24 * time.Hour

// chooseSince has the backend leave out what did not change since the last good run, where
// it can and nothing would be missed: that run left nothing undone, it depended on the
// same as this one, nothing was edited here meanwhile, and the last whole run is not too long ago.
func (r *run) chooseSince(ctx context.Context) error {
	if !r.about.Incremental || r.job.Preview || r.job.Resumed > 0 || r.source.LastGoodJob == nil {
		return nil
	}
	last, err := jobByID(ctx, r.s.db.Read(), *r.source.LastGoodJob)
	if err != nil {
		return err
	}
	if last.Digest != r.job.Digest || last.ItemsFailed+last.Conflicts > 0 {
		return nil
	}
	var whole, edited []int64
	err = r.s.db.Read().NewRaw(`SELECT 1 FROM harvest_jobs WHERE source_id = ? AND preview = FALSE AND complete = TRUE AND since IS NULL AND started_at > ? LIMIT 1`,
		r.source.ID, db.TimeOf(r.now.Add(-wholeEach))).Scan(ctx, &whole)
	if err != nil || len(whole) == 0 {
		return err
	}
	err = r.s.db.Read().NewRaw(`SELECT 1 FROM harvest_records hr LEFT JOIN datasets d ON d.id = hr.object_id LEFT JOIN dataservices s ON s.id = hr.object_id
		WHERE hr.source_id = ? AND hr.missing_since IS NULL AND hr.object_id IS NOT NULL AND coalesce(d.version, s.version, -1) <> hr.object_version LIMIT 1`,
		r.source.ID).Scan(ctx, &edited)
	if err != nil || len(edited) > 0 {
		return err
	}
	r.job.Since = last.StartedAt
	return nil
}
