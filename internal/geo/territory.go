package geo

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"grenier/internal/text"
)

// Path is the path of the page about a zone, below the address of the site:
// /territories/commune/13004/Arles.
func (z Zone) Path() string {
	path := "/territories/" + strings.TrimPrefix(z.Level, frenchLevels) + "/" + z.Code
	if slug := z.Slug(); slug != "" {
		path += "/" + slug
	}
	return path
}

// frenchLevels begin the identifiers of the levels of France.
const frenchLevels = "fr:"

// Territory returns the zone of a page: its level, without fr: for those of
// France, and its code. Levels and codes are understood as ParseID does.
func (d *Directory) Territory(level, code string) (Zone, bool) {
	if zone, ok := d.Resolve(frenchLevels + level + ":" + code); ok {
		return zone, true
	}
	return d.Resolve(level + ":" + code)
}

// leastLetters are how many letters begin a name: shorter texts are whole names.
const leastLetters = 4

// SearchTerritories returns at most n territories of France that a text means:
// two digits, or 2A and 2B, a department, three a department overseas, five an
// official code, then a postal code, at least four letters the beginning of a
// name, less a whole name. Those of an official code come first, then the more
// populated, then the larger; EPCI last, and no arrondissements: their names are
// those of towns.
func (d *Directory) SearchTerritories(q string, n int) []Zone {
	q = strings.TrimSpace(q)
	if q == "" || len(q) > maxQuery || n <= 0 {
		return nil
	}
	n = min(n, maxSuggestions)
	zones := d.withCode(q)
	coded := len(zones)
	if isPostalCode(q) {
		zones = append(zones, d.withPostalCode(q)...)
	}
	if folded := text.JoinWords(q); strings.ContainsFunc(folded, func(r rune) bool { return r >= 'a' && r <= 'z' }) {
		zones = append(zones, d.beginning(folded)...)
	}
	slices.SortStableFunc(zones[coded:], compareTerritories)
	var found []Zone
	for _, zone := range zones {
		if len(found) < n && !slices.ContainsFunc(found, func(one Zone) bool { return one.ID == zone.ID }) {
			found = append(found, zone)
		}
	}
	return found
}

// compareTerritories orders the more populated first, then the larger; the
// EPCI, which bear the names of their towns, come after all others.
func compareTerritories(a, b Zone) int {
	return cmp.Or(compareBool(a.Level == "fr:epci", b.Level == "fr:epci"), cmp.Compare(b.Population, a.Population), cmp.Compare(b.Extent.area(), a.Extent.area()), strings.Compare(a.ID, b.ID))
}

// area is about that of the box, in square degrees at the equator.
func (e *Extent) area() float64 {
	if e == nil {
		return 0
	}
	return (e.East - e.West) * (e.North - e.South) * math.Cos(e.Lat*math.Pi/180)
}

// searched are the levels that a search of territories finds, the widest first.
var searched = []string{"fr:region", "fr:departement", "fr:collectivite", "fr:epci", "fr:commune"}

// withCode returns the zone with an official code: of a department, a
// collectivity, an EPCI or a commune. Two digits are never a region.
func (d *Directory) withCode(code string) []Zone {
	if strings.ContainsAny(code, ":/@-") {
		return nil
	}
	for _, level := range searched[1:] {
		if zone, ok := d.Resolve(level + ":" + code); ok {
			return []Zone{zone}
		}
	}
	return nil
}

func (d *Directory) withPostalCode(code string) []Zone {
	above := d.above.Load()
	var zones []Zone
	for _, l := range []*layer{d.base, above.layer} {
		for index := range l.records {
			if !strings.Contains(l.slice(l.records[index].postal), code) || l == d.base && above.replaces(l, int32(index)) {
				continue
			}
			zones = append(zones, l.zone(int32(index)))
		}
	}
	return zones
}

// beginning returns the territories one of whose names begins so; a short text
// must be the whole name.
func (d *Directory) beginning(folded string) []Zone {
	above := d.above.Load()
	var zones []Zone
	for _, l := range []*layer{d.base, above.layer} {
		names := l.names()
		from := sort.Search(len(names.record), func(i int) bool { return names.entry(i) >= folded })
		for i := from; i < len(names.record) && strings.HasPrefix(names.entry(i), folded); i++ {
			index := names.record[i]
			switch {
			case utf8.RuneCountInString(folded) < leastLetters && names.entry(i) != folded:
			case !slices.Contains(searched, l.level(index)) || l == d.base && above.replaces(l, index):
			default:
				zones = append(zones, l.zone(index))
			}
		}
	}
	return zones
}

// surrounding are the levels that tell people where a territory lies, the
// nearest first.
var surrounding = []string{"fr:departement", "fr:collectivite", "fr:region", "country"}

// Surrounding returns the zone that tells people where another lies: its
// department, else its region or its country; nil when there is none.
func (d *Directory) Surrounding(zone Zone) *Zone {
	around := d.Ancestors(zone.ID)
	for _, level := range surrounding {
		for i := range around {
			if around[i].Level == level {
				return &around[i]
			}
		}
	}
	return nil
}
