package event_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/fault"
)

func created(object string) func(context.Context, *event.Tx) error {
	return func(_ context.Context, tx *event.Tx) error {
		tx.Emit(event.Event{Kind: "organization.counted", ObjectKind: "organization", Object: "o"})
		tx.Emit(event.Event{Kind: "dataset.created", ObjectKind: "dataset", Object: object, Version: 1})
		return nil
	}
}

// TestRetries goes through the life of a key: unknown, running, done with its
// answer, done without, used for something else.
func TestRetries(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		log := event.NewLog(d)
		retries := event.NewRetries(log)
		key := event.RetryKey{Caller: "person:1", Key: "k", Request: "digest"}
		inner, kept, end, err := retries.Begin(ctx, key)
		if err != nil || kept != nil {
			t.Fatalf("a new key: %v, %v", kept, err)
		}
		if _, _, _, err := retries.Begin(ctx, key); !fault.Is(err, fault.Conflict) || fault.Of(err).Retry == 0 {
			t.Errorf("a running key: %v", err)
		}
		for _, object := range []string{"first", "second"} { // two writes of one request
			if err := log.Write(inner, db.People, created(object)); err != nil {
				t.Fatal(err)
			}
		}
		if err := end(ctx, 201, `{"id":"first"}`); err != nil {
			t.Fatal(err)
		}
		_, kept, _, err = retries.Begin(ctx, key)
		if err != nil || kept == nil || *kept != (event.Kept{Status: 201, Body: `{"id":"first"}`, Kind: "dataset", Object: "first"}) {
			t.Errorf("a repeated request got %+v, %v", kept, err)
		}
		other := key
		other.Request = "another"
		if _, _, _, err := retries.Begin(ctx, other); !fault.Is(err, fault.Conflict) || fault.Of(err).Retry != 0 {
			t.Errorf("a key used for something else: %v", err)
		}
		if err := retries.Prune(ctx); err != nil {
			t.Fatal(err)
		}
		if _, kept, _, _ := retries.Begin(ctx, key); kept == nil {
			t.Error("a young key was forgotten")
		}
	})
}

// TestRetryAfterACrash sees that the key stands or falls with its write.
func TestRetryAfterACrash(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		log := event.NewLog(d)
		key := event.RetryKey{Caller: "person:1", Key: "k", Request: "digest"}
		inner, _, end, err := event.NewRetries(log).Begin(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		refused := fault.New(fault.Invalid, "no")
		if err := log.Write(inner, db.People, func(context.Context, *event.Tx) error { return refused }); err != refused {
			t.Fatal(err)
		}
		if err := end(ctx, 0, ""); err != nil {
			t.Fatal(err)
		}
		inner, kept, _, err := event.NewRetries(log).Begin(ctx, key)
		if err != nil || kept != nil {
			t.Fatalf("a refused write left its key: %v, %v", kept, err)
		}
		if err := log.Write(inner, db.People, created("first")); err != nil {
			t.Fatal(err)
		}
		// The program dies before the answer is written down.
		execute(t, d, "UPDATE retries SET at = at - 60000000")
		_, kept, _, err = event.NewRetries(log).Begin(ctx, key)
		if err != nil || kept == nil || kept.Status != 0 || kept.Object != "first" {
			t.Fatalf("after a crash: %+v, %v", kept, err)
		}
		execute(t, d, "UPDATE retries SET at = at - 90000000000")
		retries := event.NewRetries(log)
		inner, kept, _, err = retries.Begin(ctx, key)
		if err != nil || kept != nil {
			t.Fatalf("after a day: %+v, %v", kept, err)
		}
		if err := log.Write(inner, db.People, created("later")); err != nil {
			t.Fatalf("a key is free again after a day: %v", err)
		}
		execute(t, d, "UPDATE retries SET at = at - 90000000000")
		if err := retries.Prune(ctx); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := d.Read().NewRaw("SELECT count(*) FROM retries").Scan(ctx, &left); err != nil || left != 0 {
			t.Errorf("%d old keys are left, %v", left, err)
		}
	})
}

// TestOneOfSeveralNodesDoesTheWork sends one key to several nodes at once.
func TestOneOfSeveralNodesDoesTheWork(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		log := event.NewLog(d)
		var done, refused atomic.Int64
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				inner, kept, end, err := event.NewRetries(log).Begin(ctx, event.RetryKey{Caller: "c", Key: "k", Request: "d"})
				if err == nil && kept == nil {
					if err = log.Write(inner, db.People, created("x")); err == nil {
						done.Add(1)
					}
					_ = end(ctx, 0, "")
				}
				if fault.Is(err, fault.Conflict) || kept != nil {
					refused.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if done.Load() != 1 || refused.Load() != 7 {
			t.Errorf("%d did the work, %d were refused", done.Load(), refused.Load())
		}
	})
}

func execute(t *testing.T, d *db.DB, query string) {
	t.Helper()
	err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(query).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
