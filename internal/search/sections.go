package search

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"unsafe"
)

// A snapshot is a sequence of named sections, each starting at a multiple of eight bytes, followed by a directory and
// a trailer of fixed size:
//
//	sections … | directory | directory offset u64 | position i64 | order u32 | version u32 | crc u32 | magic [4]byte
//
// Numbers inside sections are in the byte order of the machine, so that they are used in place from a mapped file; the
// order mark tells a foreign file. Directory and trailer are little-endian. The checksum (CRC-32C) covers all bytes
// before it.
const (
	snapshotMagic   = "GrSx"
	snapshotVersion = 1
	orderMark       = 0x01020304
	trailerSize     = 8 + 8 + 4 + 4 + 4 + 4
	alignment       = 8
	maxSectionName  = 250
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sections gives the bytes of each section by name.
type sections map[string][]byte

// sectionWriter writes sections one after the other.
type sectionWriter struct {
	out       *bufio.Writer
	crc       hash.Hash32
	offset    uint64
	directory []byte
	err       error
}

func newSectionWriter(out io.Writer) *sectionWriter {
	crc := crc32.New(castagnoli)
	return &sectionWriter{out: bufio.NewWriterSize(io.MultiWriter(out, crc), 1<<14), crc: crc}
}

// Write adds bytes to the section that is open. The first error is kept and returned by finish.
func (w *sectionWriter) Write(b []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.out.Write(b)
	w.offset += uint64(n)
	w.err = err
	return n, err
}

// open starts the section called name; the function returned ends it.
func (w *sectionWriter) open(name string) (end func()) {
	if len(name) > maxSectionName {
		w.err = errors.Join(w.err, fmt.Errorf("search: the name of the section %.40q… is too long", name))
		name = name[:maxSectionName]
	}
	w.align()
	start := w.offset
	return func() {
		w.directory = append(w.directory, byte(len(name)))
		w.directory = append(w.directory, name...)
		w.directory = binary.LittleEndian.AppendUint64(w.directory, start)
		w.directory = binary.LittleEndian.AppendUint64(w.directory, w.offset-start)
	}
}

func (w *sectionWriter) align() {
	if rest := w.offset % alignment; rest != 0 {
		w.Write(make([]byte, alignment-rest))
	}
}

// finish writes directory and trailer, and gives the first error of all that was written.
func (w *sectionWriter) finish(position int64) error {
	w.align()
	at := w.offset
	w.Write(w.directory)
	trailer := binary.LittleEndian.AppendUint64(nil, at)
	trailer = binary.LittleEndian.AppendUint64(trailer, uint64(position))
	trailer = binary.NativeEndian.AppendUint32(trailer, orderMark)
	trailer = binary.LittleEndian.AppendUint32(trailer, snapshotVersion)
	w.Write(trailer)
	if w.err == nil {
		w.err = w.out.Flush()
	}
	w.Write(append(binary.LittleEndian.AppendUint32(nil, w.crc.Sum32()), snapshotMagic...))
	if w.err == nil {
		w.err = w.out.Flush()
	}
	return w.err
}

// writeNumbers writes a section holding list as it lies in memory.
func writeNumbers[T number](w *sectionWriter, name string, list []T) {
	end := w.open(name)
	w.Write(bytesOf(list))
	end()
}

// number are the element types of sections.
type number interface {
	uint8 | uint32 | int32 | uint64 | int64 | float32
}

func bytesOf[T number](list []T) []byte {
	if len(list) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(list))), len(list)*int(unsafe.Sizeof(list[0])))
}

// numbersOf gives the section called name as a list that shares its memory; want is the length it must have, or -1.
func numbersOf[T number](s sections, name string, want int) ([]T, error) {
	b, ok := s[name]
	if !ok {
		return nil, fmt.Errorf("%w: section %s is missing", ErrUnusableSnapshot, name)
	}
	var element T
	size := int(unsafe.Sizeof(element))
	if len(b)%size != 0 || want >= 0 && len(b) != want*size {
		return nil, fmt.Errorf("%w: section %s has %d bytes", ErrUnusableSnapshot, name, len(b))
	}
	if len(b) == 0 {
		return nil, nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/size), nil
}

// readSections cuts the bytes of a whole snapshot into its sections. It does not verify the checksum.
func readSections(b []byte) (sections, int64, error) {
	if len(b) < trailerSize || string(b[len(b)-4:]) != snapshotMagic {
		return nil, 0, fmt.Errorf("%w: this is no search snapshot, or its end is missing", ErrUnusableSnapshot)
	}
	trailer := b[len(b)-trailerSize:]
	if version := binary.LittleEndian.Uint32(trailer[20:]); version != snapshotVersion {
		return nil, 0, fmt.Errorf("%w: it has version %d, this program reads version %d", ErrUnusableSnapshot, version, snapshotVersion)
	}
	if binary.NativeEndian.Uint32(trailer[16:]) != orderMark {
		return nil, 0, fmt.Errorf("%w: it was written on a machine of another byte order", ErrUnusableSnapshot)
	}
	at, end := binary.LittleEndian.Uint64(trailer), uint64(len(b)-trailerSize)
	if at > end {
		return nil, 0, fmt.Errorf("%w: its directory lies outside", ErrUnusableSnapshot)
	}
	list := sections{}
	for directory := b[at:end]; len(directory) > 0; {
		n := int(directory[0])
		if len(directory) < 1+n+16 {
			return nil, 0, fmt.Errorf("%w: its directory is cut", ErrUnusableSnapshot)
		}
		name := string(directory[1 : 1+n])
		start := binary.LittleEndian.Uint64(directory[1+n:])
		size := binary.LittleEndian.Uint64(directory[1+n+8:])
		if start > at || size > at-start || start%alignment != 0 {
			return nil, 0, fmt.Errorf("%w: section %s lies outside", ErrUnusableSnapshot, name)
		}
		list[name] = b[start : start+size : start+size]
		directory = directory[1+n+16:]
	}
	return list, int64(binary.LittleEndian.Uint64(trailer[8:])), nil
}

// verifyChecksum reads the file once, in pieces, so that nothing stays mapped because of it.
func verifyChecksum(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < trailerSize {
		return fmt.Errorf("%w: %s has only %d bytes", ErrUnusableSnapshot, path, info.Size())
	}
	crc := crc32.New(castagnoli)
	if _, err := io.CopyBuffer(struct{ io.Writer }{crc}, io.LimitReader(f, info.Size()-8), make([]byte, 1<<18)); err != nil {
		return err
	}
	var end [8]byte
	if _, err := io.ReadFull(f, end[:]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(end[:]) != crc.Sum32() {
		return fmt.Errorf("%w: the checksum of %s is wrong", ErrUnusableSnapshot, path)
	}
	return nil
}

// writeFileAtomically writes a file beside path, and puts it in the place of path when all of it is on the disk.
func writeFileAtomically(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = write(f); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// memorySections writes sections to memory and gives them back ready for use.
func memorySections(write func(*sectionWriter) error) (sections, error) {
	var b memoryBuffer
	w := newSectionWriter(&b)
	if err := write(w); err != nil {
		return nil, err
	}
	if err := w.finish(0); err != nil {
		return nil, err
	}
	list, _, err := readSections(b.aligned())
	return list, err
}

// memoryBuffer collects bytes and gives them in memory aligned for any number.
type memoryBuffer struct{ bytes []byte }

func (b *memoryBuffer) Write(p []byte) (int, error) {
	b.bytes = append(b.bytes, p...)
	return len(p), nil
}

func (b *memoryBuffer) aligned() []byte {
	words := make([]uint64, (len(b.bytes)+alignment-1)/alignment)
	if len(words) == 0 {
		return nil
	}
	out := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), len(words)*alignment)[:len(b.bytes)]
	copy(out, b.bytes)
	return out
}
