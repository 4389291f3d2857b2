package web

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// startServer serves tables on a free port and gives its address and the function that stops it.
func startServer(t *testing.T, so ServerOptions, o Options, tables ...*Table) (addr string, stop func() error) {
	t.Helper()
	so.Listen, so.Log = "127.0.0.1:0", quiet()
	s := NewServer(so, newTestHandler(t, o, tables...))
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-done
	}
	t.Cleanup(func() { _ = stop() })
	return s.Addr().String(), stop
}

func dial(t *testing.T, addr, text string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReader(c)
}

func TestGracefulStop(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	table := NewTable("", Info{})
	Get[Raw](table, "/slow", Doc{}, func(c *Call, _ None) error {
		close(begun)
		<-release
		return c.Blob(200, "text/plain", []byte("whole"))
	})
	addr, stop := startServer(t, ServerOptions{StopWithin: 5 * time.Second}, testOptions(), table)
	_, r := dial(t, addr, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
	<-begun
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			break // nothing new is accepted
		}
		_ = c.Close()
		time.Sleep(5 * time.Millisecond)
	}
	close(release)
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(answer.Body); err != nil || string(b) != "whole" {
		t.Errorf("%q, %v", b, err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("the stop: %v", err)
	}
}

func TestStopCutsWhatDoesNotEnd(t *testing.T) {
	begun := make(chan struct{})
	table := NewTable("", Info{})
	Get[Raw](table, "/slow", Doc{Slow: true}, func(c *Call, _ None) error {
		close(begun)
		<-c.Context().Done()
		return c.Context().Err()
	})
	addr, stop := startServer(t, ServerOptions{StopWithin: 50 * time.Millisecond}, testOptions(), table)
	dial(t, addr, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
	<-begun
	start := time.Now()
	if err := stop(); err != nil || time.Since(start) > 3*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

func TestHeaderTooLarge(t *testing.T) {
	var seen listArgs
	addr, _ := startServer(t, ServerOptions{MaxHeader: 8 << 10}, testOptions(), testTable(&seen))
	for name, request := range map[string]string{
		"header":  "GET / HTTP/1.1\r\nHost: x\r\nX-Fields: " + strings.Repeat("a", 20<<10) + "\r\n\r\n",
		"address": "GET /?q=" + strings.Repeat("a", 20<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		_, r := dial(t, addr, request)
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if answer.StatusCode != 431 {
			t.Errorf("%s: %d", name, answer.StatusCode)
		}
	}
}

func TestSlowClients(t *testing.T) {
	var seen listArgs
	o := testOptions()
	o.Stall = 100 * time.Millisecond
	addr, _ := startServer(t, ServerOptions{HeaderTimeout: 100 * time.Millisecond}, o, testTable(&seen))
	t.Run("header", func(t *testing.T) {
		_, r := dial(t, addr, "GET / HTTP/1.1\r\nHost:")
		if b, err := io.ReadAll(r); err != nil || len(b) > 0 && !strings.Contains(string(b), "408") {
			t.Errorf("%q, %v", b, err)
		}
	})
	t.Run("body", func(t *testing.T) {
		_, r := dial(t, addr, "PUT /api/1/houses/x/ HTTP/1.1\r\nHost: x\r\nX-API-KEY: user\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := io.ReadAll(answer.Body); answer.StatusCode != 408 || !strings.Contains(string(b), "too slowly") {
			t.Errorf("%d %s", answer.StatusCode, b)
		}
	})
	t.Run("body that nobody reads", func(t *testing.T) {
		_, r := dial(t, addr, "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
		start := time.Now()
		if b, err := io.ReadAll(r); err != nil || !strings.Contains(string(b), "404") || time.Since(start) > 3*time.Second {
			t.Errorf("%q, %v after %v", b, err, time.Since(start))
		}
	})
}

// TestSlowRoutes: a long answer goes on beyond the usual time while bytes flow, and ends when the
// client takes none.
func TestSlowRoutes(t *testing.T) {
	table := NewTable("", Info{})
	Get[Raw](table, "/dump", Doc{Slow: true}, func(c *Call, _ None) error {
		s := c.Stream(200, "text/csv")
		for range 10 {
			if _, err := s.Write([]byte(strings.Repeat("x", streamBuffer))); err != nil {
				return err
			}
			time.Sleep(60 * time.Millisecond)
		}
		return s.Close()
	})
	ended := make(chan error, 1)
	Get[Raw](table, "/endless", Doc{Slow: true}, func(c *Call, _ None) (err error) {
		defer func() { ended <- err }()
		s := c.Stream(200, "text/csv")
		for {
			if _, err := s.Write(make([]byte, streamBuffer)); err != nil {
				return err
			}
		}
	})
	o := testOptions()
	o.Stall = 2 * time.Second
	addr, _ := startServer(t, ServerOptions{WriteTimeout: 400 * time.Millisecond}, o, table)
	answer, err := http.Get("http://" + addr + "/dump")
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(answer.Body)
	if err != nil || len(b) != 10*streamBuffer {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	_ = answer.Body.Close()
	dial(t, addr, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n") // and reads nothing
	select {
	case err := <-ended:
		if err == nil {
			t.Error("no error")
		}
	case <-time.After(10 * time.Second):
		t.Error("a client that reads nothing holds its answer for ever")
	}
}

// TestSlowUpload: a body that keeps coming may take longer than the usual time of an answer.
func TestSlowUpload(t *testing.T) {
	table := NewTable("", Info{})
	upload := func(c *Call, _ None, _ Raw) error {
		n, err := io.Copy(io.Discard, c.R.Body)
		if err != nil {
			return err
		}
		return c.Blob(201, "text/plain", fmt.Append(nil, n))
	}
	Post[Raw](table, "/slow", Doc{Slow: true}, upload)
	Post[Raw](table, "/long", Doc{Timeout: time.Minute}, upload)
	addr, _ := startServer(t, ServerOptions{WriteTimeout: 200 * time.Millisecond}, testOptions(), table)
	for _, target := range []string{"/slow", "/long"} {
		body, feed := io.Pipe()
		go func() {
			for range 6 {
				time.Sleep(60 * time.Millisecond)
				_, _ = feed.Write([]byte("part of a file"))
			}
			_ = feed.Close()
		}()
		answer, err := http.Post("http://"+addr+target, "application/octet-stream", body)
		if err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		if b, _ := io.ReadAll(answer.Body); answer.StatusCode != 201 || string(b) != "84" {
			t.Errorf("%s: %d %s", target, answer.StatusCode, b)
		}
		_ = answer.Body.Close()
	}
}

func TestFirstBytesComeAtOnce(t *testing.T) {
	table := NewTable("", Info{})
	release := make(chan struct{})
	Get[Raw](table, "/dump", Doc{Slow: true}, func(c *Call, _ None) error {
		s := c.Stream(200, "text/csv")
		if _, err := s.Write([]byte(strings.Repeat("0123456789", streamBuffer/5))); err != nil {
			return err
		}
		<-release
		return s.Close()
	})
	addr, _ := startServer(t, ServerOptions{}, testOptions(), table)
	for _, accept := range []string{"identity", "gzip", "zstd"} {
		_, r := dial(t, addr, "GET /dump HTTP/1.1\r\nHost: x\r\nAccept-Encoding: "+accept+"\r\n\r\n")
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := answer.Body.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Errorf("%s: %d, %v", accept, n, err)
		}
	}
	close(release)
}

func TestHTTP2(t *testing.T) {
	var seen listArgs
	cert, pool := selfSigned(t)
	addr, _ := startServer(t, ServerOptions{TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}}, testOptions(), testTable(&seen))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "portal.test"}, ForceAttemptHTTP2: true}}
	answer, err := client.Get("https://" + addr + "/api/1/houses/x/")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.ProtoMajor != 2 || answer.StatusCode != 200 {
		t.Errorf("%s %d", answer.Proto, answer.StatusCode)
	}
	client.CloseIdleConnections()

	addr, _ = startServer(t, ServerOptions{}, testOptions(), testTable(&seen))
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	client = &http.Client{Transport: &http.Transport{Protocols: &protocols}}
	answer, err = client.Post("http://"+addr+"/api/1/houses/", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.ProtoMajor != 2 || answer.StatusCode != 401 {
		t.Errorf("%s %d", answer.Proto, answer.StatusCode)
	}
	client.CloseIdleConnections()
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	model := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"portal.test"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, model, model, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestAutomaticTLS(t *testing.T) {
	s := NewServer(ServerOptions{Listen: "127.0.0.1:0", RedirectListen: "127.0.0.1:0", TLSHost: "www.portal.test", TLSCache: t.TempDir(), Log: quiet()}, http.NotFoundHandler())
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(fmt.Sprintf("http://%s/datasets/?q=a", s.second.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != 308 || answer.Header.Get("Location") != "https://www.portal.test/datasets/?q=a" {
		t.Errorf("%d %q", answer.StatusCode, answer.Header.Get("Location"))
	}
	if _, err := tls.Dial("tcp", s.Addr().String(), &tls.Config{ServerName: "stranger.test", InsecureSkipVerify: true}); err == nil {
		t.Error("a certificate was offered for a name that is not ours")
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestAddressInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	s := NewServer(ServerOptions{Listen: l.Addr().String(), Log: quiet()}, http.NotFoundHandler())
	err = s.Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), l.Addr().String()) || errors.Is(err, http.ErrServerClosed) {
		t.Errorf("%v", err)
	}
	if s.Addr() != nil {
		t.Error("an address without listening")
	}
}
