package main

import (
	"strings"
	"testing"
	"time"
)

func summarise(t *testing.T, lines ...string) (out string, ok bool) {
	t.Helper()
	var b strings.Builder
	r := &run{out: &b, started: time.Now(), output: map[string][]string{}, builds: map[string][]string{}}
	if err := r.read(strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	ok = r.summary()
	return b.String(), ok
}

func TestSummary(t *testing.T) {
	passed := `{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}`
	done := `{"Action":"pass","Package":"p","Elapsed":1.5}`
	for _, c := range []struct {
		name  string
		lines []string
		ok    bool
		shows []string
		hides []string
	}{
		{"all passed", []string{`{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}`, passed, done}, true,
			[]string{"ok    p (1.5 s)", "1 passed, 0 failed, 0 skipped"}, []string{"noise"}},
		{"one failed", []string{passed, `{"Action":"output","Package":"p","Test":"TestB","Output":"got 1, want 2\n"}`,
			`{"Action":"fail","Package":"p","Test":"TestB"}`, `{"Action":"fail","Package":"p","Elapsed":2}`}, false,
			[]string{"FAILED p TestB\ngot 1, want 2", "FAIL  p", "failed:  p TestB"}, nil},
		{"one skipped", []string{passed, `{"Action":"skip","Package":"p","Test":"TestC"}`, done}, false, []string{"skipped: p TestC"}, nil},
		{"a package without tests", []string{passed, done, `{"Action":"skip","Package":"q"}`}, true, []string{"in 1 packages"}, nil},
		{"a crash", []string{passed, `{"Action":"output","Package":"p","Test":"TestD","Output":"panic: oops\n"}`, `{"Action":"fail","Package":"p"}`}, false,
			[]string{"panic: oops"}, nil},
		{"not built", []string{passed, done, `{"Action":"build-output","ImportPath":"q","Output":"q.go:1: syntax error\n"}`,
			`{"Action":"build-fail","ImportPath":"q"}`, `{"Action":"fail","Package":"q"}`}, false, []string{"BUILD FAILED q\nq.go:1: syntax error"}, nil},
		{"words of the go command", []string{"go: cannot find main module"}, false, []string{"cannot find main module", "0 passed"}, nil},
		{"nothing ran", nil, false, []string{"0 passed"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, ok := summarise(t, c.lines...)
			if ok != c.ok {
				t.Errorf("passes: %t, want %t\n%s", ok, c.ok, out)
			}
			for _, part := range c.shows {
				if !strings.Contains(out, part) {
					t.Errorf("%q is not shown:\n%s", part, out)
				}
			}
			for _, part := range c.hides {
				if strings.Contains(out, part) {
					t.Errorf("%q is shown:\n%s", part, out)
				}
			}
		})
	}
}
