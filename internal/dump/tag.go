package dump

import (
	"context"

	"grenier/internal/catalog"
)

var tagColumns = []column[catalog.TagCount]{
	{"name", func(c *cells, t *catalog.TagCount) { c.text(t.Tag) }},
	{"datasets", func(c *cells, t *catalog.TagCount) { c.integer(t.Datasets) }},
	{"reuses", func(c *cells, t *catalog.TagCount) { c.integer(t.Reuses) }},
	{"total", func(c *cells, t *catalog.TagCount) { c.integer(t.Total()) }},
}

// Tags is a dump of the tags of what is public, the most used first.
func (s *Dumps) Tags() Dump {
	return Dump{Kind: Tags, run: func(ctx context.Context, r *run) error {
		counts, err := r.catalog.TagCounts(ctx)
		if err != nil {
			return err
		}
		for i := range counts {
			writeLine(&r.pipe.lines, tagColumns, &counts[i])
			if len(r.pipe.lines.buf) >= batchBytes {
				if err := r.pipe.send(ctx); err != nil {
					return err
				}
			}
		}
		return nil
	}}
}
