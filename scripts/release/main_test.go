package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"testing"
	"time"
)

func TestArchivesAreWholeAndTheSameEachTime(t *testing.T) {
	members := []member{{"grenier-1/grenier", 0o755, bytes.Repeat([]byte("program"), 10_000)}, {"grenier-1/README.md", 0o644, []byte("# Grenier\n")}}
	at := time.Date(2026, 1, 16, 12, 0, 0, 0, time.UTC)
	for name, pack := range map[string]func(io.Writer, []member, time.Time) error{"tar": packTar, "zip": packZip} {
		var first, second bytes.Buffer
		if err := pack(&first, members, at); err != nil {
			t.Fatal(name, err)
		}
		if err := pack(&second, members, at); err != nil {
			t.Fatal(name, err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: the same files give other bytes the second time", name)
		}
		for i, m := range contentsOf(t, name, first.Bytes()) {
			if m.name != members[i].name || m.mode != members[i].mode || !bytes.Equal(m.data, members[i].data) {
				t.Errorf("%s: %s (%o) came back as %s (%o)", name, members[i].name, members[i].mode, m.name, m.mode)
			}
		}
	}
}

// contentsOf reads an archive.
func contentsOf(t *testing.T, kind string, archive []byte) (members []member) {
	t.Helper()
	read := func(name string, mode int64, r io.Reader) {
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, member{name, mode, data})
	}
	if kind == "zip" {
		files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files.File {
			r, err := file.Open()
			if err != nil {
				t.Fatal(err)
			}
			read(file.Name, int64(file.Mode().Perm()), r)
		}
		return members
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if err == io.EOF {
			return members
		}
		if err != nil {
			t.Fatal(err)
		}
		read(header.Name, header.Mode, files)
	}
}
