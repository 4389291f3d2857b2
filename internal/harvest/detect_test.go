package harvest

import (
	"net/http"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
	"grenier/internal/limit"
)

// TestDetection finds out which backend reads an address, says why none does, and
// counts as a preview.
func TestDetection(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		kind := h.told.Describe().ID
		before := detections
		t.Cleanup(func() { detections = before })
		detections = append(before[:0:0], before...)
		detections = append(detections[:1:1], detections[0])
		detections[0].backend, detections[1].backend, detections[1].paths = "nobody", kind, []string{"", "catalog.xml"}
		steps := 0
		look := func(address string) ([]Attempt, error) {
			return h.store.Detect(h.ctx, account.System("test"), Detection{URL: address, Owner: account.Owner{Organization: h.organization}, Full: true, Tried: func() { steps++ }})
		}
		h.told.lists(datasets(0, 3)...)
		if tried, err := look("https://portal.example.org/"); err != nil || len(tried) != 1 || !tried[0].Works || tried[0].Records != 3 || tried[0].Backend != kind || steps != 1 {
			t.Errorf("tried %+v in %d steps, %v", tried, steps, err)
		}
		h.told.lists()
		if tried, err := look("https://portal.example.org/a"); err != nil || len(tried) != 2 || tried[0].Works || tried[0].Why == "" || tried[1].URL != "https://portal.example.org/a/catalog.xml" {
			t.Errorf("of nothing it tried %+v, %v", tried, err)
		}
		h.told.lists(Line{T: LineSkip, RemoteID: "a", Reason: "Dataset a has no record"})
		if tried, err := look("https://portal.example.org/b"); err != nil || len(tried) != 2 || tried[0].Works || !strings.Contains(tried[0].Why, "Dataset a has no record") {
			t.Errorf("of records that are left out it tried %+v, %v", tried, err)
		}
		for _, wrong := range []string{"", "portal.example.org", "ftp://portal.example.org/", "https://", "::"} {
			if _, err := look(wrong); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", wrong, err)
			}
		}
		h.store.deps.Rates = limit.NewRates(d)
		person := account.Viewer{User: &account.User{ID: db.NewID()}}
		var err error
		for range previewRule.Most + 1 {
			_, err = h.store.Detect(h.ctx, person, Detection{URL: "https://portal.example.org/"})
		}
		if !fault.Is(err, fault.TooMany) {
			t.Errorf("after many detections: %v", err)
		}
	})
}

// TestAskOnce asks nothing a second time of a portal in trouble.
func TestAskOnce(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	remote, clock, _ := remoteFor(t, RemoteOptions{Once: true})
	if _, err := remote.Ask(t.Context(), s.URL, Want{}); !fault.Is(err, fault.BadGateway) {
		t.Errorf("error %v", err)
	}
	if got := remote.Traffic(); got.Requests != 1 || got.Retries != 0 || len(clock.pauses) != 0 {
		t.Errorf("traffic %+v, pauses %v", got, clock.pauses)
	}
}
