package portal

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"grenier/internal/image"
)

// pictureAge is the age from which a picture is got again: its origin may have
// put another one at the same address.
const pictureAge = 7 * 24 * time.Hour

// pictureShelf keeps pictures in a folder, up to a number of bytes; beyond, those
// not asked for the longest go. Files are written aside and moved into place.
// Several programs may share a folder: each counts what it has seen.
type pictureShelf struct {
	folder string
	most   int64

	mu    sync.Mutex
	files map[string]*shelved // by name without extension
	total int64
}

// shelved is a file on the shelf.
type shelved struct {
	extension  string
	bytes      int64
	made, used time.Time
}

// pictureTypes are the media types of pictures by extension.
var pictureTypes = map[string]string{".png": "image/png", ".jpg": "image/jpeg"}

// pictureAside is what the names of files not yet in place begin with.
const pictureAside = "new-"

// openPictureShelf makes the folder if needed, takes over what it holds and
// removes what an earlier run left half written.
func openPictureShelf(folder string, most int64) (*pictureShelf, error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, fmt.Errorf("the folder of pictures cannot be made: %w", err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("the folder of pictures cannot be read: %w", err)
	}
	s := &pictureShelf{folder: folder, most: most, files: map[string]*shelved{}}
	for _, entry := range entries {
		extension := filepath.Ext(entry.Name())
		info, err := entry.Info()
		switch {
		case err != nil:
		case strings.HasPrefix(entry.Name(), pictureAside):
			if time.Since(info.ModTime()) > time.Hour { // not one that another program is writing
				_ = os.Remove(filepath.Join(folder, entry.Name())) // it is tried again at the next start
			}
		case pictureTypes[extension] != "" && info.Mode().IsRegular():
			name := strings.TrimSuffix(entry.Name(), extension)
			s.files[name] = &shelved{extension, info.Size(), info.ModTime(), info.ModTime()}
			s.total += info.Size()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shrink()
	return s, nil
}

func shelfName(address string, size int) string {
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:20]) + "-" + strconv.Itoa(size)
}

// get gives a picture of an address within a square, if it is there and not
// too old.
func (s *pictureShelf) get(address string, size int) (body []byte, media string, ok bool) {
	name := shelfName(address, size)
	s.mu.Lock()
	file := s.files[name]
	if file == nil || time.Since(file.made) > pictureAge {
		s.mu.Unlock()
		return nil, "", false
	}
	file.used = time.Now()
	extension := file.extension
	s.mu.Unlock()
	body, err := os.ReadFile(filepath.Join(s.folder, name+extension))
	if err != nil || len(body) == 0 {
		s.mu.Lock()
		s.forget(name)
		s.mu.Unlock()
		return nil, "", false
	}
	return body, pictureTypes[extension], true
}

// put keeps a picture, in place of the one that was there.
func (s *pictureShelf) put(address string, size int, picture *image.Picture) error {
	extension := ".png"
	if picture.Type == pictureTypes[".jpg"] {
		extension = ".jpg"
	}
	name := shelfName(address, size)
	if err := s.write(name+extension, picture.Body); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.files[name]; old != nil && old.extension != extension {
		s.remove(name)
	}
	s.forget(name)
	now := time.Now()
	s.files[name] = &shelved{extension, int64(len(picture.Body)), now, now}
	s.total += int64(len(picture.Body))
	s.shrink()
	return nil
}

func (s *pictureShelf) write(name string, body []byte) error {
	aside, err := os.CreateTemp(s.folder, pictureAside)
	if err != nil {
		return err
	}
	_, err = aside.Write(body)
	if err = errors.Join(err, aside.Close()); err == nil {
		err = os.Rename(aside.Name(), filepath.Join(s.folder, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(aside.Name()))
	}
	return nil
}

// forget takes a file out of the count; the caller holds the lock.
func (s *pictureShelf) forget(name string) {
	if file := s.files[name]; file != nil {
		s.total -= file.bytes
		delete(s.files, name)
	}
}

// remove deletes a file; the caller holds the lock.
func (s *pictureShelf) remove(name string) {
	file := s.files[name]
	s.forget(name)
	if err := os.Remove(filepath.Join(s.folder, name+file.extension)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return // it is counted again at the next start
	}
}

// shrink removes what was not asked for the longest until a tenth of the room
// is free, if there is too much; the caller holds the lock.
func (s *pictureShelf) shrink() {
	if s.total <= s.most {
		return
	}
	names := make([]string, 0, len(s.files))
	for name := range s.files {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(s.files[a].used.Compare(s.files[b].used), strings.Compare(a, b))
	})
	for _, name := range names {
		if s.total <= s.most*9/10 {
			return
		}
		s.remove(name)
	}
}
