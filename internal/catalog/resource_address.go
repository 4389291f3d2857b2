package catalog

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// schemes are those of addresses that people write.
var schemes = []string{"http", "https", "ftp", "ftps"}

// address reads an address that must be there. One that stays as it was is
// taken, whatever brought it.
func (r *refusals) address(in Opt[string], into *string, path ...any) {
	given := strings.TrimSpace(in.Value)
	switch {
	case !in.Set || given != "" && given == *into:
		return
	case given == "":
		r.at("This field is required.", path...)
		return
	}
	if wrong := r.wrongURL(given); wrong != "" {
		r.at(wrong, path...)
		return
	}
	*into = given
}

// maybeAddress reads an address, or none.
func (r *refusals) maybeAddress(in Opt[string], into **string, path ...any) {
	given := strings.TrimSpace(in.Value)
	switch {
	case !in.Set || *into != nil && given == **into:
	case in.Null || given == "":
		*into = nil
	default:
		if wrong := r.wrongURL(given); wrong != "" {
			r.at(wrong, path...)
			return
		}
		*into = &given
	}
}

// wrongURL tells what is wrong with an address as people write it: its scheme,
// a top-level domain that nobody registered, a host that only this network
// reaches. "" when nothing is. No name server is asked.
func (r *refusals) wrongURL(given string) string {
	invalid := func(reason string) string { return `Invalid URL "` + clipped(given) + `"` + reason }
	if len(given) > maxAddress || strings.ContainsFunc(given, func(c rune) bool { return unicode.IsControl(c) || unicode.IsSpace(c) && c != ' ' }) {
		return invalid(": it is too long, or holds characters that no address has.")
	}
	address, err := url.Parse(given)
	if err != nil || address.Opaque != "" || address.Hostname() == "" {
		return invalid(": give the whole address, beginning with https://, http:// or ftp://.")
	}
	if scheme := strings.ToLower(address.Scheme); scheme != "" && !slices.Contains(schemes, scheme) {
		return invalid(": Invalid scheme " + clipped(scheme))
	}
	if address.User != nil {
		return invalid(": Credentials in URL are not allowed")
	}
	host := strings.ToLower(address.Hostname())
	if r.reachable != nil {
		// The guard of outgoing requests judges hosts of the web; those of
		// other schemes are judged as if they were.
		if r.reachable("http://"+address.Host) != nil {
			return invalid(": is a local or private URL")
		}
	}
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return ""
	}
	if domain := unknownDomain(host); domain != "" {
		return invalid(": Invalid TLD " + clipped(domain))
	}
	return ""
}

// unknownDomain is the top-level domain of a host when nobody registered it;
// "" when it is known.
func unknownDomain(host string) string {
	host = strings.TrimSuffix(host, ".")
	domain := host[strings.LastIndexByte(host, '.')+1:]
	ascii, err := idna.ToASCII(domain)
	if err != nil || !strings.Contains(host, ".") {
		return domain
	}
	for _, name := range []string{ascii, "x." + ascii} { // some domains register at the second level alone
		if _, registered := publicsuffix.PublicSuffix(name); registered {
			return ""
		}
	}
	return domain
}
