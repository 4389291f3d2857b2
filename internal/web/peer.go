package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// peerOf finds who asks and for which address. The headers of proxies count only as far as trusted
// proxies wrote them: X-Forwarded-For is read from its end, and the first address that is not a
// trusted proxy is the client.
func peerOf(r *http.Request, trusted []netip.Prefix) Peer {
	p := Peer{Scheme: "http", Host: r.Host}
	if r.TLS != nil {
		p.Scheme = "https"
	}
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		p.Addr = ap.Addr().Unmap()
	}
	if len(trusted) == 0 || !within(p.Addr, trusted) {
		return p
	}
	if scheme := lastValue(r.Header["X-Forwarded-Proto"]); scheme == "http" || scheme == "https" {
		p.Scheme = scheme
	}
	if host := lastValue(r.Header["X-Forwarded-Host"]); plainHost(host) {
		p.Host = host
	}
	p.Addr = behind(p.Addr, r.Header["X-Forwarded-For"], trusted)
	return p
}

// behind follows the chain of X-Forwarded-For from its end; what is no address ends it.
func behind(nearest netip.Addr, values []string, trusted []netip.Prefix) netip.Addr {
	for i := len(values) - 1; i >= 0; i-- {
		rest := values[i]
		for rest != "" {
			var one string
			if j := strings.LastIndexByte(rest, ','); j >= 0 {
				one, rest = rest[j+1:], rest[:j]
			} else {
				one, rest = rest, ""
			}
			addr, ok := forwardedAddr(strings.TrimSpace(one))
			if !ok {
				return nearest
			}
			nearest = addr
			if !within(addr, trusted) {
				return addr
			}
		}
	}
	return nearest
}

func forwardedAddr(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap(), true
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap(), err == nil
}

func within(a netip.Addr, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// lastValue is the value that the nearest proxy added to a list header.
func lastValue(values []string) string {
	if len(values) == 0 {
		return ""
	}
	v := values[len(values)-1]
	if i := strings.LastIndexByte(v, ','); i >= 0 {
		v = v[i+1:]
	}
	return strings.ToLower(strings.TrimSpace(v))
}
