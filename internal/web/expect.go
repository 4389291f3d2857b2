package web

import (
	"strconv"
	"strings"

	"grenier/internal/fault"
)

// Versioned notes the version of the object that the answer shows: it begins the ETag, so that a write can
// name it in If-Match and is refused when the object has changed since (RFC 9110, section 13.1.1).
func (c *Call) Versioned(version int64) { c.version = version }

// etagOf puts a version before the validator of a body.
func etagOf(version int64, etag string) string {
	if version <= 0 {
		return etag
	}
	return `W/"` + strconv.FormatInt(version, 10) + "-" + strings.TrimPrefix(etag, `W/"`)
}

// errChanged answers an If-Match that no version of ours can meet.
var errChanged = fault.New(fault.Stale, "The header If-Match names no version of this object: send the ETag that reading it gave.")

// expect reads the version that a write counts on.
func (h *Handler) expect(c *Call) error {
	given := strings.TrimSpace(c.R.Header.Get("If-Match"))
	if given == "" || given == "*" || safe(c.R.Method) || h.o.Expect == nil {
		return nil
	}
	opaque := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(given, "W/"), `"`), `"`)
	number, _, _ := strings.Cut(opaque, "-")
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil || version <= 0 {
		return errChanged
	}
	c.R = c.R.WithContext(h.o.Expect(c.R.Context(), version))
	return nil
}
