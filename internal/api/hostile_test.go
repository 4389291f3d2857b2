package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/web"
)

// quick is how long a hostile request may keep the server.
const quick = time.Second

// timely runs a request; one that took too long gets two more chances, for the
// machine may have been busy with something else.
func timely(t *testing.T, what string, ask func() apitest.Answer) apitest.Answer {
	t.Helper()
	var answer apitest.Answer
	best := time.Hour
	for range 3 {
		started := time.Now()
		answer = ask()
		if best = min(best, time.Since(started)); best <= quick {
			return answer
		}
	}
	t.Errorf("%.150s took %v", what, best)
	return answer
}

// refused checks what every refusal has: no error of ours, and JSON that says
// what is wrong.
func refused(t *testing.T, what string, answer apitest.Answer, statuses ...int) {
	t.Helper()
	allowed := len(statuses) == 0 && answer.Status < 500
	for _, status := range statuses {
		allowed = allowed || answer.Status == status
	}
	if !allowed {
		t.Errorf("%.200s answered %d, want %v: %.300s", what, answer.Status, statuses, answer.Body)
	}
	if answer.Status < 400 || strings.HasPrefix(what, "HEAD") {
		return
	}
	var body struct {
		Message string
		Errors  any
	}
	if err := json.Unmarshal(answer.Body, &body); err != nil || body.Message == "" && body.Errors == nil {
		t.Errorf("%.200s answered %d without a reason: %.300s", what, answer.Status, answer.Body)
	}
}

// TestHostileArguments gives lists what they cannot understand.
func TestHostileArguments(t *testing.T) {
	const none = 0 // any status below 500
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		lists := []string{
			"/api/1/datasets/", "/api/2/datasets/", "/api/1/organizations/", "/api/1/reuses/", "/api/2/reuses/", "/api/1/dataservices/", "/api/2/topics/",
			"/api/1/posts/", "/api/1/datasets/community_resources/", "/api/1/organizations/ville-de-valmont/datasets/", "/api/2/datasets/open/resources/",
			"/api/1/datasets/open/followers/", "/api/2/topics/mobilite-douce/elements/", "/api/2/datasets/search/", "/api/2/reuses/search/",
			"/api/2/organizations/search/", "/api/2/dataservices/search/", "/api/2/topics/search/", "/api/2/posts/search/",
			"/api/1/organizations/ville-de-valmont/contacts/",
		}
		for _, list := range lists {
			for query, status := range map[string]int{
				"page=0": 400, "page=-1": 400, "page=x": 400, "page=": 400, "page=1.5": 400, "page=1e3": 400, "page=%EF%BC%91": 400, "page=0x10": 400,
				"page=99999999999999999999": none, "page=9223372036854775807&page_size=10000": none, "page=2147483648&page_size=9999": none,
				"page=1000000": none, "page=1&page=2": none, "page_size=0": 400, "page_size=-20": 400, "page_size=1000000": 400, "page_size=x": 400,
				"page_size=10000": 200, "page_size=99999999999999999999": 400, "%70age=0": 400, "page%00=1": 400, "x=%FF": 400, "x=%00": 400,
				"=": 200, "&&&": 200, "%": 200, "x=%zz": 200, strings.Repeat("a=b&", 999): 200, strings.Repeat("a=b&", 2000): 400,
			} {
				what := list + "?" + query
				answer := timely(t, what, func() apitest.Answer { return p.Get(what) })
				if status == none {
					refused(t, what, answer)
				} else {
					refused(t, what, answer, status)
				}
			}
		}
		for what, status := range map[string]int{
			"/api/1/datasets/?sort=title;DROP%20TABLE": 400, "/api/1/datasets/?sort=": 400, "/api/1/datasets/?sort=--title": 400,
			"/api/1/datasets/?access_type=secret": 400, "/api/1/datasets/?badge=none": 400, "/api/1/datasets/?organization_badge=x": 400,
			"/api/1/datasets/?owner=me": 400, "/api/1/datasets/?topic=1": 400, "/api/1/datasets/?license=none": 200, "/api/1/datasets/?format=%25": 200,
			"/api/1/datasets/?geozone=nowhere": 200, "/api/1/datasets/?granularity=x": 200, "/api/1/datasets/?schema=x&schema_version=y": 200,
			"/api/1/datasets/?featured=2": 400, "/api/1/datasets/?temporal_coverage=2020-01-01": 400,
			"/api/1/datasets/?temporal_coverage=9999-99-99-0000-00-00": 200, "/api/1/datasets/?private=x": 400,
			"/api/2/datasets/search/?format_family=x": 400, "/api/2/datasets/search/?producer_type=x": 400, "/api/2/datasets/search/?last_update_range=x": 400,
			"/api/2/datasets/search/?organization=nobody": 200, "/api/2/datasets/search/?temporal_coverage=x": 400, "/api/2/datasets/search/?highlight=x": 400,
			"/api/1/datasets/suggest/?q=a&size=0": 400, "/api/1/datasets/suggest/?q=a&size=-1": 400, "/api/1/datasets/suggest/?q=a&size=1000000": 400,
			"/api/1/datasets/suggest/?q=a&size=x": 400, "/api/1/spatial/zone/country:fr/datasets/?size=-1": 400, "/api/1/avatars/x/99999999999999999999/": 404,
			"/api/1/spatial/zones/" + strings.Repeat("country:fr,", 2000) + "country:fr/": none, "/api/1/spatial/coverage/x/": 404,
		} {
			answer := timely(t, what, func() apitest.Answer { return p.Get(what) })
			if status == none {
				refused(t, what, answer)
			} else {
				refused(t, what, answer, status)
			}
		}
	})
}

// TestHostileQuestions searches for what nobody writes.
func TestHostileQuestions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		questions := []string{
			strings.Repeat("a", 10_000), strings.Repeat("é", 5_000), strings.Repeat("mot ", 4_000), strings.Repeat("a b ", 4_000), strings.Repeat("\"", 5_000),
			`(a+)+$`, `.*`, `^(([a-z])+.)+[A-Z]([a-z])+$`, `[[[[`, `title:*`, `a AND (b OR`, `NOT`, `+ - && || ! ( ) { } [ ] ^ " ~ * ? : \ /`,
			`"unfinished`, "a~99", "a^1e99", "\u202e\u200b\u0000"[:6], "👩‍👩‍👧‍👦", "\u0301\u0301\u0301", strings.Repeat("l'", 3_000), strings.Repeat("-", 9_000),
			strings.Join(numbers(3_000), " "), "%", "_", "' OR 1=1 --",
		}
		for _, path := range []string{
			"/api/1/datasets/", "/api/2/datasets/search/", "/api/1/organizations/", "/api/2/organizations/search/", "/api/1/reuses/", "/api/2/topics/", "/api/1/posts/",
			"/api/1/datasets/suggest/", "/api/1/organizations/suggest/", "/api/1/reuses/suggest/", "/api/1/tags/suggest/", "/api/1/users/suggest/",
			"/api/1/spatial/zones/suggest/", "/api/1/datasets/suggest/formats/", "/api/2/datasets/open/resources/", "/api/2/topics/mobilite-douce/elements/",
			"/api/1/organizations/ville-de-valmont/contacts/suggest/", "/datasets.csv",
		} {
			for _, q := range questions {
				what := path + "?q=" + url.QueryEscape(q)
				refused(t, what, timely(t, what, func() apitest.Answer { return p.Get(what) }), 200)
			}
		}
		tags := "?" + strings.Repeat("tag=mobilite&", 990) + "tag=velo"
		different := "?tag=" + strings.Join(numbers(990), "&tag=")
		for _, path := range []string{
			"/api/1/datasets/", "/api/2/datasets/", "/api/2/datasets/search/", "/api/1/reuses/", "/api/2/reuses/search/", "/api/1/dataservices/", "/api/2/topics/",
			"/api/2/topics/mobilite-douce/elements/", "/datasets.csv", "/reuses.csv",
		} {
			for _, query := range []string{tags, different} {
				refused(t, path+query, timely(t, path+query, func() apitest.Answer { return p.Get(path + query) }), 200, 400)
			}
		}
		for _, many := range []string{"format=", "schema=", "granularity="} {
			what := "/api/2/datasets/search/?" + many + strings.Join(numbers(990), "&"+many)
			refused(t, what, timely(t, what, func() apitest.Answer { return p.Get(what) }), 200, 400)
			what = strings.Replace(what, "/api/2/datasets/search/", "/datasets.csv", 1)
			refused(t, what, timely(t, what, func() apitest.Answer { return p.Get(what) }), 200, 400)
		}
	})
}

func numbers(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("w%d", i)
	}
	return all
}

// TestHostileMasks sends masks that nobody means.
func TestHostileMasks(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	for _, mask := range []string{
		strings.Repeat("a{", 10_000), strings.Repeat("a{", 10_000) + strings.Repeat("}", 10_000), strings.Repeat("{", 10_000), strings.Repeat("}", 10_000),
		strings.Repeat(",", 20_000), strings.Repeat("a,", 20_000) + "a", strings.Repeat("organization{", 20) + "id" + strings.Repeat("}", 20),
		"{", "}", "{}", "{{}}", "a{}", "*{id}", "*,*", "id{id}", "data{*{id}}", "é,ü", "\xff\xfe", "a\tb", "data{resources{extras{a{b{c}}}}}", "extras{__proto__}",
		"data", "data{}", "data{id", "page{x}", "id,", ",id",
	} {
		for _, path := range []string{"/api/1/datasets/", "/api/1/datasets/open/", "/api/2/datasets/search/", "/api/1/organizations/ville-de-valmont/reuses/", "/api/1/spatial/coverage/country/"} {
			what := path + " with the mask " + mask
			answer := timely(t, what, func() apitest.Answer { return p.Get(path, "X-Fields", mask) })
			refused(t, what, answer, 200, 400)
			if answer.Status == 200 {
				answer.JSON(t)
			}
		}
	}
}

// TestHostileBodies writes what is no dataset.
func TestHostileBodies(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		wide := utf16.Encode([]rune(`{"title":"a","description":"b"}`))
		var utf16LE bytes.Buffer
		utf16LE.WriteString("\xff\xfe")
		for _, unit := range wide {
			utf16LE.Write([]byte{byte(unit), byte(unit >> 8)})
		}
		bodies := map[string]int{
			"": 400, "{": 400, `{"title":`: 400, "}": 400, "[]": 400, "null": 400, `"x"`: 400, "1": 400, "{}": 400, "{} {}": 400, "{'title':1}": 400,
			`{"title":"é` + "\xe9" + `"}`: 400, utf16LE.String(): 400, "\xff\xfe{}": 400, "\x00": 400, `{"title":"a\u0000b","description":"c"}`: 400,
			strings.Repeat("[", 100_000): 400, strings.Repeat(`{"a":`, 100_000): 400, strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000): 400,
			`{"extras":{"a":` + strings.Repeat("[", 90) + strings.Repeat("]", 90) + `},"title":"deep","description":"d"}`: 201,
			"\xef\xbb\xbf" + `{"title":"bom","description":"d"}`:                                                          201, `{"title":"twice","title":"Twice","description":"d"}`: 201,
			`{"title":1,"description":"d"}`: 400, `{"title":["a"],"description":"d"}`: 400, `{"title":{"a":1},"description":"d"}`: 400, `{"title":null,"description":"d"}`: 400,
			`{"title":"a","description":"d","tags":3}`: 400, `{"title":"a","description":"d","tags":[1]}`: 400, `{"title":"a","description":"d","resources":{}}`: 400,
			`{"title":"a","description":"d","resources":[null]}`: 400, `{"title":"a","description":"d","resources":["x"]}`: 400,
			`{"title":"a","description":"d","private":"maybe"}`: 400, `{"title":"a","description":"d","organization":[]}`: 400,
			`{"title":"a","description":"d","organization":{"id":{}}}`: 400, `{"title":"a","description":"d","organization":"nobody"}`: 400,
			`{"title":"a","description":"d","extras":[]}`: 400, `{"title":"a","description":"d","extras":"x"}`: 400, `{"title":"a","description":"d","spatial":"x"}`: 400,
			`{"title":"a","description":"d","spatial":{"zones":"x"}}`: 400, `{"title":"a","description":"d","temporal_coverage":"x"}`: 400,
			`{"title":"a","description":"d","temporal_coverage":{"start":"2020-13-45"}}`: 400, `{"title":"a","description":"d","frequency_date":"never"}`: 400,
			`{"title":"a","description":"d","frequency_date":1e99}`: 400, `{"title":"\ud800","description":"lone surrogate"}`: 201,
			`{"title":"` + strings.Repeat("x", 5<<20) + `","description":"d"}`: 400, `{"title":"a","description":"d","resources":[{"title":"r","url":"javascript:alert(1)"}]}`: 400,
			`{"title":"a","description":"d","resources":[{"title":"r","url":"https://example.org/","filesize":1e30}]}`: 400,
		}
		for body, status := range bodies {
			what := "POST " + body
			answer := timely(t, what, func() apitest.Answer { return w.Do(http.MethodPost, "/api/1/datasets/", body, "X-API-KEY", w.editor) })
			refused(t, what, answer, status)
			put := timely(t, "PUT "+body, func() apitest.Answer {
				return w.Do(http.MethodPut, "/api/1/datasets/"+w.public+"/", body, "X-API-KEY", w.editor)
			})
			refused(t, "PUT "+body, put)
		}
		for _, media := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "x"} {
			answer := w.Do(http.MethodPost, "/api/1/datasets/", `{"title":"a","description":"d"}`, "X-API-KEY", w.editor, "Content-Type", media)
			refused(t, "a body in "+media, answer, 400)
			if dig(answer.JSON(t), "errors.Content-Type") != "expecting application/json" {
				t.Errorf("a body in %q answered %s", media, answer.Body)
			}
		}
		answer := w.Do(http.MethodPost, "/api/1/datasets/", `{"title":"`+strings.Repeat("x", 33<<20)+`"}`, "X-API-KEY", w.editor)
		refused(t, "a body of 33 MB", answer, 413)
		if got := w.Get("/api/1/datasets/" + w.public + "/"); got.Status != 200 {
			t.Errorf("after all that the dataset answers %d", got.Status)
		}
	})
}

// raw sends bytes to a server and reads one answer.
func raw(t *testing.T, address, request string) apitest.Answer {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(connection, request) }() // the server may answer and close before it has read all
	method, _, _ := strings.Cut(request, " ")
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	if err != nil {
		t.Errorf("%.100q: no answer: %v", request, err)
		return apitest.Answer{}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil && response.StatusCode < 400 {
		t.Errorf("%.100q: %v", request, err)
	}
	return apitest.Answer{Status: response.StatusCode, Header: response.Header, Body: body}
}

// TestHostileRequests speaks HTTP to the program's own server as no client
// should.
func TestHostileRequests(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	server := web.NewServer(web.ServerOptions{Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)}, p.Config.Handler)
	if err := server.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	address := server.Addr().String()
	line := func(method, target string, headers ...string) string {
		return method + " " + target + " HTTP/1.1\r\nHost: data.example.org\r\nConnection: close\r\n" + strings.Join(append(headers, "\r\n"), "\r\n")
	}
	const dataset = "/api/1/datasets/open/"
	for _, c := range []struct {
		request string
		// byUs says that the answer is the program's, which gives a reason in
		// JSON; otherwise HTTP itself was broken.
		byUs     bool
		statuses []int
	}{
		{line("GET", dataset), true, []int{200}},
		{line("GET", dataset, "X-Big: "+strings.Repeat("x", 10<<20)), false, []int{431}},
		{line("GET", "/api/1/datasets/?q="+strings.Repeat("x", 10<<20)), false, []int{431}},
		{line("GET", dataset, strings.Repeat("X-A: b\r\n", 200_000)+"X-B: c"), false, []int{431}},
		{line("TRACE", dataset), true, []int{405}},
		{line("CONNECT", dataset), true, []int{404, 405}},
		{line("PROPFIND", dataset), true, []int{405}},
		{line("GETT", dataset), true, []int{405}},
		{line("get", dataset), true, []int{405}},
		{line("A\x00B", dataset), false, []int{400}},
		{line("DELETE", "/api/1/organizations/", "Content-Length: 0"), true, []int{405}},
		{line("PATCH", dataset, "Content-Length: 2", "", "{}"), true, []int{405}},
		{line("OPTIONS", "*"), false, []int{200, 204, 400, 404}},
		{line("OPTIONS", dataset), true, []int{204}},
		{line("GET", "http://evil.example/api/1/datasets/open/"), true, []int{200}},
		{line("GET", dataset, "Range: bytes=0-10"), true, []int{200}},
		{line("GET", dataset, "Range: bytes=-1"), true, []int{200}},
		{line("GET", dataset, "Range: bytes="+strings.Repeat("0-1,", 5000)+"5-6"), true, []int{200}},
		{line("GET", "/datasets.csv", "Range: bytes=100000-"), true, []int{200}},
		{line("POST", "/api/1/datasets/", "Content-Length: 2", "Content-Length: 3", "", "{}"), false, []int{400}},
		{line("POST", "/api/1/datasets/", "Content-Length: -1"), false, []int{400}},
		{line("POST", "/api/1/datasets/", "Content-Length: 99999999999999999999"), false, []int{400}},
		{line("POST", "/api/1/datasets/", "Transfer-Encoding: chunked", "", "zz\r\n{}"), true, []int{400, 401}},
		{line("POST", "/api/1/datasets/", "Transfer-Encoding: gzip", "", "x"), false, []int{501}},
		{line("GET", dataset, "Content-Length: 5", "", "hello"), true, []int{200}},
		{"GET " + dataset + " HTTP/9.9\r\n\r\n", false, []int{505}},
		{"GET " + dataset + " HTTP/1.1\r\n\r\n", false, []int{400}},
		{"GET " + dataset + " HTTP/1.0\r\n\r\n", true, []int{200}},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", false, []int{400}},
		{line("GET", dataset, "X-API-KEY: "+strings.Repeat("k", 50_000)), true, []int{401}},
		{line("GET", dataset, "X-API-KEY: \xff\xfe"), true, []int{401}},
		{line("GET", dataset, "X-API-KEY: "), true, []int{200, 401}},
		{line("GET", dataset, "Authorization: Basic !!!"), true, []int{200}},
		{line("GET", dataset, "Cookie: a=b; \xff; =; session="+strings.Repeat("x", 20_000)), true, []int{200}},
		{line("GET", dataset, "Accept: "+strings.Repeat("a/b;q=0.1,", 4000)), true, []int{200}},
		{line("GET", dataset, "Accept-Encoding: "+strings.Repeat("gzip;q=0.0001,", 3000)), true, []int{200}},
		{line("GET", dataset, "Accept-Language: "+strings.Repeat("xx-YY;q=9,", 4000)), true, []int{200}},
		{line("GET", dataset, "If-None-Match: "+strings.Repeat(`W/"x",`, 8000)), true, []int{200}},
		{line("GET", dataset, "If-None-Match: *"), true, []int{304}},
		{line("GET", dataset, "If-Modified-Since: yesterday"), true, []int{200}},
		{line("GET", dataset, "X-Get-Datasets-Full-Objects: \xff"), true, []int{200}},
		{line("GET", dataset, "X-Forwarded-For: "+strings.Repeat("1.2.3.4,", 5000)), true, []int{200}},
		{line("GET", dataset, "X-Request-Id: \"><script>"), true, []int{200}},
		{line("GET", dataset, "X-Fields: a\xff\xfe{"), true, []int{400}},
		{line("GET", "/api/1/datasets/a%00b/"), true, []int{404}},
		{line("GET", "/api/1/datasets/%2F/"), true, []int{404}},
		{line("GET", "/api/1/datasets/a%2Fb/"), true, []int{404}},
		{line("GET", "/api/1/datasets/../organizations/"), true, []int{200, 301, 307, 308, 404}},
		{line("GET", "/api/1/datasets/%2e%2e/"), true, []int{404}},
		{line("GET", "/api/1/datasets/%2e%2e%2f%2e%2e%2fetc%2fpasswd/"), true, []int{404}},
		{line("GET", "/api/1/datasets//"), true, []int{404}},
		{line("GET", "//api/1/datasets/"), true, []int{404}},
		{line("GET", "/api/1/datasets/./open/"), true, []int{404}},
		{line("GET", "/api/1/datasets/%ff%fe/"), true, []int{404}},
		{line("GET", "/api/1/datasets/\xff\xfe/"), true, []int{400, 404}},
		{line("GET", "/api/1/datasets/%zz/"), false, []int{400}},
		{line("GET", "/api/1/datasets/"+strings.Repeat("x", 30_000)+"/"), true, []int{404}},
		{line("GET", "/api/1/"+strings.Repeat("a/", 15_000)), true, []int{404}},
		{line("GET", "/api/1/datasets/r/%00"), true, []int{404}},
		{line("GET", "/api/1/datasets/open\x00/"), false, []int{400}},
		{line("GET", "/api/1/datasets/open/#x"), true, []int{200, 400, 404}},
		{line("GET", "/api/1/datasets/open/?%"), true, []int{200}},
		{line("GET", "/api/1/datasets/open/;x=1"), true, []int{404}},
		{line("GET", "/api/3/datasets/"), true, []int{404}},
		{line("GET", "/api/"), true, []int{404}},
		{line("GET", "/%61pi/1/datasets/open/"), true, []int{200, 404}},
	} {
		what := strings.ReplaceAll(c.request[:min(len(c.request), 120)], "\r\n", " ")
		answer := timely(t, what, func() apitest.Answer { return raw(t, address, c.request) })
		if c.byUs {
			refused(t, what, answer, c.statuses...)
		} else {
			refused(t, "HEAD "+what, answer, c.statuses...)
		}
		if strings.Contains(answer.Header.Get("X-Request-Id"), "<") {
			t.Errorf("%s: the request's id comes back as %q", what, answer.Header.Get("X-Request-Id"))
		}
	}
}
