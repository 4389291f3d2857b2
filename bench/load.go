package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// connections is the number of clients of a load.
const connections = 16

// request is one GET over a connection that stays open; it returns the status
// and the length of the body, which is read and dropped.
func request(conn net.Conn, reader *bufio.Reader, text []byte) (status int, length int64, err error) {
	if _, err := conn.Write(text); err != nil {
		return 0, 0, err
	}
	line, err := reader.ReadSlice('\n')
	if err != nil || len(line) < 12 {
		return 0, 0, fmt.Errorf("no answer: %w", err)
	}
	status, _ = strconv.Atoi(string(line[9:12]))
	length = -1
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return 0, 0, err
		}
		if len(line) <= 2 {
			break
		}
		const name = "content-length:"
		if len(line) > len(name) && strings.EqualFold(string(line[:len(name)]), name) {
			length, err = strconv.ParseInt(strings.TrimSpace(string(line[len(name):])), 10, 64)
			if err != nil {
				return 0, 0, err
			}
		}
	}
	if length < 0 {
		return 0, 0, fmt.Errorf("an answer of status %d without a length", status)
	}
	_, err = reader.Discard(int(length))
	return status, length, err
}

func get(path, address string) []byte {
	return []byte("GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\nAccept: application/json\r\n\r\n")
}

// rate loads one address for a while and returns requests per second.
func rate(ctx context.Context, address, path string, length time.Duration) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var done atomic.Int64
	var failure atomic.Pointer[error]
	var wg sync.WaitGroup
	began := time.Now()
	for range connections {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := loop(ctx, address, path, &done); err != nil {
				failure.Store(&err)
			}
		}()
	}
	wg.Wait()
	if err := failure.Load(); err != nil {
		return 0, *err
	}
	return float64(done.Load()) / time.Since(began).Seconds(), nil
}

func loop(ctx context.Context, address, path string, done *atomic.Int64) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	reader := bufio.NewReaderSize(conn, 64<<10)
	text := get(path, address)
	for ctx.Err() == nil {
		status, _, err := request(conn, reader, text)
		if err != nil {
			return err
		}
		if status != http.StatusOK {
			return fmt.Errorf("%s answered %d", path, status)
		}
		done.Add(1)
	}
	return nil
}

// compare loads the server and the baseline in turn and returns the median
// rates of each, with the median of the ratios of neighbouring rounds.
func (o options) compare(ctx context.Context, server, baseline, path string) (served, bare, ratio float64, err error) {
	var serves, bares, ratios []float64
	for range o.rounds {
		b, err := rate(ctx, baseline, path, o.round)
		if err != nil {
			return 0, 0, 0, fmt.Errorf("baseline: %w", err)
		}
		s, err := rate(ctx, server, path, o.round)
		if err != nil {
			return 0, 0, 0, err
		}
		serves, bares, ratios = append(serves, s), append(bares, b), append(ratios, s/b)
	}
	return median(serves), median(bares), median(ratios), nil
}

func median(values []float64) float64 { return quantile(values, 0.5) }

func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*q))]
}

// startBaseline runs a bare handler, in a process of its own, that gives the
// bytes of a file.
func startBaseline(ctx context.Context, body []byte) (*process, error) {
	file, err := os.CreateTemp("", "grenier-baseline-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	if _, err := file.Write(body); err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, err := start(ctx, self, "baseline", "--listen", address, "--file", file.Name())
	if err != nil {
		return nil, err
	}
	p.address = address
	for range 200 {
		if answer, err := http.Get("http://" + address + "/"); err == nil {
			answer.Body.Close()
			return p, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.stop()
	return nil, fmt.Errorf("the baseline did not start")
}

// serveBaseline is the bare handler: the same bytes from memory for any path.
func serveBaseline(args []string) {
	flags := flag.NewFlagSet("baseline", flag.ExitOnError)
	listen := flags.String("listen", "", "address")
	name := flags.String("file", "", "file with the answer")
	_ = flags.Parse(args)
	body, err := os.ReadFile(*name)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})
	if err := http.ListenAndServe(*listen, mux); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// plain is a client that does not ask for compression, like most scripts.
var plain = &http.Client{Transport: &http.Transport{DisableCompression: true}}

// fetch reads a whole answer, uncompressed.
func fetch(address, path string) ([]byte, error) {
	answer, err := plain.Get("http://" + address + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %d", path, answer.StatusCode)
	}
	return io.ReadAll(answer.Body)
}
