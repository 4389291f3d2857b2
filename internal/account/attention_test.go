package account

import (
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

func TestWaitingRequests(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		if _, _, err := h.AskMembership(ctxOf(t), h.as("eve"), h.id, "I publish here."); err != nil {
			t.Fatal(err)
		}
		organizations := NewOrganizations(d, nil)
		for name, want := range map[string]int{"ada": 1, "eve": 0} {
			rows, err := organizations.WaitingRequests(ctxOf(t), h.as(name))
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != want || want > 0 && (rows[0].OrganizationID != h.id || rows[0].Count != 1 || rows[0].Since == 0) {
				t.Errorf("%s: %+v, want %d", name, rows, want)
			}
		}
		for name, role := range map[string]Role{"bob": h.role("bob"), "kim": h.role("kim")} {
			rows, err := organizations.WaitingRequests(ctxOf(t), h.as(name))
			if err != nil || len(rows) > 0 != (role == RoleAdmin) {
				t.Errorf("%s, %s: %+v, %v", name, role, rows, err)
			}
		}
	})
}
