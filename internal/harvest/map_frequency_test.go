package harvest

import "testing"

// Repeating intervals of ISO 8601, as catalogues in data.json have them, are frequencies.
func TestIntervalsAreFrequencies(t *testing.T) {
	for given, want := range map[string]string{
		"R/PT1S": "continuous", "R/PT1M": "oneMinute", "R/PT5M": "fiveMinutes", "R/PT15M": "fifteenMinutes", "R/PT30M": "thirtyMinutes", "R/PT1H": "hourly", "R/PT2H": "bihourly",
		"R/PT12H": "semidaily", "R/P0.5D": "semidaily", "R/P1D": "daily", "R/P3.5D": "semiweekly", "R/P0.5W": "semiweekly", "R/P0.33W": "threeTimesAWeek", "R/P1W": "weekly", "R/P7D": "weekly",
		"R/P2W": "biweekly", "R/P14D": "biweekly", "R/P0.5M": "semimonthly", "R/P15D": "semimonthly", "R/P0.33M": "threeTimesAMonth", "R/P1M": "monthly", "R/P2M": "bimonthly",
		"R/P3M": "quarterly", "R/P4M": "threeTimesAYear", "R/P6M": "semiannual", "r/p1y": "annual", "R/P2Y": "biennial", "R/P3Y": "triennial", "R/P4Y": "quadrennial",
		"R/P5Y": "quinquennial", "R/P10Y": "decennial", "annually": "annual", "biannually": "semiannual", "fortnightly": "biweekly", "continual": "severalTimesADay", "R/P9Y": "",
	} {
		if got, _ := FrequencyOf(given); got != want {
			t.Errorf("%s is the frequency %q, want %q", given, got, want)
		}
	}
}
