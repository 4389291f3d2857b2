package account

// Opt is a member of an input: left out, null, or a value.
type Opt[T any] struct {
	Set, Null bool
	Value     T
}

// Some is a member with a value.
func Some[T any](value T) Opt[T] { return Opt[T]{Set: true, Value: value} }

// Get gives the value when there is one.
func (o Opt[T]) Get() (T, bool) { return o.Value, o.Set && !o.Null }
