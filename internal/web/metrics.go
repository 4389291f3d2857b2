package web

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the handler's figures for Prometheus.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	other    *meter
}

// meter holds the figures of one route, found once.
type meter struct {
	route    string
	m        *metrics
	mu       sync.RWMutex
	counters map[meterKey]prometheus.Counter
	seconds  prometheus.Observer
	kept200  prometheus.Counter
	kept304  prometheus.Counter
}

type meterKey struct {
	method string
	status int
}

func newMetrics(reg prometheus.Registerer, h *Handler) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "grenier_http_requests_total", Help: "Requests answered, by route, method and status."},
			[]string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "grenier_http_request_seconds", Help: "Time from the arrival of a request to the end of its answer, by route.",
			Buckets: []float64{.0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60}},
			[]string{"route"}),
	}
	m.other = m.meter("none")
	if reg == nil {
		return m
	}
	reg.MustRegister(m.requests, m.seconds, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "grenier_http_in_flight", Help: "Requests being answered."},
		func() float64 { return float64(h.InFlight()) }))
	if h.kept != nil {
		registerKept(reg, h.kept)
	}
	return m
}

func registerKept(reg prometheus.Registerer, k *Kept) {
	reg.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "grenier_kept_bytes", Help: "Weight of the kept answers."},
			func() float64 { return float64(k.Weight()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "grenier_kept_hits_total", Help: "Requests answered by a kept answer."},
			func() float64 { hits, _ := k.Counts(); return float64(hits) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "grenier_kept_misses_total", Help: "Requests of routes that keep answers which had to be made."},
			func() float64 { _, misses := k.Counts(); return float64(misses) }))
}

func (m *metrics) meter(route string) *meter {
	return &meter{
		route: route, m: m, counters: map[meterKey]prometheus.Counter{},
		seconds: m.seconds.WithLabelValues(route),
		kept200: m.requests.WithLabelValues(route, http.MethodGet, "200"),
		kept304: m.requests.WithLabelValues(route, http.MethodGet, "304"),
	}
}

// note counts one answered request.
func (m *meter) note(method string, status int, took time.Duration) {
	m.counter(method, status).Inc()
	m.seconds.Observe(took.Seconds())
}

func (m *meter) counter(method string, status int) prometheus.Counter {
	if method == http.MethodGet && status == http.StatusOK {
		return m.kept200
	}
	if method == http.MethodGet && status == http.StatusNotModified {
		return m.kept304
	}
	key := meterKey{knownMethod(method), status}
	m.mu.RLock()
	c, ok := m.counters[key]
	m.mu.RUnlock()
	if ok {
		return c
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c = m.m.requests.WithLabelValues(m.route, key.method, strconv.Itoa(key.status))
	m.counters[key] = c
	return c
}

// knownMethod bounds the labels: a client may invent methods.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
