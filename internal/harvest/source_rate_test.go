package harvest

import (
	"fmt"
	"testing"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
	"grenier/internal/limit"
)

// TestSourcesAndPreviewsAreBounded refuses a person who adds sources or asks for whole
// previews without end; administrators of the platform go on.
func TestSourcesAndPreviewsAreBounded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		h.store.deps.Rates = limit.NewRates(d)
		person := account.Viewer{User: &account.User{ID: db.NewID()}, Memberships: map[string]account.Role{h.organization: account.RoleAdmin}}
		stranger := account.Viewer{User: &account.User{ID: db.NewID()}}
		input := func(name string) SourceInput {
			return SourceInput{
				Name: account.Some(name), URL: account.Some("https://portail.example.org/"), Backend: account.Some("told"), Organization: account.Some(h.organization),
			}
		}
		if _, err := h.store.CreateSource(h.ctx, person, input("")); !fault.Is(err, fault.Invalid) {
			t.Fatalf("a source without a name: %v", err)
		}
		var src *Source
		for i := range createRule.Most {
			made, err := h.store.CreateSource(h.ctx, person, input(fmt.Sprintf("Portail %d", i)))
			if err != nil {
				t.Fatalf("source %d: %v", i, err)
			}
			src = made
		}
		if _, err := h.store.CreateSource(h.ctx, person, input("Encore")); !fault.Is(err, fault.TooMany) || fault.Of(err).Retry <= 0 {
			t.Errorf("after many sources: %v", err)
		}
		if _, err := h.store.CreateSource(h.ctx, account.System("test"), input("Encore")); err != nil {
			t.Errorf("an administrator: %v", err)
		}
		if n := h.number("SELECT count(*) FROM harvest_sources"); n != int(createRule.Most)+1 {
			t.Errorf("%d sources are there", n)
		}
		for i := range previewRule.Most {
			if _, err := h.store.StartPreview(h.ctx, person, src.ID); err != nil {
				t.Fatalf("preview %d: %v", i, err)
			}
		}
		if _, err := h.store.StartPreview(h.ctx, person, src.ID); !fault.Is(err, fault.TooMany) {
			t.Errorf("after many previews: %v", err)
		}
		if _, err := h.store.StartPreview(h.ctx, account.System("test"), src.ID); err != nil {
			t.Errorf("a preview of an administrator: %v", err)
		}
		for range previewRule.Most + 1 {
			if _, err := h.store.StartPreview(h.ctx, stranger, src.ID); !fault.Is(err, fault.Forbidden) {
				t.Fatalf("a preview of a stranger: %v", err)
			}
		}
	})
}
