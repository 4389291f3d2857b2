package search

import (
	"strings"

	"grenier/internal/text"
)

// stopWords are the folded words that carry no meaning of their own in French titles and questions.
var stopWords = func() map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(`
		a ai ainsi alors as au aucun aucune aussi autre autres aux avec avoir
		c ce ceci cela celle celles celui ces cet cette ceux chaque chez ci comme
		d dans de depuis des donc dont du
		elle elles en encore entre es est et etaient etait etant etc ete etre eu eux
		grace
		ici il ils
		j je jusqu jusque
		l la le les leur leurs lors lorsqu lorsque lui
		m ma mais me meme memes mes moi mon
		n ne ni non nos notre nous
		on ont or ou
		par parmi pas pendant peut peuvent plus pour pourquoi puis puisqu puisque
		qu quand que quel quelle quelles quels qui quoi quoiqu
		s sa sans se selon ses si sinon soit son sont sous sur
		t ta te tel telle telles tels tes toi ton tous tout toute toutes tres tu
		un une
		vers via voici voila vos votre vous
		y
		the of and`) {
		set[word] = true
	}
	return set
}()

// token is one word of a text.
type token struct {
	// surface is the folded word; stem is what it is found by.
	surface, stem string
	start, end    int
	stop          bool
}

// tokenize cuts s into at most limit words. It is meant for short texts: questions, titles, names.
func tokenize(s string, limit int) []token {
	var tokens []token
	text.Words(s, func(word []byte, start, end int) bool {
		surface := string(word)
		tokens = append(tokens, token{surface, stemOf(surface), start, end, stopWords[surface]})
		return len(tokens) < limit
	})
	return tokens
}

// significant gives the tokens that are no stop words, or all of them when there are only stop words.
func significant(tokens []token) []token {
	kept := make([]token, 0, len(tokens))
	for _, t := range tokens {
		if !t.stop {
			kept = append(kept, t)
		}
	}
	if len(kept) == 0 {
		return tokens
	}
	return kept
}

// stems gives the significant stems of s in order.
func stems(s string) []string {
	tokens := significant(tokenize(s, maxTitleWords))
	list := make([]string, len(tokens))
	for i, t := range tokens {
		list[i] = t.stem
	}
	return list
}

// maxTitleWords bounds the words kept of a title.
const maxTitleWords = 60

// hashWords gives a 32-bit key of a sequence of words (FNV-1a).
func hashWords(words []string) uint32 {
	h := uint32(2166136261)
	for i, w := range words {
		if i > 0 {
			h = (h ^ ' ') * 16777619
		}
		for j := range len(w) {
			h = (h ^ uint32(w[j])) * 16777619
		}
	}
	return h
}

// acronymsOf gives the acronyms of a document, folded: the declared ones, whole and cut at separators, and what stands
// in brackets or quotes in the title when at least half of it is capitals.
func acronymsOf(declared []string, title string) []string {
	var found []string
	add := func(s string) {
		for part := range strings.FieldsFuncSeq(s, isAcronymSeparator) {
			if joined := strings.ReplaceAll(text.JoinWords(part), " ", ""); joined != "" && len(joined) <= 40 {
				found = append(found, joined)
			}
		}
	}
	for _, s := range declared {
		add(s)
		if joined := strings.ReplaceAll(text.JoinWords(s), " ", ""); joined != "" && len(joined) <= 40 {
			found = append(found, joined)
		}
	}
	for _, s := range enclosed(title) {
		if mostlyCapitals(s) && len(s) <= 40 {
			add(s)
		}
	}
	return found
}

func isAcronymSeparator(r rune) bool { return strings.ContainsRune(",/;- \t\u00a0", r) }

// enclosed gives what stands between brackets or quotes in s.
func enclosed(s string) []string {
	var parts []string
	for _, pair := range [][2]string{{"(", ")"}, {"[", "]"}, {"«", "»"}, {`"`, `"`}, {"“", "”"}} {
		rest := s
		for {
			_, after, ok := strings.Cut(rest, pair[0])
			if !ok {
				break
			}
			inside, left, ok := strings.Cut(after, pair[1])
			if !ok {
				break
			}
			parts, rest = append(parts, inside), left
		}
	}
	return parts
}

// mostlyCapitals tells whether at least half of the letters of s, and at least two, are capitals.
func mostlyCapitals(s string) bool {
	capitals, letters := 0, 0
	for _, r := range s {
		switch {
		case 'A' <= r && r <= 'Z', r >= 0xC0 && strings.ToLower(string(r)) != string(r):
			capitals++
			letters++
		case 'a' <= r && r <= 'z', r >= 0xC0:
			letters++
		}
	}
	return capitals >= 2 && 2*capitals >= letters
}

// nameInitials gives the initials by which an organisation may be called: those of all the words of its name, and
// those of the significant ones.
func nameInitials(name string) []string {
	var all []byte
	for _, t := range tokenize(name, maxTitleWords) {
		all = append(all, t.surface[0])
	}
	var list []string
	if initials := initialsOf(name); initials != "" {
		list = append(list, initials)
	}
	if len(all) >= 3 && len(all) <= 8 {
		list = append(list, string(all))
	}
	return list
}

// initialsOf gives the first letters of the significant words of a title, up to its first bracket, colon, comma or
// spaced dash; empty unless there are three to eight of them.
func initialsOf(title string) string {
	for _, mark := range []string{"(", ":", ",", " - ", " – "} {
		title, _, _ = strings.Cut(title, mark)
	}
	var initials []byte
	for _, t := range tokenize(title, maxTitleWords) {
		if !t.stop {
			initials = append(initials, t.surface[0])
		}
	}
	if len(initials) < 3 || len(initials) > 8 {
		return ""
	}
	return string(initials)
}
