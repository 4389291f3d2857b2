package harvest

import (
	"bufio"
	"context"
	"io"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"grenier/internal/fetch"
)

const (
	// maxCrawlDelay bounds the pause that a robots.txt may ask for.
	maxCrawlDelay = time.Minute
	maxRobots     = 512 << 10
	maxRobotHosts = 64
)

// robots remembers the pauses that hosts ask robots for.
type robots struct {
	mu    sync.Mutex
	hosts map[string]func() time.Duration
}

func newRobots() *robots { return &robots{hosts: make(map[string]func() time.Duration)} }

// interval is the pause between starts of requests to the host of an address: that
// of the source, else that of its robots.txt when it is longer than the site's,
// else 0 for the site's.
func (r *Remote) interval(ctx context.Context, address string) time.Duration {
	u, err := url.Parse(address)
	if err != nil || r.o.Interval > 0 || !r.o.Robots {
		return r.o.Interval
	}
	host := u.Scheme + "://" + u.Host
	r.robots.mu.Lock()
	ask := r.robots.hosts[host]
	if ask == nil && len(r.robots.hosts) < maxRobotHosts {
		ask = sync.OnceValue(func() time.Duration { return r.askRobots(ctx, host) })
		r.robots.hosts[host] = ask
	}
	r.robots.mu.Unlock()
	if ask == nil {
		return 0
	}
	if pause := ask(); pause > r.pacer.pause {
		return pause
	}
	return 0
}

// askRobots reads the robots.txt of a host. One that cannot be had asks for nothing
// (RFC 9309, section 2.3.1).
func (r *Remote) askRobots(ctx context.Context, host string) time.Duration {
	done, err := r.pacer.Wait(ctx, host, 0, r.o.Parallel)
	if err != nil {
		return 0
	}
	defer done()
	r.requests.Add(1)
	got, err := r.client.Get(ctx, host+"/robots.txt", fetch.Request{
		Accept: "text/plain", MaxBytes: maxRobots, Cut: true, Timeout: 10 * time.Second, For: strings.TrimSpace("harvest " + r.o.Backend),
	})
	if err != nil {
		return 0
	}
	defer func() { _ = got.Body.Close() }()
	delay := min(crawlDelay(&counted{ReadCloser: got.Body, bytes: &r.bytes}), maxCrawlDelay)
	if delay > r.pacer.pause {
		r.Log("info", host+"/robots.txt asks for "+delay.String()+" between requests.")
	}
	return delay
}

// crawlDelay is what a robots.txt asks of us: by the group that names this program,
// else by the one for all.
func crawlDelay(in io.Reader) time.Duration {
	var own, all time.Duration
	var ours, everyone, named, rules bool
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 4<<10), 64<<10)
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.ToLower(strings.TrimSpace(value))
		if key == "user-agent" {
			if rules { // another group begins
				ours, everyone, rules = false, false, false
			}
			ours, everyone = ours || value == "grenier", everyone || value == "*"
			named = named || value == "grenier"
			continue
		}
		rules = true
		seconds, err := strconv.ParseFloat(value, 64)
		if key != "crawl-delay" || err != nil || !(seconds > 0) {
			continue
		}
		delay := time.Duration(min(seconds, maxCrawlDelay.Seconds()) * float64(time.Second))
		if ours {
			own = delay
		}
		if everyone {
			all = delay
		}
	}
	if named {
		return own
	}
	return all
}
