package harvest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// A record counts for all that it holds, whichever member holds it.
func TestWeight(t *testing.T) {
	long := strings.Repeat("x", 10*heavyText)
	many := make([]string, 10*heavyText/wordSize)
	deep := map[string]any{"a": []any{map[string]any{"b": long}}}
	for name, d := range map[string]Dataset{
		"description": {Description: long}, "tags": {Tags: many}, "licence": {License: []string{long}}, "rights": {Rights: []string{long}},
		"extras": {Extras: deep}, "geometry": {Spatial: &Spatial{Geometry: deep}}, "raw geometry": {Spatial: &Spatial{Geometry: json.RawMessage(long)}},
		"zones": {Spatial: &Spatial{Zones: many}}, "contacts": {Contacts: make([]Contact, 10*heavyText/wordSize)},
		"a file": {Resources: []Resource{{Extras: deep}}}, "files": {Resources: make([]Resource, 10*heavyFiles)},
	} {
		if got := weightOf(Line{T: LineDataset, Dataset: &d}); got < 10 || got > 12 {
			t.Errorf("%s: weighs %d", name, got)
		}
	}
	if got := weightOf(Line{T: LineDataservice, Dataservice: &Dataservice{Datasets: many}}); got < 10 {
		t.Errorf("a service of many datasets weighs %d", got)
	}
	if got := weightOf(Line{T: LineDataset, Dataset: &Dataset{Title: "t", Tags: []string{"a"}}}); got != 0 {
		t.Errorf("a usual record weighs %d", got)
	}
}

// Of records that are large, one is under way; whoever waits for room leaves with
// the context, and room comes back.
func TestIntake(t *testing.T) {
	way := newIntake()
	large := message{line: &Line{T: LineDataset, Dataset: &Dataset{Description: strings.Repeat("x", 8<<20)}}}
	if err := way.hand(t.Context(), large); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := way.hand(short, message{log: &Log{}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("there was room beside a record of 8 MiB: %v", err)
	}
	way.taken(<-way.messages)
	for range intakeRoom {
		if err := way.hand(t.Context(), message{log: &Log{}}); err != nil {
			t.Fatal(err)
		}
	}
	if len(way.messages) != intakeRoom {
		t.Errorf("%d small messages are under way", len(way.messages))
	}
}
