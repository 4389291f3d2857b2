package catalog

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// IsWebAddress tells whether a text is an address that harvests keep: of the web
// or of FTP, with the name of a registered domain, an IP address, and no blank.
// Credentials are allowed, the machine's own name is not. No name server is asked.
func IsWebAddress(given string) bool {
	if given == "" || len(given) > maxAddress || strings.ContainsFunc(given, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }) {
		return false
	}
	address, err := url.Parse(given)
	if err != nil || address.Opaque != "" || !slices.Contains(schemes, strings.ToLower(address.Scheme)) {
		return false
	}
	host := strings.ToLower(address.Hostname())
	switch ip, err := netip.ParseAddr(host); {
	case host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost"):
		return false
	case err == nil:
		return isPublic(ip)
	}
	return unknownDomain(host) == ""
}

// isPublic tells whether an IP address leads out of private networks.
func isPublic(ip netip.Addr) bool {
	plain := net.IP(ip.Unmap().AsSlice())
	return plain.IsGlobalUnicast() && !plain.IsPrivate()
}
