package ckan

import (
	"context"
	"net/http/httptest"
	"net/netip"
	"testing"

	"grenier/internal/fetch"
	"grenier/internal/harvest"
	"grenier/internal/harvest/harvesttest"
)

// shelf keeps pages in memory.
type shelf map[string]harvest.KeptPage

func (s shelf) Kept(_ context.Context, address string) (*harvest.KeptPage, error) {
	if p, ok := s[address]; ok {
		return &p, nil
	}
	return nil, nil
}

func (s shelf) Keep(_ context.Context, p harvest.KeptPage) error {
	s[p.Address] = p
	return nil
}

func TestMadeUpPortal(t *testing.T) {
	portal := harvesttest.New(harvesttest.Options{Datasets: 1250, Resources: 2, PageSize: 500, ETags: true, Changed: 10})
	s := httptest.NewServer(portal)
	defer s.Close()
	pages := shelf{}
	harvestIt := func(change func(*harvest.Request)) []harvest.Line {
		t.Helper()
		r := harvesttest.Request(s, "/ckan")
		client := fetch.New(fetch.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
		r.Remote = harvest.NewRemote(client, harvest.NewPacer(0), harvest.RemoteOptions{Pages: pages})
		if change != nil {
			change(&r)
		}
		lines, err := harvesttest.Collect(t, New(), r)
		if err != nil || !complete(lines) || len(ofType(lines, harvest.LineError)) > 0 {
			t.Fatalf("%v", err)
		}
		return lines
	}
	if got := ofType(harvestIt(nil), harvest.LineDataset); len(got) != 1250 || len(got[0].Dataset.Resources) != 2 {
		t.Errorf("%d datasets", len(got))
	}
	if len(pages) != 3 {
		t.Errorf("%d pages are kept", len(pages))
	}
	again := harvestIt(nil)
	if len(ofType(again, harvest.LineDataset)) != 0 || len(ofType(again, harvest.LineUnchanged)) != 1250 {
		t.Errorf("nothing changed: %d datasets", len(ofType(again, harvest.LineDataset)))
	}
	portal.Set(func(o *harvesttest.Options) { o.Round++ })
	if got := ofType(harvestIt(nil), harvest.LineDataset); len(got) != 1250 {
		t.Errorf("a new round: %d datasets", len(got))
	}
	portal.Set(func(o *harvesttest.Options) { o.NoSearch, o.Datasets = true, 60 })
	if got := ofType(harvestIt(nil), harvest.LineDataset); len(got) != 60 {
		t.Errorf("without search: %d datasets", len(got))
	}
}
