package intake

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// namesOfSlug makes a person's names out of their slug, which is all that dumps
// give. The slug of somebody who left the platform tells so.
func namesOfSlug(slug string) (first, last string, active bool) {
	if strings.HasPrefix(slug, "deleted-") {
		return "DELETED", "DELETED", false
	}
	words := strings.FieldsFunc(slug, func(r rune) bool { return r == '-' })
	for i, word := range words {
		initial, size := utf8.DecodeRuneInString(word)
		words[i] = string(unicode.ToUpper(initial)) + word[size:]
	}
	switch len(words) {
	case 0:
		return slug, "", true
	case 1:
		return words[0], "", true
	}
	return words[0], strings.Join(words[1:], " "), true
}
