package jsonlist

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, text string
		elements   []string
		others     string
		found      bool
		wrong      string
	}{
		{"object", `{"a": 1, "data": [1, {"x": []}], "next": "n"}`, []string{"1", `{"x": []}`}, `{"a":1,"next":"n"}`, true, ""},
		{"list", "\xEF\xBB\xBF [ \"a\", null ] ", []string{`"a"`, "null"}, `{}`, true, ""},
		{"no list", `{"a": {"data": [1]}}`, nil, `{"a":{"data":[1]}}`, false, ""},
		{"null", `{"data": null}`, nil, `{}`, false, ""},
		{"number", `12`, nil, `{}`, false, ""},
		{"not a list", `{"data": {}}`, nil, `{}`, false, `the member "data" is not a list`},
		{"empty", " \n", nil, "null", false, "empty document"},
		{"page", " <!doctype html>", nil, "null", false, "HTML"},
		{"cut", `{"data": [1, 2`, []string{"1", "2"}, `{}`, true, "ends in its middle"},
		{"cut in an element", `{"data": [1, {"a":`, []string{"1"}, `{}`, true, "ends in its middle"},
		{"broken", `{"data": [1, NaN]}`, []string{"1"}, `{}`, true, "near byte 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			others, found, err := Read(strings.NewReader(c.text), "data", func(raw json.RawMessage) error {
				got = append(got, string(raw))
				return nil
			})
			if strings.Join(got, "|") != strings.Join(c.elements, "|") || found != c.found {
				t.Errorf("got %q, a list: %v", got, found)
			}
			if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
				t.Errorf("error %v, want %q", err, c.wrong)
			}
			if written, _ := json.Marshal(others); string(written) != c.others {
				t.Errorf("others %s, want %s", written, c.others)
			}
		})
	}
}

func TestReadReturnsTheErrorOfItsCaller(t *testing.T) {
	stop := errors.New("stop")
	_, _, err := Read(strings.NewReader(`[1, 2]`), "data", func(json.RawMessage) error { return stop })
	if err != stop {
		t.Errorf("got %v", err)
	}
}

// endless is a JSON text that never ends.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	if e.read == 0 {
		copy(p, `["`)
	}
	e.read += int64(len(p))
	return len(p), nil
}

func TestReadBoundsAnElement(t *testing.T) {
	source := &endless{}
	_, _, err := Read(source, "data", func(json.RawMessage) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "longer than 64 MB") {
		t.Errorf("got %v", err)
	}
	if source.read > 3*MaxElement {
		t.Errorf("%d bytes were read", source.read)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"data":[1,{"a":[]}],"next":"x"}`)
	f.Add(`[{},`)
	f.Add("\xEF\xBB\xBF[]")
	f.Fuzz(func(t *testing.T, text string) {
		count := 0
		_, found, err := Read(strings.NewReader(text), "data", func(raw json.RawMessage) error {
			if !json.Valid(raw) {
				t.Errorf("gave %q", raw)
			}
			count++
			return nil
		})
		if count > 0 && !found {
			t.Error("elements of no list")
		}
		if errors.Is(err, io.ErrNoProgress) {
			t.Error(err)
		}
	})
}
