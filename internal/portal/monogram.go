package portal

import (
	"hash/fnv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shades is the number of colours of monograms.
const shades = 5

// shade picks the colour of an object's monogram, from 1 to shades.
func shade(id string) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32()%shades) + 1
}

// small are words that no initial is taken from.
var small = map[string]bool{
	"de": true, "du": true, "des": true, "la": true, "le": true, "les": true, "et": true, "d": true, "l": true, "of": true, "the": true, "and": true, "en": true, "à": true,
}

// initials are one or two letters that stand for a name.
func initials(name string) string {
	letters := ""
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if small[strings.ToLower(word)] {
			continue
		}
		first, _ := utf8.DecodeRuneInString(word)
		if letters += string(unicode.ToUpper(first)); utf8.RuneCountInString(letters) == 2 {
			break
		}
	}
	return letters
}
