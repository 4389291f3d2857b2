package portal

import (
	"time"

	"grenier/internal/catalog"
)

// quality is how well a dataset is described: the criteria that count, with
// what to do about those that are not met.
type quality struct {
	// Score is the share of the criteria that are met; Met of Total are.
	Score      float64
	Met, Total int
	Criteria   []criterion
	// until is when a criterion may change by time alone.
	until time.Time
}

// criterion is a part of the quality. Label says that it is met, or what is
// missing; Advice how to mend it.
type criterion struct {
	ID, Label, Advice string
	Met               bool
}

// quality judges a dataset by the nine criteria.
func (v *visit) quality(d *catalog.Dataset) quality {
	found := d.Quality(v.now, v.p.QualityDescriptionLength)
	met := func(b *bool) bool { return b != nil && *b }
	out := quality{Score: found.Score, until: found.Until}
	for _, one := range []struct {
		id  string
		met bool
	}{
		{"description", found.DescriptionQuality}, {"documentation", met(found.ResourcesDocumented)}, {"license", found.License},
		{"frequency", found.UpdateFrequency}, {"in-time", met(found.UpdateInTime)}, {"format", met(found.HasOpenFormat)},
		{"temporal", found.TemporalCoverage}, {"spatial", found.Spatial}, {"available", met(found.AllAvailable)},
	} {
		c := criterion{ID: one.id, Met: one.met}
		if one.met {
			c.Label = v.say.T("quality." + one.id)
			out.Met++
		} else {
			c.Label = v.say.T("quality." + one.id + "-missing")
			c.Advice = v.say.T("quality."+one.id+"-advice", "length", v.p.QualityDescriptionLength)
		}
		out.Criteria = append(out.Criteria, c)
	}
	out.Total = len(out.Criteria)
	return out
}
