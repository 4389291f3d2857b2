package fetch

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// ports may be reached on public addresses; allowed ranges have no limit of ports.
var ports = []uint16{80, 443, 8080, 8443}

// notPublic are the special-purpose ranges of IANA (RFC 6890 and its registries) that no public
// server has, besides those which netip.Addr names itself.
var notPublic = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "3fff::/20",
)

var (
	globalV6 = netip.MustParsePrefix("2000::/3")
	nat64    = netip.MustParsePrefix("64:ff9b::/96")
	sixTo4   = netip.MustParsePrefix("2002::/16")
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// guard judges addresses.
type guard struct{ allow []netip.Prefix }

func newGuard(allow []netip.Prefix) guard {
	var g guard
	for _, p := range allow {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		g.allow = append(g.allow, p.Masked())
	}
	return g
}

// control is called by the dialer with the address it is about to connect to.
func (g guard) control(network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return &Failure{Reason: Refused, Host: address, Err: err}
	}
	allowed, public := g.judge(to.Addr())
	switch {
	case allowed:
		return nil
	case !public:
		return &Failure{Reason: Refused, Host: to.Addr().String()}
	case !slices.Contains(ports, to.Port()):
		return &Failure{Reason: Port, Host: address}
	}
	return nil
}

// judge tells whether an address lies in an allowed range, and whether it is a public one. An IPv4
// address inside an IPv6 one (mapped, NAT64, 6to4) counts as what it is.
func (g guard) judge(addr netip.Addr) (allowed, public bool) {
	if addr.Zone() != "" {
		return false, false
	}
	addr = unwrap(addr)
	if addr.IsUnspecified() || addr.IsMulticast() {
		return false, false
	}
	in := func(p netip.Prefix) bool { return p.Contains(addr) }
	if slices.ContainsFunc(g.allow, in) {
		return true, false
	}
	if addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast() || slices.ContainsFunc(notPublic, in) {
		return false, false
	}
	return false, addr.Is4() || globalV6.Contains(addr)
}

// unwrap is the IPv4 address that an IPv6 one stands for, or the address itself.
func unwrap(addr netip.Addr) netip.Addr {
	addr = addr.Unmap()
	if addr.Is4() {
		return addr
	}
	b := addr.As16()
	switch {
	case nat64.Contains(addr):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case sixTo4.Contains(addr):
		return netip.AddrFrom4([4]byte(b[2:6]))
	case b[10] == 0x5e && b[11] == 0xfe && b[9] == 0 && (b[8] == 0 || b[8] == 2): // ISATAP, RFC 5214
		return netip.AddrFrom4([4]byte(b[12:16]))
	}
	return addr
}

// CheckURL judges an address as it is written: http or https, a host, no name or password, and, when
// the host is an IP address in any notation or a local name, one that may be reached. It asks no
// name server and judges no port: both are done when the address is fetched.
func (c *Client) CheckURL(raw string) error {
	_, err := c.check(raw)
	return err
}

func (c *Client) check(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return nil, (&Failure{Reason: NotWeb, Err: err}).fault()
	}
	if err := c.guard.url(u); err != nil {
		return nil, err.fault()
	}
	return u, nil
}

// url judges a parsed address and drops its fragment, which is never sent.
func (g guard) url(u *url.URL) *Failure {
	u.Scheme = strings.ToLower(u.Scheme)
	host := u.Hostname()
	if u.Scheme != "http" && u.Scheme != "https" || host == "" || u.Opaque != "" {
		return &Failure{Reason: NotWeb, Host: u.Host}
	}
	if u.User != nil {
		return &Failure{Reason: Credentials, Host: u.Host}
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return &Failure{Reason: NotWeb, Host: u.Host}
		}
	}
	u.Fragment, u.RawFragment = "", ""
	if addr, ok := literal(host); ok {
		if allowed, public := g.judge(addr); !allowed && !public {
			return &Failure{Reason: Refused, Host: u.Host}
		}
	}
	return nil
}

// literal is the address that a host names without a name server: an IP address, also in the old
// notations with fewer parts or other bases (127.1, 0x7f000001), or the local host.
func literal(host string) (netip.Addr, bool) {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr, true
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	}
	return oldV4(host)
}

// oldV4 reads an IPv4 address as inet_aton does.
func oldV4(host string) (netip.Addr, bool) {
	parts := strings.Split(host, ".")
	if len(parts) > net.IPv4len {
		return netip.Addr{}, false
	}
	var value uint64
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 0, 32)
		if err != nil || strings.Contains(part, "_") {
			return netip.Addr{}, false
		}
		rest := 8 * (net.IPv4len - i) // bits not yet given
		if i < len(parts)-1 {
			rest = 8
		}
		if n >= 1<<rest {
			return netip.Addr{}, false
		}
		value = value<<rest | n
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}
