package harvest

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/text"
)

// precision is how much of a date was told.
type precision int

const (
	toYear precision = iota
	toMonth
	toDay
	toTime
)

// months are names of months without accents, in French and English, by their
// first letters: the longer ones first.
var months = []struct {
	begins string
	month  time.Month
}{
	{"janv", 1}, {"jan", 1}, {"fevr", 2}, {"fev", 2}, {"feb", 2}, {"mars", 3}, {"mar", 3}, {"avr", 4}, {"apr", 4}, {"mai", 5}, {"may", 5},
	{"juin", 6}, {"jun", 6}, {"juil", 7}, {"jul", 7}, {"aout", 8}, {"aug", 8}, {"sept", 9}, {"sep", 9}, {"oct", 10}, {"nov", 11}, {"dec", 12},
}

var (
	yearFirst  = regexp.MustCompile(`(?:^|[^0-9])([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[^0-9]|$)`)
	dayFirst   = regexp.MustCompile(`(?:^|[^0-9])([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})(?:[^0-9]|$)`)
	dayMonth   = regexp.MustCompile(`(?:^|[^0-9])([0-9]{1,2})(?:er|st|nd|rd|th)?[ -]+([a-z]{3,9})\.?,?[ -]+([0-9]{4})(?:[^0-9]|$)`)
	monthDay   = regexp.MustCompile(`(?:^|[^a-z])([a-z]{3,9})\.? +([0-9]{1,2})(?:st|nd|rd|th)?,? +([0-9]{4})(?:[^0-9]|$)`)
	monthYear  = regexp.MustCompile(`(?:^|[^a-z])([a-z]{3,9})\.?,? +([0-9]{4})(?:[^0-9]|$)`)
	compact    = regexp.MustCompile(`^([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})?(Z)?)?$`)
	yearMonth  = regexp.MustCompile(`^([0-9]{4})[-/]([0-9]{1,2})$`)
	monthSlash = regexp.MustCompile(`^([0-9]{1,2})[-/]([0-9]{4})$`)
	clockTime  = regexp.MustCompile(`(?:^|[^0-9])([0-9]{1,2})[:h]([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]+)?)?\s*(am|pm)?\s*(z|utc|gmt|[+-][0-9]{2}:?[0-9]{2})?(?:[^0-9a-z]|$)`)
)

// maxDate bounds what is read as a date, in bytes.
const maxDate = 200

// readDate reads a date as portals write it: ISO 8601 in all its forms, days
// before months as in Europe, months by their names in French or English, with
// words around that say nothing. A time without zone is UTC.
func readDate(given string) (moment time.Time, told precision, ok bool) {
	given = strings.TrimSpace(given)
	if given == "" || len(given) > maxDate {
		return time.Time{}, 0, false
	}
	if moment, ok := catalog.ParseMoment(given); ok {
		told := toTime
		switch {
		case len(given) == len("2006"):
			told = toYear
		case len(given) == len("2006-01"):
			told = toMonth
		case len(given) == len(time.DateOnly):
			told = toDay
		}
		return moment.UTC(), told, plausible(moment)
	}
	if parts := compact.FindStringSubmatch(given); parts != nil {
		return atTime(parts[1], parts[2], parts[3], clock{parts[4], parts[5], parts[6], "", ""})
	}
	folded := strings.ToLower(text.Fold(given))
	if parts := yearMonth.FindStringSubmatch(folded); parts != nil {
		moment, _, ok = atTime(parts[1], parts[2], "1", clock{})
		return moment, toMonth, ok
	}
	if parts := monthSlash.FindStringSubmatch(folded); parts != nil {
		moment, _, ok = atTime(parts[2], parts[1], "1", clock{})
		return moment, toMonth, ok
	}
	at := clockOf(folded)
	if parts := yearFirst.FindStringSubmatch(folded); parts != nil {
		return atTime(parts[1], parts[2], parts[3], at)
	}
	if parts := dayFirst.FindStringSubmatch(folded); parts != nil {
		if moment, told, ok = atTime(parts[3], parts[2], parts[1], at); ok {
			return moment, told, ok
		}
		return atTime(parts[3], parts[1], parts[2], at) // months first, as in America
	}
	if parts := dayMonth.FindStringSubmatch(folded); parts != nil {
		if month := monthOf(parts[2]); month != "" {
			return atTime(parts[3], month, parts[1], at)
		}
	}
	if parts := monthDay.FindStringSubmatch(folded); parts != nil {
		if month := monthOf(parts[1]); month != "" {
			return atTime(parts[3], month, parts[2], at)
		}
	}
	if parts := monthYear.FindStringSubmatch(folded); parts != nil {
		if month := monthOf(parts[1]); month != "" {
			moment, _, ok = atTime(parts[2], month, "1", clock{})
			return moment, toMonth, ok
		}
	}
	return time.Time{}, 0, false
}

// monthOf is the number of the month that a word names; "" for none.
func monthOf(word string) string {
	for _, m := range months {
		if strings.HasPrefix(word, m.begins) {
			return strconv.Itoa(int(m.month))
		}
	}
	return ""
}

// clock is a time of day as it is written.
type clock struct{ hour, minute, second, half, zone string }

func clockOf(folded string) clock {
	parts := clockTime.FindStringSubmatch(folded)
	if parts == nil {
		return clock{}
	}
	return clock{parts[1], parts[2], parts[3], parts[4], parts[5]}
}

// atTime puts a moment together. A day that no month has is none.
func atTime(year, month, day string, at clock) (time.Time, precision, bool) {
	numbers := make([]int, 6)
	for i, text := range []string{year, month, day, at.hour, at.minute, at.second} {
		if text != "" {
			numbers[i], _ = strconv.Atoi(text) // a few digits
		}
	}
	if at.half != "" {
		numbers[3] = numbers[3]%12 + map[string]int{"pm": 12}[at.half]
	}
	zone := time.UTC
	if len(at.zone) >= 5 {
		digits := strings.ReplaceAll(at.zone[1:], ":", "")
		hours, _ := strconv.Atoi(digits[:2])
		minutes, _ := strconv.Atoi(digits[2:])
		offset := hours*3600 + minutes*60
		if at.zone[0] == '-' {
			offset = -offset
		}
		zone = time.FixedZone("", offset)
	}
	moment := time.Date(numbers[0], time.Month(numbers[1]), numbers[2], numbers[3], numbers[4], numbers[5], 0, zone)
	ok := numbers[1] >= 1 && numbers[1] <= 12 && numbers[2] >= 1 && moment.Day() == numbers[2] && numbers[3] < 24 && numbers[4] < 60
	told := toDay
	if at.hour != "" {
		told = toTime
	}
	return moment.UTC(), told, ok && plausible(moment)
}

func plausible(moment time.Time) bool { return moment.Year() >= 1000 && moment.Year() <= 9999 }

// dayIn is the first or the last day that a date means.
func dayIn(given string, last bool) (string, bool) {
	moment, told, ok := readDate(given)
	if !ok {
		return "", false
	}
	switch {
	case told == toYear && last:
		moment = time.Date(moment.Year(), 12, 31, 0, 0, 0, 0, time.UTC)
	case told == toMonth && last:
		moment = time.Date(moment.Year(), moment.Month()+1, 0, 0, 0, 0, 0, time.UTC)
	}
	return moment.Format(time.DateOnly), true
}

// period reads a coverage in time. Either end may be open or missing; one text may
// hold both, with a slash between them, or one year, month or day that is both.
func period(p Period) (catalog.TemporalInput, bool) {
	start, end := strings.TrimSpace(p.Start), strings.TrimSpace(p.End)
	if end == "" && strings.Count(start, "/") == 1 && !monthSlash.MatchString(start) && !yearMonth.MatchString(start) {
		start, end, _ = strings.Cut(start, "/")
	} else if end == "" && start != "" && !strings.ContainsAny(start, ".") {
		if _, told, ok := readDate(start); ok && told < toDay {
			end = start
		}
	}
	first, started := dayIn(open(start), false)
	last, ended := dayIn(open(end), true)
	switch {
	case !started:
		return catalog.TemporalInput{}, false
	case !ended:
		last = ""
	}
	return catalog.TemporalInput{Start: first, End: last}, true
}

// open makes nothing of the signs for an end that is open.
func open(end string) string {
	end = strings.TrimSpace(end)
	if end == ".." || strings.EqualFold(end, "null") || end == "-" {
		return ""
	}
	return end
}
