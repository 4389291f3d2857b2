package portal

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxWords bounds what is searched for, in characters.
const maxWords = 500

// wordsOf reads a text typed by a person: valid, trimmed and bounded.
func wordsOf(q string) string {
	q = strings.TrimSpace(strings.ToValidUTF8(q, ""))
	if utf8.RuneCountInString(q) > maxWords {
		q = string([]rune(q)[:maxWords])
	}
	return q
}

// lastPage bounds the pages of a list, beyond which nobody reads.
const lastPage = 500

// pageOf reads the number of a page; what is none is the first.
func pageOf(arg string) int {
	n, err := strconv.Atoi(strings.TrimSpace(arg))
	if err != nil || n < 1 {
		return 1
	}
	return min(n, lastPage)
}
