package tabular

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestExcerpt(t *testing.T) {
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	wide := strings.Repeat("[", 31) + strings.Repeat("1,", 20_000) + "1" + strings.Repeat("]", 31)
	for _, test := range []struct {
		text, kind, want string
		pretty           bool
	}{
		{`{"b":1,"a":["é",{}]}`, "json", "{\n  \"b\": 1,\n  \"a\": [\n    \"é\",\n    {}\n  ]\n}", true},
		{`{"a": [1,2}`, "json", `{"a": [1,2}`, false},
		{deep, "json", deep, false},
		{wide, "json", wide, false}, // would be laid out on 1.3 MB
		{"<?xml version=\"1.0\"?>\r\n<a/>", "xml", "<?xml version=\"1.0\"?>\n<a/>", false},
		{"<!DOCTYPE html><p>", "html", "<!DOCTYPE html><p>", false},
		{"Bonjour\r\x1b[31m\u202e à tous", "text", "Bonjour\n[31m à tous", false},
		{"\xe9t\xe9", "text", "été", false},
		{`"[{" {`, "text", `"[{" {`, false},
	} {
		e, err := excerpt([]byte(test.text), true)
		if err != nil {
			t.Errorf("%.40q: %v", test.text, err)
			continue
		}
		if e.Kind != test.kind || e.Text != test.want || e.Pretty != test.pretty || !e.Whole {
			t.Errorf("%.40q: %s, pretty %v: %.80q", test.text, e.Kind, e.Pretty, e.Text)
		}
	}
	if e, err := excerpt([]byte(`{"a": 1}`), false); err != nil || e.Pretty || e.Whole {
		t.Errorf("a part: %+v, %v", e, err)
	}
	for text, want := range map[string]string{"": "empty", " \n": "empty", "\x00\x01\x02\x03\x04": "binary", "%PDF-1.4": "binary", "PK\x03\x04xl/": "workbook"} {
		_, err := excerpt([]byte(text), true)
		wantWhy(t, err, want)
	}
}

func TestPeekText(t *testing.T) {
	get, url := remote(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			io.WriteString(w, strings.Repeat("é", 1_000_000))
		case "/short":
			io.WriteString(w, `[true]`)
		}
	})
	e, err := PeekText(t.Context(), get, url+"/long")
	if err != nil || e.Whole || len(e.Text) > textBytes || len(e.Text) < textBytes-1 || e.Encoding != "utf-8" {
		t.Errorf("long: %v", err)
	}
	if e, err = PeekText(t.Context(), get, url+"/short"); err != nil || e.Text != "[true]" || e.Size != 6 || e.URL != url+"/short" {
		t.Errorf("short: %+v, %v", e, err)
	}
}
