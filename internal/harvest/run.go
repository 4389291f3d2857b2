package harvest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/fetch"
	"grenier/internal/job"
)

// The names of the work.
const (
	jobRun     = "harvest.run"
	jobPreview = "harvest.preview"
	jobDue     = "harvest.due"
	jobPurge   = "harvest.purge"
)

// atOnce is how many runs are at work at once on a node, previewsAtOnce how many
// previews; previewMost is how long a preview may take.
const (
	atOnce         = 2
	previewsAtOnce = 1
	previewMost    = time.Hour
)

// Register gives a runner the work of harvesting, which get is to return once it runs.
func Register(runner *job.Runner, get func() *Store) {
	for name, limit := range map[string]int{jobRun: atOnce, jobPreview: previewsAtOnce} {
		runner.Register(job.Kind{Name: name, Limit: limit, Timeout: 25 * time.Hour, Attempts: 1 << 30, Priority: 120, Work: func(ctx context.Context, run *job.Run) error {
			var args struct{ Job string }
			if err := run.Decode(&args); err != nil {
				return err
			}
			return get().work(ctx, args.Job, run)
		}})
	}
	runner.Register(job.Kind{Name: jobDue, Schedule: "* * * * *", Limit: 1, Timeout: 5 * time.Minute, Attempts: 1, Work: func(ctx context.Context, _ *job.Run) error {
		return get().Due(ctx, time.Now())
	}})
	runner.Register(job.Kind{Name: jobPurge, Schedule: "41 3 * * *", Limit: 1, Timeout: 6 * time.Hour, Work: func(ctx context.Context, _ *job.Run) error {
		_, err := get().PurgeSources(ctx)
		return errors.Join(err, get().PurgeJobs(ctx, time.Now()))
	}})
}

// work runs a job for the runner. A job that another process seems to have is waited for
// until it is sure that this one lives; one whose source is at work is left until that
// ends, see settle and Due.
func (s *Store) work(ctx context.Context, id string, told *job.Run) error {
	for until := time.Now().Add(lease + 2*time.Second); ; {
		done, now, err := s.attempt(ctx, id, func(p Progress) { told.Progress(p.percent(), p.Phase) })
		switch {
		case fault.Is(err, fault.NotFound):
			return nil // its source was purged
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx) // the runner hands it back
		case done, now.Status != Processing, time.Now().After(until):
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// Progress is how far a job is.
type Progress struct {
	Job    string
	Status Status
	Phase  string
	// Items of Total records are dealt with; Total is nil when it is not known.
	Items                                                                    int64
	Total                                                                    *int64
	Created, Changed, Unchanged, Failed, Skipped, Archived, Conflicts, Bytes int64
}

func progressOf(j *Job) Progress {
	return Progress{
		Job: j.ID, Status: j.Status, Phase: j.Phase, Items: j.Items, Total: j.Total, Created: j.Created, Changed: j.Changed, Unchanged: j.Unchanged,
		Failed: j.ItemsFailed, Skipped: j.ItemsSkipped, Archived: j.ItemsArchived, Conflicts: j.Conflicts, Bytes: j.Bytes,
	}
}

// percent is the part that is done, 0 when it is not known.
func (p Progress) percent() int {
	if p.Total == nil || *p.Total <= 0 {
		return 0
	}
	return int(min(100, p.Items*100 / *p.Total))
}

// Run runs a job and returns when it is over, or when it was suspended; what became
// of it is in its row. A job that another process has is watched instead, one whose
// source is at work already is waited for. progress is told about once a second; it
// may be nil. The error is of the machine or of the context, not of the harvest. When
// the context ends, a job that runs here is suspended: it goes on by itself where a server runs.
func (s *Store) Run(ctx context.Context, id string, progress func(Progress)) error {
	if progress == nil {
		progress = func(Progress) {}
	}
	for {
		done, now, err := s.attempt(ctx, id, progress)
		if err != nil || done {
			return err
		}
		progress(progressOf(now))
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// attempt runs a job if it can be had. done tells that there is nothing left to do
// for now: it is over, or suspended until later.
func (s *Store) attempt(ctx context.Context, id string, progress func(Progress)) (done bool, now *Job, err error) {
	now, err = jobByID(ctx, s.db.Read(), id)
	if err != nil || now.Status.Over() || now.Status == Suspended && now.ResumeAt.After(time.Now()) {
		return err == nil, now, err
	}
	got, now, err := s.claim(ctx, id)
	if err != nil || got == nil {
		return false, now, err
	}
	err = s.runClaimed(ctx, got, progress)
	if errors.Is(err, errLost) {
		return false, got.job, nil
	}
	return true, got.job, err
}

// run is a job at work.
type run struct {
	s        *Store
	id, node string
	job      *Job
	source   *Source
	options  Options
	about    Description
	backend  Backend
	mapper   *Mapper
	remote   *Remote
	viewer   account.Viewer
	// now is the moment that this harvest is known by.
	now  db.Time
	tell func(Progress)

	phase  atomic.Value           // string
	before Traffic                // of earlier attempts at the job
	way    atomic.Pointer[Remote] // remote, for who counts

	// intake takes what the backend tells, while reading lives.
	intake  intake
	reading context.Context
	seen    seenSet
	// limit is after how many records the rest is left; 0 for none.
	limit int64
	state reading
	batch batch
	// watched are the records left that are written one by one, because the process
	// that had the job before ended without a word.
	watched int
	links   *relinker
	// keepers are the names of other sources that keep what they brought, "" of those
	// that do not; inConflict tells whether any record of this one is kept by somebody else.
	keepers    map[string]string
	inConflict bool
	// oldPages tells that the pages of former jobs say nothing about this one.
	oldPages bool
	// audit keeps what the portal answers; nil keeps nothing.
	audit *audit
	// collect takes items instead of the database; nil but for previews of the API.
	collect *collector
	// once tells that the portal is asked nothing a second time.
	once bool
}

// reading is what the backend has told of the whole.
type reading struct {
	ended, complete, capped bool
	// unchanged tells that records were told of that are as they were.
	unchanged bool
	// troubled tells that the portal told of a trouble that is no record's, shrunk
	// that it lists far less than before.
	troubled, shrunk bool
	// partial tells that an earlier attempt at the job left something out, fatal is the
	// error of the portal that ended this one.
	partial bool
	fatal   error
	logSeq  int64
	logs    int
}

// runClaimed runs a job and writes down what became of it.
func (s *Store) runClaimed(parent context.Context, got *claimed, progress func(Progress)) error {
	source, err := sourceOf(parent, s.db.Read(), got.job.SourceID)
	if err != nil {
		return err
	}
	r := &run{s: s, id: got.job.ID, job: got.job, node: got.node, source: source, tell: progress, now: db.Now(), batch: batch{size: s.mostAtOnce}}
	r.before = Traffic{Requests: r.job.Requests, Retries: r.job.Retries, Bytes: r.job.Bytes}
	r.phase.Store("listing")
	defer func() { r.audit.giveUp() }()
	ctx, stop := context.WithCancelCause(parent)
	defer stop(nil)
	ctx, cancel := context.WithTimeoutCause(ctx, r.longest(), errTooLong)
	defer cancel()
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		r.beatWhile(ctx, stop)
	}()
	err = r.guarded(ctx, got.lapsed)
	if err := r.endAudit(ctx); err != nil {
		slog.Warn("harvest: a remark on a job is lost", "job", r.id, "error", err)
	}
	switch cause := context.Cause(ctx); {
	case err == nil || cause == nil:
	case parent.Err() != nil:
		err = errInterrupted
	default:
		err = cause
	}
	cancel()
	<-beating
	if errors.Is(err, errLost) {
		return errLost
	}
	settling, done := context.WithTimeout(context.WithoutCancel(parent), 30*time.Second)
	defer done()
	if err := r.settle(settling, err); err != nil {
		return err
	}
	progress(progressOf(r.job))
	return nil
}

// guarded turns a panic of the engine into an error.
func (r *run) guarded(ctx context.Context, lapsed bool) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = panicked(cause)
		}
	}()
	if err := r.prepare(ctx, lapsed); err != nil {
		return err
	}
	if err := r.read(ctx); err != nil {
		return err
	}
	return r.complete(ctx)
}

// longest is how long the job may take.
func (r *run) longest() time.Duration {
	hours := r.source.OptionsOf().MaxHours
	if hours <= 0 || hours > 24 {
		hours = 6
	}
	longest := time.Duration(hours) * time.Hour
	if r.job.Preview {
		return min(longest, previewMost)
	}
	return longest
}

// errPanic is the failure of what panicked.
type errPanic struct {
	cause any
	stack string
}

func (e *errPanic) Error() string { return fmt.Sprintf("panic: %v\n%s", e.cause, e.stack) }

func panicked(cause any) error {
	stack := string(debug.Stack())
	return &errPanic{cause: cause, stack: stack[:min(len(stack), 4000)]}
}

// prepare sets up all that the job needs and finds out where to go on.
func (r *run) prepare(ctx context.Context, lapsed bool) error {
	if err := r.judgeSource(); err != nil {
		return err
	}
	if r.job.Lapses >= mostLapses {
		return fault.Newf(fault.Unavailable, "The program ended %d times in a row while it ran this job, before anything of it was written. Those who run the platform find why in its log.", r.job.Lapses)
	}
	if err := r.equip(ctx); err != nil {
		return err
	}
	digest, err := r.digest()
	if err != nil {
		return err
	}
	if r.job.Resumed > 0 && (r.job.Digest != digest || time.Since(r.job.StartedAt.Time) > freshCursor) {
		if err := r.restart(ctx); err != nil {
			return err
		}
	}
	if r.job.Resumed > 0 && lapsed {
		r.watched = watchAfterCrash
	}
	r.job.Digest = digest
	if err := r.forgetPages(ctx); err != nil {
		return err
	}
	if err := r.recall(ctx); err != nil {
		return err
	}
	if err := r.chooseSince(ctx); err != nil {
		return err
	}
	var claims []int64
	if err := r.s.db.Read().NewRaw("SELECT 1 FROM harvest_conflicts WHERE source_id = ? LIMIT 1", r.source.ID).Scan(ctx, &claims); err != nil {
		return err
	}
	r.inConflict = len(claims) > 0
	return r.write(ctx, func(context.Context, *db.Tx) error { return nil })
}

// judgeSource refuses sources that may not run.
func (r *run) judgeSource() error {
	switch {
	case !r.source.DeletedAt.IsZero():
		return fault.New(fault.Gone, "The source has been deleted.")
	case r.job.Preview:
		return nil
	case !r.source.Active:
		return fault.New(fault.Conflict, "The source is not active.")
	case r.source.Validation != Accepted:
		return fault.New(fault.Conflict, "The source has not been accepted by an administrator.")
	}
	return nil
}

// equip finds the backend, the mapping and the way to the portal.
func (r *run) equip(ctx context.Context) (err error) {
	s := r.s
	if r.backend, err = s.backend(r.source.Backend); err != nil {
		return err
	}
	r.about, r.options = r.backend.Describe(), r.source.OptionsOf()
	r.viewer = account.Viewer{Origin: "source", OriginID: r.source.ID}
	r.limit = int64(s.deps.Rules.MaxItems)
	r.keepers = make(map[string]string)
	r.intake = newIntake()
	if r.mapper, err = s.newMapper(ctx, r.now.Time); err != nil {
		return err
	}
	if r.collect == nil {
		r.keepAudit(ctx)
	}
	r.remote = NewRemote(r.client(), s.pacer, RemoteOptions{
		Backend: r.about.ID, Source: r.source.URL, Robots: true,
		Interval: time.Duration(r.options.IntervalMS) * time.Millisecond, Parallel: min(r.options.Parallel, 4),
		Log: func(l Log) { r.remark(l) }, Pages: pageMemory{r}, audit: r.audit, Once: r.once,
	})
	r.way.Store(r.remote)
	return nil
}

// client verifies certificates unless the source or the backend does without.
func (r *run) client() *fetch.Client {
	if (r.options.InsecureTLS || r.about.Insecure) && r.s.deps.Insecure != nil {
		return r.s.deps.Insecure
	}
	return r.s.deps.Client
}

// newMapper loads what the mapping knows of the catalogue.
func (s *Store) newMapper(ctx context.Context, now time.Time) (*Mapper, error) {
	licenses, err := s.deps.Catalog.Licenses(ctx)
	if err != nil {
		return nil, err
	}
	var schemas []catalog.CatalogSchema
	if s.deps.Schemas != nil {
		if schemas, err = s.deps.Schemas.List(ctx); err != nil {
			slog.Warn("harvest: the catalogue of schemas cannot be read", "error", err)
			schemas = nil
		}
	}
	return NewMapper(Tables{Licenses: licenses, Zones: s.deps.Zones, Schemas: schemas, Language: s.deps.Rules.Language, Now: now}), nil
}

// digest sums up what the course of a run depends on.
func (r *run) digest() (string, error) {
	raw, err := json.Marshal([]any{mappingVersion, r.source.URL, r.source.Backend, r.source.ConfigOf(), r.options})
	return sum(raw), err
}

// restart forgets what a job did in earlier attempts: its source is another one now,
// or it was too long ago. What it wrote to the catalogue stays.
func (r *run) restart(ctx context.Context) error {
	j := r.job
	err := r.s.deleteItems(ctx, j.ID)
	*j = Job{
		ID: j.ID, SourceID: j.SourceID, Preview: j.Preview, Status: j.Status, Phase: j.Phase, Reason: j.Reason, StartedBy: j.StartedBy,
		CreatedAt: j.CreatedAt, StartedAt: r.now, Node: j.Node, LeaseUntil: j.LeaseUntil, Resumed: j.Resumed, Lapses: j.Lapses, Errors: j.Errors,
	}
	return err
}

// target is the source as its backend sees it.
func (r *run) target(ctx context.Context) (Target, error) {
	t := Target{ID: r.source.ID, Name: r.source.Name, URL: r.source.URL, Config: r.source.ConfigOf(), RemoteContexts: r.options.AllowRemoteContext}
	var err error
	if t.Secrets, err = r.s.secretsOf(r.source); err != nil {
		return t, err
	}
	if r.source.OrganizationID != nil {
		var rows []struct{ ID, Slug, Name string }
		err = r.s.db.Read().NewRaw("SELECT id, slug, name FROM organizations WHERE id = ?", *r.source.OrganizationID).Scan(ctx, &rows)
		if err == nil && len(rows) > 0 {
			t.Organization, t.OrganizationSlug, t.OrganizationName = rows[0].ID, rows[0].Slug, rows[0].Name
		}
	}
	return t, err
}

// traffic is what was asked of the portal in all attempts.
func (r *run) traffic() Traffic {
	t := r.before
	if way := r.way.Load(); way != nil {
		more := way.Traffic()
		t.Requests, t.Retries, t.Bytes = t.Requests+more.Requests, t.Retries+more.Retries, t.Bytes+more.Bytes
	}
	return t
}
