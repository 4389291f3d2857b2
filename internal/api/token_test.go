package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// member gives a member of a JSON object.
func tokenMember(t *testing.T, a apitest.Answer, name string) string {
	t.Helper()
	object, ok := a.JSON(t).(map[string]any)
	if !ok {
		t.Fatalf("no object: %.200s", a.Body)
	}
	text, _ := object[name].(string)
	return text
}

func TestTokensAreMadeUsedAndRevoked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := apitest.New(t, d)
		_, ada := s.User("ada@example.org", false)
		_, eve := s.User("eve@example.org", false)
		tomorrow := time.Now().Add(24 * time.Hour).UTC().Format("2006-01-02T15:04:05")
		made := s.Do("POST", "/api/1/me/api_tokens/", map[string]any{"name": " Nightly script ", "expires_at": tomorrow, "scopes": []string{"read"}}, "X-API-KEY", ada)
		if made.Status != http.StatusCreated || made.Header.Get("Cache-Control") == "" {
			t.Fatalf("%d %s", made.Status, made.Body)
		}
		plain, id := tokenMember(t, made, "token"), tokenMember(t, made, "id")
		if len(plain) != len("udata_")+64 || !strings.HasPrefix(plain, tokenMember(t, made, "token_prefix")) || tokenMember(t, made, "name") != "Nightly script" ||
			tokenMember(t, made, "expires_at") != tomorrow+"+00:00" || tokenMember(t, made, "kind") != "api_key" {
			t.Errorf("got %s", made.Body)
		}
		if a := s.Get("/api/1/me/", "X-API-KEY", plain, "User-Agent", "grenier-test/1"); a.Status != http.StatusOK {
			t.Fatalf("the token does not work: %d %s", a.Status, a.Body)
		}
		if err := s.Tokens.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		listed := s.Get("/api/1/me/api_tokens/", "X-API-KEY", ada)
		if strings.Contains(string(listed.Body), plain) || !strings.Contains(string(listed.Body), `"user_agents":["grenier-test/1"]`) ||
			!strings.Contains(string(listed.Body), `"scopes":["read"]`) {
			t.Errorf("listed %s", listed.Body)
		}
		revoke := func(as string) apitest.Answer {
			return s.Do("DELETE", "/api/1/me/api_tokens/"+id+"/", nil, "X-API-KEY", as)
		}
		for _, step := range []struct {
			as, message string
			status      int
		}{
			{eve, "Token not found", 404}, {plain, "This API key may not change the account", 403}, {ada, "", 204}, {ada, "Token already revoked", 410},
		} {
			if a := revoke(step.as); a.Status != step.status || !strings.Contains(string(a.Body), step.message) {
				t.Errorf("got %d %s, not %d %q", a.Status, a.Body, step.status, step.message)
			}
		}
		if a := s.Get("/api/1/datasets/", "X-API-KEY", plain); a.Status != 401 || tokenMember(t, a, "message") != "Revoked API token" {
			t.Errorf("the revoked token gives %d %s", a.Status, a.Body)
		}
	})
}

func TestTokensAreRefused(t *testing.T) {
	s := apitest.New(t, dbtest.SQLite(t))
	ada, whole := s.User("ada@example.org", false)
	s.User("eve@example.org", false)
	made := s.Do("POST", "/api/1/datasets/", map[string]any{"title": "Secret", "description": "Hidden", "private": true}, "X-API-KEY", whole)
	if made.Status != http.StatusCreated {
		t.Fatalf("%d %s", made.Status, made.Body)
	}
	secret := tokenMember(t, made, "id")
	_, eve := s.User("eva@example.org", false)
	key := func(scopes ...string) string {
		_, plain, err := s.Tokens.Create(t.Context(), ada, "", scopes, db.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return plain
	}
	for _, c := range []struct {
		name, as, body, message string
		status                  int
	}{
		{"nobody", "", `{}`, "", 401},
		{"read alone", key("read"), `{}`, "This API key may not change the account", 403},
		{"write alone", key("write"), `{}`, "This API key may not change the account", 403},
		{"one dataset", key("admin", "dataset:"+secret), `{}`, "This API key may not change the account", 403},
		{"past", whole, `{"expires_at":"2020-01-01T00:00:00Z"}`, "expires_at must be in the future", 400},
		{"past day", whole, `{"expires_at":"2020-01-01"}`, "expires_at must be in the future", 400},
		{"no date", whole, `{"expires_at":"tomorrow"}`, "Invalid expires_at format", 400},
		{"loose date", whole, `{"expires_at":"31/12/2099"}`, "Invalid expires_at format", 400},
		{"no such day", whole, `{"expires_at":"2099-02-30"}`, "Invalid expires_at format", 400},
		{"number", whole, `{"expires_at":4102444800}`, "must be text", 400},
		{"long name", whole, `{"name":"` + strings.Repeat("x", 256) + `"}`, "longer than 255", 400},
		{"name with a control", whole, `{"name":"a\u0007b"}`, "Control characters", 400},
		{"name of another type", whole, `{"name":["a"]}`, "must be text", 400},
		{"unknown scope", whole, `{"scopes":["everything"]}`, "Unknown scope", 400},
		{"scope without id", whole, `{"scopes":["dataset:"]}`, "Unknown scope", 400},
		{"scope of another type", whole, `{"scopes":"admin"}`, "must be a list", 400},
		{"scopes beyond measure", whole, `{"scopes":[` + strings.TrimSuffix(strings.Repeat(`"read",`, 21), ",") + `]}`, "at most 20", 400},
		{"missing organization", whole, `{"scopes":["organization:` + db.NewID() + `"]}`, "no such organization", 400},
		{"missing dataset", whole, `{"scopes":["dataset:` + db.NewID() + `"]}`, "no such dataset", 400},
		{"dataset of somebody else", eve, `{"scopes":["dataset:` + secret + `"]}`, "no such dataset", 400},
		{"no JSON", whole, `{"name"`, "not JSON", 400},
		{"no object", whole, `[]`, "must be a JSON object", 400},
	} {
		headers := []string{}
		if c.as != "" {
			headers = []string{"X-API-KEY", c.as}
		}
		a := s.Do("POST", "/api/1/me/api_tokens/", c.body, headers...)
		if a.Status != c.status || !strings.Contains(string(a.Body), c.message) {
			t.Errorf("%s: got %d %s, not %d %q", c.name, a.Status, a.Body, c.status, c.message)
		}
	}
	for _, good := range []string{
		`{}`, `{"name":null,"expires_at":null,"scopes":null}`, `{"expires_at":"2099-12-31"}`, `{"expires_at":"2099-12-31 10:00"}`,
		`{"expires_at":"2099-12-31T10:00:00.123456+02:00"}`, `{"scopes":["admin"]}`, `{"scopes":["write","dataset:` + secret + `"]}`, `{"unknown":1}`,
	} {
		if a := s.Do("POST", "/api/1/me/api_tokens/", good, "X-API-KEY", whole); a.Status != 201 {
			t.Errorf("%s: got %d %s", good, a.Status, a.Body)
		}
	}
}

func TestTokensReachWhatTheirScopesSay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := apitest.New(t, d)
		ada, whole := s.User("ada@example.org", true)
		organization := s.Organization("Town", account.NewMember{UserID: ada, Role: account.RoleAdmin})
		create := func(owner string) string {
			a := s.Do("POST", "/api/1/datasets/", fmt.Sprintf(`{"title":"Trees","description":"All trees"%s}`, owner), "X-API-KEY", whole)
			if a.Status != 201 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			return tokenMember(t, a, "id")
		}
		mine, theirs := create(""), create(`,"organization":"`+organization+`"`)
		for _, c := range []struct {
			scopes  []string
			dataset string
			status  int
		}{
			{nil, mine, 200}, {[]string{"admin"}, theirs, 200}, {[]string{"default"}, mine, 200}, {[]string{"write"}, mine, 200},
			{[]string{"read"}, mine, 403}, {[]string{"read", "write"}, mine, 200},
			{[]string{"organization:" + organization}, theirs, 200}, {[]string{"organization:" + organization}, mine, 403},
			{[]string{"dataset:" + mine}, mine, 200}, {[]string{"dataset:" + mine}, theirs, 403},
			{[]string{"read", "dataset:" + mine}, mine, 403}, {[]string{"admin", "dataset:" + mine}, theirs, 403},
		} {
			_, plain, err := s.Tokens.Create(t.Context(), ada, "", c.scopes, db.Time{})
			if err != nil {
				t.Fatal(err)
			}
			a := s.Do("PUT", "/api/1/datasets/"+c.dataset+"/", map[string]any{"title": "Trees of the town", "private": false}, "X-API-KEY", plain)
			if a.Status != c.status {
				t.Errorf("%v on %s: got %d, not %d: %s", c.scopes, c.dataset, a.Status, c.status, a.Body)
			}
		}
	})
}
