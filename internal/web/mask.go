package web

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"grenier/internal/fault"
)

// maxMaskDepth bounds the levels of a mask: no answer is as deep.
const maxMaskDepth = 32

// mask is a parsed X-Fields header: the wanted members with their own masks (nil: whole).
type mask struct {
	members map[string]*mask
	all     bool // "*": all remaining members too
}

func newMask() *mask { return &mask{members: map[string]*mask{}} }

// parseMask reads a mask such as {id,organization{name},*}. The outer braces are optional; characters
// that belong to no name are passed over.
func parseMask(text string) (*mask, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\n", ""))
	if strings.HasPrefix(text, "{") {
		if !strings.HasSuffix(text, "}") || len(text) < 2 {
			return nil, maskError("Missing closing bracket")
		}
		text = strings.TrimSpace(text[1 : len(text)-1])
	}
	root := newMask()
	at, previous := root, ""
	var stack []*mask
	for text != "" {
		var token string
		if token, text = nextToken(text); token == "" {
			break
		}
		switch token {
		case "{":
			if !at.names(previous) {
				return nil, maskError("Unexpected opening bracket")
			}
			if len(stack) >= maxMaskDepth {
				return nil, maskError("Too many levels")
			}
			inner := newMask()
			at.members[previous] = inner
			stack = append(stack, at)
			at = inner
		case "}":
			if len(stack) == 0 {
				return nil, maskError("Unexpected closing bracket")
			}
			at, stack = stack[len(stack)-1], stack[:len(stack)-1]
		case ",":
			if previous == "" || previous == "," || previous == "{" {
				return nil, maskError("Unexpected comma")
			}
		case "*":
			at.all = true
		default:
			at.members[token] = nil
		}
		previous = token
	}
	if len(stack) > 0 {
		return nil, maskError("Missing closing bracket")
	}
	return root, nil
}

// names tells whether a token is a member that was just named at this level.
func (m *mask) names(token string) bool {
	_, ok := m.members[token]
	return ok
}

// nextToken cuts the next bracket, comma or name off a mask.
func nextToken(s string) (token, rest string) {
	for i, r := range s {
		switch {
		case r == '{' || r == '}' || r == ',':
			return s[i : i+1], s[i+1:]
		case isNameRune(r):
			end := i
			for end < len(s) {
				r, size := utf8.DecodeRuneInString(s[end:])
				if !isNameRune(r) {
					break
				}
				end += size
			}
			return s[i:end], s[end:]
		}
	}
	return "", ""
}

func isNameRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
			r == '_' || r == ':' || r == '-' || r == '*'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

func maskError(text string) error { return fault.New(fault.Invalid, "Mask parse error: "+text) }

var errMaskModel = fault.New(fault.Invalid, "Mask error: Mask is inconsistent with model")
