package outbox

import (
	"fmt"
	"strconv"
	"strings"

	"grenier/internal/fault"
)

// Position is a place in the feed, between two changes. Its text is what readers hand back: "1042", or
// "17-1042" while a reader who began with nothing at 1042 is still on the way there.
type Position struct {
	// Seq is the last change that was read.
	Seq int64
	// Begun is the newest change when a reader began with nothing; 0 once it is reached. Old changes are
	// cleared as long as a newer one of their object stays, which only such a reader may not mind.
	Begun int64
}

func (p Position) append(b []byte) []byte {
	b = strconv.AppendInt(b, p.Seq, 10)
	if p.Begun > p.Seq {
		b = strconv.AppendInt(append(b, '-'), p.Begun, 10)
	}
	return b
}

// String is the text of the position.
func (p Position) String() string { return string(p.append(nil)) }

// at is the position after another change.
func (p Position) at(seq int64) Position {
	if p.Begun <= seq {
		return Position{Seq: seq}
	}
	return Position{Seq: seq, Begun: p.Begun}
}

// After is where a reader wants to begin. The zero value is the oldest change that is kept.
type After struct {
	Position
	// Given is true when a position was given, Now when it is the present.
	Given, Now bool
}

// ParseArg reads "now" or the text of a position; nothing is the beginning.
func (a *After) ParseArg(text string) error {
	switch text {
	case "":
		*a = After{}
		return nil
	case "now":
		*a = After{Given: true, Now: true}
		return nil
	}
	seq, begun, split := strings.Cut(text, "-")
	var p Position
	var err error
	if p.Seq, err = strconv.ParseInt(seq, 10, 64); err == nil && split {
		p.Begun, err = strconv.ParseInt(begun, 10, 64)
	}
	if err != nil || p.Seq < 0 || p.Begun < 0 || split && p.Begun <= p.Seq {
		return fmt.Errorf("%q is not a position of the feed", clip(text))
	}
	*a = After{Position: p, Given: p.Seq > 0 || split}
	return nil
}

// clip shortens what somebody sent.
func clip(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return text
}

// errGone answers a position that the log does not reach back to, or that is not one of this log.
var errGone = fault.New(fault.Gone, "The log of changes does not reach back to this position any more. Take a full start, then follow from the position that it gives.")

// Gone tells whether an error says that a position is too old.
func Gone(err error) bool { return err == errGone }
