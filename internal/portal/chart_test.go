package portal

import (
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func chartOf(form ChartForm, series ...[]float64) Chart {
	c := Chart{
		ID: "c", Title: "Visites & <vues>", Description: "Par mois", Form: form,
		Number: func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) },
		Short:  func(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) },
		Words:  ChartWords{Marks: "Mois", Numbers: "Voir les nombres", Empty: "Aucune visite", Gap: "–"},
	}
	for i, values := range series {
		c.Series = append(c.Series, ChartSeries{Name: "Série " + strconv.Itoa(i), Values: values})
		for n := len(c.Marks); n < len(values); n++ {
			c.Marks = append(c.Marks, ChartMark{Name: fmt.Sprintf("mois %d de 2026", n+1), Short: fmt.Sprintf("m%d", n+1)})
		}
	}
	return c
}

func TestChartsAsDrawn(t *testing.T) {
	got := string(chartOf(ChartColumns, []float64{3, 0, 8}).Figure())
	want := `<figure class="figure chart"><figcaption id="c">Visites &amp; &lt;vues&gt;</figcaption>` +
		`<svg viewBox="0 0 480 220" role="img" aria-labelledby="c-title" aria-describedby="c-desc"><title id="c-title">Visites &amp; &lt;vues&gt;</title><desc id="c-desc">Par mois</desc>` +
		`<path class="rule" d="M44 146H470M44 104H470M44 62H470M44 20H470"/><path class="axis" d="M44 188H470"/>` +
		`<text x="38" y="192" text-anchor="end">0</text><text x="38" y="150" text-anchor="end">2</text><text x="38" y="108" text-anchor="end">4</text>` +
		`<text x="38" y="66" text-anchor="end">6</text><text x="38" y="24" text-anchor="end">8</text>` +
		`<text x="399" y="214" text-anchor="middle">m3</text><text x="257" y="214" text-anchor="middle">m2</text><text x="115" y="214" text-anchor="middle">m1</text>` +
		`<g class="s1"><rect class="column" x="65.3" y="125" width="99.4" height="63"><title>mois 1 de 2026 : 3</title></rect>` +
		`<rect class="column" x="349.3" y="20" width="99.4" height="168"><title>mois 3 de 2026 : 8</title></rect></g></svg>` +
		`<details><summary>Voir les nombres</summary><div class="table-wrap" role="region" aria-labelledby="c" tabindex="0"><table class="table" aria-labelledby="c">` +
		`<thead><tr><th scope="col">Mois</th><th scope="col" class="num">Série 0</th></tr></thead><tbody>` +
		`<tr><th scope="row">mois 1 de 2026</th><td class="num">3</td></tr><tr><th scope="row">mois 2 de 2026</th><td class="num">0</td></tr>` +
		`<tr><th scope="row">mois 3 de 2026</th><td class="num">8</td></tr></tbody></table></div></details></figure>`
	if got != want {
		t.Errorf("drawn\n%s\nwant\n%s", got, want)
	}
	if got, want := string(chartOf(ChartColumns, []float64{math.NaN()}).Figure()),
		`<figure class="figure chart"><figcaption id="c">Visites &amp; &lt;vues&gt;</figcaption><p class="muted">Aucune visite</p></figure>`; got != want {
		t.Errorf("nothing is drawn as %s, want %s", got, want)
	}
	line := string(chartOf(ChartLine, []float64{1, math.NaN(), 3, -2}).SVG())
	if !strings.Contains(line, `<path class="line" d="M`) || strings.Count(line, "<circle") != 3 || strings.Count(line[strings.Index(line, `class="line"`):], "M") != 2 {
		t.Errorf("the line with a gap is %s", line)
	}
}

// places finds the numbers of paths.
var places = regexp.MustCompile(`-?[0-9.]+`)

// within checks that a picture is sound XML whose places all lie in its box.
func within(t *testing.T, picture template.HTML, width, height float64) {
	t.Helper()
	inside := func(text string, most float64) float64 {
		value, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(value) || value < -0.05 || value > most+0.05 {
			t.Fatalf("%q does not lie between 0 and %v in\n%s", text, most, picture)
		}
		return value
	}
	decoder := xml.NewDecoder(strings.NewReader(string(picture)))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, picture)
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		at := map[string]string{}
		for _, a := range element.Attr {
			at[a.Name.Local] = a.Value
		}
		switch element.Name.Local {
		case "rect":
			inside(strconv.FormatFloat(inside(at["x"], width)+inside(at["width"], width), 'f', 2, 64), width+0.1)
			inside(strconv.FormatFloat(inside(at["y"], height)+inside(at["height"], height), 'f', 2, 64), height+0.1)
		case "text":
			inside(at["x"], width)
			inside(at["y"], height)
		case "circle":
			inside(at["cx"], width)
			inside(at["cy"], height)
		case "path":
			for _, number := range places.FindAllString(at["d"], -1) {
				inside(number, width)
			}
		}
	}
}

func TestChartsStayInsideTheirBox(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	odd := []float64{0, 1, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 1e-300, 1e15, 0.1, -1e9, math.MaxInt64}
	for range 300 {
		var rows [][]float64
		for range 1 + random.IntN(4) {
			row := make([]float64, random.IntN(40))
			for i := range row {
				row[i] = odd[random.IntN(len(odd))]
				if random.IntN(3) == 0 {
					row[i] = math.Trunc(1e4 * random.NormFloat64())
				}
			}
			rows = append(rows, row)
		}
		for _, form := range []ChartForm{ChartColumns, ChartLine} {
			within(t, chartOf(form, rows...).SVG(), chartWidth, chartHeight)
		}
	}
	for _, one := range odd {
		within(t, chartOf(ChartColumns, []float64{one}).SVG(), chartWidth, chartHeight)
		within(t, chartOf(ChartLine, []float64{one, one}).SVG(), chartWidth, chartHeight)
	}
}

func TestAxesHaveFewRoundNumbers(t *testing.T) {
	for _, c := range []struct {
		values []float64
		ticks  []float64
	}{
		{[]float64{0, 0}, []float64{0, 1}}, {[]float64{1, 2}, []float64{0, 1, 2}}, {[]float64{84_231, 3}, []float64{0, 50_000, 100_000}},
		{[]float64{-3, 5}, []float64{-4, -2, 0, 2, 4, 6}}, {[]float64{0.3}, []float64{0, 0.1, 0.2, 0.3}}, {[]float64{-7}, []float64{-8, -6, -4, -2, 0}},
	} {
		scale, ok := chartOf(ChartColumns, c.values).scale()
		ticks := scale.ticks()
		same := ok && len(ticks) == len(c.ticks)
		for i := range ticks {
			same = same && math.Abs(ticks[i]-c.ticks[i]) < 1e-9
		}
		if !same {
			t.Errorf("%v has the lines %v, want %v", c.values, ticks, c.ticks)
		}
	}
}
