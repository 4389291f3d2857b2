package harvest

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/text"
)

var errNoJob = fault.New(fault.NotFound, "Harvest job not found")

// Job returns a job. A preview is there for those who may preview its source.
func (s *Store) Job(ctx context.Context, v account.Viewer, id string) (*Job, error) {
	var jobs []Job
	if err := s.db.Read().NewSelect().Model(&jobs).Where("hj.id = ?", id).Scan(ctx); err != nil {
		return nil, err
	}
	if len(jobs) == 0 {
		return nil, errNoJob
	}
	if !jobs[0].Preview {
		return &jobs[0], nil
	}
	src, err := s.Source(ctx, jobs[0].SourceID)
	if err != nil {
		return nil, err
	}
	if !v.May(account.PreviewHarvest, src.OwnedBy(), src.ID) {
		return nil, errNoJob
	}
	return &jobs[0], nil
}

// Jobs returns a page of the jobs of a source, the newest first, and how many
// there are. Previews are left out, or are what is asked for.
func (s *Store) Jobs(ctx context.Context, source string, previews bool, p catalog.Page) (jobs []Job, total int, err error) {
	err = s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		query := read.NewSelect().Model(&jobs).Where("hj.source_id = ?", source).Where("hj.preview = ?", previews)
		count, err := query.Clone().Count(ctx)
		if err != nil {
			return err
		}
		total = int(count)
		return query.OrderExpr("hj.created_at DESC, hj.id DESC").Limit(int64(p.Limit)).Offset(int64(p.Offset)).Scan(ctx)
	})
	return jobs, total, err
}

// JobsByIDs returns jobs by their identifiers, in one query; for lists that show
// the last job of each source.
func (s *Store) JobsByIDs(ctx context.Context, ids []string) (map[string]*Job, error) {
	found := make(map[string]*Job, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	var jobs []Job
	err := s.db.Read().NewSelect().Model(&jobs).Where("hj.id IN (?)", bun.List(ids)).Scan(ctx)
	for i := range jobs {
		found[jobs[i].ID] = &jobs[i]
	}
	return found, err
}

// LatestPreview returns the newest whole preview of a source, nil when there is none.
func (s *Store) LatestPreview(ctx context.Context, source string) (*Job, error) {
	jobs, _, err := s.Jobs(ctx, source, true, catalog.Page{Limit: 1})
	if err != nil || len(jobs) == 0 {
		return nil, err
	}
	return &jobs[0], nil
}

// maxHistory bounds the jobs that a chart shows.
const maxHistory = 400

// History returns the last n jobs of a source that are no previews, the oldest of
// them first, for charts.
func (s *Store) History(ctx context.Context, source string, n int) ([]Job, error) {
	var jobs []Job
	err := s.db.Read().NewSelect().Model(&jobs).ExcludeColumn("errors").Where("hj.source_id = ?", source).Where("hj.preview = FALSE").
		OrderExpr("hj.created_at DESC, hj.id DESC").Limit(int64(min(n, maxHistory))).Scan(ctx)
	slices.Reverse(jobs)
	return jobs, err
}

// ItemFilter narrows a list of items; empty members do not.
type ItemFilter struct {
	Status  ItemStatus
	Outcome Outcome
	// Kind is dataset or dataservice.
	Kind string
	// Query are words of titles, or the beginning of an identifier or an address.
	Query string
}

func (f ItemFilter) narrow(q *bun.SelectQuery) *bun.SelectQuery {
	for column, value := range map[string]string{"status": string(f.Status), "outcome": string(f.Outcome), "kind": f.Kind} {
		if value != "" {
			q = q.Where("? = ?", bun.Ident("hi."+column), value)
		}
	}
	if words := strings.TrimSpace(f.Query); words != "" {
		like := "%" + db.LikeEscape(strings.ToLower(words)) + "%"
		q = q.Where("(lower(hi.title) LIKE ? ESCAPE '!' OR lower(hi.remote_id) LIKE ? ESCAPE '!' OR lower(hi.remote_url) LIKE ? ESCAPE '!')", like, like, like)
	}
	return q
}

// Items returns a page of the items of a job, in the order of the run, and how
// many there are.
func (s *Store) Items(ctx context.Context, job string, f ItemFilter, p catalog.Page) (items []Item, total int, err error) {
	err = s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		query := f.narrow(read.NewSelect().Model(&items).Where("hi.job_id = ?", job))
		count, err := query.Clone().Count(ctx)
		if err != nil {
			return err
		}
		total = int(count)
		return query.OrderExpr("hi.seq").Limit(int64(p.Limit)).Offset(int64(p.Offset)).Scan(ctx)
	})
	return items, total, err
}

// itemsAtOnce is how many items are read at a time by those who want all.
const itemsAtOnce = 500

// EachItem goes through the items of a job in the order of the run, in memory that does
// not grow with them.
func (s *Store) EachItem(ctx context.Context, job string, f ItemFilter, fn func(*Item) error) error {
	for after := int64(0); ; {
		var items []Item
		err := f.narrow(s.db.Read().NewSelect().Model(&items).Where("hi.job_id = ?", job).Where("hi.seq > ?", after)).
			OrderExpr("hi.seq").Limit(itemsAtOnce).Scan(ctx)
		if err != nil {
			return err
		}
		for i := range items {
			if err := fn(&items[i]); err != nil {
				return err
			}
		}
		if len(items) < itemsAtOnce {
			return nil
		}
		after = items[len(items)-1].Seq
	}
}

// Item returns one item of a job; NotFound when there is none.
func (s *Store) Item(ctx context.Context, job string, seq int64) (*Item, error) {
	var items []Item
	err := s.db.Read().NewSelect().Model(&items).Where("hi.job_id = ?", job).Where("hi.seq = ?", seq).Scan(ctx)
	if err == nil && len(items) == 0 {
		err = fault.New(fault.NotFound, "Harvest item not found")
	}
	if err != nil {
		return nil, err
	}
	return &items[0], nil
}

// OutcomeCounts tells how many items of a job came to each outcome.
func (s *Store) OutcomeCounts(ctx context.Context, job string) (map[Outcome]int, error) {
	var rows []struct {
		Outcome Outcome
		Count   int
	}
	err := s.db.Read().NewRaw("SELECT outcome, count(*) AS count FROM harvest_items WHERE job_id = ? GROUP BY outcome", job).Scan(ctx, &rows)
	counts := make(map[Outcome]int, len(rows))
	for _, row := range rows {
		counts[row.Outcome] = row.Count
	}
	return counts, err
}

// JobLog is a remark on a job.
type JobLog struct {
	bun.BaseModel `bun:"table:harvest_logs,alias:hl"`

	JobID   string  `bun:"job_id,pk"`
	Seq     int64   `bun:"seq,pk"`
	At      db.Time `bun:"at"`
	Level   string  `bun:"level"`
	Message string  `bun:"message"`
}

// JobLogs returns a page of the remarks on a job, in their order, and how many
// there are. level narrows them to one when it is not "".
func (s *Store) JobLogs(ctx context.Context, job, level string, p catalog.Page) (logs []JobLog, total int, err error) {
	err = s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		query := read.NewSelect().Model(&logs).Where("hl.job_id = ?", job)
		if level != "" {
			query = query.Where("hl.level = ?", level)
		}
		count, err := query.Clone().Count(ctx)
		if err != nil {
			return err
		}
		total = int(count)
		return query.OrderExpr("hl.seq").Limit(int64(p.Limit)).Offset(int64(p.Offset)).Scan(ctx)
	})
	return logs, total, err
}

// folded is a name as lists order and search it.
func folded(name string) string { return text.Fold(name) }
