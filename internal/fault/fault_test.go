package fault

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"
)

func TestFault(t *testing.T) {
	base := New(Forbidden, "You may not.")
	withCause := base.Because(io.EOF)
	if base.Cause != nil || !errors.Is(withCause, io.EOF) {
		t.Errorf("Because changed its receiver or lost the cause: %v, %v", base, withCause)
	}
	if got, want := withCause.Error(), "forbidden: You may not.: EOF"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if e := base.After(time.Second); e.Retry != time.Second || base.Retry != 0 {
		t.Errorf("After: %v, receiver %v", e.Retry, base.Retry)
	}
	if got := Newf(Invalid, "at most %d", 3).Text; got != "at most 3" {
		t.Errorf("Newf text = %q", got)
	}
	if got := Wrap(io.EOF, Unavailable, "Later.").Error(); got != "unavailable: Later.: EOF" {
		t.Errorf("Wrap = %q", got)
	}
}

func TestOfAndIs(t *testing.T) {
	if Of(nil) != nil {
		t.Error("Of(nil) is not nil")
	}
	unknown := Of(io.EOF)
	if unknown.Code != Internal || unknown.SafeText() != "" || !errors.Is(unknown, io.EOF) {
		t.Errorf("Of(EOF) = %#v: a foreign text must stay in the cause", unknown)
	}
	wrapped := fmt.Errorf("reading: %w", New(Gone, "Deleted."))
	if Of(wrapped).Code != Gone || !Is(wrapped, Gone) || Is(wrapped, NotFound) || Is(nil, Gone) {
		t.Error("a wrapped fault is not found")
	}
}

func TestFieldsDoNotShareMemory(t *testing.T) {
	base := At("required", "title")
	a, b := base.At("long", "tags", 0), base.Bare("bad", "extras", "k")
	if len(base.Fields) != 1 || a.Fields[1].Text != "long" || b.Fields[1].Text != "bad" || !b.Fields[1].Bare {
		t.Errorf("fields got mixed: %v / %v / %v", base.Fields, a.Fields, b.Fields)
	}
	if base.SafeText() != "required" {
		t.Errorf("SafeText = %q", base.SafeText())
	}
}

func TestCollect(t *testing.T) {
	if Collect(nil, nil) != nil {
		t.Error("nothing wrong must be nil")
	}
	err := Collect(At("required", "title"), nil, At("long", "tags"))
	if e := Of(err); len(e.Fields) != 2 || e.Code != Invalid {
		t.Errorf("Collect = %v", err)
	}
	if err := Collect(At("required", "title"), io.EOF); !errors.Is(err, io.EOF) {
		t.Errorf("an error that is not about input must come through: %v", err)
	}
}
