package limit

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
)

var testRule = Rule{"test", 5, time.Minute, "Too many."}

func TestRatesCountTogether(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		nodes := []*Rates{NewRates(d), NewRates(d)}
		var all sync.WaitGroup
		var mu sync.Mutex
		passed := 0
		for i := range 16 {
			all.Go(func() {
				err := nodes[i%2].Take(t.Context(), testRule, "ada")
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					passed++
				} else if f := fault.Of(err); f.Code != fault.TooMany || f.Retry <= 0 || f.Retry > testRule.Within || f.Text != "Too many." {
					t.Errorf("refused with %+v", f)
				}
			})
		}
		if all.Wait(); passed != 5 {
			t.Errorf("%d of 5 attempts passed", passed)
		}
		if err := nodes[0].Take(t.Context(), testRule, "bob"); err != nil {
			t.Errorf("another subject: %v", err)
		}
		other := testRule
		other.Name = "other"
		if err := nodes[0].Take(t.Context(), other, "ada"); err != nil {
			t.Errorf("another rule: %v", err)
		}
	})
}

func TestRatesWindow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := NewRates(d)
		short := Rule{"short", 1, 300 * time.Millisecond, "Too many."}
		if err := r.Take(t.Context(), short, "ada"); err != nil {
			t.Fatal(err)
		}
		if err := r.Take(t.Context(), short, "ada"); !fault.Is(err, fault.TooMany) {
			t.Fatalf("the second attempt: %v", err)
		}
		time.Sleep(350 * time.Millisecond)
		if err := r.Take(t.Context(), short, "ada"); err != nil {
			t.Errorf("in the next window: %v", err)
		}
		time.Sleep(350 * time.Millisecond)
		if removed, err := r.Prune(t.Context()); err != nil || removed != 1 {
			t.Errorf("pruned %d, %v", removed, err)
		}
	})
}

func TestRatesGiveBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := NewRates(d)
		for range 3 * testRule.Most {
			if err := r.Take(t.Context(), testRule, "ada"); err != nil {
				t.Fatal(err)
			}
			if err := r.GiveBack(t.Context(), testRule, "ada"); err != nil {
				t.Fatal(err)
			}
		}
		var subjects []string
		if err := d.Read().NewRaw("SELECT subject FROM rates").Scan(t.Context(), &subjects); err != nil || len(subjects) != 1 || subjects[0] == "ada" {
			t.Errorf("the table holds %v, %v", subjects, err)
		}
	})
}

func TestNoRatesRefuseNothing(t *testing.T) {
	var r *Rates
	if err := r.Take(t.Context(), testRule, "ada"); err != nil {
		t.Error(err)
	}
	if err := r.GiveBack(t.Context(), testRule, "ada"); err != nil {
		t.Error(err)
	}
}

func TestNetworks(t *testing.T) {
	same := func(a, b string) bool { return Network(netip.MustParseAddr(a)) == Network(netip.MustParseAddr(b)) }
	if !same("2001:db8::1", "2001:db8::ffff:1") || same("2001:db8::1", "2001:db8:0:1::1") || same("192.0.2.1", "192.0.2.2") || !same("192.0.2.1", "::ffff:192.0.2.1") {
		t.Error("networks are told apart wrongly")
	}
}
