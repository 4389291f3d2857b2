package web

import (
	"math"
	"net/url"
	"strconv"
	"strings"

	"grenier/internal/fault"
)

// Paging are the arguments of paged lists, embedded in a route's arguments. A list with another size
// by default declares its own two members.
type Paging struct {
	Page     int `query:"page" default:"1" min:"1" help:"The page to fetch"`
	PageSize int `query:"page_size" default:"20" min:"1" help:"The page size to fetch"`
}

// Offset is the number of items before the page. Both arguments were checked on arrival; a page beyond
// all numbers is as good as the last number.
func (p Paging) Offset() int {
	if p.Page-1 > math.MaxInt/max(p.PageSize, 1) {
		return math.MaxInt
	}
	return (p.Page - 1) * p.PageSize
}

// Page is the envelope of a paged list.
type Page[T any] struct {
	Data         []T     `json:"data"`
	NextPage     *string `json:"next_page" format:"uri"`
	PageNumber   int     `json:"page"`
	PageSize     int     `json:"page_size"`
	PreviousPage *string `json:"previous_page" format:"uri"`
	Total        int     `json:"total"`
}

// SchemaName is DatasetPage for a page of datasets.
func (Page[T]) SchemaName() string { return NameOf[T]() + "Page" }

// PageOf wraps the items of a page.
func PageOf[T any](c *Call, p Paging, items []T, total int) Page[T] {
	if items == nil {
		items = []T{}
	}
	next, previous := c.PageLinks("", p.Page, p.PageSize, total)
	return Page[T]{Data: items, NextPage: next, PageNumber: p.Page, PageSize: p.PageSize, PreviousPage: previous, Total: total}
}

// AppendPage is PageOf for items that are rendered already; extra holds further members of the
// envelope, rendered with their names (`"facets":{…}`), or nothing.
func AppendPage(dst []byte, c *Call, p Paging, items [][]byte, total int, extra string) []byte {
	next, previous := c.PageLinks("", p.Page, p.PageSize, total)
	dst = append(dst, `{"data":[`...)
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, item...)
	}
	dst = append(dst, ']')
	if extra != "" {
		dst = append(append(dst, ','), extra...)
	}
	dst = appendLink(append(dst, `,"next_page":`...), next)
	dst = strconv.AppendInt(append(dst, `,"page":`...), int64(p.Page), 10)
	dst = strconv.AppendInt(append(dst, `,"page_size":`...), int64(p.PageSize), 10)
	dst = appendLink(append(dst, `,"previous_page":`...), previous)
	dst = strconv.AppendInt(append(dst, `,"total":`...), int64(total), 10)
	return append(dst, '}')
}

// appendLink writes an address, which is escaped and so needs no escaping as JSON.
func appendLink(dst []byte, link *string) []byte {
	if link == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	dst = append(dst, *link...)
	return append(dst, '"')
}

// PastEnd is the 404 of a database-backed list whose page holds nothing, nil for a page that does or
// the first one.
func PastEnd(p Paging, items int) error {
	if items > 0 || p.Page == 1 {
		return nil
	}
	return fault.New(fault.NotFound, textNotFound)
}

// PageLinks are the absolute addresses of the next and previous page, nil at the ends: the present
// address with all its arguments and another page. path replaces the present path (for a canonical
// slug) unless empty.
func (c *Call) PageLinks(path string, page, size, total int) (next, previous *string) {
	if path == "" {
		path = c.R.URL.EscapedPath()
	}
	if size > 0 && page < (total+size-1)/size {
		s := c.pageLink(path, page+1)
		next = &s
	}
	if page > 1 {
		s := c.pageLink(path, page-1)
		previous = &s
	}
	return next, previous
}

func (c *Call) pageLink(path string, page int) string {
	var b strings.Builder
	b.WriteString(c.Site.Base)
	b.WriteString(path)
	sep := byte('?')
	write := func(name, value string) {
		b.WriteByte(sep)
		sep = '&'
		b.WriteString(url.QueryEscape(name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(value))
	}
	number, done := strconv.Itoa(page), false
	for _, a := range c.query {
		if a.name != "page" {
			write(a.name, a.value)
		} else if !done {
			write("page", number)
			done = true
		}
	}
	if !done {
		write("page", number)
	}
	return b.String()
}
