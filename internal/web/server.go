package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/crypto/acme/autocert"
	"golang.org/x/net/netutil"
)

// ServerOptions say where and within which limits to serve, with their defaults in brackets.
type ServerOptions struct {
	// Listen is the address to listen on: 127.0.0.1:7000.
	Listen string
	// TLSHost is the host name to get certificates for, automatically (ACME); plain HTTP when empty.
	TLSHost string
	// TLSCache is the folder that keeps the certificates.
	TLSCache string
	// TLSConfig serves TLS with certificates of one's own instead.
	TLSConfig *tls.Config
	// RedirectListen, with TLSHost, answers challenges and leads plain HTTP to HTTPS [:80].
	RedirectListen string
	// HeaderTimeout bounds the arrival of a request's header [10 s].
	HeaderTimeout time.Duration
	// WriteTimeout bounds the sending of an answer, slow routes apart [60 s].
	WriteTimeout time.Duration
	// IdleTimeout bounds the wait for the next request of a connection [120 s].
	IdleTimeout time.Duration
	// MaxHeader bounds header and address in bytes; beyond it is a 431 [64 KiB].
	MaxHeader int
	// MaxConnections bounds open connections; others wait to be accepted [10,000].
	MaxConnections int
	// StopWithin is how long requests in flight may take to end at the stop [20 s].
	StopWithin time.Duration
	Log        *slog.Logger
}

func (o ServerOptions) withDefaults() ServerOptions {
	if o.RedirectListen == "" {
		o.RedirectListen = ":80"
	}
	o.HeaderTimeout = firstOf(o.HeaderTimeout, 10*time.Second)
	o.WriteTimeout = firstOf(o.WriteTimeout, 60*time.Second)
	o.IdleTimeout = firstOf(o.IdleTimeout, 120*time.Second)
	o.StopWithin = firstOf(o.StopWithin, 20*time.Second)
	if o.MaxHeader == 0 {
		o.MaxHeader = 64 << 10
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = 10_000
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Server serves a handler until it is told to stop.
type Server struct {
	o        ServerOptions
	main     *http.Server
	redirect *http.Server
	listener net.Listener
	second   net.Listener
}

// NewServer prepares a server; nothing is opened yet.
func NewServer(o ServerOptions, h http.Handler) *Server {
	s := &Server{o: o.withDefaults()}
	s.main = s.newHTTP(h)
	if s.o.TLSHost != "" {
		m := &autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(s.o.TLSHost),
			Cache: autocert.DirCache(s.o.TLSCache)}
		s.main.TLSConfig = m.TLSConfig()
		s.redirect = s.newHTTP(m.HTTPHandler(toHTTPS(s.o.TLSHost)))
	}
	if s.o.TLSConfig != nil {
		s.main.TLSConfig = s.o.TLSConfig
	}
	return s
}

func (s *Server) newHTTP(h http.Handler) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler: h, Protocols: &protocols,
		ReadHeaderTimeout: s.o.HeaderTimeout, WriteTimeout: s.o.WriteTimeout, IdleTimeout: s.o.IdleTimeout,
		MaxHeaderBytes: s.o.MaxHeader, ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 250, SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
	}
}

// toHTTPS leads to the same address over TLS, for any method.
func toHTTPS(host string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusPermanentRedirect)
	})
}

// Listen opens the addresses, so that errors of configuration are told before anything else starts.
func (s *Server) Listen() error {
	l, err := net.Listen("tcp", s.o.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", s.o.Listen, err)
	}
	s.listener = netutil.LimitListener(l, s.o.MaxConnections)
	if s.redirect == nil {
		return nil
	}
	l, err = net.Listen("tcp", s.o.RedirectListen)
	if err != nil {
		_ = s.listener.Close()
		return fmt.Errorf("cannot listen on %s for certificates: %w", s.o.RedirectListen, err)
	}
	s.second = netutil.LimitListener(l, s.o.MaxConnections)
	return nil
}

// Addr is the address listened on; nil before Listen.
func (s *Server) Addr() net.Addr {
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Run serves until ctx ends, then stops gracefully: nothing new is accepted, requests in flight get
// StopWithin to end, what is left is cut. It returns nil after a stop that was asked for.
func (s *Server) Run(ctx context.Context) error {
	if s.listener == nil {
		if err := s.Listen(); err != nil {
			return err
		}
	}
	failed := make(chan error, 2)
	go func() { failed <- s.serveMain() }()
	if s.redirect != nil {
		go func() { failed <- s.redirect.Serve(s.second) }()
	}
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	s.stop()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *Server) serveMain() error {
	if s.main.TLSConfig != nil {
		return s.main.ServeTLS(s.listener, "", "")
	}
	return s.main.Serve(s.listener)
}

func (s *Server) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), s.o.StopWithin)
	defer cancel()
	for _, h := range []*http.Server{s.main, s.redirect} {
		if h == nil {
			continue
		}
		if err := h.Shutdown(ctx); err != nil {
			s.o.Log.Warn("requests were cut at the stop", "after", s.o.StopWithin.String())
			_ = h.Close()
		}
	}
}
