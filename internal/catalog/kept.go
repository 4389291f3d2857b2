package catalog

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
)

// The states by which those who keep datasets look for them.
const (
	KeptPublic      = "public"
	KeptDraft       = "draft"
	KeptScheduled   = "scheduled"
	KeptArchived    = "archived"
	KeptDeleted     = "deleted"
	KeptLate        = "late"
	KeptUnavailable = "unavailable"
)

// KeptStates are those states, in the order in which people meet them.
var KeptStates = []string{KeptPublic, KeptDraft, KeptScheduled, KeptArchived, KeptLate, KeptUnavailable, KeptDeleted}

// KeptFilter narrows the list of the datasets of an owner; empty members do not.
type KeptFilter struct {
	// Owner is whose datasets are listed; nobody's for those of the whole
	// platform.
	Owner account.Owner
	// Title is a text that the title holds, whatever its capitals and accents.
	Title string
	// State is one of KeptStates; empty for all that are not deleted.
	State string
	// Sort is title, created, last_update, views, followers or downloads, with "-"
	// for descending; anything else is -created.
	Sort string
}

var keptSorts = map[string]string{
	"title": "d.title_fold", "created": "d.created_internal", "last_update": "d.last_update", "views": "d.views", "followers": "d.followers",
	"downloads": "COALESCE(d.downloads, 0)",
}

// KeptDatasets returns the identifiers of a page of the datasets of an owner, and
// their number: in any state to who may read what is hidden, else public ones
// alone.
func (s *Store) KeptDatasets(ctx context.Context, v account.Viewer, f KeptFilter, p Page) ([]string, int, error) {
	l := listing{table: "datasets", alias: "d", order: db.OrderBy(f.Sort, "-created", keptSorts)}
	switch {
	case f.Owner.Organization != "":
		l.and("d.organization_id = ?", f.Owner.Organization)
	case f.Owner.User != "":
		l.and("d.owner_id = ?", f.Owner.User)
	}
	if !v.May(account.ReadHidden, f.Owner, "") {
		l.and("d.visible = TRUE")
	}
	f.states(&l, time.Now())
	everybodys := f.Owner == (account.Owner{}) && v.May(account.ReadHidden, f.Owner, "")
	switch {
	case everybodys && f.Title != "" && f.State != KeptDeleted:
		return s.everybodysTitled(ctx, &l, f, p)
	case f.Title != "":
		l.and("d.title_fold LIKE ? ESCAPE '!'", contains(f.Title))
		return l.pageAtOnce(ctx, s.db, p)
	case everybodys && f.State == "":
		return l.everybodys(ctx, s.db, p)
	case everybodys && f.State == KeptLate:
		return l.everybodysLate(ctx, s.db, time.Now(), p)
	}
	return l.page(ctx, s.db, p)
}

// everybodysTitled is page for the datasets of a whole site, none deleted, whose
// title holds the text of the filter.
func (s *Store) everybodysTitled(ctx context.Context, l *listing, f KeptFilter, p Page) ([]string, int, error) {
	found, held, err := s.titles.holding(ctx, s.db, s.log, f.Title)
	if err != nil {
		return nil, 0, err
	}
	by := f.Sort
	if _, known := keptSorts[strings.TrimPrefix(by, "-")]; !known {
		by = "-created"
	}
	switch {
	case len(found) == 0 && held:
		return nil, 0, nil
	case held && f.State == "" && titledOrders[by] != nil:
		return titledPage(found, by, p), len(found), nil
	case held && len(found) <= titlesNamed:
		ids := make([]string, len(found))
		for i, row := range found {
			ids[i] = row.ID
		}
		l.and("d.id IN (?)", bun.List(ids))
	default:
		l.and("d.title_fold LIKE ? ESCAPE '!'", contains(f.Title))
	}
	return l.pageAtOnce(ctx, s.db, p)
}

// pageAtOnce is page where what is listed is found by looking at each row: it is
// counted on the way, unless the page is beyond the end.
func (l *listing) pageAtOnce(ctx context.Context, d *db.DB, p Page) ([]string, int, error) {
	var rows []struct {
		ID    string
		Total int
	}
	err := l.query(d.Read()).ColumnExpr(l.alias+".id, count(*) OVER () AS total").OrderExpr(l.order+", "+l.alias+".id DESC").
		Limit(int64(p.Limit)).Offset(int64(p.Offset)).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		if err != nil || p.Offset == 0 && p.Limit > 0 {
			return nil, 0, err
		}
		return l.page(ctx, d, p)
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	return ids, rows[0].Total, nil
}

// everybodys is page for the list of all datasets that are not deleted. Their
// number is that of all without the deleted ones, which databases count by the
// least of their indexes.
func (l *listing) everybodys(ctx context.Context, d *db.DB, p Page) (ids []string, total int, err error) {
	err = d.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		err := read.NewRaw("SELECT (SELECT count(*) FROM datasets) - (SELECT count(*) FROM datasets WHERE deleted_at IS NOT NULL)").Scan(ctx, &total)
		if err != nil {
			return err
		}
		if strings.HasPrefix(l.order, keptSorts["created"]) {
			return l.query(read).ColumnExpr("d.id").OrderExpr(l.order+", d.id DESC").Limit(int64(p.Limit)).Offset(int64(p.Offset)).Scan(ctx, &ids)
		}
		return l.merged(read, p).Scan(ctx, &ids)
	})
	return ids, total, err
}

// everybodysLate is page for the list of all datasets that are late. Each delay is
// a range of an index, which is counted and read without the others.
func (l *listing) everybodysLate(ctx context.Context, d *db.DB, now time.Time, p Page) (ids []string, total int, err error) {
	var parts []string
	var args []any
	for _, one := range lateConditions(now) {
		parts = append(parts, "SELECT d.id, d.created_internal FROM datasets d WHERE "+attended+" AND "+one.sql)
		args = append(args, one.args...)
	}
	late := bun.SafeQuery(strings.Join(parts, " UNION ALL "), args...)
	err = d.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		if err := read.NewRaw("SELECT count(*) FROM (?) AS d", late).Scan(ctx, &total); err != nil {
			return err
		}
		page := l.query(read)
		if strings.HasPrefix(l.order, keptSorts["created"]) {
			page = read.NewSelect().TableExpr("(?) AS d", late)
		}
		return page.ColumnExpr("d.id").OrderExpr(l.order+", d.id DESC").Limit(int64(p.Limit)).Offset(int64(p.Offset)).Scan(ctx, &ids)
	})
	return ids, total, err
}

// merged asks for a page of all datasets: the indexes by which they are put in
// order hold apart what is visible and what is not, so that the beginnings of both
// are merged.
func (l *listing) merged(read bun.IDB, p Page) *bun.RawQuery {
	key, descending := strings.CutSuffix(l.order, " DESC NULLS LAST")
	direction := "DESC"
	if !descending {
		key, direction = strings.TrimSuffix(l.order, " ASC NULLS LAST"), "ASC"
	}
	beginning := func(visible bool) *bun.SelectQuery {
		return l.query(read).ColumnExpr("d.id, "+key+" AS place").Where("d.visible = ?", visible).
			OrderExpr(l.order + ", d.id DESC").Limit(int64(p.Offset + p.Limit))
	}
	return read.NewRaw("SELECT id FROM (SELECT * FROM (?) AS seen UNION ALL SELECT * FROM (?) AS others) AS merged ORDER BY place "+direction+" NULLS LAST, id DESC LIMIT ? OFFSET ?",
		beginning(true), beginning(false), p.Limit, p.Offset)
}

// states restricts a listing to the datasets in the state of the filter.
func (f *KeptFilter) states(l *listing, now time.Time) {
	switch f.State {
	case KeptDeleted:
		l.and("d.deleted_at IS NOT NULL")
		return
	case KeptPublic:
		l.and("d.visible = TRUE") // none of those is deleted
		return
	}
	l.and("d.deleted_at IS NULL")
	switch f.State {
	case KeptDraft:
		l.and("d.private = TRUE AND d.publish_at IS NULL")
	case KeptScheduled:
		l.and("d.private = TRUE AND d.publish_at IS NOT NULL")
	case KeptArchived:
		l.and("d.archived_at IS NOT NULL")
	case KeptUnavailable:
		l.and(attended + " AND " + unavailable)
	case KeptLate:
		late, args := lateCondition(now)
		l.and(attended+" AND "+late, args...)
	}
}

// SchedulesOf returns when private datasets are to be published; those without a
// moment are left out. Who asks has read the datasets and may change them.
func (s *Store) SchedulesOf(ctx context.Context, ids []string) (map[string]db.Time, error) {
	moments := make(map[string]db.Time)
	if len(ids) == 0 {
		return moments, nil
	}
	var rows []struct {
		ID        string
		PublishAt db.Time
	}
	err := s.db.Read().NewRaw("SELECT id, publish_at FROM datasets WHERE id IN (?) AND publish_at IS NOT NULL", bun.List(ids)).Scan(ctx, &rows)
	for _, row := range rows {
		moments[row.ID] = row.PublishAt
	}
	return moments, err
}

// ResourceOrder returns the identifiers of a dataset's resources in their order,
// to who may read the dataset.
func (s *Store) ResourceOrder(ctx context.Context, v account.Viewer, dataset string) ([]string, error) {
	if err := s.Readable(ctx, v, KindDataset, dataset); err != nil {
		return nil, err
	}
	var ids []string
	err := s.db.Read().NewRaw("SELECT id FROM resources WHERE dataset_id = ? AND community = FALSE ORDER BY rank, id", dataset).Scan(ctx, &ids)
	return ids, err
}
