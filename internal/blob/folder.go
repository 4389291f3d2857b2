package blob

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// Folder keeps bytes in a folder: ab/abcdef… by key, uploads below staging, each
// in one file that its parts are written into at their place.
type Folder struct {
	root string
	// reserve is how much of the volume is left to others, in bytes.
	reserve int64
	mu      sync.Mutex
	gates   map[string]*gate // of the uploads being written
}

// gate stands between the writers of an upload and its end.
type gate struct {
	mu     sync.RWMutex
	sealed bool
	users  int
}

const (
	stagingFolder = "staging"
	// asideName begins the names of files that are written aside.
	asideName = "aside-"
)

// OpenFolder makes the folder if needed. Nothing more is taken when less than
// reserve bytes are left on its volume, so that what else lives there, like a
// database, never meets a full disk.
func OpenFolder(root string, reserve int64) (*Folder, error) {
	if err := os.MkdirAll(filepath.Join(root, stagingFolder), 0o750); err != nil {
		return nil, fmt.Errorf("the folder of hosted files cannot be made: %w", err)
	}
	return &Folder{root: root, reserve: reserve, gates: map[string]*gate{}}, nil
}

func (f *Folder) path(key string) (string, error) {
	if !isKey(key) {
		return "", fmt.Errorf("blob: %q is not a SHA-256 in hex digits", key)
	}
	return filepath.Join(f.root, key[:2], key), nil
}

func isKey(key string) bool { return len(key) == 64 && strings.Trim(key, "0123456789abcdef") == "" }

func (f *Folder) stage(name string) (string, error) {
	if !isStage(name) {
		return "", fmt.Errorf("blob: %q is not the name of an upload", name)
	}
	return filepath.Join(f.root, stagingFolder, name), nil
}

func isStage(name string) bool {
	return name != "" && len(name) <= 100 && strings.Trim(name, "0123456789abcdefghijklmnopqrstuvwxyz-") == ""
}

// Put implements Store.
func (f *Folder) Put(_ context.Context, key string, r io.Reader, size int64) error {
	path, err := f.path(key)
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && info.Size() == size {
		return nil
	}
	aside := filepath.Join(f.root, stagingFolder, asideName+randomName())
	if err := f.writeAside(aside, r, size); err != nil {
		return errors.Join(full(err), removed(os.Remove(aside)))
	}
	return f.place(aside, path)
}

// room refuses bytes that would leave less than the reserve.
func (f *Folder) room(size int64) error {
	if f.reserve <= 0 {
		return nil
	}
	free, err := freeBytes(f.root)
	if err != nil {
		return fmt.Errorf("blob: the free space cannot be told: %w", err)
	}
	if free < uint64(f.reserve+max(0, size)) {
		return fmt.Errorf("%w: %d bytes are free, %d of them reserved", ErrFull, free, f.reserve)
	}
	return nil
}

func (f *Folder) writeAside(path string, r io.Reader, size int64) error {
	if err := f.room(size); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	n, err := io.Copy(file, io.LimitReader(r, size+1))
	if err == nil && n != size {
		err = fmt.Errorf("blob: %d bytes came instead of %d", n, size)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// place moves a whole file to where its key leads, for good.
func (f *Folder) place(from, to string) error {
	folder := filepath.Dir(to)
	if err := os.Mkdir(folder, 0o750); err == nil {
		if err := syncFolder(f.root); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return full(err)
	}
	if err := os.Rename(from, to); err != nil {
		return full(err)
	}
	return syncFolder(folder)
}

// syncFolder makes the names in a folder durable, where the system can.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Open implements Store.
func (f *Folder) Open(_ context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	path, err := f.path(key)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, missing(err)
	}
	return section(file, offset, length)
}

// section reads a part of a file.
func section(file *os.File, offset, length int64) (io.ReadCloser, error) {
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if length < 0 {
		return file, nil
	}
	return readCloser{io.LimitReader(file, length), file}, nil
}

type readCloser struct {
	io.Reader
	io.Closer
}

// Stat implements Store.
func (f *Folder) Stat(_ context.Context, key string) (Info, error) {
	path, err := f.path(key)
	if err != nil {
		return Info{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Info{}, missing(err)
	}
	return Info{Key: key, Size: info.Size(), Modified: info.ModTime()}, nil
}

// Delete implements Store.
func (f *Folder) Delete(_ context.Context, key string) error {
	path, err := f.path(key)
	if err != nil {
		return err
	}
	return removed(os.Remove(path))
}

// List implements Store.
func (f *Folder) List(ctx context.Context, prefix, after string, limit int) ([]Info, error) {
	folders, err := os.ReadDir(f.root)
	if err != nil {
		return nil, err
	}
	var list []Info
	for _, folder := range folders {
		name := folder.Name()
		if len(name) != 2 || !folder.IsDir() || name < after[:min(2, len(after))] || !strings.HasPrefix(name, prefix[:min(2, len(prefix))]) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		found, err := entries(filepath.Join(f.root, name), func(key string) bool {
			return isKey(key) && key > after && strings.HasPrefix(key, prefix)
		}, limit-len(list))
		if err != nil {
			return nil, err
		}
		if list = append(list, found...); len(list) >= limit {
			break
		}
	}
	return list, nil
}

// entries are the files of a folder in order of their names.
func entries(folder string, wanted func(name string) bool, limit int) ([]Info, error) {
	found, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var list []Info
	for _, entry := range found {
		if len(list) >= limit {
			break
		}
		if !wanted(entry.Name()) {
			continue
		}
		info, err := entry.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed meanwhile
		case err != nil:
			return nil, err
		default:
			list = append(list, Info{Key: entry.Name(), Size: info.Size(), Modified: info.ModTime()})
		}
	}
	return list, nil
}

// enter takes part in the writing of an upload; the caller leaves.
func (f *Folder) enter(stage string) *gate {
	f.mu.Lock()
	defer f.mu.Unlock()
	g := f.gates[stage]
	if g == nil {
		g = &gate{}
		f.gates[stage] = g
	}
	g.users++
	return g
}

func (f *Folder) leave(stage string, g *gate) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if g.users--; g.users == 0 && !g.sealed {
		delete(f.gates, stage)
	}
}

// forget takes away the gate of an upload that has ended.
func (f *Folder) forget(stage string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.gates, stage)
}

// stageBuffer is how many bytes of a part are written at once.
const stageBuffer = 1 << 20

var stageBuffers = sync.Pool{New: func() any { return new([stageBuffer]byte) }}

// Stage implements Store: bytes go to their place in the one file of the upload
// and are on the disk when it returns.
func (f *Folder) Stage(_ context.Context, stage string, part Part, r io.Reader) (int64, error) {
	path, err := f.stage(stage)
	if err != nil {
		return 0, err
	}
	if err := f.room(part.Size); err != nil {
		return 0, err
	}
	g := f.enter(stage)
	defer f.leave(stage, g)
	file, fresh, err := openStaged(path)
	if err != nil {
		return 0, full(err)
	}
	n, err := g.write(file, part.Offset, r, f.room)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil && fresh {
		err = syncFolder(filepath.Dir(path))
	}
	return n, full(err)
}

func openStaged(path string) (file *os.File, fresh bool, err error) {
	file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if errors.Is(err, fs.ErrExist) {
		file, err = os.OpenFile(path, os.O_WRONLY, 0)
		return file, false, err
	}
	return file, true, err
}

// write copies to an offset until the upload is sealed or there is no room.
func (g *gate) write(file *os.File, offset int64, r io.Reader, room func(size int64) error) (int64, error) {
	buffer := stageBuffers.Get().(*[stageBuffer]byte)
	defer stageBuffers.Put(buffer)
	chunk := buffer[:]
	var written int64
	for {
		n, err := io.ReadFull(r, chunk)
		if n > 0 {
			if err := room(int64(n)); err != nil {
				return written, err
			}
			if err := g.writeAt(file, chunk[:n], offset+written); err != nil {
				return written, err
			}
			written += int64(n)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return written, nil
		}
		if err != nil {
			return written, err
		}
	}
}

func (g *gate) writeAt(file *os.File, chunk []byte, at int64) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.sealed {
		return ErrSealed
	}
	_, err := file.WriteAt(chunk, at)
	return err
}

// Seal implements Store. The gate stays until the upload is kept or dropped, so
// that who comes late finds it shut.
func (f *Folder) Seal(_ context.Context, stage string) error {
	g := f.enter(stage)
	defer f.leave(stage, g)
	g.mu.Lock()
	defer g.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	g.sealed = true
	return nil
}

// Reopen implements Store.
func (f *Folder) Reopen(_ context.Context, stage string) error {
	f.forget(stage)
	return nil
}

// OpenStage implements Store.
func (f *Folder) OpenStage(_ context.Context, stage string, parts []Part) (io.ReadCloser, error) {
	path, err := f.stage(stage)
	if err != nil {
		return nil, err
	}
	size, err := total(parts)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, missing(err)
	}
	return section(file, 0, size)
}

// Keep implements Store.
func (f *Folder) Keep(_ context.Context, stage string, parts []Part, key string) error {
	from, err := f.stage(stage)
	if err != nil {
		return err
	}
	to, err := f.path(key)
	if err != nil {
		return err
	}
	size, err := total(parts)
	if err != nil {
		return err
	}
	defer f.forget(stage)
	if info, err := os.Stat(to); err == nil && info.Size() == size {
		return removed(os.Remove(from))
	}
	info, err := os.Stat(from)
	if err != nil {
		return missing(err)
	}
	if info.Size() < size {
		return ErrChanged
	}
	if info.Size() > size { // a longer part was there before
		if err := truncate(from, size); err != nil {
			return err
		}
	}
	return f.place(from, to)
}

func truncate(path string, size int64) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Truncate(size), file.Sync(), file.Close())
}

// Drop implements Store.
func (f *Folder) Drop(_ context.Context, stage string) error {
	path, err := f.stage(stage)
	if err != nil {
		return err
	}
	defer f.forget(stage)
	return removed(os.Remove(path))
}

// Stages implements Store.
func (f *Folder) Stages(_ context.Context, after string, limit int) ([]Info, error) {
	return entries(filepath.Join(f.root, stagingFolder), func(name string) bool { return name > after && isStage(name) }, limit)
}

func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNotFound
	}
	return err
}

func removed(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// full names the errors of a disk without room.
func full(err error) error {
	if slices.ContainsFunc([]error{syscall.ENOSPC, syscall.EDQUOT}, func(code error) bool { return errors.Is(err, code) }) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

func randomName() string {
	var raw [12]byte
	if _, err := rand.Read(raw[:]); err != nil {
		panic(err)
	}
	return hex.EncodeToString(raw[:])
}
