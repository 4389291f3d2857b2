package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

func TestWriteRollsBackOnError(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		refused := errors.New("refused")
		err := d.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES ('a', 'b')").Exec(ctx); err != nil {
				return err
			}
			return refused
		})
		if !errors.Is(err, refused) {
			t.Fatalf("the write returned %v, want its own error", err)
		}
		var count int
		if err := d.Read().NewRaw("SELECT count(*) FROM settings").Scan(ctx, &count); err != nil || count != 0 {
			t.Fatalf("%d rows remain of a write that was rolled back (%v)", count, err)
		}
	})
}

func TestDuplicateKeyIsUnique(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		insert := func() error {
			return d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES ('a', 'b')").Exec(ctx)
				return err
			})
		}
		if err := insert(); err != nil {
			t.Fatal(err)
		}
		if err := insert(); !db.IsUnique(err) {
			t.Fatalf("a second row of one key gives %v, which is not told as a duplicate", err)
		}
	})
}

type moment struct {
	bun.BaseModel `bun:"table:moments"`
	ID            int64   `bun:"id,pk"`
	At            db.Time `bun:"at"`
	Note          db.JSON `bun:"note"`
}

func TestTimesAndJSONComeBackAsGiven(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		want := []moment{
			{ID: 1, At: db.TimeOf(time.Date(3, 2, 5, 0, 0, 0, 0, time.UTC)), Note: db.JSON(`{"b":1,  "a":1.0}`)},
			{ID: 2},
			{ID: 3, At: db.TimeOf(time.Date(2027, 1, 2, 3, 4, 5, 678901999, time.FixedZone("x", 7200))), Note: db.JSON(`"é\u0000"`)},
		}
		err := d.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.NewRaw("CREATE TABLE moments (id BIGINT PRIMARY KEY, at BIGINT, note TEXT)").Exec(ctx); err != nil {
				return err
			}
			_, err := tx.NewInsert().Model(&want).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []moment
		if err := d.Read().NewSelect().Model(&got).OrderExpr("id").Scan(ctx); err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if !got[i].At.Equal(want[i].At.Time) || string(got[i].Note) != string(want[i].Note) {
				t.Errorf("row %d came back as %v %s, want %v %s", i, got[i].At, got[i].Note, want[i].At, want[i].Note)
			}
		}
		var later int
		if err := d.Read().NewRaw("SELECT count(*) FROM moments WHERE at > ?", want[0].At).Scan(ctx, &later); err != nil || later != 1 {
			t.Errorf("%d moments after year 3, want 1 (%v)", later, err)
		}
	})
}

func TestPeopleGoBeforeBackground(t *testing.T) {
	d := dbtest.SQLite(t)
	ctx := context.Background()
	var order []string
	var mu sync.Mutex
	var wg sync.WaitGroup
	release := make(chan struct{})
	started := make(chan struct{})
	write := func(lane db.Lane, name string) {
		defer wg.Done()
		err := d.Write(ctx, lane, func(context.Context, *db.Tx) error {
			mu.Lock()
			order = append(order, name)
			first := len(order) == 1
			mu.Unlock()
			if first {
				close(started)
				<-release
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	wg.Add(1)
	go write(db.Background, "first")
	<-started
	for range 3 {
		wg.Add(1)
		go write(db.Background, "background")
	}
	time.Sleep(20 * time.Millisecond)
	wg.Add(1)
	go write(db.People, "people")
	time.Sleep(20 * time.Millisecond)
	close(release)
	wg.Wait()
	if order[1] != "people" {
		t.Fatalf("writes ran in the order %v, people should go before background", order)
	}
}

func TestWaitForTurnEndsWithContext(t *testing.T) {
	d := dbtest.SQLite(t)
	release := make(chan struct{})
	started := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- d.Write(context.Background(), db.Background, func(context.Context, *db.Tx) error {
			close(started)
			<-release
			return nil
		})
	}()
	<-started
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	err := d.Write(ctx, db.People, func(context.Context, *db.Tx) error { return nil })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a write past its time returned %v", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := d.Write(context.Background(), db.People, func(context.Context, *db.Tx) error { return nil }); err != nil {
		t.Errorf("the next write failed: %v", err)
	}
}

func TestBackgroundIsNotStarved(t *testing.T) {
	d := dbtest.SQLite(t)
	ctx, cancel := context.WithCancel(context.Background())
	var people sync.WaitGroup
	for range 3 {
		people.Go(func() {
			for ctx.Err() == nil {
				err := d.Write(context.Background(), db.People, func(context.Context, *db.Tx) error {
					time.Sleep(time.Millisecond)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	defer people.Wait()
	defer cancel()
	time.Sleep(10 * time.Millisecond)
	waiting, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	if err := d.Write(waiting, db.Background, func(context.Context, *db.Tx) error { return nil }); err != nil {
		t.Fatalf("background work never came to its turn: %v", err)
	}
}

func TestAfterMayWriteAgain(t *testing.T) {
	d := dbtest.SQLite(t)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var again error
	err := d.Write(ctx, db.People, func(_ context.Context, tx *db.Tx) error {
		tx.After(func() {
			again = d.Write(ctx, db.People, func(context.Context, *db.Tx) error { return nil })
		})
		return nil
	})
	if err != nil || again != nil {
		t.Fatalf("a write after a commit fails: %v, %v", err, again)
	}
}

func TestDataFolderIsHeldOnce(t *testing.T) {
	dir := t.TempDir()
	held, err := db.LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.LockDir(dir); !errors.Is(err, db.ErrInUse) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("a folder in use is answered with %v", err)
	}
	if err := held.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := db.LockDir(dir)
	if err != nil {
		t.Fatalf("a folder given back is refused: %v", err)
	}
	again.Release()
}

func TestSortKeys(t *testing.T) {
	columns := map[string]string{"created": "d.created_at", "title": "d.title_fold"}
	for key, want := range map[string]string{
		"": "d.created_at DESC NULLS LAST", "title": "d.title_fold ASC NULLS LAST", "-title": "d.title_fold DESC NULLS LAST",
		"nothing": "d.created_at DESC NULLS LAST",
	} {
		if got := db.OrderBy(key, "-created", columns); got != want {
			t.Errorf("the key %q orders by %q, want %q", key, got, want)
		}
	}
}
