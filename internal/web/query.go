package web

import (
	"strings"
	"unicode/utf8"

	"grenier/internal/fault"
)

// arg is one argument of a query as it was sent, decoded.
type arg struct{ name, value string }

// maxArgs bounds the arguments of one query.
const maxArgs = 1000

// parseQuery reads the arguments of a raw query in order. A broken escape stands for itself. A NUL
// byte, text that is not UTF-8 or too many arguments are refused.
func parseQuery(raw string) ([]arg, error) {
	if raw == "" {
		return nil, nil
	}
	if strings.Count(raw, "&") >= maxArgs {
		return nil, fault.Newf(fault.Invalid, "The query has more than %d arguments.", maxArgs)
	}
	args := make([]arg, 0, strings.Count(raw, "&")+1)
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		a := arg{unescape(name), unescape(value)}
		if !cleanText(a.name) || !cleanText(a.value) {
			return nil, fault.New(fault.Invalid, "The query holds a NUL byte or text that is not UTF-8.")
		}
		args = append(args, a)
	}
	return args, nil
}

// cleanText tells whether a text may go into a database: UTF-8 without NUL.
func cleanText(s string) bool {
	return strings.IndexByte(s, 0) < 0 && utf8.ValidString(s)
}

// unescape decodes a part of a query; what is no escape stays as it is.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b = append(b, ' ')
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b = append(b, fromHex(s[i+1])<<4|fromHex(s[i+2]))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func fromHex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}
