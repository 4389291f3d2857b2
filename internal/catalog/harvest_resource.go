package catalog

import (
	"encoding/json"
	"slices"
	"strings"

	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// resourceMerge brings the resources that a record lists together with those that
// a dataset has.
type resourceMerge struct {
	// rows are the resources from now on, in order.
	rows []Resource
	// added have no row yet; altered have one that differs, moved one that differs in its
	// rank alone; removed go.
	added, altered []*Resource
	moved          []placed
	removed        []string
	difference     history.Difference
	// reformatted tells that the formats of the dataset are others now.
	reformatted bool
}

// run works out what becomes of the resources of a dataset.
func (m *resourceMerge) run(c *harvestChange, now db.Time) {
	listed, present := c.in.Resources, c.before.Resources
	if len(listed) > MaxHarvestedResources {
		c.result.log("resources: only the first 20,000 are kept.")
		listed = listed[:MaxHarvestedResources]
	}
	m.difference = history.Difference{}
	matches := matchResources(present, listed)
	told := make([]*Resource, 0, len(listed))
	kept := make([]bool, len(present))
	for i := range listed {
		var row *Resource
		if matches[i] >= 0 {
			kept[matches[i]] = true
			row = m.update(c, &present[matches[i]], &listed[i], i)
		} else {
			row = m.make(c, &listed[i], i, now)
		}
		if row != nil {
			told = append(told, row)
		}
	}
	var unlisted []*Resource
	for i := range present {
		if !kept[i] {
			unlisted = append(unlisted, &present[i])
		}
	}
	m.order(c, told, m.miss(c, unlisted, now), now)
	if len(m.difference) == 0 {
		return
	}
	c.d.resourcesWritten = true
	before := c.before.Given
	if before != nil {
		given := *before
		c.d.Given = &given
	}
	summarise(&c.d, m.rows)
	m.reformatted = before != nil || !slices.Equal(formatsOf(present), formatsOf(m.rows))
}

// newest is when the resources last changed.
func (m *resourceMerge) newest(now db.Time) db.Time {
	var newest db.Time
	for i := range m.rows {
		if modified := m.rows[i].ModifiedAt(now.Time); modified.After(newest.Time) {
			newest = modified
		}
	}
	return newest
}

// update is a present resource as its record tells it.
func (m *resourceMerge) update(c *harvestChange, present *Resource, in *HarvestedResource, position int) *Resource {
	row := *present
	c.result.remark(in.applyTo(&row, c.reachable, position))
	c.claim(&row, present.harvested())
	return &row
}

// make is a new resource; nil when it cannot be one.
func (m *resourceMerge) make(c *harvestChange, in *HarvestedResource, position int, now db.Time) *Resource {
	row := Resource{
		ID: db.NewUUID(), DatasetID: &c.d.ID, Filetype: "remote", Type: "main", CreatedInternal: now, ModifiedInternal: now,
	}
	required := *in
	required.Input.Title.Set, required.Input.URL.Set = true, true
	c.result.remark(required.applyTo(&row, c.reachable, position))
	if row.Title == "" || row.URL == "" {
		return nil
	}
	c.claim(&row, true)
	return &row
}

// claim notes that a resource is listed by the source. One that was added by hand
// and has the same address stays the hand's.
func (c *harvestChange) claim(row *Resource, harvested bool) {
	row.HarvestMissingSince, row.HarvestArchivedAt = db.Time{}, db.Time{}
	if harvested {
		row.HarvestSource = c.d.Harvest.SourceID
		row.HarvestLastUpdate = c.d.Harvest.LastUpdate
	}
}

// harvested tells whether a resource came from a harvest. Those of before sources
// were noted tell by when they were last seen.
func (r *Resource) harvested() bool {
	return r.Filetype == "remote" && (r.HarvestSource != nil || !r.HarvestLastUpdate.IsZero())
}

// applyTo changes a resource as its record tells it, and tells what is wrong.
func (in *HarvestedResource) applyTo(r *Resource, reachable func(string) error, position int) *fault.Error {
	wrong := refusals{reachable: reachable}
	told := in.Input
	told.ID, told.Filetype, told.Schema, told.Extras = "", Opt[string]{}, Opt[SchemaInput]{}, in.extras(r, &wrong)
	applyResource(&wrong, r, told, "resources", position)
	schemaTo(&wrong, in.Schema, &r.SchemaName, &r.SchemaVersion, &r.SchemaURL)
	r.HarvestIssuedAt, r.HarvestModifiedAt = in.IssuedAt, in.ModifiedAt
	r.HarvestURI, r.HarvestRemoteID = sameText(r.HarvestURI, in.URI), sameText(r.HarvestRemoteID, in.RemoteID)
	return wrong.fault
}

// extras are those of the resource with what is told.
func (in *HarvestedResource) extras(r *Resource, wrong *refusals) Opt[json.RawMessage] {
	if !in.Input.Extras.Set && len(r.Extras) == 0 {
		return Opt[json.RawMessage]{}
	}
	merged := r.Extras
	wrong.harvestedExtras(in.Input.Extras, &merged)
	if len(merged) == 0 {
		return Opt[json.RawMessage]{Set: len(r.Extras) > 0, Null: true}
	}
	return Some(json.RawMessage(merged))
}

// sameText is the present text when it says the same.
func sameText(present *string, told string) *string {
	if shown(present, "") == told {
		return present
	}
	return optional(told)
}

// miss works out what becomes of the resources that are not listed: those of the
// source go to the end, and are marked or removed after the days of grace. It
// returns those that stay.
func (m *resourceMerge) miss(c *harvestChange, unlisted []*Resource, now db.Time) (stay []*Resource) {
	for _, present := range unlisted {
		if c.in.ResourcesWhole {
			m.remove(present)
			continue
		}
		row := *present
		if c.ours(&row) {
			row.HarvestSource = c.d.Harvest.SourceID
			if row.HarvestMissingSince.IsZero() {
				row.HarvestMissingSince = now
			}
			if before := c.in.Missing.Before; !before.IsZero() && !row.HarvestMissingSince.After(before.Time) {
				if c.in.Missing.Delete {
					m.remove(present)
					continue
				}
				if row.HarvestArchivedAt.IsZero() {
					row.HarvestArchivedAt = now
				}
			}
		}
		stay = append(stay, &row)
	}
	return stay
}

// ours tells whether a resource came from the source, or from the one that the
// dataset belonged to before.
func (c *harvestChange) ours(r *Resource) bool {
	if !r.harvested() || c.d.Harvest.SourceID == nil {
		return false
	}
	return r.HarvestSource == nil || equalText(r.HarvestSource, c.d.Harvest.SourceID) ||
		c.before.Harvest != nil && equalText(r.HarvestSource, c.before.Harvest.SourceID)
}

func (m *resourceMerge) remove(r *Resource) {
	m.removed = append(m.removed, r.ID)
	m.difference["resource/"+r.ID] = [2]any{recorded(r), nil}
}

// order gives the resources their places: those that have one keep it among each
// other, new ones follow those that the origin lists before them, missing ones come
// last.
func (m *resourceMerge) order(c *harvestChange, told, others []*Resource, now db.Time) {
	present := c.before.Resources
	at := make(map[string]int, len(present))
	for i := range present {
		at[present[i].ID] = i
	}
	inPlace := func(row *Resource) bool { // what came back from the end is placed as a new one
		was, there := at[row.ID]
		return there && present[was].HarvestMissingSince.IsZero()
	}
	ordered := inPlaces(told, others, at, inPlace)
	ranks := make([]*int64, len(ordered))
	for i, row := range ordered {
		if was, there := at[row.ID]; there {
			ranks[i] = &present[was].Rank
		}
	}
	m.rows = make([]Resource, len(ordered))
	for i, rank := range ranksFor(ranks) {
		m.rows[i] = *ordered[i]
		row := &m.rows[i]
		row.Rank = rank
		was, there := at[row.ID]
		if !there {
			row.Version = 1
			m.added = append(m.added, row)
			m.difference["resource/"+row.ID] = [2]any{nil, row.Title}
			continue
		}
		m.compare(&present[was], row, now)
	}
}

// inPlaces puts resources in order; at tells the places of those that are there,
// inPlace which of those that are told keep theirs.
func inPlaces(told, others []*Resource, at map[string]int, inPlace func(*Resource) bool) []*Resource {
	var base, missing []*Resource
	for _, row := range others {
		if row.HarvestMissingSince.IsZero() {
			base = append(base, row)
		} else {
			missing = append(missing, row)
		}
	}
	for _, row := range told {
		if inPlace(row) {
			base = append(base, row)
		}
	}
	byPlace := func(a, b *Resource) int { return at[a.ID] - at[b.ID] }
	slices.SortStableFunc(base, byPlace)
	slices.SortStableFunc(missing, byPlace)
	followers := map[string][]*Resource{} // by the resource that they follow
	var first []*Resource
	anchor, next := "", ""
	for _, row := range told {
		switch {
		case inPlace(row):
			anchor = row.ID
			if next == "" {
				next = row.ID
			}
		case anchor == "":
			first = append(first, row)
		default:
			followers[anchor] = append(followers[anchor], row)
		}
	}
	ordered := make([]*Resource, 0, len(told)+len(others))
	for _, row := range base {
		if row.ID == next {
			ordered = append(ordered, first...)
			first = nil
		}
		ordered = append(ordered, row)
		ordered = append(ordered, followers[row.ID]...)
	}
	return append(append(ordered, first...), missing...)
}

// compare notes what changed of a resource that has a row.
func (m *resourceMerge) compare(before, after *Resource, now db.Time) {
	changes := resourceDifference(before, after)
	content := len(changes)
	if before.Rank != after.Rank {
		content--
	}
	note := func(name string, old, new any, same bool) {
		if !same {
			changes["resource/"+after.ID+"/harvest."+name] = [2]any{old, new}
		}
	}
	moment := func(name string, old, new db.Time) { note(name, old.Ptr(), new.Ptr(), old.Equal(new.Time)) }
	moment("issued_at", before.HarvestIssuedAt, after.HarvestIssuedAt)
	moment("modified_at", before.HarvestModifiedAt, after.HarvestModifiedAt)
	moment("missing_since", before.HarvestMissingSince, after.HarvestMissingSince)
	moment("archived_at", before.HarvestArchivedAt, after.HarvestArchivedAt)
	note("uri", before.HarvestURI, after.HarvestURI, equalText(before.HarvestURI, after.HarvestURI))
	note("remote_id", before.HarvestRemoteID, after.HarvestRemoteID, equalText(before.HarvestRemoteID, after.HarvestRemoteID))
	note("source_id", before.HarvestSource, after.HarvestSource, equalText(before.HarvestSource, after.HarvestSource))
	for name, values := range changes {
		m.difference[name] = values
	}
	switch {
	case len(changes) == 0:
	case len(changes) == 1 && before.Rank != after.Rank:
		after.Version++
		m.moved = append(m.moved, placed{after.ID, after.Rank})
	default:
		after.Version++
		if content > 0 {
			after.ModifiedInternal = now
		}
		m.altered = append(m.altered, after)
	}
}

// resourceMatcher finds among the resources that a dataset has those that a record
// lists.
type resourceMatcher struct {
	present []Resource
	taken   []bool
	matches []int
}

// matchResources tells for each listed resource which present one it is, -1 for
// none: by the remote identifier and the address, by the identifier alone where it
// is listed once, by our own identifier where the origin uses it, by the address, with the title where
// services share it.
func matchResources(present []Resource, listed []HarvestedResource) []int {
	m := resourceMatcher{present: present, taken: make([]bool, len(present)), matches: make([]int, len(listed))}
	for i := range m.matches {
		m.matches[i] = -1
	}
	if len(present) == 0 {
		return m.matches
	}
	times := make(map[string]int, len(listed))
	for i := range listed {
		times[listed[i].RemoteID]++
	}
	url := func(in *HarvestedResource) string { return strings.TrimSpace(in.Input.URL.Value) }
	m.by(listed, func(in *HarvestedResource) string { return pair(in.RemoteID, in.RemoteID, url(in)) },
		func(r *Resource) string {
			return pair(shown(r.HarvestRemoteID, ""), shown(r.HarvestRemoteID, ""), r.URL)
		})
	m.by(listed, func(in *HarvestedResource) string {
		if times[in.RemoteID] > 1 {
			return ""
		}
		return in.RemoteID
	}, func(r *Resource) string { return shown(r.HarvestRemoteID, "") })
	m.by(listed, func(in *HarvestedResource) string {
		if times[in.RemoteID] > 1 || !db.IsUUID(in.RemoteID) {
			return ""
		}
		return strings.ToLower(in.RemoteID)
	}, func(r *Resource) string { return r.ID })
	m.by(listed, func(in *HarvestedResource) string { return pair(url(in), url(in), tidy(in.Input.Title.Value)) },
		func(r *Resource) string { return pair(r.URL, r.URL, r.Title) })
	m.by(listed, func(in *HarvestedResource) string {
		if in.ByURLAndTitle {
			return ""
		}
		return url(in)
	}, func(r *Resource) string { return r.URL })
	return m.matches
}

// pair is a key of two parts; "" when what it needs is empty.
func pair(needed, a, b string) string {
	if needed == "" {
		return ""
	}
	return a + "\x00" + b
}

// by matches those that are left by a key; "" matches nothing. Of several with one
// key the first ones are taken.
func (m *resourceMatcher) by(listed []HarvestedResource, told func(*HarvestedResource) string, there func(*Resource) string) {
	places := map[string][]int{}
	for i := range m.present {
		if key := there(&m.present[i]); key != "" && !m.taken[i] {
			places[key] = append(places[key], i)
		}
	}
	if len(places) == 0 {
		return
	}
	for i := range listed {
		key := told(&listed[i])
		if key == "" || m.matches[i] >= 0 || len(places[key]) == 0 {
			continue
		}
		m.matches[i] = places[key][0]
		m.taken[places[key][0]] = true
		places[key] = places[key][1:]
	}
}

// keepSource takes over which source another state of a resource came from, which
// imports do not tell.
func (r *Resource) keepSource(from *Resource) {
	r.HarvestSource, r.HarvestRemoteID = from.HarvestSource, from.HarvestRemoteID
	r.HarvestMissingSince, r.HarvestArchivedAt = from.HarvestMissingSince, from.HarvestArchivedAt
}
