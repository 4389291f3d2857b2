package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"grenier/internal/fault"
	"grenier/internal/web"
)

// TestRefusalsAreHeard: who sends a file before they read the answer learns why it was refused, and not that
// the connection was cut.
func TestRefusalsAreHeard(t *testing.T) {
	table := web.NewTable("", web.Info{})
	web.Post[string, web.None, web.Raw](table, "/full", web.Doc{Summary: "x", Slow: true, MaxBody: 100 << 20}, func(*web.Call, web.None, web.Raw) error {
		return fault.New(fault.Full, "There is no room left.")
	})
	handler, err := web.NewHandler(web.Options{
		Sites: web.OneSite(web.Site{Base: "http://x"}), Versions: web.NewVersions(), Log: slog.New(slog.DiscardHandler),
		Authenticate: func(*http.Request, string) (web.Caller, error) { return web.Caller{}, nil },
	}, table)
	if err != nil {
		t.Fatal(err)
	}
	server := web.NewServer(web.ServerOptions{Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)}, handler)
	if err := server.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	connection, err := net.Dial("tcp", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	const size = 20 << 20
	if _, err := fmt.Fprintf(connection, "POST /full HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", size); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(connection, io.LimitReader(zeros{}, size)); err != nil {
		t.Fatalf("the connection was cut while the body was sent: %v", err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	if err != nil || answer.StatusCode != http.StatusInsufficientStorage || !strings.Contains(string(body), "no room left") {
		t.Errorf("answered %d %s, %v", answer.StatusCode, body, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
