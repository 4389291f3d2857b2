package geo

import (
	"cmp"
	"slices"
	"strings"

	"grenier/internal/text"
)

// Hint is what is known around a cell of zone names; all of it is optional.
type Hint struct {
	// Granularity of the coverage the names belong to.
	Granularity string
	// Organization that speaks of them, and the Title it gives.
	Organization, Title string
}

// Match is what a name of a cell leads to.
type Match struct {
	// Name is the text as it was given.
	Name string
	// Zone is the zone meant; nothing when Known is false.
	Zone  Zone
	Known bool
	// Ambiguous tells that another zone would do as well: the more populated
	// one was taken.
	Ambiguous bool
}

// maxCell bounds the names of one cell: more are ignored.
const maxCell = 5_000

// ByName returns the zone that a name means, ambiguous when several zones of
// one level bear it and only their population told them apart.
func (d *Directory) ByName(name string) (zone Zone, ambiguous, ok bool) {
	matches := d.ResolveNames([]string{name}, Hint{})
	if len(matches) == 0 || !matches[0].Known {
		return Zone{}, false, false
	}
	return matches[0].Zone, matches[0].Ambiguous, true
}

// ResolveCell splits a cell of names joined by commas and finds the zone that
// each means, in the order of the cell. A name may hold commas itself: the
// longest piece that a zone is called wins.
func (d *Directory) ResolveCell(cell string, hint Hint) []Match {
	pieces := strings.Split(cell, ",")
	if len(pieces) > maxCell {
		pieces = pieces[:maxCell]
	}
	window := max(d.base.names().commas, d.above.Load().layer.names().commas) + 1
	var names []string
	for from := 0; from < len(pieces); {
		to := min(from+window, len(pieces))
		for ; to > from+1; to-- {
			if len(d.candidates(strings.Join(pieces[from:to], ","))) > 0 {
				break
			}
		}
		if name := strings.TrimSpace(strings.Join(pieces[from:to], ",")); name != "" {
			names = append(names, name)
		}
		from = to
	}
	return d.ResolveNames(names, hint)
}

// ResolveNames finds the zone that each name means. Homonyms are told apart by
// the exact spelling, by what the words around say, the granularity, the level,
// the other names, and the population at last. A name given twice means two
// zones when there are two.
func (d *Directory) ResolveNames(names []string, hint Hint) []Match {
	found := make([][]candidate, len(names))
	around := newSetting(hint)
	for i, name := range names {
		found[i] = d.candidates(name)
		for j := range found[i] {
			found[i][j].judge(d, name, around)
		}
		slices.SortStableFunc(found[i], compareShape)
		if len(found[i]) == 1 || len(found[i]) > 1 && compareShape(found[i][0], found[i][1]) < 0 {
			around.learn(d, found[i][0].zone)
		}
	}
	matches := make([]Match, len(names))
	used := map[string]bool{}
	for i, name := range names {
		matches[i] = d.choose(name, found[i], around, used)
		used[matches[i].Zone.ID] = true
	}
	return matches
}

// candidate is a zone that bears a name.
type candidate struct {
	zone     Zone
	spelling int  // 0 exact name, 1 exact alias, 2 name but for accents, 3 alias but for accents
	distant  bool // nothing in the words speaks for it
	unmeant  bool // its level is not the one asked for
	rank     int  // of its level
	special  bool // delegated commune and the like
	nearness int
}

// candidates returns the zones of a name, each once.
func (d *Directory) candidates(name string) []candidate {
	folded := text.JoinWords(name)
	if folded == "" {
		return nil
	}
	above := d.above.Load()
	var found []candidate
	for _, l := range []*layer{d.base, above.layer} {
		for _, index := range l.names().exact(folded) {
			replaced := l == d.base && above.replaces(l, index)
			if !replaced && !slices.ContainsFunc(found, func(c candidate) bool { return c.zone.ID == l.id(index) }) {
				found = append(found, candidate{zone: l.zone(index)})
			}
		}
	}
	return found
}

// nameRanks order the levels that share names: Bretagne is the region before
// the village, Le Havre the town before the arrondissement around it.
var nameRanks = map[string]int{
	"country-group": 0, "country": 1, "country-subset": 2, "fr:region": 3, "fr:departement": 4,
	"fr:collectivite": 5, "fr:commune": 6, "fr:epci": 7, "fr:arrondissement": 8,
}

func (c *candidate) judge(d *Directory, name string, around *setting) {
	switch {
	case c.zone.Name == name:
		c.spelling = 0
	case slices.Contains(c.zone.Aliases, name):
		c.spelling = 1
	case text.JoinWords(c.zone.Name) == text.JoinWords(name):
		c.spelling = 2
	default:
		c.spelling = 3
	}
	// A town that has changed its name is meant before the arrondissement
	// which has kept it.
	if c.zone.Level == "fr:arrondissement" {
		c.spelling = max(c.spelling, 1)
	}
	if rank, ok := nameRanks[c.zone.Level]; ok {
		c.rank = rank
	} else {
		c.rank = len(nameRanks) + LevelRank(c.zone.Level)
	}
	c.distant = around.mentioned(d, c.zone) < evident
	c.unmeant = c.zone.Level != around.level
	c.special = c.zone.Kind != KindOrdinary
}

// compareShape orders candidates by all but their nearness to other names.
func compareShape(a, b candidate) int {
	return cmp.Or(cmp.Compare(a.spelling, b.spelling), compareBool(a.distant, b.distant),
		compareBool(a.unmeant, b.unmeant), cmp.Compare(a.rank, b.rank), compareBool(a.special, b.special))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// choose picks one of the candidates, which are sorted by shape.
func (d *Directory) choose(name string, found []candidate, around *setting, used map[string]bool) Match {
	if left := slices.DeleteFunc(slices.Clone(found), func(c candidate) bool { return used[c.zone.ID] }); len(left) > 0 {
		found = left
	}
	if len(found) == 0 {
		return Match{Name: name}
	}
	end := 1
	for end < len(found) && compareShape(found[end], found[0]) == 0 {
		end++
	}
	found = found[:end]
	if end == 1 {
		return Match{Name: name, Zone: found[0].zone, Known: true}
	}
	for i := range found {
		found[i].nearness = around.nearness(d, found[i].zone)
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.nearness, a.nearness), cmp.Compare(b.zone.Population, a.zone.Population),
			strings.Compare(a.zone.ID, b.zone.ID))
	})
	doubt := found[0].nearness == found[1].nearness && found[0].zone.Population < overwhelming*found[1].zone.Population
	return Match{Name: name, Zone: found[0].zone, Known: true, Ambiguous: doubt}
}

// setting is what speaks for one homonym rather than another.
type setting struct {
	level string         // the level asked for
	words string         // folded, between spaces
	seen  map[string]int // identifiers of zones that hold the unambiguous names, and how often
}

// authorities tell from an organisation's name whose territory is meant.
var authorities = []struct{ words, level string }{
	{" conseil departemental ", "fr:departement"}, {" departement ", "fr:departement"}, {" prefecture ", "fr:departement"},
	{" conseil regional ", "fr:region"}, {" region ", "fr:region"},
	{" ville de ", "fr:commune"}, {" ville d ", "fr:commune"}, {" ville du ", "fr:commune"}, {" mairie ", "fr:commune"},
	{" commune de ", "fr:commune"}, {" commune d ", "fr:commune"}, {" commune du ", "fr:commune"},
	{" communaute ", "fr:epci"}, {" agglomeration ", "fr:epci"},
}

func newSetting(hint Hint) *setting {
	organization := " " + text.JoinWords(hint.Organization) + " "
	s := &setting{words: organization + text.JoinWords(hint.Title) + " ", seen: map[string]int{}}
	for _, authority := range authorities {
		if strings.Contains(organization, authority.words) {
			s.level = authority.level
			return s
		}
	}
	// Arrondissements are almost never meant by their name alone.
	if IsLevel(hint.Granularity) && hint.Granularity != "fr:arrondissement" {
		s.level = hint.Granularity
	}
	return s
}

// learn notes the territory of a name that leaves no doubt.
func (s *setting) learn(d *Directory, zone Zone) {
	if closeness(zone) == 0 {
		return
	}
	s.seen[zone.ID] += 3
	for _, ancestor := range d.Ancestors(zone.ID) {
		if closeness(ancestor) > 0 {
			s.seen[ancestor.ID]++
		}
	}
}

// Weights of what speaks for a homonym.
const (
	codeWeight   = 200 // its own code stands in the words
	postalWeight = 100
	nameWeight   = 10 // the name of a zone around it stands there: per step of nearness
	numberWeight = 5  // only the number of its département does: per step
	seatWeight   = 5  // it gives its name to an arrondissement or an EPCI

	// evident is the weight from which the words alone decide: a département
	// or an EPCI is named.
	evident = 3 * nameWeight
	// overwhelming is how many times larger a homonym must be to leave no doubt.
	overwhelming = 20
)

// closeness is 2 for a region, 3 for a département, an arrondissement or an
// EPCI, 0 for what is too wide to tell anything.
func closeness(zone Zone) int {
	admin := AdminLevel(zone.Level)
	if admin < AdminLevel("fr:region") {
		return 0
	}
	return admin / 20
}

// mentioned weighs what the words say about the place of a zone. The names of
// arrondissements are those of towns and prove too little here.
func (s *setting) mentioned(d *Directory, zone Zone) int {
	weight := 0
	if s.mentions(zone.Code) {
		weight += codeWeight
	}
	if slices.ContainsFunc(zone.PostalCodes, s.mentions) {
		weight += postalWeight
	}
	for _, ancestor := range d.Ancestors(zone.ID) {
		close := closeness(ancestor)
		if ancestor.Level != "fr:arrondissement" && ancestor.Name != zone.Name && s.mentions(ancestor.Name) {
			weight += nameWeight * close
		}
		if ancestor.Level == "fr:departement" && s.mentions(ancestor.Code) {
			weight += numberWeight * close
		}
	}
	return weight
}

// nearness adds to it the territories that hold the zone and are named in the
// cell or hold other names of it.
func (s *setting) nearness(d *Directory, zone Zone) int {
	near := s.seen[zone.ID] + s.mentioned(d, zone)
	for _, ancestor := range d.Ancestors(zone.ID) {
		near += closeness(ancestor) * s.seen[ancestor.ID]
		switch {
		case ancestor.Name == zone.Name:
			near += seatWeight
		case ancestor.Level == "fr:arrondissement" && s.mentions(ancestor.Name):
			near += nameWeight * closeness(ancestor)
		}
	}
	return near
}

// mentions tells whether the words hold a name, its article aside.
func (s *setting) mentions(name string) bool {
	folded := text.JoinWords(name)
	for _, article := range []string{"le ", "la ", "les ", "l "} {
		if rest, ok := strings.CutPrefix(folded, article); ok && rest != "" {
			folded = rest
			break
		}
	}
	return folded != "" && strings.Contains(s.words, " "+folded+" ")
}
