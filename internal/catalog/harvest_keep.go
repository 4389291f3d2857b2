package catalog

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"

	"grenier/internal/db"
)

// protectable is a field whose local edits a harvest may keep.
type protectable struct {
	name string
	// told tells whether the record says something of it.
	told func(in *HarvestedDataset) bool
	// value is the field as it is compared and stored.
	value func(d *Dataset) any
	// restore brings back the value of another state.
	restore func(to, from *Dataset)
}

var protectableDataset = []protectable{
	{
		"title", func(in *HarvestedDataset) bool { return in.Input.Title.Set },
		func(d *Dataset) any { return d.Title }, func(to, from *Dataset) { to.Title = from.Title },
	},
	{
		"description", func(in *HarvestedDataset) bool { return in.Input.Description.Set },
		func(d *Dataset) any { return d.Description }, func(to, from *Dataset) { to.Description = from.Description },
	},
	{
		"tags", func(in *HarvestedDataset) bool { return in.Input.Tags.Set },
		func(d *Dataset) any { return nothing(slices.Sorted(slices.Values(d.Tags))) }, func(to, from *Dataset) { to.Tags = from.Tags },
	},
	{
		"license", func(in *HarvestedDataset) bool { return in.Input.License.Set },
		func(d *Dataset) any { return d.License }, func(to, from *Dataset) { to.License = from.License },
	},
	{
		"frequency", func(in *HarvestedDataset) bool { return in.Input.Frequency.Set },
		func(d *Dataset) any { return d.Frequency }, func(to, from *Dataset) { to.Frequency = from.Frequency },
	},
	{
		"spatial", func(in *HarvestedDataset) bool { return in.Input.Spatial.Set },
		func(d *Dataset) any {
			return map[string]any{"zones": nothing(d.Zones), "granularity": d.Granularity, "geom": d.Geometry}
		},
		func(to, from *Dataset) {
			to.HasSpatial, to.Zones, to.Granularity, to.Geometry = from.HasSpatial, from.Zones, from.Granularity, from.Geometry
		},
	},
	{
		"temporal_coverage", func(in *HarvestedDataset) bool { return in.Input.TemporalCoverage.Set },
		func(d *Dataset) any { return []*string{d.TemporalStart, d.TemporalEnd} },
		func(to, from *Dataset) { to.TemporalStart, to.TemporalEnd = from.TemporalStart, from.TemporalEnd },
	},
	{
		"contact_points", func(in *HarvestedDataset) bool { return len(in.Contacts) > 0 },
		func(d *Dataset) any { return nothing(d.Contacts) }, func(to, from *Dataset) { to.Contacts = from.Contacts },
	},
}

// keep notes the harvested values of the fields that were told, and brings back
// those of protected fields that were edited here.
func (c *harvestChange) keep() {
	c.result.Values = make(map[string]json.RawMessage)
	for _, field := range protectableDataset {
		if field.told(c.in) {
			c.result.Values[field.name] = remembered(rawOf(field.value(&c.d)))
		}
		last := c.in.Keep[field.name]
		if last != nil && !field.told(c.in) {
			c.result.Values[field.name] = last
		}
		if c.created || last == nil {
			continue
		}
		present := rawOf(field.value(&c.before))
		if isRemembered(present, last) {
			continue
		}
		if !sameJSON(present, db.JSON(rawOf(field.value(&c.d)))) {
			c.result.Kept = append(c.result.Kept, field.name)
		}
		field.restore(&c.d, &c.before)
	}
}

// rememberedWhole is up to how many bytes a harvested value is remembered as it is.
const rememberedWhole = 64

// remembered is a harvested value as it is kept until the next harvest, which asks
// only whether it is another one now: a short one as it is, the hash of a long one.
func remembered(value json.RawMessage) json.RawMessage {
	if len(value) <= rememberedWhole {
		return value
	}
	if decoded, err := decodeJSON(value); err == nil { // the order of its members does not matter
		value = rawOf(decoded)
	}
	hash := sha256.Sum256(value)
	return rawOf(map[string]string{"sha256": base64.RawURLEncoding.EncodeToString(hash[:18])})
}

// isRemembered tells whether a value is the one that was remembered.
func isRemembered(value, last json.RawMessage) bool {
	return sameJSON(value, db.JSON(last)) || sameJSON(remembered(value), db.JSON(last))
}

// rawOf is a value of a field as JSON; all of them can be written so.
func rawOf(value any) json.RawMessage {
	raw, err := json.Marshal(value)
	if err != nil {
		return json.RawMessage("null")
	}
	return raw
}
