package harvest

import (
	"context"
	"hash/fnv"
	"regexp"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
)

// night is the time over which sources with the default schedule are spread, so
// that they do not all start at once.
const night = 6 * time.Hour

// maxCron bounds a schedule, in characters.
const maxCron = 200

var cronParser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// longNames are names of months and days in full, which the parser wants short.
var longNames = regexp.MustCompile(`(?i)\b(jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)[a-z]+\b`)

// timetable is a schedule by the clocks of a zone.
type timetable struct {
	spec *cron.SpecSchedule
	zone *time.Location
}

// cronOf reads a schedule: five fields, names of months and days welcome.
func cronOf(text string, zone *time.Location) (timetable, error) {
	parsed, err := cronParser.Parse(longNames.ReplaceAllString(text, "$1"))
	if err != nil {
		return timetable{}, err
	}
	spec := parsed.(*cron.SpecSchedule)
	if spec.Location = time.UTC; zone == nil {
		zone = time.UTC
	}
	return timetable{spec, zone}, nil
}

// next is the first moment of the timetable after one; zero when there is none. What
// clocks show twice in a night comes once, and what they leave out comes beside it.
func (t timetable) next(after time.Time) time.Time {
	shown := func(at time.Time, zone *time.Location) time.Time {
		return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), zone)
	}
	for clock := shown(after.In(t.zone), time.UTC); ; {
		if clock = t.spec.Next(clock); clock.IsZero() {
			return clock
		}
		if moment := shown(clock, t.zone); moment.After(after) {
			return moment
		}
	}
}

// checkCron gives a schedule as it is kept, or says what is wrong with it.
func (s *Store) checkCron(text string) (string, error) {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxCron || strings.Contains(text, "=") || strings.HasPrefix(text, "@") {
		return "", errCron
	}
	schedule, err := cronOf(text, s.deps.Rules.Location)
	if err != nil {
		return "", errCron.Because(err)
	}
	if schedule.next(time.Now()).IsZero() {
		return "", fault.At("This schedule never comes.", "schedule")
	}
	return text, nil
}

var errCron = fault.At("This is no schedule: five fields, minute, hour, day of the month, month and day of the week, such as 0 0 * * * or 30 2 * * sunday.", "schedule")

// nextRun is when a schedule is due after a moment; zero when never. Sources with
// the schedule of the site start at some time of the night of their own.
func (s *Store) nextRun(src *Source, after time.Time) db.Time {
	schedule, err := cronOf(*src.Schedule, s.deps.Rules.Location)
	if err != nil {
		return db.Time{}
	}
	var offset time.Duration
	if *src.Schedule == s.deps.Rules.DefaultSchedule {
		offset = spread(src.ID)
	}
	next := schedule.next(after.Add(-offset))
	if next.IsZero() {
		return db.Time{}
	}
	return db.TimeOf(next.Add(offset))
}

// spread is how long after the default schedule a source starts.
func spread(id string) time.Duration {
	sum := fnv.New64a()
	sum.Write([]byte(id))
	return time.Duration(sum.Sum64()%uint64(night/time.Second)) * time.Second
}

// plan sets when a source runs next: never while it may not. A moment that stands
// and fits is kept.
func (s *Store) plan(src *Source, now time.Time) {
	if src.Schedule == nil || !src.Active || !src.DeletedAt.IsZero() || src.Validation != Accepted {
		src.NextRun = db.Time{}
		return
	}
	if src.NextRun.IsZero() {
		src.NextRun = s.nextRun(src, now)
	}
}

// Schedule lets a source run by itself; cron is five fields, minute, hour, day of
// the month, month and day of the week. For administrators of the platform.
func (s *Store) Schedule(ctx context.Context, v account.Viewer, id, cron string) (*Source, error) {
	return s.change(ctx, v, id, account.Schedule, "updated", false, func(_ context.Context, _ *event.Tx, src *Source) error {
		kept, err := s.checkCron(cron)
		if err != nil {
			return err
		}
		src.Schedule, src.NextRun = &kept, db.Time{}
		return nil
	})
}

// Unschedule lets a source run no more by itself; Invalid when it did not.
func (s *Store) Unschedule(ctx context.Context, v account.Viewer, id string) (*Source, error) {
	return s.change(ctx, v, id, account.Schedule, "updated", false, func(_ context.Context, _ *event.Tx, src *Source) error {
		if src.Schedule == nil {
			return fault.Newf(fault.Invalid, "Harvester %s is not scheduled", src.Name)
		}
		src.Schedule = nil
		return nil
	})
}

// Next are the next n moments of a schedule after one, as a form shows them; none
// for what is no schedule.
func (s *Store) Next(src *Source, after time.Time, n int) []db.Time {
	var moments []db.Time
	for range n {
		if src.Schedule == nil {
			break
		}
		next := s.nextRun(src, after)
		if next.IsZero() {
			break
		}
		moments, after = append(moments, next), next.Time
	}
	return moments
}
