// Package peertest starts the servers of e2e/peers, which tests talk to: real
// ones, each in a process of its own, that say on their output what happens.
package peertest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Peer is a running server.
type Peer struct {
	// Port is where it listens, on 127.0.0.1.
	Port int

	t     testing.TB
	lines chan []byte
}

// startWithin and sayWithin bound the waiting for a peer.
const (
	startWithin = 20 * time.Second
	sayWithin   = 20 * time.Second
)

// Start runs a script of e2e/peers until the test ends.
func Start(t testing.TB, script string, args ...string) *Peer {
	t.Helper()
	folder := peers(t)
	var complaints lockedBuffer
	command := exec.Command("node", append([]string{script}, args...)...)
	command.Dir, command.Stderr = folder, &complaints
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatalf("node cannot be started, which the tests need: %v", err)
	}
	p := &Peer{t: t, lines: make(chan []byte, 1024)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(p.lines)
		scanner := bufio.NewScanner(output)
		scanner.Buffer(nil, 4<<20)
		for scanner.Scan() {
			if line := scanner.Bytes(); bytes.HasPrefix(line, []byte("{")) { // libraries warn in between
				p.lines <- bytes.Clone(line)
			}
		}
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill() // it may have ended by itself
		<-read
		_ = command.Wait()
		if t.Failed() && complaints.String() != "" {
			t.Logf("%s says: %.2000s", script, complaints.String())
		}
	})
	var listening struct{ Listening int }
	p.next(&listening, startWithin, func() string { return complaints.String() })
	p.Port = listening.Listening
	return p
}

// Next decodes the next line that the server says.
func (p *Peer) Next(line any) {
	p.t.Helper()
	p.next(line, sayWithin, func() string { return "" })
}

// Silent tells whether the server says nothing for a while.
func (p *Peer) Silent(during time.Duration) bool {
	select {
	case <-p.lines:
		return false
	case <-time.After(during):
		return true
	}
}

func (p *Peer) next(line any, within time.Duration, complaints func() string) {
	p.t.Helper()
	select {
	case text, ok := <-p.lines:
		if !ok {
			p.t.Fatalf("the server ended: %.1000s", complaints())
		}
		if err := json.Unmarshal(text, line); err != nil {
			p.t.Fatalf("%q: %v", text, err)
		}
	case <-time.After(within):
		p.t.Fatalf("the server says nothing for %s: %.1000s", within, complaints())
	}
}

// peers is the folder of the servers.
func peers(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			t.Fatal("the root of the module is nowhere above")
		}
		folder = parent
	}
	folder = filepath.Join(folder, "e2e", "peers")
	if _, err := os.Stat(filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal("the servers that tests talk to are not installed: run `npm ci` in e2e/peers, as `make test` does")
	}
	return folder
}

// lockedBuffer is a buffer that a process writes and a test reads.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
