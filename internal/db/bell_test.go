package db_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// rung tells whether a bell rings in time.
func rung(news <-chan struct{}, within time.Duration) bool {
	select {
	case <-news:
		return true
	case <-time.After(within):
		return false
	}
}

// watched returns a bell that watches for other processes until the test ends.
func watched(t *testing.T, d *db.DB, failed func(error)) *db.Bell {
	bell := db.NewBell(d, "test_bell")
	ctx, stop := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	ready := bell.News()
	watching.Go(func() { bell.Watch(ctx, failed) })
	t.Cleanup(func() {
		stop()
		watching.Wait()
	})
	if !rung(ready, 5*time.Second) {
		t.Fatal("the watch never began")
	}
	return bell
}

func TestBellRingsInOtherProcesses(t *testing.T) {
	eachEmpty(t, func(t *testing.T, options db.Options) {
		failed := func(err error) { t.Error(err) }
		d := dbtest.Open(t, options)
		here, there := watched(t, dbtest.Open(t, options), failed), watched(t, d, failed)
		for i := range 3 {
			time.Sleep(300 * time.Millisecond)
			news := here.News()
			err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES (?, '')", string(rune('a'+i))).Exec(ctx)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			there.Ring()
			if !rung(news, time.Second) {
				t.Fatalf("ring %d was not heard within a second", i)
			}
		}
	})
}

func TestBellListensAgain(t *testing.T) {
	options := db.Options{URL: dbtest.PostgresURL(t)}
	d := dbtest.Open(t, options)
	lost := make(chan error, 10)
	here, there := watched(t, dbtest.Open(t, options), func(err error) { lost <- err }), watched(t, d, func(err error) { lost <- err })
	again := here.News()
	_, err := d.Read().NewRaw("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'").Exec(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-lost:
	case <-time.After(5 * time.Second):
		t.Fatal("the lost connection was not told")
	}
	if !rung(again, 5*time.Second) {
		t.Fatal("the bell does not listen again")
	}
	news := here.News()
	there.Ring()
	if !rung(news, 5*time.Second) {
		t.Fatal("a ring after the connection was opened again is not heard")
	}
}
