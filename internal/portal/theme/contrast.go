package theme

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

const (
	// textContrast is the least contrast of text, partContrast that of large
	// text and of the edges of what one acts on (WCAG 2.2, 1.4.3 and 1.4.11).
	textContrast = 4.5
	partContrast = 3
)

// pairs are the colours that the pages lay on each other: written or drawn ones
// by those under them.
var pairs = []struct {
	least  float64
	fronts string
	under  string
}{
	{textContrast, "fg link", "bg bg-alt surface accent-soft success-soft warning-soft danger-soft info-soft"},
	{textContrast, "fg-muted link-visited", "bg bg-alt surface"},
	{textContrast, "accent-fg", "accent"},
	{textContrast, "deep-fg deep-gold", "deep"},
	{textContrast, "success", "bg surface success-soft"},
	{textContrast, "warning", "bg surface warning-soft"},
	{textContrast, "danger", "bg surface danger-soft"},
	{textContrast, "info", "bg surface info-soft"},
	{textContrast, "tabular geographical documents machine-readable other", "bg surface"},
	{partContrast, "accent border-strong", "bg surface"},
	{partContrast, "gold", "surface"},
	{partContrast, "focus", "bg bg-alt surface"},
}

// colourFindings looks at the tokens of a pack: names that the program does not
// have, values that cannot be read, colours that are hard to read on each other.
func (t *Theme) colourFindings() []Finding {
	own := readTokens("", t.o.Tokens)
	var packs []declaration
	for _, file := range []string{"tokens.css", "style.css"} {
		if content, ok := t.pack.files[file]; ok {
			packs = append(packs, readTokens(file, string(content))...)
		}
	}
	findings := unknownTokens(own, packs)
	if len(packs) == 0 {
		return findings
	}
	told := map[string]bool{}
	for _, m := range modes {
		sheet := palette{cascade(append(slices.Clone(own), packs...), m), m}
		for _, finding := range sheet.findings(t.About.AllowLowContrast, told) {
			if finding.File == "" {
				finding.File = "tokens.css"
			}
			findings = append(findings, finding)
		}
	}
	return findings
}

func unknownTokens(own, packs []declaration) []Finding {
	known := map[string]bool{}
	for _, d := range own {
		known[d.name] = true
	}
	names := slices.Sorted(maps.Keys(known))
	var findings []Finding
	told := map[string]bool{}
	for _, d := range packs {
		if !known[d.name] && !told[d.name] {
			told[d.name] = true
			findings = append(findings, Finding{File: d.file, Line: d.line, Text: fmt.Sprintf("no page uses the token %s%s", d.name, instead(d.name, names))})
		}
	}
	return findings
}

// palette holds the tokens in a mode.
type palette struct {
	values map[string]declaration
	mode   mode
}

var (
	reference  = regexp.MustCompile(`^var\(\s*(--[\w-]+)\s*(?:,\s*(.+))?\)$`)
	bySystem   = regexp.MustCompile(`^light-dark\(\s*(.+?)\s*,\s*([^,]+(?:\([^()]*\))?)\s*\)$`)
	maxThrough = 8
)

// colour gives a token's colour, through references to others.
func (p palette) colour(name string) (c colour, value string, ok bool) {
	value = p.values[name].value
	for range maxThrough {
		if found := reference.FindStringSubmatch(value); found != nil {
			next, known := p.values[found[1]]
			if value = next.value; !known {
				value = found[2]
			}
			continue
		}
		if found := bySystem.FindStringSubmatch(value); found != nil {
			value = found[1]
			if p.isDark() {
				value = found[2]
			}
			continue
		}
		break
	}
	c, ok = parseColour(value)
	return c, value, ok
}

func (p palette) isDark() bool { return p.mode.chosen == "dark" || p.mode.chosen == "" && p.mode.dark }

// findings are the colours that cannot be read, and those on which others are
// hard to read. told holds what was said of other modes.
func (p palette) findings(allowed bool, told map[string]bool) []Finding {
	var findings []Finding
	near := map[string][]string{} // what is hard to read, by the token under it
	var grounds []string
	first := map[string]declaration{}
	for _, pair := range pairs {
		for _, front := range strings.Fields(pair.fronts) {
			for _, under := range strings.Fields(pair.under) {
				ratio, unread, ok := p.pair(front, under)
				switch {
				case !ok && !told[unread.Text]:
					told[unread.Text] = true
					findings = append(findings, unread)
				case ok && ratio < pair.least:
					if near[under] == nil {
						grounds, first[under] = append(grounds, under), p.values[tokenPrefix+"color-"+front]
					}
					near[under] = append(near[under], fmt.Sprintf("%s (contrast %.2f, needs %s)", front, ratio-0.005, short(pair.least)))
				}
			}
		}
	}
	for _, under := range grounds {
		at := p.values[tokenPrefix+"color-"+under]
		if at.file == "" || first[under].file != "" && len(near[under]) == 1 {
			at = first[under]
		}
		list := strings.Join(near[under], ", ")
		if key := fmt.Sprintf("%s %s %d", under, list, at.line); !told[key] {
			told[key] = true
			findings = append(findings, Finding{File: at.file, Line: at.line, Fault: !allowed, Text: fmt.Sprintf(
				"on %scolor-%s these are hard to read (%s): %s; make them or the ground lighter or darker%s", tokenPrefix, under, p.mode.name, list, p.hint(at))})
		}
	}
	return findings
}

// hint tells a way out of what often goes wrong in a mode.
func (p palette) hint(at declaration) string {
	switch {
	case p.mode.chosen == "light" && at.dark:
		return `; in the media query write :root:not([data-theme="light"]), so that the light look can be chosen`
	case p.mode.chosen == "dark":
		return `; give the dark values again for :root[data-theme="dark"]`
	case p.mode.chosen == "" && p.mode.dark && !at.dark:
		return `; give dark values in @media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { … } }`
	}
	return ""
}

// pair gives the contrast of one colour on another; ok is false, and unread says
// why, when one of them cannot be read.
func (p palette) pair(front, under string) (ratio float64, unread Finding, ok bool) {
	front, under = tokenPrefix+"color-"+front, tokenPrefix+"color-"+under
	ground, value, ok := p.colour(under)
	if !ok || ground.alpha < 1 {
		return 0, p.unread(under, value), false
	}
	drawn, value, ok := p.colour(front)
	if !ok {
		return 0, p.unread(front, value), false
	}
	return contrast(drawn.over(ground), ground), Finding{}, true
}

func (p palette) unread(name, value string) Finding {
	at := p.values[name]
	return Finding{File: at.file, Line: at.line, Text: fmt.Sprintf("the contrast of %s cannot be checked: %q is not a plain colour", name, value)}
}

func short(n float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0") }
