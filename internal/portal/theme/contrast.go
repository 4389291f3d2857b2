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

// findings are the colours that cannot be read or are too near to each other.
// told holds what was said of other modes.
func (p palette) findings(allowed bool, told map[string]bool) []Finding {
	var findings []Finding
	say := func(f Finding, key string) {
		if !told[key] {
			told[key] = true
			findings = append(findings, f)
		}
	}
	for _, pair := range pairs {
		for _, front := range strings.Fields(pair.fronts) {
			for _, under := range strings.Fields(pair.under) {
				f, key := p.pair(front, under, pair.least, allowed)
				if key != "" {
					say(f, key)
				}
			}
		}
	}
	return findings
}

// pair looks at one colour on another; key is empty when all is well.
func (p palette) pair(front, under string, least float64, allowed bool) (f Finding, key string) {
	front, under = tokenPrefix+"color-"+front, tokenPrefix+"color-"+under
	ground, value, ok := p.colour(under)
	if !ok || ground.alpha < 1 {
		return p.unread(under, value), under + value
	}
	drawn, value, ok := p.colour(front)
	if !ok {
		return p.unread(front, value), front + value
	}
	ratio := contrast(drawn.over(ground), ground)
	if ratio >= least {
		return Finding{}, ""
	}
	at := p.values[front]
	if at.file == "" {
		at = p.values[under]
	}
	return Finding{
		File: at.file, Line: at.line, Fault: !allowed,
		Text: fmt.Sprintf("%s on %s is hard to read (%s): contrast %.2f, at least %s is needed; make one of them lighter or darker", front, under, p.mode.name, ratio-0.005, short(least)),
	}, fmt.Sprintf("%s %s %.2f %d", front, under, ratio, at.line)
}

func (p palette) unread(name, value string) Finding {
	at := p.values[name]
	return Finding{File: at.file, Line: at.line, Text: fmt.Sprintf("the contrast of %s cannot be checked: %q is not a plain colour", name, value)}
}

func short(n float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0")
}
