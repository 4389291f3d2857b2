package oauth

import "testing"

func TestAsterisksStandForNothingOfOthers(t *testing.T) {
	for _, c := range []struct {
		pattern, address string
		matches          bool
	}{
		{"https://*.example.org/cb", "https://a.example.org/cb", true},
		{"https://*.example.org/cb", "https://a.b.example.org/cb", false},
		{"https://*.example.org/cb", "https://example.org/cb", false},
		{"https://*.example.org/cb", "https://evil.com/.example.org/cb", false},
		{"https://*.example.org/cb", "https://evil.com#.example.org/cb", false},
		{"https://*.example.org/cb", "https://evil.com?.example.org/cb", false},
		{"https://*.example.org/cb", "https://a@evil.com/cb", false},
		{"https://*.example.org/cb", "https://a.example.org@evil.com/cb", false},
		{"https://*.example.org/cb", "https://a.example.org:8443/cb", false},
		{"https://*.example.org/cb", "http://a.example.org/cb", false},
		{"https://*.example.org/cb", "https://a.example.org/cb?x=1", false},
		{"https://*.example.org/cb", "https://*.example.org/cb", false},
		{"https://*.example.org/cb", `https://evil.com\.example.org/cb`, false},
		{"https://example.org/apps/*/cb", "https://example.org/apps/one/cb", true},
		{"https://example.org/apps/*/cb", "https://example.org/apps/one/two/cb", false},
		{"https://example.org/apps/*/cb", "https://example.org/apps/../cb", false},
		{"https://example.org/apps/*/cb", "https://example.org/apps/%2e%2e/cb", false},
	} {
		if got := matchesWildcard(c.pattern, c.address); got != c.matches {
			t.Errorf("%s for %s: %t", c.pattern, c.address, got)
		}
	}
	s := &Server{options: Options{Wildcards: true}}
	for address, good := range map[string]bool{
		"https://*.example.org/cb": true, "https://example.org/*/cb": true, "https://*/cb": false, "https://*.org/cb": false,
		"https://a.*.org/cb": false, "https://*.*.example.org/cb": false, "*://example.org/cb": false, "https://example.org/cb?a=*": false,
	} {
		if got := s.wrongRedirect(address) == ""; got != good {
			t.Errorf("%s is taken: %t", address, got)
		}
	}
}
