package shape

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
)

// cell is a square of a grid whose sides have points between their corners.
func cell(x, y int) Shape {
	at := func(dx, dy float64) Point {
		// Borders wave, the same way for both cells beside them.
		lon, lat := float64(x)+dx, float64(y)+dy
		if dx != 0 && dx != 1 {
			lat += 0.05 * math.Sin(9*lon+3*lat)
		}
		if dy != 0 && dy != 1 {
			lon += 0.05 * math.Sin(7*float64(y)+11*dy)
		}
		return At(lon, lat)
	}
	var ring Ring
	const steps = 10
	for i := range steps {
		ring = append(ring, at(float64(i)/steps, 0))
	}
	for i := range steps {
		ring = append(ring, at(1, float64(i)/steps))
	}
	for i := range steps {
		ring = append(ring, at(float64(steps-i)/steps, 1))
	}
	for i := range steps {
		ring = append(ring, at(0, float64(steps-i)/steps))
	}
	return Shape{{ring}}
}

func grid(width, height int) []Shape {
	var all []Shape
	for y := range height {
		for x := range width {
			all = append(all, cell(x, y))
		}
	}
	return all
}

func total(shapes ...Shape) float64 {
	sum := 0.0
	for _, s := range shapes {
		for _, polygon := range s {
			for _, ring := range polygon {
				sum += ring.area()
			}
		}
	}
	return sum / Unit / Unit
}

func TestCodecBringsShapesBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		s := make(Shape, random.IntN(4))
		for i := range s {
			s[i] = make(Polygon, random.IntN(3))
			for j := range s[i] {
				s[i][j] = make(Ring, random.IntN(20))
				for k := range s[i][j] {
					s[i][j][k] = At(360*random.Float64()-180, 180*random.Float64()-90)
				}
			}
		}
		packed := Encode(s, 1)
		back, err := Decode(packed)
		if err != nil || !bytes.Equal(Encode(back, 1), packed) || back.Points() != s.Points() {
			t.Fatalf("%v came back as %v (%v)", s, back, err)
		}
		for cut := range packed {
			if _, err := Decode(packed[:cut]); err == nil {
				t.Fatalf("%d of %d bytes were taken", cut, len(packed))
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode(cell(1, 2), 1))
	f.Add([]byte{1, 1, 1, 255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, packed []byte) {
		if s, err := Decode(packed); err == nil {
			if back, err := Decode(Encode(s, 1)); err != nil || back.Points() != s.Points() {
				t.Errorf("%v", err)
			}
		}
	})
}

func FuzzFromGeoJSON(f *testing.F) {
	f.Add(cell(1, 2).GeoJSON())
	f.Add([]byte(`{"type":"Polygon","coordinates":[[[0,0,5],[1,0],[1,1],[0,0]]]}`))
	f.Add([]byte(`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if box, ok := BoxOf(text); ok && !box.Valid() {
			t.Errorf("the box %v", box)
		}
		s, err := FromGeoJSON(text)
		if err != nil {
			return
		}
		again, err := FromGeoJSON(s.GeoJSON())
		if err != nil || !bytes.Equal(again.GeoJSON(), s.GeoJSON()) {
			t.Errorf("%s came back as %s (%v)", s.GeoJSON(), again.GeoJSON(), err)
		}
	})
}

func TestGeoJSONIsRead(t *testing.T) {
	s, err := FromGeoJSON([]byte(`{"type":"Polygon","coordinates":[[[0,0],[0,2],[2,2],[2,0],[0,0]],[[0.5,0.5],[1.5,0.5],[1.5,1.5],[0.5,1.5],[0.5,0.5]]]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"MultiPolygon","coordinates":[[[[2,0],[2,2],[0,2],[0,0],[2,0]],[[0.5,1.5],[1.5,1.5],[1.5,0.5],[0.5,0.5],[0.5,1.5]]]]}`
	if got := string(s.GeoJSON()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, wrong := range []string{
		``, `[]`, `{}`, `{"type":"Point","coordinates":[1,2]}`, `{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,0]]]}`,
		`{"type":"Polygon","coordinates":[[[700000,6600000],[700001,6600000],[700001,6600001],[700000,6600000]]]}`,
		`{"type":"Polygon","coordinates":[[[0],[1],[2],[0]]]}`, `{"type":"MultiPolygon","coordinates":null}`,
	} {
		if s, err := FromGeoJSON([]byte(wrong)); err == nil {
			t.Errorf("%s was read as %v", wrong, s)
		}
	}
}

func TestBoxOf(t *testing.T) {
	for text, want := range map[string]Box{
		`{"type":"Point","coordinates":[2.5,48]}`:                                                                                {2.5, 48, 2.5, 48},
		`{"type":"LineString","coordinates":[[1,2,300],[-3,4]]}`:                                                                 {-3, 2, 1, 4},
		`{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}}`:                                                     {1, 2, 1, 2},
		`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"Point","coordinates":[3,1]}]}`: {1, 1, 3, 2},
	} {
		if box, ok := BoxOf([]byte(text)); !ok || box != want {
			t.Errorf("%s: %v %t, want %v", text, box, ok, want)
		}
	}
	for _, wrong := range []string{``, `null`, `{}`, `{"coordinates":[]}`, `{"coordinates":[1]}`, `{"coordinates":"x"}`, `{"coordinates":[["a","b"]]}`,
		`{"coordinates":[200,1]}`, `{"coordinates":[1,91]}`, `{"coordinates":[[[[[[[[[[[1,2]]]]]]]]]]]}`} {
		if box, ok := BoxOf([]byte(wrong)); ok {
			t.Errorf("%s: %v", wrong, box)
		}
	}
}

func TestDissolveDropsSharedBorders(t *testing.T) {
	cells := grid(5, 4)
	whole := Dissolve(cells...)
	if len(whole) != 1 || len(whole[0]) != 1 || math.Abs(total(whole)-total(cells...)) > 1e-9 {
		t.Errorf("%d polygons, area %v of %v", len(whole), total(whole), total(cells...))
	}
	// Without the cells (1,1) and (3,2) there are two holes.
	without := append(append(append([]Shape{}, cells[:6]...), cells[7:13]...), cells[14:]...)
	holed := Dissolve(without...)
	if len(holed) != 1 || len(holed[0]) != 3 || math.Abs(total(holed)-total(without...)) > 1e-9 {
		t.Errorf("%d polygons, %d rings, area %v of %v", len(holed), len(holed[0]), total(holed), total(without...))
	}
	apart := Dissolve(cells[0], cells[2], cells[19])
	if len(apart) != 3 {
		t.Errorf("%d polygons of three cells apart", len(apart))
	}
	if corner := Dissolve(cells[0], cells[6]); len(corner) != 2 {
		t.Errorf("%d polygons of two cells that meet in a corner", len(corner))
	}
	// A border given twice the same way, as rounding makes them, loses nothing.
	if double := Dissolve(append([]Shape{cells[0]}, cells...)...); math.Abs(total(double)-total(cells...)-total(cells[0])) > 1e-9 {
		t.Errorf("one cell too many makes an area of %v", total(double))
	}
}

func TestSimplifiedShapesStillShareBorders(t *testing.T) {
	cells := grid(5, 4)
	for _, tolerance := range []float64{0.001, 0.01, 0.03, 0.2} {
		light := SimplifyTogether(cells, tolerance, 0)
		whole := Dissolve(light...)
		if len(whole) != 1 || len(whole[0]) != 1 || math.Abs(total(whole)-total(light...)) > 1e-9 {
			t.Errorf("%v: %d polygons, area %v of %v", tolerance, len(whole), total(whole), total(light...))
		}
		if before, after := Dissolve(cells...).Points(), whole.Points(); tolerance > 0.01 && after >= before {
			t.Errorf("%v: %d points of %d", tolerance, after, before)
		}
	}
}

func TestSmallIslandsGoButNotTheLast(t *testing.T) {
	rock := Shape{{Ring{At(9, 9), At(9.01, 9), At(9.01, 9.01), At(9, 9.01)}}}
	both := SimplifyTogether([]Shape{append(cell(0, 0), rock...), rock}, 0.05, 0.01)
	if len(both[0]) != 1 || len(both[1]) != 1 {
		t.Errorf("%d and %d polygons", len(both[0]), len(both[1]))
	}
}

func TestClip(t *testing.T) {
	square := Shape{{Ring{At(0, 0), At(10, 0), At(10, 10), At(0, 10)}}}
	cut := square.Clip(Box{5, -5, 20, 5})
	if box, ok := cut.Box(); !ok || box != (Box{5, 0, 10, 5}) || math.Abs(total(cut)-25) > 1e-6 {
		t.Errorf("%v", cut)
	}
	if away := square.Clip(Box{20, 20, 30, 30}); len(away) != 0 {
		t.Errorf("%v", away)
	}
}
