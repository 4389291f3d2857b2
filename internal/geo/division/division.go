// Package division reads the published description of the French
// administrative division, the npm package @etalab/decoupage-administratif: a
// folder with communes, epci, ept, departements, regions, arrondissements and,
// maybe, communes-centre-bbox, each as NAME.json.gz, NAME.json or
// data/NAME.json.
package division

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"grenier/internal/geo"
)

// commune is a line of communes.json.
type commune struct {
	Code           string   `json:"code"`
	Nom            string   `json:"nom"`
	Type           string   `json:"type"`
	Zone           string   `json:"zone"`
	Arrondissement string   `json:"arrondissement"`
	Departement    string   `json:"departement"`
	Region         string   `json:"region"`
	CodesPostaux   []string `json:"codesPostaux"`
	AnciensCodes   []string `json:"anciensCodes"`
	Population     int64    `json:"population"`
	ChefLieu       string   `json:"chefLieu"`
	Commune        string   `json:"commune"`
}

// area is a line of regions, departements or arrondissements.
type area struct {
	Code        string `json:"code"`
	Nom         string `json:"nom"`
	Departement string `json:"departement"`
	Region      string `json:"region"`
	Zone        string `json:"zone"`
}

// grouping is a line of epci.json or ept.json.
type grouping struct {
	Code    string `json:"code"`
	Nom     string `json:"nom"`
	Type    string `json:"type"`
	Membres []struct {
		Code                 string `json:"code"`
		PopulationMunicipale int64  `json:"populationMunicipale"`
	} `json:"membres"`
}

// place is the value of communes-centre-bbox.json.
type place struct {
	Center [2]float64 `json:"center"`
	BBox   [4]float64 `json:"bbox"`
}

// placesFile tells where communes lie. It is another package than the rest: without it zones stay where
// they are known to be.
const placesFile = "communes-centre-bbox"

// source is everything that is read from the folder.
type source struct {
	communes                              []commune
	epci, ept                             []grouping
	departements, regions, arrondissement []area
	places                                map[string]place

	current map[string]commune // communes of today by code
	epciOf  map[string]string  // commune → EPCI
	eptOf   map[string]string  // commune → EPT
	total   map[string]int64   // zone id → population of its communes
	extents map[string]geo.Extent
}

// Read returns the French zones below the country that a folder describes.
func Read(dir string) ([]geo.Zone, error) {
	s, err := readSource(dir)
	if err != nil {
		return nil, err
	}
	return s.zones(), nil
}

// readFile decodes NAME.json.gz or NAME.json of a folder, or of the folder data
// below it, where the npm package has its files.
func readFile(dir, name string, into any) error {
	file, err := openAny(filepath.Join(dir, name+".json.gz"), filepath.Join(dir, name+".json"), filepath.Join(dir, "data", name+".json"))
	if err != nil {
		return err
	}
	defer file.Close()
	var content io.Reader = file
	if strings.HasSuffix(file.Name(), ".gz") {
		unpacked, err := gzip.NewReader(file)
		if err != nil {
			return fmt.Errorf("%s cannot be read: %w", file.Name(), err)
		}
		content = unpacked
	}
	if err := json.NewDecoder(io.LimitReader(content, maxUnpacked)).Decode(into); err != nil {
		return fmt.Errorf("%s cannot be read: %w", file.Name(), err)
	}
	return nil
}

// openAny opens the first of some files that is there; the error is that of the
// first.
func openAny(paths ...string) (*os.File, error) {
	var missing error
	for _, path := range paths {
		file, err := os.Open(path)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
		if missing == nil {
			missing = err
		}
	}
	return nil, missing
}

func readSource(dir string) (*source, error) {
	s := &source{
		current: map[string]commune{}, epciOf: map[string]string{}, eptOf: map[string]string{},
		total: map[string]int64{}, extents: map[string]geo.Extent{},
	}
	for name, into := range map[string]any{
		"communes": &s.communes, "epci": &s.epci, "ept": &s.ept, "departements": &s.departements,
		"regions": &s.regions, "arrondissements": &s.arrondissement, placesFile: &s.places,
	} {
		err := readFile(dir, name, into)
		if err != nil && !(name == placesFile && errors.Is(err, fs.ErrNotExist)) {
			return nil, err
		}
	}
	for _, one := range s.communes {
		if one.Type == "commune-actuelle" {
			s.current[one.Code] = one
		}
	}
	for _, group := range s.epci {
		for _, member := range group.Membres {
			s.epciOf[member.Code] = "fr:epci:" + group.Code
		}
	}
	for _, group := range s.ept {
		for _, member := range group.Membres {
			s.eptOf[member.Code] = "fr:epci:" + group.Code
		}
	}
	s.addUp()
	return s, nil
}

// addUp gives every zone above the communes their population and extent.
func (s *source) addUp() {
	for _, one := range s.current {
		above := []string{"country:fr"}
		if one.Zone == "com" {
			above = append(above, "fr:collectivite:"+one.Departement, "country-subset:fr:dromcom")
		} else {
			above = append(above, "fr:departement:"+one.Departement, "fr:region:"+one.Region,
				"fr:arrondissement:"+one.Arrondissement, "country-subset:fr:"+one.Zone)
			if one.Zone == "drom" {
				above = append(above, "country-subset:fr:dromcom")
			}
		}
		above = append(above, s.epciOf[one.Code], s.eptOf[one.Code])
		for _, id := range above {
			s.total[id] += one.Population
			if here, ok := s.places[one.Code]; ok && isCompact(id) {
				s.extents[id] = union(s.extents[id], here.BBox)
			}
		}
	}
}

// isCompact tells the zones whose surrounding box says something: not those
// spread over several oceans.
func isCompact(id string) bool {
	return id != "country:fr" && id != "country-subset:fr:drom" && id != "country-subset:fr:dromcom"
}

func union(extent geo.Extent, box [4]float64) geo.Extent {
	if extent == (geo.Extent{}) {
		extent = geo.Extent{West: box[0], South: box[1], East: box[2], North: box[3]}
	}
	extent.West, extent.South = min(extent.West, box[0]), min(extent.South, box[1])
	extent.East, extent.North = max(extent.East, box[2]), max(extent.North, box[3])
	extent.Lon, extent.Lat = (extent.West+extent.East)/2, (extent.South+extent.North)/2
	return extent
}

// zones returns the French zones below the country.
func (s *source) zones() []geo.Zone {
	var zones []geo.Zone
	for _, one := range s.regions {
		if one.Zone == "com" {
			zone := s.zone("fr:collectivite", one.Code, one.Nom, "country-subset:fr:dromcom")
			zone.Former = []string{"fr:region:" + one.Code, "fr:departement:" + one.Code}
			zones = append(zones, zone)
		} else {
			zones = append(zones, s.zone("fr:region", one.Code, one.Nom, "country-subset:fr:"+one.Zone))
		}
	}
	for _, one := range s.departements {
		if one.Zone != "com" {
			zones = append(zones, s.zone("fr:departement", one.Code, one.Nom, "fr:region:"+one.Region))
		}
	}
	for _, one := range s.arrondissement {
		zones = append(zones, s.zone("fr:arrondissement", one.Code, one.Nom, "fr:departement:"+one.Departement))
	}
	for _, group := range s.epci {
		zone := s.zone("fr:epci", group.Code, shortName(group.Nom), s.surrounding(group))
		if zone.Name != group.Nom {
			zone.Aliases = []string{group.Nom}
		}
		zones = append(zones, zone)
	}
	for _, group := range s.ept {
		zone := s.zone("fr:epci", group.Code, group.Nom, s.surrounding(group))
		zone.Kind = geo.KindEPT
		zones = append(zones, zone)
	}
	for _, one := range s.communes {
		if zone, ok := s.communeZone(one); ok {
			zones = append(zones, zone)
		}
	}
	s.addSeats(zones)
	return zones
}

func (s *source) zone(level, code, name string, parents ...string) geo.Zone {
	id := level + ":" + code
	zone := geo.Zone{ID: id, Level: level, Code: code, Name: name, Parents: parents, Population: s.total[id]}
	if extent, ok := s.extents[id]; ok {
		zone.Extent = &extent
	}
	return zone
}

// surrounding is the smallest zone that holds all the communes of a grouping:
// a département, a region, or else the whole country. A territory (EPT) lies in its
// metropolis.
func (s *source) surrounding(group grouping) string {
	departements, regions := map[string]bool{}, map[string]bool{}
	var last commune
	for _, member := range group.Membres {
		last = s.current[member.Code]
		departements[last.Departement], regions[last.Region] = true, true
	}
	switch {
	case group.Type == "EPT":
		return s.epciOf[last.Code]
	case last.Zone == "com":
		return "fr:collectivite:" + last.Departement
	case len(departements) == 1:
		return "fr:departement:" + last.Departement
	case len(regions) == 1:
		return "fr:region:" + last.Region
	default:
		return "country:fr"
	}
}

// communeZone turns a line into a zone. Delegated and associated communes that
// share the code of their commune add nothing and are left out.
func (s *source) communeZone(one commune) (geo.Zone, bool) {
	zone := geo.Zone{
		ID: "fr:commune:" + one.Code, Level: "fr:commune", Code: one.Code, Name: one.Nom,
		Population: one.Population, PostalCodes: one.CodesPostaux,
	}
	if here, ok := s.places[one.Code]; ok {
		zone.Extent = &geo.Extent{
			Lon: here.Center[0], Lat: here.Center[1],
			West: here.BBox[0], South: here.BBox[1], East: here.BBox[2], North: here.BBox[3],
		}
	}
	switch one.Type {
	case "commune-actuelle":
		zone.Parents = s.parentsOf(one)
		for _, code := range one.AnciensCodes {
			zone.Former = append(zone.Former, "fr:commune:"+code)
		}
		return zone, true
	case "arrondissement-municipal":
		zone.Kind, zone.Parents = geo.KindMunicipal, []string{"fr:commune:" + one.Commune}
		return zone, true
	default:
		zone.Kind, zone.Parents = geo.KindDelegated, []string{"fr:commune:" + one.ChefLieu}
		if one.Type == "commune-associee" {
			zone.Kind = geo.KindAssociated
		}
		_, taken := s.current[one.Code]
		return zone, !taken
	}
}

// addSeats gives communes the former name that lives on as the delegated
// commune of the same code: Le Val d'Hazey was Aubevoye.
func (s *source) addSeats(zones []geo.Zone) {
	seats := map[string]string{}
	for _, one := range s.communes {
		if now, taken := s.current[one.Code]; taken && one.Type != "commune-actuelle" && one.Nom != now.Nom {
			seats["fr:commune:"+one.Code] = one.Nom
		}
	}
	for i := range zones {
		if name := seats[zones[i].ID]; name != "" {
			zones[i].Aliases = append(zones[i].Aliases, name)
		}
	}
}

func (s *source) parentsOf(one commune) []string {
	var parents []string
	if one.Zone == "com" {
		parents = append(parents, s.epciOf[one.Code], "fr:collectivite:"+one.Departement)
	} else {
		parents = append(parents, s.eptOf[one.Code], s.epciOf[one.Code])
		if one.Arrondissement != "" {
			parents = append(parents, "fr:arrondissement:"+one.Arrondissement)
		}
		parents = append(parents, "fr:departement:"+one.Departement)
	}
	return slices.DeleteFunc(parents, func(id string) bool { return id == "" })
}

// natures are the legal forms before the name of an EPCI.
var natures = regexp.MustCompile(`^(CC|CA|CU|Métropole) +`)

// articles turn "du Trièves" into "Le Trièves".
var articles = []struct{ of, the string }{
	{"du ", "Le "}, {"des ", "Les "}, {"de la ", "La "}, {"de l'", "L'"}, {"d'", ""}, {"de ", ""},
}

// shortName is the name of an EPCI without its legal form, the way the
// national catalogue shows it: CC du Trièves → Le Trièves.
func shortName(official string) string {
	official = strings.ReplaceAll(official, "oeu", "œu")
	if official == "Métropole de Lyon" || official == "Métropole Européenne de Lille" {
		return official
	}
	name := natures.ReplaceAllString(official, "")
	if name == official {
		return official
	}
	for _, article := range articles {
		if rest, ok := strings.CutPrefix(name, article.of); ok {
			return article.the + rest
		}
	}
	return name
}
