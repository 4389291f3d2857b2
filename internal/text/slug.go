package text

import (
	"strings"

	"github.com/gosimple/unidecode"

	"regexp"
)

// SlugMax is the longest slug, in bytes.
const SlugMax = 255

// Slug makes the part of an address that names an object: letters without
// accents in lower case and digits, words joined by dashes, apostrophes
// dropped. A word that would pass the limit is left out; later, shorter ones
// may still follow, as the reference does.
func Slug(s string) string { return slugOf(strings.ToLower(inASCII(s))) }

// SlugKeepCase is Slug without the change to lower case, for zones.
func SlugKeepCase(s string) string { return slugOf(inASCII(s)) }

// inASCII writes what is not ASCII by letters that are; the euro sign by its
// code, as the reference does.
func inASCII(s string) string {
	return unidecode.Unidecode(strings.ReplaceAll(s, "€", "EUR"))
}

func slugOf(ascii string) string {
	ascii = strings.ReplaceAll(ascii, "'", "")
	var b strings.Builder
	for _, word := range strings.FieldsFunc(ascii, func(r rune) bool { return !isAlphanumeric(r) }) {
		switch {
		case b.Len() == 0:
			b.WriteString(word[:min(len(word), SlugMax)])
		case b.Len()+1+len(word) <= SlugMax:
			b.WriteByte('-')
			b.WriteString(word)
		}
	}
	slug := b.String()
	if uuidShape.MatchString(slug) {
		slug += "-uuid"
	}
	return slug
}

var uuidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)

func isAlphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// NumberedSlug returns base, or base with -n behind it when n is positive,
// shortened so that the whole fits.
func NumberedSlug(base string, n int) string {
	if n <= 0 {
		return base
	}
	suffix := "-" + itoa(n)
	return base[:min(len(base), SlugMax-len(suffix))] + suffix
}
