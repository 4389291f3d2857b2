package main

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"grenier/internal/geo"
	"grenier/internal/geo/division"
)

// reserved are codes that ISO 3166 keeps for other uses than countries.
var reserved = map[string]bool{"AC": true, "DG": true, "EA": true, "IC": true, "TA": true, "EZ": true, "UN": true}

// union27 are the member states of the European Union.
var union27 = map[string]bool{
	"AT": true, "BE": true, "BG": true, "CY": true, "CZ": true, "DE": true, "DK": true, "EE": true, "ES": true,
	"FI": true, "FR": true, "GR": true, "HR": true, "HU": true, "IE": true, "IT": true, "LT": true, "LU": true,
	"LV": true, "MT": true, "NL": true, "PL": true, "PT": true, "RO": true, "SE": true, "SI": true, "SK": true,
}

// worldZones are the groups, the countries and the parts of France.
func worldZones() []geo.Zone {
	zones := []geo.Zone{
		{ID: "country-group:world", Level: "country-group", Code: "world", Name: "Monde", Aliases: []string{"World"}},
		{ID: "country-group:ue", Level: "country-group", Code: "ue", Name: "Union Européenne",
			Aliases: []string{"European Union", "UE", "EU"}, Parents: []string{"country-group:world"}, Former: []string{"country-group:eu"}},
		{ID: "country-subset:fr:metro", Level: "country-subset", Code: "fr:metro", Name: "France métropolitaine",
			Aliases: []string{"Metropolitan France"}, Parents: []string{"country:fr"}},
		{ID: "country-subset:fr:drom", Level: "country-subset", Code: "fr:drom", Name: "DROM",
			Aliases: []string{"Départements et régions d'outre-mer", "Overseas departments and regions of France"},
			Parents: []string{"country-subset:fr:dromcom"}},
		{ID: "country-subset:fr:dromcom", Level: "country-subset", Code: "fr:dromcom", Name: "DROM-COM",
			Aliases: []string{"France d'outre-mer", "Overseas France"}, Parents: []string{"country:fr"}},
	}
	french, english := display.Regions(language.French), display.Regions(language.English)
	for first := 'A'; first <= 'Z'; first++ {
		for second := 'A'; second <= 'Z'; second++ {
			code := string(first) + string(second)
			region, err := language.ParseRegion(code)
			if err != nil || region.String() != code || !region.IsCountry() || region.Canonicalize() != region {
				continue
			}
			name := french.Name(region)
			if division.Overseas(code) || reserved[code] || name == "" {
				continue
			}
			zones = append(zones, country(code, strings.ReplaceAll(name, "’", "'"), english.Name(region)))
		}
	}
	return zones
}

func country(code, name, english string) geo.Zone {
	lower := string(code[0]|0x20) + string(code[1]|0x20)
	zone := geo.Zone{ID: "country:" + lower, Level: "country", Code: lower, Name: name, Parents: []string{"country-group:world"}}
	if union27[code] {
		zone.Parents = []string{"country-group:ue"}
	}
	if english != name {
		zone.Aliases = []string{english}
	}
	return zone
}
