package api

import (
	"context"

	"grenier/internal/account"
	"grenier/internal/event"
	"grenier/internal/web"
)

// retries lets requests that carry a key of their own be repeated.
type retries struct{ kept *event.Retries }

// NewRetries gives the memory of repeated requests to package web.
func NewRetries(kept *event.Retries) web.Retries { return retries{kept} }

// Begin implements web.Retries. Keys are of the token or the person that uses
// them.
func (r retries) Begin(ctx context.Context, caller web.Caller, key, digest string) (
	context.Context, *web.Earlier, func(ctx context.Context, status int, body []byte) error, error) {
	v, _ := caller.Viewer.(account.Viewer)
	kind, id := v.Actor()
	inner, kept, end, err := r.kept.Begin(ctx, event.RetryKey{Caller: kind + ":" + id, Key: key, Request: digest})
	if err != nil {
		return nil, nil, nil, err
	}
	if kept != nil {
		return nil, &web.Earlier{
			Status: kept.Status, Body: []byte(kept.Body), Class: className[kept.Kind], ID: kept.Object, Path: apiPath(kept.Kind, kept.Object),
		}, nil, nil
	}
	return inner, nil, func(ctx context.Context, status int, body []byte) error { return end(ctx, status, string(body)) }, nil
}
