package text

import (
	"strings"
	"unicode/utf8"
)

// Excerpt is the beginning of Markdown or HTML as plain text of at most so many
// characters, cut between words; an ellipsis tells that it was cut.
func Excerpt(source string, characters int) string {
	plain := Plain(source, 8*characters)
	if utf8.RuneCountInString(plain) <= characters {
		return plain
	}
	short := string([]rune(plain)[:max(characters-1, 0)])
	if end := strings.LastIndexByte(short, ' '); end > 0 {
		short = short[:end]
	}
	return strings.TrimRight(short, " ,;:.–-") + "…"
}
