package account

import (
	"context"
	"errors"

	"grenier/internal/event"
)

// EnterWithCode ends a login that needs a code of the second factor.
func (w *Writer) EnterWithCode(ctx context.Context, state, code string) (*Entry, error) {
	s, user, err := w.openStep(ctx, state, NeedCode)
	if err != nil {
		return nil, err
	}
	if err := w.useCode(ctx, user, code); err != nil {
		return nil, err
	}
	return w.openSession(ctx, user, s.Details, s.Replaces, nil)
}

// EnterWithRecovery ends a login that needs a code of the second factor by one
// of the recovery codes, which is used up.
func (w *Writer) EnterWithRecovery(ctx context.Context, state, code string) (*Entry, error) {
	s, user, err := w.openStep(ctx, state, NeedCode)
	if err != nil {
		return nil, err
	}
	if err := w.useRecovery(ctx, user, code); err != nil {
		return nil, err
	}
	return w.openSession(ctx, user, s.Details, s.Replaces, func(ctx context.Context, tx *event.Tx) error {
		var left int
		err := tx.NewRaw("SELECT count(*) FROM recovery_codes WHERE user_id = ? AND used_at IS NULL", user.ID).Scan(ctx, &left)
		if err != nil {
			return err
		}
		return w.post(ctx, tx.Tx, letterTo(user, "account.recovery_used", "left", left))
	})
}

// SetupAtLogin begins to set up the second factor that a login needs; issuer is
// the name of the site.
func (w *Writer) SetupAtLogin(ctx context.Context, state, issuer string) (*FactorSetup, error) {
	s, user, err := w.openStep(ctx, state, NeedFactor)
	if err != nil {
		return nil, err
	}
	setup, err := w.factorSetup(user, issuer)
	if err != nil {
		return nil, err
	}
	s.Secret = setup.Secret
	setup.State, err = w.seal(stepPurpose, s)
	return setup, err
}

// EnterWithSetup ends a login that needs a second factor with the first code of
// the one that SetupAtLogin began. The entry holds the recovery codes.
func (w *Writer) EnterWithSetup(ctx context.Context, state, code string) (*Entry, error) {
	s, user, err := w.openStep(ctx, state, NeedFactor)
	if err != nil {
		return nil, err
	}
	if s.Secret == "" || user.SecondFactor != nil {
		return nil, errSealed
	}
	passed, err := w.firstCode(ctx, user, s.Secret, code)
	if err != nil {
		return nil, err
	}
	var codes []string
	kept := *user
	entry, err := w.openSession(ctx, user, s.Details, s.Replaces, func(ctx context.Context, tx *event.Tx) error {
		*user = kept
		var err error
		codes, _, err = w.keepFactor(ctx, tx, asPerson(user), s.Stamp, s.Secret, passed, "")
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(codes) == 0 {
		return nil, errors.New("account: a second factor was set up without recovery codes")
	}
	entry.Codes = codes
	return entry, nil
}
