package portal

import (
	"encoding/json"
	"testing"

	"grenier/internal/db/dbtest"
)

func TestReplacedFilesHideSumsAndPaths(t *testing.T) {
	value := func(text string) json.RawMessage { return json.RawMessage(`"` + text + `"`) }
	shown := withReplacedFiles(versionFields{
		"resource/a/url":            {value("/s/resources/x/1/old.csv"), value("/s/resources/x/2/new.csv")},
		"resource/a/checksum_value": {value("0a"), value("0b")},
		"resource/a/checksum_type":  {nil, value("sha256")},
		"resource/a/filesize":       {json.RawMessage("1"), json.RawMessage("2")},
		"resource/b/url":            {value("https://a.example.org/x"), value("https://b.example.org/x")},
		"resource/b/checksum_value": {value("0a"), value("0b")},
		"resource/c/checksum_value": {value("0a"), value("0b")},
		"title":                     {value("a"), value("b")},
	})
	for _, name := range []string{"resource/a/replaced", "resource/a/filesize", "resource/b/url", "resource/c/replaced", "title"} {
		if _, ok := shown[name]; !ok {
			t.Errorf("%s is not shown", name)
		}
	}
	if len(shown) != 5 {
		t.Errorf("%d fields are shown: %v", len(shown), shown)
	}
	if got := (&visit{}).replacedChange(shown["resource/a/replaced"]); got.Before != "old.csv" || got.After != "new.csv" {
		t.Errorf("%+v", got)
	}
	if got := (&visit{}).replacedChange(shown["resource/c/replaced"]); got.Kind != "silent" {
		t.Errorf("%+v", got)
	}
}

func TestVersionsThatBringNothingBack(t *testing.T) {
	yes, no, word := json.RawMessage("true"), json.RawMessage("false"), func(text string) json.RawMessage { return json.RawMessage(`"` + text + `"`) }
	all := []versionFields{ // the latest first
		{"organization": {nil, word("o")}, "owner": {word("u"), nil}},
		{"deleted": {word("2026-01-01T00:00:00Z"), nil}},
		{"deleted": {nil, word("2026-01-01T00:00:00Z")}, "private": {no, yes}},
		{"title": {word("a"), word("b")}},
		{"title": {word("b"), word("a")}},
		{"resource/r/rank": {json.RawMessage("1"), json.RawMessage("5")}},
		{},
	}
	want := []bool{false, false, false, false, true, false, true}
	for i, got := range restorableVersions(all, nil) {
		if got != want[i] {
			t.Errorf("version %d of %d: %t", i, len(all), got)
		}
	}
	if got := restorableVersions(all[:1], versionFields{"title": {word("x"), word("y")}}); !got[0] {
		t.Error("what changed on the pages before is forgotten")
	}
}

func TestValuesOfHistoryInWords(t *testing.T) {
	v := &visit{lang: "fr", say: newSite(t, dbtest.SQLite(t), nil).portal.look.theme().Printer("fr")}
	for _, c := range []struct{ name, value, want string }{
		{"private", "true", "Privé"}, {"private", "false", "Public"}, {"featured", "true", "oui"}, {"temporal_start", `"2026-01-16"`, "16 janvier 2026"},
		{"frequency_date", `"2026-01-16T00:00:00Z"`, "16 janvier 2026"},
	} {
		if got := v.valueText("dataset", c.name, json.RawMessage(c.value), nil); got != c.want {
			t.Errorf("%s %s: %q", c.name, c.value, got)
		}
	}
	if got := v.valueChange("organization", "logo", [2]json.RawMessage{nil, json.RawMessage(`"/s/avatars/a.png"`)}, nil); got.Kind != "silent" {
		t.Errorf("%+v", got)
	}
}
