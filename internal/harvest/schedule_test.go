package harvest

import (
	"testing"
	"time"

	"grenier/internal/db"
)

// Schedules are five fields, with names of months and days short or in full.
func TestSchedules(t *testing.T) {
	s := &Store{deps: Deps{Rules: Rules{DefaultSchedule: "0 0 * * *", Location: time.UTC}}}
	after := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) // a Wednesday
	for text, want := range map[string]string{
		"30 2 * * sunday": "2026-03-08T02:30:00Z", "30 2 * * sun": "2026-03-08T02:30:00Z", "0 5 1 april *": "2026-04-01T05:00:00Z",
		"  0   13 * * * ": "2026-03-04T13:00:00Z", "*/20 * * * *": "2026-03-04T12:20:00Z", "0 1 * * mon-fri": "2026-03-05T01:00:00Z",
	} {
		kept, err := s.checkCron(text)
		if err != nil {
			t.Errorf("%q is refused: %v", text, err)
			continue
		}
		if next := s.nextRun(&Source{ID: "x", Schedule: &kept}, after); next.Format(time.RFC3339) != want {
			t.Errorf("%q comes at %s, want %s", text, next.Format(time.RFC3339), want)
		}
	}
	for _, text := range []string{"", "0 0 * *", "0 0 * * * *", "61 * * * *", "@daily", "@every 1s", "TZ=UTC 0 0 * * *", "0 0 31 2 *", "0 0 * * someday"} {
		if kept, err := s.checkCron(text); err == nil {
			t.Errorf("%q is taken as %q", text, kept)
		}
	}
}

// Sources with the default schedule start at a time of the night of their own, once
// a day; others to the minute.
func TestDefaultScheduleIsSpread(t *testing.T) {
	s := &Store{deps: Deps{Rules: Rules{DefaultSchedule: "0 0 * * *", Location: time.UTC}}}
	start := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	schedule := "0 0 * * *"
	hours := map[int]int{}
	for range 600 {
		src := &Source{ID: db.NewID(), Schedule: &schedule}
		moments := s.Next(src, start.Add(-time.Minute), 3)
		if len(moments) != 3 || moments[1].Sub(moments[0].Time) != 24*time.Hour || moments[2].Sub(moments[1].Time) != 24*time.Hour {
			t.Fatalf("the runs are at %v", moments)
		}
		if first := moments[0].Sub(start); first < 0 && first >= night-24*time.Hour || first >= night {
			t.Fatalf("the first run is %v after midnight", first)
		}
		hours[moments[0].Hour()]++
	}
	for hour := range 6 {
		if hours[hour] < 50 {
			t.Errorf("%d of 600 sources start in hour %d", hours[hour], hour)
		}
	}
}

// A source runs by itself only while it may.
func TestPlan(t *testing.T) {
	s := &Store{deps: Deps{Rules: Rules{DefaultSchedule: "0 0 * * *", Location: time.UTC}}}
	schedule := "30 2 * * *"
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for name, change := range map[string]func(*Source){
		"pending": func(src *Source) { src.Validation = Pending }, "refused": func(src *Source) { src.Validation = Refused },
		"inactive": func(src *Source) { src.Active = false }, "deleted": func(src *Source) { src.DeletedAt = db.Now() },
		"without schedule": func(src *Source) { src.Schedule = nil },
	} {
		src := &Source{ID: "x", Schedule: &schedule, Active: true, Validation: Accepted}
		if s.plan(src, now); src.NextRun.IsZero() {
			t.Fatal("an accepted source has no next run")
		}
		change(src)
		if s.plan(src, now); !src.NextRun.IsZero() {
			t.Errorf("%s: it runs at %v", name, src.NextRun)
		}
	}
}

// A source runs once a night, whether clocks leave its hour out or show it twice.
func TestSchedulesWhenClocksChange(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	s := &Store{deps: Deps{Rules: Rules{DefaultSchedule: "0 0 * * *", Location: paris}}}
	for _, schedule := range []string{"30 2 * * *", "0 2 * * *", "0 3 * * *", "59 1 * * *", "0 0 * * *"} {
		for _, start := range []time.Time{time.Date(2026, 3, 27, 12, 0, 0, 0, paris), time.Date(2026, 10, 23, 12, 0, 0, 0, paris)} {
			for i, next := range s.Next(&Source{ID: "x", Schedule: &schedule}, start, 4) {
				if got, want := next.In(paris).Format(time.DateOnly), start.AddDate(0, 0, i+1).Format(time.DateOnly); got != want {
					t.Errorf("%q: run %d is on %s, want %s", schedule, i+1, got, want)
				}
			}
		}
	}
}
