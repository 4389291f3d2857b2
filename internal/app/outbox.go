package app

import "context"

const (
	// changeReaders bounds those who follow the changes at once on one node.
	changeReaders = 4000
	// changeStarts bounds those who start a copy of the catalogue at once.
	changeStarts = 8
)

// followChanges lets the feed of changes follow the log from a position on.
func (s *server) followChanges(ctx context.Context, from int64) {
	s.Changes.Begin(from)
	s.follow(ctx, s.Changes)
}
