package dcat

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestDocumentsWaitForEachOther fills the room that documents have together.
func TestDocumentsWaitForEachOther(t *testing.T) {
	e := New(nil, nil, nil, nil)
	first, err := e.enter(t.Context(), maxAtOnce/2)
	if err != nil {
		t.Fatal(err)
	}
	second, err := e.enter(t.Context(), maxAtOnce/2)
	if err != nil {
		t.Fatal("two long pages find no room together:", err)
	}
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := e.enter(soon, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a third document began beyond the room: %v", err)
	}
	first()
	second()
	all, err := e.enter(t.Context(), 100*maxAtOnce)
	if err != nil {
		t.Fatal("what is longer than the room never begins:", err)
	}
	all()
}
