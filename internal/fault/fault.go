// Package fault is the one error type that subjects return to faces.
//
// A fault says four things: a code that a face maps to its own status, a text that is safe to show to
// the person concerned, the members of the input that are wrong, and the cause, which only logs see.
// An error that is not a fault is Internal: its text never leaves the machine.
package fault

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Code classes a fault. Faces map codes to statuses, clients and logs may name them.
type Code string

// The codes, from what the caller can mend to what only the operator can.
const (
	Invalid        Code = "invalid"         // what was sent breaks a rule
	Unauthorized   Code = "unauthorized"    // who are you
	Forbidden      Code = "forbidden"       // you may not
	NotFound       Code = "not_found"       // no such thing, or none that you may see
	Gone           Code = "gone"            // it was here and has been deleted
	Conflict       Code = "conflict"        // it clashes with what exists
	Stale          Code = "stale"           // it was changed since you read it
	TooLarge       Code = "too_large"       // beyond a limit of size
	Unsupported    Code = "unsupported"     // a media type nobody reads here
	ReadOnly       Code = "read_only"       // creation is closed for now
	TooMany        Code = "too_many"        // too often, come back later
	Full           Code = "full"            // no room is left to keep it
	Internal       Code = "internal"        // our mistake
	NotImplemented Code = "not_implemented" // this installation does not offer it
	BadGateway     Code = "bad_gateway"     // a remote service answered nonsense
	Unavailable    Code = "unavailable"     // not now, try again
	Timeout        Code = "timeout"         // it took too long
)

// Field says what is wrong with one member of the input.
type Field struct {
	// Path leads to the member: names (string) and positions in lists (int).
	Path []any
	// Text is safe to show.
	Text string
	// Bare asks families that list several texts per member to give this one alone.
	Bare bool
}

// Error is a fault. Make one with New, Newf, Wrap or At; never change one that was returned.
type Error struct {
	Code Code
	// Text is safe to show and tells the person what to do.
	Text string
	// Fields are the members of the input that are wrong, in the order found.
	Fields []Field
	// Retry says after how long it makes sense to try again; 0 when unknown.
	Retry time.Duration
	// Cause is for logs alone.
	Cause error
}

// New makes a fault with a text that is safe to show.
func New(code Code, text string) *Error { return &Error{Code: code, Text: text} }

// Newf is New with a format. Arguments become part of the safe text.
func Newf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}

// Wrap makes a fault out of a cause, which logs show and people do not.
func Wrap(cause error, code Code, text string) *Error {
	return &Error{Code: code, Text: text, Cause: cause}
}

// At makes an Invalid fault about one member of the input; path holds names and positions:
// At("This field is required.", "resources", 0, "title").
func At(text string, path ...any) *Error {
	return (&Error{Code: Invalid}).At(text, path...)
}

// At returns a copy that also blames the member at path.
func (e *Error) At(text string, path ...any) *Error {
	return e.with(Field{Path: path, Text: text})
}

// Bare is At for a member whose family gives one text alone instead of a list (extras).
func (e *Error) Bare(text string, path ...any) *Error {
	return e.with(Field{Path: path, Text: text, Bare: true})
}

func (e *Error) with(f Field) *Error {
	c := *e
	c.Fields = append(slices.Clip(e.Fields), f)
	return &c
}

// After returns a copy that asks to come back after d.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.Retry = d
	return &c
}

// Because returns a copy with a cause.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// Error gives everything, for logs.
func (e *Error) Error() string {
	s := string(e.Code)
	if t := e.SafeText(); t != "" {
		s += ": " + t
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// SafeText is the text, or that of the first field when there is none.
func (e *Error) SafeText() string {
	if e.Text == "" && len(e.Fields) > 0 {
		return e.Fields[0].Text
	}
	return e.Text
}

// Of finds the fault in an error's chain; any other error becomes Internal with an empty text and
// the error as cause. Of(nil) is nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: Internal, Cause: err}
}

// Is tells whether an error is a fault of this code.
func Is(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// Collect gathers several faults of input into one, so that a person sees all at once. The first
// text is kept; nil when there is none. An error that is not about input is returned as it is.
func Collect(errs ...error) error {
	var all *Error
	for _, err := range errs {
		if err == nil {
			continue
		}
		e := Of(err)
		if e.Code != Invalid {
			return err
		}
		if all == nil {
			c := *e
			c.Fields = slices.Clip(e.Fields)
			all = &c
			continue
		}
		all.Fields = append(all.Fields, e.Fields...)
	}
	if all == nil {
		return nil
	}
	return all
}
