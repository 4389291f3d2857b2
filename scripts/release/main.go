// Command release builds the program for every platform and packs it, with
// checksums, into dist. The same commit gives the same bytes: no time, no path
// and no name of the machine gets into them.
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// platform is an operating system and a processor that archives are made for.
type platform struct{ system, processor string }

var platforms = []platform{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
}

// beside are the files that go with the program.
var beside = []string{"README.md", "LICENSE", "CHANGELOG.md", "docs/configure.md", "deploy/grenier.service"}

// member is one file of an archive.
type member struct {
	name string
	mode int64
	data []byte
}

func main() {
	version := flag.String("version", "", "version told by the program and in the names of the archives")
	out := flag.String("out", "dist", "folder of the archives")
	flag.Parse()
	if *version == "" || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: release -version VERSION [-out DIR]")
		os.Exit(2)
	}
	if err := release(*version, *out); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func release(version, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	at, err := commitTime()
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, p := range platforms {
		name, data, err := archive(p, version, at)
		if err != nil {
			return fmt.Errorf("%s/%s: %w", p.system, p.processor, err)
		}
		if err := os.WriteFile(filepath.Join(out, name), data, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), name)
		fmt.Printf("%s  %.1f MB\n", name, float64(len(data))/1e6)
	}
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(sums.String()), 0o644)
}

// commitTime is the date that all files of the archives carry: that of the
// commit, or 1980 outside of a repository.
func commitTime() (time.Time, error) {
	text, err := exec.Command("git", "log", "-1", "--format=%cI").Output()
	if err != nil {
		return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), nil
	}
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	return at.UTC(), err
}

func archive(p platform, version string, at time.Time) (name string, data []byte, err error) {
	base := fmt.Sprintf("grenier-%s-%s-%s", strings.ReplaceAll(version, "+", "-"), p.system, p.processor)
	members, err := contents(p, version)
	if err != nil {
		return "", nil, err
	}
	for i := range members {
		members[i].name = base + "/" + members[i].name
	}
	var b bytes.Buffer
	if p.system == "windows" {
		err := packZip(&b, members, at)
		return base + ".zip", b.Bytes(), err
	}
	err = packTar(&b, members, at)
	return base + ".tar.gz", b.Bytes(), err
}

// contents builds the program and reads what goes with it.
func contents(p platform, version string) ([]member, error) {
	folder, err := os.MkdirTemp("", "grenier-release")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	program := "grenier"
	if p.system == "windows" {
		program += ".exe"
	}
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -buildid= -X grenier/internal/app.Version="+version, "-o", filepath.Join(folder, program), "./cmd/grenier")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.system, "GOARCH="+p.processor, "GOAMD64=v1", "GOARM64=v8.0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(folder, program))
	members := []member{{program, 0o755, data}}
	for _, file := range beside {
		text, readErr := os.ReadFile(file)
		err = errors.Join(err, readErr)
		members = append(members, member{file, 0o644, text})
	}
	return members, err
}

func packTar(w io.Writer, members []member, at time.Time) error {
	zipped, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	packed := tar.NewWriter(zipped)
	for _, m := range members {
		header := tar.Header{Typeflag: tar.TypeReg, Name: m.name, Mode: m.mode, Size: int64(len(m.data)), ModTime: at, Format: tar.FormatUSTAR}
		if err := packed.WriteHeader(&header); err != nil {
			return err
		}
		if _, err := packed.Write(m.data); err != nil {
			return err
		}
	}
	return errors.Join(packed.Close(), zipped.Close())
}

func packZip(w io.Writer, members []member, at time.Time) error {
	packed := zip.NewWriter(w)
	for _, m := range members {
		header := zip.FileHeader{Name: m.name, Method: zip.Deflate, Modified: at}
		header.SetMode(fs.FileMode(m.mode))
		file, err := packed.CreateHeader(&header)
		if err != nil {
			return err
		}
		if _, err := file.Write(m.data); err != nil {
			return err
		}
	}
	return packed.Close()
}
