// Command gen makes the sample catalogue of the demonstration out of a folder
// of data: the dump of datasets, answers of the API, the facts about APIs, and
// questions whose answers the sample should hold.
//
//	go run ./internal/intake/demo/gen DATA
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// wanted is how many datasets of the dump the sample holds.
const wanted = 1500

// longest bounds the description of a dataset of the sample, in bytes.
const longest = 100_000

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/intake/demo/gen DATA")
		os.Exit(2)
	}
	if err := makeSample(os.Args[1], "internal/intake/demo/catalog"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func makeSample(data, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	answers, ids, err := datasetAnswers(filepath.Join(data, "catalog", "api-v1-datasets.jsonl.gz"))
	if err != nil {
		return err
	}
	organizations, err := organizationAnswers(filepath.Join(data, "catalog", "api-v1-organizations.jsonl.gz"))
	if err != nil {
		return err
	}
	expected, err := expectedAnswers(filepath.Join(data, "search", "queries.csv"))
	if err != nil {
		return err
	}
	rows, err := readDump(filepath.Join(data, "catalog", "datasets-2026-01-16.csv.gz"))
	if err != nil {
		return err
	}
	chosen := choose(rows, append(expected, wellKnown...), ids)
	apis, err := os.ReadFile(filepath.Join(data, "apis", "apis.json"))
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"datasets.csv.gz": chosen, "datasets.jsonl.gz": answers, "organizations.jsonl.gz": organizations, "apis.json.gz": apis,
	} {
		if err := pack(filepath.Join(to, name), content); err != nil {
			return err
		}
	}
	return nil
}

// wellKnown are datasets that visitors look for.
var wellKnown = []string{
	"5b7ffc618b4c4169d30727e0",                                                         // companies and establishments
	"5de8f397634f4164071119c5",                                                         // deaths
	"5530fbacc751df5ff937dddb",                                                         // addresses
	"53ba5222a3a729219b7beade",                                                         // road accidents
	"5c4ae55a634f4117716d5656",                                                         // property sales
	"53699fe4a3a729239d206227",                                                         // prices of fuels, former
	"6407d088d4e23dc662022e2c",                                                         // prices of fuels, as they change
	"58e53811c751df03df38f42d",                                                         // associations
	"5cc1b94a634f4165e96436c1", "65808cdcf9c212f5f056e2fa", "5ee2391763c79811ddfbc86a", // housing
	"53698f4ca3a729239d2036df", "60a37b7f303fdf4f2654b73d", // roads and cycling
	"5bf42c958b4c4144b0110ce8", // first names
	"5889d03ea3a72974cbf0d5b0", // school holidays
	"53699ebba3a729239d205f4f", // sports facilities
}

func unpacked(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	reader, err := gzip.NewReader(file)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{reader, file}, nil
}

func pack(path string, content []byte) error {
	var packed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := writer.Write(content); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	fmt.Printf("%s: %d kB, %d kB packed\n", path, len(content)>>10, packed.Len()>>10)
	return os.WriteFile(path, packed.Bytes(), 0o644)
}

// eachLine calls fn with the JSON objects of a file.
func eachLine(path string, fn func(map[string]any) error) error {
	reader, err := unpacked(path)
	if err != nil {
		return err
	}
	defer reader.Close()
	decoder := json.NewDecoder(reader)
	decoder.UseNumber()
	for {
		var object map[string]any
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := fn(object); err != nil {
			return err
		}
	}
}

func datasetAnswers(path string) (lines []byte, ids []string, err error) {
	err = eachLine(path, func(dataset map[string]any) error {
		ids = append(ids, fmt.Sprint(dataset["id"]))
		lines, err = appendLine(lines, dataset)
		return err
	})
	return lines, ids, err
}

// organizationAnswers leaves the members out: people are not part of a sample.
func organizationAnswers(path string) (lines []byte, err error) {
	err = eachLine(path, func(organization map[string]any) error {
		delete(organization, "members")
		lines, err = appendLine(lines, organization)
		return err
	})
	return lines, err
}

func appendLine(lines []byte, object map[string]any) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(object)
	return append(lines, line.Bytes()...), err
}

func expectedAnswers(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var ids []string
	for _, row := range rows[1:] {
		ids = append(ids, row[2])
	}
	return ids, nil
}

// row is a row of the dump, as it is written and as it is understood.
type row struct {
	raw   []byte
	cells map[string]string
	views int64
}

// readDump keeps the bytes of each row, so that the sample is real to the
// letter.
func readDump(path string) ([]row, error) {
	reader, err := unpacked(path)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	lines := bufio.NewReaderSize(reader, 1<<20)
	var rows []row
	var header []string
	var raw []byte
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		raw = append(raw, line...)
		if bytes.Count(raw, []byte{'"'})%2 != 0 {
			continue
		}
		parser := csv.NewReader(bytes.NewReader(raw))
		parser.Comma = ';'
		cells, err := parser.Read()
		if err != nil {
			return nil, err
		}
		if header == nil {
			header = cells
		}
		one := row{raw: raw, cells: make(map[string]string, len(header))}
		for i, name := range header {
			one.cells[name] = cells[i]
		}
		one.views, _ = strconv.ParseInt(one.cells["metric.views"], 10, 64)
		if len(one.cells["description"]) <= longest {
			rows = append(rows, one)
		}
		raw = nil
	}
}

// choose picks rows for variety: those that are asked for, the most seen of
// each kind that any column tells apart, one of each organisation, and then the
// most seen of all. Those that a person published are left out.
func choose(rows []row, must, answered []string) []byte {
	header, rows := rows[0], rows[1:]
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(rows[b].views - rows[a].views) })
	picked := make(map[int]bool)
	wantedID := make(map[string]bool)
	for _, id := range append(must, answered...) {
		wantedID[id] = true
	}
	taken := make(map[string]int)
	take := func(i int) {
		if !picked[i] && len(picked) < wanted {
			picked[i] = true
		}
	}
	for i := range rows {
		if wantedID[rows[i].cells["id"]] {
			take(i)
		}
	}
	for _, i := range order {
		if ofPerson(rows[i].cells) {
			continue
		}
		for _, trait := range traits(rows[i].cells) {
			if taken[trait.name] < trait.most {
				taken[trait.name]++
				take(i)
			}
		}
	}
	for _, i := range order {
		if !ofPerson(rows[i].cells) && rows[i].cells["archived"] == "False" {
			take(i)
		}
	}
	sample := slices.Clone(header.raw)
	for i := range rows {
		if picked[i] {
			sample = append(sample, rows[i].raw...)
		}
	}
	return sample
}

func ofPerson(cells map[string]string) bool {
	return cells["owner_id"] != "" && !strings.HasPrefix(cells["owner"], "deleted-")
}

// trait is something that the sample should show, so many times.
type trait struct {
	name string
	most int
}

func traits(cells map[string]string) []trait {
	all := []trait{
		{"frequency " + cells["frequency"], 6}, {"license " + cells["license"], 8}, {"granularity " + cells["spatial.granularity"], 10},
		{"backend " + cells["harvest.backend"], 25}, {"year " + cells["created_at"][:min(4, len(cells["created_at"]))], 5},
		{"score " + cells["quality_score"], 8}, {"featured " + cells["featured"], 120}, {"organization " + cells["organization_id"], 1},
	}
	if strings.HasPrefix(all[7].name, "organization ") && cells["metric.followers"] == "0" && cells["metric.reuses"] == "0" {
		all = all[:7]
	}
	when := func(found bool, name string, most int) {
		if found {
			all = append(all, trait{name, most})
		}
	}
	when(cells["archived"] != "False", "archived", 60)
	when(strings.Count(cells["spatial.zones"], ",") > 2, "several zones", 25)
	when(cells["spatial.zones"] != "", "zone", 60)
	when(cells["description"] == "", "no description", 5)
	when(len(cells["description"]) > 20_000, "long description", 8)
	when(strings.Contains(cells["description"], "</"), "HTML", 15)
	when(cells["organization_id"] == "" && cells["owner_id"] == "", "nobody's", 15)
	when(cells["organization_id"] != "" && cells["owner_id"] != "", "two owners", 4)
	when(cells["temporal_coverage.start"] != "", "temporal coverage", 40)
	when(cells["acronym"] != "", "acronym", 30)
	when(strings.Contains(cells["tags"], ",,"), "empty tag", 4)
	when(len([]rune(cells["title"])) > 300, "long title", 5)
	when(cells["resources_count"] == "0", "no resource", 10)
	when(len(cells["resources_count"]) > 2, "many resources", 20)
	when(cells["metric.dataservices"] != "0", "dataservice", 20)
	return all
}
