package app

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"grenier/internal/job"
	"grenier/internal/mail"
)

// registerMailJobs registers the sending of mails.
func (a *App) registerMailJobs(runner *job.Runner) {
	for _, kind := range mail.Jobs(func() *mail.Outbox { return a.Mail }) {
		runner.Register(kind)
	}
}

// carrier is who takes the mails: the server of the settings, else the log.
func (a *App) carrier() (mail.Carrier, error) {
	if a.Settings.SMTP == "" {
		return mail.Journal{Log: a.Log}, nil
	}
	return mail.NewServer(mail.SMTPOptions{URL: a.Settings.SMTP, From: a.sender()})
}

// sender is whom mails come from.
func (a *App) sender() string {
	if a.Settings.MailFrom != "" {
		return a.Settings.MailFrom
	}
	host := "localhost"
	if site, err := url.Parse(a.Settings.BaseURL); err == nil && site.Hostname() != "" {
		host = site.Hostname()
	} else if named, _, err := net.SplitHostPort(a.Settings.Listen); err == nil && named != "" {
		host = named
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		host = "localhost"
	}
	return "noreply@" + host
}
