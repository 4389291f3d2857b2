package division

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/geo"
	"grenier/internal/geo/shape"
)

// contourLevels are the levels of the zones in files of contours, by how the
// names of the files begin: communes-contours-2018.geojson.gz.
var contourLevels = map[string]string{
	"communes": "fr:commune", "departements": "fr:departement", "regions": "fr:region", "epci": "fr:epci",
	"arrondissements": "fr:arrondissement", "cantons": "fr:canton", "iris": "fr:iris", "collectivites": "fr:collectivite",
	"pays": "country", "countries": "country",
}

// ContourSummary is what an import of contours did. Unknown counts the
// contours whose codes belong to no zone.
type ContourSummary struct{ Read, Added, Changed, Unknown int }

// ContourProgress tells how far an import of contours is: what of, how much.
type ContourProgress func(stage string, done, total int64)

// ImportContours saves the contours of the files *-contours-*.geojson.gz of a
// folder, if there are any, for the zones that the directory knows. Of several files for one
// level the last by name counts. A commune that others have joined since gets
// the contours of all of them. A second import changes nothing. progress may be nil.
func ImportContours(ctx context.Context, log *event.Log, known *geo.Directory, dir string, progress ContourProgress) (ContourSummary, error) {
	var summary ContourSummary
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	files, err := contourFiles(dir)
	if err != nil {
		return summary, err
	}
	for _, file := range files {
		given, err := readContours(file.path, func(done, total int64) { progress(file.name, done, total) })
		if err != nil {
			return summary, fmt.Errorf("%s cannot be read: %w", file.path, err)
		}
		summary.Read += len(given)
		rows, unknown, err := contourRows(known, file.level, given)
		if err != nil {
			return summary, err
		}
		summary.Unknown += unknown
		for done := 0; done < len(rows); done += contourBatch {
			part := rows[done:min(done+contourBatch, len(rows))]
			if err := saveContours(ctx, log, part, &summary); err != nil {
				return summary, fmt.Errorf("the contours cannot be saved: %w", err)
			}
		}
	}
	if summary.Added+summary.Changed == 0 {
		return summary, nil
	}
	return summary, known.Refresh(ctx, log.DB().Read())
}

// contourBatch is how many contours one transaction writes.
const contourBatch = 250

type contourFile struct{ path, name, level string }

// contourFiles are the files of a folder, the wider levels first.
func contourFiles(dir string) ([]contourFile, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*-contours-*.geojson.gz"))
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	var files []contourFile
	for _, path := range paths {
		base := filepath.Base(path)
		prefix, _, _ := strings.Cut(base, "-contours-")
		level, ok := contourLevels[prefix]
		if !ok {
			return nil, fmt.Errorf("%s: it is not known what %q are; name the file by one of communes, departements, regions, epci, "+
				"arrondissements, cantons, iris, collectivites, countries", path, prefix)
		}
		one := contourFile{path, strings.TrimSuffix(base, ".geojson.gz"), level}
		if at := slices.IndexFunc(files, func(f contourFile) bool { return f.level == level }); at >= 0 {
			files[at] = one
			continue
		}
		files = append(files, one)
	}
	slices.SortStableFunc(files, func(a, b contourFile) int { return geo.LevelRank(a.level) - geo.LevelRank(b.level) })
	return files, nil
}

// counted counts the bytes that were read through it.
type counted struct {
	io.Reader
	n int64
}

func (c *counted) Read(into []byte) (int, error) {
	n, err := c.Reader.Read(into)
	c.n += int64(n)
	return n, err
}

// maxUnpacked bounds what a file of contours may hold.
const maxUnpacked = 2 << 30

// readContours reads the features of a compressed FeatureCollection one by one:
// packed contours by code. Features without an area are left out.
func readContours(path string, progress func(done, total int64)) (map[string][]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	count := &counted{Reader: file}
	unpacked, err := gzip.NewReader(count)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(io.LimitReader(unpacked, maxUnpacked))
	if err := enterFeatures(decoder); err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for decoder.More() {
		var feature struct {
			Geometry   json.RawMessage `json:"geometry"`
			Properties struct {
				Code string `json:"code"`
			} `json:"properties"`
		}
		if err := decoder.Decode(&feature); err != nil {
			return nil, err
		}
		code := feature.Properties.Code
		if code == "" {
			return nil, fmt.Errorf("the feature number %d has no property %q", len(all)+1, "code")
		}
		contour, err := shape.FromGeoJSON(feature.Geometry)
		if err == shape.ErrNoArea {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", code, err)
		}
		all[strings.ToUpper(code)] = shape.Encode(light(contour), 1)
		progress(count.n, info.Size())
	}
	if _, err := decoder.Token(); err != nil { // the end of the list: a file cut short is refused
		return nil, err
	}
	return all, nil
}

// enterFeatures goes on to the first element of the member features.
func enterFeatures(decoder *json.Decoder) error {
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return fmt.Errorf("it is no FeatureCollection (%v)", err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		if name == "features" {
			token, err := decoder.Token()
			if err == nil && token != json.Delim('[') {
				err = fmt.Errorf("its features are no list")
			}
			return err
		}
		var skipped json.RawMessage
		if err := decoder.Decode(&skipped); err != nil {
			return err
		}
	}
	return fmt.Errorf("it has no features")
}

// mostPoints is how many points a contour keeps; finer ones are simplified.
const mostPoints = 20_000

func light(contour shape.Shape) shape.Shape {
	for tolerance := 0.0005; contour.Points() > mostPoints && tolerance < 1; tolerance *= 2 {
		contour = contour.Simplified(tolerance)
	}
	return contour
}

// contourRows gives each zone of a level its contour, in the order of
// the zones. unknown counts the contours which no zone took.
func contourRows(known *geo.Directory, level string, given map[string][]byte) (rows []geo.ContourRow, unknown int, err error) {
	taken := make(map[string]bool, len(given))
	for zone := range known.InLevel(level) {
		code := strings.ToUpper(zone.Code)
		packed, ok := given[code]
		if ok {
			taken[code] = true
		}
		pieces := [][]byte{packed}
		for _, former := range zone.Former {
			old := strings.ToUpper(strings.TrimPrefix(former, level+":"))
			if piece, there := given[old]; there && old != code && ok {
				taken[old] = true
				pieces = append(pieces, piece)
			}
		}
		if !ok {
			continue
		}
		if len(pieces) > 1 {
			if packed, err = joined(pieces); err != nil {
				return nil, 0, err
			}
		}
		rows = append(rows, geo.ContourRow{Zone: zone.ID, Shape: packed})
	}
	return rows, len(given) - len(taken), nil
}

func joined(pieces [][]byte) ([]byte, error) {
	shapes := make([]shape.Shape, len(pieces))
	for i, piece := range pieces {
		var err error
		if shapes[i], err = shape.Decode(piece); err != nil {
			return nil, err
		}
	}
	return shape.Encode(shape.Dissolve(shapes...), 1), nil
}

// saveContours writes those contours that are new or differ.
func saveContours(ctx context.Context, log *event.Log, rows []geo.ContourRow, summary *ContourSummary) error {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.Zone
	}
	present, err := geo.ReadContours(ctx, log.DB().Read(), ids)
	if err != nil {
		return err
	}
	added := 0
	news := slices.DeleteFunc(slices.Clone(rows), func(row geo.ContourRow) bool {
		was, there := present[row.Zone]
		if !there {
			added++
		}
		return there && bytes.Equal(was, row.Shape)
	})
	if len(news) == 0 {
		return nil
	}
	err = log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
		if err := geo.SaveContours(ctx, tx, news...); err != nil {
			return err
		}
		tx.Emit(event.Event{
			Kind: ZonesChanged, ObjectKind: geo.ObjectKind, Object: "contours", ActorKind: "system", Actor: "import", SeenBefore: true, SeenAfter: true,
		})
		return nil
	})
	if err != nil {
		return err
	}
	summary.Added += added
	summary.Changed += len(news) - added
	return nil
}
