package web

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// Site is one portal on the catalogue: what differs between the host names served. It is shared
// between requests and never changed.
type Site struct {
	// Base is the address of the site without a slash at its end: https://www.example.org.
	Base string
	// Files is the address that hosted files are served from, when it is another one.
	Files string
	// Title is the name shown to people.
	Title string
	// Language is that of labels and messages when the caller names none, a code such as "fr".
	Language string
	// Languages are those offered, Language among them.
	Languages []string
}

// Speak picks the language for a wish: the wish when the site offers it, else the site's own.
func (s *Site) Speak(wish string) string {
	if wish != "" && slices.Contains(s.Languages, wish) {
		return wish
	}
	return s.Language
}

// hosted begins the addresses of hosted files.
const hosted = "/s/"

// FileURL is the whole address of a hosted file, given from the slash on; any other address is left as it
// is.
func (s *Site) FileURL(address string) string {
	switch {
	case !strings.HasPrefix(address, hosted):
		return address
	case s.Files != "":
		return s.Files + address
	}
	return s.Base + address
}

// Complete appends rendered bytes to dst as the function does, with the addresses of hosted files at the
// place that serves them.
func (s *Site) Complete(dst, piece []byte) []byte {
	for s.Files != "" {
		i := bytes.Index(piece, []byte("\x00"+hosted))
		if i < 0 {
			break
		}
		dst = append(Complete(dst, piece[:i], s.Base), s.Files...)
		piece = piece[i+1:]
	}
	return Complete(dst, piece, s.Base)
}

// Peer is where a request comes from and which address it asked for, behind trusted proxies.
type Peer struct {
	Addr   netip.Addr
	Scheme string // http or https
	Host   string // host[:port]
}

// Sites finds the site of a request. It is called once per request, also for kept answers: it must be
// cheap and return the same pointer for the same site.
type Sites func(Peer) *Site

// OneSite serves one site under whatever name it is asked.
func OneSite(s Site) Sites { return func(Peer) *Site { return &s } }

// maxHosts bounds the names that SitesByHost remembers.
const maxHosts = 64

// SitesByHost serves one site under the names that clients use, for programs started without a base
// address: links lead back to the address that was asked. Only host names that make a valid URL are
// taken; after 64 names others get the address of the first.
func SitesByHost(model Site) Sites {
	var known sync.Map // base address -> *Site
	var mu sync.Mutex
	var first *Site
	count := 0
	return func(p Peer) *Site {
		base := p.Scheme + "://" + p.Host
		if s, ok := known.Load(base); ok {
			return s.(*Site)
		}
		mu.Lock()
		defer mu.Unlock()
		if first == nil && !plainHost(p.Host) {
			return &model
		}
		if first != nil && (count >= maxHosts || !plainHost(p.Host)) {
			return first
		}
		s := model
		s.Base = base
		actual, loaded := known.LoadOrStore(base, &s)
		if !loaded {
			count++
		}
		if first == nil {
			first = actual.(*Site)
		}
		return actual.(*Site)
	}
}

// plainHost tells whether a Host header is a name or address with an optional port.
func plainHost(host string) bool {
	if host == "" || len(host) > 255 {
		return false
	}
	for i := range len(host) {
		c := host[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '-', c == ':', c == '[', c == ']', c == '_':
		default:
			return false
		}
	}
	return true
}
