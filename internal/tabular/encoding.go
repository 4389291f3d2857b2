package tabular

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// decode turns bytes into UTF-8 text without a byte order mark and names the encoding as IANA does.
// Bytes that cannot be read become U+FFFD. whole tells that the last letter is not cut.
func decode(data []byte, whole bool) (text, name string) {
	if rest, ok := bytes.CutPrefix(data, []byte{0xef, 0xbb, 0xbf}); ok {
		data = rest
	}
	if order, name := wide(data); name != "" {
		text := decoded(unicode.UTF16(order, unicode.UseBOM), data[:len(data)&^1])
		return strings.TrimPrefix(text, "\ufeff"), name
	}
	if !whole {
		data = wholeLetters(data)
	}
	if mostlyUTF8(data) {
		return strings.ToValidUTF8(string(data), "\ufffd"), "utf-8"
	}
	best, most := singleBytes[0], -1<<31
	for _, candidate := range singleBytes {
		if score := plausible(decoded(candidate.table, data[:min(len(data), 64<<10)])); score > most {
			best, most = candidate, score
		}
	}
	return decoded(best.table, data), best.name
}

// singleBytes are the encodings of old files, the likeliest first.
var singleBytes = []struct {
	name  string
	table encoding.Encoding
}{
	{"windows-1252", charmap.Windows1252},
	{"macintosh", charmap.Macintosh},
	{"ibm850", charmap.CodePage850},
}

func decoded(table encoding.Encoding, data []byte) string {
	// A decoder gives U+FFFD for what it cannot read, never an error.
	text, _ := table.NewDecoder().Bytes(data)
	return strings.ToValidUTF8(string(text), "\ufffd")
}

// wide recognises UTF-16 by its mark, or by the zeros that Latin letters leave on one side.
func wide(data []byte) (unicode.Endianness, string) {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		return unicode.LittleEndian, "utf-16le"
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return unicode.BigEndian, "utf-16be"
	}
	var zeros [2]int
	sample := data[:min(len(data), 4096)&^1]
	for i, b := range sample {
		if b == 0 {
			zeros[i&1]++
		}
	}
	half := len(sample) / 2
	switch {
	case half >= 2 && zeros[1] > half*7/10 && zeros[0] < half/20+1:
		return unicode.LittleEndian, "utf-16le"
	case half >= 2 && zeros[0] > half*7/10 && zeros[1] < half/20+1:
		return unicode.BigEndian, "utf-16be"
	}
	return unicode.BigEndian, ""
}

// wholeLetters drops a UTF-8 letter that is cut at the end.
func wholeLetters(data []byte) []byte {
	for back := 1; back < utf8.UTFMax && back <= len(data); back++ {
		i := len(data) - back
		if utf8.RuneStart(data[i]) {
			if !utf8.FullRune(data[i:]) {
				return data[:i]
			}
			break
		}
	}
	return data
}

// mostlyUTF8 tells UTF-8, also where one letter in a hundred is damaged.
func mostlyUTF8(data []byte) bool {
	if utf8.Valid(data) {
		return true
	}
	good, bad := 0, 0
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			bad++
		} else {
			good++
		}
		i += size
	}
	return bad*100 <= good
}

// plausible counts the letters that texts of western Europe hold, against those that they do not.
func plausible(text string) int {
	score := 0
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf:
		case strings.ContainsRune("éèêëàâäáãçîïíìôöóòõùûüúñœæßåøÉÈÊËÀÂÄÁÇÎÏÍÔÖÓÙÛÜÚÑŒÆ", r):
			score += 2
		case strings.ContainsRune("€°²³«»’‘“”–—…·•µ§№\u00a0", r):
			score++
		default:
			score -= 3
		}
	}
	return score
}
