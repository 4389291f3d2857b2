package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"grenier/internal/fault"
)

// Retries remembers requests that their senders may repeat; the program gives it.
type Retries interface {
	// Begin looks for a request of the caller under a key; digest stands for what is asked. Without an
	// earlier one it returns the context in which the request does its work, and end, which is called once
	// with the answer: status 0 when there is none to keep, no body when it is not to be kept.
	Begin(ctx context.Context, caller Caller, key, digest string) (
		inner context.Context, earlier *Earlier, end func(ctx context.Context, status int, body []byte) error, err error)
}

// Earlier is a request that was made before.
type Earlier struct {
	// Status and Body are its answer; no body when it was not kept or got lost.
	Status int
	Body   []byte
	// Class, ID and Path name what it changed, when known.
	Class, ID, Path string
}

const (
	retryHeader = "Idempotency-Key"
	// maxRetryKey bounds a key in characters, maxRetryBody an answer that is kept in bytes.
	maxRetryKey  = 255
	maxRetryBody = 1 << 20
	// retryEnd is how long writing an answer down may take after the request's own time.
	retryEnd = 5 * time.Second
)

var errRetryKey = fault.New(fault.Invalid, "The header Idempotency-Key must be 1 to 255 visible ASCII characters.")

// retried is the answer of a request that may be repeated, as it is sent.
type retried struct {
	end  func(ctx context.Context, status int, body []byte) error
	over bool
}

// once serves a route; a request that carries a key of its own and was made before gets its earlier answer
// instead (after the IETF draft on the Idempotency-Key header).
func (h *Handler) once(c *Call) error {
	keys := c.R.Header.Values(retryHeader)
	if len(keys) == 0 || h.o.Retries == nil || safe(c.R.Method) || !c.Caller.Known || c.Route.People || c.Route.Session {
		return c.Route.serve(c)
	}
	if len(keys) > 1 || !saneKey(keys[0]) {
		return errRetryKey
	}
	digest, err := c.digest()
	if err != nil {
		return err
	}
	inner, earlier, end, err := h.o.Retries.Begin(c.Context(), c.Caller, keys[0], digest)
	if err != nil {
		return err
	}
	if earlier != nil {
		return c.replay(earlier)
	}
	c.R = c.R.WithContext(inner)
	c.retry = &retried{end: end}
	defer c.keepRetried(0, nil)
	return c.Route.serve(c)
}

func saneKey(key string) bool {
	if key == "" || len(key) > maxRetryKey {
		return false
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}

// digest stands for what is asked: method, address and a JSON body, which is read whole. Of files the address
// alone counts, and where secrets are sent, so that nothing is kept that they could be guessed by.
func (c *Call) digest() (string, error) {
	sum := sha256.New()
	io.WriteString(sum, c.R.Method+" "+c.R.URL.RequestURI()+"\n") // a hash never fails
	if !c.Route.NoStore && c.Route.body != nil && c.Route.body != reflect.TypeFor[Raw]() {
		body, err := io.ReadAll(c.R.Body)
		if err != nil {
			return "", bodyFault(err)
		}
		sum.Write(body)
		c.R.Body = io.NopCloser(bytes.NewReader(body))
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// replay answers as the first time, or names what was changed then.
func (c *Call) replay(e *Earlier) error {
	c.W.Header()["Idempotency-Replayed"] = []string{"true"}
	switch {
	case e.Status == http.StatusNoContent:
		return c.Empty(e.Status)
	case len(e.Body) > 0:
		c.sendOnce(e.Status, jsonType, e.Body)
		return nil
	}
	done := struct {
		Message string  `json:"message"`
		Class   string  `json:"class,omitempty"`
		ID      string  `json:"id,omitempty"`
		URI     *string `json:"uri,omitempty"`
	}{Message: "This request was done before, and its answer was not kept. Read what it changed again.", Class: e.Class, ID: e.ID}
	if e.Path != "" {
		uri := c.URL(e.Path)
		done.URI = &uri
	}
	c.filter = nil
	return c.JSON(http.StatusOK, done)
}

// keepRetried writes the answer of a request that may be repeated down, before it is sent. Errors are for the
// log: the work is done, and a repeated request learns of it by what was changed.
func (c *Call) keepRetried(status int, body []byte) {
	if c.retry == nil || c.retry.over {
		return
	}
	c.retry.over = true
	if c.Route.NoStore || len(body) > maxRetryBody { // what no cache may keep holds a secret
		body = nil
	}
	if status >= http.StatusMultipleChoices {
		status = 0
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Context()), retryEnd)
	defer cancel()
	if err := c.retry.end(ctx, status, body); err != nil {
		c.h.o.Log.LogAttrs(ctx, slog.LevelWarn, "an answer was not kept for a repeated request", slog.String("request", c.ID), slog.String("error", err.Error()))
	}
}
