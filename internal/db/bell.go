package db

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
)

// Bell wakes those who wait for news in the database: on this node at once, in
// other processes by LISTEN/NOTIFY on PostgreSQL and by the version of the file
// on SQLite. A ring is a hint, never the truth: who waits polls besides.
type Bell struct {
	db      *DB
	channel string

	mu   sync.Mutex
	news chan struct{}
	tell chan struct{}
}

// NewBell returns a bell; channel is its name among the nodes, a plain word.
func NewBell(d *DB, channel string) *Bell {
	return &Bell{db: d, channel: channel, news: make(chan struct{}), tell: make(chan struct{}, 1)}
}

// News returns a channel that is closed at the next ring. Take it before
// looking for work, so that nothing falls in between.
func (b *Bell) News() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.news
}

// Ring wakes everybody, after a commit.
func (b *Bell) Ring() {
	b.Wake()
	select {
	case b.tell <- struct{}{}:
	default:
	}
}

// Wake wakes those who wait in this process.
func (b *Bell) Wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.news)
	b.news = make(chan struct{})
}

const (
	// tellEvery coalesces the notifications of a busy node.
	tellEvery = 20 * time.Millisecond
	// watchEvery is how often the version of the SQLite file is read.
	watchEvery = 250 * time.Millisecond
	// againAfter is the pause before a lost connection is opened again.
	againAfter = 2 * time.Second
)

// Watch wakes this node when another process has written, and tells the others
// of the rings here. It runs until the context ends; failed is told of lost
// connections, which are opened again.
func (b *Bell) Watch(ctx context.Context, failed func(error)) {
	var telling sync.WaitGroup
	defer telling.Wait()
	watch := b.watchFile
	if b.db.postgres {
		watch = b.listen
		telling.Go(func() { b.tellOthers(ctx, failed) })
	}
	for ctx.Err() == nil {
		err := watch(ctx)
		if ctx.Err() == nil {
			failed(fmt.Errorf("watching for the writes of other processes: %w", err))
			pause(ctx, againAfter)
		}
	}
}

func (b *Bell) tellOthers(ctx context.Context, failed func(error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.tell:
		}
		if _, err := b.db.read.NewRaw("SELECT pg_notify(?, '')", b.channel).Exec(ctx); err != nil && ctx.Err() == nil {
			failed(fmt.Errorf("telling other nodes of a write: %w", err))
		}
		pause(ctx, tellEvery)
	}
}

func (b *Bell) listen(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, b.db.options.URL)
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{b.channel}.Sanitize()); err != nil {
		return err
	}
	b.Wake()
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
		b.Wake()
	}
}

// watchFile polls the number that SQLite raises when another connection has
// committed. Our own writer counts as another connection: a needless wake costs
// one indexed query.
func (b *Bell) watchFile(ctx context.Context) error {
	conn, err := b.db.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	last, err := dataVersion(ctx, conn)
	if err != nil {
		return err
	}
	b.Wake()
	for {
		pause(ctx, watchEvery)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		version, err := dataVersion(ctx, conn)
		if err != nil {
			return err
		}
		if version != last {
			last = version
			b.Wake()
		}
	}
}

// dataVersion is relative to the connection that asks.
func dataVersion(ctx context.Context, conn bun.Conn) (version int64, err error) {
	err = conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version)
	return version, err
}

func pause(ctx context.Context, length time.Duration) {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
