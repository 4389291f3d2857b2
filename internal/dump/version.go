package dump

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"grenier/internal/db"
)

// Version tells which state of the catalogue a dump would show: a weak
// validator and the moment of the last change, for conditional requests. Both
// are empty when the rows are chosen by a text search, whose index follows the
// log a moment later. Asked before the dump is made, it never names a newer
// state than the dump shows.
//
// The state is the position of the event log: every write appends to it. What
// changes by time alone, the freshness in the score of datasets, counts by the
// hour.
func (s *Dumps) Version(ctx context.Context, d Dump, base string) (etag string, modified time.Time, err error) {
	if d.ranked {
		return "", time.Time{}, nil
	}
	var last []struct {
		Seq int64
		At  db.Time
	}
	err = s.db.Read().NewRaw("SELECT seq, at FROM events ORDER BY seq DESC LIMIT 1").Scan(ctx, &last)
	if err != nil {
		return "", time.Time{}, err
	}
	state := []any{dialectVersion, d.Kind, Columns(d.Kind), d.filter, base, s.options.QualityDescriptionLength, s.options.ExploreURL}
	if len(last) > 0 {
		state = append(state, last[0].Seq, last[0].At.UnixMicro())
		modified = last[0].At.Time
	}
	if d.Kind == Datasets {
		hour := s.options.Clock().UTC().Truncate(time.Hour)
		state = append(state, hour.Unix())
		if hour.After(modified) {
			modified = hour
		}
	}
	text, err := json.Marshal(state)
	if err != nil {
		return "", time.Time{}, err
	}
	sum := sha256.Sum256(text)
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, modified, nil
}
