package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// sample is a visible dataset of the catalogue.
type sample struct {
	id        string
	resources int
}

func (o options) samples() ([]sample, error) {
	text, err := os.ReadFile(o.listFile())
	if err != nil {
		return nil, err
	}
	var all []sample
	for line := range strings.Lines(string(text)) {
		id, count, _ := strings.Cut(strings.TrimSpace(line), "\t")
		n, _ := strconv.Atoi(count)
		all = append(all, sample{id, n})
	}
	return all, nil
}

// usual is a dataset with one to six resources, the same in every run.
func usual(all []sample) sample {
	for _, s := range all[len(all)/2:] {
		if s.resources >= 4 && s.resources <= 6 {
			return s
		}
	}
	return all[0]
}

func largest(all []sample) sample {
	best := all[0]
	for _, s := range all {
		if s.resources > best.resources {
			best = s
		}
	}
	return best
}

func (o options) measureStart(ctx context.Context, r *report) error {
	var times []float64
	for range 3 {
		p, took, err := o.serve(ctx)
		if err != nil {
			return err
		}
		p.stop()
		times = append(times, took.Seconds())
	}
	took := median(times)
	r.add("start of `serve` on the full catalogue until ready", "≤ 1.5 s", fmt.Sprintf("%.2f s", took), "–", took <= 1.5)
	return nil
}

func (o options) measureKept(ctx context.Context, r *report) error {
	all, err := o.samples()
	if err != nil {
		return err
	}
	p, _, err := o.serve(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	if err := o.compareKept(ctx, r, p.address, []keptWork{
		{"`GET /api/1/datasets/<id>/`, kept", "/api/1/datasets/" + usual(all).id + "/", 0.70},
		{"`GET /api/1/datasets/?page_size=20`, kept", "/api/1/datasets/?page_size=20", 0.50},
		{"a v2 search page, kept", "/api/2/datasets/search/?q=transport&page_size=20", 0.50},
	}); err != nil {
		return err
	}
	// A wider load: many datasets, lists and searches, for the memory.
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		paths := []string{"/api/1/datasets/?page_size=50&page=" + strconv.Itoa(1+random.IntN(min(1000, 1+len(all)/60))),
			"/api/1/datasets/" + all[random.IntN(len(all))].id + "/", "/api/2/datasets/search/?q=" + words[random.IntN(len(words))]}
		for _, path := range paths {
			if _, err := rate(ctx, p.address, path, 100*time.Millisecond); err != nil {
				return err
			}
		}
	}
	peak := p.peak.Load()
	r.add("anonymous resident memory serving the full catalogue under load", "≤ 700 MB", fmt.Sprintf("%d MB", peak>>20), "–", peak <= 700<<20)
	return nil
}

// keptWork is an answer kept in memory, and the least share of a bare handler's
// rate that it is served at.
type keptWork struct {
	name, path string
	bar        float64
}

// compareKept compares kept answers with a bare handler that gives the same
// bytes.
func (o options) compareKept(ctx context.Context, r *report, address string, works []keptWork) error {
	for _, work := range works {
		body, err := fetch(address, work.path)
		if err != nil {
			return err
		}
		baseline, err := startBaseline(ctx, body)
		if err != nil {
			return err
		}
		served, bare, ratio, err := o.compare(ctx, address, baseline.address, work.path)
		baseline.stop()
		if err != nil {
			return err
		}
		r.add(work.name, fmt.Sprintf("≥ %.2f of the baseline", work.bar), fmt.Sprintf("%.2f (%.0f/s, %d KB)", ratio, served, len(body)>>10),
			fmt.Sprintf("%.0f/s", bare), ratio >= work.bar)
	}
	return nil
}

var words = []string{"transport", "eau", "budget", "cadastre", "velo", "ecole", "sirene", "population", "paris", "dechets"}

func (o options) measureRows(ctx context.Context, r *report) error {
	all, err := o.samples()
	if err != nil {
		return err
	}
	p, _, err := o.serve(ctx, "--kept-answers-size", "0")
	if err != nil {
		return err
	}
	defer p.stop()
	var small []sample
	for _, s := range all {
		if s.resources >= 1 && s.resources <= 6 {
			small = append(small, s)
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	conn, err := net.Dial("tcp", p.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	reader := bufio.NewReaderSize(conn, 64<<10)
	const requests = 5000
	ask := func(n int) error {
		for range n {
			path := "/api/1/datasets/" + small[random.IntN(len(small))].id + "/"
			if status, _, err := request(conn, reader, get(path, p.address)); err != nil || status != http.StatusOK {
				return fmt.Errorf("%s answered %d: %w", path, status, err)
			}
		}
		return nil
	}
	if err := ask(500); err != nil {
		return err
	}
	before := p.cpu()
	if err := ask(requests); err != nil {
		return err
	}
	each := (p.cpu() - before) / requests
	r.add("the same rendered from rows, ≤ 6 resources", "≤ 0.6 ms of server CPU", fmt.Sprintf("%.2f ms", each.Seconds()*1000), "–", each <= 600*time.Microsecond)
	return o.measureLargest(p, largest(all), r)
}

func (o options) measureLargest(p *process, s sample, r *report) error {
	var firsts, wholes []float64
	before := p.anonymous()
	for range 5 {
		first, whole, _, err := timed(p.address, "/api/1/datasets/"+s.id+"/")
		if err != nil {
			return err
		}
		firsts, wholes = append(firsts, first.Seconds()*1000), append(wholes, whole.Seconds()*1000)
	}
	first := median(firsts)
	r.add(fmt.Sprintf("the dataset with %d resources, v1, from rows", s.resources), "first byte ≤ 50 ms, streamed",
		fmt.Sprintf("%.1f ms, whole %.0f ms, memory +%d MB", first, median(wholes), max(0, p.peak.Load()-before)>>20), "–", first <= 50)
	return nil
}

// timed reads an answer and tells when its first byte of body and its end
// came.
func timed(address, path string) (first, whole time.Duration, length int64, err error) {
	began := time.Now()
	answer, err := plain.Get("http://" + address + path)
	if err != nil {
		return 0, 0, 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return 0, 0, 0, fmt.Errorf("%s answered %d", path, answer.StatusCode)
	}
	var one [1]byte
	if _, err := io.ReadFull(answer.Body, one[:]); err != nil {
		return 0, 0, 0, err
	}
	first = time.Since(began)
	length, err = io.Copy(io.Discard, answer.Body)
	return first, time.Since(began), length + 1, err
}

func (o options) measureSearch(ctx context.Context, r *report) error {
	questions, err := o.questions("queries.csv")
	if err != nil || len(questions) == 0 {
		return err
	}
	p, _, err := o.serve(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	var times []float64
	for round := range 5 {
		for i, q := range questions {
			// An argument that nobody knows keeps each answer from being kept.
			began := time.Now()
			if _, err := fetch(p.address, "/api/2/datasets/search/?page_size=20&q="+url.QueryEscape(q.text)+fmt.Sprintf("&n=%d.%d", round, i)); err != nil {
				return err
			}
			if round > 0 {
				times = append(times, time.Since(began).Seconds()*1000)
			}
		}
	}
	half, tail := median(times), quantile(times, 0.99)
	r.add("search with total, 13 facets and 20 results, real queries, one client, not kept", "median ≤ 2 ms, p99 ≤ 15 ms",
		fmt.Sprintf("median %.2f ms, p99 %.1f ms", half, tail), "–", half <= 2 && tail <= 15)
	return nil
}

func (o options) measureDump(ctx context.Context, r *report) error {
	p, _, err := o.serve(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	before := p.anonymous()
	p.peak.Store(0)
	var firsts, wholes []float64
	var length int64
	for range 3 {
		first, whole, n, err := timed(p.address, "/datasets.csv")
		if err != nil {
			return err
		}
		firsts, wholes, length = append(firsts, first.Seconds()*1000), append(wholes, whole.Seconds()), n
	}
	first, whole, growth := median(firsts), median(wholes), max(0, p.peak.Load()-before)
	r.add("`/datasets.csv`, all rows", "first byte ≤ 100 ms, whole ≤ 4 s, memory growth ≤ 50 MB",
		fmt.Sprintf("%.0f ms, %.2f s (%d MB), +%d MB", first, whole, length>>20, growth>>20), "–", first <= 100 && whole <= 4 && growth <= 50<<20)
	return nil
}

func decode(body []byte, into any) error {
	return errors.Join(json.Unmarshal(body, into))
}
