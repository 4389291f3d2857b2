package tabular

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"grenier/internal/fetch"
)

// Bounds of the list of an archive.
const (
	zipTail      = 66_000   // bytes at the end, where the list begins or is pointed at
	zipWhole     = 20 << 20 // bytes of an archive whose server gives no parts
	zipDirectory = 4 << 20  // bytes of the list
	zipEntries   = 1000
	zipName      = 300 // letters
)

// ZipEntry is a file or folder in an archive.
type ZipEntry struct {
	// Name is as in the archive, made safe to show, not to open: it may hold "..".
	Name string
	// Size is in bytes as the archive declares it, Compressed what it takes there.
	Size, Compressed int64
	// Modified is zero when unknown. Most archives give local time without a zone: it is told as UTC.
	Modified  time.Time
	Folder    bool
	Encrypted bool
}

// ZipList is what a zip archive says it holds.
type ZipList struct {
	// Entries are the first 1,000; Total is how many there are.
	Entries []ZipEntry
	Total   int64
	// Size is that of the archive in bytes; URL is the address that answered.
	Size int64
	URL  string
}

// ListZip lists a remote zip archive: its last bytes are read by a range request, or all of it, up to
// 20 MB, where the server gives no parts. Its errors are faults; Why tells the reason.
func ListZip(ctx context.Context, get Getter, url string) (*ZipList, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	end, err := readEnd(ctx, get, url)
	if err != nil {
		return nil, err
	}
	dir, err := end.directory()
	if err != nil {
		return nil, err
	}
	list := &ZipList{Total: dir.total, Size: end.size, URL: end.url}
	data, err := end.read(ctx, get, dir)
	if err != nil {
		return nil, err
	}
	if list.Entries = entries(data); len(list.Entries) == 0 && dir.total > 0 {
		return nil, trouble(NotZip, errors.New("no entry at the place of the list"))
	}
	return list, nil
}

// archiveEnd is the last part of an archive, or all of it.
type archiveEnd struct {
	data []byte
	from int64 // where data begins in the archive
	size int64 // of the archive
	url  string
}

func readEnd(ctx context.Context, get Getter, url string) (*archiveEnd, error) {
	r := fetch.Request{MaxBytes: zipWhole, Timeout: lookTime, Identity: true, Range: &fetch.Range{First: -1, Last: zipTail}}
	resp, err := get.Get(ctx, url, r)
	if why := fetch.Why(err); why != nil && why.Status == http.StatusRequestedRangeNotSatisfiable {
		r.Range = nil
		resp, err = get.Get(ctx, url, r)
	}
	if err != nil {
		return nil, err
	}
	data, err := readAll(resp)
	if err != nil {
		return nil, err
	}
	e := &archiveEnd{data: data, size: int64(len(data)), url: resp.URL}
	if resp.Status == http.StatusPartialContent {
		if e.size = resp.Total(); e.size < int64(len(data)) {
			return nil, trouble(NotZip, errors.New("a part of a file of unknown size"))
		}
		e.from = e.size - int64(len(data))
	}
	if e.size == 0 {
		return nil, trouble(Empty, nil)
	}
	if e.from == 0 && kindOfPage(data) {
		return nil, trouble(HTML, nil)
	}
	return e, nil
}

func readAll(resp *fetch.Response) ([]byte, error) {
	data, err := io.ReadAll(resp.Body)
	if closed := resp.Body.Close(); err == nil {
		err = closed
	}
	return data, err
}

// kindOfPage tells a web page that came in place of a file.
func kindOfPage(data []byte) bool {
	begin := bytes.TrimSpace(data[:min(len(data), 1024)])
	return len(begin) > 0 && kindOfText(string(begin)) == "html"
}

// directory is where the list of an archive is.
type directory struct{ offset, size, total int64 }

// Signatures of the structures of APPNOTE.TXT, section 4.3, and their sizes.
const (
	sigEntry     = "PK\x01\x02"
	sigEnd       = "PK\x05\x06"
	sigEnd64     = "PK\x06\x06"
	sigLocator64 = "PK\x06\x07"

	sizeEntry     = 46
	sizeEnd       = 22
	sizeEnd64     = 56
	sizeLocator64 = 20
)

// directory finds the list by the record at the end of the archive.
func (e *archiveEnd) directory() (directory, error) {
	at := e.endRecord()
	if at < 0 {
		return directory{}, trouble(NotZip, errors.New("no end record"))
	}
	r := e.data[at:]
	d := directory{
		total:  int64(binary.LittleEndian.Uint16(r[10:])),
		size:   int64(binary.LittleEndian.Uint32(r[12:])),
		offset: int64(binary.LittleEndian.Uint32(r[16:])),
	}
	// What stands before the archive, as in programs that unpack themselves, moves the list.
	moved := e.from + int64(at) - d.size
	if d.total == 0xffff || d.size == 0xffffffff || d.offset == 0xffffffff {
		if end, ok := e.end64(at); ok {
			d, moved = end.directory, end.at-end.size
		}
	}
	if moved >= d.offset && e.signed(moved) {
		d.offset = moved
	}
	if d.size < 0 || d.offset < 0 || d.total < 0 || d.offset > e.size || d.size > e.size-d.offset {
		return directory{}, trouble(NotZip, errors.New("the list is outside of the archive"))
	}
	return d, nil
}

// endRecord is the position of the end record whose comment ends with the archive; -1 when there is none.
func (e *archiveEnd) endRecord() int {
	for at := len(e.data) - sizeEnd; at >= 0; at-- {
		if e.data[at] != 'P' || string(e.data[at:at+4]) != sigEnd {
			continue
		}
		comment := int(binary.LittleEndian.Uint16(e.data[at+20:]))
		if at+sizeEnd+comment <= len(e.data) {
			return at
		}
	}
	return -1
}

type end64 struct {
	directory
	at int64 // of the record in the archive
}

// end64 reads the record of large archives, which a locator before the end record points at.
func (e *archiveEnd) end64(end int) (end64, bool) {
	at := end - sizeLocator64
	if at < 0 || string(e.data[at:at+4]) != sigLocator64 {
		return end64{}, false
	}
	offset := int64(binary.LittleEndian.Uint64(e.data[at+8:]))
	i := offset - e.from
	if i < 0 || i > int64(len(e.data)-sizeEnd64) || string(e.data[i:i+4]) != sigEnd64 {
		// The record stands right before the locator, unless the archive was moved.
		i = int64(at - sizeEnd64)
		if i < 0 || string(e.data[i:i+4]) != sigEnd64 {
			return end64{}, false
		}
	}
	r := e.data[i:]
	return end64{directory{
		total:  int64(binary.LittleEndian.Uint64(r[32:])),
		size:   int64(binary.LittleEndian.Uint64(r[40:])),
		offset: int64(binary.LittleEndian.Uint64(r[48:])),
	}, e.from + i}, true
}

// signed tells whether an entry, or the end of an empty list, stands at a position that is at hand.
func (e *archiveEnd) signed(offset int64) bool {
	i := offset - e.from
	if i < 0 || i+4 > int64(len(e.data)) {
		return false
	}
	sig := string(e.data[i : i+4])
	return sig == sigEntry || sig == sigEnd || sig == sigEnd64
}

// read gives the bytes of the list, or of its beginning when it is long.
func (e *archiveEnd) read(ctx context.Context, get Getter, d directory) ([]byte, error) {
	size := min(d.size, zipDirectory)
	if d.offset >= e.from {
		i := d.offset - e.from
		return e.data[i : i+size], nil
	}
	resp, err := get.Get(ctx, e.url, fetch.Request{
		MaxBytes: size, Cut: true, Timeout: lookTime, Identity: true, Range: &fetch.Range{First: d.offset, Last: d.offset + size - 1},
	})
	if err != nil {
		return nil, err
	}
	data, err := readAll(resp)
	if err == nil && resp.Status != http.StatusPartialContent {
		err = trouble(NotZip, errors.New("the server gave no part the second time"))
	}
	return data, err
}

// entries reads the list until its end, its damage or the limit.
func entries(data []byte) []ZipEntry {
	var list []ZipEntry
	for len(list) < zipEntries && len(data) >= sizeEntry && string(data[:4]) == sigEntry {
		name := int(binary.LittleEndian.Uint16(data[28:]))
		extra := int(binary.LittleEndian.Uint16(data[30:]))
		comment := int(binary.LittleEndian.Uint16(data[32:]))
		if len(data) < sizeEntry+name+extra {
			break
		}
		list = append(list, entry(data[:sizeEntry], data[sizeEntry:sizeEntry+name], data[sizeEntry+name:sizeEntry+name+extra]))
		data = data[min(len(data), sizeEntry+name+extra+comment):]
	}
	return list
}

func entry(head, name, extra []byte) ZipEntry {
	flags := binary.LittleEndian.Uint16(head[8:])
	e := ZipEntry{
		Encrypted:  flags&1 != 0,
		Modified:   dosTime(binary.LittleEndian.Uint16(head[14:]), binary.LittleEndian.Uint16(head[12:])),
		Compressed: int64(binary.LittleEndian.Uint32(head[20:])),
		Size:       int64(binary.LittleEndian.Uint32(head[24:])),
	}
	text := zipText(name, flags&0x800 != 0)
	for len(extra) >= 4 {
		tag, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if len(extra) < 4+size {
			break
		}
		field := extra[4 : 4+size]
		extra = extra[4+size:]
		switch tag {
		case 0x0001: // zip64
			field = large(&e.Size, field)
			large(&e.Compressed, field)
		case 0x5455: // extended timestamp
			if size >= 5 && field[0]&1 != 0 {
				e.Modified = time.Unix(int64(int32(binary.LittleEndian.Uint32(field[1:]))), 0).UTC()
			}
		case 0x7075: // name in UTF-8
			if size > 5 && field[0] == 1 && utf8.Valid(field[5:]) {
				text = string(field[5:])
			}
		}
	}
	e.Folder = strings.HasSuffix(text, "/") || strings.HasSuffix(text, `\`)
	e.Name = shown(text)
	e.Size, e.Compressed = max(0, e.Size), max(0, e.Compressed)
	return e
}

// large replaces a size that stands in for one of 64 bits, and gives the rest of the field.
func large(size *int64, field []byte) []byte {
	if *size != 0xffffffff || len(field) < 8 {
		return field
	}
	*size = int64(binary.LittleEndian.Uint64(field))
	return field[8:]
}

// dosTime reads a date and time of two seconds' grain; zero when there is none.
func dosTime(date, clock uint16) time.Time {
	year, month, day := 1980+int(date>>9), time.Month(date>>5&15), int(date&31)
	if month < 1 || month > 12 || day < 1 || clock>>11 > 23 || clock>>5&63 > 59 {
		return time.Time{}
	}
	return time.Date(year, month, day, int(clock>>11), int(clock>>5&63), min(59, int(clock&31)*2), 0, time.UTC)
}

// zipText decodes a name: UTF-8 where the archive says so or where it can be, else the code page 437
// that the format falls back to.
func zipText(name []byte, isUTF8 bool) string {
	if isUTF8 || utf8.Valid(name) {
		return strings.ToValidUTF8(string(name), "\ufffd")
	}
	// A decoder of one byte a letter knows them all.
	text, _ := charmap.CodePage437.NewDecoder().Bytes(name)
	return string(text)
}

// shown makes a name safe to show: what is invisible, or turns the direction of the text, is replaced.
func shown(name string) string {
	return cut(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || unicode.Is(unicode.Cf, r) {
			return '\ufffd'
		}
		return r
	}, name), zipName)
}
