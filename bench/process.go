package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// process is one run of the program.
type process struct {
	cmd     *exec.Cmd
	address string
	// peak is the largest anonymous resident memory seen, in bytes.
	peak atomic.Int64
	done chan struct{}
	err  error
}

// start runs a command of the program and watches its memory.
func start(ctx context.Context, program string, args ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, program, args...), done: make(chan struct{})}
	p.cmd.Stderr = os.Stderr
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	go p.watch()
	return p, nil
}

func (p *process) watch() {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-ticker.C:
			p.peak.Store(max(p.peak.Load(), p.anonymous()))
		}
	}
}

// anonymous is the anonymous resident memory now, in bytes.
func (p *process) anonymous() int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}

// cpu is the processor time used so far.
func (p *process) cpu() time.Duration {
	stat, _ := readStat(p.cmd.Process.Pid)
	return stat.used
}

func (p *process) wait() error {
	<-p.done
	return p.err
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// serve starts the server on the catalogue and waits until it is ready; it
// returns how long that took.
func (o options) serve(ctx context.Context, args ...string) (*process, time.Duration, error) {
	return o.run(ctx, "serve", args...)
}

// run starts a command that serves and waits until it is ready.
func (o options) run(ctx context.Context, command string, args ...string) (*process, time.Duration, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, 0, err
	}
	began := time.Now()
	p, err := start(ctx, o.program, append([]string{command, "--data", o.data(), "--listen", address, "--log-level", "warn"}, args...)...)
	if err != nil {
		return nil, 0, err
	}
	p.address = address
	for time.Since(began) < time.Minute {
		answer, err := http.Get("http://" + address + "/health/ready")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return p, time.Since(began), nil
			}
		}
		select {
		case <-p.done:
			return nil, 0, fmt.Errorf("the server ended: %w", p.err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	p.stop()
	return nil, 0, errors.New("the server was not ready within a minute")
}
