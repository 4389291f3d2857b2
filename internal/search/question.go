package search

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// What is read of a question; the rest is not looked at.
const (
	maxQuestionBytes  = 1_000
	maxQuestionTokens = 100
	maxQuestionWords  = 16
	// maxReadings bounds the ways a question is read, maxPostings the documents looked at for corrections.
	maxReadings = 14
	maxPostings = 600_000
)

// word is a distinct word of a question.
type word struct {
	token
	// count is the number of documents that have it.
	count int
}

// reading is one way to understand a question: as typed, with a word corrected, with an acronym spelled out…
type reading struct {
	stems []string
	// surfaces are the words as typed or corrected; none when read by another name.
	surfaces []string
	// shares are the parts of the information in the question that the words carry; they add up to 1.
	shares []float32
	// all asks for every word.
	all     bool
	weights *compiledWeights
	factor  float32
	// key stands for the whole question, joined for its surfaces in one word, as hashed by hashWords.
	key, joined uint32
	// corrected is the question with the variant in it; empty when it is read as typed.
	corrected string
}

// compiledWeights are weights with their tables.
type compiledWeights struct {
	weights
	mask        *[256]float32
	description *[maxFrequency + 1]float32
}

func compile(w weights) *compiledWeights {
	return &compiledWeights{w, w.maskTable(), w.descriptionTable()}
}

// compiledRanks and compiledExpansion are the settings ready for use.
var (
	compiledRanks = func() (list [lastKind + 1]*compiledWeights) {
		for kind := range list {
			list[kind] = compile(ranks[kind].weights)
		}
		return list
	}()
	compiledExpansion = compile(expansionWeights)
)

// reader finds the readings of a question in the dictionaries of one kind.
type reader struct {
	parts []*livePart
	kind  Kind
	total int
	text  string
	words []word
	// surfaces are the words as typed.
	surfaces []string
	// budget is the number of postings that may still be looked at.
	budget   int
	readings []reading
}

// readQuestion gives the ways to understand a question, the literal one first; none when it has no word. With typing
// the last word is taken as unfinished.
func readQuestion(parts []*livePart, kind Kind, question string, typing bool) []reading {
	r := &reader{parts: parts, kind: kind, text: cut(question, maxQuestionBytes), budget: maxPostings}
	for _, p := range parts {
		r.total += p.live()
	}
	r.readWords(typing)
	if len(r.words) == 0 {
		return nil
	}
	literal := make([]string, len(r.words))
	r.surfaces = make([]string, len(r.words))
	for i, w := range r.words {
		literal[i], r.surfaces[i] = w.stem, w.surface
	}
	r.add(reading{stems: literal, surfaces: r.surfaces, weights: compiledRanks[kind], factor: 1})
	r.addJoined()
	r.addExpansions(literal)
	r.addVariants(literal, typing)
	return r.readings
}

// readWords finds the distinct significant words; of too many, those that tell most. With typing the last word is kept
// even when it is a stop word: it may become another.
func (r *reader) readWords(typing bool) {
	tokens := tokenize(r.text, maxQuestionTokens)
	if last := len(tokens) - 1; typing && last >= 0 {
		tokens[last].stop = false
	}
	for _, t := range significant(tokens) {
		if !slices.ContainsFunc(r.words, func(w word) bool { return w.stem == t.stem }) {
			r.words = append(r.words, word{t, r.count(t.stem)})
		}
	}
	if len(r.words) <= maxQuestionWords {
		return
	}
	slices.SortStableFunc(r.words, func(a, b word) int {
		return cmp.Or(-cmp.Compare(min(a.count, 1), min(b.count, 1)), cmp.Compare(a.count, b.count))
	})
	r.words = r.words[:maxQuestionWords]
	slices.SortFunc(r.words, func(a, b word) int { return cmp.Compare(a.start, b.start) })
}

// count gives the number of documents that have a stem. Among those of a part that were replaced or removed it is taken
// to be as frequent as among the others.
func (r *reader) count(stem string) int {
	count := 0
	for _, p := range r.parts {
		if number, ok := p.words.find(stem); ok {
			count += (int(p.wordCounts[number])*p.live() + p.n - 1) / p.n
		}
	}
	return min(count, r.total)
}

// add completes a reading and keeps it, unless it is known or too costly.
func (r *reader) add(next reading) {
	if len(r.readings) >= maxReadings {
		return
	}
	for i := range r.readings {
		if known := &r.readings[i]; known.all == next.all && slices.Equal(known.stems, next.stems) {
			return
		}
	}
	next.shares = make([]float32, len(next.stems))
	sum, cost := 0.0, 0
	for i, stem := range next.stems {
		count := r.count(stem)
		if count == 0 && next.all {
			return
		}
		information := r.information(count)
		next.shares[i] = float32(information)
		sum += information
		cost += count
	}
	if len(r.readings) > 0 && cost > r.budget {
		return
	}
	r.budget -= cost
	for i := range next.shares {
		next.shares[i] = float32(float64(next.shares[i]) / sum)
	}
	next.key = hashWords(next.stems)
	next.joined = hashWords([]string{stemOf(strings.Join(next.surfaces, ""))})
	r.readings = append(r.readings, next)
}

// information is the inverse document frequency of a word with so many documents.
func (r *reader) information(count int) float64 {
	n := float64(r.total)
	if count == 0 {
		return math.Log(max(n, 2))
	}
	return math.Log(1 + (n-float64(count)+.5)/(float64(count)+.5))
}

// addJoined reads two to four words as one, when that one exists: «open street map».
func (r *reader) addJoined() {
	tokens := tokenize(r.text, maxQuestionTokens)
	if len(tokens) < 2 || len(tokens) > 4 {
		return
	}
	joined := ""
	for _, t := range tokens {
		joined += t.surface
	}
	if whole := stemOf(joined); r.count(whole) > 0 {
		r.add(reading{stems: []string{whole}, surfaces: []string{joined}, weights: compiledRanks[r.kind], factor: 1})
	}
}

// addExpansions reads the question, or one of its two to five words, by another name.
func (r *reader) addExpansions(literal []string) {
	if len(r.words) == 1 {
		r.addNames(r.words[0].surface, literal, nil, nil)
		return
	}
	r.addNames("", literal, nil, nil)
	if len(r.words) > 5 {
		return
	}
	for i, w := range r.words {
		r.addNames(w.surface, literal[i:i+1], literal[:i], literal[i+1:])
	}
}

// addNames reads the words named, or the acronym, by their other names between the words before and after.
func (r *reader) addNames(acronym string, named, before, after []string) {
	var names [][]string
	if acronym != "" {
		names = r.otherNames(expansionColumn, acronym)
	}
	phrase := strings.Join(named, " ")
	names = append(names, r.otherNames(expandedColumn, phrase)...)
	names = append(names, synonymTable[phrase]...)
	for _, name := range names {
		stems := slices.Concat(before, name, after)
		r.add(reading{stems: distinct(stems), all: true, weights: compiledExpansion, factor: 1})
	}
}

// maxNames is the largest number of other names followed for one word.
const maxNames = 2

// otherNames gives the commonest names that the documents give something in an expansion column.
func (r *reader) otherNames(column, name string) [][]string {
	counts := map[string]int{}
	for _, p := range r.parts {
		c := p.expansions
		if column == expandedColumn {
			c = p.expandedNames
		}
		prefix := name + expansionSeparator
		for from, to := c.values.withPrefix(prefix); from < to; from++ {
			counts[string(c.values.at(from)[len(prefix):])] += int(c.counts[from])
		}
	}
	keys := sortedKeys(counts)
	slices.SortStableFunc(keys, func(a, b string) int { return counts[b] - counts[a] })
	var names [][]string
	for _, key := range keys[:min(len(keys), maxNames)] {
		name := strings.Fields(key)
		for i := range name {
			name[i] = stemOf(name[i])
		}
		names = append(names, name)
	}
	return names
}

// variant is a surface word taken for one that was typed.
type variant struct {
	surface, stem string
	prior         float32
}

// addVariants corrects and completes the words which few documents have.
func (r *reader) addVariants(literal []string, typing bool) {
	last := len(r.words) - 1
	for i, w := range r.words {
		unfinished := i == last && (typing || w.end == len(strings.TrimRight(r.text, " ")))
		own := r.ownPrior(w.surface)
		if w.count > rareWord && own > 0 && !(typing && unfinished) {
			continue
		}
		for _, v := range r.variants(w, own, unfinished) {
			stems := slices.Concat(literal[:i], []string{v.stem}, literal[i+1:])
			r.add(reading{
				stems: distinct(stems), weights: compiledRanks[r.kind], factor: variantFactor,
				surfaces:  slices.Concat(r.surfaces[:i], []string{v.surface}, r.surfaces[i+1:]),
				corrected: r.text[:w.start] + v.surface + r.text[w.end:],
			})
		}
	}
}

// ownPrior gives the best prior of the documents with a surface word, 0 when there is none: a stem may be common though
// nobody writes the word so.
func (r *reader) ownPrior(surface string) (own float32) {
	for _, p := range r.parts {
		if number, ok := p.surfaces.values.find(surface); ok {
			own = max(own, p.surfacePriors[number])
		}
	}
	return own
}

// variants gives the surface words at one edit of w, or beginning with it when unfinished, that belong to documents
// clearly more popular than its own; the most popular first.
func (r *reader) variants(w word, own float32, unfinished bool) []variant {
	var found []variant
	consider := func(p *livePart, number int) {
		prior := p.surfacePriors[number]
		if prior <= variantGain*own || len(found) == maxVariants && prior <= found[maxVariants-1].prior {
			return
		}
		surface := string(p.surfaces.values.at(number))
		v := variant{surface, stemOf(surface), prior}
		if v.stem == w.stem {
			return
		}
		found = insertVariant(found, v)
	}
	for _, p := range r.parts {
		p.neighbours(w.surface, func(number int) { consider(p, number) })
		if unfinished {
			for from, to := p.surfaces.values.withPrefix(w.surface); from < to; from++ {
				consider(p, from)
			}
		}
	}
	return found
}

// insertVariant keeps the best of each stem, at most maxVariants, the most popular first.
func insertVariant(found []variant, v variant) []variant {
	for i := range found {
		if found[i].stem == v.stem {
			if v.prior > found[i].prior {
				found[i] = v
			}
			slices.SortStableFunc(found, byPrior)
			return found
		}
	}
	found = append(found, v)
	slices.SortStableFunc(found, byPrior)
	return found[:min(len(found), maxVariants)]
}

func byPrior(a, b variant) int {
	return cmp.Or(cmp.Compare(b.prior, a.prior), cmp.Compare(a.surface, b.surface))
}

// distinct gives words without repetition.
func distinct(words []string) []string {
	list := make([]string, 0, len(words))
	for _, w := range words {
		if !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	return list
}
