package portal

import (
	"strings"
	"unicode"
)

// textPiece is a stretch of a text that two versions share, or that one alone has.
type textPiece struct {
	Text string
	// Change is added, removed, gap for words left out in between, or empty for
	// what both have.
	Change string
}

const (
	// maxCompared bounds the words of each text that are compared one by one.
	maxCompared = 1500
	// aroundChange is how many shared words are shown beside a change.
	aroundChange = 12
)

// textDifference compares two texts word by word.
func textDifference(before, after string) []textPiece {
	old, new := wordsApart(before), wordsApart(after)
	head := 0
	for head < len(old) && head < len(new) && old[head] == new[head] {
		head++
	}
	tail := 0
	for tail < len(old)-head && tail < len(new)-head && old[len(old)-1-tail] == new[len(new)-1-tail] {
		tail++
	}
	var d wordDifference
	d.add("", old[:head])
	oldRest, newRest := old[head:len(old)-tail], new[head:len(new)-tail]
	if len(oldRest) > maxCompared || len(newRest) > maxCompared {
		d.add("removed", oldRest)
		d.add("added", newRest)
	} else {
		d.compare(oldRest, newRest)
	}
	d.add("", old[len(old)-tail:])
	return d.pieces()
}

// wordsApart cuts a text before each word, the spaces behind words included.
func wordsApart(text string) []string {
	var words []string
	start, space := 0, false
	for i, r := range text {
		if now := unicode.IsSpace(r); now != space {
			if space && i > start {
				words = append(words, text[start:i])
				start = i
			}
			space = now
		}
	}
	if start < len(text) {
		words = append(words, text[start:])
	}
	return words
}

// wordDifference gathers stretches of words.
type wordDifference struct{ stretches []stretch }

type stretch struct {
	change string
	words  []string
}

func (d *wordDifference) add(change string, words []string) {
	if len(words) == 0 {
		return
	}
	if last := len(d.stretches) - 1; last >= 0 && d.stretches[last].change == change {
		d.stretches[last].words = append(d.stretches[last].words, words...)
		return
	}
	d.stretches = append(d.stretches, stretch{change, append([]string(nil), words...)})
}

// compare finds the longest words in common, in their order.
func (d *wordDifference) compare(old, new []string) {
	width := len(new) + 1
	longest := make([]uint16, (len(old)+1)*width)
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(new) - 1; j >= 0; j-- {
			if old[i] == new[j] {
				longest[i*width+j] = longest[(i+1)*width+j+1] + 1
			} else {
				longest[i*width+j] = max(longest[(i+1)*width+j], longest[i*width+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(old) && j < len(new) {
		switch {
		case old[i] == new[j]:
			d.add("", old[i:i+1])
			i, j = i+1, j+1
		case longest[(i+1)*width+j] >= longest[i*width+j+1]:
			d.add("removed", old[i:i+1])
			i++
		default:
			d.add("added", new[j:j+1])
			j++
		}
	}
	d.add("removed", old[i:])
	d.add("added", new[j:])
}

// pieces are the stretches as they are shown: long ones in common are cut.
func (d *wordDifference) pieces() []textPiece {
	var pieces []textPiece
	for i, s := range d.stretches {
		if s.change != "" || len(s.words) <= 3*aroundChange {
			pieces = append(pieces, textPiece{strings.Join(s.words, ""), s.change})
			continue
		}
		if i > 0 {
			pieces = append(pieces, textPiece{Text: strings.Join(s.words[:aroundChange], "")})
		}
		pieces = append(pieces, textPiece{Text: " … ", Change: "gap"})
		if i < len(d.stretches)-1 {
			pieces = append(pieces, textPiece{Text: strings.Join(s.words[len(s.words)-aroundChange:], "")})
		}
	}
	return pieces
}
