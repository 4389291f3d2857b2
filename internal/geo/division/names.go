package division

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"grenier/internal/geo"
)

//go:embed names.csv
var namesFile string

// nameTable holds lines of names.csv: the name to show for a zone, or one more
// name it is known by.
type nameTable []struct{ id, use, name string }

func readNames() (nameTable, error) {
	reader := csv.NewReader(strings.NewReader(namesFile))
	reader.Comment = '#'
	lines, err := reader.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("names.csv: %w", err)
	}
	var table nameTable
	for _, line := range lines {
		if line[1] != "name" && line[1] != "alias" {
			return nil, fmt.Errorf("names.csv: %s is neither name nor alias", line[1])
		}
		table = append(table, struct{ id, use, name string }{line[0], line[1], line[2]})
	}
	return table, nil
}

// overseas are the French territories that ISO 3166 also lists as countries;
// their codes lead to the French zone.
var overseas = map[string]string{
	"GP": "fr:region:01", "MQ": "fr:region:02", "GF": "fr:region:03", "RE": "fr:region:04", "YT": "fr:region:06",
	"PM": "fr:collectivite:975", "BL": "fr:collectivite:977", "MF": "fr:collectivite:978",
	"TF": "fr:collectivite:984", "WF": "fr:collectivite:986", "PF": "fr:collectivite:987",
	"NC": "fr:collectivite:988", "CP": "fr:collectivite:989",
}

// Overseas tells whether ISO 3166 lists a French territory under a code.
func Overseas(code string) bool { return overseas[code] != "" }

// Name puts on zones the names that the national catalogue shows where no rule
// yields them, and the codes of ISO 3166 on overseas territories. It returns the
// lines of the table that name no zone or change nothing.
func Name(zones []geo.Zone) (unused []string, err error) {
	table, err := readNames()
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*geo.Zone, len(zones))
	for i := range zones {
		if byID[zones[i].ID] != nil {
			return nil, fmt.Errorf("the zone %s is there twice", zones[i].ID)
		}
		byID[zones[i].ID] = &zones[i]
	}
	for _, line := range table {
		zone := byID[line.id]
		switch {
		case zone == nil, zone.Name == line.name, slices.Contains(zone.Aliases, line.name) && line.use == "alias":
			unused = append(unused, line.id+" "+line.name)
		case line.use == "alias":
			zone.Aliases = append(zone.Aliases, line.name)
		default:
			zone.Aliases = slices.DeleteFunc(append(zone.Aliases, zone.Name), func(name string) bool { return name == line.name })
			zone.Name = line.name
		}
	}
	for code, id := range overseas {
		if byID[id] == nil {
			unused = append(unused, id+" "+code)
			continue
		}
		byID[id].Former = append(byID[id].Former, "country:"+strings.ToLower(code))
		slices.Sort(byID[id].Former)
	}
	return unused, nil
}
