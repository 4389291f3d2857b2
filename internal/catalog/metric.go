package catalog

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// MonthsCounted is how many months the counters by month show, the present one
// included.
const MonthsCounted = 13

// Months are the names, YYYY-MM, of the months that counters by month show at a
// moment, oldest first.
func Months(now time.Time) []string {
	first := firstMonth(now)
	names := make([]string, MonthsCounted)
	for i := range names {
		names[i] = first.AddDate(0, i, 0).Format("2006-01")
	}
	return names
}

func firstMonth(now time.Time) time.Time {
	now = now.UTC()
	return time.Date(now.Year(), now.Month()-MonthsCounted+1, 1, 0, 0, 0, 0, time.UTC)
}

// MonthCounts maps months, YYYY-MM, to numbers.
type MonthCounts map[string]int64

// SiteMetrics are the counters of a whole catalogue: what the public finds.
type SiteMetrics struct {
	MaxDatasetFollowers, MaxDatasetReuses           int64
	MaxReuseDatasets, MaxReuseFollowers             int64
	MaxOrgFollowers, MaxOrgReuses, MaxOrgDatasets   int64
	Datasets, Resources, Reuses, Dataservices       int64
	Organizations, PublicServices, Users, Followers int64
	// Harvesters are the sources that are not deleted.
	Harvesters int64

	DatasetsByMonths, ReusesByMonths     MonthCounts
	OrganizationsByMonths, UsersByMonths MonthCounts
	HarvestersByMonths                   MonthCounts
}

const siteTotalsQuery = `SELECT
	(SELECT COALESCE(max(followers), 0) FROM datasets WHERE visible = TRUE) AS max_dataset_followers,
	(SELECT COALESCE(max(reuses), 0) FROM datasets WHERE visible = TRUE) AS max_dataset_reuses,
	(SELECT COALESCE(max(datasets), 0) FROM reuses WHERE visible = TRUE) AS max_reuse_datasets,
	(SELECT COALESCE(max(followers), 0) FROM reuses WHERE visible = TRUE) AS max_reuse_followers,
	(SELECT COALESCE(max(followers), 0) FROM organizations WHERE deleted_at IS NULL) AS max_org_followers,
	(SELECT COALESCE(max(reuses), 0) FROM organizations WHERE deleted_at IS NULL) AS max_org_reuses,
	(SELECT COALESCE(max(datasets), 0) FROM organizations WHERE deleted_at IS NULL) AS max_org_datasets,
	(SELECT count(*) FROM datasets WHERE visible = TRUE) AS datasets,
	(SELECT COALESCE(sum(resources), 0) FROM datasets WHERE visible = TRUE) AS resources,
	(SELECT count(*) FROM reuses WHERE visible = TRUE) AS reuses,
	(SELECT count(*) FROM dataservices WHERE visible = TRUE) AS dataservices,
	(SELECT count(*) FROM organizations WHERE deleted_at IS NULL) AS organizations,
	(SELECT count(*) FROM badges b JOIN organizations o ON o.id = b.object_id
		WHERE b.badge = 'public-service' AND b.kind = 'organization' AND o.deleted_at IS NULL) AS public_services,
	(SELECT count(*) FROM users WHERE confirmed_at IS NOT NULL AND deleted_at IS NULL) AS users,
	(SELECT count(*) FROM harvest_sources WHERE deleted_at IS NULL) AS harvesters,
	(SELECT count(*) FROM follows WHERE until IS NULL) AS followers`

// countedByMonth are the tables whose rows a site counts by the month of their
// creation.
var countedByMonth = []struct{ name, table, created, where string }{
	{"datasets", "datasets", "created_internal", "visible = TRUE"},
	{"reuses", "reuses", "created_at", "visible = TRUE"},
	{"organizations", "organizations", "created_at", "deleted_at IS NULL"},
	{"users", "users", "created_at", "confirmed_at IS NOT NULL AND deleted_at IS NULL"},
	{"harvesters", "harvest_sources", "created_at", "deleted_at IS NULL"},
}

// ComputeSiteMetrics counts the whole catalogue from its rows.
func (s *Store) ComputeSiteMetrics(ctx context.Context, now time.Time) (SiteMetrics, error) {
	var metrics SiteMetrics
	err := s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		if err := siteTotals(ctx, read, &metrics); err != nil {
			return err
		}
		byMonth, err := siteMonths(ctx, read, now)
		metrics.DatasetsByMonths, metrics.ReusesByMonths = byMonth["datasets"], byMonth["reuses"]
		metrics.OrganizationsByMonths, metrics.UsersByMonths = byMonth["organizations"], byMonth["users"]
		metrics.HarvestersByMonths = byMonth["harvesters"]
		return err
	})
	return metrics, err
}

func siteTotals(ctx context.Context, read bun.IDB, m *SiteMetrics) error {
	return read.NewRaw(siteTotalsQuery).Scan(ctx, &m.MaxDatasetFollowers, &m.MaxDatasetReuses, &m.MaxReuseDatasets,
		&m.MaxReuseFollowers, &m.MaxOrgFollowers, &m.MaxOrgReuses, &m.MaxOrgDatasets, &m.Datasets, &m.Resources, &m.Reuses,
		&m.Dataservices, &m.Organizations, &m.PublicServices, &m.Users, &m.Harvesters, &m.Followers)
}

// siteMonths counts the rows created in each month, in one query.
func siteMonths(ctx context.Context, read bun.IDB, now time.Time) (map[string]MonthCounts, error) {
	names, first := Months(now), firstMonth(now)
	counts := make(map[string]MonthCounts, len(countedByMonth))
	var query strings.Builder
	var args []any
	for _, c := range countedByMonth {
		counts[c.name] = make(MonthCounts, len(names))
		for i, month := range names {
			if len(args) > 0 {
				query.WriteString(" UNION ALL ")
			}
			query.WriteString("SELECT ? AS name, ? AS month, count(*) AS created FROM " + c.table +
				" WHERE " + c.where + " AND " + c.created + " >= ? AND " + c.created + " < ?")
			args = append(args, c.name, month, first.AddDate(0, i, 0).UnixMicro(), first.AddDate(0, i+1, 0).UnixMicro())
		}
	}
	var rows []struct {
		Name, Month string
		Created     int64
	}
	err := read.NewRaw(query.String(), args...).Scan(ctx, &rows)
	for _, row := range rows {
		counts[row.Name][row.Month] = row.Created
	}
	return counts, err
}

// SiteMetrics returns what ComputeSiteMetrics counted some seconds ago at most,
// longer where counting takes long.
func (s *Store) SiteMetrics(ctx context.Context) (SiteMetrics, error) {
	return s.metrics.get(ctx, func(ctx context.Context) (SiteMetrics, error) {
		return s.ComputeSiteMetrics(ctx, time.Now())
	})
}

// Counted returns the months of the metric of this name that the site was given
// (visits, downloads), with 0 for those nobody counted.
func (site *Site) Counted(metric string, now time.Time) (MonthCounts, error) {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(site.Metrics, &given); err != nil {
		return nil, err
	}
	stored := MonthCounts{}
	if len(given[metric]) > 0 {
		if err := json.Unmarshal(given[metric], &stored); err != nil {
			return nil, err
		}
	}
	counts := make(MonthCounts, MonthsCounted)
	for _, month := range Months(now) {
		counts[month] = stored[month]
	}
	return counts, nil
}
