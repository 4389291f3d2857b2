package harvest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/klauspost/compress/zstd"

	"grenier/internal/account"
	"grenier/internal/blob"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// AuditSum counts what is kept of what a portal answered to a job.
type AuditSum struct {
	// Answers are how many there are, Size their compressed bytes.
	Answers, Size int64
}

func (s *Store) auditSum(ctx context.Context, job string) (sum AuditSum, err error) {
	err = s.db.Read().NewRaw("SELECT COALESCE(SUM(answers), 0) AS answers, COALESCE(SUM(size), 0) AS size FROM harvest_audits WHERE job_id = ?", job).Scan(ctx, &sum)
	return sum, err
}

// AuditSum counts what is kept of the answers to a job, for administrators of the
// platform; nobody else is told of any.
func (s *Store) AuditSum(ctx context.Context, v account.Viewer, job string) (AuditSum, error) {
	if s.deps.Audit == nil || !v.Admin() {
		return AuditSum{}, nil
	}
	return s.auditSum(ctx, job)
}

// Audit is what a portal answered to a job, as a tar archive compressed by zstd.
type Audit struct {
	store  blob.Store
	chunks []auditChunk
	// first is the beginning, opened so that a store which fails is noticed before
	// anything is sent.
	first io.ReadCloser
}

// OpenAudit opens what is kept of the answers to a job, for administrators of the
// platform. NotFound tells that there is nothing. The caller closes it.
func (s *Store) OpenAudit(ctx context.Context, v account.Viewer, job string) (*Audit, error) {
	switch {
	case v.Anonymous():
		return nil, fault.New(fault.Unauthorized, "Log in to read the raw answers to a harvest job.")
	case !v.Admin():
		return nil, fault.New(fault.Forbidden, "The raw answers to a harvest job are for administrators of the platform.")
	}
	if _, err := s.Job(ctx, v, job); err != nil {
		return nil, err
	}
	var rows []auditChunk
	if err := s.db.Read().NewSelect().Model(&rows).Where("job_id = ?", job).OrderExpr("attempt, seq").Scan(ctx); err != nil {
		return nil, err
	}
	nothing := fault.New(fault.NotFound, "No raw answers of the portal to this job are kept.")
	if s.deps.Audit == nil {
		return nil, nothing
	}
	a := &Audit{store: s.deps.Audit}
	if err := a.choose(ctx, rows); err != nil {
		return nil, err
	}
	if len(a.chunks) == 0 {
		return nil, nothing
	}
	var err error
	a.first, err = a.open(ctx, a.chunks[0])
	return a, err
}

// choose takes the chunks that are there and that end with whole answers: a process
// that ended without a word leaves a row without bytes, or the beginning of an answer.
func (a *Audit) choose(ctx context.Context, rows []auditChunk) error {
	begun := 0
	there := true
	for i, row := range rows {
		if i > 0 && row.Attempt != rows[i-1].Attempt {
			begun, there = i, true
		}
		info, err := a.store.Stat(ctx, row.SHA256)
		if err != nil && !errors.Is(err, blob.ErrNotFound) {
			return err
		}
		if there = there && err == nil && info.Size == row.Size; !row.Whole {
			continue
		}
		if there {
			a.chunks = append(a.chunks, rows[begun:i+1]...)
		}
		begun, there = i+1, true
	}
	return nil
}

func (a *Audit) open(ctx context.Context, chunk auditChunk) (io.ReadCloser, error) {
	return a.store.Open(ctx, chunk.SHA256, 0, chunk.Size)
}

// Copy writes the archive.
func (a *Audit) Copy(ctx context.Context, w io.Writer) error {
	for i, chunk := range a.chunks {
		in := a.first
		if a.first = nil; i > 0 {
			var err error
			if in, err = a.open(ctx, chunk); err != nil {
				return err
			}
		}
		n, err := io.Copy(w, in)
		if err = errors.Join(err, in.Close()); err == nil && n != chunk.Size {
			err = fmt.Errorf("harvest: %d bytes of a chunk of %d are there", n, chunk.Size)
		}
		if err != nil {
			return err
		}
	}
	end, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return err
	}
	_, err = end.Write(make([]byte, 1024)) // two empty blocks end an archive
	return errors.Join(err, end.Close())
}

// Close ends the reading.
func (a *Audit) Close() error {
	if a.first == nil {
		return nil
	}
	return a.first.Close()
}

// purgeAudits removes what is kept of jobs that are gone or older than the site keeps
// their answers.
func (s *Store) purgeAudits(ctx context.Context, now time.Time) error {
	for s.deps.Audit != nil {
		var jobs []string
		err := s.db.Read().NewRaw(`SELECT DISTINCT ha.job_id FROM harvest_audits ha LEFT JOIN harvest_jobs hj ON hj.id = ha.job_id
			WHERE hj.id IS NULL OR hj.created_at < ? AND hj.status IN ('done', 'done-errors', 'failed', 'cancelled') LIMIT 100`,
			db.TimeOf(now.Add(-s.deps.Rules.AuditRetention))).Scan(ctx, &jobs)
		if err != nil || len(jobs) == 0 {
			return err
		}
		for _, job := range jobs {
			if err := s.removeAuditOf(ctx, job); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeAuditOf removes what is kept of the answers to a job.
func (s *Store) removeAuditOf(ctx context.Context, job string) error {
	if s.deps.Audit == nil {
		return nil
	}
	return removeAudit(ctx, s.db, s.deps.Audit, "job_id = ?", job)
}

// removeAudit removes chunks: the bytes first, so that none is left without a row.
func removeAudit(ctx context.Context, d *db.DB, store blob.Store, condition string, args ...any) error {
	for {
		var rows []auditChunk
		if err := d.Read().NewSelect().Model(&rows).Where(condition, args...).Limit(200).Scan(ctx); err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if err := store.Delete(ctx, row.SHA256); err != nil {
				return err
			}
		}
		err := d.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewDelete().Model(&rows).WherePK().Exec(ctx)
			return err
		})
		if err != nil {
			return err
		}
	}
}

// keepAudit begins to keep what the portal answers. The job does not fail by it: secrets
// that cannot be read are noticed by who needs them.
func (r *run) keepAudit(ctx context.Context) {
	secrets, err := r.s.secretsOf(r.source)
	if err == nil {
		r.audit, err = r.s.newAudit(ctx, r.job, auditMasks(secrets, r.source.ConfigOf()))
	}
	if err != nil {
		slog.Warn("harvest: the raw answers of a portal are not kept", "job", r.id, "error", err)
	}
}

// endAudit writes what is left of the answers, and what there is to remark on it. The
// job does not fail by it.
func (r *run) endAudit(ctx context.Context) error {
	if r.audit == nil {
		return nil
	}
	within := auditEnd
	if ctx.Err() != nil {
		within = auditStop
	}
	remarks := r.audit.close(within)
	if len(remarks) == 0 {
		return nil
	}
	rows := make([]JobLog, len(remarks))
	for i, one := range remarks {
		r.state.logSeq++
		rows[i] = JobLog{JobID: r.id, Seq: r.state.logSeq, At: db.Now(), Level: one.Level, Message: one.Message}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditStop)
	defer cancel()
	return r.s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewInsert().Model(&rows).Exec(ctx)
		return err
	})
}
