package account

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"grenier/internal/event"
	"grenier/internal/fault"
)

// Writer changes people and organisations: each call is one transaction with
// its event, its version and its row of history.
type Writer struct {
	log    *event.Log
	hashes hasher
}

// NewWriter returns the writer of the log's database.
func NewWriter(log *event.Log) *Writer { return &Writer{log: log, hashes: newHasher()} }

// maxName bounds names and addresses, in characters.
const maxName = 255

// wrongText tells what is wrong with a text of a person: "" when nothing is.
func wrongText(value string, required bool, most int) string {
	switch {
	case required && value == "":
		return "This field is required."
	case !utf8.ValidString(value):
		return "This is not valid UTF-8 text."
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' }):
		return "Control characters are not allowed."
	case most > 0 && utf8.RuneCountInString(value) > most:
		return "Field cannot be longer than " + strconv.Itoa(most) + " characters."
	}
	return ""
}

// fieldErrors gathers what is wrong with an input, a text for each member.
type fieldErrors []error

func (f *fieldErrors) add(text string, path ...any) {
	if text != "" {
		*f = append(*f, fault.At(text, path...))
	}
}

func (f fieldErrors) collect() error { return fault.Collect(f...) }
