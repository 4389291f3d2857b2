package event

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const channel = "grenier_events"

// tellEvery coalesces the notifications of a busy node.
const tellEvery = 20 * time.Millisecond

// WatchOthers wakes the followers of this node when another process has
// written: by LISTEN/NOTIFY on PostgreSQL, by the data_version of the file on
// SQLite. It runs until the context ends; failed is told of lost connections,
// which are opened again.
func (l *Log) WatchOthers(ctx context.Context, failed func(error)) {
	if l.db.Postgres() {
		go l.notifyOthers(ctx, failed)
	}
	for ctx.Err() == nil {
		var err error
		if l.db.Postgres() {
			err = l.listen(ctx)
		} else {
			err = l.watchFile(ctx)
		}
		if ctx.Err() == nil {
			failed(err)
			wait(ctx, nil, 2*time.Second)
		}
	}
}

func (l *Log) notifyOthers(ctx context.Context, failed func(error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.tell:
		}
		if _, err := l.db.Read().NewRaw("SELECT pg_notify(?, '')", channel).Exec(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		wait(ctx, nil, tellEvery)
	}
}

func (l *Log) listen(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, l.db.URL())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
		l.Wake()
	}
}

// watchFile polls the number that SQLite raises when another connection has
// committed. Our own writer counts as another connection; a needless wake is
// one indexed query.
func (l *Log) watchFile(ctx context.Context) error {
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	last, err := l.db.DataVersion(ctx, conn)
	if err != nil {
		return err
	}
	for {
		wait(ctx, nil, 250*time.Millisecond)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		version, err := l.db.DataVersion(ctx, conn)
		if err != nil {
			return err
		}
		if version != last {
			last = version
			l.Wake()
		}
	}
}
