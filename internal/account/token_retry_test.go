package account

import (
	"context"
	"fmt"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
)

// TestTokensChangeOnce lets the program die between the write of a token, or its
// end, and the answer: the same request, sent again, finds what was done.
func TestTokensChangeOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := event.NewLog(d)
		user := mustUser(t, NewWriter(log), "ada@example.org")
		tokens := NewTokens(d, []byte("secret"))
		var made *Token
		for i, work := range []func(ctx context.Context) error{
			func(ctx context.Context) (err error) {
				made, _, err = tokens.Create(ctx, user.ID, "once", nil, db.Time{})
				return err
			},
			func(ctx context.Context) error { return tokens.Revoke(ctx, user.ID, made.ID) },
		} {
			key := event.RetryKey{Caller: "user:" + user.ID, Key: fmt.Sprint(i), Request: "digest"}
			inner, _, _, err := event.NewRetries(log).Begin(ctxOf(t), key)
			if err == nil {
				err = work(inner)
			}
			if err != nil {
				t.Fatal(err)
			}
			err = d.Write(ctxOf(t), db.People, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.NewRaw("UPDATE retries SET at = at - 60000000").Exec(ctx)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			_, kept, _, err := event.NewRetries(log).Begin(ctxOf(t), key)
			if err != nil || kept == nil || kept.Object != made.ID {
				t.Errorf("after a crash key %d stands for %+v, %v; want the token %s", i, kept, err, made.ID)
			}
		}
	})
}
