package fetch

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"grenier/internal/fault"
)

func bundleServer(t *testing.T) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		name, size, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
		n, _ := strconv.Atoi(size)
		switch name {
		case "size":
			for chunk := bytes.Repeat([]byte("grenier;"), 8<<10); n > 0; n -= len(chunk) {
				if _, err := w.Write(chunk[:min(n, len(chunk))]); err != nil {
					return
				}
			}
		case "broken":
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, "the beginning")
		default:
			http.NotFound(w, r)
		}
	})
}

// unzip gives the entries of an archive in order, after checking their sums.
func unzip(t *testing.T, archive []byte) (names []string, texts map[string]string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	texts = map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		names, texts[f.Name] = append(names, f.Name), string(text)
		if want := method(f.Name); f.Method != want {
			t.Errorf("%s is stored by method %d", f.Name, f.Method)
		}
	}
	return names, texts
}

func TestBundle(t *testing.T) {
	url := bundleServer(t)
	date := time.Date(2026, 1, 16, 8, 0, 0, 0, time.UTC)
	entries := []Entry{
		{Name: "données.csv", URL: url + "/size/100000", Modified: date},
		{Name: "DONNÉES.csv", URL: url + "/size/10"},
		{Name: "../../etc/passwd", URL: url + "/size/11"},
		{URL: url + "/size/12"},
		{Name: "image.PNG", URL: url + "/size/13"},
		{Name: "errors.txt", URL: url + "/size/14"},
		{Name: "gone.csv", URL: url + "/gone"},
		{Name: "inside.csv", URL: "http://10.0.0.1/"},
		{Name: "broken.csv", URL: url + "/broken"},
		{Name: "last.csv", URL: url + "/size/15"},
	}
	var out bytes.Buffer
	c := New(Options{Allow: loopback})
	if err := c.Bundle(t.Context(), &out, entries, BundleLimits{}, nil, Note{"README.txt", "Bonjour"}); err != nil {
		t.Fatal(err)
	}
	names, texts := unzip(t, out.Bytes())
	want := "README.txt,données.csv,DONNÉES (2).csv,_.._etc_passwd,12,image.PNG,errors (2).txt,broken.csv,last.csv,ERRORS.txt"
	if got := strings.Join(names, ","); got != want {
		t.Errorf("entries\n%s, want\n%s", got, want)
	}
	if len(texts["données.csv"]) != 100_000 || len(texts["12"]) != 12 || texts["broken.csv"] != "the beginning" || texts["README.txt"] != "Bonjour" {
		t.Error("contents differ")
	}
	report := texts["ERRORS.txt"]
	for _, part := range []string{"gone.csv (missing)", url + "/gone", "does not exist (answer 404)", "inside.csv (missing)", "not on the public internet", "broken.csv (incomplete)"} {
		if !strings.Contains(report, part) {
			t.Errorf("%q is not in the report:\n%s", part, report)
		}
	}
	z, _ := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if !z.File[1].Modified.Equal(date) {
		t.Errorf("date %v", z.File[1].Modified)
	}
}

func TestBundleLimits(t *testing.T) {
	url := bundleServer(t)
	entry := func(size int) Entry {
		return Entry{Name: fmt.Sprint(size, ".csv"), URL: fmt.Sprint(url, "/size/", size)}
	}
	known := entry(900)
	known.Size = 900
	entries := []Entry{entry(300), entry(500), known, entry(250), entry(20), entry(30), entry(40), entry(100_000)}
	var out bytes.Buffer
	var missing []Missing
	limits := BundleLimits{Total: 600, File: 400, Files: 4}
	err := New(Options{Allow: loopback}).Bundle(t.Context(), &out, entries, limits, func(m []Missing) string {
		missing = m
		return "rapport"
	})
	if err != nil {
		t.Fatal(err)
	}
	names, texts := unzip(t, out.Bytes())
	if got := strings.Join(names, ","); got != "300.csv,250.csv,20.csv,30.csv,ERRORS.txt" || texts["ERRORS.txt"] != "rapport" {
		t.Errorf("entries %s: %q", got, texts["ERRORS.txt"])
	}
	for _, m := range missing {
		if Why(m.Err) == nil || Why(m.Err).Reason != TooBig || fault.Of(m.Err).SafeText() == "" {
			t.Errorf("%s: %v", m.Name, m.Err)
		}
	}
	if len(missing) != 4 {
		t.Errorf("%d files are missing", len(missing))
	}
	out.Reset()
	if err := New(Options{Allow: loopback}).Bundle(t.Context(), &out, entries[7:], limits, nil); err != nil {
		t.Fatal(err)
	}
	if _, texts := unzip(t, out.Bytes()); len(texts["100000.csv"]) != 400 || !strings.Contains(texts["ERRORS.txt"], "100000.csv (incomplete)") {
		t.Errorf("a file without an announced size: %d bytes, %q", len(texts["100000.csv"]), texts["ERRORS.txt"])
	}
}

// gone is a reader that goes away after so many bytes.
type gone struct{ left int }

var errGone = errors.New("gone")

func (g *gone) Write(p []byte) (int, error) {
	if g.left -= len(p); g.left < 0 {
		return 0, errGone
	}
	return len(p), nil
}

func TestBundleEndsWithItsReader(t *testing.T) {
	url := bundleServer(t)
	entries := []Entry{{Name: "a.zip", URL: url + "/size/50000000"}, {Name: "b.zip", URL: url + "/size/50000000"}}
	c := New(Options{Allow: loopback})
	if err := c.Bundle(t.Context(), &gone{200_000}, entries, BundleLimits{}, nil); !errors.Is(err, errGone) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	writer := writerFunc(func(p []byte) (int, error) {
		cancel()
		return len(p), nil
	})
	if err := c.Bundle(ctx, writer, entries, BundleLimits{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestBundleHoldsNoFile(t *testing.T) {
	url := bundleServer(t)
	var most uint64
	n := 0
	writer := writerFunc(func(p []byte) (int, error) {
		if n++; n%200 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
		}
		return len(p), nil
	})
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	err := New(Options{Allow: loopback}).Bundle(t.Context(), writer, []Entry{{Name: "a.zip", URL: url + "/size/100000000"}}, BundleLimits{}, nil)
	if err != nil || n < 200 {
		t.Fatalf("%d writes, %v", n, err)
	}
	if most > before.HeapInuse+20<<20 {
		t.Errorf("100 MB took %d MB of memory", (most-before.HeapInuse)>>20)
	}
}

func TestSafeName(t *testing.T) {
	for text, want := range map[string]string{
		"Arrêtés 2026.csv": "Arrêtés 2026.csv", "": "file", "...": "file", "a/b\\c.csv": "a_b_c.csv", "../x": "_x",
		".htaccess": "htaccess", "-rf.txt": "rf.txt", "a\x00b\n.csv": "a_b_.csv", "x\u202egpj.exe": "xgpj.exe",
		"CON.txt": "_CON.txt", "com1": "_com1", "a\xffb": "a_b", "e\u0301.csv": "é.csv", "fin. . ": "fin", "A: B?.csv": "A_ B_.csv",
	} {
		if got := SafeName(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	long := SafeName(strings.Repeat("é", 500) + ".csv.gz")
	if len(long) > maxName || !strings.HasSuffix(long, "é.csv.gz") || !utf8.ValidString(long) {
		t.Errorf("a long name becomes %q", long)
	}
	names := NewNames()
	for _, want := range []string{"a.csv.gz", "a (2).csv.gz", "a (3).csv.gz"} {
		if got := names.Unique("a.csv.gz"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := names.Unique("A (2).csv.gz"); got != "A (2) (2).csv.gz" {
		t.Errorf("got %q", got)
	}
}

func FuzzSafeName(f *testing.F) {
	for _, s := range []string{"a.csv", "../..", "CON", ".. . .", "é\u202e.\x00", "a.gz.gz", strings.Repeat(".x", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name := SafeName(text)
		if name == "" || len(name) > maxName+8 || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\\x00\n") || name[0] == '.' || strings.HasSuffix(name, ".") {
			t.Errorf("%q becomes %q", text, name)
		}
	})
}
