package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
)

// DataserviceFormats are the formats of dataservices, as clients spell them.
var DataserviceFormats = []string{"REST", "WMS", "WSL"}

// Dataservice is an API that gives data.
type Dataservice struct {
	bun.BaseModel `bun:"table:dataservices,alias:ds"`

	ID      string `bun:"id,pk"`
	Version int64  `bun:"version"`
	Slug    string `bun:"slug"`
	Owned
	Title                     string  `bun:"title"`
	TitleFold                 string  `bun:"title_fold"`
	Acronym                   *string `bun:"acronym"`
	BaseAPIURL                *string `bun:"base_api_url"`
	MachineDocumentationURL   *string `bun:"machine_documentation_url"`
	TechnicalDocumentationURL *string `bun:"technical_documentation_url"`
	BusinessDocumentationURL  *string `bun:"business_documentation_url"`
	RateLimiting              *string `bun:"rate_limiting"`
	RateLimitingURL           *string `bun:"rate_limiting_url"`
	// Availability is the promised share of time, in percent.
	Availability             *float64 `bun:"availability"`
	AvailabilityURL          *string  `bun:"availability_url"`
	Format                   *string  `bun:"format"`
	License                  *string  `bun:"license"`
	AccessType               string   `bun:"access_type"`
	AccessAudiences          db.JSON  `bun:"access_audiences"`
	AuthorizationRequestURL  *string  `bun:"authorization_request_url"`
	AccessTypeReasonCategory *string  `bun:"access_type_reason_category"`
	AccessTypeReason         *string  `bun:"access_type_reason"`
	Private                  bool     `bun:"private"`
	Featured                 *bool    `bun:"featured"`
	// Visible is whether the public finds it: neither private nor deleted
	// nor archived.
	Visible    bool    `bun:"visible"`
	CreatedAt  db.Time `bun:"created_at"`
	ModifiedAt db.Time `bun:"modified_at"`
	ArchivedAt db.Time `bun:"archived_at"`
	DeletedAt  db.Time `bun:"deleted_at"`
	// DatasetCount counts the datasets it gives that are neither private nor
	// deleted.
	DatasetCount      int64   `bun:"datasets"`
	Discussions       int64   `bun:"discussions"`
	DiscussionsOpen   int64   `bun:"discussions_open"`
	Followers         int64   `bun:"followers"`
	Reuses            int64   `bun:"reuses"`
	Views             int64   `bun:"views"`
	FollowersByMonths db.JSON `bun:"followers_by_months"`
	Description       string  `bun:"description"`

	// Loaded besides the row.
	Attributes    `bun:"-"`
	Extras        db.JSON        `bun:"-"`
	Harvest       *Harvest       `bun:"-"`
	ContactPoints []ContactPoint `bun:"-"`
}

// DataserviceRef is what other objects show of a dataservice.
type DataserviceRef struct {
	ID    string
	Title string
	Slug  string
}

// computeVisible keeps Visible in step with the states it derives from.
func (d *Dataservice) computeVisible() {
	d.Visible = !d.Private && d.DeletedAt.IsZero() && d.ArchivedAt.IsZero()
}

// ResolveDataservice finds a dataservice by what an address says: identifier,
// slug, former slug.
func (s *Store) ResolveDataservice(ctx context.Context, key string) (*account.Resolved, error) {
	return s.resolve(ctx, "dataservices", KindDataservice, key)
}

// Dataservice returns one dataservice as the viewer may see it: not found when
// it is private, gone when it was deleted.
func (s *Store) Dataservice(ctx context.Context, v account.Viewer, id string) (*Dataservice, error) {
	dataservices, err := s.DataservicesByIDs(ctx, v, []string{id})
	return only(dataservices, err, func() error { return s.refusal(ctx, v, KindDataservice, id) })
}

// DataservicesByIDs returns dataservices in the order of their identifiers, in
// a constant number of queries. Those that the viewer may not read are left out.
func (s *Store) DataservicesByIDs(ctx context.Context, v account.Viewer, ids []string) ([]Dataservice, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	read := s.db.Read()
	dataservices, err := readableRows(ctx, read, ids, func(d *Dataservice) string { return d.ID }, func(d Dataservice) bool { return hidden(v, d.Private, d.DeletedAt, d.OwnedBy(), d.ID) })
	if err != nil {
		return nil, err
	}
	return dataservices, completeDataservices(ctx, read, dataservices)
}

// completeDataservices adds owners, tags, badges, contact points, extras and
// harvests.
func completeDataservices(ctx context.Context, read bun.IDB, dataservices []Dataservice) error {
	ids := make([]string, len(dataservices))
	owned := make([]account.Owner, len(dataservices))
	for i := range dataservices {
		ids[i], owned[i] = dataservices[i].ID, dataservices[i].OwnedBy()
	}
	lists, err := attributes(ctx, read, ids)
	if err != nil {
		return err
	}
	extras, err := extrasOf(ctx, read, ids)
	if err != nil {
		return err
	}
	harvests, err := harvestsOf(ctx, read, ids)
	if err != nil {
		return err
	}
	from, err := loadOwners(ctx, read, owned)
	if err != nil {
		return err
	}
	var contacts []string
	for i := range dataservices {
		d := &dataservices[i]
		d.attach(from)
		d.Attributes, d.Extras, d.Harvest = attributesOf(lists, d.ID), extras[d.ID], harvests[d.ID]
		contacts = append(contacts, d.Contacts...)
	}
	points, err := contactsByID(ctx, read, contacts)
	if err != nil {
		return err
	}
	for i := range dataservices {
		for _, id := range dataservices[i].Contacts {
			dataservices[i].ContactPoints = append(dataservices[i].ContactPoints, *points[id])
		}
	}
	return nil
}

// dataserviceRefs returns references of dataservices by identifier.
func dataserviceRefs(ctx context.Context, read bun.IDB, ids []string) (map[string]*DataserviceRef, error) {
	refs := make(map[string]*DataserviceRef, len(ids))
	if len(ids) == 0 {
		return refs, nil
	}
	var rows []DataserviceRef
	err := read.NewRaw("SELECT id, title, slug FROM dataservices WHERE id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	for i := range rows {
		refs[rows[i].ID] = &rows[i]
	}
	return refs, err
}

// DataserviceFilter narrows a list of dataservices; empty members do not.
type DataserviceFilter struct {
	Query string
	// Sort is followers, views, title, base_api_url, created or
	// last_modified, with "-" for descending. Empty: by relevance when there
	// is a query, else -created.
	Sort              string
	Tags              []string
	Featured          *bool
	AccessType        string
	Owner             string
	Organization      string
	OrganizationBadge string
	Dataset           string
	ContactPoint      string
	Topic             string
	Reuse             string
}

var dataserviceSorts = map[string]string{
	"followers": "ds.followers", "views": "ds.views", "title": "ds.title_fold", "base_api_url": "ds.base_api_url",
	"created": "ds.created_at", "last_modified": "ds.modified_at",
}

// DataserviceIDs returns the identifiers of a page of the dataservices that a
// list shows to the viewer, and their number.
func (s *Store) DataserviceIDs(ctx context.Context, v account.Viewer, f DataserviceFilter, p Page) ([]string, int, error) {
	l, err := s.dataserviceListing(ctx, v, f)
	if err != nil {
		return nil, 0, err
	}
	return l.page(ctx, s.db, p)
}

// EachDataserviceID calls fn with the identifiers of all the dataservices of a
// list, a batch at a time, in the order of their creation; for dumps.
func (s *Store) EachDataserviceID(ctx context.Context, v account.Viewer, f DataserviceFilter, batch int, fn func([]string) error) error {
	l, err := s.dataserviceListing(ctx, v, f)
	if err != nil {
		return err
	}
	return l.each(ctx, s.db, batch, fn)
}

func (s *Store) dataserviceListing(ctx context.Context, v account.Viewer, f DataserviceFilter) (*listing, error) {
	l := &listing{table: "dataservices", alias: "ds"}
	if f.Query == "" || f.Sort != "" {
		l.order = db.OrderBy(f.Sort, "-created", dataserviceSorts)
	}
	listed, args := v.Listed("ds", "ds.visible = TRUE")
	l.and(listed, args...)
	l.equal("access_type", f.AccessType)
	l.equal("owner_id", f.Owner)
	l.equal("organization_id", f.Organization)
	l.taggedWith(f.Tags, KindDataservice)
	l.badgedOwner(f.OrganizationBadge)
	l.among("SELECT dataservice_id FROM dataservice_datasets WHERE dataset_id = ?", f.Dataset)
	l.among("SELECT dataservice_id FROM reuse_dataservices WHERE reuse_id = ?", f.Reuse)
	l.among("SELECT object_id FROM object_contacts WHERE contact_id = ?", f.ContactPoint)
	l.among("SELECT element_id FROM topic_elements WHERE topic_id = ? AND element_kind = 'dataservice'", f.Topic)
	if f.Featured != nil {
		l.and("COALESCE(ds.featured, FALSE) = ?", *f.Featured)
	}
	return l, s.matching(ctx, l, KindDataservice, f.Query)
}
