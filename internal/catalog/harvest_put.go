package catalog

import (
	"cmp"
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/text"
)

// PutHarvested writes harvested datasets, MaxHarvested at most, with their
// resources, contact points, versions, history, events and counters. The queries
// do not grow with the number of datasets, but for the changes themselves. The
// results come in the order of the batch; a record that cannot be taken has its
// Err, and nothing of it is written. The error is of the write as a whole.
func (s *Store) PutHarvested(ctx context.Context, tx *event.Tx, v account.Viewer, batch []HarvestedDataset) ([]HarvestResult, error) {
	if err := fewHarvested(len(batch)); err != nil {
		return nil, err
	}
	if err := lock(ctx, tx.Tx, "datasets", harvestedIDs(batch)...); err != nil {
		return nil, err
	}
	h := newHarvestBatch(s, batch)
	if err := h.load(ctx, tx); err != nil {
		return nil, err
	}
	if err := h.name(ctx, tx); err != nil { // before owners are locked, as other writes do
		return nil, err
	}
	if err := h.contacts.insert(ctx, tx, v); err != nil {
		return nil, err
	}
	h.judge()
	if err := h.save(ctx, tx, v); err != nil {
		return nil, err
	}
	return h.results(), nil
}

// CompareHarvested tells what PutHarvested would do, and gives the datasets as
// they would be, complete with resources, in the order of the batch; those that
// cannot be taken are empty. It writes nothing: contact points that would be made
// are left out.
func (s *Store) CompareHarvested(ctx context.Context, batch []HarvestedDataset) ([]HarvestResult, []Dataset, error) {
	if err := fewHarvested(len(batch)); err != nil {
		return nil, nil, err
	}
	h := newHarvestBatch(s, batch)
	datasets := make([]Dataset, len(batch))
	err := s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		if err := h.load(ctx, read); err != nil {
			return err
		}
		h.judge()
		var owned []account.Owner
		for i, c := range h.changes {
			if c.result.Err != nil {
				continue
			}
			datasets[i] = c.d
			datasets[i].Resources = c.merge.rows
			owned = append(owned, c.d.OwnedBy())
		}
		from, err := loadOwners(ctx, read, owned)
		if err != nil {
			return err
		}
		for i := range datasets {
			datasets[i].attach(from)
		}
		return attachContacts(ctx, read, datasets)
	})
	if err != nil {
		return nil, nil, err
	}
	return h.results(), datasets, nil
}

func fewHarvested(count int) error {
	if count > MaxHarvested {
		return fmt.Errorf("catalog: %d harvested objects are too many for one batch", count)
	}
	return nil
}

func harvestedIDs(batch []HarvestedDataset) []string {
	var ids []string
	for i := range batch {
		if batch[i].ID != "" {
			ids = append(ids, batch[i].ID)
		}
	}
	return ids
}

// harvestBatch are harvested datasets on their way, with what is known of the
// catalogue around them.
type harvestBatch struct {
	store    *Store
	now      db.Time
	licenses map[string]bool
	contacts contactBook
	changes  []*harvestChange
}

// harvestChange is one dataset of a batch: before is what there is of it, d what
// becomes of it.
type harvestChange struct {
	in *HarvestedDataset
	// reachable judges addresses, as that of refusals does.
	reachable func(address string) error
	created   bool
	before    Dataset
	d         Dataset
	merge     resourceMerge
	result    HarvestResult
}

func newHarvestBatch(s *Store, batch []HarvestedDataset) *harvestBatch {
	h := &harvestBatch{store: s, now: db.Now(), changes: make([]*harvestChange, len(batch))}
	for i := range batch {
		h.changes[i] = &harvestChange{in: &batch[i], reachable: s.deps.CheckURL}
	}
	return h
}

// load reads what there is of the datasets, and what they name.
func (h *harvestBatch) load(ctx context.Context, read bun.IDB) error {
	var ids []string
	for _, c := range h.changes {
		if c.in.ID != "" {
			ids = append(ids, c.in.ID)
		}
	}
	there := make(map[string]*Dataset, len(ids))
	if len(ids) > 0 {
		rows, err := loadDatasets(ctx, read, ids)
		if err != nil {
			return err
		}
		for i := range rows {
			there[rows[i].ID] = &rows[i]
		}
	}
	for _, c := range h.changes {
		c.begin(there[c.in.ID], h.now)
		if c.in.ID != "" {
			there[c.in.ID] = nil // a second record of it is refused
		}
	}
	var err error
	if h.licenses, err = licenseIDs(ctx, read); err != nil {
		return err
	}
	for _, c := range h.changes {
		if c.result.Err == nil {
			c.result.Logs = append(c.result.Logs, h.contacts.want(c.d.OwnedBy(), c.in.Contacts)...)
		}
	}
	return h.contacts.load(ctx, read)
}

func licenseIDs(ctx context.Context, read bun.IDB) (map[string]bool, error) {
	var ids []string
	err := read.NewRaw("SELECT id FROM licenses").Scan(ctx, &ids)
	known := make(map[string]bool, len(ids))
	for _, id := range ids {
		known[id] = true
	}
	return known, err
}

// begin takes the dataset that is there, or makes a new one.
func (c *harvestChange) begin(there *Dataset, now db.Time) {
	if c.in.ID != "" {
		if there == nil {
			c.result.Err = fault.New(fault.NotFound, missing[KindDataset])
			return
		}
		c.before, c.d = *there, *there
		return
	}
	c.created = true
	c.d = Dataset{
		ID: db.NewID(), Version: 0, AccessType: "open", AllAvailable: true,
		CreatedInternal: now, ModifiedInternal: now, CreatedAt: now, ModifiedAt: now, LastUpdate: now,
	}
	c.d.OrganizationID, c.d.OwnerID = optional(c.in.Owner.Organization), optional(c.in.Owner.User)
	if c.d.OrganizationID != nil {
		c.d.OwnerID = nil
	}
}

// judge works out what becomes of each dataset.
func (h *harvestBatch) judge() {
	for _, c := range h.changes {
		if c.result.Err != nil {
			continue
		}
		c.apply(h)
		if c.result.Err != nil {
			continue
		}
		c.keep()
		c.settle(h)
	}
}

// settle works out what follows from the fields, and what differs from before.
func (c *harvestChange) settle(h *harvestBatch) {
	d := &c.d
	if d.AccessType != "open" {
		d.License = nil
	}
	d.ContactCount = int64(len(d.Contacts))
	d.TitleFold, d.DescriptionLength = text.Fold(d.Title), int64(len([]rune(d.Description)))
	d.ArchivedAt = db.Time{}
	d.computeVisible()
	d.Harvest = c.origin(h.now)
	c.merge.run(c, h.now)
	difference := datasetDifference(&c.before, d)
	schema := func(d *Dataset) [3]string {
		return [3]string{shown(d.SchemaName, ""), shown(d.SchemaVersion, ""), shown(d.SchemaURL, "")}
	}
	if was, is := schema(&c.before), schema(d); was != is {
		difference["schema"] = [2]any{was, is}
	}
	harvestDifference(difference, c.before.Harvest, d.Harvest)
	for name, values := range c.merge.difference {
		difference[name] = values
	}
	r := &c.result
	r.ID, r.Slug, r.Title, r.Created = d.ID, d.Slug, d.Title, c.created
	if c.created && r.Slug == "" {
		r.Slug = slugBase(c.in.Slug, c.in.Input.Title)
	}
	r.Changed = !c.created && len(difference) > 0
	if r.Created || r.Changed {
		d.Version++
		c.date(h.now)
	}
	if r.Changed {
		r.Difference = difference
	}
	r.Version = d.Version
}

// slugBase is what the slug of a new object is made of.
func slugBase(wanted string, title Opt[string]) string {
	return cmp.Or(text.Slug(wanted), text.Slug(tidy(title.Value)))
}

// name gives new datasets slugs of their own.
func (h *harvestBatch) name(ctx context.Context, tx *event.Tx) error {
	var bases []string
	var named []*harvestChange
	for _, c := range h.changes {
		if c.created && tidy(c.in.Input.Title.Value) != "" {
			named = append(named, c)
			bases = append(bases, slugBase(c.in.Slug, c.in.Input.Title))
		}
	}
	slugs, err := account.FreeSlugs(ctx, tx.Tx, "datasets", KindDataset, bases)
	for i := range slugs {
		named[i].d.Slug = slugs[i]
	}
	return err
}

// origin is what the dataset's harvest says from now on.
func (c *harvestChange) origin(now db.Time) *Harvest {
	return harvestOf(c.in.Harvest, KindDataset, c.d.ID, now)
}

func harvestOf(told Harvest, kind, id string, now db.Time) *Harvest {
	told.ObjectID, told.Kind = id, kind
	told.Archived, told.ArchivedAt = nil, db.Time{}
	if told.LastUpdate.IsZero() {
		told.LastUpdate = now
	}
	return &told
}

// date gives a changed dataset its moments: what its origin says goes before what
// is known here.
func (c *harvestChange) date(now db.Time) {
	d := &c.d
	d.ModifiedInternal = now
	origin := originOf(d.Harvest)
	d.CreatedAt = firstMoment(origin.IssuedAt, origin.CreatedAt, d.CreatedInternal)
	d.ModifiedAt = firstMoment(origin.ModifiedAt, now)
	d.LastUpdate = firstMoment(origin.ModifiedAt, c.merge.newest(now), d.ModifiedAt)
}

func firstMoment(moments ...db.Time) db.Time {
	for _, moment := range moments {
		if !moment.IsZero() {
			return moment
		}
	}
	return db.Time{}
}

// results are what became of the batch, in its order.
func (h *harvestBatch) results() []HarvestResult {
	results := make([]HarvestResult, len(h.changes))
	for i, c := range h.changes {
		results[i] = c.result
	}
	return results
}
