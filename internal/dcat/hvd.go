package dcat

import (
	"slices"
	"strings"

	"grenier/internal/text"
)

// Category is a category of high-value datasets (regulation (EU) 2023/138).
type Category struct {
	// Code ends its IRI below http://data.europa.eu/bna/.
	Code string
	// Label is its French name; the catalogue tags datasets with its slug.
	Label string
}

// Categories are those of high-value datasets.
var Categories = []Category{
	{"c_164e0bf5", "Météorologiques"},
	{"c_a9135398", "Entreprises et propriété d'entreprises"},
	{"c_ac64a52d", "Géospatiales"},
	{"c_b79e35eb", "Mobilité"},
	{"c_dd313021", "Observation de la terre et environnement"},
	{"c_e1da4e07", "Statistiques"},
}

// Tag is the tag that stands for a category.
func (c Category) Tag() string { return text.Slug(c.Label) }

// badgeHVD marks high-value datasets, and is the tag by which they are known.
const badgeHVD = "hvd"

var categoryByTag = func() map[string]string {
	byTag := make(map[string]string, len(Categories))
	for _, c := range Categories {
		byTag[c.Tag()] = c.Code
	}
	return byTag
}()

// categoriesOf are the codes of the categories among tags, in order of code.
func categoriesOf(tags []string) []string {
	var codes []string
	for _, tag := range tags {
		if code, ok := categoryByTag[tag]; ok && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}

// categoryOf finds the category that an IRI names.
func categoryOf(iri string) (Category, bool) {
	code, ok := strings.CutPrefix(iri, hvdCategory)
	if !ok {
		return Category{}, false
	}
	at := slices.IndexFunc(Categories, func(c Category) bool { return c.Code == code })
	if at < 0 {
		return Category{}, false
	}
	return Categories[at], true
}
