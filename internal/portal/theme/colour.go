package theme

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// colour is in sRGB, each part from 0 to 1.
type colour struct{ r, g, b, alpha float64 }

var (
	function = regexp.MustCompile(`^(rgba?|hsla?|oklch|oklab)\(([^()]*)\)$`)
	named    = map[string]colour{
		"white": {1, 1, 1, 1}, "black": {0, 0, 0, 1}, "transparent": {0, 0, 0, 0}, "red": {1, 0, 0, 1}, "navy": {0, 0, 0.502, 1},
		"gray": {0.502, 0.502, 0.502, 1}, "grey": {0.502, 0.502, 0.502, 1}, "silver": {0.753, 0.753, 0.753, 1},
	}
)

// parseColour reads a colour of CSS: #rgb, rgb(), hsl(), oklch(), oklab() and a
// few names.
func parseColour(text string) (colour, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if c, ok := named[text]; ok {
		return c, true
	}
	if digits, ok := strings.CutPrefix(text, "#"); ok {
		return parseHex(digits)
	}
	found := function.FindStringSubmatch(text)
	if found == nil {
		return colour{}, false
	}
	fields := strings.FieldsFunc(found[2], func(r rune) bool { return r == ',' || r == '/' || r == ' ' || r == '\t' || r == '\n' })
	if len(fields) < 3 || len(fields) > 4 {
		return colour{}, false
	}
	alpha := 1.0
	if len(fields) == 4 {
		var ok bool
		if alpha, ok = number(fields[3], 1); !ok {
			return colour{}, false
		}
	}
	c, ok := colour{}, false
	switch found[1] {
	case "rgb", "rgba":
		c, ok = parseRGB(fields)
	case "hsl", "hsla":
		c, ok = parseHSL(fields)
	case "oklch":
		c, ok = parseOKLCH(fields)
	case "oklab":
		c, ok = parseOKLab(fields)
	}
	c.alpha = clamp(alpha)
	return c, ok
}

func parseHex(digits string) (colour, bool) {
	if len(digits) == 3 || len(digits) == 4 {
		var doubled strings.Builder
		for i := range len(digits) {
			doubled.WriteString(digits[i:i+1] + digits[i:i+1])
		}
		digits = doubled.String()
	}
	if len(digits) == 6 {
		digits += "ff"
	}
	value, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || len(digits) != 8 {
		return colour{}, false
	}
	part := func(shift uint) float64 { return float64(value>>shift&255) / 255 }
	return colour{part(24), part(16), part(8), part(0)}, true
}

// number reads a number or a percentage of a whole.
func number(text string, whole float64) (float64, bool) {
	if text == "none" {
		return 0, true
	}
	share, percent := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(share, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, false
	}
	if percent {
		n *= whole / 100
	}
	return n, true
}

// degrees reads an angle.
func degrees(text string) (float64, bool) {
	for unit, factor := range map[string]float64{"deg": 1, "turn": 360, "rad": 180 / math.Pi} {
		if digits, ok := strings.CutSuffix(text, unit); ok {
			n, ok := number(digits, 360)
			return n * factor, ok
		}
	}
	return number(text, 360)
}

func parseRGB(fields []string) (colour, bool) {
	r, ok1 := number(fields[0], 255)
	g, ok2 := number(fields[1], 255)
	b, ok3 := number(fields[2], 255)
	return colour{r: clamp(r / 255), g: clamp(g / 255), b: clamp(b / 255)}, ok1 && ok2 && ok3
}

func parseHSL(fields []string) (colour, bool) {
	hue, ok1 := degrees(fields[0])
	saturation, ok2 := number(strings.TrimSuffix(fields[1], "%")+"%", 1)
	light, ok3 := number(strings.TrimSuffix(fields[2], "%")+"%", 1)
	saturation, light = clamp(saturation), clamp(light)
	a := saturation * min(light, 1-light)
	part := func(n float64) float64 {
		k := math.Mod(math.Mod(n+hue/30, 12)+12, 12)
		return light - a*max(-1, min(k-3, 9-k, 1))
	}
	return colour{r: part(0), g: part(8), b: part(4)}, ok1 && ok2 && ok3
}

func parseOKLCH(fields []string) (colour, bool) {
	light, ok1 := number(fields[0], 1)
	chroma, ok2 := number(fields[1], 0.4)
	hue, ok3 := degrees(fields[2])
	sin, cos := math.Sincos(hue * math.Pi / 180)
	return fromOKLab(light, chroma*cos, chroma*sin), ok1 && ok2 && ok3
}

func parseOKLab(fields []string) (colour, bool) {
	light, ok1 := number(fields[0], 1)
	a, ok2 := number(fields[1], 0.4)
	b, ok3 := number(fields[2], 0.4)
	return fromOKLab(light, a, b), ok1 && ok2 && ok3
}

// fromOKLab converts as CSS Color 4 tells; what sRGB cannot show is cut.
func fromOKLab(light, a, b float64) colour {
	l := cube(light + 0.3963377774*a + 0.2158037573*b)
	m := cube(light - 0.1055613458*a - 0.0638541728*b)
	s := cube(light - 0.0894841775*a - 1.2914855480*b)
	return colour{
		r: encode(4.0767416621*l - 3.3077115913*m + 0.2309699292*s),
		g: encode(-1.2684380046*l + 2.6097574011*m - 0.3413193965*s),
		b: encode(-0.0041960863*l - 0.7034186147*m + 1.7076147010*s),
	}
}

func cube(x float64) float64 { return x * x * x }

// encode gives a linear part the curve of sRGB.
func encode(linear float64) float64 {
	linear = clamp(linear)
	if linear <= 0.0031308 {
		return 12.92 * linear
	}
	return 1.055*math.Pow(linear, 1/2.4) - 0.055
}

func clamp(x float64) float64 { return max(0, min(1, x)) }

// over lays a colour that may be seen through on another.
func (c colour) over(ground colour) colour {
	mix := func(a, b float64) float64 { return a*c.alpha + b*(1-c.alpha) }
	return colour{mix(c.r, ground.r), mix(c.g, ground.g), mix(c.b, ground.b), 1}
}

// luminance is the relative luminance of WCAG 2.2.
func (c colour) luminance() float64 {
	linear := func(x float64) float64 {
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

// contrast is the contrast ratio of WCAG 2.2: from 1 to 21.
func contrast(a, b colour) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}
