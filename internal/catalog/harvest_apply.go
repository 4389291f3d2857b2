package catalog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// maxHarvestLogs bounds the remarks on one record.
const maxHarvestLogs = 100

// Bounds of what is taken of a harvested object.
const (
	// MaxHarvestedTags and MaxHarvestedResources are how many are kept.
	MaxHarvestedTags      = 1000
	MaxHarvestedResources = 20_000
)

// leniently reads members of an input that may be wrong: what is wrong stays as it
// was, and a remark says so.
func (r *HarvestResult) leniently(reachable func(string) error, read func(wrong *refusals)) {
	wrong := refusals{reachable: reachable}
	read(&wrong)
	r.remark(wrong.fault)
}

// remark notes what is wrong with an input.
func (r *HarvestResult) remark(wrong *fault.Error) {
	if wrong == nil {
		return
	}
	for _, field := range wrong.Fields {
		path := make([]string, len(field.Path))
		for i, part := range field.Path {
			path[i] = fmt.Sprint(part)
		}
		r.log(strings.Join(path, ".") + ": " + field.Text)
	}
}

func (r *HarvestResult) log(text string) {
	switch {
	case len(r.Logs) < maxHarvestLogs:
		r.Logs = append(r.Logs, text)
	case len(r.Logs) == maxHarvestLogs:
		r.Logs = append(r.Logs, "There are further remarks, which are left out.")
	}
}

// apply changes the dataset as its record tells. The title alone must be right.
func (c *harvestChange) apply(h *harvestBatch) {
	in, d, r := c.in.Input, &c.d, &c.result
	if c.created {
		in.Title.Set = true
	}
	var hard refusals
	if hard.line(in.Title, TitleMax, &d.Title, "title"); hard.fault != nil {
		r.Err = hard.fault
		return
	}
	r.leniently(c.reachable, func(wrong *refusals) { wrong.description(in.Description, &d.Description) })
	r.leniently(c.reachable, func(wrong *refusals) { wrong.optional(in.Acronym, AcronymMax, &d.Acronym, "acronym") })
	r.leniently(c.reachable, func(wrong *refusals) {
		wrong.optional(in.DescriptionShort, DescriptionShortMax, &d.DescriptionShort, "description_short")
	})
	if in.Tags.Set {
		d.Tags = harvestedTags(in.Tags.Value, d.Tags)
	}
	r.leniently(c.reachable, func(wrong *refusals) { wrong.frequency(in, d) })
	r.leniently(c.reachable, func(wrong *refusals) { wrong.temporal(in.TemporalCoverage, d) })
	r.leniently(c.reachable, func(wrong *refusals) { wrong.spatial(h.store.zones, in.Spatial, d) })
	r.leniently(c.reachable, func(wrong *refusals) { wrong.access(in, d) })
	r.leniently(c.reachable, func(wrong *refusals) { wrong.harvestedExtras(in.Extras, &d.Extras) })
	r.leniently(c.reachable, func(wrong *refusals) {
		schemaTo(wrong, c.in.Schema, &d.SchemaName, &d.SchemaVersion, &d.SchemaURL)
	})
	if in.Private.Set {
		d.Private = in.Private.Value
	}
	d.License = harvestedLicense(in.License, d.License, h.licenses)
	d.Contacts = h.contacts.points(d.OwnedBy(), c.in.Contacts, d.Contacts)
}

// harvestedLicense is the licence that is told when it is known, else the present one.
func harvestedLicense(told Opt[string], present *string, known map[string]bool) *string {
	switch {
	case !told.Set:
	case told.Null || told.Value == LicenseNotSpecified:
		return nil
	case known[told.Value] && (present == nil || *present != told.Value):
		return &told.Value
	}
	return present
}

// description reads a text that may be empty.
func (r *refusals) description(in Opt[string], into *string) {
	if !in.Set {
		return
	}
	value := &in.Value
	if r.optional(in, DescriptionMax, &value, "description"); r.fault != nil {
		return
	}
	*into = ""
	if value != nil && strings.TrimSpace(*value) != "" {
		*into = tidy(*value)
	}
}

// harvestedTags are tags that the mapping has made: each once, in the order of the
// alphabet.
func harvestedTags(told, present []string) []string {
	tags := slices.Compact(slices.Sorted(slices.Values(told)))
	tags = slices.DeleteFunc(tags, func(tag string) bool { return len(tag) < TagMin || len(tag) > TagMax })
	if len(tags) > MaxHarvestedTags {
		tags = tags[:MaxHarvestedTags]
	}
	if slices.Equal(tags, slices.Sorted(slices.Values(present))) {
		return present
	}
	return tags
}

// dcatExtras is the key under which harvests keep what the catalogue has no field for:
// each replaces what the last one wrote.
const dcatExtras = "dcat"

// harvestedExtras adds what is told to a dictionary. Keys that others own are left
// out: custom metadata and what the analysis of files writes.
func (r *refusals) harvestedExtras(in Opt[json.RawMessage], into *db.JSON) {
	told := map[string]json.RawMessage{}
	if in.Set && !in.Null {
		if err := json.Unmarshal(in.Value, &told); err != nil {
			r.at("Expecting a JSON object.", "extras")
			return
		}
	}
	for key := range told {
		if strings.HasPrefix(key, customPrefix) || strings.HasPrefix(key, "check:") || strings.HasPrefix(key, "analysis:") {
			r.bare("This key is not for harvests.", "extras", clipped(key))
			delete(told, key)
		}
	}
	if _, there := told[dcatExtras]; !there {
		told[dcatExtras] = json.RawMessage("null")
	}
	merged, err := mergedExtras(*into, told)
	if err != nil || sameJSON(merged, db.JSON(orEmpty(*into))) {
		return
	}
	r.extras(Some(merged), into, "extras")
}

// schemaTo reads what data conforms to: by a name, with a version, or by an
// address.
func schemaTo(r *refusals, in Opt[SchemaInput], name, version, url **string) {
	if !in.Set {
		return
	}
	told := in.Value
	if told.URL != "" && told.URL != shown(*url, "") {
		if wrong := r.wrongURL(told.URL); wrong != "" {
			r.at(wrong, "schema", "url")
			return
		}
	}
	for _, member := range []string{told.Name, told.Version} {
		if wrong := wrongText(member, maxWord); wrong != "" {
			r.at(wrong, "schema")
			return
		}
	}
	keep := func(into **string, value string) {
		if shown(*into, "") != value {
			*into = optional(value)
		}
	}
	keep(name, told.Name)
	keep(version, told.Version)
	keep(url, told.URL)
}

// harvestDifference adds what changed of an object's origin. When it was last seen
// is no change.
func harvestDifference(difference history.Difference, before, after *Harvest) {
	if before == nil {
		before = &Harvest{}
	}
	texts := func(name string, old, new *string) {
		if !equalText(old, new) {
			difference["harvest."+name] = [2]any{old, new}
		}
	}
	moments := func(name string, old, new db.Time) {
		if !old.Equal(new.Time) {
			difference["harvest."+name] = [2]any{old.Ptr(), new.Ptr()}
		}
	}
	texts("backend", before.Backend, after.Backend)
	texts("domain", before.Domain, after.Domain)
	texts("source_id", before.SourceID, after.SourceID)
	texts("source_url", before.SourceURL, after.SourceURL)
	texts("remote_id", before.RemoteID, after.RemoteID)
	texts("remote_url", before.RemoteURL, after.RemoteURL)
	texts("uri", before.URI, after.URI)
	texts("dct_identifier", before.DctIdentifier, after.DctIdentifier)
	texts("archived", before.Archived, after.Archived)
	moments("created_at", before.CreatedAt, after.CreatedAt)
	moments("issued_at", before.IssuedAt, after.IssuedAt)
	moments("modified_at", before.ModifiedAt, after.ModifiedAt)
	moments("archived_at", before.ArchivedAt, after.ArchivedAt)
}
