package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestHarvestFromTheCommandLine goes the way of an operator who brings in a portal
// for the first time.
func TestHarvestFromTheCommandLine(t *testing.T) {
	var smaller atomic.Bool
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/list.csv" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, "id;title;url;tags\n1;Trees;https://files.example.org/trees.csv;tree,park\n2;Benches;https://files.example.org/benches.csv;park\n3;;;\n")
		if !smaller.Load() {
			fmt.Fprint(w, "4;Lamps;https://files.example.org/lamps.csv;light\n")
		}
	}))
	defer portal.Close()
	eachShell(t, func(t *testing.T, sh shell) {
		smaller.Store(false)
		sh.environ["GRENIER_FETCH_ALLOW"] = "127.0.0.0/8"
		sh.environ["GRENIER_HARVEST_POLITENESS"] = "0s"
		sh.must("org", "create", "Town")
		if backends := sh.must("harvest", "backends"); !strings.Contains(backends, "csv") || !strings.Contains(backends, "udata") {
			t.Errorf("backends: %s", backends)
		}
		id := strings.TrimSpace(sh.must("harvest", "create", "csv", portal.URL+"/list.csv", "A list", "-o", "town", "--filter", "tag!=light", "--option", "grace_days=0"))
		if sources := sh.must("harvest", "sources"); !strings.Contains(sources, id) || !strings.Contains(sources, "pending") || !strings.Contains(sources, "not scheduled") {
			t.Errorf("sources: %s", sources)
		}
		preview := sh.must("harvest", "preview", "a-list")
		for _, want := range []string{"new        2", "refused    1", "Line 4: the dataset has no title."} {
			if !strings.Contains(preview, want) {
				t.Errorf("preview without %q: %s", want, preview)
			}
		}
		if refused := sh.run("", "harvest", "run", "a-list"); refused.status != statusFailed || !strings.Contains(refused.err, "not validated") {
			t.Errorf("a source that waits ran: %+v", refused)
		}
		sh.must("harvest", "validate", id)
		if scheduled := sh.must("harvest", "sources", "-s"); !strings.Contains(scheduled, "0 0 * * *") {
			t.Errorf("scheduled: %s", scheduled)
		}
		if told := sh.must("harvest", "run", id); !strings.Contains(told, "2 new") || !strings.Contains(told, "1 failed") {
			t.Errorf("run: %s", told)
		}
		if again := sh.must("harvest", "run", id); !strings.Contains(again, "0 new, 0 changed, 2 unchanged") {
			t.Errorf("again: %s", again)
		}
		var report struct {
			Status  string
			Records []struct{ Outcome string }
		}
		if err := json.Unmarshal([]byte(sh.must("harvest", "job", id, "--json")), &report); err != nil || report.Status != "done-errors" || len(report.Records) == 0 {
			t.Errorf("report %+v, %v", report, err)
		}
		if jobs := sh.must("harvest", "jobs", id); strings.Count(jobs, "done-errors") < 2 {
			t.Errorf("jobs: %s", jobs)
		}
		if items := sh.must("harvest", "items", id, "--status", "failed"); !strings.Contains(items, "has no title") {
			t.Errorf("items: %s", items)
		}
		if seen := sh.must("harvest", "look-up", "2"); !strings.Contains(seen, "Benches") {
			t.Errorf("look-up: %s", seen)
		}
		sh.must("harvest", "schedule", id, "-m", "5", "-H", "4")
		if sources := sh.must("harvest", "sources", "-s"); !strings.Contains(sources, "5 4 * * *") {
			t.Errorf("sources: %s", sources)
		}
		sh.must("harvest", "unschedule", id)
		if cleaned := sh.must("harvest", "clean", id); !strings.Contains(cleaned, "2 datasets deleted") {
			t.Errorf("clean: %s", cleaned)
		}
		sh.must("harvest", "delete", id)
		if purged := sh.must("harvest", "purge"); !strings.Contains(purged, "1 sources purged") {
			t.Errorf("purge: %s", purged)
		}
	})
}

func TestHarvestDoctor(t *testing.T) {
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/data.json" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, `{"dataset": [{"identifier": "1", "title": "Trees"}]}`)
	}))
	defer portal.Close()
	sh := shell{t, map[string]string{"GRENIER_DATA": filepath.Join(t.TempDir(), "data"), "GRENIER_FETCH_ALLOW": "127.0.0.0/8", "GRENIER_HARVEST_POLITENESS": "0s"}}
	told := sh.must("harvest", "doctor", portal.URL)
	if want := "grenier harvest create datajson " + portal.URL + "/data.json NAME"; !strings.Contains(told, want) {
		t.Errorf("told %s, want %s", told, want)
	}
}

func TestHarvestCheckPlugin(t *testing.T) {
	sh := shell{t, map[string]string{"GRENIER_DATA": filepath.Join(t.TempDir(), "data")}}
	write := func(name, last string) string {
		file := filepath.Join(t.TempDir(), name)
		text := "#!/bin/sh\nread -r request\ncase $request in *describe*) echo '{\"id\":\"x\",\"label\":\"X\"}'; exit;; esac\necho '{\"t\":\"dataset\",\"remote_id\":\"a\",\"data\":{\"title\":\"A\"}}'\n" + last + "\n"
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := sh.must("harvest", "check-plugin", write("good.sh", `echo '{"t":"end","complete":true}'`))
	if !strings.Contains(good, "X: 2 lines, 1 records, complete: yes") {
		t.Errorf("told %s", good)
	}
	bad := sh.run("", "harvest", "check-plugin", write("bad.sh", `echo nonsense`))
	if bad.status != statusFailed || !strings.Contains(bad.out, "line 2: the line is not a JSON object") || !strings.Contains(bad.out, `not of type "end"`) {
		t.Errorf("told %+v", bad)
	}
}

func TestHarvestUsage(t *testing.T) {
	sh := shell{t, map[string]string{"GRENIER_DATA": filepath.Join(t.TempDir(), "data")}}
	for _, c := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"create", "none", "https://a.example/", "X"}, `there is no backend "none"`},
		{[]string{"create", "csv", "https://a.example/", "X", "--filter", "tag"}, "--filter: expected KEY=VALUE"},
		{[]string{"create", "csv", "https://a.example/", "X", "--feature", "f=maybe"}, "--feature: expected"},
		{[]string{"create", "csv", "https://a.example/", "X", "-o", "a", "-u", "b"}, "either --organization or --user"},
		{[]string{"create", "csv", "https://a.example/", "X", "--option", "grace_days"}, "--option: expected"},
		{[]string{"validate", "x", "--refuse"}, "say why by --comment"},
		{[]string{"schedule", "x"}, "say when"},
	} {
		done := sh.run("", append([]string{"harvest"}, c.arguments...)...)
		if done.status != statusUsage || !strings.Contains(done.err, c.want) {
			t.Errorf("%q: %d %s", c.arguments, done.status, done.err)
		}
	}
}
