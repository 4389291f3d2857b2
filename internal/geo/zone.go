// Package geo knows territories: the levels of the administrative division,
// its zones, how they hold one another, and how names given by people lead to
// them. The French division and the countries of the world are in the program;
// the database holds only the zones that were added or changed.
package geo

import (
	"strings"

	"grenier/internal/text"
)

// Kind tells apart zones of one level that are not of its ordinary sort.
type Kind string

// The kinds. Ordinary zones have none.
const (
	KindOrdinary   Kind = ""
	KindMunicipal  Kind = "municipal"  // arrondissement of Paris, Lyon or Marseille
	KindDelegated  Kind = "delegated"  // commune déléguée
	KindAssociated Kind = "associated" // commune associée
	KindEPT        Kind = "ept"        // établissement public territorial of Greater Paris
	KindNamed      Kind = "named"      // made from a name that a catalogue gave, nothing else is known
)

// Extent is the centre of a zone and the box around it, in degrees (WGS 84).
type Extent struct {
	Lon, Lat                 float64
	West, South, East, North float64
}

// Zone is a territory. Its identifier is its level and its code joined by a
// colon: fr:commune:13055, country:fr, country-subset:fr:metro.
type Zone struct {
	ID    string
	Level string
	Code  string
	Name  string
	Kind  Kind
	// URI is the address that an authority gives the zone, empty when none is known.
	URI string
	// Population counts inhabitants, 0 when unknown.
	Population int64
	// Parents are the identifiers of the smallest zones that hold this one.
	Parents []string
	// Aliases are other names: official, in other languages, former.
	Aliases []string
	// PostalCodes are those of a commune.
	PostalCodes []string
	// Former are identifiers that used to be, or elsewhere are, this zone's.
	Former []string
	// Extent is nil when unknown. It is shared: never write through it.
	Extent *Extent
}

// Slug is the name without accents and signs, words joined by dashes, capitals
// kept: Saint-Étienne → Saint-Etienne.
func (z Zone) Slug() string { return text.SlugKeepCase(z.Name) }

// ParseID splits what stands for a zone in an address or a document into level
// and code. Old forms are understood: slashes or dashes for colons, capitals, a date of
// validity after @, the levels town and county of earlier versions of the
// reference platform: fr-town-13004, fr/commune/13004@latest. It is false when
// there is no level or no code.
func ParseID(id string) (level, code string, ok bool) {
	id, _, _ = strings.Cut(id, "@")
	id = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(id)), "/", ":")
	if !strings.Contains(id, ":") {
		id = undashed(id)
	}
	cut := strings.LastIndexByte(id, ':')
	if strings.HasPrefix(id, "country-subset:") {
		cut = strings.IndexByte(id, ':')
	}
	if cut < 0 {
		return "", "", false
	}
	level, code = id[:cut], id[cut+1:]
	if present, old := oldLevels[level]; old {
		level = present
	}
	return level, code, level != "" && code != ""
}

// oldLevels are the names that levels had.
var oldLevels = map[string]string{"fr:town": "fr:commune", "fr:county": "fr:departement"}

// dashedLevels begin identifiers whose parts are joined by dashes, the longer
// ones first.
var dashedLevels = []string{"country-group-", "country-subset-", "country-"}

// undashed puts colons in place of the dashes between the parts of an
// identifier; what is none stays as it is.
func undashed(id string) string {
	for _, level := range dashedLevels {
		if code, ok := strings.CutPrefix(id, level); ok {
			if level == "country-subset-" {
				code = strings.Replace(code, "-", ":", 1)
			}
			return level[:len(level)-1] + ":" + code
		}
	}
	if parts := strings.SplitN(id, "-", 3); len(parts) == 3 && len(parts[0]) == 2 {
		return strings.Join(parts, ":")
	}
	return id
}

// Named returns the zone that stands for a name which leads to no known zone.
// The same name, whatever its accents and capitals, always yields the same
// identifier. It is false for a name without a letter or digit.
func Named(name string) (Zone, bool) {
	name = strings.Join(strings.Fields(name), " ")
	code := text.Slug(name)
	if code == "" {
		return Zone{}, false
	}
	return Zone{ID: Other + ":" + code, Level: Other, Code: code, Name: name, Kind: KindNamed}, true
}
