package catalog

import (
	"time"

	"grenier/internal/db"
)

// Quality says what a dataset's description has and lacks. A nil criterion is
// not asked of this dataset.
type Quality struct {
	License             bool
	TemporalCoverage    bool
	Spatial             bool
	UpdateFrequency     bool
	UpdateInTime        *bool
	DescriptionQuality  bool
	HasResources        *bool
	HasOpenFormat       *bool
	AllAvailable        *bool
	ResourcesDocumented *bool
	// Score is the share of the nine criteria that are met; having
	// resources is shown but gives no point.
	Score float64
	// Until is when a criterion may flip by time alone, zero when never.
	Until time.Time
}

const criteria = 9

// Quality computes the quality of a dataset at a moment.
func (d *Dataset) Quality(now time.Time, descriptionLength int) Quality {
	q := Quality{
		License:            d.License != nil,
		TemporalCoverage:   d.TemporalStart != nil,
		Spatial:            d.HasSpatial,
		UpdateFrequency:    d.Frequency != nil && *d.Frequency != FrequencyUnknown,
		DescriptionQuality: d.DescriptionLength > int64(descriptionLength),
	}
	if q.UpdateFrequency {
		q.UpdateInTime, q.Until = d.inTime(now)
	}
	if d.ResourceTotal() > 0 {
		has := true
		q.HasResources, q.HasOpenFormat = &has, &d.OpenFormat
		q.AllAvailable, q.ResourcesDocumented = &d.AllAvailable, &d.Documented
	}
	met := 0
	for _, criterion := range []bool{
		q.License, q.TemporalCoverage, q.Spatial, q.UpdateFrequency, isTrue(q.UpdateInTime), q.DescriptionQuality,
		isTrue(q.HasOpenFormat), isTrue(q.AllAvailable), isTrue(q.ResourcesDocumented),
	} {
		if criterion {
			met++
		}
	}
	q.Score = float64(met) / criteria
	return q
}

func isTrue(b *bool) bool { return b != nil && *b }

// inTime tells whether the next update that the frequency promises is at most
// one day late, and when that will change by itself.
func (d *Dataset) inTime(now time.Time) (*bool, time.Time) {
	fulfilled := true
	delay, ok := frequencyDelays[*d.Frequency]
	if !ok || delay == 0 {
		return &fulfilled, time.Time{}
	}
	late := d.LastUpdate.Add(delay + day)
	if fulfilled = !now.After(late); fulfilled {
		return &fulfilled, late
	}
	return &fulfilled, time.Time{}
}

// NextUpdate is when the frequency promises the next update, zero when it
// promises none.
func (d *Dataset) NextUpdate() db.Time {
	if d.Frequency == nil {
		return db.Time{}
	}
	if delay := frequencyDelays[*d.Frequency]; delay > 0 {
		return db.TimeOf(d.LastUpdate.Add(delay))
	}
	return db.Time{}
}

// closedFormats are the formats that do not count as open.
var closedFormats = map[string]bool{
	"pdf": true, "doc": true, "docx": true, "word": true, "xls": true, "excel": true, "xlsx": true, "": true,
}

// IsOpenFormat tells whether a format counts as open for the quality.
func IsOpenFormat(format string) bool { return !closedFormats[format] }
