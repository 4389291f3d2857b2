package catalog

import (
	"context"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
)

func TestAttentionAsksTheDatabase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := New(event.NewLog(d), nil, nil, Rules{})
		for _, owner := range []account.Owner{{Organization: "000000000000000000000001"}, {User: "000000000000000000000002"}} {
			found, err := s.Attention(context.Background(), owner, time.Now())
			if err != nil || found != (Attention{}) {
				t.Errorf("%+v: %+v, %v", owner, found, err)
			}
		}
		objects, err := s.AssignedTo(context.Background(), "000000000000000000000001", "000000000000000000000002")
		if err != nil || len(objects) != 0 {
			t.Errorf("%+v, %v", objects, err)
		}
		viewer := account.Viewer{User: &account.User{ID: "000000000000000000000002"}}
		for _, f := range []TransferFilter{{Incoming: true}, {Outgoing: true}, {}} {
			if rows, total, err := s.Transfers(context.Background(), viewer, f); err != nil || total != 0 || len(rows) != 0 {
				t.Errorf("%+v: %d, %v", f, total, err)
			}
		}
	})
}
