package search

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"grenier/internal/text"
)

// What a document may bring at most; the rest is cut, so that one document cannot weigh on all.
const (
	maxTitle       = 2 << 10
	maxDescription = 32 << 10
	maxExtra       = 64 << 10
	maxTags        = 16 << 10
	maxValues      = 2_000
	maxFieldName   = 100
	maxID          = 200
)

// missing is the value of a number column for a document that lacks it.
const missing = math.MinInt64

// Names of the keyword columns which the index keeps for itself, beside those of Document.Facets.
const (
	// surfaceColumn holds the words of titles, tags, acronyms and owners as written, folded: what people begin to
	// type and what typing errors are measured against.
	surfaceColumn = "surface"
	// expansionColumn holds «acronym NUL words», expandedColumn «words NUL acronym».
	expansionColumn = "expansion"
	expandedColumn  = "expanded"
	// ownerColumn holds the id of the organisation.
	ownerColumn = "owner"

	facetPrefix  = "facet:"
	numberPrefix = "number:"
)

// check tells why a document cannot be indexed.
func (d *Document) check() error {
	switch {
	case !d.Kind.Valid():
		return fmt.Errorf("search: document %q has no kind", d.ID)
	case d.ID == "" || len(d.ID) > maxID:
		return fmt.Errorf("search: a %s has the id %.40q, ids have 1 to %d bytes", d.Kind, d.ID, maxID)
	}
	for field := range d.Facets {
		if len(field) > maxFieldName {
			return fmt.Errorf("search: the column name %.40q… of %s %s is too long", field, d.Kind, d.ID)
		}
	}
	for field := range d.Numbers {
		if len(field) > maxFieldName {
			return fmt.Errorf("search: the column name %.40q… of %s %s is too long", field, d.Kind, d.ID)
		}
	}
	return nil
}

// wordRow is a posting together with its word.
type wordRow struct {
	word uint32
	posting
}

// partBuilder makes a part out of documents of one kind, given by ascending id.
type partBuilder struct {
	kind Kind

	interned  map[string]uint32
	words     []string
	lastEntry []int32 // by word: its latest place in entries
	entries   []wordRow

	ids, titles, descriptions, sortNames []string
	titleRows, titleWords                []uint32
	tagRows, tagKeys                     []uint32
	acronymRows, acronymKeys             []uint32
	titleKeys, initialKeys               []uint32
	priors                               []float32
	views, reuses, followers             []int64
	flags                                []uint8
	starts, ends                         []int32

	keywords map[string]*keywordBuilder
	numbers  map[string][]int64
}

func newPartBuilder(kind Kind) *partBuilder {
	b := &partBuilder{
		kind: kind, interned: map[string]uint32{}, keywords: map[string]*keywordBuilder{}, numbers: map[string][]int64{},
		titleRows: []uint32{0}, tagRows: []uint32{0}, acronymRows: []uint32{0},
	}
	for _, name := range []string{surfaceColumn, expansionColumn, expandedColumn, ownerColumn} {
		b.keywords[name] = newKeywordBuilder()
	}
	return b
}

// add indexes the next document, whose id must be greater than the last one's.
func (b *partBuilder) add(d *Document) {
	row := len(b.ids)
	title := cut(d.Title, maxTitle)
	description := cut(d.Description, maxDescription)
	b.ids = append(b.ids, d.ID)
	b.titles = append(b.titles, title)
	b.descriptions = append(b.descriptions, description)
	sortName := d.SortName
	if sortName == "" {
		sortName = title
	}
	b.sortNames = append(b.sortNames, text.Fold(cut(sortName, maxTitle)))
	b.addText(row, d, title, description)
	b.addColumns(row, d)
}

func (b *partBuilder) addText(row int, d *Document, title, description string) {
	surfaces := b.keyword(surfaceColumn, row)
	b.titleWords = b.addWords(row, title, inTitle, surfaces, b.titleWords)
	b.titleRows = append(b.titleRows, uint32(len(b.titleWords)))
	titleStems := stems(title)
	b.titleKeys = append(b.titleKeys, hashWords(titleStems))
	b.initialKeys = append(b.initialKeys, hashWords([]string{stemOf(initialsOf(title))}))
	room := maxTags
	for _, tag := range limited(d.Tags) {
		tag = cut(tag, room)
		room -= len(tag)
		b.addWords(row, tag, inTags, surfaces, nil)
		b.tagKeys = append(b.tagKeys, hashWords(stems(tag)))
	}
	b.tagRows = append(b.tagRows, uint32(len(b.tagKeys)))
	for _, acronym := range acronymsOf(limited(d.Acronyms), title) {
		b.addWords(row, acronym, inAcronyms, surfaces, nil)
		b.acronymKeys = append(b.acronymKeys, hashWords([]string{stemOf(acronym)}))
	}
	b.acronymRows = append(b.acronymRows, uint32(len(b.acronymKeys)))
	for _, name := range limited(d.FormerNames) {
		b.addWords(row, cut(name, maxTitle), inFormerNames, surfaces, nil)
	}
	b.addWords(row, cut(d.Owner, maxTitle), inOwner, surfaces, nil)
	if d.Kind == Organization {
		for _, initials := range nameInitials(title) {
			b.addWords(row, initials, inFormats, nil, nil)
		}
	}
	for _, format := range limited(d.Formats) {
		b.addWords(row, cut(format, maxTitle), inFormats, nil, nil)
	}
	room = maxExtra
	for _, extra := range d.ExtraText {
		extra = cut(extra, room)
		room -= len(extra)
		b.addWords(row, extra, inExtra, nil, nil)
	}
	b.addWords(row, description, inDescription, nil, nil)
	for _, s := range [...]string{title, description} {
		for _, e := range findExpansions(s) {
			words := strings.Join(e.words, " ")
			b.keyword(expansionColumn, row).add(e.acronym + expansionSeparator + words)
			b.keyword(expandedColumn, row).add(words + expansionSeparator + e.acronym)
		}
	}
}

// addWords indexes the words of s as standing in a field. It gives sequence with the significant ones appended.
func (b *partBuilder) addWords(row int, s string, field fieldMask, surfaces *keywordBuilder, sequence []uint32) []uint32 {
	before := len(sequence)
	stopped := 0
	text.Words(s, func(word []byte, _, _ int) bool {
		if stopWords[string(word)] {
			stopped++
			return true
		}
		if surfaces != nil {
			surfaces.addBytes(word)
		}
		sequence = append(sequence, b.addWord(row, stem(word), field))
		return true
	})
	if len(sequence) > before || stopped == 0 {
		return sequence
	}
	text.Words(s, func(word []byte, _, _ int) bool {
		sequence = append(sequence, b.addWord(row, stem(word), field))
		return true
	})
	return sequence
}

func (b *partBuilder) addWord(row int, word []byte, field fieldMask) uint32 {
	number, ok := b.interned[string(word)]
	if !ok {
		number = uint32(len(b.words))
		w := string(word)
		b.interned[w] = number
		b.words = append(b.words, w)
		b.lastEntry = append(b.lastEntry, -1)
	}
	at := b.lastEntry[number]
	if at < 0 || b.entries[at].row != uint32(row) {
		at = int32(len(b.entries))
		b.lastEntry[number] = at
		b.entries = append(b.entries, wordRow{number, posting{row: uint32(row)}})
	}
	entry := &b.entries[at]
	entry.mask |= field
	if field == inDescription && entry.frequency < maxFrequency {
		entry.frequency++
	}
	return number
}

// keyword gives the builder of a column with row open.
func (b *partBuilder) keyword(name string, row int) *keywordBuilder {
	k := b.keywords[name]
	if k == nil {
		k = newKeywordBuilder()
		b.keywords[name] = k
	}
	k.skipTo(row)
	return k
}

func (b *partBuilder) addColumns(row int, d *Document) {
	for field, values := range d.Facets {
		if len(values) > 0 {
			column := b.keyword(facetPrefix+field, row)
			for _, value := range limited(values) {
				column.add(value)
			}
		}
	}
	if d.Organization != "" {
		b.keyword(ownerColumn, row).add(d.Organization)
	}
	for field, value := range d.Numbers {
		column := b.numbers[field]
		for len(column) < row {
			column = append(column, missing)
		}
		b.numbers[field] = append(column, value)
	}
	b.priors = append(b.priors, float32(ranks[b.kind].prior.of(d)))
	b.views = append(b.views, max(0, d.Popularity.Views))
	b.reuses = append(b.reuses, max(0, d.Popularity.Reuses))
	b.followers = append(b.followers, max(0, d.Popularity.Followers))
	b.flags = append(b.flags, flagsOf(d))
	b.starts = append(b.starts, d.CoverageStart)
	b.ends = append(b.ends, d.CoverageEnd)
}

// The bits of the flags column.
const (
	flagFeatured = 1 << iota
	flagArchived
)

func flagsOf(d *Document) (flags uint8) {
	if d.Featured {
		flags |= flagFeatured
	}
	if d.Archived {
		flags |= flagArchived
	}
	return flags
}

// write writes the sections of the part.
func (b *partBuilder) write(w *sectionWriter) {
	n, at := len(b.ids), b.kind.String()+"/"
	writeStrings(w, at+"ids", b.ids)
	writeStrings(w, at+"titles", b.titles)
	writeStrings(w, at+"descriptions", b.descriptions)
	writeStrings(w, at+"sortnames", b.sortNames)
	renamed := b.writeWords(w, at)
	for i, word := range b.titleWords {
		b.titleWords[i] = renamed[word]
	}
	writeNumbers(w, at+"title.rows", b.titleRows)
	writeNumbers(w, at+"title.words", b.titleWords)
	writeNumbers(w, at+"tagkeys.rows", b.tagRows)
	writeNumbers(w, at+"tagkeys.keys", b.tagKeys)
	writeNumbers(w, at+"acronymkeys.rows", b.acronymRows)
	writeNumbers(w, at+"acronymkeys.keys", b.acronymKeys)
	writeNumbers(w, at+"titlekeys", b.titleKeys)
	writeNumbers(w, at+"initialkeys", b.initialKeys)
	writeNumbers(w, at+"priors", b.priors)
	writeNumbers(w, at+"views", b.views)
	writeNumbers(w, at+"reuses", b.reuses)
	writeNumbers(w, at+"followers", b.followers)
	writeNumbers(w, at+"flags", b.flags)
	writeNumbers(w, at+"starts", b.starts)
	writeNumbers(w, at+"ends", b.ends)
	for _, name := range sortedKeys(b.keywords) {
		b.keywords[name].write(w, at+name, n)
	}
	for _, name := range sortedKeys(b.numbers) {
		column := b.numbers[name]
		for len(column) < n {
			column = append(column, missing)
		}
		writeNumbers(w, at+numberPrefix+name, column)
	}
}

// writeWords writes the dictionary and the postings, and gives the number in the dictionary of each interned word.
func (b *partBuilder) writeWords(w *sectionWriter, at string) []uint32 {
	order := make([]uint32, len(b.words))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(x, y uint32) int { return cmp.Compare(b.words[x], b.words[y]) })
	renamed := make([]uint32, len(order))
	sorted := make([]string, len(order))
	for i, old := range order {
		renamed[old] = uint32(i)
		sorted[i] = b.words[old]
	}
	byWord, starts := groupByWord(b.entries, renamed)
	d := newDictionaryWriter(w, at)
	for i, word := range sorted {
		d.add([]byte(word), byWord[starts[i]:starts[i+1]])
	}
	d.finish()
	return renamed
}

// groupByWord sorts entries by the new number of their word; within a word their order, by row, is kept.
func groupByWord(entries []wordRow, renamed []uint32) (byWord []posting, starts []uint32) {
	starts = make([]uint32, len(renamed)+1)
	for i := range entries {
		starts[renamed[entries[i].word]+1]++
	}
	for i := range renamed {
		starts[i+1] += starts[i]
	}
	next := slices.Clone(starts)
	byWord = make([]posting, len(entries))
	for i := range entries {
		word := renamed[entries[i].word]
		byWord[next[word]] = entries[i].posting
		next[word]++
	}
	return byWord, starts
}

// dictionaryWriter writes words with their postings: postings at once, the dictionary at the end.
type dictionaryWriter struct {
	w      *sectionWriter
	at     string
	end    func()
	words  []byte
	ends   []uint32
	counts []uint32
	starts []uint64
	size   uint64
	buffer []byte
}

func newDictionaryWriter(w *sectionWriter, at string) *dictionaryWriter {
	return &dictionaryWriter{w: w, at: at, end: w.open(at + "postings"), ends: []uint32{0}, starts: []uint64{0}}
}

func (d *dictionaryWriter) add(word []byte, postings []posting) {
	d.buffer = d.buffer[:0]
	previous := int64(-1)
	for _, p := range postings {
		d.buffer = appendPosting(d.buffer, p, previous)
		previous = int64(p.row)
	}
	d.w.Write(d.buffer)
	d.size += uint64(len(d.buffer))
	d.starts = append(d.starts, d.size)
	d.words = append(d.words, word...)
	d.ends = append(d.ends, uint32(len(d.words)))
	d.counts = append(d.counts, uint32(len(postings)))
}

func (d *dictionaryWriter) finish() {
	d.end()
	if len(d.words) > math.MaxUint32 {
		d.w.err = errors.Join(d.w.err, errors.New("search: the dictionary is larger than 4 GiB"))
	}
	writeNumbers(d.w, d.at+"words.data", d.words)
	writeNumbers(d.w, d.at+"words.offsets", d.ends)
	writeNumbers(d.w, d.at+"words.counts", d.counts)
	writeNumbers(d.w, d.at+"words.starts", d.starts)
}

// newSortedPart indexes documents of one kind with distinct ids.
func newSortedPart(kind Kind, documents []*Document) *partBuilder {
	slices.SortFunc(documents, func(x, y *Document) int { return cmp.Compare(x.ID, y.ID) })
	b := newPartBuilder(kind)
	for _, d := range documents {
		b.add(d)
	}
	return b
}

// buildPart makes a part in memory out of documents of one kind with distinct ids.
func buildPart(kind Kind, documents []*Document) (*part, error) {
	b := newSortedPart(kind, documents)
	s, err := memorySections(func(w *sectionWriter) error { b.write(w); return nil })
	if err != nil {
		return nil, err
	}
	return readPart(kind, s, nil)
}

// cut shortens s to n bytes at most, at the end of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func limited(values []string) []string { return values[:min(len(values), maxValues)] }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
