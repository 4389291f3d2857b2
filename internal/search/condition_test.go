package search

import (
	"testing"
	"time"
)

func TestNarrow(t *testing.T) {
	cases := []struct {
		kind     Kind
		argument string
		field    string
		all      bool
	}{
		{Dataset, "tag", "tag", true}, {Dataset, "topic", "topics", false}, {Reuse, "topic", "topic", false},
		{Dataservice, "topic", "topics", false}, {Organization, "badge", "badge", false}, {Topic, "organization", "organization", false},
	}
	for _, c := range cases {
		q := Query{Kind: c.kind}
		q.Narrow(c.argument)
		if len(q.Filters) != 0 {
			t.Errorf("%s %s: no values made a filter", c.kind, c.argument)
		}
		q.Narrow(c.argument, "a", "b")
		if len(q.Filters) != 1 || q.Filters[0].Field != c.field || q.Filters[0].All != c.all || len(q.Ranges) != 0 {
			t.Errorf("%s %s: %+v", c.kind, c.argument, q)
		}
	}
	q := Query{Kind: Organization}
	if q.Narrow("format", "csv"); len(q.Filters) != 0 || len(q.Ranges) != 1 {
		t.Errorf("an unknown argument must keep nothing: %+v", q)
	}
}

func TestKeepNothing(t *testing.T) {
	e := newEngine(t, Document{Kind: Dataset, ID: "a", Title: "Water", Numbers: map[string]int64{"created": 5}})
	q := Query{Kind: Dataset, Limit: 10}
	if got := e.Search(q); got.Total != 1 {
		t.Fatalf("%d found before", got.Total)
	}
	q.KeepNothing()
	if got := e.Search(q); got.Total != 0 {
		t.Errorf("%d found", got.Total)
	}
}

func TestNarrowUpdated(t *testing.T) {
	at := time.Date(2026, 1, 16, 15, 0, 0, 0, time.UTC)
	var q Query
	if !q.NarrowUpdated("last_30_days", at) || *q.Ranges[0].Min != time.Date(2025, 12, 17, 0, 0, 0, 0, time.UTC).UnixMicro() {
		t.Errorf("%+v", q.Ranges)
	}
	if q.NarrowUpdated("yesterday", at) || len(q.Ranges) != 1 {
		t.Errorf("an unknown period was taken: %+v", q.Ranges)
	}
}

func TestCoverageOf(t *testing.T) {
	if got := CoverageOf("2019-01-31", "2020-12-01"); got.Start != 20190131 || got.End != 20201201 {
		t.Errorf("%+v", got)
	}
}
