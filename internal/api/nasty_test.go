package api_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// nasty are values that no object has and that parsers, patterns and databases
// may choke on.
var nasty = []string{
	"%", "_", "!", "'", `"`, `\`, `'; DROP TABLE datasets; --`, "(.*)+$", "[", "a\x01b", "é\u0301\u200f", "𝒳", "..", "NULL", "0", "-1",
	"99999999999999999999", "1e309", "true", "{}", "[]", "2024-13-45-2024-99-99", strings.Repeat("x", 3000), strings.Repeat("a b ", 2500),
	"ffffffffffffffffffffffff", "00000000-0000-0000-0000-000000000000", "\xff", "a\x00b", "a/b", "?#&=",
}

var variable = regexp.MustCompile(`\{[^}]*\}`)

// TestNoInputBreaksAReading asks every reading route with every nasty value in
// each place: never an error of ours, never a slow answer.
func TestNoInputBreaksAReading(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		for _, table := range p.Tables {
			for _, route := range table.Routes() {
				if route.Method != http.MethodGet || route.Summary == "" || strings.HasSuffix(route.Path, ".csv") {
					continue
				}
				for _, value := range nasty {
					escaped := url.PathEscape(value)
					if strings.Contains(route.Path, "{") {
						p.survives(t, variable.ReplaceAllLiteralString(route.Path, escaped))
					}
				}
				p.survives(t, variable.ReplaceAllLiteralString(route.Path, "ville-de-valmont")+"?"+everyArgument(nasty[len(nasty)-1]))
			}
		}
		for _, list := range []string{
			"/api/1/organizations/", "/api/1/users/", "/api/1/reuses/", "/api/2/reuses/", "/api/1/dataservices/", "/api/2/topics/", "/api/1/posts/",
			"/api/1/datasets/", "/api/2/datasets/search/", "/api/1/tags/suggest/", "/api/1/reuses/suggest/", "/api/1/organizations/suggest/",
			"/api/1/spatial/zones/suggest/", "/api/1/users/suggest/", "/api/1/me/org_datasets/", "/api/2/topics/mobilite-douce/elements/",
			"/api/1/organizations/ville-de-valmont/contacts/suggest/",
		} {
			for _, value := range nasty {
				p.survives(t, list+"?q="+url.QueryEscape(value))
				p.survives(t, list+"?"+everyArgument(value))
			}
		}
		for _, value := range nasty {
			for _, name := range []string{"page", "page_size", "size", "sort", "temporal_coverage", "featured", "organization"} {
				p.survives(t, "/api/1/datasets/?"+name+"="+url.QueryEscape(value))
				p.survives(t, "/api/2/topics/?"+name+"="+url.QueryEscape(value))
				p.survives(t, "/api/1/tags/suggest/?q=x&"+name+"="+url.QueryEscape(value))
			}
		}
	})
}

// everyArgument gives a value to every argument of lists but the paging.
func everyArgument(value string) string {
	query := url.Values{}
	for _, name := range []string{
		"q", "tag", "geozone", "granularity", "license", "format", "schema", "schema_version", "credit", "name", "business_number_id", "lang",
	} {
		query.Set(name, value)
	}
	return query.Encode()
}

func (p *portal) survives(t *testing.T, path string) {
	t.Helper()
	started := time.Now()
	answer := p.Get(path, "X-API-KEY", p.adminToken)
	if answer.Status >= http.StatusInternalServerError {
		t.Errorf("%.200s: status %d: %.300s", path, answer.Status, answer.Body)
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("%.200s took %v", path, took)
	}
}
