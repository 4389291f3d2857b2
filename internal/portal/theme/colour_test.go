package theme

import (
	"math"
	"testing"
)

func TestContrast(t *testing.T) {
	for _, one := range []struct {
		a, b string
		want float64
	}{
		{"#000", "#fff", 21}, {"white", "rgb(255, 255, 255)", 1}, {"#767676", "#ffffff", 4.54}, {"hsl(0 100% 50%)", "#fff", 4.00},
		{"rgb(0 0 0 / 50%)", "#fff", 3.98}, {"oklch(100% 0 0)", "oklch(0 0 0)", 21}, {"oklch(62.8% 0.2577 29.23deg)", "#fff", 4.00},
		{"oklab(62.8% 0.2249 0.1258)", "#ffff", 4.00}, {"hsl(0.5turn, 100%, 25%)", "#fff", 4.77}, {"#0000", "#123456", 1},
	} {
		a, okA := parseColour(one.a)
		b, okB := parseColour(one.b)
		if !okA || !okB {
			t.Errorf("%s or %s is not read", one.a, one.b)
			continue
		}
		if got := contrast(a.over(b), b); math.Abs(got-one.want) > 0.06 {
			t.Errorf("%s on %s has the contrast %.2f, not %.2f", one.a, one.b, got, one.want)
		}
	}
	for _, none := range []string{"", "#12", "#12345", "#xyzxyz", "rgb(1 2)", "rgb(a b c)", "hsl(1 2 3 4 5)", "color-mix(in srgb, red, blue)", "rgb(NaN 0 0)"} {
		if c, ok := parseColour(none); ok {
			t.Errorf("%q is read as %v", none, c)
		}
	}
}

func TestCascade(t *testing.T) {
	sheet := `
:root { --gr-color-bg: #111; --gr-color-fg: var(--gr-color-bg) } /* --gr-color-bg: #000; */
.card { --gr-color-bg: #222; :root & { --gr-color-fg: #222 } }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]), .x { --gr-color-bg: #333 } }
:root[data-theme=dark] { --gr-color-bg: #444; background: url("a;b}c") }
@media print { :root { --gr-color-bg: #555 } }
html { --gr-color-bg: #666 }`
	found := readTokens("a.css", sheet)
	for i, want := range []string{"#111", "#333", "#444", "#111"} {
		values := cascade(found, modes[i])
		if got := values["--gr-color-bg"].value; got != want {
			t.Errorf("%s: the ground is %s, not %s", modes[i].name, got, want)
		}
		if _, value, ok := (palette{values, modes[i]}).colour("--gr-color-fg"); !ok || value != want {
			t.Errorf("%s: the reference gives %s", modes[i].name, value)
		}
	}
	if found[0].line != 2 {
		t.Errorf("the first token is in line %d", found[0].line)
	}
}

func TestFits(t *testing.T) {
	for _, one := range []struct {
		wanted, version string
		ok              bool
	}{
		{"", "1.0", true}, {">=1", "1.0.0", true}, {">= 1.2", "1.10.0", true}, {">=1.2", "1.1.9", false}, {">=2", "v2.0.0", true},
		{">=9", "0.1.0-dev", true}, {"1.2", "1.2", false}, {">=1.x", "1.2", false}, {">=1.2.3.4", "1.2", false},
	} {
		if err := fits(one.wanted, one.version); (err == nil) != one.ok {
			t.Errorf("%q with %s: %v", one.wanted, one.version, err)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"header", "footer", "menu", "crumbs"}
	for name, want := range map[string]string{"heder": "header", "fotter": "footer", "menu": "menu", "zebra": "", "crumb": "crumbs"} {
		if got := Nearest(name, names); got != want {
			t.Errorf("nearest to %s is %q, not %q", name, got, want)
		}
	}
}

// FuzzTokens reads any style sheet without a panic and in bounded depth.
func FuzzTokens(f *testing.F) {
	for _, seed := range []string{":root{--gr-color-bg:#fff}", "@media (prefers-color-scheme: dark){:root:not([data-theme=light]){--gr-a:b", "{{{{{{{{{{{{{{", "a{b:'\\", ":root{--gr-a:oklch(1 2 3)}}}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, sheet string) {
		found := readTokens("", sheet)
		for _, m := range modes {
			sheet := palette{cascade(found, m), m}
			for name := range sheet.values {
				sheet.colour(name)
			}
		}
	})
}
