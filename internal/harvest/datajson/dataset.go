package datajson

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"grenier/internal/harvest"
)

// kept are the members that have no place of their own in the catalogue; they
// are kept as extras.
var kept = []string{"describedBy", "isPartOf", "systemOfRecords", "language", "references", "conformsTo", "dataQuality", "bureauCode", "programCode"}

// dataset maps a record, with remarks on what cannot be kept.
func dataset(m members, id string) (*harvest.Dataset, []harvest.Log) {
	var logs remarks
	d := &harvest.Dataset{
		Title: m.text("title"), Description: m.text("description"),
		Tags: append(m.texts("keyword"), m.texts("theme")...), Frequency: m.text("accrualPeriodicity"),
		Temporal: period(m.text("temporal")), Contacts: contacts(m), Extras: make(map[string]any),
		Harvest: harvest.Origin{DctIdentifier: id, IssuedAt: m.text("issued"), ModifiedAt: modified(m.text("modified"))},
	}
	if isAddress(id) {
		d.Harvest.URI = id
	}
	if license := m.text("license"); license != "" {
		d.License = []string{license}
	}
	if rights := m.text("rights"); rights != "" {
		d.Rights = []string{rights}
	}
	for _, name := range kept {
		if value, ok := m[name]; ok && value != nil && value != "" {
			d.Extras["datajson:"+name] = value
		}
	}
	if chain := publishers(m); len(chain) > 1 {
		d.Extras["publisher_hierarchy"] = strings.Join(chain, " > ")
	}
	var named string
	if d.Spatial, named = spatial(m["spatial"]); named != "" {
		d.Extras["datajson:spatial"] = named
	}
	d.Resources = resources(m, &logs)
	if len(d.Extras) == 0 {
		d.Extras = nil
	}
	return d, logs
}

// remarks are on one record.
type remarks []harvest.Log

func (r *remarks) warn(format string, arguments ...any) {
	*r = append(*r, harvest.Log{Level: "warning", Message: fmt.Sprintf(format, arguments...)})
}

// modified leaves out intervals (ISO 8601 R/P1Y), which say how often data is
// modified and not when.
func modified(text string) string {
	if strings.HasPrefix(text, "R/") {
		return ""
	}
	return text
}

// period reads "start/end"; nil when there are not two of them.
func period(text string) *harvest.Period {
	start, end, ok := strings.Cut(text, "/")
	if !ok || start == "R" || strings.Contains(end, "/") {
		return nil
	}
	if strings.HasPrefix(start, "P") {
		start = ""
	}
	if strings.HasPrefix(end, "P") || end == ".." {
		end = "" // a length of time
	}
	if start == "" && end == "" {
		return nil
	}
	return &harvest.Period{Start: strings.TrimSpace(start), End: strings.TrimSpace(end)}
}

// contacts are those who answer questions, and the publisher.
func contacts(m members) []harvest.Contact {
	var all []harvest.Contact
	for _, c := range m.objects("contactPoint") {
		mail := strings.TrimSpace(strings.TrimPrefix(c.text("hasEmail"), "mailto:"))
		contact := harvest.Contact{Name: c.text("fn"), Role: "contact"}
		switch {
		case isAddress(mail):
			contact.Form = mail
		case strings.Contains(mail, "@"):
			contact.Email = mail
		}
		if contact != (harvest.Contact{Role: "contact"}) {
			all = append(all, contact)
		}
	}
	if name, mail := m.text("contactPoint"), m.text("mbox"); len(all) == 0 && (name != "" || mail != "") {
		all = append(all, harvest.Contact{Name: name, Email: strings.TrimPrefix(mail, "mailto:"), Role: "contact"}) // version 1.0
	}
	if chain := publishers(m); len(chain) > 0 {
		all = append(all, harvest.Contact{Name: chain[len(chain)-1], Role: "publisher"})
	}
	return all
}

// maxPublishers bounds the organisations above a publisher.
const maxPublishers = 16

// publishers are the names of the publisher and of those it is part of, the
// uppermost first.
func publishers(m members) []string {
	if name := m.text("publisher"); name != "" {
		return []string{name}
	}
	var chain []string
	for at := m.objects("publisher"); len(at) > 0 && len(chain) < maxPublishers; at = at[0].objects("subOrganizationOf") {
		if name := at[0].text("name"); name != "" {
			chain = append([]string{name}, chain...)
		}
	}
	return chain
}

// resources are the distributions that have an address.
func resources(m members, logs *remarks) []harvest.Resource {
	distributions := m.objects("distribution")
	if len(distributions) == 0 && (m.text("accessURL") != "" || m.text("webService") != "") { // version 1.0
		distributions = []members{{"downloadURL": m["accessURL"], "accessURL": m["webService"], "format": m["format"]}}
	}
	all := make([]harvest.Resource, 0, len(distributions))
	for i, d := range distributions {
		r := harvest.Resource{
			Title: d.text("title"), Description: d.text("description"), URL: d.text("downloadURL"),
			Format: d.text("format"), Mime: d.text("mediaType"), RemoteID: d.text("identifier"),
			Harvest: harvest.Origin{IssuedAt: d.text("issued"), ModifiedAt: modified(d.text("modified"))},
		}
		if r.URL == "" {
			r.URL = d.text("accessURL")
			if strings.EqualFold(r.Format, "api") {
				r.Type = "api"
			}
		}
		if r.URL == "" {
			logs.warn("Distribution %d has no address and is left out.", i+1)
			continue
		}
		all = append(all, r)
	}
	return all
}

// spatial reads a box "west,south,east,north", numbers, or GeoJSON; another text
// is returned as the name of a place.
func spatial(value any) (where *harvest.Spatial, named string) {
	switch value := value.(type) {
	case string:
		text := strings.TrimSpace(value)
		if geometry := box(strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })); geometry != nil {
			return &harvest.Spatial{Geometry: geometry}, ""
		}
		var object map[string]any
		if strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &object) == nil {
			return spatial(object)
		}
		return nil, text
	case []any:
		numbers := make([]string, len(value))
		for i, part := range value {
			numbers[i] = textOf(part)
		}
		if geometry := box(numbers); geometry != nil {
			return &harvest.Spatial{Geometry: geometry}, ""
		}
		if geometry := corners(value); geometry != nil {
			return &harvest.Spatial{Geometry: geometry}, ""
		}
		if len(value) > 0 {
			if _, nested := value[0].([]any); !nested {
				return spatial(value[0])
			}
		}
	case map[string]any:
		return shape(value)
	}
	return nil, ""
}

// shape reads a GeoJSON object, or an envelope of two corners.
func shape(object members) (*harvest.Spatial, string) {
	switch strings.ToLower(object.text("type")) {
	case "feature":
		if inner := object.objects("geometry"); len(inner) == 1 {
			return shape(inner[0])
		}
		return nil, ""
	case "envelope":
		list, _ := object["coordinates"].([]any)
		if geometry := corners(list); geometry != nil {
			return &harvest.Spatial{Geometry: geometry}, ""
		}
		return nil, ""
	}
	if _, ok := object["coordinates"].([]any); ok && object.text("type") != "" {
		return &harvest.Spatial{Geometry: map[string]any(object)}, ""
	}
	return nil, object.text("name")
}

// corners makes a polygon of two opposite corners; nil when they are none. Each is
// longitude and latitude, or the other way round where only that can be.
func corners(list []any) any {
	if len(list) != 2 {
		return nil
	}
	first, _ := list[0].([]any)
	second, _ := list[1].([]any)
	if len(first) != 2 || len(second) != 2 {
		return nil
	}
	parts := []string{textOf(first[0]), textOf(first[1]), textOf(second[0]), textOf(second[1])}
	if beyondPole(parts[1]) || beyondPole(parts[3]) {
		parts[0], parts[1], parts[2], parts[3] = parts[1], parts[0], parts[3], parts[2]
	}
	return box(parts)
}

// beyondPole tells that a number is no latitude.
func beyondPole(text string) bool {
	number, err := strconv.ParseFloat(text, 64)
	return err == nil && (number < -90 || number > 90)
}

// box makes a polygon of four degrees; nil when they are none.
func box(parts []string) any {
	if len(parts) != 4 {
		return nil
	}
	var at [4]float64
	for i, part := range parts {
		number, err := strconv.ParseFloat(part, 64)
		if err != nil || number < -360 || number > 360 || number != number {
			return nil
		}
		at[i] = number
	}
	west, south, east, north := min(at[0], at[2]), min(at[1], at[3]), max(at[0], at[2]), max(at[1], at[3])
	ring := []any{[]any{west, south}, []any{east, south}, []any{east, north}, []any{west, north}, []any{west, south}}
	return map[string]any{"type": "Polygon", "coordinates": []any{ring}}
}
