package fetch

import (
	"net/netip"
	"testing"

	"grenier/internal/fault"
)

func TestJudge(t *testing.T) {
	tests := []struct {
		addr            string
		allowed, public bool
	}{
		{addr: "1.1.1.1", public: true},
		{addr: "172.32.0.1", public: true},
		{addr: "2606:4700:4700::1111", public: true},
		{addr: "::ffff:1.1.1.1", public: true},
		{addr: "64:ff9b::1.1.1.1", public: true}, // NAT64 of a public address
		{addr: "2002:101:101::1", public: true},  // 6to4 of a public address
		{addr: "127.0.0.1"}, {addr: "127.255.255.254"}, {addr: "::1"}, {addr: "::ffff:127.0.0.1"},
		{addr: "64:ff9b::127.0.0.1"}, {addr: "2002:7f00:1::"}, {addr: "64:ff9b:1::1"},
		{addr: "10.0.0.1"}, {addr: "172.16.0.1"}, {addr: "192.168.255.255"}, {addr: "::ffff:10.0.0.1"},
		{addr: "2002:c0a8:1::1"}, {addr: "64:ff9b::a00:1"}, {addr: "2606:4700::5efe:192.168.0.1"},
		{addr: "100.64.0.1"}, {addr: "100.127.255.255"},
		{addr: "169.254.169.254"}, {addr: "fe80::1"}, {addr: "fe80::1%eth0"}, {addr: "2606:4700::1%eth0"},
		{addr: "fd00::1"}, {addr: "fc00::1"}, {addr: "fec0::1"},
		{addr: "0.0.0.0"}, {addr: "0.1.2.3"}, {addr: "::"}, {addr: "::ffff:0.0.0.0"},
		{addr: "224.0.0.1"}, {addr: "239.255.255.250"}, {addr: "ff02::1"}, {addr: "255.255.255.255"}, {addr: "240.0.0.1"},
		{addr: "192.0.0.8"}, {addr: "192.0.2.1"}, {addr: "198.18.0.1"}, {addr: "198.51.100.1"}, {addr: "203.0.113.9"},
		{addr: "2001::1"}, {addr: "2001:db8::1"}, {addr: "3fff::1"}, {addr: "100::1"}, {addr: "4000::1"},
		{addr: "10.20.0.1", allowed: true},
		{addr: "::ffff:10.20.0.1", allowed: true},
		{addr: "fd12::8", allowed: true},
		{addr: "10.30.0.1", allowed: true}, // given as a mapped prefix
	}
	g := newGuard(prefixes("10.20.0.0/16", "fd12::/64", "::ffff:10.30.0.0/112", "0.0.0.0/32", "224.0.0.0/4"))
	for _, test := range tests {
		allowed, public := g.judge(netip.MustParseAddr(test.addr))
		if allowed != test.allowed || public != test.public {
			t.Errorf("%s: allowed %v, public %v", test.addr, allowed, public)
		}
	}
}

func TestControl(t *testing.T) {
	g := newGuard(prefixes("127.0.0.0/8"))
	tests := []struct {
		network, address string
		want             Reason
	}{
		{"tcp4", "1.1.1.1:443", ""},
		{"tcp6", "[2606:4700::1]:8443", ""},
		{"tcp4", "1.1.1.1:22", Port},
		{"tcp4", "127.0.0.1:22", ""}, // any port of an allowed range
		{"tcp4", "10.0.0.1:80", Refused},
		{"tcp6", "[::1]:80", Refused},
		{"udp4", "1.1.1.1:443", Refused},
		{"tcp4", "example.org:80", Refused},
	}
	for _, test := range tests {
		err := g.control(test.network, test.address, nil)
		if test.want == "" {
			if err != nil {
				t.Errorf("%s %s: %v", test.network, test.address, err)
			}
			continue
		}
		if why := Why(err); why == nil || why.Reason != test.want {
			t.Errorf("%s %s: %v, want %s", test.network, test.address, err, test.want)
		}
	}
}

func TestCheckURL(t *testing.T) {
	tests := []struct {
		url  string
		want Reason
	}{
		{"https://example.org/data.csv?x=1#part", ""},
		{" HTTP://Example.org ", ""},
		{"http://données.example.org/é à.csv", ""},
		{"http://example.org:8081/geoserver", ""}, // ports are judged when fetched
		{"http://10.1.2.3:9000/x", ""},            // allowed
		{"http://8.8.8.8/", ""},
		{"", NotWeb}, {"example.org/x", NotWeb}, {"//example.org/x", NotWeb}, {"/etc/passwd", NotWeb},
		{"ftp://example.org/x", NotWeb}, {"file:///etc/passwd", NotWeb}, {"gopher://example.org", NotWeb},
		{"http:example.org", NotWeb}, {"http://", NotWeb}, {"http://:80/", NotWeb}, {"javascript:alert(1)", NotWeb},
		{"http://exa mple.org/", NotWeb}, {"http://example.org:99999/", NotWeb}, {"http://example.org:0/", NotWeb},
		{"http://example.org/\r\nHost: x", NotWeb}, {"http://[::1", NotWeb},
		{"http://user:secret@example.org/", Credentials}, {"http://user@example.org/", Credentials},
		{"http://@example.org/", Credentials},
		{"http://127.0.0.1/", Refused}, {"http://localhost/", Refused}, {"http://LOCALHOST.:8080/", Refused},
		{"http://app.localhost/", Refused}, {"http://[::1]/", Refused}, {"http://[::ffff:127.0.0.1]/", Refused},
		{"http://[fe80::1%25eth0]/", Refused},
		{"http://169.254.169.254/latest/meta-data/", Refused}, {"http://192.168.1.1/", Refused},
		{"http://127.1/", Refused}, {"http://2130706433/", Refused}, {"http://0x7f000001/", Refused},
		{"http://0177.0.0.1/", Refused}, {"http://0x7f.1/", Refused}, {"http://0/", Refused}, {"http://127.0.0.1./", Refused},
		{"http://1.2.3.4.5/", ""}, {"http://0x7f.example.org/", ""}, // names, as odd as they are
	}
	c := New(Options{Allow: prefixes("10.0.0.0/8")})
	for _, test := range tests {
		err := c.CheckURL(test.url)
		if test.want == "" {
			if err != nil {
				t.Errorf("%q: %v", test.url, err)
			}
			continue
		}
		if why := Why(err); why == nil || why.Reason != test.want {
			t.Errorf("%q: %v, want %s", test.url, err, test.want)
		} else if !fault.Is(err, fault.Invalid) || fault.Of(err).SafeText() == "" {
			t.Errorf("%q: not a fault with a text: %#v", test.url, err)
		}
	}
	if err := New(Options{Allow: prefixes("127.0.0.0/8")}).CheckURL("http://localhost:7000/"); err != nil {
		t.Errorf("the local host where loopback is allowed: %v", err)
	}
}
