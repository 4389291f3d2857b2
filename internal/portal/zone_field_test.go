package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestTerritoriesAreNamed: without scripts people write names and codes; what
// several zones are called is asked back, and nothing is lost meanwhile.
func TestTerritoriesAreNamed(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	d := s.draft(ada, "Somewhere", 0)
	path := "/en/admin/datasets/" + d.ID
	save := func(zones string, more ...string) (int, string) {
		form := url.Values{"title": {"Kept title"}, "description": {"Told."}, "spatial.zones": {zones}, "access_type": {"open"}}
		for i := 0; i+1 < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		got := s.ask(path, session, form)
		return got.Code, got.Body.String()
	}
	for given, want := range map[string][]string{
		"Marseille":                                    {"fr:commune:13055"},
		"marseille, Bouches-du-Rhône":                  {"fr:commune:13055", "fr:departement:13"},
		"Bouches-du-Rhône (13)":                        {"fr:departement:13"},
		"Bouches-du-Rhône (département)":               {"fr:departement:13"},
		"fr:commune:13055":                             {"fr:commune:13055"},
		"13055":                                        {"fr:commune:13055"},
		"Valmont (Moselle)":                            {"fr:commune:57690"},
		"Valmont (76719), valmont (57)":                {"fr:commune:76719", "fr:commune:57690"},
		"France, fr:departement:13, fr:departement:13": {"country:fr", "fr:departement:13"},
	} {
		code, body := save(given)
		if now := s.read(ada, d.ID); code != http.StatusSeeOther || !slices.Equal(now.Zones, want) {
			t.Errorf("%q: %d, %v instead of %v: %s", given, code, now.Zones, want, problemsOf(body))
		}
	}
	code, body := save("Marseille, Valmont")
	shows(t, body, `value="Kept title"`, `value="Marseille, Valmont"`, "Which territory is “Valmont”?", `name="spatial.zones.valmont" value="fr:commune:57690"`,
		`name="spatial.zones.valmont" value="fr:commune:76719"`, "Valmont (57690), French town, Moselle", "Valmont (76719), French town, Seine-Maritime", `href="#dataset-spatial-zones-valmont"`)
	if code != http.StatusBadRequest {
		t.Errorf("an ambiguous name answers %d", code)
	}
	shows(t, body, `<gr-pick src="/en/suggest/zones"`)
	for prefix, want := range map[string]string{"/en": "Valmont (57690), French town, Moselle", "": "Valmont (57690), Commune française, Moselle"} {
		got := s.ask(prefix+"/suggest/zones?q=valmont", session, nil)
		if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `{"id":"fr:commune:57690","name":"`+want+`"}`) {
			t.Errorf("%q: the suggestions are %d %s", prefix, got.Code, got.Body)
		}
	}
	if code, _ := save("Marseille, Valmont", "spatial.zones.valmont", "fr:commune:76719"); code != http.StatusSeeOther {
		t.Errorf("a chosen territory answers %d", code)
	}
	if now := s.read(ada, d.ID); !slices.Equal(now.Zones, []string{"fr:commune:13055", "fr:commune:76719"}) {
		t.Errorf("the chosen territories are %v", now.Zones)
	}
	if code, _ := save("Valmont", "spatial.zones.valmont", "fr:commune:13055"); code != http.StatusBadRequest {
		t.Errorf("a territory of another name was taken: %d", code)
	}
	for _, given := range []string{"Nowhere at all", "()", "(13)", "%", strings.Repeat("a", 5000), "Valmont (Mars)"} {
		if code, body := save(given); code != http.StatusBadRequest || !strings.Contains(body, "Unknown") {
			t.Errorf("%.20q answers %d: %s", given, code, problemsOf(body))
		}
	}
}

// problemsOf is the summary of what is wrong on a page.
func problemsOf(body string) string {
	_, rest, _ := strings.Cut(body, `role="alert"`)
	summary, _, _ := strings.Cut(rest, "</ul>")
	return summary
}
