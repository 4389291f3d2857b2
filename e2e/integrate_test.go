package e2e

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"grenier/e2e/harness"
	"grenier/internal/outbox"
)

// demoServer serves the catalogue that `make demo` serves.
func demoServer(t *testing.T) *harness.Server {
	t.Helper()
	server := harness.New(t, harness.Options{})
	var files []string
	for _, folder := range []string{"catalog", "examples"} {
		found, err := filepath.Glob("../internal/intake/demo/" + folder + "/*")
		if err != nil || len(found) == 0 {
			t.Fatal("no demo catalogue in ", folder, err)
		}
		files = append(files, found...)
	}
	server.Run(t, append([]string{"import", "catalog"}, files...)...)
	server.Launch(t)
	server.AwaitReady(t)
	return server
}

// pageOf reads a page or a document of a server.
func pageOf(t *testing.T, address string) string {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 4<<20))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", address, answer.Status, err)
	}
	return string(body)
}

// shownSample is a piece of program on a page for those who use the site from
// elsewhere.
var shownSample = regexp.MustCompile(`(?s)<pre tabindex="0" data-runs="([a-z]+)"><code>(.*?)</code></pre>`)

// integrateWays are the pages that show some.
var integrateWays = []string{"dataset", "organization", "library", "linked-data", "feeds", "changes", "api"}

// TestShownProgramsRun runs what the pages show for shells, Python and
// JavaScript, as a reader would who copied it. What is for pages runs in a
// browser, in the tests beside it.
func TestShownProgramsRun(t *testing.T) {
	server := demoServer(t)
	t.Setenv("TOKEN", server.Token(t, "integrator@example.org"))
	ran := map[string]int{}
	for _, lang := range []string{"", "/en"} {
		for _, way := range integrateWays {
			for _, found := range shownSample.FindAllStringSubmatch(pageOf(t, server.URL()+lang+"/integrate/"+way), -1) {
				runs, text := found[1], html.UnescapeString(found[2])
				if !strings.Contains(text, server.URL()) && runs != "verify" {
					t.Errorf("%s%s: an example does not name this site:\n%s", lang, way, text)
				}
				if regexp.MustCompile(`\b(BASE|DATASET|ORGANIZATION|PAGE|KEYWORD|PREFIX)\b`).MatchString(text) {
					t.Errorf("%s%s: an example is not filled in:\n%s", lang, way, text)
				}
				ran[runs]++
				switch runs {
				case "sh":
					output, err := example(t, [][]string{{"", text}})
					if err != nil || output == "" && !strings.Contains(text, " -o ") && !strings.Contains(text, "after=now") {
						t.Errorf("%s%s: %v\n%s\nprinted %.2000s", lang, way, err, text, output)
					}
				case "python":
					runSample(t, text, "python3", "-")
				case "js":
					runSample(t, text, "node", "--input-type=module")
				case "verify":
					checkVerifier(t, text)
				case "address":
					pageOf(t, strings.TrimSpace(text))
				case "html", "header", "head":
				default:
					t.Errorf("%s%s: nobody runs examples of the kind %q", lang, way, runs)
				}
			}
		}
	}
	for runs, least := range map[string]int{"sh": 20, "python": 8, "js": 4, "verify": 2, "html": 24, "address": 2, "header": 2, "head": 2} {
		if ran[runs] < least {
			t.Errorf("%d examples of the kind %s are shown, at least %d are wanted", ran[runs], runs, least)
		}
	}
}

// runSample runs a program given on its input, which must succeed and print
// something.
func runSample(t *testing.T, text, name string, arguments ...string) string {
	t.Helper()
	command := exec.Command(name, arguments...)
	command.Dir, command.Stdin = t.TempDir(), strings.NewReader(text)
	output, err := command.CombinedOutput()
	if err != nil || len(bytes.TrimSpace(output)) == 0 {
		t.Errorf("%s: %v\n%s\nprinted %.2000s", name, err, text, output)
	}
	return string(output)
}

// checkVerifier gives the shown check of signatures deliveries to judge.
func checkVerifier(t *testing.T, text string) {
	t.Helper()
	const secret, body = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", `{"kind":"dataset.updated"}`
	judged := func(at time.Time, body string) string {
		signature, err := outbox.Sign(secret, "msg_1", at, []byte(`{"kind":"dataset.updated"}`))
		if err != nil {
			t.Fatal(err)
		}
		headers, err := json.Marshal(map[string]string{"webhook-id": "msg_1", "webhook-timestamp": strconv.FormatInt(at.Unix(), 10), "webhook-signature": signature})
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(runSample(t, text+"\n\nprint(genuine('"+secret+"', "+string(headers)+", b'''"+body+"'''))\n", "python3", "-"))
	}
	if got := judged(time.Now(), body); got != "True" {
		t.Errorf("a genuine delivery is judged %s", got)
	}
	if got := judged(time.Now(), body+" "); got != "False" {
		t.Errorf("a changed delivery is judged %s", got)
	}
	if got := judged(time.Now().Add(-time.Hour), body); got != "False" {
		t.Errorf("an old delivery is judged %s", got)
	}
}

// feedReading is what feeds.mjs tells of one address.
type feedReading struct {
	Address, Title, Type string
	Status               int
	Errors, Items        []string
}

// readFeeds has feeds and descriptions checked by their schemas, and read by
// another program.
func readFeeds(t *testing.T, lines []string) []feedReading {
	t.Helper()
	schemas, err := filepath.Abs("testdata/feeds")
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("node", "feeds.mjs", schemas)
	command.Dir, command.Stdin, command.Stderr = "peers", strings.NewReader(strings.Join(lines, "\n")), os.Stderr
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []feedReading
	decoder := json.NewDecoder(bytes.NewReader(output))
	for decoder.More() {
		var one feedReading
		if err := decoder.Decode(&one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	if len(all) != len(lines) {
		t.Fatalf("%d of %d were read", len(all), len(lines))
	}
	return all
}

var (
	feedLink   = regexp.MustCompile(`<link rel="alternate" type="application/(atom|rss)&#43;xml" title="[^"]*" href="([^"]+)">`)
	searchLink = regexp.MustCompile(`<link rel="search" type="application/opensearchdescription\+xml" title="[^"]*" href="([^"]+)">`)
)

// TestFeedsAreValid follows the links by which pages name their feeds and the
// search, and has all that they lead to checked by schemas and read by a feed
// reader that shares no code with the server.
func TestFeedsAreValid(t *testing.T) {
	server := demoServer(t)
	var organizations struct{ Data []struct{ ID, Slug string } }
	if err := server.Client("").Get("/api/1/organizations/?sort=-datasets&page_size=1", &organizations); err != nil || len(organizations.Data) == 0 {
		t.Fatal(err)
	}
	town := organizations.Data[0]
	var lines []string
	add := func(kind, path string) {
		if line := kind + " " + server.URL() + html.UnescapeString(path); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	for _, page := range []string{
		"/", "/en", "/feeds", "/de/feeds", "/datasets", "/datasets/search?q=eau&sort=-last_update", "/datasets/search?tag=eau&format=csv", "/reuses/search?producer_type=company",
		"/dataservices/search?is_restricted=false", "/organizations", "/organizations?q=ville", "/topics", "/posts", "/organizations/" + town.Slug, "/en/organizations/" + town.Slug,
	} {
		body := pageOf(t, server.URL()+page)
		links := feedLink.FindAllStringSubmatch(body, -1)
		if len(links) < 2 {
			t.Errorf("%s names %d feeds", page, len(links))
		}
		for _, link := range links {
			add(link[1], link[2])
		}
		description := searchLink.FindStringSubmatch(body)
		if description == nil {
			t.Fatalf("%s does not tell how to search", page)
		}
		add("opensearch", description[1])
	}
	full := 0
	for _, one := range readFeeds(t, lines) {
		if one.Status != http.StatusOK || len(one.Errors) > 0 {
			t.Errorf("%s: %d %q", one.Address, one.Status, one.Errors)
		}
		if strings.Contains(one.Address, "/opensearch.xml") {
			continue
		}
		if one.Title == "" || len(one.Items) > 20 {
			t.Errorf("%s: %q has %d items", one.Address, one.Title, len(one.Items))
		}
		if len(one.Items) > 0 {
			full++
		}
	}
	if len(lines) < 40 || full < 15 {
		t.Errorf("%d feeds were read, %d of which hold something", len(lines), full)
	}
}

// TestRefusedFeeds holds what feeds refuse: the status and a word of the reason.
func TestRefusedFeeds(t *testing.T) {
	server := demoServer(t)
	for _, c := range []struct {
		path   string
		status int
		reason string
	}{
		{"/datasets/recent.rss?organization=nobody", http.StatusBadRequest, "Organization arg must be an identifier"},
		{"/reuses/recent.rss?producer_type=kings", http.StatusBadRequest, "producer_type"},
		{"/dataservices/recent.atom?is_restricted=perhaps", http.StatusBadRequest, "is_restricted"},
		{"/topics/recent.atom?dataset=x", http.StatusBadRequest, "identifier"},
		{"/organizations/recent.rss?last_update_range=yesterday", http.StatusBadRequest, "last_update_range"},
		{"/licenses/recent.atom", http.StatusNotFound, ""},
	} {
		answer, err := server.Client("").Do(http.MethodGet, c.path, nil)
		if err != nil || answer.Status != c.status || !strings.Contains(string(answer.Body), c.reason) {
			t.Errorf("%s: %v, %d %.300s", c.path, err, answer.Status, answer.Body)
		}
	}
}
