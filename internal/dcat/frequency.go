package dcat

import (
	"strings"

	"grenier/internal/catalog"
)

// frequencyNames are the names of each frequency of the catalogue in the Dublin
// Core collection and in the EU authority table; empty where it has none.
var frequencyNames = []struct{ id, dc, eu string }{
	{"continuous", "continuous", "UPDATE_CONT"},
	{"oneMinute", "", "1MIN"}, {"fiveMinutes", "", "5MIN"}, {"tenMinutes", "", "10MIN"}, {"fifteenMinutes", "", "15MIN"},
	{"thirtyMinutes", "", "30MIN"}, {"hourly", "", "HOURLY"}, {"bihourly", "", "BIHOURLY"}, {"trihourly", "", "TRIHOURLY"},
	{"twelveHours", "", "12HRS"}, {"severalTimesADay", "", "CONT"}, {"threeTimesADay", "", "DAILY_3"}, {"semidaily", "", "DAILY_2"},
	{"daily", "daily", "DAILY"}, {"fiveTimesAWeek", "", "WEEKLY_5"}, {"threeTimesAWeek", "threeTimesAWeek", "WEEKLY_3"},
	{"semiweekly", "semiweekly", "WEEKLY_2"}, {"weekly", "weekly", "WEEKLY"}, {"biweekly", "biweekly", "BIWEEKLY"},
	{"threeTimesAMonth", "threeTimesAMonth", "MONTHLY_3"}, {"semimonthly", "semimonthly", "MONTHLY_2"}, {"monthly", "monthly", "MONTHLY"},
	{"bimonthly", "bimonthly", "BIMONTHLY"}, {"quarterly", "quarterly", "QUARTERLY"}, {"threeTimesAYear", "threeTimesAYear", "ANNUAL_3"},
	{"semiannual", "semiannual", "ANNUAL_2"}, {"annual", "annual", "ANNUAL"}, {"biennial", "biennial", "BIENNIAL"},
	{"triennial", "triennial", "TRIENNIAL"}, {"quadrennial", "", "QUADRENNIAL"}, {"quinquennial", "", "QUINQUENNIAL"},
	{"decennial", "", "DECENNIAL"}, {"bidecennial", "", "BIDECENNIAL"}, {"tridecennial", "", "TRIDECENNIAL"},
	{"punctual", "", "AS_NEEDED"}, {"irregular", "irregular", "IRREG"}, {"never", "", "NEVER"}, {"notPlanned", "", "NOT_PLANNED"},
	{"other", "", "OTHER"}, {"unknown", "", "UNKNOWN"},
}

var (
	frequencyOut = map[string]string{}
	frequencyIn  = map[string]string{} // by last part, in lower case
)

func init() {
	for _, f := range frequencyNames {
		frequencyOut[f.id] = euFrequency + f.eu
		if f.dc != "" {
			frequencyOut[f.id] = nsFreq + f.dc
			frequencyIn[strings.ToLower(f.dc)] = f.id
		}
		frequencyIn[strings.ToLower(f.eu)] = f.id
	}
}

// sdmxFrequencies are the codes of the SDMX code list.
var sdmxFrequencies = map[string]string{"A": "annual", "S": "semiannual", "Q": "quarterly", "M": "monthly", "W": "weekly", "D": "daily"}

// isoFrequencies are the codes of ISO 19115 that are spelled unlike ours.
var isoFrequencies = map[string]string{
	"continual": "severalTimesADay", "fortnightly": "biweekly", "biannually": "semiannual", "annually": "annual", "biennially": "biennial",
	"periodic": "other", "asneeded": "punctual", "notplanned": "notPlanned",
}

// FrequencyIRI names a frequency of the catalogue: by Dublin Core if it has it,
// else by the EU; empty for what is no frequency.
func FrequencyIRI(id string) string { return frequencyOut[id] }

// FrequencyOf finds the frequency of the catalogue that an IRI or a text names:
// a term of Dublin Core, of the EU, of INSPIRE or of SDMX, or the bare name of
// one; ok is false when nothing is meant by it.
func FrequencyOf(value string) (id string, ok bool) {
	value = strings.TrimSpace(value)
	if code, sdmx := strings.CutPrefix(value, "http://purl.org/linked-data/sdmx/2009/code#freq-"); sdmx {
		id, ok = sdmxFrequencies[code]
		return id, ok
	}
	name := value
	for _, prefix := range []string{nsFreq, euFrequency, "http://inspire.ec.europa.eu/metadata-codelist/MaintenanceFrequency/"} {
		name = strings.TrimPrefix(name, prefix)
	}
	if id, ok = frequencyIn[strings.ToLower(name)]; ok {
		return id, true
	}
	if id, ok = isoFrequencies[strings.ToLower(name)]; ok {
		return id, true
	}
	return catalog.FrequencyID(name)
}
