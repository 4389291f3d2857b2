package intake

import (
	"strings"
	"testing"
	"time"

	"grenier/internal/geo"
)

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2024-03-01T10:11:12":              "2024-03-01T10:11:12Z",
		"2024-03-01T10:11:12.345":          "2024-03-01T10:11:12.345Z",
		"2024-03-01T10:11:12.345678":       "2024-03-01T10:11:12.345678Z",
		"2024-03-01T10:11:12.3456789":      "2024-03-01T10:11:12.345678Z",
		"2024-03-01T10:11:12+02:00":        "2024-03-01T08:11:12Z",
		"2024-03-01T10:11:12.345678+00:00": "2024-03-01T10:11:12.345678Z",
		"2024-03-01T10:11:12Z":             "2024-03-01T10:11:12Z",
		"2024-03-01 10:11:12":              "2024-03-01T10:11:12Z",
		"2024-03-01":                       "2024-03-01T00:00:00Z",
		"0003-02-05T00:00:00":              "0003-02-05T00:00:00Z",
	} {
		moment, err := parseTime(text)
		if err != nil || moment.Format(time.RFC3339Nano) != want {
			t.Errorf("%q is read as %s (%v), want %s", text, moment.Format(time.RFC3339Nano), err, want)
		}
	}
	for _, text := range []string{"yesterday", "2024-13-01", "2024-02-30T00:00:00", "2024", "01/02/2024", "0001-01-01T00:00:00", "2024-03-01T"} {
		if moment, err := parseTime(text); err == nil {
			t.Errorf("%q is read as %s", text, moment)
		}
	}
	if moment, err := parseTime(""); err != nil || !moment.IsZero() {
		t.Errorf("nothing is read as %s (%v)", moment, err)
	}
}

func TestParseDay(t *testing.T) {
	for text, want := range map[string]string{"2024-03-01": "2024-03-01", "0001-01-01": "0001-01-01", "2024-03-01T23:59:59": "2024-03-01"} {
		if day, err := parseDay(text); err != nil || day == nil || *day != want {
			t.Errorf("%q is read as %v (%v), want %s", text, day, err, want)
		}
	}
	for _, text := range []string{"2024-03-32", "2024-3-1", "2024-03-01Tx"} {
		if day, err := parseDay(text); err == nil {
			t.Errorf("%q is read as %s", text, *day)
		}
	}
}

func TestParseMonths(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "",
		"0":                                     "",
		"{}":                                    "{}",
		"{'2024-08': 0}":                        `{"2024-08":0}`,
		"{'2024-09': 12, '2024-08': 3}":         `{"2024-09":12,"2024-08":3}`,
		`{"2024-08": -1}`:                       `{"2024-08":-1}`,
		"{'2024-08':0,'2024-09':1,'2024-10':2}": `{"2024-08":0,"2024-09":1,"2024-10":2}`,
	} {
		months, err := parseMonths(text)
		if err != nil || string(months) != want {
			t.Errorf("%q is read as %s (%v), want %s", text, months, err, want)
		}
	}
	for _, text := range []string{
		"{", "}", "1", "{'2024-08'}", "{'2024-08': }", "{'2024-08': a}", "{2024-08: 1}", "{'2024-08: 1}", "{'x': 1}", "{'2024-08': 1,}",
		"{'2024-08': 1 '2024-09': 2}", "{'2024-08': 99999999999999999999}", "{'20240-8': 1}", "{'2024-08', 1}",
	} {
		if months, err := parseMonths(text); err == nil {
			t.Errorf("%q is read as %s", text, months)
		}
	}
}

func FuzzMonths(f *testing.F) {
	for _, text := range []string{"0", "{'2024-08': 0, '2024-09': 1}", "{'2024-08'", "{\"2024-08\": 1}", "{,}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		months, err := parseMonths(text)
		if err == nil && months != nil && !isJSONObject(months) {
			t.Fatalf("%q is read as %s, which is no JSON object", text, months)
		}
	})
}

func isJSONObject(text []byte) bool {
	o, err := parseObject(text)
	return err == nil && o != nil
}

func TestParseCountAndFlag(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "12": 12, "-3": -3, "1e3": 1000, "2.0": 2} {
		if count, err := parseCount(text); err != nil || *count != want {
			t.Errorf("%q is read as %v (%v)", text, count, err)
		}
	}
	for _, text := range []string{"x", "NaN", "Inf", "1e300"} {
		if count, err := parseCount(text); err == nil {
			t.Errorf("%q is read as %d", text, *count)
		}
	}
	for text, want := range map[string]bool{"True": true, "False": false, "": false, "true": true} {
		if flag, err := parseFlag(text); err != nil || flag != want {
			t.Errorf("%q is read as %t (%v)", text, flag, err)
		}
	}
	if _, err := parseFlag("perhaps"); err == nil {
		t.Error("perhaps is read as a boolean")
	}
}

func TestStorable(t *testing.T) {
	for text, want := range map[string]string{"é": "é", "a\x00b": "a\uFFFDb", "a\xffb": "a\uFFFDb"} {
		if kept, changed := storable(text); kept != want || changed != (kept != text) {
			t.Errorf("%q is kept as %q, changed %t", text, kept, changed)
		}
	}
}

func TestNamesOfSlug(t *testing.T) {
	for slug, want := range map[string][3]string{
		"prenom-nom":         {"Prenom", "Nom", "active"},
		"prenom-nom-compose": {"Prenom", "Nom Compose", "active"},
		"association-":       {"Association", "", "active"},
		"deleted-78739":      {"DELETED", "DELETED", ""},
	} {
		first, last, active := namesOfSlug(slug)
		if first != want[0] || last != want[1] || active != (want[2] != "") {
			t.Errorf("%s gives %q %q %t", slug, first, last, active)
		}
	}
}

func TestRecognisesDumps(t *testing.T) {
	for header, want := range map[string]string{
		"id;title;slug;resources_count":               kindDatasets,
		"dataset.id;dataset.title;id;url;title":       kindResources,
		"id;name;acronym;slug;url;members_count":      kindOrganizations,
		"id;title;slug;url;type;remote_url":           kindReuses,
		"id;title;slug;base_api_url;availability":     kindDataservices,
		"name;datasets;reuses;total":                  "",
		"id;user;subject;title;size;messages;created": "",
	} {
		found, _ := dumpOf(strings.Split(header, ";"))
		if found.kind != want {
			t.Errorf("%s is recognised as %q, want %q", header, found.kind, want)
		}
	}
}

func TestAudiences(t *testing.T) {
	o, err := parseObject([]byte(`{"eligibility": [
		{"who": ["Un particulier"], "is_eligible": -1},
		{"who": ["Une entreprise", "Un éditeur de logiciel"], "is_eligible": 0},
		{"who": ["Une entreprise"], "is_eligible": -1},
		{"who": ["Une collectivité ou une administration", "Autre"], "is_eligible": 1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"role":"local_authority_and_administration","condition":"yes"},{"role":"company_and_association","condition":"under_condition"},{"role":"private","condition":"no"}]`
	if got := string(audiencesOf(o)); got != want {
		t.Errorf("audiences are %s, want %s", got, want)
	}
}

func TestZonesByIdentifier(t *testing.T) {
	var s said
	zones := geo.NewDirectory()
	got := s.zonesOfIDs(zones, []string{"country:fr", "fr:departement:44@1957-03-09", "fr:departement:44", "fr:quartier:X1", "???"})
	want := []string{"country:fr", "fr:departement:44", "fr:quartier:x1"}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("zones are %q, want %q", got, want)
	}
	if len(s.zones) != 1 || s.zones[0].ID != "fr:quartier:x1" {
		t.Errorf("made zones are %v", s.zones)
	}
}
