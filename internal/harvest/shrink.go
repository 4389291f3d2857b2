package harvest

import (
	"context"
	"fmt"

	"grenier/internal/event"
)

// judgeSize finds out whether the portal lists far less than it did at the last run
// that went well. Then nothing vanishes until somebody confirms it, or until a second run
// lists the very same.
func (r *run) judgeSize(ctx context.Context) error {
	before, err := r.listedBefore(ctx)
	if err != nil || int64(r.seen.size())*2 >= before {
		return err
	}
	if r.source.ShrunkJob != nil {
		same, err := r.listsSameAs(ctx, *r.source.ShrunkJob)
		if err != nil {
			return err
		}
		if same {
			r.logLine("warning", "The portal lists for the second time what is far less than before: it is taken for true.")
			return nil
		}
	}
	r.state.shrunk = true
	r.trouble(fmt.Sprintf("suspicious shrinkage: %d records are listed, %d were at the last good run. Nothing is archived until somebody confirms it, or another run lists the same.",
		r.seen.size(), before), "")
	return nil
}

// listedBefore is how many records the last good run listed; before there was any, how
// many objects the source has.
func (r *run) listedBefore(ctx context.Context) (before int64, err error) {
	if r.source.LastGoodJob != nil {
		return r.source.LastGoodTotal, nil
	}
	err = r.s.db.Read().NewRaw("SELECT count(*) FROM harvests WHERE source_id = ? AND archived_at IS NULL", r.source.ID).Scan(ctx, &before)
	return before, err
}

// listsSameAs tells whether this job listed the same records as an earlier one.
func (r *run) listsSameAs(ctx context.Context, job string) (bool, error) {
	listed := make(map[uint64]bool)
	for after := int64(0); ; {
		var rows []struct {
			Seq      int64
			RemoteID *string
		}
		err := r.s.db.Read().NewRaw("SELECT seq, remote_id FROM harvest_items WHERE job_id = ? AND seq > ? AND status <> 'archived' ORDER BY seq LIMIT 5000",
			job, after).Scan(ctx, &rows)
		if err != nil {
			return false, err
		}
		for _, row := range rows {
			after = row.Seq
			if row.RemoteID == nil {
				continue
			}
			if !r.seen.has(*row.RemoteID) {
				return false, nil
			}
			listed[r.seen.key(*row.RemoteID)] = true
		}
		if len(rows) < 5000 {
			return len(listed) == r.seen.size(), nil
		}
	}
}

// confirmShrunk takes what a shrunk job listed for what the portal has from now on, so that
// the next run lets the others vanish. It tells whether anything waited for it.
func (s *Store) confirmShrunk(ctx context.Context, tx *event.Tx, src *Source) (bool, error) {
	if src.ShrunkJob == nil {
		return false, nil
	}
	var listed []int64
	err := tx.NewRaw("SELECT count(DISTINCT remote_id) FROM harvest_items WHERE job_id = ? AND status <> 'archived'", *src.ShrunkJob).Scan(ctx, &listed)
	if err != nil {
		return false, err
	}
	_, err = tx.NewRaw("UPDATE harvest_sources SET last_good_job = shrunk_job, last_good_total = ?, shrunk_job = NULL WHERE id = ?", listed[0], src.ID).Exec(ctx)
	if err == nil {
		src.LastGoodJob, src.LastGoodTotal, src.ShrunkJob = src.ShrunkJob, listed[0], nil
	}
	return err == nil, err
}
