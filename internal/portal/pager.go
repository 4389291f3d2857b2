package portal

// pager leads through the pages of a list: the template part "pager" draws it.
type pager struct {
	// Label names the pages where a page of the site has several lists, else empty.
	Label       string
	Page, Pages int
	// First to Last are addresses, empty where one is already.
	First, Prev, Next, Last string
	// Items are the numbers shown, in order.
	Items []pagerItem
	// Bounded is how many entries can be paged through when there are more, else 0.
	Bounded int
}

// pagerItem is one number; Gap stands for those left out.
type pagerItem struct {
	Number  int
	URL     string
	Current bool
	Gap     bool
}

// pagerReach is how many pages on either side of the present one have a link.
const pagerReach = 2

// newPager leads through so many entries, some on each page; link gives the
// address of a page. Only lastPage pages can be reached.
func newPager(total, size, page int, link func(page int) string) pager {
	pages := pagesOf(total, size)
	p := pagerThrough(page, min(pages, lastPage), link)
	if pages > lastPage {
		p.Bounded = lastPage * size
	}
	return p
}

// pagesOf is the number of pages of a list, at least one.
func pagesOf(total, size int) int { return max(1, (total+size-1)/size) }

// pagerThrough leads from a page to the others, all of which can be reached.
func pagerThrough(page, pages int, link func(page int) string) pager {
	p := pager{Page: page, Pages: pages}
	if pages == 1 {
		return p
	}
	if page > 1 {
		p.First, p.Prev = link(1), link(min(page-1, p.Pages))
	}
	if page < p.Pages {
		p.Next, p.Last = link(page+1), link(p.Pages)
	}
	shown := 0
	for number := 1; number <= p.Pages; number++ {
		if number != 1 && number != p.Pages && (number < page-pagerReach || number > page+pagerReach) {
			continue
		}
		switch {
		case number == shown+2: // a gap of one page is that page
			p.Items = append(p.Items, pagerItem{Number: number - 1, URL: link(number - 1)})
		case number > shown+2:
			p.Items = append(p.Items, pagerItem{Gap: true})
		}
		p.Items = append(p.Items, pagerItem{Number: number, URL: link(number), Current: number == page})
		shown = number
	}
	return p
}
