package catalog

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/text"
)

// serviceBatch are harvested dataservices on their way.
type serviceBatch struct {
	store    *Store
	now      db.Time
	licenses map[string]bool
	// public tells of the datasets that are named which everybody may read; those
	// that do not exist are missing.
	public   map[string]bool
	contacts contactBook
	changes  []*serviceChange
}

// serviceChange is one dataservice of a batch: before is what there is of it, d
// what becomes of it.
type serviceChange struct {
	in        *HarvestedDataservice
	created   bool
	before, d dataserviceWrite
	result    HarvestResult
}

// PutHarvestedServices writes harvested dataservices as PutHarvested does datasets.
func (s *Store) PutHarvestedServices(ctx context.Context, tx *event.Tx, v account.Viewer, batch []HarvestedDataservice) ([]HarvestResult, error) {
	if err := fewHarvested(len(batch)); err != nil {
		return nil, err
	}
	b := newServiceBatch(s, batch)
	if err := lock(ctx, tx.Tx, "dataservices", b.ids()...); err != nil {
		return nil, err
	}
	if err := b.load(ctx, tx); err != nil {
		return nil, err
	}
	if err := b.name(ctx, tx); err != nil { // before owners are locked, as other writes do
		return nil, err
	}
	if err := b.contacts.insert(ctx, tx, v); err != nil {
		return nil, err
	}
	b.judge()
	if err := b.save(ctx, tx, v); err != nil {
		return nil, err
	}
	return b.results(), nil
}

// CompareHarvestedServices tells what PutHarvestedServices would do, and gives the
// dataservices as they would be, in the order of the batch; those that cannot be
// taken are empty.
func (s *Store) CompareHarvestedServices(ctx context.Context, batch []HarvestedDataservice) ([]HarvestResult, []Dataservice, error) {
	if err := fewHarvested(len(batch)); err != nil {
		return nil, nil, err
	}
	b := newServiceBatch(s, batch)
	services := make([]Dataservice, len(batch))
	err := s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		if err := b.load(ctx, read); err != nil {
			return err
		}
		b.judge()
		var owned []account.Owner
		var contacts []string
		for i, c := range b.changes {
			if c.result.Err == nil {
				services[i] = c.d.Dataservice
				owned = append(owned, c.d.OwnedBy())
				contacts = append(contacts, c.d.Contacts...)
			}
		}
		from, err := loadOwners(ctx, read, owned)
		if err != nil {
			return err
		}
		points, err := contactsByID(ctx, read, contacts)
		if err != nil {
			return err
		}
		for i := range services {
			services[i].attach(from)
			services[i].ContactPoints = nil
			for _, id := range services[i].Contacts {
				if point := points[id]; point != nil {
					services[i].ContactPoints = append(services[i].ContactPoints, *point)
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return b.results(), services, nil
}

func newServiceBatch(s *Store, batch []HarvestedDataservice) *serviceBatch {
	b := &serviceBatch{store: s, now: db.Now(), changes: make([]*serviceChange, len(batch))}
	for i := range batch {
		b.changes[i] = &serviceChange{in: &batch[i]}
	}
	return b
}

func (b *serviceBatch) ids() []string {
	var ids []string
	for _, c := range b.changes {
		if c.in.ID != "" {
			ids = append(ids, c.in.ID)
		}
	}
	return ids
}

// load reads what there is of the dataservices, and what they name.
func (b *serviceBatch) load(ctx context.Context, read bun.IDB) error {
	there, err := loadServices(ctx, read, b.ids())
	if err != nil {
		return err
	}
	var datasets []string
	for _, c := range b.changes {
		c.begin(there[c.in.ID], b.now)
		if c.in.ID != "" {
			there[c.in.ID] = nil // a second record of it is refused
		}
		datasets = append(append(datasets, c.in.Datasets...), c.before.datasets...)
	}
	if b.licenses, err = licenseIDs(ctx, read); err != nil {
		return err
	}
	b.public = make(map[string]bool, len(datasets))
	for part := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(datasets))), 5000) {
		var rows []struct {
			ID     string
			Public bool
		}
		if err := read.NewRaw("SELECT d.id, "+publicDataset+" AS public FROM datasets d WHERE d.id IN (?)", bun.List(part)).Scan(ctx, &rows); err != nil {
			return err
		}
		for _, row := range rows {
			b.public[row.ID] = row.Public
		}
	}
	for _, c := range b.changes {
		if c.result.Err == nil {
			c.result.Logs = append(c.result.Logs, b.contacts.want(c.d.OwnedBy(), c.in.Contacts)...)
		}
	}
	return b.contacts.load(ctx, read)
}

// loadServices loads dataservices with all that stands beside them, in a constant
// number of queries.
func loadServices(ctx context.Context, read bun.IDB, ids []string) (map[string]*dataserviceWrite, error) {
	there := make(map[string]*dataserviceWrite, len(ids))
	if len(ids) == 0 {
		return there, nil
	}
	var rows []Dataservice
	if err := read.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	lists, err := attributes(ctx, read, ids)
	if err != nil {
		return nil, err
	}
	extras, err := extrasOf(ctx, read, ids)
	if err != nil {
		return nil, err
	}
	harvests, err := harvestsOf(ctx, read, ids)
	if err != nil {
		return nil, err
	}
	datasets, err := dataserviceDatasets.all(ctx, read, ids)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		id := rows[i].ID
		d := &dataserviceWrite{Dataservice: rows[i], datasets: datasets[id]}
		d.Attributes, d.Extras, d.Harvest = attributesOf(lists, id), extras[id], harvests[id]
		there[id] = d
	}
	return there, nil
}

func (c *serviceChange) begin(there *dataserviceWrite, now db.Time) {
	if c.in.ID != "" {
		if there == nil {
			c.result.Err = fault.New(fault.NotFound, missing[KindDataservice])
			return
		}
		c.before, c.d = *there, *there
		return
	}
	c.created = true
	c.d = dataserviceWrite{Dataservice: Dataservice{ID: db.NewID(), AccessType: "open", CreatedAt: now, ModifiedAt: now}}
	c.d.OrganizationID, c.d.OwnerID = optional(c.in.Owner.Organization), optional(c.in.Owner.User)
	if c.d.OrganizationID != nil {
		c.d.OwnerID = nil
	}
}

// name gives new dataservices slugs of their own.
func (b *serviceBatch) name(ctx context.Context, tx *event.Tx) error {
	var bases []string
	var named []*serviceChange
	for _, c := range b.changes {
		if c.created && tidy(c.in.Input.Title.Value) != "" {
			named = append(named, c)
			bases = append(bases, slugBase(c.in.Slug, c.in.Input.Title))
		}
	}
	slugs, err := account.FreeSlugs(ctx, tx.Tx, "dataservices", KindDataservice, bases)
	for i := range slugs {
		named[i].d.Slug = slugs[i]
	}
	return err
}

func (b *serviceBatch) judge() {
	for _, c := range b.changes {
		if c.result.Err != nil {
			continue
		}
		if c.apply(b); c.result.Err != nil {
			continue
		}
		c.keep()
		c.settle(b)
	}
}

// apply changes the dataservice as its record tells. The title alone must be right.
func (c *serviceChange) apply(b *serviceBatch) {
	in, d, r := c.in.Input, &c.d, &c.result
	if c.created {
		in.Title.Set = true
	}
	var hard checks
	if hard.text(in.Title, TitleMax, &d.Title, "title"); hard.fault != nil {
		r.Err = hard.fault
		return
	}
	lenient := func(read func(wrong *checks)) {
		wrong := b.store.checks()
		read(&wrong)
		r.remark(wrong.fault)
	}
	lenient(func(wrong *checks) { wrong.description(in.Description, &d.Description) })
	lenient(func(wrong *checks) { wrong.optional(in.Acronym, AcronymMax, &d.Acronym, "acronym") })
	lenient(func(wrong *checks) { wrong.maybeChoice(in.Format, DataserviceFormats, &d.Format, "format") })
	lenient(func(wrong *checks) { d.promise(wrong, in) })
	lenient(func(wrong *checks) { d.reach(wrong, in) })
	lenient(func(wrong *checks) { d.open(wrong, in) })
	lenient(func(wrong *checks) { wrong.harvestedExtras(in.Extras, &d.Extras) })
	if in.Tags.Set {
		d.Tags = harvestedTags(in.Tags.Value, d.Tags)
	}
	switched(in.Private, &d.Private)
	d.License = harvestedLicense(in.License, d.License, b.licenses)
	d.Contacts = b.contacts.points(d.OwnedBy(), c.in.Contacts, d.Contacts)
	links := slices.Clone(d.datasets)
	for _, id := range c.in.Datasets {
		if _, exists := b.public[id]; exists && !slices.Contains(links, id) && len(links) < maxLinks {
			links = append(links, id)
		}
	}
	if len(links) > len(d.datasets) {
		d.datasets = links
	}
}

// protectableService is the same for dataservices.
var protectableService = []struct {
	name    string
	told    func(in *HarvestedDataservice) bool
	value   func(d *dataserviceWrite) any
	restore func(to, from *dataserviceWrite)
}{
	{
		"title", func(in *HarvestedDataservice) bool { return in.Input.Title.Set },
		func(d *dataserviceWrite) any { return d.Title }, func(to, from *dataserviceWrite) { to.Title = from.Title },
	},
	{
		"description", func(in *HarvestedDataservice) bool { return in.Input.Description.Set },
		func(d *dataserviceWrite) any { return d.Description }, func(to, from *dataserviceWrite) { to.Description = from.Description },
	},
	{
		"tags", func(in *HarvestedDataservice) bool { return in.Input.Tags.Set },
		func(d *dataserviceWrite) any { return nothing(slices.Sorted(slices.Values(d.Tags))) },
		func(to, from *dataserviceWrite) { to.Tags = from.Tags },
	},
	{
		"license", func(in *HarvestedDataservice) bool { return in.Input.License.Set },
		func(d *dataserviceWrite) any { return d.License }, func(to, from *dataserviceWrite) { to.License = from.License },
	},
	{
		"contact_points", func(in *HarvestedDataservice) bool { return len(in.Contacts) > 0 },
		func(d *dataserviceWrite) any { return nothing(d.Contacts) }, func(to, from *dataserviceWrite) { to.Contacts = from.Contacts },
	},
}

func (c *serviceChange) keep() {
	c.result.Values = make(map[string]json.RawMessage)
	for _, field := range protectableService {
		if field.told(c.in) {
			c.result.Values[field.name] = remembered(rawOf(field.value(&c.d)))
		}
		last := c.in.Keep[field.name]
		if last != nil && !field.told(c.in) {
			c.result.Values[field.name] = last
		}
		present := rawOf(field.value(&c.before))
		if c.created || last == nil || isRemembered(present, last) {
			continue
		}
		if !sameJSON(present, db.JSON(rawOf(field.value(&c.d)))) {
			c.result.Kept = append(c.result.Kept, field.name)
		}
		field.restore(&c.d, &c.before)
	}
}

func (c *serviceChange) settle(b *serviceBatch) {
	d, r := &c.d, &c.result
	d.TitleFold, d.ArchivedAt = text.Fold(d.Title), db.Time{}
	d.computeVisible()
	d.Harvest = harvestOf(c.in.Harvest, KindDataservice, d.ID, b.now)
	d.DatasetCount = 0
	for _, id := range d.datasets {
		d.DatasetCount += one(b.public[id])
	}
	difference := differenceOf(c.before.written(), d.written())
	harvestDifference(difference, c.before.Harvest, d.Harvest)
	r.ID, r.Slug, r.Title, r.Created = d.ID, d.Slug, d.Title, c.created
	if c.created && r.Slug == "" {
		r.Slug = slugBase(c.in.Slug, c.in.Input.Title)
	}
	if r.Changed = !c.created && len(difference) > 0; r.Changed {
		r.Difference = difference
	}
	if r.Created || r.Changed {
		d.Version++
		d.ModifiedAt = firstMoment(d.Harvest.ModifiedAt, b.now)
		if created := firstMoment(d.Harvest.IssuedAt, d.Harvest.CreatedAt); !created.IsZero() {
			d.CreatedAt = created
		}
	}
	r.Version = d.Version
}

// save writes the dataservices that are new or changed, and notes that the others
// were seen.
func (b *serviceBatch) save(ctx context.Context, tx *event.Tx, v account.Viewer) error {
	var created, changed []*serviceChange
	var seen []string
	for _, c := range b.changes {
		switch {
		case c.result.Err != nil:
		case c.created:
			created = append(created, c)
		case c.result.Changed:
			changed = append(changed, c)
		default:
			seen = append(seen, c.d.ID)
		}
	}
	rows := make([]*Dataservice, len(created))
	for i, c := range created {
		rows[i] = &c.d.Dataservice
	}
	if err := insertAll(ctx, tx, rows); err != nil {
		return err
	}
	for _, c := range changed {
		if err := db.UpdateChanged(ctx, tx.Tx, &c.before.Dataservice, &c.d.Dataservice); err != nil {
			return err
		}
	}
	written := slices.Concat(created, changed)
	if err := b.saveBeside(ctx, tx, written); err != nil {
		return err
	}
	if err := b.record(ctx, tx, v, written); err != nil {
		return err
	}
	if err := b.count(ctx, tx, v, written); err != nil {
		return err
	}
	for _, c := range b.changes {
		if c.result.Err == nil && len(seen) > 0 {
			return b.store.TouchHarvested(ctx, tx, seen, c.d.Harvest.LastUpdate)
		}
	}
	return nil
}

func (b *serviceBatch) saveBeside(ctx context.Context, tx *event.Tx, written []*serviceChange) error {
	var rows besideRows
	links := linkRows{relation: dataserviceDatasets}
	for _, c := range written {
		was, is := c.before.besides(), c.d.besides()
		rows.lists.add(c.created, KindDataservice, c.d.ID, &c.d.Attributes, attributeSet{
			tags: !slices.Equal(was.tags, is.tags), contacts: !slices.Equal(was.contacts, is.contacts),
		})
		if string(was.extras) != string(is.extras) {
			rows.extras.add(c.created, KindDataservice, c.d.ID, is.extras)
		}
		if c.d.Harvest != nil {
			rows.harvests.add(c.before.Harvest == nil, KindDataservice, c.d.ID, c.d.Harvest)
		}
		if !slices.Equal(c.before.datasets, c.d.datasets) {
			links.add(c.created, c.d.ID, c.d.datasets)
		}
	}
	if err := rows.write(ctx, tx); err != nil {
		return err
	}
	return links.write(ctx, tx)
}

func (b *serviceBatch) record(ctx context.Context, tx *event.Tx, v account.Viewer, written []*serviceChange) error {
	var told harvestRecord
	for _, c := range written {
		change := account.Change{
			What: "updated", Kind: KindDataservice, ID: c.d.ID, Owner: c.d.OwnedBy().Ref(), Version: c.d.Version,
			Before: !c.created && c.before.public(), After: c.d.public(), Difference: c.result.Difference,
		}
		switch {
		case c.created:
			change.What = "created"
		case c.before.DeletedAt.IsZero() && !c.d.DeletedAt.IsZero():
			change.What = "deleted"
		}
		told.add(v, change)
	}
	return told.write(ctx, tx)
}

// count brings the counters of owners and datasets in step: those that move alike
// together.
func (b *serviceBatch) count(ctx context.Context, tx *event.Tx, v account.Viewer, written []*serviceChange) error {
	by := map[string]map[string]int{} // kind, object
	add := func(counted counts, step int) {
		for kind, ids := range counted {
			if by[kind] == nil {
				by[kind] = map[string]int{}
			}
			for _, id := range ids {
				by[kind][id] += step
			}
		}
	}
	for _, c := range written {
		if !c.created {
			add(c.before.counts(), -1)
		}
		add(c.d.counts(), 1)
	}
	for _, kind := range countedKinds {
		steps := map[int][]string{}
		for id, step := range by[kind] {
			if step != 0 {
				steps[step] = append(steps[step], id)
			}
		}
		for _, step := range slices.Sorted(maps.Keys(steps)) {
			if err := b.store.shift(ctx, tx, v, kind, "dataservices", slices.Sorted(slices.Values(steps[step])), step); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *serviceBatch) results() []HarvestResult {
	results := make([]HarvestResult, len(b.changes))
	for i, c := range b.changes {
		results[i] = c.result
	}
	return results
}

// vanishServices is VanishHarvested for dataservices.
func (s *Store) vanishServices(ctx context.Context, tx *event.Tx, v account.Viewer, ids []string, how, reason string) ([]HarvestResult, error) {
	if err := lock(ctx, tx.Tx, "dataservices", ids...); err != nil {
		return nil, err
	}
	there, err := loadServices(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	b := &serviceBatch{store: s, now: db.Now()}
	for _, id := range ids {
		d := there[id]
		if d == nil || !d.DeletedAt.IsZero() || how != VanishDelete && !d.ArchivedAt.IsZero() {
			continue
		}
		c := &serviceChange{before: *d, d: *d}
		if how == VanishDelete {
			c.d.DeletedAt = b.now
		} else {
			c.d.ArchivedAt, c.d.Harvest = b.now, archivedHarvest(d.Harvest, b.now, reason)
		}
		c.d.Version++
		c.d.ModifiedAt = b.now
		c.d.computeVisible()
		difference := differenceOf(c.before.written(), c.d.written())
		harvestDifference(difference, c.before.Harvest, originOf(c.d.Harvest))
		c.result = HarvestResult{ID: id, Slug: d.Slug, Title: d.Title, Version: c.d.Version, Changed: true, Difference: difference}
		b.changes = append(b.changes, c)
	}
	return b.results(), b.save(ctx, tx, v)
}

// originOf is a harvest, an empty one when there is none.
func originOf(h *Harvest) *Harvest {
	if h == nil {
		return &Harvest{}
	}
	return h
}
