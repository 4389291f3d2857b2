package main

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

// apply puts the names on the zones. A line that names no zone is an error, so
// that the table cannot outlive the division; so is one that changes nothing.
func (t nameTable) apply(zones []geo.Zone) error {
	byID := make(map[string]*geo.Zone, len(zones))
	for i := range zones {
		if byID[zones[i].ID] != nil {
			return fmt.Errorf("%s is there twice", zones[i].ID)
		}
		byID[zones[i].ID] = &zones[i]
	}
	for _, line := range t {
		zone := byID[line.id]
		switch {
		case zone == nil:
			return fmt.Errorf("names.csv: no zone %s", line.id)
		case zone.Name == line.name || slices.Contains(zone.Aliases, line.name) && line.use == "alias":
			return fmt.Errorf("names.csv: %s has the name %s already", line.id, line.name)
		case line.use == "alias":
			zone.Aliases = append(zone.Aliases, line.name)
		default:
			zone.Aliases = slices.DeleteFunc(append(zone.Aliases, zone.Name), func(name string) bool { return name == line.name })
			zone.Name = line.name
		}
	}
	for code, id := range overseas {
		if byID[id] == nil {
			return fmt.Errorf("no zone %s for the country code %s", id, code)
		}
		byID[id].Former = append(byID[id].Former, "country:"+strings.ToLower(code))
		slices.Sort(byID[id].Former)
	}
	return nil
}
