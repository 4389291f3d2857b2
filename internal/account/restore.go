package account

import "context"

type restoringKey struct{}

// Restoring returns a context in which what a write updates is recorded as
// restored: it gives an object the values of a former version.
func Restoring(ctx context.Context) context.Context {
	return context.WithValue(ctx, restoringKey{}, true)
}

// whatOf is what the record of a change says happened.
func whatOf(ctx context.Context, what string) string {
	if restoring, _ := ctx.Value(restoringKey{}).(bool); restoring && what == "updated" {
		return "restored"
	}
	return what
}
