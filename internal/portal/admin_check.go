package portal

import (
	"net/http"

	"grenier/internal/catalog"
	"grenier/internal/check"
)

// adminCheckRoutes let those who keep a dataset check one of its remote files.
func (p *Portal) adminCheckRoutes(t *table) {
	if p.Checks == nil {
		return
	}
	form(t, "/admin/datasets/{id}/files/{rid}/check", "POST /api/1/datasets/{dataset}/resources/{uuid}/checks/", p.checkFileNow)
}

// checkForm says what the last check of a remote file found, and asks for
// another; nil for files that are not checked.
func (v *visit) checkForm(d *catalog.Dataset, r *catalog.Resource) (*formView, error) {
	if v.p.Checks == nil || r.Filetype != "remote" || !d.DeletedAt.IsZero() {
		return nil, nil
	}
	last, err := v.p.Checks.Last(v.Context(), r.ID)
	if err != nil {
		return nil, err
	}
	f := v.form("check", resourcePath(d.ID, r.ID)+"/check").submit("check.now", "refresh").light()
	f.titled("check.title", " "+v.checkText(last))
	view := f.view()
	return &view, nil
}

// checkText says what a check found, and when the next one is.
func (v *visit) checkText(c *check.Check) string {
	if c == nil || c.CheckedAt.IsZero() {
		return v.say.T("check.never")
	}
	found := "check.missing"
	switch {
	case c.Available == nil:
		found = "check.refused"
	case *c.Available:
		found = "check.found"
	case c.Timeout:
		found = "check.late"
	case c.Status == nil:
		found = "check.unreachable"
	case *c.Status == http.StatusUnauthorized || *c.Status == http.StatusForbidden:
		found = "check.closed"
	}
	text := v.say.T(found, "date", v.say.DateTime(c.CheckedAt))
	if c.Status != nil && *c.Status >= http.StatusBadRequest {
		text += " " + v.say.T("check.status", "status", *c.Status)
	}
	return text + " " + v.say.T("check.next", "date", v.say.DateTime(c.DueAt))
}

func (p *Portal) checkFileNow(v *visit, in adminFileArgs, sent *posted) error {
	d, r, _, err := v.fileOf(in)
	if err != nil {
		return err
	}
	if _, err := p.Checks.CheckNow(sent.Context(), v.viewer, d.ID, r.ID); err != nil {
		return sent.again(err, func() error { return p.showAdminResource(v, in) })
	}
	return sent.done(resourcePath(d.ID, r.ID), "check.done")
}
