package catalog

import (
	"testing"

	"grenier/internal/i18n"
)

func TestEveryFrequencyHasADelayAndALabel(t *testing.T) {
	ids := i18n.IDs(i18n.Frequency)
	if len(ids) != len(frequencyDelays) {
		t.Errorf("%d frequencies have labels, %d delays", len(ids), len(frequencyDelays))
	}
	for _, id := range ids {
		if present, known := FrequencyID(id); !known || present != id {
			t.Errorf("%s is read as %s (%v)", id, present, known)
		}
	}
	for former, present := range formerFrequencies {
		if got, known := FrequencyID(former); !known || got != present {
			t.Errorf("%s is read as %s (%v)", former, got, known)
		}
	}
}
