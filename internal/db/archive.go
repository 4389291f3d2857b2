package db

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// An archive is a tar file, compressed by Zstandard (RFC 8878) unless its name
// ends in .tar. Its first entry is the manifest, the others are its parts.
const (
	manifestName    = "manifest.json"
	archiveFormat   = "grenier-backup"
	archiveVersion  = 1
	manifestMaxSize = 1 << 20
)

// Manifest says what an archive holds.
type Manifest struct {
	Format string `json:"format"`
	// FormatVersion is 1; a reader refuses what is newer.
	FormatVersion int `json:"format_version"`
	// Program is the version of the program that made the archive.
	Program string `json:"program"`
	// Schema is the number of the newest migration of the database.
	Schema    int64     `json:"schema"`
	CreatedAt time.Time `json:"created_at"`
	Parts     []Part    `json:"parts"`
}

// Part is one file of an archive.
type Part struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// ErrBadArchive is wrapped by the errors about a file that cannot be restored.
var ErrBadArchive = errors.New("the file cannot be restored")

func badArchive(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBadArchive, fmt.Sprintf(format, args...))
}

// partOf describes a file.
func partOf(name, path string) (Part, error) {
	file, err := os.Open(path)
	if err != nil {
		return Part{}, err
	}
	defer file.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	return Part{Name: name, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

// writeArchive writes the manifest and its one part to a file and flushes it
// to the disk.
func writeArchive(ctx context.Context, path string, compressed bool, manifest Manifest, part string, progress func(done int64)) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffered := bufio.NewWriterSize(file, 1<<20)
	var out io.Writer = buffered
	finish := func() error { return nil }
	if compressed {
		encoder, err := zstd.NewWriter(buffered, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return err
		}
		out, finish = encoder, encoder.Close
	}
	if err := writeTar(ctx, out, manifest, part, progress); err != nil {
		return err
	}
	if err := errors.Join(finish(), buffered.Flush()); err != nil {
		return err
	}
	return file.Sync()
}

func writeTar(ctx context.Context, out io.Writer, manifest Manifest, part string, progress func(done int64)) error {
	text, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	archive := tar.NewWriter(out)
	entry := func(name string, size int64, content io.Reader) error {
		header := &tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: manifest.CreatedAt, Format: tar.FormatPAX}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		_, err := io.Copy(archive, content)
		return err
	}
	if err := entry(manifestName, int64(len(text)), bytes.NewReader(text)); err != nil {
		return err
	}
	file, err := os.Open(part)
	if err != nil {
		return err
	}
	defer file.Close()
	counted := &countingReader{ctx: ctx, in: file, progress: progress}
	if err := entry(manifest.Parts[0].Name, manifest.Parts[0].Size, counted); err != nil {
		return err
	}
	return archive.Close()
}

// countingReader tells how much was read, and ends with its context.
type countingReader struct {
	ctx      context.Context
	in       io.Reader
	sum      hash.Hash
	done     int64
	progress func(done int64)
}

func (r *countingReader) Read(into []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	count, err := r.in.Read(into)
	if r.sum != nil {
		r.sum.Write(into[:count])
	}
	r.done += int64(count)
	r.progress(r.done)
	return count, err
}

// zstdMagic begins every Zstandard frame (RFC 8878, section 3.1.1).
var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// archiveReader reads an archive from its beginning.
type archiveReader struct {
	file     *os.File
	decoder  *zstd.Decoder
	entries  *tar.Reader
	Manifest Manifest
}

func openArchive(path string) (*archiveReader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	a := &archiveReader{file: file}
	in := bufio.NewReaderSize(file, 1<<20)
	start, _ := in.Peek(len(zstdMagic))
	var content io.Reader = in
	if bytes.Equal(start, zstdMagic) {
		a.decoder, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
		if err != nil {
			a.Close()
			return nil, err
		}
		content = a.decoder
	}
	a.entries = tar.NewReader(content)
	if err := a.readManifest(); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// Close closes the file.
func (a *archiveReader) Close() error {
	if a.decoder != nil {
		a.decoder.Close()
	}
	return a.file.Close()
}

func (a *archiveReader) readManifest() error {
	header, err := a.entries.Next()
	if err != nil || header.Name != manifestName || header.Size > manifestMaxSize {
		return badArchive("%s is not a backup made by `grenier backup`", a.file.Name())
	}
	text, err := io.ReadAll(io.LimitReader(a.entries, manifestMaxSize))
	if err == nil {
		err = json.Unmarshal(text, &a.Manifest)
	}
	switch {
	case err != nil || a.Manifest.Format != archiveFormat:
		return badArchive("%s is not a backup made by `grenier backup`, or it is damaged", a.file.Name())
	case a.Manifest.FormatVersion > archiveVersion:
		return badArchive("%s was made by a newer version of Grenier (%s); install that version first", a.file.Name(), a.Manifest.Program)
	case len(a.Manifest.Parts) != 1 || a.Manifest.Parts[0].Name != SQLiteFile:
		return badArchive("%s does not hold exactly one database", a.file.Name())
	}
	return nil
}

// extract writes the archive's database to a file, complete and unaltered, or
// fails.
func (a *archiveReader) extract(ctx context.Context, path string, progress func(done int64)) (err error) {
	part := a.Manifest.Parts[0]
	header, err := a.entries.Next()
	if err != nil || header.Name != part.Name || header.Size != part.Size {
		return badArchive("%s is damaged: its database is missing or incomplete", a.file.Name())
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	counted := &countingReader{ctx: ctx, in: a.entries, sum: sha256.New(), progress: progress}
	if _, err := io.Copy(file, counted); err != nil {
		if damaged(err) {
			return badArchive("%s is damaged: %v", a.file.Name(), err)
		}
		return err
	}
	if counted.done != part.Size || !strings.EqualFold(hex.EncodeToString(counted.sum.Sum(nil)), part.SHA256) {
		return badArchive("%s is damaged: its database is not the one that was saved", a.file.Name())
	}
	return file.Sync()
}

// damaged tells the errors of content from those of the disk.
func damaged(err error) bool {
	var path *os.PathError
	return !errors.As(err, &path) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}
