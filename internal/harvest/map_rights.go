package harvest

import (
	"regexp"
	"strings"

	"grenier/internal/i18n"
	"grenier/internal/text"
)

// limitation is a reason for which the INSPIRE directive lets access be limited,
// by the letter of article 13(1).
type limitation struct{ letter, id, law string }

var limitations = []limitation{
	{"a", "confidentiality_of_proceedings_of_public_authorities", "L124-4-I-1"},
	{"b", "international_relations_public_security_or_national_defence", "L124-5-II-1"},
	{"c", "course_of_justice_or_fair_trial", "L124-5-II-2"},
	{"d", "confidentiality_of_commercial_or_industrial_information", "L124-4-I-1"},
	{"e", "intellectual_property_rights", "L124-5-II-3"},
	{"f", "confidentiality_of_personal_data", "L124-4-I-1"},
	{"g", "protection_of_voluntary_information_suppliers", "L124-4-I-3"},
	{"h", "protection_of_environment", "L124-4-I-2"},
}

var limitationAddress = regexp.MustCompile(`(?i)https?://inspire\.ec\.europa\.eu/metadata-codelist/LimitationsOnPublicAccess/INSPIRE_Directive_Article13_1([a-h])\b`)

// limitationLabels are slugs of the names of the limitations in the French law and in English.
var limitationLabels = func() map[string]string {
	labels := make(map[string]string, 2*len(limitations))
	for _, l := range limitations {
		labels[text.Slug(l.law+" du code de l'environnement (Directive 2007/2/CE (INSPIRE), Article 13.1."+l.letter+")")] = l.id
		labels[text.Slug("public access limited according to Article 13(1)("+l.letter+") of the INSPIRE Directive")] = l.id
	}
	return labels
}()

// euAccess begins the names of the EU for kinds of access.
const euAccess = "http://publications.europa.eu/resource/authority/access-right/"

// accessOf is the kind of access that a record tells, with the category of a reason
// that it names; both are empty when nothing is said.
func accessOf(told string, access, rights []string) (kind, category string) {
	if category, ok := limitationOf(access, rights); ok {
		return "restricted", category
	}
	if told = strings.TrimSpace(told); i18n.Has(i18n.AccessType, told) {
		return told, ""
	}
	for _, right := range access {
		switch strings.TrimSpace(right) {
		case euAccess + "NON_PUBLIC", euAccess + "RESTRICTED", euAccess + "CONFIDENTIAL":
			return "restricted", ""
		}
	}
	return "", ""
}

// limitationOf finds the first right that limits access for a reason of the INSPIRE
// directive.
func limitationOf(rights ...[]string) (category string, ok bool) {
	for _, list := range rights {
		for _, right := range list {
			if found := limitationAddress.FindStringSubmatch(right); found != nil {
				for _, l := range limitations {
					if l.letter == strings.ToLower(found[1]) {
						return l.id, true
					}
				}
			}
			if id, known := limitationLabels[text.Slug(right)]; known {
				return id, true
			}
		}
	}
	return "", false
}
