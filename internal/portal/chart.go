package portal

import (
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ChartForm is how a chart draws its series.
type ChartForm int

// The forms of charts.
const (
	ChartColumns ChartForm = iota
	ChartLine
)

// ChartMark is a place on the horizontal axis: its name in tables and titles
// (janvier 2026), and the shorter one for the axis (janv.).
type ChartMark struct{ Name, Short string }

// ChartSeries is a row of values, one for each mark; what is NaN, infinite or
// missing at the end is a gap.
type ChartSeries struct {
	Name   string
	Values []float64
}

// ChartWords are the words of a chart in the language of the page.
type ChartWords struct {
	Marks   string // head of the column of marks: Month
	Numbers string // what opens the table: See the numbers
	Empty   string // said instead of a chart without any value
	Gap     string // stands for a value that is not known
}

// Chart is a picture of numbers, drawn as SVG without scripts; a table of the
// same numbers comes with it. ID must be unique in the page.
type Chart struct {
	ID, Title, Description string

	Form   ChartForm
	Marks  []ChartMark
	Series []ChartSeries
	// Number writes a value for titles and tables, Short for the axis.
	Number, Short func(float64) string
	Words         ChartWords
}

// The picture is chartWidth by chartHeight units, which the page scales; letters
// are some letterWidth units wide.
const (
	chartWidth, chartHeight = 480.0, 220.0
	chartTop, chartBottom   = 20.0, 188.0
	chartRight              = 470.0
	letterWidth             = 7.0
)

// Figure is the whole figure: caption, picture, legend when there are several
// series, and the table of the numbers.
func (c Chart) Figure() template.HTML {
	var b strings.Builder
	b.WriteString(`<figure class="figure chart"><figcaption id="` + html.EscapeString(c.ID) + `">` + html.EscapeString(c.Title) + `</figcaption>`)
	picture := c.SVG()
	if picture == "" {
		b.WriteString(`<p class="muted">` + html.EscapeString(c.Words.Empty) + `</p></figure>`)
		return template.HTML(b.String())
	}
	b.WriteString(string(picture))
	if len(c.Series) > 1 {
		b.WriteString(`<ul class="legend">`)
		for i, series := range c.Series {
			b.WriteString(`<li class="` + seriesClass(i) + `">` + html.EscapeString(series.Name) + `</li>`)
		}
		b.WriteString(`</ul>`)
	}
	c.table(&b)
	b.WriteString(`</figure>`)
	return template.HTML(b.String())
}

// seriesClass chooses the colour of a series; there are five.
func seriesClass(index int) string { return "s" + strconv.Itoa(index%5+1) }

func (c Chart) table(b *strings.Builder) {
	id := html.EscapeString(c.ID)
	b.WriteString(`<details><summary>` + html.EscapeString(c.Words.Numbers) + `</summary><div class="table-wrap" role="region" aria-labelledby="` + id +
		`" tabindex="0"><table class="table" aria-labelledby="` + id + `"><thead><tr><th scope="col">` + html.EscapeString(c.Words.Marks) + `</th>`)
	for _, series := range c.Series {
		b.WriteString(`<th scope="col" class="num">` + html.EscapeString(series.Name) + `</th>`)
	}
	b.WriteString(`</tr></thead><tbody>`)
	for i, mark := range c.Marks {
		b.WriteString(`<tr><th scope="row">` + html.EscapeString(mark.Name) + `</th>`)
		for _, series := range c.Series {
			text := c.Words.Gap
			if value, ok := series.at(i); ok {
				text = c.Number(value)
			}
			b.WriteString(`<td class="num">` + html.EscapeString(text) + `</td>`)
		}
		b.WriteString(`</tr>`)
	}
	b.WriteString(`</tbody></table></div></details>`)
}

// mostValue bounds what is drawn, so that sums of values stay numbers.
const mostValue = 1e300

// at returns the value at a mark; false for a gap.
func (s ChartSeries) at(mark int) (float64, bool) {
	if mark >= len(s.Values) || math.IsNaN(s.Values[mark]) || math.IsInf(s.Values[mark], 0) {
		return 0, false
	}
	return min(max(s.Values[mark], -mostValue), mostValue), true
}

// SVG is the picture alone; empty when there is no value to show.
func (c Chart) SVG() template.HTML {
	scale, ok := c.scale()
	if !ok {
		return ""
	}
	id := html.EscapeString(c.ID)
	var b strings.Builder
	b.WriteString(`<svg viewBox="0 0 ` + coordinate(chartWidth) + ` ` + coordinate(chartHeight) + `" role="img" aria-labelledby="` + id + `-title"`)
	if c.Description != "" {
		b.WriteString(` aria-describedby="` + id + `-desc"`)
	}
	b.WriteString(`><title id="` + id + `-title">` + html.EscapeString(c.Title) + `</title>`)
	if c.Description != "" {
		b.WriteString(`<desc id="` + id + `-desc">` + html.EscapeString(c.Description) + `</desc>`)
	}
	c.axes(&b, scale)
	for i, series := range c.Series {
		b.WriteString(`<g class="` + seriesClass(i) + `">`)
		if c.Form == ChartLine {
			c.line(&b, scale, series)
		} else {
			c.columns(&b, scale, series, i)
		}
		b.WriteString(`</g>`)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

// chartScale turns values and marks into places of the picture.
type chartScale struct {
	left      float64
	low, high float64 // values at the bottom and at the top
	step      float64 // between lines of the grid
	band      float64 // width of a mark
}

func (s chartScale) x(mark int) float64 { return s.left + s.band*(float64(mark)+0.5) }

func (s chartScale) y(value float64) float64 {
	return chartBottom - (chartBottom-chartTop)*(value-s.low)/(s.high-s.low)
}

// scale fits the axes to the values: round numbers, with zero among them, and
// whole ones for whole values.
func (c Chart) scale() (chartScale, bool) {
	low, high, found, whole := 0.0, 0.0, false, true
	for _, series := range c.Series {
		for i := range c.Marks {
			if value, ok := series.at(i); ok {
				low, high, found = min(low, value), max(high, value), true
				whole = whole && value == math.Trunc(value)
			}
		}
	}
	if !found {
		return chartScale{}, false
	}
	if low == high {
		high = 1
	}
	s := chartScale{step: roundStep((high - low) / 4)}
	if whole {
		s.step = max(s.step, 1)
	}
	s.low, s.high = math.Floor(low/s.step)*s.step, math.Ceil(high/s.step)*s.step
	widest := 0
	for _, value := range s.ticks() {
		widest = max(widest, utf8.RuneCountInString(c.Short(value)))
	}
	s.left = min(max(44, letterWidth*float64(widest)+12), chartWidth/2)
	s.band = (chartRight - s.left) / float64(len(c.Marks))
	return s, true
}

// roundStep is the smallest of 1, 2, 5, 10 … and their tenths that is not less.
func roundStep(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(least)))
	if power == 0 { // a number too small for its tenth
		return math.SmallestNonzeroFloat64 * 1e15
	}
	for _, times := range []float64{1, 2, 5} {
		if times*power >= least {
			return times * power
		}
	}
	return 10 * power
}

// ticks are the values at the lines of the grid, from the bottom.
func (s chartScale) ticks() []float64 {
	count := int(math.Round((s.high - s.low) / s.step))
	ticks := make([]float64, 0, count+1)
	for i := range count + 1 {
		ticks = append(ticks, s.low+float64(i)*s.step)
	}
	return ticks
}

func (c Chart) axes(b *strings.Builder, s chartScale) {
	var grid strings.Builder
	var labels strings.Builder
	for _, value := range s.ticks() {
		y := s.y(value)
		if value != 0 {
			grid.WriteString(`M` + coordinate(s.left) + ` ` + coordinate(y) + `H` + coordinate(chartRight))
		}
		labels.WriteString(`<text x="` + coordinate(s.left-6) + `" y="` + coordinate(y+4) + `" text-anchor="end">` + html.EscapeString(c.Short(value)) + `</text>`)
	}
	b.WriteString(`<path class="rule" d="` + grid.String() + `"/>`)
	b.WriteString(`<path class="axis" d="M` + coordinate(s.left) + ` ` + coordinate(s.y(0)) + `H` + coordinate(chartRight) + `"/>`)
	b.WriteString(labels.String())
	c.markLabels(b, s)
}

// markLabels writes as many names of marks as have room, the last always.
func (c Chart) markLabels(b *strings.Builder, s chartScale) {
	const longest = 20
	widest := 1
	for _, mark := range c.Marks {
		widest = max(widest, min(utf8.RuneCountInString(mark.Short), longest))
	}
	width := letterWidth * float64(widest+1)
	every := max(int(math.Ceil(width/s.band)), 1)
	for i := len(c.Marks) - 1; i >= 0; i -= every {
		text := []rune(c.Marks[i].Short)
		if len(text) > longest {
			text = append(text[:longest-1], '…')
		}
		half := letterWidth * float64(len(text)) / 2
		x := max(min(s.x(i), chartWidth-half), half)
		b.WriteString(`<text x="` + coordinate(x) + `" y="` + coordinate(chartBottom+26) + `" text-anchor="middle">` + html.EscapeString(string(text)) + `</text>`)
	}
}

// hover is the text that a browser shows over a value.
func (c Chart) hover(series ChartSeries, mark int, value float64) string {
	text := c.Marks[mark].Name + " : " + c.Number(value)
	if len(c.Series) > 1 {
		text = series.Name + ", " + text
	}
	return `<title>` + html.EscapeString(text) + `</title>`
}

// columns draws a column for each value; those of several series stand beside
// one another.
func (c Chart) columns(b *strings.Builder, s chartScale, series ChartSeries, index int) {
	group := s.band * 0.7
	width := group / float64(len(c.Series))
	for i := range c.Marks {
		value, ok := series.at(i)
		if !ok || value == 0 {
			continue
		}
		top, bottom := s.y(max(value, 0)), s.y(min(value, 0))
		if bottom-top < 1 { // what is more than nothing shows
			if value > 0 {
				top = bottom - 1
			} else {
				bottom = top + 1
			}
		}
		x := s.x(i) - group/2 + width*float64(index)
		b.WriteString(`<rect class="column" x="` + coordinate(x) + `" y="` + coordinate(top) + `" width="` + coordinate(width) +
			`" height="` + coordinate(bottom-top) + `">` + c.hover(series, i, value) + `</rect>`)
	}
}

// line draws a line through the values, broken at gaps, and a point on each.
func (c Chart) line(b *strings.Builder, s chartScale, series ChartSeries) {
	var path, points strings.Builder
	before := false
	for i := range c.Marks {
		value, ok := series.at(i)
		if ok {
			x, y := coordinate(s.x(i)), coordinate(s.y(value))
			path.WriteString(moveOrLine(before) + x + " " + y)
			points.WriteString(`<circle class="point" cx="` + x + `" cy="` + y + `" r="3">` + c.hover(series, i, value) + `</circle>`)
		}
		before = ok
	}
	b.WriteString(`<path class="line" d="` + path.String() + `"/>` + points.String())
}

func moveOrLine(goesOn bool) string {
	if goesOn {
		return "L"
	}
	return "M"
}

// coordinate writes a place with one decimal at most.
func coordinate(value float64) string {
	return strconv.FormatFloat(math.Round(value*10)/10, 'f', -1, 64)
}
