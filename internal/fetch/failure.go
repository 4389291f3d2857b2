package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"grenier/internal/fault"
)

// Reason is the stable code of a failed request. Faces translate it.
type Reason string

// The reasons.
const (
	NotWeb      Reason = "not_web"     // not an http or https address
	Credentials Reason = "credentials" // the address holds a name or a password
	Refused     Reason = "refused"     // an address that is not public
	Port        Reason = "port"        // a port that is not one of the web
	Unreachable Reason = "unreachable" // no such host, or nobody listens there
	Insecure    Reason = "insecure"    // the certificate is not valid
	Timeout     Reason = "timeout"     // too slow
	Busy        Reason = "busy"        // too many requests of ours wait for this host
	Redirects   Reason = "redirects"   // sent around too often
	Status      Reason = "status"      // an answer that is not a success
	TooBig      Reason = "too_big"     // more bytes than the limit
	Broken      Reason = "broken"      // the answer ended early or makes no sense
	Cancelled   Reason = "cancelled"   // whoever asked went away
	Off         Reason = "off"         // nothing is read from other servers here
)

// Failure says what went wrong with a request.
type Failure struct {
	Reason Reason
	// Status is the HTTP status, for Status.
	Status int
	// Host is the host concerned, with its port if one was given.
	Host string
	// Limit is the limit in bytes, for TooBig.
	Limit int64
	// RetryAfter is how long the server asked to wait; 0 when it did not say.
	RetryAfter time.Duration
	// Err is the cause, for logs.
	Err error
}

// Error gives everything, for logs.
func (f *Failure) Error() string {
	s := "fetch: " + string(f.Reason)
	if f.Host != "" {
		s += " " + f.Host
	}
	if f.Status != 0 {
		s += fmt.Sprintf(" %d", f.Status)
	}
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Why finds the failure in an error's chain; nil when there is none.
func Why(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// mayPass tells whether the same request may succeed a moment later.
func (f *Failure) mayPass() bool {
	switch f.Reason {
	case Unreachable, Broken:
		return true
	case Status:
		return f.Status == 429 || f.Status == 502 || f.Status == 503 || f.Status == 504
	}
	return false
}

// fault is the failure with a code and a text for people.
func (f *Failure) fault() *fault.Error {
	code, text := f.words()
	return fault.Wrap(f, code, text).After(f.RetryAfter)
}

// Fault is the failure with a code and a text for people.
func (f *Failure) Fault() *fault.Error { return f.fault() }

func (f *Failure) words() (fault.Code, string) {
	switch f.Reason {
	case NotWeb:
		return fault.Invalid, "This is not a web address. It has to begin with http:// or https:// and name a server."
	case Credentials:
		return fault.Invalid, "This address holds a user name or a password. Remove it."
	case Refused:
		return fault.Invalid, "This address is not on the public internet, so it is not fetched."
	case Off:
		return fault.Invalid, "This site reads nothing from other servers."
	case Port:
		return fault.Invalid, "This address uses a port that is not one of the web (80, 443, 8080, 8443), so it is not fetched."
	case Unreachable:
		return fault.BadGateway, "The remote server cannot be reached. It may be down or have moved."
	case Insecure:
		return fault.BadGateway, "The security certificate of the remote server is not valid."
	case Timeout:
		return fault.Timeout, "The remote server took too long to answer. Try again later."
	case Busy:
		return fault.Unavailable, "Too many requests wait for this remote server. Try again in a moment."
	case Redirects:
		return fault.BadGateway, "The remote server sends from one address to the next without end."
	case Status:
		return fault.BadGateway, statusText(f.Status)
	case TooBig:
		return fault.TooLarge, "The remote file is too large to be read here. Download it instead."
	case Cancelled:
		return fault.Unavailable, "The request was given up."
	}
	return fault.BadGateway, "The remote server broke off its answer, or it cannot be read. Try again later."
}

func statusText(status int) string {
	switch {
	case status == 404 || status == 410:
		return fmt.Sprintf("The remote server says that this file does not exist (answer %d).", status)
	case status == 401 || status == 403:
		return fmt.Sprintf("The remote server does not give this file to everyone (answer %d).", status)
	case status == 429:
		return "The remote server is asked too often (answer 429). Try again later."
	case status >= 500:
		return fmt.Sprintf("The remote server has a problem (answer %d). Try again later.", status)
	}
	return fmt.Sprintf("The remote server did not give the file (answer %d).", status)
}

// Causes with which a request's own context ends.
var (
	errWhole = errors.New("fetch: the time for the whole request is over")
	errStall = errors.New("fetch: no byte for too long")
)

// failure turns any error of a request into a fault that carries a *Failure.
func failure(ctx context.Context, target *url.URL, err error) error {
	if f := Why(err); f != nil {
		return f.fault()
	}
	return (&Failure{Reason: reason(ctx, err), Host: target.Host, Err: err}).fault()
}

func reason(ctx context.Context, err error) Reason {
	cause := context.Cause(ctx)
	var slow net.Error
	switch {
	case errors.Is(cause, context.Canceled):
		return Cancelled
	case cause != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, errStall):
		return Timeout
	case errors.As(err, &slow) && slow.Timeout():
		return Timeout
	case insecure(err):
		return Insecure
	}
	var op *net.OpError
	var name *net.DNSError
	if errors.As(err, &name) || errors.As(err, &op) && op.Op == "dial" {
		return Unreachable
	}
	return Broken
}

func insecure(err error) bool {
	var (
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
	)
	return errors.As(err, &verify) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.As(err, &authority) || errors.As(err, &name)
}
