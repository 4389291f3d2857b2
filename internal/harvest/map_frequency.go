package harvest

import (
	"strings"

	"grenier/internal/dcat"
	"grenier/internal/text"
)

// frequencyWords are what portals write beside the terms of vocabularies: words of
// French portals, as slugs, and repeating intervals of ISO 8601.
var frequencyWords = map[string]string{
	"minute": "continuous", "temps-reel": "continuous", "en-continu": "continuous", "continue": "continuous", "real-time": "continuous",
	"horaire": "hourly", "quotidienne": "daily", "quotidien": "daily", "journaliere": "daily", "hebdomadaire": "weekly", "bimensuelle": "semimonthly", "bimensuel": "semimonthly",
	"mensuelle": "monthly", "mensuel": "monthly", "bimestrielle": "bimonthly", "bimestriel": "bimonthly", "trimestrielle": "quarterly", "trimestriel": "quarterly",
	"semestrielle": "semiannual", "semestriel": "semiannual", "annuelle": "annual", "annuel": "annual", "yearly": "annual",
	"biennale": "biennial", "bisannuelle": "biennial", "triennale": "triennial", "quinquennale": "quinquennial", "decennale": "decennial",
	"ponctuelle": "punctual", "ponctuel": "punctual", "irreguliere": "irregular", "irregulier": "irregular", "au-fil-de-leau": "irregular", "aucune": "unknown",
	"inconnue": "unknown", "jamais": "never", "as-needed": "punctual",
	"r-pt1s": "continuous", "r-pt1m": "oneMinute", "r-pt5m": "fiveMinutes", "r-pt15m": "fifteenMinutes", "r-pt30m": "thirtyMinutes", "r-pt1h": "hourly",
	"r-pt2h": "bihourly", "r-pt12h": "semidaily", "r-p0-5d": "semidaily", "r-p1d": "daily", "r-p3-5d": "semiweekly", "r-p0-5w": "semiweekly", "r-p0-33w": "threeTimesAWeek", "r-p1w": "weekly",
	"r-p7d": "weekly", "r-p0-5m": "semimonthly", "r-p15d": "semimonthly", "r-p2w": "biweekly", "r-p14d": "biweekly", "r-p0-33m": "threeTimesAMonth", "r-p1m": "monthly", "r-p2m": "bimonthly", "r-p3m": "quarterly",
	"r-p4m": "threeTimesAYear", "r-p6m": "semiannual", "r-p0-5y": "semiannual", "r-p1y": "annual", "r-p2y": "biennial", "r-p3y": "triennial", "r-p4y": "quadrennial",
	"r-p5y": "quinquennial", "r-p10y": "decennial",
}

// FrequencyOf finds the frequency of the catalogue that a portal means: one of ours by
// its present or a former name, a term of Dublin Core, of the EU, of ISO 19115 or
// SDMX, an interval of ISO 8601, a French word.
func FrequencyOf(told string) (id string, ok bool) {
	told = strings.TrimSpace(told)
	if told == "" {
		return "", false
	}
	if id, ok = dcat.FrequencyOf(told); ok {
		return id, true
	}
	id, ok = frequencyWords[text.Slug(told)]
	return id, ok
}

// lastPart is what stands behind the last slash or number sign of an address.
func lastPart(address string) string {
	return address[strings.LastIndexAny(address, "/#")+1:]
}
