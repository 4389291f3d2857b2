package dump

import (
	"fmt"
)

// str, number, decimal, boolean and truth are cells of a row of the database, read
// without reflection since a dump reads millions of them. NULL is the zero
// value.
type (
	str    string
	number struct {
		value int64
		known bool
	}
	decimal struct {
		value float64
		known bool
	}
	boolean bool
	truth   struct{ value, known bool }
)

// Scan implements sql.Scanner.
func (t *str) Scan(src any) error {
	switch value := src.(type) {
	case nil:
		*t = ""
	case string:
		*t = str(value)
	case []byte:
		*t = str(value)
	default:
		return fmt.Errorf("dump: text cannot be read from %T", src)
	}
	return nil
}

// Scan implements sql.Scanner.
func (n *number) Scan(src any) error {
	switch value := src.(type) {
	case nil:
		*n = number{}
	case int64:
		*n = number{value, true}
	default:
		return fmt.Errorf("dump: a whole number cannot be read from %T", src)
	}
	return nil
}

// Scan implements sql.Scanner.
func (d *decimal) Scan(src any) error {
	switch value := src.(type) {
	case nil:
		*d = decimal{}
	case float64:
		*d = decimal{value, true}
	case int64:
		*d = decimal{float64(value), true}
	default:
		return fmt.Errorf("dump: a number cannot be read from %T", src)
	}
	return nil
}

// Scan implements sql.Scanner. SQLite keeps truth as 0 and 1.
func (b *boolean) Scan(src any) error {
	switch value := src.(type) {
	case nil:
		*b = false
	case bool:
		*b = boolean(value)
	case int64:
		*b = value != 0
	default:
		return fmt.Errorf("dump: true or false cannot be read from %T", src)
	}
	return nil
}

// Scan implements sql.Scanner.
func (t *truth) Scan(src any) error {
	*t = truth{known: src != nil}
	return (*boolean)(&t.value).Scan(src)
}

// pointer gives an optional text to rules that take it as a pointer.
func (t *str) pointer() *string {
	if *t == "" {
		return nil
	}
	return (*string)(t)
}
