package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// benchBody is as long as a usual dataset.
var benchBody = []byte(`{"id":"` + strings.Repeat("0123456789abcdef", 512) + `"}`)

// BenchmarkKept measures a kept answer beside a bare handler of http.ServeMux that returns the same
// bytes, alternately, over real connections with the load generator on the same processors. The last
// figure is the part of the bare throughput that remains.
func BenchmarkKept(b *testing.B) {
	bare := http.NewServeMux()
	bare.HandleFunc("GET /api/1/datasets/{dataset}/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(benchBody))) // else net/http sends it in chunks
		_, _ = w.Write(benchBody)
	})
	table := NewTable("/api/1", Info{})
	Get[Raw](table, "/datasets/{dataset}/", Doc{Keep: true}, func(c *Call, _ None) error {
		c.Keep(time.Time{}, Object("dataset", c.Param("dataset")))
		return c.Send(http.StatusOK, benchBody)
	})
	o := testOptions()
	o.Kept = NewKept(NewVersions(), 64<<20)
	h, err := NewHandler(o, table)
	if err != nil {
		b.Fatal(err)
	}
	bareLoad, keptLoad := startLoad(b, bare), startLoad(b, h)
	bareLoad.run(2000)
	keptLoad.run(2000)
	var bareTime, keptTime time.Duration
	const round = 2000
	b.ResetTimer()
	for range max(b.N/round, 1) {
		bareTime += bareLoad.run(round)
		keptTime += keptLoad.run(round)
	}
	b.StopTimer()
	if hits, _ := o.Kept.Counts(); hits == 0 {
		b.Fatal("nothing was kept")
	}
	n := float64(max(b.N/round, 1) * round)
	b.ReportMetric(n/bareTime.Seconds(), "bare/s")
	b.ReportMetric(n/keptTime.Seconds(), "kept/s")
	b.ReportMetric(bareTime.Seconds()/keptTime.Seconds(), "kept/bare")
}

// load sends requests over a few kept connections by the least a client needs to do.
type load struct {
	b     *testing.B
	conns []net.Conn
	read  []*bufio.Reader
}

func startLoad(b *testing.B, h http.Handler) *load {
	b.Helper()
	s := NewServer(ServerOptions{Listen: "127.0.0.1:0", Log: quiet()}, h)
	if err := s.Listen(); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(ctx) }()
	l := &load{b: b}
	for range 8 {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		l.conns = append(l.conns, c)
		l.read = append(l.read, bufio.NewReaderSize(c, 64<<10))
	}
	b.Cleanup(func() {
		for _, c := range l.conns {
			_ = c.Close()
		}
		cancel()
		<-stopped
	})
	return l
}

const benchRequest = "GET /api/1/datasets/%d/ HTTP/1.1\r\nHost: portal.test\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"

// run sends n requests and gives the time they took.
func (l *load) run(n int) time.Duration {
	start := time.Now()
	var wg sync.WaitGroup
	for i := range l.conns {
		wg.Go(func() {
			for j := range n / len(l.conns) {
				if _, err := fmt.Fprintf(l.conns[i], benchRequest, j%50); err != nil {
					l.b.Error(err)
					return
				}
				response, err := http.ReadResponse(l.read[i], nil)
				if err != nil {
					l.b.Error(err)
					return
				}
				size, _ := io.Copy(io.Discard, response.Body)
				if response.StatusCode != 200 || size != int64(len(benchBody)) {
					l.b.Errorf("status %d, %d bytes", response.StatusCode, size)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// BenchmarkKeptServe is the handler's own cost of a kept answer, without connections.
func BenchmarkKeptServe(b *testing.B) {
	table := NewTable("/api/1", Info{})
	Get[Raw](table, "/datasets/{dataset}/", Doc{Keep: true}, func(c *Call, _ None) error {
		c.Keep(time.Time{}, Object("dataset", c.Param("dataset")))
		return c.Send(http.StatusOK, benchBody)
	})
	o := testOptions()
	o.Kept = NewKept(NewVersions(), 64<<20)
	h := newTestHandler(b, o, table)
	r, err := http.NewRequest("GET", "http://portal.test/api/1/datasets/1/", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.RequestURI, r.RemoteAddr = "/api/1/datasets/1/", "127.0.0.1:4711"
	w := &sink{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		h.ServeHTTP(w, r)
	}
	if w.status != 200 {
		b.Fatal(w.status)
	}
}

type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
