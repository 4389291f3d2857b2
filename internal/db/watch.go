package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// Watch calls fn after each query with its text and how long it took, for
// figures and for a record of slow ones. Call it before the database is used.
func (d *DB) Watch(fn func(ctx context.Context, query string, took time.Duration)) {
	shared := d.read == d.write
	d.write = d.write.WithQueryHook(watcher(fn))
	if shared {
		d.read = d.write
	} else {
		d.read = d.read.WithQueryHook(watcher(fn))
	}
	d.watchers = append(d.watchers, fn)
	d.fixed = d.newHandle()
}

type watcher func(ctx context.Context, query string, took time.Duration)

// BeforeQuery implements bun.QueryHook.
func (watcher) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

// AfterQuery implements bun.QueryHook.
func (w watcher) AfterQuery(ctx context.Context, e *bun.QueryEvent) {
	w(ctx, e.Query, time.Since(e.StartTime))
}
