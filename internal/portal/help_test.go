package portal

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/dump"
)

var helpPages = []string{"/exports", "/feeds", "/developers", "/dashboard", "/support", "/sitemap", "/integrate", "/integrate/dataset", "/integrate/organization",
	"/integrate/library", "/integrate/linked-data", "/integrate/feeds", "/integrate/changes", "/integrate/api"}

var headingPattern = regexp.MustCompile(`<h([1-6])[ >]`)

// TestHelpPages shows the pages that help, empty and full, in both languages.
func TestHelpPages(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	check := func() {
		t.Helper()
		for _, prefix := range []string{"", "/en"} {
			for _, path := range helpPages {
				answer := s.get(prefix + path)
				body := answer.Body.String()
				if answer.Code != http.StatusOK {
					t.Errorf("%s%s: %d", prefix, path, answer.Code)
				}
				if found := regexp.MustCompile(`>(help|stats|legal|sharing|nav|integrate)\.[a-z-]+`).FindString(body); found != "" {
					t.Errorf("%s%s: a message is missing: %s", prefix, path, found)
				}
				if strings.Contains(body, "<script>alert") {
					t.Errorf("%s%s: a title is not escaped", prefix, path)
				}
				level := "0"
				for _, heading := range headingPattern.FindAllStringSubmatch(body, -1) {
					if heading[1] > level && heading[1] != string(level[0]+1) {
						t.Errorf("%s%s: a heading of level %s follows one of level %s", prefix, path, heading[1], level)
					}
					level = heading[1]
				}
			}
		}
	}
	check()
	downloads := int64(12)
	s.dataset(1, "<script>alert(1)</script>", func(d *catalog.Dataset) { d.Downloads = &downloads })
	check()
}

func TestExports(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	body := s.get("/exports").Body.String()
	for _, kind := range dump.Kinds {
		if !strings.Contains(body, `href="/`+string(kind)+`.csv" download`) {
			t.Errorf("no link to %s.csv", kind)
		}
		for _, column := range dump.Columns(kind)[:3] {
			if !strings.Contains(body, "<code>"+column+"</code>") {
				t.Errorf("%s: the column %s is not named", kind, column)
			}
		}
	}
}

func TestDashboard(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	downloads := int64(12)
	s.dataset(1, "Les arbres", func(d *catalog.Dataset) { d.Downloads, d.Reuses, d.Views = &downloads, 3, 1234 })
	s.dataset(2, "Secret", func(d *catalog.Dataset) { d.Downloads, d.Views, d.Private, d.Visible = &downloads, 99, true, false })
	month := db.Now().UTC().Format("2006-01")
	none := db.JSON("[]")
	s.insert(&catalog.Site{
		ID: catalog.SiteID, Version: 1, Title: "Valmont", Keywords: none, Metrics: db.JSON(`{"datasets_visits_by_months":{"` + month + `":4321}}`),
		DatasetsBlocs: none, ReusesBlocs: none, DataservicesBlocs: none,
	})
	body := s.get("/dashboard").Body.String()
	for _, want := range []string{`id="chart-visits"`, `id="chart-datasets"`, `id="top-views"`, `id="top-downloads"`, `id="top-reuses"`, "Les arbres", `href="/dashboard.csv"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(body, "Secret") {
		t.Error("a private dataset is ranked")
	}
	answer := s.get("/dashboard.csv")
	reader := csv.NewReader(answer.Body)
	reader.Comma = ';'
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	last := rows[len(rows)-1]
	if len(rows) != catalog.MonthsCounted+1 || rows[0][0] != "month" || last[0] != month || last[1] != "4321" {
		t.Errorf("%v", rows)
	}
}

// TestSupportFacts shows what an error page tells, and nothing that hides in it.
func TestSupportFacts(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), func(d *Deps) { d.Contact = "equipe@valmont.example" })
	args := url.Values{"request": {"abc-123"}, "time": {"2026-01-02T03:04:05Z"}, "page": {"/datasets/arbres?q=<b>"}}
	body := s.get("/support?" + args.Encode()).Body.String()
	for _, want := range []string{
		"abc-123", "2 janvier 2026", "/datasets/arbres?q=&lt;b&gt;", `name="robots" content="noindex"`,
		"mailto:equipe@valmont.example?subject=", "abc-123%0D%0A", "2026-01-02T03%3A04%3A05Z",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, hostile := range []supportArgs{
		{Request: "<script>alert(1)</script>", Time: "now", Page: "https://evil.example/"},
		{Request: strings.Repeat("a", 65), Time: "9999999-01-01T00:00:00Z", Page: "javascript:alert(1)"},
		{Request: "a\r\nBcc: x", Time: "0001-01-01T00:00:00Z", Page: ""},
	} {
		if known := hostile.known(); known != (supportArgs{}) {
			t.Errorf("%+v is taken as %+v", hostile, known)
		}
	}
	long := supportArgs{Page: "/\x00\u202e\n" + strings.Repeat("é", 400)}.known()
	if long.Page != "/"+strings.Repeat("é", 299)+"…" {
		t.Errorf("%q", long.Page)
	}
}

func TestSupportContact(t *testing.T) {
	for contact, want := range map[string]string{
		"":                        "n’a pas indiqué comment la joindre",
		"https://valmont.example": `href="https://valmont.example"`,
		"javascript:alert(1)":     "n’a pas indiqué comment la joindre",
	} {
		s := newSite(t, dbtest.SQLite(t), func(d *Deps) { d.Contact = contact })
		body := s.get("/support").Body.String()
		if !strings.Contains(body, want) || strings.Contains(body, "javascript:") {
			t.Errorf("contact %q: the page lacks %q", contact, want)
		}
	}
}
