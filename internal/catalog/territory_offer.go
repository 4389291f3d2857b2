package catalog

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"grenier/internal/geo"
)

// TerritoryOffer is data that exist for every territory of some levels, one
// piece for each: the figures of a town, the addresses of a town.
type TerritoryOffer struct {
	// ID is how cards name the offer; letters, digits and underscores.
	ID string `yaml:"id"`
	// Levels are those it is offered for: fr:commune, or commune for short.
	Levels Levels `yaml:"level"`
	// Order is its place among the offers of a level, the least first.
	Order int `yaml:"order"`
	// Title and Description name and explain it; the description is Markdown.
	Title       Words `yaml:"title"`
	Description Words `yaml:"description"`
	// Organization is the identifier or the slug of who makes the data.
	Organization string `yaml:"organization"`
	// License is the identifier of a licence, fr-lo by default.
	License string `yaml:"license"`
	// TemporalCoverage says which time the data are about, in words.
	TemporalCoverage string `yaml:"temporal_coverage"`
	// URLTemplate is where the data are: {code}, {id} and {level} stand for those of
	// the territory, {departement} and {region} for the codes of the zones around
	// it.
	URLTemplate string `yaml:"url_template"`
	// Resource is instead a hosted table of this site; those of its rows are offered whose column
	// FilterColumn holds the code of the territory.
	Resource     string `yaml:"resource"`
	FilterColumn string `yaml:"filter_column"`
	// Needs is contour for what only zones with an imported contour have.
	Needs string `yaml:"needs"`
}

const needsContour = "contour"

// Words are a text in several languages; the empty one is for all others.
type Words map[string]string

// UnmarshalYAML reads one text for all languages, or a text by language.
func (w *Words) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*w = Words{"": node.Value}
		return nil
	}
	return node.Decode((*map[string]string)(w))
}

// In is the text in a language: else that for all languages, else the English
// or the French one.
func (w Words) In(lang string) string {
	for _, one := range []string{lang, "", "en", "fr"} {
		if text, ok := w[one]; ok {
			return text
		}
	}
	return ""
}

// Levels are levels of zones.
type Levels []string

// UnmarshalYAML reads a level or a list of them.
func (l *Levels) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*l = Levels{node.Value}
		return nil
	}
	return node.Decode((*[]string)(l))
}

//go:embed territory_offers.yaml
var defaultTerritoryOffers []byte

// ReadTerritoryOffers reads what is offered for territories: the offers that the program
// brings and, above them, those of a YAML file, whose member territory_datasets
// lists them; one with the identifier of another replaces it. Without a file
// there are those of the program alone.
func ReadTerritoryOffers(file string) ([]TerritoryOffer, error) {
	offers, err := parseTerritoryOffers(bytes.NewReader(defaultTerritoryOffers))
	if err != nil || file == "" {
		return offers, err
	}
	given, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("the data offered for territories cannot be read: %w", err)
	}
	defer given.Close()
	own, err := parseTerritoryOffers(io.LimitReader(given, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	offers = slices.DeleteFunc(offers, func(one TerritoryOffer) bool {
		return slices.ContainsFunc(own, func(other TerritoryOffer) bool { return other.ID == one.ID })
	})
	return sortedOffers(append(offers, own...)), nil
}

func sortedOffers(offers []TerritoryOffer) []TerritoryOffer {
	slices.SortStableFunc(offers, func(a, b TerritoryOffer) int { return a.Order - b.Order })
	return offers
}

func parseTerritoryOffers(from io.Reader) ([]TerritoryOffer, error) {
	var file struct {
		Offers []TerritoryOffer `yaml:"territory_datasets"`
	}
	decoder := yaml.NewDecoder(from)
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil && err != io.EOF {
		return nil, err
	}
	for i := range file.Offers {
		if err := file.Offers[i].settle(); err != nil {
			return nil, fmt.Errorf("territory_datasets, number %d: %w", i+1, err)
		}
		if slices.ContainsFunc(file.Offers[:i], func(one TerritoryOffer) bool { return one.ID == file.Offers[i].ID }) {
			return nil, fmt.Errorf("territory_datasets, number %d: the id %q is taken", i+1, file.Offers[i].ID)
		}
	}
	return sortedOffers(file.Offers), nil
}

var (
	offerID  = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
	variable = regexp.MustCompile(`\{[^}]*\}`)
)

// variables are what the templates of addresses may hold.
var variables = []string{"{code}", "{id}", "{level}", "{departement}", "{region}"}

// settle checks an offer and fills its defaults in.
func (o *TerritoryOffer) settle() error {
	if !offerID.MatchString(o.ID) {
		return fmt.Errorf("the id %q is not made of small letters, digits and underscores", o.ID)
	}
	if len(o.Levels) == 0 {
		return fmt.Errorf("%s has no level", o.ID)
	}
	for i, level := range o.Levels {
		if !geo.IsLevel(level) {
			level = "fr:" + level
		}
		if !geo.IsLevel(level) {
			return fmt.Errorf("%s: there is no level %q", o.ID, o.Levels[i])
		}
		o.Levels[i] = level
	}
	if strings.TrimSpace(o.Title.In("")) == "" {
		return fmt.Errorf("%s has no title", o.ID)
	}
	if o.Needs != "" && o.Needs != needsContour {
		return fmt.Errorf("%s: what needs %q means is not known; it may be contour", o.ID, o.Needs)
	}
	if o.License == "" {
		o.License = "fr-lo"
	}
	return o.settleSource()
}

// settleSource checks where the data are.
func (o *TerritoryOffer) settleSource() error {
	switch {
	case (o.URLTemplate == "") == (o.Resource == ""):
		return fmt.Errorf("%s needs either url_template or resource", o.ID)
	case o.Resource != "" && o.FilterColumn == "":
		return fmt.Errorf("%s: a resource needs filter_column, the column with the codes of territories", o.ID)
	case o.Resource != "":
		return nil
	}
	for _, one := range variable.FindAllString(o.URLTemplate, -1) {
		if !slices.Contains(variables, one) {
			return fmt.Errorf("%s: what %s stands for is not known; there are %s", o.ID, one, strings.Join(variables, ", "))
		}
	}
	plain := variable.ReplaceAllString(o.URLTemplate, "0")
	address, err := url.Parse(plain)
	if err != nil || !(strings.HasPrefix(plain, "/") && !strings.HasPrefix(plain, "//") ||
		(address.Scheme == "https" || address.Scheme == "http") && address.Host != "") {
		return fmt.Errorf("%s: %q is neither an address of the web nor a path of this site", o.ID, o.URLTemplate)
	}
	return nil
}

// concerns tells whether it is offered for a zone.
func (o *TerritoryOffer) concerns(zone geo.Zone) bool { return slices.Contains(o.Levels, zone.Level) }

// address is where the data about a zone are.
func (o *TerritoryOffer) address(zones *geo.Directory, zone geo.Zone) string {
	if o.Resource != "" {
		return "/api/1/territory/" + zone.ID + "/" + o.ID + ".csv"
	}
	values := map[string]string{"{code}": zone.Code, "{id}": zone.ID, "{level}": zone.Level}
	for _, around := range append([]geo.Zone{zone}, zones.Ancestors(zone.ID)...) {
		switch around.Level {
		case "fr:departement":
			values["{departement}"] = around.Code
		case "fr:region":
			values["{region}"] = around.Code
		}
	}
	return variable.ReplaceAllStringFunc(o.URLTemplate, func(one string) string { return url.PathEscape(values[one]) })
}
