package external

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"grenier/internal/config"
	"grenier/internal/harvest"
	"grenier/internal/harvest/harvesttest"
)

func TestMain(m *testing.M) {
	Enter()
	if file := os.Getenv("GRENIER_TEST_PLUGIN"); file != "" {
		harvestForever(file)
	}
	os.Exit(m.Run())
}

// plugin is a plug-in with the usual limits, made for a test.
func plugin(command ...string) config.Harvester {
	return config.Harvester{ID: "test", Command: command, Timeout: time.Minute, IdleTimeout: 20 * time.Second, MaxRSS: 512 << 20, Concurrency: 1, Sandbox: true}
}

// script is a plug-in in shell.
func script(t *testing.T, text string) config.Harvester {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plugin.sh")
	if err := os.WriteFile(file, []byte("#!/bin/sh\nread -r request\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return plugin(file)
}

func asking(address string) harvest.Request {
	return harvest.Request{Job: "j", Language: "fr", Now: harvesttest.Now, Source: harvest.Target{ID: "s", Name: "Source", URL: address}}
}

// told are lines in short.
func told(lines []harvest.Line) string {
	var all []string
	for _, l := range lines {
		if l.T == harvest.LineLog && slices.Contains(Unconfined(plugin("x")), l.Message) {
			continue
		}
		all = append(all, strings.Join(strings.Fields(strings.Join([]string{string(l.T), l.RemoteID, l.Reason, l.Message}, " ")), " "))
	}
	return strings.Join(all, "|")
}

func TestPrograms(t *testing.T) {
	const end = `echo '{"t":"end","complete":true}'`
	for _, c := range []struct {
		name, script, want, wrong string
		change                    func(*config.Harvester)
	}{
		{"lines", `echo '{"t":"start","total":2}'; echo; echo '{"t":"later","x":1}'; echo '{"t":"dataset","remote_id":"a","data":{"title":"A"},"colour":1}'; echo '{"t":"skip","remote_id":"b","reason":"no"}'; ` + end, "start|dataset a|skip b no|end", "", nil},
		{"log", `echo hello >&2; ` + end, "log hello|end", "", nil},
		{"mistyped record", `echo '{"t":"dataset","remote_id":"a","data":{"title":5}}'; echo '{"t":"dataservice","remote_id":"b"}'; ` + end, "error a The data of the record is not in the form of the contract: cannot unmarshal number into Go struct field Dataset.title of type string.|error b The record has no data.|end", "", nil},
		{"no end", `echo '{"t":"unchanged","remote_id":"a"}'`, "unchanged a", `without a last line of type "end"`, nil},
		{"no JSON", `echo '{"t":"unchanged","remote_id":"a"}'; echo 'Hello'`, "unchanged a", "Line 2 of the plug-in is not in the form of the contract", nil},
		{"no type", `echo '{}'`, "", `there is no member "t"`, nil},
		{"end without a word", `echo '{"t":"end"}'`, "", "must say whether it is complete", nil},
		{"fatal", `echo '{"t":"error","message":"The key is wrong","fatal":true}'; ` + end, "", "The key is wrong", nil},
		{"exit status", end + `; echo broken >&2; exit 3`, "log broken", "exit status 3. It said last: broken", nil},
		{"killed by itself", `kill -9 $$`, "", `ended by the signal "killed"`, nil},
		{"silence", `sleep 60`, "", "idle_timeout", func(p *config.Harvester) { p.IdleTimeout = 300 * time.Millisecond }},
		{"too long", `while :; do echo '{"t":"unchanged","remote_id":"a"}'; sleep 0.2; done`, "-", "longer than its timeout", func(p *config.Harvester) { p.Timeout = 700 * time.Millisecond }},
		{"long line", `head -c 9000000 /dev/zero | tr '\0' a`, "", "longer than 8 MiB", nil},
		{"no program", ``, "", "cannot be started", func(p *config.Harvester) { p.Command[0] += ".none" }},
		{"no such account", ``, "", "no account", func(p *config.Harvester) { p.User = "nobody-of-this-name" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := script(t, c.script)
			if c.change != nil {
				c.change(&p)
			}
			begun := time.Now()
			lines, err := harvesttest.Collect(t, New(p, Options{}), asking("https://a.example/"))
			if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
				t.Errorf("error %v, want %q", err, c.wrong)
			}
			if got := told(lines); got != c.want && c.want != "-" {
				t.Errorf("told %s, want %s", got, c.want)
			}
			if time.Since(begun) > 30*time.Second {
				t.Errorf("it took %s", time.Since(begun))
			}
		})
	}
}

func TestWhatAProgramIsGiven(t *testing.T) {
	t.Setenv("GRENIER_SECRET_OF_A_TEST", "x")
	p := script(t, `log() { printf '{"t":"log","level":"info","message":"%s"}\n' "$(printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g')"; }
log "$(env | sed 's/=.*//' | grep -v '^PWD$\|^SHLVL$\|^_$\|^OLDPWD$' | sort | tr '\n' ' ')"
log "$request"
[ "$(pwd -P)" = "$(cd "$TMPDIR" && pwd -P)" ] && log "at home"
echo '{"t":"end","complete":true}'`)
	r := asking("https://a.example/x")
	r.MaxItems, r.Cursor, r.Since = 5, "c", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r.Source.Secrets = map[string]string{"key": "k"}
	r.Source.Organization, r.Source.OrganizationSlug, r.Source.OrganizationName = "o", "os", "On"
	r.Source.Config.Filters = []harvest.Filter{{Key: "tag", Value: "x", Type: "exclude"}}
	lines, err := harvesttest.Collect(t, New(p, Options{Version: "1.2", Site: "https://p.example"}), r)
	if err != nil {
		t.Fatal(err)
	}
	want := `log GRENIER_HARVEST LANG TMPDIR|log {"v":1,"op":"harvest","job":"j","dryrun":false,"max_items":5,"since":"2026-01-02T03:04:05Z","cursor":"c","lang":"fr",` +
		`"user_agent":"grenier/1.2 (+https://p.example)","source":{"id":"s","name":"Source","url":"https://a.example/x","config":{"filters":[{"key":"tag","value":"x","type":"exclude"}],"features":{},"extra_configs":[]},` +
		`"secrets":{"key":"k"},"organization":{"id":"o","slug":"os","name":"On"}}}|log at home|end`
	if got := told(lines); got != want {
		t.Errorf("told %s\nwant %s", got, want)
	}
}

func TestDescribe(t *testing.T) {
	p := script(t, `echo '{"id":"x","label":"Tables","features":[{"key":"f","label":"F","default":true}],"resumable":true}'`)
	b := New(p, Options{})
	about := b.Describe()
	if b.ID() != "test" || about.ID != "test" || about.Label != "Tables" || !about.Resumable || len(about.Features) != 1 || about.Filters == nil {
		t.Errorf("got %+v", about)
	}
	silent := New(script(t, "exit 1"), Options{}).Describe()
	if silent.ID != "test" || silent.Label != "test" || silent.Filters == nil {
		t.Errorf("a plug-in that fails describes itself as %+v", silent)
	}
}

// TestDescribeOfAHangingPlugin holds up who asks first for a while, and nobody after, and
// is known once the plug-in answers.
func TestDescribeOfAHangingPlugin(t *testing.T) {
	b := New(script(t, `sleep 4; echo '{"label":"Late"}'`), Options{})
	begun := time.Now()
	if about := b.Describe(); about.Label != "test" || time.Since(begun) > describeWait+time.Second {
		t.Errorf("after %v the first is told %+v", time.Since(begun), about)
	}
	begun = time.Now()
	if about := b.Describe(); about.ID != "test" || time.Since(begun) > 500*time.Millisecond {
		t.Errorf("after %v the second is told %+v", time.Since(begun), about)
	}
	for until := time.Now().Add(10 * time.Second); b.Describe().Label != "Late"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("the answer of the plug-in is not taken over")
		}
	}
}

func TestCancelEndsAllThatWasStarted(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	p := script(t, `(while :; do date +%s%N > `+mark+`; sleep 0.05; done) & trap 'exit 0' TERM
echo '{"t":"unchanged","remote_id":"a"}'
while :; do sleep 0.05; done`)
	p.Sandbox = false // it writes beside its folder
	ctx, cancel := context.WithCancel(t.Context())
	err := New(p, Options{}).Harvest(ctx, asking("https://a.example/"), func(l harvest.Line) error {
		if l.T == harvest.LineUnchanged {
			time.AfterFunc(200*time.Millisecond, cancel)
		}
		return nil
	})
	if err == nil {
		t.Error("a cancelled harvest ended well")
	}
	before, err := os.ReadFile(mark)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	if after, err := os.ReadFile(mark); err != nil || string(after) != string(before) {
		t.Error("something that the plug-in started goes on")
	}
}

// What leaves the process group of a plug-in ends with it all the same.
func TestNothingStaysBehind(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // the table of what a harvester can reach says so
	}
	mark := filepath.Join(t.TempDir(), "mark")
	p := script(t, `setsid sh -c 'while :; do date +%s%N > `+mark+`; sleep 0.05; done' >/dev/null 2>&1 </dev/null &
sleep 0.3
echo '{"t":"end","complete":true}'`)
	p.Sandbox = false // it writes beside its folder
	if _, err := harvesttest.Collect(t, New(p, Options{}), asking("https://a.example/")); err != nil {
		t.Fatal(err)
	}
	stands(t, mark)
}

// stands fails when something still writes to a file.
func stands(t *testing.T, mark string) {
	t.Helper()
	before, err := os.ReadFile(mark)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	if after, err := os.ReadFile(mark); err != nil || string(after) != string(before) {
		t.Error("something that the plug-in started goes on")
	}
}

func harvestForever(file string) {
	p := plugin(file)
	p.Sandbox = false
	err := New(p, Options{}).Harvest(context.Background(), asking("https://a.example/"), func(harvest.Line) error { return nil })
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// A program that is killed takes its plug-ins along.
func TestKilledProgramsTakePluginsAlong(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // the table of what a harvester can reach says so
	}
	mark := filepath.Join(t.TempDir(), "mark")
	p := script(t, `while :; do date +%s%N > `+mark+`; sleep 0.05; done`)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "GRENIER_TEST_PLUGIN="+p.Command[0])
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 200; i++ {
		if _, err := os.Stat(mark); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	time.Sleep(100 * time.Millisecond)
	stands(t, mark)
}

func TestTooManyProcesses(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // the table of what a harvester can reach says so
	}
	p := script(t, `i=0; while [ $i -lt 300 ]; do sleep 30 & i=$((i+1)); done; wait`)
	if _, err := harvesttest.Collect(t, New(p, Options{}), asking("https://a.example/")); !errors.Is(err, errProcesses) {
		t.Errorf("it started 300 processes: %v", err)
	}
}

func TestMemory(t *testing.T) {
	python, _ := pythonOf(t)
	p := plugin(python, "-c", `
import sys, time
sys.stdin.readline()
held = bytearray(200 << 20)
print('{"t":"end","complete":true}', flush=True)`)
	p.Read, p.MaxRSS = pythonFolders(t), 64<<20
	if _, err := harvesttest.Collect(t, New(p, Options{}), asking("https://a.example/")); err == nil {
		t.Error("it took 200 MB of 64 MB")
	}
}

// pythonOf is the program of Python, and where its library is.
func pythonOf(t *testing.T) (program, library string) {
	t.Helper()
	out, err := exec.Command("python3", "-c", "import os,sys; print(os.path.realpath(sys.executable)); print(sys.base_prefix)").Output()
	if err != nil {
		t.Fatalf("these tests need python3: %v", err)
	}
	program, library, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
	return program, library
}

func pythonFolders(t *testing.T) []string {
	_, library := pythonOf(t)
	return []string{library}
}

// town is the portal of the examples.
func town(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.RequestURI() {
		case "/list.txt":
			fmt.Fprint(w, "a1\tTrees of the \"town\"\thttps://a.example/trees.csv\r\n\na2\tBack\\slash\nbad\n\nb\tBenches\thttps://a.example/b?x=1&y=2\n")
		case "/items":
			fmt.Fprint(w, `{"items":[{"key":"a1","name":"Trees","subject":"parks","files":[{"link":"https://a.example/t.csv"}]},{"key":"a2","name":"Draft","draft":true}],"next":"?page=2"}`)
		case "/items?page=2":
			fmt.Fprint(w, `{"items":[{"key":"a3"},{"key":"a4","name":"Été","subject":"roads"}]}`)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// example is a harvester of the documentation.
func example(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "..", "docs", "examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func pythonExample(t *testing.T) config.Harvester {
	program, _ := pythonOf(t)
	p := plugin(program, example(t, "harvester.py"))
	p.Read = pythonFolders(t)
	return p
}

func TestExamples(t *testing.T) {
	s := town(t)
	for _, c := range []struct {
		name   string
		plugin config.Harvester
		path   string
		want   string
	}{
		{"shell", plugin(example(t, "harvester.sh")), "/list.txt", "dataset a1|dataset a2|error bad line 4 has no identifier or no title|dataset b|end"},
		{"python", pythonExample(t), "/items", "start|dataset a1|skip a2 It is a draft|checkpoint|error a3 The record is not as expected: 'name'|dataset a4|end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := New(c.plugin, Options{})
			lines, err := harvesttest.Collect(t, b, asking(s.URL+c.path))
			if err != nil {
				t.Fatal(err)
			}
			lines = slices.DeleteFunc(lines, func(l harvest.Line) bool { return l.T == harvest.LineLog })
			if got := told(lines); got != c.want {
				t.Errorf("told %s, want %s", got, c.want)
			}
			harvesttest.Conform(t, b, asking(s.URL+c.path))
			var found []Finding
			checked, err := b.Check(t.Context(), asking(s.URL+c.path), func(f Finding) { found = append(found, f) }, func(string) {})
			if err != nil || checked.Wrong != 0 || len(found) != 0 || !checked.Complete || checked.Records != 4 {
				t.Errorf("checked: %+v, %v, %v", checked, found, err)
			}
		})
	}
}

func TestCheckTellsWhatIsWrong(t *testing.T) {
	p := script(t, `case $request in *describe*) echo '{"id":"","label":"","filters":[{"key":"a","type":"colour"},{"key":"a","type":"string"}],"color":1}'; exit;; esac
echo '{"t":"dataset","remote_id":"a","data":{"title":"","resources":[{"url":"x"}]}}'
echo '{"t":"start","totals":1}'
echo 'nonsense'
echo '{"t":"dataset","remote_id":"a","data":{"title":"A","tag":"x"}}'
echo '{"t":"checkpoint","cursor":"c"}'
echo '{"t":"log","message":"m","level":"loud"}'
echo '{"t":"skip","remote_id":"c"}'
echo '{"t":"tomorrow"}'`)
	var found []string
	checked, err := New(p, Options{}).Check(t.Context(), asking("https://a.example/"), func(f Finding) {
		found = append(found, fmt.Sprintf("%d %v %s", f.Line, f.Wrong, f.Message))
	}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`1 true describe: unknown field "color"`,
		`1 true describe: id is missing`,
		`1 false describe: label is missing; people will see the identifier`,
		`1 true describe: the type of the filter "a" must be one of string, integer, boolean, uuid, date-time, date`,
		`1 true describe: every filter needs a key of its own, not "a"`,
		`1 true "a": data.title is missing`,
		`1 true "a": data.resources[0].url: "x" is no address of a file`,
		`1 false "a": data.resources[0].title is missing`,
		`2 false a line of type "start" has no member totals: it is passed over`,
		`2 false the line of type "start" comes first`,
		`3 true the line is not a JSON object: invalid character 'o' in literal null (expecting 'u'): the job would fail`,
		`4 true "a": data: unknown field "tag"`,
		`4 true the remote_id "a" was on line 1 already`,
		`5 true there is a checkpoint, but describe does not say that the plug-in is resumable`,
		`6 true the level must be one of debug, info, warning, error`,
		`7 true a line of type "skip" needs reason`,
		`8 false there is no type "tomorrow" of lines: the line is passed over`,
		`0 true harvest: the last line is not of type "end": the job would fail`,
	}
	if !slices.Equal(found, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
	if checked.Wrong != 13 || checked.Lines != 8 || checked.Complete {
		t.Errorf("checked %+v", checked)
	}
}

// endpoint is a plug-in that answers by HTTP.
func endpoint(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, asked map[string]any)) config.Harvester {
	const secret = "0123456789abcdef"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		at, err := time.Parse(time.RFC3339, "2026-01-01T00:00:00Z")
		var seconds int64
		if _, scanned := fmt.Sscan(r.Header.Get("X-Grenier-Timestamp"), &seconds); scanned == nil {
			at = time.Unix(seconds, 0)
		}
		if err != nil || r.Header.Get("X-Grenier-Signature") != sign(secret, body, at).Get("X-Grenier-Signature") || time.Since(at) > time.Minute {
			http.Error(w, "who are you?", http.StatusForbidden)
			return
		}
		var asked map[string]any
		_ = json.Unmarshal(body, &asked)
		w.Header().Set("Content-Type", "application/x-ndjson")
		if asked["op"] == "describe" {
			fmt.Fprintln(w, `{"id":"test","label":"Endpoint"}`)
			return
		}
		answer(w, r, asked)
	}))
	t.Cleanup(s.Close)
	p := plugin()
	p.Command, p.Endpoint, p.Secret = nil, s.URL, secret
	return p
}

func TestEndpoint(t *testing.T) {
	stopped := make(chan struct{})
	for _, c := range []struct {
		name, want, wrong string
		answer            func(w http.ResponseWriter, r *http.Request, asked map[string]any)
		change            func(*config.Harvester)
	}{
		{"lines", "dataset a|dataset b|dataset c|end", "", func(w http.ResponseWriter, _ *http.Request, _ map[string]any) {
			for _, id := range []string{"a", "b", "c"} {
				fmt.Fprintf(w, "{\"t\":\"dataset\",\"remote_id\":%q,\"data\":{\"title\":\"T\"}}\n", id)
				w.(http.Flusher).Flush()
				time.Sleep(10 * time.Millisecond)
			}
			fmt.Fprintln(w, `{"t":"end","complete":true}`)
		}, nil},
		{"no end", "", `without a last line of type "end"`, func(http.ResponseWriter, *http.Request, map[string]any) {}, nil},
		{"refused", "", "answered 403", nil, func(p *config.Harvester) { p.Secret = "another secret of it" }},
		{"silence", "unchanged a", "idle_timeout", func(w http.ResponseWriter, r *http.Request, _ map[string]any) {
			fmt.Fprintln(w, `{"t":"unchanged","remote_id":"a"}`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			close(stopped)
		}, func(p *config.Harvester) { p.IdleTimeout = 300 * time.Millisecond }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := endpoint(t, c.answer)
			if c.change != nil {
				c.change(&p)
			}
			b := New(p, Options{})
			lines, err := harvesttest.Collect(t, b, asking("https://a.example/"))
			if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
				t.Errorf("error %v, want %q", err, c.wrong)
			}
			if got := told(lines); got != c.want {
				t.Errorf("told %s, want %s", got, c.want)
			}
			if c.name == "lines" {
				harvesttest.Conform(t, b, asking("https://a.example/"))
			}
		})
	}
	select {
	case <-stopped:
	case <-time.After(5 * time.Second):
		t.Error("the endpoint is not told to stop")
	}
}

func FuzzLine(f *testing.F) {
	file, err := os.Open("testdata/lines.ndjson")
	if err != nil {
		f.Fatal(err)
	}
	defer file.Close()
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		f.Add(scanner.Bytes())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		line, known, err := decode(raw)
		if err != nil || !known {
			return
		}
		if (line.T == harvest.LineDataset) != (line.Dataset != nil) || (line.T == harvest.LineDataservice) != (line.Dataservice != nil) {
			t.Errorf("got %+v", line)
		}
		c := &checker{found: func(Finding) {}, seen: make(map[string]int)}
		if _, err := c.line(raw); err != nil {
			t.Error(err)
		}
	})
}
