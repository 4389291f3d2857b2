package rdf

import (
	"strings"
	"unicode/utf8"
)

// iriParts are the components of an IRI reference (RFC 3986 §3, RFC 3987).
type iriParts struct {
	scheme, authority, path, query, fragment string
	hasAuthority, hasQuery, hasFragment      bool
}

// splitIRI takes an IRI reference apart (RFC 3986, appendix B). It judges
// nothing.
func splitIRI(iri string) iriParts {
	var p iriParts
	iri, p.fragment, p.hasFragment = strings.Cut(iri, "#")
	iri, p.query, p.hasQuery = strings.Cut(iri, "?")
	if n := schemeLength(iri); n > 0 {
		p.scheme, iri = iri[:n], iri[n+1:]
	}
	if rest, ok := strings.CutPrefix(iri, "//"); ok {
		p.hasAuthority = true
		end := strings.IndexByte(rest, '/')
		if end < 0 {
			end = len(rest)
		}
		p.authority, iri = rest[:end], rest[end:]
	}
	p.path = iri
	return p
}

// join puts the components together (RFC 3986 §5.3).
func (p iriParts) join() string {
	var b strings.Builder
	if p.scheme != "" {
		b.WriteString(p.scheme)
		b.WriteByte(':')
	}
	if p.hasAuthority {
		b.WriteString("//")
		b.WriteString(p.authority)
	}
	b.WriteString(p.path)
	if p.hasQuery {
		b.WriteByte('?')
		b.WriteString(p.query)
	}
	if p.hasFragment {
		b.WriteByte('#')
		b.WriteString(p.fragment)
	}
	return b.String()
}

// resolve returns the IRI that a reference means where the parts are those of
// the base (RFC 3986 §5.2, strict). Without a base it is the reference itself.
func (p iriParts) resolve(reference string) string {
	if p.scheme == "" {
		return reference
	}
	r := splitIRI(reference)
	target := r
	switch {
	case r.scheme != "":
		target.path = removeDots(r.path)
	case r.hasAuthority:
		target.scheme, target.path = p.scheme, removeDots(r.path)
	default:
		target.scheme, target.authority, target.hasAuthority = p.scheme, p.authority, p.hasAuthority
		switch {
		case r.path == "":
			target.path = p.path
			if !r.hasQuery {
				target.query, target.hasQuery = p.query, p.hasQuery
			}
		case strings.HasPrefix(r.path, "/"):
			target.path = removeDots(r.path)
		case p.hasAuthority && p.path == "":
			target.path = removeDots("/" + r.path)
		default:
			target.path = removeDots(p.path[:strings.LastIndexByte(p.path, '/')+1] + r.path)
		}
	}
	return target.join()
}

// removeDots removes the segments "." and ".." of a path (RFC 3986 §5.2.4).
func removeDots(path string) string {
	if !strings.HasPrefix(path, ".") && !strings.Contains(path, "/.") {
		return path
	}
	out := make([]byte, 0, len(path))
	for path != "" {
		switch {
		case strings.HasPrefix(path, "../"):
			path = path[3:]
		case strings.HasPrefix(path, "./"), strings.HasPrefix(path, "/./"):
			path = path[2:]
		case path == "/.":
			path = "/"
		case strings.HasPrefix(path, "/../"), path == "/..":
			if path = path[3:]; path == "" {
				path = "/"
			}
			last := len(out) - 1
			for last >= 0 && out[last] != '/' {
				last--
			}
			out = out[:max(last, 0)]
		case path == ".", path == "..":
			path = ""
		default:
			end := strings.IndexByte(path[1:], '/') + 1
			if end == 0 {
				end = len(path)
			}
			out, path = append(out, path[:end]...), path[end:]
		}
	}
	return string(out)
}

// schemeLength is the length of an IRI's scheme, without its colon; 0 when the
// IRI is relative.
func schemeLength[T string | []byte](iri T) int {
	for i := range len(iri) {
		switch c := iri[i]; {
		case c == ':':
			return i
		case isLetter(c):
		case i > 0 && (isDigit(c) || c == '+' || c == '-' || c == '.'):
		default:
			return 0
		}
	}
	return 0
}

// Absolute tells whether an IRI says its scheme and so stands by itself.
func Absolute(iri string) bool { return schemeLength(iri) > 0 }

// appendIRI appends an IRI as the formats of text hold it: what no IRI may
// hold is percent-encoded, as are bytes that are not UTF-8.
func appendIRI(b []byte, iri string) []byte {
	const hex = "0123456789ABCDEF"
	plain := 0 // where what is not yet appended begins
	for i := 0; i < len(iri); {
		c := iri[i]
		size := 1
		encode := notInIRI[c]
		if c >= utf8.RuneSelf {
			var r rune
			r, size = utf8.DecodeRuneInString(iri[i:])
			encode = r == utf8.RuneError && size == 1
		}
		if encode {
			b = append(b, iri[plain:i]...)
			b = append(b, '%', hex[c>>4], hex[c&15])
			plain = i + 1
		}
		i += size
	}
	return append(b, iri[plain:]...)
}
