package fetch

import (
	"fmt"
	"net/url"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxName bounds a file name in bytes, far below what any file system takes.
const maxName = 150

// Names gives files names that are safe on any system and differ from each other, letter case aside.
type Names struct{ taken map[string]int }

// NewNames makes a set in which some names are taken.
func NewNames(taken ...string) *Names {
	n := &Names{taken: map[string]int{}}
	for _, name := range taken {
		n.taken[strings.ToLower(name)] = 1
	}
	return n
}

// Unique makes a name safe and takes it; a name that is taken gets a number before its ending.
func (n *Names) Unique(name string) string {
	name = SafeName(name)
	key := strings.ToLower(name)
	if n.taken[key] == 0 {
		n.taken[key] = 1
		return name
	}
	stem, ext := split(name)
	for {
		n.taken[key]++
		numbered := fmt.Sprintf("%s (%d)%s", stem, n.taken[key], ext)
		if k := strings.ToLower(numbered); n.taken[k] == 0 {
			n.taken[k] = 1
			return numbered
		}
	}
}

// SafeName makes a file name of any text: no folder, no control or invisible letter, nothing that a
// file system or a shell gives a meaning, at most 150 bytes, the ending kept.
func SafeName(text string) string {
	text = norm.NFC.String(strings.ToValidUTF8(text, "_"))
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r):
			return -1
		case !unicode.IsPrint(r), strings.ContainsRune(`/\:*?"<>|`, r):
			return '_'
		}
		return r
	}, text)
	text = strings.TrimLeft(strings.TrimSpace(text), ".-~ ")
	text = strings.TrimRight(text, ". ")
	stem, ext := split(text)
	text = clip(stem, maxName-len(ext)) + ext
	if text == "" {
		return "file"
	}
	if device(stem) {
		return "_" + text
	}
	return text
}

// split cuts a name before its ending, of which .csv.gz is one.
func split(name string) (stem, ext string) {
	ext = path.Ext(name)
	if len(ext) > 16 || strings.Contains(ext, " ") {
		return name, ""
	}
	stem = strings.TrimSuffix(name, ext)
	if inner := path.Ext(stem); strings.EqualFold(ext, ".gz") && len(inner) > 1 && len(inner) <= 8 {
		return strings.TrimSuffix(stem, inner), inner + ext
	}
	return stem, ext
}

// clip cuts a text to at most n bytes, between letters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.TrimRight(s[:n], ". ")
}

// device tells whether Windows keeps a name for a device.
func device(stem string) bool {
	stem, _, _ = strings.Cut(strings.ToUpper(stem), ".")
	switch stem {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) && stem[3] >= '0' && stem[3] <= '9'
}

// lastPart is the last part of an address's path.
func lastPart(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	name := path.Base(u.Path)
	if name == "." || name == "/" {
		return u.Hostname()
	}
	return name
}
