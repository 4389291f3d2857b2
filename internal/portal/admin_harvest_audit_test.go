package portal

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"

	"grenier/internal/account"
	"grenier/internal/blob"
	"grenier/internal/harvest"
)

// asks is a backend that asks an address and tells nothing.
type asks struct {
	tells
	address string
}

func (b asks) Harvest(ctx context.Context, r harvest.Request, emit func(harvest.Line) error) error {
	for range 2 {
		answer, err := r.Remote.Ask(ctx, b.address, harvest.Want{})
		if err != nil {
			return err
		}
		if err := answer.Body.Close(); err != nil {
			return err
		}
	}
	return emit(harvest.Line{T: harvest.LineEnd, Complete: true})
}

// TestHarvesterAudit leads administrators of the platform to what the portal answered,
// and nobody else.
func TestHarvesterAudit(t *testing.T) {
	remote := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") }))
	t.Cleanup(remote.Close)
	store, err := blob.OpenFolder(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	s := newBarn(t, func(d *harvest.Deps) {
		d.Audit, d.Rules.AuditMost = store, 1<<20
		d.Backends[0] = asks{d.Backends[0].(tells), remote.URL}
	})
	page := s.source()
	s.sends(page+"/validate", s.byRoot, url.Values{"state": {"accepted"}}, 303, "done-accepted")
	work := s.run(s.sends(page+"/run", s.byAdmin, nil, 303, "/jobs/", "done-queued"))
	body := s.page(work, s.byRoot, 200, "Raw answers of the portal", "Download 2 answers (")
	link := regexp.MustCompile(`/api/1/harvest/job/([0-9a-f]{24})/pages/`).FindStringSubmatch(body)
	if link == nil {
		t.Fatal("no link leads to the answers")
	}
	if sum, err := s.harvests.AuditSum(t.Context(), account.System("test"), link[1]); err != nil || sum.Answers != 2 {
		t.Errorf("the link leads to %+v (%v)", sum, err)
	}
	s.page(work, s.byAdmin, 200, "!Raw answers", "!/api/1/harvest/job/")
}
