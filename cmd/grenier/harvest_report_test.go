package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestReportOfManyRecords holds that the report is one JSON document, however many
// records there are.
func TestReportOfManyRecords(t *testing.T) {
	for _, many := range []int{0, 1, 3} {
		var out strings.Builder
		err := writeReport(&out, jobRow{ID: "j", Status: "done"}, func(add func(itemRow) error) error {
			for i := range many {
				title := fmt.Sprintf("Été <%d>", i)
				if err := add(itemRow{Outcome: "new", Title: &title}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var report struct {
			ID      string
			Status  string
			Records []struct{ Outcome, Title string }
		}
		if err := json.Unmarshal([]byte(out.String()), &report); err != nil {
			t.Fatalf("%d records: %v in %s", many, err, out.String())
		}
		if report.ID != "j" || report.Status != "done" || report.Records == nil || len(report.Records) != many {
			t.Errorf("%d records: %s", many, out.String())
		}
		if many > 0 && report.Records[many-1].Title != fmt.Sprintf("Été <%d>", many-1) {
			t.Errorf("the last record is %+v", report.Records[many-1])
		}
	}
}
