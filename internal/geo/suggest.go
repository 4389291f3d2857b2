package geo

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"grenier/internal/text"
)

// maxQuery bounds the text of a suggestion; no zone has a longer name.
const maxQuery = 200

// How well a zone answers a query, best first.
const (
	isName uint8 = iota
	beginsName
	beginsWord
	insideName
	insideID
	noFit
)

// maxSuggestions bounds one answer.
const maxSuggestions = 100

// answer is a zone that matches a query.
type answer struct {
	place
	fit   uint8
	admin int
	plain bool // of the ordinary kind
	*record
}

// Suggest returns at most n zones whose name, code or identifier contains q,
// capitals and accents aside; a whole postal code finds its communes. The best
// matches are kept: whole names and codes, then beginnings, then beginnings of
// words; among equals wider levels, ordinary zones before delegated communes
// and the like, and the larger population. They are given from the widest level
// to the narrowest.
func (d *Directory) Suggest(q string, n int) []Zone {
	n = min(n, maxSuggestions)
	if len(q) > maxQuery || n <= 0 {
		return nil
	}
	above := d.above.Load()
	best := make([]answer, 0, n+1)
	for _, l := range []*layer{d.base, above.layer} {
		for index, fit := range l.fits(q) {
			if fit == noFit || l == d.base && above.replaces(l, int32(index)) {
				continue
			}
			best = keepBest(best, newAnswer(l, int32(index), fit), n)
		}
	}
	slices.SortStableFunc(best, func(a, b answer) int { return cmp.Compare(a.admin, b.admin) })
	zones := make([]Zone, 0, len(best))
	for _, one := range best {
		zones = append(zones, one.zone())
	}
	return zones
}

func newAnswer(l *layer, index int32, fit uint8) answer {
	one := &l.records[index]
	return answer{place{l, index}, fit, l.admins[one.level], l.kinds[one.kind] == KindOrdinary, one}
}

// keepBest puts an answer in its place among the n best.
func keepBest(best []answer, one answer, n int) []answer {
	if len(best) == n && compareAnswers(one, best[n-1]) >= 0 {
		return best
	}
	at, _ := slices.BinarySearchFunc(best, one, compareAnswers)
	best = slices.Insert(best, at, one)
	return best[:min(n, len(best))]
}

func compareAnswers(a, b answer) int {
	if order := cmp.Or(cmp.Compare(a.fit, b.fit), cmp.Compare(a.admin, b.admin)); order != 0 {
		return order
	}
	if a.plain != b.plain {
		if a.plain {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(b.population, a.population), strings.Compare(a.layer.id(a.index), b.layer.id(b.index)))
}

// fits tells for every record how well it answers q.
func (l *layer) fits(q string) []uint8 {
	fits := bytes.Repeat([]byte{noFit}, len(l.records))
	names := l.names()
	if folded := text.JoinWords(q); folded != "" {
		scan(names.text, names.start, folded, func(line, at int) {
			index := names.record[line]
			fits[index] = min(fits[index], nameFit(names.entry(line), folded, at))
		})
	}
	id := strings.ToLower(strings.TrimSpace(q))
	if id == "" || strings.Contains(id, "\n") {
		return fits
	}
	scan(names.ids, names.idStart, id, func(line, at int) {
		fit := insideID
		whole := at+len(id) == int(names.idStart[line+1]-names.idStart[line])-1
		if whole && (at == 0 || at == len(l.level(int32(line)))+1) {
			fit = isName
		}
		fits[line] = min(fits[line], fit)
	})
	if isPostalCode(id) {
		for index := range l.records {
			if strings.Contains(l.slice(l.records[index].postal), id) {
				fits[index] = isName
			}
		}
	}
	return fits
}

func nameFit(name, part string, at int) uint8 {
	switch {
	case len(name) == len(part):
		return isName
	case at == 0:
		return beginsName
	case name[at-1] == ' ' || strings.Contains(name, " "+part):
		return beginsWord
	default:
		return insideName
	}
}

func isPostalCode(text string) bool {
	if len(text) != 5 {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}
