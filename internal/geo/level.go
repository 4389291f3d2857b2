package geo

import (
	"slices"

	"grenier/internal/i18n"
)

// Level is a step of the administrative division.
type Level struct {
	ID string
	// Admin orders levels from the widest (1) to the narrowest (110).
	Admin int
}

// Name is what people call the level in their language.
func (l Level) Name(lang string) string { return i18n.Label(i18n.Granularity, l.ID, lang) }

// levels are in the order in which the API lists them.
var levels = []Level{
	{"country-group", 10},
	{"country", 20},
	{"country-subset", 30},
	{"fr:region", 40},
	{"fr:departement", 60},
	{"fr:arrondissement", 70},
	{"fr:commune", 80},
	{"fr:iris", 98},
	{"fr:canton", 98},
	{"fr:collectivite", 60},
	{"fr:epci", 68},
}

// The granularities that are no level.
const (
	PointOfInterest = "poi"
	Other           = "other"
)

// DefaultAdmin is the rank of a level that is not known.
const DefaultAdmin = 100

// Levels returns the levels in the order of the API.
func Levels() []Level { return slices.Clone(levels) }

// IsLevel tells whether id is a level.
func IsLevel(id string) bool { return LevelRank(id) < len(levels) }

// IsGranularity tells whether id is a granularity.
func IsGranularity(id string) bool { return IsLevel(id) || id == PointOfInterest || id == Other }

// LevelRank is the place of a level in the order of the API; unknown levels
// come after all others.
func LevelRank(id string) int {
	for i, level := range levels {
		if level.ID == id {
			return i
		}
	}
	return len(levels)
}

// AdminLevel orders levels from the widest to the narrowest.
func AdminLevel(id string) int {
	if rank := LevelRank(id); rank < len(levels) {
		return levels[rank].Admin
	}
	return DefaultAdmin
}
