package catalog

import "time"

const day = 24 * time.Hour

// FrequencyUnknown is shown for datasets that say nothing.
const FrequencyUnknown = "unknown"

// frequencyDelays are the times after which the next update is expected; 0 for
// the frequencies that promise none.
var frequencyDelays = map[string]time.Duration{
	"continuous": 0, "oneMinute": time.Minute, "fiveMinutes": 5 * time.Minute, "tenMinutes": 10 * time.Minute,
	"fifteenMinutes": 15 * time.Minute, "thirtyMinutes": 30 * time.Minute, "hourly": time.Hour,
	"bihourly": 2 * time.Hour, "trihourly": 3 * time.Hour, "twelveHours": 12 * time.Hour,
	"severalTimesADay": day, "threeTimesADay": day, "semidaily": day, "daily": day, "fiveTimesAWeek": 7 * day,
	"threeTimesAWeek": 7 * day, "semiweekly": 7 * day, "weekly": 7 * day, "biweekly": 14 * day,
	"threeTimesAMonth": 31 * day, "semimonthly": 31 * day, "monthly": 31 * day, "bimonthly": 62 * day,
	"quarterly": 93 * day, "threeTimesAYear": 365 * day, "semiannual": 365 * day, "annual": 365 * day,
	"biennial": 730 * day, "triennial": 1095 * day, "quadrennial": 1460 * day, "quinquennial": 1825 * day,
	"decennial": 3650 * day, "bidecennial": 7300 * day, "tridecennial": 10950 * day, "punctual": 0,
	"irregular": 0, "never": 0, "notPlanned": 0, "other": 0, FrequencyUnknown: 0,
}

// formerFrequencies are the names that older clients still send.
var formerFrequencies = map[string]string{
	"realtime": "continuous", "fourTimesADay": "severalTimesADay", "fourTimesAWeek": "other",
	"fortnighly": "biweekly", "biannual": "semiannual",
}

// FrequencyID returns the present name of a frequency and whether there is one.
func FrequencyID(name string) (string, bool) {
	if present, ok := formerFrequencies[name]; ok {
		name = present
	}
	_, ok := frequencyDelays[name]
	return name, ok
}
