package account

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// normalEmail gives the one form under which an address is kept and looked up:
// without spaces around, in lower case. wrong says what to mend when it is no
// address.
func normalEmail(given string) (email, wrong string) {
	email = strings.ToLower(strings.TrimSpace(given))
	if wrong := wrongText(email, true, maxName); wrong != "" {
		return "", wrong
	}
	const invalid = "Invalid email address: expected name@example.org."
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || parsed.Name != "" || strings.ContainsAny(email, `"<>() `) {
		return "", invalid
	}
	_, domain, _ := strings.Cut(email, "@")
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !strings.Contains(ascii, ".") || len(ascii) > 253 {
		return "", invalid
	}
	return email, ""
}

// dotted finds what may be the name of a host.
var dotted = regexp.MustCompile(`[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+`)

// holdsURL tells whether a text contains an address of the web: a scheme, or a
// host below a public suffix.
func holdsURL(value string) bool {
	if strings.Contains(value, "://") {
		return true
	}
	for _, host := range dotted.FindAllString(strings.ToLower(value), -1) {
		if suffix, known := publicsuffix.PublicSuffix(host); known && suffix != host {
			return true
		}
	}
	return false
}

// wrongPersonName tells what is wrong with the first or last name of a person.
func wrongPersonName(name string) string {
	if wrong := wrongText(name, true, maxName); wrong != "" {
		return wrong
	}
	if holdsURL(name) {
		return "URLs not allowed in this field."
	}
	if strings.ContainsAny(name, "\r\n\t") || !utf8.ValidString(name) {
		return "This field is a single line."
	}
	return ""
}

// WrongEmail tells what is wrong with an address; "" when nothing is.
func WrongEmail(given string) string {
	_, wrong := normalEmail(given)
	return wrong
}

// HoldsURL tells whether a text, such as a name, contains an address of the web.
func HoldsURL(value string) bool { return holdsURL(value) }
