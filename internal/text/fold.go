package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxWord is the largest number of bytes of a folded word; what follows is cut.
const MaxWord = 64

// Fold gives s in lower case without accents, ligatures opened (œ → oe) and compatibility forms replaced (² → 2).
// What is no letter and no digit is kept as it is. Invalid UTF-8 becomes U+FFFD.
func Fold(s string) string {
	if isFolded(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if isWordRune(r) {
			b = appendFolded(b, r)
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return string(b)
}

// Words calls yield with each run of letters and digits of s, folded, and its place in s as byte offsets, until yield
// returns false. The folded bytes are only valid during the call.
//
// An apostrophe ends a word: «l'école» gives l and ecole.
func Words(s string, yield func(folded []byte, start, end int) bool) {
	var buffer [MaxWord]byte
	for i := 0; i < len(s); {
		start, word := i, buffer[:0]
		for i < len(s) {
			c := s[i]
			if c < utf8.RuneSelf {
				if folded := asciiWord[c]; folded != 0 {
					if len(word) < MaxWord {
						word = append(word, folded)
					}
					i++
					continue
				}
				break
			}
			r, size := utf8.DecodeRuneInString(s[i:])
			if !isWordRune(r) {
				break
			}
			if len(word)+utf8.UTFMax <= MaxWord {
				word = appendFolded(word, r)
				word = word[:min(len(word), MaxWord)]
			}
			i += size
		}
		if len(word) > 0 && !yield(word, start, i) {
			return
		}
		if i == start {
			_, size := utf8.DecodeRuneInString(s[i:])
			i += size
		}
	}
}

// JoinWords gives the folded words of s separated by single spaces.
func JoinWords(s string) string {
	var b strings.Builder
	Words(s, func(word []byte, _, _ int) bool {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.Write(word)
		return true
	})
	return b.String()
}

// isFolded tells whether s is plain lower-case ASCII, which Fold leaves alone.
func isFolded(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || 'A' <= s[i] && s[i] <= 'Z' {
			return false
		}
	}
	return true
}

// isWordRune tells whether r belongs to a word: a letter, a number, or a mark that combines with one.
func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Mn, r)
}

// asciiWord maps an ASCII letter or digit to its folded form, all else to 0.
var asciiWord = func() (table [utf8.RuneSelf]byte) {
	for c := range byte(utf8.RuneSelf) {
		switch {
		case 'A' <= c && c <= 'Z':
			table[c] = c + 'a' - 'A'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			table[c] = c
		}
	}
	return table
}()

// firstLatin and endLatin bound the accented Latin letters whose folded forms are kept in a table.
const firstLatin, endLatin = 0xC0, 0x250

var latin = func() (table [endLatin - firstLatin]string) {
	for r := rune(firstLatin); r < endLatin; r++ {
		table[r-firstLatin] = string(decompose(nil, r))
	}
	return table
}()

// opened are the letters that have no decomposition in Unicode but are typed as these.
var opened = map[rune]string{
	'œ': "oe", 'æ': "ae", 'ß': "ss", 'ø': "o", 'đ': "d", 'ð': "d", 'ł': "l", 'þ': "th", 'ħ': "h", 'ı': "i",
}

func appendFolded(b []byte, r rune) []byte {
	switch {
	case r < utf8.RuneSelf:
		if folded := asciiWord[r]; folded != 0 {
			return append(b, folded)
		}
		return b
	case firstLatin <= r && r < endLatin:
		return append(b, latin[r-firstLatin]...)
	}
	return decompose(b, r)
}

// decompose appends the letters and digits of the compatibility decomposition of r, in lower case, without marks.
func decompose(b []byte, r rune) []byte {
	for _, part := range norm.NFKD.String(string(unicode.ToLower(r))) {
		part = unicode.ToLower(part)
		if plain, ok := opened[part]; ok {
			b = append(b, plain...)
		} else if unicode.IsLetter(part) || unicode.IsNumber(part) {
			b = utf8.AppendRune(b, part)
		}
	}
	return b
}
