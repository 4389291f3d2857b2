package dcat

import "testing"

// The codes of ISO 19115, bare or by their IRI, are frequencies of the catalogue.
func TestFrequenciesOfISO(t *testing.T) {
	for code, want := range map[string]string{
		"continual": "severalTimesADay", "daily": "daily", "weekly": "weekly", "fortnightly": "biweekly", "semimonthly": "semimonthly", "monthly": "monthly", "quarterly": "quarterly",
		"biannually": "semiannual", "annually": "annual", "biennially": "biennial", "periodic": "other", "asNeeded": "punctual", "irregular": "irregular", "notPlanned": "notPlanned", "unknown": "unknown",
	} {
		for _, given := range []string{code, "http://inspire.ec.europa.eu/metadata-codelist/MaintenanceFrequency/" + code} {
			if got, ok := FrequencyOf(given); got != want || !ok {
				t.Errorf("%s is %q, want %q", given, got, want)
			}
		}
	}
}
