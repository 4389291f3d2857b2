package harvest

import (
	"net/url"
	"strings"
)

// hostOf is the host of an address in lower case with its port; the address
// itself when it has none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return strings.ToLower(u.Host)
}
