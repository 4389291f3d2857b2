package geo

import (
	"slices"
	"strings"
	"sync"
)

// layer is a set of zones packed for reading: all text in one string, numbers
// in arrays. It never changes once built. The built-in zones are one layer,
// those of the database another above it.
type layer struct {
	text    string
	records []record
	byID    map[string]int32 // lower-case identifier, former ones too
	levels  []string
	admins  []int // AdminLevel of each of levels
	kinds   []Kind
	parents [][]string // distinct lists, shared by zones
	extents []Extent
	names   func() *nameIndex
	below   func() map[string][]int32 // zones that name the key among their parents
}

// span is a piece of the layer's text.
type span struct{ from, to uint32 }

// record is a packed zone.
type record struct {
	id, name, uri, aliases, postal, former span
	population                             int64
	parents, extent                        int32 // extent is -1 when unknown
	level, kind                            uint8
}

// layerBuilder packs zones.
type layerBuilder struct {
	text    strings.Builder
	layer   *layer
	level   map[string]uint8
	kind    map[Kind]uint8
	parents map[string]int32
}

func newLayerBuilder(zones, bytes int) *layerBuilder {
	b := &layerBuilder{
		layer: &layer{
			records: make([]record, 0, zones), extents: make([]Extent, 0, zones),
			byID: make(map[string]int32, zones+zones/8),
		},
		level: map[string]uint8{}, kind: map[Kind]uint8{}, parents: map[string]int32{},
	}
	b.text.Grow(bytes)
	return b
}

// packed is a zone whose lists are still joined, as files and rows hold them.
type packed struct {
	level, code, name, uri             string
	kind                               Kind
	population                         int64
	parents, aliases, postal, formerID string
	extent                             *Extent
}

// add packs one zone. A zone given twice keeps its first form.
func (b *layerBuilder) add(zone packed) {
	l := b.layer
	index := int32(len(l.records))
	one := record{population: zone.population, extent: -1}
	start := b.text.Len()
	b.text.WriteString(zone.level)
	b.text.WriteByte(':')
	b.text.WriteString(zone.code)
	one.id = span{uint32(start), uint32(b.text.Len())}
	key := strings.ToLower(b.text.String()[start:])
	if _, taken := l.byID[key]; taken {
		return
	}
	l.byID[key] = index
	one.name, one.uri, one.aliases = b.keep(zone.name), b.keep(zone.uri), b.keep(zone.aliases)
	one.postal, one.former = b.keep(zone.postal), b.keep(zone.formerID)
	one.level = intern(b.level, &l.levels, zone.level)
	one.kind = intern(b.kind, &l.kinds, zone.kind)
	parents, known := b.parents[zone.parents]
	if !known {
		parents = int32(len(l.parents))
		l.parents = append(l.parents, splitList(strings.Clone(zone.parents), ","))
		b.parents[strings.Clone(zone.parents)] = parents
	}
	one.parents = parents
	if zone.extent != nil {
		one.extent = int32(len(l.extents))
		l.extents = append(l.extents, *zone.extent)
	}
	l.records = append(l.records, one)
}

func (b *layerBuilder) keep(text string) span {
	start := b.text.Len()
	b.text.WriteString(text)
	return span{uint32(start), uint32(b.text.Len())}
}

// intern returns the place of value in list, which it joins when new.
func intern[T ~string](places map[T]uint8, list *[]T, value T) uint8 {
	place, known := places[value]
	if !known {
		place = uint8(len(*list))
		value = T(strings.Clone(string(value)))
		*list = append(*list, value)
		places[value] = place
	}
	return place
}

// build ends the packing.
func (b *layerBuilder) build() *layer {
	l := b.layer
	l.text = strings.Clone(b.text.String())
	for _, level := range l.levels {
		l.admins = append(l.admins, AdminLevel(level))
	}
	for index := range l.records {
		for former := range strings.SplitSeq(l.slice(l.records[index].former), ",") {
			if _, taken := l.byID[former]; !taken && former != "" {
				l.byID[former] = int32(index)
			}
		}
	}
	l.names = sync.OnceValue(func() *nameIndex { return newNameIndex(l) })
	l.below = sync.OnceValue(l.findBelow)
	return l
}

func (l *layer) slice(s span) string { return l.text[s.from:s.to] }

func (l *layer) id(index int32) string    { return l.slice(l.records[index].id) }
func (l *layer) level(index int32) string { return l.levels[l.records[index].level] }

// zone unpacks one.
func (l *layer) zone(index int32) Zone {
	one := &l.records[index]
	id, level := l.slice(one.id), l.levels[one.level]
	zone := Zone{
		ID: id, Level: level, Code: id[len(level)+1:], Name: l.slice(one.name), Kind: l.kinds[one.kind],
		URI: l.slice(one.uri), Population: one.population, Parents: l.parents[one.parents],
		Aliases: splitList(l.slice(one.aliases), "|"), PostalCodes: splitList(l.slice(one.postal), ","),
		Former: splitList(l.slice(one.former), ","),
	}
	if one.extent >= 0 {
		zone.Extent = &l.extents[one.extent]
	}
	return zone
}

// find returns the index of an identifier in lower case.
func (l *layer) find(key string) (int32, bool) {
	index, ok := l.byID[key]
	return index, ok
}

func (l *layer) findBelow() map[string][]int32 {
	byList := make([][]int32, len(l.parents))
	for index := range l.records {
		list := l.records[index].parents
		byList[list] = append(byList[list], int32(index))
	}
	below := map[string][]int32{}
	for list, parents := range l.parents {
		for _, parent := range parents {
			below[parent] = append(below[parent], byList[list]...)
		}
	}
	for _, indexes := range below {
		slices.Sort(indexes)
	}
	return below
}
