package portal

import (
	"encoding/json"
	"html/template"

	"grenier/internal/catalog"
	"grenier/internal/db"
)

// monthCounts reads a stored counter by month; what is no number is left out.
func monthCounts(stored db.JSON) catalog.MonthCounts {
	counts := catalog.MonthCounts{}
	for month, value := range fields(stored) {
		var count float64
		if json.Unmarshal(value, &count) == nil {
			counts[month] = int64(count)
		}
	}
	return counts
}

// monthsShown is how many months charts show.
const monthsShown = 12

// monthChart draws a counter of the last twelve months; nothing when there was
// nothing to count.
func (v *visit) monthChart(id, title string, counts catalog.MonthCounts) template.HTML {
	months := catalog.Months(v.now)
	months = months[len(months)-monthsShown:]
	chart := Chart{
		ID: id, Title: title, Series: []ChartSeries{{Name: title}},
		Number: func(f float64) string { return v.say.Number(int64(f)) },
		Short:  func(f float64) string { return v.say.Compact(int64(f)) },
		Words:  ChartWords{Marks: v.say.T("common.month"), Numbers: v.say.T("common.see-numbers"), Empty: v.say.T("common.no-number"), Gap: "–"},
	}
	sum := int64(0)
	for _, month := range months {
		chart.Marks = append(chart.Marks, ChartMark{v.say.Month(month), month[5:] + "/" + month[2:4]})
		chart.Series[0].Values = append(chart.Series[0].Values, float64(counts[month]))
		sum += counts[month]
	}
	if sum == 0 {
		return ""
	}
	return chart.Figure()
}
