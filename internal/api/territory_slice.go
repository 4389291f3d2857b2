package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/geo"
	"grenier/internal/tabular"
	"grenier/internal/web"
)

// The forms in which the rows of a territory are given, by the ends of their
// addresses.
const (
	sliceCSV  = ".csv"
	sliceJSON = ".json"
)

func (a *API) sliceRoutes() {
	web.Get[web.Raw](a.v1, "/territory/{zone}/{file}", web.Doc{
		Summary: "Read the rows of a territory in a table", Tags: []string{"spatial"}, NoMask: true, Slow: true, Produces: []string{"text/csv", jsonMedia},
		Description: "The rows about a zone of a hosted table that is offered for every territory of its level: as CSV (RFC 4180) for a file " +
			"NAME.csv, as an array of objects for NAME.json.",
	}, a.getSlice)
}

// jsonMedia is the media type of JSON (RFC 8259).
const jsonMedia = "application/json"

func errNoSlice() error {
	return fault.New(fault.NotFound, "Nothing of this name is offered for this territory.")
}

// getSlice streams the rows of a hosted table that are about a territory.
func (a *API) getSlice(c *web.Call, _ web.None) error {
	zone, ok := a.Zones.Resolve(c.Param("zone"))
	if !ok {
		return unknownZone()
	}
	name, form := c.Param("file"), sliceCSV
	if rest, ok := strings.CutSuffix(name, sliceJSON); ok {
		name, form = rest, sliceJSON
	} else if name, ok = strings.CutSuffix(name, sliceCSV); !ok {
		return errNoSlice()
	}
	offer, err := a.sliced(c.Context(), zone, name)
	if err != nil {
		return err
	}
	table, err := a.offeredTable(c.Context(), offer.Resource)
	if err != nil {
		return err
	}
	defer table.Close()
	s := &slice{c: c, form: form, name: name + "-" + zone.Code + form}
	if err := tabular.Slice(c.Context(), table, offer.FilterColumn, codesOf(zone), s.put); err != nil {
		return err
	}
	return s.end()
}

// sliced finds an offer that is the slice of a table.
func (a *API) sliced(ctx context.Context, zone geo.Zone, name string) (*catalog.TerritoryOffer, error) {
	offers, err := a.Catalog.TerritoryOffers(ctx, zone)
	if err != nil {
		return nil, err
	}
	for _, item := range offers {
		if item.Offer.ID == name && item.Offer.Resource != "" {
			return item.Offer, nil
		}
	}
	return nil, errNoSlice()
}

// offeredTable opens a hosted table that everybody may read.
func (a *API) offeredTable(ctx context.Context, id string) (io.ReadCloser, error) {
	resource, err := a.Catalog.Resource(ctx, account.Nobody, id)
	if err != nil {
		return nil, err
	}
	if !a.Files.Local(resource.URL) {
		return nil, fault.New(fault.NotFound, "The table of which this is a part is not on this site.")
	}
	file, err := a.Files.OpenLocal(ctx, resource.URL)
	if err != nil {
		return nil, err
	}
	return file.Read(ctx, 0, -1)
}

// codesOf are the codes that rows may name a territory by: its own, and those
// of the communes that joined it.
func codesOf(zone geo.Zone) []string {
	codes := []string{zone.Code}
	for _, id := range zone.Former {
		if level, code, ok := geo.ParseID(id); ok && level == zone.Level {
			codes = append(codes, code)
		}
	}
	return codes
}

// slice writes rows as they come; the answer begins with the first, so that what
// is no table is refused before.
type slice struct {
	c          *web.Call
	form, name string
	stream     *web.Stream
	csv        *csv.Writer
	head       []string
	rows       int
}

func (s *slice) put(row []string) error {
	if s.stream == nil {
		return s.begin(row)
	}
	if s.form == sliceCSV {
		return s.csv.Write(row)
	}
	between := byte('[')
	if s.rows > 0 {
		between = ','
	}
	s.rows++
	out := []byte{between, '{'}
	for i, name := range s.head {
		if i > 0 {
			out = append(out, ',')
		}
		value := ""
		if i < len(row) {
			value = row[i]
		}
		pair, err := jsonPair(name, value)
		if err != nil {
			return err
		}
		out = append(out, pair...)
	}
	_, err := s.stream.Write(append(out, '}'))
	return err
}

func jsonPair(name, value string) ([]byte, error) {
	key, err := json.Marshal(name)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(value)
	return append(append(key, ':'), text...), err
}

// begin answers with the names of the columns.
func (s *slice) begin(head []string) error {
	s.head = append([]string(nil), head...)
	media := jsonMedia
	if s.form == sliceCSV {
		media = "text/csv; charset=utf-8"
		s.c.W.Header().Set("Content-Disposition", `attachment; filename="`+strings.Map(plainName, s.name)+`"`)
	}
	s.stream = s.c.Stream(http.StatusOK, media)
	if s.form == sliceJSON {
		return nil
	}
	s.csv = csv.NewWriter(s.stream)
	s.csv.UseCRLF = true
	return s.csv.Write(head)
}

// plainName keeps what may stand between quotation marks in a header.
func plainName(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r) {
		return r
	}
	return '-'
}

func (s *slice) end() error {
	if s.form == sliceCSV {
		if s.csv.Flush(); s.csv.Error() != nil {
			return s.csv.Error()
		}
		return s.stream.Close()
	}
	end := "]"
	if s.rows == 0 {
		end = "[]"
	}
	if _, err := s.stream.Write([]byte(end)); err != nil {
		return err
	}
	return s.stream.Close()
}
