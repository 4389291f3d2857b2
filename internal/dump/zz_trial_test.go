package dump

import (
	"bytes"
	"context"
	"io"
	"os"
	"runtime"
	"testing"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/geo"
)

type firstByte struct {
	w     io.Writer
	start time.Time
	first time.Duration
	n     int64
	peak  uint64
}

func (f *firstByte) Write(p []byte) (int, error) {
	if f.n == 0 {
		f.first = time.Since(f.start)
	}
	f.n += int64(len(p))
	return f.w.Write(p)
}

func TestZZOpen(t *testing.T) {
	d, err := db.Open(context.Background(), db.Options{Dir: "/tmp/g/dump/data", URL: os.Getenv("TRIAL_PG")})
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
}

func TestZZTrial(t *testing.T) {
	ctx := context.Background()
	d, err := db.Open(ctx, db.Options{Dir: "/tmp/g/dump/data", URL: os.Getenv("TRIAL_PG")})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	log := event.NewLog(d)
	zones := geo.NewDirectory()
	store := catalog.New(log, zones, nil, catalog.Rules{})
	s := New(log, store, zones, nil, Options{QualityDescriptionLength: 100})
	for i := range 3 {
		var w io.Writer = io.Discard
		var out bytes.Buffer
		if i == 3 {
			w = &out
		}
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f := &firstByte{w: w, start: time.Now()}
		if err := s.Write(ctx, f, pick(s), "https://www.data.gouv.fr"); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		t.Logf("%v first %v bytes %d sys %d MB -> %d MB alloc %d MB", time.Since(f.start), f.first, f.n, before.Sys>>20, after.Sys>>20, (after.TotalAlloc-before.TotalAlloc)>>20)
		if i == 3 {
			os.WriteFile("/tmp/g/dump/out.csv", out.Bytes(), 0o644)
		}
	}
}

func pick(s *Dumps) Dump {
	switch os.Getenv("KIND") {
	case "resources":
		return s.Resources(DatasetFilter{})
	case "tags":
		return s.Tags()
	case "organizations":
		return s.Organizations(OrganizationFilter{})
	case "filtered":
		return s.Datasets(DatasetFilter{DatasetFilter: catalog.DatasetFilter{AccessType: "open"}})
	}
	return s.Datasets(DatasetFilter{})
}
