package web

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"grenier/internal/fault"
)

func TestMaskErrors(t *testing.T) {
	for text, want := range map[string]string{
		"{a,b":                        "Missing closing bracket",
		"a{b":                         "Missing closing bracket",
		"{":                           "Missing closing bracket",
		"a}":                          "Unexpected closing bracket",
		"{a},b{c}":                    "Unexpected closing bracket",
		"{{a}}":                       "Unexpected opening bracket",
		"a,{b}":                       "Unexpected opening bracket",
		"a{b}{c}":                     "Unexpected opening bracket",
		"*{a}":                        "Unexpected opening bracket",
		",a":                          "Unexpected comma",
		"a,,b":                        "Unexpected comma",
		"a{,b}":                       "Unexpected comma",
		strings.Repeat("a{", 5000):    "Too many levels",
		"{" + strings.Repeat("a{", 3): "Missing closing bracket",
	} {
		_, err := parseMask(text)
		if !fault.Is(err, fault.Invalid) || fault.Of(err).Text != "Mask parse error: "+want {
			t.Errorf("%s: %v, want %s", shorten(text), err, want)
		}
	}
}

// applyMask filters the sample as a detail, or the text given.
func applyMask(t *testing.T, answer reflect.Type, header, text string) (string, error) {
	t.Helper()
	s := shapeOf(answer)
	f := s.defaultFilter(nil, s.members["next_page"] != nil)
	if header != "" {
		m, err := parseMask(header)
		if err != nil {
			return "", err
		}
		if f, err = s.masked(m, f); err != nil {
			return "", err
		}
	}
	out, err := f.apply(nil, []byte(text))
	return string(out), err
}

func TestMasks(t *testing.T) {
	page := `{"data":[` + sampleHouse + `],"next_page":null,"page":1,"page_size":20,"previous_page":null,"total":1}`
	detail, list := reflect.TypeFor[house](), reflect.TypeFor[Page[house]]()
	cases := []struct {
		name string
		t    reflect.Type
		mask string
		in   string
		want string
	}{
		{"default hides", detail, "", sampleHouse, `{"id":"h1","name":"A \"big\" one","rooms":[{"size":3,"floor":null}],"owner":{"name":"Ann","friend":null,"Friends":[]},"extras":{"a":{"b":1,"c":[1,2]}},"kind":"big"}`},
		{"two members", detail, "id,name", sampleHouse, `{"id":"h1","name":"A \"big\" one"}`},
		{"braces, spaces, newline", detail, "{ id , \n name }", sampleHouse, `{"id":"h1","name":"A \"big\" one"}`},
		{"nested", detail, "rooms{size},owner{name}", sampleHouse, `{"rooms":[{"size":3}],"owner":{"name":"Ann"}}`},
		{"nested keeps its default", detail, "rooms,secret", sampleHouse, `{"rooms":[{"size":3,"floor":null}],"secret":{"size":9,"floor":"1"}}`},
		{"nested hidden by name", detail, "rooms{hidden}", sampleHouse, `{"rooms":[{"hidden":"x"}]}`},
		{"star brings the hidden", detail, "*", sampleHouse, `{"id":"h1","name":"A \"big\" one","rooms":[{"size":3,"floor":null}],"owner":{"name":"Ann","friend":null,"Friends":[]},"extras":{"a":{"b":1,"c":[1,2]}},"secret":{"size":9,"floor":"1"},"kind":"big"}`},
		{"star and a nested mask", detail, "rooms{size},*", sampleHouse, `{"id":"h1","name":"A \"big\" one","rooms":[{"size":3}],"owner":{"name":"Ann","friend":null,"Friends":[]},"extras":{"a":{"b":1,"c":[1,2]}},"secret":{"size":9,"floor":"1"},"kind":"big"}`},
		{"unknown names", detail, "id,nothing{x},nope", sampleHouse, `{"id":"h1"}`},
		{"only unknown names", detail, "nope", sampleHouse, `{}`},
		{"empty mask", detail, "{}", sampleHouse, `{}`},
		{"free objects", detail, "extras{a{b}}", sampleHouse, `{"extras":{"a":{"b":1}}}`},
		{"free objects, unknown inside", detail, "extras{z}", sampleHouse, `{"extras":{}}`},
		{"null object", detail, "owner{friend{name}}", sampleHouse, `{"owner":{"friend":null}}`},
		{"type that holds itself", detail, "owner{friend{friend{name}}}", `{"owner":{"friend":{"friend":{"name":"C","friend":null}}}}`, `{"owner":{"friend":{"friend":{"name":"C"}}}}`},
		{"envelope", list, "data{id},next_page", page, `{"data":[{"id":"h1"}],"next_page":null}`},
		{"envelope without data", list, "total", page, `{"total":1}`},
		{"items keep their default", list, "data,total", `{"data":[{"id":"a","secret":null}],"total":1}`, `{"data":[{"id":"a"}],"total":1}`},
		{"star inside", list, "data{*}", `{"data":[{"id":"a","secret":null}],"total":1}`, `{"data":[{"id":"a","secret":null}]}`},
		{"trailing comma", detail, "id,", sampleHouse, `{"id":"h1"}`},
		{"white space in the answer", detail, "id,rooms{size}", "{ \"id\" : \"x\" ,\n\t\"rooms\" : [ { \"size\" : 1 , \"floor\" : null } , {\"size\":2}\n] }", `{"id":"x","rooms":[{"size":1},{"size":2}]}`},
		{"escaped name in the answer", detail, "extras{é}", `{"extras":{"\u00e9":1,"e":2}}`, `{"extras":{"\u00e9":1}}`},
		{"brackets in strings", detail, "id", `{"name":"}]\"{[\\","id":"x"}`, `{"id":"x"}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := applyMask(t, c.t, c.mask, c.in)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestMaskInsideScalars(t *testing.T) {
	for _, mask := range []string{"id{x}", "name{x}", "rooms{size{x}}", "owner{friend{name{x}}}", "extras{a{b{x}}}"} {
		if _, err := applyMask(t, reflect.TypeFor[house](), mask, sampleHouse); err != errMaskModel {
			t.Errorf("%s: %v, want %v", mask, err, errMaskModel)
		}
	}
}

func TestHiddenByRoute(t *testing.T) {
	s := shapeOf(reflect.TypeFor[Page[house]]())
	f := s.defaultFilter([]string{"name"}, true)
	out, err := f.apply(nil, []byte(`{"data":[{"id":"a","name":"n","secret":{"size":1,"hidden":"h"}}],"total":1}`))
	if err != nil || string(out) != `{"data":[{"id":"a","secret":{"size":1}}],"total":1}` {
		t.Errorf("%s, %v", out, err)
	}
	if f.wants([]string{"data", "name"}) || !f.wants([]string{"data", "secret", "size"}) || !f.wants([]string{"total"}) {
		t.Error("Wants does not follow the filter")
	}
	if shapeOf(reflect.TypeFor[Page[person]]()).defaultFilter(nil, true) != nil {
		t.Error("a type that hides nothing needs no filter")
	}
}

// TestMaskInParts cuts the text at every place: the outcome must not depend on it.
func TestMaskInParts(t *testing.T) {
	s := shapeOf(reflect.TypeFor[house]())
	m, err := parseMask("id,rooms{size},extras{a{c}},owner{name},kind")
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.masked(m, s.defaultFilter(nil, false))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := f.apply(nil, []byte(sampleHouse))
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(sampleHouse) {
		var out bytes.Buffer
		w := newFilterWriter(&out, f)
		for _, part := range []string{sampleHouse[:cut], sampleHouse[cut:]} {
			if _, err := w.Write([]byte(part)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.end(); err != nil || out.String() != string(whole) {
			t.Fatalf("cut at %d: %v\n%s\n%s", cut, err, out.String(), whole)
		}
	}
	if _, err := f.apply(nil, []byte(sampleHouse[:50])); err == nil {
		t.Error("half a value was taken for a whole one")
	}
}

func TestMaskOverHTTP(t *testing.T) {
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	for _, name := range []string{"X-Fields", "x-fields", "X-fields"} {
		w := ask(h, "GET", "/api/1/houses/?page=2&page_size=1", "", name, "data{id}, next_page")
		sameJSON(t, w.Body.String(), `{"data":[{"id":"h1"}],"next_page":"https://portal.test/api/1/houses/?page=3&page_size=1"}`)
	}
	w := ask(h, "GET", "/api/1/houses/x/", "", "X-Fields", "{id{a}}")
	if w.Code != 400 {
		t.Errorf("status %d", w.Code)
	}
	sameJSON(t, w.Body.String(), `{"message":"Mask error: Mask is inconsistent with model"}`)
	w = ask(h, "GET", "/api/1/houses/x/", "", "X-Fields", "{id")
	sameJSON(t, w.Body.String(), `{"message":"Mask parse error: Missing closing bracket"}`)
	if w = ask(h, "GET", "/api/1/houses/x/", "", "X-Fields", " "); w.Code != 200 || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("an empty header is none: %d %s", w.Code, w.Body)
	}
}

// FuzzMask: no mask makes the parser or the filter fail in another way than by a 400; what passes is
// JSON whose members all come from the answer.
func FuzzMask(f *testing.F) {
	for _, m := range []string{"id,name", "{rooms{size},*}", "data{id", "a{b}}", "*{", ",", "extras{a{b,c}},owner{friend}", "é{ü:x-1}"} {
		f.Add(m, sampleHouse)
	}
	f.Add("extras{a}", `{"extras":{"a":[{"b":1},null,"x"]},"id":"\"}"}`)
	s := shapeOf(reflect.TypeFor[house]())
	f.Fuzz(func(t *testing.T, text, answer string) {
		m, err := parseMask(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		fl, err := s.masked(m, s.defaultFilter(nil, false))
		if err != nil {
			return
		}
		out, err := fl.apply(nil, []byte(answer))
		if !json.Valid([]byte(answer)) {
			return
		}
		if err != nil {
			if err != errMaskModel {
				t.Fatalf("%q on valid JSON: %v", text, err)
			}
			return
		}
		if !json.Valid(out) {
			t.Fatalf("%q made %q of %q", text, out, answer)
		}
		again, err := fl.apply(nil, out)
		if err != nil || !bytes.Equal(again, out) {
			t.Fatalf("%q is not stable: %q, then %q, %v", text, out, again, err)
		}
	})
}
