package intake

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"grenier/internal/catalog"
	"grenier/internal/db"
)

// parseTime reads a moment as dumps and APIs print it: ISO 8601 with or without
// a fraction, an offset or a time of day. Without an offset it is UTC. Empty
// text is no moment.
func parseTime(text string) (db.Time, error) {
	if text == "" {
		return db.Time{}, nil
	}
	moment, ok := catalog.ParseMoment(text)
	switch {
	case !ok || len(strings.TrimSpace(text)) < len(time.DateOnly):
		return db.Time{}, fmt.Errorf("%q is not a date: expected 2024-03-01T10:11:12", clip(text))
	case moment.IsZero():
		return db.Time{}, fmt.Errorf("the date %q is the one that means none", text)
	}
	return db.TimeOf(moment), nil
}

// parseDay reads a day and gives it as YYYY-MM-DD; the time of day is dropped.
func parseDay(text string) (*string, error) {
	const day = "2006-01-02"
	if text == "" {
		return nil, nil
	}
	if len(text) > len(day) {
		if _, err := parseTime(text); err != nil {
			return nil, err
		}
		text = text[:len(day)]
	}
	if _, err := time.Parse(day, text); err != nil {
		return nil, fmt.Errorf("%q is not a day: expected 2024-03-01", clip(text))
	}
	return &text, nil
}

// parseCount reads a number as a dump prints it; empty text is none.
func parseCount(text string) (*int64, error) {
	if text == "" {
		return nil, nil
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		float, floatErr := strconv.ParseFloat(text, 64)
		if floatErr != nil || float != float || float >= 1<<62 || float <= -1<<62 {
			return nil, fmt.Errorf("%q is not a number", clip(text))
		}
		number = int64(float)
	}
	return &number, nil
}

// parseFlag reads a boolean as a dump prints it; empty text is false.
func parseFlag(text string) (bool, error) {
	switch text {
	case "True", "true", "1":
		return true, nil
	case "False", "false", "0", "", "None":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither True nor False", clip(text))
}

// errDict is why the text of a Python dictionary cannot be read.
var errDict = errors.New("the counts by month are not of the form {'2025-01': 0}")

// parseMonths reads counts by month, printed as a Python dictionary of months
// and numbers, and gives them as JSON in the same order; 0 and nothing are nil.
func parseMonths(text string) (db.JSON, error) {
	text = strings.TrimSpace(text)
	if text == "" || text == "0" || text == "None" {
		return nil, nil
	}
	inner, opened := strings.CutPrefix(text, "{")
	inner, closed := strings.CutSuffix(inner, "}")
	if !opened || !closed {
		return nil, errDict
	}
	out := make([]byte, 0, len(text))
	out = append(out, '{')
	for first := true; ; first = false {
		inner = strings.TrimLeft(inner, " ")
		if inner == "" {
			break
		}
		key, value, rest, ok := cutPair(inner)
		if !ok {
			return nil, errDict
		}
		if !first {
			out = append(out, ',')
		}
		out = append(out, '"')
		out = append(out, key...)
		out = append(out, `":`...)
		out = strconv.AppendInt(out, value, 10)
		inner = rest
	}
	return append(out, '}'), nil
}

// cutPair takes one 'key': number off the inside of a dictionary, with the
// comma behind it.
func cutPair(text string) (key string, value int64, rest string, ok bool) {
	quote := text[0]
	if quote != '\'' && quote != '"' {
		return "", 0, "", false
	}
	key, rest, ok = strings.Cut(text[1:], string(quote))
	if !ok || !isMonth(key) {
		return "", 0, "", false
	}
	rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " "), ":")
	if !ok {
		return "", 0, "", false
	}
	number, rest, more := strings.Cut(rest, ",")
	value, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || more && strings.TrimLeft(rest, " ") == "" {
		return "", 0, "", false
	}
	return key, value, rest, true
}

// isMonth tells whether text is of the form 2025-01.
func isMonth(text string) bool {
	if len(text) != len("2025-01") || text[4] != '-' {
		return false
	}
	for i := range len(text) {
		if i != 4 && (text[i] < '0' || text[i] > '9') {
			return false
		}
	}
	return true
}

// optional is nil for empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// clip shortens text for a message.
func clip(text string) string {
	const most = 60
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// storable gives text as both databases can keep it: valid UTF-8 without NUL.
// changed tells that it was not.
func storable(text string) (kept string, changed bool) {
	if strings.IndexByte(text, 0) < 0 && utf8.ValidString(text) {
		return text, false
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD"), true
}
