package tabular

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"grenier/internal/fault"
	"grenier/internal/fetch"
)

// Bounds of GeoJSON on a map.
const (
	geoBytes      = 5 << 20
	geoTime       = 15 * time.Second
	geoProperties = 20
	geoLetters    = 300
	geoNesting    = 4 // collections in collections
)

// Features is GeoJSON to draw on a map.
type Features struct {
	// JSON is a FeatureCollection, at most 5 MB: coordinates of two dimensions with six decimals (a
	// tenth of a metre), at most 20 properties per feature, all of them texts, numbers or booleans.
	JSON []byte
	// Count is how many features are there, Skipped how many had no geometry.
	Count, Skipped int
	// Box is west, south, east, north.
	Box [4]float64
	// Size is that of the remote file in bytes, -1 when unknown; URL is the address that answered.
	Size int64
	URL  string
}

// PeekGeoJSON reads a remote GeoJSON file (RFC 7946) of at most 5 MB whole. Its errors are faults; Why
// tells the reason.
func PeekGeoJSON(ctx context.Context, get Getter, url string) (*Features, error) {
	resp, err := get.Get(ctx, url, fetch.Request{MaxBytes: geoBytes, Timeout: geoTime, Accept: "application/geo+json, application/json;q=0.9, */*;q=0.5"})
	if err != nil {
		return nil, err
	}
	data, err := readAll(resp)
	if err != nil {
		return nil, err
	}
	f, err := features(data)
	if err != nil {
		return nil, err
	}
	f.Size, f.URL = resp.Total(), resp.URL
	return f, nil
}

// geoObject is any object of GeoJSON.
type geoObject struct {
	Type       string            `json:"type"`
	Features   []json.RawMessage `json:"features"`
	Geometry   *geoObject        `json:"geometry"`
	Geometries []*geoObject      `json:"geometries"`
	Properties json.RawMessage   `json:"properties"`
	// Coordinates are nested as deep as the type says.
	Coordinates json.RawMessage `json:"coordinates"`
	// CRS is of the GeoJSON of 2008.
	CRS *struct {
		Properties struct {
			Name string `json:"name"`
		} `json:"properties"`
	} `json:"crs"`
}

// geoWriter writes the map's copy of a file.
type geoWriter struct {
	out bytes.Buffer
	f   Features
}

func features(data []byte) (*Features, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, trouble(Empty, nil)
	}
	if kindOfPage(data) {
		return nil, trouble(HTML, nil)
	}
	var root geoObject
	if err := json.Unmarshal(data, &root); err != nil {
		return nil, trouble(NotGeoJSON, err)
	}
	if root.CRS != nil && !wgs84(root.CRS.Properties.Name) {
		return nil, trouble(NotWGS84, errors.New(root.CRS.Properties.Name))
	}
	w := &geoWriter{f: Features{Box: [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}}}
	w.out.WriteString(`{"type":"FeatureCollection","features":[`)
	if err := w.root(&root); err != nil {
		return nil, err
	}
	w.out.WriteString("]}")
	switch {
	case w.f.Count == 0:
		return nil, trouble(NoShapes, nil)
	case w.out.Len() > geoBytes:
		return nil, fault.Wrap(&fetch.Failure{Reason: fetch.TooBig, Limit: geoBytes}, fault.TooLarge, "The file is too large to be drawn here. Download it instead.")
	}
	w.f.JSON = w.out.Bytes()
	return &w.f, nil
}

// wgs84 tells the names of longitude and latitude on WGS 84.
func wgs84(name string) bool {
	name = strings.ToUpper(name)
	return name == "" || strings.HasSuffix(name, "CRS84") || strings.HasSuffix(name, ":4326") || strings.HasSuffix(name, "/4326")
}

func (w *geoWriter) root(o *geoObject) error {
	switch o.Type {
	case "FeatureCollection":
		for i, raw := range o.Features {
			var feature geoObject
			if err := json.Unmarshal(raw, &feature); err != nil {
				return trouble(NotGeoJSON, fmt.Errorf("feature %d: %w", i, err))
			}
			if err := w.feature(&feature); err != nil {
				return err
			}
		}
		return nil
	case "Feature":
		return w.feature(o)
	}
	return w.feature(&geoObject{Type: "Feature", Geometry: o})
}

// feature writes a feature; one without geometry is counted and left out.
func (w *geoWriter) feature(o *geoObject) error {
	if o.Type != "Feature" {
		return trouble(NotGeoJSON, fmt.Errorf("%q in place of a feature", o.Type))
	}
	if o.Geometry == nil || emptyGeometry(o.Geometry) {
		w.f.Skipped++
		return nil
	}
	if w.f.Count > 0 {
		w.out.WriteByte(',')
	}
	w.f.Count++
	w.out.WriteString(`{"type":"Feature","geometry":`)
	if err := w.geometry(o.Geometry, geoNesting); err != nil {
		return err
	}
	w.out.WriteString(`,"properties":`)
	if err := w.properties(o.Properties); err != nil {
		return trouble(NotGeoJSON, err)
	}
	w.out.WriteByte('}')
	return nil
}

func emptyGeometry(o *geoObject) bool {
	if o.Type == "GeometryCollection" {
		return len(o.Geometries) == 0
	}
	return string(bytes.Join(bytes.Fields(o.Coordinates), nil)) == "[]"
}

// nesting is how many brackets stand around a position (RFC 7946, section 3.1).
var nesting = map[string]int{
	"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3,
}

func (w *geoWriter) geometry(o *geoObject, deep int) error {
	if o != nil && o.Type == "GeometryCollection" && deep > 0 {
		w.out.WriteString(`{"type":"GeometryCollection","geometries":[`)
		for i, part := range o.Geometries {
			if i > 0 {
				w.out.WriteByte(',')
			}
			if err := w.geometry(part, deep-1); err != nil {
				return err
			}
		}
		w.out.WriteString("]}")
		return nil
	}
	if o == nil {
		return trouble(NotGeoJSON, errors.New("no geometry in a collection"))
	}
	brackets, known := nesting[o.Type]
	if !known {
		return trouble(NotGeoJSON, fmt.Errorf("geometry of type %q", o.Type))
	}
	w.out.WriteString(`{"type":"` + o.Type + `","coordinates":`)
	s := &coordinates{in: o.Coordinates, w: w}
	if err := s.list(brackets); err != nil {
		return err
	}
	w.out.WriteByte('}')
	return nil
}

// coordinates copies nested arrays of positions; the text is known to be JSON.
type coordinates struct {
	in []byte
	at int
	w  *geoWriter
}

// peek steps over blanks and gives the next byte; 0 at the end.
func (s *coordinates) peek() byte {
	for s.at < len(s.in) {
		switch c := s.in[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

func (s *coordinates) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

var errCoordinates = errors.New("coordinates are not nested as their type says")

// list copies a position inside of so many brackets.
func (s *coordinates) list(brackets int) error {
	if brackets == 0 {
		return s.position()
	}
	if !s.take('[') {
		return trouble(NotGeoJSON, errCoordinates)
	}
	s.w.out.WriteByte('[')
	for n := 0; !s.take(']'); n++ {
		if n > 0 {
			if !s.take(',') {
				return trouble(NotGeoJSON, errCoordinates)
			}
			s.w.out.WriteByte(',')
		}
		if err := s.list(brackets - 1); err != nil {
			return err
		}
	}
	s.w.out.WriteByte(']')
	return nil
}

// position copies longitude and latitude and steps over what follows them.
func (s *coordinates) position() error {
	if !s.take('[') {
		return trouble(NotGeoJSON, errCoordinates)
	}
	var lonlat [2]float64
	n := 0
	for ; !s.take(']'); n++ {
		if n > 0 && !s.take(',') {
			return trouble(NotGeoJSON, errCoordinates)
		}
		value, err := s.number()
		if err != nil {
			return trouble(NotGeoJSON, err)
		}
		if n < 2 {
			lonlat[n] = value
		}
	}
	if n < 2 {
		return trouble(NotGeoJSON, errors.New("a position of fewer than two numbers"))
	}
	return s.w.position(lonlat[0], lonlat[1])
}

func (s *coordinates) number() (float64, error) {
	s.peek()
	from := s.at
	for s.at < len(s.in) && strings.IndexByte("+-.0123456789eE", s.in[s.at]) >= 0 {
		s.at++
	}
	return strconv.ParseFloat(string(s.in[from:s.at]), 64)
}

// slack is how far beyond the globe a rounded coordinate may lie, in degrees.
const slack = 1e-4

func (w *geoWriter) position(lon, lat float64) error {
	if !(math.Abs(lon) <= 180+slack && math.Abs(lat) <= 90+slack) {
		return trouble(NotWGS84, fmt.Errorf("position %g, %g", lon, lat))
	}
	w.out.WriteByte('[')
	w.degrees(lon)
	w.out.WriteByte(',')
	w.degrees(lat)
	w.out.WriteByte(']')
	box := &w.f.Box
	box[0], box[1] = min(box[0], lon), min(box[1], lat)
	box[2], box[3] = max(box[2], lon), max(box[3], lat)
	return nil
}

func (w *geoWriter) degrees(v float64) {
	rounded := math.Round(v*1e6) / 1e6
	if rounded == 0 {
		rounded = 0 // not -0
	}
	w.out.Write(strconv.AppendFloat(w.out.AvailableBuffer(), rounded, 'f', -1, 64))
}

// properties copies the first members in the order of the file; what is no plain value becomes its text.
func (w *geoWriter) properties(raw json.RawMessage) error {
	w.out.WriteByte('{')
	defer w.out.WriteByte('}')
	if trimmed := bytes.TrimSpace(raw); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if _, err := d.Token(); err != nil {
		return err
	}
	for n := 0; d.More() && n < geoProperties; {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil && err != io.EOF {
			return err
		}
		if string(value) == "null" {
			continue
		}
		text, err := property(value)
		if err != nil {
			return err
		}
		if n++; n > 1 {
			w.out.WriteByte(',')
		}
		key, err := json.Marshal(cut(fmt.Sprint(name), geoLetters))
		if err != nil {
			return err
		}
		w.out.Write(key)
		w.out.WriteByte(':')
		w.out.Write(text)
	}
	return nil
}

// property is a value as it is written for the map.
func property(value json.RawMessage) ([]byte, error) {
	switch value[0] {
	case '"':
		var s string
		if err := json.Unmarshal(value, &s); err != nil {
			return nil, err
		}
		return json.Marshal(cut(s, geoLetters))
	case '{', '[':
		var b bytes.Buffer
		if err := json.Compact(&b, value); err != nil {
			return nil, err
		}
		return json.Marshal(cut(b.String(), geoLetters))
	}
	if len(value) > 40 {
		return json.Marshal(cut(string(value), 40))
	}
	return value, nil
}
