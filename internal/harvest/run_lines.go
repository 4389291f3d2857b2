package harvest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
)

const (
	// maxBatch and minBatch bound the records of one write; between them, batches are
	// as large as writes are quick.
	maxBatch = 200
	minBatch = 20
	// idle is after how long without a line what was told is written.
	idle = time.Second
	// maxTroubles, maxLogs and maxItemLogs bound what is kept of a job and of an item.
	maxTroubles = 100
	maxLogs     = 5000
	maxItemLogs = 30
	// maxText bounds a message, maxIdentifier what names a record, maxCursor a place to go
	// on from, in bytes.
	maxText       = 2000
	maxIdentifier = 2000
	maxCursor     = 256 << 10
)

// message is what comes from a backend: one of a line, a page that it read to its
// end, and a remark.
type message struct {
	line *Line
	page *KeptPage
	log  *Log
	// weight is how much room it takes on its way.
	weight int
}

// pending is a record of a batch.
type pending struct {
	item Item
	line Line
	// hash sums up the record, "" for what tells nothing of it.
	hash   string
	record *record
	what   fate
	// mapped is what to write.
	mapped mapped
	// uri is another name that the record goes by.
	uri string
	// dataset and service are what a preview shows.
	dataset *catalog.Dataset
	service *catalog.Dataservice
}

// fate is what is to be done about a record.
type fate int

const (
	// toWrite is mapped and written; toTouch was only seen; toVanish has gone;
	// settled is an item and nothing else.
	toWrite fate = iota
	toTouch
	toVanish
	settled
)

// batch is what has been told and is not written yet.
type batch struct {
	size    int
	records []*pending
	// weight is the number of records, of which large ones count more.
	weight int
	// before are how many records came before the newest checkpoint.
	before int
	// pointItems are how many items came before it, once these records are written.
	pointItems int64
	cursor     string
	hasPoint   bool
	// pages wait for a checkpoint, safe ones came before it.
	pages, safe []KeptPage
	logs        []JobLog
	touched     time.Time
}

func (b *batch) empty() bool {
	return len(b.records) == 0 && !b.hasPoint && len(b.safe) == 0 && len(b.logs) == 0
}

// errCapped ends a run that has reached its most, errFatal one whose backend told of an
// error that ends it.
var (
	errCapped = errors.New("harvest: the most records are reached")
	errFatal  = errors.New("harvest: the backend told of a fatal error")
)

// read has the backend tell the portal and writes what it tells.
func (r *run) read(ctx context.Context) error {
	target, err := r.target(ctx)
	if err != nil {
		return err
	}
	request := Request{
		Job: r.job.ID, Dry: r.job.Preview, MaxItems: int(r.limit), Language: r.s.deps.Rules.Language, Now: r.now.Time, Source: target, Remote: r.remote,
		Since: r.job.Since.Time,
	}
	if r.job.Cursor != nil {
		request.Cursor = *r.job.Cursor
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	r.reading = reading
	var failed error
	go func() {
		defer close(r.intake.messages)
		defer func() {
			if cause := recover(); cause != nil {
				failed = panicked(cause)
			}
		}()
		failed = r.backend.Harvest(reading, request, func(l Line) error { return r.intake.hand(reading, message{line: &l}) })
	}()
	err = r.listen(ctx)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errCapped):
		stop()
		r.state.capped = true
		r.trouble(fmt.Sprintf("%d max items reached, not all datasets/dataservices were retrieved", r.limit), "")
		return r.flush(ctx)
	case errors.Is(err, errFatal): // what came before it counts
		stop()
		failed = r.state.fatal
	case err != nil:
		return err
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	if failed == nil && !r.state.ended {
		failed = fault.New(fault.BadGateway, "The harvest ended without saying that it was at its end.")
	}
	return failed
}

// listen deals with messages until the backend has no more.
func (r *run) listen(ctx context.Context) error {
	timer := time.NewTimer(idle)
	defer timer.Stop()
	r.phase.Store("writing")
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case m, more := <-r.intake.messages:
			if !more {
				return nil
			}
			r.intake.taken(m)
			if err := r.take(m); err != nil {
				return err
			}
		case <-timer.C:
		}
		if r.batch.weight >= r.batch.size || time.Since(r.batch.touched) > idle && !r.batch.empty() {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
		timer.Reset(idle)
	}
}

// take deals with one message.
func (r *run) take(m message) error {
	switch {
	case m.page != nil:
		r.batch.pages = append(r.batch.pages, *m.page)
		return nil
	case m.log != nil:
		r.logLine(m.log.Level, m.log.Message)
		return nil
	}
	return r.takeLine(*m.line)
}

func (r *run) takeLine(l Line) error {
	switch l.T {
	case LineStart:
		if l.Total != nil {
			total := int64(*l.Total)
			r.job.Total = &total
		}
	case LineDataset, LineDataservice, LineUnchanged, LineSkip, LineGone:
		return r.takeRecord(l)
	case LineError:
		if l.RemoteID != "" && !l.Fatal {
			return r.takeRecord(l)
		}
		r.state.troubled = true
		if l.Fatal {
			r.state.fatal = fault.New(fault.BadGateway, clip(l.Message)).Because(errors.New(l.Details))
			return errFatal
		}
		r.trouble(l.Message, l.Details)
	case LineLog:
		r.takeLog(l)
	case LineCheckpoint:
		r.point(l.Cursor)
	case LineEnd:
		r.state.ended, r.state.complete = true, l.Complete
		r.batch.safe, r.batch.pages = append(r.batch.safe, r.batch.pages...), nil
	}
	return nil
}

// point notes a place to go on from.
func (r *run) point(cursor string) {
	b := &r.batch
	if len(cursor) > maxCursor || strings.ContainsRune(cursor, 0) {
		r.logLine("warning", "A place to go on from is too long, or no text: it is left out.")
		return
	}
	b.cursor, b.before, b.hasPoint = cursor, len(b.records), true
	b.safe, b.pages = append(b.safe, b.pages...), nil
}

// takeLog keeps a remark on a record with it when it is still in the batch, else with the job.
func (r *run) takeLog(l Line) {
	if l.RemoteID = cleanLine(l.RemoteID); l.RemoteID != "" {
		for i := len(r.batch.records) - 1; i >= 0; i-- {
			if p := r.batch.records[i]; p.line.RemoteID == l.RemoteID {
				if len(p.line.Logs) <= maxItemLogs { // one more tells that there are more
					p.line.Logs = append(p.line.Logs, Log{Level: l.Level, Message: clip(l.Message)})
				}
				return
			}
		}
		l.Message = l.RemoteID + ": " + l.Message
	}
	r.logLine(l.Level, l.Message)
}

// takeRecord adds a record to the batch, unless it was dealt with already.
func (r *run) takeRecord(l Line) error {
	if r.limit > 0 && r.job.Items+int64(len(r.batch.records)) >= r.limit && l.T != LineGone {
		return errCapped
	}
	p := r.pendingOf(l)
	l = p.line
	switch {
	case p.what == settled: // its identifier is none
	case l.T == LineDataset, l.T == LineDataservice:
		r.judgeTold(p)
	case l.T == LineUnchanged:
		p.what, r.state.unchanged = toTouch, true
	case l.T == LineGone:
		p.what = toVanish
	case l.T == LineSkip:
		p.fail(ItemSkipped, OutcomeSkipped, l.Reason, "")
	case l.T == LineError:
		p.fail(ItemFailed, OutcomeRefused, l.Message, l.Details)
	}
	if l.T == LineGone {
		r.add(p)
		return nil
	}
	switch how := r.seen.see(l.RemoteID, p.hash, l.T == LineUnchanged); {
	case how == seenAgain, how == seenOtherwise && l.T == LineUnchanged:
		return nil
	case how == seenOtherwise && p.hash != "":
		p.fail(ItemFailed, OutcomeRefused, fmt.Sprintf("Identifier '%s' already exists", l.RemoteID), "")
	}
	r.add(p)
	return nil
}

// pendingOf is the record of a line, named as the catalogue names it. One whose
// identifier is too long to be kept is settled.
func (r *run) pendingOf(l Line) *pending {
	now := db.Now()
	l.RemoteID = cleanLine(l.RemoteID)
	p := &pending{item: Item{
		JobID: r.job.ID, Kind: kindOf(l), RemoteID: textOrNil(l.RemoteID), RemoteURL: textOrNil(l.RemoteURL), CreatedAt: now, StartedAt: now,
	}}
	if l.Page != nil {
		page := int64(*l.Page)
		p.item.Page = &page
	}
	if len(l.RemoteID) > maxIdentifier {
		l.RemoteID = ""
		p.fail(ItemFailed, OutcomeRefused, fmt.Sprintf("The identifier is longer than %d bytes.", maxIdentifier), "")
	}
	p.line = l
	return p
}

// judgeTold sums up a record that is told whole.
func (r *run) judgeTold(p *pending) {
	if p.line.RemoteID == "" {
		p.fail(ItemSkipped, OutcomeSkipped, "missing identifier", "")
		return
	}
	line, hash := p.line, ""
	if err := within(itemTime, func() error { hash = r.mapper.Hash(line); return nil }); err != nil {
		p.fail(ItemFailed, OutcomeRefused, failureText(err), err.Error())
	} else {
		p.hash = r.hashFor(hash)
	}
	if p.line.Dataset != nil {
		p.uri = cleanLine(p.line.Dataset.Harvest.URI)
	}
	if p.line.Dataservice != nil {
		p.uri = cleanLine(p.line.Dataservice.Harvest.URI)
	}
}

// hashFor sums up a record for this source: which of its fields are protected decides
// what is written of it too.
func (r *run) hashFor(hash string) string {
	if hash == "" || len(r.options.ProtectedFields) == 0 {
		return hash
	}
	return sum([]byte(hash + " " + strings.Join(slices.Sorted(slices.Values(r.options.ProtectedFields)), " ")))
}

func (r *run) add(p *pending) {
	if r.batch.empty() {
		r.batch.touched = time.Now()
	}
	r.batch.records = append(r.batch.records, p)
	r.batch.weight += 1 + weightOf(p.line)
}

// fail settles a record that is not taken.
func (p *pending) fail(status ItemStatus, outcome Outcome, message, details string) {
	p.what, p.item.Status, p.item.Outcome = settled, status, outcome
	p.item.Errors = troublesJSON([]Trouble{{CreatedAt: db.Now(), Message: clip(message), Details: clip(details)}})
}

// remark notes something about the job, from the goroutine of the backend.
func (r *run) remark(l Log) {
	_ = r.intake.hand(r.reading, message{log: &l}) // a job that ends needs no more remarks
}

// logLine keeps a remark on the job.
func (r *run) logLine(level, message string) {
	if r.state.logs >= maxLogs {
		return
	}
	if r.state.logs++; r.state.logs == maxLogs {
		level, message = "warning", "There are more remarks than are kept."
	}
	if r.batch.empty() {
		r.batch.touched = time.Now()
	}
	r.state.logSeq++
	r.batch.logs = append(r.batch.logs, JobLog{JobID: r.job.ID, Seq: r.state.logSeq, At: db.Now(), Level: levelOf(level), Message: clip(message)})
}

// trouble notes an error of the job.
func (r *run) trouble(message, details string) {
	troubles := r.job.Troubles()
	if len(troubles) < maxTroubles {
		r.job.Errors = troublesJSON(append(troubles, Trouble{CreatedAt: db.Now(), Message: clip(message), Details: clip(details)}))
	}
}

func levelOf(level string) string {
	switch level {
	case "debug", "info", "warning", "error":
		return level
	}
	return "info"
}

// kindOf is the kind of the object that a line tells of.
func kindOf(l Line) string {
	switch {
	case l.T == LineDataservice, l.T != LineDataset && l.Kind == string(LineDataservice):
		return string(LineDataservice)
	}
	return string(LineDataset)
}

func textOrNil(text string) *string {
	if text == "" {
		return nil
	}
	text = clip(text)
	return &text
}

// clip bounds a text that somebody else wrote, and drops what no database keeps.
func clip(text string) string {
	if len(text) > maxText {
		text = text[:maxText] + "…"
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\x00", "�")
}

// failureText says what is wrong with a record in words for people.
func failureText(err error) string {
	var panicked *errPanic
	switch {
	case errors.As(err, &panicked):
		return "The record broke the program that reads it. Nothing of it was taken; tell those who run the platform."
	case errors.Is(err, errSlow):
		return "It took too long to make sense of the record."
	}
	text := fault.Of(err).SafeText()
	if fault.Is(err, fault.Internal) {
		text = "The record could not be written. Those who run the platform find more in the details."
	}
	return text
}
