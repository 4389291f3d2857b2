// Package searchbench measures the search engine on the published catalogue of data.gouv.fr: how well it ranks what
// people were looking for, how fast it answers, what it costs in memory.
package searchbench

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"grenier/internal/search"
)

// openFile opens a file, unpacked when its name ends in .gz.
func openFile(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil || !strings.HasSuffix(path, ".gz") {
		return f, err
	}
	unpacked, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<18))
	if err != nil {
		f.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{unpacked, f}, nil
}

// EachDataset calls yield with each dataset of a CSV export of the catalogue, archived ones included.
func EachDataset(path string, yield func(search.Document) error) error {
	f, err := openFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.ReuseRecord = ';', true
	header, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	column := map[string]int{}
	for i, name := range header {
		column[strings.TrimPrefix(name, "\ufeff")] = i
	}
	for {
		cells, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		d := datasetOf(func(name string) string {
			if at, ok := column[name]; ok && at < len(cells) {
				return strings.Clone(cells[at])
			}
			return ""
		})
		if err := yield(d); err != nil {
			return err
		}
	}
}

func datasetOf(cell func(string) string) search.Document {
	d := search.Document{
		Kind: search.Dataset, ID: cell("id"), Title: cell("title"), Organization: cell("organization_id"),
		Owner: cell("organization"), Description: plain(cell("description")),
		Featured: cell("featured") == "True", Archived: cell("archived") != "False",
		Tags: list(cell("tags")), Formats: list(cell("resources_formats")),
		Popularity: search.Popularity{
			Views: count(cell("metric.views")), Downloads: count(cell("metric.resources_downloads")),
			Reuses: count(cell("metric.reuses")), Followers: count(cell("metric.followers")),
		},
	}
	if d.Owner == "" {
		d.Owner = cell("owner")
	}
	if acronym := cell("acronym"); acronym != "" {
		d.Acronyms = []string{acronym}
	}
	d.Facets = map[string][]string{
		"tag": d.Tags, "format": d.Formats, "organization": one(d.Organization), "owner": one(cell("owner_id")),
		"license": one(cell("license")), "granularity": one(cell("spatial.granularity")),
		"geozone": list(cell("spatial.zones")), "frequency": one(cell("frequency")),
		"featured": one(cell("featured")),
	}
	d.Numbers = map[string]int64{"views": d.Popularity.Views, "followers": d.Popularity.Followers, "reuses": d.Popularity.Reuses}
	for field, name := range map[string]string{"created": "created_at", "last_update": "last_modified"} {
		if at, err := time.Parse("2006-01-02T15:04:05", cut(cell(name), 19)); err == nil {
			d.Numbers[field] = at.UnixMicro()
		}
	}
	return d
}

func cut(s string, n int) string { return s[:min(len(s), n)] }

func one(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

func list(cell string) []string {
	if cell == "" {
		return nil
	}
	return strings.Split(cell, ",")
}

func count(cell string) int64 {
	value, _ := strconv.ParseFloat(cell, 64)
	return int64(value)
}

var (
	htmlTag    = regexp.MustCompile(`<[^>]{1,500}>`)
	linkTarget = regexp.MustCompile(`\]\([^)\s]{1,500}\)|https?://\S+`)
	marks      = strings.NewReplacer("**", "", "__", "", "`", "", "#", "", "&nbsp;", " ", "&amp;", "&")
)

// plain is a rough stripping of the markup of a description, for measuring only.
func plain(s string) string {
	return marks.Replace(linkTarget.ReplaceAllString(htmlTag.ReplaceAllString(s, " "), " "))
}

// Organizations derives the organisations that the datasets name, and completes them from a file of API answers
// (one JSON object a line) when extra is not empty.
type Organizations struct {
	byID map[string]*search.Document
	ids  []string
}

// NewOrganizations gives an empty list.
func NewOrganizations() *Organizations { return &Organizations{byID: map[string]*search.Document{}} }

// Add takes note of the organisation that a dataset names.
func (o *Organizations) Add(dataset *search.Document) {
	id := dataset.Organization
	if id == "" || dataset.Archived || o.byID[id] != nil {
		return
	}
	o.byID[id] = &search.Document{Kind: search.Organization, ID: id, Title: dataset.Owner}
	o.ids = append(o.ids, id)
}

// Complete adds acronyms and descriptions from API answers to the organisations known. Names that differ are names
// they had when the answers were given.
func (o *Organizations) Complete(path string) error {
	f, err := openFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for decoder := json.NewDecoder(f); ; {
		var answer struct{ ID, Name, Acronym, Description string }
		if err := decoder.Decode(&answer); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		d := o.byID[answer.ID]
		if d == nil {
			continue
		}
		d.Acronyms, d.Description = one(answer.Acronym), plain(answer.Description)
		if strings.TrimSpace(answer.Name) != strings.TrimSpace(d.Title) {
			d.FormerNames = one(answer.Name)
		}
	}
}

// Documents gives the organisations in the order they were met.
func (o *Organizations) Documents() []search.Document {
	list := make([]search.Document, len(o.ids))
	for i, id := range o.ids {
		list[i] = *o.byID[id]
	}
	return list
}
