package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/geo"
	"grenier/internal/geo/shape"
)

// shapeOf asks for a zone and returns its geometry as it came.
func shapeOf(t *testing.T, s *apitest.Server, path string) string {
	t.Helper()
	answer, err := http.Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var body struct {
		Geometry json.RawMessage
		Features []struct{ Geometry json.RawMessage }
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s answers %d (%v)", path, answer.StatusCode, err)
	}
	for _, feature := range body.Features {
		body.Geometry = append(body.Geometry, feature.Geometry...)
	}
	return string(body.Geometry)
}

func TestImportedShapesAreServed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		square := shape.Shape{{shape.Ring{shape.At(5, 43), shape.At(6, 43), shape.At(6, 44), shape.At(5, 44)}}}
		err := d.Write(context.Background(), db.Background, func(ctx context.Context, tx *db.Tx) error {
			return geo.SaveContours(ctx, tx, geo.ContourRow{Zone: "fr:commune:13055", Shape: shape.Encode(square, 1)})
		})
		if err != nil {
			t.Fatal(err)
		}
		s := apitest.New(t, d)
		const none, given = `{"coordinates":null,"type":null}`, `{"type":"MultiPolygon","coordinates":[[[[5,43],[6,43],[6,44],[5,44],[5,43]]]]}`
		many := strings.Repeat("fr:commune:13055,", 100) + "fr:commune:13055"
		for path, want := range map[string]string{
			"/api/1/spatial/zone/fr:commune:13055/":                          given,
			"/api/1/spatial/zone/fr:departement:13/":                         "",
			"/api/1/spatial/zones/fr:departement:13,fr:commune:13055@2016/":  none + given,
			"/api/1/spatial/zones/country:fr,fr:region:93,country-group:ue/": none + none + none,
			"/api/1/spatial/zones/" + many + "/":                             strings.Repeat(none, 101),
		} {
			if got := shapeOf(t, s, path); got != want {
				t.Errorf("%.80s answers %.200s, want %.200s", path, got, want)
			}
		}
	})
}
