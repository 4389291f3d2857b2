package catalog

import (
	"context"
	"regexp"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// DatasetFilter narrows a list of datasets; empty members do not.
type DatasetFilter struct {
	Query string
	// Sort is title, created, last_update, reuses, followers or views, with
	// "-" for descending. Empty: by relevance when there is a query, else
	// -created.
	Sort              string
	Tags              []string
	License           string
	Featured          *bool
	Geozone           string
	Granularity       string
	TemporalCoverage  string
	AccessType        string
	Organization      string
	OrganizationBadge string
	Badge             string
	Owner             string
	FollowedBy        string
	Format            string
	Schema            string
	SchemaVersion     string
	Topic             string
	Dataservice       string
	Reuse             string
	// Archived, Deleted and Private restrict within what the viewer may
	// see; they need somebody in particular.
	Archived, Deleted, Private *bool
}

var datasetSorts = map[string]string{
	"title": "d.title_fold", "created": "d.created_internal", "last_update": "d.last_update",
	"reuses": "d.reuses", "followers": "d.followers", "views": "d.views",
}

// DatasetIDs returns the identifiers of a page of the datasets that a list
// shows to the viewer, and their number.
func (s *Store) DatasetIDs(ctx context.Context, v account.Viewer, f DatasetFilter, p Page) ([]string, int, error) {
	l, err := s.datasetListing(ctx, v, f)
	if err != nil {
		return nil, 0, err
	}
	return l.page(ctx, s.db, p)
}

// EachDatasetID calls fn with the identifiers of all the datasets of a list, a
// batch at a time, in the order of their creation here; for dumps.
func (s *Store) EachDatasetID(ctx context.Context, v account.Viewer, f DatasetFilter, batch int, fn func([]string) error) error {
	l, err := s.datasetListing(ctx, v, f)
	if err != nil {
		return err
	}
	return l.each(ctx, s.db, batch, fn)
}

// each walks a listing by identifier, a batch at a time.
func (l *listing) each(ctx context.Context, d *db.DB, batch int, fn func([]string) error) error {
	last := ""
	for {
		var ids []string
		err := l.query(d.Read()).ColumnExpr(l.alias+".id").Where(l.alias+".id > ?", last).
			OrderExpr(l.alias+".id").Limit(int64(batch)).Scan(ctx, &ids)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			if err := fn(ids); err != nil {
				return err
			}
			last = ids[len(ids)-1]
		}
		if len(ids) < batch {
			return nil
		}
	}
}

func (s *Store) datasetListing(ctx context.Context, v account.Viewer, f DatasetFilter) (*listing, error) {
	l := &listing{table: "datasets", alias: "d"}
	if f.Query == "" || f.Sort != "" {
		l.order = db.OrderBy(f.Sort, "-created", datasetSorts)
	}
	listed, args := v.Listed("d", "d.visible = TRUE")
	l.and(listed, args...)
	if err := s.matching(ctx, l, KindDataset, f.Query); err != nil {
		return nil, err
	}
	if err := f.states(l, v); err != nil {
		return nil, err
	}
	f.columns(l)
	f.relations(l)
	return l, f.temporal(l)
}

func (f *DatasetFilter) states(l *listing, v account.Viewer) error {
	if f.Archived == nil && f.Deleted == nil && f.Private == nil {
		return nil
	}
	if v.Anonymous() {
		return fault.New(fault.Unauthorized, "Log in to filter by archived, deleted or private.")
	}
	is := func(set *bool, yes, no string) {
		switch {
		case set == nil:
		case *set:
			l.and(yes)
		default:
			l.and(no)
		}
	}
	is(f.Archived, "d.archived_at IS NOT NULL", "d.archived_at IS NULL")
	is(f.Deleted, "d.deleted_at IS NOT NULL", "d.deleted_at IS NULL")
	is(f.Private, "d.private = TRUE", "d.private = FALSE")
	return nil
}

func (f *DatasetFilter) columns(l *listing) {
	equal := func(column, value string) {
		if value != "" {
			l.and(column+" = ?", value)
		}
	}
	equal("d.license", f.License)
	equal("d.granularity", f.Granularity)
	equal("d.access_type", f.AccessType)
	equal("d.organization_id", f.Organization)
	equal("d.owner_id", f.Owner)
	if f.Featured != nil {
		l.and("d.featured = ?", *f.Featured)
	}
}

func (f *DatasetFilter) relations(l *listing) {
	exists := func(value, sql string) {
		if value != "" {
			l.and("d.id IN ("+sql+")", value)
		}
	}
	l.taggedWith(f.Tags, KindDataset)
	exists(f.Geozone, "SELECT object_id FROM object_zones WHERE zone = ? AND kind = 'dataset'")
	exists(f.Badge, "SELECT object_id FROM badges WHERE badge = ? AND kind = 'dataset'")
	exists(f.Format, "SELECT dataset_id FROM formats WHERE format = ?")
	exists(f.FollowedBy, "SELECT object_id FROM follows WHERE follower_id = ? AND object_kind = 'dataset' AND until IS NULL")
	exists(f.Reuse, "SELECT dataset_id FROM reuse_datasets WHERE reuse_id = ?")
	exists(f.Dataservice, "SELECT dataset_id FROM dataservice_datasets WHERE dataservice_id = ?")
	exists(f.Topic, "SELECT element_id FROM topic_elements WHERE topic_id = ? AND element_kind = 'dataset'")
	if f.OrganizationBadge != "" {
		l.and("d.organization_id IN (SELECT object_id FROM badges WHERE badge = ? AND kind = 'organization')", f.OrganizationBadge)
	}
	switch {
	case f.Schema != "" && f.SchemaVersion != "":
		l.and("d.id IN (SELECT dataset_id FROM resources WHERE schema_name = ? AND schema_version = ? AND community = FALSE)", f.Schema, f.SchemaVersion)
	case f.Schema != "":
		l.and("d.id IN (SELECT dataset_id FROM resources WHERE schema_name = ? AND community = FALSE)", f.Schema)
	case f.SchemaVersion != "":
		l.and("d.id IN (SELECT dataset_id FROM resources WHERE schema_version = ? AND community = FALSE)", f.SchemaVersion)
	}
}

var dayRange = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})-(\d{4}-\d{2}-\d{2})$`)

// DayRange reads "YYYY-MM-DD-YYYY-MM-DD".
func DayRange(text string) (first, last string, ok bool) {
	days := dayRange.FindStringSubmatch(text)
	if days == nil {
		return "", "", false
	}
	return days[1], days[2], true
}

// temporal keeps datasets whose coverage starts within a range of days.
func (f *DatasetFilter) temporal(l *listing) error {
	if f.TemporalCoverage == "" {
		return nil
	}
	first, last, ok := DayRange(f.TemporalCoverage)
	if !ok {
		return fault.At("The temporal coverage must be two days: YYYY-MM-DD-YYYY-MM-DD.", "temporal_coverage")
	}
	l.and("d.temporal_start >= ? AND d.temporal_start <= ?", first, last)
	return nil
}
