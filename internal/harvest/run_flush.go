package harvest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
)

// kinds are those of the objects that are harvested: services name datasets.
var kinds = []string{catalog.KindDataset, catalog.KindDataservice}

// writeTime is how long a write of a batch may take before batches get smaller:
// people who write wait for it.
const writeTime = 700 * time.Millisecond

// flush writes the batch: objects, items, what is known of the records and the
// place to go on from, all at once.
func (r *run) flush(ctx context.Context) error {
	if r.batch.empty() {
		return nil
	}
	if err := r.look(ctx); err != nil {
		return err
	}
	if err := r.readyLinks(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := r.writeBatch(ctx); err != nil {
		return err
	}
	b := &r.batch
	if took := time.Since(began); took > writeTime {
		b.size = max(min(minBatch, r.s.mostAtOnce), b.size/2)
	} else if took < writeTime/3 {
		b.size = min(r.s.mostAtOnce, b.size*2)
	}
	r.batch = batch{size: b.size, pages: b.pages, records: b.records[:0], touched: time.Now()}
	r.tell(progressOf(r.job))
	return nil
}

// writeBatch writes the batch as a whole, or one record after the other where one may
// break the whole.
func (r *run) writeBatch(ctx context.Context) error {
	records := r.batch.records
	if r.watched > 0 && !r.job.Preview {
		return r.writeSingly(ctx, true)
	}
	r.mapRecords(records)
	err := r.commit(ctx, records, 0, true)
	if err == nil || ctx.Err() != nil || errors.Is(err, errLost) || len(records) == 0 {
		return err
	}
	slog.Warn("harvest: a batch could not be written, its records are written one by one", "source", r.source.ID, "job", r.job.ID, "error", err)
	return r.writeSingly(ctx, false)
}

// writeSingly writes the records of the batch one by one. watch notes each before it
// is looked at, so that it is known which one ended the process.
func (r *run) writeSingly(ctx context.Context, watch bool) error {
	for i, p := range r.batch.records {
		one := r.batch.records[i : i+1]
		if watch {
			if err := r.mark(ctx, p); err != nil {
				return err
			}
			r.watched--
			r.mapRecords(one)
		}
		err := r.commit(ctx, one, i, false)
		if err != nil && ctx.Err() == nil && !errors.Is(err, errLost) {
			p.fail(ItemFailed, OutcomeRefused, failureText(err), err.Error())
			err = r.commit(ctx, one, i, false)
		}
		if err != nil {
			return err
		}
	}
	return r.commit(ctx, nil, len(r.batch.records), true)
}

// applied is what became of records.
type applied struct {
	items []Item
	// starts are how many items came before each of the records, and before the end.
	starts []int
	// shown are the objects of the items, in a preview that shows them.
	shown    []PreviewItem
	records  []record
	touched  map[string][]string // identifiers of objects by kind
	seen     map[string][]string // remote identifiers by kind
	forgiven map[string][]string
	// doubted are remote identifiers of records that are not here as they were told.
	doubted  map[string][]string
	claims   []conflict
	resolved map[string][]string // remote identifiers that are in conflict no more
}

// commit writes some records of the batch, of which the first is number offset.
// closing writes also what belongs to the batch as a whole.
func (r *run) commit(ctx context.Context, part []*pending, offset int, closing bool) error {
	if r.collect != nil {
		return r.collectPart(ctx, part)
	}
	var after Job
	var err error
	var done *applied
	if r.job.Preview {
		if done, err = r.applyGuarded(ctx, nil, part); err != nil {
			return err
		}
	}
	err = r.s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
		if !r.job.Preview {
			if done, err = r.applyGuarded(ctx, tx, part); err != nil {
				return err
			}
			if err := r.saveApplied(ctx, tx, done); err != nil {
				return err
			}
		}
		after = *r.job
		if point := r.batch.before - offset; r.batch.hasPoint && point >= 0 && point < len(done.starts) {
			r.batch.pointItems = after.Items + int64(done.starts[point])
		}
		if after.count(done.items); len(done.items) > 0 {
			after.Lapses = 0
		}
		if err := insertItems(ctx, tx.Tx, done.items); err != nil {
			return err
		}
		if closing {
			if err := r.saveBatch(ctx, tx.Tx, &after); err != nil {
				return err
			}
		}
		return r.saveJob(ctx, tx.Tx, &after)
	})
	if err == nil {
		*r.job = after
	}
	return err
}

// count numbers items and adds them to the counters of the job.
func (j *Job) count(items []Item) {
	for i := range items {
		j.Items++
		items[i].Seq = j.Items
		j.add(&items[i])
	}
}

// add counts an item.
func (j *Job) add(i *Item) {
	if i.Kind == catalog.KindDataservice {
		j.Dataservices++
	} else {
		j.Datasets++
	}
	switch i.Status {
	case ItemDone:
		j.ItemsDone++
	case ItemFailed:
		j.ItemsFailed++
	case ItemSkipped:
		j.ItemsSkipped++
	case ItemArchived:
		j.ItemsArchived++
	}
	switch i.Outcome {
	case OutcomeNew:
		j.Created++
	case OutcomeChanged:
		j.Changed++
	case OutcomeUnchanged:
		j.Unchanged++
	case OutcomeConflict:
		j.Conflicts++
	}
}

func insertItems(ctx context.Context, tx *db.Tx, items []Item) error {
	if len(items) == 0 {
		return nil
	}
	_, err := tx.NewInsert().Model(&items).Exec(ctx)
	return err
}

// jobColumns are those that the engine writes while it works.
var jobColumns = []string{
	"phase", "lease_until", "started_at", "lapses", "digest", "cursor", "cursor_items", "since", "total", "items", "datasets", "dataservices", "done", "failed", "skipped", "archived",
	"created", "changed", "unchanged", "conflicts", "requests", "retries", "bytes", "complete", "errors",
}

// saveJob writes the job, as long as this process has it.
func (r *run) saveJob(ctx context.Context, tx *db.Tx, j *Job, more ...string) error {
	traffic := r.traffic()
	j.Requests, j.Retries, j.Bytes, j.Phase = traffic.Requests, traffic.Retries, traffic.Bytes, r.phase.Load().(string)
	if len(more) == 0 {
		j.LeaseUntil = db.TimeOf(time.Now().Add(lease))
	}
	result, err := tx.NewUpdate().Model(j).Column(append(more, jobColumns...)...).WherePK().Where("node = ?", r.node).Where("status = ?", Processing).Exec(ctx)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errLost, err)
	}
	return nil
}

// write changes something and the job with it.
func (r *run) write(ctx context.Context, fn func(ctx context.Context, tx *db.Tx) error) error {
	return r.s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return r.saveJob(ctx, tx, r.job)
	})
}

// saveBatch writes the place to go on from, the pages that were read and the remarks.
func (r *run) saveBatch(ctx context.Context, tx *db.Tx, j *Job) error {
	b := &r.batch
	if b.hasPoint {
		cursor := b.cursor
		j.Cursor, j.CursorItems = &cursor, b.pointItems
	}
	if !j.Preview {
		if err := r.savePages(ctx, tx, b.safe); err != nil {
			return err
		}
	}
	if len(b.logs) == 0 {
		return nil
	}
	_, err := tx.NewInsert().Model(&b.logs).Exec(ctx)
	return err
}

// applyGuarded turns a panic into an error, so that it is one record's alone.
func (r *run) applyGuarded(ctx context.Context, tx *event.Tx, part []*pending) (done *applied, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = panicked(cause)
		}
	}()
	done = &applied{
		touched: make(map[string][]string), seen: make(map[string][]string), forgiven: make(map[string][]string), doubted: make(map[string][]string),
		resolved: make(map[string][]string),
	}
	local := make([]pending, len(part))
	for i, p := range part {
		local[i] = *p
	}
	for _, kind := range kinds {
		if err := r.applyWrites(ctx, tx, done, kind, local); err != nil {
			return nil, err
		}
	}
	if err := r.applyTouches(ctx, tx, done, local); err != nil {
		return nil, err
	}
	if err := r.applyGone(ctx, tx, local); err != nil {
		return nil, err
	}
	for i := range local {
		p := &local[i]
		done.starts = append(done.starts, len(done.items))
		if p.item.Status == "" {
			continue // gone, and nothing of it was here
		}
		p.item.EndedAt = db.Now()
		p.item.Logs = r.itemLogs(p)
		done.items = append(done.items, p.item)
		if r.collect != nil {
			done.shown = append(done.shown, PreviewItem{Dataset: p.dataset, Dataservice: p.service})
		}
		r.noteOutcome(done, p)
	}
	done.starts = append(done.starts, len(done.items))
	return done, nil
}

// noteOutcome collects what is known now of a record that was not written.
func (r *run) noteOutcome(done *applied, p *pending) {
	if p.line.RemoteID == "" || p.what == toWrite {
		return
	}
	done.seen[p.item.Kind] = append(done.seen[p.item.Kind], p.line.RemoteID)
	if p.what == settled {
		done.doubted[p.item.Kind] = append(done.doubted[p.item.Kind], p.line.RemoteID)
	}
	// A record that was marked before it was looked at, and failed in peace.
	if p.item.Status == ItemFailed && r.job.Resumed > 0 {
		done.forgiven[p.item.Kind] = append(done.forgiven[p.item.Kind], p.line.RemoteID)
	}
}

// itemLogs are the remarks on a record, in bounds.
func (r *run) itemLogs(p *pending) db.JSON {
	logs := append(append([]Log(nil), p.line.Logs...), p.mapped.logs...)
	if len(logs) == 0 {
		return nil
	}
	if len(logs) > maxItemLogs {
		logs = append(logs[:maxItemLogs-1], Log{Level: "warning", Message: "There are more remarks than are kept."})
	}
	for i := range logs {
		logs[i] = Log{Level: levelOf(logs[i].Level), Message: clip(logs[i].Message)}
	}
	raw, _ := json.Marshal(logs) // texts
	return raw
}

// saveApplied writes what is known of the records, beside the objects.
func (r *run) saveApplied(ctx context.Context, tx *event.Tx, done *applied) error {
	if err := saveRecords(ctx, tx.Tx, done.records); err != nil {
		return err
	}
	for _, kind := range kinds {
		if err := r.noteSeen(ctx, tx.Tx, kind, done.seen[kind]); err != nil {
			return err
		}
		if err := r.forgiveCrashes(ctx, tx.Tx, kind, done.forgiven[kind]); err != nil {
			return err
		}
		if err := r.doubt(ctx, tx.Tx, kind, done.doubted[kind]); err != nil {
			return err
		}
		if err := r.s.deps.Catalog.TouchHarvested(ctx, tx, done.touched[kind], r.now); err != nil {
			return err
		}
	}
	return r.saveConflicts(ctx, tx.Tx, done)
}
