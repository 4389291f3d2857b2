package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// Carrier takes a mail to its reader.
type Carrier interface {
	// Carry returns nil once somebody else answers for the mail. A Refusal
	// says that trying again is of no use.
	Carry(ctx context.Context, m *Mail) error
}

// Refusal is an error that trying again cannot mend.
type Refusal struct{ error }

func (r Refusal) Unwrap() error { return r.error }

// Journal writes mails to the log instead of sending them.
type Journal struct{ Log *slog.Logger }

// Carry writes the subject, the reader and the link of a mail.
func (j Journal) Carry(_ context.Context, m *Mail) error {
	j.Log.Info("mail not sent: no mail server is set", "to", m.Recipient, "subject", m.Subject, "link", m.Link, "kind", m.Kind)
	return nil
}

// SMTPOptions are what a Server needs.
type SMTPOptions struct {
	// URL is smtp:// (TLS by STARTTLS when it is offered), smtp+starttls://
	// (refused without), or smtps:// (TLS from the start), with name and
	// password when the server asks for them.
	URL string
	// From is the sender, as Open data <data@example.org>.
	From string
	// Roots are the authorities that certificates are checked against; nil
	// for those of the system.
	Roots *x509.CertPool
	// Timeout bounds each step of the conversation; 0 means 30 s.
	Timeout time.Duration
}

// Server is a mail server that takes the mails (RFC 5321).
type Server struct {
	host    string
	from    *mail.Address
	options []gomail.Option
}

// smtpPorts are the usual ports by scheme (RFC 6409, RFC 8314).
var smtpPorts = map[string]int{"smtp": 587, "smtp+starttls": 587, "smtps": 465}

// NewServer reads the address of a server; nothing is connected yet.
func NewServer(o SMTPOptions) (*Server, error) {
	u, err := url.Parse(o.URL)
	if err != nil || smtpPorts[u.Scheme] == 0 || u.Hostname() == "" {
		return nil, errors.New("mail: expected smtp://host:587, smtp+starttls://host:587 or smtps://host:465, with user:password@ before the host when the server asks for them")
	}
	from, err := mail.ParseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("mail: the sender %q is no mail address", o.From)
	}
	if from.Address, err = asciiDomain(from.Address); err != nil {
		return nil, err
	}
	port := smtpPorts[u.Scheme]
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil || port > 65535 {
			return nil, fmt.Errorf("mail: %q is no port", u.Port())
		}
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	s := &Server{host: u.Hostname(), from: from}
	s.options = []gomail.Option{
		gomail.WithPort(port), gomail.WithTimeout(o.Timeout), gomail.WithoutNoop(), gomail.WithHELO(helo(from.Address)),
		gomail.WithTLSConfig(&tls.Config{ServerName: u.Hostname(), RootCAs: o.Roots, MinVersion: tls.VersionTLS12}),
	}
	switch u.Scheme {
	case "smtp":
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	case "smtp+starttls":
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case "smtps":
		s.options = append(s.options, gomail.WithSSL())
	}
	if name := u.User.Username(); name != "" {
		password, _ := u.User.Password()
		s.options = append(s.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(name), gomail.WithPassword(password))
	}
	_, err = gomail.NewClient(s.host, s.options...)
	return s, err
}

// helo is the name by which the program greets: that of the sender's host.
func helo(from string) string {
	_, host, _ := strings.Cut(from, "@")
	if net.ParseIP(host) != nil || host == "" {
		return "localhost"
	}
	return host
}

// asciiDomain writes the host of an address in the form that every mail server
// understands (RFC 5891).
func asciiDomain(address string) (string, error) {
	at := strings.LastIndexByte(address, '@')
	host, err := idna.Lookup.ToASCII(address[at+1:])
	if at <= 0 || err != nil {
		return "", fmt.Errorf("mail: %q is no mail address", address)
	}
	return address[:at+1] + host, nil
}

// Carry hands a mail to the server.
func (s *Server) Carry(ctx context.Context, m *Mail) error {
	message, err := s.message(m)
	if err != nil {
		return Refusal{err}
	}
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return err
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return s.explain(err)
	}
	// The server may have taken the mail although it says good-bye badly: what
	// it says then is of no interest.
	defer func() { _ = client.CloseWithSMTPClient(connection) }()
	return s.explain(client.SendWithSMTPClient(connection, message))
}

// message sets a mail in the form of RFC 5322.
func (s *Server) message(m *Mail) (*gomail.Msg, error) {
	recipient, err := asciiDomain(m.Recipient)
	if err != nil {
		return nil, err
	}
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(s.from)
	if err := message.To(recipient); err != nil {
		return nil, err
	}
	_, host, _ := strings.Cut(s.from.Address, "@")
	message.Subject(oneLine(m.Subject))
	message.SetMessageIDWithValue(m.ID + "@" + host)
	message.SetDateWithValue(m.CreatedAt.Time)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
	message.SetGenHeader("X-Auto-Response-Suppress", "All")
	message.SetGenHeader("Content-Language", m.Language)
	message.SetBodyString(gomail.TypeTextPlain, m.Plain)
	message.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return message, nil
}

// explain says what an operator can do about an error, and marks those that
// trying again cannot mend.
func (s *Server) explain(err error) error {
	if err == nil {
		return nil
	}
	var untrusted *tls.CertificateVerificationError
	var replied *gomail.SendError
	var protocol *textproto.Error
	switch {
	case errors.As(err, &untrusted):
		return fmt.Errorf("the certificate of the mail server %s cannot be verified, so nothing was sent to it: %w", s.host, err)
	case errors.As(err, &replied) && !replied.IsTemp() && replied.ErrorCode() >= 500:
		return Refusal{fmt.Errorf("the mail server %s refuses this mail: %w", s.host, err)}
	case errors.As(err, &protocol) && protocol.Code == 535:
		return fmt.Errorf("the mail server %s refuses the name or the password in --smtp: %w", s.host, err)
	}
	return fmt.Errorf("the mail server %s: %w", s.host, err)
}
