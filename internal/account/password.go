package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"grenier/internal/fault"
)

// The bounds of a password, in characters after normalisation. The upper one
// only bounds the work of hashing.
const (
	minPassword = 8
	maxPassword = 1024
)

// The cost of a hash: argon2id over 19 MiB, twice, in one lane (RFC 9106; the
// least that is recommended), some 30 ms.
const (
	argonTime    = 2
	argonMemory  = 19 * 1024
	argonLanes   = 1
	argonKeySize = 32
	argonSalt    = 16
)

// normalPassword gives the one form of a text that different keyboards write
// in different ways.
func normalPassword(plain string) string { return norm.NFKD.String(plain) }

// checkPassword tells every rule that a normalised password breaks at once.
func checkPassword(plain string) error {
	var broken []error
	refuse := func(breaks bool, text string) {
		if breaks {
			broken = append(broken, fault.At(text, "password"))
		}
	}
	length := utf8.RuneCountInString(plain)
	refuse(!utf8.ValidString(plain), "Password must be valid UTF-8 text.")
	refuse(length < minPassword, fmt.Sprintf("Password must be at least %d characters long.", minPassword))
	refuse(length > maxPassword, fmt.Sprintf("Password must be at most %d characters long.", maxPassword))
	refuse(!hasBetween(plain, 'a', 'z'), "Password must contain a lowercase letter (a to z).")
	refuse(!hasBetween(plain, '0', '9'), "Password must contain a digit (0 to 9).")
	refuse(!hasBetween(plain, 'A', 'Z'), "Password must contain an uppercase letter (A to Z).")
	return fault.Collect(broken...)
}

func hasBetween(text string, first, last rune) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return first <= r && r <= last })
}

// hasher makes hashes of passwords, so many at once: each takes 19 MiB and a
// processor.
type hasher struct{ turns chan struct{} }

// hashWait is how long somebody waits for a turn.
const hashWait = 2 * time.Second

func newHasher() hasher { return hasher{turns: make(chan struct{}, runtime.NumCPU())} }

// hash checks a password and returns its hash in the usual encoded form.
// Unavailable when too many others are being hashed.
func (h hasher) hash(ctx context.Context, plain string) (string, error) {
	plain = normalPassword(plain)
	if err := checkPassword(plain); err != nil {
		return "", err
	}
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return encodeArgon(plain)
}

// encodeArgon hashes a normalised password with a salt of its own.
func encodeArgon(plain string) (string, error) {
	var salt [argonSalt]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return "", err
	}
	key := argon2.IDKey([]byte(plain), salt[:], argonTime, argonMemory, argonLanes, argonKeySize)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes,
		base64.RawStdEncoding.EncodeToString(salt[:]), base64.RawStdEncoding.EncodeToString(key)), nil
}
