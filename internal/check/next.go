package check

import (
	"net/http"
	"time"

	"grenier/internal/db"
)

const (
	hour = time.Hour
	// soonest is when a file that was not found is looked for again.
	soonest = 10 * time.Minute
	// patience is how many failures in a row are followed by such a check, each
	// after three times the pause of the one before.
	patience = 5
)

// intervals are the pauses between checks of what does not change.
var intervals = []time.Duration{12 * hour, 24 * hour, 168 * hour, 720 * hour}

// take notes a result and plans the next check. changed tells whether clients
// have to be told: it is the first, or it differs in the status, availability,
// lateness, length, type or what browsers may.
func (c *Check) take(r Result) (changed bool) {
	before := *c
	first := c.CheckedAt.IsZero()
	c.CheckedAt = r.At
	c.Status, c.Available, c.Timeout, c.Error = nil, r.Available, r.Timeout, optional(r.Error)
	if r.Status != 0 {
		status := int64(r.Status)
		c.Status = &status
	}
	c.CORS = nil
	if r.CORS != nil {
		c.CORS, _ = db.JSONOf(r.CORS) // texts and a number
	}
	c.ContentLength, c.ContentType = nil, optional(r.Type)
	if r.Length >= 0 {
		c.ContentLength = &r.Length
	}
	if r.found() {
		c.Failures = 0
		c.ETag, c.LastModified = optional(r.ETag), optional(r.LastModified)
		c.date(&before, r)
	} else if r.Available != nil {
		c.Failures++
	}
	changed = first || !same(before.Status, c.Status) || !same(before.Available, c.Available) || before.Timeout != c.Timeout ||
		!same(before.ContentLength, c.ContentLength) || !same(before.ContentType, c.ContentType) || string(before.CORS) != string(c.CORS)
	if changed {
		c.ChangedAt = r.At
	}
	c.DueAt = db.TimeOf(r.At.Add(c.pause(r, changed)))
	return changed
}

// found tells whether the file is there.
func (r Result) found() bool { return r.Available != nil && *r.Available }

// date works out when the file changed: as its host says, else when its length or
// its tag became another one.
func (c *Check) date(before *Check, r Result) {
	if told, err := http.ParseTime(r.LastModified); err == nil && !told.After(r.At.Time) && told.Unix() > 0 {
		c.ModifiedAt = db.TimeOf(told)
		return
	}
	if before.ModifiedAt.IsZero() || !same(before.ContentLength, c.ContentLength) || !same(before.ETag, c.ETag) {
		c.ModifiedAt = r.At
	}
}

// pause is how long the next check may wait. What failed is looked for soon, less
// and less often; what never changes, rarely.
func (c *Check) pause(r Result, changed bool) time.Duration {
	switch {
	case r.Available == nil: // the rest that the host asked for comes first
		return max(intervals[0], r.Rest)
	case !r.found() && c.Failures <= patience:
		pause := soonest
		for range c.Failures - 1 {
			pause *= 3
		}
		return min(pause, intervals[0])
	case changed:
		return intervals[0]
	}
	since := c.ChangedAt
	if r.found() && !c.ModifiedAt.IsZero() {
		since = c.ModifiedAt
	}
	elapsed := r.At.Sub(since.Time)
	for _, interval := range intervals {
		if interval >= elapsed {
			return interval
		}
	}
	return intervals[len(intervals)-1]
}

func same[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
