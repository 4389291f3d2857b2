package harvest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
)

// lately is within which time the last job of a source that went well must be for
// the source to keep what another one of the same owner lists too.
const lately = 30 * 24 * time.Hour

// Why a record is in conflict.
const (
	conflictOwner  = "owner"  // the object belongs to somebody else
	conflictSource = "source" // another source of the same owner brings it
)

// conflict is a record of a source whose object is kept by somebody else.
type conflict struct {
	bun.BaseModel `bun:"table:harvest_conflicts,alias:hc"`

	ObjectID string  `bun:"object_id,pk"`
	SourceID string  `bun:"source_id,pk"`
	RemoteID string  `bun:"remote_id,pk"`
	Kind     string  `bun:"kind"`
	Reason   string  `bun:"reason"`
	JobID    string  `bun:"job_id"`
	FirstAt  db.Time `bun:"first_at"`
	LastAt   db.Time `bun:"last_at"`
}

// reader is what reads go through: the write they belong to, or the database.
func (r *run) reader(tx *event.Tx) bun.IDB {
	if tx != nil {
		return tx
	}
	return r.s.db.Read()
}

// applyWrites finds out what the records of a kind are here, and writes them; without
// a write, it compares them only.
func (r *run) applyWrites(ctx context.Context, tx *event.Tx, done *applied, kind string, local []pending) error {
	var ids, uris []string
	for i := range local {
		if p := &local[i]; p.what == toWrite && p.item.Kind == kind {
			ids = append(ids, p.line.RemoteID)
			if p.uri != "" {
				uris = append(uris, p.uri)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := takeTurns(ctx, tx, local); err != nil {
		return err
	}
	found, err := catalog.HarvestIdentities(ctx, r.reader(tx), kind, r.source.Domain, r.source.ID, ids, uris)
	if err != nil {
		return err
	}
	known := newIdentities(found)
	taken := make(map[string]bool, len(ids))
	var writes []*pending
	for i := range local {
		p := &local[i]
		if p.what != toWrite || p.item.Kind != kind {
			continue
		}
		if err := r.identify(ctx, tx, done, known, taken, p); err != nil {
			return err
		}
		if p.what == toWrite {
			writes = append(writes, p)
		}
	}
	results, err := r.put(ctx, tx, kind, writes)
	if err != nil {
		return err
	}
	for i, p := range writes {
		r.noteResult(done, p, &results[i])
	}
	return nil
}

// takeTurns lets writes of records that are not known yet follow one another, so that
// two sources that list the same one at the same moment do not both make an object of it.
// SQLite has one write at a time anyway.
func takeTurns(ctx context.Context, tx *event.Tx, local []pending) error {
	fresh := func(p pending) bool { return p.what == toWrite && (p.record == nil || p.record.ObjectID == nil) }
	if tx == nil || !tx.Postgres() || !slices.ContainsFunc(local, fresh) {
		return nil
	}
	_, err := tx.NewRaw("SELECT pg_advisory_xact_lock(hashtext('harvests'), hashtext('new records'))").Exec(ctx)
	return err
}

// identities are the objects that records may be.
type identities struct {
	byRemote, byURI map[string][]*catalog.Identity
}

func newIdentities(found []catalog.Identity) identities {
	known := identities{make(map[string][]*catalog.Identity), make(map[string][]*catalog.Identity)}
	for i := range found {
		one := &found[i]
		if !one.ByURI {
			known.byRemote[one.RemoteID] = append(known.byRemote[one.RemoteID], one)
		}
		if one.URI != "" {
			known.byURI[one.URI] = append(known.byURI[one.URI], one)
		}
	}
	return known
}

// identify gives a record the object that it is, leaves it without one when it is new, or
// settles it when somebody else keeps that.
func (r *run) identify(ctx context.Context, tx *event.Tx, done *applied, known identities, taken map[string]bool, p *pending) error {
	object, err := r.match(ctx, known, p)
	if err != nil {
		return err
	}
	if object == nil {
		r.resolve(done, p)
		return nil
	}
	p.item.ObjectID, p.item.Title = &object.ID, textOrNil(object.Title)
	mine := r.source.OwnedBy()
	switch {
	case taken[object.ID]:
		p.fail(ItemFailed, OutcomeConflict, "Another record of this job is the same object: "+object.ID, "")
		return nil
	case object.Owner != (account.Owner{}) && object.Owner != mine:
		p.fail(ItemFailed, OutcomeConflict, "Item has another owner: "+object.ID, "")
		done.claims = append(done.claims, r.claimOn(p, object.ID, conflictOwner))
		return nil
	case object.Source != "" && object.Source != r.source.ID:
		keeper, err := r.keeper(ctx, tx, object.Source)
		if err != nil {
			return err
		}
		if keeper != "" {
			p.fail(ItemSkipped, OutcomeConflict, "Another source of the same owner brings this already, and keeps it: "+keeper, "")
			done.claims = append(done.claims, r.claimOn(p, object.ID, conflictSource))
			return nil
		}
	}
	taken[object.ID] = true
	p.mapped.dataset.ID, p.mapped.service.ID = object.ID, object.ID
	r.resolve(done, p)
	return nil
}

// resolve notes that a record is in conflict no more, where any of the source was.
func (r *run) resolve(done *applied, p *pending) {
	if r.inConflict {
		done.resolved[p.item.Kind] = append(done.resolved[p.item.Kind], p.line.RemoteID)
	}
}

func (r *run) claimOn(p *pending, object, reason string) conflict {
	return conflict{
		ObjectID: object, SourceID: r.source.ID, RemoteID: p.line.RemoteID, Kind: p.item.Kind, Reason: reason, JobID: r.job.ID, FirstAt: r.now, LastAt: r.now,
	}
}

// match finds the object of a record: by its identifier; of those with the same, one
// of the source's own first, then one of its owner. A record whose identifier changed
// is the same object again where the source asks for it, else it is told of.
func (r *run) match(ctx context.Context, known identities, p *pending) (*catalog.Identity, error) {
	var best *catalog.Identity
	rank := func(one *catalog.Identity) int {
		switch {
		case one.Source == r.source.ID:
			return 3
		case one.Owner == r.source.OwnedBy():
			return 2
		case one.Owner == (account.Owner{}):
			return 1
		}
		return 0
	}
	for _, one := range known.byRemote[p.line.RemoteID] {
		if best == nil || rank(one) > rank(best) {
			best = one
		}
	}
	if best != nil || r.source.LastGoodJob == nil {
		return best, nil
	}
	former, how, err := r.former(ctx, known, p)
	if err != nil || former == nil {
		return nil, err
	}
	if !r.options.Relink {
		p.mapped.logs = append(p.mapped.logs[:len(p.mapped.logs):len(p.mapped.logs)], Log{Level: "warning", Message: fmt.Sprintf(
			"This looks like %s under another identifier: %s. The option relink makes it the same again.", former.ID, how)})
		return nil, nil
	}
	p.mapped.logs = append(p.mapped.logs[:len(p.mapped.logs):len(p.mapped.logs)], Log{Level: "info", Message: fmt.Sprintf(
		"The identifier was %s before: %s.", former.RemoteID, how)})
	return former, nil
}

// keeper names another source where that keeps what it brought: it is there and has been
// at work lately. It is "" for one that does not.
func (r *run) keeper(ctx context.Context, tx *event.Tx, id string) (string, error) {
	if name, ok := r.keepers[id]; ok {
		return name, nil
	}
	var names []string
	err := r.reader(tx).NewRaw(`SELECT s.name FROM harvest_sources s JOIN harvest_jobs j ON j.id = s.last_good_job
		WHERE s.id = ? AND s.deleted_at IS NULL AND s.active = TRUE AND s.validation = 'accepted' AND j.ended_at >= ?`,
		id, db.TimeOf(r.now.Add(-lately))).Scan(ctx, &names)
	if err != nil {
		return "", err
	}
	name := ""
	if len(names) > 0 {
		name = cmp.Or(names[0], id)
	}
	r.keepers[id] = name
	return name, nil
}

// put writes records, or compares them when there is no write.
func (r *run) put(ctx context.Context, tx *event.Tx, kind string, writes []*pending) ([]catalog.HarvestResult, error) {
	if len(writes) == 0 {
		return nil, nil
	}
	var results []catalog.HarvestResult
	var err error
	if kind == catalog.KindDataset {
		results, err = r.putDatasets(ctx, tx, writes)
	} else {
		results, err = r.putServices(ctx, tx, writes)
	}
	if err == nil && len(results) != len(writes) {
		err = errors.New("harvest: the catalogue did not tell of every record")
	}
	return results, err
}

func (r *run) putDatasets(ctx context.Context, tx *event.Tx, writes []*pending) ([]catalog.HarvestResult, error) {
	batch := make([]catalog.HarvestedDataset, len(writes))
	for i, p := range writes {
		batch[i] = p.mapped.dataset
	}
	if tx != nil {
		return r.s.deps.Catalog.PutHarvested(ctx, tx, r.viewer, batch)
	}
	results, datasets, err := r.s.deps.Catalog.CompareHarvested(ctx, batch)
	for i := range datasets {
		if r.collect != nil && results[i].Err == nil {
			writes[i].dataset = &datasets[i]
		}
	}
	return results, err
}

func (r *run) putServices(ctx context.Context, tx *event.Tx, writes []*pending) ([]catalog.HarvestResult, error) {
	if err := r.resolveDatasets(ctx, tx, writes); err != nil {
		return nil, err
	}
	batch := make([]catalog.HarvestedDataservice, len(writes))
	for i, p := range writes {
		batch[i] = p.mapped.service
	}
	if tx != nil {
		return r.s.deps.Catalog.PutHarvestedServices(ctx, tx, r.viewer, batch)
	}
	results, services, err := r.s.deps.Catalog.CompareHarvestedServices(ctx, batch)
	for i := range services {
		if r.collect != nil && results[i].Err == nil {
			writes[i].service = &services[i]
		}
	}
	return results, err
}

// resolveDatasets finds the datasets that services name by identifiers of their
// portal or by addresses. Those that are not here yet are looked for again in the next
// job: the record is then not taken for unchanged.
func (r *run) resolveDatasets(ctx context.Context, tx *event.Tx, writes []*pending) error {
	var names []string
	for _, p := range writes {
		for _, name := range p.line.Dataservice.Datasets {
			names = append(names, cleanLine(name))
		}
	}
	if len(names) == 0 {
		return nil
	}
	found, err := catalog.HarvestIdentities(ctx, r.reader(tx), catalog.KindDataset, r.source.Domain, r.source.ID, names, names)
	if err != nil {
		return err
	}
	byName := make(map[string]string, len(found))
	for i := len(found) - 1; i >= 0; i-- { // the first of several wins
		if found[i].URI != "" {
			byName[found[i].URI] = found[i].ID
		}
	}
	for i := len(found) - 1; i >= 0; i-- {
		if !found[i].ByURI {
			byName[found[i].RemoteID] = found[i].ID
		}
	}
	for _, p := range writes {
		p.mapped.service.Datasets = nil
		for _, name := range p.line.Dataservice.Datasets {
			if id := byName[cleanLine(name)]; id != "" {
				p.mapped.service.Datasets = append(p.mapped.service.Datasets, id)
			} else {
				p.hash = ""
			}
		}
	}
	return nil
}

// noteResult turns what became of a record into its item and what is known of it.
func (r *run) noteResult(done *applied, p *pending, result *catalog.HarvestResult) {
	if result.Err != nil {
		p.fail(ItemFailed, OutcomeRefused, failureText(result.Err), result.Err.Error())
		return
	}
	p.item.Status, p.item.Title = ItemDone, textOrNil(result.Title)
	for _, log := range result.Logs {
		p.mapped.logs = append(p.mapped.logs[:len(p.mapped.logs):len(p.mapped.logs)], Log{Level: "warning", Message: log})
	}
	for _, field := range result.Kept {
		p.mapped.logs = append(p.mapped.logs[:len(p.mapped.logs):len(p.mapped.logs)], Log{Level: "info", Message: "Kept as it was edited here: " + field})
	}
	switch {
	case result.Created:
		p.item.Outcome = OutcomeNew
	case result.Changed:
		p.item.Outcome = OutcomeChanged
		p.item.Difference = boundedDifference(result)
	default:
		p.item.Outcome = OutcomeUnchanged
		done.touched[p.item.Kind] = append(done.touched[p.item.Kind], result.ID)
	}
	if r.job.Preview && result.Created {
		return // its identifier leads nowhere
	}
	p.item.ObjectID = &result.ID
	known := record{
		SourceID: r.source.ID, Kind: p.item.Kind, RemoteID: p.line.RemoteID, ObjectID: &result.ID, Hash: p.hash, ObjectVersion: result.Version,
		SeenJob: r.job.ID, SeenAt: r.now,
	}
	if len(result.Values) > 0 {
		known.Harvested, _ = db.JSONOf(result.Values) // is JSON already
	}
	done.records = append(done.records, known)
}

// maxDifference bounds what is kept of a difference, in bytes.
const maxDifference = 64 << 10

// boundedDifference is a difference as it is kept; of a huge one, the names of the fields.
func boundedDifference(result *catalog.HarvestResult) db.JSON {
	raw, err := db.JSONOf(result.Difference)
	if err != nil || len(raw) > maxDifference {
		short := make(map[string][2]any, len(result.Difference))
		for _, field := range result.Difference.Fields() {
			short[field] = [2]any{nil, nil}
		}
		raw, _ = db.JSONOf(short)
	}
	return raw
}

// saveConflicts writes which records are in conflict, and forgets those that are not any more.
func (r *run) saveConflicts(ctx context.Context, tx *db.Tx, done *applied) error {
	for _, kind := range kinds {
		if ids := done.resolved[kind]; len(ids) > 0 {
			_, err := tx.NewRaw("DELETE FROM harvest_conflicts WHERE source_id = ? AND kind = ? AND remote_id IN (?)", r.source.ID, kind, bun.List(ids)).Exec(ctx)
			if err != nil {
				return err
			}
		}
	}
	if len(done.claims) == 0 {
		return nil
	}
	_, err := tx.NewInsert().Model(&done.claims).On("CONFLICT (object_id, source_id, remote_id) DO UPDATE").
		Set("reason = EXCLUDED.reason").Set("job_id = EXCLUDED.job_id").Set("last_at = EXCLUDED.last_at").Exec(ctx)
	return err
}

// relinker knows the objects of a source by what stays when identifiers change: the page, and the
// addresses of all resources.
type relinker struct {
	seed      maphash.Seed
	byPage    map[uint64]string
	byFiles   map[uint64]string
	byID      map[string]int
	remoteIDs []string
}

// former finds the object that a record was before its identifier changed: one of the
// source with the same URI, the same page or the same files, whose own identifier is
// not listed.
func (r *run) former(ctx context.Context, known identities, p *pending) (*catalog.Identity, string, error) {
	for _, one := range known.byURI[p.uri] {
		if one.Source == r.source.ID && one.RemoteID != p.line.RemoteID && !r.seen.has(one.RemoteID) {
			return one, "it has the same URI", nil
		}
	}
	if p.item.Kind != catalog.KindDataset {
		return nil, "", nil
	}
	if r.links == nil {
		return nil, "", nil
	}
	object, how := r.links.find(p)
	if object == "" || r.seen.has(r.links.remoteIDs[r.links.byID[object]]) {
		return nil, "", nil
	}
	var rows []struct {
		Title                   string
		Version                 int64
		OrganizationID, OwnerID *string
	}
	err := r.s.db.Read().NewRaw("SELECT title, version, organization_id, owner_id FROM datasets WHERE id = ?", object).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return nil, "", err
	}
	former := &catalog.Identity{ID: object, Title: rows[0].Title, Version: rows[0].Version, Source: r.source.ID, RemoteID: r.links.remoteIDs[r.links.byID[object]]}
	if rows[0].OrganizationID != nil {
		former.Owner.Organization = *rows[0].OrganizationID
	} else if rows[0].OwnerID != nil {
		former.Owner.User = *rows[0].OwnerID
	}
	return former, how, nil
}

func (l *relinker) find(p *pending) (object, how string) {
	if page := p.mapped.dataset.Harvest.RemoteURL; page != nil && *page != "" {
		if object = l.byPage[maphash.String(l.seed, *page)]; object != "" {
			return object, "it has the same page"
		}
	}
	if files := l.filesOf(p); files != 0 {
		return l.byFiles[files], "it has the same files"
	}
	return "", ""
}

// filesOf sums up the addresses of the resources of a record, in whatever order; 0 without any.
func (l *relinker) filesOf(p *pending) (sum uint64) {
	for i := range p.mapped.dataset.Resources {
		if url := p.mapped.dataset.Resources[i].Input.URL; url.Set {
			sum += maphash.String(l.seed, url.Value)
		}
	}
	return sum
}

// readyLinks reads what former looks at before the write of a batch with a dataset that is
// not known: nobody waits for that.
func (r *run) readyLinks(ctx context.Context) error {
	fresh := func(p *pending) bool {
		return p.what == toWrite && p.item.Kind == catalog.KindDataset && p.record == nil
	}
	if r.links != nil || r.source.LastGoodJob == nil || r.collect != nil || !slices.ContainsFunc(r.batch.records, fresh) {
		return nil
	}
	links, err := r.newRelinker(ctx)
	r.links = links
	return err
}

// newRelinker reads the objects of the source. Those that share a page or files with
// another are found by neither.
func (r *run) newRelinker(ctx context.Context) (*relinker, error) {
	l := &relinker{seed: maphash.MakeSeed(), byPage: make(map[uint64]string), byFiles: make(map[uint64]string), byID: make(map[string]int)}
	var rows []struct{ ObjectID, RemoteID, RemoteURL string }
	read := r.s.db.Read()
	err := read.NewRaw(`SELECT object_id, coalesce(remote_id, '') AS remote_id, coalesce(remote_url, '') AS remote_url FROM harvests
		WHERE source_id = ? AND kind = 'dataset'`, r.source.ID).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	unique := func(index map[uint64]string, key uint64, object string) {
		if _, shared := index[key]; shared {
			object = ""
		}
		index[key] = object
	}
	for _, row := range rows {
		l.byID[row.ObjectID] = len(l.remoteIDs)
		l.remoteIDs = append(l.remoteIDs, row.RemoteID)
		if row.RemoteURL != "" {
			unique(l.byPage, maphash.String(l.seed, row.RemoteURL), row.ObjectID)
		}
	}
	files := make(map[string]uint64, len(rows))
	for chunk := range slices.Chunk(rows, 500) {
		ids := make([]string, len(chunk))
		for i := range chunk {
			ids[i] = chunk[i].ObjectID
		}
		var resources []struct{ DatasetID, URL string }
		err := read.NewRaw("SELECT dataset_id, url FROM resources WHERE dataset_id IN (?) AND community = FALSE", bun.List(ids)).Scan(ctx, &resources)
		if err != nil {
			return nil, err
		}
		for _, one := range resources {
			files[one.DatasetID] += maphash.String(l.seed, one.URL)
		}
	}
	for object, sum := range files {
		unique(l.byFiles, sum, object)
	}
	return l, nil
}
