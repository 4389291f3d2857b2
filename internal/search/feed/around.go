package feed

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/search"
)

// around are the lists that reuses, dataservices and topics share.
type around struct {
	tags, badges, topics, owners map[string][]string
}

func loadAround(ctx context.Context, read bun.IDB, ids []string, owners []owner) (*around, error) {
	var a around
	for list, query := range map[*map[string][]string]string{&a.tags: tagQuery, &a.badges: badgeQuery, &a.topics: topicQuery} {
		var err error
		if *list, err = values(ctx, read, query, ids); err != nil {
			return nil, err
		}
	}
	var err error
	a.owners, err = organizationBadges(ctx, read, owners)
	return &a, err
}

func (a *around) describe(d *search.Document, o owner) {
	o.describe(d, a.owners)
	facet(d, "tag", a.tags[d.ID]...)
	facet(d, "badge", a.badges[d.ID]...)
	facet(d, "topics", a.topics[d.ID]...)
}
