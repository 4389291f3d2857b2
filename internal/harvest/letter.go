package harvest

import (
	"context"
	"strconv"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/event"
	"grenier/internal/mail"
)

// failuresToRepeat is after how many failed jobs in a row those to whom a source
// belongs are told once more.
const failuresToRepeat = 3

// tellPending asks the administrators of the platform to validate a new source.
func (s *Store) tellPending(ctx context.Context, tx *event.Tx, src *Source) error {
	people, err := platformAdmins(ctx, tx)
	if err != nil {
		return err
	}
	return s.write(ctx, tx, people, src, mail.Letter{Kind: "harvest.pending"})
}

// tellAccepted and tellRefused tell those to whom a source belongs what was
// decided, and why.
func (s *Store) tellAccepted(ctx context.Context, tx *event.Tx, src *Source) error {
	return s.tellOwners(ctx, tx, src, mail.Letter{Kind: "harvest.accepted", Quote: orEmpty(src.ValidationComment)})
}

func (s *Store) tellRefused(ctx context.Context, tx *event.Tx, src *Source) error {
	return s.tellOwners(ctx, tx, src, mail.Letter{Kind: "harvest.refused", Quote: orEmpty(src.ValidationComment)})
}

// tellFailed tells those to whom a source belongs that its job failed: at the
// first failure and after some in a row, so that nobody gets a letter a night.
// src.Failures counts the one that happened. Call it in the transaction that ends
// the job.
func (s *Store) tellFailed(ctx context.Context, tx *event.Tx, src *Source, job *Job) error {
	letter := mail.Letter{Kind: "harvest.failed", Button: jobPage(job)}
	switch src.Failures {
	case 1:
	case failuresToRepeat:
		letter.Kind = "harvest.failing"
		letter.Args = []any{"count", strconv.FormatInt(src.Failures, 10)}
	default:
		return nil
	}
	if troubles := job.Troubles(); len(troubles) > 0 {
		letter.Quote = troubles[len(troubles)-1].Message
	}
	return s.tellOwners(ctx, tx, src, letter)
}

// A job has many failures when at least so many records failed, at least one of so many,
// and more than so many times those of the whole run before.
const (
	manyFailed   = 20
	manyOutOf    = 10
	manyTimesOld = 3
)

// faulty tells whether far more records failed in a whole job than in the one before,
// where before did.
func faulty(job *Job, before int64) bool {
	failed := job.ItemsFailed
	return job.Complete && failed >= manyFailed && failed*manyOutOf >= job.Items && failed > manyTimesOld*before
}

// tellFaulty tells them that far more records failed than in the whole run before. The
// next run is compared with this one, so that there is one letter until it is better.
func (s *Store) tellFaulty(ctx context.Context, tx *event.Tx, src *Source, job *Job, before int64) error {
	count := func(n int64) string { return strconv.FormatInt(n, 10) }
	return s.tellOwners(ctx, tx, src, mail.Letter{
		Kind: "harvest.faulty", Args: []any{"failed", count(job.ItemsFailed), "items", count(job.Items), "before", count(before)}, Button: jobPage(job),
	})
}

// tellRecovered tells them that a job went well after failures of which they were
// told.
func (s *Store) tellRecovered(ctx context.Context, tx *event.Tx, src *Source, job *Job) error {
	return s.tellOwners(ctx, tx, src, mail.Letter{Kind: "harvest.recovered", Button: jobPage(job)})
}

// tellShrunk asks them whether it is true that the portal lists far less than at
// the last good run.
func (s *Store) tellShrunk(ctx context.Context, tx *event.Tx, src *Source, job *Job, listed, before int64) error {
	return s.tellOwners(ctx, tx, src, mail.Letter{
		Kind:   "harvest.shrunk",
		Args:   []any{"listed", strconv.FormatInt(listed, 10), "before", strconv.FormatInt(before, 10)},
		Button: jobPage(job),
	})
}

// tellOwners writes to those to whom a source belongs; to the administrators of
// the platform when it belongs to nobody.
func (s *Store) tellOwners(ctx context.Context, tx *event.Tx, src *Source, l mail.Letter) error {
	owner := src.OwnedBy()
	if owner == (account.Owner{}) {
		people, err := platformAdmins(ctx, tx)
		if err != nil {
			return err
		}
		return s.write(ctx, tx, people, src, l)
	}
	people, err := account.Correspondents(ctx, tx, owner)
	if err != nil {
		return err
	}
	return s.write(ctx, tx, people, src, l)
}

// platformAdmins are the administrators of the platform who can be written to.
func platformAdmins(ctx context.Context, read bun.IDB) ([]account.User, error) {
	var people []account.User
	err := read.NewSelect().Model(&people).Where("u.admin = TRUE AND u.email IS NOT NULL AND u.active = TRUE AND u.deleted_at IS NULL").OrderExpr("u.id").Scan(ctx)
	return people, err
}

// write posts a letter about a source to some people.
func (s *Store) write(ctx context.Context, tx *event.Tx, people []account.User, src *Source, l mail.Letter) error {
	if s.deps.Mail == nil || len(people) == 0 {
		return nil
	}
	l.Args = append(l.Args, "source", src.Name, "address", src.URL)
	if l.Button == "" {
		l.Button = sourcePage(src.ID)
	}
	letters := make([]mail.Letter, len(people))
	for i := range people {
		letters[i] = people[i].LetterTo(l)
	}
	return s.deps.Mail.Post(ctx, tx.Tx, letters...)
}

// sourcePage and jobPage are where a source is administered, and a job read.
func sourcePage(id string) string { return "/admin/harvesters/" + id }

func jobPage(j *Job) string { return sourcePage(j.SourceID) + "/jobs/" + j.ID }
