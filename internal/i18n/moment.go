package i18n

import (
	"reflect"
	"strconv"
	"strings"
	"time"
)

// moment is time.Time and types that embed it.
type moment interface {
	In(zone *time.Location) time.Time
	IsZero() bool
}

// at returns a moment in the printer's zone; false for nil, the zero moment and
// what is no moment.
func (p *Printer) at(t any) (time.Time, bool) {
	if value := reflect.ValueOf(t); value.Kind() == reflect.Pointer && value.IsNil() {
		return time.Time{}, false
	}
	m, ok := t.(moment)
	if !ok || m.IsZero() {
		return time.Time{}, false
	}
	return m.In(p.zone), true
}

// Date writes the day of a moment: 16 janvier 2026. A text may be a year, a
// month or a day of ISO 8601, or a moment of RFC 3339; another text is written
// as it is. Nothing is written for nil and the zero moment.
func (p *Printer) Date(t any) string {
	if text, ok := t.(string); ok {
		return p.dateOfText(text)
	}
	when, ok := p.at(t)
	if !ok {
		return ""
	}
	return p.day(when)
}

func (p *Printer) dateOfText(text string) string {
	if when, err := time.Parse(time.RFC3339, text); err == nil {
		return p.day(when.In(p.zone))
	}
	if when, err := time.Parse(time.DateOnly, text); err == nil {
		return p.day(when)
	}
	return p.Month(text)
}

// DateTime writes a moment to the minute: 16 janvier 2026 à 14:05. Texts are
// moments of RFC 3339; others are written as by Date.
func (p *Printer) DateTime(t any) string {
	if text, ok := t.(string); ok {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return p.dateOfText(text)
		}
		t = when
	}
	when, ok := p.at(t)
	if !ok {
		return ""
	}
	hour := when.Format("15:04")
	if p.calendar == nil {
		return p.day(when) + " " + hour
	}
	return strings.NewReplacer("T", p.day(when), "H", hour).Replace(p.calendar.dateAndMoment)
}

// Month writes a month of ISO 8601: 2026-01 is janvier 2026. Another text is
// written as it is.
func (p *Printer) Month(month string) string {
	when, err := time.Parse("2006-01", month)
	if err != nil || p.calendar == nil {
		return month
	}
	return p.inWords(p.calendar.month, when)
}

func (p *Printer) day(when time.Time) string {
	if p.calendar == nil {
		return when.Format(time.DateOnly)
	}
	return p.inWords(p.calendar.date, when)
}

func (p *Printer) inWords(pattern string, when time.Time) string {
	day := strconv.Itoa(when.Day())
	if day == "1" {
		day = p.calendar.first
	}
	month := p.calendar.months[when.Month()-1]
	return strings.NewReplacer("D", day, "M", month, "Y", strconv.Itoa(when.Year())).Replace(pattern)
}

// Lengths of the units of Ago; months and years are those of the calendar's
// mean.
const (
	oneDay   = 24 * time.Hour
	oneYear  = 8766 * time.Hour
	oneMonth = oneYear / 12
)

// Ago writes how long before now a moment is, in its largest whole unit: il y a
// 3 jours; or how long after: dans 3 jours. Less than a minute is now.
func (p *Printer) Ago(t any, now time.Time) string {
	when, ok := p.at(t)
	if !ok {
		return ""
	}
	span, pattern := now.Sub(when), p.words.past
	if span < 0 {
		span, pattern = -span, p.words.future
	}
	if span < time.Minute {
		return p.words.now
	}
	return strings.Replace(pattern, "%", p.span(span), 1)
}

func (p *Printer) span(span time.Duration) string {
	unit, word := time.Minute, p.words.minute
	switch {
	case span >= oneYear:
		unit, word = oneYear, p.words.year
	case span >= oneMonth:
		unit, word = oneMonth, p.words.month
	case span >= oneDay:
		unit, word = oneDay, p.words.day
	case span >= time.Hour:
		unit, word = time.Hour, p.words.hour
	}
	count := int64(span / unit)
	if count == 1 {
		return "1 " + word[0]
	}
	return p.Number(count) + " " + word[1]
}
