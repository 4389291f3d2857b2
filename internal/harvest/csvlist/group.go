package csvlist

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"grenier/internal/harvest"
	"grenier/internal/text"
)

// row is one line of a file.
type row struct {
	columns columns
	cells   []string
	line    int
}

// get is what a line holds of something, "" for nothing.
func (r row) get(what string) string {
	for _, column := range r.columns.at[what] {
		if column < len(r.cells) {
			if cell := strings.TrimSpace(r.cells[column]); cell != "" {
				return cell
			}
		}
	}
	return ""
}

func (r row) empty() bool {
	return !slices.ContainsFunc(r.cells, func(cell string) bool { return strings.TrimSpace(cell) != "" })
}

// identifier names the dataset of a line: its identifier, else its page, else its
// title.
func (r row) identifier() string {
	for _, what := range []string{"id", "uri", "page"} {
		if id := r.get(what); id != "" {
			return id
		}
	}
	return text.Slug(r.get("title"))
}

// list cuts a cell of several values.
func (r row) list(what string) []string {
	var values []string
	for _, part := range strings.FieldsFunc(r.get(what), func(c rune) bool { return strings.ContainsRune(",;|\n", c) }) {
		if part = strings.TrimSpace(part); part != "" {
			values = append(values, part)
		}
	}
	return values
}

// truth reads a cell that says yes or no, or since when.
func (r row) truth(what string) bool {
	switch strings.ToLower(r.get(what)) {
	case "", "false", "no", "non", "n", "0", "faux", "f", "none", "null":
		return false
	}
	return true
}

// group is a dataset with its lines so far.
type group struct {
	id, page, organization string
	hidden                 bool
	data                   *harvest.Dataset
	logs                   []harvest.Log
	line                   int
}

// maxResources bounds the resources of one dataset.
const maxResources = 20_000

// newGroup begins a dataset by its first line.
func newGroup(id string, r row) *group {
	d := &harvest.Dataset{
		Title: r.get("title"), Acronym: r.get("acronym"), Name: r.get("slug"), Description: r.get("description"), Tags: r.list("tags"),
		Frequency: r.get("frequency"), Contacts: contacts(r), Spatial: spatial(r), AccessRights: one(r.get("access_rights")), Rights: one(r.get("rights")),
		License: one(r.get("license")),
		Harvest: harvest.Origin{URI: r.get("uri"), CreatedAt: r.get("created"), IssuedAt: r.get("issued"), ModifiedAt: r.get("modified")},
	}
	if start, end := r.get("start"), r.get("end"); start+end != "" {
		d.Temporal = &harvest.Period{Start: start, End: end}
	}
	for key, column := range r.columns.extras {
		if column < len(r.cells) && strings.TrimSpace(r.cells[column]) != "" {
			if d.Extras == nil {
				d.Extras = make(map[string]any)
			}
			d.Extras[key] = strings.TrimSpace(r.cells[column])
		}
	}
	g := &group{id: id, page: r.get("page"), organization: r.get("organization_id"), hidden: r.truth("archived") || r.truth("private"), data: d, line: r.line}
	if g.page == "" && isAddress(id) {
		g.page = id
	}
	g.add(r)
	return g
}

func one(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

func isAddress(text string) bool {
	return strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://")
}

func contacts(r row) []harvest.Contact {
	var all []harvest.Contact
	contact := harvest.Contact{Name: r.get("contact_name"), Email: r.get("contact_email"), Form: r.get("contact_form")}
	if contact.Email == "" && strings.Contains(contact.Name, "@") && !strings.Contains(contact.Name, " ") {
		contact.Name, contact.Email = "", contact.Name
	}
	if contact != (harvest.Contact{}) {
		contact.Role = "contact"
		all = append(all, contact)
	}
	if publisher := r.get("publisher"); publisher != "" {
		all = append(all, harvest.Contact{Name: publisher, Role: "publisher"})
	}
	return all
}

// spatial reads zones, their level, or a box "west,south,east,north".
func spatial(r row) *harvest.Spatial {
	s := harvest.Spatial{Zones: r.list("zones"), Granularity: r.get("granularity")}
	if parts := r.list("bbox"); len(parts) == 4 {
		var at [4]float64
		for i, part := range parts {
			number, err := strconv.ParseFloat(part, 64)
			if err != nil || !(number >= -360 && number <= 360) {
				parts = nil
				break
			}
			at[i] = number
		}
		if parts != nil {
			w, s1, e, n := at[0], at[1], at[2], at[3]
			s.Geometry = map[string]any{"type": "Polygon", "coordinates": []any{[]any{[]any{w, s1}, []any{e, s1}, []any{e, n}, []any{w, n}, []any{w, s1}}}}
		}
	}
	if len(s.Zones) == 0 && s.Granularity == "" && s.Geometry == nil {
		return nil
	}
	return &s
}

// add takes the resource of a line, when it has one.
func (g *group) add(r row) {
	address := r.get("resource_url")
	if address == "" {
		return
	}
	if len(g.data.Resources) == maxResources {
		g.warn("Line %d: a dataset has at most %d resources; the rest is left out.", r.line, maxResources)
		return
	}
	if len(g.data.Resources) > maxResources {
		return
	}
	resource := harvest.Resource{
		RemoteID: r.get("resource_id"), Title: r.get("resource_title"), Description: r.get("resource_description"), URL: address, Type: r.get("resource_type"),
		Format: r.get("format"), Mime: r.get("mime"), Filesize: g.size(r), Checksum: checksum(r), Extras: extrasOf(r.get("resource_extras")),
		Harvest: harvest.Origin{IssuedAt: r.get("resource_issued"), ModifiedAt: r.get("resource_modified")},
	}
	schema := harvest.Schema{Name: r.get("schema_name"), URL: r.get("schema_url"), Version: r.get("schema_version")}
	if schema.URL == "" && isAddress(schema.Name) {
		schema.Name, schema.URL = "", schema.Name
	}
	if schema != (harvest.Schema{}) {
		resource.Schema = &schema
	}
	g.data.Resources = append(g.data.Resources, resource)
}

func (g *group) size(r row) *int64 {
	cell := strings.NewReplacer(" ", "", "\u00A0", "", "\u202F", "").Replace(r.get("filesize"))
	if cell == "" {
		return nil
	}
	size, err := strconv.ParseInt(cell, 10, 64)
	if err != nil || size < 0 {
		g.warn("Line %d: the size %q is no number of bytes.", r.line, cell)
		return nil
	}
	return &size
}

// checksum reads a sum whose kind another column, or its beginning, tells; else
// its length does.
func checksum(r row) *harvest.Checksum {
	value, kind := r.get("checksum"), r.get("checksum_type")
	if before, after, ok := strings.Cut(value, ":"); ok && kind == "" {
		kind, value = strings.ToLower(before), after
	}
	if kind == "" {
		kind = map[int]string{32: "md5", 40: "sha1", 64: "sha256"}[len(value)]
	}
	if value == "" || kind == "" {
		return nil
	}
	return &harvest.Checksum{Type: kind, Value: value}
}

// maxLogs bounds the remarks on one dataset.
const maxLogs = 20

func (g *group) warn(format string, arguments ...any) {
	if len(g.logs) < maxLogs {
		g.logs = append(g.logs, harvest.Log{Level: "warning", Message: fmt.Sprintf(format, arguments...)})
	}
}

// has tells whether a filter matches.
func (g *group) has(key, value string) bool {
	matches := func(s string) bool { return strings.EqualFold(s, value) }
	switch key {
	case "organization":
		return matches(g.organization) || slices.ContainsFunc(g.data.Contacts, func(c harvest.Contact) bool { return c.Role == "publisher" && matches(c.Name) })
	case "tag":
		return slices.ContainsFunc(g.data.Tags, func(tag string) bool { return matches(tag) || text.Slug(tag) == text.Slug(value) })
	case "license":
		return slices.ContainsFunc(g.data.License, matches)
	}
	return false
}

// tell makes the line of a dataset.
func (g *group) tell() harvest.Line {
	if g.data.Title == "" && g.id != "" {
		return harvest.Line{T: harvest.LineError, RemoteID: g.id, Message: fmt.Sprintf("Line %d: the dataset has no title.", g.line)}
	}
	return harvest.Line{T: harvest.LineDataset, RemoteID: g.id, RemoteURL: g.page, Dataset: g.data, Logs: g.logs}
}

// extrasOf reads the extras of a resource, which exports hold as JSON.
func extrasOf(cell string) map[string]any {
	var extras map[string]any
	if cell == "" || json.Unmarshal([]byte(cell), &extras) != nil {
		return nil
	}
	for key := range extras {
		if strings.HasPrefix(key, "analysis:") || strings.HasPrefix(key, "check:") || strings.HasPrefix(key, "validation-report:") {
			delete(extras, key)
		}
	}
	if len(extras) == 0 {
		return nil
	}
	return extras
}
