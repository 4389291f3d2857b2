package dcat

import "strings"

// themeNames are the labels of a theme.
type themeNames struct{ fr, en string }

const (
	inspireTheme = "http://inspire.ec.europa.eu/theme/"
	euTheme      = authority + "data-theme/"
)

// themeLabel is the name of a theme of INSPIRE or of the EU's portal, for the many
// catalogues that name them by their IRIs alone; in French or else in English. Empty
// for what is none, and for the topics of ISO 19115, which say too little to be tags.
func themeLabel(iri, language string) string {
	iri = strings.Replace(iri, "https://", "http://", 1)
	for space, labels := range map[string]map[string]themeNames{inspireTheme: inspireThemeLabels, euTheme: euThemeLabels} {
		if code, ok := strings.CutPrefix(iri, space); ok {
			if language == "fr" {
				return labels[code].fr
			}
			return labels[code].en
		}
	}
	return ""
}

// inspireThemeLabels are those of the INSPIRE directive's annexes.
var inspireThemeLabels = map[string]themeNames{
	"ac": {"Conditions atmosphériques", "Atmospheric conditions"}, "ad": {"Adresses", "Addresses"},
	"af": {"Installations agricoles et aquacoles", "Agricultural and aquaculture facilities"},
	"am": {"Zones de gestion, de restriction ou de réglementation et unités de déclaration", "Area management/restriction/regulation zones and reporting units"},
	"au": {"Unités administratives", "Administrative units"}, "br": {"Régions biogéographiques", "Bio-geographical regions"},
	"bu": {"Bâtiments", "Buildings"}, "cp": {"Parcelles cadastrales", "Cadastral parcels"},
	"ef": {"Installations de suivi environnemental", "Environmental monitoring facilities"}, "el": {"Altitude", "Elevation"},
	"er": {"Sources d'énergie", "Energy resources"}, "ge": {"Géologie", "Geology"}, "gg": {"Systèmes de maillage géographique", "Geographical grid systems"},
	"gn": {"Dénominations géographiques", "Geographical names"}, "hb": {"Habitats et biotopes", "Habitats and biotopes"},
	"hh": {"Santé et sécurité des personnes", "Human health and safety"}, "hy": {"Hydrographie", "Hydrography"},
	"lc": {"Occupation des terres", "Land cover"}, "lu": {"Usage des sols", "Land use"},
	"mf": {"Caractéristiques géographiques météorologiques", "Meteorological geographical features"}, "mr": {"Ressources minérales", "Mineral resources"},
	"nz": {"Zones à risque naturel", "Natural risk zones"}, "of": {"Caractéristiques géographiques océanographiques", "Oceanographic geographical features"},
	"oi": {"Ortho-imagerie", "Orthoimagery"}, "pd": {"Répartition de la population, démographie", "Population distribution, demography"},
	"pf": {"Lieux de production et sites industriels", "Production and industrial facilities"}, "ps": {"Sites protégés", "Protected sites"},
	"rs": {"Référentiels de coordonnées", "Coordinate reference systems"}, "sd": {"Répartition des espèces", "Species distribution"},
	"so": {"Sols", "Soil"}, "sr": {"Régions maritimes", "Sea regions"}, "su": {"Unités statistiques", "Statistical units"},
	"tn": {"Réseaux de transport", "Transport networks"}, "us": {"Services d'utilité publique et services publics", "Utility and governmental services"},
}

// euThemeLabels are those of the authority table of data themes.
var euThemeLabels = map[string]themeNames{
	"AGRI": {"Agriculture, pêche, sylviculture et alimentation", "Agriculture, fisheries, forestry and food"},
	"ECON": {"Économie et finances", "Economy and finance"}, "EDUC": {"Éducation, culture et sport", "Education, culture and sport"},
	"ENER": {"Énergie", "Energy"}, "ENVI": {"Environnement", "Environment"}, "GOVE": {"Gouvernement et secteur public", "Government and public sector"},
	"HEAL": {"Santé", "Health"}, "INTR": {"Questions internationales", "International issues"},
	"JUST":      {"Justice, système juridique et sécurité publique", "Justice, legal system and public safety"},
	"OP_DATPRO": {"Données provisoires", "Provisional data"}, "REGI": {"Régions et villes", "Regions and cities"},
	"SOCI": {"Population et société", "Population and society"}, "TECH": {"Science et technologie", "Science and technology"},
	"TRAN": {"Transports", "Transport"},
}
