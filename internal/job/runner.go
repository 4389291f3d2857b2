package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"grenier/internal/db"
	"grenier/internal/fault"
)

// Options are the settings of a runner; zero values are the usual ones.
type Options struct {
	// Workers is how many jobs run at once on this node; 0 means 4.
	Workers int
	// Lease is how long a job stays with a node that gives no sign of life;
	// 0 means 30 seconds. Heartbeats come thrice as often.
	Lease time.Duration
	// Poll is how often work is looked for without having been woken; 0
	// means a second.
	Poll time.Duration
	// Location is the time zone of schedules; nil means UTC.
	Location *time.Location
	// Logger takes failures; nil means the default one.
	Logger *slog.Logger
	// Alone says that no other process runs jobs of this database, so that
	// everything running at the start was left behind by a crash. It is so
	// on SQLite.
	Alone bool
}

// Runner enqueues jobs and, once started, runs them.
type Runner struct {
	db      *db.DB
	bell    *db.Bell
	options Options
	node    string
	kinds   map[string]*Kind

	mu      sync.Mutex
	running map[int64]*attempt
	cancel  context.CancelFunc
	loops   sync.WaitGroup
	workers sync.WaitGroup
	settled chan settlement
}

// attempt is a job that runs here.
type attempt struct {
	job  Job
	run  *Run
	stop context.CancelCauseFunc
}

// NewRunner returns a runner of a database. Register every kind before Start.
func NewRunner(d *db.DB, options Options) *Runner {
	if options.Workers <= 0 {
		options.Workers = 4
	}
	if options.Lease <= 0 {
		options.Lease = 30 * time.Second
	}
	if options.Poll <= 0 {
		options.Poll = time.Second
	}
	if options.Location == nil {
		options.Location = time.UTC
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	options.Alone = options.Alone || !d.Postgres()
	host, _ := os.Hostname()
	r := &Runner{
		db: d, bell: db.NewBell(d, "grenier_jobs"), options: options,
		node:  fmt.Sprintf("%s/%d/%s", host, os.Getpid(), db.NewID()[16:]),
		kinds: make(map[string]*Kind), running: make(map[int64]*attempt), settled: make(chan settlement, options.Workers),
	}
	r.Register(r.cleanup())
	return r
}

// Register adds a kind of work. It panics when the kind is wrong, which is a
// mistake of the program: no name, no handler, twice, a bad schedule.
func (r *Runner) Register(kind Kind) {
	kind.complete()
	if kind.Name == "" || kind.Work == nil || r.kinds[kind.Name] != nil {
		panic("job: the kind " + kind.Name + " is incomplete or registered twice")
	}
	if kind.Schedule != "" {
		if _, err := parseSchedule(kind.Schedule, r.options.Location); err != nil {
			panic("job: the schedule of " + kind.Name + ": " + err.Error())
		}
	}
	r.kinds[kind.Name] = &kind
}

// Start runs jobs until Stop. The context bounds the start itself.
func (r *Runner) Start(ctx context.Context) error {
	if r.options.Alone {
		if err := r.takeBack(ctx, true); err != nil {
			return err
		}
	}
	if err := r.planSchedules(ctx); err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	failed := func(err error) { r.options.Logger.Error("jobs", "error", err) }
	r.loops.Go(func() { r.bell.Watch(running, failed) })
	r.loops.Go(func() { r.claimLoop(running) })
	r.loops.Go(func() { r.beatLoop(running) })
	r.loops.Go(func() { r.tickLoop(running) })
	// The settler outlives the loops: it writes down what ends last.
	go r.settleLoop()
	return nil
}

// Stop ends the running jobs by their contexts and waits for them until ctx
// ends; those that were interrupted are handed back, to go on elsewhere or
// after the next start, without having used up an attempt.
func (r *Runner) Stop(ctx context.Context) error {
	if r.cancel == nil {
		return nil
	}
	r.cancel()
	r.loops.Wait()
	r.interrupt(ErrStopping, func(*attempt) bool { return true })
	ended := make(chan struct{})
	go func() {
		r.workers.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		close(r.settled)
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("job: %d handlers did not stop in time", r.busy()), r.handBack(context.WithoutCancel(ctx)))
	}
}

// interrupt ends the context of the attempts chosen.
func (r *Runner) interrupt(cause error, chosen func(*attempt) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.running {
		if chosen(a) {
			a.stop(cause)
		}
	}
}

func (r *Runner) busy() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.running)
}

// runningIDs are the jobs that run here.
func (r *Runner) runningIDs() []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.running))
}

// room returns how many jobs may still start, and the kinds that may.
func (r *Runner) room() (free int, kinds map[string]int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	free = r.options.Workers - len(r.running)
	kinds = make(map[string]int, len(r.kinds))
	for name, kind := range r.kinds {
		kinds[name] = free
		if kind.Limit > 0 {
			kinds[name] = min(free, kind.Limit)
		}
	}
	for _, a := range r.running {
		if kind := r.kinds[a.job.Kind]; kind.Limit > 0 {
			busy := 0
			for _, other := range r.running {
				if other.job.Kind == kind.Name {
					busy++
				}
			}
			kinds[kind.Name] = min(free, kind.Limit-busy)
		}
	}
	maps.DeleteFunc(kinds, func(_ string, left int) bool { return left <= 0 })
	return free, kinds
}

// claimLoop starts what is ready whenever there is room.
func (r *Runner) claimLoop(ctx context.Context) {
	for ctx.Err() == nil {
		news := r.bell.News()
		claimed, err := r.claim(ctx)
		if err != nil && ctx.Err() == nil {
			r.options.Logger.Error("jobs cannot be claimed", "error", err)
		}
		for _, job := range claimed {
			r.start(job)
		}
		if len(claimed) == 0 || err != nil {
			wait(ctx, news, r.options.Poll)
		}
	}
}

// start runs a claimed job on a worker of its own.
func (r *Runner) start(job Job) {
	kind := r.kinds[job.Kind]
	ctx, stop := context.WithCancelCause(context.Background())
	a := &attempt{job: job, stop: stop, run: &Run{ID: job.ID, Kind: job.Kind, Attempt: int(job.Attempt), args: job.Args}}
	r.mu.Lock()
	r.running[job.ID] = a
	r.mu.Unlock()
	r.workers.Go(func() {
		defer stop(nil)
		limited, cancel := context.WithTimeoutCause(ctx, kind.Timeout, ErrTooLong)
		defer cancel()
		err := guarded(limited, kind, a.run)
		written := make(chan struct{})
		r.settled <- r.outcome(a, context.Cause(ctx), err, written)
		<-written
		r.mu.Lock()
		delete(r.running, job.ID)
		r.mu.Unlock()
		r.bell.Wake()
	})
}

// guarded turns a panic of a handler into an error.
func guarded(ctx context.Context, kind *Kind, run *Run) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			stack := string(debug.Stack())
			err = fmt.Errorf("panic: %v\n%s", cause, stack[:min(len(stack), 4000)])
		}
	}()
	err = kind.Work(ctx, run)
	if err != nil && errors.Is(context.Cause(ctx), ErrTooLong) {
		err = fmt.Errorf("%w (%v): %w", ErrTooLong, kind.Timeout, err)
	}
	return err
}

// outcome decides what becomes of a job. cause is why its context ended, if
// anything but its own end did it.
func (r *Runner) outcome(a *attempt, cause, err error, written chan struct{}) settlement {
	s := settlement{id: a.job.ID, attempt: a.job.Attempt, kind: a.job.Kind, written: written}
	var never permanent
	switch {
	case err == nil:
		s.state = Done
	case errors.Is(cause, ErrLost):
		s.lost = true
	case errors.Is(cause, ErrStopping):
		s.state, s.givenBack, s.runAt = Ready, true, db.Now()
	case errors.Is(cause, ErrCancelled):
		s.state = Cancelled
	case errors.As(err, &never), a.job.Attempt >= a.job.MaxAttempts:
		s.state, s.failure = Failed, err.Error()
	default:
		pause := max(backoff(a.job.Attempt), fault.Of(err).Retry)
		s.state, s.failure, s.runAt = Ready, err.Error(), db.TimeOf(time.Now().Add(pause))
	}
	s.failure = strings.ToValidUTF8(strings.ReplaceAll(s.failure, "\x00", ""), "�")
	return s
}

func wait(ctx context.Context, news <-chan struct{}, at time.Duration) {
	timer := time.NewTimer(at)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-news:
	case <-timer.C:
	}
}
