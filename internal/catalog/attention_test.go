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

func TestWhoAskedForATransferSeesIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := New(event.NewLog(d), nil, nil, Rules{})
		giving, asked := "000000000000000000000001", "000000000000000000000002"
		offer := &Transfer{
			ID: "000000000000000000000003", ObjectKind: KindDataset, ObjectID: "000000000000000000000004", OwnerKind: KindOrganization, OwnerID: giving,
			RecipientKind: KindUser, RecipientID: "000000000000000000000005", UserID: &asked, Comment: "Yours.", Status: TransferPending, CreatedAt: db.Now(),
		}
		if err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewInsert().Model(offer).Exec(ctx)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for user, want := range map[string]int{asked: 1, "000000000000000000000006": 0} {
			viewer := account.Viewer{User: &account.User{ID: user}, Memberships: map[string]account.Role{giving: account.RoleEditor}}
			for _, f := range []TransferFilter{{Outgoing: true}, {}} {
				if rows, total, err := s.Transfers(context.Background(), viewer, f); err != nil || total != want || len(rows) != want {
					t.Errorf("%s %+v: %d of %d, %v", user, f, len(rows), total, err)
				}
			}
		}
	})
}
