// Package harness runs the real program for black-box tests: builds it once,
// starts it on a free port with a data folder of its own, speaks to it over
// HTTP, kills it, starts it again.
package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// BinaryEnv names the variable with the path of a program that is built
// already.
const BinaryEnv = "GRENIER_TEST_BINARY"

var built struct {
	once   sync.Once
	folder string
	path   string
	err    error
}

// Main runs the tests of a package, then ends what they shared, and removes what
// the harness built. Call it from TestMain.
func Main(m *testing.M, ends ...func()) {
	time.Local = time.UTC
	status := m.Run()
	for _, end := range ends {
		end()
	}
	if built.folder != "" {
		os.RemoveAll(built.folder)
	}
	os.Exit(status)
}

// Binary returns the path of the program, built once a run.
func Binary(t testing.TB) string {
	t.Helper()
	built.once.Do(build)
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

func build() {
	if given := os.Getenv(BinaryEnv); given != "" {
		built.path = given
		return
	}
	if built.folder, built.err = os.MkdirTemp("", "grenier-e2e-"); built.err != nil {
		return
	}
	built.path = filepath.Join(built.folder, "grenier")
	command := exec.Command("go", "build", "-buildvcs=false", "-o", built.path, "grenier/cmd/grenier")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		built.err = fmt.Errorf("go build: %w\n%s", err, output)
	}
}

// Options say how to start a server.
type Options struct {
	// Data is the data folder; empty for a fresh one.
	Data string
	// Database is the address of a PostgreSQL database; empty for SQLite.
	Database string
	// Blob is the address that files are kept at; empty for the data folder.
	Blob string
	// Arguments are added to `grenier serve`.
	Arguments []string
}

// Server is one server, started or not.
type Server struct {
	// Address is host:port, the same over all starts.
	Address string
	Options
	binary string
	log    *tail

	process *exec.Cmd
	ended   chan struct{}
}

// New prepares a server without starting it; it is stopped with the test.
func New(t testing.TB, options Options) *Server {
	t.Helper()
	if options.Data == "" {
		options.Data = t.TempDir()
	}
	s := &Server{Address: freeAddress(t), Options: options, binary: Binary(t), log: &tail{}}
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("the end of the server's log:\n%s", s.log)
		}
	})
	return s
}

// Start returns a server that is ready.
func Start(t testing.TB, options Options) *Server {
	t.Helper()
	s := New(t, options)
	s.Launch(t)
	s.AwaitReady(t)
	return s
}

// freeAddress is one that nobody listened on a moment ago.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// URL is the base address of the server.
func (s *Server) URL() string { return "http://" + s.Address }

func (s *Server) flags() []string {
	flags := []string{"--data", s.Data}
	if s.Database != "" {
		flags = append(flags, "--database", s.Database)
	}
	if s.Blob != "" {
		flags = append(flags, "--blob", s.Blob)
	}
	return flags
}

// environment is ours without settings of the program.
func environment() []string {
	var kept []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "GRENIER_") {
			kept = append(kept, pair)
		}
	}
	return kept
}

// Launch starts the process and returns at once.
func (s *Server) Launch(t testing.TB) {
	t.Helper()
	arguments := append([]string{"serve", "--listen", s.Address}, s.flags()...)
	command := exec.Command(s.binary, append(arguments, s.Arguments...)...)
	command.Env, command.Stdout, command.Stderr = environment(), s.log, s.log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	s.process, s.ended = command, ended
	go func() {
		// The status is read by Stop; a killed process has none of interest.
		_ = command.Wait()
		close(ended)
	}()
}

// startsWithin bounds the wait for a server of a small catalogue.
const startsWithin = 30 * time.Second

// AwaitReady waits until requests can be served.
func (s *Server) AwaitReady(t testing.TB) {
	t.Helper()
	client := http.Client{Timeout: 2 * time.Second}
	for deadline := time.Now().Add(startsWithin); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		select {
		case <-s.ended:
			t.Fatalf("the server ended before it was ready:\n%s", s.log)
		default:
		}
		answer, err := client.Get(s.URL() + "/health/ready")
		if err != nil {
			continue
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatalf("the server was not ready within %v:\n%s", startsWithin, s.log)
}

// Kill ends the process as a crash would, at whatever it is doing.
func (s *Server) Kill() {
	if s.process == nil {
		return
	}
	// An error tells that the process has ended already.
	_ = s.process.Process.Kill()
	<-s.ended
	s.process = nil
}

// Stop asks the server to stop and fails unless it does so in good order.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("stop: %v", err)
	}
	select {
	case <-s.ended:
	case <-time.After(30 * time.Second):
		t.Fatalf("the server did not stop:\n%s", s.log)
	}
	if code := s.process.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the server ended with status %d:\n%s", code, s.log)
	}
	s.process = nil
}

// Run runs a command on the server's data, beside it or not, and returns what
// it printed.
func (s *Server) Run(t testing.TB, arguments ...string) string {
	t.Helper()
	return s.RunWith(t, "", arguments...)
}

// RunWith is Run for a command that reads its standard input.
func (s *Server) RunWith(t testing.TB, input string, arguments ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, s.binary, append(arguments, s.flags()...)...)
	var out, failure bytes.Buffer
	command.Env, command.Stdout, command.Stderr = environment(), &out, &failure
	command.Stdin = strings.NewReader(input)
	if err := command.Run(); err != nil {
		t.Fatalf("grenier %s: %v\n%s%s", strings.Join(arguments, " "), err, out.String(), failure.String())
	}
	return strings.TrimSpace(out.String())
}

// Person makes an account that can log in, and returns its identifier.
func (s *Server) Person(t testing.TB, email, password string, flags ...string) string {
	t.Helper()
	return s.RunWith(t, password+"\n", append([]string{"user", "create", email, "--first-name", "Ada", "--last-name", "Example", "--password-stdin"}, flags...)...)
}

// Token makes a person and returns a token that acts for them.
func (s *Server) Token(t testing.TB, email string, flags ...string) string {
	t.Helper()
	s.Run(t, append([]string{"user", "create", email, "--first-name", "Ada", "--last-name", "Example"}, flags...)...)
	return s.Run(t, "token", "create", email)
}

// Client returns a client of the server; token may be empty.
func (s *Server) Client(token string) *Client {
	return &Client{Base: s.URL(), Token: token, HTTP: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		MaxIdleConnsPerHost: 16, DisableCompression: true,
	}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// tail keeps the end of a log.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 64 << 10

// Write implements io.Writer.
func (l *tail) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, text...)
	if over := len(l.text) - tailSize; over > 0 {
		l.text = append(l.text[:0], l.text[over:]...)
	}
	return len(text), nil
}

// String gives the end of the log without the requests that went well.
func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var kept strings.Builder
	for line := range strings.Lines(string(l.text)) {
		if !strings.Contains(line, "level=INFO msg=request") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// Log is the end of the server's log, without the requests that went well.
func (s *Server) Log() string { return s.log.String() }

// Within tries until there is no error, and fails with the last one when that
// takes longer than a limit.
func Within(t testing.TB, limit time.Duration, what string, try func() error) {
	t.Helper()
	err := errors.New("never tried")
	started := time.Now()
	for err != nil {
		// What begins in time counts: the answer itself takes a moment.
		if time.Since(started) > limit {
			t.Fatalf("%s: not within %v: %v", what, limit, err)
		}
		if err = try(); err != nil {
			time.Sleep(5 * time.Millisecond)
		}
	}
}
