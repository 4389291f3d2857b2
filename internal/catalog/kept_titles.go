package catalog

import (
	"context"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/text"
)

const (
	// titlesMost bounds the titles that are held, some 130 bytes each.
	titlesMost = 1_000_000
	// titlesApart bounds the datasets that changed since all titles were read: they
	// are held apart, until so many are that all titles are read again.
	titlesApart = 2_000
	// titlesNamed bounds the datasets that a query is given by name.
	titlesNamed = 10_000
)

// titles holds the titles of all datasets that are not deleted, so that those
// that hold a text are found without asking the database for each: in the title's
// middle no index helps. It is read when it is first asked for, and brought up to
// the newest event of the log each time it is asked, so that it answers as the
// database would, whichever node wrote.
type titles struct {
	mu       sync.Mutex
	known    bool
	position int64 // of the log
	all      *titleColumn
	// apart are the datasets that changed since, with an empty title when they are
	// gone. The map is never changed, only replaced.
	apart map[string]titledDataset
}

// titledDataset is a dataset with its folded title and the moment it was made here, in
// microseconds.
type titledDataset struct {
	ID        string
	TitleFold string
	Created   int64 `bun:"created_internal"`
}

// titleColumn are titles one behind the other, the latest dataset first.
type titleColumn struct {
	text string
	rows []titledRow
}

// titledRow is a title in a column; end is the place behind it.
type titledRow struct {
	id      string
	created int64
	end     int
}

func (c *titleColumn) row(i int) titledDataset {
	begin := 0
	if i > 0 {
		begin = c.rows[i-1].end
	}
	return titledDataset{c.rows[i].id, c.text[begin:c.rows[i].end], c.rows[i].created}
}

// holding returns the datasets not deleted whose title holds a text, whatever its
// capitals and accents, the latest first. Without ok there are too many datasets
// to hold their titles.
func (t *titles) holding(ctx context.Context, d *db.DB, log *event.Log, words string) (found []titledDataset, ok bool, err error) {
	all, apart, err := t.current(ctx, d, log)
	if err != nil || all == nil {
		return nil, false, err
	}
	words = text.Fold(words)
	all.each(words, func(i int) {
		if _, changed := apart[all.rows[i].id]; !changed {
			found = append(found, all.row(i))
		}
	})
	before := len(found)
	for _, row := range apart {
		if row.TitleFold != "" && strings.Contains(row.TitleFold, words) {
			found = append(found, row)
		}
	}
	if len(found) > before {
		slices.SortFunc(found, titledOrders["-created"])
	}
	return found, true, nil
}

// each calls fn with the rows whose title holds a text.
func (c *titleColumn) each(words string, fn func(row int)) {
	for at, row := 0, 0; row < len(c.rows); row++ {
		place := strings.Index(c.text[at:], words)
		if place < 0 {
			return
		}
		place += at
		row = c.behind(row, place)
		if row < len(c.rows) && place+len(words) <= c.rows[row].end {
			fn(row)
			at = c.rows[row].end
			continue
		}
		at = place + 1 // the end of a title and the beginning of the next one
		row--
	}
}

// behind is the first row from one on that ends behind a place. It is mostly
// near.
func (c *titleColumn) behind(row, place int) int {
	step := 1
	for row+step < len(c.rows) && c.rows[row+step].end <= place {
		step *= 2
	}
	rest := c.rows[row:min(row+step+1, len(c.rows))]
	return row + sort.Search(len(rest), func(i int) bool { return rest[i].end > place })
}

// current returns the titles as they are at the newest event of the log, no
// column when they are too many.
func (t *titles) current(ctx context.Context, d *db.DB, log *event.Log) (*titleColumn, map[string]titledDataset, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	head, err := log.Head(ctx, d.Read())
	if err != nil {
		return nil, nil, err
	}
	if t.known && head > t.position {
		err = t.follow(ctx, d, head)
	}
	if !t.known || head < t.position { // a backup was put back
		t.known = false
		err = t.read(ctx, d, head)
	}
	return t.all, t.apart, err
}

// follow reads the datasets anew that changed up to a position of the log. It
// forgets all titles when those are many.
func (t *titles) follow(ctx context.Context, d *db.DB, head int64) error {
	var changed []string
	err := d.Read().NewRaw("SELECT DISTINCT object FROM events WHERE seq > ? AND object_kind = ? LIMIT ?", t.position, KindDataset, titlesApart+1).Scan(ctx, &changed)
	if err != nil {
		return err
	}
	if len(changed) == 0 {
		t.position = head
		return nil
	}
	if t.all == nil || len(t.apart)+len(changed) > titlesApart {
		t.known = false
		return nil
	}
	var rows []titledDataset
	err = d.Read().NewRaw("SELECT id, title_fold, created_internal FROM datasets WHERE deleted_at IS NULL AND id IN (?)", bun.List(changed)).Scan(ctx, &rows)
	if err != nil {
		return err
	}
	apart := make(map[string]titledDataset, len(t.apart)+len(changed))
	for id, row := range t.apart {
		apart[id] = row
	}
	for _, id := range changed {
		apart[id] = titledDataset{ID: id}
	}
	for _, row := range rows {
		apart[row.ID] = row
	}
	t.apart, t.position = apart, head
	return nil
}

// read reads all titles, which are those at a position of the log or later ones.
func (t *titles) read(ctx context.Context, d *db.DB, head int64) error {
	rows, err := d.Read().QueryContext(ctx, `SELECT id, title_fold, created_internal FROM datasets WHERE deleted_at IS NULL
		ORDER BY created_internal DESC, id DESC LIMIT ?`, titlesMost+1)
	if err != nil {
		return err
	}
	defer rows.Close()
	var whole strings.Builder
	column := &titleColumn{}
	for rows.Next() {
		var row titledDataset
		if err := rows.Scan(&row.ID, &row.TitleFold, &row.Created); err != nil {
			return err
		}
		whole.WriteString(row.TitleFold)
		column.rows = append(column.rows, titledRow{row.ID, row.Created, whole.Len()})
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if column.text = whole.String(); len(column.rows) > titlesMost {
		column = nil
	}
	t.all, t.apart, t.position, t.known = column, nil, head, true
	return nil
}

// titledOrders are the orders of a list that need no more than the titles.
var titledOrders = map[string]func(a, b titledDataset) int{
	"-created": func(a, b titledDataset) int { return either(b.Created-a.Created, strings.Compare(b.ID, a.ID)) },
	"created":  func(a, b titledDataset) int { return either(a.Created-b.Created, strings.Compare(b.ID, a.ID)) },
	"title": func(a, b titledDataset) int {
		return either(int64(strings.Compare(a.TitleFold, b.TitleFold)), strings.Compare(b.ID, a.ID))
	},
	"-title": func(a, b titledDataset) int {
		return either(int64(strings.Compare(b.TitleFold, a.TitleFold)), strings.Compare(b.ID, a.ID))
	},
}

// either is the sign of the first difference, or the second where there is none.
func either(first int64, second int) int {
	switch {
	case first < 0:
		return -1
	case first > 0:
		return 1
	}
	return second
}

// titledPage is the page of a list of titles in one of their orders; it puts them
// in that order.
func titledPage(found []titledDataset, by string, p Page) []string {
	if by != "-created" {
		slices.SortFunc(found, titledOrders[by])
	}
	ids := []string{}
	for _, row := range found[min(p.Offset, len(found)):min(p.Offset+p.Limit, len(found))] {
		ids = append(ids, row.ID)
	}
	return ids
}
