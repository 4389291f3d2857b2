package tabular

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

var zipDate = time.Date(2026, 1, 16, 10, 20, 30, 0, time.UTC)

// zipOf writes an archive of named files of some bytes each.
func zipOf(t testing.TB, size int, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: zipDate})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "/") {
			if _, err := w.Write(make([]byte, size)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// serveZip serves an archive, with or without parts, and counts the bytes it sends.
func serveZip(t *testing.T, archive []byte, parts bool) (get Getter, url string, sent *atomic.Int64) {
	sent = &atomic.Int64{}
	get, url = remote(t, func(w http.ResponseWriter, r *http.Request) {
		counted := &counting{w, sent}
		if parts {
			http.ServeContent(counted, r, "", time.Time{}, bytes.NewReader(archive))
			return
		}
		counted.Write(archive)
	})
	return get, url, sent
}

type counting struct {
	http.ResponseWriter
	sent *atomic.Int64
}

func (c *counting) Write(p []byte) (int, error) {
	c.sent.Add(int64(len(p)))
	return c.ResponseWriter.Write(p)
}

func TestListZip(t *testing.T) {
	archive := zipOf(t, 300_000, "données/", "données/communes.csv", "LISEZMOI.txt")
	for _, parts := range []bool{true, false} {
		get, url, sent := serveZip(t, archive, parts)
		list, err := ListZip(t.Context(), get, url)
		if err != nil {
			t.Fatal(err)
		}
		if len(list.Entries) != 3 || list.Total != 3 || list.Size != int64(len(archive)) || list.URL != url {
			t.Fatalf("got %+v", list)
		}
		e := list.Entries[1]
		if e.Name != "données/communes.csv" || e.Size != 300_000 || e.Compressed != 300_000 || !e.Modified.Equal(zipDate) || e.Folder || !list.Entries[0].Folder {
			t.Errorf("entry %+v", e)
		}
		if parts && sent.Load() > zipTail {
			t.Errorf("%d bytes were read of a server that gives parts", sent.Load())
		}
	}
}

func TestListLongZip(t *testing.T) {
	var names []string
	for i := range 1500 {
		names = append(names, fmt.Sprintf("dossier/%s-%d.csv", strings.Repeat("long", 20), i))
	}
	get, url, sent := serveZip(t, zipOf(t, 10, names...), true)
	list, err := ListZip(t.Context(), get, url)
	if err != nil || len(list.Entries) != 1000 || list.Total != 1500 || list.Entries[999].Name != names[999] {
		t.Errorf("%d of %d entries, %v", len(list.Entries), list.Total, err)
	}
	if sent.Load() > zipTail+400_000 {
		t.Errorf("%d bytes were read", sent.Load())
	}
}

func TestListMovedAndCommentedZip(t *testing.T) {
	archive := append([]byte("#!/bin/sh\nexec unzip $0\n"), zipOf(t, 10, "a.csv")...)
	get, url, _ := serveZip(t, archive, true)
	if list, err := ListZip(t.Context(), get, url); err != nil || len(list.Entries) != 1 {
		t.Errorf("after a program: %v", err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.SetComment(strings.Repeat("PK\x05\x06 commentaire ", 100))
	z.Close()
	get, url, _ = serveZip(t, b.Bytes(), true)
	if list, err := ListZip(t.Context(), get, url); err != nil || len(list.Entries) != 0 || list.Total != 0 {
		t.Errorf("empty with a comment: %+v, %v", list, err)
	}
}

// zip64Of makes an archive as one of more than 4 GB is written, without its files.
func zip64Of(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.CreateRaw(&zip.FileHeader{Name: "grand.csv", UncompressedSize64: 6 << 30, CompressedSize64: 5 << 30, Method: zip.Deflate}); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	end := bytes.LastIndex(b.Bytes(), []byte(sigEnd))
	le := func(v uint64, n int) string {
		var out []byte
		for range n {
			out = append(out, byte(v))
			v >>= 8
		}
		return string(out)
	}
	data := b.Bytes()
	offset := uint64(data[end+16]) | uint64(data[end+17])<<8
	size := uint64(data[end+12]) | uint64(data[end+13])<<8
	return []byte(string(data[:end]) +
		sigEnd64 + le(44, 8) + le(45, 2) + le(45, 2) + le(0, 8) + le(1, 8) + le(1, 8) + le(size, 8) + le(offset, 8) +
		sigLocator64 + le(0, 4) + le(uint64(end), 8) + le(1, 4) +
		sigEnd + le(0, 4) + le(0xffff, 2) + le(0xffff, 2) + le(0xffffffff, 4) + le(0xffffffff, 4) + le(0, 2))
}

func TestListZip64(t *testing.T) {
	get, url, _ := serveZip(t, zip64Of(t), true)
	list, err := ListZip(t.Context(), get, url)
	if err != nil || len(list.Entries) != 1 || list.Total != 1 {
		t.Fatalf("got %+v, %v", list, err)
	}
	if e := list.Entries[0]; e.Size != 6<<30 || e.Compressed != 5<<30 {
		t.Errorf("entry %+v", e)
	}
}

func TestZipNames(t *testing.T) {
	for name, want := range map[string]string{
		"../../etc/passwd":        "../../etc/passwd",
		"a\x00b\nc":               "a�b�c",
		"facture\u202efdp.exe":    "facture�fdp.exe",
		"<script>":                "<script>", // pages escape
		strings.Repeat("é", 1000): strings.Repeat("é", 299) + "…",
	} {
		list := zipOf(t, 1, name)
		e := &archiveEnd{data: list, size: int64(len(list))}
		d, err := e.directory()
		if err != nil {
			t.Fatal(err)
		}
		if got := entries(list[d.offset : d.offset+d.size]); len(got) != 1 || got[0].Name != want {
			t.Errorf("%q is shown as %+v", name, got)
		}
	}
	if got := zipText([]byte("\x82t\x82.csv"), false); got != "été.csv" {
		t.Errorf("code page 437: %q", got)
	}
	if got := zipText([]byte("\x82t\x82.csv"), true); got != "\ufffdt\ufffd.csv" {
		t.Errorf("broken UTF-8: %q", got)
	}
}

func TestListNoZip(t *testing.T) {
	whole := zipOf(t, 1000, "a.csv", "b.csv")
	for text, want := range map[string]string{
		"": "empty", "<!doctype html><title>x</title>": "html", "a;b\n1;2\n": "not_zip",
		string(whole[:len(whole)-30]): "not_zip", "PK\x03\x04": "not_zip",
	} {
		get, url, _ := serveZip(t, []byte(text), true)
		_, err := ListZip(t.Context(), get, url)
		wantWhy(t, err, want)
	}
	get, url := remote(t, func(w http.ResponseWriter, r *http.Request) { // large and without parts
		w.Header().Set("Content-Length", "500000000")
		io.WriteString(w, "PK\x03\x04")
	})
	_, err := ListZip(t.Context(), get, url)
	wantWhy(t, err, "too_big")
}

func FuzzZipDirectory(f *testing.F) {
	f.Add(zipOf(f, 3, "é/", "é/a.csv", "b"), uint32(0))
	f.Add(zip64Of(f), uint32(100))
	f.Add([]byte(sigEntry+sigEnd+strings.Repeat("\xff", 18)), uint32(7))
	f.Add([]byte(strings.Repeat("\x00", 70)+sigLocator64+strings.Repeat("\xff", 16)+sigEnd+strings.Repeat("\xff", 16)+"\x00\x00"), uint32(9))
	f.Fuzz(func(t *testing.T, data []byte, from uint32) {
		e := &archiveEnd{data: data, from: int64(from), size: int64(from) + int64(len(data))}
		for _, entry := range entries(data) {
			checkEntry(t, entry)
		}
		d, err := e.directory()
		if err != nil {
			return
		}
		if d.offset < 0 || d.size < 0 || d.offset+d.size > e.size {
			t.Fatalf("the list is at %+v of %d", d, e.size)
		}
		if d.offset < e.from {
			return // would be fetched
		}
		list, err := e.read(t.Context(), nil, d)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries(list) {
			checkEntry(t, entry)
		}
	})
}

func checkEntry(t *testing.T, e ZipEntry) {
	if !utf8.ValidString(e.Name) || utf8.RuneCountInString(e.Name) > zipName || e.Size < 0 || e.Compressed < 0 ||
		strings.ContainsFunc(e.Name, unicode.IsControl) {
		t.Fatalf("entry %+v", e)
	}
}
