package dcat

import (
	words "grenier/internal/dcat"
	"regexp"
	"strings"
)

// inseePlace is a territory in the words of the French institute of statistics.
var inseePlace = regexp.MustCompile(`^https?://(?:id|rdf)\.insee\.fr/geo/(commune|departement|region|arrondissement|canton|pays)/([0-9AB]{2,5}|france)$`)

// inseeLevels are the levels of the catalogue by those of the institute.
var inseeLevels = map[string]string{"commune": "fr:commune", "departement": "fr:departement", "region": "fr:region", "arrondissement": "fr:arrondissement", "canton": "fr:canton"}

// euCountry begins the IRIs of countries in the authority table of the EU.
const euCountry = "http://publications.europa.eu/resource/authority/country/"

// ownPlace is a territory in the words of a portal of the same kind.
var ownPlace = regexp.MustCompile(`^(?:country|country-group|country-subset|fr:[a-z]+):[0-9a-z]+(?::[0-9a-z]+)?$`)

// zoneOf is the territory of the catalogue that a place is; "" for others.
func zoneOf(place words.Place) string {
	if ownPlace.MatchString(place.Identifier) {
		return place.Identifier
	}
	return zoneByIRI(place.URI)
}

// zoneByIRI is the territory of the catalogue that an IRI of a known authority
// names; "" for others.
func zoneByIRI(iri string) string {
	if code, ok := strings.CutPrefix(iri, euCountry); ok {
		if two := countries[code]; two != "" {
			return "country:" + two
		}
		return ""
	}
	switch strings.TrimSuffix(strings.Replace(strings.Replace(iri, "https://", "http://", 1), "//www.geonames", "//sws.geonames", 1), "/") {
	case "http://sws.geonames.org/3017382":
		return "country:fr"
	}
	found := inseePlace.FindStringSubmatch(iri)
	if found == nil {
		return ""
	}
	if found[2] == "france" {
		return "country:fr"
	}
	if level := inseeLevels[found[1]]; level != "" {
		return level + ":" + found[2]
	}
	return ""
}

// countries are the codes of ISO 3166-1 with two letters by those with three.
var countries = map[string]string{
	"AUT": "at", "BEL": "be", "BGR": "bg", "CHE": "ch", "CYP": "cy", "CZE": "cz", "DEU": "de", "DNK": "dk", "ESP": "es", "EST": "ee", "FIN": "fi",
	"FRA": "fr", "GBR": "gb", "GRC": "gr", "HRV": "hr", "HUN": "hu", "IRL": "ie", "ISL": "is", "ITA": "it", "LIE": "li", "LTU": "lt", "LUX": "lu",
	"LVA": "lv", "MCO": "mc", "MLT": "mt", "NLD": "nl", "NOR": "no", "POL": "pl", "PRT": "pt", "ROU": "ro", "SVK": "sk", "SVN": "si", "SWE": "se",
}
