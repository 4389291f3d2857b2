package search

import "bytes"

// stem cuts a folded word to the light stem of Jacques Savoy's French stemmer (UniNE, 1999): plurals and feminine
// forms, and the commonest suffixes that make a noun of a verb. It works in place and gives a prefix of word, sometimes
// with other last letters. Words of fewer than four letters and those with digits or foreign letters stay as they are.
func stem(word []byte) []byte {
	if len(word) < 4 || !onlyLetters(word) {
		return word
	}
	return normalizeEnding(cutSuffix(cutPlural(word)))
}

// stemOf is stem for a string, which stays as it is.
func stemOf(word string) string {
	if len(word) < 4 {
		return word
	}
	return string(stem([]byte(word)))
}

func onlyLetters(word []byte) bool {
	for _, c := range word {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// cutPlural turns -aux into -al (but not -eaux) and drops a final x or s.
func cutPlural(w []byte) []byte {
	n := len(w)
	if n > 5 && bytes.HasSuffix(w, []byte("aux")) && w[n-4] != 'e' {
		w[n-2] = 'l'
		return w[:n-1]
	}
	if n > 3 && w[n-1] == 'x' {
		n--
	}
	if n > 3 && w[n-1] == 's' {
		n--
	}
	return w[:n]
}

// suffixRule replaces a suffix of words longer than min letters.
type suffixRule struct {
	suffix, replacement string
	min                 int
	// done ends the suffix rules; otherwise the later ones are tried on what is left.
	done bool
}

// suffixRules are tried in order. Every replacement is no longer than its suffix.
var suffixRules = []suffixRule{
	{"issement", "ir", 9, true},
	{"issant", "ir", 8, true},
	{"ivement", "if", 8, true},
	{"ement", "e", 6, true},
	{"ficatrice", "fier", 11, true},
	{"ficateur", "fier", 10, true},
	{"catrice", "quer", 9, true},
	{"cateur", "quer", 8, true},
	{"atrice", "er", 8, true},
	{"ateur", "er", 7, true},
	{"trice", "teur", 6, false},
	{"ieme", "", 5, true},
	{"teuse", "ter", 7, true},
	{"teur", "ter", 6, true},
	{"euse", "eu", 5, true},
	{"ere", "er", 6, true},
	{"ive", "if", 7, true},
	{"folle", "fou", 4, true},
	{"molle", "mou", 4, true},
	{"nnelle", "n", 9, true},
	{"nnel", "n", 9, true},
	{"ete", "et", 4, false},
	{"ique", "", 8, false},
	{"esse", "", 8, false},
	{"inage", "in", 7, false},
	{"ualisation", "uel", 12, true},
	{"isation", "", 9, true},
	{"isateur", "", 9, true},
	{"ation", "", 8, true},
	{"ition", "", 8, true},
}

func cutSuffix(w []byte) []byte {
	for i := range suffixRules {
		rule := &suffixRules[i]
		if len(w) <= rule.min || w[len(w)-1] != rule.suffix[len(rule.suffix)-1] || !bytes.HasSuffix(w, []byte(rule.suffix)) {
			continue
		}
		w = append(w[:len(w)-len(rule.suffix)], rule.replacement...)
		if rule.done {
			break
		}
	}
	return w
}

// normalizeEnding makes double letters single and drops the endings -ie, -r, -e, -é that remain.
func normalizeEnding(w []byte) []byte {
	if len(w) > 4 && distinctNeighbours(w) >= 3 {
		kept := w[:1]
		for _, c := range w[1:] {
			if c != kept[len(kept)-1] {
				kept = append(kept, c)
			}
		}
		w = kept
	}
	if len(w) > 4 && bytes.HasSuffix(w, []byte("ie")) {
		w = w[:len(w)-2]
	}
	if len(w) > 4 && w[len(w)-1] == 'r' {
		w = w[:len(w)-1]
	}
	for range 2 {
		if len(w) > 4 && w[len(w)-1] == 'e' {
			w = w[:len(w)-1]
		}
	}
	return w
}

// distinctNeighbours is the number of letters left when double letters are made single.
func distinctNeighbours(w []byte) int {
	n := 1
	for i := range w[1:] {
		if w[i] != w[i+1] {
			n++
		}
	}
	return n
}
