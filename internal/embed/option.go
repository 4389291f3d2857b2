package embed

import (
	"html/template"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// optionArgs are how who frames a page wants it to look.
type optionArgs struct {
	Theme  string `query:"theme"`
	Accent string `query:"accent"`
	Lang   string `query:"lang"`
	Hide   string `query:"hide"`
}

// options are the wishes that were understood; others are as if unsaid.
type options struct {
	// Theme is light, dark or auto.
	Theme string
	// Accent is a colour as #rrggbb, empty for the usual one.
	Accent string
	// Search, Filters and Logo tell what is shown.
	Search, Filters, Logo bool
}

var colourPattern = regexp.MustCompile(`^#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})$`)

func (a optionArgs) read() options {
	hidden := strings.Split(a.Hide, ",")
	o := options{
		Theme: "auto", Search: !slices.Contains(hidden, "search"), Filters: !slices.Contains(hidden, "filters"), Logo: !slices.Contains(hidden, "logo"),
	}
	if a.Theme == "light" || a.Theme == "dark" {
		o.Theme = a.Theme
	}
	if found := colourPattern.FindStringSubmatch(a.Accent); found != nil {
		digits := strings.ToLower(found[1])
		if len(digits) == 3 {
			digits = strings.Join([]string{digits[:1], digits[:1], digits[1:2], digits[1:2], digits[2:], digits[2:]}, "")
		}
		o.Accent = "#" + digits
	}
	return o
}

// The backgrounds of the two appearances, as luminances.
const (
	lightBackground = 1.0
	darkBackground  = 0.012 // #1c1d22
)

// readableContrast is that of the Web Content Accessibility Guidelines 2.2,
// criterion 1.4.3.
const readableContrast = 4.5

// style is the style sheet of the chosen colour: where words in it could not be
// read, they keep the usual one and the colour is that of borders.
func (o options) style() template.CSS {
	if o.Accent == "" {
		return ""
	}
	light := luminance(o.Accent)
	var b strings.Builder
	b.WriteString(":root{--gr-accent:" + o.Accent + ";--gr-on-accent:" + onColour(light) + "}")
	if contrast(light, lightBackground) >= readableContrast {
		b.WriteString(":root{--gr-link-light:" + o.Accent + "}")
	}
	if contrast(light, darkBackground) >= readableContrast {
		b.WriteString(":root{--gr-link-dark:" + o.Accent + "}")
	}
	b.WriteString("main.udata-oembed,udata-chart,udata-resource{--udata-accent:var(--gr-link)}") // whatever the theme of the site says
	return template.CSS(b.String())
}

// onColour is the colour of words on a colour.
func onColour(light float64) string {
	if contrast(light, 0) >= contrast(light, 1) {
		return "#000"
	}
	return "#fff"
}

// luminance is the relative luminance of a colour #rrggbb, from 0 to 1.
func luminance(colour string) float64 {
	channel := func(at int) float64 {
		n, _ := strconv.ParseUint(colour[at:at+2], 16, 8) // the pattern saw to it
		v := float64(n) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(1) + 0.7152*channel(3) + 0.0722*channel(5)
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }
