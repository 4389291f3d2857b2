package portal

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

func TestPager(t *testing.T) {
	link := func(page int) string { return "/" + strconv.Itoa(page) }
	shown := func(p pager) string {
		var b strings.Builder
		for _, item := range p.Items {
			switch {
			case item.Gap:
				b.WriteString(" …")
			case item.Current:
				fmt.Fprintf(&b, " [%d]", item.Number)
			default:
				fmt.Fprintf(&b, " %d", item.Number)
				if item.URL != link(item.Number) {
					t.Errorf("page %d leads to %s", item.Number, item.URL)
				}
			}
		}
		return strings.TrimSpace(b.String())
	}
	cases := []struct {
		total, page int
		items       string
		prev, next  string
		bounded     int
	}{
		{0, 1, "", "", "", 0},
		{20, 1, "", "", "", 0},
		{21, 1, "[1] 2", "", "/2", 0},
		{200, 1, "[1] 2 3 … 10", "", "/2", 0},
		{200, 4, "1 2 3 [4] 5 6 … 10", "/3", "/5", 0},
		{200, 5, "1 2 3 4 [5] 6 7 … 10", "/4", "/6", 0},
		{200, 6, "1 … 4 5 [6] 7 8 9 10", "/5", "/7", 0},
		{200, 10, "1 … 8 9 [10]", "/9", "", 0},
		{120_000, 500, "1 … 498 499 [500]", "/499", "", 10_000},
		{10_000, 500, "1 … 498 499 [500]", "/499", "", 0},
	}
	for _, c := range cases {
		p := newPager(c.total, 20, c.page, link)
		if got := shown(p); got != c.items || p.Prev != c.prev || p.Next != c.next || p.Bounded != c.bounded {
			t.Errorf("%d results, page %d: %q prev %q next %q bounded %d", c.total, c.page, got, p.Prev, p.Next, p.Bounded)
		}
	}
}
