package mail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/job"
)

// Kept is how long mails are kept, for who asks what was sent.
const Kept = 30 * 24 * time.Hour

// settleWithin bounds the writing down of what became of a mail, which goes on
// when the program stops.
const settleWithin = 10 * time.Second

// maxFailure bounds what is kept of an error, in characters.
const maxFailure = 500

// Jobs are the kinds of work of the mail room: the sending of one mail, and the
// removal of old ones. outbox is asked when they run, since it posts by the
// runner that they are registered with.
func Jobs(outbox func() *Outbox) []job.Kind {
	return []job.Kind{
		// With the pauses between attempts, a mail is tried for half a day.
		{Name: SendKind, Attempts: 22, Limit: 2, Timeout: 2 * time.Minute, Priority: 50,
			Work: func(ctx context.Context, run *job.Run) error { return outbox().send(ctx, run) }},
		{Name: "mail.prune", Schedule: "@daily", Limit: 1,
			Work: func(ctx context.Context, run *job.Run) error { return outbox().prune(ctx, run) }},
	}
}

// send hands one mail to the carrier, unless that was done: a crash between the
// carrier's answer and our note of it is the one case in which it leaves twice.
func (o *Outbox) send(ctx context.Context, run *job.Run) error {
	var args sending
	if err := run.Decode(&args); err != nil {
		return err
	}
	var mails []Mail
	if err := o.db.Read().NewSelect().Model(&mails).Where("id = ?", args.Mail).Scan(ctx); err != nil {
		return err
	}
	if len(mails) == 0 || !mails[0].SentAt.IsZero() {
		return nil
	}
	if o.carrier == nil {
		return job.Permanent(errors.New("mail: nobody carries mails here"))
	}
	failure := o.carrier.Carry(ctx, &mails[0])
	if err := o.settle(ctx, args.Mail, failure); err != nil {
		return errors.Join(failure, fmt.Errorf("mail: what became of %s cannot be noted: %w", args.Mail, err))
	}
	var refusal Refusal
	if errors.As(failure, &refusal) {
		return job.Permanent(failure)
	}
	return failure
}

// settle notes what became of a mail.
func (o *Outbox) settle(ctx context.Context, id string, failure error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	return o.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		update := tx.NewUpdate().Model((*Mail)(nil)).Where("id = ?", id)
		if failure == nil {
			update = update.Set("sent_at = ?", db.Now()).Set("failure = NULL")
		} else {
			update = update.Set("failure = ?", cut(oneLine(failure.Error()), maxFailure))
		}
		_, err := update.Exec(ctx)
		return err
	})
}

// pruneAtOnce bounds the mails removed in one transaction.
const pruneAtOnce = 500

// prune removes the mails that were kept long enough.
func (o *Outbox) prune(ctx context.Context, run *job.Run) error {
	before, removed := db.TimeOf(time.Now().Add(-Kept)), int64(0)
	for {
		var some int64
		err := o.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
			result, err := tx.NewRaw("DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE created_at < ? ORDER BY created_at LIMIT ?)",
				before, pruneAtOnce).Exec(ctx)
			if err == nil {
				some, err = result.RowsAffected()
			}
			return err
		})
		if err != nil {
			return err
		}
		removed += some
		run.Progress(100, fmt.Sprintf("%d mails removed", removed))
		if some < pruneAtOnce {
			return nil
		}
	}
}

// Page is a part of a list.
type Page struct{ Offset, Limit int }

// List returns mails, the newest first, and their number. They hold links that
// let whoever has them in: show them to nobody but where everybody may play.
func (o *Outbox) List(ctx context.Context, page Page) (mails []Mail, total int, err error) {
	err = o.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		query := read.NewSelect().Model(&mails)
		count, err := query.Clone().Count(ctx)
		if err != nil {
			return err
		}
		total = int(count)
		return query.OrderExpr("created_at DESC, id DESC").Limit(int64(page.Limit)).Offset(int64(page.Offset)).Scan(ctx)
	})
	return mails, total, err
}
