package check

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
)

const (
	// idlePoll is how often a node looks for work that nobody told it of.
	idlePoll = 2 * time.Second
	// gather is how long results wait for others to be written with, gatherMost
	// how many.
	gather     = 500 * time.Millisecond
	gatherMost = 50
	// lease is how long a node that gives no sign of life keeps a host.
	lease = 5 * time.Minute
	// pauseMax bounds the growing pause after errors.
	pauseMax = time.Minute
)

// task is a host that this node asks, with the file that is due there; Check is
// nil when none is any more.
type task struct {
	host string
	*Check
}

// outcome is a task that was done.
type outcome struct {
	task
	result  Result
	changed bool
	dropped bool
	broke   error // of this program, for its log alone
}

// Run checks what is due until the context ends. node names this process among
// those that share the database; failed is told of errors, after which it goes on.
func (s *Store) Run(ctx context.Context, node string, failed func(error)) {
	w := &work{Store: s, node: node, failed: failed, out: make(chan outcome, s.deps.Rules.AtOnce)}
	pause := time.Second
	for ctx.Err() == nil {
		err := w.round(ctx)
		if err == nil || ctx.Err() != nil {
			pause = time.Second
			continue
		}
		failed(fmt.Errorf("checks of files: %w", err))
		sleep(ctx, pause)
		pause = min(pause*2, pauseMax)
	}
	w.end(context.WithoutCancel(ctx), failed)
}

// work is what one node checks at present.
type work struct {
	*Store
	node     string
	failed   func(error)
	out      chan outcome
	running  int
	finished []outcome
	since    time.Time // when the oldest of finished was
	idle     time.Time // until when there is nothing to claim
}

// round takes on work, waits a little for what runs, and writes down what is done.
func (w *work) round(ctx context.Context) error {
	if free := w.deps.Rules.AtOnce - w.running; free > 0 && !time.Now().Before(w.idle) {
		tasks, err := w.claim(ctx, free)
		if err != nil {
			return err
		}
		if len(tasks) < free {
			w.idle = time.Now().Add(min(idlePoll, w.deps.Rules.Pace))
		}
		for _, t := range tasks {
			w.begin(ctx, t)
		}
	}
	select {
	case o := <-w.out:
		w.running--
		w.keep(o)
		if o.broke != nil {
			w.failed(o.broke)
		}
	case <-w.news:
		w.idle = time.Time{}
	case <-time.After(min(gather/2, max(w.deps.Rules.Pace, 10*time.Millisecond))):
	case <-ctx.Done():
		return nil
	}
	if len(w.finished) == 0 || w.running > 0 && len(w.finished) < gatherMost && time.Since(w.since) < gather {
		return nil
	}
	return w.flush(ctx)
}

// begin asks for a file in the background.
func (w *work) begin(ctx context.Context, t task) {
	if t.Check == nil {
		w.keep(outcome{task: t})
		return
	}
	w.running++
	go func() { w.out <- w.do(ctx, t) }()
}

// do asks for a file. A panic is that of this file alone.
func (w *work) do(ctx context.Context, t task) (o outcome) {
	o = outcome{task: t}
	defer func() {
		if cause := recover(); cause != nil {
			no := false
			o.result = Result{At: db.Now(), Available: &no, Length: -1, Error: "The check failed within this site."}
			o.broke = fmt.Errorf("checks of files: %s: panic: %v\n%s", t.URL, cause, debug.Stack())
			o.changed = o.take(o.result)
		}
	}()
	o.result = w.ask(ctx, t.URL)
	if ctx.Err() != nil { // what was found is that this program stops
		o.dropped = true
		return o
	}
	o.changed = o.take(o.result)
	return o
}

func (w *work) keep(o outcome) {
	if len(w.finished) == 0 {
		w.since = time.Now()
	}
	w.finished = append(w.finished, o)
}

// flush writes down what is done.
func (w *work) flush(ctx context.Context) error {
	if err := w.settle(ctx, w.node, w.finished); err != nil {
		return err
	}
	w.finished = w.finished[:0]
	return nil
}

// end waits for what still runs, and gives the hosts back.
func (w *work) end(ctx context.Context, failed func(error)) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for w.running > 0 {
		select {
		case o := <-w.out:
			w.running--
			w.keep(o)
		case <-ctx.Done():
			return // the leases end by themselves
		}
	}
	if err := w.flush(ctx); err != nil {
		failed(fmt.Errorf("checks of files: %w", err))
	}
}

// hostsDue are the hosts whose turn it is and that no node asks.
const hostsDue = `SELECT host FROM check_hosts WHERE turn_at IS NOT NULL AND turn_at <= ?0 AND (lease_until IS NULL OR lease_until <= ?0)
	ORDER BY turn_at LIMIT ?1`

// claim takes up to so many hosts, each with the file that is due first.
func (w *work) claim(ctx context.Context, most int) ([]task, error) {
	now := db.Now()
	var hosts []string
	if err := w.db.Read().NewRaw(hostsDue, now, most).Scan(ctx, &hosts); err != nil || len(hosts) == 0 {
		return nil, err
	}
	hosts, err := w.leaseHosts(ctx, now, most)
	if err != nil || len(hosts) == 0 {
		return nil, err
	}
	var rows []Check
	err = w.db.Read().NewRaw(`SELECT c.* FROM check_hosts h JOIN resource_checks c ON c.resource_id =
		(SELECT r.resource_id FROM resource_checks r WHERE r.host = h.host AND r.due_at <= ? ORDER BY r.due_at LIMIT 1)
		WHERE h.host IN (?)`, now, bun.List(hosts)).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	due := map[string]*Check{}
	for i := range rows {
		due[rows[i].Host] = &rows[i]
	}
	tasks := make([]task, len(hosts))
	for i, host := range hosts {
		tasks[i] = task{host, due[host]}
	}
	return tasks, nil
}

func (w *work) leaseHosts(ctx context.Context, now db.Time, most int) (hosts []string, err error) {
	query := hostsDue
	if w.db.Postgres() {
		query += " FOR UPDATE SKIP LOCKED"
	}
	err = w.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		hosts = nil
		return tx.NewRaw("UPDATE check_hosts SET node = ?2, lease_until = ?3 WHERE host IN ("+query+") RETURNING host",
			now, most, w.node, db.TimeOf(now.Add(lease))).Scan(ctx, &hosts)
	})
	return hosts, err
}

// settle writes results down: the rows of checks, what clients are told, the next
// turn of the hosts.
func (s *Store) settle(ctx context.Context, node string, done []outcome) error {
	if len(done) == 0 {
		return nil
	}
	// The same order in all transactions of all nodes.
	slices.SortFunc(done, func(a, b outcome) int { return cmp.Compare(a.host, b.host) })
	err := s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
		var told []catalog.CheckedResource
		for _, o := range done {
			if o.Check != nil && o.changed {
				told = append(told, catalog.CheckedResource{Dataset: o.DatasetID, Resource: o.ResourceID, URL: o.URL, Extras: o.extras()})
			}
		}
		if err := s.deps.Catalog.PutChecks(ctx, tx, account.System("checks"), told); err != nil {
			return err
		}
		for _, o := range done {
			if o.Check != nil && !o.dropped {
				if err := saveCheck(ctx, tx.Tx, o.Check); err != nil {
					return err
				}
			}
		}
		for _, o := range done {
			if err := s.release(ctx, tx.Tx, node, o); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		for _, o := range done {
			s.count(o)
		}
	}
	return err
}

// saveCheck writes a row, unless it is of another address by now.
func saveCheck(ctx context.Context, tx *db.Tx, c *Check) error {
	return tx.Queue(ctx, tx.NewUpdate().Model(c).ExcludeColumn("resource_id", "dataset_id", "url", "host").
		Where("resource_id = ? AND url = ?", c.ResourceID, c.URL))
}

// release gives a host back. Its next turn is when its next file is due, not
// before the pause between two files or the rest that it asked for is over.
func (s *Store) release(ctx context.Context, tx *db.Tx, node string, o outcome) error {
	now := time.Now()
	earliest, rest, why := db.TimeOf(now.Add(s.deps.Rules.Pace)), db.Time{}, ""
	if o.result.Rest > 0 {
		rest, why = db.TimeOf(now.Add(o.result.Rest)), o.result.Why
		earliest = rest
	}
	if node == "" { // somebody asked by hand, beside a node that may have it
		return tx.Queue(ctx, tx.NewRaw("UPDATE check_hosts SET rest_until = ?, reason = ?, turn_at = CASE WHEN turn_at < ? THEN ? ELSE turn_at END WHERE host = ?",
			rest, why, earliest, earliest, o.host))
	}
	return tx.Queue(ctx, tx.NewRaw(`UPDATE check_hosts SET node = NULL, lease_until = NULL, rest_until = ?0, reason = ?1,
		turn_at = (SELECT CASE WHEN min(due_at) < ?2 THEN ?2 ELSE min(due_at) END FROM resource_checks WHERE host = ?3)
		WHERE host = ?3 AND node = ?4`, rest, why, earliest, o.host, node))
}

func sleep(ctx context.Context, pause time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}
