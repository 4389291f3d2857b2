package event

import "context"

type expectedKey struct{}

// Expect returns a context in which a write counts on a version of the object
// that it changes: the first that it records.
func Expect(ctx context.Context, version int64) context.Context {
	return context.WithValue(ctx, expectedKey{}, version)
}

// TakeExpected returns the version that the write counts on, once in each run
// of the write.
func (tx *Tx) TakeExpected() (version int64, ok bool) {
	version, ok = tx.expected, tx.expected > 0
	tx.expected = 0
	return version, ok
}

func expected(ctx context.Context) int64 {
	version, _ := ctx.Value(expectedKey{}).(int64)
	return version
}
