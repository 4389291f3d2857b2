package main

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	uploadSize  = 2_000_000_000
	uploadChunk = 20_000_000 // what the reference's pages send
	// uploadAtOnce is how many parts are on their way at once.
	uploadAtOnce = 3
	uploadRuns   = 3
)

// measureUpload sends a file of 2 GB by parts and compares it with writing the
// same file by dd while sha1sum reads it.
func (o options) measureUpload(ctx context.Context, r *report) error {
	o.folder = filepath.Join(o.folder, "upload")
	if err := os.MkdirAll(o.folder, 0o750); err != nil {
		return err
	}
	file := filepath.Join(o.folder, "source")
	sum, err := writeSource(file, uploadSize)
	if err != nil {
		return err
	}
	defer os.Remove(file)
	d, err := o.desk(ctx)
	if err != nil {
		return err
	}
	defer d.stop()
	dataset, _, err := d.create("Fichiers", 0)
	if err != nil {
		return err
	}
	if err := d.upload(ctx, dataset, file, "warm", 2*uploadChunk, ""); err != nil {
		return err
	}
	before := d.anonymous()
	d.peak.Store(before)
	var baseline, measured []float64
	for run := range uploadRuns {
		took, err := o.copied(ctx, file)
		if err != nil {
			return err
		}
		baseline = append(baseline, took.Seconds())
		began := time.Now()
		if err := d.upload(ctx, dataset, file, "run-"+strconv.Itoa(run), uploadSize, sum); err != nil {
			return err
		}
		measured = append(measured, time.Since(began).Seconds())
	}
	grown := d.peak.Load() - before
	mb := func(seconds float64) string { return fmt.Sprintf("%.0f MB/s", uploadSize/1e6/seconds) }
	ratio := median(baseline) / median(measured)
	r.add("upload of 2 GB by parts of 20 MB on loopback, file on disk and summed", "≥ 0.5 of `dd conv=fsync` piped through `sha1sum`",
		fmt.Sprintf("%s (%.2f)", mb(median(measured)), ratio), mb(median(baseline)), ratio >= 0.5)
	r.add("growth of the server's memory during it", "≤ 64 MB", fmt.Sprintf("%.0f MB", float64(grown)/1e6), "–", grown <= 64e6)
	return nil
}

// writeSource makes a file whose parts all differ, and returns its sum.
func writeSource(path string, size int64) (sum string, err error) {
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	block := make([]byte, 1<<20)
	for i := range block {
		block[i] = byte(i * 7 >> 3)
	}
	digest := sha1.New()
	for at := int64(0); at < size; at += int64(len(block)) {
		copy(block, strconv.FormatInt(at, 10))
		part := block[:min(int64(len(block)), size-at)]
		digest.Write(part)
		if _, err := file.Write(part); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(digest.Sum(nil)), file.Sync()
}

// copied writes the file by dd, to the disk, while sha1sum reads what it writes.
func (o options) copied(ctx context.Context, file string) (time.Duration, error) {
	into := filepath.Join(o.folder, "copy")
	defer os.Remove(into)
	began := time.Now()
	command := exec.CommandContext(ctx, "bash", "-c", `set -o pipefail; tee >(sha1sum > /dev/null) < "$1" | dd of="$2" bs=1M iflag=fullblock conv=fsync status=none`, "copy", file, into)
	if out, err := command.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("dd: %w: %s", err, out)
	}
	return time.Since(began), nil
}

// upload sends the first bytes of a file by parts, some at once, and checks what
// the server made of them; sum is empty when it is not known.
func (d *desk) upload(ctx context.Context, dataset, file, uuid string, size int64, sum string) error {
	source, err := os.Open(file)
	if err != nil {
		return err
	}
	defer source.Close()
	parts := int((size + uploadChunk - 1) / uploadChunk)
	numbers := make(chan int)
	failed := make(chan error, uploadAtOnce)
	var work sync.WaitGroup
	for range uploadAtOnce {
		work.Go(func() {
			for number := range numbers {
				at := int64(number) * uploadChunk
				part := io.NewSectionReader(source, at, min(uploadChunk, size-at))
				fields := map[string]string{
					"uuid": uuid, "filename": "big.csv", "totalparts": strconv.Itoa(parts), "partindex": strconv.Itoa(number),
					"partbyteoffset": strconv.FormatInt(at, 10), "chunksize": strconv.FormatInt(part.Size(), 10),
				}
				if err := d.form(ctx, dataset, fields, part, nil); err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			}
		})
	}
	for number := range parts {
		numbers <- number
	}
	close(numbers)
	work.Wait()
	select {
	case err := <-failed:
		return err
	default:
	}
	var made struct {
		Filesize int64
		Checksum struct{ Value string }
	}
	end := map[string]string{"uuid": uuid, "filename": "big.csv", "totalparts": strconv.Itoa(parts)}
	if err := d.form(ctx, dataset, end, nil, &made); err != nil {
		return err
	}
	if made.Filesize != size || sum != "" && made.Checksum.Value != sum {
		return fmt.Errorf("the upload became %d bytes with the sum %s", made.Filesize, made.Checksum.Value)
	}
	return nil
}

// form sends the fields and the part of a file, without holding it.
func (d *desk) form(ctx context.Context, dataset string, fields map[string]string, part *io.SectionReader, into any) error {
	var head bytes.Buffer
	form := multipart.NewWriter(&head)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			return err
		}
	}
	var body io.Reader = &head
	size := int64(0)
	if part != nil {
		if _, err := form.CreateFormFile("file", "blob"); err != nil {
			return err
		}
		body, size = io.MultiReader(bytes.NewReader(head.Bytes()), part, strings.NewReader("\r\n--"+form.Boundary()+"--\r\n")),
			int64(head.Len())+part.Size()+int64(len(form.Boundary()))+8
	} else if err := form.Close(); err != nil {
		return err
	} else {
		size = int64(head.Len())
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+d.address+"/api/1/datasets/"+dataset+"/upload/", body)
	if err != nil {
		return err
	}
	request.ContentLength = size
	request.Header.Set("X-API-KEY", d.token)
	request.Header.Set("Content-Type", form.FormDataContentType())
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("an upload was answered %d %.200s", answer.StatusCode, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}
