package catalog

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"grenier/internal/text"
)

// TagCount is how often a tag is used by what the public finds.
type TagCount struct {
	Tag      string
	Datasets int64
	Reuses   int64
}

// Total is the number of objects that bear the tag.
func (t TagCount) Total() int64 { return t.Datasets + t.Reuses }

const tagCountQuery = `SELECT tag, sum(datasets) AS datasets, sum(reuses) AS reuses FROM (
	SELECT t.tag AS tag, 1 AS datasets, 0 AS reuses FROM tags t JOIN datasets d ON d.id = t.object_id WHERE t.kind = 'dataset' AND d.visible = TRUE
	UNION ALL
	SELECT t.tag, 0, 1 FROM tags t JOIN reuses r ON r.id = t.object_id WHERE t.kind = 'reuse' AND r.visible = TRUE
	) used GROUP BY tag`

// TagCounts returns every tag of the datasets and reuses that the public finds,
// the most used first, then by name.
func (s *Store) TagCounts(ctx context.Context) ([]TagCount, error) {
	var counts []TagCount
	if err := s.db.Read().NewRaw(tagCountQuery).Scan(ctx, &counts); err != nil {
		return nil, err
	}
	slices.SortFunc(counts, func(a, b TagCount) int {
		return cmp.Or(cmp.Compare(b.Total(), a.Total()), strings.Compare(a.Tag, b.Tag))
	})
	return counts, nil
}

// KnownTags returns what TagCounts counted some seconds ago at most, longer where
// counting takes long. The list is shared: never change it.
func (s *Store) KnownTags(ctx context.Context) ([]TagCount, error) {
	return s.tags.get(ctx, s.TagCounts)
}

// SuggestTags returns the most used tags that hold the slug of the text, the
// shortest first. Counts may be some seconds old.
func (s *Store) SuggestTags(ctx context.Context, q string, size int) ([]string, error) {
	counts, err := s.KnownTags(ctx)
	if err != nil {
		return nil, err
	}
	wanted := text.Slug(q)
	var found []string
	for _, count := range counts {
		if len(found) == size {
			break
		}
		if strings.Contains(count.Tag, wanted) {
			found = append(found, count.Tag)
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	return found, nil
}
