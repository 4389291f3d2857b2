package harvest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/mail"
)

// postbox keeps what is posted.
type postbox struct{ kinds, told []string }

func (p *postbox) Post(_ context.Context, _ *db.Tx, letters ...mail.Letter) error {
	for _, l := range letters {
		p.kinds, p.told = append(p.kinds, l.Kind), append(p.told, fmt.Sprint(l.Args))
	}
	return nil
}

func TestFaulty(t *testing.T) {
	for _, c := range []struct {
		items, failed, before int64
		complete, want        bool
	}{
		{200, 20, 0, true, true}, {200, 20, 6, true, true}, {200, 20, 7, true, false}, {200, 19, 0, true, false}, {201, 20, 0, true, false},
		{200, 20, 0, false, false}, {200, 200, 200, true, false}, {0, 0, 0, true, false},
	} {
		if got := faulty(&Job{Items: c.items, ItemsFailed: c.failed, Complete: c.complete}, c.before); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}

// TestLetterOfManyFailures comes once until it is better, and not for the first run.
func TestLetterOfManyFailures(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		box := &postbox{}
		h.store.deps.Mail = box
		email := "admin@demo.example"
		dbtest.Insert(t, d, &account.User{ID: db.NewID(), Slug: "admin", FirstName: "A", LastName: "B", Email: &email, Admin: true, Active: true, CreatedAt: db.Now(), ModifiedAt: db.Now()})
		src := h.source("portail", h.organization, Options{})
		h.exec("UPDATE harvest_sources SET organization_id = NULL WHERE id = ?", src.ID)
		src = h.reload(src)
		lists := func(failing int) {
			lines := datasets(0, 30)
			for i := range failing {
				lines[i] = Line{T: LineError, Kind: "dataset", RemoteID: lines[i].RemoteID, Message: "The record is broken."}
			}
			h.told.lists(lines...)
		}
		for i, step := range []struct{ failing, letters int }{{25, 0}, {0, 0}, {25, 1}, {27, 1}, {2, 1}, {21, 2}} {
			lists(step.failing)
			if job := h.run(src); job.ItemsFailed != int64(step.failing) || !job.Complete {
				t.Fatalf("run %d: %d failed, whole %t: %s", i, job.ItemsFailed, job.Complete, job.Errors)
			}
			if len(box.kinds) != step.letters {
				t.Errorf("after run %d there were %d letters, want %d: %v", i, len(box.kinds), step.letters, box.kinds)
			}
		}
		if slices.ContainsFunc(box.kinds, func(kind string) bool { return kind != "harvest.faulty" }) {
			t.Errorf("letters %v", box.kinds)
		}
		if len(box.told) > 0 && box.told[0] != "[failed 25 items 30 before 0 source portail address https://portail.example.org/]" {
			t.Errorf("the letter tells %s", box.told[0])
		}
	})
}
