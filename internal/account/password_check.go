package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"grenier/internal/fault"
)

// Passwords are kept as argon2id. Those of imported accounts may be bcrypt:
//
//	$2b$12$…                        bcrypt of the password ($2a$ and $2y$ too)
//	udata-bcrypt:<salt>:$2b$12$…    bcrypt of base64(HMAC-SHA512(salt, password)), the
//	                                scheme of udata; the salt (its setting
//	                                SECURITY_PASSWORD_SALT) is in base64
//
// They become argon2id at the next login.
const udataScheme = "udata-bcrypt:"

// The bounds of work that a kept hash may ask for, since an imported one comes
// from elsewhere.
const (
	maxBcryptCost  = 15
	maxArgonMemory = 256 * 1024
	maxArgonTime   = 10
	maxArgonLanes  = 16
	// bcryptBytes is what bcrypt looks at of a password.
	bcryptBytes = 72
)

// passwordHash is a kept hash in its parts.
type passwordHash struct {
	// argon2id
	memory, time uint32
	lanes        uint8
	salt, key    []byte
	// bcrypt, nil for argon2id; udata's salt is nil for plain bcrypt
	bcrypt    []byte
	udataSalt []byte
}

// parseHash takes a kept hash apart.
func parseHash(encoded string) (passwordHash, error) {
	switch {
	case strings.HasPrefix(encoded, udataScheme):
		salt, inner, ok := strings.Cut(encoded[len(udataScheme):], ":")
		raw, err := base64.StdEncoding.DecodeString(salt)
		if !ok || err != nil || len(raw) == 0 {
			return passwordHash{}, errHashForm
		}
		h, err := parseBcrypt(inner)
		h.udataSalt = raw
		return h, err
	case strings.HasPrefix(encoded, "$2"):
		return parseBcrypt(encoded)
	}
	return parseArgon(encoded)
}

var errHashForm = fault.At("Unknown form of hash: expected $argon2id$…, $2b$… or udata-bcrypt:<salt in base64>:$2b$….", "password")

func parseBcrypt(encoded string) (passwordHash, error) {
	if len(encoded) != 60 || !strings.HasPrefix(encoded, "$2a$") && !strings.HasPrefix(encoded, "$2b$") && !strings.HasPrefix(encoded, "$2y$") {
		return passwordHash{}, errHashForm
	}
	cost, err := bcrypt.Cost([]byte(encoded))
	if err != nil {
		return passwordHash{}, errHashForm
	}
	if cost > maxBcryptCost {
		return passwordHash{}, fault.At(fmt.Sprintf("This hash costs too much to check: at most %d.", maxBcryptCost), "password")
	}
	return passwordHash{bcrypt: []byte(encoded)}, nil
}

func parseArgon(encoded string) (passwordHash, error) {
	var h passwordHash
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, errHashForm
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.lanes); err != nil {
		return h, errHashForm
	}
	var errSalt, errKey error
	h.salt, errSalt = base64.RawStdEncoding.DecodeString(parts[4])
	h.key, errKey = base64.RawStdEncoding.DecodeString(parts[5])
	if errSalt != nil || errKey != nil || len(h.salt) < 8 || len(h.key) < 16 || len(h.key) > 64 || h.memory < 8 || h.time < 1 || h.lanes < 1 {
		return h, errHashForm
	}
	if h.memory > maxArgonMemory || h.time > maxArgonTime || h.lanes > maxArgonLanes {
		return h, fault.At("This hash costs too much to check.", "password")
	}
	return h, nil
}

// matches tells whether a normalised password is that of the hash.
func (h passwordHash) matches(plain string) bool {
	if h.bcrypt == nil {
		key := argon2.IDKey([]byte(plain), h.salt, h.time, h.memory, h.lanes, uint32(len(h.key)))
		return subtle.ConstantTimeCompare(key, h.key) == 1
	}
	given := []byte(plain)
	if h.udataSalt != nil {
		mac := hmac.New(sha512.New, h.udataSalt)
		mac.Write(given)
		given = []byte(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return bcrypt.CompareHashAndPassword(h.bcrypt, given[:min(len(given), bcryptBytes)]) == nil
}

// weak tells whether the hash is to be made anew at the next login.
func (h passwordHash) weak() bool {
	return h.bcrypt != nil || h.memory < argonMemory || h.time < argonTime || len(h.key) < argonKeySize
}

// unknownHash is checked for people without a password, so that it takes as
// long as for others.
var unknownHash = passwordHash{memory: argonMemory, time: argonTime, lanes: argonLanes, salt: make([]byte, argonSalt), key: make([]byte, argonKeySize)}

// verify tells whether a password is that of a kept hash, nil for none, and
// whether the hash should be made anew. Unavailable when too many others are
// being checked.
func (h hasher) verify(ctx context.Context, kept *string, plain string) (ok, weak bool, err error) {
	against, known := unknownHash, false
	if kept != nil {
		if parsed, err := parseHash(*kept); err == nil {
			against, known = parsed, true
		}
	}
	if len(plain) > maxPassword*4 {
		plain, known = "", false
	}
	leave, err := h.enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	ok = against.matches(normalPassword(plain)) && known
	return ok, ok && against.weak(), nil
}

// enter waits for a turn to hash and returns the function that ends it.
func (h hasher) enter(ctx context.Context) (leave func(), err error) {
	wait := time.NewTimer(hashWait)
	defer wait.Stop()
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns }, nil
	case <-wait.C:
		return nil, fault.New(fault.Unavailable, "Too many passwords are being checked. Try again in a moment.").After(hashWait)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// rehash makes the hash of a password that has just been found right: today's
// rules for new passwords do not concern it.
func (h hasher) rehash(ctx context.Context, plain string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return encodeArgon(normalPassword(plain))
}
