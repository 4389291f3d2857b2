package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func (o options) data() string { return filepath.Join(o.folder, "data") }

func (o options) listFile() string { return filepath.Join(o.folder, "datasets.tsv") }

// loaded tells that a kept folder holds the catalogue already.
func (o options) loaded() bool {
	_, err := os.Stat(o.listFile())
	return err == nil
}

// load imports the catalogue by the program's own command, then synthetic
// resources made from what the dump says of their number and formats.
func (o options) load(ctx context.Context, r *report) error {
	if o.loaded() {
		return nil
	}
	if o.catalog == "" {
		return o.loadDemo(ctx)
	}
	began := time.Now()
	p, err := start(ctx, o.program, "import", "catalog", o.catalog, "--data", o.data())
	if err != nil {
		return err
	}
	if err := p.wait(); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	took, peak := time.Since(began), p.peak.Load()
	r.add("import of the full CSV, index included", "≤ 90 s, RssAnon ≤ 700 MB",
		fmt.Sprintf("%.1f s, %d MB", took.Seconds(), peak>>20), "–", took <= 90*time.Second && peak <= 700<<20)
	resources := filepath.Join(o.folder, "resources.csv")
	if err := o.synthesise(resources); err != nil {
		return err
	}
	p, err = start(ctx, o.program, "import", "catalog", resources, "--data", o.data())
	if err != nil {
		return err
	}
	if err := p.wait(); err != nil {
		return fmt.Errorf("import of synthetic resources: %w", err)
	}
	return os.Remove(resources)
}

// loadDemo lets the program fill a folder with its own sample and lists the
// visible datasets by its own dump.
func (o options) loadDemo(ctx context.Context) error {
	p, _, err := o.run(ctx, "demo")
	if err != nil {
		return err
	}
	defer p.stop()
	dump, err := fetch(p.address, "/datasets.csv")
	if err != nil {
		return err
	}
	reader := csv.NewReader(bytes.NewReader(dump))
	reader.Comma = ';'
	rows, err := reader.ReadAll()
	if err != nil {
		return err
	}
	at := columns(rows[0])
	var list bytes.Buffer
	for _, row := range rows[1:] {
		if row[at["archived"]] == "False" {
			fmt.Fprintf(&list, "%s\t%s\n", row[at["id"]], row[at["resources_count"]])
		}
	}
	return os.WriteFile(o.listFile(), list.Bytes(), 0o600)
}

// columns gives the place of each column of a header.
func columns(header []string) map[string]int {
	at := make(map[string]int, len(header))
	for i, column := range header {
		at[strings.Trim(column, "\ufeff")] = i
	}
	return at
}

// catalogReader opens the dump, unpacked.
func (o options) catalogReader() (*csv.Reader, io.Closer, error) {
	file, err := os.Open(o.catalog)
	if err != nil {
		return nil, nil, err
	}
	var in io.Reader = bufio.NewReaderSize(file, 1<<20)
	if strings.HasSuffix(o.catalog, ".gz") {
		if in, err = gzip.NewReader(in); err != nil {
			return nil, nil, err
		}
	}
	reader := csv.NewReader(in)
	reader.Comma, reader.ReuseRecord = ';', true
	return reader, file, nil
}

// synthesise writes a dump of resources that have the number and the formats
// that the dump of datasets tells, and a list of the visible datasets with
// their number of resources.
func (o options) synthesise(name string) error {
	reader, closer, err := o.catalogReader()
	if err != nil {
		return err
	}
	defer closer.Close()
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	defer out.Close()
	list, err := os.Create(o.listFile())
	if err != nil {
		return err
	}
	defer list.Close()
	w, l := bufio.NewWriterSize(out, 1<<20), bufio.NewWriter(list)
	header, err := reader.Read()
	if err != nil {
		return err
	}
	at := columns(header)
	fmt.Fprintln(w, `"dataset.id";"dataset.title";"dataset.slug";"dataset.url";"dataset.organization";"dataset.organization_id";"dataset.license";"dataset.private";"dataset.archived";"id";"url";"title";"description";"filetype";"type";"format";"mime";"filesize";"checksum.type";"checksum.value";"created_at";"modified";"downloads";"harvest.issued_at";"harvest.modified_at";"harvest.last_update";"schema_name";"schema_version";"preview_url";"extras"`)
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return errors.Join(w.Flush(), l.Flush())
		}
		if err != nil {
			return err
		}
		count, _ := strconv.Atoi(row[at["resources_count"]])
		formats := strings.Split(row[at["resources_formats"]], ",")
		id, title, modified := row[at["id"]], row[at["title"]], row[at["last_modified"]]
		if row[at["archived"]] == "False" {
			fmt.Fprintf(l, "%s\t%d\n", id, count)
		}
		for i := range count {
			writeResource(w, id, title, modified, formats[i%len(formats)], i)
		}
	}
}

func writeResource(w io.Writer, dataset, title, modified, format string, i int) {
	h := fnv.New128a()
	fmt.Fprintf(h, "%s/%d", dataset, i)
	sum := h.Sum(nil)
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	id := fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:])
	quoted := strings.ReplaceAll(title, `"`, `""`)
	name := fmt.Sprintf("fichier-%04d.%s", i+1, format)
	fmt.Fprintf(w, `"%s";"%s";"";"";"";"";"";"False";"False";"%s";"https://example.org/%s/%s";"%s (%s)";"";"remote";"main";"%s";"";"%d";"";"";"%s";"%s";"%d";"";"";"";"";"";"";"{}"`+"\n",
		dataset, quoted, id, dataset, name, quoted, name, format, 1000+i*37, modified, modified, i%97)
}
