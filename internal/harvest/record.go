package harvest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/catalog"
	"grenier/internal/db"
)

// record is what is known of a record of a source from one job to the next.
type record struct {
	bun.BaseModel `bun:"table:harvest_records,alias:hr"`

	SourceID string  `bun:"source_id,pk"`
	Kind     string  `bun:"kind,pk"`
	RemoteID string  `bun:"remote_id,pk"`
	ObjectID *string `bun:"object_id"`
	// Hash sums the record up as it was last written, ObjectVersion is the version
	// that the object had then.
	Hash          string  `bun:"hash"`
	ObjectVersion int64   `bun:"object_version"`
	SeenJob       string  `bun:"seen_job"`
	SeenAt        db.Time `bun:"seen_at"`
	// MissingSince is when a whole run first did not list it.
	MissingSince db.Time `bun:"missing_since"`
	// Harvested are the values of the fields that may be protected, as they were
	// last harvested.
	Harvested db.JSON `bun:"harvested"`
	// Crashes counts how often the process ended while it dealt with the record of
	// CrashedHash.
	Crashes     int64   `bun:"crashes"`
	CrashedHash *string `bun:"crashed_hash"`
	// Current is the version that the object has now; nil when it is not there.
	Current *int64 `bun:"current,scanonly"`
}

// mapped is what a record is to be written as.
type mapped struct {
	dataset catalog.HarvestedDataset
	service catalog.HarvestedDataservice
	logs    []Log
}

// quarantineAfter is how often a record may end the process before it is left out,
// watchAfterCrash how many records are written one by one after the process ended
// without a word: those that it may have been at.
const (
	quarantineAfter = 2
	watchAfterCrash = 2 * maxBatch
)

// itemTime bounds the work on one record.
const itemTime = 30 * time.Second

// errSlow is the failure of a record that took too long.
var errSlow = errors.New("harvest: the time for a record is over")

// within runs fn, which computes and writes nothing but its own results, and gives up
// on it after a time: then it goes on by itself and its results are not to be looked at.
func within(limit time.Duration, fn func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				done <- panicked(cause)
			}
		}()
		done <- fn()
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errSlow
	}
}

// recordsOf loads what is known of records of a source, by remote identifier.
func recordsOf(ctx context.Context, read bun.IDB, source, kind string, ids []string) (map[string]*record, error) {
	found := make(map[string]*record, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	table := "datasets"
	if kind == catalog.KindDataservice {
		table = "dataservices"
	}
	var rows []record
	err := read.NewRaw(`SELECT hr.*, o.version AS current FROM harvest_records hr LEFT JOIN `+table+` o ON o.id = hr.object_id
		WHERE hr.source_id = ? AND hr.kind = ? AND hr.remote_id IN (?)`, source, kind, bun.List(ids)).Scan(ctx, &rows)
	for i := range rows {
		found[rows[i].RemoteID] = &rows[i]
	}
	return found, err
}

// look finds out what is known of the records of the batch, and which are as they were.
func (r *run) look(ctx context.Context) error {
	if r.collect != nil {
		return nil // a preview shows objects whole, also those that are as they were
	}
	for _, kind := range kinds {
		var ids []string
		for _, p := range r.batch.records {
			if p.item.Kind == kind && p.line.RemoteID != "" {
				ids = append(ids, p.line.RemoteID)
			}
		}
		known, err := recordsOf(ctx, r.s.db.Read(), r.source.ID, kind, ids)
		if err != nil {
			return err
		}
		for _, p := range r.batch.records {
			if p.item.Kind == kind {
				p.record = known[p.line.RemoteID]
			}
			if p.item.Kind == kind && p.what == toWrite {
				p.compare()
			}
		}
	}
	return nil
}

// compare settles a record that is as it was, and one that ends the process.
func (p *pending) compare() {
	known := p.record
	switch {
	case known == nil:
	case known.Crashes >= quarantineAfter && known.CrashedHash != nil && *known.CrashedHash == p.hash:
		p.fail(ItemSkipped, OutcomeSkipped, "This record brought the program down twice. It is left out until it changes at its origin.", "")
	case known.Hash == p.hash && known.Hash != "" && known.Current != nil && *known.Current == known.ObjectVersion && known.MissingSince.IsZero():
		p.what = toTouch
	}
}

// mapRecords maps what is to be written. A record that cannot be fails alone.
func (r *run) mapRecords(records []*pending) {
	for _, p := range records {
		if p.what != toWrite {
			continue
		}
		var got mapped
		err := within(itemTime, func() (err error) {
			if p.item.Kind == catalog.KindDataservice {
				got.service, got.logs, err = r.mapper.Dataservice(p.line, r.source)
			} else {
				got.dataset, got.logs, err = r.mapper.Dataset(p.line, r.source)
			}
			return err
		})
		if err != nil {
			p.fail(ItemFailed, OutcomeRefused, failureText(err), err.Error())
			continue
		}
		p.mapped = got
		r.dress(p)
	}
}

// dress adds what the mapping leaves to the engine.
func (r *run) dress(p *pending) {
	from := &p.mapped.dataset.Harvest
	if p.item.Kind == catalog.KindDataservice {
		from = &p.mapped.service.Harvest
	}
	label := r.about.Label
	from.Kind, from.Backend, from.SourceID, from.LastUpdate = p.item.Kind, &label, &r.source.ID, r.now
	if from.RemoteURL != nil {
		p.item.RemoteURL = textOrNil(*from.RemoteURL)
	}
	keep := r.kept(p.record)
	p.mapped.dataset.Keep, p.mapped.service.Keep = keep, keep
	p.mapped.dataset.Missing = catalog.MissingResources{Before: r.graceEnd(), Delete: r.options.DeleteMissingResources}
}

// kept are the protected fields with the values that were last harvested of them.
func (r *run) kept(known *record) map[string]json.RawMessage {
	if len(r.options.ProtectedFields) == 0 {
		return nil
	}
	var harvested map[string]json.RawMessage
	if known != nil && len(known.Harvested) > 0 {
		_ = json.Unmarshal(known.Harvested, &harvested) // written by this package
	}
	keep := make(map[string]json.RawMessage, len(r.options.ProtectedFields))
	for _, field := range r.options.ProtectedFields {
		keep[field] = harvested[field]
	}
	return keep
}

// mark notes that a record is being dealt with, so that it is known should the
// process end now.
func (r *run) mark(ctx context.Context, p *pending) error {
	if p.what != toWrite || p.line.RemoteID == "" {
		return nil
	}
	err := r.s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(`INSERT INTO harvest_records (source_id, kind, remote_id, hash, object_version, seen_job, seen_at, crashes, crashed_hash)
			VALUES (?0, ?1, ?2, '', 0, ?3, ?4, 1, ?5)
			ON CONFLICT (source_id, kind, remote_id) DO UPDATE SET crashed_hash = ?5,
			crashes = CASE WHEN harvest_records.crashed_hash = ?5 THEN harvest_records.crashes + 1 ELSE 1 END`,
			r.source.ID, p.item.Kind, p.line.RemoteID, r.job.ID, db.Now(), p.hash).Exec(ctx)
		return err
	})
	if err == nil && r.s.atRecord != nil {
		r.s.atRecord(p.line.RemoteID)
	}
	return err
}

// saveRecords writes what is known now of records that were written.
func saveRecords(ctx context.Context, tx *db.Tx, records []record) error {
	if len(records) == 0 {
		return nil
	}
	_, err := tx.NewInsert().Model(&records).On(`CONFLICT (source_id, kind, remote_id) DO UPDATE`).
		Set(`object_id = EXCLUDED.object_id`).Set(`hash = EXCLUDED.hash`).Set(`object_version = EXCLUDED.object_version`).
		Set(`seen_job = EXCLUDED.seen_job`).Set(`seen_at = EXCLUDED.seen_at`).Set(`missing_since = NULL`).
		Set(`harvested = EXCLUDED.harvested`).Set(`crashes = 0`).Set(`crashed_hash = NULL`).Exec(ctx)
	return err
}

// noteSeen notes that records are listed, in one statement.
func (r *run) noteSeen(ctx context.Context, tx *db.Tx, kind string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.NewRaw(`UPDATE harvest_records SET seen_job = ?, seen_at = ?, missing_since = NULL WHERE source_id = ? AND kind = ? AND remote_id IN (?)`,
		r.job.ID, r.now, r.source.ID, kind, bun.List(ids)).Exec(ctx)
	return err
}

// doubt notes that records are not here as they were told: a page that holds one of them
// is read again, whatever the portal says of it.
func (r *run) doubt(ctx context.Context, tx *db.Tx, kind string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.NewRaw(`UPDATE harvest_records SET hash = '' WHERE source_id = ? AND kind = ? AND remote_id IN (?) AND hash <> ''`,
		r.source.ID, kind, bun.List(ids)).Exec(ctx)
	return err
}

// forgiveCrashes notes that records were dealt with and the process lives.
func (r *run) forgiveCrashes(ctx context.Context, tx *db.Tx, kind string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.NewRaw(`UPDATE harvest_records SET crashes = 0, crashed_hash = NULL WHERE source_id = ? AND kind = ? AND remote_id IN (?)`,
		r.source.ID, kind, bun.List(ids)).Exec(ctx)
	return err
}

func sum(raw []byte) string {
	hash := sha256.Sum256(raw)
	return base64.RawURLEncoding.EncodeToString(hash[:18])
}

func troublesJSON(troubles []Trouble) db.JSON {
	raw, _ := db.JSONOf(troubles) // texts and moments
	return raw
}
