package intake

import (
	"encoding/json"
	"fmt"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
)

// organizationDraft is an organisation while its row is read.
type organizationDraft struct {
	account.Organization
	said
	months map[string]db.JSON
}

func setOrganizationMonths(name string) column[organizationDraft] {
	return column[organizationDraft]{"by_months", func(d *organizationDraft, cell string) error {
		months, err := parseMonths(cell)
		if months != nil {
			d.months[name] = months
		}
		return err
	}}
}

var organizationColumns = map[string]column[organizationDraft]{
	"id": {"", func(d *organizationDraft, c string) error { d.ID = c; return checkID(c) }},
	"name": {"name", func(d *organizationDraft, c string) error {
		d.Name = c
		if strings.TrimSpace(c) == "" {
			return fmt.Errorf("there is no name")
		}
		return nil
	}},
	"acronym":     {"acronym", setText(func(d *organizationDraft) **string { return &d.Acronym })},
	"slug":        {"slug", func(d *organizationDraft, c string) error { d.Slug = c; return nil }},
	"description": {"description", func(d *organizationDraft, c string) error { d.Description = c; return nil }},
	"logo": {"logo", func(d *organizationDraft, c string) error {
		d.Logo, d.LogoThumbnail = optional(c), optional(c)
		return nil
	}},
	"badges":             {"badges", setList(func(d *organizationDraft) *[]string { return &d.Badges })},
	"created_at":         {"created_at", setTime(func(d *organizationDraft) *db.Time { return &d.CreatedAt })},
	"last_modified":      {"last_modified", setTime(func(d *organizationDraft) *db.Time { return &d.ModifiedAt })},
	"business_number_id": {"business_number_id", setText(func(d *organizationDraft) **string { return &d.BusinessNumberID })},
	"metric.followers":   {"followers", setNumber(func(d *organizationDraft) *int64 { return &d.Followers })},
	"metric.views":       {"views", setNumber(func(d *organizationDraft) *int64 { return &d.Views })},

	"metric.dataservices_by_months":       setOrganizationMonths("dataservices_by_months"),
	"metric.datasets_by_months":           setOrganizationMonths("datasets_by_months"),
	"metric.datasets_followers_by_months": setOrganizationMonths("datasets_followers_by_months"),
	"metric.datasets_reuses_by_months":    setOrganizationMonths("datasets_reuses_by_months"),
	"metric.reuses_by_months":             setOrganizationMonths("reuses_by_months"),
	"metric.reuses_followers_by_months":   setOrganizationMonths("reuses_followers_by_months"),
}

func openOrganizations(header []string, _ reading) (rowReader, error) {
	t := newTable(header, organizationColumns, catalog.OrganizationFields)
	t.fields |= catalog.OrganizationFields("deleted")
	t.draft = func() *organizationDraft { return &organizationDraft{months: map[string]db.JSON{}} }
	t.said = func(d *organizationDraft) *said { return &d.said }
	t.finish = func(d *organizationDraft, hash uint64, fields catalog.FieldSet) error {
		if len(d.months) > 0 {
			months, err := json.Marshal(d.months)
			if err != nil {
				return err
			}
			d.ByMonths = months
		}
		if strings.TrimSpace(d.Description) == "" {
			d.note(noDescription)
		}
		d.organizations = []catalog.Input[account.Organization]{{
			Object: d.Organization,
			Source: catalog.Source{At: atOf(d.ModifiedAt), Form: catalog.FormDump, Weight: d.Views, Hash: hash, Fields: fields},
		}}
		return nil
	}
	return t, nil
}
