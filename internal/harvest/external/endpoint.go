package external

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"grenier/internal/config"
	"grenier/internal/fault"
	"grenier/internal/fetch"
)

// The headers of a signed request.
const (
	headerTime      = "X-Grenier-Timestamp"
	headerSignature = "X-Grenier-Signature"
)

// maxReply bounds the answer of an endpoint, in bytes.
const maxReply = 64 << 30

// endpointClient is the way to an endpoint. The operator named its address in the
// file of settings, so that it may be inside; redirections are not followed.
func endpointClient(plugin config.Harvester, o Options) *fetch.Client {
	return fetch.New(fetch.Options{
		Allow:   []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")},
		Version: o.Version, Site: o.Site, PerHost: max(plugin.Concurrency, 1) + 1, Dial: 10 * time.Second, TLS: 10 * time.Second,
		FirstByte: plugin.IdleTimeout, Stall: plugin.IdleTimeout,
	})
}

// sign makes the headers by which an endpoint knows who asks: the time, and the
// HMAC-SHA256 of the time, a point and the body.
func sign(secret string, body []byte, at time.Time) http.Header {
	moment := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(moment + "."))
	mac.Write(body)
	return http.Header{headerTime: {moment}, headerSignature: {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}
}

// post asks an endpoint. Closing the connection tells it to stop.
func (b *Backend) post(ctx context.Context, body []byte, line func([]byte) (bool, error)) error {
	answer, err := b.client.Post(ctx, b.plugin.Endpoint, "application/json", body, fetch.Request{
		Accept: "application/x-ndjson", Header: sign(b.plugin.Secret, body, time.Now()), MaxBytes: maxReply, Timeout: b.plugin.Timeout,
	})
	if err != nil {
		return b.tell(ctx, err)
	}
	defer answer.Body.Close()
	if answer.Status != http.StatusOK {
		return fault.Newf(fault.BadGateway, "The endpoint of the plug-in answered %d instead of 200.", answer.Status)
	}
	in := newLines(answer.Body)
	for {
		raw, err := in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return b.tell(ctx, err)
		}
		if more, err := line(raw); err != nil || !more {
			return err
		}
	}
}

// tell gives a failure of the connection in the words of the contract.
func (b *Backend) tell(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if why := fetch.Why(err); why != nil && why.Reason == fetch.Timeout {
		return errIdle
	}
	return err
}
