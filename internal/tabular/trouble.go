package tabular

import (
	"errors"

	"grenier/internal/fault"
	"grenier/internal/fetch"
)

// Reason is the stable code of why a file that was fetched cannot be shown. Faces translate it.
type Reason string

// The reasons. Those of a file that could not be fetched are fetch's.
const (
	Empty      Reason = "empty"       // no byte, or blanks alone
	HTML       Reason = "html"        // a web page in place of the file
	XML        Reason = "xml"         // XML in place of a table
	JSON       Reason = "json"        // JSON in place of a table
	Workbook   Reason = "workbook"    // a spreadsheet in place of text
	Archive    Reason = "archive"     // a compressed archive in place of text
	Binary     Reason = "binary"      // not a text
	NotTable   Reason = "not_table"   // a text without rows
	NotZip     Reason = "not_zip"     // not a zip archive, or a damaged one
	NotGeoJSON Reason = "not_geojson" // no GeoJSON, or a damaged one
	NotWGS84   Reason = "not_wgs84"   // coordinates that are no longitudes and latitudes
	NoShapes   Reason = "no_shapes"   // GeoJSON without any geometry
)

// texts tell people what is the matter.
var texts = map[Reason]string{
	Empty:      "The file is empty.",
	HTML:       "The address gives a web page in place of the file. The file may have moved; open the address to see.",
	XML:        "The file holds XML, not a table.",
	JSON:       "The file holds JSON, not a table.",
	Workbook:   "The file is a spreadsheet. Download it to open it.",
	Archive:    "The file is a compressed archive. Download it to open it.",
	Binary:     "The file is not a text. Download it to open it.",
	NotTable:   "No rows and columns can be made out in this file. Download it to look inside.",
	NotZip:     "The file is not a zip archive, or it is damaged.",
	NotGeoJSON: "The file is not GeoJSON, or it is damaged.",
	NotWGS84:   "The coordinates of this file are not longitudes and latitudes (WGS 84), so they cannot be drawn on the map.",
	NoShapes:   "The file holds no shape to draw on the map.",
}

// Trouble is a file that was fetched and cannot be shown.
type Trouble struct {
	Reason Reason
	// Err is the cause, for logs.
	Err error
}

// Error gives everything, for logs.
func (t *Trouble) Error() string {
	if t.Err == nil {
		return "tabular: " + string(t.Reason)
	}
	return "tabular: " + string(t.Reason) + ": " + t.Err.Error()
}

// Unwrap gives the cause.
func (t *Trouble) Unwrap() error { return t.Err }

// trouble makes a fault that carries a *Trouble.
func trouble(reason Reason, cause error) error {
	return fault.Wrap(&Trouble{reason, cause}, fault.Unsupported, texts[reason])
}

// Why is the stable code of an error of this package, whether the file could not be fetched (a
// fetch.Reason) or not be shown (a Reason of this package); "" when it is neither.
func Why(err error) string {
	var t *Trouble
	if errors.As(err, &t) {
		return string(t.Reason)
	}
	if f := fetch.Why(err); f != nil {
		return string(f.Reason)
	}
	return ""
}
