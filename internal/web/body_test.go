package web

import (
	"encoding/json"
	"strings"
	"testing"

	"grenier/internal/fault"
)

func TestBodies(t *testing.T) {
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	deep := func(n int) string { return `{"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	cases := []struct {
		name, contentType, body  string
		formStatus, rulesStatus  int
		formAnswer, rulesMessage string
	}{
		{"fine", "application/json", `{"name":"x","unknown":{"a":[1]}}`, 201, 200, `{"name":"x","set":true,"null":false,"count":0}`, ""},
		{"charset", "Application/JSON; charset=utf-8", `{}`, 201, 200, `{"name":"","set":false,"null":false,"count":0}`, ""},
		{"null", "application/json", `{"name":null}`, 201, 200, `{"name":"","set":true,"null":true,"count":0}`, ""},
		{"byte order mark", "application/json", "\xef\xbb\xbf{\"name\":\"x\"}", 201, 200, `{"name":"x","set":true,"null":false,"count":0}`, ""},
		{"text", "text/plain", `{}`, 400, 415, `{"errors":{"Content-Type":"expecting application/json"}}`, "application/json"},
		{"none", "", `{}`, 400, 415, `{"errors":{"Content-Type":"expecting application/json"}}`, "application/json"},
		{"list", "application/json", `[1]`, 400, 400, `{"errors":{"request":"expecting a JSON object"}}`, "must be a JSON object"},
		{"literal", "application/json", `null`, 400, 400, `{"errors":{"request":"expecting a JSON object"}}`, "must be a JSON object"},
		{"malformed", "application/json", `{"name":`, 400, 400, "", "not JSON"},
		{"empty", "application/json", ``, 400, 400, "", "not JSON"},
		{"two values", "application/json", `{} {}`, 400, 400, "", "not JSON"},
		{"wrong type", "application/json", `{"count":"many"}`, 400, 400, `{"errors":{"count":["This must be a whole number, not string."]}}`, "whole number"},
		{"wrong type inside", "application/json", `{"rooms":[{"size":"x"}]}`, 400, 400, "", "whole number"},
		{"not UTF-8", "application/json", "{\"name\":\"\xff\"}", 400, 400, `{"message":"The body is not UTF-8 text."}`, "UTF-8"},
		{"NUL", "application/json", `{"name":"a\u0000"}`, 400, 400, `{"message":"The body holds a NUL character."}`, "NUL"},
		{"escaped backslash", "application/json", `{"name":"a\\u0000"}`, 201, 200, "", ""},
		{"deep", "application/json", deep(maxBodyDepth - 1), 201, 200, "", ""},
		{"too deep", "application/json", deep(maxBodyDepth), 400, 400, "", "levels"},
		{"brackets in text", "application/json", `{"name":"` + strings.Repeat("[", 500) + `"}`, 201, 200, "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := ask(h, "POST", "/api/1/houses/", c.body, "X-API-KEY", "user", "Content-Type", c.contentType)
			if w.Code != c.formStatus {
				t.Errorf("form: status %d, want %d: %s", w.Code, c.formStatus, w.Body)
			}
			if c.formAnswer != "" {
				sameJSON(t, w.Body.String(), c.formAnswer)
			}
			w = ask(h, "PUT", "/api/1/houses/x/", c.body, "X-API-KEY", "user", "Content-Type", c.contentType)
			var answer struct{ Message string }
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatal(err)
			}
			if w.Code != c.rulesStatus || !strings.Contains(answer.Message, c.rulesMessage) || w.Code >= 400 && answer.Message == "" {
				t.Errorf("rules: status %d, want %d: %s", w.Code, c.rulesStatus, w.Body)
			}
		})
	}
}

func TestBodyTooLarge(t *testing.T) {
	var seen listArgs
	o := testOptions()
	o.MaxBody = 100
	h := newTestHandler(t, o, testTable(&seen))
	body := `{"name":"` + strings.Repeat("x", 100) + `"}`
	w := ask(h, "PUT", "/api/1/houses/x/", body, "X-API-KEY", "user")
	if w.Code != 413 || !strings.Contains(w.Body.String(), "100 bytes") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(h, "PUT", "/api/1/houses/x/", body); w.Code != 401 {
		t.Errorf("who may not is told so before the body is read: %d", w.Code)
	}
}

func TestBodiesThatSpeakForThemselves(t *testing.T) {
	err := json.Unmarshal([]byte(`"x"`), new(pickyText))
	if got := decodeFault(err); !fault.Is(got, fault.Invalid) || fault.Of(got).Fields[0].Text != "Picky." {
		t.Errorf("a type's own fault: %v", got)
	}
	if decodeFault(nil) != nil {
		t.Error("no error made one")
	}
}

type pickyText string

func (*pickyText) UnmarshalJSON([]byte) error { return fault.At("Picky.", "kind") }

func TestOpt(t *testing.T) {
	var v struct {
		A, B, C Opt[int]
	}
	if err := json.Unmarshal([]byte(`{"A":1,"B":null}`), &v); err != nil {
		t.Fatal(err)
	}
	if n, ok := v.A.Get(); !ok || n != 1 {
		t.Errorf("a value: %+v", v.A)
	}
	if _, ok := v.B.Get(); ok || !v.B.Set || !v.B.Null {
		t.Errorf("null: %+v", v.B)
	}
	if v.C.Set || !v.C.IsZero() {
		t.Errorf("left out: %+v", v.C)
	}
	out, err := json.Marshal(struct {
		A Opt[int] `json:"a,omitzero"`
		B Opt[int] `json:"b"`
		C Opt[int] `json:"c,omitzero"`
	}{A: Opt[int]{Set: true, Value: 3}})
	if err != nil || string(out) != `{"a":3,"b":null}` {
		t.Errorf("%s, %v", out, err)
	}
}
