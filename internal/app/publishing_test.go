package app

import (
	"testing"

	"grenier/internal/config"
	"grenier/internal/mail"
	"grenier/internal/portal"
	"grenier/internal/web"
)

// TestLettersLeadHere asks under names of others: no letter, which may hold a link that opens an account, leads
// to them.
func TestLettersLeadHere(t *testing.T) {
	for _, c := range []struct {
		base, asked, want string
		demo              bool
	}{
		{"", "http://evil.example", "http://127.0.0.1:7000", false},
		{"", "https://evil.example:7000", "http://127.0.0.1:7000", false},
		{"", "http://localhost.evil.example", "http://127.0.0.1:7000", false},
		{"", "http://127.0.0.1.evil.example", "http://127.0.0.1:7000", false},
		{"", "http://192.0.2.1:7000", "http://127.0.0.1:7000", false},
		{"", "http://localhost:7000", "http://localhost:7000", false},
		{"", "http://127.0.0.1:7000", "http://127.0.0.1:7000", false},
		{"", "http://[::1]:7000", "http://[::1]:7000", false},
		{"", "http://demo.example", "http://demo.example", true},
		{"https://data.example.org", "https://data.example.org", "https://data.example.org", false},
	} {
		a := &App{Settings: &config.Settings{BaseURL: c.base, Listen: "127.0.0.1:7000"}}
		if c.demo {
			a.demo = make([]portal.DemoAccount, 1)
		}
		got := mail.SiteOf(a.onSite(t.Context(), &web.Site{Base: c.asked, Title: "T", Language: "fr"}), mail.Site{})
		if got.Base != c.want || got.Title != "T" || got.Language != "fr" {
			t.Errorf("a letter asked for at %s of a site at %q leads to %+v", c.asked, c.base, got)
		}
	}
}
