package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
)

// Follow says that a person wants to know of an object. One that has ended
// stays, with the moment of its end.
type Follow struct {
	bun.BaseModel `bun:"table:follows,alias:f"`

	ID         string  `bun:"id,pk"`
	ObjectKind string  `bun:"object_kind"`
	ObjectID   string  `bun:"object_id"`
	FollowerID string  `bun:"follower_id"`
	Since      db.Time `bun:"since"`
	Until      db.Time `bun:"until"`

	Follower *account.UserRef `bun:"-"`
}

// Followers returns a page of those who follow an object now, the longest
// first, and their number; user keeps that person alone unless empty. The
// caller has checked that the viewer may read the object.
func (s *Store) Followers(ctx context.Context, object, user string, p Page) ([]Follow, int, error) {
	l := listing{table: "follows", alias: "f", order: "f.since"}
	l.and("f.until IS NULL")
	l.equal("object_id", object)
	l.equal("follower_id", user)
	ids, total, err := l.page(ctx, s.db, p)
	if err != nil || len(ids) == 0 {
		return nil, total, err
	}
	var follows []Follow
	if err := s.db.Read().NewSelect().Model(&follows).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, 0, err
	}
	follows = inOrder(follows, ids, func(f *Follow) string { return f.ID })
	people := make([]string, len(follows))
	for i := range follows {
		people[i] = follows[i].FollowerID
	}
	refs, err := account.UserRefs(ctx, s.db.Read(), people)
	for i := range follows {
		follows[i].Follower = refs[follows[i].FollowerID]
	}
	return follows, total, err
}
