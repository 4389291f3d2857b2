package ckan

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// frenchDate is how DKAN writes moments on French sites: "mar, 10/12/2019 - 09:23",
// with words before it.
var frenchDate = regexp.MustCompile(`(?:^|\D)(\d{1,2})/(\d{1,2})/(\d{4})(?:\s*-?\s*(\d{1,2}):(\d{2}))?`)

// date is a date as the portal writes it. On DKAN the day comes before the month.
func (p *portal) date(text string) string {
	if !p.dkan {
		return text
	}
	found := frenchDate.FindStringSubmatch(text)
	if found == nil {
		return text
	}
	var n [5]int
	for i, digits := range found[1:] {
		n[i], _ = strconv.Atoi(digits) // "" is 0
	}
	day, month, year := n[0], n[1], n[2]
	at := time.Date(year, time.Month(month), day, n[3], n[4], 0, 0, time.UTC)
	if at.Day() != day || int(at.Month()) != month || n[3] > 23 || n[4] > 59 {
		return text
	}
	if found[4] == "" {
		return fmt.Sprintf("%04d-%02d-%02d", year, month, day)
	}
	return at.Format("2006-01-02T15:04:05")
}
