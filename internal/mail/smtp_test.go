package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/fetch/peertest"
	"grenier/internal/mail"
)

// taken is a mail as the server tells of it.
type taken struct {
	From   string
	To     []string
	Secure bool
	User   string
	Data   string
}

// certificate makes a certificate for 127.0.0.1 that only the returned pool
// trusts.
func certificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(parsed)
	return cert, key, roots
}

func server(t *testing.T, o mail.SMTPOptions) *mail.Server {
	t.Helper()
	if o.From == "" {
		o.From = "Données ouvertes <data@example.org>"
	}
	s, err := mail.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// letter is a mail as an outbox would write it.
func letter(to, subject string) *mail.Mail {
	return &mail.Mail{
		ID: db.NewID(), Recipient: to, Language: "fr", Subject: subject, Plain: "Été comme hiver.\n\n-- \nGrenier\n",
		HTML: "<!DOCTYPE html><p>Été comme hiver.</p>", CreatedAt: db.Now(),
	}
}

func TestServerTakesMails(t *testing.T) {
	cert, key, roots := certificate(t)
	for name, c := range map[string]struct {
		scheme string
		args   []string
		secure bool
		user   string
	}{
		"plain":             {scheme: "smtp"},
		"STARTTLS offered":  {scheme: "smtp", args: []string{"--tls", "starttls"}, secure: true},
		"STARTTLS required": {scheme: "smtp+starttls", args: []string{"--tls", "starttls", "--auth", "grenier:p@ss:word"}, secure: true, user: "grenier"},
		"TLS":               {scheme: "smtps", args: []string{"--tls", "implicit", "--auth", "grenier:p@ss:word"}, secure: true, user: "grenier"},
	} {
		t.Run(name, func(t *testing.T) {
			peer := peertest.Start(t, "smtp.mjs", append(c.args, "--cert", cert, "--key", key)...)
			user := ""
			if c.user != "" {
				user = "grenier:p%40ss%3Aword@"
			}
			s := server(t, mail.SMTPOptions{URL: fmt.Sprintf("%s://%s127.0.0.1:%d", c.scheme, user, peer.Port), Roots: roots})
			sent := letter("zoe@exämple.org", "Bienvenue, Zoé 🌾")
			if err := s.Carry(context.Background(), sent); err != nil {
				t.Fatal(err)
			}
			var got taken
			peer.Next(&got)
			if got.Secure != c.secure || got.User != c.user || got.From != "data@example.org" || len(got.To) != 1 || got.To[0] != "zoe@exämple.org" || !strings.Contains(got.Data, "To: <zoe@xn--exmple-cua.org>") {
				t.Errorf("got %+v", got)
			}
			checkMessage(t, got.Data, sent)
		})
	}
}

// checkMessage reads a message as a mail program would.
func checkMessage(t *testing.T, data string, sent *mail.Mail) {
	t.Helper()
	message, err := netmail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var words mime.WordDecoder
	for name, want := range map[string]string{
		"Subject": sent.Subject, "From": "Données ouvertes <data@example.org>", "Message-Id": "<" + sent.ID + "@example.org>",
		"Auto-Submitted": "auto-generated", "Content-Language": "fr",
	} {
		got, err := words.DecodeHeader(message.Header.Get(name))
		if got = strings.ReplaceAll(got, `"`, ""); err != nil || got != want {
			t.Errorf("%s is %q, not %q (%v)", name, got, want, err)
		}
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatal(kind, err)
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	for _, want := range []struct{ kind, text string }{{"text/plain", sent.Plain}, {"text/html", sent.HTML}} {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(part.Header.Get("Content-Type"), want.kind) || strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")) != strings.TrimSpace(want.text) {
			t.Errorf("the part %s is %q, not %q", part.Header.Get("Content-Type"), text, want.text)
		}
	}
}

func TestServerNeverAddsHeaders(t *testing.T) {
	peer := peertest.Start(t, "smtp.mjs")
	s := server(t, mail.SMTPOptions{URL: fmt.Sprintf("smtp://127.0.0.1:%d", peer.Port)})
	hostile := letter("ann@example.org", "Hello\r\nBcc: everybody@example.org\r\n\r\nAnother body")
	if err := s.Carry(context.Background(), hostile); err != nil {
		t.Fatal(err)
	}
	var got taken
	peer.Next(&got)
	message, err := netmail.ReadMessage(strings.NewReader(got.Data))
	if err != nil {
		t.Fatal(err)
	}
	if message.Header.Get("Bcc") != "" || len(got.To) != 1 || message.Header.Get("Subject") != "Hello Bcc: everybody@example.org Another body" {
		t.Errorf("got %v for %v", message.Header, got.To)
	}
	for _, to := range []string{"ann@example.org\r\nRCPT TO:<eve@example.org>", "no address", "", "ann@", "Ann <ann@example.org>, eve@example.org"} {
		var refusal mail.Refusal
		if err := s.Carry(context.Background(), letter(to, "Hello")); !errors.As(err, &refusal) {
			t.Errorf("%q: %v, which is no refusal", to, err)
		}
	}
	if !peer.Silent(50 * time.Millisecond) {
		t.Error("a mail left for an address that is none")
	}
}

func TestServerTellsWhatIsWrong(t *testing.T) {
	cert, key, roots := certificate(t)
	for name, c := range map[string]struct {
		scheme, user string
		args         []string
		roots        *x509.CertPool
		refusal      bool
		text         string
	}{
		"unknown certificate": {scheme: "smtp", args: []string{"--tls", "starttls"}, text: "certificate of the mail server 127.0.0.1 cannot be verified"},
		"no STARTTLS":         {scheme: "smtp+starttls", roots: roots, text: "STARTTLS"},
		"wrong password":      {scheme: "smtp+starttls", user: "grenier:wrong@", roots: roots, args: []string{"--tls", "starttls", "--auth", "grenier:right"}, text: "refuses the name or the password in --smtp"},
		"unknown reader":      {scheme: "smtp", args: []string{"--fail", "550"}, refusal: true, text: "refuses this mail"},
		"full mailbox":        {scheme: "smtp", args: []string{"--fail", "452"}, text: "not now"},
		"silence":             {scheme: "smtp", args: []string{"--slow", "60000"}, text: "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			peer := peertest.Start(t, "smtp.mjs", append(c.args, "--cert", cert, "--key", key)...)
			s := server(t, mail.SMTPOptions{URL: fmt.Sprintf("%s://%s127.0.0.1:%d", c.scheme, c.user, peer.Port), Roots: c.roots, Timeout: 2 * time.Second})
			err := s.Carry(context.Background(), letter("ann@example.org", "Hello"))
			if err == nil {
				t.Fatal("the mail left")
			}
			var refusal mail.Refusal
			if errors.As(err, &refusal) != c.refusal || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %q, a refusal is %t", err, c.refusal)
			}
			if strings.Contains(err.Error(), "wrong@") || strings.Contains(err.Error(), ":wrong") {
				t.Errorf("%q tells the password", err)
			}
		})
	}
	s := server(t, mail.SMTPOptions{URL: "smtp://127.0.0.1:1"})
	if err := s.Carry(context.Background(), letter("ann@example.org", "Hello")); err == nil || !strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestAddressesOfServers(t *testing.T) {
	for _, address := range []string{"", "mail.example.org", "http://mail.example.org", "smtp://", "smtp://:25", "smtp://host:port", "smtps://host:99999"} {
		if _, err := mail.NewServer(mail.SMTPOptions{URL: address, From: "data@example.org"}); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
	for _, from := range []string{"", "data", "data@example.org\nBcc: x@example.org", "data@ex ample.org"} {
		if _, err := mail.NewServer(mail.SMTPOptions{URL: "smtp://localhost", From: from}); err == nil {
			t.Errorf("the sender %q was taken", from)
		}
	}
}
