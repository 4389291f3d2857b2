package search

import (
	"unicode/utf8"

	"grenier/internal/text"
)

// Of the piece of a description shown with a hit.
const (
	snippetBytes = 240
	// snippetReach is how far into a description words are looked for.
	snippetReach = 4 << 10
)

// highlighter marks the words of a question in texts.
type highlighter struct {
	stems map[string]bool
	// first are the first bytes of stems, which are those of the words they come from.
	first [256]bool
}

func newHighlighter(readings []reading) *highlighter {
	h := &highlighter{stems: map[string]bool{}}
	for i := range readings {
		for _, stem := range readings[i].stems {
			h.stems[stem] = true
			h.first[stem[0]] = true
		}
	}
	return h
}

// mark fills in the marks of the title and the piece of the description with the most distinct words found.
func (h *highlighter) mark(hit *Hit, p *livePart, row uint32) {
	hit.Title.Marks = h.marks(hit.Title.Text)
	hit.Snippet = h.snippet(view(p.descriptions.at(int(row))))
}

func (h *highlighter) marks(s string) [][2]int {
	var marks [][2]int
	h.each(s, func(_ string, start, end int) { marks = append(marks, [2]int{start, end}) })
	return marks
}

// each calls yield with each word of s that was asked for. The stem is only valid during the call.
func (h *highlighter) each(s string, yield func(stem string, start, end int)) {
	if len(h.stems) == 0 {
		return
	}
	text.Words(s, func(word []byte, start, end int) bool {
		if !h.first[word[0]] {
			return true
		}
		if found := stem(word); h.stems[string(found)] {
			yield(view(found), start, end)
		}
		return true
	})
}

// found is a word of the question in a description.
type foundWord struct {
	stem       string
	start, end int
}

func (h *highlighter) snippet(description string) Marked {
	reach := cut(description, snippetReach)
	var words []foundWord
	h.each(reach, func(stem string, start, end int) {
		words = append(words, foundWord{string([]byte(stem)), start, end})
	})
	from := 0
	if len(words) > 0 {
		from = words[bestWindow(words)].start
	}
	return excerpt(description, from, words)
}

// bestWindow gives the word from which a piece of the description has the most distinct words; the first such.
func bestWindow(words []foundWord) int {
	best, most := 0, 0
	for i := range words {
		distinct := 0
		for j := i; j < len(words) && words[j].end-words[i].start <= snippetBytes; j++ {
			known := false
			for k := i; k < j && !known; k++ {
				known = words[k].stem == words[j].stem
			}
			if !known {
				distinct++
			}
		}
		if distinct > most {
			best, most = i, distinct
		}
	}
	return best
}

// excerpt cuts a piece out of s that begins some words before from, with what was left out shown by an ellipsis.
func excerpt(s string, from int, words []foundWord) Marked {
	start := max(0, from-snippetBytes/4)
	if from <= snippetBytes/2 {
		start = 0
	}
	start = wordStart(s, start)
	end := wordEnd(s, min(len(s), start+snippetBytes))
	m := Marked{Text: s[start:end]}
	prefix := ""
	if start > 0 {
		prefix = "… "
	}
	suffix := ""
	if end < len(s) {
		suffix = " …"
	}
	m.Text = prefix + m.Text + suffix
	for _, w := range words {
		if w.start >= start && w.end <= end {
			m.Marks = append(m.Marks, [2]int{w.start - start + len(prefix), w.end - start + len(prefix)})
		}
	}
	return m
}

// wordStart moves at forward to the next beginning of a word, unless that is far.
func wordStart(s string, at int) int {
	if at == 0 {
		return 0
	}
	for i := at; i < len(s) && i < at+40; i++ {
		if s[i-1] == ' ' || s[i-1] == '\n' {
			return i
		}
	}
	for at < len(s) && !utf8.RuneStart(s[at]) {
		at++
	}
	return at
}

// wordEnd moves at back to the last end of a word, unless that is far.
func wordEnd(s string, at int) int {
	if at == len(s) {
		return at
	}
	for i := at; i > 0 && i > at-40; i-- {
		if s[i] == ' ' || s[i] == '\n' {
			return i
		}
	}
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	return at
}
