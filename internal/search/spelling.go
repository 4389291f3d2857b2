package search

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// minCorrected is the fewest letters a word must have to be corrected.
const minCorrected = 4

// deletionsOf prepares sorted words for finding those at one edit of another: two words are at most one edit apart
// only if they, or what is left of them without one letter, are equal.
func deletionsOf(words *stringColumn) []uint64 {
	var list []uint64
	for i := range words.len() {
		word := words.at(i)
		if len(word) < minCorrected-1 || len(word) > 40 {
			continue
		}
		list = append(list, uint64(hashBytes(word, -1))<<32|uint64(i))
		for skip := range word {
			list = append(list, uint64(hashBytes(word, skip))<<32|uint64(i))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// hashBytes hashes word without the byte at skip (FNV-1a).
func hashBytes(word []byte, skip int) uint32 {
	h := uint32(2166136261)
	for i, c := range word {
		if i != skip {
			h = (h ^ uint32(c)) * 16777619
		}
	}
	return h
}

// neighbours calls yield with the number of each surface word at exactly one edit of word: a letter more, less,
// changed, or two neighbours swapped. Words with digits are taken as meant: another number is another thing.
func (p *part) neighbours(word string, yield func(number int)) {
	if len(word) < minCorrected || len(word) > 40 || !utf8.ValidString(word) || strings.ContainsAny(word, "0123456789") {
		return
	}
	var seen []uint32
	bytes := []byte(word)
	for skip := -1; skip < len(bytes); skip++ {
		key := uint64(hashBytes(bytes, skip)) << 32
		for at := sort.Search(len(p.deletions), func(i int) bool { return p.deletions[i] >= key }); at < len(p.deletions) && p.deletions[at]>>32 == key>>32; at++ {
			number := uint32(p.deletions[at])
			if slices.Contains(seen, number) {
				continue
			}
			seen = append(seen, number)
			if oneEdit(word, view(p.surfaces.values.at(int(number)))) {
				yield(int(number))
			}
		}
	}
}

// oneEdit tells whether a and b differ by exactly one letter inserted, removed, changed, or swapped with the next.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || a == b {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
