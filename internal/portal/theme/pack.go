package theme

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

const (
	// maxFile bounds a file of a pack, in bytes.
	maxFile = 8 << 20
	// maxPack bounds the files of a pack together, in bytes, packed and unpacked.
	maxPack = 64 << 20
	// maxFiles bounds the files of a pack.
	maxFiles = 2000
)

// packFiles and packFolders are what is read of a pack.
var (
	packFiles   = []string{"theme.yaml", "menus.yaml", "home.yaml", "tokens.css", "style.css", "embed.css"}
	packFolders = []string{"templates", "partials", "static", "i18n", "pages"}
)

// Pack is a theme pack as it was when it was opened, in memory: later changes of
// its files do not reach it. It is a file system.
type Pack struct {
	files   map[string][]byte
	folders map[string][]fs.DirEntry
	// ignored are names at the top that nobody reads.
	ignored []string
}

// OpenPack reads a folder or a zip file, whose files may lie in one folder. It
// refuses links and names that leave the pack, and what is too large.
func OpenPack(name string) (*Pack, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("there is no theme pack at %s", name)
	}
	if !info.IsDir() {
		return openZip(name, info)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("the folder %s cannot be read: %w", name, err)
	}
	defer root.Close()
	return ReadPack(root.FS())
}

func openZip(name string, info fs.FileInfo) (*Pack, error) {
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is neither a folder nor a zip file", name)
	}
	if info.Size() > maxPack {
		return nil, fmt.Errorf("%s is larger than %d MB", name, maxPack>>20)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", name, err)
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, fmt.Errorf("%s is neither a folder nor a zip file", name)
	}
	return readZip(archive)
}

// readZip reads an archive whose names it does not trust.
func readZip(archive *zip.Reader) (*Pack, error) {
	if len(archive.File) > 2*maxFiles {
		return nil, fmt.Errorf("the zip file holds more than %d files", maxFiles)
	}
	top := map[string]bool{}
	for _, file := range archive.File {
		name := strings.TrimSuffix(strings.TrimPrefix(file.Name, "./"), "/")
		switch {
		case name == "":
			continue
		case !fs.ValidPath(name) || strings.ContainsAny(name, "\\:"):
			return nil, fmt.Errorf("%q in the zip file leaves the pack: names go downwards, with slashes", file.Name)
		case file.Mode()&fs.ModeSymlink != 0:
			return nil, fmt.Errorf("%s: a link in a zip file is not followed; put the file itself in it", name)
		}
		if first, _, _ := strings.Cut(name, "/"); first != "__MACOSX" {
			top[first] = true
		}
	}
	if len(top) == 1 && !top["theme.yaml"] {
		for folder := range top {
			inside, err := fs.Sub(archive, folder)
			if err != nil {
				return nil, err
			}
			return ReadPack(inside)
		}
	}
	return ReadPack(archive)
}

// ReadPack reads a pack from a file system.
func ReadPack(source fs.FS) (*Pack, error) {
	p := &Pack{files: map[string][]byte{}, folders: map[string][]fs.DirEntry{}}
	entries, err := fs.ReadDir(source, ".")
	if err != nil {
		return nil, fmt.Errorf("the theme pack cannot be read: %w", err)
	}
	total := 0
	for _, entry := range entries {
		name := entry.Name()
		if !slices.Contains(packFiles, name) && !slices.Contains(packFolders, name) {
			p.ignore(name)
			continue
		}
		err := fs.WalkDir(source, name, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			if strings.HasPrefix(path.Base(name), ".") {
				return nil
			}
			content, err := readFile(source, name)
			if err != nil {
				return err
			}
			if total += len(content); total > maxPack {
				return fmt.Errorf("the pack holds more than %d MB", maxPack>>20)
			}
			if len(p.files) == maxFiles {
				return fmt.Errorf("the pack holds more than %d files", maxFiles)
			}
			p.add(name, content)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for _, entries := range p.folders {
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return p, nil
}

// ignore notes a name at the top of the pack that nobody reads, unless it is
// one of those that folders of works have.
func (p *Pack) ignore(name string) {
	upper := strings.ToUpper(name)
	for _, usual := range []string{".", "README", "LICEN", "CHANGELOG", "__MACOSX", "THUMBS.DB"} {
		if strings.HasPrefix(upper, usual) {
			return
		}
	}
	p.ignored = append(p.ignored, name)
}

// readFile reads a file of a pack, of bounded size.
func readFile(source fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(source, name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: it cannot be read, or is a link that leaves the pack: %w", name, cause(err))
	case info.IsDir():
		return nil, fmt.Errorf("%s: links to folders are not followed", name)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: this is not a file", name)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%s: larger than %d MB", name, maxFile>>20)
	}
	opened, err := source.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, cause(err))
	}
	defer opened.Close()
	content, err := io.ReadAll(io.LimitReader(opened, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, cause(err))
	}
	if len(content) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d MB", name, maxFile>>20)
	}
	return content, nil
}

// cause leaves out of an error what the machine's file is called.
func cause(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// add keeps a file, and lists it and its folders in those above.
func (p *Pack) add(name string, content []byte) {
	p.files[name] = content
	entry := packed{name: path.Base(name), size: int64(len(content))}
	for folder := path.Dir(name); ; folder = path.Dir(folder) {
		known := p.folders[folder] != nil
		p.folders[folder] = append(p.folders[folder], entry)
		if known || folder == "." {
			return
		}
		entry = packed{name: path.Base(folder), folder: true}
	}
}

// Open opens a file; of a folder it gives only what it is.
func (p *Pack) Open(name string) (fs.File, error) {
	if content, ok := p.files[name]; ok {
		return &openFile{packed{name: path.Base(name), size: int64(len(content))}, bytes.NewReader(content)}, nil
	}
	if _, ok := p.folders[name]; ok {
		return &openFile{packed{name: path.Base(name), folder: true}, bytes.NewReader(nil)}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadFile gives the content of a file. It belongs to the pack: do not change it.
func (p *Pack) ReadFile(name string) ([]byte, error) {
	if content, ok := p.files[name]; ok {
		return content, nil
	}
	return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
}

// ReadDir lists a folder by name.
func (p *Pack) ReadDir(name string) ([]fs.DirEntry, error) {
	if entries, ok := p.folders[name]; ok {
		return slices.Clone(entries), nil
	}
	return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
}

// packed is what is known of a file or folder of a pack.
type packed struct {
	name   string
	size   int64
	folder bool
}

func (e packed) Name() string               { return e.name }
func (e packed) IsDir() bool                { return e.folder }
func (e packed) Type() fs.FileMode          { return e.Mode().Type() }
func (e packed) Info() (fs.FileInfo, error) { return e, nil }
func (e packed) Size() int64                { return e.size }
func (e packed) ModTime() time.Time         { return time.Time{} }
func (e packed) Sys() any                   { return nil }

func (e packed) Mode() fs.FileMode {
	if e.folder {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

type openFile struct {
	packed
	*bytes.Reader
}

func (f *openFile) Size() int64                { return f.packed.size }
func (f *openFile) Stat() (fs.FileInfo, error) { return f.packed, nil }
func (f *openFile) Close() error               { return nil }
