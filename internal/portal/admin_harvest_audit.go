package portal

import "grenier/internal/harvest"

// auditFacts lead administrators of the platform to what the portal answered to a job,
// where it is kept.
func (v *visit) auditFacts(j *harvest.Job) ([]harvestFact, error) {
	sum, err := v.p.Harvests.AuditSum(v.Context(), v.viewer, j.ID)
	if err != nil || sum.Answers == 0 {
		return nil, err
	}
	return []harvestFact{{
		v.say.T("admin-harvest-audit.answers"), v.say.T("admin-harvest-audit.download", "count", sum.Answers, "size", v.say.Size(sum.Size)), "/api/1/harvest/job/" + j.ID + "/pages/",
	}}, nil
}
