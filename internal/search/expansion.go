package search

import (
	"strings"
	"unicode/utf8"
)

// expansionSeparator stands between an acronym and its words in the columns of expansions.
const expansionSeparator = "\x00"

// minExpansionWords is the smallest number of significant words that an acronym may stand for.
const minExpansionWords = 3

// expansion is an acronym explained in a text.
type expansion struct {
	acronym string
	// words are the significant stems.
	words []string
}

// findExpansions gives the acronyms that a text explains as «words (ABC)», where the initials of the words before the
// bracket are the letters of the acronym, and as «ABC (words)».
func findExpansions(s string) []expansion {
	var found []expansion
	for at := 0; len(found) < 8; {
		open := strings.IndexByte(s[at:], '(')
		if open < 0 {
			break
		}
		open += at
		at = open + 1
		closing := strings.IndexByte(s[at:min(len(s), at+200)], ')')
		if closing < 0 {
			continue
		}
		inside := s[at : at+closing]
		if e, ok := explainedBefore(s[:open], inside); ok {
			found = append(found, e)
		} else if e, ok := explainedInside(s[:open], inside); ok {
			found = append(found, e)
		}
	}
	return found
}

func explainedBefore(before, inside string) (expansion, bool) {
	acronym, ok := singleAcronym(inside)
	if !ok {
		return expansion{}, false
	}
	words := matchInitials(tokenize(lastBytes(before, 200), maxTitleWords), acronym)
	return expansion{acronym, words}, words != nil
}

func explainedInside(before, inside string) (expansion, bool) {
	before = strings.TrimRight(lastBytes(before, 40), " \u00a0")
	acronym, ok := singleAcronym(before[1+strings.LastIndexAny(before, " \u00a0'’\n\t"):])
	if !ok {
		return expansion{}, false
	}
	tokens := tokenize(inside, maxTitleWords)
	words := matchInitials(tokens, acronym)
	if words == nil || len(words) != len(significant(tokens)) {
		return expansion{}, false
	}
	return expansion{acronym, words}, true
}

// singleAcronym gives s folded when it is one word of three to ten letters, at least half of them capitals.
func singleAcronym(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 3 || len(s) > 12 || !mostlyCapitals(s) {
		return "", false
	}
	tokens := tokenize(s, 2)
	if len(tokens) != 1 || tokens[0].start != 0 || tokens[0].end != len(s) || len(tokens[0].surface) > 10 {
		return "", false
	}
	return tokens[0].surface, true
}

// matchInitials walks back from the last word as long as initials match the letters of the acronym; stop words may
// stand between. It gives the stems of the significant words, or nil.
func matchInitials(tokens []token, acronym string) []string {
	at := len(tokens)
	first := at
	for letter := len(acronym) - 1; letter >= 0; letter-- {
		at--
		for at >= 0 && tokens[at].stop && tokens[at].surface[0] != acronym[letter] {
			at--
		}
		// A stop word gives its initial only when the next significant word does not.
		for at > 0 && tokens[at].stop && nextSignificantBegins(tokens[:at], acronym[letter]) {
			at--
		}
		if at < 0 || tokens[at].surface[0] != acronym[letter] {
			return nil
		}
		first = at
	}
	var words []string
	for _, t := range tokens[first:] {
		if !t.stop {
			words = append(words, t.stem)
		}
	}
	if len(words) < minExpansionWords {
		return nil
	}
	return words
}

func nextSignificantBegins(tokens []token, letter byte) bool {
	for i := len(tokens) - 1; i >= 0; i-- {
		if !tokens[i].stop {
			return tokens[i].surface[0] == letter
		}
	}
	return false
}

// lastBytes gives the end of s, of n bytes at most, beginning with a whole character.
func lastBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = s[len(s)-n:]
	for len(s) > 0 && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return s
}

// synonyms are groups of phrases that mean the same to those who search for public data in France, after the synonyms
// of the reference platform.
var synonyms = [][]string{
	{"amd", "amdac", "administrateur ministériel des données"},
	{"lolf", "loi de finance"},
	{"waldec", "rna", "répertoire national des associations"},
	{"ovq", "baromètre des résultats"},
	{"contour", "découpage"},
	{"rp", "recensement de la population"},
}

// synonymTable maps the stems of a phrase to those of the phrases that mean the same.
var synonymTable = func() map[string][][]string {
	table := map[string][][]string{}
	for _, group := range synonyms {
		for i, phrase := range group {
			key := strings.Join(stems(phrase), " ")
			for j, other := range group {
				if i != j {
					table[key] = append(table[key], stems(other))
				}
			}
		}
	}
	return table
}()
