package harvesttest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"
	"sync"
	"time"
)

//go:embed testdata/packages.json
var packagesJSON []byte

// fixture is a real record that is multiplied.
type fixture struct {
	whole map[string]any
	title string
	notes string
	tags  []string
	files []fixtureFile
}

type fixtureFile struct {
	whole map[string]any
	name  string
	file  string
}

var fixtures = sync.OnceValue(func() []fixture {
	var packages []map[string]any
	if err := json.Unmarshal(packagesJSON, &packages); err != nil {
		panic(err)
	}
	all := make([]fixture, len(packages))
	for i, p := range packages {
		f := fixture{whole: p, title: p["title"].(string), notes: p["notes"].(string)}
		for _, tag := range p["tags"].([]any) {
			f.tags = append(f.tags, tag.(map[string]any)["name"].(string))
		}
		for _, resource := range p["resources"].([]any) {
			r := resource.(map[string]any)
			address := r["url"].(string)
			f.files = append(f.files, fixtureFile{whole: r, name: strings.TrimSpace(r["name"].(string)), file: address[strings.LastIndexByte(address, '/')+1:]})
		}
		all[i] = f
	}
	return all
})

// licences of the records, in turn.
var licences = []struct{ id, title, url string }{
	{"cc-by", "Creative Commons Attribution", "https://creativecommons.org/licenses/by/4.0/"},
	{"odc-odbl", "Open Data Commons Open Database License (ODbL)", "http://opendatacommons.org/licenses/odbl/summary/"},
	{"uk-ogl", "UK Open Government Licence (OGL)", "http://reference.data.gov.uk/id/open-government-licence"},
}

// Record is a dataset of the portal.
type Record struct {
	// Index is its place in the whole, from 0; it stays.
	Index             int
	ID, Name          string
	Title, Notes      string
	Tags              []string
	License           string
	LicenseURL        string
	Created, Modified time.Time
	Files             []File
}

// File is a resource of a record.
type File struct {
	ID, Name, URL, Format, Media string
	Size                         int64
}

// permil spreads indexes evenly over thousandths, differently for each purpose.
func permil(purpose string, index int) int {
	sum := fnv.New32a()
	fmt.Fprint(sum, purpose, index)
	return int(sum.Sum32() % 1000)
}

// Gone tells whether a record is no longer listed.
func (o Options) Gone(index int) bool {
	return o.Round > 0 && permil("gone", index) < o.Removed*o.Round
}

// Turned tells whether the text of a record is another one than in the round before.
func (o Options) Turned(index int) bool {
	return o.Round > 0 && permil(fmt.Sprint("turn", o.Round), index) < o.Changed
}

// Listed are the indexes of the records that there are, in order.
func (o Options) Listed() []int {
	listed := make([]int, 0, o.Datasets)
	for i := range o.Datasets {
		if !o.Gone(i) {
			listed = append(listed, i)
		}
	}
	return listed
}

func (o Options) nameOf(index int) string { return fmt.Sprintf("%s-%06d", o.Name, index) }

// uuid is an identifier that is always the same for the same words.
func uuid(words ...any) string {
	sum := fnv.New128a()
	fmt.Fprint(sum, words...)
	b := sum.Sum(nil)
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

var epoch = time.Date(2018, 3, 29, 10, 47, 27, 0, time.UTC)

// Record makes the record of an index as it is in this round.
func (o Options) Record(index int) Record {
	all := fixtures()
	base, licence := all[index%len(all)], licences[index%len(licences)]
	r := Record{
		Index: index, ID: uuid(o.Name, index), Name: o.nameOf(index),
		Title: fmt.Sprintf("%s (%s %d)", base.title, o.Name, index), Notes: base.notes,
		Tags: append([]string{fmt.Sprintf("lot %d", index%50)}, base.tags...), License: licence.id, LicenseURL: licence.url,
		Created: epoch.Add(time.Duration(index) * time.Minute), Modified: epoch.Add(time.Duration(index)*time.Minute + time.Hour),
	}
	for round := range o.Round {
		at := o
		if at.Round = round + 1; at.Turned(index) {
			r.Notes = fmt.Sprintf("%s\r\n\r\nEdition %d.", base.notes, at.Round)
			if r.Modified = epoch.AddDate(1, 0, at.Round); round < len(o.turns) {
				r.Modified = o.turns[round]
			}
		}
	}
	files := o.Resources
	if o.BigResources > 0 && index == o.BigAt {
		files = o.BigResources
	}
	for i := range files {
		file := base.files[i%len(base.files)]
		id := uuid(o.Name, index, "file", i)
		r.Files = append(r.Files, File{
			ID: id, Name: fmt.Sprintf("%s, part %d", file.name, i+1), Format: "XLS", Media: "application/vnd.ms-excel", Size: int64(1000 + i),
			URL: fmt.Sprintf("%s/files/%s/%s/%s", o.Files, r.ID, id, file.file),
		})
	}
	return r
}

// tagged tells whether a record has a tag.
func (r *Record) tagged(tag string) bool {
	for _, t := range r.Tags {
		if t == tag {
			return true
		}
	}
	return false
}
