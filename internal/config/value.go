package config

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Size is a number of bytes. It is written as a number, or with a unit: kB, MB
// and GB are powers of 1000, KiB, MiB and GiB powers of 1024.
type Size int64

var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1},
}

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	number, unit := strings.TrimSpace(string(text)), int64(1)
	for _, known := range sizeUnits {
		if len(number) > len(known.name) && strings.EqualFold(number[len(number)-len(known.name):], known.name) {
			number, unit = strings.TrimSpace(number[:len(number)-len(known.name)]), known.bytes
			break
		}
	}
	count, err := strconv.ParseInt(number, 10, 64)
	if err != nil || count < 0 || count > math.MaxInt64/unit {
		return fmt.Errorf("expected a size, as 500kB or 32MiB, not %q", text)
	}
	*s = Size(count * unit)
	return nil
}

// String writes a size in the largest unit that divides it.
func (s Size) String() string {
	for _, unit := range sizeUnits {
		if s != 0 && int64(s)%unit.bytes == 0 && unit.bytes > 1 {
			return strconv.FormatInt(int64(s)/unit.bytes, 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

const day = 24 * time.Hour

// parseSpan reads a time span: Go's form (90s, 1h30m) or whole days (30d).
func parseSpan(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if number, ok := strings.CutSuffix(text, "d"); ok {
		if days, err := strconv.ParseUint(number, 10, 32); err == nil && days <= 36500 {
			return time.Duration(days) * day, nil
		}
	} else if span, err := time.ParseDuration(text); err == nil && span >= 0 {
		return span, nil
	}
	return 0, fmt.Errorf("expected a time span, as 90s, 15m, 12h or 30d, not %q", text)
}

// spanText writes a time span without its empty parts.
func spanText(span time.Duration) string {
	if span >= day && span%day == 0 {
		return strconv.FormatInt(int64(span/day), 10) + "d"
	}
	text := span.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// parsePrefix reads a network, or one address as a network of itself.
func parsePrefix(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return prefix, fmt.Errorf("expected networks as 10.0.0.0/8 or 192.0.2.7, not %q", text)
	}
	return prefix.Masked(), nil
}

// mapper makes a kong mapper out of a parser of text.
func mapper[T any](parse func(string) (T, error)) kong.MapperFunc {
	return func(ctx *kong.DecodeContext, target reflect.Value) error {
		token, err := ctx.Scan.PopValue("value")
		if err != nil {
			return errors.New("a value is missing")
		}
		value, err := parse(token.String())
		if err != nil {
			return err
		}
		target.Set(reflect.ValueOf(value))
		return nil
	}
}

func parseSize(text string) (size Size, err error) {
	err = size.UnmarshalText([]byte(text))
	return size, err
}
