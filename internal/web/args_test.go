package web

import (
	"math"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestArgumentsRefused(t *testing.T) {
	const message = `"message":"Input payload validation failed"`
	cases := []struct{ query, name, text string }{
		{"page=0", "page", "The page to fetch Invalid argument: 0. argument must be a positive integer"},
		{"page=-3", "page", "The page to fetch Invalid argument: -3. argument must be a positive integer"},
		{"page=abc", "page", "The page to fetch abc is not a valid integer"},
		{"page=", "page", "The page to fetch  is not a valid integer"},
		{"page=1.5", "page", "The page to fetch 1.5 is not a valid integer"},
		{"page_size=0", "page_size", "The page size to fetch Invalid argument: 0. argument must be a positive integer"},
		{"page_size=10001", "page_size", "The page size to fetch Invalid argument: 10001. argument must be within the range 1 - 10000"},
		{"page_size=99999999999999999999999", "page_size", "The page size to fetch Invalid argument: 9223372036854775807. argument must be within the range 1 - 10000"},
		{"sort=x", "sort", "The field (and direction) on which sorting apply The value 'x' is not a valid choice for 'sort'."},
		{"sort=--title", "sort", "The field (and direction) on which sorting apply The value '--title' is not a valid choice for 'sort'."},
		{"featured=maybe", "featured", "Invalid literal for boolean(): maybe"},
		{"kind=huge", "kind", "The kind The value 'huge' is not a valid choice for 'kind'."},
		{"kind=big&kind=huge", "kind", "The kind The value 'huge' is not a valid choice for 'kind'."},
		{"ratio=NaN", "ratio", "NaN is not a valid number"},
		{"size=51", "size", "Invalid argument: 51. argument must be within the range 0 - 50"},
		{"day=2024", "day", "A day must look like 2024-01-31"},
		{"sort=x&page=0", "page", "The page to fetch Invalid argument: 0. argument must be a positive integer"},
		{"kind=" + strings.Repeat("é", 10_000), "kind", "The kind The value '" + strings.Repeat("é", 50) + "…' is not a valid choice for 'kind'."},
	}
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	for _, c := range cases {
		t.Run(shorten(c.query), func(t *testing.T) {
			w := ask(h, "GET", "/api/1/houses/?"+c.query, "")
			if w.Code != 400 {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			sameJSON(t, w.Body.String(), `{"errors":{`+string(mustJSON(c.name))+`:`+string(mustJSON(c.text))+`},`+message+`}`)
		})
	}
}

func TestIdentifierArgument(t *testing.T) {
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	w := ask(h, "GET", "/api/1/houses/?organization=ville-de-valmont", "")
	if w.Code != 400 {
		t.Errorf("a slug: %d", w.Code)
	}
	sameJSON(t, w.Body.String(), `{"message":"Organization arg must be an identifier"}`)
	if w := ask(h, "GET", "/api/1/houses/?organization=x&page=0", ""); !strings.Contains(w.Body.String(), "page") {
		t.Errorf("other arguments are checked first: %s", w.Body)
	}
	for _, value := range []string{"", "5f0c1a2b3c4d5e6f7a8b9c0D"} {
		if w := ask(h, "GET", "/api/1/houses/?organization="+value, ""); w.Code != 200 || seen.Owner != value {
			t.Errorf("%q: %d, read %q", value, w.Code, seen.Owner)
		}
	}
}

func TestArgumentsRead(t *testing.T) {
	yes, no := true, false
	def := listArgs{Paging: Paging{1, 20}, Size: 10}
	with := func(change func(*listArgs)) listArgs { q := def; change(&q); return q }
	cases := []struct {
		query string
		want  listArgs
	}{
		{"", def},
		{"unknown=1&include_private=&&=x", def},
		{"page=2&page_size=10000", with(func(q *listArgs) { q.Paging = Paging{2, 10000} })},
		{"page=%203%20", with(func(q *listArgs) { q.Page = 3 })},
		{"page=3&page=1", with(func(q *listArgs) { q.Page = 3 })},
		{"sort=-created", with(func(q *listArgs) { q.Sort = "-created" })},
		{"tag=a&tag=b%26c&tag=d+e", with(func(q *listArgs) { q.Tags = []string{"a", "b&c", "d e"} })},
		{"tag=100%&tag=%zz", with(func(q *listArgs) { q.Tags = []string{"100%", "%zz"} })},
		{"featured=TRUE", with(func(q *listArgs) { q.Featured = &yes })},
		{"featured=1", with(func(q *listArgs) { q.Featured = &yes })},
		{"featured=on", with(func(q *listArgs) { q.Featured = &yes })},
		{"featured=Off", with(func(q *listArgs) { q.Featured = &no })},
		{"featured=0", with(func(q *listArgs) { q.Featured = &no })},
		{"featured=", with(func(q *listArgs) { q.Featured = &no })},
		{"with_drafts=false", with(func(q *listArgs) { q.Drafts = true })},
		{"with_drafts=", def},
		{"kind=small&kind=big", with(func(q *listArgs) { q.Kind = "small" })},
		{"ratio=-1.5e3", with(func(q *listArgs) { q.Ratio = -1500 })},
		{"size=0", with(func(q *listArgs) { q.Size = 0 })},
		{"day=2024-01-31", with(func(q *listArgs) { q.Day = "2024-01-31" })},
	}
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	for _, c := range cases {
		w := ask(h, "GET", "/api/1/houses/?"+c.query, "")
		if w.Code != 200 || !reflect.DeepEqual(seen, c.want) {
			t.Errorf("%s: status %d, read %+v, want %+v", c.query, w.Code, seen, c.want)
		}
	}
}

func TestTextThatNoDatabaseTakes(t *testing.T) {
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	cases := []struct {
		target string
		status int
	}{
		{"/api/1/houses/?tag=a%00b", 400},
		{"/api/1/houses/?tag=%ff", 400},
		{"/api/1/houses/?%c3%28=1", 400},
		{"/api/1/houses/?" + strings.Repeat("a=1&", maxArgs), 400},
		{"/api/1/houses/a%00b/", 404},
		{"/api/1/houses/%ff/", 404},
		{"/api/1/nowhere/%00", 404},
		{"/api/1/rooms/not-a-uuid/", 404},
		{"/api/1/rooms/0f6c2f0e-6a53-4a51-9d0b-3f1f5f0a7c1g/", 404},
		{"/api/1/rooms/0F6C2F0E-6a53-4a51-9d0b-3f1f5f0a7c11/", 200},
	}
	for _, c := range cases {
		w := ask(h, "GET", c.target, "")
		if w.Code != c.status || w.Code >= 400 && !strings.Contains(w.Body.String(), `"message"`) {
			t.Errorf("%s: status %d, want %d: %s", shorten(c.target), w.Code, c.status, w.Body)
		}
	}
	if w := ask(h, "GET", "/api/1/rooms/no/", ""); !strings.Contains(w.Body.String(), "Room does not exist") {
		t.Errorf("the route's text is missing: %s", w.Body)
	}
}

func TestPathVariables(t *testing.T) {
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	for target, want := range map[string]string{
		"/api/1/houses/one/rdf.json":         "one|json",
		"/api/1/houses/a%2Fb/rdf.ttl":        "a/b|ttl",
		"/api/1/houses/d%C3%A9j%C3%A0/rdf.n": "déjà|n",
	} {
		if w := ask(h, "GET", target, ""); w.Body.String() != want {
			t.Errorf("%s: %q, want %q", target, w.Body, want)
		}
	}
}

func TestWrongDeclarationsPanic(t *testing.T) {
	declare := map[string]func(*Table){
		"no such variable": func(t *Table) {
			Get[Raw](t, "/x/", Doc{}, func(*Call, struct {
				A string `path:"a"`
			}) error {
				return nil
			})
		},
		"odd type": func(t *Table) {
			Get[Raw](t, "/x/", Doc{}, func(*Call, struct {
				A complex64 `query:"a"`
			}) error {
				return nil
			})
		},
		"wrong default": func(t *Table) {
			Get[Raw](t, "/x/", Doc{}, func(*Call, struct {
				A int `query:"a" default:"x"`
			}) error {
				return nil
			})
		},
		"no slash":     func(t *Table) { Get[Raw](t, "x", Doc{}, func(*Call, None) error { return nil }) },
		"not a struct": func(t *Table) { Get[Raw](t, "/x", Doc{}, func(*Call, int) error { return nil }) },
	}
	for name, d := range declare {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			d(NewTable("", Info{}))
		})
	}
	twice := NewTable("/t", Info{})
	for range 2 {
		Get[Raw](twice, "/x", Doc{}, func(*Call, None) error { return nil })
	}
	if _, err := NewHandler(testOptions(), twice); err == nil {
		t.Error("a route declared twice was taken")
	}
}

func TestPageBeyondAllNumbers(t *testing.T) {
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	w := ask(h, "GET", "/api/1/houses/?page=99999999999999999999999&page_size=50", "")
	if w.Code != 404 || seen.Offset() != math.MaxInt {
		t.Errorf("status %d, offset %d", w.Code, seen.Offset())
	}
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"page=2&tag=a&tag=b", "q=%C3%A9&x=%zz", "=&&=&a", "page=%00", "%ff=1", "sort=-title&page_size=9999999999"} {
		f.Add(s)
	}
	var seen listArgs
	h, err := NewHandler(testOptions(), testTable(&seen))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		args, err := parseQuery(raw)
		if err == nil {
			for _, a := range args {
				if !utf8.ValidString(a.name+a.value) || strings.Contains(a.name+a.value, "\x00") {
					t.Errorf("unclean text came through: %q", a)
				}
			}
			if std, stdErr := url.ParseQuery(raw); stdErr == nil && !strings.Contains(raw, ";") {
				for name, values := range std {
					var got []string
					for _, a := range args {
						if a.name == name {
							got = append(got, a.value)
						}
					}
					if !slices.Equal(got, values) {
						t.Errorf("%q: %q is %q, net/url reads %q", raw, name, got, values)
					}
				}
			}
		}
		r, reqErr := http.NewRequest("GET", "http://portal.test/api/1/houses/", nil)
		if reqErr != nil {
			t.Fatal(reqErr)
		}
		r.URL.RawQuery = raw
		w := &sink{header: http.Header{}}
		h.ServeHTTP(w, r)
		if w.status >= 500 {
			t.Errorf("%q: status %d", raw, w.status)
		}
	})
}
