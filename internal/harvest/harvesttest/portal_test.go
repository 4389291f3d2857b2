package harvesttest

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// get asks a portal and gives the answer with its body.
func get(t *testing.T, address string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil && !strings.Contains(err.Error(), "unexpected EOF") {
		t.Fatal(err)
	}
	return resp, string(body)
}

type searched struct {
	Result struct {
		Count   int
		Results []struct {
			ID, Name, Title, Notes string
			Resources              []struct{ ID, URL string }
		}
	}
}

func search(t *testing.T, address string) searched {
	t.Helper()
	_, body := get(t, address)
	var s searched
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		t.Fatalf("%v in %.200s", err, body)
	}
	return s
}

func TestCKANPages(t *testing.T) {
	p := New(Options{Datasets: 25, Resources: 3, PageSize: 10, BigAt: 4, BigResources: 80})
	server := httptest.NewServer(p)
	defer server.Close()
	seen := map[string]bool{}
	for _, page := range []struct{ start, want string }{{"0", "10"}, {"10", "10"}, {"20", "5"}, {"30", "0"}} {
		s := search(t, server.URL+"/ckan/api/3/action/package_search?rows=1000&start="+page.start)
		if s.Result.Count != 25 || len(s.Result.Results) != number(page.want, -1) {
			t.Errorf("from %s: %d of %d", page.start, len(s.Result.Results), s.Result.Count)
		}
		for _, r := range s.Result.Results {
			seen[r.ID] = true
			if want := map[bool]int{true: 80, false: 3}[r.Name == "p-000004"]; len(r.Resources) != want {
				t.Errorf("%s has %d resources, want %d", r.Name, len(r.Resources), want)
			}
		}
	}
	if len(seen) != 25 {
		t.Errorf("%d different records", len(seen))
	}
	for _, id := range []string{"p-000007", uuid("p", 7)} {
		if _, body := get(t, server.URL+"/ckan/api/3/action/package_show?id="+id); !strings.Contains(body, `"name":"p-000007"`) {
			t.Errorf("package_show of %s: %.100s", id, body)
		}
	}
	if s := search(t, server.URL+"/ckan/api/3/action/package_search?fq=tags:%22lot%203%22"); s.Result.Count != 1 {
		t.Errorf("%d records of a tag", s.Result.Count)
	}
}

func TestRounds(t *testing.T) {
	o := Options{Name: "p", Datasets: 2000, Resources: 1, Changed: 50, Removed: 20}
	if n := len(o.Listed()); n != 2000 {
		t.Fatalf("%d at first", n)
	}
	before := o
	for round := 1; round <= 3; round++ {
		o.Round = round
		gone, turned, differ := 2000-len(o.Listed()), 0, 0
		for i := range 2000 {
			if o.Turned(i) {
				turned++
			}
			if o.Record(i).Notes != before.Record(i).Notes {
				differ++
			}
			if before.Gone(i) && !o.Gone(i) {
				t.Fatalf("record %d came back", i)
			}
		}
		if want := 40 * round; gone < want/2 || gone > want*2 {
			t.Errorf("round %d: %d gone, about %d expected", round, gone, want)
		}
		if turned < 50 || turned > 200 || differ < turned {
			t.Errorf("round %d: %d turned, %d differ", round, turned, differ)
		}
		before = o
	}
}

func TestDCATPages(t *testing.T) {
	p := New(Options{Datasets: 5, Resources: 2, PageSize: 2})
	server := httptest.NewServer(p)
	defer server.Close()
	for _, suffix := range []string{"xml", "ttl", "nt", "jsonld"} {
		pages, datasets, address := 0, 0, "/dcat/catalog."+suffix+"?page=1"
		for {
			resp, body := get(t, server.URL+address)
			if resp.StatusCode != http.StatusOK {
				t.Fatalf("%s answers %s", address, resp.Status)
			}
			pages++
			datasets += strings.Count(body, "/resource/") / map[string]int{"xml": 2, "ttl": 16, "nt": 16, "jsonld": 2}[suffix]
			if next := "/dcat/catalog." + suffix + "?page=" + string(rune('1'+pages)); strings.Contains(body, next) {
				address = next
				continue
			}
			break
		}
		if pages != 3 || datasets != 5 {
			t.Errorf("%s: %d pages with %d datasets", suffix, pages, datasets)
		}
	}
	_, body := get(t, server.URL+"/dcat/catalog.xml")
	if err := wellFormed(body); err != nil {
		t.Error(err)
	}
}

func wellFormed(body string) error {
	d := xml.NewDecoder(strings.NewReader(body))
	for {
		if _, err := d.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestCSW(t *testing.T) {
	p := New(Options{Datasets: 7, Resources: 1})
	server := httptest.NewServer(p)
	defer server.Close()
	ask := func(start string) string {
		_, body := get(t, server.URL+"/csw?service=CSW&request=GetRecords&maxRecords=3&outputSchema="+isoSchema+"&startPosition="+start)
		if err := wellFormed(body); err != nil {
			t.Fatal(err)
		}
		return body
	}
	for start, next := range map[string]string{"1": `nextRecord="4"`, "4": `nextRecord="7"`, "7": `nextRecord="0"`} {
		if body := ask(start); !strings.Contains(body, next) {
			t.Errorf("from %s: no %s", start, next)
		}
	}
	p.Set(func(o *Options) { o.Poison = 5 })
	if !strings.Contains(ask("4"), "ExceptionReport") || strings.Contains(ask("1"), "ExceptionReport") {
		t.Error("the poisoned record is on the wrong page")
	}
}

func TestFaults(t *testing.T) {
	p := New(Options{Datasets: 5, Resources: 1, ETags: true, Faults: []Fault{
		{Path: "start=1", Status: 429, RetryAfter: "1", Times: 2},
		{Path: "start=2", Cut: 100},
		{Path: "start=3", HTML: true},
		{Path: "start=4", Delay: 50 * time.Millisecond, ContentType: "text/plain"},
		{Path: "start=5", Location: "/ckan/api/3/action/package_list", Every: 2},
	}})
	server := httptest.NewServer(p)
	defer server.Close()
	at := func(start string) (*http.Response, string) {
		return get(t, server.URL+"/ckan/api/3/action/package_search?start="+start)
	}
	for _, want := range []int{429, 429, 200} {
		if resp, _ := at("1"); resp.StatusCode != want || want == 429 && resp.Header.Get("Retry-After") != "1" {
			t.Errorf("%s, want %d", resp.Status, want)
		}
	}
	if _, body := at("2"); len(body) != 100 {
		t.Errorf("%d bytes of a cut answer", len(body))
	}
	if _, body := at("3"); !strings.HasPrefix(body, "<!DOCTYPE html>") {
		t.Errorf("%.100s", body)
	}
	begin := time.Now()
	if resp, _ := at("4"); resp.Header.Get("Content-Type") != "text/plain" || time.Since(begin) < 50*time.Millisecond {
		t.Errorf("%s after %s", resp.Header.Get("Content-Type"), time.Since(begin))
	}
	for _, want := range []int{200, 302, 200, 302} {
		if resp, _ := at("5"); resp.StatusCode != want {
			t.Errorf("%s, want %d", resp.Status, want)
		}
	}
	resp, _ := at("0")
	if again, _ := get(t, server.URL+"/ckan/api/3/action/package_search?start=0", "If-None-Match", resp.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("%s to a conditional request", again.Status)
	}
	if traffic := p.Traffic(); traffic.Requests != 12 || traffic.Paths["/ckan/api/3/action/package_search"] != 12 {
		t.Errorf("%+v", traffic)
	}
}
