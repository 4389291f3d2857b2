package app

import (
	"context"
	"fmt"
	"os"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/outbox"
)

const (
	// changeReaders bounds those who follow the changes at once on one node.
	changeReaders = 4000
	// changeStarts bounds those who start a copy of the catalogue at once.
	changeStarts = 8
)

// assembleWebhooks builds what carries changes to those who asked for them.
func (a *App) assembleWebhooks() error {
	secret, err := account.Secret(context.Background(), a.DB, "webhooks")
	if err != nil {
		return fmt.Errorf("the secret of the webhooks cannot be read: %w", err)
	}
	a.Webhooks = outbox.NewWebhooks(a.Events, outbox.Options{
		Secret: secret, Client: a.fetcher(), Jobs: a.Jobs, Mail: a.Mail, Rates: a.Rates, Base: a.site().Base,
	})
	return nil
}

// followChanges lets the feed of changes follow the log from a position on.
func (s *server) followChanges(ctx context.Context, from int64) {
	s.Changes.Begin(from)
	s.follow(ctx, s.Changes)
}

// carryChanges lets webhooks be told of changes, by one node of all.
func (s *server) carryChanges(ctx context.Context) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown" // the rest tells nodes apart
	}
	node := fmt.Sprintf("%s/%d/%s", host, os.Getpid(), db.NewID()[16:])
	s.start(func() {
		s.Events.FollowSingle(ctx, s.Webhooks.Follower(), node, s.warn("telling webhooks"))
	})
}
