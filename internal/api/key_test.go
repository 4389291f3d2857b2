package api_test

import (
	"strings"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// TestKeysOfAdministratorsSayWhatTheyLack asks for what administrators may with a
// key of one that is for less: the refusal says that it is the key. Others do not
// read that.
func TestKeysOfAdministratorsSayWhatTheyLack(t *testing.T) {
	b := newOAuthBench(t, dbtest.SQLite(t))
	root, whole := b.User("root@example.org", true)
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/api/1/workers/jobs/", ""}, {"POST", "/api/1/posts/", `{"name": "News", "headline": "x", "content": "x"}`},
		{"PATCH", "/api/1/site/", `{"title": "Mine"}`}, {"GET", "/api/2/oauth/clients/?all=true", ""},
	} {
		for _, scopes := range [][]string{{"write"}, {"read"}} {
			_, narrow, err := b.Tokens.Create(t.Context(), root, "", scopes, db.Time{})
			if err != nil {
				t.Fatal(err)
			}
			if a := b.Do(c.method, c.path, c.body, "X-API-KEY", narrow); a.Status != 403 || !strings.Contains(string(a.Body), "(scope admin)") {
				t.Errorf("%s %s by a key for %v: %d %s", c.method, c.path, scopes, a.Status, a.Body)
			}
		}
		if a := b.Do(c.method, c.path, c.body, "X-API-KEY", b.key); a.Status != 403 || strings.Contains(string(a.Body), "scope admin") {
			t.Errorf("%s %s by somebody: %d %s", c.method, c.path, a.Status, a.Body)
		}
		if a := b.Do(c.method, c.path, c.body, "X-API-KEY", whole); a.Status >= 300 {
			t.Errorf("%s %s by an administrator: %d %s", c.method, c.path, a.Status, a.Body)
		}
	}
}
