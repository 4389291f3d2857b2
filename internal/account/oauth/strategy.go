package oauth

import (
	"context"
	"strings"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
)

// The beginnings of what is given, so that one found in a file is known for
// what it is.
const (
	prefixCode    = "grenier_code_"
	prefixAccess  = "grenier_access_"
	prefixRefresh = "grenier_refresh_"
)

// strategy draws codes and tokens: 256 bits and their keyed hash, which alone
// is kept.
type strategy struct {
	*oauth2.HMACSHAStrategyUnPrefixed
}

func (s *strategy) GenerateAccessToken(ctx context.Context, r fosite.Requester) (string, string, error) {
	plain, signature, err := s.HMACSHAStrategyUnPrefixed.GenerateAccessToken(ctx, r)
	return prefixAccess + plain, signature, err
}

func (s *strategy) ValidateAccessToken(ctx context.Context, r fosite.Requester, plain string) error {
	return s.HMACSHAStrategyUnPrefixed.ValidateAccessToken(ctx, r, strings.TrimPrefix(plain, prefixAccess))
}

func (s *strategy) GenerateRefreshToken(ctx context.Context, r fosite.Requester) (string, string, error) {
	plain, signature, err := s.HMACSHAStrategyUnPrefixed.GenerateRefreshToken(ctx, r)
	return prefixRefresh + plain, signature, err
}

func (s *strategy) ValidateRefreshToken(ctx context.Context, r fosite.Requester, plain string) error {
	return s.HMACSHAStrategyUnPrefixed.ValidateRefreshToken(ctx, r, strings.TrimPrefix(plain, prefixRefresh))
}

func (s *strategy) GenerateAuthorizeCode(ctx context.Context, r fosite.Requester) (string, string, error) {
	plain, signature, err := s.HMACSHAStrategyUnPrefixed.GenerateAuthorizeCode(ctx, r)
	return prefixCode + plain, signature, err
}

func (s *strategy) ValidateAuthorizeCode(ctx context.Context, r fosite.Requester, plain string) error {
	return s.HMACSHAStrategyUnPrefixed.ValidateAuthorizeCode(ctx, r, strings.TrimPrefix(plain, prefixCode))
}
