package harvest

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/catalog"
	"grenier/internal/db"
)

// maxPageRecords bounds the records of a page that is remembered.
const maxPageRecords = 20_000

// keptPage is a page as it was read, so that it may be asked for conditionally.
type keptPage struct {
	bun.BaseModel `bun:"table:harvest_pages,alias:hp"`

	SourceID     string  `bun:"source_id,pk"`
	Address      string  `bun:"address,pk"`
	ETag         *string `bun:"etag"`
	LastModified *string `bun:"last_modified"`
	Next         string  `bun:"next"`
	Records      db.JSON `bun:"records"`
	ReadAt       db.Time `bun:"read_at"`
}

// pageMemory remembers the pages of a source for its jobs.
type pageMemory struct{ r *run }

// Kept returns a page when all its records are here as they were written: else it is
// to be read again, whatever the portal says of it.
func (m pageMemory) Kept(ctx context.Context, address string) (*KeptPage, error) {
	r := m.r
	if r.oldPages || r.collect != nil {
		return nil, nil
	}
	var rows []keptPage
	read := r.s.db.Read()
	if err := read.NewSelect().Model(&rows).Where("source_id = ?", r.source.ID).Where("address = ?", address).Scan(ctx); err != nil || len(rows) == 0 {
		return nil, err
	}
	page := &KeptPage{Address: address, ETag: orEmpty(rows[0].ETag), LastModified: orEmpty(rows[0].LastModified), Next: rows[0].Next}
	if err := json.Unmarshal(rows[0].Records, &page.Records); err != nil {
		return nil, nil // not ours to fail on: the page is read again
	}
	for _, kind := range kinds {
		ids := page.idsOf(kind)
		whole, err := r.allHere(ctx, read, kind, ids)
		if err != nil || !whole {
			return nil, err
		}
	}
	return page, nil
}

// idsOf are the records of a kind, each once.
func (p *KeptPage) idsOf(kind string) []string {
	var ids []string
	for _, one := range p.Records {
		if one.Kind == kind || one.Kind == "" && kind == catalog.KindDataset {
			ids = append(ids, one.RemoteID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// allHere tells whether all records are here as they were last written.
func (r *run) allHere(ctx context.Context, read bun.IDB, kind string, ids []string) (bool, error) {
	for chunk := range slices.Chunk(ids, 1000) {
		known, err := recordsOf(ctx, read, r.source.ID, kind, chunk)
		if err != nil {
			return false, err
		}
		for _, id := range chunk {
			one := known[id]
			if one == nil || one.Hash == "" || one.Current == nil || *one.Current != one.ObjectVersion || !one.MissingSince.IsZero() {
				return false, nil
			}
		}
	}
	return true, nil
}

// Keep has a page written with the first checkpoint after it, when its records are
// written too.
func (m pageMemory) Keep(ctx context.Context, p KeptPage) error {
	if len(p.Records) > maxPageRecords || len(p.Address) > maxIdentifier || m.r.collect != nil {
		return nil
	}
	p.Records = slices.Clone(p.Records)
	for i := range p.Records {
		p.Records[i].RemoteID = cleanLine(p.Records[i].RemoteID)
	}
	return m.r.intake.hand(ctx, message{page: &p})
}

// savePages remembers pages whose records are written.
func (r *run) savePages(ctx context.Context, tx *db.Tx, pages []KeptPage) error {
	byAddress := make(map[string]keptPage, len(pages))
	for _, p := range pages {
		records, err := db.JSONOf(p.Records)
		if err != nil {
			return err
		}
		byAddress[p.Address] = keptPage{
			SourceID: r.source.ID, Address: p.Address, ETag: textOrNil(p.ETag), LastModified: textOrNil(p.LastModified), Next: p.Next, Records: records, ReadAt: r.now,
		}
	}
	if len(byAddress) == 0 {
		return nil
	}
	rows := make([]keptPage, 0, len(byAddress))
	for _, row := range byAddress {
		rows = append(rows, row)
	}
	_, err := tx.NewInsert().Model(&rows).On("CONFLICT (source_id, address) DO UPDATE").Set("etag = EXCLUDED.etag").
		Set("last_modified = EXCLUDED.last_modified").Set("next = EXCLUDED.next").Set("records = EXCLUDED.records").Set("read_at = EXCLUDED.read_at").Exec(ctx)
	return err
}

// forgetPages drops what is remembered of pages when the last job depended on other
// things than this one.
func (r *run) forgetPages(ctx context.Context) error {
	var digests []string
	err := r.s.db.Read().NewRaw(`SELECT digest FROM harvest_jobs WHERE source_id = ? AND id <> ? AND preview = FALSE AND digest <> ''
		ORDER BY created_at DESC, id DESC LIMIT 1`, r.source.ID, r.job.ID).Scan(ctx, &digests)
	if err != nil || len(digests) > 0 && digests[0] == r.job.Digest {
		return err
	}
	r.oldPages = true
	if r.job.Preview || r.job.Resumed > 0 {
		return nil
	}
	return r.s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("DELETE FROM harvest_pages WHERE source_id = ?", r.source.ID).Exec(ctx)
		return err
	})
}
